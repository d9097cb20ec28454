//! Models: versions, verifying keys, tensors, cost, registration fee and deposit.
//!
//! **Who calls it.** Creators register models and move versions through their life. Users and
//! workers read them. `pallet-node-pool` and `pallet-inference-market` use them through
//! [`inference_primitives::traits::Models`].
//!
//! **Terms.**
//! - *model*: what one creator publishes under one [`ModelId`]; *version*: one circuit of it, with
//!   its own verifying key; immutable once active;
//! - *registration fee*: to the treasury, never zero, up by a tenth with each registration and
//!   halving over `registration_fee_half_life` blocks ([`fees`]), planck;
//! - *deposit*: held from the creator while the version is stored, planck; the verifying key's own
//!   deposit is the proof verifier's;
//! - *royalty*: the creator's part of each inference's price, planck;
//! - *compute units*: computed from the verifying key, never declared;
//! - *binding*: what the verifying key holds of its tensors and its circuit
//!   ([`inference_primitives::binding()`]). A version's declared tensors are those of its key: whoever
//!   has reason to trust a key need not ask what its creator declared.
//!
//! **Life.** `register_model` → `Draft` → `activate` → `Active` → `deprecate` → `Deprecated` →
//! `retire` → `Retired` → `remove` (once nothing is in flight). It never goes back.
//!
//! A version's number is never given twice. Once a model's last version is removed, the model is
//! gone for good.
//!
//! **Invariants** (`try_state`):
//! 1. a model's lineage lists exactly its stored versions, at least one, in order, from 1 to the
//!    latest; its identifier lies below the next one;
//! 2. each version belongs to its lineage's creator;
//! 3. what each creator has on hold for [`HoldReason::ModelDeposit`] is the sum of its versions'
//!    deposits;
//! 4. each version's name and tensors pass the checks of registration; drafts have nothing in
//!    flight;
//! 5. the fee counts at most [`MAX_REGISTRATIONS_PER_BLOCK`] registrations, of no later block than
//!    the present one.
//!
//! **Limitations.** Sellers cannot change a version's royalty: they register another version.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::{BenchmarkHelper, BenchmarkKey};
pub use pallet::*;
pub use types::{FeeState, Lineage, Model, Registration};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod fees;
mod lifecycle;
#[cfg(test)]
mod mock;
mod registration;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod views;
pub mod weights;

use inference_primitives::{
	traits::{Network, ProofVerifier},
	Balance, Hash, ModelId, ModelRef, ModelStatus, ProofSystem, SetupId, TensorSpec, MAX_VK_BYTES,
};

