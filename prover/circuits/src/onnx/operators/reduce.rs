//! Reductions along axes, and softmax.

use super::{
	build::{group_of, groups},
	one,
};
use crate::{
	float_graph::Function,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// ReduceSum and its like.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let keep = attributes.int("keepdims", 1) != 0;
	let nothing = attributes.int("noop_with_empty_axes", 0) != 0;
	let axes = match attributes.ints("axes") {
		Some(axes) => Some(axes),
		None => node.constant_ints(1)?,
	};
	attributes.finish()?;
	let x = node.variable(0)?;
	let rank = x.shape.len();
	let axes: Vec<usize> = match axes.filter(|axes| !axes.is_empty()) {
		None if nothing => Vec::new(),
		None => (0..rank).collect(),
		Some(axes) => axes
			.into_iter()
			.map(|axis| shape::axis(axis, rank))
			.collect::<Option<_>>()
			.ok_or_else(|| node.bad_shape("an axis is no dimension"))?,
	};
	let groups = groups(&x.shape, &axes);
	let shape: Vec<usize> = x
		.shape
		.iter()
		.enumerate()
		.filter(|(axis, _)| keep || !axes.contains(axis))
		.map(|(axis, d)| if axes.contains(&axis) { 1 } else { *d })
		.collect();
	let size = groups.first().map_or(1, Vec::len);
	let sum =
		|node: &mut NodeReader<'_>, x: &Variable| node.sum_groups(x, shape.clone(), &groups, 1.0);
	let result = match node.operator {
		"ReduceSum" => sum(node, &x)?,
		"ReduceMean" => node.sum_groups(&x, shape, &groups, 1.0 / size as f64)?,
		"ReduceMax" => node.extreme_groups(&x, shape, &groups, true)?,
		"ReduceMin" => node.extreme_groups(&x, shape, &groups, false)?,
		"ReduceL1" => {
			let size = node.magnitude(&x)?;
			sum(node, &size)?
		},
		"ReduceProd" => product_groups(node, &x, shape, &groups)?,
		"ReduceLogSum" => {
			let sum = sum(node, &x)?;
			node.function(&sum, Function::Log)?
		},
		"ReduceLogSumExp" => {
			// log Σ e^x = max + log Σ e^(x − max)
			let maximum = node.extreme_groups(&x, shape.clone(), &groups, true)?;
			let (_, sums, _) = node.exponentials(&x, &groups)?;
			let log = node.function(&sums, Function::Log)?;
			let log = node.pick(&log, shape, 0..groups.len())?;
			node.sum(&[(&maximum, 1.0), (&log, 1.0)])?
		},
		operator => {
			let squares = node.times(&x, &x)?;
			let sum = sum(node, &squares)?;
			if operator == "ReduceL2" {
				node.function(&sum, Function::Sqrt)?
			} else {
				sum
			}
		},
	};
	one(node, result)
}

/// Products over groups, by halving.
fn product_groups(
	node: &mut NodeReader<'_>,
	x: &Variable,
	shape: Vec<usize>,
	groups: &[Vec<usize>],
) -> Result<Variable, OnnxError> {
	let mut current = x.clone();
	let mut groups = groups.to_vec();
	while groups.iter().any(|group| group.len() > 1) {
		let (mut left, mut right, mut next) = (Vec::new(), Vec::new(), Vec::new());
		for group in &groups {
			let start = left.len();
			for pair in group.chunks(2) {
				left.push(pair.first().copied());
				right.push(pair.get(1).copied());
			}
			next.push((start..left.len()).collect());
		}
		let length = vec![left.len()];
		let a = node.select(&current, length.clone(), &left, 1.0)?;
		let b = node.select(&current, length, &right, 1.0)?;
		current = node.times(&a, &b)?;
		groups = next;
	}
	let indices: Vec<usize> = groups.into_iter().flatten().collect();
	node.pick(&current, shape, indices)
}

