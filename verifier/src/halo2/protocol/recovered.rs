//! A circuit's constraint system, read out of a protocol.

use super::{Expression, PlonkProtocol, Query};
use crate::halo2::FrontEndError;
use crate::{
	limits,
	plan::{limit_usize, ColumnKind},
};

/// Constraints of one lookup.
const LOOKUP_CONSTRAINTS: usize = 5;
/// Which of them has its input and its table.
const LOOKUP_PRODUCT: usize = 2;

/// One lookup's expressions.
pub(super) struct Lookup<'a> {
	pub inputs: &'a [Expression],
	pub table: &'a [Expression],
}

/// What a circuit states; all else in a protocol follows from it.
pub(super) struct Recovered<'a> {
	/// Number of fixed columns, and of preprocessed polynomials: the permutation's are the rest.
	pub fixed: usize,
	pub preprocessed: usize,
	/// Number of instance columns.
	pub instance: usize,
	/// Advice columns in each phase.
	pub advice: Vec<usize>,
	/// Challenges of the circuit after each phase.
	pub challenges: Vec<usize>,
	/// Column and rotation of each, in the order of their evaluations.
	pub advice_queries: Vec<(usize, i32)>,
	pub fixed_queries: Vec<(usize, i32)>,
	/// Columns of the permutation.
	pub permutation: Vec<(ColumnKind, usize)>,
	/// Number of the permutation's products.
	pub products: usize,
	pub degree: usize,
	pub gates: &'a [Expression],
	/// The constraints of the permutation and of lookups, as the protocol states them.
	pub arguments: &'a [Expression],
	pub lookups: Vec<Lookup<'a>>,
}

fn fault(what: &'static str) -> FrontEndError {
	FrontEndError::Protocol { what }
}

impl<'a> Recovered<'a> {
	/// Reads a protocol. What is read is not compared yet with what follows from it.
	pub(super) fn new(protocol: &'a PlonkProtocol) -> Result<Self, FrontEndError> {
		check_kind(protocol)?;
		let (advice, lookups, products) = witnesses(protocol)?;
		let challenges = challenges(protocol, advice.len())?;
		let (fixed, advice_queries, fixed_queries) = evaluations(protocol, &advice)?;
		let (gates, arguments) = constraints(protocol, products, lookups)?;
		let mut recovered = Self {
			fixed,
			preprocessed: protocol.preprocessed.len(),
			instance: protocol.num_instance.len(),
			advice,
			challenges,
			advice_queries,
			fixed_queries,
			permutation: Vec::new(),
			products,
			// Three: the permutation's, which halo2 counts even if there is none.
			degree: protocol.quotient.numerator.degree().max(3),
			gates,
			arguments,
			lookups: Vec::new(),
		};
		// The first constraint of the products, one of the last, and one between each two.
		let steps = arguments.iter().skip(products.saturating_add(1));
		for step in steps.take(products) {
			for query in permuted(step).ok_or(fault("permutation"))? {
				let column = recovered.column(query.poly)?;
				if query.rotation.0 != 0 {
					return Err(fault("permutation"));
				}
				recovered.permutation.push(column);
			}
		}
		let lookups = arguments.iter().skip(permutation_constraints(products));
		for product in lookups.skip(LOOKUP_PRODUCT).step_by(LOOKUP_CONSTRAINTS) {
			let lookup = looked_up(product).ok_or(fault("lookups"))?;
			recovered.lookups.push(lookup);
		}
		Ok(recovered)
	}

	/// Challenges of the circuit; those of halo2's arguments follow.
	pub(super) fn circuit_challenges(&self) -> usize {
		self.challenges.iter().sum()
	}

	/// Index of the first witness polynomial.
	pub(super) fn witness_offset(&self) -> usize {
		self.preprocessed + self.instance
	}

