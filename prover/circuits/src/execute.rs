//! Executes an integer model: exact, fast, and the same as the circuit by construction.

use crate::graph::{rescale, Graph, Operator};
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
		};
		tensors.push(tensor);
	}
	Ok(tensors)
}

fn tensor(tensors: &[Vec<i64>], index: u32) -> &[i64] {
	tensors
		.get(index as usize)
		.map(Vec::as_slice)
		.unwrap_or_default()
}
