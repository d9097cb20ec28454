//! Deferred sums: those with the same weights, checked all at once.
//!
//! A matrix that meets G columns makes G sums of each of its rows: `v_i = c_i + Σ_j w_j·x_(j,i)`, i from 1
//! to G. The columns are
//!
//! - in a *batch*, the inferences: each element of an affine operator has a sum of each;
//! - *within* one inference, those of a [family](crate::layout::Family): tokens, positions of a kernel, or
//!   columns of another matrix, with elements in place of w_j if both matrices depend on the input.
//!
//! None of these sums is added up. Each row that would hold the last operands of a sum says instead what
//! its sum is, by what the row makes of it (digits, an accumulator): the sum is *deferred*. Once the first
//! phase's columns are committed, a challenge ρ is drawn, and the second phase shows
//!
//! `Σ_j w_j·X_j − V = 0`, with `X_j = Σ_i ρ^(G−i)·x_(j,i)`, `V = Σ_i ρ^(G−i)·(v_i − c_i)`.
//!
//! # Constraints
//!
//! Second-phase columns: t combines deferred sums, u combines operands, lanes A_j with fixed
//! weights W_j and the total T add up. On every row i:
//!
//! - linear: `G + take_t·t[i] − shift_t·ρ·t[i−1] = 0`, where G is all that the linear gate has without
//!   deferred sums. G holds no operand of the deferred sum, so that with a coefficient f of the sum
//!   `t[i] = ρ·t[i−1] + f·(v − c)`: c is in G's constant;
//! - values: `(take_u + hold_u)·u[i] − (shift_u·ρ + hold_u)·u[i−1] − take_u·s[i] = 0` in batches, and
//!   terms for rows whose lanes are combined ([`inputs`](super::inputs));
//! - hold: `hold_t·(t[i] − t[i−1]) = 0`;
//! - combined: `previous·T[i−1] + Σ_j W_j·A_j + product·Σ_j A_(2j)·A_(2j+1) − current·T[i] = 0`, `product`
//!   only where some family's weights are elements.
//!
//! # Rows
//!
//! The rows of G sums follow one another. `take` is 1 in each row that has a sum, `shift` in those but the
//! first's, `hold` in all rows between them; so the last one's cell of t is `f·V`.
//!
//! In batches the rows of an element come one inference after the other, and u is the same of those with
//! a home: the last one's cell is the element's X. Elements whose homes are not in such rows, but in lanes
//! or in the instance, are copied to an accumulator first. Within an inference each tuple (x_(j,1), …,
//! x_(j,G)) is copied to rows of all L lanes, once for all families that use it; zeros before it, which
//! do not change X, make the rows whole.
//!
//! The second phase's own rows are in parallel to the first's: per element, or family, ⌈(n + 1) / M⌉ rows
//! of M lanes, copies of the X_j with weights f·w_j and of f·V with weight −1; the last row keeps no total.
//! Where w_j is an element, pairs of lanes are copies of it and of X_j, with f as `product`: ⌈(n + 1) /
//! ⌊M/2⌋⌉ rows. One more column needs none of them. In rows with `product`, each lane of a pair that holds
//! nothing is a copy of a zero.
//!
//! # Assumptions
//!
//! The rows of all G sums have the same f, which is not 0.
//!
//! # Soundness
//!
//! Let `d_i = v_i − c_i − Σ_j w_j·x_(j,i)`, with v_i the field element that its row's equation says. All
//! of it, elements w_j too, is committed before ρ is drawn. The rows prove `Σ_i ρ^(G−i)·d_i = 0`, a
//! polynomial in ρ of degree below G. If some d_i is not 0, that holds for at most G − 1 of the field's
//! elements: over all sums of a circuit of 2^18 rows, each in one row of t at least, with probability
//! below 2^(18 − 253), in a batch of 2^8 inferences too. Otherwise each deferred sum is what a row of
//! operands would have made it.
//!
//! (Freivalds, Fast probabilistic algorithms, 1979.)

use super::{
	super::{
		builder::Builder,
		config::{integer as field, Combination, CombiningColumns, Config},
		error::TraceError,
		row::{Combining, Row},
		trace::{Cell, CombinedOperand, CombinedRow, Trace, ZERO},
	},
	inputs,
};
use crate::layout::Weight;
use halo2_proofs::{
	halo2curves::{bn256::Fr, ff::Field},
	plonk::{ConstraintSystem, Expression, VirtualCells},
	poly::Rotation,
};
use std::ops::Range;

