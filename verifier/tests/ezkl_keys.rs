//! Hostile keys: every word and byte of a VKA changed, sections broken one by one. Each gives a
//! named error, or a plan under which the original proof is refused; what may change without
//! effect is listed here, so that a change of that is noticed.

use crate::ezkl_fixtures::{add, fixture, header, packed, setup, EzklFixture, Vka};
use inference_verifier::{
	ezkl::{plan_from_vka, VkaError, MAX_VKA_BYTES},
	limits, verify, Plan, PlanError, Scalar, VerifyError,
};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha20Rng,
};

/// What became of a changed VKA.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
	Refused(VkaError),
	/// Another plan, under which the proof is refused.
	Other,
	/// Another plan, under which the proof is accepted.
	Equivalent,
	/// The same plan.
	Same,
}

/// A fixture to change.
struct Subject {
	fixture: EzklFixture,
	plan: Plan,
	vka: Vka,
}

impl Subject {
	fn new(name: &str) -> Self {
		let fixture = fixture(name);
		Self {
			plan: fixture.plan(),
			vka: Vka::new(&fixture.vka),
			fixture,
		}
	}

	/// What becomes of a changed VKA.
	fn outcome(&self, vka: &Vka) -> Outcome {
		match plan_from_vka(&vka.to_bytes(), &setup()) {
			Err(error) => Outcome::Refused(error),
			Ok(plan) if plan == self.plan => Outcome::Same,
			Ok(plan) => match self.verify(&plan) {
				Ok(()) => Outcome::Equivalent,
				Err(_) => Outcome::Other,
			},
		}
	}

	/// The proof under another plan, at the sizes which that wants.
	fn verify(&self, plan: &Plan) -> Result<(), VerifyError> {
		let proof = &self.fixture.proofs[0];
		let mut inputs = proof.public_inputs.clone();
		inputs.resize(plan.num_public_inputs() as usize, Scalar::from(0u8));
		let mut bytes = proof.bytes.clone();
		bytes.resize(plan.proof_len(), 0);
		verify(plan, &setup(), &inputs, &bytes)
	}

	/// The outcome of a change.
	fn changed(&self, change: impl FnOnce(&mut Vka)) -> Outcome {
		let mut vka = self.vka.clone();
		change(&mut vka);
		assert_ne!(vka, self.vka, "nothing was changed");
		self.outcome(&vka)
	}

	/// The error after a change.
	fn error(&self, change: impl FnOnce(&mut Vka)) -> VkaError {
		match self.changed(change) {
			Outcome::Refused(error) => error,
			outcome => panic!("{outcome:?}"),
		}
	}
}

/// Five inputs, two lookups with tables of their own, one phase; 126 words, of which
/// `tests/ezkl/LAYOUT.md` gives the meaning, one by one.
fn linear() -> Subject {
	Subject::new("linear-regression")
}

fn layout(what: &'static str) -> VkaError {
	VkaError::Layout { what }
}

fn openings(what: &'static str) -> VkaError {
	VkaError::Openings { what }
}

fn bad_address(what: &'static str, word: usize, got: u32) -> VkaError {
	VkaError::BadAddress { what, word, got }
}

fn out_of_range(what: &'static str, word: usize) -> VkaError {
	VkaError::OutOfRange { what, word }
}

// --- container ---

#[test]
fn key_should_be_refused_when_its_bytes_are_truncated_or_longer() {
	let bytes = linear().fixture.vka;
	for got in 0..bytes.len() {
		let expected = if got < 8 { 8 } else { bytes.len() };
		assert_eq!(
			plan_from_vka(&bytes[..got], &setup()),
			Err(VkaError::Length { expected, got })
		);
	}
	for extra in [1, 8, 31, 32, 33, 1000] {
		let mut longer = bytes.clone();
		longer.resize(bytes.len() + extra, 0);
		assert_eq!(
			plan_from_vka(&longer, &setup()),
			Err(VkaError::Length {
				expected: bytes.len(),
				got: bytes.len() + extra
			})
		);
	}
}

#[test]
fn key_should_be_refused_when_its_number_of_words_is_wrong() {
	let bytes = linear().fixture.vka;
	let got = bytes.len();
	for (count, expected) in [
		(0, 8),
		(125, 125 * 32 + 8),
		(127, 127 * 32 + 8),
		// 32 times these is 0, or 126 · 32, in 64 bits.
		(1 << 59, usize::MAX),
		((1 << 59) + 126, usize::MAX),
		(u64::MAX, usize::MAX),
		// As if it were big-endian.
		(126 << 56, usize::MAX),
	] {
		let mut changed = bytes.clone();
		changed[..8].copy_from_slice(&u64::to_le_bytes(count));
		assert_eq!(
			plan_from_vka(&changed, &setup()),
			Err(VkaError::Length { expected, got }),
			"{count}"
		);
	}
}

#[test]
fn key_should_be_refused_when_words_are_cut_off_or_added() {
	for name in ["linear-regression", "sum-only", "freivalds"] {
		let subject = Subject::new(name);
		let words = subject.vka.words.len();
		for length in 0..words {
			let mut vka = subject.vka.clone();
			vka.words.truncate(length);
			// Even where only the rescaling goes: results lie behind the last word.
			let outcome = subject.outcome(&vka);
			assert!(
				matches!(outcome, Outcome::Refused(_)),
				"{name} {length}: {outcome:?}"
			);
		}
		for extra in [1, 2, 40] {
			let error = subject.error(|vka| vka.words.resize(words + extra, [0; 32]));
			assert!(
				matches!(error, VkaError::BadAddress { .. }),
				"{name}: {error:?}"
			);
		}
	}
}

#[test]
fn key_should_be_refused_when_it_has_more_bytes_than_allowed() {
	let limit = MAX_VKA_BYTES as usize;
	for got in [limit + 1, 2 * limit] {
		assert_eq!(
			plan_from_vka(&vec![0; got], &setup()),
			Err(VkaError::TooLong {
				limit: MAX_VKA_BYTES,
				got
			})
		);
	}
	// The largest that is read.
	let subject = linear();
	let error = subject.error(|vka| vka.words.resize((limit - 8) / 32, [0; 32]));
	assert!(matches!(error, VkaError::BadAddress { .. }), "{error:?}");
}

#[test]
fn key_should_be_refused_when_it_is_something_else() {
	let subject = linear();
	for bytes in [
		subject.plan.to_bytes(),
		subject.fixture.proofs[0].bytes.clone(),
		vec![0; 8],
		Vka {
			words: vec![[0; 32]; 500],
		}
		.to_bytes(),
		Vka {
			words: vec![[0xff; 32]; 500],
		}
		.to_bytes(),
	] {
		assert!(plan_from_vka(&bytes, &setup()).is_err());
	}
}

// --- every word ---

