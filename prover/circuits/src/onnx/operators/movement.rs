//! Operators that only move elements: all of them are selections.

use super::one;
use crate::{
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape,
		tensor::Constant,
		OnnxError,
	},
};

/// An index per element of the result: nothing where it is filled.
type Selection = (Vec<usize>, Vec<Option<usize>>);

/// Transpose, Concat, Split, Slice, Gather…, Pad, Tile, Expand, Trilu, CenterCropPad, Compress,
/// DepthToSpace, SpaceToDepth.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	match node.operator {
		"Concat" => return concat(node),
		"Split" => return split(node),
		_ => {},
	}
	if let Some(empty) = empty_slice(node)? {
		return Ok(vec![empty]);
	}
	let x = node.variable(0)?;
	let mut fill = 0.0;
	let (shape, indices) = match node.operator {
		"Transpose" => transpose(node, &x.shape)?,
		"Slice" => slice(node, &x.shape)?,
		"Gather" => gather(node, &x.shape)?,
		"GatherElements" => gather_elements(node, &x.shape)?,
		"GatherND" => gather_nd(node, &x.shape)?,
		"Pad" => {
			let (value, selection) = pad(node, &x.shape)?;
			fill = value;
			selection
		},
		"Tile" => tile(node, &x.shape)?,
		"Expand" => expand(node, &x.shape)?,
		"Trilu" => trilu(node, &x.shape)?,
		"CenterCropPad" => center(node, &x.shape)?,
		"Compress" => compress(node, &x.shape)?,
		_ => blocks(node, &x.shape)?,
	};
	let result = node.select(&x, shape, &indices, fill)?;
	one(node, result)
}

/// The selection whose element at each index of `shape` is that at `from(index)` of a tensor of
/// shape `source`.
fn by_index(
	node: &NodeReader<'_>,
	shape: Vec<usize>,
	source: &[usize],
	from: impl Fn(&[usize]) -> Option<Vec<usize>>,
) -> Result<Selection, OnnxError> {
	let size = node.size(&shape)?;
	let indices = (0..size)
		.map(|flat| from(&shape::unravel(flat, &shape)).map(|index| shape::ravel(&index, source)))
		.collect();
	Ok((shape, indices))
}

fn transpose(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let permutation: Option<Vec<usize>> = match attributes.ints("perm") {
		None => Some((0..shape.len()).rev().collect()),
		Some(axes) => axes
			.into_iter()
			.map(|axis| usize::try_from(axis).ok())
			.collect(),
	};
	let mut sorted = permutation.clone().unwrap_or_default();
	sorted.sort_unstable();
	let permutation = permutation
		.filter(|_| sorted.iter().copied().eq(0..shape.len()))
		.ok_or_else(|| attributes.unsupported("perm", "is no permutation of the dimensions"))?;
	attributes.finish()?;
	let target = permutation
		.iter()
		.map(|axis| shape.get(*axis).copied().unwrap_or(1))
		.collect();
	by_index(node, target, shape, |out| {
		let mut index = vec![0; shape.len()];
		for (axis, i) in permutation.iter().zip(out) {
			*index.get_mut(*axis)? = *i;
		}
		Some(index)
	})
}

fn axis_of(node: &NodeReader<'_>, axis: i64, shape: &[usize]) -> Result<usize, OnnxError> {
	shape::axis(axis, shape.len())
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is no dimension of {shape:?}")))
}

fn concat(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 1);
	attributes.finish()?;
	let mut operands = Vec::new();
	for index in 0..node.operands() {
		// An empty list, which only a slice of a shape makes, adds nothing.
		match node.operand(index)? {
			Value::Constant(list) if list.shape == [0] => {},
			value => operands.push(node.make_variable(value)?),
		}
	}
	if operands.is_empty() {
		return Ok(vec![node.operand(0)?.clone()]);
	}
	let result = join(node, &operands, axis)?;
	one(node, result)
}

