//! Decision trees as boxes: what the circuit knows about a forest.
//!
//! Per feature, the thresholds of all trees cut its range into *intervals*; a branch compares the
//! feature's interval index with a constant. A path from a tree's root to a leaf is then a *box*: a
//! range of interval indices for each feature that the tree uses. The boxes of a tree are disjoint
//! and cover everything, so the box that holds the features is the path that they take.

use crate::graph::{Forest, Interval, Tree};
use std::collections::BTreeMap;

/// Most boxes of a forest: as many as the largest function table has room for.
pub const MAX_BOXES: usize = 1 << 17;
/// Most interval ranges that are computed for a forest's boxes: bounds the work that a graph can ask
/// for.
const MAX_RANGES: usize = 1 << 24;
/// Most weights of all boxes together, one a target.
const MAX_BOX_WEIGHTS: usize = 1 << 22;
/// Bits that numbers packed into one may have.
const PACKED_BITS: u32 = 116;
/// Most targets whose sums are packed into one number.
const MAX_PACKED: usize = 4;

/// What the circuit knows about a forest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
	/// Per feature that some tree uses: its intervals, in order.
	pub features: BTreeMap<u32, Vec<Interval>>,
	/// Per tree with a branch.
	pub trees: Vec<Boxes>,
	/// Per target: what it starts with, together with trees without a branch.
	pub base: Vec<i128>,
	/// Targets whose sums are packed into one number.
	pub packed: usize,
	/// Bits of each of them, above its least value.
	pub width: u32,
	/// Per target, its least value.
	pub least: Vec<i128>,
	/// Most features that are compared in one row.
	pub group: usize,
}

/// A tree's boxes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Boxes {
	/// The features that it uses.
	pub features: Vec<u32>,
	/// Per box: for each of those, the least and greatest interval index; the leaf's weights.
	pub boxes: Vec<(Vec<(i64, i64)>, Vec<i128>)>,
}

impl Plan {
	/// The plan of `forest` over rows of features with `inputs` as bounds, for results with
	/// `outputs` as bounds; nothing if it has too many boxes.
	pub fn of(forest: &Forest, inputs: &[Interval], outputs: &[Interval]) -> Option<Self> {
		let thresholds = thresholds(forest, inputs);
		let mut plan = Self {
			base: forest.base.iter().map(|x| i128::from(*x)).collect(),
			..Self::default()
		};
		let mut count = 0usize;
		let mut ranges = 0usize;
		let most = MAX_BOXES.min(MAX_BOX_WEIGHTS / plan.base.len().max(1));
		for tree in &forest.trees {
			if tree.branches.is_empty() {
				for (target, weight) in tree.leaves.first().iter().flat_map(|leaf| &leaf.weights) {
					if let Some(base) = plan.base.get_mut(*target as usize) {
						*base += i128::from(*weight);
					}
				}
				continue;
			}
			let most = most.saturating_sub(count);
			let boxes = Boxes::of(tree, &thresholds, plan.base.len(), most, &mut ranges)?;
			count += boxes.boxes.len();
			plan.trees.push(boxes);
		}
		plan.features = thresholds
			.into_iter()
			.map(|(feature, (range, thresholds))| (feature, intervals(range, &thresholds)))
			.collect();
		plan.pack(forest, outputs);
		let most = plan.trees.iter().map(|tree| tree.features.len()).max();
		// Two conditions per feature, each with a spare bit; another, so that limbs may be wider.
		let each = 2 * (u32::from(plan.index_bits()) + 2);
		let room = usize::try_from(PACKED_BITS / each).unwrap_or(1).max(1);
		plan.group = most.unwrap_or(1).clamp(1, room);
		Some(plan)
	}

	/// Bits of an interval index.
	pub fn index_bits(&self) -> u8 {
		let most = self.features.values().map(Vec::len).max().unwrap_or(1);
		let bits = usize::BITS - most.saturating_sub(1).leading_zeros();
		u8::try_from(bits.max(1)).unwrap_or(u8::MAX)
	}

	/// Numbers that all targets' sums are packed into.
	pub fn packs(&self) -> usize {
		self.base.len().div_ceil(self.packed.max(1))
	}

	/// Rows that look a tree's box up: one per group of its features, and enough for all sums.
	pub fn lookups(&self, tree: &Boxes) -> usize {
		tree.features.len().div_ceil(self.group).max(self.packs())
	}

