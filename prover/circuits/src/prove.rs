//! Proves inferences.

use crate::{
	bundle::{Bundle, VerificationError},
	circuit::trace::Trace,
	execute::ExecuteError,
	keys::{self, KeysError},
};
use halo2_proofs::{
	halo2curves::bn256::{Bn256, Fr, G1Affine},
	plonk::{create_proof_from_advice, ProvingKey},
	poly::kzg::{
		commitment::{KZGCommitmentScheme, ParamsKZG},
		multiopen::ProverSHPLONK,
	},
};
use inference_primitives::{Statement, StatementHeader, VkHash};
use inference_verifier::{
	halo2::{to_halo2, transcript_writer},
	public_inputs,
};
use rand::rngs::OsRng;
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
	/// halo2 fails.
	#[error("halo2 cannot prove: {0}")]
	Halo2(#[from] halo2_proofs::plonk::Error),
	/// The proof does not verify: a bug of ours.
	#[error("the proof was made but does not verify, please report this: {0}")]
	Unverified(#[from] VerificationError),
}

/// A model with its proving key in memory. Shared freely between threads; each proof runs on all
/// cores.
pub struct Prover {
	bundle: Arc<Bundle>,
	parameters: ParamsKZG<Bn256>,
	key: ProvingKey<G1Affine>,
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
		let parameters = keys::parameters(layout.k);
		let (key, plan) = keys::proving_key(bundle.graph(), layout, &parameters)?;
		if plan != *bundle.plan() {
			return Err(ProverError::WrongPlan {
				expected: bundle.vk_hash(),
				got: bundle.vk_hash_of(&plan),
			});
		}
		Ok(Self {
			bundle,
			parameters,
			key,
		})
	}

	/// The model.
	pub fn bundle(&self) -> &Arc<Bundle> {
		&self.bundle
	}

	/// Executes the model on `input`, proves it under `header`, and verifies the proof.
	pub fn prove(&self, header: &StatementHeader, input: &[i64]) -> Result<Proof, ProveError> {
		let bundle = &self.bundle;
		if header.vk_hash != bundle.vk_hash() {
			return Err(ProveError::WrongKey {
				expected: header.vk_hash,
				got: bundle.vk_hash(),
			});
		}
		let (trace, output) = Trace::witness(bundle.graph(), bundle.layout(), input)?;
		let statement = Statement::new(header.clone(), input, &output);
		let instance: Vec<Fr> = public_inputs(&statement, input, &output)
			.into_iter()
			.map(to_halo2)
			.collect();
		let advice = trace.advice(
			instance.first().copied().unwrap_or_default(),
			1 << bundle.layout().k,
		);
		let mut transcript = transcript_writer(bundle.plan());
		create_proof_from_advice::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _>(
			&self.parameters,
			&self.key,
			&[&instance],
			advice,
			OsRng,
			&mut transcript,
		)?;
		let bytes = transcript.finalize();
		bundle.verify(header, input, &output, &bytes)?;
		Ok(Proof { output, bytes })
	}
}
