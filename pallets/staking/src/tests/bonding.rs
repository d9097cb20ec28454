//! `bond`, and the pledge that a bond covers.

use super::*;

mod success {
	use super::*;

	#[test]
	fn a_bond_is_held_in_the_operators_own_account() {
		build_and_execute(|| {
			bond(150 * UNIT);
			assert_eq!(held(), 150 * UNIT);
			assert_eq!(Balances::free_balance(OPERATOR), FUNDS - 150 * UNIT);
			assert_eq!(ledger().bond, 150 * UNIT);
			System::assert_last_event(
				Event::Bonded {
					operator: OPERATOR,
					amount: 150 * UNIT,
				}
				.into(),
			);
		});
	}

	#[test]
	fn a_bond_can_grow_by_any_amount() {
		build_and_execute(|| {
			bond(min_bond());
			bond(1);
			assert_eq!(ledger().bond, min_bond() + 1);
		});
	}

	#[test]
	fn free_stake_is_what_exceeds_the_pledges_minimum() {
		build_and_execute(|| {
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 0);
			bond(500 * UNIT);
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 400 * UNIT);
			assert_ok!(pledge(ComputeUnits(150)));
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 200 * UNIT);
			unbond(50 * UNIT);
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 150 * UNIT);
		});
	}

	#[test]
	fn a_bond_covers_a_pledge_to_the_planck() {
		build_and_execute(|| {
			bond(500 * UNIT);
			assert_ok!(pledge(ComputeUnits(250)));
			assert_eq!(ledger().pledge, ComputeUnits(250));
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 0);
		});
	}

	#[test]
	fn a_pledge_can_be_lowered_although_the_bond_covers_neither() {
		build_and_execute(|| {
			bond(500 * UNIT);
			assert_ok!(pledge(ComputeUnits(250)));
			WorkerStaking::slash_bond(&OPERATOR, 450 * UNIT, &SINK);
			assert_ok!(pledge(ComputeUnits(200)));
			assert_eq!(ledger().pledge, ComputeUnits(200));
		});
	}

	#[test]
	fn a_minimum_that_overflows_leaves_nothing_free() {
		build_and_execute(|| {
			bond(500 * UNIT);
			assert_ok!(pledge(ComputeUnits(2)));
			with_parameters(|parameters| parameters.bond_per_cu = Balance::MAX);
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 0);
			assert_eq!(WorkerStaking::stake_view(&OPERATOR).minimum, Balance::MAX);
		});
	}

	#[test]
	fn the_view_shows_where_the_stake_is() {
		build_and_execute(|| {
			bond(500 * UNIT);
			assert_ok!(pledge(ComputeUnits(100)));
			assert_ok!(lock(OPERATOR, 30 * UNIT));
			unbond(20 * UNIT);
			let view = WorkerStaking::stake_view(&OPERATOR);
			assert_eq!(view.bonded, 450 * UNIT);
			assert_eq!(view.proof_stakes, 30 * UNIT);
			assert_eq!(view.minimum, 200 * UNIT);
			assert_eq!(view.unbonding, 20 * UNIT);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn a_bond_of_nothing_is_refused() {
		build_and_execute(|| {
			bond(min_bond());
			assert_noop!(
				WorkerStaking::bond(RuntimeOrigin::signed(OPERATOR), 0),
				Error::<Test>::BondTooSmall
			);
		});
	}

	#[test]
	fn less_than_the_least_bond_is_refused() {
		build_and_execute(|| {
			assert_noop!(
				WorkerStaking::bond(RuntimeOrigin::signed(OPERATOR), min_bond() - 1),
				Error::<Test>::BondTooSmall
			);
		});
	}

	#[test]
	fn what_the_account_does_not_have_cannot_be_bonded() {
		build_and_execute(|| {
			assert_noop!(
				WorkerStaking::bond(RuntimeOrigin::signed(PAUPER), min_bond()),
				TokenError::FundsUnavailable
			);
			assert_noop!(
				WorkerStaking::bond(RuntimeOrigin::signed(OPERATOR), FUNDS),
				TokenError::FundsUnavailable
			);
		});
	}

	#[test]
	fn a_bond_cannot_overflow() {
		build_and_execute(|| {
			bond(min_bond());
			assert_noop!(
				WorkerStaking::bond(RuntimeOrigin::signed(OPERATOR), Balance::MAX),
				Error::<Test>::Overflow
			);
		});
	}

	#[test]
	fn nothing_is_pledged_without_a_bond() {
		build_and_execute(|| {
			assert_noop!(pledge(ComputeUnits(1)), Error::<Test>::NotBonded);
		});
	}

	#[test]
	fn a_pledge_beyond_the_bond_is_refused() {
		build_and_execute(|| {
			bond(500 * UNIT);
			assert_noop!(pledge(ComputeUnits(251)), Error::<Test>::PledgeNotCovered);
		});
	}

	#[test]
	fn unbonding_stake_covers_no_pledge() {
		build_and_execute(|| {
			bond(500 * UNIT);
			unbond(1);
			assert_noop!(pledge(ComputeUnits(250)), Error::<Test>::PledgeNotCovered);
		});
	}

	#[test]
	fn a_pledge_whose_minimum_overflows_is_refused() {
		build_and_execute(|| {
			bond(500 * UNIT);
			with_parameters(|parameters| parameters.bond_per_cu = Balance::MAX);
			assert_noop!(pledge(ComputeUnits(2)), Error::<Test>::Overflow);
		});
	}

	#[test]
	fn only_signed_origins_are_accepted() {
		build_and_execute(|| {
			let bad = sp_runtime::DispatchError::BadOrigin;
			assert_noop!(WorkerStaking::bond(RuntimeOrigin::root(), min_bond()), bad);
			assert_noop!(WorkerStaking::unbond(RuntimeOrigin::root(), 1), bad);
			assert_noop!(WorkerStaking::withdraw(RuntimeOrigin::root()), bad);
		});
	}
}
