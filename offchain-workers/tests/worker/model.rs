//! A model of two values that doubles them, its keys, and real proofs of it.

use halo2_proofs::{
	circuit::{Layouter, SimpleFloorPlanner, Value},
	plonk::{
		create_proof, keygen_pk, keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error,
		Expression, Instance, ProvingKey, Selector,
	},
	poly::{
		kzg::{
			commitment::{KZGCommitmentScheme, ParamsKZG},
			multiopen::ProverSHPLONK,
		},
		Rotation,
	},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use inference_primitives::{ProofSystem, Statement, VkHash};
use inference_prover_api::JobRequest;
use inference_verifier::{
	halo2::{development_params, plan_from_vk, to_halo2, transcript_writer},
	public_inputs, vk_hash, Plan, Setup,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use std::sync::OnceLock;

/// Values of the input, and of the output.
const VALUES: usize = 2;

/// Rows: the statement, the input, the output; each equals the instance column's row.
#[derive(Clone)]
struct Doubling(Vec<Fr>);

impl Circuit<Fr> for Doubling {
	type Config = (Column<Advice>, Column<Instance>, Selector, Selector);
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
		let (advice, instance) = (meta.advice_column(), meta.instance_column());
		let (public, double) = (meta.selector(), meta.selector());
		meta.create_gate("public", |meta| {
			let q = meta.query_selector(public);
			let value = meta.query_advice(advice, Rotation::cur());
			vec![q * (value - meta.query_instance(instance, Rotation::cur()))]
		});
		meta.create_gate("output = 2 · input", |meta| {
			let q = meta.query_selector(double);
			let input = meta.query_advice(advice, Rotation::cur());
			let output = meta.query_advice(advice, Rotation(VALUES as i32));
			vec![q * (output - Expression::Constant(Fr::from(2)) * input)]
		});
		(advice, instance, public, double)
	}

	fn synthesize(
		&self,
		(advice, _, public, double): Self::Config,
		mut layouter: impl Layouter<Fr>,
	) -> Result<(), Error> {
		layouter.assign_region(
			|| "values",
			|mut region| {
				for (row, value) in self.0.iter().enumerate() {
					public.enable(&mut region, row)?;
					region.assign_advice(advice, row, Value::known(*value));
				}
				(1..=VALUES).try_for_each(|row| double.enable(&mut region, row))
			},
		)
	}
}

/// The model with its keys.
pub struct Model {
	params: ParamsKZG<Bn256>,
	key: ProvingKey<G1Affine>,
	pub plan: Plan,
	pub setup: Setup,
	pub vk_hash: VkHash,
}

/// The model; made once.
pub fn model() -> &'static Model {
	static MODEL: OnceLock<Model> = OnceLock::new();
	MODEL.get_or_init(|| {
		let circuit = Doubling(vec![Fr::zero(); 1 + 2 * VALUES]);
		let params = development_params(4);
		let vk = keygen_vk(&params, &circuit).unwrap();
		let key = keygen_pk(&params, vk.clone(), &circuit).unwrap();
		let plan = plan_from_vk(&vk, &[1 + 2 * VALUES as u32], None).unwrap();
		let setup = Setup::insecure_development();
		let vk_hash = vk_hash(ProofSystem::Halo2, &setup.id(), &plan.to_bytes());
		Model {
			params,
			key,
			plan,
			setup,
			vk_hash,
		}
	})
}

impl Model {
	/// What the model computes.
	pub fn execute(input: &[i64]) -> Vec<i64> {
		input.iter().map(|value| 2 * value).collect()
	}

	/// A proof of a job.
	pub fn prove(&self, job: &JobRequest) -> Vec<u8> {
		let output = Self::execute(&job.input);
		let statement = Statement::new(job.statement.clone(), &job.input, &output);
		let instance: Vec<Fr> = public_inputs(&statement, &job.input, &output)
			.into_iter()
			.map(to_halo2)
			.collect();
		let mut transcript = transcript_writer(&self.plan);
		create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
			&self.params,
			&self.key,
			&[Doubling(instance.clone())],
			&[&[&instance]],
			ChaCha20Rng::seed_from_u64(7),
			&mut transcript,
		)
		.unwrap();
		transcript.finalize()
	}
}
