//! Clients of prover services, over HTTP, and which of them is asked.

use crate::{
	backoff::{Backoff, BackoffPolicy},
	chain::Action,
	metrics::Metrics,
	step::action,
	LOG_TARGET,
};
use core::fmt;
use inference_primitives::{market::InboxItem, VkHash, WorkloadId, WorkloadState};
use inference_prover_api::{
	error_code, Job, JobRequest, JobState, ProverApiClient, API_VERSION, MAX_MESSAGE_BYTES,
};
use jsonrpsee::{
	core::client::Error as ClientError,
	http_client::{HeaderMap, HeaderValue, HttpClient, HttpClientBuilder},
};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	future::Future,
	time::{Duration, Instant},
};

/// Most jobs that are remembered to be cancelled once their prover is in reach.
const MAX_ABANDONED: usize = 4_096;
/// Most jobs that are being cancelled at the same time.
const MAX_CANCELLED_AT_ONCE: usize = 64;

/// A bearer token. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl BearerToken {
	/// A token from text, such as a file's content; white space around it is dropped.
	pub fn new(text: &str) -> Self {
		Self(text.trim().to_owned())
	}
}

impl fmt::Debug for BearerToken {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("BearerToken(hidden)")
	}
}

/// Where the prover is and how to talk to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProverOptions {
	/// Its address, such as `http://127.0.0.1:9955`.
	pub url: String,
	/// Sent as `Authorization: Bearer …` with each request.
	pub token: Option<BearerToken>,
	/// Longest wait for an answer. Submitting a job executes the model, so not too short.
	pub timeout: Duration,
	/// After how long without an answer the prover is asked whether it lives, which it must say within
	/// as long. One that does not is out of reach; one that does is waited for up to `timeout`.
	pub patience: Duration,
	/// Wait after requests that no prover answered.
	pub backoff: BackoffPolicy,
	/// Whether to work on models whose keys the prover did not compare with them.
	pub allow_unchecked: bool,
}

impl ProverOptions {
	/// A prover at `url`, without a token, and with the defaults otherwise.
	pub fn at(url: impl Into<String>) -> Self {
		Self {
			url: url.into(),
			token: None,
			timeout: Duration::from_secs(30),
			patience: Duration::from_secs(3),
			backoff: BackoffPolicy::default(),
			allow_unchecked: false,
		}
	}
}

/// Why a request failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProverError {
	/// The options do not describe a prover.
	#[error("cannot use the prover at {url}: {reason}")]
	Options {
		/// Its address.
		url: String,
		/// What is wrong.
		reason: String,
	},
	/// Nobody answered, or not in time, or not a prover.
	#[error("no answer from the prover: {0}")]
	Unavailable(String),
	/// It lives, but did not answer this request in time.
	#[error("the prover took too long to answer for this workload")]
	TimedOut,
	/// No prover may be asked now: each was out of reach a moment ago.
	#[error("no prover is in reach")]
	AllOut,
	/// The client panicked.
	#[error("a panic while the prover was asked; please report it")]
	Panicked,
	/// It speaks another version of the interface.
	#[error("the prover speaks version {got} of the interface, this node version {expected}")]
	Incompatible {
		/// [`API_VERSION`].
		expected: u32,
		/// The prover's.
		got: u32,
	},
	/// It answered, but cannot take the job now.
	#[error("the prover is busy: {0}")]
	Busy(String),
	/// It refused the job. Trying again helps only once its operator did something.
	#[error("the prover refused the job: {message} (code {code})")]
	Refused {
		/// Its error code.
		code: i32,
		/// Its explanation.
		message: String,
	},
	/// It did not compare the model's keys with the model, so its outputs may have no proof.
	#[error(
		"the prover did not check the model with verifying key {vk_hash}, whose outputs may have no \
		 proof: start the prover without --skip-model-check; --allow-unchecked-models works on it all \
		 the same, and risks the stake"
	)]
	Unchecked {
		/// The model's verifying key.
		vk_hash: VkHash,
	},
	/// It answered for another job.
	#[error("the prover answered for job {got} instead")]
	WrongJob {
		/// The job it answered for.
		got: WorkloadId,
	},
}

impl ProverError {
	/// Whether the prover as a whole is out of reach, not only this job.
	pub fn is_outage(&self) -> bool {
		matches!(self, Self::Unavailable(_) | Self::Incompatible { .. })
	}

