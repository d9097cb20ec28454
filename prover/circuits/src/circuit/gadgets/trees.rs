//! Decision trees: the box of each tree that holds the features is proven, not every comparison.
//!
//! [`forest`](super::super::forest) makes intervals and boxes of a forest. Where comparisons are cheaper,
//! a model is built without this gadget: [`trees_as_comparisons`](crate::graph::trees_as_comparisons).
//!
//! # Rows, for each row x of features
//!
//! *Intervals.* For each feature that is used, with its own function of entries (index, least,
//! greatest):
//!
//! 1. Lanes 0, 1, 2 are (I, least, greatest), looked up; `x − least` has digits.
//! 2. `greatest − x` has digits.
//!
//! *Boxes.* For each tree and each group of its features f_0, f_1, …, with a function of its own and
//! B = 2^(b+1): an entry is (box, C, v), where
//! `C = Σ_j low_j·B^(2j) − high_j·B^(2j+1)`. Lanes 0, 1, 2 are an entry, lane 0 a copy of that in the
//! tree's first group, and
//!
//! `Σ_j (B^(2j) − B^(2j+1))·I_j − C = Σ_j (I_j − low_j)·B^(2j) + (high_j − I_j)·B^(2j+1) = E`
//!
//! by `spread`, where E is the sum of the row's limbs, each times B to its position; further rows go
//! on with `E + B^R·s`.
//!
//! *Sums.* v packs the weights of some targets: `v = Σ_t weight_t·2^(w·t)`. One sum over all trees,
//! with the base values, gives `Σ_t y_t·2^(w·t)` with y_t in lanes, and each `y_t − least_t` is in
//! 0..2^w, exactly ([`range`](super::range)). A sum that packs only one target is y itself.
//!
//! # Assumptions
//!
//! x is an integer within the feature's bounds, y_t within its own: w follows from them.
//!
//! # Soundness
//!
//! The entries' integers are at most 2^60, so the range checks are of integers, and x is in the
//! interval I. There are at most 2^b intervals: each I_j − low_j and high_j − I_j is c with
//! |c| < 2^b, each limb r is in 0..2^b, so |c − r| < B. The equation over the integers (both sides
//! are below 2^122) says Σ (c_i − r_i)·B^i = 0: so c_0 = r_0, then c_1 = r_1, and so on. All c are
//! limbs, hence not negative: I is in the box. The boxes of a tree are disjoint, and the same box is
//! looked up in all its groups, so box and v are determined. The differences of two lists of y_t with
//! the same packed sum are below 2^w each, so the same argument makes y_t unique.
//!
//! # Completeness
//!
//! The boxes of a tree cover all features within the bounds.

use super::{
	super::{
		builder::Builder,
		error::TraceError,
		forest::{Boxes, Plan},
		row::{LimbUse, Open, Operand},
		trace::Cell,
	},
	divide::bits_of,
	function::LOOKED_UP,
};
use std::collections::BTreeMap;

/// 2^(b+1) to the power of `position`.
fn place(limb_bits: u8, position: usize) -> i128 {
	1 << ((u32::from(limb_bits) + 1) * u32::try_from(position).unwrap_or(0)).min(126)
}

/// The constant C of a box for the features `from ..`, at most `count`.
fn corner(ranges: &[(i64, i64)], from: usize, count: usize, limb_bits: u8) -> i128 {
	let group = ranges.iter().skip(from).take(count).enumerate();
	group.fold(0, |sum, (j, (low, high))| {
		sum + i128::from(*low) * place(limb_bits, 2 * j)
			- i128::from(*high) * place(limb_bits, 2 * j + 1)
	})
}

/// The weights of pack `pack` in one number.
fn packed(plan: &Plan, weights: &[i128], pack: usize) -> i128 {
	let targets = weights.iter().skip(pack * plan.packed).take(plan.packed);
	targets
		.zip(0u32..)
		.fold(0, |sum, (weight, t)| sum + (weight << (plan.width * t)))
}

