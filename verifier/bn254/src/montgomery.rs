//! Montgomery multiplication with R = 2²⁵⁶ for machines without a 64 × 64 → 128 bit product.
//!
//! **Who calls it.** [`Fq`](crate::Fq) and [`Fr`](crate::Fr) in wasm, where rustc turns a 128-bit
//! product into a call of `__multi3`. Everywhere else only the tests call it.
//!
//! **How.** A number is nine limbs of 29 bits in 64-bit words (*radix 2²⁹*). A product of two limbs
//! has 58 bits, so that a column of nine products, nine more of the reduction and a carry fit into
//! 64 bits, and no carry is handled before the end. The reduction divides eight times by 2²⁹ and
//! once by 2²⁴: 8 · 29 + 24 = 256, which keeps R what `ark_ff` has.
//!
//! **Bounds** (for operands below the modulus *p* < 2²⁵⁴, and in fact for any below 2²⁵⁶ as far as
//! overflow goes). Limbs are below 2²⁹. A column holds at most 9 products of operands and 9 products
//! of a limb of the quotient (< 2²⁹) with a limb of the modulus (< 2²⁹): 18 · 2⁵⁸ < 2⁶²·²; a carry
//! from the column below is less than 2⁶²·² / 2²⁹ < 2³⁴. For a sum of two products the bound is
//! 27 · 2⁵⁸ < 2⁶²·⁸. Both are below 2⁶⁴. The doubled cross products of a square are the same sum.
//!
//! The result before the last subtraction is (ab + mp) / R with m < R, hence below
//! p · (p / R) + p < 1.2 p, and for a sum of two products below 1.4 p: one subtraction makes it
//! canonical.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::indexing_slicing,
	clippy::absurd_extreme_comparisons,
	clippy::out_of_bounds_indexing,
	unused_assignments,
	reason = "unrolled loops: the indices are constants, so that conditions on them are decided, \
		and branches not taken index out of bounds, when this compiles; \
		no operation overflows by the bounds above"
)]

use crate::unroll::{expand, for_17, for_9};

/// Bits of a limb.
const BITS: u32 = 29;
/// A limb's mask.
const MASK: u64 = (1 << BITS) - 1;
/// Bits of the last step of the reduction.
const LAST_BITS: u32 = 24;
/// The mask of the last step of the reduction.
const LAST_MASK: u64 = (1 << LAST_BITS) - 1;

/// An odd modulus below 2²⁵⁴.
pub trait Modulus {
	/// The modulus, least significant word first.
	const WORDS: [u64; 4];
	/// The modulus in limbs of 29 bits.
	const LIMBS: [u64; 9] = unpack(&Self::WORDS);
	/// −1 / modulus modulo 2²⁹.
	const NEGATIVE_INVERSE: u64 = negative_inverse(Self::WORDS[0]);
	/// (k · modulus + 1) / 2²⁹, in limbs: see [`friendly`].
	const Q1: [u64; 9] = friendly(&Self::LIMBS, Self::NEGATIVE_INVERSE, 1);
	/// (k · modulus + 1) / 2⁵⁸, in limbs: see [`friendly`].
	const Q2: [u64; 9] = friendly(&Self::LIMBS, Self::NEGATIVE_INVERSE, 2);
}

/// −1 / n modulo 2²⁹, for odd n, by Newton's iteration.
const fn negative_inverse(n: u64) -> u64 {
	let mut inverse = 1u64;
	let mut step = 0;
	// Each step doubles the number of correct bits: 1, 2, 4, …, 64.
	while step < 6 {
		inverse = inverse.wrapping_mul(2u64.wrapping_sub(n.wrapping_mul(inverse)));
		step += 1;
	}
	inverse.wrapping_neg() & MASK
}

