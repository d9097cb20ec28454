//! Bundles whose verifying key is not their model's, by a maker who recomputed every hash: the honest
//! witness satisfies a *relaxed* key too, and so do wrong outputs; under a *partial* key a chosen input has no
//! proof. None loads, or the check names it.

use crate::support::network;
use inference_circuits::{
	circuit::trace::Trace, keys, BuildOptions, Bundle, BundleError, CheckError, Checks, Progress,
	Prover,
};
use inference_plonk::{Cell, Circuit, Column, CompactKey};
use inference_primitives::hashing::blake2_256;
use inference_verifier::{
	plan::{expression::Instruction, Parts, Plan},
	vk_hash, Scalar,
};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc};

/// An honest bundle with a ReLU, and so limbs, selectors and a table.
fn saved() -> (tempfile::TempDir, Bundle) {
	let dir = tempfile::tempdir().unwrap();
	let options = BuildOptions {
		name: "test".into(),
		..BuildOptions::default()
	};
	let bundle = Bundle::build(&network(&[3, 2, 1], 4).bytes(), &options, &mut |_| {}).unwrap();
	bundle.save(dir.path()).unwrap();
	(dir, bundle)
}

fn hex_hash(bytes: &[u8]) -> String {
	blake2_256(bytes)
		.iter()
		.map(|b| format!("{b:02x}"))
		.collect()
}

/// Puts the keys into the bundle in `dir`, with all that its manifest says of them.
fn put(dir: &Path, bundle: &Bundle, plan: &Plan, proving_key: &[u8]) {
	let manifest = bundle.manifest();
	let bytes = plan.to_bytes();
	let hash = vk_hash(manifest.system, &manifest.setup, &bytes);
	fs::write(dir.join("plan.bin"), &bytes).unwrap();
	fs::write(dir.join("proving_key.bin"), proving_key).unwrap();
	let path = dir.join("manifest.json");
	let mut edited: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
	edited["plan_hash"] = hex_hash(&bytes).into();
	edited["vk_hash"] = serde_json::to_value(hash).unwrap();
	edited["proving_key_hash"] = hex_hash(proving_key).into();
	edited["proving_key_bytes"] = proving_key.len().into();
	edited["compute_units"] = plan.shape().compute_units().0.into();
	edited["proof_bytes"] = plan.proof_len().into();
	fs::write(path, edited.to_string()).unwrap();
}

/// The circuit that the bundle's model has, to be changed.
fn circuit(bundle: &Bundle) -> Circuit {
	keys::circuit(bundle.graph(), bundle.layout()).unwrap()
}

/// The bundle with the keys of another circuit.
fn with_circuit(change: impl FnOnce(&mut Circuit)) -> (tempfile::TempDir, Bundle) {
	let (dir, bundle) = saved();
	let mut circuit = circuit(&bundle);
	change(&mut circuit);
	let commitments = keys::commitment_key(bundle.layout().k).unwrap();
	let key = CompactKey::new(&commitments, circuit, Progress::NONE).unwrap();
	let manifest = bundle.manifest();
	let hash = vk_hash(manifest.system, &manifest.setup, &key.plan().to_bytes());
	let mut bytes = Vec::new();
	key.write(&hash.0, &mut bytes).unwrap();
	put(dir.path(), &bundle, key.plan(), &bytes);
	(dir, bundle)
}

/// The bundle with another constraint system, and the honest columns.
fn with_parts(change: impl FnOnce(&mut Parts)) -> tempfile::TempDir {
	let (dir, bundle) = saved();
	let mut parts = bundle.plan().parts().clone();
	change(&mut parts);
	let plan = Plan::from_parts(parts).unwrap();
	let manifest = bundle.manifest();
	let hash = vk_hash(manifest.system, &manifest.setup, &plan.to_bytes());
	let mut proving_key = fs::read(dir.path().join("proving_key.bin")).unwrap();
	proving_key[12..44].copy_from_slice(&hash.0);
	put(dir.path(), &bundle, &plan, &proving_key);
	dir
}

fn refused(dir: &Path) -> &'static str {
	match Bundle::load(dir) {
		Err(BundleError::OtherCircuit { what }) => what,
		other => panic!("{other:?}"),
	}
}

/// The constraint system that a key proves is compared when the bundle is loaded.
mod constraint_systems {
	use super::*;

	#[test]
	fn a_gate_that_is_scaled_by_zero_does_not_load() {
		let dir = with_parts(|parts| {
			let zero = u16::try_from(parts.constants.len()).unwrap();
			parts.constants.push(Scalar::from(0u8));
			let output = parts.program.iter().position(|i| *i == Instruction::Output);
			parts
				.program
				.insert(output.unwrap(), Instruction::Scale(zero));
		});
		assert_eq!(refused(dir.path()), "gates");
	}

	#[test]
	fn a_gate_with_another_constant_does_not_load() {
		let dir = with_parts(|parts| {
			parts.constants[0] += Scalar::from(1u8);
		});
		assert_eq!(refused(dir.path()), "gates");
	}

