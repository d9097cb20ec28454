//! What follows from a circuit in halo2, made again and compared with a protocol.

use super::{
	recovered::{Lookup, Recovered},
	CommonPolynomial, Expression, PlonkProtocol, Query,
};
use crate::halo2::FrontEndError;
use crate::plan::{blinding_factors, ColumnKind, Parts};
use core::ops::{Add, Mul};
use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};
use std::iter;

/// Compares the protocol's evaluations, openings and constraints with what follows from the
/// recovered circuit; `parts` has its queries.
pub(super) fn compare(
	protocol: &PlonkProtocol,
	recovered: &Recovered<'_>,
	parts: &Parts,
) -> Result<(), FrontEndError> {
	let derived = Derived::new(recovered, parts)?;
	if derived.permutation.len() != recovered.preprocessed - recovered.fixed
		|| derived.permutation.len().div_ceil(derived.chunk) != recovered.products
	{
		return Err(FrontEndError::Protocol {
			what: "permutation",
		});
	}
	same("evaluations", &protocol.evaluations, &derived.evaluations())?;
	same("queries", &protocol.queries, &derived.queries())?;
	let constraints = derived.permutation_constraints();
	let constraints: Vec<_> = constraints
		.into_iter()
		.chain(derived.lookup_constraints())
		.collect();
	same("constraints", recovered.arguments, &constraints)?;
	match &protocol.quotient.numerator {
		Expression::DistributePowers(_, y) if **y == derived.challenge(3) => Ok(()),
		_ => Err(FrontEndError::Protocol { what: "quotient" }),
	}
}

/// Refuses two lists that differ.
fn same<T: PartialEq>(
	what: &'static str,
	stated: &[T],
	derived: &[T],
) -> Result<(), FrontEndError> {
	let common = stated.iter().zip(derived);
	let first = common.take_while(|(a, b)| a == b).count();
	if first == stated.len() && first == derived.len() {
		Ok(())
	} else {
		Err(FrontEndError::ProtocolDiffers { what, index: first })
	}
}

/// The polynomials of a circuit's arguments.
struct Derived<'a> {
	recovered: &'a Recovered<'a>,
	/// Polynomial of each column of the permutation.
	permutation: Vec<usize>,
	/// Columns in one product of the permutation.
	chunk: usize,
	/// The last usable row, counted backwards from row 0.
	last_row: i32,
	/// Index of the first permuted polynomial of the lookups.
	permuted: usize,
	/// Index of the permutation's first product.
	products: usize,
}

impl<'a> Derived<'a> {
	fn new(recovered: &'a Recovered<'a>, parts: &Parts) -> Result<Self, FrontEndError> {
		let columns = recovered.permutation.iter();
		let permutation = columns.map(|(kind, index)| match kind {
			ColumnKind::Fixed => *index,
			ColumnKind::Instance => recovered.preprocessed + index,
			ColumnKind::Advice => recovered.witness_offset() + index,
		});
		let permuted = recovered.witness_offset() + recovered.advice.iter().sum::<usize>();
		Ok(Self {
			recovered,
			permutation: permutation.collect(),
			chunk: recovered.degree.saturating_sub(2).max(1),
			last_row: i32::try_from(blinding_factors(parts))
				.map(|factors| -(factors + 1))
				.map_err(|_| FrontEndError::Protocol {
					what: "evaluations",
				})?,
			permuted,
			products: permuted + 2 * recovered.lookups.len(),
		})
	}

	/// Index of the random polynomial.
	fn random(&self) -> usize {
		self.products + self.recovered.products + self.recovered.lookups.len()
	}

	/// Indices of a lookup's product, permuted input and permuted table.
	fn lookup(&self, index: usize) -> [usize; 3] {
		let input = self.permuted + 2 * index;
		[
			self.products + self.recovered.products + index,
			input,
			input + 1,
		]
	}

