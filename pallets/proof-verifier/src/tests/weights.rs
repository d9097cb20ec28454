//! The weight formula.

use super::{fixture, keys::register};
use crate::{mock::*, weights::time, *};

fn sizes() -> KeySizes {
	register(ALICE, fixture::plan()).unwrap();
	Keys::<Test>::get(fixture::key()).unwrap().sizes
}

#[test]
fn a_verification_weighs_at_least_its_pairing_and_its_points() {
	ExtBuilder::default().build_and_execute(|| {
		let sizes = sizes();
		let points = u64::from(sizes.msm_points) * time::MSM_POINT;
		let weight = <() as WeightInfo>::verify_proof(&sizes).ref_time();
		assert!(weight > points + time::PAIRING_CHECK);
	});
}

#[test]
fn every_size_adds_weight() {
	ExtBuilder::default().build_and_execute(|| {
		let base = sizes();
		let weight = |sizes: &KeySizes| <() as WeightInfo>::verify_proof(sizes).ref_time();
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
	assert!(<() as WeightInfo>::verify_proof(&largest).ref_time() > least);
}

#[test]
fn a_longer_plan_weighs_more_to_register() {
	assert!(
		<() as WeightInfo>::register_key(2).ref_time()
			> <() as WeightInfo>::register_key(1).ref_time()
	);
}
