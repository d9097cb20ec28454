//! Batches are accepted if and only if each of their proofs is, and each bad proof is found.

use crate::{common, ezkl_fixtures};
use ark_bn254::{Bn254, Fq, G1Affine, G1Projective, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use halo2curves::bn256::Fr;
use inference_verifier::{
	development_secret, verify, verify_all, verify_batch, BatchFailure, BatchItem, Plan, Scalar,
	Setup, TranscriptKind, VerifyError,
};
use proptest::prelude::*;
use std::sync::OnceLock;

/// A proof, with what it is verified against.
#[derive(Clone)]
struct Owned {
	plan: Plan,
	public_inputs: Vec<Scalar>,
	proof: Vec<u8>,
}

impl Owned {
	fn item(&self) -> BatchItem<'_> {
		BatchItem {
			plan: &self.plan,
			public_inputs: &self.public_inputs,
			proof: &self.proof,
		}
	}

	/// With the lowest bit of an evaluation changed: well-formed, but wrong.
	fn wrong(&self) -> Self {
		let mut wrong = self.clone();
		let work = self.plan.work();
		let offset = 64 * (work.proof_points as usize - 2);
		let lowest = match self.plan.transcript() {
			TranscriptKind::Blake2b => 0,
			TranscriptKind::KeccakEvm => 31,
		};
		wrong.proof[offset + lowest] ^= 1;
		wrong
	}
}

/// Proofs under one setup.
struct Pool {
	setup: Setup,
	proofs: Vec<Owned>,
}

/// One proof of each circuit of halo2, and a second of one.
fn halo2() -> &'static Pool {
	static POOL: OnceLock<Pool> = OnceLock::new();
	POOL.get_or_init(|| {
		let mut fixtures = common::all();
		let values: Vec<_> = (11..=15).map(Fr::from).collect();
		let circuit = common::Minimal(values.clone());
		fixtures.push(common::Fixture::new("minimal again", 4, circuit, values));
		let proofs = fixtures.into_iter().map(|fixture| Owned {
			plan: fixture.plan,
			public_inputs: fixture.public_inputs,
			proof: fixture.proof,
		});
		Pool {
			setup: Setup::insecure_development(),
			proofs: proofs.collect(),
		}
	})
}

/// Four proofs of one key of EZKL, two of another, one each of more.
fn ezkl() -> &'static Pool {
	static POOL: OnceLock<Pool> = OnceLock::new();
	POOL.get_or_init(|| {
		let mut proofs = Vec::new();
		for name in [
			"linear-regression",
			"mlp-relu",
			"sum-only",
			"no-instances",
			"reduce-max",
			"freivalds",
		] {
			let fixture = ezkl_fixtures::fixture(name);
			let plan = fixture.plan();
			proofs.extend(fixture.proofs.into_iter().map(|proof| Owned {
				plan: plan.clone(),
				public_inputs: proof.public_inputs,
				proof: proof.bytes,
			}));
		}
		Pool {
			setup: ezkl_fixtures::setup(),
			proofs,
		}
	})
}

fn items(proofs: &[Owned]) -> Vec<BatchItem<'_>> {
	proofs.iter().map(Owned::item).collect()
}

fn batch(setup: &Setup, proofs: &[Owned]) -> Result<(), Vec<BatchFailure>> {
	verify_batch(setup, &items(proofs))
}

/// What verification one by one finds.
fn one_by_one(setup: &Setup, proofs: &[Owned]) -> Result<(), Vec<BatchFailure>> {
	let results = proofs.iter().map(|proof| {
		let Owned {
			plan,
			public_inputs,
			proof,
		} = proof;
		verify(plan, setup, public_inputs, proof)
	});
	let failures: Vec<_> = results
		.enumerate()
		.filter_map(|(index, result)| {
			Some(BatchFailure {
				index,
				error: result.err()?,
			})
		})
		.collect();
	if failures.is_empty() {
		Ok(())
	} else {
		Err(failures)
	}
}

/// The failures of a batch whose proofs at these positions are invalid.
fn invalid(positions: impl IntoIterator<Item = usize>) -> Result<(), Vec<BatchFailure>> {
	let failures = positions.into_iter().map(|index| BatchFailure {
		index,
		error: VerifyError::Invalid,
	});
	Err(failures.collect())
}

