//! A value's bytes of one type as bytes of another type, by names.
//!
//! | from, to | rule |
//! | --- | --- |
//! | structs, variants' fields | by name; by position where there are no names |
//! | enumerations | by the variant's name |
//! | integers, compact or not | by value |
//! | sequences, arrays, tuples | element by element; a sequence and an array do not match |
//! | a struct of one field, and something else | the field, and that |
//! | booleans, characters, texts | as they are |
//!
//! **Bounds.** A value nests at most [`MAX_DEPTH`] types. A sequence has no more elements than bytes
//! are left, so that no metadata makes a few bytes into many elements.

use codec::{Compact, Decode, Encode};
use scale_info::{
	form::PortableForm, Field, PortableRegistry, Type, TypeDef, TypeDefPrimitive, Variant,
};
use std::fmt;

/// Most types within each other.
pub const MAX_DEPTH: u32 = 64;

/// What happens to a field that the other type does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Surplus {
	/// The conversion fails, unless the field has no bytes.
	Refuse,
	/// It is left out.
	Drop,
}

/// Types that refer to each other.
#[derive(Debug)]
pub struct Types {
	registry: PortableRegistry,
	/// For each type, whether its values have no bytes. Known beforehand, so that types without
	/// bytes, however they nest, cost no time.
	empty: Vec<bool>,
}

impl Types {
	/// The types of a registry.
	pub fn new(registry: PortableRegistry) -> Self {
		let empty = without_bytes(&registry);
		Self { registry, empty }
	}

	/// The type with this identifier, if there is one.
	pub fn resolve(&self, id: u32) -> Option<&Type<PortableForm>> {
		self.registry.resolve(id)
	}

	/// A reference to the type with this identifier.
	pub fn at(&self, id: u32) -> TypeRef<'_> {
		TypeRef { types: self, id }
	}
}

/// For each type, whether its values have no bytes: all of its parts have none. One that contains itself
/// has some. Takes time in proportion to the registry, however its types nest.
fn without_bytes(registry: &PortableRegistry) -> Vec<bool> {
	// How many parts are not known to have no bytes; `None` of what always has some.
	let mut left: Vec<Option<usize>> = Vec::with_capacity(registry.types.len());
	// The types of which each is a part, as often as it is one.
	let mut users = vec![Vec::new(); registry.types.len()];
	let mut found = Vec::new();
	for (index, ty) in registry.types.iter().enumerate() {
		let parts: Vec<u32> = match &ty.ty.type_def {
			TypeDef::Composite(composite) => composite.fields.iter().map(|f| f.ty.id).collect(),
			TypeDef::Tuple(tuple) => tuple.fields.iter().map(|f| f.id).collect(),
			TypeDef::Array(array) if array.len == 0 => Vec::new(),
			TypeDef::Array(array) => vec![array.type_param.id],
			_ => {
				left.push(None);
				continue;
			},
		};
		left.push(Some(parts.len()));
		if parts.is_empty() {
			found.push(index);
		}
		for id in parts {
			// A part that is not there is never found.
			if let Some(users) = users.get_mut(id as usize) {
				users.push(index);
			}
		}
	}
	let mut empty = vec![false; registry.types.len()];
	while let Some(index) = found.pop() {
		if let Some(empty) = empty.get_mut(index) {
			*empty = true;
		}
		for user in users.get_mut(index).map(std::mem::take).unwrap_or_default() {
			if let Some(Some(left)) = left.get_mut(user) {
				*left = left.saturating_sub(1);
				if *left == 0 {
					found.push(user);
				}
			}
		}
	}
	empty
}

/// A type among others.
#[derive(Clone, Copy, Debug)]
pub struct TypeRef<'a> {
	types: &'a Types,
	id: u32,
}

/// Where and how two types differ, or bytes are not of their type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
	/// Names from the outermost value inwards.
	path: Vec<String>,
	/// What is the matter there.
	pub reason: Reason,
}

/// What is the matter with a value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reason {
	/// The other type has no variant of this name.
	#[error("the other side has no {0}")]
	NoVariant(String),
	/// The other type has no such field.
	#[error("the other side has no field {0}")]
	Surplus(String),
	/// The other type has a field that this one has not.
	#[error("the other side has a further field {0}")]
	Missing(String),
	/// The types are of different kinds.
	#[error("one side has {from}, the other {to}")]
	Kind {
		/// The value's type.
		from: String,
		/// The type wanted.
		to: String,
	},
	/// A number does not fit the other type.
	#[error("{value} does not fit {to}")]
	OutOfRange {
		/// The number.
		value: String,
		/// The type wanted.
		to: String,
	},
	/// The bytes are none of their type.
	#[error("the bytes are none of their type")]
	Malformed,
	/// The types nest too deeply, or refer to one that is not there.
	#[error("the types nest too deeply, or are incomplete")]
	Types,
}

