//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `register_model`.
	fn register_model() -> Weight;
	/// Benchmark `register_version`.
	fn register_version() -> Weight;
	/// Benchmark `activate`.
	fn activate() -> Weight;
	/// Benchmark `deprecate`.
	fn deprecate() -> Weight;
	/// Benchmark `retire`.
	fn retire() -> Weight;
	/// Benchmark `remove`.
	fn remove() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_model() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(9))
	}

	fn register_version() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(9))
	}

	fn activate() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn deprecate() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn retire() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn remove() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn register_model() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(ParityDbWeight::get().reads(10))
			.saturating_add(ParityDbWeight::get().writes(9))
	}

	fn register_version() -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(ParityDbWeight::get().reads(10))
			.saturating_add(ParityDbWeight::get().writes(9))
	}

	fn activate() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn deprecate() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn retire() -> Weight {
		Weight::from_parts(30000000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn remove() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(6))
	}
}
