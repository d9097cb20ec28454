//! Range checks: limbs, and numbers made of them.
//!
//! # Constraint
//!
//! On every row, each limb r_j is in the table `0..2^b` (a lookup per limb, all in the same table).
//! Limbs have columns of their own: no flag says where they are used, so the lookups' inputs have
//! degree 1, and rows that need none hold zeros.
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
	row::{LimbUse, Open},
};
use halo2_proofs::{halo2curves::bn256::Fr, plonk::ConstraintSystem, poly::Rotation};

/// The lookups.
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
	/// Ends `open`, whose sum is not negative, with a check that it has digits, at least `bits`.
	pub fn check_range(&mut self, open: Open, bits: u32) {
		let rows = bits.div_ceil(self.row_bits().max(1)).max(1);
		let mut open = self.cut(open, rows - 1);
		self.set_limbs(&mut open, LimbUse::Step);
		self.emit(open);
	}

	/// Ends `open` with a check that its sum is in `0..2^bits`, exactly.
	pub fn check_exact_range(&mut self, mut open: Open, bits: u32) {
		let rows = bits.div_ceil(self.row_bits().max(1)).max(1);
		open.scale(rows * self.row_bits() - bits);
		let mut open = self.cut(open, rows - 1);
		self.set_limbs(&mut open, LimbUse::Step);
		self.emit(open);
	}

	/// `rows` rows that cut off a row's limbs each; returns a row that starts with what is left.
	pub fn cut(&mut self, mut open: Open, rows: u32) -> Open {
		for _ in 0..rows {
			let rest = open.value >> self.row_bits();
			self.set_limbs(&mut open, LimbUse::Step);
			open.row.current = -(1 << self.row_bits());
			open.row.accumulator = rest;
			self.emit(open);
			open = Open::previous(rest);
		}
		open
	}

	/// The limbs of `open`'s sum, the lowest first.
	pub fn set_limbs(&self, open: &mut Open, limb_use: LimbUse) {
		open.row.limb_use = limb_use;
		let Some(limbs) = self.limbs() else {
			return;
		};
		let mask = (1i128 << limbs.bits) - 1;
		open.row.limbs = (0..u32::from(limbs.count()))
			.map(|i| (open.value >> (i * u32::from(limbs.bits))) & mask)
			.collect();
	}
}
