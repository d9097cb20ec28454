//! The artifact's byte code for expressions, compiled to a plan's program.
//!
//! A block is a list of operations whose results the EVM verifier stores one after the other in
//! scratch memory: 0 loads an evaluation of the proof, 1 negates, 2 adds, 3 multiplies; operands
//! are 16-bit addresses of earlier results, constants, circuit challenges or the instance column's
//! evaluation. In lookups, 4 ends the block with the addresses of the tuple's values. A block may
//! only read its own earlier results, so it has no cycles.
//!
//! [`Compiler`] turns such a graph into stack code: each result that is used is computed once, and
//! kept if it is used again. Dead results vanish.

use super::{header::Header, openings::Queries, words::Packed, words::Words, Evaluation, VkaError};
use crate::{
	limits,
	plan::{expression::Instruction, limit_usize, ColumnKind},
};
use alloc::vec::Vec;

const WHAT: &str = "expressions";

/// What addresses mean.
#[derive(Clone, Copy)]
pub(crate) struct Space<'a> {
	pub header: &'a Header,
	pub queries: &'a Queries,
}

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operand {
	/// An earlier result of the block.
	Result(usize),
	/// A constant.
	Constant(u16),
	/// A challenge of the circuit.
	Challenge(u16),
	/// The instance column at the current row.
	Instance,
}

/// An operation of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
	Load(Evaluation),
	Negate(Operand),
	Add(Operand, Operand),
	Multiply(Operand, Operand),
}

impl Operation {
	/// Its operands.
	fn operands(&self) -> [Option<Operand>; 2] {
		match *self {
			Self::Load(_) => [None, None],
			Self::Negate(a) => [Some(a), None],
			Self::Add(a, b) | Self::Multiply(a, b) => [Some(a), Some(b)],
		}
	}
}

impl Space<'_> {
	/// Reads a block whose results start at address `base`. Returns its operations and, in a
	/// lookup's block, its values; the word after it is next.
	pub(crate) fn block(
		&self,
		packed: &mut Packed<'_>,
		base: u32,
	) -> Result<(Vec<Operation>, Vec<Operand>), VkaError> {
		let start = packed.word();
		let words = usize::from(packed.byte(WHAT)?);
		if words == 0 {
			return Err(VkaError::OutOfRange {
				what: WHAT,
				word: start,
			});
		}
		let mut operations = Vec::new();
		let mut values = Vec::new();
		for index in 0..words {
			if index > 0 {
				packed.next_word();
			}
			while !packed.is_done()? {
				let code = packed.byte(WHAT)?;
				if code == 4 {
					let left = words.saturating_sub(index);
					values = self.values(packed, base, operations.len(), left)?;
					packed.next_word();
					return Ok((operations, values));
				}
				operations.push(self.operation(packed, base, operations.len(), code)?);
			}
		}
		packed.next_word();
		Ok((operations, core::mem::take(&mut values)))
	}

	/// Reads an operation's operands.
	fn operation(
		&self,
		packed: &mut Packed<'_>,
		base: u32,
		results: usize,
		code: u8,
	) -> Result<Operation, VkaError> {
		Ok(match code {
			0 => {
				let address = u32::from(packed.short(WHAT)?);
				let index = self.header.evaluation(address);
				let evaluation = index.and_then(|index| self.queries.evaluation(index));
				Operation::Load(evaluation.ok_or(VkaError::BadAddress {
					what: "evaluation of a column",
					word: packed.word(),
					got: address,
				})?)
			},
			1 => Operation::Negate(self.operand(packed, base, results)?),
			2 | 3 => {
				let left = self.operand(packed, base, results)?;
				let right = self.operand(packed, base, results)?;
				if code == 2 {
					Operation::Add(left, right)
				} else {
					Operation::Multiply(left, right)
				}
			},
			_ => {
				return Err(VkaError::OutOfRange {
					what: "an operation",
					word: packed.word(),
				})
			},
		})
	}

	/// Reads the values of a tuple: a byte with the number of words that they lie in, then their
	/// addresses. `left` words are left in the block, this one included.
	fn values(
		&self,
		packed: &mut Packed<'_>,
		base: u32,
		results: usize,
		left: usize,
	) -> Result<Vec<Operand>, VkaError> {
		let words = usize::from(packed.byte(WHAT)?);
		if words != left {
			return Err(VkaError::OutOfRange {
				what: "words of a tuple",
				word: packed.word(),
			});
		}
		let mut values = Vec::new();
		for index in 0..words {
			if index > 0 {
				packed.next_word();
			}
			while !packed.is_done()? {
				values.push(self.operand(packed, base, results)?);
			}
		}
		Ok(values)
	}

	/// Reads an operand's address and resolves it.
	fn operand(
		&self,
		packed: &mut Packed<'_>,
		base: u32,
		results: usize,
	) -> Result<Operand, VkaError> {
		let address = u32::from(packed.short(WHAT)?);
		let small = |index: usize| u16::try_from(index).ok();
		let result = address
			.checked_sub(base)
			.filter(|offset| offset.is_multiple_of(32))
			.map(|offset| limit_usize(offset / 32))
			.filter(|index| *index < results);
		let operand = if let Some(index) = result {
			Some(Operand::Result(index))
		} else if let Some(index) = self.header.constant(address) {
			small(index).map(Operand::Constant)
		} else if let Some(index) = self.header.challenge(address) {
			small(index).map(Operand::Challenge)
		} else if self.header.instance_address() == Some(address) {
			Some(Operand::Instance)
		} else {
			None
		};
		operand.ok_or(VkaError::BadAddress {
			what: "operand that is there before it is used",
			word: packed.word(),
			got: address,
		})
	}
}

