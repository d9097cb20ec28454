//! Rows of inputs: hidden ones are checked to be in their domain, and batches combine them, several in
//! a row. Rows of tuples ([`combine`](super::combine)) combine their lanes in the same way.
//!
//! # Constraints
//!
//! p lanes of the row hold inputs. A hidden one has n bits in m = ⌈n / b⌉ limbs of b bits, and another
//! limb if t = bm − n is not 0; q limbs together:
//!
//! - input: `input·(a_l + h − Σ_(j<m) 2^(bj)·r_(ql + j)) = 0` for l below p, h = 2^(n−1) if the domain
//!   is signed, else 0;
//! - spare: `input·(r_(ql + m) − 2^t·r_(ql + m − 1)) = 0`, if t is not 0;
//! - values ([`combine`](super::combine)), which has for these rows:
//!   `pack·u[i] − next·ρ^p·u[i−1] − pack·Σ_l ρ^(p−1−l)·a_l = 0`.
//!
//! # Rows
//!
//! Hidden inputs that only forests read are not checked here: the rows of a forest prove that what it
//! reads is in one of its intervals.
//!
//! Without deferred sums (hidden inputs only), a row holds p elements of one inference; lanes that are
//! left over hold any value of the domain. With them, it holds one element of p inferences, p a divisor
//! of the batch; `next` is 1 in those but the element's first. Public inputs are copies from the
//! instance.
//!
//! # Assumptions
//!
//! A hidden input's domain is −2^(n−1) to 2^(n−1) − 1, or 0 to 2^n − 1.
//!
//! # Soundness
//!
//! Each limb is in 0..2^b by its lookup, so a + h is an integer below 2^(bm). The highest limb times 2^t
//! is an integer below 2^b too, so it is below 2^(b−t), a + h is in 0..2^n, and a in the domain. The
//! combination is that of [`combine`](super::combine), p of its steps in one row. Complete: every
//! element of the domain has such digits.

use super::{
	super::{
		builder::Builder,
		config::{integer, power_of_two, Config},
		error::TraceError,
		row::{Combining, Open, Operand},
		trace::Cell,
	},
	combine,
};
use crate::layout::Inputs;
use halo2_proofs::{
	halo2curves::bn256::Fr,
	plonk::{ConstraintSystem, Expression, VirtualCells},
	poly::Rotation,
};

/// What says which inputs a proof is about.
pub enum InputSource {
	/// They are public: these cells of the instance, one list per inference.
	Public(Vec<Vec<Cell>>),
	/// The prover, and nobody else sees them.
	Hidden,
}

/// The gate of hidden inputs.
pub fn gate(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let (Some(input), Some(inputs), Some(limbs)) = (
		config.selectors.input,
		config.columns.inputs,
		config.columns.limbs,
	) else {
		return;
	};
	let Some(domain) = inputs.domain else {
		return;
	};
	let bits = u32::from(limbs.bits);
	let (digits, each) = (domain.digits(limbs.bits), domain.limbs(limbs.bits));
	let spare_bits = domain.spare_bits(limbs.bits);
	let offset = Expression::Constant(integer(domain.offset()));
	meta.create_gate("input", |meta| {
		let flag = meta.query_fixed(input, Rotation::cur());
		let mut constraints = Vec::new();
		for (lane, l) in config.lanes.iter().take(inputs.packed.into()).zip(0u8..) {
			let from = l.saturating_mul(each);
			let value = config.digits_of(meta, from, digits, bits);
			let a = meta.query_advice(*lane, Rotation::cur());
			constraints.push((
				"a hidden input is in its domain",
				flag.clone() * (a + offset.clone() - value),
			));
			if spare_bits > 0 {
				let spare = from.saturating_add(digits);
				let highest = config.digits_of(meta, spare.saturating_sub(1), 1, bits);
				let spare = config.digits_of(meta, spare, 1, bits);
				constraints.push((
					"its highest limb is short",
					flag.clone() * (spare - highest * power_of_two(spare_bits.into())),
				));
			}
		}
		constraints
	});
}

