//! Chooses the circuit's size: rows, lanes, limb width.
//!
//! The cost model weighs what the prover commits to against what the verifier (and an aggregation
//! circuit) handles: `cost = 2^k · columns + COMMITMENT_COST · commitments`, with columns and
//! commitments as in `inference_primitives::cost`.

use crate::graph::{Graph, Node, Operator};
use codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Largest circuit: 2^18 rows take some seconds per proof and 100 MB of keys.
pub const MAX_K: u8 = 18;
/// Most lanes.
pub const MAX_LANES: u8 = 16;
/// Widest limb: its table takes 2^16 rows.
pub const MAX_LIMB_BITS: u8 = 16;
/// Rows at the end that halo2 fills with blinding values, one more for the permutation argument.
/// It follows from the gates (no column is read at more than three rows); a test compares.
pub const RESERVED_ROWS: usize = 6;
/// What one more commitment is worth, in committed cells. Verifying it costs the chain two scalar
/// multiplications per proof, and an aggregation circuit tens of thousands of its cells.
const COMMITMENT_COST: u64 = 4096;

/// A circuit's size. With the graph, it determines the circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Layout {
	/// Binary logarithm of the number of rows.
	pub k: u8,
	/// The columns.
	pub columns: Columns,
}

/// A circuit's columns: all that its gates depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Columns {
	/// Products that one row adds to the accumulator.
	pub lanes: u8,
	/// Bits of a limb of the range checks; nothing if the model needs none.
	pub limb_bits: Option<u8>,
	/// Whether there is a ReLU.
	pub relu: bool,
}

/// A model that has no circuit, or a layout that is not the model's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LayoutError {
	/// Too many rows even for the largest circuit.
	#[error("the model needs {rows} rows; the largest circuit has {max}", max = (1usize << MAX_K) - RESERVED_ROWS)]
	TooLarge {
		/// Rows with the layout that needs fewest.
		rows: usize,
	},
	/// The rescalings' shifts have no common limb width.
	#[error(
		"no limb width divides the shifts {shifts:?} of all rescalings; use another weight scale"
	)]
	NoLimbWidth {
		/// The shifts.
		shifts: Vec<u8>,
	},
	/// An operator that has no circuit yet.
	#[error("node {node:?} ({operator}) is executed but cannot be proven yet")]
	NotProvable {
		/// Name of the node.
		node: String,
		/// Its operator.
		operator: &'static str,
	},
	/// A layout that the model's circuit cannot have.
	#[error("the layout {got:?} does not fit the model: {reason}")]
	Unfit {
		/// The layout.
		got: Layout,
		/// What is wrong with it.
		reason: &'static str,
	},
}

impl Columns {
	/// Advice columns: the lanes and the accumulator.
	pub fn advice(&self) -> u64 {
		u64::from(self.lanes) + 1
	}

	/// Degree of the constraint system: 5 with the lookup, else the permutation argument's 3.
	pub fn degree(&self) -> u64 {
		if self.limb_bits.is_some() {
			5
		} else {
			3
		}
	}

	/// Permutation product polynomials: the lanes and the instance column, degree − 2 in each.
	pub fn permutation_chunks(&self) -> u64 {
		(u64::from(self.lanes) + 1).div_ceil(self.degree() - 2)
	}

	fn lookups(&self) -> u64 {
		u64::from(self.limb_bits.is_some())
	}

	/// Operations of the gates, about: a product and a sum per lane and per fixed coefficient.
	fn operations(&self) -> u64 {
		2 * u64::from(self.lanes) + 16
	}

	fn cost(&self, k: u8) -> u64 {
		let columns = self.advice()
			+ 3 * self.lookups()
			+ self.permutation_chunks()
			+ (self.degree() - 1)
			+ 2 + self.operations().div_ceil(64);
		// Quotient pieces, the random polynomial, two for the opening.
		let commitments = self.advice()
			+ 3 * self.lookups()
			+ self.permutation_chunks()
			+ (self.degree() - 1)
			+ 3;
		(columns << k) + COMMITMENT_COST * commitments
	}
}

/// How a rescaling is decomposed into limbs. Everything follows from the bounds of its operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decomposition {
	/// Limbs of what is cut off.
	pub low_limbs: usize,
	/// Limbs of what stays.
	pub high_limbs: usize,
	/// Added to what stays, so that it is not negative.
	pub offset: i128,
}

