//! The circuit of dense networks against the executor, and against a prover who cheats.

use crate::assignment::*;
use crate::support::*;
use halo2_proofs::halo2curves::bn256::Fr;
use inference_circuits::{
	circuit::config::Config,
	graph::{Graph, GraphParts, Node, Operator, Term},
	layout::{self, cost, Columns, Gates, Layout, LayoutError, Limbs},
	linear_map::LinearMap,
	onnx::parse,
	quantise::{quantise, QuantiseOptions},
};
use inference_primitives::{TensorSpec, Visibility};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn graph_with(model: &Model, options: &QuantiseOptions) -> Graph {
	quantise(&parse(&model.bytes()).unwrap().simplify().unwrap(), options).unwrap()
}

fn graph(model: &Model) -> Graph {
	graph_with(model, &QuantiseOptions::default())
}

/// A model with every kind of row: scaled and unscaled layers, ReLU on both, a rescaling without
/// ReLU, a residual sum, a value read twice.
fn everything() -> Model {
	Model::row(3)
		.weights("w0", &[3, 5], &weights(15, 3))
		.weights("b0", &[5], &weights(5, 4))
		.weights("w1", &[5, 2], &weights(10, 5))
		.weights("w2", &[2, 4], &weights(8, 6))
		.weights("w3", &[4, 2], &weights(8, 7))
		.node("Gemm", &["x", "w0", "b0"], "z0")
		.node("Relu", &["z0"], "a0")
		.node("MatMul", &["a0", "w1"], "z1")
		.node("Relu", &["z1"], "a1")
		.node("Add", &["a1", "z1"], "r")
		.node("Relu", &["r"], "s")
		.node("MatMul", &["s", "w2"], "z2")
		.node("Relu", &["z2"], "a2")
		.node("MatMul", &["a2", "w3"], "z3")
		.node("Sub", &["z3", "s"], "y")
}

fn input_of(graph: &Graph, seed: u64) -> Vec<i64> {
	let spec = graph.input();
	let span = (spec.max - spec.min) as f64;
	weights(spec.len(), seed)
		.into_iter()
		.map(|x| spec.min + (span * (f64::from(x) + 1.0) / 2.0) as i64)
		.collect()
}

mod completeness {
	use super::*;

	#[test]
	fn every_kind_of_row_occurs_and_is_satisfied() {
		let graph = graph(&everything());
		let kinds = |shift_zero, with_relu| {
			graph.nodes().iter().any(|node| {
				matches!(node.operator, Operator::Rescale { shift, relu, .. }
					if (shift == 0) == shift_zero && relu == with_relu)
			})
		};
		assert!(kinds(true, true) && kinds(false, true) && kinds(false, false));
		// Limb widths that divide the shift and others; all limbs in one row, or several rows.
		let layouts = [
			(1, (8, 2, 3), 5),
			(3, (5, 0, 5), 4),
			(4, (7, 3, 4), 6),
			(5, (3, 1, 8), 9),
			(16, (11, 0, 2), 5),
			(7, (6, 1, 4), 7),
		];
		for (lanes, limbs, degree) in layouts {
			let mut all = vec![layout_with(&graph, lanes, Some(limbs), degree).unwrap()];
			for spread in [(1, false), (1, true), (2, true), (2, false)] {
				all.extend(layout_with_rows(&graph, lanes, limbs, spread, degree));
			}
			assert!(all.len() >= 4);
			all.push(with_numbered_rows(&graph, &all[0]));
			all.push(with_numbered_rows(&graph, &all[2]));
			for (layout, seed) in all.into_iter().flat_map(|l| (0..4).map(move |s| (l, s))) {
				assert!(Assignment::new(&graph, layout, &input_of(&graph, seed)).is_satisfied());
			}
		}
	}

	#[test]
	fn the_corners_of_the_domain_have_a_witness() {
		let graph = graph(&everything());
		let layout = layout::choose(&graph).unwrap();
		let (min, max) = (graph.input().min, graph.input().max);
		for corner in 0..8 {
			let input: Vec<i64> = (0..3)
				.map(|i| if (corner >> i) & 1 == 1 { max } else { min })
				.collect();
			assert!(Assignment::new(&graph, layout, &input).is_satisfied());
		}
	}

