//! The runtime against what programs know of the last release: a change that the version numbers do not tell fails, also
//! where `layouts` was regenerated in place.
//!
//! The file is `scripts/test-clients`', whose `--update-metadata` writes it before a release; the rules are those of
//! `clients/typescript-tests/src/layout.ts`, here for builds without Node.js:
//! - what the last release's transactions were made of (formats, address, signature, extensions and their order, each
//!   call's indices and arguments) changes only with a higher `transaction_version`;
//! - everything else in it, further calls too, only with a higher `spec_version`.

use super::VERSION;
use crate::layouts::{describe, fields, metadata};
use frame_metadata::v16::RuntimeMetadataV16;
use scale_info::{form::PortableForm, TypeDef, Variant};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// Names, and how each is encoded.
type Entries = BTreeMap<String, String>;

#[derive(Clone, PartialEq, Eq, Debug)]
struct Layout {
	spec_version: u64,
	transaction_version: u64,
	/// Formats, address and signature.
	format: Entries,
	/// By the version of the extensions, in the order of their encoding.
	extensions: Entries,
	calls: Entries,
	events: Entries,
	errors: Entries,
}

impl Layout {
	/// What the file has.
	fn released() -> Self {
		let file = Path::new(env!("CARGO_MANIFEST_DIR"))
			.join("../clients/typescript-tests/metadata/release.json");
		let text =
			fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
		let json: Value = serde_json::from_str(&text).expect("it is JSON");
		let entries = |name: &str| -> Entries {
			serde_json::from_value(json[name].clone()).expect("names and texts")
		};
		let extensions: BTreeMap<String, Vec<String>> =
			serde_json::from_value(json["extensions"].clone()).expect("lists of texts");
		let number = |name: &str| json[name].as_u64().expect("a number");
		Self {
			spec_version: number("specVersion"),
			transaction_version: number("transactionVersion"),
			format: entries("format"),
			extensions: extensions
				.into_iter()
				.map(|(version, list)| (version, list.join(" | ")))
				.collect(),
			calls: entries("calls"),
			events: entries("events"),
			errors: entries("errors"),
		}
	}

	/// What this metadata says, of a runtime with the version numbers of this one.
	fn of(metadata: &RuntimeMetadataV16) -> Self {
		let types = &metadata.types;
		let extrinsic = &metadata.extrinsic;
		let versions: Vec<_> = extrinsic.versions.iter().map(u8::to_string).collect();
		let format = [
			("versions", versions.join(", ")),
			("address", describe(types, extrinsic.address_ty.id)),
			("signature", describe(types, extrinsic.signature_ty.id)),
		];
		let extensions = extrinsic.transaction_extensions_by_version.iter();
		let extensions = extensions.map(|(version, order)| {
			let list = order.iter().map(|index| {
				let extension = &extrinsic.transaction_extensions[index.0 as usize];
				let (data, signed) = (extension.ty.id, extension.implicit.id);
				format!(
					"{}: {}, signed {}",
					extension.identifier,
					describe(types, data),
					describe(types, signed)
				)
			});
			(version.to_string(), list.collect::<Vec<_>>().join(" | "))
		});
		let mut layout = Self {
			spec_version: VERSION.spec_version.into(),
			transaction_version: VERSION.transaction_version.into(),
			format: format.map(|(name, is)| (name.to_owned(), is)).into(),
			extensions: extensions.collect(),
			calls: Entries::new(),
			events: Entries::new(),
			errors: Entries::new(),
		};
		for pallet in &metadata.pallets {
			for (into, ty) in [
				(&mut layout.calls, pallet.calls.as_ref().map(|of| of.ty.id)),
				(&mut layout.events, pallet.event.as_ref().map(|of| of.ty.id)),
				(&mut layout.errors, pallet.error.as_ref().map(|of| of.ty.id)),
			] {
				for variant in ty.iter().flat_map(|id| variants(metadata, *id)) {
					let with = match &variant.fields[..] {
						[] => String::new(),
						some => fields(types, some),
					};
					into.insert(
						format!("{}.{}", pallet.name, variant.name),
						format!("{}.{}{with}", pallet.index, variant.index),
					);
				}
			}
		}
		layout
	}
}

fn variants(metadata: &RuntimeMetadataV16, id: u32) -> &[Variant<PortableForm>] {
	match &metadata
		.types
		.resolve(id)
		.expect("metadata is complete")
		.type_def
	{
		TypeDef::Variant(all) => &all.variants,
		other => panic!("calls, events and errors are enumerations: {other:?}"),
	}
}

/// What is in `known` and not so in `present`.
fn changed(kind: &str, known: &Entries, present: &Entries) -> Vec<String> {
	let changed = known
		.iter()
		.filter_map(|(name, was)| match present.get(name) {
			None => Some(format!("{kind} {name} is gone (it was {was})")),
			Some(is) if is != was => Some(format!("{kind} {name} was {was}, is {is}")),
			Some(_) => None,
		});
	changed.collect()
}

/// What is in `present` only.
fn added(kind: &str, known: &Entries, present: &Entries) -> Vec<String> {
	let new = present
		.iter()
		.filter(|(name, _)| !known.contains_key(*name));
	new.map(|(name, is)| format!("{kind} {name} is new ({is})"))
		.collect()
}

