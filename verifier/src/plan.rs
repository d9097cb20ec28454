//! The plan: a verifying key as typed, bounded data.
//!
//! **Encoding** (SCALE; version 2), field after field:
//!
//! | field | type |
//! | --- | --- |
//! | version | `u8` = 2 |
//! | transcript: 0 BLAKE2b, 1 Keccak as EZKL's EVM verifier has it | `u8` |
//! | k: binary logarithm of the number of rows | `u8` |
//! | degree of the constraint system | `u8` |
//! | values in each instance column | `Vec<u32>` |
//! | KZG accumulator among the public inputs | `Option<(u32 offset, u8 limbs, u8 bits)>` |
//! | halo2's digest of the key (its `transcript_repr`), or a model's [`Plan::binding`] | `[u8; 32]`, a scalar |
//! | phase of each advice column | `Vec<u8>` |
//! | phase of each challenge | `Vec<u8>` |
//! | advice queries, in halo2's order | `Vec<(u16 column, i16 rotation)>` |
//! | instance queries | `Vec<(u16 column, i16 rotation)>` |
//! | fixed queries | `Vec<(u16 column, i16 rotation)>` |
//! | commitments of fixed columns | `Vec<[u8; 64]>`, points |
//! | columns of the permutation, each with its commitment | `Vec<(u8 kind, u16 column, [u8; 64])>` |
//! | constants | `Vec<[u8; 32]>`, scalars |
//! | number of the gates' constraints | `u32` |
//! | lookup argument: 0 permuted, 1 logarithmic derivative | `u8` |
//! | inputs and width of each lookup | `Vec<(u8, u8)>` |
//! | program | `Vec<Instruction>` ([`expression`]) |
//!
//! Version 1 had one instance column, so a `u32` for its values and no column in its queries; no
//! transcript and no accumulator; a `u8` width for each lookup, which had one input and was
//! permuted; no instructions that keep values. Plans of it are still decoded ([`PlanVersion`]).
//!
//! Kinds of columns are 0 advice, 1 fixed, 2 instance. The program outputs the gates' constraints,
//! then for each lookup its inputs, one after the other, then its table's columns; each input and
//! the table are as many outputs as the lookup is wide.
//!
//! **Derived, never stated:** the domain's generator, blinding factors (from the advice queries, as
//! halo2 does), permutation chunks, the proof's length ([`layout`]), which commitments are opened
//! at which points ([`opening`]).

pub mod expression;
pub mod layout;
pub mod opening;
#[cfg(test)]
mod tests;
mod wire;

use crate::{
	domain::{Domain, TWO_ADICITY},
	encoding::scalar_to_bytes,
	limits,
	transcript::{plan_digest, DIGEST_BYTES},
	Scalar,
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::fmt;
use expression::Instruction;
pub use inference_bn254::G1Affine;
use inference_primitives::CircuitShape;
use layout::Layout;
use opening::Openings;
pub use wire::PlanVersion;

/// Version of the encoding of new plans. [`PlanVersion`] lists all that can be decoded.
pub const PLAN_VERSION: u8 = PlanVersion::NEWEST.number();

/// How challenges are drawn, and how proofs are encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TranscriptKind {
	/// Ours: BLAKE2b over the digest of the whole plan; little-endian proofs.
	Blake2b,
	/// EZKL's for the EVM: Keccak-256 over halo2's digest of the key; big-endian proofs.
	KeccakEvm,
}

/// The lookup argument of a constraint system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LookupArgument {
	/// Permuted inputs and tables (halo2; <https://eprint.iacr.org/2020/315>, plookup's successor
	/// in the halo2 book).
	Permuted,
	/// Logarithmic derivatives, several inputs per table
	/// (<https://eprint.iacr.org/2022/1530>, EZKL's "mv-lookup").
	LogDerivative,
}

/// One lookup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lookup {
	/// Tuples that are looked up in each row; one with [`LookupArgument::Permuted`].
	pub inputs: u8,
	/// Expressions in a tuple, and columns of the table.
	pub width: u8,
}

