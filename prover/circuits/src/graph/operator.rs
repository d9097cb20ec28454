//! The operators of the integer model, as data.

use crate::linear_map::LinearMap;
use codec::{Decode, DecodeWithMemTracking, Encode};

/// A linear map of a tensor.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Term {
	/// The tensor.
	pub input: u32,
	/// The map; a weight w stands for w / 2^`weight_bits`.
	pub map: LinearMap<i64>,
}

/// One index of a strided loop over two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Axis {
	/// How many values the index takes; at least 1.
	pub extent: u32,
	/// Elements by which the left operand advances; 0 if it is broadcast along this index.
	pub left: u32,
	/// Elements by which the right operand advances; 0 if it is broadcast along this index.
	pub right: u32,
}

/// Which elements are multiplied: `y[o] = Σ_i left[a(o, i)] · right[b(o, i)]`, where o runs over
/// `outer` and i over `inner`, both row-major (the last index fastest), and a and b are the sums of
/// index times stride.
///
/// A matrix product has a row index (`right` 0), a column index (`left` 0), perhaps batch indices
/// (both strides) outside, and the contracted index inside. An element-wise product has nothing
/// inside.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking)]
pub struct Pairs {
	/// Indices of the result.
	pub outer: Vec<Axis>,
	/// Indices that are summed over; none for element-wise products.
	pub inner: Vec<Axis>,
}

/// A piecewise linear function of an integer.
///
/// With `h = (x − origin) >> segment_bits` and `l = (x − origin) − (h << segment_bits)`:
/// `y = base[h] + ((slope[h]·l + half) >> slope_shift)`, where half is `2^(slope_shift − 1)`, or 0
/// if `slope_shift` is 0, and `>>` rounds down.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Table {
	/// The least integer of the table's domain.
	pub origin: i64,
	/// Binary logarithm of a segment's width.
	pub segment_bits: u8,
	/// Bits that are cut off a slope's product.
	pub slope_shift: u8,
	/// Binary digits of the result after the point.
	pub scale_bits: u8,
	/// The result at each segment's start.
	pub base: Vec<i64>,
	/// Each segment's slope, times 2^`slope_shift`.
	pub slope: Vec<i64>,
}

/// A comparison in a decision tree: `x[feature] <= threshold`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Branch {
	/// Index of the feature within a row.
	pub feature: u32,
	/// Greatest value that goes on to `yes`, at the input's scale.
	pub threshold: i64,
	/// Where it goes on if the feature is at most the threshold: see [`Tree`].
	pub yes: u32,
	/// Where it goes on otherwise.
	pub no: u32,
}

/// A leaf of a decision tree: what it adds to which targets. Targets increase.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Leaf {
	/// Target and weight.
	pub weights: Vec<(u32, i64)>,
}

/// A decision tree. Node `i` is `branches[i]`, or `leaves[i − branches.len()]`; the root is node 0.
/// A branch's successors have greater numbers than the branch itself, so every walk ends.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Tree {
	/// Comparisons.
	pub branches: Vec<Branch>,
	/// Leaves; at least one.
	pub leaves: Vec<Leaf>,
}

/// Decision trees whose leaves are added up.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Forest {
	/// Features of a row: row r of the input is elements `r·features ..`.
	pub features: u32,
	/// Rows of the input.
	pub rows: u32,
	/// Results per row.
	pub targets: u32,
	/// Binary digits of leaves, base values and results after the point.
	pub scale_bits: u8,
	/// What each target starts with.
	pub base: Vec<i64>,
	/// The trees.
	pub trees: Vec<Tree>,
}

impl Forest {
	/// Steps that bounding its results takes: each row's bounds go through all nodes of all trees, and for
	/// each tree all targets.
	pub fn steps(&self) -> usize {
		let nodes = self.trees.iter().map(|tree| {
			let nodes = tree.branches.len().saturating_add(tree.leaves.len());
			nodes.saturating_add(self.targets as usize)
		});
		nodes
			.fold(0, usize::saturating_add)
			.saturating_mul(self.rows as usize)
	}

	/// Branches of all trees together.
	pub fn branches(&self) -> usize {
		self.trees.iter().map(|tree| tree.branches.len()).sum()
	}
}

