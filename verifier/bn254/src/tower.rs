//! The tower Fq2, Fq6, Fq12 over a [`Base`], as far as the pairing needs it.
//!
//! **Bounds** (for [`Limbs`](crate::limbs::Limbs); U is a column of one product of tight numbers,
//! a wide number may hold 14 U; see there). Numbers kept in [`Quadratic`], [`Cubic`] and
//! [`Twelve`] are tight. A product in Fq2 is two products in Fq, so 2 U, and twice that for each
//! loose factor. ξ is applied to tidied wide numbers only, which hold less than a thousandth of U.

use crate::{base::Base, Fq12, Fq2, Fq6};

/// a + bu, u² = −1.
#[derive(Clone, Copy, Debug)]
pub struct Quadratic<B>(pub B, pub B);

/// An unreduced [`Quadratic`].
#[derive(Clone, Copy)]
pub struct Wide<B: Base>(B::Wide, B::Wide);

/// a + bv + cv², v³ = ξ = 9 + u.
#[derive(Clone, Copy)]
pub struct Cubic<B>(pub Quadratic<B>, pub Quadratic<B>, pub Quadratic<B>);

/// An unreduced [`Cubic`].
#[derive(Clone, Copy)]
struct WideCubic<B: Base>(Wide<B>, Wide<B>, Wide<B>);

/// a + bw, w² = v.
#[derive(Clone, Copy)]
pub struct Twelve<B>(pub Cubic<B>, pub Cubic<B>);

impl<B: Base> Quadratic<B> {
	pub const ZERO: Self = Self(B::ZERO, B::ZERO);
	pub const ONE: Self = Self(B::ONE, B::ZERO);

	pub fn new(x: &Fq2) -> Self {
		Self(B::new(&x.c0), B::new(&x.c1))
	}
	pub fn canonical(&self) -> Fq2 {
		Fq2::new(self.0.canonical(), self.1.canonical())
	}
	#[inline(always)]
	pub fn add(&self, other: &Self) -> Self {
		Self(self.0.add(&other.0), self.1.add(&other.1))
	}
	#[inline(always)]
	pub fn neg(&self) -> Self {
		Self(self.0.neg(), self.1.neg())
	}
	#[inline(always)]
	pub fn conjugate(&self) -> Self {
		Self(self.0, self.1.neg())
	}
	#[inline(always)]
	pub fn tidy(&self) -> Self {
		Self(self.0.tidy(), self.1.tidy())
	}
	/// ξ · self, tidied; the value is up to ten times as large.
	#[inline(always)]
	pub fn xi(&self) -> Self {
		Self(
			self.0.times(9).sub(&self.1).tidy(),
			self.1.times(9).add(&self.0).tidy(),
		)
	}
	/// 2 U for tight factors.
	#[inline]
	pub fn wide_mul(&self, other: &Self) -> Wide<B> {
		let [low, high] = B::wide_mul_pair([&self.0, &self.1], [&other.0, &other.1]);
		Wide(low, high)
	}
	/// (a + b)(a − b) + 2abu: 2 U.
	#[inline]
	pub fn wide_square(&self) -> Wide<B> {
		Wide(
			self.0.add(&self.1).wide_mul(&self.0.sub(&self.1)),
			self.0.add(&self.0).wide_mul(&self.1),
		)
	}
	#[inline]
	pub fn mul(&self, other: &Self) -> Self {
		self.wide_mul(other).reduce()
	}
	/// 1 / (a + bu) = (a − bu) / (a² + b²)
	pub fn inverse(&self) -> Self {
		let norm = B::reduce(&B::wide_add(&self.0.wide_square(), &self.1.wide_square())).inverse();
		Self(self.0.mul(&norm), self.1.mul(&norm).neg())
	}
}

