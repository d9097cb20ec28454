//! Locking and returning proof stakes.

use super::*;

mod success {
	use super::*;

	#[test]
	fn a_proof_stake_stays_held_counts_apart_from_the_bond_and_comes_back() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_ok!(lock(OPERATOR, 70 * UNIT));
			assert_eq!(held(), 300 * UNIT);
			assert_eq!(
				(ledger().bond, ledger().proof_stakes),
				(230 * UNIT, 70 * UNIT)
			);
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 130 * UNIT);
			assert_ok!(WorkerStaking::unlock(&OPERATOR, 70 * UNIT));
			assert_eq!(held(), 300 * UNIT);
			assert_eq!((ledger().bond, ledger().proof_stakes), (300 * UNIT, 0));
		});
	}

	#[test]
	fn all_free_stake_can_be_locked_by_an_account_that_keeps_only_the_existential_deposit() {
		build_and_execute(|| {
			bond(FUNDS - EXISTENTIAL_DEPOSIT);
			let free = WorkerStaking::free_stake(&OPERATOR);
			assert_ok!(lock(OPERATOR, free));
			assert_eq!(WorkerStaking::free_stake(&OPERATOR), 0);
			assert_ok!(WorkerStaking::unlock(&OPERATOR, free));
		});
	}

	#[test]
	fn a_ledger_lives_as_long_as_a_proof_stake() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_ok!(lock(OPERATOR, 200 * UNIT));
			WorkerStaking::slash_bond(&OPERATOR, Balance::MAX, &SINK);
			assert_eq!(ledger().bond, 0);
			assert_ok!(WorkerStaking::unlock(&OPERATOR, 200 * UNIT));
			assert_eq!(ledger().bond, 200 * UNIT);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn no_more_than_the_free_stake_is_locked() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_noop!(lock(OPERATOR, 200 * UNIT + 1), Error::<Test>::StakeInUse);
		});
	}

	#[test]
	fn unbonding_stake_is_not_locked() {
		build_and_execute(|| {
			bond(300 * UNIT);
			unbond(100 * UNIT);
			assert_noop!(lock(OPERATOR, 100 * UNIT + 1), Error::<Test>::StakeInUse);
		});
	}

	#[test]
	fn an_account_without_a_bond_locks_and_unlocks_nothing() {
		build_and_execute(|| {
			assert_noop!(lock(OTHER, 1), Error::<Test>::NotBonded);
			assert_noop!(WorkerStaking::unlock(&OTHER, 1), Error::<Test>::NotBonded);
		});
	}

	#[test]
	fn no_more_comes_back_than_was_locked() {
		build_and_execute(|| {
			bond(300 * UNIT);
			assert_ok!(lock(OPERATOR, UNIT));
			assert_noop!(
				WorkerStaking::unlock(&OPERATOR, UNIT + 1),
				Error::<Test>::StakeInUse
			);
		});
	}
}