impl fmt::Display for Mismatch {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if !self.path.is_empty() {
			write!(f, "at {}: ", self.path.join("."))?;
		}
		write!(f, "{}", self.reason)
	}
}

impl std::error::Error for Mismatch {}

impl From<Reason> for Mismatch {
	fn from(reason: Reason) -> Self {
		Self {
			path: Vec::new(),
			reason,
		}
	}
}

impl Mismatch {
	/// The same, within a part of this name.
	fn within(mut self, name: impl Into<String>) -> Self {
		self.path.insert(0, name.into());
		self
	}
}

impl<'a> TypeRef<'a> {
	fn at(self, id: u32) -> Self {
		Self { id, ..self }
	}

	fn ty(self) -> Result<&'a Type<PortableForm>, Mismatch> {
		Ok(self.types.resolve(self.id).ok_or(Reason::Types)?)
	}

	/// Whether all values are encoded as no bytes.
	pub fn is_empty(self) -> bool {
		let empty = self.types.empty.get(self.id as usize);
		empty.copied().unwrap_or(false)
	}

	/// The fields, of a struct or tuple.
	fn fields(self) -> Result<Option<Vec<Part<'a>>>, Mismatch> {
		Ok(match &self.ty()?.type_def {
			TypeDef::Composite(composite) => Some(parts(&composite.fields)),
			TypeDef::Tuple(tuple) => Some(
				tuple
					.fields
					.iter()
					.map(|field| Part {
						name: None,
						id: field.id,
					})
					.collect(),
			),
			_ => None,
		})
	}

	/// What a struct or tuple is apart from fields without bytes, if that is one field.
	fn only_field(self) -> Result<Option<Self>, Mismatch> {
		let Some(fields) = self.fields()? else {
			return Ok(None);
		};
		let mut fields = fields
			.into_iter()
			.map(|field| self.at(field.id))
			.filter(|field| !field.is_empty());
		Ok(match (fields.next(), fields.next()) {
			(Some(only), None) => Some(only),
			_ => None,
		})
	}

	/// How integers of this type are encoded, if that is what it is.
	fn integer(self) -> Result<Option<Integer>, Mismatch> {
		Ok(match &self.ty()?.type_def {
			TypeDef::Primitive(primitive) => Integer::of(primitive),
			TypeDef::Compact(compact) => {
				let mut inner = self.at(compact.type_param.id);
				for _ in 0..MAX_DEPTH {
					match inner.only_field()? {
						Some(field) => inner = field,
						None => break,
					}
				}
				match &inner.ty()?.type_def {
					TypeDef::Primitive(primitive) => Integer::of(primitive)
						.filter(|integer| !integer.signed)
						.map(|integer| Integer {
							compact: true,
							..integer
						}),
					_ => None,
				}
			},
			_ => None,
		})
	}

	/// A name for messages.
	fn describe(self) -> String {
		let Ok(ty) = self.ty() else {
			return "an unknown type".to_owned();
		};
		if let Some(name) = ty.path.segments.last() {
			return name.clone();
		}
		match &ty.type_def {
			TypeDef::Composite(_) => "a struct".to_owned(),
			TypeDef::Variant(_) => "an enumeration".to_owned(),
			TypeDef::Sequence(_) => "a sequence".to_owned(),
			TypeDef::Array(array) => format!("an array of {}", array.len),
			TypeDef::Tuple(tuple) => format!("a tuple of {}", tuple.fields.len()),
			TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
			TypeDef::Compact(_) => "a compact integer".to_owned(),
			TypeDef::BitSequence(_) => "a bit sequence".to_owned(),
		}
	}
}

/// A field: of a struct, a tuple or a variant.
struct Part<'a> {
	name: Option<&'a str>,
	id: u32,
}

impl Part<'_> {
	fn label(&self, index: usize) -> String {
		self.name.map_or_else(|| index.to_string(), str::to_owned)
	}
}

