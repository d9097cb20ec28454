//! Model nodes: pledged capacity, node epochs, the models they serve, and the random assignment.
//!
//! **Who calls it.** Operators register nodes, change their pledge and join or leave models.
//! `pallet-inference-market` draws a node for each workload and says when it delivered and proved,
//! through [`inference_primitives::traits::NodePool`].
//!
//! **Terms.**
//! - *node epoch*: a number of blocks; what an operator adds in epoch e (a node, capacity, a model)
//!   acts in e + 1, what it takes away acts at once, and what it gives back acts in e + 1, too: so
//!   nobody steps aside for single draws;
//! - *capacity*: compute units per block that a node pledges;
//! - *outstanding*: compute units assigned to a node and not delivered yet;
//! - *proving*: compute units that a node delivered and whose proof it still owes;
//! - *backlog bound* B: outstanding ≤ capacity × B, with the lowest of the present capacity and those
//!   announced in this epoch;
//! - *proving backlog* P_B: outstanding + proving ≤ capacity × P_B, with the same capacity. So a node
//!   that delivers faster than it proves is given no more than it can prove in time;
//! - *members* of a model: the nodes that joined it; *pool*: the snapshot of those that could serve
//!   it when the epoch began, which the draw uses;
//! - *reach* of an operator: its stake above the minimum, that which work in hand holds included;
//! - *what a node serves* of a model, compute units per block: its capacity, or the part of it that the
//!   reach can cover: a workload locks the proof stake S, so a reach below S (at the price floor, nothing at
//!   risk, and no less than makes up for an order's fees) serves nothing, and all takes S for as much work
//!   as the operator's pledge may have outstanding, capacity × B. Nodes of an operator share its reach by
//!   capacity. A node whose capacity × B or capacity × P_B is less than one workload serves nothing either;
//! - *weight* in a pool: what the node serves, divided by the multiple of the base price that it asks, in
//!   hundredths of a compute unit. One without weight is in no snapshot;
//! - *going multiple* of a pool: the least at which nodes with a sixteenth of its weight serve. Orders must
//!   pay that, not what a single small node asks.
//!
//! **Life.** `register_node` → (next epoch) active → `join_model` → (next epoch) drawn →
//! `leave_model` → not drawn → `deregister_node`. `pause` → not drawn → `resume` → (next epoch)
//! drawn. A node that misses `suspend_after` deadlines (outputs or proofs) in one epoch is suspended:
//! not drawn, until its operator calls `resume`.
//!
//! **Declining** gives assigned work back (the market's `decline`). It counts like a miss, takes the node
//! out of the model's pool at once, and keeps it out until the epoch after the next, whenever its
//! operator joins again: so nobody steps aside for single draws by it.
//!
//! **Limits** ([`Limits`]) are what an operator lets one workload of a model ask, and the multiple of the
//! base price that it asks for the work. Snapshots take them, so they hold for an epoch. A workload's price,
//! and with it the proof stake, follows from the multiplier of the node that is drawn; one that bids less
//! than that passes the node by. A dear node needs more stake to serve as much, and is drawn less often.
//!
//! **Nobody is locked in.** Leaving, lowering and pausing depend on no list that others can fill and
//! act at once. What is joined or raised waits for the next epoch and is taken up by reads
//! ([`Node::take_up`]) and by the snapshots, of which a block takes a bounded number.
//!
//! **Worker keys** sign deliveries and proofs, and lie on the machine that proves. A key belongs to
//! a node only after signing that it works for the node's operator
//! ([`inference_primitives::node::WorkerConsent`], the operator's next one, good for one use). An operator replaces it at any
//! time: what the node owes, and new work, is the new key's from then on, and the old key may do
//! nothing any more. A key is replaced when it is lost or stolen: who has only the new one can finish,
//! and who stole the old one can neither deliver a false output, which would forfeit the proof stake,
//! nor decline. A key that was replaced by mistake comes back with a new consent.
//!
//! **Invariants** (`try_state`): docs/DESIGN.md, rule 2, for each node outstanding ≤ capacity × B and
//! outstanding + proving ≤ capacity × P_B, with the B and P_B of its latest assignment (lower ones
//! bind new work only); a pool's cumulative weights ascend, and it has each node that says it is in
//! it; members are the nodes that joined; each worker key belongs to one node; the total pledge is
//! the sum of what nodes count for, and a paused or suspended node counts for nothing; what an operator
//! pledges is the sum of what its nodes do.
//!
//! **Why an honest node proves in time** (docs/DESIGN.md, rule 5). A node that proves `capacity`
//! compute units per block in the order of assignment has a proof when all that it owed at the
//! assignment is proven: (outstanding + proving) / capacity ≤ P_B later. A Deferred proof is due at least P_B + L0 after
//! the assignment (`ProtocolParameters::check`), an Immediate one when all that is owed, proofs
//! included, can be proven, and L0 later. What is assigned afterwards comes behind and changes
//! neither. A draw takes the lower of the present P_B and of the one pinned with the workload's
//! proof deadline.
//!
//! **The draw** (docs/PROTOCOL.md, section 2). A snapshot has its nodes in the order of what they ask. A draw
//! samples at most [`MAX_CANDIDATES`] of those whose price is within its bid, by their cumulative weights,
//! each by a binary search, from `BLAKE2b(seed ‖ i)`, and takes the first that qualifies. Anyone can
//! derive it again from the chain's public state.
//!
//! **Limitations.** A pool holds at most `MaxPoolNodes` nodes; in a full one who pledges more takes the place of
//! who does not serve, or pledges least. No heartbeats:
//! a node is noticed when it misses. Who sees a draw's seed coming can leave or pause before it, and
//! cannot come back in the same epoch; two accounts of one person are two operators. Who unbonds its free
//! stake is passed by until it bonds as much again: that locks the same sum once more for the whole
//! unbonding period, for each draw.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub use draws::Draws;
pub use pallet::*;
pub use types::{Bounds, Counted, DueSnapshots, EpochMisses, Node, PoolMember};
pub use weights::WeightInfo;

