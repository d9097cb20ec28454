//! Walks an ONNX graph in the order of execution.
//!
//! What does not depend on the input is computed on the spot, by the same operators in double
//! precision: so every operator folds constants.

use super::{
	attributes::Attributes,
	operators,
	proto::{Dimension, GraphProto, ModelProto, NodeProto, ValueInfoProto},
	shape,
	tensor::{element_type, Constant, Data},
	OnnxError, UnsupportedOperator,
};
use crate::{
	float_graph::{FloatGraph, FloatNode, FloatOperator, PostProcessing, Ranking},
	linear_map::LinearMap,
};
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most entries of one operator's linear map.
const MAX_ENTRIES: usize = 1 << 24;
/// ONNX's operators, if the model does not say which.
const DEFAULT_OPSET: i64 = 13;

/// What a name in the graph stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
	/// Known when the circuit is built.
	Constant(Constant),
	/// Depends on the input.
	Variable(Variable),
	/// Result of an ArgMax over `of`: as the model's output, it is left to who reads `of`.
	ArgMax {
		/// Over what.
		of: Variable,
		/// Along which dimension of `of`.
		axis: usize,
		/// Whether ties go to the last index.
		last: bool,
		/// The shape of the indices; nothing for a classifier's label, which is no index: nothing
		/// may follow it.
		shape: Option<Vec<usize>>,
	},
	/// Its node could not be read; that error is reported already.
	Unknown,
}

/// What kind of numbers a tensor holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
	/// 0 and 1.
	Bool,
	/// Integers.
	Integer,
	/// Real numbers.
	Real,
}

/// A tensor in the [`FloatGraph`]. It may be a constant: see [`NodeReader::known`].
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Variable {
	/// The value of the [`FloatGraph`] with its elements, row-major.
	pub value: usize,
	/// Dimensions, with the batch.
	pub shape: Vec<usize>,
	/// What its elements are.
	pub kind: Kind,
}

/// The real-number model while it grows.
pub(super) struct Builder {
	/// The model.
	pub graph: FloatGraph,
	/// Values that do not depend on the input.
	known: HashMap<usize, Vec<f64>>,
}

impl Builder {
	/// Adds an operator and returns its value; computes it if its operands are known.
	fn push(&mut self, node: &str, operator: FloatOperator) -> Result<usize, OnnxError> {
		let inputs = operator.inputs();
		let operands: Option<Vec<Vec<f64>>> =
			inputs.iter().map(|i| self.known.get(i).cloned()).collect();
		let value = self.graph.nodes.len() + 1;
		if let Some(operands) = operands {
			let mut renamed = operator.clone();
			for (index, input) in renamed.inputs_mut().into_iter().enumerate() {
				*input = index;
			}
			let result = renamed.compute(&operands);
			if let Some(index) = result.iter().position(|x| !x.is_finite()) {
				return Err(OnnxError::NonFinite {
					tensor: node.into(),
					index,
				});
			}
			// Its node is a constant, and goes away unless something needs it as an operand.
			self.graph.nodes.push(FloatNode {
				name: node.into(),
				operator: FloatOperator::Affine {
					terms: Vec::new(),
					bias: result.clone(),
				},
			});
			self.known.insert(value, result);
		} else {
			self.graph.nodes.push(FloatNode {
				name: node.into(),
				operator,
			});
		}
		Ok(value)
	}

	/// The index of the greatest element along `axis` of `of`, as a tensor of `shape`.
	fn arg_max(
		&mut self,
		node: &str,
		of: &Variable,
		axis: usize,
		last: bool,
		shape: &[usize],
	) -> Result<Variable, OnnxError> {
		let ranking = Ranking {
			groups: operators::along(&of.shape, axis),
			count: 1,
			greatest: true,
			last,
		};
		if operators::comparisons(&ranking) > MAX_ENTRIES {
			return Err(OnnxError::TooLarge {
				node: node.into(),
				operator: "ArgMax".into(),
				reason: format!("it takes more than {MAX_ENTRIES} comparisons"),
			});
		}
		let value = self.push(
			node,
			FloatOperator::Rank {
				input: of.value,
				ranking,
				labels: true,
			},
		)?;
		Ok(Variable {
			value,
			shape: shape.to_vec(),
			kind: Kind::Integer,
		})
	}
}

