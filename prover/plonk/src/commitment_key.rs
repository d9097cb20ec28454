//! The prover's part of a KZG setup: powers of the secret in G1.

use crate::{
	error::KeyError,
	msm::{to_affine, Bases, Scalars},
	progress::{Counter, Progress, Stage},
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
	/// not verify. Of a file [`SetupFile`](crate::SetupFile) checks them.
	pub fn new(k: u8, monomial: Vec<G1Affine>, lagrange: Vec<G1Affine>) -> Result<Self, KeyError> {
		let expected = 1usize << k.min(63);
		for got in [monomial.len(), lagrange.len()] {
			if got != expected {
				return Err(KeyError::WrongBasis { expected, got });
			}
		}
		Ok(Self {
			k,
			monomial: Bases::new(monomial),
			lagrange: Bases::new(lagrange),
		})
	}

	/// Stores multiples of the points too, if there are at most 2^14: up to 3 KiB a point, made in
	/// about 0.1 ms of one core. Commitments are then made faster.
	pub fn with_tables(self, progress: Progress<'_>) -> Self {
		let counter = progress.stage(Stage::Tables, 2);
		let with_tables = |bases: Bases| {
			let bases = bases.with_tables();
			counter.advance();
			bases
		};
		Self {
			k: self.k,
			monomial: with_tables(self.monomial),
			lagrange: with_tables(self.lagrange),
		}
	}

	/// Bytes in memory of a key for 2^`k` rows after [`Self::with_tables`].
	pub fn bytes_with_tables(k: u8) -> usize {
		let rows = 1usize.checked_shl(k.into()).unwrap_or(usize::MAX);
		Bases::bytes_with_tables(rows).saturating_mul(2)
	}

	/// Bytes in memory, with the multiples that are stored.
	pub fn bytes(&self) -> usize {
		self.monomial.bytes().saturating_add(self.lagrange.bytes())
	}

	/// Binary logarithm of the number of points.
	pub fn k(&self) -> u8 {
		self.k
	}

	/// Powers and Lagrange basis.
	#[cfg(test)]
	pub(crate) fn points(&self) -> [&[G1Affine]; 2] {
		[self.monomial.points(), self.lagrange.points()]
	}

	/// Commits to polynomials given by values on the subgroup.
	pub(crate) fn commit_values(
		&self,
		columns: &[Values<'_>],
		counter: &Counter<'_>,
	) -> Vec<G1Affine> {
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
		commit(columns, counter, commit_one)
	}

	/// Commits to polynomials given by coefficients.
	pub(crate) fn commit_coefficients(
		&self,
		polynomials: &[&[Fr]],
		counter: &Counter<'_>,
	) -> Vec<G1Affine> {
		commit(polynomials, counter, |polynomial, threads| {
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
fn commit<T: Sync>(
	polynomials: &[T],
	counter: &Counter<'_>,
	one: impl Fn(&T, usize) -> G1 + Sync,
) -> Vec<G1Affine> {
	let threads = rayon::current_num_threads().div_ceil(polynomials.len().max(1));
	let points: Vec<G1> = polynomials
		.par_iter()
		.with_max_len(1)
		.map(|polynomial| {
			let point = one(polynomial, threads);
			counter.advance();
			point
		})
		.collect();
	to_affine(&points)
}
