//! What must not change by accident: indices, bounds, presets, deposits.

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
		(7, "Staking", index::<Staking>()),
		(8, "Offences", index::<Offences>()),
		(9, "Historical", index::<Historical>()),
		(10, "Session", index::<Session>()),
		(11, "Grandpa", index::<Grandpa>()),
		(12, "AuthorityDiscovery", index::<AuthorityDiscovery>()),
		(13, "VoterList", index::<VoterList>()),
		(14, "Utility", index::<Utility>()),
		(15, "Sudo", index::<Sudo>()),
		(16, "MultiBlockMigrations", index::<MultiBlockMigrations>()),
		(20, "ProofVerifier", index::<ProofVerifier>()),
		(21, "ModelRegistry", index::<ModelRegistry>()),
		(22, "WorkerStaking", index::<WorkerStaking>()),
		(23, "NodePool", index::<NodePool>()),
		(24, "InferenceMarket", index::<InferenceMarket>()),
		(30, "Preimage", index::<Preimage>()),
		(31, "Scheduler", index::<Scheduler>()),
		(32, "Referenda", index::<Referenda>()),
		(33, "ConvictionVoting", index::<ConvictionVoting>()),
		(34, "Origins", index::<Origins>()),
		(35, "Whitelist", index::<Whitelist>()),
		(36, "TechnicalCommittee", index::<TechnicalCommittee>()),
		(37, "Treasury", index::<Treasury>()),
		(38, "TxPause", index::<TxPause>()),
		(40, "Identity", index::<Identity>()),
		(41, "Proxy", index::<Proxy>()),
		(42, "Multisig", index::<Multisig>()),
		(43, "Vesting", index::<Vesting>()),
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
	use inference_verifier::Setup;
	for preset in genesis_presets::preset_names() {
		let development = preset.as_str() == sp_genesis_builder::DEV_RUNTIME_PRESET;
		chain_of(&preset).execute_with(|| {
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
			let has =
				|setup: Setup| pallet_proof_verifier::Setups::<Runtime>::contains_key(setup.id());
			// One more candidate than an election looks at would stop every era.
			assert_eq!(
				pallet_staking::MaxValidatorsCount::<Runtime>::get(),
				Some(configs::staking::MAX_CANDIDATES)
			);
			assert!(has(Setup::perpetual_powers_of_tau()));
			// What only a development chain may have.
			assert_eq!(has(Setup::insecure_development()), development);
			assert_eq!(pallet_sudo::Key::<Runtime>::get().is_some(), development);
			assert_eq!(
				pallet_network_parameters::Development::<Runtime>::get(),
				development
			);
		});
	}
}

/// What chain-specs/README.md, "A network of its own", says to change of the local preset.
#[test]
fn a_network_of_its_own_has_the_production_parameters() {
	let local = sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET.into();
	let preset = genesis_presets::get_preset(&local).expect("the local preset exists");
	let mut patch: serde_json::Value = serde_json::from_slice(&preset).expect("a preset is JSON");
	let text = |value: &serde_json::Value| value.as_str().expect("an SS58 address").to_string();
	let validators = patch["session"]["keys"].as_array_mut().unwrap();
	for entry in validators {
		let (account, keys) = (text(&entry[0]), &entry[2]);
		let key = |name: &str| text(&keys[name]);
		let keys = serde_json::json!({
			"babe": key("babe"),
			"grandpa": key("grandpa"),
			"authority_discovery": key("authority_discovery"),
		});
		*entry = serde_json::json!([account, account, keys]);
	}
	// Whoever owns something: here those whose stake the genesis bonds.
	let stakers = patch["staking"]["stakers"].as_array().unwrap();
	let stake = |entry: &serde_json::Value| entry[2].as_u64().expect("planck") + 1_000_000_000_000;
	let owners: Vec<_> = stakers
		.iter()
		.map(|entry| serde_json::json!([text(&entry[0]), stake(entry)]))
		.collect();
	patch["balances"]["balances"] = owners.into();

	// Either without the network's parameters, or with each of them set.
	let mut own = patch.clone();
	let network = own["networkParameters"].as_object_mut().unwrap();
	let production = inference_primitives::ProtocolParameters::production();
	network.insert("slotDurationMs".into(), 6_000.into());
	network.insert("babeEpochSlots".into(), 600.into());
	network.insert("sessionsPerEra".into(), 6.into());
	network.insert("bondingEras".into(), 28.into());
	network.insert(
		"parameters".into(),
		serde_json::to_value(production).unwrap(),
	);
	patch.as_object_mut().unwrap().remove("networkParameters");
	for patch in [patch, own] {
		let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
		merge(&mut config, patch);
		let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
		sp_io::TestExternalities::from(config.build_storage().unwrap()).execute_with(|| {
			use inference_primitives::traits::Network;
			use pallet_network_parameters as network;
			assert_eq!(NetworkParameters::parameters(), production);
			assert_eq!(network::SlotDurationMs::<Runtime>::get(), 6_000);
			assert_eq!(network::BabeEpochSlots::<Runtime>::get(), 600);
			assert_eq!(network::SessionsPerEra::<Runtime>::get(), 6);
			assert_eq!(network::BondingEras::<Runtime>::get(), 28);
			assert_eq!(pallet_session::Validators::<Runtime>::get().len(), 4);
		});
	}
}

