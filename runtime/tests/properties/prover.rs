//! Two models with real keys: y = w·x, element by element. Their proofs take a few milliseconds, and the
//! chain verifies them as it verifies every other.

use halo2_proofs::{
	halo2curves::{bn256::Fr, ff::PrimeField},
	plonk::ConstraintSystem,
	poly::Rotation,
};
use inference_plonk::{
	prove, Blinding, Cell, Circuit, Column, CommitmentKey, Progress, ProvingKey,
};
use inference_primitives::{
	binding, Hash, ProofSystem, Statement, StatementHeader, TensorSpec, Visibility, VkHash,
};
use inference_verifier::{
	halo2::{from_halo2, parts_from_constraint_system, to_halo2},
	public_inputs, vk_hash, Setup,
};
use std::sync::LazyLock;

/// Values of an input, and of an output.
pub const VALUES: usize = 2;
/// What the models are known by as circuits.
pub const CIRCUIT: Hash = [7; 32];
/// Greatest absolute value of an input, and of an output.
pub const MOST: [i64; 2] = [1_000, 10_000];
/// Binary logarithm of the circuit's rows.
const K: u8 = 5;
/// The models' weights.
const WEIGHTS: [i64; 2] = [3, -5];

static COMMITMENTS: LazyLock<CommitmentKey> =
	LazyLock::new(|| CommitmentKey::insecure_development(K, Progress::NONE).expect("a small key"));

/// The models.
pub static CIRCUITS: LazyLock<Vec<Model>> = LazyLock::new(|| WEIGHTS.map(Model::new).into());

/// A tensor of [`VALUES`] values up to this absolute value.
fn spec(most: i64) -> TensorSpec {
	TensorSpec {
		shape: vec![VALUES as u32],
		scale_bits: 0,
		min: -most,
		max: most,
		visibility: Visibility::Public,
	}
}

/// The models' input tensor.
pub fn input_spec() -> TensorSpec {
	spec(MOST[0])
}

/// The models' output tensor.
pub fn output_spec() -> TensorSpec {
	spec(MOST[1])
}

/// Who can prove y = w·x.
pub struct Model {
	weight: i64,
	key: ProvingKey,
	/// The encoded key, as creators register it.
	pub plan: Vec<u8>,
	/// Its hash under the development setup.
	pub vk_hash: VkHash,
}

impl Model {
	fn new(weight: i64) -> Self {
		let mut meta = ConstraintSystem::default();
		let (x, y) = (meta.advice_column(), meta.advice_column());
		let (weights, used) = (meta.fixed_column(), meta.fixed_column());
		let public = meta.instance_column();
		meta.enable_equality(x);
		meta.enable_equality(y);
		meta.enable_equality(public);
		meta.create_gate("multiply", |meta| {
			let x = meta.query_advice(x, Rotation::cur());
			let y = meta.query_advice(y, Rotation::cur());
			let weight = meta.query_fixed(weights, Rotation::cur());
			let used = meta.query_fixed(used, Rotation::cur());
			vec![used * (weight * x - y)]
		});
		let rows = 1 + 2 * VALUES as u32;
		let mut parts =
			parts_from_constraint_system(&meta, K, &[rows], None).expect("a small circuit");
		let bound = binding(&input_spec(), &output_spec(), &CIRCUIT);
		let bound: Option<Fr> = Fr::from_repr(bound).into();
		parts.transcript_repr = from_halo2(bound.expect("a binding is a field element"));
		// The permutation's columns: x, y, public.
		let cell = |column, row| Cell { column, row };
		let copies = (0..VALUES)
			.flat_map(|row| {
				[
					(cell(0, row), cell(2, 1 + row)),
					(cell(1, row), cell(2, 1 + VALUES + row)),
				]
			})
			.collect();
		let circuit = Circuit {
			parts,
			fixed: vec![
				Column::Integers(vec![weight; VALUES]),
				Column::Integers(vec![1; VALUES]),
			],
			copies,
		};
		let key = ProvingKey::new(&COMMITMENTS, circuit).expect("a small circuit");
		let plan = key.plan().to_bytes();
		let setup = Setup::insecure_development().id();
		Self {
			weight,
			key,
			vk_hash: vk_hash(ProofSystem::Halo2, &setup, &plan),
			plan,
		}
	}

	/// The right output.
	pub fn execute(&self, input: &[i64]) -> Vec<i64> {
		input.iter().map(|value| value * self.weight).collect()
	}

	/// A proof that this is the input's output for the workload of this statement.
	pub fn prove(&self, header: StatementHeader, input: &[i64]) -> Vec<u8> {
		let output = self.execute(input);
		let instance = Self::instance(header, input, &output);
		let columns = [input.to_vec(), output].map(Column::Integers);
		let witness = |_: u8, _: &[Fr]| Ok(columns.to_vec());
		prove(
			&self.key,
			&COMMITMENTS,
			&[instance],
			witness,
			Blinding::None,
		)
		.expect("the witness satisfies the circuit")
	}

	/// The public inputs, as `verify_proof` takes them.
	pub fn public_inputs(header: StatementHeader, input: &[i64], output: &[i64]) -> Vec<[u8; 32]> {
		Self::instance(header, input, output)
			.iter()
			.map(PrimeField::to_repr)
			.collect()
	}

	fn instance(header: StatementHeader, input: &[i64], output: &[i64]) -> Vec<Fr> {
		let statement = Statement::new(header, input, output);
		public_inputs(&statement, input, output)
			.into_iter()
			.map(to_halo2)
			.collect()
	}
}
