//! What the runtime API shows of workloads.

use super::*;
use alloc::{collections::BTreeMap, vec::Vec};
use inference_primitives::{
	market::{InboxItem, WorkloadView, MAX_INBOX_ITEMS},
	VkHash,
};

/// Most entries of an inbox looked at for them: those under disabled keys are passed over, and stay until
/// their deadlines.
const MAX_INBOX_LOOKS: usize = 8_192;

impl<T: Config> Pallet<T> {
	/// A workload.
	pub fn view(id: WorkloadId) -> Option<WorkloadView<AccountIdOf<T>>> {
		let workload = Workloads::<T>::get(id)?;
		let open = !workload.state.is_terminal();
		let assigned = workload.assigned.as_ref();
		Some(WorkloadView {
			id,
			submitter: workload.submitter,
			statement: workload.statement,
			mode: workload.mode,
			state: workload.state,
			input: Inputs::<T>::get(id).unwrap_or_default().into_inner(),
			output: Outputs::<T>::get(id).map(|output| output.into_inner()),
			price: assigned.map_or(0, |assigned| assigned.price),
			node: assigned.map(|assigned| assigned.node),
			attempts: workload.attempts,
			deadline: open.then_some(workload.deadline),
			submitted_at: workload.submitted_at,
			delivered_at: workload.delivered_at,
			ended_at: workload.ended_at,
			settlement: workload.settlement,
		})
	}

	/// What a worker's node can still do of what it owes, earliest deadline first, after the item of this deadline
	/// and workload: what is overdue, or under a disabled key, is not shown, and takes nobody's place. At most
	/// [`MAX_INBOX_ITEMS`].
	pub fn inbox(worker: &AccountIdOf<T>, after: Option<(Tick, WorkloadId)>) -> Vec<InboxItem> {
		let Some(node) = T::NodePool::node_of(worker) else {
			return Vec::new();
		};
		// The last key that an overdue entry can have.
		let overdue = Tick(T::Network::now().0.saturating_sub(1));
		let start = (overdue, WorkloadId([u8::MAX; 32]));
		let (deadline, workload) = after.map_or(start, |after| after.max(start));
		let start = Inbox::<T>::hashed_key_for(node, InboxKey::new(deadline, workload));
		let mut disabled = BTreeMap::new();
		Inbox::<T>::iter_key_prefix_from(node, start)
			.take(MAX_INBOX_LOOKS)
			.filter_map(|key| Self::inbox_item(key.workload, &mut disabled))
			.take(MAX_INBOX_ITEMS)
			.collect()
	}

	/// What a worker must do about a workload: nothing if that is void. Keeps in `disabled` which keys
	/// are.
	fn inbox_item(id: WorkloadId, disabled: &mut BTreeMap<VkHash, bool>) -> Option<InboxItem> {
		let workload = Workloads::<T>::get(id)?;
		let is_void = disabled
			.entry(workload.statement.vk_hash)
			.or_insert_with(|| Self::is_void(&workload));
		if *is_void {
			return None;
		}
		let prove_by = match (workload.state, workload.mode) {
			(WorkloadState::Assigned, Mode::Deferred) => {
				workload.deadline.after(workload.terms.proof_deadline)
			},
			_ => workload.deadline,
		};
		let assigned = workload.assigned.as_ref()?;
		let decline_by = (workload.state == WorkloadState::Assigned)
			.then(|| Self::decline_by(&workload, assigned));
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
			at_stake: assigned.proof_stake,
			value_at_risk: workload.terms.value_at_risk,
		})
	}
}