/// Tensors one after the other along an axis.
pub fn join(
	node: &mut NodeReader<'_>,
	operands: &[Variable],
	axis: i64,
) -> Result<Variable, OnnxError> {
	let mut target = operands
		.first()
		.map(|x| x.shape.clone())
		.ok_or_else(|| node.bad_operand("it has no operand"))?;
	let axis = axis_of(node, axis, &target)?;
	let length = |x: &Variable| x.shape.get(axis).copied().unwrap_or(1);
	let without = |shape: &[usize]| {
		let kept: Vec<usize> = shape
			.iter()
			.enumerate()
			.filter(|(i, _)| *i != axis)
			.map(|(_, d)| *d)
			.collect();
		kept
	};
	if operands
		.iter()
		.any(|x| x.shape.len() != target.len() || without(&x.shape) != without(&target))
	{
		return Err(node.bad_shape("the shapes differ in another dimension"));
	}
	if let Some(slot) = target.get_mut(axis) {
		*slot = operands.iter().map(length).sum();
	}
	let size = node.size(&target)?;
	let mut kind = Kind::Bool;
	let mut terms = Vec::with_capacity(operands.len());
	let mut start = 0;
	for x in operands {
		kind = kind.max(x.kind);
		let end = start + length(x);
		let rows = (0..size).map(|flat| {
			let mut index = shape::unravel(flat, &target);
			let at = index.get_mut(axis)?;
			if !(start..end).contains(at) {
				return None;
			}
			*at -= start;
			Some((shape::ravel(&index, &x.shape), 1.0))
		});
		terms.push((
			x.value,
			LinearMap::from_rows(x.shape.iter().product(), rows)?,
		));
		start = end;
	}
	let terms = crate::float_graph::merge(terms)?;
	node.affine(target, kind, terms, vec![0.0; size])
}

fn split(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	let parts = attributes.optional_int("num_outputs");
	let lengths = match attributes.ints("split") {
		Some(lengths) => Some(lengths),
		None => node.constant_ints(1)?,
	};
	attributes.finish()?;
	let x = node.variable(0)?;
	let axis = axis_of(node, axis, &x.shape)?;
	let total = x.shape.get(axis).copied().unwrap_or(1);
	let lengths: Vec<usize> = match lengths {
		Some(lengths) => lengths
			.iter()
			.map(|n| usize::try_from(*n).unwrap_or(0))
			.collect(),
		None => {
			// An attribute: no part of an axis is empty.
			let parts = parts.map_or(node.results(), |n| usize::try_from(n).unwrap_or(0));
			if !(1..=total).contains(&parts) {
				return Err(node.bad_shape(format!(
					"{total} elements cannot be split into {parts} parts"
				)));
			}
			let length = total.div_ceil(parts);
			(0..parts)
				.map(|i| length.min(total.saturating_sub(i * length)))
				.collect()
		},
	};
	let sum = lengths.iter().fold(0usize, |sum, n| sum.saturating_add(*n));
	if sum != total || lengths.contains(&0) {
		return Err(node.bad_shape(format!("{total} elements cannot be split into {lengths:?}")));
	}
	let mut start = 0;
	let mut results = Vec::new();
	for length in lengths {
		let mut target = x.shape.clone();
		if let Some(slot) = target.get_mut(axis) {
			*slot = length;
		}
		let (shape, indices) = by_index(node, target, &x.shape, |index| {
			let mut index = index.to_vec();
			*index.get_mut(axis)? += start;
			Some(index)
		})?;
		let part = node.select(&x, shape, &indices, 0.0)?;
		results.push(node.to_value(part));
		start += length;
	}
	Ok(results)
}

/// A slice of a constant list, such as a shape, that leaves nothing.
fn empty_slice(node: &NodeReader<'_>) -> Result<Option<Value>, OnnxError> {
	let Value::Constant(list) = node.operand(0)? else {
		return Ok(None);
	};
	if node.operator != "Slice" || list.shape.len() != 1 {
		return Ok(None);
	}
	let (target, ..) = sliced(node, &list.shape)?;
	Ok((target == [0]).then(|| Value::Constant(Constant::int(vec![0], Vec::new()))))
}

fn slice(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let (target, first, step) = sliced(node, shape)?;
	by_index(node, target, shape, |index| {
		index
			.iter()
			.zip(first.iter().zip(&step))
			.map(|(i, (first, step))| usize::try_from(first + *i as i64 * step).ok())
			.collect()
	})
}

/// Per axis the length of a slice, where it starts, and its steps.
type Slices = (Vec<usize>, Vec<i64>, Vec<i64>);

