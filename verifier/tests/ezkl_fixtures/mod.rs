//! Reads the fixtures in `tests/ezkl`.

use ark_bn254::{Fq, Fq2, G2Affine};
use ark_ff::{BigInt, PrimeField};
use inference_verifier::{ezkl::plan_from_vka, Plan, Scalar, Setup};
use std::{fs, path::PathBuf, sync::OnceLock};

/// A circuit's key and proofs of it.
pub struct EzklFixture {
	pub name: String,
	pub vka: Vec<u8>,
	pub proofs: Vec<EzklProof>,
}

pub struct EzklProof {
	pub public_inputs: Vec<Scalar>,
	pub bytes: Vec<u8>,
}

impl EzklFixture {
	pub fn plan(&self) -> Plan {
		plan_from_vka(&self.vka, &setup()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
	}
}

fn folder() -> PathBuf {
	// From any crate of the workspace's first level: the node's benchmark includes this file.
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../verifier/tests/ezkl")
}

/// The setup of all fixtures: \[s\]G2 is the second half of `setup.bin`, as the wheel's SRS has it,
/// in Montgomery form, little-endian.
pub fn setup() -> Setup {
	static SETUP: OnceLock<Setup> = OnceLock::new();
	SETUP.get_or_init(read_setup).clone()
}

fn read_setup() -> Setup {
	let bytes = fs::read(folder().join("setup.bin")).unwrap();
	let coordinate = |index: usize| {
		let start = 128 + 32 * index;
		let limbs: [u64; 4] = std::array::from_fn(|limb| {
			let at = start + 8 * limb;
			u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
		});
		Fq::new_unchecked(BigInt(limbs))
	};
	let point = G2Affine::new_unchecked(
		Fq2::new(coordinate(0), coordinate(1)),
		Fq2::new(coordinate(2), coordinate(3)),
	);
	let canonical = [point.x.c0, point.x.c1, point.y.c0, point.y.c1]
		.map(|c| c.into_bigint().0.map(u64::to_le_bytes));
	Setup::from_bytes(&canonical.concat().concat()).unwrap()
}

/// Field elements of 32 bytes each, little-endian.
fn scalars(bytes: &[u8]) -> Vec<Scalar> {
	let scalar = |chunk: &[u8]| {
		let limbs: [u64; 4] = std::array::from_fn(|i| {
			u64::from_le_bytes(chunk[8 * i..8 * i + 8].try_into().unwrap())
		});
		Scalar::from_bigint(BigInt(limbs)).expect("canonical")
	};
	bytes.chunks(32).map(scalar).collect()
}

pub fn fixture(name: &str) -> EzklFixture {
	let folder = folder().join(name);
	let read = |file: String| fs::read(folder.join(file));
	let mut proofs = Vec::new();
	for index in 0.. {
		let suffix = if index == 0 {
			String::new()
		} else {
			format!("-{index}")
		};
		let (Ok(bytes), Ok(inputs)) = (
			read(format!("proof{suffix}.bin")),
			read(format!("instances{suffix}.bin")),
		) else {
			break;
		};
		proofs.push(EzklProof {
			public_inputs: scalars(&inputs),
			bytes,
		});
	}
	EzklFixture {
		name: name.to_owned(),
		vka: read("vka.bin".to_owned()).unwrap(),
		proofs,
	}
}

/// All fixtures, by name.
pub fn all() -> Vec<EzklFixture> {
	let mut names: Vec<String> = fs::read_dir(folder())
		.unwrap()
		.map(|entry| entry.unwrap())
		.filter(|entry| entry.path().join("vka.bin").exists())
		.map(|entry| entry.file_name().into_string().unwrap())
		.collect();
	names.sort();
	names.iter().map(|name| fixture(name)).collect()
}

// --- editing ---

/// Words at which the header keeps what tests change.
pub mod header {
	pub const DIGEST: usize = 0;
	pub const SCRATCH: usize = 1;
	pub const PUBLIC_INPUTS: usize = 2;
	pub const EVALUATIONS: usize = 3;
	pub const CHALLENGE_BYTES: usize = 4;
	pub const K: usize = 5;
	pub const OMEGA_TO_LAST: usize = 9;
	pub const HAS_ACCUMULATOR: usize = 10;
	pub const ACCUMULATOR_OFFSET: usize = 11;
	pub const LIMBS: usize = 12;
	pub const LIMB_BITS: usize = 13;
	pub const G1: usize = 14;
	pub const G2: usize = 16;
	pub const MINUS_S_G2: usize = 20;
	pub const LAST_QUOTIENT: usize = 24;
	pub const FIRST_QUOTIENT: usize = 25;
	pub const GATES: usize = 26;
	pub const PERMUTATION: usize = 27;
	pub const LOOKUPS: usize = 28;
	pub const OPENING: usize = 29;
	pub const RESCALING: usize = 30;
	pub const BLINDING: usize = 31;
	pub const FIXED_COLUMNS: usize = 32;
	pub const PHASES: usize = 33;
}

/// A VKA's words, to change some of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vka {
	/// Big-endian, as in the file.
	pub words: Vec<[u8; 32]>,
}

