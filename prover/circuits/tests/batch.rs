//! Batches of inferences and hidden inputs: proven, and refused where they lie.

use crate::assignment::*;
use crate::cases::*;
use halo2_proofs::halo2curves::bn256::Fr;
use inference_circuits::{
	circuit::trace::Cell,
	execute::{execute, execute_all},
	graph::{Graph, GraphParts},
	layout::{self, cost, Claim, Layout, LayoutError, MAX_INFERENCES},
};

/// The case with the cheapest layout that defers sums, or that does not.
fn case_of(graph: Graph, claim: Claim, defers: bool) -> Case {
	let (_, layout) = layout::choose_with(&graph, claim, defers).unwrap();
	assert_eq!(layout.columns.defers(), defers);
	Case::new(graph, layout)
}

fn batch(inferences: u16) -> Claim {
	Claim {
		inferences,
		..Claim::default()
	}
}

/// Different admissible inputs, one after the other.
fn inputs_for(graph: &Graph, claim: &Claim) -> Vec<i64> {
	(0..i64::from(claim.inferences))
		.flat_map(|i| {
			input_for(
				graph,
				&[-33 + 5 * i, 12 - 7 * i, 57, -8 - i, 91 - 11 * i, 3],
			)
		})
		.collect()
}

/// All tensors of each inference.
fn values_for(graph: &Graph, claim: &Claim) -> Vec<Vec<Vec<i64>>> {
	let inputs = inputs_for(graph, claim);
	let inputs = claim.split(graph, &inputs).unwrap();
	inputs.map(|x| execute_all(graph, x).unwrap()).collect()
}

/// `graph` with an input domain of 2^n integers.
pub fn with_binary_domain(graph: &Graph) -> Option<Graph> {
	let parts = graph.parts().clone();
	let input = inference_primitives::TensorSpec {
		min: if parts.input.min < 0 { -128 } else { 0 },
		max: if parts.input.min < 0 { 127 } else { 255 },
		..parts.input.clone()
	};
	Graph::new(GraphParts { input, ..parts }).ok()
}

/// Two dense layers with ReLU between them, and a residual connection.
fn dense() -> Graph {
	let rows: Vec<Vec<i64>> = (0..5i64)
		.map(|i| (0..4).map(|j| (7 * i + 3 * j) % 11 - 5).collect())
		.collect();
	let first: Vec<&[i64]> = rows.iter().map(Vec::as_slice).collect();
	let operators = vec![
		affine(0, 4, &first, 3),
		rescale(1, 2, true),
		affine(
			2,
			5,
			&[&[1, -2, 3, 1, 0], &[2, 2, -1, 0, 5], &[0, 1, 1, 1, 1]],
			-9,
		),
		rescale(3, 2, false),
		affine(4, 3, &[&[1, 1, 1], &[3, -2, 0]], 0),
	];
	graph(4, (-64, 63), operators)
}

#[test]
fn every_operator_is_proven_in_a_batch_and_a_wrong_output_is_not() {
	let cases = models().into_iter().chain([("dense", dense())]);
	let cases = cases.flat_map(|(name, graph)| [(name, graph.clone(), true), (name, graph, false)]);
	for (name, graph, defers) in cases {
		let claim = batch(3);
		let case = case_of(graph, claim, defers);
		let input = inputs_for(&case.graph, &claim);
		let honest = Assignment::new(&case.graph, case.layout, &input);
		assert_eq!(honest.failures(), Vec::<String>::new(), "{name}, {defers}");
		assert!(case.accepts(&honest), "{name}, {defers}");
		let proof_len = case.key.plan().proof_len() as u64;
		assert_eq!(cost::proof_bytes(&case.layout.columns), proof_len, "{name}");
		for inference in [0, 2] {
			let mut values = values_for(&case.graph, &claim);
			values[inference][case.graph.output_tensor()][0] += 1;
			let forged = Assignment::with_batch_values(&case.graph, case.layout, values);
			assert!(!case.accepts(&forged), "{name}, {defers}, {inference}");
		}
	}
}

