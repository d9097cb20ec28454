//! The worker: what is done at one finalised block, and with what the prover answers.

use crate::{
	backoff::{Backoff, BackoffPolicy},
	chain::{
		Action, BlockHash, Call, Chain, ChainError, FinalizedBlock, WorkerKey, WorkloadStatus,
	},
	journal::Journal,
	ledger::{Ledger, Outlook, Task},
	metrics::Metrics,
	proof_check::Keys,
	prover::{JobTerms, Prover, ProverError, Provers, Refusal, Reply},
	requests::{Answer, Requests},
	step::{action, step, DeliverPolicy, Step, Unready},
	LOG_TARGET,
};
use futures::FutureExt;
use inference_primitives::{market::InboxItem, Tick, WorkloadId, WorkloadState};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt::Display,
	panic::{catch_unwind, AssertUnwindSafe},
	sync::Arc,
	time::{Duration, Instant},
};

/// Most items of an inbox that are looked at in a block, earliest deadline first. A node that owes more is late with
/// the others, or its capacity is not what it pledges.
const MAX_ITEMS: usize = 8_192;

/// Ticks by which the prover's idea of a deadline may be wrong: blocks do not come to the second.
const TERMS_TOLERANCE: u32 = 2;

/// How the worker works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkerOptions {
	/// Most requests to the prover at a time for workloads of one model.
	pub concurrency: usize,
	/// Wait after failures of one workload, and of a worker account that cannot pay.
	pub backoff: BackoffPolicy,
	/// Wait before a job that the prover gave up is tried again.
	pub retry: BackoffPolicy,
	/// When outputs are delivered.
	pub deliver: DeliverPolicy,
	/// How long answers are gathered, so that of those that come together the most urgent is acted on
	/// first.
	pub gather: Duration,
}

impl Default for WorkerOptions {
	fn default() -> Self {
		Self {
			concurrency: 4,
			backoff: BackoffPolicy::default(),
			retry: BackoffPolicy {
				first: Duration::from_secs(30),
				max: Duration::from_secs(1800),
			},
			deliver: DeliverPolicy::default(),
			gather: Duration::from_millis(50),
		}
	}
}

/// Acts for the worker keys of a chain's keystore, with one prover or several.
pub struct Worker<C> {
	chain: C,
	provers: Arc<Provers>,
	options: WorkerOptions,
	metrics: Metrics,
	ledger: Ledger,
	journal: Journal,
	keys: Keys,
	requests: Requests,
	/// The last block that was looked at.
	block: Option<FinalizedBlock>,
	/// The service clock there, or in the best block if that is ahead.
	now: Tick,
	/// What was owed there.
	owed: BTreeMap<Task, Owed>,
	/// What of it may be sent.
	due: BTreeMap<WorkloadId, Due>,
	/// Answers that came and were not acted on.
	gathered: Vec<Answer>,
	gather_until: Option<tokio::time::Instant>,
	/// Worker accounts that could not pay a fee.
	unfunded: BTreeMap<WorkerKey, Backoff>,
	/// What was declined and is still owed in finalised state.
	declined: BTreeSet<WorkloadId>,
}

/// What a worker owes at a block, earliest deadline first.
#[derive(Default)]
struct Inbox {
	items: Vec<InboxItem>,
	/// Whether that is all.
	is_whole: bool,
}

impl Inbox {
	/// That of `worker` at a block, page by page.
	async fn read<C: Chain>(
		chain: &C,
		at: BlockHash,
		worker: WorkerKey,
	) -> Result<Self, ChainError> {
		let mut inbox = Self::default();
		while !inbox.is_whole && inbox.items.len() < MAX_ITEMS {
			let page = chain.inbox(at, worker, inbox.last()).await?;
			inbox.is_whole = !page.is_full;
			if page.items.is_empty() {
				// All of a page is of a kind that this program does not know: what comes after it cannot be asked for.
				break;
			}
			inbox.items.extend(page.items);
		}
		Ok(inbox)
	}

	/// Where what it does not show begins.
	fn last(&self) -> Option<(Tick, WorkloadId)> {
		self.items.last().map(InboxItem::position)
	}

