//! Mutated plans, keys of EZKL and proofs: nothing panics, nothing takes much memory, nothing but
//! the original is accepted.
//!
//! A fuzzer on stable Rust, without coverage but with the formats' structure: words, pointers,
//! sections and lengths are changed as such, so that many inputs get past the first checks. Three
//! tests, one per kind of bytes, each for 10 seconds. In continuous integration and for longer runs:
//!
//! ```text
//! INFERENCE_FUZZ_SECONDS=40 cargo test --release -p inference-verifier --test suite fuzz -- --nocapture
//! INFERENCE_FUZZ_SECONDS=36000 INFERENCE_FUZZ_SEED=$RANDOM cargo test … --test suite fuzz::keys -- --nocapture
//! ```
//!
//! The first is two minutes of one core; the tests run in parallel where there are more. The second
//! is a night of one of them (`plans`, `keys`, `proofs`). The seed is fixed unless
//! `INFERENCE_FUZZ_SEED` gives another number. A failure prints the seed, the iteration and the
//! input as hex; `INFERENCE_FUZZ_ITERATION` with the same seed runs that iteration alone.

use crate::ezkl_fixtures::{add, header, packed, Vka};
use crate::{common, ezkl_fixtures, watched};
use ark_bn254::{Fq, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use inference_primitives::CircuitShape;
use inference_verifier::{
	ezkl::plan_from_vka, limits, verify, verify_batch, BatchFailure, BatchItem, Plan, Scalar,
	Setup, TranscriptKind, VerifyError,
};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha20Rng,
};
use std::{
	collections::BTreeMap,
	env, fs,
	panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
	path::PathBuf,
	sync::OnceLock,
	time::{Duration, Instant},
};

/// Seed of runs that give none.
const SEED: u64 = 0x1f3a_77c0_92d1;
/// Most bytes of one allocation, whatever the input: some 32 for each byte of the longest plan.
const LARGEST_ALLOCATION: usize = 4 << 20;
/// Most bytes at once, of the input's plans, proofs and all that verification takes.
const MOST_MEMORY: usize = 8 << 20;

// --- the fuzzer ---

/// An input, and what it was made from.
struct Input {
	bytes: Vec<u8>,
	/// Index of the sample that it was made from.
	sample: usize,
	/// How, for whoever reads of a failure.
	how: Vec<&'static str>,
}

fn number(name: &str) -> Option<u64> {
	let text = env::var(name).ok()?;
	let number = text.parse();
	Some(number.unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Makes and checks inputs until time is up. `check` tells what became of an input.
fn fuzz(
	target: &str,
	make: impl Fn(&mut ChaCha20Rng) -> Input,
	check: impl Fn(&Input) -> &'static str,
) {
	let seed = number("INFERENCE_FUZZ_SEED").unwrap_or(SEED);
	let only = number("INFERENCE_FUZZ_ITERATION");
	let seconds = number("INFERENCE_FUZZ_SECONDS").unwrap_or(10);
	let end = Instant::now() + Duration::from_secs(seconds);
	println!("fuzz {target}: seed {seed}, {seconds} seconds");
	let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
	let mut peak = 0;
	for iteration in only.unwrap_or(0).. {
		let mut rng = ChaCha20Rng::seed_from_u64(seed);
		rng.set_stream(iteration);
		let input = make(&mut rng);
		let checked = catch_unwind(AssertUnwindSafe(|| {
			let (outcome, memory) = watched::watch(|| check(&input));
			assert!(memory.largest <= LARGEST_ALLOCATION, "{memory:?}");
			assert!(memory.peak <= MOST_MEMORY, "{memory:?}");
			peak = memory.peak.max(peak);
			outcome
		}));
		match checked {
			Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
			Err(panic) => {
				// In one piece: the other tests print too.
				let report = format!(
					"fuzz {target}: INFERENCE_FUZZ_SEED={seed} INFERENCE_FUZZ_ITERATION={iteration}, \
					 sample {}, {:?}, input {}\n",
					input.sample,
					input.how,
					hex::encode(&input.bytes)
				);
				eprint!("{report}");
				resume_unwind(panic);
			},
		}
		if only.is_some() || Instant::now() >= end {
			println!(
				"fuzz {target}: {} inputs: {outcomes:?}; at most {peak} bytes",
				iteration + 1
			);
			break;
		}
	}
}

/// A number below `limit`.
fn below(rng: &mut ChaCha20Rng, limit: usize) -> usize {
	(rng.next_u64() % limit.max(1) as u64) as usize
}

fn pick<'a, T>(rng: &mut ChaCha20Rng, list: &'a [T]) -> &'a T {
	&list[below(rng, list.len())]
}

