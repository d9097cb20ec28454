//! `pallet-inference-market`: workloads.

use super::babe::BabeParentVrf;
use crate::{
	AccountId, Balances, ModelRegistry, NetworkParameters, NodePool, ProofVerifier, Runtime,
	RuntimeHoldReason, WorkerStaking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_runtime::traits::AccountIdConversion;

parameter_types! {
	pub const MarketPalletId: PalletId = PalletId(*b"inf/mrkt");
	pub const TreasuryPalletId: PalletId = PalletId(*b"inf/trsy");
	/// Raised by a fork that keeps the genesis block.
	pub const ForkDomain: u32 = 0;
}

/// The treasury's account: fees, and slashes beyond what users are owed.
pub struct Treasury;
impl Get<AccountId> for Treasury {
	fn get() -> AccountId {
		TreasuryPalletId::get().into_account_truncating()
	}
}

impl pallet_inference_market::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type Models = ModelRegistry;
	type NodePool = NodePool;
	type Stakes = WorkerStaking;
	type ProofVerifier = ProofVerifier;
	type ParentVrf = BabeParentVrf;
	type Treasury = Treasury;
	type ForkDomain = ForkDomain;
	type PalletId = MarketPalletId;
	type MaxQueuedPerModel = ConstU32<1024>;
	type MaxServedModels = ConstU32<256>;
	type WeightInfo = pallet_inference_market::weights::SubstrateWeight<Runtime>;
	type GovernanceOrigin = EnsureRoot<AccountId>;
}
