//! Proofs of circuits with every feature, checked by the verifier that the chain runs and, where
//! halo2-axiom has the feature, by halo2's own.

use halo2_proofs::{
	plonk::{
		Advice, Challenge, Column as Halo2Column, ConstraintSystem, Expression, FirstPhase, Fixed,
		Instance, SecondPhase,
	},
	poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::Field};
use inference_plonk::{
	prove, prove_with_progress, Blinding, Cell, Circuit, Column, CommitmentKey, CompactKey,
	KeyError, KeyFileError, Progress, ProveError, ProvingKey, Stage, Step, Storage,
};
use inference_verifier::{
	halo2::{from_halo2, parts_from_constraint_system},
	verify, Setup,
};
use proptest::prelude::*;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::{
	num::NonZeroU8,
	sync::{Arc, Mutex},
};

const K: u8 = 7;
const ROWS: usize = 40;

/// `s[i] = s[i−1] + w[i]·a[i]·b[i]`, a and b are bytes where `range` is 1, and the second-phase
/// column r is the running combination `r[i] = r[i−1]·ρ + a[i]`.
struct Config {
	a: Halo2Column<Advice>,
	b: Halo2Column<Advice>,
	s: Halo2Column<Advice>,
	r: Halo2Column<Advice>,
	w: Halo2Column<Fixed>,
	q: Halo2Column<Fixed>,
	range: Halo2Column<Fixed>,
	table: Halo2Column<Fixed>,
	instance: Halo2Column<Instance>,
	rho: Challenge,
}

fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
	let config = Config {
		a: meta.advice_column_in(FirstPhase),
		b: meta.advice_column_in(FirstPhase),
		s: meta.advice_column_in(FirstPhase),
		r: meta.advice_column_in(SecondPhase),
		w: meta.fixed_column(),
		q: meta.fixed_column(),
		range: meta.fixed_column(),
		table: meta.fixed_column(),
		instance: meta.instance_column(),
		rho: meta.challenge_usable_after(FirstPhase),
	};
	for column in [config.a, config.b, config.s] {
		meta.enable_equality(column);
	}
	meta.enable_equality(config.w);
	meta.enable_equality(config.instance);
	meta.create_gate("sums", |meta| {
		let [a, b, s, r] = [config.a, config.b, config.s, config.r]
			.map(|column| meta.query_advice(column, Rotation::cur()));
		let before = meta.query_advice(config.s, Rotation::prev());
		let r_before = meta.query_advice(config.r, Rotation::prev());
		let w = meta.query_fixed(config.w, Rotation::cur());
		let q = meta.query_fixed(config.q, Rotation::cur());
		let rho = meta.query_challenge(config.rho);
		[
			q.clone() * (before + w * a.clone() * b - s),
			q * (r_before * rho + a - r) * Expression::Constant(Fr::from(3)),
		]
	});
	for column in [config.a, config.b] {
		meta.lookup_any("byte", |meta| {
			let range = meta.query_fixed(config.range, Rotation::cur());
			let value = meta.query_advice(column, Rotation::cur());
			let table = meta.query_fixed(config.table, Rotation::cur());
			vec![(range * value, table)]
		});
	}
	config
}

fn commitment_key(k: u8) -> CommitmentKey {
	CommitmentKey::insecure_development(k, Progress::NONE).unwrap()
}

fn circuit(lookup_inputs: u8) -> Circuit {
	let mut meta = ConstraintSystem::default();
	configure(&mut meta);
	let parts =
		parts_from_constraint_system(&meta, K, &[2], NonZeroU8::new(lookup_inputs)).unwrap();
	let weights = (0..ROWS as i64).map(|i| if i == 0 { 0 } else { i * i - 7 });
	let ones: Vec<i64> = (0..ROWS).map(|i| i64::from(i > 0)).collect();
	Circuit {
		fixed: vec![
			Column::Integers(weights.collect()),
			Column::Integers(ones.clone()),
			Column::Integers(ones),
			Column::Integers((0..64).collect()),
		],
		copies: {
			let column = |kind: usize| kind;
			let cell = |kind, row| Cell {
				column: column(kind),
				row,
			};
			// Permutation columns: a, b, s, w, instance.
			vec![
				(cell(0, 1), cell(4, 0)),
				(cell(2, ROWS - 1), cell(4, 1)),
				(cell(0, 5), cell(1, 9)),
				(cell(1, 9), cell(0, 20)),
				(cell(0, 20), cell(0, 5)),
				(cell(1, 30), cell(0, 5)),
			]
		},
		parts,
	}
}

