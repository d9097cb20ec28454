//! Support vector machines beside ONNX Runtime: `fixtures/make_svm.py` makes models and references.

use crate::assignment::Assignment;
use inference_circuits::{
	execute::{execute, execute_all},
	graph::Graph,
	layout,
	onnx::{parse_with, Output, ReadOptions},
	quantise::{from_fixed, quantise, to_fixed, QuantiseOptions},
};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf};

#[derive(Deserialize)]
struct Reference {
	domain: (f64, f64),
	rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
	input: Vec<f64>,
	outputs: Vec<Vec<f64>>,
}

fn folder() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/svm")
}

fn references() -> BTreeMap<String, Reference> {
	let text = fs::read_to_string(folder().join("reference.json")).unwrap();
	serde_json::from_str(&text).unwrap()
}

fn model(name: &str, reference: &Reference) -> (Graph, Vec<Output>) {
	let bytes = fs::read(folder().join(format!("{name}.onnx"))).unwrap();
	let read = parse_with(&bytes, &ReadOptions::default()).unwrap();
	let outputs = read.outputs.into_iter().map(|(_, output)| output).collect();
	let options = QuantiseOptions {
		input_domain: Some(reference.domain),
		..QuantiseOptions::default()
	};
	let graph = quantise(&read.graph.simplify().unwrap(), &options).unwrap();
	(graph, outputs)
}

fn fixed(graph: &Graph, row: &Row) -> Vec<i64> {
	let scale = graph.input().scale_bits;
	let input = row.input.iter();
	input.map(|x| to_fixed(*x, scale).unwrap()).collect()
}

fn index_of_greatest(x: &[f64]) -> usize {
	let mut best = 0;
	for (i, value) in x.iter().enumerate() {
		if *value > x[best] {
			best = i;
		}
	}
	best
}

#[test]
fn scores_and_labels_are_onnx_runtimes() {
	let references = references();
	assert_eq!(references.len(), 12);
	for (name, reference) in &references {
		let (graph, outputs) = model(name, reference);
		// The kernels of up to 150 vectors are rounded to 12 bits, and ONNX Runtime's iteration for three
		// classes' probabilities stops early.
		let tolerance = 1e-2;
		for row in &reference.rows {
			let got = execute(&graph, &fixed(&graph, row)).unwrap();
			let scale = graph.output().scale_bits;
			let got: Vec<f64> = got.iter().map(|y| from_fixed(*y, scale)).collect();
			assert_eq!(outputs.len(), row.outputs.len(), "{name}");
			for (output, expected) in outputs.iter().zip(&row.outputs) {
				match output {
					Output::Elements { start, length } => {
						let got = &got[*start..start + length];
						assert_eq!(got.len(), expected.len(), "{name}");
						for (a, b) in got.iter().zip(expected) {
							let error = (a - b).abs() / b.abs().max(1.0);
							assert!(error < tolerance, "{name}: {got:?}, {expected:?}");
						}
					},
					// The reader's label is the index of the greatest score.
					Output::ArgMax => {
						let greatest = index_of_greatest(&row.outputs[1]);
						assert_eq!(index_of_greatest(&got), greatest, "{name}");
					},
					Output::Constant(_) => panic!("{name}: an output is constant"),
				}
			}
		}
	}
}

#[test]
fn a_label_by_votes_is_constrained() {
	let references = references();
	let reference = &references["svc-rbf"];
	let (graph, outputs) = model("svc-rbf", reference);
	let Output::Elements { start, length: 1 } = outputs[0] else {
		panic!("the label is no output");
	};
	let layout = layout::choose(&graph).unwrap();
	let input = fixed(&graph, &reference.rows[0]);
	assert!(Assignment::new(&graph, layout, &input).is_satisfied());
	// 20 is a label of this model, but not this row's.
	let scale = graph.output().scale_bits;
	for label in [3.0, 7.0, 20.0] {
		let mut values = execute_all(&graph, &input).unwrap();
		let forged = to_fixed(label, scale).unwrap();
		let is_right = label == reference.rows[0].outputs[0][0];
		assert_eq!(values[graph.output_tensor()][start] == forged, is_right);
		values[graph.output_tensor()][start] = forged;
		let assignment = Assignment::with_values(&graph, layout, values);
		assert_eq!(assignment.is_satisfied(), is_right, "label {label}");
	}
}
