//! Walks an ONNX graph in the order of execution.

use super::{
	attributes::Attributes,
	operators, shape,
	tensor::{element_type, Constant, Data},
	OnnxError, UnsupportedOperator,
};
use crate::{
	float_graph::{FloatGraph, FloatNode, FloatOperator, PostProcessing},
	linear_map::LinearMap,
};
use std::collections::{HashMap, HashSet};
use tract_onnx::{
	pb::{
		tensor_shape_proto::dimension::Value as Dimension, type_proto, GraphProto, NodeProto,
		ValueInfoProto,
	},
	prelude::Framework,
};

/// Most entries of one operator's linear map.
const MAX_ENTRIES: usize = 1 << 24;

/// What a name in the graph stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
	/// Known when the circuit is built.
	Constant(Constant),
	/// Depends on the input.
	Variable(Variable),
	/// Result of an ArgMax over `of`: only good as the model's output.
	ArgMax {
		/// Over what.
		of: Variable,
		/// Along which dimension of `of`.
		axis: usize,
		/// Whether ties go to the last index.
		last: bool,
	},
}

/// A tensor that depends on the input.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Variable {
	/// The value of the [`FloatGraph`] with its elements, row-major.
	pub value: usize,
	/// Dimensions, with the batch.
	pub shape: Vec<usize>,
}

/// A node while it is read: its names, its operands, and the graph that grows.
pub(super) struct NodeReader<'a> {
	pub node: &'a str,
	pub operator: &'a str,
	proto: &'a NodeProto,
	values: &'a HashMap<&'a str, Value>,
	graph: &'a mut FloatGraph,
}

impl<'a> NodeReader<'a> {
	/// The node's attributes.
	pub fn attributes(&self) -> Attributes<'a> {
		Attributes::new(self.node, self.operator, self.proto)
	}

	/// Operand `index`, if it is given.
	pub fn optional(&self, index: usize) -> Result<Option<&'a Value>, OnnxError> {
		match self.proto.input.get(index).map(String::as_str) {
			None | Some("") => Ok(None),
			Some(name) => {
				self.values
					.get(name)
					.map(Some)
					.ok_or_else(|| OnnxError::UndefinedValue {
						node: self.node.into(),
						operator: self.operator.into(),
						value: name.into(),
					})
			},
		}
	}

	/// Operand `index`.
	pub fn operand(&self, index: usize) -> Result<&'a Value, OnnxError> {
		self.optional(index)?
			.ok_or_else(|| self.bad_operand(format!("operand {index} is missing")))
	}

	/// Operand `index`, which must be a constant list of integers.
	pub fn constant_ints(&self, index: usize) -> Result<Option<Vec<i64>>, OnnxError> {
		match self.optional(index)? {
			None => Ok(None),
			Some(Value::Constant(Constant {
				data: Data::Int(values),
				..
			})) => Ok(Some(values.clone())),
			Some(_) => Err(self.bad_operand(format!(
				"operand {index} must be a constant tensor of integers: dynamic shapes are not \
				 supported"
			))),
		}
	}

	/// The error that an operand is not supported.
	pub fn bad_operand(&self, reason: impl Into<String>) -> OnnxError {
		OnnxError::UnsupportedOperand {
			node: self.node.into(),
			operator: self.operator.into(),
			reason: reason.into(),
		}
	}

	/// The error that shapes do not fit.
	pub fn bad_shape(&self, reason: impl Into<String>) -> OnnxError {
		OnnxError::ShapeMismatch {
			node: self.node.into(),
			operator: self.operator.into(),
			reason: reason.into(),
		}
	}

	/// The error that something is too large.
	pub fn too_large(&self, reason: impl Into<String>) -> OnnxError {
		OnnxError::TooLarge {
			node: self.node.into(),
			operator: self.operator.into(),
			reason: reason.into(),
		}
	}

	/// Number of elements of `shape`, which must be within bounds.
	pub fn size(&self, shape: &[usize]) -> Result<usize, OnnxError> {
		match shape::size(shape) {
			Some(0) => Err(self.bad_shape(format!("shape {shape:?} is empty"))),
			Some(size) => Ok(size),
			None => Err(self.too_large(format!(
				"shape {shape:?} has more than {} elements",
				shape::MAX_ELEMENTS
			))),
		}
	}

	/// Fails if a map of `entries` entries would be too large.
	pub fn check_entries(&self, entries: Option<usize>) -> Result<(), OnnxError> {
		match entries {
			Some(entries) if entries <= MAX_ENTRIES => Ok(()),
			_ => Err(self.too_large(format!("it takes more than {MAX_ENTRIES} multiplications"))),
		}
	}

	/// Adds an affine operator.
	pub fn affine(
		&mut self,
		shape: Vec<usize>,
		terms: Vec<(usize, LinearMap<f64>)>,
		bias: Vec<f64>,
	) -> Result<Value, OnnxError> {
		let non_finite = |index| OnnxError::NonFinite {
			tensor: self.node.into(),
			index,
		};
		if let Some(index) = bias.iter().position(|x| !x.is_finite()) {
			return Err(non_finite(index));
		}
		for (_, map) in &terms {
			if let Some(index) = map.weights().iter().position(|x| !x.is_finite()) {
				return Err(non_finite(index));
			}
		}
		Ok(self.push(shape, FloatOperator::Affine { terms, bias }))
	}

	/// Adds a ReLU.
	pub fn relu(&mut self, input: &Variable) -> Value {
		self.push(
			input.shape.clone(),
			FloatOperator::Relu { input: input.value },
		)
	}

	fn push(&mut self, shape: Vec<usize>, operator: FloatOperator) -> Value {
		self.graph.nodes.push(FloatNode {
			name: self.node.into(),
			operator,
		});
		Value::Variable(Variable {
			value: self.graph.nodes.len(),
			shape,
		})
	}
}