/// What a node computes; the [module's documentation](super) has the formulas.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub enum Operator {
	/// A sum of linear maps and a bias.
	#[codec(index = 0)]
	Affine {
		/// The maps. Their inputs have one scale.
		terms: Vec<Term>,
		/// The bias, at the output's scale; its length is the number of outputs.
		bias: Vec<i64>,
		/// Binary digits of the weights after the point.
		weight_bits: u8,
	},
	/// Division by 2^`shift`, with rounding, and perhaps a ReLU.
	#[codec(index = 1)]
	Rescale {
		/// The tensor.
		input: u32,
		/// Bits to remove; 0 only with ReLU.
		shift: u8,
		/// Whether negative results become 0.
		relu: bool,
	},
	/// Sums of products of two tensors' elements.
	#[codec(index = 2)]
	Product {
		/// The left operand.
		left: u32,
		/// The right operand; it may be the left one.
		right: u32,
		/// Which elements are multiplied.
		pairs: Pairs,
	},
	/// 1 where an element is at least 0, else 0.
	#[codec(index = 3)]
	Sign {
		/// The tensor.
		input: u32,
	},
	/// A piecewise linear function of each element.
	#[codec(index = 4)]
	Table {
		/// The tensor. Its bounds lie within the table's domain.
		input: u32,
		/// The function.
		table: Table,
	},
	/// Quotients, rounded to the nearest integer.
	#[codec(index = 5)]
	Divide {
		/// The dividend, which has as many elements as the result: `left` of `axes`.
		numerator: u32,
		/// The divisor, which is positive: `right` of `axes`.
		denominator: u32,
		/// Which elements are divided; the result's indices.
		axes: Vec<Axis>,
		/// Bits that the dividend gains first.
		shift: u8,
	},
	/// Square roots of reciprocals, rounded down.
	#[codec(index = 6)]
	InverseSqrt {
		/// The tensor, which is positive.
		input: u32,
		/// Binary logarithm of what is divided by an element.
		shift: u8,
	},
	/// Decision trees.
	#[codec(index = 7)]
	Trees {
		/// The rows of features.
		input: u32,
		/// The trees.
		forest: Forest,
	},
}

impl Operator {
	/// Its name, for people.
	pub fn name(&self) -> &'static str {
		match self {
			Self::Affine { .. } => "affine",
			Self::Rescale { .. } => "rescale",
			Self::Product { .. } => "product",
			Self::Sign { .. } => "sign",
			Self::Table { .. } => "table",
			Self::Divide { .. } => "divide",
			Self::InverseSqrt { .. } => "inverse square root",
			Self::Trees { .. } => "trees",
		}
	}

	/// The tensors that it reads, once per use.
	pub fn inputs(&self) -> Vec<u32> {
		match self {
			Self::Affine { terms, .. } => terms.iter().map(|term| term.input).collect(),
			Self::Product { left, right, .. } => vec![*left, *right],
			Self::Divide {
				numerator,
				denominator,
				..
			} => vec![*numerator, *denominator],
			Self::Rescale { input, .. }
			| Self::Sign { input }
			| Self::Table { input, .. }
			| Self::InverseSqrt { input, .. }
			| Self::Trees { input, .. } => vec![*input],
		}
	}

	/// The same, to rename them.
	pub fn inputs_mut(&mut self) -> Vec<&mut u32> {
		match self {
			Self::Affine { terms, .. } => terms.iter_mut().map(|term| &mut term.input).collect(),
			Self::Product { left, right, .. } => vec![left, right],
			Self::Divide {
				numerator,
				denominator,
				..
			} => vec![numerator, denominator],
			Self::Rescale { input, .. }
			| Self::Sign { input }
			| Self::Table { input, .. }
			| Self::InverseSqrt { input, .. }
			| Self::Trees { input, .. } => vec![input],
		}
	}

	/// Multiplications that it takes, about; a comparison of a tree counts as one.
	pub fn multiplications(&self) -> usize {
		match self {
			Self::Affine { terms, .. } => terms.iter().map(|t| t.map.entries()).sum(),
			Self::Product { pairs, .. } => super::strides::size(&pairs.outer)
				.saturating_mul(super::strides::size(&pairs.inner)),
			Self::Trees { forest, .. } => forest.branches().saturating_mul(forest.rows as usize),
			Self::Rescale { .. }
			| Self::Sign { .. }
			| Self::Table { .. }
			| Self::Divide { .. }
			| Self::InverseSqrt { .. } => 0,
		}
	}
}
