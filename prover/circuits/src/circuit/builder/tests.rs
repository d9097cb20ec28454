//! A builder that something was taken from: each absence is an error, and makes no row.

use super::{super::trace::ZERO, *};
use crate::{
	graph::{Axis, Branch, GraphParts, Interval, Leaf, Node, Pairs, Term, Tree},
	layout::{self, Claim},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};

fn graph(inputs: u32, outputs: u32, operators: Vec<Operator>) -> Graph {
	let nodes = operators.into_iter().map(|operator| Node {
		name: operator.name().into(),
		operator,
	});
	let nodes: Vec<Node> = nodes.collect();
	Graph::new(GraphParts {
		input: TensorSpec {
			shape: vec![inputs],
			scale_bits: 0,
			min: -8,
			max: 7,
			visibility: Visibility::Public,
		},
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![outputs],
		post_processing: None,
	})
	.unwrap()
}

/// Two sums of two inputs.
fn sums() -> Graph {
	let rows = [[(0, 1), (1, 2)], [(0, 3), (1, -1)]];
	let terms = vec![Term {
		input: 0,
		map: LinearMap::from_rows(2, rows).unwrap(),
	}];
	let operator = Operator::Affine {
		terms,
		bias: vec![5, 6],
		weight_bits: 0,
	};
	graph(2, 2, vec![operator])
}

/// A tree of one branch.
fn tree() -> (Graph, Forest) {
	let leaf = |weight| Leaf {
		weights: vec![(0, weight)],
	};
	let forest = Forest {
		features: 1,
		rows: 1,
		targets: 1,
		scale_bits: 0,
		base: vec![0],
		trees: vec![Tree {
			branches: vec![Branch {
				feature: 0,
				threshold: 1,
				yes: 1,
				no: 2,
			}],
			leaves: vec![leaf(3), leaf(4)],
		}],
	};
	let operator = Operator::Trees {
		input: 0,
		forest: forest.clone(),
	};
	(graph(1, 1, vec![operator]), forest)
}

/// A builder of `inferences` with the statement's row and the inputs' homes.
fn with_inputs(graph: &Graph, inferences: u16, defers: bool) -> (Builder<'_>, Layout) {
	let claim = Claim {
		inferences,
		..Claim::default()
	};
	let (_, layout) = layout::choose_with(graph, claim, defers).unwrap();
	let zeros = graph.tensors().iter().map(|t| vec![0; t.bounds.len()]);
	let values = vec![zeros.collect(); inferences.into()];
	let mut builder = Builder::new(graph, &layout, values);
	builder.trace.rows.push(Row::default());
	let public = builder.public_inputs();
	builder.add_homes(public.into_iter().map(Homes::Cells));
	(builder, layout)
}

const INFERENCE: usize = 0;

#[test]
fn an_output_without_a_cell_is_not_left_free() {
	let graph = sums();
	let (mut builder, layout) = with_inputs(&graph, 1, false);
	let nowhere = TraceError::NoCell {
		inference: INFERENCE,
		tensor: 1,
		element: 0,
	};
	assert_eq!(builder.outputs(&layout), Err(nowhere));
	builder.node(0).unwrap();
	let Some(Homes::Cells(cells)) = builder.homes[INFERENCE].last_mut() else {
		panic!("its elements have cells");
	};
	let last = cells.pop().unwrap();
	let missing = TraceError::NoCell {
		inference: INFERENCE,
		tensor: 1,
		element: 1,
	};
	assert_eq!(builder.outputs(&layout), Err(missing));
	// An open sum has no cell either.
	builder.homes[INFERENCE][1] = Homes::Open;
	assert_eq!(builder.outputs(&layout), Err(nowhere));
	assert_eq!(builder.operand(1, 0), Err(nowhere));
	let element = Element {
		tensor: 1,
		index: 0,
	};
	assert_eq!(builder.combined_element(&element), Err(nowhere));
	builder.homes[INFERENCE][1] = Homes::Cells(vec![last; 2]);
	assert_eq!(builder.outputs(&layout), Ok(()));
}

#[test]
fn what_is_no_tensor_no_sum_or_no_element_is_no_row() {
	let graph = sums();
	let (mut builder, _) = with_inputs(&graph, 1, false);
	let rows = builder.rows();
	let absent = TraceError::NoTensor { tensor: 8 };
	assert_eq!(builder.node(7), Err(absent));
	assert_eq!(builder.elements(8), Err(absent));
	assert_eq!(builder.range(8), Err(absent));
	let input = TraceError::NoSum { tensor: 0 };
	assert_eq!(builder.open_sum(0, 0, 0), Err(input));
	assert_eq!(builder.defer((0, 0), 0, 0), Err(input));
	assert_eq!(builder.combined_terms(0, 0), Err(input));
	let beyond = TraceError::NoParameter {
		tensor: 1,
		element: 2,
	};
	assert_eq!(builder.open_sum(1, 2, 0), Err(beyond));
	assert_eq!(builder.defer((1, 2), 0, 0), Err(beyond));
	assert_eq!(builder.rows(), rows);
}

