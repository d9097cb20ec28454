//! `unbond` and `withdraw`.

use super::*;

mod success {
	use super::*;

	#[test]
	fn unbonding_stake_stays_held_until_it_is_withdrawn() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(50 * UNIT);
			let withdrawable_at = Tick(1_000);
			assert_eq!(held(), 300 * UNIT);
			assert_eq!(
				ledger().unbonding.to_vec(),
				vec![UnbondingChunk {
					amount: 50 * UNIT,
					withdrawable_at
				}]
			);
			System::assert_last_event(
				Event::Unbonding {
					operator: OPERATOR,
					amount: 50 * UNIT,
					withdrawable_at,
				}
				.into(),
			);
		});
	}

	#[test]
	fn ripe_chunks_are_withdrawn_and_the_others_stay() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(50 * UNIT);
			pass_ticks(1);
			unbond(20 * UNIT);
			pass_ticks(999);
			assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
			assert_eq!(ledger().bond, 250 * UNIT);
			assert_eq!(ledger().total_unbonding(), 20 * UNIT);
			assert_eq!(Balances::free_balance(OPERATOR), FUNDS - 250 * UNIT);
			System::assert_last_event(
				Event::Withdrawn {
					operator: OPERATOR,
					amount: 50 * UNIT,
				}
				.into(),
			);
		});
	}

	#[test]
	fn an_operator_that_pledges_nothing_can_quit_with_everything() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(300 * UNIT);
			pass_ticks(1_000);
			assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
			assert_eq!(Ledgers::<Test>::get(OPERATOR), None);
			assert_eq!(Balances::free_balance(OPERATOR), FUNDS);
		});
	}

	#[test]
	fn what_a_slash_left_below_the_least_bond_can_leave_too() {
		build_and_execute(|| {
			bond(min_bond());
			WorkerStaking::slash_bond(&OPERATOR, 1, &SINK);
			unbond(min_bond() - 1);
			assert_eq!(ledger().total_unbonding(), min_bond() - 1);
		});
	}

	#[test]
	fn withdrawing_makes_room_for_new_chunks() {
		build_and_execute(|| {
			bond(300 * UNIT);
			for _ in 0..MAX_CHUNKS {
				unbond(UNIT);
			}
			pass_ticks(1_000);
			assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
			unbond(UNIT);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_account_without_a_bond_has_nothing_to_unbond_or_withdraw() {
		build_and_execute(|| {
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OTHER), 1),
				Error::<Test>::NotBonded
			);
			assert_noop!(
				WorkerStaking::withdraw(RuntimeOrigin::signed(OTHER)),
				Error::<Test>::NotBonded
			);
		});
	}

	#[test]
	fn stake_that_covers_a_pledge_cannot_be_unbonded() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_ok!(pledge(ComputeUnits(100)));
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 100 * UNIT + 1),
				Error::<Test>::StakeInUse
			);
			unbond(100 * UNIT);
		});
	}

	#[test]
	fn the_least_bond_stays_while_a_proof_stake_is_locked() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_ok!(lock(OPERATOR, UNIT));
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 299 * UNIT),
				Error::<Test>::StakeInUse
			);
		});
	}

	#[test]
	fn unbonding_stake_cannot_be_unbonded_again() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(300 * UNIT);
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 1),
				Error::<Test>::StakeInUse
			);
		});
	}

	#[test]
	fn unbonding_nothing_is_refused() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 0),
				Error::<Test>::StakeInUse
			);
		});
	}

	#[test]
	fn less_than_the_least_bond_cannot_remain() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 300 * UNIT - 1),
				Error::<Test>::BondTooSmall
			);
		});
	}

	#[test]
	fn chunks_are_bounded() {
		build_and_execute(|| {
			bond(300 * UNIT);
			for _ in 0..MAX_CHUNKS {
				unbond(UNIT);
			}
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), UNIT),
				Error::<Test>::TooManyChunks
			);
		});
	}

	#[test]
	fn nothing_is_withdrawn_a_tick_too_early() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(UNIT);
			pass_ticks(999);
			assert_noop!(
				WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)),
				Error::<Test>::NothingToWithdraw
			);
			pass_ticks(1);
			assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
		});
	}

	#[test]
	fn nothing_ripens_while_the_clock_stands() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(UNIT);
			assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), false));
			pass_ticks(1_000);
			assert_noop!(
				WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)),
				Error::<Test>::NothingToWithdraw
			);
		});
	}

	#[test]
	fn a_longer_delay_does_not_touch_what_already_unbonds() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(UNIT);
			with_parameters(|parameters| parameters.unbonding = Ticks(5_000));
			pass_ticks(1_000);
			assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
		});
	}
}
