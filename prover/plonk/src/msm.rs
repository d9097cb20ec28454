//! Multi-scalar multiplication over fixed bases: Pippenger's buckets, filled with affine additions
//! that share their inversions, over signed windows.
//!
//! Scalars are field elements, or integers of at most 64 bits, which need a quarter of the windows
//! or fewer: a column of 16-bit integers costs about a fifteenth of a column of field elements.
//!
//! **Tables.** The bases are fixed, so for few of them the multiples `2^(c·t)·G_i` of each window t
//! are stored too. Then all windows share one set of buckets, and there are no doublings.
//!
//! Not constant-time: bases and scalars are a witness's, on the prover's own machine.

use halo2curves::{
	bn256::{Fq, Fr, G1Affine, G1},
	ff::{Field, PrimeField},
	group::{prime::PrimeCurveAffine, Curve, Group},
};
use rayon::prelude::*;
use std::sync::Arc;

/// Bits of a scalar, and one for the sign that windows carry upwards.
const FULL_BITS: u32 = Fr::NUM_BITS + 1;
/// Bases up to which the multiples of all windows are stored.
const TABLE_MAX_BASES: usize = 1 << 14;
/// Points that are added up at a time: 2 MiB of them.
const PORTION: usize = 1 << 15;
/// Additions that share an inversion.
const BLOCK: usize = 512;
/// Cost of an addition in the final sum over buckets (projective), in affine additions.
const PROJECTIVE_COST: usize = 2;

/// Bases of multi-scalar multiplications.
#[derive(Clone, Debug)]
pub(crate) struct Bases {
	len: usize,
	/// The bases; then, with tables, their multiples by 2^window, 2^(2·window), ….
	/// Shared by copies, of which models of one size have many.
	points: Arc<Vec<G1Affine>>,
	/// Bits of a window of the tables, if there are any.
	window: Option<u32>,
}

/// The scalars of a multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalars<'a> {
	Small(&'a [i64]),
	Full(&'a [Fr]),
}

impl Scalars<'_> {
	fn len(&self) -> usize {
		match self {
			Self::Small(values) => values.len(),
			Self::Full(values) => values.len(),
		}
	}

	/// Bits of the greatest, and the sign.
	fn bits(&self) -> u32 {
		match self {
			Self::Small(values) => {
				let greatest = values.iter().map(|v| v.unsigned_abs()).max().unwrap_or(0);
				u64::BITS - greatest.leading_zeros() + 1
			},
			Self::Full(_) => FULL_BITS,
		}
	}

	/// How many are not zero.
	fn count(&self) -> usize {
		match self {
			Self::Small(values) => values.iter().filter(|v| **v != 0).count(),
			Self::Full(values) => values.len(),
		}
	}
}

impl Bases {
	/// Bases without tables yet.
	pub(crate) fn new(points: Vec<G1Affine>) -> Self {
		Self {
			len: points.len(),
			points: Arc::new(points),
			window: None,
		}
	}

	/// Bytes in memory.
	pub(crate) fn bytes(&self) -> usize {
		self.points.len().saturating_mul(size_of::<G1Affine>())
	}

	/// Bytes in memory of `len` bases with their tables, if they get any.
	pub(crate) fn bytes_with_tables(len: usize) -> usize {
		let levels = table(len).map_or(1, |(_, levels)| levels);
		len.saturating_mul(levels)
			.saturating_mul(size_of::<G1Affine>())
	}

	/// Adds tables, if there are few bases.
	pub(crate) fn with_tables(mut self) -> Self {
		let Some((window, levels)) = table(self.len).filter(|_| self.window.is_none()) else {
			return self;
		};
		let points = Arc::make_mut(&mut self.points);
		points.reserve_exact((levels - 1) * self.len);
		for level in 1..levels {
			let start = (level - 1) * self.len;
			let mut next = points.get(start..).unwrap_or_default().to_vec();
			next.par_chunks_mut(BLOCK).for_each(|points| {
				for _ in 0..window {
					double_all(points);
				}
			});
			points.append(&mut next);
		}
		self.window = Some(window);
		self
	}

	/// The bases themselves.
	pub(crate) fn points(&self) -> &[G1Affine] {
		self.points.get(..self.len).unwrap_or_default()
	}

