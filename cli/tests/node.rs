//! A node that answers by hand, for what a real one does seldom, and commands against it.

use inference_runtime::{linked_metadata, RuntimeCall, VERSION};
use inference_transaction::Metadata;
use jsonrpsee::{
	server::{RpcModule, Server, ServerHandle},
	types::ErrorObjectOwned,
	SubscriptionMessage,
};
use serde_json::{json, Value};
use sp_core::Bytes;
use std::{
	collections::BTreeMap,
	process::{Command, Output},
	sync::{Arc, Mutex},
};
use tempfile::TempDir;

/// A node of a runtime of some name, some releases ahead of the linked one.
pub struct Node {
	pub url: String,
	/// The bytes of each transaction.
	submitted: Arc<Mutex<Vec<Bytes>>>,
	/// Where commands against it remember which bundles were checked.
	checks: TempDir,
	_server: ServerHandle,
}

impl Node {
	/// `state_call` answers calls of its runtime's API. What is submitted to it gets into no block.
	pub async fn start(
		spec_name: &str,
		ahead: u32,
		state_call: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
	) -> Self {
		Self::start_with(spec_name, ahead, state_call, BTreeMap::new()).await
	}

	/// The state of its chain is `storage`, by key.
	pub async fn start_with(
		spec_name: &str,
		ahead: u32,
		state_call: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
		storage: BTreeMap<Vec<u8>, Vec<u8>>,
	) -> Self {
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
			.register_method("system_accountNextIndex", |_, _, _| 5)
			.unwrap();
		module
			.register_method("state_call", move |params, _, _| {
				let (method, arguments, _at): (String, Bytes, Value) = params.parse()?;
				state_call(&method, &arguments)
					.map(Bytes)
					.ok_or_else(|| ErrorObjectOwned::owned(1, method, None::<()>))
			})
			.unwrap();
		module
			.register_method("state_getStorage", move |params, _, _| {
				let (key, _at): (Bytes, Value) = params.parse()?;
				let value = storage.get(&key.0).cloned();
				Ok::<_, ErrorObjectOwned>(value.map(Bytes))
			})
			.unwrap();
		let submitted = Arc::new(Mutex::new(Vec::<Bytes>::new()));
		let pool = submitted.clone();
		module
			.register_subscription(
				"author_submitAndWatchExtrinsic",
				"author_extrinsicUpdate",
				"author_unwatchExtrinsic",
				move |params, pending, _, _| {
					let transaction: Bytes = params.one().unwrap();
					pool.lock().unwrap().push(transaction);
					async move {
						let sink = pending.accept().await?;
						sink.send(SubscriptionMessage::from_json(&"ready")?).await?;
						sink.closed().await;
						Ok(())
					}
				},
			)
			.unwrap();
		Self {
			url,
			submitted,
			checks: tempfile::tempdir().unwrap(),
			_server: server.start(module),
		}
	}

	/// How many transactions were submitted to it.
	pub fn submitted(&self) -> usize {
		self.submitted.lock().unwrap().len()
	}

	/// The calls of the transactions submitted to it, which are in the linked runtime's encoding.
	pub fn calls(&self) -> Vec<RuntimeCall> {
		let metadata = Metadata::decode(&linked_metadata(16).unwrap()).unwrap();
		let call = |transaction: &Bytes| {
			let read = metadata.decode_transaction::<RuntimeCall>(&transaction.0);
			let (_signer, call) = read.unwrap().unwrap();
			call
		};
		let submitted = self.submitted.lock().unwrap();
		submitted.iter().map(call).collect()
	}

	/// Runs a command against it, with JSON output.
	pub async fn inference(&self, line: &str) -> Output {
		self.inference_as("json", line).await
	}

	/// Runs a command against it, with output in `format`.
	pub async fn inference_as(&self, format: &'static str, line: &str) -> Output {
		let checks = self.checks.path().to_owned();
		let words = line.split(' ').chain(["--url", &self.url]);
		let arguments: Vec<String> = words.map(str::to_owned).collect();
		tokio::task::spawn_blocking(move || {
			Command::new(env!("CARGO_BIN_EXE_inference"))
				.args(["--output", format])
				.args(arguments)
				.env("INFERENCE_CHECKS", checks)
				.output()
				.unwrap()
		})
		.await
		.unwrap()
	}

	/// The message of a command that fails with `code`.
	pub async fn failure(&self, code: i32, line: &str) -> String {
		let output = self.inference(line).await;
		assert_eq!(output.status.code(), Some(code), "{output:?}");
		// Warnings come before.
		let text = String::from_utf8(output.stderr).unwrap();
		let error: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
		error["error"]["message"].as_str().unwrap().to_owned()
	}
}
