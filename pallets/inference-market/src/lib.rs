//! The market: workloads from submission to settlement.
//!
//! **Who calls it.** Users submit, cancel and claim; workers deliver and prove; anyone expires and
//! prunes. Its hooks draw nodes, let deadlines pass, and remove what ended long ago where a block leaves weight.
//!
//! **Terms** (docs/PROTOCOL.md, section 3, has the state machine):
//! - *escrow* ([`HoldReason::Escrow`]): maximum price, risk fee, decline fee and queue-slot fee,
//!   held in the user's account until the workload ends;
//! - *price*: compute units × base price × the node's multiplier + royalty + verification fee: of each
//!   assignment its own, at the base price of the first draw. Stake, slashes, fees and pay are by it;
//! - *multiplier*: what a node asks of the base price, in hundredths, from one on (node-pool's limits).
//!   Its operator is paid the floor price times it;
//! - *verification fee*: what the chain asks for the weight of proving, at its own rate; pinned at
//!   submission and the treasury's, since the worker proves free of charge;
//! - *proof stake*: what the operator has locked from the draw on, `proof_stake · price + V`;
//! - *credit*: money of an ended workload that waits in the pallet's account for `claim`;
//! - *circuit breaker*: delays slashes for missed deliveries when much of the network misses them
//!   at once ([`breaker`]).
//!
//! **Life.**
//! ```text
//! submit ─► Queued ─draw─► Assigned ─deliver─► Unproven ─prove─► Settled        (Deferred)
//!             │ │              │ └──────────────prove───────────► Settled        (Immediate)
//!             │ │              └ missed or declined ─► Queued again, or Refunded
//!             │ └ too late ─► Expired                Unproven ─missed─► Failed
//!             └ cancel ─► Cancelled                each open one ─disabled─► Voided
//! ```
//!
//! **Invariants** (`try_state`): docs/DESIGN.md, rules 1 and 2.
//! - A terminal workload's account balances: escrowed = refunded + worker + creator + treasury.
//! - A settled workload paid its verification fee to the treasury, and its operator no more than its node
//!   asks. Each price is what the node asks, and none is above the user's maximum.
//! - An open workload holds its whole escrow. What is held for escrow in an account is the sum of these.
//! - The pallet's account holds at least the sum of all credits.
//! - Each open workload has exactly one deadline, and is in a queue or an inbox as its state says.
//! - Each ended workload has exactly one end of its retention, until it is removed.
//! - The delayed slashes are those counted, at most [`breaker::MAX_DELAYED`].
//! - A node with open workloads owes exactly what they reserve: assigned ones as outstanding,
//!   delivered ones as to be proven.
//!
//! **Blocks.** Deliveries and proofs are operational: a part of each block is kept for them. The
//! transaction extension [`CheckStep`] must be among the runtime's, so that nobody else uses it. A
//! block in which it ran out holds the service clock: the pallet is a
//! [`HoldsClock`](inference_primitives::traits::HoldsClock).
//!
//! **Where later moves go** (docs/PROTOCOL.md, section 3, marks them). Contests, private payloads,
//! demands and deliveries to other chains add states to `WorkloadState` and calls here; the pinned
//! [`Terms`] take their parameters.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub use extension::{Admission, CheckStep, NotAdmitted, OperationalCalls, AHEAD};
pub use pallet::*;
pub use submission::RECORD_BYTES;
pub use types::{
	Assigned, ChainFees, InboxKey, Outlook, Queue, QueueLink, Served, Tensor, Terms, Turn, Workload,
};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod breaker;
mod deadlines;
mod declining;
mod delivery;
mod extension;
mod invariants;
#[cfg(test)]
mod mock;
mod money;
mod pricing;
mod queue;
mod reserve;
mod retention;
mod seeds;
mod submission;
#[cfg(test)]
mod tests;
mod turns;
mod types;
mod views;
mod voiding;
pub mod weights;

use inference_primitives::{
	market::WorkloadState,
	traits::{Models, Network, NodePool, ParentVrf, ProofVerifier, Stakes},
	Balance, BlockNumber, ComputeUnits, Destination, Hash, Mode, ModelRef, NodeId, Tick, Ticks,
	WorkloadId, MAX_PROOF_BYTES, MAX_TENSOR_VALUES,
};