/// A word replaced: by nothing, by as much as fits, by the next number, by chance.
fn replacements(word: &[u8; 32], rng: &mut ChaCha20Rng) -> Vec<[u8; 32]> {
	let mut random = [0; 32];
	rng.fill_bytes(&mut random);
	// As often below the moduli as not.
	random[0] &= 0x3f;
	let mut all = vec![[0; 32], [0xff; 32], random];
	if *word != [0xff; 32] {
		all.push(add(word, &packed(&[1])));
	}
	all.retain(|other| other != word);
	all
}

#[test]
fn key_should_be_refused_or_another_when_any_word_changed() {
	// Words that give the same plan whatever they hold: what the EVM verifier keeps in memory
	// where, the rescaling and its address.
	for (name, ignored) in [
		(
			"linear-regression",
			[30, 103, 104, 105, 106, 112, 119, 125].as_slice(),
		),
		("sum-only", &[30, 86, 87, 88, 89, 95, 102, 108]),
		("freivalds", &[30, 254, 255, 256, 257, 263, 272, 279]),
	] {
		let subject = Subject::new(name);
		let mut rng = ChaCha20Rng::seed_from_u64(23);
		let mut found = Vec::new();
		for word in 0..subject.vka.words.len() {
			let mut outcomes = Vec::new();
			for replacement in replacements(&subject.vka.words[word], &mut rng) {
				outcomes.push(subject.changed(|vka| vka.words[word] = replacement));
			}
			assert!(
				!outcomes.contains(&Outcome::Equivalent),
				"{name} {word}: {outcomes:?}"
			);
			if outcomes.iter().all(|outcome| *outcome == Outcome::Same) {
				found.push(word);
			}
		}
		assert_eq!(found, ignored, "{name}");
	}
}

/// For each word of `linear-regression` of which some byte can change while the proof stays valid: a
/// letter per byte, the most significant first.
///
/// - `s`: the plan stays the same, whatever the byte. Word 1 is the size of scratch memory, 89 has an
///   address that the last chunk does not use, 99 to 120 are full of scratch addresses, 30 and 125
///   are the rescaling.
/// - `~`: so for some values. A point may be listed that no opening has (100); lists of scratch
///   addresses may be said to have no words, but have one (101, 118).
/// - `e`: another plan that the proof satisfies too: gates (77 to 86) and inputs of lookups (97) of
///   this circuit have terms that a column or constant of zeros multiplies.
const IGNORED_BYTES: &str = "\
001 ............................ssss
030 ssssssssssssssssssssssssssssssss
077 ..ee.......e.ee...e....ee.......
078 ...........e....e..eee.....eeee.
081 ..ee.......e.ee...e....ee.......
082 ...........e....e..eee.....eeee.
083 ..ee.......e.ee...e....ee.......
084 ...e....e..eee..e..eee..eeee.ee.
085 .............................e..
086 ............................ee..
089 ..........................ss....
097 ........ee.e....................
099 sssssssssssssssssssssssssssss...
100 sssssssssssssssss............~..
101 sssssssssssssssssssssssss~ssssss
102 ..............................ss
103 ssssssssssssssssssssssssssssssss
104 ssssssssssssssssssssssssssssssss
105 ssssssssssssssssssssssssssssssss
106 ssssssssssssssssssssssssssssssss
108 ssssssssssssssssssssssssssssss..
109 ssssssssssssssssssssssssssss....
110 ssssssssssssssssssssssssss......
111 ssssssssssssssssssssssssssss....
112 ssssssssssssssssssssssssssssssss
113 ...........................ssss.
118 sssssssssssssssssssssssssssssss~
119 ssssssssssssssssssssssssssssssss
120 ...................ssssssssssss.
125 ssssssssssssssssssssssssssssssss
";

#[test]
fn key_should_ignore_no_byte_but_those_listed() {
	let subject = linear();
	let mut found = String::new();
	for word in 0..subject.vka.words.len() {
		let mut letters = String::new();
		for position in (0..32).rev() {
			let old = subject.vka.byte(word, position);
			let outcomes = [old ^ 1, old ^ 0xff, old.wrapping_add(0x20)]
				.map(|new| subject.changed(|vka| vka.set_byte(word, position, new)));
			let same = |outcome: &Outcome| *outcome == Outcome::Same;
			letters.push(if outcomes.contains(&Outcome::Equivalent) {
				'e'
			} else if outcomes.iter().all(same) {
				's'
			} else if outcomes.iter().any(same) {
				'~'
			} else {
				'.'
			});
		}
		if letters.contains(|letter| letter != '.') {
			found += &format!("{word:03} {letters}\n");
		}
	}
	assert_eq!(found, IGNORED_BYTES);
}

// --- header ---