impl<B: Base> Wide<B> {
	#[inline(always)]
	pub fn add(&self, other: &Self) -> Self {
		Self(
			B::wide_add(&self.0, &other.0),
			B::wide_add(&self.1, &other.1),
		)
	}
	#[inline(always)]
	pub fn sub(&self, other: &Self) -> Self {
		Self(
			B::wide_sub(&self.0, &other.0),
			B::wide_sub(&self.1, &other.1),
		)
	}
	#[inline(always)]
	fn tidy(&self) -> Self {
		Self(B::wide_tidy(&self.0), B::wide_tidy(&self.1))
	}
	/// ξ · self, for self tidied.
	#[inline(always)]
	fn xi(&self) -> Self {
		Self(
			B::wide_nine_minus(&self.0, &self.1),
			B::wide_nine_plus(&self.1, &self.0),
		)
	}
	/// self + x
	#[inline(always)]
	fn add_number(&self, x: &Quadratic<B>) -> Self {
		Self(
			B::wide_add_high(&self.0, &x.0),
			B::wide_add_high(&self.1, &x.1),
		)
	}
	#[inline(always)]
	pub fn reduce(&self) -> Quadratic<B> {
		Quadratic(B::reduce(&self.0), B::reduce(&self.1))
	}
	#[inline(always)]
	pub fn reduce_far(&self) -> Quadratic<B> {
		Quadratic(B::reduce_far(&self.0), B::reduce_far(&self.1))
	}
}

impl<B: Base> Cubic<B> {
	const ZERO: Self = Self(Quadratic::ZERO, Quadratic::ZERO, Quadratic::ZERO);
	const ONE: Self = Self(Quadratic::ONE, Quadratic::ZERO, Quadratic::ZERO);

	#[cfg(test)]
	pub fn new(x: &Fq6) -> Self {
		Self(
			Quadratic::new(&x.c0),
			Quadratic::new(&x.c1),
			Quadratic::new(&x.c2),
		)
	}
	pub fn canonical(&self) -> Fq6 {
		Fq6::new(self.0.canonical(), self.1.canonical(), self.2.canonical())
	}
	#[inline(always)]
	fn add(&self, other: &Self) -> Self {
		Self(
			self.0.add(&other.0),
			self.1.add(&other.1),
			self.2.add(&other.2),
		)
	}
	#[inline(always)]
	fn neg(&self) -> Self {
		Self(self.0.neg(), self.1.neg(), self.2.neg())
	}
	#[inline(always)]
	fn tidy(&self) -> Self {
		Self(self.0.tidy(), self.1.tidy(), self.2.tidy())
	}
	/// Karatsuba: six products in Fq2. Columns: 2 U, 4 U, 6 U (twice that if one factor is loose).
	#[inline(never)]
	fn wide_mul(&self, other: &Self) -> WideCubic<B> {
		let v0 = self.0.wide_mul(&other.0);
		let v1 = self.1.wide_mul(&other.1);
		let v2 = self.2.wide_mul(&other.2);
		let s12 = self.1.add(&self.2).wide_mul(&other.1.add(&other.2));
		let s01 = self.0.add(&self.1).wide_mul(&other.0.add(&other.1));
		let s02 = self.0.add(&self.2).wide_mul(&other.0.add(&other.2));
		WideCubic(
			v0.add(&s12.sub(&v1).sub(&v2).tidy().xi()),
			s01.sub(&v0).sub(&v1).add(&v2.tidy().xi()),
			s02.sub(&v0).sub(&v2).add(&v1),
		)
	}
	/// The product with a + bv: five products in Fq2. Columns: 2 U, 4 U, 4 U.
	#[inline(never)]
	fn wide_mul_two(&self, a: &Quadratic<B>, b: &Quadratic<B>) -> WideCubic<B> {
		let v0 = self.0.wide_mul(a);
		let v1 = self.1.wide_mul(b);
		let s01 = self.0.add(&self.1).wide_mul(&a.add(b));
		WideCubic(
			v0.add(&self.2.wide_mul(b).tidy().xi()),
			s01.sub(&v0).sub(&v1),
			self.2.wide_mul(a).add(&v1),
		)
	}
	/// 1 / (a + bv + cv²) by the adjoint: 2 U … 4 U.
	fn inverse(&self) -> Self {
		let Self(a, b, c) = self;
		let x = a.wide_square().sub(&b.wide_mul(c).tidy().xi()).reduce_far();
		let y = c.wide_square().tidy().xi().sub(&a.wide_mul(b)).reduce_far();
		let z = b.wide_square().sub(&a.wide_mul(c)).reduce_far();
		let cross = c.wide_mul(&y).add(&b.wide_mul(&z)).tidy().xi();
		let norm = cross.add(&a.wide_mul(&x)).reduce_far().inverse();
		Self(x.mul(&norm), y.mul(&norm), z.mul(&norm))
	}
}

