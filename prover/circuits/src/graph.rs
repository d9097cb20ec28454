//! The integer model: its semantics are the model's semantics.
//!
//! Tensor 0 is the input; tensor `i + 1` is what node `i` computes. An integer v of a tensor with
//! `scale_bits` s stands for v / 2^s. There are two operators:
//!
//! - **affine**: `y_i = bias_i + Σ_t Σ_j W_t[i, j] · x_t[j]`, exact. Weights have their own scale,
//!   `weight_bits`; the result's scale is the operands' scale plus that.
//! - **rescale** by s bits, optionally with ReLU: `y = ⌊(x + ⌊2^(s−1)⌋) / 2^s⌋` (halves round up),
//!   then `max(y, 0)` if ReLU.
//!
//! **Invariant** of every [`Graph`]: interval arithmetic over the actual weights shows that, for
//! each admissible input, every tensor's element lies within its [`Interval`] and within
//! ±[`MAX_ABS`]. So the executor never overflows, and the circuit has a witness for each admissible
//! input (PROTOCOL.md, principle 12).

use crate::{
	float_graph::PostProcessing,
	linear_map::{LinearMap, MapError},
};
use codec::{Decode, Encode};
use inference_primitives::{SpecError, TensorSpec, Visibility, MAX_PUBLIC_INPUTS};

/// Greatest absolute value of any tensor's element.
pub const MAX_ABS: i64 = 1 << 60;
/// Greatest absolute value of a weight.
pub const MAX_WEIGHT: i64 = 1 << 40;
/// Most bits that a rescaling removes.
pub const MAX_SHIFT: u8 = 40;
/// Most entries of all linear maps together.
pub const MAX_ENTRIES: usize = 1 << 24;
/// Most elements of all tensors together.
pub const MAX_ELEMENTS: usize = 1 << 22;

/// Bounds of a value, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
	/// Least value.
	pub min: i64,
	/// Greatest value.
	pub max: i64,
}

/// A linear map of a tensor.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Term {
	/// The tensor.
	pub input: u32,
	/// The map; a weight w stands for w / 2^`weight_bits`.
	pub map: LinearMap<i64>,
}

/// What a node computes; the module's documentation has the formulas.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
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
}

/// An operator and where it comes from.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Node {
	/// Name of the ONNX node.
	pub name: String,
	/// What it computes.
	pub operator: Operator,
}

/// The parts of a [`Graph`], not yet checked. Its encoding is a bundle's `graph.bin`.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct GraphParts {
	/// The input: shape, scale, admissible domain.
	pub input: TensorSpec,
	/// Operators, in the order of execution.
	pub nodes: Vec<Node>,
	/// The tensor that is the output.
	pub output: u32,
	/// Shape of the output.
	pub output_shape: Vec<u32>,
	/// What the client does with the output.
	pub post_processing: Option<PostProcessing>,
}

/// What the checks found out about a tensor.
#[derive(Clone, PartialEq, Debug)]
pub struct Tensor {
	/// Binary digits after the point.
	pub scale_bits: u8,
	/// Bounds of each element.
	pub bounds: Vec<Interval>,
	/// How many operators read it, and whether it is the output: its number of readers.
	pub readers: usize,
}

impl Tensor {
	/// Bounds of all elements together.
	pub fn range(&self) -> Interval {
		let none = Interval { min: 0, max: 0 };
		self.bounds
			.iter()
			.copied()
			.reduce(|a, b| Interval {
				min: a.min.min(b.min),
				max: a.max.max(b.max),
			})
			.unwrap_or(none)
	}
}

/// A checked integer model.
#[derive(Clone, PartialEq, Debug)]
pub struct Graph {
	parts: GraphParts,
	tensors: Vec<Tensor>,
	output: TensorSpec,
}

