//! Runs the `onnx` package's backend node tests through the integer model.
//!
//! `cargo run --release --example coverage -- [--prove] NODE_TESTS VERSION PAGE`: NODE_TESTS is
//! `onnx/backend/test/data/node`. `scripts/bench operators` sets that up.

use inference_circuits::{
	execute::execute,
	graph::Graph,
	onnx::{
		parse_with,
		proto::{GraphProto, ModelProto, TensorProto},
		Constant, OnnxError, OnnxModel, Output, ReadOptions,
	},
	quantise::{from_fixed, quantise, to_fixed, QuantiseOptions},
	BuildOptions, Bundle, Prover,
};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, StatementHeader, WorkloadId, STATEMENT_VERSION,
};
use prost::Message;
use std::{
	collections::BTreeMap,
	env,
	error::Error,
	fmt::Write as _,
	fs, panic,
	path::{Path, PathBuf},
	sync::Arc,
};

/// Greatest error of a result, absolute and relative to the test's greatest result.
const TOLERANCE: f64 = 5e-3;

/// What became of a test.
#[derive(Clone, PartialEq, Debug)]
enum Status {
	/// Executed, proven and verified.
	Proven(f64),
	/// The integer model computes the expected result, within the error.
	Executed(f64),
	/// It cannot be built.
	Unsupported(String),
	/// It is built and computes something else.
	Wrong(String),
}

fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments: Vec<String> = env::args().skip(1).collect();
	let prove = arguments.first().is_some_and(|a| a == "--prove");
	if prove {
		arguments.remove(0);
	}
	let [folder, version, out] = arguments.as_slice() else {
		return Err("usage: coverage [--prove] NODE_TESTS VERSION OUT.md".into());
	};
	let mut folders: Vec<PathBuf> = fs::read_dir(folder)?
		.map(|entry| Ok(entry?.path()))
		.collect::<Result<_, std::io::Error>>()?;
	folders.retain(|path| path.join("model.onnx").is_file());
	folders.sort();
	let mut results = Vec::new();
	for path in folders {
		let name = path
			.file_name()
			.unwrap_or_default()
			.to_string_lossy()
			.into_owned();
		let status = panic::catch_unwind(|| run(&path, prove))
			.unwrap_or_else(|_| Status::Wrong("PANIC".into()));
		if matches!(status, Status::Wrong(_)) {
			eprintln!("{name}: {status:?}");
		}
		results.push((operator_of(&path), name, status));
	}
	let text = report(&results, version);
	fs::write(out, &text)?;
	println!(
		"{}",
		text.lines()
			.filter(|line| line.starts_with("| **"))
			.collect::<Vec<_>>()
			.join("\n")
	);
	Ok(())
}

fn operator_of(path: &Path) -> String {
	let graph = read_graph(path).unwrap_or_default();
	match graph.node.as_slice() {
		[node] if node.domain.is_empty() || node.domain == "ai.onnx" => node.op_type.clone(),
		[node] => format!("{}.{}", node.domain, node.op_type),
		_ => "(several)".into(),
	}
}

fn read_graph(path: &Path) -> Result<GraphProto, Box<dyn Error>> {
	let bytes = fs::read(path.join("model.onnx"))?;
	let model = ModelProto::decode(bytes.as_slice())?;
	model.graph.ok_or_else(|| "no graph".into())
}

fn run(path: &Path, prove: bool) -> Status {
	match attempt(path, prove) {
		Ok(status) => status,
		Err(error) => Status::Unsupported(error.to_string()),
	}
}

fn attempt(path: &Path, prove: bool) -> Result<Status, Box<dyn Error>> {
	let graph = read_graph(path)?;
	let bytes = fs::read(path.join("model.onnx"))?;
	let data = path.join("test_data_set_0");
	let initialised: Vec<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
	let mut inputs = Vec::new();
	for (index, input) in graph.input.iter().enumerate() {
		if initialised.contains(&input.name.as_str()) {
			continue;
		}
		let tensor = read_tensor(&data.join(format!("input_{index}.pb")))
			.map_err(|error| format!("input {:?}: {error}", input.name))?;
		let is_real = input
			.r#type
			.as_ref()
			.and_then(|declared| declared.tensor_type.as_ref())
			.is_some_and(|tensor| [1, 10, 11].contains(&tensor.elem_type));
		let file = fs::read(data.join(format!("input_{index}.pb")))?;
		inputs.push((input.name.clone(), tensor, is_real, file));
	}
	// As many inputs as possible are variables: all; all but the integers; the first.
	let mut last = None;
	let mut refused = None;
	let choices: [&dyn Fn(usize, bool) -> bool; 3] =
		[&|_, _| true, &|i, is_real| i == 0 || is_real, &|i, _| {
			i == 0
		}];
	for is_variable in choices {
		let mut options = ReadOptions::default();
		let mut variables = Vec::new();
		// A bundle is built from the file alone: what is constant becomes part of it.
		let mut whole = bytes.clone();
		for (index, (name, tensor, is_real, file)) in inputs.iter().enumerate() {
			if is_variable(index, *is_real) {
				options.shapes.insert(name.clone(), tensor.shape.clone());
				variables.push((name.clone(), tensor.clone()));
			} else {
				options.constants.insert(name.clone(), tensor.clone());
				whole.extend(initializer(name, file));
			}
		}
		let model = match parse_with(&bytes, &options) {
			Ok(model) => model,
			Err(error @ OnnxError::UnsupportedOperators(_)) => return Err(error.into()),
			Err(error) => {
				refused.get_or_insert(error);
				continue;
			},
		};
		match execute_model(&model, &variables, &data, prove.then_some(&whole)) {
			// A wrong result is one, even if fewer variables would hide it.
			Ok(status) => return Ok(status),
			Err(error) => {
				last.get_or_insert(error);
			},
		}
	}
	match (last, refused) {
		(Some(error), _) => Err(error),
		(None, Some(error)) => Err(error.into()),
		(None, None) => Err("nothing to run".into()),
	}
}

