//! Tests of the pallet, a file per subject.

mod breaker;
mod cancelling;
mod clock;
mod declining;
mod delivery;
mod draw;
mod expiry;
mod extension;
mod honest_prover;
mod missed_deliveries;
mod missed_proofs;
mod money;
mod multipliers;
mod pricing;
mod properties;
mod proving;
mod pruning;
mod queues;
mod reserve;
mod submission;
mod turns;
mod upgrades;
mod verification_fee;
mod views;
mod voiding;
mod weights;

// By name: the trait of the same name is in the crate, too.
use crate::mock::NodePool;
use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, Pays},
};
use inference_primitives::{parameters::UNIT, ModelStatus, PriceMultiplier};
use pallet_network_parameters::ServiceClock;
use sp_runtime::{DispatchError, TokenError};

/// Queue-slot fee, planck.
fn slot_fee() -> Balance {
	parameters().queue_slot_fee
}

/// Moves the clock past a workload's deadline before the hook has seen it.
fn pass_deadline_without_hook(id: WorkloadId) {
	ServiceClock::<Test>::put(Tick(workload(id).deadline.0 + 1));
}

/// A multiplier of so many hundredths.
fn multiplier(hundredths: u16) -> PriceMultiplier {
	PriceMultiplier::from_hundredths(hundredths).expect("it is in range")
}

/// An order that no node's stake can cover: it keeps its place in the queue until it expires.
fn unservable() -> Order {
	Order {
		value_at_risk: FUNDS,
		..Order::default()
	}
}

/// Asks so many hundredths of the base price for a node's work of [`MODEL`], from the next epoch on.
fn set_multiplier(operator: u64, node: u32, hundredths: u16) -> sp_runtime::DispatchResult {
	let limits = inference_primitives::node::Limits {
		max_value_at_risk: Balance::MAX,
		max_proof_stake: Balance::MAX,
		min_work_price: 0,
		multiplier: multiplier(hundredths),
	};
	let origin = RuntimeOrigin::signed(operator);
	NodePool::set_limits(origin, NodeId(node), MODEL, Some(limits))
}
