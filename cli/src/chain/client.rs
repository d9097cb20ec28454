//! Connection to a node, and its raw requests.

use super::Hash;
use crate::error::CliError;
use codec::{Decode, DecodeAll, Encode};
use inference_runtime::{linked_metadata, VERSION};
use inference_transaction::{Metadata, VERSIONS};
use jsonrpsee::{
	core::{
		client::{ClientT, Error as RpcError, Subscription, SubscriptionClientT},
		params::ArrayParams,
	},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use scale_info::TypeInfo;
use serde::{de::DeserializeOwned, Deserialize};
use sp_core::Bytes;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};

/// Largest answer taken from a node, bytes. Blocks are at most 5 MiB, twice that in hex.
const MAX_ANSWER_BYTES: u32 = 32 * 1024 * 1024;
/// How long a node may take to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long connecting may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Which node to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct ChainArgs {
	/// The node's WebSocket address.
	#[arg(
		long,
		env = "INFERENCE_URL",
		default_value = "ws://127.0.0.1:9944",
		value_name = "URL"
	)]
	pub url: String,
}

/// What a node says of a runtime.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
	/// The kind of chain.
	pub spec_name: String,
	/// Counts the runtime's releases.
	pub spec_version: u32,
	/// Counts the changes of how its transactions are encoded.
	pub transaction_version: u32,
}

impl Version {
	/// Checks that it is a runtime of this network, whatever its version.
	fn check(&self, url: &str) -> Result<(), CliError> {
		if self.spec_name == VERSION.spec_name {
			return Ok(());
		}
		Err(CliError::Unreachable(format!(
			"the node at {url} runs {}, this program speaks {}: connect to a node of that chain with \
			 --url",
			self.spec_name, VERSION.spec_name
		)))
	}
}

/// The linked runtime's metadata, if that is the version. Nodes that lie are not asked then what calls
/// mean. Those that lie about the version gain nothing either: it is signed, so the chain refuses what
/// was signed for another.
fn linked(version: &Version) -> Option<Result<Metadata, inference_transaction::Error>> {
	if version.spec_version != VERSION.spec_version {
		return None;
	}
	let metadata = VERSIONS.into_iter().find_map(linked_metadata)?;
	Some(Metadata::decode(&metadata))
}

/// A version of the chain's runtime.
pub struct ChainRuntime {
	/// Its version.
	pub version: Version,
	/// What it says about itself.
	pub metadata: Metadata,
}

/// A node of this network. Its runtime may be older or newer than the linked one: what is sent and
/// read is converted by its metadata.
pub struct Chain {
	rpc: WsClient,
	url: String,
	genesis: Hash,
	/// The runtimes met so far, by `spec_version`: an upgrade may come while a command waits.
	runtimes: Mutex<BTreeMap<u32, Arc<ChainRuntime>>>,
}

impl Chain {
	/// Connects, and checks that it is a node of this network.
	pub async fn connect(args: &ChainArgs) -> Result<Self, CliError> {
		let url = args.url.clone();
		let rpc = WsClientBuilder::default()
			.max_response_size(MAX_ANSWER_BYTES)
			.request_timeout(REQUEST_TIMEOUT)
			.connection_timeout(CONNECTION_TIMEOUT)
			.build(&url)
			.await
			.map_err(|e| {
				CliError::Unreachable(format!(
					"no node answers at {url}: {e}; start one (`inference-node --dev`) or give \
					 another with --url"
				))
			})?;
		let mut chain = Self {
			rpc,
			url,
			genesis: Hash::default(),
			runtimes: Mutex::default(),
		};
		let version: Version = chain
			.request("state_getRuntimeVersion", rpc_params![])
			.await?;
		version.check(&chain.url)?;
		chain.genesis = chain.request("chain_getBlockHash", rpc_params![0]).await?;
		Ok(chain)
	}

