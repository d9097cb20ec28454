//! The network's parameters, checked against the protocol's inequalities, and its service clock.
//!
//! **Who calls it.** Governance sets parameters; in an emergency it, or whom it trusts with that, stops or
//! starts the service clock; authors of blocks report finality by an inherent. The other pallets read parameters and clock through
//! [`inference_primitives::traits::Network`]. The runtime reads the slot duration and the BABE
//! epoch's length, which are fixed at genesis, as is how fast governance goes.
//!
//! **Terms.** The *service clock* counts one tick per block while the chain can serve. All of the
//! protocol's deadlines run on it, so that no party loses stake because the chain stood
//! (docs/PROTOCOL.md, principle 3). It stands
//! - while finality lags more than L_f blocks, by the authors' reports ([`finality`]);
//! - while a multi-block migration runs;
//! - while a reason of [`Config::HoldsClock`] holds it;
//! - while governance has stopped it.
//!
//! The first three *hold* it block by block: they are asked when a block begins, and the clock then
//! neither ticks nor serves in that block.
//!
//! **Invariants** (`try_state`): the parameters in force keep every inequality of
//! [`ProtocolParameters::check`]; the reports of finality are each of another author, in the order
//! of their blocks, none older than the window.
//!
//! **Limitations.** The reports are the authors' word: with half of the window's authors lying, the
//! clock runs or stands as they like ([`finality`] says how likely that is).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod finality;
#[cfg(test)]
mod tests;
pub mod weights;

