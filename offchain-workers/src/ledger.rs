//! The ledger of open submissions: what must not be submitted again yet.
//!
//! It is memory, not state: after a restart the pool and the best chain still show what is under
//! way, and what neither shows is submitted again.

use crate::{
	chain::{Action, FinalizedBlock, Pending, Submission, WorkerKey},
	metrics::Metrics,
	LOG_TARGET,
};
use inference_primitives::{BlockNumber, WorkloadId};
use std::collections::{BTreeMap, BTreeSet};

/// Finalised blocks for which a transaction may be in neither pool nor best chain before it counts
/// as lost. More than one, because a transaction is in neither for the moment in which a block moves
/// from import to the pool's view.
const LOST_AFTER: BlockNumber = 3;
/// Finalised blocks after which a transaction that is not included counts as stuck.
const STUCK_AFTER: BlockNumber = 8;
/// Longest pause, in finalised blocks, after transactions that the chain refused.
const LONGEST_PAUSE: BlockNumber = 64;

/// One transaction that the worker may have to send.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Task {
	pub(crate) worker: WorkerKey,
	pub(crate) workload: WorkloadId,
	pub(crate) action: Action,
}

/// How a worker key stands, seen from one finalised block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook {
	/// The finalised block.
	pub(crate) finalized: FinalizedBlock,
	/// The key's next nonce there.
	pub(crate) finalized_nonce: u32,
	/// The key's next nonce in the best chain.
	pub(crate) best_nonce: u32,
}

#[derive(Debug)]
struct Open {
	submission: Submission,
	/// Finalised height at which it was first looked for.
	since: Option<BlockNumber>,
	missing_since: Option<BlockNumber>,
	is_stuck: bool,
}

#[derive(Debug, Default)]
struct Entry {
	open: Option<Open>,
	/// Transactions that were included, or overtaken, in vain.
	refusals: u32,
	/// Height before which nothing is sent.
	pause_until: BlockNumber,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
	tasks: BTreeMap<Task, Entry>,
	/// Nonces handed out, each with the finalised height of then: the pool shows a transaction only
	/// once it has a view of the best block.
	nonces: BTreeMap<WorkerKey, BTreeMap<u32, BlockNumber>>,
	/// Nonces that nothing uses although transactions wait for them, each with the finalised height at
	/// which that was first seen.
	gaps: BTreeMap<WorkerKey, (u32, BlockNumber)>,
	metrics: Metrics,
}

impl Ledger {
	/// A ledger that counts in `metrics`.
	pub(crate) fn new(metrics: Metrics) -> Self {
		Self {
			metrics,
			..Self::default()
		}
	}

	/// Records a submission that was decided at finalised height `height`.
	pub(crate) fn opened(&mut self, task: Task, submission: Submission, height: BlockNumber) {
		self.nonces
			.entry(task.worker)
			.or_default()
			.insert(submission.nonce, height);
		self.tasks.entry(task).or_default().open = Some(Open {
			submission,
			since: None,
			missing_since: None,
			is_stuck: false,
		});
	}

	/// Nonces of `worker` that are not free although the pool may not show them.
	pub(crate) fn taken(&self, worker: WorkerKey) -> BTreeSet<u32> {
		let nonces = self.nonces.get(&worker).into_iter().flatten();
		nonces.map(|(nonce, _)| *nonce).collect()
	}

	/// Forgets the nonces of `worker` that finalised blocks used, and those that were handed out some
	/// blocks ago for transactions that are not open any more. Call it once a block, after
	/// [`Self::may_submit`] saw the tasks.
	pub(crate) fn release_nonces(&mut self, worker: WorkerKey, outlook: &Outlook) {
		let open: BTreeSet<u32> = self
			.tasks
			.iter()
			.filter(|(task, _)| task.worker == worker)
			.filter_map(|(_, entry)| Some(entry.open.as_ref()?.submission.nonce))
			.collect();
		let height = outlook.finalized.number;
		if let Some(nonces) = self.nonces.get_mut(&worker) {
			nonces.retain(|nonce, since| {
				*nonce >= outlook.finalized_nonce
					&& (open.contains(nonce) || height.saturating_sub(*since) < LOST_AFTER)
			});
		}
	}

