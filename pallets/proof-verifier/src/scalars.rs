//! Public inputs as they come over the wire.

use alloc::vec::Vec;
use ark_ff::{BigInt, PrimeField};
use inference_verifier::Scalar;

/// Decodes 32 little-endian bytes; `None` if the number is not below the field's modulus.
fn decode(bytes: &[u8; 32]) -> Option<Scalar> {
	let mut limbs = [0u64; 4];
	let (chunks, _) = bytes.as_chunks::<8>();
	for (limb, chunk) in limbs.iter_mut().zip(chunks) {
		*limb = u64::from_le_bytes(*chunk);
	}
	Scalar::from_bigint(BigInt(limbs))
}

/// Decodes public inputs; `None` if one is not canonical.
pub(crate) fn decode_all(public_inputs: &[[u8; 32]]) -> Option<Vec<Scalar>> {
	public_inputs.iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The modulus of BN254's scalar field, little-endian.
	fn modulus() -> [u8; 32] {
		let mut bytes = [0u8; 32];
		for (chunk, limb) in bytes.chunks_exact_mut(8).zip(Scalar::MODULUS.0) {
			chunk.copy_from_slice(&limb.to_le_bytes());
		}
		bytes
	}

	#[test]
	fn numbers_below_the_modulus_decode_little_endian() {
		let mut bytes = [0u8; 32];
		bytes[8] = 1;
		assert_eq!(decode_all(&[bytes]), Some(vec![Scalar::from(1u128 << 64)]));
		let mut greatest = modulus();
		greatest[0] -= 1;
		assert_eq!(decode_all(&[greatest]), Some(vec![-Scalar::from(1u8)]));
	}

	#[test]
	fn the_modulus_and_above_are_refused() {
		assert_eq!(decode_all(&[[0; 32], modulus()]), None);
		assert_eq!(decode_all(&[[0xff; 32]]), None);
	}
}
