//! The two fixture models: against ONNX Runtime, proven, measured, with pinned keys.
//!
//! `INFERENCE_REGENERATE=1 cargo test --test suite fixtures` writes the pins (`verifying_keys.json`) anew.
//! A changed pin is a breaking circuit change: say so in the changelog.

use inference_circuits::{
	onnx::{parse, OnnxError},
	BuildOptions, Bundle, Prover,
};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, StatementHeader, WorkloadId, STATEMENT_VERSION,
};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Instant};

#[derive(Deserialize)]
struct Fixture {
	inputs: Vec<Vec<f64>>,
	outputs: Vec<Vec<f64>>,
	labels: Vec<f64>,
}

fn folder() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixture(name: &str) -> (Bundle, Fixture) {
	let dir = folder().join(name);
	let onnx = fs::read(dir.join("model.onnx")).unwrap();
	let json = |file: &str| fs::read_to_string(dir.join(file)).unwrap();
	let options = BuildOptions {
		name: name.into(),
		calibration: serde_json::from_str(&json("samples.json")).unwrap(),
		..BuildOptions::default()
	};
	let bundle = Bundle::build(&onnx, &options, &mut |_| {}).unwrap();
	(bundle, serde_json::from_str(&json("fixture.json")).unwrap())
}

/// The executor's outputs must be within `tolerance` of ONNX Runtime's.
fn compare(name: &str, tolerance: f64) -> Bundle {
	let (bundle, fixture) = fixture(name);
	let mut worst = 0.0f64;
	for (input, expected) in fixture.inputs.iter().zip(&fixture.outputs) {
		let output = bundle
			.execute(&bundle.quantise_input(input).unwrap())
			.unwrap();
		let output = bundle.dequantise_output(&output);
		assert_eq!(output.len(), expected.len());
		for (got, want) in output.iter().zip(expected) {
			worst = worst.max((got - want).abs());
		}
	}
	assert!(
		worst <= tolerance,
		"{name}: largest error {worst} over {tolerance}"
	);
	println!("{name}: largest error against ONNX Runtime {worst:.2e}");
	bundle
}

#[test]
fn the_regression_is_within_a_thousandth_of_onnx_runtime() {
	let bundle = compare("linear-regression-diabetes", 1e-3);
	// No range check: exact, and the narrowest circuit there is.
	assert_eq!(bundle.layout().columns.limbs, None);
}

#[test]
fn the_network_is_within_a_thousandth_of_onnx_runtime_and_agrees_on_every_class() {
	let bundle = compare("mlp-digits", 1e-3);
	let (_, fixture) = fixture("mlp-digits");
	let argmax = |values: &[f64]| {
		values
			.iter()
			.enumerate()
			.max_by(|a, b| a.1.total_cmp(b.1))
			.map(|(i, _)| i)
			.unwrap()
	};
	let mut right = 0;
	for ((input, expected), label) in fixture
		.inputs
		.iter()
		.zip(&fixture.outputs)
		.zip(&fixture.labels)
	{
		let output = bundle
			.execute(&bundle.quantise_input(input).unwrap())
			.unwrap();
		let class = argmax(&bundle.dequantise_output(&output));
		assert_eq!(class, argmax(expected));
		right += usize::from(class as f64 == *label);
	}
	assert_eq!(right, 15);
}

/// Proves rows of both models and prints the measurements. Run with `--nocapture` to see them.
#[test]
fn real_rows_are_proven() {
	for name in ["linear-regression-diabetes", "mlp-digits"] {
		let start = Instant::now();
		let (bundle, fixture) = fixture(name);
		let build = start.elapsed();
		let bundle = Arc::new(bundle);
		let start = Instant::now();
		let prover = Prover::new(bundle.clone()).unwrap();
		let load = start.elapsed();
		let header = StatementHeader {
			genesis: GenesisHash([0; 32]),
			domain: 0,
			version: STATEMENT_VERSION,
			vk_hash: bundle.vk_hash(),
			model: ModelRef {
				model: ModelId(0),
				version: 1,
			},
			workload: WorkloadId([1; 32]),
			destination: Destination::Local,
		};
		let (mut prove, mut verify) = (f64::MAX, f64::MAX);
		for input in fixture.inputs.iter().take(3) {
			let input = bundle.quantise_input(input).unwrap();
			let start = Instant::now();
			let proof = prover.prove(&header, &input).unwrap();
			prove = prove.min(start.elapsed().as_secs_f64() * 1e3);
			assert_eq!(proof.output, bundle.execute(&input).unwrap());
			let start = Instant::now();
			bundle
				.verify(&header, &input, &proof.output, &proof.bytes)
				.unwrap();
			verify = verify.min(start.elapsed().as_secs_f64() * 1e3);
		}
		let manifest = bundle.manifest();
		println!(
			"{name}: k {}, lanes {}, limbs {:?}, degree {}, rows {}, scales {} and {}, {} CU, proof {} B, \
			 verifying key {} B, build {build:.1?}, keys {load:.1?}, prove {prove:.0} ms (with \
			 verification), verify {verify:.1} ms, accuracy {:?}",
			manifest.layout.k,
			manifest.layout.columns.lanes,
			manifest.layout.columns.limbs,
			manifest.layout.columns.degree,
			manifest.rows,
			manifest.input.scale_bits,
			manifest.output.scale_bits,
			manifest.compute_units.0,
			manifest.proof_bytes,
			bundle.plan_bytes().len(),
			manifest.accuracy,
		);
	}
}

#[test]
fn verifying_keys_are_pinned() {
	let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/verifying_keys.json");
	let got: BTreeMap<String, String> = ["linear-regression-diabetes", "mlp-digits"]
		.into_iter()
		.map(|name| (name.to_string(), fixture(name).0.vk_hash().to_string()))
		.collect();
	if std::env::var_os("INFERENCE_REGENERATE").is_some() {
		fs::write(&path, serde_json::to_string_pretty(&got).unwrap() + "\n").unwrap();
	}
	let pinned: BTreeMap<String, String> =
		serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
	assert_eq!(got, pinned);
}

#[test]
fn unsupported_files_are_refused_with_what_is_wrong() {
	let read = |file: &str| parse(&fs::read(folder().join("unsupported").join(file)).unwrap());
	let error = read("operators.onnx").unwrap_err().to_string();
	for part in [
		"RandomNormalLike (node \"noise\")",
		"RandomUniformLike (node \"jitter\")",
	] {
		assert!(error.contains(part), "{error}");
	}
	assert!(matches!(
		read("garbage.onnx"),
		Err(OnnxError::Unparsable(_))
	));
	assert!(read("truncated.onnx").is_err());
}
