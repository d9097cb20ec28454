//! `ai.onnx.ml`: linear models, support vector machines, scalers.

use super::one;
use crate::{
	float_graph::Function,
	graph::{Axis, Pairs},
	onnx::{
		attributes::Attributes,
		reader::{Kind, NodeReader, Value, Variable},
		OnnxError,
	},
};

/// Rows and features of operand 0, which has one or two dimensions.
pub fn rows(node: &mut NodeReader<'_>) -> Result<(Variable, usize, usize), OnnxError> {
	let x = node.variable(0)?;
	match x.shape.as_slice() {
		[features] => {
			let features = *features;
			Ok((x, 1, features))
		},
		[rows, features] => {
			let (rows, features) = (*rows, *features);
			Ok((x, rows, features))
		},
		shape => Err(node.bad_shape(format!("expected one or two dimensions, got {shape:?}"))),
	}
}

/// `x·weightsᵀ`, with `weights` of `count` rows.
fn dense(
	node: &mut NodeReader<'_>,
	(x, rows, features): &(Variable, usize, usize),
	weights: Vec<f64>,
	count: usize,
) -> Result<Variable, OnnxError> {
	let weights = node.constant_of(vec![count, *features], weights)?;
	let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
	let axis = |extent: usize, left: usize, right: usize| Axis {
		extent: n(extent),
		left: n(left),
		right: n(right),
	};
	let pairs = Pairs {
		outer: vec![axis(*rows, *features, 0), axis(count, 0, *features)],
		inner: vec![axis(*features, 1, 1)],
	};
	node.contract(x, &weights, vec![*rows, count], pairs)
}

/// What happens to the scores of each row.
pub fn post_transform(
	node: &mut NodeReader<'_>,
	scores: &Variable,
	transform: &str,
) -> Result<Variable, OnnxError> {
	match transform {
		"NONE" => Ok(scores.clone()),
		"LOGISTIC" => node.function(scores, Function::Sigmoid),
		_ => {
			let last = scores.shape.len().saturating_sub(1);
			let groups = super::build::groups(&scores.shape, &[last]);
			node.softmax_groups(scores, &groups)
		},
	}
}

/// The attribute of that name, checked.
pub fn transform_of(attributes: &mut Attributes<'_>) -> Result<String, OnnxError> {
	let transform = attributes
		.string("post_transform")
		.unwrap_or_else(|| "NONE".into());
	if ["NONE", "LOGISTIC", "SOFTMAX"].contains(&transform.as_str()) {
		return Ok(transform);
	}
	Err(attributes.unsupported(
		"post_transform",
		format!("is {transform:?}; supported are \"NONE\", \"LOGISTIC\" and \"SOFTMAX\""),
	))
}

/// A classifier's results: the label, which is left to who reads the scores, and the scores.
pub fn label_and_scores(node: &NodeReader<'_>, scores: Variable) -> Vec<Value> {
	let axis = scores.shape.len().saturating_sub(1);
	let label = Value::ArgMax {
		of: scores.clone(),
		axis,
		last: false,
	};
	vec![label, node.to_value(scores)]
}

/// One score of two classes as both: `1 − p` and p of a probability, −s and s of any other.
pub fn both_classes(
	node: &mut NodeReader<'_>,
	scores: &Variable,
	is_probability: bool,
) -> Result<Variable, OnnxError> {
	let other = node.scaled(scores, -1.0, if is_probability { 1.0 } else { 0.0 })?;
	super::movement::join(node, &[other, scores.clone()], -1)
}