	/// The work of `worker`'s transactions that wait in the pool for one with a lower nonce that was lost,
	/// if that has been so for a while: the one with the highest nonce first. Sent once more, it takes the
	/// missing nonce, and those between follow; the chain refuses the copy, for which nothing waits.
	pub(crate) fn behind_gap(
		&mut self,
		worker: WorkerKey,
		outlook: &Outlook,
		pending: &[Pending],
	) -> Vec<(WorkloadId, Action)> {
		let mut used = self.taken(worker);
		used.extend(pending.iter().map(|pending| pending.nonce));
		let missing = (outlook.best_nonce..u32::MAX)
			.find(|nonce| !used.contains(nonce))
			.unwrap_or(u32::MAX);
		let mut waiting: Vec<&Pending> = pending
			.iter()
			.filter(|pending| pending.nonce > missing)
			.collect();
		if waiting.is_empty() {
			self.gaps.remove(&worker);
			return Vec::new();
		}
		let height = outlook.finalized.number;
		let gap = self.gaps.entry(worker).or_insert((missing, height));
		if gap.0 != missing {
			*gap = (missing, height);
		}
		if height.saturating_sub(gap.1) < LOST_AFTER {
			return Vec::new();
		}
		// What is sent now has as long to take the nonce.
		gap.1 = height;
		log::warn!(
			target: LOG_TARGET,
			"{} transactions of {worker} wait in the pool for one with nonce {missing}, which is lost",
			waiting.len(),
		);
		waiting.sort_by_key(|pending| std::cmp::Reverse(pending.nonce));
		waiting.iter().filter_map(|pending| pending.work).collect()
	}

	/// Has `task` sent once more although a transaction for it waits in the pool.
	pub(crate) fn reopen(&mut self, task: Task) {
		if let Some(entry) = self.tasks.get_mut(&task) {
			entry.open = None;
		}
		self.metrics.transaction_failed("waiting", task.action);
	}

	/// The open submission of `task`.
	pub(crate) fn open(&self, task: &Task) -> Option<Submission> {
		Some(self.tasks.get(task)?.open.as_ref()?.submission)
	}

	/// Forgets the tasks that `keep` does not want: finalised state no longer asks for them.
	pub(crate) fn retain(&mut self, keep: impl Fn(&Task) -> bool) {
		self.tasks.retain(|task, _| keep(task));
	}

	/// Forgets a nonce whose transaction is gone for good, so that it is given to another.
	fn free(
		nonces: &mut BTreeMap<WorkerKey, BTreeMap<u32, BlockNumber>>,
		worker: WorkerKey,
		nonce: u32,
	) {
		if let Some(nonces) = nonces.get_mut(&worker) {
			nonces.remove(&nonce);
		}
	}

