//! The artifact's numbers, points and constants.

use super::{
	words::{word_at, Words, PROOF_ADDRESS, WORD_BYTES},
	VkaError,
};
use crate::{
	domain::Domain,
	encoding::{coordinate_from_bytes, reverse_words, POINT_BYTES},
	limits,
	plan::{limit_usize, AccumulatorLayout, Plan},
	setup::Setup,
	Scalar,
};
use alloc::vec::Vec;
use ark_ec::AffineRepr;
use ark_ff::Field;
use inference_bn254::{Fq2, G1Affine, G2Affine};

const DIGEST: usize = 0;
const SCRATCH_BYTES: usize = 1;
const PUBLIC_INPUTS: usize = 2;
const EVALUATIONS: usize = 3;
const CHALLENGE_BYTES: usize = 4;
const K: usize = 5;
const ROWS_INVERSE: usize = 6;
const OMEGA: usize = 7;
const OMEGA_INVERSE: usize = 8;
const OMEGA_TO_LAST: usize = 9;
const HAS_ACCUMULATOR: usize = 10;
const ACCUMULATOR_OFFSET: usize = 11;
const LIMBS: usize = 12;
const LIMB_BITS: usize = 13;
const G1: usize = 14;
const G2: usize = 16;
const MINUS_S_G2: usize = 20;
const LAST_QUOTIENT: usize = 24;
const FIRST_QUOTIENT: usize = 25;
const GATES: usize = 26;
const PERMUTATION: usize = 27;
const LOOKUPS: usize = 28;
const OPENING: usize = 29;
const BLINDING: usize = 31;
const FIXED_COLUMNS: usize = 32;
const PHASES: usize = 33;

/// Phases that fit a word.
const PHASES_PER_WORD: usize = 10;
/// Words for phases, at most.
const MAX_PHASE_WORDS: u8 = 10;

/// A phase of the proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Phase {
	/// Points that the prover sends.
	pub points: usize,
	/// Challenges drawn after them.
	pub challenges: usize,
}

/// What the artifact says before its byte code.
#[derive(Clone, Debug)]
pub(crate) struct Header {
	pub digest: Scalar,
	/// Bytes between the artifact's end and the challenges, in the EVM's memory.
	pub scratch_bytes: u32,
	pub public_inputs: u32,
	pub evaluations: usize,
	pub k: u8,
	pub degree: u8,
	pub accumulator: Option<AccumulatorLayout>,
	/// Rows after the last usable one, which it counts too.
	pub blinding: u32,
	/// Phases of the circuit's witness; the last one's challenges without θ.
	pub user_phases: Vec<Phase>,
	/// Points of the phases of lookups, of products, of the quotient.
	pub lookup_points: usize,
	pub product_points: usize,
	pub quotient_points: usize,
	pub fixed_commitments: Vec<G1Affine>,
	/// Word of the first fixed commitment.
	pub fixed_word: usize,
	/// Word of the first permutation commitment.
	pub permutation_word: usize,
	/// Columns of the permutation.
	pub permutation_columns: usize,
	pub constants: Vec<Scalar>,
	/// Word of the first constant.
	pub constants_word: usize,
	/// Words at which the sections start.
	pub gates: usize,
	pub permutation: usize,
	pub lookups: usize,
	pub opening: usize,
	/// Address after the artifact's last word.
	pub end_address: u32,
}