fn sliced(node: &NodeReader<'_>, shape: &[usize]) -> Result<Slices, OnnxError> {
	let mut attributes = node.attributes();
	let read = |attribute: Option<Vec<i64>>, index| match attribute {
		Some(values) => Ok(Some(values)),
		None => node.constant_ints(index),
	};
	let starts = read(attributes.ints("starts"), 1)?.unwrap_or_default();
	let ends = read(attributes.ints("ends"), 2)?.unwrap_or_default();
	let axes = read(attributes.ints("axes"), 3)?;
	let steps = node.constant_ints(4)?;
	attributes.finish()?;
	let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
	let mut target = shape.to_vec();
	let mut first = vec![0i64; shape.len()];
	let mut step = vec![1i64; shape.len()];
	for (i, axis) in axes.iter().enumerate() {
		let axis = axis_of(node, *axis, shape)?;
		let dim = shape.get(axis).copied().unwrap_or(1) as i64;
		let (Some(start), Some(end)) = (starts.get(i), ends.get(i)) else {
			return Err(node.bad_shape("starts, ends and axes differ in length"));
		};
		let stride = steps
			.as_ref()
			.map_or(Some(1), |steps| steps.get(i).copied());
		let Some(stride) = stride.filter(|s| *s != 0) else {
			return Err(node.bad_shape("a step is missing or 0"));
		};
		let resolve = |x: i64| if x < 0 { x.saturating_add(dim) } else { x };
		let (start, end) = if stride > 0 {
			(resolve(*start).clamp(0, dim), resolve(*end).clamp(0, dim))
		} else {
			(
				resolve(*start).clamp(-1, dim - 1),
				resolve(*end).clamp(-1, dim - 1),
			)
		};
		let length = if stride > 0 {
			div_up((end - start).max(0), stride)
		} else {
			div_up((start - end).max(0), stride.saturating_neg())
		};
		if let (Some(d), Some(f), Some(s)) = (
			target.get_mut(axis),
			first.get_mut(axis),
			step.get_mut(axis),
		) {
			*d = usize::try_from(length).unwrap_or_default();
			*f = start;
			*s = stride;
		}
	}
	Ok((target, first, step))
}

/// Division of natural numbers, rounded up.
fn div_up(n: i64, divisor: i64) -> i64 {
	n / divisor + i64::from(n % divisor != 0)
}

/// A constant index, counted from the end if negative.
fn resolve(node: &NodeReader<'_>, index: i64, length: usize) -> Result<usize, OnnxError> {
	shape::axis(index, length)
		.ok_or_else(|| node.bad_shape(format!("index {index} is out of range 0..{length}")))
}

/// Operand 1, constant indices, and their shape.
fn constant_indices<'a>(node: &NodeReader<'a>) -> Result<(&'a Constant, Vec<i64>), OnnxError> {
	let constant = node
		.constant(1)?
		.ok_or_else(|| node.bad_operand("operand 1, the indices, is missing"))?;
	Ok((constant, node.constant_ints(1)?.unwrap_or_default()))
}

fn gather(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	attributes.finish()?;
	let axis = axis_of(node, axis, shape)?;
	let (constant, indices) = constant_indices(node)?;
	let length = shape.get(axis).copied().unwrap_or(1);
	let indices = indices
		.into_iter()
		.map(|i| resolve(node, i, length))
		.collect::<Result<Vec<_>, _>>()?;
	let (before, after) = shape.split_at(axis);
	let after = after.get(1..).unwrap_or_default();
	let rank = constant.shape.len();
	let target: Vec<usize> = before
		.iter()
		.chain(&constant.shape)
		.chain(after)
		.copied()
		.collect();
	by_index(node, target, shape, |index| {
		let (before, rest) = index.split_at_checked(axis)?;
		let (middle, after) = rest.split_at_checked(rank)?;
		let at = indices.get(shape::ravel(middle, &constant.shape))?;
		Some(before.iter().chain([at]).chain(after).copied().collect())
	})
}

fn gather_elements(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	attributes.finish()?;
	let axis = axis_of(node, axis, shape)?;
	let (constant, indices) = constant_indices(node)?;
	let length = shape.get(axis).copied().unwrap_or(1);
	let indices = indices
		.into_iter()
		.map(|i| resolve(node, i, length))
		.collect::<Result<Vec<_>, _>>()?;
	by_index(node, constant.shape.clone(), shape, |index| {
		let at = *indices.get(shape::ravel(index, &constant.shape))?;
		let mut index = index.to_vec();
		*index.get_mut(axis)? = at;
		Some(index)
	})
}