/// The axis of softmax and its like: groups of elements. Before opset 13, all dimensions from the
/// axis on.
fn axis_groups(node: &NodeReader<'_>, shape: &[usize]) -> Result<Vec<Vec<usize>>, OnnxError> {
	let mut attributes = node.attributes();
	let flattens = node.opset < 13;
	let axis = attributes.int("axis", if flattens { 1 } else { -1 });
	attributes.finish()?;
	let axis = shape::axis(axis, shape.len())
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is no dimension of {shape:?}")))?;
	Ok(if flattens {
		groups(shape, &(axis..shape.len()).collect::<Vec<_>>())
	} else {
		groups(shape, &[axis])
	})
}

/// Softmax and LogSoftmax.
pub fn softmax(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let x = node.variable(0)?;
	let groups = axis_groups(node, &x.shape)?;
	let result = if node.operator == "Softmax" {
		node.softmax_groups(&x, &groups)?
	} else {
		let below = node.below_maximum(&x, &groups)?;
		let (_, sums, group_of) = node.exponentials(&x, &groups)?;
		let log = node.function(&sums, Function::Log)?;
		let log = node.pick(&log, x.shape.clone(), group_of)?;
		node.difference(&below, &log)?
	};
	one(node, result)
}

/// Fails if the pairs of elements of all groups are too many.
fn check_pairs(node: &NodeReader<'_>, groups: &[Vec<usize>]) -> Result<(), OnnxError> {
	let pairs = groups.iter().fold(0usize, |sum, group| {
		sum.saturating_add(group.len().saturating_mul(group.len()))
	});
	node.check_entries(Some(pairs))
}

/// Hardmax: 1 at the first greatest element of each group.
pub fn hard_max(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let x = node.variable(0)?;
	let groups = axis_groups(node, &x.shape)?;
	let below = node.below_maximum(&x, &groups)?;
	let is_greatest = node.step(&below, false)?;
	// Only the first counts: the number of greatest ones up to each is 1 there.
	check_pairs(node, &groups)?;
	let of = group_of(&x, &groups);
	let before: Vec<Vec<usize>> = of
		.iter()
		.enumerate()
		.map(|(element, group)| {
			let group = groups.get(*group).map(Vec::as_slice).unwrap_or_default();
			group
				.iter()
				.copied()
				.filter(|other| *other < element)
				.collect()
		})
		.collect();
	let earlier = node.sum_groups(&is_greatest, x.shape.clone(), &before, 1.0)?;
	// 1 where it is greatest and none before it is: is − earlier ≥ 1
	let first = node.difference(&is_greatest, &earlier)?;
	let first = node.scaled(&first, 1.0, -1.0)?;
	let result = node.step(&first, false)?;
	one(
		node,
		Variable {
			kind: Kind::Real,
			..result
		},
	)
}

/// CumSum.
pub fn cum_sum(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let exclusive = attributes.int("exclusive", 0) != 0;
	let reverse = attributes.int("reverse", 0) != 0;
	attributes.finish()?;
	let x = node.variable(0)?;
	let axis = node.constant_ints(1)?.unwrap_or_default();
	let axis = axis
		.first()
		.and_then(|axis| shape::axis(*axis, x.shape.len()))
		.ok_or_else(|| node.bad_shape("the axis is no dimension"))?;
	let groups = groups(&x.shape, &[axis]);
	check_pairs(node, &groups)?;
	let of = group_of(&x, &groups);
	let sums: Vec<Vec<usize>> = of
		.iter()
		.enumerate()
		.map(|(element, group)| {
			let group = groups.get(*group).map(Vec::as_slice).unwrap_or_default();
			let counts = |other: &usize| match (other.cmp(&element), reverse) {
				(std::cmp::Ordering::Equal, _) => !exclusive,
				(order, false) => order.is_lt(),
				(order, true) => order.is_gt(),
			};
			group.iter().copied().filter(counts).collect()
		})
		.collect();
	let result = node.sum_groups(&x, x.shape.clone(), &sums, 1.0)?;
	one(node, result)
}
