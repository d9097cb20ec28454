//! `pallet-inference-market`: workloads.

use super::babe::BabeParentVrf;
use crate::{
	AccountId, Balances, ModelRegistry, NetworkParameters, NodePool, ProofVerifier, Runtime,
	RuntimeHoldReason, WorkerStaking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Contains, Get},
	PalletId,
};
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

/// Root's key: the only account besides assigned workers that sends operational transactions.
pub struct SudoKey;
impl Contains<AccountId> for SudoKey {
	fn contains(who: &AccountId) -> bool {
		pallet_sudo::Key::<Runtime>::get().as_ref() == Some(who)
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
	type OperationalSigners = SudoKey;
	type HeaviestProof = super::system::HeaviestProof;
}
