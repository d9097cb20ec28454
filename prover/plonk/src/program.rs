//! The plan's program, split into its expressions, and evaluated on many rows at once.

use crate::error::KeyError;
use halo2curves::bn256::Fr;
use inference_verifier::{
	halo2::to_halo2,
	plan::{expression::Instruction, ColumnKind, Parts, Query},
};
use std::{borrow::Cow, collections::BTreeSet, ops::Range};

/// Rows that are evaluated at a time: what fits the processor's first cache.
pub(crate) const CHUNK: usize = 256;

/// One output of the program.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
	code: Vec<Instruction>,
	/// Its degree in the columns.
	pub degree: u32,
	/// Columns that it reads.
	pub reads: BTreeSet<(ColumnKind, usize)>,
}

/// The program's expressions, and what they refer to.
#[derive(Clone, Debug)]
pub(crate) struct Program {
	pub expressions: Vec<Expression>,
	constants: Vec<Fr>,
	advice: Vec<(usize, i64)>,
	fixed: Vec<(usize, i64)>,
	instance: Vec<(usize, i64)>,
}

/// All columns' values on one domain, and the circuit's challenges. A column that is not needed
/// may be empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables<'a> {
	pub advice: &'a [Vec<Fr>],
	pub fixed: &'a [Cow<'a, [Fr]>],
	pub instance: &'a [Vec<Fr>],
	pub challenges: &'a [Fr],
}

/// A value on a range of rows.
enum Operand<'a> {
	Constant(Fr),
	Rows(&'a [Fr]),
	Owned(Vec<Fr>),
}

impl Program {
	/// Splits the program of `parts`, which the verifier has checked.
	pub(crate) fn new(parts: &Parts) -> Result<Self, KeyError> {
		let unsupported = |what| KeyError::Unsupported { what };
		let resolve = |queries: &[Query]| -> Vec<(usize, i64)> {
			let queries = queries.iter();
			queries
				.map(|q| (usize::from(q.column), i64::from(q.rotation)))
				.collect()
		};
		let mut expressions = Vec::new();
		let mut code = Vec::new();
		let mut degrees: Vec<u32> = Vec::new();
		let mut reads = BTreeSet::new();
		for instruction in &parts.program {
			let query = |queries: &[Query], index: u16, kind| {
				let query = queries.get(usize::from(index));
				query.map(|query| (kind, usize::from(query.column)))
			};
			let read = match *instruction {
				Instruction::Advice(i) => query(&parts.advice_queries, i, ColumnKind::Advice),
				Instruction::Fixed(i) => query(&parts.fixed_queries, i, ColumnKind::Fixed),
				Instruction::Instance(i) => query(&parts.instance_queries, i, ColumnKind::Instance),
				_ => None,
			};
			reads.extend(read);
			match *instruction {
				Instruction::Constant(_) | Instruction::Challenge(_) => degrees.push(0),
				Instruction::Advice(_) | Instruction::Fixed(_) | Instruction::Instance(_) => {
					degrees.push(1);
				},
				Instruction::Add | Instruction::Multiply => {
					let (b, a) = (degrees.pop().unwrap_or(0), degrees.pop().unwrap_or(0));
					degrees.push(match instruction {
						Instruction::Add => a.max(b),
						_ => a + b,
					});
				},
				Instruction::Negate | Instruction::Scale(_) => {},
				Instruction::Keep | Instruction::Local(_) => {
					return Err(unsupported("programs that keep values"));
				},
				Instruction::Output => {
					expressions.push(Expression {
						code: std::mem::take(&mut code),
						degree: degrees.pop().unwrap_or(0),
						reads: std::mem::take(&mut reads),
					});
					continue;
				},
			}
			code.push(*instruction);
		}
		Ok(Self {
			expressions,
			constants: parts.constants.iter().map(|c| to_halo2(*c)).collect(),
			advice: resolve(&parts.advice_queries),
			fixed: resolve(&parts.fixed_queries),
			instance: resolve(&parts.instance_queries),
		})
	}

