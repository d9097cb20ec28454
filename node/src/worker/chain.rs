//! The node's side of the worker's `Chain` trait: runtime API, keystore and transaction pool.

use super::{
	failures,
	transaction::{account, action_of, nonce_of, nonce_tag, provides_nonce, sign, Terms},
	KEY_TYPE,
};
use crate::client::{FullClient, FullPool};
use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use frame_system_rpc_runtime_api::AccountNonceApi;
use inference_offchain_worker::{
	BlockHash, Call, Chain, ChainError, FailedCall, FinalizedBlock, Pending, Submission,
	VerifyingKey, WorkerKey, WorkloadStatus,
};
use inference_primitives::{
	market::InboxItem, runtime_api::InferenceApi, Tick, VkHash, WorkloadId,
};
use inference_runtime::{opaque::Block, AccountId, Hash, Nonce, UncheckedExtrinsic, VERSION};
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	InPoolTransaction, TransactionPool,
};
use sp_api::{Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// The node's chain.
pub(super) struct NodeChain {
	pub(super) client: Arc<FullClient>,
	pub(super) pool: Arc<FullPool>,
	pub(super) keystore: KeystorePtr,
	/// Length of a slot, and so of a tick of the service clock, which counts blocks.
	pub(super) slot: Duration,
}

fn read(what: &'static str) -> impl Fn(sp_api::ApiError) -> ChainError {
	move |error| ChainError::Read {
		what,
		reason: error.to_string(),
	}
}

#[async_trait]
impl Chain for NodeChain {
	async fn worker_keys(&self) -> Result<Vec<WorkerKey>, ChainError> {
		let keys = self.keystore.sr25519_public_keys(KEY_TYPE);
		Ok(keys.into_iter().map(|key| WorkerKey(key.0)).collect())
	}

	async fn best_block(&self) -> BlockHash {
		self.client.info().best_hash.into()
	}

	async fn now(&self, at: BlockHash) -> Result<Tick, ChainError> {
		let api = self.client.runtime_api();
		let status = InferenceApi::<Block, AccountId>::network_status(&*api, at.into())
			.map_err(read("the service clock"))?;
		Ok(status.now)
	}

	async fn inbox(&self, at: BlockHash, worker: WorkerKey) -> Result<Vec<InboxItem>, ChainError> {
		self.client
			.runtime_api()
			.inbox(at.into(), account(worker))
			.map_err(read("the inbox"))
	}

	async fn verifying_key(
		&self,
		at: BlockHash,
		vk_hash: VkHash,
	) -> Result<Option<VerifyingKey>, ChainError> {
		let api = self.client.runtime_api();
		let key = InferenceApi::<Block, AccountId>::verifying_key(&*api, at.into(), vk_hash)
			.map_err(read("a verifying key"))?;
		Ok(key.map(|key| VerifyingKey {
			setup: key.setup_bytes,
			plan: key.plan,
		}))
	}

	async fn nonce(&self, at: BlockHash, worker: WorkerKey) -> Result<u32, ChainError> {
		self.client
			.runtime_api()
			.account_nonce(at.into(), account(worker))
			.map_err(read("the nonce"))
	}

	async fn pending(&self, worker: WorkerKey) -> Result<Vec<Pending>, ChainError> {
		// What waits for a lower nonce is under way, too.
		let futures = self.pool.futures();
		let ready = self
			.pool
			.ready()
			.filter(|transaction| provides_nonce(transaction.provides(), worker))
			.map(|transaction| transaction.data().encode());
		let future = futures
			.iter()
			.filter(|transaction| provides_nonce(transaction.provides(), worker))
			.map(|transaction| transaction.data().encode());
		Ok(ready
			.chain(future)
			.filter_map(|encoded| UncheckedExtrinsic::decode_all(&mut &encoded[..]).ok())
			.filter_map(|transaction| {
				Some(Pending {
					nonce: nonce_of(&transaction)?,
					work: action_of(&transaction, worker),
				})
			})
			.collect())
	}

	async fn submit(
		&self,
		worker: WorkerKey,
		call: Call,
		finalized: FinalizedBlock,
		taken: &BTreeSet<u32>,
	) -> Result<Submission, ChainError> {
		let info = self.client.info();
		let best = info.best_hash;
		let version = self
			.client
			.runtime_api()
			.version(best)
			.map_err(read("the runtime's version"))?;
		if version.transaction_version != VERSION.transaction_version {
			return Err(ChainError::TransactionVersion {
				expected: VERSION.transaction_version,
				got: version.transaction_version,
			});
		}
		let nonce = self.next_nonce(best, worker, taken).await?;
		let terms = Terms {
			nonce,
			finalized,
			genesis: info.genesis_hash,
			spec_version: version.spec_version,
			transaction_version: version.transaction_version,
		};
		let transaction = sign(&*self.keystore, worker, call, &terms)?;
		self.pool
			.submit_one(best, TransactionSource::Local, transaction.into())
			.await
			.map_err(|error| match error.into_pool_error() {
				Ok(PoolError::InvalidTransaction(InvalidTransaction::Payment)) => {
					ChainError::NoFunds { worker }
				},
				Ok(error) => ChainError::Pool(error.to_string()),
				Err(error) => ChainError::Pool(error.to_string()),
			})?;
		Ok(Submission {
			nonce,
			last_block: terms.last_block(),
		})
	}

	async fn status(
		&self,
		at: BlockHash,
		workload: WorkloadId,
	) -> Result<Option<WorkloadStatus>, ChainError> {
		let api = self.client.runtime_api();
		let view = InferenceApi::<Block, AccountId>::workload(&*api, at.into(), workload)
			.map_err(read("a workload"))?;
		Ok(view.map(|view| WorkloadStatus {
			state: view.state,
			deadline: view.deadline,
		}))
	}

	async fn failed_calls(
		&self,
		above: FinalizedBlock,
		upto: FinalizedBlock,
		worker: WorkerKey,
	) -> Result<Vec<FailedCall>, ChainError> {
		failures::failed_calls(&self.client, above, upto, worker)
	}

	fn tick(&self) -> Duration {
		self.slot
	}
}

impl NodeChain {
	/// The first nonce that neither the best chain nor the pool uses, and that is not `taken`.
	async fn next_nonce(
		&self,
		best: Hash,
		worker: WorkerKey,
		taken: &BTreeSet<Nonce>,
	) -> Result<Nonce, ChainError> {
		let next = self.nonce(best.into(), worker).await?;
		let futures = self.pool.futures();
		let mut tags: BTreeSet<Vec<u8>> = futures
			.iter()
			.flat_map(|transaction| transaction.provides().iter().cloned())
			.collect();
		for transaction in self.pool.ready() {
			tags.extend(transaction.provides().iter().cloned());
		}
		Ok(first_free(next, |nonce| {
			taken.contains(&nonce) || tags.contains(&nonce_tag(worker, nonce))
		}))
	}
}

/// The first nonce from `next` on that is not used.
fn first_free(next: Nonce, is_used: impl Fn(Nonce) -> bool) -> Nonce {
	(next..Nonce::MAX)
		.find(|nonce| !is_used(*nonce))
		.unwrap_or(next)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_first_free_nonce_should_fill_gaps_and_pass_over_what_is_used() {
		let used = BTreeSet::from([5, 6, 8]);
		assert_eq!(first_free(5, |nonce| used.contains(&nonce)), 7);
		assert_eq!(first_free(4, |nonce| used.contains(&nonce)), 4);
		assert_eq!(first_free(8, |nonce| used.contains(&nonce)), 9);
	}
}
