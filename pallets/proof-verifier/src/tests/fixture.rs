//! Keys, statements and real proofs for the tests.

use super::circuit::{Triple, K};
use halo2_proofs::{
	plonk::{create_proof, keygen_pk, keygen_vk, ProvingKey},
	poly::kzg::{
		commitment::{KZGCommitmentScheme, ParamsKZG},
		multiopen::ProverSHPLONK,
	},
};
use halo2curves::{
	bn256::{Bn256, Fr, G1Affine},
	ff::PrimeField,
};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, ProofSystem, Statement, StatementHeader, VkHash,
	WorkloadId, STATEMENT_VERSION,
};
use inference_verifier::{
	halo2::{development_params, plan_from_vk, to_halo2, transcript_writer},
	public_inputs, verify, vk_hash, Plan, Setup, VerifyError,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use std::sync::LazyLock;

/// The input that the fixture's proof is about.
pub const INPUT: [i64; 2] = [5, -7];
/// The model's output for [`INPUT`].
pub const OUTPUT: [i64; 2] = [15, -21];

/// What a prover has.
struct Prover {
	params: ParamsKZG<Bn256>,
	key: ProvingKey<G1Affine>,
	plan: Plan,
}

impl Prover {
	/// A prover of the model for inputs of this length.
	fn new(len: usize) -> Self {
		let params = development_params(K);
		let circuit = Triple {
			input: vec![Fr::zero(); len],
		};
		let vk = keygen_vk(&params, &circuit).unwrap();
		let plan = plan_from_vk(&vk, &[1 + 2 * len as u32], None).unwrap();
		let key = keygen_pk(&params, vk, &circuit).unwrap();
		Self { params, key, plan }
	}

	/// Proves a statement about these tensors.
	fn prove(&self, statement: &Statement, input: &[i64], output: &[i64]) -> Vec<u8> {
		let instance: Vec<Fr> = public_inputs(statement, input, output)
			.into_iter()
			.map(to_halo2)
			.collect();
		let circuit = Triple {
			input: instance[1..=input.len()].to_vec(),
		};
		let mut transcript = transcript_writer(&self.plan);
		create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
			&self.params,
			&self.key,
			&[circuit],
			&[&[&instance]],
			ChaCha20Rng::seed_from_u64(1),
			&mut transcript,
		)
		.unwrap();
		transcript.finalize()
	}
}

static PROVER: LazyLock<Prover> = LazyLock::new(|| Prover::new(INPUT.len()));
static PROOF: LazyLock<Vec<u8>> = LazyLock::new(|| PROVER.prove(&statement(), &INPUT, &OUTPUT));
static OTHER_PLAN: LazyLock<Vec<u8>> = LazyLock::new(|| Prover::new(3).plan.to_bytes());

/// The development setup.
pub fn setup() -> Setup {
	Setup::insecure_development()
}

/// The encoded plan of the model for inputs of length 2.
pub fn plan() -> Vec<u8> {
	PROVER.plan.to_bytes()
}

/// The encoded plan of the model for inputs of length 3.
pub fn other_plan() -> Vec<u8> {
	OTHER_PLAN.clone()
}

/// The hash of [`plan`] under [`setup`].
pub fn key() -> VkHash {
	vk_hash(ProofSystem::Halo2, &setup().id(), &plan())
}

/// The hash of [`other_plan`] under [`setup`].
pub fn other_key() -> VkHash {
	vk_hash(ProofSystem::Halo2, &setup().id(), &other_plan())
}

/// What a workload ordered under [`key`].
pub fn header() -> StatementHeader {
	StatementHeader {
		genesis: GenesisHash([1; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash: key(),
		model: ModelRef {
			model: ModelId(0),
			version: 1,
		},
		workload: WorkloadId([2; 32]),
		destination: Destination::Local,
	}
}

/// The statement that [`proof`] proves.
pub fn statement() -> Statement {
	Statement::new(header(), &INPUT, &OUTPUT)
}

/// A proof of [`statement`] under [`key`].
pub fn proof() -> Vec<u8> {
	PROOF.clone()
}

/// A proof of a statement about [`INPUT`] and [`OUTPUT`] under [`key`].
pub fn proof_of(statement: &Statement) -> Vec<u8> {
	PROVER.prove(statement, &INPUT, &OUTPUT)
}

/// Verifies a proof of [`statement`] under [`key`] without the pallet.
pub fn check(proof: &[u8]) -> Result<(), VerifyError> {
	let public_inputs = public_inputs(&statement(), &INPUT, &OUTPUT);
	verify(&PROVER.plan, &setup(), &public_inputs, proof)
}

/// The public inputs of [`statement`], encoded.
pub fn encoded_public_inputs() -> Vec<[u8; 32]> {
	public_inputs(&statement(), &INPUT, &OUTPUT)
		.into_iter()
		.map(|scalar| to_halo2(scalar).to_repr())
		.collect()
}
