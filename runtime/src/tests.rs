//! What must not change by accident: indices, prefixes, presets.

use super::*;
use frame_support::traits::{PalletInfoAccess, StorageInfoTrait};

fn index<P: PalletInfoAccess>() -> (usize, &'static str) {
	(P::index(), P::name())
}

#[test]
fn pallet_indices_are_pinned() {
	let pinned = [
		(0, "System", index::<System>()),
		(1, "Timestamp", index::<Timestamp>()),
		(2, "NetworkParameters", index::<NetworkParameters>()),
		(3, "Babe", index::<Babe>()),
		(4, "Authorship", index::<Authorship>()),
		(5, "Balances", index::<Balances>()),
		(6, "TransactionPayment", index::<TransactionPayment>()),
		(7, "Session", index::<Session>()),
		(8, "Grandpa", index::<Grandpa>()),
		(9, "Utility", index::<Utility>()),
		(10, "Sudo", index::<Sudo>()),
		(20, "ProofVerifier", index::<ProofVerifier>()),
		(21, "ModelRegistry", index::<ModelRegistry>()),
		(22, "WorkerStaking", index::<WorkerStaking>()),
		(23, "NodePool", index::<NodePool>()),
		(24, "InferenceMarket", index::<InferenceMarket>()),
	];
	for (number, name, actual) in pinned {
		assert_eq!(actual, (number, name));
	}
}

#[test]
fn every_storage_item_of_ours_is_bounded() {
	// `StorageInfoTrait` exists only where each item has a known maximum size.
	let items = [
		NetworkParameters::storage_info(),
		ProofVerifier::storage_info(),
		ModelRegistry::storage_info(),
		WorkerStaking::storage_info(),
		NodePool::storage_info(),
		InferenceMarket::storage_info(),
	];
	for info in items.into_iter().flatten() {
		let name = String::from_utf8_lossy(&info.storage_name).into_owned();
		assert!(info.max_size.is_some(), "{name} has no bound");
	}
}

#[test]
fn the_presets_build_and_pass_try_state() {
	for preset in genesis_presets::preset_names() {
		let patch = genesis_presets::get_preset(&preset).expect("each name has a preset");
		let patch: serde_json::Value = serde_json::from_slice(&patch).expect("a preset is JSON");
		let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
		merge(&mut config, patch);
		let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
		let storage = config.build_storage().unwrap();
		sp_io::TestExternalities::from(storage).execute_with(|| {
			use frame_support::traits::fungible::Inspect;
			use inference_primitives::traits::Network;
			let parameters = NetworkParameters::parameters();
			assert_eq!(parameters.check(), Ok(()));
			assert_eq!(
				pallet_network_parameters::SlotDurationMs::<Runtime>::get(),
				1_000
			);
			assert_eq!(
				Balances::total_balance(&InferenceMarket::account_id()),
				EXISTENTIAL_DEPOSIT
			);
			for setup in [
				inference_verifier::Setup::insecure_development(),
				inference_verifier::Setup::perpetual_powers_of_tau(),
			] {
				assert!(pallet_proof_verifier::Setups::<Runtime>::contains_key(
					setup.id()
				));
			}
		});
	}
}

/// What chain-specs/README.md, "A network of its own", says to change of the local preset.
#[test]
fn a_network_of_its_own_has_the_production_parameters_and_no_insecure_setup() {
	let local = sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET.into();
	let preset = genesis_presets::get_preset(&local).expect("the local preset exists");
	let mut patch: serde_json::Value = serde_json::from_slice(&preset).expect("a preset is JSON");
	assert!(patch["networkParameters"]["development"].as_bool().unwrap());
	patch.as_object_mut().unwrap().remove("networkParameters");
	let setups = patch["proofVerifier"]["setups"].as_array_mut().unwrap();
	setups.remove(0);
	let text = |value: &serde_json::Value| value.as_str().expect("an SS58 address").to_string();
	let validators = patch["session"]["keys"].as_array_mut().unwrap();
	for entry in validators {
		let (account, keys) = (text(&entry[0]), &entry[2]);
		let (babe, grandpa) = (text(&keys["babe"]), text(&keys["grandpa"]));
		*entry = serde_json::json!([account, account, { "babe": babe, "grandpa": grandpa }]);
	}
	patch["balances"]["balances"] = serde_json::json!([]);
	patch["sudo"]["key"] = serde_json::Value::Null;

	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, patch);
	let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
	sp_io::TestExternalities::from(config.build_storage().unwrap()).execute_with(|| {
		use inference_primitives::traits::Network;
		let parameters = NetworkParameters::parameters();
		assert_eq!(
			parameters,
			inference_primitives::ProtocolParameters::production()
		);
		assert_eq!(
			pallet_network_parameters::SlotDurationMs::<Runtime>::get(),
			6_000
		);
		assert_eq!(
			pallet_network_parameters::BabeEpochSlots::<Runtime>::get(),
			600
		);
		let setups: Vec<_> = pallet_proof_verifier::Setups::<Runtime>::iter_keys().collect();
		assert_eq!(
			setups,
			[inference_verifier::Setup::perpetual_powers_of_tau().id()]
		);
		assert_eq!(pallet_session::Validators::<Runtime>::get().len(), 3);
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
	});
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

#[test]
fn the_longest_verification_fits_the_reserved_weight() {
	let limits = configs::system::RuntimeBlockWeights::get();
	let reserved = limits
		.get(frame_support::dispatch::DispatchClass::Operational)
		.reserved
		.expect("operational weight is reserved");
	let longest = <ProofVerifier as inference_primitives::traits::ProofVerifier<AccountId>>::max_verify_weight();
	assert!(
		longest.all_lte(reserved),
		"{longest:?} exceeds {reserved:?}"
	);
}
