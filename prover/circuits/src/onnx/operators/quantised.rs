//! Quantised forms: real numbers that happen to be small integers.

use super::{conv, matmul, one};
use crate::onnx::{
	reader::{Kind, NodeReader, Value, Variable},
	shape,
	tensor::element_type,
	OnnxError,
};

/// QuantizeLinear, DequantizeLinear, QLinearMatMul, QLinearConv.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let x = node.variable(0)?;
	let result = match node.operator {
		"QuantizeLinear" => {
			let mut attributes = node.attributes();
			let axis = attributes.int("axis", 1);
			let block = attributes.int("block_size", 0);
			let to = attributes.int("output_dtype", 0);
			attributes.skip("saturate");
			attributes.skip("precision");
			attributes.finish()?;
			let scale = node.variable(1)?;
			let scale = along(node, scale, &x, axis, block)?;
			let zero = match node.optional_variable(2)? {
				Some(zero) => Some(along(node, zero, &x, axis, block)?),
				None => None,
			};
			let to = node
				.element_type(2)
				.or_else(|| i32::try_from(to).ok().filter(|to| *to > 0));
			quantise(
				node,
				&x,
				&scale,
				zero.as_ref(),
				to.unwrap_or(element_type::UINT8),
			)?
		},
		"DequantizeLinear" => {
			let mut attributes = node.attributes();
			let axis = attributes.int("axis", 1);
			let block = attributes.int("block_size", 0);
			attributes.skip("output_dtype");
			attributes.finish()?;
			let scale = node.variable(1)?;
			let scale = along(node, scale, &x, axis, block)?;
			let x = match node.optional_variable(2)? {
				Some(zero) => {
					let zero = along(node, zero, &x, axis, block)?;
					node.difference(&x, &zero)?
				},
				None => x,
			};
			let y = node.times(&x, &scale)?;
			Variable {
				kind: Kind::Real,
				..y
			}
		},
		"QLinearMatMul" => {
			node.attributes().finish()?;
			let rank = x.shape.len();
			let a = dequantise(node, x, 1, rank, true)?;
			let b = node.variable(3)?;
			let rank = b.shape.len();
			let b = dequantise(node, b, 4, rank, false)?;
			let product = matmul::stacked(node, &a, &b)?;
			requantise(node, &product, 6)?
		},
		_ => {
			let x = dequantise(node, x, 1, 0, true)?;
			let w = node.variable(3)?;
			// One scale per filter: the first dimension.
			let (scale, zero) = (node.variable(4)?, node.variable(5)?);
			let first = |v: Variable, rank: usize| {
				let mut shape = vec![1; rank];
				if let Some(slot) = shape.first_mut() {
					*slot = v.shape.iter().product();
				}
				Variable { shape, ..v }
			};
			let rank = w.shape.len();
			let centred = node.difference(&w, &first(zero, rank))?;
			let w = node.times(&centred, &first(scale.clone(), rank))?;
			let bias = match node.optional_variable(8)? {
				Some(bias) => {
					let input_scale = node.variable(1)?;
					let flat = |v: Variable| Variable {
						shape: vec![v.shape.iter().product()],
						..v
					};
					let factor = node.times(&flat(input_scale), &flat(scale))?;
					Some(node.times(&bias, &factor)?)
				},
				None => None,
			};
			let sum = conv::convolve(node, &x, &w, bias.as_ref())?;
			requantise(node, &sum, 6)?
		},
	};
	one(node, result)
}

/// A scale or zero point per tensor, per index of an axis, or per block of one.
fn along(
	node: &mut NodeReader<'_>,
	value: Variable,
	x: &Variable,
	axis: i64,
	block: i64,
) -> Result<Variable, OnnxError> {
	let n: usize = value.shape.iter().product();
	if n == 1 {
		return Ok(Variable {
			shape: vec![],
			..value
		});
	}
	let axis = shape::axis(axis, x.shape.len())
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is no dimension")))?;
	if block > 0 && value.shape.len() == x.shape.len() {
		let block = usize::try_from(block).unwrap_or(1);
		let size = node.size(&x.shape)?;
		let indices: Vec<usize> = (0..size)
			.map(|flat| {
				let mut index = shape::unravel(flat, &x.shape);
				if let Some(i) = index.get_mut(axis) {
					*i /= block;
				}
				shape::ravel(&index, &value.shape)
			})
			.collect();
		return node.pick(&value, x.shape.clone(), indices);
	}
	let mut shape = vec![1; x.shape.len()];
	if let Some(slot) = shape.get_mut(axis) {
		*slot = n;
	}
	Ok(Variable { shape, ..value })
}

/// `(x − zero)·scale`, with scale and zero point at operands `index` and `index + 1`.
fn dequantise(
	node: &mut NodeReader<'_>,
	x: Variable,
	index: usize,
	rank: usize,
	is_left: bool,
) -> Result<Variable, OnnxError> {
	let scale = matmul::align_zero(node.variable(index)?, rank, is_left);
	let zero = matmul::align_zero(node.variable(index + 1)?, rank, is_left);
	let centred = node.difference(&x, &zero)?;
	let y = node.times(&centred, &scale)?;
	Ok(Variable {
		kind: Kind::Real,
		..y
	})
}

/// Quantised with scale and zero point at operands `index` and `index + 1`.
fn requantise(
	node: &mut NodeReader<'_>,
	x: &Variable,
	index: usize,
) -> Result<Variable, OnnxError> {
	let flat = |v: Variable| Variable {
		shape: if v.shape == [1] { vec![] } else { v.shape },
		..v
	};
	let scale = flat(node.variable(index)?);
	let zero = flat(node.variable(index + 1)?);
	let to = node.element_type(index + 1).unwrap_or(element_type::UINT8);
	quantise(node, x, &scale, Some(&zero), to)
}

/// `round(x / scale) + zero`, cut off at the type's ends.
fn quantise(
	node: &mut NodeReader<'_>,
	x: &Variable,
	scale: &Variable,
	zero: Option<&Variable>,
	to: i32,
) -> Result<Variable, OnnxError> {
	let (low, high) = element_type::range(to).ok_or_else(|| {
		node.bad_operand(format!("quantising to element type {to} is not supported"))
	})?;
	let real = Variable {
		kind: Kind::Real,
		..x.clone()
	};
	let scaled = node.quotient(&real, scale)?;
	let scaled = Variable {
		kind: Kind::Real,
		..scaled
	};
	let rounded = node.round(&scaled)?;
	let shifted = match zero {
		Some(zero) => node.sum(&[(&rounded, 1.0), (zero, 1.0)])?,
		None => rounded,
	};
	let result = node.clip(&shifted, Some(low), Some(high))?;
	Ok(Variable {
		kind: Kind::Integer,
		..result
	})
}
