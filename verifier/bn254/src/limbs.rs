//! The base field as nine signed limbs of 29 bits, with delayed reductions, for wasm.
//!
//! **Why.** Wasm has neither a 128-bit product nor a carry flag. With signed limbs of 29 bits in
//! 64-bit words, products are summed without carries, a subtraction is nine subtractions, and a sum
//! of many products is reduced once. See [`crate::montgomery`] for the same idea behind
//! [`Fq`]'s interface, where every result is canonical; here nothing is.
//!
//! **Representation.** x stands for x / 2²⁶¹ mod p (Montgomery, R = 2²⁶¹ = 169.4 p).
//!
//! **Bounds.** Write u = 2²⁸.
//! - *Tight*: limbs 0 … 7 in ±u, |value| < 2 p (hence |limb 8| < 2²³).
//!   *Loose*: the sum or difference of two such: ±2u, 4 p.
//! - All arithmetic wraps modulo 2⁶⁴. It is exact whenever each column's *final* value is in
//!   ±2⁶³, whatever happens on the way (Karatsuba's differences do leave the range).
//! - Let U = 8 u² = 2⁵⁹. A column of a product of tight numbers is at most U (there are at most
//!   eight products without a highest limb in a column; those with one are below 2⁵²). Loose
//!   factors count double each.
//! - [`reduce`] adds to a column at most eight products of quotient (±u) and modulus limbs (±u),
//!   that is U, and carries below 2³⁶. So it is exact if columns are within 14 U:
//!   15 U + small < 2⁶³ = 16 U.
//! - [`Columns`] that were tidied have columns below 2³⁶; multiplied by ten they add nothing.
//!
//! The callers in [`crate::tower`] and [`crate::curve`] state how many U they sum.
//!
//! **Values.** [`Base::reduce`] gives |T| / R + p (see [`reduce`]); with |T| ≤ 128 p² that is less
//! than 2 p. [`Base::reduce_far`] first subtracts a multiple of R · p, which leaves |T| < 0.51 R p
//! and gives less than 1.6 p for every T below 2⁹ R p.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::indexing_slicing,
	clippy::absurd_extreme_comparisons,
	clippy::out_of_bounds_indexing,
	unused_assignments,
	reason = "unrolled loops: the indices are constants, so that conditions on them are decided, \
		and branches not taken index out of bounds, when this compiles; \
		no result overflows by the bounds above"
)]

#[cfg(test)]
use alloc::vec::Vec;

use ark_ff::{BigInt, MontConfig};

use crate::{
	base::Base,
	fields::FqConfig,
	montgomery::{self, Modulus},
	unroll::{expand, for_17, for_7, for_8, for_9},
	Fq,
};

/// Bits of a limb.
const BITS: u32 = 29;
/// The mask of a limb.
const MASK: i64 = (1 << BITS) - 1;
/// Half of a limb's range.
const HALF: i64 = 1 << (BITS - 1);

/// p
const P: [i64; 9] = balanced(&<FqConfig as Modulus>::LIMBS);
/// −1 / p modulo 2²⁹
const NEGATIVE_INVERSE: i64 = low(<FqConfig as Modulus>::NEGATIVE_INVERSE as i64);
/// (k p + 1) / 2²⁹ with k in ±2²⁸
const Q1: [i64; 9] = friendly(1);
/// (k p + 1) / 2⁵⁸ with k in ±2⁵⁷
const Q2: [i64; 9] = friendly(2);
/// 2⁴⁰ / (p / 2²³³), rounded: an estimate of T / (R p) needs no more.
const RECIPROCAL: i64 = (1 << 40) / ((<FqConfig as Modulus>::WORDS[3] >> 41) as i64);
/// 2²⁶¹: the representation of one.
const ONE: [i64; 9] = power_of_two(5);
/// 2²⁶⁶: multiplied by it, a number times 2²⁵⁶ becomes that number times 2²⁶¹.
const FROM_CANONICAL: [i64; 9] = power_of_two(10);
/// 2²⁵⁶: multiplied by it, a number times 2²⁶¹ becomes that number times 2²⁵⁶.
const TO_CANONICAL: [i64; 9] = power_of_two(0);