/// Where the public inputs hold a deferred KZG check: four coordinates (left x, left y, right x,
/// right y), each as limbs, the least significant first. Verification adds
/// `e(left, G2) = e(right, [s]G2)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccumulatorLayout {
	/// Index of the first limb among the public inputs.
	pub offset: u32,
	/// Limbs of a coordinate.
	pub limbs: u8,
	/// Bits of a limb.
	pub bits: u8,
}

/// A kind of column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ColumnKind {
	/// The prover's witness.
	Advice,
	/// Part of the key: constants, weights, selectors, tables.
	Fixed,
	/// The public inputs.
	Instance,
}

/// A column, read `rotation` rows after the current one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Query {
	/// Index of the column among its kind.
	pub column: u16,
	/// Rows after the current one; negative is before.
	pub rotation: i16,
}

/// A column that takes part in the permutation argument (copy constraints).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PermutationColumn {
	/// Its kind.
	pub kind: ColumnKind,
	/// Its index among its kind.
	pub index: u16,
	/// Commitment of its permutation polynomial.
	pub commitment: G1Affine,
}

/// What a plan states, unchecked; the rest follows. The module's documentation has the encoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
	/// How challenges are drawn and proofs encoded.
	pub transcript: TranscriptKind,
	/// Binary logarithm of the number of rows.
	pub k: u8,
	/// Degree of the constraint system.
	pub degree: u8,
	/// Values in each instance column.
	pub instance_columns: Vec<u32>,
	/// The deferred check among the public inputs.
	pub accumulator: Option<AccumulatorLayout>,
	/// halo2's digest of the key; for models' keys, which halo2 did not make, the binding to tensors and
	/// circuit ([`Plan::binding`]). Our transcript binds the whole plan besides.
	pub transcript_repr: Scalar,
	/// Phase of each advice column.
	pub advice_phases: Vec<u8>,
	/// Phase of each challenge.
	pub challenge_phases: Vec<u8>,
	/// Advice queries: proofs evaluate each.
	pub advice_queries: Vec<Query>,
	/// Instance queries: verifiers evaluate each.
	pub instance_queries: Vec<Query>,
	/// Fixed queries: proofs evaluate each.
	pub fixed_queries: Vec<Query>,
	/// Commitments of the fixed columns.
	pub fixed_commitments: Vec<G1Affine>,
	/// Columns of the permutation argument.
	pub permutation: Vec<PermutationColumn>,
	/// Constants of the program.
	pub constants: Vec<Scalar>,
	/// Number of the gates' constraints.
	pub gates: u32,
	/// The lookup argument.
	pub lookup_argument: LookupArgument,
	/// The lookups.
	pub lookups: Vec<Lookup>,
	/// Gates, then each lookup's inputs and table.
	pub program: Vec<Instruction>,
}

impl Parts {
	/// Values in all instance columns; saturates.
	pub(crate) fn num_public_inputs(&self) -> u32 {
		let columns = self.instance_columns.iter();
		columns.fold(0, |sum: u32, values| sum.saturating_add(*values))
	}
}

/// A validated verifying key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
	/// How it is encoded, which its digest and its key's hash depend on.
	version: PlanVersion,
	parts: Parts,
	domain: Domain,
	blinding_factors: u32,
	/// For each permutation column, its query at the current row.
	permutation_queries: Vec<expression::ColumnQuery>,
	layout: Layout,
	openings: Openings,
	digest: [u8; DIGEST_BYTES],
}

/// How much work [`verify`](crate::verify) does under a plan: what weights are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerificationWork {
	/// Field elements of the instance column, each hashed.
	pub public_inputs: u32,
	/// Points of the one multi-scalar multiplication.
	pub msm_points: u32,
	/// Points in the proof, each checked to be on the curve and hashed.
	pub proof_points: u32,
	/// Field elements in the proof, each hashed.
	pub evaluations: u32,
	/// Instructions of the expression program, each at most one field multiplication.
	pub operations: u32,
	/// Upper bound of field multiplications elsewhere: Lagrange polynomials, public inputs,
	/// permutation and lookup arguments, interpolation.
	pub products: u32,
	/// Pairings, of one product.
	pub pairings: u32,
}

