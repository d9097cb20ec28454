//! The chains this program knows by name: the runtime's genesis presets.

use inference_runtime::{genesis_presets, WASM_BINARY};
use sc_chain_spec::ChainSpecExtension;
use sc_service::{ChainType, GenericChainSpec, Properties};
use sc_sync_state_rpc::LightSyncStateExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A chain's specification.
pub type ChainSpec = GenericChainSpec<Extensions>;

/// What our specifications may have beside the SDK's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// A final block and its authorities, from which a light client goes on without the blocks before it. The RPC
	/// method `sync_state_genSyncSpec` writes it, into the specification that it answers with.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub light_sync_state: LightSyncStateExtension,
	/// What a preset changes in the runtime's default genesis; in no file.
	#[serde(skip)]
	pub patch: GenesisPatch,
}

/// A patch of the default genesis of the runtime that is linked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenesisPatch(Option<Value>);

impl GenesisPatch {
	/// The patch, if the specification is that of a preset.
	pub fn get(&self) -> Option<&Value> {
		self.0.as_ref()
	}
}

/// Symbol of the token.
const TOKEN_SYMBOL: &str = "INF";
/// One token is 10^this planck.
const TOKEN_DECIMALS: u8 = 12;
/// Name of the network protocols before they were named after the genesis block.
const PROTOCOL_ID: &str = "inf";
/// Prefix of addresses.
const SS58_FORMAT: u16 = 42;

fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), TOKEN_SYMBOL.into());
	properties.insert("tokenDecimals".into(), TOKEN_DECIMALS.into());
	properties.insert("ss58Format".into(), SS58_FORMAT.into());
	properties
}

fn from_preset(
	name: &str,
	id: &str,
	chain_type: ChainType,
	preset: &str,
) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY.ok_or(
		"this program was built without a runtime (SKIP_WASM_BUILD): it runs no chain of its own, \
		 only specifications given as files",
	)?;
	// From the preset as it is linked: by its name the SDK would ask the runtime's wasm, which it compiles for that alone
	// and then once more to build the state.
	let patch = genesis_presets::get_preset(&preset.into())
		.ok_or_else(|| format!("the runtime has no genesis preset {preset}"))?;
	let patch: Value = serde_json::from_slice(&patch)
		.map_err(|error| format!("the runtime's genesis preset {preset}: {error}"))?;
	let extensions = Extensions {
		patch: GenesisPatch(Some(patch.clone())),
		..Extensions::default()
	};
	Ok(ChainSpec::builder(wasm, extensions)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(PROTOCOL_ID)
		.with_genesis_config_patch(patch)
		.with_properties(properties())
		.build())
}

/// One validator, Alice, who authors and finalises alone; short times (`--dev`).
pub fn development() -> Result<ChainSpec, String> {
	from_preset(
		"Inference Network Development",
		"inference_dev",
		ChainType::Development,
		sp_genesis_builder::DEV_RUNTIME_PRESET,
	)
}

/// Four validators, Alice, Bob, Charlie and Dave, on one machine, of which finality needs three; otherwise as a network
/// that holds value: no sudo, no insecure setup.
pub fn local_testnet() -> Result<ChainSpec, String> {
	from_preset(
		"Inference Network Local Testnet",
		"inference_local",
		ChainType::Local,
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn properties_should_describe_the_token() {
		let unit = inference_primitives::parameters::UNIT;
		assert_eq!(10u128.pow(TOKEN_DECIMALS.into()), unit);
		assert_eq!(properties().len(), 3);
	}

	#[test]
	fn presets_should_be_of_their_kind_and_say_what_they_change() {
		for (spec, chain_type) in [
			(development(), ChainType::Development),
			(local_testnet(), ChainType::Local),
		] {
			let spec = spec.unwrap();
			assert_eq!(sc_service::ChainSpec::chain_type(&spec), chain_type);
			let json: Value = serde_json::from_str(&spec.as_json(false).unwrap()).unwrap();
			let patch = &json["genesis"]["runtimeGenesis"]["patch"];
			assert!(patch["balances"].is_object());
			assert_eq!(spec.extensions().patch.get(), Some(patch));
			// Only in what `sync_state_genSyncSpec` answers.
			assert!(json.get("lightSyncState").is_none());
		}
	}

	#[test]
	fn a_light_sync_state_should_be_read_and_written_again() {
		let state = serde_json::json!({ "finalizedBlockHeader": "0x00" });
		let mut spec = development().unwrap();
		spec.extensions_mut().light_sync_state = Some(state.clone());
		let written = spec.as_json(false).unwrap();
		let read = ChainSpec::from_json_bytes(written.clone().into_bytes()).unwrap();
		assert_eq!(read.extensions().light_sync_state, Some(state));
		assert_eq!(read.extensions().patch.get(), None);
		assert!(read.as_json(false).unwrap() == written);
	}
}
