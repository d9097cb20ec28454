//! What can be wrong with an ONNX file.

use crate::linear_map::MapError;
use std::fmt;

/// An operator that the reader does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsupportedOperator {
	/// Name of the node, or of its first output, or its position.
	pub node: String,
	/// The operator, with its domain unless that is ONNX's own.
	pub operator: String,
}

impl fmt::Display for UnsupportedOperator {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{} (node {:?})", self.operator, self.node)
	}
}

/// An ONNX file that cannot become a circuit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OnnxError {
	/// The bytes are no ONNX protobuf message.
	#[error("not an ONNX model: {0}")]
	Unparsable(String),
	/// The message has no graph.
	#[error("the ONNX model has no graph")]
	NoGraph,
	/// Operators that are not supported: all of those that the output depends on.
	#[error("unsupported operators: {}; supported are {}", list(.0), super::supported().collect::<Vec<_>>().join(", "))]
	UnsupportedOperators(Vec<UnsupportedOperator>),
	/// An attribute whose value, or presence, is not supported.
	#[error("node {node:?} ({operator}): attribute {attribute:?} {reason}")]
	UnsupportedAttribute {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: String,
		/// The attribute.
		attribute: String,
		/// What is wrong with it.
		reason: String,
	},
	/// An operand that is not supported, such as the product of two variables.
	#[error("node {node:?} ({operator}): {reason}")]
	UnsupportedOperand {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: String,
		/// What is wrong with it.
		reason: String,
	},
	/// A value that nothing defines, or that is defined only later.
	#[error("node {node:?} ({operator}): nothing defines its input {value:?}")]
	UndefinedValue {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: String,
		/// Name of the value.
		value: String,
	},
	/// Shapes that do not fit each other or the operator.
	#[error("node {node:?} ({operator}): {reason}")]
	ShapeMismatch {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: String,
		/// What is wrong with them.
		reason: String,
	},
	/// A dimension, other than the batch dimension, without a fixed size.
	#[error(
		"dimension {dimension} of input {value:?} is dynamic ({name:?}); export the model with \
		 fixed shapes (only the first dimension, the batch, may vary)"
	)]
	DynamicShape {
		/// Name of the input.
		value: String,
		/// Index of the dimension.
		dimension: usize,
		/// Its symbolic name; empty if it has none.
		name: String,
	},
	/// The input or output declares no tensor shape.
	#[error("{value:?} declares no tensor type with a shape")]
	NoShape {
		/// Name of the value.
		value: String,
	},
	/// The input is no tensor of floating-point numbers.
	#[error(
		"input {value:?} has element type {got}; expected a number or bool of at most 64 bits"
	)]
	UnsupportedInputType {
		/// Name of the input.
		value: String,
		/// ONNX's number of the element type.
		got: i32,
	},
	/// A weight that is not a finite number.
	#[error("tensor {tensor:?} holds a value that is not finite at index {index}")]
	NonFinite {
		/// Name of the tensor.
		tensor: String,
		/// Index of the first such value.
		index: usize,
	},
	/// A constant tensor that cannot be read.
	#[error("tensor {tensor:?}: {reason}")]
	BadTensor {
		/// Name of the tensor.
		tensor: String,
		/// What is wrong with it.
		reason: String,
	},
	/// No input.
	#[error("expected a model with an input, got {}: {}", .0.len(), .0.join(", "))]
	InputCount(Vec<String>),
	/// No output.
	#[error("expected a model with an output, got {}: {}", .0.len(), .0.join(", "))]
	OutputCount(Vec<String>),
	/// The output does not depend on the input.
	#[error("the output {0:?} does not depend on the input")]
	ConstantOutput(String),
	/// A tensor or operator is larger than any circuit we build.
	#[error("node {node:?} ({operator}) is too large: {reason}")]
	TooLarge {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: String,
		/// Which bound it exceeds.
		reason: String,
	},
	/// Several nodes that cannot be read.
	#[error("{} nodes cannot be read: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
	Several(Vec<OnnxError>),
	/// A node after one that cannot be read: only seen inside this module.
	#[error("node {node:?} follows a node that cannot be read")]
	FollowsAnother {
		/// Name of the node.
		node: String,
	},
	/// A linear map that cannot be built.
	#[error(transparent)]
	Map(#[from] MapError),
}

fn list(operators: &[UnsupportedOperator]) -> String {
	operators
		.iter()
		.map(ToString::to_string)
		.collect::<Vec<_>>()
		.join(", ")
}
