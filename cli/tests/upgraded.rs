//! Commands against a node whose runtime is not the linked one.

use codec::{Decode, Encode};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed, META_RESERVED};
use inference_primitives::{
	parameters::UNIT, runtime_api::NetworkStatus, ProtocolParameters, Tick,
};
use inference_runtime::{linked_metadata, VERSION};
use jsonrpsee::{
	server::{RpcModule, Server, ServerHandle},
	types::ErrorObjectOwned,
};
use scale_info::TypeDef;
use serde_json::{json, Value};
use sp_core::Bytes;
use std::process::{Command, Output};

/// The linked runtime's metadata, as an upgrade leaves it: the network's status begins with a number
/// that was not there before.
fn metadata() -> Vec<u8> {
	let bytes = linked_metadata(16).unwrap();
	let Ok(RuntimeMetadataPrefixed(_, RuntimeMetadata::V16(mut metadata))) =
		RuntimeMetadataPrefixed::decode(&mut &bytes[..])
	else {
		panic!("metadata of version 16");
	};
	let apis = metadata.apis.iter().find(|api| api.name == "InferenceApi");
	let mut methods = apis.unwrap().methods.iter();
	let status = methods.find(|method| method.name == "network_status");
	let id = status.unwrap().output.id as usize;
	let TypeDef::Composite(status) = &mut metadata.types.types[id].ty.type_def else {
		panic!("a struct");
	};
	let fields = &status.fields;
	let mut further = fields
		.iter()
		.find(|field| field.name.as_deref() == Some("epoch"))
		.unwrap()
		.clone();
	further.name = Some("further".into());
	status.fields.insert(0, further);
	RuntimeMetadataPrefixed(META_RESERVED, RuntimeMetadata::V16(metadata)).encode()
}

fn status() -> NetworkStatus {
	NetworkStatus {
		now: Tick(77),
		serving: true,
		epoch: 3,
		blocks_to_next_epoch: 2,
		base_price: 9,
		registration_fee: UNIT,
		total_pledge: 5,
		parameters: ProtocolParameters::development(),
	}
}

/// What a node of the upgraded runtime answers to a call of its runtime's API.
fn upgraded(method: &str, arguments: &[u8]) -> Option<Vec<u8>> {
	match method {
		"Metadata_metadata_at_version" if arguments == 16u32.encode() => {
			Some(Some(metadata()).encode())
		},
		"Metadata_metadata_at_version" => Some(None::<Vec<u8>>.encode()),
		"InferenceApi_network_status" => Some((4_000_000_000u32, status()).encode()),
		_ => None,
	}
}

/// What a node of the linked runtime answers if it lies about its metadata.
fn lying(method: &str, arguments: &[u8]) -> Option<Vec<u8>> {
	match method {
		"InferenceApi_network_status" => Some(status().encode()),
		_ => upgraded(method, arguments),
	}
}

/// A node of a runtime of this name, so many releases ahead of the linked one.
async fn node(
	spec_name: &str,
	ahead: u32,
	state_call: fn(&str, &[u8]) -> Option<Vec<u8>>,
) -> (ServerHandle, String) {
	let server = Server::builder().build("127.0.0.1:0").await.unwrap();
	let url = format!("ws://{}", server.local_addr().unwrap());
	let mut module = RpcModule::new(spec_name.to_owned());
	let hash = format!("0x{}", "11".repeat(32));
	module
		.register_method("state_getRuntimeVersion", move |_, name, _| {
			json!({
				"specName": name,
				"specVersion": VERSION.spec_version + ahead,
				"transactionVersion": VERSION.transaction_version + ahead,
			})
		})
		.unwrap();
	for method in ["chain_getBlockHash", "chain_getFinalizedHead"] {
		let hash = hash.clone();
		module
			.register_method(method, move |_, _, _| hash.clone())
			.unwrap();
	}
	module
		.register_method(
			"chain_getHeader",
			move |_, _, _| json!({ "number": "0x1a", "parentHash": hash }),
		)
		.unwrap();
	module
		.register_method("system_chain", |_, _, _| "Upgraded")
		.unwrap();
	module
		.register_method("state_call", move |params, _, _| {
			let (method, arguments, _at): (String, Bytes, Value) = params.parse()?;
			state_call(&method, &arguments)
				.map(Bytes)
				.ok_or_else(|| ErrorObjectOwned::owned(1, method, None::<()>))
		})
		.unwrap();
	(server.start(module), url)
}

async fn inference(arguments: Vec<String>) -> Output {
	tokio::task::spawn_blocking(move || {
		Command::new(env!("CARGO_BIN_EXE_inference"))
			.args(["--output", "json"])
			.args(arguments)
			.output()
			.unwrap()
	})
	.await
	.unwrap()
}

fn arguments(line: &str, url: &str) -> Vec<String> {
	let words = line.split(' ').chain(["--url", url]);
	words.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_read_should_work_whatever_version_the_runtime_has() {
	let (_server, url) = node(&VERSION.spec_name, 1, upgraded).await;
	let output = inference(arguments("chain status", &url)).await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["spec_version"], VERSION.spec_version + 1);
	assert_eq!(report["best"]["number"], 26);
	assert_eq!(report["now"], 77);
	assert_eq!(report["epoch"], 3);
}

#[tokio::test]
async fn a_node_of_another_network_should_be_refused() {
	let (_server, url) = node("polkadot", 1, upgraded).await;
	let output = inference(arguments("chain status", &url)).await;
	assert_eq!(output.status.code(), Some(5));
	let error: Value = serde_json::from_slice(&output.stderr).unwrap();
	let message = error["error"]["message"].as_str().unwrap();
	assert!(message.contains("polkadot"), "{message}");
}

#[tokio::test]
async fn a_node_of_the_linked_runtime_should_not_be_asked_what_calls_and_answers_mean() {
	let (_server, url) = node(&VERSION.spec_name, 0, lying).await;
	let output = inference(arguments("chain status", &url)).await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["now"], 77);
	assert_eq!(report["epoch"], 3);
}
