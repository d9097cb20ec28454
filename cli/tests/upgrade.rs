//! `chain upgrade` on chains with and without `sudo`.

use crate::node::Node;
use codec::Encode;
use inference_runtime::{linked_metadata, AccountId, VERSION};
use inference_transaction::Metadata;
use sp_maybe_compressed_blob::CODE_BLOB_BOMB_LIMIT;
use std::{collections::BTreeMap, fs};
use tempfile::NamedTempFile;

/// A node of the linked runtime, whose chain has a key for `sudo`, and is for development or not.
async fn node(development: bool) -> Node {
	let metadata = Metadata::decode(&linked_metadata(16).unwrap()).unwrap();
	let key = |pallet, item| metadata.value_key(pallet, item).unwrap();
	let alice = AccountId::new([7; 32]);
	let storage = BTreeMap::from([
		(
			key("NetworkParameters", "Development"),
			development.encode(),
		),
		(key("Sudo", "Key"), alice.encode()),
	]);
	Node::start_with(&VERSION.spec_name, 0, |_, _| None, storage).await
}

fn code() -> NamedTempFile {
	let file = NamedTempFile::new().unwrap();
	let code = sp_maybe_compressed_blob::compress_strongly(b"\0asm", CODE_BLOB_BOMB_LIMIT);
	fs::write(file.path(), code.unwrap()).unwrap();
	file
}

#[tokio::test]
async fn a_chain_without_sudo_is_sent_nothing_and_its_referendum_is_told() {
	let (node, code) = (node(false).await, code());
	// Without a key: there is nothing to sign.
	let line = format!("chain upgrade {}", code.path().display());
	let message = node.failure(1, &line).await;
	assert!(message.contains("preimage.notePreimage"), "{message}");
	assert!(message.contains("docs/UPGRADES.md"), "{message}");
	assert_eq!(node.submitted(), 0);
}

#[tokio::test]
async fn a_development_chain_with_a_key_is_sent_the_code() {
	let (node, code) = (node(true).await, code());
	let path = code.path().display();
	let line = format!("chain upgrade {path} --suri //Alice --block-timeout 1");
	// It gets into no block.
	node.failure(8, &line).await;
	assert_eq!(node.submitted(), 1);
}