	/// The runtime that the state after block `at` has. Its metadata is fetched once per version, and not
	/// at all of the linked one.
	pub async fn runtime(&self, at: Hash) -> Result<Arc<ChainRuntime>, CliError> {
		let version: Version = self
			.request("state_getRuntimeVersion", rpc_params![at])
			.await?;
		let known = |runtimes: &BTreeMap<u32, Arc<ChainRuntime>>| {
			runtimes.get(&version.spec_version).cloned()
		};
		if let Some(runtime) = known(&self.lock()) {
			return Ok(runtime);
		}
		let metadata = match linked(&version) {
			Some(metadata) => metadata.map_err(|e| self.foreign(e))?,
			None => self.metadata(at).await?,
		};
		let runtime = Arc::new(ChainRuntime { version, metadata });
		self.lock()
			.insert(runtime.version.spec_version, runtime.clone());
		Ok(runtime)
	}

	fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<ChainRuntime>>> {
		// Entries are inserted whole.
		self.runtimes.lock().unwrap_or_else(PoisonError::into_inner)
	}

	async fn metadata(&self, at: Hash) -> Result<Metadata, CliError> {
		let method = "Metadata_metadata_at_version";
		for version in VERSIONS {
			let params = rpc_params![method, Bytes(version.encode()), at];
			let answer: Bytes = self.request("state_call", params).await?;
			let metadata: Option<Vec<u8>> = self.decode(&answer, method)?;
			if let Some(bytes) = metadata {
				return Metadata::decode(&bytes).map_err(|e| self.foreign(e));
			}
		}
		Err(CliError::Unreachable(format!(
			"the runtime of the node at {} has metadata of none of the versions {VERSIONS:?}; upgrade \
			 this program",
			self.url
		)))
	}

	/// What the chain's runtime has not, or not so.
	pub(super) fn foreign(&self, error: inference_transaction::Error) -> CliError {
		CliError::Unreachable(format!("{error} (node at {})", self.url))
	}

	/// Hash of the genesis block.
	pub fn genesis(&self) -> Hash {
		self.genesis
	}

	/// Address of the node.
	pub fn url(&self) -> &str {
		&self.url
	}

	/// A JSON-RPC request.
	pub async fn request<R: DeserializeOwned>(
		&self,
		method: &str,
		params: ArrayParams,
	) -> Result<R, CliError> {
		self.rpc
			.request(method, params)
			.await
			.map_err(|e| self.failure(method, e))
	}

	/// Subscribes; the stream ends when the node closes it.
	pub(super) async fn subscribe<R: DeserializeOwned>(
		&self,
		method: &str,
		params: ArrayParams,
		unsubscribe: &str,
	) -> Result<Subscription<R>, RpcError> {
		self.rpc.subscribe(method, params, unsubscribe).await
	}

	/// The next item of a subscription.
	pub(super) async fn next<R: DeserializeOwned>(
		&self,
		subscription: &mut Subscription<R>,
	) -> Result<R, CliError> {
		match subscription.next().await {
			Some(Ok(item)) => Ok(item),
			Some(Err(error)) => Err(CliError::Unreachable(format!(
				"the node at {} answers nonsense: {error}",
				self.url
			))),
			None => Err(CliError::Unreachable(format!(
				"the node at {} closed the connection; what was submitted may still be included",
				self.url
			))),
		}
	}

	/// Calls a method of the runtime API in the state after block `at`. `arguments` are `()`, the one
	/// argument, or a tuple of them.
	pub(super) async fn state_call<A, R>(
		&self,
		api: &str,
		method: &str,
		arguments: &A,
		at: Hash,
	) -> Result<R, CliError>
	where
		A: Encode + TypeInfo + 'static,
		R: Decode + TypeInfo + 'static,
	{
		let runtime = self.runtime(at).await?;
		let arguments = runtime.metadata.api_arguments(api, method, arguments);
		let arguments = Bytes(arguments.map_err(|e| self.foreign(e))?);
		let params = rpc_params![format!("{api}_{method}"), arguments, at];
		let answer: Bytes = self.request("state_call", params).await?;
		let answer = runtime.metadata.api_answer(api, method, &answer);
		answer.map_err(|e| self.foreign(e))
	}

