//! A chain's metadata: what its runtime's calls, transactions, state and API are made of.

use crate::{
	convert::{convert, convert_next, length, skip, Mismatch, Reason, Surplus, TypeRef, Types},
	local, Error,
};
use codec::{Decode, DecodeAll, Encode};
use frame_metadata::{
	v14::{StorageEntryMetadata, StorageEntryModifier, StorageEntryType, StorageHasher},
	v15::RuntimeMetadataV15,
	v16::{self, RuntimeMetadataV16},
	RuntimeMetadata, RuntimeMetadataPrefixed,
};
use scale_info::{form::PortableForm, TypeDef, TypeInfo, Variant};
use std::collections::BTreeMap;

/// Versions of metadata that are understood, the preferred one first.
pub const VERSIONS: [u32; 2] = [16, 15];

/// Bytes that a node's answer with metadata begins with, before its version.
const MAGIC: u32 = frame_metadata::META_RESERVED;

/// What one version of a runtime says about itself.
#[derive(Debug)]
pub struct Metadata {
	pub(crate) types: Types,
	pub(crate) call: u32,
	error: u32,
	pub(crate) extrinsic: Extrinsic,
	/// By API and method.
	methods: BTreeMap<(String, String), Method>,
	/// By pallet and item.
	storage: BTreeMap<(String, String), StorageItem>,
}

/// Transactions.
#[derive(Debug)]
pub(crate) struct Extrinsic {
	/// Formats that the runtime takes, as far as the metadata says.
	pub(crate) formats: Vec<u8>,
	pub(crate) address: u32,
	pub(crate) signature: u32,
	/// In their order.
	pub(crate) extensions: Vec<Extension>,
}

/// An extension of transactions.
#[derive(Debug)]
pub(crate) struct Extension {
	pub(crate) name: String,
	/// Its data in the transaction.
	pub(crate) extra: u32,
	/// What is signed of it besides.
	pub(crate) implicit: u32,
}

#[derive(Debug)]
struct Method {
	inputs: Vec<(String, u32)>,
	output: u32,
}

/// A storage item.
#[derive(Debug)]
pub(crate) struct StorageItem {
	/// The pallet's prefix.
	pub(crate) prefix: String,
	/// Its hashers and the type of its key, of maps.
	pub(crate) key: Option<(Vec<StorageHasher>, u32)>,
	pub(crate) value: u32,
	/// The value's bytes where nothing is stored, if that is a value.
	pub(crate) default: Option<Vec<u8>>,
}

/// A pallet's error, by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleError {
	/// The pallet.
	pub pallet: String,
	/// The error, and the errors within it, joined by dots.
	pub name: String,
	/// Their documentation.
	pub docs: String,
}