	/// Whether `task`, which finalised state asks for, may be sent now. `under_way`: the pool holds
	/// a transaction for it, or the best chain has it done.
	pub(crate) fn may_submit(&mut self, task: Task, outlook: &Outlook, under_way: bool) -> bool {
		let Some(entry) = self.tasks.get_mut(&task) else {
			return !under_way;
		};
		let height = outlook.finalized.number;
		if let Some(open) = &mut entry.open {
			let Submission { nonce, last_block } = open.submission;
			if outlook.finalized_nonce > nonce {
				// Finalised, and the work is still owed.
				entry.refusals = entry.refusals.saturating_add(1);
				entry.pause_until = height.saturating_add(pause(entry.refusals));
				entry.open = None;
				self.metrics.transaction_failed("refused", task.action);
				log::warn!(
					target: LOG_TARGET,
					"workload {}: the transaction with its {} (nonce {nonce}) was refused by the \
					 chain or overtaken by another of the same key ({} so far)",
					task.workload, task.action, entry.refusals,
				);
			} else if under_way || outlook.best_nonce > nonce {
				open.missing_since = None;
				let since = *open.since.get_or_insert(height);
				let waited = height.saturating_sub(since);
				if outlook.best_nonce <= nonce && waited >= STUCK_AFTER && !open.is_stuck {
					open.is_stuck = true;
					self.metrics.transaction_failed("stuck", task.action);
					log::warn!(
						target: LOG_TARGET,
						"workload {}: the transaction with its {} (nonce {nonce}) has been in the \
						 pool for {waited} blocks: blocks have no room for it, or one with a lower \
						 nonce is missing",
						task.workload, task.action,
					);
				}
			} else if height >= last_block {
				entry.open = None;
				Self::free(&mut self.nonces, task.worker, nonce);
				self.metrics.transaction_failed("expired", task.action);
				log::warn!(
					target: LOG_TARGET,
					"workload {}: the transaction with its {} (nonce {nonce}) expired at block \
					 {last_block} without being included",
					task.workload, task.action,
				);
			} else {
				let since = *open.missing_since.get_or_insert(height);
				if height.saturating_sub(since) >= LOST_AFTER {
					entry.open = None;
					Self::free(&mut self.nonces, task.worker, nonce);
					self.metrics.transaction_failed("vanished", task.action);
					log::warn!(
						target: LOG_TARGET,
						"workload {}: the transaction with its {} (nonce {nonce}) vanished from \
						 the pool",
						task.workload, task.action,
					);
				}
			}
		}
		!under_way && entry.open.is_none() && height >= entry.pause_until
	}
}

