//! The queues, one per model, first in first out, and the draw from them.

use super::*;
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{Defensive, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::traits::DrawRequest;
use sp_runtime::traits::UniqueSaturatedInto;

/// Entries of one queue left waiting per block, at its head and once more further back: one that
/// no node can take now (too much at risk, too tight a deadline) keeps its place but does not hold
/// up those behind it. The second look goes on each block where the last one ended, so every entry
/// is tried again within (queue length / this) blocks, however many at the head cannot be served.
const LOOKAHEAD: usize = 8;

/// What became of an attempt to draw.
enum Drawn {
	/// A node has it.
	Assigned,
	/// It keeps its place.
	Waits,
}

impl<T: Config> Pallet<T> {
	/// Puts a workload at the end of its model's queue and sets its deadline there.
	pub(crate) fn enqueue(id: WorkloadId, workload: &mut WorkloadOf<T>) -> DispatchResult {
		let model = workload.statement.model;
		frame_support::ensure!(
			Queues::<T>::get(model).length < T::MaxQueuedPerModel::get(),
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

	/// Draws nodes for queued workloads, models in turn, at most `draws_per_block` attempts.
	pub(crate) fn serve_queues(n: BlockNumberFor<T>) -> Weight {
		let block: BlockNumber = n.unique_saturated_into();
		let mut budget = T::Network::parameters().draws_per_block;
		let models = ServedModels::<T>::get();
		let mut weight = T::DbWeight::get().reads_writes(3, 2);
		let count = models.len();
		if count == 0 {
			return weight;
		}
		// The randomness of this block's draws. Without it nobody can be drawn now.
		weight.saturating_accrue(T::DbWeight::get().reads(Self::seed_blocks().into()));
		let Some(outputs) = Self::latest_outputs(block) else {
			return weight;
		};
		let start = ServedCursor::<T>::get() as usize % count;
		let mut served = 0u32;
		for model in models.iter().cycle().skip(start).take(count) {
			if budget == 0 {
				break;
			}
			served = served.saturating_add(1);
			weight.saturating_accrue(T::DbWeight::get().reads_writes(2, 1));
			weight.saturating_accrue(Self::serve_model(*model, block, &outputs, &mut budget));
		}
		ServedCursor::<T>::put((start as u32).saturating_add(served));
		weight
	}

	/// Serves one queue: from its head, then from where the last block's second look ended.
	fn serve_model(
		model: ModelRef,
		block: BlockNumber,
		outputs: &[Hash],
		budget: &mut u32,
	) -> Weight {
		let mut tried = alloc::vec::Vec::new();
		let head = Queues::<T>::get(model).first;
		let (behind, first) = Self::draw_from(head, block, outputs, budget, &mut tried);
		// What the first look drew it also unlinked, so `resume` is in the queue.
		let resume = Queues::<T>::get(model)
			.resume
			.filter(|id| !tried.contains(id));
		let (resume, second) =
			Self::draw_from(resume.or(behind), block, outputs, budget, &mut tried);
		Queues::<T>::mutate_exists(model, |stored| {
			if let Some(queue) = stored {
				queue.resume = resume;
			}
		});
		first.saturating_add(second)
	}

	/// Tries entries from `next` on, until [`LOOKAHEAD`] of them wait. Collects these, and returns
	/// the entry behind them.
	fn draw_from(
		mut next: Option<WorkloadId>,
		block: BlockNumber,
		outputs: &[Hash],
		budget: &mut u32,
		waiting: &mut alloc::vec::Vec<WorkloadId>,
	) -> (Option<WorkloadId>, Weight) {
		let mut weight = Weight::zero();
		let most = waiting.len().saturating_add(LOOKAHEAD);
		while let Some(id) = next {
			if waiting.len() >= most || *budget == 0 {
				break;
			}
			*budget = budget.saturating_sub(1);
			weight.saturating_accrue(T::WeightInfo::assign());
			weight.saturating_accrue(T::NodePool::draw_weight());
			next = QueueLinks::<T>::get(id).and_then(|link| link.after);
			if matches!(Self::try_draw(id, block, outputs), Drawn::Waits) {
				waiting.push(id);
			}
		}
		(next, weight)
	}

	/// Draws a node for the workload if its seed was unknown when it came and a node qualifies.
	fn try_draw(id: WorkloadId, block: BlockNumber, outputs: &[Hash]) -> Drawn {
		let Some(mut workload) =
			Workloads::<T>::get(id).defensive_proof("a queued workload exists; qed")
		else {
			return Drawn::Waits;
		};
		// One that should have expired waits for the deadlines' hook, when that is late.
		if T::Network::now() > workload.deadline || !Self::seed_is_known(workload.entered_at, block)
		{
			return Drawn::Waits;
		}
		let seed = Self::seed(id, workload.attempts, outputs);
		let terms = workload.terms;
		let price = match workload.price {
			Some(price) => price,
			None => match Self::price_of(terms.compute_units, terms.royalty) {
				Some(price) if price <= terms.max_price => price,
				// The price rose above the bid: wait for it to fall, or expire.
				_ => return Drawn::Waits,
			},
		};
		let Some(proof_stake) = terms.proof_stake_for(price) else {
			return Drawn::Waits;
		};
		let request = DrawRequest {
			model: workload.statement.model,
			submitter: &workload.submitter,
			seed,
			excluded: &workload.failed_operators,
			compute_units: terms.compute_units,
			proof_stake,
			mode: workload.mode,
			proving_backlog: terms.proving_backlog,
			latest: terms.latest,
		};
		let Some(assignment) = T::NodePool::draw(&request) else {
			return Drawn::Waits;
		};

		Self::dequeue(&workload);
		if workload.price.is_none() {
			Self::fix_price(&mut workload, price);
		}
		workload.state = WorkloadState::Assigned;
		// Saturating: bounded by the redraws.
		workload.attempts = workload.attempts.saturating_add(1);
		workload.assigned = Some(Assigned {
			node: assignment.node,
			operator: assignment.operator,
			worker: assignment.worker.clone(),
			proof_stake,
		});
		Self::set_deadline(id, &mut workload, assignment.due);
		Inbox::<T>::insert(&assignment.worker, InboxKey::new(assignment.due, id), ());
		Workloads::<T>::insert(id, workload);
		// Saturating: bounded by the nodes' capacities.
		AssignedUnits::<T>::mutate(|units| units.0 = units.0.saturating_add(terms.compute_units.0));
		Self::deposit_event(Event::WorkloadAssigned {
			workload: id,
			node: assignment.node,
			worker: assignment.worker,
			price,
			due: assignment.due,
		});
		Drawn::Assigned
	}
}
