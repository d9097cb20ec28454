//! A model under a setup that is not the development one, through the binary. The setup's file is one of snarkjs.

use crate::node::Node;
use codec::Encode;
use inference_primitives::{SetupId, Tick};
use inference_runtime::{Runtime, VERSION};
use pallet_proof_verifier::{ApprovedSetup, Disabled, Setups, Subject};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output},
};
use tempfile::TempDir;

fn in_repository(path: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn setup_file() -> String {
	let path = in_repository("prover/plonk/tests/setup/snarkjs.ptau");
	path.to_str().unwrap().to_owned()
}

struct Folder(TempDir);

impl Folder {
	fn new() -> Self {
		Self(tempfile::tempdir().unwrap())
	}

	fn path(&self, name: &str) -> String {
		self.0.path().join(name).to_str().unwrap().to_owned()
	}

	fn inference(&self, arguments: &[&str]) -> Output {
		Command::new(env!("CARGO_BIN_EXE_inference"))
			.args(["--output", "json"])
			.args(arguments)
			.env_remove("INFERENCE_OUTPUT")
			.env("INFERENCE_CHECKS", self.path("checks"))
			.output()
			.unwrap()
	}

	fn report(&self, arguments: &[&str]) -> Value {
		let output = self.inference(arguments);
		let error = String::from_utf8_lossy(&output.stderr);
		assert_eq!(output.status.code(), Some(0), "{error}");
		serde_json::from_slice(&output.stdout).unwrap()
	}

	/// The message of a command that fails with `code`.
	fn failure(&self, code: i32, arguments: &[&str]) -> String {
		let output = self.inference(arguments);
		let error = String::from_utf8_lossy(&output.stderr);
		assert_eq!(output.status.code(), Some(code), "{error}");
		let json: Value = serde_json::from_slice(&output.stderr).unwrap();
		json["error"]["message"].as_str().unwrap().to_owned()
	}
}

#[test]
fn a_setup_file_is_checked_and_named() {
	let folder = Folder::new();
	let file = setup_file();
	let report = folder.report(&["setup", "check", &file]);
	assert_eq!(report["consistent"], true);
	assert_eq!(report["k"], 5);
	assert_eq!(report["powers"], 63);
	assert!(report["setup_name"].is_null());
	assert!(report["approved"].is_null());
	assert_eq!(report["s_g2"].as_str().unwrap().len(), 2 + 2 * 128);
	let id = report["setup"].as_str().unwrap();
	let report = folder.report(&["setup", "check", &file, "--setup", id]);
	assert_eq!(report["expected"], true);
	let other = format!("0x{}", "07".repeat(32));
	let message = folder.failure(1, &["setup", "check", &file, "--setup", &other]);
	assert!(message.contains("another setup"), "{message}");
}

/// A chain with this state.
async fn chain(stored: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Node {
	let storage = stored.into_iter().collect();
	Node::start_with(&VERSION.spec_name, 0, |_, _| None, storage).await
}

/// What a chain has of the setup of [`setup_file`] once governance has approved it, and once it has disabled it.
fn approval() -> [(Vec<u8>, Vec<u8>); 2] {
	let report = Folder::new().report(&["setup", "check", &setup_file()]);
	let text = |field: &str| report[field].as_str().unwrap();
	let setup: SetupId = text("setup").parse().unwrap();
	let mut s_g2 = [0; 128];
	hex::decode_to_slice(text("s_g2").trim_start_matches("0x"), &mut s_g2).unwrap();
	let approved = ApprovedSetup { s_g2, keys: 0 };
	[
		(Setups::<Runtime>::hashed_key_for(setup), approved.encode()),
		(
			Disabled::<Runtime>::hashed_key_for(Subject::Setup(setup)),
			Tick(7).encode(),
		),
	]
}

#[tokio::test]
async fn a_setup_that_the_chain_has_approved_is_said_to_be() {
	let [approved, _] = approval();
	let chain = chain([approved]).await;
	let line = format!("setup check {} --approved", setup_file());

	let output = chain.inference(&line).await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["approved"], true);
	// Whoever asked a chain is not told to ask one.
	assert!(output.stderr.is_empty(), "{output:?}");

	let output = chain.inference_as("text", &line).await;
	let text = String::from_utf8(output.stdout).unwrap();
	assert!(text.contains("chain      approved"), "{text}");
}

#[tokio::test]
async fn a_setup_that_the_chain_has_not_approved_or_has_disabled_is_refused() {
	let [approved, disabled] = approval();
	let line = format!("setup check {} --approved", setup_file());
	for stored in [vec![], vec![disabled.clone()], vec![approved, disabled]] {
		let chain = chain(stored).await;
		let message = chain.failure(6, &line).await;
		assert!(message.contains("has not approved the setup"), "{message}");
	}
}

#[test]
fn a_setup_file_with_a_fault_is_refused_by_every_command_that_takes_one() {
	let folder = Folder::new();
	let mut bytes = fs::read(setup_file()).unwrap();
	// Powers 2 and 3 change places.
	let at = 12 + 12 + 44 + 12 + 2 * 64;
	for i in at..at + 64 {
		bytes.swap(i, i + 64);
	}
	let tampered = folder.path("tampered.ptau");
	fs::write(&tampered, &bytes).unwrap();
	let cut = folder.path("cut.ptau");
	fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
	let model = in_repository("prover/circuits/fixtures/linear-regression-diabetes/model.onnx");
	let model = model.to_str().unwrap();
	let out = folder.path("bundle");
	for (file, what) in [(&tampered, "powers"), (&cut, "cut off")] {
		let message = folder.failure(1, &["setup", "check", file]);
		assert!(message.contains(what), "{message}");
		let build = ["circuit", "build", model, "--out", &out, "--setup", file];
		let message = folder.failure(1, &build);
		assert!(message.contains(what), "{message}");
	}
	let name = "perpetual-powers-of-tau";
	let build = ["circuit", "build", model, "--out", &out, "--setup", name];
	let message = folder.failure(2, &build);
	assert!(message.contains("no powers"), "{message}");
}

#[test]
fn a_model_is_built_proven_and_verified_under_a_setup_of_the_users_choice() {
	let folder = Folder::new();
	let (setup, bundle, proof) = (setup_file(), folder.path("bundle"), folder.path("p.json"));
	let fixture = in_repository("prover/circuits/fixtures/linear-regression-diabetes");
	let at = |name: &str| fixture.join(name).to_str().unwrap().to_owned();
	let (model, samples) = (at("model.onnx"), at("samples.json"));
	let build = [
		"circuit",
		"build",
		&model,
		"--out",
		&bundle,
		"--calibration",
		&samples,
		"--setup",
		&setup,
	];
	let built = folder.report(&build);
	let id = folder.report(&["setup", "check", &setup])["setup"].clone();
	assert_eq!(built["setup"], id);
	let input = "54,2,36.1,115,163,98.4,43,4,4.6821,101";
	let prove = [
		"circuit", "prove", "--bundle", &bundle, "--input", input, "--out", &proof,
	];
	let message = folder.failure(1, &prove);
	assert!(message.contains("--setup FILE"), "{message}");
	folder.report(&[&prove[..], &["--setup", &setup]].concat());

	// The bundle was built here, so its keys need not be made again.
	let verify = ["circuit", "verify", "--bundle", &bundle, &proof];
	let report = folder.report(&verify);
	assert_eq!(report["valid"], true);
	assert_eq!(
		report["setup_trusted"], false,
		"nobody but the bundle names it"
	);
	let report = folder.report(&[&verify[..], &["--setup", &setup]].concat());
	assert_eq!(report["setup_trusted"], true);
	assert_eq!(report["model_checked"], true);
	let message = folder.failure(1, &[&verify[..], &["--setup", "development"]].concat());
	assert!(message.contains("is for the trusted setup"), "{message}");

	// Elsewhere the comparison needs the powers.
	let elsewhere = Folder::new();
	let message = elsewhere.failure(1, &verify);
	assert!(message.contains("--setup FILE"), "{message}");
	elsewhere.report(&[&verify[..], &["--setup", &setup]].concat());

	// The key alone: valid under its setup, and not under the development one.
	let plan = folder.path("bundle/plan.bin");
	let alone = ["proof", "verify", "--vk", &plan, "--proof", &proof];
	let report = folder.report(&[&alone[..], &["--setup", &setup]].concat());
	assert_eq!(report["setup"], id);
	assert_eq!(report["setup_trusted"], true);
	folder.failure(4, &alone);
	// As a verifier has it: 128 bytes.
	let point = folder.path("bundle/setup.bin");
	folder.report(&[&alone[..], &["--setup", &point]].concat());
}