	#[test]
	fn more_public_inputs_or_rows_or_a_higher_degree_do_not_load() {
		assert_eq!(
			refused(with_parts(|parts| parts.degree += 1).path()),
			"degree"
		);
		let dir = with_parts(|parts| {
			parts.instance_columns[0] += 1;
		});
		assert_eq!(refused(dir.path()), "public inputs");
		let dir = with_parts(|parts| {
			parts.transcript_repr += Scalar::from(1u8);
		});
		assert_eq!(refused(dir.path()), "binding");
	}

	#[test]
	fn columns_without_copies_do_not_load() {
		let dir = with_parts(|parts| {
			parts.permutation.pop();
		});
		assert_eq!(refused(dir.path()), "columns of the permutation");
	}
}

/// What the key commits to is compared by the check.
mod commitments {
	use super::*;

	/// The bundle loads and its prover proves, with the honest witness: nothing shows but by the check.
	fn named((dir, honest): (tempfile::TempDir, Bundle)) -> Vec<String> {
		let bundle = Bundle::load(dir.path()).unwrap();
		let error = bundle.check(Progress::NONE).unwrap_err();
		let CheckError::OtherColumns {
			columns,
			expected,
			got,
		} = error
		else {
			panic!("{error}");
		};
		assert_eq!((expected, got), (honest.vk_hash(), bundle.vk_hash()));
		columns
	}

	/// A fixed column with one row changed.
	fn changed(column: &Column, row: usize, value: i64) -> Column {
		let Column::Integers(integers) = column else {
			panic!("a column of integers is expected");
		};
		let mut integers = integers.clone();
		integers[row] = value;
		Column::Integers(integers)
	}

	/// Index and last row in use of a selector: a fixed column of values 0 and 1, or the column of the rows'
	/// numbers, which comes after the weights of the lanes.
	fn selector(honest: &Bundle, fixed: &[Column]) -> (usize, usize) {
		let last = |index: usize, most: i64| {
			let Some(Column::Integers(integers)) = fixed.get(index) else {
				return None;
			};
			let is_small = integers.iter().all(|x| (0..=most).contains(x));
			let last = integers.iter().rposition(|x| *x != 0)?;
			is_small.then_some((index, last))
		};
		let columns = honest.layout().columns;
		let lanes = usize::from(columns.lanes);
		if columns.numbered {
			return last(lanes, 16).unwrap();
		}
		(lanes..fixed.len())
			.find_map(|index| last(index, 1))
			.unwrap()
	}

	/// Index of the table of limbs: 0, 1, 2, ….
	fn table(fixed: &[Column]) -> usize {
		let is_table = |column: &Column| {
			let Column::Integers(integers) = column else {
				return false;
			};
			(0..8).all(|i| integers.get(i as usize) == Some(&i))
		};
		fixed.iter().position(is_table).unwrap()
	}

	#[test]
	fn a_selector_that_is_cleared_in_one_row_is_named() {
		let (_, bundle) = saved();
		let (dir, honest) = with_circuit(|circuit| {
			let (index, row) = selector(&bundle, &circuit.fixed);
			circuit.fixed[index] = changed(&circuit.fixed[index], row, 0);
		});
		let columns = named((dir, honest));
		assert_eq!(columns.len(), 1, "{columns:?}");
		assert!(columns[0].starts_with("fixed column"), "{columns:?}");
	}

	#[test]
	fn a_table_without_one_entry_is_named_though_most_inputs_are_proven() {
		let (dir, honest) = with_circuit(|circuit| {
			let table = table(&circuit.fixed);
			// In its place another entry, twice.
			circuit.fixed[table] = changed(&circuit.fixed[table], 5, 4);
		});
		assert_eq!(named((dir, honest)).len(), 1);
	}

	#[test]
	fn another_weight_is_named() {
		let (dir, honest) = with_circuit(|circuit| {
			let Column::Integers(weights) = &circuit.fixed[0] else {
				panic!("a column of integers is expected");
			};
			let row = weights.iter().position(|w| *w != 0).unwrap();
			let weight = weights[row] + 1;
			circuit.fixed[0] = changed(&circuit.fixed[0], row, weight);
		});
		assert_eq!(named((dir, honest)), ["fixed column 0"]);
	}

	#[test]
	fn a_copy_that_is_missing_is_named() {
		let (dir, honest) = with_circuit(|circuit| {
			circuit.copies.pop().unwrap();
		});
		let columns = named((dir, honest));
		assert!(!columns.is_empty());
		assert!(
			columns
				.iter()
				.all(|column| column.starts_with("copies of column")),
			"{columns:?}"
		);
	}

	#[test]
	fn a_copy_that_the_model_does_not_have_is_named() {
		let (dir, honest) = with_circuit(|circuit| {
			let cell = |row| Cell { column: 0, row };
			circuit.copies.push((cell(1), cell(2)));
		});
		assert!(!named((dir, honest)).is_empty());
	}

