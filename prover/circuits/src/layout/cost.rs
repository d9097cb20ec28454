//! The cost model: the prover's time on one core, and what the proof's bytes are worth.
//!
//! The prover commits to columns (multi-scalar multiplications, by far the most), transforms them
//! (Fourier transforms of n = 2^k values), and evaluates the constraints on cosets of n points: a
//! constraint of degree d on d − 1 of them. Columns whose values are full-size field elements are
//! the permutation products, the lookup sums, the quotient's pieces and the opening's two; all
//! others hold small integers.
//!
//! # The fit
//!
//! The constants are nanoseconds of one core of the machine in docs/BENCHMARKS.md. 70 circuits of one
//! dense layer were proven on one thread: 14 shapes (2 to 16 lanes, degrees 4 to 9, limbs in 1 to 4
//! columns) for each k from 8 to 12; of each the least CPU time of 24 proofs (10 at k = 11, 5 at
//! k = 12), on a machine that other work kept busy too. Commitments to small integers and operations
//! hardly differ from the other terms in these shapes: they are fixed at 500 and 25. The other three are
//! those of least squares of the relative error for the 52 circuits up to k = 11 that were measured
//! first, rounded (all 70 would give 5,700, 15 and 230). The times that they give are within 8 % of all
//! 70 (root mean square; 24 % at most), for each k within 5 % on average. The constants before, which
//! were guesses, were 19 % too low on average. Beyond k = 12 commitments have no tables: not fitted.
//!
//! What a byte is worth is a choice.

use super::Columns;

/// Commitment to a row of a column of full-size field elements.
pub const FULL_COMMITMENT_NS: u64 = 5_800;
/// Commitment to a row of a column of small integers.
pub const SMALL_COMMITMENT_NS: u64 = 500;
/// Fourier transform: a row's share of each of its k layers.
pub const FFT_LAYER_NS: u64 = 16;
/// A product and a sum in the evaluation of a constraint at one point.
pub const OPERATION_NS: u64 = 25;
/// Opening: a row of a polynomial, for each point that it is evaluated at.
pub const OPENING_NS: u64 = 170;
/// What a byte of the proof is worth: it is sent, stored, hashed, and an aggregation circuit
/// computes with it.
pub const BYTE_NS: u64 = 20_000;
/// Bytes that a proof shall not have more of if that takes at most [`MAX_SLOWDOWN`] times the time: what
/// EZKL's proofs have (docs/BENCHMARKS.md).
pub const TARGET_BYTES: u64 = 1_952;
/// How many times the cheapest layout's time one within [`TARGET_BYTES`] may take.
pub const MAX_SLOWDOWN: u64 = 3;
/// Bytes of a coordinate or an evaluation.
const WORD_BYTES: u64 = 32;

/// Sizes that time and bytes follow from.
struct Counts {
	/// Advice columns that take part in an argument, with the lookups' multiplicities.
	in_arguments: u64,
	/// Advice columns that only gates read.
	in_gates: u64,
	/// Columns of the permutation argument.
	permutation: u64,
	/// Permutation products.
	chunks: u64,
	/// Limbs and signs beside them.
	limb_cells: u64,
	/// Columns of limbs.
	limb_columns: u64,
	/// Inputs of lookups.
	looked_up: u64,
	/// Lookup sums.
	sums: u64,
	/// Pieces of the quotient.
	pieces: u64,
	/// Fixed columns that only gates read.
	coefficients: u64,
	/// Columns of tables.
	tables: u64,
	/// Highest degree of a gate.
	gate_degree: u64,
	/// Evaluations of the accumulator.
	accumulator: u64,
	/// Second-phase columns of a batch, all of field elements; three of them are evaluated twice.
	combined: u64,
}

