//! Public inputs beside a single column: several instance columns, and accumulators, which hold a
//! check that a circuit leaves to its verifier.

use crate::common;
use crate::common::{
	instances::{two_columns, TwoColumns},
	Fixture,
};
use ark_bn254::{Fq, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field as _, PrimeField};
use halo2curves::bn256::Fr;
use inference_verifier::{
	development_secret,
	halo2::{from_halo2, plan_from_vk, to_halo2, FrontEndError},
	plan::AccumulatorLayout,
	verify, verify_all, verify_batch, BatchFailure, BatchItem, Plan, PlanError, Scalar, Setup,
	VerifyError,
};

fn check(fixture: &Fixture, public_inputs: &[Scalar]) -> Result<(), VerifyError> {
	verify(&fixture.plan, &fixture.setup, public_inputs, &fixture.proof)
}

// --- several instance columns ---

#[test]
fn verifier_should_accept_what_halo2_accepts_when_there_are_two_instance_columns() {
	let fixture = two_columns();
	assert_eq!(fixture.plan.num_public_inputs(), 8);
	assert_eq!(check(&fixture, &fixture.public_inputs), Ok(()));
	assert!(fixture.halo2_accepts(&fixture.instance, &fixture.proof));
	let bytes = fixture.plan.to_bytes();
	assert_eq!(Plan::decode_canonical(&bytes), Ok(fixture.plan.clone()));
	// Any value, in either column.
	for index in 0..8 {
		for value in [Fr::from(0), Fr::from(77), -fixture.instance[index]] {
			let mut instance = fixture.instance.clone();
			instance[index] = value;
			let inputs: Vec<_> = instance.iter().copied().map(from_halo2).collect();
			assert_eq!(check(&fixture, &inputs), Err(VerifyError::Invalid));
			assert!(!fixture.halo2_accepts(&instance, &fixture.proof), "{index}");
		}
	}
	// Values swapped within a column, or between the two.
	for (a, b) in [(0, 1), (3, 4), (2, 3), (0, 7)] {
		let mut instance = fixture.instance.clone();
		instance.swap(a, b);
		let inputs: Vec<_> = instance.iter().copied().map(from_halo2).collect();
		assert_eq!(check(&fixture, &inputs), Err(VerifyError::Invalid));
		assert!(!fixture.halo2_accepts(&instance, &fixture.proof));
	}
}

#[test]
fn verifier_should_refuse_false_statements_when_there_are_two_instance_columns() {
	// halo2's prover proves without checking; only the constraints stand in the way.
	let fixture = two_columns();
	for wrong in 0..8 {
		let mut instance = fixture.instance.clone();
		instance[wrong] += Fr::from(1);
		let (first, second) = fixture.instance.split_at(3);
		let circuit = TwoColumns {
			first: first.to_vec(),
			second: second.to_vec(),
		};
		let (first, second) = instance.split_at(3);
		let instances = [first.to_vec(), second.to_vec()];
		let name = "false statement";
		let fixture = Fixture::with_instances(name, 5, circuit, &instances, None);
		assert_eq!(
			check(&fixture, &fixture.public_inputs),
			Err(VerifyError::Invalid),
			"{wrong}"
		);
		assert!(!fixture.halo2_accepts(&fixture.instance, &fixture.proof));
	}
}

#[test]
fn verifier_should_refuse_when_values_move_between_instance_columns() {
	let fixture = two_columns();
	for sizes in [[2, 6], [4, 4], [8, 0], [0, 8]] {
		// The same values, of the same number: only the plan tells the columns apart.
		let plan = plan_from_vk(&fixture.vk, &sizes, None).unwrap();
		assert_eq!(plan.proof_len(), fixture.proof.len());
		assert_eq!(plan.num_public_inputs(), 8);
		assert_eq!(
			verify(
				&plan,
				&fixture.setup,
				&fixture.public_inputs,
				&fixture.proof
			),
			Err(VerifyError::Invalid)
		);
	}
	for sizes in [[3, 4], [3, 6]] {
		let plan = plan_from_vk(&fixture.vk, &sizes, None).unwrap();
		assert_eq!(
			verify(
				&plan,
				&fixture.setup,
				&fixture.public_inputs,
				&fixture.proof
			),
			Err(VerifyError::PublicInputs {
				expected: sizes.iter().sum::<u32>() as usize,
				got: 8
			})
		);
	}
}

