//! What a part of a block reads and writes: storage that counts keys on the way to the real one.

use sp_core::storage::{ChildInfo, StateVersion, TrackedStorageKey};
use sp_externalities::{
	set_and_run_with_externalities, with_externalities, Error, Extension, ExtensionStore,
	Externalities, MultiRemovalResults,
};
use std::{
	any::{Any, TypeId},
	collections::BTreeSet,
};

/// Keys, each once, as a database that keeps what it read and writes at a block's end has them.
#[derive(Debug, Default)]
pub struct Keys {
	/// Read, whether there was a value or not.
	pub read: BTreeSet<Vec<u8>>,
	/// Written or removed.
	pub written: BTreeSet<Vec<u8>>,
}

/// Runs what needs storage, and returns the keys that it used.
pub fn counted<R>(run: impl FnOnce() -> R) -> (R, Keys) {
	with_externalities(|inner| {
		let mut counting = Counting {
			inner,
			keys: Keys::default(),
		};
		let result = set_and_run_with_externalities(&mut counting, run);
		(result, counting.keys)
	})
	.expect("this runs within storage")
}

struct Counting<'a> {
	inner: &'a mut dyn Externalities,
	keys: Keys,
}

impl Externalities for Counting<'_> {
	fn set_offchain_storage(&mut self, key: &[u8], value: Option<&[u8]>) {
		self.inner.set_offchain_storage(key, value);
	}

	fn storage(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		self.keys.read.insert(key.to_vec());
		self.inner.storage(key)
	}

	fn storage_hash(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		self.keys.read.insert(key.to_vec());
		self.inner.storage_hash(key)
	}

	fn child_storage_hash(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.child_storage_hash(child, key)
	}

	fn child_storage(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.child_storage(child, key)
	}

	fn next_storage_key(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		let next = self.inner.next_storage_key(key);
		self.keys.read.extend(next.clone());
		next
	}

	fn next_child_storage_key(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.next_child_storage_key(child, key)
	}

	fn kill_child_storage(
		&mut self,
		child: &ChildInfo,
		limit: Option<u32>,
		cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		self.inner.kill_child_storage(child, limit, cursor)
	}

	fn clear_prefix(
		&mut self,
		prefix: &[u8],
		limit: Option<u32>,
		cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		self.keys.written.insert(prefix.to_vec());
		self.inner.clear_prefix(prefix, limit, cursor)
	}

	fn clear_child_prefix(
		&mut self,
		child: &ChildInfo,
		prefix: &[u8],
		limit: Option<u32>,
		cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		self.inner.clear_child_prefix(child, prefix, limit, cursor)
	}

	fn place_storage(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
		self.keys.written.insert(key.clone());
		self.inner.place_storage(key, value);
	}

	fn place_child_storage(&mut self, child: &ChildInfo, key: Vec<u8>, value: Option<Vec<u8>>) {
		self.inner.place_child_storage(child, key, value);
	}

	fn storage_root(&mut self, version: StateVersion) -> Vec<u8> {
		self.inner.storage_root(version)
	}

	fn child_storage_root(&mut self, child: &ChildInfo, version: StateVersion) -> Vec<u8> {
		self.inner.child_storage_root(child, version)
	}

	fn storage_append(&mut self, key: Vec<u8>, value: Vec<u8>) {
		self.keys.written.insert(key.clone());
		self.inner.storage_append(key, value);
	}

	fn storage_start_transaction(&mut self) {
		self.inner.storage_start_transaction();
	}

	fn storage_rollback_transaction(&mut self) -> Result<(), ()> {
		self.inner.storage_rollback_transaction()
	}

	fn storage_commit_transaction(&mut self) -> Result<(), ()> {
		self.inner.storage_commit_transaction()
	}

	fn wipe(&mut self) {
		self.inner.wipe();
	}

	fn commit(&mut self) {
		self.inner.commit();
	}

	fn read_write_count(&self) -> (u32, u32, u32, u32) {
		self.inner.read_write_count()
	}

	fn reset_read_write_count(&mut self) {
		self.inner.reset_read_write_count();
	}

	fn get_whitelist(&self) -> Vec<TrackedStorageKey> {
		self.inner.get_whitelist()
	}

	fn set_whitelist(&mut self, new: Vec<TrackedStorageKey>) {
		self.inner.set_whitelist(new);
	}

	fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
		self.inner.get_read_and_written_keys()
	}
}

impl ExtensionStore for Counting<'_> {
	fn extension_by_type_id(&mut self, id: TypeId) -> Option<&mut dyn Any> {
		self.inner.extension_by_type_id(id)
	}

	fn register_extension_with_type_id(
		&mut self,
		id: TypeId,
		extension: Box<dyn Extension>,
	) -> Result<(), Error> {
		self.inner.register_extension_with_type_id(id, extension)
	}

	fn deregister_extension_by_type_id(&mut self, id: TypeId) -> Result<(), Error> {
		self.inner.deregister_extension_by_type_id(id)
	}
}

#[test]
fn each_key_counts_once_and_what_is_done_is_done() {
	sp_io::TestExternalities::default().execute_with(|| {
		sp_io::storage::set(b"a", b"1");
		let ((), keys) = counted(|| {
			for _ in 0..2 {
				assert!(sp_io::storage::get(b"a").is_some());
				assert!(sp_io::storage::get(b"none").is_none());
				sp_io::storage::set(b"b", b"2");
				sp_io::storage::clear(b"c");
			}
		});
		assert_eq!((keys.read.len(), keys.written.len()), (2, 2));
		assert!(sp_io::storage::get(b"b").is_some());
	});
}
