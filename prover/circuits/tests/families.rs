//! Sums of one inference that share weights: deferred to the second phase, proven, and refused if wrong.

use crate::assignment::{recompute, Assignment, Case};
use crate::cases::{affine, axis, graph, rescale};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use inference_circuits::{
	execute::{execute, execute_all},
	graph::{Graph, GraphParts, Operator, Pairs, Table, Term},
	layout::{self, cost, Claim, Families, Inputs, Layout, LayoutError},
	linear_map::LinearMap,
};

const HIDDEN: Claim = Claim {
	inferences: 1,
	hidden_input: true,
};

/// A dense layer of `inputs` to `outputs` on each of `tokens` tokens.
fn dense_on_each(input: u32, tokens: usize, inputs: usize, outputs: usize) -> Operator {
	let rows = (0..tokens).flat_map(|t| {
		(0..outputs).map(move |o| {
			(0..inputs).map(move |i| (t * inputs + i, (7 * o + 3 * i) as i64 % 10 * 2 - 9))
		})
	});
	Operator::Affine {
		terms: vec![Term {
			input,
			map: LinearMap::from_rows(tokens * inputs, rows).unwrap(),
		}],
		bias: (0..tokens * outputs).map(|i| i as i64 - 9).collect(),
		weight_bits: 0,
	}
}

fn total(input: u32, count: usize) -> Operator {
	affine(input, count, &[&vec![1; count]], 3)
}

/// Two dense layers on six tokens, with a ReLU between them.
fn tokens() -> Graph {
	let operators = vec![
		dense_on_each(0, 6, 4, 6),
		rescale(1, 3, true),
		dense_on_each(2, 6, 6, 6),
		total(3, 36),
	];
	graph(24, (-64, 63), operators)
}

/// x·xᵀ·x for a 6×5 matrix x, rescaled after each product.
fn attention() -> Graph {
	let scores = Operator::Product {
		left: 0,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(6, 5, 0), axis(6, 0, 5)],
			inner: vec![axis(5, 1, 1)],
		},
	};
	let mixed = Operator::Product {
		left: 2,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(6, 6, 0), axis(5, 0, 1)],
			inner: vec![axis(6, 1, 5)],
		},
	};
	let operators = vec![
		scores,
		rescale(1, 4, false),
		mixed,
		rescale(3, 5, false),
		total(4, 30),
	];
	graph(30, (-64, 63), operators)
}

/// Three taps over eight positions with a zero at each end, seven channels: signs of the sums.
fn convolution() -> Graph {
	let rows = (0..7i64).flat_map(|channel| {
		(0..8usize).map(move |position| {
			(0..3usize)
				.filter(move |tap| (1..=8).contains(&(position + tap)))
				.map(move |tap| (position + tap - 1, channel * 3 + tap as i64 + 1))
		})
	});
	let operators = vec![
		Operator::Affine {
			terms: vec![Term {
				input: 0,
				map: LinearMap::from_rows(8, rows).unwrap(),
			}],
			bias: vec![-20; 56],
			weight_bits: 0,
		},
		Operator::Sign { input: 1 },
		total(2, 56),
	];
	graph(8, (-64, 63), operators)
}

/// A function of a dense layer on each of six tokens.
fn functions() -> Graph {
	let segments = 100;
	let table = Table {
		origin: -1600,
		segment_bits: 5,
		slope_shift: 4,
		scale_bits: 4,
		base: (0..segments).map(|i| (i - 48) * (i % 7)).collect(),
		slope: (0..segments).map(|i| i % 13 - 6).collect(),
	};
	let operators = vec![
		dense_on_each(0, 6, 4, 6),
		Operator::Table { input: 1, table },
		total(2, 36),
	];
	graph(24, (-64, 63), operators)
}

