//! Chooses scales and rounds a real-number model to an integer one.
//!
//! **Scales.** The input, and every activation that feeds a linear operator, has `input_scale_bits`
//! binary digits after the point; weights have `weight_scale_bits`; a linear operator's result has
//! both together, exactly. It is brought back by one rounding division, fused with a ReLU that
//! follows. What the last operator computes is not rounded: a linear regression needs no range
//! check at all. Weights that are all integers, with a bias that is exact, have scale 0.
//!
//! Comparisons and decision trees read the most exact value there is; thresholds are rounded as the
//! input is, so that what equals its threshold still does, and moved by one unit where the samples
//! that lie on them say so. A function becomes a piecewise linear table of
//! as few segments as keep its error within two units of the activations' scale; where it levels off
//! it is cut off. [`QuantiseReport`] lists the tables with their errors, and the values that were
//! clipped where a function is not defined.
//!
//! **Domain.** Declared, or taken from the calibration samples with a margin, or ±8. Only the input
//! has a domain: every other bound follows from it and the weights.

mod lower;
mod rank;
mod tables;

use crate::{
	execute::execute,
	float_graph::{FloatGraph, FloatNode, FloatOperator},
	graph::{Graph, GraphError, GraphParts, Interval, Tensor, MAX_SHIFT},
};
use inference_primitives::{TensorSpec, Visibility};
use lower::Lowering;
use serde::{Deserialize, Serialize};

/// Binary digits of weights after the point, unless told otherwise.
pub const DEFAULT_WEIGHT_SCALE_BITS: u8 = 16;
/// The input domain without declaration and calibration: what standardised features stay in.
pub const DEFAULT_DOMAIN: (f64, f64) = (-8.0, 8.0);
/// Bits that the greatest input takes, unless the scale is given: a range check costs rows for each
/// limb of them.
const INPUT_BITS: i32 = 15;
/// The same for a model without range checks, where precision is free.
const LINEAR_INPUT_BITS: i32 = 26;
/// The finest scale that is chosen by itself.
const MAX_INPUT_SCALE_BITS: i32 = 24;
/// The coarsest scale that is chosen by itself.
const MIN_INPUT_SCALE_BITS: i32 = 8;
/// The scale of a model that compares its input, without samples to choose it by.
const DECIDING_BITS: u8 = 16;
/// Bits by which the scale is refined while samples fall on the wrong side of a threshold.
const DECIDING_STEP: u8 = 2;
/// Samples by which that scale is chosen.
const DECIDING_SAMPLES: usize = 256;
/// Margin around the calibration samples, as a share of their span.
const DOMAIN_MARGIN: f64 = 0.1;

/// How to quantise.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct QuantiseOptions {
	/// Binary digits of input and activations after the point; chosen from the domain if absent.
	pub input_scale_bits: Option<u8>,
	/// Binary digits of weights after the point; [`DEFAULT_WEIGHT_SCALE_BITS`] if absent.
	pub weight_scale_bits: Option<u8>,
	/// Least and greatest admissible input.
	pub input_domain: Option<(f64, f64)>,
	/// Typical inputs, each as long as the input: they give the domain if it is not declared.
	pub calibration: Vec<Vec<f64>>,
	/// Whether to widen the domain to 0 to 2^n − 1, or to −2^(n−1) to 2^(n−1) − 1 if it has negative
	/// integers: what a circuit can check of a hidden input by its digits.
	pub binary_domain: bool,
}

/// A model that cannot be quantised as asked.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum QuantiseError {
	/// The domain is empty or not finite.
	#[error("the input domain {min}..={max} is empty or not finite")]
	BadDomain {
		/// Least value.
		min: f64,
		/// Greatest value.
		max: f64,
	},
	/// A calibration sample of the wrong length, or not finite.
	#[error("calibration sample {sample}: expected {expected} finite values, got {got}")]
	BadSample {
		/// Its index.
		sample: usize,
		/// Length of the input.
		expected: usize,
		/// What it has: its length, or `a value that is not finite`.
		got: String,
	},
	/// More scale bits than are supported.
	#[error("{what} of {got} bits is too fine; at most {max} bits are supported")]
	ScaleTooFine {
		/// Which scale.
		what: &'static str,
		/// Bits asked for.
		got: u8,
		/// The most there can be.
		max: u8,
	},
	/// A weight or bias that is not finite, or does not fit 63 bits.
	#[error("node {node:?}: the constant {got} does not fit at a scale of {scale_bits} bits")]
	ConstantOutOfRange {
		/// Name of the node.
		node: String,
		/// The constant.
		got: f64,
		/// The scale.
		scale_bits: u8,
	},
	/// A function without a table.
	#[error("node {node:?} ({function}): {reason}")]
	Function {
		/// Name of the node.
		node: String,
		/// Name of the function.
		function: &'static str,
		/// What is wrong.
		reason: String,
	},
	/// The integer model is not valid.
	#[error(transparent)]
	Graph(#[from] GraphError),
}

