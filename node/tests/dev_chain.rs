//! The program itself: a development chain that authors and finalises alone, and what it refuses.
//!
//! Without a runtime in the program (`SKIP_WASM_BUILD`) there is nothing to run: the tests that need
//! one say so and pass.

use codec::Decode;
use inference_runtime::opaque::Header;
use jsonrpsee::{
	core::client::ClientT,
	http_client::{HttpClient, HttpClientBuilder},
	rpc_params,
};
use serde_json::Value;
use sp_runtime::traits::Header as _;
use std::{
	io::{BufRead, BufReader},
	process::{Child, Command, Output, Stdio},
	time::{Duration, Instant},
};

/// Longest wait for the node to start, and for blocks.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program. It compiles the runtime once for all of these tests.
fn program() -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_inference-node"));
	command.env(
		"INFERENCE_COMPILED_RUNTIMES",
		concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled-runtimes"),
	);
	command
}

fn run(arguments: &[&str]) -> Output {
	program().args(arguments).output().unwrap()
}

/// A running node; killed when dropped.
struct Node {
	child: Child,
	client: HttpClient,
}

impl Node {
	/// Starts a node on free ports and waits until it serves JSON-RPC. Its log goes on to standard
	/// error, which tests capture.
	fn start(arguments: &[&str]) -> Self {
		let mut child = program()
			.args([
				"--rpc-port",
				"0",
				"--port",
				"0",
				"--no-prometheus",
				"--no-telemetry",
			])
			.args(arguments)
			.stderr(Stdio::piped())
			.spawn()
			.unwrap();
		let (found, address) = std::sync::mpsc::channel();
		let log = BufReader::new(child.stderr.take().unwrap());
		std::thread::spawn(move || {
			for line in log.lines().map_while(Result::ok) {
				eprintln!("{line}");
				if let Some((_, rest)) = line.split_once("JSON-RPC server: addr=") {
					let address: String = rest
						.chars()
						.take_while(|c| *c != ',' && !c.is_whitespace())
						.collect();
					let _ = found.send(address);
				}
			}
		});
		let address = address
			.recv_timeout(PATIENCE)
			.expect("the node serves JSON-RPC");
		let client = HttpClientBuilder::default()
			.build(format!("http://{address}"))
			.unwrap();
		Self { child, client }
	}

	async fn call(&self, method: &str) -> Value {
		self.client.request(method, rpc_params![]).await.unwrap()
	}

	/// Waits for a final block of this number, or a later one.
	async fn finalises(&self, number: u64) {
		let start = Instant::now();
		while self.finalized_number().await < number {
			assert!(
				start.elapsed() < PATIENCE,
				"block {number} is finalised in time"
			);
			tokio::time::sleep(Duration::from_millis(200)).await;
		}
	}

	async fn finalized_number(&self) -> u64 {
		let hash = self.call("chain_getFinalizedHead").await;
		let header: Value = self
			.client
			.request("chain_getHeader", rpc_params![hash])
			.await
			.unwrap();
		let number = header["number"].as_str().unwrap().trim_start_matches("0x");
		u64::from_str_radix(number, 16).unwrap()
	}
}

