//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet, measured.
pub trait WeightInfo {
	/// Benchmark `submit_workload`.
	fn submit_workload(n: u32) -> Weight;
	/// Benchmark `cancel`.
	fn cancel() -> Weight;
	/// Benchmark `deliver`.
	fn deliver(n: u32) -> Weight;
	/// Benchmark `prove`.
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
	/// Benchmark `refused`.
	fn refused(n: u32) -> Weight;
	/// Benchmark `refused_claim`.
	fn refused_claim() -> Weight;
	/// Benchmark `check_step`.
	fn check_step() -> Weight;
	/// Benchmark `on_initialize`.
	fn on_initialize() -> Weight;
	/// Benchmark `on_finalize`.
	fn on_finalize() -> Weight;
	/// Benchmark `pass_deadlines`.
	fn pass_deadlines(t: u32) -> Weight;
	/// Benchmark `serve_queues`.
	fn serve_queues(m: u32) -> Weight;
	/// Benchmark `serve_model`.
	fn serve_model() -> Weight;
	/// Benchmark `look`.
	fn look() -> Weight;
	/// Benchmark `assign`.
	fn assign() -> Weight;
	/// Benchmark `settle_delayed`.
	fn settle_delayed(n: u32) -> Weight;
	/// Benchmark `forgive_delayed_slashes`.
	fn forgive_delayed_slashes() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn submit_workload(n: u32) -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(28))
			.saturating_add(T::DbWeight::get().writes(15))
	}

	fn cancel() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(11))
	}

	fn deliver(n: u32) -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(8))
	}

	fn prove(n: u32) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(23))
			.saturating_add(T::DbWeight::get().writes(18))
	}

	fn relay_proof() -> Weight {
		Weight::from_parts(340000000, 0)
			.saturating_add(T::DbWeight::get().reads(23))
			.saturating_add(T::DbWeight::get().writes(18))
	}

	fn expire() -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(T::DbWeight::get().reads(37))
			.saturating_add(T::DbWeight::get().writes(31))
	}

	fn decline() -> Weight {
		Weight::from_parts(400000000, 0)
			.saturating_add(T::DbWeight::get().reads(43))
			.saturating_add(T::DbWeight::get().writes(37))
	}

	fn claim() -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	fn prune() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(7))
	}

	fn refused(n: u32) -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(13))
	}

	fn refused_claim() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(T::DbWeight::get().reads(3))
	}

	fn check_step() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(T::DbWeight::get().reads(10))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(5000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn pass_deadlines(t: u32) -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(Weight::from_parts(5000000, 0).saturating_mul(t.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn serve_queues(m: u32) -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(Weight::from_parts(1000000, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(36))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(m.into())))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn serve_model() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn look() -> Weight {
		Weight::from_parts(15000000, 0).saturating_add(T::DbWeight::get().reads(6))
	}

	fn assign() -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(9))
	}

	fn settle_delayed(n: u32) -> Weight {
		Weight::from_parts(5000000, 0)
			.saturating_add(Weight::from_parts(150000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(10_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(T::DbWeight::get().writes(10_u64.saturating_mul(n.into())))
	}

	fn forgive_delayed_slashes() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn submit_workload(n: u32) -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(28))
			.saturating_add(ParityDbWeight::get().writes(15))
	}

	fn cancel() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(ParityDbWeight::get().reads(11))
			.saturating_add(ParityDbWeight::get().writes(11))
	}

	fn deliver(n: u32) -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(12))
			.saturating_add(ParityDbWeight::get().writes(8))
	}

	fn prove(n: u32) -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(23))
			.saturating_add(ParityDbWeight::get().writes(18))
	}

	fn relay_proof() -> Weight {
		Weight::from_parts(340000000, 0)
			.saturating_add(ParityDbWeight::get().reads(23))
			.saturating_add(ParityDbWeight::get().writes(18))
	}

	fn expire() -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(ParityDbWeight::get().reads(37))
			.saturating_add(ParityDbWeight::get().writes(31))
	}

	fn decline() -> Weight {
		Weight::from_parts(400000000, 0)
			.saturating_add(ParityDbWeight::get().reads(43))
			.saturating_add(ParityDbWeight::get().writes(37))
	}

	fn claim() -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn prune() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(7))
	}

	fn refused(n: u32) -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(Weight::from_parts(20000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(13))
	}

	fn refused_claim() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(ParityDbWeight::get().reads(3))
	}

	fn check_step() -> Weight {
		Weight::from_parts(20000000, 0).saturating_add(ParityDbWeight::get().reads(10))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn on_finalize() -> Weight {
		Weight::from_parts(5000000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn pass_deadlines(t: u32) -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(Weight::from_parts(5000000, 0).saturating_mul(t.into()))
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(t.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn serve_queues(m: u32) -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(Weight::from_parts(1000000, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads(36))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(m.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn serve_model() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn look() -> Weight {
		Weight::from_parts(15000000, 0).saturating_add(ParityDbWeight::get().reads(6))
	}

	fn assign() -> Weight {
		Weight::from_parts(100000000, 0)
			.saturating_add(ParityDbWeight::get().reads(12))
			.saturating_add(ParityDbWeight::get().writes(9))
	}

	fn settle_delayed(n: u32) -> Weight {
		Weight::from_parts(5000000, 0)
			.saturating_add(Weight::from_parts(150000000, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().reads(10_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(1))
			.saturating_add(ParityDbWeight::get().writes(10_u64.saturating_mul(n.into())))
	}

	fn forgive_delayed_slashes() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
}
