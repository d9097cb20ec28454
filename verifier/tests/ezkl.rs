//! Proofs made by EZKL's own prover (the PyPI wheel 23.0.5; `tests/ezkl/generate.py`) verify;
//! anything else is refused, with the error that names what is wrong. Hostile keys are in
//! `ezkl_keys.rs`, batches in `batch.rs`.

use crate::ezkl_fixtures::{add, all, setup, EzklFixture, EzklProof};
use ark_bn254::Fq;
use ark_ff::{BigInteger, PrimeField};
use inference_verifier::{
	ezkl::{plan_from_vka, VkaError},
	verify, Plan, Scalar, Setup, TranscriptKind, VerifyError,
};
use std::sync::OnceLock;

/// Fixtures of which every pair of neighbours is swapped, and every point replaced.
const THOROUGH: [&str; 3] = ["linear-regression", "sum-only", "no-instances"];

/// A fixture with its plan.
struct Case {
	fixture: EzklFixture,
	plan: Plan,
}

impl Case {
	fn name(&self) -> &str {
		&self.fixture.name
	}

	fn proof(&self) -> &EzklProof {
		&self.fixture.proofs[0]
	}

	/// What is said of `proof` with the first proof's public inputs.
	fn check(&self, proof: &[u8]) -> Result<(), VerifyError> {
		verify(&self.plan, &setup(), &self.proof().public_inputs, proof)
	}
}

fn cases() -> &'static [Case] {
	static CASES: OnceLock<Vec<Case>> = OnceLock::new();
	CASES.get_or_init(|| {
		let fixtures = all();
		assert!(fixtures.len() >= 25, "fixtures are missing");
		let cases = fixtures.into_iter().map(|fixture| Case {
			plan: fixture.plan(),
			fixture,
		});
		cases.collect()
	})
}

fn case(name: &str) -> &'static Case {
	cases().iter().find(|case| case.name() == name).unwrap()
}

fn thorough() -> impl Iterator<Item = &'static Case> {
	THOROUGH.into_iter().map(case)
}

/// What a word of 32 bytes of a proof is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
	/// A coordinate of the point that starts at this offset.
	Coordinate(usize),
	/// An evaluation.
	Evaluation,
}

/// Offset and kind of each word of a proof: points, evaluations, the opening's two points.
fn words(plan: &Plan) -> Vec<(usize, Word)> {
	let work = plan.work();
	let points = work.proof_points as usize - 2;
	let evaluations = 64 * points..64 * points + 32 * work.evaluations as usize;
	let kind = |offset: usize| {
		if evaluations.contains(&offset) {
			Word::Evaluation
		} else if offset < evaluations.end {
			Word::Coordinate(offset / 64 * 64)
		} else {
			let within = offset - evaluations.end;
			Word::Coordinate(evaluations.end + within / 64 * 64)
		}
	};
	(0..plan.proof_len())
		.step_by(32)
		.map(|offset| (offset, kind(offset)))
		.collect()
}

/// Offsets of points.
fn points(plan: &Plan) -> Vec<usize> {
	let words = words(plan).into_iter();
	words
		.filter(|(offset, kind)| *kind == Word::Coordinate(*offset))
		.map(|(offset, _)| offset)
		.collect()
}

fn word(proof: &[u8], offset: usize) -> [u8; 32] {
	proof[offset..offset + 32].try_into().unwrap()
}

fn replace(proof: &[u8], offset: usize, with: &[u8]) -> Vec<u8> {
	let mut proof = proof.to_vec();
	proof[offset..offset + with.len()].copy_from_slice(with);
	proof
}

/// The proof with a number added to a word.
fn plus(proof: &[u8], offset: usize, number: &[u8; 32]) -> Vec<u8> {
	replace(proof, offset, &add(&word(proof, offset), number))
}

fn one() -> [u8; 32] {
	std::array::from_fn(|index| u8::from(index == 31))
}

fn modulus<F: PrimeField>() -> [u8; 32] {
	F::MODULUS.to_bytes_be().try_into().unwrap()
}

#[test]
fn proofs_by_the_wheel_should_verify() {
	for case in cases() {
		assert_eq!(case.plan.transcript(), TranscriptKind::KeccakEvm);
		assert!(!case.fixture.proofs.is_empty(), "{}", case.name());
		for (index, proof) in case.fixture.proofs.iter().enumerate() {
			assert_eq!(
				verify(&case.plan, &setup(), &proof.public_inputs, &proof.bytes),
				Ok(()),
				"{} {index}",
				case.name()
			);
		}
	}
}

#[test]
fn circuits_of_many_inner_columns_should_have_the_degree_that_these_need() {
	// The product of a row's columns, and a selector; one part of the quotient less.
	for (name, columns, points, evaluations) in [
		("mlp-cols16", 16, 84, 181),
		("top-k-cols32", 32, 157, 361),
		("mlp-cols36", 36, 164, 355),
	] {
		let case = case(name);
		assert_eq!(case.plan.parts().degree, columns + 2, "{name}");
		let layout = case.plan.layout();
		assert_eq!(layout.quotient_parts(), usize::from(columns) + 1, "{name}");
		// What verification's weight counts.
		let work = case.plan.work();
		assert_eq!(work.proof_points, points, "{name}");
		assert_eq!(work.evaluations, evaluations, "{name}");
		assert_eq!(case.check(&case.proof().bytes), Ok(()), "{name}");
	}
}

