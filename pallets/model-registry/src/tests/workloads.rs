//! Workloads that use versions.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use inference_primitives::traits::Models as _;
use ModelStatus::*;

/// Runs a test on a model of Alice's in this status.
fn with_model(status: ModelStatus, test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE, registration()).unwrap();
		advance(ALICE, at(0, 1), status);
		test();
	});
}

/// In flight, settled.
fn counts() -> (u32, u64) {
	let model = Models::<Test>::get(at(0, 1)).unwrap();
	(model.in_flight, model.settled)
}

#[test]
fn workloads_are_counted_from_start_to_end() {
	with_model(Active, || {
		assert_ok!(ModelRegistry::start_workload(at(0, 1)));
		assert_ok!(ModelRegistry::start_workload(at(0, 1)));
		assert_eq!(counts(), (2, 0));
		ModelRegistry::end_workload(at(0, 1), true);
		assert_eq!(counts(), (1, 1));
		ModelRegistry::end_workload(at(0, 1), false);
		assert_eq!(counts(), (0, 1));
	});
}

#[test]
fn deprecated_versions_are_still_for_sale() {
	with_model(Deprecated, || {
		assert_ok!(ModelRegistry::start_workload(at(0, 1)));
	});
}

#[test]
fn drafts_and_retired_versions_are_not_for_sale() {
	with_model(Draft, || {
		assert_noop!(
			ModelRegistry::start_workload(at(0, 1)),
			Error::<Test>::ModelDraft
		);
	});
	with_model(Retired, || {
		assert_noop!(
			ModelRegistry::start_workload(at(0, 1)),
			Error::<Test>::ModelNotForSale
		);
	});
}

#[test]
fn workloads_in_flight_end_on_retired_versions() {
	with_model(Active, || {
		assert_ok!(ModelRegistry::start_workload(at(0, 1)));
		assert_ok!(ModelRegistry::retire(
			RuntimeOrigin::signed(ALICE),
			at(0, 1)
		));
		ModelRegistry::end_workload(at(0, 1), true);
		assert_eq!(counts(), (0, 1));
	});
}

#[test]
fn unknown_versions_take_no_workloads() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			ModelRegistry::start_workload(at(0, 1)),
			Error::<Test>::UnknownModel
		);
	});
}

#[test]
fn workloads_in_flight_do_not_overflow() {
	with_model(Active, || {
		Models::<Test>::mutate(at(0, 1), |m| m.as_mut().unwrap().in_flight = u32::MAX);
		assert_noop!(
			ModelRegistry::start_workload(at(0, 1)),
			Error::<Test>::Overflow
		);
	});
}

#[cfg(not(debug_assertions))]
#[test]
fn ending_more_workloads_than_started_does_no_harm() {
	with_model(Active, || {
		ModelRegistry::end_workload(at(0, 1), false);
		ModelRegistry::end_workload(at(7, 1), true);
		assert_eq!(counts(), (0, 0));
	});
}
