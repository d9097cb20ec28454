//! Public inputs as bytes: 32, little-endian, below the field's modulus.

use ark_ff::{BigInt, PrimeField};
use inference_verifier::Scalar;

/// Decodes a scalar; `None` if it is not below the modulus.
pub fn from_bytes(bytes: &[u8; 32]) -> Option<Scalar> {
	let mut limbs = [0u64; 4];
	let (chunks, _) = bytes.as_chunks::<8>();
	for (limb, chunk) in limbs.iter_mut().zip(chunks) {
		*limb = u64::from_le_bytes(*chunk);
	}
	Scalar::from_bigint(BigInt(limbs))
}

/// Encodes a scalar.
pub fn to_bytes(scalar: &Scalar) -> [u8; 32] {
	let mut bytes = [0u8; 32];
	let limbs = scalar.into_bigint().0;
	for (to, from) in bytes
		.iter_mut()
		.zip(limbs.iter().flat_map(|l| l.to_le_bytes()))
	{
		*to = from;
	}
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn scalars_survive_encoding_and_the_modulus_is_refused() {
		for scalar in [
			Scalar::from(0u8),
			Scalar::from(1u128 << 70),
			-Scalar::from(1u8),
		] {
			assert_eq!(from_bytes(&to_bytes(&scalar)), Some(scalar));
		}
		assert_eq!(from_bytes(&[0xff; 32]), None);
		// −1 and one more is the modulus.
		let mut modulus = to_bytes(&-Scalar::from(1u8));
		modulus[0] += 1;
		assert_eq!(from_bytes(&modulus), None);
	}
}
