//! What halo2's prover proves is accepted, and halo2's verifier agrees.

use crate::common;
use inference_verifier::{halo2::setup_from_params, verify, Plan};

#[test]
fn verifier_should_accept_proofs_of_every_shape() {
	for fixture in common::all() {
		let verified = verify(
			&fixture.plan,
			&fixture.setup,
			&fixture.public_inputs,
			&fixture.proof,
		);
		assert_eq!(verified, Ok(()), "{}", fixture.name);
		assert!(
			fixture.halo2_accepts(&fixture.instance, &fixture.proof),
			"{}",
			fixture.name
		);
	}
}

#[test]
fn verifier_should_accept_gates_of_every_degree() {
	// Degree 3 has one column per permutation product, degree 5 three.
	for power in 2..=4 {
		let value = halo2curves::bn256::Fr::from(2);
		let instance = vec![value, halo2curves::bn256::Fr::from(1 << power)];
		let circuit = common::Chunks { value, power };
		let fixture = common::Fixture::new("chunks", 5, circuit, instance);
		assert_eq!(fixture.plan.shape().degree, power as u32 + 1);
		assert_eq!(
			fixture.plan.shape().permutation_chunks as usize,
			8usize.div_ceil(power - 1)
		);
		let verified = verify(
			&fixture.plan,
			&fixture.setup,
			&fixture.public_inputs,
			&fixture.proof,
		);
		assert_eq!(verified, Ok(()), "degree {}", power + 1);
	}
}

#[test]
fn plan_should_state_the_exact_sizes_of_proof_and_inputs() {
	for fixture in common::all() {
		assert_eq!(
			fixture.plan.proof_len(),
			fixture.proof.len(),
			"{}",
			fixture.name
		);
		assert_eq!(
			fixture.plan.num_public_inputs() as usize,
			fixture.public_inputs.len()
		);
		let work = fixture.plan.work();
		let bytes = 64 * work.proof_points + 32 * work.evaluations;
		assert_eq!(bytes as usize, fixture.proof.len());
		assert!(work.msm_points > work.proof_points);
	}
}

#[test]
fn proofs_should_hold_identity_commitments_of_zero_quotient_parts() {
	// The circuit has degree 2 but halo2 reserves two parts for the quotient.
	let fixture = common::minimal();
	assert!(fixture.proof.chunks_exact(64).any(|point| point == [0; 64]));
}

#[test]
fn setup_from_parameters_should_be_the_development_setup() {
	let fixture = common::minimal();
	assert_eq!(
		setup_from_params(&fixture.params),
		Ok(fixture.setup.clone())
	);
}

#[test]
fn plan_should_survive_encoding() {
	for fixture in common::all() {
		let bytes = fixture.plan.to_bytes();
		let decoded = Plan::decode_canonical(&bytes);
		assert_eq!(decoded.as_ref(), Ok(&fixture.plan), "{}", fixture.name);
		assert_eq!(decoded.map(|plan| plan.to_bytes()), Ok(bytes));
	}
}

#[test]
fn shape_should_describe_the_circuit() {
	let shape = common::mixed(8).plan.shape();
	assert_eq!((shape.k, shape.advice, shape.lookups), (8, 2, 1));
	assert_eq!((shape.degree, shape.permutation_chunks), (4, 2));
	assert!(shape.operations > 0);
}
