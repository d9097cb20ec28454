//! Anything but the proof, of these public inputs, under this plan and setup, is refused, with
//! the error that names what is wrong.

use crate::common;
use crate::common::Fixture;
use halo2_proofs::arithmetic::Field;
use halo2curves::bn256::Fr;
use inference_verifier::{verify, Plan, Scalar, Setup, VerifyError};

/// The scalar field's modulus, little-endian.
const MODULUS: [u8; 32] = [
	0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9, 0x79, 0x48, 0xe8, 0x33, 0x28,
	0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];
/// The base field's modulus, little-endian.
const BASE_MODULUS: [u8; 32] = [
	0x47, 0xfd, 0x7c, 0xd8, 0x16, 0x8c, 0x20, 0x3c, 0x8d, 0xca, 0x71, 0x68, 0x91, 0x6a, 0x81, 0x97,
	0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];

/// A word of 32 bytes of a proof.
#[derive(Clone, Copy, PartialEq)]
enum Word {
	/// A coordinate of a point.
	Coordinate,
	/// An evaluation.
	Evaluation,
}

/// Offset and kind of each word of a proof: points, evaluations, the opening's two points.
fn words(plan: &Plan) -> Vec<(usize, Word)> {
	let work = plan.work();
	let (points, evaluations) = (work.proof_points as usize - 2, work.evaluations as usize);
	let kinds = std::iter::repeat_n(Word::Coordinate, 2 * points)
		.chain(std::iter::repeat_n(Word::Evaluation, evaluations))
		.chain(std::iter::repeat_n(Word::Coordinate, 4));
	kinds.enumerate().map(|(i, kind)| (32 * i, kind)).collect()
}

/// Offsets of points.
fn points(plan: &Plan) -> Vec<usize> {
	let coordinates = words(plan)
		.into_iter()
		.filter(|(_, kind)| *kind == Word::Coordinate);
	coordinates.map(|(offset, _)| offset).step_by(2).collect()
}

fn check(fixture: &Fixture, proof: &[u8]) -> Result<(), VerifyError> {
	verify(&fixture.plan, &fixture.setup, &fixture.public_inputs, proof)
}

fn replace(proof: &[u8], offset: usize, with: &[u8]) -> Vec<u8> {
	let mut proof = proof.to_vec();
	proof[offset..offset + with.len()].copy_from_slice(with);
	proof
}

/// The word plus one.
fn increment(proof: &[u8], offset: usize) -> Vec<u8> {
	let mut proof = proof.to_vec();
	for byte in &mut proof[offset..offset + 32] {
		*byte = byte.wrapping_add(1);
		if *byte != 0 {
			break;
		}
	}
	proof
}

#[test]
fn verifier_should_refuse_when_any_word_of_the_proof_changed() {
	for fixture in common::all() {
		for (offset, kind) in words(&fixture.plan) {
			let expected = match kind {
				Word::Coordinate => VerifyError::OffCurve {
					offset: offset / 64 * 64,
				},
				Word::Evaluation => VerifyError::Invalid,
			};
			let got = check(&fixture, &increment(&fixture.proof, offset));
			// Points after an odd number of evaluations are not aligned to 64 bytes.
			let same = match (got, expected) {
				(Err(VerifyError::OffCurve { offset: at }), VerifyError::OffCurve { .. }) => {
					at == offset || at + 32 == offset
				},
				(got, expected) => got == Err(expected),
			};
			assert!(same, "{} at {offset}: {got:?}", fixture.name);
		}
	}
}

#[test]
fn verifier_should_refuse_when_a_point_is_another_point() {
	let generator = {
		let mut bytes = [0u8; 64];
		(bytes[0], bytes[32]) = (1, 2);
		bytes
	};
	for fixture in common::all() {
		for offset in points(&fixture.plan) {
			for point in [generator, [0; 64]] {
				let proof = replace(&fixture.proof, offset, &point);
				if proof != fixture.proof {
					let got = check(&fixture, &proof);
					assert_eq!(
						got,
						Err(VerifyError::Invalid),
						"{} at {offset}",
						fixture.name
					);
				}
			}
		}
	}
}

