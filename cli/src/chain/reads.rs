//! Typed reads of the chain's state, each at a given block.

use super::{AccountId, Chain, Hash};
use crate::error::CliError;
use codec::{Decode, Encode};
use frame_support::traits::tokens::IdAmount;
use inference_primitives::{
	market::WorkloadView,
	model::ModelView,
	node::{NodeView, StakeView},
	runtime_api::NetworkStatus,
	Balance, ModelId, ModelRef, NodeId, SetupId, Tick, VkHash, WorkloadId,
};
use inference_runtime::RuntimeHoldReason;
use pallet_proof_verifier::{ApprovedSetup, Subject};
use scale_info::TypeInfo;

/// What is read of an account.
#[derive(Decode, TypeInfo)]
struct Account {
	data: AccountData,
}

#[derive(Decode, TypeInfo)]
struct AccountData {
	free: Balance,
}

/// Part of a balance that is held.
pub struct Holding {
	/// Why, as `Pallet.Reason`.
	pub reason: String,
	/// How much, planck.
	pub amount: Balance,
}

impl Chain {
	async fn api<A, R>(&self, method: &str, arguments: &A, at: Hash) -> Result<R, CliError>
	where
		A: Encode + TypeInfo + 'static,
		R: Decode + TypeInfo + 'static,
	{
		self.state_call("InferenceApi", method, arguments, at).await
	}

	/// Where the network stands.
	pub async fn network_status(&self, at: Hash) -> Result<NetworkStatus, CliError> {
		self.api("network_status", &(), at).await
	}

	/// A model version.
	pub async fn model(&self, model: ModelRef, at: Hash) -> Result<ModelView<AccountId>, CliError> {
		let found: Option<ModelView<AccountId>> = self.api("model", &model, at).await?;
		found.ok_or_else(|| {
			CliError::NotFound(format!(
				"no model {model}; `inference model list` shows what there is"
			))
		})
	}

	/// At most `limit` model versions, from model `from` on.
	pub async fn models(
		&self,
		from: ModelId,
		limit: u32,
		at: Hash,
	) -> Result<Vec<ModelView<AccountId>>, CliError> {
		self.api("models", &(from, limit), at).await
	}

	/// What an inference by this model costs now, planck, its proof's verification included.
	pub async fn price(&self, model: ModelRef, at: Hash) -> Result<Balance, CliError> {
		let price: Option<Balance> = self.api("price", &model, at).await?;
		price.ok_or_else(|| CliError::NotFound(format!("model {model} has no price")))
	}

	/// A registered verifying key.
	pub async fn key(
		&self,
		vk_hash: VkHash,
		at: Hash,
	) -> Result<pallet_proof_verifier::Key<AccountId>, CliError> {
		self.stored("ProofVerifier", "Keys", &vk_hash, at)
			.await?
			.ok_or_else(|| CliError::NotFound(format!("no key {vk_hash} is registered")))
	}

	/// Whether governance has approved a trusted setup, and has not disabled it since.
	pub async fn is_setup_approved(&self, setup: SetupId, at: Hash) -> Result<bool, CliError> {
		let found: Option<ApprovedSetup> =
			self.stored("ProofVerifier", "Setups", &setup, at).await?;
		let subject = Subject::Setup(setup);
		let disabled: Option<Tick> = self
			.stored("ProofVerifier", "Disabled", &subject, at)
			.await?;
		Ok(found.is_some() && disabled.is_none())
	}

	/// The account whose calls of `sudo` the chain takes. None where referenda decide: a chain that is not for
	/// development refuses these calls, whatever key it has.
	pub async fn sudo_key(&self, at: Hash) -> Result<Option<AccountId>, CliError> {
		let development: Option<bool> = self
			.stored_value("NetworkParameters", "Development", at)
			.await?;
		if development != Some(true) {
			return Ok(None);
		}
		self.stored_value("Sudo", "Key", at).await
	}

	/// A node.
	pub async fn node(&self, node: NodeId, at: Hash) -> Result<NodeView<AccountId>, CliError> {
		let found: Option<NodeView<AccountId>> = self.api("node", &node, at).await?;
		found.ok_or_else(|| CliError::NotFound(format!("no node {}", node.0)))
	}

	/// Nodes that `account` operates or works for.
	pub async fn nodes_of(
		&self,
		account: &AccountId,
		at: Hash,
	) -> Result<Vec<NodeView<AccountId>>, CliError> {
		self.api("nodes_of", account, at).await
	}

	/// How many consents of worker keys an operator has used: the next one names this number.
	pub async fn used_consents(&self, operator: &AccountId, at: Hash) -> Result<u32, CliError> {
		let used: Option<u32> = self
			.stored("NodePool", "UsedConsents", operator, at)
			.await?;
		Ok(used.unwrap_or(0))
	}

	/// An operator's stake.
	pub async fn stake(&self, operator: &AccountId, at: Hash) -> Result<StakeView, CliError> {
		self.api("stake", operator, at).await
	}

	/// A workload.
	pub async fn workload(
		&self,
		workload: WorkloadId,
		at: Hash,
	) -> Result<WorkloadView<AccountId>, CliError> {
		let found: Option<WorkloadView<AccountId>> = self.api("workload", &workload, at).await?;
		found.ok_or_else(|| {
			CliError::NotFound(format!(
				"no workload {workload}: it was never submitted to this chain, or it ended long \
				 ago and was pruned"
			))
		})
	}

	/// Credits that `account` can claim, planck.
	pub async fn credit(&self, account: &AccountId, at: Hash) -> Result<Balance, CliError> {
		self.api("credit", account, at).await
	}

	/// An account's free balance, reserved included, planck. Zero if it does not exist.
	pub async fn free_balance(&self, account: &AccountId, at: Hash) -> Result<Balance, CliError> {
		let info: Option<Account> = self.stored("System", "Account", account, at).await?;
		Ok(info.map_or(0, |info| info.data.free))
	}

	/// What is held of an account's balance, by reason.
	pub async fn holds(&self, account: &AccountId, at: Hash) -> Result<Vec<Holding>, CliError> {
		let holds: Option<Vec<IdAmount<RuntimeHoldReason, Balance>>> =
			self.stored("Balances", "Holds", account, at).await?;
		let holding = |hold: IdAmount<RuntimeHoldReason, Balance>| Holding {
			reason: reason(&format!("{:?}", hold.id)),
			amount: hold.amount,
		};
		Ok(holds.unwrap_or_default().into_iter().map(holding).collect())
	}
}

/// `Pallet.Reason` from the debug text `Pallet(Reason)`.
fn reason(debug: &str) -> String {
	debug.trim_end_matches(')').replacen('(', ".", 1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn hold_reasons_are_written_as_pallet_and_reason() {
		assert_eq!(reason("WorkerStaking(Bond)"), "WorkerStaking.Bond");
		assert_eq!(reason("Unknown"), "Unknown");
	}
}
