//! Rows: what is in the fixed and advice cells of one row, as integers.

use super::{
	error::TraceError,
	trace::{Cell, ZERO},
};
use crate::layout::Limbs;

/// What a row's limbs are for. Each but [`LimbUse::Unused`] has a selector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum LimbUse {
	/// In no gate: the limbs are in the table, and nothing reads them.
	#[default]
	Unused,
	/// Digits, and no more.
	Step,
	/// Digits, of which the high ones give the accumulator.
	Plain,
	/// Digits and the sign σ; the accumulator is σ times the high digits.
	Relu,
	/// Digits, and the accumulator is the sign above them.
	Sign,
	/// Digits with a spare bit between them.
	Spread,
}

impl LimbUse {
	/// The uses that have a selector, in the order of their columns.
	pub const SELECTED: [Self; 5] = [
		Self::Step,
		Self::Plain,
		Self::Relu,
		Self::Sign,
		Self::Spread,
	];

	/// Whether rows with this use may leave something to the row after it.
	pub fn may_carry(&self) -> bool {
		matches!(self, Self::Step | Self::Spread)
	}
}

/// What a row does with its accumulator and limbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowKind {
	/// The limbs' use.
	pub limb_use: LimbUse,
	/// Whether the linear gate gives the accumulator: the sum, or what is left of it above the limbs.
	pub carries: bool,
}

impl RowKind {
	/// Neither accumulator nor limbs are in a gate.
	pub const NOTHING: Self = Self {
		limb_use: LimbUse::Unused,
		carries: false,
	};

	/// The sum is the accumulator.
	pub const KEEP: Self = Self {
		limb_use: LimbUse::Unused,
		carries: true,
	};

	/// The accumulator's coefficient.
	pub fn current(&self, limbs: &Limbs) -> i128 {
		let bits = match self.limb_use {
			LimbUse::Step => limbs.row_bits(),
			LimbUse::Spread => limbs.row_bits() + u32::from(limbs.count()),
			_ => 0,
		};
		if self.carries {
			-(1i128 << bits.min(126))
		} else {
			0
		}
	}
}

/// What a row does to a combination ([`combine`](super::gadgets::combine)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Combining {
	/// Nothing.
	#[default]
	Unused,
	/// Starts one with the first value.
	Start,
	/// Multiplies it by the challenge and adds the next value.
	Next,
	/// Keeps it for a row below.
	Hold,
	/// Starts one with the row's lanes.
	StartPacked,
	/// Goes on with the row's lanes.
	NextPacked,
}

impl Combining {
	/// The first one's start, or a later one's step.
	pub fn of(position: usize) -> Self {
		if position == 0 {
			Self::Start
		} else {
			Self::Next
		}
	}

	/// Whether it adds a value.
	pub fn takes(self) -> bool {
		matches!(self, Self::Start | Self::Next)
	}
}

/// One row, as integers. Missing weights and values are zero.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
	/// Coefficient w_j of each lane.
	pub weights: Vec<i128>,
	/// Coefficient of the accumulator.
	pub current: i128,
	/// Coefficient of the accumulator of the row before.
	pub previous: i128,
	/// Constant summand.
	pub constant: i128,
	/// Coefficient of the products of pairs of lanes.
	pub product: i128,
	/// Use of the limbs.
	pub limb_use: LimbUse,
	/// Number of the function that the first three lanes are looked up in; 0 for none.
	pub function: i128,
	/// Whether the accumulator interpolates that function.
	pub interpolate: bool,
	/// Lanes a_j.
	pub values: Vec<i128>,
	/// The accumulator s.
	pub accumulator: i128,
	/// Limbs r_i.
	pub limbs: Vec<i128>,
	/// The sign σ.
	pub sign: i128,
	/// Combination of the sums that are deferred.
	pub sums: Combining,
	/// Coefficient of the deferred sum, 0 if there is none.
	pub factor: i128,
	/// The deferred sum times its coefficient.
	pub deferred: i128,
	/// Combination of the accumulators.
	pub values_combined: Combining,
	/// Whether lanes hold hidden inputs.
	pub input: bool,
}

impl Row {
	/// What the row does.
	pub fn kind(&self) -> RowKind {
		RowKind {
			limb_use: self.limb_use,
			carries: self.current != 0,
		}
	}
}

/// What says which value a lane holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
	/// Another cell, the value's home: a copy constraint ties the lane to it.
	Copy(Cell),
	/// The prover: the lane is the value's home, and what binds it, if anything does, are the gates of its row.
	Fresh,
}

/// A cell that a row reads, and what it does with it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Operand {
	/// Where the value comes from.
	pub source: Source,
	/// Its weight.
	pub weight: i128,
	/// Its value.
	pub value: i128,
}

impl Operand {
	/// A copy of `home`, which holds `value`, with weight 0.
	pub fn copy(home: Cell, value: i128) -> Self {
		Self {
			source: Source::Copy(home),
			weight: 0,
			value,
		}
	}

	/// A value that is at home in this row, with weight 0.
	pub fn witness(value: i128) -> Self {
		Self {
			source: Source::Fresh,
			weight: 0,
			value,
		}
	}

	/// A zero: a copy of the one in row 0.
	pub fn zero() -> Self {
		Self::copy(ZERO, 0)
	}

	/// The same with another weight.
	pub fn times(self, weight: i128) -> Self {
		Self { weight, ..self }
	}
}

