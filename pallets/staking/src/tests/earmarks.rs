//! What answers for slashes that are delayed.

use super::*;

fn earmark(amount: Balance) -> Balance {
	WorkerStaking::earmark(&OPERATOR, amount)
}

#[test]
fn no_more_than_the_bond_is_earmarked() {
	build_and_execute(|| {
		assert_eq!(earmark(UNIT), 0);
		bond(300 * UNIT);
		unbond(100 * UNIT);
		assert_eq!(earmark(250 * UNIT), 250 * UNIT);
		assert_eq!(earmark(80 * UNIT), 50 * UNIT);
		assert_eq!(WorkerStaking::earmarked(&OPERATOR), 300 * UNIT);
		WorkerStaking::drop_earmark(&OPERATOR, 300 * UNIT);
		assert_eq!(WorkerStaking::earmarked(&OPERATOR), 0);
	});
}

#[test]
fn what_is_earmarked_backs_no_proof_stake_no_pledge_and_is_not_unbonded() {
	build_and_execute(|| {
		bond(300 * UNIT);
		let free = WorkerStaking::free_stake(&OPERATOR);
		let parameters = NetworkParameters::parameters();
		let reach = WorkerStaking::backing(&OPERATOR, &parameters).reach;
		earmark(150 * UNIT);
		assert_eq!(WorkerStaking::free_stake(&OPERATOR), free - 150 * UNIT);
		assert_eq!(
			WorkerStaking::backing(&OPERATOR, &parameters).reach,
			reach - 150 * UNIT
		);
		assert_noop!(
			lock(OPERATOR, free - 150 * UNIT + 1),
			Error::<Test>::StakeInUse
		);
		assert_noop!(
			WorkerStaking::unbond(RuntimeOrigin::signed(OPERATOR), 150 * UNIT + 1),
			Error::<Test>::StakeInUse
		);
		let covered = 300 * UNIT / NetworkParameters::parameters().bond_per_cu;
		assert_noop!(
			pledge(ComputeUnits(covered as u64)),
			Error::<Test>::PledgeNotCovered
		);
		assert_ok!(lock(OPERATOR, free - 150 * UNIT));
	});
}

#[test]
fn ripe_stake_that_is_earmarked_waits() {
	build_and_execute(|| {
		bond(300 * UNIT);
		unbond(120 * UNIT);
		unbond(60 * UNIT);
		pass_ticks(NetworkParameters::parameters().unbonding.0);
		// 180 of 300 are ripe; 150 must stay.
		earmark(150 * UNIT);
		let withdraw = || WorkerStaking::withdraw(RuntimeOrigin::signed(OPERATOR));
		assert_ok!(withdraw());
		assert_eq!(ledger().bond, 180 * UNIT);
		assert_noop!(withdraw(), Error::<Test>::NothingToWithdraw);
		WorkerStaking::drop_earmark(&OPERATOR, 150 * UNIT);
		assert_ok!(withdraw());
		assert_eq!(ledger().bond, 120 * UNIT);
	});
}

#[test]
fn another_slash_takes_nothing_that_is_earmarked() {
	build_and_execute(|| {
		bond(300 * UNIT);
		unbond(100 * UNIT);
		earmark(50 * UNIT);
		let taken = WorkerStaking::slash_bond(&OPERATOR, Balance::MAX, &SINK);
		assert_eq!(taken, 250 * UNIT);
		WorkerStaking::drop_earmark(&OPERATOR, 50 * UNIT);
		let taken = WorkerStaking::slash_bond(&OPERATOR, 50 * UNIT, &SINK);
		assert_eq!(taken, 50 * UNIT);
		assert!(Ledgers::<Test>::get(OPERATOR).is_none());
	});
}