impl Decomposition {
	/// The decomposition for results in `min..=max` before the ReLU.
	pub fn new(min: i64, max: i64, shift: u8, relu: bool, limb_bits: u8) -> Self {
		let (min, max) = (i128::from(min), i128::from(max));
		let limbs = |greatest: i128| {
			let bits = 128 - greatest.max(0).leading_zeros();
			bits.div_ceil(u32::from(limb_bits.max(1))).max(1)
		};
		let low_limbs = usize::from(shift / limb_bits.max(1));
		let (high_limbs, offset) = if relu {
			// The result is σ·2^t + r − 2^t with r < 2^t: both halves must reach the bounds.
			let limbs = limbs(max.max(-min - 1));
			(limbs, 1i128 << (limbs * u32::from(limb_bits)).min(100))
		} else {
			(limbs(max - min), -min)
		};
		Self {
			low_limbs,
			high_limbs: high_limbs as usize,
			offset,
		}
	}

	/// Rows that it takes after the row that holds the accumulator.
	pub fn rows(&self) -> usize {
		// A ReLU without low limbs needs a row for the sign alone.
		self.low_limbs.max(1) + self.high_limbs
	}
}

/// The decomposition of `node`, if it is a rescaling.
pub fn decomposition(graph: &Graph, node: &Node, limb_bits: u8) -> Option<Decomposition> {
	let Operator::Rescale { input, shift, relu } = &node.operator else {
		return None;
	};
	let range = graph.tensors().get(*input as usize)?.range();
	let [min, max] = [range.min, range.max].map(|x| crate::graph::rescale(x, *shift, false));
	Some(Decomposition::new(min, max, *shift, *relu, limb_bits))
}

/// Whether the elements of tensor `tensor` stay in the accumulator: an affine operator's result
/// that only one rescaling reads. Then the rescaling's rows follow at once.
pub fn is_fused(graph: &Graph, tensor: usize) -> bool {
	let is_affine = tensor
		.checked_sub(1)
		.and_then(|node| graph.nodes().get(node))
		.is_some_and(|node| matches!(node.operator, Operator::Affine { .. }));
	let read_by_rescale = graph.nodes().iter().any(
		|node| matches!(&node.operator, Operator::Rescale { input, .. } if *input as usize == tensor),
	);
	is_affine
		&& read_by_rescale
		&& graph
			.tensors()
			.get(tensor)
			.is_some_and(|tensor| tensor.readers == 1)
}

/// Rows of the circuit: the statement's, then each element's.
pub fn rows(graph: &Graph, columns: &Columns) -> usize {
	let lanes = usize::from(columns.lanes.max(1));
	let mut rows = 1usize;
	for (index, node) in graph.nodes().iter().enumerate() {
		match &node.operator {
			Operator::Affine { terms, bias, .. } => {
				let fused = is_fused(graph, index + 1);
				for element in 0..bias.len() {
					let products: usize = terms.iter().map(|t| t.map.row_len(element)).sum();
					// The result takes a lane of the last row, unless it stays in the accumulator.
					let cells = products + usize::from(!fused);
					rows = rows.saturating_add(cells.div_ceil(lanes).max(1));
				}
			},
			Operator::Rescale { input, .. } => {
				let Some(decomposition) =
					decomposition(graph, node, columns.limb_bits.unwrap_or(1))
				else {
					continue;
				};
				let load = usize::from(!is_fused(graph, *input as usize));
				let elements = graph.tensors().get(index + 1).map_or(0, |t| t.bounds.len());
				rows = rows.saturating_add(elements.saturating_mul(decomposition.rows() + load));
			},
			// `check_operators` refuses them.
			_ => {},
		}
	}
	rows
}

/// Binary logarithm of the rows that the circuit needs.
fn needed_k(graph: &Graph, columns: &Columns) -> (usize, u8) {
	let table = columns.limb_bits.map_or(0, |bits| 1usize << bits.min(32));
	let used = rows(graph, columns).max(graph.public_inputs()).max(table) + RESERVED_ROWS;
	let k = used.next_power_of_two().trailing_zeros();
	(used, u8::try_from(k).unwrap_or(u8::MAX))
}

