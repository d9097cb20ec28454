//! The offchain worker as a task of the node: its keys, its prover, its view of finality.
//!
//! [`chain`] is the node's side of the worker's `Chain` trait, [`runtime`] how it reads states of any
//! version of the runtime, [`transaction`] how its transactions are made and recognised, [`failures`]
//! which of them failed; [`guard`] keeps a panic of the worker from ending the node.
//!
//! A worker account needs a balance to pay fees from, although what it pays for accepted deliveries
//! and proofs comes back.

mod chain;
mod failures;
mod guard;
mod runtime;
mod transaction;

use crate::{
	cli::{DeliverMode, WorkerArgs, WorkerMode},
	client::{FullClient, FullPool},
};
use chain::NodeChain;
use futures::{stream, Stream, StreamExt};
use guard::unwinding;
use inference_offchain_worker::{
	run, BearerToken, DeliverPolicy, FinalizedBlock, Metrics, Prover, ProverError, ProverOptions,
	Worker, WorkerOptions, LOG_TARGET,
};
use inference_primitives::WORKER_KEY_TYPE;
use inference_runtime::opaque::Block;
use prometheus::Registry;
use sc_client_api::BlockchainEvents;
use sc_service::{ChainType, SpawnTaskHandle};
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_consensus_babe::{Slot, SlotDuration};
use sp_core::crypto::{KeyTypeId, Ss58Codec};
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::traits::Header;
use sp_timestamp::Timestamp;
use std::{path::PathBuf, sync::Arc};

/// Type of worker keys in the keystore.
const KEY_TYPE: KeyTypeId = KeyTypeId(WORKER_KEY_TYPE);
/// Where the prover is if nothing else is said.
const DEFAULT_PROVER_URL: &str = "http://127.0.0.1:9955";

/// Slots by which the best block may be behind the clock on the wall. Beyond them the node catches up,
/// or the chain stands still: what its state asks for is done by now, or cannot be done.
const MAX_SLOTS_BEHIND: u64 = 10;

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
	/// Length of a slot.
	pub slot_duration: SlotDuration,
	/// Where its metrics are shown.
	pub registry: Option<Registry>,
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
	/// Token files that do not fit the provers.
	#[error(
		"--prover-token-file: expected none, one, or one for each of the {provers} provers, got {got}"
	)]
	TokenFiles {
		/// Provers named.
		provers: usize,
		/// Token files named.
		got: usize,
	},
	/// The prover's address or token cannot be used.
	#[error(transparent)]
	Prover(#[from] ProverError),
	/// Its metrics cannot be shown.
	#[error("the worker's metrics: {0}")]
	Metrics(#[from] prometheus::Error),
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
		slot_duration,
		registry,
	} = parts;
	if args.worker_mode == WorkerMode::Off {
		log::info!(target: LOG_TARGET, "offchain worker off (--worker off)");
		return Ok(());
	}
	if let Some(suri) = &args.worker_suri {
		insert_development_key(&*keystore, suri, chain_type)?;
	}
	let keys = keystore.sr25519_public_keys(KEY_TYPE);
	if args.worker_mode == WorkerMode::Auto && args.prover_url.is_empty() && keys.is_empty() {
		return Ok(());
	}
	let mut urls = args.prover_url;
	if urls.is_empty() {
		urls.push(DEFAULT_PROVER_URL.into());
	}
	let provers = provers(&urls, args.prover_token_file, args.allow_unchecked_models)?;
	let metrics = Metrics::default();
	if let Some(registry) = &registry {
		metrics.register(registry)?;
	}
	let names: Vec<String> = keys.iter().map(Ss58Codec::to_ss58check).collect();
	log::info!(
		target: LOG_TARGET,
		"offchain worker on, prover at {}, keys: {}",
		urls.join(", then "),
		if names.is_empty() { "none yet".into() } else { names.join(", ") },
	);
	let finality = finalized_blocks(client.clone(), sync, slot_duration);
	let chain = NodeChain::new(client, pool, keystore, slot_duration.as_duration());
	let options = WorkerOptions {
		deliver: policy(args.deliver),
		..WorkerOptions::default()
	};
	let worker = Worker::new(chain, provers, options, metrics);
	// A thread of its own: runtime calls and verification compute.
	spawner.spawn_blocking(
		"inference-worker",
		Some("worker"),
		unwinding(run(worker, Box::pin(finality))),
	);
	Ok(())
}