/// A function that became a table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TableReport {
	/// Name of the node.
	pub node: String,
	/// The function.
	pub function: String,
	/// Least operand of the table; smaller ones give the same result.
	pub min: f64,
	/// Greatest operand of the table; of greater ones, the function is its straight tail.
	pub max: f64,
	/// Number of segments.
	pub segments: usize,
	/// Greatest absolute error of the table, in real units, over at least 16 points per segment.
	pub max_error: f64,
}

/// A value that is cut off, where the real function has no such bounds: outside, it is not defined.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClippedValue {
	/// Name of the node.
	pub node: String,
	/// Least value.
	pub min: f64,
	/// Greatest value.
	pub max: f64,
}

/// What rounding did besides rounding.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct QuantiseReport {
	/// The tables.
	pub tables: Vec<TableReport>,
	/// The clipped values.
	pub clips: Vec<ClippedValue>,
}

impl QuantiseReport {
	/// Whether there is nothing to say.
	pub fn is_empty(&self) -> bool {
		self.tables.is_empty() && self.clips.is_empty()
	}
}

/// Rounds `graph` to integers.
pub fn quantise(graph: &FloatGraph, options: &QuantiseOptions) -> Result<Graph, QuantiseError> {
	Ok(quantise_with_report(graph, options)?.0)
}

/// Rounds `graph` to integers, and says what that did besides rounding.
pub fn quantise_with_report(
	graph: &FloatGraph,
	options: &QuantiseOptions,
) -> Result<(Graph, QuantiseReport), QuantiseError> {
	let weight_bits = options
		.weight_scale_bits
		.unwrap_or(DEFAULT_WEIGHT_SCALE_BITS);
	if weight_bits > MAX_SHIFT {
		let what = "a weight scale";
		return Err(QuantiseError::ScaleTooFine {
			what,
			got: weight_bits,
			max: MAX_SHIFT,
		});
	}
	let domain = domain(graph, options)?;
	let decides = graph.nodes.iter().any(|node| {
		matches!(
			node.operator,
			FloatOperator::Step { .. }
				| FloatOperator::Floor { .. }
				| FloatOperator::Trees { .. }
				| FloatOperator::Rank { labels: true, .. }
		)
	});
	let samples: Vec<Vec<Vec<f64>>> = options
		.calibration
		.iter()
		.take(if decides { DECIDING_SAMPLES } else { 0 })
		.map(|sample| graph.execute_all(sample))
		.collect();
	if let Some(scale_bits) = options.input_scale_bits {
		return at_scale(graph, domain, scale_bits, weight_bits, &samples);
	}
	// One affine operator is not rescaled.
	let is_linear = matches!(
		graph.nodes.as_slice(),
		[FloatNode {
			operator: FloatOperator::Affine { .. },
			..
		}]
	);
	// A hidden input's bits are checked one limb after the other.
	let input_bits = if is_linear && !options.binary_domain {
		LINEAR_INPUT_BITS
	} else {
		INPUT_BITS
	};
	let scale_bits = input_scale_bits(domain.min, domain.max, input_bits);
	if decides {
		deciding(graph, domain, scale_bits, weight_bits, &samples)
	} else {
		at_scale(graph, domain, scale_bits, weight_bits, &[])
	}
}

/// A model that compares its input has a jump at every threshold: the coarsest scale, from
/// `scale_bits` on, at which the samples fall on the right sides. Without samples, the finest.
fn deciding(
	graph: &FloatGraph,
	domain: Domain,
	scale_bits: u8,
	weight_bits: u8,
	samples: &[Vec<Vec<f64>>],
) -> Result<(Graph, QuantiseReport), QuantiseError> {
	let finest = MAX_INPUT_SCALE_BITS as u8;
	let mut best: Option<(f64, (Graph, QuantiseReport))> = None;
	let mut refused = None;
	let mut bits = if samples.is_empty() {
		DECIDING_BITS.max(scale_bits)
	} else {
		scale_bits
	};
	while bits <= finest {
		match at_scale(graph, domain, bits, weight_bits, samples) {
			Ok(model) => {
				let error = samples
					.iter()
					.filter_map(|values| Some((values.first()?, values.get(graph.output)?)))
					.map(|(sample, expected)| sample_error(&model.0, sample, expected))
					.fold(0.0, f64::max);
				// A finer scale costs: it must do much better.
				if best.as_ref().is_none_or(|(least, _)| error < least / 4.0) {
					best = Some((error, model));
				}
				if samples.is_empty() || error == 0.0 {
					break;
				}
			},
			Err(error) => {
				refused.get_or_insert(error);
				break;
			},
		}
		bits += DECIDING_STEP;
	}
	match (best, refused) {
		(Some((_, model)), _) => Ok(model),
		(None, Some(error)) => Err(error),
		(None, None) => at_scale(graph, domain, scale_bits, weight_bits, samples),
	}
}

