//! The worker: what is done at one finalised block.

use crate::{
	backoff::BackoffPolicy,
	chain::{Action, Call, Chain, ChainError, FinalizedBlock, WorkerKey},
	journal::Journal,
	ledger::{Ledger, Outlook, Task},
	proof_check::Keys,
	prover::{Prover, ProverError},
	step::{action, step, Step},
	LOG_TARGET,
};
use futures::{stream, StreamExt};
use inference_primitives::{market::InboxItem, Tick, WorkloadId};
use inference_prover_api::JobState;
use std::{
	collections::BTreeSet,
	sync::atomic::{AtomicBool, Ordering},
	time::Instant,
};

/// How the worker works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkerOptions {
	/// Most requests to the prover at a time.
	pub concurrency: usize,
	/// Wait after failures of one workload.
	pub backoff: BackoffPolicy,
}

impl Default for WorkerOptions {
	fn default() -> Self {
		Self {
			concurrency: 8,
			backoff: BackoffPolicy::default(),
		}
	}
}

/// Acts for the worker keys of a chain's keystore, with one prover.
pub struct Worker<C> {
	chain: C,
	prover: Prover,
	options: WorkerOptions,
	ledger: Ledger,
	journal: Journal,
	keys: Keys,
}

/// A piece of work whose action may be sent now.
struct Due {
	item: InboxItem,
	task: Task,
}

impl<C: Chain> Worker<C> {
	/// A worker that remembers nothing.
	pub fn new(chain: C, prover: Prover, options: WorkerOptions) -> Self {
		Self {
			chain,
			prover,
			options,
			ledger: Ledger::default(),
			journal: Journal::default(),
			keys: Keys::default(),
		}
	}

	/// Does what finalised state at `block` asks for and can be done now. Failures are logged; what
	/// failed is tried again at a later block.
	pub async fn act(&mut self, block: FinalizedBlock) {
		let due = match self.due(block).await {
			Ok(due) => due,
			Err(error) => {
				log::warn!(target: LOG_TARGET, "block {}: {error}", block.number);
				return;
			},
		};
		let mut jobs = self.jobs(due).await;
		jobs.sort_by_key(|(due, _)| due.item.deadline);
		for (due, job) in jobs {
			self.advance(block, due, job).await;
		}
	}

	/// Everything that may be sent, in the order in which the prover should take it: by the proofs'
	/// deadlines. Forgets what is not owed any more.
	async fn due(&mut self, block: FinalizedBlock) -> Result<Vec<Due>, ChainError> {
		let now = self.chain.now(block.hash).await?;
		let mut owed = BTreeSet::new();
		let mut due = Vec::new();
		for worker in self.chain.worker_keys().await? {
			let items = self.chain.inbox(block.hash, worker).await?;
			let tasks: Vec<Due> = items
				.into_iter()
				.filter_map(|item| task(item, worker, now))
				.collect();
			owed.extend(tasks.iter().map(|due| due.task));
			if !tasks.is_empty() {
				due.extend(self.unsent(block, worker, tasks).await?);
			}
		}
		let workloads: BTreeSet<WorkloadId> = owed.iter().map(|task| task.workload).collect();
		self.ledger.retain(|task| owed.contains(task));
		self.journal.retain(|workload| workloads.contains(workload));
		due.sort_by_key(|due| due.item.prove_by);
		Ok(due)
	}

	/// Those of one worker's `tasks` of which nothing is under way.
	async fn unsent(
		&mut self,
		block: FinalizedBlock,
		worker: WorkerKey,
		tasks: Vec<Due>,
	) -> Result<Vec<Due>, ChainError> {
		let best = self.chain.best_block().await;
		let outlook = Outlook {
			finalized: block,
			finalized_nonce: self.chain.nonce(block.hash, worker).await?,
			best_nonce: self.chain.nonce(best, worker).await?,
		};
		let pending: BTreeSet<_> = self.chain.pending(worker).await?.into_iter().collect();
		let owed_at_best: BTreeSet<_> = self
			.chain
			.inbox(best, worker)
			.await?
			.iter()
			.filter_map(|item| Some((item.statement.workload, action(item)?)))
			.collect();
		let ledger = &mut self.ledger;
		Ok(tasks
			.into_iter()
			.filter(|due| {
				let key = (due.task.workload, due.task.action);
				let under_way = pending.contains(&key) || !owed_at_best.contains(&key);
				ledger.may_submit(due.task, &outlook, under_way)
			})
			.collect())
	}

