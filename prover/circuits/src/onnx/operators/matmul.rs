//! Matrix products. By a constant they are linear; of two variables, products.

use super::one;
use crate::{
	float_graph::FloatOperator,
	graph::{offsets, size, Axis, Pairs},
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		OnnxError,
	},
};

impl NodeReader<'_> {
	/// `Σ_inner a·b` for each index of `outer`, a tensor of shape `shape`.
	pub fn contract(
		&mut self,
		a: &Variable,
		b: &Variable,
		shape: Vec<usize>,
		pairs: Pairs,
	) -> Result<Variable, OnnxError> {
		let outputs = self.size(&shape)?;
		self.check_entries(outputs.checked_mul(size(&pairs.inner)))?;
		let kind = a.kind.max(b.kind).max(Kind::Integer);
		let (x, weights, x_is_left) = match (self.known(a), self.known(b)) {
			(_, Some(weights)) => (a, weights, true),
			(Some(weights), None) => (b, weights, false),
			(None, None) => {
				let (left, right) = (a.value, b.value);
				return self.push(shape, kind, FloatOperator::Product { left, right, pairs });
			},
		};
		let inner = offsets(&pairs.inner);
		let rows = offsets(&pairs.outer).into_iter().map(|(l, r)| {
			inner.iter().map(move |(i, j)| {
				let (from, weight) = if x_is_left {
					(l + i, r + j)
				} else {
					(r + j, l + i)
				};
				(from, weights.get(weight).copied().unwrap_or_default())
			})
		});
		let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
		self.affine(shape, kind, vec![(x.value, map)], vec![0.0; outputs])
	}
}

/// MatMul and MatMulInteger.
pub fn mat_mul(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	node.attributes().finish()?;
	let (mut a, mut b) = (node.variable(0)?, node.variable(1)?);
	if node.operator == "MatMulInteger" {
		for (x, index, is_left) in [(&mut a, 2, true), (&mut b, 3, false)] {
			if let Some(zero) = node.optional_variable(index)? {
				let zero = align_zero(zero, x.shape.len(), is_left);
				*x = node.difference(x, &zero)?;
			}
		}
	}
	let result = stacked(node, &a, &b)?;
	one(node, result)
}

/// A zero point per row (left) or per column (right), as a tensor that broadcasts.
pub fn align_zero(zero: Variable, rank: usize, is_left: bool) -> Variable {
	let shape = match zero.shape.as_slice() {
		[n] if *n > 1 && is_left && rank > 1 => vec![*n, 1],
		[1] => vec![],
		shape => shape.to_vec(),
	};
	Variable { shape, ..zero }
}

/// A product of stacks of matrices, as NumPy's `matmul`.
pub fn stacked(
	node: &mut NodeReader<'_>,
	a: &Variable,
	b: &Variable,
) -> Result<Variable, OnnxError> {
	let (left, right) = match (a.shape.as_slice(), b.shape.as_slice()) {
		([], _) | (_, []) => return Err(node.bad_shape("a scalar is no matrix")),
		(left, right) => (left, right),
	};
	// A vector is a row on the left, a column on the right.
	let full = |shape: &[usize], row: bool| match shape {
		[n] if row => vec![1, *n],
		[n] => vec![*n, 1],
		shape => shape.to_vec(),
	};
	let (l, r) = (full(left, true), full(right, false));
	let ([l_batch @ .., rows, inner], [r_batch @ .., r_inner, columns]) =
		(l.as_slice(), r.as_slice())
	else {
		return Err(node.bad_shape("a scalar is no matrix"));
	};
	if inner != r_inner {
		return Err(node.bad_shape(format!(
			"inner dimensions differ: left has {inner} columns, right has {r_inner} rows"
		)));
	}
	let batch = node.broadcast(l_batch, r_batch)?;
	// Strides of the batch count matrices.
	let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
	let mut outer = super::build::axes(&batch, l_batch, r_batch);
	for axis in &mut outer {
		axis.left = axis.left.saturating_mul(n(rows * inner));
		axis.right = axis.right.saturating_mul(n(inner * columns));
	}
	let axis = |extent: usize, left: usize, right: usize| Axis {
		extent: n(extent),
		left: n(left),
		right: n(right),
	};
	outer.push(axis(*rows, *inner, 0));
	outer.push(axis(*columns, 0, 1));
	let mut shape = batch;
	if left.len() > 1 {
		shape.push(*rows);
	}
	if right.len() > 1 {
		shape.push(*columns);
	}
	let pairs = Pairs {
		outer,
		inner: vec![axis(*inner, 1, *columns)],
	};
	node.contract(a, b, shape, pairs)
}

/// Gemm.
pub fn gemm(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let (alpha, beta) = (
		attributes.float("alpha", 1.0),
		attributes.float("beta", 1.0),
	);
	let transposed = [
		attributes.int("transA", 0) != 0,
		attributes.int("transB", 0) != 0,
	];
	attributes.skip("broadcast");
	attributes.finish()?;
	let (a, b) = (node.variable(0)?, node.variable(1)?);
	let matrix = |x: &Variable, index: usize| match x.shape.as_slice() {
		[rows, columns] => Ok((*rows, *columns)),
		shape => Err(node.bad_shape(format!(
			"operand {index} must have two dimensions, got shape {shape:?}"
		))),
	};
	let ((a0, a1), (b0, b1)) = (matrix(&a, 0)?, matrix(&b, 1)?);
	let (rows, inner, row_stride, left) = if transposed[0] {
		(a1, a0, 1, a1)
	} else {
		(a0, a1, a1, 1)
	};
	let (r_inner, columns, right, column_stride) = if transposed[1] {
		(b1, b0, 1, b1)
	} else {
		(b0, b1, b1, 1)
	};
	if inner != r_inner {
		return Err(node.bad_shape(format!(
			"inner dimensions differ: left has {inner} columns, right has {r_inner} rows"
		)));
	}
	let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
	let axis = |extent: usize, left: usize, right: usize| Axis {
		extent: n(extent),
		left: n(left),
		right: n(right),
	};
	let pairs = Pairs {
		outer: vec![axis(rows, row_stride, 0), axis(columns, 0, column_stride)],
		inner: vec![axis(inner, left, right)],
	};
	let shape = vec![rows, columns];
	let product = node.contract(&a, &b, shape.clone(), pairs)?;
	let product = if alpha == 1.0 {
		product
	} else {
		node.scaled(&product, alpha, 0.0)?
	};
	let result = match node.optional_variable(2)? {
		Some(c) if beta != 0.0 => {
			if crate::onnx::shape::broadcast(&shape, &c.shape).as_ref() != Some(&shape) {
				return Err(node.bad_shape(format!(
					"shape {:?} does not broadcast to {shape:?}",
					c.shape
				)));
			}
			node.sum(&[(&product, 1.0), (&c, beta)])?
		},
		_ => product,
	};
	one(node, result)
}