/// Reads an ONNX model.
pub fn parse(bytes: &[u8]) -> Result<FloatGraph, OnnxError> {
	let model = tract_onnx::onnx()
		.proto_model_for_read(&mut &*bytes)
		.map_err(|e| OnnxError::Unparsable(format!("{e:#}")))?;
	let graph = model.graph.as_ref().ok_or(OnnxError::NoGraph)?;
	let output = match graph.output.as_slice() {
		[output] => output.name.as_str(),
		outputs => return Err(OnnxError::OutputCount(names(outputs.iter()))),
	};
	let needed = needed_nodes(graph, output);
	check_operators(graph, &needed)?;

	let mut values: HashMap<&str, Value> = HashMap::new();
	for proto in &graph.initializer {
		values.insert(
			&proto.name,
			Value::Constant(Constant::read(&proto.name, proto)?),
		);
	}
	let inputs: Vec<_> = graph
		.input
		.iter()
		.filter(|input| !values.contains_key(input.name.as_str()))
		.collect();
	let input = match inputs.as_slice() {
		[input] => *input,
		_ => return Err(OnnxError::InputCount(names(inputs.into_iter()))),
	};
	let (shape, batched) = input_shape(input)?;
	let mut float_graph = FloatGraph {
		input_shape: declared_shape(&shape, batched),
		nodes: Vec::new(),
		output: 0,
		output_shape: Vec::new(),
		post_processing: None,
	};
	values.insert(&input.name, Value::Variable(Variable { value: 0, shape }));

	for (index, proto) in graph.node.iter().enumerate() {
		if !needed.contains(&index) {
			continue;
		}
		let value = operators::read(&mut NodeReader {
			node: &node_name(index, proto),
			operator: &operator_name(proto),
			proto,
			values: &values,
			graph: &mut float_graph,
		})?;
		if let Some(name) = proto.output.first() {
			values.insert(name, value);
		}
	}

	match values.remove(output) {
		Some(Value::Variable(variable)) => {
			float_graph.output = variable.value;
			float_graph.output_shape = declared_shape(&variable.shape, batched);
		},
		Some(Value::ArgMax { of, axis, last }) => {
			float_graph.output = of.value;
			float_graph.output_shape = declared_shape(&of.shape, batched);
			let axis = axis.saturating_sub(
				of.shape
					.len()
					.saturating_sub(float_graph.output_shape.len()),
			);
			let axis = u8::try_from(axis).unwrap_or(u8::MAX);
			float_graph.post_processing = Some(PostProcessing::ArgMax { axis, last });
		},
		Some(Value::Constant(_)) | None => return Err(OnnxError::ConstantOutput(output.into())),
	}
	Ok(float_graph)
}

fn names<'a>(values: impl Iterator<Item = &'a ValueInfoProto>) -> Vec<String> {
	values.map(|value| value.name.clone()).collect()
}