/// As many changes as to do to one input: mostly one.
fn times(rng: &mut ChaCha20Rng) -> usize {
	[1, 1, 1, 1, 2, 2, 3, 5][below(rng, 8)]
}

/// A byte that is more likely to mean something.
fn byte(rng: &mut ChaCha20Rng) -> u8 {
	match below(rng, 3) {
		0 => *pick(
			rng,
			&[0, 1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 64, 127, 128, 254, 255],
		),
		_ => rng.next_u32() as u8,
	}
}

/// Changes bytes without regard to what they mean; `other` may lend some.
fn change_bytes(rng: &mut ChaCha20Rng, bytes: &mut Vec<u8>, other: &[u8]) -> &'static str {
	let length = bytes.len();
	if length == 0 {
		bytes.push(byte(rng));
		return "byte";
	}
	let at = below(rng, length);
	match below(rng, 10) {
		0 | 1 => {
			bytes[at] ^= 1 << below(rng, 8);
			"bit"
		},
		2 | 3 => {
			bytes[at] = byte(rng);
			"byte"
		},
		4 => {
			bytes[at] = bytes[at].wrapping_add(*pick(rng, &[1, 255]));
			"one more or less"
		},
		5 => {
			let end = (at + 1 + below(rng, 64)).min(length);
			bytes.drain(at..end);
			"removed"
		},
		6 => {
			let end = (at + 1 + below(rng, 64)).min(length);
			let again = bytes[at..end].to_vec();
			bytes.splice(at..at, again);
			"repeated"
		},
		7 => {
			let from = below(rng, other.len());
			let end = (from + 1 + below(rng, 64)).min(other.len());
			let to = (at + end - from).min(length);
			bytes.splice(at..to, other[from..end].iter().copied());
			"from another"
		},
		8 => {
			bytes.truncate(at);
			bytes.extend_from_slice(&other[below(rng, other.len())..]);
			"joined with another"
		},
		_ => {
			bytes.truncate(at);
			"cut off"
		},
	}
}

// --- samples ---

/// A proof with all that it is verified against.
struct Sample {
	name: String,
	plan: Plan,
	plan_bytes: Vec<u8>,
	setup: Setup,
	vka: Option<Vec<u8>>,
	public_inputs: Vec<Scalar>,
	proof: Vec<u8>,
	/// Other proofs under the same key.
	others: Vec<Vec<u8>>,
}

/// The proof on file of a circuit: halo2's prover draws some of its blinding from the operating
/// system, so a new one would make other inputs of the same seed.
fn proof_on_file(name: &str) -> Vec<u8> {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
	let text = fs::read_to_string(folder.join(format!("{name}.proof.hex"))).unwrap();
	hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// Every fixture of both proof systems.
fn samples() -> &'static [Sample] {
	static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
	SAMPLES.get_or_init(|| {
		let mut samples = Vec::new();
		for fixture in common::all() {
			samples.push(Sample {
				name: fixture.name.to_owned(),
				plan_bytes: fixture.plan.to_bytes(),
				plan: fixture.plan,
				setup: fixture.setup,
				vka: None,
				public_inputs: fixture.public_inputs,
				proof: proof_on_file(fixture.name),
				others: Vec::new(),
			});
		}
		for fixture in ezkl_fixtures::all() {
			let plan = fixture.plan();
			let mut proofs = fixture.proofs.into_iter();
			let first = proofs.next().unwrap();
			samples.push(Sample {
				name: fixture.name,
				plan_bytes: plan.to_bytes(),
				plan,
				setup: ezkl_fixtures::setup(),
				vka: Some(fixture.vka),
				public_inputs: first.public_inputs,
				proof: first.bytes,
				others: proofs.map(|proof| proof.bytes).collect(),
			});
		}
		samples
	})
}