#[test]
fn plan_should_verify_the_same_when_decoded() {
	for case in cases() {
		let bytes = case.plan.to_bytes();
		let decoded = Plan::decode_canonical(&bytes);
		assert_eq!(decoded.as_ref(), Ok(&case.plan), "{}", case.name());
		let trusted = Plan::decode_trusted(&bytes);
		assert_eq!(trusted.as_ref(), Ok(&case.plan), "{}", case.name());
		let EzklProof {
			public_inputs,
			bytes: proof,
		} = case.proof();
		let wrong = plus(proof, words(&case.plan)[0].0, &one());
		for plan in [decoded.unwrap(), trusted.unwrap()] {
			assert_eq!(plan.to_bytes(), bytes);
			assert_eq!(plan.proof_len(), proof.len());
			assert_eq!(plan.num_public_inputs() as usize, public_inputs.len());
			assert_eq!(verify(&plan, &setup(), public_inputs, proof), Ok(()));
			assert_eq!(
				verify(&plan, &setup(), public_inputs, &wrong),
				Err(VerifyError::OffCurve { offset: 0 })
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_any_word_of_the_proof_changed() {
	for case in cases() {
		for (offset, kind) in words(&case.plan).into_iter() {
			let expected = match kind {
				Word::Coordinate(offset) => VerifyError::OffCurve { offset },
				Word::Evaluation => VerifyError::Invalid,
			};
			let got = case.check(&plus(&case.proof().bytes, offset, &one()));
			assert_eq!(got, Err(expected), "{} at {offset}", case.name());
		}
	}
}

#[test]
fn verifier_should_refuse_when_an_encoding_is_not_canonical() {
	// The same values plus the modulus: EZKL's contract would reduce a scalar.
	for case in cases() {
		for (offset, kind) in words(&case.plan) {
			let proof = &case.proof().bytes;
			let (changed, expected) = match kind {
				Word::Coordinate(offset) => {
					(modulus::<Fq>(), VerifyError::NonCanonicalPoint { offset })
				},
				Word::Evaluation => (
					modulus::<Scalar>(),
					VerifyError::NonCanonicalScalar { offset },
				),
			};
			let got = case.check(&plus(proof, offset, &changed));
			assert_eq!(got, Err(expected), "{} at {offset}", case.name());
			let got = case.check(&replace(proof, offset, &[0xff; 32]));
			assert_eq!(got, Err(expected), "{} at {offset}", case.name());
		}
	}
}

#[test]
fn verifier_should_refuse_when_a_point_is_the_identity() {
	// EZKL's transcript has no encoding for it.
	for case in cases() {
		for offset in points(&case.plan) {
			let got = case.check(&replace(&case.proof().bytes, offset, &[0; 64]));
			assert_eq!(
				got,
				Err(VerifyError::OffCurve { offset }),
				"{} at {offset}",
				case.name()
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_a_point_is_another_point() {
	let generator = [[0; 31].as_slice(), &[1], &[0; 31], &[2]].concat();
	for case in thorough() {
		let proof = &case.proof().bytes;
		for offset in points(&case.plan) {
			let y = Fq::from_be_bytes_mod_order(&word(proof, offset + 32));
			let negative = (-y).into_bigint().to_bytes_be();
			for changed in [
				replace(proof, offset, &generator),
				replace(proof, offset + 32, &negative),
			] {
				let got = case.check(&changed);
				assert_eq!(
					got,
					Err(VerifyError::Invalid),
					"{} at {offset}",
					case.name()
				);
			}
		}
	}
}

#[test]
fn verifier_should_refuse_when_two_points_are_swapped() {
	for case in thorough() {
		let proof = &case.proof().bytes;
		for pair in points(&case.plan).windows(2) {
			let (a, b) = (pair[0], pair[1]);
			let swapped = replace(proof, a, &proof[b..b + 64]);
			let swapped = replace(&swapped, b, &proof[a..a + 64]);
			// Equal commitments of equal columns.
			let expected = if swapped == *proof {
				Ok(())
			} else {
				Err(VerifyError::Invalid)
			};
			assert_eq!(case.check(&swapped), expected, "{} at {a}", case.name());
		}
	}
}

#[test]
fn verifier_should_refuse_when_two_evaluations_are_swapped() {
	for case in thorough() {
		let proof = &case.proof().bytes;
		let words = words(&case.plan).into_iter();
		let offsets: Vec<usize> = words
			.filter(|(_, kind)| *kind == Word::Evaluation)
			.map(|(offset, _)| offset)
			.collect();
		for pair in offsets.windows(2) {
			let (a, b) = (pair[0], pair[1]);
			let swapped = replace(proof, a, &word(proof, b));
			let swapped = replace(&swapped, b, &word(proof, a));
			let expected = if swapped == *proof {
				Ok(())
			} else {
				Err(VerifyError::Invalid)
			};
			assert_eq!(case.check(&swapped), expected, "{} at {a}", case.name());
		}
	}
}

#[test]
fn verifier_should_refuse_when_a_public_input_changed() {
	for case in cases() {
		let EzklProof {
			public_inputs,
			bytes,
		} = case.proof();
		for index in 0..public_inputs.len() {
			let mut inputs = public_inputs.clone();
			inputs[index] += Scalar::from(1u8);
			assert_eq!(
				verify(&case.plan, &setup(), &inputs, bytes),
				Err(VerifyError::Invalid),
				"{} input {index}",
				case.name()
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_public_inputs_are_those_of_another_proof() {
	for case in [case("linear-regression"), case("mlp-relu")] {
		let proofs = &case.fixture.proofs;
		for (index, proof) in proofs.iter().enumerate() {
			let next = &proofs[(index + 1) % proofs.len()];
			assert_ne!(proof.public_inputs, next.public_inputs);
			assert_eq!(
				verify(&case.plan, &setup(), &next.public_inputs, &proof.bytes),
				Err(VerifyError::Invalid)
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_the_number_of_public_inputs_is_wrong() {
	for case in cases() {
		let EzklProof {
			public_inputs,
			bytes,
		} = case.proof();
		let expected = public_inputs.len();
		for got in [0, expected.saturating_sub(1), expected + 1, expected + 1000] {
			if got != expected {
				let mut inputs = public_inputs.clone();
				// A zero is what the column holds there: only the count tells.
				inputs.resize(got, Scalar::from(0u8));
				assert_eq!(
					verify(&case.plan, &setup(), &inputs, bytes),
					Err(VerifyError::PublicInputs { expected, got }),
					"{}",
					case.name()
				);
			}
		}
	}
}

#[test]
fn verifier_should_refuse_when_the_proof_is_truncated_or_longer() {
	for case in cases() {
		let proof = &case.proof().bytes;
		let expected = proof.len();
		for got in 0..expected {
			assert_eq!(
				case.check(&proof[..got]),
				Err(VerifyError::ProofTooShort { expected, got }),
				"{}",
				case.name()
			);
		}
		for extra in [1, 31, 32, 64, 100_000] {
			let mut longer = proof.clone();
			longer.resize(expected + extra, 0);
			assert_eq!(
				case.check(&longer),
				Err(VerifyError::ProofTooLong {
					expected,
					got: expected + extra
				}),
				"{}",
				case.name()
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_the_proof_is_of_another_key() {
	let mut same_shape = 0;
	for (a, case) in cases().iter().enumerate() {
		for (b, other) in cases().iter().enumerate() {
			if a == b {
				continue;
			}
			let EzklProof {
				public_inputs,
				bytes,
			} = other.proof();
			let label = format!("{} under {}", other.name(), case.name());
			let inputs = case.plan.num_public_inputs() as usize;
			let expected = if public_inputs.len() != inputs {
				VerifyError::PublicInputs {
					expected: inputs,
					got: public_inputs.len(),
				}
			} else if bytes.len() < case.plan.proof_len() {
				VerifyError::ProofTooShort {
					expected: case.plan.proof_len(),
					got: bytes.len(),
				}
			} else if bytes.len() > case.plan.proof_len() {
				VerifyError::ProofTooLong {
					expected: case.plan.proof_len(),
					got: bytes.len(),
				}
			} else {
				same_shape += 1;
				VerifyError::Invalid
			};
			assert_eq!(
				verify(&case.plan, &setup(), public_inputs, bytes),
				Err(expected),
				"{label}"
			);
			// Of the right sizes, too.
			let (mut public_inputs, mut bytes) = (public_inputs.clone(), bytes.clone());
			public_inputs.resize(inputs, Scalar::from(0u8));
			bytes.resize(case.plan.proof_len(), 0);
			assert!(
				verify(&case.plan, &setup(), &public_inputs, &bytes).is_err(),
				"{label}"
			);
		}
	}
	assert!(same_shape >= 4, "{same_shape}");
}

#[test]
fn verifier_should_refuse_when_the_setup_is_another() {
	let other = Setup::insecure_development();
	for case in cases() {
		let EzklProof {
			public_inputs,
			bytes,
		} = case.proof();
		assert_eq!(
			verify(&case.plan, &other, public_inputs, bytes),
			Err(VerifyError::Invalid),
			"{}",
			case.name()
		);
		assert_eq!(
			plan_from_vka(&case.fixture.vka, &other),
			Err(VkaError::Setup { what: "−[s]G2" }),
			"{}",
			case.name()
		);
	}
}

#[test]
fn verifier_should_refuse_ezkl_proofs_in_our_encoding() {
	// Little-endian words are other numbers.
	for case in thorough() {
		let mut proof = case.proof().bytes.clone();
		proof.chunks_mut(32).for_each(<[u8]>::reverse);
		assert!(case.check(&proof).is_err(), "{}", case.name());
	}
}