/// Name of a node for errors: its own, or its output's, or its position.
fn node_name(index: usize, proto: &NodeProto) -> String {
	match (
		proto.name.as_str(),
		proto.output.first().map(String::as_str),
	) {
		("", None | Some("")) => format!("#{index}"),
		("", Some(output)) => output.into(),
		(name, _) => name.into(),
	}
}

/// The operator, with its domain unless that is ONNX's own.
fn operator_name(proto: &NodeProto) -> String {
	match proto.domain.as_str() {
		"" | "ai.onnx" => proto.op_type.clone(),
		domain => format!("{domain}.{}", proto.op_type),
	}
}

/// Indices of the nodes that `output` depends on.
fn needed_nodes(graph: &GraphProto, output: &str) -> HashSet<usize> {
	let producers: HashMap<&str, usize> = graph
		.node
		.iter()
		.enumerate()
		.flat_map(|(index, node)| node.output.iter().map(move |name| (name.as_str(), index)))
		.collect();
	let mut needed = HashSet::new();
	let mut open: Vec<&str> = vec![output];
	while let Some(name) = open.pop() {
		let Some(index) = producers.get(name).filter(|_| !name.is_empty()) else {
			continue;
		};
		if needed.insert(*index) {
			open.extend(
				graph
					.node
					.get(*index)
					.into_iter()
					.flat_map(|n| &n.input)
					.map(|s| &**s),
			);
		}
	}
	needed
}

fn check_operators(graph: &GraphProto, needed: &HashSet<usize>) -> Result<(), OnnxError> {
	let unsupported: Vec<_> = graph
		.node
		.iter()
		.enumerate()
		.filter(|(index, _)| needed.contains(index))
		.map(|(index, node)| UnsupportedOperator {
			node: node_name(index, node),
			operator: operator_name(node),
		})
		.filter(|entry| !operators::SUPPORTED.contains(&entry.operator.as_str()))
		.collect();
	if unsupported.is_empty() {
		Ok(())
	} else {
		Err(OnnxError::UnsupportedOperators(unsupported))
	}
}

/// The input's dimensions, the batch as 1, and whether there is a batch.
fn input_shape(input: &ValueInfoProto) -> Result<(Vec<usize>, bool), OnnxError> {
	let no_shape = || OnnxError::NoShape {
		value: input.name.clone(),
	};
	let kind = input
		.r#type
		.as_ref()
		.and_then(|t| t.value.as_ref())
		.ok_or_else(no_shape)?;
	let type_proto::Value::TensorType(tensor) = kind;
	if ![element_type::FLOAT, element_type::DOUBLE].contains(&tensor.elem_type) {
		return Err(OnnxError::UnsupportedInputType {
			value: input.name.clone(),
			got: tensor.elem_type,
		});
	}
	let dims = &tensor.shape.as_ref().ok_or_else(no_shape)?.dim;
	let mut shape = Vec::with_capacity(dims.len());
	let mut batched = false;
	for (dimension, dim) in dims.iter().enumerate() {
		let name = match &dim.value {
			Some(Dimension::DimValue(size)) => {
				if let Some(size) = usize::try_from(*size).ok().filter(|size| *size > 0) {
					batched |= dimension == 0 && size == 1 && dims.len() > 1;
					shape.push(size);
					continue;
				}
				String::new()
			},
			Some(Dimension::DimParam(name)) => name.clone(),
			None => String::new(),
		};
		if dimension != 0 || dims.len() < 2 {
			return Err(OnnxError::DynamicShape {
				value: input.name.clone(),
				dimension,
				name,
			});
		}
		batched = true;
		shape.push(1);
	}
	if shape::size(&shape).is_none() {
		return Err(OnnxError::TooLarge {
			node: input.name.clone(),
			operator: "input".into(),
			reason: format!(
				"shape {shape:?} has more than {} elements",
				shape::MAX_ELEMENTS
			),
		});
	}
	Ok((shape, batched))
}

/// The shape without the batch dimension. A tensor keeps at least one dimension.
fn declared_shape(shape: &[usize], batched: bool) -> Vec<u32> {
	let skip = usize::from(batched && shape.len() > 1 && shape.first() == Some(&1));
	let dims: Vec<u32> = shape
		.iter()
		.skip(skip)
		.map(|d| u32::try_from(*d).unwrap_or(u32::MAX))
		.collect();
	if dims.is_empty() {
		vec![1]
	} else {
		dims
	}
}
