//! A model as real-number operators on flat tensors: what the ONNX reader hands to the quantiser.
//!
//! Value 0 is the input; value `i + 1` is what node `i` computes. Shapes matter only at the two
//! ends: reshaping, transposing and broadcasting are already part of the linear maps.

mod function;
mod rank;
mod simplify;

pub use function::Function;
pub use rank::Ranking;
pub(crate) use simplify::merge;

use crate::{
	graph::{offsets, Axis, Pairs},
	linear_map::LinearMap,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use serde::{Deserialize, Serialize};

/// A model in real numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatGraph {
	/// Shape of one input, without the batch dimension.
	pub input_shape: Vec<u32>,
	/// Operators in the order of execution.
	pub nodes: Vec<FloatNode>,
	/// The value that is the output.
	pub output: usize,
	/// Shape of one output, without the batch dimension.
	pub output_shape: Vec<u32>,
	/// What the client does with the output, outside the circuit.
	pub post_processing: Option<PostProcessing>,
}

/// One operator.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatNode {
	/// Name of the ONNX node that it comes from.
	pub name: String,
	/// What it computes.
	pub operator: FloatOperator,
}

/// What a node computes.
#[derive(Clone, PartialEq, Debug)]
pub enum FloatOperator {
	/// The sum of linear maps of values, and a bias.
	Affine {
		/// Value and map, one pair per summand.
		terms: Vec<(usize, LinearMap<f64>)>,
		/// The constant summand; its length is the number of outputs.
		bias: Vec<f64>,
	},
	/// `max(x, 0)` of each element.
	Relu {
		/// The value.
		input: usize,
	},
	/// Sums of products of two values' elements.
	Product {
		/// The left operand.
		left: usize,
		/// The right operand.
		right: usize,
		/// Which elements are multiplied.
		pairs: Pairs,
	},
	/// 1 where an element is at least 0 (`strict`: above 0), else 0.
	Step {
		/// The value.
		input: usize,
		/// Whether 0 gives 0.
		strict: bool,
	},
	/// The greatest integer that is not above the element.
	Floor {
		/// The value.
		input: usize,
	},
	/// A function of each element.
	Function {
		/// The value.
		input: usize,
		/// The function.
		function: Function,
	},
	/// Quotients of two values' elements.
	Divide {
		/// The dividend: `left` of `axes`.
		numerator: usize,
		/// The divisor: `right` of `axes`.
		denominator: usize,
		/// Which elements are divided; the result's indices.
		axes: Vec<Axis>,
	},
	/// `1 / √(x + epsilon)` of each element.
	InverseSqrt {
		/// The value.
		input: usize,
		/// Added first.
		epsilon: f64,
	},
	/// Decision trees.
	Trees {
		/// The rows of features.
		input: usize,
		/// The trees.
		forest: FloatForest,
	},
	/// The greatest or least elements of groups.
	Rank {
		/// The value.
		input: usize,
		/// The groups, and how they are ranked.
		ranking: Ranking,
		/// Whether the results are the labels, else the elements.
		labels: bool,
	},
}

/// Decision trees in real numbers: [`Forest`](crate::graph::Forest) before it is rounded.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FloatForest {
	/// Features of a row.
	pub features: usize,
	/// Rows of the input.
	pub rows: usize,
	/// What each target starts with; their number is that of the targets.
	pub base: Vec<f64>,
	/// The trees.
	pub trees: Vec<FloatTree>,
}

/// A decision tree in real numbers; numbered as [`Tree`](crate::graph::Tree).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FloatTree {
	/// Comparisons.
	pub branches: Vec<FloatBranch>,
	/// Per leaf, targets (increasing) and weights.
	pub leaves: Vec<Vec<(u32, f64)>>,
}

/// A comparison of a feature with a threshold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FloatBranch {
	/// Index of the feature.
	pub feature: u32,
	/// The threshold.
	pub threshold: f64,
	/// Whether a feature that equals the threshold goes on to `no`.
	pub strict: bool,
	/// Where smaller features go on.
	pub yes: u32,
	/// Where greater features go on.
	pub no: u32,
}

impl FloatOperator {
	/// The values that it reads, once per use.
	pub fn inputs(&self) -> Vec<usize> {
		match self {
			Self::Affine { terms, .. } => terms.iter().map(|(input, _)| *input).collect(),
			Self::Product { left, right, .. } => vec![*left, *right],
			Self::Divide {
				numerator,
				denominator,
				..
			} => vec![*numerator, *denominator],
			Self::Relu { input }
			| Self::Step { input, .. }
			| Self::Floor { input }
			| Self::Function { input, .. }
			| Self::InverseSqrt { input, .. }
			| Self::Trees { input, .. }
			| Self::Rank { input, .. } => vec![*input],
		}
	}

