//! Commands against a node whose runtime is not the linked one.

use crate::node::Node;
use codec::{Decode, Encode};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed, META_RESERVED};
use inference_primitives::{
	parameters::UNIT, runtime_api::NetworkStatus, ProtocolParameters, Tick,
};
use inference_runtime::{linked_metadata, VERSION};
use scale_info::TypeDef;
use serde_json::Value;

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

#[tokio::test]
async fn a_read_should_work_whatever_version_the_runtime_has() {
	let node = Node::start(&VERSION.spec_name, 1, upgraded).await;
	let output = node.inference("chain status").await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["spec_version"], VERSION.spec_version + 1);
	assert_eq!(report["best"]["number"], 26);
	assert_eq!(report["now"], 77);
	assert_eq!(report["epoch"], 3);
}

#[tokio::test]
async fn a_node_of_another_network_should_be_refused() {
	let node = Node::start("polkadot", 1, upgraded).await;
	let message = node.failure(5, "chain status").await;
	assert!(message.contains("polkadot"), "{message}");
}

#[tokio::test]
async fn a_node_of_the_linked_runtime_should_not_be_asked_what_calls_and_answers_mean() {
	let node = Node::start(&VERSION.spec_name, 0, lying).await;
	let output = node.inference("chain status").await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["now"], 77);
	assert_eq!(report["epoch"], 3);
}
