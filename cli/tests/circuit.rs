//! `inference circuit` through the binary: what it prints, and its exit codes.

use inference_circuits::Bundle;
use inference_primitives::hashing::blake2_256;
use inference_verifier::{vk_hash, Plan};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output},
	sync::OnceLock,
};
use tempfile::TempDir;

/// The committed models and bad files.
fn fixtures() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../prover/circuits/fixtures")
}

/// Where it is remembered which bundles were checked: of these tests alone.
fn checks() -> &'static TempDir {
	static CHECKS: OnceLock<TempDir> = OnceLock::new();
	CHECKS.get_or_init(|| tempfile::tempdir().unwrap())
}

fn inference(arguments: &[&str]) -> Output {
	inference_with(checks().path(), arguments)
}

/// With another memory of which bundles were checked.
fn inference_with(checks: &Path, arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_inference"))
		.args(["--output", "json"])
		.args(arguments)
		.env_remove("INFERENCE_OUTPUT")
		.env("INFERENCE_CHECKS", checks)
		.output()
		.unwrap()
}

fn report(output: &Output) -> Value {
	let error = String::from_utf8_lossy(&output.stderr);
	assert_eq!(output.status.code(), Some(0), "{error}");
	serde_json::from_slice(&output.stdout).unwrap()
}

/// Exit code and message of a command that fails.
fn failure(output: &Output) -> (i64, String) {
	assert!(
		output.stdout.is_empty(),
		"{}",
		String::from_utf8_lossy(&output.stdout)
	);
	let json: Value = serde_json::from_slice(&output.stderr).unwrap();
	let code = json["error"]["exit_code"].as_i64().unwrap();
	assert_eq!(output.status.code().map(i64::from), Some(code));
	(code, json["error"]["message"].as_str().unwrap().to_owned())
}

/// A bundle of the diabetes model and a proof for its first fixture row, made once.
struct Proven {
	dir: TempDir,
	build: Value,
	prove: Value,
}

impl Proven {
	fn path(&self, name: &str) -> String {
		self.dir.path().join(name).to_str().unwrap().to_owned()
	}

	/// The proof file, changed by `change`, under another name.
	fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) -> String {
		let mut proof: Value =
			serde_json::from_str(&fs::read_to_string(self.path("proof.json")).unwrap()).unwrap();
		change(&mut proof);
		fs::write(self.path(name), proof.to_string()).unwrap();
		self.path(name)
	}

	fn refused(&self, file: &str) -> String {
		let output = inference(&["circuit", "verify", "--bundle", &self.path("bundle"), file]);
		let (code, message) = failure(&output);
		assert_eq!(code, 4, "{message}");
		message
	}
}

fn fixture_row() -> (Vec<f64>, f64) {
	let path = fixtures().join("linear-regression-diabetes/fixture.json");
	let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
	let input = json["inputs"][0].as_array().unwrap();
	(
		input.iter().map(|x| x.as_f64().unwrap()).collect(),
		json["outputs"][0][0].as_f64().unwrap(),
	)
}

fn proven() -> &'static Proven {
	static PROVEN: OnceLock<Proven> = OnceLock::new();
	PROVEN.get_or_init(|| {
		let dir = tempfile::tempdir().unwrap();
		let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
		let model = fixtures().join("linear-regression-diabetes");
		let build = report(&inference(&[
			"circuit",
			"build",
			model.join("model.onnx").to_str().unwrap(),
			"--out",
			&path("bundle"),
			"--name",
			"diabetes",
			"--calibration",
			model.join("samples.json").to_str().unwrap(),
		]));
		let row = serde_json::to_string(&fixture_row().0).unwrap();
		let prove = report(&inference(&[
			"circuit",
			"prove",
			"--bundle",
			&path("bundle"),
			"--input",
			&row,
			"--out",
			&path("proof.json"),
		]));
		Proven { dir, build, prove }
	})
}

mod success {
	use super::*;

