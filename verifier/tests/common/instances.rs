//! A circuit with several instance columns.

use super::Fixture;
use halo2_proofs::{
	circuit::{Layouter, SimpleFloorPlanner, Value},
	plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector},
	poly::Rotation,
};
use halo2curves::bn256::Fr;

/// Two instance columns. The first is copied from an advice column; the second is read by gates, two
/// rows on and the row before.
#[derive(Clone)]
pub struct TwoColumns {
	pub first: Vec<Fr>,
	pub second: Vec<Fr>,
}

#[derive(Clone)]
pub struct TwoColumnsConfig {
	a: Column<Advice>,
	b: Column<Advice>,
	c: Column<Advice>,
	first: Column<Instance>,
	later: Selector,
	before: Selector,
}

impl Circuit<Fr> for TwoColumns {
	type Config = TwoColumnsConfig;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> TwoColumnsConfig {
		let [a, b, c] = [(); 3].map(|()| meta.advice_column());
		let (first, second) = (meta.instance_column(), meta.instance_column());
		let (later, before) = (meta.selector(), meta.selector());
		meta.enable_equality(a);
		meta.enable_equality(first);
		meta.create_gate("second column", |meta| {
			let [b, c] = [b, c].map(|column| meta.query_advice(column, Rotation::cur()));
			let [later, before] = [later, before].map(|q| meta.query_selector(q));
			let ahead = meta.query_instance(second, Rotation(2));
			let back = meta.query_instance(second, Rotation::prev());
			vec![later * (b - ahead), before * (c - back)]
		});
		TwoColumnsConfig {
			a,
			b,
			c,
			first,
			later,
			before,
		}
	}

	fn synthesize(&self, c: TwoColumnsConfig, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		let cells = l.assign_region(
			|| "values",
			|mut region| {
				let mut cells = Vec::new();
				for (row, value) in self.first.iter().enumerate() {
					cells.push(region.assign_advice(c.a, row, Value::known(*value)).cell());
				}
				for (row, value) in self.second.iter().enumerate() {
					if let Some(earlier) = row.checked_sub(2) {
						c.later.enable(&mut region, earlier)?;
						region.assign_advice(c.b, earlier, Value::known(*value));
					}
					c.before.enable(&mut region, row + 1)?;
					region.assign_advice(c.c, row + 1, Value::known(*value));
				}
				Ok(cells)
			},
		)?;
		for (row, cell) in cells.into_iter().enumerate() {
			l.constrain_instance(cell, c.first, row);
		}
		Ok(())
	}
}

/// Three values in the first column, five in the second.
pub fn two_columns() -> Fixture {
	let first: Vec<_> = [7, 8, 9].map(Fr::from).to_vec();
	let second: Vec<_> = [1, 2, 3, 4, 5].map(Fr::from).to_vec();
	let circuit = TwoColumns {
		first: first.clone(),
		second: second.clone(),
	};
	Fixture::with_instances("two columns", 5, circuit, &[first, second], None)
}
