//! Signs: 1 if x ≥ 0, else 0.
//!
//! # Constraint
//!
//! `sign·s·(1 − s) = 0`, and the linear gate with `D + 2^(bR)·s`.
//!
//! # Rows
//!
//! m − 1 rows cut off all their limbs, the last one has the sign above its limbs:
//! `x + 2^(bRm) = Σ digits + 2^(bRm)·s`.
//!
//! # Assumptions
//!
//! x is an integer with −2^(bRm) ≤ x < 2^(bRm): m follows from `Graph`'s bounds.
//!
//! Sound: all terms are integers below 2^122, so the equation holds over the integers, and s is 1
//! exactly if x ≥ 0. Complete: x + 2^(bRm) is in 0..2^(bRm+1).

use super::super::{
	builder::Builder,
	config::Config,
	error::TraceError,
	row::{LimbUse, Open},
	trace::Cell,
};
use halo2_proofs::{
	halo2curves::bn256::Fr,
	plonk::{ConstraintSystem, Expression},
	poly::Rotation,
};

/// The gate.
pub fn gate(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	if !config.columns.gates.sign {
		return;
	}
	meta.create_gate("sign", |meta| {
		let flag = config.is_used(meta, &[LimbUse::Sign]);
		let flag = flag.unwrap_or(Expression::Constant(Fr::zero()));
		let s = meta.query_advice(config.accumulator, Rotation::cur());
		let one = Expression::Constant(Fr::one());
		[("s is 0 or 1", flag * s.clone() * (one - s))]
	});
}

impl Builder<'_> {
	/// Ends `open` with the sign of its sum, of at most `bits` bits; returns the home of that.
	pub fn sign(&mut self, mut open: Open, bits: u32) -> Result<Cell, TraceError> {
		let (rows, row_bits) = (self.rows_of(bits)?, self.row_bits()?);
		open.add(1 << (rows * row_bits));
		let mut open = self.cut(open, rows - 1)?;
		self.set_limbs(&mut open, LimbUse::Sign)?;
		open.row.accumulator = (open.value >> row_bits) & 1;
		let row = self.emit(open)?;
		Ok(Cell::Accumulator { row })
	}
}
