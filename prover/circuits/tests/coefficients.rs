//! Coefficients are multiplied by powers of two before sums are decomposed. None of them loses a bit: a
//! layout that would make one too large is refused, and in all others each equals what it should in the
//! field, and every admissible input has a witness.

use crate::assignment::{field, Assignment};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use inference_circuits::{
	circuit::{row::LimbUse, trace::Trace},
	graph::{Graph, GraphParts, Node, Operator, Term},
	keys,
	layout::{self, Layout, LayoutError, Limbs, MAX_LIMBS, MAX_LIMB_BITS},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};
use proptest::prelude::*;

fn graph(
	(inputs, min, max): (u32, i64, i64),
	scale_bits: u8,
	operators: Vec<Operator>,
	outputs: u32,
) -> Option<Graph> {
	let nodes: Vec<Node> = operators
		.into_iter()
		.enumerate()
		.map(|(index, operator)| Node {
			name: format!("n{index}"),
			operator,
		})
		.collect();
	let parts = GraphParts {
		input: TensorSpec {
			shape: vec![inputs],
			scale_bits,
			min,
			max,
			visibility: Visibility::Public,
		},
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![outputs],
		post_processing: None,
	};
	Graph::new(parts).ok()
}

fn affine(terms: &[(u32, usize, &[&[(usize, i64)]])], bias: &[i64]) -> Operator {
	let terms = terms.iter().map(|(input, length, rows)| Term {
		input: *input,
		map: LinearMap::from_rows(*length, rows.iter().map(|row| row.to_vec())).unwrap(),
	});
	Operator::Affine {
		terms: terms.collect(),
		bias: bias.to_vec(),
		weight_bits: 0,
	}
}

fn rescale(input: u32, shift: u8, relu: bool) -> Operator {
	Operator::Rescale { input, shift, relu }
}

/// `(2^18·z − 2^40·u + 2^40·relu(u)) / 2^18` of a sign u = (x ≥ 4) and z in 0..2^13: what cancels is gone
/// from the bounds, which have 31 bits.
fn cancelling() -> Graph {
	let mut sum = affine(
		&[
			(0, 2, &[&[(1, 1 << 18)]]),
			(2, 1, &[&[(0, -(1 << 40))]]),
			(3, 1, &[&[(0, 1 << 40)]]),
		],
		&[0],
	);
	if let Operator::Affine { weight_bits, .. } = &mut sum {
		*weight_bits = 18;
	}
	let operators = vec![
		affine(&[(0, 2, &[&[(0, 1)]])], &[-4]),
		Operator::Sign { input: 1 },
		rescale(2, 0, true),
		sum,
		rescale(4, 18, false),
	];
	graph((2, 0, (1 << 13) - 1), 0, operators, 1).unwrap()
}

/// `(2^60 − 2^40·x) / 2^18` for x in 2^20 ..= 2^20 + 1: an interval far from 0, and a bias against it.
fn far() -> Graph {
	let operators = vec![
		affine(&[(0, 1, &[&[(0, -(1 << 40))]])], &[1 << 60]),
		rescale(1, 18, false),
	];
	graph((1, 1 << 20, (1 << 20) + 1), 18, operators, 1).unwrap()
}

/// `layout` with other limbs, in columns of their own, and as many rows as it then needs.
fn with_limbs(graph: &Graph, layout: &Layout, limbs: Limbs) -> Result<Layout, LayoutError> {
	let mut result = layout::check(graph, layout).map(|()| *layout);
	for step in [false, true] {
		for k in 3..=layout::MAX_K {
			let mut layout = *layout;
			layout.k = k;
			layout.columns.limbs = Some(limbs);
			layout.columns.gates.step = step;
			layout.columns.degree = *layout::DEGREES.end();
			layout.columns.numbered = false;
			result = layout::check(graph, &layout).map(|()| layout);
			match &result {
				Err(LayoutError::Unfit { reason, .. })
					if reason.contains("rows") || reason.contains("gates") => {},
				_ => return result,
			}
		}
	}
	result
}

fn own_columns(bits: u8, low: u8, high: u8) -> Limbs {
	Limbs {
		bits,
		low,
		high,
		columns: low + high,
		rows: 1,
	}
}