/// The low 29 bits of `x` as a signed number.
#[inline(always)]
const fn low(x: i64) -> i64 {
	(x << (64 - BITS)) >> (64 - BITS)
}

/// Unsigned limbs as signed ones.
const fn balanced(limbs: &[u64; 9]) -> [i64; 9] {
	let mut result = [0i64; 9];
	let mut carry = 0i64;
	let mut i = 0;
	while i < 8 {
		let limb = limbs[i] as i64 + carry;
		result[i] = low(limb);
		carry = (limb - result[i]) >> BITS;
		i += 1;
	}
	result[8] = limbs[8] as i64 + carry;
	result
}

/// 2^(256 + n) mod p
const fn power_of_two(n: usize) -> [i64; 9] {
	let p = &<FqConfig as Modulus>::WORDS;
	let mut r: [u64; 4] = <FqConfig as MontConfig<4>>::R.0;
	let mut step = 0;
	while step < n {
		r = montgomery::subtract_once(
			[
				r[0] << 1,
				(r[1] << 1) | (r[0] >> 63),
				(r[2] << 1) | (r[1] >> 63),
				(r[3] << 1) | (r[2] >> 63),
			],
			p,
		);
		step += 1;
	}
	balanced(&montgomery::unpack(&r))
}

/// (k p + 1) / 2^(29 n) for the k in ±2^(29 n − 1) for which this is an integer.
const fn friendly(n: usize) -> [i64; 9] {
	let mut t = [0i64; 11];
	t[0] = 1;
	let mut i = 0;
	while i < n {
		let k = low(low(t[i]) * NEGATIVE_INVERSE);
		let mut j = 0;
		while j < 9 {
			t[i + j] += k * P[j];
			j += 1;
		}
		t[i + 1] += t[i] >> BITS;
		i += 1;
	}
	let mut result = [0i64; 9];
	let mut carry = 0i64;
	let mut j = 0;
	while j < 8 {
		let column = t[n + j] + carry;
		result[j] = low(column);
		carry = (column - result[j]) >> BITS;
		j += 1;
	}
	result[8] = t[n + 8] + carry;
	result
}

/// An element of the base field; see the module.
#[derive(Clone, Copy, Debug)]
pub struct Limbs([i64; 9]);

/// A sum of products of [`Limbs`]: column i has the weight 2^(29 i).
#[derive(Clone, Copy, Debug)]
pub struct Columns([i64; 17]);

#[inline(always)]
const fn mul3(a: [i64; 3], b: [i64; 3]) -> [i64; 5] {
	[
		a[0].wrapping_mul(b[0]),
		a[0].wrapping_mul(b[1])
			.wrapping_add(a[1].wrapping_mul(b[0])),
		a[0].wrapping_mul(b[2])
			.wrapping_add(a[1].wrapping_mul(b[1]))
			.wrapping_add(a[2].wrapping_mul(b[0])),
		a[1].wrapping_mul(b[2])
			.wrapping_add(a[2].wrapping_mul(b[1])),
		a[2].wrapping_mul(b[2]),
	]
}

#[inline(always)]
const fn add3(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
	[
		a[0].wrapping_add(b[0]),
		a[1].wrapping_add(b[1]),
		a[2].wrapping_add(b[2]),
	]
}

/// The product, by Karatsuba on three blocks of three limbs: 54 products instead of 81.
#[inline(always)]
fn product(a: &[i64; 9], b: &[i64; 9]) -> [i64; 17] {
	let (a0, a1, a2) = ([a[0], a[1], a[2]], [a[3], a[4], a[5]], [a[6], a[7], a[8]]);
	let (b0, b1, b2) = ([b[0], b[1], b[2]], [b[3], b[4], b[5]], [b[6], b[7], b[8]]);
	let (v0, v1, v2) = (mul3(a0, b0), mul3(a1, b1), mul3(a2, b2));
	let s01 = mul3(add3(a0, a1), add3(b0, b1));
	let s02 = mul3(add3(a0, a2), add3(b0, b2));
	let s12 = mul3(add3(a1, a2), add3(b1, b2));
	let mut t = [0i64; 17];
	expand!(I => {
		let (x0, x1, x2) = (v0[I], v1[I], v2[I]);
		t[I] = t[I].wrapping_add(x0);
		t[I + 3] = t[I + 3].wrapping_add(s01[I].wrapping_sub(x0).wrapping_sub(x1));
		t[I + 6] = t[I + 6]
			.wrapping_add(s02[I].wrapping_sub(x0).wrapping_sub(x2).wrapping_add(x1));
		t[I + 9] = t[I + 9].wrapping_add(s12[I].wrapping_sub(x1).wrapping_sub(x2));
		t[I + 12] = t[I + 12].wrapping_add(x2);
	}; 0 1 2 3 4);
	t
}

