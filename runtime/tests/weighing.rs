//! What a call weighs follows from its arguments alone: pools, authors, importers and every level of a
//! batch evaluate it, before anybody pays.
//!
//! These tests have no storage: reading any would panic.

use super::*;
use codec::{Decode, Encode};
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::GetCallName,
	weights::Weight,
};
use inference_primitives::WorkloadId;
use sp_runtime::traits::TransactionExtension;

type MarketCall = pallet_inference_market::Call<Runtime>;
type UtilityCall = pallet_utility::Call<Runtime>;

fn prove() -> RuntimeCall {
	MarketCall::prove {
		workload: WorkloadId([5; 32]),
		output: None,
		proof: vec![0; 100].try_into().expect("it fits"),
		verify_limit: Weight::MAX,
	}
	.into()
}

fn relay_proof() -> RuntimeCall {
	MarketCall::relay_proof {
		workload: WorkloadId([5; 32]),
		proof: vec![0; 100].try_into().expect("it fits"),
	}
	.into()
}

/// Every call of the runtime that has a value which begins with these bytes and goes on with `fill`.
fn calls(fill: u8) -> Vec<RuntimeCall> {
	let body = vec![fill; 4_096];
	let decode = |pallet: u8, call: u8| {
		let bytes = [[pallet, call].as_slice(), body.as_slice()].concat();
		RuntimeCall::decode(&mut &bytes[..]).ok()
	};
	(0..=u8::MAX)
		.flat_map(|pallet| (0..=u8::MAX).map(move |call| (pallet, call)))
		.filter_map(|(pallet, call)| decode(pallet, call))
		.collect()
}

/// Of how many calls of a pallet there is a value.
fn count(calls: &[RuntimeCall], pallet: usize) -> usize {
	calls
		.iter()
		.filter(|call| usize::from(call.encode()[0]) == pallet)
		.count()
}

#[test]
fn no_call_reads_storage_when_it_is_weighed() {
	let zeros = calls(0);
	// All of ours have such a value.
	for (pallet, all) in [
		(
			2,
			pallet_network_parameters::Call::<Runtime>::get_call_names(),
		),
		(20, pallet_proof_verifier::Call::<Runtime>::get_call_names()),
		(21, pallet_model_registry::Call::<Runtime>::get_call_names()),
		(22, pallet_worker_staking::Call::<Runtime>::get_call_names()),
		(23, pallet_node_pool::Call::<Runtime>::get_call_names()),
		(
			24,
			pallet_inference_market::Call::<Runtime>::get_call_names(),
		),
	] {
		assert_eq!(count(&zeros, pallet), all.len(), "{all:?}");
	}
	let extension = pallet_inference_market::CheckStep::<Runtime>::new();
	for call in [0, 1, 4, 255].into_iter().flat_map(calls) {
		let _ = call.get_dispatch_info();
		let _ = extension.weight(&call);
	}
}

#[test]
fn batches_two_hundred_and_fifty_deep_are_weighed_without_storage() {
	for (leaf, class) in [
		(prove(), DispatchClass::Operational),
		(relay_proof(), DispatchClass::Normal),
	] {
		// The caller's batch of a hundred, wrapped as deep as the decoder allows.
		let mut call: RuntimeCall = UtilityCall::batch {
			calls: vec![leaf; 100],
		}
		.into();
		let hundred = call.get_dispatch_info();
		for _ in 0..250 {
			call = UtilityCall::force_batch { calls: vec![call] }.into();
		}
		let info = call.get_dispatch_info();
		assert_eq!(info.class, class);
		assert!(info.call_weight.all_gte(hundred.call_weight));
	}
}

#[test]
fn a_proof_declares_no_more_than_the_heaviest_key_whatever_it_allows() {
	assert_eq!(
		prove().get_dispatch_info().call_weight,
		relay_proof().get_dispatch_info().call_weight
	);
}