/// The entries of a forest's functions, the first of which has the number `number`: one for each
/// feature, then one for each group of each tree.
pub fn entries(number: i128, plan: &Plan, limb_bits: u8) -> Vec<[i128; 4]> {
	let mut entries = Vec::new();
	let mut number = number;
	for intervals in plan.features.values() {
		for (interval, index) in intervals.iter().zip(0i128..) {
			entries.push([number, index, interval.min.into(), interval.max.into()]);
		}
		number += 1;
	}
	for tree in &plan.trees {
		for group in 0..plan.lookups(tree) {
			for ((ranges, weights), index) in tree.boxes.iter().zip(0i128..) {
				let corner = corner(ranges, group * plan.group, plan.group, limb_bits);
				entries.push([number, index, corner, packed(plan, weights, group)]);
			}
			number += 1;
		}
	}
	entries
}

/// How many functions a forest has.
pub fn functions(plan: &Plan) -> usize {
	let groups = plan.trees.iter().map(|tree| plan.lookups(tree));
	plan.features.len() + groups.sum::<usize>()
}

impl Builder<'_> {
	/// The forest's results for a row of features, whose first element is `first` of tensor
	/// `input`; returns their homes. `results` are their values, `number` the first function's.
	pub fn forest(
		&mut self,
		plan: &Plan,
		mut number: i128,
		(input, first): (usize, usize),
		results: &[i128],
	) -> Result<Vec<Cell>, TraceError> {
		let mut indices = BTreeMap::new();
		for (feature, intervals) in &plan.features {
			let no_box = TraceError::NoBox {
				index: *feature as usize,
			};
			let (Some(lowest), Some(highest)) = (intervals.first(), intervals.last()) else {
				return Err(no_box);
			};
			let x = self.operand(input, first + *feature as usize)?.times(1);
			// A wrong value may be in no interval; then no proof has it.
			let index = intervals.partition_point(|i| i128::from(i.max) < x.value);
			let interval = intervals.get(index).unwrap_or(highest);
			let (low, high) = (interval.min.into(), interval.max.into());
			let bits = bits_of(i128::from(highest.max) - i128::from(lowest.min));
			let index = index as i128;
			let mut open = self.sum(&[x], 0, LOOKED_UP)?;
			open.set(0, Operand::witness(index))?;
			open.set(1, Operand::witness(low).times(-1))?;
			open.set(2, Operand::witness(high))?;
			open.row.function = number;
			self.make_room(&open)?;
			let row = self.rows();
			self.check_range(open, bits)?;
			let high = Operand::copy(Cell::Lane { lane: 2, row }, high);
			let open = self.sum(&[high.times(1), x.times(-1)], 0, 0)?;
			self.check_range(open, bits)?;
			indices.insert(*feature, Operand::copy(Cell::Lane { lane: 0, row }, index));
			number += 1;
		}
		let mut packs: Vec<Vec<Operand>> = vec![Vec::new(); plan.packs()];
		for tree in &plan.trees {
			let indices = tree.features.iter().map(|feature| {
				let found = indices.get(feature).copied();
				found.ok_or(TraceError::NoBox {
					index: *feature as usize,
				})
			});
			let indices = indices.collect::<Result<Vec<Operand>, _>>()?;
			self.tree(plan, tree, &indices, &mut number, &mut packs)?;
		}
		let mut homes = Vec::with_capacity(results.len());
		for (pack, values) in packs.iter().enumerate() {
			homes.extend(self.unpack(plan, pack, values, results)?);
		}
		Ok(homes)
	}

	/// Looks up the box of a tree; adds its weights to `packs`.
	fn tree(
		&mut self,
		plan: &Plan,
		tree: &Boxes,
		indices: &[Operand],
		number: &mut i128,
		packs: &mut [Vec<Operand>],
	) -> Result<(), TraceError> {
		let values: Vec<i128> = indices.iter().map(|index| index.value).collect();
		let index = tree.find(&values);
		let found = tree.boxes.get(index);
		let (ranges, weights) = found.ok_or(TraceError::NoBox { index })?;
		let bits = self.limbs()?.bits;
		let mut chosen = Operand::witness(index as i128);
		for group in 0..plan.lookups(tree) {
			let from = group * plan.group;
			let operands: Vec<Operand> = indices
				.iter()
				.skip(from)
				.take(plan.group)
				.enumerate()
				.map(|(j, index)| index.times(place(bits, 2 * j) - place(bits, 2 * j + 1)))
				.collect();
			let mut open = self.sum(&operands, 0, LOOKED_UP)?;
			let value = packed(plan, weights, group);
			let corner = corner(ranges, from, plan.group, bits);
			open.set(0, chosen)?;
			open.set(1, Operand::witness(corner).times(-1))?;
			open.set(2, Operand::witness(value))?;
			open.row.function = *number;
			let row = if operands.is_empty() {
				// C is 0: there are no features.
				let row = self.rows();
				self.keep(open)?;
				row
			} else {
				self.make_room(&open)?;
				let row = self.rows();
				self.spread(open, 2 * operands.len())?;
				row
			};
			chosen = Operand::copy(Cell::Lane { lane: 0, row }, chosen.value);
			// A tree of many features has more groups than there are packs: v is 0 in the others.
			if let Some(pack) = packs.get_mut(group) {
				pack.push(Operand::copy(Cell::Lane { lane: 2, row }, value).times(1));
			}
			*number += 1;
		}
		Ok(())
	}

	/// The sums of the targets in pack `pack`; returns their homes.
	fn unpack(
		&mut self,
		plan: &Plan,
		pack: usize,
		values: &[Operand],
		results: &[i128],
	) -> Result<Vec<Cell>, TraceError> {
		let constant = packed(plan, &plan.base, pack);
		let targets = (pack * plan.packed..plan.base.len()).take(plan.packed);
		if targets.len() == 1 {
			let open = self.sum(values, constant, 0)?;
			return Ok(vec![self.keep(open)?]);
		}
		let mut open = self.sum(values, constant, targets.len())?;
		let mut all = Vec::with_capacity(targets.len());
		for target in targets {
			let found = results.get(target).zip(plan.least.get(target));
			let (result, least) = found.ok_or(TraceError::NoBox { index: target })?;
			all.push((*result, *least));
		}
		let mut weight = -1i128;
		for (lane, (result, _)) in all.iter().enumerate() {
			open.set(lane, Operand::witness(*result).times(weight))?;
			weight = weight.wrapping_shl(plan.width);
		}
		let row = self.emit(open)?;
		let mut homes = Vec::with_capacity(all.len());
		for (lane, (result, least)) in all.into_iter().enumerate() {
			let home = Cell::Lane { lane, row };
			let y = Operand::copy(home, result).times(1);
			let open = self.sum(&[y], -least, 0)?;
			self.check_exact_range(open, plan.width)?;
			homes.push(home);
		}
		Ok(homes)
	}

	/// Ends `open` with a check that its sum is `count` limbs with a spare bit between them.
	fn spread(&mut self, mut open: Open, count: usize) -> Result<(), TraceError> {
		let limbs = self.limbs()?;
		let step = u32::from(limbs.bits) + 1;
		let each = usize::from(limbs.count()).max(1);
		for left in (0..count.div_ceil(each)).rev() {
			self.make_room(&open)?;
			let value = open.value;
			let mask = (1i128 << step) - 1;
			open.row.limb_use = LimbUse::Spread;
			open.row.limbs = (0..u32::from(limbs.count()))
				.map(|i| (value >> (i * step)) & mask)
				.collect();
			if left == 0 {
				self.emit(open)?;
				break;
			}
			let all = step * u32::from(limbs.count());
			open.row.current = -(1 << all);
			open.row.accumulator = value >> all;
			let rest = open.row.accumulator;
			self.emit(open)?;
			open = Open::previous(rest);
		}
		Ok(())
	}
}
