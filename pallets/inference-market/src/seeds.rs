//! Randomness for the draw: VRF outputs of the K blocks before it, all of them after the workload
//! entered its queue.
//!
//! **Bias.** The author of the last of these blocks knows the others' outputs and its own, and can
//! withhold its block: one bit per slot in which it is the author, at the price of the block. K
//! bounds how early a draw can be foreseen, not this.

use super::*;
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::{hashing::tagged_hash, ProtocolParameters};
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
	/// Keeps the VRF output of block `n - 1`, if it had one.
	pub(crate) fn record_parent_vrf(n: BlockNumberFor<T>, output: Option<Hash>) {
		let number: BlockNumber = n.unique_saturated_into();
		if let (Some(parent), Some(output)) = (number.checked_sub(1), output) {
			VrfOutputs::<T>::insert(parent % ProtocolParameters::VRF_RING, (parent, output));
		}
	}

	/// Whether block `n` comes late enough to draw a workload that entered at `entered_at`: all of
	/// the outputs of the `seed_blocks` blocks that seed its draw are of later blocks.
	pub(crate) fn seed_is_known(entered_at: BlockNumber, seed_blocks: u32, n: BlockNumber) -> bool {
		n > entered_at.saturating_add(seed_blocks)
	}

	/// The VRF outputs of the blocks before block `n`, oldest first: of as many as a workload's K can
	/// be, or back to the latest one that had none. Each workload uses the latest K of them, with the
	/// K that was pinned for it; where there are fewer, it is not drawn in block `n`.
	pub(crate) fn latest_outputs(n: BlockNumber) -> alloc::vec::Vec<Hash> {
		let mut outputs: alloc::vec::Vec<Hash> = (1..=ProtocolParameters::MAX_SEED_BLOCKS)
			.map_while(|offset| {
				let block = n.checked_sub(offset)?;
				VrfOutputs::<T>::get(block % ProtocolParameters::VRF_RING)
					.and_then(|(kept, output)| (kept == block).then_some(output))
			})
			.collect();
		outputs.reverse();
		outputs
	}

	/// The seed of a workload's draw in a block: a hash of its identifier, the attempt, and the
	/// VRF outputs of the K blocks before. So one that found no node is drawn in the next block
	/// from other candidates, which nobody could know before.
	pub(crate) fn seed(id: WorkloadId, attempts: u8, outputs: &[Hash]) -> Hash {
		tagged_hash(b"inference-network/seed/v1", &(id, attempts, outputs))
	}
}
