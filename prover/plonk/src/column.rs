//! Columns of a circuit: integers where they are small, field elements where they are not.

use crate::commitment_key::Values;
use halo2curves::{bn256::Fr, ff::Field};

/// The first rows of a column; the rows after them are zero.
#[derive(Clone, PartialEq, Debug)]
pub enum Column {
	/// Integers. They are committed to several times faster than field elements.
	Integers(Vec<i64>),
	/// Field elements.
	Scalars(Vec<Fr>),
}

impl Column {
	/// A column of integers: as [`Column::Integers`] if each fits 64 bits.
	pub fn from_integers(values: &[i128]) -> Self {
		let small: Option<Vec<i64>> = values.iter().map(|v| i64::try_from(*v).ok()).collect();
		small.map_or_else(
			|| Self::Scalars(values.iter().map(|v| wide_integer(*v)).collect()),
			Self::Integers,
		)
	}

	/// Number of rows that are given.
	pub fn len(&self) -> usize {
		match self {
			Self::Integers(values) => values.len(),
			Self::Scalars(values) => values.len(),
		}
	}

	/// Whether no row is given.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	pub(crate) fn values(&self) -> Values<'_> {
		match self {
			Self::Integers(values) => Values::Integers(values),
			Self::Scalars(values) => Values::Scalars(values),
		}
	}

	/// All `rows` rows as field elements.
	pub(crate) fn to_scalars(&self, rows: usize) -> Vec<Fr> {
		let mut scalars: Vec<Fr> = match self {
			Self::Integers(values) => values.iter().map(|v| integer(*v)).collect(),
			Self::Scalars(values) => values.clone(),
		};
		scalars.resize(rows, Fr::ZERO);
		scalars
	}

	/// Sets a row after those that are given.
	pub(crate) fn set(&mut self, row: usize, value: Fr) {
		if let Self::Integers(values) = self {
			*self = Self::Scalars(values.iter().map(|v| integer(*v)).collect());
		}
		if let Self::Scalars(values) = self {
			if values.len() <= row {
				values.resize(row + 1, Fr::ZERO);
			}
			if let Some(to) = values.get_mut(row) {
				*to = value;
			}
		}
	}
}

fn integer(value: i64) -> Fr {
	match value {
		0 => Fr::ZERO,
		1 => Fr::ONE,
		_ => {
			let magnitude = Fr::from(value.unsigned_abs());
			if value < 0 {
				-magnitude
			} else {
				magnitude
			}
		},
	}
}

fn wide_integer(value: i128) -> Fr {
	let magnitude = value.unsigned_abs();
	let limbs = [magnitude as u64, (magnitude >> 64) as u64, 0, 0];
	let magnitude = Fr::from_raw(limbs);
	if value < 0 {
		-magnitude
	} else {
		magnitude
	}
}
