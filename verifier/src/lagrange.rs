//! Lagrange polynomials of the domain at x, and the instance column's evaluations through them.
//!
//! `l_i(x) = ω^i · (x^n − 1) / (n · (x − ω^i))`. All denominators are inverted in one batch.

use crate::{
	domain::Domain,
	plan::{limit_usize, Plan, Query},
	Scalar,
};
use alloc::vec::Vec;
use ark_ff::{batch_inversion, AdditiveGroup, Field};

/// What the constraints need of the domain at x.
#[derive(Clone, Debug)]
pub(crate) struct Lagrange {
	/// The first row that is held.
	first: i32,
	/// `l_i(x)` for consecutive rows from `first`.
	values: Vec<Scalar>,
	/// x^n.
	pub power: Scalar,
	/// 1 / (x^n − 1).
	pub vanishing_inverse: Scalar,
}

impl Lagrange {
	/// Evaluates `l_i(x)` for each row from `rows.0` to `rows.1`. `None` if x is zero or in the
	/// domain: then an honest verifier cannot check anything, and halo2's panics.
	pub(crate) fn new(domain: &Domain, x: Scalar, rows: (i32, i32)) -> Option<Self> {
		let (first, last) = rows;
		let power = domain.power_of_rows(x);
		let vanishing = power - Scalar::ONE;
		if x == Scalar::ZERO || vanishing == Scalar::ZERO {
			return None;
		}
		let mut points = Vec::new();
		let mut point = domain.rotation(first);
		for _ in first..=last {
			points.push(point);
			point *= domain.omega();
		}
		// None of these is zero: x is not in the domain, and the number of rows is a power of two.
		let mut inverses: Vec<Scalar> = points.iter().map(|point| x - point).collect();
		inverses.push(domain.rows_in_field());
		inverses.push(vanishing);
		batch_inversion(&mut inverses);
		let vanishing_inverse = inverses.pop()?;
		let common = vanishing * inverses.pop()?;
		let values = points
			.iter()
			.zip(&inverses)
			.map(|(point, inv)| *point * inv * common);
		Some(Self {
			first,
			values: values.collect(),
			power,
			vanishing_inverse,
		})
	}

	/// `l_row(x)`.
	pub(crate) fn at(&self, row: i32) -> Option<Scalar> {
		let index = row.checked_sub(self.first)?;
		self.values.get(usize::try_from(index).ok()?).copied()
	}

	/// Evaluates the polynomial with `values` in its first rows and zero elsewhere, at ω^`rotation`
	/// · x: row i of it is row i − `rotation` as seen from x.
	pub(crate) fn evaluate(&self, values: &[Scalar], rotation: i16) -> Option<Scalar> {
		let start = i32::from(rotation).checked_neg()?.checked_sub(self.first)?;
		let lagrange = self.values.get(usize::try_from(start).ok()?..)?;
		let lagrange = lagrange.get(..values.len())?;
		Some(
			values
				.iter()
				.zip(lagrange)
				.map(|(value, l)| *value * l)
				.sum(),
		)
	}

	/// Evaluations of the instance columns at each of the plan's queries. `public_inputs` holds the
	/// columns' values one after the other.
	pub(crate) fn instance(&self, plan: &Plan, public_inputs: &[Scalar]) -> Option<Vec<Scalar>> {
		let parts = plan.parts();
		let mut columns = Vec::with_capacity(parts.instance_columns.len());
		let mut rest = public_inputs;
		for values in &parts.instance_columns {
			let (column, tail) = rest.split_at_checked(limit_usize(*values))?;
			columns.push(column);
			rest = tail;
		}
		let evaluate = |query: &Query| {
			let column = columns.get(usize::from(query.column))?;
			self.evaluate(column, query.rotation)
		};
		parts.instance_queries.iter().map(evaluate).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn lagrange_polynomials_sum_to_one_and_interpolate() {
		let domain = Domain::new(4).unwrap();
		let x = Scalar::from(123_456_789u64);
		let lagrange = Lagrange::new(&domain, x, (-5, 20)).unwrap();
		let sum: Scalar = (0..16).map(|row| lagrange.at(row).unwrap()).sum();
		assert_eq!(sum, Scalar::ONE);
		// p(X) = X takes ω^i at row i.
		let values: Vec<_> = (0..16).map(|row| domain.rotation(row)).collect();
		assert_eq!(lagrange.evaluate(&values, 0), Some(x));
		assert_eq!(lagrange.evaluate(&values, 3), Some(x * domain.rotation(3)));
		assert_eq!(
			lagrange.evaluate(&values, -4),
			Some(x * domain.rotation(-4))
		);
		assert_eq!(lagrange.at(-1), lagrange.at(15));
		assert_eq!(lagrange.at(21), None);
		assert_eq!(
			lagrange.vanishing_inverse * (x.pow([16u64]) - Scalar::ONE),
			Scalar::ONE
		);
	}

	#[test]
	fn points_of_the_domain_and_zero_are_refused() {
		let domain = Domain::new(4).unwrap();
		assert!(Lagrange::new(&domain, domain.rotation(7), (0, 0)).is_none());
		assert!(Lagrange::new(&domain, Scalar::ZERO, (0, 0)).is_none());
	}
}