	#[test]
	fn build_should_report_key_sizes_and_accuracy() {
		let build = &proven().build;
		assert_eq!(build["name"], "diabetes");
		assert_eq!(build["input"]["shape"], serde_json::json!([10]));
		assert!(build["vk_hash"].as_str().unwrap().starts_with("0x"));
		assert!(build["compute_units"].as_u64().unwrap() > 0);
		assert!(build["accuracy"]["max_error"].as_f64().unwrap() < 0.1);
	}

	#[test]
	fn prove_should_give_the_output_of_onnx_runtime() {
		let prove = &proven().prove;
		let output = prove["output"]["real"][0].as_f64().unwrap();
		assert!((output - fixture_row().1).abs() < 0.1, "{output}");
		assert_eq!(prove["proof_bytes"], proven().build["proof_bytes"]);
	}

	#[test]
	fn a_batch_of_hidden_inputs_should_be_proven_without_telling_them() {
		let dir = tempfile::tempdir().unwrap();
		let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
		let model = fixtures().join("linear-regression-diabetes");
		let build = report(&inference(&[
			"circuit",
			"build",
			model.join("model.onnx").to_str().unwrap(),
			"--out",
			&path("bundle"),
			"--calibration",
			model.join("samples.json").to_str().unwrap(),
			"--batch",
			"3",
			"--hidden-input",
		]));
		assert_eq!(build["inferences"], 3);
		assert_eq!(build["hidden_input"], true);
		assert_eq!(build["output"]["shape"], serde_json::json!([3]));
		let (row, expected) = fixture_row();
		let rows = serde_json::to_string(&[&row, &row, &row]).unwrap();
		let (bundle, proof) = (path("bundle"), path("proof.json"));
		let prove = report(&inference(&[
			"circuit", "prove", "--bundle", &bundle, "--input", &rows, "--out", &proof,
		]));
		let outputs = prove["output"]["real"].as_array().unwrap();
		assert_eq!(outputs.len(), 3);
		for output in outputs {
			assert!(
				(output.as_f64().unwrap() - expected).abs() < 0.5,
				"{output}"
			);
		}
		let file: Value = serde_json::from_str(&fs::read_to_string(&proof).unwrap()).unwrap();
		assert_eq!(file["input"], serde_json::json!([]));
		let verify = report(&inference(&[
			"circuit", "verify", "--bundle", &bundle, &proof,
		]));
		assert_eq!(verify["valid"], true);

		// One inference's input is not the batch's.
		let one = serde_json::to_string(&row).unwrap();
		let (code, message) = failure(&inference(&[
			"circuit", "prove", "--bundle", &bundle, "--input", &one, "--out", &proof,
		]));
		assert_eq!(code, 2, "{message}");
		assert!(message.contains("30 values"), "{message}");
	}

	#[test]
	fn verify_should_accept_the_proof_when_given_the_bundle_or_the_key() {
		let proven = proven();
		let (bundle, proof) = (proven.path("bundle"), proven.path("proof.json"));
		let with_bundle = report(&inference(&[
			"circuit", "verify", "--bundle", &bundle, &proof,
		]));
		assert_eq!(with_bundle["valid"], true);
		assert_eq!(with_bundle["domains_checked"], true);
		assert_eq!(with_bundle["model_checked"], true);
		let skipped = report(&inference(&[
			"circuit",
			"verify",
			"--skip-check",
			"--bundle",
			&bundle,
			&proof,
		]));
		assert_eq!(skipped["model_checked"], false);
		let key = format!("{bundle}/plan.bin");
		let with_key = report(&inference(&["circuit", "verify", "--vk", &key, &proof]));
		assert_eq!(with_key["valid"], true);
		assert_eq!(with_key["domains_checked"], false);
		assert_eq!(with_key["model_checked"], false);
	}

	#[test]
	fn verify_should_check_a_bundle_once_and_remember_it() {
		let proven = proven();
		let (bundle, proof) = (proven.path("bundle"), proven.path("proof.json"));
		let checks = tempfile::tempdir().unwrap();
		let records = || fs::read_dir(checks.path()).unwrap().count();
		assert_eq!(records(), 0);
		for _ in 0..2 {
			let arguments = ["circuit", "verify", "--bundle", &bundle, &proof];
			let verified = report(&inference_with(checks.path(), &arguments));
			assert_eq!(verified["model_checked"], true);
			assert_eq!(records(), 1);
		}
	}

