//! What the worker needs of a chain. The node implements it; tests have one in memory.

use async_trait::async_trait;
use core::fmt;
use inference_primitives::{
	market::InboxItem, BlockNumber, Hash, Tick, VkHash, WorkloadId, WorkloadState,
};
use std::{collections::BTreeSet, time::Duration};

/// Hash of a block.
pub type BlockHash = Hash;

/// A finalised block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FinalizedBlock {
	/// Its height.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: BlockHash,
}

/// A worker's sr25519 public key, which is also its account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerKey(pub [u8; 32]);

impl fmt::Display for WorkerKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "0x")?;
		self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
	}
}

impl fmt::Debug for WorkerKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "WorkerKey({self})")
	}
}

/// A registered verifying key, as the chain stores it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyingKey {
	/// Encoded \[s\]G2 of its trusted setup.
	pub setup: Vec<u8>,
	/// Encoded plan.
	pub plan: Vec<u8>,
}

/// What a piece of work asks for next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
	/// The output, under a proof stake.
	Deliver,
	/// The proof, with the output in `Immediate` mode.
	Prove,
	/// Neither: the work goes back, as no prover can serve its model.
	Decline,
}

impl fmt::Display for Action {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Deliver => "delivery",
			Self::Prove => "proof",
			Self::Decline => "decline",
		})
	}
}

/// A call of the market.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
	/// Delivers an output.
	Deliver {
		/// Workload it belongs to.
		workload: WorkloadId,
		/// Output tensor.
		output: Vec<i64>,
	},
	/// Posts a proof.
	Prove {
		/// Workload it belongs to.
		workload: WorkloadId,
		/// Output tensor, in `Immediate` mode only.
		output: Option<Vec<i64>>,
		/// The proof.
		proof: Vec<u8>,
	},
	/// Gives assigned work back.
	Decline {
		/// Workload it belongs to.
		workload: WorkloadId,
	},
}

impl Call {
	/// The action it performs.
	pub fn action(&self) -> Action {
		match self {
			Self::Deliver { .. } => Action::Deliver,
			Self::Prove { .. } => Action::Prove,
			Self::Decline { .. } => Action::Decline,
		}
	}

	/// The workload it is about.
	pub fn workload(&self) -> WorkloadId {
		match self {
			Self::Deliver { workload, .. }
			| Self::Prove { workload, .. }
			| Self::Decline { workload } => *workload,
		}
	}
}

/// A transaction in the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Submission {
	/// Its account nonce.
	pub nonce: u32,
	/// The last block that can include it.
	pub last_block: BlockNumber,
}

/// A transaction of a worker that the pool holds, whoever made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
	/// Its account nonce.
	pub nonce: u32,
	/// What it does, if it is a delivery or a proof.
	pub work: Option<(WorkloadId, Action)>,
}

/// Where a workload stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkloadStatus {
	/// Its state.
	pub state: WorkloadState,
	/// When what is owed now is due; `None` once it ended.
	pub deadline: Option<Tick>,
}

/// Why the chain could not be read, or did not take a transaction.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChainError {
	/// State or keystore could not be read.
	#[error("cannot read {what}: {reason}")]
	Read {
		/// What was to be read.
		what: &'static str,
		/// Why it failed.
		reason: String,
	},
	/// The call exceeds a bound of the runtime.
	#[error("the {action} of workload {workload} has {got} {unit}, over the bound of {bound}")]
	TooLarge {
		/// What it was to do.
		action: Action,
		/// Its workload.
		workload: WorkloadId,
		/// What is counted.
		unit: &'static str,
		/// The bound.
		bound: u32,
		/// How many there are.
		got: usize,
	},
	/// The keystore did not sign.
	#[error("worker key {worker} cannot sign: {reason}")]
	Signing {
		/// The key.
		worker: WorkerKey,
		/// Why.
		reason: String,
	},
	/// The worker's account cannot pay the fee, which comes back when the call is accepted.
	#[error(
		"worker account {worker} has no funds for fees: transfer some to it (`inference account \
		 transfer`), or it delivers and proves nothing and the node is slashed"
	)]
	NoFunds {
		/// The account.
		worker: WorkerKey,
	},
	/// The call cannot be encoded for the chain's runtime, which has no such call, or other arguments
	/// or extensions than this program knows. Upgrade the node.
	#[error("cannot make a transaction for the chain's runtime: {0}")]
	Encoding(String),
	/// The pool did not take the transaction.
	#[error("the transaction pool refused it: {0}")]
	Pool(String),
}

/// A transaction of a worker that a block includes and the runtime refused: it paid for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedCall {
	/// Its workload.
	pub workload: WorkloadId,
	/// What it was to do.
	pub action: Action,
	/// The block.
	pub block: BlockNumber,
	/// The runtime's error.
	pub error: String,
}