impl Header {
	/// Reads and checks all but the byte code.
	pub(crate) fn read(words: &Words<'_>, setup: &Setup) -> Result<Self, VkaError> {
		check_setup(words, setup)?;
		let k = words.number(K, "k")?;
		let k = u8::try_from(k).map_err(|_| VkaError::OutOfRange { what: "k", word: K })?;
		let blinding = words.number(BLINDING, "blinded rows")?;
		check_domain(words, k, blinding)?;
		let phases = phases(words)?;
		let Phases {
			user: user_phases,
			lookups: lookup_points,
			products: product_points,
			quotient: quotient_points,
		} = Phases::of(&phases)?;
		let challenges = words.number(CHALLENGE_BYTES, "circuit challenges")?;
		let expected: usize = user_phases.iter().map(|phase| phase.challenges).sum();
		if limit_usize(challenges) != expected.saturating_mul(WORD_BYTES) {
			return Err(VkaError::Layout {
				what: "the number of circuit challenges is not that of the phases",
			});
		}

		let fixed_columns = limit_usize(words.number(FIXED_COLUMNS, "fixed columns")?);
		let phase_words = phases.len().div_ceil(PHASES_PER_WORD);
		let fixed_word = PHASES.saturating_add(phase_words);
		if fixed_columns > limit_usize(limits::MAX_COLUMNS) {
			return Err(VkaError::OutOfRange {
				what: "fixed columns",
				word: FIXED_COLUMNS,
			});
		}
		let point = |index: usize| words.point(fixed_word.saturating_add(index.saturating_mul(2)));
		let fixed_commitments = (0..fixed_columns).map(point).collect::<Result<_, _>>()?;
		let permutation_word = fixed_word.saturating_add(fixed_columns.saturating_mul(2));
		let gates = words.at(GATES, "gates")?;
		let permutation = words.at(PERMUTATION, "permutation")?;
		let lookups = words.at(LOOKUPS, "lookups")?;
		let degree = degree(words, &phases)?;
		let permutation_columns =
			super::arguments::permutation_columns(words, permutation, lookups, degree)?;
		let constants_word = permutation_word.saturating_add(permutation_columns.saturating_mul(2));
		if constants_word > gates {
			return Err(VkaError::Layout {
				what: "commitments and constants end before the gates",
			});
		}
		let constants = (constants_word..gates)
			.map(|index| words.scalar(index))
			.collect::<Result<_, _>>()?;
		let accumulator = accumulator(words)?;
		Ok(Self {
			digest: words.scalar(DIGEST)?,
			scratch_bytes: words.number(SCRATCH_BYTES, "scratch memory")?,
			public_inputs: words.number(PUBLIC_INPUTS, "public inputs")?,
			evaluations: limit_usize(words.number(EVALUATIONS, "evaluations")?),
			k,
			degree,
			accumulator,
			blinding,
			user_phases,
			lookup_points,
			product_points,
			quotient_points,
			fixed_commitments,
			fixed_word,
			permutation_word,
			permutation_columns,
			constants,
			constants_word,
			gates,
			permutation,
			lookups,
			opening: words.at(OPENING, "opening")?,
			end_address: words.end_address(),
		})
	}

	/// The circuit's columns of points, in the order of the proof.
	pub(crate) fn advice_columns(&self) -> usize {
		self.user_phases.iter().map(|phase| phase.points).sum()
	}

	/// The phase of each advice column.
	pub(crate) fn advice_phases(&self) -> Vec<u8> {
		self.per_phase(|phase| phase.points)
	}

	/// The phase of each of the circuit's challenges.
	pub(crate) fn challenge_phases(&self) -> Vec<u8> {
		self.per_phase(|phase| phase.challenges)
	}

	/// Each phase's index as often as it has something.
	fn per_phase(&self, count: impl Fn(&Phase) -> usize) -> Vec<u8> {
		let phases = (0u8..).zip(&self.user_phases);
		phases
			.flat_map(|(index, phase)| core::iter::repeat_n(index, count(phase)))
			.collect()
	}

	/// All points of a proof but the opening's two.
	fn points_before_evaluations(&self) -> usize {
		self.advice_columns()
			.saturating_add(self.lookup_points)
			.saturating_add(self.product_points)
			.saturating_add(self.quotient_points)
	}

	/// The point of the proof at an address.
	pub(crate) fn proof_point(&self, address: u32) -> Option<usize> {
		let offset = usize::try_from(address.checked_sub(PROOF_ADDRESS)?).ok()?;
		let index = offset.checked_div(POINT_BYTES)?;
		let aligned = offset.is_multiple_of(POINT_BYTES);
		(aligned && index < self.points_before_evaluations()).then_some(index)
	}

	/// The evaluation of the proof at an address.
	pub(crate) fn evaluation(&self, address: u32) -> Option<usize> {
		let offset = usize::try_from(address.checked_sub(PROOF_ADDRESS)?).ok()?;
		let offset =
			offset.checked_sub(self.points_before_evaluations().saturating_mul(POINT_BYTES))?;
		let index = offset.checked_div(WORD_BYTES)?;
		let aligned = offset.is_multiple_of(WORD_BYTES);
		(aligned && index < self.evaluations).then_some(index)
	}

	/// The commitment of the key at an address: its index among fixed columns, or, after those,
	/// among permutation columns.
	pub(crate) fn key_point(&self, address: u32) -> Option<usize> {
		let offset = word_at(address)?.checked_sub(self.fixed_word)?;
		let index = offset.checked_div(2)?;
		let columns = self
			.fixed_commitments
			.len()
			.saturating_add(self.permutation_columns);
		(offset.is_multiple_of(2) && index < columns).then_some(index)
	}

	/// The constant at an address.
	pub(crate) fn constant(&self, address: u32) -> Option<usize> {
		let index = word_at(address)?.checked_sub(self.constants_word)?;
		(index < self.constants.len()).then_some(index)
	}

