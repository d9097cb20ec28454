//! Weights of `pallet_inference_market`: each is what the benchmark of its name in `benchmarking.rs` takes.
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
	/// Benchmark `submit_workload` with `n` from 1 to 2048.
	fn submit_workload(n: u32) -> Weight;
	/// Benchmark `cancel`.
	fn cancel() -> Weight;
	/// Benchmark `deliver` with `n` from 1 to 2048.
	fn deliver(n: u32) -> Weight;
	/// Benchmark `prove` with `n` from 1 to 2048.
	fn prove(n: u32) -> Weight;
	/// Benchmark `relay_proof`.
	fn relay_proof() -> Weight;
	/// Benchmark `expire`.
	fn expire() -> Weight;
	/// Benchmark `decline`.
	fn decline() -> Weight;
	/// Benchmark `claim`.
	fn claim() -> Weight;
	/// Benchmark `prune`.
	fn prune() -> Weight;
	/// Benchmark `refused` with `n` from 1 to 2048.
	fn refused(n: u32) -> Weight;
	/// Benchmark `refused_claim`.
	fn refused_claim() -> Weight;
	/// Benchmark `check_step`.
	fn check_step() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `on_finalize`.
	fn on_finalize() -> Weight;
	/// Benchmark `pass_deadlines` with `t` from 0 to 16.
	fn pass_deadlines(t: u32) -> Weight;
	/// Benchmark `pass_retained` with `t` from 0 to 16.
	fn pass_retained(t: u32) -> Weight;
	/// Benchmark `serve_queues` with `m` from 1 to 1024.
	fn serve_queues(m: u32) -> Weight;
	/// Benchmark `serve_model`.
	fn serve_model() -> Weight;
	/// Benchmark `look`.
	fn look() -> Weight;
	/// Benchmark `void_check`.
	fn void_check() -> Weight;
	/// Benchmark `end_queue`.
	fn end_queue() -> Weight;
	/// Benchmark `assign`.
	fn assign() -> Weight;
	/// Benchmark `settle_delayed` with `n` from 0 to 16.
	fn settle_delayed(n: u32) -> Weight;
	/// Benchmark `forgive_delayed_slashes`.
	fn forgive_delayed_slashes() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:1 w:0)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:0)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::LastOrdered` (r:1 w:1)
	// Proof: `InferenceMarket::LastOrdered` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Breaker` (r:1 w:0)
	// Proof: `InferenceMarket::Breaker` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Systems` (r:1 w:0)
	// Proof: `ProofVerifier::Systems` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::EndsOfLife` (r:2 w:0)
	// Proof: `ProofVerifier::EndsOfLife` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::SubmitterNonces` (r:1 w:1)
	// Proof: `InferenceMarket::SubmitterNonces` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
	// Storage: `System::BlockHash` (r:1 w:0)
	// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Queues` (r:1 w:1)
	// Proof: `InferenceMarket::Queues` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::ServedModels` (r:1 w:1)
	// Proof: `InferenceMarket::ServedModels` (`max_values`: Some(1), `max_size`: Some(10), added: 505, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Turns` (r:2 w:3)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:1)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::QueueLinks` (r:0 w:1)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inputs` (r:0 w:1)
	// Proof: `InferenceMarket::Inputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Proof size measured: 1580.
	// Least time: 190_573 ns.
	fn submit_workload(n: u32) -> Weight {
		Weight::from_parts(199_509_685, 8574)
			.saturating_add(Weight::from_parts(62_229, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(13))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::QueueLinks` (r:1 w:1)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Queues` (r:1 w:1)
	// Proof: `InferenceMarket::Queues` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Turns` (r:3 w:3)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::ServedModels` (r:1 w:1)
	// Proof: `InferenceMarket::ServedModels` (`max_values`: Some(1), `max_size`: Some(10), added: 505, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:1 w:1)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:1)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Retained` (r:0 w:1)
	// Proof: `InferenceMarket::Retained` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Proof size measured: 2078.
	// Least time: 142_111 ns.
	fn cancel() -> Weight {
		Weight::from_parts(147_349_000, 8493)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(14))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Outputs` (r:0 w:1)
	// Proof: `InferenceMarket::Outputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:2)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:2)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Proof size measured: 2481.
	// Least time: 65_297 ns.
	fn deliver(n: u32) -> Weight {
		Weight::from_parts(68_230_103, 8574)
			.saturating_add(Weight::from_parts(4_685, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(7))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inputs` (r:1 w:0)
	// Proof: `InferenceMarket::Inputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::PaidUnits` (r:1 w:1)
	// Proof: `InferenceMarket::PaidUnits` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:3 w:3)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Outputs` (r:0 w:1)
	// Proof: `InferenceMarket::Outputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:1)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:1)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Retained` (r:0 w:1)
	// Proof: `InferenceMarket::Retained` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Proof size measured: 20129.
	// Least time: 397_320 ns.
	fn prove(n: u32) -> Weight {
		Weight::from_parts(405_883_882, 19883)
			.saturating_add(Weight::from_parts(58_797, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(15))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Outputs` (r:1 w:0)
	// Proof: `InferenceMarket::Outputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inputs` (r:1 w:0)
	// Proof: `InferenceMarket::Inputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:1)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::PaidUnits` (r:1 w:1)
	// Proof: `InferenceMarket::PaidUnits` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:3 w:3)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:1)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:1)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Retained` (r:0 w:1)
	// Proof: `InferenceMarket::Retained` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Proof size measured: 20222.
	// Least time: 507_394 ns.
	fn relay_proof() -> Weight {
		Weight::from_parts(517_519_000, 19883)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(14))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NodePool::LastMisses` (r:1 w:1)
	// Proof: `NodePool::LastMisses` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::MissSlots` (r:1 w:1)
	// Proof: `NodePool::MissSlots` (`max_values`: Some(1), `max_size`: Some(240), added: 735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Breaker` (r:1 w:0)
	// Proof: `InferenceMarket::Breaker` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:2 w:2)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Queues` (r:1 w:1)
	// Proof: `InferenceMarket::Queues` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::ServedModels` (r:1 w:1)
	// Proof: `InferenceMarket::ServedModels` (`max_values`: Some(1), `max_size`: Some(10), added: 505, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Turns` (r:2 w:3)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:2)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:1)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::QueueLinks` (r:0 w:1)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Proof size measured: 3524.
	// Least time: 169_863 ns.
	fn expire() -> Weight {
		Weight::from_parts(176_152_000, 8574)
			.saturating_add(T::DbWeight::get().reads(23))
			.saturating_add(T::DbWeight::get().writes(20))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Breaker` (r:1 w:0)
	// Proof: `InferenceMarket::Breaker` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Nodes` (r:1 w:1)
	// Proof: `NodePool::Nodes` (`max_values`: None, `max_size`: Some(1260), added: 3735, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:1)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Members` (r:1 w:1)
	// Proof: `NodePool::Members` (`max_values`: None, `max_size`: Some(1040), added: 3515, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:1 w:1)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:1 w:1)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Queues` (r:1 w:1)
	// Proof: `InferenceMarket::Queues` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::ServedModels` (r:1 w:1)
	// Proof: `InferenceMarket::ServedModels` (`max_values`: Some(1), `max_size`: Some(10), added: 505, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Turns` (r:2 w:3)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Pools` (r:0 w:1)
	// Proof: `NodePool::Pools` (`max_values`: None, `max_size`: Some(16400), added: 18875, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:0 w:1)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:2)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:1)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::QueueLinks` (r:0 w:1)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Proof size measured: 3541.
	// Least time: 168_330 ns.
	fn decline() -> Weight {
		Weight::from_parts(174_420_000, 8574)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(20))
	}

	// Storage: `InferenceMarket::Credits` (r:1 w:1)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:2 w:2)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Proof size measured: 235.
	// Least time: 54_110 ns.
	fn claim() -> Weight {
		Weight::from_parts(56_134_000, 6196)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:1)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:1 w:1)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Outputs` (r:0 w:1)
	// Proof: `InferenceMarket::Outputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Retained` (r:0 w:1)
	// Proof: `InferenceMarket::Retained` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inputs` (r:0 w:1)
	// Proof: `InferenceMarket::Inputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Proof size measured: 1248.
	// Least time: 70_144 ns.
	fn prune() -> Weight {
		Weight::from_parts(72_939_000, 4354)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(6))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:0)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Storage: `ModelRegistry::Models` (r:1 w:0)
	// Proof: `ModelRegistry::Models` (`max_values`: None, `max_size`: Some(364), added: 2839, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inputs` (r:1 w:0)
	// Proof: `InferenceMarket::Inputs` (`max_values`: None, `max_size`: Some(16418), added: 18893, mode: `MaxEncodedLen`)
	// Proof size measured: 18666.
	// Least time: 166_137 ns.
	fn refused(n: u32) -> Weight {
		Weight::from_parts(169_732_622, 19883)
			.saturating_add(Weight::from_parts(54_767, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(9))
	}

	// Storage: `InferenceMarket::Credits` (r:1 w:0)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:1 w:0)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Proof size measured: 235.
	// Least time: 16_304 ns.
	fn refused_claim() -> Weight {
		Weight::from_parts(17_255_000, 3593).saturating_add(T::DbWeight::get().reads(2))
	}

	// Storage: `InferenceMarket::Workloads` (r:1 w:0)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `NodePool::WorkerNodes` (r:1 w:0)
	// Proof: `NodePool::WorkerNodes` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Proof size measured: 1822.
	// Least time: 41_902 ns.
	fn check_step() -> Weight {
		Weight::from_parts(43_976_000, 8574).saturating_add(T::DbWeight::get().reads(7))
	}

	// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::PriceStepped` (r:1 w:1)
	// Proof: `InferenceMarket::PriceStepped` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::PaidUnits` (r:1 w:1)
	// Proof: `InferenceMarket::PaidUnits` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NodePool::TotalPledge` (r:1 w:0)
	// Proof: `NodePool::TotalPledge` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:1)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::VrfOutputs` (r:0 w:1)
	// Proof: `InferenceMarket::VrfOutputs` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Proof size measured: 714.
	// Least time: 22_473 ns.
	fn on_initialize() -> Weight {
		Weight::from_parts(23_835_000, 1690)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	// Storage: `InferenceMarket::ReserveExhausted` (r:0 w:1)
	// Proof: `InferenceMarket::ReserveExhausted` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `MaxEncodedLen`)
	// Proof size measured: 0.
	// Least time: 1_112 ns.
	fn on_finalize() -> Weight {
		Weight::from_parts(1_342_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::DeadlineCursor` (r:1 w:1)
	// Proof: `InferenceMarket::DeadlineCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:16 w:0)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Proof size measured: 476.
	// Least time: 11_487 ns.
	fn pass_deadlines(t: u32) -> Weight {
		Weight::from_parts(12_665_254, 1690)
			.saturating_add(Weight::from_parts(3_085_729, 0).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2519).saturating_mul(t.into()))
	}

	// Storage: `InferenceMarket::RetainedCursor` (r:1 w:1)
	// Proof: `InferenceMarket::RetainedCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Retained` (r:16 w:0)
	// Proof: `InferenceMarket::Retained` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Proof size measured: 281.
	// Least time: 9_654 ns.
	fn pass_retained(t: u32) -> Weight {
		Weight::from_parts(10_608_561, 1489)
			.saturating_add(Weight::from_parts(3_037_336, 0).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2519).saturating_mul(t.into()))
	}

	// Storage: `InferenceMarket::ServedModels` (r:1 w:1)
	// Proof: `InferenceMarket::ServedModels` (`max_values`: Some(1), `max_size`: Some(10), added: 505, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::VrfOutputs` (r:32 w:0)
	// Proof: `InferenceMarket::VrfOutputs` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::Parameters` (r:1 w:0)
	// Proof: `NetworkParameters::Parameters` (`max_values`: Some(1), `max_size`: Some(205), added: 700, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::BasePrice` (r:1 w:0)
	// Proof: `InferenceMarket::BasePrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	// Storage: `NodePool::Epoch` (r:1 w:0)
	// Proof: `NodePool::Epoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Turns` (r:1023 w:0)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Storage: `NodePool::PoolOffers` (r:1023 w:0)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Proof size measured: 2360 + m · 29.
	// Least time: 126_438 ns.
	fn serve_queues(m: u32) -> Weight {
		Weight::from_parts(473_837_494, 81726)
			.saturating_add(Weight::from_parts(5_406_951, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(37))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(m.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2511).saturating_mul(m.into()))
	}

	// Storage: `NodePool::PoolOffers` (r:1 w:0)
	// Proof: `NodePool::PoolOffers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Queues` (r:1 w:1)
	// Proof: `InferenceMarket::Queues` (`max_values`: None, `max_size`: Some(117), added: 2592, mode: `MaxEncodedLen`)
	// Proof size measured: 711.
	// Least time: 17_256 ns.
	fn serve_model() -> Weight {
		Weight::from_parts(18_768_000, 3582)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	// Storage: `InferenceMarket::QueueLinks` (r:1 w:0)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Workloads` (r:1 w:0)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Proof size measured: 808.
	// Least time: 13_099 ns.
	fn look() -> Weight {
		Weight::from_parts(14_261_000, 4354).saturating_add(T::DbWeight::get().reads(2))
	}

	// Storage: `ProofVerifier::Keys` (r:1 w:0)
	// Proof: `ProofVerifier::Keys` (`max_values`: None, `max_size`: Some(203), added: 2678, mode: `MaxEncodedLen`)
	// Storage: `ProofVerifier::Disabled` (r:3 w:0)
	// Proof: `ProofVerifier::Disabled` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	// Proof size measured: 407.
	// Least time: 11_306 ns.
	fn void_check() -> Weight {
		Weight::from_parts(12_248_000, 8574).saturating_add(T::DbWeight::get().reads(4))
	}

	// Storage: `InferenceMarket::Turns` (r:3 w:3)
	// Proof: `InferenceMarket::Turns` (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	// Proof size measured: 78.
	// Least time: 11_046 ns.
	fn end_queue() -> Weight {
		Weight::from_parts(11_887_000, 8493)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	// Storage: `InferenceMarket::QueueLinks` (r:1 w:1)
	// Proof: `InferenceMarket::QueueLinks` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Deadlines` (r:0 w:2)
	// Proof: `InferenceMarket::Deadlines` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Inbox` (r:0 w:1)
	// Proof: `InferenceMarket::Inbox` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Workloads` (r:0 w:1)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Proof size measured: 73.
	// Least time: 20_090 ns.
	fn assign() -> Weight {
		Weight::from_parts(22_854_000, 3563)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	// Storage: `InferenceMarket::Delayed` (r:1 w:1)
	// Proof: `InferenceMarket::Delayed` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Breaker` (r:1 w:0)
	// Proof: `InferenceMarket::Breaker` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::DelayedSlashes` (r:16 w:16)
	// Proof: `InferenceMarket::DelayedSlashes` (`max_values`: None, `max_size`: Some(160), added: 2635, mode: `MaxEncodedLen`)
	// Storage: `WorkerStaking::Ledgers` (r:16 w:16)
	// Proof: `WorkerStaking::Ledgers` (`max_values`: None, `max_size`: Some(745), added: 3220, mode: `MaxEncodedLen`)
	// Storage: `Balances::Holds` (r:16 w:16)
	// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	// Storage: `System::Account` (r:17 w:17)
	// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Workloads` (r:16 w:16)
	// Proof: `InferenceMarket::Workloads` (`max_values`: None, `max_size`: Some(889), added: 3364, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Credits` (r:17 w:17)
	// Proof: `InferenceMarket::Credits` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	// Proof size measured: 1490 + n · 999.
	// Least time: 3_425 ns.
	fn settle_delayed(n: u32) -> Weight {
		Weight::from_parts(18_997_370, 3593)
			.saturating_add(Weight::from_parts(74_817_274, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(6_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(6_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3364).saturating_mul(n.into()))
	}

	// Storage: `InferenceMarket::Breaker` (r:1 w:0)
	// Proof: `InferenceMarket::Breaker` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	// Storage: `NetworkParameters::ServiceClock` (r:1 w:0)
	// Proof: `NetworkParameters::ServiceClock` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	// Storage: `InferenceMarket::Delayed` (r:1 w:1)
	// Proof: `InferenceMarket::Delayed` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	// Proof size measured: 291.
	// Least time: 14_472 ns.
	fn forgive_delayed_slashes() -> Weight {
		Weight::from_parts(15_352_000, 1497)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn submit_workload(n: u32) -> Weight {
		Weight::from_parts(199_509_685, 8574)
			.saturating_add(Weight::from_parts(62_229, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(13))
	}

	fn cancel() -> Weight {
		Weight::from_parts(147_349_000, 8493)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(14))
	}

	fn deliver(n: u32) -> Weight {
		Weight::from_parts(68_230_103, 8574)
			.saturating_add(Weight::from_parts(4_685, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(7))
	}

	fn prove(n: u32) -> Weight {
		Weight::from_parts(405_883_882, 19883)
			.saturating_add(Weight::from_parts(58_797, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(15))
	}

	fn relay_proof() -> Weight {
		Weight::from_parts(517_519_000, 19883)
			.saturating_add(ParityDbWeight::get().reads(19))
			.saturating_add(ParityDbWeight::get().writes(14))
	}

	fn expire() -> Weight {
		Weight::from_parts(176_152_000, 8574)
			.saturating_add(ParityDbWeight::get().reads(23))
			.saturating_add(ParityDbWeight::get().writes(20))
	}

	fn decline() -> Weight {
		Weight::from_parts(174_420_000, 8574)
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(20))
	}

	fn claim() -> Weight {
		Weight::from_parts(56_134_000, 6196)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn prune() -> Weight {
		Weight::from_parts(72_939_000, 4354)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(6))
	}

	fn refused(n: u32) -> Weight {
		Weight::from_parts(169_732_622, 19883)
			.saturating_add(Weight::from_parts(54_767, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(9))
	}

	fn refused_claim() -> Weight {
		Weight::from_parts(17_255_000, 3593).saturating_add(ParityDbWeight::get().reads(2))
	}

	fn check_step() -> Weight {
		Weight::from_parts(43_976_000, 8574).saturating_add(ParityDbWeight::get().reads(7))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(23_835_000, 1690)
			.saturating_add(ParityDbWeight::get().reads(7))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(1_342_000, 0).saturating_add(ParityDbWeight::get().writes(1))
	}

	fn pass_deadlines(t: u32) -> Weight {
		Weight::from_parts(12_665_254, 1690)
			.saturating_add(Weight::from_parts(3_085_729, 0).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2519).saturating_mul(t.into()))
	}

	fn pass_retained(t: u32) -> Weight {
		Weight::from_parts(10_608_561, 1489)
			.saturating_add(Weight::from_parts(3_037_336, 0).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2519).saturating_mul(t.into()))
	}

	fn serve_queues(m: u32) -> Weight {
		Weight::from_parts(473_837_494, 81726)
			.saturating_add(Weight::from_parts(5_406_951, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads(37))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(m.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2511).saturating_mul(m.into()))
	}

	fn serve_model() -> Weight {
		Weight::from_parts(18_768_000, 3582)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn look() -> Weight {
		Weight::from_parts(14_261_000, 4354).saturating_add(ParityDbWeight::get().reads(2))
	}

	fn void_check() -> Weight {
		Weight::from_parts(12_248_000, 8574).saturating_add(ParityDbWeight::get().reads(4))
	}

	fn end_queue() -> Weight {
		Weight::from_parts(11_887_000, 8493)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn assign() -> Weight {
		Weight::from_parts(22_854_000, 3563)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn settle_delayed(n: u32) -> Weight {
		Weight::from_parts(18_997_370, 3593)
			.saturating_add(Weight::from_parts(74_817_274, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(6_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2))
			.saturating_add(ParityDbWeight::get().writes(6_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3364).saturating_mul(n.into()))
	}

	fn forgive_delayed_slashes() -> Weight {
		Weight::from_parts(15_352_000, 1497)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
}
