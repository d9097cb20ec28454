//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `bond`.
	fn bond() -> Weight;
	/// Benchmark `unbond`.
	fn unbond() -> Weight;
	/// Benchmark `withdraw`.
	fn withdraw() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn bond() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	fn unbond() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn unbond() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
}