	/// Decides how the targets' sums are packed.
	fn pack(&mut self, forest: &Forest, outputs: &[Interval]) {
		let targets = self.base.len().max(1);
		let mut ranges = vec![(i128::MAX, i128::MIN); targets];
		for (index, interval) in outputs.iter().enumerate() {
			if let Some((min, max)) = ranges.get_mut(index % targets) {
				*min = (*min).min(interval.min.into());
				*max = (*max).max(interval.max.into());
			}
		}
		let bits = |x: i128| 128 - x.max(0).leading_zeros();
		let width = ranges
			.iter()
			.map(|(min, max)| bits(max.saturating_sub(*min)));
		let width = width.max();
		self.width = width.unwrap_or(1).max(1);
		self.least = ranges.iter().map(|range| range.0).collect();
		// The greatest number that is shifted, and the sum of one per tree.
		let weights = forest.trees.iter().flat_map(|tree| &tree.leaves);
		let weights = weights.flat_map(|leaf| leaf.weights.iter().map(|w| i128::from(w.1).abs()));
		let greatest = weights.chain(self.base.iter().map(|x| x.abs())).max();
		let trees = i128::try_from(forest.trees.len()).unwrap_or(i128::MAX);
		let greatest = bits(greatest.unwrap_or(0)).max(self.width) + bits(trees) + 1;
		let more = PACKED_BITS.saturating_sub(greatest) / self.width;
		self.packed = usize::try_from(more)
			.unwrap_or(0)
			.saturating_add(1)
			.min(MAX_PACKED)
			.min(targets);
	}
}

/// Per feature that some branch compares: its range, and the thresholds within it, ascending.
type Thresholds = BTreeMap<u32, ((i64, i64), Vec<i64>)>;

fn thresholds(forest: &Forest, inputs: &[Interval]) -> Thresholds {
	let width = (forest.features as usize).max(1);
	let mut found = Thresholds::new();
	for branch in forest.trees.iter().flat_map(|tree| &tree.branches) {
		let entry = found.entry(branch.feature).or_insert_with(|| {
			let column = inputs.iter().skip(branch.feature as usize).step_by(width);
			let range = column.copied().reduce(Interval::hull);
			(range.map_or((0, 0), |x| (x.min, x.max)), Vec::new())
		});
		if (entry.0 .0..entry.0 .1).contains(&branch.threshold) {
			entry.1.push(branch.threshold);
		}
	}
	for (_, thresholds) in found.values_mut() {
		thresholds.sort_unstable();
		thresholds.dedup();
	}
	found
}

/// The intervals that `thresholds`, which lie within, cut `min..=max` into.
fn intervals((min, max): (i64, i64), thresholds: &[i64]) -> Vec<Interval> {
	let starts = std::iter::once(min).chain(thresholds.iter().map(|t| t + 1));
	let ends = thresholds.iter().copied().chain([max]);
	starts
		.zip(ends)
		.map(|(min, max)| Interval { min, max })
		.collect()
}

impl Boxes {
	/// At most `most` boxes of `tree`; adds to `ranges_seen` how many ranges that takes.
	fn of(
		tree: &Tree,
		thresholds: &Thresholds,
		targets: usize,
		most: usize,
		ranges_seen: &mut usize,
	) -> Option<Self> {
		let mut features: Vec<u32> = tree.branches.iter().map(|b| b.feature).collect();
		features.sort_unstable();
		features.dedup();
		let all = features.iter().map(|feature| {
			let last = thresholds.get(feature).map_or(0, |t| t.1.len());
			(0, i64::try_from(last).unwrap_or(i64::MAX))
		});
		let all: Vec<(i64, i64)> = all.collect();
		let mut boxes = Vec::new();
		let mut open = vec![(0usize, all)];
		while let Some((node, ranges)) = open.pop() {
			*ranges_seen += ranges.len();
			if *ranges_seen > MAX_RANGES || boxes.len() >= most {
				return None;
			}
			let Some(branch) = tree.branches.get(node) else {
				let leaf = tree.leaves.get(node - tree.branches.len())?;
				let mut weights = vec![0; targets];
				for (target, weight) in &leaf.weights {
					if let Some(sum) = weights.get_mut(*target as usize) {
						*sum += i128::from(*weight);
					}
				}
				boxes.push((ranges, weights));
				continue;
			};
			let index = features.binary_search(&branch.feature).ok()?;
			let ((min, _), ascending) = thresholds.get(&branch.feature)?;
			// x ≤ threshold exactly if x's interval is at most this.
			let last = if branch.threshold < *min {
				-1
			} else {
				let below = ascending.partition_point(|t| *t < branch.threshold);
				i64::try_from(below).ok()?
			};
			for (next, is_yes) in [(branch.no, false), (branch.yes, true)] {
				let mut ranges = ranges.clone();
				let (low, high) = ranges.get_mut(index)?;
				if is_yes {
					*high = (*high).min(last);
				} else {
					*low = (*low).max(last + 1);
				}
				if low <= high {
					open.push((next as usize, ranges));
				}
			}
		}
		Some(Self { features, boxes })
	}