	#[test]
	fn the_graph_of_another_model_of_the_same_shape_is_named() {
		let (dir, honest) = saved();
		let options = BuildOptions {
			name: "test".into(),
			..BuildOptions::default()
		};
		let rows = |bundle: &Bundle| Trace::shape(bundle.graph(), honest.layout()).unwrap().len();
		// Which weights are zero or negative decides how many rows a model takes.
		let other = (1..100)
			.map(|seed| {
				let onnx = network(&[3, 2, 1], seed).bytes();
				Bundle::build(&onnx, &options, &mut |_| {}).unwrap()
			})
			.find(|other| other.graph() != honest.graph() && rows(other) == rows(&honest))
			.expect("a model of the same shape");
		let mut circuit = keys::circuit(other.graph(), honest.layout()).unwrap();
		// Its binding would give it away at once.
		circuit.parts = keys::circuit(honest.graph(), honest.layout())
			.unwrap()
			.parts;
		let commitments = keys::commitment_key(honest.layout().k).unwrap();
		let key = CompactKey::new(&commitments, circuit, Progress::NONE).unwrap();
		let manifest = honest.manifest();
		let hash = vk_hash(manifest.system, &manifest.setup, &key.plan().to_bytes());
		let mut bytes = Vec::new();
		key.write(&hash.0, &mut bytes).unwrap();
		put(dir.path(), &honest, key.plan(), &bytes);
		assert!(!named((dir, honest)).is_empty());
	}

	#[test]
	fn an_honest_key_with_the_columns_of_a_relaxed_one_in_its_file_is_refused() {
		let (dir, honest) = saved();
		let mut circuit = circuit(&honest);
		let (index, row) = selector(&honest, &circuit.fixed);
		circuit.fixed[index] = changed(&circuit.fixed[index], row, 0);
		let commitments = keys::commitment_key(honest.layout().k).unwrap();
		let key = CompactKey::new(&commitments, circuit, Progress::NONE).unwrap();
		let mut bytes = Vec::new();
		key.write(&honest.vk_hash().0, &mut bytes).unwrap();
		put(dir.path(), &honest, honest.plan(), &bytes);
		let bundle = Bundle::load(dir.path()).unwrap();
		assert!(Prover::new(Arc::new(bundle.clone())).is_ok());
		let error = bundle.check(Progress::NONE).unwrap_err();
		assert!(matches!(error, CheckError::OtherProvingKey), "{error}");
	}
}

mod records {
	use super::*;

	#[test]
	fn an_honest_bundle_is_checked_once_and_again_if_anything_of_it_changes() {
		let (dir, bundle) = saved();
		let folder = tempfile::tempdir().unwrap();
		let checks = Checks::at(folder.path().join("checks"));
		assert_eq!(checks.find(&bundle.hash()), None);
		let load = || Bundle::load(dir.path()).unwrap();
		assert!(checks.check(&load(), Progress::NONE).unwrap());
		assert!(!checks.check(&load(), Progress::NONE).unwrap());
		let record = checks.find(&bundle.hash()).unwrap();
		assert_eq!(
			(&record.vk_hash, &record.input, &record.output),
			(&bundle.vk_hash(), bundle.input(), bundle.output())
		);
		// Another manifest is another bundle.
		let path = dir.path().join("manifest.json");
		let text = fs::read_to_string(&path).unwrap();
		fs::write(
			&path,
			text.replace("\"name\": \"test\"", "\"name\": \"tes\""),
		)
		.unwrap();
		assert_ne!(load().hash(), bundle.hash());
		assert!(checks.check(&load(), Progress::NONE).unwrap());
		// A damaged record is none.
		for record in fs::read_dir(checks.folder()).unwrap() {
			fs::write(record.unwrap().path(), "{").unwrap();
		}
		assert_eq!(checks.find(&bundle.hash()), None);
		assert!(checks.check(&load(), Progress::NONE).unwrap());
	}

	#[test]
	fn a_bundle_that_is_not_its_models_is_not_recorded() {
		let (dir, _) = with_circuit(|circuit| {
			circuit.copies.pop().unwrap();
		});
		let folder = tempfile::tempdir().unwrap();
		let checks = Checks::at(folder.path());
		let bundle = Bundle::load(dir.path()).unwrap();
		assert!(checks.check(&bundle, Progress::NONE).is_err());
		assert_eq!(checks.find(&bundle.hash()), None);
	}
}

mod provers {
	use super::*;
	use inference_circuits::ProverError;

	#[test]
	fn a_relaxed_key_without_its_proving_key_has_no_prover() {
		let (dir, _) = with_circuit(|circuit| {
			circuit.copies.pop().unwrap();
		});
		fs::remove_file(dir.path().join("proving_key.bin")).unwrap();
		let bundle = Arc::new(Bundle::load(dir.path()).unwrap());
		let error = Prover::new(bundle).unwrap_err();
		assert!(matches!(error, ProverError::WrongPlan { .. }), "{error}");
	}
}
