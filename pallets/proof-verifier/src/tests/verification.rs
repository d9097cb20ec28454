//! Verification of real proofs: by extrinsic, and of statements for other pallets.

use super::{
	fixture::{self, INPUT, OUTPUT},
	keys::{end_halo2, register},
};
use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResult, DispatchResultWithPostInfo, GetDispatchInfo, Pays},
};
use inference_primitives::{
	traits::ProofVerifier as _, ModelId, ModelRef, Statement, StatementHeader, StatementVersion,
	WorkloadId,
};
use inference_verifier::Plan;
use sp_runtime::DispatchError;

/// Runs a test with the fixture's key registered.
fn with_key(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		register(BOB, fixture::plan()).unwrap();
		test();
	});
}

fn submit(public_inputs: Vec<[u8; 32]>, proof: Vec<u8>) -> DispatchResultWithPostInfo {
	ProofVerifier::verify_proof(
		RuntimeOrigin::signed(ALICE),
		fixture::key(),
		public_inputs.try_into().unwrap(),
		proof.try_into().unwrap(),
	)
}

fn verify(statement: &Statement, input: &[i64], output: &[i64], proof: &[u8]) -> DispatchResult {
	ProofVerifier::verify(fixture::key(), statement, input, output, proof)
}

/// Bytes on file.
fn hex(text: &str) -> Vec<u8> {
	hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// Puts a key into storage that a chain registered when plans had version 1.
fn older_key() -> VkHash {
	let bytes = hex(include_str!(
		"../../../../verifier/tests/vectors/plan-v1/minimal.plan.hex"
	));
	let plan = Plan::decode_canonical(&bytes).unwrap();
	let setup = fixture::setup().id();
	let sizes = KeySizes::of(&plan, bytes.len() as u32);
	let vk_hash = inference_verifier::vk_hash(ProofSystem::Halo2, &setup, &bytes);
	let deposit = ProofVerifier::hold_deposit(&ALICE, &sizes).unwrap();
	let mut key = Key::new(ProofSystem::Halo2, setup, sizes);
	key.registration = Some(deposit);
	Keys::<Test>::insert(vk_hash, key);
	KeyPlans::<Test>::insert(vk_hash, PlanBytes::try_from(bytes).unwrap());
	Setups::<Test>::mutate(setup, |setup| setup.as_mut().unwrap().keys += 1);
	vk_hash
}

/// Verifies as the runtime API does.
fn raw(vk_hash: VkHash, public_inputs: &[[u8; 32]]) -> DispatchResult {
	ProofVerifier::verify_raw(vk_hash, public_inputs, &fixture::proof()).map_err(Into::into)
}

/// The extrinsic fails with this error, and is charged the key's weight.
fn assert_refused(public_inputs: Vec<[u8; 32]>, proof: Vec<u8>, error: Error<Test>) {
	let result = submit(public_inputs, proof).unwrap_err();
	assert_eq!(result.error, error.into());
	let weight = ProofVerifier::verify_weight(fixture::key());
	assert_eq!(result.post_info.actual_weight, Some(weight));
}

/// The field's modulus, little-endian.
const MODULUS: [u8; 32] = [
	0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9, 0x79, 0x48, 0xe8, 0x33, 0x28,
	0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];

mod success {
	use super::*;

	#[test]
	fn a_real_proof_is_verified_and_its_weight_refunded() {
		with_key(|| {
			let inputs = fixture::encoded_public_inputs();
			let info = submit(inputs.clone(), fixture::proof()).unwrap();
			let weight = ProofVerifier::verify_weight(fixture::key());
			assert_eq!(
				(info.actual_weight, info.pays_fee),
				(Some(weight), Pays::Yes)
			);
			let call = crate::Call::<Test>::verify_proof {
				vk_hash: fixture::key(),
				public_inputs: inputs.clone().try_into().unwrap(),
				proof: fixture::proof().try_into().unwrap(),
			};
			assert_eq!(call.get_dispatch_info().call_weight, MaxVerifyWeight::get());
			System::assert_last_event(
				Event::ProofVerified {
					vk_hash: fixture::key(),
					public_inputs: ProofVerifier::public_inputs_hash(&inputs),
					by: ALICE,
				}
				.into(),
			);
		});
	}

	#[test]
	fn the_runtime_api_verifies() {
		with_key(|| {
			assert_ok!(raw(fixture::key(), &fixture::encoded_public_inputs()));
		});
	}

	#[test]
	fn a_proof_proves_its_statement() {
		with_key(|| {
			assert_ok!(verify(
				&fixture::statement(),
				&INPUT,
				&OUTPUT,
				&fixture::proof()
			));
		});
	}

	#[test]
	fn a_statement_of_each_version_is_proven_whatever_version_new_workloads_get() {
		with_key(|| {
			for version in StatementVersion::ALL {
				let header = StatementHeader {
					version: version.number(),
					..fixture::header()
				};
				let statement = Statement::new(header, &INPUT, &OUTPUT);
				let proof = fixture::proof_of(&statement);
				assert_ok!(verify(&statement, &INPUT, &OUTPUT, &proof));
				for other in StatementVersion::ALL.into_iter().filter(|v| *v != version) {
					let mut statement = statement.clone();
					statement.header.version = other.number();
					assert_noop!(
						verify(&statement, &INPUT, &OUTPUT, &proof),
						Error::<Test>::InvalidProof
					);
				}
			}
		});
	}

	#[test]
	fn a_stored_plan_of_an_older_version_still_verifies_its_proofs() {
		with_key(|| {
			let vk_hash = older_key();
			let public_inputs: Vec<[u8; 32]> = (1..=5)
				.map(|value| {
					let mut bytes = [0; 32];
					bytes[0] = value;
					bytes
				})
				.collect();
			let proof = hex(include_str!(
				"../../../../verifier/tests/vectors/plan-v1/minimal.proof.hex"
			));
			let verify = |inputs: &[[u8; 32]]| ProofVerifier::verify_raw(vk_hash, inputs, &proof);
			assert_ok!(verify(&public_inputs));
			assert!(matches!(
				verify(&[&public_inputs[..4], &[[9; 32]]].concat()),
				Err(Error::InvalidProof)
			));
			assert_ok!(ProofVerifier::do_try_state());
		});
	}

	#[test]
	fn different_public_inputs_have_different_names_in_events() {
		let hash = ProofVerifier::public_inputs_hash;
		assert_ne!(hash(&[[0; 32]]), hash(&[[0; 32], [0; 32]]));
		assert_ne!(hash(&[[0; 32], [1; 32]]), hash(&[[1; 32], [0; 32]]));
	}
}

mod failure {
	use super::*;

	#[test]
	fn unsigned_origins_are_refused() {
		with_key(|| {
			assert_noop!(
				ProofVerifier::verify_proof(
					RuntimeOrigin::none(),
					fixture::key(),
					fixture::encoded_public_inputs().try_into().unwrap(),
					fixture::proof().try_into().unwrap(),
				),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn an_unknown_key_verifies_nothing_and_costs_little() {
		ExtBuilder::default().build_and_execute(|| {
			let error = submit(fixture::encoded_public_inputs(), fixture::proof()).unwrap_err();
			assert_eq!(error.error, Error::<Test>::UnknownKey.into());
			assert!(error.post_info.actual_weight.unwrap().ref_time() < 1_000_000_000);
			assert_noop!(
				raw(fixture::key(), &fixture::encoded_public_inputs()),
				Error::<Test>::UnknownKey
			);
			assert_noop!(
				verify(&fixture::statement(), &INPUT, &OUTPUT, &fixture::proof()),
				Error::<Test>::UnknownKey
			);
		});
	}

	#[test]
	fn an_ended_system_verifies_nothing() {
		with_key(|| {
			end_halo2();
			assert_refused(
				fixture::encoded_public_inputs(),
				fixture::proof(),
				Error::SystemEnded,
			);
			assert_noop!(
				verify(&fixture::statement(), &INPUT, &OUTPUT, &fixture::proof()),
				Error::<Test>::SystemEnded
			);
		});
	}

	#[test]
	fn a_wrong_number_of_public_inputs_is_refused() {
		with_key(|| {
			let inputs = fixture::encoded_public_inputs();
			assert_refused(
				inputs[..4].to_vec(),
				fixture::proof(),
				Error::PublicInputsMismatch,
			);
			assert_noop!(
				verify(
					&Statement::new(fixture::header(), &INPUT[..1], &OUTPUT),
					&INPUT[..1],
					&OUTPUT,
					&fixture::proof()
				),
				Error::<Test>::PublicInputsMismatch
			);
		});
	}

	#[test]
	fn a_public_input_that_is_not_canonical_is_refused() {
		with_key(|| {
			let mut inputs = fixture::encoded_public_inputs();
			inputs[1] = MODULUS;
			assert_refused(inputs, fixture::proof(), Error::NonCanonicalPublicInput);
		});
	}

	#[test]
	fn any_other_public_input_is_refused() {
		with_key(|| {
			for position in 0..5 {
				let mut inputs = fixture::encoded_public_inputs();
				inputs[position][0] ^= 1;
				assert_refused(inputs, fixture::proof(), Error::InvalidProof);
			}
		});
	}

	#[test]
	fn a_proof_of_the_wrong_length_is_refused() {
		with_key(|| {
			let inputs = fixture::encoded_public_inputs();
			let proof = fixture::proof();
			assert_refused(
				inputs.clone(),
				proof[..proof.len() - 1].to_vec(),
				Error::ProofTruncated,
			);
			assert_refused(inputs.clone(), vec![], Error::ProofTruncated);
			assert_refused(inputs, [proof, vec![0]].concat(), Error::ProofTrailingBytes);
		});
	}

	#[test]
	fn a_proof_with_malformed_points_or_scalars_is_refused() {
		with_key(|| {
			let inputs = fixture::encoded_public_inputs();
			let mut off_curve = fixture::proof();
			off_curve[0] ^= 1;
			assert_refused(inputs.clone(), off_curve, Error::ProofOffCurve);
			let mut coordinate = fixture::proof();
			coordinate[31] = 0xff;
			assert_refused(inputs.clone(), coordinate, Error::NonCanonicalProof);
			// The last two values are points; before them lie the evaluations.
			let mut scalar = fixture::proof();
			let at = scalar.len() - 2 * 64 - 1;
			scalar[at] = 0xff;
			assert_refused(inputs, scalar, Error::NonCanonicalProof);
		});
	}

	#[test]
	fn a_proof_with_other_evaluations_is_refused() {
		with_key(|| {
			let mut proof = fixture::proof();
			let at = proof.len() - 2 * 64 - 32;
			proof[at] ^= 1;
			assert_refused(fixture::encoded_public_inputs(), proof, Error::InvalidProof);
		});
	}

	#[test]
	fn a_proof_does_not_serve_another_key() {
		with_key(|| {
			register(BOB, fixture::other_plan()).unwrap();
			let mut inputs = fixture::encoded_public_inputs();
			inputs.extend([[0; 32], [0; 32]]);
			assert_noop!(
				raw(fixture::other_key(), &inputs),
				Error::<Test>::InvalidProof
			);
		});
	}

	#[test]
	fn a_proof_does_not_serve_another_workload_or_model() {
		with_key(|| {
			let headers = [
				StatementHeader {
					workload: WorkloadId([7; 32]),
					..fixture::header()
				},
				StatementHeader {
					model: ModelRef {
						model: ModelId(9),
						version: 1,
					},
					..fixture::header()
				},
				StatementHeader {
					domain: 1,
					..fixture::header()
				},
			];
			for header in headers {
				let statement = Statement::new(header, &INPUT, &OUTPUT);
				assert_noop!(
					verify(&statement, &INPUT, &OUTPUT, &fixture::proof()),
					Error::<Test>::InvalidProof
				);
			}
		});
	}

	#[test]
	fn a_proof_does_not_serve_another_output() {
		with_key(|| {
			let output = [OUTPUT[0], OUTPUT[1] + 1];
			let statement = Statement::new(fixture::header(), &INPUT, &output);
			assert_noop!(
				verify(&statement, &INPUT, &output, &fixture::proof()),
				Error::<Test>::InvalidProof
			);
		});
	}

	#[test]
	fn a_statement_about_other_tensors_or_another_key_is_refused() {
		with_key(|| {
			let output = [OUTPUT[0], OUTPUT[1] + 1];
			let header = StatementHeader {
				vk_hash: fixture::other_key(),
				..fixture::header()
			};
			let of_other_key = Statement::new(header, &INPUT, &OUTPUT);
			let cases = [(fixture::statement(), &output), (of_other_key, &OUTPUT)];
			for (statement, output) in cases {
				assert_noop!(
					verify(&statement, &INPUT, output, &fixture::proof()),
					Error::<Test>::StatementMismatch
				);
			}
		});
	}

	#[test]
	fn a_statement_of_another_version_is_refused() {
		with_key(|| {
			let header = StatementHeader {
				version: 3,
				..fixture::header()
			};
			let statement = Statement::new(header, &INPUT, &OUTPUT);
			assert_noop!(
				verify(&statement, &INPUT, &OUTPUT, &fixture::proof()),
				Error::<Test>::UnsupportedStatement
			);
		});
	}
}