impl Metadata {
	/// Decodes what the runtime API `Metadata_metadata_at_version` gives for one of [`VERSIONS`].
	///
	/// Errors: [`Error::Metadata`].
	pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
		let RuntimeMetadataPrefixed(magic, metadata) =
			RuntimeMetadataPrefixed::decode_all(&mut &bytes[..])
				.map_err(|error| Error::Metadata(error.to_string()))?;
		if magic != MAGIC {
			return Err(Error::Metadata("it is none".to_owned()));
		}
		match metadata {
			RuntimeMetadata::V15(metadata) => Ok(metadata.into()),
			RuntimeMetadata::V16(metadata) => metadata.try_into(),
			other => Err(Error::Metadata(format!(
				"it has version {}, expected one of {VERSIONS:?}",
				other.version()
			))),
		}
	}

	/// Converts a value of ours to the chain's type.
	pub(crate) fn encode_as<T: Encode + TypeInfo + 'static>(
		&self,
		value: &T,
		to: u32,
	) -> Result<Vec<u8>, Mismatch> {
		let ours = local::of::<T>();
		let bytes = value.encode();
		convert(ours.at(), self.types.at(to), &bytes, Surplus::Refuse)
	}

	/// Reads all of `bytes`, a value of the chain's, as ours.
	pub(crate) fn decode_as<T: Decode + TypeInfo + 'static>(
		&self,
		from: u32,
		bytes: &[u8],
	) -> Result<T, Mismatch> {
		let ours = local::of::<T>();
		let bytes = convert(self.types.at(from), ours.at(), bytes, Surplus::Drop)?;
		Ok(T::decode_all(&mut &bytes[..]).map_err(|_| Reason::Malformed)?)
	}

	/// The chain's encoding of a call. `C` is the linked runtime's enumeration of all calls.
	///
	/// Errors: [`Error::Encode`], naming the pallet, call or argument that the chain has not.
	pub fn call<C: Encode + TypeInfo + 'static>(&self, call: &C) -> Result<Vec<u8>, Error> {
		self.encode_as(call, self.call)
			.map_err(|mismatch| Error::Encode {
				what: "this",
				name: "call".to_owned(),
				mismatch: Box::new(mismatch),
			})
	}

	/// The chain's encoding of the arguments of a method of its runtime API: `A` is `()`, the one
	/// argument, or a tuple of them.
	///
	/// Errors: [`Error::Missing`], [`Error::Encode`].
	pub fn api_arguments<A: Encode + TypeInfo + 'static>(
		&self,
		api: &str,
		method: &str,
		arguments: &A,
	) -> Result<Vec<u8>, Error> {
		let (name, found) = self.method(api, method)?;
		let failed = |mismatch| Error::Encode {
			what: "the arguments of",
			name: name.clone(),
			mismatch: Box::new(mismatch),
		};
		if let [(_, only)] = &found.inputs[..] {
			return self.encode_as(arguments, *only).map_err(failed);
		}
		let ours = local::of::<A>();
		let fields = match ours.types().resolve(ours.id()).map(|ty| &ty.type_def) {
			Some(TypeDef::Tuple(tuple)) if tuple.fields.len() == found.inputs.len() => {
				&tuple.fields[..]
			},
			_ => {
				let takes: Vec<&str> = found.inputs.iter().map(|(name, _)| &name[..]).collect();
				let reason = Reason::Missing(takes.join(", "));
				return Err(failed(reason.into()));
			},
		};
		let (bytes, mut out) = (arguments.encode(), Vec::new());
		let mut rest = &bytes[..];
		for (field, (_, input)) in fields.iter().zip(&found.inputs) {
			let (from, to) = (ours.types().at(field.id), self.types.at(*input));
			out.extend(convert_next(from, to, &mut rest, Surplus::Refuse).map_err(failed)?);
		}
		Ok(out)
	}

	/// What a method of the chain's runtime API answered.
	///
	/// Errors: [`Error::Missing`], [`Error::Decode`].
	pub fn api_answer<T: Decode + TypeInfo + 'static>(
		&self,
		api: &str,
		method: &str,
		bytes: &[u8],
	) -> Result<T, Error> {
		let (name, found) = self.method(api, method)?;
		self.decode_as(found.output, bytes)
			.map_err(|mismatch| Error::Decode {
				what: "the answer of",
				name,
				mismatch: Box::new(mismatch),
			})
	}

	fn method(&self, api: &str, method: &str) -> Result<(String, &Method), Error> {
		let name = format!("{api}_{method}");
		match self.methods.get(&(api.to_owned(), method.to_owned())) {
			Some(found) => Ok((name, found)),
			None => Err(Error::Missing {
				what: "method",
				name,
			}),
		}
	}

	/// A storage item.
	pub(crate) fn item(&self, pallet: &str, item: &str) -> Result<&StorageItem, Error> {
		let name = (pallet.to_owned(), item.to_owned());
		self.storage.get(&name).ok_or_else(|| Error::Missing {
			what: "storage item",
			name: format!("{pallet}.{item}"),
		})
	}

	/// The events of a block, from the storage item that has them: `R` is the linked runtime's record
	/// of one. Those that we do not have are left out.
	///
	/// Errors: [`Error::Decode`] where the bytes are none of the chain's type.
	pub fn events<R: Decode + TypeInfo + 'static>(&self, bytes: &[u8]) -> Result<Vec<R>, Error> {
		let item = self.item("System", "Events")?;
		let records = self.each(item.value, bytes);
		let records = records.map_err(|mismatch| Error::Decode {
			what: "storage item",
			name: "System.Events".to_owned(),
			mismatch: Box::new(mismatch),
		})?;
		Ok(records.into_iter().filter_map(Result::ok).collect())
	}

	/// What a method of the chain's runtime API answered, a list: those that are ours, and why others
	/// are not.
	///
	/// Errors: [`Error::Missing`]; [`Error::Decode`] where the bytes are none of the chain's type.
	pub fn api_answers<T: Decode + TypeInfo + 'static>(
		&self,
		api: &str,
		method: &str,
		bytes: &[u8],
	) -> Result<(Vec<T>, Vec<Mismatch>), Error> {
		let (name, found) = self.method(api, method)?;
		let items = self.each(found.output, bytes);
		let items = items.map_err(|mismatch| Error::Decode {
			what: "the answer of",
			name,
			mismatch: Box::new(mismatch),
		})?;
		let (mut ours, mut others) = (Vec::new(), Vec::new());
		for item in items {
			match item {
				Ok(item) => ours.push(item),
				Err(mismatch) => others.push(mismatch),
			}
		}
		Ok((ours, others))
	}

	/// The elements of a sequence of the chain's, each as ours if it can be.
	fn each<T: Decode + TypeInfo + 'static>(
		&self,
		list: u32,
		bytes: &[u8],
	) -> Result<Vec<Result<T, Mismatch>>, Mismatch> {
		let element = match self.types.resolve(list).map(|ty| &ty.type_def) {
			Some(TypeDef::Sequence(sequence)) => self.types.at(sequence.type_param.id),
			_ => return Err(Reason::Types.into()),
		};
		let ours = local::of::<T>();
		let mut rest = bytes;
		let len = length(&mut rest)?;
		let mut items = Vec::new();
		for _ in 0..len {
			let start = rest;
			skip(element, &mut rest)?;
			let one = start.get(..start.len().saturating_sub(rest.len()));
			let converted = convert(element, ours.at(), one.unwrap_or_default(), Surplus::Drop);
			items.push(converted.and_then(|bytes| {
				Ok(T::decode_all(&mut &bytes[..]).map_err(|_| Reason::Malformed)?)
			}));
		}
		if rest.is_empty() {
			Ok(items)
		} else {
			Err(Reason::Malformed.into())
		}
	}

	/// The name of a pallet's error, from the numbers in a dispatch error. `None` if the chain has no
	/// such error.
	pub fn module_error(&self, pallet: u8, error: [u8; 4]) -> Option<ModuleError> {
		let variant = self.variant(self.error, pallet)?;
		let mut found = ModuleError {
			pallet: variant.name.clone(),
			name: String::new(),
			docs: String::new(),
		};
		let mut at = variant.fields.first().map(|field| field.ty.id);
		// An error may carry another one: one byte each.
		for index in error {
			let Some(inner) = at.and_then(|ty| self.variant(ty, index)) else {
				break;
			};
			if !found.name.is_empty() {
				found.name.push('.');
			}
			found.name.push_str(&inner.name);
			for line in &inner.docs {
				if !found.docs.is_empty() {
					found.docs.push(' ');
				}
				found.docs.push_str(line.trim());
			}
			at = inner.fields.first().map(|field| field.ty.id);
		}
		found.docs.truncate(found.docs.trim_end().len());
		(!found.name.is_empty()).then_some(found)
	}

	/// The variant of an enumeration with this index.
	fn variant(&self, ty: u32, index: u8) -> Option<&Variant<PortableForm>> {
		match &self.types.resolve(ty)?.type_def {
			TypeDef::Variant(variants) => variants
				.variants
				.iter()
				.find(|variant| variant.index == index),
			_ => None,
		}
	}

	pub(crate) fn ty(&self, id: u32) -> TypeRef<'_> {
		self.types.at(id)
	}
}

