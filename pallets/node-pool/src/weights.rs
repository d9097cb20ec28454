//! Weights of `pallet_node_pool`: each is what the benchmark of its name in `benchmarking.rs` takes.
//!
//! Generated: `scripts/benchmark-weights` overwrites this file. Measured in wasm on 2026-11-29, on vm
//! (AMD EPYC), in 10 steps with 10 repetitions, by frame-benchmarking-cli 64.0.0.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `register_node`.
	fn register_node() -> Weight;
	/// Benchmark `set_capacity`.
	fn set_capacity() -> Weight;
	/// Benchmark `join_model`.
	fn join_model() -> Weight;
	/// Benchmark `leave_model`.
	fn leave_model() -> Weight;
	/// Benchmark `deregister_node`.
	fn deregister_node() -> Weight;
	/// Benchmark `set_worker`.
	fn set_worker() -> Weight;
	/// Benchmark `pause`.
	fn pause() -> Weight;
	/// Benchmark `resume`.
	fn resume() -> Weight;
	/// Benchmark `set_limits`.
	fn set_limits() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `start_epoch`.
	fn start_epoch() -> Weight;
	/// Benchmark `snapshot` with `u` from 0 to 256.
	fn snapshot(u: u32) -> Weight;
	/// Benchmark `snapshot_changed` with `c` from 0 to 256.
	fn snapshot_changed(c: u32) -> Weight;
	/// Benchmark `snapshot_lowered` with `l` from 0 to 64.
	fn snapshot_lowered(l: u32) -> Weight;
	/// Benchmark `open_pool`.
	fn open_pool() -> Weight;
	/// Benchmark `draw` with `c` from 1 to 16.
	fn draw(c: u32) -> Weight;
	/// Benchmark `reserve`.
	fn reserve() -> Weight;
	/// Benchmark `reserve_again`.
	fn reserve_again() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `NodePool::WorkerNodes` (r:1 w:1)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `NodePool::UsedConsents` (r:1 w:1)
	// Proof: `NodePool::UsedConsents` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NodePool::NextNodeId` (r:1 w:1)
	// Proof: `NodePool::NextNodeId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::OperatorNodes` (r:1 w:1)
	// Proof: `NodePool::OperatorNodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:0 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Proof size measured: 2356.
	// Least time: 108_731 ns.
	fn register_node() -> Weight {
		Weight::from_parts(115_191_000, 4210)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(6))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Proof size measured: 3425.
	// Least time: 41_061 ns.
	fn set_capacity() -> Weight {
		Weight::from_parts(45_047_000, 4725)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Members` (r:1 w:1)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Proof size measured: 3716.
	// Least time: 41_942 ns.
	fn join_model() -> Weight {
		Weight::from_parts(50_235_000, 4725)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Members` (r:1 w:1)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Pools` (r:0 w:1)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:0 w:1)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Proof size measured: 544.
	// Least time: 25_528 ns.
	fn leave_model() -> Weight {
		Weight::from_parts(27_361_000, 4725)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::OperatorNodes` (r:1 w:1)
	// Proof: `NodePool::OperatorNodes` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
	// Storage: `NodePool::LastMisses` (r:1 w:1)
	// Proof: `NodePool::LastMisses` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::MissSlots` (r:1 w:1)
	// Proof: `NodePool::MissSlots` (`max_values`: Some(1), `max_size`: Some(240), added: 735, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:0 w:1)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Proof size measured: 3167.
	// Least time: 51_997 ns.
	fn deregister_node() -> Weight {
		Weight::from_parts(56_334_000, 4725)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:2)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `NodePool::UsedConsents` (r:1 w:1)
	// Proof: `NodePool::UsedConsents` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Proof size measured: 2842.
	// Least time: 92_337 ns.
	fn set_worker() -> Weight {
		Weight::from_parts(108_752_000, 4725)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Proof size measured: 2230.
	// Least time: 25_017 ns.
	fn pause() -> Weight {
		Weight::from_parts(28_222_000, 4725)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 2230.
	// Least time: 23_935 ns.
	fn resume() -> Weight {
		Weight::from_parts(26_570_000, 4725)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Proof size measured: 2230.
	// Least time: 24_166 ns.
	fn set_limits() -> Weight {
		Weight::from_parts(27_230_000, 4725)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NodePool::EpochStart` (r:1 w:0)
	// Proof: `NodePool::EpochStart` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::SnapshotsDue` (r:1 w:0)
	// Proof: `NodePool::SnapshotsDue` (`max_values`: Some(1), `max_size`: Some(14), added: 509, mode: `MaxEncodedLen`)
	// Proof size measured: 521.
	// Least time: 10_575 ns.
	fn on_initialize() -> Weight {
		Weight::from_parts(11_266_000, 1690).saturating_add(T::DbWeight::get().reads(3))
	}

	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NodePool::EpochStart` (r:1 w:1)
	// Proof: `NodePool::EpochStart` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:1)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NodePool::SnapshotsDue` (r:1 w:1)
	// Proof: `NodePool::SnapshotsDue` (`max_values`: Some(1), `max_size`: Some(14), added: 509, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Members` (r:1 w:0)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:0)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Proof size measured: 589.
	// Least time: 19_288 ns.
	fn start_epoch() -> Weight {
		Weight::from_parts(20_511_000, 4505)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	// Storage: `NodePool::Members` (r:2 w:0)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:0)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:256 w:0)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:256 w:0)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Pools` (r:0 w:1)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:0 w:1)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Proof size measured: 2251 + u · 1353.
	// Least time: 35_423 ns.
	fn snapshot(u: u32) -> Weight {
		Weight::from_parts(37_155_000, 8020)
			.saturating_add(Weight::from_parts(11_894_947, 0).saturating_mul(u.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(u.into()))
	}

	// Storage: `NodePool::Members` (r:2 w:0)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:0)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:256 w:256)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:256 w:0)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Pools` (r:0 w:1)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:0 w:1)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Proof size measured: 2251 + c · 1353.
	// Least time: 35_523 ns.
	fn snapshot_changed(c: u32) -> Weight {
		Weight::from_parts(37_356_000, 8020)
			.saturating_add(Weight::from_parts(14_880_714, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(c.into()))
	}

	// Storage: `NodePool::Members` (r:2 w:0)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:0)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:64 w:64)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:64 w:64)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Pools` (r:0 w:1)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:0 w:1)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Proof size measured: 2256 + l · 1353.
	// Least time: 35_553 ns.
	fn snapshot_lowered(l: u32) -> Weight {
		Weight::from_parts(31_657_084, 8020)
			.saturating_add(Weight::from_parts(18_111_501, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(l.into())))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(l.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(l.into()))
	}

	// Storage: `NodePool::Pools` (r:1 w:0)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Proof size measured: 16504.
	// Least time: 18_047 ns.
	fn open_pool() -> Weight {
		Weight::from_parts(18_858_000, 19865).saturating_add(T::DbWeight::get().reads(1))
	}

	// Storage: `NodePool::Nodes` (r:16 w:0)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:16 w:0)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Proof size measured: 924 + c · 1348.
	// Least time: 42_554 ns.
	fn draw(c: u32) -> Weight {
		Weight::from_parts(34_055_874, 990)
			.saturating_add(Weight::from_parts(11_967_495, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(c.into()))
	}

	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Proof size measured: 2265.
	// Least time: 18_517 ns.
	fn reserve() -> Weight {
		Weight::from_parts(19_769_000, 4725)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	// Proof size measured: 0.
	// Least time: 11_026 ns.
	fn reserve_again() -> Weight {
		Weight::from_parts(11_828_000, 0)
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn register_node() -> Weight {
		Weight::from_parts(115_191_000, 4210)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(6))
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(45_047_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn join_model() -> Weight {
		Weight::from_parts(50_235_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn leave_model() -> Weight {
		Weight::from_parts(27_361_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(56_334_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(7))
			.saturating_add(ParityDbWeight::get().writes(6))
	}

	fn set_worker() -> Weight {
		Weight::from_parts(108_752_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn pause() -> Weight {
		Weight::from_parts(28_222_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn resume() -> Weight {
		Weight::from_parts(26_570_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn set_limits() -> Weight {
		Weight::from_parts(27_230_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(11_266_000, 1690).saturating_add(ParityDbWeight::get().reads(3))
	}

	fn start_epoch() -> Weight {
		Weight::from_parts(20_511_000, 4505)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn snapshot(u: u32) -> Weight {
		Weight::from_parts(37_155_000, 8020)
			.saturating_add(Weight::from_parts(11_894_947, 0).saturating_mul(u.into()))
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(u.into())))
			.saturating_add(ParityDbWeight::get().writes(2))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(u.into()))
	}

	fn snapshot_changed(c: u32) -> Weight {
		Weight::from_parts(37_356_000, 8020)
			.saturating_add(Weight::from_parts(14_880_714, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(7))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(ParityDbWeight::get().writes(3))
			.saturating_add(ParityDbWeight::get().writes(1_u64.saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(c.into()))
	}

	fn snapshot_lowered(l: u32) -> Weight {
		Weight::from_parts(31_657_084, 8020)
			.saturating_add(Weight::from_parts(18_111_501, 0).saturating_mul(l.into()))
			.saturating_add(ParityDbWeight::get().reads(7))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(l.into())))
			.saturating_add(ParityDbWeight::get().writes(3))
			.saturating_add(ParityDbWeight::get().writes(2_u64.saturating_mul(l.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(l.into()))
	}

	fn open_pool() -> Weight {
		Weight::from_parts(18_858_000, 19865).saturating_add(ParityDbWeight::get().reads(1))
	}

	fn draw(c: u32) -> Weight {
		Weight::from_parts(34_055_874, 990)
			.saturating_add(Weight::from_parts(11_967_495, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 3735).saturating_mul(c.into()))
	}

	fn reserve() -> Weight {
		Weight::from_parts(19_769_000, 4725)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn reserve_again() -> Weight {
		Weight::from_parts(11_828_000, 0)
	}
}
