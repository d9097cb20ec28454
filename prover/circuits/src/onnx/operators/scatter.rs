//! ScatterElements and ScatterND, at constant indices.

use super::one;
use crate::{
	linear_map::LinearMap,
	onnx::{
		reader::{NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// ScatterElements (once called Scatter) and ScatterND.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	let reduction = attributes
		.string("reduction")
		.unwrap_or_else(|| "none".into());
	let bad = attributes.unsupported("reduction", format!("is {reduction:?}"));
	attributes.finish()?;
	let data = node.variable(0)?;
	let updates = node.variable(2)?;
	let indices = node
		.constant(1)?
		.ok_or_else(|| node.bad_operand("operand 1, the indices, is missing"))?;
	let values = node.constant_ints(1)?.unwrap_or_default();
	let targets = if node.operator == "ScatterND" {
		slices(node, &data.shape, &indices.shape, &values, &updates.shape)?
	} else {
		elements(node, &data.shape, &indices.shape, &values, &updates, axis)?
	};
	// Per element of the data, the updates that it gets, in their order.
	let mut gets: Vec<Vec<usize>> = vec![Vec::new(); node.size(&data.shape)?];
	for (update, target) in targets.into_iter().enumerate() {
		if let Some(target) = gets.get_mut(target) {
			target.push(update);
		}
	}
	let result = match reduction.as_str() {
		"none" => {
			let last: Vec<Option<usize>> = gets.iter().map(|g| g.last().copied()).collect();
			merge(node, &data, &updates, &last)?
		},
		"add" => {
			let length = data.shape.iter().product();
			let same = LinearMap::from_rows(length, (0..length).map(|i| [(i, 1.0)]))?;
			let rows = gets.iter().map(|g| g.iter().map(|update| (*update, 1.0)));
			let added = LinearMap::from_rows(updates.shape.iter().product(), rows)?;
			let kind = data.kind.max(updates.kind);
			let terms = vec![(data.value, same), (updates.value, added)];
			let terms = crate::float_graph::merge(terms)?;
			node.affine(data.shape.clone(), kind, terms, vec![0.0; length])?
		},
		"mul" | "max" | "min" => {
			let rounds = gets.iter().map(Vec::len).max().unwrap_or(0);
			node.check_entries(rounds.checked_mul(gets.len()))?;
			let mut result = data;
			for round in 0..rounds {
				let next: Vec<Option<usize>> = gets.iter().map(|g| g.get(round).copied()).collect();
				result = if reduction == "mul" {
					let factor = node.select(&updates, result.shape.clone(), &next, 1.0)?;
					node.times(&result, &factor)?
				} else {
					let other = merge(node, &result, &updates, &next)?;
					if reduction == "max" {
						node.greater(&other, &result)?
					} else {
						node.lesser(&other, &result)?
					}
				};
			}
			result
		},
		_ => return Err(bad),
	};
	one(node, result)
}

/// `updates[i]` where there is an i, else the element of `data`.
fn merge(
	node: &mut NodeReader<'_>,
	data: &Variable,
	updates: &Variable,
	from: &[Option<usize>],
) -> Result<Variable, OnnxError> {
	let kept: Vec<Option<usize>> = from
		.iter()
		.enumerate()
		.map(|(i, from)| from.is_none().then_some(i))
		.collect();
	let kept = node.select(data, data.shape.clone(), &kept, 0.0)?;
	let new = node.select(updates, data.shape.clone(), from, 0.0)?;
	node.sum(&[(&kept, 1.0), (&new, 1.0)])
}

/// The element of the data that each update goes to.
fn elements(
	node: &NodeReader<'_>,
	data: &[usize],
	indices: &[usize],
	values: &[i64],
	updates: &Variable,
	axis: i64,
) -> Result<Vec<usize>, OnnxError> {
	let axis = shape::axis(axis, data.len())
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is no dimension of {data:?}")))?;
	let fits = |(i, (index, dim)): (usize, (&usize, &usize))| i == axis || index <= dim;
	if indices.len() != data.len()
		|| updates.shape != indices
		|| !indices.iter().zip(data).enumerate().all(fits)
	{
		return Err(node.bad_shape("indices and updates do not fit the data"));
	}
	let length = data.get(axis).copied().unwrap_or(1);
	values
		.iter()
		.enumerate()
		.map(|(flat, value)| {
			let mut index = shape::unravel(flat, indices);
			let value = shape::axis(*value, length)
				.ok_or_else(|| node.bad_shape(format!("index {value} is out of range")))?;
			if let Some(slot) = index.get_mut(axis) {
				*slot = value;
			}
			Ok(shape::ravel(&index, data))
		})
		.collect()
}

/// The same for ScatterND: the last dimension of the indices is a place in the data's first ones.
fn slices(
	node: &NodeReader<'_>,
	data: &[usize],
	indices: &[usize],
	values: &[i64],
	updates: &[usize],
) -> Result<Vec<usize>, OnnxError> {
	let bad = || node.bad_shape("indices and updates do not fit the data");
	let (depth, outer) = indices.split_last().ok_or_else(bad)?;
	let (outside, inside) = data.split_at_checked(*depth).ok_or_else(bad)?;
	let expected: Vec<usize> = outer.iter().chain(inside).copied().collect();
	if updates != expected || *depth == 0 {
		return Err(bad());
	}
	let size: usize = inside.iter().product();
	let mut targets = Vec::with_capacity(node.size(updates)?);
	for place in values.chunks(*depth) {
		let mut slice = 0;
		for (value, dim) in place.iter().zip(outside) {
			let value = shape::axis(*value, *dim)
				.ok_or_else(|| node.bad_shape(format!("index {value} is out of range")))?;
			slice = slice * dim + value;
		}
		targets.extend(slice * size..(slice + 1) * size);
	}
	Ok(targets)
}
