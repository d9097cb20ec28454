//! What is stored of workloads and queues.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use inference_primitives::{
	parameters::{permille_of, Permille},
	price::StakeTerms,
	Balance, BlockNumber, ComputeUnits, Mode, ModelRef, NodeId, PriceMultiplier,
	ProtocolParameters, Settlement, StatementHeader, Tick, Ticks, WorkloadId, WorkloadState,
	MAX_TENSOR_VALUES,
};
use scale_info::TypeInfo;

/// Values of a tensor, fixed point, row-major.
pub type Tensor = BoundedVec<i64, ConstU32<MAX_TENSOR_VALUES>>;
/// Most operators remembered as having failed a workload: the redraws and the first draw.
pub type MaxFailedOperators = ConstU32<{ ProtocolParameters::MAX_REDRAWS as u32 + 1 }>;

/// What was pinned when the workload was submitted (docs/PROTOCOL.md, principle 5): later changes
/// of the parameters do not touch it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// Compute units of the inference.
	pub compute_units: ComputeUnits,
	/// Creator's royalty, planck.
	pub royalty: Balance,
	/// Highest price, planck.
	pub max_price: Balance,
	/// Value at risk V, planck.
	pub value_at_risk: Balance,
	/// Fee for the value at risk, planck: for the operator that settles.
	pub risk_fee: Balance,
	/// Queue-slot fee σ, planck.
	pub slot_fee: Balance,
	/// F_d: what declining costs an operator, of the price. As much of the user's is held, and goes
	/// back.
	pub decline_fee: Permille,
	/// Slash for a missed delivery, of the price.
	pub miss_slash: Permille,
	/// The part of it for the user, of the price.
	pub miss_compensation: Permille,
	/// The multiple of the price in the proof stake.
	pub proof_stake: Permille,
	/// Compensation for a missed proof, of the price.
	pub proof_compensation: Permille,
	/// The treasury's part of the price.
	pub treasury_share: Permille,
	/// Price floor, planck per compute unit: times its node's multiplier the operator's, less the
	/// treasury's share; what is above goes to the treasury.
	pub price_floor: Balance,
	/// Draws after the first.
	pub redraws: u8,
	/// Time from a deferred delivery to its proof deadline.
	pub proof_deadline: Ticks,
	/// P_B that this proof deadline suits: no node with a longer backlog of proofs is drawn.
	pub proving_backlog: Ticks,
	/// Latency granted to an assignment.
	pub base_latency: Ticks,
	/// Longest time in the queue.
	pub queue_ttl: Ticks,
	/// K: blocks whose VRF outputs seed each of its draws.
	pub seed_blocks: u32,
	/// How long its record stays at least once it has ended.
	pub retention: Ticks,
	/// When the output must be there at the latest.
	pub latest: Tick,
	/// What the user gets for the first missed deadline at least, planck: the queue slot and the
	/// transaction's fee, so that no failure of the network leaves a loss.
	pub least_compensation: Balance,
	/// Part of the price that pays for the proof's verification, planck: what the chain asks for the
	/// weight of the call that proves, whose fee the worker gets back. The treasury's.
	pub verification_fee: Balance,
}

/// What the chain asks for its own work on an order, planck, at the present weights and rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChainFees {
	/// The fee of the order's transaction, at most.
	pub order: Balance,
	/// For verifying the proof.
	pub verification: Balance,
}

