//! What FRAME's benchmarks run, and what they need of the other pallets. `scripts/benchmark-weights`
//! measures with them; `tests/benchmarks.rs` checks that none is missing.

use crate::{
	AccountId, ModelRegistry, NodePool, ProofVerifier, Runtime, Signature, System, WorkerStaking,
};
use codec::Encode;
use inference_primitives::{ModelRef, NodeId, Tick, VkHash};
use pallet_model_registry::BenchmarkKey;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryPlainPreDigest},
	BABE_ENGINE_ID,
};
use sp_core::crypto::KeyTypeId;
use sp_runtime::{traits::IdentifyAccount, DigestItem, MultiSigner};

frame_benchmarking::define_benchmarks!(
	[pallet_network_parameters, NetworkParameters]
	[pallet_proof_verifier, ProofVerifier]
	[pallet_model_registry, ModelRegistry]
	[pallet_worker_staking, WorkerStaking]
	[pallet_node_pool, NodePool]
	[pallet_inference_market, InferenceMarket]
);

/// The real pallets, set up directly.
pub struct Benchmarks;

/// Keys of workers.
const WORKER_KEYS: KeyTypeId = KeyTypeId(*b"bnch");
/// The key of all stored models.
const VK_HASH: VkHash = VkHash([7; 32]);
/// Who registered it.
const CREATOR: AccountId = AccountId::new([9; 32]);

/// Stores a model and its key.
fn store_model(model: ModelRef, inputs: u32, outputs: u32) {
	ProofVerifier::benchmark_record(VK_HASH, CREATOR);
	ModelRegistry::benchmark_model(model, CREATOR, VK_HASH, inputs, outputs);
}

fn bond(operator: &AccountId) {
	WorkerStaking::benchmark_operator(operator).expect("benchmarks bond what they mint; qed");
}

impl pallet_network_parameters::benchmarking::BenchmarkHelper for Benchmarks {
	fn set_author() {
		let slot = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
			authority_index: 0,
			slot: 1.into(),
		});
		System::deposit_log(DigestItem::PreRuntime(BABE_ENGINE_ID, slot.encode()));
	}
}

impl pallet_model_registry::BenchmarkHelper for Benchmarks {
	fn public_inputs() -> u32 {
		5
	}

	fn key(binding: [u8; 32]) -> BenchmarkKey {
		let (system, setup, key) = ProofVerifier::benchmark_key_of(binding);
		BenchmarkKey { system, setup, key }
	}
}

impl pallet_node_pool::benchmarking::BenchmarkHelper<AccountId, Signature> for Benchmarks {
	fn bond(operator: &AccountId) {
		bond(operator);
	}

	fn ledger_key(operator: &AccountId) -> alloc::vec::Vec<u8> {
		pallet_worker_staking::Ledgers::<Runtime>::hashed_key_for(operator)
	}

	fn model(model: ModelRef) {
		store_model(model, 1, 1);
	}

	fn worker(seed: u32) -> AccountId {
		let phrase = alloc::format!("//{seed}").into_bytes();
		let public = sp_io::crypto::sr25519_generate(WORKER_KEYS, Some(phrase));
		MultiSigner::Sr25519(public).into_account()
	}

	fn sign(worker: &AccountId, message: &[u8]) -> Signature {
		let public = sp_core::sr25519::Public::from_raw(*worker.as_ref());
		sp_io::crypto::sr25519_sign(WORKER_KEYS, &public, message)
			.map(Signature::Sr25519)
			.expect("benchmarks sign with keys that they generated; qed")
	}
}

impl pallet_inference_market::benchmarking::BenchmarkHelper<AccountId> for Benchmarks {
	fn model(model: ModelRef, inputs: u32, outputs: u32) {
		store_model(model, inputs, outputs);
	}

	fn operator(operator: &AccountId) {
		bond(operator);
	}

	fn node(model: ModelRef, operator: &AccountId, worker: &AccountId) -> NodeId {
		NodePool::benchmark_node(model, operator, worker)
	}

	fn set_now(now: Tick) {
		pallet_network_parameters::ServiceClock::<Runtime>::put(now);
	}
}
