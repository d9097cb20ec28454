//! EZKL's transcript: what its verifier for the EVM computes.
//!
//! `data = halo2's digest of the key ‖ public inputs ‖ …`, all as big-endian words of 32 bytes,
//! points as x ‖ y. For each challenge, `h = keccak256(data)`, with one byte 01 appended if the
//! data is just one word; the challenge is h modulo the scalar field's order (no value is more than
//! 6/5 times as likely as another), and h is all that remains of the data.
//!
//! It binds what the key's maker hashed into the digest, which nobody can recompute from the key's
//! encoding: a key whose digest lies is another key, no forged proof under this one.

use super::{POINT_BYTES, SCALAR_BYTES};
use crate::Scalar;
use ark_ff::PrimeField;
use sha3::{Digest, Keccak256};

/// A running transcript.
#[derive(Clone, Debug)]
pub(crate) struct EvmTranscript {
	state: Keccak256,
	/// Bytes absorbed since the last challenge, its hash included.
	length: usize,
}

impl EvmTranscript {
	pub(crate) fn new() -> Self {
		Self {
			state: Keccak256::new(),
			length: 0,
		}
	}

	fn absorb(&mut self, bytes: &[u8]) {
		self.state.update(bytes);
		self.length = self.length.saturating_add(bytes.len());
	}

	/// Absorbs a point in big-endian words.
	pub(crate) fn absorb_point(&mut self, bytes: &[u8; POINT_BYTES]) {
		self.absorb(bytes);
	}

	/// Absorbs a scalar as a big-endian word.
	pub(crate) fn absorb_scalar(&mut self, bytes: &[u8; SCALAR_BYTES]) {
		self.absorb(bytes);
	}

	/// The next challenge's 32 bytes, before reduction.
	pub(crate) fn challenge_bytes(&mut self) -> [u8; 32] {
		if self.length == SCALAR_BYTES {
			self.state.update([1]);
		}
		let hash: [u8; 32] = self.state.finalize_reset().into();
		self.length = 0;
		self.absorb(&hash);
		hash
	}

	/// The next challenge.
	pub(crate) fn challenge(&mut self) -> Scalar {
		Scalar::from_be_bytes_mod_order(&self.challenge_bytes())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn keccak(data: &[u8]) -> [u8; 32] {
		Keccak256::digest(data).into()
	}

	#[test]
	fn a_single_word_is_told_apart_from_its_hash_by_a_byte() {
		let mut transcript = EvmTranscript::new();
		transcript.absorb_scalar(&[7; 32]);
		let first = transcript.challenge_bytes();
		assert_eq!(first, keccak(&[[7; 32].as_slice(), &[1]].concat()));
		assert_eq!(
			transcript.challenge_bytes(),
			keccak(&[first.as_slice(), &[1]].concat())
		);
	}

	#[test]
	fn more_than_a_word_is_hashed_as_it_is() {
		let mut transcript = EvmTranscript::new();
		transcript.absorb_scalar(&[7; 32]);
		transcript.absorb_point(&[9; 64]);
		let first = transcript.challenge_bytes();
		assert_eq!(first, keccak(&[[7; 32].as_slice(), &[9; 64]].concat()));
		transcript.absorb_scalar(&[1; 32]);
		assert_eq!(
			transcript.challenge_bytes(),
			keccak(&[first, [1; 32]].concat())
		);
	}
}
