//! The chain's runtimes, as their metadata describes them: an upgrade needs no new node.

use crate::client::FullClient;
use codec::{Decode, Encode};
use inference_offchain_worker::ChainError;
use inference_runtime::{opaque::Block, Hash};
use inference_transaction::{convert::Mismatch, Metadata, VERSIONS};
use parking_lot::Mutex;
use sc_client_api::{CallExecutor, ExecutorProvider};
use scale_info::TypeInfo;
use sp_api::{CallContext, Core, ProvideRuntimeApi};
use std::{collections::BTreeMap, fmt::Display, sync::Arc};

/// Runtimes kept: the present one, and the one before it for reads of older blocks.
const MAX_KEPT: usize = 2;

/// A version of the chain's runtime.
pub(super) struct Runtime {
	pub(super) spec_version: u32,
	pub(super) transaction_version: u32,
	pub(super) metadata: Metadata,
}

/// The chain's runtimes.
pub(super) struct Runtimes {
	client: Arc<FullClient>,
	/// By `spec_version`.
	known: Mutex<BTreeMap<u32, Arc<Runtime>>>,
}

fn failed<E: Display>(what: &'static str) -> impl Fn(E) -> ChainError {
	move |error| ChainError::Read {
		what,
		reason: error.to_string(),
	}
}

impl Runtimes {
	/// None yet.
	pub(super) fn new(client: Arc<FullClient>) -> Self {
		Self {
			client,
			known: Mutex::default(),
		}
	}

	/// The runtime that the state after block `at` has. Its metadata is taken once per version.
	pub(super) fn at(&self, at: Hash) -> Result<Arc<Runtime>, ChainError> {
		let version = self
			.client
			.runtime_api()
			.version(at)
			.map_err(failed("the runtime's version"))?;
		if let Some(known) = self.known.lock().get(&version.spec_version) {
			return Ok(known.clone());
		}
		let runtime = Arc::new(Runtime {
			spec_version: version.spec_version,
			transaction_version: version.transaction_version,
			metadata: self.metadata(at)?,
		});
		let mut known = self.known.lock();
		known.insert(version.spec_version, runtime.clone());
		while known.len() > MAX_KEPT {
			known.pop_first();
		}
		Ok(runtime)
	}

	fn metadata(&self, at: Hash) -> Result<Metadata, ChainError> {
		let what = "the runtime's metadata";
		for version in VERSIONS {
			let answer = self.call(what, at, "Metadata_metadata_at_version", &version.encode())?;
			let metadata: Option<Vec<u8>> =
				Decode::decode(&mut &answer[..]).map_err(failed(what))?;
			if let Some(bytes) = metadata {
				return Metadata::decode(&bytes).map_err(failed(what));
			}
		}
		Err(ChainError::Read {
			what,
			reason: format!("the runtime has none of the versions {VERSIONS:?}; upgrade the node"),
		})
	}

	fn call(
		&self,
		what: &'static str,
		at: Hash,
		method: &str,
		arguments: &[u8],
	) -> Result<Vec<u8>, ChainError> {
		let executor = ExecutorProvider::<Block>::executor(&*self.client);
		CallExecutor::<Block>::call(executor, at, method, arguments, CallContext::Offchain)
			.map_err(failed(what))
	}

	/// What a method of the runtime API answers in the state after block `at`.
	pub(super) fn read<A, T>(
		&self,
		what: &'static str,
		at: Hash,
		api: &str,
		method: &str,
		arguments: &A,
	) -> Result<T, ChainError>
	where
		A: Encode + TypeInfo + 'static,
		T: Decode + TypeInfo + 'static,
	{
		let (runtime, answer) = self.ask(what, at, api, method, arguments)?;
		let answer = runtime.metadata.api_answer(api, method, &answer);
		answer.map_err(failed(what))
	}

	/// As [`Self::read`] for a list: the items that this program has, and why it has not the others.
	pub(super) fn read_list<A, T>(
		&self,
		what: &'static str,
		at: Hash,
		api: &str,
		method: &str,
		arguments: &A,
	) -> Result<(Vec<T>, Vec<Mismatch>), ChainError>
	where
		A: Encode + TypeInfo + 'static,
		T: Decode + TypeInfo + 'static,
	{
		let (runtime, answer) = self.ask(what, at, api, method, arguments)?;
		let answer = runtime.metadata.api_answers(api, method, &answer);
		answer.map_err(failed(what))
	}

	/// The encoded answer, and the runtime that gave it.
	fn ask<A: Encode + TypeInfo + 'static>(
		&self,
		what: &'static str,
		at: Hash,
		api: &str,
		method: &str,
		arguments: &A,
	) -> Result<(Arc<Runtime>, Vec<u8>), ChainError> {
		let runtime = self.at(at)?;
		let arguments = runtime.metadata.api_arguments(api, method, arguments);
		let arguments = arguments.map_err(failed(what))?;
		let answer = self.call(what, at, &format!("{api}_{method}"), &arguments)?;
		Ok((runtime, answer))
	}
}