/// A node while it is read: its names, its operands, and the graph that grows.
pub(super) struct NodeReader<'a> {
	pub node: &'a str,
	pub operator: &'a str,
	/// Version of ONNX's operators that the model uses.
	pub opset: i64,
	proto: &'a NodeProto,
	/// Element types that the file declares.
	types: &'a HashMap<&'a str, i32>,
	values: &'a HashMap<&'a str, Value>,
	builder: &'a mut Builder,
}

impl<'a> NodeReader<'a> {
	/// The node's attributes.
	pub fn attributes(&self) -> Attributes<'a> {
		Attributes::new(self.node, self.operator, self.proto)
	}

	/// Number of operands, missing ones at the end not counted.
	pub fn operands(&self) -> usize {
		self.proto
			.input
			.iter()
			.rposition(|name| !name.is_empty())
			.map_or(0, |i| i + 1)
	}

	/// Number of results.
	pub fn results(&self) -> usize {
		self.proto.output.len()
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

	/// Operand `index` as a tensor of the graph; a constant becomes one that is known.
	pub fn variable(&mut self, index: usize) -> Result<Variable, OnnxError> {
		let value = self.operand(index)?;
		self.make_variable(value)
	}

	/// The same, if it is given.
	pub fn optional_variable(&mut self, index: usize) -> Result<Option<Variable>, OnnxError> {
		match self.optional(index)? {
			Some(value) => self.make_variable(value).map(Some),
			None => Ok(None),
		}
	}

	/// A value as a tensor of the graph.
	pub fn make_variable(&mut self, value: &Value) -> Result<Variable, OnnxError> {
		match value {
			Value::Variable(variable) => Ok(variable.clone()),
			Value::Constant(constant) => {
				let kind = match constant.data {
					Data::Int(_) => Kind::Integer,
					Data::Float(_) => Kind::Real,
				};
				let (shape, bias) = (constant.shape.clone(), constant.to_floats());
				self.push(
					shape,
					kind,
					FloatOperator::Affine {
						terms: Vec::new(),
						bias,
					},
				)
			},
			Value::ArgMax {
				of,
				axis,
				last,
				shape: Some(shape),
			} => self.builder.arg_max(self.node, of, *axis, *last, shape),
			Value::ArgMax { shape: None, .. } => Err(self.bad_operand(
				"nothing may follow a classifier's label: it is supported only as an output",
			)),
			Value::Unknown => Err(OnnxError::FollowsAnother {
				node: self.node.into(),
			}),
		}
	}

	/// A tensor of the graph as a value: a constant if it is known.
	pub fn to_value(&self, variable: Variable) -> Value {
		match self.known(&variable) {
			Some(values) => {
				let data = if variable.kind == Kind::Real {
					Data::Float(values.to_vec())
				} else {
					Data::Int(values.iter().map(|x| *x as i64).collect())
				};
				Value::Constant(Constant {
					shape: variable.shape,
					data,
				})
			},
			None => Value::Variable(variable),
		}
	}

	/// The elements of a tensor that does not depend on the input.
	pub fn known(&self, variable: &Variable) -> Option<&[f64]> {
		self.builder.known.get(&variable.value).map(Vec::as_slice)
	}

	/// The operator that computes a tensor, unless it is the input.
	pub fn producer(&self, value: usize) -> Option<&FloatOperator> {
		let node = self.builder.graph.nodes.get(value.checked_sub(1)?)?;
		Some(&node.operator)
	}

	/// ONNX's number of the element type of operand `index`, if it is a constant of the file or an
	/// input, or another node says so.
	pub fn element_type(&self, index: usize) -> Option<i32> {
		let name = self.proto.input.get(index)?;
		self.types.get(name.as_str()).copied()
	}

	/// Operand `index`, which must be a constant if it is given: its elements and its shape.
	pub fn constant(&self, index: usize) -> Result<Option<&'a Constant>, OnnxError> {
		match self.optional(index)? {
			None => Ok(None),
			Some(Value::Constant(constant)) => Ok(Some(constant)),
			Some(Value::Unknown) => Err(OnnxError::FollowsAnother {
				node: self.node.into(),
			}),
			Some(_) => Err(self.bad_operand(format!("operand {index} must be a constant"))),
		}
	}

	/// Operand `index`, which must be a constant list of real numbers.
	pub fn constant_floats(&self, index: usize) -> Result<Option<Vec<f64>>, OnnxError> {
		Ok(self.constant(index)?.map(Constant::to_floats))
	}

	/// Operand `index`, which must be a constant list of integers.
	pub fn constant_ints(&self, index: usize) -> Result<Option<Vec<i64>>, OnnxError> {
		let not_constant = || {
			self.bad_operand(format!(
				"operand {index} must be a constant tensor of integers: dynamic shapes are not \
				 supported"
			))
		};
		match self.optional(index)? {
			None => Ok(None),
			Some(Value::Constant(constant)) => match &constant.data {
				Data::Int(values) => Ok(Some(values.clone())),
				Data::Float(values) if values.iter().all(|x| x.fract() == 0.0) => {
					Ok(Some(values.iter().map(|x| *x as i64).collect()))
				},
				Data::Float(_) => Err(not_constant()),
			},
			Some(Value::Unknown) => Err(OnnxError::FollowsAnother {
				node: self.node.into(),
			}),
			Some(_) => Err(not_constant()),
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

	/// Adds an affine operator. Terms that are known become part of the bias.
	pub fn affine(
		&mut self,
		shape: Vec<usize>,
		kind: Kind,
		terms: Vec<(usize, LinearMap<f64>)>,
		mut bias: Vec<f64>,
	) -> Result<Variable, OnnxError> {
		let non_finite = |index| OnnxError::NonFinite {
			tensor: self.node.into(),
			index,
		};
		let mut unknown = Vec::with_capacity(terms.len());
		for (value, map) in terms {
			if let Some(index) = map.weights().iter().position(|x| !x.is_finite()) {
				return Err(non_finite(index));
			}
			match self.builder.known.get(&value) {
				Some(values) => {
					for (to, x) in bias.iter_mut().zip(map.apply(values)) {
						*to += x;
					}
				},
				None => unknown.push((value, map)),
			}
		}
		if let Some(index) = bias.iter().position(|x| !x.is_finite()) {
			return Err(non_finite(index));
		}
		self.push(
			shape,
			kind,
			FloatOperator::Affine {
				terms: unknown,
				bias,
			},
		)
	}

	/// Adds an operator whose result has shape `shape`.
	pub fn push(
		&mut self,
		shape: Vec<usize>,
		kind: Kind,
		operator: FloatOperator,
	) -> Result<Variable, OnnxError> {
		let value = self.builder.push(self.node, operator)?;
		Ok(Variable { value, shape, kind })
	}
}

/// How to read a model.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReadOptions {
	/// Inputs that are constants of the circuit: shapes, axes and the like.
	pub constants: BTreeMap<String, Constant>,
	/// Shapes of inputs, instead of those in the file, which may leave dimensions open.
	pub shapes: BTreeMap<String, Vec<usize>>,
}

