//! Weights of the pallet's calls and hooks.
//!
//! Provisional: storage accesses are counted, computing time is estimated from above, until
//! frame-omni-bencher's output replaces this file.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls and hooks.
pub trait WeightInfo {
	/// `register_node`
	fn register_node() -> Weight;
	/// `set_capacity`
	fn set_capacity() -> Weight;
	/// `join_model`
	fn join_model() -> Weight;
	/// `leave_model`
	fn leave_model() -> Weight;
	/// `deregister_node`
	fn deregister_node() -> Weight;
	/// `set_worker`
	fn set_worker() -> Weight;
	/// A new epoch that takes up the changes of `n` nodes, each in `m` pools.
	fn start_epoch(n: u32, m: u32) -> Weight;
	/// A draw that samples `c` candidates.
	fn draw(c: u32) -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_node() -> Weight {
		// A signature takes 60 µs of it.
		Weight::from_parts(140_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(23, 6))
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(21, 3))
	}

	fn join_model() -> Weight {
		Weight::from_parts(50_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}

	fn leave_model() -> Weight {
		Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(22, 6))
	}

	fn set_worker() -> Weight {
		Weight::from_parts(110_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}

	fn start_epoch(n: u32, m: u32) -> Weight {
		let pools = u64::from(n).saturating_mul(u64::from(m));
		let nodes = u64::from(n).saturating_mul(18);
		Weight::from_parts(20_000_000, 0)
			.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(pools.max(1)))
			.saturating_add(T::DbWeight::get().reads_writes(pools.saturating_add(nodes), pools))
			.saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}

	fn draw(c: u32) -> Weight {
		let c = u64::from(c);
		Weight::from_parts(40_000_000, 0)
			.saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(c))
			.saturating_add(T::DbWeight::get().reads(c.saturating_mul(2).saturating_add(2)))
			.saturating_add(T::DbWeight::get().reads_writes(3, 4))
	}
}

impl WeightInfo for () {
	fn register_node() -> Weight {
		Weight::from_parts(140_000_000, 0)
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}

	fn join_model() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}

	fn leave_model() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}

	fn set_worker() -> Weight {
		Weight::from_parts(110_000_000, 0)
	}

	fn start_epoch(_n: u32, _m: u32) -> Weight {
		Weight::from_parts(20_000_000, 0)
	}

	fn draw(_c: u32) -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
}