fn execute_model(
	model: &OnnxModel,
	variables: &[(String, Constant)],
	data: &Path,
	prove: Option<&[u8]>,
) -> Result<Status, Box<dyn Error>> {
	let sample: Vec<f64> = variables
		.iter()
		.flat_map(|(_, tensor)| tensor.to_floats())
		.collect();
	let simple = model.graph.clone().simplify()?;
	// Not a calibration sample: that would place thresholds by the very data they are tested with.
	let domain = domain(&sample);
	let options = QuantiseOptions {
		input_domain: Some(domain),
		..QuantiseOptions::default()
	};
	let graph: Graph = quantise(&simple, &options)?;
	let scale = graph.input().scale_bits;
	let input: Vec<i64> = sample
		.iter()
		.map(|x| to_fixed(*x, scale).ok_or("an input is too large"))
		.collect::<Result<_, _>>()?;
	let got: Vec<f64> = execute(&graph, &input)?
		.iter()
		.map(|y| from_fixed(*y, graph.output().scale_bits))
		.collect();
	let mut worst = 0.0f64;
	let mut compared = 0;
	for (index, (name, output)) in model.outputs.iter().enumerate() {
		let expected = read_tensor(&data.join(format!("output_{index}.pb")))
			.map_err(|error| format!("output {name:?}: {error}"))?
			.to_floats();
		let got = match output {
			Output::Elements { start, length } => {
				got.get(*start..start + length).unwrap_or_default().to_vec()
			},
			Output::Constant(values) => values.clone(),
			// A trailing ArgMax is left to who reads the output.
			Output::ArgMax if model.outputs.len() > 1 => continue,
			Output::ArgMax => return Err("a trailing ArgMax is not proven".into()),
		};
		if got.len() != expected.len() {
			let lengths = format!("{} values, expected {}", got.len(), expected.len());
			return Ok(Status::Wrong(lengths));
		}
		let greatest = expected.iter().fold(1.0f64, |a, b| a.max(b.abs()));
		for (x, y) in got.iter().zip(&expected) {
			compared += 1;
			worst = worst.max((x - y).abs() / greatest);
		}
	}
	if compared == 0 {
		return Err("nothing to compare".into());
	}
	if worst > TOLERANCE {
		return Ok(Status::Wrong(format!("error {worst:.1e}")));
	}
	match prove.map(|onnx| is_proven(onnx, domain, &input)) {
		Some(Ok(())) => Ok(Status::Proven(worst)),
		_ => Ok(Status::Executed(worst)),
	}
}

/// The data's range with a margin of a tenth, which never crosses zero.
fn domain(sample: &[f64]) -> (f64, f64) {
	let min = sample.iter().copied().reduce(f64::min).unwrap_or_default();
	let max = sample.iter().copied().reduce(f64::max).unwrap_or_default();
	let margin = 0.1
		* if max > min {
			max - min
		} else {
			max.abs().max(1.0)
		};
	let low = if min >= 0.0 {
		(min - margin).max(0.0)
	} else {
		min - margin
	};
	let high = if max <= 0.0 {
		(max + margin).min(0.0)
	} else {
		max + margin
	};
	(low, high)
}