	#[test]
	fn rounding_at_the_limbs_edges_has_a_witness() {
		// y = relu(x / 2^16): every remainder near a carry.
		let model = Model::row(1)
			.weights("w", &[1, 1], &[1.0 / 65536.0])
			.node("MatMul", &["x", "w"], "z")
			.node("Relu", &["z"], "y");
		let options = QuantiseOptions {
			input_scale_bits: Some(20),
			..Default::default()
		};
		let graph = graph_with(&model, &options);
		let layout = layout::choose(&graph).unwrap();
		for base in [
			-(1i64 << 17),
			-(1 << 16),
			-(1 << 15),
			0,
			1 << 15,
			1 << 16,
			3 << 15,
		] {
			for x in base - 1..=base + 1 {
				assert!(Assignment::new(&graph, layout, &[x]).is_satisfied());
			}
		}
	}

	#[test]
	fn a_linear_model_needs_no_lookup_for_every_number_of_lanes() {
		let graph = graph(&network(&[5, 3], 9));
		assert_eq!(layout::choose(&graph).unwrap().columns.limbs, None);
		for lanes in 1..=7 {
			let layout = layout_with(&graph, lanes, None, 3 + lanes % 3).unwrap();
			assert!(Assignment::new(&graph, layout, &input_of(&graph, 1)).is_satisfied());
		}
	}

	#[test]
	fn an_output_that_ignores_the_input_has_a_witness() {
		let model = Model::row(2)
			.weights("w", &[2, 2], &[0.0, 0.0, 0.0, 0.5])
			.weights("b", &[2], &[1.5, 2.5])
			.node("Gemm", &["x", "w", "b"], "z")
			.node("Relu", &["z"], "y");
		let graph = graph(&model);
		let layout = layout::choose(&graph).unwrap();
		assert!(Assignment::new(&graph, layout, &input_of(&graph, 1)).is_satisfied());
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			cases: 32,
			failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
				"tests/circuit.proptest-regressions",
			))),
			..ProptestConfig::default()
		})]

		#[test]
		fn random_networks_are_satisfied_by_the_executors_values(
			widths in prop::collection::vec(1u64..6, 2..5),
			seed in 0u64..1 << 20,
			lanes in 1u8..9,
			bits in 3u8..12,
			low in 0u8..4,
			degree in 4u8..8,
		) {
			let graph = graph(&network(&widths, seed));
			let high = 26u8.div_ceil(bits);
			// A layer without weights is a constant, and needs no range check.
			let chosen = layout::choose(&graph).unwrap();
			let limbs = chosen.columns.limbs.map(|_| (bits, low, high));
			if let Some(layout) = layout_with(&graph, lanes, limbs, degree) {
				let input = input_of(&graph, seed);
				prop_assert!(Assignment::new(&graph, layout, &input).is_satisfied());
			}
			prop_assert!(Assignment::new(&graph, chosen, &input_of(&graph, !seed)).is_satisfied());
		}
	}
}

mod soundness {
	use super::*;

	fn honest() -> Assignment {
		let graph = graph(&everything());
		let layout = layout_with(&graph, 4, Some((7, 1, 4)), 5).unwrap();
		Assignment::new(&graph, layout, &input_of(&graph, 2))
	}

	#[test]
	fn another_statement_is_refused() {
		let mut assignment = honest();
		assignment.instance[0] += Fr::one();
		assert!(!assignment.is_satisfied());
		let mut assignment = honest();
		assignment.advice[0][0] += Fr::one();
		assert!(!assignment.is_satisfied());
	}

	#[test]
	fn another_input_or_output_is_refused() {
		let honest = honest();
		for row in 1..honest.instance.len() {
			let mut instance = honest.instance.clone();
			instance[row] += Fr::one();
			assert!(
				!Assignment {
					instance,
					..self::honest()
				}
				.is_satisfied(),
				"row {row}"
			);
		}
	}

