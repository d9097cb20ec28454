//! Products of two operands: rows of [`linear`](super::linear) with `product` 1.

use super::super::{builder::Builder, error::TraceError, row::Operand};
use crate::graph::{offsets, Axis, Pairs};

impl Builder<'_> {
	/// The pairs of operands whose products element `element` of a product is the sum of.
	pub fn pairs(
		&self,
		left: u32,
		right: u32,
		pairs: &Pairs,
		element: usize,
	) -> Result<Vec<(Operand, Operand)>, TraceError> {
		let (a, b) = offset(&pairs.outer, element);
		offsets(&pairs.inner)
			.into_iter()
			.map(|(i, j)| {
				Ok((
					self.operand(left as usize, a.wrapping_add(i))?,
					self.operand(right as usize, b.wrapping_add(j))?,
				))
			})
			.collect()
	}
}

/// The offsets in both operands at step `step` of a loop.
fn offset(axes: &[Axis], step: usize) -> (usize, usize) {
	let (mut step, mut left, mut right) = (step, 0usize, 0usize);
	for axis in axes.iter().rev() {
		let extent = (axis.extent as usize).max(1);
		let index = step % extent;
		step /= extent;
		left = left.wrapping_add(index.wrapping_mul(axis.left as usize));
		right = right.wrapping_add(index.wrapping_mul(axis.right as usize));
	}
	(left, right)
}