	/// Whether it would not show `item`, which would come after the last one.
	fn hides(&self, item: &InboxItem) -> bool {
		!self.is_whole && Some(item.position()) > self.last()
	}
}

/// A piece of work whose action may be sent now.
#[derive(Clone)]
pub(crate) struct Due {
	pub(crate) item: InboxItem,
	pub(crate) task: Task,
}

/// What is known of a piece of work that is owed.
#[derive(Clone, Copy)]
struct Owed {
	/// When it is due.
	deadline: Tick,
	/// Ticks to its deadline when it was first seen.
	first_slack: u32,
	/// Whether it was said that little of them is left.
	is_late: bool,
}

impl<C: Chain> Worker<C> {
	/// A worker that remembers nothing. The second of `provers` is asked when the first is out of
	/// reach or fails, and so on.
	pub fn new(chain: C, provers: Vec<Prover>, options: WorkerOptions, metrics: Metrics) -> Self {
		let provers = Arc::new(Provers::new(provers, options.retry, metrics.clone()));
		Self {
			chain,
			options,
			ledger: Ledger::new(metrics.clone()),
			metrics,
			journal: Journal::default(),
			keys: Keys::default(),
			requests: Requests::new(provers.clone(), options.concurrency),
			provers,
			block: None,
			now: Tick(0),
			owed: BTreeMap::new(),
			due: BTreeMap::new(),
			gathered: Vec::new(),
			gather_until: None,
			unfunded: BTreeMap::new(),
			declined: BTreeSet::new(),
		}
	}

	/// Does what finalised state at `block` asks for and can be done now, however long the prover
	/// takes to answer. Failures are logged; what failed is tried again at a later block.
	pub async fn act(&mut self, block: FinalizedBlock) {
		self.look(block).await;
		self.finish().await;
	}

	/// Waits for everything that the prover is being asked, and acts on it.
	pub(crate) async fn finish(&mut self) {
		while let Some(answer) = self.requests.next().await {
			self.gathered.push(answer);
		}
		self.advance_all().await;
	}

	/// Sees what finalised state at `block` asks for, and asks the prover for what can be done now.
	pub(crate) async fn look(&mut self, block: FinalizedBlock) {
		let looked = AssertUnwindSafe(self.try_look(block)).catch_unwind().await;
		match looked {
			Ok(Ok(())) => {},
			Ok(Err(error)) => log::warn!(target: LOG_TARGET, "block {}: {error}", block.number),
			Err(_) => {
				self.metrics.panicked();
				log::error!(
					target: LOG_TARGET,
					"block {}: a panic; the worker goes on at the next block, please report this",
					block.number,
				);
			},
		}
	}

	async fn try_look(&mut self, block: FinalizedBlock) -> Result<(), ChainError> {
		let best = self.chain.best_block().await;
		// What is late in the best chain cannot be in time in the block that follows it.
		let finalized_now = self.chain.now(block.hash).await?;
		let now = finalized_now.max(self.chain.now(best).await?);
		let mut owed = BTreeMap::new();
		let mut due = BTreeMap::new();
		let mut is_whole = true;
		for worker in self.chain.worker_keys().await? {
			self.report_failed_calls(block, worker).await;
			let inbox = Inbox::read(&self.chain, block.hash, worker).await?;
			is_whole &= inbox.is_whole;
			let mut in_time = Vec::new();
			for item in inbox.items {
				let Some(action) = action(&item) else {
					continue;
				};
				let workload = item.statement.workload;
				let task = Task {
					worker,
					workload,
					action,
				};
				let slack = item.deadline.0.saturating_sub(now.0);
				let known = self.owed.get(&task);
				owed.insert(
					task,
					Owed {
						deadline: item.deadline,
						first_slack: known.map_or(slack, |known| known.first_slack),
						is_late: known.is_some_and(|known| known.is_late),
					},
				);
				// A call in the deadline's own tick is in time.
				if item.deadline >= now {
					in_time.push(Due { item, task });
				}
			}
			for piece in self.unsent(block, best, worker, in_time).await? {
				due.insert(piece.task.workload, piece);
			}
		}
		self.report_left(block, finalized_now, &mut owed, is_whole)
			.await;
		self.warn_of_late(&mut owed, &due, now);
		let workloads: BTreeSet<WorkloadId> = owed.keys().map(|task| task.workload).collect();
		self.provers.retain(|workload| workloads.contains(workload));
		self.requests.cancel_abandoned();
		self.ledger.retain(|task| owed.contains_key(task));
		self.journal.retain(|workload| workloads.contains(workload));
		self.declined
			.retain(|workload| workloads.contains(workload));
		self.metrics.saw(
			block.number,
			owed.len(),
			due.values()
				.map(|due| due.item.deadline.0.saturating_sub(now.0))
				.min(),
		);
		self.owed = owed;
		self.due = due;
		self.block = Some(block);
		self.now = now;
		self.ask(now);
		Ok(())
	}

