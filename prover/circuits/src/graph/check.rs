//! Checks a node against the tensors before it, and bounds each element of its result.
//!
//! All bounds are intervals that follow from the operands' intervals and the actual constants, and in
//! short sums from what makes the operands ([`refine`]); the cost is linear in the operator's size.

use super::{
	arithmetic::{divide, inverse_sqrt, rescale, sign},
	refine::refine,
	strides, Axis, Forest, GraphError, Interval, Node, Operator, Pairs, Table, Tensor, Term, Tree,
	MAX_ABS, MAX_AXES, MAX_ELEMENTS, MAX_ENTRIES, MAX_ROOT_SHIFT, MAX_SEGMENTS, MAX_SEGMENT_BITS,
	MAX_SHIFT, MAX_WEIGHT,
};

/// What operator `operator`, named `node`, makes of `tensors`: the input, then what each of `nodes`
/// computes.
pub fn infer(
	node: &str,
	operator: &Operator,
	nodes: &[Node],
	tensors: &[Tensor],
) -> Result<Tensor, GraphError> {
	let check = Check {
		node,
		nodes,
		tensors,
	};
	match operator {
		Operator::Affine {
			terms,
			bias,
			weight_bits,
		} => check.affine(terms, bias, *weight_bits),
		Operator::Rescale { input, shift, relu } => check.rescale(*input, *shift, *relu),
		Operator::Product { left, right, pairs } => check.product(*left, *right, pairs),
		Operator::Sign { input } => Ok(Tensor {
			scale_bits: 0,
			bounds: check.map(*input, |x| x.map(sign))?,
			readers: 0,
		}),
		Operator::Table { input, table } => check.table(*input, table),
		Operator::Divide {
			numerator,
			denominator,
			axes,
			shift,
		} => check.divide(*numerator, *denominator, axes, *shift),
		Operator::InverseSqrt { input, shift } => check.inverse_sqrt(*input, *shift),
		Operator::Trees { input, forest } => check.trees(*input, forest),
	}
}

struct Check<'a> {
	node: &'a str,
	nodes: &'a [Node],
	tensors: &'a [Tensor],
}

