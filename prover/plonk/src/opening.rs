//! SHPLONK: all evaluations, in two points (<https://eprint.iacr.org/2020/081>). The verifier's
//! `shplonk` has the notation.

use crate::{
	commitment_key::CommitmentKey,
	error::ProveError,
	fft::{evaluate, invert_all, powers},
	key::ProvingKey,
	progress::{Progress, Stage},
	transcript::Writer,
};
use halo2curves::{bn256::Fr, ff::Field};
use inference_verifier::plan::opening::{Claim, Commitment, RotationSet};
use rayon::prelude::*;
use std::borrow::Cow;

/// A polynomial that something in the proof or the verifying key commits to.
#[derive(Clone, Copy)]
pub(crate) enum Base<'a> {
	Polynomial(&'a [Fr]),
	/// That of a fixed column.
	Fixed(usize),
	/// That of a column of the permutation.
	Permutation(usize),
}

/// Polynomials by what commits to them.
pub(crate) struct Polynomials<'a> {
	pub key: &'a ProvingKey,
	/// By position among the bases of the verifier's multi-scalar multiplication.
	pub bases: Vec<Option<Base<'a>>>,
	/// The quotient's parts, combined at x.
	pub quotient: Vec<Fr>,
}

impl Polynomials<'_> {
	/// A polynomial, read from the key's file if it is there.
	fn get(&self, commitment: Commitment) -> Result<Cow<'_, [Fr]>, ProveError> {
		let position = match commitment {
			Commitment::Quotient => return Ok(Cow::Borrowed(&self.quotient)),
			Commitment::Base(position) => position,
		};
		match self.bases.get(position).copied().flatten() {
			Some(Base::Polynomial(polynomial)) => Ok(Cow::Borrowed(polynomial)),
			Some(Base::Fixed(column)) => self.key.fixed_polynomial(column),
			Some(Base::Permutation(column)) => self.key.permutation_polynomial(column),
			None => Err(ProveError::Internal("a polynomial is missing")),
		}
	}
}

/// Evaluates everything that a proof opens, writes the evaluations, and opens them.
pub(crate) fn open(
	key: &ProvingKey,
	commitments: &CommitmentKey,
	polynomials: &Polynomials<'_>,
	x: Fr,
	writer: &mut Writer,
	progress: Progress<'_>,
) -> Result<(), ProveError> {
	let counter = progress.stage(Stage::Open, 2);
	let openings = key.plan().openings();
	let points: Vec<Fr> = openings
		.points
		.iter()
		.map(|rotation| x * key.domain.rotation(i64::from(*rotation)))
		.collect();
	let values = evaluate_all(&openings.sets, polynomials, &points)?;
	let mut evaluations = vec![Fr::ZERO; key.plan().layout().evaluations()];
	for (set, values) in openings.sets.iter().zip(&values) {
		for (member, values) in set.members.iter().zip(values) {
			for (claim, value) in member.claims.iter().zip(values) {
				if let Claim::Evaluation(position) = claim {
					*evaluations
						.get_mut(*position)
						.ok_or(ProveError::Internal("an evaluation has no place"))? = *value;
				}
			}
		}
	}
	for evaluation in evaluations {
		writer.scalar(evaluation);
	}
	let (y, v) = (writer.challenge(), writer.challenge());

	// f_i − r_i for each set: the polynomials combined, less what interpolates their values.
	let n = key.domain.size();
	let combined: Vec<(Vec<Fr>, Vec<Fr>)> = openings
		.sets
		.par_iter()
		.with_max_len(1)
		.zip(&values)
		.map(|(set, values)| combine(set, values, polynomials, &points, y, n))
		.collect::<Result<_, _>>()?;

	// W = Σ v^i · (f_i − r_i) / Z_i.
	let quotients: Vec<Vec<Fr>> = openings
		.sets
		.par_iter()
		.zip(&combined)
		.map(|(set, (f, r))| {
			let mut quotient = f.clone();
			quotient.iter_mut().zip(r).for_each(|(f, r)| *f -= r);
			for point in set.points.iter().filter_map(|p| points.get(*p)) {
				divide(&mut quotient, *point);
			}
			quotient
		})
		.collect();
	let mut witness = vec![Fr::ZERO; n];
	for (quotient, power) in quotients.iter().zip(powers(v)) {
		for (to, value) in witness.iter_mut().zip(quotient) {
			*to += *value * power;
		}
	}
	drop(quotients);
	writer.points(&commitments.commit_coefficients(&[&witness], &counter));
	let u = writer.challenge();

	// L = Σ c_i · (f_i − r_i(u)) − Z_0(u) · W, which is zero at u.
	let vanishing = |set: &RotationSet, inside: bool| {
		let all = points.iter().enumerate();
		all.filter(|(index, _)| set.points.contains(index) == inside)
			.fold(Fr::ONE, |product, (_, point)| product * (u - point))
	};
	let first = openings
		.sets
		.first()
		.ok_or(ProveError::Internal("nothing is opened"))?;
	let normaliser = Option::<Fr>::from(vanishing(first, false).invert())
		.ok_or(ProveError::DegenerateChallenge)?;
	let factor = vanishing(first, true);
	for value in &mut witness {
		*value *= -factor;
	}
	for ((set, (f, r)), power) in openings.sets.iter().zip(&combined).zip(powers(v)) {
		let coefficient = power * vanishing(set, false) * normaliser;
		for (to, value) in witness.iter_mut().zip(f) {
			*to += coefficient * value;
		}
		if let Some(to) = witness.first_mut() {
			*to -= coefficient * evaluate(r, u);
		}
	}
	divide(&mut witness, u);
	writer.points(&commitments.commit_coefficients(&[&witness], &counter));
	Ok(())
}

