//! Registry of proof systems, trusted setups and verifying keys, and the verification of proofs.
//!
//! **Who calls it.** Governance approves setups, and ends or disables proof systems, setups and keys. Anyone registers keys and
//! verifies proofs by extrinsic. `pallet-model-registry` registers and releases the keys of models,
//! `pallet-inference-market` verifies proofs of workloads, both through
//! [`inference_primitives::traits::ProofVerifier`]. The runtime API reads keys and verifies.
//!
//! **Terms.**
//! - *Proof system*: a way to prove, with a version.
//! - *End of life* of a proof system, a setup or a key: a tick of the service clock, set by governance
//!   with notice, from which its keys and proofs are refused.
//! - *Disabled*: ended at once and for good, because proofs can be forged. Workloads in flight are
//!   voided by `pallet-inference-market`.
//! - *Setup*: \[s\]G2 of a powers-of-tau ceremony, 128 bytes. Whoever knows s can forge proofs, so
//!   only governance approves setups, and no submitter brings one. The insecure development setup,
//!   whose s is public, is refused on every chain that is not a development chain.
//! - *Key*: a verifying key. It is submitted in its proof system's own format (halo2: an encoded
//!   `inference_verifier::Plan`; EZKL: a VKA), decoded and validated once, and stored as the
//!   canonical encoding of its plan, identified by the hash of proof system, setup and plan.
//! - *Deposit*: planck held for a key's bytes, at the price per byte of that time.
//!
//! **Who holds a key.** A key is kept while somebody holds it. There are two kinds of holders, each
//! with a deposit of its own, and neither can end the other's hold:
//! - the *registration*: one account, by [`Pallet::register_key`]; only that account ends it, and
//!   gets its deposit back at once, whoever else uses the key;
//! - *references*: counted, taken and dropped by other pallets through the trait, each of which
//!   answers for dropping only its own. The first is paid by its depositor, who gets the deposit
//!   back with the last.
//!
//! **Invariants** (`try_state`):
//! 1. keys and plans match one to one, each plan hashes to its key's hash and has its key's sizes;
//! 2. each key has a registration or a reference; the references' deposit exists exactly while
//!    there are references;
//! 3. what each depositor has on hold for [`HoldReason::KeyDeposit`] is the sum of its deposits;
//! 4. each key's setup is approved, its system known; each setup counts its keys exactly;
//! 5. each setup decodes, is stored under its own identifier, and has the lines that follow from it;
//! 6. ends of life apart from [`Systems`] are of setups and keys only.
//!
//! **Limitations.** If two creators use one key for their models, the first one's deposit comes
//! back only when both models are gone. The weight of a verification is a linear formula over the
//! key's sizes, fitted from above to measured keys ([`verification_weight`]).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub use faults::{DefensiveError, PlanFault, SetupFault, VkaFault};
pub use pallet::*;
pub use types::{ApprovedSetup, Deposit, Key, KeySizes, ProofItem, Subject, SystemRecord};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod ending;
mod faults;
mod keys;
#[cfg(test)]
mod mock;
mod scalars;
mod setups;
mod systems;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod verification;
pub mod verification_weight;
pub mod weights;

use inference_primitives::{
	traits::Network, Balance, Hash, ProofSystem, SetupId, Tick, VkHash, MAX_PROOF_BYTES,
	MAX_PUBLIC_INPUTS, MAX_VK_BYTES,
};

/// Shorthand for the account type.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;

