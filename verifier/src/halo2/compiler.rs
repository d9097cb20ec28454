//! Constraints of a circuit as a plan's program, whatever type their expressions have.

use super::{from_halo2, front_end::narrow, FrontEndError};
use crate::{
	encoding::scalar_to_bytes,
	plan::{expression::Instruction, ColumnKind, Lookup, Parts, Query},
	Scalar,
};
use halo2curves::bn256;
use std::collections::BTreeMap;

/// One step into an expression of type `E`.
pub(super) enum Node<'a, E> {
	Constant(bn256::Fr),
	/// A cell: kind of column, index of the column among its kind, rows after the current one.
	Cell(ColumnKind, usize, i32),
	/// A challenge of the circuit, by index.
	Challenge(usize),
	Negated(&'a E),
	Sum(&'a E, &'a E),
	Product(&'a E, &'a E),
	Scaled(&'a E, bn256::Fr),
}

/// Compiles expressions to the program, and collects its constants.
pub(super) struct Compiler<F> {
	/// Index of each query, by kind, column, rotation.
	queries: BTreeMap<(ColumnKind, usize, i32), usize>,
	/// Reads one step of an expression.
	node: F,
	constants: Vec<Scalar>,
	constant_indices: BTreeMap<[u8; 32], usize>,
}

/// A compiled expression.
struct Code {
	program: Vec<Instruction>,
	/// Stack that it needs.
	stack: usize,
}

impl Code {
	fn leaf(instruction: Instruction) -> Self {
		Self {
			program: vec![instruction],
			stack: 1,
		}
	}

	fn then(mut self, instruction: Instruction) -> Self {
		self.program.push(instruction);
		self
	}

	/// Both operands of a commutative operation: the one that needs more stack first, so that the
	/// stack grows only with the logarithm of an expression's size.
	fn join(self, other: Self, operation: Instruction) -> Self {
		let (first, second) = if self.stack >= other.stack {
			(self, other)
		} else {
			(other, self)
		};
		let stack = first.stack.max(second.stack + 1);
		let mut program = first.program;
		program.extend(second.program);
		program.push(operation);
		Self { program, stack }
	}
}

impl<F> Compiler<F> {
	/// A compiler for a circuit with the queries of `parts`, whose expressions `node` reads.
	pub(super) fn new(parts: &Parts, node: F) -> Self {
		let kinds = [
			(ColumnKind::Advice, &parts.advice_queries),
			(ColumnKind::Fixed, &parts.fixed_queries),
			(ColumnKind::Instance, &parts.instance_queries),
		];
		let key = |kind, query: &Query| (kind, query.column.into(), query.rotation.into());
		let queries = kinds.into_iter().flat_map(|(kind, queries)| {
			let indexed = queries.iter().enumerate();
			indexed.map(move |(index, query)| (key(kind, query), index))
		});
		Self {
			queries: queries.collect(),
			node,
			constants: Vec::new(),
			constant_indices: BTreeMap::new(),
		}
	}

	/// Fills in the program and what belongs to it: `gates`, then for each of `lookups` its inputs
	/// and its table's columns. Successive lookups in the same table become one with up to
	/// `inputs_per_lookup` inputs.
	pub(super) fn compile<'a, E, T>(
		mut self,
		gates: impl Iterator<Item = &'a E>,
		lookups: impl Iterator<Item = (T, T)>,
		inputs_per_lookup: u8,
		mut parts: Parts,
	) -> Result<Parts, FrontEndError>
	where
		E: 'a,
		T: ExactSizeIterator<Item = &'a E>,
		F: Fn(&'a E) -> Result<Node<'a, E>, FrontEndError>,
	{
		let mut count = 0usize;
		for gate in gates {
			parts.program.extend(self.output(gate)?);
			count += 1;
		}
		parts.gates = narrow("gate constraints", count)?;
		// The last lookup's table, which follows its inputs.
		let mut last_table: Vec<Instruction> = Vec::new();
		for (input, table) in lookups {
			let width = narrow("lookup width", input.len())?;
			let input = self.outputs(input)?;
			let table = self.outputs(table)?;
			match parts.lookups.last_mut() {
				Some(last)
					if last.inputs < inputs_per_lookup
						&& last.width == width
						&& last_table == table =>
				{
					last.inputs += 1;
				},
				_ => {
					parts.program.append(&mut last_table);
					parts.lookups.push(Lookup { inputs: 1, width });
					last_table = table;
				},
			}
			parts.program.extend(input);
		}
		parts.program.append(&mut last_table);
		parts.constants = self.constants;
		Ok(parts)
	}

	/// The code of several outputs.
	fn outputs<'a, E: 'a>(
		&mut self,
		expressions: impl Iterator<Item = &'a E>,
	) -> Result<Vec<Instruction>, FrontEndError>
	where
		F: Fn(&'a E) -> Result<Node<'a, E>, FrontEndError>,
	{
		let mut program = Vec::new();
		for expression in expressions {
			program.extend(self.output(expression)?);
		}
		Ok(program)
	}

	fn output<'a, E>(&mut self, expression: &'a E) -> Result<Vec<Instruction>, FrontEndError>
	where
		F: Fn(&'a E) -> Result<Node<'a, E>, FrontEndError>,
	{
		Ok(self
			.expression(expression)?
			.then(Instruction::Output)
			.program)
	}

	fn expression<'a, E>(&mut self, expression: &'a E) -> Result<Code, FrontEndError>
	where
		F: Fn(&'a E) -> Result<Node<'a, E>, FrontEndError>,
	{
		Ok(match (self.node)(expression)? {
			Node::Constant(value) => Code::leaf(Instruction::Constant(self.constant(value)?)),
			Node::Cell(kind, column, rotation) => {
				let index = self.queries.get(&(kind, column, rotation)).copied();
				let index = index.ok_or(FrontEndError::UnknownQuery { column, rotation })?;
				let query = narrow("query", index)?;
				Code::leaf(match kind {
					ColumnKind::Advice => Instruction::Advice(query),
					ColumnKind::Fixed => Instruction::Fixed(query),
					ColumnKind::Instance => Instruction::Instance(query),
				})
			},
			Node::Challenge(index) => {
				Code::leaf(Instruction::Challenge(narrow("challenge", index)?))
			},
			Node::Negated(inner) => self.expression(inner)?.then(Instruction::Negate),
			Node::Sum(left, right) => self
				.expression(left)?
				.join(self.expression(right)?, Instruction::Add),
			Node::Product(left, right) => self
				.expression(left)?
				.join(self.expression(right)?, Instruction::Multiply),
			Node::Scaled(inner, factor) => {
				let factor = self.constant(factor)?;
				self.expression(inner)?.then(Instruction::Scale(factor))
			},
		})
	}

	/// The index of a constant, added if it is new.
	fn constant(&mut self, value: bn256::Fr) -> Result<u16, FrontEndError> {
		let value = from_halo2(value);
		let constants = &mut self.constants;
		let index = *self
			.constant_indices
			.entry(scalar_to_bytes(&value))
			.or_insert_with(|| {
				constants.push(value);
				constants.len() - 1
			});
		narrow("constants", index)
	}
}
