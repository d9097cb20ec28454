//! Proves inferences.

use crate::{
	bundle::{Bundle, VerificationError},
	circuit::trace::Trace,
	execute::ExecuteError,
	keys::{self, KeysError},
};
use halo2_proofs::halo2curves::bn256::Fr;
use inference_plonk::{prove, Blinding, Column, CommitmentKey, ProvingKey};
use inference_primitives::{Statement, StatementHeader, VkHash};
use inference_verifier::{halo2::to_halo2, public_inputs};
use std::sync::Arc;

/// A proven inference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
	/// Output tensor, fixed point at the model's output scale.
	pub output: Vec<i64>,
	/// The proof, as the chain takes it.
	pub bytes: Vec<u8>,
}

/// A prover that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProverError {
	/// The keys cannot be made.
	#[error(transparent)]
	Keys(#[from] KeysError),
	/// The bundle's graph and layout give another verifying key than the bundle's.
	#[error(
		"the bundle's verifying key is not that of its model: expected {expected}, got {got}; \
		build the bundle again"
	)]
	WrongPlan {
		/// Hash of the bundle's key.
		expected: VkHash,
		/// Hash of the key that its model has.
		got: VkHash,
	},
}

/// An inference that cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
	/// The statement names another verifying key.
	#[error("the statement is for verifying key {expected}, the loaded model's is {got}")]
	WrongKey {
		/// The statement's.
		expected: VkHash,
		/// The model's.
		got: VkHash,
	},
	/// The model does not take the input.
	#[error(transparent)]
	Execute(#[from] ExecuteError),
	/// The prover fails.
	#[error("the inference cannot be proven: {0}")]
	Plonk(#[from] inference_plonk::ProveError),
	/// The proof does not verify: a bug of ours.
	#[error("the proof was made but does not verify, please report this: {0}")]
	Unverified(#[from] VerificationError),
}

/// A model with its proving key in memory. Shared freely between threads; each proof runs on all
/// cores.
pub struct Prover {
	bundle: Arc<Bundle>,
	commitments: CommitmentKey,
	key: ProvingKey,
}

impl std::fmt::Debug for Prover {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Prover")
			.field("vk_hash", &self.bundle.vk_hash())
			.finish_non_exhaustive()
	}
}

impl Prover {
	/// Makes the bundle's proving key, and checks that its verifying key is the bundle's.
	pub fn new(bundle: Arc<Bundle>) -> Result<Self, ProverError> {
		let layout = bundle.layout();
		let commitments = keys::commitment_key(layout.k)?;
		let key = keys::proving_key(bundle.graph(), layout, &commitments)?;
		let plan = key.plan();
		if plan != bundle.plan() {
			return Err(ProverError::WrongPlan {
				expected: bundle.vk_hash(),
				got: bundle.vk_hash_of(plan),
			});
		}
		Ok(Self {
			bundle,
			commitments,
			key,
		})
	}

	/// The model.
	pub fn bundle(&self) -> &Arc<Bundle> {
		&self.bundle
	}

	/// Bytes of the proving key in memory, about.
	pub fn key_bytes(&self) -> usize {
		self.key.bytes()
	}

	/// Executes the model on `input`, proves it under `header`, and verifies the proof.
	pub fn prove(&self, header: &StatementHeader, input: &[i64]) -> Result<Proof, ProveError> {
		let proof = self.prove_unverified(header, input)?;
		self.bundle
			.verify(header, input, &proof.output, &proof.bytes)?;
		Ok(proof)
	}

	/// As [`Self::prove`], without verifying: to measure.
	pub fn prove_unverified(
		&self,
		header: &StatementHeader,
		input: &[i64],
	) -> Result<Proof, ProveError> {
		let bundle = &self.bundle;
		if header.vk_hash != bundle.vk_hash() {
			return Err(ProveError::WrongKey {
				expected: header.vk_hash,
				got: bundle.vk_hash(),
			});
		}
		let (trace, output) = Trace::witness(bundle.graph(), bundle.layout(), input)?;
		let public_input = bundle.public_part(input);
		let statement = Statement::new(header.clone(), public_input, &output);
		let instance: Vec<Fr> = public_inputs(&statement, public_input, &output)
			.into_iter()
			.map(to_halo2)
			.collect();
		let mut columns: Vec<Column> = trace
			.advice_integers()
			.iter()
			.map(|column| Column::from_integers(column))
			.collect();
		// The statement's cell.
		if let (Some(lane), Some(value)) = (columns.first_mut(), instance.first()) {
			lane.set(0, *value);
		}
		// Without a hidden input there is nothing to hide: input and output are public, and the model is
		// in the key.
		let mut random = rand::rngs::OsRng;
		let blinding = if bundle.layout().claim.hidden_input {
			Blinding::Random(&mut random)
		} else {
			Blinding::None
		};
		let bytes = prove(
			&self.key,
			&self.commitments,
			&[instance],
			|phase, challenges| {
				Ok(match challenges.first() {
					Some(challenge) if phase > 0 => trace
						.advice_combined(*challenge)
						.into_iter()
						.map(Column::Scalars)
						.collect(),
					_ => std::mem::take(&mut columns),
				})
			},
			blinding,
		)?;
		Ok(Proof { output, bytes })
	}
}
