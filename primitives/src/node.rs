//! Model nodes, as the runtime API shows them.

use crate::{hashing::tagged_hash, Balance, ComputeUnits, GenesisHash, Hash, ModelRef, NodeId};
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

/// What a worker key signs so that an operator may name it as a node's worker. It holds on one chain
/// and for one operator, who may use it again: it has no nonce, and the key belongs to one node at a
/// time anyway.
#[derive(Encode)]
pub struct WorkerConsent<'a, AccountId> {
	/// Hash of the chain's genesis block.
	pub genesis: GenesisHash,
	/// For whose nodes the key will work.
	pub operator: &'a AccountId,
}

impl<AccountId: Encode> WorkerConsent<'_, AccountId> {
	/// The bytes to sign. A hash with a tag of its own: no transaction's and no proof's payload is
	/// the same 32 bytes.
	pub fn message(&self) -> Hash {
		tagged_hash(b"inference-network/worker-key/v1", self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_consent_holds_for_one_operator_on_one_chain() {
		let message = |genesis: u8, operator: u64| {
			WorkerConsent {
				genesis: GenesisHash([genesis; 32]),
				operator: &operator,
			}
			.message()
		};
		assert_eq!(message(1, 2), message(1, 2));
		assert_ne!(message(1, 2), message(1, 3));
		assert_ne!(message(1, 2), message(2, 2));
	}
}