mod assignment;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod draws;
mod epochs;
pub mod misses;
#[cfg(test)]
mod mock;
mod nodes;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

use inference_primitives::{
	node::Limits,
	price::PoolOffer,
	traits::{Models, Network, Orders, Stakes},
	Balance, BlockNumber, ComputeUnits, ModelRef, NodeId,
};

/// Candidates that one draw samples at most.
pub const MAX_CANDIDATES: u32 = 16;

/// Shorthand for the account type.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// Shorthand for a stored node.
pub type NodeOf<T> = Node<AccountIdOf<T>, <T as Config>::MaxModelsPerNode>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::misses::{CountedMiss, MissSlot, SLOTS};
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::{IdentifyAccount, Verify};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = sp_core::H256>
	{
		/// Parameters and clock.
		type Network: Network;
		/// Operators' stakes.
		type Stakes: Stakes<Self::AccountId>;
		/// Model versions.
		type Models: Models<Self::AccountId>;
		/// Most nodes in a model's pool.
		#[pallet::constant]
		type MaxPoolNodes: Get<u32>;
		/// Most models a node serves.
		#[pallet::constant]
		type MaxModelsPerNode: Get<u32>;
		/// Most nodes of an operator.
		#[pallet::constant]
		type MaxNodesPerOperator: Get<u32>;
		/// Most members of pools whose snapshots one block takes; the rest waits for the next
		/// blocks. One more pool may come on top.
		#[pallet::constant]
		type MaxSnapshotMembers: Get<u32>;
		/// What orders ask for now.
		type Orders: Orders;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Signature by which a worker key consents to be an operator's.
		type WorkerSignature: Parameter
			+ Verify<Signer: IdentifyAccount<AccountId = Self::AccountId>>;
		/// What the benchmarks need of the runtime.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId, Self::WorkerSignature>;
	}

	/// The next node's identifier.
	#[pallet::storage]
	pub type NextNodeId<T> = StorageValue<_, NodeId, ValueQuery>;

	/// Nodes. Identifiers are counted by us, so they need no cryptographic hash.
	#[pallet::storage]
	pub type Nodes<T: Config> =
		StorageMap<_, Twox64Concat, NodeId, Node<T::AccountId, T::MaxModelsPerNode>>;

	/// The node of each worker key.
	#[pallet::storage]
	pub type WorkerNodes<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, NodeId>;

	/// How many consents of worker keys each operator has used. It stays when the operator leaves: so an old
	/// consent never works again.
	#[pallet::storage]
	pub type UsedConsents<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// The nodes of each operator.
	#[pallet::storage]
	pub type OperatorNodes<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<NodeId, T::MaxNodesPerOperator>,
		ValueQuery,
	>;

	/// The nodes that joined each model version.
	#[pallet::storage]
	pub type Members<T: Config> =
		StorageMap<_, Twox64Concat, ModelRef, BoundedVec<NodeId, T::MaxPoolNodes>, ValueQuery>;

	/// The snapshot of each model version's pool that this epoch draws from, those that ask least first.
	/// Nodes that left since are still in it and not drawn, so that leaving changes nobody else's chance.
	#[pallet::storage]
	pub type Pools<T: Config> =
		StorageMap<_, Twox64Concat, ModelRef, BoundedVec<PoolMember, T::MaxPoolNodes>, ValueQuery>;

	/// What the nodes of the pool's snapshot offer: stake for one workload, and price. There is none where
	/// there is no snapshot.
	#[pallet::storage]
	pub type PoolOffers<T> = StorageMap<_, Twox64Concat, ModelRef, PoolOffer>;

	/// The snapshots to take in this epoch, if some are left.
	#[pallet::storage]
	pub type SnapshotsDue<T> = StorageValue<_, DueSnapshots>;

	/// The present epoch, from 0.
	#[pallet::storage]
	pub type Epoch<T> = StorageValue<_, u32, ValueQuery>;

	/// The block in which the present epoch began.
	#[pallet::storage]
	pub type EpochStart<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Compute units per block that the nodes in the snapshots can serve: the most that each can of
	/// one model.
	#[pallet::storage]
	pub type TotalPledge<T> = StorageValue<_, ComputeUnits, ValueQuery>;

	/// The miss of each node that was counted last. Goes with the node.
	#[pallet::storage]
	pub type LastMisses<T> = StorageMap<_, Twox64Concat, NodeId, CountedMiss>;

	/// The nodes counted in the circuit breaker's window.
	#[pallet::storage]
	pub type MissSlots<T> = StorageValue<_, [MissSlot; SLOTS as usize], ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A node was registered; it is active from the next epoch.
		NodeRegistered {
			/// The node.
			node: NodeId,
			/// Its operator.
			operator: T::AccountId,
			/// Its worker key.
			worker: T::AccountId,
			/// Compute units per block, from the next epoch.
			capacity: ComputeUnits,
		},
		/// A node's capacity changes: a higher one acts from the next epoch on, a lower one bounds
		/// new work from now on.
		CapacityChanging {
			/// The node.
			node: NodeId,
			/// Compute units per block.
			capacity: ComputeUnits,
		},
		/// A node joins a model's pool with the next epoch.
		ModelJoining {
			/// The node.
			node: NodeId,
			/// The model.
			model: ModelRef,
		},
		/// A node left a model's pool, or made room for one that pledges more: it gets no new work of it.
		ModelLeaving {
			/// The node.
			node: NodeId,
			/// The model.
			model: ModelRef,
		},
		/// What one workload of a model may ask of a node changes with the next snapshot of the pool.
		LimitsChanging {
			/// The node.
			node: NodeId,
			/// The model.
			model: ModelRef,
			/// The limits; none if there are no more.
			limits: Option<Limits>,
		},
		/// A node was removed.
		NodeDeregistered {
			/// The node.
			node: NodeId,
		},
		/// A node epoch began; the changes announced before act now.
		EpochStarted {
			/// The epoch.
			epoch: u32,
			/// Compute units per block pledged in it.
			total_pledge: ComputeUnits,
		},
		/// A node has another worker key, which owes what the node owes. The old key may do nothing
		/// for it any more.
		WorkerSet {
			/// The node.
			node: NodeId,
			/// Its worker key from now on.
			worker: T::AccountId,
			/// The key until now.
			previous: T::AccountId,
		},
		/// A node was paused by its operator: it gets no new work.
		NodePaused {
			/// The node.
			node: NodeId,
		},
		/// A node missed so many deadlines in this epoch, or declined so much work, that it gets no new
		/// work until its operator resumes it.
		NodeSuspended {
			/// The node.
			node: NodeId,
			/// Deadlines missed, and workloads declined, in this epoch.
			misses: u32,
		},
		/// A paused or suspended node returns to service with the next epoch.
		NodeResuming {
			/// The node.
			node: NodeId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No node has this identifier.
		UnknownNode,
		/// Only the node's operator may do this.
		NotOperator,
		/// The worker key already belongs to a node. Use another key.
		WorkerInUse,
		/// The operator has as many nodes as allowed.
		TooManyNodes,
		/// The capacity is zero. Leave the models and deregister the node instead.
		ZeroCapacity,
		/// The model does not exist or is not for sale.
		ModelNotServable,
		/// The node serves, or is about to serve, this model already.
		AlreadyJoined,
		/// The node does not serve this model.
		NotJoined,
		/// The node serves as many models as allowed.
		TooManyModels,
		/// The model's pool is full of nodes that serve it and pledge as much. Raise the node's capacity, or try
		/// again when one has left.
		PoolIsFull,
		/// The node still serves models, still owes outputs or proofs, or declined work in this epoch.
		/// Leave the models, deliver and prove first; wait for the next epoch.
		NodeInUse,
		/// There are no more identifiers of nodes, or this worker key has consented as often as can be counted: take
		/// another key. (A sum of capacities that overflows is worker-staking's.)
		Overflow,
		/// The worker key did not sign for this operator on this chain, or the consent was used before.
		/// Let the key's holder make a new one for exactly the account that signs the transaction.
		BadConsent,
		/// The node is neither paused nor suspended: there is nothing to resume.
		NotPaused,
		/// The node is paused or suspended already.
		AlreadyPaused,
		/// The multiplier is below 100 or above 10,000 hundredths. Ask between 1 and 100 times the base
		/// price.
		MultiplierOutOfRange,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(n: BlockNumberFor<T>) -> Weight {
			Self::maybe_start_epoch(n)
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a node of the caller, whose outputs and proofs the account `worker` will sign.
		///
		/// `capacity`: compute units per block, from the next epoch; the caller's bond must cover
		/// it. `consent`: the worker key's signature of
		/// [`inference_primitives::node::WorkerConsent`] for the caller, so that nobody's key is
		/// taken. Origin: signed, the operator. Errors: [`Error::BadConsent`],
		/// [`Error::ZeroCapacity`], [`Error::WorkerInUse`], [`Error::TooManyNodes`], bond too
		/// small. Event: [`Event::NodeRegistered`].
		/// Complexity: O(nodes of the operator), of their list only.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_node())]
		pub fn register_node(
			origin: OriginFor<T>,
			worker: T::AccountId,
			capacity: ComputeUnits,
			consent: T::WorkerSignature,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_register(operator, worker, capacity, consent)
		}

		/// Changes a node's capacity: a higher one acts from the next epoch on, a lower one bounds
		/// new work at once and until the next epoch, whatever else happens. The bond's minimum falls with it as soon as what
		/// the node owes fits it (at the next epoch, or when called again); work given before keeps
		/// the deadlines that the higher one gave it.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::ZeroCapacity`]; for a higher one, bond too small.
		/// Event: [`Event::CapacityChanging`]. Complexity: O(1).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::set_capacity())]
		pub fn set_capacity(
			origin: OriginFor<T>,
			node: NodeId,
			capacity: ComputeUnits,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_capacity(operator, node, capacity)
		}

		/// Joins a model's pool from the next epoch on. If the pool is full, the node takes the place of one
		/// that was not in the pool's last snapshot although it could have been, else of the one that pledges
		/// least, if that is less than its own pledge: that one leaves.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::ModelNotServable`], [`Error::AlreadyJoined`], [`Error::TooManyModels`],
		/// [`Error::PoolIsFull`]. Events: [`Event::ModelJoining`], and [`Event::ModelLeaving`] of who makes room.
		/// Complexity: O(models of the node + nodes in the pool).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::join_model().saturating_add(Pallet::<T>::replace_weight()))]
		pub fn join_model(
			origin: OriginFor<T>,
			node: NodeId,
			model: ModelRef,
		) -> DispatchResultWithPostInfo {
			let operator = ensure_signed(origin)?;
			Self::do_join(operator, node, model)
		}

		/// Leaves a model's pool: no new work of it comes from now on. Work already assigned stays
		/// due. Always possible.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::NotJoined`]. Event: [`Event::ModelLeaving`].
		/// Complexity: O(models of the node + nodes in the pool).
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::leave_model())]
		pub fn leave_model(origin: OriginFor<T>, node: NodeId, model: ModelRef) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_leave(operator, node, model)
		}

		/// Removes a node that serves no model and owes nothing, and frees its pledge.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::NodeInUse`]. Event: [`Event::NodeDeregistered`].
		/// Complexity: O(nodes of the operator), of their list only.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::deregister_node())]
		pub fn deregister_node(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_deregister(operator, node)
		}

		/// Gives a node another worker key, at once: `worker` delivers and proves all that the node
		/// owes, what was assigned before included, and the old key nothing any more.
		///
		/// `consent`: the new key's signature of [`inference_primitives::node::WorkerConsent`] for
		/// the caller. Origin: signed, the operator. Errors: [`Error::UnknownNode`],
		/// [`Error::NotOperator`], [`Error::BadConsent`], [`Error::WorkerInUse`] (also if it is this
		/// node's key already). Event: [`Event::WorkerSet`]. Complexity: O(1).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::set_worker())]
		pub fn set_worker(
			origin: OriginFor<T>,
			node: NodeId,
			worker: T::AccountId,
			consent: T::WorkerSignature,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_worker(operator, node, worker, consent)
		}

		/// Stops new work for a node, at once. It stays in its pools and keeps its pledge; work
		/// already assigned stays due. Always possible.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::AlreadyPaused`]. Event: [`Event::NodePaused`]. Complexity: O(1).
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_pause(operator, node)
		}

		/// Returns a paused or suspended node to service, from the next epoch on.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::NotPaused`]. Event: [`Event::NodeResuming`]. Complexity: O(1).
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, node: NodeId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_resume(operator, node)
		}

		/// Limits what one workload of a model may ask of a node that joined it, and says what multiple of
		/// the base price the node asks; `None`: nothing is limited, and it asks the base price. It acts
		/// with the next snapshot of the pool, both ways; who must stop at once pauses or leaves. A node whose
		/// limits keep out even an order at its own present price with nothing at risk is in no snapshot.
		/// Leaving the model forgets the limits.
		///
		/// Origin: signed, the operator. Errors: [`Error::UnknownNode`], [`Error::NotOperator`],
		/// [`Error::NotJoined`], [`Error::MultiplierOutOfRange`]. Event: [`Event::LimitsChanging`].
		/// Complexity: O(models of the node).
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::set_limits())]
		pub fn set_limits(
			origin: OriginFor<T>,
			node: NodeId,
			model: ModelRef,
			limits: Option<Limits>,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_set_limits(operator, node, model, limits)
		}
	}
}
