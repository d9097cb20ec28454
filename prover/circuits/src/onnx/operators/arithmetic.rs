//! Element-wise arithmetic.

use super::one;
use crate::{
	float_graph::Function,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		OnnxError,
	},
};

/// Most different exponents of one operator.
const MAX_EXPONENTS: usize = 64;

/// The element-wise arithmetic operators.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let float_mod = attributes.int("fmod", 0) != 0;
	for ignored in ["axis", "broadcast", "consumed_inputs"] {
		if node.opset < 7 {
			attributes.skip(ignored);
		}
	}
	attributes.finish()?;
	let a = node.variable(0)?;
	let result = match node.operator {
		"Neg" => node.scaled(&a, -1.0, 0.0)?,
		"Abs" => node.absolute(&a)?,
		"Floor" => node.floor(&a)?,
		"Ceil" => node.ceil(&a)?,
		"Round" => node.round(&a)?,
		"Reciprocal" => {
			let one = node.constant_of(vec![], vec![1.0])?;
			node.quotient(&one, &a)?
		},
		"Sum" | "Mean" => {
			let mut operands = vec![a];
			for index in 1..node.operands() {
				operands.push(node.variable(index)?);
			}
			let weight = if node.operator == "Mean" {
				1.0 / operands.len() as f64
			} else {
				1.0
			};
			let summands: Vec<_> = operands.iter().map(|x| (x, weight)).collect();
			let sum = node.sum(&summands)?;
			let kind = if weight == 1.0 { sum.kind } else { Kind::Real };
			Variable { kind, ..sum }
		},
		operator => {
			let b = node.variable(1)?;
			match operator {
				"Add" => node.sum(&[(&a, 1.0), (&b, 1.0)])?,
				"Sub" => node.difference(&a, &b)?,
				"Mul" => node.times(&a, &b)?,
				"Div" => divide(node, &a, &b)?,
				"Mod" => modulo(node, &a, &b, float_mod)?,
				_ => power(node, &a, &b)?,
			}
		},
	};
	one(node, result)
}

/// Division; of integers, towards zero.
fn divide(node: &mut NodeReader<'_>, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
	if a.kind == Kind::Real || b.kind == Kind::Real {
		return node.quotient(a, b);
	}
	let both = (node.known(a).is_some(), node.known(b).is_some());
	if both != (true, true) {
		return Err(
			node.bad_operand("the division of integers that depend on the input is not supported")
		);
	}
	let quotient = node.quotient(a, b)?;
	let quotient = Variable {
		kind: Kind::Real,
		..quotient
	};
	node.truncate(&quotient)
}

/// `a − b·⌊a/b⌋`, or with `towards_zero` the remainder of a division towards zero; b is constant.
fn modulo(
	node: &mut NodeReader<'_>,
	a: &Variable,
	b: &Variable,
	towards_zero: bool,
) -> Result<Variable, OnnxError> {
	if node.known(b).is_none() {
		return Err(node.bad_operand("the modulus must be a constant"));
	}
	let whole_numbers = a.kind != Kind::Real && b.kind != Kind::Real;
	let dividend = if whole_numbers && !towards_zero {
		// An integer plus half of one is no multiple of b: rounding moves it over none.
		let signs = node
			.known(b)
			.unwrap_or_default()
			.iter()
			.map(|b| 0.5 * b.signum())
			.collect();
		let halves = node.constant_of(b.shape.clone(), signs)?;
		node.sum(&[(a, 1.0), (&halves, 1.0)])?
	} else {
		a.clone()
	};
	let quotient = node.quotient(&dividend, b)?;
	let quotient = Variable {
		kind: Kind::Real,
		..quotient
	};
	let whole = if towards_zero {
		node.truncate(&quotient)?
	} else {
		node.floor(&quotient)?
	};
	let product = node.times(&whole, b)?;
	node.difference(a, &product)
}

/// Powers with constant exponents.
fn power(
	node: &mut NodeReader<'_>,
	x: &Variable,
	exponent: &Variable,
) -> Result<Variable, OnnxError> {
	let shape = node.broadcast(&x.shape, &exponent.shape)?;
	let exponent = node.expand(exponent, &shape)?;
	let Some(exponents) = node.known(&exponent).map(<[f64]>::to_vec) else {
		return Err(node.bad_operand("the exponent must be a constant"));
	};
	let x = node.expand(x, &shape)?;
	let mut different = exponents.clone();
	different.sort_by(f64::total_cmp);
	different.dedup();
	if let [one] = different.as_slice() {
		return power_of(node, &x, *one);
	}
	if different.len() > MAX_EXPONENTS {
		return Err(node.too_large(format!("more than {MAX_EXPONENTS} different exponents")));
	}
	// The elements of one exponent each, put together again.
	let mut result: Option<Variable> = None;
	for exponent in different {
		let elements: Vec<usize> = exponents
			.iter()
			.enumerate()
			.filter(|(_, e)| **e == exponent)
			.map(|(i, _)| i)
			.collect();
		let part = node.pick(&x, vec![elements.len()], elements.iter().copied())?;
		let part = power_of(node, &part, exponent)?;
		let mut places = vec![None; exponents.len()];
		for (from, element) in elements.into_iter().enumerate() {
			if let Some(slot) = places.get_mut(element) {
				*slot = Some(from);
			}
		}
		let placed = node.select(&part, shape.clone(), &places, 0.0)?;
		result = Some(match result {
			Some(sum) => node.sum(&[(&sum, 1.0), (&placed, 1.0)])?,
			None => placed,
		});
	}
	result.ok_or_else(|| node.bad_shape("the exponent is empty"))
}

/// Powers with one exponent.
fn power_of(node: &mut NodeReader<'_>, x: &Variable, exponent: f64) -> Result<Variable, OnnxError> {
	let shape = x.shape.clone();
	let kind = x.kind;
	let result = if exponent == 0.0 {
		let ones = vec![1.0; node.size(&shape)?];
		node.constant_of(shape, ones)?
	} else if exponent == 0.5 {
		node.function(x, Function::Sqrt)?
	} else if exponent == -0.5 {
		node.inverse_sqrt(x, 0.0)?
	} else if exponent.fract() == 0.0 && exponent.abs() <= 16.0 {
		let mut power = whole_power(node, x, exponent.abs() as u32)?;
		if exponent < 0.0 {
			let one = node.constant_of(vec![], vec![1.0])?;
			power = node.quotient(&one, &power)?;
		}
		power
	} else {
		node.function(x, Function::Pow { exponent })?
	};
	let kind = if kind == Kind::Real || exponent < 0.0 {
		Kind::Real
	} else {
		kind
	};
	Ok(Variable { kind, ..result })
}

/// `x^exponent` by squaring; `exponent` is at least 1.
pub fn whole_power(
	node: &mut NodeReader<'_>,
	x: &Variable,
	exponent: u32,
) -> Result<Variable, OnnxError> {
	let mut result: Option<Variable> = None;
	let mut square = x.clone();
	let mut left = exponent.max(1);
	loop {
		if left & 1 == 1 {
			result = Some(match &result {
				Some(result) => node.times(result, &square)?,
				None => square.clone(),
			});
		}
		left >>= 1;
		match result {
			Some(result) if left == 0 => return Ok(result),
			_ => square = node.times(&square, &square)?,
		}
	}
}