/// Bytes, or a key, that are no valid plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlanError {
	/// More bytes than a plan may have.
	TooLong {
		/// [`limits::MAX_PLAN_BYTES`].
		limit: u32,
		/// Bytes given.
		got: usize,
	},
	/// An encoding of another version.
	Version {
		/// [`PLAN_VERSION`], the newest; [`PlanVersion`] has the others.
		expected: u8,
		/// Version given.
		got: u8,
	},
	/// The bytes end within a value.
	Truncated {
		/// Where that value starts.
		offset: usize,
	},
	/// Bytes follow the plan.
	Trailing {
		/// How many.
		bytes: usize,
	},
	/// A length is not in SCALE's shortest form.
	NonCanonicalLength {
		/// Where it starts.
		offset: usize,
	},
	/// A scalar is not below the field's modulus.
	NonCanonicalScalar {
		/// Where it starts.
		offset: usize,
	},
	/// A point's coordinate is not below the base field's modulus.
	NonCanonicalPoint {
		/// Where it starts.
		offset: usize,
	},
	/// A point is not on the curve.
	OffCurve {
		/// Where it starts.
		offset: usize,
	},
	/// An unknown kind of column or instruction.
	UnknownTag {
		/// Where it stands.
		offset: usize,
		/// The tag.
		got: u8,
	},
	/// The plan encodes to other bytes than it was decoded from.
	NonCanonical,
	/// More of something than allowed.
	TooMany {
		/// Of what.
		what: &'static str,
		/// How many are allowed.
		limit: u32,
		/// How many there are.
		got: u32,
	},
	/// A number outside its range.
	OutOfRange {
		/// Which number.
		what: &'static str,
		/// Least allowed.
		min: i64,
		/// Greatest allowed.
		max: i64,
		/// Its value.
		got: i64,
	},
	/// Something that must be unique occurs twice.
	Duplicate {
		/// What.
		what: &'static str,
		/// Index of the second occurrence.
		index: usize,
	},
	/// A column of the permutation argument is not queried at the current row.
	UnqueriedPermutationColumn {
		/// Index within the permutation.
		index: usize,
	},
	/// An instruction takes more operands than the stack holds.
	StackUnderflow {
		/// Index of the instruction.
		instruction: usize,
	},
	/// The stack grows over [`limits::MAX_STACK`].
	StackOverflow {
		/// Index of the instruction.
		instruction: usize,
	},
	/// More values are kept than [`limits::MAX_LOCALS`].
	TooManyLocals {
		/// Index of the instruction.
		instruction: usize,
	},
	/// An output leaves operands on the stack, or the program ends without an output.
	UnbalancedOutput {
		/// Index of the instruction.
		instruction: usize,
	},
	/// The program's outputs are not those of its gates and lookups.
	Outputs {
		/// Outputs that gates and lookups need.
		expected: u32,
		/// Outputs of the program.
		got: u32,
	},
	/// The constraint system's degree is below that of one of its constraints.
	DegreeTooLow {
		/// Degree stated.
		stated: u8,
		/// Degree needed.
		needed: u32,
	},
}

