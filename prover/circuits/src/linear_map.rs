//! A sparse linear map: the one form that every linear operator takes.

use codec::{Decode, DecodeWithMemTracking, Encode};

/// A matrix in compressed sparse rows. Row `i` says how output `i` follows from the inputs.
///
/// Entries of a row keep the order in which they were given; no entry is zero if the map was built
/// by [`LinearMap::from_rows`].
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct LinearMap<T> {
	inputs: u32,
	ends: Vec<u32>,
	columns: Vec<u32>,
	weights: Vec<T>,
}

/// A [`LinearMap`] whose parts do not fit together, or that is larger than `u32` can index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MapError {
	/// More rows or entries than a `u32` counts.
	#[error("the matrix has more than 2^32 rows or entries")]
	TooLarge,
	/// Row ends do not increase up to the number of entries.
	#[error("the matrix's row ends do not fit its entries")]
	BadRows,
	/// A column lies outside the inputs.
	#[error("the matrix refers to input {column} of {inputs}")]
	BadColumn {
		/// The column.
		column: u32,
		/// Number of inputs.
		inputs: u32,
	},
}

impl<T: Copy + PartialEq + Default> LinearMap<T> {
	/// Builds a map from its rows. Entries with weight zero are dropped.
	pub fn from_rows<R>(inputs: usize, rows: impl IntoIterator<Item = R>) -> Result<Self, MapError>
	where
		R: IntoIterator<Item = (usize, T)>,
	{
		let inputs = u32::try_from(inputs).map_err(|_| MapError::TooLarge)?;
		let mut map = Self {
			inputs,
			ends: Vec::new(),
			columns: Vec::new(),
			weights: Vec::new(),
		};
		for row in rows {
			for (column, weight) in row {
				if weight == T::default() {
					continue;
				}
				let column = u32::try_from(column).map_err(|_| MapError::TooLarge)?;
				if column >= inputs {
					return Err(MapError::BadColumn { column, inputs });
				}
				map.columns.push(column);
				map.weights.push(weight);
			}
			map.ends
				.push(u32::try_from(map.columns.len()).map_err(|_| MapError::TooLarge)?);
		}
		u32::try_from(map.ends.len()).map_err(|_| MapError::TooLarge)?;
		Ok(map)
	}

	/// Checks a map that came from outside.
	pub fn check(&self) -> Result<(), MapError> {
		let mut start = 0;
		for end in &self.ends {
			if *end < start {
				return Err(MapError::BadRows);
			}
			start = *end;
		}
		let entries = start as usize;
		if entries != self.columns.len() || entries != self.weights.len() {
			return Err(MapError::BadRows);
		}
		match self.columns.iter().find(|column| **column >= self.inputs) {
			Some(column) => Err(MapError::BadColumn {
				column: *column,
				inputs: self.inputs,
			}),
			None => Ok(()),
		}
	}

	/// Number of inputs.
	pub fn inputs(&self) -> usize {
		self.inputs as usize
	}

	/// Number of outputs.
	pub fn outputs(&self) -> usize {
		self.ends.len()
	}

	/// Number of entries.
	pub fn entries(&self) -> usize {
		self.weights.len()
	}

	/// All weights, row after row.
	pub fn weights(&self) -> &[T] {
		&self.weights
	}

	/// Number of entries in row `row`; none if there is no such row.
	pub fn row_len(&self, row: usize) -> usize {
		let (start, end) = self.span(row);
		end.saturating_sub(start)
	}

	/// The entries (input, weight) of row `row`; none if there is no such row.
	pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, T)> + '_ {
		let (start, end) = self.span(row);
		let columns = self.columns.get(start..end).unwrap_or_default();
		let weights = self.weights.get(start..end).unwrap_or_default();
		columns
			.iter()
			.zip(weights)
			.map(|(column, weight)| (*column as usize, *weight))
	}

	/// The rows, in order.
	pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = (usize, T)> + '_> + '_ {
		(0..self.outputs()).map(|row| self.row(row))
	}

	/// The same entries with other weights.
	pub fn try_map<U, E>(&self, f: impl FnMut(T) -> Result<U, E>) -> Result<LinearMap<U>, E> {
		Ok(LinearMap {
			inputs: self.inputs,
			ends: self.ends.clone(),
			columns: self.columns.clone(),
			weights: self
				.weights
				.iter()
				.copied()
				.map(f)
				.collect::<Result<_, E>>()?,
		})
	}

	fn span(&self, row: usize) -> (usize, usize) {
		let start = match row.checked_sub(1) {
			Some(before) => self.ends.get(before).copied().unwrap_or(u32::MAX),
			None => 0,
		};
		let end = self.ends.get(row).copied().unwrap_or(start);
		(start as usize, end as usize)
	}
}

