//! The bounded queue: the one place where a job's state changes.
//!
//! Memory holds only the order of waiting jobs and who is being worked on; each change is on disk
//! before it is in memory, both under one lock, so they never disagree. All methods but the counts
//! and [`Queue::changed`] block: call them off the async threads.

use super::{
	now_ms,
	store::{JobStore, JobStoreError},
	JobRecord, Status,
};
use inference_primitives::{StatementHeader, VkHash, WorkloadId};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, HashMap},
	sync::atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{futures::Notified, Notify};
use tokio_util::sync::CancellationToken;

/// Times that a job's proving is started before it is given up: a job that takes the service down
/// each time must not do so for ever.
pub const MAX_ATTEMPTS: u32 = 5;

/// What became of a request to add a job.
#[derive(Debug)]
pub enum Admission {
	/// It is on disk and waits.
	Accepted(JobRecord),
	/// A job with its key was there already, of the same request or another.
	Existing(JobRecord),
	/// The queue is full; nothing was stored.
	Full,
}

/// A job taken by a worker.
#[derive(Debug)]
pub struct Taken {
	/// The job.
	pub record: JobRecord,
	/// Cancelled when the job is.
	pub cancelled: CancellationToken,
}

/// The queue.
pub struct Queue {
	store: JobStore,
	max_queued: usize,
	state: Mutex<State>,
	changed: Notify,
	queued: AtomicUsize,
	running: AtomicUsize,
}

#[derive(Default)]
struct State {
	/// By order of arrival.
	waiting: BTreeMap<u64, Waiting>,
	running: HashMap<[u8; 32], CancellationToken>,
	next_sequence: u64,
}

struct Waiting {
	key: WorkloadId,
	model: VkHash,
}

impl Queue {
	/// Takes up what `store` holds: jobs that were being proven wait again, in their old place,
	/// unless they were tried [`MAX_ATTEMPTS`] times. At most `max_queued` jobs wait, but none is
	/// dropped if the bound was lowered.
	pub fn open(store: JobStore, max_queued: usize) -> Result<Self, JobStoreError> {
		let mut state = State::default();
		for record in store.unfinished()? {
			state.next_sequence = record.sequence.saturating_add(1);
			let mut next = record.clone();
			if record.status == Status::Proving {
				let key = record.key();
				if record.attempts >= MAX_ATTEMPTS {
					let reason = format!(
						"the service stopped {MAX_ATTEMPTS} times while it proved this job; it may \
						 need more memory than there is"
					);
					tracing::error!(job = %key, model = %record.header.vk_hash, reason, "job failed");
					finish(&mut next, Status::Failed { reason });
				} else {
					tracing::info!(
						job = %key, model = %record.header.vk_hash, attempts = record.attempts,
						"interrupted job waits again"
					);
					next.status = Status::Queued;
				}
				store.save(&next, Some(&record))?;
			}
			if next.status == Status::Queued {
				state.wait(&next);
			}
		}
		let queued = AtomicUsize::new(state.waiting.len());
		Ok(Self {
			store,
			max_queued,
			state: Mutex::new(state),
			changed: Notify::new(),
			queued,
			running: AtomicUsize::new(0),
		})
	}

	/// The store below.
	pub fn store(&self) -> &JobStore {
		&self.store
	}

	/// Most jobs that wait.
	pub fn max_queued(&self) -> usize {
		self.max_queued
	}

	/// Jobs that wait. Does not block.
	pub fn queued(&self) -> usize {
		self.queued.load(Ordering::Relaxed)
	}

	/// Jobs that a worker has. Does not block.
	pub fn running(&self) -> usize {
		self.running.load(Ordering::Relaxed)
	}

