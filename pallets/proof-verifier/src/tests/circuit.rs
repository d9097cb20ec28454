//! A small circuit with the public inputs of a statement: hash, inputs x, outputs y, where each
//! y = 3·x. The hash is bound by the transcript alone, as in the real circuits.

use halo2_proofs::{
	circuit::{Layouter, SimpleFloorPlanner, Value},
	plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector},
	poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::Field};

/// Binary logarithm of the circuit's rows.
pub const K: u32 = 5;
/// The "weight" of the model.
const FACTOR: u64 = 3;

/// Columns and selector.
#[derive(Clone)]
pub struct Columns {
	x: Column<Advice>,
	y: Column<Advice>,
	weight: Column<Fixed>,
	public: Column<Instance>,
	multiply: Selector,
}

/// The model y = 3·x, element by element.
#[derive(Clone)]
pub struct Triple {
	/// The input; zeros for key generation.
	pub input: Vec<Fr>,
}

impl Circuit<Fr> for Triple {
	type Config = Columns;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		Self {
			input: vec![Fr::ZERO; self.input.len()],
		}
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Columns {
		let columns = Columns {
			x: meta.advice_column(),
			y: meta.advice_column(),
			weight: meta.fixed_column(),
			public: meta.instance_column(),
			multiply: meta.selector(),
		};
		meta.enable_equality(columns.x);
		meta.enable_equality(columns.y);
		meta.enable_equality(columns.public);
		// multiply · (x · weight − y) = 0
		meta.create_gate("multiply", |meta| {
			let x = meta.query_advice(columns.x, Rotation::cur());
			let y = meta.query_advice(columns.y, Rotation::cur());
			let weight = meta.query_fixed(columns.weight, Rotation::cur());
			let multiply = meta.query_selector(columns.multiply);
			vec![multiply * (x * weight - y)]
		});
		columns
	}

	fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
		let cells = layouter.assign_region(
			|| "products",
			|mut region| {
				let factor = Fr::from(FACTOR);
				let mut cells = Vec::new();
				for (row, value) in self.input.iter().enumerate() {
					columns.multiply.enable(&mut region, row)?;
					region.assign_fixed(columns.weight, row, factor);
					let x = region.assign_advice(columns.x, row, Value::known(*value));
					let y = region.assign_advice(columns.y, row, Value::known(*value * factor));
					cells.push((x.cell(), y.cell()));
				}
				Ok(cells)
			},
		)?;
		for (row, (x, y)) in cells.iter().enumerate() {
			layouter.constrain_instance(*x, columns.public, 1 + row);
			layouter.constrain_instance(*y, columns.public, 1 + cells.len() + row);
		}
		Ok(())
	}
}