impl Check<'_> {
	fn malformed(&self, reason: &'static str) -> GraphError {
		GraphError::Malformed {
			node: self.node.into(),
			reason,
		}
	}

	fn tensor(&self, index: u32) -> Result<&Tensor, GraphError> {
		self.tensors
			.get(index as usize)
			.ok_or_else(|| self.malformed("it reads a tensor that does not exist yet"))
	}

	/// Bounds of a function that takes each element's interval.
	fn map(
		&self,
		input: u32,
		f: impl Fn(Interval) -> Interval,
	) -> Result<Vec<Interval>, GraphError> {
		Ok(self.tensor(input)?.bounds.iter().map(|x| f(*x)).collect())
	}

	/// The interval, if it is within [`MAX_ABS`].
	fn bounded(&self, element: usize, min: i128, max: i128) -> Result<Interval, GraphError> {
		let limit = i128::from(-MAX_ABS)..=i128::from(MAX_ABS);
		match (i64::try_from(min), i64::try_from(max)) {
			(Ok(low), Ok(high)) if limit.contains(&min) && limit.contains(&max) => Ok(Interval {
				min: low,
				max: high,
			}),
			_ => Err(GraphError::Overflow {
				node: self.node.into(),
				element,
				bits: 128 - min.unsigned_abs().max(max.unsigned_abs()).leading_zeros(),
			}),
		}
	}

	/// Fails if one of `constants` exceeds `limit` in absolute value.
	fn constants<'a>(
		&self,
		constants: impl IntoIterator<Item = &'a i64>,
		limit: i64,
	) -> Result<(), GraphError> {
		match constants
			.into_iter()
			.find(|w| !(-limit..=limit).contains(*w))
		{
			Some(got) => Err(GraphError::WeightOutOfRange {
				node: self.node.into(),
				got: *got,
			}),
			None => Ok(()),
		}
	}

	/// Fails if an element of `tensor` may be zero or negative.
	fn positive(&self, tensor: &Tensor, operand: &'static str) -> Result<(), GraphError> {
		match tensor.bounds.iter().enumerate().find(|(_, x)| x.min < 1) {
			Some((element, x)) => Err(GraphError::NotPositive {
				node: self.node.into(),
				operand,
				element,
				min: x.min,
			}),
			None => Ok(()),
		}
	}

	/// Number of steps of `axes`, which must be well-formed and at most `max`.
	fn steps(&self, axes: &[Axis], max: usize) -> Result<usize, GraphError> {
		if axes.len() > MAX_AXES || axes.iter().any(|axis| axis.extent == 0) {
			return Err(self.malformed("a loop has too many indices, or an empty one"));
		}
		let got = strides::size(axes);
		if got > max {
			return Err(GraphError::TooLarge {
				what: "steps of a loop",
				got,
				max,
			});
		}
		Ok(got)
	}

	/// Fails if a loop leaves its operands of `left` and `right` elements.
	fn within(
		&self,
		axes: impl Iterator<Item = Axis>,
		left: usize,
		right: usize,
	) -> Result<(), GraphError> {
		let axes: Vec<Axis> = axes.collect();
		match strides::reach(&axes) {
			Some((l, r)) if l < left && r < right => Ok(()),
			_ => Err(self.malformed("a loop leaves its operand")),
		}
	}

	fn affine(&self, terms: &[Term], bias: &[i64], weight_bits: u8) -> Result<Tensor, GraphError> {
		let mut scale = None;
		for term in terms {
			term.map.check().map_err(|error| GraphError::Map {
				node: self.node.into(),
				error,
			})?;
			let input = self.tensor(term.input)?;
			if term.map.inputs() != input.bounds.len() || term.map.outputs() != bias.len() {
				return Err(self.malformed("a matrix does not fit its operand or the bias"));
			}
			if *scale.get_or_insert(input.scale_bits) != input.scale_bits {
				return Err(self.malformed("its operands have different scales"));
			}
			self.constants(term.map.weights(), MAX_WEIGHT)?;
		}
		self.constants(bias, MAX_ABS)?;
		let scale_bits = scale
			.unwrap_or_default()
			.checked_add(weight_bits)
			.ok_or_else(|| self.malformed("its scale overflows"))?;
		let bounds = bias
			.iter()
			.enumerate()
			.map(|(element, bias)| {
				// At most 2^24 products of at most 2^100: no overflow.
				let (mut min, mut max) = (i128::from(*bias), i128::from(*bias));
				for term in terms {
					let bounds = &self.tensor(term.input)?.bounds;
					for (column, weight) in term.map.row(element) {
						let Some(x) = bounds.get(column) else {
							continue;
						};
						let a = i128::from(weight) * i128::from(x.min);
						let b = i128::from(weight) * i128::from(x.max);
						min += a.min(b);
						max += a.max(b);
					}
				}
				let independent = (min, max);
				let (min, max) =
					refine(self.nodes, self.tensors, terms, *bias, element, independent);
				self.bounded(element, min, max)
			})
			.collect::<Result<_, _>>()?;
		Ok(Tensor {
			scale_bits,
			bounds,
			readers: 0,
		})
	}

	fn rescale(&self, input: u32, shift: u8, relu: bool) -> Result<Tensor, GraphError> {
		if shift > MAX_SHIFT || (shift == 0 && !relu) {
			return Err(self.malformed("it shifts by too many bits, or does nothing"));
		}
		let scale_bits = self
			.tensor(input)?
			.scale_bits
			.checked_sub(shift)
			.ok_or_else(|| self.malformed("it removes more bits than the scale has"))?;
		Ok(Tensor {
			scale_bits,
			bounds: self.map(input, |x| x.map(|x| rescale(x, shift, relu)))?,
			readers: 0,
		})
	}

	fn product(&self, left: u32, right: u32, pairs: &Pairs) -> Result<Tensor, GraphError> {
		let (l, r) = (self.tensor(left)?, self.tensor(right)?);
		let Pairs { outer, inner } = pairs;
		let outputs = self.steps(outer, MAX_ELEMENTS)?;
		let summands = self.steps(inner, MAX_ENTRIES)?;
		if outputs.saturating_mul(summands) > MAX_ENTRIES {
			return Err(GraphError::TooLarge {
				what: "multiplications",
				got: outputs.saturating_mul(summands),
				max: MAX_ENTRIES,
			});
		}
		self.within(
			outer.iter().chain(inner).copied(),
			l.bounds.len(),
			r.bounds.len(),
		)?;
		let scale_bits = l
			.scale_bits
			.checked_add(r.scale_bits)
			.ok_or_else(|| self.malformed("its scale overflows"))?;
		let inner = strides::offsets(inner);
		let bounds = strides::offsets(outer)
			.into_iter()
			.enumerate()
			.map(|(element, (a, b))| {
				let (mut min, mut max) = (0i128, 0i128);
				for (i, j) in &inner {
					let (Some(x), Some(y)) = (l.bounds.get(a + i), r.bounds.get(b + j)) else {
						continue;
					};
					let is_square = left == right && a + i == b + j;
					let (low, high) = product_bounds(*x, *y, is_square);
					// Within ±2^120 each; 2^24 of them would overflow, so no one may come near.
					if low.unsigned_abs().max(high.unsigned_abs()) >> 100 != 0 {
						return self.bounded(element, low, high);
					}
					min += low;
					max += high;
				}
				self.bounded(element, min, max)
			})
			.collect::<Result<_, _>>()?;
		Ok(Tensor {
			scale_bits,
			bounds,
			readers: 0,
		})
	}

	fn table(&self, input: u32, table: &Table) -> Result<Tensor, GraphError> {
		let got = table.base.len();
		if got != table.slope.len() || !(1..=MAX_SEGMENTS).contains(&got) {
			return Err(GraphError::SegmentCount {
				node: self.node.into(),
				got,
			});
		}
		if table.segment_bits > MAX_SEGMENT_BITS || table.slope_shift > MAX_SHIFT {
			return Err(self.malformed("a table's segments are too wide, or its slopes too fine"));
		}
		self.constants([&table.origin], MAX_ABS)?;
		self.constants(&table.base, MAX_ABS)?;
		self.constants(&table.slope, MAX_ABS >> table.segment_bits)?;
		// 2^60 + 2^12 · 2^40
		let width = (got as i64) << table.segment_bits;
		let domain = Interval {
			min: table.origin,
			max: table.origin + (width - 1),
		};
		let ranges = SegmentRanges::new(table);
		let bounds = self
			.tensor(input)?
			.bounds
			.iter()
			.enumerate()
			.map(|(element, x)| {
				if x.min < domain.min || x.max > domain.max {
					return Err(GraphError::OutsideTable {
						node: self.node.into(),
						element,
						got: *x,
						domain,
					});
				}
				let range = ranges.range(table, *x);
				self.bounded(element, range.min.into(), range.max.into())
			})
			.collect::<Result<_, _>>()?;
		Ok(Tensor {
			scale_bits: table.scale_bits,
			bounds,
			readers: 0,
		})
	}

	fn divide(
		&self,
		numerator: u32,
		denominator: u32,
		axes: &[Axis],
		shift: u8,
	) -> Result<Tensor, GraphError> {
		let (n, d) = (self.tensor(numerator)?, self.tensor(denominator)?);
		if shift > MAX_SHIFT {
			return Err(self.malformed("it shifts by too many bits"));
		}
		let outputs = self.steps(axes, MAX_ELEMENTS)?;
		self.within(axes.iter().copied(), n.bounds.len(), d.bounds.len())?;
		self.positive(d, "the divisor")?;
		let scale_bits = n
			.scale_bits
			.checked_add(shift)
			.and_then(|bits| bits.checked_sub(d.scale_bits))
			.ok_or_else(|| self.malformed("the divisor's scale is finer than the dividend's"))?;
		let mut bounds = Vec::with_capacity(outputs);
		for (element, (i, j)) in strides::offsets(axes).into_iter().enumerate() {
			let (Some(x), Some(y)) = (n.bounds.get(i), d.bounds.get(j)) else {
				return Err(self.malformed("a loop leaves its operand"));
			};
			// ⌊n·2^s/d + 1/2⌋: monotone in n, and in d for each sign of n.
			let corner = |n, d| i128::from(divide(n, d, shift));
			let min = corner(x.min, y.min).min(corner(x.min, y.max));
			let max = corner(x.max, y.min).max(corner(x.max, y.max));
			bounds.push(self.bounded(element, min, max)?);
		}
		Ok(Tensor {
			scale_bits,
			bounds,
			readers: 0,
		})
	}

	fn inverse_sqrt(&self, input: u32, shift: u8) -> Result<Tensor, GraphError> {
		let x = self.tensor(input)?;
		self.positive(x, "the operand")?;
		if shift > MAX_ROOT_SHIFT {
			return Err(self.malformed("it shifts by too many bits"));
		}
		// √(2^shift / (v·2^s)) = 2^((shift − s)/2) / √v
		let bits = shift
			.checked_sub(x.scale_bits)
			.filter(|bits| bits.is_multiple_of(2))
			.ok_or_else(|| self.malformed("its scale is no whole number of bits"))?;
		Ok(Tensor {
			scale_bits: bits / 2,
			bounds: self.map(input, |x| Interval {
				min: inverse_sqrt(x.max, shift),
				max: inverse_sqrt(x.min, shift),
			})?,
			readers: 0,
		})
	}

	fn trees(&self, input: u32, forest: &Forest) -> Result<Tensor, GraphError> {
		let x = self.tensor(input)?;
		let (features, rows) = (forest.features as usize, forest.rows as usize);
		if features.checked_mul(rows) != Some(x.bounds.len()) || rows == 0 {
			return Err(self.malformed("the rows of features do not make up the operand"));
		}
		let targets = forest.targets as usize;
		if targets != forest.base.len() || targets == 0 {
			return Err(self.malformed("there is not one base value per target"));
		}
		if targets.saturating_mul(rows) > MAX_ELEMENTS {
			return Err(GraphError::TooLarge {
				what: "intermediate values",
				got: targets.saturating_mul(rows),
				max: MAX_ELEMENTS,
			});
		}
		let steps = forest.steps();
		if steps > MAX_ENTRIES {
			return Err(GraphError::TooLarge {
				what: "steps through decision trees",
				got: steps,
				max: MAX_ENTRIES,
			});
		}
		self.constants(&forest.base, MAX_ABS)?;
		for tree in &forest.trees {
			self.tree(tree, features, targets)?;
		}
		let mut bounds = Vec::with_capacity(targets * rows);
		for (row, x) in x.bounds.chunks(features.max(1)).enumerate() {
			let mut sums: Vec<(i128, i128)> = forest
				.base
				.iter()
				.map(|base| (i128::from(*base), i128::from(*base)))
				.collect();
			for tree in &forest.trees {
				add_tree_bounds(tree, x, &mut sums);
			}
			for (target, (min, max)) in sums.into_iter().enumerate() {
				bounds.push(self.bounded(row * targets + target, min, max)?);
			}
		}
		Ok(Tensor {
			scale_bits: forest.scale_bits,
			bounds,
			readers: 0,
		})
	}

	/// Checks a tree's references and numbers.
	fn tree(&self, tree: &Tree, features: usize, targets: usize) -> Result<(), GraphError> {
		let branches = tree.branches.len();
		let nodes = branches.saturating_add(tree.leaves.len());
		if tree.leaves.is_empty() {
			return Err(self.malformed("a tree has no leaf"));
		}
		for (index, branch) in tree.branches.iter().enumerate() {
			if branch.feature as usize >= features {
				return Err(self.malformed("a branch compares a feature that does not exist"));
			}
			self.constants([&branch.threshold], MAX_ABS)?;
			for next in [branch.yes as usize, branch.no as usize] {
				if next <= index || next >= nodes {
					return Err(self.malformed("a branch leads back, or nowhere"));
				}
			}
		}
		for leaf in &tree.leaves {
			let mut next = 0usize;
			for (target, weight) in &leaf.weights {
				let target = *target as usize;
				if target < next || target >= targets {
					return Err(self.malformed("a leaf's targets do not increase, or do not exist"));
				}
				next = target + 1;
				self.constants([weight], MAX_ABS)?;
			}
		}
		Ok(())
	}
}