fn gather_nd(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let batch = usize::try_from(attributes.int("batch_dims", 0)).unwrap_or(usize::MAX);
	attributes.finish()?;
	let (constant, indices) = constant_indices(node)?;
	let [outer @ .., depth] = constant.shape.as_slice() else {
		return Err(node.bad_shape("the indices are a scalar"));
	};
	if batch > outer.len() || batch + depth > shape.len() {
		return Err(node.bad_shape("the indices have too many dimensions"));
	}
	let rest = shape.get(batch + depth..).unwrap_or_default();
	let target: Vec<usize> = outer.iter().chain(rest).copied().collect();
	by_index(node, target, shape, |index| {
		let (outside, inside) = index.split_at_checked(outer.len())?;
		let start = shape::ravel(outside, outer) * depth;
		let mut from: Vec<usize> = outside.iter().take(batch).copied().collect();
		for (i, dim) in indices
			.get(start..start + depth)?
			.iter()
			.zip(shape.iter().skip(batch))
		{
			from.push(shape::axis(*i, *dim)?);
		}
		from.extend(inside);
		Some(from)
	})
}

fn pad(node: &NodeReader<'_>, shape: &[usize]) -> Result<(f64, Selection), OnnxError> {
	let mut attributes = node.attributes();
	let mode = attributes
		.string("mode")
		.unwrap_or_else(|| "constant".into());
	let pads = match attributes.ints("pads") {
		Some(pads) => pads,
		None => node.constant_ints(1)?.unwrap_or_default(),
	};
	let mut value = attributes.float("value", 0.0);
	let bad_mode = attributes.unsupported("mode", format!("is {mode:?}"));
	attributes.finish()?;
	if let Some(values) = node.constant_floats(2)? {
		value = values.first().copied().unwrap_or(value);
	}
	let axes: Vec<usize> = match node.constant_ints(3)? {
		Some(axes) => axes
			.into_iter()
			.map(|axis| axis_of(node, axis, shape))
			.collect::<Result<_, _>>()?,
		None => (0..shape.len()).collect(),
	};
	if pads.len() != 2 * axes.len() {
		return Err(node.bad_shape("there are not two pads per dimension"));
	}
	let most = shape::MAX_ELEMENTS as u64;
	if pads.iter().any(|pad| pad.unsigned_abs() > most) {
		return Err(node.too_large(format!("it pads by more than {most} elements")));
	}
	let mut before = vec![0i64; shape.len()];
	let mut target = shape.to_vec();
	for (i, axis) in axes.iter().enumerate() {
		let (low, high) = (pads.get(i), pads.get(i + axes.len()));
		let (Some(low), Some(high), Some(slot), Some(dim)) =
			(low, high, before.get_mut(*axis), target.get_mut(*axis))
		else {
			continue;
		};
		*slot = *low;
		let padded = low.saturating_add(*high).saturating_add(*dim as i64);
		*dim = usize::try_from(padded).unwrap_or_default();
	}
	if !["constant", "edge", "reflect", "wrap"].contains(&mode.as_str()) {
		return Err(bad_mode);
	}
	let selection = by_index(node, target, shape, |index| {
		index
			.iter()
			.zip(before.iter().zip(shape))
			.map(|(i, (before, dim))| {
				let (at, dim) = (*i as i64 - before, *dim as i64);
				let at = match mode.as_str() {
					"edge" => at.clamp(0, dim - 1),
					"wrap" => at.rem_euclid(dim),
					"reflect" if dim > 1 => {
						let at = at.rem_euclid(2 * (dim - 1));
						at.min(2 * (dim - 1) - at)
					},
					"reflect" => 0,
					_ => at,
				};
				usize::try_from(at).ok().filter(|at| (*at as i64) < dim)
			})
			.collect()
	})?;
	Ok((value, selection))
}

fn tile(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	node.attributes().finish()?;
	let repeats = node.constant_ints(1)?.unwrap_or_default();
	if repeats.len() != shape.len() {
		return Err(node.bad_shape("there is not one repetition per dimension"));
	}
	let target = shape
		.iter()
		.zip(&repeats)
		.map(|(d, n)| d.saturating_mul(usize::try_from(*n).unwrap_or_default()))
		.collect();
	by_index(node, target, shape, |index| {
		Some(
			index
				.iter()
				.zip(shape)
				.map(|(i, d)| i % d.max(&1))
				.collect(),
		)
	})
}

fn expand(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	node.attributes().finish()?;
	let dims = node.constant_ints(1)?.unwrap_or_default();
	let wanted: Option<Vec<usize>> = dims.iter().map(|d| usize::try_from(*d).ok()).collect();
	let wanted = wanted.ok_or_else(|| node.bad_shape("a dimension is negative"))?;
	let target = node.broadcast(shape, &wanted)?;
	let indices = shape::broadcast_indices(&target, shape);
	Ok((target, indices.into_iter().map(Some).collect()))
}