	#[test]
	fn every_single_changed_cell_is_refused_unless_nothing_reads_it() {
		assert!(honest().check_every_cell(1) > 200);
		let graph = graph(&everything());
		for spread in [(1, true), (2, false), (3, true)] {
			let layout = layout_with_rows(&graph, 4, (7, 1, 4), spread, 5).unwrap();
			for layout in [layout, with_numbered_rows(&graph, &layout)] {
				let mut honest = Assignment::new(&graph, layout, &input_of(&graph, 2));
				assert!(honest.check_every_cell(1) > 200);
			}
		}
	}

	/// One value, rescaled by 8 bits: a row for the statement, and one for all else, with two low
	/// limbs of 5 bits and three high ones. Without ReLU, the result goes through a layer of its own.
	fn rescaled(x: i64, relu: bool) -> (Assignment, usize) {
		let graph = one_rescaling(relu);
		let layout = layout_with(&graph, 2, Some((5, 2, 3)), 5).unwrap();
		let assignment = Assignment::new(&graph, layout, &[x]);
		assert_eq!(assignment.rows, if relu { 2 } else { 3 });
		assert!(assignment.is_satisfied());
		(assignment, 1)
	}

	/// The same with all limbs and the sign in one column, in as many rows; the last of them is the
	/// rescaling's.
	fn rescaled_in_rows(x: i64) -> (Assignment, usize) {
		let graph = one_rescaling(true);
		let layout = layout_with_rows(&graph, 2, (5, 2, 3), (1, true), 5).unwrap();
		let assignment = Assignment::new(&graph, layout, &[x]);
		assert_eq!(assignment.rows, 7);
		assert!(assignment.is_satisfied());
		(assignment, 6)
	}

	/// A value, weighted, and rescaled by 8 bits.
	fn one_rescaling(relu: bool) -> Graph {
		let affine = |input, weight| Operator::Affine {
			terms: vec![Term {
				input,
				map: LinearMap::from_rows(1, [[(0, weight)]]).unwrap(),
			}],
			bias: vec![0],
			weight_bits: 8,
		};
		let rescale = Operator::Rescale {
			input: 1,
			shift: 8,
			relu,
		};
		let mut operators = vec![affine(0, 192), rescale];
		operators.extend((!relu).then(|| affine(2, 128)));
		let nodes = operators.into_iter().map(|operator| Node {
			name: operator.name().into(),
			operator,
		});
		let nodes: Vec<Node> = nodes.collect();
		Graph::new(GraphParts {
			input: TensorSpec {
				shape: vec![1],
				scale_bits: 8,
				min: -2048,
				max: 2048,
				visibility: Visibility::Public,
			},
			output: nodes.len() as u32,
			nodes,
			output_shape: vec![1],
			post_processing: None,
		})
		.unwrap()
	}

	/// 2^t: three limbs of five bits.
	const TOP: u64 = 1 << 15;

	#[test]
	fn the_other_sign_is_refused_by_the_limbs_range_alone() {
		for x in [-1000, 1000] {
			let (mut forged, row) = rescaled(x, true);
			let (s, sign, high) = (forged.lanes(), forged.sign(), forged.limb(2));
			let sigma = forged.advice[sign][row];
			assert_eq!(sigma, Fr::from(u64::from(x > 0)));
			// σ·2^t + H stays the same: H moves by 2^t, all of it in its lowest limb.
			let other = Fr::one() - sigma;
			forged.advice[sign][row] = other;
			forged.advice[high][row] += (sigma - other) * Fr::from(TOP);
			let h = forged.advice[high][row]
				+ forged.advice[high + 1][row] * Fr::from(32)
				+ forged.advice[high + 2][row] * Fr::from(1024);
			forged.advice[s][row] = other * h;
			forged.instance[2] = other * h;
			assert_eq!(forged.failures(), ["lookup limb"]);
		}
	}

	#[test]
	fn a_sign_that_is_no_bit_is_refused_by_its_own_constraint_alone() {
		let (mut forged, row) = rescaled(1000, true);
		let (s, sign, high) = (forged.lanes(), forged.sign(), forged.limb(2));
		// Another H with good limbs, and the σ of the field that makes up for it.
		let sigma = forged.advice[sign][row] - Fr::from(TOP).invert().unwrap();
		forged.advice[sign][row] = sigma;
		forged.advice[high][row] += Fr::one();
		let h = forged.advice[high][row]
			+ forged.advice[high + 1][row] * Fr::from(32)
			+ forged.advice[high + 2][row] * Fr::from(1024);
		forged.advice[s][row] = sigma * h;
		forged.instance[2] = sigma * h;
		let failures = forged.failures();
		assert!(
			matches!(failures.as_slice(), [one] if one.contains("σ is 0 or 1")),
			"{failures:?}"
		);
	}

