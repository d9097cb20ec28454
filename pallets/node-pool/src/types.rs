//! What is stored of nodes and pools.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use inference_primitives::{ComputeUnits, ModelRef, NodeId};
use scale_info::TypeInfo;

/// A model node.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxModels))]
pub struct Node<AccountId: Clone + PartialEq + Eq + core::fmt::Debug, MaxModels: Get<u32>> {
	/// Who bonds for it and is paid.
	pub operator: AccountId,
	/// Whose key delivers and proves.
	pub worker: AccountId,
	/// Compute units per block in this epoch.
	pub capacity: ComputeUnits,
	/// Compute units per block from the next epoch on.
	pub next_capacity: ComputeUnits,
	/// Compute units assigned and not delivered.
	pub outstanding: ComputeUnits,
	/// Models served in this epoch.
	pub models: BoundedVec<ModelRef, MaxModels>,
	/// Models served from the next epoch on.
	pub next_models: BoundedVec<ModelRef, MaxModels>,
	/// Outputs delivered in time.
	pub delivered: u64,
	/// Deadlines missed.
	pub missed: u64,
}

impl<AccountId: Clone + PartialEq + Eq + core::fmt::Debug, MaxModels: Get<u32>>
	Node<AccountId, MaxModels>
{
	/// The capacity that bounds new work: the lower of this epoch's and the next's.
	pub fn usable_capacity(&self) -> ComputeUnits {
		self.capacity.min(self.next_capacity)
	}

	/// The capacity that the operator's bond must cover: the larger of the two.
	pub fn pledge(&self) -> ComputeUnits {
		self.capacity.max(self.next_capacity)
	}
}

/// A node in a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PoolMember {
	/// The node.
	pub node: NodeId,
	/// Sum of the snapshotted capacities of this and all earlier members of the pool.
	pub cumulative: u64,
}

/// What changes with the next epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Change {
	/// The node's next capacity and next models take effect.
	Node(NodeId),
}