	/// Σ scalar_i · base_i over the first scalars.len() bases, on `threads` threads.
	pub(crate) fn multiply(&self, scalars: Scalars<'_>, threads: usize) -> G1 {
		let count = scalars.count().min(self.len);
		if count == 0 {
			return G1::identity();
		}
		let bits = scalars.bits();
		let sets_cost = |c: u32| cost(count, bits.div_ceil(c), bits.div_ceil(c) as usize, c);
		let window = (1..=15).min_by_key(|c| sets_cost(*c)).unwrap_or(8);
		match self.window {
			Some(c) if cost(count, bits.div_ceil(c), 1, c) <= sets_cost(window) => {
				self.with_one_set(scalars, c, bits.div_ceil(c), threads)
			},
			_ => self.with_set_per_window(scalars, window, bits.div_ceil(window), threads),
		}
	}

	/// One set of buckets: window t uses the t-th multiples.
	fn with_one_set(&self, scalars: Scalars<'_>, c: u32, windows: u32, threads: usize) -> G1 {
		let len = scalars.len().min(self.len);
		let part = len.div_ceil(threads.max(1)).max(1);
		let parts: Vec<G1> = (0..len.div_ceil(part))
			.into_par_iter()
			.map(|index| {
				let range = index * part..((index + 1) * part).min(len);
				let mut terms = Vec::with_capacity(range.len() * windows as usize);
				for_each_digit(scalars, range, c, windows, |i, window, digit| {
					// Tables have at most TABLE_MAX_BASES · FULL_BITS points.
					terms.push((digit, window * self.len as u32 + i as u32));
				});
				self.sum(&terms, c)
			})
			.collect();
		parts.into_iter().sum()
	}

	/// A set of buckets per window, combined by doublings.
	fn with_set_per_window(
		&self,
		scalars: Scalars<'_>,
		c: u32,
		windows: u32,
		threads: usize,
	) -> G1 {
		let len = scalars.len().min(self.len);
		// All digits, window by window; c is at most 15.
		let mut digits = vec![0i16; len * windows as usize];
		for_each_digit(scalars, 0..len, c, windows, |i, window, digit| {
			if let Some(to) = digits.get_mut(window as usize * len + i) {
				*to = digit as i16;
			}
		});
		let window_sum = |digits: &[i16]| {
			// At most 2^28 bases: the field has no larger domain.
			let terms: Vec<(i32, u32)> = (0u32..)
				.zip(digits)
				.filter(|(_, digit)| **digit != 0)
				.map(|(i, digit)| (i32::from(*digit), i))
				.collect();
			self.sum(&terms, c)
		};
		let sums: Vec<G1> = if threads > 1 {
			digits.par_chunks(len.max(1)).map(window_sum).collect()
		} else {
			digits.chunks(len.max(1)).map(window_sum).collect()
		};
		sums.into_iter().rev().fold(G1::identity(), |sum, window| {
			(0..c).fold(sum, |sum, _| sum.double()) + window
		})
	}

	/// Σ digit · points\[index\]. Memory: 12 bytes a term, 64 a bucket, and [`PORTION`] points.
	fn sum(&self, terms: &[(i32, u32)], c: u32) -> G1 {
		let buckets = 1usize << (c - 1);
		// Where each bucket's terms start, then end, once they are placed.
		let mut ends = vec![0usize; buckets + 1];
		for (digit, _) in terms {
			if let Some(count) = ends.get_mut(digit.unsigned_abs() as usize) {
				*count += 1;
			}
		}
		let mut position = 0;
		for end in &mut ends {
			let count = *end;
			*end = position;
			position += count;
		}
		// Twice the index, and one if the digit is negative; bucket by bucket.
		let mut order = vec![0u32; terms.len()];
		for (digit, index) in terms {
			let Some(end) = ends.get_mut(digit.unsigned_abs() as usize) else {
				continue;
			};
			if let Some(to) = order.get_mut(*end) {
				*to = index << 1 | u32::from(*digit < 0);
			}
			*end += 1;
		}
		// Points are copied and added up in portions, which fit the processor's cache.
		let mut sums = vec![G1Affine::identity(); buckets + 1];
		let mut points = Vec::with_capacity(PORTION.min(order.len()));
		let (mut numbers, mut segments) = (Vec::new(), Vec::new());
		// Bucket 0 is empty: zero digits are no terms.
		let mut bucket = 1;
		for (portion, order) in order.chunks(PORTION).enumerate() {
			points.clear();
			points.extend(order.iter().map(|code| {
				let point = self.points.get((code >> 1) as usize).copied();
				let point = point.unwrap_or(G1Affine::identity());
				if code & 1 == 1 {
					-point
				} else {
					point
				}
			}));
			numbers.clear();
			segments.clear();
			let mut start = 0;
			while start < order.len() && bucket <= buckets {
				let end = ends.get(bucket).copied().unwrap_or_default();
				let inside = end.saturating_sub(portion * PORTION).min(order.len());
				if inside > start {
					numbers.push(bucket);
					segments.push((start, inside - start));
				}
				start = inside;
				// A bucket that the next portion goes on with stays the current one.
				if end <= portion * PORTION + order.len() {
					bucket += 1;
				}
			}
			add_within(&mut points, &mut segments);
			for (number, (start, _)) in numbers.iter().zip(&segments) {
				if let (Some(sum), Some(point)) = (sums.get_mut(*number), points.get(*start)) {
					*sum = if *sum == G1Affine::identity() {
						*point
					} else {
						(G1::from(*sum) + point).to_affine()
					};
				}
			}
		}

		let (mut running, mut sum) = (G1::identity(), G1::identity());
		for point in sums.iter().skip(1).rev() {
			if *point != G1Affine::identity() {
				running += point;
			}
			sum += running;
		}
		sum
	}
}

