//! Normalisations: by constants, or by the tensor's own mean and variance.

use super::{
	build::{group_of, groups},
	one,
};
use crate::onnx::{
	reader::{NodeReader, Value, Variable},
	shape, OnnxError,
};

/// The normalisation operators.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let x = node.variable(0)?;
	let result = match node.operator {
		"BatchNormalization" => batch(node, &x)?,
		"LayerNormalization" | "RMSNormalization" => return layer(node, &x),
		"InstanceNormalization" | "GroupNormalization" => group(node, &x)?,
		"MeanVarianceNormalization" => {
			let mut attributes = node.attributes();
			let axes = attributes.ints("axes").unwrap_or_else(|| vec![0, 2, 3]);
			attributes.finish()?;
			let axes = resolve(node, &axes, &x)?;
			let groups = groups(&x.shape, &axes);
			centred_and_scaled(node, &x, &groups, true, 1e-9)?
		},
		"LpNormalization" => {
			let mut attributes = node.attributes();
			let (axis, p) = (attributes.int("axis", -1), attributes.int("p", 2));
			attributes.finish()?;
			let axes = resolve(node, &[axis], &x)?;
			let groups = groups(&x.shape, &axes);
			by_norm(node, &x, &groups, if p == 1 { "L1" } else { "L2" })?
		},
		"ai.onnx.ml.Normalizer" => {
			let mut attributes = node.attributes();
			let norm = attributes.string("norm").unwrap_or_else(|| "MAX".into());
			attributes.finish()?;
			let last = x.shape.len().saturating_sub(1);
			let groups = groups(&x.shape, &[last]);
			by_norm(node, &x, &groups, &norm)?
		},
		_ => local_response(node, &x)?,
	};
	one(node, result)
}

fn resolve(node: &NodeReader<'_>, axes: &[i64], x: &Variable) -> Result<Vec<usize>, OnnxError> {
	axes.iter()
		.map(|axis| shape::axis(*axis, x.shape.len()))
		.collect::<Option<_>>()
		.ok_or_else(|| node.bad_shape("an axis is no dimension"))
}

/// One number per channel, as a tensor that broadcasts.
fn per_channel(x: Variable, rank: usize) -> Variable {
	let mut shape = vec![1; rank.max(2)];
	if let Some(slot) = shape.get_mut(1) {
		*slot = x.shape.iter().product();
	}
	Variable { shape, ..x }
}

/// `(x − mean) / √(variance + ε)·scale + shift` with constants: linear.
fn batch(node: &mut NodeReader<'_>, x: &Variable) -> Result<Variable, OnnxError> {
	let mut attributes = node.attributes();
	let epsilon = attributes.float("epsilon", 1e-5);
	let training = attributes.int("training_mode", 0) != 0;
	for ignored in ["momentum", "spatial", "is_test", "consumed_inputs"] {
		attributes.skip(ignored);
	}
	let bad = attributes.unsupported("training_mode", "is 1: only inference is supported");
	attributes.finish()?;
	if training {
		return Err(bad);
	}
	let rank = x.shape.len();
	let mut operands = Vec::new();
	for index in 1..5 {
		operands.push(per_channel(node.variable(index)?, rank));
	}
	let [scale, shift, mean, variance] = operands.as_slice() else {
		return Err(node.bad_operand("an operand is missing"));
	};
	let root = node.inverse_sqrt(variance, epsilon)?;
	let factor = node.times(scale, &root)?;
	let centred = node.difference(x, mean)?;
	let scaled = node.times(&centred, &factor)?;
	node.sum(&[(&scaled, 1.0), (shift, 1.0)])
}

/// LayerNormalization and RMSNormalization: over all dimensions from the axis on. Further results are
/// the mean and the reciprocal of the deviation.
fn layer(node: &mut NodeReader<'_>, x: &Variable) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", -1);
	let epsilon = attributes.float("epsilon", 1e-5);
	attributes.skip("stash_type");
	attributes.finish()?;
	let first = resolve(node, &[axis], x)?
		.first()
		.copied()
		.unwrap_or_default();
	let groups = groups(&x.shape, &(first..x.shape.len()).collect::<Vec<_>>());
	let centre = node.operator == "LayerNormalization";
	let mut result = centred_and_scaled(node, x, &groups, centre, epsilon)?;
	if let Some(scale) = node.optional_variable(1)? {
		result = node.times(&result, &scale)?;
	}
	if let Some(shift) = node.optional_variable(2)? {
		result = node.sum(&[(&result, 1.0), (&shift, 1.0)])?;
	}
	let mut results = vec![node.to_value(result)];
	if centre && node.results() > 1 {
		let mut shape = x.shape.clone();
		shape.iter_mut().skip(first).for_each(|d| *d = 1);
		let size = groups.first().map_or(1, Vec::len) as f64;
		let mean = node.sum_groups(x, shape.clone(), &groups, 1.0 / size)?;
		let of = group_of(x, &groups);
		let wide = node.pick(&mean, x.shape.clone(), of)?;
		let centred = node.difference(x, &wide)?;
		let squares = node.times(&centred, &centred)?;
		let sums = node.sum_groups(&squares, shape, &groups, 1.0)?;
		let root = node.inverse_sqrt(&sums, epsilon * size)?;
		let root = node.scaled(&root, size.sqrt(), 0.0)?;
		results.extend([node.to_value(mean), node.to_value(root)]);
	}
	Ok(results)
}