/// Version of the proof system `Halo2` with which a chain starts.
pub const HALO2_VERSION: u16 = 1;
/// Version of the proof system `Ezkl` with which a chain starts: EZKL's own major version.
pub const EZKL_VERSION: u16 = 23;
/// Most proofs of one [`Pallet::verify_proofs`].
pub const MAX_BATCH: u32 = 128;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{pallet_prelude::*, traits::fungible};
	use frame_system::pallet_prelude::*;
	use inference_verifier::setup::{LINES_BYTES, SETUP_BYTES};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// An encoded plan.
	pub type PlanBytes = BoundedVec<u8, ConstU32<MAX_VK_BYTES>>;
	/// A key as its proof system writes it.
	pub type KeyBytes = BoundedVec<u8, ConstU32<MAX_VK_BYTES>>;
	/// Proofs that are verified together.
	pub type ProofItems = BoundedVec<ProofItem, ConstU32<MAX_BATCH>>;
	/// An encoded proof.
	pub type ProofBytes = BoundedVec<u8, ConstU32<MAX_PROOF_BYTES>>;
	/// Public inputs: canonical field elements, little-endian.
	pub type PublicInputs = BoundedVec<[u8; 32], ConstU32<MAX_PUBLIC_INPUTS>>;
	/// The lines of a setup's pairing.
	pub type LinesBytes = BoundedVec<u8, ConstU32<{ LINES_BYTES as u32 }>>;
	/// An encoded \[s\]G2.
	pub type SetupBytes = BoundedVec<u8, ConstU32<{ SETUP_BYTES as u32 }>>;

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
		/// Who approves and revokes setups and ends proof systems.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who disables what is broken: each block of a vote about it would let false proofs settle.
		type EmergencyOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Most weight that a verification may have: a key that needs more is refused. At most the
		/// largest weight of an extrinsic (checked by the integrity test).
		#[pallet::constant]
		type MaxVerifyWeight: Get<Weight>;
		/// Weights of the calls. Those that a key's sizes decide are in [`verification_weight`].
		type WeightInfo: WeightInfo;
	}

	/// Why funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit of a verifying key.
		KeyDeposit,
	}

	/// Known proof systems. Hashed with `Twox64Concat`: the few identifiers are the runtime's own.
	#[pallet::storage]
	pub type Systems<T: Config> = StorageMap<_, Twox64Concat, ProofSystem, SystemRecord>;

	/// Approved setups. Not hashed again: identifiers are BLAKE2b digests that the chain computes.
	#[pallet::storage]
	pub type Setups<T: Config> = StorageMap<_, Identity, SetupId, ApprovedSetup>;

	/// What pairings with each setup need, apart from [`Setups`], so that only verification reads
	/// it. Computed by the pallet; never given.
	#[pallet::storage]
	pub type SetupLines<T: Config> = StorageMap<_, Identity, SetupId, LinesBytes>;

	/// Registered keys. Not hashed again: identifiers are BLAKE2b digests that the chain computes.
	#[pallet::storage]
	pub type Keys<T: Config> = StorageMap<_, Identity, VkHash, Key<T::AccountId>>;

	/// The keys' plans, apart from [`Keys`], so that a weight costs no read of a whole plan.
	#[pallet::storage]
	pub type KeyPlans<T: Config> = StorageMap<_, Identity, VkHash, PlanBytes>;

	/// Ends of life of setups and keys; those of proof systems are in [`Systems`]. They outlive what
	/// they are about, which may come back under its identifier. Only governance writes here.
	#[pallet::storage]
	pub type EndsOfLife<T: Config> = StorageMap<_, Blake2_128Concat, Subject, Tick>;

	/// What governance disabled, and when. Nothing leaves: what is disabled stays so under its
	/// identifier. Only governance writes here.
	#[pallet::storage]
	pub type Disabled<T: Config> = StorageMap<_, Blake2_128Concat, Subject, Tick>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Encoded setups that are approved from the start. A malformed one stops the genesis from
		/// being built, and so does the insecure one outside development chains.
		pub setups: Vec<Vec<u8>>,
		#[serde(skip)]
		/// Carries the type parameter.
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::build_genesis(&self.setups);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Governance approved a setup.
		SetupApproved {
			/// The setup.
			setup: SetupId,
		},
		/// Governance revoked a setup that no key used.
		SetupRevoked {
			/// The setup.
			setup: SetupId,
		},
		/// An end of life was set, moved or lifted.
		EndOfLifeSet {
			/// Of which proof system, setup or key.
			subject: Subject,
			/// From when its keys and proofs are refused, on the service clock.
			end_of_life: Option<Tick>,
		},
		/// A key was validated and stored.
		KeyStored {
			/// The key.
			vk_hash: VkHash,
			/// Its proof system.
			system: ProofSystem,
			/// Its setup.
			setup: SetupId,
			/// Bytes of its plan.
			bytes: u32,
		},
		/// An account registered a key and will keep it until it releases it.
		KeyRegistered {
			/// The key.
			vk_hash: VkHash,
			/// Whose registration.
			by: T::AccountId,
			/// Held from that account, planck.
			deposit: Balance,
		},
		/// An account ended its registration and has its deposit back.
		KeyReleased {
			/// The key.
			vk_hash: VkHash,
			/// Whose registration.
			by: T::AccountId,
			/// Returned to that account, planck.
			deposit: Balance,
		},
		/// Nobody held a key any more; it was removed.
		KeyRemoved {
			/// The key.
			vk_hash: VkHash,
		},
		/// A proof was verified by extrinsic.
		ProofVerified {
			/// The key.
			vk_hash: VkHash,
			/// [`Pallet::public_inputs_hash`] of its public inputs.
			public_inputs: Hash,
			/// Who submitted it.
			by: T::AccountId,
		},
		/// Governance disabled a proof system, a setup or a key, at once and for good.
		SubjectDisabled {
			/// Which.
			subject: Subject,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The chain does not know this proof system.
		UnknownSystem,
		/// The proof system has reached its end of life. Use a newer one.
		SystemEnded,
		/// An end of life must lie at least the unbonding period ahead, so that workloads in flight
		/// can settle. Choose a later tick.
		NoticeTooShort,
		/// The bytes are no setup, for the reason inside. Correct and retry.
		InvalidSetup(SetupFault),
		/// The setup is approved already.
		SetupAlreadyApproved,
		/// Governance has not approved this setup. Use an approved one.
		SetupNotApproved,
		/// Keys use this setup. It can be revoked when they are gone.
		SetupInUse,
		/// The bytes are no canonical plan, for the reason inside. Rebuild the key.
		InvalidPlan(PlanFault),
		/// The bytes are no artifact of EZKL that can be verified, for the reason inside. Make it
		/// anew with `ezkl create-evm-vka`.
		InvalidVka(VkaFault),
		/// Proofs of this system are not bound to a workload, so no model can use its keys.
		/// Register the key itself, and verify proofs under it.
		SystemBindsNoStatement,
		/// Verifying a proof under this key would take more than the chain grants. Use a smaller
		/// circuit.
		KeyTooCostly,
		/// No such key is registered. Register it, or correct the hash.
		UnknownKey,
		/// An account has registered this key already; it can be used as it is.
		KeyAlreadyRegistered,
		/// Only the account that registered the key can release its registration.
		NotRegistrant,
		/// The key has too many references.
		TooManyReferences,
		/// The statement is not about this key and these tensors. Nothing was verified.
		StatementMismatch,
		/// The chain cannot verify statements of this version: it is not in the table of
		/// `inference_primitives::StatementVersion`.
		UnsupportedStatement,
		/// The number of public inputs is not the key's.
		PublicInputsMismatch,
		/// A public input is not below the field's modulus.
		NonCanonicalPublicInput,
		/// The proof is shorter than proofs under this key are.
		ProofTruncated,
		/// Bytes follow the proof.
		ProofTrailingBytes,
		/// A scalar or a coordinate of the proof is not below its field's modulus.
		NonCanonicalProof,
		/// A point of the proof is not on the curve.
		ProofOffCurve,
		/// The accumulator among the public inputs is malformed.
		InvalidAccumulator,
		/// The keys of a batch use different setups. Submit a batch for each.
		MixedSetups,
		/// Verifying these proofs together would take more than the chain grants. Submit fewer.
		BatchTooCostly,
		/// The proof leads to a challenge at which nothing can be checked. Prove again.
		ProofDegenerate,
		/// The proof, or one of the batch, does not prove its public inputs under its key.
		InvalidProof,
		/// An amount overflows.
		Overflow,
		/// An invariant of this pallet is broken; please report it.
		Defensive(DefensiveError),
		/// The setup has reached its end of life. Use a newer one.
		SetupEnded,
		/// The key has reached its end of life. Use a newer version of the model.
		KeyEnded,
		/// Governance disabled this proof system, setup or key, because its proofs cannot be trusted
		/// any more. Use another; there is no way back.
		Disabled,
		/// It is disabled already.
		AlreadyDisabled,
		/// The secret of this setup is public: anyone can forge its proofs. Only a development chain
		/// takes it. Use a setup made by a ceremony.
		InsecureSetup,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let weights = T::BlockWeights::get();
			let class = weights.get(frame_support::dispatch::DispatchClass::Normal);
			let limit = class.max_extrinsic.unwrap_or(weights.max_block);
			assert!(
				T::MaxVerifyWeight::get().all_lte(limit),
				"MaxVerifyWeight {:?} exceeds the largest extrinsic {limit:?}",
				T::MaxVerifyWeight::get(),
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Approves a trusted setup: x.c0, x.c1, y.c0, y.c1 of \[s\]G2, each 32 bytes,
		/// little-endian.
		///
		/// Origin: governance. Errors: [`Error::InvalidSetup`], [`Error::InsecureSetup`],
		/// [`Error::SetupAlreadyApproved`], [`Error::Disabled`].
		/// Event: [`Event::SetupApproved`]. Complexity: one subgroup check.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::approve_setup())]
		pub fn approve_setup(origin: OriginFor<T>, setup: SetupBytes) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_approve_setup(&setup)
		}

		/// Revokes a setup that no key uses.
		///
		/// Origin: governance. Errors: [`Error::SetupNotApproved`], [`Error::SetupInUse`].
		/// Event: [`Event::SetupRevoked`]. Complexity: O(1).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::revoke_setup())]
		pub fn revoke_setup(origin: OriginFor<T>, setup: SetupId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_revoke_setup(setup)
		}

		/// Sets or lifts the tick of the service clock from which the keys and proofs of a proof
		/// system, of a setup, or of one key are refused. It must lie the unbonding period ahead,
		/// which exceeds the life of every workload.
		///
		/// Origin: governance. Errors: [`Error::UnknownSystem`], [`Error::SetupNotApproved`],
		/// [`Error::UnknownKey`], [`Error::NoticeTooShort`]. Event: [`Event::EndOfLifeSet`].
		/// Complexity: O(1).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_end_of_life())]
		pub fn set_end_of_life(
			origin: OriginFor<T>,
			subject: Subject,
			end_of_life: Option<Tick>,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_set_end_of_life(subject, end_of_life)
		}

		/// Registers a key: stores it if it is new, and keeps it until the caller releases it.
		/// `key` is, for halo2, the canonical encoding of its plan; for EZKL, the VKA. Holds a
		/// deposit for the plan's bytes.
		///
		/// Origin: signed. Errors: [`Error::UnknownSystem`], [`Error::SystemEnded`],
		/// [`Error::SetupEnded`], [`Error::KeyEnded`], [`Error::Disabled`],
		/// [`Error::SetupNotApproved`], [`Error::InvalidPlan`], [`Error::InvalidVka`],
		/// [`Error::KeyTooCostly`], [`Error::KeyAlreadyRegistered`], insufficient balance. Events:
		/// [`Event::KeyRegistered`], and [`Event::KeyStored`] if it is new. Complexity: O(bytes),
		/// with a curve check for each commitment.
		#[pallet::call_index(3)]
		#[pallet::weight(verification_weight::register_key(T::DbWeight::get(), key.len() as u32))]
		pub fn register_key(
			origin: OriginFor<T>,
			system: ProofSystem,
			setup: SetupId,
			key: KeyBytes,
		) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_register_key(by, system, setup, &key)
		}

		/// Ends the caller's registration of a key and returns its deposit. The key stays while
		/// models refer to it.
		///
		/// Origin: signed, the account that registered it. Errors: [`Error::UnknownKey`],
		/// [`Error::NotRegistrant`]. Events: [`Event::KeyReleased`], and [`Event::KeyRemoved`] if
		/// nobody else holds it. Complexity: O(1).
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::release_key())]
		pub fn release_key(origin: OriginFor<T>, vk_hash: VkHash) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_release_key(by, vk_hash)
		}

		/// Verifies a proof under a registered key. Takes weight for the largest key and returns
		/// what this key does not need.
		///
		/// Origin: signed. Errors: [`Error::UnknownKey`], [`Error::SystemEnded`],
		/// [`Error::SetupEnded`], [`Error::KeyEnded`], [`Error::Disabled`],
		/// [`Error::PublicInputsMismatch`], [`Error::NonCanonicalPublicInput`],
		/// [`Error::ProofTruncated`], [`Error::ProofTrailingBytes`], [`Error::NonCanonicalProof`],
		/// [`Error::ProofOffCurve`], [`Error::ProofDegenerate`], [`Error::InvalidProof`].
		/// Event: [`Event::ProofVerified`]. Complexity: linear in the key's sizes, one pairing
		/// check.
		#[pallet::call_index(5)]
		#[pallet::weight(T::MaxVerifyWeight::get())]
		pub fn verify_proof(
			origin: OriginFor<T>,
			vk_hash: VkHash,
			public_inputs: PublicInputs,
			proof: ProofBytes,
		) -> DispatchResultWithPostInfo {
			let by = ensure_signed(origin)?;
			Self::do_verify_proof(by, vk_hash, &public_inputs, &proof)
		}

		/// Verifies proofs together, with one pairing check: all of them or none. Their keys may
		/// differ but use one setup. Takes weight for the costliest batch and returns what this
		/// one does not need.
		///
		/// Origin: signed. Errors: those of [`Pallet::verify_proof`], [`Error::MixedSetups`],
		/// [`Error::BatchTooCostly`]. [`Error::InvalidProof`] does not say which proof it was:
		/// `inference proof verify` does, offline. Events: [`Event::ProofVerified`] for each.
		/// Complexity: linear in the keys' sizes.
		#[pallet::call_index(6)]
		#[pallet::weight(T::MaxVerifyWeight::get())]
		pub fn verify_proofs(
			origin: OriginFor<T>,
			proofs: ProofItems,
		) -> DispatchResultWithPostInfo {
			let by = ensure_signed(origin)?;
			Self::do_verify_proofs(by, &proofs)
		}

		/// Disables a proof system, a setup or a key, at once and for good: the brake for a proof
		/// system that is broken, a setup whose secret leaked, a key that accepts what is false.
		/// Proofs under it are refused, no key or model is registered and nothing is ordered under
		/// it; workloads in flight are voided, whether their deadline has passed or not.
		///
		/// Origin: emergency. Errors: [`Error::UnknownSystem`], [`Error::SetupNotApproved`],
		/// [`Error::UnknownKey`], [`Error::AlreadyDisabled`]. Event: [`Event::SubjectDisabled`].
		/// Complexity: O(1), however much depends on it.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::disable())]
		pub fn disable(origin: OriginFor<T>, subject: Subject) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			Self::do_disable(subject)
		}
	}
}
