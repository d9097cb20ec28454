//! BN254 for wasm: fields, multi-scalar multiplication in G1, and the pairing check.
//!
//! **Why.** The runtime verifies proofs in plain wasm: no host functions, no SIMD, no 128-bit
//! product, no carry flag. There rustc turns the u64 · u64 → u128 of `ark_ff`'s Montgomery
//! multiplication into calls of `__multi3`. This crate calculates with limbs of 29 bits instead,
//! and delays reductions where it sums products. Natively it keeps `ark_ff`'s arithmetic under the
//! same algorithms.
//!
//! **Who calls it.** The verifier: [`msm::msm`] and [`pairing::product_is_one`] once per proof,
//! [`Fr`] and [`Fq`] throughout; the pallet stores [`pairing::PreparedG2`] of an approved setup.
//!
//! **Terms.**
//! - *Canonical*: limbs of 64 bits in Montgomery form with R = 2²⁵⁶, below the modulus: `ark_ff`'s
//!   form, and the form of everything that this crate takes, gives and stores.
//! - *Limbs*: nine signed limbs of 29 bits, R = 2²⁶¹, not reduced (private): what
//!   the pairing and the sums calculate with in wasm.
//! - *Lines*: what Miller's loop needs of a point of G2, calculated once.
//!
//! **Invariants.**
//! - Every public result is canonical and the same on every target; tests run both representations
//!   on every target against `ark_bn254`.
//! - No input panics. Equal, opposite and absent points, zero scalars, and points that do not lie
//!   on the curve (whose result means nothing) are no exception.
//! - No accumulator overflows: the bounds are stated in the modules `montgomery`, `limbs` and
//!   `tower`, and a test runs the reduction at them.
//! - Not constant in time: there are no secrets in a verification.
//! - The caller checks that points lie on the curve and, in G2, in the subgroup
//!   ([`AffineRepr`](ark_ec::AffineRepr)'s methods, as for `ark_bn254`).
//!
//! **Measured.** Thread time (minimum) on a busy 2-core AMD EPYC at 2.6 GHz, where everything takes
//! about 1.7 times as long as on the idle machine: read the ratios. wasm32v1-none, opt-level 3, lto,
//! one codegen unit; wasmtime 36 (cranelift, speed, no SIMD). `ark` is `ark_bn254` 0.5.
//!
//! | operation                         | wasm: ark | wasm: here | native: ark | native: here |
//! |-----------------------------------|----------:|-----------:|------------:|-------------:|
//! | Fq product                        |    225 ns |     145 ns |       22 ns |        22 ns |
//! | Fq square                         |    187 ns |     126 ns |             |              |
//! | Fr product                        |    222 ns |     148 ns |             |              |
//! | Fq inverse (`ark_ff`'s in both)   |    8.9 µs |     8.5 µs |             |              |
//! | Fq12 product (`ark_ff`'s tower)   |   12.0 µs |     7.7 µs |      3.1 µs |       3.1 µs |
//! | Miller's loop, two pairs          |   3.91 ms |    1.67 ms |     0.63 ms |      0.53 ms |
//! | final power                       |   2.10 ms |    0.93 ms |     0.52 ms |      0.38 ms |
//! | check of two pairs                |   5.43 ms |    2.61 ms |     1.10 ms |      0.82 ms |
//! | lines of a point of G2            |           |    0.44 ms |             |              |
//! | sum of 10                         |   2.93 ms |    0.57 ms |     0.46 ms |      0.21 ms |
//! | sum of 25                         |   5.31 ms |    1.28 ms |     0.89 ms |      0.48 ms |
//! | sum of 45                         |   6.71 ms |    1.57 ms |     1.56 ms |      0.83 ms |
//! | sum of 100                        |  10.13 ms |    3.54 ms |     2.65 ms |      1.74 ms |
//! | sum of 500                        |   35.8 ms |    17.7 ms |      9.3 ms |       6.4 ms |
//! | sum of 1500                       |   91.0 ms |    33.9 ms |     22.9 ms |      13.1 ms |
//!
//! Multiplications that were tried, in wasm on the nearly idle machine (`ark_ff`'s: 128 ns):
//! 4 × 64 bits with the product inlined 154 ns; 8 × 32 bits 100 ns; 9 × 29 bits by operand scanning
//! 78 … 95 ns, by product scanning 74 ns, Karatsuba on 3 × 3 limbs 74 ns. The last, with the reduction
//! by multiples of p that are −1 modulo 2⁵⁸ (seven products less, shorter chains), is in use.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unreachable,
	clippy::unwrap_used
)]

extern crate alloc;

#[cfg_attr(
	target_family = "wasm",
	allow(dead_code, reason = "wasm has no use for `Canonical`")
)]
mod base;
mod curve;
mod digits;
mod fields;
pub mod g1;
pub mod g2;
#[cfg_attr(
	not(any(test, target_family = "wasm")),
	allow(
		dead_code,
		reason = "what wasm calculates with is compiled, and tested, everywhere"
	)
)]
mod limbs;
#[cfg_attr(
	not(any(test, target_family = "wasm")),
	allow(
		dead_code,
		reason = "what wasm calculates with is compiled, and tested, everywhere"
	)
)]
mod montgomery;
pub mod msm;
pub mod pairing;
#[cfg(test)]
mod tests;
mod tower;
mod unroll;

use ark_ec::bn::{Bn, BnConfig, TwistType};

pub use fields::{Fq, Fq12, Fq12Config, Fq2, Fq2Config, Fq6, Fq6Config, FqConfig, Fr, FrConfig};
pub use g1::{G1Affine, G1Projective};
pub use g2::{G2Affine, G2Projective};

/// The pairing's parameters.
pub struct Config;

impl BnConfig for Config {
	/// x
	const X: &'static [u64] = &[4965661367192848881];
	const X_IS_NEGATIVE: bool = false;
	/// 6x + 2 in digits −1, 0, 1, the least significant first.
	const ATE_LOOP_COUNT: &'static [i8] = &[
		0, 0, 0, 1, 0, 1, 0, -1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, -1, 0, 0, 0, 1, 0, -1, 0, 0, 0,
		0, -1, 0, 0, 1, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0, -1, 0, 1, 0, -1, 0, 0, 0, -1, 0,
		-1, 0, 0, 0, 1, 0, 1, 1,
	];
	const TWIST_TYPE: TwistType = TwistType::D;
	const TWIST_MUL_BY_Q_X: Fq2 = g2::TWIST_MUL_BY_Q_X;
	const TWIST_MUL_BY_Q_Y: Fq2 = g2::TWIST_MUL_BY_Q_Y;
	type Fp = Fq;
	type Fp2Config = Fq2Config;
	type Fp6Config = Fq6Config;
	type Fp12Config = Fq12Config;
	type G1Config = g1::Config;
	type G2Config = g2::Config;
}

/// The pairing.
pub type Bn254 = Bn<Config>;