/// Bits of a window, and the number of windows, of the tables of `len` bases; none if there are none, or too many.
fn table(len: usize) -> Option<(u32, usize)> {
	if len == 0 || len > TABLE_MAX_BASES {
		return None;
	}
	let window = (2..=15)
		.min_by_key(|c| cost(len, FULL_BITS.div_ceil(*c), 1, *c))
		.unwrap_or(8);
	Some((window, FULL_BITS.div_ceil(window) as usize))
}

/// Affine additions of a multiplication with `sets` sets of buckets.
fn cost(count: usize, windows: u32, sets: usize, c: u32) -> usize {
	count * windows as usize + sets * (1usize << (c - 1)) * 2 * PROJECTIVE_COST
}

/// Calls `f(index, window, digit)` for the digits that are not zero of scalars `range`, in base
/// 2^c, from −2^(c−1) to 2^(c−1).
fn for_each_digit(
	scalars: Scalars<'_>,
	range: std::ops::Range<usize>,
	c: u32,
	windows: u32,
	mut f: impl FnMut(usize, u32, i32),
) {
	let base = 1i64 << c;
	let half = base >> 1;
	match scalars {
		Scalars::Small(values) => {
			for (i, value) in range.clone().zip(values.get(range).unwrap_or_default()) {
				let negative = *value < 0;
				let mut rest = u128::from(value.unsigned_abs());
				let mut window = 0;
				while rest != 0 && window < windows {
					let mut digit = (rest as i64) & (base - 1);
					rest >>= c;
					if digit > half {
						digit -= base;
						rest += 1;
					}
					if digit != 0 {
						f(i, window, (if negative { -digit } else { digit }) as i32);
					}
					window += 1;
				}
			}
		},
		Scalars::Full(values) => {
			for (i, value) in range.clone().zip(values.get(range).unwrap_or_default()) {
				let repr = value.to_repr();
				let mut limbs = [0u64; 5];
				for (limb, bytes) in limbs.iter_mut().zip(repr.as_ref().as_chunks::<8>().0) {
					*limb = u64::from_le_bytes(*bytes);
				}
				let mut carry = 0;
				for window in 0..windows {
					let bit = window * c;
					let (word, shift) = ((bit / 64) as usize, bit % 64);
					let low = limbs.get(word).copied().unwrap_or(0);
					let high = limbs.get(word + 1).copied().unwrap_or(0);
					let wide = (u128::from(high) << 64 | u128::from(low)) >> shift;
					let mut digit = (wide as i64 & (base - 1)) + carry;
					carry = i64::from(digit > half);
					digit -= carry * base;
					if digit != 0 {
						f(i, window, digit as i32);
					}
				}
			}
		},
	}
}

/// Doubles each point.
fn double_all(points: &mut [G1Affine]) {
	let mut inverses: Vec<Fq> = points.iter().map(|p| p.y.double()).collect();
	invert_all(&mut inverses);
	for (point, inverse) in points.iter_mut().zip(inverses) {
		*point = doubled(point, &inverse);
	}
}