#[test]
fn a_term_that_was_not_combined_does_not_drop_out_of_its_sum() {
	let graph = sums();
	let (mut builder, _) = with_inputs(&graph, 2, true);
	let missing = |element| TraceError::NotCombined { tensor: 0, element };
	assert_eq!(builder.node(0), Err(missing(0)));
	let cell = Cell::Values { row: 0 };
	builder.combined.insert(0, vec![cell]);
	assert_eq!(builder.combined_terms(1, 0), Err(missing(1)));
	builder.combined.insert(0, vec![cell; 2]);
	assert_eq!(builder.combined_terms(1, 0), Ok(vec![(cell, 1), (cell, 2)]));
}

#[test]
fn a_deferred_sum_that_nothing_checks_ends_in_an_error() {
	let graph = sums();
	let (mut builder, _) = with_inputs(&graph, 2, true);
	let cell = Cell::Values { row: 0 };
	builder.combined.insert(0, vec![cell; 2]);
	builder.node(0).unwrap();
	// Two elements, each of two inferences.
	assert_eq!((builder.checked, builder.all_are_checked()), (4, Ok(())));
	let none = TraceError::Sums {
		expected: 2,
		got: 0,
	};
	let rows = builder.rows();
	assert_eq!(builder.end_deferred((1, 0), rows..rows), Err(none));
	assert_eq!(builder.end_family(&[], 2, rows..rows), Err(none));
	builder.trace.rows.push(Row {
		sums: Combining::Start,
		factor: 1,
		..Row::default()
	});
	// A second start would forget the first sum; another coefficient, or none, is another sum.
	for (sums, factor) in [
		(Combining::Start, 1),
		(Combining::Next, 2),
		(Combining::Next, 0),
	] {
		let mut row = Row::default();
		(row.sums, row.factor) = (sums, factor);
		builder.trace.rows.push(row);
		let both = TraceError::Sums {
			expected: 2,
			got: 2,
		};
		assert_eq!(builder.end_deferred((1, 0), rows..rows + 2), Err(both));
		builder.trace.rows.pop();
	}
	let one = TraceError::Sums {
		expected: 2,
		got: 1,
	};
	assert_eq!(builder.end_deferred((1, 0), rows..rows + 1), Err(one));
	let unchecked = TraceError::Sums {
		expected: 4,
		got: 5,
	};
	assert_eq!(builder.all_are_checked(), Err(unchecked));
}

#[test]
fn rows_that_are_not_there_are_not_combined() {
	let graph = sums();
	let (mut builder, _) = with_inputs(&graph, 2, true);
	let row = builder.rows();
	assert_eq!(
		builder.combine(&[], &[], 0..0),
		Err(TraceError::NoRow { row })
	);
	assert_eq!(
		builder.rows_mut(row..row + 1),
		Err(TraceError::NoRow { row })
	);
	let number = builder.tuples.len();
	assert_eq!(builder.tuple(number), Err(TraceError::NoTuple { number }));
	// A combination that no gate of the layout makes.
	builder.trace.rows[0].values_combined = Combining::Start;
	builder.trace.columns.combined_lanes = 0;
	let gate = Gate::Values;
	assert_eq!(
		builder.all_are_checked(),
		Err(TraceError::NoGate { row: 0, gate })
	);
}

