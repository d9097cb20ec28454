//! Canonical bytes of field elements and curve points.
//!
//! A field element is 32 bytes, little-endian, below the modulus. A point of G1 is x then y; the
//! identity is 64 zero bytes, which no point of the curve encodes to (its equation has a constant
//! term). Each value has one encoding.

use crate::Scalar;
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInt, PrimeField};
use inference_bn254::{Fq, G1Affine};

/// Bytes of an encoded field element.
pub(crate) const SCALAR_BYTES: usize = 32;
/// Bytes of an encoded point of G1.
pub(crate) const POINT_BYTES: usize = 64;

/// Why bytes are not a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadPoint {
	/// A coordinate is not below the base field's modulus.
	NonCanonical,
	/// The coordinates do not satisfy the curve's equation.
	OffCurve,
}

/// The integer of 32 little-endian bytes.
fn integer(bytes: &[u8; SCALAR_BYTES]) -> BigInt<4> {
	let mut limbs = [0u64; 4];
	for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
		*limb = chunk
			.iter()
			.rev()
			.fold(0, |acc, byte| (acc << 8) | u64::from(*byte));
	}
	BigInt(limbs)
}

/// The bytes of an integer, little-endian.
fn integer_bytes(integer: BigInt<4>) -> [u8; SCALAR_BYTES] {
	let mut bytes = [0u8; SCALAR_BYTES];
	let source = integer.0.iter().flat_map(|limb| limb.to_le_bytes());
	for (to, from) in bytes.iter_mut().zip(source) {
		*to = from;
	}
	bytes
}

/// Decodes a scalar; `None` if it is not below the modulus.
pub(crate) fn scalar_from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Option<Scalar> {
	Scalar::from_bigint(integer(bytes))
}

/// Encodes a scalar.
pub(crate) fn scalar_to_bytes(scalar: &Scalar) -> [u8; SCALAR_BYTES] {
	integer_bytes(scalar.into_bigint())
}

/// Decodes a coordinate; `None` if it is not below the modulus.
pub(crate) fn coordinate_from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Option<Fq> {
	Fq::from_bigint(integer(bytes))
}

/// Encodes a coordinate.
pub(crate) fn coordinate_to_bytes(coordinate: &Fq) -> [u8; SCALAR_BYTES] {
	integer_bytes(coordinate.into_bigint())
}

/// Decodes a point of G1. Its cofactor is 1: every point of the curve is in the group.
pub(crate) fn point_from_bytes(bytes: &[u8; POINT_BYTES]) -> Result<G1Affine, BadPoint> {
	let point = point_from_bytes_on_curve(bytes)?;
	if point.is_on_curve() {
		Ok(point)
	} else {
		Err(BadPoint::OffCurve)
	}
}

/// Decodes a point that is known to be on the curve, which is not checked again.
pub(crate) fn point_from_bytes_on_curve(bytes: &[u8; POINT_BYTES]) -> Result<G1Affine, BadPoint> {
	let (x, y) = coordinates(bytes).ok_or(BadPoint::NonCanonical)?;
	if x == Fq::ZERO && y == Fq::ZERO {
		return Ok(G1Affine::identity());
	}
	Ok(G1Affine::new_unchecked(x, y))
}

/// The two coordinates of a point; `None` if one is not below the modulus.
fn coordinates(bytes: &[u8; POINT_BYTES]) -> Option<(Fq, Fq)> {
	let (chunks, _) = bytes.as_chunks::<SCALAR_BYTES>();
	let mut coordinates = chunks.iter().map(coordinate_from_bytes);
	Some((coordinates.next()??, coordinates.next()??))
}

/// Reverses the byte order of each word of 32 bytes: big-endian words of the EVM to ours and back.
pub(crate) fn reverse_words<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
	for word in bytes.chunks_mut(SCALAR_BYTES) {
		word.reverse();
	}
	bytes
}

/// Encodes a point of G1.
pub(crate) fn point_to_bytes(point: &G1Affine) -> [u8; POINT_BYTES] {
	let mut bytes = [0u8; POINT_BYTES];
	if let Some((x, y)) = point.xy() {
		let source = [coordinate_to_bytes(&x), coordinate_to_bytes(&y)];
		for (to, from) in bytes.iter_mut().zip(source.iter().flatten()) {
			*to = *from;
		}
	}
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The scalar field's modulus, little-endian.
	fn modulus<F: PrimeField<BigInt = BigInt<4>>>() -> [u8; 32] {
		integer_bytes(F::MODULUS)
	}

	#[test]
	fn points_and_the_identity_survive_encoding() {
		for point in [
			G1Affine::generator(),
			-G1Affine::generator(),
			G1Affine::identity(),
		] {
			assert_eq!(point_from_bytes(&point_to_bytes(&point)), Ok(point));
		}
		assert_eq!(point_to_bytes(&G1Affine::identity()), [0; 64]);
	}

	#[test]
	fn scalars_at_or_above_the_modulus_are_refused() {
		assert_eq!(scalar_from_bytes(&modulus::<Scalar>()), None);
		assert_eq!(scalar_from_bytes(&[255; 32]), None);
		let mut below = modulus::<Scalar>();
		below[0] -= 1;
		assert_eq!(scalar_from_bytes(&below), Some(-Scalar::from(1u8)));
		assert_eq!(scalar_to_bytes(&-Scalar::from(1u8)), below);
	}

	#[test]
	fn points_off_the_curve_or_with_large_coordinates_are_refused() {
		let mut bytes = [0u8; 64];
		bytes[0] = 1;
		bytes[32] = 3;
		assert_eq!(point_from_bytes(&bytes), Err(BadPoint::OffCurve));
		bytes[..32].copy_from_slice(&modulus::<Fq>());
		assert_eq!(point_from_bytes(&bytes), Err(BadPoint::NonCanonical));
		bytes = [0u8; 64];
		bytes[32..].copy_from_slice(&modulus::<Fq>());
		assert_eq!(point_from_bytes(&bytes), Err(BadPoint::NonCanonical));
	}
}
