//! How far the integer model is from the original, measured.

use crate::{
	execute::execute,
	float_graph::FloatGraph,
	graph::Graph,
	quantise::{from_fixed, to_fixed},
};
use serde::{Deserialize, Serialize};

/// What the integer model's outputs are compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
	/// Outputs that came with the samples, such as ONNX Runtime's.
	Given,
	/// Our own evaluation of the ONNX graph in double precision.
	DoublePrecision,
}

/// The integer model's errors on samples. Absolute, in the output's real units.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AccuracyReport {
	/// What was compared with.
	pub reference: Reference,
	/// Samples compared.
	pub samples: usize,
	/// Samples left out because a value lies outside the declared domain.
	pub outside_domain: usize,
	/// Greatest error of any output value.
	pub max_error: f64,
	/// Mean error over all output values.
	pub mean_error: f64,
	/// Greatest absolute output value of the reference, to judge the errors by.
	pub max_reference: f64,
	/// Share of samples whose greatest output value is at the same index, if there are several.
	pub same_argmax: Option<f64>,
}

/// Compares `graph` with `expected`, or with `original`, on `samples`.
pub fn measure(
	graph: &Graph,
	original: &FloatGraph,
	samples: &[Vec<f64>],
	expected: Option<&[Vec<f64>]>,
) -> AccuracyReport {
	let mut report = AccuracyReport {
		reference: if expected.is_some() {
			Reference::Given
		} else {
			Reference::DoublePrecision
		},
		samples: 0,
		outside_domain: 0,
		max_error: 0.0,
		mean_error: 0.0,
		max_reference: 0.0,
		same_argmax: None,
	};
	let (mut values, mut agreeing) = (0usize, 0usize);
	for (index, sample) in samples.iter().enumerate() {
		let scale = graph.input().scale_bits;
		let input: Option<Vec<i64>> = sample.iter().map(|x| to_fixed(*x, scale)).collect();
		let Some(output) = input.and_then(|input| execute(graph, &input).ok()) else {
			report.outside_domain += 1;
			continue;
		};
		let output: Vec<f64> = output
			.iter()
			.map(|y| from_fixed(*y, graph.output().scale_bits))
			.collect();
		let reference = match expected.and_then(|expected| expected.get(index)) {
			Some(row) => row.clone(),
			None => original.execute(sample),
		};
		report.samples += 1;
		agreeing += usize::from(argmax(&output) == argmax(&reference));
		for (got, want) in output.iter().zip(&reference) {
			let error = (got - want).abs();
			report.max_error = report.max_error.max(error);
			report.max_reference = report.max_reference.max(want.abs());
			report.mean_error += error;
			values += 1;
		}
	}
	report.mean_error /= values.max(1) as f64;
	if graph.output().len() > 1 && report.samples > 0 {
		report.same_argmax = Some(agreeing as f64 / report.samples as f64);
	}
	report
}

/// Index of the greatest value; the first of equal ones.
fn argmax(values: &[f64]) -> Option<usize> {
	let greater = |best: Option<(usize, f64)>, (i, x): (usize, &f64)| match best {
		Some((_, y)) if y >= *x => best,
		_ => Some((i, *x)),
	};
	values
		.iter()
		.enumerate()
		.fold(None, greater)
		.map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn argmax_takes_the_first_of_equal_values() {
		assert_eq!(argmax(&[1.0, 3.0, 3.0]), Some(1));
		assert_eq!(argmax(&[]), None);
	}
}
