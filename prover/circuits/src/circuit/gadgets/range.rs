//! Range checks: limbs, and numbers made of them.
//!
//! # Constraint
//!
//! On every row, each cell of the C columns of limbs is in the table `0..2^b` (a lookup per column,
//! all in the same table). Limbs have columns of their own: no flag says where they are used, so the
//! lookups' inputs have degree 1, and cells that hold none are zero.
//!
//! # Where limbs are
//!
//! A row's R limbs are in that row and the S − 1 above it: r_j in column j mod C, j div C rows up. A
//! sum of many operands takes many rows anyway, of which only the last one has limbs; so few columns
//! hold them all. With S = 1 each limb has a column of its own.
//!
//! Every row with limbs has row number S or more, and S rows between it and the next one: shorter
//! chains of rows get rows before their last that constrain nothing, or hand the accumulator on
//! (`s[i] = s[i−1]`). Two things depend on it:
//!
//! - *Sound:* all limbs are in the rows in use, which are looked up. (The rows above row 0 are the last
//!   ones, for blinding, and they are not.) Which cells a row reads is in the gates: rows that shared
//!   a cell would only be bound more.
//! - *Complete:* no two rows read the same cell, so each has the limbs it needs.
//!
//! # x is in 0..2^(bR·m)
//!
//! Row 1: `x = D_1 + 2^(bR)·s[1]`, row 2: `s[1] = D_2 + 2^(bR)·s[2]`, …, row m: `s[m−1] = D_m`, each
//! with `step` 1; x is the open sum of row 1.
//!
//! Sound: x is the sum of m·R digits in base 2^b, as an equation of field elements; both sides are
//! below the modulus as integers if x is an integer of absolute value below 2^250 (**assumption** of
//! each use), so it is an equation of integers. Complete: every x in the range has digits.
//!
//! # x is in 0..2^n, exactly
//!
//! The same for 2^(bRm − n)·x, with m = ⌈n / bR⌉: for an integer x as above, that is in 0..2^(bRm)
//! exactly if x is in 0..2^n. So n need not be a multiple of b.

use super::super::{
	builder::Builder,
	config::Config,
	error::TraceError,
	row::{LimbUse, Open},
};
use halo2_proofs::{halo2curves::bn256::Fr, plonk::ConstraintSystem, poly::Rotation};

/// The lookups, one for each column of limbs.
pub fn lookups(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let Some(table) = config.limb_table else {
		return;
	};
	for limb in &config.limbs {
		meta.lookup_any("limb", |meta| {
			let limb = meta.query_advice(*limb, Rotation::cur());
			vec![(limb, meta.query_fixed(table, Rotation::cur()))]
		});
	}
}

impl Builder<'_> {
	/// Rows whose limbs together have `bits` bits, at least one.
	pub fn rows_of(&self, bits: u32) -> Result<u32, TraceError> {
		Ok(bits.div_ceil(self.row_bits()?).max(1))
	}

	/// Ends `open`, whose sum is not negative, with a check that it has digits, at least `bits`.
	pub fn check_range(&mut self, open: Open, bits: u32) -> Result<(), TraceError> {
		let rows = self.rows_of(bits)?;
		let mut open = self.cut(open, rows - 1)?;
		self.set_limbs(&mut open, LimbUse::Step)?;
		self.emit(open)?;
		Ok(())
	}

	/// Ends `open` with a check that its sum is in `0..2^bits`, exactly.
	pub fn check_exact_range(&mut self, mut open: Open, bits: u32) -> Result<(), TraceError> {
		open.scale(self.rows_of(bits)? * self.row_bits()? - bits);
		self.check_range(open, bits)
	}

	/// `rows` rows that cut off a row's limbs each; returns a row that starts with what is left.
	pub fn cut(&mut self, mut open: Open, rows: u32) -> Result<Open, TraceError> {
		for _ in 0..rows {
			let bits = self.row_bits()?;
			let rest = open.value >> bits;
			self.set_limbs(&mut open, LimbUse::Step)?;
			open.row.current = -(1 << bits);
			open.row.accumulator = rest;
			self.emit(open)?;
			open = Open::previous(rest);
		}
		Ok(open)
	}

	/// Appends rows until the limbs of `open`, the next row, have cells that no other row's limbs are
	/// in: rows that constrain nothing, or hand the accumulator on if `open` reads it.
	pub fn make_room(&mut self, open: &Open) -> Result<(), TraceError> {
		while !self.has_room() {
			let row = if open.row.previous == 0 {
				Open::default()
			} else {
				let mut row = Open::previous(self.last_accumulator());
				row.row.current = -1;
				row.row.accumulator = row.value;
				row
			};
			self.emit(row)?;
		}
		Ok(())
	}

	/// The limbs of `open`'s sum, the lowest first; makes room for them.
	pub fn set_limbs(&mut self, open: &mut Open, limb_use: LimbUse) -> Result<(), TraceError> {
		let limbs = self.limbs()?;
		self.make_room(open)?;
		open.row.limb_use = limb_use;
		let mask = (1i128 << limbs.bits) - 1;
		open.row.limbs = (0..u32::from(limbs.count()))
			.map(|i| (open.value >> (i * u32::from(limbs.bits))) & mask)
			.collect();
		Ok(())
	}
}