impl Vka {
	/// Takes a well-formed container apart.
	pub fn new(bytes: &[u8]) -> Self {
		let (words, rest) = bytes[8..].as_chunks::<32>();
		assert!(rest.is_empty());
		Self {
			words: words.to_vec(),
		}
	}

	/// The container, with the right number of words.
	pub fn to_bytes(&self) -> Vec<u8> {
		let count = (self.words.len() as u64).to_le_bytes();
		[count.as_slice(), &self.words.concat()].concat()
	}

	/// A word as a number.
	pub fn number(&self, word: usize) -> u32 {
		u32::from_be_bytes(self.words[word][28..].try_into().unwrap())
	}

	/// Makes a word a number.
	pub fn set_number(&mut self, word: usize, number: u32) {
		self.words[word] = [0; 32];
		self.words[word][28..].copy_from_slice(&number.to_be_bytes());
	}

	/// Byte `position` of a word, counted from the least significant: how fields are packed.
	pub fn byte(&self, word: usize, position: usize) -> u8 {
		self.words[word][31 - position]
	}

	/// Sets a byte.
	pub fn set_byte(&mut self, word: usize, position: usize, value: u8) {
		self.words[word][31 - position] = value;
	}

	/// The two bytes at `position`.
	pub fn short(&self, word: usize, position: usize) -> u16 {
		u16::from_le_bytes([self.byte(word, position), self.byte(word, position + 1)])
	}

	/// Sets two bytes.
	pub fn set_short(&mut self, word: usize, position: usize, value: u16) {
		let [low, high] = value.to_le_bytes();
		self.set_byte(word, position, low);
		self.set_byte(word, position + 1, high);
	}

	/// Replaces a word by fields, from the least significant byte up.
	pub fn pack(&mut self, word: usize, fields: &[u8]) {
		self.words[word] = packed(fields);
	}

	/// The word that a section's pointer in the header points at.
	pub fn section(&self, pointer: usize) -> usize {
		(self.number(pointer) as usize - 0xa0) / 32
	}

	/// Adds words' worth to a pointer of the header.
	pub fn move_pointer(&mut self, pointer: usize, words: i32) {
		let moved = self.number(pointer).wrapping_add_signed(32 * words);
		self.set_number(pointer, moved);
	}

	/// Address after the last word, where programs keep their results.
	pub fn end(&self) -> u16 {
		u16::try_from(0xa0 + 32 * self.words.len()).unwrap()
	}
}

/// A word of fields, from the least significant byte up.
pub fn packed(fields: &[u8]) -> [u8; 32] {
	let mut word = [0; 32];
	for (to, from) in word.iter_mut().rev().zip(fields) {
		*to = *from;
	}
	word
}

/// Adds to a big-endian integer of 32 bytes, which must have room.
pub fn add(word: &[u8; 32], number: &[u8; 32]) -> [u8; 32] {
	let mut sum = [0; 32];
	let mut carry = 0u16;
	for index in (0..32).rev() {
		let digit = u16::from(word[index]) + u16::from(number[index]) + carry;
		sum[index] = digit as u8;
		carry = digit >> 8;
	}
	assert_eq!(carry, 0, "the sum does not fit a word");
	sum
}
