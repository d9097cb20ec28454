//! The permutation argument: that copied cells are equal.

use crate::{error::ProveError, fft::invert_all};
use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};
use rayon::prelude::*;
use std::borrow::Cow;

/// A cell of a column of the permutation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
	/// Index of the column among the permutation's.
	pub column: usize,
	/// The row.
	pub row: usize,
}

/// The permutation of all cells whose cycles are the sets of equal cells. A cell is
/// `column · rows + row`.
#[derive(Clone, Debug)]
pub(crate) struct Assembly {
	rows: usize,
	/// The cell after each cell in its cycle.
	next: Vec<u32>,
	/// A representative of each cell's cycle, and the cycle's length there; only while building.
	cycle: Vec<u32>,
	len: Vec<u32>,
}

impl Assembly {
	/// The identity on `columns` columns. Their cells are at most 2^32: the verifier's limits say so.
	pub(crate) fn new(columns: usize, rows: usize) -> Self {
		let cells = u32::try_from(columns * rows).unwrap_or(u32::MAX);
		Self {
			rows,
			next: (0..cells).collect(),
			cycle: (0..cells).collect(),
			len: vec![1; cells as usize],
		}
	}

	/// The permutation of columns of `rows` cells by the cell after each. If it is none, no proof
	/// verifies.
	pub(crate) fn from_next(rows: usize, next: Vec<u32>) -> Self {
		Self {
			rows,
			next,
			cycle: Vec::new(),
			len: Vec::new(),
		}
	}

	/// The cell after each cell in its cycle.
	pub(crate) fn next(&self) -> &[u32] {
		&self.next
	}

	/// Joins the cycles of two cells.
	pub(crate) fn copy(&mut self, a: Cell, b: Cell) {
		let index = |cell: Cell| cell.column * self.rows + cell.row;
		let (a, b) = (index(a), index(b));
		let at = |list: &[u32], i: usize| list.get(i).copied().unwrap_or_default();
		let (mut kept, mut joined) = (at(&self.cycle, a), at(&self.cycle, b));
		if kept == joined {
			return;
		}
		if at(&self.len, kept as usize) < at(&self.len, joined as usize) {
			(kept, joined) = (joined, kept);
		}
		let added = at(&self.len, joined as usize);
		if let Some(len) = self.len.get_mut(kept as usize) {
			*len += added;
		}
		// Each cell is renamed at most log₂ times: the smaller cycle joins the greater.
		let mut cell = joined;
		for _ in 0..added {
			if let Some(cycle) = self.cycle.get_mut(cell as usize) {
				*cycle = kept;
			}
			cell = at(&self.next, cell as usize);
		}
		self.next.swap(a, b);
	}

	/// Forgets what only building needs.
	pub(crate) fn finish(&mut self) {
		self.cycle = Vec::new();
		self.len = Vec::new();
	}

	/// Values of a column's permutation polynomial: δ^column · ω^row of the cell that follows each
	/// cell. `elements` are the powers of ω.
	pub(crate) fn values(&self, column: usize, elements: &[Fr]) -> Vec<Fr> {
		let cells = self.next.get(column * self.rows..(column + 1) * self.rows);
		let mut factors: Vec<Option<Fr>> = Vec::new();
		let mut values = Vec::with_capacity(self.rows);
		for cell in cells.unwrap_or_default() {
			let (column, row) = (*cell as usize / self.rows, *cell as usize % self.rows);
			if factors.len() <= column {
				factors.resize(column + 1, None);
			}
			let factor = match factors.get_mut(column) {
				Some(slot) => *slot.get_or_insert_with(|| delta_power(column)),
				None => Fr::ONE,
			};
			values.push(factor * elements.get(row).unwrap_or(&Fr::ONE));
		}
		values
	}
}

/// δ^`column`: cosets of the domain that do not meet.
pub(crate) fn delta_power(column: usize) -> Fr {
	Fr::DELTA.pow_vartime([column as u64])
}

/// The products z of each chunk of columns: z₀\[0\] = 1,
/// z\[i+1\] = z\[i\] · Π (p\[i\] + β·δ^j·ω^i + γ) / (p\[i\] + β·s\[i\] + γ) for the usable rows, and each
/// chunk starts where the last one ends. `columns` and their permutation's values are in its order.
pub(crate) fn products(
	columns: &[Cow<'_, [Fr]>],
	assembly: &Assembly,
	elements: &[Fr],
	chunk_len: usize,
	usable: usize,
	(beta, gamma): (Fr, Fr),
) -> Result<Vec<Vec<Fr>>, ProveError> {
	let ratios: Vec<Vec<Fr>> = columns
		.par_chunks(chunk_len)
		.enumerate()
		.map(|(chunk, columns)| {
			let mut denominators = vec![Fr::ONE; usable];
			for (index, column) in columns.iter().enumerate() {
				let sigma = assembly.values(chunk * chunk_len + index, elements);
				for ((to, p), s) in denominators.iter_mut().zip(column.iter()).zip(&sigma) {
					*to *= *p + beta * s + gamma;
				}
			}
			invert_all(&mut denominators);
			for (index, column) in columns.iter().enumerate() {
				let factor = beta * delta_power(chunk * chunk_len + index);
				for ((to, p), element) in denominators.iter_mut().zip(column.iter()).zip(elements) {
					*to *= *p + factor * element + gamma;
				}
			}
			denominators
		})
		.collect();
	let mut product = Fr::ONE;
	let products = ratios
		.into_iter()
		.map(|ratios| {
			let mut values = Vec::with_capacity(elements.len());
			values.push(product);
			for ratio in ratios {
				product *= ratio;
				values.push(product);
			}
			values
		})
		.collect();
	if product == Fr::ONE {
		Ok(products)
	} else {
		Err(ProveError::CopiesDiffer)
	}
}
