//! The lookup argument by logarithmic derivatives: that tuples are in a table.

use crate::{
	error::ProveError,
	fft::invert_all,
	program::{Program, Tables, CHUNK},
};
use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};
use inference_verifier::plan::Lookup;
use rayon::prelude::*;
use std::{collections::HashMap, ops::Range};

/// A lookup's expressions, by index in the program.
#[derive(Clone, Debug)]
pub(crate) struct Expressions {
	/// The tuples that are looked up.
	pub inputs: Vec<Range<usize>>,
	/// The table.
	pub table: Range<usize>,
}

impl Expressions {
	/// Those of each of `lookups`, which follow the `gates` gates.
	pub(crate) fn all(lookups: &[Lookup], gates: usize) -> Vec<Self> {
		let mut position = gates;
		let mut next = |width: u8| {
			let start = position;
			position += usize::from(width);
			start..position
		};
		lookups
			.iter()
			.map(|lookup| Self {
				inputs: (0..lookup.inputs).map(|_| next(lookup.width)).collect(),
				table: next(lookup.width),
			})
			.collect()
	}

	/// Degree of the argument's constraint.
	pub(crate) fn degree(&self, program: &Program) -> u32 {
		let degree = |range: &Range<usize>| {
			let expressions = program.expressions.get(range.clone()).unwrap_or_default();
			expressions
				.iter()
				.map(|e| e.degree)
				.max()
				.unwrap_or(1)
				.max(1)
		};
		self.inputs.iter().map(degree).sum::<u32>() + degree(&self.table) + 2
	}
}

/// A tuple's values on `rows`, compressed by powers of θ.
pub(crate) fn compress(
	program: &Program,
	expressions: &Range<usize>,
	tables: &Tables<'_>,
	rows: &Range<usize>,
	theta: Fr,
) -> Option<Vec<Fr>> {
	let mut sum: Option<Vec<Fr>> = None;
	for index in expressions.clone() {
		let values = program.evaluate(index, tables, rows)?;
		sum = Some(match sum {
			None => values,
			Some(mut sum) => {
				sum.iter_mut()
					.zip(values)
					.for_each(|(sum, value)| *sum = *sum * theta + value);
				sum
			},
		});
	}
	sum
}

/// The values of one lookup on the usable rows, compressed.
pub(crate) struct Compressed {
	inputs: Vec<Vec<Fr>>,
	table: Vec<Fr>,
}

impl Compressed {
	pub(crate) fn new(
		expressions: &Expressions,
		program: &Program,
		tables: &Tables<'_>,
		usable: usize,
		theta: Fr,
	) -> Option<Self> {
		let column = |range: &Range<usize>| -> Option<Vec<Fr>> {
			let mut values = Vec::with_capacity(usable);
			for start in (0..usable).step_by(CHUNK) {
				let rows = start..(start + CHUNK).min(usable);
				values.extend(compress(program, range, tables, &rows, theta)?);
			}
			Some(values)
		};
		Some(Self {
			inputs: expressions
				.inputs
				.par_iter()
				.map(column)
				.collect::<Option<_>>()?,
			table: column(&expressions.table)?,
		})
	}

	/// How often each row of the table is looked up: where a value stands several times in it, the
	/// first counts.
	pub(crate) fn multiplicities(&self, lookup: usize) -> Result<Vec<i64>, ProveError> {
		let key = |value: &Fr| value.to_repr();
		let mut rows = HashMap::with_capacity(self.table.len());
		for (row, value) in self.table.iter().enumerate().rev() {
			rows.insert(key(value), row);
		}
		let mut counts = vec![0i64; self.table.len()];
		// Rows without a lookup all look up the same value.
		let mut last: Option<(Fr, usize)> = None;
		for input in &self.inputs {
			for (row, value) in input.iter().enumerate() {
				let at = match last {
					Some((same, at)) if same == *value => at,
					_ => *rows
						.get(&key(value))
						.ok_or(ProveError::NotInTable { lookup, row })?,
				};
				last = Some((*value, at));
				if let Some(count) = counts.get_mut(at) {
					*count += 1;
				}
			}
		}
		Ok(counts)
	}

	/// The running sum φ: φ\[0\] = 0, φ\[i+1\] = φ\[i\] + Σ 1/(f\[i\] + β) − m\[i\]/(t\[i\] + β).
	pub(crate) fn sums(&self, multiplicities: &[i64], beta: Fr) -> Result<Vec<Fr>, ProveError> {
		let rows = self.table.len();
		let mut terms: Vec<Fr> = self
			.inputs
			.iter()
			.flatten()
			.chain(&self.table)
			.map(|value| *value + beta)
			.collect();
		if terms.contains(&Fr::ZERO) {
			return Err(ProveError::DegenerateChallenge);
		}
		// One inversion per thousand rows costs nothing and keeps all cores busy.
		terms.par_chunks_mut(1024).for_each(invert_all);
		let (inputs, table) = terms
			.split_at_checked(rows * self.inputs.len())
			.ok_or(ProveError::Internal("lookup sizes"))?;
		let mut sums = Vec::with_capacity(rows + 1);
		let mut sum = Fr::ZERO;
		sums.push(sum);
		for (row, (table, count)) in table.iter().zip(multiplicities).enumerate() {
			for input in inputs.iter().skip(row).step_by(rows) {
				sum += input;
			}
			if *count != 0 {
				sum -= *table * Fr::from(count.unsigned_abs());
			}
			sums.push(sum);
		}
		Ok(sums)
	}
}