/// Least and greatest product; of a square, the two factors are one.
fn product_bounds(x: Interval, y: Interval, is_square: bool) -> (i128, i128) {
	let (a, b) = (i128::from(x.min), i128::from(x.max));
	if is_square {
		let greatest = (a * a).max(b * b);
		let least = if a <= 0 && b >= 0 {
			0
		} else {
			(a * a).min(b * b)
		};
		return (least, greatest);
	}
	let (c, d) = (i128::from(y.min), i128::from(y.max));
	let corners = [a * c, a * d, b * c, b * d];
	corners
		.into_iter()
		.fold((i128::MAX, i128::MIN), |(min, max), p| {
			(min.min(p), max.max(p))
		})
}

/// Adds to `sums`, per target, the least and the greatest weight of a leaf of `tree` that a row
/// within `x` can reach. Leaves that no row reaches do not count.
fn add_tree_bounds(tree: &Tree, x: &[Interval], sums: &mut [(i128, i128)]) {
	let branches = tree.branches.len();
	let mut reached = vec![false; branches + tree.leaves.len()];
	if let Some(root) = reached.first_mut() {
		*root = true;
	}
	// Successors have greater numbers.
	for (index, branch) in tree.branches.iter().enumerate() {
		if reached.get(index) != Some(&true) {
			continue;
		}
		let Some(value) = x.get(branch.feature as usize) else {
			continue;
		};
		for (next, possible) in [
			(branch.yes, value.min <= branch.threshold),
			(branch.no, value.max > branch.threshold),
		] {
			if let Some(flag) = reached.get_mut(next as usize) {
				*flag |= possible;
			}
		}
	}
	let leaves: Vec<_> = tree
		.leaves
		.iter()
		.zip(reached.iter().skip(branches))
		.filter_map(|(leaf, reached)| reached.then_some(leaf))
		.collect();
	// A leaf that does not mention a target adds 0 to it.
	let mut mentions = vec![(0usize, i64::MAX, i64::MIN); sums.len()];
	for (target, weight) in leaves.iter().flat_map(|leaf| &leaf.weights) {
		if let Some((count, min, max)) = mentions.get_mut(*target as usize) {
			*count += 1;
			*min = (*min).min(*weight);
			*max = (*max).max(*weight);
		}
	}
	for ((low, high), (count, mut min, mut max)) in sums.iter_mut().zip(mentions) {
		if count < leaves.len() {
			min = min.min(0);
			max = max.max(0);
		}
		if count > 0 {
			*low += i128::from(min);
			*high += i128::from(max);
		}
	}
}

