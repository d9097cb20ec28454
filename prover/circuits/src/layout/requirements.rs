//! What a graph asks of its circuit.

use super::{
	chain::{Chain, Finish},
	Columns, Gates, Limbs, MAX_LIMBS, MAX_LIMB_BITS,
};
use crate::graph::{self, Graph, Operator};
use std::collections::BTreeMap;

/// What a graph asks of its circuit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirements {
	/// How many chains there are of each form.
	chains: BTreeMap<Chain, usize>,
	/// Gates that do not follow from the chains.
	gates: Gates,
	/// Least bits of the high limbs.
	pub result_bits: u32,
	/// Least bits of a limb.
	pub limb_bits: u8,
	/// Rows of the instance column.
	pub public_inputs: usize,
	/// Rows of the function table.
	pub table_rows: usize,
	/// Lanes that one row needs.
	min_lanes: u8,
}

impl Requirements {
	/// Those of `graph`.
	pub fn of(graph: &Graph) -> Self {
		let mut found = Self {
			public_inputs: graph.public_inputs(),
			limb_bits: 1,
			min_lanes: 1,
			..Self::default()
		};
		for (index, node) in graph.nodes().iter().enumerate() {
			let tensor = index + 1;
			match &node.operator {
				_ if is_fused(graph, tensor) => (),
				Operator::Affine { .. } => found.sums(graph, tensor, tensor, Finish::Keep),
				Operator::Rescale { input, shift, relu } => {
					let input = *input as usize;
					found.sums(graph, tensor, input, Finish::Rescale(*shift));
					let bits = result_bits(graph, input, *shift, *relu);
					found.result_bits = found.result_bits.max(bits);
					found.gates.plain |= !relu;
					found.gates.relu |= relu;
				},
			}
		}
		found
	}

	/// The chains of tensor `tensor`, whose elements finish those of `input`.
	fn sums(&mut self, graph: &Graph, tensor: usize, input: usize, finish: Finish) {
		let is_open = tensor == input || is_fused(graph, input);
		for element in 0..graph.tensors().get(tensor).map_or(0, |t| t.bounds.len()) {
			let operands = if is_open {
				summands(graph, input, element)
			} else {
				1
			};
			self.chain(Chain::sum(operands, finish), 1);
		}
	}

	/// Adds `count` chains.
	pub fn chain(&mut self, chain: Chain, count: usize) {
		*self.chains.entry(chain).or_default() += count;
	}

	/// Whether anything is decomposed.
	pub fn needs_limbs(&self) -> bool {
		self.chains.keys().any(|chain| chain.finish.needs_limbs())
	}

	/// The largest shift.
	pub fn max_shift(&self) -> u8 {
		let shift = |chain: &Chain| match chain.finish {
			Finish::Rescale(shift) => Some(shift),
			_ => None,
		};
		self.chains.keys().filter_map(shift).max().unwrap_or(0)
	}

	/// Least number of lanes.
	pub fn min_lanes(&self) -> u8 {
		self.min_lanes
	}

	/// All limbs that are enough.
	pub fn limbs(&self) -> impl Iterator<Item = Limbs> + '_ {
		(self.limb_bits..=MAX_LIMB_BITS).flat_map(move |bits| {
			let high = self.result_bits.div_ceil(bits.into()).max(1);
			(0..MAX_LIMBS).filter_map(move |low| {
				let limbs = Limbs {
					bits,
					low,
					high: u8::try_from(high).ok()?,
				};
				(limbs.count() <= MAX_LIMBS && self.fits(&limbs)).then_some(limbs)
			})
		})
	}

	/// Whether `limbs` are enough for every chain.
	pub fn fits(&self, limbs: &Limbs) -> bool {
		limbs.bits >= self.limb_bits
			&& limbs.high_bits() >= self.result_bits.max(1)
			&& self.chains.keys().all(|chain| chain.finish.fits(limbs))
	}

	/// The gates that the model needs with `limbs`.
	pub fn gates(&self, limbs: Option<&Limbs>) -> Gates {
		let mut finishes = self.chains.keys().map(|chain| chain.finish);
		Gates {
			step: limbs.is_some_and(|limbs| finishes.any(|finish| finish.has_steps(limbs))),
			..self.gates
		}
	}

	/// Rows of the circuit: the statement's, then each chain's.
	pub fn rows(&self, columns: &Columns) -> usize {
		self.chains.iter().fold(1usize, |rows, (chain, count)| {
			rows.saturating_add(count.saturating_mul(chain.rows(columns)))
		})
	}
}

/// Bits of a rescaling's result before the ReLU, as the high limbs hold it: with ReLU t such that
/// −2^t ≤ y < 2^t, else such that −2^(t−1) ≤ y < 2^(t−1).
fn result_bits(graph: &Graph, input: usize, shift: u8, relu: bool) -> u32 {
	let Some(tensor) = graph.tensors().get(input) else {
		return 0;
	};
	let range = tensor.range();
	let [min, max] = [range.min, range.max].map(|x| graph::rescale(x, shift, false));
	signed_bits(min, max) + u32::from(!relu)
}

/// The least t such that −2^t ≤ x < 2^t for all x in `min..=max`.
fn signed_bits(min: i64, max: i64) -> u32 {
	// −2^t ≤ x exactly if −x − 1 < 2^t.
	let greatest = max.max(-1 - min).max(0);
	64 - greatest.leading_zeros()
}

/// What element `element` of tensor `tensor`, an affine operator's, is the sum of.
fn summands(graph: &Graph, tensor: usize, element: usize) -> usize {
	let node = tensor.checked_sub(1).and_then(|i| graph.nodes().get(i));
	match node.map(|node| &node.operator) {
		Some(Operator::Affine { terms, .. }) => terms.iter().map(|t| t.map.row_len(element)).sum(),
		_ => 1,
	}
}

/// Whether the elements of tensor `tensor` stay open sums: an affine operator's result that only
/// one rescaling reads. Then the rescaling's rows follow at once.
pub fn is_fused(graph: &Graph, tensor: usize) -> bool {
	let is_sum = tensor
		.checked_sub(1)
		.and_then(|node| graph.nodes().get(node))
		.is_some_and(|node| matches!(node.operator, Operator::Affine { .. }));
	let is_finished = || {
		graph.nodes().iter().any(|node| {
			matches!(&node.operator, Operator::Rescale { input, .. } if *input as usize == tensor)
		})
	};
	is_sum
		&& graph
			.tensors()
			.get(tensor)
			.is_some_and(|tensor| tensor.readers == 1)
		&& is_finished()
}