/// What became of one of a model's outputs.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
	/// Elements of the circuit's output.
	Elements {
		/// Index of the first.
		start: usize,
		/// How many.
		length: usize,
	},
	/// The index of the greatest element of another output: left to who reads it.
	ArgMax,
	/// It does not depend on the input.
	Constant(Vec<f64>),
}

/// A model and what became of each of its outputs.
#[derive(Clone, PartialEq, Debug)]
pub struct OnnxModel {
	/// The model.
	pub graph: FloatGraph,
	/// Its outputs by name, in the file's order.
	pub outputs: Vec<(String, Output)>,
}

/// Reads an ONNX model.
///
/// Several inputs are taken one after the other, as one flat input. Several outputs are given one
/// after the other, as one flat output, without labels (an ArgMax) and constants.
pub fn parse(bytes: &[u8]) -> Result<FloatGraph, OnnxError> {
	Ok(parse_with(bytes, &ReadOptions::default())?.graph)
}

/// Reads an ONNX model; [`parse`] says how.
pub fn parse_with(bytes: &[u8], options: &ReadOptions) -> Result<OnnxModel, OnnxError> {
	let model =
		ModelProto::decode(bytes).map_err(|error| OnnxError::Unparsable(error.to_string()))?;
	let graph = model.graph.as_ref().ok_or(OnnxError::NoGraph)?;
	let opset = model
		.opset_import
		.iter()
		.find(|set| set.domain.is_empty() || set.domain == "ai.onnx")
		.map_or(DEFAULT_OPSET, |set| set.version);
	if graph.output.is_empty() {
		return Err(OnnxError::OutputCount(Vec::new()));
	}
	let needed = needed_nodes(
		graph,
		graph.output.iter().map(|o| o.name.as_str()).collect(),
	);
	check_operators(graph, &needed)?;

	let mut values: HashMap<&str, Value> = HashMap::new();
	for proto in &graph.initializer {
		values.insert(
			&proto.name,
			Value::Constant(Constant::read(&proto.name, proto)?),
		);
	}
	for (name, constant) in &options.constants {
		values.insert(name, Value::Constant(constant.clone()));
	}
	let (mut builder, batched) = inputs(graph, &mut values, options)?;
	let types = element_types(graph);
	let mut errors = Vec::new();
	for (index, proto) in graph.node.iter().enumerate() {
		if !needed.contains(&index) {
			continue;
		}
		let results = operators::read(&mut NodeReader {
			node: &node_name(index, proto),
			operator: &operator_name(proto),
			opset,
			proto,
			types: &types,
			values: &values,
			builder: &mut builder,
		});
		let mut results = match results {
			Ok(results) => results,
			Err(error) => {
				if !matches!(error, OnnxError::FollowsAnother { .. }) {
					errors.push(error);
				}
				Vec::new()
			},
		}
		.into_iter();
		for name in &proto.output {
			values.insert(name, results.next().unwrap_or(Value::Unknown));
		}
	}
	match errors.len() {
		0 => {
			prove_indices(graph, &mut builder, &mut values)?;
			outputs(graph, builder.graph, &values, batched)
		},
		1 => Err(errors.swap_remove(0)),
		_ => Err(OnnxError::Several(errors)),
	}
}

