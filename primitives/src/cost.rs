//! The one formula for a circuit's cost in compute units.
//!
//! A prover's time on a halo2 circuit is dominated by multi-scalar multiplications and Fourier
//! transforms over 2^k rows, once per committed column, and by evaluating the quotient on an
//! extended domain. So
//!
//! `CU = ceil(2^k · (advice + 3·lookups + permutation_chunks + (degree − 1) + 2 + ceil(operations / 64)) / 1024)`
//!
//! with 2 for the random polynomial and the opening. Fixed columns are free: they cost at key
//! generation only. The chain computes it from the verifying key; nobody declares it.

use crate::ComputeUnits;

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
}

impl CircuitShape {
	/// Compute units of one proof. At least one; saturates (only beyond any key the chain accepts).
	pub fn compute_units(&self) -> ComputeUnits {
		let columns = u64::from(self.advice)
			.saturating_add(u64::from(self.lookups).saturating_mul(3))
			.saturating_add(u64::from(self.permutation_chunks))
			.saturating_add(u64::from(self.degree).saturating_sub(1))
			.saturating_add(2)
			.saturating_add(u64::from(self.operations).div_ceil(64));
		let rows = 1u64.checked_shl(u32::from(self.k)).unwrap_or(u64::MAX);
		ComputeUnits(rows.saturating_mul(columns).div_ceil(1024).max(1))
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
	};

	#[test]
	fn cost_follows_the_formula() {
		assert_eq!(SHAPE.compute_units(), ComputeUnits(3 + 3 + 2 + 4 + 2 + 1));
		assert_eq!(
			CircuitShape { k: 0, ..SHAPE }.compute_units(),
			ComputeUnits(1)
		);
	}

	#[test]
	fn cost_saturates_instead_of_overflowing() {
		let huge = CircuitShape {
			k: 255,
			advice: u32::MAX,
			..SHAPE
		};
		assert_eq!(huge.compute_units(), ComputeUnits(u64::MAX.div_ceil(1024)));
	}
}