fn parts(fields: &[Field<PortableForm>]) -> Vec<Part<'_>> {
	fields
		.iter()
		.map(|field| Part {
			name: field.name.as_deref(),
			id: field.ty.id,
		})
		.collect()
}

/// An encoding of integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Integer {
	bytes: u8,
	signed: bool,
	compact: bool,
}

/// An integer of any type up to 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Number {
	Positive(u128),
	Negative(i128),
}

impl fmt::Display for Number {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Positive(value) => write!(f, "{value}"),
			Self::Negative(value) => write!(f, "{value}"),
		}
	}
}

impl Integer {
	fn of(primitive: &TypeDefPrimitive) -> Option<Self> {
		let (bytes, signed) = match primitive {
			TypeDefPrimitive::U8 => (1, false),
			TypeDefPrimitive::U16 => (2, false),
			TypeDefPrimitive::U32 => (4, false),
			TypeDefPrimitive::U64 => (8, false),
			TypeDefPrimitive::U128 => (16, false),
			TypeDefPrimitive::I8 => (1, true),
			TypeDefPrimitive::I16 => (2, true),
			TypeDefPrimitive::I32 => (4, true),
			TypeDefPrimitive::I64 => (8, true),
			TypeDefPrimitive::I128 => (16, true),
			_ => return None,
		};
		Some(Self {
			bytes,
			signed,
			compact: false,
		})
	}

	fn read(self, input: &mut &[u8]) -> Result<Number, Mismatch> {
		if self.compact {
			let value = Compact::<u128>::decode(input).map_err(|_| Reason::Malformed)?;
			return Ok(Number::Positive(value.0));
		}
		let taken = take(input, usize::from(self.bytes))?;
		let mut bytes = [0u8; 16];
		let is_negative = self.signed && taken.last().is_some_and(|byte| byte & 0x80 != 0);
		if is_negative {
			bytes = [0xff; 16];
		}
		for (to, from) in bytes.iter_mut().zip(taken) {
			*to = *from;
		}
		Ok(if is_negative {
			Number::Negative(i128::from_le_bytes(bytes))
		} else {
			Number::Positive(u128::from_le_bytes(bytes))
		})
	}

	/// Appends the number's bytes; `None` if it does not fit.
	fn write(self, number: Number, out: &mut Vec<u8>) -> Option<()> {
		let bits = u32::from(self.bytes).saturating_mul(8);
		// Bits for the magnitude.
		let room = if self.signed { bits - 1 } else { bits };
		let bytes = match number {
			Number::Positive(value) => {
				if room < 128 && value >> room != 0 {
					return None;
				}
				value.to_le_bytes()
			},
			Number::Negative(value) => {
				if !self.signed || value >> room != -1 {
					return None;
				}
				value.to_le_bytes()
			},
		};
		if self.compact {
			Compact(u128::from_le_bytes(bytes)).encode_to(out);
		} else {
			out.extend(bytes.iter().take(usize::from(self.bytes)));
		}
		Some(())
	}
}

/// The next `len` bytes.
fn take<'b>(input: &mut &'b [u8], len: usize) -> Result<&'b [u8], Mismatch> {
	let (taken, rest) = input.split_at_checked(len).ok_or(Reason::Malformed)?;
	*input = rest;
	Ok(taken)
}

/// The length of a sequence, which no bytes make longer than they are.
pub(crate) fn length(input: &mut &[u8]) -> Result<usize, Mismatch> {
	let Compact(len) = Compact::<u32>::decode(input).map_err(|_| Reason::Malformed)?;
	match usize::try_from(len) {
		Ok(len) if len <= input.len() => Ok(len),
		_ => Err(Reason::Malformed.into()),
	}
}

/// The variant that comes next.
fn variant<'a>(
	variants: &'a [Variant<PortableForm>],
	input: &mut &[u8],
) -> Result<&'a Variant<PortableForm>, Mismatch> {
	let index = take(input, 1)?.first().copied();
	let found = variants.iter().find(|variant| Some(variant.index) == index);
	Ok(found.ok_or(Reason::Malformed)?)
}

/// Converts all of `bytes`, a value of `from`, to a value of `to`.
pub fn convert(
	from: TypeRef<'_>,
	to: TypeRef<'_>,
	bytes: &[u8],
	surplus: Surplus,
) -> Result<Vec<u8>, Mismatch> {
	let mut input = bytes;
	let out = convert_next(from, to, &mut input, surplus)?;
	if input.is_empty() {
		Ok(out)
	} else {
		Err(Reason::Malformed.into())
	}
}