#[test]
fn layouts_that_make_a_coefficient_too_large_are_refused() {
	// Scaled by 15 · 7 − 18 = 87 bits, 2^40 becomes 2^127; by 12 · 8 − 18 = 78 bits, the bias 2^60 becomes 2^138.
	for (graph, limbs) in [
		(cancelling(), own_columns(15, 7, 1)),
		(far(), own_columns(12, 8, 2)),
	] {
		let layout = layout::choose(&graph).unwrap();
		let error = with_limbs(&graph, &layout, limbs).unwrap_err();
		let LayoutError::Unfit { reason, .. } = &error else {
			panic!("{error}");
		};
		assert_eq!(*reason, "the limbs make a coefficient too large");
	}
	// A bit less of the low limbs' bits, and it fits.
	let layout = layout::choose(&cancelling()).unwrap();
	assert!(with_limbs(&cancelling(), &layout, own_columns(15, 6, 2)).is_ok());
}

#[test]
fn no_key_is_made_of_a_layout_that_was_not_checked_and_overflows() {
	let graph = cancelling();
	let mut layout = layout::choose(&graph).unwrap();
	layout.columns.limbs = Some(own_columns(15, 7, 1));
	assert!(Trace::shape(&graph, &layout).overflows());
	let commitments = keys::commitment_key(layout.k).unwrap();
	let error = keys::plan(&graph, &layout, &commitments).unwrap_err();
	assert!(matches!(error, keys::KeysError::Overflow), "{error}");
}

#[test]
fn what_cancels_is_proven_for_every_input() {
	let graph = cancelling();
	let layout = layout::choose(&graph).unwrap();
	for x in [0, 3, 4, 5, (1 << 13) - 1] {
		for z in [0, 5, (1 << 13) - 1] {
			let assignment = Assignment::new(&graph, layout, &[x, z]);
			assert!(assignment.is_satisfied(), "{x} {z}");
		}
	}
	let graph = far();
	let layout = layout::choose(&graph).unwrap();
	for x in [1 << 20, (1 << 20) + 1] {
		assert!(Assignment::new(&graph, layout, &[x]).is_satisfied(), "{x}");
	}
}

/// 2^`bits` in the field.
fn power(bits: u32) -> Fr {
	Fr::from(2).pow([bits.into()])
}

/// Whether the linear gate holds on every row, in the field: `Σ w·a + current·s + previous·s[−1] + constant
/// = D + …`. Layouts of one product gate, or numbered rows, are not among those of the test.
fn linear_gate_holds(layout: &Layout, fixed: &[Vec<Fr>], trace: &Trace) -> bool {
	let columns = &layout.columns;
	let limbs = columns.limbs.unwrap();
	let advice = trace.advice(Fr::ZERO, trace.len());
	let lanes = usize::from(columns.lanes);
	let used: Vec<LimbUse> = LimbUse::SELECTED
		.into_iter()
		.filter(|limb_use| columns.gates.has(*limb_use))
		.collect();
	let limb = |row: usize, j: u8| {
		let (column, up) = limbs.place(j);
		let row = row.checked_sub(up.into());
		row.map_or(Fr::ZERO, |row| advice[lanes + 1 + usize::from(column)][row])
	};
	(0..trace.len()).all(|row| {
		let mut sum: Fr = (0..lanes)
			.map(|lane| fixed[lane][row] * advice[lane][row])
			.sum();
		let s = &advice[lanes];
		let before = row.checked_sub(1).map_or(Fr::ZERO, |row| s[row]);
		sum += fixed[lanes][row] * s[row] + fixed[lanes + 1][row] * before + fixed[lanes + 2][row];
		for (limb_use, column) in used.iter().zip(lanes + 3..) {
			if fixed[column][row] == Fr::ZERO {
				continue;
			}
			for j in 0..limbs.count() {
				sum -= power(u32::from(limbs.bits) * u32::from(j)) * limb(row, j);
			}
			match limb_use {
				LimbUse::Sign => sum -= power(limbs.row_bits()) * s[row],
				LimbUse::Relu => {
					let sign = match columns.sign_place() {
						Some((column, up)) => {
							let row = row - usize::from(up);
							advice[lanes + 1 + usize::from(column)][row]
						},
						None => *advice.last().unwrap().get(row).unwrap(),
					};
					sum -= power(limbs.row_bits()) * sign;
				},
				_ => {},
			}
		}
		sum == Fr::ZERO
	})
}

