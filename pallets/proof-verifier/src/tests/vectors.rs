//! The committed vectors, with which the benchmarks verify a real proof without a prover.
//!
//! `REGENERATE=1 cargo test --release -p pallet-proof-verifier vectors` writes them anew from the
//! circuit of these tests; needed when the plan's encoding, the transcript or the statement
//! changes. Proofs are blinded, so that each is another one.

use super::fixture;
use std::{fs, path::PathBuf};

fn path(name: &str) -> PathBuf {
	[env!("CARGO_MANIFEST_DIR"), "vectors", name]
		.iter()
		.collect()
}

/// The committed bytes, or, if so asked, those made now.
fn committed(name: &str, made: &[u8]) -> Vec<u8> {
	if std::env::var_os("REGENERATE").is_some() {
		fs::write(path(name), made).unwrap();
	}
	fs::read(path(name)).unwrap()
}

#[test]
fn the_committed_plan_is_what_the_circuit_gives() {
	let plan = fixture::plan();
	assert!(
		committed("plan.bin", &plan) == plan,
		"regenerate the vectors: see this module"
	);
}

#[test]
fn the_committed_proof_proves_the_committed_public_inputs() {
	let inputs = fixture::encoded_public_inputs().concat();
	assert!(
		committed("public_inputs.bin", &inputs) == inputs,
		"regenerate the vectors: see this module"
	);
	let proof = committed("proof.bin", &fixture::proof());
	fixture::check(&proof).expect("regenerate the vectors: see this module");
}