impl Sample {
	/// Whether the sample's proof, brought to the length that `plan` wants, is accepted under it.
	fn accepted_under(&self, plan: &Plan) -> bool {
		let (inputs, proof) = self.resized(plan);
		verify(plan, &self.setup, &inputs, &proof).is_ok()
	}

	/// The sample's public inputs and proof at the sizes that `plan` wants.
	fn resized(&self, plan: &Plan) -> (Vec<Scalar>, Vec<u8>) {
		let mut inputs = self.public_inputs.clone();
		inputs.resize(plan.num_public_inputs() as usize, Scalar::from(0u8));
		let mut proof = self.proof.clone();
		proof.resize(plan.proof_len(), 0);
		(inputs, proof)
	}

	/// Whether a plan still rejects what it should: the proof with an evaluation changed. A plan
	/// that is equivalent to the sample's does.
	fn rejects_changes(&self, plan: &Plan) -> bool {
		let (inputs, mut proof) = self.resized(plan);
		let offset = 64 * (plan.work().proof_points as usize - 2);
		proof[offset + lowest(plan)] ^= 1;
		verify(plan, &self.setup, &inputs, &proof).is_err()
	}
}

/// Position of the lowest byte in a word of proofs.
fn lowest(plan: &Plan) -> usize {
	match plan.transcript() {
		TranscriptKind::Blake2b => 0,
		TranscriptKind::KeccakEvm => 31,
	}
}

/// What must hold of any plan that was read.
fn check_plan(plan: &Plan) {
	let bytes = plan.to_bytes();
	assert!(bytes.len() <= limits::MAX_PLAN_BYTES as usize);
	assert!(plan.proof_len() <= limits::MAX_PROOF_BYTES as usize);
	assert!(plan.num_public_inputs() <= limits::MAX_PUBLIC_INPUTS);
	let work = plan.work();
	assert_eq!(
		plan.proof_len(),
		64 * work.proof_points as usize + 32 * work.evaluations as usize
	);
	assert_eq!(Plan::decode_canonical(&bytes).as_ref(), Ok(plan));
	assert_eq!(Plan::decode_trusted(&bytes).as_ref(), Ok(plan));
}

// --- plans ---

/// Changes numbers and instructions of a plan, or any bytes.
fn change_plan(rng: &mut ChaCha20Rng, bytes: &mut Vec<u8>, other: &[u8]) -> &'static str {
	// The head of a plan is dense with numbers; the program, at the end, with instructions.
	let dense = bytes.len().min(120);
	match below(rng, 8) {
		0 | 1 if dense > 0 => {
			bytes[below(rng, dense)] = byte(rng);
			"number"
		},
		2 if dense > 0 => {
			let at = below(rng, dense);
			bytes[at] = bytes[at].wrapping_add(*pick(rng, &[4, 252, 1, 255]));
			"length"
		},
		3 | 4 if bytes.len() > 300 => {
			let start = bytes.len() - 300;
			let at = start + below(rng, 300);
			bytes[at] = below(rng, 13) as u8;
			"instruction"
		},
		_ => change_bytes(rng, bytes, other),
	}
}

#[test]
fn plans_should_be_refused_or_refuse_the_proof_when_mutated() {
	let samples = samples();
	let make = |rng: &mut ChaCha20Rng| {
		let sample = below(rng, samples.len());
		let mut bytes = samples[sample].plan_bytes.clone();
		let mut how = Vec::new();
		for _ in 0..times(rng) {
			let other = &pick(rng, samples).plan_bytes;
			how.push(change_plan(rng, &mut bytes, other));
		}
		Input { bytes, sample, how }
	};
	fuzz("plans", make, |input| {
		let sample = &samples[input.sample];
		let canonical = Plan::decode_canonical(&input.bytes);
		let trusted = Plan::decode_trusted(&input.bytes);
		if let Ok(plan) = &canonical {
			assert_eq!(plan.to_bytes(), input.bytes);
			assert_eq!(trusted.as_ref(), Ok(plan));
			check_plan(plan);
		}
		let Ok(plan) = trusted else {
			assert!(canonical.is_err());
			return "refused";
		};
		// With trusted bytes points may be off the curve: no panic, and no proof.
		let accepted = sample.accepted_under(&plan);
		if input.bytes == sample.plan_bytes {
			assert!(accepted);
			return "the same";
		}
		let (inputs, proof) = sample.resized(&plan);
		let item = BatchItem {
			plan: &plan,
			public_inputs: &inputs,
			proof: &proof,
		};
		assert_eq!(verify_batch(&sample.setup, &[item]).is_ok(), accepted);
		if accepted {
			// EZKL's transcript does not bind the plan: another one may say the same, or nothing
			// more, of this proof. It must be of the same length, and reject others.
			assert_eq!(plan.transcript(), TranscriptKind::KeccakEvm);
			assert_eq!(plan.proof_len(), sample.proof.len());
			assert!(sample.rejects_changes(&plan));
			return "equivalent";
		}
		if canonical.is_ok() {
			"another"
		} else {
			"another, off the curve"
		}
	});
}

