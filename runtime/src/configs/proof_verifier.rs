//! `pallet-proof-verifier`: setups, keys and proofs.

use super::{
	governance::origins::{EmergencyOrigin, ParametersOrigin},
	system::HeaviestProof,
};
use crate::{Balances, NetworkParameters, Runtime, RuntimeHoldReason};
use frame_support::{
	parameter_types,
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};

/// Time kept for all of a proof's transaction but the verification: `prove` with the largest output,
/// the extensions, the transaction's base. More than it takes (`tests/blocks.rs`).
const PROOF_OVERHEAD: u64 = 5 * WEIGHT_REF_TIME_PER_MILLIS;

parameter_types! {
	/// A verification takes what leaves room for two in the weight reserved for proofs. No proof
	/// size: the chain is no parachain, and what a block counts as such is its transactions' length.
	pub MaxVerifyWeight: Weight = Weight::from_parts(
		HeaviestProof::get().ref_time().saturating_sub(PROOF_OVERHEAD),
		0,
	);
}

impl pallet_proof_verifier::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type GovernanceOrigin = ParametersOrigin;
	type EmergencyOrigin = EmergencyOrigin;
	type MaxVerifyWeight = MaxVerifyWeight;
	type WeightInfo = pallet_proof_verifier::weights::SubstrateWeight<Runtime>;
}
