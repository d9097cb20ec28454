//! Plans from snark-verifier's protocols, so that any circuit of `halo2-axiom` can be registered by
//! who has its protocol only.
//!
//! A [`PlonkProtocol`] is read from what serde writes of snark-verifier's own: a file, or, in one
//! program, `serde_json::from_value(serde_json::to_value(&protocol)?)?`. It keeps no constraint
//! system: its numerator lists all constraints, those of gates, of the permutation and of lookups.
//! The columns of the permutation and the lookups' expressions are read out of it (`recovered`);
//! then everything that halo2 derives from them is made again and compared, expression by
//! expression, with what the protocol states (`derived`). A protocol that opens or checks anything else than halo2 does is refused.
//!
//! **What a protocol does not hold**, so that the plan may be other bytes than
//! [`plan_from_vk`](super::plan_from_vk)'s, and then has another hash:
//! - the order of advice columns and challenges of different phases: they are numbered phase by
//!   phase;
//! - the order of the queries of instance columns, and those that no constraint reads: they are
//!   numbered as they occur, in the permutation, then in gates and lookups. KZG's proofs do not hold
//!   their evaluations;
//! - a minimum degree (`ConstraintSystem::set_minimum_degree`) that neither a constraint nor a full
//!   chunk of the permutation shows. Proofs of such a circuit have more parts of the quotient, and
//!   are refused; snark-verifier's own verifier refuses them as well.
//!
//! **Transcript.** As with every plan, challenges start from the digest of the plan: proofs are made
//! with [`transcript_writer`](super::transcript_writer) of *this* plan. Proofs in snark-verifier's
//! Poseidon or Keccak transcripts are no proofs here.

mod derived;
mod recovered;
mod types;

pub use types::{
	CommonPolynomial, Domain, DomainAsWitness, Expression, InstanceCommittingKey,
	LinearizationStrategy, PlonkProtocol, Query, QuotientPolynomial, Rotation,
};

use super::{
	compiler::{Compiler, Node},
	from_halo2,
	front_end::{check_domain, narrow, point},
	FrontEndError,
};
use crate::plan::{
	limit_usize, AccumulatorLayout, ColumnKind, LookupArgument, Parts, PermutationColumn, Plan,
	Query as PlanQuery, TranscriptKind,
};
use halo2curves::{bn256::Fr, ff::Field};
use recovered::Recovered;
use std::collections::BTreeSet;

/// The plan of a protocol that snark-verifier compiled from a key of `halo2-axiom`, for one proof,
/// with `Config::kzg()`. `accumulator` is given if, and only if, the protocol has accumulator
/// indices; they must be those of this layout.
pub fn plan_from_protocol(
	protocol: &PlonkProtocol,
	accumulator: Option<AccumulatorLayout>,
) -> Result<Plan, FrontEndError> {
	let recovered = Recovered::new(protocol)?;
	let mut parts = parts(protocol, &recovered, accumulator)?;
	derived::compare(protocol, &recovered, &parts)?;
	check_accumulator(protocol, accumulator)?;

	let gates = recovered.gates.iter();
	let lookups = recovered.lookups.iter();
	let expressions = lookups.clone().flat_map(|l| l.inputs.iter().chain(l.table));
	let mut seen = BTreeSet::new();
	for column in &parts.permutation {
		if column.kind == ColumnKind::Instance && seen.insert((usize::from(column.index), 0)) {
			parts.instance_queries.push(PlanQuery {
				column: column.index,
				rotation: 0,
			});
		}
	}
	for expression in gates.clone().chain(expressions) {
		let mut instance = |query: &Query| recovered.instance(query);
		collect(
			expression,
			&mut instance,
			&mut seen,
			&mut parts.instance_queries,
		)?;
	}

	let lookups = lookups.map(|lookup| (lookup.inputs.iter(), lookup.table.iter()));
	let node = |expression| node(expression, &recovered);
	let parts = Compiler::new(&parts, node).compile(gates, lookups, 1, parts)?;
	Ok(Plan::from_parts(parts)?)
}

/// All that a plan states but for instance queries and the program.
fn parts(
	protocol: &PlonkProtocol,
	recovered: &Recovered<'_>,
	accumulator: Option<AccumulatorLayout>,
) -> Result<Parts, FrontEndError> {
	let k = narrow("k", protocol.domain.k)?;
	check_rows(&protocol.domain, k)?;
	let (fixed, permutation) = protocol
		.preprocessed
		.split_at_checked(recovered.fixed)
		.ok_or(FrontEndError::Protocol {
			what: "preprocessed polynomials",
		})?;
	let transcript_repr = protocol
		.transcript_initial_state
		.ok_or(FrontEndError::Protocol {
			what: "initial state of the transcript",
		})?;
	let permutation = recovered.permutation.iter().zip(permutation);
	let permutation = permutation.map(|((kind, index), commitment)| {
		Ok(PermutationColumn {
			kind: *kind,
			index: narrow("permutation column", *index)?,
			commitment: point(commitment)?,
		})
	});
	let instances = protocol.num_instance.iter();
	Ok(Parts {
		transcript: TranscriptKind::Blake2b,
		k,
		degree: narrow("degree", recovered.degree)?,
		instance_columns: instances
			.map(|values| narrow("public inputs", *values))
			.collect::<Result<_, _>>()?,
		accumulator,
		transcript_repr: from_halo2(transcript_repr),
		advice_phases: phases(&recovered.advice)?,
		challenge_phases: phases(&recovered.challenges)?,
		advice_queries: queries(&recovered.advice_queries)?,
		instance_queries: Vec::new(),
		fixed_queries: queries(&recovered.fixed_queries)?,
		fixed_commitments: fixed.iter().map(point).collect::<Result<_, _>>()?,
		permutation: permutation.collect::<Result<_, FrontEndError>>()?,
		constants: Vec::new(),
		gates: 0,
		lookup_argument: LookupArgument::Permuted,
		lookups: Vec::new(),
		program: Vec::new(),
	})
}

