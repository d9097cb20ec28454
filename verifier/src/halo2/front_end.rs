//! Plans from halo2's verifying keys.

use super::{from_halo2, transcript::point_bytes};
use crate::{
	domain::Domain,
	encoding::{point_from_bytes, scalar_to_bytes},
	plan::{
		expression::Instruction, limit_usize, AccumulatorLayout, ColumnKind, Lookup,
		LookupArgument, Parts, PermutationColumn, Plan, PlanError, Query, TranscriptKind,
	},
	Scalar,
};
use ark_ec::AffineRepr as _;
use core::fmt;
use halo2_proofs::{
	plonk::{Any, Column, ConstraintSystem, Expression, VerifyingKey},
	poly::Rotation,
};
use halo2curves::bn256;
use inference_bn254::G1Affine;
use std::{collections::BTreeMap, num::NonZeroU8};

/// Why a halo2 verifying key has no plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrontEndError {
	/// Numbers of public inputs are not given for each instance column.
	InstanceColumns {
		/// The circuit's number.
		expected: usize,
		/// How many numbers were given.
		got: usize,
	},
	/// A virtual selector is left in an expression: the key is not from halo2's key generation.
	Selector {
		/// Its index.
		index: usize,
	},
	/// An expression reads a cell that the constraint system does not query.
	UnknownQuery {
		/// Index of the column among its kind.
		column: usize,
		/// Rows after the current one.
		rotation: i32,
	},
	/// A number that the plan's encoding cannot hold.
	TooLarge {
		/// Which.
		what: &'static str,
		/// Its value.
		got: i128,
	},
	/// A commitment is not a point of the curve.
	BadPoint,
	/// The key's number of blinding factors is not the one that follows from its queries.
	BlindingFactors {
		/// What follows.
		expected: usize,
		/// The key's.
		got: usize,
	},
	/// The key's domain has another generator.
	Domain {
		/// The key's k.
		k: u32,
	},
	/// The plan is over a limit or invalid.
	Plan(PlanError),
}

impl fmt::Display for FrontEndError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::InstanceColumns { expected, got } => {
				write!(
					f,
					"the circuit has {expected} instance columns, sizes were given for {got}"
				)
			},
			Self::Selector { index } => write!(f, "selector {index} was not made a fixed column"),
			Self::UnknownQuery { column, rotation } => {
				write!(
					f,
					"column {column} at rotation {rotation} is read but not queried"
				)
			},
			Self::TooLarge { what, got } => write!(f, "{what} is too large: {got}"),
			Self::BadPoint => write!(f, "a commitment of the key is not on the curve"),
			Self::BlindingFactors { expected, got } => {
				write!(f, "expected {expected} blinding factors, the key has {got}")
			},
			Self::Domain { k } => write!(f, "the key's domain for k = {k} is not BN254's"),
			Self::Plan(error) => write!(f, "{error}"),
		}
	}
}

impl std::error::Error for FrontEndError {
	fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
		match self {
			Self::Plan(error) => Some(error),
			_ => None,
		}
	}
}

impl From<PlanError> for FrontEndError {
	fn from(error: PlanError) -> Self {
		Self::Plan(error)
	}
}

/// The plan of a verifying key made by the key generation of any `halo2-axiom` circuit, ours or
/// not (snark-verifier's aggregation circuits are such: `accumulator` says where their public
/// inputs hold the deferred check). Proofs have exactly `instance_columns[i]` values in instance
/// column i.
pub fn plan_from_vk(
	vk: &VerifyingKey<bn256::G1Affine>,
	instance_columns: &[u32],
	accumulator: Option<AccumulatorLayout>,
) -> Result<Plan, FrontEndError> {
	let cs = vk.cs();
	let domain = vk.get_domain();
	let k = domain.k();
	let mut parts = parts_from_constraint_system(cs, narrow("k", k)?, instance_columns, None)?;
	// From the key, not from `cs.degree()`, which also depends on the environment.
	parts.degree = narrow("degree", domain.get_quotient_poly_degree() + 1)?;
	parts.accumulator = accumulator;
	parts.transcript_repr = from_halo2(vk.transcript_repr());
	parts.fixed_commitments = vk
		.fixed_commitments()
		.iter()
		.map(point_from_halo2)
		.collect::<Result<_, _>>()?;
	for (column, commitment) in parts
		.permutation
		.iter_mut()
		.zip(vk.permutation().commitments())
	{
		column.commitment = point_from_halo2(commitment)?;
	}
	let blinding_factors = limit_usize(crate::plan::blinding_factors(&parts));
	if blinding_factors != cs.blinding_factors() {
		return Err(FrontEndError::BlindingFactors {
			expected: blinding_factors,
			got: cs.blinding_factors(),
		});
	}
	let omega = from_halo2(domain.get_omega());
	if Domain::new(parts.k).map(|d| d.omega()) != Some(omega) {
		return Err(FrontEndError::Domain { k });
	}
	Ok(Plan::from_parts(parts)?)
}

