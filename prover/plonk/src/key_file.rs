//! Proving keys as bytes.
//!
//! | bytes | content |
//! | --- | --- |
//! | 8 | `inferkey` |
//! | 4 | [`VERSION`] |
//! | 32 | what the caller knows the verifying key by |
//! | per fixed column | kind and width (1 byte), rows (4 bytes), the rows |
//! | per cell of the permutation | the cell after it in its cycle |
//!
//! Numbers are little-endian. A column's kind is the number of bytes, 0 to 8, of its integers in
//! two's complement; with 16 added, a list follows them: its length (4 bytes), then rows (4 bytes)
//! and field elements (32 bytes); 32 is a column of field elements. Cells are `column · 2^k + row`, in as many bytes
//! as the greatest needs. Sizes are otherwise those of the plan, so a file cannot make its reader
//! allocate more than the plan's circuit takes, nor more than a little above its own length.
//!
//! Polynomials and permutation values are not stored: they have 32 bytes an element where these
//! have one to three, and follow by one Fourier transform a column.

use crate::{
	column::Column,
	key::{usable_rows, CompactKey},
	permutation::Assembly,
	progress::{Progress, Stage},
};
use halo2curves::{bn256::Fr, ff::PrimeField};
use inference_verifier::Plan;
use std::io::{self, Read, Write};

const MAGIC: [u8; 8] = *b"inferkey";
/// Version of the format.
pub(crate) const VERSION: u32 = 1;
/// Added to the width of integers: field elements follow.
const MIXED: u8 = 16;
/// The kind of a column of field elements.
const SCALARS: u8 = 32;
/// Elements that are read at a time.
const PORTION: usize = 4096;

/// Bytes that are no proving key of the plan.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
	/// They cannot be read, or end early.
	#[error(transparent)]
	Io(#[from] io::Error),
	/// They begin with something else.
	#[error("this is no proving key")]
	Magic,
	/// They have another version's format.
	#[error("the proving key has format {got}, this program reads {VERSION}")]
	Version {
		/// Its format.
		got: u32,
	},
	/// They are the proving key of another verifying key.
	#[error("the proving key belongs to another verifying key")]
	OtherKey,
	/// They say something that no proving key of the plan does.
	#[error("the proving key is damaged: {what}")]
	Damaged {
		/// What is wrong.
		what: &'static str,
	},
}

impl CompactKey {
	/// Writes the key to `out`, many small writes: buffer them. `id` is what the verifying key is
	/// known by, such as its hash.
	pub fn write(&self, id: &[u8; 32], out: &mut impl Write) -> io::Result<()> {
		out.write_all(&MAGIC)?;
		out.write_all(&VERSION.to_le_bytes())?;
		out.write_all(id)?;
		for column in &self.fixed {
			write_column(column, out)?;
		}
		let next = self.permutation.next();
		let width = cell_width(next.len());
		for cell in next {
			out.write_all(cell.to_le_bytes().get(..width).unwrap_or_default())?;
		}
		Ok(())
	}

	/// Reads the key of `plan` that [`Self::write`] wrote with the same `id`, all of `input`.
	/// Whether its columns are those that the plan commits to is not checked: [`Self::checked`] makes them
	/// anew and compares. With others, some proofs, or all, do not verify.
	pub fn read(
		plan: Plan,
		id: &[u8; 32],
		input: &mut impl Read,
		progress: Progress<'_>,
	) -> Result<Self, KeyFileError> {
		if array(input)? != MAGIC {
			return Err(KeyFileError::Magic);
		}
		let got = u32::from_le_bytes(array(input)?);
		if got != VERSION {
			return Err(KeyFileError::Version { got });
		}
		if array(input)? != *id {
			return Err(KeyFileError::OtherKey);
		}
		let parts = plan.parts();
		let (columns, rows) = (parts.permutation.len(), 1usize << parts.k.min(63));
		let cells = columns
			.checked_mul(rows)
			.filter(|cells| u32::try_from(*cells).is_ok())
			.ok_or(KeyFileError::Damaged {
				what: "too many cells",
			})?;
		let counter = progress.stage(
			Stage::ReadKey,
			parts.fixed_commitments.len() + parts.permutation.len(),
		);
		let usable = usable_rows(parts);
		let mut fixed = Vec::new();
		for _ in &parts.fixed_commitments {
			fixed.push(read_column(usable, input)?);
			counter.advance();
		}
		let width = cell_width(cells);
		let mut next: Vec<u32> = Vec::new();
		for _ in 0..columns {
			portions(input, rows, width, |bytes| {
				let mut word = [0; 4];
				copy(bytes, &mut word);
				let cell = u32::from_le_bytes(word);
				if cell as usize >= cells {
					return Err(KeyFileError::Damaged {
						what: "the permutation has a cell outside the circuit",
					});
				}
				next.push(cell);
				Ok(())
			})?;
			counter.advance();
		}
		if input.read(&mut [0])? != 0 {
			return Err(KeyFileError::Damaged {
				what: "bytes follow its end",
			});
		}
		Ok(Self {
			permutation: Assembly::from_next(rows, next),
			plan,
			fixed,
		})
	}
}