impl fmt::Display for PlanError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLong { limit, got } => {
				write!(f, "a verifying key has at most {limit} bytes, got {got}")
			},
			Self::Version { expected, got } => {
				write!(f, "expected plan version {expected}, got {got}")
			},
			Self::Truncated { offset } => {
				write!(f, "the plan ends within the value at byte {offset}")
			},
			Self::Trailing { bytes } => write!(f, "{bytes} bytes follow the plan"),
			Self::NonCanonicalLength { offset } => {
				write!(f, "the length at byte {offset} is not in its shortest form")
			},
			Self::NonCanonicalScalar { offset } => {
				write!(
					f,
					"the scalar at byte {offset} is not below the field's modulus"
				)
			},
			Self::NonCanonicalPoint { offset } => {
				write!(
					f,
					"the point at byte {offset} has a coordinate not below the modulus"
				)
			},
			Self::OffCurve { offset } => {
				write!(f, "the point at byte {offset} is not on the curve")
			},
			Self::UnknownTag { offset, got } => write!(f, "unknown tag {got} at byte {offset}"),
			Self::NonCanonical => write!(f, "the plan is not in its canonical encoding"),
			Self::TooMany { what, limit, got } => {
				write!(f, "at most {limit} {what} are allowed, got {got}")
			},
			Self::OutOfRange {
				what,
				min,
				max,
				got,
			} => {
				write!(f, "{what} must lie in {min}..={max}, got {got}")
			},
			Self::Duplicate { what, index } => {
				write!(f, "{what} {index} occurs twice")
			},
			Self::UnqueriedPermutationColumn { index } => {
				write!(
					f,
					"permutation column {index} is not queried at the current row"
				)
			},
			Self::StackUnderflow { instruction } => {
				write!(
					f,
					"instruction {instruction} takes more operands than there are"
				)
			},
			Self::StackOverflow { instruction } => {
				write!(
					f,
					"instruction {instruction} needs a stack deeper than {}",
					limits::MAX_STACK
				)
			},
			Self::TooManyLocals { instruction } => {
				write!(
					f,
					"instruction {instruction} keeps more than {} values",
					limits::MAX_LOCALS
				)
			},
			Self::UnbalancedOutput { instruction } => {
				write!(
					f,
					"at instruction {instruction} the stack does not hold just one output"
				)
			},
			Self::Outputs { expected, got } => {
				write!(
					f,
					"gates and lookups need {expected} expressions, the program has {got}"
				)
			},
			Self::DegreeTooLow { stated, needed } => {
				write!(
					f,
					"the constraint system states degree {stated}, a constraint has {needed}"
				)
			},
		}
	}
}

impl core::error::Error for PlanError {}

impl Plan {
	/// Decodes and validates a plan. Refuses trailing bytes, encodings that are not canonical,
	/// counts over their limits (before it allocates), indices that point nowhere, and points that
	/// are not on the curve. `plan.to_bytes()` equals `bytes`.
	pub fn decode_canonical(bytes: &[u8]) -> Result<Self, PlanError> {
		check_length(bytes.len())?;
		let (version, parts) = wire::decode(bytes, wire::Source::Untrusted)?;
		let plan = Self::encoded_as(version, parts)?;
		if plan.to_bytes() == bytes {
			Ok(plan)
		} else {
			Err(PlanError::NonCanonical)
		}
	}

	/// Decodes bytes that [`Self::decode_canonical`] accepted before, as a chain's own storage
	/// holds them: leaves out the curve's equation for each point, and the comparison with the
	/// canonical encoding. Everything else is checked again, so that other bytes give an error or
	/// a wrong key, but never a panic.
	pub fn decode_trusted(bytes: &[u8]) -> Result<Self, PlanError> {
		check_length(bytes.len())?;
		let (version, parts) = wire::decode(bytes, wire::Source::Trusted)?;
		Self::derive(version, parts, plan_digest(bytes))
	}

	/// The version of its encoding.
	pub fn version(&self) -> PlanVersion {
		self.version
	}

	/// The canonical encoding.
	pub fn to_bytes(&self) -> Vec<u8> {
		wire::encode(self.version, &self.parts)
	}

	/// The circuit's sizes, from which its cost in compute units follows.
	pub fn shape(&self) -> CircuitShape {
		// Those that no query opens are read by no constraint.
		let opened: BTreeSet<u16> = self.parts.fixed_queries.iter().map(|q| q.column).collect();
		CircuitShape {
			k: self.parts.k,
			advice: count(self.parts.advice_phases.len()),
			lookups: count(self.parts.lookups.len()),
			permutation_chunks: count(self.layout.permutation_chunks()),
			degree: u32::from(self.parts.degree),
			operations: count(self.parts.program.len()),
			fixed: count(opened.len()),
			permutation: count(self.parts.permutation.len()),
			evaluations: count(self.layout.evaluations()),
		}
	}

	/// Exact number of public inputs, of all instance columns.
	pub fn num_public_inputs(&self) -> u32 {
		self.parts.num_public_inputs()
	}

	/// How proofs draw challenges and are encoded.
	pub fn transcript(&self) -> TranscriptKind {
		self.parts.transcript
	}