/// Parts that make no valid integer model.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GraphError {
	/// Input or output cannot be declared on chain.
	#[error("the {tensor}'s shape {shape:?}, scale {scale_bits} bits and domain {min}..={max} \
		cannot be registered: {}", spec_error(.error))]
	Spec {
		/// `input` or `output`.
		tensor: &'static str,
		/// Its shape.
		shape: Vec<u32>,
		/// Its scale.
		scale_bits: u8,
		/// Its least value.
		min: i64,
		/// Its greatest value.
		max: i64,
		/// Which rule it breaks.
		error: SpecError,
	},
	/// More values than a proof has public inputs.
	#[error("input and output have {got} values; a proof has room for {max}", max = MAX_PUBLIC_INPUTS - 1)]
	TooManyPublicInputs {
		/// Number of values.
		got: usize,
	},
	/// An element may exceed [`MAX_ABS`] for an admissible input.
	#[error(
		"node {node:?}: for some admissible inputs element {element} reaches 2^{bits}, over the \
		limit of 2^60; use fewer scale bits or a smaller input domain"
	)]
	Overflow {
		/// Name of the node.
		node: String,
		/// Index of the element.
		element: usize,
		/// Bits of its bound.
		bits: u32,
	},
	/// A weight or bias exceeds its bound.
	#[error(
		"node {node:?}: a weight or bias of {got} is out of range; use fewer weight scale bits"
	)]
	WeightOutOfRange {
		/// Name of the node.
		node: String,
		/// The weight or bias.
		got: i64,
	},
	/// A linear map's parts do not fit.
	#[error("node {node:?}: {error}")]
	Map {
		/// Name of the node.
		node: String,
		/// What is wrong.
		error: MapError,
	},
	/// Lengths, scales or references do not fit.
	#[error("node {node:?}: {reason}")]
	Malformed {
		/// Name of the node.
		node: String,
		/// What is wrong.
		reason: &'static str,
	},
	/// More work than any circuit we build.
	#[error("the model has {got} {what}; at most {max} are supported")]
	TooLarge {
		/// Elements or multiplications.
		what: &'static str,
		/// How many.
		got: usize,
		/// The limit.
		max: usize,
	},
	/// The output is the input, or there is none.
	#[error("the model computes nothing: its output is its input, or does not exist")]
	NothingComputed,
}

fn spec_error(error: &SpecError) -> &'static str {
	match error {
		SpecError::RankTooHigh => "too many dimensions",
		SpecError::BadShape => "a dimension is zero, or there are too many values",
		SpecError::ScaleTooFine => "too many scale bits",
		SpecError::BadDomain => "the domain is empty, or exceeds 2^56 in absolute value",
	}
}

impl GraphParts {
	fn entries(&self) -> usize {
		self.nodes
			.iter()
			.map(|node| match &node.operator {
				Operator::Affine { terms, .. } => terms.iter().map(|t| t.map.entries()).sum(),
				Operator::Rescale { .. } => 0,
			})
			.sum()
	}
}

impl Graph {
	/// Checks `parts`, with cost linear in their size.
	pub fn new(parts: GraphParts) -> Result<Self, GraphError> {
		check_spec("input", &parts.input)?;
		let entries = parts.entries();
		if entries > MAX_ENTRIES {
			let what = "multiplications";
			return Err(GraphError::TooLarge {
				what,
				got: entries,
				max: MAX_ENTRIES,
			});
		}
		let input = Interval {
			min: parts.input.min,
			max: parts.input.max,
		};
		let mut tensors = vec![Tensor {
			scale_bits: parts.input.scale_bits,
			bounds: vec![input; parts.input.len()],
			readers: 0,
		}];
		let mut elements = parts.input.len();
		for node in &parts.nodes {
			let tensor = check_node(node, &mut tensors)?;
			elements = elements.saturating_add(tensor.bounds.len());
			if elements > MAX_ELEMENTS {
				let what = "intermediate values";
				return Err(GraphError::TooLarge {
					what,
					got: elements,
					max: MAX_ELEMENTS,
				});
			}
			tensors.push(tensor);
		}
		if parts.output == 0 {
			return Err(GraphError::NothingComputed);
		}
		let tensor = tensors
			.get_mut(parts.output as usize)
			.ok_or(GraphError::NothingComputed)?;
		tensor.readers += 1;
		let range = tensor.range();
		let output = TensorSpec {
			shape: parts.output_shape.clone(),
			scale_bits: tensor.scale_bits,
			min: range.min,
			max: range.max,
			visibility: Visibility::Public,
		};
		check_spec("output", &output)?;
		if output.len() != tensor.bounds.len() {
			return Err(GraphError::Malformed {
				node: "output".into(),
				reason: "the output's shape does not hold its elements",
			});
		}
		let got = parts.input.len() + output.len();
		if got >= MAX_PUBLIC_INPUTS as usize {
			return Err(GraphError::TooManyPublicInputs { got });
		}
		Ok(Self {
			parts,
			tensors,
			output,
		})
	}

	/// The parts, as they were checked.
	pub fn parts(&self) -> &GraphParts {
		&self.parts
	}