// --- keys ---

/// Changes words, pointers or sections of a VKA.
fn change_vka(rng: &mut ChaCha20Rng, vka: &mut Vka, other: &Vka) -> &'static str {
	let words = vka.words.len();
	if words < 40 {
		vka.words.clone_from(&other.words);
		return "another";
	}
	// Byte code is what matters; numbers and pointers come first.
	let word = match below(rng, 4) {
		0 => below(rng, 34),
		_ => {
			let start = (vka.number(header::GATES) as usize / 32).min(words - 1);
			start + below(rng, words - start)
		},
	};
	let position = below(rng, 31);
	match below(rng, 16) {
		0 => {
			vka.words[word][below(rng, 32)] ^= 1 << below(rng, 8);
			"bit"
		},
		1 => {
			let value = byte(rng);
			vka.set_byte(word, position, value);
			"byte"
		},
		2..=4 => {
			// Addresses are 32 apart, points 64.
			let by = *pick(
				rng,
				&[32u16, 64, 128, 0u16.wrapping_sub(32), 0u16.wrapping_sub(64)],
			);
			let moved = vka.short(word, position).wrapping_add(by);
			vka.set_short(word, position, moved);
			"pointer"
		},
		5 => {
			let with = below(rng, words);
			vka.words.swap(word, with);
			"swapped"
		},
		6 => {
			let from = below(rng, words);
			let address = (0xa0 + 32 * from) as u16;
			vka.set_short(word, position, address);
			"pointer to a word"
		},
		7 => {
			let pointer = header::GATES + below(rng, 5);
			let by = *pick(rng, &[-4, -2, -1, 1, 2, 4]);
			vka.move_pointer(pointer, by);
			"section moved"
		},
		8 => {
			let (count, place) = (1 + below(rng, 4), word);
			let from = below(rng, other.words.len() - count);
			let inserted = other.words[from..from + count].to_vec();
			vka.words.splice(place..place, inserted);
			relocate(vka, place, count as i32);
			"inserted"
		},
		9 => {
			let count = (1 + below(rng, 4)).min(words - word);
			vka.words.drain(word..word + count);
			relocate(vka, word, -(count as i32));
			"removed"
		},
		10 => {
			let end = word.min(other.words.len());
			vka.words.truncate(word);
			vka.words.extend_from_slice(&other.words[end..]);
			"joined with another"
		},
		11 => {
			if let Some(from) = other.words.get(word) {
				vka.words[word] = *from;
			}
			"from another"
		},
		12 => {
			vka.words[word] = *pick(
				rng,
				&[[0; 32], [0xff; 32], packed(&[1]), packed(&[0xff; 16])],
			);
			"constant"
		},
		13 => {
			let (a, b) = (vka.short(word, position), position + 2);
			if b < 31 {
				vka.set_short(word, position, vka.short(word, b));
				vka.set_short(word, b, a);
			}
			"fields swapped"
		},
		14 => {
			// One field more or less.
			let field = 1 + below(rng, 5);
			let mut bytes: Vec<u8> = (0..32).map(|at| vka.byte(word, at)).collect();
			if rng.next_u32() & 1 == 0 {
				bytes.drain(position..(position + field).min(32));
			} else {
				let again = bytes[position..(position + field).min(32)].to_vec();
				bytes.splice(position..position, again);
			}
			bytes.resize(32, 0);
			vka.pack(word, &bytes);
			"field more or less"
		},
		_ => {
			let number = header::PUBLIC_INPUTS + below(rng, 12);
			vka.set_byte(number, 0, byte(rng));
			"number"
		},
	}
}

