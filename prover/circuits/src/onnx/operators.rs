//! The operators, one function per family.

use super::{
	reader::{NodeReader, Value, Variable},
	shape,
	tensor::{element_type, Constant, Data},
	OnnxError,
};
use crate::linear_map::LinearMap;

/// The operators that [`read`] knows, with their domain unless it is ONNX's own.
pub const SUPPORTED: &[&str] = &[
	"Add",
	"ArgMax",
	"Cast",
	"Constant",
	"Div",
	"Flatten",
	"Gemm",
	"Identity",
	"MatMul",
	"Mul",
	"Neg",
	"Relu",
	"Reshape",
	"Squeeze",
	"Sub",
	"Transpose",
	"Unsqueeze",
	"ai.onnx.ml.LinearRegressor",
];

/// Reads one node and returns its first output.
pub(super) fn read(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	match node.operator {
		"Constant" => constant(node),
		"Identity" => {
			node.attributes().finish()?;
			node.operand(0).cloned()
		},
		"Cast" => cast(node),
		"Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => reshape(node),
		"Transpose" => transpose(node),
		"Add" | "Sub" => add(node),
		"Mul" | "Div" => scale(node),
		"Neg" => negate(node),
		"Relu" => {
			node.attributes().finish()?;
			let input = variable(node, 0)?;
			Ok(node.relu(&input))
		},
		"MatMul" => mat_mul(node),
		"Gemm" => gemm(node),
		"ArgMax" => arg_max(node),
		"ai.onnx.ml.LinearRegressor" => linear_regressor(node),
		// `check_operators` refused everything else.
		_ => Err(node.bad_operand("the operator is not supported")),
	}
}

/// Operand `index` as a variable; a constant becomes one that does not depend on the input.
fn variable(node: &mut NodeReader<'_>, index: usize) -> Result<Variable, OnnxError> {
	match node.operand(index)? {
		Value::Variable(variable) => Ok(variable.clone()),
		Value::Constant(constant) => {
			let (shape, bias) = (constant.shape.clone(), constant.to_floats());
			match node.affine(shape, Vec::new(), bias)? {
				Value::Variable(variable) => Ok(variable),
				_ => Err(node.bad_operand("a constant has no value")),
			}
		},
		Value::ArgMax { .. } => Err(after_arg_max(node)),
	}
}

fn after_arg_max(node: &NodeReader<'_>) -> OnnxError {
	node.bad_operand("nothing may follow an ArgMax: it is supported only as the model's last step")
}

fn constant(node: &NodeReader<'_>) -> Result<Value, OnnxError> {
	let mut attributes = node.attributes();
	let constant = if let Some(tensor) = attributes.tensor("value") {
		tensor?
	} else if let Some(value) = attributes.floats("value_floats") {
		Constant::float(node.node, vec![value.len()], value)?
	} else if let Some(value) = attributes.ints("value_ints") {
		Constant::int(vec![value.len()], value)
	} else if let Some(value) = attributes.optional_int("value_int") {
		Constant::int(vec![], vec![value])
	} else {
		let value = attributes.float("value_float", f32::NAN);
		if value.is_nan() {
			return Err(attributes.unsupported("value", "is missing, or not finite"));
		}
		Constant::float(node.node, vec![], vec![value])?
	};
	attributes.finish()?;
	Ok(Value::Constant(constant))
}

fn cast(node: &NodeReader<'_>) -> Result<Value, OnnxError> {
	let mut attributes = node.attributes();
	let to = i32::try_from(attributes.int("to", 0)).unwrap_or_default();
	attributes.int("saturate", 1);
	let bad = attributes.unsupported(
		"to",
		format!(
			"asks for element type {to}; expected float, double, int32 or int64, and a \
			variable can only be cast to float or double"
		),
	);
	attributes.finish()?;
	let value = node.operand(0)?;
	match (value, to) {
		(Value::Variable(_), element_type::FLOAT | element_type::DOUBLE)
		| (Value::ArgMax { .. }, _) => Ok(value.clone()),
		(Value::Constant(constant), element_type::FLOAT | element_type::DOUBLE) => {
			let values = constant.to_floats().into_iter().map(|x| match to {
				element_type::FLOAT => f64::from(x as f32),
				_ => x,
			});
			Ok(Value::Constant(Constant::float(
				node.node,
				constant.shape.clone(),
				values.collect(),
			)?))
		},
		(Value::Constant(constant), element_type::INT32 | element_type::INT64) => {
			let values = match &constant.data {
				Data::Int(values) => values.clone(),
				// Saturates, and truncates towards zero as ONNX does.
				Data::Float(values) => values.iter().map(|x| *x as i64).collect(),
			};
			Ok(Value::Constant(Constant::int(
				constant.shape.clone(),
				values,
			)))
		},
		_ => Err(bad),
	}
}

