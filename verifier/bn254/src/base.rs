//! What the pairing and the multi-scalar multiplication need of the base field.
//!
//! One algorithm serves two representations: [`Fq`] itself ([`Canonical`], fastest where the
//! machine has a 128-bit product) and signed limbs with delayed reductions
//! ([`Limbs`](crate::limbs::Limbs), fastest in wasm). [`Active`] is the one of the target; the
//! tests run both.
//!
//! **Terms.** A number is *tight* as a reduction or [`Base::tidy`] leaves it; a sum or difference
//! of two tight numbers is *loose*. A *wide* number is a sum of products before its reduction. The
//! words mean nothing to [`Canonical`]; [`crate::limbs`] proves from them that nothing overflows.

use ark_ff::{AdditiveGroup, Field};

use crate::Fq;

/// The representation that is fastest on this target.
#[cfg(target_family = "wasm")]
pub type Active = crate::limbs::Limbs;
/// The representation that is fastest on this target.
#[cfg(not(target_family = "wasm"))]
pub type Active = Canonical;

/// An element of the base field.
pub trait Base: Copy {
	/// A sum of products, not yet reduced.
	type Wide: Copy;
	/// Zero.
	const ZERO: Self;
	/// One.
	const ONE: Self;

	/// From the canonical form.
	fn new(x: &Fq) -> Self;
	/// To the canonical form.
	fn canonical(&self) -> Fq;
	/// Cheap: a number for the left side of a product whose right side is a [`scaler`](Self::scaler).
	fn raw(x: &Fq) -> Self;
	/// See [`raw`](Self::raw): `raw(x) · y.scaler() = x · y`.
	fn scaler(&self) -> Self;
	/// Whether this is zero; for a tight number or the sum of two.
	fn is_zero(&self) -> bool;

	/// Sum; loose.
	fn add(&self, other: &Self) -> Self;
	/// Difference; loose.
	fn sub(&self, other: &Self) -> Self;
	/// Negation; as tight as the number.
	fn neg(&self) -> Self;
	/// `k` times the number, for `k` ≤ 72; neither tight nor loose until [`tidy`](Self::tidy).
	fn times(&self, k: u8) -> Self;
	/// The same number, tight (its limbs; not its value).
	fn tidy(&self) -> Self;
	/// Inverse; zero of zero.
	fn inverse(&self) -> Self {
		Self::new(&self.canonical().inverse().unwrap_or(Fq::ZERO))
	}

	/// Product of two loose numbers.
	fn mul(&self, other: &Self) -> Self;
	/// Square of a loose number.
	fn square(&self) -> Self;

	/// Product, not reduced.
	fn wide_mul(&self, other: &Self) -> Self::Wide;
	/// Square, not reduced.
	fn wide_square(&self) -> Self::Wide;
	/// Sum.
	fn wide_add(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
	/// Difference.
	fn wide_sub(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
	/// `9a + b`, of tidied numbers.
	fn wide_nine_plus(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
	/// `9a − b`, of tidied numbers.
	fn wide_nine_minus(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
	/// `a + x` for a number of the field.
	fn wide_add_high(a: &Self::Wide, x: &Self) -> Self::Wide;
	/// The same number with small columns.
	fn wide_tidy(a: &Self::Wide) -> Self::Wide;
	/// The number that a short sum of products stands for; tight.
	fn reduce(a: &Self::Wide) -> Self;
	/// The number that a long sum of products stands for; tight.
	fn reduce_far(a: &Self::Wide) -> Self;
	/// `(a₀ + a₁u)(b₀ + b₁u)` with u² = −1, not reduced.
	#[inline(always)]
	fn wide_mul_pair(a: [&Self; 2], b: [&Self; 2]) -> [Self::Wide; 2] {
		let low = a[0].wide_mul(b[0]);
		let high = a[1].wide_mul(b[1]);
		let all = a[0].add(a[1]).wide_mul(&b[0].add(b[1]));
		[
			Self::wide_sub(&low, &high),
			Self::wide_sub(&Self::wide_sub(&all, &low), &high),
		]
	}
}

/// The base field as `ark_ff` has it: every number is reduced.
#[derive(Clone, Copy)]
pub struct Canonical(pub Fq);

impl Base for Canonical {
	type Wide = Fq;
	const ZERO: Self = Self(Fq::ZERO);
	const ONE: Self = Self(Fq::ONE);

	#[inline(always)]
	fn new(x: &Fq) -> Self {
		Self(*x)
	}
	#[inline(always)]
	fn canonical(&self) -> Fq {
		self.0
	}
	#[inline(always)]
	fn raw(x: &Fq) -> Self {
		Self(*x)
	}
	#[inline(always)]
	fn scaler(&self) -> Self {
		*self
	}
	#[inline(always)]
	fn is_zero(&self) -> bool {
		self.0 == Fq::ZERO
	}
	#[inline(always)]
	fn add(&self, other: &Self) -> Self {
		Self(self.0 + other.0)
	}
	#[inline(always)]
	fn sub(&self, other: &Self) -> Self {
		Self(self.0 - other.0)
	}
	#[inline(always)]
	fn neg(&self) -> Self {
		Self(-self.0)
	}
	#[inline(always)]
	fn times(&self, k: u8) -> Self {
		let mut sum = Fq::ZERO;
		for bit in (0..u8::BITS).rev() {
			sum.double_in_place();
			if k.checked_shr(bit).unwrap_or(0) & 1 == 1 {
				sum += self.0;
			}
		}
		Self(sum)
	}
	#[inline(always)]
	fn tidy(&self) -> Self {
		*self
	}
	#[inline(always)]
	fn mul(&self, other: &Self) -> Self {
		Self(self.0 * other.0)
	}
	#[inline(always)]
	fn square(&self) -> Self {
		Self(self.0.square())
	}
	#[inline(always)]
	fn wide_mul(&self, other: &Self) -> Fq {
		self.0 * other.0
	}
	#[inline(always)]
	fn wide_square(&self) -> Fq {
		self.0.square()
	}
	#[inline(always)]
	fn wide_add(a: &Fq, b: &Fq) -> Fq {
		*a + b
	}
	#[inline(always)]
	fn wide_sub(a: &Fq, b: &Fq) -> Fq {
		*a - b
	}
	#[inline(always)]
	fn wide_nine_plus(a: &Fq, b: &Fq) -> Fq {
		a.double().double().double() + a + b
	}
	#[inline(always)]
	fn wide_nine_minus(a: &Fq, b: &Fq) -> Fq {
		a.double().double().double() + a - b
	}
	#[inline(always)]
	fn wide_add_high(a: &Fq, x: &Self) -> Fq {
		*a + x.0
	}
	#[inline(always)]
	fn wide_tidy(a: &Fq) -> Fq {
		*a
	}
	#[inline(always)]
	fn reduce(a: &Fq) -> Self {
		Self(*a)
	}
	#[inline(always)]
	fn reduce_far(a: &Fq) -> Self {
		Self(*a)
	}
	#[inline(always)]
	fn wide_mul_pair(a: [&Self; 2], b: [&Self; 2]) -> [Fq; 2] {
		[
			Fq::sum_of_products(&[a[0].0, a[1].0], &[b[0].0, -b[1].0]),
			Fq::sum_of_products(&[a[0].0, a[1].0], &[b[1].0, b[0].0]),
		]
	}
}
