//! Tests of the pallet, a file per subject.

mod bonding;
mod earmarks;
mod invariants;
mod proof_stakes;
mod properties;
mod slashing;
mod unbonding;

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};
use inference_primitives::{
	parameters::UNIT, traits::Stakes, ComputeUnits, ProtocolParameters, Tick, Ticks,
};
use sp_runtime::TokenError;

/// The least bond, planck.
fn min_bond() -> Balance {
	NetworkParameters::parameters().min_bond
}

/// Locks an operator's free stake, as a draw does.
fn lock(operator: u64, amount: Balance) -> sp_runtime::DispatchResult {
	WorkerStaking::lock(&operator, amount, &NetworkParameters::parameters())
}

/// Changes what the operator pledges to this, as registering and changing nodes does.
fn pledge(units: ComputeUnits) -> sp_runtime::DispatchResult {
	let parameters = NetworkParameters::parameters();
	let before = WorkerStaking::backing(&OPERATOR, &parameters).pledge;
	WorkerStaking::change_pledge(&OPERATOR, (before, units), &parameters)
}

fn bond(amount: Balance) {
	assert_ok!(WorkerStaking::bond(RuntimeOrigin::signed(OPERATOR), amount));
}

fn unbond(amount: Balance) {
	assert_ok!(WorkerStaking::unbond(
		RuntimeOrigin::signed(OPERATOR),
		amount
	));
}

fn ledger() -> Ledger<<Test as Config>::MaxUnbondingChunks> {
	Ledgers::<Test>::get(OPERATOR).expect("the operator has a ledger")
}

fn held() -> Balance {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &OPERATOR)
}

/// Changes the parameters in force.
fn with_parameters(change: impl FnOnce(&mut ProtocolParameters)) {
	pallet_network_parameters::Parameters::<Test>::mutate(change);
}
