//! ArgMax, ArgMin, TopK: the first elements along an axis, and where they are.

use super::{build::groups, one};
use crate::{
	float_graph::{FloatOperator, Ranking},
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// The groups of elements along `axis`, each element with its index.
pub fn along(shape: &[usize], axis: usize) -> Vec<Vec<(usize, u32)>> {
	groups(shape, &[axis])
		.into_iter()
		.map(|group| group.into_iter().zip(0..).collect())
		.collect()
}

impl NodeReader<'_> {
	/// The first elements of each group and their labels, as tensors of `shape`; `order` says which of
	/// the ranked ones, group after group, each element is.
	pub fn ranked(
		&mut self,
		x: &Variable,
		ranking: &Ranking,
		shape: &[usize],
		order: &[usize],
	) -> Result<(Variable, Variable), OnnxError> {
		self.check_ranking(ranking)?;
		let mut first = |labels: bool| {
			let operator = FloatOperator::Rank {
				input: x.value,
				ranking: ranking.clone(),
				labels,
			};
			let length = ranking.groups.len().saturating_mul(ranking.count);
			let kind = if labels { Kind::Integer } else { x.kind };
			let ranked = self.push(vec![length], kind, operator)?;
			self.pick(&ranked, shape.to_vec(), order.iter().copied())
		};
		Ok((first(false)?, first(true)?))
	}

	/// Fails if sorting takes too many comparisons, or a label has too many bits.
	fn check_ranking(&self, ranking: &Ranking) -> Result<(), OnnxError> {
		self.check_entries(Some(comparisons(ranking)))?;
		if ranking.label_bits() > Ranking::MAX_LABEL_BITS {
			return Err(self.too_large("it numbers too many elements"));
		}
		Ok(())
	}
}

/// At least as many comparisons as ranking all members takes.
pub fn comparisons(ranking: &Ranking) -> usize {
	ranking.groups.iter().fold(0usize, |sum, group| {
		let layers = (usize::BITS - group.len().leading_zeros()) as usize;
		sum.saturating_add(group.len().saturating_mul(layers * layers))
	})
}

/// Axis, shape of the indices, and whether ties go to the last, of ArgMax and ArgMin.
fn arg(node: &mut NodeReader<'_>) -> Result<(Variable, usize, Vec<usize>, bool), OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", 0);
	let keep = attributes.int("keepdims", 1) != 0;
	let last = attributes.int("select_last_index", 0) != 0;
	let bad_axis = attributes.unsupported("axis", format!("is {axis}, which is no dimension"));
	attributes.finish()?;
	let of = node.variable(0)?;
	let axis = shape::axis(axis, of.shape.len()).ok_or(bad_axis)?;
	let indices = of
		.shape
		.iter()
		.enumerate()
		.filter(|(i, _)| keep || *i != axis)
		.map(|(i, d)| if i == axis { 1 } else { *d })
		.collect();
	Ok((of, axis, indices, last))
}

/// ArgMax.
pub fn arg_max(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let over_batch = node
		.attributes()
		.unsupported("axis", "is that of the batch dimension");
	let (of, axis, shape, last) = arg(node)?;
	if axis == 0 && of.shape.len() > 1 && of.shape.first() == Some(&1) {
		return Err(over_batch);
	}
	Ok(vec![Value::ArgMax {
		of,
		axis,
		last,
		shape: Some(shape),
	}])
}

/// ArgMin.
pub fn arg_min(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let (of, axis, shape, last) = arg(node)?;
	let ranking = Ranking {
		groups: along(&of.shape, axis),
		count: 1,
		greatest: false,
		last,
	};
	node.check_ranking(&ranking)?;
	let operator = FloatOperator::Rank {
		input: of.value,
		ranking,
		labels: true,
	};
	let index = node.push(shape, Kind::Integer, operator)?;
	one(node, index)
}

/// TopK. Its results are sorted even if they need not be.
pub fn top_k(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let axis = attributes.int("axis", -1);
	let greatest = attributes.int("largest", 1) != 0;
	attributes.skip("sorted");
	let count = match attributes.optional_int("k") {
		Some(count) => Some(count),
		None => node.constant_ints(1)?.and_then(|k| k.first().copied()),
	};
	attributes.finish()?;
	let x = node.variable(0)?;
	let axis = shape::axis(axis, x.shape.len())
		.ok_or_else(|| node.bad_shape(format!("axis {axis} is no dimension of {:?}", x.shape)))?;
	let length = x.shape.get(axis).copied().unwrap_or(1);
	let count = count
		.and_then(|k| usize::try_from(k).ok())
		.filter(|k| (1..=length).contains(k))
		.ok_or_else(|| node.bad_shape(format!("k is not within 1..={length}")))?;
	let mut target = x.shape.clone();
	if let Some(slot) = target.get_mut(axis) {
		*slot = count;
	}
	// Where each of the ranked ones, group after group, goes.
	let mut order = vec![0; node.size(&target)?];
	for (ranked, element) in groups(&target, &[axis]).into_iter().flatten().enumerate() {
		if let Some(slot) = order.get_mut(element) {
			*slot = ranked;
		}
	}
	let ranking = Ranking {
		groups: along(&x.shape, axis),
		count,
		greatest,
		last: false,
	};
	let (values, labels) = node.ranked(&x, &ranking, &target, &order)?;
	Ok(vec![node.to_value(values), node.to_value(labels)])
}
