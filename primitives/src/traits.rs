//! The small interfaces by which the pallets talk. Each is implemented by one pallet and used
//! through a `Config` type by the others.

use crate::{
	model::ModelView,
	parameters::ProtocolParameters,
	price::{Bid, PoolOffer, PriceMultiplier, Quote},
	Balance, ComputeUnits, Hash, Mode, ModelRef, NodeId, ProofSystem, SetupId, Statement, Tick,
	Ticks, VkHash,
};
use frame_support::{dispatch::DispatchResult, weights::Weight};
use sp_runtime::DispatchError;

mod clock;

pub use clock::HoldsClock;

/// Parameters and the service clock. Implemented by `pallet-network-parameters`.
pub trait Network {
	/// The parameters in force.
	fn parameters() -> ProtocolParameters;
	/// The service clock.
	fn now() -> Tick;
	/// Whether the service clock runs. Nothing is assigned while it stands.
	fn is_serving() -> bool;
	/// Whether this is a development chain: fixed at genesis. Only such a chain takes what is insecure.
	fn is_development() -> bool;
}

/// What a registered verifying key says of its circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyInfo {
	/// Its hash: the key's identifier.
	pub vk_hash: VkHash,
	/// Compute units of one proof.
	pub compute_units: ComputeUnits,
	/// Public inputs of one proof.
	pub public_inputs: u32,
	/// What the key holds of its tensors and its circuit: [`crate::binding()`] of a model's, zero or anything
	/// else of other keys.
	pub binding: [u8; 32],
}

/// Verifying keys and proofs. Implemented by `pallet-proof-verifier`.
pub trait ProofVerifier<AccountId> {
	/// Registers a key, or adds a reference to it if it is there. Takes a deposit from `depositor`
	/// for the first reference. Errors: unknown or ended proof system, setup not approved, invalid
	/// plan, deposit not affordable.
	fn register_key(
		depositor: &AccountId,
		system: ProofSystem,
		setup: SetupId,
		key: &[u8],
	) -> Result<KeyInfo, DispatchError>;
	/// Drops a reference; the last one removes the key and returns the deposit.
	fn release_key(vk_hash: VkHash) -> DispatchResult;
	/// Verifies that `proof` proves exactly `statement`, whose input and output tensors are given.
	fn verify(
		vk_hash: VkHash,
		statement: &Statement,
		input: &[i64],
		output: &[i64],
		proof: &[u8],
	) -> DispatchResult;
	/// The tick from which proofs under this key are refused: the earliest end of life among those
	/// of its proof system, its setup and the key itself. `None` while there is none, or if the key
	/// is unknown.
	fn end_of_life(vk_hash: VkHash) -> Option<Tick>;
	/// Whether governance has disabled the key, its setup or its proof system. Its proofs are refused
	/// from then on and for ever; what was ordered under it ends without anybody's fault.
	fn is_disabled(vk_hash: VkHash) -> bool;
	/// Weight of [`Self::verify`] under this key; the maximum if the key is unknown. It follows from
	/// the key's sizes, so a runtime never changes it while the key is there.
	fn verify_weight(vk_hash: VkHash) -> Weight;
	/// Weight of [`Self::verify`] under the largest key. Calls are weighed by it: it must read no
	/// storage.
	fn max_verify_weight() -> Weight;
	/// Weight of [`Self::register_key`] for a key of so many bytes. Calls are weighed by it: it must
	/// read no storage.
	fn register_weight(key_bytes: u32) -> Weight;
}

/// Model versions. Implemented by `pallet-model-registry`.
pub trait Models<AccountId> {
	/// A model version.
	fn model(model: ModelRef) -> Option<ModelView<AccountId>>;
	/// Counts a workload that starts, so that the version is kept. Errors: unknown model, or not
	/// for sale.
	fn start_workload(model: ModelRef) -> DispatchResult;
	/// Counts a workload that ended. `settled`: it was proven and paid.
	fn end_workload(model: ModelRef, settled: bool);
}