/// Integer columns a, b and s for a seed, and the public inputs.
fn witness(seed: u64) -> ([Vec<i64>; 3], Vec<Fr>) {
	let mut rng = ChaCha20Rng::seed_from_u64(seed);
	let mut draw = || -> Vec<i64> {
		(0..ROWS as i64)
			.map(|i| {
				if i == 0 {
					0
				} else {
					i64::from(rng.next_u32() % 64)
				}
			})
			.collect()
	};
	let (mut a, mut b) = (draw(), draw());
	b[9] = a[5];
	a[20] = a[5];
	b[30] = a[5];
	let mut s = vec![0i64; ROWS];
	for i in 1..ROWS {
		s[i] = s[i - 1] + ((i * i) as i64 - 7) * a[i] * b[i];
	}
	let public = [a[1], s[ROWS - 1]].map(|v| {
		let magnitude = Fr::from(v.unsigned_abs());
		if v < 0 {
			-magnitude
		} else {
			magnitude
		}
	});
	([a, b, s], public.to_vec())
}

fn proof(
	key: &ProvingKey,
	commitments: &CommitmentKey,
	columns: &[Vec<i64>; 3],
	public: &[Fr],
	blinding: Blinding<'_>,
) -> Result<Vec<u8>, ProveError> {
	let phases = |phase: u8, challenges: &[Fr]| {
		Ok(match phase {
			0 => columns.iter().cloned().map(Column::Integers).collect(),
			_ => {
				let mut r = Fr::ZERO;
				vec![Column::Scalars(
					columns[0]
						.iter()
						.enumerate()
						.map(|(i, a)| {
							if i > 0 {
								r = r * challenges[0] + Fr::from(*a as u64);
							}
							r
						})
						.collect(),
				)]
			},
		})
	};
	prove(key, commitments, &[public.to_vec()], phases, blinding)
}

fn compact_key(commitments: &CommitmentKey) -> CompactKey {
	CompactKey::new(commitments, circuit(2), Progress::NONE).unwrap()
}

fn stored(key: &CompactKey, id: u8) -> Vec<u8> {
	let mut bytes = Vec::new();
	key.write(&[id; 32], &mut bytes).unwrap();
	bytes
}

fn accepted(key: &ProvingKey, public: &[Fr], proof: &[u8]) -> bool {
	let public: Vec<_> = public.iter().map(|v| from_halo2(*v)).collect();
	verify(key.plan(), &Setup::insecure_development(), &public, proof).is_ok()
}

