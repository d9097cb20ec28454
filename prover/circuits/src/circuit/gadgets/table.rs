//! Piecewise linear functions: `y = base[h] + ⌊(slope[h]·l + half) / 2^shift⌋`, with h the segment of
//! x, of 2^g integers, and l the place in it.
//!
//! # Rows
//!
//! 1. `s[1] = x − origin − 2^g·h`, with h in lane 0: l. x is an open sum.
//! 2. Lanes 0, 1, 2 are (h, base\[h\]·2^shift, slope\[h\]), looked up; lane 0 is a copy of row 1's;
//!    `2^(bR−g)·s[1] = D` (`step`); `s[2] = a_1 + a_2·s[1]` (`interpolate`).
//! 3. If shift > 0, a [rescaling](super::rescale) of s\[2\] by shift bits: y.
//!
//! Where limbs are in several rows, rows that hand s on come before row 2 and the rescaling.
//!
//! # Assumptions
//!
//! x is an integer in the table's domain; y is within the bounds that `high` was chosen by; g ≤ bR.
//!
//! Sound: h is an integer in 0..segments by the lookup, so l is an integer below 2^62, and row 2
//! says 0 ≤ l < 2^g ([`range`](super::range)): h and l are the only ones with x − origin = 2^g·h + l.
//! Then `s[2] = base·2^shift + slope·l`, and ⌊(s\[2\] + half) / 2^shift⌋ = y. Complete: an x in the
//! domain has such an h.

use super::{
	super::{
		builder::Builder,
		error::TraceError,
		row::{LimbUse, Open, Operand},
		trace::Cell,
	},
	function::LOOKED_UP,
};
use crate::graph::Table;

/// The entries of function `number`: a table's segments.
pub fn entries(number: i128, table: &Table) -> Vec<[i128; 4]> {
	let values = table.base.iter().zip(&table.slope).zip(0i128..);
	values
		.map(|((base, slope), h)| {
			[
				number,
				h,
				i128::from(*base) << table.slope_shift,
				(*slope).into(),
			]
		})
		.collect()
}

impl Builder<'_> {
	/// Ends `open`, whose lane 0 is free, with the function of its sum; returns the home of that.
	pub fn table(
		&mut self,
		mut open: Open,
		number: i128,
		table: &Table,
	) -> Result<Cell, TraceError> {
		open.add(-i128::from(table.origin));
		let h = open.value >> table.segment_bits;
		open.set(0, Operand::witness(h).times(-(1 << table.segment_bits)))?;
		let l = open.value;
		let row = self.rows();
		self.keep(open)?;

		let entry = usize::try_from(h).ok().and_then(|h| {
			let base = i128::from(*table.base.get(h)?) << table.slope_shift;
			Some((base, i128::from(*table.slope.get(h)?)))
		});
		// A wrong value has none; then no proof has it.
		let (base, slope) = entry.unwrap_or_default();
		let mut open = self.sum(&[], 0, LOOKED_UP)?;
		self.begin(1);
		open.set(0, Operand::copy(Cell::Lane { lane: 0, row }, h))?;
		open.set(1, Operand::witness(base))?;
		open.set(2, Operand::witness(slope))?;
		open.row.previous = 1;
		open.value = l;
		open.scale(self.row_bits()?.saturating_sub(table.segment_bits.into()));
		self.set_limbs(&mut open, LimbUse::Step)?;
		let value = base + slope * l;
		open.row.function = number;
		open.row.interpolate = true;
		open.row.accumulator = value;
		let row = self.emit(open)?;

		if table.slope_shift == 0 {
			return Ok(Cell::Accumulator { row });
		}
		let open = Open::previous(value);
		self.rescale(open, table.slope_shift, false)
	}
}
