//! Content-addressed storage: bytes by their BLAKE2b-256 hash.

pub mod local;
pub mod room;

use async_trait::async_trait;
use inference_primitives::{hashing::blake2_256, Hash};
use std::path::PathBuf;

pub use local::LocalStore;
pub use room::{Room, Shortage};

/// A content store that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// Nothing is stored under this hash.
	#[error("nothing is stored under 0x{}", hex::encode(.0))]
	Missing(Hash),
	/// The bytes stored under this hash have another.
	#[error(
		"stored bytes are damaged: expected hash 0x{}, got 0x{}",
		hex::encode(expected),
		hex::encode(got)
	)]
	Corrupt {
		/// Hash asked for.
		expected: Hash,
		/// Hash of what was read.
		got: Hash,
	},
	/// The medium failed.
	#[error("{}: {source}", path.display())]
	Io {
		/// What was accessed.
		path: PathBuf,
		/// Why it failed.
		source: std::io::Error,
	},
	/// A thread of the store panicked.
	#[error("a task of the store failed: {0}")]
	Task(#[from] tokio::task::JoinError),
}

/// Where bytes are kept under their hash. Implementations move bytes; [`ContentStore::get`] is what
/// readers call, and it trusts none of them.
#[async_trait]
pub trait ContentStore: Send + Sync {
	/// Stores `bytes` durably under `hash`, all of them or none. Replaces what is there.
	async fn write(&self, hash: Hash, bytes: Vec<u8>) -> Result<(), StoreError>;

	/// What is stored under `hash`, unchecked.
	async fn read_unchecked(&self, hash: Hash) -> Result<Vec<u8>, StoreError>;

	/// Forgets `hash`. Succeeds if nothing is stored under it.
	async fn remove(&self, hash: Hash) -> Result<(), StoreError>;

	/// Stores `bytes` and returns their hash.
	async fn put(&self, bytes: Vec<u8>) -> Result<Hash, StoreError> {
		let hash = blake2_256(&bytes);
		self.write(hash, bytes).await?;
		Ok(hash)
	}

	/// The bytes whose hash is `hash`.
	async fn get(&self, hash: Hash) -> Result<Vec<u8>, StoreError> {
		let bytes = self.read_unchecked(hash).await?;
		let got = blake2_256(&bytes);
		if got != hash {
			return Err(StoreError::Corrupt {
				expected: hash,
				got,
			});
		}
		Ok(bytes)
	}
}
