//! Lays a model out in rows.
//!
//! Row 0 holds the statement in lane 0, copied from the instance; it is in no other constraint, and
//! the proof binds it as it binds every public input. Its accumulator is zero. Then follow the
//! elements of each tensor, in the order of execution. Each element's value has one *home*: the
//! instance for the input, a lane or the accumulator for everything else; wherever it is used again,
//! a copy constraint ties the cell to its home.
//!
//! A batch of inferences has each element's rows of all inferences together, and its affine sums
//! [deferred](super::gadgets::combine). One inference may have the sums of
//! [families](crate::layout::Families) deferred, each family's rows together. A hidden input's
//! homes are lanes, checked to be in the domain.
//!
//! The [gadgets](super::gadgets) say what the rows prove, under which assumptions on the operands.
//!
//! # The assumptions hold
//!
//! For an admissible input, by induction over the rows: the instance holds the input's integers;
//! each element's value is determined by the values before it, hence is what the executor computes,
//! hence is within `Graph`'s bounds. So there is one output.
//!
//! **Who verifies must check that the input is in the declared domain** (the chain does when it
//! takes a workload, `Bundle::verify` does): for other inputs a proof says nothing.

use super::{
	builder::Builder,
	config::integer as field,
	error::TraceError,
	gadgets::combine,
	row::{LimbUse, Row},
};
use crate::{
	execute::{execute_all, ExecuteError},
	graph::Graph,
	layout::{Columns, Layout},
};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

/// A cell that takes part in copy constraints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cell {
	/// A lane.
	Lane {
		/// Its index.
		lane: usize,
		/// The row.
		row: usize,
	},
	/// The accumulator.
	Accumulator {
		/// The row.
		row: usize,
	},
	/// The instance column.
	Instance {
		/// The row.
		row: usize,
	},
	/// The combination of deferred sums.
	Sums {
		/// The row.
		row: usize,
	},
	/// The combination of accumulators.
	Values {
		/// The row.
		row: usize,
	},
	/// A lane of the combinations' own sums.
	CombinedLane {
		/// Its index.
		lane: usize,
		/// The row.
		row: usize,
	},
}

/// An operand of the sums that check combinations.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CombinedOperand {
	/// What it is a copy of.
	pub home: Cell,
	/// Its weight.
	pub weight: i128,
	/// Its value, unless it is a combination.
	pub value: i128,
}

impl CombinedOperand {
	/// A combination.
	pub fn combination(home: Cell, weight: i128) -> Self {
		Self {
			home,
			weight,
			value: 0,
		}
	}
}

/// One row of the sums that check combinations:
/// `[previous total] + Σ weight · operand + product · Σ operand · operand`, the last sum over pairs, which
/// is the total, or 0 in a sum's last row.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CombinedRow {
	/// One a lane.
	pub operands: Vec<CombinedOperand>,
	/// Coefficient of the products of pairs of operands.
	pub product: i128,
	/// Whether it goes on from the row before.
	pub is_continued: bool,
	/// Whether it is the sum's last.
	pub is_last: bool,
}

/// A cell that is zero: the accumulator of row 0.
pub const ZERO: Cell = Cell::Accumulator { row: 0 };

/// The cell of the statement.
pub const STATEMENT: Cell = Cell::Lane { lane: 0, row: 0 };

/// Why there is no witness.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WitnessError {
	/// The model does not take the input.
	#[error(transparent)]
	Execute(#[from] ExecuteError),
	/// It cannot be laid out.
	#[error(transparent)]
	Trace(#[from] TraceError),
}

/// A model in rows: coefficients, copy constraints, and the witness if there is an input.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
	pub(super) columns: Columns,
	pub(super) rows: Vec<Row>,
	pub(super) copies: Vec<(Cell, Cell)>,
	/// Entries of the function table: function, index, first, second.
	pub(super) functions: Vec<[i128; 4]>,
	/// Sums that check combinations, in rows and columns of their own.
	pub(super) combined: Vec<CombinedRow>,
	/// Whether some coefficient exceeded 128 bits.
	pub(super) overflows: bool,
}

impl Trace {
	/// The rows without a witness: all values are zero.
	pub fn shape(graph: &Graph, layout: &Layout) -> Result<Self, TraceError> {
		let zeros = graph
			.tensors()
			.iter()
			.map(|tensor| vec![0; tensor.bounds.len()])
			.collect();
		let inferences = layout.claim.inferences.into();
		Builder::build(graph, layout, vec![zeros; inferences])
	}

	/// The rows with the witness for `input`, and the output: both one inference after the other.
	pub fn witness(
		graph: &Graph,
		layout: &Layout,
		input: &[i64],
	) -> Result<(Self, Vec<i64>), WitnessError> {
		let values = layout
			.claim
			.split(graph, input)?
			.map(|input| execute_all(graph, input))
			.collect::<Result<Vec<_>, _>>()?;
		let tensor = graph.output_tensor();
		let outputs = values.iter().map(|values| values.get(tensor));
		let outputs: Option<Vec<_>> = outputs.collect();
		let outputs = outputs.ok_or(TraceError::NoTensor { tensor })?;
		let output = outputs.into_iter().flatten().copied().collect();
		Ok((Builder::build(graph, layout, values)?, output))
	}

	/// The rows of a prover who takes `values` for those of each inference's tensors, right or wrong:
	/// for tests of soundness.
	pub fn with_values(
		graph: &Graph,
		layout: &Layout,
		values: Vec<Vec<Vec<i64>>>,
	) -> Result<Self, TraceError> {
		Builder::build(graph, layout, values)
	}

	/// Number of rows.
	pub fn len(&self) -> usize {
		self.rows.len().max(self.combined.len())
	}

