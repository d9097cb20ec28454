//! A service with a small engine, over real HTTP.
//!
//! The engine's bundles are directories with a file `name`; its models compute the doubled input,
//! and each proof waits for the engine's gate. No two proofs are equal, so a proof made twice shows.

pub mod daemon;

use inference_primitives::{
	hashing::blake2_256, Destination, GenesisHash, ModelId, ModelRef, StatementHeader, TensorSpec,
	Visibility, VkHash, WorkloadId, STATEMENT_VERSION,
};
use inference_prover::{
	config::Config,
	engine::{Attempt, Engine, EngineError, Model, Proof},
	error::Error,
	jobs::store::JobStoreError,
	service::{start, Running},
};
use inference_prover_api::{JobRequest, JobState, ModelInfo, ProverApiClient};
use jsonrpsee::{
	core::ClientError,
	http_client::{HttpClient, HttpClientBuilder},
};
use std::{
	fs,
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc, Condvar, Mutex,
	},
	time::Duration,
};

/// Length of the input that the engine's models take.
pub const INPUT_LENGTH: usize = 3;

/// What an engine of this module counts and obeys.
pub struct Control {
	permits: Mutex<usize>,
	changed: Condvar,
	/// Proofs made.
	pub proofs: AtomicUsize,
	/// Executions made.
	pub executions: AtomicUsize,
	/// Models loaded.
	pub loads: AtomicUsize,
	/// Attempts that fail by what passes, and attempts that panic, before one succeeds.
	pub transient: AtomicUsize,
	pub panics: AtomicUsize,
	/// The workloads proven, in order.
	pub order: Mutex<Vec<u8>>,
	/// Whether loading, and executing the input 17, waits.
	pub is_shut: Mutex<bool>,
	pub opened: Condvar,
	/// Name of the model whose loading waits while [`Self::is_shut`], alone.
	pub slow: Mutex<Option<String>>,
}

impl Control {
	/// Lets `number` more proofs pass.
	pub fn permit(&self, number: usize) {
		let mut permits = self.permits.lock().unwrap();
		*permits = permits.saturating_add(number);
		self.changed.notify_all();
	}

	/// Has loading, and executing the input 17, wait, or go on.
	pub fn shut(&self, is_shut: bool) {
		*self.is_shut.lock().unwrap() = is_shut;
		self.opened.notify_all();
	}

	fn wait_while_shut(&self) {
		let guard = self.is_shut.lock().unwrap();
		drop(self.opened.wait_while(guard, |is_shut| *is_shut).unwrap());
	}

	/// Whether one of `left` was there to be taken.
	fn takes(left: &AtomicUsize) -> bool {
		left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
			left.checked_sub(1)
		})
		.is_ok()
	}

	fn pass(&self) {
		let mut permits = self.permits.lock().unwrap();
		while *permits == 0 {
			permits = self.changed.wait(permits).unwrap();
		}
		*permits -= 1;
	}
}

/// A handle on an engine. Its drop opens the gate: a test's runtime waits for its threads.
pub struct TestEngine(pub Arc<Control>);

impl TestEngine {
	/// An engine whose gate lets `permits` proofs pass.
	pub fn new(permits: usize) -> Self {
		Self(Arc::new(Control {
			permits: Mutex::new(permits),
			changed: Condvar::new(),
			proofs: AtomicUsize::new(0),
			executions: AtomicUsize::new(0),
			loads: AtomicUsize::new(0),
			transient: AtomicUsize::new(0),
			panics: AtomicUsize::new(0),
			order: Mutex::default(),
			is_shut: Mutex::new(false),
			opened: Condvar::new(),
			slow: Mutex::default(),
		}))
	}

	/// An engine whose gate is open.
	pub fn open() -> Self {
		Self::new(usize::MAX)
	}

	/// Proofs made.
	pub fn proofs(&self) -> usize {
		self.0.proofs.load(Ordering::SeqCst)
	}
}

impl Drop for TestEngine {
	fn drop(&mut self) {
		self.0.permit(usize::MAX / 2);
		self.0.shut(false);
	}
}

struct Loader(Arc<Control>);

