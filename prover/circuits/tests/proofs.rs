//! Each operator proven and verified for real, with pinned keys.
//!
//! `INFERENCE_REGENERATE=1 cargo test --test suite proofs` writes the pins (`gadget_keys.json`) anew. A
//! changed pin is a breaking circuit change: say so in the changelog.

use crate::assignment::*;
use crate::cases::*;
use inference_circuits::{
	execute::execute_all,
	graph::Graph,
	keys,
	layout::{self, cost},
};
use inference_primitives::hashing::blake2_256;
use std::{collections::BTreeMap, fs, path::PathBuf};

#[test]
fn every_operator_is_proven_and_a_wrong_output_is_not() {
	for (name, graph) in models() {
		let layout = layout::choose(&graph).unwrap();
		let case = Case::new(graph, layout);
		let input = input_for(&case.graph, &[-33, 12, 57, -8, 91, 3]);
		let honest = Assignment::new(&case.graph, case.layout, &input);
		assert!(case.accepts(&honest), "{name}");
		let proof_len = case.key.plan().proof_len() as u64;
		assert_eq!(cost::proof_bytes(&case.layout.columns), proof_len, "{name}");
		let mut values = execute_all(&case.graph, &input).unwrap();
		values[case.graph.output_tensor()][0] += 1;
		let forged = Assignment::with_values(&case.graph, case.layout, values);
		assert!(!case.accepts(&forged), "{name}");
	}
}

#[test]
fn verifying_keys_are_pinned() {
	let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gadget_keys.json");
	let hash = |graph: &Graph| {
		let layout = layout::choose(graph).unwrap();
		let plan = keys::plan(graph, &layout, &keys::commitment_key(layout.k).unwrap()).unwrap();
		let hash = blake2_256(&plan.to_bytes());
		hash.iter()
			.map(|byte| format!("{byte:02x}"))
			.collect::<String>()
	};
	let got: BTreeMap<String, String> = models()
		.iter()
		.map(|(name, graph)| (name.to_string(), hash(graph)))
		.collect();
	if std::env::var_os("INFERENCE_REGENERATE").is_some() {
		fs::write(&path, serde_json::to_string_pretty(&got).unwrap() + "\n").unwrap();
	}
	let pinned: BTreeMap<String, String> =
		serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
	assert_eq!(got, pinned);
}