/// Element types of the file's constants, inputs and declared values.
fn element_types(graph: &GraphProto) -> HashMap<&str, i32> {
	let declared = graph
		.input
		.iter()
		.chain(&graph.value_info)
		.filter_map(|value| {
			let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
			Some((value.name.as_str(), tensor.elem_type))
		});
	let constants = graph
		.initializer
		.iter()
		.map(|tensor| (tensor.name.as_str(), tensor.data_type));
	let nodes = graph
		.node
		.iter()
		.filter(|node| node.op_type == "Constant")
		.filter_map(|node| {
			let tensor = node.attribute.iter().find_map(|a| a.t.as_ref())?;
			Some((node.output.first()?.as_str(), tensor.data_type))
		});
	declared.chain(constants).chain(nodes).collect()
}

/// Makes the inputs, one after the other in value 0; whether there is a batch dimension.
fn inputs<'a>(
	graph: &'a GraphProto,
	values: &mut HashMap<&'a str, Value>,
	options: &ReadOptions,
) -> Result<(Builder, bool), OnnxError> {
	let inputs: Vec<_> = graph
		.input
		.iter()
		.filter(|input| !values.contains_key(input.name.as_str()))
		.collect();
	let mut shapes = Vec::with_capacity(inputs.len());
	for input in &inputs {
		shapes.push(input_shape(input, options.shapes.get(&input.name))?);
	}
	let mut builder = Builder {
		graph: FloatGraph {
			input_shape: Vec::new(),
			nodes: Vec::new(),
			output: 0,
			output_shape: Vec::new(),
			post_processing: None,
		},
		known: HashMap::new(),
	};
	if let ([input], [(shape, kind, batched)]) = (inputs.as_slice(), shapes.as_slice()) {
		builder.graph.input_shape = declared_shape(shape, *batched);
		values.insert(
			&input.name,
			Value::Variable(Variable {
				value: 0,
				shape: shape.clone(),
				kind: *kind,
			}),
		);
		return Ok((builder, *batched));
	}
	if inputs.is_empty() {
		return Err(OnnxError::InputCount(names(inputs.into_iter())));
	}
	let lengths: Vec<usize> = shapes
		.iter()
		.map(|(shape, ..)| shape.iter().product())
		.collect();
	let total = lengths.iter().fold(0usize, |sum, n| sum.saturating_add(*n));
	if total > shape::MAX_ELEMENTS {
		return Err(OnnxError::TooLarge {
			node: names(inputs.into_iter()).join(", "),
			operator: "input".into(),
			reason: format!(
				"together they have more than {} elements",
				shape::MAX_ELEMENTS
			),
		});
	}
	builder.graph.input_shape = vec![u32::try_from(total).unwrap_or(u32::MAX)];
	let mut start = 0;
	for ((input, (shape, kind, _)), length) in inputs.iter().zip(shapes).zip(lengths) {
		let map = LinearMap::from_rows(total, (start..start + length).map(|i| [(i, 1.0)]))?;
		let value = builder.push(
			&input.name,
			FloatOperator::Affine {
				terms: vec![(0, map)],
				bias: vec![0.0; length],
			},
		)?;
		values.insert(
			&input.name,
			Value::Variable(Variable { value, shape, kind }),
		);
		start += length;
	}
	Ok((builder, false))
}

