//! What the operators are made of: broadcasting, selections, element-wise steps, reductions.
//!
//! Each adds operators to the model. Operands that do not depend on the input are folded, so none of
//! these need a case of its own for constants.

use crate::{
	float_graph::{FloatOperator, Function},
	graph::{Axis, Pairs},
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Variable},
		shape, OnnxError,
	},
};

impl NodeReader<'_> {
	/// The shape that two tensors broadcast to.
	pub fn broadcast(&self, left: &[usize], right: &[usize]) -> Result<Vec<usize>, OnnxError> {
		let shape = shape::broadcast(left, right).ok_or_else(|| {
			self.bad_shape(format!("shapes {left:?} and {right:?} do not broadcast"))
		})?;
		self.size(&shape)?;
		Ok(shape)
	}

	/// The elements `indices` of `x`, as a tensor of shape `shape`; `fill` where there is none.
	pub fn select(
		&mut self,
		x: &Variable,
		shape: Vec<usize>,
		indices: &[Option<usize>],
		fill: f64,
	) -> Result<Variable, OnnxError> {
		self.size(&shape)?;
		let rows = indices.iter().map(|i| i.map(|i| (i, 1.0)));
		let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
		let bias = indices
			.iter()
			.map(|i| if i.is_some() { 0.0 } else { fill })
			.collect();
		self.affine(shape, x.kind, vec![(x.value, map)], bias)
	}

	/// The elements `indices` of `x`.
	pub fn pick(
		&mut self,
		x: &Variable,
		shape: Vec<usize>,
		indices: impl IntoIterator<Item = usize>,
	) -> Result<Variable, OnnxError> {
		let indices: Vec<Option<usize>> = indices.into_iter().map(Some).collect();
		self.select(x, shape, &indices, 0.0)
	}

	/// `x` broadcast to `shape`, which it is known to broadcast to.
	pub fn expand(&mut self, x: &Variable, shape: &[usize]) -> Result<Variable, OnnxError> {
		if x.shape == shape {
			return Ok(x.clone());
		}
		let indices = shape::broadcast_indices(shape, &x.shape);
		self.pick(x, shape.to_vec(), indices)
	}

	/// `weight·x + bias` of each element.
	pub fn scaled(&mut self, x: &Variable, weight: f64, bias: f64) -> Result<Variable, OnnxError> {
		let size = self.size(&x.shape)?;
		let map = LinearMap::from_rows(size, (0..size).map(|i| [(i, weight)]))?;
		let whole = weight.fract() == 0.0 && bias.fract() == 0.0;
		let kind = if whole {
			x.kind.max(Kind::Integer)
		} else {
			Kind::Real
		};
		self.affine(
			x.shape.clone(),
			kind,
			vec![(x.value, map)],
			vec![bias; size],
		)
	}

	/// `Σ weight·x`, broadcast.
	pub fn sum(&mut self, summands: &[(&Variable, f64)]) -> Result<Variable, OnnxError> {
		let mut shape = Vec::new();
		let mut kind = Kind::Integer;
		for (x, _) in summands {
			shape = self.broadcast(&shape, &x.shape)?;
			kind = kind.max(x.kind);
		}
		let mut terms = Vec::with_capacity(summands.len());
		for (x, weight) in summands {
			let indices = shape::broadcast_indices(&shape, &x.shape);
			let rows = indices.into_iter().map(|i| [(i, *weight)]);
			terms.push((
				x.value,
				LinearMap::from_rows(x.shape.iter().product(), rows)?,
			));
		}
		let bias = vec![0.0; self.size(&shape)?];
		self.affine(shape, kind, merged(terms)?, bias)
	}

	/// `a − b`, broadcast.
	pub fn difference(&mut self, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
		self.sum(&[(a, 1.0), (b, -1.0)])
	}

	/// `a·b`, broadcast. By a constant it is linear.
	pub fn times(&mut self, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
		let shape = self.broadcast(&a.shape, &b.shape)?;
		let kind = a.kind.max(b.kind);
		let (x, weights) = match (self.known(a), self.known(b)) {
			(_, Some(values)) => (a, pick(values, &shape, &b.shape)),
			(Some(values), None) => (b, pick(values, &shape, &a.shape)),
			(None, None) => {
				let outer = axes(&shape, &a.shape, &b.shape);
				let (left, right) = (a.value, b.value);
				let pairs = Pairs {
					outer,
					inner: Vec::new(),
				};
				return self.push(shape, kind, FloatOperator::Product { left, right, pairs });
			},
		};
		let from = shape::broadcast_indices(&shape, &x.shape);
		let rows = from
			.into_iter()
			.zip(weights)
			.map(|(i, weight)| [(i, weight)]);
		let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
		let bias = vec![0.0; self.size(&shape)?];
		self.affine(shape, kind, vec![(x.value, map)], bias)
	}

	/// `a / b`, broadcast. By a constant it is linear; by a square root, a product.
	pub fn quotient(&mut self, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
		let shape = self.broadcast(&a.shape, &b.shape)?;
		if let Some(values) = self.known(b) {
			let inverse = values.iter().map(|x| 1.0 / x).collect();
			let inverse = self.constant_of(b.shape.clone(), inverse)?;
			return self.times(a, &inverse);
		}
		if let Some(FloatOperator::Function {
			input,
			function: Function::Sqrt,
		}) = self.producer(b.value)
		{
			let under = Variable {
				value: *input,
				..b.clone()
			};
			let root = self.inverse_sqrt(&under, 0.0)?;
			let bound = self.normalised_bound(a, &under, &shape);
			let product = self.times(a, &root)?;
			return match bound {
				// No bound that would cut anything off: the intervals do not see that there is one.
				Some(bound) => self.clip(&product, Some(-bound), Some(bound)),
				None => Ok(product),
			};
		}
		let axes = axes(&shape, &a.shape, &b.shape);
		let operator = FloatOperator::Divide {
			numerator: a.value,
			denominator: b.value,
			axes,
		};
		self.push(shape, Kind::Real, operator)
	}

	/// A bound of `c / √v` if v is a sum of squares of c's elements with weights that are not
	/// negative: `|c_i| / √(w_i·c_i² + …) ≤ 1/√w_i`; with a margin for rounding.
	fn normalised_bound(&self, c: &Variable, v: &Variable, shape: &[usize]) -> Option<f64> {
		let mut value = v.value;
		let size: usize = v.shape.iter().product();
		let mut map = LinearMap::from_rows(size, (0..size).map(|i| [(i, 1.0)])).ok()?;
		while let FloatOperator::Affine { terms, bias } = self.producer(value)? {
			let [(next, inner)] = terms.as_slice() else {
				return None;
			};
			if map.apply(bias).iter().any(|b| *b < 0.0) {
				return None;
			}
			map = map.compose(inner).ok()?;
			value = *next;
		}
		let FloatOperator::Product { left, right, pairs } = self.producer(value)? else {
			return None;
		};
		let squares = crate::graph::offsets(&pairs.outer);
		let is_square = *left == c.value
			&& *right == c.value
			&& pairs.inner.is_empty()
			&& squares
				.iter()
				.enumerate()
				.all(|(i, (a, b))| i == *a && i == *b);
		if !is_square || map.weights().iter().any(|w| *w < 0.0) {
			return None;
		}
		let c_of = shape::broadcast_indices(shape, &c.shape);
		let v_of = shape::broadcast_indices(shape, &v.shape);
		let mut bound = 0.0f64;
		for (i, j) in c_of.into_iter().zip(v_of) {
			let (_, weight) = map.row(j).find(|(column, _)| *column == i)?;
			bound = bound.max(1.0 / weight.sqrt());
		}
		(bound.is_finite() && bound > 0.0).then_some(bound * (1.0 + 1.0 / 64.0))
	}

	/// `1 / √(x + epsilon)`.
	pub fn inverse_sqrt(&mut self, x: &Variable, epsilon: f64) -> Result<Variable, OnnxError> {
		let operator = FloatOperator::InverseSqrt {
			input: x.value,
			epsilon,
		};
		self.push(x.shape.clone(), Kind::Real, operator)
	}

	/// A constant.
	pub fn constant_of(
		&mut self,
		shape: Vec<usize>,
		values: Vec<f64>,
	) -> Result<Variable, OnnxError> {
		self.affine(shape, Kind::Real, Vec::new(), values)
	}

	/// `max(x, 0)`.
	pub fn relu(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		self.push(
			x.shape.clone(),
			x.kind,
			FloatOperator::Relu { input: x.value },
		)
	}

	/// 1 where `x ≥ 0` (`strict`: `x > 0`), else 0.
	pub fn step(&mut self, x: &Variable, strict: bool) -> Result<Variable, OnnxError> {
		let operator = FloatOperator::Step {
			input: x.value,
			strict,
		};
		self.push(x.shape.clone(), Kind::Bool, operator)
	}

	/// `⌊x⌋`.
	pub fn floor(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		if x.kind != Kind::Real {
			return Ok(x.clone());
		}
		self.push(
			x.shape.clone(),
			Kind::Integer,
			FloatOperator::Floor { input: x.value },
		)
	}

	/// `⌈x⌉`.
	pub fn ceil(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		let negative = self.scaled(x, -1.0, 0.0)?;
		let floor = self.floor(&negative)?;
		self.scaled(&floor, -1.0, 0.0)
	}

	/// `x` without its binary digits after the point.
	pub fn truncate(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		if x.kind != Kind::Real {
			return Ok(x.clone());
		}
		// max(⌊x⌋, 0) − max(⌊−x⌋, 0)
		let floor = self.floor(x)?;
		let up = self.relu(&floor)?;
		let negative = self.scaled(x, -1.0, 0.0)?;
		let floor = self.floor(&negative)?;
		let down = self.relu(&floor)?;
		self.difference(&up, &down)
	}

	/// `x` rounded to the nearest integer, halves to the even one.
	pub fn round(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		if x.kind != Kind::Real {
			return Ok(x.clone());
		}
		// up = ⌊x + 1/2⌋ and down = ⌈x − 1/2⌉ differ, by 1, at halves only: there, up if it is even.
		let up = self.scaled(x, 1.0, 0.5)?;
		let up = self.floor(&up)?;
		let down = self.scaled(x, 1.0, -0.5)?;
		let down = self.ceil(&down)?;
		let half = self.scaled(&up, 0.5, 0.0)?;
		let half = self.floor(&half)?;
		let odd = self.sum(&[(&up, 1.0), (&half, -2.0)])?;
		let tie = self.difference(&up, &down)?;
		let correction = self.times(&odd, &tie)?;
		self.difference(&up, &correction)
	}

	/// A function of each element.
	pub fn function(&mut self, x: &Variable, function: Function) -> Result<Variable, OnnxError> {
		let operator = FloatOperator::Function {
			input: x.value,
			function,
		};
		self.push(x.shape.clone(), Kind::Real, operator)
	}

	/// The greater of each pair of elements: `b + max(a − b, 0)`.
	pub fn greater(&mut self, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
		let difference = self.difference(a, b)?;
		let above = self.relu(&difference)?;
		self.sum(&[(b, 1.0), (&above, 1.0)])
	}

	/// The lesser of each pair of elements: `a − max(a − b, 0)`.
	pub fn lesser(&mut self, a: &Variable, b: &Variable) -> Result<Variable, OnnxError> {
		let difference = self.difference(a, b)?;
		let above = self.relu(&difference)?;
		self.sum(&[(a, 1.0), (&above, -1.0)])
	}

	/// `min(max(x, low), high)`.
	pub fn clip(
		&mut self,
		x: &Variable,
		low: Option<f64>,
		high: Option<f64>,
	) -> Result<Variable, OnnxError> {
		let mut x = x.clone();
		if let Some(low) = low {
			let above = self.scaled(&x, 1.0, -low)?;
			let above = self.relu(&above)?;
			x = self.scaled(&above, 1.0, low)?;
		}
		if let Some(high) = high {
			let below = self.scaled(&x, -1.0, high)?;
			let below = self.relu(&below)?;
			x = self.scaled(&below, -1.0, high)?;
		}
		Ok(x)
	}

	/// `|x|`: `2·max(x, 0) − x`.
	pub fn absolute(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		let up = self.relu(x)?;
		self.sum(&[(&up, 2.0), (x, -1.0)])
	}

	/// `|x|` with a ReLU for each sign: twice the cost, but bounds that are not negative.
	pub fn magnitude(&mut self, x: &Variable) -> Result<Variable, OnnxError> {
		let up = self.relu(x)?;
		let negative = self.scaled(x, -1.0, 0.0)?;
		let down = self.relu(&negative)?;
		self.sum(&[(&up, 1.0), (&down, 1.0)])
	}

	/// `condition·a + (1 − condition)·b`.
	pub fn either(
		&mut self,
		condition: &Variable,
		a: &Variable,
		b: &Variable,
	) -> Result<Variable, OnnxError> {
		let difference = self.difference(a, b)?;
		let chosen = self.times(condition, &difference)?;
		self.sum(&[(b, 1.0), (&chosen, 1.0)])
	}

	/// Sums over groups: element i of the result is `Σ weight·x[j]` over `groups[i]`, plus `bias`.
	pub fn sum_groups(
		&mut self,
		x: &Variable,
		shape: Vec<usize>,
		groups: &[Vec<usize>],
		weight: f64,
	) -> Result<Variable, OnnxError> {
		self.check_entries(Some(groups.iter().map(Vec::len).sum()))?;
		let rows = groups
			.iter()
			.map(|group| group.iter().map(|j| (*j, weight)));
		let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
		let kind = if weight.fract() == 0.0 {
			x.kind.max(Kind::Integer)
		} else {
			Kind::Real
		};
		let bias = vec![0.0; self.size(&shape)?];
		self.affine(shape, kind, vec![(x.value, map)], bias)
	}

	/// Greatest (`sign` 1) or least (−1) element of each group, by halving; a group must not be
	/// empty.
	pub fn extreme_groups(
		&mut self,
		x: &Variable,
		shape: Vec<usize>,
		groups: &[Vec<usize>],
		greatest: bool,
	) -> Result<Variable, OnnxError> {
		if groups.iter().any(Vec::is_empty) {
			return Err(self.bad_shape("a group of elements is empty"));
		}
		let mut current = x.clone();
		let mut groups = groups.to_vec();
		while groups.iter().any(|group| group.len() > 1) {
			// Pairs of all groups, in one go.
			let (mut left, mut right, mut next) = (Vec::new(), Vec::new(), Vec::new());
			for group in &groups {
				let start = left.len();
				for pair in group.chunks(2) {
					let first = pair.first().copied().unwrap_or_default();
					left.push(first);
					right.push(pair.get(1).copied().unwrap_or(first));
				}
				next.push((start..left.len()).collect());
			}
			let length = vec![left.len()];
			let a = self.pick(&current, length.clone(), left)?;
			let b = self.pick(&current, length, right)?;
			current = if greatest {
				self.greater(&a, &b)?
			} else {
				self.lesser(&a, &b)?
			};
			groups = next;
		}
		let indices: Vec<usize> = groups.into_iter().flatten().collect();
		self.pick(&current, shape, indices)
	}

	/// The softmax of each group: `e^(x − max) / Σ e^(x − max)`. Groups are disjoint and cover `x`.
	pub fn softmax_groups(
		&mut self,
		x: &Variable,
		groups: &[Vec<usize>],
	) -> Result<Variable, OnnxError> {
		let (exp, sums, group_of) = self.exponentials(x, groups)?;
		let sums = self.pick(&sums, x.shape.clone(), group_of)?;
		self.quotient(&exp, &sums)
	}

	/// `e^(x − max)`, its sum per group, and each element's group.
	pub fn exponentials(
		&mut self,
		x: &Variable,
		groups: &[Vec<usize>],
	) -> Result<(Variable, Variable, Vec<usize>), OnnxError> {
		let shifted = self.below_maximum(x, groups)?;
		// e^−16 is 10^−7: below what any scale that is chosen by itself resolves.
		let shifted = self.clip(&shifted, Some(-16.0), Some(0.0))?;
		let exp = self.function(&shifted, Function::Exp)?;
		let sums = self.sum_groups(&exp, vec![groups.len()], groups, 1.0)?;
		// The greatest element contributes 1: the intervals do not see it.
		let sums = self.clip(&sums, Some(1.0), None)?;
		Ok((exp, sums, group_of(x, groups)))
	}

	/// `x − max`, per group.
	pub fn below_maximum(
		&mut self,
		x: &Variable,
		groups: &[Vec<usize>],
	) -> Result<Variable, OnnxError> {
		let maximum = self.extreme_groups(x, vec![groups.len()], groups, true)?;
		let maximum = self.pick(&maximum, x.shape.clone(), group_of(x, groups))?;
		self.difference(x, &maximum)
	}
}