fn policy(mode: DeliverMode) -> DeliverPolicy {
	match mode {
		DeliverMode::Auto => DeliverPolicy::Auto,
		DeliverMode::AtOnce => DeliverPolicy::AtOnce,
		DeliverMode::WhenProven => DeliverPolicy::WhenProven,
	}
}

/// The provers at `urls`, with the tokens in `files`: none, one for all, or one for each.
fn provers(
	urls: &[String],
	files: Vec<PathBuf>,
	allow_unchecked: bool,
) -> Result<Vec<Prover>, StartError> {
	let tokens = files
		.into_iter()
		.map(read_token)
		.collect::<Result<Vec<BearerToken>, StartError>>()?;
	if tokens.len() > 1 && tokens.len() != urls.len() {
		return Err(StartError::TokenFiles {
			provers: urls.len(),
			got: tokens.len(),
		});
	}
	urls.iter()
		.enumerate()
		.map(|(index, url)| {
			Ok(Prover::new(&ProverOptions {
				token: tokens.get(index).or(tokens.first()).cloned(),
				allow_unchecked,
				..ProverOptions::at(url.clone())
			})?)
		})
		.collect()
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
/// state asks for is done by now. A node that just started knows no peers, and so not that it is
/// behind; the age of its best block tells.
fn finalized_blocks<S: SyncOracle + Send + 'static>(
	client: Arc<FullClient>,
	sync: S,
	slot_duration: SlotDuration,
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
	let mut waits = None;
	stream::once(async move { present })
		.chain(new)
		.filter(move |_| {
			let now = Slot::from_timestamp(Timestamp::current(), slot_duration);
			let is_ready = !sync.is_major_syncing() && is_fresh(best_slot(&client), now);
			if waits != Some(!is_ready) {
				let message = if is_ready {
					"in sync with the chain; the worker works"
				} else {
					"not in sync with the chain; the worker waits"
				};
				log::info!(target: LOG_TARGET, "{message}");
				waits = Some(!is_ready);
			}
			futures::future::ready(is_ready)
		})
}

/// The slot of the best block, if it has one.
fn best_slot(client: &FullClient) -> Option<Slot> {
	let header = client.header(client.info().best_hash).ok()??;
	let digest = sc_consensus_babe::find_pre_digest::<Block>(&header).ok()?;
	Some(digest.slot())
}

/// Whether a best block of this slot is no older than a chain that goes on has.
fn is_fresh(best: Option<Slot>, now: Slot) -> bool {
	best.is_some_and(|best| u64::from(now).saturating_sub(u64::from(best)) <= MAX_SLOTS_BEHIND)
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

	#[test]
	fn the_worker_should_wait_while_the_best_block_is_old() {
		let now = Slot::from(1_000);
		assert!(is_fresh(Some(Slot::from(995)), now));
		// An author's clock may run ahead.
		assert!(is_fresh(Some(Slot::from(1_001)), now));
		assert!(!is_fresh(Some(Slot::from(900)), now));
		// Genesis has slot 0, and a block that cannot be read none.
		assert!(!is_fresh(Some(Slot::from(0)), now));
		assert!(!is_fresh(None, now));
	}

	#[test]
	fn tokens_should_be_none_or_one_or_as_many_as_provers() {
		let file = tempfile::NamedTempFile::new().unwrap();
		std::fs::write(file.path(), "0123456789abcdef0123456789abcdef").unwrap();
		let path = || file.path().to_path_buf();
		let urls = [1, 2, 3].map(|port| format!("http://127.0.0.1:{port}"));
		let runtime = tokio::runtime::Runtime::new().unwrap();
		let _entered = runtime.enter();
		for files in [vec![], vec![path()], vec![path(), path(), path()]] {
			assert_eq!(provers(&urls, files, false).map(|p| p.len()).ok(), Some(3));
		}
		assert!(matches!(
			provers(&urls, vec![path(), path()], false),
			Err(StartError::TokenFiles { provers: 3, got: 2 })
		));
	}
}