/// InstanceNormalization and GroupNormalization: over the spatial dimensions of some channels.
fn group(node: &mut NodeReader<'_>, x: &Variable) -> Result<Variable, OnnxError> {
	let mut attributes = node.attributes();
	let epsilon = attributes.float("epsilon", 1e-5);
	let count = attributes.optional_int("num_groups");
	attributes.skip("stash_type");
	attributes.finish()?;
	let [batch, channels, spatial @ ..] = x.shape.as_slice() else {
		return Err(node.bad_shape("expected a batch and a channel dimension"));
	};
	let count = count
		.and_then(|n| usize::try_from(n).ok())
		.unwrap_or(*channels);
	if count == 0 || channels % count != 0 {
		return Err(node.bad_shape("the channels cannot be grouped so"));
	}
	let split = [
		*batch,
		count,
		channels / count * spatial.iter().product::<usize>(),
	];
	let groups = groups(&split, &[2]);
	let result = centred_and_scaled(node, x, &groups, true, epsilon)?;
	let rank = x.shape.len();
	let expand = |x: Variable| {
		// Before opset 21, GroupNormalization has one number per group.
		let n: usize = x.shape.iter().product();
		(n, x)
	};
	let mut operands = Vec::new();
	for index in 1..3 {
		let (n, value) = expand(node.variable(index)?);
		let value = if n == count && n != *channels {
			let repeat = channels / count;
			node.pick(&value, vec![*channels], (0..*channels).map(|c| c / repeat))?
		} else {
			value
		};
		operands.push(per_channel(value, rank));
	}
	let [scale, shift] = operands.as_slice() else {
		return Err(node.bad_operand("an operand is missing"));
	};
	let result = node.times(&result, scale)?;
	node.sum(&[(&result, 1.0), (shift, 1.0)])
}

/// `(x − mean) / √(variance + ε)` per group, or without the mean.
fn centred_and_scaled(
	node: &mut NodeReader<'_>,
	x: &Variable,
	groups: &[Vec<usize>],
	centre: bool,
	epsilon: f64,
) -> Result<Variable, OnnxError> {
	let of = group_of(x, groups);
	let size = groups.first().map_or(1, Vec::len) as f64;
	let count = vec![groups.len()];
	let centred = if centre {
		let mean = node.sum_groups(x, count.clone(), groups, 1.0 / size)?;
		let mean = node.pick(&mean, x.shape.clone(), of.iter().copied())?;
		node.difference(x, &mean)?
	} else {
		x.clone()
	};
	let squares = node.times(&centred, &centred)?;
	let sums = node.sum_groups(&squares, count, groups, 1.0)?;
	// 1/√(Σ/n + ε) = √n / √(Σ + n·ε)
	let root = node.inverse_sqrt(&sums, epsilon * size)?;
	let root = node.pick(&root, x.shape.clone(), of)?;
	let product = node.times(&centred, &root)?;
	// At most 1 by Cauchy and Schwarz, which the intervals do not see.
	let bound = 1.0 + 1.0 / 64.0;
	let product = node.clip(&product, Some(-bound), Some(bound))?;
	node.scaled(&product, size.sqrt(), 0.0)
}

/// `x / norm` per group.
fn by_norm(
	node: &mut NodeReader<'_>,
	x: &Variable,
	groups: &[Vec<usize>],
	norm: &str,
) -> Result<Variable, OnnxError> {
	let of = group_of(x, groups);
	let count = vec![groups.len()];
	if norm == "L2" {
		let squares = node.times(x, x)?;
		let sums = node.sum_groups(&squares, count, groups, 1.0)?;
		let root = node.inverse_sqrt(&sums, 0.0)?;
		let root = node.pick(&root, x.shape.clone(), of)?;
		let product = node.times(x, &root)?;
		let bound = 1.0 + 1.0 / 64.0;
		return node.clip(&product, Some(-bound), Some(bound));
	}
	let divisors = match norm {
		"L1" => {
			let size = node.magnitude(x)?;
			node.sum_groups(&size, count, groups, 1.0)?
		},
		"MAX" => node.extreme_groups(x, count, groups, true)?,
		other => return Err(node.bad_operand(format!("norm {other:?} is not supported"))),
	};
	let divisors = node.pick(&divisors, x.shape.clone(), of)?;
	node.quotient(x, &divisors)
}

/// LRN: `x / (bias + alpha/size · Σ x²)^beta`, the sum over channels near by.
fn local_response(node: &mut NodeReader<'_>, x: &Variable) -> Result<Variable, OnnxError> {
	let mut attributes = node.attributes();
	let (alpha, beta) = (
		attributes.float("alpha", 1e-4),
		attributes.float("beta", 0.75),
	);
	let bias = attributes.float("bias", 1.0);
	let size = usize::try_from(attributes.int("size", 1))
		.unwrap_or(1)
		.max(1);
	attributes.finish()?;
	let [batch, channels, spatial @ ..] = x.shape.as_slice() else {
		return Err(node.bad_shape("expected a batch and a channel dimension"));
	};
	let plane: usize = spatial.iter().product();
	let squares = node.times(x, x)?;
	let mut groups = Vec::new();
	for b in 0..*batch {
		for c in 0..*channels {
			let first = c.saturating_sub((size - 1) / 2);
			let last = (c + size / 2).min(channels - 1);
			for i in 0..plane {
				groups.push(
					(first..=last)
						.map(|c| (b * channels + c) * plane + i)
						.collect(),
				);
			}
		}
	}
	let sums = node.sum_groups(&squares, x.shape.clone(), &groups, alpha / size as f64)?;
	let sums = node.scaled(&sums, 1.0, bias)?;
	let factor = node.function(&sums, crate::float_graph::Function::Pow { exponent: -beta })?;
	node.times(x, &factor)
}
