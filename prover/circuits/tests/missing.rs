//! What a layout or the values lack is said, and never left out: no rows are made of it.

use crate::cases::{affine, graph, models};
use crate::{batch, families};
use inference_circuits::{
	circuit::{
		error::{Gate, TraceError},
		trace::Trace,
	},
	execute::execute_all,
	graph::Graph,
	layout::{self, Claim, Gates, Inputs, Layout, Limbs},
};
use std::sync::LazyLock;

/// Models with a layout each: all operators, public and hidden inputs, sums that are deferred in batches and within one
/// inference.
fn cases() -> &'static [(String, Graph, Layout)] {
	static CASES: LazyLock<Vec<(String, Graph, Layout)>> = LazyLock::new(make_cases);
	&CASES
}

fn make_cases() -> Vec<(String, Graph, Layout)> {
	let mut cases = Vec::new();
	for (name, graph) in models() {
		for inferences in [1, 3] {
			for hidden_input in [false, true] {
				let claim = Claim {
					inferences,
					hidden_input,
				};
				let graph = match hidden_input {
					true => batch::with_binary_domain(&graph),
					false => Some(graph.clone()),
				};
				let Some(graph) = graph else { continue };
				for defers in [false, true] {
					if let Ok((_, layout)) = layout::choose_with(&graph, claim, defers) {
						let name = format!("{name}, {claim:?}, {defers}");
						cases.push((name, graph.clone(), layout));
					}
				}
			}
		}
	}
	for (name, graph) in families::all() {
		let layout = families::deferred(&graph, Claim::default());
		cases.push((name.into(), graph, layout));
	}
	assert!(cases.len() > 30, "{}", cases.len());
	cases
}

type Removal = fn(&mut Gates) -> &mut bool;

/// Each gate by itself.
const GATES: [Removal; 9] = [
	|gates| &mut gates.product,
	|gates| &mut gates.step,
	|gates| &mut gates.plain,
	|gates| &mut gates.relu,
	|gates| &mut gates.sign,
	|gates| &mut gates.spread,
	|gates| &mut gates.function,
	|gates| &mut gates.interpolate,
	|gates| &mut gates.combined_product,
];

#[test]
fn without_a_gate_that_its_rows_need_a_model_has_no_rows() {
	let mut met = [0; GATES.len()];
	for (name, graph, layout) in cases() {
		for (gate, met) in GATES.iter().zip(&mut met) {
			let mut lacking = *layout;
			let flag = gate(&mut lacking.columns.gates);
			if !*flag {
				continue;
			}
			*flag = false;
			let error = Trace::shape(graph, &lacking).unwrap_err();
			assert!(
				matches!(error, TraceError::NoGate { .. }),
				"{name}: {error}"
			);
			*met += 1;
		}
	}
	assert!(met.iter().all(|met| *met > 0), "{met:?}");
}

#[test]
fn without_limbs_lanes_or_rows_of_inputs_a_model_that_needs_them_has_no_rows() {
	let mut met = [0; 3];
	for (name, graph, layout) in cases() {
		let error_of = |change: &dyn Fn(&mut Layout)| {
			let mut lacking = *layout;
			change(&mut lacking);
			Trace::shape(graph, &lacking).unwrap_err()
		};
		if layout.columns.limbs.is_some() {
			let error = error_of(&|layout| {
				(layout.columns.limbs, layout.columns.numbered) = (None, false);
			});
			assert_eq!(error, TraceError::NoLimbs, "{name}");
			met[0] += 1;
		}
		let error = error_of(&|layout| layout.columns.lanes = 0);
		assert!(
			matches!(error, TraceError::TooWide { .. }),
			"{name}: {error}"
		);
		met[1] += 1;
		if layout.claim.hidden_input {
			let error = error_of(&|layout| layout.columns.inputs = None);
			assert_eq!(error, TraceError::NoInputRows, "{name}");
			met[2] += 1;
		}
	}
	assert!(met.iter().all(|met| *met > 0), "{met:?}");
}

#[test]
fn a_row_whose_number_says_something_else_is_no_row() {
	// Without limbs a number would be the accumulator's coefficient itself.
	let graph = graph(2, (-8, 7), vec![affine(0, 2, &[&[1, 2]], 3)]);
	let layout = layout::choose(&graph).unwrap();
	assert_eq!(layout.columns.limbs, None);
	let mut lacking = layout;
	lacking.columns.numbered = true;
	let gate = Gate::Kind;
	let refused = matches!(
		Trace::shape(&graph, &lacking),
		Err(TraceError::NoGate { gate: found, .. }) if found == gate
	);
	assert!(refused);
}

#[test]
fn limbs_in_rows_that_are_not_looked_up_are_no_limbs() {
	for (name, graph, layout) in cases() {
		let Some(limbs) = layout.columns.limbs.filter(|limbs| limbs.columns > 1) else {
			continue;
		};
		// All in one column, and said to be in one row: those of the first rows would be above them.
		let mut lacking = *layout;
		lacking.columns.limbs = Some(Limbs {
			columns: 1,
			rows: 1,
			..limbs
		});
		let Err(error) = Trace::shape(graph, &lacking) else {
			// All of its rows with limbs are far enough down.
			continue;
		};
		assert!(
			matches!(error, TraceError::LimbsAbove { .. }),
			"{name}: {error}"
		);
		return;
	}
	panic!("no model has limbs in its first rows");
}

#[test]
fn rows_of_inputs_hold_all_of_them_and_nothing_that_is_the_provers() {
	let mut met = [0; 3];
	for (name, graph, layout) in cases() {
		let Some(inputs) = layout.columns.inputs else {
			continue;
		};
		let error_of = |inputs| {
			let mut lacking = *layout;
			lacking.columns.inputs = Some(inputs);
			Trace::shape(graph, &lacking).unwrap_err()
		};
		let none = Inputs {
			packed: 0,
			..inputs
		};
		assert_eq!(error_of(none), TraceError::InputRows, "{name}");
		met[0] += 1;
		if layout.columns.defers_batch() {
			// Three inferences: a lane of the second row would be left over.
			let packed = if inputs.packed == 2 { 4 } else { 2 };
			let left_over = Inputs { packed, ..inputs };
			assert_eq!(error_of(left_over), TraceError::InputRows, "{name}");
			met[1] += 1;
		}
		if inputs.domain.is_some() {
			let unchecked = Inputs {
				domain: None,
				..inputs
			};
			assert_eq!(error_of(unchecked), TraceError::InputRows, "{name}");
			met[2] += 1;
		}
	}
	assert!(met.iter().all(|met| *met > 0), "{met:?}");
}

#[test]
fn a_value_that_is_missing_is_named() {
	for (name, graph, layout) in cases() {
		let zeros: Vec<i64> = vec![0; graph.input().len()];
		let values = execute_all(graph, &zeros).unwrap();
		let all = vec![values; layout.claim.inferences.into()];
		assert!(
			Trace::with_values(graph, layout, all.clone()).is_ok(),
			"{name}"
		);
		// The input is in rows of its own, or in those that read it.
		let last = all.len() - 1;
		let mut without_element = all.clone();
		let removed = without_element[last][0].pop();
		let mut without_tensor = all.clone();
		without_tensor[last].truncate(1);
		let mut without_inference = all;
		without_inference.truncate(last);
		assert!(removed.is_some());
		for values in [without_element, without_tensor, without_inference] {
			let error = Trace::with_values(graph, layout, values).unwrap_err();
			let TraceError::NoValue { inference, .. } = error else {
				panic!("{name}: {error}");
			};
			assert_eq!(inference, last, "{name}");
		}
	}
}
