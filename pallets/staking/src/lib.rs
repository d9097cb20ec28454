//! Stakes of worker operators: bonds, proof stakes, slashing. (Validators stake elsewhere.)
//!
//! **Who calls it.** Operators bond, unbond and withdraw. `pallet-node-pool` sets what an operator
//! pledged; `pallet-inference-market` locks proof stakes, returns them, and slashes, all through
//! [`inference_primitives::traits::Stakes`].
//!
//! **Terms.** All amounts are planck and *held* in the operator's own account, in one hold
//! ([`HoldReason::Bond`]) that an operator's [`Ledger`] divides: a draw and a settled proof move stake between
//! two fields of the ledger, and so write neither the account nor its holds.
//! - *bond*: stake that answers for missed deliveries; it includes what is unbonding, until that is
//!   withdrawn;
//! - *proof stake*: locked from the draw of a workload until its proof settles it or its proof deadline
//!   passes;
//! - *minimum*: what the pledge of the operator's nodes requires to stay bonded;
//! - *earmarked*: what of the bond answers for slashes that the market's circuit breaker delays;
//! - *free stake*: bond less minimum, unbonding and earmarked; new proof stakes come out of it.
//!
//! **Invariants** (`try_state`): for each ledger, bond and proof stakes together equal the account's
//! hold, and neither the unbonding chunks nor what is earmarked exceed the bond.
//!
//! **Limitations.** No delegation yet.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub use pallet::*;
pub use types::{Ledger, UnbondingChunk};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
mod stakes;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

use inference_primitives::{traits::Network, Balance};

/// Shorthand for the account type.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::fungible};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Parameters and clock.
		type Network: Network;
		/// Most unbonding chunks of an operator at a time.
		#[pallet::constant]
		type MaxUnbondingChunks: Get<u32>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why operators' funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The operator's bond, and its proof stakes of assigned and of delivered workloads.
		Bond,
	}

	/// Operators' ledgers. Hashed with BLAKE2b, as account ids are chosen by users.
	#[pallet::storage]
	pub type Ledgers<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Ledger<T::MaxUnbondingChunks>>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Stake was bonded.
		Bonded {
			/// Whose.
			operator: T::AccountId,
			/// How much, planck.
			amount: Balance,
		},
		/// Stake starts to unbond.
		Unbonding {
			/// Whose.
			operator: T::AccountId,
			/// How much, planck.
			amount: Balance,
			/// When it can be withdrawn, on the service clock.
			withdrawable_at: inference_primitives::Tick,
		},
		/// Unbonded stake was withdrawn.
		Withdrawn {
			/// Whose.
			operator: T::AccountId,
			/// How much, planck.
			amount: Balance,
		},
		/// Part of a bond was slashed.
		BondSlashed {
			/// Whose.
			operator: T::AccountId,
			/// How much, planck.
			amount: Balance,
		},
		/// A proof stake was forfeited.
		ProofStakeSlashed {
			/// Whose.
			operator: T::AccountId,
			/// How much, planck.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The amount is zero, or with what is bonded less than the least bond. Bond more.
		BondTooSmall,
		/// The account has bonded nothing. Bond first.
		NotBonded,
		/// That much is not free: pledges, proof stakes and delayed slashes use it. Lower the pledge,
		/// wait for proofs to settle or for the slashes, or ask for less.
		StakeInUse,
		/// The bond does not cover the pledge. Bond more or pledge less.
		PledgeNotCovered,
		/// Too many unbonding chunks. Withdraw the ripe ones or wait.
		TooManyChunks,
		/// Nothing is ripe for withdrawal yet, or what is answers for slashes that are delayed: wait
		/// until the market's circuit breaker has taken or forgiven them.
		NothingToWithdraw,
		/// An amount overflows.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Bonds `amount` planck, or adds it to the bond.
		///
		/// Origin: signed, the operator. Errors: [`Error::BondTooSmall`], insufficient balance.
		/// Event: [`Event::Bonded`]. Complexity: O(1).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bond())]
		pub fn bond(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_bond(&operator, amount)
		}

		/// Starts to unbond `amount` planck of free stake. It stays slashable until withdrawn.
		///
		/// Origin: signed, the operator. Errors: [`Error::NotBonded`], [`Error::StakeInUse`],
		/// [`Error::TooManyChunks`], [`Error::BondTooSmall`] if less than the least bond would
		/// remain (and not nothing). Event: [`Event::Unbonding`]. Complexity: O(chunks).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_unbond(&operator, amount)
		}

		/// Withdraws what is ripe, but for chunks without which the bond would not cover the slashes
		/// that are delayed.
		///
		/// Origin: signed, the operator. Errors: [`Error::NotBonded`],
		/// [`Error::NothingToWithdraw`]. Event: [`Event::Withdrawn`]. Complexity: O(chunks).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_withdraw(&operator)
		}
	}
}