/// What the values gate has more for these rows: the coefficients of u\[i\] and u\[i−1\], and what is
/// taken away.
pub fn combined(
	meta: &mut VirtualCells<'_, Fr>,
	config: &Config,
	challenge: &Expression<Fr>,
) -> Option<[Expression<Fr>; 3]> {
	let packed = config.columns.packed_lanes()?;
	let (pack, next) = config.combination.as_ref()?.inputs?;
	let pack = meta.query_fixed(pack, Rotation::cur());
	let next = meta.query_fixed(next, Rotation::cur());
	let (mut sum, mut power) = (None, None);
	for lane in config.lanes.iter().take(packed.into()) {
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
	/// Rows for the inputs of all inferences: returns their homes, one list per inference, and the elements'
	/// combinations if a batch's sums are deferred.
	pub fn inputs(
		&mut self,
		shape: &Inputs,
		source: &InputSource,
	) -> Result<(Vec<Vec<Cell>>, Vec<Cell>), TraceError> {
		let (inferences, length) = (self.inferences(), self.input_length());
		let packed = usize::from(shape.packed);
		// A lane that is left over is the prover's, and in the combination.
		let divides = packed > 0 && (!self.defers_batch() || inferences % packed == 0);
		let is_checked = match source {
			InputSource::Public(_) => true,
			InputSource::Hidden => self.checks_domain(shape),
		};
		if !divides || !is_checked {
			return Err(TraceError::InputRows);
		}
		let mut homes = vec![Vec::with_capacity(length); inferences];
		let mut combinations = Vec::new();
		if self.defers_batch() {
			for element in 0..length {
				let all = (0..inferences)
					.map(|inference| self.input(source, inference, element))
					.collect::<Result<Vec<_>, _>>()?;
				let mut cells = Vec::with_capacity(inferences);
				let mut last = self.rows();
				for (index, chunk) in all.chunks(packed).enumerate() {
					let before = self.rows();
					let row = self.input_row(shape, chunk)?;
					cells.extend((0..chunk.len()).map(|lane| Cell::Lane { lane, row }));
					// Rows without inputs make room for limbs.
					if index > 0 {
						for row in self.rows_mut(before..row)? {
							row.values_combined = Combining::Hold;
						}
					}
					for row in self.rows_mut(row..row + 1)? {
						row.values_combined = combine::packed(index);
					}
					last = row;
				}
				combinations.push(Cell::Values { row: last });
				for (homes, cell) in homes.iter_mut().zip(cells) {
					homes.push(cell);
				}
			}
		} else {
			for (inference, homes) in homes.iter_mut().enumerate() {
				let all = (0..length)
					.map(|element| self.input(source, inference, element))
					.collect::<Result<Vec<_>, _>>()?;
				for chunk in all.chunks(packed) {
					let row = self.input_row(shape, chunk)?;
					homes.extend((0..chunk.len()).map(|lane| Cell::Lane { lane, row }));
				}
			}
		}
		Ok((homes, combinations))
	}

	/// An input, with weight 0.
	fn input(
		&self,
		source: &InputSource,
		inference: usize,
		element: usize,
	) -> Result<Operand, TraceError> {
		let value = self.value_of(inference, 0, element)?;
		match source {
			InputSource::Hidden => Ok(Operand::witness(value)),
			InputSource::Public(cells) => {
				let home = cells.get(inference).and_then(|cells| cells.get(element));
				let home = home.ok_or(TraceError::NoCell {
					inference,
					tensor: 0,
					element,
				})?;
				Ok(Operand::copy(*home, value))
			},
		}
	}

	/// A row whose first lanes hold `inputs`; returns its number.
	fn input_row(&mut self, shape: &Inputs, inputs: &[Operand]) -> Result<usize, TraceError> {
		self.begin(0);
		let mut open = Open::default();
		if shape.domain.is_some() {
			self.make_room(&open)?;
		}
		for lane in 0..usize::from(shape.packed) {
			// The least of the domain has digits 0.
			let offset = shape.domain.map_or(0, |domain| domain.offset());
			let left_over = Operand::witness(-offset);
			let input = inputs.get(lane).copied().unwrap_or(left_over);
			if let Some(domain) = shape.domain {
				let limb_bits = self.limbs()?.bits;
				let value = input.value + offset;
				let bits = u32::from(limb_bits);
				let mask = (1i128 << bits) - 1;
				let digit = |j: u8| (value >> (u32::from(j) * bits)) & mask;
				let digits = domain.digits(limb_bits);
				open.row.limbs.extend((0..digits).map(digit));
				let spare_bits = domain.spare_bits(limb_bits);
				if spare_bits > 0 {
					open.row
						.limbs
						.push(digit(digits.saturating_sub(1)) << spare_bits);
				}
			}
			open.push(input);
		}
		open.row.input = shape.domain.is_some();
		self.emit(open)
	}
}
