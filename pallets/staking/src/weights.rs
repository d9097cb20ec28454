//! Weights of `pallet_worker_staking`: each is what the benchmark of its name in `benchmarking.rs` takes.
//!
//! Generated: `scripts/benchmark-weights` overwrites this file. Measured in wasm on 2026-11-29, on vm
//! (AMD EPYC), in 50 steps with 20 repetitions, by frame-benchmarking-cli 64.0.0.

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
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Proof size measured: 1288.
	// Least time: 65_868 ns.
	fn bond() -> Weight {
		Weight::from_parts(71_116_000, 4210)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 1175.
	// Least time: 22_413 ns.
	fn unbond() -> Weight {
		Weight::from_parts(23_985_000, 4210)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Proof size measured: 1093.
	// Least time: 57_295 ns.
	fn withdraw() -> Weight {
		Weight::from_parts(61_462_000, 4210)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(71_116_000, 4210)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn unbond() -> Weight {
		Weight::from_parts(23_985_000, 4210)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(61_462_000, 4210)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
}
