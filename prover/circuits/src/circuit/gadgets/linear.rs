//! Sums: the gate that every row is in.
//!
//! # Constraint
//!
//! On every row i, with a_j the lanes, r the row's limbs ([`range`](super::range) says in which
//! cells), b their bits and R their number:
//!
//! `current·s[i] + previous·s[i−1] + Σ_j w_j·a_j + product·Σ_j a_(2j)·a_(2j+1) + constant
//!  − (step + plain + relu + sign)·D − relu·2^(bR)·σ − sign·2^(bR)·s[i] − spread·E = 0`,
//!
//! in batches with ` + take·t[i] − shift·ρ·t[i−1]` on the left ([`combine`](super::combine)).
//! `D = Σ_j 2^(bj)·r_j`, `E = Σ_j 2^((b+1)j)·r_j`. Rows whose coefficients are all zero constrain
//! nothing. Terms whose selector the model does not need are left out.
//!
//! # Sums
//!
//! `y = c + Σ w_j·x_j` takes ⌈n / lanes⌉ rows: `s[i] = s[i−1] + Σ w_j·a_j`, the first with c for
//! s\[i−1\]. A sum of products of two operands is the same with `product` 1 and pairs of lanes.
//! Either the accumulator of the last row is y's home, or y is not in a cell of its own and the last
//! row's gate puts it to use at once (a rescaling, a sign).
//!
//! Lanes that hold no operand have weight 0. Where `product` is not 0 that is not enough: **each
//! unused lane is a copy of a zero**, the accumulator of row 0.
//!
//! # Assumptions
//!
//! None: the field equation holds for every assignment of the operands. So a home's value is
//! determined by its operands' values.

use super::super::{
	builder::Builder,
	config::{power_of_two, Config},
	error::TraceError,
	row::{LimbUse, Open, Operand},
	trace::Cell,
};
use super::combine;
use halo2_proofs::{halo2curves::bn256::Fr, plonk::ConstraintSystem, poly::Rotation};

/// The gate.
pub fn gate(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let (selectors, limbs) = (&config.selectors, config.columns.limbs);
	meta.create_gate("linear", |meta| {
		let s = meta.query_advice(config.accumulator, Rotation::cur());
		let s_previous = meta.query_advice(config.accumulator, Rotation::prev());
		let current = config.current(meta);
		let previous = meta.query_fixed(config.previous, Rotation::cur());
		let constant = meta.query_fixed(config.constant, Rotation::cur());
		let mut sum = current * s.clone() + previous * s_previous + constant;
		for (lane, weight) in config.lanes.iter().zip(&config.weights) {
			let weight = meta.query_fixed(*weight, Rotation::cur());
			sum = sum + weight * meta.query_advice(*lane, Rotation::cur());
		}
		if let Some(product) = selectors.product {
			let pairs = config.lanes.chunks_exact(2).filter_map(|pair| match pair {
				[a, b] => Some(
					meta.query_advice(*a, Rotation::cur()) * meta.query_advice(*b, Rotation::cur()),
				),
				_ => None,
			});
			if let Some(pairs) = pairs.reduce(|sum, pair| sum + pair) {
				sum = sum + meta.query_fixed(product, Rotation::cur()) * pairs;
			}
		}
		if let Some(limbs) = limbs {
			let digits = config.digits(meta, 0, limbs.bits.into());
			let uses = [LimbUse::Step, LimbUse::Plain, LimbUse::Relu, LimbUse::Sign];
			if let Some(uses) = config.is_used(meta, &uses) {
				sum = sum - uses * digits;
			}
			let top = power_of_two(limbs.row_bits().into());
			if let Some(relu) = config.is_used(meta, &[LimbUse::Relu]) {
				if let Some(sign) = config.sign(meta) {
					sum = sum - relu * sign * top;
				}
			}
			if let Some(sign) = config.is_used(meta, &[LimbUse::Sign]) {
				sum = sum - sign * s * top;
			}
			if let Some(spread) = config.is_used(meta, &[LimbUse::Spread]) {
				let digits = config.digits(meta, 0, u32::from(limbs.bits) + 1);
				sum = sum - spread * digits;
			}
		}
		if let Some(combination) = &config.combination {
			sum = sum + combine::deferred(meta, combination);
		}
		[("the sum is 0", sum)]
	});
}

impl Builder<'_> {
	/// Rows that add up `operands` and `constant`, the last one open, with at least `room` lanes of
	/// it free, which come first.
	pub fn sum(
		&mut self,
		operands: &[Operand],
		constant: i128,
		room: usize,
	) -> Result<Open, TraceError> {
		self.begin(0);
		let lanes = self.lanes().max(1);
		let last = lanes.saturating_sub(room);
		let (before, rest) = operands.split_at(operands.len().saturating_sub(last));
		let mut open = Open::default();
		open.add(constant);
		for chunk in before.chunks(lanes) {
			for operand in chunk {
				open.push(*operand);
			}
			open = self.carry(open)?;
		}
		open.keep_free(room);
		for operand in rest {
			open.push(*operand);
		}
		Ok(open)
	}

	/// Rows that add up the products of `pairs`, the last one open.
	pub fn sum_of_products(&mut self, pairs: &[(Operand, Operand)]) -> Result<Open, TraceError> {
		self.begin(0);
		let each = (self.lanes() / 2).max(1);
		let mut open = Open::default();
		let mut chunks = pairs.chunks(each).peekable();
		while let Some(chunk) = chunks.next() {
			self.push_products(&mut open, 1, chunk);
			if chunks.peek().is_some() {
				open = self.carry(open)?;
			}
		}
		Ok(open)
	}

	/// Adds products to a row whose lanes are free; fills all lanes.
	pub fn push_products(&self, open: &mut Open, factor: i128, pairs: &[(Operand, Operand)]) {
		open.row.product = factor;
		for (left, right) in pairs {
			open.push(*left);
			open.push(*right);
			open.value += factor * left.value * right.value;
		}
		self.fill_with_zeros(open);
	}

	/// Makes each lane that is not used a copy of zero.
	pub fn fill_with_zeros(&self, open: &mut Open) {
		while open.row.values.len() < self.lanes() {
			open.push(Operand::zero());
		}
	}

	/// Ends a row with its sum in the accumulator; returns a row that starts with it.
	fn carry(&mut self, open: Open) -> Result<Open, TraceError> {
		let value = open.value;
		self.keep(open)?;
		Ok(Open::previous(value))
	}

	/// Ends a row with its sum in the accumulator; returns that.
	pub fn keep(&mut self, mut open: Open) -> Result<Cell, TraceError> {
		open.row.current = -1;
		open.row.accumulator = open.value;
		let row = self.emit(open)?;
		Ok(Cell::Accumulator { row })
	}
}