/// Flatten, Reshape, Squeeze and Unsqueeze: the elements stay where they are.
fn reshape(node: &NodeReader<'_>) -> Result<Value, OnnxError> {
	let value = node.operand(0)?;
	let shape = match value {
		Value::Constant(constant) => &constant.shape,
		Value::Variable(variable) => &variable.shape,
		// One index per batch element: its shape is of no consequence.
		Value::ArgMax { .. } => return Ok(value.clone()),
	};
	let mut attributes = node.attributes();
	let target = match node.operator {
		"Flatten" => {
			let axis = attributes.int("axis", 1);
			flatten(shape, axis)
		},
		"Reshape" => {
			let allow_zero = attributes.int("allowzero", 0) != 0;
			let target = node
				.constant_ints(1)?
				.ok_or_else(|| node.bad_operand("operand 1, the target shape, is missing"))?;
			shape::reshape(shape, &target, allow_zero)
		},
		operator => {
			let axes = match attributes.ints("axes") {
				Some(axes) => Some(axes),
				None => node.constant_ints(1)?,
			};
			match operator {
				"Squeeze" => squeeze(shape, axes),
				_ => unsqueeze(shape, axes),
			}
		},
	};
	attributes.finish()?;
	let target = target.ok_or_else(|| {
		node.bad_shape(format!(
			"shape {shape:?} cannot be reshaped as the operator asks"
		))
	})?;
	Ok(match value.clone() {
		Value::Constant(constant) => Value::Constant(constant.with_shape(target)),
		Value::Variable(variable) => Value::Variable(Variable {
			shape: target,
			..variable
		}),
		other => other,
	})
}

fn flatten(shape: &[usize], axis: i64) -> Option<Vec<usize>> {
	let rank = i64::try_from(shape.len()).ok()?;
	let axis = if axis < 0 {
		axis.checked_add(rank)?
	} else {
		axis
	};
	let (outer, inner) = shape.split_at_checked(usize::try_from(axis).ok()?)?;
	Some(vec![outer.iter().product(), inner.iter().product()])
}

fn squeeze(shape: &[usize], axes: Option<Vec<i64>>) -> Option<Vec<usize>> {
	let Some(axes) = axes else {
		return Some(shape.iter().copied().filter(|d| *d != 1).collect());
	};
	let axes: Vec<usize> = axes
		.into_iter()
		.map(|axis| shape::axis(axis, shape.len()))
		.collect::<Option<_>>()?;
	if axes.iter().any(|axis| shape.get(*axis) != Some(&1)) {
		return None;
	}
	let kept = shape
		.iter()
		.enumerate()
		.filter(|(i, _)| !axes.contains(i))
		.map(|(_, d)| *d);
	Some(kept.collect())
}

fn unsqueeze(shape: &[usize], axes: Option<Vec<i64>>) -> Option<Vec<usize>> {
	let axes = axes?;
	let rank = shape.len().checked_add(axes.len())?;
	let axes: Vec<usize> = axes
		.into_iter()
		.map(|axis| shape::axis(axis, rank))
		.collect::<Option<_>>()?;
	let mut dims = shape.iter().copied();
	let out: Vec<usize> = (0..rank)
		.map_while(|i| {
			if axes.contains(&i) {
				Some(1)
			} else {
				dims.next()
			}
		})
		.collect();
	// Repeated axes leave dimensions over.
	(out.len() == rank && dims.next().is_none()).then_some(out)
}

fn transpose(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	let value = node.operand(0)?;
	let shape = match value {
		Value::Constant(constant) => constant.shape.clone(),
		Value::Variable(variable) => variable.shape.clone(),
		Value::ArgMax { .. } => return Err(after_arg_max(node)),
	};
	let mut attributes = node.attributes();
	let permutation: Option<Vec<usize>> = match attributes.ints("perm") {
		None => Some((0..shape.len()).rev().collect()),
		Some(perm) => perm
			.into_iter()
			.map(|axis| usize::try_from(axis).ok())
			.collect(),
	};
	let mut sorted = permutation.clone().unwrap_or_default();
	sorted.sort_unstable();
	let permutation = permutation
		.filter(|_| sorted.iter().copied().eq(0..shape.len()))
		.ok_or_else(|| attributes.unsupported("perm", "is no permutation of the dimensions"))?;
	attributes.finish()?;
	let target: Vec<usize> = permutation
		.iter()
		.map(|axis| shape.get(*axis).copied().unwrap_or(1))
		.collect();
	let indices: Vec<usize> = (0..node.size(&target)?)
		.map(|flat| {
			let mut index = vec![0; shape.len()];
			for (axis, i) in permutation.iter().zip(shape::unravel(flat, &target)) {
				if let Some(slot) = index.get_mut(*axis) {
					*slot = i;
				}
			}
			shape::ravel(&index, &shape)
		})
		.collect();
	match value {
		Value::Variable(variable) => {
			let map = selection(&shape, &indices, 1.0)?;
			let bias = vec![0.0; indices.len()];
			node.affine(target, vec![(variable.value, map)], bias)
		},
		Value::Constant(constant) => Ok(Value::Constant(constant.gather(target, &indices))),
		Value::ArgMax { .. } => Err(after_arg_max(node)),
	}
}

