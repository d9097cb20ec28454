//! What must not change without its version: storage, transactions, and our runtime API, against
//! snapshots in `runtime/snapshots`.
//!
//! A file there is the layout of one version. If a test fails, the change needs what its message says;
//! then `REGENERATE_LAYOUTS=1 cargo test -p inference-runtime layouts` writes the file of the new
//! version. The file of a version that a chain has run is never written again.

use super::*;
use frame_metadata::{
	v16::{RuntimeMetadataV16, StorageEntryType},
	RuntimeMetadata, RuntimeMetadataPrefixed,
};
use frame_support::traits::{GetStorageVersion, PalletInfoAccess, StorageVersion};
use scale_info::{form::PortableForm, Field, PortableRegistry, TypeDef};
use std::{fmt::Write, fs, path::PathBuf};

/// Types that are written by name: they are the SDK's and long, or contain themselves.
const BY_NAME: [&str; 4] = ["Era", "RuntimeCall", "RuntimeEvent", "AccountId32"];

pub(crate) fn metadata() -> RuntimeMetadataV16 {
	use codec::Decode;
	let bytes = linked_metadata(16).expect("the runtime has metadata of version 16");
	match RuntimeMetadataPrefixed::decode(&mut &bytes[..]) {
		Ok(RuntimeMetadataPrefixed(_, RuntimeMetadata::V16(metadata))) => metadata,
		other => panic!(
			"no metadata of version 16: {:?}",
			other.map(|m| m.1.version())
		),
	}
}

/// A type as its encoding is: fields with their names, variants with their indices.
pub(crate) fn describe(types: &PortableRegistry, id: u32) -> String {
	let ty = types.resolve(id).expect("metadata is complete");
	if let Some(name) = ty.path.segments.last() {
		if BY_NAME.contains(&&name[..]) {
			return name.clone();
		}
	}
	let list = |ids: Vec<u32>| {
		let described: Vec<_> = ids.into_iter().map(|id| describe(types, id)).collect();
		described.join(", ")
	};
	match &ty.type_def {
		TypeDef::Composite(composite) => fields(types, &composite.fields),
		TypeDef::Variant(variants) => {
			let mut variants: Vec<_> = variants.variants.iter().collect();
			variants.sort_by_key(|variant| variant.index);
			let described = variants.into_iter().map(|variant| {
				let (index, name) = (variant.index, &variant.name);
				match &variant.fields[..] {
					[] => format!("{index} {name}"),
					inner => format!("{index} {name}{}", fields(types, inner)),
				}
			});
			format!("enum {{{}}}", described.collect::<Vec<_>>().join("; "))
		},
		TypeDef::Sequence(sequence) => format!("[{}]", describe(types, sequence.type_param.id)),
		TypeDef::Array(array) => {
			format!("[{}; {}]", describe(types, array.type_param.id), array.len)
		},
		TypeDef::Tuple(tuple) => format!("({})", list(tuple.fields.iter().map(|f| f.id).collect())),
		TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
		TypeDef::Compact(compact) => {
			format!("compact {}", describe(types, compact.type_param.id))
		},
		TypeDef::BitSequence(_) => "bits".to_owned(),
	}
}

pub(crate) fn fields(types: &PortableRegistry, fields: &[Field<PortableForm>]) -> String {
	let described = fields.iter().map(|field| {
		let ty = describe(types, field.ty.id);
		match &field.name {
			Some(name) => format!("{name}: {ty}"),
			None => ty,
		}
	});
	let described: Vec<_> = described.collect();
	match fields.first() {
		Some(first) if first.name.is_some() => format!("{{{}}}", described.join(", ")),
		_ => format!("({})", described.join(", ")),
	}
}

/// Compares a layout with the file that its version has.
fn check(file: &str, layout: &str, remedy: &str) {
	let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
		.join("snapshots")
		.join(file);
	if std::env::var_os("REGENERATE_LAYOUTS").is_some() {
		fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
		fs::write(&path, layout).unwrap();
	}
	let known = fs::read_to_string(&path)
		.unwrap_or_else(|error| panic!("{}: {error}; {REGENERATE}", path.display()));
	let differing: Vec<_> = layout
		.lines()
		.filter(|line| !known.lines().any(|other| other == *line))
		.collect();
	assert!(
		known == layout,
		"{file} has another layout now. {remedy} If no chain has run this version: {REGENERATE}.\n\
		 New lines:\n{}",
		differing.join("\n")
	);
}

const REGENERATE: &str = "REGENERATE_LAYOUTS=1 cargo test -p inference-runtime layouts";

/// The storage layout of a pallet, a line an item.
fn storage_layout(metadata: &RuntimeMetadataV16, pallet: &str) -> String {
	let pallet = metadata.pallets.iter().find(|found| found.name == pallet);
	let storage = pallet.and_then(|pallet| pallet.storage.as_ref());
	let storage = storage.expect("our pallets have storage");
	let mut out = format!("prefix {}\n", storage.prefix);
	for entry in &storage.entries {
		let types = &metadata.types;
		let ty = match &entry.ty {
			StorageEntryType::Plain(value) => describe(types, value.id),
			StorageEntryType::Map {
				hashers,
				key,
				value,
			} => format!(
				"{hashers:?} {} -> {}",
				describe(types, key.id),
				describe(types, value.id)
			),
		};
		writeln!(out, "{} ({:?}): {ty}", entry.name, entry.modifier).unwrap();
	}
	out
}

