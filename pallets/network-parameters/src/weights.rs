//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `set_parameters`.
	fn set_parameters() -> Weight;
	/// Benchmark `set_serving`.
	fn set_serving() -> Weight;
	/// Benchmark `report_finality`.
	fn report_finality() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `on_finalize`.
	fn on_finalize() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_parameters() -> Weight {
		Weight::from_parts(15000000, 0).saturating_add(T::DbWeight::get().writes(1))
	}

	fn set_serving() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn report_finality() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(15000000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn set_parameters() -> Weight {
		Weight::from_parts(15000000, 0).saturating_add(ParityDbWeight::get().writes(1))
	}

	fn set_serving() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn report_finality() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(15000000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
}
