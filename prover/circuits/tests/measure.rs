//! Sizes of circuits of known models. `cargo test --test suite measure -- --nocapture` prints them.

use crate::assignment;
use halo2_proofs::plonk::ConstraintSystem;
use inference_circuits::{
	circuit::config::Config,
	graph::{Branch, Forest, Graph, GraphParts, Leaf, Node, Operator, Term, Tree},
	layout::{self, cost, Claim, Layout},
	linear_map::LinearMap,
};
use inference_primitives::{ComputeUnits, TensorSpec, Visibility};
use inference_verifier::{halo2::parts_from_constraint_system, Plan};
use std::num::NonZeroU8;

fn spec(length: u32, min: i64, max: i64) -> TensorSpec {
	TensorSpec {
		shape: vec![length],
		scale_bits: 12,
		min,
		max,
		visibility: Visibility::Public,
	}
}

fn graph(input: TensorSpec, operators: Vec<Operator>, outputs: u32) -> Graph {
	let nodes: Vec<Node> = operators
		.into_iter()
		.map(|operator| Node {
			name: operator.name().into(),
			operator,
		})
		.collect();
	Graph::new(GraphParts {
		input,
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![outputs],
		post_processing: None,
	})
	.unwrap()
}

/// A pseudo-random weight of a layer with `inputs` inputs: at scale 16, about 1/√inputs.
fn weight(seed: usize, inputs: usize) -> i64 {
	let x = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
	let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	let unit = (x >> 40) as f64 / f64::from(1 << 23) - 1.0;
	((unit * 65536.0 / (inputs as f64).sqrt()) as i64) | 1
}

fn affine(input: u32, inputs: usize, rows: Vec<Vec<(usize, i64)>>) -> Operator {
	Operator::Affine {
		bias: vec![0; rows.len()],
		terms: vec![Term {
			input,
			map: LinearMap::from_rows(inputs, rows).unwrap(),
		}],
		weight_bits: 16,
	}
}

fn dense(input: u32, inputs: usize, outputs: usize) -> Operator {
	let row = |o: usize| (0..inputs).map(move |i| (i, weight(o * inputs + i, inputs)));
	affine(
		input,
		inputs,
		(0..outputs).map(|o| row(o).collect()).collect(),
	)
}

fn rescale(input: u32, relu: bool) -> Operator {
	Operator::Rescale {
		input,
		shift: 16,
		relu,
	}
}

/// A convolution of `channels` planes of side `side` with 5×5 kernels.
fn convolution(
	input: u32,
	(channels, side): (usize, usize),
	outputs: usize,
	pad: usize,
) -> Operator {
	let out = side + 2 * pad - 4;
	let mut rows = Vec::new();
	for o in 0..outputs {
		for (y, x) in (0..out).flat_map(|y| (0..out).map(move |x| (y, x))) {
			let mut row = Vec::new();
			for c in 0..channels {
				for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))) {
					let (u, v) = (y + i, x + j);
					if (pad..side + pad).contains(&u) && (pad..side + pad).contains(&v) {
						let w = weight(((o * channels + c) * 5 + i) * 5 + j, 25 * channels);
						row.push(((c * side + u - pad) * side + v - pad, w));
					}
				}
			}
			rows.push(row);
		}
	}
	affine(input, channels * side * side, rows)
}

/// Averages of 2×2 cells.
fn pool(input: u32, channels: usize, side: usize) -> Operator {
	let half = side / 2;
	let rows = (0..channels * half * half)
		.map(|o| {
			let (c, y, x) = (o / (half * half), o / half % half, o % half);
			[(0, 0), (0, 1), (1, 0), (1, 1)]
				.map(|(i, j)| ((c * side + 2 * y + i) * side + 2 * x + j, 1))
				.to_vec()
		})
		.collect();
	let Operator::Affine { terms, bias, .. } = affine(input, channels * side * side, rows) else {
		unreachable!()
	};
	Operator::Affine {
		terms,
		bias,
		weight_bits: 2,
	}
}

fn wide_dense() -> Graph {
	let operators = vec![dense(0, 784, 128), rescale(1, true), dense(2, 128, 10)];
	graph(spec(784, 0, 4096), operators, 10)
}

fn lenet() -> Graph {
	let operators = vec![
		convolution(0, (1, 28), 6, 2),
		rescale(1, true),
		pool(2, 6, 28),
		Operator::Rescale {
			input: 3,
			shift: 2,
			relu: false,
		},
		convolution(4, (6, 14), 16, 0),
		rescale(5, true),
		pool(6, 16, 10),
		Operator::Rescale {
			input: 7,
			shift: 2,
			relu: false,
		},
		dense(8, 400, 120),
		rescale(9, true),
		dense(10, 120, 84),
		rescale(11, true),
		dense(12, 84, 10),
	];
	graph(spec(784, 0, 4096), operators, 10)
}

