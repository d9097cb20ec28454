//! Executes an integer model: exact, fast, and the same as the circuit by construction.

use crate::graph::{
	divide, inverse_sqrt, offsets, rescale, sign, table, trees, Axis, Graph, Operator, Pairs,
};
use inference_primitives::TensorError;

/// An input that the model does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExecuteError {
	/// Wrong number of values, or a value outside the domain.
	#[error("{0}")]
	Input(TensorError),
}

/// Computes the output for `input`.
pub fn execute(graph: &Graph, input: &[i64]) -> Result<Vec<i64>, ExecuteError> {
	let mut tensors = execute_all(graph, input)?;
	Ok(tensors.swap_remove(graph.output_tensor()))
}

/// Computes every tensor for `input`: the input itself, then one per node.
pub fn execute_all(graph: &Graph, input: &[i64]) -> Result<Vec<Vec<i64>>, ExecuteError> {
	graph
		.input()
		.check_values(input)
		.map_err(ExecuteError::Input)?;
	let mut tensors = vec![input.to_vec()];
	for node in graph.nodes() {
		let tensor = match &node.operator {
			Operator::Affine { terms, bias, .. } => {
				let mut sums = bias.clone();
				for term in terms {
					let values = tensor(&tensors, term.input);
					for (sum, row) in sums.iter_mut().zip(term.map.rows()) {
						// Partial sums may wrap; the final sum is exact modulo 2^64, and `Graph`
						// has checked that it fits.
						*sum = row.fold(*sum, |sum, (column, weight)| {
							let x = values.get(column).copied().unwrap_or_default();
							sum.wrapping_add(weight.wrapping_mul(x))
						});
					}
				}
				sums
			},
			Operator::Rescale { input, shift, relu } => tensor(&tensors, *input)
				.iter()
				.map(|x| rescale(*x, *shift, *relu))
				.collect(),
			Operator::Product { left, right, pairs } => {
				product(tensor(&tensors, *left), tensor(&tensors, *right), pairs)
			},
			Operator::Sign { input } => tensor(&tensors, *input).iter().map(|x| sign(*x)).collect(),
			Operator::Table {
				input,
				table: function,
			} => tensor(&tensors, *input)
				.iter()
				.map(|x| table(function, *x))
				.collect(),
			Operator::Divide {
				numerator,
				denominator,
				axes,
				shift,
			} => quotients(
				tensor(&tensors, *numerator),
				tensor(&tensors, *denominator),
				axes,
				*shift,
			),
			Operator::InverseSqrt { input, shift } => tensor(&tensors, *input)
				.iter()
				.map(|x| inverse_sqrt(*x, *shift))
				.collect(),
			Operator::Trees { input, forest } => trees(forest, tensor(&tensors, *input)),
		};
		tensors.push(tensor);
	}
	Ok(tensors)
}

fn product(left: &[i64], right: &[i64], pairs: &Pairs) -> Vec<i64> {
	let inner = offsets(&pairs.inner);
	offsets(&pairs.outer)
		.into_iter()
		.map(|(a, b)| {
			// Partial sums may wrap, as above.
			inner.iter().fold(0i64, |sum, (i, j)| {
				let x = left.get(a.wrapping_add(*i)).copied().unwrap_or_default();
				let y = right.get(b.wrapping_add(*j)).copied().unwrap_or_default();
				sum.wrapping_add(x.wrapping_mul(y))
			})
		})
		.collect()
}

fn quotients(numerator: &[i64], denominator: &[i64], axes: &[Axis], shift: u8) -> Vec<i64> {
	offsets(axes)
		.into_iter()
		.map(|(i, j)| {
			let n = numerator.get(i).copied().unwrap_or_default();
			let d = denominator.get(j).copied().unwrap_or_default();
			divide(n, d, shift)
		})
		.collect()
}

fn tensor(tensors: &[Vec<i64>], index: u32) -> &[i64] {
	tensors
		.get(index as usize)
		.map(Vec::as_slice)
		.unwrap_or_default()
}