fn write_column(column: &Column, out: &mut impl Write) -> io::Result<()> {
	let rows = length(column.len())?;
	let none: &[(usize, Fr)] = &[];
	let (integers, others) = match column {
		Column::Integers(integers) => (integers, none),
		Column::Mixed { integers, others } => (integers, others.as_slice()),
		Column::Scalars(values) => {
			out.write_all(&[SCALARS])?;
			out.write_all(&rows)?;
			for value in values {
				out.write_all(value.to_repr().as_ref())?;
			}
			return Ok(());
		},
	};
	let width = integers.iter().map(|v| integer_width(*v)).max();
	let width = width.unwrap_or(0);
	let mixed = if others.is_empty() { 0 } else { MIXED };
	// At most 8.
	out.write_all(&[width as u8 + mixed])?;
	out.write_all(&rows)?;
	for integer in integers {
		out.write_all(integer.to_le_bytes().get(..width).unwrap_or_default())?;
	}
	if !others.is_empty() {
		out.write_all(&length(others.len())?)?;
		for (row, value) in others {
			out.write_all(&length(*row)?)?;
			out.write_all(value.to_repr().as_ref())?;
		}
	}
	Ok(())
}

fn read_column(usable: usize, input: &mut impl Read) -> Result<Column, KeyFileError> {
	let damaged = |what| KeyFileError::Damaged { what };
	let [kind] = array(input)?;
	let rows = u32::from_le_bytes(array(input)?) as usize;
	if rows > usable {
		return Err(damaged("a column is too long"));
	}
	if kind == SCALARS {
		let mut values = Vec::new();
		portions(input, rows, 32, |bytes| {
			values.push(scalar(bytes)?);
			Ok(())
		})?;
		return Ok(Column::Scalars(values));
	}
	let (mixed, width) = (kind & MIXED != 0, usize::from(kind & !MIXED));
	if width > 8 {
		return Err(damaged("a column is of no known kind"));
	}
	let mut integers = Vec::new();
	if width == 0 {
		integers.resize(rows, 0);
	} else {
		let unused = 64 - 8 * width;
		portions(input, rows, width, |bytes| {
			let mut word = [0; 8];
			copy(bytes, &mut word);
			// Copies the sign into the bytes that are not stored.
			integers.push(i64::from_le_bytes(word) << unused >> unused);
			Ok(())
		})?;
	}
	if !mixed {
		return Ok(Column::Integers(integers));
	}
	let count = u32::from_le_bytes(array(input)?) as usize;
	if count > rows {
		return Err(damaged("a column has more field elements than rows"));
	}
	let mut others = Vec::new();
	portions(input, count, 4 + 32, |bytes| {
		let (row, value) = bytes.split_at_checked(4).unwrap_or_default();
		let mut word = [0; 4];
		copy(row, &mut word);
		others.push((u32::from_le_bytes(word) as usize, scalar(value)?));
		Ok(())
	})?;
	let column = Column::Mixed { integers, others };
	if column.is_consistent() {
		Ok(column)
	} else {
		Err(damaged("a column names a row twice"))
	}
}

/// Reads `count` items of `width` bytes, at least 1; memory grows with what is there.
fn portions(
	input: &mut impl Read,
	count: usize,
	width: usize,
	mut item: impl FnMut(&[u8]) -> Result<(), KeyFileError>,
) -> Result<(), KeyFileError> {
	let mut buffer = vec![0; count.min(PORTION) * width];
	let mut left = count;
	while left > 0 {
		let now = left.min(PORTION);
		let bytes = buffer.get_mut(..now * width).unwrap_or_default();
		input.read_exact(bytes)?;
		bytes.chunks_exact(width).try_for_each(&mut item)?;
		left -= now;
	}
	Ok(())
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
	let mut bytes = [0; N];
	input.read_exact(&mut bytes)?;
	Ok(bytes)
}

