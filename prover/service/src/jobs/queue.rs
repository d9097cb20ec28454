//! The bounded queue: the one place where a job's state changes.
//!
//! Memory holds only the order of waiting jobs and who is being worked on; each change is on disk
//! before it is in memory, both under one lock, so they never disagree. All methods but the counts
//! and [`Queue::changed`] block: call them off the async threads.
//!
//! Waiting jobs are taken by deadline, the dearer first of two with one deadline, before those without
//! a deadline, which go by arrival. Jobs past their deadline come last: what is lost already must not
//! cost what can still be saved. They are not dropped: the chain's clock may have stopped, and whoever
//! submitted them cancels what the chain no longer wants.

use super::{
	now_ms,
	store::{JobStore, JobStoreError},
	JobRecord, Status, Terms,
};
use crate::engine::Attempt;
use inference_primitives::{StatementHeader, VkHash, WorkloadId};
use parking_lot::Mutex;
use std::{
	cmp::Reverse,
	collections::{BTreeMap, HashMap},
	sync::{
		atomic::{AtomicU64, AtomicUsize, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::{futures::Notified, Notify};
use tokio_util::sync::CancellationToken;

/// Times that a job's proving is started before it is given up: a job that takes the service down
/// each time, or fails by what may pass, must not do so for ever.
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
	/// The attempt that begins.
	pub attempt: Arc<Attempt>,
}

/// The queue.
pub struct Queue {
	store: JobStore,
	max_queued: usize,
	state: Mutex<State>,
	changed: Notify,
	queued: AtomicUsize,
	running: AtomicUsize,
	overdue: AtomicUsize,
	/// Zero: none waits.
	oldest_ms: AtomicU64,
}

#[derive(Default)]
struct State {
	/// By order of arrival.
	waiting: BTreeMap<u64, Waiting>,
	running: HashMap<[u8; 32], Running>,
	next_sequence: u64,
}

struct Running {
	cancelled: CancellationToken,
	attempt: Arc<Attempt>,
	since: Instant,
	is_overdue: bool,
}

#[derive(Clone, Copy)]
struct Waiting {
	key: WorkloadId,
	model: VkHash,
	terms: Terms,
	not_before_ms: u64,
	accepted_ms: u64,
}

impl Waiting {
	/// What is least is taken first; see the module.
	fn urgency(&self, now_ms: u64) -> (u8, u64, Reverse<u64>) {
		let value = Reverse(self.terms.value);
		match self.terms.deadline_ms {
			Some(deadline) if deadline >= now_ms => (0, deadline, value),
			None => (1, 0, Reverse(0)),
			Some(deadline) => (2, deadline, value),
		}
	}
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
		let queue = Self {
			store,
			max_queued,
			state: Mutex::default(),
			changed: Notify::new(),
			queued: AtomicUsize::new(0),
			running: AtomicUsize::new(0),
			overdue: AtomicUsize::new(0),
			oldest_ms: AtomicU64::new(0),
		};
		queue.publish(&state);
		*queue.state.lock() = state;
		Ok(queue)
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

	/// Jobs whose proof takes longer than the time-out. Does not block.
	pub fn overdue(&self) -> usize {
		self.overdue.load(Ordering::Relaxed)
	}

	/// When the oldest waiting job was accepted, milliseconds of Unix time. Does not block.
	pub fn oldest_ms(&self) -> Option<u64> {
		Some(self.oldest_ms.load(Ordering::Relaxed)).filter(|oldest| *oldest > 0)
	}

	/// Notes that an attempt at a job takes longer than the time-out.
	pub fn mark_overdue(&self, key: &WorkloadId, attempt: &Arc<Attempt>) {
		let mut state = self.state.lock();
		if state.is_running(key, attempt) {
			if let Some(running) = state.running.get_mut(&key.0) {
				running.is_overdue = true;
			}
		}
		self.publish(&state);
	}

	/// How long a worker has had the job, and the step that its proof is at.
	pub fn progress(&self, key: &WorkloadId) -> Option<(Duration, Option<String>)> {
		let state = self.state.lock();
		let running = state.running.get(&key.0)?;
		Some((running.since.elapsed(), running.attempt.step()))
	}

	/// When the next job that waits after a failure may be tried, milliseconds of Unix time.
	pub fn next_retry_ms(&self, now_ms: u64) -> Option<u64> {
		let state = self.state.lock();
		let retries = state.waiting.values().map(|job| job.not_before_ms);
		retries.filter(|not_before| *not_before > now_ms).min()
	}

	/// Adds a job: `header`, `input` and the `output` of executing it.
	pub fn admit(
		&self,
		header: StatementHeader,
		input: Vec<i64>,
		output: Vec<i64>,
		terms: Terms,
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
			deadline_ms: terms.deadline_ms,
			value: terms.value,
			not_before_ms: 0,
			last_error: None,
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

	/// Takes note of a request that is submitted again: sets the job's terms anew, and revives a cancelled
	/// one. It was accepted once, so the bound does not apply. Returns the job as it
	/// is afterwards.
	pub fn renew(&self, existing: &JobRecord, terms: Terms) -> Result<JobRecord, JobStoreError> {
		let mut state = self.state.lock();
		let key = existing.key();
		let previous = self
			.store
			.job(&key)?
			.ok_or(JobStoreError::Dangling { key })?;
		let mut record = previous.clone();
		(record.deadline_ms, record.value) = (terms.deadline_ms, terms.value);
		if previous.status == Status::Cancelled {
			revive(&mut record, &mut state);
		}
		// What is being proven may wait again, and what is proven is kept until it is due.
		if record != previous {
			self.store.save(&record, Some(&previous))?;
		}
		if record.status == Status::Queued {
			state.wait(&record);
			self.publish(&state);
		}
		Ok(record)
	}

	/// Puts a failed or cancelled job back with all its attempts before it, and has one that waits
	/// after a failure tried at once. Returns the job as it is afterwards; `None` if there is none.
	pub fn retry(&self, key: &WorkloadId) -> Result<Option<JobRecord>, JobStoreError> {
		let mut state = self.state.lock();
		let Some(previous) = self.store.job(key)? else {
			return Ok(None);
		};
		let mut record = previous.clone();
		match previous.status {
			Status::Failed { .. } | Status::Cancelled => revive(&mut record, &mut state),
			Status::Queued => record.not_before_ms = 0,
			Status::Proving | Status::Proven { .. } => return Ok(Some(previous)),
		}
		self.store.save(&record, Some(&previous))?;
		state.wait(&record);
		self.publish(&state);
		Ok(Some(record))
	}

	/// Takes the most urgent waiting job whose model is `servable`. The caller must call one of
	/// [`Self::finish`], [`Self::retry_later`] and [`Self::release`].
	pub fn take(&self, servable: impl Fn(&VkHash) -> bool) -> Result<Option<Taken>, JobStoreError> {
		let mut state = self.state.lock();
		let now_ms = now_ms();
		let found = state
			.waiting
			.iter()
			.filter(|(_, job)| job.not_before_ms <= now_ms && servable(&job.model))
			.min_by_key(|(sequence, job)| (job.urgency(now_ms), **sequence));
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
		let attempt = Arc::<Attempt>::default();
		state.waiting.remove(&sequence);
		state.running.insert(
			key.0,
			Running {
				cancelled: cancelled.clone(),
				attempt: attempt.clone(),
				since: Instant::now(),
				is_overdue: false,
			},
		);
		self.publish(&state);
		Ok(Some(Taken {
			record,
			cancelled,
			attempt,
		}))
	}

	/// Ends a taken job with `status`, a finished one. Returns false, and changes nothing, if the
	/// attempt was ended meanwhile (cancelled), although another one may be made since.
	pub fn finish(
		&self,
		key: &WorkloadId,
		attempt: &Arc<Attempt>,
		status: Status,
	) -> Result<bool, JobStoreError> {
		let mut state = self.state.lock();
		if !state.is_running(key, attempt) {
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

	/// Gives a taken job back after an attempt that failed by what may pass: it is tried again after
	/// `wait`. Returns false, and changes nothing, if the attempt was ended meanwhile.
	pub fn retry_later(
		&self,
		key: &WorkloadId,
		attempt: &Arc<Attempt>,
		wait: Duration,
		error: String,
	) -> Result<bool, JobStoreError> {
		let mut state = self.state.lock();
		if !state.is_running(key, attempt) {
			return Ok(false);
		}
		let previous = self
			.store
			.job(key)?
			.ok_or(JobStoreError::Dangling { key: *key })?;
		let mut record = previous.clone();
		record.status = Status::Queued;
		let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
		record.not_before_ms = now_ms().saturating_add(wait_ms);
		record.last_error = Some(error);
		self.store.save(&record, Some(&previous))?;
		state.running.remove(&key.0);
		state.wait(&record);
		self.publish(&state);
		Ok(true)
	}

	/// Gives a taken job back, as if it had not been taken. Changes nothing if the attempt was ended meanwhile.
	pub fn release(&self, key: &WorkloadId, attempt: &Arc<Attempt>) -> Result<(), JobStoreError> {
		let mut state = self.state.lock();
		if !state.is_running(key, attempt) {
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

	/// Gives all taken jobs back, and stops their attempts: the service stops before they are done.
	pub fn release_all(&self) -> Result<(), JobStoreError> {
		let running: Vec<_> = {
			let state = self.state.lock();
			let running = state.running.iter();
			running
				.map(|(key, running)| (WorkloadId(*key), running.attempt.clone()))
				.collect()
		};
		for (key, attempt) in running {
			// First: what the stop brings about finds no running job.
			self.release(&key, &attempt)?;
			attempt.stop("the service stops".into());
		}
		Ok(())
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
		if let Some(running) = state.running.remove(&key.0) {
			running.cancelled.cancel();
		}
		self.publish(&state);
		Ok(Some((record, true)))
	}

	/// Cancels the waiting jobs that were due before `before_ms`. Returns how many.
	pub fn cancel_due_before(&self, before_ms: u64) -> Result<usize, JobStoreError> {
		let due = |job: &&Waiting| job.terms.deadline_ms.is_some_and(|due| due < before_ms);
		let keys: Vec<WorkloadId> = {
			let state = self.state.lock();
			state
				.waiting
				.values()
				.filter(due)
				.map(|job| job.key)
				.collect()
		};
		for key in &keys {
			self.cancel(key)?;
		}
		Ok(keys.len())
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
		let overdue = state.running.values().filter(|job| job.is_overdue).count();
		self.overdue.store(overdue, Ordering::Relaxed);
		let oldest = state.waiting.values().map(|job| job.accepted_ms).min();
		self.oldest_ms
			.store(oldest.unwrap_or_default(), Ordering::Relaxed);
		// Every idle worker looks: one that is told alone may not serve the job's model.
		self.changed.notify_waiters();
	}
}

impl State {
	/// Whether this very attempt at the job goes on.
	fn is_running(&self, key: &WorkloadId, attempt: &Arc<Attempt>) -> bool {
		let running = self.running.get(&key.0);
		running.is_some_and(|running| Arc::ptr_eq(&running.attempt, attempt))
	}

	fn wait(&mut self, record: &JobRecord) {
		let waiting = Waiting {
			key: record.key(),
			model: record.header.vk_hash,
			terms: Terms {
				deadline_ms: record.deadline_ms,
				value: record.value,
			},
			not_before_ms: record.not_before_ms,
			accepted_ms: record.accepted_ms,
		};
		self.waiting.insert(record.sequence, waiting);
	}
}

/// Makes a finished job a new one in all but its output.
fn revive(record: &mut JobRecord, state: &mut State) {
	record.status = Status::Queued;
	record.finished_ms = None;
	record.attempts = 0;
	record.not_before_ms = 0;
	record.sequence = state.next_sequence;
	state.next_sequence = state.next_sequence.saturating_add(1);
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
		add_due(queue, workload, None, 0)
	}

	/// Adds a job that is due in so many milliseconds.
	fn add_due(queue: &Queue, workload: u8, due_in_ms: Option<i64>, value: u64) -> JobRecord {
		let terms = Terms {
			deadline_ms: due_in_ms.map(|due| now_ms().saturating_add_signed(due)),
			value,
		};
		match queue
			.admit(header(workload), vec![1], vec![2], terms)
			.unwrap()
		{
			Admission::Accepted(record) => record,
			other => panic!("{other:?}"),
		}
	}

	fn taken(queue: &Queue) -> Option<Taken> {
		queue.take(|_| true).unwrap()
	}

	fn take(queue: &Queue) -> Option<WorkloadId> {
		taken(queue).map(|taken| taken.record.key())
	}

	#[test]
	fn what_an_attempt_brings_about_that_was_ended_should_not_touch_the_next_one() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 1);
		let key = add(&queue, 1).key();
		let first = taken(&queue).unwrap().attempt;
		queue.cancel(&key).unwrap();
		queue.retry(&key).unwrap();
		let second = taken(&queue).unwrap();
		let failed = || Status::Failed {
			reason: "late".into(),
		};
		assert!(!queue.finish(&key, &first, failed()).unwrap());
		let wait = Duration::ZERO;
		assert!(!queue
			.retry_later(&key, &first, wait, "late".into())
			.unwrap());
		queue.release(&key, &first).unwrap();
		queue.mark_overdue(&key, &first);
		assert_eq!(queue.job(&key).unwrap().unwrap(), second.record);
		assert_eq!((queue.running(), queue.overdue()), (1, 0));
		queue.mark_overdue(&key, &second.attempt);
		assert_eq!(queue.overdue(), 1);
		assert!(queue.finish(&key, &second.attempt, failed()).unwrap());
	}

	#[test]
	fn terms_that_come_while_a_job_is_proven_hold_when_it_waits_again() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 9);
		let late = add_due(&queue, 1, Some(-1_000), 0);
		let first = taken(&queue).unwrap();
		assert_eq!(first.record.key(), late.key());
		let first = first.attempt;
		add_due(&queue, 2, Some(60_000), 0);
		let terms = Terms {
			deadline_ms: Some(now_ms() + 30_000),
			value: 3,
		};
		let renewed = queue.renew(&late, terms).unwrap();
		assert_eq!((renewed.status, renewed.value), (Status::Proving, 3));
		let wait = Duration::ZERO;
		assert!(queue
			.retry_later(&late.key(), &first, wait, "x".into())
			.unwrap());
		let second = taken(&queue).unwrap();
		assert_eq!(second.record.key(), late.key());
		// And those of one that was given up, when it is tried again.
		let reason = "x".to_owned();
		queue
			.finish(&late.key(), &second.attempt, Status::Failed { reason })
			.unwrap();
		let terms = Terms {
			deadline_ms: Some(now_ms() + 50_000),
			value: 4,
		};
		queue.renew(&late, terms).unwrap();
		let retried = queue.retry(&late.key()).unwrap().unwrap();
		assert_eq!((retried.status, retried.value), (Status::Queued, 4));
	}

	#[test]
	fn what_waits_long_after_its_deadline_is_cancelled_and_nothing_else() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 9);
		let old = add_due(&queue, 1, Some(-60_000), 0);
		add_due(&queue, 2, Some(-10), 0);
		add_due(&queue, 3, None, 0);
		let before = now_ms() - 30_000;
		assert_eq!(queue.cancel_due_before(before).unwrap(), 1);
		let record = queue.job(&old.key()).unwrap().unwrap();
		assert_eq!(record.status, Status::Cancelled);
		assert_eq!(queue.queued(), 2);
	}

	#[test]
	fn take_should_go_by_deadline_then_value_with_what_is_late_last() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 10);
		let deadline = now_ms() + 100_000;
		add_due(&queue, 1, Some(-1_000), 9);
		add_due(&queue, 2, None, 9);
		add_due(&queue, 3, Some(900_000), 9);
		for (workload, value) in [(4, 1), (5, 2)] {
			let terms = Terms {
				deadline_ms: Some(deadline),
				value,
			};
			queue
				.admit(header(workload), vec![1], vec![2], terms)
				.unwrap();
		}
		// The deadlines last as the jobs do.
		drop(queue);
		let queue = open(folder.path(), 10);
		for workload in [5, 4, 3, 2, 1] {
			assert_eq!(take(&queue), Some(WorkloadId([workload; 32])));
		}
	}

	#[test]
	fn renew_should_set_the_terms_of_a_waiting_job_and_revive_a_cancelled_one() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 2);
		let first = add_due(&queue, 1, Some(900_000), 0);
		let second = add_due(&queue, 2, Some(800_000), 0);
		let soon = Terms {
			deadline_ms: Some(now_ms() + 1_000),
			value: 0,
		};
		queue.renew(&first, soon).unwrap();
		queue.cancel(&second.key()).unwrap();
		assert_eq!(queue.queued(), 1);
		queue.renew(&second, soon).unwrap();
		assert_eq!(queue.queued(), 2);
		assert_eq!(take(&queue), Some(first.key()));
		assert_eq!(take(&queue), Some(second.key()));
		assert_eq!(take(&queue), None);
	}

	#[test]
	fn retry_later_should_keep_the_attempts_and_wait() {
		let folder = tempfile::tempdir().unwrap();
		let queue = open(folder.path(), 2);
		let key = add(&queue, 1).key();
		let first = taken(&queue).unwrap().attempt;
		let hour = Duration::from_secs(3600);
		let error = "no room".to_owned();
		assert!(queue.retry_later(&key, &first, hour, error).unwrap());
		assert_eq!(take(&queue), None);
		assert!(queue.next_retry_ms(now_ms()).is_some());
		let job = queue.job(&key).unwrap().unwrap();
		assert_eq!((job.attempts, job.last_error), (1, Some("no room".into())));
		// The operator does not wait.
		queue.retry(&key).unwrap();
		let second = taken(&queue).unwrap().attempt;
		let failed = Status::Failed { reason: "r".into() };
		assert!(queue.finish(&key, &second, failed).unwrap());
		assert_eq!(queue.retry(&key).unwrap().unwrap().attempts, 0);
		assert_eq!(take(&queue), Some(key));
		assert_eq!(queue.job(&key).unwrap().unwrap().attempts, 1);
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
			queue
				.admit(header(2), vec![1], vec![2], Terms::default())
				.unwrap(),
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
				&taken.attempt,
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
		let taken = taken(&queue).unwrap();
		queue
			.finish(
				&key,
				&taken.attempt,
				Status::Proven {
					proof: [0; 32],
					prove_ms: 1,
				},
			)
			.unwrap();
		assert!(queue
			.store()
			.finished_before(1, u64::MAX, 9)
			.unwrap()
			.is_empty());
		let old = queue
			.store()
			.finished_before(u64::MAX, u64::MAX, 9)
			.unwrap();
		assert_eq!(old.len(), 1);
		queue.forget(&old[0]).unwrap();
		assert!(queue.job(&key).unwrap().is_none());
		drop(queue);
		assert_eq!(open(folder.path(), 2).queued(), 1);
	}
}