/// The square: 45 products.
#[inline(always)]
fn square_product(a: &[i64; 9]) -> [i64; 17] {
	let mut t = [0i64; 17];
	for_9!(I => {
		t[2 * I] = t[2 * I].wrapping_add(a[I].wrapping_mul(a[I]));
		let twice = a[I] << 1;
		for_9!(J => {
			if J > I {
				t[I + J] = t[I + J].wrapping_add(twice.wrapping_mul(a[J]));
			}
		});
	});
	t
}

/// Montgomery's reduction: T / R + (at most p), limbs tight.
///
/// Step i makes column i zero by adding a multiple of p. Any multiple of p serves, so the first
/// seven steps add `m (k p)` with k p ≡ −1 modulo 2⁵⁸: then m is the column itself, needs no
/// product, and touches no column before i + 2 (short chains of dependent instructions). Step 7
/// does the same modulo 2²⁹, step 8 is the textbook's. What they add to the value, divided by R:
/// |m| ≤ 2²⁸ times 2⁵⁷ p · 2^(29·6) for step 6 is p / 4 (and nothing to speak of for steps before),
/// 2²⁸ p · 2^(29·7) for step 7 is p / 4, p · 2^(29·8) for step 8 is p / 2.
#[inline(always)]
fn reduce(t: &[i64; 17]) -> [i64; 9] {
	let mut m = [0i64; 9];
	let mut r = [0i64; 9];
	let mut carry = 0i64;
	for_17!(K => {
		let mut sum = t[K].wrapping_add(HALF);
		for_7!(I => {
			if I + 2 <= K && K - I - 2 < 9 {
				sum = sum.wrapping_add(m[I].wrapping_mul(Q2[K - I - 2]));
			}
		});
		if K >= 8 {
			sum = sum.wrapping_add(m[7].wrapping_mul(Q1[K - 8]));
		}
		if K > 8 {
			sum = sum.wrapping_add(m[8].wrapping_mul(P[K - 8]));
		}
		sum = sum.wrapping_add(carry);
		if K < 8 {
			m[K] = (sum & MASK).wrapping_sub(HALF);
			carry = sum >> BITS;
		} else if K == 8 {
			let column = sum.wrapping_sub(HALF);
			m[8] = low(column.wrapping_mul(NEGATIVE_INVERSE));
			carry = column.wrapping_add(m[8].wrapping_mul(P[0])) >> BITS;
		} else {
			r[K - 9] = (sum & MASK).wrapping_sub(HALF);
			carry = sum >> BITS;
		}
	});
	r[8] = carry;
	r
}

/// Subtracts the multiple of R · p that brings `t` into ±0.51 R p.
#[inline(always)]
fn fold(t: &[i64; 17]) -> [i64; 17] {
	// Column 16 has the weight 2^464, R p is p / 2^203 there; the columns below are noise.
	let q = ((t[16] >> 30).wrapping_mul(RECIPROCAL).wrapping_add(1 << 39)) >> 40;
	let mut t = *t;
	for_8!(I => { t[9 + I] = t[9 + I].wrapping_sub(q.wrapping_mul(P[I])); });
	t[16] = t[16].wrapping_sub(q.wrapping_mul(P[8]) << BITS);
	t
}

impl Base for Limbs {
	type Wide = Columns;
	const ZERO: Self = Self([0; 9]);
	const ONE: Self = Self(ONE);

	#[inline]
	fn new(x: &Fq) -> Self {
		Self::raw(x).mul(&Self(FROM_CANONICAL))
	}

