//! Plans from halo2's verifying keys.

use super::{
	compiler::{Compiler, Node},
	from_halo2,
	transcript::{point_bytes, read_point},
};
use crate::{
	domain::Domain,
	encoding::{point_from_bytes, point_to_bytes},
	plan::{
		limit_usize, AccumulatorLayout, ColumnKind, LookupArgument, Parts, PermutationColumn, Plan,
		PlanError, Query, TranscriptKind,
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
use std::num::NonZeroU8;

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
	/// A protocol is none that snark-verifier makes of a halo2 key, alone, for KZG.
	Protocol {
		/// Which part of it.
		what: &'static str,
	},
	/// A protocol states something else than what follows from the rest of it.
	ProtocolDiffers {
		/// Which list.
		what: &'static str,
		/// Index in it of the first difference.
		index: usize,
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
			Self::Protocol { what } => {
				write!(
					f,
					"the protocol's {what}: not that of one halo2 proof with KZG"
				)
			},
			Self::ProtocolDiffers { what, index } => {
				write!(f, "the protocol's {what} differ from halo2's at {index}")
			},
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
		.map(point)
		.collect::<Result<_, _>>()?;
	for (column, commitment) in parts
		.permutation
		.iter_mut()
		.zip(vk.permutation().commitments())
	{
		column.commitment = point(commitment)?;
	}
	let blinding_factors = limit_usize(crate::plan::blinding_factors(&parts));
	if blinding_factors != cs.blinding_factors() {
		return Err(FrontEndError::BlindingFactors {
			expected: blinding_factors,
			got: cs.blinding_factors(),
		});
	}
	check_domain(k, parts.k, domain.get_omega())?;
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
	let gates = cs.gates().iter().flat_map(|gate| gate.polynomials());
	let lookups = cs.lookups().iter();
	let lookups = lookups.map(|l| (l.input_expressions().iter(), l.table_expressions().iter()));
	let mut parts = Compiler::new(&parts, node).compile(gates, lookups, inputs, parts)?;
	let needed = crate::plan::expression::check(&parts)?;
	parts.degree = narrow("degree", needed)?;
	Ok(parts)
}

/// Checks that a domain's generator is the one that the verifier computes for its k.
pub(super) fn check_domain(k: u32, plan_k: u8, omega: bn256::Fr) -> Result<(), FrontEndError> {
	if Domain::new(plan_k).map(|d| d.omega()) == Some(from_halo2(omega)) {
		Ok(())
	} else {
		Err(FrontEndError::Domain { k })
	}
}

/// One step into an expression of halo2.
fn node(
	expression: &Expression<bn256::Fr>,
) -> Result<Node<'_, Expression<bn256::Fr>>, FrontEndError> {
	Ok(match expression {
		Expression::Constant(value) => Node::Constant(*value),
		Expression::Selector(selector) => {
			return Err(FrontEndError::Selector {
				index: selector.index(),
			});
		},
		Expression::Fixed(cell) => {
			Node::Cell(ColumnKind::Fixed, cell.column_index(), cell.rotation().0)
		},
		Expression::Advice(cell) => {
			Node::Cell(ColumnKind::Advice, cell.column_index(), cell.rotation().0)
		},
		Expression::Instance(cell) => {
			Node::Cell(ColumnKind::Instance, cell.column_index(), cell.rotation().0)
		},
		Expression::Challenge(challenge) => Node::Challenge(challenge.index()),
		Expression::Negated(inner) => Node::Negated(inner),
		Expression::Sum(left, right) => Node::Sum(left, right),
		Expression::Product(left, right) => Node::Product(left, right),
		Expression::Scaled(inner, factor) => Node::Scaled(inner, *factor),
	})
}

/// Converts a number to the plan's type for it.
pub(super) fn narrow<T, U>(what: &'static str, number: T) -> Result<U, FrontEndError>
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
pub fn point(point: &bn256::G1Affine) -> Result<G1Affine, FrontEndError> {
	let bytes = point_bytes(point).map_err(|_| FrontEndError::BadPoint)?;
	point_from_bytes(&bytes).map_err(|_| FrontEndError::BadPoint)
}

/// The same point for halo2; nothing if it is off the curve.
pub fn point_to_halo2(point: &G1Affine) -> Option<bn256::G1Affine> {
	read_point(&point_to_bytes(point))
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