	/// Asks the prover for what is due.
	fn ask(&mut self, now: Tick) {
		self.requests.forget_waiting();
		if self.provers.may_try() {
			let (instant, tick) = (Instant::now(), self.chain.tick());
			for (workload, due) in &self.due {
				if self.journal.may_try(workload, instant) && !self.requests.has(workload) {
					let waits =
						due.task.action == Action::Deliver && self.options.deliver.waits(&due.item);
					let prove_by = if waits {
						due.item.deadline
					} else {
						due.item.prove_by
					};
					let terms = JobTerms {
						due_in: tick.saturating_mul(prove_by.0.saturating_sub(now.0)),
						tolerance: tick.saturating_mul(TERMS_TOLERANCE),
						// Saturating: whatever is dearer than this is equally dear.
						value: u64::try_from(due.item.at_stake).unwrap_or(u64::MAX),
					};
					self.requests.add(due.clone(), terms);
				}
			}
			self.requests.start();
		}
		self.metrics.waits_for(self.requests.len());
	}

	/// Those of one worker's `tasks` of which nothing is under way.
	async fn unsent(
		&mut self,
		block: FinalizedBlock,
		best: BlockHash,
		worker: WorkerKey,
		tasks: Vec<Due>,
	) -> Result<Vec<Due>, ChainError> {
		// Nonces that were handed out are given back also when nothing is owed any more.
		if tasks.is_empty() && self.ledger.taken(worker).is_empty() {
			return Ok(tasks);
		}
		let outlook = Outlook {
			finalized: block,
			finalized_nonce: self.chain.nonce(block.hash, worker).await?,
			best_nonce: self.chain.nonce(best, worker).await?,
		};
		let pending = self.chain.pending(worker).await?;
		let in_pool: BTreeSet<_> = pending.iter().filter_map(|pending| pending.work).collect();
		let at_best = Inbox::read(&self.chain, best, worker).await?;
		let mut owed_at_best: BTreeSet<_> = at_best
			.items
			.iter()
			.filter_map(|item| Some((item.statement.workload, action(item)?)))
			.collect();
		// What it does not show may be owed there, too.
		let hidden = tasks.iter().filter(|due| at_best.hides(&due.item));
		owed_at_best.extend(hidden.map(|due| (due.task.workload, due.task.action)));
		let ledger = &mut self.ledger;
		let (mut unsent, sent): (Vec<Due>, Vec<Due>) = tasks.into_iter().partition(|due| {
			let key = (due.task.workload, due.task.action);
			let under_way = in_pool.contains(&key)
				|| in_pool.contains(&(due.task.workload, Action::Decline))
				|| !owed_at_best.contains(&key);
			ledger.may_submit(due.task, &outlook, under_way)
		});
		ledger.release_nonces(worker, &outlook);
		let behind = ledger.behind_gap(worker, &outlook, &pending);
		let rescue = behind.iter().find_map(|(workload, action)| {
			// What was to be declined is done or declined anew.
			let is_it = |due: &&Due| {
				due.task.workload == *workload
					&& (due.task.action == *action || *action == Action::Decline)
			};
			sent.iter()
				.find(is_it)
				.filter(|due| owed_at_best.contains(&(due.task.workload, due.task.action)))
		});
		if let Some(due) = rescue {
			ledger.reopen(due.task);
			unsent.push(due.clone());
		}
		Ok(unsent)
	}

