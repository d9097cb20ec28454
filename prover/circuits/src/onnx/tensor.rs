//! Constant tensors.

use super::{
	proto::{DataLocation, TensorProto},
	OnnxError,
};

/// ONNX's numbers of element types.
pub mod element_type {
	use crate::onnx::reader::Kind;

	/// 32-bit floating point.
	pub const FLOAT: i32 = 1;
	/// 8-bit natural number.
	pub const UINT8: i32 = 2;
	/// 8-bit integer.
	pub const INT8: i32 = 3;
	/// 16-bit natural number.
	pub const UINT16: i32 = 4;
	/// 16-bit integer.
	pub const INT16: i32 = 5;
	/// 32-bit integer.
	pub const INT32: i32 = 6;
	/// 64-bit integer.
	pub const INT64: i32 = 7;
	/// True or false.
	pub const BOOL: i32 = 9;
	/// 16-bit floating point.
	pub const FLOAT16: i32 = 10;
	/// 64-bit floating point.
	pub const DOUBLE: i32 = 11;
	/// 32-bit natural number.
	pub const UINT32: i32 = 12;
	/// 64-bit natural number.
	pub const UINT64: i32 = 13;

	/// What kind of numbers a tensor of this type holds, if it can be read.
	pub(in crate::onnx) fn kind(element_type: i32) -> Option<Kind> {
		match element_type {
			FLOAT | FLOAT16 | DOUBLE => Some(Kind::Real),
			BOOL => Some(Kind::Bool),
			UINT8 | INT8 | UINT16 | INT16 | INT32 | INT64 | UINT32 | UINT64 => Some(Kind::Integer),
			_ => None,
		}
	}

	/// Least and greatest number of an 8- or 16-bit integer type.
	pub fn range(element_type: i32) -> Option<(f64, f64)> {
		match element_type {
			UINT8 => Some((0.0, 255.0)),
			INT8 => Some((-128.0, 127.0)),
			UINT16 => Some((0.0, 65535.0)),
			INT16 => Some((-32768.0, 32767.0)),
			_ => None,
		}
	}
}

/// Elements of a constant.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
	/// Weights. All finite.
	Float(Vec<f64>),
	/// Shapes and axes.
	Int(Vec<i64>),
}

/// A constant tensor, row-major.
#[derive(Clone, PartialEq, Debug)]
pub struct Constant {
	/// Dimensions.
	pub shape: Vec<usize>,
	/// Elements; as many as the shape holds.
	pub data: Data,
}

impl Constant {
	/// A constant of real numbers, all of which must be finite. `name` is for the error.
	pub fn float(name: &str, shape: Vec<usize>, values: Vec<f64>) -> Result<Self, OnnxError> {
		match values.iter().position(|x| !x.is_finite()) {
			Some(index) => Err(OnnxError::NonFinite {
				tensor: name.into(),
				index,
			}),
			None => Ok(Self {
				shape,
				data: Data::Float(values),
			}),
		}
	}

	/// A constant of integers.
	pub fn int(shape: Vec<usize>, values: Vec<i64>) -> Self {
		Self {
			shape,
			data: Data::Int(values),
		}
	}