#[test]
fn proofs_verify_with_and_without_blinding_and_with_shared_lookups() {
	let commitments = commitment_key(K);
	for inputs in [1, 2] {
		let circuit = circuit(inputs);
		assert_eq!(circuit.parts.lookups.len(), 3 - usize::from(inputs));
		let key = ProvingKey::new(&commitments, circuit).unwrap();
		let (columns, public) = witness(7);
		let plain = proof(&key, &commitments, &columns, &public, Blinding::None).unwrap();
		assert_eq!(plain.len(), key.plan().proof_len());
		assert!(accepted(&key, &public, &plain));
		let again = proof(&key, &commitments, &columns, &public, Blinding::None).unwrap();
		assert_eq!(plain, again);

		let mut rng = ChaCha20Rng::seed_from_u64(1);
		let mut blind = || {
			let blinding = Blinding::Random(&mut rng);
			proof(&key, &commitments, &columns, &public, blinding).unwrap()
		};
		let (first, second) = (blind(), blind());
		assert!(accepted(&key, &public, &first));
		assert!(accepted(&key, &public, &second));
		// No commitment is repeated but the quotient's place in the format.
		assert_ne!(first[..64], second[..64]);

		let mut other = public.clone();
		other[1] += Fr::ONE;
		assert!(!accepted(&key, &other, &plain));
		for position in (0..plain.len()).step_by(97) {
			let mut changed = plain.clone();
			changed[position] ^= 1;
			assert!(!accepted(&key, &public, &changed), "byte {position}");
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]
	#[test]
	fn any_satisfying_witness_is_proven(seed: u64) {
		let commitments = commitment_key(K);
		let key = ProvingKey::new(&commitments, circuit(2)).unwrap();
		let (columns, public) = witness(seed);
		let bytes = proof(&key, &commitments, &columns, &public, Blinding::None).unwrap();
		prop_assert!(accepted(&key, &public, &bytes));
	}

	#[test]
	fn no_changed_witness_is_proven(column in 0usize..3, row in 1usize..ROWS, by in 1i64..100) {
		let commitments = commitment_key(K);
		let key = ProvingKey::new(&commitments, circuit(2)).unwrap();
		let (mut columns, public) = witness(3);
		columns[column][row] += by;
		// A factor that is multiplied by zero may change.
		let harmless = column < 2 && columns[1 - column][row] == 0;
		let result = proof(&key, &commitments, &columns, &public, Blinding::None);
		if !harmless {
			prop_assert!(!result.is_ok_and(|bytes| accepted(&key, &public, &bytes)));
		}
	}
}

#[test]
fn what_cannot_be_proven_is_named() {
	let commitments = commitment_key(K);
	let key = ProvingKey::new(&commitments, circuit(2)).unwrap();
	let (columns, public) = witness(5);
	let try_with = |columns: &[Vec<i64>; 3], public: &[Fr]| {
		proof(&key, &commitments, columns, public, Blinding::None)
	};
	let mut outside = columns.clone();
	outside[1][3] = 64;
	assert_eq!(
		try_with(&outside, &public),
		Err(ProveError::NotInTable { lookup: 0, row: 3 })
	);
	let mut copied = columns.clone();
	copied[0][20] = (copied[0][20] + 1) % 64;
	assert_eq!(try_with(&copied, &public), Err(ProveError::CopiesDiffer));
	assert_eq!(
		try_with(&columns, &public[..1]),
		Err(ProveError::Instance {
			expected: vec![2],
			got: vec![1]
		})
	);
	let mut long = columns.clone();
	long[2].resize(key.usable_rows() + 1, 0);
	assert!(matches!(
		try_with(&long, &public),
		Err(ProveError::TooManyRows { column: 2, .. })
	));
	let few = prove(
		&key,
		&commitments,
		std::slice::from_ref(&public),
		|_, _| Ok(Vec::new()),
		Blinding::None,
	);
	assert_eq!(
		few,
		Err(ProveError::AdviceColumns {
			phase: 0,
			expected: 3,
			got: 0
		})
	);
	let small = commitment_key(K - 1);
	assert_eq!(
		proof(&key, &small, &columns, &public, Blinding::None),
		Err(ProveError::WrongSize {
			expected: K,
			got: K - 1
		})
	);
	assert!(matches!(
		ProvingKey::new(&small, circuit(2)),
		Err(KeyError::WrongSize { .. })
	));
	assert!(matches!(
		ProvingKey::new(
			&commitments,
			Circuit {
				fixed: Vec::new(),
				..circuit(2)
			}
		),
		Err(KeyError::FixedColumns {
			expected: 4,
			got: 0
		})
	));
	let mut bad = circuit(2);
	bad.copies
		.push((Cell { column: 9, row: 0 }, Cell { column: 0, row: 0 }));
	assert!(matches!(
		ProvingKey::new(&commitments, bad),
		Err(KeyError::BadCopy { index: 6 })
	));
	let mut meta = ConstraintSystem::default();
	configure(&mut meta);
	let permuted = parts_from_constraint_system(&meta, K, &[2], None).unwrap();
	assert!(matches!(
		ProvingKey::new(
			&commitments,
			Circuit {
				parts: permuted,
				..circuit(2)
			}
		),
		Err(KeyError::Unsupported { .. })
	));
}

#[test]
fn a_key_read_from_bytes_and_one_with_polynomials_in_a_file_prove_the_same() {
	let commitments = commitment_key(K);
	let compact = compact_key(&commitments);
	let bytes = stored(&compact, 7);
	let plan = compact.plan().clone();
	let read = CompactKey::read(plan, &[7; 32], &mut bytes.as_slice(), Progress::NONE).unwrap();
	assert_eq!(stored(&read, 7), bytes);
	let file = Storage::File(tempfile::tempfile().unwrap());
	let keys = [(compact, Storage::Memory), (read, file)].map(|(compact, storage)| {
		ProvingKey::from_compact(Arc::new(compact), storage, Progress::NONE).unwrap()
	});
	// 9 polynomials are not in memory.
	assert_eq!(keys[0].bytes() - keys[1].bytes(), (9 * 32) << K);
	let (columns, public) = witness(7);
	let [a, b] =
		keys.map(|key| proof(&key, &commitments, &columns, &public, Blinding::None).unwrap());
	assert_eq!(a, b);
	let key = ProvingKey::new(&commitments, circuit(2)).unwrap();
	assert!(accepted(&key, &public, &a));
	let commitments = commitments.with_tables(Progress::NONE);
	let c = proof(&key, &commitments, &columns, &public, Blinding::None);
	assert_eq!(Ok(a), c);
}

#[test]
fn a_file_that_shrinks_gives_an_error() {
	let commitments = commitment_key(K);
	let file = tempfile::tempfile().unwrap();
	let same = file.try_clone().unwrap();
	let compact = Arc::new(compact_key(&commitments));
	let key = ProvingKey::from_compact(compact, Storage::File(file), Progress::NONE).unwrap();
	same.set_len(100).unwrap();
	let (columns, public) = witness(7);
	let result = proof(&key, &commitments, &columns, &public, Blinding::None);
	assert!(matches!(result, Err(ProveError::Storage(_))), "{result:?}");
}

#[test]
fn damaged_and_foreign_keys_are_refused_or_prove_nothing() {
	let commitments = commitment_key(K);
	let compact = compact_key(&commitments);
	let bytes = stored(&compact, 7);
	let read = |bytes: &[u8]| {
		let plan = compact.plan().clone();
		CompactKey::read(plan, &[7; 32], &mut &bytes[..], Progress::NONE)
	};
	let changed = |position: usize| {
		let mut bytes = bytes.clone();
		bytes[position] ^= 4;
		bytes
	};
	assert!(matches!(read(&changed(0)), Err(KeyFileError::Magic)));
	assert!(matches!(
		read(&changed(8)),
		Err(KeyFileError::Version { got: 5 })
	));
	assert!(matches!(
		read(&stored(&compact, 8)),
		Err(KeyFileError::OtherKey)
	));
	for end in 0..bytes.len() {
		assert!(
			matches!(read(&bytes[..end]), Err(KeyFileError::Io(_))),
			"{end}"
		);
	}
	let more = [&bytes[..], &[0]].concat();
	assert!(matches!(read(&more), Err(KeyFileError::Damaged { .. })));

	let (columns, public) = witness(7);
	let prove = |compact: CompactKey| {
		let key = ProvingKey::from_compact(Arc::new(compact), Storage::Memory, Progress::NONE);
		let key = key.unwrap();
		let made = proof(&key, &commitments, &columns, &public, Blinding::None);
		made.is_ok_and(|proof| accepted(&key, &public, &proof))
	};
	assert!(prove(read(&bytes).unwrap()));
	let mut proven = 0;
	for position in (44..bytes.len()).step_by(5) {
		if let Ok(other) = read(&changed(position)) {
			// The plan's commitments are to the unchanged columns.
			assert!(!prove(other), "byte {position}");
			proven += 1;
		}
	}
	assert!(proven > 20);
}

#[test]
fn every_stage_is_announced_from_its_start_to_its_end() {
	let steps = Mutex::new(Vec::new());
	let announce = |step: Step| steps.lock().unwrap().push(step);
	let progress = Progress::new(&announce);
	let commitments = CommitmentKey::insecure_development(K, progress)
		.unwrap()
		.with_tables(progress);
	let compact = CompactKey::new(&commitments, circuit(2), progress).unwrap();
	let bytes = stored(&compact, 7);
	let plan = compact.plan().clone();
	let compact = CompactKey::read(plan, &[7; 32], &mut bytes.as_slice(), progress).unwrap();
	let key = ProvingKey::from_compact(Arc::new(compact), Storage::Memory, progress).unwrap();
	// The circuit's witness has two phases: only what is announced matters here.
	let (columns, public) = witness(7);
	let made = prove_with_progress(
		&key,
		&commitments,
		&[public],
		|phase, challenges| match phase {
			0 => Ok(columns.iter().cloned().map(Column::Integers).collect()),
			_ => {
				let mut r = Fr::ZERO;
				let a = columns[0].iter().enumerate();
				Ok(vec![Column::Scalars(
					a.map(|(i, a)| {
						if i > 0 {
							r = r * challenges[0] + Fr::from(*a as u64);
						}
						r
					})
					.collect(),
				)])
			},
		},
		Blinding::None,
		progress,
	);
	assert!(made.is_ok());
	let steps = steps.into_inner().unwrap();
	for (stage, total) in [
		(Stage::Setup, 2),
		(Stage::Tables, 2),
		(Stage::CommitCircuit, 9),
		(Stage::ReadKey, 9),
		(Stage::InterpolateCircuit, 9),
		(Stage::CommitWitness, 4),
		(Stage::Open, 2),
	] {
		let mut done: Vec<usize> = steps
			.iter()
			.filter(|step| step.stage == stage)
			.inspect(|step| assert_eq!(step.total, total, "{stage:?}"))
			.map(|step| step.done)
			.collect();
		done.sort_unstable();
		assert_eq!(done, (0..=total).collect::<Vec<_>>(), "{stage:?}");
	}
	for stage in [
		Stage::CommitArguments,
		Stage::Quotient,
		Stage::CommitQuotient,
	] {
		let of = steps.iter().filter(|step| step.stage == stage);
		let total = of.clone().next().unwrap().total;
		assert_eq!(of.map(|step| step.done).max(), Some(total), "{stage:?}");
	}
}
