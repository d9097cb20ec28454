//! Circuits far larger than our models', to measure keys up to the limits.

use super::Case;
use halo2_proofs::{
	circuit::{Layouter, SimpleFloorPlanner, Value},
	plonk::{
		create_proof, keygen_pk, keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error,
		Instance, Selector, VirtualCells,
	},
	poly::{
		kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
		Rotation,
	},
};
use halo2curves::bn256::{Bn256, Fr};
use inference_primitives::ProofSystem;
use inference_verifier::{
	halo2::{development_params, from_halo2, plan_from_vk, transcript_writer},
	Setup,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

/// Sizes of a circuit.
#[derive(Clone, Copy, Default)]
pub struct Sizes {
	/// Advice columns, each read at two rows and part of the permutation.
	pub columns: usize,
	/// Terms of the constraint of each column but the first; eleven instructions each.
	pub terms: u64,
	/// Public inputs.
	pub public_inputs: u64,
	/// Binary logarithm of the number of rows.
	pub k: u32,
}

/// Every column repeats the public inputs.
#[derive(Clone)]
struct Wide {
	sizes: Sizes,
	values: Vec<Fr>,
}

impl Circuit<Fr> for Wide {
	type Config = (Vec<Column<Advice>>, Column<Instance>, Selector);
	type FloorPlanner = SimpleFloorPlanner;
	type Params = Sizes;

	fn params(&self) -> Sizes {
		self.sizes
	}

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure_with_params(meta: &mut ConstraintSystem<Fr>, sizes: Sizes) -> Self::Config {
		let columns: Vec<_> = (0..sizes.columns).map(|_| meta.advice_column()).collect();
		let (instance, q) = (meta.instance_column(), meta.selector());
		for column in &columns {
			meta.enable_equality(*column);
		}
		meta.enable_equality(instance);
		meta.create_gate("copies", |meta| {
			let q = meta.query_selector(q);
			let first = meta.query_advice(columns[0], Rotation::cur());
			let next = meta.query_advice(columns[0], Rotation::next());
			let constraint = |column: &Column<Advice>, meta: &mut VirtualCells<'_, Fr>| {
				let here = meta.query_advice(*column, Rotation::cur());
				let there = meta.query_advice(*column, Rotation::next());
				let difference = here - first.clone();
				// Zero where the column repeats the first one.
				let sum = (0..sizes.terms).fold(difference.clone(), |sum, i| {
					sum + (there.clone() - next.clone()) * Fr::from(i) * difference.clone()
				});
				q.clone() * sum
			};
			let copies = columns[1..].iter();
			copies
				.map(|column| constraint(column, meta))
				.collect::<Vec<_>>()
		});
		(columns, instance, q)
	}

	fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
		unreachable!("configured with sizes")
	}

	fn synthesize(
		&self,
		(columns, instance, q): Self::Config,
		mut layouter: impl Layouter<Fr>,
	) -> Result<(), Error> {
		let cells = layouter.assign_region(
			|| "values",
			|mut region| {
				let mut cells = Vec::new();
				for (row, value) in self.values.iter().enumerate() {
					if row + 1 < self.values.len() {
						q.enable(&mut region, row)?;
					}
					for (index, column) in columns.iter().enumerate() {
						let value = Value::known(*value);
						let cell = region.assign_advice(*column, row, value).cell();
						if index == 0 {
							cells.push(cell);
						}
					}
				}
				Ok(cells)
			},
		)?;
		for (row, cell) in cells.into_iter().enumerate() {
			layouter.constrain_instance(cell, instance, row);
		}
		Ok(())
	}
}

/// A key of these sizes and a proof under it.
pub fn wide(name: &str, sizes: Sizes) -> Case {
	let values: Vec<Fr> = (1..=sizes.public_inputs).map(Fr::from).collect();
	let circuit = Wide {
		sizes,
		values: values.clone(),
	};
	let parameters = development_params(sizes.k);
	let vk = keygen_vk(&parameters, &circuit).expect("has a key");
	let inputs = u32::try_from(values.len()).expect("few");
	let plan = plan_from_vk(&vk, &[inputs], None).expect("within the limits");
	let pk = keygen_pk(&parameters, vk, &circuit).expect("has a key");
	let mut transcript = transcript_writer(&plan);
	create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
		&parameters,
		&pk,
		&[circuit],
		&[&[&values]],
		ChaCha20Rng::seed_from_u64(1),
		&mut transcript,
	)
	.expect("the witness satisfies the circuit");
	Case {
		name: name.into(),
		system: ProofSystem::Halo2,
		setup: Setup::insecure_development(),
		key: plan.to_bytes(),
		plan,
		public_inputs: values.into_iter().map(from_halo2).collect(),
		proof: transcript.finalize(),
	}
}