/// A part of an inbox.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InboxPage {
	/// What is owed.
	pub items: Vec<InboxItem>,
	/// Whether there may be more after these.
	pub is_full: bool,
}

/// A chain with an inference market, a pool of transactions, and a keystore.
///
/// State is always read at a block that the caller names, so that one decision rests on one state.
#[async_trait]
pub trait Chain: Send + Sync {
	/// Worker keys in the keystore.
	async fn worker_keys(&self) -> Result<Vec<WorkerKey>, ChainError>;

	/// The best block: what it holds may still be reverted.
	async fn best_block(&self) -> BlockHash;

	/// The service clock.
	async fn now(&self, at: BlockHash) -> Result<Tick, ChainError>;

	/// What `worker` owes, after the item of this deadline and workload: as much as the runtime shows at a time,
	/// earliest deadline first.
	async fn inbox(
		&self,
		at: BlockHash,
		worker: WorkerKey,
		after: Option<(Tick, WorkloadId)>,
	) -> Result<InboxPage, ChainError>;

	/// A registered verifying key.
	async fn verifying_key(
		&self,
		at: BlockHash,
		vk_hash: VkHash,
	) -> Result<Option<VerifyingKey>, ChainError>;

	/// How many transactions of `worker` were included up to `at`: its next nonce there.
	async fn nonce(&self, at: BlockHash, worker: WorkerKey) -> Result<u32, ChainError>;

	/// `worker`'s transactions in the pool, those that wait for one with a lower nonce among them.
	async fn pending(&self, worker: WorkerKey) -> Result<Vec<Pending>, ChainError>;

	/// Signs `call` as `worker`, mortal from `finalized`, with the first nonce that neither the best
	/// chain nor the pool uses and that is not in `taken`, and hands it to the pool. `taken`: nonces
	/// handed out already, of transactions that the pool may not show yet.
	async fn submit(
		&self,
		worker: WorkerKey,
		call: Call,
		finalized: FinalizedBlock,
		taken: &BTreeSet<u32>,
	) -> Result<Submission, ChainError>;

	/// Where a workload stands; `None` if the chain has none of this name.
	async fn status(
		&self,
		at: BlockHash,
		workload: WorkloadId,
	) -> Result<Option<WorkloadStatus>, ChainError>;

	/// The transactions of `worker` that failed in finalised blocks above `above`, up to `upto`. Looks
	/// at the newest blocks only if there are many.
	async fn failed_calls(
		&self,
		above: FinalizedBlock,
		upto: FinalizedBlock,
		worker: WorkerKey,
	) -> Result<Vec<FailedCall>, ChainError>;

	/// How long a tick of the service clock takes.
	fn tick(&self) -> Duration;
}

#[async_trait]
impl<C: Chain + ?Sized> Chain for std::sync::Arc<C> {
	async fn worker_keys(&self) -> Result<Vec<WorkerKey>, ChainError> {
		(**self).worker_keys().await
	}

	async fn best_block(&self) -> BlockHash {
		(**self).best_block().await
	}

	async fn now(&self, at: BlockHash) -> Result<Tick, ChainError> {
		(**self).now(at).await
	}

	async fn inbox(
		&self,
		at: BlockHash,
		worker: WorkerKey,
		after: Option<(Tick, WorkloadId)>,
	) -> Result<InboxPage, ChainError> {
		(**self).inbox(at, worker, after).await
	}

	async fn verifying_key(
		&self,
		at: BlockHash,
		vk_hash: VkHash,
	) -> Result<Option<VerifyingKey>, ChainError> {
		(**self).verifying_key(at, vk_hash).await
	}

	async fn nonce(&self, at: BlockHash, worker: WorkerKey) -> Result<u32, ChainError> {
		(**self).nonce(at, worker).await
	}

	async fn pending(&self, worker: WorkerKey) -> Result<Vec<Pending>, ChainError> {
		(**self).pending(worker).await
	}

	async fn submit(
		&self,
		worker: WorkerKey,
		call: Call,
		finalized: FinalizedBlock,
		taken: &BTreeSet<u32>,
	) -> Result<Submission, ChainError> {
		(**self).submit(worker, call, finalized, taken).await
	}

	async fn status(
		&self,
		at: BlockHash,
		workload: WorkloadId,
	) -> Result<Option<WorkloadStatus>, ChainError> {
		(**self).status(at, workload).await
	}

	async fn failed_calls(
		&self,
		above: FinalizedBlock,
		upto: FinalizedBlock,
		worker: WorkerKey,
	) -> Result<Vec<FailedCall>, ChainError> {
		(**self).failed_calls(above, upto, worker).await
	}

	fn tick(&self) -> Duration {
		(**self).tick()
	}
}
