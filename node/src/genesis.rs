//! The state that a chain of ours begins with, computed by the executor that the node goes on with.
//!
//! The SDK's chain specification has an executor of its own for that, which compiles the runtime once more.

use crate::{chain_spec::GenesisPatch, client::HostFunctions};
use codec::{Decode, Encode};
use sc_executor::WasmExecutor;
use sc_service::ChainSpec;
use serde_json::Value;
use sp_core::{
	storage::{well_known_keys::CODE, Storage},
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
};
use sp_genesis_builder::PresetId;
use sp_state_machine::BasicExternalities;

/// The executor.
type Executor = WasmExecutor<HostFunctions>;

/// The genesis state of a specification: what `spec` itself would build.
pub fn storage(spec: &dyn ChainSpec, executor: &Executor) -> Result<Storage, String> {
	let patch = sc_chain_spec::get_extension::<GenesisPatch>(spec.extensions());
	match (
		patch.and_then(GenesisPatch::get),
		inference_runtime::WASM_BINARY,
	) {
		(Some(patch), Some(code)) => patched(patch, code, executor),
		// From a file: the state itself, or the patch of a runtime that is in there, too.
		_ => spec.as_storage_builder().build_storage(),
	}
}

/// The runtime's default genesis with a patch.
fn patched(patch: &Value, code: &[u8], executor: &Executor) -> Result<Storage, String> {
	let mut empty = BasicExternalities::new_empty();
	let no_preset = None::<PresetId>.encode();
	let defaults = call(
		&mut empty,
		code,
		"GenesisBuilder_get_preset",
		&no_preset,
		executor,
	)?;
	let defaults = <Option<Vec<u8>>>::decode(&mut &defaults[..])
		.map_err(|error| format!("the runtime's default genesis: {error}"))?
		.ok_or("the runtime has no default genesis")?;
	let mut config: Value = serde_json::from_slice(&defaults)
		.map_err(|error| format!("the runtime's default genesis: {error}"))?;
	sc_chain_spec::json_merge(&mut config, patch.clone());

	let mut state = BasicExternalities::new_empty();
	let config = config.to_string().into_bytes().encode();
	let built = call(
		&mut state,
		code,
		"GenesisBuilder_build_state",
		&config,
		executor,
	)?;
	sp_genesis_builder::Result::decode(&mut &built[..])
		.map_err(|error| format!("what the runtime says of its genesis: {error}"))??;
	let mut storage = state.into_storages();
	storage.top.insert(CODE.to_vec(), code.to_vec());
	Ok(storage)
}

fn call(
	state: &mut BasicExternalities,
	code: &[u8],
	method: &str,
	arguments: &[u8],
	executor: &Executor,
) -> Result<Vec<u8>, String> {
	let fetcher = WrappedRuntimeCode(code.into());
	let runtime = RuntimeCode {
		code_fetcher: &fetcher,
		heap_pages: None,
		// As the client asks for the code in its state, so that it finds what was compiled here.
		hash: sp_io::hashing::blake2_256(code).to_vec(),
	};
	executor
		.call(state, &runtime, method, arguments, CallContext::Offchain)
		.0
		.map_err(|error| format!("{method}: {error}"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{chain_spec, client::EXECUTOR};
	use sp_runtime::BuildStorage as _;

	#[test]
	fn the_state_should_be_that_which_the_specification_builds() {
		if inference_runtime::WASM_BINARY.is_none() {
			println!("built without a runtime (SKIP_WASM_BUILD): nothing to test");
			return;
		}
		let (development, local) = (
			chain_spec::development().unwrap(),
			chain_spec::local_testnet().unwrap(),
		);
		let ours = [&development, &local].map(|spec| storage(spec, &EXECUTOR).unwrap());
		assert!(ours[0].top != ours[1].top);
		assert!(ours
			.iter()
			.all(|storage| storage.children_default.is_empty()));
		// One of them; each compiles the runtime.
		let theirs = local.build_storage().unwrap();
		assert!(ours[1].top == theirs.top && theirs.children_default.is_empty());
	}

	#[test]
	fn a_genesis_that_the_runtime_refuses_should_be_an_error_that_says_why() {
		let Some(code) = inference_runtime::WASM_BINARY else {
			println!("built without a runtime (SKIP_WASM_BUILD): nothing to test");
			return;
		};
		let patch = serde_json::json!({ "noSuchPallet": {} });
		let error = patched(&patch, code, &EXECUTOR).unwrap_err();
		assert!(error.contains("noSuchPallet"), "{error}");
	}
}