impl LinearMap<f64> {
	/// `self ∘ inner`: first `inner`, then `self`.
	pub fn compose(&self, inner: &Self) -> Result<Self, MapError> {
		let mut sums = vec![0.0f64; inner.inputs()];
		let mut seen = vec![false; inner.inputs()];
		let rows: Vec<Vec<(usize, f64)>> = self
			.rows()
			.map(|row| {
				let mut touched = Vec::new();
				for (middle, weight) in row {
					for (column, inner_weight) in inner.row(middle) {
						let (Some(sum), Some(mark)) = (sums.get_mut(column), seen.get_mut(column))
						else {
							continue;
						};
						*sum += weight * inner_weight;
						if !std::mem::replace(mark, true) {
							touched.push(column);
						}
					}
				}
				touched.sort_unstable();
				touched
					.into_iter()
					.filter_map(|column| {
						*seen.get_mut(column)? = false;
						Some((column, std::mem::take(sums.get_mut(column)?)))
					})
					.collect()
			})
			.collect();
		Self::from_rows(inner.inputs(), rows)
	}

	/// Multiplications that [`Self::compose`] takes; also a bound on its entries.
	pub fn compose_cost(&self, inner: &Self) -> usize {
		self.rows().flatten().fold(0, |cost, (middle, _)| {
			cost.saturating_add(inner.row_len(middle))
		})
	}

	/// The map applied to `values`; a missing value counts as zero.
	pub fn apply(&self, values: &[f64]) -> Vec<f64> {
		self.rows()
			.map(|row| {
				row.map(|(i, w)| w * values.get(i).copied().unwrap_or_default())
					.sum()
			})
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn map(inputs: usize, rows: &[&[(usize, f64)]]) -> LinearMap<f64> {
		LinearMap::from_rows(inputs, rows.iter().map(|row| row.iter().copied())).unwrap()
	}

	#[test]
	fn zero_weights_are_dropped() {
		let map = map(2, &[&[(0, 0.0), (1, 2.0)], &[]]);
		assert_eq!((map.outputs(), map.entries()), (2, 1));
		assert_eq!(map.row(0).collect::<Vec<_>>(), [(1, 2.0)]);
		assert_eq!(map.row(7).count(), 0);
	}

	#[test]
	fn composition_is_application_in_sequence() {
		let outer = map(2, &[&[(0, 1.0), (1, -2.0)], &[(1, 3.0)]]);
		let inner = map(3, &[&[(0, 1.0), (2, 5.0)], &[(2, 0.5), (1, 4.0)]]);
		let x = [1.0, 2.0, 3.0];
		assert_eq!(
			outer.compose(&inner).unwrap().apply(&x),
			outer.apply(&inner.apply(&x))
		);
	}

	#[test]
	fn inconsistent_parts_are_refused() {
		let good = map(2, &[&[(0, 1.0)], &[(1, 1.0)]]);
		assert_eq!(good.check(), Ok(()));
		assert_eq!(
			LinearMap {
				ends: vec![2, 1],
				..good.clone()
			}
			.check(),
			Err(MapError::BadRows)
		);
		assert_eq!(
			LinearMap {
				ends: vec![1],
				..good.clone()
			}
			.check(),
			Err(MapError::BadRows)
		);
		assert_eq!(
			LinearMap {
				inputs: 1,
				..good.clone()
			}
			.check(),
			Err(MapError::BadColumn {
				column: 1,
				inputs: 1
			})
		);
		assert!(LinearMap::from_rows(1, [[(1, 1.0)]]).is_err());
	}
}
