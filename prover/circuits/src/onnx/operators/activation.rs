//! Activations and functions of one number.

use super::one;
use crate::{
	float_graph::Function,
	onnx::{
		reader::{NodeReader, Value, Variable},
		OnnxError,
	},
};

/// The functions of one tensor, some with a slope beside it.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let given = |attributes: &mut crate::onnx::attributes::Attributes<'_>, name, default| {
		attributes.float(name, default)
	};
	let (alpha, gamma) = match node.operator {
		"LeakyRelu" => (given(&mut attributes, "alpha", 0.01), 0.0),
		"HardSigmoid" => (
			given(&mut attributes, "alpha", 0.2),
			given(&mut attributes, "beta", 0.5),
		),
		"Selu" => (
			given(&mut attributes, "alpha", 1.673_263_2),
			given(&mut attributes, "gamma", 1.050_701),
		),
		"Elu" | "Celu" | "ThresholdedRelu" | "Swish" => (given(&mut attributes, "alpha", 1.0), 0.0),
		"Shrink" => (
			given(&mut attributes, "lambd", 0.5),
			given(&mut attributes, "bias", 0.0),
		),
		_ => (0.0, 0.0),
	};
	let approximate = match node.operator {
		"Gelu" => attributes.string("approximate").unwrap_or_default() == "tanh",
		_ => false,
	};
	if node.opset < 7 {
		attributes.skip("consumed_inputs");
	}
	attributes.finish()?;
	let x = node.variable(0)?;
	let function = match node.operator {
		"Relu" => {
			let y = node.relu(&x)?;
			return one(node, y);
		},
		"LeakyRelu" => {
			let slope = node.constant_of(vec![], vec![alpha])?;
			let y = leaky(node, &x, &slope)?;
			return one(node, y);
		},
		"PRelu" => {
			let slope = node.variable(1)?;
			let y = leaky(node, &x, &slope)?;
			return one(node, y);
		},
		"HardSigmoid" => {
			let y = hard_sigmoid(node, &x, alpha, gamma)?;
			return one(node, y);
		},
		"HardSwish" => {
			let factor = hard_sigmoid(node, &x, 1.0 / 6.0, 0.5)?;
			let y = node.times(&x, &factor)?;
			return one(node, y);
		},
		"ThresholdedRelu" => {
			let above = node.scaled(&x, 1.0, -alpha)?;
			let above = node.step(&above, true)?;
			let y = node.times(&above, &x)?;
			return one(node, y);
		},
		"Shrink" => {
			let y = shrink(node, &x, alpha, gamma)?;
			return one(node, y);
		},
		"Softsign" => {
			let size = node.magnitude(&x)?;
			let size = node.scaled(&size, 1.0, 1.0)?;
			let y = node.quotient(&x, &size)?;
			return one(node, y);
		},
		"Sigmoid" => Function::Sigmoid,
		"Tanh" => Function::Tanh,
		"Erf" => Function::Erf,
		"Gelu" => Function::Gelu { tanh: approximate },
		"Swish" => Function::Swish { alpha },
		"Exp" => Function::Exp,
		"Log" => Function::Log,
		"Sqrt" => Function::Sqrt,
		"Softplus" => Function::Softplus,
		"Mish" => Function::Mish,
		"Elu" => Function::Elu {
			gain: 1.0,
			scale: alpha,
			width: 1.0,
		},
		"Celu" => Function::Elu {
			gain: 1.0,
			scale: alpha,
			width: alpha,
		},
		"Selu" => Function::Elu {
			gain: gamma,
			scale: alpha,
			width: 1.0,
		},
		"Sin" => Function::Sin,
		"Cos" => Function::Cos,
		"Tan" => Function::Tan,
		"Asin" => Function::Asin,
		"Acos" => Function::Acos,
		"Atan" => Function::Atan,
		"Sinh" => Function::Sinh,
		"Cosh" => Function::Cosh,
		"Asinh" => Function::Asinh,
		"Acosh" => Function::Acosh,
		_ => Function::Atanh,
	};
	let y = node.function(&x, function)?;
	one(node, y)
}

/// `max(x, 0) − slope·max(−x, 0)`.
fn leaky(node: &mut NodeReader<'_>, x: &Variable, slope: &Variable) -> Result<Variable, OnnxError> {
	// slope·x + (1 − slope)·max(x, 0): one ReLU
	let positive = node.relu(x)?;
	let negative = node.difference(x, &positive)?;
	let scaled = node.times(&negative, slope)?;
	node.sum(&[(&positive, 1.0), (&scaled, 1.0)])
}

/// `alpha·x + beta` between 0 and 1.
fn hard_sigmoid(
	node: &mut NodeReader<'_>,
	x: &Variable,
	alpha: f64,
	beta: f64,
) -> Result<Variable, OnnxError> {
	let line = node.scaled(x, alpha, beta)?;
	node.clip(&line, Some(0.0), Some(1.0))
}

/// `x + bias` below −lambda, `x − bias` above lambda, 0 between.
fn shrink(
	node: &mut NodeReader<'_>,
	x: &Variable,
	lambda: f64,
	bias: f64,
) -> Result<Variable, OnnxError> {
	let above = node.scaled(x, 1.0, -lambda)?;
	let above = node.step(&above, true)?;
	let below = node.scaled(x, -1.0, -lambda)?;
	let below = node.step(&below, true)?;
	let (up, down) = (node.scaled(x, 1.0, -bias)?, node.scaled(x, 1.0, bias)?);
	let up = node.times(&above, &up)?;
	let down = node.times(&below, &down)?;
	node.sum(&[(&up, 1.0), (&down, 1.0)])
}
