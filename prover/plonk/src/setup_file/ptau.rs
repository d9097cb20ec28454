//! snarkjs' Powers of Tau: `ptau`, version (4 bytes), number of sections (4 bytes), then each section with its number
//! (4 bytes) and length (8 bytes). Numbers are little-endian.
//!
//! | section | content |
//! | --- | --- |
//! | 1 | bytes of a coordinate (4), the base field's modulus, p (4), p of the ceremony (4) |
//! | 2 | 2^(p+1) − 1 powers of G1 |
//! | 3 | 2^p powers of G2 |
//! | 4, 5 | 2^p powers of G1, times α and β |
//! | 6 | β in G2 |
//! | 7 | the contributions |
//! | 12 | once prepared for phase 2: Lagrange bases of 2, for 1, 2, 4, … up to 2^(p+1) |
//! | 13 to 15 | the same of 3 to 5 |
//!
//! Points have both coordinates in Montgomery form, little-endian: halo2's `RawBytes`. Lagrange bases are ordered by
//! the powers of another root of unity than halo2's: 5^t, and here 7^t, t the odd part of the field's order less one.

use super::{read_at, root_of, Encoding, Form, LagrangeBases, SetupFileError, MAX_K};
use halo2curves::{
	bn256::{Fq, Fr},
	ff::{Field, PrimeField},
};
use std::fs::File;

pub(super) const MAGIC: [u8; 4] = *b"ptau";
/// Bytes before the first section.
const HEADER: u64 = 12;
/// Most sections that a file may have. snarkjs writes 7 or 11.
const MAX_SECTIONS: u32 = 64;
/// 5^t in decimal digits, of order 2^28.
const ROOT_OF_UNITY: &str =
	"19103219067921713944291392827692070036145651957329286315305642004821462161904";
/// Bytes of a coordinate.
const COORDINATE: usize = 32;
/// Bytes of a point of G1.
const G1: u64 = 64;
/// Bytes of a point of G2.
const G2: u64 = 128;

/// A section's content.
#[derive(Clone, Copy)]
struct Section {
	number: u32,
	at: u64,
	length: u64,
}

/// What the file of `length` bytes has.
pub(super) fn form(file: &mut File, length: u64) -> Result<Form, SetupFileError> {
	let too_short = SetupFileError::Length {
		expected: HEADER,
		got: length,
	};
	if length < HEADER {
		return Err(too_short);
	}
	let header = read_at(file, 4, 8)?;
	let (version, sections) = (u32_at(&header, 0), u32_at(&header, 4));
	if version != 1 {
		return Err(SetupFileError::Version { got: version });
	}
	let sections = list(file, sections, length)?;
	let header = find(&sections, 1)?;
	let expected = 4 + COORDINATE as u64 + 8;
	if header.length != expected {
		// Coordinates of another length are another curve's.
		return Err(SetupFileError::OtherCurve);
	}
	let bytes = read_at(file, header.at, expected as usize)?;
	let modulus = bytes.get(4..4 + COORDINATE).unwrap_or_default();
	if u32_at(&bytes, 0) as usize != COORDINATE || modulus != base_modulus() {
		return Err(SetupFileError::OtherCurve);
	}
	let got = u32_at(&bytes, 4 + COORDINATE);
	let k = match u8::try_from(got) {
		Ok(k) if (1..=MAX_K).contains(&k) => k,
		_ => return Err(SetupFileError::Rows { got }),
	};
	let count = (2u64 << k) - 1;
	let lengths = [
		(2, count * G1),
		(3, G2 << k),
		(4, G1 << k),
		(5, G1 << k),
		(6, G2),
	];
	for (number, expected) in lengths {
		if find(&sections, number)?.length != expected {
			return Err(SetupFileError::Section {
				section: number,
				what: "is not as long as the header says",
			});
		}
	}
	let bases = match find(&sections, 12) {
		Ok(section) if section.length == ((4 << k) - 1) * G1 => LagrangeBases::Each(section.at),
		Ok(_) => {
			return Err(SetupFileError::Section {
				section: 12,
				what: "is not as long as the header says",
			})
		},
		Err(_) => LagrangeBases::None,
	};
	Ok(Form {
		format: "snarkjs Powers of Tau",
		encoding: Encoding::Raw,
		k,
		at: find(&sections, 2)?.at,
		count,
		bases,
		g2: find(&sections, 3)?.at,
	})
}

/// All sections; they fill the file.
fn list(file: &mut File, count: u32, length: u64) -> Result<Vec<Section>, SetupFileError> {
	if count > MAX_SECTIONS {
		return Err(SetupFileError::Length {
			expected: u64::MAX,
			got: length,
		});
	}
	let (mut sections, mut at): (Vec<Section>, u64) = (Vec::new(), HEADER);
	for _ in 0..count {
		let content = at + 12;
		if content > length {
			return Err(SetupFileError::Length {
				expected: content,
				got: length,
			});
		}
		let head = read_at(file, at, 12)?;
		let number = u32_at(&head, 0);
		let size = u64::from(u32_at(&head, 4)) | u64::from(u32_at(&head, 8)) << 32;
		at = content.saturating_add(size);
		if at > length {
			return Err(SetupFileError::Length {
				expected: at,
				got: length,
			});
		}
		if sections.iter().any(|other| other.number == number) {
			return Err(SetupFileError::Section {
				section: number,
				what: "is there twice",
			});
		}
		sections.push(Section {
			number,
			at: content,
			length: size,
		});
	}
	if at != length {
		return Err(SetupFileError::Length {
			expected: at,
			got: length,
		});
	}
	Ok(sections)
}

fn find(sections: &[Section], number: u32) -> Result<Section, SetupFileError> {
	let found = sections.iter().find(|section| section.number == number);
	found.copied().ok_or(SetupFileError::Section {
		section: number,
		what: "is missing",
	})
}

/// The root of unity of order 2^`k` by whose powers snarkjs orders Lagrange bases.
pub(super) fn root(k: u8) -> Option<Fr> {
	Some(root_of(k, Fr::from_str_vartime(ROOT_OF_UNITY)?))
}

/// The modulus of the coordinates, little-endian: the greatest element, which is even, and one.
fn base_modulus() -> [u8; COORDINATE] {
	let mut bytes = (-Fq::ONE).to_repr();
	if let Some(low) = bytes.as_mut().first_mut() {
		*low |= 1;
	}
	bytes
}

/// Four bytes from `at`, which the caller knows to be there.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
	let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk());
	bytes.copied().map_or(0, u32::from_le_bytes)
}
