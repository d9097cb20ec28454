//! States that versions of the runtime left on a chain: this one takes each over, whole.
//!
//! `scripts/test-upgrade --save-state FILE` writes such a state, of a chain with work in flight, a line a
//! key with its value. `runtime/snapshots` keeps one of each version that a chain has run.

use super::*;
use crate::layouts::metadata;
use codec::Encode;
use frame_metadata::v16::StorageEntryType;
use frame_support::{
	migrations::MultiStepMigrator,
	traits::{
		GetStorageVersion, PalletInfoAccess, StorageVersion, STORAGE_VERSION_STORAGE_KEY_POSTFIX,
	},
};
use inference_transaction::convert::{skip, Types};
use sp_io::{hashing::twox_128, storage};
use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	path::{Path, PathBuf},
};

/// Blocks that a migration of the small chain may take.
const MAX_MIGRATION_BLOCKS: BlockNumber = 1_000;

/// Items of our pallets that no state in `runtime/snapshots` has: what passes within a block, and what the
/// scenario does not bring about (the clock stands, governance ends or disables something, somebody misses a
/// deadline, the breaker trips).
const IN_NO_STATE: [&str; 13] = [
	"NetworkParameters.Stopped",
	"NetworkParameters.Held",
	"NetworkParameters.HeldUntil",
	"NetworkParameters.Reported",
	"ProofVerifier.EndsOfLife",
	"ProofVerifier.Disabled",
	"NodePool.SnapshotsDue",
	"NodePool.LastMisses",
	"NodePool.MissSlots",
	"InferenceMarket.ReserveExhausted",
	"InferenceMarket.Breaker",
	"InferenceMarket.DelayedSlashes",
	"InferenceMarket.Delayed",
];

/// The files of states, oldest first by name.
fn files() -> Vec<PathBuf> {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
	let entries = fs::read_dir(folder).expect("the folder is in the repository");
	let paths = entries.map(|entry| entry.expect("it can be listed").path());
	let is_state = |path: &PathBuf| {
		let name = path.file_name().unwrap_or_default().to_string_lossy();
		name.starts_with("state.v")
	};
	let mut files: Vec<_> = paths.filter(is_state).collect();
	files.sort();
	files
}

fn from_hex(text: &str) -> Vec<u8> {
	let digits = text.strip_prefix("0x").expect("it begins with 0x");
	assert_eq!(digits.len() % 2, 0, "{text}");
	(0..digits.len())
		.step_by(2)
		.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits"))
		.collect()
}

fn read(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
	let text = fs::read_to_string(path).expect("it is a text");
	let pairs = text.lines().map(|line| {
		let (key, value) = line.split_once(' ').expect("a key and its value");
		(from_hex(key), from_hex(value))
	});
	pairs.collect()
}

fn chain_with(state: &BTreeMap<Vec<u8>, Vec<u8>>) -> sp_io::TestExternalities {
	let mut chain = sp_io::TestExternalities::default();
	chain.execute_with(|| {
		for (key, value) in state {
			storage::set(key, value);
		}
	});
	chain.commit_all().expect("nothing else is open");
	chain
}

/// What an upgrade's first blocks do.
fn migrate() {
	type Migrator = <Runtime as frame_system::Config>::MultiBlockMigrator;
	Executive::execute_on_runtime_upgrade();
	let first = System::block_number();
	for block in first..first + MAX_MIGRATION_BLOCKS {
		if !Migrator::ongoing() {
			return;
		}
		System::set_block_number(block);
		Migrator::step();
	}
	panic!("the migrations did not end");
}

/// Keys from `prefix` on, itself included.
fn keys_under(prefix: &[u8]) -> Vec<Vec<u8>> {
	let mut found = Vec::new();
	if storage::get(prefix).is_some() {
		found.push(prefix.to_vec());
	}
	let mut at = prefix.to_vec();
	while let Some(next) = storage::next_key(&at).filter(|key| key.starts_with(prefix)) {
		found.push(next.clone());
		at = next;
	}
	found
}

