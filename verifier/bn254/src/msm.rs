//! Σ scalar · point in G1.
//!
//! **Who calls it.** The verifier, with 10 to some hundred points, and whoever computes a lookup
//! table's commitment.
//!
//! **How.** Each scalar is split along the endomorphism into two of 127 bits. Then, by size:
//! - few points: *Straus* with signed sliding windows. For each point the odd multiples up to
//!   2^(w − 1) are tabulated; each non-zero digit of a scalar puts one table entry onto the pile of
//!   its bit;
//! - many points: *Pippenger* with signed windows. Each digit puts its point onto the pile of its
//!   window and size.
//!
//! All piles are summed at once, in rounds of pairwise affine additions that share an inversion
//! (`Points`): six products an addition instead of eleven. What differs is how the sums of piles
//! are put together.
//!
//! Points and scalars are whatever a proof says, so all cases occur: equal points, opposite
//! points, the identity, zero. `Points` and `Sum` know no exceptions.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::indexing_slicing,
	reason = "digits and table positions: each is stated to be within its table where it is made"
)]

use alloc::{vec, vec::Vec};

use ark_ff::PrimeField;

use crate::{
	base::{Active, Base},
	curve::{Point, Points, Sum},
	g1::BETA,
	Fr, G1Affine, G1Projective,
};

/// From this number of points on, Pippenger's method is the faster (measured in wasm).
const PIPPENGER_FROM: usize = 150;

/// Points summed in one go, at most: bounds the working memory to some hundred kilobytes.
const CHUNK: usize = 4096;

/// Bits of the halves of a scalar; see [`split`].
const HALF_BITS: usize = 127;

/// Σ scalar · point. Any points of the curve, any scalars.
pub fn msm(terms: &[(G1Affine, Fr)]) -> G1Projective {
	msm_over::<Active>(terms)
}

/// [`msm`] in a given representation.
pub(crate) fn msm_over<B: Base>(terms: &[(G1Affine, Fr)]) -> G1Projective {
	if terms.len() < PIPPENGER_FROM {
		let width = if terms.len() < 16 { 4 } else { 5 };
		straus::<B>(terms, width)
	} else {
		pippenger::<B>(terms, window(terms.len()))
	}
}

/// The window of Pippenger's method for a number of points (measured in wasm).
fn window(points: usize) -> usize {
	match points {
		0..=349 => 6,
		350..=699 => 7,
		700..=1199 => 8,
		1200..=3999 => 9,
		4000..=9999 => 10,
		_ => 12,
	}
}

/// A half of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half {
	negative: bool,
	size: u128,
}

#[cfg(test)]
impl Half {
	/// The half as a scalar; it must be short.
	pub(crate) fn signed(&self) -> Fr {
		assert!(self.size < 1 << HALF_BITS, "a half is too long");
		let size = Fr::from(self.size);
		if self.negative {
			-size
		} else {
			size
		}
	}
}

/// 6x² + 2x
const A: u128 = 147946756881789319000765030803803410728;
/// 6x² + 4x + 1
const B: u128 = 147946756881789319010696353538189108491;
/// 2x + 1
const C: u128 = 9931322734385697763;
/// ⌊2²⁵⁶ B / r⌉
const B_OVER_R: [u64; 3] = [0x5398fd0300ff6565, 0x4ccef014a773d2d2, 0x0000000000000002];
/// ⌊2²⁵⁶ C / r⌉
const C_OVER_R: [u64; 3] = [0xd91d232ec7e0b3d7, 0x0000000000000002, 0x0000000000000000];

/// k as k₁ + λ k₂ with halves below 2¹²⁷.
///
/// (A, −C) and (C, B) span the (a, b) with a + λ b = 0 mod r; their determinant is r. So
/// k₁ = k − c₁ A − c₂ C and k₂ = c₁ C − c₂ B are right for all integers c, and small for c₁ near
/// k B / r and c₂ near k C / r: with c off by less than 1 (½ from rounding, less than ½ from the
/// constants), both are less than A + C, B + C < 2¹²⁷.
pub(crate) fn split(k: &Fr) -> [Half; 2] {
	let k = k.into_bigint().0;
	let c1 = high_product(&k, &B_OVER_R);
	let c2 = high_product(&k, &C_OVER_R);
	// Modulo 2¹²⁸ for the sizes, since both results are in ±2¹²⁷.
	let low = u128::from(k[0]) | (u128::from(k[1]) << 64);
	let first = low
		.wrapping_sub(c1.wrapping_mul(A))
		.wrapping_sub(c2.wrapping_mul(C));
	let second = c1.wrapping_mul(C).wrapping_sub(c2.wrapping_mul(B));
	[first, second].map(|x| {
		let negative = x >> 127 == 1;
		Half {
			negative,
			size: if negative { x.wrapping_neg() } else { x },
		}
	})
}