#[test]
fn verifier_should_refuse_when_two_points_are_swapped() {
	let fixture = common::mixed(8);
	let offsets = points(&fixture.plan);
	for pair in offsets.windows(2) {
		let (a, b) = (pair[0], pair[1]);
		let mut proof = replace(&fixture.proof, a, &fixture.proof[b..b + 64]);
		proof[b..b + 64].copy_from_slice(&fixture.proof[a..a + 64]);
		assert_eq!(check(&fixture, &proof), Err(VerifyError::Invalid), "at {a}");
	}
}

#[test]
fn verifier_should_refuse_when_an_encoding_is_not_canonical() {
	for fixture in common::all() {
		for (offset, kind) in words(&fixture.plan) {
			let got = match kind {
				Word::Coordinate => {
					check(&fixture, &replace(&fixture.proof, offset, &BASE_MODULUS))
				},
				Word::Evaluation => check(&fixture, &replace(&fixture.proof, offset, &MODULUS)),
			};
			let refused = match got {
				Err(VerifyError::NonCanonicalPoint { offset: at }) => {
					kind == Word::Coordinate && (at == offset || at + 32 == offset)
				},
				Err(VerifyError::NonCanonicalScalar { offset: at }) => {
					kind == Word::Evaluation && at == offset
				},
				_ => false,
			};
			assert!(refused, "{} at {offset}: {got:?}", fixture.name);
		}
	}
}

