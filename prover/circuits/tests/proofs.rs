//! Each operator proven and verified for real, with pinned keys.
//!
//! `INFERENCE_REGENERATE=1 cargo test --test proofs` writes the pins (`gadget_keys.json`) anew. A
//! changed pin is a breaking circuit change: say so in the changelog.

mod assignment;
mod cases;

use assignment::*;
use cases::*;
use halo2_proofs::{
	halo2curves::bn256::{Bn256, G1Affine},
	plonk::{create_proof_from_advice, ProvingKey},
	poly::kzg::{
		commitment::{KZGCommitmentScheme, ParamsKZG},
		multiopen::ProverSHPLONK,
	},
};
use inference_circuits::{
	execute::execute_all,
	graph::Graph,
	keys,
	layout::{self, Layout},
};
use inference_primitives::hashing::blake2_256;
use inference_verifier::{
	halo2::{from_halo2, transcript_writer},
	verify, Plan, Setup,
};
use rand::{rngs::StdRng, SeedableRng};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// A model with its keys.
struct Case {
	graph: Graph,
	layout: Layout,
	parameters: ParamsKZG<Bn256>,
	key: ProvingKey<G1Affine>,
	plan: Plan,
}

impl Case {
	fn new(graph: Graph) -> Self {
		let layout = layout::choose(&graph).unwrap();
		let parameters = keys::parameters(layout.k);
		let (key, plan) = keys::proving_key(&graph, &layout, &parameters).unwrap();
		Self {
			graph,
			layout,
			parameters,
			key,
			plan,
		}
	}

	/// Whether a proof of `assignment`, right or wrong, verifies; a prover that fails made none.
	fn accepts(&self, assignment: &Assignment) -> bool {
		let mut transcript = transcript_writer(&self.plan);
		let made = create_proof_from_advice::<
			KZGCommitmentScheme<Bn256>,
			ProverSHPLONK<'_, Bn256>,
			_,
			_,
			_,
		>(
			&self.parameters,
			&self.key,
			&[&assignment.instance],
			assignment.advice.clone(),
			StdRng::seed_from_u64(1),
			&mut transcript,
		);
		let proof = transcript.finalize();
		let inputs: Vec<_> = assignment.instance.iter().map(|x| from_halo2(*x)).collect();
		made.is_ok() && verify(&self.plan, &Setup::insecure_development(), &inputs, &proof).is_ok()
	}
}

#[test]
fn every_operator_is_proven_and_a_wrong_output_is_not() {
	for (name, graph) in models() {
		let case = Case::new(graph);
		let input = input_for(&case.graph, &[-33, 12, 57, -8, 91, 3]);
		let honest = Assignment::new(&case.graph, case.layout, &input);
		assert!(case.accepts(&honest), "{name}");
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
		let plan = keys::plan(graph, &layout, &keys::parameters(layout.k)).unwrap();
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
