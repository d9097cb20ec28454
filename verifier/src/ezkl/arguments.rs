//! The artifact's permutation and lookup sections.

use super::{
	expressions::{Compiler, Operand, Space},
	header::Header,
	openings::Queries,
	words::{word_at, Packed, Words, WORD_BYTES},
	VkaError,
};
use crate::{
	limits,
	plan::{layout::chunk_len, limit_usize, ColumnKind, Lookup, PermutationColumn},
};
use alloc::vec::Vec;

const PERMUTATION: &str = "permutation";
const LOOKUPS: &str = "lookups";

/// A column of the permutation as the artifact has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DeclaredColumn {
	/// Address of its evaluation.
	Evaluated(u16),
	/// The instance column.
	Instance,
}

/// A chunk of the permutation.
struct Chunk {
	/// Addresses of the product's evaluations here, at the next row, at the last; the last chunk
	/// has no last one.
	product: [u16; 3],
	/// Columns, each with the address of its permutation polynomial's evaluation.
	columns: Vec<(DeclaredColumn, u16)>,
	/// Word that it starts in.
	word: usize,
}

/// Bits before a chunk's columns in its first word, and of each column.
const CHUNK_HEAD_BITS: usize = 48;
const COLUMN_BITS: usize = 40;
const WORD_BITS: usize = 256;

/// Words that a chunk of so many columns fills: five columns fit the first one, six each other.
fn words_of_chunk(columns: usize) -> usize {
	columns.saturating_sub(5).div_ceil(6).saturating_add(1)
}

/// Words that EZKL's encoder says such a chunk fills: it counts bits as if a column could straddle
/// words. From 24 columns on it may say one too few.
fn stated_words_of_chunk(columns: usize) -> usize {
	let bits = COLUMN_BITS
		.saturating_mul(columns)
		.saturating_add(CHUNK_HEAD_BITS);
	// The divisor is not zero.
	bits.checked_div(WORD_BITS)
		.unwrap_or_default()
		.saturating_add(1)
}

/// Reads the section, which ends where the lookups start; all chunks but the last have `per_chunk`
/// columns.
fn chunks(
	words: &Words<'_>,
	start: usize,
	end: usize,
	per_chunk: usize,
) -> Result<Vec<Chunk>, VkaError> {
	let mut packed = words.packed(start);
	let chunks = usize::from(packed.byte(PERMUTATION)?).saturating_add(1);
	let each = packed.short(PERMUTATION)?;
	let last = packed.short(PERMUTATION)?;
	packed.expect_done(PERMUTATION)?;
	packed.next_word();
	let mut all = Vec::with_capacity(chunks);
	for chunk in 1..=chunks {
		let bytes = usize::from(if chunk == chunks { last } else { each });
		let bad = VkaError::OutOfRange {
			what: "words of a chunk",
			word: start,
		};
		if bytes == 0 || !bytes.is_multiple_of(WORD_BYTES) {
			return Err(bad);
		}
		let stated = bytes / WORD_BYTES;
		let word = packed.word();
		// Where the encoder says too few, the chunk is there in full none the less.
		let filled = if chunk < chunks {
			if stated == stated_words_of_chunk(per_chunk) {
				words_of_chunk(per_chunk)
			} else {
				stated
			}
		} else {
			let one_more = stated.saturating_add(1);
			let rest = end.saturating_sub(word);
			if rest == one_more && one_more <= words_of_chunk(per_chunk) {
				one_more
			} else {
				stated
			}
		};
		let product = [
			packed.short(PERMUTATION)?,
			packed.short(PERMUTATION)?,
			packed.short(PERMUTATION)?,
		];
		let mut columns = Vec::new();
		for index in 0..filled {
			if index > 0 {
				packed.next_word();
			}
			while !packed.is_done()? {
				let flag = packed.byte(PERMUTATION)?;
				let address = packed.short(PERMUTATION)?;
				let column = match (flag, address) {
					(0, _) => DeclaredColumn::Evaluated(address),
					(1, 0) => DeclaredColumn::Instance,
					_ => {
						return Err(VkaError::OutOfRange {
							what: "a column of the permutation",
							word: packed.word(),
						})
					},
				};
				columns.push((column, packed.short(PERMUTATION)?));
			}
		}
		packed.next_word();
		if filled != words_of_chunk(columns.len()) || stated != stated_words_of_chunk(columns.len())
		{
			return Err(bad);
		}
		all.push(Chunk {
			product,
			columns,
			word,
		});
	}
	Ok(all)
}

