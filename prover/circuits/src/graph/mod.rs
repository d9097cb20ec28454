//! The integer model: its semantics are the model's semantics.
//!
//! Tensor 0 is the input; tensor `i + 1` is what node `i` computes. An integer v of a tensor with
//! `scale_bits` s stands for v / 2^s. All tensors are flat, row-major. The operators, exactly:
//!
//! | operator | integers | scale of the result |
//! | --- | --- | --- |
//! | **affine** | `y_i = bias_i + Σ_t Σ_j W_t[i, j] · x_t[j]` | the operands' + `weight_bits` |
//! | **rescale** by s bits, perhaps ReLU | `y = ⌊(x + ⌊2^(s−1)⌋) / 2^s⌋` (halves round up), then `max(y, 0)` | the operand's − s |
//! | **product** | `y_o = Σ_i left[a(o, i)] · right[b(o, i)]`, strided: [`Pairs`] | the sum of both |
//! | **sign** | `y = 1` if `x ≥ 0`, else 0 | 0 |
//! | **table** | `y = base[h] + ⌊(slope[h]·l + half) / 2^shift⌋`, h the segment of x, l the place in it: [`Table`] | the table's |
//! | **divide** | `y = ⌊(n·2^shift + ⌊d/2⌋) / d⌋ = ⌊n·2^shift/d + 1/2⌋`, d > 0 | n's + shift − d's |
//! | **inverse square root** | the greatest y with `y²·x ≤ 2^shift`, x > 0 | (shift − the operand's) / 2 |
//! | **trees** | per row and tree: from the root, on to `yes` while `x[feature] ≤ threshold`, else to `no`; the sum of the leaves' weights and the base values: [`Forest`] | the forest's |
//!
//! Everything else is made of these: `max(a, b) = b + relu(a − b)`; a comparison is the sign of a
//! difference; `Where` is a product with a sign; a softmax is a table, a sum and a division.
//!
//! **Invariant** of every [`Graph`]: interval arithmetic over the actual constants (for short sums also
//! over what their terms are made of, so that a maximum has its operands' bounds) shows that, for
//! each admissible input, every tensor's element lies within its [`Interval`] and within
//! ±[`MAX_ABS`], every table's operand in the table's domain, and every divisor and square root's
//! operand above 0. So the executor never overflows, and the circuit has a witness for each
//! admissible input (docs/PROTOCOL.md, principle 12).

mod arithmetic;
mod check;
mod comparisons;
mod error;
mod operator;
mod refine;
mod strides;

pub use arithmetic::{divide, inverse_sqrt, rescale, sign, table, trees, walk};
pub(crate) use check::infer;
pub use comparisons::trees_as_comparisons;
pub use error::GraphError;
pub use operator::{Axis, Branch, Forest, Leaf, Operator, Pairs, Table, Term, Tree};
pub use strides::{offset, offsets, size};

use crate::float_graph::PostProcessing;
use codec::{Decode, DecodeWithMemTracking, Encode};
use inference_primitives::{TensorSpec, Visibility, MAX_PUBLIC_INPUTS};

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
/// Most operators.
pub const MAX_NODES: usize = 1 << 16;
/// Most segments of a table.
pub const MAX_SEGMENTS: usize = 1 << 12;
/// Binary logarithm of the widest segment of a table.
pub const MAX_SEGMENT_BITS: u8 = 40;
/// Binary logarithm of the greatest dividend of an inverse square root.
pub const MAX_ROOT_SHIFT: u8 = 120;
/// Most indices of a strided loop.
pub const MAX_AXES: usize = 16;

/// Bounds of a value, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
	/// Least value.
	pub min: i64,
	/// Greatest value.
	pub max: i64,
}

impl Interval {
	/// The least interval that holds both.
	pub fn hull(self, other: Self) -> Self {
		Self {
			min: self.min.min(other.min),
			max: self.max.max(other.max),
		}
	}

	/// Both ends under a function that does not decrease.
	pub fn map(self, f: impl Fn(i64) -> i64) -> Self {
		Self {
			min: f(self.min),
			max: f(self.max),
		}
	}
}

/// An operator and where it comes from.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Node {
	/// Name of the ONNX node.
	pub name: String,
	/// What it computes.
	pub operator: Operator,
}