/// Checks that the rows are those that follow from k.
fn check_rows(domain: &Domain, k: u8) -> Result<(), FrontEndError> {
	check_domain(k.into(), k, domain.generator)?;
	let n = 1u64.checked_shl(k.into()).unwrap_or_default();
	let inverses = [
		(Fr::from(n), domain.n_inv),
		(domain.generator, domain.generator_inv),
	];
	if u64::try_from(domain.n) == Ok(n) && inverses.iter().all(|(a, b)| *a * b == Fr::ONE) {
		Ok(())
	} else {
		Err(FrontEndError::Protocol { what: "domain" })
	}
}

/// The phase of each of so many columns or challenges per phase.
fn phases(counts: &[usize]) -> Result<Vec<u8>, FrontEndError> {
	let mut phases = Vec::new();
	for (phase, count) in counts.iter().enumerate() {
		phases.resize(phases.len() + count, narrow("phase", phase)?);
	}
	Ok(phases)
}

fn queries(queries: &[(usize, i32)]) -> Result<Vec<PlanQuery>, FrontEndError> {
	let convert = |(column, rotation): &(usize, i32)| {
		Ok(PlanQuery {
			column: narrow("column", *column)?,
			rotation: narrow("rotation", *rotation)?,
		})
	};
	queries.iter().map(convert).collect()
}

/// Checks that the protocol's accumulator is the one stated.
fn check_accumulator(
	protocol: &PlonkProtocol,
	accumulator: Option<AccumulatorLayout>,
) -> Result<(), FrontEndError> {
	let columns = protocol.num_instance.iter().enumerate();
	let cells = columns.flat_map(|(column, values)| (0..*values).map(move |row| (column, row)));
	let limbs = accumulator.map_or((0, 0), |layout| {
		(limit_usize(layout.offset), 4 * usize::from(layout.limbs))
	});
	let expected: Vec<_> = cells.skip(limbs.0).take(limbs.1).collect();
	// One list, since there is one proof; none without an accumulator.
	let lists = protocol.accumulator_indices.iter();
	let stated: Vec<_> = lists.filter(|list| !list.is_empty()).collect();
	let same = match (accumulator, stated.as_slice()) {
		(None, []) => true,
		(Some(_), [list]) => **list == expected,
		_ => false,
	};
	if same {
		Ok(())
	} else {
		Err(FrontEndError::Protocol {
			what: "accumulator indices",
		})
	}
}

/// Appends the queries of instance columns in an expression, in the order in which they occur.
fn collect(
	expression: &Expression,
	instance: &mut impl FnMut(&Query) -> Option<usize>,
	seen: &mut BTreeSet<(usize, i32)>,
	queries: &mut Vec<PlanQuery>,
) -> Result<(), FrontEndError> {
	match expression {
		Expression::Polynomial(query) => {
			if let Some(column) = instance(query) {
				if seen.insert((column, query.rotation.0)) {
					queries.push(PlanQuery {
						column: narrow("column", column)?,
						rotation: narrow("rotation", query.rotation.0)?,
					});
				}
			}
			Ok(())
		},
		Expression::Negated(inner) | Expression::Scaled(inner, _) => {
			collect(inner, instance, seen, queries)
		},
		Expression::Sum(left, right) | Expression::Product(left, right) => {
			collect(left, instance, seen, queries)?;
			collect(right, instance, seen, queries)
		},
		Expression::Constant(_)
		| Expression::CommonPolynomial(_)
		| Expression::Challenge(_)
		| Expression::DistributePowers(..) => Ok(()),
	}
}

/// One step into an expression of a gate or lookup.
fn node<'a>(
	expression: &'a Expression,
	recovered: &Recovered<'_>,
) -> Result<Node<'a, Expression>, FrontEndError> {
	Ok(match expression {
		Expression::Constant(value) => Node::Constant(*value),
		Expression::Polynomial(query) => {
			let (kind, column) = recovered.column(query.poly)?;
			Node::Cell(kind, column, query.rotation.0)
		},
		Expression::Challenge(index) if *index < recovered.circuit_challenges() => {
			Node::Challenge(*index)
		},
		Expression::Negated(inner) => Node::Negated(inner),
		Expression::Sum(left, right) => Node::Sum(left, right),
		Expression::Product(left, right) => Node::Product(left, right),
		Expression::Scaled(inner, factor) => Node::Scaled(inner, *factor),
		Expression::CommonPolynomial(_)
		| Expression::Challenge(_)
		| Expression::DistributePowers(..) => {
			return Err(FrontEndError::Protocol {
				what: "gates and lookups",
			});
		},
	})
}
