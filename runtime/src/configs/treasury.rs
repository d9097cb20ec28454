//! `pallet-treasury`: keeps the network's own tokens, and spends what referenda decide.
//!
//! What comes in: registration fees, the treasury's part of each workload, penalties beyond what users are owed,
//! slashes of validators, what an era mints beyond rewards, the deposits of killed referenda. The market's part
//! waits as a credit until somebody calls `claim` for the account.

use super::governance::{
	origins::SpendOrigin,
	periods::{Period, DAY},
};
use crate::{AccountId, Balances, Runtime, RuntimeEvent, System};
use frame_support::{
	parameter_types,
	traits::{
		tokens::{PayFromAccount, UnityAssetBalanceConversion},
		ConstU32,
	},
	PalletId,
};
use frame_system::EnsureRoot;
use pallet_treasury::TreasuryAccountId;
use sp_runtime::{traits::IdentityLookup, Permill};

parameter_types! {
	pub const TreasuryPalletId: PalletId = PalletId(*b"inf/trsy");
	/// Nothing is burnt for not being spent.
	pub const Burn: Permill = Permill::zero();
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	// Who voids a spend that is approved and not paid.
	type RejectOrigin = EnsureRoot<AccountId>;
	type RuntimeEvent = RuntimeEvent;
	// Nothing happens in it: the queue that it pays belongs to the deprecated `spend_local`.
	type SpendPeriod = Period<{ 7 * DAY }>;
	type Burn = Burn;
	type PalletId = TreasuryPalletId;
	type BurnDestination = ();
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	// Closes the deprecated `spend_local`: each call of it fails with `TooManyApprovals`.
	type MaxApprovals = ConstU32<0>;
	type SpendOrigin = SpendOrigin;
	// The token is the only one.
	type AssetKind = ();
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	type Paymaster = PayFromAccount<Balances, TreasuryAccountId<Runtime>>;
	type BalanceConverter = UnityAssetBalanceConversion;
	/// How long an approved spend can be paid out; anyone calls `payout`.
	type PayoutPeriod = Period<{ 30 * DAY }>;
	type BlockNumberProvider = System;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}
