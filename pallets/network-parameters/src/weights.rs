//! Weights of `pallet_network_parameters`: each is what the benchmark of its name in `benchmarking.rs` takes.
//!
//! Generated: `scripts/benchmark-weights` overwrites this file. Measured in wasm on 2026-11-28, on vm
//! (AMD EPYC), in 50 steps with 20 repetitions, by frame-benchmarking-cli 64.0.0.

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
	// Storage: `NetworkParameters::Parameters` (r:0 w:1)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Proof size measured: 0.
	// Least time: 14_848 ns.
	fn set_parameters() -> Weight {
		Weight::from_parts(25_247_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NetworkParameters::Stopped` (r:1 w:1)
	// Proof: `NetworkParameters::Stopped` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 136.
	// Least time: 20_859 ns.
	fn set_serving() -> Weight {
		Weight::from_parts(33_903_000, 1489)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NetworkParameters::Reported` (r:1 w:1)
	// Proof: `NetworkParameters::Reported` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 117.
	// Least time: 14_698 ns.
	fn report_finality() -> Weight {
		Weight::from_parts(26_961_000, 1489)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NetworkParameters::HeldUntil` (r:1 w:0)
	// Proof: `NetworkParameters::HeldUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `MultiBlockMigrations::Cursor` (r:1 w:0)
	// Proof: `MultiBlockMigrations::Cursor` (`max_values`: Some(1), `max_size`: Some(65550), added: 66045, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::ReserveExhausted` (r:1 w:0)
	// Proof: `InferenceMarket::ReserveExhausted` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Held` (r:1 w:1)
	// Proof: `NetworkParameters::Held` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:1)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Stopped` (r:1 w:0)
	// Proof: `NetworkParameters::Stopped` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Proof size measured: 168.
	// Least time: 24_897 ns.
	fn on_initialize() -> Weight {
		Weight::from_parts(45_515_000, 67035)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `NetworkParameters::Reported` (r:1 w:1)
	// Proof: `NetworkParameters::Reported` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Session::Validators` (r:1 w:0)
	// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	// Storage: `NetworkParameters::FinalityReports` (r:1 w:1)
	// Proof: `NetworkParameters::FinalityReports` (`max_values`: Some(1), `max_size`: Some(441), added: 936, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::HeldUntil` (r:0 w:1)
	// Proof: `NetworkParameters::HeldUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 940.
	// Least time: 27_381 ns.
	fn on_finalize() -> Weight {
		Weight::from_parts(48_480_000, 2425)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn set_parameters() -> Weight {
		Weight::from_parts(25_247_000, 0).saturating_add(ParityDbWeight::get().writes(1))
	}

	fn set_serving() -> Weight {
		Weight::from_parts(33_903_000, 1489)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn report_finality() -> Weight {
		Weight::from_parts(26_961_000, 1489)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(45_515_000, 67035)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(48_480_000, 2425)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
}
