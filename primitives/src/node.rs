//! Model nodes, as the runtime API shows them.

use crate::{Balance, ComputeUnits, ModelRef, NodeId};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// A model node.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct NodeView<AccountId> {
	/// Its identifier.
	pub id: NodeId,
	/// Who bonds for it and is paid.
	pub operator: AccountId,
	/// The key that delivers and proves.
	pub worker: AccountId,
	/// Compute units per block pledged in this epoch.
	pub capacity: ComputeUnits,
	/// Compute units per block pledged from the next epoch on.
	pub next_capacity: ComputeUnits,
	/// Compute units assigned and not yet delivered.
	pub outstanding: ComputeUnits,
	/// Compute units delivered and not yet proven.
	pub proving: ComputeUnits,
	/// Models it serves in this epoch.
	pub models: Vec<ModelRef>,
	/// Models it serves from the next epoch on.
	pub joining: Vec<ModelRef>,
	/// Outputs delivered in time.
	pub delivered: u64,
	/// Deadlines missed.
	pub missed: u64,
}

/// An operator's stake, planck.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct StakeView {
	/// Bonded and not locked by proof stakes.
	pub bonded: Balance,
	/// Reserved for assigned workloads or earmarked for delivered ones.
	pub proof_stakes: Balance,
	/// What the operator must keep bonded for its pledges.
	pub minimum: Balance,
	/// On its way out, still slashable.
	pub unbonding: Balance,
}
