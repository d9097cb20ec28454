//! The integer model's operators: executed within the bounds, never a panic, bad ones refused.

use codec::{DecodeAll, Encode};
use inference_circuits::{
	execute::execute_all,
	graph::{
		Axis, Branch, Forest, Graph, GraphError, GraphParts, Leaf, Node, Operator, Pairs, Table,
		Term, Tree,
	},
	layout,
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn spec(length: u32, min: i64, max: i64) -> TensorSpec {
	TensorSpec {
		shape: vec![length],
		scale_bits: 4,
		min,
		max,
		visibility: Visibility::Public,
	}
}

fn parts(input: TensorSpec, operators: Vec<Operator>, outputs: u32) -> GraphParts {
	let nodes: Vec<Node> = operators
		.into_iter()
		.enumerate()
		.map(|(i, operator)| Node {
			name: format!("n{i}"),
			operator,
		})
		.collect();
	GraphParts {
		input,
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![outputs],
		post_processing: None,
	}
}

fn axis(extent: u32, left: u32, right: u32) -> Axis {
	Axis {
		extent,
		left,
		right,
	}
}

fn select(inputs: usize, elements: &[usize], sign: i64, bias: i64, input: u32) -> Operator {
	Operator::Affine {
		terms: vec![Term {
			input,
			map: LinearMap::from_rows(inputs, elements.iter().map(|i| [(*i, sign)])).unwrap(),
		}],
		bias: vec![bias; elements.len()],
		weight_bits: 0,
	}
}

fn table() -> Table {
	Table {
		origin: -128,
		segment_bits: 4,
		slope_shift: 3,
		scale_bits: 6,
		base: (0..16).map(|h| (h - 8) * (h - 5)).collect(),
		slope: (0..16).map(|h| 3 * h - 20).collect(),
	}
}

fn forest() -> Forest {
	let leaf = |target, weight| Leaf {
		weights: vec![(target, weight)],
	};
	let branch = |feature, threshold, yes, no| Branch {
		feature,
		threshold,
		yes,
		no,
	};
	Forest {
		features: 3,
		rows: 2,
		targets: 2,
		scale_bits: 3,
		base: vec![5, -5],
		trees: vec![
			Tree {
				branches: vec![branch(0, 10, 1, 2), branch(2, -7, 3, 4)],
				leaves: vec![leaf(0, 100), leaf(1, 7), leaf(0, -3)],
			},
			Tree {
				branches: vec![],
				leaves: vec![leaf(1, 1)],
			},
		],
	}
}

/// A model with every operator. Its input is six values in −100..=100.
fn everything() -> GraphParts {
	let operators = vec![
		// 1: a 2×3 times its transpose, summed over the columns
		Operator::Product {
			left: 0,
			right: 0,
			pairs: Pairs {
				outer: vec![axis(2, 3, 0), axis(2, 0, 3)],
				inner: vec![axis(3, 1, 1)],
			},
		},
		// 2
		Operator::Sign { input: 1 },
		// 3
		Operator::Table {
			input: 0,
			table: table(),
		},
		// 4: squares
		Operator::Product {
			left: 0,
			right: 0,
			pairs: Pairs {
				outer: vec![axis(6, 1, 1)],
				inner: vec![],
			},
		},
		// 5: plus one
		select(6, &[0, 1, 2, 3, 4, 5], 1, 1, 4),
		// 6
		Operator::InverseSqrt {
			input: 5,
			shift: 40,
		},
		// 7: each row divided by the first of its squares plus one
		Operator::Divide {
			numerator: 0,
			denominator: 5,
			axes: vec![axis(2, 3, 3), axis(3, 1, 0)],
			shift: 20,
		},
		// 8
		Operator::Trees {
			input: 0,
			forest: forest(),
		},
		// 9
		Operator::Rescale {
			input: 7,
			shift: 2,
			relu: true,
		},
		select(6, &[0, 2, 4, 5], -1, 3, 9),
	];
	parts(spec(6, -100, 100), operators, 4)
}

#[test]
fn each_operator_computes_its_formula() {
	let graph = Graph::new(everything()).unwrap();
	let x = [3, -4, 5, 11, -20, -100];
	let values = execute_all(&graph, &x).unwrap();
	let dot = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
	let cross = dot(&x[..3], &x[3..]);
	assert_eq!(
		values[1],
		[dot(&x[..3], &x[..3]), cross, cross, dot(&x[3..], &x[3..])]
	);
	assert_eq!(values[2], [1, 0, 0, 1]);
	// 3 is in segment 8 at 3, −100 in segment 1 at 12
	assert_eq!(values[3][0], (4 * 3 + 4) >> 3);
	assert_eq!(values[3][5], 28 + ((-17 * 12 + 4) >> 3));
	assert_eq!(values[4], x.map(|x| x * x));
	assert_eq!(values[6][0], ((1i64 << 40) / 10).isqrt());
	assert_eq!(values[7][1], ((-4i64 << 20) + 5).div_euclid(10));
	assert_eq!(values[8], [2, -4, 105, -4]);
	assert_eq!(graph.tensors()[8].scale_bits, 3);
	assert_eq!(graph.tensors()[6].scale_bits, 16);
	assert_eq!(graph.tensors()[7].scale_bits, 4 + 20 - 8);
}

#[test]
fn squares_are_never_negative() {
	let graph = Graph::new(everything()).unwrap();
	assert_eq!(graph.tensors()[4].range().min, 0);
	assert_eq!(graph.tensors()[4].range().max, 10_000);
	// the diagonal of the product with the transpose as well
	assert_eq!(graph.tensors()[1].bounds[0].min, 0);
	assert_eq!(graph.tensors()[1].bounds[1].min, -30_000);
}

#[test]
fn leaves_that_no_row_reaches_do_not_widen_the_bounds() {
	let mut parts = everything();
	parts.input.max = 10;
	let graph = Graph::new(parts).unwrap();
	// Feature 0 is at most 10: the leaf of weight 100 on its far side is out of reach.
	assert_eq!(graph.tensors()[8].bounds[0].min, 2);
	assert_eq!(graph.tensors()[8].bounds[0].max, 5);
}

#[test]
fn the_encoding_keeps_everything_and_its_indices() {
	let parts = everything();
	let bytes = parts.encode();
	assert_eq!(
		GraphParts::decode_all(&mut bytes.as_slice()).unwrap(),
		parts
	);
	let indices: Vec<u8> = parts.nodes.iter().map(|n| n.operator.encode()[0]).collect();
	assert_eq!(indices, [2, 3, 4, 2, 0, 6, 5, 7, 1, 0]);
}

#[test]
fn every_operator_has_a_circuit() {
	let graph = Graph::new(everything()).unwrap();
	let layout = layout::choose(&graph).unwrap();
	assert_eq!(layout::check(&graph, &layout), Ok(()));
}

mod refusals {
	use super::*;

	fn error(operator: Operator) -> GraphError {
		Graph::new(parts(spec(6, -100, 100), vec![operator], 6)).unwrap_err()
	}

	fn is_malformed(operator: Operator) -> bool {
		matches!(error(operator), GraphError::Malformed { .. })
	}

	fn product(outer: Vec<Axis>, inner: Vec<Axis>) -> Operator {
		Operator::Product {
			left: 0,
			right: 0,
			pairs: Pairs { outer, inner },
		}
	}

	#[test]
	fn loops_stay_in_their_operands_and_within_bounds() {
		assert!(is_malformed(product(vec![axis(7, 1, 1)], vec![])));
		assert!(is_malformed(product(vec![axis(6, 0, 2)], vec![])));
		assert!(is_malformed(product(vec![axis(0, 1, 1)], vec![])));
		assert!(is_malformed(product(vec![axis(1, 1, 1); 17], vec![])));
		assert!(matches!(
			error(product(vec![axis(u32::MAX, 0, 0); 3], vec![])),
			GraphError::TooLarge { .. }
		));
		assert!(matches!(
			error(product(
				vec![axis(1 << 20, 0, 0)],
				vec![axis(1 << 20, 0, 0)]
			)),
			GraphError::TooLarge { .. }
		));
	}

	#[test]
	fn tables_cover_their_operand_and_do_not_overflow() {
		let with = |change: &dyn Fn(&mut Table)| {
			let mut table = table();
			change(&mut table);
			error(Operator::Table { input: 0, table })
		};
		assert!(matches!(
			with(&|t| t.origin = -90),
			GraphError::OutsideTable { .. }
		));
		assert!(matches!(
			with(&|t| t.segment_bits = 1),
			GraphError::OutsideTable { .. }
		));
		assert!(matches!(
			with(&|t| t.base.truncate(3)),
			GraphError::SegmentCount { .. }
		));
		assert!(matches!(
			with(&|t| t.segment_bits = 41),
			GraphError::Malformed { .. }
		));
		assert!(matches!(
			with(&|t| t.slope[0] = 1 << 58),
			GraphError::WeightOutOfRange { .. }
		));
		assert!(matches!(
			with(&|t| t.origin = i64::MIN),
			GraphError::WeightOutOfRange { .. }
		));
	}

	#[test]
	fn divisors_and_roots_are_positive() {
		assert!(matches!(
			error(Operator::Divide {
				numerator: 0,
				denominator: 0,
				axes: vec![axis(6, 1, 1)],
				shift: 4,
			}),
			GraphError::NotPositive { min: -100, .. }
		));
		assert!(matches!(
			error(Operator::InverseSqrt {
				input: 0,
				shift: 40
			}),
			GraphError::NotPositive { .. }
		));
	}

	#[test]
	fn trees_lead_to_leaves_that_exist() {
		let with = |change: &dyn Fn(&mut Forest)| {
			let mut forest = forest();
			change(&mut forest);
			is_malformed(Operator::Trees { input: 0, forest })
		};
		assert!(with(&|f| f.trees[0].branches[1].yes = 0));
		assert!(with(&|f| f.trees[0].branches[0].no = 5));
		assert!(with(&|f| f.trees[0].branches[0].feature = 3));
		assert!(with(&|f| f.trees[1].leaves.clear()));
		assert!(with(&|f| f.trees[0].leaves[0].weights = vec![(2, 1)]));
		assert!(with(
			&|f| f.trees[0].leaves[0].weights = vec![(1, 1), (1, 1)]
		));
		assert!(with(&|f| f.rows = 3));
		assert!(with(&|f| f.base.clear()));
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 256,
		failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
			"tests/operators.proptest-regressions",
		))),
		..ProptestConfig::default()
	})]

	#[test]
	fn admissible_inputs_stay_within_the_bounds(
		x in prop::collection::vec(-100i64..=100, 6),
	) {
		let graph = Graph::new(everything()).unwrap();
		let values = execute_all(&graph, &x).unwrap();
		for (tensor, values) in graph.tensors().iter().zip(&values) {
			prop_assert_eq!(tensor.bounds.len(), values.len());
			for (bounds, value) in tensor.bounds.iter().zip(values) {
				prop_assert!((bounds.min..=bounds.max).contains(value));
			}
		}
	}

	#[test]
	fn changed_bytes_of_a_graph_never_panic(position in 0usize..2000, value: u8, x in -100i64..=100) {
		let mut bytes = everything().encode();
		let position = position % bytes.len();
		bytes[position] = value;
		if let Ok(parts) = GraphParts::decode_all(&mut bytes.as_slice()) {
			if let Ok(graph) = Graph::new(parts) {
				let _ = execute_all(&graph, &vec![x; graph.input().len()]);
				let _ = layout::choose(&graph);
			}
		}
	}
}
