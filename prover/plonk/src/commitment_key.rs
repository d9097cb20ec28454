//! The prover's part of a KZG setup: powers of the secret in G1.

use crate::{
	error::KeyError,
	msm::{to_affine, Bases, Scalars},
};
use halo2curves::bn256::{Fr, G1Affine, G1};
use rayon::prelude::*;

/// Commits to polynomials of fewer than n = 2^k coefficients: \[s^i\]G1, and the Lagrange basis of
/// the subgroup of n elements in s.
#[derive(Clone, Debug)]
pub struct CommitmentKey {
	k: u8,
	monomial: Bases,
	lagrange: Bases,
}

impl CommitmentKey {
	/// A key from the 2^`k` points of each basis. They are trusted: wrong ones give proofs that do
	/// not verify. For up to 2^12 points it stores multiples of them too, some megabytes, made in up
	/// to 0.1 ms of one core a point.
	pub fn new(k: u8, monomial: Vec<G1Affine>, lagrange: Vec<G1Affine>) -> Result<Self, KeyError> {
		let expected = 1usize << k.min(63);
		for got in [monomial.len(), lagrange.len()] {
			if got != expected {
				return Err(KeyError::WrongBasis { expected, got });
			}
		}
		Ok(Self {
			k,
			monomial: Bases::new(monomial).with_tables(),
			lagrange: Bases::new(lagrange).with_tables(),
		})
	}

	/// Binary logarithm of the number of points.
	pub fn k(&self) -> u8 {
		self.k
	}

	/// Commits to polynomials given by values on the subgroup.
	pub(crate) fn commit_values(&self, columns: &[Values<'_>]) -> Vec<G1Affine> {
		let scalars: Vec<_> = columns.iter().map(Values::scalars).collect();
		commit(&self.lagrange, &scalars)
	}

	/// Commits to polynomials given by coefficients.
	pub(crate) fn commit_coefficients(&self, polynomials: &[&[Fr]]) -> Vec<G1Affine> {
		let scalars: Vec<_> = polynomials.iter().map(|p| Scalars::Full(p)).collect();
		commit(&self.monomial, &scalars)
	}
}

/// Values of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
	Integers(&'a [i64]),
	Scalars(&'a [Fr]),
}

impl Values<'_> {
	fn scalars(&self) -> Scalars<'_> {
		match self {
			Self::Integers(values) => Scalars::Small(values),
			Self::Scalars(values) => Scalars::Full(values),
		}
	}
}

/// Several multiplications: one thread each if there are enough of them.
fn commit(bases: &Bases, scalars: &[Scalars<'_>]) -> Vec<G1Affine> {
	let threads = rayon::current_num_threads().div_ceil(scalars.len().max(1));
	let points: Vec<G1> = scalars
		.par_iter()
		.with_max_len(1)
		.map(|scalars| bases.multiply(*scalars, threads))
		.collect();
	to_affine(&points)
}