/// Shorthand for the account type.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// Shorthand for a stored workload.
pub type WorkloadOf<T> = Workload<AccountIdOf<T>>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::delivery::WorkStep;
	use breaker::{DelayedRange, DelayedSlash, Trip};
	use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::fungible, PalletId};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::Convert;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = sp_core::H256>
	{
		/// The token.
		type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Parameters and clock.
		type Network: Network;
		/// Model versions.
		type Models: Models<Self::AccountId>;
		/// Node pools.
		type NodePool: NodePool<Self::AccountId>;
		/// Operators' stakes.
		type Stakes: Stakes<Self::AccountId>;
		/// Proofs.
		type ProofVerifier: ProofVerifier<Self::AccountId>;
		/// VRF outputs of blocks.
		type ParentVrf: ParentVrf;
		/// Account that is credited the treasury's share.
		type Treasury: Get<Self::AccountId>;
		/// Fork domain: distinguishes chains that share a genesis.
		#[pallet::constant]
		type ForkDomain: Get<u32>;
		/// From this the pallet's account is derived; it holds the credits.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// Most workloads in one model's queue.
		#[pallet::constant]
		type MaxQueuedPerModel: Get<u32>;
		/// Most models with a queue at a time. What a block does for them is bounded apart from this.
		#[pallet::constant]
		type MaxServedModels: Get<u32>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Who may forgive the slashes that the circuit breaker delays.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Weight that the draws of one block may take, together with the deadlines that passed in it,
		/// which come first. It bounds how many workloads a block assigns.
		#[pallet::constant]
		type MaxDrawWeight: Get<Weight>;
		/// What ordering an inference on so many values costs in transaction fees, at most, planck:
		/// the whole transaction's if it is the first order of its transaction, and what it adds to
		/// that otherwise.
		type OrderFee: Convert<(u32, bool), Balance>;
		/// Which other operational transactions there may be: the keys by which governance acts.
		type OperationalCalls: OperationalCalls<Self::AccountId, Self::RuntimeCall>;
		/// Weight of the heaviest transaction that proves a workload, its extensions and its base
		/// included. The weight reserved for operational transactions must hold two (checked by the
		/// integrity test).
		#[pallet::constant]
		type HeaviestProof: Get<Weight>;
		/// What pruning leaves of a block's idle weight: [`Self::HeaviestProof`], and what the hooks `on_idle` of other
		/// pallets take at most, as they may come after it.
		#[pallet::constant]
		type IdleReserve: Get<Weight>;
		/// Number of the `StatementVersion` that new workloads get. Those that are here keep theirs.
		#[pallet::constant]
		type StatementVersion: Get<u8>;
		/// The chain's fee for a weight, that of its transactions.
		type WeightToFee: frame_support::weights::WeightToFee<Balance = Balance>;
		/// What the benchmarks need of the runtime.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Why users' funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Price and fees of open workloads.
		Escrow,
		/// Deposit for the bytes that workloads occupy.
		StorageDeposit,
	}

	/// Workloads. Their identifiers are hashes already.
	#[pallet::storage]
	pub type Workloads<T: Config> = StorageMap<_, Identity, WorkloadId, WorkloadOf<T>>;

	/// Input tensors.
	#[pallet::storage]
	pub type Inputs<T: Config> = StorageMap<_, Identity, WorkloadId, Tensor>;

	/// Output tensors.
	#[pallet::storage]
	pub type Outputs<T: Config> = StorageMap<_, Identity, WorkloadId, Tensor>;

	/// How many workloads an account has submitted.
	#[pallet::storage]
	pub type SubmitterNonces<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u64, ValueQuery>;

	/// The transaction, by block and index, that last ordered something: a batch of orders pays once
	/// for being a transaction.
	#[pallet::storage]
	pub type LastOrdered<T> = StorageValue<_, (BlockNumber, u32)>;

	/// The queue of each model that has one.
	#[pallet::storage]
	pub type Queues<T: Config> = StorageMap<_, Twox64Concat, ModelRef, Queue, ValueQuery>;

	/// Neighbours of each queued workload.
	#[pallet::storage]
	pub type QueueLinks<T: Config> = StorageMap<_, Identity, WorkloadId, QueueLink>;

	/// The ring of models that have a queue, which are served in turn. There is none if no model has one.
	#[pallet::storage]
	pub type ServedModels<T> = StorageValue<_, Served>;

	/// The neighbours of each model in that ring.
	#[pallet::storage]
	pub type Turns<T> = StorageMap<_, Twox64Concat, ModelRef, Turn>;

	/// What each node owes, earliest deadline first.
	#[pallet::storage]
	pub type Inbox<T: Config> = StorageDoubleMap<_, Twox64Concat, NodeId, Identity, InboxKey, ()>;

	/// When open workloads time out.
	#[pallet::storage]
	pub type Deadlines<T: Config> =
		StorageDoubleMap<_, Twox64Concat, Tick, Identity, WorkloadId, ()>;

	/// The earliest tick whose deadlines may not all be handled.
	#[pallet::storage]
	pub type DeadlineCursor<T> = StorageValue<_, Tick, ValueQuery>;

	/// Ended workloads, by the tick after which they may be removed.
	#[pallet::storage]
	pub type Retained<T: Config> =
		StorageDoubleMap<_, Twox64Concat, Tick, Identity, WorkloadId, ()>;

	/// The earliest tick whose ended workloads may not all be removed.
	#[pallet::storage]
	pub type RetainedCursor<T> = StorageValue<_, Tick, ValueQuery>;

	/// VRF outputs of the latest blocks, by block number modulo the ring's size.
	#[pallet::storage]
	pub type VrfOutputs<T> = StorageMap<_, Twox64Concat, u32, (BlockNumber, Hash)>;

	/// Base price, planck per compute unit; zero before the first block (the floor, then).
	#[pallet::storage]
	pub type BasePrice<T> = StorageValue<_, Balance, ValueQuery>;

	/// Compute units of the workloads settled since the base price was last stepped.
	#[pallet::storage]
	pub type PaidUnits<T> = StorageValue<_, ComputeUnits, ValueQuery>;

	/// When the base price was last stepped, on the service clock.
	#[pallet::storage]
	pub type PriceStepped<T> = StorageValue<_, Tick, ValueQuery>;

	/// Whether the last block had no room for one more proof.
	#[pallet::storage]
	pub type ReserveExhausted<T> = StorageValue<_, bool, ValueQuery>;

	/// What accounts can claim.
	#[pallet::storage]
	pub type Credits<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Balance, ValueQuery>;

	/// The circuit breaker's last trip.
	#[pallet::storage]
	pub type Breaker<T> = StorageValue<_, Trip>;

	/// Slashes that the circuit breaker delays, by number. At most [`breaker::MAX_DELAYED`].
	#[pallet::storage]
	pub type DelayedSlashes<T: Config> =
		StorageMap<_, Twox64Concat, u32, DelayedSlash<T::AccountId>>;

	/// The numbers in use in [`DelayedSlashes`].
	#[pallet::storage]
	pub type Delayed<T> = StorageValue<_, DelayedRange, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[serde(skip)]
		/// Carries the type parameter.
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			use fungible::{Inspect, Mutate};
			// The pallet's account must exist before the first credit, whatever its size.
			let minimum = T::Currency::minimum_balance();
			let _ = T::Currency::mint_into(&Pallet::<T>::account_id(), minimum);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A workload was submitted and its escrow held.
		WorkloadSubmitted {
			/// The workload.
			workload: WorkloadId,
			/// Who submitted it.
			submitter: T::AccountId,
			/// Which model it wants.
			model: ModelRef,
			/// Escrow held, planck.
			escrowed: Balance,
		},
		/// A workload was drawn to a node.
		WorkloadAssigned {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// Its worker key.
			worker: T::AccountId,
			/// The price, planck.
			price: Balance,
			/// When the output is due.
			due: Tick,
		},
		/// An output was delivered under a proof stake.
		OutputDelivered {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// When the proof is due.
			proof_due: Tick,
		},
		/// A workload was proven and everybody was credited.
		WorkloadSettled {
			/// The workload.
			workload: WorkloadId,
			/// Credited to the operator, planck.
			worker_credit: Balance,
			/// Credited to the creator, planck.
			creator_credit: Balance,
			/// Credited to the treasury, planck.
			treasury_credit: Balance,
		},
		/// A workload was cancelled by its user.
		WorkloadCancelled {
			/// The workload.
			workload: WorkloadId,
		},
		/// A workload was not drawn in time. Everything held for it is free again, but for the
		/// queue-slot fee of one that could not be served through its own terms.
		WorkloadExpired {
			/// The workload.
			workload: WorkloadId,
		},
		/// A node missed its delivery and was slashed, unless [`Event::SlashDelayed`] goes before.
		DeliveryMissed {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// Taken from the operator's bond, planck.
			slashed: Balance,
			/// The part credited to the user, planck.
			compensation: Balance,
		},
		/// A node declined a workload that was drawn to it.
		WorkloadDeclined {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// Taken from the operator's bond, planck.
			fee: Balance,
			/// The part credited to the user, planck.
			compensation: Balance,
		},
		/// A workload waits for another draw.
		WorkloadRequeued {
			/// The workload.
			workload: WorkloadId,
			/// Draws so far.
			attempts: u8,
		},
		/// No node delivered; the user's payment is free again.
		WorkloadRefunded {
			/// The workload.
			workload: WorkloadId,
		},
		/// A delivered workload was not proven in time: the proof stake is forfeited and the
		/// user's payment free again.
		ProofMissed {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// Taken from the operator's proof stake, planck.
			slashed: Balance,
			/// The part credited to the user, planck.
			compensation: Balance,
		},
		/// A credit was paid out.
		CreditClaimed {
			/// To whom.
			account: T::AccountId,
			/// How much, planck.
			amount: Balance,
		},
		/// An ended workload was removed.
		WorkloadPruned {
			/// The workload.
			workload: WorkloadId,
		},
		/// Governance has disabled the workload's proof system, setup or key: escrow, fees and proof
		/// stake went back, and nobody was slashed.
		WorkloadVoided {
			/// The workload.
			workload: WorkloadId,
		},
		/// Much of the network misses deliveries: slashes for that are delayed, and no Deferred
		/// workload is accepted.
		BreakerTripped {
			/// The last tick of the pause.
			until: Tick,
		},
		/// The slash for a missed delivery waits for the end of the circuit breaker's pause.
		SlashDelayed {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// The slash, planck.
			amount: Balance,
		},
		/// A delayed slash was taken.
		DelayedSlashTaken {
			/// The workload.
			workload: WorkloadId,
			/// The node.
			node: NodeId,
			/// Taken from the operator's bond, planck.
			slashed: Balance,
			/// The part credited to the user, planck.
			compensation: Balance,
		},
		/// Governance forgave all slashes that were delayed until now.
		DelayedSlashesForgiven,
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No model has this identifier and version. List the models.
		UnknownModel,
		/// The model is a draft or retired. Choose another version.
		ModelNotForSale,
		/// The input has another number of values than the model's input tensor.
		WrongInputShape,
		/// An input value lies outside the model's declared domain.
		InputOutOfDomain,
		/// The maximum price is below the present price: compute units × base price × the least
		/// multiplier at which enough nodes of the model's pool serve, royalty and the fee for verifying the
		/// proof. Bid more or wait; `inference model show` has the price.
		BidTooLow,
		/// The deadline is shorter than the least, or longer than the greatest allowed.
		BadDeadline,
		/// The model's queue is full. Retry later.
		QueueFull,
		/// Too many models have queues. Retry later.
		TooManyServedModels,
		/// The same workload was submitted already.
		DuplicateWorkload,
		/// No workload has this identifier.
		UnknownWorkload,
		/// Only the workload's submitter may do this.
		NotSubmitter,
		/// Only the present worker key of the node that the workload is assigned to may do this. A
		/// delivered workload's proof can be given by anyone with `relay_proof`.
		NotAssignedWorker,
		/// The workload's state does not allow this.
		WrongState,
		/// An Immediate workload is delivered with its proof: call `prove` with the output.
		ProofRequired,
		/// A Deferred workload's output is delivered first: call `deliver`, then `prove` without
		/// the output.
		OutputNotExpected,
		/// An Immediate workload's proof needs its output.
		OutputMissing,
		/// The deadline has passed.
		TooLate,
		/// The deadline has not passed yet.
		NotDue,
		/// The output has another number of values than the model's output tensor.
		WrongOutputShape,
		/// An output value lies outside the model's output domain.
		OutputOutOfDomain,
		/// The account has no credit.
		NothingToClaim,
		/// The workload's retention has not passed.
		StillRetained,
		/// An amount overflows. Lower the maximum price or the value at risk.
		Overflow,
		/// Proofs of this model's version may be refused before the workload's proof is due: its
		/// proof system, setup or key reaches its end of life. Choose a shorter deadline or another
		/// version.
		EndOfLife,
		/// Governance has disabled the model's proof system, setup or key, because its proofs cannot
		/// be trusted any more. Choose another model; what was ordered is voided by `expire`.
		KeyDisabled,
		/// Much of the network misses deliveries at present, so no Deferred workload is accepted.
		/// Order an Immediate one, or retry when the circuit breaker's pause is over.
		BreakerTripped,
		/// The circuit breaker is not tripped: there is nothing to forgive.
		NotTripped,
		/// Verifying a proof under the workload's key weighs more than the call allows. Declare what
		/// the runtime API's `verify_weight` says of the workload, or the heaviest key's weight.
		VerifyLimitTooLow,
		/// An Immediate workload's output comes with its proof, so nothing is at risk that stake could
		/// answer for. Order it without a value at risk.
		NothingAtRisk,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(n: BlockNumberFor<T>) -> Weight {
			Self::record_parent_vrf(n, T::ParentVrf::parent_vrf());
			Self::step_base_price();
			let mut weight =
				T::WeightInfo::on_initialize().saturating_add(T::WeightInfo::on_finalize());
			if T::Network::is_serving() {
				weight.saturating_accrue(Self::settle_delayed());
				let passed = Self::let_deadlines_pass();
				weight.saturating_accrue(passed.weight::<T>());
				let most = T::MaxDrawWeight::get().saturating_sub(passed.handling::<T>());
				weight.saturating_accrue(Self::serve_queues_within(n, most));
			}
			weight
		}

		fn on_idle(_n: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::prune_within(remaining)
		}

		fn on_finalize(_n: BlockNumberFor<T>) {
			Self::note_reserve();
		}

		fn integrity_test() {
			let version = T::StatementVersion::get();
			assert!(
				inference_primitives::StatementVersion::from_number(version).is_some(),
				"nobody can prove a statement of version {version}"
			);
			let heaviest = T::HeaviestProof::get();
			assert!(
				heaviest.all_lte(T::IdleReserve::get()),
				"IdleReserve is below HeaviestProof"
			);
			let call = T::WeightInfo::prove(MAX_TENSOR_VALUES)
				.max(T::WeightInfo::relay_proof())
				.saturating_add(T::ProofVerifier::max_verify_weight());
			assert!(
				call.all_lte(heaviest),
				"HeaviestProof {heaviest:?} is below the heaviest call {call:?}",
			);
			let limits = T::BlockWeights::get();
			let reserved = limits.get(DispatchClass::Operational).reserved;
			let two = heaviest.saturating_mul(2);
			assert!(
				reserved.is_some_and(|reserved| two.all_lte(reserved)),
				"two proofs {two:?} exceed the reserved weight {reserved:?}",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Orders an inference.
		///
		/// `input`: fixed point at the model's input scale, row-major. `max_price`: planck, for
		/// the inference and the verification of its proof; the other fees come on top (see
		/// [`Terms`]). The price is the drawn node's own, so who bids more than the present price may be
		/// served by a dearer node. `deadline`: ticks from now until the output at the latest.
		/// `value_at_risk`: planck that a false output could cost the user before its proof is due; the proof stake
		/// covers it and a fee is paid for it. Zero if Immediate.
		///
		/// Origin: signed, the user. Holds the escrow and a storage deposit. Errors:
		/// [`Error::UnknownModel`], [`Error::ModelNotForSale`], [`Error::WrongInputShape`],
		/// [`Error::InputOutOfDomain`], [`Error::BidTooLow`], [`Error::BadDeadline`],
		/// [`Error::EndOfLife`], [`Error::KeyDisabled`], [`Error::BreakerTripped`],
		/// [`Error::NothingAtRisk`], [`Error::QueueFull`], [`Error::TooManyServedModels`], insufficient
		/// balance. Event: [`Event::WorkloadSubmitted`]. Complexity: O(values).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::submit_workload(input.len() as u32))]
		pub fn submit_workload(
			origin: OriginFor<T>,
			model: ModelRef,
			input: Tensor,
			destination: Destination,
			mode: Mode,
			#[pallet::compact] max_price: Balance,
			deadline: Ticks,
			#[pallet::compact] value_at_risk: Balance,
		) -> DispatchResult {
			let submitter = ensure_signed(origin)?;
			Self::do_submit(
				submitter,
				submission::Order {
					model,
					input,
					destination,
					mode,
					max_price,
					deadline,
					value_at_risk,
				},
			)
		}

		/// Cancels a workload before it is drawn. The queue-slot fee is kept.
		///
		/// Origin: signed, the submitter. Errors: [`Error::UnknownWorkload`],
		/// [`Error::NotSubmitter`], [`Error::WrongState`], [`Error::TooLate`] (it expires). Event: [`Event::WorkloadCancelled`].
		/// Complexity: O(1).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel())]
		pub fn cancel(origin: OriginFor<T>, workload: WorkloadId) -> DispatchResultWithPostInfo {
			let submitter = ensure_signed(origin)?;
			Self::or_refused(
				Self::do_cancel(submitter, workload),
				Self::refused(0, T::WeightInfo::cancel()),
			)
		}

		/// Delivers the output of a Deferred workload under the proof stake.
		///
		/// `output`: fixed point at the model's output scale. Origin: signed, the assigned worker;
		/// free when it succeeds, or only comes too late. Errors: [`Error::UnknownWorkload`],
		/// [`Error::NotAssignedWorker`], [`Error::WrongState`], [`Error::ProofRequired`],
		/// [`Error::TooLate`], [`Error::KeyDisabled`],
		/// [`Error::WrongOutputShape`], [`Error::OutputOutOfDomain`].
		/// Event: [`Event::OutputDelivered`]. Complexity: O(values).
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::deliver(output.len() as u32), DispatchClass::Operational))]
		pub fn deliver(
			origin: OriginFor<T>,
			workload: WorkloadId,
			output: Tensor,
		) -> DispatchResultWithPostInfo {
			let worker = ensure_signed(origin)?;
			Self::do_deliver(worker, workload, output)
		}

		/// Proves a workload and settles it.
		///
		/// Deferred: `output` must be `None`. Immediate: with the output. A proof that fails is only
		/// refused (docs/PROTOCOL.md, principle 2); its fee is kept.
		///
		/// `verify_limit`: the most weight that the verification may take. The call declares it, since
		/// the weight of a call must follow from its arguments alone. A key's weight never changes
		/// within a version of the runtime; the runtime API's `verify_weight` has it. More than the
		/// weight of the heaviest key counts as that.
		///
		/// Origin: signed, the assigned worker (others: [`Pallet::relay_proof`]); free when it
		/// succeeds, or only comes too late. Errors:
		/// [`Error::UnknownWorkload`], [`Error::WrongState`], [`Error::NotAssignedWorker`],
		/// [`Error::OutputNotExpected`], [`Error::OutputMissing`], [`Error::TooLate`],
		/// [`Error::KeyDisabled`], [`Error::VerifyLimitTooLow`],
		/// [`Error::WrongOutputShape`], [`Error::OutputOutOfDomain`], and the proof verifier's.
		/// Event: [`Event::WorkloadSettled`]. Complexity: verification, by the sizes of the
		/// workload's key.
		#[pallet::call_index(3)]
		#[pallet::weight((
			Pallet::<T>::prove_weight(
				output.as_ref().map(|output| output.len() as u32),
				*verify_limit,
			),
			DispatchClass::Operational,
		))]
		pub fn prove(
			origin: OriginFor<T>,
			workload: WorkloadId,
			output: Option<Tensor>,
			proof: BoundedVec<u8, ConstU32<MAX_PROOF_BYTES>>,
			verify_limit: Weight,
		) -> DispatchResultWithPostInfo {
			let prover = ensure_signed(origin)?;
			let step = WorkStep::Prove {
				with_output: output.is_some(),
				verify_limit,
			};
			Self::do_prove(prover, workload, step, output, &proof)
		}

		/// Lets a passed deadline take effect now, if the hook has not yet; voids a workload at any
		/// time once governance has disabled what its proof needs.
		///
		/// Origin: signed, anyone. Errors: [`Error::UnknownWorkload`], [`Error::WrongState`],
		/// [`Error::NotDue`]. Events as the hook's: a punishment is reported by an event and the
		/// call succeeds (docs/DESIGN.md, rule 3). Complexity: O(1).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::expire())]
		pub fn expire(origin: OriginFor<T>, workload: WorkloadId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_expire(workload)
		}

		/// Pays out all of an account's credit.
		///
		/// Origin: signed, anyone, so that accounts without a key (the treasury) are paid too.
		/// Errors: [`Error::NothingToClaim`]; less than the existential deposit cannot be paid to
		/// a dead account, and stays. Event: [`Event::CreditClaimed`]. Complexity: O(1).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, account: T::AccountId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::or_refused(Self::do_claim(account), T::WeightInfo::refused_claim())
		}

		/// Removes an ended workload after its retention and frees its storage deposit. The chain does so by itself as
		/// soon as a block leaves weight for it; this is for whoever does not want to wait.
		///
		/// Origin: signed, anyone. Errors: [`Error::UnknownWorkload`], [`Error::WrongState`],
		/// [`Error::StillRetained`]. Event: [`Event::WorkloadPruned`]. Complexity: O(1).
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::prune())]
		pub fn prune(origin: OriginFor<T>, workload: WorkloadId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::or_refused(
				Self::do_prune(workload),
				Self::refused(0, T::WeightInfo::prune()),
			)
		}

		/// Proves a delivered workload for its worker, and settles it: the worker's operator is paid.
		///
		/// The class of a call is the same for all its signers, so this is a call of its own: it
		/// takes no room that is reserved for workers, and its fee is kept. It takes weight for the
		/// heaviest key and returns what this key does not need.
		///
		/// Origin: signed, anyone. Errors: [`Error::UnknownWorkload`], [`Error::WrongState`] (only
		/// delivered workloads), [`Error::TooLate`], and the proof verifier's. Event:
		/// [`Event::WorkloadSettled`]. Complexity: verification, by the sizes of the workload's key.
		#[pallet::call_index(7)]
		#[pallet::weight(Pallet::<T>::prove_weight(None, T::ProofVerifier::max_verify_weight()))]
		pub fn relay_proof(
			origin: OriginFor<T>,
			workload: WorkloadId,
			proof: BoundedVec<u8, ConstU32<MAX_PROOF_BYTES>>,
		) -> DispatchResultWithPostInfo {
			let relayer = ensure_signed(origin)?;
			Self::do_prove(relayer, workload, WorkStep::Relay, None, &proof)
		}

		/// Gives assigned work back early, for the decline fee, which the operator's bond pays. It is
		/// drawn again, without this operator. Counts like a miss, and takes the node out of the
		/// model's pool until the epoch after the next; the node's limits for the model are forgotten
		/// with that.
		///
		/// Origin: signed, the assigned node's worker or its operator; free when it succeeds, or only
		/// comes too late. Errors: [`Error::UnknownWorkload`], [`Error::NotAssignedWorker`],
		/// [`Error::WrongState`] (nothing is declined once it was delivered), [`Error::TooLate`] (half
		/// of the base latency after the draw), [`Error::KeyDisabled`]. Events:
		/// [`Event::WorkloadDeclined`], then [`Event::WorkloadRequeued`] or
		/// [`Event::WorkloadRefunded`]. Complexity: O(models of the node + nodes in the pool).
		#[pallet::call_index(8)]
		#[pallet::weight((T::WeightInfo::decline(), DispatchClass::Operational))]
		pub fn decline(origin: OriginFor<T>, workload: WorkloadId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_decline(who, workload)
		}

		/// Forgives all slashes that the circuit breaker has delayed so far. What is not forgiven
		/// within its pause is taken after it.
		///
		/// Origin: governance. Errors: [`Error::NotTripped`]. Event:
		/// [`Event::DelayedSlashesForgiven`]. Complexity: O(1); the hook drops them.
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::forgive_delayed_slashes())]
		pub fn forgive_delayed_slashes(origin: OriginFor<T>) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_forgive()
		}
	}
}
