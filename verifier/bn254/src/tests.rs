//! Everything against `ark_bn254`, in both representations.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use alloc::{vec, vec::Vec};

use ark_ec::{
	pairing::{MillerLoopOutput, Pairing},
	AffineRepr, CurveGroup, PrimeGroup,
};
use ark_ff::{AdditiveGroup, BigInt, Field, MontConfig, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use proptest::prelude::*;

use crate::{
	base::{Base, Canonical},
	g1, g2,
	limbs::Limbs,
	montgomery::{self, Modulus},
	msm::{msm, msm_over, pippenger, split, straus},
	pairing::{
		final_power, miller_loop, product_is_one, product_is_one_over, PreparedG2, PREPARED_LENGTH,
	},
	tower::Twelve,
	Bn254, Fq, Fq12, Fq2, Fq6, FqConfig, Fr, FrConfig, G1Affine, G1Projective, G2Affine,
	G2Projective,
};

type ArkFq = ark_bn254::Fq;
type ArkFr = ark_bn254::Fr;

fn rng() -> StdRng {
	StdRng::seed_from_u64(7)
}

/// Words that limb arithmetic may get wrong: extremes of words, limbs and the modulus.
fn edges(p: &[u64; 4]) -> Vec<[u64; 4]> {
	let below = |n: u64| [p[0] - n, p[1], p[2], p[3]];
	vec![
		[0; 4],
		[1, 0, 0, 0],
		[2, 0, 0, 0],
		below(1),
		below(2),
		below(3),
		below(1 << 29),
		[u64::MAX, u64::MAX, u64::MAX, p[3] - 1],
		[u64::MAX, 0, 0, p[3]],
		[0, 0, 0, p[3]],
		[u64::MAX; 4].map(|x| x >> 3),
		[u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 3],
		[(1 << 29) - 1, 0, 0, 0],
		[1 << 29, 0, 0, 0],
		[0, 0, 0, 1 << 40],
		[0, 0, 0, (1 << 40) - 1],
		[0x1555_5555_5555_5555; 4],
		[0x0aaa_aaaa_aaaa_aaaa; 4],
	]
}

/// Canonical words, edges among them.
fn words<M: Modulus>() -> impl Strategy<Value = [u64; 4]> {
	let edges = edges(&M::WORDS);
	prop_oneof![
		1 => proptest::sample::select(edges),
		3 => any::<[u64; 4]>().prop_map(|mut x| {
			x[3] &= u64::MAX >> 2;
			while BigInt(x) >= BigInt(M::WORDS) {
				x[3] >>= 1;
			}
			x
		}),
	]
}

macro_rules! montgomery_tests {
	($name:ident, $config:ident, $ark:ident) => {
		mod $name {
			use super::*;
			proptest! {
				#![proptest_config(ProptestConfig::with_cases(4000))]
				#[test]
				fn as_arkworks(
					a in words::<$config>(), b in words::<$config>(),
					c in words::<$config>(), d in words::<$config>(),
				) {
					let [x, y, z, t] = [a, b, c, d].map(|x| $ark::new_unchecked(BigInt(x)));
					prop_assert_eq!(montgomery::mul::<$config>(&a, &b), (x * y).0 .0);
					prop_assert_eq!(montgomery::square::<$config>(&a), x.square().0 .0);
					let sum = montgomery::sum_of_two_products::<$config>([&a, &c], [&b, &d]);
					prop_assert_eq!(sum, (x * y + z * t).0 .0);
				}
			}
			#[test]
			fn edges_as_arkworks() {
				let all = edges(&<$config as Modulus>::WORDS);
				for a in &all {
					for b in &all {
						let (x, y) = (
							$ark::new_unchecked(BigInt(*a)),
							$ark::new_unchecked(BigInt(*b)),
						);
						assert_eq!(montgomery::mul::<$config>(a, b), (x * y).0 .0);
						let sum = montgomery::sum_of_two_products::<$config>([a, b], [a, b]);
						assert_eq!(sum, (x * x + y * y).0 .0);
					}
					let x = $ark::new_unchecked(BigInt(*a));
					assert_eq!(montgomery::square::<$config>(a), x.square().0 .0);
				}
			}
		}
	};
}
montgomery_tests!(base_field, FqConfig, ArkFq);
montgomery_tests!(scalar_field, FrConfig, ArkFr);

proptest! {
	#![proptest_config(ProptestConfig::with_cases(4000))]
	#[test]
	fn limbs_are_the_field(
		a in words::<FqConfig>(), b in words::<FqConfig>(),
		c in words::<FqConfig>(), d in words::<FqConfig>(),
	) {
		let [x, y, z, t] = [a, b, c, d].map(|x| Fq::new_unchecked(BigInt(x)));
		let [a, b, c, d] = [x, y, z, t].map(|x| Limbs::new(&x));
		prop_assert_eq!(a.canonical(), x);
		prop_assert_eq!(a.mul(&b).canonical(), x * y);
		prop_assert_eq!(a.square().canonical(), x.square());
		prop_assert_eq!(a.add(&b).canonical(), x + y);
		prop_assert_eq!(a.sub(&b).canonical(), x - y);
		prop_assert_eq!(a.neg().canonical(), -x);
		prop_assert_eq!(a.times(72).tidy().mul(&b).canonical(), x * y * Fq::from(72u64));
		prop_assert_eq!(Limbs::raw(&x).mul(&b.scaler()).canonical(), x * y);
		prop_assert_eq!(a.sub(&b).is_zero(), x == y);
		prop_assert!(a.sub(&a).is_zero() && a.mul(&b).sub(&b.mul(&a)).is_zero());
		// Loose times loose, with every tool of the wide numbers.
		let (l, m) = (a.sub(&b), c.add(&d));
		prop_assert_eq!(l.mul(&m).canonical(), (x - y) * (z + t));
		let wide = Limbs::wide_sub(&l.wide_mul(&m), &a.wide_square());
		let tidy = Limbs::wide_tidy(&wide);
		let value = (x - y) * (z + t) - x * x;
		prop_assert_eq!(Limbs::reduce(&wide).canonical(), value);
		prop_assert_eq!(Limbs::reduce_far(&wide).canonical(), value);
		prop_assert_eq!(Limbs::reduce_far(&tidy).canonical(), value);
		prop_assert_eq!(
			Limbs::reduce_far(&Limbs::wide_nine_minus(&tidy, &wide)).canonical(),
			value * Fq::from(8u64)
		);
		prop_assert_eq!(
			Limbs::reduce_far(&Limbs::wide_nine_plus(&tidy, &wide)).canonical(),
			value * Fq::from(10u64)
		);
		prop_assert_eq!(Limbs::reduce_far(&Limbs::wide_add_high(&wide, &m)).canonical(), value + z + t);
		let pair = Limbs::wide_mul_pair([&a, &b], [&c, &d]).map(|x| Limbs::reduce(&x).canonical());
		prop_assert_eq!(pair, [x * z - y * t, x * t + y * z]);
	}
}

#[test]
fn limbs_stay_within_their_bounds() {
	crate::limbs::check_bounds();
}

/// Constants that `ark_ff` does not derive from the modulus.
#[test]
fn constants_are_those_of_ark_bn254() {
	fn fq(x: Fq) -> ArkFq {
		ArkFq::from_bigint(x.into_bigint()).unwrap()
	}
	fn fq2(x: Fq2) -> ark_bn254::Fq2 {
		ark_bn254::Fq2::new(fq(x.c0), fq(x.c1))
	}
	fn fr(x: Fr) -> ArkFr {
		ArkFr::from_bigint(x.into_bigint()).unwrap()
	}
	use ark_ec::{
		bn::BnConfig, scalar_mul::glv::GLVConfig, short_weierstrass::SWCurveConfig, CurveConfig,
	};
	use ark_ff::{FftField, Fp12Config, Fp2Config, Fp6Config};
	assert_eq!(Fq::MODULUS, ArkFq::MODULUS);
	assert_eq!(Fr::MODULUS, ArkFr::MODULUS);
	assert_eq!(fq(FqConfig::GENERATOR), ark_bn254::FqConfig::GENERATOR);
	assert_eq!(fr(FrConfig::GENERATOR), ark_bn254::FrConfig::GENERATOR);
	assert_eq!(FqConfig::R, ark_bn254::FqConfig::R);
	assert_eq!(FrConfig::R2, ark_bn254::FrConfig::R2);
	assert_eq!(
		fq(Fq::TWO_ADIC_ROOT_OF_UNITY),
		ArkFq::TWO_ADIC_ROOT_OF_UNITY
	);
	assert_eq!(
		fr(Fr::TWO_ADIC_ROOT_OF_UNITY),
		ArkFr::TWO_ADIC_ROOT_OF_UNITY
	);
	assert_eq!(Fr::SMALL_SUBGROUP_BASE, ArkFr::SMALL_SUBGROUP_BASE);
	assert_eq!(
		Fr::SMALL_SUBGROUP_BASE_ADICITY,
		ArkFr::SMALL_SUBGROUP_BASE_ADICITY
	);
	assert_eq!(
		Fr::LARGE_SUBGROUP_ROOT_OF_UNITY.map(fr),
		ArkFr::LARGE_SUBGROUP_ROOT_OF_UNITY
	);
	assert_eq!(
		fq(crate::Fq2Config::NONRESIDUE),
		ark_bn254::Fq2Config::NONRESIDUE
	);
	let list = |x: &[Fq]| x.iter().map(|x| fq(*x)).collect::<Vec<_>>();
	let list2 = |x: &[Fq2]| x.iter().map(|x| fq2(*x)).collect::<Vec<_>>();
	assert_eq!(
		list(crate::Fq2Config::FROBENIUS_COEFF_FP2_C1),
		ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1
	);
	assert_eq!(
		fq2(crate::Fq6Config::NONRESIDUE),
		ark_bn254::Fq6Config::NONRESIDUE
	);
	assert_eq!(
		list2(crate::Fq6Config::FROBENIUS_COEFF_FP6_C1),
		ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C1
	);
	assert_eq!(
		list2(crate::Fq6Config::FROBENIUS_COEFF_FP6_C2),
		ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C2
	);
	assert_eq!(
		list2(crate::Fq12Config::FROBENIUS_COEFF_FP12_C1),
		ark_bn254::Fq12Config::FROBENIUS_COEFF_FP12_C1
	);
	assert_eq!(
		crate::Fq12Config::NONRESIDUE,
		Fq6::new(Fq2::ZERO, Fq2::ONE, Fq2::ZERO)
	);
	assert_eq!(fq(g1::Config::COEFF_B), ark_bn254::g1::Config::COEFF_B);
	assert_eq!(fq(g1::BETA), ark_bn254::g1::Config::ENDO_COEFFS[0]);
	assert_eq!(fr(g1::LAMBDA), ark_bn254::g1::Config::LAMBDA);
	assert_eq!(fq2(g2::Config::COEFF_B), ark_bn254::g2::Config::COEFF_B);
	assert_eq!(g2::Config::COFACTOR, ark_bn254::g2::Config::COFACTOR);
	assert_eq!(
		fr(g2::Config::COFACTOR_INV),
		ark_bn254::g2::Config::COFACTOR_INV
	);
	let generator = G1Affine::generator();
	let ark = ark_bn254::G1Affine::generator();
	assert_eq!((fq(generator.x), fq(generator.y)), (ark.x, ark.y));
	let generator = G2Affine::generator();
	let ark = ark_bn254::G2Affine::generator();
	assert_eq!((fq2(generator.x), fq2(generator.y)), (ark.x, ark.y));
	assert!(generator.is_on_curve() && generator.is_in_correct_subgroup_assuming_on_curve());
	assert_eq!(
		fq2(g2::TWIST_MUL_BY_Q_X),
		ark_bn254::Config::TWIST_MUL_BY_Q_X
	);
	assert_eq!(
		fq2(g2::TWIST_MUL_BY_Q_Y),
		ark_bn254::Config::TWIST_MUL_BY_Q_Y
	);
	assert_eq!(crate::Config::X, ark_bn254::Config::X);
	assert_eq!(
		crate::Config::ATE_LOOP_COUNT,
		ark_bn254::Config::ATE_LOOP_COUNT
	);
}

#[test]
fn points_outside_the_subgroup_of_g2_are_told() {
	let mut rng = rng();
	let mut outside = 0;
	while outside < 3 {
		let x = Fq2::rand(&mut rng);
		let Some(point) = G2Affine::get_point_from_x_unchecked(x, true) else {
			continue;
		};
		assert!(!point.is_in_correct_subgroup_assuming_on_curve());
		assert!(point
			.clear_cofactor()
			.is_in_correct_subgroup_assuming_on_curve());
		outside += 1;
	}
}

fn tower_in<B: Base>() {
	let mut rng = rng();
	for _ in 0..50 {
		let (x, y) = (Fq12::rand(&mut rng), Fq12::rand(&mut rng));
		let [a, b, c, d] = [(); 4].map(|()| Fq2::rand(&mut rng));
		let (f, g) = (Twelve::<B>::new(&x), Twelve::<B>::new(&y));
		let [l0, l1, l2, l3] = [a, b, c, d].map(|x| crate::tower::Quadratic::<B>::new(&x));
		let line = |a, b| {
			Fq12::new(
				Fq6::new(Fq2::ONE, Fq2::ZERO, Fq2::ZERO),
				Fq6::new(a, b, Fq2::ZERO),
			)
		};
		assert_eq!(f.canonical(), x);
		assert_eq!(f.mul(&g).canonical(), x * y);
		assert_eq!(f.square().canonical(), x.square());
		assert_eq!(f.inverse().canonical(), x.inverse().unwrap());
		assert_eq!(f.mul_line(&l0, &l1).canonical(), x * line(a, b));
		assert_eq!(
			f.mul_two_lines(&[l0, l1], &[l2, l3]).canonical(),
			x * line(a, b) * line(c, d)
		);
		let power = x.frobenius_map(6) * x.inverse().unwrap();
		let power = power.frobenius_map(2) * power;
		assert_eq!(
			Twelve::<B>::new(&power).cyclotomic_square().canonical(),
			power.square()
		);
		// Nothing grows: a long chain of operations stays exact.
		let (mut h, mut z) = (f, x);
		for i in 0..20 {
			h = if i % 2 == 0 { h.square() } else { h.mul(&g) };
			z = if i % 2 == 0 { z.square() } else { z * y };
		}
		assert_eq!(h.canonical(), z);
	}
	for x in [Fq12::ZERO, Fq12::ONE, -Fq12::ONE] {
		let f = Twelve::<B>::new(&x);
		assert_eq!(f.square().canonical(), x.square());
		assert_eq!(f.inverse().canonical(), x.inverse().unwrap_or(Fq12::ZERO));
	}
}

#[test]
fn tower_is_arkworks() {
	tower_in::<Canonical>();
	tower_in::<Limbs>();
}

/// 2x (6x² + 3x + 1): what the exponent is more than (p¹² − 1) / r, both there and here.
fn pairing_in<B: Base>() {
	let mut rng = rng();
	for _ in 0..4 {
		let p = G1Projective::rand(&mut rng).into_affine();
		let q = G2Projective::rand(&mut rng).into_affine();
		let prepared = PreparedG2::new(&q).unwrap();
		let f = miller_loop::<B>(&[(p, &prepared)]);
		let ours = final_power(&f).unwrap().canonical();
		assert_eq!(ours, Bn254::pairing(p, q).0);
		// The final power is arkworks's, factor and all.
		let theirs = Bn254::final_exponentiation(MillerLoopOutput(f.canonical())).unwrap();
		assert_eq!(ours, theirs.0);
		// Products, for one to five pairs.
		let mut pairs = Vec::new();
		for _ in 0..5 {
			pairs.push((G1Projective::rand(&mut rng).into_affine(), &prepared));
			let ours = final_power(&miller_loop::<B>(&pairs)).unwrap().canonical();
			let theirs =
				Bn254::multi_pairing(pairs.iter().map(|(p, _)| *p), pairs.iter().map(|_| q));
			assert_eq!(ours, theirs.0);
		}
	}
	assert!(final_power(&Twelve::<B>::new(&Fq12::ZERO)).is_none());
}

#[test]
fn pairing_is_arkworks() {
	pairing_in::<Canonical>();
	pairing_in::<Limbs>();
}

#[test]
fn pairing_is_the_one_of_ark_bn254() {
	fn of(x: &Fq) -> ArkFq {
		ArkFq::from_bigint(x.into_bigint()).unwrap()
	}
	let mut rng = rng();
	let p = G1Projective::rand(&mut rng).into_affine();
	let q = G2Projective::rand(&mut rng).into_affine();
	let theirs = ark_bn254::Bn254::pairing(
		ark_bn254::G1Affine::new(of(&p.x), of(&p.y)),
		ark_bn254::G2Affine::new(
			ark_bn254::Fq2::new(of(&q.x.c0), of(&q.x.c1)),
			ark_bn254::Fq2::new(of(&q.y.c0), of(&q.y.c1)),
		),
	);
	let prepared = PreparedG2::new(&q).unwrap();
	let ours = final_power(&miller_loop::<Limbs>(&[(p, &prepared)]))
		.unwrap()
		.canonical();
	let ours: Vec<_> = ours
		.to_base_prime_field_elements()
		.map(|x| of(&x))
		.collect();
	assert_eq!(
		ours,
		theirs.0.to_base_prime_field_elements().collect::<Vec<_>>()
	);
}

#[test]
fn products_of_one_are_told_from_others() {
	let mut rng = rng();
	let g = PreparedG2::new(&G2Affine::generator()).unwrap();
	for _ in 0..3 {
		let (a, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
		let p = G1Projective::generator() * a;
		let prepared = PreparedG2::new(&(G2Projective::generator() * s).into_affine()).unwrap();
		let minus = (-(p * s)).into_affine();
		let other = (-(p * s) + G1Projective::generator()).into_affine();
		let p = p.into_affine();
		assert!(product_is_one(&[(p, &prepared), (minus, &g)]));
		assert!(!product_is_one(&[(p, &prepared), (other, &g)]));
		for (second, expected) in [(minus, true), (other, false), (-minus, false)] {
			let pairs = [(p, &prepared), (second, &g)];
			assert_eq!(product_is_one_over::<Limbs>(&pairs), expected);
			assert_eq!(product_is_one_over::<Canonical>(&pairs), expected);
		}
	}
	let p = G1Affine::generator();
	let o = G1Affine::identity();
	assert!(product_is_one(&[]));
	assert!(product_is_one(&[(o, &g)]));
	assert!(product_is_one(&[(o, &g), (o, &g)]));
	assert!(!product_is_one(&[(p, &g)]));
	assert!(!product_is_one(&[(p, &g), (o, &g)]));
	assert!(!product_is_one(&[(o, &g), (p, &g)]));
	assert!(product_is_one(&[(p, &g), (-p, &g)]));
	assert!(product_is_one(&[(p, &g), (o, &g), (-p, &g)]));
	assert!(!product_is_one(&[(p, &g), (p, &g)]));
}

#[test]
fn prepared_points_survive_as_bytes() {
	let prepared = PreparedG2::new(&G2Affine::generator()).unwrap();
	let bytes = prepared.to_bytes();
	assert_eq!(bytes.len(), PREPARED_LENGTH);
	assert_eq!(PreparedG2::from_bytes(&bytes), Some(prepared));
	assert_eq!(PreparedG2::from_bytes(&bytes[1..]), None);
	assert_eq!(PreparedG2::from_bytes(&[]), None);
	let mut high = bytes.clone();
	high[31] = 0xff;
	assert_eq!(PreparedG2::from_bytes(&high), None);
	assert_eq!(PreparedG2::new(&G2Affine::identity()), None);
	// Run with WRITE_GENERATOR_LINES=1 to write the stored lines anew.
	if std::env::var_os("WRITE_GENERATOR_LINES").is_some() {
		let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/generator.lines");
		std::fs::write(path, &bytes).unwrap();
	}
	assert!(
		PreparedG2::generator().to_bytes() == bytes,
		"src/generator.lines is not up to date"
	);
}

/// Points and scalars that coincide in every way a proof could make them.
fn terms(kind: usize, n: usize, rng: &mut StdRng) -> Vec<(G1Affine, Fr)> {
	let p = G1Projective::rand(rng).into_affine();
	let image = (p * g1::LAMBDA).into_affine();
	let some = [
		p,
		-p,
		image,
		-image,
		G1Affine::identity(),
		G1Affine::generator(),
	];
	let scalars = [
		Fr::ZERO,
		Fr::ONE,
		-Fr::ONE,
		g1::LAMBDA,
		-g1::LAMBDA,
		g1::LAMBDA + Fr::ONE,
		Fr::from(2u64),
		Fr::from(u128::MAX),
		Fr::from(147946756881789319010696353538189108491u128),
	];
	let scalar = Fr::rand(rng);
	(0..n)
		.map(|i| match kind {
			0 => (G1Projective::rand(rng).into_affine(), Fr::rand(rng)),
			1 => (p, scalar),
			2 => (if i % 2 == 0 { p } else { -p }, scalar),
			3 => (some[i % 4], scalar),
			4 => (some[i % 6], scalars[i % 9]),
			5 => (some[rng.gen_range(0..6)], scalars[rng.gen_range(0..9)]),
			6 => (some[rng.gen_range(0..6)], Fr::rand(rng)),
			7 => (p, Fr::from(i as u64)),
			8 => ((p * Fr::from(i as u64)).into_affine(), scalar),
			_ => (G1Projective::rand(rng).into_affine(), scalars[i % 9]),
		})
		.collect()
}

#[test]
fn sums_are_right() {
	let mut rng = rng();
	for n in [0, 1, 2, 3, 10, 45, 100, 500] {
		for kind in 0..10 {
			let terms = terms(kind, n, &mut rng);
			let expected: G1Projective = terms.iter().map(|(p, k)| *p * k).sum();
			assert_eq!(msm(&terms), expected, "{n} terms of kind {kind}");
			assert_eq!(
				msm_over::<Limbs>(&terms),
				expected,
				"{n} terms of kind {kind}"
			);
			if n <= 100 {
				assert_eq!(straus::<Limbs>(&terms, 3), expected);
				for bits in [1, 2, 4, 7, 8, 9] {
					assert_eq!(pippenger::<Limbs>(&terms, bits), expected);
				}
			}
		}
	}
}

#[test]
fn points_off_the_curve_do_no_harm() {
	let mut rng = rng();
	for y in [Fq::ZERO, Fq::ONE] {
		let terms: Vec<_> = (0..40)
			.map(|i| {
				(
					G1Affine::new_unchecked(Fq::from(i % 3 + 1), y),
					Fr::rand(&mut rng),
				)
			})
			.collect();
		let _ = msm(&terms);
		let _ = msm_over::<Limbs>(&terms);
		let _ = pippenger::<Limbs>(&terms, 4);
	}
}

#[test]
fn scalars_are_split_into_short_halves() {
	let mut rng = rng();
	let mut scalars: Vec<Fr> = (0..2000).map(|_| Fr::rand(&mut rng)).collect();
	for i in 0..40u64 {
		scalars.push(Fr::from(i));
		scalars.push(-Fr::from(i));
		scalars.push(g1::LAMBDA * Fr::from(i));
		scalars.push(-g1::LAMBDA * Fr::from(i));
		scalars.push(Fr::from(2u64).pow([i * 6]));
	}
	for k in scalars {
		let [first, second] = split(&k).map(|half| half.signed());
		assert_eq!(first + g1::LAMBDA * second, k);
	}
}
