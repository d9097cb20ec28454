//! Verification before posting, with the verifier that the runtime runs.

use crate::chain::VerifyingKey;
use inference_primitives::{market::InboxItem, Statement, VkHash};
use inference_verifier::{
	public_inputs, verify, vk_hash, Plan, PlanError, Setup, SetupError, VerifyError,
};
use std::collections::BTreeMap;

/// Most decoded keys kept. A full cache is emptied: decoding one takes milliseconds.
const MAX_KEYS: usize = 64;

/// Why a proof is not posted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum CheckError {
	#[error("the verifying key on chain does not decode: {0}")]
	Plan(PlanError),
	#[error("the trusted setup on chain does not decode: {0}")]
	Setup(SetupError),
	#[error("the verifying key on chain has the hash {got}, the workload names {expected}")]
	Key { expected: VkHash, got: VkHash },
	#[error("the prover's proof is invalid and was not posted: {0}")]
	Proof(VerifyError),
}

/// Decoded verifying keys.
#[derive(Debug, Default)]
pub(crate) struct Keys(BTreeMap<VkHash, (Plan, Setup)>);

impl Keys {
	/// Whether the key is there.
	pub(crate) fn contains(&self, vk_hash: &VkHash) -> bool {
		self.0.contains_key(vk_hash)
	}

	/// Decodes and keeps a key that the chain has under `expected`.
	pub(crate) fn insert(
		&mut self,
		expected: VkHash,
		key: &VerifyingKey,
	) -> Result<(), CheckError> {
		let setup = Setup::from_bytes(&key.setup).map_err(CheckError::Setup)?;
		let plan = Plan::decode_canonical(&key.plan).map_err(CheckError::Plan)?;
		let got = vk_hash(
			inference_primitives::ProofSystem::Halo2,
			&setup.id(),
			&key.plan,
		);
		if got != expected {
			return Err(CheckError::Key { expected, got });
		}
		if self.0.len() >= MAX_KEYS {
			self.0.clear();
		}
		self.0.insert(expected, (plan, setup));
		Ok(())
	}

	/// Verifies that `proof` proves that `output` is what `item` asks for. `None` if the item's key
	/// is not there.
	pub(crate) fn check(
		&self,
		item: &InboxItem,
		output: &[i64],
		proof: &[u8],
	) -> Option<Result<(), CheckError>> {
		let (plan, setup) = self.0.get(&item.statement.vk_hash)?;
		let statement = Statement::new(item.statement.clone(), &item.input, output);
		let inputs = public_inputs(&statement, &item.input, output);
		Some(verify(plan, setup, &inputs, proof).map_err(CheckError::Proof))
	}
}
