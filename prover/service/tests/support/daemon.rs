//! The daemon as a process, and real models.

use super::{client, get, header, key, wait};
use inference_circuits::{BuildOptions, Bundle, Powers};
use inference_primitives::{Statement, StatementVersion};
use inference_prover_api::{JobRequest, JobState};
use inference_verifier::{public_inputs, verify, Plan, Setup};
use jsonrpsee::http_client::HttpClient;
use std::{
	fs,
	io::{BufRead, BufReader},
	net::SocketAddr,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::Duration,
};

/// Sends a signal to a process.
pub fn send(pid: u32, signal: &str) {
	let sent = Command::new("kill")
		.args([signal, &pid.to_string()])
		.status();
	assert!(sent.unwrap().success());
}

/// State and parent of a process, unless it is gone.
fn stat(pid: u32) -> Option<(char, u32)> {
	let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
	// The name, in parentheses, may hold anything.
	let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
	let state = fields.next()?.chars().next()?;
	Some((state, fields.next()?.parse().ok()?))
}

/// The processes that this one started, but for those that ended.
pub fn children(parent: u32) -> Vec<u32> {
	let pids = fs::read_dir("/proc").unwrap();
	let pids = pids.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok());
	pids.filter(|pid| matches!(stat(*pid), Some((state, of)) if of == parent && state != 'Z'))
		.collect()
}

