//! The life of versions.

use super::registration::{deposit, held};
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use inference_primitives::traits::Models as _;
use sp_runtime::DispatchError;
use ModelStatus::*;

/// Moves version 1 of model 0 to a status in one call.
fn to(status: ModelStatus, by: AccountId) -> DispatchResult {
	let origin = RuntimeOrigin::signed(by);
	match status {
		Draft => Ok(()),
		Active => ModelRegistry::activate(origin, at(0, 1)),
		Deprecated => ModelRegistry::deprecate(origin, at(0, 1)),
		Retired => ModelRegistry::retire(origin, at(0, 1)),
	}
}

fn remove(by: AccountId) -> DispatchResult {
	ModelRegistry::remove(RuntimeOrigin::signed(by), at(0, 1))
}

/// Runs a test on a model of Alice's in this status.
fn with_model(status: ModelStatus, test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE, registration()).unwrap();
		advance(ALICE, at(0, 1), status);
		test();
	});
}

mod success {
	use super::*;

	#[test]
	fn a_version_moves_forward() {
		with_model(Draft, || {
			for status in [Active, Deprecated, Retired] {
				assert_ok!(to(status, ALICE));
				assert_eq!(Models::<Test>::get(at(0, 1)).unwrap().status, status);
				System::assert_last_event(
					Event::StatusChanged {
						model: at(0, 1),
						status,
					}
					.into(),
				);
			}
		});
	}

	#[test]
	fn any_version_can_be_retired() {
		for status in [Draft, Active, Deprecated] {
			with_model(status, || {
				assert_ok!(to(Retired, ALICE));
			});
		}
	}

	#[test]
	fn removing_returns_the_deposit_and_releases_the_key() {
		with_model(Retired, || {
			let key = vk_hash(&registration().key);
			let before = Balances::free_balance(ALICE);
			assert_ok!(remove(ALICE));
			assert_eq!((held(ALICE), references(key)), (0, 0));
			assert_eq!(Balances::free_balance(ALICE), before + deposit());
			assert!(!Models::<Test>::contains_key(at(0, 1)));
			System::assert_last_event(Event::ModelRemoved { model: at(0, 1) }.into());
		});
	}

	#[test]
	fn the_deposit_returned_is_the_one_held_when_the_price_has_changed() {
		with_model(Retired, || {
			Parameters::mutate(|p| p.deposit_per_byte *= 3);
			assert_ok!(remove(ALICE));
			assert_eq!(held(ALICE), 0);
		});
	}

	#[test]
	fn a_model_outlives_its_removed_latest_version() {
		with_model(Retired, || {
			assert_ok!(register_version(ALICE, 0, registration()));
			assert_ok!(remove(ALICE));
			assert_ok!(register_version(ALICE, 0, registration()));
			assert!(Models::<Test>::contains_key(at(0, 3)));
		});
	}

	#[test]
	fn a_model_without_versions_is_gone_for_good() {
		with_model(Retired, || {
			assert_ok!(remove(ALICE));
			assert_noop!(
				register_version(ALICE, 0, registration()),
				Error::<Test>::UnknownModel
			);
			assert_ok!(register(BOB, registration()));
			assert!(Models::<Test>::contains_key(at(1, 1)));
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn a_version_never_moves_back_nor_skips_activation() {
		let refused = [
			(Draft, Deprecated),
			(Active, Active),
			(Deprecated, Active),
			(Deprecated, Deprecated),
			(Retired, Active),
			(Retired, Deprecated),
			(Retired, Retired),
		];
		for (from, status) in refused {
			with_model(from, || {
				assert_noop!(to(status, ALICE), Error::<Test>::WrongStatus);
			});
		}
	}

	#[test]
	fn only_the_creator_decides() {
		with_model(Draft, || {
			for status in [Active, Deprecated, Retired] {
				assert_noop!(to(status, BOB), Error::<Test>::NotCreator);
			}
			assert_noop!(remove(BOB), Error::<Test>::NotCreator);
			assert_noop!(
				ModelRegistry::activate(RuntimeOrigin::root(), at(0, 1)),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn an_unknown_version_has_no_life() {
		ExtBuilder::default().build_and_execute(|| {
			for status in [Active, Deprecated, Retired] {
				assert_noop!(to(status, ALICE), Error::<Test>::UnknownModel);
			}
			assert_noop!(remove(ALICE), Error::<Test>::UnknownModel);
		});
	}

	#[test]
	fn only_retired_versions_are_removed() {
		for status in [Draft, Active, Deprecated] {
			with_model(status, || {
				assert_noop!(remove(ALICE), Error::<Test>::WrongStatus);
			});
		}
	}

	#[test]
	fn a_version_in_use_is_not_removed() {
		with_model(Active, || {
			assert_ok!(ModelRegistry::start_workload(at(0, 1)));
			assert_ok!(to(Retired, ALICE));
			assert_noop!(remove(ALICE), Error::<Test>::ModelInUse);
			ModelRegistry::end_workload(at(0, 1), true);
			assert_ok!(remove(ALICE));
		});
	}
}