fn trilu(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let upper = attributes.int("upper", 1) != 0;
	attributes.finish()?;
	let k = node
		.constant_ints(1)?
		.and_then(|k| k.first().copied())
		.unwrap_or(0);
	by_index(node, shape.to_vec(), shape, |index| {
		let [.., row, column] = index else {
			return None;
		};
		let diagonal = (*column as i64).saturating_sub(*row as i64);
		let kept = if upper { diagonal >= k } else { diagonal <= k };
		kept.then(|| index.to_vec())
	})
}

/// CenterCropPad: the middle of each axis, or the axis in the middle of zeros.
fn center(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let axes = attributes.ints("axes");
	attributes.finish()?;
	let sizes = node.constant_ints(1)?.unwrap_or_default();
	let axes: Vec<usize> = match axes {
		Some(axes) => axes
			.into_iter()
			.map(|axis| axis_of(node, axis, shape))
			.collect::<Result<_, _>>()?,
		None => (0..shape.len()).collect(),
	};
	if sizes.len() != axes.len() {
		return Err(node.bad_shape("there is not one size per axis"));
	}
	let mut target = shape.to_vec();
	for (axis, size) in axes.iter().zip(&sizes) {
		if let Some(slot) = target.get_mut(*axis) {
			*slot = usize::try_from(*size).unwrap_or_default();
		}
	}
	let wanted = target.clone();
	by_index(node, target, shape, |index| {
		index
			.iter()
			.zip(wanted.iter().zip(shape))
			.map(|(i, (wanted, dim))| {
				// The odd element is cut off, or added, behind.
				let at = if dim >= wanted {
					i + (dim - wanted) / 2
				} else {
					i.checked_sub((wanted - dim) / 2)?
				};
				(at < *dim).then_some(at)
			})
			.collect()
	})
}

/// Compress: what a constant condition keeps, along an axis or of all elements.
fn compress(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.optional_int("axis");
	attributes.finish()?;
	let condition = node.constant_ints(1)?.unwrap_or_default();
	let kept: Vec<usize> = condition
		.iter()
		.enumerate()
		.filter(|(_, keep)| **keep != 0)
		.map(|(i, _)| i)
		.collect();
	let Some(axis) = axis else {
		let size: usize = shape.iter().product();
		if kept.iter().any(|i| *i >= size) {
			return Err(node.bad_shape("the condition is longer than the data"));
		}
		let target = vec![kept.len()];
		node.size(&target)?;
		return Ok((target, kept.into_iter().map(Some).collect()));
	};
	let axis = axis_of(node, axis, shape)?;
	let length = shape.get(axis).copied().unwrap_or(1);
	if kept.iter().any(|i| *i >= length) {
		return Err(node.bad_shape("the condition is longer than the axis"));
	}
	let mut target = shape.to_vec();
	if let Some(slot) = target.get_mut(axis) {
		*slot = kept.len();
	}
	by_index(node, target, shape, |index| {
		let mut index = index.to_vec();
		let at = index.get_mut(axis)?;
		*at = *kept.get(*at)?;
		Some(index)
	})
}

/// DepthToSpace and SpaceToDepth.
fn blocks(node: &NodeReader<'_>, shape: &[usize]) -> Result<Selection, OnnxError> {
	let mut attributes = node.attributes();
	let size = usize::try_from(attributes.int("blocksize", 1))
		.unwrap_or_default()
		.max(1);
	let mode = attributes.string("mode").unwrap_or_else(|| "DCR".into());
	attributes.finish()?;
	let [n, c, h, w] = shape else {
		return Err(node.bad_shape("expected four dimensions"));
	};
	// An attribute: a block has no more elements than the tensor.
	if size > shape::MAX_ELEMENTS.isqrt() {
		return Err(node.too_large(format!("its blocks have {size} rows")));
	}
	if node.operator == "SpaceToDepth" {
		if h % size != 0 || w % size != 0 {
			return Err(node.bad_shape("height or width is no multiple of the block"));
		}
		let target = vec![*n, c * size * size, h / size, w / size];
		return by_index(node, target, shape, |index| {
			let [n, channel, y, x] = index else {
				return None;
			};
			let (block, channel) = (channel / c, channel % c);
			Some(vec![
				*n,
				channel,
				y * size + block / size,
				x * size + block % size,
			])
		});
	}
	let depth = c / (size * size);
	if depth * size * size != *c {
		return Err(node.bad_shape("the channels are no multiple of the block"));
	}
	let target = vec![*n, depth, h * size, w * size];
	by_index(node, target, shape, |index| {
		let [n, channel, y, x] = index else {
			return None;
		};
		let block = (y % size) * size + x % size;
		let from = if mode == "CRD" {
			channel * size * size + block
		} else {
			block * depth + channel
		};
		Some(vec![*n, from, y / size, x / size])
	})
}

