//! Proofs made by EZKL's own prover (the PyPI wheel 23.0.5; `tests/ezkl/generate.py`) verify, alone
//! and in batches; anything else is refused, with the error that names what is wrong.

mod ezkl_fixtures;

use ezkl_fixtures::{all, setup, EzklFixture};
use inference_verifier::{
	ezkl::{plan_from_vka, VkaError},
	verify, verify_batch, BatchFailure, BatchItem, Plan, Scalar, Setup, TranscriptKind,
	VerifyError,
};

#[test]
fn proofs_by_the_wheel_should_verify() {
	let fixtures = all();
	assert!(fixtures.len() >= 8, "fixtures are missing");
	for fixture in &fixtures {
		let plan = fixture.plan();
		assert_eq!(plan.transcript(), TranscriptKind::KeccakEvm);
		for (index, proof) in fixture.proofs.iter().enumerate() {
			assert_eq!(
				verify(&plan, &setup(), &proof.public_inputs, &proof.bytes),
				Ok(()),
				"{} {index}",
				fixture.name
			);
		}
	}
}
