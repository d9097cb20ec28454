//! Constraints as a flat program for a stack machine.
//!
//! Instructions push a value, or replace the top of the stack by a function of it, or keep a copy
//! of it for later, or take the only value on the stack as the next output. There are no jumps: a
//! program of m instructions takes m steps. [`check`] runs it once over degrees, when the plan is decoded; after that
//! [`run`] cannot fail.

use super::{ColumnKind, Parts, PlanError};
use crate::{limits, Scalar};
use alloc::vec::Vec;

/// One step. Encoded as its tag (in order of declaration, from 0), then its operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Instruction {
	/// Pushes a constant, by index.
	Constant(u16),
	/// Pushes the evaluation of an advice query, by index.
	Advice(u16),
	/// Pushes the evaluation of a fixed query, by index.
	Fixed(u16),
	/// Pushes the evaluation of an instance query, by index.
	Instance(u16),
	/// Pushes a challenge, by index.
	Challenge(u16),
	/// Replaces the two topmost values by their sum.
	Add,
	/// Replaces the two topmost values by their product.
	Multiply,
	/// Negates the topmost value.
	Negate,
	/// Multiplies the topmost value by a constant, by index.
	Scale(u16),
	/// Takes the one value on the stack as the next output.
	Output,
	/// Keeps a copy of the topmost value as the next local, counted from 0 over the program.
	Keep,
	/// Pushes a local that was kept before, by index.
	Local(u16),
}

/// A query of a column, by its index among the queries of that kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ColumnQuery {
	pub kind: ColumnKind,
	pub query: usize,
}

/// What a program reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
	pub constants: &'a [Scalar],
	pub advice: &'a [Scalar],
	pub fixed: &'a [Scalar],
	pub instance: &'a [Scalar],
	pub challenges: &'a [Scalar],
}

impl Values<'_> {
	/// The evaluation of a query.
	pub(crate) fn column(&self, query: &ColumnQuery) -> Option<Scalar> {
		let values = match query.kind {
			ColumnKind::Advice => self.advice,
			ColumnKind::Fixed => self.fixed,
			ColumnKind::Instance => self.instance,
		};
		values.get(query.query).copied()
	}
}

/// Outputs that the gates and lookups need.
pub(crate) fn outputs(parts: &Parts) -> u32 {
	parts.lookups.iter().fold(parts.gates, |sum, lookup| {
		let tuples = u32::from(lookup.inputs).saturating_add(1);
		sum.saturating_add(tuples.saturating_mul(u32::from(lookup.width)))
	})
}

/// Checks a program's operands, stack and outputs; returns the least degree of a constraint
/// system that holds its constraints.
pub(crate) fn check(parts: &Parts) -> Result<u32, PlanError> {
	let mut stack: Vec<u32> = Vec::with_capacity(limits::MAX_STACK);
	let mut degrees: Vec<u32> = Vec::new();
	let mut locals: Vec<u32> = Vec::new();
	for (index, instruction) in parts.program.iter().enumerate() {
		let underflow = PlanError::StackUnderflow { instruction: index };
		let push = match *instruction {
			Instruction::Constant(i) => operand("constant", i, parts.constants.len(), 0)?,
			Instruction::Challenge(i) => operand("challenge", i, parts.challenge_phases.len(), 0)?,
			Instruction::Advice(i) => operand("advice query", i, parts.advice_queries.len(), 1)?,
			Instruction::Fixed(i) => operand("fixed query", i, parts.fixed_queries.len(), 1)?,
			Instruction::Instance(i) => {
				operand("instance query", i, parts.instance_queries.len(), 1)?
			},
			Instruction::Add | Instruction::Multiply => {
				let (right, left) = (stack.pop().ok_or(underflow)?, stack.pop().ok_or(underflow)?);
				match instruction {
					Instruction::Add => left.max(right),
					_ => left.saturating_add(right),
				}
			},
			Instruction::Negate => stack.pop().ok_or(underflow)?,
			Instruction::Keep => {
				if locals.len() >= limits::MAX_LOCALS {
					return Err(PlanError::TooManyLocals { instruction: index });
				}
				locals.push(*stack.last().ok_or(underflow)?);
				continue;
			},
			Instruction::Local(i) => {
				operand("local", i, locals.len(), 0)?;
				locals.get(usize::from(i)).copied().unwrap_or(u32::MAX)
			},
			Instruction::Scale(i) => {
				operand("constant", i, parts.constants.len(), 0)?;
				stack.pop().ok_or(underflow)?
			},
			Instruction::Output => {
				degrees.push(stack.pop().ok_or(underflow)?);
				if !stack.is_empty() {
					return Err(PlanError::UnbalancedOutput { instruction: index });
				}
				continue;
			},
		};
		if stack.len() >= limits::MAX_STACK {
			return Err(PlanError::StackOverflow { instruction: index });
		}
		stack.push(push);
	}
	if !stack.is_empty() {
		return Err(PlanError::UnbalancedOutput {
			instruction: parts.program.len(),
		});
	}
	let (expected, got) = (outputs(parts), super::count(degrees.len()));
	if expected != got {
		return Err(PlanError::Outputs { expected, got });
	}
	Ok(needed_degree(parts, &degrees))
}