	fn advice_queries(&self) -> impl Iterator<Item = Query> + '_ {
		let queries = self.recovered.advice_queries.iter();
		queries.map(|(column, rotation)| {
			Query::new(self.recovered.witness_offset() + column, *rotation)
		})
	}

	fn fixed_queries(&self) -> impl Iterator<Item = Query> + '_ {
		let queries = self.recovered.fixed_queries.iter();
		queries.map(|(column, rotation)| Query::new(*column, *rotation))
	}

	/// Queries of the permutation's own polynomials.
	fn permutation_queries(&self) -> impl Iterator<Item = Query> {
		(self.recovered.fixed..self.recovered.preprocessed).map(|poly| Query::new(poly, 0))
	}

	/// What a proof evaluates, in its order.
	fn evaluations(&self) -> Vec<Query> {
		let last = self.recovered.products.saturating_sub(1);
		let products = (0..self.recovered.products).flat_map(|index| {
			let z = self.products + index;
			let end = (index != last).then(|| Query::new(z, self.last_row));
			[Query::new(z, 0), Query::new(z, 1)].into_iter().chain(end)
		});
		let lookups = (0..self.recovered.lookups.len()).flat_map(|index| {
			let [z, input, table] = self.lookup(index);
			[(z, 0), (z, 1), (input, 0), (input, -1), (table, 0)]
		});
		self.advice_queries()
			.chain(self.fixed_queries())
			.chain(iter::once(Query::new(self.random(), 0)))
			.chain(self.permutation_queries())
			.chain(products)
			.chain(lookups.map(|(poly, rotation)| Query::new(poly, rotation)))
			.collect()
	}

	/// What a proof opens, in its order.
	fn queries(&self) -> Vec<Query> {
		let products = || self.products..self.products + self.recovered.products;
		let steps = products().flat_map(|z| [(z, 0), (z, 1)]);
		let ends = products().rev().skip(1).map(|z| (z, self.last_row));
		let lookups = (0..self.recovered.lookups.len()).flat_map(|index| {
			let [z, input, table] = self.lookup(index);
			[(z, 0), (input, 0), (table, 0), (input, -1), (z, 1)]
		});
		let arguments = steps.chain(ends).chain(lookups);
		self.advice_queries()
			.chain(arguments.map(|(poly, rotation)| Query::new(poly, rotation)))
			.chain(self.fixed_queries())
			.chain(self.permutation_queries())
			// The quotient follows all that a proof commits to.
			.chain([self.random() + 1, self.random()].map(|poly| Query::new(poly, 0)))
			.collect()
	}

	/// A challenge of halo2's arguments: θ, β, γ, y.
	fn challenge(&self, index: usize) -> Expression {
		Expression::Challenge(self.recovered.circuit_challenges() + index)
	}

	fn l_last(&self) -> Expression {
		lagrange(self.last_row)
	}

	/// One in all rows that a circuit may use.
	fn active(&self) -> Expression {
		// There are at least five.
		let blind = (self.last_row + 1..0).map(lagrange).reduce(Expression::add);
		constant(Fr::ONE) - self.l_last() - blind.unwrap_or(constant(Fr::ZERO))
	}

	/// `l · (z² − z)` with l of the last usable row: z is zero or one there.
	fn ends(&self, z: usize) -> Expression {
		self.l_last() * (cell(z, 0) * cell(z, 0) - cell(z, 0))
	}

	/// `l · (1 − z)` with l of the first row.
	fn starts(z: usize) -> Expression {
		lagrange(0) * (constant(Fr::ONE) - cell(z, 0))
	}

	/// The constraints of the permutation argument, as snark-verifier writes them.
	fn permutation_constraints(&self) -> Vec<Expression> {
		let products = self.products..self.products + self.recovered.products;
		let mut constraints = Vec::new();
		constraints.extend(products.clone().next().map(Self::starts));
		constraints.extend(products.clone().last().map(|z| self.ends(z)));
		for (before, z) in products.clone().zip(products.clone().skip(1)) {
			constraints.push(lagrange(0) * (cell(z, 0) - cell(before, self.last_row)));
		}
		let sigmas: Vec<_> = (self.recovered.fixed..self.recovered.preprocessed).collect();
		let chunks = self.permutation.chunks(self.chunk);
		let mut shift = Fr::ONE;
		for ((z, columns), sigmas) in products.zip(chunks).zip(sigmas.chunks(self.chunk)) {
			constraints.push(self.permutation_step(z, columns, sigmas, &mut shift));
		}
		constraints
	}

	/// One product's step: `active · (z(ωX) · Π (column + β·σ + γ) − z · Π (column + β·δⁱ·X + γ))`.
	fn permutation_step(
		&self,
		z: usize,
		columns: &[usize],
		sigmas: &[usize],
		shift: &mut Fr,
	) -> Expression {
		let (beta, gamma) = (|| self.challenge(1), || self.challenge(2));
		let identity = || Expression::CommonPolynomial(CommonPolynomial::Identity);
		let permuted = columns
			.iter()
			.zip(sigmas)
			.map(|(column, sigma)| cell(*column, 0) + beta() * cell(*sigma, 0) + gamma())
			.reduce(Expression::mul);
		let own = columns
			.iter()
			.map(|column| {
				let factor = cell(*column, 0) + beta() * constant(*shift) * identity() + gamma();
				*shift *= Fr::DELTA;
				factor
			})
			.reduce(Expression::mul);
		// Chunks are never empty.
		let permuted = permuted.unwrap_or(constant(Fr::ONE));
		let own = own.unwrap_or(constant(Fr::ONE));
		self.active() * (cell(z, 1) * permuted - cell(z, 0) * own)
	}

	/// The constraints of the lookups, as snark-verifier writes them.
	fn lookup_constraints(&self) -> Vec<Expression> {
		let lookups = self.recovered.lookups.iter().enumerate();
		lookups
			.flat_map(|(index, lookup)| self.lookup_argument(index, lookup))
			.collect()
	}

	/// The five constraints of one lookup.
	fn lookup_argument(&self, index: usize, lookup: &Lookup<'_>) -> [Expression; 5] {
		let [z, input, table] = self.lookup(index);
		let (beta, gamma) = (|| self.challenge(1), || self.challenge(2));
		let (permuted_input, permuted_table) = (|| cell(input, 0), || cell(table, 0));
		let compress = |expressions: &[Expression]| {
			Expression::DistributePowers(expressions.to_vec(), self.challenge(0).into())
		};
		let own = (
			compress(lookup.inputs) + beta(),
			compress(lookup.table) + gamma(),
		);
		[
			Self::starts(z),
			self.ends(z),
			self.active()
				* (cell(z, 1) * (permuted_input() + beta()) * (permuted_table() + gamma())
					- cell(z, 0) * own.0 * own.1),
			lagrange(0) * (permuted_input() - permuted_table()),
			self.active()
				* (permuted_input() - permuted_table())
				* (permuted_input() - cell(input, -1)),
		]
	}
}

fn constant(value: Fr) -> Expression {
	Expression::Constant(value)
}

fn lagrange(row: i32) -> Expression {
	Expression::CommonPolynomial(CommonPolynomial::Lagrange(row))
}

/// A polynomial at a rotation.
fn cell(poly: usize, rotation: i32) -> Expression {
	Expression::Polynomial(Query::new(poly, rotation))
}
