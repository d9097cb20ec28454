//! The service: what the methods do, and how the daemon starts and stops.

use crate::{
	config::Config,
	engine::{Engine, Models},
	error::Error,
	executions::Executions,
	http::{host_filter, GateLayer, Tokens},
	jobs::{
		now_ms,
		queue::{Admission, Queue},
		store::{JobStore, JobStoreError},
		worker::Worker,
		JobRecord, Status, Terms,
	},
	loader::Loader,
	metrics::{Gauges, Metrics},
	rpc::{AdminLayer, Rpc},
	store::{ContentStore, LocalStore, Room, StoreError},
	trouble::Trouble,
};
use inference_primitives::{StatementHeader, VkHash, WorkloadId};
use inference_prover_api::{
	Execution, Health, Job, JobRequest, JobState, ModelInfo, Progress, ProverApiServer,
	API_VERSION, MAX_MESSAGE_BYTES,
};
use jsonrpsee::server::{
	middleware::{http::ProxyGetRequestLayer, rpc::RpcServiceBuilder},
	BatchRequestConfig, Server, ServerHandle,
};
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::{
	sync::watch,
	task::{spawn_blocking, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// Most calls in one JSON-RPC batch.
const MAX_BATCH: u32 = 16;
/// Time between two looks for jobs past their retention.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Time between two looks at how much is free on the disks.
const ROOM_PAUSE: Duration = Duration::from_secs(2);
/// Shortest time after its deadline after which a job that waits counts as wanted by nobody, milliseconds:
/// the chain's clock may have stood, and the worker been down.
const ABANDONED_AFTER_MS: u64 = 24 * 60 * 60 * 1000;
/// Most jobs forgotten at once.
const PRUNE_BATCH: usize = 256;
/// How long a client waits for an execution before it is told to ask again. Less than the worker's own
/// time-out.
const EXECUTION_PATIENCE: Duration = Duration::from_secs(20);
/// Wait before an execution that goes on is looked at again.
const EXECUTION_PAUSE: Duration = Duration::from_millis(200);
/// Most jobs that are being submitted at the same time.
const MAX_SUBMISSIONS: usize = 4096;
/// Most executions of one model at the same time.
const EXECUTIONS_OF_A_MODEL: usize = 4;

/// What the methods do.
pub struct Service {
	loader: Arc<Loader>,
	models: Arc<Models>,
	queue: Arc<Queue>,
	content: Arc<dyn ContentStore>,
	metrics: Arc<Metrics>,
	trouble: Arc<Trouble>,
	room: Arc<Room>,
	executions: Arc<Executions>,
	/// Jobs that are being submitted; each channel closes when its job is.
	submitting: Mutex<BTreeMap<WorkloadId, watch::Receiver<()>>>,
	/// Whether the models of the start are still being loaded.
	is_loading: AtomicBool,
	draining: CancellationToken,
}

impl Service {
	/// State of the service.
	pub fn health(&self) -> Health {
		let mut problems = self.trouble.problems();
		if self.is_loading.load(Ordering::Relaxed) {
			problems.push("models are being loaded".into());
		}
		if self.draining.is_cancelled() {
			problems.push("the service drains".into());
		}
		let ready = problems.is_empty();
		// It executes and proves all the same: whoever sends it work is told, and nobody takes it out of service.
		if let Err(shortage) = self.room.check_all() {
			problems.push(shortage.to_string());
		}
		Health {
			api_version: API_VERSION,
			version: env!("CARGO_PKG_VERSION").into(),
			models: self.models.len(),
			queued: self.queue.queued(),
			running: self.queue.running(),
			draining: self.draining.is_cancelled(),
			ready,
			problems,
			oldest_queued_ms: self.oldest_queued_ms(),
			overdue: self.queue.overdue(),
		}
	}

	fn oldest_queued_ms(&self) -> u64 {
		let oldest = self.queue.oldest_ms();
		oldest.map_or(0, |oldest| now_ms().saturating_sub(oldest))
	}

	/// The metrics, as Prometheus reads them.
	pub fn render_metrics(&self) -> String {
		let engine = self.loader.engine().processes();
		self.metrics.render(Gauges {
			models: self.models.len(),
			model_bytes: self.models.bytes().saturating_add(engine.model_bytes),
			engine_processes: engine.running,
			engine_deaths: engine.deaths,
			disk_free_bytes: self.room.free().unwrap_or(0),
			queued: self.queue.queued(),
			running: self.queue.running(),
			overdue: self.queue.overdue(),
			oldest_queued: Duration::from_millis(self.oldest_queued_ms()),
			bundles_failed: self.trouble.bundles(),
			ready: self.health().ready,
		})
	}

	/// The models.
	pub fn models(&self) -> Vec<ModelInfo> {
		self.models.infos()
	}

	/// Loads the bundle in `dir` and remembers it over restarts, if there is room.
	pub async fn load_model(&self, dir: PathBuf) -> Result<ModelInfo, Error> {
		self.room.check_all()?;
		self.load_and_remember(dir).await
	}

	async fn load_and_remember(&self, dir: PathBuf) -> Result<ModelInfo, Error> {
		let (info, dir) = self.load(dir, None).await?;
		let queue = self.queue.clone();
		spawn_blocking(move || queue.store().save_model(&info.vk_hash, &dir).map(|()| info))
			.await?
			.map_err(Error::from)
	}

	/// Forgets a model. Whoever uses it goes on; its waiting jobs wait until it is loaded again.
	pub async fn unload_model(&self, vk_hash: VkHash) -> Result<bool, Error> {
		let queue = self.queue.clone();
		let forgotten = spawn_blocking(move || {
			let models = queue.store().models()?;
			queue.store().forget_model(&vk_hash)?;
			Ok::<_, JobStoreError>(models.into_iter().find(|(known, _)| *known == vk_hash))
		});
		if let Some((_, dir)) = forgotten.await?? {
			self.trouble.bundle_works(&dir.display().to_string());
		}
		let Some(info) = self.loader.unload(&vk_hash) else {
			return Ok(false);
		};
		self.metrics.unloaded(&vk_hash, &info.name);
		tracing::info!(model = %vk_hash, name = info.name, "model unloaded");
		Ok(true)
	}

	/// Loads the bundle in `dir`; refuses it if its key is not the `expected` one.
	async fn load(
		&self,
		dir: PathBuf,
		expected: Option<VkHash>,
	) -> Result<(ModelInfo, String), Error> {
		let asked = whole(&dir);
		let (model, dir) = self.loader.load(dir, expected).await?;
		self.trouble.bundle_works(&asked);
		self.trouble.bundle_works(&dir);
		// Jobs may have waited for it.
		self.queue.wake_all();
		Ok((model.info().clone(), dir))
	}

	/// Executes, persists and acknowledges a job. It goes on although the client does not wait: then
	/// the job is there when the client asks again.
	pub async fn submit(self: &Arc<Self>, request: JobRequest) -> Result<Job, Error> {
		let key = request.statement.workload;
		let submitted = self.submit_once(key, request).await;
		if let Err(error) = &submitted {
			self.metrics.refused(error.code());
			tracing::info!(%error, "submission refused");
		}
		submitted
	}

	/// Submits the job, unless that is under way already: then waits for it first.
	async fn submit_once(
		self: &Arc<Self>,
		key: WorkloadId,
		request: JobRequest,
	) -> Result<Job, Error> {
		let not_yet = |_| Error::Executing { key };
		let deadline = tokio::time::Instant::now() + EXECUTION_PATIENCE;
		loop {
			let (sender, receiver) = watch::channel(());
			let other = {
				let mut submitting = self.submitting.lock();
				let other = submitting.get(&key).cloned();
				if other.is_none() {
					if submitting.len() >= MAX_SUBMISSIONS {
						return Err(Error::Executing { key });
					}
					submitting.insert(key, receiver);
				}
				other
			};
			if let Some(mut other) = other {
				// It never changes; that it closes is an error.
				let closed = other.changed();
				let _ = tokio::time::timeout_at(deadline, closed)
					.await
					.map_err(not_yet)?;
				continue;
			}
			let submission = Submission {
				service: self.clone(),
				key,
				_closes: sender,
			};
			let task = tokio::spawn(async move {
				let held = submission;
				held.service.try_submit(request).await
			});
			return tokio::time::timeout_at(deadline, task)
				.await
				.map_err(not_yet)??;
		}
	}

	async fn try_submit(&self, request: JobRequest) -> Result<Job, Error> {
		let terms = Terms {
			deadline_ms: request.due_in_ms.map(|due| now_ms().saturating_add(due)),
			value: request.value,
		};
		let JobRequest {
			statement: header,
			input,
			..
		} = request;
		let key = header.workload;
		// A job that is here is answered whatever the state of the service.
		if let Some(existing) = self.find(key).await? {
			return self.same_request(existing, &header, &input, terms).await;
		}
		if self.draining.is_cancelled() {
			return Err(Error::Draining { key });
		}
		self.room.check_data()?;
		// Before the work of executing; decided for good when the job is stored.
		let full = || Error::QueueFull {
			key,
			max: self.queue.max_queued(),
		};
		if self.queue.queued() >= self.queue.max_queued() {
			self.check(&header, &input)?;
			return Err(full());
		}
		let vk_hash = header.vk_hash;
		let output = loop {
			// No time-out here: whoever submitted it may be gone, the job is stored all the same.
			match self.output(&header, &input).await {
				Err(Error::Executing { .. }) if !self.draining.is_cancelled() => {
					tokio::time::sleep(EXECUTION_PAUSE).await;
				},
				output => break output?,
			}
		};
		let queue = self.queue.clone();
		let (wanted_header, wanted_input) = (header.clone(), input.clone());
		match spawn_blocking(move || queue.admit(header, input, output, terms)).await?? {
			Admission::Accepted(record) => {
				self.metrics.accepted(&vk_hash);
				tracing::info!(job = %key, model = %vk_hash, "job accepted");
				self.view(record).await
			},
			Admission::Existing(existing) => {
				self.same_request(existing, &wanted_header, &wanted_input, terms)
					.await
			},
			Admission::Full => Err(full()),
		}
	}

	/// Executes a request and stores nothing. Waits for no proof, queue or end.
	pub async fn execute(&self, request: JobRequest) -> Result<Execution, Error> {
		let output = self.output(&request.statement, &request.input).await?;
		Ok(Execution { output })
	}

	/// The output for `input`; [`Error::Executing`] if it takes longer than a client waits.
	async fn output(&self, header: &StatementHeader, input: &[i64]) -> Result<Vec<i64>, Error> {
		self.check(header, input)?;
		let (key, vk_hash) = (header.workload, header.vk_hash);
		let unknown = || self.unknown_model(vk_hash);
		let model = self.loader.model(&vk_hash).await?.ok_or_else(unknown)?;
		match self.executions.output(model, input).await {
			Some(Ok(output)) => Ok(output),
			Some(Err(reason)) => Err(Error::Execution { key, reason }),
			None => Err(Error::Executing { key }),
		}
	}

	fn unknown_model(&self, vk_hash: VkHash) -> Error {
		if self.is_loading.load(Ordering::Relaxed) {
			return Error::Loading { vk_hash };
		}
		Error::UnknownModel {
			vk_hash,
			loaded: self.models.len(),
		}
	}

	/// Checks a request against its model.
	fn check(&self, header: &StatementHeader, input: &[i64]) -> Result<(), Error> {
		let key = header.workload;
		if header.supported_version().is_none() {
			return Err(Error::StatementVersion {
				key,
				got: header.version,
			});
		}
		let Some((info, _)) = self.models.find(&header.vk_hash) else {
			return Err(self.unknown_model(header.vk_hash));
		};
		info.input
			.check_values(input)
			.map_err(|reason| Error::BadInput {
				key,
				model: info.name.clone(),
				shape: info.input.shape.clone(),
				reason,
			})
	}

	async fn same_request(
		&self,
		existing: JobRecord,
		header: &StatementHeader,
		input: &[i64],
		terms: Terms,
	) -> Result<Job, Error> {
		if !existing.is_for(header, input) {
			return Err(Error::KeyReused {
				key: existing.key(),
			});
		}
		let queue = self.queue.clone();
		let renewed = spawn_blocking(move || queue.renew(&existing, terms)).await??;
		self.view(renewed).await
	}

	/// Puts a failed or cancelled job back, and has one that waits after a failure tried at once.
	pub async fn retry(&self, key: WorkloadId) -> Result<Job, Error> {
		let queue = self.queue.clone();
		let record = spawn_blocking(move || queue.retry(&key))
			.await??
			.ok_or(Error::UnknownJob { key })?;
		tracing::info!(job = %key, model = %record.header.vk_hash, "job to be tried again");
		self.view(record).await
	}

	/// A job's state and progress.
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
			self.metrics.cancelled(&record.header.vk_hash);
			self.loader.engine().settled(&record.header.vk_hash);
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
		let progress = self.progress(&record).await?;
		let state = match &record.status {
			Status::Proven { proof, prove_ms } => match self.content.get(*proof).await {
				Ok(bytes) => JobState::Proven {
					output: record.output,
					proof: bytes,
					prove_ms: *prove_ms,
				},
				Err(error @ (StoreError::Corrupt { .. } | StoreError::Missing(_))) => {
					self.metrics.damaged();
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
		Ok(Job {
			key,
			state,
			progress,
		})
	}

	async fn progress(&self, record: &JobRecord) -> Result<Progress, Error> {
		let mut progress = Progress {
			attempts: record.attempts,
			last_error: record.last_error.clone(),
			..Progress::default()
		};
		match record.status {
			Status::Proving => {
				let (queue, key) = (self.queue.clone(), record.key());
				if let Some((time, step)) = spawn_blocking(move || queue.progress(&key)).await? {
					progress.running_ms = u64::try_from(time.as_millis()).ok();
					progress.step = step;
				}
			},
			Status::Queued => {
				let wait = record.not_before_ms.saturating_sub(now_ms());
				progress.retry_in_ms = (wait > 0).then_some(wait);
			},
			Status::Proven { .. } | Status::Failed { .. } | Status::Cancelled => {},
		}
		Ok(progress)
	}

	/// Loads the bundles named in the configuration and those remembered, none waiting for another's check.
	/// One that does not load is named, and the others are served.
	async fn load_at_start(self: &Arc<Self>, bundles: &[PathBuf]) -> Result<(), Error> {
		let queue = self.queue.clone();
		let remembered = spawn_blocking(move || queue.store().models()).await??;
		let named = bundles.to_vec();
		let mut wanted: BTreeMap<PathBuf, Option<VkHash>> = spawn_blocking(move || {
			let found = |dir: PathBuf| (fs::canonicalize(&dir).unwrap_or(dir), None);
			named.into_iter().map(found).collect()
		})
		.await?;
		for (vk_hash, dir) in remembered {
			// What the configuration names may have been replaced.
			wanted
				.entry(dir)
				// Two keys were in this folder, one after the other: what is there now counts.
				.and_modify(|expected| {
					if *expected != Some(vk_hash) {
						*expected = None;
					}
				})
				.or_insert(Some(vk_hash));
		}
		let mut loading = JoinSet::new();
		for (dir, expected) in wanted {
			let service = self.clone();
			loading.spawn(async move {
				let loaded = match expected {
					Some(_) => service.load(dir.clone(), expected).await.map(drop),
					// However full the disk: an output is owed in minutes.
					None => service.load_and_remember(dir.clone()).await.map(drop),
				};
				if let Err(error) = loaded {
					let dir = whole(&dir);
					tracing::error!(
						dir, model = ?expected, %error,
						"BUNDLE NOT LOADED: the others are served, the worker declines what is new for \
						 this one, and the service says that it is not ready"
					);
					service.trouble.bundle_fails(&dir, &error);
				}
			});
		}
		while let Some(ended) = loading.join_next().await {
			ended?;
		}
		Ok(())
	}

	/// Forgets jobs that were finished longer than `retention` ago, now and again, and cancels those that
	/// nobody renewed for so long after their deadline: whoever submitted them is gone.
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
		let queue = self.queue.clone();
		let abandoned_ms = before_ms.min(now_ms().saturating_sub(ABANDONED_AFTER_MS));
		let abandoned = spawn_blocking(move || queue.cancel_due_before(abandoned_ms)).await??;
		if abandoned > 0 {
			tracing::warn!(
				jobs = abandoned,
				"cancelled jobs whose deadline passed long ago: who submitted them is gone"
			);
		}
		loop {
			let queue = self.queue.clone();
			let find = move || {
				queue
					.store()
					.finished_before(before_ms, now_ms(), PRUNE_BATCH)
			};
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

/// A job being submitted. The others that submit it are woken when it is dropped, however that comes.
struct Submission {
	service: Arc<Service>,
	key: WorkloadId,
	_closes: watch::Sender<()>,
}

impl Drop for Submission {
	fn drop(&mut self) {
		self.service.submitting.lock().remove(&self.key);
	}
}

/// A started service. Dropping it stops it at once, as a crash would: [`Running::drain`] is the
/// graceful way.
pub struct Running {
	service: Arc<Service>,
	address: SocketAddr,
	server: ServerHandle,
	workers: JoinSet<()>,
	/// Loads the models of the start, then ends.
	loading: JoinSet<Result<(), Error>>,
	/// Held for its drop, which ends the tasks.
	_pruner: JoinSet<()>,
	drain_timeout: Duration,
}

/// Starts the service: takes up the jobs on disk, listens, and works. Models are loaded meanwhile:
/// [`Running::loaded`].
pub async fn start(config: &Config, engine: Arc<dyn Engine>) -> Result<Running, Error> {
	let tokens = Tokens {
		any: config.check()?,
		admin: config.admin_token()?,
	};
	let (queue, content) = {
		let (data, max) = (config.data.clone(), to_usize(config.max_queued_jobs));
		spawn_blocking(move || open(&data, max)).await??
	};
	let room = {
		let (data, scratch) = (config.data.clone(), config.scratch.clone());
		let least = config.min_free_disk_bytes();
		let room = spawn_blocking(move || Room::new(data, scratch, least));
		Arc::new(room.await?)
	};
	let metrics = Arc::new(Metrics::default());
	let models = Arc::new(Models::with_budget(config.model_memory_bytes()));
	let service = Arc::new(Service {
		loader: Arc::new(Loader::new(engine, models.clone(), metrics.clone())),
		models,
		queue: Arc::new(queue),
		content: Arc::new(content),
		executions: Arc::new(Executions::new(
			EXECUTIONS_OF_A_MODEL,
			EXECUTION_PATIENCE,
			metrics.clone(),
		)),
		metrics,
		trouble: Arc::new(Trouble::default()),
		room,
		submitting: Mutex::default(),
		is_loading: AtomicBool::new(true),
		draining: CancellationToken::new(),
	});

	let http = tower::ServiceBuilder::new()
		.layer(host_filter(config.listen).map_err(Error::Http)?)
		.layer(GateLayer::new(tokens, service.clone()))
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
		.set_rpc_middleware(RpcServiceBuilder::new().layer(AdminLayer))
		.build(config.listen)
		.await
		.map_err(listen_failed)?;
	let address = server.local_addr().map_err(listen_failed)?;
	let server = server.start(Rpc::new(service.clone()).into_rpc());

	let worker = Arc::new(Worker {
		queue: service.queue.clone(),
		loader: service.loader.clone(),
		content: service.content.clone(),
		metrics: service.metrics.clone(),
		trouble: service.trouble.clone(),
		job_timeout: config.job_timeout(),
		draining: service.draining.clone(),
	});
	let mut workers = JoinSet::new();
	for _ in 0..config.workers {
		workers.spawn(worker.clone().run());
	}
	let mut pruner = JoinSet::new();
	pruner.spawn(look_for_room(service.room.clone()));
	pruner.spawn(
		service
			.clone()
			.prune(Duration::from_secs(config.retention_seconds)),
	);
	tracing::info!(
		%address, data = %config.data.display(), queued = service.queue.queued(),
		workers = config.workers, "listening"
	);
	let mut loading = JoinSet::new();
	let (loader, bundles) = (service.clone(), config.bundles.clone());
	loading.spawn(async move {
		loader.load_at_start(&bundles).await?;
		loader.loader.prepare().await?;
		loader.is_loading.store(false, Ordering::Relaxed);
		match loader.trouble.bundles() {
			0 => tracing::info!(models = loader.models.len(), "ready"),
			failed => tracing::warn!(models = loader.models.len(), failed, "not ready"),
		}
		Ok(())
	});
	let drain_timeout = config.drain_timeout();
	Ok(Running {
		service,
		address,
		server,
		workers,
		loading,
		_pruner: pruner,
		drain_timeout,
	})
}

impl Running {
	/// Where it listens.
	pub fn address(&self) -> SocketAddr {
		self.address
	}

	/// Waits until each model of the start is loaded or said to be bad ([`Service::health`]). Fails if it
	/// cannot be read which there are.
	pub async fn loaded(&mut self) -> Result<(), Error> {
		match self.loading.join_next().await {
			Some(loaded) => loaded?,
			None => Ok(()),
		}
	}

	/// What the methods do.
	pub fn service(&self) -> &Arc<Service> {
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
		let engine = self.service.loader.engine().clone();
		if let Err(error) = spawn_blocking(move || engine.stop()).await {
			tracing::error!(%error, "cannot stop the engine");
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

/// Asks the disks now and again how much is free.
async fn look_for_room(room: Arc<Room>) {
	loop {
		tokio::time::sleep(ROOM_PAUSE).await;
		let asked = room.clone();
		if let Err(error) = spawn_blocking(move || asked.look()).await {
			tracing::error!(%error, "cannot ask how much is free on the disk");
		}
	}
}

/// The whole name of a folder, which need not exist.
fn whole(dir: &Path) -> String {
	let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
	whole.display().to_string()
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
