//! Registrations: keys by extrinsic.

use super::fixture;
use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	traits::{fungible::InspectHold, Get},
	weights::Weight,
};
use frame_system::limits::BlockWeights;
use inference_primitives::{traits::ProofVerifier as _, Tick, Ticks};
use inference_verifier::Plan;
use sp_runtime::{DispatchError, TokenError};

/// Registers a plan under the development setup.
pub(super) fn register(by: u64, plan: Vec<u8>) -> DispatchResult {
	register_with(by, fixture::setup().id(), plan)
}

fn register_with(by: u64, setup: SetupId, plan: Vec<u8>) -> DispatchResult {
	ProofVerifier::register_key(
		RuntimeOrigin::signed(by),
		ProofSystem::Halo2,
		setup,
		plan.try_into().unwrap(),
	)
}

fn release(by: u64, vk_hash: VkHash) -> DispatchResult {
	ProofVerifier::release_key(RuntimeOrigin::signed(by), vk_hash)
}

/// The deposit for a plan at the present price.
pub(super) fn deposit_for(plan: &[u8]) -> Balance {
	plan.len() as Balance * Parameters::get().deposit_per_byte
}

/// What an account has on hold for keys.
pub(super) fn held(account: u64) -> Balance {
	Balances::balance_on_hold(&HoldReason::KeyDeposit.into(), &account)
}

/// Ends halo2 in the next tick.
pub(super) fn end_halo2() {
	let end = Now::get().after(Parameters::get().unbonding);
	ProofVerifier::set_end_of_life(
		RuntimeOrigin::root(),
		Subject::System(ProofSystem::Halo2),
		Some(end),
	)
	.unwrap();
	Now::set(end);
}

mod success {
	use super::*;

	#[test]
	fn registering_stores_the_key_and_holds_a_deposit_for_its_bytes() {
		ExtBuilder::default().build_and_execute(|| {
			let plan = fixture::plan();
			assert_ok!(register(ALICE, plan.clone()));
			let deposit = deposit_for(&plan);
			assert_eq!(held(ALICE), deposit);
			let key = Keys::<Test>::get(fixture::key()).unwrap();
			assert_eq!(
				key.registration,
				Some(Deposit {
					depositor: ALICE,
					amount: deposit
				})
			);
			assert_eq!((key.references, key.reference_deposit), (0, None));
			let shape = Plan::decode_canonical(&plan).unwrap().shape();
			assert_eq!(key.sizes.compute_units, shape.compute_units());
			assert_eq!(key.sizes.public_inputs, 5);
			assert_eq!(
				KeyPlans::<Test>::get(fixture::key()).unwrap().into_inner(),
				plan
			);
			assert_eq!(Setups::<Test>::get(fixture::setup().id()).unwrap().keys, 1);
			System::assert_has_event(
				Event::KeyStored {
					vk_hash: fixture::key(),
					system: ProofSystem::Halo2,
					setup: fixture::setup().id(),
					bytes: plan.len() as u32,
				}
				.into(),
			);
			System::assert_last_event(
				Event::KeyRegistered {
					vk_hash: fixture::key(),
					by: ALICE,
					deposit,
				}
				.into(),
			);
		});
	}

