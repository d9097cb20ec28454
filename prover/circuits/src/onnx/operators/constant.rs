//! Constants, types, and operators that do nothing.

use super::one;
use crate::onnx::{
	reader::{Kind, NodeReader, Value},
	shape,
	tensor::{element_type, Constant, Data},
	OnnxError,
};

/// Identity, and Dropout as it is at inference.
pub fn identity(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	for ignored in ["ratio", "seed", "is_test", "consumed_inputs"] {
		attributes.skip(ignored);
	}
	attributes.finish()?;
	if node.operator == "Dropout" {
		if let Some(Constant { data, .. }) = node.constant(2)? {
			if *data != Data::Int(vec![0]) {
				return Err(node.bad_operand("training mode is not supported"));
			}
		}
	}
	let value = node.operand(0)?.clone();
	let shape = match &value {
		Value::Variable(x) => x.shape.clone(),
		Value::Constant(x) => x.shape.clone(),
		_ => return Ok(vec![value]),
	};
	let ones = vec![1; shape.iter().product()];
	Ok(vec![value, Value::Constant(Constant::int(shape, ones))])
}

/// Constant, ConstantOfShape, Shape, Size, Range, EyeLike.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let constant = match node.operator {
		"Constant" => constant(node)?,
		"ConstantOfShape" => constant_of_shape(node)?,
		"Range" => range(node)?,
		operator => {
			let shape = match node.operand(0)? {
				Value::Constant(x) => x.shape.clone(),
				Value::Variable(x) => x.shape.clone(),
				Value::ArgMax {
					shape: Some(shape), ..
				} => shape.clone(),
				_ => return Err(node.bad_operand("it has no shape")),
			};
			let mut attributes = node.attributes();
			let constant = match operator {
				"Size" => Constant::int(vec![], vec![count(shape.iter().product())]),
				"EyeLike" => {
					attributes.skip("dtype");
					let diagonal = attributes.int("k", 0);
					let [rows, columns] = shape.as_slice() else {
						return Err(node.bad_shape("expected a matrix"));
					};
					let values = (0..rows * columns)
						.map(|i| i64::from(count(i % columns) - count(i / columns) == diagonal))
						.collect();
					Constant::int(shape.clone(), values)
				},
				_ => {
					let rank = count(shape.len());
					let resolve = |i: i64| (if i < 0 { i + rank } else { i }).clamp(0, rank);
					let start = resolve(attributes.int("start", 0));
					let end = resolve(attributes.int("end", rank));
					let dims: Vec<i64> = shape
						.iter()
						.enumerate()
						.filter(|(i, _)| (start..end).contains(&count(*i)))
						.map(|(_, d)| count(*d))
						.collect();
					Constant::int(vec![dims.len()], dims)
				},
			};
			attributes.finish()?;
			constant
		},
	};
	Ok(vec![Value::Constant(constant)])
}

fn count(n: usize) -> i64 {
	i64::try_from(n).unwrap_or(i64::MAX)
}

fn constant(node: &NodeReader<'_>) -> Result<Constant, OnnxError> {
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
	Ok(constant)
}

fn constant_of_shape(node: &NodeReader<'_>) -> Result<Constant, OnnxError> {
	let mut attributes = node.attributes();
	let value = match attributes.tensor("value") {
		Some(tensor) => tensor?.data,
		None => Data::Float(vec![0.0]),
	};
	attributes.finish()?;
	let dims = node.constant_ints(0)?.unwrap_or_default();
	let shape: Option<Vec<usize>> = dims.iter().map(|d| usize::try_from(*d).ok()).collect();
	let shape = shape.ok_or_else(|| node.bad_shape("a dimension is negative"))?;
	let size = node.size(&shape)?;
	let data = match value {
		Data::Float(x) => Data::Float(vec![x.first().copied().unwrap_or_default(); size]),
		Data::Int(x) => Data::Int(vec![x.first().copied().unwrap_or_default(); size]),
	};
	Ok(Constant { shape, data })
}

fn range(node: &NodeReader<'_>) -> Result<Constant, OnnxError> {
	node.attributes().finish()?;
	let mut ends = [0.0; 3];
	let mut whole = true;
	for (index, slot) in ends.iter_mut().enumerate() {
		let constant = node.constant(index)?;
		whole &= matches!(
			constant,
			Some(Constant {
				data: Data::Int(_),
				..
			})
		);
		*slot = constant
			.and_then(|c| c.to_floats().first().copied())
			.ok_or_else(|| node.bad_operand(format!("operand {index} is missing")))?;
	}
	let [start, limit, delta] = ends;
	let length = ((limit - start) / delta).ceil().max(0.0);
	if !(length >= 1.0 && length <= shape::MAX_ELEMENTS as f64) {
		return Err(node.bad_shape("the range is empty or too long"));
	}
	let values = (0..length as usize).map(|i| start + i as f64 * delta);
	let length = vec![length as usize];
	Ok(if whole {
		Constant::int(length, values.map(|x| x as i64).collect())
	} else {
		Constant::float(node.node, length, values.collect())?
	})
}

/// Cast and CastLike.
pub fn cast(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let to = i32::try_from(attributes.int("to", 0)).unwrap_or_default();
	attributes.skip("saturate");
	attributes.skip("round_mode");
	let bad = attributes.unsupported(
		"to",
		format!("asks for element type {to}; expected float16, float, double, bool or an integer"),
	);
	attributes.finish()?;
	let value = node.operand(0)?;
	if matches!(value, Value::ArgMax { .. }) {
		return Ok(vec![value.clone()]);
	}
	let to = if node.operator == "CastLike" {
		match node.operand(1)? {
			Value::Variable(like) => match like.kind {
				Kind::Real => element_type::FLOAT,
				Kind::Integer => element_type::INT64,
				Kind::Bool => element_type::BOOL,
			},
			Value::Constant(Constant {
				data: Data::Int(_), ..
			}) => element_type::INT64,
			_ => element_type::FLOAT,
		}
	} else {
		to
	};
	// Constants keep their precision; float is what weights are rounded to.
	if let Value::Constant(constant) = value {
		let values = constant.to_floats();
		let shape = constant.shape.clone();
		return Ok(vec![Value::Constant(match to {
			element_type::FLOAT => {
				let values = values.into_iter().map(|x| f64::from(x as f32)).collect();
				Constant::float(node.node, shape, values)?
			},
			// What a 16-bit number cannot hold is kept.
			element_type::DOUBLE | element_type::FLOAT16 => {
				Constant::float(node.node, shape, values)?
			},
			element_type::BOOL => Constant::int(
				shape,
				values.into_iter().map(|x| i64::from(x != 0.0)).collect(),
			),
			_ if element_type::kind(to) == Some(Kind::Integer) => match &constant.data {
				Data::Int(values) => Constant::int(shape, values.clone()),
				// Saturates, and truncates towards zero as ONNX does.
				Data::Float(values) => {
					Constant::int(shape, values.iter().map(|x| *x as i64).collect())
				},
			},
			_ => return Err(bad),
		})]);
	}
	let x = node.variable(0)?;
	match to {
		element_type::FLOAT | element_type::FLOAT16 | element_type::DOUBLE => {
			let kind = Kind::Real;
			Ok(vec![Value::Variable(crate::onnx::reader::Variable {
				kind,
				..x
			})])
		},
		element_type::BOOL => {
			let y = super::compare::is_true(node, &x)?;
			one(node, y)
		},
		_ if element_type::kind(to) == Some(Kind::Integer) => {
			let y = node.truncate(&x)?;
			one(node, y)
		},
		_ => Err(bad),
	}
}
