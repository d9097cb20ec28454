//! Row-major shapes: sizes, strides, broadcasting, reshaping.

/// Most elements of a tensor that depends on the input.
pub const MAX_ELEMENTS: usize = 1 << 20;

/// Number of elements, or nothing if that is over [`MAX_ELEMENTS`].
pub fn size(shape: &[usize]) -> Option<usize> {
	let size = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))?;
	(size <= MAX_ELEMENTS).then_some(size)
}

/// The index of `flat` (of a tensor of shape `shape`) along each dimension.
pub fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
	let mut index: Vec<usize> = shape
		.iter()
		.rev()
		.map(|d| {
			let d = (*d).max(1);
			let i = flat % d;
			flat /= d;
			i
		})
		.collect();
	index.reverse();
	index
}

/// The flat index of `index`. Of a longer index the last dimensions count; a dimension of size 1
/// is broadcast.
pub fn ravel(index: &[usize], shape: &[usize]) -> usize {
	let skip = index.len().saturating_sub(shape.len());
	index
		.iter()
		.skip(skip)
		.zip(shape)
		.fold(0, |flat, (i, d)| flat * d + if *d == 1 { 0 } else { *i })
}

/// The shape that `a` and `b` broadcast to, as NumPy does.
pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
	let rank = a.len().max(b.len());
	let dim = |shape: &[usize], i: usize| {
		(i + shape.len())
			.checked_sub(rank)
			.and_then(|i| shape.get(i))
			.copied()
			.unwrap_or(1)
	};
	(0..rank)
		.map(|i| match (dim(a, i), dim(b, i)) {
			(x, y) if x == y => Some(x),
			(1, y) => Some(y),
			(x, 1) => Some(x),
			_ => None,
		})
		.collect()
}

/// For each element of a tensor of shape `out`, the flat index of the element of `shape` that is
/// broadcast to it.
pub fn broadcast_indices(out: &[usize], shape: &[usize]) -> Vec<usize> {
	let size = out.iter().product();
	(0..size)
		.map(|flat| ravel(&unravel(flat, out), shape))
		.collect()
}

/// Resolves ONNX's `Reshape` target: -1 is inferred, 0 copies the dimension unless `allow_zero`.
pub fn reshape(shape: &[usize], target: &[i64], allow_zero: bool) -> Option<Vec<usize>> {
	let size: usize = shape.iter().product();
	let mut inferred = None;
	let mut out = Vec::with_capacity(target.len());
	for (i, dim) in target.iter().enumerate() {
		out.push(match dim {
			-1 if inferred.is_none() => {
				inferred = Some(i);
				1
			},
			0 if !allow_zero => *shape.get(i)?,
			dim => usize::try_from(*dim).ok()?,
		});
	}
	if let Some(slot) = inferred.and_then(|i| out.get_mut(i)) {
		*slot = 0;
		let known = out
			.iter()
			.filter(|d| **d != 0)
			.try_fold(1usize, |n, d| n.checked_mul(*d))?;
		let slot = inferred.and_then(|i| out.get_mut(i))?;
		*slot = size.checked_div(known)?;
	}
	(out.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) == Some(size)).then_some(out)
}

/// An axis counted from the end if negative, in `0..rank`.
pub fn axis(axis: i64, rank: usize) -> Option<usize> {
	let rank_i = i64::try_from(rank).ok()?;
	let axis = if axis < 0 {
		axis.checked_add(rank_i)?
	} else {
		axis
	};
	usize::try_from(axis).ok().filter(|axis| *axis < rank)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn broadcasting_follows_numpy() {
		assert_eq!(broadcast(&[2, 1], &[3]), Some(vec![2, 3]));
		assert_eq!(broadcast(&[2, 3], &[2]), None);
		assert_eq!(broadcast_indices(&[2, 3], &[3]), [0, 1, 2, 0, 1, 2]);
		assert_eq!(broadcast_indices(&[2, 3], &[2, 1]), [0, 0, 0, 1, 1, 1]);
	}

	#[test]
	fn reshape_infers_and_copies_dimensions() {
		assert_eq!(reshape(&[1, 8, 8], &[0, -1], false), Some(vec![1, 64]));
		assert_eq!(reshape(&[1, 8, 8], &[-1, -1], false), None);
		assert_eq!(reshape(&[1, 8, 8], &[3, -1], false), None);
		assert_eq!(reshape(&[4], &[2, 2, 0], false), None);
		assert_eq!(reshape(&[4], &[-2], false), None);
	}

	#[test]
	fn axes_count_from_the_end() {
		assert_eq!(axis(-1, 3), Some(2));
		assert_eq!(axis(3, 3), None);
		assert_eq!(axis(i64::MIN, 3), None);
	}
}