/// Makes those outputs that are an ArgMax part of the model which no one could redo from the other
/// outputs: all but one that is alone, or over another output. One over the model's own input is
/// part of it too: there would be nothing else to prove.
fn prove_indices<'a>(
	proto: &'a GraphProto,
	builder: &mut Builder,
	values: &mut HashMap<&'a str, Value>,
) -> Result<(), OnnxError> {
	let of_input = |of: &Variable| of.value == 0 || builder.known.contains_key(&of.value);
	let is_output = |of: &Variable| {
		proto.output.iter().any(|output| {
			let value = values.get(output.name.as_str());
			matches!(value, Some(Value::Variable(x)) if x.value == of.value)
		})
	};
	let mut proven = Vec::new();
	for output in &proto.output {
		let value = values.get(output.name.as_str());
		if let Some(Value::ArgMax {
			of,
			axis,
			last,
			shape: Some(shape),
		}) = value
		{
			if of_input(of) || (proto.output.len() > 1 && !is_output(of)) {
				let index = (of.clone(), *axis, *last, shape.clone());
				proven.push((output.name.as_str(), index));
			}
		}
	}
	for (name, (of, axis, last, shape)) in proven {
		let index = builder.arg_max(name, &of, axis, last, &shape)?;
		values.insert(name, Value::Variable(index));
	}
	Ok(())
}