/// All limbs in one row or in one column.
fn all_limbs() -> impl Iterator<Item = Limbs> {
	(1..=MAX_LIMB_BITS).flat_map(|bits| {
		(0..MAX_LIMBS).flat_map(move |low| {
			(1..=MAX_LIMBS - low).flat_map(move |high| {
				let count = low + high;
				[(count, 1), (1, count)].map(|(columns, rows)| Limbs {
					bits,
					low,
					high,
					columns,
					rows,
				})
			})
		})
	})
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
	#[test]
	fn in_every_layout_that_is_accepted_coefficients_are_exact_and_every_corner_has_a_witness(
		weights in proptest::collection::vec((any::<i64>(), 0u32..41), 3),
		(bias, bias_bits) in (any::<i64>(), 0u32..61),
		(least, least_bits, width) in (any::<i64>(), 0u32..45, 0u32..12),
		(shift, relu, cancels) in (1u8..40, any::<bool>(), any::<bool>()),
		// A case looks at a quarter of the widths: the tables of the wide ones take long.
		quarter in 0u8..4,
	) {
		// Of any size, not mostly of the greatest.
		let small = |x: i64, bits: u32| if bits == 0 { 0 } else { x >> (64 - bits) };
		let weights: Vec<i64> = weights.iter().map(|(w, bits)| small(*w, *bits)).collect();
		let min = small(least, least_bits);
		let max = min + (1 << width) - 1;
		// A bias against the interval makes the sum's bounds small where weights and values are not.
		let centre = weights.iter().fold(0i128, |sum, w| sum + i128::from(*w) * i128::from(min));
		let bias = match i64::try_from(-centre) {
			Ok(against) if cancels && against.unsigned_abs() < 1 << 60 => against,
			_ => small(bias, bias_bits),
		};
		let row: Vec<(usize, i64)> = weights.iter().copied().enumerate().collect();
		let operators = vec![
			affine(&[(0, 3, &[&row])], &[bias]),
			rescale(1, shift, relu),
		];
		let Some(graph) = graph((3, min, max), 40, operators, 1) else {
			return Ok(());
		};
		let Ok(chosen) = layout::choose(&graph) else {
			return Ok(());
		};
		let mut base = chosen;
		base.columns.lanes = 3;
		let mut accepted = 0;
		for limbs in all_limbs().filter(|limbs| limbs.bits % 4 == quarter) {
			let Ok(layout) = with_limbs(&graph, &base, limbs) else {
				continue;
			};
			accepted += 1;
			let shape = Trace::shape(&graph, &layout);
			prop_assert!(!shape.overflows());
			let scale = power(limbs.cut_bits(shift) - u32::from(shift));
			let fixed = shape.fixed();
			let expected: Vec<Fr> = weights.iter().filter(|w| **w != 0).map(|w| field(*w) * scale).collect();
			let is_the_sum = |row: usize| {
				let coefficients: Vec<Fr> = (0..3)
					.map(|lane| fixed[lane][row])
					.filter(|w| *w != Fr::ZERO)
					.collect();
				let high = limbs.high_bits() - u32::from(!relu);
				let constant = (field(bias) + power(u32::from(shift) - 1)) * scale
					+ power(limbs.cut_bits(shift) + high);
				coefficients == expected && fixed[3 + 2][row] == constant
			};
			prop_assert!((0..shape.len()).any(is_the_sum), "{layout:?}");
			for corner in 0..8 {
				let input: Vec<i64> =
					(0..3).map(|i| if corner >> i & 1 == 0 { min } else { max }).collect();
				let (trace, _) = Trace::witness(&graph, &layout, &input).unwrap();
				prop_assert!(linear_gate_holds(&layout, &fixed, &trace), "{layout:?} {input:?}");
			}
		}
		// A sum of more bits than any limbs hold has no layout, and is not chosen.
		prop_assert!(accepted > 0 || chosen.columns.limbs.is_none_or(|limbs| limbs.bits % 4 != quarter));
	}
}
