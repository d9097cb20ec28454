//! What the hooks of a block take at their worst.

use super::*;
use crate::configs::{
	scheduler::MaximumSchedulerWeight,
	system::{OperationalReserve, RuntimeBlockWeights, HOOKS_RATIO, MAXIMUM_BLOCK_WEIGHT},
};
use frame_support::{dispatch::DispatchClass, traits::Hooks, weights::Weight};

/// Of our pallets: a full epoch's beginning, as many delayed slashes as are taken, as many deadlines as may pass,
/// all of them missed, and the draws that these leave room for. What BABE and GRANDPA do is booked by the SDK's pallets.
pub fn worst() -> Weight {
	NetworkParameters::max_hook_weight()
		.saturating_add(NodePool::max_hook_weight())
		.saturating_add(InferenceMarket::max_hook_weight())
}

#[test]
fn hooks_at_their_worst_stay_within_the_share_that_the_limits_assume() {
	let most = HOOKS_RATIO * MAXIMUM_BLOCK_WEIGHT.ref_time();
	let worst = worst().ref_time();
	assert!(worst <= most, "{worst} exceeds {most}");
	// The share is no larger than needed.
	assert!(worst > most / 4 * 3, "{worst} is far below {most}");
}

#[test]
fn hooks_at_their_worst_take_no_room_from_normal_transactions() {
	let limits = RuntimeBlockWeights::get();
	let normal = limits
		.get(DispatchClass::Normal)
		.max_total
		.expect("normal transactions are limited");
	let left = limits.max_block.ref_time() - limits.base_block.ref_time() - normal.ref_time();
	assert!(worst().ref_time() <= left, "{:?} exceeds {left}", worst());
}

#[test]
fn what_governance_enacts_leaves_the_reserve_beside_hooks_at_their_worst() {
	let all = worst()
		.saturating_add(MaximumSchedulerWeight::get())
		.saturating_add(OperationalReserve::get());
	assert!(all.ref_time() <= MAXIMUM_BLOCK_WEIGHT.ref_time(), "{all:?}");
}

#[test]
fn an_idle_block_returns_far_less_than_the_worst() {
	chain_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into()).execute_with(|| {
		let used = NetworkParameters::on_initialize(1)
			.saturating_add(NodePool::on_initialize(1))
			.saturating_add(InferenceMarket::on_initialize(1));
		assert!(used.ref_time() < worst().ref_time() / 20, "{used:?}");
	});
}