/// Most versions of a model that are stored at a time.
pub const MAX_VERSIONS: u32 = 64;
/// Longest name of a model, bytes.
pub const MAX_NAME_BYTES: u32 = 64;
/// Registrations that one block takes.
pub const MAX_REGISTRATIONS_PER_BLOCK: u32 = 4;

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
		type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// Parameters and clock.
		type Network: Network;
		/// Verifying keys.
		type ProofVerifier: ProofVerifier<Self::AccountId>;
		/// Account that gets registration fees.
		type Treasury: Get<Self::AccountId>;
		/// Greatest royalty per inference, planck.
		#[pallet::constant]
		type MaxRoyalty: Get<Balance>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// A key for the benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper;
	}

	/// Why creators' funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposit for the bytes of a model version.
		ModelDeposit,
	}

	/// The next model's identifier.
	#[pallet::storage]
	pub type NextModelId<T> = StorageValue<_, ModelId, ValueQuery>;

	/// Whose each model is, and its versions. Identifiers are counted by us, so they need no
	/// cryptographic hash.
	#[pallet::storage]
	pub type Lineages<T: Config> = StorageMap<_, Twox64Concat, ModelId, Lineage<T::AccountId>>;

	/// Model versions. Identifiers are counted by us, so they need no cryptographic hash.
	#[pallet::storage]
	pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelRef, Model<T::AccountId>>;

	/// Where the registration fee stands.
	#[pallet::storage]
	pub type Fee<T> = StorageValue<_, FeeState, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A model version was registered as a draft.
		ModelRegistered {
			/// Which.
			model: ModelRef,
			/// By whom.
			creator: T::AccountId,
			/// Its verifying key.
			vk_hash: inference_primitives::VkHash,
			/// Compute units per inference.
			compute_units: inference_primitives::ComputeUnits,
			/// Fee paid, planck.
			fee: Balance,
		},
		/// A version's status moved forward.
		StatusChanged {
			/// Which.
			model: ModelRef,
			/// To what.
			status: ModelStatus,
		},
		/// A retired version was removed and its deposit freed.
		ModelRemoved {
			/// Which.
			model: ModelRef,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No model has this identifier and version. List the models.
		UnknownModel,
		/// Only the model's creator may do this.
		NotCreator,
		/// The name is empty, longer than 64 bytes, or not UTF-8.
		BadName,
		/// A tensor has more than 8 dimensions.
		TensorRankTooHigh,
		/// A tensor has a dimension of zero, or more than 2,048 values.
		BadTensorShape,
		/// A tensor's scale has more than 40 binary digits.
		TensorScaleTooFine,
		/// A tensor's least value exceeds its greatest, or a bound exceeds 2^56.
		BadTensorDomain,
		/// The key's public inputs are not the statement, the input's and the output's values.
		/// Build key and tensors from the same circuit.
		PublicInputsMismatch,
		/// The royalty is greater than allowed.
		RoyaltyTooHigh,
		/// The present fee exceeds the maximum given. Retry with a higher one or later.
		FeeAboveMaximum,
		/// This block takes no more registrations. Retry in the next.
		TooManyRegistrations,
		/// The model has as many versions as there can be. Remove a retired one.
		TooManyVersions,
		/// A status only moves forward: draft, active, deprecated, retired.
		WrongStatus,
		/// The version is retired. Use another one.
		ModelNotForSale,
		/// Workloads of this version are in flight. Retry once they have ended.
		ModelInUse,
		/// An amount or a counter overflows.
		Overflow,
		/// The version is a draft. Its creator must activate it first.
		ModelDraft,
		/// The key is not about these tensors and this circuit: it was made for another shape, scale or
		/// domain, or for another split of its public inputs. Give the tensors and the circuit hash of
		/// the key's own bundle.
		TensorsMismatch,
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
		/// Registers a model as version 1, a draft.
		///
		/// `key`: the encoded verifying key (a plan of `inference-verifier`), under an approved
		/// `setup`. `royalty`: planck per inference. `bundle_hash`: of the circuit bundle that
		/// workers load. `max_fee`: the highest registration fee the caller pays, planck.
		/// `circuit_hash`: of the circuit's graph and claim, which the key binds together with the
		/// tensors; the chain does not know what is behind it.
		///
		/// Origin: signed, the creator. Pays the fee, holds deposits for key and version. Errors:
		/// [`Error::BadName`], the tensors', [`Error::PublicInputsMismatch`],
		/// [`Error::TensorsMismatch`], [`Error::RoyaltyTooHigh`], [`Error::FeeAboveMaximum`],
		/// [`Error::TooManyRegistrations`], the proof verifier's, insufficient balance.
		/// Event: [`Event::ModelRegistered`]. Complexity: O(bytes of the key).
		#[pallet::call_index(0)]
		#[pallet::weight(
			T::WeightInfo::register_model()
				.saturating_add(T::ProofVerifier::register_weight(key.len() as u32))
		)]
		pub fn register_model(
			origin: OriginFor<T>,
			name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
			system: ProofSystem,
			setup: SetupId,
			key: BoundedVec<u8, ConstU32<MAX_VK_BYTES>>,
			input: TensorSpec,
			output: TensorSpec,
			#[pallet::compact] royalty: Balance,
			bundle_hash: Hash,
			#[pallet::compact] max_fee: Balance,
			circuit_hash: Hash,
		) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			let registration = Registration {
				name,
				system,
				setup,
				key,
				input,
				output,
				royalty,
				bundle_hash,
				circuit_hash,
			};
			Self::do_register_model(creator, registration, max_fee)
		}

		/// Registers the next version of a model, a draft.
		///
		/// As [`Self::register_model`], by the model's creator only. Errors besides:
		/// [`Error::UnknownModel`], [`Error::NotCreator`], [`Error::TooManyVersions`].
		#[pallet::call_index(1)]
		#[pallet::weight(
			T::WeightInfo::register_version()
				.saturating_add(T::ProofVerifier::register_weight(key.len() as u32))
		)]
		pub fn register_version(
			origin: OriginFor<T>,
			model: ModelId,
			name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
			system: ProofSystem,
			setup: SetupId,
			key: BoundedVec<u8, ConstU32<MAX_VK_BYTES>>,
			input: TensorSpec,
			output: TensorSpec,
			#[pallet::compact] royalty: Balance,
			bundle_hash: Hash,
			#[pallet::compact] max_fee: Balance,
			circuit_hash: Hash,
		) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			let registration = Registration {
				name,
				system,
				setup,
				key,
				input,
				output,
				royalty,
				bundle_hash,
				circuit_hash,
			};
			Self::do_register_version(creator, model, registration, max_fee)
		}

		/// Puts a draft up for sale. From now on it is immutable.
		///
		/// Origin: signed, the creator. Errors: [`Error::UnknownModel`], [`Error::NotCreator`],
		/// [`Error::WrongStatus`]. Event: [`Event::StatusChanged`]. Complexity: O(1).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::activate())]
		pub fn activate(origin: OriginFor<T>, model: ModelRef) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			Self::do_change_status(creator, model, ModelStatus::Active)
		}

		/// Marks an active version as one that buyers should leave. It stays for sale.
		///
		/// Origin: signed, the creator. Errors and event as [`Self::activate`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::deprecate())]
		pub fn deprecate(origin: OriginFor<T>, model: ModelRef) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			Self::do_change_status(creator, model, ModelStatus::Deprecated)
		}

		/// Takes a version from sale for good. Workloads in flight keep it.
		///
		/// Origin: signed, the creator. Errors and event as [`Self::activate`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, model: ModelRef) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			Self::do_change_status(creator, model, ModelStatus::Retired)
		}

		/// Removes a retired version that no workload uses, and frees its deposits.
		///
		/// Origin: signed, the creator. Errors: [`Error::UnknownModel`], [`Error::NotCreator`],
		/// [`Error::WrongStatus`], [`Error::ModelInUse`]. Event: [`Event::ModelRemoved`].
		/// Complexity: O(1).
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, model: ModelRef) -> DispatchResult {
			let creator = ensure_signed(origin)?;
			Self::do_remove(creator, model)
		}
	}
}
