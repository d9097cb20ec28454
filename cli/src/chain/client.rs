//! Connection to a node, and its raw requests.

use super::Hash;
use crate::error::CliError;
use codec::{Decode, DecodeAll, Encode};
use inference_runtime::VERSION;
use jsonrpsee::{
	core::{
		client::{ClientT, Error as RpcError, Subscription, SubscriptionClientT},
		params::ArrayParams,
	},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use serde::{de::DeserializeOwned, Deserialize};
use sp_core::Bytes;
use std::time::Duration;

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

/// What a node says of its runtime.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeVersion {
	spec_name: String,
	spec_version: u32,
	transaction_version: u32,
}

impl NodeVersion {
	/// The runtime that is linked into this program.
	fn linked() -> Self {
		Self {
			spec_name: VERSION.spec_name.to_string(),
			spec_version: VERSION.spec_version,
			transaction_version: VERSION.transaction_version,
		}
	}

	/// Checks that what we encode is what the node decodes.
	fn check(&self, url: &str) -> Result<(), CliError> {
		let linked = Self::linked();
		if *self == linked {
			return Ok(());
		}
		let remedy = if self.spec_name != linked.spec_name {
			"connect to a node of that chain with --url".to_owned()
		} else if self.spec_version > linked.spec_version {
			format!(
				"upgrade this program to the release for spec version {}",
				self.spec_version
			)
		} else {
			"upgrade the chain, or use the program of its release".to_owned()
		};
		Err(CliError::Unreachable(format!(
			"the node at {url} runs {}, this program speaks {}: {remedy}",
			self.text(),
			linked.text()
		)))
	}

	fn text(&self) -> String {
		format!(
			"{} (spec version {}, transaction version {})",
			self.spec_name, self.spec_version, self.transaction_version
		)
	}
}

/// A node that runs the linked runtime.
pub struct Chain {
	rpc: WsClient,
	url: String,
	genesis: Hash,
}

impl Chain {
	/// Connects, and checks the node's runtime.
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
		};
		let version: NodeVersion = chain
			.request("state_getRuntimeVersion", rpc_params![])
			.await?;
		version.check(&chain.url)?;
		chain.genesis = chain.request("chain_getBlockHash", rpc_params![0]).await?;
		Ok(chain)
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

	/// Calls a method of the runtime API in the state after block `at`.
	pub(super) async fn state_call<A: Encode, R: Decode>(
		&self,
		method: &str,
		arguments: &A,
		at: Hash,
	) -> Result<R, CliError> {
		let params = rpc_params![method, Bytes(arguments.encode()), at];
		let answer: Bytes = self.request("state_call", params).await?;
		self.decode(&answer, method)
	}

	/// A storage value in the state after block `at`.
	pub(super) async fn storage<R: Decode>(
		&self,
		key: Vec<u8>,
		at: Hash,
	) -> Result<Option<R>, CliError> {
		let answer: Option<Bytes> = self
			.request("state_getStorage", rpc_params![Bytes(key), at])
			.await?;
		answer
			.map(|bytes| self.decode(&bytes, "state_getStorage"))
			.transpose()
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

	#[test]
	fn a_node_of_the_linked_runtime_is_accepted() {
		assert_eq!(NodeVersion::linked().check("ws://x"), Ok(()));
	}

	#[test]
	fn a_node_of_another_runtime_is_refused_with_what_to_do() {
		let newer = NodeVersion {
			spec_version: VERSION.spec_version + 1,
			..NodeVersion::linked()
		};
		let error = newer.check("ws://x").unwrap_err();
		assert_eq!(error.exit_code(), 5);
		assert!(
			error.to_string().contains("upgrade this program"),
			"{error}"
		);
		let other = NodeVersion {
			spec_name: "polkadot".into(),
			..NodeVersion::linked()
		};
		let error = other.check("ws://x").unwrap_err().to_string();
		assert!(
			error.contains("polkadot") && error.contains("--url"),
			"{error}"
		);
	}
}
