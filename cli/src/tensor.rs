//! Tensors on the command line: read as real numbers, sent as fixed point.
//!
//! Real numbers become fixed point by the circuits' own rule (`inference_circuits::quantise`), so
//! proof and output are exact from there on.

use crate::error::CliError;
use inference_circuits::quantise::{from_fixed, to_fixed};
use inference_primitives::{TensorError, TensorSpec};
use serde::Serialize;
use std::{
	fmt, fs,
	io::{self, Read},
	path::Path,
};

/// Values printed in text before the rest is only counted.
const SHOWN: usize = 16;

/// A tensor as reports show it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tensor {
	/// Fixed-point values, row-major.
	pub fixed: Vec<i64>,
	/// The real numbers that they stand for.
	pub real: Vec<f64>,
}

impl Tensor {
	/// A fixed-point tensor at `scale_bits`.
	pub fn new(fixed: Vec<i64>, scale_bits: u8) -> Self {
		let real = fixed
			.iter()
			.map(|value| from_fixed(*value, scale_bits))
			.collect();
		Self { fixed, real }
	}
}

impl fmt::Display for Tensor {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "[")?;
		for (index, value) in self.real.iter().take(SHOWN).enumerate() {
			let comma = if index == 0 { "" } else { ", " };
			write!(f, "{comma}{value}")?;
		}
		match self.real.len().checked_sub(SHOWN) {
			Some(rest) if rest > 0 => write!(f, ", … {rest} more]"),
			_ => write!(f, "]"),
		}
	}
}

/// Reads an input: a JSON array (nested arrays are read row-major), numbers separated by commas or
/// spaces, the name of a file that holds either, or `-` for standard input.
pub fn read(argument: &str) -> Result<Vec<f64>, CliError> {
	if argument == "-" {
		let mut text = String::new();
		io::stdin()
			.read_to_string(&mut text)
			.map_err(|e| CliError::Failed(format!("cannot read standard input: {e}")))?;
		return parse(&text).map_err(|why| CliError::Usage(format!("input: {why}")));
	}
	let path = Path::new(argument);
	if path.is_file() {
		let text = fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
		return parse(&text)
			.map_err(|why| CliError::Usage(format!("input file {}: {why}", path.display())));
	}
	parse(argument).map_err(|why| {
		CliError::Usage(format!(
			"input {argument:?} is no file, and as numbers: {why}; expected a JSON array such as \
			 [1.5, 2], numbers separated by commas, or a file of either"
		))
	})
}

/// The numbers in `text`.
fn parse(text: &str) -> Result<Vec<f64>, String> {
	let text = text.trim();
	if text.starts_with('[') {
		let json: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
		let mut values = Vec::new();
		flatten(&json, &mut values)?;
		return Ok(values);
	}
	text.split(|c: char| c == ',' || c.is_whitespace())
		.filter(|word| !word.is_empty())
		.map(|word| match word.parse::<f64>() {
			Ok(value) if value.is_finite() => Ok(value),
			_ => Err(format!("{word:?} is no finite number")),
		})
		.collect()
}

fn flatten(json: &serde_json::Value, values: &mut Vec<f64>) -> Result<(), String> {
	match json {
		serde_json::Value::Array(items) => items.iter().try_for_each(|item| flatten(item, values)),
		serde_json::Value::Number(number) => {
			values.push(
				number
					.as_f64()
					.ok_or_else(|| format!("{number} is out of range"))?,
			);
			Ok(())
		},
		other => Err(format!("expected numbers, got {other}")),
	}
}

/// The fixed-point tensor that `spec` makes of `values`.
pub fn quantise(values: &[f64], spec: &TensorSpec) -> Result<Vec<i64>, CliError> {
	// What is too large for fixed point lies outside every domain.
	let fixed: Vec<i64> = values
		.iter()
		.map(|value| to_fixed(*value, spec.scale_bits).unwrap_or(i64::MAX))
		.collect();
	match spec.check_values(&fixed) {
		Ok(()) => Ok(fixed),
		Err(TensorError::WrongLength { expected, got }) => Err(CliError::Usage(format!(
			"wrong input shape: expected {:?} ({expected} values), got {got} values",
			spec.shape
		))),
		Err(TensorError::OutOfDomain { index, .. }) => Err(CliError::Usage(format!(
			"input value {} at index {index} is outside the model's domain: expected {} to {}",
			values.get(index).copied().unwrap_or_default(),
			from_fixed(spec.min, spec.scale_bits),
			from_fixed(spec.max, spec.scale_bits),
		))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::Visibility;

	fn spec() -> TensorSpec {
		TensorSpec {
			shape: vec![2],
			scale_bits: 4,
			min: -32,
			max: 32,
			visibility: Visibility::Public,
		}
	}

	#[test]
	fn arrays_and_lists_of_numbers_are_read_alike() {
		for text in [
			"[1, -2.5]",
			"[[1], [-2.5]]",
			"1,-2.5",
			" 1 -2.5\n",
			"1, -2.5",
		] {
			assert_eq!(read(text).unwrap(), [1.0, -2.5], "{text:?}");
		}
	}

	#[test]
	fn an_input_file_is_read() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "[3, 4]").unwrap();
		assert_eq!(read(file.path().to_str().unwrap()).unwrap(), [3.0, 4.0]);
	}

	#[test]
	fn what_is_no_number_is_named() {
		for (text, part) in [
			("[1, \"x\"]", "\"x\""),
			("1,nan", "nan"),
			("no-such-file", "no-such-file"),
			("[1", "EOF"),
		] {
			let error = read(text).unwrap_err();
			assert_eq!(error.exit_code(), 2);
			assert!(error.to_string().contains(part), "{error}");
		}
	}

	#[test]
	fn quantise_rounds_to_the_nearest_and_names_shape_and_domain() {
		assert_eq!(quantise(&[1.03, -0.04], &spec()).unwrap(), [16, -1]);
		let error = quantise(&[1.0], &spec()).unwrap_err().to_string();
		assert_eq!(
			error,
			"wrong input shape: expected [2] (2 values), got 1 values"
		);
		let error = quantise(&[0.0, 2.5], &spec()).unwrap_err().to_string();
		assert_eq!(
			error,
			"input value 2.5 at index 1 is outside the model's domain: expected -2 to 2"
		);
		assert!(quantise(&[1e300, 0.0], &spec()).is_err());
	}

	#[test]
	fn a_tensor_shows_fixed_and_real_values() {
		let tensor = Tensor::new(vec![16, -8], 4);
		assert_eq!(tensor.to_string(), "[1, -0.5]");
		let json = serde_json::to_value(&tensor).unwrap();
		assert_eq!(
			json,
			serde_json::json!({"fixed": [16, -8], "real": [1.0, -0.5]})
		);
		assert!(Tensor::new(vec![0; 18], 0)
			.to_string()
			.ends_with("… 2 more]"));
	}
}
