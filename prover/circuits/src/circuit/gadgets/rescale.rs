//! Rescalings by s bits: y = ⌊(v + h) / 2^s⌋ with h = ⌊2^(s−1)⌋, and out = y, or out = max(y, 0).
//!
//! v is an open sum: the last of its operands share a row with the first digits.
//!
//! # Constraints
//!
//! A row's R limbs of b bits are split: `low` ones below, `high` ones above. With
//! `H = Σ_j 2^(bj)·r_(low+j)` and t = b·high:
//!
//! - `plain·(s − H + 2^(t−1)) = 0`,
//! - `relu·σ·(1 − σ) = 0` and `relu·(s − σ·H) = 0`,
//!
//! and the linear gate with `D`, in ReLU rows `D + 2^(bR)·σ`. σ is in the cell after the last limb, if
//! the limbs' columns and rows have one more than the limbs need; it is looked up there too, which
//! says nothing new, as 0 and 1 are limbs. Else it has a column of its own.
//!
//! # Rows
//!
//! m rows (mostly none) cut off all their limbs, the last one its low limbs: c = m·bR + b·low bits
//! together, at least s. The sum is multiplied by 2^(c−s), which makes the bits that are cut off a
//! whole number of limbs. So the rows prove that there are L in 0..2^c, H in 0..2^t (and σ in 0..=1)
//! with
//!
//! `2^(c−s)·(v + h) + 2^(c+t−1) = L + 2^c·H`, `out = H − 2^(t−1)`, or
//! `2^(c−s)·(v + h) + 2^(c+t) = L + 2^c·(H + 2^t·σ)`, `out = σ·H`.
//!
//! # Assumptions
//!
//! v is an integer with −2^(t−1) ≤ y < 2^(t−1), or −2^t ≤ y < 2^t. `Graph`'s bounds say so, and the
//! layout has chosen `high` by them.
//!
//! # Soundness
//!
//! All terms are integers below 2^(c+t+2) ≤ 2^122, so the equations hold over the integers. Dividing
//! by 2^c and rounding down: ⌊2^(c−s)·(v + h) / 2^c⌋ = ⌊(v + h) / 2^s⌋ = y, and 0 ≤ L < 2^c, so
//! `y + 2^(t−1) = H`, or `y + 2^t = H + 2^t·σ`. There σ is 1 exactly if y ≥ 0, and then H = y.
//!
//! # Completeness
//!
//! By the assumption, y + 2^(t−1) is in 0..2^t, or y + 2^t in 0..2^(t+1).

use super::super::{
	builder::Builder,
	config::{power_of_two, Config},
	error::TraceError,
	row::{LimbUse, Open},
	trace::Cell,
};
use halo2_proofs::{
	halo2curves::bn256::Fr,
	plonk::{ConstraintSystem, Expression},
	poly::Rotation,
};

/// The gates.
pub fn gates(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let Some(limbs) = config.columns.limbs else {
		return;
	};
	let has = |limb_use| config.columns.gates.has(limb_use);
	let none = Expression::Constant(Fr::zero());
	if has(LimbUse::Plain) {
		meta.create_gate("plain", |meta| {
			let flag = config.is_used(meta, &[LimbUse::Plain]);
			let flag = flag.unwrap_or(none.clone());
			let s = meta.query_advice(config.accumulator, Rotation::cur());
			let high = config.digits(meta, limbs.low, limbs.bits.into());
			let half = power_of_two(u64::from(limbs.high_bits()).saturating_sub(1));
			[(
				"s = H − 2^(t−1)",
				flag * (s - high + Expression::Constant(half)),
			)]
		});
	}
	if has(LimbUse::Relu) {
		meta.create_gate("relu", |meta| {
			// There is a place for the sign wherever there is a ReLU.
			let flag = config.is_used(meta, &[LimbUse::Relu]);
			let flag = flag.unwrap_or(none.clone());
			let sign = config.sign(meta).unwrap_or(none.clone());
			let s = meta.query_advice(config.accumulator, Rotation::cur());
			let high = config.digits(meta, limbs.low, limbs.bits.into());
			let one = Expression::Constant(Fr::one());
			[
				(
					"σ is 0 or 1",
					flag.clone() * sign.clone() * (one - sign.clone()),
				),
				("s = σ·H", flag * (s - sign * high)),
			]
		});
	}
}

impl Builder<'_> {
	/// Ends `open` with its rescaled sum; returns the home of that.
	pub fn rescale(&mut self, mut open: Open, shift: u8, relu: bool) -> Result<Cell, TraceError> {
		self.row_bits()?;
		let limbs = self.limbs()?;
		let cut = limbs.cut_bits(shift);
		open.add((1i128 << shift) >> 1);
		open.scale(cut - u32::from(shift));
		let (offset, limb_use) = if relu {
			(limbs.high_bits(), LimbUse::Relu)
		} else {
			(limbs.high_bits().saturating_sub(1), LimbUse::Plain)
		};
		open.add(1 << (cut + offset));
		let mut open = self.cut(open, limbs.steps(shift))?;
		self.set_limbs(&mut open, limb_use)?;
		let high = (open.value & ((1 << limbs.row_bits()) - 1)) >> limbs.low_bits();
		open.row.accumulator = if relu {
			open.row.sign = (open.value >> limbs.row_bits()) & 1;
			open.row.sign * high
		} else {
			high - (1 << offset)
		};
		let row = self.emit(open)?;
		Ok(Cell::Accumulator { row })
	}
}
