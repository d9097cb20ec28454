//! The brake, and ends of life of setups and keys.

use super::{
	fixture::{self, INPUT, OUTPUT},
	keys::register,
};
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, pallet_prelude::DispatchResult};
use inference_primitives::{traits::ProofVerifier as _, Ticks};
use inference_verifier::Setup;
use sp_runtime::DispatchError;

/// Everything that [`fixture::key`] depends on.
fn subjects() -> [Subject; 3] {
	[
		Subject::System(ProofSystem::Halo2),
		Subject::Setup(fixture::setup().id()),
		Subject::Key(fixture::key()),
	]
}

fn disable(subject: Subject) -> DispatchResult {
	ProofVerifier::disable(RuntimeOrigin::root(), subject)
}

fn end(subject: Subject, end: Option<Tick>) -> DispatchResult {
	ProofVerifier::set_end_of_life(RuntimeOrigin::root(), subject, end)
}

/// Every way to have the fixture's proof verified.
fn verifications() -> Vec<DispatchResult> {
	let inputs = fixture::encoded_public_inputs();
	let item = ProofItem {
		vk_hash: fixture::key(),
		public_inputs: inputs.clone().try_into().unwrap(),
		proof: fixture::proof().try_into().unwrap(),
	};
	let alice = RuntimeOrigin::signed(ALICE);
	vec![
		ProofVerifier::verify(
			fixture::key(),
			&fixture::statement(),
			&INPUT,
			&OUTPUT,
			&fixture::proof(),
		),
		ProofVerifier::verify_raw(fixture::key(), &inputs, &fixture::proof()).map_err(Into::into),
		ProofVerifier::verify_proof(
			alice.clone(),
			item.vk_hash,
			item.public_inputs.clone(),
			item.proof.clone(),
		)
		.map(|_| ())
		.map_err(|error| error.error),
		ProofVerifier::verify_proofs(alice, vec![item].try_into().unwrap())
			.map(|_| ())
			.map_err(|error| error.error),
	]
}

/// Every way to register the fixture's key.
fn registrations() -> [DispatchResult; 2] {
	[
		register(BOB, fixture::plan()),
		<ProofVerifier as inference_primitives::traits::ProofVerifier<u64>>::register_key(
			&BOB,
			ProofSystem::Halo2,
			fixture::setup().id(),
			&fixture::plan(),
		)
		.map(|_| ()),
	]
}

#[test]
fn what_is_disabled_verifies_and_registers_nothing_from_that_moment() {
	for subject in subjects() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			assert!(!ProofVerifier::is_disabled(fixture::key()));
			assert_eq!(verifications(), vec![Ok(()); 4]);
			assert_ok!(disable(subject));
			System::assert_last_event(Event::SubjectDisabled { subject }.into());
			assert!(ProofVerifier::is_disabled(fixture::key()));
			let refused = Err(DispatchError::from(Error::<Test>::Disabled));
			assert_eq!(verifications(), vec![refused; 4]);
			assert_eq!(registrations(), [refused; 2]);
		});
	}
}

#[test]
fn a_disabled_key_harms_no_other() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, fixture::plan()));
		assert_ok!(register(ALICE, fixture::other_plan()));
		assert_ok!(disable(Subject::Key(fixture::other_key())));
		assert!(!ProofVerifier::is_disabled(fixture::key()));
		assert_eq!(verifications(), vec![Ok(()); 4]);
	});
}

#[test]
fn a_disabled_key_does_not_come_back_by_registering_it_again() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, fixture::plan()));
		assert_ok!(disable(Subject::Key(fixture::key())));
		assert_ok!(ProofVerifier::release_key(
			RuntimeOrigin::signed(ALICE),
			fixture::key()
		));
		assert!(!Keys::<Test>::contains_key(fixture::key()));
		assert_noop!(register(BOB, fixture::plan()), Error::<Test>::Disabled);
	});
}

#[test]
fn a_disabled_setup_can_be_revoked_but_not_approved_again() {
	ExtBuilder::default().build_and_execute(|| {
		let setup = fixture::setup();
		assert_ok!(disable(Subject::Setup(setup.id())));
		assert_ok!(ProofVerifier::revoke_setup(
			RuntimeOrigin::root(),
			setup.id()
		));
		assert_noop!(
			ProofVerifier::approve_setup(
				RuntimeOrigin::root(),
				setup.to_bytes().to_vec().try_into().unwrap()
			),
			Error::<Test>::Disabled
		);
	});
}

