//! The public powers of tau.
//!
//! **Where it comes from.** EZKL proves, unless told otherwise, under the Perpetual Powers of Tau
//! for BN254, after its 71st contribution (`response_0071_edward`), as han0110/halo2-kzg-srs
//! converted it for halo2: so says `src/pfsys/srs.rs` of zkonduit/ezkl.
//!
//! **What was checked.** \[s\]G2 below is the last 128 bytes of `tests/assets/kzg1.srs` of
//! zkonduit/ezkl at commit 5da444ee72a0d2140632c885b4d9be0b09f5a17d, whose SHA-256
//! (cafb2aa72c200ddc4e28aacabb8066e829207e2484b8d17059a566232f8a297b) the wheel `ezkl` 23.0.5 holds
//! as that of its public setup for k = 1. Its negation is what verifiers that EZKL's users
//! published have as −\[s\]G2. The tests below check the curve, the subgroup, and that \[s\]G1 of
//! the same file has the same s.
//!
//! **What was not.** Nobody here replayed the ceremony: that one of its contributors destroyed a
//! secret is what is trusted.

use super::Setup;
use ark_ff::BigInt;
use inference_bn254::{Fq, Fq2, G2Affine};

/// Coordinates of \[s\]G2, limbs of 64 bits, the least significant first.
const X_C0: [u64; 4] = [
	0xcddb_be57_0ce8_60d2,
	0x8566_89ed_a9ea_b5cb,
	0x60dd_c3b4_af45_191b,
	0x1794_4351_2233_33f2,
];
const X_C1: [u64; 4] = [
	0xbd7a_a3ad_eef8_f5ac,
	0x2e95_0406_03ef_44c0,
	0xd99f_91db_59fe_6992,
	0x1862_8295_7db9_13ab,
];
const Y_C0: [u64; 4] = [
	0x2cc2_0203_e67a_02ad,
	0x17b0_2dc7_e8c2_07fc,
	0xe561_6248_6363_ffe4,
	0x2977_72d3_4bc9_aa8a,
];
const Y_C1: [u64; 4] = [
	0xbdea_db63_0528_95f4,
	0x694e_6d22_15ba_a893,
	0xcbf6_d6df_91ba_e406,
	0x298a_dc73_96bd_3865,
];

impl Setup {
	/// The Perpetual Powers of Tau for BN254 that EZKL uses by default. `setup/public.rs` says
	/// where the point comes from and what was checked of it.
	pub fn perpetual_powers_of_tau() -> Self {
		let [x0, x1, y0, y1] = [X_C0, X_C1, Y_C0, Y_C1].map(|limbs| Fq::new(BigInt(limbs)));
		Self::known(G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ec::{pairing::Pairing, AffineRepr};
	use ark_ff::PrimeField;
	use inference_bn254::{Bn254, G1Affine};

	/// A coordinate as EZKL and the EVM write it.
	fn hex_of(coordinate: &Fq) -> String {
		let limbs = coordinate.into_bigint().0;
		limbs.iter().rev().map(|l| format!("{l:016x}")).collect()
	}

	#[test]
	fn the_point_is_accepted_as_a_setup() {
		// Canonical, on the curve, in the subgroup, neither the identity nor the generator.
		let setup = Setup::perpetual_powers_of_tau();
		assert_eq!(Setup::from_bytes(&setup.to_bytes()), Ok(setup));
	}

	#[test]
	fn the_setup_is_pinned() {
		assert_eq!(
			Setup::perpetual_powers_of_tau().id().to_string(),
			"0x6011dd2562376be566d825322885fb1697736c96045de715e804deef675f7a2e"
		);
	}

	#[test]
	fn its_negation_is_what_ezkl_writes_into_keys() {
		let minus = -Setup::perpetual_powers_of_tau().s_g2();
		let words = [minus.x.c1, minus.x.c0, minus.y.c1, minus.y.c0];
		assert_eq!(
			words.map(|c| hex_of(&c)),
			[
				"186282957db913abd99f91db59fe69922e95040603ef44c0bd7aa3adeef8f5ac",
				"17944351223333f260ddc3b4af45191b856689eda9eab5cbcddbbe570ce860d2",
				"06d971ff4a7467c3ec596ed6efc674572e32fd6f52b721f97e35b0b3d3546753",
				"06ecdb9f9567f59ed2eee36e1e1d58797fd13cc97fafc2910f5e8a12f202fa9a",
			]
		);
	}

	#[test]
	fn the_first_power_in_g1_has_the_same_secret() {
		// [s]G1: the second point of `kzg1.srs`.
		let s_g1 = G1Affine::new(
			Fq::new(BigInt([
				0xac15_e801_f2b9_1e69,
				0xbb3d_11e3_1115_dafb,
				0x7f8f_cae1_abf6_d2e4,
				0x2693_50b5_ecd4_4c00,
			])),
			Fq::new(BigInt([
				0xe2d2_9ad2_2f98_b08c,
				0xbfbb_0d65_b2eb_e926,
				0xe686_0716_93e4_fa85,
				0x0948_18a2_34be_895a,
			])),
		);
		assert_eq!(
			Bn254::pairing(s_g1, G2Affine::generator()),
			Bn254::pairing(
				G1Affine::generator(),
				Setup::perpetual_powers_of_tau().s_g2()
			)
		);
	}
}