/// The map that takes element `indices[i]` of a tensor of shape `shape`, times `weight`.
fn selection(shape: &[usize], indices: &[usize], weight: f64) -> Result<LinearMap<f64>, OnnxError> {
	let rows = indices.iter().map(|i| [(*i, weight)]);
	Ok(LinearMap::from_rows(shape.iter().product(), rows)?)
}

/// The shape that the first two operands broadcast to.
fn broadcast(
	node: &NodeReader<'_>,
	left: &[usize],
	right: &[usize],
) -> Result<Vec<usize>, OnnxError> {
	let shape = shape::broadcast(left, right)
		.ok_or_else(|| node.bad_shape(format!("shapes {left:?} and {right:?} do not broadcast")))?;
	node.size(&shape)?;
	Ok(shape)
}

fn shape_of<'a>(node: &NodeReader<'_>, value: &'a Value) -> Result<&'a [usize], OnnxError> {
	match value {
		Value::Constant(constant) => Ok(&constant.shape),
		Value::Variable(variable) => Ok(&variable.shape),
		Value::ArgMax { .. } => Err(after_arg_max(node)),
	}
}

/// Add and Sub.
fn add(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	node.attributes().finish()?;
	let sign = if node.operator == "Sub" { -1.0 } else { 1.0 };
	let operands = [(node.operand(0)?, 1.0), (node.operand(1)?, sign)];
	let shape = broadcast(
		node,
		shape_of(node, operands[0].0)?,
		shape_of(node, operands[1].0)?,
	)?;
	let mut terms = Vec::new();
	let mut bias = vec![0.0; node.size(&shape)?];
	for (value, weight) in operands {
		let indices = shape::broadcast_indices(&shape, shape_of(node, value)?);
		match value {
			Value::Constant(constant) => {
				let values = constant.to_floats();
				for (to, i) in bias.iter_mut().zip(indices) {
					*to += weight * values.get(i).copied().unwrap_or_default();
				}
			},
			Value::Variable(variable) => {
				terms.push((
					variable.value,
					selection(&variable.shape, &indices, weight)?,
				));
			},
			Value::ArgMax { .. } => return Err(after_arg_max(node)),
		}
	}
	if terms.is_empty() {
		return Ok(Value::Constant(Constant::float(node.node, shape, bias)?));
	}
	node.affine(shape, terms, bias)
}

/// Mul and Div by a constant.
fn scale(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	node.attributes().finish()?;
	let (left, right) = (node.operand(0)?, node.operand(1)?);
	let shape = broadcast(node, shape_of(node, left)?, shape_of(node, right)?)?;
	let division = node.operator == "Div";
	let (variable, constant) = match (left, right) {
		(Value::Variable(variable), Value::Constant(constant)) => (variable, constant),
		(Value::Constant(constant), Value::Variable(variable)) if !division => (variable, constant),
		(Value::Constant(left), Value::Constant(right)) => {
			let pick = |constant: &Constant| {
				let indices = shape::broadcast_indices(&shape, &constant.shape);
				constant.gather(shape.clone(), &indices).to_floats()
			};
			let values = pick(left)
				.into_iter()
				.zip(pick(right))
				.map(|(a, b)| if division { a / b } else { a * b })
				.collect();
			return Ok(Value::Constant(Constant::float(node.node, shape, values)?));
		},
		(Value::ArgMax { .. }, _) | (_, Value::ArgMax { .. }) => return Err(after_arg_max(node)),
		_ if division => return Err(node.bad_operand("the divisor must be a constant")),
		_ => return Err(node.bad_operand("one of the factors must be a constant")),
	};
	let from = shape::broadcast_indices(&shape, &variable.shape);
	let indices = shape::broadcast_indices(&shape, &constant.shape);
	let weights = constant.gather(shape.clone(), &indices).to_floats();
	let rows = from
		.into_iter()
		.zip(weights)
		.map(|(i, weight)| [(i, if division { 1.0 / weight } else { weight })]);
	let map = LinearMap::from_rows(variable.shape.iter().product(), rows)?;
	let bias = vec![0.0; node.size(&shape)?];
	node.affine(shape, vec![(variable.value, map)], bias)
}