/// What the draw needs to know of a workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DrawRequest<'a, AccountId> {
	/// Model to serve.
	pub model: ModelRef,
	/// Who submitted it: never served by a node of its own.
	pub submitter: &'a AccountId,
	/// Randomness that nobody knew at submission.
	pub seed: Hash,
	/// Operators that failed this workload before: none of their nodes is drawn.
	pub excluded: &'a [AccountId],
	/// Compute units to reserve.
	pub compute_units: ComputeUnits,
	/// What it pays, and the stake to reserve, by what a node asks.
	pub bid: Bid,
	/// Whether the proof is due with the output or later.
	pub mode: Mode,
	/// P_B pinned for this workload: its proof deadline suits no longer backlog of proofs.
	pub proving_backlog: Ticks,
	/// The output must be due by then.
	pub latest: Tick,
}

/// A workload's node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment<AccountId> {
	/// The node.
	pub node: NodeId,
	/// Its operator: whose stake answers and who is paid.
	pub operator: AccountId,
	/// Its worker key: who delivers.
	pub worker: AccountId,
	/// What the node asks.
	pub multiplier: PriceMultiplier,
	/// What the workload pays, and the stake that is reserved.
	pub quote: Quote,
	/// When the output is due.
	pub due: Tick,
}

/// What a draw found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Drawn<AccountId> {
	/// A node, of which capacity and stake are reserved now.
	Assigned(Assignment<AccountId>),
	/// Nobody, and nothing changed; a candidate could have taken the workload, had it been idle and
	/// in service.
	Busy,
	/// Nobody, and nothing changed; no candidate could have taken it, idle or not: it pays less than
	/// they ask, or asks for more stake or capacity than they have, or they may not serve its submitter,
	/// or there is none.
	Unfit,
}

/// What a node owes, compute units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeLoad {
	/// Assigned and not delivered.
	pub outstanding: ComputeUnits,
	/// Delivered and not settled.
	pub proving: ComputeUnits,
}

/// Nodes that missed deliveries lately.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecentMisses {
	/// How many nodes.
	pub nodes: u32,
	/// What they counted for in the total pledge when they missed, compute units per block.
	pub pledge: ComputeUnits,
	/// The greatest total pledge at one of these misses, compute units per block: nodes that were
	/// suspended or left since count in it.
	pub whole: ComputeUnits,
}

/// What stands behind an operator's nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backing {
	/// Stake that new proof stakes can use now, planck.
	pub free: Balance,
	/// Stake that they could use if all work in hand were settled, planck.
	pub reach: Balance,
	/// Compute units per block pledged by all of the operator's nodes.
	pub pledge: ComputeUnits,
}

/// Node pools. Implemented by `pallet-node-pool`.
///
/// What [`Self::draw_next`] reserves of a node's capacity leaves it in one of these ways, each step with
/// the same amount: [`Self::deliver`], then [`Self::settle`]; or [`Self::miss`], or
/// [`Self::decline`], or, if nobody is to blame, [`Self::release`].
pub trait NodePool<AccountId> {
	/// What the draws of one block share: what is read once for all of them. Between the first of them
	/// and the last nobody may change parameters, clock, epoch or pools.
	type Draws;
	/// Begins a block's draws.
	fn begin_draws() -> Self::Draws;
	/// Draws a node with free capacity and stake among those whose price is within the bid, and reserves
	/// both. Returns the weight of what was done, too; what an earlier draw of the block did already is
	/// not in it.
	fn draw_next(
		draws: &mut Self::Draws,
		request: &DrawRequest<AccountId>,
	) -> (Drawn<AccountId>, Weight);
	/// The output was delivered in time: moves the compute units from what is outstanding to what
	/// is to be proven, and records the delivery.
	fn deliver(node: NodeId, compute_units: ComputeUnits);
	/// The proof settled the workload, or its deadline passed: frees the delivered compute units.
	fn settle(node: NodeId, compute_units: ComputeUnits);
	/// Counts a node whose output was not delivered in time among [`Self::recent_misses`]. Comes
	/// before [`Self::miss`], which may suspend it.
	fn count_miss(node: NodeId);
	/// The output was not delivered in time: frees the compute units and records the miss, which
	/// suspends the node if it was one too many. `excused`: the network is to blame, so it does not
	/// count for that.
	fn miss(node: NodeId, compute_units: ComputeUnits, excused: bool);
	/// The node gave the work back: frees the compute units, counts it like a miss, excused or not, and
	/// takes the node out of the model's pool until the epoch after the next.
	fn decline(node: NodeId, model: ModelRef, compute_units: ComputeUnits, excused: bool);
	/// The output is owed no more, by nobody's fault: frees the compute units and records nothing.
	fn release(node: NodeId, compute_units: ComputeUnits);
	/// The proof was not there in time: frees the delivered compute units and records the miss, as
	/// [`Self::miss`] does.
	fn miss_proof(node: NodeId, compute_units: ComputeUnits, excused: bool);
	/// The node that a worker key works for now.
	fn node_of(worker: &AccountId) -> Option<NodeId>;
	/// What a node owes. `None` if there is no such node.
	fn load(node: NodeId) -> Option<NodeLoad>;
	/// Compute units per block that nodes in pools can serve in this epoch, with the stake that
	/// they have.
	fn total_pledge() -> ComputeUnits;
	/// Nodes that missed deliveries within the circuit breaker's window, each once.
	fn recent_misses() -> RecentMisses;
	/// What the nodes of a model's pool offer: the greatest stake for one workload, idle, and what they
	/// ask. `None` if nobody can serve the model in this epoch.
	fn offer(model: ModelRef) -> Option<PoolOffer>;
	/// Weight of one [`Self::draw_next`] at most.
	fn max_draw_weight() -> Weight;
}

