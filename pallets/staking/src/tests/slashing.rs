//! Slashes of bonds and of proof stakes.

use super::*;

fn sunk() -> Balance {
	Balances::free_balance(SINK) - EXISTENTIAL_DEPOSIT
}

#[test]
fn a_slash_moves_the_amount_to_the_planck() {
	build_and_execute(|| {
		bond(300 * UNIT);
		assert_eq!(WorkerStaking::slash_bond(&OPERATOR, 7, &SINK), 7);
		assert_eq!(ledger().bond, 300 * UNIT - 7);
		assert_eq!(sunk(), 7);
		System::assert_last_event(
			Event::BondSlashed {
				operator: OPERATOR,
				amount: 7,
			}
			.into(),
		);
	});
}

#[test]
fn active_stake_is_slashed_before_what_unbonds_and_that_oldest_first() {
	build_and_execute(|| {
		bond(300 * UNIT);
		unbond(50 * UNIT);
		unbond(30 * UNIT);
		WorkerStaking::slash_bond(&OPERATOR, 220 * UNIT, &SINK);
		assert_eq!(ledger().total_unbonding(), 80 * UNIT);
		WorkerStaking::slash_bond(&OPERATOR, 60 * UNIT, &SINK);
		let chunks = ledger().unbonding;
		assert_eq!(chunks.len(), 1);
		assert_eq!(chunks[0].amount, 20 * UNIT);
		assert_eq!(sunk(), 280 * UNIT);
	});
}

#[test]
fn unbonding_does_not_save_stake_from_a_slash() {
	build_and_execute(|| {
		bond(300 * UNIT);
		unbond(300 * UNIT);
		assert_eq!(
			WorkerStaking::slash_bond(&OPERATOR, 100 * UNIT, &SINK),
			100 * UNIT
		);
		pass_ticks(1_000);
		assert_ok!(WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR)));
		assert_eq!(Balances::free_balance(OPERATOR), FUNDS - 100 * UNIT);
	});
}

#[test]
fn no_more_than_the_bond_is_taken_and_proof_stakes_are_left() {
	build_and_execute(|| {
		bond(300 * UNIT);
		assert_ok!(lock(OPERATOR, 40 * UNIT));
		assert_eq!(
			WorkerStaking::slash_bond(&OPERATOR, FUNDS, &SINK),
			260 * UNIT
		);
		assert_eq!(held(), 40 * UNIT);
		assert_eq!((ledger().bond, ledger().proof_stakes), (0, 40 * UNIT));
	});
}

#[test]
fn a_forfeit_takes_from_the_proof_stakes_only() {
	build_and_execute(|| {
		bond(300 * UNIT);
		assert_ok!(lock(OPERATOR, 40 * UNIT));
		assert_eq!(
			WorkerStaking::slash_locked(&OPERATOR, 30 * UNIT, &SINK),
			30 * UNIT
		);
		assert_eq!(held(), 270 * UNIT);
		assert_eq!(
			(ledger().bond, ledger().proof_stakes),
			(260 * UNIT, 10 * UNIT)
		);
		assert_eq!(sunk(), 30 * UNIT);
		System::assert_last_event(
			Event::ProofStakeSlashed {
				operator: OPERATOR,
				amount: 30 * UNIT,
			}
			.into(),
		);
		assert_eq!(
			WorkerStaking::slash_locked(&OPERATOR, 30 * UNIT, &SINK),
			10 * UNIT
		);
	});
}

#[test]
fn an_account_without_a_bond_loses_nothing() {
	build_and_execute(|| {
		assert_eq!(WorkerStaking::slash_bond(&OTHER, UNIT, &SINK), 0);
		assert_eq!(WorkerStaking::slash_locked(&OTHER, UNIT, &SINK), 0);
		assert_eq!(Balances::free_balance(OTHER), FUNDS);
	});
}

#[test]
fn a_ledger_with_nothing_left_is_removed() {
	build_and_execute(|| {
		bond(300 * UNIT);
		WorkerStaking::slash_bond(&OPERATOR, 300 * UNIT, &SINK);
		assert_eq!(Ledgers::<Test>::get(OPERATOR), None);
	});
}

#[test]
fn a_locked_balance_does_not_save_stake_from_a_slash() {
	use frame_support::traits::{LockableCurrency, WithdrawReasons};
	build_and_execute(|| {
		bond(300 * UNIT);
		Balances::set_lock(*b"vesting ", &OPERATOR, FUNDS, WithdrawReasons::all());
		assert_ok!(lock(OPERATOR, 40 * UNIT));
		assert_eq!(
			WorkerStaking::slash_bond(&OPERATOR, 200 * UNIT, &SINK),
			200 * UNIT
		);
		assert_eq!(
			WorkerStaking::slash_locked(&OPERATOR, 40 * UNIT, &SINK),
			40 * UNIT
		);
		assert_eq!(sunk(), 240 * UNIT);
	});
}