	/// Reads a tensor of an ONNX file. `name` is for the error.
	pub fn read(name: &str, proto: &TensorProto) -> Result<Self, OnnxError> {
		let bad = |reason: String| OnnxError::BadTensor {
			tensor: name.into(),
			reason,
		};
		if proto.data_location() == DataLocation::External || !proto.external_data.is_empty() {
			return Err(bad(
				"its data lies outside the file, which is not supported; save the \
				model with its weights inside"
					.into(),
			));
		}
		let shape = proto
			.dims
			.iter()
			.map(|d| usize::try_from(*d).ok())
			.collect::<Option<Vec<_>>>()
			.ok_or_else(|| bad(format!("it has a negative dimension: {:?}", proto.dims)))?;
		let size = shape
			.iter()
			.try_fold(1usize, |n, d| n.checked_mul(*d))
			.ok_or_else(|| bad(format!("its size overflows: {shape:?}")))?;
		let raw = &proto.raw_data;
		let constant = match proto.data_type {
			element_type::FLOAT => {
				let values = if raw.is_empty() {
					proto.float_data.iter().map(|x| f64::from(*x)).collect()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 4))?
						.map(|bytes| f64::from(f32::from_le_bytes(bytes)))
						.collect()
				};
				Self::float(name, shape, values)?
			},
			element_type::DOUBLE => {
				let values = if raw.is_empty() {
					proto.double_data.clone()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 8))?
						.map(f64::from_le_bytes)
						.collect()
				};
				Self::float(name, shape, values)?
			},
			element_type::FLOAT16 => {
				let values = if raw.is_empty() {
					proto.int32_data.iter().map(|x| half(*x as u16)).collect()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 2))?
						.map(|bytes| half(u16::from_le_bytes(bytes)))
						.collect()
				};
				Self::float(name, shape, values)?
			},
			element_type::UINT64 => {
				let values: Vec<u64> = if raw.is_empty() {
					proto.uint64_data.clone()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 8))?
						.map(u64::from_le_bytes)
						.collect()
				};
				let values = values
					.into_iter()
					.map(|x| i64::try_from(x).unwrap_or(i64::MAX));
				Self::int(shape, values.collect())
			},
			element_type::UINT32 => {
				let values = if raw.is_empty() {
					proto
						.uint64_data
						.iter()
						.map(|x| i64::try_from(*x).unwrap_or(i64::MAX))
						.collect()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 4))?
						.map(|bytes| i64::from(u32::from_le_bytes(bytes)))
						.collect()
				};
				Self::int(shape, values)
			},
			element_type::UINT16 | element_type::INT16 => {
				let signed = proto.data_type == element_type::INT16;
				let values = if raw.is_empty() {
					proto.int32_data.iter().map(|x| i64::from(*x)).collect()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 2))?
						.map(|bytes| {
							if signed {
								i64::from(i16::from_le_bytes(bytes))
							} else {
								i64::from(u16::from_le_bytes(bytes))
							}
						})
						.collect()
				};
				Self::int(shape, values)
			},
			element_type::UINT8 | element_type::INT8 | element_type::BOOL => {
				let signed = proto.data_type == element_type::INT8;
				let values = if raw.is_empty() {
					proto.int32_data.iter().map(|x| i64::from(*x)).collect()
				} else {
					raw.iter()
						.map(|x| {
							if signed {
								i64::from(*x as i8)
							} else {
								i64::from(*x)
							}
						})
						.collect()
				};
				Self::int(shape, values)
			},
			element_type::INT64 => {
				let values = if raw.is_empty() {
					proto.int64_data.clone()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 8))?
						.map(i64::from_le_bytes)
						.collect()
				};
				Self::int(shape, values)
			},
			element_type::INT32 => {
				let values = if raw.is_empty() {
					proto.int32_data.iter().map(|x| i64::from(*x)).collect()
				} else {
					chunks(raw)
						.ok_or_else(|| misfit(name, raw.len(), 4))?
						.map(|bytes| i64::from(i32::from_le_bytes(bytes)))
						.collect()
				};
				Self::int(shape, values)
			},
			other => {
				return Err(bad(format!(
					"element type {other} is not supported; expected a number or bool of at most 64 bits"
				)));
			},
		};
		if constant.len() != size {
			return Err(bad(format!(
				"its shape {:?} holds {size} elements, got {}",
				constant.shape,
				constant.len()
			)));
		}
		Ok(constant)
	}

	/// Number of elements.
	pub fn len(&self) -> usize {
		match &self.data {
			Data::Float(values) => values.len(),
			Data::Int(values) => values.len(),
		}
	}

	/// Whether it has no element.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The same elements in another shape, which must hold as many.
	pub fn with_shape(self, shape: Vec<usize>) -> Self {
		Self { shape, ..self }
	}

	/// The elements as real numbers.
	pub fn to_floats(&self) -> Vec<f64> {
		match &self.data {
			Data::Float(values) => values.clone(),
			// Exact up to 2^53, which is more than any weight or index needs.
			Data::Int(values) => values.iter().map(|x| *x as f64).collect(),
		}
	}
}

/// A 16-bit floating-point number.
fn half(bits: u16) -> f64 {
	let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
	let fraction = f64::from(bits & 0x3ff);
	sign * match (bits >> 10) & 0x1f {
		0 => fraction * 2f64.powi(-24),
		31 if fraction == 0.0 => f64::INFINITY,
		31 => f64::NAN,
		exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
	}
}

/// `bytes` in arrays of `N`, if they divide evenly.
fn chunks<const N: usize>(bytes: &[u8]) -> Option<impl Iterator<Item = [u8; N]> + '_> {
	(bytes.len().is_multiple_of(N)).then(|| {
		bytes
			.chunks_exact(N)
			.filter_map(|chunk| <[u8; N]>::try_from(chunk).ok())
	})
}

fn misfit(name: &str, bytes: usize, width: usize) -> OnnxError {
	OnnxError::BadTensor {
		tensor: name.into(),
		reason: format!("its {bytes} bytes of raw data are no multiple of {width}"),
	}
}
