//! `pallet-preimage`: calls that referenda are about, stored once and named by their hash.

use super::governance::{deposit, DEPOSIT_PER_BYTE};
use crate::{AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeHoldReason};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, LinearStoragePrice},
};
use frame_system::EnsureRoot;

parameter_types! {
	/// For the entries of its status and of its bytes, planck; comes back with `unnote_preimage`.
	pub const PreimageDeposit: Balance = deposit(2, 100);
	/// For each byte, planck: 100 tokens for a runtime of a megabyte.
	pub const PreimageByteDeposit: Balance = DEPOSIT_PER_BYTE;
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	// Of the form before holds; nothing here was ever stored in it.
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageDeposit, PreimageByteDeposit, Balance>,
	>;
}