	/// The operators, in the order of execution.
	pub fn nodes(&self) -> &[Node] {
		&self.parts.nodes
	}

	/// The tensors: the input, then one per node.
	pub fn tensors(&self) -> &[Tensor] {
		&self.tensors
	}

	/// The input's declaration.
	pub fn input(&self) -> &TensorSpec {
		&self.parts.input
	}

	/// The output's declaration. Its domain is what the model can reach.
	pub fn output(&self) -> &TensorSpec {
		&self.output
	}

	/// Index of the output tensor.
	pub fn output_tensor(&self) -> usize {
		self.parts.output as usize
	}

	/// Public inputs of a proof: the statement, the input's and the output's values.
	pub fn public_inputs(&self) -> usize {
		1 + self.input().len() + self.output.len()
	}

	/// Multiplications of one inference.
	pub fn multiplications(&self) -> usize {
		self.parts.entries()
	}
}

fn check_spec(tensor: &'static str, spec: &TensorSpec) -> Result<(), GraphError> {
	spec.check().map_err(|error| GraphError::Spec {
		tensor,
		shape: spec.shape.clone(),
		scale_bits: spec.scale_bits,
		min: spec.min,
		max: spec.max,
		error,
	})
}

/// Checks one node against the tensors before it, counts it as their reader, and returns its own.
fn check_node(node: &Node, tensors: &mut [Tensor]) -> Result<Tensor, GraphError> {
	let malformed = |reason| GraphError::Malformed {
		node: node.name.clone(),
		reason,
	};
	match &node.operator {
		Operator::Affine {
			terms,
			bias,
			weight_bits,
		} => {
			let mut scale = None;
			for term in terms {
				term.map.check().map_err(|error| GraphError::Map {
					node: node.name.clone(),
					error,
				})?;
				let input = tensors
					.get_mut(term.input as usize)
					.ok_or_else(|| malformed("it reads a tensor that does not exist yet"))?;
				if term.map.inputs() != input.bounds.len() || term.map.outputs() != bias.len() {
					return Err(malformed("a matrix does not fit its operand or the bias"));
				}
				if *scale.get_or_insert(input.scale_bits) != input.scale_bits {
					return Err(malformed("its operands have different scales"));
				}
				let weights = term.map.weights();
				if let Some(got) = weights
					.iter()
					.find(|w| !(-MAX_WEIGHT..=MAX_WEIGHT).contains(*w))
				{
					return Err(GraphError::WeightOutOfRange {
						node: node.name.clone(),
						got: *got,
					});
				}
				input.readers += 1;
			}
			if let Some(got) = bias.iter().find(|b| !(-MAX_ABS..=MAX_ABS).contains(*b)) {
				return Err(GraphError::WeightOutOfRange {
					node: node.name.clone(),
					got: *got,
				});
			}
			let scale_bits = scale
				.unwrap_or_default()
				.checked_add(*weight_bits)
				.ok_or_else(|| malformed("its scale overflows"))?;
			let bounds = affine_bounds(node, terms, bias, tensors)?;
			Ok(Tensor {
				scale_bits,
				bounds,
				readers: 0,
			})
		},
		Operator::Rescale { input, shift, relu } => {
			let input = tensors
				.get_mut(*input as usize)
				.ok_or_else(|| malformed("it reads a tensor that does not exist yet"))?;
			if *shift > MAX_SHIFT || (*shift == 0 && !relu) {
				return Err(malformed("it shifts by too many bits, or does nothing"));
			}
			let scale_bits = input
				.scale_bits
				.checked_sub(*shift)
				.ok_or_else(|| malformed("it removes more bits than the scale has"))?;
			input.readers += 1;
			let apply = |x| rescale(x, *shift, *relu);
			let bounds = input
				.bounds
				.iter()
				.map(|x| Interval {
					min: apply(x.min),
					max: apply(x.max),
				})
				.collect();
			Ok(Tensor {
				scale_bits,
				bounds,
				readers: 0,
			})
		},
	}
}

