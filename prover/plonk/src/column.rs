//! Columns of a circuit: integers where they are small, field elements where they are not.

use crate::commitment_key::Values;
use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};

/// Field elements among integers, one in this many rows, up to which integers are still cheaper.
const MIXED_SHARE: usize = 32;

/// The first rows of a column; the rows after them are zero.
#[derive(Clone, PartialEq, Debug)]
pub enum Column {
	/// Integers. They are committed to several times faster than field elements.
	Integers(Vec<i64>),
	/// Integers, and a few rows that hold field elements instead.
	Mixed {
		/// All rows; zero in those of `others`.
		integers: Vec<i64>,
		/// Distinct rows and their field elements.
		others: Vec<(usize, Fr)>,
	},
	/// Field elements.
	Scalars(Vec<Fr>),
}

impl Column {
	/// A column of integers; those beyond 64 bits become field elements.
	pub fn from_integers(values: &[i128]) -> Self {
		let narrow = |value: &i128| i64::try_from(*value).ok();
		Self::from_parts(values, narrow, |value| wide_integer(*value))
	}

	/// A column of field elements: as integers where they or their negatives fit 63 bits, if most
	/// do.
	pub fn from_scalars(values: &[Fr]) -> Self {
		Self::from_parts(values, to_integer, |value| *value)
	}

	/// Integers where `narrow` gives them, if it does so for most rows.
	fn from_parts<T>(
		values: &[T],
		narrow: impl Fn(&T) -> Option<i64>,
		wide: impl Fn(&T) -> Fr,
	) -> Self {
		let mut integers = vec![0; values.len()];
		let mut others = Vec::new();
		for (row, (value, to)) in values.iter().zip(&mut integers).enumerate() {
			match narrow(value) {
				Some(integer) => *to = integer,
				None => others.push((row, wide(value))),
			}
			if others.len() > values.len().div_ceil(MIXED_SHARE) {
				return Self::Scalars(values.iter().map(&wide).collect());
			}
		}
		if others.is_empty() {
			Self::Integers(integers)
		} else {
			Self::Mixed { integers, others }
		}
	}

	/// Number of rows that are given.
	pub fn len(&self) -> usize {
		match self {
			Self::Integers(integers) | Self::Mixed { integers, .. } => integers.len(),
			Self::Scalars(values) => values.len(),
		}
	}

	/// Whether no row is given.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Whether the rows of field elements exist and are distinct.
	pub(crate) fn is_consistent(&self) -> bool {
		let Self::Mixed { integers, others } = self else {
			return true;
		};
		let mut rows: Vec<usize> = others.iter().map(|(row, _)| *row).collect();
		rows.sort_unstable();
		rows.windows(2).all(|pair| pair[0] != pair[1])
			&& rows.iter().all(|row| integers.get(*row) == Some(&0))
	}

	pub(crate) fn values(&self) -> Values<'_> {
		match self {
			Self::Integers(values) => Values::Integers(values, &[]),
			Self::Mixed { integers, others } => Values::Integers(integers, others),
			Self::Scalars(values) => Values::Scalars(values),
		}
	}

	/// All `rows` rows as field elements.
	pub(crate) fn to_scalars(&self, rows: usize) -> Vec<Fr> {
		let mut scalars: Vec<Fr> = match self {
			Self::Integers(integers) | Self::Mixed { integers, .. } => {
				integers.iter().map(|v| integer(*v)).collect()
			},
			Self::Scalars(values) => values.clone(),
		};
		if let Self::Mixed { others, .. } = self {
			for (row, value) in others {
				if let Some(to) = scalars.get_mut(*row) {
					*to = *value;
				}
			}
		}
		scalars.resize(rows, Fr::ZERO);
		scalars
	}

	/// Sets a row that was not set to a field element before; rows up to it that are not given
	/// become zero.
	pub fn set(&mut self, row: usize, value: Fr) {
		if let Self::Integers(integers) = self {
			*self = Self::Mixed {
				integers: std::mem::take(integers),
				others: Vec::new(),
			};
		}
		match self {
			Self::Integers(_) => {},
			Self::Mixed { integers, others } => {
				if integers.len() <= row {
					integers.resize(row + 1, 0);
				}
				if let Some(integer) = integers.get_mut(row) {
					*integer = 0;
				}
				others.push((row, value));
			},
			Self::Scalars(values) => {
				if values.len() <= row {
					values.resize(row + 1, Fr::ZERO);
				}
				if let Some(to) = values.get_mut(row) {
					*to = value;
				}
			},
		}
	}
}

/// The integer of 63 bits and a sign that `value` is.
fn to_integer(value: &Fr) -> Option<i64> {
	let magnitude = |value: &Fr| {
		let repr = value.to_repr();
		let (low, high) = repr.as_ref().split_first_chunk::<8>()?;
		let low = u64::from_le_bytes(*low);
		(high.iter().all(|byte| *byte == 0))
			.then(|| i64::try_from(low).ok())
			.flatten()
	};
	magnitude(value).or_else(|| magnitude(&-*value).map(|v| -v))
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