/// Reads the gates, compiles them, and returns their number.
pub(crate) fn gates(
	words: &Words<'_>,
	space: &Space<'_>,
	compiler: &mut Compiler,
) -> Result<u32, VkaError> {
	let header = space.header;
	let bytes = words.number(header.gates, "gates")?;
	if !bytes.is_multiple_of(32) {
		return Err(VkaError::OutOfRange {
			what: "gates",
			word: header.gates,
		});
	}
	let gates = bytes / 32;
	let mut packed = words.packed(header.gates.saturating_add(1));
	for _ in 0..gates {
		let word = packed.word();
		if word >= header.permutation {
			return Err(VkaError::Layout {
				what: "there are fewer gates than stated",
			});
		}
		let (operations, values) = space.block(&mut packed, header.end_address)?;
		let last = operations.len().checked_sub(1);
		let (Some(last), true) = (last, values.is_empty()) else {
			return Err(VkaError::OutOfRange { what: WHAT, word });
		};
		compiler.outputs(&operations, &[Operand::Result(last)])?;
	}
	if packed.word() == header.permutation {
		Ok(gates)
	} else {
		Err(VkaError::Layout {
			what: "the permutation does not follow the gates",
		})
	}
}

/// Compiles blocks to one program.
#[derive(Default)]
pub(crate) struct Compiler {
	pub program: Vec<Instruction>,
	/// Values kept so far.
	locals: u16,
}

/// A step of the compilation, on a stack of its own so that no block is too deep.
#[derive(Clone, Copy)]
enum Step {
	Evaluate(Operand),
	Emit(Instruction),
	Keep(usize),
}

