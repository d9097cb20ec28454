//! The artifact's words, and the small fields packed into them.

use super::{VkaError, MAX_VKA_BYTES};
use crate::{
	encoding::{
		point_from_bytes, reverse_words, scalar_from_bytes, BadPoint, POINT_BYTES, SCALAR_BYTES,
	},
	plan::limit_usize,
	Scalar,
};
use inference_bn254::G1Affine;

/// Bytes of a word.
pub(crate) const WORD_BYTES: usize = 32;
/// Address at which the EVM verifier holds word 0.
pub(crate) const BASE_ADDRESS: u32 = 0xa0;
/// Address at which the EVM verifier finds the proof.
pub(crate) const PROOF_ADDRESS: u32 = 0x84;

/// A VKA's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
	words: &'a [[u8; WORD_BYTES]],
}

impl<'a> Words<'a> {
	/// Reads the container.
	pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, VkaError> {
		let got = bytes.len();
		if got > limit_usize(MAX_VKA_BYTES) {
			return Err(VkaError::TooLong {
				limit: MAX_VKA_BYTES,
				got,
			});
		}
		let (count, rest) = bytes
			.split_first_chunk::<8>()
			.ok_or(VkaError::Length { expected: 8, got })?;
		let count = usize::try_from(u64::from_le_bytes(*count)).unwrap_or(usize::MAX);
		let (words, tail) = rest.as_chunks::<WORD_BYTES>();
		if words.len() != count || !tail.is_empty() {
			let expected = count.saturating_mul(WORD_BYTES).saturating_add(8);
			return Err(VkaError::Length { expected, got });
		}
		Ok(Self { words })
	}

	/// Number of words.
	pub(crate) fn len(&self) -> usize {
		self.words.len()
	}

	/// Address after the last word: where the EVM verifier's scratch memory starts.
	pub(crate) fn end_address(&self) -> u32 {
		address(self.len())
	}

	/// A word, big-endian.
	pub(crate) fn word(&self, index: usize) -> Result<&'a [u8; WORD_BYTES], VkaError> {
		self.words.get(index).ok_or(VkaError::MissingWord { index })
	}

	/// A word that must fit 32 bits.
	pub(crate) fn number(&self, index: usize, what: &'static str) -> Result<u32, VkaError> {
		let word = self.word(index)?;
		let (high, low) = word.split_last_chunk::<4>().unwrap_or((&[], &[0; 4]));
		if high.iter().any(|byte| *byte != 0) {
			return Err(VkaError::OutOfRange { what, word: index });
		}
		Ok(u32::from_be_bytes(*low))
	}

	/// A word that must be a scalar.
	pub(crate) fn scalar(&self, index: usize) -> Result<Scalar, VkaError> {
		scalar_from_bytes(&reverse_words(*self.word(index)?))
			.ok_or(VkaError::NonCanonicalScalar { word: index })
	}

	/// Two words that must be a point of G1; zeros are the identity.
	pub(crate) fn point(&self, index: usize) -> Result<G1Affine, VkaError> {
		let mut bytes = [0u8; POINT_BYTES];
		let (x, y) = (self.word(index)?, self.word(index.saturating_add(1))?);
		for (to, from) in bytes.iter_mut().zip(x.iter().chain(y)) {
			*to = *from;
		}
		point_from_bytes(&reverse_words(bytes)).map_err(|error| match error {
			BadPoint::NonCanonical | BadPoint::OffCurve => VkaError::BadPoint { word: index },
		})
	}

	/// The word at an address that a word holds.
	pub(crate) fn at(&self, index: usize, what: &'static str) -> Result<usize, VkaError> {
		let got = self.number(index, what)?;
		let bad = VkaError::BadAddress {
			what,
			word: index,
			got,
		};
		let target = word_at(got).ok_or(bad)?;
		// A section may be empty at the very end.
		if target <= self.len() {
			Ok(target)
		} else {
			Err(bad)
		}
	}

	/// Reads packed fields from a word on.
	pub(crate) fn packed(&self, index: usize) -> Packed<'a> {
		Packed {
			words: *self,
			index,
			position: 0,
		}
	}
}

/// Address of a word; saturates.
pub(crate) fn address(index: usize) -> u32 {
	let offset = u32::try_from(index.saturating_mul(WORD_BYTES)).unwrap_or(u32::MAX);
	BASE_ADDRESS.saturating_add(offset)
}

/// The word at an address, if a word starts there.
pub(crate) fn word_at(address: u32) -> Option<usize> {
	let offset = usize::try_from(address.checked_sub(BASE_ADDRESS)?).ok()?;
	offset
		.is_multiple_of(WORD_BYTES)
		.then_some(offset.checked_div(WORD_BYTES)?)
}

/// Fields packed into words from the least significant byte up. A word is done when what is left
/// of it is zero; then the next begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed<'a> {
	words: Words<'a>,
	index: usize,
	/// Bytes read of the word.
	position: usize,
}

impl Packed<'_> {
	/// Index of the word that is being read.
	pub(crate) fn word(&self) -> usize {
		self.index
	}

	/// The next byte.
	pub(crate) fn byte(&mut self, what: &'static str) -> Result<u8, VkaError> {
		let word = self.words.word(self.index)?;
		let byte = word.iter().rev().nth(self.position);
		let byte = byte.copied().ok_or(VkaError::OutOfRange {
			what,
			word: self.index,
		})?;
		self.position = self.position.saturating_add(1);
		Ok(byte)
	}

	/// The next two bytes.
	pub(crate) fn short(&mut self, what: &'static str) -> Result<u16, VkaError> {
		Ok(u16::from_le_bytes([self.byte(what)?, self.byte(what)?]))
	}

	/// Whether nothing but zeros is left of the word.
	pub(crate) fn is_done(&self) -> Result<bool, VkaError> {
		let word = self.words.word(self.index)?;
		Ok(word.iter().rev().skip(self.position).all(|byte| *byte == 0))
	}

	/// Refuses a word of which something is left.
	pub(crate) fn expect_done(&self, what: &'static str) -> Result<(), VkaError> {
		if self.is_done()? {
			Ok(())
		} else {
			Err(VkaError::OutOfRange {
				what,
				word: self.index,
			})
		}
	}

	/// Goes on to the next word.
	pub(crate) fn next_word(&mut self) {
		self.index = self.index.saturating_add(1);
		self.position = 0;
	}

	/// Skips the rest of `count` words, this one included.
	pub(crate) fn skip_words(&mut self, count: usize) {
		self.index = self.index.saturating_add(count);
		self.position = 0;
	}

	/// The next two bytes, of the next word if this one has no room for them: how lists of
	/// addresses are packed that may hold zeros.
	pub(crate) fn short_in_list(&mut self, what: &'static str) -> Result<u16, VkaError> {
		if self.position.saturating_add(2) > SCALAR_BYTES {
			self.next_word();
		}
		self.short(what)
	}
}
