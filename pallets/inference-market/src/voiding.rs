//! Workloads whose proofs governance has disabled (docs/PROTOCOL.md, row `Voided`): everything goes back,
//! and nobody is slashed.
//!
//! Disabling touches no workload: there may be any number of them. Each is voided when its deadline
//! passes, or before that by anyone through `expire`.

use super::*;
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Preservation},
		DefensiveOption, Get,
	},
};

impl<T: Config> Pallet<T> {
	/// Whether governance has disabled what the workload's proof needs.
	pub(crate) fn is_void(workload: &WorkloadOf<T>) -> bool {
		T::ProofVerifier::is_disabled(workload.statement.vk_hash)
	}

	/// Ends an open workload: the escrow, the queue-slot fee among it, goes back to the user, the
	/// proof stake to the operator's bond, and the node's capacity is free.
	pub(crate) fn void(id: WorkloadId, mut workload: WorkloadOf<T>) -> DispatchResult {
		match workload.state {
			WorkloadState::Queued => Self::dequeue(&workload),
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
				Inbox::<T>::remove(&assigned.worker, InboxKey::new(workload.deadline, id));
			},
			_ => return Err(Error::<T>::WrongState.into()),
		}
		Self::return_slot_fee(&mut workload);
		Self::end(id, workload, WorkloadState::Voided);
		Self::deposit_event(Event::WorkloadVoided { workload: id });
		Ok(())
	}

	/// Credits the user what the treasury was paid for the queue slot: from the treasury's credit, or
	/// else from its account, as far as there is enough.
	fn return_slot_fee(workload: &mut WorkloadOf<T>) {
		// Of an open workload the treasury has had nothing but the queue slot's fee.
		let fee = workload.settlement.treasury;
		if fee == 0 {
			return;
		}
		let treasury = T::Treasury::get();
		let from_credit = Credits::<T>::mutate_exists(&treasury, |stored| {
			let credit = stored.unwrap_or(0);
			let part = fee.min(credit);
			// Saturating: `part` is at most the credit.
			*stored = Some(credit.saturating_sub(part)).filter(|rest| *rest > 0);
			part
		});
		let rest = fee.saturating_sub(from_credit);
		let from_account = if rest > 0 {
			Self::take_from_account(&treasury, rest)
		} else {
			0
		};
		let returned = from_credit.saturating_add(from_account);
		Self::credit(&workload.submitter, returned);
		let account = &mut workload.settlement;
		// Saturating: at most the fee, which is in the one and comes into the other.
		account.treasury = account.treasury.saturating_sub(returned);
		account.refunded = account.refunded.saturating_add(returned);
	}

	/// Moves up to `amount` from an account to the pallet's. Returns what was moved.
	fn take_from_account(from: &AccountIdOf<T>, amount: Balance) -> Balance {
		let there = T::Currency::reducible_balance(from, Preservation::Preserve, Fortitude::Polite);
		T::Currency::transfer(
			from,
			&Self::account_id(),
			amount.min(there),
			Preservation::Preserve,
		)
		.unwrap_or(0)
	}
}