#[test]
fn plan_should_be_refused_when_sizes_of_instance_columns_do_not_fit() {
	let fixture = two_columns();
	for sizes in [[].as_slice(), &[8], &[3, 5, 0]] {
		assert_eq!(
			plan_from_vk(&fixture.vk, sizes, None),
			Err(FrontEndError::InstanceColumns {
				expected: 2,
				got: sizes.len()
			})
		);
	}
	// 32 rows, six of which are blinded.
	assert!(plan_from_vk(&fixture.vk, &[26, 26], None).is_ok());
	for sizes in [[27, 5], [3, 27]] {
		assert_eq!(
			plan_from_vk(&fixture.vk, &sizes, None),
			Err(FrontEndError::Plan(PlanError::OutOfRange {
				what: "number of public inputs",
				min: 0,
				max: 26,
				got: 27
			}))
		);
	}
}

// --- accumulators ---

const LAYOUT: AccumulatorLayout = AccumulatorLayout {
	offset: 1,
	limbs: 4,
	bits: 68,
};

/// Bits, the least significant first, as four limbs of 68.
fn limbs_of(bits: &[bool]) -> Vec<Scalar> {
	let limb = |bits: &[bool]| {
		bits.iter().rev().fold(Scalar::ZERO, |sum, bit| {
			sum.double() + Scalar::from(u8::from(*bit))
		})
	};
	let limbs: Vec<_> = bits.chunks(68).map(limb).collect();
	assert_eq!(limbs.len(), 4);
	limbs
}

/// A coordinate as four limbs of 68 bits.
fn limbs(coordinate: Fq) -> Vec<Scalar> {
	limbs_of(&coordinate.into_bigint().to_bits_le())
}

fn coordinates(point: G1Affine) -> Vec<Scalar> {
	let (x, y) = point.xy().unwrap();
	[limbs(x), limbs(y)].concat()
}

/// A public input, the limbs of two points, another input.
fn with_accumulator(left: &[Scalar], right: &[Scalar]) -> Vec<Scalar> {
	[&[Scalar::from(5u8)], left, right, &[Scalar::from(6u8)]].concat()
}

/// `right`, of some logarithm, and `left` = \[s\]·right: e(left, G2) = e(right, \[s\]G2).
fn pair(logarithm: u64) -> (G1Affine, G1Affine) {
	let secret = ark_bn254::Fr::from_bigint(development_secret().into_bigint()).unwrap();
	let right = G1Affine::generator() * ark_bn254::Fr::from(logarithm);
	((right * secret).into_affine(), right.into_affine())
}

/// A proof that the public inputs are these, whatever they are: only the accumulator can be wrong.
fn accumulating(public_inputs: &[Scalar]) -> Fixture {
	let values: Vec<Fr> = public_inputs.iter().copied().map(to_halo2).collect();
	let circuit = common::Minimal(values.clone());
	Fixture::with_instances("accumulator", 5, circuit, &[values], Some(LAYOUT))
}

/// What verification says of proven public inputs, alone and in a batch between two valid proofs.
fn verdict(public_inputs: &[Scalar]) -> Result<(), VerifyError> {
	let fixture = accumulating(public_inputs);
	let alone = check(&fixture, &fixture.public_inputs);
	let (left, right) = pair(3);
	let good = accumulating(&with_accumulator(&coordinates(left), &coordinates(right)));
	let items = [&good, &fixture, &good].map(|fixture| BatchItem {
		plan: &fixture.plan,
		public_inputs: &fixture.public_inputs,
		proof: &fixture.proof,
	});
	let expected = alone.map_err(|error| vec![BatchFailure { index: 1, error }]);
	assert_eq!(verify_batch(&fixture.setup, &items), expected);
	assert_eq!(verify_all(&fixture.setup, &items).is_ok(), alone.is_ok());
	// The circuit says nothing of accumulators.
	let plan = plan_from_vk(&fixture.vk, &[18], None).unwrap();
	assert_ne!(plan, fixture.plan);
	assert!(fixture.halo2_accepts(&fixture.instance, &fixture.proof));
	alone
}

#[test]
fn accumulator_should_be_accepted_when_its_pairing_holds() {
	for logarithm in [1, 2, 0xffff_ffff_ffff] {
		let (left, right) = pair(logarithm);
		let inputs = with_accumulator(&coordinates(left), &coordinates(right));
		assert_eq!(verdict(&inputs), Ok(()));
		let inputs = with_accumulator(&coordinates(-left), &coordinates(-right));
		assert_eq!(verdict(&inputs), Ok(()));
	}
}