/// The least degree of a constraint system with these expressions.
fn needed_degree(parts: &Parts, degrees: &[u32]) -> u32 {
	let (gates, mut rest) = degrees
		.split_at_checked(super::limit_usize(parts.gates))
		.unwrap_or((degrees, &[]));
	let mut needed = gates.iter().copied().max().unwrap_or(0).max(3);
	for lookup in &parts.lookups {
		let width = usize::from(lookup.width);
		let all = width.saturating_mul(usize::from(lookup.inputs));
		let (inputs, tail) = rest.split_at_checked(all).unwrap_or((rest, &[]));
		let (table, tail) = tail.split_at_checked(width).unwrap_or((tail, &[]));
		rest = tail;
		let degree = |list: &[u32]| list.iter().copied().max().unwrap_or(1).max(1);
		// (1 − l_last − l_blind) · z · Π(input + β) · (table + γ), and likewise with φ; the
		// logarithmic derivative has no γ.
		let inputs = inputs
			.chunks(width.max(1))
			.fold(0u32, |sum, tuple| sum.saturating_add(degree(tuple)));
		needed = needed.max(inputs.saturating_add(degree(table)).saturating_add(2));
	}
	needed
}

/// Checks an operand and returns what it pushes.
fn operand(what: &'static str, index: u16, len: usize, degree: u32) -> Result<u32, PlanError> {
	super::below(what, index, len)?;
	Ok(degree)
}

/// Runs a checked program; `None` only if it was not checked.
pub(crate) fn run(program: &[Instruction], values: &Values<'_>) -> Option<Vec<Scalar>> {
	let mut stack: Vec<Scalar> = Vec::with_capacity(limits::MAX_STACK);
	let mut outputs = Vec::new();
	let mut locals: Vec<Scalar> = Vec::new();
	let read = |list: &[Scalar], index: u16| list.get(usize::from(index)).copied();
	for instruction in program {
		let value = match *instruction {
			Instruction::Constant(i) => read(values.constants, i)?,
			Instruction::Advice(i) => read(values.advice, i)?,
			Instruction::Fixed(i) => read(values.fixed, i)?,
			Instruction::Instance(i) => read(values.instance, i)?,
			Instruction::Challenge(i) => read(values.challenges, i)?,
			Instruction::Add => stack.pop()? + stack.pop()?,
			Instruction::Multiply => stack.pop()? * stack.pop()?,
			Instruction::Negate => -stack.pop()?,
			Instruction::Scale(i) => stack.pop()? * read(values.constants, i)?,
			Instruction::Output => {
				outputs.push(stack.pop()?);
				continue;
			},
			Instruction::Keep => {
				locals.push(*stack.last()?);
				continue;
			},
			Instruction::Local(i) => read(&locals, i)?,
		};
		stack.push(value);
	}
	Some(outputs)
}