#[test]
fn key_should_be_refused_with_a_named_error_when_a_header_word_changed() {
	use header::*;
	let subject = linear();
	let domain = |what| VkaError::Domain { what };
	let other_setup = |what| VkaError::Setup { what };
	let k = |got: u32| (K, got);
	let cases = [
		((EVALUATIONS, 28), bad_address("evaluation", 114, 0x784)),
		(
			(EVALUATIONS, 30),
			layout("the number of evaluations is not that of the constraint system"),
		),
		(
			(CHALLENGE_BYTES, 32),
			layout("the number of circuit challenges is not that of the phases"),
		),
		(
			(CHALLENGE_BYTES, 1),
			layout("the number of circuit challenges is not that of the phases"),
		),
		(k(0), out_of_range("k", K)),
		(k(6), domain("ω")),
		(k(8), domain("ω")),
		(k(25), out_of_range("k", K)),
		(k(28), out_of_range("k", K)),
		(k(256 + 7), out_of_range("k", K)),
		((6, 1), domain("1/n")),
		((7, 1), domain("ω")),
		((8, 1), domain("1/ω")),
		((OMEGA_TO_LAST, 1), domain("ω^−l")),
		((BLINDING, 5), domain("ω^−l")),
		((BLINDING, 6 + 128), domain("ω^−l")),
		((BLINDING, u32::MAX), domain("ω^−l")),
		(
			(HAS_ACCUMULATOR, 2),
			out_of_range("accumulator", HAS_ACCUMULATOR),
		),
		((G1, 2), VkaError::BadPoint { word: G1 }),
		((G1 + 1, 3), VkaError::BadPoint { word: G1 }),
		((G2, 1), other_setup("the generator of G2")),
		((G2 + 3, 1), other_setup("the generator of G2")),
		((MINUS_S_G2, 1), other_setup("−[s]G2")),
		((MINUS_S_G2 + 3, 1), other_setup("−[s]G2")),
		(
			(LAST_QUOTIENT, 0x3c4 + 64),
			layout("the quotient's parts are the last phase's points"),
		),
		(
			(LAST_QUOTIENT, 0x3c4 - 64),
			layout("the quotient's parts are the last phase's points"),
		),
		(
			(FIRST_QUOTIENT, 0x304 + 64),
			layout("the quotient's parts are the last phase's points"),
		),
		(
			(FIRST_QUOTIENT, 0x84),
			layout("the quotient's parts are the last phase's points"),
		),
		((GATES, 0x8c0 + 1), bad_address("gates", GATES, 0x8c1)),
		((GATES, 0x9f), bad_address("gates", GATES, 0x9f)),
		(
			(GATES, 0xa0),
			layout("commitments and constants end before the gates"),
		),
		((GATES, 0x8c0 - 32), out_of_range("gates", 64)),
		(
			(GATES, 0xa0 + 32 * 127),
			bad_address("gates", GATES, 0xa0 + 32 * 127),
		),
		((GATES, u32::MAX), bad_address("gates", GATES, u32::MAX)),
		(
			(PERMUTATION, 0xb80 + 2),
			bad_address("permutation", PERMUTATION, 0xb82),
		),
		(
			(PERMUTATION, 0xa0 + 32 * 126),
			VkaError::MissingWord { index: 126 },
		),
		(
			(LOOKUPS, 0xbe0 + 31),
			bad_address("lookups", LOOKUPS, 0xbff),
		),
		(
			(OPENING, 0xd00 - 16),
			bad_address("opening", OPENING, 0xcf0),
		),
		(
			(OPENING, 0xa0 + 32 * 126),
			VkaError::MissingWord { index: 126 },
		),
		(
			(FIXED_COLUMNS, 9),
			openings("evaluations of columns are not the first ones, advice before fixed"),
		),
		(
			(FIXED_COLUMNS, limits::MAX_COLUMNS),
			VkaError::BadPoint { word: 60 },
		),
		(
			(FIXED_COLUMNS, limits::MAX_COLUMNS + 1),
			out_of_range("fixed columns", FIXED_COLUMNS),
		),
		(
			(FIXED_COLUMNS, u32::MAX),
			out_of_range("fixed columns", FIXED_COLUMNS),
		),
	];
	for ((word, number), expected) in cases {
		let error = subject.error(|vka| vka.set_number(word, number));
		assert_eq!(error, expected, "word {word} = {number:#x}");
	}
	// Numbers over 32 bits, and scalars over the modulus.
	for (word, expected) in [
		(DIGEST, VkaError::NonCanonicalScalar { word: DIGEST }),
		(SCRATCH, out_of_range("scratch memory", SCRATCH)),
		(PUBLIC_INPUTS, out_of_range("public inputs", PUBLIC_INPUTS)),
		(EVALUATIONS, out_of_range("evaluations", EVALUATIONS)),
		(
			CHALLENGE_BYTES,
			out_of_range("circuit challenges", CHALLENGE_BYTES),
		),
		(K, out_of_range("k", K)),
		(6, VkaError::NonCanonicalScalar { word: 6 }),
		(7, VkaError::NonCanonicalScalar { word: 7 }),
		(8, VkaError::NonCanonicalScalar { word: 8 }),
		(
			OMEGA_TO_LAST,
			VkaError::NonCanonicalScalar {
				word: OMEGA_TO_LAST,
			},
		),
		(
			HAS_ACCUMULATOR,
			out_of_range("accumulator", HAS_ACCUMULATOR),
		),
		(G1, VkaError::BadPoint { word: G1 }),
		(G2, VkaError::BadPoint { word: G2 }),
		(MINUS_S_G2, VkaError::BadPoint { word: MINUS_S_G2 }),
		(LAST_QUOTIENT, out_of_range("quotient", LAST_QUOTIENT)),
		(FIRST_QUOTIENT, out_of_range("quotient", FIRST_QUOTIENT)),
		(GATES, out_of_range("gates", GATES)),
		(PERMUTATION, out_of_range("permutation", PERMUTATION)),
		(LOOKUPS, out_of_range("lookups", LOOKUPS)),
		(OPENING, out_of_range("opening", OPENING)),
		(BLINDING, out_of_range("blinded rows", BLINDING)),
		(FIXED_COLUMNS, out_of_range("fixed columns", FIXED_COLUMNS)),
	] {
		let error = subject.error(|vka| vka.set_byte(word, 31, 0xff));
		assert_eq!(error, expected, "word {word}");
		if matches!(expected, VkaError::OutOfRange { .. }) {
			// The 33rd bit.
			let error = subject.error(|vka| vka.set_byte(word, 4, 1));
			assert_eq!(error, expected, "word {word}");
		}
	}
	// A digest or number of inputs is another key's.
	for word in [DIGEST, PUBLIC_INPUTS] {
		let number = subject.vka.number(word) + 1;
		assert_eq!(
			subject.changed(|vka| vka.set_byte(word, 0, number as u8)),
			Outcome::Other
		);
	}
}

#[test]
fn key_should_be_refused_when_numbers_of_no_accumulator_are_not_zero() {
	use header::{ACCUMULATOR_OFFSET, LIMBS, LIMB_BITS};
	let subject = linear();
	for (word, what) in [
		(ACCUMULATOR_OFFSET, "offset of no accumulator"),
		(LIMBS, "limbs of no accumulator"),
		(LIMB_BITS, "bits of no limb"),
	] {
		for number in [1, 4, 68, u32::MAX] {
			let error = subject.error(|vka| vka.set_number(word, number));
			assert_eq!(error, out_of_range(what, word));
		}
	}
}

#[test]
fn key_should_be_refused_when_a_flag_is_neither_0_nor_1() {
	let subject = linear();
	for flag in [2, 3, 0x80, 0xff] {
		// Of the instance column in the permutation; its address is none, but is there.
		let column = out_of_range("a column of the permutation", 89);
		assert_eq!(subject.error(|vka| vka.set_byte(89, 11, flag)), column);
		assert_eq!(subject.error(|vka| vka.set_byte(89, 12, flag)), column);
		assert_eq!(subject.error(|vka| vka.set_byte(89, 13, flag)), column);
		// Of a lookup's table.
		for word in [91, 95] {
			assert_eq!(
				subject.error(|vka| vka.set_byte(word, 0, flag)),
				out_of_range("whether a lookup has a table of its own", word)
			);
		}
	}
}

#[test]
fn key_should_be_refused_when_inputs_do_not_fit() {
	let subject = linear();
	// 128 rows, 6 of them blinded.
	for (inputs, fits) in [(0, true), (122, true), (123, false), (1024, false)] {
		let outcome = subject.changed(|vka| vka.set_number(header::PUBLIC_INPUTS, inputs));
		let expected = if fits {
			Outcome::Other
		} else {
			Outcome::Refused(VkaError::Plan(PlanError::OutOfRange {
				what: "number of public inputs",
				min: 0,
				max: 122,
				got: i64::from(inputs),
			}))
		};
		assert_eq!(outcome, expected);
	}
	for inputs in [limits::MAX_PUBLIC_INPUTS + 1, u32::MAX] {
		assert_eq!(
			subject.error(|vka| vka.set_number(header::PUBLIC_INPUTS, inputs)),
			VkaError::Plan(PlanError::TooMany {
				what: "public inputs",
				limit: limits::MAX_PUBLIC_INPUTS,
				got: inputs
			})
		);
	}
}

