//! The weight formula.

use super::{fixture, keys::register};
use crate::{mock::*, verification_weight::time, *};
use frame_support::weights::constants::ParityDbWeight;

fn sizes() -> KeySizes {
	register(ALICE, fixture::plan()).unwrap();
	Keys::<Test>::get(fixture::key()).unwrap().sizes
}

#[test]
fn a_verification_weighs_at_least_its_pairing_and_its_points() {
	ExtBuilder::default().build_and_execute(|| {
		let sizes = sizes();
		let points = u64::from(sizes.msm_points) * time::MSM_POINT;
		let weight = verification_weight::verify_proof(db(), &sizes).ref_time();
		assert!(weight > points + time::PAIRING_CHECK);
	});
}

#[test]
fn every_size_adds_weight() {
	ExtBuilder::default().build_and_execute(|| {
		let base = sizes();
		let weight = |sizes: &KeySizes| verification_weight::verify_proof(db(), sizes).ref_time();
		let larger: [fn(&mut KeySizes); 7] = [
			|s| s.bytes += 1,
			|s| s.public_inputs += 1,
			|s| s.msm_points += 1,
			|s| s.proof_points += 1,
			|s| s.evaluations += 1,
			|s| s.operations += 1,
			|s| s.products += 1,
		];
		for grow in larger {
			let mut sizes = base;
			grow(&mut sizes);
			assert!(weight(&sizes) > weight(&base));
		}
	});
}

#[test]
fn the_largest_sizes_do_not_wrap() {
	let largest = KeySizes {
		bytes: u32::MAX,
		public_inputs: u32::MAX,
		msm_points: u32::MAX,
		proof_points: u32::MAX,
		evaluations: u32::MAX,
		operations: u32::MAX,
		products: u32::MAX,
		compute_units: inference_primitives::ComputeUnits(u64::MAX),
	};
	let least = u64::from(u32::MAX) * time::MSM_POINT;
	assert!(verification_weight::verify_proof(db(), &largest).ref_time() > least);
}

/// The key and the proof that FRAME's benchmarks measure (`vectors`).
#[test]
fn the_formula_is_no_less_than_what_was_measured_of_the_vectors() {
	ExtBuilder::default().build_and_execute(|| {
		let db = ParityDbWeight::get();
		let sizes = sizes();
		let measured = [
			<() as WeightInfo>::register_key(),
			<() as WeightInfo>::verify_proof(),
			<() as WeightInfo>::verify_proofs(),
			<() as WeightInfo>::verify_unknown_key(),
		];
		let batch = verification_weight::verify_batch(db)
			.saturating_add(verification_weight::verify_batch_key(db, &sizes))
			.saturating_add(verification_weight::verify_batch_item(db, &sizes))
			.saturating_add(verification_weight::verify_unknown_key(db));
		let formula = [
			verification_weight::register_key(db, sizes.bytes),
			verification_weight::verify_proof(db, &sizes),
			batch,
			verification_weight::verify_unknown_key(db),
		];
		for (formula, measured) in formula.iter().zip(measured) {
			assert!(
				formula.ref_time() >= measured.ref_time(),
				"{formula:?} {measured:?}"
			);
		}
	});
}

#[test]
fn a_longer_plan_weighs_more_to_register() {
	assert!(
		verification_weight::register_key(db(), 2).ref_time()
			> verification_weight::register_key(db(), 1).ref_time()
	);
}
