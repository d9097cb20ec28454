//! Functions of one real number.
//!
//! Evaluated with `libm`, so that a model's tables are the same on every machine.

/// A function of one real number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Function {
	/// `1 / (1 + e^−x)`.
	Sigmoid,
	/// `tanh x`.
	Tanh,
	/// `erf x`.
	Erf,
	/// `x/2 · (1 + erf(x/√2))`, or its approximation by tanh.
	Gelu {
		/// Whether it is the approximation.
		tanh: bool,
	},
	/// `x · sigmoid(α·x)`.
	Swish {
		/// α.
		alpha: f64,
	},
	/// `e^x`.
	Exp,
	/// `ln x`.
	Log,
	/// `√x`.
	Sqrt,
	/// `x^exponent`.
	Pow {
		/// The exponent.
		exponent: f64,
	},
	/// `ln(1 + e^x)`.
	Softplus,
	/// `x` if positive, else `scale·(e^(x/width) − 1)`; all of it times `gain`.
	Elu {
		/// Factor of both sides.
		gain: f64,
		/// Factor of the negative side.
		scale: f64,
		/// What the exponent is divided by.
		width: f64,
	},
	/// `x · tanh(softplus x)`.
	Mish,
	/// `x / (1 + |x|)`.
	Softsign,
	/// `sin x`.
	Sin,
	/// `cos x`.
	Cos,
	/// `tan x`.
	Tan,
	/// `arcsin x`.
	Asin,
	/// `arccos x`.
	Acos,
	/// `arctan x`.
	Atan,
	/// `sinh x`.
	Sinh,
	/// `cosh x`.
	Cosh,
	/// `arsinh x`.
	Asinh,
	/// `arcosh x`.
	Acosh,
	/// `artanh x`.
	Atanh,
}

impl Function {
	/// Its name, for people.
	pub fn name(&self) -> &'static str {
		match self {
			Self::Sigmoid => "sigmoid",
			Self::Tanh => "tanh",
			Self::Erf => "erf",
			Self::Gelu { .. } => "gelu",
			Self::Swish { .. } => "swish",
			Self::Exp => "exp",
			Self::Log => "log",
			Self::Sqrt => "sqrt",
			Self::Pow { .. } => "pow",
			Self::Softplus => "softplus",
			Self::Elu { .. } => "elu",
			Self::Mish => "mish",
			Self::Softsign => "softsign",
			Self::Sin => "sin",
			Self::Cos => "cos",
			Self::Tan => "tan",
			Self::Asin => "asin",
			Self::Acos => "acos",
			Self::Atan => "atan",
			Self::Sinh => "sinh",
			Self::Cosh => "cosh",
			Self::Asinh => "asinh",
			Self::Acosh => "acosh",
			Self::Atanh => "atanh",
		}
	}

	/// Its value at `x`; not finite outside [`Self::domain`].
	pub fn at(&self, x: f64) -> f64 {
		match *self {
			Self::Sigmoid => sigmoid(x),
			Self::Tanh => libm::tanh(x),
			Self::Erf => libm::erf(x),
			Self::Gelu { tanh: false } => {
				0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2))
			},
			Self::Gelu { tanh: true } => {
				let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
				0.5 * x * (1.0 + libm::tanh(inner))
			},
			Self::Swish { alpha } => x * sigmoid(alpha * x),
			Self::Exp => libm::exp(x),
			Self::Log => libm::log(x),
			Self::Sqrt => libm::sqrt(x),
			Self::Pow { exponent } => libm::pow(x, exponent),
			Self::Softplus => softplus(x),
			Self::Elu { gain, scale, width } => {
				gain * if x > 0.0 {
					x
				} else {
					scale * libm::expm1(x / width)
				}
			},
			Self::Mish => x * libm::tanh(softplus(x)),
			Self::Softsign => x / (1.0 + x.abs()),
			Self::Sin => libm::sin(x),
			Self::Cos => libm::cos(x),
			Self::Tan => libm::tan(x),
			Self::Asin => libm::asin(x),
			Self::Acos => libm::acos(x),
			Self::Atan => libm::atan(x),
			Self::Sinh => libm::sinh(x),
			Self::Cosh => libm::cosh(x),
			Self::Asinh => libm::asinh(x),
			Self::Acosh => libm::acosh(x),
			Self::Atanh => libm::atanh(x),
		}
	}

	/// Least and greatest number that it takes; the ends may be poles or infinite.
	pub fn domain(&self) -> (f64, f64) {
		match self {
			Self::Log | Self::Sqrt => (0.0, f64::INFINITY),
			Self::Pow { exponent } if exponent.fract() != 0.0 || *exponent < 0.0 => {
				(0.0, f64::INFINITY)
			},
			Self::Asin | Self::Acos | Self::Atanh => (-1.0, 1.0),
			Self::Acosh => (1.0, f64::INFINITY),
			Self::Tan => (-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2),
			_ => (f64::NEG_INFINITY, f64::INFINITY),
		}
	}

	/// The slopes of the straight lines that it approaches to the far left and the far right, where
	/// there are such.
	pub fn tails(&self) -> (Option<f64>, Option<f64>) {
		match self {
			Self::Sigmoid | Self::Tanh | Self::Erf => (Some(0.0), Some(0.0)),
			Self::Gelu { .. } | Self::Softplus | Self::Mish => (Some(0.0), Some(1.0)),
			Self::Swish { alpha } if *alpha > 0.0 => (Some(0.0), Some(1.0)),
			Self::Elu { gain, width, .. } if *width > 0.0 => (Some(0.0), Some(*gain)),
			Self::Exp => (Some(0.0), None),
			_ => (None, None),
		}
	}
}

fn sigmoid(x: f64) -> f64 {
	if x >= 0.0 {
		1.0 / (1.0 + libm::exp(-x))
	} else {
		let e = libm::exp(x);
		e / (1.0 + e)
	}
}

fn softplus(x: f64) -> f64 {
	x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tails_are_approached() {
		for function in [
			Function::Sigmoid,
			Function::Tanh,
			Function::Erf,
			Function::Gelu { tanh: false },
			Function::Gelu { tanh: true },
			Function::Swish { alpha: 1.0 },
			Function::Softplus,
			Function::Elu {
				gain: 1.5,
				scale: 2.0,
				width: 0.5,
			},
			Function::Mish,
		] {
			let (left, right) = function.tails();
			let slope = |a: f64, b: f64| (function.at(b) - function.at(a)) / (b - a);
			assert!(
				(slope(-60.0, -50.0) - left.unwrap()).abs() < 1e-9,
				"{function:?}"
			);
			assert!(
				(slope(50.0, 60.0) - right.unwrap()).abs() < 1e-9,
				"{function:?}"
			);
		}
	}
}
