//! JSON-RPC interface of the prover service: types, and the trait from which `jsonrpsee` makes the
//! server's side (`inference-prover`) and the client's (offchain worker).
//!
//! **Versioning.** [`API_VERSION`] is part of [`Health`]; a client refuses a prover of another
//! major version. **Idempotence.** A job's key is its workload's id: submitting the same request
//! twice is one job; another request under the same key is refused ([`error_code::KEY_REUSED`]).

#![forbid(unsafe_code)]

use inference_primitives::{StatementHeader, TensorSpec, VkHash, WorkloadId};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::{Deserialize, Serialize};

/// Version of this interface.
pub const API_VERSION: u32 = 1;
/// Largest request or response, bytes.
pub const MAX_MESSAGE_BYTES: u32 = 4 * 1024 * 1024;

/// Error codes of the service's own errors. The message says what was wrong and what to do.
pub mod error_code {
	/// No loaded model has the statement's verifying key.
	pub const UNKNOWN_MODEL: i32 = 1001;
	/// The input does not fit the model's input tensor.
	pub const BAD_INPUT: i32 = 1002;
	/// Another request exists under this job key.
	pub const KEY_REUSED: i32 = 1003;
	/// The queue or the disk is full, or the service is draining; nothing was stored. Try again later;
	/// `prover_execute` gives the output meanwhile.
	pub const QUEUE_FULL: i32 = 1004;
	/// No job has this key.
	pub const UNKNOWN_JOB: i32 = 1005;
	/// The bundle cannot be loaded.
	pub const BAD_BUNDLE: i32 = 1006;
	/// The service failed; the job is kept.
	pub const INTERNAL: i32 = 1007;
	/// Not yet: models are being loaded, or the execution goes on. Ask again soon.
	pub const NOT_YET: i32 = 1008;
	/// The method needs the administrator's token.
	pub const FORBIDDEN: i32 = 1009;
}

/// State of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
	/// [`API_VERSION`].
	pub api_version: u32,
	/// Version of the program.
	pub version: String,
	/// Models loaded.
	pub models: usize,
	/// Jobs that wait.
	pub queued: usize,
	/// Jobs being proven now.
	pub running: usize,
	/// Whether the service is draining: it finishes what runs and takes nothing new.
	pub draining: bool,
	/// Readiness: whether all models are loaded, the stores work and nothing drains. That the service
	/// answers at all is its liveness.
	#[serde(default)]
	pub ready: bool,
	/// What is wrong: why it is not ready, and a disk that is nearly full, although it is.
	#[serde(default)]
	pub problems: Vec<String>,
	/// Milliseconds since the oldest waiting job was accepted; zero if none waits.
	#[serde(default)]
	pub oldest_queued_ms: u64,
	/// Proofs that take longer than the time-out and are still being computed.
	#[serde(default)]
	pub overdue: usize,
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
	/// Its verifying key.
	pub vk_hash: VkHash,
	/// Name from its bundle.
	pub name: String,
	/// Input tensor.
	pub input: TensorSpec,
	/// Output tensor.
	pub output: TensorSpec,
	/// Binary logarithm of its circuit's rows.
	pub k: u32,
	/// Whether the service rebuilt the model's keys from its graph and found them equal: if not, there may be
	/// inputs that no proof exists for, and a worker who delivers their outputs loses its stake. An older
	/// service does not say, which counts as no.
	#[serde(default)]
	pub checked: bool,
}

/// A job: one inference to execute and to prove. Its key is `statement.workload`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequest {
	/// What the proof is about, but for the output.
	pub statement: StatementHeader,
	/// Input tensor, fixed point at the model's input scale, row-major.
	pub input: Vec<i64>,
	/// Milliseconds from now until the proof is worth nothing. Waiting jobs are proven in the order of
	/// their deadlines, before those without. No part of the job's identity: submitting the request
	/// again sets it anew.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub due_in_ms: Option<u64>,
	/// What is lost without the proof, in any one unit: of two jobs with one deadline the dearer is
	/// proven first. No part of the job's identity either.
	#[serde(default)]
	pub value: u64,
}

impl JobRequest {
	/// A request without a deadline.
	pub fn new(statement: StatementHeader, input: Vec<i64>) -> Self {
		Self {
			statement,
			input,
			due_in_ms: None,
			value: 0,
		}
	}
}

/// What an execution gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
	/// Output tensor, fixed point at the model's output scale.
	pub output: Vec<i64>,
}

/// How a job came to its state, for operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
	/// Times that proving was started.
	pub attempts: u32,
	/// Milliseconds that the proof is in work.
	pub running_ms: Option<u64>,
	/// Step that the proof is at.
	pub step: Option<String>,
	/// Milliseconds until the next attempt, after one that failed.
	pub retry_in_ms: Option<u64>,
	/// Why the last attempt failed.
	pub last_error: Option<String>,
}

