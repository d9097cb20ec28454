//! Resizing, scattering, one-hot vectors and recurrent layers: what ONNX says, in both models.

use crate::support::*;
use inference_circuits::{
	execute::execute,
	onnx::{parse, OnnxError},
	quantise::{from_fixed, quantise, to_fixed, QuantiseOptions},
};

/// Both models must compute `expected`.
fn check(model: &Model, input: &[f64], expected: &[f64]) {
	let read = parse(&model.bytes()).unwrap();
	let real = read.execute(input);
	let options = QuantiseOptions {
		input_domain: Some((-8.0, 8.0)),
		..QuantiseOptions::default()
	};
	let graph = quantise(&read.simplify().unwrap(), &options).unwrap();
	let scale = graph.input().scale_bits;
	let fixed: Vec<i64> = input.iter().map(|x| to_fixed(*x, scale).unwrap()).collect();
	let integer = execute(&graph, &fixed).unwrap();
	assert_eq!(
		(real.len(), integer.len()),
		(expected.len(), expected.len())
	);
	for ((real, integer), expected) in real.iter().zip(integer).zip(expected) {
		let integer = from_fixed(integer, graph.output().scale_bits);
		assert!(
			(real - expected).abs() < 1e-5,
			"{real}, expected {expected}"
		);
		assert!(
			(integer - expected).abs() < 5e-3,
			"{integer}, expected {expected}"
		);
	}
}

fn refused(model: &Model) -> OnnxError {
	parse(&model.bytes()).unwrap_err()
}

/// A row of 4 as an image of 1 × 4, resized by `scale` along the width.
fn resized(scale: f32, attributes: &[Message]) -> Model {
	Model::new(&[Dim::Size(1), Dim::Size(1), Dim::Size(1), Dim::Size(4)])
		.weights("scales", &[4], &[1.0, 1.0, 1.0, scale])
		.node_with("Resize", &["x", "", "scales"], "y", attributes)
}

#[test]
fn resizing_should_follow_onnx() {
	let x = [1.0, 2.0, 3.0, 4.0];
	check(
		&resized(2.0, &[text("mode", "nearest")]),
		&x,
		&[1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0],
	);
	// half_pixel: coordinates −0.25, 0.25, 0.75, …
	check(
		&resized(2.0, &[text("mode", "linear")]),
		&x,
		&[1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0],
	);
	let corners = [
		text("mode", "linear"),
		text("coordinate_transformation_mode", "align_corners"),
	];
	check(&resized(0.5, &corners), &x, &[1.0, 4.0]);
	let antialias = [text("mode", "linear"), int("antialias", 1)];
	check(&resized(0.5, &antialias), &x, &[1.625, 3.375]);
	assert!(matches!(
		refused(&resized(2.0, &[text("mode", "sinc")])),
		OnnxError::UnsupportedAttribute { .. }
	));
	for scale in [0.0, -1.0, f32::MAX] {
		assert!(matches!(
			refused(&resized(scale, &[])),
			OnnxError::ShapeMismatch { .. } | OnnxError::TooLarge { .. }
		));
	}
}

fn scattered(indices: &[i64], reduction: &str) -> Model {
	Model::row(4)
		.tensor(
			tensor_head("i", &[1, indices.len() as u64], INT64).bytes(
				9,
				&indices
					.iter()
					.flat_map(|i| i.to_le_bytes())
					.collect::<Vec<u8>>(),
			),
		)
		.weights(
			"u",
			&[1, indices.len() as u64],
			&[5.0, -6.0, 2.0][..indices.len()],
		)
		.node_with(
			"ScatterElements",
			&["x", "i", "u"],
			"y",
			&[int("axis", 1), text("reduction", reduction)],
		)
}

#[test]
fn scattering_should_take_updates_in_their_order() {
	let x = [1.0, 2.0, 3.0, -4.0];
	check(&scattered(&[1, -1], "none"), &x, &[1.0, 5.0, 3.0, -6.0]);
	check(&scattered(&[1, 1, 0], "none"), &x, &[2.0, -6.0, 3.0, -4.0]);
	check(&scattered(&[1, 1, 0], "add"), &x, &[3.0, 1.0, 3.0, -4.0]);
	check(&scattered(&[3, 0], "mul"), &x, &[-6.0, 2.0, 3.0, -20.0]);
	check(&scattered(&[1, 1, 0], "max"), &x, &[2.0, 5.0, 3.0, -4.0]);
	check(&scattered(&[1, 1, 0], "min"), &x, &[1.0, -6.0, 3.0, -4.0]);
	assert!(matches!(
		refused(&scattered(&[4], "none")),
		OnnxError::ShapeMismatch { .. }
	));
	assert!(matches!(
		refused(&scattered(&[0], "mean")),
		OnnxError::UnsupportedAttribute { .. }
	));
}