#[test]
fn key_should_be_refused_when_its_accumulator_is_not_among_the_inputs() {
	use header::{ACCUMULATOR_OFFSET, HAS_ACCUMULATOR, LIMBS, LIMB_BITS};
	let error = |name: &str, numbers: [u32; 3]| {
		let subject = Subject::new(name);
		let mut vka = subject.vka.clone();
		vka.set_number(HAS_ACCUMULATOR, 1);
		for (word, number) in [ACCUMULATOR_OFFSET, LIMBS, LIMB_BITS]
			.into_iter()
			.zip(numbers)
		{
			vka.set_number(word, number);
		}
		plan_from_vka(&vka.to_bytes(), &setup()).map(|plan| subject.verify(&plan))
	};
	let range = |what, min, max, got| {
		Err(VkaError::Plan(PlanError::OutOfRange {
			what,
			min,
			max,
			got,
		}))
	};
	let end = |inputs, got| range("end of the accumulator", 0, inputs, got);
	assert_eq!(error("linear-regression", [0, 4, 68]), end(5, 16));
	assert_eq!(error("no-instances", [0, 4, 68]), end(0, 16));
	assert_eq!(error("instances-144", [129, 4, 68]), end(144, 145));
	let offset = i64::from(u32::MAX);
	assert_eq!(
		error("instances-144", [u32::MAX, 4, 68]),
		end(144, offset + 16)
	);
	for (limbs, bits, expected) in [
		(
			0,
			68,
			range("limbs of an accumulator's coordinate", 1, 8, 0),
		),
		(
			9,
			32,
			range("limbs of an accumulator's coordinate", 1, 8, 9),
		),
		(4, 0, range("bits of an accumulator's limb", 1, 128, 0)),
		(2, 129, range("bits of an accumulator's limb", 1, 128, 129)),
		(
			3,
			68,
			range("bits of an accumulator's coordinate", 254, 320, 204),
		),
		(
			5,
			68,
			range("bits of an accumulator's coordinate", 254, 320, 340),
		),
		(
			256,
			68,
			Err(out_of_range("limbs of the accumulator", LIMBS)),
		),
		(4, 256, Err(out_of_range("bits of a limb", LIMB_BITS))),
	] {
		assert_eq!(error("instances-144", [0, limbs, bits]), expected);
	}
	// Where there are inputs, they must hold points: these are no limbs.
	let verified = error("instances-144", [0, 4, 68]);
	assert!(
		matches!(
			verified,
			Ok(Err(
				VerifyError::AccumulatorLimb { .. } | VerifyError::AccumulatorPoint { .. }
			))
		),
		"{verified:?}"
	);
}

#[test]
fn key_should_be_refused_when_its_phases_are_not_those_of_a_circuit() {
	use header::PHASES;
	let subject = linear();
	// 3 points, 1 challenge; 2 points, 2; 5 points, 1; 4 points, 1.
	assert_eq!(
		subject.vka.words[PHASES],
		packed(&[1, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1])
	);
	let error = |fields: &[u8]| subject.error(|vka| vka.pack(PHASES, fields));
	let phases = out_of_range("phases", PHASES);
	let order =
		layout("phases are the circuit's (then θ), lookups (β, γ), products (y), quotient (x)");
	let parts = layout("the quotient's parts are the last phase's points");
	// No points, or no challenges, in each phase.
	for phase in 0..4 {
		let without = |part: usize| {
			subject.error(|vka| {
				vka.set_byte(PHASES, 1 + 3 * phase + part, 0);
				if part == 0 {
					vka.set_byte(PHASES, 2 + 3 * phase, 0);
				}
			})
		};
		assert_eq!(without(0), phases, "{phase}");
		assert_eq!(without(2), phases, "{phase}");
	}
	// Part of a point.
	assert_eq!(
		error(&[1, 0xc1, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1]),
		phases
	);
	// No words, too many, more than are filled; a group that does not fit its word.
	assert_eq!(
		error(&[0, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1]),
		phases
	);
	assert_eq!(
		error(&[11, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1]),
		phases
	);
	assert_eq!(
		error(&[2, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1]),
		out_of_range("phases", 34)
	);
	assert_eq!(
		error(&[[1].as_slice(), &[0x40, 0, 1].repeat(11)].concat()),
		phases
	);
	// None, or too few, or too many.
	assert_eq!(error(&[1]), phases);
	for count in [1, 2] {
		assert_eq!(
			error(&[[1].as_slice(), &[0x40, 0, 1].repeat(count)].concat()),
			order
		);
	}
	assert_eq!(
		error(
			&[
				[1].as_slice(),
				&[0x40, 0, 1].repeat(3),
				&[0x40, 0, 2],
				&[0x40, 0, 1].repeat(2)
			]
			.concat()
		),
		layout("the number of circuit challenges is not that of the phases")
	);
	assert_eq!(
		error(
			&[
				[1].as_slice(),
				&[0x40, 0, 1].repeat(4),
				&[0x40, 0, 2],
				&[0x40, 0, 1].repeat(2)
			]
			.concat()
		),
		VkaError::Unsupported {
			what: "more than three phases"
		}
	);
	// Wrong numbers of challenges: θ is missing, y or x are drawn twice, β and γ thrice.
	assert_eq!(
		error(&[1, 0xc0, 0, 1, 0x80, 0, 1, 0x40, 1, 1, 0, 1, 1]),
		order
	);
	assert_eq!(
		error(&[1, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 2, 0, 1, 1]),
		order
	);
	assert_eq!(
		error(&[1, 0xc0, 0, 1, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 2]),
		order
	);
	assert_eq!(
		error(&[1, 0xc0, 0, 2, 0x80, 0, 2, 0x40, 1, 1, 0, 1, 1]),
		layout("the number of circuit challenges is not that of the phases")
	);
	// Points that move between phases.
	assert_eq!(
		error(&[1, 0xc0, 0, 1, 0x80, 0, 2, 0x00, 1, 1, 0x40, 1, 1]),
		parts
	);
	assert_eq!(
		error(&[1, 0xc0, 0, 1, 0xc0, 0, 2, 0x00, 1, 1, 0, 1, 1]),
		layout("the number of multiplicities is not that of the lookups")
	);
}

#[test]
fn key_should_be_refused_when_the_number_of_blinded_rows_is_not_that_of_the_queries() {
	let subject = linear();
	// ω^−l to match: another power of ω, which 1/ω gives.
	let plan = |vka: &mut Vka| {
		vka.set_number(header::BLINDING, 1);
		vka.words[header::OMEGA_TO_LAST] = vka.words[8];
	};
	assert_eq!(
		subject.error(plan),
		layout("the number of blinded rows is not that of the queries")
	);
}

