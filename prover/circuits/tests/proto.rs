//! ONNX's messages, as the `onnx` package writes them.

use inference_circuits::onnx::{
	parse,
	proto::{
		AttributeProto, DataLocation, Dimension, DimensionProto, GraphProto, ModelProto, NodeProto,
		OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto,
		TypeProto, ValueInfoProto,
	},
	OnnxError,
};
use prost::Message;
use std::{fs, path::PathBuf};

/// What `fixtures/proto/generate.py` wrote.
fn file() -> Vec<u8> {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/proto");
	fs::read(folder.join("every_field.onnx")).unwrap()
}

/// The same, field by field: a message that gains a field does not compile here.
fn every_field() -> ModelProto {
	let dim = |value| DimensionProto { value };
	let typed = TensorTypeProto {
		elem_type: 11,
		shape: Some(TensorShapeProto {
			dim: vec![
				dim(Some(Dimension::DimValue(20))),
				dim(Some(Dimension::DimParam("batch".into()))),
				dim(None),
			],
		}),
	};
	let value = |name: &str, r#type| ValueInfoProto {
		name: name.into(),
		r#type,
	};
	let attribute = AttributeProto {
		name: "attribute".into(),
		f: 11.5,
		i: -12,
		s: b"thirteen".to_vec(),
		t: Some(TensorProto {
			dims: vec![1],
			data_type: 7,
			int64_data: vec![14],
			..TensorProto::default()
		}),
		floats: vec![15.5, 16.5],
		ints: vec![-17, 18],
		strings: vec![b"nineteen".to_vec(), vec![0xff]],
	};
	let tensor = TensorProto {
		dims: vec![2, 3],
		data_type: 1,
		float_data: vec![1.5, -2.25],
		int32_data: vec![3, -4],
		int64_data: vec![5, -(1 << 62)],
		name: "all lists".into(),
		raw_data: vec![6, 7],
		double_data: vec![8.125, -9.5],
		uint64_data: vec![10, u64::MAX],
		external_data: vec![StringStringEntryProto {
			key: "location".into(),
			value: "weights.bin".into(),
		}],
		data_location: DataLocation::External.into(),
	};
	ModelProto {
		opset_import: vec![
			OperatorSetIdProto {
				domain: "ai.onnx.ml".into(),
				version: 3,
			},
			OperatorSetIdProto {
				domain: String::new(),
				version: 21,
			},
		],
		graph: Some(GraphProto {
			node: vec![NodeProto {
				input: vec!["a".into(), String::new(), "b".into()],
				output: vec!["c".into(), "d".into()],
				name: "node".into(),
				op_type: "Operator".into(),
				domain: "ai.onnx.ml".into(),
				attribute: vec![attribute],
			}],
			initializer: vec![tensor],
			input: vec![value(
				"x",
				Some(TypeProto {
					tensor_type: Some(typed),
				}),
			)],
			// A sequence: no type that we read.
			output: vec![value("y", Some(TypeProto { tensor_type: None }))],
			value_info: vec![value("untyped", None)],
		}),
	}
}

#[test]
fn every_field_is_read_as_the_onnx_package_wrote_it_and_others_are_skipped() {
	assert_eq!(
		ModelProto::decode(file().as_slice()).unwrap(),
		every_field()
	);
}

#[test]
fn a_message_that_is_written_and_read_again_is_the_same() {
	let model = every_field();
	assert_eq!(
		ModelProto::decode(model.encode_to_vec().as_slice()),
		Ok(model)
	);
}

#[test]
fn lists_of_numbers_are_read_packed_and_one_by_one() {
	let packed = [0x0a, 2, 3, 4];
	let one_by_one = [0x08, 3, 0x08, 4];
	for bytes in [packed, one_by_one] {
		assert_eq!(TensorProto::decode(bytes.as_slice()).unwrap().dims, [3, 4]);
	}
}

#[test]
fn every_part_of_a_file_is_refused_without_a_panic() {
	let whole = file();
	for end in 0..whole.len() {
		assert!(parse(&whole[..end]).is_err());
	}
}

#[test]
fn a_length_beyond_the_end_is_refused_before_it_is_allocated() {
	// An initializer whose raw data claims 2^62 bytes.
	let claimed = [0x4a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
	let nested = |field: u8, bytes: &[u8]| [&[field, bytes.len() as u8], bytes].concat();
	let model = nested(0x3a, &nested(0x2a, &claimed));
	assert!(matches!(parse(&model), Err(OnnxError::Unparsable(_))));
}

#[test]
fn a_name_that_is_no_text_is_refused_with_the_field_that_holds_it() {
	// Graph (7), node (1), op_type (4): one byte that is no UTF-8.
	let model = [0x3a, 5, 0x0a, 3, 0x22, 1, 0xff];
	let Err(OnnxError::Unparsable(reason)) = parse(&model) else {
		panic!("a name that is no text was read");
	};
	assert!(reason.contains("NodeProto.op_type"), "{reason}");
}
