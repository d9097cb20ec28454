//! The queues, one per model, first in first out, and the draw from them.

use super::*;
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{Defensive, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::{
	price::{Bid, PoolOffer},
	traits::{Assignment, DrawRequest, Drawn},
};
use sp_runtime::traits::UniqueSaturatedInto;

/// A queue with this part of the most that it may have, its reciprocal, is crowded: it takes no more orders
/// that few nodes could serve, so that these cannot keep out those that pay more.
pub(crate) const CROWDED_QUEUE_PART: u32 = 4;

/// Entries of one queue left waiting per block, at its head and once more further back: one that
/// no node can take now (too much at risk, too tight a deadline) keeps its place but does not hold
/// up those behind it. The second look goes on each block where the last one ended, so every entry
/// is tried again within (queue length / this) blocks, however many at the head cannot be served.
const LOOKAHEAD: usize = 8;

/// What became of a look at an entry.
enum Look {
	/// A node has it.
	Assigned,
	/// It keeps its place.
	Waits,
	/// Its seed is not known yet, nor is that of those behind it, which came later.
	TooEarly,
}

/// The randomness of a block's draws (the latest blocks' outputs, oldest first), and the weight that they
/// may take.
pub(crate) struct Draws {
	pub block: BlockNumber,
	pub outputs: alloc::vec::Vec<Hash>,
	pub used: Weight,
	pub most: Weight,
}

impl Draws {
	/// Whether so much more may be used.
	fn allow(&self, weight: Weight) -> bool {
		self.used.saturating_add(weight).all_lte(self.most)
	}

	/// The outputs of the latest so many blocks, oldest first.
	fn latest(&self, blocks: u32) -> Option<&[Hash]> {
		let first = self.outputs.len().checked_sub(blocks as usize)?;
		self.outputs.get(first..)
	}

	fn spend(&mut self, weight: Weight) {
		self.used.saturating_accrue(weight);
	}
}

impl<T: Config> Pallet<T> {
	/// Puts a workload at the end of its model's queue and sets its deadline there. One that comes back
	/// after a draw always finds a place: it had one, and those that fill a queue must not undo what
	/// was begun.
	pub(crate) fn enqueue(id: WorkloadId, workload: &mut WorkloadOf<T>) -> DispatchResult {
		let model = workload.statement.model;
		frame_support::ensure!(
			workload.attempts > 0 || Queues::<T>::get(model).length < T::MaxQueuedPerModel::get(),
			Error::<T>::QueueFull
		);
		ServedModels::<T>::try_mutate(|models| {
			if models.contains(&model) {
				return Ok(());
			}
			models
				.try_push(model)
				.map_err(|_| Error::<T>::TooManyServedModels)
		})?;
		workload.state = WorkloadState::Queued;
		workload.entered_at = Self::block_number();
		Self::link_last(model, id);
		let now = T::Network::now();
		let terms = &workload.terms;
		// It must be drawn early enough to be computed before the user's deadline.
		let drawn_by = Tick(terms.latest.0.saturating_sub(terms.base_latency.0));
		Self::set_deadline(
			id,
			workload,
			now.after(workload.terms.queue_ttl).min(drawn_by).max(now),
		);
		Ok(())
	}

	/// Takes a workload out of its queue and drops its deadline.
	pub(crate) fn dequeue(workload: &WorkloadOf<T>) {
		let id = workload.statement.workload;
		Self::unlink(workload.statement.model, id);
		Deadlines::<T>::remove(workload.deadline, id);
	}

	/// Appends to a queue.
	fn link_last(model: ModelRef, id: WorkloadId) {
		Queues::<T>::mutate(model, |queue| {
			let before = queue.last.replace(id);
			match before {
				Some(before) => Self::relink(before, |link| link.after = Some(id)),
				None => queue.first = Some(id),
			}
			QueueLinks::<T>::insert(
				id,
				QueueLink {
					before,
					after: None,
				},
			);
			// Saturating: the caller checked the length's bound.
			queue.length = queue.length.saturating_add(1);
		});
	}

	/// Takes out of a queue. The last one to leave removes it.
	fn unlink(model: ModelRef, id: WorkloadId) {
		let Some(link) = QueueLinks::<T>::take(id).defensive_proof("it is queued; qed") else {
			return;
		};
		Queues::<T>::mutate_exists(model, |stored| {
			let mut queue = stored.take().unwrap_or_default();
			match link.before {
				Some(before) => Self::relink(before, |other| other.after = link.after),
				None => queue.first = link.after,
			}
			match link.after {
				Some(after) => Self::relink(after, |other| other.before = link.before),
				None => queue.last = link.before,
			}
			if queue.resume == Some(id) {
				queue.resume = link.after;
			}
			// Saturating: it was counted when it was linked.
			queue.length = queue.length.saturating_sub(1);
			*stored = queue.first.map(|_| queue);
		});
		if !Queues::<T>::contains_key(model) {
			ServedModels::<T>::mutate(|models| models.retain(|other| *other != model));
		}
	}

	fn relink(id: WorkloadId, change: impl FnOnce(&mut QueueLink)) {
		QueueLinks::<T>::mutate(id, |stored| {
			if let Some(link) = stored
				.as_mut()
				.defensive_proof("a neighbour is queued; qed")
			{
				change(link);
			}
		});
	}

	/// Draws nodes for queued workloads, models in turn, within `MaxDrawWeight`. What a look at an
	/// entry costs is what it did: one that fails before the draw costs a few reads, and a model whose
	/// pool is empty one, so that what nobody can serve takes no other model's turn.
	pub(crate) fn serve_queues(n: BlockNumberFor<T>) -> Weight {
		let block: BlockNumber = n.unique_saturated_into();
		let models = ServedModels::<T>::get();
		let count = models.len();
		if count == 0 {
			return T::WeightInfo::serve_queues(0);
		}
		let mut draws = Draws {
			block,
			outputs: Self::latest_outputs(block),
			// Saturating: the list's bound is a `u32`.
			used: T::WeightInfo::serve_queues(u32::try_from(count).unwrap_or(u32::MAX)),
			most: T::MaxDrawWeight::get(),
		};
		let start = ServedCursor::<T>::get() as usize % count;
		let mut served = 0u32;
		for model in models.iter().cycle().skip(start).take(count) {
			if !draws.allow(T::WeightInfo::serve_model().saturating_add(Self::attempt_weight())) {
				break;
			}
			served = served.saturating_add(1);
			// Asking for the offer is paid for: `serve_queues` is measured with models that have none.
			if let Some(offer) = T::NodePool::offer(*model) {
				draws.spend(T::WeightInfo::serve_model());
				Self::serve_model(*model, offer, &mut draws);
			}
		}
		ServedCursor::<T>::put((start as u32).saturating_add(served));
		draws.used
	}

	/// Weight of one look that ends in an assignment, at most.
	pub(crate) fn attempt_weight() -> Weight {
		T::WeightInfo::look()
			.saturating_add(T::NodePool::max_draw_weight())
			.saturating_add(T::WeightInfo::assign())
	}

	/// Serves one queue: from its head, then from where the last block's second look ended.
	pub(crate) fn serve_model(model: ModelRef, offer: PoolOffer, draws: &mut Draws) {
		let mut tried = alloc::vec::Vec::new();
		let head = Queues::<T>::get(model).first;
		let behind = Self::draw_from(head, offer, draws, &mut tried);
		// What the first look drew it also unlinked, so `resume` is in the queue.
		let resume = Queues::<T>::get(model)
			.resume
			.filter(|id| !tried.contains(id));
		let resume = Self::draw_from(resume.or(behind), offer, draws, &mut tried);
		Queues::<T>::mutate_exists(model, |stored| {
			if let Some(queue) = stored {
				queue.resume = resume;
			}
		});
	}

	/// Tries entries from `next` on, until [`LOOKAHEAD`] of them wait. Collects these, and returns
	/// the entry behind them.
	pub(crate) fn draw_from(
		mut next: Option<WorkloadId>,
		offer: PoolOffer,
		draws: &mut Draws,
		waiting: &mut alloc::vec::Vec<WorkloadId>,
	) -> Option<WorkloadId> {
		let most = waiting.len().saturating_add(LOOKAHEAD);
		while let Some(id) = next {
			if waiting.len() >= most || !draws.allow(Self::attempt_weight()) {
				break;
			}
			draws.spend(T::WeightInfo::look());
			let after = QueueLinks::<T>::get(id).and_then(|link| link.after);
			match Self::look(id, offer, draws) {
				Look::Assigned => {},
				Look::Waits => waiting.push(id),
				Look::TooEarly => return None,
			}
			next = after;
		}
		next
	}

	/// The base price of a workload's next draw, planck per compute unit.
	fn base_price_of(workload: &WorkloadOf<T>) -> Balance {
		workload.base_price.unwrap_or_else(Self::base_price)
	}

	/// What a workload pays and locks in its next draw, by what a node asks. `None` on overflow.
	fn bid(workload: &WorkloadOf<T>) -> Option<Bid> {
		let terms = &workload.terms;
		Some(Bid {
			work: Balance::from(terms.compute_units.0)
				.checked_mul(Self::base_price_of(workload))?,
			most: terms.max_price,
			on_top: terms.on_top()?,
			stake: terms.stake_terms()?,
		})
	}

	/// What a workload bids in a draw now. `None` if its own terms cannot be met by any node of the
	/// pool: even the least that one asks is above its bid (it may fall again), or at that price
	/// it needs more stake than the greatest reach. Dearer nodes only ask for more of both.
	fn ask(workload: &WorkloadOf<T>, offer: PoolOffer) -> Option<Bid> {
		let bid = Self::bid(workload)?;
		let least = bid.quote(offer.least)?;
		(least.proof_stake <= offer.reach).then_some(bid)
	}

	/// Whether a queued workload that was never drawn could not be served through its own terms, so
	/// that its queue slot is to be paid: no node was able to take it whenever it was tried, or none
	/// is now.
	pub(crate) fn is_unservable(workload: &WorkloadOf<T>) -> bool {
		match workload.outlook {
			Outlook::Able => false,
			Outlook::Unfit => true,
			Outlook::Untried => T::NodePool::offer(workload.statement.model)
				.and_then(|offer| Self::ask(workload, offer))
				.is_none(),
		}
	}

	/// Draws a node for the workload if its seed was unknown when it came and a node qualifies.
	fn look(id: WorkloadId, offer: PoolOffer, draws: &mut Draws) -> Look {
		let Some(mut workload) =
			Workloads::<T>::get(id).defensive_proof("a queued workload exists; qed")
		else {
			return Look::Waits;
		};
		let seed_blocks = workload.terms.seed_blocks;
		if !Self::seed_is_known(workload.entered_at, seed_blocks, draws.block) {
			return Look::TooEarly;
		}
		// Without the randomness of all of its blocks it is not drawn now.
		let Some(outputs) = draws.latest(seed_blocks) else {
			return Look::Waits;
		};
		// One that should have expired, or is void, waits for its deadline's hook.
		if T::Network::now() > workload.deadline || Self::is_void(&workload) {
			return Look::Waits;
		}
		let Some(bid) = Self::ask(&workload, offer) else {
			return Look::Waits;
		};
		let terms = workload.terms;
		let request = DrawRequest {
			model: workload.statement.model,
			submitter: &workload.submitter,
			seed: Self::seed(id, workload.attempts, outputs),
			excluded: &workload.failed_operators,
			compute_units: terms.compute_units,
			bid,
			mode: workload.mode,
			proving_backlog: terms.proving_backlog,
			latest: terms.latest,
		};
		let (drawn, weight) = T::NodePool::draw(&request);
		draws.spend(weight);
		let outlook = match drawn {
			Drawn::Assigned(assignment) => {
				draws.spend(T::WeightInfo::assign());
				Self::assign(id, workload, assignment);
				return Look::Assigned;
			},
			Drawn::Busy => Outlook::Able,
			Drawn::Unfit if workload.outlook == Outlook::Untried => Outlook::Unfit,
			Drawn::Unfit => return Look::Waits,
		};
		if workload.outlook != outlook {
			draws.spend(T::DbWeight::get().writes(1));
			workload.outlook = outlook;
			Workloads::<T>::insert(id, workload);
		}
		Look::Waits
	}

	/// Gives a queued workload to the node that was drawn.
	pub(crate) fn assign(
		id: WorkloadId,
		mut workload: WorkloadOf<T>,
		assignment: Assignment<AccountIdOf<T>>,
	) {
		Self::dequeue(&workload);
		let price = assignment.quote.price;
		workload.base_price = Some(Self::base_price_of(&workload));
		workload.state = WorkloadState::Assigned;
		// Saturating: bounded by the redraws.
		workload.attempts = workload.attempts.saturating_add(1);
		workload.assigned = Some(Assigned {
			node: assignment.node,
			operator: assignment.operator,
			price,
			proof_stake: assignment.quote.proof_stake,
			multiplier: assignment.multiplier,
			assigned_at: T::Network::now(),
		});
		Self::set_deadline(id, &mut workload, assignment.due);
		Inbox::<T>::insert(assignment.node, InboxKey::new(assignment.due, id), ());
		Workloads::<T>::insert(id, workload);
		Self::deposit_event(Event::WorkloadAssigned {
			workload: id,
			node: assignment.node,
			worker: assignment.worker,
			price,
			due: assignment.due,
		});
	}
}