	/// Whether there is no row (never: the statement has one).
	pub fn is_empty(&self) -> bool {
		self.rows.is_empty()
	}

	/// Whether the lanes of row `row` hold hidden inputs.
	pub fn is_input_row(&self, row: usize) -> bool {
		self.rows.get(row).is_some_and(|row| row.input)
	}

	/// Whether some coefficient exceeded 128 bits, so that the rows are not the model's. Never with a layout
	/// that [`layout::check`](crate::layout::check) accepts.
	pub fn overflows(&self) -> bool {
		self.overflows
	}

	/// Pairs of cells that must be equal.
	pub fn copies(&self) -> &[(Cell, Cell)] {
		&self.copies
	}

	/// Values of the fixed columns, in the order of
	/// [`Config::fixed_columns`](super::config::Config::fixed_columns). As long as the longest of
	/// them.
	pub fn fixed(&self) -> Vec<Vec<Fr>> {
		let column = |f: &dyn Fn(&Row) -> i128| self.rows.iter().map(|row| field(f(row))).collect();
		let gates = &self.columns.gates;
		let mut columns: Vec<Vec<Fr>> = (0..usize::from(self.columns.lanes))
			.map(|lane| column(&|row| row.weights.get(lane).copied().unwrap_or_default()))
			.collect();
		let kinds: Vec<_> = self.columns.row_kinds().collect();
		columns.push(column(&|row| {
			if !self.columns.numbered {
				return row.current;
			}
			let number = (1i128..).zip(&kinds).find(|(_, kind)| **kind == row.kind());
			number.map_or(0, |(number, _)| number)
		}));
		columns.push(column(&|row| row.previous));
		columns.push(column(&|row| row.constant));
		if gates.product {
			columns.push(column(&|row| row.product));
		}
		for limb_use in LimbUse::SELECTED {
			if gates.has(limb_use) && !self.columns.numbered {
				columns.push(column(&|row| i128::from(row.limb_use == limb_use)));
			}
		}
		if gates.interpolate {
			columns.push(column(&|row| i128::from(row.interpolate)));
		}
		if gates.function {
			columns.push(column(&|row| row.function));
		}
		if self.columns.checks_inputs() {
			columns.push(column(&|row| i128::from(row.input)));
		}
		if let Some(limbs) = self.columns.limbs {
			columns.push((0..1u64 << limbs.bits).map(Fr::from).collect());
		}
		if gates.function {
			let entry = |f: &dyn Fn(&[i128; 4]) -> i128| {
				// A row of zeros first: what rows without a function look up.
				let entries = self.functions.iter();
				let entries = entries.map(|entry| field(entry[0]) * field(f(entry)));
				std::iter::once(Fr::ZERO).chain(entries).collect()
			};
			columns.push(entry(&|_| 1));
			columns.push(entry(&|[_, index, ..]| *index));
			columns.push(entry(&|[_, _, first, _]| *first));
			columns.push(entry(&|[_, _, _, second]| *second));
		}
		columns.extend(combine::fixed(self));
		let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
		for column in &mut columns {
			column.resize(rows, Fr::ZERO);
		}
		columns
	}

	/// Values of the second phase's advice columns, in their order, given its challenge; nothing
	/// without a batch.
	pub fn advice_combined(&self, challenge: Fr) -> Vec<Vec<Fr>> {
		combine::advice(self, challenge)
	}

	/// Values of the first phase's advice columns, in the order of
	/// [`Config::advice_columns`](super::config::Config::advice_columns); zeros up to `rows`.
	pub fn advice(&self, statement: Fr, rows: usize) -> Vec<Vec<Fr>> {
		let mut columns: Vec<Vec<Fr>> = self
			.advice_integers()
			.into_iter()
			.map(|column| {
				let mut column: Vec<Fr> = column.into_iter().map(field).collect();
				column.resize(rows, Fr::ZERO);
				column
			})
			.collect();
		if let Some(cell) = columns.first_mut().and_then(|lane| lane.first_mut()) {
			*cell = statement;
		}
		columns
	}

	/// The same as integers, for the rows in use. The cell of the statement, which is no small
	/// integer, is 0 here.
	pub fn advice_integers(&self) -> Vec<Vec<i128>> {
		let column = |f: &dyn Fn(&Row) -> i128| self.rows.iter().map(f).collect::<Vec<_>>();
		let at = |values: &[i128], index: usize| values.get(index).copied().unwrap_or_default();
		let mut columns: Vec<Vec<i128>> = (0..usize::from(self.columns.lanes))
			.map(|lane| column(&|row| at(&row.values, lane)))
			.collect();
		columns.push(column(&|row| row.accumulator));
		columns.extend(self.limb_integers());
		if self.columns.has_sign() {
			columns.push(column(&|row| row.sign));
		}
		columns
	}
}

impl Trace {
	/// The columns of limbs: each row's are in that row and those before it, which no other row's
	/// limbs are in.
	fn limb_integers(&self) -> Vec<Vec<i128>> {
		let Some(limbs) = self.columns.limbs else {
			return Vec::new();
		};
		let sign_place = self.columns.sign_place();
		let mut columns = vec![vec![0; self.rows.len()]; usize::from(limbs.columns)];
		for (index, row) in self.rows.iter().enumerate() {
			let values = row.limbs.iter().zip(0u8..);
			let values = values.map(|(value, limb)| (limbs.place(limb), *value));
			let sign = sign_place.filter(|_| row.limb_use == LimbUse::Relu);
			for ((column, up), value) in values.chain(sign.map(|place| (place, row.sign))) {
				let cells = columns.get_mut(usize::from(column));
				let cell = index
					.checked_sub(up.into())
					.and_then(|row| cells?.get_mut(row));
				if let Some(cell) = cell {
					*cell = value;
				}
			}
		}
		columns
	}
}
