//! Decision trees as comparisons: the same function as the trees, and its circuit.

use crate::assignment::*;
use crate::cases::*;
use inference_circuits::{
	execute::{execute, execute_all},
	graph::{trees_as_comparisons, Branch, Forest, Graph, Interval, Node, Operator, Tree},
	keys,
	layout::{self, cost, Claim, Layout},
};
use inference_plonk::{prove, Blinding, Column};
use inference_verifier::{halo2::from_halo2, verify, Setup};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn forest_graph(inputs: u32, domain: (i64, i64), forest: Forest) -> Graph {
	graph(inputs, domain, vec![Operator::Trees { input: 0, forest }])
}

fn branch(feature: u32, threshold: i64, yes: u32, no: u32) -> Branch {
	Branch {
		feature,
		threshold,
		yes,
		no,
	}
}

/// One row of `features` features, one target.
fn of_trees(features: u32, trees: Vec<Tree>) -> Forest {
	Forest {
		features,
		rows: 1,
		targets: 1,
		scale_bits: 4,
		base: vec![7],
		trees,
	}
}

/// Its leaves have weights 1, 2, 4, 8: every sum tells which were reached.
fn two_levels(weights: [i64; 4]) -> Tree {
	Tree {
		branches: vec![
			branch(0, 10, 1, 2),
			branch(1, -7, 3, 4),
			branch(1, 30, 5, 6),
		],
		leaves: weights.map(|weight| leaf(&[(0, weight)])).into(),
	}
}

fn has_trees(graph: &Graph) -> bool {
	let is_trees = |node: &Node| matches!(node.operator, Operator::Trees { .. });
	graph.nodes().iter().any(is_trees)
}

fn signs_of(graph: &Graph) -> usize {
	let tensors = graph.tensors().iter().skip(1);
	let signs = graph.nodes().iter().zip(tensors);
	signs
		.filter(|(node, _)| matches!(node.operator, Operator::Sign { .. }))
		.map(|(_, tensor)| tensor.bounds.len())
		.sum()
}

/// Every number of `domain` for each of two inputs.
fn pairs(domain: (i64, i64)) -> impl Iterator<Item = [i64; 2]> {
	(domain.0..=domain.1).flat_map(move |a| (domain.0..=domain.1).map(move |b| [a, b]))
}

#[test]
fn the_models_trees_are_equal_to_their_comparisons() {
	for targets in [1, 3, 6] {
		let trees = trees(targets);
		let comparisons = trees_as_comparisons(&trees).unwrap();
		assert!(!has_trees(&comparisons));
		assert_eq!(trees.output().shape, comparisons.output().shape);
		assert_eq!(trees.output().scale_bits, comparisons.output().scale_bits);
		let values = [-100, -8, -7, -6, 0, 1, 10, 11, 25, 26, 30, 31, 100];
		for start in 0..values.len() {
			for step in 1..values.len() {
				let input: Vec<i64> = (0..6)
					.map(|i| values[(start + i * step) % values.len()])
					.collect();
				assert_eq!(
					execute(&trees, &input).unwrap(),
					execute(&comparisons, &input).unwrap(),
					"{input:?}"
				);
			}
		}
	}
}

#[test]
fn equal_comparisons_and_steps_are_shared() {
	let once = forest_graph(2, (-100, 100), of_trees(2, vec![two_levels([1, 2, 4, 8])]));
	let twice = vec![two_levels([1, 2, 4, 8]); 2];
	let twice = forest_graph(2, (-100, 100), of_trees(2, twice));
	let once = trees_as_comparisons(&once).unwrap();
	let twice = trees_as_comparisons(&twice).unwrap();
	// Three comparisons; a step for each branch but the root.
	assert_eq!((signs_of(&once), signs_of(&twice)), (5, 5));
	assert_eq!(once.nodes().len(), 5);
}