	#[test]
	fn another_result_is_refused_by_the_result_gate_alone() {
		for x in [-1000, 1000] {
			let (mut forged, row) = rescaled(x, true);
			let s = forged.lanes();
			forged.advice[s][row] += Fr::one();
			forged.instance[2] += Fr::one();
			let failures = forged.failures();
			assert!(
				matches!(failures.as_slice(), [one] if one.contains("s = σ·H")),
				"{failures:?}"
			);
			let (mut forged, row) = rescaled(x, false);
			// y, its copy, and what is made of it.
			forged.advice[s][row] += Fr::one();
			forged.advice[0][row + 1] += Fr::one();
			forged.advice[s][row + 1] += Fr::from(128);
			forged.instance[2] += Fr::from(128);
			let failures = forged.failures();
			assert!(
				matches!(failures.as_slice(), [one] if one.contains("s = H − 2^(t−1)")),
				"{failures:?}"
			);
		}
	}

	#[test]
	fn a_borrowed_limb_is_refused_by_the_lookup_alone() {
		for relu in [false, true] {
			let (mut forged, row) = rescaled(1000, relu);
			let (s, low, high) = (forged.lanes(), forged.limb(1), forged.limb(2));
			// What is cut off too large by 2^10, what stays smaller by one.
			forged.advice[low][row] += Fr::from(32);
			forged.advice[high][row] -= Fr::one();
			forged.advice[s][row] -= Fr::one();
			if relu {
				forged.instance[2] -= Fr::one();
			} else {
				forged.advice[0][row + 1] -= Fr::one();
				forged.advice[s][row + 1] -= Fr::from(128);
				forged.instance[2] -= Fr::from(128);
			}
			assert_eq!(forged.failures(), ["lookup limb"]);
		}
	}

	#[test]
	fn limbs_in_the_rows_above_are_read_and_looked_up() {
		for x in [-1000, 1000] {
			let (honest, row) = rescaled_in_rows(x);
			let cells: Vec<(usize, usize)> = (0..5).map(|limb| honest.limb_of(row, limb)).collect();
			let column = cells[0].0;
			assert_eq!(cells, [6, 5, 4, 3, 2].map(|row| (column, row)));
			assert_eq!(honest.sign_of(row), Some((column, 1)));
			let s = honest.lanes();
			// Another limb, within the table, is another sum.
			for (_, at) in &cells {
				let (mut forged, _) = rescaled_in_rows(x);
				let value = forged.advice[column][*at];
				forged.advice[column][*at] = if value == Fr::zero() {
					Fr::one()
				} else {
					value - Fr::one()
				};
				assert!(forged.failures().iter().any(|f| f.contains("sum is 0")));
			}
			// A limb that lends to the one above it, of which it takes one.
			for pair in cells.windows(2).take(1) {
				let (mut forged, _) = rescaled_in_rows(x);
				forged.advice[column][pair[0].1] += Fr::from(32);
				forged.advice[column][pair[1].1] -= Fr::one();
				assert_eq!(forged.failures(), ["lookup limb"], "{x}");
			}
			// The other sign, with all of 2^t in the lowest limb of the result.
			let (mut forged, _) = rescaled_in_rows(x);
			let sigma = forged.advice[column][1];
			assert_eq!(sigma, Fr::from(u64::from(x > 0)));
			let other = Fr::one() - sigma;
			forged.advice[column][1] = other;
			forged.advice[column][4] += (sigma - other) * Fr::from(TOP);
			let h = forged.advice[column][4]
				+ forged.advice[column][3] * Fr::from(32)
				+ forged.advice[column][2] * Fr::from(1024);
			forged.advice[s][row] = other * h;
			forged.instance[2] = other * h;
			assert_eq!(forged.failures(), ["lookup limb"]);
			// A sign of two, and another result for it.
			let (mut forged, _) = rescaled_in_rows(x);
			forged.advice[column][1] = Fr::from(2);
			forged.advice[column][4] += (sigma - Fr::from(2)) * Fr::from(TOP);
			let failures = forged.failures();
			assert!(failures.iter().any(|f| f.contains("σ is 0 or 1")));
		}
	}

