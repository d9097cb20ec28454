//! Geneses with which a chain stops, or is stopped for little, are refused, and say by what.

use super::*;
use serde_json::{json, Value};
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use std::panic::{catch_unwind, AssertUnwindSafe};

fn local() -> sp_genesis_builder::PresetId {
	sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET.into()
}

/// Builds the state of a genesis as a node does it.
fn build(genesis: &Value) -> sp_genesis_builder::Result {
	let bytes = serde_json::to_vec(genesis).expect("it is JSON");
	sp_io::TestExternalities::default().execute_with(|| Runtime::build_state(bytes))
}

/// Why the runtime refuses the local preset with this change.
fn refusal(change: &Value) -> String {
	let genesis = genesis_json(&local(), change.clone());
	let Err(panic) = catch_unwind(AssertUnwindSafe(|| build(&genesis))) else {
		panic!("it is taken: {change}");
	};
	match panic.downcast::<String>() {
		Ok(message) => *message,
		Err(panic) => panic.downcast::<&str>().expect("a message").to_string(),
	}
}

#[test]
fn the_presets_are_not_refused() {
	for preset in genesis_presets::preset_names() {
		assert_eq!(build(&genesis_json(&preset, json!({}))), Ok(()), "{preset}");
	}
}

#[test]
fn a_genesis_whose_elections_would_stop_or_be_bought_is_refused_by_name() {
	let staking = |field: &str, value: Value| json!({ "staking": { field: value } });
	let refused = [
		(
			staking("maxValidatorCount", Value::Null),
			"staking.maxValidatorCount is None",
		),
		(
			staking("maxValidatorCount", 501.into()),
			"staking.maxValidatorCount is Some(501)",
		),
		(
			staking("validatorCount", 0.into()),
			"staking.validatorCount is 0",
		),
		(
			staking("minimumValidatorCount", 5.into()),
			"staking.minimumValidatorCount is 5; the first election finds 4",
		),
		(
			staking("stakers", json!([])),
			"staking.stakers has no validator",
		),
		(
			staking("forceEra", "ForceNone".into()),
			"staking.forceEra is ForceNone",
		),
		(
			staking("minValidatorBond", 0.into()),
			"staking.minValidatorBond is 0 planck",
		),
		(
			staking("minNominatorBond", 0.into()),
			"staking.minNominatorBond is 0 planck",
		),
	];
	for (change, reason) in refused {
		let message = refusal(&change);
		assert!(message.starts_with("genesis: "), "{message}");
		assert!(message.contains(reason), "{message}");
		assert!(
			message.contains("set ") || message.contains("add "),
			"{message}"
		);
	}
	// What stops nobody is taken.
	for (field, value) in [("maxValidatorCount", 4), ("minimumValidatorCount", 4)] {
		let genesis = genesis_json(&local(), staking(field, value.into()));
		assert_eq!(build(&genesis), Ok(()), "{field}");
	}
}

#[test]
fn a_genesis_whose_validators_cannot_make_the_blocks_that_work_needs_is_refused_by_name() {
	let genesis = genesis_json(&local(), json!({}));
	let mut keys = genesis["session"]["keys"].clone();
	let lost = keys.as_array_mut().expect("a list").pop();
	assert!(lost.is_some());
	let message = refusal(&json!({ "session": { "keys": keys } }));
	assert!(
		message.contains("genesis: session.keys has none of"),
		"{message}"
	);
	for slots in ["PrimarySlots", "PrimaryAndSecondaryPlainSlots"] {
		let config = json!({ "c": [1, 4], "allowed_slots": slots });
		let message = refusal(&json!({ "babe": { "epochConfig": config } }));
		let reason = format!("genesis: babe.epochConfig.allowed_slots is Some({slots})");
		assert!(message.contains(&reason), "{message}");
	}
}
