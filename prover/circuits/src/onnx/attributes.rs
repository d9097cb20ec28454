//! Attributes of a node, each taken once; what is left over is not supported.

use super::{
	proto::{AttributeProto, NodeProto},
	tensor::Constant,
	OnnxError,
};
use std::collections::BTreeMap;

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

	/// A real number, if present.
	pub fn optional_float(&mut self, name: &str) -> Option<f64> {
		self.left.remove(name).map(|a| f64::from(a.f))
	}

	/// Takes an attribute that does not matter.
	pub fn skip(&mut self, name: &str) {
		self.left.remove(name);
	}

	/// Fails if an attribute is present.
	pub fn unsupported_if_present(&self, name: &str) -> Result<(), OnnxError> {
		match self.left.contains_key(name) {
			true => Err(self.unsupported(name, "is not supported")),
			false => Ok(()),
		}
	}

	/// Takes a list of any kind and returns its length.
	pub fn length(&mut self, name: &str) -> usize {
		self.left
			.remove(name)
			.map_or(0, |a| a.ints.len().max(a.strings.len()).max(a.floats.len()))
	}

	/// A list of texts, if present.
	pub fn strings(&mut self, name: &str) -> Option<Vec<String>> {
		self.left.remove(name).map(|a| {
			a.strings
				.iter()
				.map(|s| String::from_utf8_lossy(s).into_owned())
				.collect()
		})
	}

	/// Real numbers, as a list or a tensor, if present.
	pub fn tensor_or_floats(&mut self, name: &str) -> Option<Result<Vec<f64>, OnnxError>> {
		let attribute = self.left.remove(name)?;
		Some(match &attribute.t {
			Some(proto) => Constant::read(self.node, proto).map(|c| c.to_floats()),
			None => Ok(attribute.floats.iter().map(|x| f64::from(*x)).collect()),
		})
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
