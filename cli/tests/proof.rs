//! `inference proof verify` through the binary, on files that EZKL 23.0.5 wrote.

use inference_primitives::ProofSystem;
use inference_verifier::{ezkl::plan_from_vka, vk_hash, Setup};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output},
};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR"))
		.join("../verifier/tests/ezkl/linear-regression")
		.join(name)
}

/// The setup of the fixtures.
fn setup() -> Setup {
	Setup::insecure_from_vka(&fs::read(fixture("vka.bin")).unwrap()).unwrap()
}

/// Files of one test.
struct Files {
	dir: TempDir,
}

impl Files {
	/// The setup, as a file to trust.
	fn new() -> Self {
		let dir = tempfile::tempdir().unwrap();
		fs::write(dir.path().join("setup.bin"), setup().to_bytes()).unwrap();
		Self { dir }
	}

	fn path(&self, name: &str) -> PathBuf {
		self.dir.path().join(name)
	}

	/// Verifies a proof file with these further arguments.
	fn verify(&self, vka: &Path, proof: &Path, arguments: &[&str]) -> Output {
		Command::new(env!("CARGO_BIN_EXE_inference"))
			.args(["--output", "json", "proof", "verify", "--ezkl-vka"])
			.arg(vka)
			.arg("--proof")
			.arg(proof)
			.args(arguments)
			.current_dir(self.dir.path())
			.env_remove("INFERENCE_OUTPUT")
			.output()
			.unwrap()
	}

	/// Verifies EZKL's proof after a change, under the right setup.
	fn verify_changed(&self, change: impl FnOnce(&mut Value)) -> Output {
		let text = fs::read_to_string(fixture("proof.json")).unwrap();
		let mut json: Value = serde_json::from_str(&text).unwrap();
		change(&mut json);
		fs::write(self.path("proof.json"), json.to_string()).unwrap();
		self.verify(
			&fixture("vka.bin"),
			&self.path("proof.json"),
			&["--setup", "setup.bin"],
		)
	}
}

fn report(output: &Output) -> Value {
	let error = String::from_utf8_lossy(&output.stderr);
	assert_eq!(output.status.code(), Some(0), "{error}");
	serde_json::from_slice(&output.stdout).unwrap()
}

/// Exit code and message of a command that fails.
fn failure(output: &Output) -> (i64, String) {
	assert!(output.stdout.is_empty());
	let json: Value = serde_json::from_slice(&output.stderr).unwrap();
	let code = json["error"]["exit_code"].as_i64().unwrap();
	assert_eq!(output.status.code().map(i64::from), Some(code));
	(code, json["error"]["message"].as_str().unwrap().to_owned())
}

mod success {
	use super::*;

	#[test]
	fn verify_should_accept_a_proof_of_ezkl_when_given_its_setup() {
		let output = Files::new().verify(
			&fixture("vka.bin"),
			&fixture("proof.json"),
			&["--setup", "setup.bin"],
		);
		let report = report(&output);
		assert!(output.stderr.is_empty());
		assert_eq!(report["valid"], true);
		assert_eq!(report["system"], "ezkl");
		assert_eq!(report["setup"], setup().id().to_string());
		assert_eq!(report["setup_name"], "setup.bin");
		assert_eq!(report["setup_trusted"], true);
		assert_eq!(report["public_inputs"], 5);
		assert_eq!(report["k"], 7);
		assert_eq!(report["proof_bytes"], 1952);
		assert!(report["note"].as_str().unwrap().contains("not bound"));
		let plan = plan_from_vka(&fs::read(fixture("vka.bin")).unwrap(), &setup()).unwrap();
		let hash = vk_hash(ProofSystem::Ezkl, &setup().id(), &plan.to_bytes());
		assert_eq!(report["vk_hash"], hash.to_string());
	}

	#[test]
	fn verify_should_warn_when_the_setup_comes_from_the_key() {
		let output = Files::new().verify(
			&fixture("vka.bin"),
			&fixture("proof.json"),
			&["--setup-from-vka"],
		);
		let report = report(&output);
		assert_eq!(report["valid"], true);
		assert_eq!(report["setup_trusted"], false);
		let warning: Value = serde_json::from_slice(&output.stderr).unwrap();
		let message = warning["warning"]["message"].as_str().unwrap();
		assert!(message.contains("NOT TRUSTED"), "{message}");
	}
}

mod failure_of_verify {
	use super::*;

	#[test]
	fn verify_should_exit_4_when_a_public_input_is_another() {
		let output = Files::new().verify_changed(|json| {
			json["instances"][0][0] = format!("02{}", "00".repeat(31)).into()
		});
		assert_eq!(failure(&output).0, 4);
	}

	#[test]
	fn verify_should_exit_4_when_the_proof_is_truncated() {
		let output = Files::new().verify_changed(|json| {
			json["proof"] = Value::Null;
			let hex = json["hex_proof"].as_str().unwrap();
			json["hex_proof"] = hex[..hex.len() - 64].into();
		});
		let (code, message) = failure(&output);
		assert_eq!(code, 4);
		assert!(message.contains("truncated"), "{message}");
	}

	#[test]
	fn verify_should_exit_4_when_a_public_input_is_missing() {
		let output = Files::new().verify_changed(|json| {
			json["instances"][0].as_array_mut().unwrap().pop();
		});
		let (code, message) = failure(&output);
		assert_eq!(code, 4);
		assert!(
			message.contains("expected 5 public inputs, got 4"),
			"{message}"
		);
	}

	#[test]
	fn verify_should_exit_1_when_the_file_is_no_proof_of_ezkl() {
		let output = Files::new().verify_changed(|json| json["hex_proof"] = "0x00".into());
		let (code, message) = failure(&output);
		assert_eq!(code, 1);
		assert!(message.contains("disagree"), "{message}");
	}

	#[test]
	fn verify_should_exit_1_when_the_key_is_of_another_setup() {
		for name in ["perpetual-powers-of-tau", "development"] {
			let output = Files::new().verify(
				&fixture("vka.bin"),
				&fixture("proof.json"),
				&["--setup", name],
			);
			let (code, message) = failure(&output);
			assert_eq!(code, 1);
			assert!(message.contains(name), "{message}");
		}
	}

	#[test]
	fn verify_should_exit_1_when_the_key_is_cut_off() {
		let files = Files::new();
		let vka = fs::read(fixture("vka.bin")).unwrap();
		fs::write(files.path("vka.bin"), &vka[..vka.len() / 2]).unwrap();
		for setup in [&["--setup", "setup.bin"][..], &["--setup-from-vka"]] {
			let output = files.verify(&files.path("vka.bin"), &fixture("proof.json"), setup);
			assert_eq!(failure(&output).0, 1);
		}
	}

	#[test]
	fn verify_should_exit_2_when_no_setup_is_given() {
		let output = Files::new().verify(&fixture("vka.bin"), &fixture("proof.json"), &[]);
		assert_eq!(failure(&output).0, 2);
	}
}