	/// Whether the prover works on no workload of the model, until its operator does something.
	pub fn refuses_model(&self) -> bool {
		matches!(
			self,
			Self::Unchecked { .. }
				| Self::Refused {
					code: error_code::UNKNOWN_MODEL,
					..
				}
		)
	}

	/// Whether it passes without anyone doing anything.
	pub fn is_transient(&self) -> bool {
		matches!(
			self,
			Self::Unavailable(_) | Self::Busy(_) | Self::TimedOut | Self::AllOut
		)
	}
}

impl From<ClientError> for ProverError {
	fn from(error: ClientError) -> Self {
		match error {
			ClientError::Call(error) => {
				let (code, message) = (error.code(), error.message().to_owned());
				match code {
					error_code::QUEUE_FULL | error_code::INTERNAL | error_code::NOT_YET => {
						Self::Busy(message)
					},
					_ => Self::Refused { code, message },
				}
			},
			ClientError::RequestTimeout => Self::TimedOut,
			other => Self::Unavailable(chain_of_causes(&other)),
		}
	}
}

/// An error with everything that caused it: "error sending request: connection refused".
fn chain_of_causes(error: &dyn std::error::Error) -> String {
	let mut text = error.to_string();
	let mut cause = error.source();
	while let Some(error) = cause {
		let next = error.to_string();
		if !text.contains(&next) {
			text.push_str(": ");
			text.push_str(&next);
		}
		cause = error.source();
	}
	text
}

/// What a job is worth and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct JobTerms {
	/// Time until the proof is worth nothing.
	pub(crate) due_in: Duration,
	/// What is lost without the proof, planck.
	pub(crate) value: u64,
	/// What `due_in` may be wrong by.
	pub(crate) tolerance: Duration,
}

impl JobTerms {
	/// A job at a prover that was just told these terms.
	fn held(&self, is_finished: bool) -> Held {
		let now = Instant::now();
		Held {
			is_finished,
			// A duration that no clock can hold is told anew each time.
			due: now.checked_add(self.due_in).unwrap_or(now),
			value: self.value,
		}
	}

	fn request(&self, item: &InboxItem) -> JobRequest {
		JobRequest {
			due_in_ms: Some(u64::try_from(self.due_in.as_millis()).unwrap_or(u64::MAX)),
			value: self.value,
			..JobRequest::new(item.statement.clone(), item.input.clone())
		}
	}
}

/// A prover service.
pub struct Prover {
	client: HttpClient,
	url: String,
	policy: BackoffPolicy,
	allow_unchecked: bool,
	patience: Duration,
	standing: Mutex<Standing>,
}

/// What is known of a prover.
#[derive(Default)]
struct Standing {
	outage: Backoff,
	/// Whether its interface has our version.
	is_checked: bool,
	/// Models that the prover said to be checked since it was last out of reach.
	checked_models: BTreeSet<VkHash>,
}

impl Prover {
	/// A client; connects at the first request. Must be called, and used, within a tokio runtime.
	pub fn new(options: &ProverOptions) -> Result<Self, ProverError> {
		let refuse = |reason: String| ProverError::Options {
			url: options.url.clone(),
			reason,
		};
		let mut headers = HeaderMap::new();
		if let Some(BearerToken(token)) = &options.token {
			let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
				.map_err(|_| refuse("the token has characters that no header can have".into()))?;
			value.set_sensitive(true);
			headers.insert("authorization", value);
		}
		let client = HttpClientBuilder::default()
			.max_request_size(MAX_MESSAGE_BYTES)
			.max_response_size(MAX_MESSAGE_BYTES)
			.request_timeout(options.timeout)
			.set_headers(headers)
			.build(&options.url)
			.map_err(|error| refuse(chain_of_causes(&error)))?;
		Ok(Self {
			client,
			url: options.url.clone(),
			policy: options.backoff,
			allow_unchecked: options.allow_unchecked,
			patience: options.patience,
			standing: Mutex::default(),
		})
	}

	/// Whether a request may be made: no outage, or time to see if it is over.
	fn may_try(&self) -> bool {
		self.standing.lock().outage.is_over(Instant::now())
	}

