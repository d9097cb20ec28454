//! Requests to the prover that are under way: a task for each piece of work, a few of each model at a
//! time, so that a model that is slow to answer delays its own work only.

use crate::{
	prover::{JobTerms, ProverError, Provers, Refusal, Reply},
	worker::Due,
};
use futures::{
	future::{BoxFuture, FutureExt},
	stream::{FuturesUnordered, StreamExt},
};
use inference_primitives::{Tick, VkHash, WorkloadId, WorkloadState};
use std::{
	collections::{BTreeMap, BTreeSet},
	panic::AssertUnwindSafe,
	sync::Arc,
	time::{Duration, Instant},
};

/// What the prover said of one workload.
#[derive(Debug)]
pub(crate) struct Answer {
	pub(crate) workload: WorkloadId,
	pub(crate) model: VkHash,
	pub(crate) result: Result<Reply, Refusal>,
	pub(crate) elapsed: Duration,
}

type Request = BoxFuture<'static, Option<Answer>>;

#[derive(Default)]
struct Model {
	running: usize,
	/// Outputs that are owed, then proofs of those that were delivered: a prover may have thousands of these, and each
	/// look asks for all of them anew. Either by the proof's deadline.
	waiting: BTreeMap<(bool, Tick, WorkloadId), (Due, JobTerms)>,
}

/// See the module.
pub(crate) struct Requests {
	provers: Arc<Provers>,
	/// Most requests of one model at a time.
	concurrency: usize,
	models: BTreeMap<VkHash, Model>,
	/// Workloads that are waited for.
	busy: BTreeSet<WorkloadId>,
	running: FuturesUnordered<Request>,
}

impl Requests {
	pub(crate) fn new(provers: Arc<Provers>, concurrency: usize) -> Self {
		Self {
			provers,
			concurrency: concurrency.max(1),
			models: BTreeMap::new(),
			busy: BTreeSet::new(),
			running: FuturesUnordered::new(),
		}
	}

	/// Whether the prover is being asked about this workload.
	pub(crate) fn has(&self, workload: &WorkloadId) -> bool {
		self.busy.contains(workload)
	}

	/// Workloads that are waited for.
	pub(crate) fn len(&self) -> usize {
		self.busy.len()
	}

	/// Forgets what waits for its turn: what is owed is looked at anew.
	pub(crate) fn forget_waiting(&mut self) {
		for model in self.models.values_mut() {
			for (_, _, workload) in std::mem::take(&mut model.waiting).into_keys() {
				self.busy.remove(&workload);
			}
		}
		self.models.retain(|_, model| model.running > 0);
	}

	/// Asks about a piece of work, as soon as its model has its turn. Call [`Self::start`] then.
	pub(crate) fn add(&mut self, due: Due, terms: JobTerms) {
		let workload = due.task.workload;
		let is_delivered = due.item.state == WorkloadState::Unproven;
		let place = (is_delivered, due.item.prove_by, workload);
		if self.busy.insert(workload) {
			self.models
				.entry(due.item.statement.vk_hash)
				.or_default()
				.waiting
				.insert(place, (due, terms));
		}
	}

	/// Starts what may run.
	pub(crate) fn start(&mut self) {
		for (vk_hash, model) in &mut self.models {
			while model.running < self.concurrency {
				let Some((_, (due, terms))) = model.waiting.pop_first() else {
					break;
				};
				model.running = model.running.saturating_add(1);
				let (provers, vk_hash) = (self.provers.clone(), *vk_hash);
				self.running.push(
					async move {
						let (workload, since) = (due.task.workload, Instant::now());
						let ask = AssertUnwindSafe(provers.job(&due.item, &terms));
						let result = ask.catch_unwind().await.unwrap_or(Err(Refusal {
							error: ProverError::Panicked,
							of_model: false,
						}));
						Some(Answer {
							workload,
							model: vk_hash,
							result,
							elapsed: since.elapsed(),
						})
					}
					.boxed(),
				);
			}
		}
	}

	/// Has jobs that nobody wants any more cancelled, at the provers that are in reach.
	pub(crate) fn cancel_abandoned(&mut self) {
		for (prover, workload) in self.provers.take_abandoned() {
			let provers = self.provers.clone();
			self.running.push(
				async move {
					let cancel = AssertUnwindSafe(provers.cancel(prover, workload));
					let _ = cancel.catch_unwind().await;
					None
				}
				.boxed(),
			);
		}
	}

	/// The next answer; `None` once nothing is under way. Dropping the future loses nothing.
	pub(crate) async fn next(&mut self) -> Option<Answer> {
		loop {
			let answer = self.running.next().await?;
			let Some(answer) = answer else {
				continue;
			};
			self.busy.remove(&answer.workload);
			if let Some(model) = self.models.get_mut(&answer.model) {
				model.running = model.running.saturating_sub(1);
			}
			self.start();
			return Some(answer);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		backoff::BackoffPolicy,
		chain::{Action, WorkerKey},
		ledger::Task,
		metrics::Metrics,
	};
	use inference_primitives::{
		market::InboxItem, ComputeUnits, Destination, GenesisHash, Mode, ModelId, ModelRef,
		StatementHeader, STATEMENT_VERSION,
	};

	fn due(id: u8, state: WorkloadState, deadline: u32, prove_by: u32) -> Due {
		let workload = WorkloadId([id; 32]);
		let item = InboxItem {
			statement: StatementHeader {
				genesis: GenesisHash([1; 32]),
				domain: 0,
				version: STATEMENT_VERSION,
				vk_hash: VkHash([2; 32]),
				model: ModelRef {
					model: ModelId(3),
					version: 1,
				},
				workload,
				destination: Destination::Local,
			},
			mode: Mode::Deferred,
			state,
			input: vec![1],
			output: None,
			deadline: Tick(deadline),
			decline_by: None,
			prove_by: Tick(prove_by),
			compute_units: ComputeUnits(1),
			at_stake: 3,
			value_at_risk: 0,
		};
		let action = match state {
			WorkloadState::Assigned => Action::Deliver,
			_ => Action::Prove,
		};
		let task = Task {
			worker: WorkerKey([9; 32]),
			workload,
			action,
		};
		Due { item, task }
	}

	#[test]
	fn an_output_that_is_due_is_asked_for_before_proofs_that_are_not() {
		let provers = Provers::new(vec![], BackoffPolicy::default(), Metrics::default());
		let mut requests = Requests::new(Arc::new(provers), 1);
		let terms = JobTerms {
			due_in: Duration::ZERO,
			tolerance: Duration::ZERO,
			value: 0,
		};
		// Delivered, and to be proven within 2,400 ticks of it; an output that is drawn now has as long after that.
		for id in 1..=100 {
			let by = 2_300 + u32::from(id);
			requests.add(due(id, WorkloadState::Unproven, by, by), terms);
		}
		requests.add(due(200, WorkloadState::Assigned, 31, 2_431), terms);
		let model = requests.models.values().next().unwrap();
		let order: Vec<u8> = model.waiting.keys().map(|(_, _, id)| id.0[0]).collect();
		assert_eq!(order[..3], [200, 1, 2]);
	}
}
