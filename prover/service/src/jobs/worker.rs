//! A worker: takes the most urgent job, proves, verifies, stores the proof, and then reports it.
//!
//! A proof that goes on is let go on, however long it takes. One that announces no step for the time-out
//! hangs: it is stopped, and tried again under the rules for what may pass; one that is cancelled is
//! stopped, too. An engine that cannot stop goes on, and its proof is kept when it comes; the worker begins
//! another job beside it, one at most, so that a computation that hangs does not hold up the others.

use super::{
	now_ms,
	queue::{Queue, Taken, MAX_ATTEMPTS},
	store::JobStoreError,
	JobRecord, Status,
};
use crate::{
	engine::{Attempt, EngineError, Model, Proof},
	error::Error,
	loader::Loader,
	metrics::Metrics,
	store::ContentStore,
	trouble::Trouble,
};
use inference_primitives::{Hash, StatementHeader};
use rand::Rng;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::{spawn_blocking, JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// First wait before a store is tried again; doubles up to [`MAX_BACKOFF`], with jitter.
const MIN_BACKOFF: Duration = Duration::from_millis(200);
/// Longest wait before a store is tried again.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Longest wait before the second attempt at a job; four times as long before each further one.
const FIRST_RETRY: Duration = Duration::from_millis(250);
/// Longest wait before any attempt at a job.
const MAX_RETRY: Duration = Duration::from_secs(300);
/// Computations that a worker lets go on beside the one that it waits for.
const MAX_BESIDE: usize = 1;

/// What workers share.
pub struct Worker {
	/// Where jobs come from.
	pub queue: Arc<Queue>,
	/// The models.
	pub loader: Arc<Loader>,
	/// Where proofs go.
	pub content: Arc<dyn ContentStore>,
	/// What is counted.
	pub metrics: Arc<Metrics>,
	/// What is wrong with the stores.
	pub trouble: Arc<Trouble>,
	/// Time after which a proof counts as overdue, and without a new step after which it is stopped.
	pub job_timeout: Duration,
	/// Cancelled when the service drains: the running job is finished, no other is taken.
	pub draining: CancellationToken,
}

/// A proof that the verifier accepted.
struct Proven {
	proof: Proof,
	elapsed: Duration,
}

type Computed = Result<Result<Proven, EngineError>, JoinError>;

impl Worker {
	/// Works until the service drains.
	pub async fn run(self: Arc<Self>) {
		let mut backoff = Backoff::new();
		let mut beside = JoinSet::new();
		while !self.draining.is_cancelled() {
			while beside.try_join_next().is_some() {}
			// Registered before the queue is looked at, so that no change is missed.
			let changed = self.queue.changed();
			tokio::pin!(changed);
			changed.as_mut().enable();
			match self.take().await {
				Ok(Next::Job(taken)) => {
					self.trouble.jobs_work();
					backoff = Backoff::new();
					let span = tracing::info_span!(
						"job",
						job = %taken.record.key(),
						model = %taken.record.header.vk_hash,
					);
					self.process(*taken, &mut beside).instrument(span).await;
				},
				Ok(Next::NothingUntil(retry)) => {
					self.trouble.jobs_work();
					tokio::select! {
						() = self.draining.cancelled() => break,
						() = changed => {},
						() = tokio::time::sleep(retry) => {},
					}
				},
				Err(error) => {
					self.trouble.jobs_fail(&error);
					tracing::error!(%error, "cannot take a job; will try again");
					if !backoff.wait(&self.draining).await {
						break;
					}
				},
			}
		}
		while beside.join_next().await.is_some() {}
	}

	async fn take(&self) -> Result<Next, Error> {
		let (queue, models) = (self.queue.clone(), self.loader.models.clone());
		// Never dropped half-way: a taken job has a worker.
		let next = spawn_blocking(move || {
			let taken = queue.take(|model| models.contains(model))?;
			Ok::<_, JobStoreError>(taken.map_or_else(
				|| {
					let now_ms = now_ms();
					let retry = queue.next_retry_ms(now_ms);
					Next::NothingUntil(retry.map_or(MAX_RETRY, |at| {
						Duration::from_millis(at.saturating_sub(now_ms).max(1))
					}))
				},
				|taken| Next::Job(Box::new(taken)),
			))
		});
		Ok(next.await??)
	}

	async fn process(self: &Arc<Self>, taken: Taken, beside: &mut JoinSet<()>) {
		let Taken {
			record,
			cancelled,
			attempt,
		} = taken;
		if self.draining.is_cancelled() {
			self.release(record, attempt).await;
			return;
		}
		let model_hash = record.header.vk_hash;
		let waits = self.metrics.waits(model_hash, record.accepted_ms);
		attempt.on_begin(Box::new(move || waits.end()));
		let model = match self.loader.model(&model_hash).await {
			Ok(Some(model)) => model,
			// Unloaded in this moment.
			Ok(None) => {
				self.release(record, attempt).await;
				return;
			},
			// It was put out of memory, and its bundle cannot be read now.
			Err(error) => {
				self.try_later(&record, &attempt, error.to_string()).await;
				return;
			},
		};
		let waited_ms = now_ms().saturating_sub(record.accepted_ms);
		tracing::info!(attempt = record.attempts, waited_ms, "proving");
		let (header, input) = (record.header.clone(), record.input.clone());
		let expected = record.output.clone();
		// Until the engine says that it begins.
		attempt.wait();
		let proving = attempt.clone();
		let mut thread = spawn_blocking(move || {
			prove_and_verify(model.as_ref(), &header, &input, &expected, &proving)
		});
		let mut is_overdue = false;
		loop {
			let mut left = self.job_timeout.saturating_sub(attempt.idle());
			if !is_overdue {
				left = left.min(self.job_timeout.saturating_sub(attempt.at_work()));
			}
			tokio::select! {
				// What was cancelled is cancelled, whatever came of it in the same moment.
				biased;
				() = cancelled.cancelled() => {
					tracing::info!("cancelled while proving");
					attempt.stop("its job was cancelled".into());
					go_on(beside, wait_for_idle(thread)).await;
					return;
				},
				computed = &mut thread => {
					self.settle(&record, &attempt, &cancelled, computed).await;
					return;
				},
				() = tokio::time::sleep(left) => {},
			}
			if !is_overdue && attempt.at_work() >= self.job_timeout {
				is_overdue = true;
				self.overdue(&record, &attempt).await;
			}
			if attempt.idle() >= self.job_timeout {
				break;
			}
		}
		if !is_overdue {
			self.overdue(&record, &attempt).await;
		}
		let reason = format!(
			"no step for {} seconds (--job-timeout-seconds), the last: {}",
			self.job_timeout.as_secs(),
			attempt.step().as_deref().unwrap_or("none"),
		);
		tracing::warn!(reason, "the proof hangs: it is stopped, if it can be");
		attempt.stop(reason);
		let late = self.clone().settle_late(record, attempt, cancelled, thread);
		go_on(beside, late).await;
	}

	async fn overdue(&self, record: &JobRecord, attempt: &Arc<Attempt>) {
		let (queue, key, attempt) = (self.queue.clone(), record.key(), attempt.clone());
		if let Err(error) = spawn_blocking(move || queue.mark_overdue(&key, &attempt)).await {
			tracing::error!(%error, "cannot mark a job as overdue");
		}
		self.metrics.overdue(&record.header.vk_hash);
		tracing::warn!(
			seconds = self.job_timeout.as_secs(),
			"no proof yet; while it goes on, it is waited for"
		);
	}

	/// Waits for an attempt that was stopped.
	async fn settle_late(
		self: Arc<Self>,
		record: JobRecord,
		attempt: Arc<Attempt>,
		cancelled: CancellationToken,
		mut thread: JoinHandle<Result<Proven, EngineError>>,
	) {
		tokio::select! {
			biased;
			() = cancelled.cancelled() => {
				tracing::info!("cancelled while proving");
				wait_for_idle(thread).await;
			},
			computed = &mut thread => self.settle(&record, &attempt, &cancelled, computed).await,
		}
	}

	async fn settle(
		&self,
		record: &JobRecord,
		attempt: &Arc<Attempt>,
		cancelled: &CancellationToken,
		computed: Computed,
	) {
		match computed {
			Ok(Ok(proven)) => self.save(record, attempt, proven, cancelled).await,
			Ok(Err(error)) if error.is_transient() => {
				self.try_later(record, attempt, error.to_string()).await;
			},
			Ok(Err(error)) => self.fail(record, attempt, error.to_string()).await,
			// A bug or a lack of memory: the one is found by the operator, the other may pass.
			Err(error) => {
				self.try_later(record, attempt, format!("the engine panicked: {error}"))
					.await;
			},
		}
	}

	/// Gives the job back for another attempt, or up if it had all its attempts.
	async fn try_later(&self, record: &JobRecord, attempt: &Arc<Attempt>, error: String) {
		if record.attempts >= MAX_ATTEMPTS {
			let error = format!("{error} (after {MAX_ATTEMPTS} attempts)");
			self.fail(record, attempt, error).await;
			return;
		}
		let left = record
			.deadline_ms
			.map(|deadline| Duration::from_millis(deadline.saturating_sub(now_ms())));
		let wait = retry_wait(record.attempts, left);
		self.metrics.retried(&record.header.vk_hash);
		tracing::warn!(
			error,
			?wait,
			attempt = record.attempts,
			"attempt failed; will try again"
		);
		let (queue, key, attempt) = (self.queue.clone(), record.key(), attempt.clone());
		let retried = move || queue.retry_later(&key, &attempt, wait, error);
		let given_back = spawn_blocking(retried).await;
		// If it fails, the job waits again after the next start.
		match given_back {
			Ok(Ok(_)) => {},
			Ok(Err(error)) => tracing::error!(%error, "cannot give a job back"),
			Err(error) => tracing::error!(%error, "cannot give a job back"),
		}
	}

	async fn save(
		&self,
		record: &JobRecord,
		attempt: &Arc<Attempt>,
		proven: Proven,
		cancelled: &CancellationToken,
	) {
		let bytes = proven.proof.bytes.len();
		let Some(hash) = self.store_proof(proven.proof.bytes, cancelled).await else {
			return;
		};
		let prove_ms = u64::try_from(proven.elapsed.as_millis()).unwrap_or(u64::MAX);
		if self
			.finish(
				record,
				attempt,
				Status::Proven {
					proof: hash,
					prove_ms,
				},
			)
			.await
		{
			self.metrics.proven(&record.header.vk_hash, proven.elapsed);
			tracing::info!(prove_ms, proof_bytes = bytes, "proven");
		}
	}

	/// Stores a proof, trying again until it is stored; `None` if the job was cancelled or the
	/// service stops. Then the job is still on disk.
	async fn store_proof(&self, bytes: Vec<u8>, cancelled: &CancellationToken) -> Option<Hash> {
		let mut backoff = Backoff::new();
		loop {
			match self.content.put(bytes.clone()).await {
				Ok(hash) => {
					self.trouble.content_works();
					return Some(hash);
				},
				Err(error) => {
					self.trouble.content_fails(&error);
					tracing::error!(%error, "cannot store a proof; will try again");
				},
			}
			if cancelled.is_cancelled() || !backoff.wait(&self.draining).await {
				return None;
			}
		}
	}

	async fn fail(&self, record: &JobRecord, attempt: &Arc<Attempt>, reason: String) {
		if self
			.finish(
				record,
				attempt,
				Status::Failed {
					reason: reason.clone(),
				},
			)
			.await
		{
			self.metrics.failed(&record.header.vk_hash);
			tracing::error!(reason, "job failed");
		}
	}

	/// Ends the job, trying again while the job store fails. False if the attempt was ended meanwhile.
	async fn finish(&self, record: &JobRecord, attempt: &Arc<Attempt>, status: Status) -> bool {
		let mut backoff = Backoff::new();
		loop {
			let (queue, key, status) = (self.queue.clone(), record.key(), status.clone());
			let attempt = attempt.clone();
			match spawn_blocking(move || queue.finish(&key, &attempt, status)).await {
				Ok(Ok(finished)) => {
					self.trouble.jobs_work();
					self.loader.engine().settled(&record.header.vk_hash);
					return finished;
				},
				Ok(Err(error)) => {
					self.trouble.jobs_fail(&error);
					tracing::error!(%error, "cannot save a job; will try again");
				},
				Err(error) => tracing::error!(%error, "cannot save a job; will try again"),
			}
			if !backoff.wait(&self.draining).await {
				return false;
			}
		}
	}

	async fn release(&self, record: JobRecord, attempt: Arc<Attempt>) {
		let queue = self.queue.clone();
		let released: Result<Result<(), JobStoreError>, _> =
			spawn_blocking(move || queue.release(&record.key(), &attempt)).await;
		// If it fails, the job waits again after the next start.
		match released {
			Ok(Ok(())) => {},
			Ok(Err(error)) => tracing::error!(%error, "cannot give a job back"),
			Err(error) => tracing::error!(%error, "cannot give a job back"),
		}
	}
}

fn prove_and_verify(
	model: &dyn Model,
	header: &StatementHeader,
	input: &[i64],
	expected: &[i64],
	attempt: &Attempt,
) -> Result<Proven, EngineError> {
	let proof = model.prove(header, input, attempt)?;
	// From when the model was there.
	let elapsed = attempt.at_work();
	if proof.output != expected {
		return Err(EngineError::Prove {
			model: header.vk_hash,
			reason: "the proven output differs from the one acknowledged".into(),
		});
	}
	model.verify(header, input, &proof)?;
	Ok(Proven { proof, elapsed })
}

/// What a worker does next.
enum Next {
	Job(Box<Taken>),
	NothingUntil(Duration),
}

/// Lets `rest` go on beside the worker, or waits for it if enough goes on already.
async fn go_on(beside: &mut JoinSet<()>, rest: impl Future<Output = ()> + Send + 'static) {
	if beside.len() < MAX_BESIDE {
		beside.spawn(rest.in_current_span());
	} else {
		rest.await;
	}
}

/// How long to wait after so many attempts: with jitter, and no longer than a quarter of the time
/// that is left.
fn retry_wait(attempts: u32, left: Option<Duration>) -> Duration {
	let doublings = attempts.saturating_sub(1).min(8).saturating_mul(2);
	let longest = FIRST_RETRY
		.saturating_mul(1u32.checked_shl(doublings).unwrap_or(u32::MAX))
		.min(MAX_RETRY)
		.min(left.map_or(MAX_RETRY, |left| left / 4));
	longest.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
}

/// Waits for a computation whose result is no longer wanted: until then it uses this worker's share
/// of the machine.
async fn wait_for_idle<T>(thread: tokio::task::JoinHandle<T>) {
	if let Err(error) = thread.await {
		tracing::warn!(%error, "the engine panicked after its job had ended");
	}
}

struct Backoff(Duration);

impl Backoff {
	fn new() -> Self {
		Self(MIN_BACKOFF)
	}

	/// Waits, longer each time. False if the service drains.
	async fn wait(&mut self, draining: &CancellationToken) -> bool {
		let jitter = rand::thread_rng().gen_range(0.5..1.0);
		let wait = self.0.mul_f64(jitter);
		self.0 = self.0.saturating_mul(2).min(MAX_BACKOFF);
		tokio::select! {
			() = draining.cancelled() => false,
			() = tokio::time::sleep(wait) => true,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn retries_should_wait_longer_each_time_but_never_past_the_deadline() {
		for (attempts, longest_ms) in [(1, 250), (2, 1_000), (3, 4_000), (4, 16_000), (99, 300_000)]
		{
			let longest = Duration::from_millis(longest_ms);
			let wait = retry_wait(attempts, None);
			assert!(
				longest / 2 <= wait && wait <= longest,
				"{attempts}: {wait:?}"
			);
		}
		let left = Duration::from_secs(2);
		assert!(retry_wait(4, Some(left)) <= left / 4);
		assert_eq!(retry_wait(4, Some(Duration::ZERO)), Duration::ZERO);
	}
}
