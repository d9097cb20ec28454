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
		let commit_one = |column: &Values<'_>, threads| match column {
			Values::Integers(integers, others) => {
				let rows = others.iter().filter_map(|(row, value)| {
					let base = self.lagrange.points().get(*row)?;
					Some(*base * value)
				});
				self.lagrange.multiply(Scalars::Small(integers), threads) + rows.sum::<G1>()
			},
			Values::Scalars(values) => self.lagrange.multiply(Scalars::Full(values), threads),
		};
		commit(columns, commit_one)
	}

	/// Commits to polynomials given by coefficients.
	pub(crate) fn commit_coefficients(&self, polynomials: &[&[Fr]]) -> Vec<G1Affine> {
		commit(polynomials, |polynomial, threads| {
			self.monomial.multiply(Scalars::Full(polynomial), threads)
		})
	}
}

/// Values of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
	/// Integers, and rows with field elements where the integers are zero.
	Integers(&'a [i64], &'a [(usize, Fr)]),
	Scalars(&'a [Fr]),
}

/// Several commitments: one thread each if there are enough of them. `one` gets the threads that it
/// may use.
fn commit<T: Sync>(polynomials: &[T], one: impl Fn(&T, usize) -> G1 + Sync) -> Vec<G1Affine> {
	let threads = rayon::current_num_threads().div_ceil(polynomials.len().max(1));
	let points: Vec<G1> = polynomials
		.par_iter()
		.with_max_len(1)
		.map(|polynomial| one(polynomial, threads))
		.collect();
	to_affine(&points)
}