impl<B: Base> WideCubic<B> {
	#[inline(always)]
	fn add(&self, other: &Self) -> Self {
		Self(
			self.0.add(&other.0),
			self.1.add(&other.1),
			self.2.add(&other.2),
		)
	}
	#[inline(always)]
	fn sub(&self, other: &Self) -> Self {
		Self(
			self.0.sub(&other.0),
			self.1.sub(&other.1),
			self.2.sub(&other.2),
		)
	}
	#[inline(always)]
	fn tidy(&self) -> Self {
		Self(self.0.tidy(), self.1.tidy(), self.2.tidy())
	}
	/// v · self
	#[inline(always)]
	fn shift(&self) -> Self {
		Self(self.2.tidy().xi(), self.0, self.1)
	}
	#[inline(never)]
	fn reduce_far(&self) -> Cubic<B> {
		Cubic(
			self.0.reduce_far(),
			self.1.reduce_far(),
			self.2.reduce_far(),
		)
	}
}

impl<B: Base> Twelve<B> {
	pub const ZERO: Self = Self(Cubic::ZERO, Cubic::ZERO);
	pub const ONE: Self = Self(Cubic::ONE, Cubic::ZERO);

	#[cfg(test)]
	pub fn new(x: &Fq12) -> Self {
		Self(Cubic::new(&x.c0), Cubic::new(&x.c1))
	}
	pub fn canonical(&self) -> Fq12 {
		Fq12::new(self.0.canonical(), self.1.canonical())
	}
	/// a − bw: the p⁶-power Frobenius map, and the inverse of elements of norm one.
	#[inline(always)]
	pub fn conjugate(&self) -> Self {
		Self(self.0, self.1.neg())
	}
	/// Columns: v₀ + v v₁ is 6 U + 4 U at most; the sums are tidied before 6 U + 6 U are
	/// subtracted, with one loose factor, 12 U.
	pub fn mul(&self, other: &Self) -> Self {
		let v0 = self.0.wide_mul(&other.0);
		let v1 = self.1.wide_mul(&other.1);
		let sum = self.0.add(&self.1).wide_mul(&other.0.add(&other.1).tidy());
		Self(
			v0.add(&v1.shift()).reduce_far(),
			sum.tidy().sub(&v0).sub(&v1).reduce_far(),
		)
	}
	/// (a + bw)² = (a + b)(a + vb) − ab − v ab + 2ab w. Columns: 12 U for the first (one factor is
	/// loose); ab is tidied.
	pub fn square(&self) -> Self {
		let Self(a, b) = self;
		let ab = a.wide_mul(b).tidy();
		let shifted = Cubic(b.2.xi(), b.0, b.1);
		let all = a.add(b).wide_mul(&a.add(&shifted).tidy());
		Self(
			all.sub(&ab).sub(&ab.shift()).reduce_far(),
			ab.add(&ab).reduce_far(),
		)
	}
	/// self · (1 + aw + bw³): ten products in Fq2.
	pub fn mul_line(&self, a: &Quadratic<B>, b: &Quadratic<B>) -> Self {
		// f₀ + f₁w times 1 + (a + bv)w
		let high = self.1.wide_mul_two(a, b);
		let low = self.0.wide_mul_two(a, b);
		Self(
			high.shift().add_number(&self.0).reduce_far(),
			low.add_number(&self.1).reduce_far(),
		)
	}
	/// self · (1 + aw + bw³)(1 + cw + dw³): twenty products in Fq2 and fewer reductions.
	pub fn mul_two_lines(&self, [a, b]: &[Quadratic<B>; 2], [c, d]: &[Quadratic<B>; 2]) -> Self {
		// 1 + ξbd + (a + c)w + ac w² + (b + d)w³ + (ad + bc)w⁴
		let (ac, bd) = (a.wide_mul(c), b.wide_mul(d));
		let cross = a.add(b).wide_mul(&c.add(d)).sub(&ac).sub(&bd);
		let even = Cubic(
			bd.tidy().xi().add_number(&Quadratic::ONE).reduce_far(),
			ac.reduce(),
			cross.reduce(),
		);
		let odd = [a.add(c).tidy(), b.add(d).tidy()];
		let v0 = self.0.wide_mul(&even);
		let v1 = self.1.wide_mul_two(&odd[0], &odd[1]);
		let sum = Cubic(even.0.add(&odd[0]), even.1.add(&odd[1]), even.2).tidy();
		let sum = self.0.add(&self.1).wide_mul(&sum);
		Self(
			v0.add(&v1.shift()).reduce_far(),
			sum.tidy().sub(&v0).sub(&v1).reduce_far(),
		)
	}
	/// 1 / (a + bw) = (a − bw) / (a² − v b²); zero of zero.
	pub fn inverse(&self) -> Self {
		let Self(a, b) = self;
		let norm = a
			.wide_mul(a)
			.sub(&b.wide_mul(b).shift())
			.reduce_far()
			.inverse();
		Self(
			a.wide_mul(&norm).reduce_far(),
			b.wide_mul(&norm).reduce_far().neg(),
		)
	}
	/// The square of an element of the cyclotomic subgroup (Granger and Scott,
	/// <https://eprint.iacr.org/2009/565>): three squares in Fq4 = Fq2\[s\] / (s² − ξ).
	#[inline(never)]
	pub fn cyclotomic_square(&self) -> Self {
		let Self(Cubic(r0, r4, r3), Cubic(r2, r1, r5)) = self;
		let (t0, t1) = square_in_fq4(r0, r1);
		let (t2, t3) = square_in_fq4(r2, r3);
		let (t4, t5) = square_in_fq4(r4, r5);
		// 3t ± 2r
		let minus = |t: &Wide<B>, r: &Quadratic<B>| {
			let r = r.neg();
			t.add(t).add(t).add_number(&r).add_number(&r).reduce_far()
		};
		let plus = |t: &Wide<B>, r: &Quadratic<B>| {
			t.add(t).add(t).add_number(r).add_number(r).reduce_far()
		};
		Self(
			Cubic(minus(&t0, r0), minus(&t2, r4), minus(&t4, r3)),
			Cubic(plus(&t5.tidy().xi(), r2), plus(&t1, r1), plus(&t3, r5)),
		)
	}
	/// self^(pⁿ), from the constants ξ^(i (pⁿ − 1) / 6), i = 1 … 5.
	pub fn frobenius(&self, constants: &[Quadratic<B>; 5], odd: bool) -> Self {
		let [c1, c2, c3, c4, c5] = constants;
		let map = |x: &Quadratic<B>| if odd { x.conjugate() } else { *x };
		let Self(Cubic(x0, x2, x4), Cubic(x1, x3, x5)) = self;
		Self(
			Cubic(map(x0), map(x2).mul(c2), map(x4).mul(c4)),
			Cubic(map(x1).mul(c1), map(x3).mul(c3), map(x5).mul(c5)),
		)
	}
}

impl<B: Base> WideCubic<B> {
	#[inline(always)]
	fn add_number(&self, x: &Cubic<B>) -> Self {
		Self(
			self.0.add_number(&x.0),
			self.1.add_number(&x.1),
			self.2.add_number(&x.2),
		)
	}
}

/// (a + bs)² = a² + ξb² + 2abs. Columns: 2 U, 4 U.
#[inline(always)]
fn square_in_fq4<B: Base>(a: &Quadratic<B>, b: &Quadratic<B>) -> (Wide<B>, Wide<B>) {
	let (aa, bb) = (a.wide_square(), b.wide_square());
	let cross = a.add(b).wide_square().sub(&aa).sub(&bb);
	(aa.add(&bb.tidy().xi()), cross)
}