/// Builds the bundle of the file `onnx`, proves `input` and verifies the proof.
fn is_proven(onnx: &[u8], domain: (f64, f64), input: &[i64]) -> Result<(), Box<dyn Error>> {
	let options = BuildOptions {
		name: "coverage".into(),
		input_domain: Some(domain),
		..BuildOptions::default()
	};
	let bundle = Arc::new(Bundle::build(onnx, &options, &mut |_| {})?);
	let header = StatementHeader {
		genesis: GenesisHash([0; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash: bundle.vk_hash(),
		model: ModelRef {
			model: ModelId(0),
			version: 1,
		},
		workload: WorkloadId([1; 32]),
		destination: Destination::Local,
	};
	let proof = Prover::new(bundle.clone())?.prove(&header, input)?;
	bundle.verify(&header, input, &proof.output, &proof.bytes)?;
	Ok(())
}

fn read_tensor(path: &Path) -> Result<Constant, Box<dyn Error>> {
	let bytes = fs::read(path)?;
	let tensor = TensorProto::decode(bytes.as_slice())?;
	Ok(Constant::read("test data", &tensor)?)
}

/// A field of a Protobuf message that has a length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
	let mut out = vec![(number << 3) | 2];
	let mut length = bytes.len();
	while length >= 0x80 {
		out.push((length & 0x7f) as u8 | 0x80);
		length >>= 7;
	}
	out.push(length as u8);
	out.extend(bytes);
	out
}

/// What to append to a model for the encoded tensor `tensor` to be an initializer called `name`: field 7
/// (graph), field 5 (initializer), field 8 (name). Protobuf merges it with the graph before it.
fn initializer(name: &str, tensor: &[u8]) -> Vec<u8> {
	let named = [tensor, &field(8, name.as_bytes())].concat();
	field(7, &field(5, &named))
}

fn report(results: &[(String, String, Status)], version: &str) -> String {
	let count = |f: &dyn Fn(&Status) -> bool| results.iter().filter(|(_, _, s)| f(s)).count();
	let mut text = String::new();
	let _ = writeln!(
		text,
		"<!-- Generated by scripts/bench operators; do not edit. -->\n\n# ONNX operators\n\n\
		 The node tests of the `onnx` package {version} (`onnx/backend/test/data/node`), each as a \
		 model of its own.\n\n\
		 - **proven**: executed, and a proof of this very input was made and verified. Looked for only \
		 with `--prove`.\n\
		 - **executed**: the integer model computes the expected output; greatest error at most \
		 {TOLERANCE} of the output's greatest value (or of 1).\n\
		 - **wrong**: it computes something else, beyond that tolerance.\n\
		 - **unsupported**: it cannot be built; the reason is given.\n\n\
		 The input domain is the test's data with a margin of a tenth. Inputs are variables where the \
		 operator allows it, else constants of the circuit: initializers of the model. Tests whose name ends in `_expanded` are \
		 the operator's definition in terms of others.\n\n\
		 The tests `qlinearmatmul_*_int8_*` of 1.16.1 expect −236 to wrap around to 20. ONNX says that \
		 it saturates, and ONNX Runtime and this model do: they count as wrong all the same.\n\n\
		 | status | tests |\n| --- | ---: |"
	);
	for (name, n) in [
		("proven", count(&|s| matches!(s, Status::Proven(_)))),
		("executed", count(&|s| matches!(s, Status::Executed(_)))),
		("wrong", count(&|s| matches!(s, Status::Wrong(_)))),
		(
			"unsupported",
			count(&|s| matches!(s, Status::Unsupported(_))),
		),
	] {
		let _ = writeln!(text, "| **{name}** | {n} |");
	}
	let mut operators: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
	for (operator, _, status) in results {
		let entry = operators.entry(operator).or_default();
		let index = match status {
			Status::Proven(_) => 0,
			Status::Executed(_) => 1,
			Status::Wrong(_) => 2,
			Status::Unsupported(_) => 3,
		};
		if let Some(n) = entry.get_mut(index) {
			*n += 1;
		}
	}
	let _ = writeln!(
		text,
		"\n## By operator\n\n| operator | proven | executed | wrong | unsupported |\n\
		 | --- | ---: | ---: | ---: | ---: |"
	);
	for (operator, [a, b, c, d]) in operators {
		let _ = writeln!(text, "| {operator} | {a} | {b} | {c} | {d} |");
	}
	let _ = writeln!(
		text,
		"\n## By test\n\n| test | status | error or reason |\n| --- | --- | --- |"
	);
	for (_, name, status) in results {
		let (status, detail) = match status {
			Status::Proven(error) => ("proven", format!("{error:.1e}")),
			Status::Executed(error) => ("executed", format!("{error:.1e}")),
			Status::Wrong(reason) => ("wrong", reason.clone()),
			Status::Unsupported(reason) => ("unsupported", shorten(reason)),
		};
		let _ = writeln!(
			text,
			"| {name} | {status} | {} |",
			detail.replace('|', "\\|")
		);
	}
	text
}

/// A reason on one line, without the list of what is supported.
fn shorten(reason: &str) -> String {
	let reason = reason.split("; supported are").next().unwrap_or_default();
	let line: String = reason.split_whitespace().collect::<Vec<_>>().join(" ");
	line.chars().take(200).collect()
}
