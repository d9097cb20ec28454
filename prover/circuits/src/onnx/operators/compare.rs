//! Comparisons, logic, choices and bounds.

use super::one;
use crate::onnx::{
	reader::{Kind, NodeReader, Value, Variable},
	OnnxError,
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
