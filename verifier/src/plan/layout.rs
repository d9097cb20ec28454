//! Where everything stands in a proof.
//!
//! Points: advice commitments, phase by phase; for each lookup its permuted input and table, or its
//! multiplicities; the permutation's products; the lookups' products or sums; a random polynomial;
//! the parts of the quotient. Then evaluations: advice queries; fixed queries; the random
//! polynomial; the permutation's columns; for each permutation product its values at this row, the
//! next, and (but for the last product) the last row; for each lookup product, next product, input,
//! previous input, table, or sum, next sum, multiplicities. Then the two points of the opening.
//!
//! "Product" below stands for a logarithmic derivative's sum too: both run over the rows.
//!
//! Sums saturate only beyond any plan that the limits admit: positions stay below 2^16.

use super::{expression, LookupArgument, Parts};
use crate::encoding::{POINT_BYTES, SCALAR_BYTES};
use alloc::vec::Vec;

/// Evaluations per permuted lookup.
pub const PERMUTED_EVALUATIONS: usize = 5;
/// Evaluations per lookup by logarithmic derivatives.
pub const LOG_DERIVATIVE_EVALUATIONS: usize = 3;
/// Evaluations per permutation product but the last.
pub const PERMUTATION_EVALUATIONS: usize = 3;

/// Counts and positions, derived from a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
	/// For each advice column, the position of its commitment among the proof's points.
	advice_points: Vec<usize>,
	lookup_argument: LookupArgument,
	lookups: usize,
	permutation_chunks: usize,
	permutation_columns: usize,
	quotient_parts: usize,
	fixed_columns: usize,
	advice_queries: usize,
	fixed_queries: usize,
	outputs: u32,
}

impl Layout {
	pub(crate) fn new(parts: &Parts) -> Self {
		// Position of column c: columns of earlier phases, and earlier columns of its phase.
		let mut order: Vec<(u8, usize)> = parts
			.advice_phases
			.iter()
			.enumerate()
			.map(|(c, phase)| (*phase, c))
			.collect();
		order.sort_unstable();
		let mut advice_points = alloc::vec![0; order.len()];
		for (position, (_, column)) in order.into_iter().enumerate() {
			if let Some(slot) = advice_points.get_mut(column) {
				*slot = position;
			}
		}
		let permutation_columns = parts.permutation.len();
		Self {
			advice_points,
			lookup_argument: parts.lookup_argument,
			lookups: parts.lookups.len(),
			permutation_chunks: permutation_columns.div_ceil(chunk_len(parts.degree)),
			permutation_columns,
			quotient_parts: usize::from(parts.degree).saturating_sub(1),
			fixed_columns: parts.fixed_commitments.len(),
			advice_queries: parts.advice_queries.len(),
			fixed_queries: parts.fixed_queries.len(),
			outputs: expression::outputs(parts),
		}
	}

	/// Permutation products.
	pub fn permutation_chunks(&self) -> usize {
		self.permutation_chunks
	}

	/// Columns of the permutation.
	pub fn permutation_columns(&self) -> usize {
		self.permutation_columns
	}

	/// Lookups.
	pub fn lookups(&self) -> usize {
		self.lookups
	}

	/// Parts of the quotient.
	pub fn quotient_parts(&self) -> usize {
		self.quotient_parts
	}

	/// Advice queries.
	pub fn advice_queries(&self) -> usize {
		self.advice_queries
	}

	/// Fixed queries.
	pub fn fixed_queries(&self) -> usize {
		self.fixed_queries
	}

	/// Outputs of the program.
	pub fn outputs(&self) -> u32 {
		self.outputs
	}

	// --- positions of points ---

	/// Commitment of an advice column.
	pub fn advice(&self, column: usize) -> Option<usize> {
		self.advice_points.get(column).copied()
	}

	/// The lookup argument.
	pub fn lookup_argument(&self) -> LookupArgument {
		self.lookup_argument
	}

	/// Points that a lookup has before β is drawn.
	pub fn points_per_lookup(&self) -> usize {
		match self.lookup_argument {
			LookupArgument::Permuted => 2,
			LookupArgument::LogDerivative => 1,
		}
	}