	/// The deferred check among the public inputs, if there is one.
	pub fn accumulator(&self) -> Option<AccumulatorLayout> {
		self.parts.accumulator
	}

	/// Exact number of bytes of a proof.
	pub fn proof_len(&self) -> usize {
		self.layout.proof_bytes()
	}

	/// Binary logarithm of the number of rows.
	pub fn k(&self) -> u8 {
		self.parts.k
	}

	/// How much work a verification is.
	pub fn work(&self) -> VerificationWork {
		let sets = self.openings.sets.iter();
		let interpolation = sets.fold(0usize, |sum, set| {
			let points = set.points.len();
			let members = set.members.len();
			// z, weights and Lagrange values of the set; evaluations of its members.
			let all = limit_usize(limits::MAX_POINTS);
			sum.saturating_add(points.saturating_mul(points).saturating_mul(2))
				.saturating_add(all)
				.saturating_add(members.saturating_mul(points.saturating_add(4)))
		});
		let inputs = limit_usize(self.num_public_inputs());
		let lagrange = {
			let (first, last) = self.lagrange_rows();
			let rows = usize::try_from(last.saturating_sub(first).saturating_add(1));
			rows.unwrap_or(usize::MAX).saturating_mul(6)
		};
		// Compression, products of inputs and their sums; a constant for the rest.
		let lookups = self.parts.lookups.iter().fold(0usize, |sum, lookup| {
			let inputs = usize::from(lookup.inputs);
			let tuples = inputs.saturating_add(1);
			sum.saturating_add(tuples.saturating_mul(usize::from(lookup.width)))
				.saturating_add(inputs.saturating_mul(3))
				.saturating_add(16)
		});
		let products = interpolation
			.saturating_add(lagrange)
			.saturating_add(inputs.saturating_mul(self.parts.instance_queries.len()))
			.saturating_add(self.parts.permutation.len().saturating_mul(6))
			.saturating_add(self.layout.permutation_chunks().saturating_mul(6))
			.saturating_add(lookups)
			.saturating_add(limit_usize(self.layout.outputs()).saturating_mul(2))
			// powers of x^n that combine the quotient's parts
			.saturating_add(self.layout.quotient_parts())
			// inversions and powers: a few hundred multiplications each
			.saturating_add(2000);
		VerificationWork {
			public_inputs: self.num_public_inputs(),
			// An accumulator adds its two points, and a second sum of two.
			msm_points: count(self.layout.bases()).saturating_add(
				if self.parts.accumulator.is_some() {
					3
				} else {
					0
				},
			),
			proof_points: count(self.layout.points()),
			evaluations: count(self.layout.evaluations()),
			operations: count(self.parts.program.len()),
			products: count(products),
			pairings: 2,
		}
	}

	/// Validates what a plan states and derives the rest. It will be encoded in the newest version.
	pub fn from_parts(parts: Parts) -> Result<Self, PlanError> {
		Self::encoded_as(PlanVersion::NEWEST, parts)
	}

	/// [`Self::from_parts`] for an encoding of any version.
	fn encoded_as(version: PlanVersion, parts: Parts) -> Result<Self, PlanError> {
		// Before encoding: counts bound what is encoded.
		check_counts(&parts)?;
		let bytes = wire::encode(version, &parts);
		check_length(bytes.len())?;
		Self::derive(version, parts, plan_digest(&bytes))
	}