impl Drop for Node {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

#[tokio::test]
async fn a_development_chain_should_author_and_finalise_alone() {
	let node = Node::start(&[
		"--dev",
		"--worker-suri",
		"//Alice//worker",
		"--rpc-methods",
		"safe",
	]);
	node.finalises(3).await;
	assert_eq!(node.call("system_properties").await["tokenSymbol"], "INF");
	let methods = node.call("rpc_methods").await.to_string();
	for method in [
		"system_accountNextIndex",
		"payment_queryInfo",
		"babe_epochAuthorship",
		"grandpa_roundState",
		"sync_state_genSyncSpec",
	] {
		assert!(methods.contains(method), "{method}");
	}
	// It prints and reads the whole specification: not for everybody.
	let refused = node
		.client
		.request::<Value, _>("sync_state_genSyncSpec", rpc_params![true])
		.await
		.unwrap_err();
	assert!(refused.to_string().contains("unsafe"), "{refused}");
}

#[tokio::test]
async fn the_specification_for_light_clients_should_have_a_final_block_and_be_one_of_ours() {
	let node = Node::start(&["--dev", "--worker", "off"]);
	// The genesis has no weight in BABE, which the specification tells.
	node.finalises(2).await;
	let mut spec: Value = node
		.client
		.request("sync_state_genSyncSpec", rpc_params![true])
		.await
		.unwrap();

	// The header is that of a final block of this chain.
	let encoded = spec["lightSyncState"]["finalizedBlockHeader"]
		.as_str()
		.unwrap();
	let encoded = sp_core::bytes::from_hex(encoded).unwrap();
	let header = Header::decode(&mut &encoded[..]).unwrap();
	assert!(*header.number() >= 2);
	assert!(u64::from(*header.number()) <= node.finalized_number().await);
	let hash: Value = node
		.client
		.request("chain_getBlockHash", rpc_params![*header.number()])
		.await
		.unwrap();
	assert_eq!(hash, format!("{:?}", header.hash()));
	for part in ["babeEpochChanges", "grandpaAuthoritySet"] {
		let part = spec["lightSyncState"][part].as_str().unwrap();
		assert!(part.len() > 64, "{part}");
	}

	// A node of ours reads it, keeps the state in it, and finds the genesis of this chain.
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("light.json");
	std::fs::write(&file, spec.to_string()).unwrap();
	let output = run(&[
		"export-chain-spec",
		"--raw",
		"--chain",
		file.to_str().unwrap(),
	]);
	assert!(
		output.status.success(),
		"{}",
		String::from_utf8_lossy(&output.stderr)
	);
	let read: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(read["lightSyncState"], spec["lightSyncState"]);
	let output = run(&["export-chain-spec", "--raw", "--chain", "dev"]);
	let preset: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert!(preset.get("lightSyncState").is_none());
	assert!(spec
		.as_object_mut()
		.unwrap()
		.remove("lightSyncState")
		.is_some());
	assert!(spec == preset, "the rest is the preset's specification");
}

#[test]
fn a_folder_of_compiled_runtimes_should_be_filled_and_refused_if_others_may_write_to_it() {
	use std::os::unix::fs::PermissionsExt;

	let base = tempfile::tempdir().unwrap();
	let folder = base.path().join("compiled");
	let chain = base.path().join("chain");
	let check_block = || {
		// Opens the database, for which it makes the genesis; there is no block 1.
		let output = program()
			.env("INFERENCE_COMPILED_RUNTIMES", &folder)
			.args(["check-block", "--dev", "--base-path"])
			.arg(&chain)
			.arg("1")
			.output()
			.unwrap();
		assert!(!output.status.success());
		String::from_utf8_lossy(&output.stderr).into_owned()
	};
	check_block();
	let modules = folder.join("compiled-runtimes/modules");
	let compilers: Vec<_> = std::fs::read_dir(&modules).unwrap().collect();
	assert_eq!(compilers.len(), 1, "{}", modules.display());

	std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
	let log = check_block();
	assert!(log.contains("others may write to"), "{log}");
}

#[test]
fn worker_keys_on_the_command_line_should_be_refused_outside_development_chains() {
	let base = tempfile::tempdir().unwrap();
	let path = base.path().to_str().unwrap();
	let output = run(&[
		"--chain",
		"local",
		"--base-path",
		path,
		"--rpc-port",
		"0",
		"--port",
		"0",
		"--no-prometheus",
		"--worker-suri",
		"//Alice//worker",
	]);
	assert!(!output.status.success());
	let log = String::from_utf8_lossy(&output.stderr);
	assert!(
		log.contains("--worker-suri is for development chains"),
		"{log}"
	);
}

#[test]
fn a_missing_token_file_should_be_named() {
	let output = run(&[
		"--dev",
		"--rpc-port",
		"0",
		"--port",
		"0",
		"--no-prometheus",
		"--worker-suri",
		"//Alice",
		"--prover-token-file",
		"/nowhere/token",
	]);
	assert!(!output.status.success());
	let log = String::from_utf8_lossy(&output.stderr);
	assert!(log.contains("/nowhere/token"), "{log}");
}

#[test]
fn chain_specifications_should_be_exported() {
	for (chain, id) in [("dev", "inference_dev"), ("local", "inference_local")] {
		let output = run(&["export-chain-spec", "--chain", chain, "--raw"]);
		assert!(output.status.success());
		let mut spec: Value = serde_json::from_slice(&output.stdout).unwrap();
		assert_eq!(spec["id"], id);
		assert_eq!(spec["properties"]["ss58Format"], 42);

		// What a chain begins with changes only where somebody looks: all of it but the runtime's code.
		let top = spec["genesis"]["raw"]["top"].as_object_mut().unwrap();
		let code = top.remove(CODE_KEY).expect("a genesis has the runtime");
		assert!(code.as_str().unwrap().len() > 1_000_000);
		let fresh = serde_json::to_string_pretty(&spec).unwrap() + "\n";
		let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
			.join("../chain-specs")
			.join(format!("{chain}.raw.json"));
		if std::env::var_os("REGENERATE_CHAIN_SPECS").is_some() {
			std::fs::write(&path, &fresh).unwrap();
		}
		let committed = std::fs::read_to_string(&path).unwrap();
		assert!(
			committed == fresh,
			"{} is not what this program makes. If that is meant: REGENERATE_CHAIN_SPECS=1 cargo test -p \
			 inference-node chain_specifications",
			path.display()
		);
	}
}

/// The storage key `:code`, in hex.
const CODE_KEY: &str = "0x3a636f6465";

#[test]
fn a_genesis_with_parameters_that_break_an_inequality_should_be_refused_and_the_inequality_named() {
	let output = run(&["export-chain-spec", "--chain", "dev"]);
	let mut spec: Value = serde_json::from_slice(&output.stdout).unwrap();
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("edited.json");
	let mut export = |latency: u32| {
		let network = &mut spec["genesis"]["runtimeGenesis"]["patch"]["networkParameters"];
		network["parameters"]["base_latency"] = latency.into();
		std::fs::write(&file, spec.to_string()).unwrap();
		run(&[
			"export-chain-spec",
			"--raw",
			"--chain",
			file.to_str().unwrap(),
		])
	};
	assert!(export(20).status.success());
	let refused = export(19);
	assert!(!refused.status.success());
	let error = String::from_utf8_lossy(&refused.stderr);
	assert!(
		error.contains("genesis parameters: LatencyTooShort"),
		"{error}"
	);
}

#[test]
fn worker_keys_should_be_inserted_into_the_keystore() {
	let base = tempfile::tempdir().unwrap();
	let output = run(&[
		"key",
		"insert",
		"--chain",
		"dev",
		"--base-path",
		base.path().to_str().unwrap(),
		"--key-type",
		"work",
		"--scheme",
		"sr25519",
		"--suri",
		"//Alice//worker",
	]);
	assert!(
		output.status.success(),
		"{}",
		String::from_utf8_lossy(&output.stderr)
	);
	let keystore = base.path().join("chains/inference_dev/keystore");
	// A file per key; its name begins with the key's type in hex.
	let names: Vec<String> = std::fs::read_dir(keystore)
		.unwrap()
		.map(|entry| entry.unwrap().file_name().into_string().unwrap())
		.collect();
	assert!(
		matches!(&names[..], [name] if name.starts_with("776f726b")),
		"{names:?}"
	);
}