/// Puts the outputs one after the other.
fn outputs(
	proto: &GraphProto,
	mut graph: FloatGraph,
	values: &HashMap<&str, Value>,
	batched: bool,
) -> Result<OnnxModel, OnnxError> {
	let mut variables: Vec<&Variable> = Vec::new();
	let mut label = None;
	let mut start = 0;
	let mut outputs = Vec::new();
	for output in &proto.output {
		let kept = match values.get(output.name.as_str()) {
			Some(Value::Variable(variable)) => {
				let length: usize = variable.shape.iter().product();
				variables.push(variable);
				start += length;
				Output::Elements {
					start: start - length,
					length,
				}
			},
			Some(Value::ArgMax { of, axis, last, .. }) => {
				label.get_or_insert((of, *axis, *last));
				Output::ArgMax
			},
			Some(Value::Constant(constant)) => Output::Constant(constant.to_floats()),
			Some(Value::Unknown) | None => {
				return Err(OnnxError::ConstantOutput(output.name.clone()));
			},
		};
		outputs.push((output.name.clone(), kept));
	}
	match (variables.as_slice(), label) {
		([variable], _) => {
			graph.output = variable.value;
			graph.output_shape = declared_shape(&variable.shape, batched);
		},
		([], Some((of, axis, last))) => {
			graph.output = of.value;
			graph.output_shape = declared_shape(&of.shape, batched);
			let axis = axis.saturating_sub(of.shape.len().saturating_sub(graph.output_shape.len()));
			let axis = u8::try_from(axis).unwrap_or(u8::MAX);
			graph.post_processing = Some(PostProcessing::ArgMax { axis, last });
		},
		([], None) => {
			let names = outputs
				.into_iter()
				.map(|(name, _)| name)
				.collect::<Vec<_>>();
			return Err(OnnxError::ConstantOutput(names.join(", ")));
		},
		(variables, _) => {
			let total = start;
			let mut offset = 0;
			let mut terms = Vec::with_capacity(variables.len());
			for variable in variables {
				let length: usize = variable.shape.iter().product();
				let range = offset..offset + length;
				let rows =
					(0..total).map(|i| range.contains(&i).then_some((i - range.start.min(i), 1.0)));
				terms.push((variable.value, LinearMap::from_rows(length, rows)?));
				offset += length;
			}
			graph.nodes.push(FloatNode {
				name: "outputs".into(),
				operator: FloatOperator::Affine {
					terms,
					bias: vec![0.0; total],
				},
			});
			graph.output = graph.nodes.len();
			graph.output_shape = vec![u32::try_from(total).unwrap_or(u32::MAX)];
		},
	}
	Ok(OnnxModel { graph, outputs })
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

/// Indices of the nodes that the values `open` depend on.
fn needed_nodes<'a>(graph: &'a GraphProto, mut open: Vec<&'a str>) -> HashSet<usize> {
	let producers: HashMap<&str, usize> = graph
		.node
		.iter()
		.enumerate()
		.flat_map(|(index, node)| node.output.iter().map(move |name| (name.as_str(), index)))
		.collect();
	let mut needed = HashSet::new();
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
		.filter(|entry| operators::supported().all(|name| name != entry.operator))
		.collect();
	if unsupported.is_empty() {
		Ok(())
	} else {
		Err(OnnxError::UnsupportedOperators(unsupported))
	}
}

/// The input's dimensions, the batch as 1, its kind, and whether there is a batch.
fn input_shape(
	input: &ValueInfoProto,
	given: Option<&Vec<usize>>,
) -> Result<(Vec<usize>, Kind, bool), OnnxError> {
	let no_shape = || OnnxError::NoShape {
		value: input.name.clone(),
	};
	let tensor = input
		.r#type
		.as_ref()
		.and_then(|declared| declared.tensor_type.as_ref())
		.ok_or_else(no_shape)?;
	let kind =
		element_type::kind(tensor.elem_type).ok_or_else(|| OnnxError::UnsupportedInputType {
			value: input.name.clone(),
			got: tensor.elem_type,
		})?;
	if let Some(shape) = given {
		return Ok((
			shape.clone(),
			kind,
			shape.len() > 1 && shape.first() == Some(&1),
		));
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
	Ok((shape, kind, batched))
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