	/// Validates parts, given the digest of their encoding.
	fn derive(
		version: PlanVersion,
		parts: Parts,
		digest: [u8; DIGEST_BYTES],
	) -> Result<Self, PlanError> {
		check_counts(&parts)?;
		check_indices(&parts)?;
		let needed = expression::check(&parts)?;
		if u32::from(parts.degree) < needed {
			return Err(PlanError::DegreeTooLow {
				stated: parts.degree,
				needed,
			});
		}
		let domain = Domain::new(parts.k).ok_or(PlanError::OutOfRange {
			what: "k",
			min: 1,
			max: i64::from(TWO_ADICITY),
			got: i64::from(parts.k),
		})?;
		let blinding_factors = blinding_factors(&parts);
		// The last blinding_factors + 1 rows are unusable; halo2 wants two more besides the last.
		let unusable = blinding_factors.saturating_add(1);
		let least = blinding_factors.saturating_add(3);
		if domain.rows() < least {
			return Err(PlanError::OutOfRange {
				what: "rows",
				min: i64::from(least),
				max: 1i64 << limits::MAX_K,
				got: i64::from(domain.rows()),
			});
		}
		for values in &parts.instance_columns {
			range(
				"number of public inputs",
				i64::from(*values),
				0,
				i64::from(domain.rows().saturating_sub(unusable)),
			)?;
		}
		check_accumulator(&parts)?;
		let permutation_queries = permutation_queries(&parts)?;
		let layout = Layout::new(&parts);
		at_most("proof bytes", limits::MAX_PROOF_BYTES, layout.proof_bytes())?;
		let openings = Openings::new(&parts, &domain, blinding_factors, &layout)?;
		Ok(Self {
			version,
			parts,
			domain,
			blinding_factors,
			permutation_queries,
			layout,
			openings,
			digest,
		})
	}

	/// What the plan states.
	pub fn parts(&self) -> &Parts {
		&self.parts
	}

	pub(crate) fn domain(&self) -> &Domain {
		&self.domain
	}

	/// Where everything stands in a proof.
	pub fn layout(&self) -> &Layout {
		&self.layout
	}

	/// What a proof opens.
	pub fn openings(&self) -> &Openings {
		&self.openings
	}

	pub(crate) fn permutation_queries(&self) -> &[expression::ColumnQuery] {
		&self.permutation_queries
	}

	/// What the key holds of its tensors and its circuit, little-endian:
	/// [`binding`](inference_primitives::binding()) if it is a model's.
	pub fn binding(&self) -> [u8; 32] {
		scalar_to_bytes(&self.parts.transcript_repr)
	}

	/// Digest of the encoding: what each transcript starts with.
	pub fn digest(&self) -> &[u8; DIGEST_BYTES] {
		&self.digest
	}

	/// Rows at the end that hold blinding values, besides the last usable row.
	pub fn blinding_factors(&self) -> u32 {
		self.blinding_factors
	}

	/// The last usable row, counted backwards from row 0 (negative).
	pub(crate) fn last_row(&self) -> i32 {
		i32::try_from(self.blinding_factors)
			.map(|b| b.saturating_add(1).saturating_neg())
			.unwrap_or(i32::MIN)
	}

	/// First and last row whose Lagrange polynomials verification needs: those from the last
	/// usable row to row 0, and those of the public inputs as seen by each instance query.
	pub(crate) fn lagrange_rows(&self) -> (i32, i32) {
		let queries = self.parts.instance_queries.iter();
		queries.fold((self.last_row(), 0), |(first, last), query| {
			let values = self
				.parts
				.instance_columns
				.get(usize::from(query.column))
				.copied()
				.unwrap_or_default();
			let values = i32::try_from(values).unwrap_or(i32::MAX);
			let rotation = i32::from(query.rotation);
			let end = values.saturating_sub(1).saturating_sub(rotation);
			(first.min(rotation.saturating_neg()), last.max(end))
		})
	}
}

/// The number of blinding factors: as halo2 derives it from the advice queries.
pub fn blinding_factors(parts: &Parts) -> u32 {
	let mut queries = alloc::vec![0u32; parts.advice_phases.len()];
	for query in &parts.advice_queries {
		if let Some(count) = queries.get_mut(usize::from(query.column)) {
			*count = count.saturating_add(1);
		}
	}
	queries
		.into_iter()
		.max()
		.unwrap_or(1)
		.max(3)
		.saturating_add(2)
}