use inference_primitives::{
	traits::{HoldsClock, Network},
	BlockNumber, ParametersError, ProtocolParameters, Tick,
};

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use finality::{Report, WINDOW};
	use frame_support::{
		inherent::{InherentData, InherentIdentifier, MakeFatalError},
		pallet_prelude::*,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who may change parameters.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may stop the clock, and start it: an emergency does not wait for a vote.
		type EmergencyOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Weights of the calls.
		type WeightInfo: WeightInfo;
		/// Who makes the present block. `None` leaves its report out.
		type BlockAuthor: Get<Option<Self::AccountId>>;
		/// What else holds the clock, block by block.
		type HoldsClock: HoldsClock;
		/// What the benchmarks need of the runtime.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper;
	}

	/// Most eras that stake may stay bonded: eras that are remembered, for slashes and pay.
	pub const MOST_BONDING_ERAS: u32 = 84;

	/// Least eras that stake may stay bonded: a slash waits for two less, one at least, in which it can be cancelled.
	pub const LEAST_BONDING_ERAS: u32 = 3;

	/// Parameters of a chain whose genesis sets none.
	#[pallet::type_value]
	pub fn DefaultParameters() -> ProtocolParameters {
		ProtocolParameters::production()
	}

	/// Slot duration of a chain whose genesis sets none, milliseconds.
	#[pallet::type_value]
	pub fn DefaultSlotDurationMs() -> u64 {
		6_000
	}

	/// BABE epoch of a chain whose genesis sets none, slots.
	#[pallet::type_value]
	pub fn DefaultBabeEpochSlots() -> u64 {
		600
	}

	/// Sessions, which are BABE's epochs, of an era of a chain whose genesis sets none.
	#[pallet::type_value]
	pub fn DefaultSessionsPerEra() -> u32 {
		6
	}

	/// Eras that validators' stake stays bonded, on a chain whose genesis sets none.
	#[pallet::type_value]
	pub fn DefaultBondingEras() -> u32 {
		28
	}

	/// How many times faster than in production governance goes, on a chain whose genesis does not say.
	#[pallet::type_value]
	pub fn DefaultGovernanceSpeed() -> u32 {
		1
	}

	/// The parameters in force.
	#[pallet::storage]
	pub type Parameters<T> = StorageValue<_, ProtocolParameters, ValueQuery, DefaultParameters>;

	/// The service clock.
	#[pallet::storage]
	pub type ServiceClock<T> = StorageValue<_, Tick, ValueQuery>;

	/// Whether governance stopped the service clock.
	#[pallet::storage]
	pub type Stopped<T> = StorageValue<_, bool, ValueQuery>;

	/// Duration of a BABE slot, milliseconds. Fixed at genesis.
	#[pallet::storage]
	pub type SlotDurationMs<T> = StorageValue<_, u64, ValueQuery, DefaultSlotDurationMs>;

	/// Length of a BABE epoch, slots. Fixed at genesis: BABE cannot change it later.
	#[pallet::storage]
	pub type BabeEpochSlots<T> = StorageValue<_, u64, ValueQuery, DefaultBabeEpochSlots>;

	/// Sessions of an era: validators are elected and paid once in each. Fixed at genesis.
	#[pallet::storage]
	pub type SessionsPerEra<T> = StorageValue<_, u32, ValueQuery, DefaultSessionsPerEra>;

	/// Eras for which validators' stake stays bonded after it is taken off. Fixed at genesis.
	#[pallet::storage]
	pub type BondingEras<T> = StorageValue<_, u32, ValueQuery, DefaultBondingEras>;

	/// How many times faster than in production governance goes: its periods are divided by it. Fixed at
	/// genesis.
	#[pallet::storage]
	pub type GovernanceSpeed<T> = StorageValue<_, u32, ValueQuery, DefaultGovernanceSpeed>;

	/// Whether this is a development chain. Fixed at genesis.
	#[pallet::storage]
	pub type Development<T> = StorageValue<_, bool, ValueQuery>;

	/// Whether the service clock is held in this block.
	#[pallet::storage]
	pub type Held<T> = StorageValue<_, bool, ValueQuery>;

	/// The newest report of each author of the last blocks, oldest first.
	#[pallet::storage]
	pub type FinalityReports<T: Config> =
		StorageValue<_, BoundedVec<Report<T::AccountId>, ConstU32<WINDOW>>, ValueQuery>;

	/// The last block for which the clock is held because finality lagged.
	#[pallet::storage]
	pub type HeldUntil<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// The latest finalised block by the present block's author. Gone when the block ends.
	#[pallet::storage]
	pub type Reported<T> = StorageValue<_, BlockNumber>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Use [`ProtocolParameters::development`] instead of the production defaults, and let the
		/// chain take what is insecure.
		pub development: bool,
		/// Parameters in place of all of those; times are in blocks, however long a slot is. The genesis is
		/// refused if they break an inequality, or are the development ones without that flag.
		pub parameters: Option<ProtocolParameters>,
		/// Duration of a BABE slot, milliseconds; 0 means the default of 6,000.
		pub slot_duration_ms: u64,
		/// Length of a BABE epoch, slots; 0 means the default of 600.
		pub babe_epoch_slots: u64,
		/// Sessions of an era; 0 means the default of 6.
		pub sessions_per_era: u32,
		/// Eras that validators' stake stays bonded, [`LEAST_BONDING_ERAS`] to [`MOST_BONDING_ERAS`]; 0 means the default of 28.
		pub bonding_eras: u32,
		/// How many times faster than in production governance goes; 0 means the default of 1.
		pub governance_speed: u32,
		#[serde(skip)]
		/// Carries the type parameter.
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Development::<T>::put(self.development);
			let parameters = self.parameters.unwrap_or(if self.development {
				ProtocolParameters::development()
			} else {
				ProtocolParameters::production()
			});
			if let Err(error) = parameters.check() {
				panic!("genesis parameters: {error:?}, see docs/PROTOCOL.md, section 4");
			}
			assert!(
				self.development || parameters != ProtocolParameters::development(),
				"genesis parameters: those of a development chain are too short for another: set or remove them"
			);
			Parameters::<T>::put(parameters);
			if self.slot_duration_ms > 0 {
				SlotDurationMs::<T>::put(self.slot_duration_ms);
			}
			if self.babe_epoch_slots > 0 {
				BabeEpochSlots::<T>::put(self.babe_epoch_slots);
			}
			if self.sessions_per_era > 0 {
				SessionsPerEra::<T>::put(self.sessions_per_era);
			}
			assert!(
				self.bonding_eras <= MOST_BONDING_ERAS,
				"genesis: bonding_eras is {}; the chain remembers {MOST_BONDING_ERAS} eras: set that or less",
				self.bonding_eras
			);
			assert!(
				self.bonding_eras == 0 || self.bonding_eras >= LEAST_BONDING_ERAS,
				"genesis: bonding_eras is {}; stake could leave before its slash: set {LEAST_BONDING_ERAS} or more",
				self.bonding_eras
			);
			if self.bonding_eras > 0 {
				BondingEras::<T>::put(self.bonding_eras);
			}
			if self.governance_speed > 0 {
				GovernanceSpeed::<T>::put(self.governance_speed);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// New parameters are in force. Workloads keep the deadlines and amounts fixed before.
		ParametersSet {
			/// The new parameters.
			parameters: ProtocolParameters,
		},
		/// The service clock was stopped.
		ServiceStopped {
			/// Where it stands.
			at: Tick,
		},
		/// The service clock runs again.
		ServiceResumed {
			/// Where it stood.
			at: Tick,
		},
		/// The chain cannot serve for a reason of its own: the service clock stands from this block
		/// on, until [`Event::ClockReleased`].
		ClockHeld {
			/// Where it stands.
			at: Tick,
		},
		/// The reason is gone: the service clock runs again, unless governance stopped it.
		ClockReleased {
			/// Where it stood.
			at: Tick,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The parameters break the inequality named inside; nothing changed. Correct and retry.
		InvalidParameters(ParametersError),
		/// The service clock already is in that state.
		NothingToChange,
		/// The block has a report of finality already. An author includes one; the block is invalid.
		AlreadyReported,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(n: BlockNumberFor<T>) -> Weight {
			Self::note_held(Self::must_stand(n));
			if Self::is_serving() {
				// Saturating: the clock's end lies 800 years of six-second blocks ahead.
				ServiceClock::<T>::mutate(|tick| tick.0 = tick.0.saturating_add(1));
			}
			Self::max_hook_weight()
		}

		fn on_finalize(_n: BlockNumberFor<T>) {
			Self::close_block();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts new parameters in force.
		///
		/// Origin: governance. Errors: [`Error::InvalidParameters`] names the broken inequality.
		/// Workloads already submitted keep the deadlines and amounts they were given.
		/// Complexity: O(1).
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(
			origin: OriginFor<T>,
			parameters: ProtocolParameters,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			parameters.check().map_err(Error::<T>::InvalidParameters)?;
			Parameters::<T>::put(parameters);
			Self::deposit_event(Event::ParametersSet { parameters });
			Ok(())
		}

		/// Stops (`serving` = false) or starts the service clock.
		///
		/// Origin: emergency. While it stands no deadline passes and nothing is assigned.
		/// Errors: [`Error::NothingToChange`]. Complexity: O(1).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::set_serving())]
		pub fn set_serving(origin: OriginFor<T>, serving: bool) -> DispatchResult {
			T::EmergencyOrigin::ensure_origin(origin)?;
			ensure!(Stopped::<T>::get() == serving, Error::<T>::NothingToChange);
			Stopped::<T>::put(!serving);
			let at = ServiceClock::<T>::get();
			Self::deposit_event(if serving {
				Event::ServiceResumed { at }
			} else {
				Event::ServiceStopped { at }
			});
			Ok(())
		}

		/// Reports the latest block that the author of this one has seen finalised.
		///
		/// Origin: none; an inherent, at most one in a block. A number above the parent's counts as
		/// the parent's. Errors: [`Error::AlreadyReported`]. Complexity: O(1); the report is taken
		/// into account when the block ends.
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::report_finality(), DispatchClass::Mandatory))]
		pub fn report_finality(
			origin: OriginFor<T>,
			#[pallet::compact] finalised: BlockNumber,
		) -> DispatchResult {
			ensure_none(origin)?;
			Self::do_report(finalised)
		}
	}

	/// The report of finality. It is not required, and no report is wrong to an importer: another
	/// node's view of finality is its own, and lags when it likes.
	#[pallet::inherent]
	impl<T: Config> ProvideInherent for Pallet<T> {
		type Call = Call<T>;
		type Error = MakeFatalError<()>;
		const INHERENT_IDENTIFIER: InherentIdentifier =
			inference_primitives::FINALITY_INHERENT_IDENTIFIER;

		fn create_inherent(data: &InherentData) -> Option<Self::Call> {
			let finalised = data.get_data(&Self::INHERENT_IDENTIFIER).ok().flatten()?;
			Some(Call::report_finality { finalised })
		}

		fn is_inherent(call: &Self::Call) -> bool {
			matches!(call, Call::report_finality { .. })
		}
	}

	impl<T: Config> Pallet<T> {
		/// Weight of the hooks of a block, always the same. What holds the clock is part of what was
		/// measured, and counted once more: another runtime may have other reasons.
		pub fn max_hook_weight() -> Weight {
			T::WeightInfo::on_initialize()
				.saturating_add(T::HoldsClock::weight())
				.saturating_add(T::WeightInfo::on_finalize())
		}

		/// Stores whether the clock is held in this block, and tells when that changes.
		fn note_held(held: bool) {
			if Held::<T>::get() == held {
				return;
			}
			Held::<T>::put(held);
			let at = ServiceClock::<T>::get();
			Self::deposit_event(if held {
				Event::ClockHeld { at }
			} else {
				Event::ClockReleased { at }
			});
		}

		/// Checks the pallet's invariants: the parameters keep every inequality; the reports of
		/// finality are ordered, of different authors, within the window.
		#[cfg(any(feature = "std", feature = "try-runtime"))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			Parameters::<T>::get().check().map_err(|_| {
				sp_runtime::TryRuntimeError::Other("parameters break an inequality")
			})?;
			Self::check_reports()
		}
	}
}

impl<T: Config> Network for Pallet<T> {
	fn parameters() -> ProtocolParameters {
		Parameters::<T>::get()
	}

	fn now() -> Tick {
		ServiceClock::<T>::get()
	}

	fn is_serving() -> bool {
		!Stopped::<T>::get() && !Held::<T>::get()
	}

	fn is_development() -> bool {
		Development::<T>::get()
	}
}