	#[test]
	fn a_remainder_of_a_part_of_a_limb_is_refused() {
		// Ten bits are cut off, eight of which are the sum's: the limbs of a remainder r are those
		// of 4·r. One that is no multiple of 4 belongs to no integer sum.
		let (mut forged, row) = rescaled(1000, true);
		let low = forged.limb(0);
		forged.advice[low][row] += Fr::one();
		let failures = forged.failures();
		assert!(
			matches!(failures.as_slice(), [one] if one.contains("sum is 0")),
			"{failures:?}"
		);
	}

	#[test]
	fn copies_tie_every_operand_to_its_home() {
		let assignment = honest();
		for (left, right) in assignment.shape.copies() {
			assert_eq!(assignment.read(*left), assignment.read(*right));
		}
	}
}

mod layouts {
	use super::*;

	#[test]
	fn reserved_rows_and_degree_are_halo2s() {
		let limbs = flat((4, 2, 3));
		let spread_out = |columns, rows| Limbs {
			columns,
			rows,
			..limbs
		};
		let all = Gates {
			product: true,
			step: true,
			plain: true,
			relu: true,
			sign: true,
			spread: true,
			function: true,
			interpolate: true,
			combined_product: false,
		};
		let relu = Gates {
			relu: true,
			..Gates::default()
		};
		for (lanes, degree, limbs, gates) in [
			(1, 3, None, Gates::default()),
			(2, 4, Some(limbs), relu),
			(16, 5, Some(limbs), all),
			(7, 9, Some(limbs), all),
			(3, 6, Some(spread_out(1, 5)), relu),
			(3, 6, Some(spread_out(1, 6)), relu),
			(4, 7, Some(spread_out(2, 3)), all),
			(4, 7, Some(spread_out(3, 2)), all),
		] {
			let columns = Columns {
				lanes,
				degree,
				limbs,
				gates,
				combined_lanes: 0,
				within: false,
				inputs: None,
				numbered: false,
			};
			let mut cs = halo2_proofs::plonk::ConstraintSystem::default();
			Config::configure(&mut cs, &columns);
			assert_eq!(cs.blinding_factors() + 1, columns.reserved_rows());
			assert_eq!(cs.degree() as u64, columns.degree());
			assert_eq!(cs.num_advice_columns() as u64, columns.advice());
			let numbered = Columns {
				numbered: true,
				degree: 12,
				..columns
			};
			let mut cs = halo2_proofs::plonk::ConstraintSystem::default();
			Config::configure(&mut cs, &numbered);
			assert_eq!(cs.degree(), 12);
			assert_eq!(cs.blinding_factors() + 1, columns.reserved_rows());
		}
	}

	#[test]
	fn a_layout_of_another_model_is_refused() {
		let graph = graph(&network(&[4, 3, 2], 1));
		let good = layout::choose(&graph).unwrap();
		let with = |change: &dyn Fn(&mut Layout)| {
			let mut layout = good;
			change(&mut layout);
			matches!(
				layout::check(&graph, &layout),
				Err(LayoutError::Unfit { .. })
			)
		};
		assert_eq!(layout::check(&graph, &good), Ok(()));
		assert!(with(&|l| l.k = 3));
		assert!(with(&|l| l.k = 60));
		assert!(with(&|l| l.columns.lanes = 0));
		assert!(with(&|l| l.columns.lanes = 200));
		assert!(with(&|l| l.columns.limbs = None));
		let limbs = good.columns.limbs.unwrap();
		let with_limbs =
			|bits, low, high| with(&|l| l.columns.limbs = Some(flat((bits, low, high))));
		for (columns, rows) in [(0, 9), (1, 1), (9, 1), (1, 9), (255, 255)] {
			assert!(with(&|l| l.columns.limbs = Some(Limbs {
				columns,
				rows,
				..limbs
			})));
		}
		assert!(with_limbs(0, limbs.low, limbs.high));
		assert!(with_limbs(255, limbs.low, limbs.high));
		assert!(with_limbs(limbs.bits, limbs.low, 0));
		assert!(with_limbs(limbs.bits, limbs.low, limbs.high - 1));
		assert!(with_limbs(limbs.bits, 255, 255));
		assert!(with(&|l| l.columns.gates.relu = false));
		assert!(with(&|l| l.columns.gates.step = !l.columns.gates.step));
		assert!(with(&|l| l.columns.gates.product = true));
		assert!(with(&|l| l.columns.degree = 3));
		assert!(with(&|l| l.columns.degree = 200));
	}

