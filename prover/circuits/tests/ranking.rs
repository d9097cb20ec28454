//! ArgMax, ArgMin and TopK inside a model: what ONNX says, computed and constrained.

use crate::assignment::Assignment;
use crate::support::*;
use inference_circuits::{
	execute::{execute, execute_all},
	float_graph::{FloatOperator, PostProcessing},
	graph::Graph,
	layout,
	onnx::{parse, parse_with, Output, ReadOptions},
	quantise::{from_fixed, quantise, to_fixed, QuantiseOptions},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn graph(model: &Model) -> Graph {
	let original = parse(&model.bytes()).unwrap().simplify().unwrap();
	let options = QuantiseOptions {
		input_domain: Some((-4.0, 4.0)),
		..QuantiseOptions::default()
	};
	quantise(&original, &options).unwrap()
}

fn fixed(graph: &Graph, input: &[f64]) -> Vec<i64> {
	let scale = graph.input().scale_bits;
	input.iter().map(|x| to_fixed(*x, scale).unwrap()).collect()
}

/// What the integer model computes, which the real-number model must, too.
fn run(model: &Model, input: &[f64]) -> Vec<f64> {
	let graph = graph(model);
	let output = execute(&graph, &fixed(&graph, input)).unwrap();
	let scale = graph.output().scale_bits;
	let output: Vec<f64> = output.iter().map(|y| from_fixed(*y, scale)).collect();
	assert_eq!(parse(&model.bytes()).unwrap().execute(input), output);
	output
}

fn matrix() -> Model {
	Model::new(&[Dim::Size(2), Dim::Size(3)])
}

fn arg(operator: &str, axis: i64, keep: i64, last: i64) -> Model {
	let attributes = [
		int("axis", axis),
		int("keepdims", keep),
		int("select_last_index", last),
	];
	matrix().node_with(operator, &["x"], "y", &attributes)
}

const X: [f64; 6] = [2.0, 2.0, -1.0, 3.0, -1.0, -1.0];

#[test]
fn indices_along_each_axis() {
	assert_eq!(run(&arg("ArgMax", 1, 1, 0), &X), [0.0, 0.0]);
	assert_eq!(run(&arg("ArgMax", 1, 0, 1), &X), [1.0, 0.0]);
	assert_eq!(run(&arg("ArgMax", 0, 1, 0), &X), [1.0, 0.0, 0.0]);
	assert_eq!(run(&arg("ArgMax", 0, 0, 1), &X), [1.0, 0.0, 1.0]);
	assert_eq!(run(&arg("ArgMin", -1, 0, 0), &X), [2.0, 1.0]);
	assert_eq!(run(&arg("ArgMin", 1, 1, 1), &X), [2.0, 2.0]);
	assert_eq!(graph(&arg("ArgMax", 1, 1, 0)).output().shape, [2, 1]);
	assert_eq!(graph(&arg("ArgMax", 1, 0, 0)).output().shape, [2]);
}

#[test]
fn an_index_can_be_computed_with() {
	// 10·argmax(2·x) − 1
	let model = Model::row(4)
		.weights("two", &[1], &[2.0])
		.weights("ten", &[1], &[10.0])
		.weights("one", &[1], &[1.0])
		.node("Mul", &["x", "two"], "d")
		.node_with("ArgMax", &["d"], "i", &[int("axis", 1)])
		.node_with("Cast", &["i"], "f", &[int("to", 1)])
		.node("Mul", &["f", "ten"], "t")
		.node("Sub", &["t", "one"], "y");
	assert_eq!(run(&model, &[0.5, -3.0, 1.5, 1.5]), [19.0]);
}

#[test]
fn a_trailing_index_is_left_to_the_reader_of_its_operand_alone() {
	let scores = Model::row(2)
		.weights("w", &[2, 3], &[1.0, 2.0, -1.0, 0.5, -2.0, 1.0])
		.node("MatMul", &["x", "w"], "s");
	let alone = scores
		.clone()
		.node_with("ArgMax", &["s"], "y", &[int("axis", 1)]);
	let read = parse(&alone.bytes()).unwrap();
	let post_processing = PostProcessing::ArgMax {
		axis: 0,
		last: false,
	};
	assert_eq!(read.post_processing, Some(post_processing));
	assert_eq!(read.output_shape, [3]);
	let outputs = |model: &Model| {
		let read = parse_with(&model.bytes(), &ReadOptions::default()).unwrap();
		assert_eq!(read.graph.post_processing, None);
		read.outputs
	};
	// Beside its operand, too.
	let beside = scores
		.clone()
		.node_with("ArgMax", &["s"], "l", &[int("axis", 1)])
		.node_with("Cast", &["s"], "y", &[int("to", 1)])
		.output("l");
	assert_eq!(outputs(&beside)[1].1, Output::ArgMax);
	// Beside something that it does not follow from, it is proven.
	let apart = scores
		.node_with("ArgMax", &["s"], "l", &[int("axis", 1)])
		.node("Relu", &["s"], "y")
		.output("l");
	let elements = Output::Elements {
		start: 3,
		length: 1,
	};
	assert_eq!(outputs(&apart)[1].1, elements);
	assert_eq!(run(&apart, &[1.0, 1.0])[3], 0.0);
	assert_eq!(run(&apart, &[-1.0, 1.0])[3], 2.0);
}

/// TopK of a row of `n`: values and indices.
fn top_k(n: u64, k: i64, largest: i64) -> Model {
	Model::row(n)
		.ints("k", &[k])
		.two_results(
			"TopK",
			&["x", "k"],
			["v", "i"],
			&[int("axis", -1), int("largest", largest)],
		)
		.node_with("Cast", &["i"], "f", &[int("to", 1)])
		.node_with("Concat", &["v", "f"], "y", &[int("axis", 1)])
}

#[test]
fn the_first_of_a_row_are_sorted() {
	let x = [1.0, 3.0, -2.0, 3.0, 0.5];
	assert_eq!(run(&top_k(5, 3, 1), &x), [3.0, 3.0, 1.0, 1.0, 3.0, 0.0]);
	assert_eq!(run(&top_k(5, 2, 0), &x), [-2.0, 0.5, 2.0, 4.0]);
	// Values and indices share one sort.
	let ranked = parse(&top_k(5, 3, 1).bytes()).unwrap();
	let ranks = |node: &&inference_circuits::float_graph::FloatNode| {
		matches!(node.operator, FloatOperator::Rank { .. })
	};
	assert_eq!(ranked.nodes.iter().filter(ranks).count(), 2);
	let signs = graph(&top_k(5, 1, 1));
	let relus = signs
		.nodes()
		.iter()
		.filter(|node| node.operator.name() == "rescale");
	assert!(relus.count() <= 6);
}

#[test]
fn bounds_stay_those_of_the_operand() {
	let graph = graph(&top_k(16, 16, 1));
	let input = graph.input();
	let scale = graph.output().scale_bits;
	for (index, bounds) in graph.tensors().last().unwrap().bounds.iter().enumerate() {
		let ends = [bounds.min, bounds.max].map(|x| from_fixed(x, scale));
		let expected = if index < 16 {
			[input.min, input.max].map(|x| from_fixed(x, input.scale_bits))
		} else {
			[0.0, 15.0]
		};
		assert_eq!(ends, expected, "element {index}");
	}
}

#[test]
fn sorting_is_constrained() {
	let graph = graph(&top_k(4, 2, 1));
	let layout = layout::choose(&graph).unwrap();
	let input = fixed(&graph, &[1.0, 2.0, 2.0, -1.0]);
	let mut honest = Assignment::new(&graph, layout, &input);
	assert!(honest.is_satisfied());
	let values = execute_all(&graph, &input).unwrap();
	let output = graph.output_tensor();
	for element in 0..4 {
		// Another value, another index; those of the other one of two that are equal.
		let mut forged = values.clone();
		forged[output][element] += 1;
		assert!(!Assignment::with_values(&graph, layout, forged).is_satisfied());
	}
	let mut swapped = values;
	swapped[output].swap(2, 3);
	assert!(!Assignment::with_values(&graph, layout, swapped).is_satisfied());
	assert!(honest.check_every_cell(7) > 0);
}

#[test]
fn what_cannot_be_ranked_is_refused() {
	let refused = |model: Model| parse(&model.bytes()).unwrap_err().to_string();
	assert!(refused(top_k(3, 4, 1)).contains("1..=3"));
	assert!(refused(top_k(3, 0, 1)).contains("1..=3"));
	assert!(refused(arg("ArgMin", 2, 1, 0)).contains("axis"));
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 48,
		failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
			"tests/ranking.proptest-regressions",
		))),
		..ProptestConfig::default()
	})]

	#[test]
	fn a_sort_is_a_sort(
		x in prop::collection::vec(-3i8..4, 1..12),
		k in 0usize..12,
		greatest in any::<bool>(),
	) {
		let x: Vec<f64> = x.into_iter().map(f64::from).collect();
		let k = 1 + k % x.len();
		let mut order: Vec<usize> = (0..x.len()).collect();
		let sign = if greatest { -1.0 } else { 1.0 };
		// Stable: of equals the first comes first.
		order.sort_by(|a, b| (sign * x[*a]).total_cmp(&(sign * x[*b])));
		let values = order.iter().take(k).map(|i| x[*i]);
		let indices = order.iter().take(k).map(|i| *i as f64);
		let expected: Vec<f64> = values.chain(indices).collect();
		let model = top_k(x.len() as u64, k as i64, i64::from(greatest));
		prop_assert_eq!(run(&model, &x), expected);
		let graph = graph(&model);
		let input = fixed(&graph, &x);
		for (tensor, values) in graph.tensors().iter().zip(execute_all(&graph, &input).unwrap()) {
			for (bounds, value) in tensor.bounds.iter().zip(values) {
				prop_assert!((bounds.min..=bounds.max).contains(&value));
			}
		}
	}
}
