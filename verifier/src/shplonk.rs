//! SHPLONK: all claims "commitment C has value e at point p" become one pairing check.
//!
//! For rotation set i with points S_i, commitments C_{i,j} and claims interpolated by r_{i,j}; T
//! the union of all points; challenges y, v, u; opening quotient W and witness W′:
//!
//! - coefficient of set i: `c_i = v^i · Z_{T∖S_i}(u) / Z_{T∖S_0}(u)` (c₀ = 1)
//! - `F = Σ_i c_i Σ_j y^j (C_{i,j} − r_{i,j}(u)·G) − Z_{S_0}(u)·W + u·W′`
//! - check `e(W′, [s]G2) = e(F, G2)`
//!
//! F is one multi-scalar multiplication; the quotient's commitment, `Σ x^{n·k}·H_k`, is folded into
//! it.

use crate::{
	domain::Domain,
	plan::{
		opening::{Claim, Commitment},
		Plan,
	},
	proof::Proof,
	verification::VerifyError,
	Scalar,
};
use alloc::vec::Vec;
use ark_ff::{batch_inversion, AdditiveGroup, Field};

/// The scalars of the multi-scalar multiplication, one per base of the plan's layout.
///
/// `power` is x^n, `quotient` the quotient's value at x.
pub(crate) fn scalars(
	plan: &Plan,
	proof: &Proof,
	power: Scalar,
	quotient: Scalar,
) -> Result<Vec<Scalar>, VerifyError> {
	let challenges = &proof.challenges;
	let layout = plan.layout();
	let interpolation =
		Interpolation::new(plan, plan.domain(), challenges.x, challenges.opening_u)?;

	let mut scalars = alloc::vec![Scalar::ZERO; layout.bases()];
	let mut quotient_scalar = Scalar::ZERO;
	let mut claimed = Scalar::ZERO;
	let mut power_of_v = Scalar::ONE;
	for (set, terms) in plan.openings().sets.iter().zip(&interpolation.sets) {
		let mut coefficient = power_of_v * terms.coefficient;
		for member in &set.members {
			let mut value = Scalar::ZERO;
			for (claim, basis) in member.claims.iter().zip(&terms.basis) {
				let claim = match claim {
					Claim::Evaluation(position) => *proof
						.evaluations
						.get(*position)
						.ok_or(VerifyError::Internal)?,
					Claim::Quotient => quotient,
				};
				value += claim * basis;
			}
			claimed += coefficient * value;
			match member.commitment {
				Commitment::Base(position) => add(&mut scalars, position, coefficient)?,
				Commitment::Quotient => quotient_scalar += coefficient,
			}
			coefficient *= challenges.opening_y;
		}
		power_of_v *= challenges.opening_v;
	}
	for part in 0..layout.quotient_parts() {
		add(&mut scalars, layout.quotient(part), quotient_scalar)?;
		quotient_scalar *= power;
	}
	add(&mut scalars, layout.generator(), -claimed)?;
	add(
		&mut scalars,
		layout.opening_quotient(),
		-interpolation.vanishing,
	)?;
	add(&mut scalars, layout.opening_witness(), challenges.opening_u)?;
	Ok(scalars)
}

/// Adds to the scalar of a base.
fn add(scalars: &mut [Scalar], position: usize, value: Scalar) -> Result<(), VerifyError> {
	*scalars.get_mut(position).ok_or(VerifyError::Internal)? += value;
	Ok(())
}

/// What interpolation at u needs of one rotation set.
struct SetTerms {
	/// Z_{T∖S_i}(u) / Z_{T∖S_0}(u).
	coefficient: Scalar,
	/// The Lagrange basis of the set's points at u.
	basis: Vec<Scalar>,
}

/// Interpolation of every rotation set, with one batch of inversions.
struct Interpolation {
	sets: Vec<SetTerms>,
	/// Z_{S_0}(u).
	vanishing: Scalar,
}

impl Interpolation {
	fn new(plan: &Plan, domain: &Domain, x: Scalar, u: Scalar) -> Result<Self, VerifyError> {
		let openings = plan.openings();
		let mut points = Vec::with_capacity(openings.points.len());
		for rotation in &openings.points {
			points.push(x * domain.omega().pow([u64::from(*rotation)]));
		}
		// u − p for each point, indexed as the points are.
		let distances: Vec<Scalar> = points.iter().map(|point| u - point).collect();

		let mut sets = Vec::with_capacity(openings.sets.len());
		// Denominators of all bases, then Z_{T∖S_0}(u).
		let mut inverses = Vec::new();
		let mut vanishing = Scalar::ONE;
		let mut first_complement = Scalar::ONE;
		for (index, set) in openings.sets.iter().enumerate() {
			let mut complement = Scalar::ONE;
			for (position, distance) in distances.iter().enumerate() {
				if set.points.binary_search(&position).is_err() {
					complement *= distance;
				} else if index == 0 {
					vanishing *= distance;
				}
			}
			if index == 0 {
				first_complement = complement;
			}
			let mut basis = Vec::with_capacity(set.points.len());
			for j in &set.points {
				let (mut numerator, mut denominator) = (Scalar::ONE, Scalar::ONE);
				let at = points.get(*j).ok_or(VerifyError::Internal)?;
				for m in set.points.iter().filter(|m| *m != j) {
					let other = points.get(*m).ok_or(VerifyError::Internal)?;
					numerator *= distances.get(*m).ok_or(VerifyError::Internal)?;
					denominator *= *at - other;
				}
				basis.push(numerator);
				inverses.push(denominator);
			}
			sets.push(SetTerms {
				coefficient: complement,
				basis,
			});
		}
		inverses.push(first_complement);
		if inverses.contains(&Scalar::ZERO) {
			return Err(VerifyError::DegenerateChallenge);
		}
		batch_inversion(&mut inverses);
		let first_inverse = inverses.pop().ok_or(VerifyError::Internal)?;
		let mut inverses = inverses.into_iter();
		for set in &mut sets {
			set.coefficient *= first_inverse;
			for (value, inverse) in set.basis.iter_mut().zip(inverses.by_ref()) {
				*value *= inverse;
			}
		}
		Ok(Self { sets, vanishing })
	}
}