#[test]
fn key_should_be_refused_when_a_commitment_is_no_point() {
	let subject = linear();
	// 8 fixed columns, 5 of the permutation.
	for point in 0..13 {
		let word = 34 + 2 * point;
		for coordinate in [word, word + 1] {
			let bad = VkaError::BadPoint { word };
			let next = add(&subject.vka.words[coordinate], &packed(&[1]));
			assert_eq!(subject.error(|vka| vka.words[coordinate] = next), bad);
			assert_eq!(subject.error(|vka| vka.words[coordinate] = [0xff; 32]), bad);
		}
		// Another point is another key.
		let generator = [packed(&[1]), packed(&[2])];
		for with in [generator, [[0; 32]; 2]] {
			if subject.vka.words[word..word + 2] != with {
				let outcome =
					subject.changed(|vka| vka.words[word..word + 2].copy_from_slice(&with));
				assert_eq!(outcome, Outcome::Other, "point {point}");
			}
		}
	}
}

#[test]
fn key_should_be_refused_when_a_constant_is_not_canonical() {
	let subject = linear();
	for word in 60..65 {
		assert_eq!(
			subject.error(|vka| vka.words[word] = [0xff; 32]),
			VkaError::NonCanonicalScalar { word }
		);
		let next = packed(&[77]);
		assert_eq!(
			subject.changed(|vka| vka.words[word] = next),
			Outcome::Other
		);
	}
}

// --- gates ---

/// Where the last gate of `linear-regression` is: one word, `load; multiply result 0 by constant 0`.
const GATE: usize = 86;

#[test]
fn key_should_be_refused_when_a_gate_reads_what_is_not_there() {
	let subject = linear();
	let end = u32::from(subject.vka.end());
	assert_eq!(end, 0x1060);
	assert_eq!(
		subject.vka.words[GATE],
		packed(&[1, 0, 0x04, 0x05, 3, 0x60, 0x10, 0x80, 0x08])
	);
	let operand = |got| bad_address("operand that is there before it is used", GATE, got);
	for got in [
		end + 32,     // itself
		end + 64,     // what comes after
		end + 32 * 9, // and later
		end - 32,     // the last word
		end + 1,      // between results
		end + 16,
		0,
		1,
		0x84,                // a point of the proof
		0x504,               // an evaluation: must be loaded
		0x8c0,               // the gates, after the last constant
		0x820 - 32,          // the last commitment, before the first constant
		0x841,               // between constants
		end + 0x5a0,         // there are no challenges: θ
		end + 0x5a0 + 32,    // β
		end + 0x5a0 + 0x200, // before the instance column
		end + 0x5a0 + 0x240, // after
		0xffff,
		0xffe0,
	] {
		// Of either operand.
		for position in [5, 7] {
			let error = subject.error(|vka| vka.set_short(GATE, position, got as u16));
			assert_eq!(error, operand(got), "at byte {position}");
		}
	}
	let evaluation = |got| bad_address("evaluation of a column", GATE, got);
	for got in [
		0x404 - 32,      // the last point
		0x404 + 1,       // between evaluations
		0x404 + 32 * 29, // after the last
		0x584,           // the random polynomial's
		0x5a4,           // a permutation polynomial's
		0,
		end,
		0xffff,
	] {
		let error = subject.error(|vka| vka.set_short(GATE, 2, got as u16));
		assert_eq!(error, evaluation(got));
	}
	// The instance column, and any column, constant or result are there: another circuit.
	for got in [end + 0x5a0 + 0x220, 0x820, end] {
		let outcome = subject.changed(|vka| vka.set_short(GATE, 7, got as u16));
		assert_eq!(outcome, Outcome::Other, "{got:#x}");
	}
	// Constant 3, at 0x880, is zero: whatever is multiplied by it.
	assert_eq!(subject.vka.words[63], [0; 32]);
	for (position, got) in [(5, 0x820), (2, 0x404), (2, 0x564)] {
		let outcome = subject.changed(|vka| vka.set_short(GATE, position, got));
		assert_eq!(outcome, Outcome::Equivalent, "{got:#x} at byte {position}");
	}
}

#[test]
fn key_should_be_refused_when_a_challenge_is_not_where_the_circuit_keeps_it() {
	// Two phases, each with a challenge, kept after the scratch memory.
	let subject = Subject::new("freivalds");
	let scratch = subject.vka.number(header::SCRATCH);
	for other in [
		0,
		scratch - 1,
		scratch - 32,
		scratch + 32,
		scratch + 64,
		u32::MAX,
		u32::MAX - 31,
	] {
		let outcome = subject.changed(|vka| vka.set_number(header::SCRATCH, other));
		assert!(
			matches!(
				outcome,
				Outcome::Refused(VkaError::BadAddress { .. }) | Outcome::Other
			),
			"{other:#x}: {outcome:?}"
		);
	}
}

#[test]
fn key_should_be_refused_when_a_gate_is_no_program() {
	let subject = linear();
	let error = |fields: &[u8]| subject.error(|vka| vka.pack(GATE, fields));
	let load = [0, 0x04, 0x05];
	let with = |count: u8, rest: &[u8]| [[count].as_slice(), rest].concat();
	// Unknown operations; the end of a tuple, which only lookups have.
	for code in [5, 6, 0x7f, 0xff] {
		assert_eq!(
			error(&with(1, &[load.as_slice(), &[code, 0x60, 0x10]].concat())),
			out_of_range("an operation", GATE)
		);
	}
	assert_eq!(
		error(&with(1, &[load.as_slice(), &[4, 1, 0x60, 0x10]].concat())),
		out_of_range("expressions", GATE)
	);
	assert_eq!(
		error(&with(1, &[load.as_slice(), &[4, 2, 0x60, 0x10]].concat())),
		out_of_range("words of a tuple", GATE)
	);
	// No words, no operations.
	assert_eq!(error(&with(0, &load)), out_of_range("expressions", GATE));
	assert_eq!(error(&[1]), out_of_range("expressions", GATE));
	assert_eq!(error(&[]), out_of_range("expressions", GATE));
	// More words than the gate has: the permutation's.
	assert_eq!(
		error(&with(2, &load)),
		bad_address("operand that is there before it is used", 87, 0x20)
	);
	// An operation that does not fit its word.
	let full = [[1].as_slice(), &load.repeat(10), &[1]].concat();
	assert_eq!(error(&full), out_of_range("expressions", GATE));
	let full = [[1].as_slice(), &load.repeat(9), &[1, 0x60, 0x10, 2]].concat();
	assert_eq!(error(&full), out_of_range("expressions", GATE));
	// One word less than the gate before has: its rest is no gate.
	assert!(matches!(
		subject.changed(|vka| vka.set_byte(83, 0, 1)),
		Outcome::Refused(_)
	));
}

