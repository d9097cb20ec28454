//! A worker: takes jobs in order, proves, verifies, stores the proof, and then reports it.

use super::{
	queue::{Queue, Taken},
	store::JobStoreError,
	JobRecord, Status,
};
use crate::{
	engine::{EngineError, Model, Models, Proof},
	error::Error,
	metrics::Metrics,
	store::ContentStore,
};
use inference_primitives::{Hash, StatementHeader};
use rand::Rng;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::task::{spawn_blocking, JoinError};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// First wait before a store is tried again; doubles up to [`MAX_BACKOFF`], with jitter.
const MIN_BACKOFF: Duration = Duration::from_millis(200);
/// Longest wait before a store is tried again.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// What workers share.
pub struct Worker {
	/// Where jobs come from.
	pub queue: Arc<Queue>,
	/// The loaded models.
	pub models: Arc<Models>,
	/// Where proofs go.
	pub content: Arc<dyn ContentStore>,
	/// What is counted.
	pub metrics: Arc<Metrics>,
	/// Longest wall time of one proof.
	pub job_timeout: Duration,
	/// Cancelled when the service drains: the running job is finished, no other is taken.
	pub draining: CancellationToken,
}

/// A proof that the verifier accepted.
struct Proven {
	proof: Proof,
	elapsed: Duration,
}

enum Outcome {
	Ended(Result<Result<Proven, EngineError>, JoinError>),
	TimedOut,
	Cancelled,
}

impl Worker {
	/// Works until the service drains.
	pub async fn run(self: Arc<Self>) {
		let mut backoff = Backoff::new();
		while !self.draining.is_cancelled() {
			// Registered before the queue is looked at, so that no change is missed.
			let changed = self.queue.changed();
			tokio::pin!(changed);
			changed.as_mut().enable();
			match self.take().await {
				Ok(Some(taken)) => {
					backoff = Backoff::new();
					let span = tracing::info_span!(
						"job",
						job = %taken.record.key(),
						model = %taken.record.header.vk_hash,
					);
					self.process(taken).instrument(span).await;
				},
				Ok(None) => tokio::select! {
					() = self.draining.cancelled() => break,
					() = changed => {},
				},
				Err(error) => {
					tracing::error!(%error, "cannot take a job; will try again");
					if !backoff.wait(&self.draining).await {
						break;
					}
				},
			}
		}
	}

	async fn take(&self) -> Result<Option<Taken>, Error> {
		let (queue, models) = (self.queue.clone(), self.models.clone());
		// Never dropped half-way: a taken job has a worker.
		Ok(spawn_blocking(move || queue.take(|model| models.get(model).is_some())).await??)
	}

	async fn process(&self, taken: Taken) {
		let Taken { record, cancelled } = taken;
		if self.draining.is_cancelled() {
			self.release(record).await;
			return;
		}
		let Some(model) = self.models.get(&record.header.vk_hash) else {
			// Models are never unloaded, so this cannot be.
			self.release(record).await;
			return;
		};
		tracing::info!(attempt = record.attempts, "proving");
		let (header, input) = (record.header.clone(), record.input.clone());
		let expected = record.output.clone();
		let mut thread =
			spawn_blocking(move || prove_and_verify(model.as_ref(), &header, &input, &expected));
		let outcome = tokio::select! {
			ended = &mut thread => Outcome::Ended(ended),
			() = cancelled.cancelled() => Outcome::Cancelled,
			() = tokio::time::sleep(self.job_timeout) => Outcome::TimedOut,
		};
		match outcome {
			Outcome::Ended(Ok(Ok(proven))) => self.save(&record, proven, &cancelled).await,
			Outcome::Ended(Ok(Err(error))) => self.fail(&record, error.to_string()).await,
			Outcome::Ended(Err(error)) => {
				self.fail(&record, format!("the engine panicked: {error}"))
					.await;
			},
			Outcome::TimedOut => {
				let seconds = self.job_timeout.as_secs();
				self.fail(
					&record,
					format!("no proof within {seconds} s; raise --job-timeout-seconds"),
				)
				.await;
				wait_for_idle(thread).await;
			},
			Outcome::Cancelled => {
				tracing::info!("cancelled while proving");
				wait_for_idle(thread).await;
			},
		}
	}

	async fn save(&self, record: &JobRecord, proven: Proven, cancelled: &CancellationToken) {
		let bytes = proven.proof.bytes.len();
		let Some(hash) = self.store_proof(proven.proof.bytes, cancelled).await else {
			return;
		};
		let prove_ms = u64::try_from(proven.elapsed.as_millis()).unwrap_or(u64::MAX);
		if self
			.finish(
				record,
				Status::Proven {
					proof: hash,
					prove_ms,
				},
			)
			.await
		{
			self.metrics.proven(proven.elapsed);
			tracing::info!(prove_ms, proof_bytes = bytes, "proven");
		}
	}

	/// Stores a proof, trying again until it is stored; `None` if the job was cancelled or the
	/// service stops. Then the job is still on disk.
	async fn store_proof(&self, bytes: Vec<u8>, cancelled: &CancellationToken) -> Option<Hash> {
		let mut backoff = Backoff::new();
		loop {
			match self.content.put(bytes.clone()).await {
				Ok(hash) => return Some(hash),
				Err(error) => tracing::error!(%error, "cannot store a proof; will try again"),
			}
			if cancelled.is_cancelled() || !backoff.wait(&self.draining).await {
				return None;
			}
		}
	}

	async fn fail(&self, record: &JobRecord, reason: String) {
		if self
			.finish(
				record,
				Status::Failed {
					reason: reason.clone(),
				},
			)
			.await
		{
			self.metrics.failed.increment();
			tracing::error!(reason, "job failed");
		}
	}

	/// Ends the job, trying again while the job store fails. False if it was ended meanwhile.
	async fn finish(&self, record: &JobRecord, status: Status) -> bool {
		let mut backoff = Backoff::new();
		loop {
			let (queue, key, status) = (self.queue.clone(), record.key(), status.clone());
			match spawn_blocking(move || queue.finish(&key, status)).await {
				Ok(Ok(finished)) => return finished,
				Ok(Err(error)) => tracing::error!(%error, "cannot save a job; will try again"),
				Err(error) => tracing::error!(%error, "cannot save a job; will try again"),
			}
			if !backoff.wait(&self.draining).await {
				return false;
			}
		}
	}

	async fn release(&self, record: JobRecord) {
		let queue = self.queue.clone();
		let released: Result<Result<(), JobStoreError>, _> =
			spawn_blocking(move || queue.release(&record.key())).await;
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
) -> Result<Proven, EngineError> {
	let start = Instant::now();
	let proof = model.prove(header, input)?;
	let elapsed = start.elapsed();
	if proof.output != expected {
		return Err(EngineError::Prove {
			model: header.vk_hash,
			reason: "the proven output differs from the one acknowledged".into(),
		});
	}
	model.verify(header, input, &proof)?;
	Ok(Proven { proof, elapsed })
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