/// Finds the query at the current row of each permutation column.
fn permutation_queries(parts: &Parts) -> Result<Vec<expression::ColumnQuery>, PlanError> {
	let find = |queries: &[Query], column| {
		queries.iter().position(|q| {
			*q == Query {
				column,
				rotation: 0,
			}
		})
	};
	let columns = parts.permutation.iter().enumerate();
	columns
		.map(|(index, column)| {
			let query = match column.kind {
				ColumnKind::Advice => find(&parts.advice_queries, column.index),
				ColumnKind::Fixed => find(&parts.fixed_queries, column.index),
				ColumnKind::Instance => find(&parts.instance_queries, column.index),
			};
			query
				.map(|query| expression::ColumnQuery {
					kind: column.kind,
					query,
				})
				.ok_or(PlanError::UnqueriedPermutationColumn { index })
		})
		.collect()
}

/// Binary logarithm of the domain on which halo2 evaluates the quotient: that of the rows times the
/// quotient's parts, rounded up.
fn extended_k(parts: &Parts) -> u32 {
	let pieces = u32::from(parts.degree).saturating_sub(1);
	// A degree has 8 bits: its next power of two has at most 9.
	u32::from(parts.k).saturating_add(pieces.next_power_of_two().trailing_zeros())
}

/// Checks the numbers that bound others.
fn check_counts(parts: &Parts) -> Result<(), PlanError> {
	range("k", i64::from(parts.k), 1, i64::from(limits::MAX_K))?;
	// 3: the permutation argument's own constraints.
	range(
		"degree",
		i64::from(parts.degree),
		3,
		i64::from(limits::MAX_DEGREE),
	)?;
	range(
		"binary logarithm of the extended domain",
		i64::from(extended_k(parts)),
		1,
		i64::from(limits::MAX_EXTENDED_K),
	)?;
	at_most(
		"instance columns",
		limits::MAX_INSTANCE_COLUMNS,
		parts.instance_columns.len(),
	)?;
	let inputs = limit_usize(parts.num_public_inputs());
	at_most("public inputs", limits::MAX_PUBLIC_INPUTS, inputs)?;
	at_most(
		"advice columns",
		limits::MAX_COLUMNS,
		parts.advice_phases.len(),
	)?;
	at_most(
		"challenges",
		limits::MAX_CHALLENGES,
		parts.challenge_phases.len(),
	)?;
	at_most(
		"advice queries",
		limits::MAX_QUERIES,
		parts.advice_queries.len(),
	)?;
	at_most(
		"instance queries",
		limits::MAX_INSTANCE_QUERIES,
		parts.instance_queries.len(),
	)?;
	at_most(
		"fixed queries",
		limits::MAX_QUERIES,
		parts.fixed_queries.len(),
	)?;
	at_most(
		"fixed columns",
		limits::MAX_COLUMNS,
		parts.fixed_commitments.len(),
	)?;
	at_most(
		"permutation columns",
		limits::MAX_COLUMNS,
		parts.permutation.len(),
	)?;
	at_most("constants", limits::MAX_CONSTANTS, parts.constants.len())?;
	at_most(
		"gate constraints",
		limits::MAX_GATES,
		limit_usize(parts.gates),
	)?;
	at_most("lookups", limits::MAX_LOOKUPS, parts.lookups.len())?;
	at_most(
		"instructions",
		limits::MAX_INSTRUCTIONS,
		parts.program.len(),
	)
}

/// Checks that phases, columns, rotations and widths are in range and queries unique.
fn check_indices(parts: &Parts) -> Result<(), PlanError> {
	for phase in &parts.advice_phases {
		range(
			"advice phase",
			i64::from(*phase),
			0,
			i64::from(limits::MAX_PHASE),
		)?;
	}
	// A challenge of a phase without advice would never be drawn: anyone could choose it.
	let last_phase = parts.advice_phases.iter().copied().max().unwrap_or(0);
	for phase in &parts.challenge_phases {
		range(
			"challenge phase",
			i64::from(*phase),
			0,
			i64::from(last_phase),
		)?;
	}
	let most_inputs = match parts.lookup_argument {
		LookupArgument::Permuted => 1,
		LookupArgument::LogDerivative => limits::MAX_LOOKUP_INPUTS,
	};
	for lookup in &parts.lookups {
		range(
			"lookup width",
			i64::from(lookup.width),
			1,
			i64::from(limits::MAX_LOOKUP_WIDTH),
		)?;
		range(
			"lookup inputs",
			i64::from(lookup.inputs),
			1,
			i64::from(most_inputs),
		)?;
	}
	check_queries(
		"advice query",
		&parts.advice_queries,
		parts.advice_phases.len(),
	)?;
	check_queries(
		"fixed query",
		&parts.fixed_queries,
		parts.fixed_commitments.len(),
	)?;
	check_queries(
		"instance query",
		&parts.instance_queries,
		parts.instance_columns.len(),
	)?;
	let mut seen = BTreeSet::new();
	for (index, column) in parts.permutation.iter().enumerate() {
		let columns = match column.kind {
			ColumnKind::Advice => parts.advice_phases.len(),
			ColumnKind::Fixed => parts.fixed_commitments.len(),
			ColumnKind::Instance => parts.instance_columns.len(),
		};
		below("permutation column", column.index, columns)?;
		if !seen.insert((column.kind, column.index)) {
			return Err(PlanError::Duplicate {
				what: "permutation column",
				index,
			});
		}
	}
	Ok(())
}