impl Terms {
	/// The terms that the present parameters give an order. `None` on overflow.
	pub fn new(
		parameters: &ProtocolParameters,
		compute_units: ComputeUnits,
		royalty: Balance,
		max_price: Balance,
		value_at_risk: Balance,
		latest: Tick,
		fees: ChainFees,
	) -> Option<Self> {
		Some(Self {
			compute_units,
			royalty,
			max_price,
			value_at_risk,
			risk_fee: permille_of(value_at_risk, parameters.risk_fee)?,
			slot_fee: parameters.queue_slot_fee,
			decline_fee: parameters.decline_fee,
			miss_slash: parameters.miss_slash,
			miss_compensation: parameters.miss_compensation,
			proof_stake: parameters.proof_stake,
			proof_compensation: parameters.proof_compensation,
			treasury_share: parameters.treasury_share,
			price_floor: parameters.price_floor,
			redraws: parameters.redraws,
			proof_deadline: parameters.proof_deadline,
			proving_backlog: parameters.proving_backlog,
			base_latency: parameters.base_latency,
			queue_ttl: parameters.queue_ttl,
			seed_blocks: parameters.seed_blocks,
			retention: parameters.retention,
			latest,
			least_compensation: parameters.queue_slot_fee.checked_add(fees.order)?,
			verification_fee: fees.verification,
		})
	}

	/// Escrow of the whole order, planck, from its submission to its end: whichever node is drawn, the
	/// first or a later one, its price is in it. `None` on overflow.
	pub fn escrow(&self) -> Option<Balance> {
		self.max_price
			.checked_add(permille_of(self.max_price, self.decline_fee)?)?
			.checked_add(self.risk_fee)?
			.checked_add(self.slot_fee)
	}

	/// What a missed deadline costs the operator and what of it is the user's, planck: the slash
	/// that the parameters give, but for the first miss at least twice, and once, what makes up for
	/// the user's fees. `None` on overflow.
	pub fn miss(&self, price: Balance, first: bool) -> Option<(Balance, Balance)> {
		let least = if first { self.least_compensation } else { 0 };
		let to_user = permille_of(price, self.miss_compensation)?.max(least);
		let slash = permille_of(price, self.miss_slash)?.max(least.checked_mul(2)?);
		Some((slash, to_user))
	}

	/// What declining costs the operator and what of it is the user's, planck: the decline fee, but if
	/// the workload was never failed before at least twice, and once, what makes up for the user's
	/// fees. `None` on overflow.
	pub fn decline(&self, price: Balance, first: bool) -> Option<(Balance, Balance)> {
		let least = if first { self.least_compensation } else { 0 };
		let fee = permille_of(price, self.decline_fee)?.max(least.checked_mul(2)?);
		let to_user = permille_of(price, self.miss_compensation)?.max(least);
		Some((fee, to_user.min(fee)))
	}

	/// The last tick on which a proof can be due, whichever attempt succeeds: each output is due by
	/// `latest`.
	pub fn last_proof_due(&self, mode: Mode) -> Tick {
		match mode {
			Mode::Immediate => self.latest,
			Mode::Deferred => self.latest.after(self.proof_deadline),
		}
	}

	/// What decides the proof stake S = `proof_stake` · P + V: the first part is at least twice the least
	/// compensation. `None` on overflow.
	pub fn stake_terms(&self) -> Option<StakeTerms> {
		Some(StakeTerms {
			multiple: self.proof_stake,
			least: self.least_compensation.checked_mul(2)?,
			value_at_risk: self.value_at_risk,
		})
	}

	/// Proof stake at this price, planck. `None` on overflow.
	pub fn proof_stake_for(&self, price: Balance) -> Option<Balance> {
		self.stake_terms()?.at(price)
	}

	/// What of the price is not for the work, planck: royalty and verification fee. `None` on overflow.
	pub fn on_top(&self) -> Option<Balance> {
		self.royalty.checked_add(self.verification_fee)
	}

	/// What the user gets of a forfeited proof stake, planck, with what makes up for its fees if it
	/// is the first miss. `None` on overflow.
	pub fn proof_miss(&self, price: Balance, first: bool) -> Option<Balance> {
		permille_of(price, self.proof_compensation)?
			.max(if first { self.least_compensation } else { 0 })
			.checked_add(self.value_at_risk)
	}
}

