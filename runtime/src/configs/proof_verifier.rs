//! `pallet-proof-verifier`: setups, keys and proofs.

use crate::{AccountId, Balances, NetworkParameters, Runtime, RuntimeHoldReason};
use frame_support::{parameter_types, weights::Weight};
use frame_system::EnsureRoot;

parameter_types! {
	/// The reserved quarter of a block: no proof may need more.
	pub MaxVerifyWeight: Weight = super::system::MAXIMUM_BLOCK_WEIGHT / 4;
}

impl pallet_proof_verifier::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type MaxVerifyWeight = MaxVerifyWeight;
	type WeightInfo = pallet_proof_verifier::weights::SubstrateWeight<Runtime>;
}