/// State of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
	/// Persisted; waits for the prover.
	Queued {
		/// Output tensor, fixed point at the model's output scale: the model is executed before
		/// the job is acknowledged.
		output: Vec<i64>,
	},
	/// Being proven.
	Proving {
		/// Output tensor.
		output: Vec<i64>,
	},
	/// Proven; the service verified the proof before it said so.
	Proven {
		/// Output tensor.
		output: Vec<i64>,
		/// The proof.
		proof: Vec<u8>,
		/// Wall time of proving, milliseconds.
		prove_ms: u64,
	},
	/// Given up: trying again would not help, or did not. `prover_retryJob` tries once more.
	Failed {
		/// Why, for the operator.
		reason: String,
	},
	/// Cancelled by the client. Submitting it again revives it.
	Cancelled,
}

impl JobState {
	/// The output, in every state that has one.
	pub fn output(&self) -> Option<&[i64]> {
		match self {
			Self::Queued { output } | Self::Proving { output } | Self::Proven { output, .. } => {
				Some(output)
			},
			Self::Failed { .. } | Self::Cancelled => None,
		}
	}
}

/// A job and its progress. In JSON, one object: `key`, `state` in lower case, and the state's own
/// fields beside them; `proof` is hex with `0x`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "wire::Job", try_from = "wire::Job")]
pub struct Job {
	/// Its key.
	pub key: WorkloadId,
	/// Its state.
	pub state: JobState,
	/// How it came there.
	pub progress: Progress,
}

/// The service's methods.
#[rpc(client, server, namespace = "prover")]
pub trait ProverApi {
	/// State of the service. Never blocks on proving.
	#[method(name = "health")]
	async fn health(&self) -> RpcResult<Health>;

	/// Loads a bundle directory that lies on the service's machine, and keeps it over restarts.
	/// Loading the same bundle twice is one model. Needs the administrator's token where there is one.
	#[method(name = "loadModel")]
	async fn load_model(&self, bundle_dir: String) -> RpcResult<ModelInfo>;

	/// The loaded models.
	#[method(name = "models")]
	async fn models(&self) -> RpcResult<Vec<ModelInfo>>;

	/// Forgets a model and frees its memory. Its jobs wait until it is loaded again. Returns whether
	/// there was one. Needs the administrator's token where there is one.
	#[method(name = "unloadModel")]
	async fn unload_model(&self, vk_hash: VkHash) -> RpcResult<bool>;

	/// Executes the model and stores nothing. Waits for no proof, and works while the queue is full
	/// and while the service drains.
	#[method(name = "execute")]
	async fn execute(&self, request: JobRequest) -> RpcResult<Execution>;

	/// Executes the model, persists the job, acknowledges it with its output, and proves it later.
	#[method(name = "submitJob")]
	async fn submit_job(&self, request: JobRequest) -> RpcResult<Job>;

	/// A job's state and progress.
	#[method(name = "job")]
	async fn job(&self, key: WorkloadId) -> RpcResult<Job>;

	/// Puts a failed or cancelled job back into the queue, with all its attempts before it, and one
	/// that waits after a failure to where it is tried at once. Returns its state afterwards.
	#[method(name = "retryJob")]
	async fn retry_job(&self, key: WorkloadId) -> RpcResult<Job>;

	/// Cancels a job that is not proven yet; a proof that is being made is stopped. Returns its state
	/// afterwards.
	#[method(name = "cancelJob")]
	async fn cancel_job(&self, key: WorkloadId) -> RpcResult<Job>;
}

mod wire;

/// Bytes as `0x`-prefixed hex in JSON.
pub mod hex_bytes {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	/// Writes `0x` and lower-case hex.
	pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
	}

	/// Reads hex, with `0x` or without.
	pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
		let text = String::deserialize(deserializer)?;
		hex::decode(text.strip_prefix("0x").unwrap_or(&text)).map_err(D::Error::custom)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_job_survives_json() {
		let job = Job {
			key: WorkloadId([1; 32]),
			state: JobState::Proven {
				output: vec![-5, 7],
				proof: vec![0xab],
				prove_ms: 3,
			},
			progress: Progress {
				attempts: 2,
				last_error: Some("no room".into()),
				..Progress::default()
			},
		};
		let json = serde_json::to_string(&job).unwrap();
		assert!(json.contains("\"state\":\"proven\"") && json.contains("\"0xab\""));
		assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), job);
	}

	#[test]
	fn a_request_of_an_older_client_is_one_without_a_deadline() {
		let request = JobRequest::new(
			StatementHeader {
				genesis: inference_primitives::GenesisHash([1; 32]),
				domain: 0,
				version: inference_primitives::STATEMENT_VERSION,
				vk_hash: VkHash([2; 32]),
				model: inference_primitives::ModelRef {
					model: inference_primitives::ModelId(3),
					version: 1,
				},
				workload: WorkloadId([4; 32]),
				destination: inference_primitives::Destination::Local,
			},
			vec![1],
		);
		let mut json = serde_json::to_value(&request).unwrap();
		assert!(json.as_object_mut().unwrap().remove("value").is_some());
		assert_eq!(serde_json::from_value::<JobRequest>(json).unwrap(), request);
	}
}