/// The parts of a [`Graph`], not yet checked. Its encoding is a bundle's `graph.bin`.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking)]
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
			.reduce(Interval::hull)
			.unwrap_or(none)
	}
}

/// A checked integer model.
#[derive(Clone, PartialEq, Debug)]
pub struct Graph {
	parts: GraphParts,
	tensors: Vec<Tensor>,
	/// Per tensor, who reads it.
	readers: Vec<Readers>,
	output: TensorSpec,
}

/// Who reads a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Readers {
	/// The last node that does.
	last: Option<usize>,
	/// Whether an affine operator does.
	affine: bool,
}

impl GraphParts {
	fn entries(&self) -> usize {
		self.nodes.iter().fold(0, |sum, node| {
			sum.saturating_add(node.operator.multiplications())
		})
	}

	/// Steps that bounding all decision trees takes.
	fn tree_steps(&self) -> usize {
		self.nodes.iter().fold(0, |sum, node| {
			sum.saturating_add(match &node.operator {
				Operator::Trees { forest, .. } => forest.steps(),
				_ => 0,
			})
		})
	}
}

impl Graph {
	/// Checks `parts`, with cost linear in their size.
	pub fn new(parts: GraphParts) -> Result<Self, GraphError> {
		check_spec("input", &parts.input)?;
		for (what, got, max) in [
			("operators", parts.nodes.len(), MAX_NODES),
			("multiplications", parts.entries(), MAX_ENTRIES),
			(
				"steps through decision trees",
				parts.tree_steps(),
				MAX_ENTRIES,
			),
		] {
			if got > max {
				return Err(GraphError::TooLarge { what, got, max });
			}
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
		let mut readers = vec![Readers::default(); parts.nodes.len() + 1];
		let mut elements = parts.input.len();
		for (index, node) in parts.nodes.iter().enumerate() {
			let before = parts.nodes.get(..index).unwrap_or_default();
			let tensor = infer(&node.name, &node.operator, before, &tensors)?;
			for input in node.operator.inputs() {
				if let Some(input) = tensors.get_mut(input as usize) {
					input.readers += 1;
				}
				if let Some(readers) = readers.get_mut(input as usize) {
					readers.last = Some(index);
					readers.affine |= matches!(node.operator, Operator::Affine { .. });
				}
			}
			if tensor.bounds.is_empty() {
				return Err(GraphError::Malformed {
					node: node.name.clone(),
					reason: "it computes no element",
				});
			}
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
			readers,
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

	/// The operator that alone reads tensor `tensor`; nothing if several do, or none, or if it is the output.
	pub(crate) fn only_reader(&self, tensor: usize) -> Option<&Operator> {
		let is_one = self.tensors.get(tensor)?.readers == 1;
		let node = self.readers.get(tensor)?.last.filter(|_| is_one)?;
		Some(&self.parts.nodes.get(node)?.operator)
	}

	/// Whether an affine operator reads tensor `tensor`.
	pub(crate) fn is_read_by_affine(&self, tensor: usize) -> bool {
		self.readers
			.get(tensor)
			.is_some_and(|readers| readers.affine)
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

pub(crate) fn check_spec(tensor: &'static str, spec: &TensorSpec) -> Result<(), GraphError> {
	spec.check().map_err(|error| GraphError::Spec {
		tensor,
		shape: spec.shape.clone(),
		scale_bits: spec.scale_bits,
		min: spec.min,
		max: spec.max,
		error,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::linear_map::LinearMap;
	use inference_primitives::SpecError;

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
	fn trees_without_branches_count_as_steps_too() {
		let error = malformed(|parts| {
			let tree = Tree {
				branches: vec![],
				leaves: vec![Leaf { weights: vec![] }],
			};
			let forest = Forest {
				features: 1,
				rows: 1,
				targets: 1 << 14,
				scale_bits: 0,
				base: vec![0; 1 << 14],
				trees: vec![tree; 1 << 10],
			};
			parts.nodes.push(Node {
				name: "forest".into(),
				operator: Operator::Trees { input: 1, forest },
			});
		});
		let what = "steps through decision trees";
		assert!(
			matches!(error, GraphError::TooLarge { what: said, .. } if said == what),
			"{error}"
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
