//! Rows that hold inputs, several each.

use super::{Claim, Limbs};
use crate::graph::Graph;
use codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// How rows hold inputs: `circuit::gadgets::inputs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, Serialize, Deserialize)]
pub struct Inputs {
	/// Inputs of a row, one a lane.
	pub packed: u8,
	/// Limbs of each; 0 if they are public.
	pub limbs: u8,
	/// Whether hidden inputs are −2^(n−1) to 2^(n−1) − 1 for their n bits, or 0 to 2^n − 1.
	pub is_signed: bool,
}

/// A domain of 2^n integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BinaryDomain {
	/// n, not 0.
	pub bits: u32,
	/// Whether half of it is negative, or nothing.
	pub is_signed: bool,
}

impl BinaryDomain {
	/// That of the model's input, if it is one.
	pub fn of(graph: &Graph) -> Option<Self> {
		let (min, max) = (i128::from(graph.input().min), i128::from(graph.input().max));
		let count = max - min + 1;
		let is_signed = min < 0;
		let least = if is_signed { -(count / 2) } else { 0 };
		(count > 1 && count.count_ones() == 1 && min == least).then(|| Self {
			bits: count.trailing_zeros(),
			is_signed,
		})
	}

	/// How a row of `lanes` lanes and `limbs` holds hidden inputs; nothing if limbs do not divide the
	/// domain, or a row has too few.
	pub fn packed(&self, claim: &Claim, defers: bool, lanes: u8, limbs: &Limbs) -> Option<Inputs> {
		let bits = u32::from(limbs.bits).max(1);
		let each = u8::try_from(self.bits / bits).ok()?;
		if each == 0 || self.bits % bits != 0 || each > limbs.count() {
			return None;
		}
		Some(Inputs {
			packed: packed(claim, defers, lanes.min(limbs.count() / each)),
			limbs: each,
			is_signed: self.is_signed,
		})
	}
}

/// How a row of `lanes` lanes holds public inputs.
pub fn public(claim: &Claim, lanes: u8) -> Inputs {
	Inputs {
		packed: packed(claim, true, lanes),
		limbs: 0,
		is_signed: false,
	}
}

/// Inputs of a row: as many as there is room for; with deferred sums one element's of several
/// inferences, so that they are a whole number of rows.
fn packed(claim: &Claim, defers: bool, room: u8) -> u8 {
	if !defers {
		return room;
	}
	let divides = |packed: &u8| claim.inferences % u16::from(*packed) == 0;
	(1..=room).rev().find(divides).unwrap_or(1)
}

impl Inputs {
	/// Rows for `length` inputs of each inference.
	pub fn rows(&self, claim: &Claim, defers: bool, length: usize) -> usize {
		let inferences = usize::from(claim.inferences);
		let packed = usize::from(self.packed.max(1));
		if defers {
			length.saturating_mul(inferences / packed)
		} else {
			length.div_ceil(packed).saturating_mul(inferences)
		}
	}
}
