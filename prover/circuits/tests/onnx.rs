//! Reading ONNX: what each operator means, and what is refused.

use crate::support::*;
use inference_circuits::{
	float_graph::{FloatGraph, PostProcessing},
	onnx::{parse, OnnxError, UnsupportedOperator},
};

fn read(model: &Model) -> FloatGraph {
	parse(&model.bytes()).unwrap().simplify().unwrap()
}

fn refused(model: &Model) -> OnnxError {
	parse(&model.bytes()).unwrap_err()
}

/// What `model` computes for `input`.
fn run(model: &Model, input: &[f64]) -> Vec<f64> {
	let graph = parse(&model.bytes()).unwrap();
	let output = graph.execute(input);
	let simple = graph.simplify().unwrap().execute(input);
	for (a, b) in output.iter().zip(&simple) {
		assert!((a - b).abs() < 1e-9, "simplification changed {a} to {b}");
	}
	output
}

mod operators {
	use super::*;

	#[test]
	fn gemm_should_honour_alpha_beta_and_transposes() {
		// y = 2·x·Wᵀ + 0.5·b
		let model = Model::row(2)
			.weights("w", &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
			.weights("b", &[3], &[2.0, 4.0, 6.0])
			.node_with(
				"Gemm",
				&["x", "w", "b"],
				"y",
				&[float("alpha", 2.0), float("beta", 0.5), int("transB", 1)],
			);
		assert_eq!(run(&model, &[1.0, -1.0]), [-1.0, 0.0, 1.0]);
		assert_eq!(read(&model).output_shape, [3]);
		// y = Wᵀ·xᵀ: the variable is the second operand
		let model = Model::row(2)
			.weights("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
			.node_with(
				"Gemm",
				&["w", "x"],
				"y",
				&[int("transA", 1), int("transB", 1)],
			);
		assert_eq!(run(&model, &[1.0, 10.0]), [41.0, 52.0, 63.0]);
	}

	#[test]
	fn matmul_should_follow_numpy_for_vectors_matrices_and_batches() {
		let vector = Model::row(2)
			.weights("w", &[2], &[3.0, 4.0])
			.node("MatMul", &["x", "w"], "y");
		assert_eq!(run(&vector, &[1.0, 2.0]), [11.0]);
		assert_eq!(read(&vector).output_shape, [1]);
		let stacked = Model::new(&[Dim::Name("N"), Dim::Size(2), Dim::Size(2)])
			.weights("w", &[2, 1], &[1.0, 10.0])
			.node("MatMul", &["x", "w"], "y");
		assert_eq!(run(&stacked, &[1.0, 2.0, 3.0, 4.0]), [21.0, 43.0]);
		assert_eq!(read(&stacked).output_shape, [2, 1]);
		let left = Model::new(&[Dim::Size(2), Dim::Size(2)])
			.weights("w", &[2, 1, 2], &[1.0, 1.0, 1.0, -1.0])
			.node("MatMul", &["w", "x"], "y");
		assert_eq!(run(&left, &[1.0, 2.0, 3.0, 4.0]), [4.0, 6.0, -2.0, -2.0]);
	}

	#[test]
	fn elementwise_operators_should_broadcast() {
		let model = Model::row(2)
			.weights("a", &[2], &[1.0, 2.0])
			.weights("b", &[1], &[4.0])
			.node("Add", &["x", "a"], "s")
			.node("Sub", &["b", "s"], "d")
			.node("Mul", &["d", "a"], "m")
			.node("Div", &["m", "b"], "q")
			.node("Neg", &["q"], "n")
			.node("Add", &["n", "x"], "y");
		// −(4 − (x + a))·a/4 + x
		assert_eq!(run(&model, &[7.0, -8.0]), [8.0, -13.0]);
		assert_eq!(read(&model).nodes.len(), 1);
	}

	#[test]
	fn relu_should_cut_off_negative_values() {
		let model = Model::row(3).node("Relu", &["x"], "y");
		assert_eq!(run(&model, &[-1.0, 0.0, 2.0]), [0.0, 0.0, 2.0]);
	}

	#[test]
	fn shape_operators_should_only_move_elements() {
		let model = Model::new(&[Dim::Name("batch"), Dim::Size(2), Dim::Size(3)])
			.ints("shape", &[0, -1])
			.ints("axes", &[1])
			.node_with("Transpose", &["x"], "t", &[ints("perm", &[0, 2, 1])])
			.node("Reshape", &["t", "shape"], "r")
			.node("Unsqueeze", &["r", "axes"], "u")
			.node("Squeeze", &["u", "axes"], "s")
			.node_with("Flatten", &["s"], "f", &[int("axis", 1)])
			.node("Identity", &["f"], "i")
			.node_with("Cast", &["i"], "y", &[int("to", 11)]);
		assert_eq!(
			run(&model, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
			[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
		);
		let graph = read(&model);
		assert_eq!(
			(graph.input_shape, graph.output_shape),
			(vec![2, 3], vec![6])
		);
	}

	#[test]
	fn linear_regressor_should_be_a_dense_layer() {
		let model = Model::row(2).node_with(
			"ai.onnx.ml.LinearRegressor",
			&["x"],
			"y",
			&[
				floats("coefficients", &[1.0, 2.0, 3.0, 4.0]),
				floats("intercepts", &[0.5, -0.5]),
				int("targets", 2),
				text("post_transform", "NONE"),
			],
		);
		assert_eq!(run(&model, &[1.0, 1.0]), [3.5, 6.5]);
	}

	#[test]
	fn constants_should_be_folded() {
		let model = Model::row(2)
			.node_with(
				"Constant",
				&[],
				"c",
				&[tensor_attribute("value", &tensor("", &[1, 2], &[1.0, 2.0]))],
			)
			.node_with("Constant", &[], "two", &[float("value_float", 2.0)])
			.node_with("Constant", &[], "shape", &[ints("value_ints", &[2])])
			.node("Mul", &["c", "two"], "m")
			.node("Add", &["m", "two"], "a")
			.node("Reshape", &["a", "shape"], "r")
			.node("Add", &["x", "r"], "y");
		assert_eq!(run(&model, &[0.0, 0.0]), [4.0, 6.0]);
	}

	#[test]
	fn a_trailing_argmax_should_become_post_processing() {
		let model = Model::row(2)
			.weights("w", &[2, 3], &[1.0; 6])
			.node("MatMul", &["x", "w"], "z")
			.node_with(
				"ArgMax",
				&["z"],
				"label",
				&[int("axis", -1), int("keepdims", 0)],
			)
			.node_with("Cast", &["label"], "y", &[int("to", 7)]);
		let graph = read(&model);
		assert_eq!(graph.output_shape, [3]);
		assert_eq!(
			graph.post_processing,
			Some(PostProcessing::ArgMax {
				axis: 0,
				last: false
			})
		);
	}

	#[test]
	fn nodes_that_the_output_does_not_need_should_be_ignored() {
		let model = Model::row(1)
			.node("Relu", &["x"], "y")
			.node("Det", &["x"], "unused");
		assert_eq!(run(&model, &[-3.0]), [0.0]);
	}

	#[test]
	fn several_inputs_and_outputs_should_follow_one_another() {
		let model = Model::row(2)
			.input(value_info("z", FLOAT, &[Dim::Size(1), Dim::Size(2)]))
			.node("Mul", &["x", "z"], "y")
			.node("Sub", &["x", "z"], "d")
			.output("d");
		assert_eq!(run(&model, &[2.0, 3.0, 5.0, 7.0]), [10.0, 21.0, -3.0, -4.0]);
		let graph = read(&model);
		assert_eq!((graph.input_shape, graph.output_shape), (vec![4], vec![4]));
	}

	#[test]
	fn initializers_may_be_listed_as_inputs() {
		let model = Model::row(1)
			.input(value_info("w", FLOAT, &[Dim::Size(1)]))
			.weights("w", &[1], &[2.0])
			.node("Mul", &["x", "w"], "y");
		assert_eq!(run(&model, &[3.0]), [6.0]);
	}
}

mod refusals {
	use super::*;

	#[test]
	fn bytes_that_are_no_model_are_refused() {
		assert!(matches!(parse(&[0xff; 40]), Err(OnnxError::Unparsable(_))));
		assert_eq!(parse(&[]), Err(OnnxError::NoGraph));
	}

	#[test]
	fn no_prefix_of_a_model_panics() {
		let bytes = network(&[3, 2, 1], 1).bytes();
		for end in 0..bytes.len() {
			assert!(parse(&bytes[..end]).is_err());
		}
	}

	#[test]
	fn no_single_changed_byte_panics() {
		let bytes = network(&[2, 2, 1], 1).bytes();
		for position in 0..bytes.len() {
			for value in [0, 1, 0x7f, 0xff, bytes[position] ^ 1] {
				let mut bytes = bytes.clone();
				bytes[position] = value;
				if let Ok(graph) = parse(&bytes) {
					let _ = graph.simplify().map(|g| g.execute(&[1.0, 2.0]));
				}
			}
		}
	}

	#[test]
	fn all_unsupported_operators_are_listed_with_their_nodes() {
		let model = Model::row(1)
			.node("Det", &["x"], "a")
			.node("Relu", &["a"], "b")
			.node("com.example.Magic", &["b"], "y");
		let error = refused(&model);
		assert_eq!(
			error,
			OnnxError::UnsupportedOperators(vec![
				UnsupportedOperator {
					node: "node_a".into(),
					operator: "Det".into()
				},
				UnsupportedOperator {
					node: "node_y".into(),
					operator: "com.example.Magic".into()
				},
			])
		);
		let text = error.to_string();
		assert!(
			text.contains("Det (node \"node_a\")") && text.contains("Gemm"),
			"{text}"
		);
	}

	#[test]
	fn attributes_that_are_not_supported_are_refused() {
		let with = |operator: &str, attribute| {
			refused(&Model::row(2).node_with(operator, &["x"], "y", &[attribute]))
		};
		for (operator, attribute) in [
			("Relu", int("slope", 1)),
			("Cast", int("to", 16)),
			("Cast", int("to", 8)),
			("ArgMax", int("axis", 5)),
			("ArgMax", int("axis", 0)),
			("Transpose", ints("perm", &[0, 0])),
			(
				"ai.onnx.ml.LinearRegressor",
				text("post_transform", "PROBIT"),
			),
		] {
			let error = with(operator, attribute);
			assert!(
				matches!(error, OnnxError::UnsupportedAttribute { .. }),
				"{error}"
			);
		}
	}

	#[test]
	fn every_node_that_cannot_be_read_is_listed() {
		let model = Model::row(2)
			.node_with("Relu", &["x"], "a", &[int("slope", 1)])
			.node("Sigmoid", &["a"], "b")
			.node_with("Softmax", &["x"], "c", &[int("axis", 7)])
			.node("Add", &["b", "c"], "y");
		match refused(&model) {
			OnnxError::Several(errors) => assert_eq!(errors.len(), 2, "{errors:?}"),
			other => panic!("{other}"),
		}
	}

	#[test]
	fn dynamic_shapes_are_refused_beyond_the_batch() {
		let model = Model::new(&[Dim::Size(1), Dim::Name("features")]).node("Relu", &["x"], "y");
		assert_eq!(
			refused(&model),
			OnnxError::DynamicShape {
				value: "x".into(),
				dimension: 1,
				name: "features".into()
			}
		);
		let model = Model::row(4).node("Reshape", &["x", "x"], "y");
		assert!(matches!(
			refused(&model),
			OnnxError::UnsupportedOperand { .. }
		));
	}

	#[test]
	fn shapes_that_do_not_fit_are_refused() {
		let models = [
			Model::row(3)
				.weights("w", &[2, 2], &[1.0; 4])
				.node("MatMul", &["x", "w"], "y"),
			Model::row(3)
				.weights("w", &[2], &[1.0; 2])
				.node("Add", &["x", "w"], "y"),
			Model::row(3)
				.weights("w", &[3], &[1.0; 3])
				.node("Gemm", &["x", "w"], "y"),
			Model::row(3)
				.ints("s", &[2, 2])
				.node("Reshape", &["x", "s"], "y"),
			Model::row(3)
				.ints("s", &[1])
				.node("Squeeze", &["x", "s"], "y"),
		];
		for model in models {
			let error = refused(&model);
			assert!(matches!(error, OnnxError::ShapeMismatch { .. }), "{error}");
		}
	}

	#[test]
	fn weights_that_are_not_finite_are_refused() {
		for bad in [f32::NAN, f32::INFINITY] {
			let model = Model::row(2)
				.weights("w", &[2], &[1.0, bad])
				.node("Add", &["x", "w"], "y");
			assert_eq!(
				refused(&model),
				OnnxError::NonFinite {
					tensor: "w".into(),
					index: 1
				}
			);
		}
		let model = Model::row(1)
			.weights("w", &[1], &[0.0])
			.node("Div", &["x", "w"], "y");
		assert_eq!(
			refused(&model),
			OnnxError::NonFinite {
				tensor: "node_y".into(),
				index: 0
			}
		);
	}

	#[test]
	fn tensors_that_cannot_be_read_are_refused() {
		let bad = [
			tensor("w", &[3], &[1.0; 2]),
			tensor_head("w", &[2], FLOAT).bytes(9, &[0; 7]),
			tensor_head("w", &[2], 8).bytes(9, &[0; 4]),
			tensor_head("w", &[u64::MAX], FLOAT),
			tensor_head("w", &[1 << 62, 1 << 62], FLOAT),
			// external data
			tensor_head("w", &[2], FLOAT).varint(14, 1),
		];
		for tensor in bad {
			let error = refused(&Model::row(2).tensor(tensor).node("Add", &["x", "w"], "y"));
			assert!(matches!(error, OnnxError::BadTensor { .. }), "{error}");
		}
	}

	#[test]
	fn models_without_inputs_or_outputs_are_refused() {
		let model = Model::row(1)
			.weights("x", &[1, 1], &[1.0])
			.node("Relu", &["x"], "y");
		assert_eq!(refused(&model), OnnxError::InputCount(vec![]));
	}

	#[test]
	fn outputs_without_the_input_are_refused() {
		let model = Model::row(1)
			.weights("w", &[1], &[1.0])
			.node("Add", &["w", "w"], "y");
		assert_eq!(refused(&model), OnnxError::ConstantOutput("y".into()));
		assert_eq!(
			refused(&Model::row(1)),
			OnnxError::ConstantOutput("y".into())
		);
	}

	#[test]
	fn undefined_values_and_cycles_are_refused() {
		let undefined = Model::row(1).node("Add", &["x", "nothing"], "y");
		assert!(matches!(
			refused(&undefined),
			OnnxError::UndefinedValue { .. }
		));
		let cycle = Model::row(1).node("Add", &["x", "y"], "y");
		assert!(matches!(refused(&cycle), OnnxError::UndefinedValue { .. }));
	}

	#[test]
	fn nothing_may_follow_a_classifiers_label() {
		let attributes = [
			floats("coefficients", &[1.0, 2.0, 3.0, 4.0]),
			floats("intercepts", &[0.0, 1.0]),
			ints("classlabels_ints", &[3, 7]),
		];
		let model = Model::row(2)
			.node_with("ai.onnx.ml.LinearClassifier", &["x"], "label", &attributes)
			.node("Relu", &["label"], "y");
		assert!(matches!(
			refused(&model),
			OnnxError::UnsupportedOperand { .. }
		));
	}

	#[test]
	fn huge_shapes_are_refused_before_anything_is_allocated() {
		let model = Model::new(&[Dim::Size(1), Dim::Size(1 << 40)]).node("Relu", &["x"], "y");
		assert!(matches!(refused(&model), OnnxError::TooLarge { .. }));
		let wide = vec![1.0; 4096];
		let model = Model::new(&[Dim::Size(4096), Dim::Size(1)])
			.weights("w", &[1, 4096], &wide)
			.node("MatMul", &["x", "w"], "y");
		assert!(matches!(refused(&model), OnnxError::TooLarge { .. }));
	}
}