#[test]
fn what_the_domain_or_a_branch_before_decides_is_not_compared() {
	// Beyond the domain, decided by the branch before, with equal leaves.
	let tree = Tree {
		branches: vec![
			branch(0, 100, 1, 6),
			branch(0, -101, 6, 2),
			branch(0, 10, 3, 4),
			branch(0, 10, 5, 6),
			branch(1, 0, 7, 8),
		],
		leaves: vec![
			leaf(&[(0, 3)]),
			leaf(&[(0, 50)]),
			leaf(&[(0, 9)]),
			leaf(&[(0, 9)]),
		],
	};
	let trees = forest_graph(2, (-100, 100), of_trees(2, vec![tree]));
	let comparisons = trees_as_comparisons(&trees).unwrap();
	assert_eq!(signs_of(&comparisons), 1);
	for input in pairs((-100, 100)).step_by(7) {
		let expected = if input[0] <= 10 { 10 } else { 16 };
		assert_eq!(execute(&trees, &input).unwrap(), [expected]);
		assert_eq!(execute(&comparisons, &input).unwrap(), [expected]);
	}
}

#[test]
fn a_forest_of_leaves_is_a_constant() {
	let leaves = Tree {
		branches: vec![],
		leaves: vec![leaf(&[(0, 5)])],
	};
	let trees = forest_graph(2, (-4, 4), of_trees(2, vec![leaves.clone(), leaves]));
	let comparisons = trees_as_comparisons(&trees).unwrap();
	assert_eq!(comparisons.nodes().len(), 1);
	assert_eq!(comparisons.output(), trees.output());
	assert_eq!(execute(&comparisons, &[1, 2]).unwrap(), [17]);
	let layout = layout::choose(&comparisons).unwrap();
	assert!(Assignment::new(&comparisons, layout, &[1, 2]).is_satisfied());
}

#[test]
fn a_node_reached_in_several_ways_adds_them_up() {
	// A lattice: after each branch the same two nodes follow.
	let mut branches = vec![branch(0, 0, 1, 2)];
	for level in 0..4i64 {
		let first = 1 + 2 * level as u32;
		branches.push(branch(1, 3 - level, first + 2, first + 3));
		branches.push(branch(
			(level % 2) as u32,
			2 * level - 4,
			first + 3,
			first + 2,
		));
	}
	let tree = Tree {
		branches,
		leaves: vec![leaf(&[(0, 5)]), leaf(&[(0, -3)])],
	};
	let trees = forest_graph(2, (-6, 6), of_trees(2, vec![tree]));
	let comparisons = trees_as_comparisons(&trees).unwrap();
	let mut seen = std::collections::BTreeSet::new();
	for input in pairs((-6, 6)) {
		let expected = execute(&trees, &input).unwrap();
		assert_eq!(
			execute(&comparisons, &input).unwrap(),
			expected,
			"{input:?}"
		);
		seen.insert(expected[0]);
	}
	assert_eq!(seen.len(), 2);
}

/// Bounds of the only output of two trees, as boxes and as comparisons.
fn bounds(weights: [i64; 4]) -> [Interval; 2] {
	let trees = vec![two_levels(weights), two_levels([0; 4])];
	let trees = forest_graph(2, (-100, 100), of_trees(2, trees));
	let comparisons = trees_as_comparisons(&trees).unwrap();
	[trees, comparisons].map(|graph| graph.tensors().last().unwrap().range())
}

#[test]
fn bounds_of_ordered_leaves_are_exact_and_others_not_much_wider() {
	let [boxes, comparisons] = bounds([-20, 10, 30, 75]);
	assert_eq!((boxes.min, boxes.max), (-13, 82));
	assert_eq!(comparisons, boxes);
	let [_, comparisons] = bounds([75, 30, 10, -20]);
	assert_eq!(comparisons, boxes);
	// Leaves of subtrees that overlap.
	let [boxes, comparisons] = bounds([-20, 30, 10, 75]);
	assert_eq!((boxes.min, boxes.max), (-13, 82));
	let width = |x: Interval| x.max - x.min;
	assert!(comparisons.min <= boxes.min && comparisons.max >= boxes.max);
	assert_eq!(width(comparisons), 50 + 65 + 20);
}