	#[inline]
	fn canonical(&self) -> Fq {
		// |x| < 2 p: the factor is below p, hence the product below 2 p² and its reduction
		// within ±1.02 p; 2 p makes it positive.
		let x = self.mul(&Self(TO_CANONICAL)).0;
		let mut limbs = [0u64; 9];
		let mut carry = 0i64;
		for_9!(I => {
			let limb = x[I] + 2 * P[I] + carry;
			limbs[I] = (limb & MASK) as u64;
			carry = limb >> BITS;
		});
		let words = montgomery::pack(&limbs);
		let p = &<FqConfig as Modulus>::WORDS;
		let words = montgomery::subtract_once(words, p);
		let words = montgomery::subtract_once(words, p);
		let words = montgomery::subtract_once(words, p);
		Fq::new_unchecked(BigInt(words))
	}

	/// Limbs of 29 bits unsigned: as loose as the sum of two tight numbers.
	#[inline(always)]
	fn raw(x: &Fq) -> Self {
		let limbs = montgomery::unpack(&x.0 .0);
		let mut result = [0i64; 9];
		for_9!(I => { result[I] = limbs[I] as i64; });
		Self(result)
	}

	#[inline]
	fn scaler(&self) -> Self {
		// The product with 2^261 · 2^5 divides by 2^261.
		self.mul(&Self(FROM_CANONICAL))
	}

	#[inline]
	fn is_zero(&self) -> bool {
		// A multiple k p with |k| ≤ 4 shows its k in the lowest limb.
		let k = low(self.0[0].wrapping_mul(NEGATIVE_INVERSE)).wrapping_neg();
		if !(-8..=8).contains(&k) {
			return false;
		}
		let mut carry = 0i64;
		let mut bits = 0i64;
		for_9!(I => {
			let limb = self.0[I] - k * P[I] + carry;
			bits |= limb & MASK;
			carry = limb >> BITS;
		});
		bits | carry == 0
	}

	#[inline(always)]
	fn add(&self, other: &Self) -> Self {
		let mut r = [0i64; 9];
		for_9!(I => { r[I] = self.0[I].wrapping_add(other.0[I]); });
		Self(r)
	}
	#[inline(always)]
	fn sub(&self, other: &Self) -> Self {
		let mut r = [0i64; 9];
		for_9!(I => { r[I] = self.0[I].wrapping_sub(other.0[I]); });
		Self(r)
	}
	#[inline(always)]
	fn neg(&self) -> Self {
		let mut r = [0i64; 9];
		for_9!(I => { r[I] = self.0[I].wrapping_neg(); });
		Self(r)
	}
	#[inline(always)]
	fn times(&self, k: u8) -> Self {
		let mut r = [0i64; 9];
		for_9!(I => { r[I] = self.0[I].wrapping_mul(k as i64); });
		Self(r)
	}
	#[inline(always)]
	fn tidy(&self) -> Self {
		let mut r = [0i64; 9];
		let mut carry = 0i64;
		for_8!(I => {
			let limb = self.0[I].wrapping_add(HALF).wrapping_add(carry);
			r[I] = (limb & MASK).wrapping_sub(HALF);
			carry = limb >> BITS;
		});
		r[8] = self.0[8].wrapping_add(carry);
		Self(r)
	}
	#[inline]
	fn mul(&self, other: &Self) -> Self {
		Self(reduce(&product(&self.0, &other.0)))
	}
	#[inline]
	fn square(&self) -> Self {
		Self(reduce(&square_product(&self.0)))
	}

