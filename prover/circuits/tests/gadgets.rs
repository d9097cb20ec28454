//! Each operator's rows: satisfied by the executor's values, and by nothing else.

use crate::assignment::*;
use crate::cases::*;
use halo2_proofs::halo2curves::bn256::Fr;
use inference_circuits::{
	circuit::{forest::Plan, trace::Cell},
	execute::execute_all,
	graph::{Branch, Forest, Graph, Operator, Pairs, Table, Tree},
	layout::{self, Layout},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::sync::LazyLock;

/// A model's name, the model, its layouts.
type Case = (&'static str, Graph, Vec<Layout>);

/// All models, with layouts of one and of several rows for each decomposition.
fn cases() -> Vec<Case> {
	static CASES: LazyLock<Vec<Case>> = LazyLock::new(make_cases);
	CASES.clone()
}

fn make_cases() -> Vec<Case> {
	models()
		.into_iter()
		.map(|(name, graph)| {
			let mut layouts = vec![layout::choose(&graph).unwrap()];
			for lanes in [3, 4, 5, 8] {
				for limbs in [(4, 1, 4), (8, 0, 2), (7, 2, 3), (5, 4, 4), (3, 0, 7)] {
					layouts.extend(layout_with(&graph, lanes, Some(limbs), 5));
					for spread in [(1, true), (2, false)] {
						layouts.extend(layout_with_rows(&graph, lanes, limbs, spread, 5));
					}
				}
			}
			assert!(layouts.len() > 3, "{name}");
			let numbered: Vec<Layout> = layouts
				.iter()
				.skip(1)
				.step_by(4)
				.map(|layout| with_numbered_rows(&graph, layout))
				.collect();
			layouts.extend(numbered);
			(name, graph, layouts)
		})
		.collect()
}

fn edges() -> Vec<Vec<i64>> {
	let corners = [-100, -60, -8, -7, -1, 0, 1, 10, 11, 25, 26, 30, 31, 60, 100];
	corners
		.iter()
		.map(|x| vec![*x, -x, x / 2, x - x / 3, *x, 1 - x / 2])
		.collect()
}

/// A random operator on tensors of three elements.
#[derive(Clone, Debug)]
struct Step {
	kind: u8,
	left: usize,
	right: usize,
	numbers: Vec<i64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (
		0u8..8,
		0usize..100,
		0usize..100,
		prop::collection::vec(-9i64..=9, 12),
	);
	let step = step.prop_map(|(kind, left, right, numbers)| Step {
		kind,
		left,
		right,
		numbers,
	});
	prop::collection::vec(step, 1..7)
}

/// The operators of `step` on the tensors of `graph`, if there is one.
fn operators_of(step: &Step, tensors: &[(i64, i64)]) -> Vec<Operator> {
	let left = step.left % tensors.len();
	let right = step.right % tensors.len();
	let next = tensors.len() as u32;
	let numbers = &step.numbers;
	let product = |left, right| Operator::Product {
		left,
		right,
		pairs: Pairs {
			outer: vec![axis(3, 1, 1)],
			inner: vec![],
		},
	};
	let identity: [&[i64]; 3] = [&[1, 0, 0], &[0, 1, 0], &[0, 0, 1]];
	let (l, r) = (left as u32, right as u32);
	let (min, max) = tensors[left];
	match step.kind {
		0 => {
			let rows: Vec<&[i64]> = numbers[..9].chunks(3).collect();
			vec![affine(l, 3, &rows, numbers[9])]
		},
		1 => vec![rescale(l, numbers[0].unsigned_abs() as u8 + 1, false)],
		2 => vec![rescale(l, numbers[0].unsigned_abs() as u8, true)],
		3 => vec![product(l, r)],
		4 => vec![Operator::Sign { input: l }],
		5 => {
			let bits = (64 - ((max - min) >> 4).leading_zeros()) as u8;
			let segments = ((max - min) >> bits) + 1;
			let table = Table {
				origin: min,
				segment_bits: bits,
				slope_shift: numbers[0].unsigned_abs() as u8,
				scale_bits: 4,
				base: (0..segments).map(|h| numbers[1] * h + numbers[2]).collect(),
				slope: (0..segments).map(|h| numbers[3] - h).collect(),
			};
			vec![Operator::Table { input: l, table }]
		},
		6 => {
			let last = if numbers[0] % 2 == 0 {
				Operator::Divide {
					numerator: l,
					denominator: next + 1,
					axes: vec![axis(3, 1, 1)],
					shift: 20 + numbers[1].unsigned_abs() as u8,
				}
			} else {
				Operator::InverseSqrt {
					input: next + 1,
					shift: 40 + 2 * numbers[1].unsigned_abs() as u8,
				}
			};
			vec![product(r, r), affine(next, 3, &identity, 1), last]
		},
		_ => {
			let threshold = |i: usize| min + (max - min) * (numbers[i] + 10) / 20;
			let branch = |i: usize, yes, no| Branch {
				feature: numbers[i + 3].unsigned_abs() as u32 % 3,
				threshold: threshold(i),
				yes,
				no,
			};
			let tree = |first: usize| Tree {
				branches: vec![branch(first, 1, 2), branch(first + 1, 3, 4)],
				leaves: (0..3).map(|i| leaf(&[(i, numbers[i as usize])])).collect(),
			};
			let forest = Forest {
				features: 3,
				rows: 1,
				targets: 3,
				scale_bits: 4,
				base: numbers[..3].into(),
				trees: (0..4).map(tree).collect(),
			};
			vec![Operator::Trees { input: l, forest }]
		},
	}
}

/// The graph of those steps that are valid.
fn random_graph(steps: &[Step]) -> Option<Graph> {
	let mut operators = Vec::new();
	let mut graph: Option<Graph> = None;
	let mut tensors = vec![(-50, 50)];
	for step in steps {
		let mut more = operators.clone();
		more.extend(operators_of(step, &tensors));
		let Ok(next) = try_graph(3, (-50, 50), more.clone(), 3) else {
			continue;
		};
		let ranges = next.tensors().iter().map(|tensor| tensor.range());
		tensors = ranges.map(|x| (x.min, x.max)).collect();
		operators = more;
		graph = Some(next);
	}
	graph
}

mod completeness {
	use super::*;

	#[test]
	fn every_operator_has_a_witness_in_every_layout() {
		for (name, graph, layouts) in cases() {
			for layout in layouts {
				let input = input_for(&graph, &[-100, 10, -7, 100, 11, -6]);
				let failures = Assignment::new(&graph, layout, &input).failures();
				assert!(failures.is_empty(), "{name}, {layout:?}: {failures:?}");
			}
		}
	}

	#[test]
	fn thresholds_segments_and_zeros_have_a_witness() {
		for (name, graph, layouts) in cases() {
			for input in edges() {
				let input = input_for(&graph, &input);
				let failures = Assignment::new(&graph, layouts[0], &input).failures();
				assert!(failures.is_empty(), "{name}, {input:?}: {failures:?}");
			}
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			cases: 48,
			failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
				"tests/gadgets.proptest-regressions",
			))),
			..ProptestConfig::default()
		})]

		#[test]
		fn random_graphs_have_a_witness(
			steps in steps(),
			values in prop::collection::vec(-50i64..=50, 3),
			lanes in 3u8..9,
			bits in 4u8..12,
			low in 0u8..4,
		) {
			let Some(graph) = random_graph(&steps) else {
				return Ok(());
			};
			let Ok(chosen) = layout::choose(&graph) else {
				return Ok(());
			};
			let high = 30u8.div_ceil(bits);
			let limbs = (bits, low, high);
			let other = layout_with(&graph, lanes, Some(limbs), 6);
			let rows = layout_with_rows(&graph, lanes, limbs, (1 + low % 2, bits % 2 == 0), 6);
			for layout in [Some(chosen), other, rows].into_iter().flatten() {
				let failures = Assignment::new(&graph, layout, &values).failures();
				prop_assert!(failures.is_empty(), "{:?}: {:?}", layout, failures);
			}
		}

		#[test]
		fn random_inputs_have_a_witness(
			values in prop::collection::vec(-100i64..=100, 6),
			pick in 0usize..1000,
		) {
			for (name, graph, layouts) in cases() {
				let layout = layouts[pick % layouts.len()];
				let input = input_for(&graph, &values);
				let failures = Assignment::new(&graph, layout, &input).failures();
				prop_assert!(failures.is_empty(), "{}, {:?}: {:?}", name, layout, failures);
			}
		}
	}
}