pub fn all() -> [(&'static str, Graph); 4] {
	[
		("tokens", tokens()),
		("attention", attention()),
		("convolution", convolution()),
		("functions", functions()),
	]
}

pub fn deferred(graph: &Graph, claim: Claim) -> Layout {
	let (_, layout) = layout::choose_with(graph, claim, true).unwrap();
	assert!(layout.columns.defers() && layout.columns.within);
	layout
}

fn input_of(graph: &Graph) -> Vec<i64> {
	let length = graph.input().len() as i64;
	(0..length)
		.map(|i| (37 * i * i + 11 * i) % 128 - 64)
		.collect()
}

fn case(graph: Graph, claim: Claim) -> (Case, Assignment) {
	let layout = deferred(&graph, claim);
	let case = Case::new(graph, layout);
	let honest = Assignment::new(&case.graph, layout, &input_of(&case.graph));
	(case, honest)
}

#[test]
fn families_are_the_rows_of_shared_matrices() {
	let shapes = |graph: &Graph, tensor: usize| -> Vec<(usize, usize)> {
		let families = Families::of(graph);
		let families = families.of_tensor(tensor).iter();
		families.map(|f| (f.sums.len(), f.terms.len())).collect()
	};
	assert_eq!(shapes(&tokens(), 1), [(6, 4); 6]);
	assert_eq!(shapes(&attention(), 1), [(6, 5); 6]);
	// Either operand may be the matrix: its six rows meet five columns.
	assert_eq!(shapes(&attention(), 3), [(5, 6); 6]);
	// The positions at the ends have a tap less, and sums of their own.
	assert_eq!(shapes(&convolution(), 1), [(6, 3); 7]);
	let convolution = convolution();
	let families = Families::of(&convolution);
	assert!(families.has(1, 1) && !families.has(1, 0) && !families.has(1, 7));
	assert_eq!(families.tuples().len(), 3);
	// Sums that nothing shares.
	let plain = graph(
		4,
		(-8, 7),
		vec![affine(0, 4, &[&[1, 2, 3, 4], &[4, 3, 2, 1]], 0)],
	);
	assert!(Families::of(&plain).is_empty());
	let (_, layout) = layout::choose_with(&plain, Claim::default(), true).unwrap();
	assert!(!layout.columns.defers());
}

#[test]
fn they_are_proven_and_wrong_outputs_are_not() {
	for (name, graph) in all() {
		for claim in [Claim::default(), HIDDEN] {
			let (case, honest) = case(graph.clone(), claim);
			assert_eq!(honest.failures(), Vec::<String>::new(), "{name}");
			assert!(case.accepts(&honest), "{name}, {claim:?}");
			let proof_len = case.key.plan().proof_len() as u64;
			assert_eq!(cost::proof_bytes(&case.layout.columns), proof_len, "{name}");
			let mut values = execute_all(&case.graph, &input_of(&case.graph)).unwrap();
			assert_eq!(
				execute(&case.graph, &input_of(&case.graph)).unwrap(),
				values[case.graph.output_tensor()]
			);
			values[case.graph.output_tensor()][0] += 1;
			let forged = Assignment::with_values(&case.graph, case.layout, values);
			assert!(!case.accepts(&forged), "{name}, {claim:?}");
		}
	}
}

#[test]
fn a_sum_that_is_not_the_models_is_refused() {
	for (graph, tensor) in [
		(tokens(), 1),
		(tokens(), 3),
		(attention(), 1),
		(attention(), 3),
	] {
		let (case, _) = case(graph, Claim::default());
		let honest = execute_all(&case.graph, &input_of(&case.graph)).unwrap();
		let family = Families::of(&case.graph).of_tensor(tensor)[1].clone();
		let [first, second, last] = [0, 1, family.sums.len() - 1].map(|i| family.sums[i]);
		for changes in [
			vec![(first, 32)],
			vec![(last, -32)],
			// The family's plain sum stays the same.
			vec![(first, 32), (second, -32)],
		] {
			let mut values = honest.clone();
			for (element, change) in &changes {
				values[tensor][*element] += change;
			}
			recompute(&case.graph, &mut values, tensor + 1);
			let forged = Assignment::with_values(&case.graph, case.layout, values);
			let name = format!("tensor {tensor}, {changes:?}");
			assert_eq!(
				forged.failures(),
				["the combinations add up to 0"],
				"{name}"
			);
			assert!(!case.accepts(&forged), "{name}");
		}
	}
}

#[test]
fn every_changed_cell_of_the_second_phase_is_refused() {
	for (name, graph) in [("attention", attention()), ("convolution", convolution())] {
		let (case, honest) = case(graph, Claim::default());
		let columns = honest.trace.advice_combined(Fr::from(5));
		let shape = honest.trace.advice_combined(Fr::from(7));
		let cells = (0..columns.len()).flat_map(|c| (0..columns[c].len()).map(move |r| (c, r)));
		// Cells that are 0 for two challenges hold nothing, or a zero that is tested with its pair.
		let holds =
			|(c, r): &(usize, usize)| columns[*c][*r] != Fr::ZERO || shape[*c][*r] != Fr::ZERO;
		let cells: Vec<(usize, usize)> = cells.filter(holds).collect();
		assert!(cells.len() > 60, "{name}: {}", cells.len());
		for (column, row) in cells.into_iter().step_by(3) {
			let change = |columns: &mut Vec<Vec<Fr>>| columns[column][row] += Fr::ONE;
			assert!(
				!case.accepts_with(&honest, &change),
				"{name}: {column}, {row}"
			);
		}
	}
}

#[test]
fn zeros_that_fill_a_row_of_pairs_are_no_free_product() {
	let graph = attention();
	let chosen = deferred(&graph, Claim::default());
	// Six and seven operands of a family: four pairs a row leave some unused.
	let mut layout = chosen;
	layout.columns.combined_lanes = 8;
	let layout = (chosen.k..=chosen.k + 2)
		.map(|k| Layout { k, ..layout })
		.find(|layout| layout::check(&graph, layout).is_ok())
		.unwrap();
	let case = Case::new(graph, layout);
	let honest = Assignment::new(&case.graph, layout, &input_of(&case.graph));
	assert!(case.accepts(&honest));
	let columns = honest.trace.advice_combined(Fr::from(5));
	let unused = (0..columns[0].len()).find(|row| {
		columns[6][*row] == Fr::ZERO && columns[7][*row] == Fr::ZERO && columns[0][*row] != Fr::ZERO
	});
	let row = unused.unwrap();
	let change = |columns: &mut Vec<Vec<Fr>>| {
		columns[6][row] += Fr::ONE;
		columns[7][row] += Fr::ONE;
	};
	assert!(!case.accepts_with(&honest, &change));
}

#[test]
fn every_changed_cell_of_the_first_phase_is_refused() {
	for (name, graph) in [("attention", attention()), ("tokens", tokens())] {
		let layout = deferred(&graph, Claim::default());
		let mut honest = Assignment::new(&graph, layout, &input_of(&graph));
		let read = honest.check_every_cell(11);
		assert!(read > 20, "{name}: {read}");
	}
}

#[test]
fn long_decompositions_hold_the_combination_between_their_rows() {
	let graph = tokens();
	let chosen = deferred(&graph, Claim::default());
	let layout = (1..=4u8)
		.flat_map(|bits| (3..=11).map(move |k| (bits, k)))
		.find_map(|(bits, k)| {
			let mut layout = Layout { k, ..chosen };
			let limbs = layout.columns.limbs.as_mut()?;
			let high = limbs.high_bits().div_ceil(bits.into());
			(limbs.bits, limbs.low, limbs.high) = (bits, 0, u8::try_from(high).ok()?);
			(limbs.columns, limbs.rows) = (limbs.high, 1);
			let is_longer = limbs.steps(3) > 0;
			layout.columns.gates.step = true;
			layout.columns.numbered = false;
			(is_longer && layout::check(&graph, &layout).is_ok()).then_some(layout)
		})
		.unwrap();
	let input = input_of(&graph);
	let honest = Assignment::new(&graph, layout, &input);
	assert_eq!(honest.failures(), Vec::<String>::new());
	let mut values = execute_all(&graph, &input).unwrap();
	values[1][7] += 16;
	recompute(&graph, &mut values, 2);
	let forged = Assignment::with_values(&graph, layout, values);
	assert_eq!(forged.failures(), ["the combinations add up to 0"]);
}

#[test]
fn layouts_that_do_not_fit_are_refused() {
	let graph = attention();
	let good = deferred(&graph, Claim::default());
	let refused = |change: fn(&mut Layout)| {
		let mut layout = good;
		change(&mut layout);
		let error = layout::check(&graph, &layout).unwrap_err();
		assert!(matches!(error, LayoutError::Unfit { .. }), "{error}");
	};
	refused(|layout| layout.columns.within = false);
	refused(|layout| layout.columns.combined_lanes = 0);
	refused(|layout| layout.columns.combined_lanes = 1);
	refused(|layout| layout.columns.combined_lanes = layout::MAX_LANES + 1);
	refused(|layout| layout.columns.gates.combined_product = false);
	refused(|layout| {
		let packed = layout.columns.lanes;
		layout.columns.inputs = Some(Inputs {
			packed,
			domain: None,
		});
	});
	refused(|layout| layout.claim.inferences = 2);
}

#[test]
fn a_large_product_of_two_matrices_is_deferred_by_itself() {
	// 24×24 times 24×24: 13,824 products of pairs, in 576 sums.
	let n = 24;
	let product = Operator::Product {
		left: 0,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(n, n, 0), axis(n, 0, n)],
			inner: vec![axis(n, 1, 1)],
		},
	};
	let count = (n * n) as usize;
	let operators = vec![product, rescale(1, 8, false), total(2, count)];
	let graph = graph(n * n, (-64, 63), operators);
	let chosen = layout::choose(&graph).unwrap();
	assert!(chosen.columns.within);
	let (plain, other) = layout::choose_with(&graph, Claim::default(), false).unwrap();
	assert!(!other.columns.defers());
	let time = |layout: &Layout| cost::time(&layout.columns, layout.k);
	assert!(time(&chosen) * 2 < time(&other), "{plain}");
	let parts: GraphParts = graph.parts().clone();
	assert_eq!(layout::choose(&Graph::new(parts).unwrap()).unwrap(), chosen);
}
