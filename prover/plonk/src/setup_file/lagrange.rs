//! The Lagrange basis of powers: an inverse Fourier transform of points. And the order of one that is there.

use crate::{fft::Domain, msm::to_affine};
use halo2curves::{
	bn256::{Fr, G1Affine, G1},
	ff::{Field, PrimeField},
	group::{prime::PrimeCurveAffine, Group},
};
use rayon::prelude::*;

/// Digits are odd numbers below 2^(WIDTH − 1), or zero: one in WIDTH + 1 is not zero.
const WIDTH: u32 = 5;
/// Odd multiples that digits stand for.
const MULTIPLES: usize = 1 << (WIDTH - 2);

/// A Lagrange basis in the order of the powers of `omega` that comes in that of the powers of `root`, both of the
/// order of its length, a power of two.
pub(super) fn reorder(basis: Vec<G1Affine>, root: Fr, omega: Fr) -> Vec<G1Affine> {
	if root == omega || basis.is_empty() {
		return basis;
	}
	let step = exponent(omega, root, basis.len());
	let mask = basis.len() - 1;
	(0..basis.len())
		.filter_map(|i| basis.get(i.wrapping_mul(step) & mask).copied())
		.collect()
}

/// The number e with `root`^e = `power`, both of the order `size`, a power of two: its digits one by one, the least
/// significant first.
fn exponent(power: Fr, root: Fr, size: usize) -> usize {
	let (mut exponent, mut rest, mut factor) = (0, power, root.invert().unwrap_or(Fr::ONE));
	let mut bit = 1;
	while bit < size {
		// What is left is an even power of `root` if and only if that is one.
		if rest.pow_vartime([(size / (2 * bit)) as u64]) != Fr::ONE {
			exponent |= bit;
			rest *= factor;
		}
		factor = factor.square();
		bit *= 2;
	}
	exponent
}

/// The Lagrange basis of the domain, from as many powers.
pub(super) fn basis(powers: &[G1Affine], domain: &Domain) -> Vec<G1Affine> {
	let mut points: Vec<G1> = (0..domain.size())
		.map(|i| {
			let point = powers.get(domain.reversed(i)).copied();
			point.unwrap_or(G1Affine::identity()).to_curve()
		})
		.collect();
	butterflies(domain, &mut points);
	// That was the transform with ω; with 1/ω the values come in the opposite order.
	if let Some(rest) = points.get_mut(1..) {
		rest.reverse();
	}
	let scale = digits(&domain.size_inverse());
	points
		.par_iter_mut()
		.for_each(|point| *point = multiply(point, &scale));
	points.par_chunks(256).flat_map_iter(to_affine).collect()
}

/// Decimation in time, from bit-reversed order.
fn butterflies(domain: &Domain, points: &mut [G1]) {
	let mut half = 1;
	while half < points.len() {
		let twiddles = domain.twiddles(half);
		points.par_chunks_exact_mut(2 * half).for_each(|block| {
			let (low, high) = block.split_at_mut(half);
			let pairs = low.par_iter_mut().zip(high).zip(twiddles);
			pairs.for_each(|((a, b), twiddle)| {
				let product = if *twiddle == Fr::ONE {
					*b
				} else {
					multiply(b, &digits(twiddle))
				};
				(*a, *b) = (*a + product, *a - product);
			});
		});
		half *= 2;
	}
}

/// A number as digits, the least significant first.
fn digits(scalar: &Fr) -> Vec<i8> {
	let repr = scalar.to_repr();
	let mut limbs = [0u64; 5];
	for (limb, bytes) in limbs.iter_mut().zip(repr.as_ref().as_chunks::<8>().0) {
		*limb = u64::from_le_bytes(*bytes);
	}
	let mut digits = Vec::with_capacity(257);
	while limbs != [0; 5] {
		let low = (limbs[0] & ((1 << WIDTH) - 1)) as i8;
		let digit = match low {
			even if even & 1 == 0 => 0,
			small if small < 1 << (WIDTH - 1) => small,
			large => large - (1 << WIDTH),
		};
		digits.push(digit);
		// Subtracts the digit: its bits become zero, and one is carried where it is negative.
		if digit != 0 {
			limbs[0] &= u64::MAX << WIDTH;
		}
		if digit < 0 {
			let mut carry = 1u64 << WIDTH;
			for limb in &mut limbs {
				let (sum, overflows) = limb.overflowing_add(carry);
				(*limb, carry) = (sum, u64::from(overflows));
			}
		}
		for i in 0..limbs.len() {
			let above = limbs.get(i + 1).copied().unwrap_or(0);
			limbs[i] = limbs[i] >> 1 | above << 63;
		}
	}
	digits
}

/// The point times the number with these digits.
fn multiply(point: &G1, digits: &[i8]) -> G1 {
	let double = point.double();
	let mut multiples = [*point; MULTIPLES];
	for i in 1..MULTIPLES {
		multiples[i] = multiples[i - 1] + double;
	}
	digits.iter().rev().fold(G1::identity(), |sum, digit| {
		let sum = sum.double();
		let multiple = multiples.get(usize::from(digit.unsigned_abs() / 2));
		match (digit.signum(), multiple) {
			(1, Some(multiple)) => sum + multiple,
			(-1, Some(multiple)) => sum - multiple,
			_ => sum,
		}
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use rand::SeedableRng;
	use rand_chacha::ChaCha20Rng;

	proptest! {
		#[test]
		fn digits_multiply_as_the_number_does(seed: u64) {
			let mut rng = ChaCha20Rng::seed_from_u64(seed);
			let (scalar, point) = (Fr::random(&mut rng), G1::random(&mut rng));
			prop_assert_eq!(multiply(&point, &digits(&scalar)), point * scalar);
		}
	}

	#[test]
	fn each_power_of_a_root_has_its_exponent() {
		for k in 0..=8 {
			let domain = Domain::new(k).unwrap();
			let root = domain.omega();
			for e in 0..domain.size() {
				let power = root.pow_vartime([e as u64]);
				assert_eq!(exponent(power, root, domain.size()), e);
			}
		}
	}

	#[test]
	fn the_least_and_the_greatest_numbers_have_digits() {
		let point = G1::generator();
		for scalar in [0u64, 1, 2, 15, 16, 17, 31, 32, u64::MAX].map(Fr::from) {
			for scalar in [scalar, -scalar, Fr::TWO_INV * scalar] {
				assert_eq!(multiply(&point, &digits(&scalar)), point * scalar);
			}
		}
	}
}