/// ⌊a b / 2²⁵⁶ + ½⌋ modulo 2¹²⁸.
fn high_product(a: &[u64; 4], b: &[u64; 3]) -> u128 {
	let mut words = [0u64; 7];
	for i in 0..4 {
		let mut carry = 0u128;
		for j in 0..3 {
			carry += u128::from(words[i + j]) + u128::from(a[i]) * u128::from(b[j]);
			words[i + j] = carry as u64;
			carry >>= 64;
		}
		words[i + 3] = carry as u64;
	}
	(u128::from(words[4]) | (u128::from(words[5]) << 64)).wrapping_add(u128::from(words[3] >> 63))
}

/// The terms as points and halves, without those that add nothing.
fn halves<B: Base>(terms: &[(G1Affine, Fr)]) -> (Vec<Point<B>>, Vec<[Half; 2]>) {
	let terms = terms.iter().filter(|(_, scalar)| *scalar != Fr::from(0u64));
	terms
		.filter_map(|(point, scalar)| Some((Point::new(point)?, split(scalar))))
		.unzip()
}

/// Straus's method with digits of `width` bits.
pub(crate) fn straus<B: Base>(terms: &[(G1Affine, Fr)], width: u32) -> G1Projective {
	let (points, scalars) = halves::<B>(terms);
	let tables = tables(&points, 1 << (width - 2));
	let beta = B::new(&BETA);
	let images: Vec<B> = tables
		.points
		.iter()
		.map(|point| point.x.mul(&beta))
		.collect();
	// Digit d of bit i of a scalar is entry |d| / 2 of its table.
	let mut piles = Piles::new(HALF_BITS + 1);
	for (term, halves) in scalars.iter().enumerate() {
		for (image, half) in halves.iter().enumerate() {
			sliding_digits(half.size, width, |bit, digit| {
				let entry = term + usize::from(digit.unsigned_abs() >> 1) * points.len();
				let negate = half.negative != (digit < 0);
				piles.put(bit, entry << 2 | image << 1 | usize::from(negate));
			});
		}
	}
	let mut total = Sum::ZERO;
	piles.sum(&tables, &images, |sum| {
		total = total.double();
		if let Some(point) = sum {
			total = total.add_point(point);
		}
	});
	total.canonical()
}

/// P, 3P, 5P, … for all points, `size` multiples: first all P, then all 3P, …
fn tables<B: Base>(points: &[Point<B>], size: usize) -> Points<B> {
	let n = points.len();
	let mut table = Points::with_capacity(n * size);
	let mut doubles = Points::with_capacity(2 * n);
	for point in points.iter().chain(points) {
		doubles.push(*point, false);
	}
	doubles.add_pairs((0..n).map(|i| (i, n + i)));
	for point in points {
		table.push(*point, false);
	}
	for _ in 1..size {
		// The row before, to which the doubles (first half of `doubles`) are added.
		for i in 0..n {
			let last = table.points.len() - n;
			doubles.points[n + i] = table.points[last + i];
			doubles.absent[n + i] = table.absent[last + i];
		}
		doubles.add_pairs((0..n).map(|i| (n + i, i)));
		for i in 0..n {
			table.push(doubles.points[n + i], doubles.absent[n + i]);
		}
	}
	table
}

/// Calls `put(bit, digit)` for the non-zero digits of `scalar` < 2¹²⁷: odd, less than
/// 2^(width − 1) in size, no two of them within `width` bits.
fn sliding_digits(mut scalar: u128, width: u32, mut put: impl FnMut(usize, i8)) {
	let mut bit = 0;
	while scalar != 0 {
		let zeros = scalar.trailing_zeros();
		scalar >>= zeros;
		bit += zeros as usize;
		let mut digit = (scalar & ((1 << width) - 1)) as i8;
		if digit >= 1 << (width - 1) {
			digit -= (1 << width) as i8;
			scalar += u128::from(digit.unsigned_abs());
		} else {
			scalar -= u128::from(digit.unsigned_abs());
		}
		put(bit, digit);
	}
}