/// Greatest error of one sample; infinite if it cannot be executed.
fn sample_error(graph: &Graph, sample: &[f64], expected: &[f64]) -> f64 {
	let scale = graph.input().scale_bits;
	let input: Option<Vec<i64>> = sample.iter().map(|x| to_fixed(*x, scale)).collect();
	match input.and_then(|input| execute(graph, &input).ok()) {
		Some(output) => output
			.iter()
			.zip(expected)
			.map(|(y, want)| (from_fixed(*y, graph.output().scale_bits) - want).abs())
			.fold(0.0, f64::max),
		None => f64::INFINITY,
	}
}

/// `input` with the domain that [`QuantiseOptions::binary_domain`] asks for. One beyond all domains is
/// refused by the specification's check.
fn widen(input: TensorSpec) -> TensorSpec {
	let is_signed = input.min < 0;
	let greatest = input.max.max(-1 - input.min).max(0);
	let bits = 64 - greatest.leading_zeros() + u32::from(is_signed);
	let bits = bits.clamp(1, 62);
	let count = 1i64 << bits;
	let min = if is_signed { -(count / 2) } else { 0 };
	TensorSpec {
		min,
		max: min + (count - 1),
		..input
	}
}

/// Rounds `graph` with the input at `scale_bits`.
fn at_scale(
	graph: &FloatGraph,
	domain: Domain,
	scale_bits: u8,
	weight_bits: u8,
	samples: &[Vec<Vec<f64>>],
) -> Result<(Graph, QuantiseReport), QuantiseError> {
	if scale_bits > TensorSpec::MAX_SCALE_BITS {
		return Err(QuantiseError::ScaleTooFine {
			what: "an input scale",
			got: scale_bits,
			max: TensorSpec::MAX_SCALE_BITS,
		});
	}
	let input = TensorSpec {
		shape: graph.input_shape.clone(),
		scale_bits,
		min: fix("input", domain.min, scale_bits)?,
		max: fix("input", domain.max, scale_bits)?,
		visibility: Visibility::Public,
	};
	let input = if domain.is_binary {
		widen(input)
	} else {
		input
	};
	crate::graph::check_spec("input", &input)?;
	let bounds = Interval {
		min: input.min,
		max: input.max,
	};
	let tensor = Tensor {
		scale_bits,
		bounds: vec![bounds; input.len()],
		readers: 0,
	};
	let mut lowering = Lowering::new(graph, tensor, weight_bits, samples);
	for node in &graph.nodes {
		lowering.node(&node.name, &node.operator)?;
	}
	let output = lowering.output(graph.output)?;
	let graph = Graph::new(without_unread(GraphParts {
		input,
		nodes: lowering.nodes,
		output,
		output_shape: graph.output_shape.clone(),
		post_processing: graph.post_processing,
	}))?;
	Ok((graph, lowering.report))
}

/// Drops the operators that the output does not depend on.
fn without_unread(mut parts: GraphParts) -> GraphParts {
	let mut alive = vec![false; parts.nodes.len() + 1];
	let mark = |tensor: u32, alive: &mut Vec<bool>| {
		if let Some(flag) = alive.get_mut(tensor as usize) {
			*flag = true;
		}
	};
	mark(parts.output, &mut alive);
	for (index, node) in parts.nodes.iter().enumerate().rev() {
		if alive.get(index + 1) == Some(&true) {
			for input in node.operator.inputs() {
				mark(input, &mut alive);
			}
		}
	}
	let mut renamed = vec![0u32];
	let mut kept = 0;
	for flag in alive.iter().skip(1) {
		kept += u32::from(*flag);
		renamed.push(kept);
	}
	// A tensor that does not exist stays so: `Graph::new` refuses it.
	let rename = |tensor: &mut u32| {
		*tensor = renamed.get(*tensor as usize).copied().unwrap_or(u32::MAX);
	};
	let mut flags = alive.into_iter().skip(1);
	parts.nodes.retain(|_| flags.next().unwrap_or_default());
	for node in &mut parts.nodes {
		node.operator.inputs_mut().into_iter().for_each(rename);
	}
	rename(&mut parts.output);
	parts
}