#[test]
fn holders_of_a_disabled_key_get_their_deposits_back() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, fixture::plan()));
		assert_ok!(registrations()[1]);
		assert_ok!(disable(Subject::System(ProofSystem::Halo2)));
		assert_ok!(ProofVerifier::release_key(
			RuntimeOrigin::signed(ALICE),
			fixture::key()
		));
		assert_ok!(
			<ProofVerifier as inference_primitives::traits::ProofVerifier<u64>>::release_key(
				fixture::key()
			)
		);
		assert_eq!(super::keys::held(ALICE), 0);
		assert_eq!(super::keys::held(BOB), 0);
	});
}

#[test]
fn who_is_trusted_with_an_emergency_pulls_the_brake_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let guard = || RuntimeOrigin::signed(Guard::get());
		let system = Subject::System(ProofSystem::Halo2);
		assert_noop!(
			ProofVerifier::revoke_setup(guard(), fixture::setup().id()),
			DispatchError::BadOrigin
		);
		assert_noop!(
			ProofVerifier::set_end_of_life(guard(), system, None),
			DispatchError::BadOrigin
		);
		assert_ok!(ProofVerifier::disable(guard(), system));
	});
}

#[test]
fn only_governance_pulls_the_brake() {
	ExtBuilder::default().build_and_execute(|| {
		for subject in subjects() {
			assert_noop!(
				ProofVerifier::disable(RuntimeOrigin::signed(ALICE), subject),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn what_is_unknown_or_disabled_already_is_not_disabled() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			disable(Subject::Key(fixture::key())),
			Error::<Test>::UnknownKey
		);
		assert_noop!(
			disable(Subject::Setup(Setup::perpetual_powers_of_tau().id())),
			Error::<Test>::SetupNotApproved
		);
		Systems::<Test>::remove(ProofSystem::Ezkl);
		assert_noop!(
			disable(Subject::System(ProofSystem::Ezkl)),
			Error::<Test>::UnknownSystem
		);
		assert_ok!(disable(Subject::System(ProofSystem::Halo2)));
		assert_noop!(
			disable(Subject::System(ProofSystem::Halo2)),
			Error::<Test>::AlreadyDisabled
		);
	});
}

#[test]
fn a_setup_and_a_key_in_use_end_with_notice() {
	let cases: [(Subject, Error<Test>); 2] = [
		(subjects()[1], Error::SetupEnded),
		(subjects()[2], Error::KeyEnded),
	];
	for (subject, error) in cases {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			let notice = Parameters::get().unbonding;
			let at = Now::get().after(notice);
			assert_noop!(
				end(subject, Some(Tick(at.0 - 1))),
				Error::<Test>::NoticeTooShort
			);
			assert_ok!(end(subject, Some(at)));
			assert_eq!(ProofVerifier::end_of_life(fixture::key()), Some(at));
			assert_eq!(verifications(), vec![Ok(()); 4]);
			let before = Now::get();
			Now::set(at);
			let refused = Err(DispatchError::from(error));
			assert_eq!(verifications(), vec![refused; 4]);
			assert_eq!(registrations(), [refused; 2]);
			assert_ok!(end(subject, None));
			assert_eq!(ProofVerifier::end_of_life(fixture::key()), None);
			assert_eq!(verifications(), vec![Ok(()); 4]);
			Now::set(before);
		});
	}
}

#[test]
fn a_keys_end_is_the_earliest_of_all_that_it_depends_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, fixture::plan()));
		let first = Now::get().after(Parameters::get().unbonding);
		for (later, subject) in subjects().into_iter().enumerate().rev() {
			let at = first.after(Ticks(later as u32));
			assert_ok!(end(subject, Some(at)));
			assert_eq!(ProofVerifier::end_of_life(fixture::key()), Some(at));
		}
		assert_ok!(end(subjects()[0], None));
		assert_eq!(
			ProofVerifier::end_of_life(fixture::key()),
			Some(first.after(Ticks(1)))
		);
	});
}

#[test]
fn what_is_unknown_has_no_end_of_life() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			end(Subject::Key(fixture::key()), None),
			Error::<Test>::UnknownKey
		);
		assert_noop!(
			end(Subject::Setup(SetupId([9; 32])), None),
			Error::<Test>::SetupNotApproved
		);
	});
}
