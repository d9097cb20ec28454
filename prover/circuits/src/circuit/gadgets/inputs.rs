//! Rows of inputs: hidden ones are checked to be in their domain, and batches combine them, several in
//! a row.
//!
//! # Constraints
//!
//! p lanes of the row hold inputs. With m limbs of b bits for each hidden one:
//!
//! - input: `input·(a_l + h − Σ_j 2^(bj)·r_(lm + j)) = 0` for l below p, h = 2^(bm−1) if the domain is
//!   signed, else 0;
//! - values ([`combine`](super::combine)), which has for these rows:
//!   `pack·u[i] − next·ρ^p·u[i−1] − pack·Σ_l ρ^(p−1−l)·a_l = 0`.
//!
//! # Rows
//!
//! Without deferred sums (hidden inputs only), a row holds p elements of one inference; lanes that are
//! left over hold any value of the domain. With them, it holds one element of p inferences, p a divisor
//! of the batch; `next` is 1 in those but the element's first. Public inputs are copies from the
//! instance.
//!
//! # Assumptions
//!
//! A hidden input's domain is −2^(n−1) to 2^(n−1) − 1, or 0 to 2^n − 1, with n = bm.
//!
//! # Soundness
//!
//! Each limb is in 0..2^b by its lookup, so a + h is an integer in 0..2^n, and a in the domain. The
//! combination is that of [`combine`](super::combine), p of its steps in one row. Complete: every
//! element of the domain has such digits.

use super::{
	super::{
		builder::Builder,
		config::{power_of_two, Config},
		row::{Open, Operand},
		trace::Cell,
	},
	combine,
};
use crate::layout::Inputs;
use halo2_proofs::{
	halo2curves::{bn256::Fr, ff::Field},
	plonk::{ConstraintSystem, Expression, VirtualCells},
	poly::Rotation,
};

/// The gate of hidden inputs.
pub fn gate(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let (Some(input), Some(inputs), Some(limbs)) = (
		config.selectors.input,
		config.columns.inputs,
		config.columns.limbs,
	) else {
		return;
	};
	let bits = u32::from(limbs.bits);
	let half = if inputs.is_signed {
		power_of_two(u64::from(bits * u32::from(inputs.limbs)).saturating_sub(1))
	} else {
		Fr::ZERO
	};
	meta.create_gate("input", |meta| {
		let flag = meta.query_fixed(input, Rotation::cur());
		let lanes = config.lanes.iter().take(inputs.packed.into());
		let lanes = lanes.zip(0u8..).map(|(lane, l)| {
			let from = l.saturating_mul(inputs.limbs);
			let digits = config.digits_of(meta, from, inputs.limbs, bits);
			let a = meta.query_advice(*lane, Rotation::cur());
			(
				"a hidden input is in its domain",
				flag.clone() * (a + Expression::Constant(half) - digits),
			)
		});
		lanes.collect::<Vec<_>>()
	});
}

/// What the values gate has more for these rows: the coefficients of u\[i\] and u\[i−1\], and what is
/// taken away.
pub fn combined(
	meta: &mut VirtualCells<'_, Fr>,
	config: &Config,
	challenge: &Expression<Fr>,
) -> Option<[Expression<Fr>; 3]> {
	let inputs = config.columns.inputs?;
	let (pack, next) = config.combination.as_ref()?.inputs?;
	let pack = meta.query_fixed(pack, Rotation::cur());
	let next = meta.query_fixed(next, Rotation::cur());
	let (mut sum, mut power) = (None, None);
	for lane in config.lanes.iter().take(inputs.packed.into()) {
		// Horner: the first lane gets the highest power.
		let a = meta.query_advice(*lane, Rotation::cur());
		sum = Some(match sum {
			Some(sum) => sum * challenge.clone() + a,
			None => a,
		});
		power = Some(match power {
			Some(power) => power * challenge.clone(),
			None => challenge.clone(),
		});
	}
	Some([pack.clone(), next * power?, pack * sum?])
}

impl Builder<'_> {
	/// Rows for the inputs of all inferences, which are copies of `public` if they are not hidden:
	/// returns their homes, one list per inference, and the elements' combinations if sums are deferred.
	pub fn inputs(&mut self, shape: &Inputs, public: &[Vec<Cell>]) -> (Vec<Vec<Cell>>, Vec<Cell>) {
		let (inferences, length) = (self.inferences(), self.input_length());
		let packed = usize::from(shape.packed).max(1);
		let mut homes = vec![Vec::with_capacity(length); inferences];
		let mut combinations = Vec::new();
		if self.defers() {
			for element in 0..length {
				let all: Vec<Operand> = (0..inferences)
					.map(|inference| self.input(public, inference, element))
					.collect();
				let mut cells = Vec::with_capacity(inferences);
				for (index, chunk) in all.chunks(packed).enumerate() {
					let row = self.rows();
					cells.extend(self.input_row(shape, chunk));
					for row in self.rows_mut(row..row + 1) {
						row.values_combined = combine::packed(index);
					}
				}
				let row = self.rows() - 1;
				combinations.push(Cell::Values { row });
				for (homes, cell) in homes.iter_mut().zip(cells) {
					homes.push(cell);
				}
			}
		} else {
			for (inference, homes) in homes.iter_mut().enumerate() {
				let all: Vec<Operand> = (0..length)
					.map(|element| self.input(public, inference, element))
					.collect();
				for chunk in all.chunks(packed) {
					homes.extend(self.input_row(shape, chunk));
				}
			}
		}
		(homes, combinations)
	}

	/// An input, with weight 0.
	fn input(&self, public: &[Vec<Cell>], inference: usize, element: usize) -> Operand {
		let home = public.get(inference).and_then(|cells| cells.get(element));
		Operand {
			home: home.copied(),
			..Operand::witness(self.value_of(inference, 0, element))
		}
	}

	/// A row that holds `inputs`; returns where.
	fn input_row(&mut self, shape: &Inputs, inputs: &[Operand]) -> Vec<Cell> {
		let bits = self.limbs().map_or(0, |limbs| u32::from(limbs.bits));
		let each = u32::from(shape.limbs);
		let half = if shape.is_signed {
			1i128 << (bits * each).saturating_sub(1)
		} else {
			0
		};
		let mut open = Open::default();
		for lane in 0..usize::from(shape.packed) {
			// The least of the domain has digits 0.
			let left_over = Operand::witness(-half);
			let input = inputs.get(lane).copied().unwrap_or(left_over);
			let digits = input.value + half;
			let mask = (1i128 << bits) - 1;
			open.row
				.limbs
				.extend((0..each).map(|j| (digits >> (j * bits)) & mask));
			open.push(input);
		}
		open.row.input = shape.limbs > 0;
		let row = self.emit(open);
		(0..inputs.len())
			.map(|lane| Cell::Lane { lane, row })
			.collect()
	}
}
