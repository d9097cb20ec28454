//! The pallet's invariants, checked by `try_state` and after every test.

#![cfg(any(feature = "std", feature = "try-runtime"))]

use super::*;
use alloc::collections::BTreeMap;
use frame_support::{
	ensure,
	traits::fungible::{hold::Inspect as _, Inspect as _},
};
use inference_primitives::{traits::NodeLoad, PriceMultiplier};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that
	/// - a terminal workload's account balances and nothing is held for it
	///   (docs/DESIGN.md, rule 1);
	/// - a settled workload paid its verification fee to the treasury, and its operator no more than the
	///   floor price times what the node asks, and the risk fee;
	/// - a node's price is what it asks at the base price of the workload's first draw, and no price is above
	///   the user's maximum;
	/// - an open workload holds its whole escrow, and its account plus that balances;
	/// - the escrow on hold in each account is the sum of what its workloads still hold, and so
	///   with storage deposits;
	/// - the pallet's account holds at least all credits;
	/// - each open workload has its deadline indexed, and is in a queue or an inbox as its state
	///   says, an ended one the end of its retention; and no index has anything else;
	/// - each node owes exactly what its open workloads reserve: assigned ones as outstanding,
	///   delivered ones as to be proven (docs/DESIGN.md, rule 2);
	/// - each queue is a list whose links agree, of as many workloads as it says;
	/// - the slashes that the circuit breaker delayed are those counted, no more than may wait.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut holds: BTreeMap<AccountIdOf<T>, (Balance, Balance)> = BTreeMap::new();
		let mut loads: BTreeMap<NodeId, NodeLoad> = BTreeMap::new();
		let (mut open, mut ended, mut queued, mut owed) = (0usize, 0usize, 0usize, 0usize);
		for (id, workload) in Workloads::<T>::iter() {
			let mut account = workload.settlement;
			account.refunded = account.refunded.saturating_add(workload.held);
			ensure!(
				account.is_balanced(),
				"a workload's account does not balance"
			);
			let hold = holds.entry(workload.submitter.clone()).or_default();
			hold.0 = hold.0.saturating_add(workload.held);
			hold.1 = hold.1.saturating_add(workload.deposit);
			if workload.state == WorkloadState::Settled {
				ensure!(
					account.treasury >= workload.terms.verification_fee,
					"a settled workload did not pay its verification"
				);
				let assigned = workload
					.assigned
					.as_ref()
					.ok_or("a settled workload has no node")?;
				ensure!(
					Self::most_due(&workload.terms, assigned.multiplier)
						.is_some_and(|most| account.worker <= most),
					"an operator was paid more than its node asks"
				);
			}
			if let Some(assigned) = &workload.assigned {
				ensure!(
					assigned.price <= workload.terms.max_price,
					"a price is above the user's maximum"
				);
				ensure!(
					Self::price_on(&workload, assigned.multiplier) == Some(assigned.price),
					"a price is not what the node asks"
				);
			}
			if workload.state.is_terminal() {
				ensure!(workload.held == 0, "a terminal workload still holds escrow");
				ensure!(
					Retained::<T>::contains_key(workload.deadline, id),
					"an ended workload would never be removed"
				);
				ended = ended.saturating_add(1);
				continue;
			}
			open = open.saturating_add(1);
			ensure!(
				workload.terms.escrow() == Some(workload.held),
				"an open workload does not hold its escrow"
			);
			ensure!(
				Deadlines::<T>::contains_key(workload.deadline, id),
				"an open workload has no deadline"
			);
			if workload.state == WorkloadState::Queued {
				queued = queued.saturating_add(1);
			} else {
				owed = owed.saturating_add(1);
				let assigned = workload
					.assigned
					.ok_or("an assigned workload has no node")?;
				ensure!(
					Inbox::<T>::contains_key(assigned.node, InboxKey::new(workload.deadline, id)),
					"an assigned workload is in no inbox"
				);
				let load = loads.entry(assigned.node).or_default();
				let bucket = if workload.state == WorkloadState::Assigned {
					&mut load.outstanding
				} else {
					&mut load.proving
				};
				bucket.0 = bucket.0.saturating_add(workload.terms.compute_units.0);
			}
		}
		ensure!(
			Deadlines::<T>::iter().count() == open,
			"a deadline belongs to no open workload"
		);
		ensure!(
			Retained::<T>::iter().count() == ended,
			"a retention belongs to no ended workload"
		);
		ensure!(
			Self::count_queued()? == queued,
			"a queued workload is in no queue"
		);
		ensure!(
			QueueLinks::<T>::iter().count() == queued,
			"a link belongs to no queued workload"
		);
		ensure!(
			Inbox::<T>::iter().count() == owed,
			"an inbox has a stale entry"
		);
		for (node, load) in loads {
			ensure!(
				T::NodePool::load(node) == Some(load),
				"a node owes something else than its workloads reserve"
			);
		}
		for (account, (escrow, deposit)) in holds {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Escrow.into(), &account) == escrow,
				"an account's escrow on hold is not the sum of its workloads'"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::StorageDeposit.into(), &account)
					== deposit,
				"an account's deposits on hold are not the sum of its workloads'"
			);
		}
		let credits =
			Credits::<T>::iter_values().fold(0, |sum: Balance, credit| sum.saturating_add(credit));
		ensure!(
			T::Currency::total_balance(&Self::account_id()) >= credits,
			"the pallet's account does not cover the credits"
		);
		Self::check_delayed()
	}

	/// A drawn workload's price on a node that asks this, planck. `None` on overflow.
	fn price_on(workload: &WorkloadOf<T>, multiplier: PriceMultiplier) -> Option<Balance> {
		let terms = &workload.terms;
		let work = Balance::from(terms.compute_units.0).checked_mul(workload.base_price?)?;
		multiplier.charge(work)?.checked_add(terms.on_top()?)
	}

	/// What an operator is due at most for a workload, planck. `None` on overflow.
	fn most_due(terms: &Terms, multiplier: PriceMultiplier) -> Option<Balance> {
		let floor = Balance::from(terms.compute_units.0).checked_mul(terms.price_floor)?;
		multiplier.earn(floor)?.checked_add(terms.risk_fee)
	}

	/// Walks the ring of models that have a queue: it has each of them once.
	fn check_turns() -> Result<(), TryRuntimeError> {
		let models = u32::try_from(Turns::<T>::iter_keys().count()).unwrap_or(u32::MAX);
		let Some(served) = ServedModels::<T>::get() else {
			ensure!(models == 0, "a model has a turn outside of any ring");
			return Ok(());
		};
		ensure!(
			served.models == models && models > 0,
			"the ring of models miscounts them"
		);
		let mut model = served.next;
		for walked in 1..=models {
			ensure!(
				Queues::<T>::contains_key(model),
				"a model without a queue has a turn"
			);
			let turn = Turns::<T>::get(model).ok_or("a turn is missing")?;
			let back = Turns::<T>::get(turn.after).map(|other| other.before);
			ensure!(back == Some(model), "the ring's links disagree");
			model = turn.after;
			ensure!(
				(model == served.next) == (walked == models),
				"the ring closes elsewhere than at its beginning"
			);
		}
		Ok(())
	}

	/// Walks all queues, checks their links and counts their workloads.
	fn count_queued() -> Result<usize, TryRuntimeError> {
		Self::check_turns()?;
		let mut count = 0usize;
		for (model, queue) in Queues::<T>::iter() {
			ensure!(Turns::<T>::contains_key(model), "a queue is not served");
			let (mut before, mut next, mut length) = (None, queue.first, 0u32);
			let mut resume_found = queue.resume.is_none();
			while let Some(id) = next {
				let link = QueueLinks::<T>::get(id).ok_or("a queue's link is missing")?;
				let workload = Workloads::<T>::get(id).ok_or("a queue has a removed workload")?;
				ensure!(link.before == before, "a queue's links disagree");
				ensure!(
					workload.state == WorkloadState::Queued && workload.statement.model == model,
					"a queue has a workload that is not queued for its model"
				);
				resume_found |= queue.resume == next;
				length = length.saturating_add(1);
				ensure!(length <= queue.length, "a queue is longer than it says");
				(before, next) = (next, link.after);
			}
			ensure!(
				queue.last == before && queue.length == length,
				"a queue's ends are wrong"
			);
			ensure!(length > 0, "an empty queue is kept");
			ensure!(
				resume_found,
				"a queue resumes at a workload that is not in it"
			);
			count = count.saturating_add(length as usize);
		}
		Ok(count)
	}
}
