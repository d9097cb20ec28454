//! Genesis presets: `development` (one validator, short deadlines, sudo, the insecure setup) and
//! `local_testnet` (four validators; what a network that holds value has, for a rehearsal on one machine).
//! Both have blocks of one second and six accounts whose keys are public.
//!
//! `development` alone has the setup whose secret is public beside the public ceremony's. `local_testnet`
//! has neither that nor sudo (root is a referendum), and production's parameters but for the longest times.

use crate::configs::{babe::BABE_GENESIS_EPOCH_CONFIG, staking::MAX_CANDIDATES};
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
/// Slot, milliseconds.
const SLOT_MS: u64 = 1_000;
/// BABE epoch, slots.
const BABE_EPOCH_SLOTS: u64 = 100;
/// Sessions of an era.
const SESSIONS_PER_ERA: u32 = 3;
/// Stake of a validator of the genesis, planck.
const VALIDATOR_STAKE: Balance = 10_000 * UNIT;
/// Least stake of a validator, planck.
const MIN_VALIDATOR_BOND: Balance = 1_000 * UNIT;
/// Least stake of a nominator, planck: above the existential deposit by far, as each takes storage.
const MIN_NOMINATOR_BOND: Balance = 10 * UNIT;

/// What a preset has of its own.
struct Preset {
	validators: Vec<(Sr25519Keyring, Ed25519Keyring)>,
	development: bool,
	parameters: ProtocolParameters,
	bonding_eras: u32,
	/// How many times faster than in production governance goes.
	governance_speed: u32,
	sudo: Option<Sr25519Keyring>,
	setups: Vec<Setup>,
}

fn genesis(preset: Preset) -> Value {
	let Preset {
		validators,
		development,
		parameters,
		bonding_eras,
		governance_speed,
		sudo,
		setups,
	} = preset;
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
			development,
			// Written out, so that a specification shows them and another can change some.
			parameters: Some(parameters),
			slot_duration_ms: SLOT_MS,
			babe_epoch_slots: BABE_EPOCH_SLOTS,
			sessions_per_era: SESSIONS_PER_ERA,
			bonding_eras,
			governance_speed,
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
			max_validator_count: Some(MAX_CANDIDATES),
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
		// The first committee: referenda elect the next.
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
		sudo: SudoConfig {
			key: sudo.map(|key| key.to_account_id())
		},
		proof_verifier: ProofVerifierConfig {
			setups: setups
				.iter()
				.map(|setup| setup.to_bytes().to_vec())
				.collect::<Vec<_>>(),
		},
	})
}

/// The preset of this name, as a JSON patch of the genesis configuration.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(Preset {
			validators: vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
			development: true,
			parameters: ProtocolParameters::development(),
			bonding_eras: 4,
			// A day of production is six blocks: a referendum on root's track takes a quarter of a minute at least
			// and a minute and a half at most.
			governance_speed: 14_400,
			sudo: Some(Sr25519Keyring::Alice),
			setups: vec![
				Setup::insecure_development(),
				Setup::perpetual_powers_of_tau(),
			],
		}),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(Preset {
			validators: vec![
				(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
				(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
				(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
				(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
			],
			development: false,
			parameters: ProtocolParameters::local(),
			bonding_eras: 28,
			// A day of production, 14,400 blocks of six seconds, is six hundred of one.
			governance_speed: 144,
			sudo: None,
			setups: vec![Setup::perpetual_powers_of_tau()],
		}),
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