/// Finalised blocks to wait after so many refusals: none, 2, 4, 8, …
fn pause(refusals: u32) -> BlockNumber {
	match refusals {
		0 | 1 => 0,
		more => 1u32
			.checked_shl(more.saturating_sub(1))
			.unwrap_or(LONGEST_PAUSE)
			.min(LONGEST_PAUSE),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const TASK: Task = Task {
		worker: WorkerKey([1; 32]),
		workload: WorkloadId([2; 32]),
		action: Action::Deliver,
	};
	const SUBMISSION: Submission = Submission {
		nonce: 5,
		last_block: 64,
	};

	fn outlook(number: BlockNumber, finalized_nonce: u32, best_nonce: u32) -> Outlook {
		Outlook {
			finalized: FinalizedBlock {
				number,
				hash: [0; 32],
			},
			finalized_nonce,
			best_nonce,
		}
	}

	fn open() -> Ledger {
		let mut ledger = Ledger::default();
		ledger.opened(TASK, SUBMISSION, 1);
		ledger
	}

	#[test]
	fn what_was_never_sent_may_be_sent_unless_another_sent_it() {
		assert!(Ledger::default().may_submit(TASK, &outlook(1, 5, 5), false));
		assert!(!Ledger::default().may_submit(TASK, &outlook(1, 5, 5), true));
	}

	#[test]
	fn an_open_submission_blocks_another() {
		let mut ledger = open();
		for height in 1..64 {
			assert!(!ledger.may_submit(TASK, &outlook(height, 5, 5), true));
		}
	}

	#[test]
	fn inclusion_in_the_best_chain_keeps_it_open_past_its_last_block() {
		assert!(!open().may_submit(TASK, &outlook(64, 5, 6), false));
	}

	#[test]
	fn an_expired_submission_is_sent_again() {
		assert!(!open().may_submit(TASK, &outlook(63, 5, 5), false));
		assert!(open().may_submit(TASK, &outlook(64, 5, 5), false));
	}

	#[test]
	fn a_submission_lost_from_the_pool_is_sent_again_after_a_while() {
		let mut ledger = open();
		assert!(!ledger.may_submit(TASK, &outlook(10, 5, 5), false));
		assert!(!ledger.may_submit(TASK, &outlook(12, 5, 5), false));
		assert!(ledger.may_submit(TASK, &outlook(13, 5, 5), false));
	}

	#[test]
	fn a_submission_that_comes_back_to_the_pool_is_not_lost() {
		let mut ledger = open();
		assert!(!ledger.may_submit(TASK, &outlook(10, 5, 5), false));
		assert!(!ledger.may_submit(TASK, &outlook(12, 5, 5), true));
		assert!(!ledger.may_submit(TASK, &outlook(13, 5, 5), false));
	}

	#[test]
	fn refusals_are_followed_by_growing_pauses() {
		let mut ledger = open();
		// The first may be a race with another node of the same key.
		assert!(ledger.may_submit(TASK, &outlook(10, 6, 6), false));
		ledger.opened(
			TASK,
			Submission {
				nonce: 6,
				last_block: 74,
			},
			10,
		);
		assert!(!ledger.may_submit(TASK, &outlook(12, 7, 7), false));
		assert!(!ledger.may_submit(TASK, &outlook(13, 7, 7), false));
		assert!(ledger.may_submit(TASK, &outlook(14, 7, 7), false));
		assert_eq!([2, 3, 4, 8, u32::MAX].map(pause), [2, 4, 8, 64, 64]);
	}

	#[test]
	fn a_nonce_is_taken_while_its_transaction_may_be_included_and_free_when_it_is_lost() {
		let mut ledger = open();
		for height in 10..13 {
			ledger.may_submit(TASK, &outlook(height, 5, 5), false);
			ledger.release_nonces(TASK.worker, &outlook(height, 5, 5));
			assert!(ledger.taken(TASK.worker).contains(&5));
		}
		assert!(ledger.may_submit(TASK, &outlook(13, 5, 5), false));
		assert!(ledger.taken(TASK.worker).is_empty());
	}

	#[test]
	fn a_nonce_is_taken_for_a_while_after_its_task_is_forgotten_and_free_once_finalised() {
		let mut ledger = open();
		ledger.retain(|_| false);
		ledger.release_nonces(TASK.worker, &outlook(3, 5, 5));
		assert!(ledger.taken(TASK.worker).contains(&5));
		ledger.release_nonces(TASK.worker, &outlook(4, 5, 5));
		assert!(ledger.taken(TASK.worker).is_empty());
		let mut ledger = open();
		ledger.release_nonces(TASK.worker, &outlook(2, 6, 6));
		assert!(ledger.taken(TASK.worker).is_empty());
	}

	#[test]
	fn a_transaction_that_no_block_includes_is_counted_as_stuck_once() {
		let mut ledger = open();
		for height in 2..40 {
			assert!(!ledger.may_submit(TASK, &outlook(height, 5, 5), true));
		}
		assert_eq!(
			ledger.metrics.failed_transactions("stuck", Action::Deliver),
			1
		);
	}

	#[test]
	fn transactions_that_wait_for_a_lost_one_are_found_after_a_while() {
		let mut ledger = Ledger::default();
		let work = |id| (WorkloadId([id; 32]), Action::Prove);
		let pending = |nonce, id| Pending {
			nonce,
			work: Some(work(id)),
		};
		let behind = [pending(6, 1), pending(8, 3), pending(7, 2)];
		let ready = [&[pending(5, 0)], &behind[..]].concat();
		let found = |ledger: &mut Ledger, height, pending: &[Pending]| {
			ledger.behind_gap(TASK.worker, &outlook(height, 5, 5), pending)
		};
		for height in 1..9 {
			assert_eq!(found(&mut ledger, height, &ready), []);
		}
		for height in 9..12 {
			assert_eq!(found(&mut ledger, height, &behind), []);
		}
		assert_eq!(found(&mut ledger, 12, &behind), [work(3), work(2), work(1)]);
		// What is sent then has its time, too.
		assert_eq!(found(&mut ledger, 13, &behind), []);
		// A nonce that was just handed out is not missing.
		let mut ledger = open();
		for height in 1..9 {
			assert_eq!(found(&mut ledger, height, &behind), []);
		}
		// Nothing waits for a nonce above all others.
		for height in 9..20 {
			assert_eq!(found(&mut ledger, height, &[]), []);
		}
	}

	#[test]
	fn forgotten_tasks_start_afresh() {
		let mut ledger = open();
		ledger.retain(|_| false);
		assert!(ledger.may_submit(TASK, &outlook(1, 5, 5), false));
	}
}