fn affine_bounds(
	node: &Node,
	terms: &[Term],
	bias: &[i64],
	tensors: &[Tensor],
) -> Result<Vec<Interval>, GraphError> {
	bias.iter()
		.enumerate()
		.map(|(element, bias)| {
			// At most 2^24 products of at most 2^100: no overflow.
			let (mut min, mut max) = (i128::from(*bias), i128::from(*bias));
			for term in terms {
				let bounds = tensors
					.get(term.input as usize)
					.map_or(&[][..], |t| &t.bounds);
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
			let limit = i128::from(-MAX_ABS)..=i128::from(MAX_ABS);
			match (i64::try_from(min), i64::try_from(max)) {
				(Ok(min_), Ok(max_)) if limit.contains(&min) && limit.contains(&max) => {
					Ok(Interval {
						min: min_,
						max: max_,
					})
				},
				_ => Err(GraphError::Overflow {
					node: node.name.clone(),
					element,
					bits: 128 - min.unsigned_abs().max(max.unsigned_abs()).leading_zeros(),
				}),
			}
		})
		.collect()
}

/// `⌊(x + ⌊2^(shift−1)⌋) / 2^shift⌋`, then `max(·, 0)` if `relu`.
///
/// `x` is within ±[`MAX_ABS`] and `shift` at most [`MAX_SHIFT`], so nothing overflows.
pub fn rescale(x: i64, shift: u8, relu: bool) -> i64 {
	let half = if shift == 0 { 0 } else { 1i64 << (shift - 1) };
	let y = (x + half) >> shift;
	if relu {
		y.max(0)
	} else {
		y
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parts() -> GraphParts {
		let map = LinearMap::from_rows(2, [[(0, 3), (1, -5)]]).unwrap();
		GraphParts {
			input: TensorSpec {
				shape: vec![2],
				scale_bits: 4,
				min: -10,
				max: 20,
				visibility: Visibility::Public,
			},
			nodes: vec![
				Node {
					name: "gemm".into(),
					operator: Operator::Affine {
						terms: vec![Term { input: 0, map }],
						bias: vec![7],
						weight_bits: 2,
					},
				},
				Node {
					name: "relu".into(),
					operator: Operator::Rescale {
						input: 1,
						shift: 2,
						relu: true,
					},
				},
			],
			output: 2,
			output_shape: vec![1],
			post_processing: None,
		}
	}

	fn malformed(change: impl FnOnce(&mut GraphParts)) -> GraphError {
		let mut parts = parts();
		change(&mut parts);
		Graph::new(parts).unwrap_err()
	}

	#[test]
	fn bounds_come_from_the_actual_weights() {
		let graph = Graph::new(parts()).unwrap();
		// 7 + 3·(−10) − 5·20 ..= 7 + 3·20 − 5·(−10)
		assert_eq!(
			graph.tensors()[1].bounds,
			[Interval {
				min: -123,
				max: 117
			}]
		);
		assert_eq!((graph.output().min, graph.output().max), (0, 29));
		assert_eq!((graph.output().scale_bits, graph.public_inputs()), (4, 4));
	}

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
	fn possible_overflow_is_refused() {
		let error = malformed(|parts| {
			parts.nodes.push(Node {
				name: "huge".into(),
				operator: Operator::Affine {
					terms: vec![Term {
						input: 1,
						map: LinearMap::from_rows(1, [vec![(0, MAX_WEIGHT); 1 << 14]]).unwrap(),
					}],
					bias: vec![0],
					weight_bits: 0,
				},
			})
		});
		assert_eq!(
			error,
			GraphError::Overflow {
				node: "huge".into(),
				element: 0,
				bits: 61
			}
		);
	}

	#[test]
	fn malformed_parts_are_refused() {
		let is_malformed = |error| matches!(error, GraphError::Malformed { .. });
		assert!(is_malformed(malformed(|p| p.output_shape = vec![2])));
		assert!(is_malformed(malformed(|p| p.nodes.swap(0, 1))));
		assert!(is_malformed(malformed(|p| {
			p.nodes[1].operator = Operator::Rescale {
				input: 1,
				shift: 7,
				relu: true,
			};
		})));
		assert!(is_malformed(malformed(|p| {
			p.nodes[1].operator = Operator::Rescale {
				input: 1,
				shift: 0,
				relu: false,
			};
		})));
		assert_eq!(malformed(|p| p.output = 0), GraphError::NothingComputed);
		assert_eq!(malformed(|p| p.output = 9), GraphError::NothingComputed);
		assert!(matches!(
			malformed(|p| p.input.shape = vec![0]),
			GraphError::Spec {
				tensor: "input",
				error: SpecError::BadShape,
				..
			}
		));
		assert!(matches!(
			malformed(|p| p.input.shape = vec![2000]),
			GraphError::Malformed { .. }
		));
	}
}