#[test]
#[should_panic(expected = "genesis setup 0: the insecure development setup")]
fn a_genesis_that_is_not_for_development_refuses_the_insecure_setup() {
	let live =
		serde_json::json!({ "networkParameters": { "development": false, "parameters": null } });
	let _ = genesis_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into(), live).build_storage();
}

#[test]
fn the_author_of_a_block_reports_the_finality_that_its_node_sees() {
	use frame_support::traits::Hooks;
	use pallet_network_parameters::{finality::Report, FinalityReports};
	use sp_block_builder::runtime_decl_for_block_builder::BlockBuilder;
	use sp_runtime::traits::Dispatchable;
	chain_of(&sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET.into()).execute_with(|| {
		let mut reports = Vec::new();
		let validators = pallet_session::Validators::<Runtime>::get();
		for (block, index, seen) in [(7, 1u32, 3u32), (8, 2, 6)] {
			System::set_block_number(block - 1);
			System::initialize(&block, &Default::default(), &digest_of(index));
			let mut data = sp_inherents::InherentData::new();
			// What `sp-timestamp` provides, which the runtime insists on.
			data.put_data(*b"timstap0", &1_000u64).unwrap();
			data.put_data(inference_primitives::FINALITY_INHERENT_IDENTIFIER, &seen)
				.unwrap();
			let calls: Vec<_> = Runtime::inherent_extrinsics(data)
				.into_iter()
				.map(|inherent| inherent.function)
				.collect();
			let report =
				RuntimeCall::NetworkParameters(pallet_network_parameters::Call::report_finality {
					finalised: seen,
				});
			assert!(calls.contains(&report));
			report.dispatch(RuntimeOrigin::none()).unwrap();
			NetworkParameters::on_finalize(block);
			Authorship::on_finalize(block);
			reports.push(Report {
				author: validators[index as usize].clone(),
				block,
				lag: block - seen,
			});
			assert_eq!(FinalityReports::<Runtime>::get().into_inner(), reports);
		}
	});
}

#[test]
fn a_block_draws_five_hundred_workloads_to_as_many_nodes() {
	use pallet_inference_market::WeightInfo as _;
	use pallet_node_pool::WeightInfo as _;
	type Market = <Runtime as pallet_inference_market::Config>::WeightInfo;
	type Pool = <Runtime as pallet_node_pool::Config>::WeightInfo;
	let whole = configs::system::MAXIMUM_BLOCK_WEIGHT.ref_time();
	let most = <Runtime as pallet_inference_market::Config>::MaxDrawWeight::get().ref_time();
	assert_eq!(most, whole / 100 * 18);
	let draw = Market::look()
		.saturating_add(Pool::draw(1))
		.saturating_add(Pool::reserve())
		.saturating_add(Market::assign());
	// The block's own part, and a model's.
	let turn = Market::serve_queues(1)
		.saturating_add(Market::serve_model())
		.saturating_add(Market::void_check())
		.saturating_add(Pool::open_pool())
		.saturating_add(Market::end_queue());
	// Of one model, each to a node of its own, the first candidate. docs/SCALING.md has the other cases.
	let draws = (most - turn.ref_time()) / draw.ref_time();
	assert!(draws >= 500, "{draws}");
}

