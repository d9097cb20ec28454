//! Weights of `pallet_model_registry`: each is what the benchmark of its name in `benchmarking.rs` takes.
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
	// Storage: `ModelRegistry::NextModelId` (r:1 w:1)
	// Proof: `ModelRegistry::NextModelId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Fee` (r:1 w:1)
	// Proof: `ModelRegistry::Fee` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Systems` (r:1 w:0)
	// Proof: `ProofVerifier::Systems` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::EndsOfLife` (r:2 w:0)
	// Proof: `ProofVerifier::EndsOfLife` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:1)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::SetupLines` (r:1 w:0)
	// Proof: `ProofVerifier::SetupLines` (`max_values`: None, `max_size`: Some(11170), added: 13645, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:1)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::KeyPlans` (r:0 w:1)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Lineages` (r:0 w:1)
	// Proof: `ModelRegistry::Lineages` (`max_values`: None, `max_size`: Some(176), added: 2651, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:0 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Proof size measured: 11995.
	// Least time: 403_523 ns.
	fn register_model() -> Weight {
		Weight::from_parts(739_289_000, 14635)
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(9))
	}

	// Storage: `ModelRegistry::Lineages` (r:1 w:1)
	// Proof: `ModelRegistry::Lineages` (`max_values`: None, `max_size`: Some(176), added: 2651, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Fee` (r:1 w:1)
	// Proof: `ModelRegistry::Fee` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Systems` (r:1 w:0)
	// Proof: `ProofVerifier::Systems` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::EndsOfLife` (r:2 w:0)
	// Proof: `ProofVerifier::EndsOfLife` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:0)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::SetupLines` (r:1 w:0)
	// Proof: `ProofVerifier::SetupLines` (`max_values`: None, `max_size`: Some(11170), added: 13645, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:1)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:0 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Proof size measured: 12686.
	// Least time: 350_754 ns.
	fn register_version() -> Weight {
		Weight::from_parts(451_772_000, 14635)
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(6))
	}

	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Proof size measured: 523.
	// Least time: 32_591 ns.
	fn activate() -> Weight {
		Weight::from_parts(50_695_000, 3829)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Proof size measured: 523.
	// Least time: 33_242 ns.
	fn deprecate() -> Weight {
		Weight::from_parts(57_838_000, 3829)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Proof size measured: 523.
	// Least time: 32_591 ns.
	fn retire() -> Weight {
		Weight::from_parts(57_296_000, 3829)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:1)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:1)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Lineages` (r:1 w:1)
	// Proof: `ModelRegistry::Lineages` (`max_values`: None, `max_size`: Some(176), added: 2651, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::KeyPlans` (r:0 w:1)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Proof size measured: 1349.
	// Least time: 178_302 ns.
	fn remove() -> Weight {
		Weight::from_parts(296_954_000, 3829)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn register_model() -> Weight {
		Weight::from_parts(739_289_000, 14635)
			.saturating_add(ParityDbWeight::get().reads(14))
			.saturating_add(ParityDbWeight::get().writes(9))
	}

	fn register_version() -> Weight {
		Weight::from_parts(451_772_000, 14635)
			.saturating_add(ParityDbWeight::get().reads(14))
			.saturating_add(ParityDbWeight::get().writes(6))
	}

	fn activate() -> Weight {
		Weight::from_parts(50_695_000, 3829)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn deprecate() -> Weight {
		Weight::from_parts(57_838_000, 3829)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn retire() -> Weight {
		Weight::from_parts(57_296_000, 3829)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn remove() -> Weight {
		Weight::from_parts(296_954_000, 3829)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(6))
	}
}
