//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `approve_setup`.
	fn approve_setup() -> Weight;
	/// Benchmark `revoke_setup`.
	fn revoke_setup() -> Weight;
	/// Benchmark `set_end_of_life`.
	fn set_end_of_life() -> Weight;
	/// Benchmark `disable`.
	fn disable() -> Weight;
	/// Benchmark `register_key`.
	fn register_key() -> Weight;
	/// Benchmark `release_key`.
	fn release_key() -> Weight;
	/// Benchmark `verify_proof`.
	fn verify_proof() -> Weight;
	/// Benchmark `verify_proofs`.
	fn verify_proofs() -> Weight;
	/// Benchmark `verify_unknown_key`.
	fn verify_unknown_key() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn approve_setup() -> Weight {
		Weight::from_parts(6030000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn revoke_setup() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn set_end_of_life() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn disable() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn register_key() -> Weight {
		Weight::from_parts(460000000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	fn release_key() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	fn verify_proof() -> Weight {
		Weight::from_parts(2800000000, 0).saturating_add(T::DbWeight::get().reads(11))
	}

	fn verify_proofs() -> Weight {
		Weight::from_parts(2800000000, 0).saturating_add(T::DbWeight::get().reads(11))
	}

	fn verify_unknown_key() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn approve_setup() -> Weight {
		Weight::from_parts(6030000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn revoke_setup() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn set_end_of_life() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn disable() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn register_key() -> Weight {
		Weight::from_parts(460000000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn release_key() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn verify_proof() -> Weight {
		Weight::from_parts(2800000000, 0).saturating_add(ParityDbWeight::get().reads(11))
	}

	fn verify_proofs() -> Weight {
		Weight::from_parts(2800000000, 0).saturating_add(ParityDbWeight::get().reads(11))
	}

	fn verify_unknown_key() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
}
