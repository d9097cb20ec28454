//! Comparisons, logic, choices and bounds.

use super::one;
use crate::{
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// Comparisons, logic, Where, Clip, Min, Max, Sign, Binarizer.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let bounds = [
		attributes.optional_float("min"),
		attributes.optional_float("max"),
	];
	let threshold = attributes.float("threshold", 0.0);
	for ignored in ["axis", "broadcast", "consumed_inputs"] {
		if node.opset < 7 {
			attributes.skip(ignored);
		}
	}
	attributes.finish()?;
	let a = node.variable(0)?;
	let result = match node.operator {
		"Not" => node.scaled(&a, -1.0, 1.0)?,
		"Sign" => {
			let above = node.step(&a, true)?;
			let negative = node.scaled(&a, -1.0, 0.0)?;
			let below = node.step(&negative, true)?;
			node.difference(&above, &below)?
		},
		"ai.onnx.ml.Binarizer" => {
			let above = node.scaled(&a, 1.0, -threshold)?;
			node.step(&above, true)?
		},
		"Clip" => return clip(node, &a, bounds),
		"Where" => {
			let (x, y) = (node.variable(1)?, node.variable(2)?);
			choose(node, &a, &x, &y)?
		},
		"Min" | "Max" => {
			let mut result = a;
			for index in 1..node.operands() {
				let b = node.variable(index)?;
				result = if node.operator == "Max" {
					node.greater(&b, &result)?
				} else {
					node.lesser(&b, &result)?
				};
			}
			result
		},
		operator => {
			let b = node.variable(1)?;
			match operator {
				"And" => {
					let both = node.sum(&[(&a, 1.0), (&b, 1.0)])?;
					let both = node.scaled(&both, 1.0, -2.0)?;
					node.step(&both, false)?
				},
				"Or" => {
					let any = node.sum(&[(&a, 1.0), (&b, 1.0)])?;
					let any = node.scaled(&any, 1.0, -1.0)?;
					node.step(&any, false)?
				},
				"Xor" => {
					let difference = node.difference(&a, &b)?;
					node.absolute(&difference)?
				},
				"Greater" => {
					let difference = node.difference(&a, &b)?;
					node.step(&difference, true)?
				},
				"GreaterOrEqual" => {
					let difference = node.difference(&a, &b)?;
					node.step(&difference, false)?
				},
				"Less" => {
					let difference = node.difference(&b, &a)?;
					node.step(&difference, true)?
				},
				"LessOrEqual" => {
					let difference = node.difference(&b, &a)?;
					node.step(&difference, false)?
				},
				_ => equal(node, &a, &b)?,
			}
		},
	};
	let kind = match node.operator {
		"Where" | "Min" | "Max" => result.kind,
		"Sign" => Kind::Integer,
		_ => Kind::Bool,
	};
	one(node, Variable { kind, ..result })
}

/// 1 where a equals b: neither is above the other.
fn equal(node: &mut NodeReader<'_>, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
	let up = node.difference(a, b)?;
	let up = node.step(&up, false)?;
	let down = node.difference(b, a)?;
	let down = node.step(&down, false)?;
	let both = node.sum(&[(&up, 1.0), (&down, 1.0)])?;
	node.scaled(&both, 1.0, -1.0)
}

/// 1 where x is not 0.
pub fn is_true(node: &mut NodeReader<'_>, x: &Variable) -> Result<Variable, OnnxError> {
	if x.kind == Kind::Bool {
		return Ok(x.clone());
	}
	let zero = node.constant_of(vec![], vec![0.0])?;
	let equal = equal(node, x, &zero)?;
	let result = node.scaled(&equal, -1.0, 1.0)?;
	Ok(Variable {
		kind: Kind::Bool,
		..result
	})
}