/// The cheapest layout for `graph`.
pub fn choose(graph: &Graph) -> Result<Layout, LayoutError> {
	check_operators(graph)?;
	let shifts = shifts(graph);
	let relu = shifts.iter().any(|(_, relu)| *relu);
	let widths: Vec<Option<u8>> = if shifts.is_empty() {
		vec![None]
	} else {
		(1..=MAX_LIMB_BITS)
			.filter(|bits| shifts.iter().all(|(shift, _)| shift.is_multiple_of(*bits)))
			.map(Some)
			.collect()
	};
	let mut best: Option<(u64, Layout)> = None;
	let mut fewest = usize::MAX;
	for limb_bits in &widths {
		for lanes in min_lanes(limb_bits.is_some(), relu)..=MAX_LANES {
			let columns = Columns {
				lanes,
				limb_bits: *limb_bits,
				relu,
			};
			let (used, k) = needed_k(graph, &columns);
			fewest = fewest.min(used - RESERVED_ROWS);
			if k > MAX_K {
				continue;
			}
			let cost = columns.cost(k);
			if best.is_none_or(|(least, _)| cost < least) {
				best = Some((cost, Layout { k, columns }));
			}
		}
	}
	match best {
		Some((_, layout)) => Ok(layout),
		None if widths.is_empty() => Err(LayoutError::NoLimbWidth {
			shifts: shifts.into_iter().map(|(s, _)| s).collect(),
		}),
		None => Err(LayoutError::TooLarge { rows: fewest }),
	}
}

/// Fails if an operator has no circuit.
fn check_operators(graph: &Graph) -> Result<(), LayoutError> {
	let has_circuit = |operator: &Operator| {
		matches!(operator, Operator::Affine { .. } | Operator::Rescale { .. })
	};
	match graph.nodes().iter().find(|n| !has_circuit(&n.operator)) {
		Some(node) => Err(LayoutError::NotProvable {
			node: node.name.clone(),
			operator: node.operator.name(),
		}),
		None => Ok(()),
	}
}

/// Shift of each rescaling, and whether it has a ReLU.
fn shifts(graph: &Graph) -> Vec<(u8, bool)> {
	let shift = |node: &Node| match &node.operator {
		Operator::Rescale { shift, relu, .. } => Some((*shift, *relu)),
		_ => None,
	};
	graph.nodes().iter().filter_map(shift).collect()
}

/// A ReLU needs lanes for limb, sign and result; a rescaling for limb and result.
fn min_lanes(range_checks: bool, relu: bool) -> u8 {
	match (range_checks, relu) {
		(_, true) => 3,
		(true, false) => 2,
		(false, false) => 1,
	}
}

/// Checks that `layout` fits `graph`: everything that the circuit relies on.
pub fn check(graph: &Graph, layout: &Layout) -> Result<(), LayoutError> {
	check_operators(graph)?;
	let unfit = |reason| {
		Err(LayoutError::Unfit {
			got: *layout,
			reason,
		})
	};
	let Columns {
		lanes,
		limb_bits,
		relu,
	} = layout.columns;
	let shifts = shifts(graph);
	if limb_bits.is_some() == shifts.is_empty() {
		return unfit("limb bits are missing, or there is nothing to check");
	}
	if limb_bits.is_some_and(|bits| !(1..=MAX_LIMB_BITS).contains(&bits)) {
		return unfit("limb bits are out of range");
	}
	if shifts
		.iter()
		.any(|(shift, _)| limb_bits.is_some_and(|bits| !shift.is_multiple_of(bits)))
	{
		return unfit("limb bits do not divide a shift");
	}
	if shifts.iter().any(|(_, relu)| *relu) != relu {
		return unfit("a ReLU gate is missing, or there is no ReLU");
	}
	if !(min_lanes(limb_bits.is_some(), relu)..=MAX_LANES).contains(&lanes) {
		return unfit("the number of lanes is out of range");
	}
	if layout.k > MAX_K {
		return unfit("it has too many rows");
	}
	if needed_k(graph, &layout.columns).1 > layout.k {
		return unfit("it has too few rows");
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn relu_decompositions_cover_the_bounds() {
		// r < 2^t must reach max, and −min − 1 below zero.
		let d = Decomposition::new(-256, 255, 16, true, 8);
		assert_eq!((d.low_limbs, d.high_limbs, d.offset), (2, 1, 1 << 8));
		assert_eq!(Decomposition::new(-257, 0, 16, true, 8).high_limbs, 2);
		assert_eq!(Decomposition::new(0, 256, 16, true, 8).high_limbs, 2);
		assert_eq!(Decomposition::new(5, 5, 0, true, 8).rows(), 2);
	}

	#[test]
	fn rescalings_are_offset_to_zero() {
		let d = Decomposition::new(-100, 155, 8, false, 8);
		assert_eq!((d.low_limbs, d.high_limbs, d.offset), (1, 1, 100));
		assert_eq!(Decomposition::new(-100, 156, 8, false, 8).high_limbs, 2);
	}
}
