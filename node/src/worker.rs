//! The offchain worker as a task of the node: its keys, its prover, its view of finality.
//!
//! [`chain`] is the node's side of the worker's `Chain` trait, [`transaction`] how its transactions
//! are made and recognised.
//!
//! A worker account needs a balance to pay fees from, although what it pays for accepted deliveries
//! and proofs comes back.

mod chain;
mod transaction;

use crate::{
	cli::WorkerArgs,
	client::{FullClient, FullPool},
};
use chain::NodeChain;
use futures::{stream, Stream, StreamExt};
use inference_offchain_worker::{
	run, BearerToken, FinalizedBlock, Prover, ProverError, ProverOptions, Worker, WorkerOptions,
	LOG_TARGET,
};
use inference_primitives::WORKER_KEY_TYPE;
use sc_client_api::BlockchainEvents;
use sc_service::{ChainType, SpawnTaskHandle};
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_core::crypto::{KeyTypeId, Ss58Codec};
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::traits::Header;
use std::{path::PathBuf, sync::Arc};

/// Type of worker keys in the keystore.
const KEY_TYPE: KeyTypeId = KeyTypeId(WORKER_KEY_TYPE);
/// Where the prover is if nothing else is said.
const DEFAULT_PROVER_URL: &str = "http://127.0.0.1:9955";

/// What the worker needs of the node.
pub struct Parts<S> {
	/// The client.
	pub client: Arc<FullClient>,
	/// The transaction pool.
	pub pool: Arc<FullPool>,
	/// The keystore.
	pub keystore: KeystorePtr,
	/// Tells whether the node is far behind.
	pub sync: S,
}

/// Why the offchain worker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
	/// A worker key was given on the command line of a chain that is not a development chain.
	#[error(
		"--worker-suri is for development chains; insert the key into the keystore with: \
		 inference-node key insert --key-type work --scheme sr25519"
	)]
	NotDevelopment,
	/// The worker key on the command line is none.
	#[error("--worker-suri is no secret URI: {0}")]
	BadSuri(sp_keystore::Error),
	/// The prover's token cannot be read.
	#[error("cannot read the prover's token in {}: {source}", .path.display())]
	TokenFile {
		/// The file.
		path: PathBuf,
		/// What failed.
		source: std::io::Error,
	},
	/// The file with the prover's token is empty.
	#[error("the prover's token file {} is empty", .path.display())]
	EmptyToken {
		/// The file.
		path: PathBuf,
	},
	/// The prover's address or token cannot be used.
	#[error(transparent)]
	Prover(#[from] ProverError),
}

/// Starts the offchain worker if the arguments or the keystore ask for it ([`WorkerArgs`]).
///
/// Errors: [`StartError`].
pub fn start<S: SyncOracle + Send + 'static>(
	parts: Parts<S>,
	args: WorkerArgs,
	chain_type: &ChainType,
	spawner: &SpawnTaskHandle,
) -> Result<(), StartError> {
	let Parts {
		client,
		pool,
		keystore,
		sync,
	} = parts;
	if let Some(suri) = &args.worker_suri {
		insert_development_key(&*keystore, suri, chain_type)?;
	}
	let keys = keystore.sr25519_public_keys(KEY_TYPE);
	if args.prover_url.is_none() && keys.is_empty() {
		return Ok(());
	}
	let url = args.prover_url.unwrap_or_else(|| DEFAULT_PROVER_URL.into());
	let token = args.prover_token_file.map(read_token).transpose()?;
	let options = ProverOptions {
		token,
		allow_unchecked: args.allow_unchecked_models,
		..ProverOptions::at(url.clone())
	};
	let prover = Prover::new(&options)?;
	let names: Vec<String> = keys.iter().map(Ss58Codec::to_ss58check).collect();
	log::info!(
		target: LOG_TARGET,
		"offchain worker on, prover at {url}, keys: {}",
		if names.is_empty() { "none yet".into() } else { names.join(", ") },
	);
	let finality = finalized_blocks(&client, sync);
	let chain = NodeChain::new(client, pool, keystore);
	let worker = Worker::new(chain, prover, WorkerOptions::default());
	// A thread of its own: runtime calls and verification compute.
	spawner.spawn_blocking(
		"inference-worker",
		Some("worker"),
		run(worker, Box::pin(finality)),
	);
	Ok(())
}

/// The bearer token in a file.
fn read_token(path: PathBuf) -> Result<BearerToken, StartError> {
	let text = match std::fs::read_to_string(&path) {
		Ok(text) => text,
		Err(source) => return Err(StartError::TokenFile { path, source }),
	};
	if text.trim().is_empty() {
		return Err(StartError::EmptyToken { path });
	}
	Ok(BearerToken::new(&text))
}

/// Puts a worker key into the keystore's memory, on development chains only.
fn insert_development_key(
	keystore: &dyn Keystore,
	suri: &str,
	chain_type: &ChainType,
) -> Result<(), StartError> {
	if *chain_type != ChainType::Development {
		return Err(StartError::NotDevelopment);
	}
	keystore
		.sr25519_generate_new(KEY_TYPE, Some(suri))
		.map(drop)
		.map_err(StartError::BadSuri)
}

/// The last finalised block, then each new one, but none while the node catches up: what an old
/// state asks for is done by now.
fn finalized_blocks<S: SyncOracle + Send + 'static>(
	client: &FullClient,
	sync: S,
) -> impl Stream<Item = FinalizedBlock> + Send {
	// Subscribed before the present block is read, so that none falls between.
	let notifications = client.finality_notification_stream();
	let info = client.info();
	let present = FinalizedBlock {
		number: info.finalized_number,
		hash: info.finalized_hash.into(),
	};
	let new = notifications.map(|n| FinalizedBlock {
		number: *n.header.number(),
		hash: n.hash.into(),
	});
	stream::once(async move { present })
		.chain(new)
		.filter(move |_| futures::future::ready(!sync.is_major_syncing()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keystore::testing::MemoryKeystore;

	#[test]
	fn worker_keys_should_come_from_the_command_line_only_on_development_chains() {
		let keystore = MemoryKeystore::new();
		for chain_type in [ChainType::Local, ChainType::Live] {
			assert!(insert_development_key(&keystore, "//Alice//worker", &chain_type).is_err());
		}
		assert!(keystore.sr25519_public_keys(KEY_TYPE).is_empty());
		insert_development_key(&keystore, "//Alice//worker", &ChainType::Development).unwrap();
		assert_eq!(keystore.sr25519_public_keys(KEY_TYPE).len(), 1);
		assert!(insert_development_key(&keystore, "no words", &ChainType::Development).is_err());
	}
}