/// Moves the pointers of sections that lie after `place`.
fn relocate(vka: &mut Vka, place: usize, words: i32) {
	if vka.words.len() <= header::RESCALING {
		return;
	}
	for pointer in header::GATES..=header::RESCALING {
		if vka.number(pointer) as usize >= 0xa0 + 32 * place {
			vka.move_pointer(pointer, words);
		}
	}
}

#[test]
fn keys_should_be_refused_or_refuse_the_proof_when_mutated() {
	let samples = samples();
	let keys: Vec<(usize, Vka)> = samples
		.iter()
		.enumerate()
		.filter_map(|(index, sample)| Some((index, Vka::new(sample.vka.as_ref()?))))
		.collect();
	let make = |rng: &mut ChaCha20Rng| {
		let (sample, vka) = pick(rng, &keys);
		let mut vka = vka.clone();
		let mut how = Vec::new();
		for _ in 0..times(rng) {
			let (_, other) = pick(rng, &keys);
			how.push(change_vka(rng, &mut vka, other));
		}
		let mut bytes = vka.to_bytes();
		if below(rng, 16) == 0 {
			let other = samples[*sample].vka.as_ref().unwrap();
			how.push(change_bytes(rng, &mut bytes, other));
		}
		Input {
			bytes,
			sample: *sample,
			how,
		}
	};
	fuzz("keys", make, |input| {
		let sample = &samples[input.sample];
		let _ = Setup::insecure_from_vka(&input.bytes);
		let Ok(plan) = plan_from_vka(&input.bytes, &sample.setup) else {
			return "refused";
		};
		check_plan(&plan);
		assert_eq!(plan.transcript(), TranscriptKind::KeccakEvm);
		let accepted = sample.accepted_under(&plan);
		if plan == sample.plan {
			assert!(accepted);
			return "the same";
		}
		if accepted {
			// Terms that zeros multiply, sums the other way around, equal constants: only
			// expressions may differ.
			let (shape, original) = (plan.shape(), sample.plan.shape());
			let operations = shape.operations;
			assert_eq!(
				shape,
				CircuitShape {
					operations,
					..original
				}
			);
			assert_eq!(plan.proof_len(), sample.proof.len());
			assert_eq!(plan.num_public_inputs(), sample.plan.num_public_inputs());
			assert!(sample.rejects_changes(&plan));
			return "equivalent";
		}
		"another"
	});
}

// --- proofs ---

fn modulus<F: PrimeField>() -> [u8; 32] {
	F::MODULUS.to_bytes_be().try_into().unwrap()
}

