//! Columns and gates.

use crate::layout::Columns;
use halo2_proofs::{
	halo2curves::bn256::Fr,
	plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance},
	poly::Rotation,
};

/// Columns of the range check.
#[derive(Clone, Debug)]
pub struct RangeConfig {
	/// 1 where lane 0 is a limb.
	pub range: Column<Fixed>,
	/// `0..2^limb_bits`, then zeros.
	pub table: Column<Fixed>,
	/// 1 where lanes 1 and 2 are sign and result of a ReLU; only if there is one.
	pub sign: Option<Column<Fixed>>,
}

/// The circuit's columns.
#[derive(Clone, Debug)]
pub struct Config {
	/// Operands a_j.
	pub lanes: Vec<Column<Advice>>,
	/// The accumulator s.
	pub accumulator: Column<Advice>,
	/// Weights w_j.
	pub weights: Vec<Column<Fixed>>,
	/// Coefficient of the accumulator.
	pub current: Column<Fixed>,
	/// Coefficient of the accumulator of the row before.
	pub previous: Column<Fixed>,
	/// Constant summand.
	pub constant: Column<Fixed>,
	/// Range check, if the model has one.
	pub range: Option<RangeConfig>,
	/// Public inputs.
	pub instance: Column<Instance>,
}

impl Config {
	/// Makes the columns and gates.
	pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Self {
		let config = Self {
			lanes: (0..columns.lanes).map(|_| meta.advice_column()).collect(),
			accumulator: meta.advice_column(),
			weights: (0..columns.lanes).map(|_| meta.fixed_column()).collect(),
			current: meta.fixed_column(),
			previous: meta.fixed_column(),
			constant: meta.fixed_column(),
			range: columns.limb_bits.map(|_| RangeConfig {
				range: meta.fixed_column(),
				table: meta.fixed_column(),
				sign: columns.relu.then(|| meta.fixed_column()),
			}),
			instance: meta.instance_column(),
		};
		for lane in &config.lanes {
			meta.enable_equality(*lane);
		}
		meta.enable_equality(config.instance);
		config.linear_gate(meta);
		if let Some(range) = &config.range {
			config.range_lookup(meta, range);
			if let Some(sign) = range.sign {
				config.sign_gate(meta, sign);
			}
		}
		// halo2 caps the degree by the environment variable MAX_DEGREE; a minimum overrides that,
		// so that the key depends on the model alone.
		meta.set_minimum_degree(if config.range.is_some() { 5 } else { 3 });
		config
	}

	/// Fixed columns, in the order of [`Trace::fixed`](super::trace::Trace::fixed).
	pub fn fixed_columns(&self) -> Vec<Column<Fixed>> {
		let range = self
			.range
			.iter()
			.flat_map(|r| [r.range, r.table].into_iter().chain(r.sign));
		self.weights
			.iter()
			.copied()
			.chain([self.current, self.previous, self.constant])
			.chain(range)
			.collect()
	}

	/// Advice columns, in the order of [`Trace::advice`](super::trace::Trace::advice).
	pub fn advice_columns(&self) -> Vec<Column<Advice>> {
		self.lanes
			.iter()
			.copied()
			.chain([self.accumulator])
			.collect()
	}

	/// `current·s + previous·s[−1] + Σ w_j·a_j + constant = 0`.
	fn linear_gate(&self, meta: &mut ConstraintSystem<Fr>) {
		meta.create_gate("linear", |meta| {
			let s = meta.query_advice(self.accumulator, Rotation::cur());
			let s_previous = meta.query_advice(self.accumulator, Rotation::prev());
			let current = meta.query_fixed(self.current, Rotation::cur());
			let previous = meta.query_fixed(self.previous, Rotation::cur());
			let constant = meta.query_fixed(self.constant, Rotation::cur());
			let sum = self.lanes.iter().zip(&self.weights).fold(
				current * s + previous * s_previous + constant,
				|sum, (lane, weight)| {
					let weight = meta.query_fixed(*weight, Rotation::cur());
					sum + weight * meta.query_advice(*lane, Rotation::cur())
				},
			);
			[("current·s + previous·s[−1] + Σ w·a + constant = 0", sum)]
		});
	}

	/// `range·a_0` is in the table. Where `range` is 0, that is 0, which is in the table.
	fn range_lookup(&self, meta: &mut ConstraintSystem<Fr>, range: &RangeConfig) {
		let Some(limb) = self.lanes.first() else {
			return;
		};
		meta.lookup_any("limb", |meta| {
			let flag = meta.query_fixed(range.range, Rotation::cur());
			let limb = meta.query_advice(*limb, Rotation::cur());
			vec![(flag * limb, meta.query_fixed(range.table, Rotation::cur()))]
		});
	}

	/// `sign·σ·(1 − σ) = 0` and `sign·(σ·s − out) = 0`, with σ = a_1 and out = a_2.
	fn sign_gate(&self, meta: &mut ConstraintSystem<Fr>, sign: Column<Fixed>) {
		let [_, sigma, out, ..] = self.lanes.as_slice() else {
			return;
		};
		meta.create_gate("sign", |meta| {
			let flag = meta.query_fixed(sign, Rotation::cur());
			let sigma = meta.query_advice(*sigma, Rotation::cur());
			let out = meta.query_advice(*out, Rotation::cur());
			let s = meta.query_advice(self.accumulator, Rotation::cur());
			let one = Expression::Constant(Fr::one());
			[
				(
					"σ is 0 or 1",
					flag.clone() * sigma.clone() * (one - sigma.clone()),
				),
				("out = σ·s", flag * (sigma * s - out)),
			]
		});
	}
}
