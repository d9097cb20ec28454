//! The node's side of the worker's `Chain` trait: runtime API, keystore and transaction pool.

use super::{
	failures,
	runtime::Runtimes,
	transaction::{account, action_of, nonce_of, nonce_tag, sign, Terms},
	KEY_TYPE,
};
use crate::client::{FullClient, FullPool};
use async_trait::async_trait;
use codec::{Decode, DecodeAll, Encode};
use frame_support::weights::Weight;
use inference_offchain_worker::{
	Action, BlockHash, Call, Chain, ChainError, FailedCall, FinalizedBlock, InboxPage, Pending,
	Submission, VerifyingKey, WorkerKey, WorkloadStatus, LOG_TARGET,
};
use inference_primitives::{
	market::MAX_INBOX_ITEMS, runtime_api::KeyView, Tick, VkHash, WorkloadId, WorkloadState,
};
use inference_runtime::{Hash, Nonce};
use sc_transaction_pool_api::{
	error::{Error as PoolError, IntoPoolError},
	InPoolTransaction, TransactionPool,
};
use scale_info::TypeInfo;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource},
	OpaqueExtrinsic,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// The runtime API that has the worker's reads.
const API: &str = "InferenceApi";

/// What the worker needs of the network's status.
#[derive(Decode, TypeInfo)]
struct Clock {
	/// The service clock.
	now: Tick,
}

/// What the worker needs of a workload.
#[derive(Decode, TypeInfo)]
struct Workload {
	/// Its state.
	state: WorkloadState,
	/// When what is owed now is due.
	deadline: Option<Tick>,
}

/// The node's chain.
pub(super) struct NodeChain {
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	keystore: KeystorePtr,
	runtimes: Runtimes,
	/// Length of a slot, and so of a tick of the service clock, which counts blocks.
	slot: Duration,
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
		let clock: Clock =
			self.runtimes
				.read("the service clock", at.into(), API, "network_status", &())?;
		Ok(clock.now)
	}

	async fn inbox(
		&self,
		at: BlockHash,
		worker: WorkerKey,
		after: Option<(Tick, WorkloadId)>,
	) -> Result<InboxPage, ChainError> {
		let arguments = (account(worker), after);
		let (items, unknown) =
			self.runtimes
				.read_list("the inbox", at.into(), API, "inbox", &arguments)?;
		let is_full = items.len().saturating_add(unknown.len()) >= MAX_INBOX_ITEMS;
		for mismatch in unknown {
			log::warn!(
				target: LOG_TARGET,
				"an item of {worker}'s inbox is unknown to this node, upgrade it: {mismatch}",
			);
		}
		Ok(InboxPage { items, is_full })
	}

	async fn verifying_key(
		&self,
		at: BlockHash,
		vk_hash: VkHash,
	) -> Result<Option<VerifyingKey>, ChainError> {
		let key: Option<KeyView> =
			self.runtimes
				.read("a verifying key", at.into(), API, "verifying_key", &vk_hash)?;
		Ok(key.map(|key| VerifyingKey {
			setup: key.setup_bytes,
			plan: key.plan,
		}))
	}

	async fn nonce(&self, at: BlockHash, worker: WorkerKey) -> Result<u32, ChainError> {
		self.runtimes.read(
			"the nonce",
			at.into(),
			"AccountNonceApi",
			"account_nonce",
			&account(worker),
		)
	}

	async fn pending(&self, worker: WorkerKey) -> Result<Vec<Pending>, ChainError> {
		// What waits for a lower nonce is under way, too.
		let futures = self.pool.futures();
		let ready = self.pool.ready().filter_map(|transaction| {
			let nonce = nonce_of(transaction.provides(), worker)?;
			Some((nonce, transaction.data().encode()))
		});
		let future = futures.iter().filter_map(|transaction| {
			let nonce = nonce_of(transaction.provides(), worker)?;
			Some((nonce, transaction.data().encode()))
		});
		let ours: Vec<(Nonce, Vec<u8>)> = ready.chain(future).collect();
		if ours.is_empty() {
			return Ok(Vec::new());
		}
		let runtime = self.runtimes.at(self.client.info().best_hash)?;
		Ok(ours
			.iter()
			.map(|(nonce, encoded)| Pending {
				nonce: *nonce,
				work: action_of(&runtime.metadata, encoded, worker),
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
		let runtime = self.runtimes.at(best)?;
		// Of the state whose version is signed: a key's weight changes with the runtime only. Of a
		// workload that is gone the pool says what is wrong.
		let verify_limit = match call.action() {
			Action::Deliver | Action::Decline => None,
			Action::Prove => self.runtimes.read::<_, Option<Weight>>(
				"the weight of a proof's verification",
				best,
				API,
				"verify_weight",
				&call.workload(),
			)?,
		}
		.unwrap_or_default();
		let nonce = self.next_nonce(best, worker, taken).await?;
		let terms = Terms {
			nonce,
			finalized,
			genesis: info.genesis_hash,
			spec_version: runtime.spec_version,
			transaction_version: runtime.transaction_version,
			verify_limit,
		};
		let bytes = sign(&runtime.metadata, &*self.keystore, worker, call, &terms)?;
		let transaction = OpaqueExtrinsic::decode_all(&mut &bytes[..])
			.map_err(|error| ChainError::Encoding(error.to_string()))?;
		self.pool
			.submit_one(best, TransactionSource::Local, transaction)
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
		let found: Option<Workload> =
			self.runtimes
				.read("a workload", at.into(), API, "workload", &workload)?;
		Ok(found.map(|workload| WorkloadStatus {
			state: workload.state,
			deadline: workload.deadline,
		}))
	}

	async fn failed_calls(
		&self,
		above: FinalizedBlock,
		upto: FinalizedBlock,
		worker: WorkerKey,
	) -> Result<Vec<FailedCall>, ChainError> {
		failures::failed_calls(&self.client, &self.runtimes, above, upto, worker)
	}

	fn tick(&self) -> Duration {
		self.slot
	}
}

impl NodeChain {
	/// The chain of these parts.
	pub(super) fn new(
		client: Arc<FullClient>,
		pool: Arc<FullPool>,
		keystore: KeystorePtr,
		slot: Duration,
	) -> Self {
		Self {
			runtimes: Runtimes::new(client.clone()),
			client,
			pool,
			keystore,
			slot,
		}
	}

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
