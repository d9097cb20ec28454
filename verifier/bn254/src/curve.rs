//! Points of y² = x³ + 3 over a [`Base`]: affine ones added in batches, projective ones for sums.

#![allow(
	clippy::indexing_slicing,
	reason = "the positions given by the callers in crate::msm"
)]

use alloc::vec::Vec;

use ark_ff::{AdditiveGroup, Field};

use crate::{base::Base, G1Affine, G1Projective};

/// A point other than the identity, tight.
#[derive(Clone, Copy, Debug)]
pub struct Point<B> {
	pub x: B,
	pub y: B,
}

impl<B: Base> Point<B> {
	/// `None` for the identity.
	pub fn new(point: &G1Affine) -> Option<Self> {
		(!point.infinity).then(|| Self {
			x: B::new(&point.x),
			y: B::new(&point.y),
		})
	}
	#[inline]
	pub fn negated_if(mut self, negate: bool) -> Self {
		if negate {
			self.y = self.y.neg();
		}
		self
	}
}

/// Points of which some may be absent: the identity has no coordinates.
pub struct Points<B> {
	pub points: Vec<Point<B>>,
	pub absent: Vec<bool>,
	jobs: Vec<Job<B>>,
}

/// A sum to be formed.
struct Job<B> {
	first: usize,
	second: usize,
	doubles: bool,
	/// The product of the denominators before this one.
	before: B,
}

impl<B: Base> Points<B> {
	pub fn with_capacity(capacity: usize) -> Self {
		Self {
			points: Vec::with_capacity(capacity),
			absent: Vec::with_capacity(capacity),
			jobs: Vec::with_capacity(capacity / 2),
		}
	}

	#[inline]
	pub fn push(&mut self, point: Point<B>, absent: bool) {
		self.points.push(point);
		self.absent.push(absent);
	}

	/// `None` for an absent point.
	pub fn get(&self, i: usize) -> Option<&Point<B>> {
		match self.absent.get(i) {
			Some(false) => self.points.get(i),
			_ => None,
		}
	}

	/// Adds to the first point of each pair the second, with one inversion for all pairs
	/// (Montgomery's trick): six products a sum. The first points of the pairs are different ones,
	/// and none is the second of another pair. Equal, opposite and absent points are handled.
	pub fn add_pairs(&mut self, pairs: impl Iterator<Item = (usize, usize)>) {
		let mut product = B::ONE;
		self.jobs.clear();
		for (first, second) in pairs {
			if self.absent[second] {
				continue;
			}
			if self.absent[first] {
				self.points[first] = self.points[second];
				self.absent[first] = false;
				continue;
			}
			let (a, b) = (&self.points[first], &self.points[second]);
			let mut denominator = b.x.sub(&a.x);
			let mut doubles = false;
			if denominator.is_zero() {
				// On the curve y is not zero, since the order of the group is odd.
				denominator = a.y.add(&a.y);
				doubles = b.y.sub(&a.y).is_zero() && !denominator.is_zero();
				if !doubles {
					self.absent[first] = true;
					continue;
				}
			}
			self.jobs.push(Job {
				first,
				second,
				doubles,
				before: product,
			});
			product = product.mul(&denominator);
		}
		if self.jobs.is_empty() {
			return;
		}
		let mut inverse = product.inverse();
		for Job {
			first,
			second,
			doubles,
			before,
		} in self.jobs.iter().rev()
		{
			let (a, b) = (&self.points[*first], &self.points[*second]);
			// The slope λ: of the chord, or of the tangent.
			let (numerator, denominator) = if *doubles {
				(a.x.square().times(3).tidy(), a.y.add(&a.y))
			} else {
				(b.y.sub(&a.y), b.x.sub(&a.x))
			};
			let slope = numerator.mul(&inverse.mul(before));
			inverse = inverse.mul(&denominator);
			// x₃ = λ² − x₁ − x₂, y₃ = λ (x₁ − x₃) − y₁
			let x = B::reduce_far(&B::wide_add_high(
				&slope.wide_square(),
				&a.x.add(&b.x).neg(),
			));
			let y = B::wide_add_high(&slope.wide_mul(&a.x.sub(&x)), &a.y.neg());
			let y = B::reduce_far(&y);
			self.points[*first] = Point { x, y };
		}
	}
}