fn negate(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	node.attributes().finish()?;
	let input = variable(node, 0)?;
	let size = node.size(&input.shape)?;
	let map = selection(&input.shape, &(0..size).collect::<Vec<_>>(), -1.0)?;
	node.affine(input.shape, vec![(input.value, map)], vec![0.0; size])
}

/// A stack of matrices, `batch × rows × columns`, possibly stored transposed.
struct Matrices<'a> {
	value: &'a Value,
	batch: Vec<usize>,
	rows: usize,
	columns: usize,
	transposed: bool,
}

impl Matrices<'_> {
	/// Flat index of an element; `batch` may be longer than this stack's.
	fn index(&self, batch: &[usize], row: usize, column: usize) -> usize {
		let offset = shape::ravel(batch, &self.batch) * self.rows * self.columns;
		offset
			+ if self.transposed {
				column * self.rows + row
			} else {
				row * self.columns + column
			}
	}
}

/// `factor · left × right + bias`, where one of the two is constant.
fn product(
	node: &mut NodeReader<'_>,
	left: &Matrices<'_>,
	right: &Matrices<'_>,
	factor: f64,
	shape: Vec<usize>,
	mut terms: Vec<(usize, LinearMap<f64>)>,
	bias: Vec<f64>,
) -> Result<Value, OnnxError> {
	if left.columns != right.rows {
		return Err(node.bad_shape(format!(
			"inner dimensions differ: left has {} columns, right has {} rows",
			left.columns, right.rows
		)));
	}
	let batch = broadcast(node, &left.batch, &right.batch)?;
	let batches = batch.iter().product::<usize>();
	let outputs = node.size(&shape)?;
	node.check_entries(outputs.checked_mul(left.columns))?;
	let (variable, weights, variable_is_left) = match (left.value, right.value) {
		(Value::Variable(variable), Value::Constant(c)) => (variable, c.to_floats(), true),
		(Value::Constant(c), Value::Variable(variable)) => (variable, c.to_floats(), false),
		(Value::ArgMax { .. }, _) | (_, Value::ArgMax { .. }) => return Err(after_arg_max(node)),
		_ => return Err(node.bad_operand("exactly one of the two matrices must be a constant")),
	};
	let mut rows = Vec::with_capacity(outputs);
	for flat in 0..batches {
		let at = shape::unravel(flat, &batch);
		for i in 0..left.rows {
			for j in 0..right.columns {
				let row: Vec<(usize, f64)> = (0..left.columns)
					.map(|inner| {
						let (l, r) = (left.index(&at, i, inner), right.index(&at, inner, j));
						let (from, weight) = if variable_is_left { (l, r) } else { (r, l) };
						(
							from,
							factor * weights.get(weight).copied().unwrap_or_default(),
						)
					})
					.collect();
				rows.push(row);
			}
		}
	}
	terms.push((
		variable.value,
		LinearMap::from_rows(variable.shape.iter().product(), rows)?,
	));
	node.affine(shape, terms, bias)
}

fn mat_mul(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	node.attributes().finish()?;
	let (left, right) = (node.operand(0)?, node.operand(1)?);
	let split = |value, shape: &[usize], vector_is_row: bool| match shape {
		[] => None,
		[n] => {
			let (rows, columns) = if vector_is_row { (1, *n) } else { (*n, 1) };
			Some(Matrices {
				value,
				batch: vec![],
				rows,
				columns,
				transposed: false,
			})
		},
		[batch @ .., rows, columns] => Some(Matrices {
			value,
			batch: batch.to_vec(),
			rows: *rows,
			columns: *columns,
			transposed: false,
		}),
	};
	let (left_shape, right_shape) = (shape_of(node, left)?, shape_of(node, right)?);
	let scalar = || node.bad_shape("a scalar is no matrix");
	let left = split(left, left_shape, true).ok_or_else(scalar)?;
	let right = split(right, right_shape, false).ok_or_else(scalar)?;
	let mut shape = broadcast(node, &left.batch, &right.batch)?;
	if left_shape.len() > 1 {
		shape.push(left.rows);
	}
	if right_shape.len() > 1 {
		shape.push(right.columns);
	}
	let bias = vec![0.0; node.size(&shape)?];
	product(node, &left, &right, 1.0, shape, Vec::new(), bias)
}

