//! The plan's encoding. [`decode`] checks counts, scalars, points and tags; the rest is checked
//! by [`Plan::from_parts`](super::Plan).

use super::{
	expression::Instruction, AccumulatorLayout, ColumnKind, Lookup, LookupArgument, Parts,
	PermutationColumn, PlanError, Query, TranscriptKind,
};
use crate::{
	encoding::{
		point_from_bytes, point_from_bytes_on_curve, point_to_bytes, scalar_from_bytes,
		scalar_to_bytes, BadPoint, POINT_BYTES, SCALAR_BYTES,
	},
	limits, Scalar,
};
use alloc::vec::Vec;
use codec::{Compact, Encode};
use inference_bn254::G1Affine;

/// The versions of the encoding that can be decoded, oldest first: the only list of them.
///
/// Plans on chain keep the bytes that they were registered with, because the key's hash and every
/// transcript are made from them. So a version stays here as long as a chain may hold a key of it.
/// New plans are written in the newest version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PlanVersion {
	/// One instance column, BLAKE2b transcripts, permuted lookups of one input, no accumulator, no
	/// kept values.
	V1,
	/// What the documentation of [`plan`](super) describes.
	V2,
}

impl PlanVersion {
	/// All of them, oldest first.
	pub const ALL: [Self; 2] = [Self::V1, Self::V2];
	/// The one that new plans are written in.
	pub const NEWEST: Self = Self::V2;

	/// The encoding's first byte.
	pub const fn number(self) -> u8 {
		match self {
			Self::V1 => 1,
			Self::V2 => 2,
		}
	}

	/// The version with this number, if it can be decoded.
	pub fn from_number(number: u8) -> Option<Self> {
		Self::ALL
			.into_iter()
			.find(|version| version.number() == number)
	}
}

/// Where bytes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
	/// From anywhere.
	Untrusted,
	/// They were decoded before: their points are on the curve.
	Trusted,
}

/// Encodes a plan's parts. Version 1 has no room for what it cannot state: its parts come from
/// [`decode`].
pub(super) fn encode(version: PlanVersion, parts: &Parts) -> Vec<u8> {
	let mut out = Vec::new();
	version.number().encode_to(&mut out);
	if version >= PlanVersion::V2 {
		let transcript = match parts.transcript {
			TranscriptKind::Blake2b => 0u8,
			TranscriptKind::KeccakEvm => 1,
		};
		transcript.encode_to(&mut out);
	}
	parts.k.encode_to(&mut out);
	parts.degree.encode_to(&mut out);
	match version {
		PlanVersion::V1 => parts.num_public_inputs().encode_to(&mut out),
		PlanVersion::V2 => {
			parts.instance_columns.encode_to(&mut out);
			let accumulator = parts.accumulator.map(|a| (a.offset, a.limbs, a.bits));
			accumulator.encode_to(&mut out);
		},
	}
	scalar_to_bytes(&parts.transcript_repr).encode_to(&mut out);
	parts.advice_phases.encode_to(&mut out);
	parts.challenge_phases.encode_to(&mut out);
	let query = |q: &Query, out: &mut Vec<u8>| (q.column, q.rotation).encode_to(out);
	list(&parts.advice_queries, &mut out, query);
	match version {
		PlanVersion::V1 => list(&parts.instance_queries, &mut out, |query, out| {
			query.rotation.encode_to(out)
		}),
		PlanVersion::V2 => list(&parts.instance_queries, &mut out, query),
	}
	list(&parts.fixed_queries, &mut out, query);
	list(&parts.fixed_commitments, &mut out, |p, out| {
		point_to_bytes(p).encode_to(out)
	});
	list(&parts.permutation, &mut out, |column, out| {
		let kind = match column.kind {
			ColumnKind::Advice => 0u8,
			ColumnKind::Fixed => 1,
			ColumnKind::Instance => 2,
		};
		(kind, column.index, point_to_bytes(&column.commitment)).encode_to(out);
	});
	list(&parts.constants, &mut out, |c, out| {
		scalar_to_bytes(c).encode_to(out)
	});
	parts.gates.encode_to(&mut out);
	match version {
		PlanVersion::V1 => list(&parts.lookups, &mut out, |lookup, out| {
			lookup.width.encode_to(out)
		}),
		PlanVersion::V2 => {
			let argument = match parts.lookup_argument {
				LookupArgument::Permuted => 0u8,
				LookupArgument::LogDerivative => 1,
			};
			argument.encode_to(&mut out);
			list(&parts.lookups, &mut out, |lookup, out| {
				(lookup.inputs, lookup.width).encode_to(out)
			});
		},
	}
	list(
		&parts.program,
		&mut out,
		|instruction, out| match instruction {
			Instruction::Constant(i) => (0u8, i).encode_to(out),
			Instruction::Advice(i) => (1u8, i).encode_to(out),
			Instruction::Fixed(i) => (2u8, i).encode_to(out),
			Instruction::Instance(i) => (3u8, i).encode_to(out),
			Instruction::Challenge(i) => (4u8, i).encode_to(out),
			Instruction::Add => 5u8.encode_to(out),
			Instruction::Multiply => 6u8.encode_to(out),
			Instruction::Negate => 7u8.encode_to(out),
			Instruction::Scale(i) => (8u8, i).encode_to(out),
			Instruction::Output => 9u8.encode_to(out),
			Instruction::Keep => 10u8.encode_to(out),
			Instruction::Local(i) => (11u8, i).encode_to(out),
		},
	);
	out
}

