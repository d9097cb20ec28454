//! The verifier: reads a proof, computes the quotient's value, checks one pairing.

use crate::{
	constraints,
	lagrange::Lagrange,
	plan::Plan,
	proof::{check_public_inputs, Proof},
	setup::Setup,
	shplonk, Scalar,
};
use alloc::vec::Vec;
use ark_bn254::{Bn254, G1Affine, G1Projective, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field};
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

/// Verifies a proof of `public_inputs` under `plan` and `setup`.
///
/// Cost: [`Plan::work`]. Deterministic; no input panics.
pub fn verify(
	plan: &Plan,
	setup: &Setup,
	public_inputs: &[Scalar],
	proof: &[u8],
) -> Result<(), VerifyError> {
	check_public_inputs(plan, public_inputs)?;
	let proof = Proof::read(plan, public_inputs, proof)?;
	let lagrange = Lagrange::new(plan.domain(), proof.challenges.x, plan.lagrange_rows())
		.ok_or(VerifyError::DegenerateChallenge)?;
	let quotient = constraints::quotient(plan, &proof, &lagrange, public_inputs)
		.ok_or(VerifyError::Internal)?;
	let scalars = shplonk::scalars(plan, &proof, lagrange.power, quotient)?;
	let witness = *proof
		.points
		.get(plan.layout().opening_witness())
		.ok_or(VerifyError::Internal)?;
	let sum = multiply(&bases(plan, proof.points), &scalars)?;
	// e(W′, [s]G2) · e(−F, G2) = 1
	let product = Bn254::multi_pairing(
		[witness, (-sum).into_affine()],
		[setup.s_g2(), G2Affine::generator()],
	);
	if product.0 == <Bn254 as Pairing>::TargetField::ONE {
		Ok(())
	} else {
		Err(VerifyError::Invalid)
	}
}

/// The bases, in the order of the plan's layout: the proof's points, the key's, the generator.
fn bases(plan: &Plan, points: Vec<G1Affine>) -> Vec<G1Affine> {
	let parts = plan.parts();
	let mut bases = points;
	bases.extend_from_slice(&parts.fixed_commitments);
	bases.extend(parts.permutation.iter().map(|column| column.commitment));
	bases.push(G1Affine::generator());
	bases
}

/// Σ scalar · base, without the terms that are zero.
fn multiply(bases: &[G1Affine], scalars: &[Scalar]) -> Result<G1Projective, VerifyError> {
	if bases.len() != scalars.len() {
		return Err(VerifyError::Internal);
	}
	let terms = bases.iter().zip(scalars);
	let (bases, scalars): (Vec<_>, Vec<_>) = terms
		.filter(|(base, scalar)| !base.is_zero() && **scalar != Scalar::ZERO)
		.map(|(base, scalar)| (*base, *scalar))
		.unzip();
	G1Projective::msm(&bases, &scalars).map_err(|_| VerifyError::Internal)
}