#[test]
fn key_should_be_refused_when_the_number_of_gates_is_wrong() {
	let subject = linear();
	let error = |bytes: u32| subject.error(|vka| vka.set_number(65, bytes));
	let fewer = layout("there are fewer gates than stated");
	let more = layout("the permutation does not follow the gates");
	assert_eq!(subject.vka.number(65), 11 * 32);
	assert_eq!(error(0), more);
	assert_eq!(error(10 * 32), more);
	assert_eq!(error(12 * 32), fewer);
	assert_eq!(error(1 << 20), fewer);
	assert_eq!(error(u32::MAX - 31), fewer);
	for bytes in [1, 11 * 32 + 1, u32::MAX] {
		assert_eq!(error(bytes), out_of_range("gates", 65));
	}
	assert_eq!(
		subject.error(|vka| vka.set_byte(65, 20, 1)),
		out_of_range("gates", 65)
	);
}

#[test]
fn key_should_be_refused_when_gates_are_left_out_of_their_section() {
	// The first or last gate goes; what follows keeps its place, as the words go to the end.
	let subject = linear();
	for gate in [66..68, 86..87] {
		let outcome = subject.changed(|vka| {
			let moved = gate.len() as i32;
			let removed: Vec<_> = vka.words.drain(gate.clone()).collect();
			vka.words.extend(removed);
			vka.set_number(65, 10 * 32);
			for section in [header::PERMUTATION, header::LOOKUPS, header::OPENING] {
				vka.move_pointer(section, -moved);
			}
			let lookups = vka.section(header::LOOKUPS);
			let end = vka.short(lookups, 0) - 32 * moved as u16;
			vka.set_short(lookups, 0, end);
		});
		// A circuit without that gate: not the one that the proof is of.
		assert_eq!(outcome, Outcome::Other, "{gate:?}");
	}
}

// --- permutation ---

#[test]
fn key_should_be_refused_when_a_column_of_the_permutation_is_missing_or_another() {
	let subject = linear();
	// 3 columns, then 2, of which the first is the instance column.
	assert_eq!(
		subject.vka.words[89],
		packed(&[
			0xa4, 0x06, 0xc4, 0x06, 0xe4, 0x06, 0, 0x84, 0x04, 0x04, 0x06, 1, 0, 0, 0x24, 0x06
		])
	);
	let order = |word, got| bad_address("evaluation in halo2's order", word, got);
	// The last column goes: its commitment is no commitment then, and without its opening the
	// products' evaluations do not follow the columns'.
	let without = |vka: &mut Vka| {
		for position in 11..16 {
			vka.set_byte(89, position, 0);
		}
	};
	assert_eq!(
		subject.error(without),
		bad_address("commitment", 121, 0x7e0)
	);
	let error = subject.error(|vka| {
		without(vka);
		without_permutation_opening(vka);
	});
	assert_eq!(error, order(88, 0x644));
	// Or the first.
	let first = subject.error(|vka| {
		let rest: Vec<u8> = (11..32).map(|position| vka.byte(88, position)).collect();
		for (position, byte) in (6..).zip(rest) {
			vka.set_byte(88, position, byte);
		}
		without_permutation_opening(vka);
	});
	assert_eq!(
		first,
		layout("chunks of the permutation do not have as many columns as the degree allows")
	);
	// Another evaluation instead.
	let column = "evaluation of a column at the current row";
	for (word, position, got, expected) in [
		(88, 0, 0x664, order(88, 0x664)),               // product here
		(88, 2, 0x644, order(88, 0x644)),               // product at the next row
		(88, 4, 0x6a4, order(88, 0x6a4)),               // product at the last
		(89, 0, 0x644, order(89, 0x644)),               // the next product
		(88, 9, 0x5c4, order(88, 0x5c4)),               // permutation polynomial
		(89, 14, 0x604, order(89, 0x604)),              // another's
		(88, 7, 0x584, bad_address(column, 88, 0x584)), // random polynomial
		(88, 7, 0, bad_address(column, 88, 0)),
		(88, 7, 0x8c0, bad_address(column, 88, 0x8c0)),
		(89, 7, 0x464, bad_address(column, 89, 0x464)), // a column at another row
	] {
		let error = subject.error(|vka| vka.set_short(word, position, got));
		assert_eq!(error, expected);
	}
	// A column twice, as instance or not.
	for change in [
		|vka: &mut Vka| vka.set_short(88, 12, vka.short(88, 7)),
		|vka: &mut Vka| vka.set_byte(88, 6, 1),
	] {
		let error = subject.error(change);
		assert!(
			matches!(
				error,
				VkaError::Plan(PlanError::Duplicate {
					what: "permutation column",
					..
				}) | VkaError::OutOfRange { .. }
			),
			"{error:?}"
		);
	}
	// Another column at the current row: another circuit.
	assert_eq!(
		subject.changed(|vka| vka.set_short(88, 7, 0x524)),
		Outcome::Other
	);
}

#[test]
fn key_should_be_refused_when_the_permutations_chunks_are_wrong() {
	let subject = linear();
	assert_eq!(subject.vka.words[87], packed(&[1, 0x20, 0, 0x20, 0]));
	let error = |fields: &[u8]| subject.error(|vka| vka.pack(87, fields));
	let chunk = out_of_range("words of a chunk", 87);
	for fields in [
		[1, 0, 0, 0x20, 0],
		[1, 0x20, 0, 0, 0],
		[1, 0x21, 0, 0x20, 0],
		[1, 0x20, 0, 0x1f, 0],
	] {
		assert_eq!(error(&fields), chunk);
	}
	assert_eq!(
		error(&[1, 0x20, 0, 0x20, 0, 1]),
		out_of_range("permutation", 87)
	);
	for fields in [
		[0, 0x20, 0, 0x20, 0],
		[2, 0x20, 0, 0x20, 0],
		[255, 0x20, 0, 0x20, 0],
		[1, 0xe0, 0xff, 0x20, 0],
		[1, 0x20, 0, 0xe0, 0xff],
		[1, 0x40, 0, 0x20, 0],
		[255, 0xe0, 0xff, 0xe0, 0xff],
	] {
		error(&fields);
	}
}

#[test]
fn key_should_be_refused_when_a_long_chunk_has_other_words_than_its_columns_fill() {
	// 36 columns fill seven words; EZKL's encoder says six of them.
	let subject = Subject::new("mlp-cols36");
	let start = subject.vka.section(header::PERMUTATION);
	assert_eq!(subject.vka.words[start], packed(&[3, 6 * 0x20, 0, 0x20, 0]));
	let each = |words: u16| subject.error(|vka| vka.set_short(start, 1, words * 0x20));
	let last = |words: u16| subject.error(|vka| vka.set_short(start, 3, words * 0x20));
	// The right number is not what the encoder says.
	for error in [each(0), each(7), last(0)] {
		assert_eq!(error, out_of_range("words of a chunk", start));
	}
	for words in [1, 2, 3, 4, 5, 8, 50] {
		each(words);
	}
	for words in [2, 3, 6, 7, 50] {
		last(words);
	}
}

