//! The chains this program knows by name: the runtime's genesis presets.

use inference_runtime::WASM_BINARY;
use sc_service::{ChainType, GenericChainSpec, Properties};

/// A chain specification without extensions.
pub type ChainSpec = GenericChainSpec;

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
	Ok(ChainSpec::builder(wasm, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(PROTOCOL_ID)
		.with_genesis_config_preset_name(preset)
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
	fn presets_should_build() {
		for (spec, chain_type) in [
			(development(), ChainType::Development),
			(local_testnet(), ChainType::Local),
		] {
			let spec = spec.unwrap();
			assert_eq!(sc_service::ChainSpec::chain_type(&spec), chain_type);
			assert!(spec.as_json(true).is_ok());
		}
	}
}
