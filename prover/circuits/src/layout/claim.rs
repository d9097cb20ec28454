//! What a circuit's proofs say of its model.

use crate::{
	execute::ExecuteError,
	graph::{Graph, GraphError},
};
use codec::{Decode, Encode};
use inference_primitives::{TensorError, TensorSpec};
use serde::{Deserialize, Serialize};

/// Most inferences in a proof.
pub const MAX_INFERENCES: u16 = 256;

/// What a proof says: for how many inferences of the model, and who sees their inputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, Serialize, Deserialize)]
pub struct Claim {
	/// Number of inferences, 1 to [`MAX_INFERENCES`].
	pub inferences: u16,
	/// Whether the inputs are the prover's secret: the proof says that there are inputs in the domain
	/// that give the outputs, and no more.
	pub hidden_input: bool,
}

impl Default for Claim {
	/// One inference of a public input.
	fn default() -> Self {
		Self {
			inferences: 1,
			hidden_input: false,
		}
	}
}

impl Claim {
	/// Number of public inputs: the statement, the inputs unless hidden, the outputs; saturates.
	pub fn public_inputs(&self, graph: &Graph) -> usize {
		let inputs = if self.hidden_input {
			0
		} else {
			graph.input().len()
		};
		let each = inputs.saturating_add(graph.output().len());
		each.saturating_mul(self.inferences.into())
			.saturating_add(1)
	}

	/// The tensor of all inferences' inputs. A hidden one is in no statement: it may be larger than
	/// those that the chain takes.
	pub fn input(&self, graph: &Graph) -> Result<TensorSpec, GraphError> {
		let input = self.tensor(graph.input());
		if !self.hidden_input {
			crate::graph::check_spec("batch", &input)?;
		}
		Ok(input)
	}

	/// The tensor of all inferences' outputs.
	pub fn output(&self, graph: &Graph) -> Result<TensorSpec, GraphError> {
		let output = self.tensor(graph.output());
		crate::graph::check_spec("batch", &output)?;
		Ok(output)
	}

	/// `tensor` with the inferences as first dimension, which replaces one of 1.
	fn tensor(&self, tensor: &TensorSpec) -> TensorSpec {
		if self.inferences == 1 {
			return tensor.clone();
		}
		let mut shape = tensor.shape.clone();
		match shape.first_mut() {
			Some(first) if *first == 1 => *first = self.inferences.into(),
			_ => shape.insert(0, self.inferences.into()),
		}
		TensorSpec {
			shape,
			..tensor.clone()
		}
	}

	/// The inferences' inputs in `input`, one after the other.
	pub fn split<'a>(
		&self,
		graph: &Graph,
		input: &'a [i64],
	) -> Result<impl Iterator<Item = &'a [i64]>, ExecuteError> {
		let length = graph.input().len().max(1);
		let expected = length.saturating_mul(self.inferences.into());
		if input.len() != expected {
			let got = input.len();
			return Err(ExecuteError::Input(TensorError::WrongLength {
				expected,
				got,
			}));
		}
		Ok(input.chunks(length))
	}
}
