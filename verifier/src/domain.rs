//! The multiplicative subgroup of 2^k rows, with halo2's generators.
//!
//! arkworks and halo2 choose different generators of the field's multiplicative group (5 and 7),
//! hence different roots of unity; these are halo2's.

use crate::Scalar;
use ark_ff::{Field, MontFp};

/// Exponent of two in the order of the field's multiplicative group.
pub(crate) const TWO_ADICITY: u8 = 28;

/// 7^t, where t · 2^28 + 1 is the field's modulus: a generator of the 2^28th roots of unity.
const ROOT_OF_UNITY: Scalar =
	MontFp!("1748695177688661943023146337482803886740723238769601073607632802312037301404");

/// 7^(2^28): a generator of the subgroup of order t. The permutation argument tells columns apart
/// by its powers.
pub(crate) const DELTA: Scalar =
	MontFp!("4131629893567559867359510883348571134090853742863529169391034518566172092834");

/// The rows of a circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Domain {
	/// Binary logarithm of the number of rows; at most [`crate::limits::MAX_K`].
	k: u8,
	/// Generator: row i is at ω^i.
	omega: Scalar,
	/// 1 / ω.
	omega_inverse: Scalar,
}

impl Domain {
	/// The domain of 2^`k` rows; `None` if the field has none so large.
	pub(crate) fn new(k: u8) -> Option<Self> {
		let squarings = TWO_ADICITY.checked_sub(k)?;
		let mut omega = ROOT_OF_UNITY;
		for _ in 0..squarings {
			omega.square_in_place();
		}
		Some(Self {
			k,
			omega,
			omega_inverse: omega.inverse()?,
		})
	}

	/// Number of rows.
	pub(crate) fn rows(&self) -> u32 {
		1u32.checked_shl(u32::from(self.k)).unwrap_or(u32::MAX)
	}

	/// Number of rows, as a field element.
	pub(crate) fn rows_in_field(&self) -> Scalar {
		Scalar::from(self.rows())
	}

	/// The generator ω.
	pub(crate) fn omega(&self) -> Scalar {
		self.omega
	}

	/// ω^`rotation`.
	pub(crate) fn rotation(&self, rotation: i32) -> Scalar {
		let base = if rotation < 0 {
			self.omega_inverse
		} else {
			self.omega
		};
		base.pow([u64::from(rotation.unsigned_abs())])
	}

	/// x^(2^k).
	pub(crate) fn power_of_rows(&self, x: Scalar) -> Scalar {
		let mut power = x;
		for _ in 0..self.k {
			power.square_in_place();
		}
		power
	}

	/// `rotation` modulo the number of rows: equal results are the same point.
	pub(crate) fn normalise(&self, rotation: i32) -> u32 {
		let rows = i64::from(self.rows());
		i64::from(rotation)
			.checked_rem_euclid(rows)
			.and_then(|r| u32::try_from(r).ok())
			.unwrap_or_default()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn constants_follow_from_the_generator_7() {
		let t = (-Scalar::from(1u8)) / Scalar::from(1u64 << TWO_ADICITY);
		let t: [u64; 4] = ark_ff::PrimeField::into_bigint(t).0;
		assert_eq!(Scalar::from(7u8).pow(t), ROOT_OF_UNITY);
		assert_eq!(Scalar::from(7u8).pow([1u64 << TWO_ADICITY]), DELTA);
	}

	#[test]
	fn omega_has_exactly_the_order_of_the_domain() {
		for k in 1..=24 {
			let domain = Domain::new(k).unwrap();
			assert_eq!(domain.power_of_rows(domain.omega()), Scalar::from(1u8));
			assert_eq!(domain.omega().pow([1u64 << (k - 1)]), -Scalar::from(1u8));
		}
		assert!(Domain::new(29).is_none());
	}

	#[test]
	fn rotations_wrap_around_the_domain() {
		let domain = Domain::new(3).unwrap();
		assert_eq!(domain.normalise(-6), 2);
		assert_eq!(domain.rotation(-6), domain.rotation(2));
		assert_eq!(domain.normalise(8), 0);
	}
}
