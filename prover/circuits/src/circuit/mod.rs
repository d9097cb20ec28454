//! The halo2 circuit.
//!
//! **Columns.** One instance column: the statement, the input's values, the output's values. Advice:
//! `lanes` lanes a_0, a_1, …, the accumulator s, columns of limbs r_0, r_1, … of the range checks, a
//! column of signs σ of ReLUs, unless those are beside the limbs. Fixed: a weight w_j per lane, the coefficients `current` and `previous` of the
//! accumulator, a `constant`; then selectors and tables of the gates that the model needs. All
//! coefficients, and so the model's weights, are in fixed columns: the verifying key binds the
//! model. Lanes, accumulator and instance take part in copy constraints.
//!
//! **Gates** are in [`gadgets`], each with its formula, the rows that use it, and why they are
//! sound; docs/CIRCUITS.md has them together. Rows whose coefficients are all zero constrain
//! nothing.
//!
//! [`trace`] lays models out in these rows; [`row`] is one of them. What is missing there is an [`error`], never left out.

mod builder;
pub mod config;
pub mod error;
pub mod forest;
pub mod gadgets;
pub mod row;
pub mod trace;

use crate::layout::{Columns, Layout};
use config::Config;
use halo2_proofs::{
	circuit::{Cell as Halo2Cell, Layouter, SimpleFloorPlanner, Value},
	halo2curves::bn256::Fr,
	plonk::{Circuit, ConstraintSystem, Error},
};
use trace::{Cell, Trace};

/// A model's circuit, with or without a witness.
#[derive(Clone, Debug)]
pub struct ModelCircuit {
	columns: Columns,
	fixed: Vec<Vec<Fr>>,
	copies: Vec<(Cell, Cell)>,
	advice: Option<Vec<Vec<Fr>>>,
	/// What the second phase's columns of a batch are made of.
	batch: Option<Trace>,
}

impl ModelCircuit {
	/// The circuit of `trace`, without a witness.
	pub fn new(layout: &Layout, trace: &Trace) -> Self {
		Self {
			columns: layout.columns,
			fixed: trace.fixed(),
			copies: trace.copies().to_vec(),
			advice: None,
			batch: None,
		}
	}

	/// The same circuit with the witness `advice`: per column of the first phase, the values of the
	/// first rows.
	pub fn with_witness(self, advice: Vec<Vec<Fr>>) -> Self {
		Self {
			advice: Some(advice),
			..self
		}
	}

	/// The same circuit with a second phase that combines the values of `trace`.
	pub fn with_batch(self, trace: Trace) -> Self {
		Self {
			batch: Some(trace),
			..self
		}
	}
}

impl Circuit<Fr> for ModelCircuit {
	type Config = Config;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = Columns;

	fn without_witnesses(&self) -> Self {
		Self {
			advice: None,
			batch: None,
			..self.clone()
		}
	}

	fn params(&self) -> Columns {
		self.columns
	}

	fn configure_with_params(meta: &mut ConstraintSystem<Fr>, columns: Columns) -> Config {
		Config::configure(meta, &columns)
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
		Config::configure(meta, &Columns::default())
	}

	fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
		let challenge = config
			.combination
			.as_ref()
			.map_or(Value::unknown(), |c| layouter.get_challenge(c.challenge));
		layouter.assign_region(
			|| "model",
			|mut region| {
				for (column, values) in config.fixed_columns().into_iter().zip(&self.fixed) {
					for (row, value) in values.iter().enumerate() {
						region.assign_fixed(column, row, *value);
					}
				}
				let rows = self.fixed.first().map_or(0, Vec::len);
				for (index, column) in config.advice_columns().into_iter().enumerate() {
					let values = self.advice.as_ref().and_then(|advice| advice.get(index));
					for row in 0..rows {
						let value = values.and_then(|values| values.get(row)).copied();
						region.assign_advice(
							column,
							row,
							value.map_or(Value::unknown(), Value::known),
						);
					}
				}
				if let Some(combination) = &config.combination {
					let combined = challenge.and_then(|challenge| match &self.batch {
						Some(trace) => Value::known(trace.advice_combined(challenge)),
						None => Value::unknown(),
					});
					for (index, column) in combination.advice_columns().enumerate() {
						for row in 0..rows {
							let value = combined.as_ref().map(|columns| {
								let column = columns.get(index);
								column.and_then(|c| c.get(row)).copied().unwrap_or_default()
							});
							region.assign_advice(column, row, value);
						}
					}
				}
				for (left, right) in &self.copies {
					let (Some(left), Some(right)) = (place(&config, left), place(&config, right))
					else {
						return Err(Error::BoundsFailure);
					};
					region.constrain_equal(left, right);
				}
				Ok(())
			},
		)
	}
}

fn place(config: &Config, cell: &Cell) -> Option<Halo2Cell> {
	let (column, row_offset) = config.place(cell);
	Some(Halo2Cell {
		row_offset,
		column: column?,
	})
}
