//! From a proof to an equation between pairings.
//!
//! Everything that a proof claims holds, but for negligible probability, if
//! `e(left, [s]G2) = e(right, G2)`, where `left` is the opening's witness and `right` one
//! multi-scalar multiplication over the proof's points and the key's. Equations add up: a random
//! combination of true ones is true, and of any false one false but for probability 2^-128.

use crate::{
	accumulator::Accumulator,
	constraints,
	lagrange::Lagrange,
	plan::Plan,
	proof::{check_public_inputs, Proof},
	setup::Setup,
	shplonk,
	transcript::Transcript,
	verification::VerifyError,
	Scalar,
};
use alloc::vec::Vec;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::AdditiveGroup;
use inference_bn254::{
	msm::msm,
	pairing::{product_is_one, PreparedG2},
	G1Affine, G1Projective,
};

/// A point with its scalar.
pub(crate) type Term = (G1Affine, Scalar);

/// A proof, reduced to the terms of its equation.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
	/// The proof's own terms of `right`.
	pub terms: Vec<Term>,
	/// Scalars of the key's points in `right`: fixed columns, permutation columns, the generator.
	pub key_scalars: Vec<Scalar>,
	/// `left`.
	pub witness: G1Affine,
	/// The check that the public inputs defer.
	pub accumulator: Option<Accumulator>,
	/// Binds plan, public inputs and proof.
	pub seal: [u8; 64],
}

impl Reduced {
	/// Reads a proof and evaluates its constraints.
	pub(crate) fn new(
		plan: &Plan,
		public_inputs: &[Scalar],
		proof: &[u8],
	) -> Result<Self, VerifyError> {
		check_public_inputs(plan, public_inputs)?;
		let accumulator = plan
			.accumulator()
			.map(|layout| Accumulator::read(&layout, public_inputs))
			.transpose()?;
		let proof = Proof::read(plan, public_inputs, proof)?;
		let lagrange = Lagrange::new(plan.domain(), proof.challenges.x, plan.lagrange_rows())
			.ok_or(VerifyError::DegenerateChallenge)?;
		let quotient = constraints::quotient(plan, &proof, &lagrange, public_inputs)
			.ok_or(VerifyError::Internal)?;
		let mut scalars = shplonk::scalars(plan, &proof, lagrange.power, quotient)?;
		let witness = *proof
			.points
			.get(plan.layout().opening_witness())
			.ok_or(VerifyError::Internal)?;
		if scalars.len() < proof.points.len() {
			return Err(VerifyError::Internal);
		}
		let key_scalars = scalars.split_off(proof.points.len());
		Ok(Self {
			terms: proof.points.into_iter().zip(scalars).collect(),
			key_scalars,
			witness,
			accumulator,
			seal: proof.seal,
		})
	}

	/// The proof's equation, with its accumulator's added in.
	pub(crate) fn equation(&self, plan: &Plan) -> Result<Equation, VerifyError> {
		let mut right = self.terms.clone();
		right.extend(key_terms(plan, &self.key_scalars)?);
		let Some(accumulator) = self.accumulator else {
			return Ok(Equation {
				left: self.witness.into_group(),
				right: msm(&right),
			});
		};
		let coefficient = coefficient(&self.seal, 0);
		right.push((accumulator.left, coefficient));
		Ok(Equation {
			left: msm(&[(accumulator.right, coefficient)]) + self.witness,
			right: msm(&right),
		})
	}
}

/// The terms of a key's points.
pub(crate) fn key_terms(plan: &Plan, scalars: &[Scalar]) -> Result<Vec<Term>, VerifyError> {
	let parts = plan.parts();
	let fixed = parts.fixed_commitments.iter().copied();
	let permutation = parts.permutation.iter().map(|column| column.commitment);
	let points = fixed
		.chain(permutation)
		.chain(core::iter::once(G1Affine::generator()));
	let terms: Vec<Term> = points.zip(scalars.iter().copied()).collect();
	if terms.len() == scalars.len() {
		Ok(terms)
	} else {
		Err(VerifyError::Internal)
	}
}

/// A coefficient of 128 bits from a seal.
pub(crate) fn coefficient(seal: &[u8; 64], index: u32) -> Scalar {
	let mut transcript = Transcript::new(seal);
	let mut word = [0u8; 32];
	for (to, from) in word.iter_mut().zip(index.to_le_bytes()) {
		*to = from;
	}
	transcript.absorb_scalar(&word);
	let bytes = transcript.challenge_bytes();
	let low = bytes.first_chunk::<16>().copied().unwrap_or_default();
	Scalar::from(u128::from_le_bytes(low))
}

/// `e(left, [s]G2) = e(right, G2)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Equation {
	pub left: G1Projective,
	pub right: G1Projective,
}

impl Equation {
	/// The equation 1 = 1.
	pub(crate) fn trivial() -> Self {
		Self {
			left: G1Projective::ZERO,
			right: G1Projective::ZERO,
		}
	}

	/// Both sides added.
	pub(crate) fn plus(&self, other: &Self) -> Self {
		Self {
			left: self.left + other.left,
			right: self.right + other.right,
		}
	}

	/// Both sides multiplied.
	pub(crate) fn scaled(&self, by: Scalar) -> Self {
		Self {
			left: self.left * by,
			right: self.right * by,
		}
	}

	/// Whether it holds: one product of two pairings.
	pub(crate) fn holds(&self, setup: &Setup) -> bool {
		product_is_one(&[
			(self.left.into_affine(), setup.lines()),
			((-self.right).into_affine(), &PreparedG2::generator()),
		])
	}
}