fn copy(from: &[u8], to: &mut [u8]) {
	to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

fn scalar(bytes: &[u8]) -> Result<Fr, KeyFileError> {
	let mut repr = <Fr as PrimeField>::Repr::default();
	copy(bytes, repr.as_mut());
	Option::from(Fr::from_repr(repr)).ok_or(KeyFileError::Damaged {
		what: "a field element is not below the field's order",
	})
}

fn length(value: usize) -> io::Result<[u8; 4]> {
	let value = u32::try_from(value).map_err(io::Error::other)?;
	Ok(value.to_le_bytes())
}

/// Bytes of a two's complement that has the value; 0 for zero.
fn integer_width(value: i64) -> usize {
	let magnitude = if value < 0 { !value } else { value };
	match value {
		0 => 0,
		_ => (64 - magnitude.leading_zeros() as usize) / 8 + 1,
	}
}

/// Bytes of each of `cells` cells.
fn cell_width(cells: usize) -> usize {
	let greatest = cells.saturating_sub(1);
	((usize::BITS - greatest.leading_zeros()) as usize)
		.div_ceil(8)
		.clamp(1, 4)
}

#[cfg(test)]
mod tests {
	use super::*;
	use halo2curves::ff::Field;
	use proptest::prelude::*;

	fn round_trip(column: &Column) -> (usize, Column) {
		let mut bytes = Vec::new();
		write_column(column, &mut bytes).unwrap();
		let mut rest = bytes.as_slice();
		let read = read_column(column.len(), &mut rest).unwrap();
		assert!(rest.is_empty());
		for end in 0..bytes.len() {
			assert!(read_column(column.len(), &mut &bytes[..end]).is_err());
		}
		(bytes.len(), read)
	}

	#[test]
	fn integers_take_the_bytes_that_the_widest_needs() {
		for (greatest, width) in [
			(0, 0),
			(127, 1),
			(-128, 1),
			(128, 2),
			(-129, 2),
			(1 << 22, 3),
			(1 << 23, 4),
			(i64::MAX, 8),
			(i64::MIN, 8),
		] {
			let column = Column::Integers(vec![0, greatest, 0]);
			assert_eq!(round_trip(&column), (1 + 4 + 3 * width, column));
		}
		assert_eq!(
			[1, 256, 257, 1 << 16, (1 << 16) + 1].map(cell_width),
			[1, 1, 2, 2, 3]
		);
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(32))]
		#[test]
		fn columns_are_read_as_they_were_written(
			integers in proptest::collection::vec(any::<i64>(), 0..9),
			shift in 0u32..64,
			element in any::<u64>(),
		) {
			let integers: Vec<i64> = integers.into_iter().map(|v| v >> shift).collect();
			let element = -Fr::from(element) * Fr::from(element);
			let mut mixed = Column::Integers(integers.clone());
			mixed.set(integers.len(), element);
			let scalars = Column::Scalars(vec![element, Fr::ONE]);
			for column in [Column::Integers(integers), mixed, scalars] {
				let (_, read) = round_trip(&column);
				prop_assert_eq!(read, column);
			}
		}
	}

	#[test]
	fn columns_that_no_key_has_are_refused() {
		let refused = |bytes: &[u8], expected: &str| {
			let error = read_column(2, &mut &bytes[..]).unwrap_err().to_string();
			assert!(error.contains(expected), "{error}");
		};
		refused(&[1, 3, 0, 0, 0, 1, 2, 3], "too long");
		refused(&[1, 255, 255, 255, 255], "too long");
		refused(&[9, 1, 0, 0, 0], "no known kind");
		refused(&[64, 1, 0, 0, 0], "no known kind");
		refused(
			&[16, 2, 0, 0, 0, 3, 0, 0, 0],
			"more field elements than rows",
		);
		let modulus = [&[32, 1, 0, 0, 0][..], &[255; 32]].concat();
		refused(&modulus, "order");
		let element = [&[0, 0, 0, 0][..], &[0; 32]].concat();
		let twice = [&[16, 2, 0, 0, 0, 2, 0, 0, 0][..], &element, &element].concat();
		refused(&twice, "twice");
	}
}
