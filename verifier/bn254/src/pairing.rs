//! The product of pairings, asked only whether it is one.
//!
//! **Who calls it.** The verifier: e(W′, \[s\]G2) · e(−F, G2) = 1. Both points of G2 are fixed (one
//! per setup, one for all), so the lines of Miller's loop are computed once and stored
//! ([`PreparedG2`]).
//!
//! **Lines.** The line at a step is c₀ y + c₁ x w + c₂ w³ at the point (x, y) of G1. Its value may be
//! scaled by any element of Fq2 or Fq, because the final power p⁶ − 1 takes those to one. So c₀ is
//! divided out when the lines are prepared and y when the loop begins: 1 + (c₁ x / y) w + (c₂ / y) w³.
//! That saves a third of the products with a line, and a third of the stored bytes.

use alloc::vec::Vec;

use ark_ec::{bn::G2Prepared, AffineRepr};
use ark_ff::{batch_inversion, AdditiveGroup, BigInt, Fp, Fp12Config, PrimeField};

use crate::{
	base::{Active, Base},
	digits,
	fields::Fq12Config,
	tower::{Quadratic, Twelve},
	Config, Fq, Fq2, G1Affine, G2Affine,
};

/// Lines of one point of G2: one per doubling and addition of the loop, and two at the end.
pub const LINES: usize = digits::count_lines();

/// Bytes of a [`PreparedG2`].
pub const PREPARED_LENGTH: usize = LINES * LINE_LENGTH;

/// Bytes of a line.
const LINE_LENGTH: usize = 4 * NUMBER_LENGTH;

/// Bytes of a number.
const NUMBER_LENGTH: usize = 32;

/// [`PreparedG2::to_bytes`] of the generator of G2 (a test compares and, where it differs, says how
/// to write it anew).
const GENERATOR: &[u8; PREPARED_LENGTH] = include_bytes!("generator.lines");

/// The lines of a point of G2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedG2 {
	/// (c₁ / c₀, c₂ / c₀) for each line.
	lines: Vec<[Fq2; 2]>,
}

impl PreparedG2 {
	/// The lines of `point`, if it is a point of order r: not the identity. The caller has checked
	/// that it is in the subgroup. About a millisecond in wasm; once per setup.
	pub fn new(point: &G2Affine) -> Option<Self> {
		if point.is_zero() {
			return None;
		}
		let prepared = G2Prepared::<Config>::from(point);
		let mut inverses: Vec<Fq2> = prepared.ell_coeffs.iter().map(|line| line.0).collect();
		if inverses.len() != LINES || inverses.contains(&Fq2::ZERO) {
			return None;
		}
		batch_inversion(&mut inverses);
		let lines = prepared.ell_coeffs.iter().zip(inverses);
		let lines = lines.map(|(line, inverse)| [line.1 * inverse, line.2 * inverse]);
		Some(Self {
			lines: lines.collect(),
		})
	}

	/// The lines as limbs in Montgomery form, little-endian; read back by
	/// [`from_bytes`](Self::from_bytes).
	pub fn to_bytes(&self) -> Vec<u8> {
		let numbers = self.lines.iter().flatten().flat_map(|x| [x.c0, x.c1]);
		numbers
			.flat_map(|x| x.0 .0)
			.flat_map(u64::to_le_bytes)
			.collect()
	}

	/// Reads what [`to_bytes`](Self::to_bytes) wrote. **Trusted input:** whoever may choose these
	/// bytes may have anything verified. `None` if the length or a number is not canonical.
	pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
		let lines = lines(bytes.try_into().ok()?);
		let canonical = |x: &Fq| x.0 < Fq::MODULUS;
		let canonical = lines
			.iter()
			.flatten()
			.all(|x| canonical(&x.c0) && canonical(&x.c1));
		canonical.then_some(Self { lines })
	}

	/// The lines of the generator of G2, stored with the program: a few microseconds.
	pub fn generator() -> Self {
		Self {
			lines: lines(GENERATOR),
		}
	}
}

/// The numbers in `bytes`, whatever they are.
fn lines(bytes: &[u8; PREPARED_LENGTH]) -> Vec<[Fq2; 2]> {
	let mut numbers = bytes.chunks_exact(NUMBER_LENGTH).map(|bytes| {
		let mut limbs = [0u64; 4];
		for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
			for byte in bytes.iter().rev() {
				*limb = *limb << 8 | u64::from(*byte);
			}
		}
		Fp::new_unchecked(BigInt(limbs))
	});
	let mut next = || numbers.next().unwrap_or(Fq::ZERO);
	(0..LINES)
		.map(|_| [(); 2].map(|()| Fq2::new(next(), next())))
		.collect()
}

/// Whether Π e(Pᵢ, Qᵢ) = 1.
pub fn product_is_one(pairs: &[(G1Affine, &PreparedG2)]) -> bool {
	product_is_one_over::<Active>(pairs)
}

/// [`product_is_one`] in a given representation.
pub(crate) fn product_is_one_over<B: Base>(pairs: &[(G1Affine, &PreparedG2)]) -> bool {
	final_power(&miller_loop::<B>(pairs)).is_some_and(|x| x.canonical() == ark_ff::Field::ONE)
}

/// A point of G1 beside the lines of its partner.
struct Pair<'a, B> {
	/// x / y and 1 / y, for products with raw numbers.
	slope: B,
	constant: B,
	lines: core::slice::Iter<'a, [Fq2; 2]>,
}