// --- lookups ---

#[test]
fn key_should_be_refused_when_lookups_do_not_end_where_they_should() {
	let subject = linear();
	let end = 0xd00;
	assert_eq!(subject.vka.words[90], packed(&[0x00, 0x0d]));
	for got in [end - 32, end + 32, 0xbe0, 0xa0, 0xffe0, end + 1, 1] {
		assert_eq!(
			subject.error(|vka| vka.set_short(90, 0, got)),
			bad_address("end of the lookups", 90, u32::from(got))
		);
	}
	// With the opening moved along: before, within and after a lookup.
	for words in [-8, -4, -2, -1, 1, 2] {
		let outcome = subject.changed(|vka| {
			vka.move_pointer(header::OPENING, words);
			let moved = vka.number(header::OPENING) as u16;
			vka.set_short(90, 0, moved);
		});
		assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
	}
	assert_eq!(
		subject.error(|vka| vka.set_byte(90, 2, 1)),
		VkaError::Unsupported {
			what: "permuted lookups"
		}
	);
	assert_eq!(
		subject.error(|vka| vka.set_byte(90, 3, 1)),
		out_of_range("lookups", 90)
	);
}

#[test]
fn key_should_be_refused_when_a_lookup_is_left_out() {
	let evaluations = layout("the number of evaluations is not that of the constraint system");
	let subject = linear();
	// All.
	assert_eq!(subject.error(|vka| vka.words[90] = [0; 32]), evaluations);
	// The second; its words go to the end, so that the rest stays in place.
	let second = |vka: &mut Vka| {
		let removed: Vec<_> = vka.words.drain(95..99).collect();
		vka.words.extend(removed);
		vka.move_pointer(header::OPENING, -4);
		vka.set_short(90, 0, 0xd00 - 4 * 32);
	};
	assert_eq!(subject.error(second), evaluations);
	// And with a multiplicity less: its point is now a product's, and nobody opens the last.
	let error = subject.error(|vka| {
		second(vka);
		vka.pack(
			header::PHASES,
			&[1, 0xc0, 0, 1, 0x40, 0, 2, 0x80, 1, 1, 0, 1, 1],
		);
	});
	assert!(
		matches!(error, VkaError::Layout { .. } | VkaError::Openings { .. }),
		"{error:?}"
	);
	// Twice: the same evaluations for both.
	let error = subject.error(|vka| {
		let first: Vec<_> = vka.words[91..95].to_vec();
		vka.words[95..99].copy_from_slice(&first);
	});
	assert_eq!(error, bad_address("evaluation in halo2's order", 95, 0x6e4));
}

#[test]
fn key_should_be_refused_when_a_lookup_is_no_lookup() {
	let subject = linear();
	let order = |got| bad_address("evaluation in halo2's order", 91, got);
	for position in [1, 3, 5] {
		let got = subject.vka.short(91, position) + 32;
		assert_eq!(
			subject.error(|vka| vka.set_short(91, position, got)),
			order(u32::from(got))
		);
	}
	// Uses the table before, but is the first.
	assert_eq!(
		subject.error(|vka| vka.set_byte(91, 0, 0)),
		layout("the first lookup has no table")
	);
	assert_eq!(
		subject.error(|vka| vka.set_byte(91, 7, 1)),
		out_of_range("lookups", 91)
	);
	// The table: load, end, one word, result 0.
	assert_eq!(
		subject.vka.words[92],
		packed(&[1, 0, 0xa4, 0x04, 4, 1, 0x00, 0x11])
	);
	let table = |fields: &[u8]| subject.error(|vka| vka.pack(92, fields));
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04, 4, 1]),
		layout("a lookup has no expressions")
	);
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04]),
		layout("a lookup has no expressions")
	);
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04, 4, 2, 0x00, 0x11]),
		out_of_range("words of a tuple", 92)
	);
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04, 4, 1, 0x20, 0x11]),
		bad_address("operand that is there before it is used", 92, 0x1120)
	);
	// Results of gates start elsewhere.
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04, 4, 1, 0x60, 0x10]),
		bad_address("operand that is there before it is used", 92, 0x1060)
	);
	// Two columns, where inputs have one.
	assert_eq!(
		table(&[1, 0, 0xa4, 0x04, 4, 1, 0x00, 0x11, 0x00, 0x11]),
		layout("an input is not as wide as its table")
	);
	// The number of inputs.
	for bytes in [0, 1, 31, 33, 32 * 129, 0xffe0, 0xffff] {
		assert_eq!(
			subject.error(|vka| vka.set_short(93, 0, bytes)),
			out_of_range("inputs of a lookup", 93)
		);
	}
	assert!(matches!(
		subject.changed(|vka| vka.set_short(93, 0, 64)),
		Outcome::Refused(_)
	));
}

// --- openings ---

/// The openings of the permutation's last polynomial: the first of a range of evaluations, and of
/// commitments.
fn without_permutation_opening(vka: &mut Vka) {
	assert_eq!((vka.short(114, 4), vka.short(114, 6)), (0x624, 0x584));
	assert_eq!((vka.short(121, 8), vka.short(121, 10)), (0x7e0, 0x4a0));
	vka.set_short(114, 4, 0x604);
	vka.set_short(121, 8, 0x7a0);
}

#[test]
fn key_should_be_refused_when_an_opening_is_left_out() {
	let subject = linear();
	let sets = openings("rotation sets, their order, or their members");
	let members = openings("members of a set and their evaluations");
	// The permutation's last polynomial.
	assert_eq!(subject.error(without_permutation_opening), sets);
	// Without its evaluation, or without its commitment, alone.
	assert_eq!(subject.error(|vka| vka.set_short(114, 4, 0x604)), members);
	assert_eq!(subject.error(|vka| vka.set_short(121, 8, 0x7a0)), members);
	// The quotient, which has no evaluation: three bytes less of commitments.
	let quotient = subject.error(|vka| {
		let rest: Vec<u8> = (6..32).map(|position| vka.byte(121, position)).collect();
		for (position, byte) in (4..).zip(rest.into_iter().chain([0, 0])) {
			vka.set_byte(121, position, byte);
		}
	});
	assert_eq!(quotient, sets);
	// The last set: one set less everywhere.
	let error = subject.error(|vka| vka.set_short(102, 2, 3));
	assert!(
		matches!(
			error,
			VkaError::OutOfRange { .. } | VkaError::BadAddress { .. }
		),
		"{error:?}"
	);
}