/// Eight proofs: of as many keys, or four of one key and others.
fn eights() -> [(&'static Setup, Vec<Owned>); 2] {
	[halo2(), ezkl()].map(|pool| (&pool.setup, pool.proofs[..8].to_vec()))
}

#[test]
fn batch_should_be_accepted_when_all_proofs_are_valid() {
	for pool in [halo2(), ezkl()] {
		for length in 0..=pool.proofs.len() {
			let proofs = &pool.proofs[..length];
			assert_eq!(batch(&pool.setup, proofs), Ok(()), "{length}");
			assert_eq!(verify_all(&pool.setup, &items(proofs)), Ok(()), "{length}");
		}
		let reversed: Vec<_> = pool.proofs.iter().rev().cloned().collect();
		assert_eq!(batch(&pool.setup, &reversed), Ok(()));
	}
}

#[test]
fn batch_should_be_accepted_when_a_proof_occurs_twice() {
	for pool in [halo2(), ezkl()] {
		let proof = &pool.proofs[0];
		let twice = vec![proof.clone(); 2];
		assert_eq!(batch(&pool.setup, &twice), Ok(()));
		let many = vec![proof.clone(); 9];
		assert_eq!(batch(&pool.setup, &many), Ok(()));
		assert_eq!(
			batch(&pool.setup, &vec![proof.wrong(); 3]),
			invalid([0, 1, 2])
		);
	}
}

#[test]
fn batch_should_name_the_one_bad_proof_at_any_position() {
	for (setup, proofs) in eights() {
		for position in 0..8 {
			let mut proofs = proofs.clone();
			proofs[position] = proofs[position].wrong();
			assert_eq!(batch(setup, &proofs), invalid([position]));
			// Nobody looks for it.
			assert_eq!(
				verify_all(setup, &items(&proofs)),
				Err(BatchFailure {
					index: 0,
					error: VerifyError::Invalid
				})
			);
		}
	}
}

#[test]
fn batch_should_name_all_bad_proofs() {
	for (setup, proofs) in eights() {
		for bad in [
			0b11u32,
			0b1000_0001,
			0b0101_0101,
			0b0011_1100,
			0b1110_1111,
			0xff,
		] {
			let is_bad = |position: &usize| bad >> position & 1 == 1;
			let mut proofs = proofs.clone();
			for position in (0..8).filter(is_bad) {
				proofs[position] = proofs[position].wrong();
			}
			let expected = invalid((0..8).filter(is_bad));
			assert_eq!(batch(setup, &proofs), expected, "{bad:#b}");
		}
	}
}

#[test]
fn batch_of_one_should_be_what_its_proof_is() {
	for pool in [halo2(), ezkl()] {
		for proof in &pool.proofs {
			assert_eq!(batch(&pool.setup, std::slice::from_ref(proof)), Ok(()));
			assert_eq!(batch(&pool.setup, &[proof.wrong()]), invalid([0]));
		}
	}
}

#[test]
fn batch_should_be_refused_whole_when_the_setup_is_another() {
	for (pool, other) in [(halo2(), ezkl()), (ezkl(), halo2())] {
		assert_eq!(
			batch(&other.setup, &pool.proofs),
			invalid(0..pool.proofs.len())
		);
	}
	// Proofs under two setups in one batch: those of the other one are bad.
	let mut proofs = halo2().proofs[..3].to_vec();
	proofs.extend_from_slice(&ezkl().proofs[..2]);
	assert_eq!(batch(&halo2().setup, &proofs), invalid([3, 4]));
	assert_eq!(batch(&ezkl().setup, &proofs), invalid([0, 1, 2]));
}

#[test]
fn batch_should_report_what_cannot_be_read_as_single_verification_does() {
	for (setup, mut proofs) in eights() {
		let points = |proof: &Owned| 64 * (proof.plan.work().proof_points as usize - 2);
		proofs[0].proof.pop();
		proofs[1].proof.push(0);
		let offset = points(&proofs[2]);
		proofs[2].proof[offset..offset + 32].fill(0xff);
		proofs[3].proof[..32].fill(0xff);
		proofs[4].proof[..64].fill(1);
		proofs[5].public_inputs.push(Scalar::from(0u8));
		proofs[6] = proofs[6].wrong();
		let expected = one_by_one(setup, &proofs);
		let errors: Vec<_> = expected.clone().unwrap_err();
		assert_eq!(errors.len(), 7);
		assert!(matches!(errors[0].error, VerifyError::ProofTooShort { .. }));
		assert!(matches!(errors[1].error, VerifyError::ProofTooLong { .. }));
		assert_eq!(errors[2].error, VerifyError::NonCanonicalScalar { offset });
		assert_eq!(
			errors[3].error,
			VerifyError::NonCanonicalPoint { offset: 0 }
		);
		assert_eq!(errors[4].error, VerifyError::OffCurve { offset: 0 });
		assert!(matches!(errors[5].error, VerifyError::PublicInputs { .. }));
		assert_eq!(errors[6].error, VerifyError::Invalid);
		assert_eq!(batch(setup, &proofs), expected);
		// The first that cannot be read.
		assert_eq!(verify_all(setup, &items(&proofs)), Err(errors[0]));
		assert_eq!(
			verify_all(setup, &items(&proofs[5..])),
			Err(BatchFailure {
				index: 0,
				error: errors[5].error
			})
		);
		// None can be read.
		let mut unreadable = proofs[..6].to_vec();
		for proof in &mut unreadable {
			proof.proof.clear();
		}
		assert_eq!(batch(setup, &unreadable), one_by_one(setup, &unreadable));
		assert_eq!(batch(setup, &unreadable).unwrap_err().len(), 6);
	}
}

#[test]
fn batch_should_find_public_inputs_that_are_swapped() {
	// Proofs of one key.
	let pool = ezkl();
	let mut proofs = pool.proofs[..6].to_vec();
	let first = proofs[0].public_inputs.clone();
	proofs[0].public_inputs = proofs[3].public_inputs.clone();
	proofs[3].public_inputs = first;
	assert_eq!(batch(&pool.setup, &proofs), invalid([0, 3]));
	let pool = halo2();
	let mut proofs = vec![pool.proofs[0].clone(), pool.proofs[7].clone()];
	assert_eq!(batch(&pool.setup, &proofs), Ok(()));
	let first = proofs[0].public_inputs.clone();
	proofs[0].public_inputs = proofs[1].public_inputs.clone();
	proofs[1].public_inputs = first;
	assert_eq!(batch(&pool.setup, &proofs), invalid([0, 1]));
}

#[test]
fn batch_should_find_proofs_that_are_swapped() {
	let pool = ezkl();
	let mut proofs = pool.proofs[..4].to_vec();
	let first = proofs[1].proof.clone();
	proofs[1].proof = proofs[2].proof.clone();
	proofs[2].proof = first;
	assert_eq!(batch(&pool.setup, &proofs), invalid([1, 2]));
}

#[test]
fn batch_should_verify_the_same_when_keys_were_decoded_again() {
	// Keys that are equal but not the same object share their points.
	let pool = ezkl();
	let mut proofs = pool.proofs[..5].to_vec();
	for (index, proof) in proofs.iter_mut().enumerate() {
		let bytes = proof.plan.to_bytes();
		proof.plan = if index % 2 == 0 {
			Plan::decode_canonical(&bytes).unwrap()
		} else {
			Plan::decode_trusted(&bytes).unwrap()
		};
	}
	assert_eq!(batch(&pool.setup, &proofs), Ok(()));
	proofs[4] = proofs[4].wrong();
	assert_eq!(batch(&pool.setup, &proofs), invalid([4]));
}

/// The last point of a proof of ours.
fn last_point(proof: &[u8]) -> G1Affine {
	let coordinate = |bytes: &[u8]| Fq::from_le_bytes_mod_order(bytes);
	let start = proof.len() - 64;
	let point = G1Affine::new_unchecked(
		coordinate(&proof[start..start + 32]),
		coordinate(&proof[start + 32..]),
	);
	assert!(point.is_on_curve());
	point
}

/// The proof with a point added to its last one.
fn shifted(proof: &Owned, by: G1Projective) -> Owned {
	let mut shifted = proof.clone();
	let (x, y) = (last_point(&proof.proof) + by).into_affine().xy().unwrap();
	let start = proof.proof.len() - 64;
	let bytes = [x, y].map(|coordinate| coordinate.into_bigint().to_bytes_le());
	shifted.proof[start..].copy_from_slice(&bytes.concat());
	shifted
}

#[test]
fn batch_should_find_errors_that_cancel_in_a_plain_sum() {
	// A proof's equation is e(W′, [s]G2) = e(F + u·W′, G2), with u drawn before W′ is sent. With P
	// added to W′ it is wrong by e(P, [s − u]G2). Two such errors cancel if P₁ = [s − u₂]P and
	// P₂ = −[s − u₁]P: anyone can compute these from [s]G1.
	let fixtures = [(1..=5), (21..=25)].map(|values| {
		let values: Vec<_> = values.map(Fr::from).collect();
		common::Fixture::new("minimal", 4, common::Minimal(values.clone()), values)
	});
	let [u1, u2] = [0, 1].map(|index| common::minimal_opening_challenge(&fixtures[index]));
	assert_ne!(u1, u2);
	let setup = Setup::insecure_development();
	let proofs = fixtures.map(|fixture| Owned {
		plan: fixture.plan,
		public_inputs: fixture.public_inputs,
		proof: fixture.proof,
	});
	assert_eq!(batch(&setup, &proofs), Ok(()));

	// The scalars are of two types of the same field.
	let scalar = |value: Scalar| ark_bn254::Fr::from_bigint(value.into_bigint()).unwrap();
	let [s, u1, u2] = [development_secret(), u1, u2].map(scalar);
	let secret = (G1Affine::generator() * s).into_affine();
	let p1 = secret - G1Affine::generator() * u2;
	let p2 = -(secret - G1Affine::generator() * u1);
	// They do cancel.
	let error = |u| (G2Affine::generator() * (s - u)).into_affine();
	let sum = Bn254::multi_pairing(
		[p1, p2].map(CurveGroup::into_affine),
		[error(u1), error(u2)],
	);
	assert_eq!(sum.0, <Bn254 as Pairing>::TargetField::ONE);

	let [first, second] = [shifted(&proofs[0], p1), shifted(&proofs[1], p2)];
	assert_eq!(
		batch(&setup, &[first.clone(), second.clone()]),
		invalid([0, 1])
	);
	// Among valid ones, apart and in one half.
	let valid = &halo2().proofs[1];
	let [a, b, v] = [&first, &second, valid].map(Owned::clone);
	for (proofs, expected) in [
		([&a, &v, &v, &b], [0, 3]),
		([&v, &a, &b, &v], [1, 2]),
		([&b, &a, &v, &v], [0, 1]),
	] {
		let proofs = proofs.map(Owned::clone);
		assert_eq!(batch(&setup, &proofs), invalid(expected));
		assert!(verify_all(&setup, &items(&proofs)).is_err());
	}
	// Shifts by P and −P, which do not cancel even in a plain sum; and back.
	let p = G1Projective::from(secret);
	let [first, second] = [shifted(&proofs[0], p), shifted(&proofs[1], -p)];
	assert_eq!(batch(&setup, &[first.clone(), second]), invalid([0, 1]));
	assert_eq!(batch(&setup, &[shifted(&first, -p)]), Ok(()));
}

/// What is done to a proof of a batch.
#[derive(Clone, Debug)]
enum Change {
	Nothing,
	/// A bit of the proof.
	Flip(prop::sample::Index, u8),
	/// The first evaluation.
	Evaluation,
	/// A public input.
	Input(prop::sample::Index),
	/// Another number of public inputs.
	Inputs(usize),
	/// Another number of bytes.
	Length(prop::sample::Index),
	/// Another proof's bytes.
	Bytes(prop::sample::Index),
	/// Another proof's key.
	Key(prop::sample::Index),
	/// A proof under another setup.
	Setup(prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Change> {
	use prop::sample::Index;
	prop_oneof![
		8 => Just(Change::Nothing),
		1 => (any::<Index>(), 0..8u8).prop_map(|(index, bit)| Change::Flip(index, bit)),
		3 => Just(Change::Evaluation),
		2 => any::<Index>().prop_map(Change::Input),
		1 => (0..4usize).prop_map(Change::Inputs),
		1 => any::<Index>().prop_map(Change::Length),
		1 => any::<Index>().prop_map(Change::Bytes),
		1 => any::<Index>().prop_map(Change::Key),
		1 => any::<Index>().prop_map(Change::Setup),
	]
}

fn change(pool: &Pool, other: &Pool, proof: &Owned, change: &Change) -> Owned {
	let pick = |index: &prop::sample::Index| index.get(&pool.proofs).clone();
	let mut changed = proof.clone();
	match change {
		Change::Nothing => {},
		Change::Flip(index, bit) => {
			let index = index.index(changed.proof.len());
			changed.proof[index] ^= 1 << bit;
		},
		Change::Evaluation => return proof.wrong(),
		Change::Input(index) => {
			if !changed.public_inputs.is_empty() {
				let index = index.index(changed.public_inputs.len());
				changed.public_inputs[index] += Scalar::from(1u8);
			}
		},
		Change::Inputs(number) => changed.public_inputs.resize(*number, Scalar::from(0u8)),
		Change::Length(index) => {
			let length = index.index(2 * changed.proof.len());
			changed.proof.resize(length, 0);
		},
		Change::Bytes(index) => changed.proof = pick(index).proof,
		Change::Key(index) => changed.plan = pick(index).plan,
		Change::Setup(index) => return index.get(&other.proofs).clone(),
	}
	changed
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(60))]

	#[test]
	fn batch_should_find_what_single_verification_finds(
		of_ezkl in any::<bool>(),
		batch_of in prop::collection::vec((any::<prop::sample::Index>(), changes()), 0..7),
	) {
		let (pool, other) = if of_ezkl { (ezkl(), halo2()) } else { (halo2(), ezkl()) };
		let proofs: Vec<_> = batch_of
			.iter()
			.map(|(index, what)| change(pool, other, index.get(&pool.proofs), what))
			.collect();
		let expected = one_by_one(&pool.setup, &proofs);
		prop_assert_eq!(batch(&pool.setup, &proofs), expected.clone());
		prop_assert_eq!(verify_all(&pool.setup, &items(&proofs)).is_ok(), expected.is_ok());
	}
}