	/// Notes that the prover is out of reach. Returns how long it is left alone; `None` if that was
	/// noted already, by another request of the same moment.
	fn out_of_reach(&self) -> Option<Duration> {
		let (now, mut standing) = (Instant::now(), self.standing.lock());
		standing.is_checked = false;
		standing.checked_models.clear();
		standing
			.outage
			.is_over(now)
			.then(|| standing.outage.fail(&self.policy, now))
	}

	/// Notes that the prover answered.
	fn answered(&self) {
		if self.standing.lock().outage.succeed() {
			log::info!(target: LOG_TARGET, "the prover at {} answers again", self.url);
		}
	}

	/// Awaits `request`, as long as the prover lives.
	async fn watched<T>(
		&self,
		request: impl Future<Output = Result<T, ClientError>>,
	) -> Result<T, ClientError> {
		tokio::pin!(request);
		loop {
			tokio::select! {
				biased;
				answer = &mut request => return answer,
				() = tokio::time::sleep(self.patience) => {},
			}
			tokio::select! {
				biased;
				answer = &mut request => return answer,
				health = tokio::time::timeout(self.patience, self.client.health()) => {
					if !matches!(health, Ok(Ok(_))) {
						return Err(ClientError::Custom(format!(
							"nothing, for {:?}, not even whether it lives",
							self.patience.saturating_mul(2),
						)));
					}
				},
			}
		}
	}

	/// Checks the version of the prover's interface, once per connection.
	async fn check(&self) -> Result<(), ProverError> {
		if self.standing.lock().is_checked {
			return Ok(());
		}
		let got = self.watched(self.client.health()).await?.api_version;
		if got != API_VERSION {
			return Err(ProverError::Incompatible {
				expected: API_VERSION,
				got,
			});
		}
		self.standing.lock().is_checked = true;
		Ok(())
	}

	/// Fails if the prover says that it did not check the model with this key. Of a model that it does not
	/// have it says so when it gets the job.
	async fn require_checked(&self, vk_hash: VkHash) -> Result<(), ProverError> {
		if self.allow_unchecked || self.standing.lock().checked_models.contains(&vk_hash) {
			return Ok(());
		}
		let models = self.watched(self.client.models()).await?;
		match models.iter().find(|model| model.vk_hash == vk_hash) {
			Some(model) if !model.checked => Err(ProverError::Unchecked { vk_hash }),
			Some(_) => {
				self.standing.lock().checked_models.insert(vk_hash);
				Ok(())
			},
			None => Ok(()),
		}
	}

	/// What the prover says of an item's job, which is made if the prover has none, or has it cancelled.
	/// If the prover has no room for the job, its output all the same, where an output is what is owed.
	/// `renew`: the prover's terms of the job may be other than these, and are to be set anew.
	async fn job(
		&self,
		item: &InboxItem,
		terms: &JobTerms,
		renew: bool,
	) -> Result<Reply, ProverError> {
		self.check().await?;
		// What was delivered owes its proof, whoever checked the model: a refusal would lose its stake.
		if item.state == WorkloadState::Assigned {
			self.require_checked(item.statement.vk_hash).await?;
		}
		let key = item.statement.workload;
		let known = if renew {
			None
		} else {
			match self.watched(self.client.job(key)).await {
				Err(ClientError::Call(error)) if error.code() == error_code::UNKNOWN_JOB => None,
				// Another node that uses this prover may have had it cancelled.
				Ok(job) if matches!(job.state, JobState::Cancelled) => None,
				other => Some(other?),
			}
		};
		let job = match known {
			Some(job) => job,
			None => {
				let submitted = self.watched(self.client.submit_job(terms.request(item)));
				match submitted.await {
					Err(ClientError::Call(error))
						if error.code() == error_code::QUEUE_FULL
							&& action(item) == Some(Action::Deliver) =>
					{
						let executed = self.watched(self.client.execute(terms.request(item)));
						return Ok(Reply {
							state: JobState::Queued {
								output: executed.await?.output,
							},
							has_failed: false,
							is_kept: false,
						});
					},
					other => other?,
				}
			},
		};
		Reply::to(key, job)
	}

	/// Has a job that the prover gave up tried again, until the deadline that it has now.
	async fn retry(&self, item: &InboxItem, terms: &JobTerms) -> Result<Reply, ProverError> {
		let key = item.statement.workload;
		self.watched(self.client.retry_job(key)).await?;
		let renewed = self.watched(self.client.submit_job(terms.request(item)));
		Reply::to(key, renewed.await?)
	}
}