impl From<RuntimeMetadataV15> for Metadata {
	fn from(metadata: RuntimeMetadataV15) -> Self {
		let mut storage = BTreeMap::new();
		for pallet in metadata.pallets {
			let Some(items) = pallet.storage else {
				continue;
			};
			for entry in items.entries {
				let (name, item) = item(&items.prefix, entry);
				storage.insert((pallet.name.clone(), name), item);
			}
		}
		let mut methods = BTreeMap::new();
		for api in metadata.apis {
			for method in api.methods {
				let inputs = method.inputs.into_iter();
				let found = Method {
					inputs: inputs.map(|input| (input.name, input.ty.id)).collect(),
					output: method.output.id,
				};
				methods.insert((api.name.clone(), method.name), found);
			}
		}
		let extensions = metadata.extrinsic.signed_extensions.into_iter();
		Self {
			types: Types::new(metadata.types),
			call: metadata.outer_enums.call_enum_ty.id,
			error: metadata.outer_enums.error_enum_ty.id,
			extrinsic: Extrinsic {
				formats: vec![metadata.extrinsic.version],
				address: metadata.extrinsic.address_ty.id,
				signature: metadata.extrinsic.signature_ty.id,
				extensions: extensions
					.map(|extension| Extension {
						name: extension.identifier,
						extra: extension.ty.id,
						implicit: extension.additional_signed.id,
					})
					.collect(),
			},
			methods,
			storage,
		}
	}
}

