//! `pallet-identity`: names of accounts, and what registrars say of them. Operators and creators are known by it.

use super::governance::{
	deposit,
	periods::{Period, DAY},
	DEPOSIT_PER_BYTE,
};
use crate::{AccountId, Balance, Balances, Runtime, RuntimeEvent, Signature, Treasury};
use frame_support::traits::{ConstU128, ConstU32};
use frame_system::EnsureRoot;
use pallet_identity::legacy::IdentityInfo;
use sp_runtime::traits::Verify;

/// The entry of an identity without its fields, planck.
const IDENTITY_DEPOSIT: Balance = deposit(1, 32);
/// A username's two entries, planck.
const USERNAME_DEPOSIT: Balance = deposit(2, 100);
/// A sub-account's entry, and its place in the list, planck.
const SUB_ACCOUNT_DEPOSIT: Balance = deposit(1, 100);

impl pallet_identity::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type BasicDeposit = ConstU128<IDENTITY_DEPOSIT>;
	type ByteDeposit = ConstU128<DEPOSIT_PER_BYTE>;
	type UsernameDeposit = ConstU128<USERNAME_DEPOSIT>;
	type SubAccountDeposit = ConstU128<SUB_ACCOUNT_DEPOSIT>;
	type MaxSubAccounts = ConstU32<100>;
	/// Fields besides the usual ones.
	type IdentityInformation = IdentityInfo<ConstU32<16>>;
	type MaxRegistrars = ConstU32<20>;
	// The deposits of identities that root removed.
	type Slashed = Treasury;
	type ForceOrigin = EnsureRoot<AccountId>;
	type RegistrarOrigin = EnsureRoot<AccountId>;
	type OffchainSignature = Signature;
	type SigningPublicKey = <Signature as Verify>::Signer;
	type UsernameAuthorityOrigin = EnsureRoot<AccountId>;
	type PendingUsernameExpiration = Period<{ 7 * DAY }>;
	type UsernameGracePeriod = Period<{ 30 * DAY }>;
	type MaxSuffixLength = ConstU32<7>;
	type MaxUsernameLength = ConstU32<32>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
	type WeightInfo = pallet_identity::weights::SubstrateWeight<Runtime>;
}