	/// The circuit's challenge at an address.
	pub(crate) fn challenge(&self, address: u32) -> Option<usize> {
		let start = self.end_address.checked_add(self.scratch_bytes)?;
		let offset = usize::try_from(address.checked_sub(start)?).ok()?;
		let index = offset.checked_div(WORD_BYTES)?;
		let challenges: usize = self.user_phases.iter().map(|phase| phase.challenges).sum();
		(offset.is_multiple_of(WORD_BYTES) && index < challenges).then_some(index)
	}

	/// Address of the instance column's evaluation: 17 words after θ, which follows the circuit's
	/// challenges.
	pub(crate) fn instance_address(&self) -> Option<u32> {
		let challenges: usize = self.user_phases.iter().map(|phase| phase.challenges).sum();
		let words = u32::try_from(challenges.checked_add(17)?).ok()?;
		self.end_address
			.checked_add(self.scratch_bytes)?
			.checked_add(words.checked_mul(32)?)
	}

	/// Checks the numbers that a plan derives.
	pub(crate) fn check(&self, plan: &Plan) -> Result<(), VkaError> {
		let layout = plan.layout();
		let wrong = |what| Err(VkaError::Layout { what });
		if plan.last_row().unsigned_abs() != self.blinding {
			return wrong("the number of blinded rows is not that of the queries");
		}
		if layout.evaluations() != self.evaluations {
			return wrong("the number of evaluations is not that of the constraint system");
		}
		if layout.lookups() != self.lookup_points {
			return wrong("the number of multiplicities is not that of the lookups");
		}
		let products = layout
			.permutation_chunks()
			.saturating_add(layout.lookups())
			.saturating_add(1);
		if products != self.product_points {
			return wrong("the number of products is not that of the arguments");
		}
		if layout.quotient_parts() != self.quotient_points {
			return wrong("the number of quotient parts is not that of the degree");
		}
		Ok(())
	}
}

/// Compares the artifact's generators and −\[s\]G2 with the approved setup's.
fn check_setup(words: &Words<'_>, setup: &Setup) -> Result<(), VkaError> {
	if words.point(G1)? != G1Affine::generator() {
		return Err(VkaError::Setup {
			what: "the generator of G1",
		});
	}
	let g2 = |first: usize| -> Result<(Fq2, Fq2), VkaError> {
		let coordinate = |offset: usize| {
			let word = first.saturating_add(offset);
			coordinate_from_bytes(&reverse_words(*words.word(word)?))
				.ok_or(VkaError::BadPoint { word })
		};
		// x.c1, x.c0, y.c1, y.c0
		let x = Fq2::new(coordinate(1)?, coordinate(0)?);
		Ok((x, Fq2::new(coordinate(3)?, coordinate(2)?)))
	};
	if Some(g2(G2)?) != G2Affine::generator().xy() {
		return Err(VkaError::Setup {
			what: "the generator of G2",
		});
	}
	if Some(g2(MINUS_S_G2)?) != (-setup.s_g2()).xy() {
		return Err(VkaError::Setup { what: "−[s]G2" });
	}
	Ok(())
}

/// Compares the numbers of the domain with those that follow from k.
fn check_domain(words: &Words<'_>, k: u8, blinding: u32) -> Result<(), VkaError> {
	let wrong = |what| Err(VkaError::Domain { what });
	if k == 0 || k > limits::MAX_K {
		return Err(VkaError::OutOfRange { what: "k", word: K });
	}
	let Some(domain) = Domain::new(k) else {
		return wrong("k");
	};
	if words.scalar(OMEGA)? != domain.omega() {
		return wrong("ω");
	}
	if words.scalar(OMEGA_INVERSE)? != domain.rotation(-1) {
		return wrong("1/ω");
	}
	if words.scalar(ROWS_INVERSE)? * domain.rows_in_field() != Scalar::ONE {
		return wrong("1/n");
	}
	let last = i32::try_from(blinding)
		.ok()
		.filter(|_| blinding < domain.rows())
		.map(i32::saturating_neg);
	match last {
		Some(last) if words.scalar(OMEGA_TO_LAST)? == domain.rotation(last) => Ok(()),
		_ => wrong("ω^−l"),
	}
}

