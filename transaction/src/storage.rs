//! Storage of a chain: where an item is, and what it holds.

use crate::{convert::Mismatch, Error, Metadata};
use codec::{Decode, Encode};
use frame_metadata::v14::StorageHasher;
use scale_info::TypeInfo;
use sp_crypto_hashing::{blake2_128, blake2_256, twox_128, twox_256, twox_64};

impl Metadata {
	/// The key under which the chain stores the value of a plain item.
	///
	/// Errors: [`Error::Missing`].
	pub fn value_key(&self, pallet: &str, item: &str) -> Result<Vec<u8>, Error> {
		let found = self.item(pallet, item)?;
		match found.key {
			None => Ok(prefix(&found.prefix, item)),
			Some(_) => Err(Error::Missing {
				what: "single value",
				name: format!("{pallet}.{item}"),
			}),
		}
	}

	/// The key under which the chain stores what a map of one key has for `key`.
	///
	/// Errors: [`Error::Missing`], [`Error::Encode`].
	pub fn map_key<K: Encode + TypeInfo + 'static>(
		&self,
		pallet: &str,
		item: &str,
		key: &K,
	) -> Result<Vec<u8>, Error> {
		let found = self.item(pallet, item)?;
		let name = format!("{pallet}.{item}");
		let Some((hashers, ty)) = &found.key else {
			return Err(Error::Missing { what: "map", name });
		};
		let [hasher] = &hashers[..] else {
			return Err(Error::Missing {
				what: "map of one key",
				name,
			});
		};
		let encoded = self.encode_as(key, *ty).map_err(|mismatch| Error::Encode {
			what: "the key of",
			name,
			mismatch: Box::new(mismatch),
		})?;
		let mut out = prefix(&found.prefix, item);
		out.extend(hashed(hasher, &encoded));
		Ok(out)
	}

	/// The value of a storage item, from what is stored; where nothing is, the item's default if it
	/// has one.
	///
	/// Errors: [`Error::Missing`], [`Error::Decode`].
	pub fn stored<V: Decode + TypeInfo + 'static>(
		&self,
		pallet: &str,
		item: &str,
		stored: Option<&[u8]>,
	) -> Result<Option<V>, Error> {
		let found = self.item(pallet, item)?;
		let Some(bytes) = stored.or(found.default.as_deref()) else {
			return Ok(None);
		};
		self.decode_as(found.value, bytes)
			.map(Some)
			.map_err(|mismatch: Mismatch| Error::Decode {
				what: "storage item",
				name: format!("{pallet}.{item}"),
				mismatch: Box::new(mismatch),
			})
	}
}

fn prefix(pallet: &str, item: &str) -> Vec<u8> {
	[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

fn hashed(hasher: &StorageHasher, key: &[u8]) -> Vec<u8> {
	match hasher {
		StorageHasher::Blake2_128 => blake2_128(key).to_vec(),
		StorageHasher::Blake2_256 => blake2_256(key).to_vec(),
		StorageHasher::Blake2_128Concat => [&blake2_128(key)[..], key].concat(),
		StorageHasher::Twox128 => twox_128(key).to_vec(),
		StorageHasher::Twox256 => twox_256(key).to_vec(),
		StorageHasher::Twox64Concat => [&twox_64(key)[..], key].concat(),
		StorageHasher::Identity => key.to_vec(),
	}
}