/// Converts the value of `from` that `input` starts with, and moves past it.
pub fn convert_next(
	from: TypeRef<'_>,
	to: TypeRef<'_>,
	input: &mut &[u8],
	surplus: Surplus,
) -> Result<Vec<u8>, Mismatch> {
	let mut out = Vec::with_capacity(input.len().min(1 << 20));
	let conversion = Conversion { surplus };
	conversion.value(from, to, input, &mut out, MAX_DEPTH)?;
	Ok(out)
}

/// Moves past the value of type `ty` that `input` starts with.
pub fn skip(ty: TypeRef<'_>, input: &mut &[u8]) -> Result<(), Mismatch> {
	skip_within(ty, input, MAX_DEPTH)
}

fn skip_within(ty: TypeRef<'_>, input: &mut &[u8], depth: u32) -> Result<(), Mismatch> {
	let depth = depth.checked_sub(1).ok_or(Reason::Types)?;
	if ty.is_empty() {
		return Ok(());
	}
	if let Some(integer) = ty.integer()? {
		return integer.read(input).map(drop);
	}
	let elements = |len: usize, id: u32, input: &mut &[u8]| {
		(0..len).try_for_each(|_| skip_within(ty.at(id), input, depth))
	};
	match &ty.ty()?.type_def {
		TypeDef::Composite(_) | TypeDef::Tuple(_) => {
			for field in ty.fields()?.unwrap_or_default() {
				skip_within(ty.at(field.id), input, depth)?;
			}
		},
		TypeDef::Variant(variants) => {
			for field in &variant(&variants.variants, input)?.fields {
				skip_within(ty.at(field.ty.id), input, depth)?;
			}
		},
		TypeDef::Sequence(sequence) => {
			let len = length(input)?;
			elements(len, sequence.type_param.id, input)?;
		},
		TypeDef::Array(array) => {
			let len = usize::try_from(array.len).map_err(|_| Reason::Types)?;
			if len > input.len() {
				return Err(Reason::Malformed.into());
			}
			elements(len, array.type_param.id, input)?;
		},
		TypeDef::Primitive(primitive) => {
			let size = fixed_size(primitive, input)?;
			take(input, size)?;
		},
		TypeDef::Compact(_) | TypeDef::BitSequence(_) => {
			return Err(Reason::Kind {
				from: ty.describe(),
				to: "a type that is known here".to_owned(),
			}
			.into())
		},
	}
	Ok(())
}

/// Bytes of a value that is no integer of up to 128 bits; a text's length is read off.
fn fixed_size(primitive: &TypeDefPrimitive, input: &mut &[u8]) -> Result<usize, Mismatch> {
	Ok(match primitive {
		TypeDefPrimitive::Bool => 1,
		TypeDefPrimitive::Char => 4,
		TypeDefPrimitive::Str => length(input)?,
		_ => 32,
	})
}

struct Conversion {
	surplus: Surplus,
}

