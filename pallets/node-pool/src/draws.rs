//! What the draws of one block share.
//!
//! A block draws hundreds of workloads, many of the same model and to the same nodes. What they all need is
//! read once: parameters, clock and epoch at the beginning, and a pool when the first workload of its model
//! comes. Nodes and ledgers stay in storage between draws, so that each draw sees what the one before has
//! reserved; a record that several draws of a block write costs its place in the database once.

use super::*;
use alloc::collections::BTreeSet;
use frame_support::{weights::Weight, BoundedVec};
use inference_primitives::{ProtocolParameters, Tick};

/// What every draw of a block reads.
pub struct Shared {
	/// The parameters in force.
	pub parameters: ProtocolParameters,
	/// The present epoch.
	pub epoch: u32,
	/// The service clock.
	pub now: Tick,
}

/// The draws of one block.
pub struct Draws<T: Config> {
	pub(crate) shared: Shared,
	/// The pool that was drawn from last.
	pool: Option<(ModelRef, BoundedVec<PoolMember, T::MaxPoolNodes>)>,
	/// The nodes that something was reserved of: as many as draws at most, and so bounded by their weight.
	reserved: BTreeSet<NodeId>,
}

impl<T: Config> Draws<T> {
	/// Before the first one.
	pub(crate) fn begin() -> Self {
		Self {
			shared: Shared {
				parameters: T::Network::parameters(),
				epoch: Epoch::<T>::get(),
				now: T::Network::now(),
			},
			pool: None,
			reserved: BTreeSet::new(),
		}
	}

	/// Reads a model's pool, unless it is the one that was drawn from last. Returns what that weighs.
	pub(crate) fn open(&mut self, model: ModelRef) -> Weight {
		if self.pool.as_ref().is_some_and(|(open, _)| *open == model) {
			return Weight::zero();
		}
		self.pool = Some((model, Pools::<T>::get(model)));
		T::WeightInfo::open_pool()
	}

	/// The pool that was opened last.
	pub(crate) fn members(&self) -> &[PoolMember] {
		self.pool.as_ref().map_or(&[], |(_, members)| members)
	}

	/// Notes that a node has new work. Returns what writing its record and its operator's ledger weighs:
	/// what another draw of the block wrote costs the database nothing more.
	pub(crate) fn note_reserved(&mut self, node: NodeId) -> Weight {
		if self.reserved.insert(node) {
			T::WeightInfo::reserve()
		} else {
			T::WeightInfo::reserve_again()
		}
	}
}
