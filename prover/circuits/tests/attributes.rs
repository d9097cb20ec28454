//! Integers in ONNX files that say how large something is: whatever they are, the reader answers, and
//! allocates no more than the model may have.

use crate::support::*;
use inference_circuits::onnx::parse;
use proptest::prelude::*;

/// Integers at which sizes, products of sizes and sums of sizes go wrong.
const EXTREMES: &[i64] = &[
	i64::MIN,
	i64::MIN + 1,
	-(1 << 32),
	-2,
	-1,
	0,
	1,
	2,
	3,
	4,
	1 << 10,
	(1 << 20) + 1,
	1 << 31,
	1 << 32,
	1 << 45,
	1 << 61,
	1 << 62,
	i64::MAX - 1,
	i64::MAX,
];

fn image() -> Model {
	Model::new(&[1, 4, 2, 2].map(Dim::Size))
}

fn sequence() -> Model {
	Model::new(&[2, 1, 2].map(Dim::Size))
}

/// A recurrent layer of two hidden values, if `hidden` says so.
fn recurrent(operator: &str, gates: u64, hidden: i64) -> Model {
	sequence()
		.weights("w", &[1, 2 * gates, 2], &vec![0.5; 4 * gates as usize])
		.weights("r", &[1, 2 * gates, 2], &vec![0.25; 4 * gates as usize])
		.node_with(
			operator,
			&["x", "w", "r"],
			"y",
			&[int("hidden_size", hidden)],
		)
}

/// Models with the integers `a` and `b` wherever operators have such.
fn models(a: i64, b: i64) -> Vec<(&'static str, Model)> {
	let row = || Model::row(4);
	let kernel = |model: Model| model.weights("w", &[4, 2, 1, 1], &[0.5; 8]);
	vec![
		(
			"Split num_outputs",
			row().node_with(
				"Split",
				&["x"],
				"y",
				&[int("axis", 1), int("num_outputs", a)],
			),
		),
		(
			"Split split",
			row().node_with(
				"Split",
				&["x"],
				"y",
				&[int("axis", 1), ints("split", &[a, b])],
			),
		),
		(
			"TopK",
			row()
				.ints("k", &[a])
				.two_results("TopK", &["x", "k"], ["y", "z"], &[int("axis", b)]),
		),
		(
			"Conv group",
			kernel(image()).node_with("Conv", &["x", "w"], "y", &[int("group", a)]),
		),
		(
			"Conv pads",
			kernel(image()).node_with(
				"Conv",
				&["x", "w"],
				"y",
				&[
					int("group", 2),
					ints("pads", &[a, b, a, b]),
					ints("strides", &[b, 1]),
					ints("dilations", &[1, a]),
				],
			),
		),
		(
			"ConvTranspose",
			kernel(image()).node_with(
				"ConvTranspose",
				&["x", "w"],
				"y",
				&[
					int("group", a),
					ints("strides", &[b, b]),
					ints("output_padding", &[a, 0]),
					ints("output_shape", &[b, a]),
				],
			),
		),
		(
			"MaxPool kernel_shape",
			image().node_with(
				"MaxPool",
				&["x"],
				"y",
				&[ints("kernel_shape", &[a, b]), int("ceil_mode", a)],
			),
		),
		(
			"MaxPool pads",
			image().node_with(
				"MaxPool",
				&["x"],
				"y",
				&[ints("kernel_shape", &[2, 2]), ints("pads", &[a, b, a, b])],
			),
		),
		(
			"AveragePool",
			image().node_with(
				"AveragePool",
				&["x"],
				"y",
				&[ints("kernel_shape", &[2, 2]), ints("strides", &[a, b])],
			),
		),
		("RNN", recurrent("RNN", 1, a)),
		("GRU", recurrent("GRU", 3, a)),
		("LSTM", recurrent("LSTM", 4, a)),
		(
			"OneHot",
			row()
				.ints("depth", &[a])
				.weights("values", &[2], &[0.0, 1.0])
				.node_with("OneHot", &["x", "depth", "values"], "y", &[int("axis", b)]),
		),
		(
			"Tile",
			row().ints("n", &[a, b]).node("Tile", &["x", "n"], "y"),
		),
		(
			"Expand",
			row().ints("n", &[a, b, 4]).node("Expand", &["x", "n"], "y"),
		),
		(
			"Range",
			row()
				.tensor(scalar("s", a))
				.tensor(scalar("e", b))
				.tensor(scalar("d", 1))
				.node("Range", &["s", "e", "d"], "r")
				.node("Cast", &["r"], "f")
				.node("Add", &["x", "f"], "y"),
		),
		(
			"ConstantOfShape",
			row()
				.ints("n", &[a, b])
				.node("ConstantOfShape", &["n"], "c")
				.node("Add", &["x", "c"], "y"),
		),
		(
			"Resize",
			image()
				.ints("n", &[1, 4, a, b])
				.node("Resize", &["x", "", "", "n"], "y"),
		),
		(
			"Pad",
			row().ints("p", &[0, a, 0, b]).node("Pad", &["x", "p"], "y"),
		),
		(
			"Pad edge",
			row().ints("p", &[a, 0, b, 0]).node_with(
				"Pad",
				&["x", "p"],
				"y",
				&[text("mode", "reflect")],
			),
		),
		(
			"Slice",
			row()
				.ints("s", &[a])
				.ints("e", &[b])
				.ints("axes", &[1])
				.ints("steps", &[b])
				.node("Slice", &["x", "s", "e", "axes", "steps"], "y"),
		),
		(
			"DepthToSpace",
			image().node_with("DepthToSpace", &["x"], "y", &[int("blocksize", a)]),
		),
		(
			"SpaceToDepth",
			image().node_with("SpaceToDepth", &["x"], "y", &[int("blocksize", a)]),
		),
		(
			"CenterCropPad",
			row()
				.ints("n", &[a, b])
				.node("CenterCropPad", &["x", "n"], "y"),
		),
		(
			"Reshape",
			row()
				.ints("n", &[a, b, -1])
				.node("Reshape", &["x", "n"], "y"),
		),
		(
			"Flatten",
			image().node_with("Flatten", &["x"], "y", &[int("axis", a)]),
		),
		(
			"Unsqueeze",
			row()
				.ints("axes", &[a, b])
				.node("Unsqueeze", &["x", "axes"], "y"),
		),
		(
			"Trilu",
			row()
				.ints("k", &[a])
				.node_with("Trilu", &["x", "k"], "y", &[int("upper", b)]),
		),
		(
			"EyeLike",
			row()
				.node_with("EyeLike", &["x"], "c", &[int("k", a)])
				.node("Add", &["x", "c"], "y"),
		),
		(
			"LRN",
			image().node_with("LRN", &["x"], "y", &[int("size", a)]),
		),
		(
			"CumSum",
			row().ints("axis", &[a]).node("CumSum", &["x", "axis"], "y"),
		),
		(
			"Softmax",
			row().node_with("Softmax", &["x"], "y", &[int("axis", a)]),
		),
		(
			"ReduceSum",
			row()
				.ints("axes", &[a, b])
				.node("ReduceSum", &["x", "axes"], "y"),
		),
		(
			"Gather",
			row()
				.ints("i", &[a, b])
				.node_with("Gather", &["x", "i"], "y", &[int("axis", 1)]),
		),
		(
			"GroupNormalization",
			image()
				.weights("s", &[4], &[1.0; 4])
				.weights("b", &[4], &[0.0; 4])
				.node_with(
					"GroupNormalization",
					&["x", "s", "b"],
					"y",
					&[int("num_groups", a)],
				),
		),
		("TreeEnsembleRegressor", three_leaves(0.5, a)),
		(
			"LinearRegressor",
			row().node_with(
				"ai.onnx.ml.LinearRegressor",
				&["x"],
				"y",
				&[floats("coefficients", &[0.5; 4]), int("targets", a)],
			),
		),
		(
			"SVMRegressor",
			row().node_with(
				"ai.onnx.ml.SVMRegressor",
				&["x"],
				"y",
				&[
					floats("coefficients", &[0.5]),
					floats("support_vectors", &[0.5; 4]),
					floats("rho", &[0.5]),
					int("n_supports", a),
				],
			),
		),
		(
			"DequantizeLinear",
			row().weights("s", &[1, 2], &[0.5; 2]).node_with(
				"DequantizeLinear",
				&["x", "s"],
				"y",
				&[int("axis", b), int("block_size", a)],
			),
		),
	]
}