/// What orders ask for now. Implemented by `pallet-inference-market`.
pub trait Orders {
	/// The present price of so many compute units, planck, on a node that asks the base price; royalty and
	/// verification fee come on top.
	fn work_price(compute_units: ComputeUnits) -> Balance;
	/// What verifying a proof under this key, of an output of so many values, adds to the price, planck.
	fn verification_fee(vk_hash: VkHash, output_values: u32) -> Balance;
	/// The least proof stake of a workload with so many input values, planck.
	fn least_proof_stake(input_values: u32) -> Balance;
}

/// Operators' stakes. Implemented by `pallet-worker-staking`.
pub trait Stakes<AccountId> {
	/// Bonded stake above the operator's minimum, that new proof stakes can use.
	fn free_stake(operator: &AccountId) -> Balance;
	/// What stands behind the operator's nodes under the parameters in force, which who asks for many
	/// operators reads once. Zeros if it has bonded nothing.
	fn backing(operator: &AccountId, parameters: &ProtocolParameters) -> Backing;
	/// Changes the operator's pledge over all its nodes by what one of them pledges, from the first of two values to the
	/// second (of each the larger of this epoch's and the next's): no other node is read. Errors if the bond does not
	/// cover more.
	fn change_pledge(
		operator: &AccountId,
		change: (ComputeUnits, ComputeUnits),
		parameters: &ProtocolParameters,
	) -> DispatchResult;
	/// Locks `amount` of the free stake as a proof stake, under the parameters in force, which the draws of a block read
	/// once.
	fn lock(
		operator: &AccountId,
		amount: Balance,
		parameters: &ProtocolParameters,
	) -> DispatchResult;
	/// Returns `amount` from the proof stakes to the bond.
	fn unlock(operator: &AccountId, amount: Balance) -> DispatchResult;
	/// Earmarks up to `amount` of the operator's bond, unbonding stake included, for a slash that may
	/// come: nothing else can use it until [`Self::drop_earmark`]. Returns what was earmarked.
	fn earmark(operator: &AccountId, amount: Balance) -> Balance;
	/// Frees `amount` of what is earmarked.
	fn drop_earmark(operator: &AccountId, amount: Balance);
	/// What is earmarked of the operator's bond, planck.
	fn earmarked(operator: &AccountId) -> Balance;
	/// What is earmarked of all bonds together, planck. Reads every ledger: for checks of invariants.
	fn all_earmarked() -> Balance;
	/// Moves up to `amount` of the operator's bond, unbonding stake included and what is earmarked
	/// not, to `to`. Returns what was moved.
	fn slash_bond(operator: &AccountId, amount: Balance, to: &AccountId) -> Balance;
	/// Moves up to `amount` of the operator's proof stakes to `to`. Returns what was moved.
	fn slash_locked(operator: &AccountId, amount: Balance, to: &AccountId) -> Balance;
}

/// The VRF output of the parent block's author. Implemented by the runtime over BABE.
pub trait ParentVrf {
	/// The parent's VRF output, if its slot had one.
	fn parent_vrf() -> Option<Hash>;
}
