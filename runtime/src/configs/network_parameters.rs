//! `pallet-network-parameters`: protocol parameters and service clock.

use crate::{AccountId, InferenceMarket, Runtime};
use frame_system::EnsureRoot;

impl pallet_network_parameters::Config for Runtime {
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_network_parameters::weights::SubstrateWeight<Runtime>;
	type HoldsClock = InferenceMarket;
}
