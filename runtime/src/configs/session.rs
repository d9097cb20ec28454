//! `pallet-session`: validators' keys. Staking says who validates.

use crate::{
	AccountId, Babe, Balance, Balances, NetworkParameters, Runtime, RuntimeEvent, SessionKeys,
	Staking,
};
use frame_support::traits::Get;
use inference_primitives::traits::Network;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

/// Bytes that an account's session keys occupy, with the index of their owners.
const KEYS_BYTES: Balance = 300;

/// Held while an account has session keys, at the network's price per byte; `purge_keys` gives back what is
/// held. Validators of the genesis pay nothing: nobody calls for their keys.
pub struct KeyDeposit;
impl Get<Balance> for KeyDeposit {
	fn get() -> Balance {
		let per_byte = NetworkParameters::parameters().deposit_per_byte;
		// A price at which this saturates is nobody's to pay.
		per_byte.saturating_mul(KEYS_BYTES)
	}
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Staking>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}