/// The node that a workload is assigned to, and what was reserved of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Assigned<AccountId> {
	/// The node.
	pub node: NodeId,
	/// Its operator.
	pub operator: AccountId,
	/// The workload's price on this node, planck: what the node asks, at most the bid.
	pub price: Balance,
	/// Proof stake locked, planck.
	pub proof_stake: Balance,
	/// What the node asks, by which its operator is paid.
	pub multiplier: PriceMultiplier,
	/// When it was drawn.
	pub assigned_at: Tick,
}

/// A workload.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Workload<AccountId> {
	/// Who submitted it.
	pub submitter: AccountId,
	/// What its proof is about, but for the output.
	pub statement: StatementHeader,
	/// When the proof is due.
	pub mode: Mode,
	/// State.
	pub state: WorkloadState,
	/// What was pinned at submission.
	pub terms: Terms,
	/// Base price of the first draw, planck per compute unit: later draws' prices are by it, too. One that
	/// rises meanwhile pays no operator, and must not keep a workload from being served that a node has
	/// failed.
	pub base_price: Option<Balance>,
	/// Escrow still held, planck.
	pub held: Balance,
	/// Storage deposit held, planck.
	pub deposit: Balance,
	/// Present node.
	pub assigned: Option<Assigned<AccountId>>,
	/// Operators that failed it: no node of theirs is drawn for it again.
	pub failed_operators: BoundedVec<AccountId, MaxFailedOperators>,
	/// The node that missed or declined it last: a step that its worker sent before that, and that the
	/// block of the miss or a later one holds, is only late.
	pub failed_node: Option<NodeId>,
	/// Draws so far.
	pub attempts: u8,
	/// Block in which it last entered the queue: only later blocks' VRF outputs seed a draw.
	pub entered_at: BlockNumber,
	/// When the present state times out; in a terminal state, when it may be pruned.
	pub deadline: Tick,
	/// Block of submission.
	pub submitted_at: BlockNumber,
	/// Block of delivery.
	pub delivered_at: Option<BlockNumber>,
	/// Block in which it ended.
	pub ended_at: Option<BlockNumber>,
	/// Where the money went.
	pub settlement: Settlement,
	/// What the draws that did not assign it found.
	pub outlook: Outlook,
}

/// What the draws found that did not assign a workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Outlook {
	/// It was not drawn yet.
	#[default]
	Untried,
	/// No candidate could have taken it, idle or not: its own terms are in the way.
	Unfit,
	/// A candidate could have taken it once, had it been free: the network was in the way.
	Able,
}

/// Key of an entry in a node's inbox. Entries are stored, and so read, in the order of deadlines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct InboxKey {
	/// When it is due; big-endian, so that the encoding sorts as the tick does.
	deadline: [u8; 4],
	/// The workload.
	pub workload: WorkloadId,
}

impl InboxKey {
	/// The key of a workload that is due then.
	pub fn new(deadline: Tick, workload: WorkloadId) -> Self {
		Self {
			deadline: deadline.0.to_be_bytes(),
			workload,
		}
	}
}

/// A model's queue: a list linked by [`QueueLink`]s, so that leaving it leaves no hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Queue {
	/// The workload that waits longest.
	pub first: Option<WorkloadId>,
	/// The workload that came last.
	pub last: Option<WorkloadId>,
	/// Workloads in the queue.
	pub length: u32,
	/// Where the next block looks on after the first few; `None`: right behind these.
	pub resume: Option<WorkloadId>,
}

/// The models that have a queue: a ring linked by [`Turn`]s.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Served {
	/// Whose turn is next.
	pub next: ModelRef,
	/// How many models are in the ring.
	pub models: u32,
}

/// A model's neighbours in the ring of those that have a queue; itself if it is alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Turn {
	/// Whose turn is before its own.
	pub before: ModelRef,
	/// Whose turn is after its own.
	pub after: ModelRef,
}

/// A queued workload's neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct QueueLink {
	/// Who came before it.
	pub before: Option<WorkloadId>,
	/// Who came after it.
	pub after: Option<WorkloadId>,
}
