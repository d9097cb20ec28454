//! `pallet-network-parameters`: protocol parameters and service clock.

use super::governance::origins::{EmergencyOrigin, ParametersOrigin};
use crate::{AccountId, Authorship, InferenceMarket, Runtime};
use frame_support::traits::Get;

/// The author of the present block, whose report of finality counts.
pub struct BlockAuthor;
impl Get<Option<AccountId>> for BlockAuthor {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

impl pallet_network_parameters::Config for Runtime {
	type GovernanceOrigin = ParametersOrigin;
	type EmergencyOrigin = EmergencyOrigin;
	type WeightInfo = pallet_network_parameters::weights::SubstrateWeight<Runtime>;
	type BlockAuthor = BlockAuthor;
	type HoldsClock = InferenceMarket;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarking::Benchmarks;
}