fn storage_version<
	P: GetStorageVersion<InCodeStorageVersion = StorageVersion> + PalletInfoAccess,
>() -> (&'static str, StorageVersion) {
	(P::name(), P::in_code_storage_version())
}

#[test]
fn a_storage_layout_never_changes_without_its_storage_version() {
	let metadata = metadata();
	for (pallet, version) in [
		storage_version::<NetworkParameters>(),
		storage_version::<ProofVerifier>(),
		storage_version::<ModelRegistry>(),
		storage_version::<WorkerStaking>(),
		storage_version::<NodePool>(),
		storage_version::<InferenceMarket>(),
	] {
		let mut bytes = &codec::Encode::encode(&version)[..];
		let number: u16 = codec::Decode::decode(&mut bytes).expect("a version is a number");
		check(
			&format!("storage/{pallet}.v{number}.txt"),
			&storage_layout(&metadata, pallet),
			"Raise the pallet's STORAGE_VERSION and write a migration (docs/UPGRADES.md).",
		);
	}
}

#[test]
fn the_encoding_of_transactions_never_changes_without_the_transaction_version() {
	let metadata = metadata();
	let types = &metadata.types;
	let mut layout = String::new();
	let extrinsic = &metadata.extrinsic;
	writeln!(layout, "formats {:?}", extrinsic.versions).unwrap();
	writeln!(
		layout,
		"address {}",
		describe(types, extrinsic.address_ty.id)
	)
	.unwrap();
	writeln!(
		layout,
		"signature {}",
		describe(types, extrinsic.signature_ty.id)
	)
	.unwrap();
	for (version, order) in &extrinsic.transaction_extensions_by_version {
		for index in order {
			let extension = &extrinsic.transaction_extensions[index.0 as usize];
			writeln!(
				layout,
				"extension of version {version} {}: {}, signed {}",
				extension.identifier,
				describe(types, extension.ty.id),
				describe(types, extension.implicit.id),
			)
			.unwrap();
		}
	}
	for pallet in &metadata.pallets {
		let Some(calls) = &pallet.calls else {
			continue;
		};
		let TypeDef::Variant(calls) = &types.resolve(calls.ty.id).unwrap().type_def else {
			panic!("{}'s calls are no enumeration", pallet.name);
		};
		for call in &calls.variants {
			writeln!(
				layout,
				"call {}.{} {}.{}{}",
				pallet.index,
				call.index,
				pallet.name,
				call.name,
				fields(types, &call.fields),
			)
			.unwrap();
		}
	}
	check(
		&format!("transactions.v{}.txt", VERSION.transaction_version),
		&layout,
		"Raise transaction_version (runtime/src/versions.rs).",
	);
}

#[test]
fn our_runtime_api_never_changes_without_its_version() {
	let metadata = metadata();
	let api = metadata.apis.iter().find(|api| api.name == "InferenceApi");
	let api = api.expect("the runtime implements it");
	let mut layout = String::new();
	for method in &api.methods {
		let types = &metadata.types;
		let inputs = method.inputs.iter().map(|input| {
			let ty = describe(types, input.ty.id);
			format!("{}: {ty}", input.name)
		});
		let inputs: Vec<_> = inputs.collect();
		let output = describe(types, method.output.id);
		writeln!(layout, "{}({}) -> {output}", method.name, inputs.join(", ")).unwrap();
	}
	check(
		&format!("inference-api.v{}.txt", api.version.0),
		&layout,
		"Raise its api_version (primitives/src/runtime_api.rs).",
	);
}

#[test]
fn a_changed_layout_is_noticed() {
	let (mut metadata, pallet) = (metadata(), InferenceMarket::name());
	let before = storage_layout(&metadata, pallet);
	let found = metadata.pallets.iter_mut().find(|p| p.name == pallet);
	let entries = &mut found.unwrap().storage.as_mut().unwrap().entries;
	let StorageEntryType::Map { value, .. } = &entries[0].ty else {
		panic!("workloads are a map")
	};
	let value = value.id;
	// A field more within a value.
	let TypeDef::Composite(workload) = &mut metadata.types.types[value as usize].ty.type_def else {
		panic!("a workload is a struct")
	};
	let mut field = workload.fields[0].clone();
	field.name = Some("further".to_owned());
	workload.fields.push(field);
	assert_ne!(storage_layout(&metadata, pallet), before);
}

#[test]
fn a_multi_block_migration_is_seen_by_the_system_and_fits_a_block() {
	use frame_support::{migrations::MultiStepMigrator, traits::Hooks};
	sp_io::TestExternalities::default().execute_with(|| {
		type Migrator = <Runtime as frame_system::Config>::MultiBlockMigrator;
		assert!(!Migrator::ongoing());
		pallet_migrations::Cursor::<Runtime>::put(pallet_migrations::MigrationCursor::Stuck);
		assert!(Migrator::ongoing());
		pallet_migrations::Cursor::<Runtime>::kill();
		<MultiBlockMigrations as Hooks<BlockNumber>>::integrity_test();
	});
}