	#[inline]
	fn wide_mul(&self, other: &Self) -> Columns {
		Columns(product(&self.0, &other.0))
	}
	#[inline]
	fn wide_square(&self) -> Columns {
		Columns(square_product(&self.0))
	}
	#[inline(always)]
	fn wide_add(a: &Columns, b: &Columns) -> Columns {
		let mut r = [0i64; 17];
		for_17!(I => { r[I] = a.0[I].wrapping_add(b.0[I]); });
		Columns(r)
	}
	#[inline(always)]
	fn wide_sub(a: &Columns, b: &Columns) -> Columns {
		let mut r = [0i64; 17];
		for_17!(I => { r[I] = a.0[I].wrapping_sub(b.0[I]); });
		Columns(r)
	}
	#[inline(always)]
	fn wide_nine_plus(a: &Columns, b: &Columns) -> Columns {
		let mut r = [0i64; 17];
		for_17!(I => { r[I] = (a.0[I] << 3).wrapping_add(a.0[I]).wrapping_add(b.0[I]); });
		Columns(r)
	}
	#[inline(always)]
	fn wide_nine_minus(a: &Columns, b: &Columns) -> Columns {
		let mut r = [0i64; 17];
		for_17!(I => { r[I] = (a.0[I] << 3).wrapping_add(a.0[I]).wrapping_sub(b.0[I]); });
		Columns(r)
	}
	#[inline(always)]
	fn wide_add_high(a: &Columns, x: &Self) -> Columns {
		let mut r = a.0;
		for_8!(I => { r[9 + I] = r[9 + I].wrapping_add(x.0[I]); });
		r[16] = r[16].wrapping_add(x.0[8] << BITS);
		Columns(r)
	}
	/// Moves what is above 29 bits into the next column, at once in all columns: what is left is
	/// below 2²⁹ + 2³⁴. The highest column keeps its own: |T| < 2⁵²³ makes it less than 2⁵⁹.
	#[inline(always)]
	fn wide_tidy(a: &Columns) -> Columns {
		let mut r = [0i64; 17];
		r[0] = a.0[0] & MASK;
		expand!(I => {
			r[I] = (a.0[I] & MASK).wrapping_add(a.0[I - 1] >> BITS);
		}; 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
		r[16] = a.0[16].wrapping_add(a.0[15] >> BITS);
		Columns(r)
	}
	/// Inlined, so that the three products need not pass through memory.
	#[inline(never)]
	fn wide_mul_pair(a: [&Self; 2], b: [&Self; 2]) -> [Columns; 2] {
		let low = product(&a[0].0, &b[0].0);
		let high = product(&a[1].0, &b[1].0);
		let all = product(&a[0].add(a[1]).0, &b[0].add(b[1]).0);
		let mut first = [0i64; 17];
		let mut second = [0i64; 17];
		for_17!(I => {
			first[I] = low[I].wrapping_sub(high[I]);
			second[I] = all[I].wrapping_sub(low[I]).wrapping_sub(high[I]);
		});
		[Columns(first), Columns(second)]
	}
	#[inline]
	fn reduce(a: &Columns) -> Self {
		Self(reduce(&a.0))
	}
	#[inline]
	fn reduce_far(a: &Columns) -> Self {
		Self(reduce(&fold(&a.0)))
	}
}

/// Runs the reduction on columns at their bounds: debug builds of this test check that what the
/// module says about sizes holds.
#[cfg(test)]
#[allow(clippy::expect_used, clippy::needless_range_loop)]
pub(crate) fn check_bounds() {
	// Tight numbers with all limbs at an extreme, and the highest limb at 2 p.
	let mut extremes = Vec::new();
	for limb in [HALF, -HALF] {
		for top in [1i64 << 22, -(1i64 << 22)] {
			for mask in [0u32, 0x55, 0xaa, 0xff, 0x0f] {
				let mut x = [limb; 9];
				for (i, x) in x.iter_mut().enumerate() {
					if mask >> i & 1 == 1 {
						*x = -*x;
					}
				}
				x[8] = top;
				extremes.push(Limbs(x));
			}
		}
	}
	for a in &extremes {
		for b in &extremes {
			// 14 U, exactly, in 128 bits.
			let mut wide = [0i128; 17];
			for i in 0..9 {
				for j in 0..9 {
					wide[i + j] += 14 * i128::from(a.0[i]) * i128::from(b.0[j]);
				}
			}
			let columns = wide.map(|x| i64::try_from(x).expect("14 U fit into a word"));
			for far in [false, true] {
				let columns = if far { fold(&columns) } else { columns };
				let reduced = reduce(&columns);
				for limb in &reduced[..8] {
					assert!((-HALF..=HALF).contains(limb));
				}
				assert!(reduced[8].abs() < 1 << 23, "a value of more than 2 p");
				// a · b · 14 in the field.
				let expected = a.canonical() * b.canonical() * Fq::from(14u64);
				assert_eq!(Limbs(reduced).canonical(), expected);
			}
		}
	}
}