impl TryFrom<RuntimeMetadataV16> for Metadata {
	type Error = Error;

	fn try_from(metadata: RuntimeMetadataV16) -> Result<Self, Error> {
		let mut storage = BTreeMap::new();
		for pallet in metadata.pallets {
			let Some(items) = pallet.storage else {
				continue;
			};
			for entry in items.entries {
				let (name, item) = item(&items.prefix, older(entry));
				storage.insert((pallet.name.clone(), name), item);
			}
		}
		let mut methods = BTreeMap::new();
		for api in metadata.apis {
			for method in api.methods {
				let inputs = method.inputs.into_iter();
				let found = Method {
					inputs: inputs.map(|input| (input.name, input.ty.id)).collect(),
					output: method.output.id,
				};
				methods.insert((api.name.clone(), method.name), found);
			}
		}
		// Signed transactions have extensions of version 0.
		let order = metadata
			.extrinsic
			.transaction_extensions_by_version
			.get(&0)
			.ok_or_else(|| Error::Metadata("it has no extensions of version 0".to_owned()))?;
		let mut extensions = Vec::with_capacity(order.len());
		for index in order {
			let extension = metadata
				.extrinsic
				.transaction_extensions
				.get(index.0 as usize)
				.ok_or_else(|| Error::Metadata("it lacks an extension".to_owned()))?;
			extensions.push(Extension {
				name: extension.identifier.clone(),
				extra: extension.ty.id,
				implicit: extension.implicit.id,
			});
		}
		Ok(Self {
			types: Types::new(metadata.types),
			call: metadata.outer_enums.call_enum_ty.id,
			error: metadata.outer_enums.error_enum_ty.id,
			extrinsic: Extrinsic {
				formats: metadata.extrinsic.versions,
				address: metadata.extrinsic.address_ty.id,
				signature: metadata.extrinsic.signature_ty.id,
				extensions,
			},
			methods,
			storage,
		})
	}
}

/// A storage item of version 16 as one of version 15: it adds deprecations only.
fn older(entry: v16::StorageEntryMetadata<PortableForm>) -> StorageEntryMetadata<PortableForm> {
	StorageEntryMetadata {
		name: entry.name,
		modifier: entry.modifier,
		ty: entry.ty,
		default: entry.default,
		docs: entry.docs,
	}
}

fn item(prefix: &str, entry: StorageEntryMetadata<PortableForm>) -> (String, StorageItem) {
	let (key, value) = match entry.ty {
		StorageEntryType::Plain(value) => (None, value.id),
		StorageEntryType::Map {
			hashers,
			key,
			value,
		} => (Some((hashers, key.id)), value.id),
	};
	let default = match entry.modifier {
		StorageEntryModifier::Optional => None,
		StorageEntryModifier::Default => Some(entry.default),
	};
	let item = StorageItem {
		prefix: prefix.to_owned(),
		key,
		value,
		default,
	};
	(entry.name, item)
}
