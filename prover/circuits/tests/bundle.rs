//! From an ONNX file to a verified proof, and bundles on disk.

use crate::support::*;
use codec::{DecodeAll, Encode};
use inference_circuits::{
	bundle::{QuantiseInputError, VerificationError},
	circuit::trace::Trace,
	graph::{Graph, GraphParts},
	layout, BuildError, BuildOptions, BuildStage, BuildStep, Bundle, BundleError, ExecuteError,
	KeyFileError, ProveError, Prover, ProverError, ProverOptions,
};
use inference_primitives::{
	hashing::blake2_256, Destination, GenesisHash, ModelId, ModelRef, Statement, StatementHeader,
	StatementVersion, TensorError, VkHash, WorkloadId, STATEMENT_VERSION,
};
use inference_verifier::{public_inputs, verify, Plan, VerifyError};
use std::{
	fs,
	path::Path,
	sync::{Arc, Mutex},
};

fn options() -> BuildOptions {
	BuildOptions {
		name: "test".into(),
		..BuildOptions::default()
	}
}

fn build(model: &Model) -> Bundle {
	Bundle::build(&model.bytes(), &options(), &mut |_| {}).unwrap()
}

fn header(vk_hash: VkHash) -> StatementHeader {
	StatementHeader {
		genesis: GenesisHash([1; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash,
		model: ModelRef {
			model: ModelId(3),
			version: 1,
		},
		workload: WorkloadId([4; 32]),
		destination: Destination::Local,
	}
}

mod proofs {
	use super::*;

	#[test]
	fn a_proof_is_accepted_for_its_statement_and_for_no_other() {
		for widths in [&[4, 3, 2][..], &[3, 1]] {
			let bundle = Arc::new(build(&network(widths, 7)));
			let prover = Prover::new(bundle.clone()).unwrap();
			let header = header(bundle.vk_hash());
			let input = bundle
				.quantise_input(&vec![0.5; widths[0] as usize])
				.unwrap();
			let proof = prover.prove(&header, &input).unwrap();
			assert_eq!(proof.output, bundle.execute(&input).unwrap());
			assert_eq!(proof.bytes.len(), bundle.plan().proof_len());

			// As the chain does it: from bytes alone.
			let plan = Plan::decode_canonical(&bundle.plan_bytes()).unwrap();
			let accepts = |header: &StatementHeader, input: &[i64], output: &[i64]| {
				let statement = Statement::new(header.clone(), input, output);
				let inputs = public_inputs(&statement, input, output);
				verify(&plan, bundle.setup(), &inputs, &proof.bytes)
			};
			assert_eq!(accepts(&header, &input, &proof.output), Ok(()));

			let invalid = Err(VerifyError::Invalid);
			let other = StatementHeader {
				workload: WorkloadId([5; 32]),
				..header.clone()
			};
			assert_eq!(accepts(&other, &input, &proof.output), invalid);
			let mut output = proof.output.clone();
			output[0] += 1;
			assert_eq!(accepts(&header, &input, &output), invalid);
			let mut changed = input.clone();
			changed[0] += 1;
			assert_eq!(accepts(&header, &changed, &proof.output), invalid);
		}
	}

	#[test]
	fn statements_of_every_version_are_proven_and_of_no_other() {
		let bundle = Arc::new(build(&network(&[3, 1], 7)));
		let prover = Prover::new(bundle.clone()).unwrap();
		let input = bundle.quantise_input(&[0.5; 3]).unwrap();
		let with = |version| StatementHeader {
			version,
			..header(bundle.vk_hash())
		};
		let mut proofs = Vec::new();
		for version in StatementVersion::numbers() {
			let proof = prover.prove(&with(version), &input).unwrap();
			for other in StatementVersion::numbers() {
				let verified = bundle.verify(&with(other), &input, &proof.output, &proof.bytes);
				assert_eq!(verified.is_ok(), other == version);
			}
			proofs.push(proof);
		}
		let unknown = with(StatementVersion::numbers().len() as u8 + 1);
		assert!(matches!(
			prover.prove(&unknown, &input),
			Err(ProveError::UnsupportedStatement { .. })
		));
		for proof in proofs {
			assert!(matches!(
				bundle.verify(&unknown, &input, &proof.output, &proof.bytes),
				Err(VerificationError::UnsupportedStatement { .. })
			));
		}
	}

	#[test]
	fn a_decision_tree_is_built_proven_and_loaded_as_comparisons() {
		for hidden_input in [false, true] {
			let mut options = options();
			options.claim.hidden_input = hidden_input;
			let bundle =
				Bundle::build(&three_leaves(0.5, 1).bytes(), &options, &mut |_| {}).unwrap();
			let is_trees = |name: &str| name == "trees";
			let nodes = bundle.graph().nodes().iter();
			assert!(!nodes.clone().any(|node| is_trees(node.operator.name())));
			assert!(nodes.clone().any(|node| node.operator.name() == "sign"));
			let folder = tempfile::tempdir().unwrap();
			bundle.save(folder.path()).unwrap();
			let bundle = Arc::new(Bundle::load(folder.path()).unwrap());
			let prover = Prover::new(bundle.clone()).unwrap();
			let header = header(bundle.vk_hash());
			for (x, expected) in [([0.5, 0.0], 1.5), ([0.6, -1.0], -3.0), ([0.6, -1.1], 2.5)] {
				let input = bundle.quantise_input(&x).unwrap();
				let proof = prover.prove(&header, &input).unwrap();
				let scale = f64::from(1 << bundle.manifest().output.scale_bits);
				assert_eq!(proof.output[0] as f64 / scale, expected, "{x:?}");
				let other = [proof.output[0] + 1];
				assert!(bundle
					.verify(&header, &input, &other, &proof.bytes)
					.is_err());
			}
		}
	}

	#[test]
	fn proofs_of_one_inference_are_equal() {
		let bundle = Arc::new(build(&network(&[2, 1], 7)));
		let prover = Prover::new(bundle.clone()).unwrap();
		let header = header(bundle.vk_hash());
		let proofs = [(); 2].map(|()| prover.prove(&header, &[5, 6]).unwrap());
		// Nothing is hidden, so nothing is random.
		assert_eq!(proofs[0], proofs[1]);
	}

	#[test]
	fn a_prover_is_shared_between_threads() {
		fn shared<T: Send + Sync + 'static>() {}
		shared::<Prover>();
		shared::<Bundle>();
	}

	#[test]
	fn inputs_and_statements_that_do_not_fit_are_refused() {
		let bundle = Arc::new(build(&network(&[2, 1], 7)));
		let prover = Prover::new(bundle.clone()).unwrap();
		let good = header(bundle.vk_hash());
		let error = prover.prove(&good, &[0; 3]).unwrap_err();
		assert_eq!(
			error.to_string(),
			"wrong input shape: expected 2 values, got 3"
		);
		let outside = [0, bundle.manifest().input.max + 1];
		assert!(matches!(
			prover.prove(&good, &outside),
			Err(ProveError::Execute(ExecuteError::Input(
				TensorError::OutOfDomain { index: 1, .. }
			)))
		));
		assert!(matches!(
			prover.prove(&header(VkHash([9; 32])), &[0; 2]),
			Err(ProveError::WrongKey { .. })
		));
	}

	#[test]
	fn verification_refuses_inadmissible_tensors_before_the_proof() {
		let bundle = Arc::new(build(&network(&[2, 1], 7)));
		let header = header(bundle.vk_hash());
		let outside = bundle.manifest().input.max + 1;
		assert!(matches!(
			bundle.verify(&header, &[outside, 0], &[0], &[]),
			Err(VerificationError::Input(_))
		));
		assert!(matches!(
			bundle.verify(&header, &[0, 0], &[i64::MAX], &[]),
			Err(VerificationError::Output(_))
		));
		assert!(matches!(
			bundle.verify(&header, &[0, 0], &bundle.execute(&[0, 0]).unwrap(), &[]),
			Err(VerificationError::Proof(VerifyError::ProofTooShort { .. }))
		));
		let other = StatementHeader {
			vk_hash: VkHash([9; 32]),
			..header
		};
		assert!(matches!(
			bundle.verify(&other, &[0, 0], &[0], &[]),
			Err(VerificationError::WrongKey { .. })
		));
	}
}

mod building {
	use super::*;

	#[test]
	fn stages_are_announced_in_order_and_the_keys_steps_within() {
		let mut steps = Vec::new();
		Bundle::build(&network(&[2, 1], 1).bytes(), &options(), &mut |s| {
			steps.push(s)
		})
		.unwrap();
		let starts = steps.iter().filter(|step| step.step.is_none());
		let stages: Vec<BuildStage> = starts.map(|step| step.stage).collect();
		assert_eq!(stages, BuildStage::ALL);
		let within: Vec<String> = steps
			.iter()
			.filter(|step| step.step.is_some())
			.map(BuildStep::to_string)
			.collect();
		let first = "making the keys: making the setup's points, basis 0 of 2";
		assert_eq!(within[0], first);
		let columns = "making the keys: committing to the circuit, column";
		assert!(
			within.iter().any(|step| step.starts_with(columns)),
			"{within:?}"
		);
	}

	#[test]
	fn the_same_model_gives_the_same_bundle_and_another_model_another_key() {
		let model = network(&[3, 3, 1], 5);
		let (a, b) = (build(&model), build(&model));
		assert_eq!((a.vk_hash(), a.hash()), (b.vk_hash(), b.hash()));
		assert_ne!(build(&network(&[3, 3, 1], 6)).vk_hash(), a.vk_hash());
		let renamed = BuildOptions {
			name: "other".into(),
			..options()
		};
		let renamed = Bundle::build(&model.bytes(), &renamed, &mut |_| {}).unwrap();
		assert_eq!(renamed.vk_hash(), a.vk_hash());
		assert_ne!(renamed.hash(), a.hash());
	}

	#[test]
	fn accuracy_is_measured_on_the_calibration_samples() {
		let calibration: Vec<Vec<f64>> = (0..9)
			.map(|i| vec![f64::from(i) / 9.0, 1.0 - f64::from(i) / 4.0])
			.collect();
		let with = BuildOptions {
			calibration: calibration.clone(),
			..options()
		};
		let bytes = network(&[2, 4, 3], 2).bytes();
		let bundle = Bundle::build(&bytes, &with, &mut |_| {}).unwrap();
		let report = bundle.manifest().accuracy.clone().unwrap();
		assert_eq!((report.samples, report.outside_domain), (9, 0));
		assert!(report.max_error < 1e-3 && report.mean_error <= report.max_error);
		assert_eq!(report.same_argmax, Some(1.0));
		let expected = Some(vec![vec![1e3; 3]; 9]);
		let bundle = Bundle::build(
			&bytes,
			&BuildOptions {
				expected,
				..with.clone()
			},
			&mut |_| {},
		)
		.unwrap();
		assert!(bundle.manifest().accuracy.clone().unwrap().max_error > 900.0);
		let expected = Some(vec![vec![0.0; 2]; 9]);
		assert!(matches!(
			Bundle::build(&bytes, &BuildOptions { expected, ..with }, &mut |_| {}),
			Err(BuildError::ExpectedOutputs { length: 3, .. })
		));
	}

	#[test]
	fn names_are_bounded() {
		for name in [String::new(), "x".repeat(65)] {
			let options = BuildOptions { name, ..options() };
			assert!(matches!(
				Bundle::build(&network(&[2, 1], 1).bytes(), &options, &mut |_| {}),
				Err(BuildError::BadName { .. })
			));
		}
	}

	#[test]
	fn quantised_inputs_are_checked() {
		let bundle = build(&network(&[2, 1], 1));
		let scale = bundle.manifest().input.scale_bits;
		assert_eq!(
			bundle.quantise_input(&[1.0, -0.5]).unwrap(),
			[1 << scale, -(1 << (scale - 1))]
		);
		assert!(matches!(
			bundle.quantise_input(&[1.0, f64::NAN]),
			Err(QuantiseInputError::OutOfRange { index: 1, .. })
		));
		let error = bundle.quantise_input(&[1.0]).unwrap_err().to_string();
		assert!(error.contains("expected 2 values, got 1"), "{error}");
		let error = bundle
			.quantise_input(&[1.0, 100.0])
			.unwrap_err()
			.to_string();
		assert!(error.contains("real values -8 to 8"), "{error}");
		assert_eq!(
			bundle.dequantise_output(&[3 << bundle.manifest().output.scale_bits]),
			[3.0]
		);
	}
}

mod directories {
	use super::*;

	fn saved() -> (tempfile::TempDir, Bundle) {
		let dir = tempfile::tempdir().unwrap();
		let bundle = build(&network(&[3, 2, 1], 4));
		bundle.save(dir.path()).unwrap();
		(dir, bundle)
	}

	fn edit(dir: &Path, file: &str, change: impl FnOnce(String) -> String) {
		let path = dir.join(file);
		fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
	}

	#[test]
	fn a_saved_bundle_loads_as_it_was() {
		let (dir, bundle) = saved();
		let loaded = Bundle::load(dir.path()).unwrap();
		assert_eq!(loaded.manifest(), bundle.manifest());
		assert_eq!(
			(loaded.graph(), loaded.plan()),
			(bundle.graph(), bundle.plan())
		);
		assert_eq!(loaded.hash(), bundle.hash());
		loaded.save(dir.path()).unwrap();
		assert_eq!(Bundle::load(dir.path()).unwrap().hash(), bundle.hash());
	}

	#[test]
	fn changed_files_are_refused() {
		for (file, name) in [("graph.bin", "graph.bin"), ("plan.bin", "plan.bin")] {
			let (dir, _) = saved();
			let path = dir.path().join(file);
			let mut bytes = fs::read(&path).unwrap();
			let middle = bytes.len() / 2;
			bytes[middle] ^= 1;
			fs::write(&path, bytes).unwrap();
			assert!(matches!(
				Bundle::load(dir.path()),
				Err(BundleError::WrongHash { file, .. }) if file == name
			));
		}
	}

	#[test]
	fn changed_manifests_are_refused() {
		for field in [
			"\"rows\"",
			"\"multiplications\"",
			"\"compute_units\"",
			"\"proof_bytes\"",
		] {
			let (dir, _) = saved();
			edit(dir.path(), "manifest.json", |text| {
				// The manifest's own fields, not the layout's.
				text.replace(&format!("\n  {field}: "), &format!("\n  {field}: 1"))
			});
			assert!(
				matches!(Bundle::load(dir.path()), Err(BundleError::Inconsistent(_))),
				"{field}"
			);
		}
		let (dir, bundle) = saved();
		let hash = bundle.vk_hash().to_string();
		edit(dir.path(), "manifest.json", |text| {
			text.replace(&hash, &VkHash([1; 32]).to_string())
		});
		assert!(matches!(
			Bundle::load(dir.path()),
			Err(BundleError::Inconsistent("vk_hash"))
		));
		edit(dir.path(), "manifest.json", |text| {
			text.replace("\"format\": 2", "\"format\": 1")
		});
		assert!(matches!(
			Bundle::load(dir.path()),
			Err(BundleError::Format { got: 1 })
		));
		fs::write(dir.path().join("manifest.json"), "{").unwrap();
		assert!(matches!(
			Bundle::load(dir.path()),
			Err(BundleError::Manifest(_))
		));
	}

	#[test]
	fn no_changed_byte_of_a_graph_panics() {
		let bytes = build(&network(&[2, 2, 1], 4)).graph().parts().encode();
		for position in 0..bytes.len() {
			for value in [0, 1, 0x7f, 0x80, 0xff, bytes[position] ^ 4] {
				if value == bytes[position] {
					continue;
				}
				let mut bytes = bytes.clone();
				bytes[position] = value;
				let Ok(parts) = GraphParts::decode_all(&mut bytes.as_slice()) else {
					continue;
				};
				let Ok(graph) = Graph::new(parts) else {
					continue;
				};
				let Ok(layout) = layout::choose(&graph) else {
					continue;
				};
				let input = vec![graph.input().max; graph.input().len()];
				let (trace, output) = Trace::witness(&graph, &layout, &input).unwrap();
				assert_eq!(trace.len(), layout::rows(&graph, &layout));
				graph.output().check_values(&output).unwrap();
			}
		}
		for end in 0..bytes.len() {
			assert!(GraphParts::decode_all(&mut &bytes[..end]).is_err());
		}
	}

	#[test]
	fn a_missing_directory_names_the_file() {
		let error = Bundle::load(Path::new("/nonexistent"))
			.unwrap_err()
			.to_string();
		assert!(error.contains("/nonexistent/manifest.json"), "{error}");
	}

	fn value(text: &str, field: &str) -> String {
		let start = text.find(&format!("\"{field}\": ")).unwrap() + field.len() + 4;
		let end = text[start..].find([',', '\n']).unwrap();
		text[start..start + end].to_string()
	}

	/// A bundle with files and hashes of another model of the same shape.
	fn forged(files: &[&str], fields: &[&str]) -> tempfile::TempDir {
		let (dir, _) = saved();
		let other = tempfile::tempdir().unwrap();
		build(&network(&[3, 2, 1], 5)).save(other.path()).unwrap();
		let manifest = fs::read_to_string(other.path().join("manifest.json")).unwrap();
		edit(dir.path(), "manifest.json", |text| {
			fields.iter().fold(text, |text, field| {
				text.replace(
					&format!("\"{field}\": {}", value(&text, field)),
					&format!("\"{field}\": {}", value(&manifest, field)),
				)
			})
		});
		for file in files {
			fs::copy(other.path().join(file), dir.path().join(file)).unwrap();
		}
		dir
	}

	const PLAN: &[&str] = &["plan_hash", "vk_hash"];
	const KEY: &[&str] = &["proving_key_hash", "proving_key_bytes"];

	fn prover(dir: &Path) -> Result<Prover, ProverError> {
		Prover::new(Arc::new(Bundle::load(dir).unwrap()))
	}

	#[test]
	fn a_verifying_key_of_another_model_does_not_load() {
		let all: Vec<&str> = PLAN.iter().chain(KEY).copied().collect();
		for (files, fields) in [
			(&["plan.bin"][..], PLAN),
			(&["plan.bin", "proving_key.bin"], all.as_slice()),
		] {
			let dir = forged(files, fields);
			for is_there in [true, false] {
				assert!(matches!(
					Bundle::load(dir.path()),
					Err(BundleError::OtherCircuit { what: "binding" })
				));
				if is_there {
					fs::remove_file(dir.path().join("proving_key.bin")).unwrap();
				}
			}
		}
	}

	#[test]
	fn a_proving_key_of_another_model_is_refused() {
		let dir = forged(&["proving_key.bin"], KEY);
		let error = prover(dir.path()).unwrap_err().to_string();
		assert!(error.contains("another verifying key"), "{error}");
		let dir = forged(&["proving_key.bin"], &[]);
		assert!(matches!(
			prover(dir.path()),
			Err(ProverError::Bundle(
				BundleError::WrongHash { .. } | BundleError::WrongLength { .. }
			))
		));
	}

	#[test]
	fn damaged_proving_keys_are_refused() {
		let (dir, _) = saved();
		let path = dir.path().join("proving_key.bin");
		let bytes = fs::read(&path).unwrap();
		for (position, bit) in [
			(0, 1),
			(8, 1),
			(20, 1),
			(bytes.len() / 2, 8),
			(bytes.len() - 1, 1),
		] {
			let mut bytes = bytes.clone();
			bytes[position] ^= bit;
			fs::write(&path, bytes).unwrap();
			assert!(matches!(
				prover(dir.path()),
				Err(ProverError::Bundle(BundleError::WrongHash {
					file: "proving_key.bin",
					..
				}))
			));
		}
		for end in [0, 3, 44, bytes.len() - 1] {
			fs::write(&path, &bytes[..end]).unwrap();
			assert!(matches!(
				prover(dir.path()),
				Err(ProverError::Bundle(BundleError::WrongLength { got, .. })) if got == end as u64
			));
		}
		// Another version, with a manifest that agrees.
		let mut changed = bytes.clone();
		changed[8] = 2;
		fs::write(&path, &changed).unwrap();
		let hash: String = blake2_256(&changed)
			.iter()
			.map(|b| format!("{b:02x}"))
			.collect();
		edit(dir.path(), "manifest.json", |text| {
			text.replace(&value(&text, "proving_key_hash"), &format!("\"{hash}\""))
		});
		assert!(matches!(
			prover(dir.path()),
			Err(ProverError::KeyFile {
				error: KeyFileError::Version { got: 2 },
				..
			})
		));
	}

	#[test]
	fn provers_of_models_of_one_size_share_their_setups_points_and_prove_as_alone() {
		let (dir, built) = saved();
		let options = ProverOptions::default();
		let prover = |bundle: Bundle, options: &ProverOptions| {
			Prover::with_options(Arc::new(bundle), options.clone()).unwrap()
		};
		let first = prover(built.clone(), &options);
		let second = prover(Bundle::load(dir.path()).unwrap(), &options);
		assert!(Arc::ptr_eq(first.commitments(), second.commitments()));
		let alone = prover(built.clone(), &ProverOptions::default());
		assert!(!Arc::ptr_eq(first.commitments(), alone.commitments()));
		let left = Arc::downgrade(first.commitments());
		drop(first);
		let (input, header) = ([100, 200, -300], header(built.vk_hash()));
		assert_eq!(
			second.prove(&header, &input).unwrap(),
			alone.prove(&header, &input).unwrap()
		);
		drop(second);
		assert!(left.upgrade().is_none());
	}

	#[test]
	fn proofs_are_the_same_however_the_key_is_held() {
		let (dir, built) = saved();
		let input = [100, 200, -300];
		let header = header(built.vk_hash());
		let proof = |bundle: Bundle, options| {
			let prover = Prover::with_options(Arc::new(bundle), options).unwrap();
			prover.prove(&header, &input).unwrap()
		};
		let expected = proof(built.clone(), ProverOptions::default());
		let load = || Bundle::load(dir.path()).unwrap();
		assert_eq!(proof(load(), ProverOptions::default()), expected);
		let steps = Arc::new(Mutex::new(0));
		let counter = steps.clone();
		let options = ProverOptions {
			scratch: Some(dir.path().into()),
			without_tables: true,
			progress: Some(Arc::new(move |_| *counter.lock().unwrap() += 1)),
			..ProverOptions::default()
		};
		assert_eq!(proof(load(), options), expected);
		assert!(*steps.lock().unwrap() > 20);
		// The file of the polynomials has no name.
		assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
		fs::remove_file(dir.path().join("proving_key.bin")).unwrap();
		assert_eq!(proof(load(), ProverOptions::default()), expected);
		let options = ProverOptions {
			scratch: Some("/nonexistent".into()),
			..ProverOptions::default()
		};
		assert!(matches!(
			Prover::with_options(Arc::new(load()), options),
			Err(ProverError::Scratch { .. })
		));
	}

	#[test]
	fn a_bundle_without_proving_key_is_saved_without_it() {
		let (dir, bundle) = saved();
		fs::remove_file(dir.path().join("proving_key.bin")).unwrap();
		let other = tempfile::tempdir().unwrap();
		build(&network(&[3, 2, 1], 5)).save(other.path()).unwrap();
		Bundle::load(dir.path())
			.unwrap()
			.save(other.path())
			.unwrap();
		assert!(!other.path().join("proving_key.bin").exists());
		assert_eq!(Bundle::load(other.path()).unwrap().hash(), bundle.hash());
		assert!(prover(other.path()).is_ok());
	}
}
