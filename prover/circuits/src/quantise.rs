//! Chooses scales and rounds a real-number model to an integer one.
//!
//! **Scales.** The input, and every activation that feeds a linear operator, has `input_scale_bits`
//! binary digits after the point; weights have `weight_scale_bits`; a linear operator's result has
//! both together, exactly. It is brought back by one rounding division, fused with a ReLU that
//! follows. What the last operator computes is not rounded: a linear regression needs no range
//! check at all. Weights that are all integers, with a bias that is exact, have scale 0.
//!
//! **Domain.** Declared, or taken from the calibration samples with a margin, or ±8.

use crate::{
	float_graph::{FloatGraph, FloatNode, FloatOperator},
	graph::{Graph, GraphError, GraphParts, Node, Operator, Term, MAX_SHIFT},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};

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
	/// The integer model is not valid.
	#[error(transparent)]
	Graph(#[from] GraphError),
}

/// Rounds `graph` to integers.
pub fn quantise(graph: &FloatGraph, options: &QuantiseOptions) -> Result<Graph, QuantiseError> {
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
	let (min, max) = domain(graph, options)?;
	// One affine operator is not rescaled.
	let is_linear = matches!(
		graph.nodes.as_slice(),
		[FloatNode {
			operator: FloatOperator::Affine { .. },
			..
		}]
	);
	let input_bits = if is_linear {
		LINEAR_INPUT_BITS
	} else {
		INPUT_BITS
	};
	let scale_bits = options
		.input_scale_bits
		.unwrap_or_else(|| input_scale_bits(min, max, input_bits));
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
		min: fix("input", min, scale_bits)?,
		max: fix("input", max, scale_bits)?,
		visibility: Visibility::Public,
	};
	let mut quantiser = Quantiser {
		scale_bits,
		weight_bits,
		nodes: Vec::new(),
		values: vec![Quantised {
			tensor: 0,
			excess: 0,
			rescaled: Some(0),
		}],
	};
	for node in &graph.nodes {
		quantiser.node(&node.name, &node.operator)?;
	}
	let output = quantiser
		.values
		.get(graph.output)
		.map_or(0, |value| value.tensor);
	Ok(Graph::new(without_unread(GraphParts {
		input,
		nodes: quantiser.nodes,
		output,
		output_shape: graph.output_shape.clone(),
		post_processing: graph.post_processing,
	}))?)
}

/// A value of the real-number model in the integer one.
struct Quantised {
	/// Its tensor.
	tensor: u32,
	/// Scale bits of that tensor above the activations' scale.
	excess: u8,
	/// The tensor brought back to the activations' scale, if there is one already.
	rescaled: Option<u32>,
}

struct Quantiser {
	scale_bits: u8,
	weight_bits: u8,
	nodes: Vec<Node>,
	values: Vec<Quantised>,
}

impl Quantiser {
	fn push(&mut self, name: &str, operator: Operator) -> u32 {
		self.nodes.push(Node {
			name: name.into(),
			operator,
		});
		u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
	}

	/// The tensor of `value` at the activations' scale.
	fn rescaled(&mut self, value: usize) -> u32 {
		let Some(Quantised {
			tensor,
			excess,
			rescaled,
		}) = self.values.get(value)
		else {
			// `Graph::new` refuses it.
			return u32::MAX;
		};
		if let Some(tensor) = rescaled {
			return *tensor;
		}
		let (input, shift) = (*tensor, *excess);
		let name = (input as usize)
			.checked_sub(1)
			.and_then(|i| self.nodes.get(i))
			.map(|n| n.name.clone());
		let operator = Operator::Rescale {
			input,
			shift,
			relu: false,
		};
		let tensor = self.push(&name.unwrap_or_default(), operator);
		if let Some(value) = self.values.get_mut(value) {
			value.rescaled = Some(tensor);
		}
		tensor
	}

	fn node(&mut self, name: &str, operator: &FloatOperator) -> Result<(), QuantiseError> {
		let value = match operator {
			FloatOperator::Relu { input } => {
				let (input, shift) = self
					.values
					.get(*input)
					.map_or((u32::MAX, 0), |v| (v.tensor, v.excess));
				let tensor = self.push(
					name,
					Operator::Rescale {
						input,
						shift,
						relu: true,
					},
				);
				Quantised {
					tensor,
					excess: 0,
					rescaled: Some(tensor),
				}
			},
			FloatOperator::Affine { terms, bias } => {
				let weight_bits = if self.is_integral(terms, bias) {
					0
				} else {
					self.weight_bits
				};
				let acc_bits = self.scale_bits.saturating_add(weight_bits);
				let bias = bias
					.iter()
					.map(|b| fix(name, *b, acc_bits))
					.collect::<Result<Vec<_>, _>>()?;
				let terms = terms
					.iter()
					.map(|(value, map)| {
						// Rounding makes zeros: dropped by rebuilding the map.
						let fixed = map.try_map(|w| fix(name, w, weight_bits))?;
						let map = LinearMap::from_rows(fixed.inputs(), fixed.rows()).map_err(
							|error| GraphError::Map {
								node: name.into(),
								error,
							},
						)?;
						Ok(Term {
							input: self.rescaled(*value),
							map,
						})
					})
					.collect::<Result<Vec<_>, QuantiseError>>()?;
				let tensor = self.push(
					name,
					Operator::Affine {
						terms,
						bias,
						weight_bits,
					},
				);
				let rescaled = (weight_bits == 0).then_some(tensor);
				Quantised {
					tensor,
					excess: weight_bits,
					rescaled,
				}
			},
		};
		self.values.push(value);
		Ok(())
	}

	/// Whether no weight needs binary digits after the point, and the bias none beyond the scale.
	fn is_integral(&self, terms: &[(usize, LinearMap<f64>)], bias: &[f64]) -> bool {
		let scale = 2f64.powi(i32::from(self.scale_bits));
		terms
			.iter()
			.all(|(_, map)| map.weights().iter().all(|w| w.fract() == 0.0))
			&& bias.iter().all(|b| (b * scale).fract() == 0.0)
	}
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

fn domain(graph: &FloatGraph, options: &QuantiseOptions) -> Result<(f64, f64), QuantiseError> {
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
	Ok((min, max))
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
	use crate::execute::execute;

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
				input_scale_bits: Some(30),
				..default()
			}),
			QuantiseError::Graph(GraphError::Spec {
				tensor: "output",
				..
			})
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