	#[test]
	fn releasing_removes_the_key_and_returns_the_deposit() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			assert_ok!(release(ALICE, fixture::key()));
			assert_eq!(held(ALICE), 0);
			assert_eq!(Balances::free_balance(ALICE), FUNDS);
			assert!(!Keys::<Test>::contains_key(fixture::key()));
			assert!(!KeyPlans::<Test>::contains_key(fixture::key()));
			assert_eq!(Setups::<Test>::get(fixture::setup().id()).unwrap().keys, 0);
			let deposit = deposit_for(&fixture::plan());
			System::assert_has_event(
				Event::KeyRemoved {
					vk_hash: fixture::key(),
				}
				.into(),
			);
			System::assert_last_event(
				Event::KeyReleased {
					vk_hash: fixture::key(),
					by: ALICE,
					deposit,
				}
				.into(),
			);
		});
	}

	#[test]
	fn a_released_key_can_be_registered_again_by_anyone() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			assert_ok!(release(ALICE, fixture::key()));
			assert_ok!(register(BOB, fixture::plan()));
			assert_eq!((held(ALICE), held(BOB)), (0, deposit_for(&fixture::plan())));
		});
	}

	#[test]
	fn the_deposit_returned_is_the_one_held_when_the_price_has_changed() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			Parameters::mutate(|p| p.deposit_per_byte *= 2);
			assert_ok!(register(ALICE, fixture::other_plan()));
			assert_ok!(release(ALICE, fixture::key()));
			assert_eq!(held(ALICE), deposit_for(&fixture::other_plan()));
		});
	}

	#[test]
	fn the_runtime_api_shows_the_key_with_its_setup() {
		ExtBuilder::default().build_and_execute(|| {
			assert_eq!(ProofVerifier::key_view(fixture::key()), None);
			assert_ok!(register(ALICE, fixture::plan()));
			let view = ProofVerifier::key_view(fixture::key()).unwrap();
			assert_eq!(view.setup, fixture::setup().id());
			assert_eq!(view.setup_bytes, fixture::setup().to_bytes());
			assert_eq!(view.plan, fixture::plan());
		});
	}

	#[test]
	fn the_end_of_life_of_a_key_is_its_systems() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			assert_eq!(ProofVerifier::end_of_life(fixture::key()), None);
			let end = Now::get().after(Ticks(1_000_000));
			assert_ok!(ProofVerifier::set_end_of_life(
				RuntimeOrigin::root(),
				Subject::System(ProofSystem::Halo2),
				Some(end)
			));
			assert_eq!(ProofVerifier::end_of_life(fixture::key()), Some(end));
			assert_eq!(
				ProofVerifier::end_of_life(fixture::other_key()),
				None::<Tick>
			);
		});
	}

	#[test]
	fn a_key_can_be_released_after_its_systems_end() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			end_halo2();
			assert_ok!(release(ALICE, fixture::key()));
			assert_eq!(held(ALICE), 0);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn unsigned_origins_are_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				ProofVerifier::register_key(
					RuntimeOrigin::none(),
					ProofSystem::Halo2,
					fixture::setup().id(),
					fixture::plan().try_into().unwrap(),
				),
				DispatchError::BadOrigin
			);
			assert_noop!(
				ProofVerifier::release_key(RuntimeOrigin::none(), fixture::key()),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn an_unknown_or_ended_system_takes_no_keys() {
		ExtBuilder::default().build_and_execute(|| {
			end_halo2();
			assert_noop!(register(ALICE, fixture::plan()), Error::<Test>::SystemEnded);
			Systems::<Test>::remove(ProofSystem::Halo2);
			assert_noop!(
				register(ALICE, fixture::plan()),
				Error::<Test>::UnknownSystem
			);
		});
	}

	#[test]
	fn a_setup_not_approved_takes_no_keys() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register_with(ALICE, SetupId([9; 32]), fixture::plan()),
				Error::<Test>::SetupNotApproved
			);
		});
	}

	#[test]
	fn a_new_key_in_an_old_encoding_is_refused() {
		let text = include_str!("../../../../verifier/tests/vectors/plan-v1/minimal.plan.hex");
		let plan = hex::decode(text.split_whitespace().collect::<String>()).unwrap();
		assert!(Plan::decode_canonical(&plan).is_ok());
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register(ALICE, plan),
				Error::<Test>::InvalidPlan(PlanFault::Version)
			);
		});
	}

	#[test]
	fn each_malformed_plan_is_refused_by_name() {
		let plan = fixture::plan();
		let with = |at: usize, value: u8| {
			let mut bytes = plan.clone();
			bytes[at] = value;
			bytes
		};
		// Offsets follow the plan's encoding: version, transcript, k, degree, a list with the
		// number of public inputs, no accumulator, and halo2's digest.
		let cases = [
			(with(0, 9), PlanFault::Version),
			(plan[..plan.len() - 1].to_vec(), PlanFault::Truncated),
			([plan.clone(), vec![0]].concat(), PlanFault::TrailingBytes),
			(with(1, 9), PlanFault::UnknownTag),
			(with(1, 1), PlanFault::Transcript),
			(with(2, 60), PlanFault::OutOfRange),
			(with(3, 255), PlanFault::OutOfRange),
			(with(3, 2), PlanFault::OutOfRange),
			(with(7, 1), PlanFault::TooMany),
			(with(41, 0xff), PlanFault::NonCanonical),
			(vec![], PlanFault::Truncated),
		];
		ExtBuilder::default().build_and_execute(|| {
			for (bytes, fault) in cases {
				assert_noop!(register(ALICE, bytes), Error::<Test>::InvalidPlan(fault));
			}
		});
	}

	#[test]
	fn a_key_whose_verification_weighs_too_much_is_refused() {
		let limit = Weight::from_parts(1_000_000_000, 0);
		ExtBuilder::default()
			.max_verify_weight(limit)
			.build_and_execute(|| {
				assert_noop!(
					register(ALICE, fixture::plan()),
					Error::<Test>::KeyTooCostly
				);
			});
	}

	#[test]
	fn a_deposit_that_cannot_be_afforded_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				register(PAUPER, fixture::plan()),
				TokenError::FundsUnavailable
			);
		});
	}

	#[test]
	fn a_deposit_that_overflows_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			Parameters::mutate(|p| p.deposit_per_byte = Balance::MAX);
			assert_noop!(register(ALICE, fixture::plan()), Error::<Test>::Overflow);
		});
	}

	#[test]
	fn a_key_has_one_registration() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			for by in [ALICE, BOB] {
				assert_noop!(
					register(by, fixture::plan()),
					Error::<Test>::KeyAlreadyRegistered
				);
			}
		});
	}

	#[test]
	fn an_unknown_key_cannot_be_released() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(release(ALICE, fixture::key()), Error::<Test>::UnknownKey);
		});
	}

	#[test]
	fn only_the_registrant_releases_a_registration() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(register(ALICE, fixture::plan()));
			assert_noop!(release(BOB, fixture::key()), Error::<Test>::NotRegistrant);
		});
	}

	#[test]
	fn a_depositor_of_references_cannot_release_them_by_extrinsic() {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(ProofVerifier::add_reference(
				&ALICE,
				ProofSystem::Halo2,
				fixture::setup().id(),
				&fixture::plan()
			));
			assert_noop!(release(ALICE, fixture::key()), Error::<Test>::NotRegistrant);
		});
	}

	#[test]
	fn the_limit_on_verification_fits_an_extrinsic() {
		ExtBuilder::default().build_and_execute(|| {
			assert_eq!(ProofVerifier::max_verify_weight(), MaxVerifyWeight::get());
			<ProofVerifier as frame_support::traits::Hooks<u64>>::integrity_test();
			let block: BlockWeights = <Test as frame_system::Config>::BlockWeights::get();
			MaxVerifyWeight::set(block.max_block);
			assert!(std::panic::catch_unwind(|| {
				<ProofVerifier as frame_support::traits::Hooks<u64>>::integrity_test()
			})
			.is_err());
		});
	}
}