/// Number of columns in the permutation of a circuit of this degree, whose section ends at `end`.
pub(crate) fn permutation_columns(
	words: &Words<'_>,
	start: usize,
	end: usize,
	degree: u8,
) -> Result<usize, VkaError> {
	let chunks = chunks(words, start, end, chunk_len(degree))?;
	let columns = chunks.iter().map(|chunk| chunk.columns.len()).sum();
	if columns > limit_usize(limits::MAX_COLUMNS) {
		return Err(VkaError::OutOfRange {
			what: "permutation columns",
			word: start,
		});
	}
	Ok(columns)
}

/// The columns of the permutation, with their commitments.
pub(crate) fn permutation(
	words: &Words<'_>,
	header: &Header,
	queries: &Queries,
) -> Result<Vec<PermutationColumn>, VkaError> {
	let per_chunk = chunk_len(header.degree);
	let chunks = chunks(words, header.permutation, header.lookups, per_chunk)?;
	// Evaluations of permutation polynomials follow the random polynomial's; then products'.
	let first = queries
		.advice
		.len()
		.saturating_add(queries.fixed.len())
		.saturating_add(1);
	let mut next_product = first.saturating_add(header.permutation_columns);
	let mut all = Vec::with_capacity(header.permutation_columns);
	let count = chunks.len();
	for (index, chunk) in chunks.into_iter().enumerate() {
		let is_last = index.saturating_add(1) == count;
		if chunk.columns.len() > per_chunk || (!is_last && chunk.columns.len() != per_chunk) {
			return Err(VkaError::Layout {
				what: "chunks of the permutation do not have as many columns as the degree allows",
			});
		}
		let expected = if is_last { 2 } else { 3 };
		for address in chunk.product.iter().take(expected) {
			expect_evaluation(header, chunk.word, *address, next_product)?;
			next_product = next_product.saturating_add(1);
		}
		for (column, address) in chunk.columns {
			let position = all.len();
			expect_evaluation(header, chunk.word, address, first.saturating_add(position))?;
			let (kind, index) = match column {
				DeclaredColumn::Instance => (ColumnKind::Instance, 0),
				DeclaredColumn::Evaluated(address) => header
					.evaluation(u32::from(address))
					.and_then(|index| queries.column(index))
					.ok_or(VkaError::BadAddress {
						what: "evaluation of a column at the current row",
						word: chunk.word,
						got: u32::from(address),
					})?,
			};
			let word = header
				.permutation_word
				.saturating_add(position.saturating_mul(2));
			all.push(PermutationColumn {
				kind,
				index,
				commitment: words.point(word)?,
			});
		}
	}
	Ok(all)
}

/// Refuses an address other than that of an evaluation.
fn expect_evaluation(
	header: &Header,
	word: usize,
	address: u16,
	expected: usize,
) -> Result<(), VkaError> {
	if header.evaluation(u32::from(address)) == Some(expected) {
		Ok(())
	} else {
		Err(VkaError::BadAddress {
			what: "evaluation in halo2's order",
			word,
			got: u32::from(address),
		})
	}
}