	/// The same, to rename them.
	pub fn inputs_mut(&mut self) -> Vec<&mut usize> {
		match self {
			Self::Affine { terms, .. } => terms.iter_mut().map(|(input, _)| input).collect(),
			Self::Product { left, right, .. } => vec![left, right],
			Self::Divide {
				numerator,
				denominator,
				..
			} => vec![numerator, denominator],
			Self::Relu { input }
			| Self::Step { input, .. }
			| Self::Floor { input }
			| Self::Function { input, .. }
			| Self::InverseSqrt { input, .. }
			| Self::Trees { input, .. }
			| Self::Rank { input, .. } => vec![input],
		}
	}

	/// Its result, given the `values` before it; a missing value counts as zero.
	pub fn compute(&self, values: &[Vec<f64>]) -> Vec<f64> {
		let value = |index: usize| values.get(index).map(Vec::as_slice).unwrap_or_default();
		let map = |input: usize, f: &dyn Fn(f64) -> f64| -> Vec<f64> {
			value(input).iter().map(|x| f(*x)).collect()
		};
		let at = |values: &[f64], i: usize| values.get(i).copied().unwrap_or_default();
		match self {
			Self::Affine { terms, bias } => {
				terms.iter().fold(bias.clone(), |mut sum, (input, map)| {
					let product = map.apply(value(*input));
					sum.iter_mut().zip(product).for_each(|(to, x)| *to += x);
					sum
				})
			},
			Self::Relu { input } => map(*input, &|x| x.max(0.0)),
			Self::Product { left, right, pairs } => {
				let (l, r) = (value(*left), value(*right));
				let inner = offsets(&pairs.inner);
				offsets(&pairs.outer)
					.into_iter()
					.map(|(a, b)| inner.iter().map(|(i, j)| at(l, a + i) * at(r, b + j)).sum())
					.collect()
			},
			Self::Step { input, strict } => map(*input, &|x| {
				f64::from(u8::from(if *strict { x > 0.0 } else { x >= 0.0 }))
			}),
			Self::Floor { input } => map(*input, &f64::floor),
			Self::Function { input, function } => map(*input, &|x| function.at(x)),
			Self::Divide {
				numerator,
				denominator,
				axes,
			} => {
				let (n, d) = (value(*numerator), value(*denominator));
				offsets(axes)
					.into_iter()
					.map(|(i, j)| at(n, i) / at(d, j))
					.collect()
			},
			Self::InverseSqrt { input, epsilon } => map(*input, &|x| 1.0 / (x + epsilon).sqrt()),
			Self::Trees { input, forest } => forest.compute(value(*input)),
			Self::Rank {
				input,
				ranking,
				labels,
			} => ranking.compute(value(*input), *labels),
		}
	}
}

impl FloatForest {
	fn compute(&self, x: &[f64]) -> Vec<f64> {
		let mut results = Vec::new();
		for row in x.chunks(self.features.max(1)).take(self.rows) {
			let mut sums = self.base.clone();
			for tree in &self.trees {
				let mut node = 0usize;
				// Successors have greater numbers.
				while let Some(branch) = tree.branches.get(node) {
					let x = row
						.get(branch.feature as usize)
						.copied()
						.unwrap_or_default();
					let yes = if branch.strict {
						x < branch.threshold
					} else {
						x <= branch.threshold
					};
					node = node
						.saturating_add(1)
						.max(if yes { branch.yes } else { branch.no } as usize);
				}
				let leaf = tree.leaves.get(node - tree.branches.len());
				for (target, weight) in leaf.into_iter().flatten() {
					if let Some(sum) = sums.get_mut(*target as usize) {
						*sum += weight;
					}
				}
			}
			results.extend(sums);
		}
		results
	}
}

impl FloatGraph {
	/// Computes the model on `input`, in double precision.
	pub fn execute(&self, input: &[f64]) -> Vec<f64> {
		let mut values = self.execute_all(input);
		if self.output < values.len() {
			values.swap_remove(self.output)
		} else {
			Vec::new()
		}
	}

	/// Computes every value: the input itself, then one per node.
	pub fn execute_all(&self, input: &[f64]) -> Vec<Vec<f64>> {
		let mut values: Vec<Vec<f64>> = vec![input.to_vec()];
		for node in &self.nodes {
			let value = node.operator.compute(&values);
			values.push(value);
		}
		values
	}
}

/// A step after the circuit: it is not proven, and anyone can redo it from the proven output.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PostProcessing {
	/// The model's trailing ArgMax: index of the greatest element along `axis` of the output.
	ArgMax {
		/// Dimension of the output's shape (no batch dimension).
		axis: u8,
		/// Whether ties go to the last index instead of the first.
		last: bool,
	},
}
