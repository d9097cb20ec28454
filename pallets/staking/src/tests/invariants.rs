//! What the pallet's invariants see.

use super::*;
use frame_support::traits::fungible::hold::Mutate;

#[test]
fn a_hold_that_no_ledger_knows_breaks_the_invariants() {
	new_test_ext().execute_with(|| {
		System::set_block_number(1);
		bond(min_bond());
		assert_ok!(WorkerStaking::do_try_state());
		assert_ok!(Balances::hold(&HoldReason::Bond.into(), &OTHER, UNIT));
		assert_eq!(
			WorkerStaking::do_try_state(),
			Err("a bond is held that no ledger knows".into())
		);
	});
}

#[test]
fn a_ledger_that_is_lost_breaks_the_invariants() {
	new_test_ext().execute_with(|| {
		System::set_block_number(1);
		bond(min_bond());
		Ledgers::<Test>::remove(OPERATOR);
		assert!(WorkerStaking::do_try_state().is_err());
	});
}
