//! Workloads whose proofs governance has disabled (docs/PROTOCOL.md, row `Voided`): everything goes back,
//! and nobody is slashed.
//!
//! Disabling touches no workload: there may be any number of them. Each is voided when its deadline
//! passes, or before that by anyone through `expire`.

use super::*;
use frame_support::{pallet_prelude::DispatchResult, traits::DefensiveOption};

impl<T: Config> Pallet<T> {
	/// Whether governance has disabled what the workload's proof needs.
	pub(crate) fn is_void(workload: &WorkloadOf<T>) -> bool {
		T::ProofVerifier::is_disabled(workload.statement.vk_hash)
	}

	/// Ends an open workload: the escrow, the queue-slot fee among it, goes back to the user, the
	/// proof stake to the operator's bond, and the node's capacity is free.
	pub(crate) fn void(id: WorkloadId, workload: WorkloadOf<T>) -> DispatchResult {
		match workload.state {
			WorkloadState::Queued => {
				Self::dequeue(&workload);
			},
			WorkloadState::Assigned | WorkloadState::Unproven => {
				let assigned = workload
					.assigned
					.clone()
					.defensive_ok_or(Error::<T>::WrongState)?;
				T::Stakes::unlock(&assigned.operator, assigned.proof_stake)?;
				let compute_units = workload.terms.compute_units;
				if workload.state == WorkloadState::Assigned {
					T::NodePool::release(assigned.node, compute_units);
				} else {
					T::NodePool::settle(assigned.node, compute_units);
				}
				Deadlines::<T>::remove(workload.deadline, id);
				Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
			},
			_ => return Err(Error::<T>::WrongState.into()),
		}
		Self::end(id, workload, WorkloadState::Voided);
		Self::deposit_event(Event::WorkloadVoided { workload: id });
		Ok(())
	}
}
