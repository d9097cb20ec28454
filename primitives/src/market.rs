//! Workloads: how they are ordered, the states they pass (docs/PROTOCOL.md, section 3), and the
//! account of their money.

use crate::{
	Balance, BlockNumber, ComputeUnits, GenesisHash, Hash, ModelRef, NodeId, StatementHeader, Tick,
	Ticks, VkHash, WorkloadId,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Where a result goes once it is settled.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
	/// This chain: an event and storage.
	#[codec(index = 0)]
	Local,
}

/// When the proof is due.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
	/// With the output.
	#[codec(index = 0)]
	Immediate,
	/// After the output, which is delivered under a proof stake (Staked Deferred Proof).
	#[codec(index = 1)]
	Deferred,
}

/// State of a workload.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum WorkloadState {
	/// Waits for the draw.
	#[codec(index = 0)]
	Queued,
	/// Given to a node that owes the output.
	#[codec(index = 1)]
	Assigned,
	/// Output delivered under a proof stake; the proof is owed.
	#[codec(index = 2)]
	Unproven,
	/// Proven and paid. Terminal.
	#[codec(index = 3)]
	Settled,
	/// Cancelled by its user before the draw. Terminal.
	#[codec(index = 4)]
	Cancelled,
	/// Never drawn in time. Terminal.
	#[codec(index = 5)]
	Expired,
	/// No node delivered in time; the payment went back. Terminal.
	#[codec(index = 6)]
	Refunded,
	/// Delivered, but not proven in time; payment and compensation went to the user. Terminal.
	#[codec(index = 7)]
	Failed,
	/// Governance disabled its proof system, setup or key; everything went back, and nobody was
	/// slashed. Terminal.
	#[codec(index = 8)]
	Voided,
}

impl WorkloadState {
	/// Whether nothing can happen to the workload any more, except pruning.
	pub fn is_terminal(self) -> bool {
		!matches!(self, Self::Queued | Self::Assigned | Self::Unproven)
	}
}

/// The account of one workload's money, planck.
///
/// Invariant (docs/DESIGN.md, rule 1), checked by `try_state`: in a terminal state
/// `escrowed = refunded + worker + creator + treasury`. What came from the operator's stake is
/// counted apart: `slashed = compensation + slashed_to_treasury`.
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
	Deserialize,
)]
pub struct Settlement {
	/// Held from the user at submission: maximum price, fees and queue slot.
	pub escrowed: Balance,
	/// Released to the user.
	pub refunded: Balance,
	/// Credited to the operator.
	pub worker: Balance,
	/// Credited to the model's creator.
	pub creator: Balance,
	/// Credited to the treasury.
	pub treasury: Balance,
	/// Taken from the stakes of operators that failed this workload.
	pub slashed: Balance,
	/// The part of `slashed` credited to the user.
	pub compensation: Balance,
	/// The part of `slashed` credited to the treasury.
	pub slashed_to_treasury: Balance,
}

impl Settlement {
	/// Whether every planck that came in went out.
	pub fn is_balanced(&self) -> bool {
		let out = [self.worker, self.creator, self.treasury]
			.iter()
			.try_fold(self.refunded, |sum, part| sum.checked_add(*part));
		out == Some(self.escrowed)
			&& self.compensation.checked_add(self.slashed_to_treasury) == Some(self.slashed)
	}
}

/// The preimage of a [`WorkloadId`].
#[derive(Encode)]
pub struct WorkloadPreimage<'a, AccountId> {
	/// Hash of the chain's genesis block.
	pub genesis: GenesisHash,
	/// Fork domain.
	pub domain: u32,
	/// Who submits.
	pub submitter: &'a AccountId,
	/// How many workloads this account submitted before.
	pub nonce: u64,
	/// Model and version.
	pub model: ModelRef,
	/// Its verifying key.
	pub vk_hash: VkHash,
	/// Hash of the input tensor.
	pub input: Hash,
	/// Where the result goes.
	pub destination: Destination,
	/// Highest price the user pays, planck.
	pub max_price: Balance,
	/// When the output must be there at the latest, counted from submission.
	pub deadline: Ticks,
	/// Value at risk, planck.
	pub value_at_risk: Balance,
	/// When the proof is due.
	pub mode: Mode,
}

impl<AccountId: Encode> WorkloadPreimage<'_, AccountId> {
	/// The workload's identifier (docs/PROTOCOL.md, principle 4).
	pub fn id(&self) -> WorkloadId {
		WorkloadId(crate::hashing::tagged_hash(
			b"inference-network/workload/v1",
			self,
		))
	}
}

/// A workload, as the runtime API shows it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct WorkloadView<AccountId> {
	/// Its identifier.
	pub id: WorkloadId,
	/// Who submitted it.
	pub submitter: AccountId,
	/// What its proof is about, but for the output.
	pub statement: StatementHeader,
	/// When the proof is due.
	pub mode: Mode,
	/// State.
	pub state: WorkloadState,
	/// Input tensor, fixed point at the model's input scale.
	pub input: Vec<i64>,
	/// Output tensor once delivered, fixed point at the model's output scale.
	pub output: Option<Vec<i64>>,
	/// Price on the present or last node, planck; zero while there is none.
	pub price: Balance,
	/// Node it is assigned to.
	pub node: Option<NodeId>,
	/// Draws so far.
	pub attempts: u8,
	/// When the current state times out, if it does.
	pub deadline: Option<Tick>,
	/// Block of submission.
	pub submitted_at: BlockNumber,
	/// Block of the output's delivery.
	pub delivered_at: Option<BlockNumber>,
	/// Block in which it became terminal.
	pub ended_at: Option<BlockNumber>,
	/// Where the money went.
	pub settlement: Settlement,
}

/// Most items of an inbox that the runtime shows at a time: [`InboxItem::position`] of the last one is where the next begin.
pub const MAX_INBOX_ITEMS: usize = 256;

/// A piece of work in a worker's inbox.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct InboxItem {
	/// What to prove, but for the output.
	pub statement: StatementHeader,
	/// When the proof is due.
	pub mode: Mode,
	/// `Assigned` (the output is owed) or `Unproven` (the proof is owed).
	pub state: WorkloadState,
	/// Input tensor.
	pub input: Vec<i64>,
	/// Output tensor if delivered.
	pub output: Option<Vec<i64>>,
	/// When it is due.
	pub deadline: Tick,
	/// Until when the node may decline it, if it may.
	pub decline_by: Option<Tick>,
	/// When its proof is due: `deadline`, but for a Deferred output that is still owed, the proof
	/// deadline that a delivery at the last moment would have. A prover that takes what is new in
	/// this order has every proof in time.
	pub prove_by: Tick,
	/// Compute units.
	pub compute_units: ComputeUnits,
	/// Proof stake that the node loses if a delivered output is not proven in time, planck.
	pub at_stake: Balance,
	/// Value at risk V, planck: the part of `at_stake` that the user insured beyond the price.
	pub value_at_risk: Balance,
}

impl InboxItem {
	/// Where it is in the inbox, which is in this order.
	pub fn position(&self) -> (Tick, WorkloadId) {
		(self.deadline, self.statement.workload)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_settlement_balances_only_to_the_planck() {
		let mut account = Settlement {
			escrowed: 100,
			refunded: 10,
			worker: 70,
			creator: 15,
			treasury: 5,
			slashed: 9,
			compensation: 4,
			slashed_to_treasury: 5,
		};
		assert!(account.is_balanced());
		account.refunded += 1;
		assert!(!account.is_balanced());
		account.refunded = Balance::MAX;
		assert!(!account.is_balanced());
	}
}