#[test]
fn key_should_be_refused_when_an_opening_is_at_another_row() {
	let subject = linear();
	let sets = openings("rotation sets, their order, or their members");
	// Rotation 1 becomes 2: all that is opened there.
	let error = subject.error(|vka| {
		vka.pack(99, &[2, 0, 0, 0x60, 0x03]);
	});
	assert_eq!(error, sets);
	// No rotation 1.
	let error = subject.error(|vka| vka.pack(99, &[]));
	assert_eq!(error, bad_address("point of the opening", 108, 0x3c0));
	// Rotation 1 at the place of 0.
	assert_eq!(
		subject.error(|vka| vka.pack(99, &[1, 0x40, 0x03])),
		bad_address("point of its own", 100, 0x340)
	);
	// Set 0 at a row that is nowhere, or at the next.
	assert_eq!(
		subject.error(|vka| vka.set_short(108, 0, 0x3c1)),
		bad_address("point of the opening", 108, 0x3c1)
	);
	assert!(matches!(
		subject.changed(|vka| vka.set_short(108, 0, 0x3e0)),
		Outcome::Refused(_)
	));
	// Set 3, {0, 1}, becomes {1, 0}: the same, evaluations in another order, which is another key.
	let reversed = |vka: &mut Vka| {
		vka.set_short(111, 0, 0x360);
		vka.set_short(111, 2, 0x340);
	};
	assert_eq!(subject.error(reversed), sets);
	// {0, 0}.
	let error = subject.error(|vka| vka.set_short(111, 2, 0x340));
	assert!(matches!(error, VkaError::Openings { .. }), "{error:?}");
}

#[test]
fn key_should_be_refused_when_an_opening_is_of_another_commitment_or_evaluation() {
	let subject = linear();
	let commitment = |got| bad_address("commitment", 122, got);
	// The one member of {−1, 0}: the second or third column, or a product.
	assert_eq!(subject.vka.words[122], packed(&[0x04, 0x01, 0x24, 0x01]));
	let member = |x: u16, y: u16| {
		subject.changed(|vka| {
			vka.set_short(122, 0, x);
			vka.set_short(122, 2, y);
		})
	};
	for x in [0x84, 0xc4, 0x1c4, 0x204, 0x2c4] {
		let outcome = member(x, x + 32);
		assert!(
			matches!(outcome, Outcome::Refused(_)),
			"{x:#x}: {outcome:?}"
		);
	}
	let y = "y coordinate after its x";
	assert_eq!(
		member(0x104, 0x104),
		Outcome::Refused(bad_address(y, 122, 0x104))
	);
	assert_eq!(
		member(0x104, 0x144),
		Outcome::Refused(bad_address(y, 122, 0x144))
	);
	// A key's commitment where the proof's is; the last point but the opening's; none.
	for x in [0x4e0, 0x404, 0x105, 0x80, 0, 0xffc0] {
		assert_eq!(
			member(x, x + 32),
			Outcome::Refused(commitment(u32::from(x)))
		);
	}
	assert_eq!(member(0xffe0, 0), Outcome::Refused(bad_address(y, 122, 0)));
	// Its evaluations: swapped, the same twice, another's, none.
	assert_eq!(subject.vka.words[115], packed(&[1, 0x64, 0x04, 0x44, 0x04]));
	let evaluations = |a: u16, b: u16| {
		subject.changed(|vka| {
			vka.set_short(115, 1, a);
			vka.set_short(115, 3, b);
		})
	};
	assert_eq!(
		evaluations(0x444, 0x464),
		Outcome::Refused(bad_address(
			"evaluation of a column at the current row",
			88,
			0x444
		))
	);
	for (a, b) in [
		(0x444, 0x444),
		(0x464, 0x404),
		(0x464, 0x584),
		(0x464, 0x784),
	] {
		let outcome = evaluations(a, b);
		assert!(
			matches!(outcome, Outcome::Refused(VkaError::Openings { .. })),
			"{outcome:?}"
		);
	}
	for got in [0x3e4, 0x465, 0x7a4, 0xffff] {
		assert_eq!(
			evaluations(got, 0x444),
			Outcome::Refused(bad_address("evaluation", 115, u32::from(got)))
		);
	}
}

#[test]
fn key_should_be_refused_when_lists_of_openings_are_malformed() {
	let subject = linear();
	let refused = |change: fn(&mut Vka)| {
		let outcome = subject.changed(change);
		assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
	};
	// Numbers of sets.
	for (sets, word) in [(0, 102), (65, 102), (0xffff, 102)] {
		assert_eq!(
			subject.error(|vka| vka.set_short(102, 2, sets)),
			out_of_range("rotation sets", word)
		);
	}
	// Sizes of sets: none, more than there are.
	assert_eq!(subject.vka.words[107], packed(&[1, 1, 2, 3, 2]));
	refused(|vka| vka.set_byte(107, 1, 0));
	refused(|vka| vka.set_byte(107, 1, 2));
	refused(|vka| vka.set_byte(107, 2, 255));
	refused(|vka| vka.set_byte(107, 5, 1));
	refused(|vka| vka.set_byte(107, 0, 0));
	refused(|vka| vka.set_byte(107, 0, 2));
	// Evaluations per member.
	assert_eq!(
		subject.error(|vka| vka.set_byte(113, 5, 0x40)),
		openings("evaluations per member")
	);
	refused(|vka| vka.set_byte(113, 0, 255));
	// Words of evaluations: none, too many.
	for word in 114..118 {
		for count in [0, 2, 255] {
			let outcome = subject.changed(|vka| vka.set_byte(word, 0, count));
			assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
		}
	}
	// Groups of commitments: kinds and numbers that do not exist.
	for (place, number) in [(2, 0), (2, 2), (3, 1), (0, 3), (1, 3), (255, 255)] {
		assert_eq!(
			subject.error(|vka| {
				vka.set_byte(121, 4, place);
				vka.set_byte(121, 5, number);
			}),
			out_of_range("a group of commitments", 121)
		);
	}
	// Ranges of none, of parts, upwards; with more than there is.
	for end in [0x624, 0x5a5, 0x584 + 1, 0x644, 0xffff] {
		assert_eq!(
			subject.error(|vka| vka.set_short(114, 6, end)),
			out_of_range("a range of addresses", 114)
		);
	}
	for end in [0x7e0, 0x4a0 + 32, 0x4a1, 0x820] {
		assert_eq!(
			subject.error(|vka| vka.set_short(121, 10, end)),
			out_of_range("a range of addresses", 121)
		);
	}
	// Words of a set's commitments: none, parts of one.
	for bytes in [0, 1, 31, 33, 255] {
		assert_eq!(
			subject.error(|vka| vka.set_byte(120, 13, bytes)),
			out_of_range("words of a set's commitments", 120)
		);
	}
	assert_eq!(
		subject.error(|vka| vka.set_short(114, 6, 4)),
		bad_address("evaluation", 114, 0x3e4)
	);
	assert_eq!(
		subject.error(|vka| vka.set_short(121, 10, 0x20)),
		bad_address("commitment", 121, 0x4a0)
	);
}
