//! References: keys held by other pallets, beside registrations.

use super::{
	fixture,
	keys::{deposit_for, end_halo2, held, register},
};
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use inference_primitives::traits::{KeyInfo, ProofVerifier as _};
use sp_runtime::{DispatchError, TokenError};

fn refer(depositor: u64) -> Result<KeyInfo, DispatchError> {
	<ProofVerifier as inference_primitives::traits::ProofVerifier<u64>>::register_key(
		&depositor,
		ProofSystem::Halo2,
		fixture::setup().id(),
		&fixture::plan(),
	)
}

fn drop_reference() -> Result<(), DispatchError> {
	<ProofVerifier as inference_primitives::traits::ProofVerifier<u64>>::release_key(fixture::key())
}

fn references() -> u32 {
	Keys::<Test>::get(fixture::key()).map_or(0, |key| key.references)
}

#[test]
fn a_reference_tells_of_the_circuit() {
	ExtBuilder::default().build_and_execute(|| {
		let info = refer(ALICE).unwrap();
		let sizes = Keys::<Test>::get(fixture::key()).unwrap().sizes;
		assert_eq!(info.vk_hash, fixture::key());
		assert_eq!(info.public_inputs, 5);
		assert_eq!(info.compute_units, sizes.compute_units);
	});
}

#[test]
fn the_first_reference_pays_and_the_last_returns_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let deposit = deposit_for(&fixture::plan());
		assert_ok!(refer(ALICE));
		assert_ok!(refer(BOB));
		assert_eq!((held(ALICE), held(BOB)), (deposit, 0));
		assert_ok!(drop_reference());
		assert_eq!((held(ALICE), references()), (deposit, 1));
		assert_ok!(drop_reference());
		assert_eq!(held(ALICE), 0);
		assert!(!Keys::<Test>::contains_key(fixture::key()));
		System::assert_last_event(
			Event::KeyRemoved {
				vk_hash: fixture::key(),
			}
			.into(),
		);
	});
}

#[test]
fn a_registration_outlives_the_references() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(refer(ALICE));
		assert_ok!(register(BOB, fixture::plan()));
		assert_ok!(drop_reference());
		assert_eq!((held(ALICE), held(BOB)), (0, deposit_for(&fixture::plan())));
		assert!(Keys::<Test>::contains_key(fixture::key()));
	});
}

#[test]
fn references_outlive_the_registration_whose_deposit_returns_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(BOB, fixture::plan()));
		assert_ok!(refer(ALICE));
		assert_ok!(ProofVerifier::release_key(
			RuntimeOrigin::signed(BOB),
			fixture::key()
		));
		assert_eq!((held(ALICE), held(BOB)), (deposit_for(&fixture::plan()), 0));
		assert_eq!(references(), 1);
	});
}

#[test]
fn one_account_pays_for_each_hold_it_has() {
	ExtBuilder::default().build_and_execute(|| {
		let deposit = deposit_for(&fixture::plan());
		assert_ok!(register(ALICE, fixture::plan()));
		assert_ok!(refer(ALICE));
		assert_eq!(held(ALICE), 2 * deposit);
		assert_ok!(ProofVerifier::release_key(
			RuntimeOrigin::signed(ALICE),
			fixture::key()
		));
		assert_eq!(held(ALICE), deposit);
	});
}

#[test]
fn a_reference_is_refused_as_a_registration_is() {
	ExtBuilder::default().build_and_execute(|| {
		let setup = fixture::setup().id();
		let add = |depositor, setup, plan: &[u8]| {
			ProofVerifier::add_reference(&depositor, ProofSystem::Halo2, setup, plan)
		};
		assert_noop!(
			add(ALICE, SetupId([9; 32]), &fixture::plan()),
			Error::<Test>::SetupNotApproved
		);
		assert_noop!(
			add(ALICE, setup, &[2, 0]),
			Error::<Test>::InvalidPlan(PlanFault::Truncated)
		);
		assert_noop!(
			add(ALICE, setup, &vec![0; MAX_VK_BYTES as usize + 1]),
			Error::<Test>::InvalidPlan(PlanFault::TooLong)
		);
		assert_noop!(
			frame_support::storage::with_storage_layer(|| add(PAUPER, setup, &fixture::plan())),
			TokenError::FundsUnavailable
		);
		end_halo2();
		assert_noop!(
			add(ALICE, setup, &fixture::plan()),
			Error::<Test>::SystemEnded
		);
	});
}

#[test]
fn references_do_not_overflow() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(refer(ALICE));
		Keys::<Test>::mutate(fixture::key(), |key| {
			key.as_mut().unwrap().references = u32::MAX
		});
		assert_noop!(refer(ALICE), Error::<Test>::TooManyReferences);
	});
}

#[test]
fn an_unknown_key_has_no_reference_to_drop() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(drop_reference(), Error::<Test>::UnknownKey);
	});
}

// With debug assertions `defensive!` panics, as it should.
#[cfg(not(debug_assertions))]
#[test]
fn dropping_more_references_than_were_taken_changes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE, fixture::plan()).unwrap();
		assert_noop!(
			drop_reference(),
			Error::<Test>::Defensive(DefensiveError::NoReference)
		);
	});
}

#[test]
fn a_weight_is_known_for_every_key() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(
			ProofVerifier::verify_weight(fixture::key()),
			MaxVerifyWeight::get()
		);
		assert_ok!(refer(ALICE));
		let weight = ProofVerifier::verify_weight(fixture::key()).ref_time();
		assert!(weight > crate::verification_weight::time::PAIRING_CHECK);
		assert!(weight < MaxVerifyWeight::get().ref_time());
	});
}
