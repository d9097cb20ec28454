//! What the runtime API shows of workloads.

use super::*;
use alloc::vec::Vec;
use inference_primitives::market::{InboxItem, WorkloadView};

/// Most items of an inbox shown at a time; a worker sees the rest once these are done.
const MAX_INBOX_ITEMS: usize = 256;

impl<T: Config> Pallet<T> {
	/// A workload.
	pub fn view(id: WorkloadId) -> Option<WorkloadView<AccountIdOf<T>>> {
		let workload = Workloads::<T>::get(id)?;
		let open = !workload.state.is_terminal();
		Some(WorkloadView {
			id,
			submitter: workload.submitter,
			statement: workload.statement,
			mode: workload.mode,
			state: workload.state,
			input: Inputs::<T>::get(id).unwrap_or_default().into_inner(),
			output: Outputs::<T>::get(id).map(|output| output.into_inner()),
			price: workload.price.unwrap_or(0),
			node: workload.assigned.map(|assigned| assigned.node),
			attempts: workload.attempts,
			deadline: open.then_some(workload.deadline),
			submitted_at: workload.submitted_at,
			delivered_at: workload.delivered_at,
			ended_at: workload.ended_at,
			settlement: workload.settlement,
		})
	}

	/// What a worker's node owes, earliest deadline first. Reads no more than it shows.
	pub fn inbox(worker: &AccountIdOf<T>) -> Vec<InboxItem> {
		let Some(node) = T::NodePool::node_of(worker) else {
			return Vec::new();
		};
		Inbox::<T>::iter_key_prefix(node)
			.take(MAX_INBOX_ITEMS)
			.filter_map(|key| Self::inbox_item(key.workload))
			.collect()
	}

	/// What a worker must do about a workload: nothing if that is void.
	fn inbox_item(id: WorkloadId) -> Option<InboxItem> {
		let workload = Workloads::<T>::get(id).filter(|workload| !Self::is_void(workload))?;
		let prove_by = match (workload.state, workload.mode) {
			(WorkloadState::Assigned, Mode::Deferred) => {
				workload.deadline.after(workload.terms.proof_deadline)
			},
			_ => workload.deadline,
		};
		let decline_by = match (&workload.assigned, workload.state) {
			(Some(assigned), WorkloadState::Assigned) => {
				Some(Self::decline_by(&workload, assigned))
			},
			_ => None,
		};
		Some(InboxItem {
			statement: workload.statement,
			mode: workload.mode,
			state: workload.state,
			input: Inputs::<T>::get(id)?.into_inner(),
			output: Outputs::<T>::get(id).map(|output| output.into_inner()),
			deadline: workload.deadline,
			decline_by,
			prove_by,
			compute_units: workload.terms.compute_units,
			at_stake: workload.assigned.map_or(0, |assigned| assigned.proof_stake),
		})
	}
}
