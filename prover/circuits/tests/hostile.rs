//! Bundles that are made to exhaust memory or time are refused before anything of that size is made.

use crate::support::network;
use codec::Encode;
use inference_circuits::{
	graph::{
		Branch, Forest, Graph, GraphError, GraphParts, Leaf, Node, Operator, Term, Tree, MAX_NODES,
	},
	layout::{self, LayoutError},
	linear_map::LinearMap,
	BuildOptions, Bundle, BundleError,
};
use inference_primitives::{hashing::blake2_256, TensorSpec, Visibility};
use inference_verifier::{
	plan::{G1Affine, Parts, Plan},
	vk_hash,
};
use serde_json::Value;
use std::{fs, path::Path};

fn spec(length: u32) -> TensorSpec {
	TensorSpec {
		shape: vec![length],
		scale_bits: 0,
		min: 0,
		max: 3,
		visibility: Visibility::Public,
	}
}

fn node(operator: Operator) -> Node {
	Node {
		name: String::new(),
		operator,
	}
}

fn parts(length: u32, nodes: Vec<Node>) -> GraphParts {
	GraphParts {
		input: spec(length),
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![1],
		post_processing: None,
	}
}

/// Pairs of an affine operator and a ReLU of it, of `elements` elements.
fn pairs(count: u32, elements: usize) -> GraphParts {
	let nodes = (0..count).flat_map(|pair| {
		let row = (0..elements).map(|i| [(i, 1)]);
		let term = Term {
			input: 2 * pair,
			map: LinearMap::from_rows(1, row).unwrap(),
		};
		let affine = Operator::Affine {
			terms: vec![term].into_iter().filter(|_| elements > 0).collect(),
			bias: vec![0; elements],
			weight_bits: 0,
		};
		let relu = Operator::Rescale {
			input: 2 * pair + 1,
			shift: 0,
			relu: true,
		};
		[node(affine), node(relu)]
	});
	parts(1, nodes.collect())
}

mod graphs {
	use super::*;

	#[test]
	fn an_operator_without_elements_is_refused() {
		let error = Graph::new(pairs(1, 0)).unwrap_err();
		assert!(
			matches!(&error, GraphError::Malformed { reason, .. } if reason.contains("no element")),
			"{error}"
		);
	}

	#[test]
	fn more_operators_than_any_model_has_are_refused_before_they_are_looked_at() {
		let most = u32::try_from(MAX_NODES / 2).unwrap();
		for elements in [0, 1] {
			let error = Graph::new(pairs(most + 1, elements)).unwrap_err();
			let expected = GraphError::TooLarge {
				what: "operators",
				got: MAX_NODES + 2,
				max: MAX_NODES,
			};
			assert_eq!(error, expected);
		}
		// As many as there may be are laid out in one pass: each tensor knows its reader.
		let graph = Graph::new(pairs(most, 1)).unwrap();
		let layout = layout::choose(&graph).unwrap();
		assert_eq!(layout::check(&graph, &layout), Ok(()));
	}

	/// A tree of `depth` features, both of whose branches lead to the next: 2^depth paths, two leaves.
	fn paths(depth: u32, targets: u32) -> GraphParts {
		let branches: Vec<Branch> = (0..depth)
			.map(|feature| Branch {
				feature,
				threshold: 1,
				yes: feature + 1,
				no: if feature + 1 == depth {
					depth + 1
				} else {
					feature + 1
				},
			})
			.collect();
		let leaf = Leaf { weights: vec![] };
		let forest = Forest {
			features: depth,
			rows: 1,
			targets,
			scale_bits: 0,
			base: vec![0; targets as usize],
			trees: vec![Tree {
				branches,
				leaves: vec![leaf.clone(), leaf],
			}],
		};
		let mut parts = parts(depth, vec![node(Operator::Trees { input: 0, forest })]);
		parts.output_shape = vec![targets];
		parts
	}

	#[test]
	fn paths_through_a_tree_that_shares_branches_are_bounded_with_all_their_weights() {
		// 2^14 paths of 1,000 weights: 256 MiB from 10 kB.
		let graph = Graph::new(paths(14, 1_000)).unwrap();
		assert_eq!(layout::choose(&graph), Err(LayoutError::TooManyLeaves));
		assert!(layout::choose(&Graph::new(paths(6, 2)).unwrap()).is_ok());
	}

