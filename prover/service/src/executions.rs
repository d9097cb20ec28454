//! Executions under way. They share nothing with proofs: an output is owed in minutes, a proof in
//! hours. One input of one model is executed once however often it is asked for, and to its end
//! although nobody waits for it any more.

use crate::{engine::Model, metrics::Metrics};
use inference_primitives::{hashing::blake2_256, Hash, VkHash};
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	sync::{watch, Semaphore},
	task::spawn_blocking,
};

/// Most executions under way, those that wait for their turn included.
const MAX_EXECUTIONS: usize = 4096;
/// How long an output is kept that took longer than its client waited.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// An output, or why there is none; `None` while it is computed.
pub type Outcome = Option<Result<Vec<i64>, String>>;
type Id = (VkHash, Hash);

/// See the module.
pub struct Executions {
	under_way: Mutex<BTreeMap<Id, watch::Receiver<Outcome>>>,
	/// For each model: one that hangs does not take the others' turns.
	turns: Mutex<BTreeMap<VkHash, Arc<Semaphore>>>,
	/// Most executions of one model at the same time.
	concurrency: usize,
	/// How long a client waits.
	patience: Duration,
	metrics: Arc<Metrics>,
}

impl Executions {
	/// None yet; at most `concurrency` of one model will run at the same time.
	pub fn new(concurrency: usize, patience: Duration, metrics: Arc<Metrics>) -> Self {
		Self {
			under_way: Mutex::default(),
			turns: Mutex::default(),
			concurrency: concurrency.max(1),
			patience,
			metrics,
		}
	}

	/// The output of `model` for `input`, or why there is none. `None`: not yet; ask again.
	pub async fn output(self: &Arc<Self>, model: Arc<dyn Model>, input: &[i64]) -> Outcome {
		let mut receiver = self.start(model, input)?;
		let finished = receiver.wait_for(Option::is_some);
		// An error: the task ended without an outcome, as the service stops.
		let outcome = tokio::time::timeout(self.patience, finished)
			.await
			.ok()?
			.ok()?;
		outcome.clone()
	}

	/// Starts an execution, or finds the one under way. `None` if there are too many.
	fn start(
		self: &Arc<Self>,
		model: Arc<dyn Model>,
		input: &[i64],
	) -> Option<watch::Receiver<Outcome>> {
		let vk_hash = model.info().vk_hash;
		let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
		let id = (vk_hash, blake2_256(&bytes));
		let mut under_way = self.under_way.lock();
		if let Some(receiver) = under_way.get(&id) {
			return Some(receiver.clone());
		}
		if under_way.len() >= MAX_EXECUTIONS {
			return None;
		}
		let turns = self
			.turns
			.lock()
			.entry(vk_hash)
			.or_insert_with(|| Arc::new(Semaphore::new(self.concurrency)))
			.clone();
		let (sender, receiver) = watch::channel(None);
		under_way.insert(id, receiver.clone());
		let (this, input) = (self.clone(), input.to_vec());
		tokio::spawn(async move {
			let _ended = Ended { of: &this, id };
			let asked = Instant::now();
			// The semaphore is never closed.
			let Ok(turn) = turns.acquire_owned().await else {
				return;
			};
			let executed = spawn_blocking(move || {
				// Held until the computation ends, whoever still waits.
				let (_turn, since) = (turn, Instant::now());
				(model.execute(&input), since.elapsed())
			});
			let outcome = match executed.await {
				Ok((output, elapsed)) => {
					this.metrics.executed(&vk_hash, elapsed);
					output.map_err(|error| error.to_string())
				},
				Err(error) => Err(format!("the engine panicked: {error}")),
			};
			let is_output = outcome.is_ok();
			// Nobody may wait any more.
			let _ = sender.send(Some(outcome));
			if is_output && asked.elapsed() >= this.patience {
				tokio::time::sleep(KEPT_FOR).await;
			}
		});
		Some(receiver)
	}
}

/// Forgets an execution when it is dropped, however its task ends.
struct Ended<'a> {
	of: &'a Executions,
	id: Id,
}

impl Drop for Ended<'_> {
	fn drop(&mut self) {
		self.of.under_way.lock().remove(&self.id);
	}
}
