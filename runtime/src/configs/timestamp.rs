//! `pallet-timestamp`: block times.

use super::babe::SlotDuration;
use crate::{Babe, Runtime};
use frame_support::traits::Get;

/// Least time between blocks, milliseconds: half a slot.
pub struct MinimumPeriod;
impl Get<u64> for MinimumPeriod {
	fn get() -> u64 {
		SlotDuration::get() / 2
	}
}

impl pallet_timestamp::Config for Runtime {
	type Moment = u64;
	type OnTimestampSet = Babe;
	type MinimumPeriod = MinimumPeriod;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}