/// Why no prover has a job.
#[derive(Debug)]
pub(crate) struct Refusal {
	/// What was said of the job.
	pub(crate) error: ProverError,
	/// Whether all provers refuse the model, none of them only out of reach or busy.
	pub(crate) of_model: bool,
}

/// What a prover said of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
	/// The job's state.
	pub(crate) state: JobState,
	/// Whether an attempt at its proof failed.
	pub(crate) has_failed: bool,
	/// Whether the prover keeps the job: not if its queue is full.
	is_kept: bool,
}

impl Reply {
	/// What `job` tells who asked for the one with this key.
	fn to(key: WorkloadId, job: Job) -> Result<Self, ProverError> {
		if job.key != key {
			return Err(ProverError::WrongJob { got: job.key });
		}
		Ok(Self {
			has_failed: job.progress.last_error.is_some()
				|| matches!(job.state, JobState::Failed { .. }),
			is_kept: true,
			state: job.state,
		})
	}

	fn is_proven(&self) -> bool {
		matches!(self.state, JobState::Proven { .. })
	}

	fn is_given_up(&self) -> bool {
		matches!(self.state, JobState::Failed { .. })
	}
}

/// A job at one prover.
#[derive(Clone, Copy)]
struct Held {
	is_finished: bool,
	/// The terms that the prover has: when the proof is due, and its value.
	due: Instant,
	value: u64,
}

impl Held {
	/// Whether `terms` are others than the prover has. A little is let pass, as nothing but the order of
	/// jobs depends on it; not so much that a job could count as late that is not.
	fn differs(&self, terms: &JobTerms, now: Instant) -> bool {
		let left = self.due.saturating_duration_since(now);
		let drift = left.abs_diff(terms.due_in);
		self.value != terms.value || drift > (terms.due_in / 8).saturating_add(terms.tolerance)
	}
}

/// What is known of the jobs of one workload.
#[derive(Default)]
struct Jobs {
	/// By the prover that has it.
	held: BTreeMap<usize, Held>,
	/// The prover whose answer counted last: it is asked first.
	last: Option<usize>,
	/// Pauses between attempts at what was given up.
	retries: Backoff,
	/// Whether a prover gave it up.
	was_given_up: bool,
}

/// The provers, in the order in which they are asked: the second only when the first is out of
/// reach, or does not do the job. Those that have a job are all asked about it until one has the proof;
/// then it is cancelled at the others.
pub(crate) struct Provers {
	provers: Vec<Prover>,
	jobs: Mutex<BTreeMap<WorkloadId, Jobs>>,
	/// Jobs to cancel, by prover: as soon as that is in reach.
	abandoned: Mutex<BTreeSet<(usize, WorkloadId)>>,
	retry_policy: BackoffPolicy,
	metrics: Metrics,
}

impl Provers {
	pub(crate) fn new(provers: Vec<Prover>, retry_policy: BackoffPolicy, metrics: Metrics) -> Self {
		Self {
			provers,
			jobs: Mutex::default(),
			abandoned: Mutex::default(),
			retry_policy,
			metrics,
		}
	}

	/// Whether any prover may be asked.
	pub(crate) fn may_try(&self) -> bool {
		self.provers.iter().any(Prover::may_try)
	}

	/// Whether a prover gave the workload's job up since it was first asked for it.
	pub(crate) fn was_given_up(&self, workload: &WorkloadId) -> bool {
		self.jobs
			.lock()
			.get(workload)
			.is_some_and(|jobs| jobs.was_given_up)
	}

	/// Notes that the unfinished jobs of a workload are to be cancelled, but for that at `kept`.
	fn abandon_at(&self, jobs: &Jobs, workload: WorkloadId, kept: Option<usize>) {
		let mut abandoned = self.abandoned.lock();
		for (prover, held) in &jobs.held {
			// Beyond the bound it is proven for nothing, after everything that is still wanted.
			if !held.is_finished && Some(*prover) != kept && abandoned.len() < MAX_ABANDONED {
				abandoned.insert((*prover, workload));
			}
		}
	}

