//! Compares integer models with ONNX Runtime's outputs.
//!
//! `cargo run --release --example compare -- MODEL.onnx…`: beside each model lies MODEL.cases.json
//! (`fixtures/reference_outputs.py`). Prints the model's size, its scales and the greatest error.

use inference_circuits::{
	accuracy,
	graph::Graph,
	layout,
	onnx::parse,
	quantise::{quantise_with_report, QuantiseOptions},
};
use serde::Deserialize;
use std::{collections::BTreeMap, env, error::Error, fs, time::Instant};

#[derive(Deserialize)]
struct Cases {
	inputs: Vec<Vec<f64>>,
	outputs: Vec<Vec<f64>>,
}

fn main() {
	for path in env::args().skip(1) {
		match compare(&path) {
			Ok(line) => println!("{path}: {line}"),
			Err(error) => println!("{path}: FAILED: {error}"),
		}
	}
}

fn compare(path: &str) -> Result<String, Box<dyn Error>> {
	let cases: Cases =
		serde_json::from_str(&fs::read_to_string(path.replace(".onnx", ".cases.json"))?)?;
	let start = Instant::now();
	let original = parse(&fs::read(path)?)?.simplify()?;
	let options = QuantiseOptions {
		calibration: cases.inputs.clone(),
		..QuantiseOptions::default()
	};
	let (graph, report) = quantise_with_report(&original, &options)?;
	let built = start.elapsed();
	let real = accuracy::measure(&graph, &original, &cases.inputs, None);
	let start = Instant::now();
	let accuracy = accuracy::measure(&graph, &original, &cases.inputs, Some(&cases.outputs));
	let each = start.elapsed() / u32::try_from(cases.inputs.len().max(1))?;
	for table in &report.tables {
		println!("  {table:?}");
	}
	for clip in &report.clips {
		println!("  {clip:?}");
	}
	let layout = match layout::choose(&graph) {
		Ok(layout) => format!("k {}", layout.k),
		Err(error) => error.to_string(),
	};
	Ok(format!(
		"{:?}, scales {} and {}, built in {built:.1?}, {each:.1?} each; max error {:.2e} of {:.2e} \
		 ({:.2e} against double precision), mean {:.2e}, {} of {} outside; widest value 2^{}; {layout}",
		operators(&graph),
		graph.input().scale_bits,
		graph.output().scale_bits,
		accuracy.max_error,
		accuracy.max_reference,
		real.max_error,
		accuracy.mean_error,
		accuracy.outside_domain,
		cases.inputs.len(),
		widest(&graph),
	))
}

/// Operators and their numbers of results.
fn operators(graph: &Graph) -> BTreeMap<&'static str, (usize, usize)> {
	let mut counts = BTreeMap::new();
	for (node, tensor) in graph.nodes().iter().zip(graph.tensors().iter().skip(1)) {
		let entry = counts.entry(node.operator.name()).or_insert((0, 0));
		*entry = (entry.0 + 1, entry.1 + tensor.bounds.len());
	}
	counts
}

/// Bits of the greatest bound.
fn widest(graph: &Graph) -> u32 {
	let bits = |x: i64| 64 - x.unsigned_abs().leading_zeros();
	let ranges = graph.tensors().iter().map(|tensor| tensor.range());
	ranges
		.map(|range| bits(range.min).max(bits(range.max)))
		.max()
		.unwrap_or_default()
}
