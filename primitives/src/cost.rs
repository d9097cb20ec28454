//! The one formula for a circuit's cost in compute units.
//!
//! A prover's time on a halo2 circuit goes into multi-scalar multiplications over 2^k rows, one for each
//! committed column; into Fourier transforms, of each column that a constraint reads, committed in the
//! proof or fixed by the key, to degree − 1 cosets; into the constraints' operations on each of these
//! cosets; and into the opening of each evaluation. So, with rows = 2^k,
//!
//! `CU = ceil(rows · (64 · committed + 2 · evaluations + (degree − 1) · (3 · k · read + 5 · operations) / 16) / 65,536)`
//!
//! - *committed* = advice + 3·lookups + permutation chunks + (degree − 1) + 2: each lookup's columns of
//!   its own, parts of the quotient, random polynomial and opening;
//! - *read* = advice + 3·lookups + permutation chunks + fixed + permutation: `fixed` are the key's columns
//!   that proofs open, `permutation` the permutation's polynomials.
//!
//! A unit is 1,024 rows of one commitment to full-size field elements. The factors are those of the
//! prover's measured cost model, rounded up (nanoseconds for each row, docs/CIRCUITS.md: commitment
//! 5,800, of which a 64th is 91; layer of a transform 16; operation 25; evaluation 170). Whether an
//! advice column holds small numbers, which are committed to faster, does not show in a key: all count
//! in full.
//!
//! The chain computes it from the verifying key; nobody declares it. What a *verification* costs the chain
//! is a fee of its own in the price of a workload (inference-market's `Terms`): it does not grow with the
//! rows.

use crate::ComputeUnits;

/// Parts of a commitment that the other factors count in.
const COMMITMENT: u64 = 64;
/// An evaluation's opening.
const EVALUATION: u64 = 2;
/// 16ths of a part for each of the k layers of a transform to one coset.
const LAYER_16THS: u64 = 3;
/// 16ths of a part for an operation on one coset.
const OPERATION_16THS: u64 = 5;
/// Rows of one commitment in a unit.
const ROWS_PER_UNIT: u64 = 1024;

/// The sizes of a circuit that its cost follows from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CircuitShape {
	/// Binary logarithm of the number of rows.
	pub k: u8,
	/// Advice columns.
	pub advice: u32,
	/// Lookup arguments.
	pub lookups: u32,
	/// Permutation product polynomials.
	pub permutation_chunks: u32,
	/// Degree of the constraint system.
	pub degree: u32,
	/// Operations of the expression program (gates and lookups).
	pub operations: u32,
	/// Fixed columns that proofs open: those that constraints read.
	pub fixed: u32,
	/// Columns of the permutation argument, each with a polynomial of the key.
	pub permutation: u32,
	/// Evaluations in a proof.
	pub evaluations: u32,
}

