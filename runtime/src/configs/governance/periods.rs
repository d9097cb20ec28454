//! How long governance takes.
//!
//! Periods are stated in time and become blocks by the slot's duration, so that they are the same on every
//! chain; a genesis can make all of them shorter by one factor (`pallet_network_parameters::GovernanceSpeed`),
//! for chains on which a day would be too long to wait, development ones above all.

use crate::{configs::babe::SlotDuration, BlockNumber, Runtime};
use frame_support::traits::Get;

/// A minute, milliseconds.
pub const MINUTE: u64 = 60_000;
/// An hour, milliseconds.
pub const HOUR: u64 = 60 * MINUTE;
/// A day, milliseconds.
pub const DAY: u64 = 24 * HOUR;

/// The blocks of a time in milliseconds on this chain: one at least, so that no step is skipped.
pub fn blocks(milliseconds: u64) -> BlockNumber {
	let speed = pallet_network_parameters::GovernanceSpeed::<Runtime>::get();
	let block = SlotDuration::get().saturating_mul(speed.into()).max(1);
	BlockNumber::try_from(milliseconds / block)
		.unwrap_or(BlockNumber::MAX)
		.max(1)
}

/// The blocks of a time in milliseconds that is known when the runtime is built.
pub struct Period<const MILLISECONDS: u64>;
impl<const MILLISECONDS: u64> Get<BlockNumber> for Period<MILLISECONDS> {
	fn get() -> BlockNumber {
		blocks(MILLISECONDS)
	}
}