#[test]
fn forests_among_other_operators_are_replaced_one_by_one() {
	let operators = vec![
		squares(6),
		Operator::Trees {
			input: 1,
			forest: Forest {
				rows: 3,
				features: 2,
				..of_trees(2, vec![two_levels([1, 2, 4, 8])])
			},
		},
		rescale(2, 2, true),
		affine(3, 3, &[&[1, -1, 0], &[0, 3, 1]], -3),
		Operator::Trees {
			input: 4,
			forest: of_trees(2, vec![two_levels([100, 20, 30, 50])]),
		},
		affine(5, 1, &[&[2], &[-1]], 0),
	];
	let trees = graph(6, (-9, 9), operators);
	let comparisons = trees_as_comparisons(&trees).unwrap();
	let layout = layout::choose(&comparisons).unwrap();
	for seed in 0..50i64 {
		let input: Vec<i64> = (0..6).map(|i| (seed * (i + 3) * 7 + i) % 19 - 9).collect();
		let expected = execute(&trees, &input).unwrap();
		assert_eq!(execute(&comparisons, &input).unwrap(), expected);
		if seed < 8 {
			assert!(Assignment::new(&comparisons, layout, &input).is_satisfied());
		}
	}
}

#[test]
fn what_would_be_no_valid_graph_or_too_much_work_stays_as_it_is() {
	// No forest.
	assert_eq!(trees_as_comparisons(&signs()), None);
	// A weight beyond those of sums.
	let wide = forest_graph(
		2,
		(-9, 40),
		of_trees(2, vec![two_levels([0, 1 << 50, 2, 3])]),
	);
	assert_eq!(trees_as_comparisons(&wide), None);
	// A chain of branches deeper than any.
	let chain = |length: u32| {
		let branches = (0..length).map(|i| branch(0, i.into(), length + i, i + 1));
		let tree = Tree {
			branches: branches.collect(),
			leaves: (0..=i64::from(length)).map(|i| leaf(&[(0, i)])).collect(),
		};
		// The last branch's other way is the last leaf.
		let mut tree = tree;
		tree.branches.last_mut().unwrap().no = 2 * length;
		forest_graph(2, (-9, 1000), of_trees(2, vec![tree]))
	};
	assert!(trees_as_comparisons(&chain(64)).is_some());
	assert_eq!(trees_as_comparisons(&chain(65)), None);
	// More nodes than any.
	let many = vec![two_levels([1, 2, 4, 8]); 10_000];
	assert_eq!(
		trees_as_comparisons(&forest_graph(2, (-9, 40), of_trees(2, many))),
		None
	);
}

/// A random tree: of each branch, how far its successors are, a feature and a threshold.
fn tree_of(numbers: &[(u32, u32, u32, i64)], targets: u32) -> Tree {
	let branches = numbers.len() as u32;
	let leaves = branches + 1;
	let last = branches + leaves - 1;
	Tree {
		branches: numbers
			.iter()
			.zip(0u32..)
			.map(|((feature, yes, no, threshold), i)| {
				branch(
					*feature,
					*threshold,
					(i + 1 + yes).min(last),
					(i + 1 + no).min(last),
				)
			})
			.collect(),
		leaves: (0..leaves)
			.map(|i| {
				let weights = (0..targets).filter(|t| (i + t) % 3 > 0);
				let weights = weights.map(|t| (t, i64::from(i * 13 % 7) - 3 * i64::from(t)));
				leaf(&weights.collect::<Vec<_>>())
			})
			.collect(),
	}
}

