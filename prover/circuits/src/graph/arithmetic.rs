//! The operators' arithmetic on single integers: executor, bounds and circuit share it.

use super::{Forest, Table, Tree};

/// `⌊(x + ⌊2^(shift−1)⌋) / 2^shift⌋`, then `max(·, 0)` if `relu`.
///
/// `x` is within ±[`MAX_ABS`](super::MAX_ABS) and `shift` at most
/// [`MAX_SHIFT`](super::MAX_SHIFT), so nothing overflows.
pub fn rescale(x: i64, shift: u8, relu: bool) -> i64 {
	let y = (x + half(shift)) >> shift;
	if relu {
		y.max(0)
	} else {
		y
	}
}

/// `⌊2^(shift−1)⌋`: what makes a division by 2^`shift` round halves up. `shift` is below 63.
fn half(shift: u8) -> i64 {
	(1i64 << shift) >> 1
}

/// 1 if `x` is at least 0, else 0.
pub fn sign(x: i64) -> i64 {
	i64::from(x >= 0)
}

/// `⌊(n·2^shift + ⌊d/2⌋) / d⌋`: the quotient rounded to the nearest, halves up; 0 unless d is
/// positive, which a checked graph excludes.
///
/// Both are within ±2^60 and `shift` is at most 40, so nothing overflows; a result beyond 64 bits,
/// which a checked graph excludes, saturates.
pub fn divide(n: i64, d: i64, shift: u8) -> i64 {
	if d <= 0 {
		return 0;
	}
	let quotient = ((i128::from(n) << shift) + i128::from(d / 2)).div_euclid(i128::from(d));
	match i64::try_from(quotient) {
		Ok(quotient) => quotient,
		Err(_) if n < 0 => i64::MIN,
		Err(_) => i64::MAX,
	}
}

/// The greatest y with `y²·x ≤ 2^shift`; 0 unless x is positive, which a checked graph excludes.
/// `shift` is at most 120, so y is at most 2^60.
pub fn inverse_sqrt(x: i64, shift: u8) -> i64 {
	let Ok(x @ 1..) = u128::try_from(x) else {
		return 0;
	};
	// y²·x ≤ S exactly if y² ≤ ⌊S/x⌋, as y² is an integer.
	i64::try_from(((1u128 << shift.min(120)) / x).isqrt()).unwrap_or(i64::MAX)
}

/// The table's function at `x`; 0 outside its domain, which a checked graph excludes.
pub fn table(table: &Table, x: i64) -> i64 {
	let Some(offset) = x.checked_sub(table.origin) else {
		return 0;
	};
	let segment = offset >> table.segment_bits;
	let within = offset - (segment << table.segment_bits);
	let index = usize::try_from(segment).ok();
	match index.and_then(|i| Some((*table.base.get(i)?, *table.slope.get(i)?))) {
		// A checked table's slope times a segment's width is within 2^60.
		Some((base, slope)) => {
			base + ((slope * within + half(table.slope_shift)) >> table.slope_shift)
		},
		None => 0,
	}
}

/// Index of the leaf of `tree` that the row `x` ends in. A missing feature counts as 0.
pub fn walk(tree: &Tree, x: &[i64]) -> usize {
	let mut node = 0usize;
	// Successors have greater numbers.
	while let Some(branch) = tree.branches.get(node) {
		let value = x.get(branch.feature as usize).copied().unwrap_or_default();
		node = if value <= branch.threshold {
			branch.yes
		} else {
			branch.no
		} as usize;
	}
	node - tree.branches.len()
}

/// The results of all rows of `x`, row after row.
pub fn trees(forest: &Forest, x: &[i64]) -> Vec<i64> {
	let features = (forest.features as usize).max(1);
	let targets = forest.targets as usize;
	let mut results = Vec::with_capacity(targets.saturating_mul(forest.rows as usize));
	for row in x.chunks(features).take(forest.rows as usize) {
		let mut sums = forest.base.clone();
		for tree in &forest.trees {
			let leaf = tree.leaves.get(walk(tree, row));
			for (target, weight) in leaf.iter().flat_map(|leaf| &leaf.weights) {
				if let Some(sum) = sums.get_mut(*target as usize) {
					// Partial sums may wrap; the final one fits, as the graph has checked.
					*sum = sum.wrapping_add(*weight);
				}
			}
		}
		results.extend(sums);
	}
	results
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::graph::{Branch, Leaf};

	#[test]
	fn rescaling_rounds_halves_up() {
		let rounded: Vec<i64> = [-6, -5, -3, -2, -1, 1, 2, 5, 6]
			.map(|x| rescale(x, 2, false))
			.into();
		assert_eq!(rounded, [-1, -1, -1, 0, 0, 0, 1, 1, 2]);
		assert_eq!(rescale(-5, 2, true), 0);
		assert_eq!(rescale(-5, 0, true), 0);
		assert_eq!(rescale(5, 0, true), 5);
	}

	#[test]
	fn division_rounds_to_the_nearest_and_halves_up() {
		for d in 1..40i64 {
			for n in -100..100i64 {
				let exact = (n as f64 * 4.0 / d as f64 + 0.5).floor() as i64;
				assert_eq!(divide(n, d, 2), exact, "{n} / {d}");
			}
		}
		assert_eq!(divide(1, 0, 0), 0);
		assert_eq!(divide(i64::MIN, 1, 40), i64::MIN);
	}

	#[test]
	fn the_inverse_square_root_is_the_greatest_that_fits() {
		for x in [1i64, 2, 3, 7, 100, 12345, 1 << 40] {
			let y = i128::from(inverse_sqrt(x, 60));
			let x = i128::from(x);
			assert!(y * y * x <= 1 << 60 && (y + 1) * (y + 1) * x > 1 << 60);
		}
		assert_eq!(inverse_sqrt(1, 120), 1 << 60);
		assert_eq!(inverse_sqrt(0, 60), 0);
	}

	#[test]
	fn a_table_interpolates_from_its_segments_starts() {
		let function = Table {
			origin: -8,
			segment_bits: 3,
			slope_shift: 2,
			scale_bits: 0,
			base: vec![100, 0],
			slope: vec![-4, 3],
		};
		let values: Vec<i64> = [-9, -8, -7, -1, 0, 1, 2, 7, 8]
			.map(|x| table(&function, x))
			.into();
		assert_eq!(values, [0, 100, 99, 93, 0, 1, 2, 5, 0]);
	}

	#[test]
	fn a_walk_goes_left_up_to_the_threshold() {
		let leaf = |weight| Leaf {
			weights: vec![(0, weight)],
		};
		let tree = Tree {
			branches: vec![Branch {
				feature: 1,
				threshold: 5,
				yes: 1,
				no: 2,
			}],
			leaves: vec![leaf(10), leaf(20)],
		};
		let forest = Forest {
			features: 2,
			rows: 3,
			targets: 1,
			scale_bits: 0,
			base: vec![1],
			trees: vec![tree.clone(), tree],
		};
		assert_eq!(trees(&forest, &[9, 4, 9, 5, 9, 6]), [21, 21, 41]);
	}
}
