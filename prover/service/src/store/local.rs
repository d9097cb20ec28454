//! The content store on a local disk.
//!
//! Layout: `ROOT/ab/ab12…` (hex of the hash, in a folder of its first byte) and `ROOT/tmp`. A file
//! is written to `tmp`, synchronised, renamed, and its folder synchronised: after a crash it is
//! there in full or not at all. What a crash leaves in `tmp` is removed at start.

use super::{ContentStore, StoreError};
use async_trait::async_trait;
use inference_primitives::Hash;
use std::{
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
	sync::Arc,
};

/// Content-addressed files under one folder. One process owns the folder.
#[derive(Clone, Debug)]
pub struct LocalStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	root: PathBuf,
	next_temporary: AtomicU64,
}

impl LocalStore {
	/// Opens the store at `root`, which is created if need be.
	pub fn open(root: &Path) -> Result<Self, StoreError> {
		let temporary = root.join("tmp");
		fs::create_dir_all(&temporary).map_err(|e| at(&temporary, e))?;
		for entry in fs::read_dir(&temporary).map_err(|e| at(&temporary, e))? {
			let path = entry.map_err(|e| at(&temporary, e))?.path();
			fs::remove_file(&path).map_err(|e| at(&path, e))?;
		}
		Ok(Self(Arc::new(Inner {
			root: root.to_path_buf(),
			next_temporary: AtomicU64::new(0),
		})))
	}

	/// Where the bytes with `hash` lie.
	pub fn path(&self, hash: Hash) -> PathBuf {
		self.0.path(hash)
	}
}

impl Inner {
	fn path(&self, hash: Hash) -> PathBuf {
		let name = hex::encode(hash);
		self.root
			.join(name.get(..2).unwrap_or_default())
			.join(&name)
	}

	fn write(&self, hash: Hash, bytes: &[u8]) -> Result<(), StoreError> {
		let target = self.path(hash);
		let folder = target.parent().unwrap_or(&self.root);
		fs::create_dir_all(folder).map_err(|e| at(folder, e))?;

		let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
		let temporary = self.root.join("tmp").join(number.to_string());
		let written = File::create(&temporary).and_then(|mut file| {
			file.write_all(bytes)?;
			file.sync_all()
		});
		if let Err(error) = written.and_then(|()| fs::rename(&temporary, &target)) {
			// The first error is the one to report; a leftover is removed at the next start.
			let _ = fs::remove_file(&temporary);
			return Err(at(&target, error));
		}
		// The name must last as well: of the file in its folder, of the folder in the root.
		sync_folder(folder)?;
		sync_folder(&self.root)
	}
}

#[async_trait]
impl ContentStore for LocalStore {
	async fn write(&self, hash: Hash, bytes: Vec<u8>) -> Result<(), StoreError> {
		let inner = self.0.clone();
		tokio::task::spawn_blocking(move || inner.write(hash, &bytes)).await?
	}

	async fn read_unchecked(&self, hash: Hash) -> Result<Vec<u8>, StoreError> {
		let path = self.path(hash);
		tokio::task::spawn_blocking(move || match fs::read(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Missing(hash)),
			read => read.map_err(|e| at(&path, e)),
		})
		.await?
	}

	async fn remove(&self, hash: Hash) -> Result<(), StoreError> {
		let path = self.path(hash);
		tokio::task::spawn_blocking(move || match fs::remove_file(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
			removed => removed.map_err(|e| at(&path, e)),
		})
		.await?
	}
}

fn at(path: &Path, source: io::Error) -> StoreError {
	StoreError::Io {
		path: path.to_path_buf(),
		source,
	}
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
	File::open(folder)
		.and_then(|file| file.sync_all())
		.map_err(|e| at(folder, e))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn put_should_be_read_back_after_reopening() {
		let folder = tempfile::tempdir().unwrap();
		let hash = LocalStore::open(folder.path())
			.unwrap()
			.put(b"proof".to_vec())
			.await
			.unwrap();
		let store = LocalStore::open(folder.path()).unwrap();
		assert_eq!(store.get(hash).await.unwrap(), b"proof");
	}

	#[tokio::test]
	async fn get_should_fail_when_the_bytes_were_changed() {
		let folder = tempfile::tempdir().unwrap();
		let store = LocalStore::open(folder.path()).unwrap();
		let hash = store.put(b"proof".to_vec()).await.unwrap();
		fs::write(store.path(hash), b"forged").unwrap();
		assert!(
			matches!(store.get(hash).await, Err(StoreError::Corrupt { expected, .. }) if expected == hash)
		);
		// Writing again repairs it.
		store.put(b"proof".to_vec()).await.unwrap();
		assert_eq!(store.get(hash).await.unwrap(), b"proof");
	}

	#[tokio::test]
	async fn get_should_fail_when_nothing_is_stored() {
		let folder = tempfile::tempdir().unwrap();
		let store = LocalStore::open(folder.path()).unwrap();
		let hash = store.put(b"proof".to_vec()).await.unwrap();
		store.remove(hash).await.unwrap();
		store.remove(hash).await.unwrap();
		assert!(matches!(store.get(hash).await, Err(StoreError::Missing(h)) if h == hash));
	}

	#[tokio::test]
	async fn open_should_remove_what_a_crash_left() {
		let folder = tempfile::tempdir().unwrap();
		LocalStore::open(folder.path()).unwrap();
		let leftover = folder.path().join("tmp").join("7");
		fs::write(&leftover, b"half a pro").unwrap();
		LocalStore::open(folder.path()).unwrap();
		assert!(!leftover.exists());
	}
}
