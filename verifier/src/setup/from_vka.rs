//! The setup that a VKA names. **Nobody vouches for it.**

use super::{g2_to_bytes, Setup, SetupError};
use crate::{
	encoding::{coordinate_from_bytes, reverse_words},
	ezkl::{words::Words, VkaError},
};
use core::fmt;
use inference_bn254::{Fq2, G2Affine};

/// First of the four words of −\[s\]G2: x.c1, x.c0, y.c1, y.c0.
const MINUS_S_G2: usize = 20;

/// Bytes from which no setup can be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VkaSetupError {
	/// They are no VKA.
	Vka(VkaError),
	/// The VKA's −\[s\]G2 is none.
	Setup(SetupError),
}

impl fmt::Display for VkaSetupError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Vka(error) => write!(f, "{error}"),
			Self::Setup(error) => write!(f, "−[s]G2 of the VKA: {error}"),
		}
	}
}

impl core::error::Error for VkaSetupError {}

impl Setup {
	/// The setup that a VKA names. **Insecure**: whoever made the bytes may know its secret, and
	/// can then prove anything under it. For looking at a key, and for tests; the chain only takes
	/// setups that governance approved.
	///
	/// # Errors
	///
	/// The words do not exist, or are no point that a setup may be.
	pub fn insecure_from_vka(bytes: &[u8]) -> Result<Self, VkaSetupError> {
		let words = Words::new(bytes).map_err(VkaSetupError::Vka)?;
		// `index` counts as in an encoded setup, `offset` in the VKA.
		let coordinate = |index: usize, offset: usize| {
			let word = words
				.word(MINUS_S_G2.saturating_add(offset))
				.map_err(VkaSetupError::Vka)?;
			coordinate_from_bytes(&reverse_words(*word)).ok_or(VkaSetupError::Setup(
				SetupError::NonCanonicalCoordinate { index },
			))
		};
		let x = Fq2::new(coordinate(0, 1)?, coordinate(1, 0)?);
		let y = Fq2::new(coordinate(2, 3)?, coordinate(3, 2)?);
		let s_g2 = -G2Affine::new_unchecked(x, y);
		Self::from_bytes(&g2_to_bytes(&s_g2)).map_err(VkaSetupError::Setup)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const VKA: &[u8] = include_bytes!("../../tests/ezkl/linear-regression/vka.bin");

	/// The VKA with other bytes in a word.
	fn with_word(index: usize, word: [u8; 32]) -> Vec<u8> {
		let mut bytes = VKA.to_vec();
		bytes[8 + 32 * index..][..32].copy_from_slice(&word);
		bytes
	}

	#[test]
	fn the_setup_of_a_vka_is_the_one_that_its_plan_takes() {
		let setup = Setup::insecure_from_vka(VKA).unwrap();
		assert!(crate::ezkl::plan_from_vka(VKA, &setup).is_ok());
		// The fixtures' setup was drawn for them alone.
		assert_ne!(setup, Setup::perpetual_powers_of_tau());
		assert_ne!(setup, Setup::insecure_development());
	}

	#[test]
	fn what_is_no_setup_is_refused() {
		assert!(matches!(
			Setup::insecure_from_vka(&VKA[..40]),
			Err(VkaSetupError::Vka(VkaError::Length { .. }))
		));
		let mut short = 20u64.to_le_bytes().to_vec();
		short.extend_from_slice(&VKA[8..8 + 32 * 20]);
		assert!(matches!(
			Setup::insecure_from_vka(&short),
			Err(VkaSetupError::Vka(VkaError::MissingWord { .. }))
		));
		assert_eq!(
			Setup::insecure_from_vka(&with_word(MINUS_S_G2, [0xff; 32])),
			Err(VkaSetupError::Setup(SetupError::NonCanonicalCoordinate {
				index: 1
			}))
		);
		assert_eq!(
			Setup::insecure_from_vka(&with_word(MINUS_S_G2, [0; 32])),
			Err(VkaSetupError::Setup(SetupError::OffCurve))
		);
		let zeros = (0..4).fold(VKA.to_vec(), |mut bytes, offset| {
			bytes[8 + 32 * (MINUS_S_G2 + offset)..][..32].fill(0);
			bytes
		});
		assert_eq!(
			Setup::insecure_from_vka(&zeros),
			Err(VkaSetupError::Setup(SetupError::Identity))
		);
	}
}