#[test]
fn verifier_should_refuse_other_encodings_of_the_same_values() {
	// The same evaluation plus the modulus, where that fits 32 bytes.
	let fixture = common::minimal();
	for (offset, kind) in words(&fixture.plan) {
		if kind == Word::Evaluation {
			let mut word = [0u8; 32];
			let mut carry = 0u16;
			for (i, byte) in word.iter_mut().enumerate() {
				let sum = u16::from(fixture.proof[offset + i]) + u16::from(MODULUS[i]) + carry;
				*byte = sum as u8;
				carry = sum >> 8;
			}
			assert_eq!(
				check(&fixture, &replace(&fixture.proof, offset, &word)),
				Err(VerifyError::NonCanonicalScalar { offset })
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_a_public_input_changed() {
	for fixture in common::all() {
		for index in 0..fixture.public_inputs.len() {
			let mut inputs = fixture.public_inputs.clone();
			inputs[index] += Scalar::from(1u8);
			let got = verify(&fixture.plan, &fixture.setup, &inputs, &fixture.proof);
			assert_eq!(
				got,
				Err(VerifyError::Invalid),
				"{} input {index}",
				fixture.name
			);
		}
	}
}

#[test]
fn verifier_should_refuse_when_the_number_of_public_inputs_is_wrong() {
	let fixture = common::mixed(8);
	let expected = fixture.public_inputs.len();
	let mut longer = fixture.public_inputs.clone();
	// A zero is what the column holds there: only the count tells.
	longer.push(Scalar::from(0u8));
	for inputs in [&fixture.public_inputs[..expected - 1], &longer, &[]] {
		assert_eq!(
			verify(&fixture.plan, &fixture.setup, inputs, &fixture.proof),
			Err(VerifyError::PublicInputs {
				expected,
				got: inputs.len()
			})
		);
	}
}

#[test]
fn verifier_should_refuse_when_the_proof_is_truncated_or_longer() {
	let fixture = common::lookups();
	let expected = fixture.proof.len();
	for got in [0, 1, 63, 64, expected - 64, expected - 32, expected - 1] {
		assert_eq!(
			check(&fixture, &fixture.proof[..got]),
			Err(VerifyError::ProofTooShort { expected, got })
		);
	}
	for extra in [1, 32, 64, 100_000] {
		let mut proof = fixture.proof.clone();
		proof.resize(expected + extra, 0);
		let got = expected + extra;
		assert_eq!(
			check(&fixture, &proof),
			Err(VerifyError::ProofTooLong { expected, got })
		);
	}
}

#[test]
fn verifier_should_refuse_when_the_setup_is_another() {
	let fixture = common::mixed(8);
	let mut bytes = fixture.setup.to_bytes();
	// The negative of [s]G2: a valid setup with another secret.
	for half in [64..96, 96..128] {
		let mut borrow = 0i16;
		for (i, byte) in bytes[half].iter_mut().enumerate() {
			let difference = i16::from(BASE_MODULUS[i]) - i16::from(*byte) - borrow;
			borrow = i16::from(difference < 0);
			*byte = difference.rem_euclid(256) as u8;
		}
	}
	let other = Setup::from_bytes(&bytes).expect("the negative is in the subgroup");
	assert_ne!(other.id(), fixture.setup.id());
	assert_eq!(
		verify(
			&fixture.plan,
			&other,
			&fixture.public_inputs,
			&fixture.proof
		),
		Err(VerifyError::Invalid)
	);
}

#[test]
fn verifier_should_refuse_when_the_plan_is_of_another_circuit_of_the_same_shape() {
	let value = Fr::from(3);
	let circuit = |power| common::Chunks { value, power };
	let instance = |power| vec![value, value.pow([power])];
	let a = Fixture::new("cube", 5, circuit(3), instance(3));
	// Same shape: another number of rows, hence other commitments.
	let b = Fixture::new("cube", 6, circuit(3), instance(3));
	assert_eq!(a.plan.proof_len(), b.plan.proof_len());
	assert_eq!(
		verify(&b.plan, &a.setup, &a.public_inputs, &a.proof),
		Err(VerifyError::Invalid)
	);
	assert_eq!(
		verify(&a.plan, &a.setup, &b.public_inputs, &b.proof),
		Err(VerifyError::Invalid)
	);
}

#[test]
fn verifier_should_refuse_when_any_part_of_the_plan_changed() {
	// The plan seeds the transcript: even parts that no equation reads are bound.
	for fixture in [common::mixed(8), common::phases()] {
		let bytes = fixture.plan.to_bytes();
		let mut decoded = 0;
		for offset in 0..bytes.len() {
			let mut other = bytes.clone();
			other[offset] ^= 1;
			if let Ok(plan) = Plan::decode_canonical(&other) {
				decoded += 1;
				let got = verify(
					&plan,
					&fixture.setup,
					&fixture.public_inputs,
					&fixture.proof,
				);
				assert!(got.is_err(), "{} with byte {offset} changed", fixture.name);
			}
		}
		// At least the key's digest decodes with any low bit changed.
		assert!(decoded > 32, "{decoded}");
	}
}

#[test]
fn verifier_should_refuse_proofs_of_false_statements() {
	// halo2's prover proves without checking; only the constraints stand in the way.
	let gate = common::Minimal((1..=5).map(Fr::from).collect());
	let mut instance: Vec<_> = (1..=5).map(Fr::from).collect();
	instance[2] = Fr::from(9);
	let gate = Fixture::new("unsatisfied gate", 4, gate, instance);
	let value = Fr::from(3);
	let copy = common::Chunks { value, power: 3 };
	let copy = Fixture::new("unsatisfied copy", 5, copy, vec![value, Fr::from(28)]);
	// 16 is not in the table of 0 to 15: halo2's prover does not look.
	let lookup = common::Lookups(vec![3, 16]);
	let lookup = Fixture::new(
		"unsatisfied lookup",
		6,
		lookup,
		vec![Fr::from(9), Fr::from(256)],
	);
	for fixture in [gate, copy, lookup] {
		assert_eq!(
			check(&fixture, &fixture.proof),
			Err(VerifyError::Invalid),
			"{}",
			fixture.name
		);
		assert!(!fixture.halo2_accepts(&fixture.instance, &fixture.proof));
	}
}

#[test]
fn verifier_should_agree_with_halo2_on_changed_evaluations() {
	let fixture = common::lookups();
	for (offset, kind) in words(&fixture.plan) {
		if kind == Word::Evaluation {
			let proof = increment(&fixture.proof, offset);
			assert!(
				!fixture.halo2_accepts(&fixture.instance, &proof),
				"at {offset}"
			);
		}
	}
}

#[test]
fn verifier_should_accept_a_proof_again() {
	// Verification has no state.
	let fixture = common::minimal();
	for _ in 0..3 {
		assert_eq!(check(&fixture, &fixture.proof), Ok(()));
	}
}
