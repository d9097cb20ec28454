//! G2: y² = x³ + 3 / ξ over Fq2, the subgroup of order r.

use ark_ec::{
	models::CurveConfig,
	short_weierstrass::{Affine, Projective, SWCurveConfig},
	AffineRepr,
};
use ark_ff::{AdditiveGroup, Field, MontFp};

use crate::{Fq2, Fr};

/// The curve.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config;

/// A point by its coordinates.
pub type G2Affine = Affine<Config>;
/// A point in Jacobian coordinates.
pub type G2Projective = Projective<Config>;

/// ξ^((p − 1) / 3)
pub(crate) const TWIST_MUL_BY_Q_X: Fq2 = Fq2::new(
	MontFp!("21575463638280843010398324269430826099269044274347216827212613867836435027261"),
	MontFp!("10307601595873709700152284273816112264069230130616436755625194854815875713954"),
);

/// ξ^((p − 1) / 2)
pub(crate) const TWIST_MUL_BY_Q_Y: Fq2 = Fq2::new(
	MontFp!("2821565182194536844548159561693502659359617185244120367078079554186484126554"),
	MontFp!("3505843767911556378687030309984248845540243509899259641013678093033130930403"),
);

/// 6 x²
const SIX_X_SQUARED: [u64; 2] = [17887900258952609094, 8020209761171036667];

impl CurveConfig for Config {
	type BaseField = Fq2;
	type ScalarField = Fr;
	/// 36 x⁴ + 36 x³ + 30 x² + 6 x + 1
	const COFACTOR: &'static [u64] = &[
		0x345f_2299_c0f9_fa8d,
		0x06ce_ecda_572a_2489,
		0xb850_45b6_8181_585e,
		0x3064_4e72_e131_a029,
	];
	const COFACTOR_INV: Fr =
		MontFp!("10944121435919637613327163357776759465618812564592884533313067514031822496649");
}

impl SWCurveConfig for Config {
	const COEFF_A: Fq2 = Fq2::ZERO;
	/// 3 / ξ
	const COEFF_B: Fq2 = Fq2::new(
		MontFp!("19485874751759354771024239261021720505790618469301721065564631296452457478373"),
		MontFp!("266929791119991161246907387137283842545076965332900288569378510910307636690"),
	);
	const GENERATOR: G2Affine = G2Affine::new_unchecked(
		Fq2::new(
			MontFp!(
				"10857046999023057135944570762232829481370756359578518086990519993285655852781"
			),
			MontFp!(
				"11559732032986387107991004021392285783925812861821192530917403151452391805634"
			),
		),
		Fq2::new(
			MontFp!("8495653923123431417604973247489272438418190587263600148770280649306958101930"),
			MontFp!("4082367875863433681332203403145435568316851327593401208105741076214120093531"),
		),
	);

	#[inline(always)]
	fn mul_by_a(_: Fq2) -> Fq2 {
		Fq2::ZERO
	}

	/// \[p\]P = \[6 x²\]P, section 4.3 of <https://eprint.iacr.org/2022/352.pdf>.
	fn is_in_correct_subgroup_assuming_on_curve(point: &G2Affine) -> bool {
		point.mul_bigint(SIX_X_SQUARED) == frobenius(point)
	}
}

/// The image of the p-power Frobenius map on the twist: \[p\]P for P in G2.
fn frobenius(point: &G2Affine) -> G2Affine {
	let mut image = *point;
	image.x.frobenius_map_in_place(1);
	image.y.frobenius_map_in_place(1);
	image.x *= TWIST_MUL_BY_Q_X;
	image.y *= TWIST_MUL_BY_Q_Y;
	image
}