/// A random tree in which every node has one way to it.
fn proper_tree_of(numbers: &[(u32, u32, u32, i64)], targets: u32) -> Tree {
	let mut tree = tree_of(numbers, targets);
	// Open ways, taken in any order: branches first, then leaves.
	let mut open = Vec::new();
	for (i, number) in numbers.iter().enumerate() {
		if i > 0 {
			let at = number.1 as usize % open.len();
			let (from, is_yes): (usize, bool) = open.swap_remove(at);
			let way = &mut tree.branches[from];
			*(if is_yes { &mut way.yes } else { &mut way.no }) = i as u32;
		}
		open.extend([(i, true), (i, false)]);
	}
	let first = tree.branches.len() as u32;
	for ((from, is_yes), leaf) in open.into_iter().zip(first..) {
		let way = &mut tree.branches[from];
		*(if is_yes { &mut way.yes } else { &mut way.no }) = leaf;
	}
	tree
}

fn forests() -> impl Strategy<Value = (Forest, bool)> {
	let branch = (0u32..3, 0u32..6, 0u32..6, -12i64..=12);
	let tree = prop::collection::vec(branch, 0..9);
	let trees = prop::collection::vec(tree, 1..5);
	(trees, 1u32..4, 1u32..3, any::<bool>()).prop_map(|(trees, targets, rows, proper)| {
		let of = if proper { proper_tree_of } else { tree_of };
		let forest = Forest {
			features: 3,
			rows,
			targets,
			scale_bits: 5,
			base: (0..i64::from(targets)).collect(),
			trees: trees.iter().map(|tree| of(tree, targets)).collect(),
		};
		(forest, proper)
	})
}

/// As many cases, with failures kept.
fn config(cases: u32) -> ProptestConfig {
	ProptestConfig {
		cases,
		failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
			"tests/comparisons.proptest-regressions",
		))),
		..ProptestConfig::default()
	}
}

proptest! {
	#![proptest_config(config(256))]

	#[test]
	fn random_forests_are_equal_to_their_comparisons(
		(forest, _) in forests(),
		inputs in prop::collection::vec(prop::collection::vec(-10i64..=10, 6), 40),
	) {
		let rows = forest.rows;
		let trees = forest_graph(3 * rows, (-10, 10), forest);
		let comparisons = trees_as_comparisons(&trees).unwrap();
		prop_assert!(!has_trees(&comparisons));
		for input in inputs {
			let input = &input[..3 * rows as usize];
			let values = execute_all(&comparisons, input).unwrap();
			// Every value is within its bounds: what the circuit relies on.
			for (values, tensor) in values.iter().zip(comparisons.tensors()) {
				for (x, bounds) in values.iter().zip(&tensor.bounds) {
					prop_assert!((bounds.min..=bounds.max).contains(x));
				}
			}
			prop_assert_eq!(&values[comparisons.output_tensor()], &execute(&trees, input).unwrap());
		}
	}

}

proptest! {
	#![proptest_config(config(48))]

	#[test]
	fn random_comparisons_have_a_witness(
		(forest, _) in forests(),
		input in prop::collection::vec(-10i64..=10, 6),
		lanes in 1u8..6,
		bits in 1u8..8,
	) {
		let rows = forest.rows;
		let trees = forest_graph(3 * rows, (-10, 10), forest);
		let comparisons = trees_as_comparisons(&trees).unwrap();
		let input = &input[..3 * rows as usize];
		let chosen = layout::choose(&comparisons).unwrap();
		let other = layout_with(&comparisons, lanes, Some((bits, 1, 2)), 5);
		for layout in [Some(chosen), other].into_iter().flatten() {
			let failures = Assignment::new(&comparisons, layout, input).failures();
			prop_assert!(failures.is_empty(), "{:?}: {:?}", layout, failures);
		}
	}
}

