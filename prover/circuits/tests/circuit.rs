//! The circuit against the executor, and against a prover who cheats.

mod support;

use halo2_proofs::{
	dev::{MockProver, VerifyFailure},
	halo2curves::bn256::Fr,
};
use inference_circuits::{
	circuit::{
		config::Config,
		trace::{Cell, Trace},
		ModelCircuit,
	},
	execute::execute,
	graph::{Graph, Operator},
	layout::{self, Columns, Layout, LayoutError},
	onnx::parse,
	quantise::{quantise, QuantiseOptions},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use support::*;

const STATEMENT: u64 = 0xfeed;

fn graph_with(model: &Model, options: &QuantiseOptions) -> Graph {
	quantise(&parse(&model.bytes()).unwrap().simplify().unwrap(), options).unwrap()
}

fn graph(model: &Model) -> Graph {
	graph_with(model, &QuantiseOptions::default())
}

fn field(x: i64) -> Fr {
	let magnitude = Fr::from(x.unsigned_abs());
	if x < 0 {
		-magnitude
	} else {
		magnitude
	}
}

/// A witness and public inputs that a test may change.
struct Assignment {
	layout: Layout,
	circuit: ModelCircuit,
	advice: Vec<Vec<Fr>>,
	instance: Vec<Fr>,
	rows: usize,
}

impl Assignment {
	fn new(graph: &Graph, layout: Layout, input: &[i64]) -> Self {
		let (trace, output) = Trace::witness(graph, &layout, input).unwrap();
		assert_eq!(output, execute(graph, input).unwrap());
		let shape = Trace::shape(graph, &layout);
		// Coefficients and copies do not depend on the witness.
		assert_eq!(
			(shape.fixed(), shape.copies()),
			(trace.fixed(), trace.copies())
		);
		assert_eq!(trace.len(), layout::rows(graph, &layout.columns));
		let instance = std::iter::once(Fr::from(STATEMENT))
			.chain(input.iter().chain(&output).map(|x| field(*x)))
			.collect();
		Self {
			layout,
			circuit: ModelCircuit::new(&layout, &shape),
			advice: trace.advice(Fr::from(STATEMENT), 1 << layout.k),
			instance,
			rows: trace.len(),
		}
	}

	fn is_satisfied(&self) -> bool {
		self.failures().is_empty()
	}

	/// What refuses the assignment: names of constraints, `lookup`, `copy`.
	fn failures(&self) -> Vec<String> {
		let circuit = self.circuit.clone().with_witness(self.advice.clone());
		let k = u32::from(self.layout.k);
		let prover = MockProver::run(k, &circuit, vec![self.instance.clone()]).unwrap();
		let name = |failure: VerifyFailure| match failure {
			VerifyFailure::ConstraintNotSatisfied { constraint, .. } => constraint.to_string(),
			VerifyFailure::Lookup { .. } => "lookup".into(),
			VerifyFailure::Permutation { .. } => "copy".into(),
			other => panic!("{other}"),
		};
		prover
			.verify()
			.err()
			.unwrap_or_default()
			.into_iter()
			.map(name)
			.collect()
	}

	fn read(&self, cell: Cell) -> Fr {
		match cell {
			Cell::Lane { lane, row } => self.advice[lane][row],
			Cell::Instance { row } => self.instance[row],
		}
	}
}

/// The smallest layout with these columns.
fn layout_with(graph: &Graph, lanes: u8, limb_bits: Option<u8>) -> Layout {
	let relu = layout::choose(graph).unwrap().columns.relu;
	let columns = Columns {
		lanes,
		limb_bits,
		relu,
	};
	(3..=layout::MAX_K)
		.map(|k| Layout { k, columns })
		.find(|layout| layout::check(graph, layout).is_ok())
		.unwrap()
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
		for (lanes, limb_bits) in [(3, 4), (4, 8), (5, 2), (16, 1), (7, 8)] {
			let layout = layout_with(&graph, lanes, Some(limb_bits));
			for seed in 0..4 {
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
		assert_eq!(layout::choose(&graph).unwrap().columns.limb_bits, None);
		for lanes in 1..=7 {
			let layout = layout_with(&graph, lanes, None);
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
			lanes in 3u8..9,
			limb_bits in prop::sample::select(vec![1u8, 2, 4, 8]),
		) {
			let graph = graph(&network(&widths, seed));
			// A layer without weights is a constant, and needs no range check.
			let limb_bits = layout::choose(&graph).unwrap().columns.limb_bits.map(|_| limb_bits);
			let layout = layout_with(&graph, lanes, limb_bits);
			prop_assert!(Assignment::new(&graph, layout, &input_of(&graph, seed)).is_satisfied());
			let chosen = layout::choose(&graph).unwrap();
			prop_assert!(Assignment::new(&graph, chosen, &input_of(&graph, !seed)).is_satisfied());
		}
	}
}

mod soundness {
	use super::*;

	fn honest() -> Assignment {
		let graph = graph(&everything());
		let layout = layout_with(&graph, 4, Some(4));
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
		let mut assignment = honest();
		let fixed = Trace::shape(&graph(&everything()), &assignment.layout).fixed();
		let copies: Vec<Cell> = {
			let trace = Trace::shape(&graph(&everything()), &assignment.layout);
			trace.copies().iter().flat_map(|(a, b)| [*a, *b]).collect()
		};
		let lanes = usize::from(assignment.layout.columns.lanes);
		let is_set = |column: usize, row: usize| {
			fixed[column]
				.get(row)
				.is_some_and(|value| *value != Fr::zero())
		};
		let mut read = 0;
		for row in 0..assignment.rows {
			for column in 0..=lanes {
				let sign = lanes + 5;
				let is_read = if column == lanes {
					is_set(lanes, row) || is_set(lanes + 1, row + 1) || is_set(sign, row)
				} else {
					is_set(column, row)
						|| (column == 0 && is_set(lanes + 3, row))
						|| ((column == 1 || column == 2) && is_set(sign, row))
						|| copies.contains(&Cell::Lane { lane: column, row })
				};
				let value = assignment.advice[column][row];
				for delta in [Fr::one(), -Fr::one()] {
					assignment.advice[column][row] = value + delta;
					assert_eq!(
						assignment.is_satisfied(),
						!is_read,
						"column {column}, row {row}"
					);
				}
				assignment.advice[column][row] = value;
				read += usize::from(is_read);
			}
		}
		assert!(read > 200);
		assert!(assignment.is_satisfied());
	}

	/// One value, rescaled with ReLU: rows are statement, accumulator, low limbs, high limbs.
	fn relu(x: i64) -> (Assignment, usize) {
		let model = Model::row(1)
			.weights("w", &[1, 1], &[0.75])
			.node("MatMul", &["x", "w"], "z")
			.node("Relu", &["z"], "y");
		let options = QuantiseOptions {
			weight_scale_bits: Some(8),
			input_scale_bits: Some(8),
			..Default::default()
		};
		let graph = graph_with(&model, &options);
		(
			Assignment::new(&graph, layout_with(&graph, 3, Some(4)), &[x]),
			3,
		)
	}

	/// 2^t of [`relu`]: three limbs of four bits.
	fn offset() -> Fr {
		Fr::from(1 << 12)
	}

	#[test]
	fn the_other_sign_is_refused_by_the_range_of_the_rest_alone() {
		for x in [-1000, 1000] {
			let (mut forged, row) = relu(x);
			assert!(forged.is_satisfied());
			let sigma = forged.advice[1][row];
			assert_eq!(sigma, Fr::from(u64::from(x > 0)));
			// σ·2^t + r stays the same: r moves by 2^t, out = σ·r.
			let other = Fr::one() - sigma;
			let r = forged.advice[3][row] + (sigma - other) * offset();
			forged.advice[1][row] = other;
			forged.advice[3][row] = r;
			forged.advice[2][row] = other * r;
			forged.instance[2] = other * r;
			// All of r in the first high limb, nothing in the others.
			forged.advice[0][row + 1] = r;
			for high in row + 1..row + 4 {
				forged.advice[3][high] = Fr::zero();
			}
			forged.advice[0][row + 2] = Fr::zero();
			forged.advice[0][row + 3] = Fr::zero();
			assert_eq!(forged.failures(), ["lookup"]);
		}
	}

	#[test]
	fn a_sign_that_is_no_bit_is_refused_by_its_own_constraint_alone() {
		let (mut forged, row) = relu(1000);
		// Another r with good limbs, and the σ of the field that makes up for it.
		let r = forged.advice[3][row];
		let sigma = forged.advice[1][row] - offset().invert().unwrap();
		let other = r + Fr::one();
		forged.advice[1][row] = sigma;
		forged.advice[3][row] = other;
		forged.advice[2][row] = sigma * other;
		forged.instance[2] = sigma * other;
		forged.advice[0][row + 1] += Fr::one();
		let failures = forged.failures();
		assert!(
			matches!(failures.as_slice(), [one] if one.contains("σ is 0 or 1")),
			"{failures:?}"
		);
	}

	#[test]
	fn another_result_is_refused_by_the_sign_gate_alone() {
		for x in [-1000, 1000] {
			let (mut forged, row) = relu(x);
			forged.advice[2][row] += Fr::one();
			forged.instance[2] += Fr::one();
			let failures = forged.failures();
			assert!(
				matches!(failures.as_slice(), [one] if one.contains("out = σ·s")),
				"{failures:?}"
			);
		}
	}

	#[test]
	fn a_borrowed_limb_is_refused_by_the_lookup_alone() {
		let (mut forged, row) = relu(1000);
		// The low limb too large by 2^b, what stays smaller by one.
		forged.advice[0][row] += Fr::from(16);
		forged.advice[3][row] -= Fr::one();
		forged.advice[2][row] -= Fr::one();
		forged.advice[0][row + 1] -= Fr::one();
		forged.instance[2] -= Fr::one();
		assert_eq!(forged.failures(), ["lookup"]);
	}

	#[test]
	fn another_accumulator_is_refused_by_the_linear_gate_alone() {
		let (mut forged, _) = relu(1000);
		forged.advice[3][1] += Fr::one();
		let failures = forged.failures();
		assert!(failures.iter().all(|name| name.contains("linear")) && !failures.is_empty());
	}

	#[test]
	fn copies_tie_every_operand_to_its_home() {
		let assignment = honest();
		let trace = Trace::shape(&graph(&everything()), &assignment.layout);
		for (left, right) in trace.copies() {
			assert_eq!(assignment.read(*left), assignment.read(*right));
		}
	}
}

mod layouts {
	use super::*;

	#[test]
	fn reserved_rows_and_degree_are_halo2s() {
		for columns in [
			Columns {
				lanes: 1,
				limb_bits: None,
				relu: false,
			},
			Columns {
				lanes: 2,
				limb_bits: Some(4),
				relu: false,
			},
			Columns {
				lanes: 16,
				limb_bits: Some(8),
				relu: true,
			},
		] {
			let mut cs = halo2_proofs::plonk::ConstraintSystem::default();
			Config::configure(&mut cs, &columns);
			assert_eq!(cs.blinding_factors() + 1, layout::RESERVED_ROWS);
			assert_eq!(cs.degree() as u64, columns.degree());
			assert_eq!(cs.num_advice_columns() as u64, columns.advice());
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
		assert!(with(&|l| l.columns.lanes = 2));
		assert!(with(&|l| l.columns.lanes = 200));
		assert!(with(&|l| l.columns.limb_bits = None));
		assert!(with(&|l| l.columns.limb_bits = Some(0)));
		assert!(with(&|l| l.columns.limb_bits = Some(255)));
		assert!(with(&|l| l.columns.limb_bits = Some(3)));
		assert!(with(&|l| l.columns.relu = false));
	}

	#[test]
	fn shifts_without_a_common_limb_width_below_the_table_use_single_bits() {
		let options = QuantiseOptions {
			weight_scale_bits: Some(13),
			..Default::default()
		};
		let graph = graph_with(&network(&[2, 2, 1], 1), &options);
		let layout = layout::choose(&graph).unwrap();
		assert_eq!(layout.columns.limb_bits, Some(1));
		assert!(Assignment::new(&graph, layout, &input_of(&graph, 1)).is_satisfied());
	}
}
