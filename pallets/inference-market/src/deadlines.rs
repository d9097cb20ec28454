//! Deadlines: each open workload has one; a time-out falls on the party whose move it was.

use super::*;
use crate::breaker::DELAYED_PER_BLOCK;
use frame_support::{
	dispatch::DispatchResultWithPostInfo,
	ensure,
	pallet_prelude::DispatchResult,
	storage::with_storage_layer,
	traits::{Defensive, DefensiveOption, Get},
	weights::Weight,
};
use inference_primitives::ProtocolParameters;
use sp_runtime::Perbill;

/// The part that deadlines may have of the weight that they share with draws: what was missed together is due
/// again soon, as redraws are only in time then, and a third is left to draw it, whoever lets how much expire.
const DEADLINES_PART: Perbill = Perbill::from_parts(666_666_666);

/// Ticks that the hook moves its cursor over per block at most.
pub(crate) const MAX_CURSOR_STEPS: u32 = 16;

/// What passed in a block.
pub(crate) struct Passed {
	/// Ticks that the cursor looked at.
	pub ticks: u32,
	/// Entries that were handled.
	pub handled: u64,
}

impl Passed {
	/// What all of it weighs.
	pub fn weight<T: Config>(&self) -> Weight {
		T::WeightInfo::pass_deadlines(self.ticks).saturating_add(self.handling::<T>())
	}

	/// What the deadlines' effects weigh, whatever was looked at to find them.
	pub fn handling<T: Config>(&self) -> Weight {
		Pallet::<T>::passing_weight().saturating_mul(self.handled)
	}
}

/// Handles the entries of an index by ticks that have passed, oldest first: `budget` of them at most, on
/// [`MAX_CURSOR_STEPS`] ticks at most. `handle` removes each from its tick. Nothing is ever entered before `cursor`,
/// which moves over the ticks of which nothing is left.
pub(crate) fn walk<Entries: Iterator<Item = WorkloadId>>(
	cursor: &mut Tick,
	now: Tick,
	mut budget: usize,
	entries: impl Fn(Tick) -> Entries,
	mut handle: impl FnMut(Tick, WorkloadId),
) -> Passed {
	let (mut ticks, mut handled) = (0u32, 0u64);
	for _ in 0..MAX_CURSOR_STEPS {
		if *cursor >= now || budget == 0 {
			break;
		}
		let passed: alloc::vec::Vec<WorkloadId> = entries(*cursor).take(budget).collect();
		// Saturating: both are bounded by what one block handles.
		ticks = ticks.saturating_add(1);
		handled = handled.saturating_add(passed.len() as u64);
		let all = passed.len() < budget;
		budget = budget.saturating_sub(passed.len());
		passed.into_iter().for_each(|id| handle(*cursor, id));
		if !all {
			break;
		}
		*cursor = Tick(cursor.0.saturating_add(1));
	}
	Passed { ticks, handled }
}

impl<T: Config> Pallet<T> {
	/// Gives an open workload its deadline. The caller drops the old one.
	pub(crate) fn set_deadline(id: WorkloadId, workload: &mut WorkloadOf<T>, deadline: Tick) {
		workload.deadline = deadline;
		Deadlines::<T>::insert(deadline, id, ());
	}

	/// What it weighs to find a deadline and to let it take effect.
	fn passing_weight() -> Weight {
		T::WeightInfo::expire().saturating_add(T::DbWeight::get().reads(1))
	}

	/// Deadlines that a block handles at most: as many as fit their part of the weight, and one at least.
	pub(crate) fn max_deadlines() -> u32 {
		let within = DEADLINES_PART * T::MaxDrawWeight::get();
		let fit = within
			.checked_div_per_component(&Self::passing_weight())
			.and_then(|fit| u32::try_from(fit).ok());
		fit.unwrap_or(u32::MAX)
			.clamp(1, ProtocolParameters::MAX_DEADLINES_PER_BLOCK)
	}

	/// Weight of the hooks of a block at most.
	pub fn max_hook_weight() -> Weight {
		let deadlines = Self::max_deadlines();
		let passed = Self::passing_weight().saturating_mul(deadlines.into());
		let queues = T::WeightInfo::serve_queues(Self::max_turns());
		T::WeightInfo::on_initialize()
			.saturating_add(T::WeightInfo::on_finalize())
			.saturating_add(T::WeightInfo::settle_delayed(DELAYED_PER_BLOCK))
			.saturating_add(T::WeightInfo::pass_deadlines(MAX_CURSOR_STEPS))
			// Draws take what the deadlines leave.
			.saturating_add(T::MaxDrawWeight::get().max(passed.saturating_add(queues)))
	}

	/// Handles deadlines that have passed, oldest first, as many as fit their part of the weight, and
	/// `deadlines_per_block` at most.
	pub(crate) fn let_deadlines_pass() -> Passed {
		let most = T::Network::parameters().deadlines_per_block;
		let budget = most.min(Self::max_deadlines()) as usize;
		let mut cursor = DeadlineCursor::<T>::get();
		let passed = walk(
			&mut cursor,
			T::Network::now(),
			budget,
			Deadlines::<T>::iter_key_prefix,
			|_, id| {
				// A hook is no transaction by itself: an error must leave nothing half done.
				let _ = with_storage_layer(|| Self::time_out(id))
					.defensive_proof("an indexed workload is open; qed");
			},
		);
		DeadlineCursor::<T>::put(cursor);
		passed
	}