/// Encodes a list as SCALE encodes a `Vec`.
fn list<T>(items: &[T], out: &mut Vec<u8>, mut encode: impl FnMut(&T, &mut Vec<u8>)) {
	Compact(super::count(items.len())).encode_to(out);
	for item in items {
		encode(item, out);
	}
}

/// Decodes a plan's parts, of any version.
pub(super) fn decode(bytes: &[u8], source: Source) -> Result<(PlanVersion, Parts), PlanError> {
	let mut reader = Reader {
		bytes,
		offset: 0,
		source,
	};
	let number = reader.byte()?;
	let version = PlanVersion::from_number(number).ok_or(PlanError::Version {
		expected: super::PLAN_VERSION,
		got: number,
	})?;
	let parts = match version {
		PlanVersion::V1 => reader.version_1()?,
		PlanVersion::V2 => reader.version_2()?,
	};
	match reader.rest().len() {
		0 => Ok((version, parts)),
		bytes => Err(PlanError::Trailing { bytes }),
	}
}

/// The greatest tag of an instruction that version 1 has; later ones keep values.
const LAST_TAG_OF_VERSION_1: u8 = 9;

/// Reads values off bytes.
struct Reader<'a> {
	bytes: &'a [u8],
	offset: usize,
	source: Source,
}

impl<'a> Reader<'a> {
	/// What follows the version in version 1.
	fn version_1(&mut self) -> Result<Parts, PlanError> {
		Ok(Parts {
			transcript: TranscriptKind::Blake2b,
			k: self.byte()?,
			degree: self.byte()?,
			instance_columns: Vec::from([self.long()?]),
			accumulator: None,
			transcript_repr: self.scalar()?,
			advice_phases: self.list("advice columns", limits::MAX_COLUMNS, Reader::byte)?,
			challenge_phases: self.list("challenges", limits::MAX_CHALLENGES, Reader::byte)?,
			advice_queries: self.list("advice queries", limits::MAX_QUERIES, Reader::query)?,
			instance_queries: self.list(
				"instance queries",
				limits::MAX_INSTANCE_QUERIES,
				|reader| {
					Ok(Query {
						column: 0,
						rotation: reader.rotation()?,
					})
				},
			)?,
			fixed_queries: self.list("fixed queries", limits::MAX_QUERIES, Reader::query)?,
			fixed_commitments: self.list("fixed columns", limits::MAX_COLUMNS, Reader::point)?,
			permutation: self.list(
				"permutation columns",
				limits::MAX_COLUMNS,
				Reader::permutation_column,
			)?,
			constants: self.list("constants", limits::MAX_CONSTANTS, Reader::scalar)?,
			gates: self.long()?,
			lookup_argument: LookupArgument::Permuted,
			lookups: self.list("lookups", limits::MAX_LOOKUPS, |reader| {
				Ok(Lookup {
					inputs: 1,
					width: reader.byte()?,
				})
			})?,
			program: self.list(
				"instructions",
				limits::MAX_INSTRUCTIONS,
				|reader| match reader.rest().first() {
					Some(&got) if got > LAST_TAG_OF_VERSION_1 => Err(PlanError::UnknownTag {
						offset: reader.offset,
						got,
					}),
					_ => reader.instruction(),
				},
			)?,
		})
	}