#[test]
fn accumulator_should_be_refused_when_its_pairing_does_not_hold() {
	let (left, right) = pair(9);
	let (other_left, other_right) = pair(10);
	for (left, right) in [
		(left, other_right),
		(other_left, right),
		(right, left),
		(-left, right),
		(left, -right),
		(right, right),
		(G1Affine::generator(), G1Affine::generator()),
	] {
		let inputs = with_accumulator(&coordinates(left), &coordinates(right));
		assert_eq!(verdict(&inputs), Err(VerifyError::Invalid));
	}
}

#[test]
fn accumulator_should_be_refused_when_a_limb_is_too_large() {
	let (left, right) = pair(9);
	let inputs = with_accumulator(&coordinates(left), &coordinates(right));
	let two_to_68 = Scalar::from(1u128 << 68);
	for index in 1..17 {
		let error = Err(VerifyError::AccumulatorLimb { index });
		for value in [two_to_68, two_to_68 + inputs[index], -Scalar::ONE] {
			let mut inputs = inputs.clone();
			inputs[index] = value;
			assert_eq!(check(&accumulating(&inputs), &inputs), error);
		}
	}
	// The same coordinate with a limb over 68 bits and one less in the next.
	let mut same = inputs.clone();
	same[1] += two_to_68;
	same[2] -= Scalar::ONE;
	assert_eq!(
		verdict(&same),
		Err(VerifyError::AccumulatorLimb { index: 1 })
	);
	// Inputs beside the accumulator may be anything.
	for index in [0, 17] {
		let mut inputs = inputs.clone();
		inputs[index] = -Scalar::ONE;
		assert_eq!(verdict(&inputs), Ok(()));
	}
}

#[test]
fn accumulator_should_be_refused_when_a_point_is_none() {
	let (left, right) = pair(9);
	let (left, right) = (coordinates(left), coordinates(right));
	let identity = vec![Scalar::ZERO; 8];
	let error = |index| Err(VerifyError::AccumulatorPoint { index });
	assert_eq!(verdict(&with_accumulator(&identity, &right)), error(0));
	assert_eq!(verdict(&with_accumulator(&left, &identity)), error(1));
	assert_eq!(verdict(&with_accumulator(&identity, &identity)), error(0));
	// Off the curve.
	for index in 0..16 {
		let mut inputs = with_accumulator(&left, &right);
		inputs[1 + index] += Scalar::ONE;
		let got = check(&accumulating(&inputs), &inputs);
		assert_eq!(got, error(index / 8), "{index}");
	}
	// x plus the modulus: four limbs have room for it.
	let modulus: Vec<bool> = Fq::MODULUS.to_bits_le();
	let (x, y) = pair(9).0.xy().unwrap();
	let mut carry = 0u8;
	let bits: Vec<bool> = (0..272)
		.map(|bit| {
			let of = |bits: &[bool]| u8::from(bits.get(bit).copied().unwrap_or(false));
			let sum = of(&modulus) + of(&x.into_bigint().to_bits_le()) + carry;
			carry = sum >> 1;
			sum & 1 == 1
		})
		.collect();
	assert_eq!(carry, 0);
	let inputs = with_accumulator(&[limbs_of(&bits), limbs(y)].concat(), &right);
	assert_eq!(verdict(&inputs), error(0));
}

#[test]
fn accumulator_should_be_bound_to_its_proof() {
	// Another valid pair than the one that was proven.
	let [proven, other] = [9, 10].map(|logarithm| {
		let (left, right) = pair(logarithm);
		with_accumulator(&coordinates(left), &coordinates(right))
	});
	let fixture = accumulating(&proven);
	assert_eq!(check(&fixture, &proven), Ok(()));
	assert_eq!(check(&fixture, &other), Err(VerifyError::Invalid));
	// A plan with another accumulator, or none, is another key.
	for layout in [
		None,
		Some(AccumulatorLayout {
			offset: 0,
			..LAYOUT
		}),
		Some(AccumulatorLayout {
			offset: 2,
			..LAYOUT
		}),
		Some(AccumulatorLayout { bits: 69, ..LAYOUT }),
	] {
		let plan = plan_from_vk(&fixture.vk, &[18], layout).unwrap();
		let got = verify(&plan, &fixture.setup, &proven, &fixture.proof);
		assert!(got.is_err(), "{layout:?}");
	}
}