	/// Says which transactions of `worker` failed since the last look.
	async fn report_failed_calls(&mut self, block: FinalizedBlock, worker: WorkerKey) {
		let Some(above) = self.block.filter(|_| !self.ledger.taken(worker).is_empty()) else {
			return;
		};
		match self.chain.failed_calls(above, block, worker).await {
			Ok(failed) => {
				for call in failed {
					self.metrics.call_failed(call.action);
					log::warn!(
						target: LOG_TARGET,
						"workload {}: the {} in block {} failed: {}. If another's proof was faster, or it \
						 came too late, its fee came back",
						call.workload, call.action, call.block, call.error,
					);
				}
			},
			Err(error) => log::debug!(target: LOG_TARGET, "{error}"),
		}
	}

	/// Says what became of what was owed and is not any more: `now` is the service clock at `block`. What
	/// an inbox that is not `is_whole` may hide stays owed, and so does what the deadlines' hook has not
	/// come to.
	async fn report_left(
		&mut self,
		block: FinalizedBlock,
		now: Tick,
		owed: &mut BTreeMap<Task, Owed>,
		is_whole: bool,
	) {
		let left: Vec<(Task, Owed)> = self
			.owed
			.iter()
			.filter(|(task, _)| !owed.contains_key(task))
			.map(|(task, known)| (*task, *known))
			.collect();
		for (task, known) in left {
			let Task {
				worker,
				workload,
				action,
			} = task;
			let status = match self.chain.status(block.hash, workload).await {
				Ok(status) => status,
				Err(error) => {
					log::debug!(target: LOG_TARGET, "workload {workload}: {error}");
					continue;
				},
			};
			let Some(WorkloadStatus { state, deadline }) = status else {
				// Only an old workload is pruned.
				continue;
			};
			use WorkloadState::{
				Assigned, Cancelled, Expired, Failed, Queued, Refunded, Settled, Unproven, Voided,
			};
			if self.declined.contains(&workload) && state != Settled {
				log::info!(target: LOG_TARGET, "workload {workload}: given back");
				continue;
			}
			let is_owed_by_another_name = owed.keys().any(|other| other.workload == workload);
			let is_past = now > known.deadline;
			let is_open = deadline == Some(known.deadline);
			match state {
				Unproven if action == Action::Deliver && is_owed_by_another_name => {},
				Assigned | Unproven if is_open && (is_past || !is_whole) => {
					owed.insert(task, known);
				},
				Settled => {
					self.metrics.settled();
					self.report_overtaken(block, task).await;
				},
				Failed => {
					self.metrics.missed(Action::Prove);
					log::warn!(
						target: LOG_TARGET,
						"workload {workload}: NOT PROVEN IN TIME by worker {worker}: its proof stake is \
						 lost",
					);
				},
				// `Assigned` to another node, which may have delivered already.
				Queued | Assigned | Unproven | Refunded | Expired if is_past => {
					self.metrics.missed(Action::Deliver);
					log::warn!(
						target: LOG_TARGET,
						"workload {workload}: NOT DELIVERED IN TIME by worker {worker}: a part of its \
						 price is slashed from the operator's bond",
					);
				},
				Queued | Assigned | Unproven | Refunded | Expired => log::warn!(
					target: LOG_TARGET,
					"workload {workload}: not owed by worker {worker} any more, before its deadline: its \
					 key was disabled, it was declined, or another key owes it; nothing is missed",
				),
				Voided => log::warn!(
					target: LOG_TARGET,
					"workload {workload}: voided, as governance disabled its key, setup or proof system; \
					 nothing is owed and nothing is slashed",
				),
				// Only a queued workload is cancelled.
				Cancelled => {},
			}
		}
	}