mod soundness {
	use super::*;

	#[test]
	fn every_changed_cell_is_refused_unless_nothing_reads_it() {
		for (name, graph, layouts) in cases() {
			let input = input_for(&graph, &[-33, 12, 57, -8, 91, 3]);
			// The layouts of most rows, with limbs in one row and in several: every kind of row.
			for (in_rows, numbered) in [(false, false), (true, false), (true, true)] {
				let layout = layouts
					.iter()
					.filter(|layout| layout.k <= 9)
					.filter(|layout| (layout.columns.limb_rows() > 1) == in_rows)
					.filter(|layout| layout.columns.numbered == numbered)
					.max_by_key(|layout| layout::rows(&graph, layout))
					.unwrap();
				let read = Assignment::new(&graph, *layout, &input).check_every_cell(1);
				assert!(read > 10, "{name}: {read}");
			}
		}
	}

	#[test]
	fn every_other_output_is_refused() {
		for (name, graph, layouts) in cases() {
			let input = input_for(&graph, &[-33, 12, 57, -8, 91, 3]);
			let honest = execute_all(&graph, &input).unwrap();
			for element in 0..graph.output().len() {
				for delta in [-2, -1, 1, 2, 64, 4096] {
					let mut values = honest.clone();
					values[graph.output_tensor()][element] += delta;
					let forged = Assignment::with_values(&graph, layouts[0], values);
					assert!(!forged.is_satisfied(), "{name}, {element}, {delta}");
				}
			}
		}
	}