/// Reads the whole state as this runtime's: the names of items that it has values of. Errors: the item
/// that does not decode, or the key that belongs to no item of its pallet.
fn decode_all() -> Result<BTreeSet<String>, String> {
	let metadata = metadata();
	let types = Types::new(metadata.types);
	let mut found = BTreeSet::new();
	for pallet in metadata.pallets {
		let Some(items) = pallet.storage else {
			continue;
		};
		let pallet_prefix = twox_128(items.prefix.as_bytes());
		let mut known = BTreeSet::from([version_key(&items.prefix)]);
		for entry in items.entries {
			let name = format!("{}.{}", pallet.name, entry.name);
			let value = match entry.ty {
				StorageEntryType::Plain(value) | StorageEntryType::Map { value, .. } => value.id,
			};
			let prefix = [pallet_prefix, twox_128(entry.name.as_bytes())].concat();
			for key in keys_under(&prefix) {
				let bytes = storage::get(&key).unwrap_or_default();
				let mut rest = &bytes[..];
				skip(types.at(value), &mut rest).map_err(|error| format!("{name}: {error}"))?;
				if !rest.is_empty() {
					return Err(format!("{name}: {} bytes are left", rest.len()));
				}
				found.insert(name.clone());
				known.insert(key);
			}
		}
		for key in keys_under(&pallet_prefix) {
			if !known.contains(&key) {
				return Err(format!("{}: a key of no item: {key:02x?}", pallet.name));
			}
		}
	}
	Ok(found)
}

/// Where a pallet's storage version is.
fn version_key(prefix: &str) -> Vec<u8> {
	let item = twox_128(STORAGE_VERSION_STORAGE_KEY_POSTFIX);
	[twox_128(prefix.as_bytes()), item].concat()
}

fn versions<P: GetStorageVersion<InCodeStorageVersion = StorageVersion> + PalletInfoAccess>(
) -> (&'static str, StorageVersion, StorageVersion) {
	(
		P::name(),
		P::on_chain_storage_version(),
		P::in_code_storage_version(),
	)
}

#[test]
fn what_each_version_left_is_migrated_and_decodes_entirely() {
	let mut seen = BTreeSet::new();
	let files = files();
	assert!(!files.is_empty());
	for path in files {
		chain_with(&read(&path)).execute_with(|| {
			migrate();
			for (pallet, on_chain, in_code) in [
				versions::<NetworkParameters>(),
				versions::<ProofVerifier>(),
				versions::<ModelRegistry>(),
				versions::<WorkerStaking>(),
				versions::<NodePool>(),
				versions::<InferenceMarket>(),
			] {
				assert_eq!(on_chain, in_code, "{pallet} of {}", path.display());
			}
			match decode_all() {
				Ok(items) => seen.extend(items),
				Err(error) => panic!("{}: {error}", path.display()),
			}
		});
	}
	let ours = [
		"NetworkParameters",
		"ProofVerifier",
		"ModelRegistry",
		"WorkerStaking",
		"NodePool",
		"InferenceMarket",
	];
	let metadata = metadata();
	let unseen: Vec<_> = metadata
		.pallets
		.iter()
		.filter(|pallet| ours.contains(&&pallet.name[..]))
		.flat_map(|pallet| {
			let items = pallet.storage.as_ref().map(|storage| &storage.entries[..]);
			let items = items.unwrap_or_default().iter();
			items.map(|item| format!("{}.{}", pallet.name, item.name))
		})
		.filter(|item| !seen.contains(item))
		.collect();
	assert_eq!(unseen, IN_NO_STATE);
}

#[test]
fn a_value_of_another_layout_and_a_key_of_no_item_are_noticed() {
	let state = read(files().last().expect("there is one"));
	let key = pallet_network_parameters::ServiceClock::<Runtime>::hashed_key();
	let mut longer = state.clone();
	longer.insert(key.to_vec(), (1u32, 2u8).encode());
	chain_with(&longer).execute_with(|| {
		let error = decode_all().unwrap_err();
		assert!(error.contains("NetworkParameters.ServiceClock"), "{error}");
	});
	let mut foreign = state;
	foreign.insert([&key[..16], &[7; 16]].concat(), vec![1]);
	chain_with(&foreign).execute_with(|| {
		let error = decode_all().unwrap_err();
		assert!(error.starts_with("NetworkParameters: a key"), "{error}");
	});
}