impl CircuitShape {
	/// Compute units of one proof. At least one; saturates (only beyond any key the chain accepts).
	pub fn compute_units(&self) -> ComputeUnits {
		let k = u64::from(self.k);
		let cosets = u64::from(self.degree).saturating_sub(1);
		let sum = |parts: &[u32]| {
			parts
				.iter()
				.fold(0u64, |sum, part| sum.saturating_add(u64::from(*part)))
		};
		let witness = sum(&[self.advice, self.permutation_chunks])
			.saturating_add(u64::from(self.lookups).saturating_mul(3));
		let committed = witness.saturating_add(cosets).saturating_add(2);
		let read = witness.saturating_add(sum(&[self.fixed, self.permutation]));
		let coset = read
			.saturating_mul(k)
			.saturating_mul(LAYER_16THS)
			.saturating_add(u64::from(self.operations).saturating_mul(OPERATION_16THS))
			.div_ceil(16);
		let parts = committed
			.saturating_mul(COMMITMENT)
			.saturating_add(u64::from(self.evaluations).saturating_mul(EVALUATION))
			.saturating_add(cosets.saturating_mul(coset));
		let rows = 1u64.checked_shl(u32::from(self.k)).unwrap_or(u64::MAX);
		let units = rows
			.saturating_mul(parts)
			.div_ceil(COMMITMENT.saturating_mul(ROWS_PER_UNIT));
		ComputeUnits(units.max(1))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const SHAPE: CircuitShape = CircuitShape {
		k: 10,
		advice: 3,
		lookups: 1,
		permutation_chunks: 2,
		degree: 5,
		operations: 64,
		fixed: 4,
		permutation: 5,
		evaluations: 30,
	};

	/// Nanoseconds that the prover takes at least for each row of the columns of a key: their transforms
	/// and openings, by the measured cost model (layout/cost.rs of inference-circuits).
	fn key_columns_ns(shape: &CircuitShape) -> u64 {
		let cosets = u64::from(shape.degree) - 1;
		let columns = u64::from(shape.fixed) + u64::from(shape.permutation);
		columns * (16 * u64::from(shape.k) * cosets + 170)
	}

	/// What a unit is worth, nanoseconds: 1,024 rows of a commitment.
	const UNIT_NS: u64 = 1024 * 5_800;

	#[test]
	fn cost_follows_the_formula() {
		// 3 + 3 + 2 + 4 + 2 commitments; 17 columns read, 510 / 16 parts for their transforms to one coset
		// and 320 / 16 for the operations there.
		let parts = 64 * 14 + 2 * 30 + 4 * 52;
		assert_eq!(parts, 1_164);
		assert_eq!(SHAPE.compute_units(), ComputeUnits(19));
		assert_eq!(
			CircuitShape { k: 0, ..SHAPE }.compute_units(),
			ComputeUnits(1)
		);
	}

	#[test]
	fn every_size_costs() {
		let base = CircuitShape { k: 20, ..SHAPE };
		let larger: [fn(&mut CircuitShape); 9] = [
			|s| s.k += 1,
			|s| s.advice += 1,
			|s| s.lookups += 1,
			|s| s.permutation_chunks += 1,
			|s| s.degree += 1,
			|s| s.operations += 1,
			|s| s.fixed += 1,
			|s| s.permutation += 1,
			|s| s.evaluations += 1,
		];
		for (index, grow) in larger.into_iter().enumerate() {
			let mut shape = base;
			grow(&mut shape);
			assert!(
				shape.compute_units() > base.compute_units(),
				"size {index} is free"
			);
		}
	}

	#[test]
	fn a_keys_columns_cannot_make_a_proof_dearer_than_its_units() {
		// A creator is free to choose these: whoever pledges capacity by units must be in time.
		for k in [4, 10, 16, 20, 24] {
			for (fixed, permutation) in [(1_000, 3), (1_000, 700), (0, 1_000), (40, 10)] {
				for degree in [3, 5, 9, 17, 34] {
					let shape = CircuitShape {
						k,
						fixed,
						permutation,
						degree,
						permutation_chunks: permutation.div_ceil(degree - 2),
						evaluations: fixed + permutation,
						..SHAPE
					};
					let time = u128::from(key_columns_ns(&shape)) << k;
					let units = shape.compute_units().0;
					assert!(
						time <= u128::from(units) * u128::from(UNIT_NS),
						"{shape:?}: {time} ns, {units} units"
					);
				}
			}
		}
	}

	#[test]
	fn operations_are_paid_on_every_coset() {
		let cost = |degree, operations| {
			let shape = CircuitShape {
				k: 16,
				degree,
				operations,
				..SHAPE
			};
			shape.compute_units().0
		};
		// 25 ns an operation, coset and row.
		for degree in [3, 5, 34] {
			let added = cost(degree, 60_000) - cost(degree, 0);
			let time = (25 * 60_000 * u64::from(degree - 1)) << 16;
			assert!(time <= added * UNIT_NS, "degree {degree}");
		}
	}

	#[test]
	fn cost_saturates_instead_of_overflowing() {
		let huge = CircuitShape {
			k: 255,
			advice: u32::MAX,
			..SHAPE
		};
		assert_eq!(
			huge.compute_units(),
			ComputeUnits(u64::MAX.div_ceil(64 * 1024))
		);
		let every = CircuitShape {
			k: 63,
			advice: u32::MAX,
			lookups: u32::MAX,
			permutation_chunks: u32::MAX,
			degree: u32::MAX,
			operations: u32::MAX,
			fixed: u32::MAX,
			permutation: u32::MAX,
			evaluations: u32::MAX,
		};
		assert_eq!(every.compute_units(), huge.compute_units());
	}
}