	/// A quotient or a root that is off by one, with all that follows from it.
	#[test]
	fn another_quotient_or_root_leaves_a_remainder_without_digits() {
		for graph in [quotients(), roots()] {
			for input in edges() {
				let input = input_for(&graph, &input);
				let layout = layout::choose(&graph).unwrap();
				for delta in [-1, 1] {
					let mut values = execute_all(&graph, &input).unwrap();
					values[3][0] += delta;
					let forged = Assignment::with_values(&graph, layout, values);
					let failures = forged.failures();
					// A negative remainder's limbs, cut to their width, do not add up to it.
					assert_eq!(failures, ["the sum is 0"], "{input:?}, {delta}");
				}
			}
		}
	}

	#[test]
	fn a_product_takes_nothing_from_lanes_without_operands() {
		let graph = products();
		let layout = layout_with(&graph, 8, Some((7, 2, 3)), 5).unwrap();
		let mut forged = Assignment::new(&graph, layout, &[3, 1, 4, 1, 5, 9]);
		// Row 1 has three products: lanes 6 and 7 are free.
		let s = forged.lanes();
		assert_eq!(forged.advice[6][1], Fr::zero());
		forged.advice[6][1] = Fr::one();
		forged.advice[7][1] = Fr::from(2);
		forged.advice[s][1] += Fr::from(2);
		assert!(forged.failures().contains(&"copy".to_string()));
	}