/// Each element's group.
pub fn group_of(x: &Variable, groups: &[Vec<usize>]) -> Vec<usize> {
	let mut group_of = vec![0; x.shape.iter().product()];
	for (index, group) in groups.iter().enumerate() {
		for element in group {
			if let Some(slot) = group_of.get_mut(*element) {
				*slot = index;
			}
		}
	}
	group_of
}

/// The flat indices of a tensor of `shape`, grouped by their index along all axes but `axes`.
pub fn groups(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
	let kept: Vec<usize> = shape
		.iter()
		.enumerate()
		.map(|(axis, d)| if axes.contains(&axis) { 1 } else { *d })
		.collect();
	let mut groups = vec![Vec::new(); kept.iter().product()];
	for (element, group) in shape::broadcast_indices(shape, &kept)
		.into_iter()
		.enumerate()
	{
		if let Some(group) = groups.get_mut(group) {
			group.push(element);
		}
	}
	groups
}

/// Strides of two tensors that broadcast to `shape`.
pub fn axes(shape: &[usize], left: &[usize], right: &[usize]) -> Vec<Axis> {
	let (left, right) = (strides(shape, left), strides(shape, right));
	let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
	let mut axes: Vec<Axis> = Vec::new();
	for ((extent, left), right) in shape.iter().zip(left).zip(right) {
		if *extent == 1 {
			continue;
		}
		let axis = Axis {
			extent: size(*extent),
			left: size(left),
			right: size(right),
		};
		// An index that continues the one before it is the same index.
		match axes.last_mut() {
			Some(last)
				if last.left == axis.left.saturating_mul(axis.extent)
					&& last.right == axis.right.saturating_mul(axis.extent) =>
			{
				*last = Axis {
					extent: last.extent.saturating_mul(axis.extent),
					..axis
				};
			},
			_ => axes.push(axis),
		}
	}
	axes
}

/// By how many elements a tensor advances along each dimension of `shape`; 0 where it is broadcast.
pub fn strides(shape: &[usize], tensor: &[usize]) -> Vec<usize> {
	let mut strides = vec![0; shape.len()];
	let mut stride = 1;
	for (slot, d) in strides.iter_mut().rev().zip(tensor.iter().rev()) {
		if *d > 1 {
			*slot = stride;
		}
		stride *= d;
	}
	strides
}

fn pick(values: &[f64], shape: &[usize], from: &[usize]) -> Vec<f64> {
	shape::broadcast_indices(shape, from)
		.into_iter()
		.map(|i| values.get(i).copied().unwrap_or_default())
		.collect()
}

/// Adds up the maps of equal values.
fn merged(terms: Vec<(usize, LinearMap<f64>)>) -> Result<Vec<(usize, LinearMap<f64>)>, OnnxError> {
	Ok(crate::float_graph::merge(terms)?)
}
