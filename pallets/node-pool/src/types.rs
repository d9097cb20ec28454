//! What is stored of nodes and pools.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use inference_primitives::{
	node::{Limits, Standing},
	traits::NodeLoad,
	ComputeUnits, ModelRef, NodeId, PriceMultiplier, Ticks,
};
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
	/// Compute units per block that bound new work: the lowest capacity that was announced in this
	/// epoch. Restoring one acts in the next epoch, as raising one does.
	pub usable: ComputeUnits,
	/// Compute units assigned and not delivered.
	pub outstanding: ComputeUnits,
	/// Compute units delivered and not settled.
	pub proving: ComputeUnits,
	/// The bounds in force when work was last given to the node.
	pub bounds: Bounds,
	/// Models in whose pool's present snapshot it is: it is drawn for these.
	pub models: BoundedVec<ModelRef, MaxModels>,
	/// Models joined: those of which it is a member.
	pub next_models: BoundedVec<ModelRef, MaxModels>,
	/// Outputs delivered in time.
	pub delivered: u64,
	/// Deadlines missed and workloads declined.
	pub missed: u64,
	/// The epoch in which the operator last registered it, raised its capacity or joined a model:
	/// that acts in later ones. Declining counts as in the epoch after.
	pub changed_in: u32,
	/// Whether new work may come.
	pub standing: Standing,
	/// Deadlines missed in one epoch.
	pub epoch_misses: EpochMisses,
	/// What it adds to the total pledge.
	pub counted: Counted,
	/// What one workload may ask, for models that it joined; snapshots take it.
	pub limits: BoundedVec<(ModelRef, Limits), MaxModels>,
}

/// Deadlines that a node missed in one epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EpochMisses {
	/// The epoch.
	pub epoch: u32,
	/// How many.
	pub count: u32,
}

/// What a node adds to the total pledge: the most that it can serve of a model with its stake.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Counted {
	/// The epoch whose snapshots it was taken from.
	pub epoch: u32,
	/// Compute units per block.
	pub units: ComputeUnits,
}

impl<AccountId: Clone + PartialEq + Eq + core::fmt::Debug, MaxModels: Get<u32>>
	Node<AccountId, MaxModels>
{
	/// The capacity that the operator's bond must cover: the larger of the two.
	pub fn pledge(&self) -> ComputeUnits {
		self.capacity.max(self.next_capacity)
	}

	/// Lets what was announced in earlier epochs act: a higher capacity, and a return to service.
	/// Neither changes the pledge. Reads do it, so nothing has to visit every node at an epoch.
	pub fn take_up(&mut self, epoch: u32) {
		if self.changed_in < epoch {
			self.usable = self.next_capacity;
			self.capacity = self.capacity.max(self.next_capacity);
		}
		if matches!(self.standing, Standing::Resuming(since) if since < epoch) {
			self.standing = Standing::Active;
		}
	}

	/// What one workload of a model may ask, if the operator limits that.
	pub fn limits_for(&self, model: ModelRef) -> Option<Limits> {
		self.limits
			.iter()
			.find(|(of, _)| *of == model)
			.map(|(_, limits)| *limits)
	}

	/// Lets a lower capacity act if what the node owes fits it. Returns whether the pledge fell.
	pub fn lower(&mut self) -> bool {
		let falls = self.next_capacity < self.capacity
			&& self.bounds.allow(self.load(), self.next_capacity);
		if falls {
			self.capacity = self.next_capacity;
		}
		falls
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

/// A node in a pool's snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PoolMember {
	/// The node.
	pub node: NodeId,
	/// Sum of the weights of this and all earlier members of the pool, in hundredths of a compute unit per
	/// block.
	pub cumulative: u64,
	/// What one workload may ask of it in this epoch.
	pub limits: Option<Limits>,
	/// Whether it was in service and in the pool in the epoch before, until its end. What others ask is not
	/// in the offer: a node that stops with each epoch's beginning would otherwise set a price at which nobody
	/// serves.
	pub steady: bool,
}

impl PoolMember {
	/// The multiple of the base price that it asks in this epoch.
	pub fn multiplier(&self) -> PriceMultiplier {
		Limits::multiplier_of(self.limits)
	}
}

/// Which pools' snapshots are still to be taken in this epoch: a way through all pools in the storage's
/// order, once round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DueSnapshots {
	/// The next ones are behind this model's; if there is none, it is the first.
	pub after: Option<ModelRef>,
	/// From the last pool the way goes on at the first, and ends with this model's, behind which it began. If
	/// there is none, it began at the first pool and ends with the last.
	pub until: Option<ModelRef>,
}