/// 2·p, given 1/(2y); the identity (0, 0) stays: its inverse is 0.
fn doubled(p: &G1Affine, inverse: &Fq) -> G1Affine {
	let square = p.x.square();
	let slope = (square.double() + square) * inverse;
	let x = slope.square() - p.x.double();
	G1Affine {
		x,
		y: slope * (p.x - x) - p.y,
	}
}

/// A sum of two points that waits for its inversion.
#[derive(Clone, Copy)]
enum Pending {
	/// Different x.
	Sum,
	/// The same point.
	Double,
	/// No division is needed.
	Known(G1Affine),
	/// The first point alone.
	Move,
}

/// Adds up each bucket (start, length) in place: pairs, then pairs of sums, and so on. Afterwards
/// buckets have at most one point.
fn add_within(points: &mut [G1Affine], buckets: &mut [(usize, usize)]) {
	let mut block: Vec<(usize, usize, Pending)> = Vec::with_capacity(BLOCK);
	let mut denominators: Vec<Fq> = Vec::with_capacity(BLOCK);
	while buckets.iter().any(|(_, len)| *len > 1) {
		for (start, len) in buckets.iter_mut() {
			let pairs = *len / 2;
			for pair in 0..pairs {
				let (from, to) = (*start + 2 * pair, *start + pair);
				let (pending, denominator) = prepare(points, from);
				block.push((from, to, pending));
				denominators.push(denominator);
				if block.len() == BLOCK {
					finish(points, &mut block, &mut denominators);
				}
			}
			if *len % 2 == 1 && pairs > 0 {
				block.push((*start + *len - 1, *start + pairs, Pending::Move));
				denominators.push(Fq::ONE);
			}
			*len = pairs + *len % 2;
		}
		finish(points, &mut block, &mut denominators);
	}
}

/// What points `from` and `from + 1` need to be added.
fn prepare(points: &[G1Affine], from: usize) -> (Pending, Fq) {
	let [Some(a), Some(b)] = [points.get(from), points.get(from + 1)] else {
		return (Pending::Known(G1Affine::identity()), Fq::ONE);
	};
	let denominator = b.x - a.x;
	// Not `is_zero`, which hides from the processor what it compares.
	let is_identity = |p: &G1Affine| p.x == Fq::ZERO && p.y == Fq::ZERO;
	if denominator != Fq::ZERO && !is_identity(a) && !is_identity(b) {
		(Pending::Sum, denominator)
	} else if is_identity(a) {
		(Pending::Known(*b), Fq::ONE)
	} else if is_identity(b) {
		(Pending::Known(*a), Fq::ONE)
	} else if a.y == b.y {
		(Pending::Double, a.y.double())
	} else {
		(Pending::Known(G1Affine::identity()), Fq::ONE)
	}
}

/// Computes the pending sums, in order: no sum overwrites a point that a later one reads.
fn finish(
	points: &mut [G1Affine],
	block: &mut Vec<(usize, usize, Pending)>,
	denominators: &mut Vec<Fq>,
) {
	invert_all(denominators);
	for ((from, to, pending), inverse) in block.drain(..).zip(denominators.drain(..)) {
		let Some(a) = points.get(from) else {
			continue;
		};
		// A point that moves may be the last.
		let b = points.get(from + 1).unwrap_or(a);
		let sum = match pending {
			Pending::Move => *a,
			Pending::Sum => {
				let slope = (b.y - a.y) * inverse;
				let x = slope.square() - a.x - b.x;
				G1Affine {
					x,
					y: slope * (a.x - x) - a.y,
				}
			},
			Pending::Double => doubled(a, &inverse),
			Pending::Known(point) => point,
		};
		if let Some(to) = points.get_mut(to) {
			*to = sum;
		}
	}
}

/// Replaces each value by its inverse; zero stays zero.
fn invert_all(values: &mut [Fq]) {
	let mut products = Vec::with_capacity(values.len());
	let mut product = Fq::ONE;
	for value in values.iter() {
		products.push(product);
		if *value != Fq::ZERO {
			product *= value;
		}
	}
	let mut inverse = product.invert().unwrap_or(Fq::ONE);
	for (value, before) in values.iter_mut().zip(products).rev() {
		if *value != Fq::ZERO {
			let this = inverse * before;
			inverse *= *value;
			*value = this;
		}
	}
}

