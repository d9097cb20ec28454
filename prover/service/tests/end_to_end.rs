//! The daemon itself, with a real model: the linear regression on the diabetes data set that ships
//! with `inference-circuits`, over real HTTP.

use crate::support::{client, header, key, refusal, wait};
use inference_circuits::{BuildOptions, Bundle, Powers, SetupFile};
use inference_primitives::{hashing::blake2_256, Statement, StatementVersion};
use inference_prover_api::{error_code, JobRequest, JobState, ProverApiClient};
use inference_verifier::{public_inputs, verify, vk_hash, Plan, Setup};
use jsonrpsee::http_client::HttpClient;
use std::{
	fs,
	io::{BufRead, BufReader},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::Arc,
	time::Duration,
};

/// The model, built anew, in a directory.
struct Model {
	bundle: Bundle,
	rows: Vec<Vec<i64>>,
	folder: tempfile::TempDir,
	setup: Setup,
}

impl Model {
	fn build() -> Self {
		Self::build_under(Powers::default(), Setup::insecure_development())
	}

	/// With these powers; its proofs are verified under `setup`.
	fn build_under(powers: Powers, setup: Setup) -> Self {
		let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
			.join("../circuits/fixtures/linear-regression-diabetes");
		let read = |name: &str| fs::read(fixture.join(name)).unwrap();
		let samples: Vec<Vec<f64>> = serde_json::from_slice(&read("samples.json")).unwrap();
		let options = BuildOptions {
			name: "diabetes".into(),
			calibration: samples.clone(),
			powers,
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
			folder,
			setup,
		}
	}

	fn dir(&self) -> PathBuf {
		self.folder.path().join("bundle")
	}

	fn request(&self, workload: u8) -> JobRequest {
		let row = usize::from(workload) % self.rows.len();
		let mut statement = header(self.bundle.vk_hash(), workload);
		// As between two runtimes.
		let versions = StatementVersion::numbers();
		statement.version = versions[usize::from(workload) % versions.len()];
		JobRequest::new(statement, self.rows[row].clone())
	}