	/// The column of a polynomial, and its kind; an error if it is none of the circuit's.
	pub(super) fn column(&self, poly: usize) -> Result<(ColumnKind, usize), FrontEndError> {
		let advice: usize = self.advice.iter().sum();
		if poly < self.fixed {
			return Ok((ColumnKind::Fixed, poly));
		}
		match poly.checked_sub(self.preprocessed) {
			Some(index) if index < self.instance => Ok((ColumnKind::Instance, index)),
			Some(index) if index < self.instance + advice => {
				Ok((ColumnKind::Advice, index - self.instance))
			},
			_ => Err(fault("polynomials")),
		}
	}

	/// The instance column that a query reads, if it reads one.
	pub(super) fn instance(&self, query: &Query) -> Option<usize> {
		match self.column(query.poly) {
			Ok((ColumnKind::Instance, column)) => Some(column),
			_ => None,
		}
	}
}

/// Refuses what our transcript and openings are not for, and sizes over any limit.
fn check_kind(protocol: &PlonkProtocol) -> Result<(), FrontEndError> {
	if protocol.domain_as_witness.is_some() {
		return Err(fault("domain"));
	}
	if protocol.instance_committing_key.is_some() {
		return Err(fault("key for committing to instances"));
	}
	if protocol.linearization.is_some() || protocol.quotient.chunk_degree != 1 {
		return Err(fault("quotient"));
	}
	let most = limit_usize(limits::MAX_COLUMNS) * 4;
	let sizes = [
		&protocol.num_instance,
		&protocol.num_witness,
		&protocol.num_challenge,
	];
	let counts = sizes.into_iter().flatten().copied();
	let lengths = sizes.map(Vec::len).into_iter();
	if counts.chain(lengths).any(|size| size > most) || protocol.preprocessed.len() > most {
		return Err(fault("sizes"));
	}
	Ok(())
}

/// Advice columns in each phase, the number of lookups, the number of the permutation's products.
fn witnesses(protocol: &PlonkProtocol) -> Result<(Vec<usize>, usize, usize), FrontEndError> {
	let [advice @ .., permuted, rest] = protocol.num_witness.as_slice() else {
		return Err(fault("witness polynomials"));
	};
	// Two permuted polynomials and one product for a lookup; the last is random.
	let lookups = permuted / 2;
	let products = rest.checked_sub(lookups + 1);
	let products = products.ok_or(fault("witness polynomials"))?;
	if advice.is_empty() || permuted % 2 != 0 {
		return Err(fault("witness polynomials"));
	}
	Ok((advice.to_vec(), lookups, products))
}

/// The circuit's challenges after each phase: without θ, β and γ, y.
fn challenges(protocol: &PlonkProtocol, phases: usize) -> Result<Vec<usize>, FrontEndError> {
	let [challenges @ .., 2, 1] = protocol.num_challenge.as_slice() else {
		return Err(fault("challenges"));
	};
	let mut challenges = challenges.to_vec();
	let last = challenges.last_mut().and_then(|last| {
		*last = last.checked_sub(1)?;
		Some(())
	});
	if last.is_none() || challenges.len() != phases {
		return Err(fault("challenges"));
	}
	Ok(challenges)
}

