//! Client of the prover service, over HTTP.

use crate::backoff::{Backoff, BackoffPolicy};
use core::fmt;
use inference_primitives::{market::InboxItem, VkHash, WorkloadId};
use inference_prover_api::{
	error_code, JobRequest, JobState, ProverApiClient, API_VERSION, MAX_MESSAGE_BYTES,
};
use jsonrpsee::{
	core::client::Error as ClientError,
	http_client::{HeaderMap, HeaderValue, HttpClient, HttpClientBuilder},
};
use parking_lot::Mutex;
use std::{
	collections::BTreeSet,
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

	/// Whether it passes without anyone doing anything.
	pub fn is_transient(&self) -> bool {
		matches!(self, Self::Unavailable(_) | Self::Busy(_))
	}
}

impl From<ClientError> for ProverError {
	fn from(error: ClientError) -> Self {
		match error {
			ClientError::Call(error) => {
				let (code, message) = (error.code(), error.message().to_owned());
				match code {
					error_code::QUEUE_FULL | error_code::INTERNAL => Self::Busy(message),
					_ => Self::Refused { code, message },
				}
			},
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

/// A prover service.
pub struct Prover {
	client: HttpClient,
	policy: BackoffPolicy,
	outage: Backoff,
	is_checked: bool,
	allow_unchecked: bool,
	/// Models that the prover said to be checked since it was last out of reach.
	checked_models: Mutex<BTreeSet<VkHash>>,
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
			policy: options.backoff,
			outage: Backoff::default(),
			is_checked: false,
			allow_unchecked: options.allow_unchecked,
			checked_models: Mutex::default(),
		})
	}

	/// Whether a request may be made: no outage, or time to see if it is over.
	pub(crate) fn may_try(&self, now: Instant) -> bool {
		self.outage.is_over(now)
	}

	/// Notes that the prover is out of reach. Returns how long it is left alone.
	pub(crate) fn out_of_reach(&mut self, now: Instant) -> Duration {
		self.is_checked = false;
		self.checked_models.lock().clear();
		self.outage.fail(&self.policy, now)
	}

	/// Notes that the prover answered. Returns whether an outage is over.
	pub(crate) fn answered(&mut self) -> bool {
		self.outage.succeed()
	}

	/// Checks the version of the prover's interface, once per connection.
	pub(crate) async fn check(&mut self) -> Result<(), ProverError> {
		if !self.is_checked {
			let got = self.client.health().await?.api_version;
			if got != API_VERSION {
				return Err(ProverError::Incompatible {
					expected: API_VERSION,
					got,
				});
			}
			self.is_checked = true;
		}
		Ok(())
	}

	/// Fails if the prover says that it did not check the model with this key. Of a model that it does not have
	/// it says so when it gets the job.
	async fn require_checked(&self, vk_hash: VkHash) -> Result<(), ProverError> {
		if self.allow_unchecked || self.checked_models.lock().contains(&vk_hash) {
			return Ok(());
		}
		let models = self.client.models().await?;
		match models.iter().find(|model| model.vk_hash == vk_hash) {
			Some(model) if !model.checked => Err(ProverError::Unchecked { vk_hash }),
			Some(_) => {
				self.checked_models.lock().insert(vk_hash);
				Ok(())
			},
			None => Ok(()),
		}
	}

	/// The state of an item's job, which is made if the prover has none.
	pub(crate) async fn job(&self, item: &InboxItem) -> Result<JobState, ProverError> {
		self.require_checked(item.statement.vk_hash).await?;
		let key = item.statement.workload;
		let job = match self.client.job(key).await {
			Err(ClientError::Call(error)) if error.code() == error_code::UNKNOWN_JOB => {
				let request = JobRequest {
					statement: item.statement.clone(),
					input: item.input.clone(),
				};
				self.client.submit_job(request).await?
			},
			other => other?,
		};
		if job.key == key {
			Ok(job.state)
		} else {
			Err(ProverError::WrongJob { got: job.key })
		}
	}
}