	/// First commitment of a lookup: its permuted input, which its permuted table follows, or its
	/// multiplicities.
	pub fn lookup_point(&self, lookup: usize) -> usize {
		self.advice_points
			.len()
			.saturating_add(lookup.saturating_mul(self.points_per_lookup()))
	}

	/// Commitment of a permutation product.
	pub fn permutation_product(&self, chunk: usize) -> usize {
		self.lookup_point(self.lookups).saturating_add(chunk)
	}

	/// Commitment of a lookup's product.
	pub fn lookup_product(&self, lookup: usize) -> usize {
		self.permutation_product(self.permutation_chunks)
			.saturating_add(lookup)
	}

	/// Commitment of the random polynomial.
	pub fn random(&self) -> usize {
		self.lookup_product(self.lookups)
	}

	/// Commitment of a part of the quotient.
	pub fn quotient(&self, part: usize) -> usize {
		self.random().saturating_add(1).saturating_add(part)
	}

	/// The opening's first point: the combined quotient.
	pub fn opening_quotient(&self) -> usize {
		self.quotient(self.quotient_parts)
	}

	/// The opening's second point: the witness of the linearisation.
	pub fn opening_witness(&self) -> usize {
		self.opening_quotient().saturating_add(1)
	}

	/// Points of a proof.
	pub fn points(&self) -> usize {
		self.opening_witness().saturating_add(1)
	}

	// --- positions of the other bases of the multi-scalar multiplication, after the points ---

	/// Commitment of a fixed column.
	pub fn fixed(&self, column: usize) -> usize {
		self.points().saturating_add(column)
	}

	/// Commitment of a permutation polynomial.
	pub fn permutation(&self, column: usize) -> usize {
		self.fixed(self.fixed_columns).saturating_add(column)
	}

	/// The generator of G1.
	pub fn generator(&self) -> usize {
		self.permutation(self.permutation_columns)
	}

	/// All bases.
	pub fn bases(&self) -> usize {
		self.generator().saturating_add(1)
	}

	// --- positions of evaluations ---

	/// Evaluation of an advice query.
	pub fn advice_evaluation(&self, query: usize) -> usize {
		query
	}

	/// Evaluation of a fixed query.
	pub fn fixed_evaluation(&self, query: usize) -> usize {
		self.advice_queries.saturating_add(query)
	}

	/// Evaluation of the random polynomial.
	pub fn random_evaluation(&self) -> usize {
		self.fixed_evaluation(self.fixed_queries)
	}

	/// Evaluation of a permutation polynomial.
	pub fn permutation_evaluation(&self, column: usize) -> usize {
		self.random_evaluation()
			.saturating_add(1)
			.saturating_add(column)
	}

	/// First evaluation of a permutation product: this row, then the next, then the last.
	pub fn permutation_product_evaluation(&self, chunk: usize) -> usize {
		self.permutation_evaluation(self.permutation_columns)
			.saturating_add(chunk.saturating_mul(PERMUTATION_EVALUATIONS))
	}

	/// First evaluation of a lookup: product, next product, input, previous input, table; or sum,
	/// next sum, multiplicities.
	pub fn lookup_evaluation(&self, lookup: usize) -> usize {
		let each = match self.lookup_argument {
			LookupArgument::Permuted => PERMUTED_EVALUATIONS,
			LookupArgument::LogDerivative => LOG_DERIVATIVE_EVALUATIONS,
		};
		// The last permutation product has no evaluation at the last row.
		let missing = usize::from(self.permutation_chunks > 0);
		self.permutation_product_evaluation(self.permutation_chunks)
			.saturating_sub(missing)
			.saturating_add(lookup.saturating_mul(each))
	}

	/// Evaluations of a proof.
	pub fn evaluations(&self) -> usize {
		self.lookup_evaluation(self.lookups)
	}

	/// Bytes of a proof.
	pub fn proof_bytes(&self) -> usize {
		self.points()
			.saturating_mul(POINT_BYTES)
			.saturating_add(self.evaluations().saturating_mul(SCALAR_BYTES))
	}
}

/// Columns per permutation product: as many as the constraint system's degree has room for.
pub fn chunk_len(degree: u8) -> usize {
	usize::from(degree).saturating_sub(2).max(1)
}