/// (k · p + 1) / 2^(29 n) for the one k in 0 … 2^(29 n) for which this is an integer.
const fn friendly(p: &[u64; 9], negative_inverse: u64, n: usize) -> [u64; 9] {
	let mut t = [0u64; 12];
	t[0] = 1;
	let mut i = 0;
	while i < n {
		let k = (t[i] & MASK).wrapping_mul(negative_inverse) & MASK;
		let mut j = 0;
		while j < 9 {
			t[i + j] += k * p[j];
			j += 1;
		}
		t[i + 1] += t[i] >> BITS;
		i += 1;
	}
	let mut result = [0u64; 9];
	let mut carry = 0;
	let mut j = 0;
	while j < 9 {
		let column = t[n + j] + carry;
		result[j] = if j < 8 { column & MASK } else { column };
		carry = column >> BITS;
		j += 1;
	}
	result
}

/// 256 bits as nine limbs.
#[inline(always)]
pub(crate) const fn unpack(w: &[u64; 4]) -> [u64; 9] {
	[
		w[0] & MASK,
		(w[0] >> 29) & MASK,
		((w[0] >> 58) | (w[1] << 6)) & MASK,
		(w[1] >> 23) & MASK,
		((w[1] >> 52) | (w[2] << 12)) & MASK,
		(w[2] >> 17) & MASK,
		((w[2] >> 46) | (w[3] << 18)) & MASK,
		(w[3] >> 11) & MASK,
		w[3] >> 40,
	]
}

/// Nine limbs as 256 bits.
#[inline(always)]
pub(crate) const fn pack(t: &[u64; 9]) -> [u64; 4] {
	[
		t[0] | (t[1] << 29) | (t[2] << 58),
		(t[2] >> 6) | (t[3] << 23) | (t[4] << 52),
		(t[4] >> 12) | (t[5] << 17) | (t[6] << 46),
		(t[6] >> 18) | (t[7] << 11) | (t[8] << 40),
	]
}

/// `a · b / R`, canonical.
#[inline(always)]
pub fn mul<M: Modulus>(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
	reduce::<M>(&product(&unpack(a), &unpack(b)))
}

/// `a² / R`, canonical.
#[inline(always)]
pub fn square<M: Modulus>(a: &[u64; 4]) -> [u64; 4] {
	let a = unpack(a);
	let mut t = [0u64; 17];
	for_9!(I => {
		t[2 * I] += a[I] * a[I];
		let twice = a[I] << 1;
		for_9!(J => {
			if J > I {
				t[I + J] += twice * a[J];
			}
		});
	});
	reduce::<M>(&t)
}

/// `(a₀ · b₀ + a₁ · b₁) / R`, canonical, with one reduction.
#[inline(always)]
pub fn sum_of_two_products<M: Modulus>(a: [&[u64; 4]; 2], b: [&[u64; 4]; 2]) -> [u64; 4] {
	let first = product(&unpack(a[0]), &unpack(b[0]));
	let second = product(&unpack(a[1]), &unpack(b[1]));
	let mut t = [0u64; 17];
	for_17!(I => { t[I] = first[I] + second[I]; });
	reduce::<M>(&t)
}

/// Products of three limbs.
#[inline(always)]
const fn mul3(a: [u64; 3], b: [u64; 3]) -> [u64; 5] {
	[
		a[0] * b[0],
		a[0] * b[1] + a[1] * b[0],
		a[0] * b[2] + a[1] * b[1] + a[2] * b[0],
		a[1] * b[2] + a[2] * b[1],
		a[2] * b[2],
	]
}

