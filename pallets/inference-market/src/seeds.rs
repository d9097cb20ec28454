//! Randomness for the draw: VRF outputs of the K blocks after a workload entered its queue.

use super::*;
use frame_support::{traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::{hashing::tagged_hash, ProtocolParameters};
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
	/// Keeps the VRF output of block `n - 1`.
	pub(crate) fn record_parent_vrf(n: BlockNumberFor<T>) -> Weight {
		let number: BlockNumber = n.unique_saturated_into();
		if let (Some(parent), Some(output)) = (number.checked_sub(1), T::ParentVrf::parent_vrf()) {
			VrfOutputs::<T>::insert(parent % ProtocolParameters::VRF_RING, (parent, output));
		}
		T::DbWeight::get().reads_writes(1, 1)
	}

	/// Whether block `n` comes late enough to draw a workload that entered at `entered_at`.
	pub(crate) fn seed_is_known(entered_at: BlockNumber, n: BlockNumber) -> bool {
		n > entered_at.saturating_add(T::Network::parameters().seed_blocks)
	}

	/// The seed of a workload's draw: a hash of its identifier, the attempt, and the VRF outputs
	/// of the K blocks after `entered_at`. `None` if one of them is no longer, or was never, kept;
	/// then the workload must wait for new blocks.
	pub(crate) fn seed(id: WorkloadId, attempts: u8, entered_at: BlockNumber) -> Option<Hash> {
		let outputs = (1..=T::Network::parameters().seed_blocks)
			.map(|offset| {
				let block = entered_at.checked_add(offset)?;
				VrfOutputs::<T>::get(block % ProtocolParameters::VRF_RING)
					.and_then(|(kept, output)| (kept == block).then_some(output))
			})
			.collect::<Option<alloc::vec::Vec<Hash>>>()?;
		Some(tagged_hash(
			b"inference-network/seed/v1",
			&(id, attempts, outputs),
		))
	}
}
