//! What can go wrong, and what to do about it.

use inference_verifier::{halo2::FrontEndError, PlanError};

/// A key that cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
	/// A basis of another size than the setup's.
	#[error("the commitment key needs {expected} points of each basis, got {got}")]
	WrongBasis {
		/// Points that it needs.
		expected: usize,
		/// Points given.
		got: usize,
	},
	/// The setup is for another number of rows.
	#[error("the commitment key is for 2^{got} rows, the circuit has 2^{expected}")]
	WrongSize {
		/// The circuit's k.
		expected: u8,
		/// The commitment key's k.
		got: u8,
	},
	/// The circuit has something that this prover does not prove.
	#[error("this prover does not support {what}")]
	Unsupported {
		/// What.
		what: &'static str,
	},
	/// A number of columns that is not the constraint system's.
	#[error("the circuit has {expected} fixed columns, got {got}")]
	FixedColumns {
		/// The constraint system's.
		expected: usize,
		/// How many were given.
		got: usize,
	},
	/// A column that is longer than the usable rows.
	#[error("fixed column {column} has {got} rows; the circuit has {usable} usable rows")]
	TooManyRows {
		/// Its index.
		column: usize,
		/// Usable rows.
		usable: usize,
		/// Rows given.
		got: usize,
	},
	/// A [`Column::Mixed`](crate::Column::Mixed) whose rows of field elements are not distinct rows
	/// of its own with the integer zero.
	#[error("fixed column {column} names a row twice, or one that it does not have")]
	Inconsistent {
		/// Its index.
		column: usize,
	},
	/// A copy constraint on a cell that is not in the permutation's columns and usable rows.
	#[error("copy constraint {index} names a cell outside the permutation's columns or rows")]
	BadCopy {
		/// Its index.
		index: usize,
	},
	/// A verifying key that is to be the circuit's has another constraint system.
	#[error("the verifying key's constraint system is not the circuit's: its {what} differ")]
	OtherConstraintSystem {
		/// What differs first.
		what: &'static str,
	},
	/// A verifying key that is to be the circuit's commits to other columns.
	#[error("the verifying key commits to other columns than the circuit's")]
	OtherCommitments,
	/// The file of the polynomials cannot be written.
	#[error("the polynomials cannot be stored: {0}")]
	Storage(String),
	/// The key is over a limit of the verifier.
	#[error("the verifying key is not valid: {0}")]
	Plan(#[from] PlanError),
	/// A commitment has no encoding.
	#[error(transparent)]
	FrontEnd(#[from] FrontEndError),
}

/// A proof that cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProveError {
	/// The setup is for another number of rows.
	#[error("the commitment key is for 2^{got} rows, the circuit has 2^{expected}")]
	WrongSize {
		/// The circuit's k.
		expected: u8,
		/// The commitment key's k.
		got: u8,
	},
	/// Public inputs that are not the circuit's.
	#[error("the circuit's instance columns have {expected:?} values, got {got:?}")]
	Instance {
		/// Values per column.
		expected: Vec<u32>,
		/// Values given.
		got: Vec<usize>,
	},
	/// A witness with other columns than the phase has.
	#[error("phase {phase} has {expected} advice columns, the witness has {got}")]
	AdviceColumns {
		/// The phase.
		phase: u8,
		/// Its columns.
		expected: usize,
		/// Columns given.
		got: usize,
	},
	/// A column that is longer than the usable rows.
	#[error("advice column {column} has {got} rows; the circuit has {usable} usable rows")]
	TooManyRows {
		/// Index among the phase's columns.
		column: usize,
		/// Usable rows.
		usable: usize,
		/// Rows given.
		got: usize,
	},
	/// A [`Column::Mixed`](crate::Column::Mixed) whose rows of field elements are not distinct rows
	/// of its own with the integer zero.
	#[error("advice column {column} names a row twice, or one that it does not have")]
	Inconsistent {
		/// Index among the phase's columns.
		column: usize,
	},
	/// A value that is looked up is not in the table: the witness does not satisfy the circuit.
	#[error(
		"the witness does not satisfy the circuit: lookup {lookup}, row {row} is not in the table"
	)]
	NotInTable {
		/// Index of the lookup.
		lookup: usize,
		/// The row.
		row: usize,
	},
	/// The copy constraints do not hold: the witness does not satisfy the circuit.
	#[error("the witness does not satisfy the circuit: a copy constraint does not hold")]
	CopiesDiffer,
	/// The file of the key's polynomials cannot be read.
	#[error("the proving key's polynomials cannot be read: {0}")]
	Storage(String),
	/// A challenge for which the proof does not exist; its probability is below 2^-200.
	#[error("an unusable challenge was drawn; try again")]
	DegenerateChallenge,
	/// Key and plan do not fit: a bug of ours.
	#[error("the proving key does not fit its plan, please report this: {0}")]
	Internal(&'static str),
}

impl From<std::io::Error> for ProveError {
	fn from(error: std::io::Error) -> Self {
		Self::Storage(error.to_string())
	}
}