/// Checks that an accumulator lies within the public inputs and that its limbs hold a coordinate.
fn check_accumulator(parts: &Parts) -> Result<(), PlanError> {
	let Some(AccumulatorLayout {
		offset,
		limbs,
		bits,
	}) = parts.accumulator
	else {
		return Ok(());
	};
	range(
		"bits of an accumulator's limb",
		i64::from(bits),
		1,
		i64::from(limits::MAX_LIMB_BITS),
	)?;
	range(
		"limbs of an accumulator's coordinate",
		i64::from(limbs),
		1,
		i64::from(limits::MAX_LIMBS),
	)?;
	let coordinate = i64::from(limbs).saturating_mul(i64::from(bits));
	range("bits of an accumulator's coordinate", coordinate, 254, 320)?;
	let end = i64::from(offset).saturating_add(i64::from(limbs).saturating_mul(4));
	range(
		"end of the accumulator",
		end,
		0,
		i64::from(parts.num_public_inputs()),
	)
}

/// Checks queries of one kind of column.
fn check_queries(what: &'static str, queries: &[Query], columns: usize) -> Result<(), PlanError> {
	let mut seen = BTreeSet::new();
	for (index, query) in queries.iter().enumerate() {
		below(what, query.column, columns)?;
		let limit = i64::from(limits::MAX_ROTATION);
		range(
			"rotation",
			i64::from(query.rotation),
			limit.saturating_neg(),
			limit,
		)?;
		if !seen.insert(*query) {
			return Err(PlanError::Duplicate { what, index });
		}
	}
	Ok(())
}

/// Checks the length of an encoding.
fn check_length(got: usize) -> Result<(), PlanError> {
	let limit = limits::MAX_PLAN_BYTES;
	if got > limit_usize(limit) {
		return Err(PlanError::TooLong { limit, got });
	}
	Ok(())
}

/// Refuses a number outside `min..=max`.
fn range(what: &'static str, got: i64, min: i64, max: i64) -> Result<(), PlanError> {
	if (min..=max).contains(&got) {
		Ok(())
	} else {
		Err(PlanError::OutOfRange {
			what,
			min,
			max,
			got,
		})
	}
}

/// Refuses an index that is not below `len`.
fn below(what: &'static str, index: u16, len: usize) -> Result<(), PlanError> {
	let max = i64::try_from(len).unwrap_or(i64::MAX).saturating_sub(1);
	range(what, i64::from(index), 0, max)
}

/// Refuses a count over its limit.
pub(crate) fn at_most(what: &'static str, limit: u32, got: usize) -> Result<(), PlanError> {
	let got = count(got);
	if got > limit {
		return Err(PlanError::TooMany { what, limit, got });
	}
	Ok(())
}

/// A count as `u32`; saturates.
pub(crate) fn count(n: usize) -> u32 {
	u32::try_from(n).unwrap_or(u32::MAX)
}

/// A `u32` as `usize`; saturates (only where `usize` has 16 bits).
pub(crate) fn limit_usize(n: u32) -> usize {
	usize::try_from(n).unwrap_or(usize::MAX)
}
