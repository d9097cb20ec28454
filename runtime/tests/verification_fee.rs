//! A workload's price pays for its verification, at the chain's own rate.

use crate::*;
use frame_support::weights::{Weight, WeightToFee};
use frame_system::RawOrigin;
use inference_primitives::{
	traits::{Network, ProofVerifier as Verifier},
	ProofSystem,
};
use inference_verifier::{
	plan::{
		expression::Instruction, ColumnKind, G1Affine, LookupArgument, Parts, PermutationColumn,
		Query,
	},
	vk_hash, Plan, Scalar, Setup, TranscriptKind,
};

/// A circuit of 16 rows with as many columns of the key as proofs have room for.
fn wide_key() -> Plan {
	let queries = |columns: u16| {
		let query = |column| Query {
			column,
			rotation: 0,
		};
		(0..columns).map(query).collect()
	};
	let permuted = |index| PermutationColumn {
		kind: ColumnKind::Fixed,
		index,
		commitment: G1Affine::default(),
	};
	Plan::from_parts(Parts {
		transcript: TranscriptKind::Blake2b,
		k: 4,
		degree: 5,
		instance_columns: vec![2],
		accumulator: None,
		transcript_repr: Scalar::default(),
		advice_phases: vec![0],
		challenge_phases: vec![],
		advice_queries: queries(1),
		instance_queries: queries(1),
		fixed_queries: queries(1_000),
		fixed_commitments: vec![G1Affine::default(); 1_000],
		permutation: (0..300).map(permuted).collect(),
		constants: vec![],
		gates: 1,
		lookup_argument: LookupArgument::Permuted,
		lookups: vec![],
		program: vec![Instruction::Advice(0), Instruction::Output],
	})
	.expect("the key is within the limits")
}

#[test]
fn the_fee_for_a_verification_is_that_of_a_transaction_of_this_weight() {
	type Rate = <Runtime as pallet_inference_market::Config>::WeightToFee;
	for ref_time in [1, 7_000_000, 5_400_000_000, 500_000_000_000] {
		let weight = Weight::from_parts(ref_time, 0);
		assert_eq!(
			Rate::weight_to_fee(&weight),
			TransactionPayment::weight_to_fee(weight)
		);
	}
}

#[test]
fn a_key_of_few_rows_and_many_columns_does_not_buy_blocks_for_its_compute_units() {
	let preset = genesis_presets::preset_names().remove(0);
	let patch = genesis_presets::get_preset(&preset).expect("each name has a preset");
	let patch: serde_json::Value = serde_json::from_slice(&patch).expect("a preset is JSON");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	super::merge(&mut config, patch);
	let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
	let storage = config.build_storage().unwrap();
	sp_io::TestExternalities::from(storage).execute_with(|| {
		use frame_support::traits::fungible::Mutate;
		let (creator, setup) = (AccountId::new([7; 32]), Setup::insecure_development().id());
		let key = wide_key().to_bytes();
		Balances::mint_into(&creator, Balance::MAX / 4).unwrap();
		ProofVerifier::register_key(
			RawOrigin::Signed(creator).into(),
			ProofSystem::Halo2,
			setup,
			key.clone().try_into().unwrap(),
		)
		.unwrap();
		let vk_hash = vk_hash(ProofSystem::Halo2, &setup, &key);
		let sizes = pallet_proof_verifier::Keys::<Runtime>::get(vk_hash)
			.unwrap()
			.sizes;
		// A thirtieth of a block and more, for four compute units.
		let weight = <ProofVerifier as Verifier<AccountId>>::verify_weight(vk_hash);
		assert!(weight.ref_time() > configs::system::MAXIMUM_BLOCK_WEIGHT.ref_time() / 30);
		let floor = NetworkParameters::parameters().price_floor;
		let work = Balance::from(sizes.compute_units.0) * floor;
		let fee = InferenceMarket::verification_fee(vk_hash, 1);
		assert!(
			fee >= TransactionPayment::weight_to_fee(weight),
			"{fee} planck for {weight:?}"
		);
		assert!(fee > 10 * work, "{fee} and {work} planck");
	});
}