impl Engine for Loader {
	fn name(&self) -> &'static str {
		"test"
	}

	/// Those whose name starts so.
	fn needs_check(&self, dir: &Path) -> bool {
		fs::read_to_string(dir.join("name")).is_ok_and(|name| name.starts_with("unchecked"))
	}

	fn load(&self, dir: &Path) -> Result<Arc<dyn Model>, EngineError> {
		let slow = self.0.slow.lock().unwrap().clone();
		if slow.is_none_or(|slow| dir.ends_with(slow)) {
			self.0.wait_while_shut();
		}
		self.0.loads.fetch_add(1, Ordering::SeqCst);
		let name = fs::read_to_string(dir.join("name"))
			.map_err(|error| EngineError::Load(format!("name: {error}")))?;
		let spec = |bound: i64| TensorSpec {
			shape: vec![INPUT_LENGTH as u32],
			scale_bits: 4,
			min: -bound,
			max: bound,
			visibility: Visibility::Public,
		};
		let info = ModelInfo {
			vk_hash: vk_hash(&name),
			name,
			input: spec(100),
			output: spec(200),
			k: 5,
			checked: true,
		};
		Ok(Arc::new(Doubler {
			info,
			control: self.0.clone(),
		}))
	}
}

struct Doubler {
	info: ModelInfo,
	control: Arc<Control>,
}

impl Model for Doubler {
	fn info(&self) -> &ModelInfo {
		&self.info
	}

	fn bytes(&self) -> u64 {
		700 << 10
	}

	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError> {
		if input.first() == Some(&17) {
			self.control.wait_while_shut();
		}
		self.control.executions.fetch_add(1, Ordering::SeqCst);
		Ok(input.iter().map(|value| value * 2).collect())
	}

	/// Input 13 fails, 15 makes a wrong proof, 16 proves another output. Obeys no stop.
	fn prove(
		&self,
		header: &StatementHeader,
		input: &[i64],
		attempt: &Attempt,
	) -> Result<Proof, EngineError> {
		attempt.begin();
		attempt.report("doubling".into());
		self.control.pass();
		if Control::takes(&self.control.transient) {
			return Err(EngineError::Transient {
				model: self.info.vk_hash,
				reason: "the disk is away".into(),
			});
		}
		if Control::takes(&self.control.panics) {
			panic!("a panic that a test asked for");
		}
		let number = self.control.proofs.fetch_add(1, Ordering::SeqCst);
		let workload = header.workload.0[0];
		self.control.order.lock().unwrap().push(workload);
		let mut output: Vec<_> = input.iter().map(|value| value * 2).collect();
		let mut bytes = [header.workload.0.as_slice(), &number.to_le_bytes()].concat();
		// Distinct over engines, too.
		bytes.extend_from_slice(&(Arc::as_ptr(&self.control) as usize).to_le_bytes());
		match input.first() {
			Some(13) => {
				let reason = "unlucky".into();
				return Err(EngineError::Prove {
					model: self.info.vk_hash,
					reason,
				});
			},
			Some(15) => bytes[0] ^= 1,
			Some(16) => output[0] += 1,
			_ => {},
		}
		Ok(Proof { output, bytes })
	}

	fn verify(
		&self,
		header: &StatementHeader,
		_input: &[i64],
		proof: &Proof,
	) -> Result<(), EngineError> {
		if proof.bytes.starts_with(&header.workload.0) {
			return Ok(());
		}
		Err(EngineError::Verify {
			model: self.info.vk_hash,
			reason: "another workload".into(),
		})
	}
}

/// The key of the model named `name`.
pub fn vk_hash(name: &str) -> VkHash {
	VkHash(blake2_256(name.as_bytes()))
}

