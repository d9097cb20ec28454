//! `pallet-worker-staking`: operators' stakes.

use crate::{Balances, NetworkParameters, Runtime, RuntimeHoldReason};
use frame_support::traits::ConstU32;

impl pallet_worker_staking::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type MaxUnbondingChunks = ConstU32<32>;
	type WeightInfo = pallet_worker_staking::weights::SubstrateWeight<Runtime>;
}
