//! The Fiat–Shamir transcript: BLAKE2b with a 64-byte state, over bytes.
//!
//! `state = BLAKE2b-512(personal = "inference-proof1")`, then
//! - the 64-byte digest of the encoded plan, which binds the verifying key;
//! - `1 ‖ point` for each point, `2 ‖ scalar` for each scalar, in their proof encodings;
//! - `0` for each challenge, which is the digest of everything so far, read as a little-endian
//!   integer of 512 bits and reduced modulo the scalar field's order (bias below 2^-256).
//!
//! Prover and verifier share this one implementation, so they cannot disagree on it. EZKL's
//! transcript is in [`evm`].

pub(crate) mod evm;

pub(crate) use crate::encoding::{POINT_BYTES, SCALAR_BYTES};
use crate::Scalar;
use ark_ff::PrimeField;
use blake2b_simd::{Params, State};

/// Bytes of a plan's digest.
pub const DIGEST_BYTES: usize = 64;

const PREFIX_CHALLENGE: u8 = 0;
const PREFIX_POINT: u8 = 1;
const PREFIX_SCALAR: u8 = 2;

/// The digest of an encoded plan that seeds its transcripts.
pub fn plan_digest(plan_bytes: &[u8]) -> [u8; DIGEST_BYTES] {
	*Params::new()
		.hash_length(DIGEST_BYTES)
		.personal(b"inference-plan/1")
		.hash(plan_bytes)
		.as_array()
}

/// A running transcript.
#[derive(Clone, Debug)]
pub struct Transcript {
	state: State,
}

impl Transcript {
	/// A transcript of a proof under the plan with this [`plan_digest`].
	pub fn new(plan_digest: &[u8; DIGEST_BYTES]) -> Self {
		let mut state = Params::new()
			.hash_length(64)
			.personal(b"inference-proof1")
			.to_state();
		state.update(plan_digest);
		Self { state }
	}

	/// Absorbs an encoded point.
	pub fn absorb_point(&mut self, bytes: &[u8; POINT_BYTES]) {
		self.state.update(&[PREFIX_POINT]).update(bytes);
	}

	/// Absorbs an encoded scalar.
	pub fn absorb_scalar(&mut self, bytes: &[u8; SCALAR_BYTES]) {
		self.state.update(&[PREFIX_SCALAR]).update(bytes);
	}

	/// The next challenge's 64 bytes, before reduction.
	pub fn challenge_bytes(&mut self) -> [u8; 64] {
		self.state.update(&[PREFIX_CHALLENGE]);
		*self.state.finalize().as_array()
	}

	/// The next challenge.
	pub fn challenge(&mut self) -> Scalar {
		Scalar::from_le_bytes_mod_order(&self.challenge_bytes())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_absorbed_byte_changes_the_challenge() {
		let start = Transcript::new(&[0; 64]);
		let mut challenges = vec![
			start.clone().challenge(),
			Transcript::new(&[1; 64]).challenge(),
		];
		for byte in 0..64 {
			let mut point = [0u8; 64];
			point[byte] = 1;
			let mut transcript = start.clone();
			transcript.absorb_point(&point);
			challenges.push(transcript.challenge());
		}
		for byte in 0..32 {
			let mut scalar = [0u8; 32];
			scalar[byte] = 1;
			let mut transcript = start.clone();
			transcript.absorb_scalar(&scalar);
			challenges.push(transcript.challenge());
		}
		let mut distinct = challenges.clone();
		distinct.sort();
		distinct.dedup();
		assert_eq!(distinct.len(), challenges.len());
	}

	#[test]
	fn successive_challenges_differ() {
		let mut transcript = Transcript::new(&[0; 64]);
		assert_ne!(transcript.challenge(), transcript.challenge());
	}
}