/// The gates of the second phase's columns.
pub fn gates(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let Some(combination) = &config.combination else {
		return;
	};
	meta.create_gate("values", |meta| {
		let challenge = meta.query_challenge(combination.challenge);
		let u = meta.query_advice(combination.values, Rotation::cur());
		let previous = meta.query_advice(combination.values, Rotation::prev());
		// Coefficients of u[i] and u[i−1], and what is added.
		let accumulators = combination.values_use.as_ref().map(|values_use| {
			let [take, shift, hold] = selectors(meta, values_use);
			let s = meta.query_advice(config.accumulator, Rotation::cur());
			let current = take.clone() + hold.clone();
			[current, shift * challenge.clone() + hold, take * s]
		});
		let lanes = inputs::combined(meta, config, &challenge);
		let all = accumulators.into_iter().chain(lanes);
		let all = all.reduce(|[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
		all.map(|[current, before, taken]| {
			let constraint = current * u - before * previous - taken;
			("the values are combined", constraint)
		})
	});
	meta.create_gate("hold", |meta| {
		let [_, _, hold] = selectors(meta, &combination.sums_use);
		let t = meta.query_advice(combination.sums, Rotation::cur());
		let previous = meta.query_advice(combination.sums, Rotation::prev());
		[("the combination of sums stays", hold * (t - previous))]
	});
	meta.create_gate("combined", |meta| {
		let total = meta.query_advice(combination.total, Rotation::cur());
		let before = meta.query_advice(combination.total, Rotation::prev());
		let previous = meta.query_fixed(combination.previous, Rotation::cur());
		let current = meta.query_fixed(combination.current, Rotation::cur());
		let mut sum = previous * before - current * total;
		for (lane, weight) in combination.lanes.iter().zip(&combination.weights) {
			let weight = meta.query_fixed(*weight, Rotation::cur());
			sum = sum + weight * meta.query_advice(*lane, Rotation::cur());
		}
		if let Some(product) = combination.product {
			let pairs = combination
				.lanes
				.chunks_exact(2)
				.filter_map(|pair| match pair {
					[a, b] => Some(
						meta.query_advice(*a, Rotation::cur())
							* meta.query_advice(*b, Rotation::cur()),
					),
					_ => None,
				});
			if let Some(pairs) = pairs.reduce(|sum, pair| sum + pair) {
				sum = sum + meta.query_fixed(product, Rotation::cur()) * pairs;
			}
		}
		[("the combinations add up to 0", sum)]
	});
}

/// What the linear gate has more with deferred sums: `take·t[i] − shift·ρ·t[i−1]`.
pub fn deferred(meta: &mut VirtualCells<'_, Fr>, combination: &Combination) -> Expression<Fr> {
	let [take, shift, _] = selectors(meta, &combination.sums_use);
	let challenge = meta.query_challenge(combination.challenge);
	let t = meta.query_advice(combination.sums, Rotation::cur());
	let previous = meta.query_advice(combination.sums, Rotation::prev());
	take * t - shift * challenge * previous
}

fn selectors(meta: &mut VirtualCells<'_, Fr>, columns: &CombiningColumns) -> [Expression<Fr>; 3] {
	[columns.take, columns.shift, columns.hold]
		.map(|column| meta.query_fixed(column, Rotation::cur()))
}

/// Values of the fixed columns that deferred sums need, in their order; nothing without any.
pub fn fixed(trace: &Trace) -> Vec<Vec<Fr>> {
	if !trace.columns.defers() {
		return Vec::new();
	}
	let uses: &[fn(&Row) -> Combining] = if trace.columns.within {
		&[|row| row.sums]
	} else {
		&[|row| row.sums, |row| row.values_combined]
	};
	let flags: [fn(Combining) -> bool; 3] = [
		Combining::takes,
		|combining| combining == Combining::Next,
		|combining| combining == Combining::Hold,
	];
	let selectors = uses.iter().flat_map(|combining| {
		flags.into_iter().map(move |flag| {
			let is_set = |row: &Row| Fr::from(u64::from(flag(combining(row))));
			trace.rows.iter().map(is_set).collect()
		})
	});
	let packed: &[fn(Combining) -> bool] = if trace.columns.packed_lanes().is_some() {
		&[
			|combining| matches!(combining, Combining::StartPacked | Combining::NextPacked),
			|combining| combining == Combining::NextPacked,
		]
	} else {
		&[]
	};
	let packed = packed.iter().map(|flag| {
		let is_set = |row: &Row| Fr::from(u64::from(flag(row.values_combined)));
		trace.rows.iter().map(is_set).collect()
	});
	let column = |value: &dyn Fn(&CombinedRow) -> i128| -> Vec<Fr> {
		trace.combined.iter().map(|row| field(value(row))).collect()
	};
	let weights = (0..usize::from(trace.columns.combined_lanes))
		.map(|lane| column(&|row| row.operands.get(lane).map_or(0, |operand| operand.weight)));
	selectors
		.chain(packed)
		.chain(weights)
		.chain([
			column(&|row| i128::from(!row.is_last)),
			column(&|row| i128::from(row.is_continued)),
		])
		.chain(
			trace
				.columns
				.gates
				.combined_product
				.then(|| column(&|row| row.product)),
		)
		.collect()
}

/// What row number `index` of an element's inputs does.
pub fn packed(index: usize) -> Combining {
	if index == 0 {
		Combining::StartPacked
	} else {
		Combining::NextPacked
	}
}

/// Values of the second phase's advice columns, in their order; nothing without deferred sums.
pub fn advice(trace: &Trace, challenge: Fr) -> Vec<Vec<Fr>> {
	if !trace.columns.defers() {
		return Vec::new();
	}
	let packed = trace.columns.packed_lanes().unwrap_or(0).into();
	// Horner over the lanes that hold inputs.
	let lanes = |row: &Row, start: Fr| {
		let values = row.values.iter().take(packed);
		values.fold(start, |sum, value| sum * challenge + field(*value))
	};
	let combine = |combining: &dyn Fn(&Row) -> (Combining, i128)| -> Vec<Fr> {
		let mut last = Fr::ZERO;
		let rows = trace.rows.iter().map(|row| {
			last = match combining(row) {
				(Combining::Unused, _) => Fr::ZERO,
				(Combining::Start, value) => field(value),
				(Combining::Next, value) => last * challenge + field(value),
				(Combining::Hold, _) => last,
				(Combining::StartPacked, _) => lanes(row, Fr::ZERO),
				(Combining::NextPacked, _) => lanes(row, last),
			};
			last
		});
		rows.collect()
	};
	let sums = combine(&|row| (row.sums, row.deferred));
	let values = combine(&|row| (row.values_combined, row.accumulator));
	let read = |operand: &CombinedOperand| match operand.home {
		Cell::Sums { row } => sums.get(row).copied().unwrap_or_default(),
		Cell::Values { row } => values.get(row).copied().unwrap_or_default(),
		_ => field(operand.value),
	};
	let mut lanes: Vec<Vec<Fr>> =
		vec![vec![Fr::ZERO; trace.combined.len()]; trace.columns.combined_lanes.into()];
	let mut totals = Vec::with_capacity(trace.combined.len());
	let mut total = Fr::ZERO;
	for (index, row) in trace.combined.iter().enumerate() {
		if !row.is_continued {
			total = Fr::ZERO;
		}
		let operands: Vec<Fr> = row.operands.iter().map(read).collect();
		for (operand, value) in row.operands.iter().zip(&operands) {
			total += *value * field(operand.weight);
		}
		if row.product != 0 {
			for pair in operands.chunks_exact(2) {
				total += field(row.product) * pair.iter().product::<Fr>();
			}
		}
		for (lane, value) in lanes.iter_mut().zip(operands) {
			if let Some(to) = lane.get_mut(index) {
				*to = value;
			}
		}
		totals.push(if row.is_last { Fr::ZERO } else { total });
	}
	lanes.push(sums);
	lanes.push(values);
	lanes.push(totals);
	lanes
}

impl Builder<'_> {
	/// Ends an element's rows, which are `rows` and hold all inferences': checks the sum that was
	/// deferred in them, of element `deferred.1` of tensor `deferred.0`.
	pub fn end_deferred(
		&mut self,
		deferred: (usize, usize),
		rows: Range<usize>,
	) -> Result<(), TraceError> {
		let (row, factor) = self.close_sums(self.inferences(), rows)?;
		self.check_combination(deferred, row, factor)
	}

	/// Combines an element's cells, one an inference, whose values are `values`; returns the
	/// combination. Those that are not all accumulators of `rows` are copied to such first.
	pub fn combine(
		&mut self,
		homes: &[Cell],
		values: &[i128],
		rows: Range<usize>,
	) -> Result<Cell, TraceError> {
		let in_rows = |cell: &Cell| match cell {
			Cell::Accumulator { row } if rows.contains(row) => Some(*row),
			_ => None,
		};
		let own: Option<Vec<usize>> = homes.iter().map(in_rows).collect();
		let own = match own {
			Some(own) => own,
			None => {
				let cells = homes.iter().zip(values);
				let copies = cells.map(|(home, value)| self.emit_copy(*home, *value));
				copies.collect::<Result<Vec<_>, _>>()?
			},
		};
		let row = self.combine_values(&own)?;
		Ok(Cell::Values { row })
	}

	/// Marks the rows between `count` deferred sums, all that `rows` have; returns the last sum's row, and
	/// its coefficient.
	fn close_sums(
		&mut self,
		count: usize,
		rows: Range<usize>,
	) -> Result<(usize, i128), TraceError> {
		let start = rows.start;
		let rows = self.rows_mut(rows)?;
		let sums = rows.iter().enumerate().filter(|(_, row)| row.sums.takes());
		let sums: Vec<usize> = sums.map(|(index, _)| index).collect();
		// The n-th goes on from the one before, and all have one coefficient.
		let factor = sums
			.last()
			.and_then(|last| rows.get(*last))
			.map(|row| row.factor);
		let is_nth = |(position, index): (usize, &usize)| {
			let row = rows.get(*index);
			row.is_some_and(|row| {
				row.sums == Combining::of(position) && row.factor != 0 && Some(row.factor) == factor
			})
		};
		let are_in_order = sums.len() == count && sums.iter().enumerate().all(is_nth);
		let (Some(first), Some(last), Some(factor), true) =
			(sums.first(), sums.last(), factor, are_in_order)
		else {
			return Err(TraceError::Sums {
				expected: count,
				got: sums.len(),
			});
		};
		for row in rows.iter_mut().take(*last).skip(*first) {
			if row.sums == Combining::Unused {
				row.sums = Combining::Hold;
			}
		}
		self.are_checked(count);
		Ok((start + last, factor))
	}

	/// Combines the accumulators of `rows`, one an inference; returns the last one's row.
	fn combine_values(&mut self, rows: &[usize]) -> Result<usize, TraceError> {
		let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
			return Err(TraceError::NoRow { row: self.rows() });
		};
		for row in self.rows_mut(*first..*last + 1)? {
			row.values_combined = Combining::Hold;
		}
		for (inference, row) in rows.iter().enumerate() {
			for row in self.rows_mut(*row..*row + 1)? {
				row.values_combined = Combining::of(inference);
			}
		}
		Ok(*last)
	}

	/// Rows of the second phase that check a deferred sum, combined in row `row` with `factor`.
	fn check_combination(
		&mut self,
		(tensor, element): (usize, usize),
		row: usize,
		factor: i128,
	) -> Result<(), TraceError> {
		let terms = self.combined_terms(tensor, element)?;
		let mut operands = Vec::with_capacity(terms.len() + 1);
		for (home, weight) in terms {
			let weight = self.coefficient(factor, weight);
			operands.push(CombinedOperand::combination(home, weight));
		}
		operands.push(CombinedOperand::combination(Cell::Sums { row }, -1));
		self.emit_sum(&operands, 0, self.combined_lanes())
	}

	/// Checks the `count` sums of a family, which were deferred in `rows`. `terms` are its weights with their
	/// tuples' combinations.
	pub fn end_family(
		&mut self,
		terms: &[(Weight, Cell)],
		count: usize,
		rows: Range<usize>,
	) -> Result<(), TraceError> {
		let (row, factor) = self.close_sums(count, rows)?;
		let sums = CombinedOperand::combination(Cell::Sums { row }, -1);
		let lanes = self.combined_lanes();
		let mut operands = Vec::with_capacity(terms.len() + 1);
		let mut product = 0;
		for (weight, home) in terms {
			match weight {
				Weight::Constant(weight) => {
					let weight = self.coefficient(factor, i128::from(*weight));
					operands.push(CombinedOperand::combination(*home, weight));
				},
				Weight::Element(element) => {
					product = factor;
					operands.push(self.combined_element(element)?);
					operands.push(CombinedOperand::combination(*home, 0));
				},
			}
		}
		operands.push(sums);
		if product == 0 {
			return self.emit_sum(&operands, 0, lanes);
		}
		// Each lane that is not used is a copy of zero, so that it is in no product.
		let each = (lanes / 2).max(1) * 2;
		while !operands.len().is_multiple_of(each) {
			operands.push(CombinedOperand::combination(ZERO, 0));
		}
		self.emit_sum(&operands, product, each)
	}

	/// Rows of the second phase that say that the sum of `operands` is 0, `each` operands a row.
	fn emit_sum(
		&mut self,
		operands: &[CombinedOperand],
		product: i128,
		each: usize,
	) -> Result<(), TraceError> {
		let count = operands.len().div_ceil(each);
		for (index, chunk) in operands.chunks(each).enumerate() {
			self.emit_combined(CombinedRow {
				operands: chunk.to_vec(),
				product,
				is_continued: index > 0,
				is_last: index + 1 == count,
			})?;
		}
		Ok(())
	}
}