/// Changes words or points of a proof.
fn change_proof(
	rng: &mut ChaCha20Rng,
	proof: &mut Vec<u8>,
	sample: &Sample,
	others: &[Sample],
) -> &'static str {
	let length = sample.plan.proof_len();
	if proof.len() != length {
		return "";
	}
	let points = sample.plan.work().proof_points as usize - 2;
	let big_endian = sample.plan.transcript() == TranscriptKind::KeccakEvm;
	let word = 32 * below(rng, length / 32);
	// A point: of the opening or before it.
	let point = match below(rng, points + 2) {
		index if index < points => 64 * index,
		index => length - 64 * (points + 2 - index),
	};
	let read = |proof: &[u8], at: usize| -> [u8; 32] {
		let mut word: [u8; 32] = proof[at..at + 32].try_into().unwrap();
		if !big_endian {
			word.reverse();
		}
		word
	};
	let write = |proof: &mut Vec<u8>, at: usize, mut word: [u8; 32]| {
		if !big_endian {
			word.reverse();
		}
		proof[at..at + 32].copy_from_slice(&word);
	};
	let affine = |proof: &[u8], at: usize| {
		let [x, y] = [at, at + 32].map(|at| Fq::from_be_bytes_mod_order(&read(proof, at)));
		G1Affine::new_unchecked(x, y)
	};
	let write_point = |proof: &mut Vec<u8>, at: usize, point: G1Affine| {
		let (x, y) = point.xy().unwrap_or_default();
		for (at, coordinate) in [(at, x), (at + 32, y)] {
			let bytes = coordinate.into_bigint().to_bytes_be();
			write(proof, at, bytes.try_into().unwrap());
		}
	};
	match below(rng, 14) {
		0 => {
			let by = packed(&[1]);
			let old = read(proof, word);
			if old[0] < 0x80 {
				write(proof, word, add(&old, &by));
			}
			"word + 1"
		},
		1 => {
			let old = read(proof, word);
			if old[0] < 0x40 {
				let by = if rng.next_u32() & 1 == 0 {
					modulus::<Fq>()
				} else {
					modulus::<Scalar>()
				};
				write(proof, word, add(&old, &by));
			}
			"word + modulus"
		},
		2 => {
			let mut random = [0; 32];
			rng.fill_bytes(&mut random);
			random[0] &= 0x1f;
			write(proof, word, random);
			"random word"
		},
		3 => {
			let with = 32 * below(rng, length / 32);
			let (a, b) = (read(proof, word), read(proof, with));
			write(proof, word, b);
			write(proof, with, a);
			"words swapped"
		},
		4 => {
			let old = affine(proof, point);
			write_point(proof, point, -old);
			"point negated"
		},
		5 => {
			let scalar = ark_bn254::Fr::from(u64::from(rng.next_u32()));
			let random = G1Affine::generator() * scalar;
			write_point(proof, point, random.into_affine());
			"random point"
		},
		6 => {
			let old = affine(proof, point);
			if old.is_on_curve() {
				let shifted = old + G1Affine::generator();
				write_point(proof, point, shifted.into_affine());
			}
			"point shifted"
		},
		7 => {
			proof[point..point + 64].fill(0);
			"identity"
		},
		8 => {
			let from = 64 * below(rng, points);
			let bytes: Vec<u8> = proof[from..from + 64].to_vec();
			proof[point..point + 64].copy_from_slice(&bytes);
			"point repeated"
		},
		9 if !sample.others.is_empty() => {
			let other = pick(rng, &sample.others);
			proof[word..].copy_from_slice(&other[word..]);
			"joined with another of the key"
		},
		10 if !sample.others.is_empty() => {
			let other = pick(rng, &sample.others);
			proof[word..word + 32].copy_from_slice(&other[word..word + 32]);
			"word of another of the key"
		},
		11 => {
			proof[word..word + 32].fill(0);
			"zero"
		},
		_ => {
			let other = pick(rng, others);
			change_bytes(rng, proof, &other.proof)
		},
	}
}

#[test]
fn proofs_should_be_refused_when_mutated() {
	let samples = samples();
	let make = |rng: &mut ChaCha20Rng| {
		let index = below(rng, samples.len());
		let sample = &samples[index];
		let mut bytes = sample.proof.clone();
		let mut how = Vec::new();
		for _ in 0..times(rng) {
			how.push(change_proof(rng, &mut bytes, sample, samples));
		}
		Input {
			bytes,
			sample: index,
			how,
		}
	};
	fuzz("proofs", make, |input| {
		let sample = &samples[input.sample];
		let verdict = verify(
			&sample.plan,
			&sample.setup,
			&sample.public_inputs,
			&input.bytes,
		);
		// In a batch after the original, every 16th time.
		if input.bytes.first().is_some_and(|byte| byte % 16 == 0) {
			let item = |proof| BatchItem {
				plan: &sample.plan,
				public_inputs: &sample.public_inputs,
				proof,
			};
			let items = [item(sample.proof.as_slice()), item(&input.bytes)];
			let failures = verdict.err().map(|error| BatchFailure { index: 1, error });
			assert_eq!(
				verify_batch(&sample.setup, &items).err(),
				failures.map(|failure| vec![failure])
			);
		}
		if input.bytes == sample.proof || sample.others.contains(&input.bytes) {
			assert_eq!(verdict.is_ok(), input.bytes == sample.proof);
			return "the same";
		}
		assert!(verdict.is_err(), "{}", sample.name);
		// The same proof for other public inputs is no better.
		if let Some(first) = sample.public_inputs.first() {
			let mut inputs = sample.public_inputs.clone();
			inputs[0] = *first + Scalar::from(1u8);
			if input.bytes.last().is_some_and(|byte| byte % 16 == 0) {
				let verdict = verify(&sample.plan, &sample.setup, &inputs, &input.bytes);
				assert!(verdict.is_err(), "{}", sample.name);
			}
		}
		match verdict {
			Err(VerifyError::Invalid) => "invalid",
			_ => "not read",
		}
	});
}