/// `x · 2^scale_bits`, rounded to the nearest integer, halves away from zero.
fn fix(node: &str, x: f64, scale_bits: u8) -> Result<i64, QuantiseError> {
	to_fixed(x, scale_bits).ok_or_else(|| QuantiseError::ConstantOutOfRange {
		node: node.into(),
		got: x,
		scale_bits,
	})
}

/// `x · 2^scale_bits`, rounded to the nearest integer, halves away from zero; nothing if that is
/// not finite or reaches 2^62.
pub fn to_fixed(x: f64, scale_bits: u8) -> Option<i64> {
	// Scaling by a power of two is exact, so this is the same on every machine.
	let scaled = (x * 2f64.powi(i32::from(scale_bits))).round();
	// Below 2^62 the conversion is exact.
	(scaled.abs() < 2f64.powi(62)).then_some(scaled as i64)
}

/// `v / 2^scale_bits`, in double precision.
pub fn from_fixed(v: i64, scale_bits: u8) -> f64 {
	v as f64 / 2f64.powi(i32::from(scale_bits))
}

/// Admissible inputs, as real numbers.
#[derive(Clone, Copy, Debug)]
struct Domain {
	min: f64,
	max: f64,
	/// [`QuantiseOptions::binary_domain`].
	is_binary: bool,
}

fn domain(graph: &FloatGraph, options: &QuantiseOptions) -> Result<Domain, QuantiseError> {
	let expected = graph.input_shape.iter().map(|d| *d as usize).product();
	for (sample, values) in options.calibration.iter().enumerate() {
		let got = if values.len() != expected {
			values.len().to_string()
		} else if values.iter().any(|x| !x.is_finite()) {
			"a value that is not finite".into()
		} else {
			continue;
		};
		return Err(QuantiseError::BadSample {
			sample,
			expected,
			got,
		});
	}
	let (min, max) = match options.input_domain {
		Some(domain) => domain,
		None => calibrated_domain(&options.calibration).unwrap_or(DEFAULT_DOMAIN),
	};
	if !(min.is_finite() && max.is_finite() && min <= max) {
		return Err(QuantiseError::BadDomain { min, max });
	}
	Ok(Domain {
		min,
		max,
		is_binary: options.binary_domain,
	})
}

/// The samples' range and a margin, which never crosses zero.
fn calibrated_domain(samples: &[Vec<f64>]) -> Option<(f64, f64)> {
	let values = || samples.iter().flatten().copied();
	let (min, max) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
	let span = if max > min {
		max - min
	} else {
		max.abs().max(1.0)
	};
	let (low, high) = (min - DOMAIN_MARGIN * span, max + DOMAIN_MARGIN * span);
	Some((
		if min >= 0.0 { low.max(0.0) } else { low },
		if max <= 0.0 { high.min(0.0) } else { high },
	))
}

