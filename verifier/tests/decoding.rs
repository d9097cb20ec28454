//! No bytes make the decoder or the verifier panic, or allocate beyond the bytes' own order.

use crate::{common, watched::watch};
use inference_verifier::{limits, verify, Plan, PlanError, PlanVersion, Setup};
use proptest::prelude::*;
use std::sync::OnceLock;

/// The largest allocation that decoding `bytes` makes.
fn largest_allocation(bytes: &[u8]) -> usize {
	watch(|| Plan::decode_canonical(bytes)).1.largest
}

struct Sample {
	plan: Plan,
	plan_bytes: Vec<u8>,
	public_inputs: Vec<inference_verifier::Scalar>,
	proof: Vec<u8>,
}

fn sample() -> &'static Sample {
	static SAMPLE: OnceLock<Sample> = OnceLock::new();
	SAMPLE.get_or_init(|| {
		let fixture = common::mixed(8);
		Sample {
			plan_bytes: fixture.plan.to_bytes(),
			plan: fixture.plan,
			public_inputs: fixture.public_inputs,
			proof: fixture.proof,
		}
	})
}

#[test]
fn decoder_should_refuse_every_truncation() {
	let bytes = &sample().plan_bytes;
	for len in 0..bytes.len() {
		let got = Plan::decode_canonical(&bytes[..len]);
		assert!(
			matches!(got, Err(PlanError::Truncated { .. })),
			"{len}: {got:?}"
		);
	}
}

#[test]
fn decoder_should_refuse_trailing_bytes() {
	let mut bytes = sample().plan_bytes.clone();
	bytes.extend([0; 3]);
	assert_eq!(
		Plan::decode_canonical(&bytes),
		Err(PlanError::Trailing { bytes: 3 })
	);
}

#[test]
fn decoder_should_refuse_other_versions() {
	let mut bytes = sample().plan_bytes.clone();
	for got in [0, 3, 255] {
		bytes[0] = got;
		assert_eq!(
			Plan::decode_canonical(&bytes),
			Err(PlanError::Version { expected: 2, got })
		);
	}
}

#[test]
fn decoder_should_refuse_more_bytes_than_a_plan_may_have() {
	let bytes = vec![1; limits::MAX_PLAN_BYTES as usize + 1];
	assert_eq!(
		Plan::decode_canonical(&bytes),
		Err(PlanError::TooLong {
			limit: limits::MAX_PLAN_BYTES,
			got: bytes.len()
		})
	);
}

#[test]
fn decoder_should_refuse_lengths_that_are_not_shortest() {
	// The list of advice phases follows 42 bytes of numbers; 2 as a two-byte length.
	let mut bytes = sample().plan_bytes.clone();
	assert_eq!(bytes[42], 2 << 2);
	bytes.splice(42..43, [2 << 2 | 1, 0]);
	assert_eq!(
		Plan::decode_canonical(&bytes),
		Err(PlanError::NonCanonicalLength { offset: 42 })
	);
}

#[test]
fn decoder_should_refuse_counts_over_their_limit_before_it_allocates() {
	let bytes = &sample().plan_bytes;
	// 2^30 − 1, the largest four-byte length; and the start of a longer one.
	for length in [
		[0xfe, 0xff, 0xff, 0xff],
		[0x03, 0xff, 0xff, 0xff],
		[0xff; 4],
	] {
		let mut huge = bytes.clone();
		huge.splice(42..43, length);
		assert!(matches!(
			Plan::decode_canonical(&huge),
			Err(PlanError::TooMany {
				what: "advice columns",
				limit: limits::MAX_COLUMNS,
				..
			})
		));
		// Wherever a length may stand.
		for offset in 0..bytes.len() - 4 {
			let mut huge = bytes.clone();
			huge[offset..offset + 4].copy_from_slice(&length);
			let largest = largest_allocation(&huge);
			// An item takes at most 80 bytes of memory per byte of encoding.
			assert!(largest <= 80 * huge.len(), "at {offset}: {largest} bytes");
		}
	}
}

#[test]
fn decoder_should_refuse_points_off_the_curve_and_scalars_out_of_range() {
	let bytes = &sample().plan_bytes;
	let errors: Vec<_> = (0..bytes.len())
		.filter_map(|offset| {
			let mut bytes = bytes.clone();
			bytes[offset] ^= 0x80;
			Plan::decode_canonical(&bytes).err()
		})
		.collect();
	assert!(errors
		.iter()
		.any(|e| matches!(e, PlanError::OffCurve { .. })));
	assert!(errors
		.iter()
		.any(|e| matches!(e, PlanError::NonCanonicalPoint { .. })));
	assert!(errors
		.iter()
		.any(|e| matches!(e, PlanError::NonCanonicalScalar { offset: 10 })));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2000))]

	#[test]
	fn decoder_should_never_panic_on_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
		let _ = Plan::decode_canonical(&bytes);
		for version in PlanVersion::ALL {
			let mut versioned = vec![version.number()];
			versioned.extend(&bytes);
			let _ = Plan::decode_canonical(&versioned);
			let _ = Plan::decode_trusted(&versioned);
		}
	}

	#[test]
	fn decoder_should_accept_only_canonical_bytes(
		changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
		cut in any::<Option<prop::sample::Index>>(),
	) {
		let mut bytes = sample().plan_bytes.clone();
		for (index, value) in changes {
			let index = index.index(bytes.len());
			bytes[index] = value;
		}
		if let Some(cut) = cut {
			bytes.truncate(cut.index(bytes.len()));
		}
		if let Ok(plan) = Plan::decode_canonical(&bytes) {
			prop_assert_eq!(plan.to_bytes(), bytes);
			prop_assert!(plan.proof_len() <= limits::MAX_PROOF_BYTES as usize);
		}
	}

	#[test]
	fn setup_should_never_panic_on_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
		let _ = Setup::from_bytes(&bytes);
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(200))]

	#[test]
	fn verifier_should_refuse_mutated_proofs_without_panic(
		changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4),
	) {
		let sample = sample();
		let mut proof = sample.proof.clone();
		for (index, value) in changes {
			let index = index.index(proof.len());
			proof[index] ^= value;
		}
		prop_assume!(proof != sample.proof);
		let setup = Setup::insecure_development();
		prop_assert!(verify(&sample.plan, &setup, &sample.public_inputs, &proof).is_err());
	}

	#[test]
	fn mutated_plans_should_refuse_the_proof_without_panic(
		index in any::<prop::sample::Index>(),
		change in 1..=255u8,
	) {
		let sample = sample();
		let mut bytes = sample.plan_bytes.clone();
		let index = index.index(bytes.len());
		bytes[index] ^= change;
		if let Ok(plan) = Plan::decode_canonical(&bytes) {
			let mut proof = sample.proof.clone();
			proof.resize(plan.proof_len(), 0);
			let mut inputs = sample.public_inputs.clone();
			inputs.resize(plan.num_public_inputs() as usize, Default::default());
			let setup = Setup::insecure_development();
			prop_assert!(verify(&plan, &setup, &inputs, &proof).is_err());
		}
	}
}