#[test]
fn a_workloads_deposit_is_for_all_bytes_that_it_occupies() {
	use codec::MaxEncodedLen;
	use inference_primitives::{Tick, WorkloadId};
	type Id = WorkloadId;
	// Prefixes of pallet and item.
	const PREFIX: usize = 32;
	let id = Id::max_encoded_len();
	let record = pallet_inference_market::WorkloadOf::<Runtime>::max_encoded_len();
	// A tensor's values are paid for one by one; their number takes up to four bytes.
	let tensors = 2 * (PREFIX + id + 4);
	let link = PREFIX + id + pallet_inference_market::QueueLink::max_encoded_len();
	// Two keys with a hash of eight bytes before the first.
	let inbox = PREFIX + 8 + 4 + pallet_inference_market::InboxKey::max_encoded_len();
	// Of an open one its deadline, of an ended one its retention.
	let deadline = PREFIX + 8 + Tick::max_encoded_len() + id;
	let bytes = PREFIX + id + record + tensors + link.max(inbox) + deadline;
	let paid = usize::try_from(pallet_inference_market::RECORD_BYTES).unwrap();
	assert!(bytes <= paid, "{bytes} bytes, {paid} paid for");
	assert!(paid - bytes < 256, "{bytes} bytes, {paid} paid for");
}

#[test]
fn the_fee_that_a_miss_makes_up_for_covers_an_orders_fee() {
	use sp_runtime::traits::Convert;
	sp_io::TestExternalities::default().execute_with(|| {
		let order_fee = <Runtime as pallet_inference_market::Config>::OrderFee::convert;
		let fee = |values| order_fee((values, true));
		let unit = inference_primitives::parameters::UNIT;
		// docs/ECONOMICS.md has it.
		let rounded = fee(10).div_ceil(unit / 100_000);
		assert_eq!(rounded, 75);
		assert!(fee(2_048) > fee(10) && fee(2_048) < unit / 50);
		// A further order of a batch costs its own bytes and weight: less than a transaction.
		for values in [10, 2_048] {
			let further = order_fee((values, false));
			assert!(further > 0 && further < fee(values));
		}
	});
}

#[test]
fn session_keys_take_a_deposit_that_comes_back_with_them() {
	use codec::Encode;
	use frame_support::traits::fungible::InspectHold;
	use sp_core::{ed25519, sr25519, Pair};
	use sp_keyring::Sr25519Keyring::Ferdie;
	chain_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into()).execute_with(|| {
		let who = Ferdie.to_account_id();
		let babe = sr25519::Pair::from_seed(&[7; 32]);
		let grandpa = ed25519::Pair::from_seed(&[7; 32]);
		let keys = SessionKeys {
			babe: babe.public().into(),
			grandpa: grandpa.public().into(),
			authority_discovery: babe.public().into(),
		};
		let statement = [b"POP_".as_slice(), &who.encode()].concat();
		let proof = (
			babe.sign(&statement),
			grandpa.sign(&statement),
			babe.sign(&statement),
		)
			.encode();
		let origin = || RuntimeOrigin::signed(who.clone());
		Session::set_keys(origin(), keys, proof).unwrap();
		let reason = pallet_session::HoldReason::Keys.into();
		let held = Balances::balance_on_hold(&reason, &who);
		assert_eq!(held, 3 * inference_primitives::parameters::UNIT / 100);
		Session::purge_keys(origin()).unwrap();
		assert_eq!(Balances::balance_on_hold(&reason, &who), 0);
	});
}
