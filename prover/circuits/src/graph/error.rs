//! What can be wrong with an integer model.

use super::{Interval, MAX_SEGMENTS};
use crate::linear_map::MapError;
use inference_primitives::{SpecError, MAX_PUBLIC_INPUTS};

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
	/// An element may exceed [`MAX_ABS`](super::MAX_ABS) for an admissible input.
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
	/// A divisor, or a square root's operand, may be zero or negative for an admissible input.
	#[error(
		"node {node:?}: for some admissible inputs element {element} of {operand} is as low as {min}; \
		it must be positive: use a smaller input domain, or a Clip or Max before this node"
	)]
	NotPositive {
		/// Name of the node.
		node: String,
		/// Which operand.
		operand: &'static str,
		/// Index of the element.
		element: usize,
		/// Its lower bound, an integer at the operand's scale.
		min: i64,
	},
	/// An element may lie outside a table's domain for an admissible input.
	#[error(
		"node {node:?}: for some admissible inputs element {element} lies in {}..={}, outside the \
		table's domain {}..={}", .got.min, .got.max, .domain.min, .domain.max
	)]
	OutsideTable {
		/// Name of the node.
		node: String,
		/// Index of the element.
		element: usize,
		/// Its bounds.
		got: Interval,
		/// The table's domain.
		domain: Interval,
	},
	/// A table without segments, or with more than [`MAX_SEGMENTS`].
	#[error("node {node:?}: a table has 1 to {MAX_SEGMENTS} segments, got {got}")]
	SegmentCount {
		/// Name of the node.
		node: String,
		/// Their number.
		got: usize,
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
