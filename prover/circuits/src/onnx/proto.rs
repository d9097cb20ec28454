//! The messages of an ONNX file that the reader looks at, as protobuf encodes them.
//!
//! Field numbers are those of `onnx-ml.proto` (ONNX's repository, IR version 13; ONNX has never
//! given a number a second meaning). Fields that are not listed, such as documentation, training
//! and metadata, are skipped unread. A test compares every field with a file that the `onnx`
//! package wrote (`tests/proto.rs`).
//!
//! Decoding a file takes memory in proportion to its bytes: nothing is allocated for a length that
//! the file claims and does not have, and messages nest at most 100 deep (both prost's rules).

use prost::{Message, Oneof};

/// A whole file.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
	/// Versions of the operators of each domain.
	#[prost(message, repeated, tag = "8")]
	pub opset_import: Vec<OperatorSetIdProto>,
	/// What the model computes.
	#[prost(message, optional, tag = "7")]
	pub graph: Option<GraphProto>,
}

/// Which version of a domain's operators is meant.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
	/// Empty or `ai.onnx`: ONNX's own.
	#[prost(string, tag = "1")]
	pub domain: String,
	/// Its version.
	#[prost(int64, tag = "2")]
	pub version: i64,
}

/// Nodes in the order of execution.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
	/// Operations.
	#[prost(message, repeated, tag = "1")]
	pub node: Vec<NodeProto>,
	/// Constants.
	#[prost(message, repeated, tag = "5")]
	pub initializer: Vec<TensorProto>,
	/// Inputs; with old versions also the constants, again.
	#[prost(message, repeated, tag = "11")]
	pub input: Vec<ValueInfoProto>,
	/// Outputs.
	#[prost(message, repeated, tag = "12")]
	pub output: Vec<ValueInfoProto>,
	/// Types of values between nodes.
	#[prost(message, repeated, tag = "13")]
	pub value_info: Vec<ValueInfoProto>,
}

/// One operation.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
	/// Names of its operands; empty where one is left out.
	#[prost(string, repeated, tag = "1")]
	pub input: Vec<String>,
	/// Names of its results.
	#[prost(string, repeated, tag = "2")]
	pub output: Vec<String>,
	/// Its name, for people.
	#[prost(string, tag = "3")]
	pub name: String,
	/// The operator.
	#[prost(string, tag = "4")]
	pub op_type: String,
	/// The operator's domain; empty for ONNX's own.
	#[prost(string, tag = "7")]
	pub domain: String,
	/// Attributes.
	#[prost(message, repeated, tag = "5")]
	pub attribute: Vec<AttributeProto>,
}

/// A named attribute of a node: one of the values.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
	/// Its name.
	#[prost(string, tag = "1")]
	pub name: String,
	/// A real number.
	#[prost(float, tag = "2")]
	pub f: f32,
	/// An integer.
	#[prost(int64, tag = "3")]
	pub i: i64,
	/// A text.
	#[prost(bytes = "vec", tag = "4")]
	pub s: Vec<u8>,
	/// A tensor.
	#[prost(message, optional, tag = "5")]
	pub t: Option<TensorProto>,
	/// Real numbers.
	#[prost(float, repeated, tag = "7")]
	pub floats: Vec<f32>,
	/// Integers.
	#[prost(int64, repeated, tag = "8")]
	pub ints: Vec<i64>,
	/// Texts.
	#[prost(bytes = "vec", repeated, tag = "9")]
	pub strings: Vec<Vec<u8>>,
}

/// A constant tensor. Its elements are in `raw_data`, little-endian, or in the list of its type.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
	/// Dimensions.
	#[prost(int64, repeated, tag = "1")]
	pub dims: Vec<i64>,
	/// ONNX's number of the element type.
	#[prost(int32, tag = "2")]
	pub data_type: i32,
	/// 32-bit floating point.
	#[prost(float, repeated, tag = "4")]
	pub float_data: Vec<f32>,
	/// Integers of up to 32 bits, Booleans, and the bits of 16-bit floating point.
	#[prost(int32, repeated, tag = "5")]
	pub int32_data: Vec<i32>,
	/// 64-bit integers.
	#[prost(int64, repeated, tag = "7")]
	pub int64_data: Vec<i64>,
	/// Its name.
	#[prost(string, tag = "8")]
	pub name: String,
	/// Elements of any type but text.
	#[prost(bytes = "vec", tag = "9")]
	pub raw_data: Vec<u8>,
	/// 64-bit floating point.
	#[prost(double, repeated, tag = "10")]
	pub double_data: Vec<f64>,
	/// 32- and 64-bit natural numbers.
	#[prost(uint64, repeated, tag = "11")]
	pub uint64_data: Vec<u64>,
	/// Where else the elements are, as keys and values.
	#[prost(message, repeated, tag = "13")]
	pub external_data: Vec<StringStringEntryProto>,
	/// Whether they are elsewhere.
	#[prost(enumeration = "DataLocation", tag = "14")]
	pub data_location: i32,
}

/// Where a tensor's elements are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum DataLocation {
	/// In the message.
	Default = 0,
	/// In another file.
	External = 1,
}

/// A key with a value.
#[derive(Clone, PartialEq, Message)]
pub struct StringStringEntryProto {
	/// The key.
	#[prost(string, tag = "1")]
	pub key: String,
	/// The value.
	#[prost(string, tag = "2")]
	pub value: String,
}

/// A value's name and type.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
	/// Its name.
	#[prost(string, tag = "1")]
	pub name: String,
	/// Its type.
	#[prost(message, optional, tag = "2")]
	pub r#type: Option<TypeProto>,
}

/// A value's type.
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
	/// Nothing for types other than tensors, such as sequences and maps.
	#[prost(message, optional, tag = "1")]
	pub tensor_type: Option<TensorTypeProto>,
}

/// A tensor's type (`TypeProto.Tensor`).
#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
	/// ONNX's number of the element type.
	#[prost(int32, tag = "1")]
	pub elem_type: i32,
	/// Dimensions, if the number of them is known.
	#[prost(message, optional, tag = "2")]
	pub shape: Option<TensorShapeProto>,
}

/// A tensor's dimensions.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
	/// One after the other.
	#[prost(message, repeated, tag = "1")]
	pub dim: Vec<DimensionProto>,
}

/// One dimension (`TensorShapeProto.Dimension`).
#[derive(Clone, PartialEq, Message)]
pub struct DimensionProto {
	/// Nothing if it is open.
	#[prost(oneof = "Dimension", tags = "1, 2")]
	pub value: Option<Dimension>,
}

/// How large a dimension is.
#[derive(Clone, PartialEq, Oneof)]
pub enum Dimension {
	/// A number.
	#[prost(int64, tag = "1")]
	DimValue(i64),
	/// A name for a number that is known only when the model runs.
	#[prost(string, tag = "2")]
	DimParam(String),
}
