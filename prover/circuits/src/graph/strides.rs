//! Strided loops over two operands.

use super::Axis;

/// Number of steps of the loops `axes`; saturating, so that a bound refuses what is too large.
pub fn size(axes: &[Axis]) -> usize {
	axes.iter()
		.fold(1usize, |n, axis| n.saturating_mul(axis.extent as usize))
}

/// The greatest offset in the left and in the right operand; nothing if an extent is 0 or an offset
/// overflows.
pub fn reach(axes: &[Axis]) -> Option<(usize, usize)> {
	axes.iter()
		.try_fold((0usize, 0usize), |(left, right), axis| {
			let last = (axis.extent as usize).checked_sub(1)?;
			Some((
				left.checked_add(last.checked_mul(axis.left as usize)?)?,
				right.checked_add(last.checked_mul(axis.right as usize)?)?,
			))
		})
}

/// The offsets in the left and in the right operand at each step, row-major.
///
/// Its length is [`size`]: the caller has bounded it. Offsets are within [`reach`], which the caller
/// has checked; beyond it they wrap.
pub fn offsets(axes: &[Axis]) -> Vec<(usize, usize)> {
	let mut offsets = vec![(0usize, 0usize)];
	for axis in axes {
		offsets = offsets
			.iter()
			.flat_map(|(left, right)| {
				(0..axis.extent as usize).map(move |i| {
					(
						left.wrapping_add(i.wrapping_mul(axis.left as usize)),
						right.wrapping_add(i.wrapping_mul(axis.right as usize)),
					)
				})
			})
			.collect();
	}
	offsets
}

/// The offsets in the left and in the right operand at step `step`; nothing if there is no such step.
pub fn offset(axes: &[Axis], mut step: usize) -> Option<(usize, usize)> {
	let (mut left, mut right) = (0usize, 0usize);
	for axis in axes.iter().rev() {
		let extent = axis.extent as usize;
		let index = step.checked_rem(extent)?;
		step /= extent;
		left = left.checked_add(index.checked_mul(axis.left as usize)?)?;
		right = right.checked_add(index.checked_mul(axis.right as usize)?)?;
	}
	(step == 0).then_some((left, right))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn offsets_are_row_major() {
		let axis = |extent, left, right| Axis {
			extent,
			left,
			right,
		};
		let axes = [axis(2, 3, 0), axis(3, 1, 2)];
		assert_eq!(size(&axes), 6);
		assert_eq!(reach(&axes), Some((5, 4)));
		assert_eq!(
			offsets(&axes),
			[(0, 0), (1, 2), (2, 4), (3, 0), (4, 2), (5, 4)]
		);
		assert_eq!(offsets(&[]), [(0, 0)]);
		let steps: Option<Vec<_>> = (0..6).map(|step| offset(&axes, step)).collect();
		assert_eq!(steps, Some(offsets(&axes)));
		assert_eq!(offset(&axes, 6), None);
		assert_eq!(offset(&[axis(0, 1, 1)], 0), None);
		assert_eq!(reach(&[axis(0, 1, 1)]), None);
		assert_eq!(
			size(&[
				axis(u32::MAX, 1, 1),
				axis(u32::MAX, 1, 1),
				axis(u32::MAX, 1, 1)
			]),
			usize::MAX
		);
	}
}