fn scalar(name: &str, value: i64) -> Message {
	tensor_head(name, &[], INT64).bytes(9, &value.to_le_bytes())
}

fn read_all(a: i64, b: i64) -> usize {
	let read = models(a, b).into_iter().filter(|(_, model)| {
		// That it returns is what is tested.
		parse(&model.bytes()).is_ok()
	});
	read.count()
}

#[test]
fn the_models_of_the_table_are_read_with_some_integers() {
	let mut unread: Vec<&str> = models(1, 1).into_iter().map(|(name, _)| name).collect();
	let all = unread.len();
	for a in [-1, 0, 1, 2, 4] {
		for b in [-1, 0, 1, 2, 4] {
			for (name, model) in models(a, b) {
				if parse(&model.bytes()).is_ok() {
					unread.retain(|unread| *unread != name);
				}
			}
		}
	}
	// Else the tests below would show nothing.
	assert!(unread.len() * 10 <= all, "{unread:?}");
}

#[test]
fn no_extreme_integer_allocates_or_panics() {
	for a in EXTREMES {
		for b in EXTREMES {
			read_all(*a, *b);
		}
	}
}

#[test]
fn a_split_into_more_parts_than_there_are_elements_is_refused() {
	for parts in [5, 1 << 45, 1 << 61, 0, -1] {
		let attributes = [int("axis", 1), int("num_outputs", parts)];
		let model = Model::row(4).node_with("Split", &["x"], "y", &attributes);
		let error = parse(&model.bytes()).unwrap_err().to_string();
		assert!(error.contains("cannot be split into"), "{error}");
	}
}

#[test]
fn a_recurrent_state_is_bounded_before_it_is_made() {
	// 2^20 sequences of one value, and 512 hidden values: 4 GiB of zeros.
	let hidden = 512;
	let model = Model::new(&[1, 1 << 20, 1].map(Dim::Size))
		.weights("w", &[1, hidden, 1], &vec![0.5; hidden as usize])
		.weights(
			"r",
			&[1, hidden, hidden],
			&vec![0.5; (hidden * hidden) as usize],
		)
		.node_with(
			"RNN",
			&["x", "w", "r"],
			"y",
			&[int("hidden_size", hidden as i64)],
		);
	let error = parse(&model.bytes()).unwrap_err().to_string();
	assert!(error.contains("has more than 1048576 elements"), "{error}");
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		..ProptestConfig::with_cases(128)
	})]
	#[test]
	fn no_integer_allocates_or_panics(a in any::<i64>(), b in any::<i64>(), shift in 0u32..64) {
		read_all(a >> shift, b);
		read_all(a, b >> shift);
		read_all(a >> shift, b >> shift);
	}
}