#[test]
fn one_hot_should_count_from_the_end_and_leave_out_what_is_outside() {
	let model = Model::row(3)
		.ints("depth", &[3])
		.weights("values", &[2], &[-1.0, 4.0])
		.node("OneHot", &["x", "depth", "values"], "y");
	let expected = [[-1.0, -1.0, 4.0], [4.0, -1.0, -1.0], [-1.0, -1.0, -1.0]];
	check(&model, &[2.0, -3.0, 3.0], &expected.concat());
}

/// A layer of one unit over three steps of one value.
fn recurrent(operator: &str, gates: usize, attributes: &[Message]) -> Model {
	let weights: Vec<f32> = (0..gates).map(|i| 0.5 - 0.4 * i as f32).collect();
	let recurrent: Vec<f32> = (0..gates).map(|i| 0.3 * i as f32 - 0.2).collect();
	let bias: Vec<f32> = (0..2 * gates).map(|i| 0.1 * i as f32).collect();
	let gates = gates as u64;
	Model::new(&[Dim::Size(3), Dim::Size(1), Dim::Size(1)])
		.weights("w", &[1, gates, 1], &weights)
		.weights("r", &[1, gates, 1], &recurrent)
		.weights("b", &[1, 2 * gates], &bias)
		.node_with(operator, &["x", "w", "r", "b"], "y", attributes)
}

fn sigmoid(x: f64) -> f64 {
	1.0 / (1.0 + (-x).exp())
}

#[test]
fn recurrent_layers_should_be_unrolled() {
	let x = [1.0, -2.0, 0.5];
	let w = |i: usize| 0.5 - 0.4 * i as f64;
	let r = |i: usize| 0.3 * i as f64 - 0.2;
	let b = |i: usize| 0.1 * i as f64;
	let size = int("hidden_size", 1);

	let (mut h, mut expected) = (0.0f64, Vec::new());
	for x in x.iter().rev() {
		h = (w(0) * x + r(0) * h + b(0) + b(1)).tanh();
		expected.insert(0, h);
	}
	let reverse = text("direction", "reverse");
	check(
		&recurrent("RNN", 1, &[size.clone(), reverse]),
		&x,
		&expected,
	);

	let (mut h, mut expected) = (0.0, Vec::new());
	for x in x {
		let z = sigmoid(w(0) * x + r(0) * h + b(0) + b(3));
		let reset = sigmoid(w(1) * x + r(1) * h + b(1) + b(4));
		let candidate = (w(2) * x + r(2) * (reset * h) + b(2) + b(5)).tanh();
		h = (1.0 - z) * candidate + z * h;
		expected.push(h);
	}
	check(
		&recurrent("GRU", 3, std::slice::from_ref(&size)),
		&x,
		&expected,
	);

	let (mut h, mut c, mut expected) = (0.0, 0.0, Vec::new());
	for x in x {
		let gate = |i: usize| w(i) * x + r(i) * h + b(i) + b(i + 4);
		let (input, output, forget) = (sigmoid(gate(0)), sigmoid(gate(1)), sigmoid(gate(2)));
		c = forget * c + input * gate(3).tanh();
		h = output * f64::tanh(c);
		expected.push(h);
	}
	check(
		&recurrent("LSTM", 4, std::slice::from_ref(&size)),
		&x,
		&expected,
	);

	let sideways = text("direction", "sideways");
	let error = refused(&recurrent("LSTM", 4, &[size, sideways]));
	assert!(matches!(error, OnnxError::UnsupportedAttribute { .. }));
	let error = refused(&recurrent("GRU", 3, &[int("hidden_size", 2)]));
	assert!(matches!(error, OnnxError::ShapeMismatch { .. }));
	let error = refused(&recurrent("RNN", 1, &[int("hidden_size", i64::MAX)]));
	assert!(matches!(error, OnnxError::TooLarge { .. }));
}

#[test]
fn pooling_should_say_where_the_greatest_are() {
	let pooled = |order: i64| {
		Model::new(&[Dim::Size(1), Dim::Size(1), Dim::Size(2), Dim::Size(3)])
			.two_results(
				"MaxPool",
				&["x"],
				["v", "i"],
				&[ints("kernel_shape", &[2, 2]), int("storage_order", order)],
			)
			.node_with("Cast", &["i"], "f", &[int("to", 1)])
			.node_with("Concat", &["v", "f"], "y", &[int("axis", 3)])
	};
	let x = [1.0, 5.0, 2.0, 3.0, -1.0, 5.0];
	check(&pooled(0), &x, &[5.0, 5.0, 1.0, 1.0]);
	check(&pooled(1), &x, &[5.0, 5.0, 2.0, 2.0]);
}

#[test]
fn exponents_may_differ() {
	let model = Model::row(3)
		.weights("e", &[3], &[2.0, 3.0, 0.0])
		.node("Pow", &["x", "e"], "y");
	check(&model, &[-3.0, -2.0, 7.0], &[9.0, -8.0, 1.0]);
}