/// What a plan states of a constraint system, before there are commitments: those of its fixed
/// columns and permutation are the identity, the degree is the least that holds its constraints.
///
/// Without `inputs_per_lookup`, lookups are permuted ones, as halo2's prover makes them. With it,
/// they are logarithmic derivatives, for provers of our own: successive lookups in the same table
/// share an argument, up to that many. Selectors are refused, since only halo2's key generation
/// makes columns of them.
pub fn parts_from_constraint_system(
	cs: &ConstraintSystem<bn256::Fr>,
	k: u8,
	instance_columns: &[u32],
	inputs_per_lookup: Option<NonZeroU8>,
) -> Result<Parts, FrontEndError> {
	if cs.num_instance_columns() != instance_columns.len() {
		return Err(FrontEndError::InstanceColumns {
			expected: cs.num_instance_columns(),
			got: instance_columns.len(),
		});
	}
	let parts = Parts {
		transcript: TranscriptKind::Blake2b,
		k,
		degree: 3,
		instance_columns: instance_columns.to_vec(),
		accumulator: None,
		transcript_repr: Scalar::default(),
		advice_phases: cs.advice_column_phase(),
		challenge_phases: cs.challenge_phase(),
		advice_queries: queries(cs.advice_queries())?,
		instance_queries: queries(cs.instance_queries())?,
		fixed_queries: queries(cs.fixed_queries())?,
		fixed_commitments: vec![G1Affine::zero(); cs.num_fixed_columns()],
		permutation: permutation(cs)?,
		constants: Vec::new(),
		gates: 0,
		lookup_argument: match inputs_per_lookup {
			None => LookupArgument::Permuted,
			Some(_) => LookupArgument::LogDerivative,
		},
		lookups: Vec::new(),
		program: Vec::new(),
	};
	let inputs = inputs_per_lookup.map_or(1, NonZeroU8::get);
	let mut parts = Compiler::new(cs).compile(cs, parts, inputs)?;
	let needed = crate::plan::expression::check(&parts)?;
	parts.degree = narrow("degree", needed)?;
	Ok(parts)
}

