//! Verifier of halo2 and EZKL proofs (KZG, SHPLONK, BN254) from typed, bounded verifying keys, alone
//! and in batches.
//!
//! **Who uses it.** The pallet `proof-verifier` (in plain wasm: no host functions), the offchain
//! worker before it posts, the command line offline, and the prover, which derives [`Plan`]s and
//! writes proofs through the feature `halo2`. All four run this one implementation.
//!
//! **Terms.**
//! - *Plan*: a verifying key as data: sizes, commitments, queries and the constraints as a flat
//!   program ([`plan`]). Its encoding is canonical: one plan, one byte string, one
//!   [`VkHash`](inference_primitives::VkHash). EZKL's artifacts are decoded into plans ([`ezkl`]).
//! - *Setup*: \[s\]G2 of a powers-of-tau ceremony ([`Setup`]). It comes from governance, never from
//!   whoever submits a proof.
//! - *Proof*: uncompressed curve points (x, y) and field elements of 32 bytes, all canonical, in the
//!   order in which halo2's prover writes them; little-endian with ours, big-endian with EZKL's
//!   transcript ([`TranscriptKind`]). The runtime takes no square roots.
//! - *Public inputs*: the rows of the circuit's instance columns, one column after the other
//!   ([`public_inputs`] for our circuits, which have one).
//!
//! **What is checked.** [`verify`] accepts exactly what the verifier of `halo2-axiom` accepts for
//! the same key and transcript (a differential test says so), with every group operation folded
//! into one multi-scalar multiplication and one pairing check. Our Fiat–Shamir
//! transcript ([`transcript`]) absorbs the whole encoded plan first, so a proof cannot be moved to
//! another key even if the key's own digest were dishonest; EZKL's absorbs that digest only.
//!
//! **Invariants.** No input bytes panic, recurse without bound or allocate more than the limits of
//! [`limits`]. Everything is deterministic and free of floats. Whatever a plan claims and can be
//! computed (the domain's generator, blinding factors, rotation sets, the proof's length) is
//! computed.
//!
//! **Identity points.** halo2's prover commits to zero polynomials (an upper part of the quotient,
//! an unused fixed column), and the commitment of zero is the identity. It is encoded as 64 zero
//! bytes, which is no point of the curve, so the encoding stays injective. Accepting it is sound:
//! the identity is an element of the group in which KZG binds, and no step divides by a point or
//! treats it as absent.
//!
//! **Limitations.** BN254 gives about 100 bits of security. A plan has permuted lookups or lookups by
//! logarithmic derivatives, not both; no shuffles. Circuits of higher degree than
//! [`limits::MAX_DEGREE`] are refused. docs/VERIFIER.md has the security argument and the costs.

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
#![cfg_attr(
	test,
	allow(
		clippy::arithmetic_side_effects,
		clippy::as_conversions,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]

extern crate alloc;

mod accumulator;
pub mod batch;
mod constraints;
mod domain;
mod encoding;
pub mod ezkl;
#[cfg(feature = "halo2")]
pub mod halo2;
mod lagrange;
pub mod limits;
pub mod plan;
mod proof;
mod reduction;
pub mod setup;
mod shplonk;
mod statement;
pub mod transcript;
mod verification;

pub use batch::{verify_all, verify_batch, BatchFailure, BatchItem};
pub use inference_bn254::Fr as Scalar;
pub use plan::{Plan, PlanError, PlanVersion, TranscriptKind, VerificationWork};
pub use setup::{development_secret, Setup, SetupError};
pub use statement::{public_inputs, vk_hash};
pub use verification::{verify, VerifyError};