#[test]
fn accumulator_should_not_cancel_the_error_of_its_proof() {
	// A plain sum of both equations would hold if the proof's last point were off by P with
	// (s − u)·P = left − s·right. The secret is known here.
	let (left, right) = (pair(9).0, pair(10).1);
	let inputs = with_accumulator(&coordinates(left), &coordinates(right));
	let mut fixture = accumulating(&inputs);
	let scalar = |value: Scalar| ark_bn254::Fr::from_bigint(value.into_bigint()).unwrap();
	let s = scalar(development_secret());
	let u = scalar(common::minimal_opening_challenge(&fixture));
	let p = (left - right * s) * (s - u).inverse().unwrap();
	let start = fixture.proof.len() - 64;
	let coordinate = |bytes: &[u8]| Fq::from_le_bytes_mod_order(bytes);
	let (x, y) = fixture.proof[start..].split_at(32);
	let witness = G1Affine::new(coordinate(x), coordinate(y));
	for shift in [p, -p] {
		let (x, y) = (witness + shift).into_affine().xy().unwrap();
		let bytes = [x, y].map(|coordinate| coordinate.into_bigint().to_bytes_le());
		fixture.proof[start..].copy_from_slice(&bytes.concat());
		assert_eq!(check(&fixture, &inputs), Err(VerifyError::Invalid));
		let item = BatchItem {
			plan: &fixture.plan,
			public_inputs: &inputs,
			proof: &fixture.proof,
		};
		let failures = verify_batch(&fixture.setup, &[item]);
		assert_eq!(
			failures,
			Err(vec![BatchFailure {
				index: 0,
				error: VerifyError::Invalid
			}])
		);
	}
}

#[test]
fn accumulators_should_not_cancel_each_others_errors() {
	// One is too large by as much as the other is too small.
	let (left, right) = pair(9);
	let by = G1Affine::generator() * ark_bn254::Fr::from(77u64);
	let inputs = [left + by, left - by].map(|left| {
		let left = coordinates(left.into_affine());
		with_accumulator(&left, &coordinates(right))
	});
	let fixtures = inputs.map(|inputs| accumulating(&inputs));
	let items = fixtures.each_ref().map(|fixture| BatchItem {
		plan: &fixture.plan,
		public_inputs: &fixture.public_inputs,
		proof: &fixture.proof,
	});
	let failures = [0, 1].map(|index| BatchFailure {
		index,
		error: VerifyError::Invalid,
	});
	let setup = Setup::insecure_development();
	assert_eq!(verify_batch(&setup, &items), Err(failures.to_vec()));
}

#[test]
fn plan_should_be_refused_when_its_accumulator_does_not_fit() {
	let (left, right) = pair(9);
	let inputs = with_accumulator(&coordinates(left), &coordinates(right));
	let fixture = accumulating(&inputs);
	let plan = |offset, limbs, bits| {
		let layout = AccumulatorLayout {
			offset,
			limbs,
			bits,
		};
		plan_from_vk(&fixture.vk, &[18], Some(layout))
	};
	let range = |what, min, max, got| {
		Err(FrontEndError::Plan(PlanError::OutOfRange {
			what,
			min,
			max,
			got,
		}))
	};
	let end = |got| range("end of the accumulator", 0, 18, got);
	assert_eq!(plan(1, 4, 68), Ok(fixture.plan.clone()));
	assert!(plan(2, 4, 68).is_ok());
	assert_eq!(plan(3, 4, 68), end(19));
	assert_eq!(plan(u32::MAX, 4, 68), end(i64::from(u32::MAX) + 16));
	assert_eq!(plan(0, 5, 64), end(20));
	let (bits, limbs) = (
		"bits of an accumulator's limb",
		"limbs of an accumulator's coordinate",
	);
	let coordinate = "bits of an accumulator's coordinate";
	assert_eq!(plan(0, 0, 68), range(limbs, 1, 8, 0));
	assert_eq!(plan(0, 9, 32), range(limbs, 1, 8, 9));
	assert_eq!(plan(0, 4, 0), range(bits, 1, 128, 0));
	assert_eq!(plan(0, 2, 129), range(bits, 1, 128, 129));
	assert_eq!(plan(0, 4, 63), range(coordinate, 254, 320, 252));
	assert_eq!(plan(0, 4, 81), range(coordinate, 254, 320, 324));
}