/// OneHot, with constant depth and values: of an index i, the steps of `i ≥ j` one after the other.
pub fn one_hot(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", -1);
	attributes.finish()?;
	let x = node.variable(0)?;
	let depth =
		node.constant_floats(1)?
			.and_then(|depth| depth.first().copied())
			.filter(|depth| (1.0..=shape::MAX_ELEMENTS as f64).contains(depth))
			.ok_or_else(|| node.bad_operand("the depth is missing, or out of range"))? as usize;
	let values = node.constant_floats(2)?.unwrap_or_default();
	let [off, on] = values.as_slice() else {
		return Err(node.bad_operand("operand 2 must be the two values off and on"));
	};
	let rank = x.shape.len() + 1;
	let axis = shape::axis(axis, rank)
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is none of {rank} dimensions")))?;
	// An index that is no integer is truncated, and from the end if negative.
	let x = node.truncate(&x)?;
	let (outer, inner) = x.shape.split_at(axis);
	let (outer, inner): (usize, usize) = (outer.iter().product(), inner.iter().product());
	let mut target = x.shape.clone();
	target.insert(axis, depth);
	node.size(&target)?;
	// Thresholds −depth ..= depth, as the middle dimension.
	let limits = 2 * depth + 1;
	node.size(&[outer, limits, inner])?;
	let indices = (0..outer)
		.flat_map(|o| (0..limits).flat_map(move |_| (0..inner).map(move |i| o * inner + i)));
	let indices: Vec<usize> = indices.collect();
	let repeated = node.pick(&x, vec![outer, limits, inner], indices)?;
	let thresholds = (0..limits).map(|j| j as f64 - depth as f64).collect();
	let thresholds = node.constant_of(vec![limits, 1], thresholds)?;
	let above = node.difference(&repeated, &thresholds)?;
	let above = node.step(&above, false)?;
	let at = |o: usize, j: usize, i: usize| (o * limits + j) * inner + i;
	let mut rows = Vec::new();
	for o in 0..outer {
		for j in 0..depth {
			for i in 0..inner {
				// j − depth and j: at or above it, and not above it.
				let steps = [
					(j, 1.0),
					(j + 1, -1.0),
					(j + depth, 1.0),
					(j + depth + 1, -1.0),
				];
				rows.push(steps.map(|(j, sign)| (at(o, j, i), sign * (on - off))));
			}
		}
	}
	let bias = vec![*off; rows.len()];
	let map = LinearMap::from_rows(outer * limits * inner, rows)?;
	let result = node.affine(target, Kind::Real, vec![(above.value, map)], bias)?;
	one(node, result)
}

/// Where: with a known condition, a selection.
fn choose(
	node: &mut NodeReader<'_>,
	condition: &Variable,
	x: &Variable,
	y: &Variable,
) -> Result<Variable, OnnxError> {
	let shape = node.broadcast(&x.shape, &y.shape)?;
	let shape = node.broadcast(&shape, &condition.shape)?;
	let kind = x.kind.max(y.kind);
	let condition = node.expand(condition, &shape)?;
	let result = match node.known(&condition).map(<[f64]>::to_vec) {
		Some(known) => {
			let (x, y) = (node.expand(x, &shape)?, node.expand(y, &shape)?);
			let chosen = |yes: bool| -> Vec<Option<usize>> {
				let index = |(i, c): (usize, &f64)| ((*c != 0.0) == yes).then_some(i);
				known.iter().enumerate().map(index).collect()
			};
			let (yes, no) = (chosen(true), chosen(false));
			let x = node.select(&x, shape.clone(), &yes, 0.0)?;
			let y = node.select(&y, shape, &no, 0.0)?;
			node.sum(&[(&x, 1.0), (&y, 1.0)])?
		},
		None => node.either(&condition, x, y)?,
	};
	Ok(Variable { kind, ..result })
}

fn clip(
	node: &mut NodeReader<'_>,
	x: &Variable,
	attributes: [Option<f64>; 2],
) -> Result<Vec<Value>, OnnxError> {
	let mut bounds = attributes;
	for (index, slot) in bounds.iter_mut().enumerate() {
		if let Some(values) = node.constant_floats(index + 1)? {
			*slot = values.first().copied();
		}
	}
	// Greatest and least float mean none.
	let limit = f64::from(f32::MAX);
	let [low, high] = bounds.map(|b| b.filter(|b| b.abs() < limit));
	let low = match (low, high) {
		// ONNX: if the bounds cross, all values become the upper one.
		(Some(low), Some(high)) => Some(low.min(high)),
		_ => low,
	};
	let result = node.clip(x, low, high)?;
	one(
		node,
		Variable {
			kind: x.kind,
			..result
		},
	)
}