/// The scale at which the greatest input takes `input_bits` bits.
fn input_scale_bits(min: f64, max: f64, input_bits: i32) -> u8 {
	let greatest = min.abs().max(max.abs());
	let mut bits = MAX_INPUT_SCALE_BITS;
	while bits > MIN_INPUT_SCALE_BITS && greatest * 2f64.powi(bits) > 2f64.powi(input_bits) {
		bits -= 1;
	}
	u8::try_from(bits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{graph::Operator, linear_map::LinearMap};

	fn layer(name: &str, input: usize, rows: &[&[f64]], bias: &[f64]) -> FloatNode {
		let map = LinearMap::from_rows(
			rows[0].len(),
			rows.iter().map(|row| row.iter().copied().enumerate()),
		)
		.unwrap();
		let operator = FloatOperator::Affine {
			terms: vec![(input, map)],
			bias: bias.to_vec(),
		};
		FloatNode {
			name: name.into(),
			operator,
		}
	}

	fn relu(name: &str, input: usize) -> FloatNode {
		FloatNode {
			name: name.into(),
			operator: FloatOperator::Relu { input },
		}
	}

	fn model(nodes: Vec<FloatNode>, outputs: u32) -> FloatGraph {
		FloatGraph {
			input_shape: vec![2],
			output: nodes.len(),
			nodes,
			output_shape: vec![outputs],
			post_processing: None,
		}
	}

	fn network() -> FloatGraph {
		model(
			vec![
				layer("first", 0, &[&[0.5, -1.25], &[0.75, 0.1]], &[0.3, -0.2]),
				relu("relu", 1),
				layer("second", 2, &[&[1.5, -0.7]], &[0.05]),
			],
			1,
		)
	}

	#[test]
	fn the_integer_model_approximates_the_real_one() {
		let graph = quantise(&network(), &QuantiseOptions::default()).unwrap();
		for x in [[1.0, -2.0], [-7.5, 3.25], [8.0, 8.0], [0.0, 0.0]] {
			let fixed = x.map(|x| to_fixed(x, graph.input().scale_bits).unwrap());
			let y = execute(&graph, &fixed).unwrap()[0];
			let y = from_fixed(y, graph.output().scale_bits);
			assert!(
				(y - network().execute(&x)[0]).abs() < 1e-3,
				"{x:?} gives {y}"
			);
		}
	}

	#[test]
	fn a_relu_is_fused_with_the_rescaling_and_the_output_is_not_rescaled() {
		let graph = quantise(&network(), &QuantiseOptions::default()).unwrap();
		assert_eq!(graph.nodes().len(), 3);
		assert_eq!(
			graph.nodes()[1].operator,
			Operator::Rescale {
				input: 1,
				shift: 16,
				relu: true
			}
		);
		assert_eq!(graph.output().scale_bits, graph.input().scale_bits + 16);
	}

	#[test]
	fn layers_without_activation_are_rescaled_between() {
		let graph = model(
			vec![
				layer("first", 0, &[&[0.5, 0.5]], &[0.0]),
				layer("second", 1, &[&[0.5], &[0.25], &[1.5]], &[0.0; 3]),
			],
			3,
		);
		let graph = quantise(&graph, &QuantiseOptions::default()).unwrap();
		assert_eq!(
			graph.nodes()[1].operator,
			Operator::Rescale {
				input: 1,
				shift: 16,
				relu: false
			}
		);
	}

	#[test]
	fn integral_weights_need_no_scale() {
		let graph = model(
			vec![layer("sum", 0, &[&[1.0, -2.0]], &[0.5]), relu("relu", 1)],
			1,
		);
		let graph = quantise(&graph, &QuantiseOptions::default()).unwrap();
		assert_eq!(
			graph.nodes()[1].operator,
			Operator::Rescale {
				input: 1,
				shift: 0,
				relu: true
			}
		);
		assert_eq!(graph.output().scale_bits, graph.input().scale_bits);
	}

	#[test]
	fn the_domain_comes_from_calibration_with_a_margin_on_its_side_of_zero() {
		let options = |calibration| QuantiseOptions {
			calibration,
			..QuantiseOptions::default()
		};
		let graph = quantise(&network(), &options(vec![vec![0.0, 10.0]])).unwrap();
		assert_eq!((graph.input().scale_bits, graph.input().min), (11, 0));
		assert_eq!(graph.input().max, 11 << 11);
		let graph = quantise(&network(), &options(vec![vec![-1.0, 1.0]])).unwrap();
		assert_eq!(
			graph.input().min,
			to_fixed(-1.2, graph.input().scale_bits).unwrap()
		);
	}

	#[test]
	fn impossible_options_are_refused() {
		let with = |options: QuantiseOptions| quantise(&network(), &options).unwrap_err();
		let default = QuantiseOptions::default;
		assert!(matches!(
			with(QuantiseOptions {
				input_domain: Some((1.0, 0.0)),
				..default()
			}),
			QuantiseError::BadDomain { .. }
		));
		assert!(matches!(
			with(QuantiseOptions {
				input_domain: Some((0.0, f64::NAN)),
				..default()
			}),
			QuantiseError::BadDomain { .. }
		));
		assert!(matches!(
			with(QuantiseOptions {
				calibration: vec![vec![1.0]],
				..default()
			}),
			QuantiseError::BadSample {
				sample: 0,
				expected: 2,
				..
			}
		));
		assert!(matches!(
			with(QuantiseOptions {
				weight_scale_bits: Some(41),
				..default()
			}),
			QuantiseError::ScaleTooFine { got: 41, .. }
		));
		assert!(matches!(
			with(QuantiseOptions {
				input_scale_bits: Some(41),
				..default()
			}),
			QuantiseError::ScaleTooFine { got: 41, .. }
		));
		assert!(matches!(
			with(QuantiseOptions {
				input_domain: Some((-1e12, 1e12)),
				..default()
			}),
			QuantiseError::Graph(GraphError::Overflow { .. } | GraphError::Spec { .. })
		));
	}
}