/// What programs that know `known` are not told by the version numbers of `present`.
fn untold(known: &Layout, present: &Layout) -> Vec<String> {
	let mut encoding = Vec::new();
	for (kind, known, present) in [
		("format", &known.format, &present.format),
		(
			"extensions of version",
			&known.extensions,
			&present.extensions,
		),
	] {
		encoding.extend(changed(kind, known, present));
		encoding.extend(added(kind, known, present));
	}
	encoding.extend(changed("call", &known.calls, &present.calls));
	let mut others = added("call", &known.calls, &present.calls);
	for (kind, known, present) in [
		("event", &known.events, &present.events),
		("error", &known.errors, &present.errors),
	] {
		others.extend(changed(kind, known, present));
		others.extend(added(kind, known, present));
	}
	let mut problems = Vec::new();
	if present.spec_version < known.spec_version
		|| present.transaction_version < known.transaction_version
	{
		problems.push("versions only rise".to_owned());
	}
	if present.transaction_version <= known.transaction_version {
		problems.extend(
			encoding
				.iter()
				.map(|what| format!("{what}: raise transaction_version")),
		);
	}
	if present.spec_version <= known.spec_version {
		let all = encoding.iter().chain(&others);
		problems.extend(all.map(|what| format!("{what}: raise spec_version")));
	}
	problems
}

#[test]
fn what_changed_since_the_last_release_is_told_by_the_version_numbers() {
	let problems = untold(&Layout::released(), &Layout::of(&metadata()));
	assert!(
		problems.is_empty(),
		"{}\nRaise it in runtime/src/versions.rs. If no chain but development ones has run the version before: \
		 scripts/test-clients --update-metadata --unreleased",
		problems.join("\n")
	);
}

/// The release before a runtime whose metadata is changed like this, and that runtime.
fn after(change: impl FnOnce(&mut RuntimeMetadataV16)) -> (Layout, Layout) {
	let mut metadata = metadata();
	let known = Layout::of(&metadata);
	change(&mut metadata);
	(known, Layout::of(&metadata))
}

/// The calls of the pallet of this name.
fn calls<'a>(
	metadata: &'a mut RuntimeMetadataV16,
	pallet: &str,
) -> &'a mut Vec<Variant<PortableForm>> {
	let found = metadata.pallets.iter().find(|found| found.name == pallet);
	let calls = found.and_then(|found| found.calls.as_ref());
	let id = calls.expect("the pallet has calls").ty.id as usize;
	match &mut metadata.types.types[id].ty.type_def {
		TypeDef::Variant(all) => &mut all.variants,
		other => panic!("calls are an enumeration: {other:?}"),
	}
}

/// Checks that a change must raise both versions, and is told by them.
fn must_raise_transaction_version(change: impl FnOnce(&mut RuntimeMetadataV16), names: &str) {
	let (known, mut present) = after(change);
	for raised in ["spec_version", "transaction_version"] {
		let problems = untold(&known, &present);
		let named = problems.iter().any(|problem| {
			problem.contains(names) && problem.ends_with("raise transaction_version")
		});
		assert!(named, "{raised} not raised: {problems:?}");
		match raised {
			"spec_version" => present.spec_version += 1,
			_ => present.transaction_version += 1,
		}
	}
	assert_eq!(untold(&known, &present), Vec::<String>::new());
}

#[test]
fn another_index_of_a_call_must_raise_the_transaction_version() {
	let change = |metadata: &mut RuntimeMetadataV16| calls(metadata, "Balances")[0].index = 250;
	must_raise_transaction_version(change, "call Balances.");
}

#[test]
fn another_index_of_a_pallet_must_raise_the_transaction_version() {
	let change = |metadata: &mut RuntimeMetadataV16| {
		let mut pallets = metadata.pallets.iter_mut();
		pallets.find(|found| found.name == "Staking").unwrap().index = 250;
	};
	must_raise_transaction_version(change, "call Staking.bond ");
}

#[test]
fn another_type_of_an_argument_must_raise_the_transaction_version() {
	let change = |metadata: &mut RuntimeMetadataV16| {
		let bool = metadata.types.types.iter().find(|known| {
			matches!(
				known.ty.type_def,
				TypeDef::Primitive(scale_info::TypeDefPrimitive::Bool)
			)
		});
		let bool = bool.expect("there are flags").id;
		let transfer = calls(metadata, "Balances");
		let value = transfer[0].fields.iter_mut();
		let value = value.last().expect("it has arguments");
		value.ty.id = bool;
	};
	must_raise_transaction_version(change, "call Balances.");
}

#[test]
fn an_argument_more_must_raise_the_transaction_version() {
	let change = |metadata: &mut RuntimeMetadataV16| {
		let transfer = &mut calls(metadata, "Balances")[0];
		let further = transfer.fields[0].clone();
		transfer.fields.push(further);
	};
	must_raise_transaction_version(change, "call Balances.");
}

#[test]
fn another_order_of_the_extensions_must_raise_the_transaction_version() {
	let change = |metadata: &mut RuntimeMetadataV16| {
		let orders = metadata
			.extrinsic
			.transaction_extensions_by_version
			.values_mut();
		orders.for_each(|order| order.reverse());
	};
	must_raise_transaction_version(change, "extensions of version");
}

#[test]
fn a_further_call_must_raise_the_spec_version_only() {
	let (known, mut present) = after(|metadata| {
		let calls = calls(metadata, "Balances");
		let mut further = calls[0].clone();
		further.name = "further".to_owned();
		further.index = 250;
		calls.push(further);
	});
	let problems = untold(&known, &present);
	assert_eq!(problems.len(), 1, "{problems:?}");
	assert!(problems[0].ends_with("raise spec_version"), "{problems:?}");
	present.spec_version += 1;
	assert_eq!(untold(&known, &present), Vec::<String>::new());
}

#[test]
fn versions_never_fall() {
	let (known, mut present) = after(|_| ());
	assert_eq!(untold(&known, &present), Vec::<String>::new());
	present.spec_version -= 1;
	assert_eq!(untold(&known, &present), ["versions only rise"]);
}
