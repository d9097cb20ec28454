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
	/// The domain of hidden inputs, if these rows check it.
	pub domain: Option<BinaryDomain>,
}

/// A domain of 2^n integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, Serialize, Deserialize)]
pub struct BinaryDomain {
	/// n, 1 to 63.
	pub bits: u8,
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
			// The specification's check has bounded it.
			bits: u8::try_from(count.trailing_zeros()).unwrap_or(u8::MAX),
			is_signed,
		})
	}

	/// Limbs of `bits` bits that hold its integers.
	pub fn digits(&self, bits: u8) -> u8 {
		self.bits.div_ceil(bits.max(1))
	}

	/// Bits of those limbs that are too many. If there are any, a limb more checks that.
	pub fn spare_bits(&self, bits: u8) -> u32 {
		u32::from(self.digits(bits)) * u32::from(bits) - u32::from(self.bits)
	}

	/// Limbs that one input takes.
	pub fn limbs(&self, bits: u8) -> u8 {
		self.digits(bits)
			.saturating_add(u8::from(self.spare_bits(bits) > 0))
	}

	/// What makes its least integer 0.
	pub fn offset(&self) -> i128 {
		if self.is_signed {
			1 << self.bits.saturating_sub(1)
		} else {
			0
		}
	}

	/// How a row of `lanes` lanes and `limbs` holds hidden inputs and checks them; nothing if it has too
	/// few limbs.
	pub fn packed(&self, claim: &Claim, defers: bool, lanes: u8, limbs: &Limbs) -> Option<Inputs> {
		let room = limbs.count() / self.limbs(limbs.bits).max(1);
		(room > 0).then(|| Inputs {
			packed: packed(claim, defers, lanes.min(room)),
			domain: Some(*self),
		})
	}
}

/// How a row of `lanes` lanes holds inputs that it need not check.
pub fn unchecked(claim: &Claim, defers: bool, lanes: u8) -> Inputs {
	Inputs {
		packed: packed(claim, defers, lanes),
		domain: None,
	}
}

/// Inputs of a row: as many as there is room for; with deferred sums one element's of several
/// inferences, so that they are a whole number of rows.
fn packed(claim: &Claim, defers: bool, room: u8) -> u8 {
	if !defers {
		return room;
	}
	let divides = |packed: &u8| claim.inferences.is_multiple_of(u16::from(*packed));
	(1..=room).rev().find(divides).unwrap_or(1)
}

impl Inputs {
	/// Rows for `length` inputs of each inference, `limb_rows` for each row that has limbs.
	pub fn rows(&self, claim: &Claim, defers: bool, length: usize, limb_rows: usize) -> usize {
		let each = if self.domain.is_some() { limb_rows } else { 1 };
		let inferences = usize::from(claim.inferences);
		let packed = usize::from(self.packed.max(1));
		if defers {
			length.saturating_mul(inferences / packed)
		} else {
			length.div_ceil(packed).saturating_mul(inferences)
		}
		.saturating_mul(each)
	}
}