/// Converts a number to the plan's type for it.
fn narrow<T, U>(what: &'static str, number: T) -> Result<U, FrontEndError>
where
	T: Copy + TryInto<U> + TryInto<i128>,
{
	number.try_into().map_err(|_| FrontEndError::TooLarge {
		what,
		got: number.try_into().unwrap_or(i128::MAX),
	})
}

fn queries<C: Copy + halo2_proofs::plonk::ColumnType>(
	queries: &[(Column<C>, Rotation)],
) -> Result<Vec<Query>, FrontEndError> {
	let convert = |(column, rotation): &(Column<C>, Rotation)| {
		Ok(Query {
			column: narrow("column", column.index())?,
			rotation: narrow("rotation", rotation.0)?,
		})
	};
	queries.iter().map(convert).collect()
}

/// The same point for the verifier.
pub fn point_from_halo2(point: &bn256::G1Affine) -> Result<G1Affine, FrontEndError> {
	let bytes = point_bytes(point).map_err(|_| FrontEndError::BadPoint)?;
	point_from_bytes(&bytes).map_err(|_| FrontEndError::BadPoint)
}

/// The permutation's columns, without commitments.
fn permutation(cs: &ConstraintSystem<bn256::Fr>) -> Result<Vec<PermutationColumn>, FrontEndError> {
	let convert = |column: &Column<Any>| {
		Ok(PermutationColumn {
			kind: match column.column_type() {
				Any::Advice(_) => ColumnKind::Advice,
				Any::Fixed => ColumnKind::Fixed,
				Any::Instance => ColumnKind::Instance,
			},
			index: narrow("permutation column", column.index())?,
			commitment: G1Affine::zero(),
		})
	};
	cs.permutation().get_columns().iter().map(convert).collect()
}

/// Compiles expressions to the program, and collects its constants.
struct Compiler {
	/// Index of each query, by kind, column, rotation.
	queries: BTreeMap<(ColumnKind, usize, i32), usize>,
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

impl Compiler {
	fn new(cs: &ConstraintSystem<bn256::Fr>) -> Self {
		let advice = cs.advice_queries().iter().enumerate();
		let fixed = cs.fixed_queries().iter().enumerate();
		let instance = cs.instance_queries().iter().enumerate();
		let queries = advice
			.map(|(i, (c, r))| ((ColumnKind::Advice, c.index(), r.0), i))
			.chain(fixed.map(|(i, (c, r))| ((ColumnKind::Fixed, c.index(), r.0), i)))
			.chain(instance.map(|(i, (c, r))| ((ColumnKind::Instance, c.index(), r.0), i)))
			.collect();
		Self {
			queries,
			constants: Vec::new(),
			constant_indices: BTreeMap::new(),
		}
	}

	/// Fills in the program and what belongs to it: with `inputs` above 1, successive lookups in
	/// the same table become one with up to that many inputs.
	fn compile(
		mut self,
		cs: &ConstraintSystem<bn256::Fr>,
		mut parts: Parts,
		inputs: u8,
	) -> Result<Parts, FrontEndError> {
		let gates = cs.gates().iter().flat_map(|gate| gate.polynomials());
		let mut count = 0usize;
		for gate in gates {
			parts.program.extend(self.output(gate)?);
			count += 1;
		}
		parts.gates = narrow("gate constraints", count)?;
		// The last lookup's table, which follows its inputs.
		let mut table: Vec<Instruction> = Vec::new();
		for lookup in cs.lookups() {
			let width = narrow("lookup width", lookup.input_expressions().len())?;
			let input = self.outputs(lookup.input_expressions())?;
			let next = self.outputs(lookup.table_expressions())?;
			match parts.lookups.last_mut() {
				Some(last) if last.inputs < inputs && last.width == width && next == table => {
					last.inputs += 1;
				},
				_ => {
					parts.program.append(&mut table);
					parts.lookups.push(Lookup { inputs: 1, width });
					table = next;
				},
			}
			parts.program.extend(input);
		}
		parts.program.append(&mut table);
		parts.constants = self.constants;
		Ok(parts)
	}

	/// The code of several outputs.
	fn outputs(
		&mut self,
		expressions: &[Expression<bn256::Fr>],
	) -> Result<Vec<Instruction>, FrontEndError> {
		let mut program = Vec::new();
		for expression in expressions {
			program.extend(self.output(expression)?);
		}
		Ok(program)
	}

	fn output(
		&mut self,
		expression: &Expression<bn256::Fr>,
	) -> Result<Vec<Instruction>, FrontEndError> {
		Ok(self
			.expression(expression)?
			.then(Instruction::Output)
			.program)
	}

	fn expression(&mut self, expression: &Expression<bn256::Fr>) -> Result<Code, FrontEndError> {
		let query = |kind, column, rotation: Rotation, queries: &BTreeMap<_, usize>| {
			let index = queries.get(&(kind, column, rotation.0)).copied();
			let index = index.ok_or(FrontEndError::UnknownQuery {
				column,
				rotation: rotation.0,
			})?;
			narrow::<usize, u16>("query", index)
		};
		Ok(match expression {
			Expression::Constant(value) => Code::leaf(Instruction::Constant(self.constant(value)?)),
			Expression::Selector(selector) => {
				return Err(FrontEndError::Selector {
					index: selector.index(),
				});
			},
			Expression::Fixed(cell) => Code::leaf(Instruction::Fixed(query(
				ColumnKind::Fixed,
				cell.column_index(),
				cell.rotation(),
				&self.queries,
			)?)),
			Expression::Advice(cell) => Code::leaf(Instruction::Advice(query(
				ColumnKind::Advice,
				cell.column_index(),
				cell.rotation(),
				&self.queries,
			)?)),
			Expression::Instance(cell) => Code::leaf(Instruction::Instance(query(
				ColumnKind::Instance,
				cell.column_index(),
				cell.rotation(),
				&self.queries,
			)?)),
			Expression::Challenge(challenge) => Code::leaf(Instruction::Challenge(narrow(
				"challenge",
				challenge.index(),
			)?)),
			Expression::Negated(inner) => self.expression(inner)?.then(Instruction::Negate),
			Expression::Sum(left, right) => self
				.expression(left)?
				.join(self.expression(right)?, Instruction::Add),
			Expression::Product(left, right) => self
				.expression(left)?
				.join(self.expression(right)?, Instruction::Multiply),
			Expression::Scaled(inner, factor) => {
				let factor = self.constant(factor)?;
				self.expression(inner)?.then(Instruction::Scale(factor))
			},
		})
	}

	/// The index of a constant, added if it is new.
	fn constant(&mut self, value: &bn256::Fr) -> Result<u16, FrontEndError> {
		let value = from_halo2(*value);
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
