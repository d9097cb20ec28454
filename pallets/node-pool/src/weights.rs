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
	/// `pause`
	fn pause() -> Weight;
	/// `resume`
	fn resume() -> Weight;
	/// `set_limits`
	fn set_limits() -> Weight;
	/// A new epoch, without its snapshots.
	fn start_epoch() -> Weight;
	/// The snapshot of a pool with `n` members, of whose records `c` changed and of whose pledges `l`
	/// fell.
	fn snapshot(n: u32, c: u32, l: u32) -> Weight;
	/// A draw that tries `c` candidates, without what it reserves.
	fn draw(c: u32) -> Weight;
	/// Reserving a node's capacity and its operator's stake.
	fn reserve() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_node() -> Weight {
		// A signature takes 60 µs of it.
		Weight::from_parts(140_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(24, 7))
	}

	fn set_capacity() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(22, 4))
	}

	fn join_model() -> Weight {
		Weight::from_parts(50_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(5, 2))
	}

	fn leave_model() -> Weight {
		Weight::from_parts(50_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 5))
	}

	fn deregister_node() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(23, 8))
	}

	fn set_worker() -> Weight {
		Weight::from_parts(110_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}

	fn pause() -> Weight {
		Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}

	fn resume() -> Weight {
		Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn set_limits() -> Weight {
		Weight::from_parts(40_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn start_epoch() -> Weight {
		Weight::from_parts(20_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}

	fn snapshot(n: u32, c: u32, l: u32) -> Weight {
		let (n, c, l) = (u64::from(n), u64::from(c), u64::from(l));
		let time = |us: u64, count: u64| {
			Weight::from_parts(us.saturating_mul(1_000_000), 0).saturating_mul(count)
		};
		// A member's node and ledger; for one whose pledge fell, its operator's other nodes, too.
		time(40, 1)
			.saturating_add(time(15, n))
			.saturating_add(time(10, c))
			.saturating_add(time(20, l))
			// The key, for what its verification adds to the price.
			.saturating_add(T::DbWeight::get().reads_writes(10, 3))
			.saturating_add(T::DbWeight::get().reads_writes(n.saturating_mul(2), c))
			.saturating_add(T::DbWeight::get().reads_writes(l.saturating_mul(18), l))
	}

	fn draw(c: u32) -> Weight {
		let c = u64::from(c);
		Weight::from_parts(40_000_000, 0)
			.saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(c))
			.saturating_add(T::DbWeight::get().reads(c.saturating_mul(2).saturating_add(3)))
	}

	fn reserve() -> Weight {
		// Node, ledger, and the operator's account and holds.
		Weight::from_parts(20_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 4))
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

	fn pause() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}

	fn resume() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}

	fn set_limits() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}

	fn start_epoch() -> Weight {
		Weight::from_parts(20_000_000, 0)
	}

	fn snapshot(_n: u32, _c: u32, _l: u32) -> Weight {
		Weight::from_parts(40_000_000, 0)
	}

	fn draw(c: u32) -> Weight {
		Weight::from_parts(40_000_000, 0)
			.saturating_add(Weight::from_parts(15_000_000, 0).saturating_mul(c.into()))
	}

	fn reserve() -> Weight {
		Weight::from_parts(20_000_000, 0)
	}
}