	/// Completes after the next change that may give a worker something to do.
	pub fn changed(&self) -> Notified<'_> {
		self.changed.notified()
	}

	/// Tells idle workers to look again.
	pub fn wake_all(&self) {
		self.changed.notify_waiters();
	}

	/// Adds a job: `header`, `input` and the `output` of executing it.
	pub fn admit(
		&self,
		header: StatementHeader,
		input: Vec<i64>,
		output: Vec<i64>,
	) -> Result<Admission, JobStoreError> {
		let mut state = self.state.lock();
		if let Some(existing) = self.store.job(&header.workload)? {
			return Ok(Admission::Existing(existing));
		}
		if state.waiting.len() >= self.max_queued {
			return Ok(Admission::Full);
		}
		let record = JobRecord {
			header,
			input,
			output,
			sequence: state.next_sequence,
			attempts: 0,
			accepted_ms: now_ms(),
			finished_ms: None,
			status: Status::Queued,
		};
		self.store.save(&record, None)?;
		state.next_sequence = state.next_sequence.saturating_add(1);
		state.wait(&record);
		self.publish(&state);
		Ok(Admission::Accepted(record))
	}

	/// The job with this key.
	pub fn job(&self, key: &WorkloadId) -> Result<Option<JobRecord>, JobStoreError> {
		self.store.job(key)
	}

	/// Takes the first waiting job whose model is `servable`. The caller must call one of
	/// [`Self::finish`] and [`Self::release`].
	pub fn take(&self, servable: impl Fn(&VkHash) -> bool) -> Result<Option<Taken>, JobStoreError> {
		let mut state = self.state.lock();
		let found = state.waiting.iter().find(|(_, job)| servable(&job.model));
		let Some((sequence, key)) = found.map(|(sequence, job)| (*sequence, job.key)) else {
			return Ok(None);
		};
		let previous = self
			.store
			.job(&key)?
			.ok_or(JobStoreError::Dangling { key })?;
		let mut record = previous.clone();
		record.status = Status::Proving;
		record.attempts = record.attempts.saturating_add(1);
		self.store.save(&record, Some(&previous))?;
		let cancelled = CancellationToken::new();
		state.waiting.remove(&sequence);
		state.running.insert(key.0, cancelled.clone());
		self.publish(&state);
		Ok(Some(Taken { record, cancelled }))
	}

	/// Ends a taken job with `status`, a finished one. Returns false, and changes nothing, if the
	/// job was ended meanwhile (cancelled).
	pub fn finish(&self, key: &WorkloadId, status: Status) -> Result<bool, JobStoreError> {
		let mut state = self.state.lock();
		if !state.running.contains_key(&key.0) {
			return Ok(false);
		}
		let previous = self
			.store
			.job(key)?
			.ok_or(JobStoreError::Dangling { key: *key })?;
		let mut record = previous.clone();
		finish(&mut record, status);
		self.store.save(&record, Some(&previous))?;
		state.running.remove(&key.0);
		self.publish(&state);
		Ok(true)
	}

	/// Gives a taken job back, as if it had not been taken.
	pub fn release(&self, key: &WorkloadId) -> Result<(), JobStoreError> {
		let mut state = self.state.lock();
		if !state.running.contains_key(&key.0) {
			return Ok(());
		}
		let previous = self
			.store
			.job(key)?
			.ok_or(JobStoreError::Dangling { key: *key })?;
		let mut record = previous.clone();
		record.status = Status::Queued;
		record.attempts = record.attempts.saturating_sub(1);
		self.store.save(&record, Some(&previous))?;
		state.running.remove(&key.0);
		state.wait(&record);
		self.publish(&state);
		Ok(())
	}

	/// Gives all taken jobs back: the service stops before they are done.
	pub fn release_all(&self) -> Result<(), JobStoreError> {
		let keys: Vec<_> = self
			.state
			.lock()
			.running
			.keys()
			.copied()
			.map(WorkloadId)
			.collect();
		keys.iter().try_for_each(|key| self.release(key))
	}

	/// Cancels an unfinished job. Returns the job as it is afterwards, and whether this call changed
	/// it; `None` if there is none.
	pub fn cancel(&self, key: &WorkloadId) -> Result<Option<(JobRecord, bool)>, JobStoreError> {
		let mut state = self.state.lock();
		let Some(previous) = self.store.job(key)? else {
			return Ok(None);
		};
		if previous.status.is_finished() {
			return Ok(Some((previous, false)));
		}
		let mut record = previous.clone();
		finish(&mut record, Status::Cancelled);
		self.store.save(&record, Some(&previous))?;
		state.waiting.remove(&record.sequence);
		if let Some(token) = state.running.remove(&key.0) {
			token.cancel();
		}
		self.publish(&state);
		Ok(Some((record, true)))
	}

	/// Puts a proven job whose stored proof is damaged back, behind all others; it was accepted
	/// once, so the bound does not apply. Returns the job as it is afterwards.
	pub fn prove_again(&self, damaged: &JobRecord) -> Result<JobRecord, JobStoreError> {
		let mut state = self.state.lock();
		let key = damaged.key();
		let previous = self
			.store
			.job(&key)?
			.ok_or(JobStoreError::Dangling { key })?;
		if previous != *damaged {
			return Ok(previous);
		}
		let mut record = previous.clone();
		record.status = Status::Queued;
		record.finished_ms = None;
		record.attempts = 0;
		record.sequence = state.next_sequence;
		self.store.save(&record, Some(&previous))?;
		state.next_sequence = state.next_sequence.saturating_add(1);
		state.wait(&record);
		self.publish(&state);
		Ok(record)
	}

	/// Forgets a finished job.
	pub fn forget(&self, record: &JobRecord) -> Result<(), JobStoreError> {
		let _state = self.state.lock();
		match self.store.job(&record.key())? {
			Some(stored) if stored == *record => self.store.remove(record),
			_ => Ok(()),
		}
	}

	fn publish(&self, state: &State) {
		self.queued.store(state.waiting.len(), Ordering::Relaxed);
		self.running.store(state.running.len(), Ordering::Relaxed);
		// Every idle worker looks: one that is told alone may not serve the job's model.
		self.changed.notify_waiters();
	}
}

