//! Weights of `pallet_proof_verifier`: each is what the benchmark of its name in `benchmarking.rs` takes.
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
	// Storage: `NetworkParameters::Development` (r:1 w:0)
	// Proof: `NetworkParameters::Development` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:1 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:1)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::SetupLines` (r:0 w:1)
	// Proof: `ProofVerifier::SetupLines` (`max_values`: None, `max_size`: Some(11170), added: 13645, mode: `MaxEncodedLen`)
	// Proof size measured: 349.
	// Least time: 829_287 ns.
	fn approve_setup() -> Weight {
		Weight::from_parts(1_063_352_000, 3629)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `ProofVerifier::Setups` (r:1 w:1)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::SetupLines` (r:0 w:1)
	// Proof: `ProofVerifier::SetupLines` (`max_values`: None, `max_size`: Some(11170), added: 13645, mode: `MaxEncodedLen`)
	// Proof size measured: 373.
	// Least time: 29_214 ns.
	fn revoke_setup() -> Weight {
		Weight::from_parts(38_742_000, 3629)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::EndsOfLife` (r:0 w:1)
	// Proof: `ProofVerifier::EndsOfLife` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Proof size measured: 610.
	// Least time: 36_218 ns.
	fn set_end_of_life() -> Weight {
		Weight::from_parts(40_195_000, 3668)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:1 w:1)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 415.
	// Least time: 35_897 ns.
	fn disable() -> Weight {
		Weight::from_parts(42_710_000, 3668)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}

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
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::KeyPlans` (r:0 w:1)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Proof size measured: 11901.
	// Least time: 254_925 ns.
	fn register_key() -> Weight {
		Weight::from_parts(396_590_000, 14635)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:1)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:1)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::KeyPlans` (r:0 w:1)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Proof size measured: 640.
	// Least time: 100_147 ns.
	fn release_key() -> Weight {
		Weight::from_parts(108_723_000, 3668)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
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
	// Storage: `ProofVerifier::KeyPlans` (r:1 w:0)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Proof size measured: 12251.
	// Least time: 3_005_063 ns.
	fn verify_proof() -> Weight {
		Weight::from_parts(3_206_899_000, 134573).saturating_add(T::DbWeight::get().reads(10))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Setups` (r:1 w:0)
	// Proof: `ProofVerifier::Setups` (`max_values`: None, `max_size`: Some(164), added: 2639, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::SetupLines` (r:1 w:0)
	// Proof: `ProofVerifier::SetupLines` (`max_values`: None, `max_size`: Some(11170), added: 13645, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Systems` (r:1 w:0)
	// Proof: `ProofVerifier::Systems` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::EndsOfLife` (r:2 w:0)
	// Proof: `ProofVerifier::EndsOfLife` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::KeyPlans` (r:1 w:0)
	// Proof: `ProofVerifier::KeyPlans` (`max_values`: None, `max_size`: Some(131108), added: 133583, mode: `MaxEncodedLen`)
	// Proof size measured: 12251.
	// Least time: 3_203_843 ns.
	fn verify_proofs() -> Weight {
		Weight::from_parts(3_424_715_000, 134573).saturating_add(T::DbWeight::get().reads(10))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Proof size measured: 180.
	// Least time: 14_477 ns.
	fn verify_unknown_key() -> Weight {
		Weight::from_parts(18_083_000, 3668).saturating_add(T::DbWeight::get().reads(1))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn approve_setup() -> Weight {
		Weight::from_parts(1_063_352_000, 3629)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn revoke_setup() -> Weight {
		Weight::from_parts(38_742_000, 3629)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn set_end_of_life() -> Weight {
		Weight::from_parts(40_195_000, 3668)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn disable() -> Weight {
		Weight::from_parts(42_710_000, 3668)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn register_key() -> Weight {
		Weight::from_parts(396_590_000, 14635)
			.saturating_add(ParityDbWeight::get().reads(11))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn release_key() -> Weight {
		Weight::from_parts(108_723_000, 3668)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn verify_proof() -> Weight {
		Weight::from_parts(3_206_899_000, 134573).saturating_add(ParityDbWeight::get().reads(10))
	}

	fn verify_proofs() -> Weight {
		Weight::from_parts(3_424_715_000, 134573).saturating_add(ParityDbWeight::get().reads(10))
	}

	fn verify_unknown_key() -> Weight {
		Weight::from_parts(18_083_000, 3668).saturating_add(ParityDbWeight::get().reads(1))
	}
}