	#[test]
	fn any_shift_has_a_layout() {
		for bits in [7, 11, 13] {
			let options = QuantiseOptions {
				weight_scale_bits: Some(bits),
				..Default::default()
			};
			let graph = graph_with(&network(&[2, 2, 1], 1), &options);
			let layout = layout::choose(&graph).unwrap();
			assert!(Assignment::new(&graph, layout, &input_of(&graph, 1)).is_satisfied());
		}
	}

	#[test]
	fn the_same_model_has_the_same_layout() {
		let choose = || layout::choose(&graph(&network(&[9, 6, 4, 2], 5))).unwrap();
		assert_eq!(choose(), choose());
	}

	#[test]
	fn no_other_layout_costs_less() {
		let graph = graph(&network(&[12, 7, 3], 5));
		let chosen = layout::choose(&graph).unwrap();
		// 12·7 + 7·3 operands: a small model.
		// It is within the target, so that only those within are to compare with.
		assert!(cost::proof_bytes(&chosen.columns) <= cost::TARGET_BYTES);
		let least = cost::of(&chosen.columns, chosen.k);
		let mut tried = 0;
		let limbs = (1..=layout::MAX_LIMB_BITS).flat_map(|bits| {
			let splits = (0..5).flat_map(move |low| (1..9).map(move |high| (low, high)));
			splits.flat_map(move |(low, high)| {
				[1, 2, low + high].into_iter().flat_map(move |columns| {
					[0u8, 1].map(|sign| Limbs {
						columns,
						rows: (low + high + sign).div_ceil(columns),
						..flat((bits, low, high))
					})
				})
			})
		});
		for (limbs, lanes) in limbs.flat_map(|limbs| (1..=12).map(move |lanes| (limbs, lanes))) {
			for (step, degree) in [false, true]
				.into_iter()
				.flat_map(|s| [(s, 4), (s, 5), (s, 7)])
			{
				let columns = Columns {
					lanes,
					degree,
					limbs: Some(limbs),
					gates: Gates {
						step,
						..chosen.columns.gates
					},
					combined_lanes: 0,
					within: false,
					inputs: None,
					numbered: lanes % 2 == 0,
				};
				for k in 3..=chosen.k {
					let other = Layout {
						k,
						columns,
						claim: chosen.claim,
					};
					if layout::check(&graph, &other).is_ok() {
						let is_small = cost::proof_bytes(&columns) <= cost::TARGET_BYTES;
						assert!(!is_small || cost::of(&columns, k) >= least, "{other:?}");
						tried += usize::from(is_small);
						break;
					}
				}
			}
		}
		assert!(tried > 100, "{tried}");
	}

	#[test]
	fn cost_grows_with_rows_columns_and_limbs() {
		let columns = |lanes, count| Columns {
			lanes,
			degree: 5,
			limbs: Some(flat((8, 0, count))),
			gates: Gates::default(),
			combined_lanes: 0,
			within: false,
			inputs: None,
			numbered: false,
		};
		let base = cost::time(&columns(4, 2), 10);
		assert!(cost::time(&columns(4, 2), 11) > 2 * base);
		assert!(cost::time(&columns(5, 2), 10) > base);
		assert!(cost::time(&columns(4, 3), 10) > base);
		assert!(cost::proof_bytes(&columns(5, 2)) > cost::proof_bytes(&columns(4, 2)));
	}
}
