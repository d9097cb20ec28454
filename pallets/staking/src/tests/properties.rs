//! Random sequences of calls.

use super::*;
use proptest::prelude::*;

/// What can happen to an operator's stake.
#[derive(Clone, Debug)]
enum Step {
	Bond(Balance),
	Unbond(Balance),
	Withdraw,
	Pledge(u64),
	Lock(Balance),
	Unlock(Balance),
	SlashBond(Balance),
	SlashLocked(Balance),
	Earmark(Balance),
	DropEarmark(Balance),
	Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
	let amount = || prop_oneof![0..5 * UNIT, 50 * UNIT..400 * UNIT, Just(Balance::MAX)];
	prop_oneof![
		3 => amount().prop_map(Step::Bond),
		3 => amount().prop_map(Step::Unbond),
		2 => Just(Step::Withdraw),
		2 => (0u64..300).prop_map(Step::Pledge),
		3 => amount().prop_map(Step::Lock),
		2 => amount().prop_map(Step::Unlock),
		1 => amount().prop_map(Step::SlashBond),
		1 => amount().prop_map(Step::SlashLocked),
		1 => amount().prop_map(Step::Earmark),
		1 => amount().prop_map(Step::DropEarmark),
		3 => (1u32..600).prop_map(Step::Pass),
	]
}

/// Runs a step as an extrinsic would: an error leaves no trace.
fn take(step: Step) {
	let origin = RuntimeOrigin::signed(OPERATOR);
	let _ = frame_support::storage::with_storage_layer(|| match step {
		Step::Bond(amount) => WorkerStaking::bond(origin, amount),
		Step::Unbond(amount) => WorkerStaking::unbond(origin, amount),
		Step::Withdraw => WorkerStaking::withdraw(origin),
		Step::Pledge(units) => pledge(ComputeUnits(units)),
		Step::Lock(amount) => lock(OPERATOR, amount),
		Step::Unlock(amount) => WorkerStaking::unlock(&OPERATOR, amount),
		Step::SlashBond(amount) => {
			WorkerStaking::slash_bond(&OPERATOR, amount, &SINK);
			Ok(())
		},
		Step::SlashLocked(amount) => {
			WorkerStaking::slash_locked(&OPERATOR, amount, &SINK);
			Ok(())
		},
		Step::Earmark(amount) => {
			WorkerStaking::earmark(&OPERATOR, amount);
			Ok(())
		},
		Step::DropEarmark(amount) => {
			WorkerStaking::drop_earmark(&OPERATOR, amount);
			Ok(())
		},
		Step::Pass(ticks) => {
			pass_ticks(ticks);
			Ok(())
		},
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	/// Money is neither made nor lost, holds follow the ledger, and only a slash takes any of it.
	#[test]
	fn stake_is_conserved_by_every_sequence_of_calls(steps in prop::collection::vec(step(), 1..60)) {
		new_test_ext().execute_with(|| {
			System::set_block_number(1);
			let issuance = Balances::total_issuance();
			for step in steps {
				take(step);
				WorkerStaking::do_try_state().expect("the invariants hold");
				prop_assert_eq!(Balances::total_issuance(), issuance);
				let slashed = Balances::total_balance(&SINK) - EXISTENTIAL_DEPOSIT;
				prop_assert_eq!(Balances::total_balance(&OPERATOR), FUNDS - slashed);
			}
			Ok(())
		})?;
	}
}