#[test]
fn a_row_says_nothing_that_no_column_holds() {
	let graph = sums();
	let (mut builder, _) = with_inputs(&graph, 1, false);
	let lanes = builder.lanes();
	let emitted = |builder: &mut Builder<'_>, change: &dyn Fn(&mut Row)| {
		let mut open = Open::default();
		change(&mut open.row);
		builder.emit(open)
	};
	let row = builder.rows();
	let wide = Err(TraceError::TooWide {
		row,
		got: lanes + 1,
		columns: lanes,
	});
	assert_eq!(
		emitted(&mut builder, &|row| row.values = vec![0; lanes + 1]),
		wide
	);
	assert_eq!(
		emitted(&mut builder, &|row| row.weights = vec![0; lanes + 1]),
		wide
	);
	let changes: [(&dyn Fn(&mut Row), Gate); 7] = [
		(&|row| row.product = 1, Gate::Product),
		(
			&|row| row.limb_use = LimbUse::Relu,
			Gate::Limbs(LimbUse::Relu),
		),
		(&|row| row.function = 1, Gate::Function),
		(&|row| row.interpolate = true, Gate::Interpolate),
		(&|row| row.input = true, Gate::Input),
		(&|row| row.sums = Combining::Start, Gate::Sums),
		(&|row| row.factor = 1, Gate::Sums),
	];
	for (change, gate) in changes {
		let refused = Err(TraceError::NoGate { row, gate });
		assert_eq!(emitted(&mut builder, change), refused);
	}
	let combined = |operands, product| CombinedRow {
		operands: vec![CombinedOperand::combination(ZERO, 1); operands],
		product,
		..CombinedRow::default()
	};
	assert!(builder.emit_combined(combined(1, 0)).is_err());
	let gate = Gate::CombinedProduct;
	let refused = Err(TraceError::NoGate { row: 0, gate });
	assert_eq!(builder.emit_combined(combined(0, 1)), refused);
	// Limbs in more rows than there are above the row are in rows that are not looked up, whatever the layout says of
	// their number.
	let limbs = Limbs {
		bits: 4,
		low: 1,
		high: 2,
		columns: 1,
		rows: 1,
	};
	builder.trace.columns.limbs = Some(limbs);
	builder.trace.columns.gates.step = true;
	let digits = |row: &mut Row| (row.limb_use, row.limbs) = (LimbUse::Step, vec![0; 3]);
	assert_eq!(
		emitted(&mut builder, &digits),
		Err(TraceError::LimbsAbove { row })
	);
	// With numbered rows each kind has a number, which says the accumulator's coefficient, too.
	builder.trace.columns.limbs = Some(Limbs {
		columns: 3,
		..limbs
	});
	builder.trace.columns.numbered = true;
	builder.trace.columns.gates.relu = true;
	let gate = Gate::Kind;
	let carries = |row: &mut Row| (row.limb_use, row.current) = (LimbUse::Relu, -1);
	let other = |row: &mut Row| (row.limb_use, row.current) = (LimbUse::Step, -1);
	for change in [&carries as &dyn Fn(&mut Row), &other] {
		assert_eq!(
			emitted(&mut builder, change),
			Err(TraceError::NoGate { row, gate })
		);
	}
	assert_eq!(builder.rows(), row);
}

#[test]
fn a_forest_without_boxes_or_intervals_has_no_rows() {
	let (graph, forest) = tree();
	let (mut builder, _) = with_inputs(&graph, 1, false);
	let bounds = |min, max| [Interval { min, max }];
	let plan = Plan::of(&forest, &bounds(-8, 7), &bounds(3, 4)).unwrap();
	let mut without_intervals = plan.clone();
	without_intervals.features.insert(0, Vec::new());
	let mut without_feature = plan.clone();
	without_feature.features.clear();
	let mut without_boxes = plan;
	without_boxes.trees[0].boxes.clear();
	for plan in [without_intervals, without_feature, without_boxes] {
		let made = builder.forest(&plan, 1, (0, 0), &[3]);
		assert_eq!(made, Err(TraceError::NoBox { index: 0 }));
	}
	// Twenty features, each branch's successors the same: a million boxes.
	let leaf = forest.trees[0].leaves[0].clone();
	let branches = (0..20).map(|feature| Branch {
		feature,
		threshold: 0,
		yes: feature + 1,
		no: feature + 1,
	});
	let exponential = Forest {
		features: 20,
		trees: vec![Tree {
			branches: branches.collect(),
			leaves: vec![leaf],
		}],
		..forest
	};
	let row = (0..20).map(|feature| (feature, 1));
	let sum = Operator::Affine {
		terms: vec![Term {
			input: 0,
			map: LinearMap::from_rows(20, [row]).unwrap(),
		}],
		bias: vec![0],
		weight_bits: 0,
	};
	let wide = self::graph(20, 1, vec![sum]);
	let (mut builder, _) = with_inputs(&wide, 1, false);
	let made = builder.trees(1, 0, &exponential);
	assert_eq!(made, Err(TraceError::NoPlan { tensor: 1 }));
}

#[test]
fn quotients_of_no_operands_have_no_rows() {
	let axis = |extent| Axis {
		extent,
		left: 1,
		right: 1,
	};
	let square = Operator::Product {
		left: 0,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(2)],
			inner: vec![],
		},
	};
	let graph = graph(2, 2, vec![square]);
	let (mut builder, _) = with_inputs(&graph, 1, false);
	// The divisor is not laid out.
	let made = builder.divide(((0, 0), (1, 0)), 4, 0, (0, 1), 1);
	let missing = TraceError::NoCell {
		inference: INFERENCE,
		tensor: 1,
		element: 0,
	};
	assert_eq!(made, Err(missing));
	let made = builder.inverse_sqrt((1, 0), 4, 0, 1, 1);
	assert_eq!(made, Err(missing));
}
