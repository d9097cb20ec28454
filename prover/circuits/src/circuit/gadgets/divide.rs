//! Quotients and square roots of reciprocals: the result is a witness, and products and range checks
//! show that it is the right one.
//!
//! # y = ⌊n·2^s/d + 1/2⌋, d > 0
//!
//! That is ⌊N / 2d⌋ with N = n·2^(s+1) + d. Rows:
//!
//! 1. `s[1] = 2^(s+1)·n + d − 2·d·y`, the remainder; d and y are the pair of lanes 0 and 1.
//! 2. `2d − 1 − s[1]` has digits, 3. `s[1]` has digits, 4. `y − y_min` has digits
//!    ([range checks](super::range)).
//!
//! ## Assumptions
//!
//! n and d are integers within ±2^60, d ≥ 1; `y_min ≤ y ≤ y_max` by `Graph`'s bounds.
//!
//! Sound: y − y_min is an integer below 2^122 by row 4, so all terms of row 1 are integers below
//! 2^183, and the remainder is an integer: rows 2 and 3 say that it is in 0..2d. Quotient and
//! remainder are unique. Complete: all three have at most as many digits as they are given.
//!
//! # y, the greatest with y²·x ≤ 2^S, x > 0
//!
//! 1. `q = x·y`, 2. `u = 2^S − y·q`, 3. u has digits, 4. `2q + x − 1 − u` has digits, 5. y has digits.
//!
//! ## Assumptions
//!
//! x is an integer in 1..=2^60, S ≤ 120.
//!
//! Sound: y is an integer in 0..2^94 by row 5, q is below 2^154, y·q below 2^249: no sum reaches the
//! modulus. Row 3 says y²·x ≤ 2^S, row 4 `(y + 1)²·x − 2^S − 1 = y·q + 2q + x − 2^S − 1 ≥ 0`: y + 1
//! is too large. Complete: u and row 4's number are below (2y + 1)·x ≤ 2·√(2^S·x) + x.

use super::super::{
	builder::Builder,
	error::TraceError,
	row::{Open, Operand},
	trace::Cell,
};

/// Bits of the remainders of an inverse square root with dividend 2^`shift` of operands up to `max`.
pub fn root_bits(shift: u8, max: i64) -> u32 {
	let bits = 64 - max.max(0).leading_zeros();
	((u32::from(shift) + bits).div_ceil(2) + 1).max(bits) + 1
}

/// Bits of integers in 0..=`max`.
pub fn bits_of(max: i128) -> u32 {
	128 - max.max(0).leading_zeros()
}

/// An element: its tensor and its index.
pub type Element = (usize, usize);

impl Builder<'_> {
	/// The quotient `y` of two elements, in `y_min..=y_max`, by a divisor up to `d_max`; returns its
	/// home.
	pub fn divide(
		&mut self,
		(n, d): (Element, Element),
		shift: u8,
		y: i128,
		(y_min, y_max): (i128, i128),
		d_max: i128,
	) -> Result<Cell, TraceError> {
		let divisor = self.operand(d.0, d.1)?;
		let mut open = Open::default();
		open.push(divisor.times(1));
		open.push(Operand::witness(y));
		open.push(self.operand(n.0, n.1)?.times(2 << shift));
		open.push(Operand::zero());
		open.row.product = -2;
		open.value -= 2 * divisor.value * y;
		self.fill_with_zeros(&mut open);
		let value = open.value;
		let row = self.rows();
		let remainder = Operand::copy(self.keep(open)?, value);
		let home = Cell::Lane { lane: 1, row };
		let bits = bits_of(2 * d_max);
		let open = self.sum(&[divisor.times(2), remainder.times(-1)], -1, 0)?;
		self.begin(1);
		self.check_range(open, bits)?;
		let open = self.sum(&[remainder.times(1)], 0, 0)?;
		self.check_range(open, bits)?;
		let quotient = Operand::copy(home, y);
		let open = self.sum(&[quotient.times(1)], -y_min, 0)?;
		self.check_range(open, bits_of(y_max - y_min))?;
		Ok(home)
	}

	/// The inverse square root `y`, up to `y_max`, of element `x`, up to `x_max`; returns its home.
	pub fn inverse_sqrt(
		&mut self,
		x: Element,
		shift: u8,
		y: i128,
		y_max: i128,
		x_max: i64,
	) -> Result<Cell, TraceError> {
		let operand = self.operand(x.0, x.1)?;
		let mut open = Open::default();
		let row = self.rows();
		self.push_products(&mut open, 1, &[(operand, Operand::witness(y))]);
		let home = Cell::Lane { lane: 1, row };
		let root = Operand::copy(home, y);
		let value = open.value;
		let q = Operand::copy(self.keep(open)?, value);
		let mut open = Open::default();
		open.add(1 << shift);
		self.push_products(&mut open, -1, &[(root, q)]);
		let value = open.value;
		let u = Operand::copy(self.keep(open)?, value);
		let open = Open::previous(u.value);
		self.begin(2);
		let bits = root_bits(shift, x_max);
		self.check_range(open, bits)?;
		let terms = [q.times(2), operand.times(1), u.times(-1)];
		let open = self.sum(&terms, -1, 0)?;
		self.check_range(open, bits)?;
		let open = self.sum(&[root.times(1)], 0, 0)?;
		self.check_range(open, bits_of(y_max))?;
		Ok(home)
	}
}
