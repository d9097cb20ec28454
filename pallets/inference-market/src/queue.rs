//! The queues, one per model, first in first out, and the draw from them.

use super::*;
use alloc::collections::BTreeMap;
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{Defensive, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::{
	price::{Bid, PoolOffer},
	traits::{Assignment, DrawRequest, Drawn},
	VkHash,
};
use sp_runtime::traits::UniqueSaturatedInto;

/// A queue with this part of the most that it may have, its reciprocal, is crowded: it takes no more orders
/// that few nodes could serve, so that these cannot keep out those that pay more.
pub(crate) const CROWDED_QUEUE_PART: u32 = 4;

/// Entries of one queue left waiting per block, at its head and once more further back: one that
/// no node can take now (too much at risk, too tight a deadline) keeps its place but does not hold
/// up those behind it. The second look goes on each block where the last one ended, so every entry
/// is tried again within (queue length / this) blocks, however many at the head cannot be served; and
/// within (queue length / [`VAIN_DRAWS_BEHIND`]) if each of them is drawn in vain.
const LOOKAHEAD: usize = 8;

/// Draws that may find nobody in a model's turn: so many at the head of its queue, so many further back, and one
/// for each that finds a node, as in a pool that is busy some do and some do not.
/// Each of them may try all of its candidates, so without this few orders that nobody can take would cost more
/// than many that somebody does. Those behind come next block, with new candidates.
const VAIN_DRAWS_AHEAD: usize = 1;
const VAIN_DRAWS_BEHIND: usize = 3;

/// What became of a look at an entry.
enum Look {
	/// A node has it.
	Assigned,
	/// It keeps its place.
	Waits,
	/// A draw found nobody: it keeps its place.
	Vain,
	/// Its seed is not known yet, nor is that of those behind it, which came later.
	TooEarly,
}

/// What the draws of a block share: it is read once, however many there are.
pub(crate) struct Draws<T: Config> {
	pub block: BlockNumber,
	/// The randomness: the latest blocks' outputs, oldest first.
	pub outputs: alloc::vec::Vec<Hash>,
	/// The weight that was used, and that they may use.
	pub used: Weight,
	pub most: Weight,
	/// The service clock.
	now: Tick,
	/// The present base price, planck per compute unit.
	base_price: Balance,
	/// Whether governance has disabled the keys that workloads were ordered under: as many as looks at most.
	disabled: BTreeMap<VkHash, bool>,
	/// What the node pools share.
	pools: <T::NodePool as NodePool<AccountIdOf<T>>>::Draws,
}

impl<T: Config> Draws<T> {
	/// Before the block's first draw. What this reads is in `serve_queues`.
	pub fn begin(
		block: BlockNumber,
		outputs: alloc::vec::Vec<Hash>,
		used: Weight,
		most: Weight,
	) -> Self {
		Self {
			block,
			outputs,
			used,
			most,
			now: T::Network::now(),
			base_price: Pallet::<T>::base_price(),
			disabled: BTreeMap::new(),
			pools: T::NodePool::begin_draws(),
		}
	}

	/// Whether governance has disabled what a workload's proof needs.
	pub fn is_void(&mut self, vk_hash: VkHash) -> bool {
		if let Some(disabled) = self.disabled.get(&vk_hash) {
			return *disabled;
		}
		self.spend(T::WeightInfo::void_check());
		let disabled = T::ProofVerifier::is_disabled(vk_hash);
		self.disabled.insert(vk_hash, disabled);
		disabled
	}

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
	/// after a draw finds a place in a queue that is full: it had one, and those that fill a queue must not
	/// undo what was begun. In a full ring of models it finds none if its own model has left it.
	pub(crate) fn enqueue(id: WorkloadId, workload: &mut WorkloadOf<T>) -> DispatchResult {
		let model = workload.statement.model;
		let length = Queues::<T>::get(model).length;
		frame_support::ensure!(
			workload.attempts > 0 || length < T::MaxQueuedPerModel::get(),
			Error::<T>::QueueFull
		);
		if length == 0 {
			Self::enter_turns(model)?;
		}
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

	/// Takes a workload out of its queue and drops its deadline. Returns whether the queue ended with it.
	pub(crate) fn dequeue(workload: &WorkloadOf<T>) -> bool {
		let id = workload.statement.workload;
		Deadlines::<T>::remove(workload.deadline, id);
		Self::unlink(workload.statement.model, id)
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

	/// Takes out of a queue. The last one to leave removes it: returns whether it did.
	fn unlink(model: ModelRef, id: WorkloadId) -> bool {
		let Some(link) = QueueLinks::<T>::take(id).defensive_proof("it is queued; qed") else {
			return false;
		};
		let ended = Queues::<T>::mutate_exists(model, |stored| {
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
			stored.is_none()
		});
		if ended {
			Self::leave_turns(model);
		}
		ended
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

	/// Draws with all of the weight that a block's draws may have, for tests.
	#[cfg(test)]
	pub(crate) fn serve_queues(n: BlockNumberFor<T>) -> Weight {
		Self::serve_queues_within(n, T::MaxDrawWeight::get())
	}

	/// Draws nodes for queued workloads, models in turn, within this weight. What a look at an entry costs
	/// is what it did: one that fails before the draw costs a few reads, and a model whose pool is empty
	/// two, so that what nobody can serve takes no other model's turn.
	pub(crate) fn serve_queues_within(n: BlockNumberFor<T>, most: Weight) -> Weight {
		let block: BlockNumber = n.unique_saturated_into();
		let Some(served) = ServedModels::<T>::get() else {
			return T::WeightInfo::serve_queues(0);
		};
		let turns = served.models.min(Self::max_turns());
		let outputs = Self::latest_outputs(block);
		let used = T::WeightInfo::serve_queues(turns);
		let mut draws = Draws::begin(block, outputs, used, most);
		let turn_weight = T::WeightInfo::serve_model().saturating_add(Self::attempt_weight());
		let mut model = served.next;
		for _ in 0..turns {
			if !draws.allow(turn_weight) {
				break;
			}
			// Who comes next, before the model may leave the ring. None leaves it but the one that is served,
			// so each of those that were in it is asked once.
			let Some(turn) =
				Turns::<T>::get(model).defensive_proof("who is next is in the ring; qed")
			else {
				break;
			};
			// Asking for the offer is paid for: `serve_queues` is measured with models that have none.
			if let Some(offer) = T::NodePool::offer(model) {
				draws.spend(T::WeightInfo::serve_model());
				Self::serve_model(model, offer, &mut draws);
			}
			model = turn.after;
		}
		ServedModels::<T>::mutate(|stored| {
			if let Some(served) = stored {
				served.next = model;
			}
		});
		draws.used
	}

	/// Weight of one look that ends in an assignment, at most: the first under its key, of a pool that is
	/// not open, that ends its queue or has neighbours on both sides.
	pub(crate) fn attempt_weight() -> Weight {
		T::WeightInfo::look()
			.saturating_add(T::WeightInfo::void_check())
			.saturating_add(T::NodePool::max_draw_weight())
			.saturating_add(T::WeightInfo::assign())
			.saturating_add(T::WeightInfo::end_queue())
			.saturating_add(Self::neighbour_weight().saturating_mul(2))
	}

	/// What it adds to an assignment that a neighbour stays in the queue, whose link is written. Neighbours
	/// that are drawn, too, are in what their own draws weigh.
	fn neighbour_weight() -> Weight {
		T::DbWeight::get().reads_writes(1, 1)
	}

	/// Serves one queue: from its head, then from where the last block's second look ended.
	pub(crate) fn serve_model(model: ModelRef, offer: PoolOffer, draws: &mut Draws<T>) {
		let mut tried = alloc::vec::Vec::new();
		let head = Queues::<T>::get(model).first;
		let behind = Self::draw_from(head, offer, VAIN_DRAWS_AHEAD, draws, &mut tried);
		// What the first look drew it also unlinked, so `resume` is in the queue.
		let resume = Queues::<T>::get(model)
			.resume
			.filter(|id| !tried.contains(id));
		let from = resume.or(behind);
		let resume = Self::draw_from(from, offer, VAIN_DRAWS_BEHIND, draws, &mut tried);
		Queues::<T>::mutate_exists(model, |stored| {
			if let Some(queue) = stored {
				queue.resume = resume;
			}
		});
	}

	/// Tries entries from `next` on, until [`LOOKAHEAD`] of them wait, or `vain` draws found nobody beyond
	/// as many as found a node.
	/// Collects those that wait, and returns the entry behind them.
	pub(crate) fn draw_from(
		mut next: Option<WorkloadId>,
		offer: PoolOffer,
		mut vain: usize,
		draws: &mut Draws<T>,
		waiting: &mut alloc::vec::Vec<WorkloadId>,
	) -> Option<WorkloadId> {
		let most = waiting.len().saturating_add(LOOKAHEAD);
		// Whether the entry before was drawn: then the next one's link was written.
		let mut follows_drawn = false;
		while let Some(id) = next {
			if waiting.len() >= most || vain == 0 || !draws.allow(Self::attempt_weight()) {
				break;
			}
			draws.spend(T::WeightInfo::look());
			let Some(link) = QueueLinks::<T>::get(id).defensive_proof("it is queued; qed") else {
				break;
			};
			let look = Self::look(id, offer, draws);
			let is_drawn = matches!(look, Look::Assigned);
			// The one that stays before the first of those that are drawn, or behind the last.
			if is_drawn != follows_drawn && (follows_drawn || link.before.is_some()) {
				draws.spend(Self::neighbour_weight());
			}
			follows_drawn = is_drawn;
			match look {
				// Saturating: the block's weight bounds it.
				Look::Assigned => vain = vain.saturating_add(1),
				Look::Waits => waiting.push(id),
				Look::Vain => {
					// Saturating: the loop ends at zero.
					vain = vain.saturating_sub(1);
					waiting.push(id);
				},
				Look::TooEarly => return None,
			}
			next = link.after;
		}
		if follows_drawn && next.is_some() {
			draws.spend(Self::neighbour_weight());
		}
		next
	}

	/// The base price of a workload's next draw, planck per compute unit: the present one, if it was not drawn
	/// before.
	fn base_price_of(workload: &WorkloadOf<T>, present: Balance) -> Balance {
		workload.base_price.unwrap_or(present)
	}

	/// What a workload pays and locks in its next draw, by what a node asks. `None` on overflow.
	fn bid(workload: &WorkloadOf<T>, base_price: Balance) -> Option<Bid> {
		let terms = &workload.terms;
		Some(Bid {
			work: Balance::from(terms.compute_units.0)
				.checked_mul(Self::base_price_of(workload, base_price))?,
			most: terms.max_price,
			on_top: terms.on_top()?,
			stake: terms.stake_terms()?,
		})
	}

	/// What a workload bids in a draw now. `None` if its own terms cannot be met by any node of the
	/// pool: even the least that one asks is above its bid (it may fall again), or at that price
	/// it needs more stake than the greatest reach. Dearer nodes only ask for more of both.
	fn ask(workload: &WorkloadOf<T>, offer: PoolOffer, base_price: Balance) -> Option<Bid> {
		let bid = Self::bid(workload, base_price)?;
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
				.and_then(|offer| Self::ask(workload, offer, Self::base_price()))
				.is_none(),
		}
	}

	/// Draws a node for the workload if its seed was unknown when it came and a node qualifies.
	fn look(id: WorkloadId, offer: PoolOffer, draws: &mut Draws<T>) -> Look {
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
		let seed = Self::seed(id, workload.attempts, outputs);
		// One that should have expired, or is void, waits for its deadline's hook.
		if draws.now > workload.deadline || draws.is_void(workload.statement.vk_hash) {
			return Look::Waits;
		}
		let Some(bid) = Self::ask(&workload, offer, draws.base_price) else {
			return Look::Waits;
		};
		let terms = workload.terms;
		let request = DrawRequest {
			model: workload.statement.model,
			submitter: &workload.submitter,
			seed,
			excluded: &workload.failed_operators,
			compute_units: terms.compute_units,
			bid,
			mode: workload.mode,
			proving_backlog: terms.proving_backlog,
			latest: terms.latest,
		};
		let (drawn, weight) = T::NodePool::draw_next(&mut draws.pools, &request);
		draws.spend(weight);
		let outlook = match drawn {
			Drawn::Assigned(assignment) => {
				draws.spend(T::WeightInfo::assign());
				if Self::assign(id, workload, assignment, draws) {
					draws.spend(T::WeightInfo::end_queue());
				}
				return Look::Assigned;
			},
			Drawn::Busy => Outlook::Able,
			Drawn::Unfit if workload.outlook == Outlook::Untried => Outlook::Unfit,
			Drawn::Unfit => return Look::Vain,
		};
		if workload.outlook != outlook {
			draws.spend(T::DbWeight::get().writes(1));
			workload.outlook = outlook;
			Workloads::<T>::insert(id, workload);
		}
		Look::Vain
	}

	/// Gives a queued workload to the node that was drawn. Returns whether its queue ended with it.
	pub(crate) fn assign(
		id: WorkloadId,
		mut workload: WorkloadOf<T>,
		assignment: Assignment<AccountIdOf<T>>,
		draws: &Draws<T>,
	) -> bool {
		let ended = Self::dequeue(&workload);
		let price = assignment.quote.price;
		workload.base_price = Some(Self::base_price_of(&workload, draws.base_price));
		workload.state = WorkloadState::Assigned;
		// Saturating: bounded by the redraws.
		workload.attempts = workload.attempts.saturating_add(1);
		workload.assigned = Some(Assigned {
			node: assignment.node,
			operator: assignment.operator,
			price,
			proof_stake: assignment.quote.proof_stake,
			multiplier: assignment.multiplier,
			assigned_at: draws.now,
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
		ended
	}
}
