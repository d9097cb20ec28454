//! `ai.onnx.ml`: linear models, scalers.

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
pub fn dense(
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
		shape: None,
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
	if let Value::ArgMax { of, axis, last, .. } = node.operand(1)? {
		return Ok(vec![Value::ArgMax {
			of: of.clone(),
			axis: *axis,
			last: *last,
			shape: None,
		}]);
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