/// The statement of workload `workload`, of the model with `vk_hash`.
pub fn header(vk_hash: VkHash, workload: u8) -> StatementHeader {
	StatementHeader {
		genesis: GenesisHash([1; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash,
		model: ModelRef {
			model: ModelId(3),
			version: 1,
		},
		workload: WorkloadId([workload; 32]),
		destination: Destination::Local,
	}
}

/// A request on the model "doubler".
pub fn request(workload: u8, first: i64) -> JobRequest {
	request_of("doubler", workload, first)
}

/// A request on the model of this name.
pub fn request_of(name: &str, workload: u8, first: i64) -> JobRequest {
	JobRequest::new(header(vk_hash(name), workload), vec![first, 2, -3])
}

/// The key of workload `workload`.
pub fn key(workload: u8) -> WorkloadId {
	WorkloadId([workload; 32])
}

/// A data folder with a bundle beside it.
pub struct Folder(tempfile::TempDir);

impl Folder {
	/// A folder with the bundle of the model "doubler".
	pub fn new() -> Self {
		let folder = Self(tempfile::tempdir().unwrap());
		folder.bundle("doubler");
		folder
	}

	/// Writes the bundle of a model.
	pub fn bundle(&self, name: &str) -> PathBuf {
		let dir = self.path().join("bundles").join(name);
		fs::create_dir_all(&dir).unwrap();
		fs::write(dir.join("name"), name).unwrap();
		dir
	}

	/// The folder.
	pub fn path(&self) -> &Path {
		self.0.path()
	}

	/// A configuration for this folder, with the bundle.
	pub fn config(&self) -> Config {
		Config {
			listen: SocketAddr::from(([127, 0, 0, 1], 0)),
			data: self.path().join("data"),
			bundles: vec![self.path().join("bundles/doubler")],
			drain_timeout_seconds: 10,
			..Config::default()
		}
	}
}

/// A started service and a client of it.
pub struct Service {
	/// The service.
	pub running: Running,
	/// The client.
	pub client: HttpClient,
}

impl Service {
	/// Starts a service. Waits a while for one that was dropped to let go of the data folder.
	pub async fn start(config: &Config, engine: &TestEngine) -> Self {
		let mut service = Self::start_unloaded(config, engine).await;
		service.running.loaded().await.unwrap();
		service
	}

	/// Starts a service, and does not wait for its models.
	pub async fn start_unloaded(config: &Config, engine: &TestEngine) -> Self {
		for _ in 0..500 {
			match start(config, Arc::new(Loader(engine.0.clone()))).await {
				Err(Error::JobStore(JobStoreError::InUse(_))) => {
					tokio::time::sleep(Duration::from_millis(10)).await;
				},
				started => {
					let running = started.unwrap();
					let client = client(running.address());
					return Self { running, client };
				},
			}
		}
		panic!("the data folder stays in use");
	}

	/// What starting gives, if it fails.
	pub async fn start_error(config: &Config, engine: &TestEngine) -> Error {
		match start(config, Arc::new(Loader(engine.0.clone()))).await {
			Ok(_) => panic!("it starts"),
			Err(error) => error,
		}
	}

	/// Waits until the job's state is as wanted.
	pub async fn wait(&self, key: WorkloadId, wanted: impl Fn(&JobState) -> bool) -> JobState {
		wait(&self.client, key, wanted).await
	}

	/// Waits for a job's proof.
	pub async fn proof(&self, key: WorkloadId) -> Vec<u8> {
		match self
			.wait(key, |state| matches!(state, JobState::Proven { .. }))
			.await
		{
			JobState::Proven { proof, .. } => proof,
			other => panic!("{other:?}"),
		}
	}

	/// Waits until a worker has so many jobs.
	pub async fn running_is(&self, wanted: usize) {
		for _ in 0..1000 {
			if self.client.health().await.unwrap().running == wanted {
				return;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		panic!("{:?}", self.client.health().await.unwrap());
	}
}

/// A client of the service at `address`.
pub fn client(address: SocketAddr) -> HttpClient {
	HttpClientBuilder::default()
		.build(format!("http://{address}"))
		.unwrap()
}

/// Waits until the job's state is as wanted.
pub async fn wait(
	client: &HttpClient,
	key: WorkloadId,
	wanted: impl Fn(&JobState) -> bool,
) -> JobState {
	let mut last = None;
	for _ in 0..6000 {
		let job = client.job(key).await.unwrap();
		assert_eq!(job.key, key);
		if wanted(&job.state) {
			return job.state;
		}
		last = Some(job.state);
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	panic!("job {key} stays {last:?}");
}

/// The code and message of a refused call.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (i32, String) {
	match result {
		Err(ClientError::Call(error)) => (error.code(), error.message().to_owned()),
		other => panic!("{other:?}"),
	}
}

/// Sends raw bytes and returns all that comes back.
pub async fn http(address: SocketAddr, request: String) -> String {
	tokio::task::spawn_blocking(move || {
		let mut stream = TcpStream::connect(address).unwrap();
		stream
			.set_read_timeout(Some(Duration::from_secs(10)))
			.unwrap();
		stream.write_all(request.as_bytes()).unwrap();
		let mut response = String::new();
		stream.read_to_string(&mut response).unwrap();
		response
	})
	.await
	.unwrap()
}

/// `GET path`, with more header lines if need be.
pub async fn get(address: SocketAddr, path: &str, headers: &str) -> String {
	let request =
		format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
	http(address, request).await
}