/// Two small trees on two features, as comparisons.
fn small() -> Graph {
	let trees = vec![two_levels([10, -20, 35, 80]), two_levels([5, 6, 0, 1])];
	forest_graph(2, (-128, 127), of_trees(2, trees))
}

#[test]
fn few_branches_are_compared_and_many_looked_up_in_boxes() {
	let (chosen, layout) = layout::choose_graph(small(), Claim::default()).unwrap();
	assert!(!has_trees(&chosen));
	assert_eq!(layout::choose(&chosen).unwrap(), layout);
	let boxes = layout::choose(&small()).unwrap();
	let bytes = |layout: &Layout| cost::proof_bytes(&layout.columns);
	assert!(bytes(&layout) <= 1_472 && bytes(&boxes) > cost::TARGET_BYTES);
	// Many different branches, for several rows: those share the table of boxes.
	let random = |seed: i64, n: i64| (seed * 0x9e37_79b9 + 12345).rem_euclid(1_000_003) % n;
	let deep = |seed: i64| Tree {
		branches: (0..15)
			.map(|i| {
				let seed = 16 * seed + i64::from(i);
				branch(
					(i % 2) ^ random(seed, 2) as u32,
					random(seed, 200) - 100,
					2 * i + 1,
					2 * i + 2,
				)
			})
			.collect(),
		leaves: (0..16)
			.map(|i| {
				let weight = random(seed - 16 * i, 1000);
				leaf(&[(0, weight), (1, 7 - weight), (2, weight / 7)])
			})
			.collect(),
	};
	let many = Forest {
		rows: 8,
		targets: 3,
		base: vec![0; 3],
		..of_trees(2, (0..30).map(deep).collect())
	};
	let many = forest_graph(16, (-128, 127), many);
	assert!(trees_as_comparisons(&many).is_some());
	let boxes = layout::choose(&many).unwrap();
	let (chosen, layout) = layout::choose_graph(many, Claim::default()).unwrap();
	assert!(has_trees(&chosen), "{layout:?}");
	assert_eq!(layout, boxes);
}

#[test]
fn a_graph_without_trees_is_chosen_as_it_is() {
	for graph in [signs(), products()] {
		let (chosen, layout) = layout::choose_graph(graph.clone(), Claim::default()).unwrap();
		assert_eq!(layout, layout::choose(&graph).unwrap());
		assert_eq!(chosen, graph);
	}
}

#[test]
fn where_neither_has_a_circuit_the_error_is_that_of_the_trees() {
	let trees = forest_graph(2, (-100, 100), of_trees(2, vec![two_levels([1, 2, 4, 8])]));
	let claim = Claim {
		inferences: 1,
		hidden_input: true,
	};
	let error = layout::choose_graph(trees.clone(), claim).unwrap_err();
	assert_eq!(error, layout::choose_for(&trees, claim).unwrap_err());
}

#[test]
fn a_batch_and_hidden_inputs_of_comparisons_have_a_witness() {
	for (inferences, hidden_input) in [(1, true), (3, false), (3, true)] {
		let claim = Claim {
			inferences,
			hidden_input,
		};
		let (chosen, layout) = layout::choose_graph(small(), claim).unwrap();
		let input: Vec<i64> = [10, -7, 11, 30, -128, 127][..2 * usize::from(inferences)].into();
		assert!(Assignment::new(&chosen, layout, &input).is_satisfied());
		// And that of the comparisons, if boxes were chosen.
		let comparisons = trees_as_comparisons(&small()).unwrap();
		let layout = layout::choose_for(&comparisons, claim).unwrap();
		assert!(Assignment::new(&comparisons, layout, &input).is_satisfied());
	}
}

mod soundness {
	use super::*;

