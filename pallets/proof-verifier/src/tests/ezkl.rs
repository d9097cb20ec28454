//! Keys and proofs of EZKL, made by its own prover (`verifier/tests/ezkl`).

use super::fixture;
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use inference_primitives::traits::ProofVerifier as _;
use inference_verifier::{ezkl::plan_from_vka, vk_hash, Setup};

const VKA: &[u8] = include_bytes!("../../../../verifier/tests/ezkl/linear-regression/vka.bin");
const PROOFS: [(&[u8], &[u8]); 2] = [
	(
		include_bytes!("../../../../verifier/tests/ezkl/linear-regression/proof.bin"),
		include_bytes!("../../../../verifier/tests/ezkl/linear-regression/instances.bin"),
	),
	(
		include_bytes!("../../../../verifier/tests/ezkl/linear-regression/proof-1.bin"),
		include_bytes!("../../../../verifier/tests/ezkl/linear-regression/instances-1.bin"),
	),
];

/// The setup under which the fixtures were made.
fn setup() -> Setup {
	Setup::insecure_from_vka(VKA).unwrap()
}

fn key() -> VkHash {
	let plan = plan_from_vka(VKA, &setup()).unwrap();
	vk_hash(ProofSystem::Ezkl, &setup().id(), &plan.to_bytes())
}

fn approve() {
	let bytes = setup().to_bytes().to_vec().try_into().unwrap();
	assert_ok!(ProofVerifier::approve_setup(RuntimeOrigin::root(), bytes));
}

fn register(setup: SetupId, vka: &[u8]) -> DispatchResult {
	ProofVerifier::register_key(
		RuntimeOrigin::signed(ALICE),
		ProofSystem::Ezkl,
		setup,
		vka.to_vec().try_into().unwrap(),
	)
}

fn inputs(bytes: &[u8]) -> PublicInputs {
	let (chunks, _) = bytes.as_chunks::<32>();
	chunks.to_vec().try_into().unwrap()
}

pub(super) fn item(index: usize) -> ProofItem {
	let (proof, instances) = PROOFS[index];
	ProofItem {
		vk_hash: key(),
		public_inputs: inputs(instances),
		proof: proof.to_vec().try_into().unwrap(),
	}
}

/// Approves the setup and registers the key.
pub(super) fn registered() {
	approve();
	assert_ok!(register(setup().id(), VKA));
}

fn verify(item: ProofItem) -> Result<(), sp_runtime::DispatchError> {
	ProofVerifier::verify_proof(
		RuntimeOrigin::signed(BOB),
		item.vk_hash,
		item.public_inputs,
		item.proof,
	)
	.map(|_| ())
	.map_err(|error| error.error)
}

mod success {
	use super::*;

	#[test]
	fn an_artifact_is_stored_as_the_plan_that_it_stands_for() {
		ExtBuilder::default().build_and_execute(|| {
			registered();
			let plan = plan_from_vka(VKA, &setup()).unwrap().to_bytes();
			let stored = KeyPlans::<Test>::get(key()).unwrap();
			assert_eq!(stored.into_inner(), plan);
			let stored = Keys::<Test>::get(key()).unwrap();
			assert_eq!(stored.system, ProofSystem::Ezkl);
			assert_eq!(stored.sizes.bytes as usize, plan.len());
			assert_eq!(stored.sizes.public_inputs, 5);
		});
	}

	#[test]
	fn proofs_by_ezkl_are_accepted() {
		ExtBuilder::default().build_and_execute(|| {
			registered();
			for index in 0..PROOFS.len() {
				assert_ok!(verify(item(index)));
			}
		});
	}

	#[test]
	fn a_released_artifact_returns_its_deposit() {
		ExtBuilder::default().build_and_execute(|| {
			registered();
			assert_ok!(ProofVerifier::release_key(
				RuntimeOrigin::signed(ALICE),
				key()
			));
			assert_eq!(Balances::free_balance(ALICE), FUNDS);
			assert!(!KeyPlans::<Test>::contains_key(key()));
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_artifact_of_another_setup_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register(fixture::setup().id(), VKA),
				Error::<Test>::InvalidVka(VkaFault::Setup)
			);
			assert_noop!(register(setup().id(), VKA), Error::<Test>::SetupNotApproved);
		});
	}

	#[test]
	fn what_is_no_artifact_is_refused_by_name() {
		ExtBuilder::default().build_and_execute(|| {
			approve();
			let refused = |vka: &[u8], fault| {
				assert_noop!(
					register(setup().id(), vka),
					Error::<Test>::InvalidVka(fault)
				);
			};
			refused(&VKA[..VKA.len() - 1], VkaFault::Length);
			refused(&fixture::plan(), VkaFault::Length);
			let changed = |word: usize| {
				let mut vka = VKA.to_vec();
				vka[8 + 32 * word + 31] ^= 1;
				vka
			};
			refused(&changed(7), VkaFault::Domain);
			refused(&changed(16), VkaFault::Setup);
			refused(&changed(34), VkaFault::OffCurve);
			refused(&changed(25), VkaFault::Layout);
		});
	}

	#[test]
	fn an_artifact_is_no_key_of_halo2_nor_the_reverse() {
		ExtBuilder::default().build_and_execute(|| {
			approve();
			let plan = plan_from_vka(VKA, &setup()).unwrap().to_bytes();
			let register = |key: Vec<u8>| {
				ProofVerifier::register_key(
					RuntimeOrigin::signed(ALICE),
					ProofSystem::Halo2,
					setup().id(),
					key.try_into().unwrap(),
				)
			};
			// The plan is valid, but its transcript does not bind it.
			assert_noop!(
				register(plan),
				Error::<Test>::InvalidPlan(PlanFault::Transcript)
			);
			assert_noop!(
				register(VKA.to_vec()),
				Error::<Test>::InvalidPlan(PlanFault::Version)
			);
		});
	}

	#[test]
	fn models_cannot_use_keys_whose_proofs_are_bound_to_no_workload() {
		ExtBuilder::default().build_and_execute(|| {
			approve();
			assert_noop!(
				<ProofVerifier as inference_primitives::traits::ProofVerifier<u64>>::register_key(
					&ALICE,
					ProofSystem::Ezkl,
					setup().id(),
					VKA
				),
				Error::<Test>::SystemBindsNoStatement
			);
			registered_key_proves_no_statement();
		});
	}

	/// Even if such a key is registered by extrinsic.
	fn registered_key_proves_no_statement() {
		assert_ok!(register(setup().id(), VKA));
		let mut statement = fixture::statement();
		statement.header.vk_hash = key();
		assert_noop!(
			ProofVerifier::verify(
				key(),
				&statement,
				&fixture::INPUT,
				&fixture::OUTPUT,
				PROOFS[0].0
			),
			Error::<Test>::SystemBindsNoStatement
		);
	}

	#[test]
	fn changed_proofs_and_inputs_are_refused() {
		ExtBuilder::default().build_and_execute(|| {
			registered();
			let mut wrong_inputs = item(0);
			wrong_inputs.public_inputs = item(1).public_inputs;
			assert_eq!(
				verify(wrong_inputs),
				Err(Error::<Test>::InvalidProof.into())
			);
			let mut off_curve = item(0);
			off_curve.proof[31] ^= 1;
			assert_eq!(verify(off_curve), Err(Error::<Test>::ProofOffCurve.into()));
			let mut truncated = item(0);
			truncated.proof.pop();
			assert_eq!(verify(truncated), Err(Error::<Test>::ProofTruncated.into()));
		});
	}
}
