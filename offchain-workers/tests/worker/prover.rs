//! A prover service over real HTTP, for the tests: it answers as it is told to, and its proofs are
//! real. Its job store outlives its server, as the real one's does.

use crate::model::{model, Model};
use inference_offchain_worker::{BackoffPolicy, Prover, ProverOptions};
use inference_primitives::{TensorSpec, Visibility, VkHash, WorkloadId};
use inference_prover_api::{
	error_code, Execution, Health, Job, JobRequest, JobState, ModelInfo, Progress, ProverApiServer,
	API_VERSION,
};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	server::{Server, ServerHandle},
	types::ErrorObjectOwned,
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

/// What the prover makes of jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Behaviour {
	/// Proves at once.
	#[default]
	Proves,
	/// Executes, and goes on proving for ever.
	Slow,
	/// Proves something else.
	Lies,
	/// Gives up.
	Fails,
	/// Takes no jobs, but executes.
	Full,
	/// Is still loading models.
	Loads,
	/// Does not know the model.
	Ignorant,
}

#[derive(Default)]
pub struct Store {
	pub behaviour: Behaviour,
	/// Whether it says that it checked the model; it does not list the model if absent.
	pub checked: Option<bool>,
	/// Version it claims, if not the right one.
	pub api_version: Option<u32>,
	pub jobs: BTreeMap<WorkloadId, JobRequest>,
	/// The jobs' keys, in the order of arrival.
	pub arrivals: Vec<WorkloadId>,
	/// The model whose requests are never answered.
	pub hung: Option<VkHash>,
	/// The jobs' keys that were cancelled.
	pub cancelled: Vec<WorkloadId>,
	/// The jobs' keys that were given up: for good, until they are tried again.
	pub given_up: Vec<WorkloadId>,
	/// How often jobs were tried again.
	pub retries: usize,
	/// Why the last attempt at each job failed.
	pub last_error: Option<String>,
	/// Requests to `submitJob` and `job`.
	pub submissions: usize,
	pub questions: usize,
}

impl Store {
	fn job(&mut self, job: &JobRequest) -> Job {
		let key = job.statement.workload;
		if self.behaviour == Behaviour::Fails && !self.given_up.contains(&key) {
			self.given_up.push(key);
		}
		Job {
			key,
			state: self.state(job),
			progress: Progress {
				last_error: self.last_error.clone(),
				..Progress::default()
			},
		}
	}

	fn state(&self, job: &JobRequest) -> JobState {
		let output = Model::execute(&job.input);
		if self.cancelled.contains(&job.statement.workload) {
			return JobState::Cancelled;
		}
		if self.given_up.contains(&job.statement.workload) {
			return JobState::Failed {
				reason: "the circuit is too large".into(),
			};
		}
		match self.behaviour {
			Behaviour::Slow => JobState::Proving { output },
			Behaviour::Lies => {
				// A valid proof, of another workload.
				let mut other = job.clone();
				other.statement.workload = WorkloadId([0xff; 32]);
				JobState::Proven {
					output,
					proof: model().prove(&other),
					prove_ms: 1,
				}
			},
			_ => JobState::Proven {
				output,
				proof: model().prove(job),
				prove_ms: 1,
			},
		}
	}
}

struct Rpc(Arc<Mutex<Store>>);

fn error(code: i32, message: &str) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(code, message, None::<()>)
}

#[async_trait]
impl ProverApiServer for Rpc {
	async fn health(&self) -> RpcResult<Health> {
		Ok(Health {
			api_version: self.0.lock().api_version.unwrap_or(API_VERSION),
			version: "test".into(),
			models: 1,
			queued: 0,
			running: 0,
			draining: false,
			ready: true,
			problems: Vec::new(),
			oldest_queued_ms: 0,
			overdue: 0,
		})
	}

	async fn load_model(&self, _: String) -> RpcResult<ModelInfo> {
		Err(error(
			error_code::BAD_BUNDLE,
			"the test's prover loads nothing",
		))
	}

	async fn models(&self) -> RpcResult<Vec<ModelInfo>> {
		let spec = TensorSpec {
			shape: vec![2],
			scale_bits: 0,
			min: -100,
			max: 100,
			visibility: Visibility::Public,
		};
		let info = |checked| ModelInfo {
			vk_hash: model().vk_hash,
			name: "doubling".into(),
			input: spec.clone(),
			output: spec.clone(),
			k: 4,
			checked,
		};
		Ok(self.0.lock().checked.map(info).into_iter().collect())
	}