impl Compiler {
	/// Compiles a block's values, each as the program's next output.
	pub(crate) fn outputs(
		&mut self,
		operations: &[Operation],
		values: &[Operand],
	) -> Result<(), VkaError> {
		let internal = VkaError::Layout {
			what: "an operand is used before it is there",
		};
		let uses = uses(operations, values).ok_or(internal)?;
		let depths = depths(operations).ok_or(internal)?;
		let depth = |operand: Operand| match operand {
			Operand::Result(index) => depths.get(index).copied().unwrap_or(1),
			_ => 1,
		};
		let mut kept: Vec<Option<u16>> = alloc::vec![None; operations.len()];
		let mut steps = Vec::new();
		for value in values {
			steps.push(Step::Emit(Instruction::Output));
			steps.push(Step::Evaluate(*value));
			while let Some(step) = steps.pop() {
				if self.program.len() > limit_usize(limits::MAX_INSTRUCTIONS) {
					return Err(VkaError::Unsupported {
						what: "more operations than a plan may have",
					});
				}
				let index = match step {
					Step::Emit(instruction) => {
						self.program.push(instruction);
						continue;
					},
					Step::Keep(index) => {
						*kept.get_mut(index).ok_or(internal)? = Some(self.locals);
						self.locals = self.locals.checked_add(1).ok_or(VkaError::Unsupported {
							what: "more values that are used again than a plan may keep",
						})?;
						self.program.push(Instruction::Keep);
						continue;
					},
					Step::Evaluate(Operand::Result(index)) => index,
					Step::Evaluate(Operand::Constant(index)) => {
						self.program.push(Instruction::Constant(index));
						continue;
					},
					Step::Evaluate(Operand::Challenge(index)) => {
						self.program.push(Instruction::Challenge(index));
						continue;
					},
					Step::Evaluate(Operand::Instance) => {
						self.program.push(Instruction::Instance(0));
						continue;
					},
				};
				if let Some(local) = kept.get(index).copied().flatten() {
					self.program.push(Instruction::Local(local));
					continue;
				}
				let operation = operations.get(index).ok_or(internal)?;
				if let Operation::Load(evaluation) = operation {
					// As short as reading a local.
					self.program.push(load(evaluation)?);
					continue;
				}
				if uses.get(index).copied().unwrap_or_default() > 1 {
					steps.push(Step::Keep(index));
				}
				match *operation {
					Operation::Load(_) => {},
					Operation::Negate(operand) => {
						steps.push(Step::Emit(Instruction::Negate));
						steps.push(Step::Evaluate(operand));
					},
					Operation::Multiply(factor, Operand::Constant(index))
					| Operation::Multiply(Operand::Constant(index), factor) => {
						steps.push(Step::Emit(Instruction::Scale(index)));
						steps.push(Step::Evaluate(factor));
					},
					Operation::Add(left, right) | Operation::Multiply(left, right) => {
						let instruction = match operation {
							Operation::Add(..) => Instruction::Add,
							_ => Instruction::Multiply,
						};
						// The operand that needs more stack first.
						let (first, second) = if depth(left) >= depth(right) {
							(left, right)
						} else {
							(right, left)
						};
						steps.push(Step::Emit(instruction));
						steps.push(Step::Evaluate(second));
						steps.push(Step::Evaluate(first));
					},
				}
			}
		}
		Ok(())
	}
}

/// The instruction that reads an evaluation.
fn load(evaluation: &Evaluation) -> Result<Instruction, VkaError> {
	match evaluation.kind {
		ColumnKind::Advice => Ok(Instruction::Advice(evaluation.query)),
		ColumnKind::Fixed => Ok(Instruction::Fixed(evaluation.query)),
		ColumnKind::Instance => Err(VkaError::Unsupported {
			what: "an opened instance column",
		}),
	}
}

/// How often each result is used by results that are used themselves; `None` if an operand does
/// not come before its use.
fn uses(operations: &[Operation], values: &[Operand]) -> Option<Vec<u32>> {
	let mut uses = alloc::vec![0u32; operations.len()];
	for value in values {
		if let Operand::Result(index) = value {
			let slot = uses.get_mut(*index)?;
			*slot = slot.saturating_add(1);
		}
	}
	for (index, operation) in operations.iter().enumerate().rev() {
		if uses.get(index).copied()? == 0 {
			continue;
		}
		for operand in operation.operands().into_iter().flatten() {
			if let Operand::Result(earlier) = operand {
				if earlier >= index {
					return None;
				}
				let slot = uses.get_mut(earlier)?;
				*slot = slot.saturating_add(1);
			}
		}
	}
	Some(uses)
}

/// Stack that each result needs, if the operand that needs more comes first.
fn depths(operations: &[Operation]) -> Option<Vec<usize>> {
	let mut depths: Vec<usize> = Vec::with_capacity(operations.len());
	for operation in operations {
		let depth = |operand: Operand| match operand {
			Operand::Result(index) => depths.get(index).copied(),
			_ => Some(1),
		};
		let needed = match operation.operands() {
			[Some(left), Some(right)] => {
				let (left, right) = (depth(left)?, depth(right)?);
				left.max(right).max(left.min(right).saturating_add(1))
			},
			[Some(operand), None] => depth(operand)?,
			_ => 1,
		};
		depths.push(needed);
	}
	Some(depths)
}