	#[test]
	fn the_zero_of_unused_lanes_is_zero() {
		let graph = products();
		let layout = layout::choose(&graph).unwrap();
		let mut forged = Assignment::new(&graph, layout, &[3, 1, 4, 1, 5, 9]);
		let zero = Cell::Accumulator { row: 0 };
		let copies = forged.shape.copies().to_vec();
		let lanes = forged.lanes();
		forged.advice[lanes][0] = Fr::one();
		for (cell, home) in copies {
			if let (Cell::Lane { lane, row }, true) = (cell, home == zero) {
				forged.advice[lane][row] = Fr::one();
			}
		}
		assert!(!forged.is_satisfied());
	}

	#[test]
	fn another_sign_is_refused() {
		let graph = graph(1, (-100, 100), vec![Operator::Sign { input: 0 }]);
		let layout = layout_with(&graph, 1, Some((4, 0, 2)), 5).unwrap();
		for x in [-100, -1, 0, 1, 100] {
			let mut forged = Assignment::new(&graph, layout, &[x]);
			let (s, top) = (forged.lanes(), forged.limb(1));
			let sign = forged.advice[s][1];
			assert_eq!(sign, Fr::from(u64::from(x >= 0)));
			let other = Fr::one() - sign;
			forged.advice[s][1] = other;
			forged.instance[2] = other;
			assert_eq!(forged.failures(), ["the sum is 0"]);
			// The limbs make up for it.
			forged.advice[top][1] += (sign - other) * Fr::from(16);
			assert_eq!(forged.failures(), ["lookup limb"]);
			// A sign that is no bit makes up for other limbs.
			let mut forged = Assignment::new(&graph, layout, &[x]);
			let low = forged.limb(0);
			let limb = forged.advice[low][1];
			let limb_delta = if limb == Fr::from(15) {
				-Fr::one()
			} else {
				Fr::one()
			};
			forged.advice[low][1] += limb_delta;
			let other = sign - limb_delta * Fr::from(256).invert().unwrap();
			forged.advice[s][1] = other;
			forged.instance[2] = other;
			let failures = forged.failures();
			assert!(
				matches!(failures.as_slice(), [one] if one.contains("s is 0 or 1")),
				"{failures:?}"
			);
		}
	}

	/// One function without rounding, of segments of 16; rows 1 to 2 are its.
	fn one_table(x: i64) -> Assignment {
		let table = Operator::Table {
			input: 0,
			table: function(0, 4),
		};
		let graph = graph(1, (-60, 60), vec![table]);
		let layout = layout_with(&graph, 3, Some((4, 0, 2)), 5).unwrap();
		let assignment = Assignment::new(&graph, layout, &[x]);
		assert_eq!(assignment.rows, 3);
		assert!(assignment.is_satisfied());
		assignment
	}

	fn set(assignment: &mut Assignment, row: usize, values: &[(usize, i64)]) {
		for (column, value) in values {
			assignment.advice[*column][row] = field(*value);
		}
	}

	#[test]
	fn another_segment_is_refused_by_the_range_of_the_place_alone() {
		let function = function(0, 4);
		for x in [-60i64, 0, 5, 15, 59] {
			for delta in [-1i64, 1] {
				let mut forged = one_table(x);
				let h = ((x + 128) >> 4) + delta;
				let l = x + 128 - 16 * h;
				let (base, slope) = (function.base[h as usize], function.slope[h as usize]);
				let y = base + slope * l;
				let (s, limb) = (forged.lanes(), forged.limb(0));
				set(&mut forged, 1, &[(0, h), (s, l)]);
				set(&mut forged, 2, &[(0, h), (1, base), (2, slope), (s, y)]);
				// 2^(8 − 4)·l in limbs of four bits: the second is l.
				set(&mut forged, 2, &[(limb, 0), (limb + 1, l)]);
				forged.instance[2] = field(y);
				assert_eq!(forged.failures(), ["lookup limb"], "{x}, {delta}");
			}
		}
	}