/// Affine coordinates of several points.
pub(crate) fn to_affine(points: &[G1]) -> Vec<G1Affine> {
	let mut affine = vec![G1Affine::identity(); points.len()];
	G1::batch_normalize(points, &mut affine);
	affine
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use rand::{RngCore, SeedableRng};
	use rand_chacha::ChaCha20Rng;

	fn bases(n: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
		(0..n).map(|_| G1::random(&mut *rng).to_affine()).collect()
	}

	fn naive(points: &[G1Affine], scalars: &[Fr]) -> G1 {
		points.iter().zip(scalars).map(|(p, s)| p * s).sum()
	}

	fn integer(v: i64) -> Fr {
		let magnitude = Fr::from(v.unsigned_abs());
		if v < 0 {
			-magnitude
		} else {
			magnitude
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(48))]
		#[test]
		fn products_of_any_size_are_right(
			n in 1usize..70,
			bits in 0u32..64,
			repeat in any::<bool>(),
			tables in any::<bool>(),
			seed: u64,
		) {
			let mut rng = ChaCha20Rng::seed_from_u64(seed);
			let mut points = bases(n, &mut rng);
			if repeat {
				// The same point, its negative, and the identity.
				let first = points[0];
				for (i, p) in points.iter_mut().enumerate().skip(1).step_by(2) {
					*p = match i % 3 { 0 => first, 1 => -first, _ => G1Affine::identity() };
				}
			}
			let given = Bases::new(points.clone());
			let given = if tables { given.with_tables() } else { given };
			let full: Vec<Fr> = (0..n).map(|_| Fr::random(&mut rng)).collect();
			let small: Vec<i64> = (0..n)
				.map(|_| (rng.next_u64() as i64) >> (63 - bits))
				.collect();
			for threads in [1, 2] {
				prop_assert_eq!(
					given.multiply(Scalars::Full(&full), threads),
					naive(&points, &full)
				);
				let expected: Vec<Fr> = small.iter().map(|v| integer(*v)).collect();
				prop_assert_eq!(
					given.multiply(Scalars::Small(&small), threads),
					naive(&points, &expected)
				);
			}
		}
	}

	#[test]
	fn sums_of_more_than_one_portion_are_right() {
		let mut rng = ChaCha20Rng::seed_from_u64(2);
		// Few distinct points, so that the expected sum is quick.
		let few = bases(16, &mut rng);
		let n = 2 * PORTION + 77;
		let points: Vec<G1Affine> = few.iter().copied().cycle().take(n).collect();
		let given = Bases::new(points);
		for bits in [0, 2, 9] {
			// With no bits, one bucket goes over all portions.
			let small: Vec<i64> = (0..n)
				.map(|_| ((rng.next_u64() as i64) >> (63 - bits)) | i64::from(bits == 0))
				.collect();
			let mut totals = [0i64; 16];
			for (i, value) in small.iter().enumerate() {
				totals[i % 16] += value;
			}
			assert_eq!(
				given.multiply(Scalars::Small(&small), 2),
				naive(&few, &totals.map(integer))
			);
		}
	}

	#[test]
	fn extreme_scalars_are_right() {
		let mut rng = ChaCha20Rng::seed_from_u64(1);
		let points = bases(6, &mut rng);
		for given in [
			Bases::new(points.clone()),
			Bases::new(points.clone()).with_tables(),
		] {
			let full = [
				-Fr::ONE,
				Fr::ZERO,
				Fr::ONE,
				-Fr::from(2),
				Fr::from(u64::MAX),
				-Fr::ONE,
			];
			assert_eq!(
				given.multiply(Scalars::Full(&full), 2),
				naive(&points, &full)
			);
			let small = [i64::MIN, i64::MAX, 0, -1, 1, i64::MIN];
			let expected = small.map(integer);
			assert_eq!(
				given.multiply(Scalars::Small(&small), 2),
				naive(&points, &expected)
			);
			// Fewer scalars than bases.
			assert_eq!(given.multiply(Scalars::Full(&[]), 2), G1::identity());
			assert_eq!(
				given.multiply(Scalars::Full(&full[..2]), 1),
				naive(&points[..2], &full[..2])
			);
		}
	}
}