impl Counts {
	fn new(columns: &Columns) -> Self {
		let degree = columns.degree();
		let gates = &columns.gates;
		let limbs = u64::from(columns.limb_columns());
		let beside = columns.sign_place().is_some();
		let functions = u64::from(gates.function);
		let sign = u64::from(columns.has_sign());
		// A function's input has degree 2.
		let per_sum = degree.saturating_sub(3).max(1);
		let sums = limbs.div_ceil(per_sum) + functions;
		Self {
			in_arguments: columns.advice() - sign + sums,
			in_gates: sign,
			permutation: columns.permutation_columns(),
			chunks: columns.permutation_chunks(),
			limb_cells: u64::from(columns.limb_count()) + u64::from(beside),
			limb_columns: limbs,
			looked_up: limbs + 4 * functions,
			sums,
			pieces: degree.saturating_sub(1),
			coefficients: columns.coefficients(),
			tables: u64::from(limbs > 0) + 4 * functions,
			gate_degree: columns.gate_degree(),
			accumulator: 2,
			combined: columns.combined(),
		}
	}

	/// Words of a proof: two for each commitment, one for each evaluation. The multiplicities are
	/// among the advice columns in arguments; the accumulator is evaluated at two points, a
	/// permutation product at three (the last at two), a lookup sum at two. One commitment and one
	/// evaluation are those of the random polynomial, zero without blinding.
	fn words(&self) -> u64 {
		let advice = self.in_arguments + self.in_gates + self.combined;
		let commitments = advice + self.chunks + self.sums + self.pieces + 3;
		2 * commitments + self.evaluations()
	}

	/// Evaluations in a proof.
	fn evaluations(&self) -> u64 {
		let advice = self.in_arguments + self.in_gates + self.combined;
		advice
			+ (self.accumulator - 1)
			+ if self.combined > 0 { 3 } else { 0 }
			+ self.limb_cells.saturating_sub(self.limb_columns)
			+ self.permutation
			+ (3 * self.chunks).saturating_sub(1)
			+ 2 * self.sums
			+ self.coefficients
			+ self.tables
			+ 1
	}

	/// Nanoseconds for each row.
	fn row_ns(&self, k: u64) -> u64 {
		let full = self.chunks + self.sums + self.pieces + 2 + self.combined;
		let small = self.in_arguments + self.in_gates;
		// One inverse transform for each witness polynomial and for the quotient; then each
		// polynomial on every coset that a constraint on it needs.
		let inverse = self.in_arguments
			+ self.in_gates
			+ self.combined
			+ self.chunks
			+ self.sums
			+ self.pieces;
		let full_cosets = self.pieces
			* (self.in_arguments
				+ self.combined
				+ self.permutation
				+ self.chunks
				+ self.sums + self.tables);
		let gate_cosets = (self.gate_degree - 1) * (self.in_gates + self.coefficients);
		let operations = self.pieces
			* (2 * self.permutation
				+ self.chunks
				+ 2 * self.looked_up
				+ 2 * self.sums
				+ self.tables)
			+ (self.gate_degree - 1) * (self.coefficients + self.limb_cells + 4 * self.gate_degree);
		FULL_COMMITMENT_NS * full
			+ SMALL_COMMITMENT_NS * small
			+ FFT_LAYER_NS * k * (inverse + full_cosets + gate_cosets)
			+ OPERATION_NS * operations
			+ OPENING_NS * self.evaluations()
	}
}

/// Bytes of a proof by our prover: no blinding, lookups by logarithmic derivatives.
pub fn proof_bytes(columns: &Columns) -> u64 {
	Counts::new(columns).words() * WORD_BYTES
}

/// The prover's time on one core, in nanoseconds, for 2^`k` rows.
pub fn time(columns: &Columns, k: u8) -> u64 {
	Counts::new(columns).row_ns(k.into()) << k
}

/// Time, and what the proof's bytes are worth.
pub fn of(columns: &Columns, k: u8) -> u64 {
	with_bytes(columns, k).0
}

/// What [`of`] and [`proof_bytes`] say.
pub fn with_bytes(columns: &Columns, k: u8) -> (u64, u64) {
	let counts = Counts::new(columns);
	let bytes = counts.words() * WORD_BYTES;
	((counts.row_ns(k.into()) << k) + BYTE_NS * bytes, bytes)
}