	/// What follows the version in version 2.
	fn version_2(&mut self) -> Result<Parts, PlanError> {
		Ok(Parts {
			transcript: match self.tag()? {
				(_, 0) => TranscriptKind::Blake2b,
				(_, 1) => TranscriptKind::KeccakEvm,
				(offset, got) => return Err(PlanError::UnknownTag { offset, got }),
			},
			k: self.byte()?,
			degree: self.byte()?,
			instance_columns: self.list(
				"instance columns",
				limits::MAX_INSTANCE_COLUMNS,
				Reader::long,
			)?,
			accumulator: match self.tag()? {
				(_, 0) => None,
				(_, 1) => Some(AccumulatorLayout {
					offset: self.long()?,
					limbs: self.byte()?,
					bits: self.byte()?,
				}),
				(offset, got) => return Err(PlanError::UnknownTag { offset, got }),
			},
			transcript_repr: self.scalar()?,
			advice_phases: self.list("advice columns", limits::MAX_COLUMNS, Reader::byte)?,
			challenge_phases: self.list("challenges", limits::MAX_CHALLENGES, Reader::byte)?,
			advice_queries: self.list("advice queries", limits::MAX_QUERIES, Reader::query)?,
			instance_queries: self.list(
				"instance queries",
				limits::MAX_INSTANCE_QUERIES,
				Reader::query,
			)?,
			fixed_queries: self.list("fixed queries", limits::MAX_QUERIES, Reader::query)?,
			fixed_commitments: self.list("fixed columns", limits::MAX_COLUMNS, Reader::point)?,
			permutation: self.list(
				"permutation columns",
				limits::MAX_COLUMNS,
				Reader::permutation_column,
			)?,
			constants: self.list("constants", limits::MAX_CONSTANTS, Reader::scalar)?,
			gates: self.long()?,
			lookup_argument: match self.tag()? {
				(_, 0) => LookupArgument::Permuted,
				(_, 1) => LookupArgument::LogDerivative,
				(offset, got) => return Err(PlanError::UnknownTag { offset, got }),
			},
			lookups: self.list("lookups", limits::MAX_LOOKUPS, |reader| {
				Ok(Lookup {
					inputs: reader.byte()?,
					width: reader.byte()?,
				})
			})?,
			program: self.list(
				"instructions",
				limits::MAX_INSTRUCTIONS,
				Reader::instruction,
			)?,
		})
	}