/// Pippenger's method with digits of `bits` bits.
pub(crate) fn pippenger<B: Base>(terms: &[(G1Affine, Fr)], bits: usize) -> G1Projective {
	let (points, scalars) = halves::<B>(terms);
	let beta = B::new(&BETA);
	let images: Vec<B> = points.iter().map(|point| point.x.mul(&beta)).collect();
	let mut table = Points::with_capacity(points.len());
	for point in points {
		table.push(point, false);
	}
	let windows = HALF_BITS / bits + 1;
	let buckets = 1 << (bits - 1);
	// Digit d of window i is pile i · buckets + |d| − 1.
	let mut piles = Piles::new(windows * buckets);
	for (term, halves) in scalars.iter().enumerate() {
		for (image, half) in halves.iter().enumerate() {
			let mut rest = half.size;
			for window in 0..windows {
				let mut digit = (rest & ((1 << bits) - 1)) as i32;
				rest >>= bits;
				if digit > buckets as i32 {
					digit -= 1 << bits;
					rest += 1;
				}
				if digit != 0 {
					let negate = half.negative != (digit < 0);
					let pile = window * buckets + digit.unsigned_abs() as usize - 1;
					piles.put(pile, term << 2 | image << 1 | usize::from(negate));
				}
			}
		}
	}
	let mut total = Sum::ZERO;
	let mut running = Sum::ZERO;
	let mut pile = windows * buckets;
	piles.sum(&table, &images, |sum| {
		if pile.is_multiple_of(buckets) {
			// The first pile of a window: the highest digit.
			running = Sum::ZERO;
			for _ in 0..bits {
				total = total.double();
			}
		}
		pile -= 1;
		// Σ d · pile(d), as the sum over d of the piles from d up.
		if let Some(point) = sum {
			running = running.add_point(point);
		}
		total = total.add(&running);
	});
	total.canonical()
}

/// Piles of points, each a position in a table · 4, + 2 for the point's image under the
/// endomorphism, + 1 for the opposite point.
struct Piles {
	/// (pile, label)
	entries: Vec<(u32, u32)>,
	sizes: Vec<usize>,
}

impl Piles {
	fn new(piles: usize) -> Self {
		Self {
			entries: Vec::new(),
			sizes: vec![0; piles],
		}
	}

	fn put(&mut self, pile: usize, label: usize) {
		self.sizes[pile] += 1;
		self.entries.push((pile as u32, label as u32));
	}

	/// Calls `use_sum` with the sum of each pile, the last pile first.
	fn sum<B: Base>(
		self,
		table: &Points<B>,
		images: &[B],
		mut use_sum: impl FnMut(Option<&Point<B>>),
	) {
		// Labels in the order of their piles, the last pile first.
		let mut ends = vec![0; self.sizes.len()];
		let mut next = 0;
		for (end, size) in ends.iter_mut().zip(&self.sizes).rev() {
			*end = next;
			next += size;
		}
		let mut labels = vec![0u32; next];
		for (pile, label) in &self.entries {
			let end = &mut ends[*pile as usize];
			labels[*end] = *label;
			*end += 1;
		}
		let mut labels = labels.as_slice();
		let mut sizes = self.sizes.as_slice();
		let mut chunk = Points::with_capacity(CHUNK.min(labels.len()));
		while !sizes.is_empty() {
			// As many piles as a chunk holds, at least one.
			let mut points = 0;
			let mut first = sizes.len();
			while first > 0 && (first == sizes.len() || points + sizes[first - 1] <= CHUNK) {
				first -= 1;
				points += sizes[first];
			}
			let (these, rest) = labels.split_at(points);
			chunk.points.clear();
			chunk.absent.clear();
			for label in these {
				let label = *label as usize;
				let entry = label >> 2;
				let mut point = table.points[entry];
				if label & 2 == 2 {
					point.x = images[entry];
				}
				chunk.push(point.negated_if(label & 1 == 1), table.absent[entry]);
			}
			add_up(&mut chunk, &sizes[first..]);
			let mut start = 0;
			for size in sizes[first..].iter().rev() {
				use_sum(if *size == 0 { None } else { chunk.get(start) });
				start += size;
			}
			labels = rest;
			sizes = &sizes[..first];
		}
	}
}

/// Adds up piles, which lie one after the other, the last first: in each round every second point
/// of a pile is added to the one before it, and the sums stay where the first points were.
fn add_up<B: Base>(points: &mut Points<B>, sizes: &[usize]) {
	let largest = sizes.iter().copied().max().unwrap_or(0);
	let mut step = 1;
	while step < largest {
		let mut next = 0;
		let starts = sizes.iter().rev().map(|size| {
			next += size;
			(next - size, next)
		});
		points.add_pairs(starts.flat_map(|(start, end)| {
			let firsts = (start..end).step_by(2 * step);
			firsts
				.map(move |i| (i, i + step))
				.filter(move |(_, second)| *second < end)
		}));
		step *= 2;
	}
}