	/// The jobs of what is `due`; without those that wait, and those whose job cannot be had.
	async fn jobs(&mut self, due: Vec<Due>) -> Vec<(Due, JobState)> {
		let now = Instant::now();
		let journal = &self.journal;
		let due: Vec<Due> = due
			.into_iter()
			.filter(|due| journal.may_try(&due.task.workload, now))
			.collect();
		if due.is_empty() || !self.prover.may_try(now) {
			return Vec::new();
		}
		if let Err(error) = self.prover.check().await {
			self.prover_is_out(&error);
			return Vec::new();
		}
		let (prover, is_out) = (&self.prover, AtomicBool::new(false));
		let answers: Vec<(Due, Option<Result<JobState, ProverError>>)> = stream::iter(due)
			.map(|due| {
				let is_out = &is_out;
				async move {
					// After the first request that nobody answers, the others are spared.
					if is_out.load(Ordering::Relaxed) {
						return (due, None);
					}
					let answer = prover.job(&due.item).await;
					if answer.as_ref().is_err_and(ProverError::is_outage) {
						is_out.store(true, Ordering::Relaxed);
					}
					(due, Some(answer))
				}
			})
			.buffered(self.options.concurrency.max(1))
			.collect()
			.await;
		let mut outage = None;
		let mut jobs = Vec::new();
		for (due, answer) in answers {
			match answer {
				Some(Ok(job)) => jobs.push((due, job)),
				Some(Err(error)) if error.is_outage() => outage = Some(error),
				Some(Err(error)) => self.job_failed(due.task.workload, error),
				None => {},
			}
		}
		match outage {
			Some(error) => self.prover_is_out(&error),
			None if self.prover.answered() => {
				log::info!(target: LOG_TARGET, "the prover answers again");
			},
			None => {},
		}
		jobs
	}

	fn prover_is_out(&mut self, error: &ProverError) {
		let wait = self.prover.out_of_reach(Instant::now());
		log::warn!(target: LOG_TARGET, "{error}; next attempt in {wait:?} at the earliest");
	}

	fn job_failed(&mut self, workload: WorkloadId, error: ProverError) {
		let (policy, now) = (&self.options.backoff, Instant::now());
		if error.is_transient() {
			self.journal.postponed(workload, error, policy, now);
		} else {
			self.journal.failed(workload, error, policy, now);
		}
	}

	/// Sends what `due` asks for, if its job is far enough.
	async fn advance(&mut self, block: FinalizedBlock, due: Due, job: JobState) {
		let Due { item, task } = due;
		let call = match step(&item, &job) {
			Step::Wait => {
				self.journal.succeeded(&task.workload);
				return;
			},
			Step::Stuck(problem) => {
				let policy = &self.options.backoff;
				self.journal
					.failed(task.workload, problem, policy, Instant::now());
				return;
			},
			Step::Deliver(output) => Call::Deliver {
				workload: task.workload,
				output: output.to_vec(),
			},
			Step::Prove {
				output,
				with_output,
				proof,
			} => {
				if !self.is_valid(block, &item, output, proof).await {
					return;
				}
				Call::Prove {
					workload: task.workload,
					output: with_output.then(|| output.to_vec()),
					proof: proof.to_vec(),
				}
			},
		};
		self.submit(block, task, call).await;
	}

	/// Verifies a proof under the key on chain. A proof is judged once.
	async fn is_valid(
		&mut self,
		block: FinalizedBlock,
		item: &InboxItem,
		output: &[i64],
		proof: &[u8],
	) -> bool {
		let (workload, vk_hash) = (item.statement.workload, item.statement.vk_hash);
		if self.journal.is_refused(&workload, proof) {
			return false;
		}
		if !self.keys.contains(&vk_hash) {
			let problem = match self.chain.verifying_key(block.hash, vk_hash).await {
				Ok(Some(key)) => self.keys.insert(vk_hash, &key).err().map(|e| e.to_string()),
				Ok(None) => Some(format!("the chain has no verifying key {vk_hash}")),
				Err(error) => Some(error.to_string()),
			};
			if let Some(problem) = problem {
				let policy = &self.options.backoff;
				self.journal
					.failed(workload, problem, policy, Instant::now());
				return false;
			}
		}
		match self.keys.check(item, output, proof) {
			Some(Ok(())) => true,
			Some(Err(error)) => {
				self.journal.refuse_proof(workload, proof);
				self.journal
					.failed(workload, error, &self.options.backoff, Instant::now());
				false
			},
			None => false,
		}
	}

	async fn submit(&mut self, block: FinalizedBlock, task: Task, call: Call) {
		let Task {
			worker,
			workload,
			action,
		} = task;
		match self.chain.submit(worker, call, block).await {
			Ok(submission) => {
				self.ledger.opened(task, submission);
				self.journal.succeeded(&workload);
				log::info!(
					target: LOG_TARGET,
					"workload {workload}: {action} submitted by {worker} with nonce {}, valid up to \
					 block {}",
					submission.nonce,
					submission.last_block,
				);
			},
			// Another node of the same key may just have been faster: look again at the next block.
			Err(ChainError::Pool(reason)) => log::warn!(
				target: LOG_TARGET,
				"workload {workload}: {action} not taken by the transaction pool: {reason}",
			),
			Err(error) => {
				self.journal
					.failed(workload, error, &self.options.backoff, Instant::now());
			},
		}
	}
}

/// What `item` asks of `worker`, if it still can be in time.
fn task(item: InboxItem, worker: WorkerKey, now: Tick) -> Option<Due> {
	let action: Action = action(&item)?;
	let workload = item.statement.workload;
	// A call in the deadline's own tick is in time.
	(item.deadline >= now).then_some(Due {
		item,
		task: Task {
			worker,
			workload,
			action,
		},
	})
}