impl State {
	fn wait(&mut self, record: &JobRecord) {
		let waiting = Waiting {
			key: record.key(),
			model: record.header.vk_hash,
		};
		self.waiting.insert(record.sequence, waiting);
	}
}

fn finish(record: &mut JobRecord, status: Status) {
	debug_assert!(status.is_finished());
	record.status = status;
	record.finished_ms = Some(now_ms());
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{Destination, GenesisHash, ModelId, ModelRef, STATEMENT_VERSION};
	use std::path::Path;

	fn header(workload: u8) -> StatementHeader {
		StatementHeader {
			genesis: GenesisHash([1; 32]),
			domain: 0,
			version: STATEMENT_VERSION,
			vk_hash: VkHash([2; 32]),
			model: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			workload: WorkloadId([workload; 32]),
			destination: Destination::Local,
		}
	}

	fn open(folder: &Path, max_queued: usize) -> Queue {
		Queue::open(
			JobStore::open(&folder.join("jobs.redb")).unwrap(),
			max_queued,
		)
		.unwrap()
	}

	fn add(queue: &Queue, workload: u8) -> JobRecord {
		match queue.admit(header(workload), vec![1], vec![2]).unwrap() {
			Admission::Accepted(record) => record,
			other => panic!("{other:?}"),
		}
	}

	fn take(queue: &Queue) -> Option<WorkloadId> {
		queue
			.take(|_| true)
			.unwrap()
			.map(|taken| taken.record.key())
	}

	#[test]
	fn take_should_follow_the_order_of_arrival_over_restarts() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 10);
		for workload in [9, 3, 7] {
			add(&queue, workload);
		}
		assert_eq!(take(&queue), Some(WorkloadId([9; 32])));
		drop(queue);
		let queue = open(folder.path(), 10);
		// The interrupted job keeps its place.
		assert_eq!((queue.queued(), queue.running()), (3, 0));
		for workload in [9, 3, 7] {
			assert_eq!(take(&queue), Some(WorkloadId([workload; 32])));
		}
		assert_eq!(take(&queue), None);
	}

	#[test]
	fn take_should_pass_over_jobs_whose_model_is_not_loaded() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 10);
		add(&queue, 1);
		assert!(queue
			.take(|model| *model != VkHash([2; 32]))
			.unwrap()
			.is_none());
		assert_eq!(queue.queued(), 1);
	}

	#[test]
	fn admit_should_store_nothing_when_full() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 1);
		add(&queue, 1);
		assert!(matches!(
			queue.admit(header(2), vec![1], vec![2]).unwrap(),
			Admission::Full
		));
		assert!(queue.job(&WorkloadId([2; 32])).unwrap().is_none());
		// A running job takes no place.
		take(&queue).unwrap();
		add(&queue, 2);
	}

	#[test]
	fn open_should_give_up_a_job_that_stopped_the_service_each_time() {
		let folder = tempfile::tempdir().unwrap();
		add(&open(folder.path(), 1), 1);
		for _ in 0..MAX_ATTEMPTS {
			assert!(take(&open(folder.path(), 1)).is_some());
		}
		let queue = open(folder.path(), 1);
		assert_eq!(take(&queue), None);
		let job = queue.job(&WorkloadId([1; 32])).unwrap().unwrap();
		assert!(matches!(job.status, Status::Failed { .. }));
	}

	#[test]
	fn release_should_not_count_as_an_attempt() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 1);
		let record = add(&queue, 1);
		take(&queue).unwrap();
		queue.release_all().unwrap();
		assert_eq!(queue.job(&record.key()).unwrap().unwrap(), record);
		assert_eq!((queue.queued(), queue.running()), (1, 0));
	}

	#[test]
	fn finish_should_change_nothing_when_the_job_was_cancelled() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 1);
		let key = add(&queue, 1).key();
		let taken = queue.take(|_| true).unwrap().unwrap();
		let (cancelled, changed) = queue.cancel(&key).unwrap().unwrap();
		assert!(changed && taken.cancelled.is_cancelled());
		assert!(!queue
			.finish(
				&key,
				Status::Proven {
					proof: [0; 32],
					prove_ms: 1
				}
			)
			.unwrap());
		assert_eq!(queue.job(&key).unwrap().unwrap(), cancelled);
		assert!(!queue.cancel(&key).unwrap().unwrap().1);
	}

	#[test]
	fn forget_should_remove_only_finished_jobs_past_the_retention() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 2);
		let key = add(&queue, 1).key();
		add(&queue, 2);
		take(&queue).unwrap();
		queue
			.finish(
				&key,
				Status::Proven {
					proof: [0; 32],
					prove_ms: 1,
				},
			)
			.unwrap();
		assert!(queue.store().finished_before(1, 9).unwrap().is_empty());
		let old = queue.store().finished_before(u64::MAX, 9).unwrap();
		assert_eq!(old.len(), 1);
		queue.forget(&old[0]).unwrap();
		assert!(queue.job(&key).unwrap().is_none());
		drop(queue);
		assert_eq!(open(folder.path(), 2).queued(), 1);
	}
}
