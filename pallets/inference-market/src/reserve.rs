//! Whether a block's reserved weight ran out. Then the service clock stands in the next block, so
//! that nobody is punished for what no block had room for (docs/PROTOCOL.md, principle 3).
//!
//! **What is measured.** At the end of a block: would one more of the heaviest proofs have fitted,
//! by the rule by which `CheckWeight` admits operational transactions? The weights are those really
//! used, since unused weight goes back after each transaction. What waits in pools cannot be seen,
//! so a block that was full of work of which none was left counts, too: the clock errs by standing.
//!
//! **Who can make it stand.** Normal and mandatory weight alone never do: the reserve is left. It
//! takes more operational weight than the reserve less one proof *and* a block that is full but for
//! one proof, or as much operational weight as a block may have, which the runtime bounds to three quarters.
//! Only assigned workers and governance send operational transactions, so it takes
//! workloads that were drawn to nodes of one's own:
//! - with their valid proofs, which cost no fee: as many as fill that, so six or more of the
//!   heaviest key. While the clock stands nothing is drawn, so each held block uses up work that
//!   running blocks gave: at 700 draws a block the clock can be slowed to 6 ticks in 706 blocks by who
//!   takes all draws, and a hoard is bounded by the pledge, capacity × P_B. Each such workload costs its
//!   queue-slot fee, the fee of its verification and the treasury's share of its price, 0.14 INF a held
//!   block;
//! - with false proofs: the fee of all that weight, for each block;
//! - with normal weight for the rest of the block: its fee, which grows while blocks are full.
//!
//! False proofs leave their workloads as they are, so who pays for them can go on. And an author that is a worker
//! puts its own steps that were overtaken into its blocks for nothing; by making no blocks it slows the clock as much.
//! What a stop costs others is time: deadlines move, no stake does, and a quarter of each block is left to them.
//!
//! Weight is all that is counted: what authors leave out because a block has enough bytes is not seen.

use super::*;
use frame_support::{dispatch::DispatchClass, traits::Get, weights::Weight};
use inference_primitives::traits::HoldsClock;

impl<T: Config> Pallet<T> {
	/// Whether one more of the heaviest proofs would fit into this block. `CheckWeight`'s rule: the
	/// class has a greatest total; and the block has one, unless the class stays within its reserve.
	pub fn has_room_for_a_proof() -> bool {
		let limits = T::BlockWeights::get();
		let class = limits.get(DispatchClass::Operational);
		let mut consumed = frame_system::Pallet::<T>::block_weight();
		consumed.accrue(T::HeaviestProof::get(), DispatchClass::Operational);
		let operational = *consumed.get(DispatchClass::Operational);
		let within = |limit: Option<Weight>| limit.is_none_or(|most| operational.all_lte(most));
		within(class.max_total)
			&& (consumed.total().all_lte(limits.max_block) || within(class.reserved))
	}

	/// Stores whether the reserve of the block that ends ran out.
	pub(crate) fn note_reserve() {
		if Self::has_room_for_a_proof() {
			ReserveExhausted::<T>::kill();
		} else {
			ReserveExhausted::<T>::put(true);
		}
	}
}

impl<T: Config> HoldsClock for Pallet<T> {
	fn holds_clock() -> bool {
		ReserveExhausted::<T>::get()
	}

	fn weight() -> Weight {
		T::DbWeight::get().reads(1)
	}
}
