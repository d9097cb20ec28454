//! Model nodes, as the runtime API shows them.

use crate::{
	hashing::tagged_hash, price::PriceMultiplier, Balance, ComputeUnits, GenesisHash, Hash,
	ModelRef, NodeId,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::Serialize;

/// Whether new work may come to a node.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
	/// It may.
	#[default]
	#[codec(index = 0)]
	Active,
	/// Its operator stopped it.
	#[codec(index = 1)]
	Paused,
	/// It missed too many deadlines in one epoch.
	#[codec(index = 2)]
	Suspended,
	/// Its operator resumed it in this epoch; it may from the next one on.
	#[codec(index = 3)]
	Resuming(u32),
}

impl Standing {
	/// Whether new work may come in this epoch.
	pub fn serves(self, epoch: u32) -> bool {
		match self {
			Self::Active => true,
			Self::Paused | Self::Suspended => false,
			Self::Resuming(since) => since < epoch,
		}
	}
}

/// What an operator lets one workload of a model ask of a node, and what it asks for the work.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Limits {
	/// Most value at risk, planck.
	pub max_value_at_risk: Balance,
	/// Most proof stake, planck: it grows with the price, the creator's royalty included, and so does
	/// what a missed deadline costs.
	pub max_proof_stake: Balance,
	/// Least price without royalty and verification fee, planck.
	pub min_work_price: Balance,
	/// The multiple of the base price that the node asks.
	pub multiplier: PriceMultiplier,
}

impl Limits {
	/// What a node with these limits asks: the base price if it has none.
	pub fn multiplier_of(limits: Option<Self>) -> PriceMultiplier {
		limits.map_or(PriceMultiplier::ONE, |limits| limits.multiplier)
	}

	/// Whether a workload that asks for this keeps the limits. `work_price`: by the node's multiplier.
	pub fn admit(&self, value_at_risk: Balance, proof_stake: Balance, work_price: Balance) -> bool {
		value_at_risk <= self.max_value_at_risk
			&& proof_stake <= self.max_proof_stake
			&& work_price >= self.min_work_price
	}
}

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
	/// Compute units per block that were announced; more act from the next epoch on.
	pub next_capacity: ComputeUnits,
	/// Compute units assigned and not yet delivered.
	pub outstanding: ComputeUnits,
	/// Compute units delivered and not yet proven.
	pub proving: ComputeUnits,
	/// Models that it is drawn for in this epoch.
	pub models: Vec<ModelRef>,
	/// Models that it joined.
	pub joining: Vec<ModelRef>,
	/// Outputs delivered in time.
	pub delivered: u64,
	/// Deadlines missed and workloads declined.
	pub missed: u64,
	/// Whether new work may come.
	pub standing: Standing,
	/// What one workload may ask, of models for which its operator limits that; from the next
	/// snapshot on.
	pub limits: Vec<(ModelRef, Limits)>,
	/// Those of them that are in force in this epoch: the snapshots'. None of a model whose work it
	/// takes without limits, at the base price.
	pub limits_in_force: Vec<(ModelRef, Limits)>,
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

/// What a worker key signs so that an operator may name it as a node's worker. It holds on one chain,
/// for one operator, and once: the chain counts the consents that the operator has used, so that it takes
/// no key back with an old signature once that left. A consent that is not the operator's next one lapses. The count
/// is the operator's, who has a bond, and not the key's: keys cost nothing, and what is kept of one stays for ever.
#[derive(Encode)]
pub struct WorkerConsent<'a, AccountId> {
	/// Hash of the chain's genesis block.
	pub genesis: GenesisHash,
	/// For whose nodes the key will work.
	pub operator: &'a AccountId,
	/// How many consents, of whichever keys, the operator has used before.
	pub used: u32,
}

impl<AccountId: Encode> WorkerConsent<'_, AccountId> {
	/// The bytes to sign. A hash with a tag of its own: no transaction's and no proof's payload is
	/// the same 32 bytes.
	pub fn message(&self) -> Hash {
		tagged_hash(b"inference-network/worker-key/v2", self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_consent_holds_for_one_operator_on_one_chain_and_once() {
		let message = |genesis: u8, operator: u64, used: u32| {
			WorkerConsent {
				genesis: GenesisHash([genesis; 32]),
				operator: &operator,
				used,
			}
			.message()
		};
		assert_eq!(message(1, 2, 0), message(1, 2, 0));
		assert_ne!(message(1, 2, 0), message(1, 3, 0));
		assert_ne!(message(1, 2, 0), message(2, 2, 0));
		assert_ne!(message(1, 2, 0), message(1, 2, 1));
	}
}
