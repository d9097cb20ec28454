//! Plans from EZKL's verifying key artifacts.
//!
//! `ezkl create-evm-vka` (EZKL 23) writes a key for its reusable verifier for the EVM: one blob of
//! 32-byte words, the *VKA*, that holds the key's numbers and commitments, and the verifier's work
//! as byte code full of absolute memory addresses. [`plan_from_vka`] reads from it what makes a
//! constraint system, derives a [`Plan`] from that, and refuses the artifact unless the rest says
//! the same: a VKA cannot leave out an opening, a check or a constraint that halo2 would make for
//! the constraint system that it describes.
//!
//! **Container** ([`words`]): a `u64`, little-endian, the number of words; then the words, each
//! big-endian. The EVM verifier holds them in memory from address 0xa0.
//!
//! | words | content |
//! | --- | --- |
//! | 0–13 | digest, scratch size, public inputs, evaluations, bytes of circuit challenges, k, 1/n, ω, 1/ω, ω^−l, accumulator: present, offset, limbs, bits |
//! | 14–23 | the generators of G1 and G2, −\[s\]G2 |
//! | 24–32 | proof addresses of the last and first quotient part; addresses of gates, permutation, lookups, opening, rescaling; l; fixed columns |
//! | 33… | phases: points × 64, challenges |
//! | then | fixed commitments, permutation commitments, constants |
//! | then | gates ([`expressions`]), permutation and lookups ([`arguments`]), opening ([`openings`]), rescaling |
//!
//! **Ignored**, because verification derives it or does not need it: where intermediate values lie
//! in the EVM's memory, and the rescaling of public inputs to decimals.
//!
//! **What a VKA does not say**: which version of EZKL made it (versions before 21.0.0 had unsound
//! constraints), whether its parameters are fixed, and what its digest was hashed from. A registry
//! must take that from elsewhere.
//!
//! Source: EZKL 23.0.5 and the Solidity verifier that it writes; checked against its proofs.

mod arguments;
mod expressions;
mod header;
mod openings;
pub(crate) mod words;

use crate::{
	plan::{ColumnKind, Lookup, LookupArgument, Parts, Plan, PlanError, Query, TranscriptKind},
	setup::Setup,
};
use alloc::vec::Vec;
use arguments::{lookups, permutation};
use core::fmt;
use expressions::{Compiler, Space};
use header::Header;
use openings::DeclaredOpenings;
use words::Words;

/// Most bytes of a VKA. A plan is about as large as the VKA that it is read from.
pub const MAX_VKA_BYTES: u32 = crate::limits::MAX_PLAN_BYTES;

/// Bytes that are no VKA of a circuit that can be verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VkaError {
	/// More bytes than a VKA may have.
	TooLong {
		/// [`MAX_VKA_BYTES`].
		limit: u32,
		/// Bytes given.
		got: usize,
	},
	/// The number of bytes is not what the first eight of them say.
	Length {
		/// Bytes that follow from the stated number of words; saturates.
		expected: usize,
		/// Bytes given.
		got: usize,
	},
	/// A word that is read does not exist.
	MissingWord {
		/// Its index.
		index: usize,
	},
	/// A word holds more than fits what it stands for.
	OutOfRange {
		/// What it stands for.
		what: &'static str,
		/// Index of the word.
		word: usize,
	},
	/// A number of the domain is not the one that follows from k.
	Domain {
		/// Which.
		what: &'static str,
	},
	/// A point is not the one of the approved setup.
	Setup {
		/// Which.
		what: &'static str,
	},
	/// A commitment is not a point of the curve.
	BadPoint {
		/// Index of its first word.
		word: usize,
	},
	/// A constant is not below the field's modulus.
	NonCanonicalScalar {
		/// Index of the word.
		word: usize,
	},
	/// An address points at nothing that may stand there.
	BadAddress {
		/// What should be there.
		what: &'static str,
		/// Index of the word that holds the address.
		word: usize,
		/// The address.
		got: u32,
	},
	/// Sections are out of order or of the wrong length.
	Layout {
		/// What is wrong.
		what: &'static str,
	},
	/// Something that halo2 has and EZKL does not use.
	Unsupported {
		/// What.
		what: &'static str,
	},
	/// What the artifact says of the openings is not what follows from its constraint system.
	Openings {
		/// What differs.
		what: &'static str,
	},
	/// The plan is over a limit or invalid.
	Plan(PlanError),
}