	#[test]
	fn steps_through_all_forests_together_are_bounded() {
		let tree = Tree {
			branches: vec![],
			leaves: vec![Leaf { weights: vec![] }],
		};
		let forest = Forest {
			features: 1,
			rows: 1,
			targets: 1 << 10,
			scale_bits: 0,
			base: vec![0; 1 << 10],
			trees: vec![tree; 1 << 10],
		};
		let trees = Operator::Trees { input: 0, forest };
		let nodes = (0..20).map(|_| node(trees.clone())).collect();
		let error = Graph::new(parts(1, nodes)).unwrap_err();
		let what = "steps through decision trees";
		assert!(
			matches!(error, GraphError::TooLarge { what: said, .. } if said == what),
			"{error}"
		);
	}
}

/// An honest bundle.
fn saved() -> (tempfile::TempDir, Bundle) {
	let dir = tempfile::tempdir().unwrap();
	let options = BuildOptions {
		name: "test".into(),
		..BuildOptions::default()
	};
	let bundle = Bundle::build(&network(&[3, 2, 1], 4).bytes(), &options, &mut |_| {}).unwrap();
	bundle.save(dir.path()).unwrap();
	(dir, bundle)
}

fn hex_hash(bytes: &[u8]) -> String {
	blake2_256(bytes)
		.iter()
		.map(|b| format!("{b:02x}"))
		.collect()
}

fn edit(dir: &Path, change: impl FnOnce(&mut Value)) {
	let path = dir.join("manifest.json");
	let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
	change(&mut manifest);
	fs::write(&path, manifest.to_string()).unwrap();
}

fn with_graph(dir: &Path, bytes: &[u8]) {
	fs::write(dir.join("graph.bin"), bytes).unwrap();
	edit(dir, |manifest| {
		manifest["graph_hash"] = hex_hash(bytes).into();
	});
}

/// Puts another plan into the bundle, and all that the manifest says of it.
fn with_plan(dir: &Path, bundle: &Bundle, change: impl FnOnce(&mut Parts)) {
	let mut parts = bundle.plan().parts().clone();
	change(&mut parts);
	let plan = Plan::from_parts(parts).unwrap();
	let bytes = plan.to_bytes();
	fs::write(dir.join("plan.bin"), &bytes).unwrap();
	let manifest = bundle.manifest();
	edit(dir, |edited| {
		edited["plan_hash"] = hex_hash(&bytes).into();
		let hash = vk_hash(manifest.system, &manifest.setup, &bytes);
		edited["vk_hash"] = serde_json::to_value(hash).unwrap();
		edited["compute_units"] = plan.shape().compute_units().0.into();
		edited["proof_bytes"] = plan.proof_len().into();
		edited["layout"]["k"] = plan.k().into();
	});
}

mod bundles {
	use super::*;

	#[test]
	fn a_graph_that_takes_far_more_memory_than_bytes_is_not_decoded() {
		let (dir, _) = saved();
		// Leaves of one byte are 24 bytes in memory.
		let tree = Tree {
			branches: vec![],
			leaves: vec![Leaf { weights: vec![] }; 24 << 20],
		};
		let forest = Forest {
			features: 1,
			rows: 1,
			targets: 1,
			scale_bits: 0,
			base: vec![0],
			trees: vec![tree],
		};
		let parts = parts(1, vec![node(Operator::Trees { input: 0, forest })]);
		with_graph(dir.path(), &parts.encode());
		drop(parts);
		let error = Bundle::load(dir.path()).unwrap_err();
		assert!(matches!(error, BundleError::GraphEncoding(_)), "{error}");
		assert!(error.to_string().contains("memory limit"), "{error}");
	}

	#[test]
	fn a_million_operators_in_a_bundle_are_refused() {
		let (dir, _) = saved();
		with_graph(dir.path(), &pairs(500_000, 0).encode());
		let error = Bundle::load(dir.path()).unwrap_err();
		assert!(
			matches!(
				error,
				BundleError::Graph(GraphError::TooLarge {
					what: "operators",
					..
				}) | BundleError::GraphEncoding(_)
			),
			"{error}"
		);
	}

	#[test]
	fn a_circuit_with_more_rows_than_the_model_needs_is_refused() {
		let (dir, bundle) = saved();
		with_plan(dir.path(), &bundle, |parts| parts.k = 18);
		let error = Bundle::load(dir.path()).unwrap_err().to_string();
		assert!(error.contains("too many rows"), "{error}");
	}

	#[test]
	fn a_plan_of_a_thousand_columns_is_refused_before_there_are_any() {
		let (dir, bundle) = saved();
		with_plan(dir.path(), &bundle, |parts| {
			parts.fixed_commitments.resize(1_024, G1Affine::identity());
		});
		let error = Bundle::load(dir.path()).unwrap_err();
		assert!(
			matches!(
				error,
				BundleError::OtherCircuit {
					what: "number of fixed columns"
				}
			),
			"{error}"
		);
	}
}