/// Flatten, Reshape, Squeeze and Unsqueeze: the elements stay where they are.
pub fn reshape(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let value = node.operand(0)?;
	let shape = match value {
		Value::Constant(constant) => &constant.shape,
		Value::Variable(variable) => &variable.shape,
		// One label per batch element: its shape is of no consequence.
		Value::ArgMax { shape: None, .. } => return Ok(vec![value.clone()]),
		Value::ArgMax {
			shape: Some(shape), ..
		} => shape,
		Value::Unknown => {
			return Err(OnnxError::FollowsAnother {
				node: node.node.into(),
			});
		},
	};
	let mut attributes = node.attributes();
	let target = match node.operator {
		"Flatten" => {
			let axis = attributes.int("axis", 1);
			flatten(shape, axis)
		},
		"Reshape" => {
			let allow_zero = attributes.int("allowzero", 0) != 0;
			let target = match attributes.ints("shape") {
				Some(shape) => Some(shape),
				None => node.constant_ints(1)?,
			};
			let target = target
				.ok_or_else(|| node.bad_operand("operand 1, the target shape, is missing"))?;
			shape::reshape(shape, &target, allow_zero)
		},
		operator => {
			let axes = match attributes.ints("axes") {
				Some(axes) => Some(axes),
				None => node.constant_ints(1)?,
			};
			match operator {
				"Squeeze" => squeeze(shape, axes),
				_ => unsqueeze(shape, axes),
			}
		},
	};
	attributes.finish()?;
	let target = target.ok_or_else(|| {
		node.bad_shape(format!(
			"shape {shape:?} cannot be reshaped as the operator asks"
		))
	})?;
	Ok(vec![match value.clone() {
		Value::Constant(constant) => Value::Constant(constant.with_shape(target)),
		Value::Variable(variable) => Value::Variable(Variable {
			shape: target,
			..variable
		}),
		Value::ArgMax { of, axis, last, .. } => Value::ArgMax {
			of,
			axis,
			last,
			shape: Some(target),
		},
		other => other,
	}])
}

fn flatten(shape: &[usize], axis: i64) -> Option<Vec<usize>> {
	let rank = i64::try_from(shape.len()).ok()?;
	let axis = if axis < 0 {
		axis.checked_add(rank)?
	} else {
		axis
	};
	let (outer, inner) = shape.split_at_checked(usize::try_from(axis).ok()?)?;
	Some(vec![outer.iter().product(), inner.iter().product()])
}

fn squeeze(shape: &[usize], axes: Option<Vec<i64>>) -> Option<Vec<usize>> {
	let Some(axes) = axes else {
		return Some(shape.iter().copied().filter(|d| *d != 1).collect());
	};
	let axes: Vec<usize> = axes
		.into_iter()
		.map(|axis| shape::axis(axis, shape.len()))
		.collect::<Option<_>>()?;
	if axes.iter().any(|axis| shape.get(*axis) != Some(&1)) {
		return None;
	}
	let kept = shape
		.iter()
		.enumerate()
		.filter(|(i, _)| !axes.contains(i))
		.map(|(_, d)| *d);
	Some(kept.collect())
}

fn unsqueeze(shape: &[usize], axes: Option<Vec<i64>>) -> Option<Vec<usize>> {
	let axes = axes?;
	let rank = shape.len().checked_add(axes.len())?;
	let axes: Vec<usize> = axes
		.into_iter()
		.map(|axis| shape::axis(axis, rank))
		.collect::<Option<_>>()?;
	let mut dims = shape.iter().copied();
	let out: Vec<usize> = (0..rank)
		.map_while(|i| {
			if axes.contains(&i) {
				Some(1)
			} else {
				dims.next()
			}
		})
		.collect();
	// Repeated axes leave dimensions over.
	(out.len() == rank && dims.next().is_none()).then_some(out)
}
