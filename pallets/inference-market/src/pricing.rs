//! The base price: moves with utilisation, like EIP-1559's base fee, per block and bounded.

use super::*;
use frame_support::{traits::Get, weights::Weight};

/// The greatest step per block is the price divided by this.
const STEP_DIVISOR: Balance = 64;

impl<T: Config> Pallet<T> {
	/// The base price in force, planck per compute unit.
	pub fn base_price() -> Balance {
		let parameters = T::Network::parameters();
		BasePrice::<T>::get().clamp(parameters.price_floor, parameters.price_ceiling)
	}

	/// Price of an inference now, planck. `None` on overflow.
	pub(crate) fn price_of(compute_units: ComputeUnits, royalty: Balance) -> Option<Balance> {
		Balance::from(compute_units.0)
			.checked_mul(Self::base_price())?
			.checked_add(royalty)
	}

	/// Steps the base price by what was assigned in the last block, against half of what the
	/// nodes pledged for a block.
	pub(crate) fn step_base_price() -> Weight {
		let assigned = AssignedUnits::<T>::take().0;
		let target = T::NodePool::total_pledge().0 / 2;
		let price = next_base_price(Self::base_price(), assigned, target);
		let parameters = T::Network::parameters();
		BasePrice::<T>::put(price.clamp(parameters.price_floor, parameters.price_ceiling));
		T::DbWeight::get().reads_writes(5, 2)
	}
}

/// The next base price: up by 1/64 if more than `target` units were assigned, down by 1/64 if
/// fewer, but at least by one planck; unchanged at the target.
pub(crate) fn next_base_price(price: Balance, assigned: u64, target: u64) -> Balance {
	let step = (price / STEP_DIVISOR).max(1);
	match assigned.cmp(&target) {
		// Saturating: the caller clamps to the parameters' range.
		core::cmp::Ordering::Greater => price.saturating_add(step),
		core::cmp::Ordering::Less => price.saturating_sub(step),
		core::cmp::Ordering::Equal => price,
	}
}