/// LinearRegressor and LinearClassifier.
pub fn linear(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let is_classifier = node.operator.ends_with("Classifier");
	let mut attributes = node.attributes();
	let coefficients = attributes.floats("coefficients").unwrap_or_default();
	let intercepts = attributes.floats("intercepts").unwrap_or_default();
	let classes = classes(&mut attributes);
	attributes.skip("multi_class");
	let targets = if is_classifier {
		intercepts.len().max(1)
	} else {
		usize::try_from(attributes.int("targets", 1)).unwrap_or_default()
	};
	let transform = transform_of(&mut attributes)?;
	attributes.finish()?;
	let x = rows(node)?;
	let (_, rows, features) = &x;
	if targets.checked_mul(*features) != Some(coefficients.len())
		|| ![0, targets].contains(&intercepts.len())
	{
		return Err(node.bad_shape(format!(
			"{targets} targets of {features} features need {targets} × {features} coefficients \
			 and {targets} intercepts, got {} and {}",
			coefficients.len(),
			intercepts.len()
		)));
	}
	node.size(&[*rows, targets])?;
	let product = dense(node, &x, coefficients, targets)?;
	let scores = if intercepts.is_empty() {
		product
	} else {
		let intercepts = node.constant_of(vec![targets], intercepts)?;
		node.sum(&[(&product, 1.0), (&intercepts, 1.0)])?
	};
	if !is_classifier {
		let scores = post_transform(node, &scores, &transform)?;
		return one(node, scores);
	}
	if targets == 1 && classes == 2 {
		let scores = if transform == "SOFTMAX" {
			let both = both_classes(node, &scores, false)?;
			post_transform(node, &both, &transform)?
		} else {
			let scores = post_transform(node, &scores, &transform)?;
			both_classes(node, &scores, transform == "LOGISTIC")?
		};
		return Ok(label_and_scores(node, scores));
	}
	let scores = post_transform(node, &scores, &transform)?;
	Ok(label_and_scores(node, scores))
}

/// Number of classes that a classifier names.
pub fn classes(attributes: &mut Attributes<'_>) -> usize {
	[
		"classlabels_ints",
		"classlabels_int64s",
		"classlabels_strings",
	]
	.into_iter()
	.map(|name| attributes.length(name))
	.max()
	.unwrap_or_default()
}

/// SVMRegressor and SVMClassifier (two classes, or linear without support vectors).
pub fn svm(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let is_classifier = node.operator.ends_with("Classifier");
	let mut attributes = node.attributes();
	let coefficients = attributes.floats("coefficients").unwrap_or_default();
	let vectors = attributes.floats("support_vectors").unwrap_or_default();
	let rho = attributes.floats("rho").unwrap_or_default();
	let kernel = attributes
		.string("kernel_type")
		.unwrap_or_else(|| "LINEAR".into());
	let parameters = attributes.floats("kernel_params").unwrap_or_default();
	let probabilities = attributes.floats("prob_a").unwrap_or_default();
	let per_class = attributes.ints("vectors_per_class").unwrap_or_default();
	let classes = classes(&mut attributes);
	let one_class = attributes.int("one_class", 0) != 0;
	let count = attributes.int("n_supports", 0);
	attributes.skip("prob_b");
	let transform = transform_of(&mut attributes)?;
	let bad_kernel = attributes.unsupported("kernel_type", format!("is {kernel:?}"));
	let bad_probabilities = attributes.unsupported(
		"prob_a",
		"asks for probabilities; only scores are supported",
	);
	let bad_classes = attributes.unsupported("vectors_per_class", "asks for more than two classes");
	attributes.finish()?;
	if !probabilities.is_empty() {
		return Err(bad_probabilities);
	}
	let x = rows(node)?;
	let features = x.2;
	let count = match usize::try_from(count) {
		Ok(count @ 1..) => count,
		_ => vectors.len() / features.max(1),
	};
	let rho = rho.first().copied().unwrap_or_default();
	let score = if vectors.is_empty() {
		// Linear: the coefficients are the weights.
		if coefficients.len() != features {
			return Err(bad_classes);
		}
		dense(node, &x, coefficients, 1)?
	} else {
		if vectors.len() != count * features || coefficients.len() != count {
			return Err(if per_class.len() > 2 {
				bad_classes
			} else {
				node.bad_shape("support vectors and coefficients do not fit the features")
			});
		}
		let parameter = |i: usize, default: f64| parameters.get(i).copied().unwrap_or(default);
		let (gamma, offset, degree) = (parameter(0, 1.0), parameter(1, 0.0), parameter(2, 3.0));
		if kernel == "LINEAR" {
			// Σ c·(v·x) = (Σ c·v)·x
			let weights = (0..features)
				.map(|j| {
					let at = |i: usize| vectors.get(i * features + j).copied().unwrap_or_default();
					coefficients
						.iter()
						.enumerate()
						.map(|(i, c)| c * at(i))
						.sum()
				})
				.collect();
			dense(node, &x, weights, 1)?
		} else {
			let kernels = match kernel.as_str() {
				"RBF" => {
					// ‖v − x‖² = ‖x‖² − 2·v·x + ‖v‖²
					let sizes: Vec<f64> = vectors
						.chunks(features.max(1))
						.map(|v| v.iter().map(|x| x * x).sum())
						.collect();
					let products = dense(node, &x, vectors, count)?;
					let squares = node.times(&x.0, &x.0)?;
					let last = x.0.shape.len().saturating_sub(1);
					let groups = super::build::groups(&x.0.shape, &[last]);
					let norm = node.sum_groups(&squares, vec![x.1, 1], &groups, 1.0)?;
					let sizes = node.constant_of(vec![count], sizes)?;
					let distance =
						node.sum(&[(&products, 2.0 * gamma), (&norm, -gamma), (&sizes, -gamma)])?;
					let distance = node.clip(&distance, None, Some(0.0))?;
					node.function(&distance, Function::Exp)?
				},
				"POLY" if degree.fract() == 0.0 && (1.0..=16.0).contains(&degree) => {
					let products = dense(node, &x, vectors, count)?;
					let line = node.scaled(&products, gamma, offset)?;
					super::arithmetic::whole_power(node, &line, degree as u32)?
				},
				"SIGMOID" => {
					let products = dense(node, &x, vectors, count)?;
					let line = node.scaled(&products, gamma, offset)?;
					node.function(&line, Function::Tanh)?
				},
				_ => return Err(bad_kernel),
			};
			let coefficients = node.constant_of(vec![count, 1], coefficients)?;
			super::matmul::stacked(node, &kernels, &coefficients)?
		}
	};
	let score = node.scaled(&score, 1.0, rho)?;
	if !is_classifier {
		let score = if one_class {
			// 1 above 0, else −1
			let above = node.step(&score, true)?;
			node.scaled(&above, 2.0, -1.0)?
		} else {
			post_transform(node, &score, &transform)?
		};
		return one(node, score);
	}
	if classes != 2 {
		return Err(bad_classes);
	}
	let scores = both_classes(node, &score, false)?;
	let scores = post_transform(node, &scores, &transform)?;
	Ok(label_and_scores(node, scores))
}

