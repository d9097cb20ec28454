//! Genesis presets: `development` (one validator, one-second blocks, short deadlines, sudo) and
//! `local_testnet` (three validators, no sudo: root is a referendum).
//!
//! Both approve two setups for proofs: that of the public ceremony, for EZKL's keys, and the
//! *insecure* development setup, whose secret is public. A live chain's genesis must name setups made
//! by a ceremony only.

use crate::configs::babe::BABE_GENESIS_EPOCH_CONFIG;
use crate::{
	AccountId, BabeConfig, Balance, BalancesConfig, NetworkParametersConfig, ProofVerifierConfig,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, StakingConfig, SudoConfig,
	TechnicalCommitteeConfig,
};
use alloc::{string::ToString, vec, vec::Vec};
use frame_support::build_struct_json_patch;
use inference_primitives::parameters::{ProtocolParameters, UNIT};
use inference_verifier::Setup;
use pallet_staking::StakerStatus;
use serde_json::Value;
use sp_consensus_babe::AuthorityId as BabeId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Perbill;

/// What each well-known account owns, planck.
const ENDOWMENT: Balance = 1_000_000 * UNIT;
/// Slot of a development chain, milliseconds.
const DEVELOPMENT_SLOT_MS: u64 = 1_000;
/// BABE epoch of a development chain, slots.
const DEVELOPMENT_BABE_EPOCH_SLOTS: u64 = 100;
/// Sessions of an era, and eras that stake stays bonded, of a development chain.
const DEVELOPMENT_SESSIONS_PER_ERA: u32 = 3;
const DEVELOPMENT_BONDING_ERAS: u32 = 4;
/// Speed of governance of a development chain: a day of production is six of its blocks, so that a referendum on
/// root's track takes a quarter of a minute at least and a minute and a half at most.
const DEVELOPMENT_GOVERNANCE_SPEED: u32 = 14_400;
/// Stake of a validator of the genesis, planck.
const VALIDATOR_STAKE: Balance = 10_000 * UNIT;
/// Least stake of a validator, planck.
const MIN_VALIDATOR_BOND: Balance = 1_000 * UNIT;
/// Least stake of a nominator, planck: above the existential deposit by far, as each takes storage.
const MIN_NOMINATOR_BOND: Balance = 10 * UNIT;

/// A development chain's genesis: validators, who are the technical committee too, and root's key, if it has one.
fn genesis(validators: Vec<(Sr25519Keyring, Ed25519Keyring)>, root: Option<AccountId>) -> Value {
	let endowed: Vec<AccountId> = [
		Sr25519Keyring::Alice,
		Sr25519Keyring::Bob,
		Sr25519Keyring::Charlie,
		Sr25519Keyring::Dave,
		Sr25519Keyring::Eve,
		Sr25519Keyring::Ferdie,
	]
	.map(|key| key.to_account_id())
	.to_vec();
	build_struct_json_patch!(RuntimeGenesisConfig {
		network_parameters: NetworkParametersConfig {
			development: true,
			// Written out, so that a specification shows them and another can change some.
			parameters: Some(ProtocolParameters::development()),
			slot_duration_ms: DEVELOPMENT_SLOT_MS,
			babe_epoch_slots: DEVELOPMENT_BABE_EPOCH_SLOTS,
			sessions_per_era: DEVELOPMENT_SESSIONS_PER_ERA,
			bonding_eras: DEVELOPMENT_BONDING_ERAS,
			governance_speed: DEVELOPMENT_GOVERNANCE_SPEED,
		},
		babe: BabeConfig {
			epoch_config: BABE_GENESIS_EPOCH_CONFIG
		},
		balances: BalancesConfig {
			balances: endowed
				.into_iter()
				.map(|account| (account, ENDOWMENT))
				.collect::<Vec<_>>(),
		},
		staking: StakingConfig {
			validator_count: 32,
			minimum_validator_count: 1,
			slash_reward_fraction: Perbill::from_percent(10),
			min_validator_bond: MIN_VALIDATOR_BOND,
			min_nominator_bond: MIN_NOMINATOR_BOND,
			stakers: validators
				.iter()
				.map(|(babe, _)| {
					let stash = babe.to_account_id();
					(
						stash.clone(),
						stash,
						VALIDATOR_STAKE,
						StakerStatus::Validator,
					)
				})
				.collect::<Vec<_>>(),
		},
		technical_committee: TechnicalCommitteeConfig {
			members: validators
				.iter()
				.map(|(babe, _)| babe.to_account_id())
				.collect::<Vec<_>>(),
		},
		session: SessionConfig {
			keys: validators
				.into_iter()
				.map(|(babe, grandpa)| {
					let account = babe.to_account_id();
					let keys = SessionKeys {
						babe: BabeId::from(babe.public()),
						grandpa: GrandpaId::from(grandpa.public()),
						authority_discovery: babe.public().into(),
					};
					(account.clone(), account, keys)
				})
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig { key: root },
		proof_verifier: ProofVerifierConfig {
			setups: vec![
				Setup::insecure_development().to_bytes().to_vec(),
				Setup::perpetual_powers_of_tau().to_bytes().to_vec(),
			],
		},
	})
}

/// The preset of this name, as a JSON patch of the genesis configuration.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(
			vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
			Some(Sr25519Keyring::Alice.to_account_id()),
		),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(
			vec![
				(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
				(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
				(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			],
			None,
		),
		_ => return None,
	};
	Some(patch.to_string().into_bytes())
}

/// Names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(DEV_RUNTIME_PRESET),
		PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
	]
}