/// Whether the process runs or is stopped.
pub fn is_alive(pid: u32) -> bool {
	stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// Whether the process is an engine process, and not yet or no more something else.
pub fn is_engine(pid: u32) -> bool {
	let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
	let mut arguments = command.split(|byte| *byte == 0);
	arguments.any(|argument| argument == b"engine-process")
}

/// Waits until the process is gone.
pub async fn gone(pid: u32) {
	for _ in 0..1000 {
		if !is_alive(pid) {
			return;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	panic!("process {pid} stays");
}

/// The model, built anew, in a directory.
pub struct Model {
	/// The model.
	pub bundle: Bundle,
	rows: Vec<Vec<i64>>,
	/// What its proofs are verified under.
	setup: Setup,
	/// The directory.
	pub folder: tempfile::TempDir,
}

impl Model {
	/// The smallest: the linear regression on the diabetes data set.
	pub fn diabetes() -> Self {
		Self::diabetes_under(Powers::default())
	}

	/// [`Self::diabetes`] with these powers.
	pub fn diabetes_under(powers: Powers) -> Self {
		Self::build("linear-regression-diabetes", powers)
	}

	/// A larger one: the perceptron on the digits data set.
	pub fn digits() -> Self {
		Self::build("mlp-digits", Powers::default())
	}

	/// [`Self::digits`] without the file of its proving key, which is made from the graph whenever it is read: so
	/// that takes long.
	pub fn slow() -> Self {
		let slow = Self::digits();
		fs::remove_file(slow.dir().join("proving_key.bin")).unwrap();
		slow
	}

	/// [`Self::digits`] under another name: another bundle with the same verifying key.
	pub fn renamed() -> Self {
		Self::named("mlp-digits", "renamed", Powers::default())
	}

	fn build(name: &str, powers: Powers) -> Self {
		Self::named(name, name, powers)
	}

	fn named(fixture: &str, name: &str, powers: Powers) -> Self {
		let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/fixtures");
		let fixture = fixtures.join(fixture);
		let read = |name: &str| fs::read(fixture.join(name)).unwrap();
		let samples: Vec<Vec<f64>> = serde_json::from_slice(&read("samples.json")).unwrap();
		let options = BuildOptions {
			name: name.into(),
			calibration: samples.clone(),
			powers: powers.clone(),
			..BuildOptions::default()
		};
		let bundle = Bundle::build(&read("model.onnx"), &options, &mut |_| {}).unwrap();
		let rows = samples
			.iter()
			.map(|row| bundle.quantise_input(row).unwrap())
			.collect();
		let folder = tempfile::tempdir().unwrap();
		bundle.save(&folder.path().join("bundle")).unwrap();
		Self {
			bundle,
			rows,
			setup: powers.setup(),
			folder,
		}
	}

	/// The bundle's folder.
	pub fn dir(&self) -> PathBuf {
		self.folder.path().join("bundle")
	}

	/// A request on it.
	pub fn request(&self, workload: u8) -> JobRequest {
		let row = usize::from(workload) % self.rows.len();
		let mut statement = header(self.bundle.vk_hash(), workload);
		// As between two runtimes.
		let versions = StatementVersion::numbers();
		statement.version = versions[usize::from(workload) % versions.len()];
		JobRequest::new(statement, self.rows[row].clone())
	}

	/// Verifies as the chain does: from the encoded key and the statement alone.
	pub fn check(&self, workload: u8, output: &[i64], proof: &[u8]) {
		let request = self.request(workload);
		assert_eq!(output, self.bundle.execute(&request.input).unwrap());
		let plan = Plan::decode_canonical(&self.bundle.plan_bytes()).unwrap();
		let statement = Statement::new(request.statement, &request.input, output);
		let inputs = public_inputs(&statement, &request.input, output);
		verify(&plan, &self.setup, &inputs, proof).unwrap();
		// And of no other workload.
		let other = Statement::new(header(self.bundle.vk_hash(), 99), &request.input, output);
		let inputs = public_inputs(&other, &request.input, output);
		assert!(verify(&plan, &self.setup, &inputs, proof).is_err());
	}
}

/// The daemon, killed when dropped.
pub struct Daemon {
	/// The process.
	pub child: Child,
	/// Its client.
	pub client: HttpClient,
	address: SocketAddr,
}

impl Daemon {
	/// Starts it, and waits until its models are loaded.
	pub fn start(data: &Path, arguments: &[&str]) -> Self {
		let mut child = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
			.args(["--listen", "127.0.0.1:0", "--data"])
			.arg(data)
			.args(arguments)
			.env("RUST_LOG", "info")
			// The memory that a proof needs is then one for every machine.
			.env("RAYON_NUM_THREADS", "2")
			.stderr(Stdio::piped())
			.spawn()
			.unwrap();
		let mut lines = BufReader::new(child.stderr.take().unwrap())
			.lines()
			.map(|l| l.unwrap());
		let line = lines
			.find(|line| line.contains("listening"))
			.expect("it listens");
		let address = line
			.split_once("address=")
			.unwrap()
			.1
			.split(' ')
			.next()
			.unwrap();
		let address = address.parse().unwrap();
		let client = client(address);
		lines
			.find(|line| line.contains("ready models="))
			.expect("its models load");
		// What it logs later must not block it.
		std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
		Self {
			child,
			client,
			address,
		}
	}

	/// Sends it a signal.
	pub fn signal(&self, signal: &str) {
		send(self.child.id(), signal);
	}

	/// What it counts and measures.
	pub async fn metrics(&self) -> String {
		get(self.address, "/metrics", "").await
	}

	/// The value of a metric without labels.
	pub async fn metric(&self, name: &str) -> u64 {
		let (text, prefix) = (self.metrics().await, format!("inference_prover_{name} "));
		let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
		value
			.unwrap_or_else(|| panic!("{name} in {text}"))
			.parse()
			.unwrap()
	}

	/// Waits until a metric without labels is as wanted, and returns it.
	pub async fn until(&self, name: &str, wanted: impl Fn(u64) -> bool) -> u64 {
		let mut value = 0;
		for _ in 0..3000 {
			value = self.metric(name).await;
			if wanted(value) {
				return value;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		panic!("{name} stays {value}");
	}

	/// Its engine processes.
	pub fn engines(&self) -> Vec<u32> {
		children(self.child.id())
	}

	/// Output, proof and milliseconds of proving, once there is a proof.
	pub async fn proven(&self, workload: u8) -> (Vec<i64>, Vec<u8>, u64) {
		let state = wait(&self.client, key(workload), |state| {
			assert!(!matches!(state, JobState::Failed { .. }), "{state:?}");
			matches!(state, JobState::Proven { .. })
		});
		match state.await {
			JobState::Proven {
				output,
				proof,
				prove_ms,
			} => (output, proof, prove_ms),
			other => panic!("{other:?}"),
		}
	}
}

impl Drop for Daemon {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}
