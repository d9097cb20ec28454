//! The node's side of the worker's `Chain` trait: runtime API, keystore and transaction pool.

use super::{
	transaction::{account, action_of, nonce_tag, provides_nonce, sign, Terms},
	KEY_TYPE,
};
use crate::client::{FullClient, FullPool};
use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use frame_system_rpc_runtime_api::AccountNonceApi;
use inference_offchain_worker::{
	Action, BlockHash, Call, Chain, ChainError, FinalizedBlock, Submission, VerifyingKey, WorkerKey,
};
use inference_primitives::{
	market::InboxItem, runtime_api::InferenceApi, Tick, VkHash, WorkloadId,
};
use inference_runtime::{opaque::Block, AccountId, Hash, Nonce, UncheckedExtrinsic, VERSION};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_api::{Core, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::transaction_validity::TransactionSource;
use std::sync::Arc;

/// The node's chain.
pub(super) struct NodeChain {
	pub(super) client: Arc<FullClient>,
	pub(super) pool: Arc<FullPool>,
	pub(super) keystore: KeystorePtr,
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

	async fn pending(&self, worker: WorkerKey) -> Result<Vec<(WorkloadId, Action)>, ChainError> {
		Ok(self
			.pool
			.ready()
			.filter(|transaction| provides_nonce(transaction.provides(), worker))
			.filter_map(|transaction| {
				UncheckedExtrinsic::decode_all(&mut &transaction.data().encode()[..]).ok()
			})
			.filter_map(|transaction| action_of(&transaction, worker))
			.collect())
	}

	async fn submit(
		&self,
		worker: WorkerKey,
		call: Call,
		finalized: FinalizedBlock,
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
		let nonce = self.next_nonce(best, worker).await?;
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
			.map_err(|error| ChainError::Pool(error.to_string()))?;
		Ok(Submission {
			nonce,
			last_block: terms.last_block(),
		})
	}
}

impl NodeChain {
	/// The chain of these parts.
	pub(super) fn new(client: Arc<FullClient>, pool: Arc<FullPool>, keystore: KeystorePtr) -> Self {
		Self {
			client,
			pool,
			keystore,
		}
	}

	/// The first nonce that neither the best chain nor the pool uses.
	async fn next_nonce(&self, best: Hash, worker: WorkerKey) -> Result<Nonce, ChainError> {
		let mut nonce = self.nonce(best.into(), worker).await?;
		// Of one account, the pool lists transactions in the order of their nonces.
		for transaction in self.pool.ready() {
			if transaction.provides().contains(&nonce_tag(worker, nonce)) {
				nonce = nonce.saturating_add(1);
			}
		}
		Ok(nonce)
	}
}