	async fn unload_model(&self, _: VkHash) -> RpcResult<bool> {
		Ok(false)
	}

	async fn execute(&self, request: JobRequest) -> RpcResult<Execution> {
		Ok(Execution {
			output: Model::execute(&request.input),
		})
	}

	async fn submit_job(&self, request: JobRequest) -> RpcResult<Job> {
		if self.0.lock().hung == Some(request.statement.vk_hash) {
			std::future::pending::<()>().await;
		}
		let mut store = self.0.lock();
		store.submissions += 1;
		match store.behaviour {
			Behaviour::Loads => return Err(error(error_code::NOT_YET, "models are being loaded")),
			Behaviour::Full => return Err(error(error_code::QUEUE_FULL, "the queue is full")),
			Behaviour::Ignorant => {
				return Err(error(error_code::UNKNOWN_MODEL, "no such model is loaded"))
			},
			_ => {},
		}
		let key = request.statement.workload;
		if !store.jobs.contains_key(&key) {
			store.arrivals.push(key);
		}
		store.cancelled.retain(|cancelled| *cancelled != key);
		let job = store.jobs.entry(key).or_insert_with(|| request.clone());
		(job.due_in_ms, job.value) = (request.due_in_ms, request.value);
		let job = job.clone();
		if (&job.statement, &job.input) != (&request.statement, &request.input) {
			return Err(error(
				error_code::KEY_REUSED,
				"another request has this key",
			));
		}
		Ok(store.job(&job))
	}

	async fn job(&self, key: WorkloadId) -> RpcResult<Job> {
		let mut store = self.0.lock();
		store.questions += 1;
		let job = store
			.jobs
			.get(&key)
			.cloned()
			.ok_or_else(|| error(error_code::UNKNOWN_JOB, "no such job"))?;
		Ok(store.job(&job))
	}

	async fn retry_job(&self, key: WorkloadId) -> RpcResult<Job> {
		{
			let mut store = self.0.lock();
			store.retries += 1;
			store.given_up.retain(|given_up| *given_up != key);
		}
		self.job(key).await
	}

	async fn cancel_job(&self, key: WorkloadId) -> RpcResult<Job> {
		self.0.lock().cancelled.push(key);
		self.job(key).await
	}
}

/// The service: a store, an address, and a server while it is up.
pub struct TestProver {
	pub store: Arc<Mutex<Store>>,
	address: SocketAddr,
	server: Option<ServerHandle>,
}

impl TestProver {
	/// A running service.
	pub async fn start() -> Self {
		let address = "127.0.0.1:0".parse().unwrap();
		let mut prover = Self {
			store: Arc::default(),
			address,
			server: None,
		};
		prover.up().await;
		prover
	}

	/// Starts the server, at the address it had.
	pub async fn up(&mut self) {
		let server = Server::builder().build(self.address).await.unwrap();
		self.address = server.local_addr().unwrap();
		self.server = Some(server.start(Rpc(self.store.clone()).into_rpc()));
	}

	/// Stops the server. The jobs stay.
	pub async fn down(&mut self) {
		if let Some(server) = self.server.take() {
			server.stop().unwrap();
			server.stopped().await;
		}
	}

	/// A client that gives up soon and hardly waits.
	pub fn client(&self) -> Prover {
		let (first, max) = (Duration::from_millis(2), Duration::from_millis(4));
		self.client_with(BackoffPolicy { first, max })
	}

	/// A client that works on models that the prover did not check.
	pub fn trusting_client(&self) -> Prover {
		Prover::new(&ProverOptions {
			timeout: Duration::from_secs(5),
			allow_unchecked: true,
			..ProverOptions::at(format!("http://{}", self.address))
		})
		.unwrap()
	}

	/// A client that gives up soon.
	pub fn client_with(&self, backoff: BackoffPolicy) -> Prover {
		let timeout = Duration::from_secs(5);
		let url = format!("http://{}", self.address);
		Prover::new(&ProverOptions {
			timeout,
			backoff,
			..ProverOptions::at(url)
		})
		.unwrap()
	}

	pub fn set(&self, behaviour: Behaviour) {
		self.store.lock().behaviour = behaviour;
	}
}
