//! Proofs that are verified together.

use super::{ezkl, fixture, keys::register};
use crate::{mock::*, *};
use frame_support::{assert_ok, weights::Weight};
use sp_runtime::DispatchError;

/// Our fixture's proof.
fn ours() -> ProofItem {
	let statement = fixture::statement();
	let inputs = inference_verifier::public_inputs(&statement, &fixture::INPUT, &fixture::OUTPUT);
	let bytes = |scalar: &inference_verifier::Scalar| {
		let limbs = ark_ff::PrimeField::into_bigint(*scalar).0;
		let mut bytes = [0u8; 32];
		for (to, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
			to.copy_from_slice(&limb.to_le_bytes());
		}
		bytes
	};
	ProofItem {
		vk_hash: fixture::key(),
		public_inputs: inputs
			.iter()
			.map(bytes)
			.collect::<Vec<_>>()
			.try_into()
			.unwrap(),
		proof: fixture::proof().try_into().unwrap(),
	}
}

fn verify(items: Vec<ProofItem>) -> Result<Weight, (Weight, DispatchError)> {
	let result = ProofVerifier::verify_proofs(
		RuntimeOrigin::signed(BOB),
		items.try_into().expect("within the bound"),
	);
	match result {
		Ok(info) => Ok(info.actual_weight.unwrap()),
		Err(error) => Err((error.post_info.actual_weight.unwrap(), error.error)),
	}
}

fn error(items: Vec<ProofItem>) -> DispatchError {
	verify(items).unwrap_err().1
}

mod success {
	use super::*;

	#[test]
	fn proofs_of_one_key_are_verified_together_for_less_weight() {
		ExtBuilder::default().build_and_execute(|| {
			ezkl::registered();
			let weight = verify(vec![ezkl::item(0), ezkl::item(1), ezkl::item(0)]).unwrap();
			let key = Keys::<Test>::get(ezkl::item(0).vk_hash).unwrap();
			let alone = verification_weight::verify_proof(db(), &key.sizes);
			assert!(weight.ref_time() < alone.ref_time() * 3);
			let verified = System::events()
				.into_iter()
				.filter(|record| {
					matches!(
						record.event,
						RuntimeEvent::ProofVerifier(Event::ProofVerified { by: BOB, .. })
					)
				})
				.count();
			assert_eq!(verified, 3);
		});
	}

	#[test]
	fn an_empty_batch_is_valid_and_cheap() {
		ExtBuilder::default().build_and_execute(|| {
			let weight = verify(vec![]).unwrap();
			assert!(weight.all_lte(verification_weight::verify_batch(db())));
		});
	}

	#[test]
	fn the_runtime_api_verifies_as_the_call_does() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			let raw = |item: ProofItem| {
				(
					item.vk_hash,
					item.public_inputs.into_inner(),
					item.proof.into_inner(),
				)
			};
			let verify =
				|proofs| ProofVerifier::verify_batch_raw(proofs).map_err(DispatchError::from);
			assert_ok!(verify(vec![raw(ours()), raw(ours())]));
			let mut wrong = raw(ours());
			wrong.1[1][0] ^= 1;
			assert_eq!(
				verify(vec![raw(ours()), wrong]),
				Err(Error::<Test>::InvalidProof.into())
			);
			assert_eq!(
				verify(vec![raw(ours()); MAX_BATCH as usize + 1]),
				Err(Error::<Test>::BatchTooCostly.into())
			);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn one_bad_proof_refuses_the_batch() {
		ExtBuilder::default().build_and_execute(|| {
			ezkl::registered();
			for bad in 0..3 {
				let mut items = vec![ezkl::item(0), ezkl::item(1), ezkl::item(0)];
				items[bad].public_inputs[0][0] ^= 1;
				assert_eq!(error(items), Error::<Test>::InvalidProof.into());
			}
			let mut items = vec![ezkl::item(0), ezkl::item(1)];
			items[1].proof.pop();
			assert_eq!(error(items), Error::<Test>::ProofTruncated.into());
			let mut items = vec![ezkl::item(0), ezkl::item(1)];
			items[1].public_inputs.pop();
			assert_eq!(error(items), Error::<Test>::PublicInputsMismatch.into());
		});
	}

	#[test]
	fn keys_of_different_setups_are_refused_before_anything_is_verified() {
		ExtBuilder::default().build_and_execute(|| {
			ezkl::registered();
			assert_ok!(register(ALICE, fixture::plan()));
			let (weight, error) = verify(vec![ours(), ezkl::item(0)]).unwrap_err();
			assert_eq!(error, Error::<Test>::MixedSetups.into());
			let key = Keys::<Test>::get(fixture::key()).unwrap();
			let one = verification_weight::verify_proof(db(), &key.sizes);
			assert!(weight.ref_time() < one.ref_time());
		});
	}

	#[test]
	fn an_unknown_key_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			ezkl::registered();
			assert_eq!(
				error(vec![ezkl::item(0), ours()]),
				Error::<Test>::UnknownKey.into()
			);
		});
	}

	#[test]
	fn a_batch_that_needs_more_than_the_chain_grants_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			ezkl::registered();
			let item = ezkl::item(0);
			let key = Keys::<Test>::get(item.vk_hash).unwrap();
			let each = verification_weight::verify_batch_item(db(), &key.sizes)
				.saturating_add(verification_weight::verify_unknown_key(db()));
			let granted = verification_weight::verify_batch(db())
				.saturating_add(verification_weight::verify_batch_key(db(), &key.sizes))
				.saturating_add(each * 3);
			MaxVerifyWeight::set(granted);
			assert_eq!(verify(vec![item.clone(); 3]), Ok(granted));
			let (weight, error) = verify(vec![item; 4]).unwrap_err();
			assert_eq!(error, Error::<Test>::BatchTooCostly.into());
			assert!(weight.ref_time() < granted.ref_time());
			MaxVerifyWeight::set(Weight::from_parts(500_000_000_000, 0));
		});
	}
}