/// Scaler: `(x − offset)·scale`.
pub fn scaler(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let offset = attributes.floats("offset").unwrap_or_default();
	let scale = attributes.floats("scale").unwrap_or_default();
	attributes.finish()?;
	let mut x = node.variable(0)?;
	if !offset.is_empty() {
		let offset = node.constant_of(vec![offset.len()], offset)?;
		x = node.difference(&x, &offset)?;
	}
	if !scale.is_empty() {
		let scale = node.constant_of(vec![scale.len()], scale)?;
		x = node.times(&x, &scale)?;
	}
	let kind = Kind::Real;
	one(node, Variable { kind, ..x })
}

/// ArrayFeatureExtractor: columns; over a label, the label's name.
pub fn feature_extractor(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	node.attributes().finish()?;
	if let label @ Value::ArgMax { .. } = node.operand(1)? {
		return Ok(vec![label.clone()]);
	}
	let indices = node.constant_ints(1)?.unwrap_or_default();
	let x = node.variable(0)?;
	let columns = x.shape.last().copied().unwrap_or(1).max(1);
	let outer: usize = x.shape.iter().rev().skip(1).product();
	let mut shape = x.shape.clone();
	match shape.last_mut() {
		Some(last) if x.shape.len() > 1 => *last = indices.len(),
		_ => shape = vec![1, indices.len()],
	}
	let mut picked = Vec::new();
	for row in 0..outer {
		for i in &indices {
			let i = usize::try_from(*i).ok().filter(|i| *i < columns);
			let i = i.ok_or_else(|| node.bad_shape("an index is out of range"))?;
			picked.push(row * columns + i);
		}
	}
	let result = node.pick(&x, shape, picked)?;
	one(node, result)
}

/// FeatureVectorizer: operands side by side.
pub fn feature_vectorizer(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	attributes.skip("inputdimensions");
	attributes.finish()?;
	let mut operands = Vec::new();
	for index in 0..node.operands() {
		operands.push(node.variable(index)?);
	}
	let result = super::movement::join(node, &operands, -1)?;
	one(node, result)
}