fn gemm(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	let mut attributes = node.attributes();
	let (alpha, beta) = (
		attributes.float("alpha", 1.0),
		attributes.float("beta", 1.0),
	);
	let transposed = [
		attributes.int("transA", 0) != 0,
		attributes.int("transB", 0) != 0,
	];
	attributes.finish()?;
	let matrix = |index: usize, transposed: bool| {
		let value = node.operand(index)?;
		match shape_of(node, value)? {
			[a, b] => {
				let (rows, columns) = if transposed { (*b, *a) } else { (*a, *b) };
				Ok(Matrices {
					value,
					batch: vec![],
					rows,
					columns,
					transposed,
				})
			},
			shape => Err(node.bad_shape(format!(
				"operand {index} must have two dimensions, got shape {shape:?}"
			))),
		}
	};
	let (left, right) = (matrix(0, transposed[0])?, matrix(1, transposed[1])?);
	let shape = vec![left.rows, right.columns];
	let mut bias = vec![0.0; node.size(&shape)?];
	let mut terms = Vec::new();
	if let Some(value) = node.optional(2)? {
		let from = shape_of(node, value)?;
		if shape::broadcast(&shape, from).as_ref() != Some(&shape) {
			return Err(node.bad_shape(format!("shape {from:?} does not broadcast to {shape:?}")));
		}
		let indices = shape::broadcast_indices(&shape, from);
		match value {
			Value::Constant(constant) => {
				let values = constant.to_floats();
				for (to, i) in bias.iter_mut().zip(indices) {
					*to = beta * values.get(i).copied().unwrap_or_default();
				}
			},
			Value::Variable(variable) => {
				terms.push((variable.value, selection(&variable.shape, &indices, beta)?));
			},
			Value::ArgMax { .. } => return Err(after_arg_max(node)),
		}
	}
	product(node, &left, &right, alpha, shape, terms, bias)
}

fn arg_max(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	attributes.int("keepdims", 1);
	let last = attributes.int("select_last_index", 0) != 0;
	let of = variable(node, 0)?;
	let bad_axis = attributes.unsupported("axis", format!("is {axis}, which is no dimension"));
	let over_batch = attributes.unsupported("axis", format!("is {axis}, the batch dimension"));
	attributes.finish()?;
	let axis = shape::axis(axis, of.shape.len()).ok_or(bad_axis)?;
	if axis == 0 && of.shape.len() > 1 && of.shape.first() == Some(&1) {
		return Err(over_batch);
	}
	Ok(Value::ArgMax { of, axis, last })
}

fn linear_regressor(node: &mut NodeReader<'_>) -> Result<Value, OnnxError> {
	let mut attributes = node.attributes();
	let coefficients = attributes.floats("coefficients").unwrap_or_default();
	let intercepts = attributes.floats("intercepts").unwrap_or_default();
	let targets = usize::try_from(attributes.int("targets", 1)).unwrap_or_default();
	match attributes.string("post_transform").as_deref() {
		None | Some("NONE") => {},
		Some(other) => {
			return Err(attributes.unsupported(
				"post_transform",
				format!("is {other:?}; only \"NONE\" is supported"),
			));
		},
	}
	attributes.finish()?;
	let input = variable(node, 0)?;
	let (batch, features) = match input.shape.as_slice() {
		[features] => (1, *features),
		[batch, features] => (*batch, *features),
		shape => {
			return Err(node.bad_shape(format!("expected one or two dimensions, got {shape:?}")));
		},
	};
	if targets.checked_mul(features) != Some(coefficients.len())
		|| ![0, targets].contains(&intercepts.len())
	{
		return Err(node.bad_shape(format!(
			"{targets} targets of {features} features need {targets} × {features} coefficients \
			 and {targets} intercepts, got {} and {}",
			coefficients.len(),
			intercepts.len()
		)));
	}
	let shape = vec![batch, targets];
	let size = node.size(&shape)?;
	node.check_entries(size.checked_mul(features))?;
	let rows = (0..batch).flat_map(|sample| {
		coefficients.chunks(features.max(1)).map(move |row| {
			row.iter()
				.enumerate()
				.map(move |(i, weight)| (sample * features + i, *weight))
		})
	});
	let map = LinearMap::from_rows(batch * features, rows)?;
	let bias = (0..size)
		.map(|i| {
			intercepts
				.get(i % targets.max(1))
				.copied()
				.unwrap_or_default()
		})
		.collect();
	node.affine(shape, vec![(input.value, map)], bias)
}