	/// The box that holds the interval indices `indices`, one per feature of the tree; the first one if none does, as
	/// with the indices of values that no proof has.
	pub fn find(&self, indices: &[i128]) -> usize {
		let holds = |ranges: &[(i64, i64)]| {
			let mut pairs = ranges.iter().zip(indices);
			pairs.all(|((low, high), x)| (i128::from(*low)..=i128::from(*high)).contains(x))
		};
		let found = self.boxes.iter().position(|(ranges, _)| holds(ranges));
		found.unwrap_or(0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::graph::{trees, Branch, Leaf};

	fn branch(feature: u32, threshold: i64, yes: u32, no: u32) -> Branch {
		Branch {
			feature,
			threshold,
			yes,
			no,
		}
	}

	fn leaf(weight: i64) -> Leaf {
		Leaf {
			weights: vec![(0, weight)],
		}
	}

	/// Thresholds at, within and beyond the domain −5..=5; two branches share a leaf.
	fn forest() -> Forest {
		Forest {
			features: 2,
			rows: 1,
			targets: 1,
			scale_bits: 0,
			base: vec![1000],
			trees: vec![
				Tree {
					branches: vec![branch(0, 0, 1, 2), branch(1, -5, 3, 4), branch(1, 5, 4, 5)],
					leaves: vec![leaf(1), leaf(2), leaf(4)],
				},
				Tree {
					branches: vec![branch(0, 0, 1, 2), branch(0, -9, 2, 3)],
					leaves: vec![leaf(8), leaf(16)],
				},
				Tree {
					branches: vec![],
					leaves: vec![leaf(32)],
				},
			],
		}
	}

	#[test]
	fn exactly_one_box_of_each_tree_holds_a_row_and_has_its_weights() {
		let forest = forest();
		let inputs = [Interval { min: -5, max: 5 }; 2];
		let outputs = [Interval {
			min: 1000,
			max: 1063,
		}];
		let plan = Plan::of(&forest, &inputs, &outputs).unwrap();
		assert_eq!((plan.trees.len(), plan.base[0]), (2, 1032));
		for (x, y) in (-5..=5).flat_map(|x| (-5..=5).map(move |y| (x, y))) {
			let mut sum = plan.base[0];
			for tree in &plan.trees {
				let index = |feature: &u32| {
					let value = [x, y][*feature as usize];
					let intervals = plan.features[feature].iter();
					let held = |i: &Interval| (i.min..=i.max).contains(&value);
					intervals.clone().position(held).unwrap() as i128
				};
				let indices: Vec<i128> = tree.features.iter().map(index).collect();
				let holds = |ranges: &[(i64, i64)]| {
					let mut pairs = ranges.iter().zip(&indices);
					pairs.all(|((low, high), i)| (i128::from(*low)..=i128::from(*high)).contains(i))
				};
				let held: Vec<usize> = (0..tree.boxes.len())
					.filter(|i| holds(&tree.boxes[*i].0))
					.collect();
				assert_eq!(held, [tree.find(&indices)]);
				sum += tree.boxes[held[0]].1[0];
			}
			assert_eq!(sum, trees(&forest, &[x, y])[0].into(), "{x}, {y}");
		}
	}

	#[test]
	fn a_graph_of_exponentially_many_paths_is_refused() {
		// Both successors of each branch are the next one, which compares another feature.
		let features = 20u32;
		let mut forest = forest();
		forest.features = features;
		forest.trees = vec![Tree {
			branches: (0..features).map(|i| branch(i, 0, i + 1, i + 1)).collect(),
			leaves: vec![leaf(1)],
		}];
		let inputs = [Interval { min: -5, max: 5 }; 20];
		let outputs = [Interval {
			min: 1001,
			max: 1001,
		}];
		assert_eq!(Plan::of(&forest, &inputs, &outputs), None);
	}
}