	/// What is left.
	fn rest(&self) -> &'a [u8] {
		self.bytes.get(self.offset..).unwrap_or_default()
	}

	/// The next `N` bytes.
	fn take<const N: usize>(&mut self) -> Result<[u8; N], PlanError> {
		let truncated = PlanError::Truncated {
			offset: self.offset,
		};
		let bytes = self.rest().first_chunk::<N>().ok_or(truncated)?;
		self.offset = self.offset.saturating_add(N);
		Ok(*bytes)
	}

	fn byte(&mut self) -> Result<u8, PlanError> {
		let [byte] = self.take()?;
		Ok(byte)
	}

	/// A byte that chooses among variants, with its offset.
	fn tag(&mut self) -> Result<(usize, u8), PlanError> {
		Ok((self.offset, self.byte()?))
	}

	fn long(&mut self) -> Result<u32, PlanError> {
		Ok(u32::from_le_bytes(self.take()?))
	}

	fn short(&mut self) -> Result<u16, PlanError> {
		Ok(u16::from_le_bytes(self.take()?))
	}

	fn rotation(&mut self) -> Result<i16, PlanError> {
		Ok(i16::from_le_bytes(self.take()?))
	}

	fn query(&mut self) -> Result<Query, PlanError> {
		Ok(Query {
			column: self.short()?,
			rotation: self.rotation()?,
		})
	}

	fn scalar(&mut self) -> Result<Scalar, PlanError> {
		let offset = self.offset;
		let bytes = self.take::<SCALAR_BYTES>()?;
		scalar_from_bytes(&bytes).ok_or(PlanError::NonCanonicalScalar { offset })
	}

	fn point(&mut self) -> Result<G1Affine, PlanError> {
		let offset = self.offset;
		let bytes = self.take::<POINT_BYTES>()?;
		let point = match self.source {
			Source::Untrusted => point_from_bytes(&bytes),
			Source::Trusted => point_from_bytes_on_curve(&bytes),
		};
		point.map_err(|error| match error {
			BadPoint::NonCanonical => PlanError::NonCanonicalPoint { offset },
			BadPoint::OffCurve => PlanError::OffCurve { offset },
		})
	}

	fn permutation_column(&mut self) -> Result<PermutationColumn, PlanError> {
		let offset = self.offset;
		let kind = match self.byte()? {
			0 => ColumnKind::Advice,
			1 => ColumnKind::Fixed,
			2 => ColumnKind::Instance,
			got => return Err(PlanError::UnknownTag { offset, got }),
		};
		Ok(PermutationColumn {
			kind,
			index: self.short()?,
			commitment: self.point()?,
		})
	}

	fn instruction(&mut self) -> Result<Instruction, PlanError> {
		let offset = self.offset;
		Ok(match self.byte()? {
			0 => Instruction::Constant(self.short()?),
			1 => Instruction::Advice(self.short()?),
			2 => Instruction::Fixed(self.short()?),
			3 => Instruction::Instance(self.short()?),
			4 => Instruction::Challenge(self.short()?),
			5 => Instruction::Add,
			6 => Instruction::Multiply,
			7 => Instruction::Negate,
			8 => Instruction::Scale(self.short()?),
			9 => Instruction::Output,
			10 => Instruction::Keep,
			11 => Instruction::Local(self.short()?),
			got => return Err(PlanError::UnknownTag { offset, got }),
		})
	}

	/// A SCALE compact integer of up to four bytes, in its shortest form.
	fn length(&mut self) -> Result<u32, PlanError> {
		let offset = self.offset;
		let mode = self.rest().first().ok_or(PlanError::Truncated { offset })? & 3;
		let (value, least) = match mode {
			0 => (u32::from(self.byte()?), 0),
			1 => (u32::from(self.short()?), 1 << 6),
			2 => (u32::from_le_bytes(self.take()?), 1 << 14),
			// Four bytes follow or more: over every limit if in shortest form.
			_ => (u32::MAX, 0),
		};
		let value = if mode == 3 { value } else { value >> 2 };
		if value < least {
			return Err(PlanError::NonCanonicalLength { offset });
		}
		Ok(value)
	}

	/// A list of at most `limit` items. Refuses a larger count before it allocates, and reserves
	/// no more than the remaining bytes could fill.
	fn list<T>(
		&mut self,
		what: &'static str,
		limit: u32,
		mut item: impl FnMut(&mut Self) -> Result<T, PlanError>,
	) -> Result<Vec<T>, PlanError> {
		let got = self.length()?;
		if got > limit {
			return Err(PlanError::TooMany { what, limit, got });
		}
		let mut items = Vec::with_capacity(super::limit_usize(got).min(self.rest().len()));
		for _ in 0..got {
			items.push(item(self)?);
		}
		Ok(items)
	}
}
