//! The hash of everything that is hashed outside a circuit: BLAKE2b with a 32-byte digest (RFC 7693).

use crate::Hash;
use codec::Encode;

/// BLAKE2b-256 of `bytes`.
pub fn blake2_256(bytes: &[u8]) -> Hash {
	let digest = blake2b_simd::Params::new().hash_length(32).hash(bytes);
	let mut out = [0u8; 32];
	for (to, from) in out.iter_mut().zip(digest.as_bytes()) {
		*to = *from;
	}
	out
}

/// BLAKE2b-256 of a domain-separation tag followed by the SCALE encoding of `value`.
///
/// `tag` must be one of a prefix-free set; ours end in `/v<n>`.
pub fn tagged_hash<T: Encode>(tag: &[u8], value: &T) -> Hash {
	let mut bytes = tag.to_vec();
	value.encode_to(&mut bytes);
	blake2_256(&bytes)
}

/// Hash of a `Public` tensor: its values in row-major order, fixed point, as SCALE `Vec<i64>`.
pub fn tensor_hash(values: &[i64]) -> Hash {
	// A slice encodes as the `Vec` of its elements does.
	tagged_hash(b"inference-network/tensor/v1", &values)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn blake2_256_matches_the_published_digest_of_abc() {
		// Python: hashlib.blake2b(b"abc", digest_size=32).hexdigest()
		assert_eq!(
			hex::encode(blake2_256(b"abc")),
			"bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
		);
	}

	#[test]
	fn tensor_hash_depends_on_length_and_order() {
		assert_ne!(tensor_hash(&[1, 2]), tensor_hash(&[2, 1]));
		assert_ne!(tensor_hash(&[0]), tensor_hash(&[0, 0]));
	}
}
