//! Rows that belong together: a sum, and what is made of it.

use super::{Columns, Limbs, MAX_DECOMPOSED_BITS};

/// Bits that an inverse square root's digits may have.
const MAX_ROOT_BITS: u32 = 94;

/// What the rows of a [`Chain`] after the sum's first are for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Finish {
	/// The sum is kept.
	Keep,
	/// It is rescaled by so many bits.
	Rescale(u8),
	/// It has digits, of so many bits.
	Range(u32),
	/// It is an inverse square root with digits, of so many bits.
	Root(u32),
	/// It has exactly so many bits.
	Exact(u32),
	/// It has exactly so many bits, in one row.
	Single(u32),
	/// Its sign is found; its absolute value has so many bits.
	Sign(u32),
	/// So many small integers are in it, each with a spare bit.
	Spread(u32),
}

/// A sum of operands, and what is made of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Chain {
	/// Operands, or pairs of them.
	pub operands: usize,
	/// Whether they are pairs.
	pub pairs: bool,
	/// Lanes of the last row that hold something else.
	pub room: usize,
	/// Rows just before it that hold no limbs, and belong to it.
	pub lead: usize,
	/// What is made of it.
	pub finish: Finish,
}

impl Chain {
	/// A plain sum.
	pub fn sum(operands: usize, finish: Finish) -> Self {
		Self {
			operands,
			pairs: false,
			room: 0,
			lead: 0,
			finish,
		}
	}

	/// How many rows it takes.
	pub fn rows(&self, columns: &Columns) -> usize {
		let lanes = usize::from(columns.lanes);
		let capacity = if self.pairs { lanes / 2 } else { lanes }.max(1);
		let last = capacity.saturating_sub(self.room);
		let before = self.operands.saturating_sub(last).div_ceil(capacity);
		let sum = before + 1;
		match &columns.limbs {
			// The last row's limbs take rows of the sum, and others if those are too few.
			Some(limbs) if self.finish.needs_limbs() => {
				let rows = columns.limb_rows();
				sum.max(rows.saturating_sub(self.lead)) + rows * self.finish.rows(limbs) as usize
			},
			_ => sum,
		}
	}
}

impl Finish {
	/// Rows with limbs after the one that the sum ends in.
	fn rows(&self, limbs: &Limbs) -> u32 {
		match self {
			Self::Keep | Self::Single(_) => 0,
			Self::Rescale(shift) => limbs.steps(*shift),
			Self::Range(bits) | Self::Root(bits) | Self::Exact(bits) | Self::Sign(bits) => {
				limbs.range_rows(*bits) - 1
			},
			Self::Spread(values) => values.div_ceil(limbs.count().max(1).into()).max(1) - 1,
		}
	}

	/// Whether it needs limbs.
	pub fn needs_limbs(&self) -> bool {
		*self != Self::Keep
	}

	/// Whether it has rows that only cut digits off, or only check them.
	pub fn has_steps(&self, limbs: &Limbs) -> bool {
		match self {
			Self::Keep | Self::Spread(_) => false,
			Self::Range(_) | Self::Root(_) | Self::Exact(_) | Self::Single(_) => true,
			Self::Rescale(_) | Self::Sign(_) => self.rows(limbs) > 0,
		}
	}

	/// Binary logarithm of what the sum is multiplied by before it is decomposed.
	pub fn scale_bits(&self, limbs: &Limbs) -> u32 {
		match self {
			Self::Rescale(shift) => limbs.cut_bits(*shift).saturating_sub((*shift).into()),
			Self::Exact(bits) => (limbs.range_rows(*bits) * limbs.row_bits()).saturating_sub(*bits),
			_ => 0,
		}
	}

	/// Whether `limbs` are enough for it: what the gadgets assume about sizes.
	pub fn fits(&self, limbs: &Limbs) -> bool {
		let bits = match self {
			Self::Keep => 0,
			Self::Rescale(shift) => limbs.cut_bits(*shift) + limbs.high_bits(),
			Self::Range(bits) | Self::Exact(bits) | Self::Sign(bits) => {
				limbs.range_rows(*bits) * limbs.row_bits()
			},
			// Its square times the operand must stay below the modulus.
			Self::Root(bits) if limbs.range_rows(*bits) * limbs.row_bits() > MAX_ROOT_BITS => {
				return false
			},
			Self::Root(_) => 0,
			Self::Single(bits) if *bits > limbs.row_bits() => return false,
			Self::Single(_) => limbs.row_bits(),
			Self::Spread(values) => {
				let count = u32::from(limbs.count().max(1));
				values.div_ceil(count) * count * (u32::from(limbs.bits) + 1)
			},
		};
		bits + 2 <= MAX_DECOMPOSED_BITS
	}
}