/// A balanced tree of depth `depth` over `features` features.
fn tree(seed: usize, depth: u32, features: u32, thresholds: i64) -> Tree {
	let branches = (1usize << depth) - 1;
	let random = |i: usize, n: i64| (weight(seed * 1000 + i, 1) >> 4).rem_euclid(n);
	Tree {
		branches: (0..branches)
			.map(|i| Branch {
				feature: random(2 * i, features.into()) as u32,
				threshold: (random(2 * i + 1, thresholds) + 1) * 32768 / (thresholds + 1),
				yes: (2 * i + 1) as u32,
				no: (2 * i + 2) as u32,
			})
			.collect(),
		leaves: (0..=branches)
			.map(|i| Leaf {
				weights: vec![(random(i, 3) as u32, 655 + random(i + 7, 20))],
			})
			.collect(),
	}
}

fn forest(trees: usize, depth: u32, features: u32, thresholds: i64) -> Graph {
	let forest = Forest {
		features,
		rows: 1,
		targets: 3,
		scale_bits: 16,
		base: vec![0; 3],
		trees: (0..trees)
			.map(|seed| tree(seed, depth, features, thresholds))
			.collect(),
	};
	graph(
		spec(features, 0, 32768),
		vec![Operator::Trees { input: 0, forest }],
		3,
	)
}

/// What the chain counts for a proof of this circuit.
fn compute_units(graph: &Graph, layout: &Layout) -> ComputeUnits {
	let mut cs = ConstraintSystem::default();
	Config::configure(&mut cs, &layout.columns);
	let inputs = NonZeroU8::new(layout.columns.degree.saturating_sub(3));
	let public_inputs = layout.claim.public_inputs(graph) as u32;
	let mut parts = parts_from_constraint_system(
		&cs,
		layout.k,
		&[public_inputs],
		inputs.or(Some(NonZeroU8::MIN)),
	)
	.unwrap();
	parts.degree = parts.degree.max(layout.columns.degree);
	Plan::from_parts(parts).unwrap().shape().compute_units()
}

/// The graph as it is proven, and its layout.
fn measure(name: &str, graph: &Graph) -> (Graph, Layout) {
	let start = std::time::Instant::now();
	let (graph, layout) = layout::choose_graph(graph.clone(), Claim::default()).unwrap();
	let columns = &layout.columns;
	// A unit is worth 1,024 rows of a commitment at most: no circuit of ours takes longer than its units.
	let units = compute_units(&graph, &layout);
	let unit_ns = cost::time(columns, layout.k) / units.0;
	assert!(
		unit_ns <= 1024 * cost::FULL_COMMITMENT_NS,
		"{name}: {unit_ns} ns for a unit"
	);
	println!(
		"{name}: {} units of {} us, k {}, rows {}, lanes {}, limbs {:?}, degree {}, advice {}, \
		 permutation products {}, about {} ms and {} bytes, chosen in {:.1?}",
		units.0,
		unit_ns / 1000,
		layout.k,
		layout::rows(&graph, &layout),
		columns.lanes,
		columns.limbs.map(|l| (l.bits, l.low, l.high)),
		columns.degree,
		columns.advice(),
		columns.permutation_chunks(),
		cost::time(columns, layout.k) / 1_000_000,
		cost::proof_bytes(columns),
		start.elapsed(),
	);
	(graph, layout)
}

#[test]
fn known_models_are_as_small_as_they_should_be() {
	assert!(measure("dense 784-128-10", &wide_dense()).1.k <= 14);
	assert!(measure("LeNet-5", &lenet()).1.k <= 16);
	assert!(
		measure(
			"forest, 100 trees of depth 3, 4 features",
			&forest(100, 3, 4, 25)
		)
		.1
		.k <= 11
	);
	measure(
		"forest, 100 trees of depth 4, 4 features",
		&forest(100, 4, 4, 25),
	);
	measure(
		"boosting, 50 trees of depth 3, 30 features",
		&forest(50, 3, 30, 12),
	);
	measure(
		"forest, 2 trees of depth 2, 2 features",
		&forest(2, 2, 2, 5),
	);
}

/// The same for the `model.onnx` files in the folders of `INFERENCE_MODELS`, with a witness of each.
#[test]
#[ignore = "needs models"]
fn models_of_a_folder() {
	let folder = std::env::var_os("INFERENCE_MODELS").unwrap();
	for entry in std::fs::read_dir(folder).unwrap() {
		let path = entry.unwrap().path();
		for file in ["model.ml.onnx", "model.onnx"] {
			let Ok(bytes) = std::fs::read(path.join(file)) else {
				continue;
			};
			let float = inference_circuits::onnx::parse(&bytes)
				.map_err(|e| e.to_string())
				.and_then(|float| float.simplify().map_err(|e| e.to_string()));
			let options = inference_circuits::quantise::QuantiseOptions::default();
			let name = format!("{}/{file}", path.file_name().unwrap().to_string_lossy());
			let graph = float.and_then(|float| {
				inference_circuits::quantise::quantise(&float, &options).map_err(|e| e.to_string())
			});
			match graph {
				Ok(graph) => {
					let (graph, layout) = measure(&name, &graph);
					let spec = graph.input();
					let span = spec.max - spec.min + 1;
					let input: Vec<i64> = (0..spec.len())
						.map(|i| spec.min + (weight(i, 1) >> 1).rem_euclid(span))
						.collect();
					let assignment = assignment::Assignment::new(&graph, layout, &input);
					assert!(assignment.is_satisfied(), "{name}");
				},
				Err(error) => println!("{name}: {}", error.lines().next().unwrap_or_default()),
			}
		}
	}
}