	#[test]
	fn proof_verify_should_accept_what_circuit_verify_accepts() {
		let proven = proven();
		let (bundle, proof) = (proven.path("bundle"), proven.path("proof.json"));
		let key = format!("{bundle}/plan.bin");
		for (option, path) in [("--bundle", &bundle), ("--vk", &key)] {
			let verified = report(&inference(&[
				"proof", "verify", option, path, "--proof", &proof,
			]));
			assert_eq!(verified["valid"], true);
			assert_eq!(verified["system"], "halo2");
			assert_eq!(verified["vk_hash"], proven.build["vk_hash"]);
			assert_eq!(verified["setup"], proven.build["setup"]);
			assert_eq!(verified["setup_name"], "development");
			assert_eq!(verified["setup_trusted"], false);
			assert_eq!(verified["k"], proven.build["k"]);
			assert_eq!(verified["proof_bytes"], proven.build["proof_bytes"]);
			assert_eq!(verified["domains_checked"], option == "--bundle");
			assert_eq!(verified["statement"]["vk_hash"], proven.build["vk_hash"]);
		}
	}
}

mod failure_of_verify {
	use super::*;

	#[test]
	fn verify_should_exit_4_when_the_proof_is_truncated() {
		let proven = proven();
		let file = proven.changed("short.json", |proof| {
			let hex = proof["proof"].as_str().unwrap();
			proof["proof"] = hex[..hex.len() - 64].into();
		});
		let message = proven.refused(&file);
		assert!(message.contains("bytes"), "{message}");
	}

	#[test]
	fn verify_should_exit_4_when_the_proof_is_for_another_workload() {
		let proven = proven();
		let file = proven.changed("workload.json", |proof| {
			proof["statement"]["workload"] = format!("0x{}", "01".repeat(32)).into();
		});
		proven.refused(&file);
	}

	#[test]
	fn verify_should_exit_4_when_the_output_is_another() {
		let proven = proven();
		let file = proven.changed("output.json", |proof| {
			let value = proof["output"][0].as_i64().unwrap();
			proof["output"][0] = (value + 1).into();
		});
		proven.refused(&file);
	}

	#[test]
	fn verify_should_exit_4_when_the_statement_is_for_another_key() {
		let proven = proven();
		let file = proven.changed("key.json", |proof| {
			proof["statement"]["vk_hash"] = format!("0x{}", "02".repeat(32)).into();
		});
		let message = proven.refused(&file);
		assert!(message.contains("0x0202"), "{message}");
	}

	#[test]
	fn verify_should_exit_4_when_the_file_is_cut_off() {
		let proven = proven();
		let text = fs::read_to_string(proven.path("proof.json")).unwrap();
		fs::write(proven.path("cut.json"), &text[..text.len() / 2]).unwrap();
		let message = proven.refused(&proven.path("cut.json"));
		assert!(message.contains("truncated"), "{message}");
	}
}

/// A copy of the bundle whose verifying key commits to other columns, by a maker who recomputed every hash.
fn relaxed(proven: &Proven) -> TempDir {
	let dir = tempfile::tempdir().unwrap();
	let bundle = Bundle::load(Path::new(&proven.path("bundle"))).unwrap();
	bundle.save(dir.path()).unwrap();
	let mut parts = bundle.plan().parts().clone();
	parts.fixed_commitments.swap(0, 1);
	let plan = Plan::from_parts(parts).unwrap().to_bytes();
	let manifest = bundle.manifest();
	let path = dir.path().join("manifest.json");
	let mut edited: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
	edited["plan_hash"] = hex::encode(blake2_256(&plan)).into();
	let hash = vk_hash(manifest.system, &manifest.setup, &plan);
	edited["vk_hash"] = serde_json::to_value(hash).unwrap();
	fs::write(dir.path().join("plan.bin"), plan).unwrap();
	fs::write(path, edited.to_string()).unwrap();
	dir
}

mod failure_of_the_check {
	use super::*;