/// A row whose sum is complete, but not what becomes of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Open {
	/// The row: lanes, weights, the row before, the constant.
	pub row: Row,
	/// Lanes that are copies, and of what.
	pub copies: Vec<(usize, Cell)>,
	/// The sum.
	pub value: i128,
	/// Whether a coefficient, multiplied, exceeded 128 bits. [`layout::check`](crate::layout::check)
	/// refuses such layouts, and no key is made of what has such a row.
	pub overflows: bool,
}

impl Open {
	/// Multiplies the sum by 2^`bits`.
	pub fn scale(&mut self, bits: u32) {
		let row = &mut self.row;
		let others = [
			&mut row.previous,
			&mut row.constant,
			&mut row.product,
			&mut row.factor,
		];
		for coefficient in row.weights.iter_mut().chain(others) {
			match scaled(*coefficient, bits) {
				Some(scaled) => *coefficient = scaled,
				None => self.overflows = true,
			}
		}
		// The witness, which has no bits to lose where the coefficients have none: a prover who takes
		// wrong values gets wrong ones.
		row.deferred = row.deferred.wrapping_shl(bits);
		self.value = self.value.wrapping_shl(bits);
	}

	/// A row with a sum that a later phase checks; it is number `position` of those that are combined.
	pub fn deferred(sum: i128, position: usize) -> Self {
		Self {
			row: Row {
				sums: Combining::of(position),
				factor: 1,
				deferred: sum,
				..Row::default()
			},
			value: sum,
			..Self::default()
		}
	}

	/// Adds a constant.
	pub fn add(&mut self, constant: i128) {
		let sum = self.row.constant.checked_add(constant);
		self.overflows |= sum.is_none();
		self.row.constant = sum.unwrap_or_default();
		self.value = self.value.wrapping_add(constant);
	}

	/// A row that starts with the accumulator of the row before, `value`.
	pub fn previous(value: i128) -> Self {
		Self {
			row: Row {
				previous: 1,
				..Row::default()
			},
			value,
			..Self::default()
		}
	}

	/// Puts an operand into lane `lane`, which was kept free: [`Self::keep_free`].
	pub fn set(&mut self, lane: usize, operand: Operand) -> Result<(), TraceError> {
		let row = &mut self.row;
		let (Some(weight), Some(value)) = (row.weights.get_mut(lane), row.values.get_mut(lane))
		else {
			return Err(TraceError::NoLane { lane });
		};
		// What an operand is in, or is to be multiplied with, is not free.
		let is_read = self.copies.iter().any(|(copied, _)| *copied == lane);
		if *weight != 0 || is_read || row.product != 0 {
			return Err(TraceError::NoLane { lane });
		}
		*weight = operand.weight;
		*value = operand.value;
		self.read(lane, operand);
		Ok(())
	}

	/// Puts an operand into the next lane.
	pub fn push(&mut self, operand: Operand) {
		let lane = self.row.values.len();
		self.row.weights.resize(lane, 0);
		self.row.weights.push(operand.weight);
		self.row.values.push(operand.value);
		self.read(lane, operand);
	}

	/// Keeps the next `lanes` lanes free.
	pub fn keep_free(&mut self, lanes: usize) {
		for _ in 0..lanes {
			self.push(Operand::witness(0));
		}
	}

	/// What an operand in lane `lane` does to the sum and the copies.
	fn read(&mut self, lane: usize, operand: Operand) {
		self.value += operand.weight * operand.value;
		if let Source::Copy(home) = operand.source {
			self.copies.push((lane, home));
		}
	}
}

/// `coefficient` times 2^`bits`; nothing if that exceeds 128 bits.
fn scaled(coefficient: i128, bits: u32) -> Option<i128> {
	match coefficient {
		0 => Some(0),
		_ => coefficient.checked_mul(1i128.checked_shl(bits).filter(|factor| *factor > 0)?),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_coefficient_that_loses_bits_is_noticed() {
		let scaled = |coefficient: i128, bits| {
			let mut open = Open::default();
			open.push(Operand::witness(1).times(coefficient));
			open.scale(bits);
			(!open.overflows).then_some(open.row.weights[0])
		};
		assert_eq!(scaled(-(1 << 40), 86), Some(-(1 << 126)));
		// As integers of 128 bits, both of these are -2^127.
		assert_eq!(scaled(-(1 << 40), 87), Some(i128::MIN));
		assert_eq!(scaled(1 << 40, 87), None);
		assert_eq!(scaled(3, 126), None);
		assert_eq!(scaled(1, 127), None);
		assert_eq!(scaled(1, 1_000), None);
		assert_eq!(scaled(0, 1_000), Some(0));
	}

	#[test]
	fn an_operand_finds_a_lane_that_was_kept_free_or_none() {
		let mut open = Open::default();
		open.keep_free(1);
		assert_eq!(open.set(0, Operand::copy(ZERO, 3).times(2)), Ok(()));
		assert_eq!((open.value, &open.copies[..]), (6, &[(0, ZERO)][..]));
		let missing = open.set(1, Operand::copy(ZERO, 3));
		assert_eq!(missing, Err(TraceError::NoLane { lane: 1 }));
		// One that holds something, or is multiplied with another, is not free.
		let again = open.set(0, Operand::witness(1));
		assert_eq!(again, Err(TraceError::NoLane { lane: 0 }));
		let mut product = Open::default();
		product.keep_free(2);
		product.row.product = 1;
		let multiplied = product.set(0, Operand::witness(1));
		assert_eq!(multiplied, Err(TraceError::NoLane { lane: 0 }));
	}
}
