//! What is missing where rows are made.

use super::row::LimbUse;

/// Something that must be there while rows are made is not, so that there is no circuit: a layout that is not the
/// model's ([`layout::check`](crate::layout::check) refuses those), values that are not those of its tensors, or a
/// fault of this program. Nothing that is missing is left out: a cell without its copy would be free, a sum without
/// its check too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TraceError {
	/// A node reads, or is asked for, a tensor that the model does not have.
	#[error("the model has no tensor {tensor}")]
	NoTensor {
		/// The tensor.
		tensor: usize,
	},
	/// An open sum of a tensor that no sum computes.
	#[error("no sum computes tensor {tensor}")]
	NoSum {
		/// The tensor.
		tensor: usize,
	},
	/// An operator has less of something than its tensor has elements: summands, operands, base values.
	#[error("the operator of tensor {tensor} has nothing for element {element}")]
	NoParameter {
		/// The tensor.
		tensor: usize,
		/// Its element.
		element: usize,
	},
	/// An element without a value, in the list of values that rows are made of.
	#[error("element {element} of tensor {tensor} has no value in inference {inference}")]
	NoValue {
		/// The inference.
		inference: usize,
		/// The tensor.
		tensor: usize,
		/// Its element.
		element: usize,
	},
	/// An element that is in no cell.
	#[error("element {element} of tensor {tensor} is in no cell in inference {inference}")]
	NoCell {
		/// The inference.
		inference: usize,
		/// The tensor.
		tensor: usize,
		/// Its element.
		element: usize,
	},
	/// An element whose combination over the inferences was not made.
	#[error("element {element} of tensor {tensor} is not combined over the inferences")]
	NotCombined {
		/// The tensor.
		tensor: usize,
		/// Its element.
		element: usize,
	},
	/// A tuple of operands of families, without elements or not there.
	#[error("tuple {number} has no elements")]
	NoTuple {
		/// Its number.
		number: usize,
	},
	/// Rows in which other sums are deferred than those that are to be checked there, in another order, or with other
	/// coefficients.
	#[error("rows defer {got} sums, and not {expected} one after another with one coefficient")]
	Sums {
		/// Sums to be checked.
		expected: usize,
		/// Sums that are deferred.
		got: usize,
	},
	/// Hidden inputs, and no rows for them.
	#[error("the layout has no rows for hidden inputs")]
	NoInputRows,
	/// Rows of inputs that hold none, that leave some of a batch's combination to the prover, or that do not check the
	/// domain of hidden inputs.
	#[error("the layout's rows of inputs are not the model's")]
	InputRows,
	/// A forest that has no plan, as it has too many boxes.
	#[error("the forest of tensor {tensor} has too many boxes")]
	NoPlan {
		/// The tensor.
		tensor: usize,
	},
	/// A feature without intervals, a tree without boxes, or a target without a result.
	#[error("a forest has nothing for feature, box or target {index}")]
	NoBox {
		/// The feature, box or target.
		index: usize,
	},
	/// Rows with digits, and no columns for them.
	#[error("the layout has no limbs")]
	NoLimbs,
	/// A lane that is set and is not there, or not free.
	#[error("the row has no free lane {lane}")]
	NoLane {
		/// The lane.
		lane: usize,
	},
	/// More lanes, limbs or operands in a row than there are columns.
	#[error("row {row} has {got} cells for {columns} columns")]
	TooWide {
		/// The row.
		row: usize,
		/// Cells that it takes.
		got: usize,
		/// Columns that there are.
		columns: usize,
	},
	/// A row with a use of its limbs, or a coefficient, that no gate of the layout reads.
	#[error("row {row} needs a gate that the layout does not have: {gate}")]
	NoGate {
		/// The row.
		row: usize,
		/// What for.
		gate: Gate,
	},
	/// Limbs in rows above the first one, which are not looked up.
	#[error("row {row} has limbs above the first row")]
	LimbsAbove {
		/// The row.
		row: usize,
	},
	/// No row where there must be one.
	#[error("there is no row {row}")]
	NoRow {
		/// The row.
		row: usize,
	},
}

/// What reads a coefficient of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
	/// Products of pairs of lanes.
	Product,
	/// A use of the limbs.
	Limbs(LimbUse),
	/// A number for what the row does.
	Kind,
	/// The function that lanes are looked up in.
	Function,
	/// Its interpolation.
	Interpolate,
	/// The domain of hidden inputs.
	Input,
	/// Deferred sums.
	Sums,
	/// Combinations of values.
	Values,
	/// Products of combinations.
	CombinedProduct,
}

impl std::fmt::Display for Gate {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Product => f.write_str("products"),
			Self::Limbs(limb_use) => write!(f, "limbs as {limb_use:?}"),
			Self::Kind => f.write_str("its number"),
			Self::Function => f.write_str("a function"),
			Self::Interpolate => f.write_str("an interpolation"),
			Self::Input => f.write_str("hidden inputs"),
			Self::Sums => f.write_str("deferred sums"),
			Self::Values => f.write_str("combined values"),
			Self::CombinedProduct => f.write_str("products of combinations"),
		}
	}
}
