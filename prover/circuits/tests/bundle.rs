//! From an ONNX file to a verified proof, and bundles on disk.

mod support;

use codec::{DecodeAll, Encode};
use inference_circuits::{
	bundle::{QuantiseInputError, VerificationError},
	circuit::trace::Trace,
	graph::{Graph, GraphParts},
	layout, BuildError, BuildOptions, BuildStage, Bundle, BundleError, ExecuteError, ProveError,
	Prover, ProverError,
};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, Statement, StatementHeader, TensorError, VkHash,
	WorkloadId, STATEMENT_VERSION,
};
use inference_verifier::{public_inputs, verify, Plan, VerifyError};
use std::{fs, path::Path, sync::Arc};
use support::*;

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
	fn stages_are_announced_in_order() {
		let mut stages = Vec::new();
		Bundle::build(&network(&[2, 1], 1).bytes(), &options(), &mut |s| {
			stages.push(s)
		})
		.unwrap();
		assert_eq!(stages, BuildStage::ALL);
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
			text.replace("\"format\": 1", "\"format\": 2")
		});
		assert!(matches!(
			Bundle::load(dir.path()),
			Err(BundleError::Format { got: 2 })
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
				assert_eq!(trace.len(), layout::rows(&graph, &layout.columns));
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

	#[test]
	fn a_verifying_key_of_another_model_is_refused_by_the_prover() {
		let (dir, bundle) = saved();
		let other = tempfile::tempdir().unwrap();
		build(&network(&[3, 2, 1], 5)).save(other.path()).unwrap();
		// The other model's key, with a manifest that agrees.
		let manifest = fs::read_to_string(other.path().join("manifest.json")).unwrap();
		let value = |text: &str, field: &str| {
			let start = text.find(&format!("\"{field}\": \"")).unwrap() + field.len() + 5;
			text[start..start + text[start..].find('"').unwrap()].to_string()
		};
		edit(dir.path(), "manifest.json", |text| {
			["plan_hash", "vk_hash"].iter().fold(text, |text, field| {
				text.replace(&value(&text, field), &value(&manifest, field))
			})
		});
		fs::copy(other.path().join("plan.bin"), dir.path().join("plan.bin")).unwrap();
		let forged = Bundle::load(dir.path()).unwrap();
		assert_ne!(forged.vk_hash(), bundle.vk_hash());
		assert!(matches!(
			Prover::new(Arc::new(forged)),
			Err(ProverError::WrongPlan { .. })
		));
	}
}