#[test]
fn hidden_inputs_are_proven_and_those_outside_the_domain_are_not() {
	for (inferences, defers) in [(1, false), (2, true), (2, false), (4, true)] {
		let claim = Claim {
			inferences,
			hidden_input: true,
		};
		let mut tried = 0;
		for (name, graph) in models().into_iter().chain([("dense", dense())]) {
			let Some(graph) = with_binary_domain(&graph) else {
				continue;
			};
			let case = case_of(graph, claim, defers);
			let input = inputs_for(&case.graph, &claim);
			let honest = Assignment::new(&case.graph, case.layout, &input);
			assert_eq!(honest.failures(), Vec::<String>::new(), "{name}");
			let proof_len = case.key.plan().proof_len() as u64;
			assert_eq!(cost::proof_bytes(&case.layout.columns), proof_len, "{name}");
			let outputs = case.graph.output().len() * usize::from(inferences);
			assert_eq!(honest.instance.len(), 1 + outputs);
			assert!(case.accepts(&honest), "{name}");
			tried += 1;
		}
		assert!(tried > 5);

		// An input just outside: everything else is as the model has it.
		let case = case_of(with_binary_domain(&dense()).unwrap(), claim, defers);
		for (outside, element) in [(128, 0), (-129, 3), (1 << 20, 1)] {
			let mut values = values_for(&case.graph, &claim);
			values[0][0][element] = outside;
			recompute(&case.graph, &mut values[0], 1);
			let forged = Assignment::with_batch_values(&case.graph, case.layout, values);
			assert!(!case.accepts(&forged), "{outside}");
		}

		// A value that is no integer, with everything that depends on it: no digits give it.
		let inputs = case.layout.columns.inputs.unwrap();
		let honest = Assignment::new(&case.graph, case.layout, &inputs_for(&case.graph, &claim));
		for lane in 0..usize::from(inputs.packed) {
			let row = (0..honest.rows)
				.find(|row| honest.is_input_row(*row))
				.unwrap();
			let mut forged = honest.clone();
			forged.advice[lane][row] += Fr::from(2).invert().unwrap();
			assert!(forged
				.failures()
				.contains(&"a hidden input is in its domain".into()));
			assert!(!case.accepts(&forged));
		}
	}
}

#[test]
fn a_hidden_input_with_too_long_a_highest_limb_is_refused() {
	let claim = Claim {
		inferences: 1,
		hidden_input: true,
	};
	let graph = with_binary_domain(&dense()).unwrap();
	let domain = layout::BinaryDomain::of(&graph).unwrap();
	// Limbs of three bits for a domain of eight: the third one is short by one bit.
	let chosen = layout::choose_for(&graph, claim).unwrap();
	let layout = (4..=9)
		.find_map(|k| {
			let mut layout = Layout { k, ..chosen };
			let limbs = layout.columns.limbs.as_mut()?;
			limbs.high = u8::try_from(limbs.high_bits().div_ceil(3)).ok()?;
			limbs.low = 4u8.saturating_sub(limbs.high);
			limbs.bits = 3;
			(limbs.columns, limbs.rows) = (limbs.count(), 1);
			let limbs = *limbs;
			layout.columns.numbered = false;
			layout.columns.degree = 7;
			layout.columns.inputs = domain.packed(&claim, false, layout.columns.lanes, &limbs);
			[false, true].into_iter().find_map(|step| {
				layout.columns.gates.step = step;
				layout::check(&graph, &layout).is_ok().then_some(layout)
			})
		})
		.unwrap();
	assert_eq!(domain.spare_bits(3), 1);
	let honest = Assignment::new(&graph, layout, &inputs_for(&graph, &claim));
	assert_eq!(honest.failures(), Vec::<String>::new());
	let row = (0..honest.rows)
		.find(|row| honest.is_input_row(*row))
		.unwrap();
	// 128 is 256 above the least: digits 0, 0 and 4, of which the last must be below 4.
	let mut forged = honest.clone();
	forged.advice[0][row] = field(128);
	for (limb, digit) in [(0, 0), (1, 0), (2, 4)] {
		let limb = forged.limb(limb);
		forged.advice[limb][row] = field(digit);
	}
	for spare in [0, 7] {
		let limb = forged.limb(3);
		forged.advice[limb][row] = field(spare);
		let failures = forged.failures();
		assert!(
			failures.contains(&"its highest limb is short".into()),
			"{failures:?}"
		);
		assert!(!failures.contains(&"a hidden input is in its domain".into()));
	}
	let limb = forged.limb(3);
	forged.advice[limb][row] = field(8);
	assert!(forged.failures().contains(&"lookup limb".into()));
}

#[test]
fn forests_refuse_hidden_inputs_outside_the_domain() {
	let claim = Claim {
		inferences: 1,
		hidden_input: true,
	};
	let forests = models()
		.into_iter()
		.filter(|(name, _)| name.starts_with("trees"));
	let mut tried = 0;
	for (name, graph) in forests {
		let Some(graph) = with_binary_domain(&graph) else {
			continue;
		};
		let (min, max) = (graph.input().min, graph.input().max);
		let case = case_of(graph, claim, false);
		let shape = case.layout.columns.inputs.unwrap();
		assert_eq!(shape.domain, None, "{name}");
		for element in 0..case.graph.input().len() {
			for outside in [min - 1, max + 1] {
				let mut values = values_for(&case.graph, &claim);
				values[0][0][element] = outside;
				let forged = Assignment::with_batch_values(&case.graph, case.layout, values);
				// An input that no tree reads may be anything.
				let is_read = forged.trace.copies().iter().any(|(_, home)| {
					matches!(home, Cell::Lane { lane, row } if forged.advice[*lane][*row] == field(outside))
				});
				assert_eq!(
					case.accepts(&forged),
					!is_read,
					"{name}, {element}, {outside}"
				);
				tried += usize::from(is_read);
			}
		}
	}
	assert!(tried > 3, "{tried}");
}