	/// What a storage map has for `key` in the state after block `at`.
	pub(super) async fn stored<K, V>(
		&self,
		pallet: &str,
		item: &str,
		key: &K,
		at: Hash,
	) -> Result<Option<V>, CliError>
	where
		K: Encode + TypeInfo + 'static,
		V: Decode + TypeInfo + 'static,
	{
		let runtime = self.runtime(at).await?;
		let key = runtime.metadata.map_key(pallet, item, key);
		let key = key.map_err(|e| self.foreign(e))?;
		self.under(&runtime, pallet, item, key, at).await
	}

	/// What a storage item that is no map has in the state after block `at`; its default if it has one.
	pub(super) async fn stored_value<V>(
		&self,
		pallet: &str,
		item: &str,
		at: Hash,
	) -> Result<Option<V>, CliError>
	where
		V: Decode + TypeInfo + 'static,
	{
		let runtime = self.runtime(at).await?;
		let key = runtime.metadata.value_key(pallet, item);
		let key = key.map_err(|e| self.foreign(e))?;
		self.under(&runtime, pallet, item, key, at).await
	}

	/// What the item has under a storage key.
	async fn under<V>(
		&self,
		runtime: &ChainRuntime,
		pallet: &str,
		item: &str,
		key: Vec<u8>,
		at: Hash,
	) -> Result<Option<V>, CliError>
	where
		V: Decode + TypeInfo + 'static,
	{
		let stored = self.raw(key, at).await?;
		let stored = stored.as_ref().map(|bytes| &bytes[..]);
		let value = runtime.metadata.stored(pallet, item, stored);
		value.map_err(|e| self.foreign(e))
	}

	/// The bytes under a storage key in the state after block `at`.
	pub(super) async fn raw(&self, key: Vec<u8>, at: Hash) -> Result<Option<Bytes>, CliError> {
		self.request("state_getStorage", rpc_params![Bytes(key), at])
			.await
	}

	/// Decodes all of an answer.
	pub(super) fn decode<R: Decode>(&self, bytes: &[u8], method: &str) -> Result<R, CliError> {
		R::decode_all(&mut &bytes[..]).map_err(|e| {
			CliError::Unreachable(format!(
				"the answer of the node at {} to {method} does not decode ({e}); its runtime \
				 changed, run the command again",
				self.url
			))
		})
	}

	/// An error of the node or of the connection.
	pub(super) fn failure(&self, method: &str, error: RpcError) -> CliError {
		match error {
			RpcError::Call(error) => {
				let data = error
					.data()
					.map(|data| format!(" ({data})"))
					.unwrap_or_default();
				CliError::Failed(format!(
					"the node at {} failed {method}: {}{data}",
					self.url,
					error.message()
				))
			},
			error => CliError::Unreachable(format!("lost the node at {}: {error}", self.url)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn version() -> Version {
		Version {
			spec_name: VERSION.spec_name.to_string(),
			spec_version: VERSION.spec_version,
			transaction_version: VERSION.transaction_version,
		}
	}

	#[test]
	fn a_node_of_any_version_of_the_runtime_is_accepted() {
		for (spec_version, transaction_version) in [(0, 0), (u32::MAX, 7)] {
			let version = Version {
				spec_version,
				transaction_version,
				..version()
			};
			assert_eq!(version.check("ws://x"), Ok(()));
		}
	}

	#[test]
	fn a_node_of_another_chain_is_refused_with_what_to_do() {
		let other = Version {
			spec_name: "polkadot".into(),
			..version()
		};
		let error = other.check("ws://x").unwrap_err();
		assert_eq!(error.exit_code(), 5);
		let error = error.to_string();
		assert!(
			error.contains("polkadot") && error.contains("--url"),
			"{error}"
		);
	}
}