	#[test]
	fn values_that_are_not_the_functions_are_refused_by_the_lookup_alone() {
		let mut forged = one_table(5);
		let s = forged.lanes();
		forged.advice[1][2] += Fr::one();
		forged.advice[s][2] += Fr::one();
		forged.instance[2] += Fr::one();
		assert_eq!(forged.failures(), ["lookup function"]);
		let mut forged = one_table(5);
		let l = forged.advice[s][1];
		forged.advice[2][2] += Fr::one();
		forged.advice[s][2] += l;
		forged.instance[2] += l;
		assert_eq!(forged.failures(), ["lookup function"]);
	}

	#[test]
	fn another_interpolation_is_refused_by_its_gate_alone() {
		let mut forged = one_table(5);
		let s = forged.lanes();
		forged.advice[s][2] += Fr::one();
		forged.instance[2] += Fr::one();
		let failures = forged.failures();
		assert!(
			matches!(failures.as_slice(), [one] if one.contains("first + second")),
			"{failures:?}"
		);
	}

	#[test]
	fn a_limb_above_the_first_row_is_no_other_rows() {
		// Two checks in a row: each has rows of its own for its limbs.
		for graph in [quotients(), roots(), trees(3)] {
			let input = input_for(&graph, &[-33, 12, 57, -8, 91, 3]);
			for columns in 1..4 {
				let layout = layout_with_rows(&graph, 5, (5, 4, 4), (columns, false), 5).unwrap();
				let honest = Assignment::new(&graph, layout, &input);
				assert!(honest.is_satisfied());
				// Panics where two rows' limbs are in one cell, or in rows above row 0.
				let column = honest.limb_of(64, 0).0;
				let read = honest.is_read()[column].clone();
				assert_eq!(read[0], None);
				assert!(read.contains(&Some(true)));
			}
		}
	}

	/// A stump on one feature: intervals in rows 1 and 2, its box in row 3, the sum in row 4.
	fn stump(x: i64) -> (Assignment, Plan) {
		let forest = Forest {
			features: 1,
			rows: 1,
			targets: 1,
			scale_bits: 0,
			base: vec![0],
			trees: vec![Tree {
				branches: vec![
					Branch {
						feature: 0,
						threshold: 10,
						yes: 1,
						no: 2,
					},
					Branch {
						feature: 0,
						threshold: -10,
						yes: 3,
						no: 4,
					},
				],
				// Nodes 2, 3, 4.
				leaves: vec![leaf(&[(0, 300)]), leaf(&[(0, 100)]), leaf(&[(0, 200)])],
			}],
		};
		let operator = Operator::Trees {
			input: 0,
			forest: forest.clone(),
		};
		let graph = graph(1, (-100, 100), vec![operator]);
		let bounds = |i: usize| &graph.tensors()[i].bounds;
		let plan = Plan::of(&forest, bounds(0), bounds(1)).unwrap();
		let layout = layout_with(&graph, 4, Some((4, 0, 2)), 5).unwrap();
		let assignment = Assignment::new(&graph, layout, &[x]);
		assert_eq!(assignment.rows, 5);
		assert!(assignment.is_satisfied());
		(assignment, plan)
	}

