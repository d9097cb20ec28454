//! Who a referendum can act as, besides root: an origin for each track, and what the calls ask for.

use crate::{
	configs::technical_committee::TwoThirdsOfCommittee, AccountId, Balance, OriginCaller,
	RuntimeOrigin,
};
use frame_support::traits::{ConstU128, EitherOf, EnsureOrigin, OriginTrait};
use frame_system::{EnsureRoot, EnsureRootWithSuccess};
use inference_primitives::parameters::UNIT;
use pallet_origins::Origin;

/// The origins. FRAME makes origins of pallets only; this one has nothing else.
#[frame_support::pallet]
pub mod pallet_origins {
	use frame_support::pallet_prelude::*;

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Why [`super::super::held_locks`] hold tokens.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// What votes are made with.
		Voting,
		/// What has not vested yet.
		Vesting,
	}

	/// What a referendum that is not root's acts as. Indices are part of transactions: add, never reorder.
	#[derive(
		PartialEq,
		Eq,
		Clone,
		Copy,
		Debug,
		Encode,
		Decode,
		DecodeWithMemTracking,
		TypeInfo,
		MaxEncodedLen,
	)]
	#[pallet::origin]
	pub enum Origin {
		/// Dispatches, as root, one call that the technical committee has put on its whitelist.
		WhitelistedCaller,
		/// Sets the network's parameters, and the setups and proof systems that are taken.
		Parameters,
		/// Spends little of the treasury.
		SmallSpender,
		/// Spends much of the treasury.
		BigSpender,
	}
}

impl pallet_origins::Config for crate::Runtime {}

/// Most that one referendum of the small spenders' track takes from the treasury, planck.
pub const SMALL_SPEND: Balance = 10_000 * UNIT;
/// Most that one referendum of the big spenders' track takes from the treasury, planck: what is more, root's
/// track must agree to.
pub const BIG_SPEND: Balance = 1_000_000 * UNIT;

macro_rules! ensure_origin {
	($($name:ident: $variant:ident -> $success:ty = $value:expr, $doc:literal;)*) => {$(
		#[doc = $doc]
		pub struct $name;
		impl EnsureOrigin<RuntimeOrigin> for $name {
			type Success = $success;

			fn try_origin(origin: RuntimeOrigin) -> Result<Self::Success, RuntimeOrigin> {
				match origin.caller() {
					OriginCaller::Origins(Origin::$variant) => Ok($value),
					_ => Err(origin),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
				Ok(Origin::$variant.into())
			}
		}
	)*};
}

ensure_origin! {
	EnsureWhitelistedCaller: WhitelistedCaller -> () = (), "A referendum of the whitelisted callers' track.";
	EnsureParameters: Parameters -> () = (), "A referendum of the parameters' track.";
	EnsureSmallSpender: SmallSpender -> Balance = SMALL_SPEND,
		"A referendum of the small spenders' track; what it may spend, planck.";
	EnsureBigSpender: BigSpender -> Balance = BIG_SPEND,
		"A referendum of the big spenders' track; what it may spend, planck.";
}

/// Who sets parameters, setups and proof systems: root, or the parameters' track.
pub type ParametersOrigin = EitherOf<EnsureRoot<AccountId>, EnsureParameters>;

/// Who pulls a brake, at once: root, or two thirds of the technical committee. What brakes do is bounded: they
/// stop the service clock, take a broken proof system or key out of use (all that is in flight goes back),
/// forgive slashes that the circuit breaker delays, and pause calls that can be paused.
pub type EmergencyOrigin = EitherOf<EnsureRoot<AccountId>, TwoThirdsOfCommittee>;

/// Who spends of the treasury, and how much: root all of it, the spenders' tracks up to their limits.
pub type SpendOrigin = EitherOf<
	EnsureRootWithSuccess<AccountId, ConstU128<{ Balance::MAX }>>,
	EitherOf<EnsureBigSpender, EnsureSmallSpender>,
>;
