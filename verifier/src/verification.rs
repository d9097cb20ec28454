//! Verification of one proof, and why one is refused.

use crate::{plan::Plan, reduction::Reduced, setup::Setup, Scalar};
use core::fmt;

/// Why a proof is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VerifyError {
	/// Wrong number of public inputs.
	PublicInputs {
		/// The plan's number.
		expected: usize,
		/// How many were given.
		got: usize,
	},
	/// The proof is truncated.
	ProofTooShort {
		/// [`Plan::proof_len`].
		expected: usize,
		/// Bytes given.
		got: usize,
	},
	/// Bytes follow the proof.
	ProofTooLong {
		/// [`Plan::proof_len`].
		expected: usize,
		/// Bytes given.
		got: usize,
	},
	/// A scalar is not below the field's modulus.
	NonCanonicalScalar {
		/// Where it starts.
		offset: usize,
	},
	/// A point's coordinate is not below the base field's modulus.
	NonCanonicalPoint {
		/// Where it starts.
		offset: usize,
	},
	/// A point is not on the curve.
	OffCurve {
		/// Where it starts.
		offset: usize,
	},
	/// A limb of the accumulator among the public inputs has more bits than the plan says.
	AccumulatorLimb {
		/// Index of the public input.
		index: usize,
	},
	/// A point of the accumulator among the public inputs has a coordinate that is not below the
	/// modulus, or is not on the curve, or is the identity.
	AccumulatorPoint {
		/// 0 for the left point, 1 for the right one.
		index: usize,
	},
	/// A challenge fell on a point at which nothing can be checked: with probability below 2^-220
	/// for an honest proof.
	DegenerateChallenge,
	/// The pairing check failed: the proof does not prove these public inputs under this plan and
	/// setup.
	Invalid,
	/// The plan is inconsistent with itself. Cannot happen: plans are validated.
	Internal,
}

impl fmt::Display for VerifyError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::PublicInputs { expected, got } => {
				write!(f, "expected {expected} public inputs, got {got}")
			},
			Self::ProofTooShort { expected, got } => {
				write!(
					f,
					"the proof is truncated: expected {expected} bytes, got {got}"
				)
			},
			Self::ProofTooLong { expected, got } => {
				write!(
					f,
					"the proof has trailing bytes: expected {expected} bytes, got {got}"
				)
			},
			Self::NonCanonicalScalar { offset } => {
				write!(
					f,
					"the scalar at byte {offset} is not below the field's modulus"
				)
			},
			Self::NonCanonicalPoint { offset } => {
				write!(
					f,
					"the point at byte {offset} has a coordinate not below the modulus"
				)
			},
			Self::OffCurve { offset } => {
				write!(f, "the point at byte {offset} is not on the curve")
			},
			Self::AccumulatorLimb { index } => {
				write!(
					f,
					"public input {index}, a limb of the accumulator, is too large"
				)
			},
			Self::AccumulatorPoint { index } => {
				write!(f, "point {index} of the accumulator is not on the curve")
			},
			Self::DegenerateChallenge => write!(f, "a challenge fell on a degenerate point"),
			Self::Invalid => write!(
				f,
				"the proof does not prove these public inputs under this verifying key and setup"
			),
			Self::Internal => write!(f, "the verifying key is inconsistent with itself"),
		}
	}
}

impl core::error::Error for VerifyError {}

/// Verifies a proof of `public_inputs`, all instance columns one after the other, under `plan` and
/// `setup`.
///
/// Cost: [`Plan::work`]. Deterministic; no input panics.
pub fn verify(
	plan: &Plan,
	setup: &Setup,
	public_inputs: &[Scalar],
	proof: &[u8],
) -> Result<(), VerifyError> {
	let reduced = Reduced::new(plan, public_inputs, proof)?;
	if reduced.equation(plan)?.holds(setup) {
		Ok(())
	} else {
		Err(VerifyError::Invalid)
	}
}