/// (X : Y : Z), the identity being (0 : 1 : 0); tight.
///
/// The formulas are complete (Renes, Costello and Batina, <https://eprint.iacr.org/2015/1060>,
/// for a = 0 and odd order): no operands need a case of their own.
#[derive(Clone, Copy)]
pub struct Sum<B> {
	x: B,
	y: B,
	z: B,
}

impl<B: Base> Sum<B> {
	pub const ZERO: Self = Self {
		x: B::ZERO,
		y: B::ONE,
		z: B::ZERO,
	};

	pub fn canonical(&self) -> G1Projective {
		let z = self.z.canonical();
		if z == AdditiveGroup::ZERO {
			return G1Projective::ZERO;
		}
		// (X : Y : Z) is (X Z, Y Z², Z) in Jacobian coordinates.
		let (x, y) = (self.x.canonical(), self.y.canonical());
		G1Projective::new_unchecked(x * z, y * z.square(), z)
	}

	#[inline(never)]
	pub fn double(&self) -> Self {
		let Self { x, y, z } = self;
		let (yy, zz) = (y.square(), z.square());
		let (xy, yz) = (x.mul(y), y.mul(z));
		let u = yy.sub(&zz.times(27)).tidy();
		let w = yy.add(&zz.times(9)).tidy();
		let last = yy.wide_mul(&zz.times(72).tidy());
		Self {
			x: B::reduce_far(&xy.add(&xy).wide_mul(&u)),
			y: B::reduce_far(&B::wide_add(&u.wide_mul(&w), &last)),
			z: B::reduce_far(&yz.wide_mul(&yy.times(8).tidy())),
		}
	}

	/// Three products of crossing coordinates, from which everything follows.
	#[inline(always)]
	fn combine(xx: B, yy: B, zz: B, xy: B, yz: B, xz: B) -> Self {
		let zz9 = zz.times(9);
		let u = yy.sub(&zz9).tidy();
		let w = yy.add(&zz9).tidy();
		let xx3 = xx.times(3).tidy();
		let xx27 = xx.times(27).tidy();
		let yz9 = yz.times(9).tidy();
		Self {
			x: B::reduce_far(&B::wide_sub(&xy.wide_mul(&u), &yz9.wide_mul(&xz))),
			y: B::reduce_far(&B::wide_add(&w.wide_mul(&u), &xx27.wide_mul(&xz))),
			z: B::reduce_far(&B::wide_add(&yz.wide_mul(&w), &xx3.wide_mul(&xy))),
		}
	}

	#[inline(never)]
	pub fn add(&self, other: &Self) -> Self {
		let (a, b) = (self, other);
		let (xx, yy, zz) = (a.x.wide_mul(&b.x), a.y.wide_mul(&b.y), a.z.wide_mul(&b.z));
		let cross = |s: B, t: B, one: &B::Wide, two: &B::Wide| {
			B::reduce(&B::wide_sub(&B::wide_sub(&s.wide_mul(&t), one), two))
		};
		let xy = cross(a.x.add(&a.y), b.x.add(&b.y), &xx, &yy);
		let yz = cross(a.y.add(&a.z), b.y.add(&b.z), &yy, &zz);
		let xz = cross(a.x.add(&a.z), b.x.add(&b.z), &xx, &zz);
		Self::combine(B::reduce(&xx), B::reduce(&yy), B::reduce(&zz), xy, yz, xz)
	}

	#[inline(never)]
	pub fn add_point(&self, other: &Point<B>) -> Self {
		let (a, b) = (self, other);
		let (xx, yy) = (a.x.wide_mul(&b.x), a.y.wide_mul(&b.y));
		let all = a.x.add(&a.y).wide_mul(&b.x.add(&b.y));
		let xy = B::reduce(&B::wide_sub(&B::wide_sub(&all, &xx), &yy));
		let yz = B::reduce_far(&B::wide_add_high(&a.z.wide_mul(&b.y), &a.y));
		let xz = B::reduce_far(&B::wide_add_high(&a.z.wide_mul(&b.x), &a.x));
		Self::combine(B::reduce(&xx), B::reduce(&yy), a.z, xy, yz, xz)
	}
}