impl Conversion {
	fn value(
		&self,
		from: TypeRef<'_>,
		to: TypeRef<'_>,
		input: &mut &[u8],
		out: &mut Vec<u8>,
		depth: u32,
	) -> Result<(), Mismatch> {
		let depth = depth.checked_sub(1).ok_or(Reason::Types)?;
		if from.is_empty() && to.is_empty() {
			return Ok(());
		}
		if let (Some(read), Some(write)) = (from.integer()?, to.integer()?) {
			let number = read.read(input)?;
			return write.write(number, out).ok_or_else(|| {
				Reason::OutOfRange {
					value: number.to_string(),
					to: to.describe(),
				}
				.into()
			});
		}
		let different = || {
			Mismatch::from(Reason::Kind {
				from: from.describe(),
				to: to.describe(),
			})
		};
		match (&from.ty()?.type_def, &to.ty()?.type_def) {
			(TypeDef::Primitive(a), TypeDef::Primitive(b)) if a == b => {
				let start = *input;
				let size = fixed_size(a, input)?;
				take(input, size)?;
				// A text's length, too.
				let all = start.len().saturating_sub(input.len());
				out.extend(start.iter().take(all));
				Ok(())
			},
			(TypeDef::Sequence(a), TypeDef::Sequence(b)) => {
				let len = length(input)?;
				Compact(len as u32).encode_to(out);
				let types = (from.at(a.type_param.id), to.at(b.type_param.id));
				self.elements(len, types, input, out, depth)
			},
			(TypeDef::Array(a), TypeDef::Array(b)) if a.len == b.len => {
				let types = (from.at(a.type_param.id), to.at(b.type_param.id));
				let len = usize::try_from(a.len).map_err(|_| Reason::Types)?;
				if len > input.len() {
					return Err(Reason::Malformed.into());
				}
				self.elements(len, types, input, out, depth)
			},
			(TypeDef::Variant(a), TypeDef::Variant(b)) => {
				let chosen = variant(&a.variants, input)?;
				let same = b.variants.iter().find(|other| other.name == chosen.name);
				let same = same.ok_or_else(|| Reason::NoVariant(chosen.name.clone()))?;
				same.index.encode_to(out);
				let (from_parts, to_parts) = (parts(&chosen.fields), parts(&same.fields));
				self.fields(
					(from, &from_parts[..]),
					(to, &to_parts[..]),
					input,
					out,
					depth,
				)
				.map_err(|mismatch| mismatch.within(&*chosen.name))
			},
			_ => match (from.fields()?, to.fields()?) {
				(Some(from_parts), Some(to_parts)) => {
					// One field each, whatever their names: a wrapper that was renamed.
					if let (Some(a), Some(b)) = (from.only_field()?, to.only_field()?) {
						return self.value(a, b, input, out, depth);
					}
					self.fields(
						(from, &from_parts[..]),
						(to, &to_parts[..]),
						input,
						out,
						depth,
					)
				},
				(Some(_), None) => match from.only_field()? {
					Some(only) => self.value(only, to, input, out, depth),
					None => Err(different()),
				},
				(None, Some(_)) => match to.only_field()? {
					Some(only) => self.value(from, only, input, out, depth),
					None => Err(different()),
				},
				(None, None) => Err(different()),
			},
		}
	}

	fn elements(
		&self,
		len: usize,
		(from, to): (TypeRef<'_>, TypeRef<'_>),
		input: &mut &[u8],
		out: &mut Vec<u8>,
		depth: u32,
	) -> Result<(), Mismatch> {
		// The common case, and the long one: bytes of proofs, values of tensors.
		if let (Some(a), Some(b)) = (from.integer()?, to.integer()?) {
			if a == b && !a.compact {
				let bytes = len
					.checked_mul(usize::from(a.bytes))
					.ok_or(Reason::Malformed)?;
				out.extend(take(input, bytes)?);
				return Ok(());
			}
		}
		for index in 0..len {
			self.value(from, to, input, out, depth)
				.map_err(|mismatch| mismatch.within(index.to_string()))?;
		}
		Ok(())
	}

	/// Converts fields in the order of `from`, and writes them in the order of `to`.
	fn fields(
		&self,
		(from, from_parts): (TypeRef<'_>, &[Part<'_>]),
		(to, to_parts): (TypeRef<'_>, &[Part<'_>]),
		input: &mut &[u8],
		out: &mut Vec<u8>,
		depth: u32,
	) -> Result<(), Mismatch> {
		let mut converted: Vec<Option<Vec<u8>>> = to_parts.iter().map(|_| None).collect();
		for (index, part) in from_parts.iter().enumerate() {
			let place = match part.name {
				Some(name) => to_parts.iter().position(|other| other.name == Some(name)),
				None => Some(index),
			};
			let other = place.and_then(|place| Some((place, to_parts.get(place)?)));
			let other = other.filter(|(_, other)| other.name == part.name);
			let Some((place, other)) = other else {
				let before = input.len();
				skip_within(from.at(part.id), input, depth)?;
				if self.surplus == Surplus::Refuse && input.len() != before {
					return Err(Reason::Surplus(part.label(index)).into());
				}
				continue;
			};
			let mut bytes = Vec::new();
			self.value(from.at(part.id), to.at(other.id), input, &mut bytes, depth)
				.map_err(|mismatch| mismatch.within(part.label(index)))?;
			if let Some(slot) = converted.get_mut(place) {
				*slot = Some(bytes);
			}
		}
		for (index, (bytes, part)) in converted.into_iter().zip(to_parts).enumerate() {
			match bytes {
				Some(bytes) => out.extend(bytes),
				None if to.at(part.id).is_empty() => {},
				None => return Err(Reason::Missing(part.label(index)).into()),
			}
		}
		Ok(())
	}
}
