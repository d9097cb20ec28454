//! The service: what the methods do, and how the daemon starts and stops.

use crate::{
	config::Config,
	engine::{Engine, Models},
	error::Error,
	http::{host_filter, GateLayer},
	jobs::{
		now_ms,
		queue::{Admission, Queue},
		store::JobStore,
		worker::Worker,
		JobRecord, Status,
	},
	metrics::{Gauges, Metrics},
	rpc::Rpc,
	store::{ContentStore, LocalStore, StoreError},
};
use inference_primitives::{VkHash, WorkloadId, STATEMENT_VERSION};
use inference_prover_api::{
	Health, Job, JobRequest, JobState, ModelInfo, ProverApiServer, API_VERSION, MAX_MESSAGE_BYTES,
};
use jsonrpsee::server::{
	middleware::http::ProxyGetRequestLayer, BatchRequestConfig, Server, ServerHandle,
};
use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::{
	sync::{Mutex, Semaphore},
	task::{spawn_blocking, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// Most calls in one JSON-RPC batch.
const MAX_BATCH: u32 = 16;
/// Time between two looks for jobs past their retention.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Most jobs forgotten at once.
const PRUNE_BATCH: usize = 256;

/// What the methods do.
pub struct Service {
	engine: Arc<dyn Engine>,
	models: Arc<Models>,
	queue: Arc<Queue>,
	content: Arc<dyn ContentStore>,
	metrics: Arc<Metrics>,
	/// Models are loaded one at a time: loading takes memory and all cores.
	loading: Mutex<()>,
	/// One for each execution that may run at the same time.
	executions: Semaphore,
	draining: CancellationToken,
}

impl Service {
	/// State of the service.
	pub fn health(&self) -> Health {
		Health {
			api_version: API_VERSION,
			version: env!("CARGO_PKG_VERSION").into(),
			models: self.models.len(),
			queued: self.queue.queued(),
			running: self.queue.running(),
			draining: self.draining.is_cancelled(),
		}
	}

	/// The metrics, as Prometheus reads them.
	pub fn render_metrics(&self) -> String {
		self.metrics.render(Gauges {
			models: self.models.len(),
			queued: self.queue.queued(),
			running: self.queue.running(),
		})
	}

	/// The loaded models.
	pub fn models(&self) -> Vec<ModelInfo> {
		self.models.infos()
	}

	/// Loads the bundle in `dir` and remembers it over restarts.
	pub async fn load_model(&self, dir: PathBuf) -> Result<ModelInfo, Error> {
		let (info, dir) = self.load(dir, None).await?;
		let queue = self.queue.clone();
		spawn_blocking(move || queue.store().save_model(&info.vk_hash, &dir).map(|()| info))
			.await?
			.map_err(Error::from)
	}

	/// Loads the bundle in `dir`; refuses it if its key is not the `expected` one.
	async fn load(
		&self,
		dir: PathBuf,
		expected: Option<VkHash>,
	) -> Result<(ModelInfo, String), Error> {
		let _loading = self.loading.lock().await;
		let engine = self.engine.clone();
		let (model, dir) = spawn_blocking(move || {
			let bad = |reason: String| Error::BadBundle {
				dir: dir.clone(),
				reason,
			};
			let path = fs::canonicalize(&dir).map_err(|error| bad(error.to_string()))?;
			let text = path
				.to_str()
				.ok_or_else(|| bad("the path is not UTF-8".into()))?;
			let model = engine.load(&path).map_err(|error| bad(error.to_string()))?;
			let got = model.info().vk_hash;
			if let Some(expected) = expected.filter(|expected| *expected != got) {
				return Err(bad(format!(
					"expected verifying key {expected}, got {got}: the bundle was replaced; load it \
					 anew with prover_loadModel"
				)));
			}
			Ok((model, text.to_owned()))
		})
		.await??;
		let too_many = || Error::BadBundle {
			dir: PathBuf::from(&dir),
			reason: format!("{} models are loaded, which is the most", Models::MAX),
		};
		let info = self
			.models
			.insert(model)
			.ok_or_else(too_many)?
			.info()
			.clone();
		tracing::info!(
			model = %info.vk_hash, name = info.name, k = info.k, dir, engine = self.engine.name(),
			"model loaded"
		);
		// Jobs may have waited for it.
		self.queue.wake_all();
		Ok((info, dir))
	}

	/// Executes, persists and acknowledges a job.
	pub async fn submit(&self, request: JobRequest) -> Result<Job, Error> {
		let submitted = self.try_submit(request).await;
		if let Err(error) = &submitted {
			self.metrics.refused.increment();
			tracing::info!(%error, "submission refused");
		}
		submitted
	}

	async fn try_submit(&self, request: JobRequest) -> Result<Job, Error> {
		let JobRequest {
			statement: header,
			input,
		} = request;
		let key = header.workload;
		// A job that is here is answered whatever the state of the service.
		if let Some(existing) = self.find(key).await? {
			return self.same_request(existing, &header, &input).await;
		}
		if self.draining.is_cancelled() {
			return Err(Error::Draining { key });
		}
		if header.version != STATEMENT_VERSION {
			return Err(Error::StatementVersion {
				key,
				got: header.version,
			});
		}
		let vk_hash = header.vk_hash;
		let model = self
			.models
			.get(&vk_hash)
			.ok_or_else(|| Error::UnknownModel {
				vk_hash,
				loaded: self.models.len(),
			})?;
		let info = model.info();
		info.input
			.check_values(&input)
			.map_err(|reason| Error::BadInput {
				key,
				model: info.name.clone(),
				shape: info.input.shape.clone(),
				reason,
			})?;
		// Before the work of executing; decided for good when the job is stored.
		let full = || Error::QueueFull {
			key,
			max: self.queue.max_queued(),
		};
		if self.queue.queued() >= self.queue.max_queued() {
			return Err(full());
		}

		let permit = self
			.executions
			.acquire()
			.await
			.map_err(|_| Error::Draining { key })?;
		let executed = spawn_blocking(move || {
			let output = model.execute(&input);
			(output, input)
		});
		let (output, input) = executed.await?;
		drop(permit);
		let output = output.map_err(|source| Error::Execution { key, source })?;

		let queue = self.queue.clone();
		let (wanted_header, wanted_input) = (header.clone(), input.clone());
		match spawn_blocking(move || queue.admit(header, input, output)).await?? {
			Admission::Accepted(record) => {
				self.metrics.accepted.increment();
				tracing::info!(job = %key, model = %vk_hash, "job accepted");
				self.view(record).await
			},
			Admission::Existing(existing) => {
				self.same_request(existing, &wanted_header, &wanted_input)
					.await
			},
			Admission::Full => Err(full()),
		}
	}

	async fn same_request(
		&self,
		existing: JobRecord,
		header: &inference_primitives::StatementHeader,
		input: &[i64],
	) -> Result<Job, Error> {
		if !existing.is_for(header, input) {
			return Err(Error::KeyReused {
				key: existing.key(),
			});
		}
		self.view(existing).await
	}

	/// A job's progress.
	pub async fn job(&self, key: WorkloadId) -> Result<Job, Error> {
		let record = self.find(key).await?.ok_or(Error::UnknownJob { key })?;
		self.view(record).await
	}

	/// Cancels a job that is not finished.
	pub async fn cancel(&self, key: WorkloadId) -> Result<Job, Error> {
		let queue = self.queue.clone();
		let (record, changed) = spawn_blocking(move || queue.cancel(&key))
			.await??
			.ok_or(Error::UnknownJob { key })?;
		if changed {
			self.metrics.cancelled.increment();
			tracing::info!(job = %key, model = %record.header.vk_hash, "job cancelled");
		}
		self.view(record).await
	}

	async fn find(&self, key: WorkloadId) -> Result<Option<JobRecord>, Error> {
		let queue = self.queue.clone();
		Ok(spawn_blocking(move || queue.job(&key)).await??)
	}

	/// A job as clients see it. One whose stored proof is damaged is proven again.
	async fn view(&self, record: JobRecord) -> Result<Job, Error> {
		let key = record.key();
		let state = match &record.status {
			Status::Proven { proof, prove_ms } => match self.content.get(*proof).await {
				Ok(bytes) => JobState::Proven {
					output: record.output,
					proof: bytes,
					prove_ms: *prove_ms,
				},
				Err(error @ (StoreError::Corrupt { .. } | StoreError::Missing(_))) => {
					self.metrics.damaged.increment();
					tracing::error!(
						job = %key, model = %record.header.vk_hash, %error,
						"stored proof is damaged; the job waits to be proven again"
					);
					let queue = self.queue.clone();
					let record = spawn_blocking(move || queue.prove_again(&record)).await??;
					JobState::Queued {
						output: record.output,
					}
				},
				Err(error) => return Err(error.into()),
			},
			Status::Queued => JobState::Queued {
				output: record.output,
			},
			Status::Proving => JobState::Proving {
				output: record.output,
			},
			Status::Failed { reason } => JobState::Failed {
				reason: reason.clone(),
			},
			Status::Cancelled => JobState::Cancelled,
		};
		Ok(Job { key, state })
	}

	/// Loads the bundles named in the configuration, then those remembered. The former must load; of
	/// the latter, the jobs of one that does not load wait until it does.
	async fn load_at_start(&self, bundles: &[PathBuf]) -> Result<(), Error> {
		for dir in bundles {
			self.load_model(dir.clone()).await?;
		}
		let queue = self.queue.clone();
		for (vk_hash, dir) in spawn_blocking(move || queue.store().models()).await?? {
			if self.models.get(&vk_hash).is_some() {
				continue;
			}
			if let Err(error) = self.load(dir, Some(vk_hash)).await {
				tracing::error!(model = %vk_hash, %error, "remembered model cannot be loaded; its jobs wait");
			}
		}
		Ok(())
	}

	/// Forgets jobs that were finished longer than `retention` ago, now and again.
	async fn prune(self: Arc<Self>, retention: Duration) {
		let retention_ms = u64::try_from(retention.as_millis()).unwrap_or(u64::MAX);
		let mut interval = tokio::time::interval(PRUNE_INTERVAL);
		loop {
			interval.tick().await;
			if let Err(error) = self
				.prune_before(now_ms().saturating_sub(retention_ms))
				.await
			{
				tracing::error!(%error, "cannot forget old jobs; will try again");
			}
		}
	}

	async fn prune_before(&self, before_ms: u64) -> Result<(), Error> {
		loop {
			let queue = self.queue.clone();
			let find = move || queue.store().finished_before(before_ms, PRUNE_BATCH);
			let old = spawn_blocking(find).await??;
			if old.is_empty() {
				return Ok(());
			}
			tracing::info!(jobs = old.len(), "forgetting jobs past their retention");
			for record in old {
				let proof = match record.status {
					Status::Proven { proof, .. } => Some(proof),
					_ => None,
				};
				// The record first: a record without its proof would be proven again.
				let queue = self.queue.clone();
				spawn_blocking(move || queue.forget(&record)).await??;
				if let Some(proof) = proof {
					self.content.remove(proof).await?;
				}
			}
		}
	}
}

/// A started service. Dropping it stops it at once, as a crash would: [`Running::drain`] is the
/// graceful way.
pub struct Running {
	service: Arc<Service>,
	address: SocketAddr,
	server: ServerHandle,
	workers: JoinSet<()>,
	/// Held for its drop, which ends the task.
	_pruner: JoinSet<()>,
	drain_timeout: Duration,
}

/// Starts the service: takes up the jobs on disk, loads models, listens, and works.
pub async fn start(config: &Config, engine: Arc<dyn Engine>) -> Result<Running, Error> {
	let token = config.check()?;
	let (queue, content) = {
		let (data, max) = (config.data.clone(), to_usize(config.max_queued_jobs));
		spawn_blocking(move || open(&data, max)).await??
	};
	let service = Arc::new(Service {
		engine,
		models: Arc::new(Models::default()),
		queue: Arc::new(queue),
		content: Arc::new(content),
		metrics: Arc::new(Metrics::default()),
		loading: Mutex::new(()),
		executions: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
		draining: CancellationToken::new(),
	});
	service.load_at_start(&config.bundles).await?;

	let http = tower::ServiceBuilder::new()
		.layer(host_filter(config.listen).map_err(Error::Http)?)
		.layer(GateLayer::new(token, service.clone()))
		.layer(
			ProxyGetRequestLayer::new("/health", "prover_health")
				.map_err(|error| Error::Http(error.to_string()))?,
		);
	let listen_failed = |source| Error::Listen {
		address: config.listen,
		source,
	};
	let server = Server::builder()
		.http_only()
		.max_connections(config.max_connections)
		.max_request_body_size(MAX_MESSAGE_BYTES)
		.max_response_body_size(MAX_MESSAGE_BYTES)
		.set_batch_request_config(BatchRequestConfig::Limit(MAX_BATCH))
		.set_http_middleware(http)
		.build(config.listen)
		.await
		.map_err(listen_failed)?;
	let address = server.local_addr().map_err(listen_failed)?;
	let server = server.start(Rpc::new(service.clone()).into_rpc());

	let worker = Arc::new(Worker {
		queue: service.queue.clone(),
		models: service.models.clone(),
		content: service.content.clone(),
		metrics: service.metrics.clone(),
		job_timeout: config.job_timeout(),
		draining: service.draining.clone(),
	});
	let mut workers = JoinSet::new();
	for _ in 0..config.workers {
		workers.spawn(worker.clone().run());
	}
	let mut pruner = JoinSet::new();
	pruner.spawn(
		service
			.clone()
			.prune(Duration::from_secs(config.retention_seconds)),
	);
	tracing::info!(
		%address, data = %config.data.display(), models = service.models.len(),
		queued = service.queue.queued(), workers = config.workers, "listening"
	);
	let drain_timeout = config.drain_timeout();
	Ok(Running {
		service,
		address,
		server,
		workers,
		_pruner: pruner,
		drain_timeout,
	})
}

impl Running {
	/// Where it listens.
	pub fn address(&self) -> SocketAddr {
		self.address
	}

	/// What the methods do.
	pub fn service(&self) -> &Service {
		&self.service
	}

	/// Stops gracefully: takes nothing new, lets running proofs end for at most the configured time,
	/// answers meanwhile, then closes. What is not proven by then is proven after the next start.
	/// Returns whether all running proofs ended.
	pub async fn drain(mut self) -> bool {
		let running = self.service.queue.running();
		tracing::info!(running, queued = self.service.queue.queued(), "draining");
		self.service.draining.cancel();
		let ended = async { while self.workers.join_next().await.is_some() {} };
		let all_ended = tokio::time::timeout(self.drain_timeout, ended)
			.await
			.is_ok();
		self.workers.shutdown().await;
		if !all_ended {
			let queue = self.service.queue.clone();
			let released = spawn_blocking(move || queue.release_all()).await;
			match released {
				Ok(Ok(())) => tracing::warn!(
					"running proofs did not end in time; they start again after the next start"
				),
				// They are found at the next start all the same.
				Ok(Err(error)) => tracing::error!(%error, "cannot give running jobs back"),
				Err(error) => tracing::error!(%error, "cannot give running jobs back"),
			}
		}
		if self.server.stop().is_ok() {
			// Idle connections close at once, and requests are short; but a client may be slow.
			let closed = self.server.clone().stopped();
			if tokio::time::timeout(Duration::from_secs(5), closed)
				.await
				.is_err()
			{
				tracing::warn!("some connections did not close in time");
			}
		}
		tracing::info!("stopped");
		all_ended
	}
}

fn open(data: &Path, max_queued: usize) -> Result<(Queue, LocalStore), Error> {
	fs::create_dir_all(data).map_err(|source| Error::DataFolder {
		path: data.to_path_buf(),
		source,
	})?;
	// The job store first: it is what only one process can hold.
	let jobs = JobStore::open(&data.join("jobs.redb"))?;
	let content = LocalStore::open(&data.join("content"))?;
	Ok((Queue::open(jobs, max_queued)?, content))
}

fn to_usize(number: u32) -> usize {
	usize::try_from(number).unwrap_or(usize::MAX)
}
