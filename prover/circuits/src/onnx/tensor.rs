//! Constant tensors.

use super::OnnxError;
use tract_onnx::pb::{tensor_proto::DataLocation, TensorProto};

/// ONNX element types that constants may have.
pub mod element_type {
	/// 32-bit floating point.
	pub const FLOAT: i32 = 1;
	/// 32-bit integer.
	pub const INT32: i32 = 6;
	/// 64-bit integer.
	pub const INT64: i32 = 7;
	/// 64-bit floating point.
	pub const DOUBLE: i32 = 11;
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
		if proto.data_location == Some(DataLocation::External as i32)
			|| !proto.external_data.is_empty()
		{
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
					"element type {other} is not supported; expected float, double, int32 or int64"
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

	/// The same elements in another shape, which must hold as many.
	pub fn with_shape(self, shape: Vec<usize>) -> Self {
		Self { shape, ..self }
	}

	/// The elements at `indices`, as a tensor of shape `shape`.
	pub fn gather(&self, shape: Vec<usize>, indices: &[usize]) -> Self {
		fn pick<T: Copy + Default>(values: &[T], indices: &[usize]) -> Vec<T> {
			indices
				.iter()
				.map(|i| values.get(*i).copied().unwrap_or_default())
				.collect()
		}
		let data = match &self.data {
			Data::Float(values) => Data::Float(pick(values, indices)),
			Data::Int(values) => Data::Int(pick(values, indices)),
		};
		Self { shape, data }
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
