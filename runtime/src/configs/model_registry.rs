//! `pallet-model-registry`: models and their versions.

use super::inference_market::Treasury;
use crate::{Balance, Balances, NetworkParameters, ProofVerifier, Runtime, RuntimeHoldReason};
use frame_support::traits::ConstU128;
use inference_primitives::parameters::UNIT;

/// Greatest royalty per inference.
const MAX_ROYALTY: Balance = 1_000 * UNIT;

impl pallet_model_registry::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type ProofVerifier = ProofVerifier;
	type Treasury = Treasury;
	type MaxRoyalty = ConstU128<MAX_ROYALTY>;
	type WeightInfo = pallet_model_registry::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarking::Benchmarks;
}