/// Sums of three limbs.
#[inline(always)]
const fn add3(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
	[a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// The columns of a product, by Karatsuba on three blocks of three limbs: 54 products instead of
/// 81. Block sums are below 2³⁰, three of their products below 3 · 2⁶⁰ < 2⁶², and the differences
/// are sums of products again, so nothing goes below zero.
#[inline(always)]
fn product(a: &[u64; 9], b: &[u64; 9]) -> [u64; 17] {
	let (a0, a1, a2) = ([a[0], a[1], a[2]], [a[3], a[4], a[5]], [a[6], a[7], a[8]]);
	let (b0, b1, b2) = ([b[0], b[1], b[2]], [b[3], b[4], b[5]], [b[6], b[7], b[8]]);
	let (v0, v1, v2) = (mul3(a0, b0), mul3(a1, b1), mul3(a2, b2));
	let s01 = mul3(add3(a0, a1), add3(b0, b1));
	let s02 = mul3(add3(a0, a2), add3(b0, b2));
	let s12 = mul3(add3(a1, a2), add3(b1, b2));
	let mut t = [0u64; 17];
	expand!(I => {
		let (x0, x1, x2) = (v0[I], v1[I], v2[I]);
		t[I] += x0;
		t[I + 3] += s01[I] - x0 - x1;
		t[I + 6] += s02[I] - x0 - x2 + x1;
		t[I + 9] += s12[I] - x1 - x2;
		t[I + 12] += x2;
	}; 0 1 2 3 4);
	t
}

/// `t / R` for columns `t`, canonical.
///
/// Step i makes column i zero by adding a multiple of p. Any multiple of p serves, so that the
/// first six steps add `m (k p)` with k p ≡ −1 modulo 2⁵⁸: then m is the column itself, needs no
/// product, and touches no column before i + 2. Step 6 does so modulo 2²⁹. What these add to the
/// value is below 2^(29 + 58 + 29 · 5) p / R = 2⁻²⁴ p and as much again; steps 7 and 8 are the
/// textbook's and add less than p together.
#[inline(always)]
fn reduce<M: Modulus>(t: &[u64; 17]) -> [u64; 4] {
	let mut m = [0u64; 9];
	let mut r = [0u64; 9];
	let mut carry = 0u64;
	for_17!(K => {
		let mut sum = t[K];
		expand!(I => {
			if I + 2 <= K && K - I - 2 < 9 {
				sum += m[I] * M::Q2[K - I - 2];
			}
		}; 0 1 2 3 4 5);
		if K >= 7 && K - 7 < 9 {
			sum += m[6] * M::Q1[K - 7];
		}
		if K >= 8 && K - 7 < 9 {
			sum += m[7] * M::LIMBS[K - 7];
		}
		if K > 8 {
			sum += m[8] * M::LIMBS[K - 8];
		}
		sum += carry;
		if K < 7 {
			m[K] = sum & MASK;
			carry = sum >> BITS;
		} else if K == 7 {
			m[7] = sum.wrapping_mul(M::NEGATIVE_INVERSE) & MASK;
			carry = (sum + m[7] * M::LIMBS[0]) >> BITS;
		} else if K == 8 {
			m[8] = sum.wrapping_mul(M::NEGATIVE_INVERSE) & LAST_MASK;
			sum += m[8] * M::LIMBS[0];
			r[0] = sum & MASK;
			carry = sum >> BITS;
		} else if K < 16 {
			r[K - 8] = sum & MASK;
			carry = sum >> BITS;
		} else {
			r[8] = sum;
		}
	});
	// Bit 0 of the result is bit 24 of `r[0]`.
	let result = [
		(r[0] >> 24) | (r[1] << 5) | (r[2] << 34) | (r[3] << 63),
		(r[3] >> 1) | (r[4] << 28) | (r[5] << 57),
		(r[5] >> 7) | (r[6] << 22) | (r[7] << 51),
		(r[7] >> 13) | (r[8] << 16),
	];
	subtract_once(result, &M::WORDS)
}

/// `a − p` if that is not negative, else `a`.
#[inline(always)]
pub(crate) const fn subtract_once(a: [u64; 4], p: &[u64; 4]) -> [u64; 4] {
	// The highest words differ nearly always.
	let below = if a[3] != p[3] {
		a[3] < p[3]
	} else if a[2] != p[2] {
		a[2] < p[2]
	} else if a[1] != p[1] {
		a[1] < p[1]
	} else {
		a[0] < p[0]
	};
	if below {
		return a;
	}
	let (w0, borrow) = a[0].overflowing_sub(p[0]);
	let (w1, borrow) = subtract_with_borrow(a[1], p[1], borrow);
	let (w2, borrow) = subtract_with_borrow(a[2], p[2], borrow);
	let (w3, _) = subtract_with_borrow(a[3], p[3], borrow);
	[w0, w1, w2, w3]
}

/// `a − b − borrow` and the next borrow.
#[inline(always)]
const fn subtract_with_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
	let (difference, first) = a.overflowing_sub(b);
	let (difference, second) = difference.overflowing_sub(borrow as u64);
	(difference, first | second)
}