	/// Verifies as the chain does: from the encoded key and the statement alone.
	fn check(&self, workload: u8, output: &[i64], proof: &[u8]) {
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
struct Daemon {
	child: Child,
	client: HttpClient,
}

impl Daemon {
	fn start(data: &Path, arguments: &[&str]) -> Self {
		let mut child = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
			.args(["--listen", "127.0.0.1:0", "--data"])
			.arg(data)
			.args(arguments)
			.env("RUST_LOG", "info")
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
		let client = client(address.parse().unwrap());
		lines
			.find(|line| line.contains("ready models="))
			.expect("its models load");
		// What it logs later must not block it.
		std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
		Self { child, client }
	}

	fn signal(&self, signal: &str) {
		let pid = self.child.id().to_string();
		assert!(Command::new("kill")
			.args([signal, &pid])
			.status()
			.unwrap()
			.success());
	}

	async fn proven(&self, workload: u8) -> (Vec<i64>, Vec<u8>, u64) {
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

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_should_prove_what_the_verifier_accepts_even_when_killed() {
	let model = Model::build();
	let data = model.folder.path().join("data");
	let dir = model.dir();
	let daemon = Daemon::start(&data, &["--bundle", dir.to_str().unwrap()]);
	let info = daemon.client.models().await.unwrap().remove(0);
	assert_eq!(info.vk_hash, model.bundle.vk_hash());
	assert_eq!(info.input, model.bundle.manifest().input);
	assert!(info.checked);
	assert_eq!(fs::read_dir(data.join("checks")).unwrap().count(), 1);

	let short = JobRequest {
		input: vec![1],
		..model.request(1)
	};
	let (code, message) = refusal(daemon.client.submit_job(short).await);
	assert_eq!(code, error_code::BAD_INPUT);
	assert!(message.contains("expected 10 values, got 1"), "{message}");

	for workload in 1..=4 {
		let job = daemon
			.client
			.submit_job(model.request(workload))
			.await
			.unwrap();
		let expected = model
			.bundle
			.execute(&model.request(workload).input)
			.unwrap();
		assert_eq!(job.state.output(), Some(expected.as_slice()));
	}
	let first = daemon.proven(1).await;
	model.check(1, &first.0, &first.1);
	println!("proof of {} bytes in {} ms", first.1.len(), first.2);

	// Killed while it proves, as a power cut would; started without being told of the model.
	daemon.signal("-KILL");
	drop(daemon);
	let daemon = Daemon::start(&data, &[]);
	for workload in 2..=4 {
		let (output, proof, _) = daemon.proven(workload).await;
		model.check(workload, &output, &proof);
	}
	assert_eq!(daemon.proven(1).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_should_prove_under_a_setup_of_its_file_and_name_one_that_it_lacks() {
	// Made by snarkjs; prover/plonk/tests/setup/README.md says how.
	let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plonk/tests/setup/snarkjs.ptau");
	let powers = Arc::new(SetupFile::open(&file).unwrap());
	let setup = powers.setup().clone();
	assert_ne!(setup, Setup::insecure_development());
	let model = Model::build_under(Powers::File(powers), setup);
	let (data, dir) = (model.folder.path().join("data"), model.dir());

	let daemon = Daemon::start(&data, &["--bundle", dir.to_str().unwrap()]);
	assert!(daemon.client.models().await.unwrap().is_empty());
	let problems = daemon.client.health().await.unwrap().problems.join(" ");
	assert!(problems.contains("--setup FILE"), "{problems}");
	daemon.signal("-KILL");
	drop(daemon);

	let file = file.to_str().unwrap();
	let daemon = Daemon::start(&data, &["--bundle", dir.to_str().unwrap(), "--setup", file]);
	let models = daemon.client.models().await.unwrap();
	assert!(models[0].checked);
	daemon.client.submit_job(model.request(1)).await.unwrap();
	let (output, proof, _) = daemon.proven(1).await;
	model.check(1, &output, &proof);
	// And not of the setup whose secret everybody knows.
	let request = model.request(1);
	let plan = Plan::decode_canonical(&model.bundle.plan_bytes()).unwrap();
	let statement = Statement::new(request.statement, &request.input, &output);
	let inputs = public_inputs(&statement, &request.input, &output);
	assert!(verify(&plan, &Setup::insecure_development(), &inputs, &proof).is_err());
}

#[test]
fn the_daemon_should_not_start_with_a_file_that_is_no_setup() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("cut.ptau");
	fs::write(&file, b"ptau\x01\0\0\0\x07\0\0\0").unwrap();
	let output = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
		.args(["--listen", "127.0.0.1:0", "--data"])
		.arg(folder.path().join("data"))
		.arg("--setup")
		.arg(&file)
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	let message = String::from_utf8(output.stderr).unwrap();
	assert!(message.contains("cut.ptau"), "{message}");
	assert!(message.contains("cut off"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_should_drain_on_sigterm_and_exit_with_success() {
	let model = Model::build();
	let data = model.folder.path().join("data");
	let dir = model.dir();
	let mut daemon = Daemon::start(&data, &["--bundle", dir.to_str().unwrap()]);
	daemon.client.submit_job(model.request(1)).await.unwrap();
	while daemon.client.health().await.unwrap().queued > 0 {
		tokio::time::sleep(Duration::from_millis(1)).await;
	}
	daemon.signal("-TERM");
	let status = daemon.child.wait().unwrap();
	assert_eq!(status.code(), Some(0));
	let daemon = Daemon::start(&data, &[]);
	// It was finished before the exit: nothing is left to do.
	let health = daemon.client.health().await.unwrap();
	assert_eq!((health.queued, health.running), (0, 0));
	let (output, proof, _) = daemon.proven(1).await;
	model.check(1, &output, &proof);
}

/// Makes the bundle in `dir` one whose verifying key commits to other columns than the model's, by a maker
/// who recomputes every hash.
fn relax(dir: &Path, bundle: &Bundle) {
	let mut parts = bundle.plan().parts().clone();
	parts.fixed_commitments.swap(0, 1);
	let plan = Plan::from_parts(parts).unwrap().to_bytes();
	let manifest = bundle.manifest();
	let hash = vk_hash(manifest.system, &manifest.setup, &plan);
	let mut proving_key = fs::read(dir.join("proving_key.bin")).unwrap();
	proving_key[12..44].copy_from_slice(&hash.0);
	let hex = |bytes: &[u8]| hex::encode(blake2_256(bytes));
	let path = dir.join("manifest.json");
	let mut edited: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
	edited["plan_hash"] = hex(&plan).into();
	edited["proving_key_hash"] = hex(&proving_key).into();
	edited["vk_hash"] = serde_json::to_value(hash).unwrap();
	fs::write(dir.join("plan.bin"), plan).unwrap();
	fs::write(dir.join("proving_key.bin"), proving_key).unwrap();
	fs::write(path, edited.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_should_refuse_a_key_that_is_not_the_models_or_say_that_it_did_not_look() {
	let model = Model::build();
	let honest = model.folder.path().join("honest");
	model.bundle.save(&honest).unwrap();
	let dir = model.dir();
	relax(&dir, &model.bundle);
	let load = |daemon: &Daemon, dir: &Path| {
		let client = daemon.client.clone();
		let dir = dir.to_str().unwrap().to_owned();
		async move { client.load_model(dir).await }
	};
	let data = model.folder.path().join("data");
	let daemon = Daemon::start(&data, &[]);
	let error = load(&daemon, &dir).await.unwrap_err().to_string();
	assert!(error.contains("is not that of the model"), "{error}");
	assert!(error.contains("fixed column 0, fixed column 1"), "{error}");
	assert!(load(&daemon, &honest).await.unwrap().checked);
	daemon.signal("-KILL");
	drop(daemon);
	let daemon = Daemon::start(&data, &["--skip-model-check"]);
	// What was checked before stays checked; nothing else is.
	assert!(load(&daemon, &honest).await.unwrap().checked);
	assert!(!load(&daemon, &dir).await.unwrap().checked);
}

/// The files in `folder` that the process has open, with a name or without.
#[cfg(target_os = "linux")]
fn open_files(pid: u32, folder: &Path) -> usize {
	fs::read_dir(format!("/proc/{pid}/fd"))
		.unwrap()
		.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
		.filter(|file| file.starts_with(folder))
		.count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_should_keep_the_key_in_a_file_when_given_a_scratch_folder() {
	let model = Model::build();
	let scratch = fs::canonicalize(model.folder.path())
		.unwrap()
		.join("scratch");
	fs::create_dir(&scratch).unwrap();
	let dir = model.dir();
	let mut proofs = Vec::new();
	for (given, files) in [(None, 0), (Some(&scratch), 1)] {
		let mut arguments = vec!["--bundle", dir.to_str().unwrap()];
		arguments.extend(
			given
				.iter()
				.flat_map(|s| ["--scratch", s.to_str().unwrap()]),
		);
		let data = model.folder.path().join(format!("data-{files}"));
		let daemon = Daemon::start(&data, &arguments);
		assert_eq!(open_files(daemon.child.id(), &scratch), files);
		daemon.client.submit_job(model.request(1)).await.unwrap();
		let (output, proof, _) = daemon.proven(1).await;
		model.check(1, &output, &proof);
		proofs.push(proof);
	}
	assert_eq!(proofs[0], proofs[1]);
	// It has no name, so nothing of it is left.
	assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn the_daemon_should_refuse_to_listen_beyond_loopback_without_a_token() {
	let folder = tempfile::tempdir().unwrap();
	let output = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
		.args(["--listen", "0.0.0.0:0", "--data"])
		.arg(folder.path().join("data"))
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(1));
	let message = String::from_utf8(output.stderr).unwrap();
	assert!(message.contains("--bearer-token-file"), "{message}");
}

#[test]
fn print_config_should_show_flag_over_environment_over_file_over_default() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("config.json");
	fs::write(
		&file,
		r#"{"workers": 2, "max_queued_jobs": 3, "job_timeout_seconds": 4}"#,
	)
	.unwrap();
	let output = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
		.args(["--print-config", "--workers", "7", "--config"])
		.arg(&file)
		.env("INFERENCE_PROVER_WORKERS", "6")
		.env("INFERENCE_PROVER_MAX_QUEUED_JOBS", "5")
		.output()
		.unwrap();
	assert!(output.status.success());
	let config: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(config["workers"], 7);
	assert_eq!(config["max_queued_jobs"], 5);
	assert_eq!(config["job_timeout_seconds"], 4);
	assert_eq!(config["listen"], "127.0.0.1:9955");
}
