//! What is stored of nodes and pools.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use inference_primitives::{traits::NodeLoad, ComputeUnits, ModelRef, NodeId, Ticks};
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
	/// Compute units delivered and not settled.
	pub proving: ComputeUnits,
	/// The bounds in force when work was last given to the node.
	pub bounds: Bounds,
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

	/// What the node owes.
	pub fn load(&self) -> NodeLoad {
		NodeLoad {
			outstanding: self.outstanding,
			proving: self.proving,
		}
	}
}

/// How much a node may owe, as times at its capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bounds {
	/// B: outstanding ≤ capacity × this.
	pub backlog: Ticks,
	/// P_B: outstanding + proving ≤ capacity × this.
	pub proving: Ticks,
}

impl Bounds {
	/// Whether a node of this capacity may owe so much.
	pub fn allow(&self, load: NodeLoad, capacity: ComputeUnits) -> bool {
		// Saturating: no sum of compute units exceeds the saturated bound.
		let most = |time: Ticks| capacity.0.saturating_mul(u64::from(time.0));
		let owed = load.outstanding.checked_add(load.proving);
		load.outstanding.0 <= most(self.backlog)
			&& owed.is_some_and(|owed| owed.0 <= most(self.proving))
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