/// Reads the phases.
fn phases(words: &Words<'_>) -> Result<Vec<Phase>, VkaError> {
	let what = "phases";
	let mut packed = words.packed(PHASES);
	let count = packed.byte(what)?;
	if count == 0 || count > MAX_PHASE_WORDS {
		return Err(VkaError::OutOfRange { what, word: PHASES });
	}
	let mut phases = Vec::new();
	for word in 0..count {
		if word > 0 {
			packed.next_word();
		}
		while !packed.is_done()? {
			let bytes = usize::from(packed.short(what)?);
			let challenges = usize::from(packed.byte(what)?);
			// Without points, EZKL's prover and its EVM verifier would draw different challenges.
			if bytes == 0 || !bytes.is_multiple_of(POINT_BYTES) || challenges == 0 {
				return Err(VkaError::OutOfRange {
					what,
					word: packed.word(),
				});
			}
			phases.push(Phase {
				points: bytes.checked_div(POINT_BYTES).unwrap_or_default(),
				challenges,
			});
		}
	}
	// The words that follow are the commitments': each word of phases but the last is full.
	if phases.len().div_ceil(PHASES_PER_WORD) != usize::from(count) {
		return Err(VkaError::OutOfRange { what, word: PHASES });
	}
	Ok(phases)
}

/// A proof's phases by what they are for.
struct Phases {
	/// The circuit's, without θ, which is drawn after the last one.
	user: Vec<Phase>,
	/// Points before β and γ.
	lookups: usize,
	/// Points before y.
	products: usize,
	/// Points before x.
	quotient: usize,
}

impl Phases {
	/// Takes the list apart. Without lookups β and γ are drawn right after θ, in the last phase of
	/// the circuit.
	fn of(phases: &[Phase]) -> Result<Self, VkaError> {
		let wrong = VkaError::Layout {
			what: "phases are the circuit's (then θ), lookups (β, γ), products (y), quotient (x)",
		};
		let [circuit @ .., products, quotient] = phases else {
			return Err(wrong);
		};
		let (user, lookups, last_challenges) = match circuit {
			[user @ .., lookups] if lookups.challenges == 2 => (user, lookups.points, 1),
			user => (user, 0, 3),
		};
		let mut user = user.to_vec();
		let last = user.last_mut().ok_or(wrong)?;
		last.challenges = last.challenges.checked_sub(last_challenges).ok_or(wrong)?;
		if (products.challenges, quotient.challenges) != (1, 1) {
			return Err(wrong);
		}
		if user.len() > usize::from(limits::MAX_PHASE).saturating_add(1) {
			return Err(VkaError::Unsupported {
				what: "more than three phases",
			});
		}
		Ok(Self {
			user,
			lookups,
			products: products.points,
			quotient: quotient.points,
		})
	}
}

/// The degree of the constraint system: that of the quotient's parts, and one.
fn degree(words: &Words<'_>, phases: &[Phase]) -> Result<u8, VkaError> {
	let last = words.number(LAST_QUOTIENT, "quotient")?;
	let first = words.number(FIRST_QUOTIENT, "quotient")?;
	let points: usize = phases.iter().map(|phase| phase.points).sum();
	let parts = phases.last().map_or(0, |phase| phase.points);
	let expected = |index: usize| {
		let bytes = index.saturating_mul(POINT_BYTES);
		PROOF_ADDRESS.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX))
	};
	if parts == 0
		|| first != expected(points.saturating_sub(parts))
		|| last != expected(points.saturating_sub(1))
	{
		return Err(VkaError::Layout {
			what: "the quotient's parts are the last phase's points",
		});
	}
	u8::try_from(parts.saturating_add(1)).map_err(|_| VkaError::OutOfRange {
		what: "parts of the quotient",
		word: LAST_QUOTIENT,
	})
}

/// Where the public inputs hold an accumulator.
fn accumulator(words: &Words<'_>) -> Result<Option<AccumulatorLayout>, VkaError> {
	let small = |index: usize, what| {
		let number = words.number(index, what)?;
		u8::try_from(number).map_err(|_| VkaError::OutOfRange { what, word: index })
	};
	Ok(match words.number(HAS_ACCUMULATOR, "accumulator")? {
		0 => {
			// Numbers that mean nothing are zero.
			for (word, what) in [
				(ACCUMULATOR_OFFSET, "offset of no accumulator"),
				(LIMBS, "limbs of no accumulator"),
				(LIMB_BITS, "bits of no limb"),
			] {
				if words.number(word, what)? != 0 {
					return Err(VkaError::OutOfRange { what, word });
				}
			}
			None
		},
		1 => Some(AccumulatorLayout {
			offset: words.number(ACCUMULATOR_OFFSET, "offset of the accumulator")?,
			limbs: small(LIMBS, "limbs of the accumulator")?,
			bits: small(LIMB_BITS, "bits of a limb")?,
		}),
		_ => {
			return Err(VkaError::OutOfRange {
				what: "accumulator",
				word: HAS_ACCUMULATOR,
			})
		},
	})
}
