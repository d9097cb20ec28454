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
	error_code, JobRequest, JobState, ProverApiClient, API_VERSION, MAX_MESSAGE_BYTES,
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
}

impl JobTerms {
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

	/// The state of an item's job, which is made if the prover has none, or has it cancelled. If the
	/// prover has no room for the job, its output all the same, where an output is what is owed.
	async fn job(&self, item: &InboxItem, terms: &JobTerms) -> Result<JobState, ProverError> {
		self.check().await?;
		// What was delivered owes its proof, whoever checked the model: a refusal would lose its stake.
		if item.state == WorkloadState::Assigned {
			self.require_checked(item.statement.vk_hash).await?;
		}
		let key = item.statement.workload;
		let known = self.watched(self.client.job(key)).await;
		let job = match known {
			Err(ClientError::Call(error)) if error.code() == error_code::UNKNOWN_JOB => None,
			other => Some(other?),
		};
		let job = match job {
			// Another node that uses this prover may have had it cancelled.
			None
			| Some(inference_prover_api::Job {
				state: JobState::Cancelled,
				..
			}) => {
				let submitted = self.watched(self.client.submit_job(terms.request(item)));
				match submitted.await {
					Err(ClientError::Call(error))
						if error.code() == error_code::QUEUE_FULL
							&& action(item) == Some(Action::Deliver) =>
					{
						let executed = self.watched(self.client.execute(terms.request(item)));
						return Ok(JobState::Queued {
							output: executed.await?.output,
						});
					},
					other => other?,
				}
			},
			Some(job) => job,
		};
		if job.key == key {
			Ok(job.state)
		} else {
			Err(ProverError::WrongJob { got: job.key })
		}
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

/// Where a job was last seen.
#[derive(Clone, Copy)]
struct Seen {
	prover: usize,
	is_proven: bool,
}

/// The provers, in the order in which they are asked: the second only when the first is out of
/// reach, or does not do the job.
pub(crate) struct Provers {
	provers: Vec<Prover>,
	/// A prover that has a job is asked about it first.
	seen: Mutex<BTreeMap<WorkloadId, Seen>>,
	metrics: Metrics,
}

impl Provers {
	pub(crate) fn new(provers: Vec<Prover>, metrics: Metrics) -> Self {
		Self {
			provers,
			seen: Mutex::default(),
			metrics,
		}
	}

	/// Whether any prover may be asked.
	pub(crate) fn may_try(&self) -> bool {
		self.provers.iter().any(Prover::may_try)
	}

	/// Forgets a workload. Returns the prover that has its job, if it was not proven when it was last
	/// seen.
	pub(crate) fn forget_unproven(&self, workload: &WorkloadId) -> Option<usize> {
		let seen = self.seen.lock().remove(workload)?;
		(!seen.is_proven).then_some(seen.prover)
	}

	/// Forgets the workloads that `keep` does not want.
	pub(crate) fn retain(&self, keep: impl Fn(&WorkloadId) -> bool) {
		self.seen.lock().retain(|workload, _| keep(workload));
	}

	/// The state of an item's job at the first prover that has an answer.
	pub(crate) async fn job(
		&self,
		item: &InboxItem,
		terms: &JobTerms,
	) -> Result<JobState, Refusal> {
		let workload = item.statement.workload;
		let first = self.seen.lock().get(&workload).map(|seen| seen.prover);
		let mut order: Vec<usize> = (0..self.provers.len()).collect();
		order.sort_by_key(|index| Some(*index) != first);
		let mut worst = Err(ProverError::AllOut);
		let mut refusals = 0usize;
		for index in order {
			let Some(prover) = self.provers.get(index).filter(|prover| prover.may_try()) else {
				continue;
			};
			let answer = prover.job(item, terms).await;
			match &answer {
				Ok(state) => {
					prover.answered();
					if !matches!(state, JobState::Failed { .. }) {
						let is_proven = matches!(state, JobState::Proven { .. });
						let seen = Seen {
							prover: index,
							is_proven,
						};
						self.seen.lock().insert(workload, seen);
						return answer.map_err(|error| Refusal {
							error,
							of_model: false,
						});
					}
				},
				Err(error) if error.is_outage() => {
					if let Some(wait) = prover.out_of_reach() {
						self.metrics.outage(&prover.url);
						log::warn!(
							target: LOG_TARGET,
							"prover at {}: {error}; next attempt in {wait:?} at the earliest",
							prover.url,
						);
					}
				},
				Err(ProverError::TimedOut | ProverError::Panicked) => {},
				Err(_) => prover.answered(),
			}
			if matches!(&answer, Err(error) if error.refuses_model()) {
				refusals = refusals.saturating_add(1);
			}
			// What was said of the job itself tells more than that another prover is out of reach.
			if matches!(&worst, Err(error) if error.is_transient() || error.is_outage()) {
				worst = answer;
			}
		}
		worst.map_err(|error| Refusal {
			error,
			of_model: refusals == self.provers.len(),
		})
	}

	/// Has a job cancelled. Whether that works is of no consequence: the prover proves it after
	/// everything that is still wanted.
	pub(crate) async fn cancel(&self, prover: usize, workload: WorkloadId) {
		if let Some(prover) = self.provers.get(prover) {
			match prover.watched(prover.client.cancel_job(workload)).await {
				Ok(_) => log::debug!(target: LOG_TARGET, "workload {workload}: job cancelled"),
				Err(error) => log::debug!(
					target: LOG_TARGET,
					"workload {workload}: its job cannot be cancelled: {error}",
				),
			}
		}
	}
}
