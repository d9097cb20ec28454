//! Coefficients are multiplied by powers of two before sums are decomposed. None of them loses a bit: a
//! layout that would make one too large is refused. In others each equals what it should in the field, and
//! inputs at the corners have a witness: shown for samples of the layouts of random graphs.

mod graphs;
mod reading;

use crate::assignment::Assignment;
use graphs::Random;
use halo2_proofs::halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};
use inference_circuits::{
	circuit::trace::Trace,
	graph::{Graph, GraphParts, Node, Operator, Term},
	keys,
	layout::{self, Claim, Layout, LayoutError, Limbs},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};
use reading::Reading;
use std::collections::{BTreeMap, BTreeSet};

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
	assert!(Trace::shape(&graph, &layout).unwrap().overflows());
	let commitments = keys::commitment_key(layout.k).unwrap();
	let error = keys::plan(&graph, &layout, &commitments).unwrap_err();
	assert!(matches!(error, keys::KeysError::Overflow), "{error}");
}

/// In deferred sums the row has no weights that could overflow; those that check the combination have.
#[test]
fn a_weight_of_a_deferred_sum_that_overflows_is_noticed() {
	let row = |token: usize, output: usize| {
		let weights = [1 << 40, 1 + output as i64, 3];
		(0..3).map(|i| (3 * token + i, weights[i])).collect()
	};
	let rows: Vec<Vec<(usize, i64)>> = (0..36).map(|i| row(i / 6, i % 6)).collect();
	let rows: Vec<&[(usize, i64)]> = rows.iter().map(Vec::as_slice).collect();
	let operators = vec![affine(&[(0, 18, &rows)], &[0; 36]), rescale(1, 18, false)];
	let graph = graph((18, 0, 1), 18, operators, 36).unwrap();
	let (_, mut layout) = layout::choose_with(&graph, Claim::default(), true).unwrap();
	assert!(layout.columns.defers());
	layout.columns.limbs = Some(own_columns(15, 6, 2));
	assert!(!Trace::shape(&graph, &layout).unwrap().overflows());
	// Scaled by 15 · 7 − 18 = 87 bits, 2^40 becomes 2^127.
	layout.columns.limbs = Some(own_columns(15, 7, 1));
	assert!(Trace::shape(&graph, &layout).unwrap().overflows());
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

/// Random graphs, a sixth of each kind, unless the environment's `INFERENCE_COEFFICIENT_GRAPHS` says how many.
const GRAPHS: u64 = 12;
/// Layouts of a graph that are read.
const LAYOUTS: usize = 40;
/// Corners for which a layout's witness is checked.
const CORNERS: usize = 4;

/// What was seen.
#[derive(Default, Debug)]
struct Seen {
	layouts: usize,
	elements: usize,
	witnesses: usize,
	widths: BTreeSet<u8>,
	/// Columns and rows of limbs.
	splits: BTreeSet<(u8, u8)>,
	/// Bits of the greatest coefficient.
	bits: u32,
	/// Layouts with a product gate, numbered rows, families, a batch's deferred sums, hidden inputs, limbs cut
	/// off in rows of their own.
	kinds: BTreeMap<&'static str, usize>,
}

impl Seen {
	fn add(&mut self, layout: &Layout, shape: &Trace) {
		let columns = &layout.columns;
		self.layouts += 1;
		let fixed = shape.fixed();
		let bits = fixed.iter().flatten().map(bits_of);
		self.bits = self.bits.max(bits.max().unwrap());
		let limbs = columns.limbs.unwrap();
		self.widths.insert(limbs.bits);
		self.splits.insert((limbs.columns, limbs.rows));
		for (kind, is_kind) in [
			("product", columns.gates.product),
			("numbered", columns.numbered),
			("selected", !columns.numbered),
			("families", columns.defers() && columns.within),
			("families of products", columns.gates.combined_product),
			("batch", columns.defers_batch()),
			(
				"batch without combinations",
				layout.claim.inferences > 1 && !columns.defers(),
			),
			("hidden", layout.claim.hidden_input),
			("plain", columns.gates.plain),
			("relu", columns.gates.relu),
			("sign", columns.gates.sign),
			("steps", columns.gates.step),
			("sign beside limbs", columns.sign_place().is_some()),
		] {
			*self.kinds.entry(kind).or_default() += usize::from(is_kind);
		}
	}
}

/// Bits of an integer's magnitude, of a field element that is a small integer of either sign.
fn bits_of(x: &Fr) -> u32 {
	let bits = |x: Fr| {
		let bytes = x.to_repr();
		let top = bytes.as_ref().iter().rposition(|byte| *byte != 0);
		top.map_or(0, |i| 8 * i as u32 + 8 - bytes.as_ref()[i].leading_zeros())
	};
	bits(*x).min(bits(-*x))
}

/// `graph` with something else in one of its operators, where that leaves a graph: another bias, another weight,
/// another sign of a ReLU.
fn others(graph: &Graph) -> Vec<Graph> {
	let mut others = Vec::new();
	for index in 0..graph.nodes().len() {
		let mut change = |change: &dyn Fn(&mut Operator)| {
			let mut parts = graph.parts().clone();
			change(&mut parts.nodes[index].operator);
			if parts != *graph.parts() {
				others.extend(Graph::new(parts).ok());
			}
		};
		change(&|operator| {
			if let Operator::Affine { bias, .. } = operator {
				bias[0] += 1;
			}
		});
		change(&|operator| {
			if let Operator::Affine { terms, .. } = operator {
				let map = &terms[0].map;
				let mut rows: Vec<Vec<(usize, i64)>> = map.rows().map(Iterator::collect).collect();
				if let Some((_, weight)) = rows.iter_mut().flatten().next() {
					*weight += if *weight == -1 { -1 } else { 1 };
				}
				terms[0].map = LinearMap::from_rows(map.inputs(), rows).unwrap();
			}
		});
		change(&|operator| {
			if let Operator::Rescale { relu, .. } = operator {
				*relu = !*relu;
			}
		});
	}
	others
}

#[test]
fn the_reader_tells_a_circuit_from_that_of_another_graph() {
	let challenge = power(200);
	for seed in 0..6 {
		let (graph, claim) = graphs::graph(seed);
		let others = others(&graph);
		assert!(others.len() > 2, "{seed}: {}", others.len());
		for layout in graphs::chosen(&graph, claim) {
			let shape = Trace::shape(&graph, &layout).unwrap();
			assert!(Reading::new(&graph, &layout, &shape, challenge).is_ok());
			for other in &others {
				let reading = Reading::new(other, &layout, &shape, challenge);
				assert!(reading.is_err(), "{seed}, {layout:?}, {:#?}", other.parts());
			}
		}
	}
}

/// Reads layouts of the graph that `seed` makes.
fn read_graph(seed: u64, seen: &mut Seen) {
	let (graph, claim) = graphs::graph(seed);
	let corners = graphs::corners(&graph);
	let mut random = Random::new(!seed);
	// A number that combinations are polynomials in: any but a few will do.
	let challenge = power(200) + Fr::from(seed);
	let all_chosen = graphs::chosen(&graph, claim);
	assert!(!all_chosen.is_empty(), "seed {seed} has no layout");
	for chosen in all_chosen {
		let all = graphs::limbs(&graph, &chosen);
		let fail = |layout: &Layout, what: &str| -> ! {
			panic!("seed {seed}: {what}\n{layout:?}\n{:#?}", graph.parts())
		};
		if chosen
			.columns
			.limbs
			.is_some_and(|limbs| !all.contains(&limbs))
		{
			fail(
				&chosen,
				"the limbs that are chosen are not among those tried",
			);
		}
		// Some of all widths: the step is a part of the whole.
		let step = all.len().div_ceil(LAYOUTS).max(1);
		let some = all.into_iter().skip(random.below(step)).step_by(step);
		let mut small: Option<Layout> = None;
		for (number, limbs) in some.enumerate() {
			let Some(layout) = graphs::accepted(&graph, &chosen, limbs, &mut random) else {
				continue;
			};
			let layout = &layout;
			if small.is_none_or(|small| layout.k < small.k) {
				small = Some(*layout);
			}
			let shape = Trace::shape(&graph, layout).unwrap();
			if shape.overflows() {
				fail(layout, "a coefficient overflows");
			}
			let reading = Reading::new(&graph, layout, &shape, challenge);
			let reading = reading.unwrap_or_else(|error| fail(layout, &error));
			seen.add(layout, &shape);
			seen.elements += reading.elements();
			for corner in 0..CORNERS {
				let first = number * CORNERS + corner;
				let inferences = 0..usize::from(claim.inferences);
				let inputs = inferences.map(|i| &corners[(first + i) % corners.len()]);
				let input: Vec<i64> = inputs.flatten().copied().collect();
				if let Err(error) = reading.check_witness(&input) {
					fail(layout, &format!("{input:?}: {error}"));
				}
				seen.witnesses += 1;
			}
		}
		// halo2's own view of one of them.
		let Some(small) = small else {
			fail(&chosen, "no other layout is accepted");
		};
		let input = corners[1].repeat(claim.inferences.into());
		let failures = Assignment::new(&graph, small, &input).failures();
		if !failures.is_empty() {
			fail(&small, &format!("{failures:?}"));
		}
	}
}

#[test]
fn in_layouts_of_random_graphs_coefficients_are_exact_and_corners_have_a_witness() {
	let threads = 2;
	let graphs = std::env::var("INFERENCE_COEFFICIENT_GRAPHS");
	let graphs: u64 = graphs.map_or(GRAPHS, |number| number.parse().unwrap());
	assert!(
		graphs > 0 && graphs.is_multiple_of(6),
		"not a sixth of each kind"
	);
	let all: Vec<Seen> = std::thread::scope(|scope| {
		let handles: Vec<_> = (0..threads)
			.map(|first| {
				scope.spawn(move || {
					let mut seen = Seen::default();
					for half in (0..graphs / threads).map(|i| i * threads) {
						// Each thread has graphs of all kinds: they repeat every six.
						let other = (half / threads + first) % threads;
						read_graph(half + other, &mut seen);
					}
					seen
				})
			})
			.collect();
		let join = |handle: std::thread::ScopedJoinHandle<'_, Seen>| {
			handle
				.join()
				.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
		};
		handles.into_iter().map(join).collect()
	});
	let mut seen = Seen::default();
	for part in all {
		seen.layouts += part.layouts;
		seen.elements += part.elements;
		seen.witnesses += part.witnesses;
		seen.widths.extend(part.widths);
		seen.splits.extend(part.splits);
		seen.bits = seen.bits.max(part.bits);
		for (kind, count) in part.kinds {
			*seen.kinds.entry(kind).or_default() += count;
		}
	}
	println!("{seen:?}");
	assert!(seen.widths.len() > 12, "{seen:?}");
	assert!(seen.splits.len() > 30, "{seen:?}");
	// Some are near the limit.
	assert!(
		(layout::MAX_COEFFICIENT_BITS - 5..=127).contains(&seen.bits),
		"{seen:?}"
	);
	assert!(seen.kinds.values().all(|count| *count > 0), "{seen:?}");
}
