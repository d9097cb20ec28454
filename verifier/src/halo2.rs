//! Bridges to halo2: plans from its verifying keys, its prover's transcript, development
//! parameters. For provers and tests; the runtime never builds this.

#![allow(
	clippy::arithmetic_side_effects,
	reason = "the numbers are a circuit's sizes, from code that the prover runs itself"
)]

mod compiler;
mod front_end;
mod parameters;
pub mod protocol;
mod transcript;

pub use front_end::{
	parts_from_constraint_system, plan_from_vk, point as point_from_halo2, point_to_halo2,
	FrontEndError,
};
pub use parameters::{development_params, setup_from_params};
pub use protocol::plan_from_protocol;
pub use transcript::{transcript_reader, transcript_writer, ProofReader, ProofWriter};

use crate::{
	encoding::{scalar_from_bytes, scalar_to_bytes},
	Scalar,
};
use halo2_proofs::arithmetic::Field;
use halo2curves::{bn256::Fr, ff::PrimeField};

/// The same field element for halo2.
pub fn to_halo2(scalar: Scalar) -> Fr {
	// Canonical by construction, so never the default.
	Option::from(Fr::from_repr(scalar_to_bytes(&scalar))).unwrap_or(Fr::ZERO)
}

/// The same field element for the verifier.
pub fn from_halo2(scalar: Fr) -> Scalar {
	scalar_from_bytes(&scalar.to_repr()).unwrap_or_default()
}