impl<B: Base> Pair<'_, B> {
	/// a and b of the next line 1 + aw + bw³.
	fn next(&mut self) -> Option<[Quadratic<B>; 2]> {
		let [a, b] = self.lines.next()?;
		let scale = |x: &Fq2, by: &B| Quadratic(B::raw(&x.c0).mul(by), B::raw(&x.c1).mul(by));
		Some([scale(a, &self.slope), scale(b, &self.constant)])
	}
}

/// f times the next line of every pair; zero, which no check accepts, if one has no more lines.
fn multiply_lines<B: Base>(mut f: Twelve<B>, pairs: &mut [Pair<'_, B>]) -> Twelve<B> {
	for pairs in pairs.chunks_mut(2) {
		f = match pairs {
			[first, second] => match (first.next(), second.next()) {
				(Some(first), Some(second)) => f.mul_two_lines(&first, &second),
				_ => Twelve::ZERO,
			},
			[single] => match single.next() {
				Some([a, b]) => f.mul_line(&a, &b),
				None => Twelve::ZERO,
			},
			_ => f,
		};
	}
	f
}

/// Miller's loop of all pairs, up to factors that [`final_power`] removes. Pairs with the identity
/// contribute nothing.
pub(crate) fn miller_loop<B: Base>(pairs: &[(G1Affine, &PreparedG2)]) -> Twelve<B> {
	let pairs = pairs.iter().filter(|(point, _)| !point.is_zero());
	let mut inverses: Vec<Fq> = pairs.clone().map(|(point, _)| point.y).collect();
	batch_inversion(&mut inverses);
	let mut pairs: Vec<Pair<'_, B>> = pairs
		.zip(inverses)
		.map(|((point, prepared), inverse)| {
			let constant = B::new(&inverse);
			Pair {
				slope: B::new(&point.x).mul(&constant).scaler(),
				constant: constant.scaler(),
				lines: prepared.lines.iter(),
			}
		})
		.collect();
	let mut f = Twelve::ONE;
	for (i, digit) in digits::LOOP.iter().enumerate() {
		if i != 0 {
			f = f.square();
		}
		f = multiply_lines(f, &mut pairs);
		if *digit != 0 {
			f = multiply_lines(f, &mut pairs);
		}
	}
	f = multiply_lines(f, &mut pairs);
	multiply_lines(f, &mut pairs)
}

/// f^x for f in the cyclotomic subgroup.
fn power_of_x<B: Base>(f: &Twelve<B>) -> Twelve<B> {
	let square = f.cyclotomic_square();
	let cube = square.mul(f);
	let fifth = cube.mul(&square);
	let seventh = fifth.mul(&square);
	let mut result: Option<Twelve<B>> = None;
	for digit in digits::X_DIGITS {
		result = result.map(|x| x.cyclotomic_square());
		let factor = match digit.unsigned_abs() {
			1 => f,
			3 => &cube,
			5 => &fifth,
			7 => &seventh,
			_ => continue,
		};
		let factor = if digit < 0 {
			factor.conjugate()
		} else {
			*factor
		};
		result = Some(result.map_or(factor, |x| x.mul(&factor)));
	}
	result.unwrap_or(Twelve::ONE)
}

/// f^((p¹² − 1) / r · c) with c = 2x (6x² + 3x + 1), which r does not divide: one if and only if
/// f^((p¹² − 1) / r) is. `None` of zero.
///
/// The exponent is a polynomial of degree three in x in base p (Fuentes-Castañeda, Knapp and
/// Rodríguez-Henríquez, "Faster hashing to G2"). No shorter one exists for a check of equality
/// with one either: every multiple of (p⁴ − p² + 1) / r has a digit of about x³ in base p.
pub(crate) fn final_power<B: Base>(f: &Twelve<B>) -> Option<Twelve<B>> {
	let [first, second, third] = [1usize, 2, 3].map(frobenius_constants::<B>);
	// f^((p⁶ − 1)(p² + 1))
	if f.canonical() == AdditiveGroup::ZERO {
		return None;
	}
	let f = f.conjugate().mul(&f.inverse());
	let f = f.frobenius(&second, false).mul(&f);
	// f^(12x³ + 6x² + 4x − 1) p³ + (12x³ + 6x² + 6x) p² + (12x³ + 6x² + 4x) p + 12x³ + 12x² + 6x + 1
	let fx = power_of_x(&f);
	let f2x = fx.cyclotomic_square();
	let f6x = f2x.cyclotomic_square().mul(&f2x);
	let f6xx = power_of_x(&f6x);
	let f12xxx = power_of_x(&f6xx.cyclotomic_square());
	let a = f12xxx.mul(&f6xx).mul(&f6x);
	let b = a.mul(&f2x.conjugate());
	let constant = a.mul(&f6xx).mul(&f);
	let cubed = f.conjugate().mul(&b);
	let result = constant
		.mul(&b.frobenius(&first, true))
		.mul(&a.frobenius(&second, false));
	Some(result.mul(&cubed.frobenius(&third, true)))
}

/// ξ^(i (pⁿ − 1) / 6) for i = 1 … 5.
fn frobenius_constants<B: Base>(n: usize) -> [Quadratic<B>; 5] {
	let first = Fq12Config::FROBENIUS_COEFF_FP12_C1
		.get(n)
		.copied()
		.unwrap_or(Fq2::ZERO);
	let first = Quadratic::new(&first);
	let second = first.mul(&first);
	let third = second.mul(&first);
	[first, second, third, third.mul(&first), third.mul(&second)]
}