	/// The jobs to cancel at provers that may be asked, a few at a time.
	pub(crate) fn take_abandoned(&self) -> Vec<(usize, WorkloadId)> {
		let mut abandoned = self.abandoned.lock();
		let is_in_reach = |prover: usize| self.provers.get(prover).is_some_and(Prover::may_try);
		let taken: Vec<_> = abandoned
			.iter()
			.filter(|(prover, _)| is_in_reach(*prover))
			.take(MAX_CANCELLED_AT_ONCE)
			.copied()
			.collect();
		for job in &taken {
			abandoned.remove(job);
		}
		taken
	}

	/// Forgets the workloads that `keep` does not want: their jobs that are not finished are to be
	/// cancelled, also those of which a prover spoke when the workload had left already.
	pub(crate) fn retain(&self, keep: impl Fn(&WorkloadId) -> bool) {
		self.jobs.lock().retain(|workload, jobs| {
			let is_kept = keep(workload);
			if !is_kept {
				self.abandon_at(jobs, *workload, None);
			}
			is_kept
		});
	}

	/// What the first prover says that has an answer; of those that have the job, the one with the proof.
	/// A job that was given up is tried again, later each time.
	pub(crate) async fn job(&self, item: &InboxItem, terms: &JobTerms) -> Result<Reply, Refusal> {
		let workload = item.statement.workload;
		let last = self.jobs.lock().get(&workload).and_then(|jobs| jobs.last);
		let mut order: Vec<usize> = (0..self.provers.len()).collect();
		order.sort_by_key(|index| Some(*index) != last);
		let mut worst = Err(ProverError::AllOut);
		let mut refusals = 0usize;
		let mut best: Option<(usize, Reply)> = None;
		let mut given_up = None;
		for index in order {
			let Some(prover) = self.provers.get(index).filter(|prover| prover.may_try()) else {
				continue;
			};
			let (has_it, renew) = self.knows(&workload, index, terms);
			if best.is_some() && !has_it {
				continue;
			}
			let answer = prover.job(item, terms, renew).await;
			match &answer {
				Ok(reply) => {
					prover.answered();
					self.note(workload, index, reply, renew.then_some(terms));
					if reply.is_given_up() {
						given_up.get_or_insert(index);
					} else {
						let is_proven = reply.is_proven();
						if is_proven || best.is_none() {
							best = Some((index, reply.clone()));
						}
						if is_proven {
							break;
						}
						continue;
					}
				},
				Err(error) => self.note_failure(prover, error),
			}
			if matches!(&answer, Err(error) if error.refuses_model()) {
				refusals = refusals.saturating_add(1);
			}
			// What was said of the job itself tells more than that another prover is out of reach.
			if matches!(&worst, Err(error) if error.is_transient() || error.is_outage()) {
				worst = answer;
			}
		}
		if let Some((index, reply)) = best {
			if let Some(jobs) = self.jobs.lock().get_mut(&workload) {
				jobs.last = Some(index);
				if reply.is_proven() {
					self.abandon_at(jobs, workload, Some(index));
					jobs.held.retain(|prover, _| *prover == index);
				}
			}
			return Ok(reply);
		}
		match given_up.filter(|_| self.may_retry(&workload, terms)) {
			Some(index) => self
				.retry(index, item, terms)
				.await
				.map_err(|error| Refusal {
					error,
					of_model: false,
				}),
			None => worst.map_err(|error| Refusal {
				error,
				of_model: refusals == self.provers.len(),
			}),
		}
	}

	/// Whether the prover has the workload's job, and whether it must be told its terms.
	fn knows(&self, workload: &WorkloadId, prover: usize, terms: &JobTerms) -> (bool, bool) {
		self.abandoned.lock().remove(&(prover, *workload));
		let jobs = self.jobs.lock();
		let held = jobs.get(workload).and_then(|jobs| jobs.held.get(&prover));
		// Of a job of an earlier life it is not known what terms the prover has.
		let renew =
			held.is_none_or(|held| !held.is_finished && held.differs(terms, Instant::now()));
		(held.is_some(), renew)
	}

