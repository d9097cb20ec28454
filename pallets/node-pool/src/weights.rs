//! Weights, counted and estimated until `scripts/benchmark-weights` overwrites this file.

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
	/// Benchmark `snapshot`.
	fn snapshot(u: u32, c: u32, l: u32) -> Weight;
	/// Benchmark `draw`.
	fn draw(c: u32) -> Weight;
	/// Benchmark `reserve`.
	fn reserve() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_node() -> Weight {
		Weight::from_parts(140000000, 0)
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(7))
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(4))
	}

	fn join_model() -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn leave_model() -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(23))
			.saturating_add(T::DbWeight::get().writes(8))
	}

	fn set_worker() -> Weight {
		Weight::from_parts(110000000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(5))
	}

	fn pause() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}

	fn resume() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn set_limits() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(10000000, 0).saturating_add(T::DbWeight::get().reads(3))
	}

	fn start_epoch() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}

	fn snapshot(u: u32, c: u32, l: u32) -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(Weight::from_parts(15000000, 0).saturating_mul(u.into()))
			.saturating_add(Weight::from_parts(25000000, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(45000000, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(u.into())))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().reads(20_u64.saturating_mul(l.into())))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64.saturating_mul(l.into())))
	}

	fn draw(c: u32) -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(Weight::from_parts(15000000, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(c.into())))
	}

	fn reserve() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
}

/// Weights with ParityDB's costs, for tests.
impl WeightInfo for () {
	fn register_node() -> Weight {
		Weight::from_parts(140000000, 0)
			.saturating_add(ParityDbWeight::get().reads(24))
			.saturating_add(ParityDbWeight::get().writes(7))
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(4))
	}

	fn join_model() -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn leave_model() -> Weight {
		Weight::from_parts(50000000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(ParityDbWeight::get().reads(23))
			.saturating_add(ParityDbWeight::get().writes(8))
	}

	fn set_worker() -> Weight {
		Weight::from_parts(110000000, 0)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(5))
	}

	fn pause() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}

	fn resume() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn set_limits() -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}

	fn on_initialize() -> Weight {
		Weight::from_parts(10000000, 0).saturating_add(ParityDbWeight::get().reads(3))
	}

	fn start_epoch() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(3))
	}

	fn snapshot(u: u32, c: u32, l: u32) -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(Weight::from_parts(15000000, 0).saturating_mul(u.into()))
			.saturating_add(Weight::from_parts(25000000, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(45000000, 0).saturating_mul(l.into()))
			.saturating_add(ParityDbWeight::get().reads(10))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(u.into())))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(c.into())))
			.saturating_add(ParityDbWeight::get().reads(20_u64.saturating_mul(l.into())))
			.saturating_add(ParityDbWeight::get().writes(3))
			.saturating_add(ParityDbWeight::get().writes(1_u64.saturating_mul(c.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64.saturating_mul(l.into())))
	}

	fn draw(c: u32) -> Weight {
		Weight::from_parts(40000000, 0)
			.saturating_add(Weight::from_parts(15000000, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(c.into())))
	}

	fn reserve() -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(4))
	}
}