/// Least and greatest value over runs of a table's segments, in constant time per run.
struct SegmentRanges {
	/// `levels[j][h]`: the range over segments `h .. h + 2^j`.
	levels: Vec<Vec<Interval>>,
}

impl SegmentRanges {
	fn new(table: &Table) -> Self {
		let width = 1i64 << table.segment_bits;
		let first = (0..table.base.len())
			.map(|h| Self::within(table, h, 0, width - 1))
			.collect::<Vec<_>>();
		let mut levels = vec![first];
		let mut run = 1;
		while let Some(last) = levels.last().filter(|last| last.len() > run) {
			let next = last
				.iter()
				.zip(last.iter().skip(run))
				.map(|(a, b)| a.hull(*b))
				.collect();
			levels.push(next);
			run *= 2;
		}
		Self { levels }
	}

	/// The range of segment `h` between offsets `from` and `to`: it is monotone within.
	fn within(table: &Table, h: usize, from: i64, to: i64) -> Interval {
		let start = table.origin + ((h as i64) << table.segment_bits);
		let [a, b] = [from, to].map(|l| super::arithmetic::table(table, start + l));
		Interval {
			min: a.min(b),
			max: a.max(b),
		}
	}

	/// The function's range over `x`, which lies in the domain.
	fn range(&self, table: &Table, x: Interval) -> Interval {
		let split = |x: i64| {
			let offset = x - table.origin;
			let h = offset >> table.segment_bits;
			(h as usize, offset - (h << table.segment_bits))
		};
		let ((first, from), (last, to)) = (split(x.min), split(x.max));
		if first == last {
			return Self::within(table, first, from, to);
		}
		let width = 1i64 << table.segment_bits;
		let mut range =
			Self::within(table, first, from, width - 1).hull(Self::within(table, last, 0, to));
		let between = last - first - 1;
		if between > 0 {
			let level = between.ilog2() as usize;
			if let Some(runs) = self.levels.get(level) {
				for start in [first + 1, last - (1 << level)] {
					if let Some(run) = runs.get(start) {
						range = range.hull(*run);
					}
				}
			}
		}
		range
	}
}