	/// Notes what a prover said of a job, and which terms it was told, if any.
	fn note(&self, workload: WorkloadId, prover: usize, reply: &Reply, told: Option<&JobTerms>) {
		let mut all = self.jobs.lock();
		let jobs = all.entry(workload).or_default();
		jobs.was_given_up |= reply.is_given_up();
		if !reply.is_kept {
			return;
		}
		let is_finished = reply.is_proven() || reply.is_given_up();
		match (told, jobs.held.get_mut(&prover)) {
			(Some(terms), _) => {
				jobs.held.insert(prover, terms.held(is_finished));
			},
			(None, Some(held)) => held.is_finished = is_finished,
			(None, None) => {},
		}
	}

	/// Notes that a prover did not answer, or refused.
	fn note_failure(&self, prover: &Prover, error: &ProverError) {
		match error {
			error if error.is_outage() => {
				if let Some(wait) = prover.out_of_reach() {
					self.metrics.outage(&prover.url);
					log::warn!(
						target: LOG_TARGET,
						"prover at {}: {error}; next attempt in {wait:?} at the earliest",
						prover.url,
					);
				}
			},
			ProverError::TimedOut | ProverError::Panicked => {},
			_ => prover.answered(),
		}
	}

	/// Whether what was given up is to be tried again now. If so, or if it was just found, the next time
	/// comes after a pause: longer each time, but never longer than a quarter of the time that is left.
	fn may_retry(&self, workload: &WorkloadId, terms: &JobTerms) -> bool {
		let mut all = self.jobs.lock();
		let retries = &mut all.entry(*workload).or_default().retries;
		let now = Instant::now();
		if !retries.is_over(now) {
			return false;
		}
		let is_new = !retries.has_failed();
		let policy = BackoffPolicy {
			max: self.retry_policy.max.min(terms.due_in / 4),
			..self.retry_policy
		};
		retries.fail(&policy, now);
		!is_new
	}

	/// Has a job that was given up tried again.
	async fn retry(
		&self,
		index: usize,
		item: &InboxItem,
		terms: &JobTerms,
	) -> Result<Reply, ProverError> {
		let workload = item.statement.workload;
		let prover = self.provers.get(index).ok_or(ProverError::AllOut)?;
		self.metrics.retried();
		log::warn!(
			target: LOG_TARGET,
			"workload {workload}: the prover at {} gave its job up; it is tried again, {} s before its \
			 proof is due",
			prover.url, terms.due_in.as_secs(),
		);
		let answer = prover.retry(item, terms).await;
		match &answer {
			Ok(reply) => {
				prover.answered();
				self.note(workload, index, reply, Some(terms));
			},
			Err(error) => self.note_failure(prover, error),
		}
		answer
	}

	/// Has a job cancelled: later, if its prover is out of reach. Whether that works is of no
	/// consequence: the prover proves it after everything that is still wanted.
	pub(crate) async fn cancel(&self, index: usize, workload: WorkloadId) {
		let Some(prover) = self.provers.get(index) else {
			return;
		};
		match prover.watched(prover.client.cancel_job(workload)).await {
			Ok(_) => {
				prover.answered();
				log::debug!(target: LOG_TARGET, "workload {workload}: job cancelled");
			},
			Err(error) => {
				let error = ProverError::from(error);
				self.note_failure(prover, &error);
				let mut abandoned = self.abandoned.lock();
				if (error.is_outage() || error.is_transient()) && abandoned.len() < MAX_ABANDONED {
					abandoned.insert((index, workload));
				}
				log::debug!(
					target: LOG_TARGET,
					"workload {workload}: its job cannot be cancelled: {error}",
				);
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn terms(seconds: u64) -> JobTerms {
		JobTerms {
			due_in: Duration::from_secs(seconds),
			value: 7,
			tolerance: Duration::from_secs(12),
		}
	}

	#[test]
	fn terms_that_moved_are_told_before_the_job_could_count_as_late() {
		let (held, now) = (terms(2400).held(false), Instant::now());
		assert!(!held.differs(&terms(2400), now));
		// As long as the clock goes on, what is left shrinks with what the prover has.
		let later = now + Duration::from_secs(1200);
		assert!(!held.differs(&terms(1200), later));
		// It stood, or the deadline is another.
		assert!(held.differs(&terms(2400), later));
		assert!(held.differs(&terms(14_400), now));
		let almost_late = now + Duration::from_secs(2399);
		assert!(held.differs(&terms(60), almost_late));
		let dearer = JobTerms {
			value: 8,
			..terms(2400)
		};
		assert!(held.differs(&dearer, now));
	}
}
