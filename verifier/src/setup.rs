//! Trusted setups: \[s\]G2 of a powers-of-tau ceremony.
//!
//! A verifier needs nothing else of a setup. Whoever knows s can prove anything, so setups are
//! approved by governance; [`Setup::insecure_development`] is for development chains and tests,
//! [`Setup::perpetual_powers_of_tau`] is the public one that EZKL uses.

mod from_vka;
mod public;

pub use from_vka::VkaSetupError;

use crate::{
	encoding::{coordinate_from_bytes, coordinate_to_bytes, point_to_bytes, SCALAR_BYTES},
	Scalar,
};
use alloc::vec::Vec;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use core::fmt;
use inference_bn254::{pairing::PreparedG2, Fq2, G1Affine, G2Affine};
use inference_primitives::{hashing::tagged_hash, SetupId};

/// Bytes of an encoded setup.
pub const SETUP_BYTES: usize = 128;
/// Bytes of [`Setup::lines_bytes`].
pub const LINES_BYTES: usize = inference_bn254::pairing::PREPARED_LENGTH;

/// Hashed into the secret of the development setup, which therefore everyone knows.
const DEVELOPMENT_TAG: &[u8] = b"inference-network/insecure-development-setup/v1";

/// \[s\]G2, checked: on the curve, in the subgroup of prime order, neither the identity (s = 0) nor
/// the generator (s = 1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
	s_g2: G2Affine,
	/// What pairings with it need.
	lines: PreparedG2,
}

/// Bytes that are no [`Setup`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetupError {
	/// Wrong number of bytes.
	Length {
		/// [`SETUP_BYTES`].
		expected: usize,
		/// Bytes given.
		got: usize,
	},
	/// A coordinate is not below the base field's modulus.
	NonCanonicalCoordinate {
		/// Which: 0 is x.c0, 3 is y.c1.
		index: usize,
	},
	/// The coordinates do not satisfy the curve's equation.
	OffCurve,
	/// A point of the curve outside the subgroup of prime order.
	OutsideSubgroup,
	/// The identity: s is zero.
	Identity,
	/// The generator: s is one.
	Generator,
	/// The bytes are no lines of a point.
	Lines,
}

impl fmt::Display for SetupError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Length { expected, got } => {
				write!(f, "a setup has {expected} bytes, got {got}")
			},
			Self::NonCanonicalCoordinate { index } => {
				write!(
					f,
					"coordinate {index} is not below the base field's modulus"
				)
			},
			Self::OffCurve => write!(f, "the point is not on the curve"),
			Self::OutsideSubgroup => write!(f, "the point is not in the subgroup of prime order"),
			Self::Identity => write!(f, "the point is the identity: the secret is zero"),
			Self::Generator => write!(f, "the point is the generator: the secret is one"),
			Self::Lines => write!(f, "the bytes are no lines of a point"),
		}
	}
}

impl core::error::Error for SetupError {}

impl Setup {
	/// Decodes \[s\]G2: x.c0, x.c1, y.c0, y.c1, each 32 bytes little-endian and canonical.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, SetupError> {
		Self::from_point(Self::decode(bytes)?)
	}

	/// Decodes bytes that [`Self::from_bytes`] accepted before and the [`Self::lines_bytes`] that
	/// belong to them, as a chain's own storage holds both: leaves out the checks of curve and
	/// subgroup. **Whoever may choose the lines may have anything verified.**
	pub fn from_trusted_bytes(bytes: &[u8], lines: &[u8]) -> Result<Self, SetupError> {
		Ok(Self {
			s_g2: Self::decode(bytes)?,
			lines: PreparedG2::from_bytes(lines).ok_or(SetupError::Lines)?,
		})
	}

	/// What pairings with \[s\]G2 need, computed once: [`LINES_BYTES`] bytes.
	pub fn lines_bytes(&self) -> Vec<u8> {
		self.lines.to_bytes()
	}

	/// Decodes a point without checking it.
	fn decode(bytes: &[u8]) -> Result<G2Affine, SetupError> {
		let length = SetupError::Length {
			expected: SETUP_BYTES,
			got: bytes.len(),
		};
		let bytes = <&[u8; SETUP_BYTES]>::try_from(bytes).map_err(|_| length)?;
		let (chunks, _) = bytes.as_chunks::<SCALAR_BYTES>();
		let mut coordinates = [Default::default(); 4];
		for (index, (coordinate, chunk)) in coordinates.iter_mut().zip(chunks).enumerate() {
			*coordinate =
				coordinate_from_bytes(chunk).ok_or(SetupError::NonCanonicalCoordinate { index })?;
		}
		let [x0, x1, y0, y1] = coordinates;
		let (x, y) = (Fq2::new(x0, x1), Fq2::new(y0, y1));
		if x == Fq2::default() && y == Fq2::default() {
			return Err(SetupError::Identity);
		}
		Ok(G2Affine::new_unchecked(x, y))
	}

	/// Checks a point.
	fn from_point(s_g2: G2Affine) -> Result<Self, SetupError> {
		if s_g2.is_zero() {
			Err(SetupError::Identity)
		} else if !s_g2.is_on_curve() {
			Err(SetupError::OffCurve)
		} else if !s_g2.is_in_correct_subgroup_assuming_on_curve() {
			Err(SetupError::OutsideSubgroup)
		} else if s_g2 == G2Affine::generator() {
			Err(SetupError::Generator)
		} else {
			let lines = PreparedG2::new(&s_g2).ok_or(SetupError::Identity)?;
			Ok(Self { s_g2, lines })
		}
	}

	/// Encodes; the inverse of [`Self::from_bytes`].
	pub fn to_bytes(&self) -> [u8; SETUP_BYTES] {
		g2_to_bytes(&self.s_g2)
	}

	/// The setup's identifier: a hash of the generators of G1 and G2 and of \[s\]G2.
	pub fn id(&self) -> SetupId {
		let parts = (
			point_to_bytes(&G1Affine::generator()),
			g2_to_bytes(&G2Affine::generator()),
			self.to_bytes(),
		);
		SetupId(tagged_hash(b"inference-network/setup/v1", &parts))
	}

	/// The setup whose secret is [`development_secret`]. **Insecure**: anyone can forge proofs.
	/// For development chains and tests.
	pub fn insecure_development() -> Self {
		Self::known((G2Affine::generator() * development_secret()).into_affine())
	}

	/// A setup of which tests show that it would be accepted.
	fn known(s_g2: G2Affine) -> Self {
		Self {
			s_g2,
			// Only the identity has no lines.
			lines: PreparedG2::new(&s_g2).unwrap_or_else(PreparedG2::generator),
		}
	}

	/// \[s\]G2.
	pub(crate) fn s_g2(&self) -> G2Affine {
		self.s_g2
	}

	/// What pairings with \[s\]G2 need.
	pub(crate) fn lines(&self) -> &PreparedG2 {
		&self.lines
	}
}

