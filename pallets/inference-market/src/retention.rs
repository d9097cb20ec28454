//! Retention: an ended workload is kept for a while, then removed, by whoever asks or by the chain itself in the weight
//! that a block leaves idle. The storage deposit goes back whole, so nobody but its user gains by asking.

use super::*;
use crate::deadlines::{walk, MAX_CURSOR_STEPS};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	storage::with_storage_layer,
	traits::{fungible::hold::Mutate, tokens::Precision, Defensive, Get},
	weights::Weight,
};

/// Workloads that a block removes by itself at most: more than it can draw, for blocks that had no room.
pub(crate) const MAX_PRUNED_PER_BLOCK: u32 = 1_000;

impl<T: Config> Pallet<T> {
	/// Releases what is left of the escrow and makes the workload terminal. The caller drops its deadline.
	pub(crate) fn end(id: WorkloadId, mut workload: WorkloadOf<T>, state: WorkloadState) {
		let rest = workload.held;
		Self::refund(&mut workload, rest);
		workload.state = state;
		workload.ended_at = Some(Self::block_number());
		workload.deadline = T::Network::now().after(workload.terms.retention);
		Retained::<T>::insert(workload.deadline, id, ());
		T::Models::end_workload(workload.statement.model, state == WorkloadState::Settled);
		Workloads::<T>::insert(id, workload);
	}

	pub(crate) fn do_prune(id: WorkloadId) -> DispatchResult {
		let workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		ensure!(workload.state.is_terminal(), Error::<T>::WrongState);
		ensure!(
			T::Network::now() > workload.deadline,
			Error::<T>::StillRetained
		);
		T::Currency::release(
			&HoldReason::StorageDeposit.into(),
			&workload.submitter,
			workload.deposit,
			Precision::Exact,
		)?;
		Retained::<T>::remove(workload.deadline, id);
		Workloads::<T>::remove(id);
		Inputs::<T>::remove(id);
		Outputs::<T>::remove(id);
		Self::deposit_event(Event::WorkloadPruned { workload: id });
		Ok(())
	}

	/// Removes workloads whose retention has passed, oldest first, as many as fit what a block leaves. Returns what it took.
	///
	/// Room for one more proof stays, and for what other pallets do with what is left after it ([`Config::IdleReserve`]): a
	/// block that had it has it still, and the service clock goes on ([`crate::reserve`]).
	pub(crate) fn prune_within(limit: Weight) -> Weight {
		// The entry is found, too.
		let one = T::WeightInfo::prune().saturating_add(T::DbWeight::get().reads(1));
		let around =
			T::WeightInfo::pass_retained(MAX_CURSOR_STEPS).saturating_add(T::IdleReserve::get());
		let fit = limit
			.checked_sub(&around)
			.and_then(|left| left.checked_div_per_component(&one))
			.unwrap_or(0);
		let budget = fit.min(MAX_PRUNED_PER_BLOCK.into()) as usize;
		if budget == 0 {
			return Weight::zero();
		}
		let mut cursor = RetainedCursor::<T>::get();
		let walked = walk(
			&mut cursor,
			T::Network::now(),
			budget,
			Retained::<T>::iter_key_prefix,
			|tick, id| {
				// A hook is no transaction by itself: an error must leave nothing half done.
				let pruned = with_storage_layer(|| Self::do_prune(id))
					.defensive_proof("what is indexed has ended, and its deposit is held; qed");
				// It must not be in the way of others for ever; `prune` can still remove it.
				if pruned.is_err() {
					Retained::<T>::remove(tick, id);
				}
			},
		);
		RetainedCursor::<T>::put(cursor);
		T::WeightInfo::pass_retained(walked.ticks)
			.saturating_add(one.saturating_mul(walked.handled))
	}
}