	pub(crate) fn do_expire(id: WorkloadId) -> DispatchResultWithPostInfo {
		Self::or_refused(
			Self::ensure_due(id),
			Self::refused(0, T::WeightInfo::expire()),
		)?;
		Self::time_out(id)?;
		Ok(().into())
	}

	/// Whether a workload is open and its deadline has passed.
	fn ensure_due(id: WorkloadId) -> DispatchResult {
		let workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		ensure!(!workload.state.is_terminal(), Error::<T>::WrongState);
		ensure!(
			T::Network::now() > workload.deadline || Self::is_void(&workload),
			Error::<T>::NotDue
		);
		Ok(())
	}

	/// Lets an open workload's deadline take effect, or the disabling of what its proof needs.
	fn time_out(id: WorkloadId) -> DispatchResult {
		let workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		if Self::is_void(&workload) {
			return Self::void(id, workload);
		}
		Deadlines::<T>::remove(workload.deadline, id);
		match workload.state {
			WorkloadState::Queued => {
				Self::expire_queued(id, workload);
				Ok(())
			},
			WorkloadState::Assigned => Self::miss_delivery(id, workload),
			WorkloadState::Unproven => Self::miss_proof(id, workload),
			_ => Err(Error::<T>::WrongState.into()),
		}
	}

	/// Nobody took it: everything goes back, but the queue slot of one that its own terms kept from
	/// being served. After a missed delivery it is a refund.
	fn expire_queued(id: WorkloadId, mut workload: WorkloadOf<T>) {
		Self::dequeue(&workload);
		if workload.attempts == 0 {
			if Self::is_unservable(&workload) {
				Self::pay_slot(&mut workload);
			}
			Self::end(id, workload, WorkloadState::Expired);
			Self::deposit_event(Event::WorkloadExpired { workload: id });
		} else {
			Self::end(id, workload, WorkloadState::Refunded);
			Self::deposit_event(Event::WorkloadRefunded { workload: id });
		}
	}

	/// The node owed the output: slash s_u of the price from its bond, unless the circuit breaker delays
	/// that; then draw again or refund.
	fn miss_delivery(id: WorkloadId, mut workload: WorkloadOf<T>) -> DispatchResult {
		let assigned = workload
			.assigned
			.take()
			.defensive_ok_or(Error::<T>::WrongState)?;
		let terms = workload.terms;
		T::NodePool::count_miss(assigned.node);
		let tripped = Self::trip_breaker();
		T::NodePool::miss(assigned.node, terms.compute_units, tripped);
		workload.failed_node = Some(assigned.node);
		Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
		T::Stakes::unlock(&assigned.operator, assigned.proof_stake)?;
		let (due, to_user) = terms
			.miss(assigned.price, workload.failed_operators.is_empty())
			.ok_or(Error::<T>::Overflow)?;
		let (slashed, compensation) =
			Self::slash_missed_delivery(&mut workload, &assigned, due, to_user, tripped);
		Self::deposit_event(Event::DeliveryMissed {
			workload: id,
			node: assigned.node,
			slashed,
			compensation,
		});
		Self::draw_again(id, workload, assigned.operator);
		Ok(())
	}

	/// Lets a workload that its node did not serve be drawn again, without this operator; refunds it if
	/// there is no attempt or no time left.
	pub(crate) fn draw_again(id: WorkloadId, mut workload: WorkloadOf<T>, failed: AccountIdOf<T>) {
		let terms = workload.terms;
		// It is drawn K + 1 blocks from now at the earliest.
		let in_time = T::Network::now()
			.after(Ticks(terms.seed_blocks.saturating_add(1)))
			.after(terms.base_latency)
			< terms.latest;
		let again = workload.attempts <= terms.redraws
			&& in_time
			&& workload.failed_operators.try_push(failed).is_ok()
			&& Self::enqueue(id, &mut workload).is_ok();
		if again {
			let attempts = workload.attempts;
			Workloads::<T>::insert(id, workload);
			Self::deposit_event(Event::WorkloadRequeued {
				workload: id,
				attempts,
			});
		} else {
			Self::end(id, workload, WorkloadState::Refunded);
			Self::deposit_event(Event::WorkloadRefunded { workload: id });
		}
	}

	/// The proof was owed: the payment goes back, and from the proof stake the user gets the value
	/// at risk and a part of the price, the treasury the rest.
	fn miss_proof(id: WorkloadId, mut workload: WorkloadOf<T>) -> DispatchResult {
		let assigned = workload
			.assigned
			.clone()
			.defensive_ok_or(Error::<T>::WrongState)?;
		let terms = workload.terms;
		let excused = Self::is_breaker_tripped();
		T::NodePool::miss_proof(assigned.node, terms.compute_units, excused);
		Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
		let to_user = terms
			.proof_miss(assigned.price, workload.failed_operators.is_empty())
			.ok_or(Error::<T>::Overflow)?;
		let slashed = T::Stakes::slash_locked(
			&assigned.operator,
			assigned.proof_stake,
			&Self::account_id(),
		);
		let compensation = Self::share_slash(&mut workload, slashed, to_user);
		Self::end(id, workload, WorkloadState::Failed);
		Self::deposit_event(Event::ProofMissed {
			workload: id,
			node: assigned.node,
			slashed,
			compensation,
		});
		Ok(())
	}
}