	#[test]
	fn every_other_output_and_every_other_sign_is_refused() {
		let (graph, layout) = layout::choose_graph(small(), Claim::default()).unwrap();
		let signs: Vec<usize> = (1..graph.tensors().len())
			.filter(|tensor| matches!(graph.nodes()[tensor - 1].operator, Operator::Sign { .. }))
			.collect();
		assert_eq!(signs.len(), 2);
		for input in [[10, -7], [10, -6], [11, 30], [11, 31], [-128, 127]] {
			let honest = execute_all(&graph, &input).unwrap();
			assert!(Assignment::with_values(&graph, layout, honest.clone()).is_satisfied());
			for delta in [-5, -1, 1, 64] {
				let mut values = honest.clone();
				values[graph.output_tensor()][0] += delta;
				assert!(!Assignment::with_values(&graph, layout, values).is_satisfied());
			}
			// A prover who takes another way through a tree, and all that follows from it.
			for tensor in &signs {
				for element in 0..honest[*tensor].len() {
					let values = with_sign(&graph, &input, (*tensor, element));
					let forged = Assignment::with_values(&graph, layout, values);
					assert!(!forged.is_satisfied(), "{input:?}, {tensor}, {element}");
				}
			}
		}
	}

	/// The values of all tensors with one sign flipped, and what is computed from it.
	fn with_sign(graph: &Graph, input: &[i64], flipped: (usize, usize)) -> Vec<Vec<i64>> {
		let mut values = vec![input.to_vec()];
		for (node, tensor) in graph.nodes().iter().zip(1..) {
			let mut result = match &node.operator {
				Operator::Affine { terms, bias, .. } => {
					let mut sums = bias.clone();
					for term in terms {
						for (sum, row) in sums.iter_mut().zip(term.map.rows()) {
							let x = &values[term.input as usize];
							*sum += row.map(|(column, weight)| weight * x[column]).sum::<i64>();
						}
					}
					sums
				},
				Operator::Sign { input } => {
					let x = values[*input as usize].iter();
					x.map(|x| i64::from(*x >= 0)).collect()
				},
				other => panic!("{}", other.name()),
			};
			if tensor == flipped.0 {
				result[flipped.1] = 1 - result[flipped.1];
			}
			values.push(result);
		}
		values
	}

	#[test]
	fn every_changed_cell_is_refused_unless_nothing_reads_it() {
		let (graph, layout) = layout::choose_graph(small(), Claim::default()).unwrap();
		let read = Assignment::new(&graph, layout, &[11, 30]).check_every_cell(1);
		assert!(read > 10, "{read}");
	}

	#[test]
	fn a_proof_verifies_and_one_of_another_output_or_sign_does_not() {
		let (graph, layout) = layout::choose_graph(small(), Claim::default()).unwrap();
		let commitments = keys::commitment_key(layout.k).unwrap();
		let key = keys::proving_key(&graph, &layout, &commitments).unwrap();
		let accepts = |assignment: &Assignment| {
			let made = prove(
				&key,
				&commitments,
				std::slice::from_ref(&assignment.instance),
				|_, _| {
					Ok(assignment
						.advice
						.iter()
						.map(|column| Column::from_scalars(&column[..key.usable_rows()]))
						.collect())
				},
				Blinding::None,
			);
			let inputs: Vec<_> = assignment.instance.iter().map(|x| from_halo2(*x)).collect();
			let setup = Setup::insecure_development();
			made.is_ok_and(|proof| verify(key.plan(), &setup, &inputs, &proof).is_ok())
		};
		let input = [11, -30];
		let honest = execute_all(&graph, &input).unwrap();
		assert!(accepts(&Assignment::new(&graph, layout, &input)));
		assert_eq!(
			cost::proof_bytes(&layout.columns),
			key.plan().proof_len() as u64
		);
		let mut values = honest;
		values[graph.output_tensor()][0] += 1;
		assert!(!accepts(&Assignment::with_values(&graph, layout, values)));
		for flipped in [(2, 0), (4, 0)] {
			let values = with_sign(&graph, &input, flipped);
			assert!(!accepts(&Assignment::with_values(&graph, layout, values)));
		}
	}
}
