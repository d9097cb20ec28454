//! Declining (docs/PROTOCOL.md, row 8): the node that was drawn gives the work back early, for a fee.
//!
//! **What it is for.** A node whose prover cannot serve the model would miss the delivery: the user
//! would wait for nothing, and the operator lose s_u of the price.
//!
//! **Why it is no way around draws.** It is possible within the first half of the latency L0 that every
//! assignment gets, so it does not replace a miss that is foreseen at the last moment. It counts like a
//! miss towards the node's suspension, and like a miss it does not while the circuit breaker is tripped.
//! The node leaves the model's pool at once and comes back in the epoch after the next at the earliest,
//! while a miss leaves it where it is. So of the draws of two epochs it declines one and is given no
//! other. It does not count for the breaker, which would be cheap to trip by it.
//!
//! **Who pays.** The operator, F_d of the price. The user did all that was its move: its input was checked
//! when it ordered, and circuits are total (docs/PROTOCOL.md, principles 1 and 12). So the decline fee in
//! the order's escrow goes back to the user, and no node is paid for declining.

use super::*;
use crate::delivery::WorkStep;
use frame_support::dispatch::{DispatchResultWithPostInfo, Pays};

impl<T: Config> Pallet<T> {
	/// The last tick on which the node that has a workload may decline it.
	pub(crate) fn decline_by(
		workload: &WorkloadOf<T>,
		assigned: &Assigned<AccountIdOf<T>>,
	) -> Tick {
		assigned
			.assigned_at
			.after(Ticks(workload.terms.base_latency.0 / 2))
	}

	pub(crate) fn do_decline(who: AccountIdOf<T>, id: WorkloadId) -> DispatchResultWithPostInfo {
		let refused = Self::refused(0, T::WeightInfo::decline());
		let (mut workload, assigned) = Self::workload_for(&who, id, WorkStep::Decline, refused)?;
		let (fee, to_user) = workload
			.terms
			.decline(assigned.price, workload.failed_operators.is_empty())
			.ok_or(Error::<T>::Overflow)?;
		workload.assigned = None;
		workload.failed_node = Some(assigned.node);
		Deadlines::<T>::remove(workload.deadline, id);
		Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
		T::NodePool::decline(
			assigned.node,
			workload.statement.model,
			workload.terms.compute_units,
			Self::is_breaker_tripped(),
		);
		T::Stakes::unlock(&assigned.operator, assigned.proof_stake)?;
		let paid = T::Stakes::slash_bond(&assigned.operator, fee, &Self::account_id());
		let compensation = Self::share_slash(&mut workload, paid, to_user);
		Self::deposit_event(Event::WorkloadDeclined {
			workload: id,
			node: assigned.node,
			fee: paid,
			compensation,
		});
		Self::draw_again(id, workload, assigned.operator);
		Ok(Pays::No.into())
	}
}
