//! Each call, and each weight that a hook or an extension is charged, has a benchmark.

use super::*;
use frame_support::traits::GetCallName;
use std::collections::BTreeSet;

/// One of our pallets: its calls, and the sources of its benchmarks and weights.
struct Measured {
	name: &'static str,
	calls: &'static [&'static str],
	benchmarks: &'static str,
	weights: &'static str,
}

macro_rules! measured {
	($crate_name:ident, $folder:literal) => {
		Measured {
			name: stringify!($crate_name),
			calls: $crate_name::Call::<Runtime>::get_call_names(),
			benchmarks: include_str!(concat!("../../pallets/", $folder, "/src/benchmarking.rs")),
			weights: include_str!(concat!("../../pallets/", $folder, "/src/weights.rs")),
		}
	};
}

fn pallets() -> [Measured; 6] {
	[
		measured!(pallet_network_parameters, "network-parameters"),
		measured!(pallet_proof_verifier, "proof-verifier"),
		measured!(pallet_model_registry, "model-registry"),
		measured!(pallet_worker_staking, "staking"),
		measured!(pallet_node_pool, "node-pool"),
		measured!(pallet_inference_market, "inference-market"),
	]
}

/// The name of the function that a line begins to define.
fn function(line: &str) -> Option<String> {
	let (name, _) = line.trim().strip_prefix("fn ")?.split_once('(')?;
	Some(name.to_owned())
}

/// The functions that are marked as benchmarks.
fn benchmarks(source: &str) -> BTreeSet<String> {
	let mut lines = source.lines().map(str::trim);
	let mut found = BTreeSet::new();
	while let Some(line) = lines.next() {
		if line.starts_with("#[benchmark") && !line.starts_with("#[benchmarks") {
			found.extend(lines.by_ref().find_map(function));
		}
	}
	found
}

/// The methods of `WeightInfo`.
fn weights(source: &str) -> BTreeSet<String> {
	source
		.lines()
		.skip_while(|line| !line.starts_with("pub trait WeightInfo {"))
		.take_while(|line| *line != "}")
		.filter_map(function)
		.collect()
}

#[test]
fn every_call_has_a_benchmark_of_its_name() {
	for pallet in pallets() {
		let benchmarks = benchmarks(pallet.benchmarks);
		assert!(!pallet.calls.is_empty());
		for call in pallet.calls {
			assert!(benchmarks.contains(*call), "{}::{call}", pallet.name);
		}
	}
}

#[test]
fn every_weight_is_that_of_a_benchmark_and_every_benchmark_gives_one() {
	for pallet in pallets() {
		assert_eq!(
			benchmarks(pallet.benchmarks),
			weights(pallet.weights),
			"{}: run scripts/benchmark-weights",
			pallet.name
		);
	}
}

#[test]
fn every_pallet_with_calls_of_our_own_is_measured() {
	let run = include_str!("../src/benchmarking.rs");
	let listed: BTreeSet<_> = run
		.lines()
		.filter_map(|line| line.trim().strip_prefix('[')?.split_once(','))
		.map(|(name, _)| name)
		.collect();
	let names: BTreeSet<_> = pallets().iter().map(|pallet| pallet.name).collect();
	assert_eq!(listed, names);
	let ours = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../pallets"))
		.expect("the pallets are beside the runtime")
		.count();
	assert_eq!(names.len(), ours);
}

#[test]
fn what_is_no_benchmark_is_not_taken_for_one() {
	let source = "#[benchmarks]\nmod benches {\n\t#[benchmark]\n\tfn bond(n: Linear<0, 1>) {}\n\n\tfn unbond() {}\n}";
	assert_eq!(benchmarks(source), BTreeSet::from(["bond".to_owned()]));
	let source = "pub trait WeightInfo {\n\tfn bond() -> Weight;\n}\nfn unbond() {}";
	assert_eq!(weights(source), BTreeSet::from(["bond".to_owned()]));
}