/// The number of fixed columns, and the queries of advice and of fixed columns, each a column and
/// a rotation. They come first among the evaluations, before the random polynomial's.
#[allow(
	clippy::type_complexity,
	reason = "three lists, named in the documentation"
)]
fn evaluations(
	protocol: &PlonkProtocol,
	advice: &[usize],
) -> Result<(usize, Vec<(usize, i32)>, Vec<(usize, i32)>), FrontEndError> {
	let preprocessed = protocol.preprocessed.len();
	let witness_offset = preprocessed + protocol.num_instance.len();
	let advice_end = witness_offset + advice.iter().sum::<usize>();
	let random = witness_offset + protocol.num_witness.iter().sum::<usize>() - 1;
	let mut evaluations = protocol.evaluations.split(|query| query.poly == random);
	let (Some(columns), Some(arguments)) = (evaluations.next(), evaluations.next()) else {
		return Err(fault("evaluations"));
	};
	let permutation = arguments.iter().filter(|query| query.poly < preprocessed);
	let fixed = preprocessed.checked_sub(permutation.count());
	let fixed = fixed.ok_or(fault("evaluations"))?;
	let (mut advice_queries, mut fixed_queries) = (Vec::new(), Vec::new());
	for query in columns {
		if query.poly < fixed {
			fixed_queries.push((query.poly, query.rotation.0));
		} else if (witness_offset..advice_end).contains(&query.poly) {
			advice_queries.push((query.poly - witness_offset, query.rotation.0));
		} else {
			return Err(fault("evaluations"));
		}
	}
	Ok((fixed, advice_queries, fixed_queries))
}

/// Constraints of the permutation argument with so many products.
fn permutation_constraints(products: usize) -> usize {
	match products {
		0 => 0,
		products => 2 * products + 1,
	}
}

/// The gates' constraints, and those of the arguments.
fn constraints(
	protocol: &PlonkProtocol,
	products: usize,
	lookups: usize,
) -> Result<(&[Expression], &[Expression]), FrontEndError> {
	let Expression::DistributePowers(constraints, _) = &protocol.quotient.numerator else {
		return Err(fault("quotient"));
	};
	let arguments = permutation_constraints(products) + lookups * LOOKUP_CONSTRAINTS;
	let gates = constraints.len().checked_sub(arguments);
	gates
		.and_then(|gates| constraints.split_at_checked(gates))
		.ok_or(fault("constraints"))
}

/// The queries of the columns in one step of the permutation's products:
/// `active · (z(ωX) · Π (column + β·σ + γ) − …)`.
fn permuted(step: &Expression) -> Option<Vec<Query>> {
	let Expression::Product(_, difference) = step else {
		return None;
	};
	let Expression::Sum(left, _) = difference.as_ref() else {
		return None;
	};
	let Expression::Product(_, factors) = left.as_ref() else {
		return None;
	};
	let mut queries = Vec::new();
	let mut rest = factors.as_ref();
	while let Expression::Product(before, factor) = rest {
		queries.push(permuted_column(factor)?);
		rest = before;
	}
	queries.push(permuted_column(rest)?);
	queries.reverse();
	Some(queries)
}

/// The column's query in `column + β·σ + γ`.
fn permuted_column(factor: &Expression) -> Option<Query> {
	let Expression::Sum(sum, _) = factor else {
		return None;
	};
	let Expression::Sum(column, _) = sum.as_ref() else {
		return None;
	};
	match column.as_ref() {
		Expression::Polynomial(query) => Some(*query),
		_ => None,
	}
}

/// The expressions of a lookup, from its product's constraint:
/// `active · (… − z · (input + β) · (table + γ))`.
fn looked_up(product: &Expression) -> Option<Lookup<'_>> {
	let Expression::Product(_, difference) = product else {
		return None;
	};
	let Expression::Sum(_, negated) = difference.as_ref() else {
		return None;
	};
	let Expression::Negated(right) = negated.as_ref() else {
		return None;
	};
	let Expression::Product(left, table) = right.as_ref() else {
		return None;
	};
	let Expression::Product(_, input) = left.as_ref() else {
		return None;
	};
	let (inputs, table) = (tuple(input)?, tuple(table)?);
	(inputs.len() == table.len()).then_some(Lookup { inputs, table })
}

/// The expressions in `(e₀·θⁿ + e₁·θⁿ⁻¹ + …) + challenge`.
fn tuple(sum: &Expression) -> Option<&[Expression]> {
	let Expression::Sum(compressed, _) = sum else {
		return None;
	};
	match compressed.as_ref() {
		Expression::DistributePowers(expressions, _) => Some(expressions),
		_ => None,
	}
}