/// Reads the lookups, and compiles their inputs and tables.
pub(crate) fn lookups(
	words: &Words<'_>,
	space: &Space<'_>,
	compiler: &mut Compiler,
) -> Result<Vec<Lookup>, VkaError> {
	let header = space.header;
	let start = header.lookups;
	let mut packed = words.packed(start);
	if packed.is_done()? {
		return Ok(Vec::new());
	}
	let end_address = packed.short(LOOKUPS)?;
	if packed.byte(LOOKUPS)? != 0 {
		return Err(VkaError::Unsupported {
			what: "permuted lookups",
		});
	}
	packed.expect_done(LOOKUPS)?;
	packed.next_word();
	let bad_end = VkaError::BadAddress {
		what: "end of the lookups",
		word: start,
		got: u32::from(end_address),
	};
	let end = word_at(u32::from(end_address)).ok_or(bad_end)?;
	// The opening follows.
	if end != header.opening {
		return Err(bad_end);
	}
	// Multiplicities and sums follow the permutation's products.
	let chunks = header
		.permutation_columns
		.div_ceil(chunk_len(header.degree));
	let products = chunks.saturating_mul(3).saturating_sub(1);
	let mut next = space
		.queries
		.advice
		.len()
		.saturating_add(space.queries.fixed.len())
		.saturating_add(1)
		.saturating_add(header.permutation_columns)
		.saturating_add(products);
	let mut all = Vec::new();
	let mut table: Option<Tuple> = None;
	while packed.word() < end {
		if all.len() >= limit_usize(limits::MAX_LOOKUPS) {
			return Err(VkaError::Unsupported {
				what: "more lookups than a plan may have",
			});
		}
		let word = packed.word();
		let new_table = packed.byte(LOOKUPS)?;
		for _ in 0..3 {
			let address = packed.short(LOOKUPS)?;
			expect_evaluation(header, word, address, next)?;
			next = next.saturating_add(1);
		}
		packed.expect_done(LOOKUPS)?;
		packed.next_word();
		match new_table {
			0 => {},
			1 => table = Some(Tuple::read(&mut packed, space, 0)?),
			_ => {
				return Err(VkaError::OutOfRange {
					what: "whether a lookup has a table of its own",
					word,
				})
			},
		}
		let table = table.as_ref().ok_or(VkaError::Layout {
			what: "the first lookup has no table",
		})?;
		let inputs = inputs(&mut packed, space, table.values.len())?;
		let too_many = |what| VkaError::OutOfRange { what, word };
		all.push(Lookup {
			inputs: u8::try_from(inputs.len()).map_err(|_| too_many("inputs of a lookup"))?,
			width: u8::try_from(table.values.len()).map_err(|_| too_many("columns of a table"))?,
		});
		for tuple in inputs.iter().chain(core::iter::once(table)) {
			compiler.outputs(&tuple.operations, &tuple.values)?;
		}
	}
	if packed.word() == end {
		Ok(all)
	} else {
		Err(VkaError::Layout {
			what: "the lookups do not end where they should",
		})
	}
}

/// Reads the inputs of a lookup, each as wide as its table.
fn inputs(
	packed: &mut Packed<'_>,
	space: &Space<'_>,
	width: usize,
) -> Result<Vec<Tuple>, VkaError> {
	let word = packed.word();
	let bytes = usize::from(packed.short(LOOKUPS)?);
	let bad = VkaError::OutOfRange {
		what: "inputs of a lookup",
		word,
	};
	let count = bytes.checked_div(WORD_BYTES).unwrap_or_default();
	if count == 0
		|| !bytes.is_multiple_of(WORD_BYTES)
		|| count > limit_usize(limits::MAX_LOOKUP_INPUTS)
	{
		return Err(bad);
	}
	let mut all = Vec::with_capacity(count);
	for index in 0..count {
		let tuple = Tuple::read(packed, space, index)?;
		if tuple.values.len() != width {
			return Err(VkaError::Layout {
				what: "an input is not as wide as its table",
			});
		}
		all.push(tuple);
	}
	Ok(all)
}

/// Expressions that are compressed by powers of θ.
struct Tuple {
	operations: Vec<super::expressions::Operation>,
	values: Vec<Operand>,
}

impl Tuple {
	/// Bytes of scratch memory before a lookup's intermediate values.
	const SCRATCH: u32 = 0xa0;

	/// Reads a tuple; results of input `index` start that many words later.
	fn read(packed: &mut Packed<'_>, space: &Space<'_>, index: usize) -> Result<Self, VkaError> {
		let offset = u32::try_from(index.saturating_mul(WORD_BYTES)).unwrap_or(u32::MAX);
		let base = space
			.header
			.end_address
			.saturating_add(Self::SCRATCH)
			.saturating_add(offset);
		let (operations, values) = space.block(packed, base)?;
		if values.is_empty() {
			return Err(VkaError::Layout {
				what: "a lookup has no expressions",
			});
		}
		Ok(Self { operations, values })
	}
}