	/// The values of expression `index` on `rows`, at most [`CHUNK`] of them. `None` if a column is
	/// missing.
	pub(crate) fn evaluate(
		&self,
		index: usize,
		tables: &Tables<'_>,
		rows: &Range<usize>,
	) -> Option<Vec<Fr>> {
		let mut stack: Vec<Operand<'_>> = Vec::new();
		for instruction in &self.expressions.get(index)?.code {
			let operand = match *instruction {
				Instruction::Constant(i) => Operand::Constant(*self.constants.get(usize::from(i))?),
				Instruction::Challenge(i) => {
					Operand::Constant(*tables.challenges.get(usize::from(i))?)
				},
				Instruction::Advice(i) => {
					let (column, rotation) = *self.advice.get(usize::from(i))?;
					read(tables.advice.get(column)?, rotation, rows)?
				},
				Instruction::Fixed(i) => {
					let (column, rotation) = *self.fixed.get(usize::from(i))?;
					read(tables.fixed.get(column)?, rotation, rows)?
				},
				Instruction::Instance(i) => {
					let (column, rotation) = *self.instance.get(usize::from(i))?;
					read(tables.instance.get(column)?, rotation, rows)?
				},
				Instruction::Add => {
					let (b, a) = (stack.pop()?, stack.pop()?);
					combine(a, b, |a, b| a + b)
				},
				Instruction::Multiply => {
					let (b, a) = (stack.pop()?, stack.pop()?);
					combine(a, b, |a, b| a * b)
				},
				Instruction::Negate => stack.pop()?.map(|a| -a),
				Instruction::Scale(i) => {
					let factor = *self.constants.get(usize::from(i))?;
					stack.pop()?.map(|a| a * factor)
				},
				Instruction::Output | Instruction::Keep | Instruction::Local(_) => return None,
			};
			stack.push(operand);
		}
		Some(match stack.pop()? {
			Operand::Constant(value) => vec![value; rows.len()],
			Operand::Rows(values) => values.to_vec(),
			Operand::Owned(values) => values,
		})
	}
}

/// Rows `rows` of a column, `rotation` rows later.
fn read<'a>(column: &'a [Fr], rotation: i64, rows: &Range<usize>) -> Option<Operand<'a>> {
	let size = i64::try_from(column.len()).ok().filter(|n| *n > 0)?;
	let start = i64::try_from(rows.start).ok()?;
	let start = usize::try_from((start + rotation).rem_euclid(size)).ok()?;
	let end = start + rows.len();
	if let Some(values) = column.get(start..end) {
		return Some(Operand::Rows(values));
	}
	let mut values = column.get(start..)?.to_vec();
	values.extend_from_slice(column.get(..end - column.len())?);
	Some(Operand::Owned(values))
}

impl<'a> Operand<'a> {
	fn map(self, f: impl Fn(Fr) -> Fr) -> Self {
		match self {
			Self::Constant(a) => Self::Constant(f(a)),
			Self::Rows(values) => Self::Owned(values.iter().map(|a| f(*a)).collect()),
			Self::Owned(mut values) => {
				values.iter_mut().for_each(|a| *a = f(*a));
				Self::Owned(values)
			},
		}
	}
}

/// A commutative operation.
fn combine<'a>(a: Operand<'a>, b: Operand<'a>, f: impl Fn(Fr, Fr) -> Fr) -> Operand<'a> {
	match (a, b) {
		(Operand::Constant(a), b) => b.map(|b| f(a, b)),
		(a, Operand::Constant(b)) => a.map(|a| f(a, b)),
		(Operand::Owned(mut a), Operand::Owned(b)) => {
			a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, b));
			Operand::Owned(a)
		},
		(Operand::Owned(mut a), Operand::Rows(b)) | (Operand::Rows(b), Operand::Owned(mut a)) => {
			a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b));
			Operand::Owned(a)
		},
		(Operand::Rows(a), Operand::Rows(b)) => {
			Operand::Owned(a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect())
		},
	}
}
