//! Attributes of a node, each taken once; what is left over is not supported.

use super::{tensor::Constant, OnnxError};
use std::collections::BTreeMap;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// Attributes of one node that no one asked for yet.
pub struct Attributes<'a> {
	node: &'a str,
	operator: &'a str,
	left: BTreeMap<&'a str, &'a AttributeProto>,
}

impl<'a> Attributes<'a> {
	/// The attributes of `proto`; `node` and `operator` are for errors.
	pub fn new(node: &'a str, operator: &'a str, proto: &'a NodeProto) -> Self {
		let left = proto
			.attribute
			.iter()
			.map(|a| (a.name.as_str(), a))
			.collect();
		Self {
			node,
			operator,
			left,
		}
	}

	/// An integer, or `default`.
	pub fn int(&mut self, name: &str, default: i64) -> i64 {
		self.left.remove(name).map_or(default, |a| a.i)
	}

	/// An integer, if present.
	pub fn optional_int(&mut self, name: &str) -> Option<i64> {
		self.left.remove(name).map(|a| a.i)
	}

	/// A real number, or `default`.
	pub fn float(&mut self, name: &str, default: f32) -> f64 {
		f64::from(self.left.remove(name).map_or(default, |a| a.f))
	}

	/// A list of integers, if present.
	pub fn ints(&mut self, name: &str) -> Option<Vec<i64>> {
		self.left.remove(name).map(|a| a.ints.clone())
	}

	/// A list of real numbers, if present.
	pub fn floats(&mut self, name: &str) -> Option<Vec<f64>> {
		self.left
			.remove(name)
			.map(|a| a.floats.iter().map(|x| f64::from(*x)).collect())
	}

	/// A text, if present.
	pub fn string(&mut self, name: &str) -> Option<String> {
		self.left
			.remove(name)
			.map(|a| String::from_utf8_lossy(&a.s).into_owned())
	}

	/// A constant tensor, if present.
	pub fn tensor(&mut self, name: &str) -> Option<Result<Constant, OnnxError>> {
		let attribute = self.left.remove(name)?;
		Some(match &attribute.t {
			Some(proto) => Constant::read(self.node, proto),
			None => Err(self.unsupported(name, "holds no tensor")),
		})
	}

	/// The error that attribute `name` is not supported.
	pub fn unsupported(&self, name: &str, reason: impl Into<String>) -> OnnxError {
		OnnxError::UnsupportedAttribute {
			node: self.node.into(),
			operator: self.operator.into(),
			attribute: name.into(),
			reason: reason.into(),
		}
	}

	/// Fails if an attribute was not taken.
	pub fn finish(self) -> Result<(), OnnxError> {
		match self.left.keys().next() {
			Some(name) => Err(self.unsupported(name, "is not supported")),
			None => Ok(()),
		}
	}
}