#[test]
fn a_sum_that_is_not_the_models_is_refused() {
	let claim = batch(4);
	let case = case_of(dense(), claim, true);
	// Tensors 1 and 3 stay open sums, 5 is the output.
	for tensor in [1, 3, 5] {
		for changes in [
			vec![(1, 0, 4)],
			// Both in one element: the plain sum over the batch stays the same.
			vec![(0, 0, 8), (2, 0, -8)],
			// In two elements of one inference.
			vec![(3, 0, 8), (3, 1, -8)],
		] {
			let mut values = values_for(&case.graph, &claim);
			for (inference, element, change) in &changes {
				values[*inference][tensor][*element] += change;
			}
			for inference in &mut values {
				recompute(&case.graph, inference, tensor + 1);
			}
			let forged = Assignment::with_batch_values(&case.graph, case.layout, values);
			assert_eq!(
				forged.failures(),
				["the combinations add up to 0"],
				"{tensor}, {changes:?}"
			);
			assert!(!case.accepts(&forged), "{tensor}, {changes:?}");
		}
	}
}

#[test]
fn every_changed_cell_of_the_second_phase_is_refused() {
	let claim = batch(2);
	let operators = vec![
		affine(0, 2, &[&[1, -2], &[3, 5]], 3),
		rescale(1, 2, true),
		affine(2, 2, &[&[1, -2]], -9),
	];
	let case = case_of(graph(2, (-64, 63), operators), claim, true);
	let honest = Assignment::new(&case.graph, case.layout, &inputs_for(&case.graph, &claim));
	let columns = honest.trace.advice_combined(Fr::from(5));
	let shape = honest.trace.advice_combined(Fr::from(7));
	let mut read = 0;
	for column in 0..columns.len() {
		for row in 0..columns[column].len() {
			// Cells that a challenge does not reach hold nothing.
			if columns[column][row] == Fr::zero() && shape[column][row] == Fr::zero() {
				continue;
			}
			let change = |columns: &mut Vec<Vec<Fr>>| columns[column][row] += Fr::from(1);
			assert!(!case.accepts_with(&honest, &change), "{column}, {row}");
			read += 1;
		}
	}
	assert!(read > 15, "{read}");
}

#[test]
fn combinations_are_held_over_rows_of_longer_decompositions() {
	let claim = batch(3);
	let graph = dense();
	let (_, chosen) = layout::choose_with(&graph, claim, true).unwrap();
	let layout = (1..=4u8)
		.flat_map(|bits| (3..=10).map(move |k| (bits, k)))
		.find_map(|(bits, k)| {
			let mut layout = Layout { k, ..chosen };
			let limbs = layout.columns.limbs.as_mut()?;
			(limbs.bits, limbs.low, limbs.high) =
				(bits, 0, limbs.high_bits().div_ceil(bits.into()) as u8);
			layout.columns.gates.step = true;
			// A rescaling by 2 bits takes more than its last row.
			let is_longer = limbs.steps(2) > 0;
			(is_longer && layout::check(&graph, &layout).is_ok()).then_some(layout)
		})
		.unwrap();
	let assignment = Assignment::new(&graph, layout, &inputs_for(&graph, &claim));
	assert_eq!(assignment.failures(), Vec::<String>::new());
	let mut values = values_for(&graph, &claim);
	values[1][3][2] += 8;
	recompute(&graph, &mut values[1], 4);
	let forged = Assignment::with_batch_values(&graph, layout, values);
	assert_eq!(forged.failures(), ["the combinations add up to 0"]);
}

#[test]
fn a_batch_computes_what_its_inferences_do() {
	let (graph, claim) = (dense(), batch(5));
	let input = inputs_for(&graph, &claim);
	let (_, layout) = layout::choose_with(&graph, claim, true).unwrap();
	let (_, output) =
		inference_circuits::circuit::trace::Trace::witness(&graph, &layout, &input).unwrap();
	let each: Vec<i64> = input
		.chunks(4)
		.flat_map(|input| execute(&graph, input).unwrap())
		.collect();
	assert_eq!(output, each);
}

#[test]
fn claims_that_no_circuit_has_are_refused() {
	let graph = dense();
	let choose = |inferences, hidden_input| {
		let claim = Claim {
			inferences,
			hidden_input,
		};
		layout::choose_for(&graph, claim).unwrap_err()
	};
	for got in [0, MAX_INFERENCES + 1, u16::MAX] {
		assert_eq!(choose(got, false), LayoutError::Inferences { got });
	}
	let got = 1 + 200 * (4 + 2);
	let inferences = 200;
	assert_eq!(
		choose(inferences, false),
		LayoutError::PublicInputs { inferences, got }
	);
	let layout = layout::choose(&graph).unwrap();
	let mut other = layout;
	other.columns.combined_lanes = 1;
	assert!(matches!(
		layout::check(&graph, &other),
		Err(LayoutError::Unfit { .. })
	));
	let odd = graph_with_odd_domain();
	let claim = Claim {
		inferences: 1,
		hidden_input: true,
	};
	let error = layout::choose_for(&odd, claim).unwrap_err();
	assert_eq!(error, LayoutError::HiddenDomain { min: -3, max: 3 });
}

fn graph_with_odd_domain() -> Graph {
	graph(1, (-3, 3), vec![affine(0, 1, &[&[2]], 1)])
}