	/// Says so if a settled workload's proof was not the one that this worker sent.
	async fn report_overtaken(&mut self, block: FinalizedBlock, task: Task) {
		let Some(open) = self.ledger.open(&task) else {
			return;
		};
		match self.chain.nonce(block.hash, task.worker).await {
			Ok(next) if next <= open.nonce => {
				self.metrics.transaction_failed("overtaken", task.action);
				log::warn!(
					target: LOG_TARGET,
					"workload {}: settled by another's transaction; ours (nonce {}) does nothing if a \
					 block includes it",
					task.workload, open.nonce,
				);
			},
			_ => {},
		}
	}

	/// Warns once of each piece of work of whose time two thirds are gone with nothing under way.
	fn warn_of_late(
		&mut self,
		owed: &mut BTreeMap<Task, Owed>,
		due: &BTreeMap<WorkloadId, Due>,
		now: Tick,
	) {
		for piece in due.values() {
			let slack = piece.item.deadline.0.saturating_sub(now.0);
			let Some(known) = owed.get_mut(&piece.task) else {
				continue;
			};
			if !known.is_late && slack.saturating_mul(3) <= known.first_slack {
				known.is_late = true;
				self.metrics.stuck(piece.task.action);
				log::warn!(
					target: LOG_TARGET,
					"workload {}: no {} sent yet, {slack} of {} ticks left",
					piece.task.workload, piece.task.action, known.first_slack,
				);
			}
		}
	}

	/// Completes when there are answers to act on with [`Self::advance_all`]; never if the prover is
	/// asked nothing. Dropping the future loses nothing.
	pub(crate) async fn answered(&mut self) {
		loop {
			let next = match self.gather_until {
				None if self.gathered.is_empty() => self.requests.next().await,
				None => return,
				Some(until) => match tokio::time::timeout_at(until, self.requests.next()).await {
					Ok(next) => next,
					Err(_) => return,
				},
			};
			match next {
				Some(answer) => {
					self.gathered.push(answer);
					self.gather_until
						.get_or_insert_with(|| tokio::time::Instant::now() + self.options.gather);
				},
				None if self.gathered.is_empty() => std::future::pending().await,
				None => return,
			}
		}
	}

	/// Acts on the answers that came, the nearest deadline first.
	pub(crate) async fn advance_all(&mut self) {
		self.gather_until = None;
		let answers = std::mem::take(&mut self.gathered);
		let Some(block) = self.block else {
			return;
		};
		let (mut ready, mut declined) = (Vec::new(), Vec::new());
		for answer in answers {
			self.metrics.answered(answer.elapsed);
			// What is not due any more changed while the prover was asked.
			let Some(due) = self.due.remove(&answer.workload) else {
				continue;
			};
			match answer.result {
				Ok(reply) => ready.push((due, reply)),
				// It is the prover that rests, not the workload.
				Err(Refusal {
					error: ProverError::AllOut,
					..
				}) => {},
				Err(Refusal { error, .. }) if error.is_outage() => {},
				Err(Refusal { error, .. }) if error.is_transient() => {
					let (policy, now) = (&self.options.backoff, Instant::now());
					self.journal.postponed(answer.workload, error, policy, now);
				},
				Err(Refusal { error, of_model }) => {
					self.failed(due.task, error);
					if of_model && self.may_decline(&due.item) {
						declined.push(due);
					}
				},
			}
		}
		ready.sort_by_key(|(due, _)| due.item.deadline);
		for (due, reply) in ready {
			let task = due.task;
			let advance = AssertUnwindSafe(self.advance(block, due, reply));
			if advance.catch_unwind().await.is_err() {
				self.metrics.panicked();
				self.failed(task, "a panic in the worker; please report it");
			}
		}
		for due in declined {
			let task = due.task;
			let decline = AssertUnwindSafe(self.decline(block, due));
			if decline.catch_unwind().await.is_err() {
				self.metrics.panicked();
				self.failed(task, "a panic in the worker; please report it");
			}
		}
		self.metrics.waits_for(self.requests.len());
	}

	/// Whether a transaction of the next block can still decline a piece of work.
	fn may_decline(&self, item: &InboxItem) -> bool {
		item.state == WorkloadState::Assigned && item.decline_by.is_some_and(|last| last > self.now)
	}

