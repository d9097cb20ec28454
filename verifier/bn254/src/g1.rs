//! G1: y² = x³ + 3 over Fq. Its order is the prime r, so every point of the curve belongs to it.

use ark_ec::{
	models::CurveConfig,
	short_weierstrass::{Affine, Projective, SWCurveConfig},
};
use ark_ff::{AdditiveGroup, Field, MontFp};

use crate::{Fq, Fr};

/// The curve.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config;

/// A point by its coordinates.
pub type G1Affine = Affine<Config>;
/// A point in Jacobian coordinates.
pub type G1Projective = Projective<Config>;

/// A cube root of one: (x, y) ↦ (β x, y) multiplies by [`LAMBDA`].
pub const BETA: Fq =
	MontFp!("21888242871839275220042445260109153167277707414472061641714758635765020556616");

/// See [`BETA`].
pub const LAMBDA: Fr =
	MontFp!("21888242871839275217838484774961031246154997185409878258781734729429964517155");

impl CurveConfig for Config {
	type BaseField = Fq;
	type ScalarField = Fr;
	const COFACTOR: &'static [u64] = &[1];
	const COFACTOR_INV: Fr = Fr::ONE;
}

impl SWCurveConfig for Config {
	const COEFF_A: Fq = Fq::ZERO;
	const COEFF_B: Fq = MontFp!("3");
	const GENERATOR: G1Affine = G1Affine::new_unchecked(Fq::ONE, MontFp!("2"));

	#[inline(always)]
	fn mul_by_a(_: Fq) -> Fq {
		Fq::ZERO
	}

	#[inline]
	fn is_in_correct_subgroup_assuming_on_curve(_: &G1Affine) -> bool {
		true
	}
}
