//! Operator families, end to end: what ONNX says, what the real-number model computes, and what the
//! integer model computes.

use crate::support::*;
use inference_circuits::{
	execute::{execute, execute_all},
	graph::{Graph, Operator},
	onnx::parse,
	quantise::{from_fixed, quantise, quantise_with_report, to_fixed, QuantiseOptions},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn options(min: f64, max: f64) -> QuantiseOptions {
	QuantiseOptions {
		input_domain: Some((min, max)),
		..QuantiseOptions::default()
	}
}

fn graph(model: &Model, min: f64, max: f64) -> Graph {
	let original = parse(&model.bytes()).unwrap().simplify().unwrap();
	quantise(&original, &options(min, max)).unwrap()
}

/// The real-number model's and the integer model's outputs.
fn both(model: &Model, input: &[f64]) -> (Vec<f64>, Vec<f64>) {
	let original = parse(&model.bytes()).unwrap();
	let real = original.execute(input);
	let graph = graph(model, -4.0, 4.0);
	let fixed: Vec<i64> = input
		.iter()
		.map(|x| to_fixed(*x, graph.input().scale_bits).unwrap())
		.collect();
	let integer = execute(&graph, &fixed)
		.unwrap()
		.into_iter()
		.map(|y| from_fixed(y, graph.output().scale_bits))
		.collect();
	(real, integer)
}

/// Both must be `expected`: the first almost exactly, the second within `tolerance`.
fn check(model: &Model, input: &[f64], expected: &[f64], tolerance: f64) {
	let (real, integer) = both(model, input);
	assert_eq!(real.len(), expected.len());
	for ((real, integer), expected) in real.iter().zip(&integer).zip(expected) {
		assert!(
			(real - expected).abs() < 1e-5 * expected.abs().max(1.0),
			"real-number model: {real}, expected {expected}"
		);
		assert!(
			(integer - expected).abs() <= tolerance,
			"integer model: {integer}, expected {expected}"
		);
	}
}

const UNIT: f64 = 1.0 / 8192.0;

fn image(channels: u64, height: u64, width: u64) -> Model {
	Model::new(&[
		Dim::Size(1),
		Dim::Size(channels),
		Dim::Size(height),
		Dim::Size(width),
	])
}

mod convolutions {
	use super::*;

	#[test]
	fn strides_pads_and_dilations_should_be_onnxs() {
		let model = image(1, 3, 3)
			.weights("w", &[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])
			.weights("b", &[1], &[0.5])
			.node_with(
				"Conv",
				&["x", "w", "b"],
				"y",
				&[
					ints("strides", &[2, 2]),
					ints("pads", &[1, 0, 0, 1]),
					ints("dilations", &[1, 1]),
				],
			);
		let x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
		let expected = [
			0.5 + 3.0 * 0.1 + 4.0 * 0.2,
			0.5 + 3.0 * 0.3,
			0.5 + 0.4 + 2.0 * 0.5 + 3.0 * 0.7 + 4.0 * 0.8,
			0.5 + 0.6 + 3.0 * 0.9,
		];
		check(&model, &x, &expected, UNIT * 4.0);
		let model = image(1, 1, 5)
			.weights("w", &[1, 1, 1, 2], &[1.0, -1.0])
			.node_with(
				"Conv",
				&["x", "w"],
				"y",
				&[ints("dilations", &[1, 3]), text("auto_pad", "VALID")],
			);
		check(&model, &[1.0, 2.0, 3.0, -1.0, 0.5], &[2.0, 1.5], UNIT);
	}

	#[test]
	fn groups_should_see_their_own_channels() {
		let model = image(2, 1, 1)
			.weights("w", &[2, 1, 1, 1], &[2.0, 3.0])
			.node_with("Conv", &["x", "w"], "y", &[int("group", 2)]);
		check(&model, &[1.0, -1.0], &[2.0, -3.0], UNIT);
	}

	#[test]
	fn transposed_convolutions_should_spread_each_element() {
		let model = image(1, 1, 2)
			.weights("w", &[1, 1, 1, 3], &[1.0, 2.0, 3.0])
			.node_with(
				"ConvTranspose",
				&["x", "w"],
				"y",
				&[ints("strides", &[1, 2])],
			);
		check(&model, &[1.0, -1.0], &[1.0, 2.0, 2.0, -2.0, -3.0], UNIT);
	}

	#[test]
	fn batch_normalisation_should_fold_into_the_convolution() {
		let model = image(1, 1, 2)
			.weights("w", &[1, 1, 1, 1], &[2.0])
			.weights("s", &[1], &[3.0])
			.weights("o", &[1], &[1.0])
			.weights("m", &[1], &[0.5])
			.weights("v", &[1], &[4.0])
			.node("Conv", &["x", "w"], "c")
			.node_with(
				"BatchNormalization",
				&["c", "s", "o", "m", "v"],
				"y",
				&[float("epsilon", 0.0)],
			);
		check(&model, &[1.0, -1.0], &[3.25, -2.75], UNIT);
		assert_eq!(graph(&model, -4.0, 4.0).nodes().len(), 1);
	}

	#[test]
	fn pools_should_leave_out_the_padding() {
		let attributes = [ints("kernel_shape", &[1, 2]), ints("pads", &[0, 1, 0, 0])];
		let average = image(1, 1, 3).node_with("AveragePool", &["x"], "y", &attributes);
		check(&average, &[1.0, 2.0, -4.0], &[1.0, 1.5, -1.0], UNIT);
		let maximum = image(1, 1, 3).node_with("MaxPool", &["x"], "y", &attributes);
		check(&maximum, &[-1.0, -2.0, 3.0], &[-1.0, -1.0, 3.0], UNIT);
		let global = image(2, 1, 2).node("GlobalMaxPool", &["x"], "y");
		check(&global, &[1.0, 2.0, -3.0, -4.0], &[2.0, -3.0], UNIT);
	}
}

mod functions {
	use super::*;

	#[test]
	fn tables_should_be_within_a_thousandth() {
		let x = [-3.9f64, -1.0, -0.25, 0.0, 0.3, 2.0, 4.0];
		let cases: [(&str, &dyn Fn(f64) -> f64); 7] = [
			("Sigmoid", &|x| 1.0 / (1.0 + (-x).exp())),
			("Tanh", &f64::tanh),
			("Exp", &f64::exp),
			("Softplus", &|x| x.exp().ln_1p()),
			("Sin", &f64::sin),
			("Elu", &|x| if x > 0.0 { x } else { x.exp() - 1.0 }),
			("Softsign", &|x| x / (1.0 + x.abs())),
		];
		for (operator, f) in cases {
			let model = Model::row(7).node(operator, &["x"], "y");
			let expected: Vec<f64> = x.iter().map(|x| f(*x)).collect();
			check(&model, &x, &expected, 2e-3);
		}
	}

	#[test]
	fn roots_and_logarithms_should_be_accurate_near_zero() {
		let x = [0.0, 0.001, 0.1, 1.0, 3.9];
		let model = Model::row(5).node("Sqrt", &["x"], "y");
		let expected = x.map(f64::sqrt);
		let input = graph(&model, 0.0, 4.0);
		let fixed: Vec<i64> = x
			.iter()
			.map(|x| to_fixed(*x, input.input().scale_bits).unwrap())
			.collect();
		for ((y, x), want) in execute(&input, &fixed).unwrap().iter().zip(x).zip(expected) {
			let y = from_fixed(*y, input.output().scale_bits);
			assert!((y - want).abs() < 5e-3, "√{x} = {y}");
		}
		let model = Model::row(1).node("Log", &["x"], "y");
		let graph = graph(&model, 0.0, 4.0);
		for x in [0.01, 0.05, 0.5, 3.0] {
			let fixed = to_fixed(x, graph.input().scale_bits).unwrap();
			let y = from_fixed(
				execute(&graph, &[fixed]).unwrap()[0],
				graph.output().scale_bits,
			);
			assert!((y - f64::ln(x)).abs() < 2e-2, "ln {x} = {y}");
		}
	}

	#[test]
	fn values_that_a_function_does_not_take_should_be_clipped_and_reported() {
		let model = Model::row(1).node("Log", &["x"], "y");
		let original = parse(&model.bytes()).unwrap().simplify().unwrap();
		let (_, report) = quantise_with_report(&original, &options(-1.0, 4.0)).unwrap();
		assert_eq!(report.clips.len(), 1);
		assert!(report.clips[0].min > 0.0 && report.clips[0].node == "node_y");
		assert!(report.tables.iter().all(|table| table.function == "log"));
	}

	#[test]
	fn impossible_functions_should_name_the_node_and_a_remedy() {
		let model = Model::row(1).node("Exp", &["x"], "y");
		let original = parse(&model.bytes()).unwrap().simplify().unwrap();
		let error = quantise(&original, &options(0.0, 1000.0))
			.unwrap_err()
			.to_string();
		assert!(
			error.contains("node_y") && error.contains("Clip"),
			"{error}"
		);
		let model = Model::row(2)
			.weights("one", &[1], &[1.0])
			.node("Div", &["one", "x"], "y");
		let original = parse(&model.bytes()).unwrap().simplify().unwrap();
		let error = quantise(&original, &options(-1.0, 1.0))
			.unwrap_err()
			.to_string();
		assert!(
			error.contains("node_y") && error.contains("positive"),
			"{error}"
		);
	}
}

mod normalisations {
	use super::*;

	#[test]
	fn softmax_should_sum_to_one() {
		let model = Model::row(4).node("Softmax", &["x"], "y");
		let x = [1.0f64, -2.0, 3.5, 0.0];
		let sum: f64 = x.iter().map(|x| x.exp()).sum();
		let expected: Vec<f64> = x.iter().map(|x| x.exp() / sum).collect();
		check(&model, &x, &expected, 1e-3);
		let range = graph(&model, -4.0, 4.0).output().clone();
		assert!(from_fixed(range.max, range.scale_bits) <= 1.001);
	}

	#[test]
	fn layer_normalisation_should_be_exact_to_a_thousandth_and_bounded() {
		let model = Model::row(4)
			.weights("s", &[4], &[1.0, 2.0, 1.0, 0.5])
			.weights("b", &[4], &[0.0, 0.0, 1.0, 0.0])
			.node("LayerNormalization", &["x", "s", "b"], "y");
		let x = [1.0f64, 2.0, -3.0, 0.5];
		let mean = x.iter().sum::<f64>() / 4.0;
		let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0;
		let n = |i: usize| (x[i] - mean) / (variance + 1e-5).sqrt();
		let expected = [n(0), 2.0 * n(1), n(2) + 1.0, 0.5 * n(3)];
		check(&model, &x, &expected, 2e-3);
		let range = graph(&model, -4.0, 4.0).output().clone();
		// √4 times the greatest scale, and a margin
		assert!(from_fixed(range.max, range.scale_bits) < 4.2);
	}

	#[test]
	fn a_layer_normalisation_in_parts_should_be_recognised() {
		let model = Model::row(4)
			.weights("two", &[], &[2.0])
			.weights("eps", &[], &[1e-5])
			.node_with("ReduceMean", &["x"], "mean", &[ints("axes", &[-1])])
			.node("Sub", &["x", "mean"], "c")
			.node("Pow", &["c", "two"], "squares")
			.node_with("ReduceMean", &["squares"], "v", &[ints("axes", &[-1])])
			.node("Add", &["v", "eps"], "e")
			.node("Sqrt", &["e"], "root")
			.node("Div", &["c", "root"], "y");
		let graph = graph(&model, -4.0, 4.0);
		let is_division = |node: &inference_circuits::graph::Node| {
			matches!(node.operator, Operator::Divide { .. })
		};
		assert!(!graph.nodes().iter().any(is_division));
		assert!(from_fixed(graph.output().max, graph.output().scale_bits) < 2.1);
		let (real, integer) = both(&model, &[1.0, 2.0, -3.0, 0.5]);
		for (a, b) in real.iter().zip(&integer) {
			assert!((a - b).abs() < 2e-3, "{a} {b}");
		}
	}
}

mod decisions {
	use super::*;

	/// `x <= 0.3 ? 1.5 : (y < -1 ? 2.5 : -3)`
	fn tree() -> Model {
		tree_with_targets(1)
	}

	/// The same, said to have so many targets.
	fn tree_with_targets(targets: i64) -> Model {
		three_leaves(0.3, targets)
	}

	#[test]
	fn a_number_of_targets_should_be_bounded_before_it_is_allocated() {
		for targets in [0, -1, 1 << 32, i64::MAX] {
			let error = parse(&tree_with_targets(targets).bytes()).unwrap_err();
			assert!(
				error.to_string().contains("elements") || targets <= 0,
				"{error}"
			);
		}
	}

	#[test]
	fn trees_should_take_the_branch_that_onnx_takes() {
		for (x, expected) in [
			([0.3f32, 0.0], 1.5),
			([0.301, -1.0], -3.0),
			([0.301, -1.001], 2.5),
			([-4.0, 4.0], 1.5),
		] {
			check(&tree(), &x.map(f64::from), &[expected], 1e-4);
		}
	}

	#[test]
	fn trees_as_matrices_should_decide_the_same() {
		// Hummingbird's form: comparisons, then leaves whose path matches, then their weights.
		let model = Model::row(2)
			.weights("a", &[2, 2], &[1.0, 0.0, 0.0, 1.0])
			.weights("b", &[2], &[0.3, -1.0])
			.weights("c", &[2, 3], &[1.0, -1.0, -1.0, 0.0, 1.0, -1.0])
			.weights("d", &[3], &[1.0, 1.0, 0.0])
			.weights("e", &[3, 1], &[1.5, 2.5, -3.0])
			.node("MatMul", &["x", "a"], "xa")
			.node("LessOrEqual", &["xa", "b"], "p")
			.node_with("Cast", &["p"], "pf", &[int("to", 1)])
			.node("MatMul", &["pf", "c"], "path")
			.node("Equal", &["path", "d"], "leaf")
			.node_with("Cast", &["leaf"], "lf", &[int("to", 1)])
			.node("MatMul", &["lf", "e"], "y");
		for (x, expected) in [([0.3, 0.0], 1.5), ([0.4, -1.5], 2.5), ([0.4, 0.5], -3.0)] {
			check(&model, &x, &[expected], 1e-4);
		}
		// Equality needs one sign only: the path never exceeds its length.
		let signs = graph(&model, -4.0, 4.0)
			.nodes()
			.iter()
			.filter(|node| matches!(node.operator, Operator::Sign { .. }))
			.count();
		assert_eq!(signs, 2);
	}

	#[test]
	fn choices_and_bounds_should_follow_onnx() {
		let model = Model::row(3)
			.weights("zero", &[], &[0.0])
			.weights("low", &[], &[-1.0])
			.weights("high", &[], &[1.5])
			.node("Greater", &["x", "zero"], "c")
			.node("Neg", &["x"], "n")
			.node("Where", &["c", "x", "n"], "w")
			.node("Clip", &["w", "low", "high"], "y");
		check(&model, &[-0.5, 2.0, 0.0], &[0.5, 1.5, 0.0], UNIT);
		let model = Model::row(3)
			.ints("split", &[1, 2])
			.node_with("Split", &["x", "split"], "a", &[int("axis", 1)])
			.node("Relu", &["a"], "y");
		check(&model, &[2.0, 3.0, -3.0], &[2.0], UNIT);
	}
}

mod products {
	use super::*;

	#[test]
	fn matrices_of_two_variables_should_be_multiplied() {
		let model = Model::new(&[Dim::Size(2), Dim::Size(3)])
			.node("Transpose", &["x"], "t")
			.node("MatMul", &["x", "t"], "y");
		let x = [1.0, 2.0, -1.0, 0.5, 0.25, 3.0];
		check(&model, &x, &[6.0, -2.0, -2.0, 9.3125], 1e-3);
		let einsum = Model::new(&[Dim::Size(2), Dim::Size(3)]).node_with(
			"Einsum",
			&["x", "x"],
			"y",
			&[text("equation", "ij,kj->ik")],
		);
		check(&einsum, &x, &[6.0, -2.0, -2.0, 9.3125], 1e-3);
	}

	#[test]
	fn quantised_forms_should_round_halves_to_even() {
		let model = Model::row(4)
			.weights("s", &[], &[0.5])
			.node("QuantizeLinear", &["x", "s"], "q")
			.node("DequantizeLinear", &["q", "s"], "y");
		check(&model, &[0.25, 0.75, 1.3, -2.0], &[0.0, 1.0, 1.5, 0.0], 0.0);
	}
}

/// One of several small models, with all kinds of operators.
fn zoo(index: usize) -> Model {
	match index {
		0 => Model::row(4).node("Softmax", &["x"], "y"),
		1 => Model::row(4).node_with("LpNormalization", &["x"], "y", &[int("axis", 1)]),
		2 => Model::row(4).node("Gelu", &["x"], "y"),
		3 => Model::row(4)
			.node("Mul", &["x", "x"], "m")
			.node_with("ReduceSum", &["m"], "s", &[])
			.node("Sqrt", &["s"], "y"),
		4 => Model::row(4)
			.node_with("ReduceMax", &["x"], "m", &[])
			.node("Sub", &["x", "m"], "y"),
		_ => Model::row(4)
			.node("Round", &["x"], "r")
			.node("Abs", &["r"], "y"),
	}
}

#[test]
fn no_changed_byte_of_a_model_panics() {
	let mut models: Vec<Model> = (0..6).map(zoo).collect();
	models.push(
		image(2, 3, 3)
			.weights("w", &[2, 1, 2, 2], &[0.5; 8])
			.node_with(
				"Conv",
				&["x", "w"],
				"c",
				&[int("group", 2), ints("pads", &[1, 0, 0, 1])],
			)
			.node_with("MaxPool", &["c"], "y", &[ints("kernel_shape", &[2, 2])]),
	);
	for (index, model) in models.iter().enumerate() {
		let bytes = model.bytes();
		for position in 0..bytes.len() {
			for value in [0, 1, 0x7f, 0xff, bytes[position] ^ 1] {
				let mut bytes = bytes.clone();
				bytes[position] = value;
				let Ok(graph) = parse(&bytes).map(|graph| graph.simplify().unwrap()) else {
					continue;
				};
				let length = graph.input_shape.iter().map(|d| *d as usize).product();
				let _ = graph.execute(&vec![0.5; length]);
				if (position + index) % 23 == 0 {
					let _ = quantise(&graph, &options(-4.0, 4.0));
				}
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 64,
		failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
			"tests/models.proptest-regressions",
		))),
		..ProptestConfig::default()
	})]

	#[test]
	fn every_value_lies_within_its_bounds(
		index in 0usize..6,
		x in prop::collection::vec(-4.0f64..4.0, 4),
	) {
		let graph = graph(&zoo(index), -4.0, 4.0);
		let fixed: Vec<i64> =
			x.iter().map(|x| to_fixed(*x, graph.input().scale_bits).unwrap()).collect();
		for (tensor, values) in graph.tensors().iter().zip(execute_all(&graph, &fixed).unwrap()) {
			for (bounds, value) in tensor.bounds.iter().zip(values) {
				prop_assert!((bounds.min..=bounds.max).contains(&value));
			}
		}
	}

	#[test]
	fn integer_models_stay_near_the_real_ones(
		index in 2usize..5,
		x in prop::collection::vec(-4.0f64..4.0, 4),
	) {
		let (real, integer) = both(&zoo(index), &x);
		for (a, b) in real.iter().zip(&integer) {
			prop_assert!((a - b).abs() < 5e-3, "{} {}", a, b);
		}
	}
}
