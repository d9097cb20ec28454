//! The runtime API: everything that workers, the command line and explorers read, typed.

use crate::{
	market::{InboxItem, WorkloadView},
	model::ModelView,
	node::{NodeView, StakeView},
	Balance, ModelId, ModelRef, NodeId, ProtocolParameters, SetupId, Tick, VkHash, WorkloadId,
};
use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use frame_support::weights::Weight;
use scale_info::TypeInfo;

/// Where the network stands.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct NetworkStatus {
	/// Service clock.
	pub now: Tick,
	/// Whether the service clock runs.
	pub serving: bool,
	/// Node epoch, from 0.
	pub epoch: u32,
	/// Blocks until the next node epoch.
	pub blocks_to_next_epoch: u32,
	/// Base price, planck per compute unit.
	pub base_price: Balance,
	/// Present fee for registering a model, planck.
	pub registration_fee: Balance,
	/// Compute units per block pledged in this epoch.
	pub total_pledge: u64,
	/// Parameters in force.
	pub parameters: ProtocolParameters,
}

/// A registered verifying key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct KeyView {
	/// Its trusted setup.
	pub setup: SetupId,
	/// Encoded [s]G2 of that setup.
	pub setup_bytes: Vec<u8>,
	/// Encoded plan.
	pub plan: Vec<u8>,
}

sp_api::decl_runtime_apis! {
	/// Reads of Inference Network.
	///
	/// Programs read by the chain's metadata, so fields may be added to answers. A method is never
	/// changed otherwise nor removed: it gets a successor of another name, and the version rises
	/// (`docs/UPGRADES.md`).
	#[api_version(1)]
	pub trait InferenceApi<AccountId> where AccountId: Codec {
		/// Where the network stands.
		fn network_status() -> NetworkStatus;
		/// A model version.
		fn model(model: ModelRef) -> Option<ModelView<AccountId>>;
		/// At most `limit` (itself at most 100) model versions, from model `from` on.
		fn models(from: ModelId, limit: u32) -> Vec<ModelView<AccountId>>;
		/// A verifying key.
		fn verifying_key(vk_hash: VkHash) -> Option<KeyView>;
		/// A node.
		fn node(node: NodeId) -> Option<NodeView<AccountId>>;
		/// Nodes that `account` operates, or works for; at most 100.
		fn nodes_of(account: AccountId) -> Vec<NodeView<AccountId>>;
		/// An operator's stake.
		fn stake(operator: AccountId) -> StakeView;
		/// A workload.
		fn workload(workload: WorkloadId) -> Option<WorkloadView<AccountId>>;
		/// What `worker` owes and can still do, outputs and proofs, after the item of this deadline and
		/// workload: at most [`crate::market::MAX_INBOX_ITEMS`], earliest deadline first, without what is
		/// overdue or under a disabled key.
		fn inbox(worker: AccountId, after: Option<(Tick, WorkloadId)>) -> Vec<InboxItem>;
		/// Credits that `account` can claim, planck.
		fn credit(account: AccountId) -> Balance;
		/// Verifies a proof under a registered key. `public_inputs` are canonical little-endian
		/// field elements.
		fn verify(vk_hash: VkHash, public_inputs: Vec<[u8; 32]>, proof: Vec<u8>) -> Result<(), Vec<u8>>;
		/// Verifies proofs together, as [`Self::verify`] would each: all of them or none. At most as
		/// many, and as costly, as an extrinsic may verify.
		fn verify_batch(proofs: Vec<(VkHash, Vec<[u8; 32]>, Vec<u8>)>) -> Result<(), Vec<u8>>;
		/// Weight of verifying a proof of this workload: the least `verify_limit` that its `prove` may
		/// declare.
		fn verify_weight(workload: WorkloadId) -> Option<Weight>;
		/// What an inference by this model costs now, planck, on the nodes of the model's pool that ask
		/// little: compute units × base price × the least multiplier at which nodes with a sixteenth of the
		/// pool's weight serve (a half while many orders wait), royalty, and the fee for verifying its proof. An order's maximum price must be at
		/// least this. A node that asks more is drawn only for orders that bid as much, and paid for by its own
		/// price. With a multiplier of one if nobody serves the model in this epoch: an order waits then.
		fn price(model: ModelRef) -> Option<Balance>;
	}
}
