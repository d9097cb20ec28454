//! Chains of the runtime's own presets, with a test's changes.

use super::*;

/// The chain of a preset, before its first block.
pub fn chain_of(preset: &sp_genesis_builder::PresetId) -> sp_io::TestExternalities {
	genesis_of(preset, serde_json::json!({}))
		.build_storage()
		.unwrap()
		.into()
}

/// The genesis of a preset, with a patch of the test's.
pub fn genesis_of(
	preset: &sp_genesis_builder::PresetId,
	change: serde_json::Value,
) -> RuntimeGenesisConfig {
	serde_json::from_value(genesis_json(preset, change)).unwrap()
}

/// As a specification gives it to the runtime.
pub fn genesis_json(
	preset: &sp_genesis_builder::PresetId,
	change: serde_json::Value,
) -> serde_json::Value {
	let patch = genesis_presets::get_preset(preset).expect("each name has a preset");
	let patch: serde_json::Value = serde_json::from_slice(&patch).expect("a preset is JSON");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, patch);
	merge(&mut config, change);
	config
}

/// Puts a patch over a document, object by object.
pub fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}