	#[test]
	fn verify_should_exit_1_when_the_key_is_not_the_models() {
		let proven = proven();
		let dir = relaxed(proven);
		let (bundle, proof) = (dir.path().to_str().unwrap(), proven.path("proof.json"));
		let option = format!("--proof={proof}");
		for (group, proof) in [("circuit", &proof), ("proof", &option)] {
			let arguments = [group, "verify", "--bundle", bundle, proof.as_str()];
			let (code, message) = failure(&inference(&arguments));
			assert_eq!(code, 1, "{message}");
			assert!(message.contains("is not that of the model"), "{message}");
			assert!(message.contains("fixed column 0"), "{message}");
		}
	}
}

mod failure_of_build_and_prove {
	use super::*;

	fn build(model: &Path) -> (i64, String) {
		let dir = tempfile::tempdir().unwrap();
		let out = dir.path().join("bundle");
		failure(&inference(&[
			"circuit",
			"build",
			model.to_str().unwrap(),
			"--out",
			out.to_str().unwrap(),
		]))
	}

	fn prove(input: &str) -> (i64, String) {
		let proven = proven();
		failure(&inference(&[
			"circuit",
			"prove",
			"--bundle",
			&proven.path("bundle"),
			"--input",
			input,
			"--out",
			&proven.path("unused.json"),
		]))
	}

	#[test]
	fn build_should_name_the_operators_when_they_are_unsupported() {
		let (code, message) = build(&fixtures().join("unsupported/operators.onnx"));
		assert_eq!(code, 1);
		for part in ["RandomNormalLike", "noise", "RandomUniformLike", "jitter"] {
			assert!(message.contains(part), "{message}");
		}
	}

	#[test]
	fn build_should_exit_1_when_the_file_is_no_onnx_model() {
		for name in ["garbage.onnx", "truncated.onnx"] {
			let (code, message) = build(&fixtures().join("unsupported").join(name));
			assert_eq!(code, 1);
			assert!(message.contains(name), "{message}");
		}
	}

	#[test]
	fn build_should_exit_1_when_the_file_is_missing() {
		let (code, message) = build(Path::new("no-such-model.onnx"));
		assert_eq!(code, 1);
		assert!(message.contains("no-such-model.onnx"), "{message}");
	}

	#[test]
	fn prove_should_say_expected_and_got_when_the_input_has_the_wrong_shape() {
		let (code, message) = prove("[1, 2, 3]");
		assert_eq!(code, 2);
		assert!(
			message.contains("expected [10] (10 values), got 3"),
			"{message}"
		);
	}

	#[test]
	fn prove_should_name_the_value_when_it_is_outside_the_domain() {
		let mut row = fixture_row().0;
		row[4] = 1e9;
		let (code, message) = prove(&serde_json::to_string(&row).unwrap());
		assert_eq!(code, 2);
		assert!(message.contains("1000000000 at index 4"), "{message}");
	}

	#[test]
	fn prove_should_exit_1_when_the_bundle_is_missing() {
		let output = inference(&[
			"circuit",
			"prove",
			"--bundle",
			"no-such-dir",
			"--input",
			"1",
			"--out",
			"unused.json",
		]);
		let (code, message) = failure(&output);
		assert_eq!(code, 1);
		assert!(message.contains("no-such-dir"), "{message}");
	}
}

mod usage {
	use super::*;

	#[test]
	fn wrong_arguments_should_exit_2_with_a_json_error() {
		let (code, message) = failure(&inference(&["circuit", "verify", "proof.json"]));
		assert_eq!(code, 2);
		assert!(message.contains("--bundle"), "{message}");
	}

	#[test]
	fn help_should_list_the_exit_codes() {
		let output = Command::new(env!("CARGO_BIN_EXE_inference"))
			.arg("--help")
			.output()
			.unwrap();
		assert_eq!(output.status.code(), Some(0));
		assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes"));
	}

	#[test]
	fn text_errors_should_go_to_standard_error() {
		let output = Command::new(env!("CARGO_BIN_EXE_inference"))
			.args(["circuit", "build", "no-such-model.onnx", "--out", "unused"])
			.output()
			.unwrap();
		assert_eq!(output.status.code(), Some(1));
		assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot read"));
	}
}