	/// Gives back work of a model that no prover serves: that costs less than to miss it, and the user
	/// waits less.
	async fn decline(&mut self, block: FinalizedBlock, due: Due) {
		let Task { workload, .. } = due.task;
		let model = due.item.statement.model;
		log::error!(
			target: LOG_TARGET,
			"workload {workload}: DECLINED, as no prover serves model {model}. The node leaves that \
			 model's pool and pays the decline fee: have a prover load and check the model, then join \
			 again (`inference node join`)",
		);
		self.submit(block, due.task, Call::Decline { workload })
			.await;
	}

	/// Notes that a piece of work cannot be done now.
	fn failed(&mut self, task: Task, problem: impl Display) {
		let (policy, now) = (&self.options.backoff, Instant::now());
		if self.journal.failed(task.workload, problem, policy, now) {
			self.metrics.stuck(task.action);
		}
	}

	/// Sends what `due` asks for, if its job is far enough.
	async fn advance(&mut self, block: FinalizedBlock, due: Due, reply: Reply) {
		let Due { item, task } = due;
		let unready = Unready {
			policy: self.options.deliver,
			slack: item.deadline.0.saturating_sub(self.now.0),
			has_failed: reply.has_failed,
			was_given_up: self.provers.was_given_up(&task.workload),
		};
		let call = match step(&item, &reply.state, &unready) {
			Step::Wait => {
				self.journal.succeeded(&task.workload);
				return;
			},
			Step::Stuck(problem) => {
				self.failed(task, problem);
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
				if !self.is_valid(block, task, &item, output, proof).await {
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
		task: Task,
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
				self.failed(task, problem);
				return false;
			}
		}
		let keys = &self.keys;
		let checked = catch_unwind(AssertUnwindSafe(|| keys.check(item, output, proof)));
		let problem = match checked {
			Ok(Some(Ok(()))) => return true,
			Ok(Some(Err(error))) => error.to_string(),
			Ok(None) => return false,
			Err(_) => {
				self.metrics.panicked();
				"a panic while its proof was verified; please report it".into()
			},
		};
		self.journal.refuse_proof(workload, proof);
		self.failed(task, problem);
		false
	}

	async fn submit(&mut self, block: FinalizedBlock, task: Task, call: Call) {
		let Task {
			worker, workload, ..
		} = task;
		let action = call.action();
		let now = Instant::now();
		if self
			.unfunded
			.get(&worker)
			.is_some_and(|backoff| !backoff.is_over(now))
		{
			return;
		}
		let taken = self.ledger.taken(worker);
		match self.chain.submit(worker, call, block, &taken).await {
			Ok(submission) => {
				self.ledger.opened(task, submission, block.number);
				self.journal.succeeded(&workload);
				if action == Action::Decline {
					self.declined.insert(workload);
				} else {
					// What it says now is what it will be held to.
					self.declined.remove(&workload);
				}
				if self.unfunded.remove(&worker).is_some() {
					log::info!(target: LOG_TARGET, "worker account {worker} can pay fees again");
				}
				self.metrics.funds(&worker.to_string(), false);
				self.metrics.submitted(action);
				log::info!(
					target: LOG_TARGET,
					"workload {workload}: {action} submitted by {worker} with nonce {}, valid up to \
					 block {}",
					submission.nonce,
					submission.last_block,
				);
			},
			Err(error @ ChainError::NoFunds { .. }) => {
				let backoff = self.unfunded.entry(worker).or_default();
				let wait = backoff.fail(&self.options.backoff, now);
				self.metrics.funds(&worker.to_string(), true);
				self.metrics.transaction_failed("no-funds", action);
				log::error!(target: LOG_TARGET, "{error} (next attempt in {wait:?})");
			},
			// Another node of the same key may just have been faster: look again, but not at each block.
			Err(ChainError::Pool(reason)) => {
				let policy = &self.options.backoff;
				self.metrics.transaction_failed("not-taken", action);
				log::warn!(
					target: LOG_TARGET,
					"workload {workload}: {action} not taken by the transaction pool: {reason}",
				);
				self.journal.postponed(workload, reason, policy, now);
			},
			Err(error) => self.failed(task, error),
		}
	}
}