impl fmt::Display for VkaError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLong { limit, got } => {
				write!(f, "a VKA has at most {limit} bytes, got {got}")
			},
			Self::Length { expected, got } => {
				write!(f, "the VKA should have {expected} bytes, got {got}")
			},
			Self::MissingWord { index } => write!(f, "the VKA has no word {index}"),
			Self::OutOfRange { what, word } => {
				write!(f, "word {word} of the VKA is too large for {what}")
			},
			Self::Domain { what } => write!(f, "{what} does not belong to the VKA's k"),
			Self::Setup { what } => {
				write!(f, "{what} of the VKA is not the approved setup's")
			},
			Self::BadPoint { word } => {
				write!(
					f,
					"words {word} and the next of the VKA are no point of the curve"
				)
			},
			Self::NonCanonicalScalar { word } => {
				write!(
					f,
					"word {word} of the VKA is not below the scalar field's modulus"
				)
			},
			Self::BadAddress { what, word, got } => {
				write!(
					f,
					"word {word} of the VKA points at {got:#x}, which is no {what}"
				)
			},
			Self::Layout { what } => write!(f, "the VKA's layout is wrong: {what}"),
			Self::Unsupported { what } => write!(f, "the VKA has {what}, which is not supported"),
			Self::Openings { what } => {
				write!(
					f,
					"the VKA's openings do not follow from its constraint system: {what}"
				)
			},
			Self::Plan(error) => write!(f, "{error}"),
		}
	}
}

impl core::error::Error for VkaError {
	fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
		match self {
			Self::Plan(error) => Some(error),
			_ => None,
		}
	}
}

impl From<PlanError> for VkaError {
	fn from(error: PlanError) -> Self {
		Self::Plan(error)
	}
}

/// The plan of a VKA made under `setup`.
///
/// # Errors
///
/// [`VkaError`]. No bytes panic; time and memory are linear in their number but for the openings'
/// sorting.
pub fn plan_from_vka(bytes: &[u8], setup: &Setup) -> Result<Plan, VkaError> {
	let words = Words::new(bytes)?;
	let header = Header::read(&words, setup)?;
	let declared = DeclaredOpenings::read(&words, &header)?;
	let queries = declared.queries(&header)?;
	let permutation = permutation(&words, &header, &queries)?;

	let space = Space {
		header: &header,
		queries: &queries,
	};
	let mut compiler = Compiler::default();
	let gates = expressions::gates(&words, &space, &mut compiler)?;
	let lookups: Vec<Lookup> = lookups(&words, &space, &mut compiler)?;

	let parts = Parts {
		transcript: TranscriptKind::KeccakEvm,
		k: header.k,
		degree: header.degree,
		instance_columns: alloc::vec![header.public_inputs],
		accumulator: header.accumulator,
		transcript_repr: header.digest,
		advice_phases: header.advice_phases(),
		challenge_phases: header.challenge_phases(),
		advice_queries: queries.advice.clone(),
		instance_queries: alloc::vec![Query {
			column: 0,
			rotation: 0
		}],
		fixed_queries: queries.fixed.clone(),
		fixed_commitments: header.fixed_commitments.clone(),
		permutation,
		constants: header.constants.clone(),
		gates,
		lookup_argument: LookupArgument::LogDerivative,
		lookups,
		program: compiler.program,
	};
	let plan = Plan::from_parts(parts)?;
	header.check(&plan)?;
	declared.check(&plan)?;
	Ok(plan)
}

/// A query that an evaluation's address stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Evaluation {
	pub kind: ColumnKind,
	/// Index among the queries of its kind.
	pub query: u16,
}