	#[test]
	fn another_interval_is_refused_by_the_range_of_the_distance_alone() {
		for (x, index) in [
			(-100, 1),
			(-10, 1),
			(0, 0),
			(0, 2),
			(10, 2),
			(11, 1),
			(100, 0),
		] {
			let (mut forged, plan) = stump(x);
			let interval = plan.features[&0][index];
			let boxes = &plan.trees[0];
			let chosen = boxes.find(&[index as i128]);
			let ((low, high), weight) = (boxes.boxes[chosen].0[0], boxes.boxes[chosen].1[0]);
			let (s, limb) = (forged.lanes(), forged.limb(0));
			let values = [(0, index as i64), (1, interval.min), (2, interval.max)];
			set(&mut forged, 1, &values);
			// All of the distance in one limb, however large or negative.
			let below = x - interval.min;
			set(&mut forged, 1, &[(limb, below), (limb + 1, 0)]);
			let above = interval.max - x;
			set(&mut forged, 2, &[(0, interval.max)]);
			set(&mut forged, 2, &[(limb, above), (limb + 1, 0)]);
			for (row, value) in [(1, below), (2, above)] {
				if value >= 0 {
					set(
						&mut forged,
						row,
						&[(limb, value & 15), (limb + 1, value >> 4)],
					);
				}
			}
			let corner = low - 32 * high;
			let row = [
				(0, chosen as i64),
				(1, corner),
				(2, weight as i64),
				(3, index as i64),
			];
			set(&mut forged, 3, &row);
			set(
				&mut forged,
				3,
				&[(limb, index as i64 - low), (limb + 1, high - index as i64)],
			);
			set(&mut forged, 4, &[(0, weight as i64), (s, weight as i64)]);
			forged.instance[2] = field(weight as i64);
			assert_eq!(forged.failures(), ["lookup limb"], "{x}, {index}");
		}
	}

	#[test]
	fn another_box_is_refused_by_the_range_of_the_conditions_alone() {
		for (x, other) in [(-50, 0), (-50, 1), (0, 1), (0, 2), (50, 0), (50, 2)] {
			let (mut forged, plan) = stump(x);
			let boxes = &plan.trees[0];
			let index = plan.features[&0].partition_point(|i| i.max < x) as i64;
			let right = boxes.find(&[index.into()]);
			let wrong = (0..3).filter(|i| *i != right).nth(other % 2).unwrap();
			let ((low, high), weight) = (boxes.boxes[wrong].0[0], boxes.boxes[wrong].1[0]);
			let (s, limb) = (forged.lanes(), forged.limb(0));
			let row = [(0, wrong as i64), (1, low - 32 * high), (2, weight as i64)];
			set(&mut forged, 3, &row);
			set(&mut forged, 4, &[(0, weight as i64), (s, weight as i64)]);
			forged.instance[2] = field(weight as i64);
			// Condition by condition: one is negative.
			set(
				&mut forged,
				3,
				&[(limb, index - low), (limb + 1, high - index)],
			);
			assert_eq!(forged.failures(), ["lookup limb"], "{x}, {wrong}");
			// With a borrow from the next condition.
			let (mut first, mut second) = (index - low, high - index);
			if first < 0 {
				first += 32;
				second -= 1;
			}
			set(&mut forged, 3, &[(limb, first), (limb + 1, second)]);
			assert_eq!(forged.failures(), ["lookup limb"], "{x}, {wrong}");
		}
	}

	#[test]
	fn a_weight_of_another_leaf_is_refused_by_the_lookup_alone() {
		let (mut forged, _) = stump(0);
		let s = forged.lanes();
		set(&mut forged, 3, &[(2, 300)]);
		set(&mut forged, 4, &[(0, 300), (s, 300)]);
		forged.instance[2] = field(300);
		assert_eq!(forged.failures(), ["lookup function"]);
	}

	#[test]
	fn sums_of_targets_are_not_mixed_up() {
		let graph = trees(3);
		let layout = layout::choose(&graph).unwrap();
		let input = [-33, 12, 57, -8, 91, 3];
		let honest = execute_all(&graph, &input).unwrap();
		let bounds = |i: usize| &graph.tensors()[i].bounds;
		let plan = Plan::of(&forest(3), bounds(0), bounds(1)).unwrap();
		assert_eq!(plan.packed, 3);
		// A unit of the second target is 2^w of the first.
		let mut values = honest.clone();
		values[1][0] += 1 << plan.width;
		values[1][1] -= 1;
		let failures = Assignment::with_values(&graph, layout, values).failures();
		assert_eq!(failures, ["the sum is 0"]);
	}
}