/// Encodes a point of G2 other than the identity, which encodes as zeros.
fn g2_to_bytes(point: &G2Affine) -> [u8; SETUP_BYTES] {
	let mut bytes = [0u8; SETUP_BYTES];
	if let Some((x, y)) = point.xy() {
		let source = [x.c0, x.c1, y.c0, y.c1].map(|c| coordinate_to_bytes(&c));
		for (to, from) in bytes.iter_mut().zip(source.iter().flatten()) {
			*to = *from;
		}
	}
	bytes
}

/// The 64 bytes that [`development_secret`] is reduced from.
pub(crate) fn development_seed() -> [u8; 64] {
	*blake2b_simd::Params::new()
		.hash_length(64)
		.hash(DEVELOPMENT_TAG)
		.as_array()
}

/// The secret s of the development setup: the hash of a fixed tag. **Insecure** by construction.
pub fn development_secret() -> Scalar {
	Scalar::from_le_bytes_mod_order(&development_seed())
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ff::{AdditiveGroup, Field};
	use inference_bn254::Fq;

	#[test]
	fn a_setup_survives_encoding() {
		let setup = Setup::insecure_development();
		assert_eq!(Setup::from_bytes(&setup.to_bytes()), Ok(setup.clone()));
		let lines = setup.lines_bytes();
		assert_eq!(lines.len(), LINES_BYTES);
		assert_eq!(
			Setup::from_trusted_bytes(&setup.to_bytes(), &lines),
			Ok(setup.clone())
		);
		assert_eq!(
			Setup::from_trusted_bytes(&setup.to_bytes(), &lines[1..]),
			Err(SetupError::Lines)
		);
	}

	#[test]
	fn the_development_setup_is_pinned() {
		// A change breaks every development chain and committed vector.
		assert_eq!(
			Setup::insecure_development().id().to_string(),
			"0x48e305979e78f5bdbd30df0a02a085cab7d0060103cae54f8a72226d410dcb16"
		);
	}

	#[test]
	fn wrong_lengths_are_refused() {
		let bytes = Setup::insecure_development().to_bytes();
		for got in [0, 127] {
			assert_eq!(
				Setup::from_bytes(&bytes[..got]),
				Err(SetupError::Length { expected: 128, got })
			);
		}
		assert_eq!(
			Setup::from_bytes(&[0; 129]),
			Err(SetupError::Length {
				expected: 128,
				got: 129
			})
		);
	}

	#[test]
	fn weak_points_are_refused() {
		assert_eq!(Setup::from_bytes(&[0; 128]), Err(SetupError::Identity));
		assert_eq!(
			Setup::from_bytes(&g2_to_bytes(&G2Affine::generator())),
			Err(SetupError::Generator)
		);
	}

	#[test]
	fn coordinates_are_checked() {
		let good = Setup::insecure_development().to_bytes();
		for index in 0..4 {
			let mut bytes = good;
			bytes[index * 32 + 31] = 0xff;
			assert_eq!(
				Setup::from_bytes(&bytes),
				Err(SetupError::NonCanonicalCoordinate { index })
			);
			let mut bytes = good;
			bytes[index * 32] ^= 1;
			assert_eq!(Setup::from_bytes(&bytes), Err(SetupError::OffCurve));
		}
	}

	#[test]
	fn points_outside_the_subgroup_are_refused() {
		// G2's cofactor is large: the first x with a point on the twist gives one outside.
		let point = (1u64..)
			.find_map(|x| {
				let x = Fq2::new(Fq::from(x), Fq::ZERO);
				let b =
					<inference_bn254::g2::Config as ark_ec::short_weierstrass::SWCurveConfig>::COEFF_B;
				let y = (x * x * x + b).sqrt()?;
				let point = G2Affine::new_unchecked(x, y);
				(!point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
			})
			.unwrap();
		assert_eq!(
			Setup::from_bytes(&g2_to_bytes(&point)),
			Err(SetupError::OutsideSubgroup)
		);
	}
}