/// For each set and member, its values at the set's points.
fn evaluate_all(
	sets: &[RotationSet],
	polynomials: &Polynomials<'_>,
	points: &[Fr],
) -> Result<Vec<Vec<Vec<Fr>>>, ProveError> {
	let of_member = |set: &RotationSet, commitment: Commitment| {
		let polynomial = polynomials.get(commitment)?;
		let points = set.points.iter().filter_map(|p| points.get(*p));
		Ok(points.map(|point| evaluate(&polynomial, *point)).collect())
	};
	sets.iter()
		.map(|set| {
			let members = set.members.par_iter().with_max_len(1);
			members
				.map(|member| of_member(set, member.commitment))
				.collect()
		})
		.collect()
}

/// Σ y^j · P_j, and the coefficients of what interpolates Σ y^j · values_j on the set's points.
fn combine(
	set: &RotationSet,
	values: &[Vec<Fr>],
	polynomials: &Polynomials<'_>,
	points: &[Fr],
	y: Fr,
	n: usize,
) -> Result<(Vec<Fr>, Vec<Fr>), ProveError> {
	let mut sum = vec![Fr::ZERO; n];
	let mut claims = vec![Fr::ZERO; set.points.len()];
	for ((member, values), power) in set.members.iter().zip(values).zip(powers(y)) {
		let polynomial = polynomials.get(member.commitment)?;
		for (to, value) in sum.iter_mut().zip(polynomial.iter()) {
			*to += power * value;
		}
		for (to, value) in claims.iter_mut().zip(values) {
			*to += power * value;
		}
	}
	let points: Vec<Fr> = set
		.points
		.iter()
		.filter_map(|p| points.get(*p).copied())
		.collect();
	Ok((sum, interpolate(&points, &claims)))
}

/// Coefficients of the polynomial of degree below the number of points that has these values.
fn interpolate(points: &[Fr], values: &[Fr]) -> Vec<Fr> {
	let mut result = vec![Fr::ZERO; points.len()];
	for (j, (point, value)) in points.iter().zip(values).enumerate() {
		let mut basis = vec![Fr::ONE];
		let mut denominator = Fr::ONE;
		for (_, other) in points.iter().enumerate().filter(|(i, _)| *i != j) {
			denominator *= *point - other;
			basis.push(Fr::ZERO);
			for i in (0..basis.len()).rev() {
				let below = i.checked_sub(1).and_then(|i| basis.get(i).copied());
				if let Some(to) = basis.get_mut(i) {
					*to = below.unwrap_or(Fr::ZERO) - *other * *to;
				}
			}
		}
		let mut factor = [denominator];
		invert_all(&mut factor);
		for (to, coefficient) in result.iter_mut().zip(basis) {
			*to += coefficient * value * factor[0];
		}
	}
	result
}

/// Divides by X − `point`, dropping the remainder.
fn divide(polynomial: &mut [Fr], point: Fr) {
	let mut carry = Fr::ZERO;
	for coefficient in polynomial.iter_mut().rev() {
		let this = *coefficient;
		*coefficient = carry;
		carry = carry * point + this;
	}
}
