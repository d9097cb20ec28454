//! snark-verifier's protocol, in its own serialised form.
//!
//! snark-verifier (0.2.3 and 0.2.7, both over `halo2-axiom`, have the same) does not export the types
//! within its `PlonkProtocol`; so these are ours, with the same names, fields and order. They read what
//! serde writes of the original, in formats with and without field names.

use core::ops::{Add, Mul, Sub};
use halo2curves::bn256::{Fr, G1Affine};
use serde::{Deserialize, Serialize};

/// Configuration of a PLONK.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlonkProtocol {
	/// Working domain.
	pub domain: Domain,
	/// The domain, if a circuit that verifies the proof has it as a witness.
	pub domain_as_witness: Option<DomainAsWitness>,
	/// Commitments of fixed columns, then of the permutation's polynomials.
	pub preprocessed: Vec<G1Affine>,
	/// Values in each instance column.
	pub num_instance: Vec<usize>,
	/// Polynomials committed to in each phase of a proof.
	pub num_witness: Vec<usize>,
	/// Challenges after each phase.
	pub num_challenge: Vec<usize>,
	/// What a proof evaluates.
	pub evaluations: Vec<Query>,
	/// What a proof opens.
	pub queries: Vec<Query>,
	/// The constraints.
	pub quotient: QuotientPolynomial,
	/// halo2's digest of the key.
	pub transcript_initial_state: Option<Fr>,
	/// Bases that commit to instances; none with KZG.
	pub instance_committing_key: Option<InstanceCommittingKey>,
	/// How the quotient is linearised; none in halo2.
	pub linearization: Option<LinearizationStrategy>,
	/// Column and row of each limb of an accumulator.
	pub accumulator_indices: Vec<Vec<(usize, usize)>>,
}

/// The rows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Domain {
	/// Binary logarithm of the number of rows.
	pub k: usize,
	/// Number of rows.
	pub n: usize,
	/// Inverse of `n`.
	pub n_inv: Fr,
	/// Generator.
	#[serde(rename = "gen")]
	pub generator: Fr,
	/// Inverse of the generator.
	#[serde(rename = "gen_inv")]
	pub generator_inv: Fr,
}

/// The rows, as a witness.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DomainAsWitness {
	/// Binary logarithm of the number of rows.
	pub k: Fr,
	/// Number of rows.
	pub n: Fr,
	/// Generator.
	#[serde(rename = "gen")]
	pub generator: Fr,
	/// Inverse of the generator.
	#[serde(rename = "gen_inv")]
	pub generator_inv: Fr,
}

/// A polynomial, so many rows after the current one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Query {
	/// Index: fixed columns, the permutation's polynomials, instance columns, what a proof commits
	/// to phase by phase, the quotient.
	pub poly: usize,
	/// Rows after the current one; negative is before.
	pub rotation: Rotation,
}

impl Query {
	/// A query.
	pub fn new(poly: usize, rotation: i32) -> Self {
		Self {
			poly,
			rotation: Rotation(rotation),
		}
	}
}

/// A number of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rotation(pub i32);

/// The constraints.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QuotientPolynomial {
	/// Degree of a part of the quotient, in multiples of the number of rows.
	pub chunk_degree: usize,
	/// All constraints, as powers of y.
	pub numerator: Expression,
}

/// A polynomial of which no one commits to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommonPolynomial {
	/// X.
	Identity,
	/// One in a row, zero in all others.
	Lagrange(i32),
}

/// A constraint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Expression {
	/// A constant.
	Constant(Fr),
	/// X, or a Lagrange polynomial.
	CommonPolynomial(CommonPolynomial),
	/// A column, or a polynomial of an argument.
	Polynomial(Query),
	/// A challenge: the circuit's, then θ, β, γ, y.
	Challenge(usize),
	/// Its negative.
	Negated(Box<Expression>),
	/// A sum.
	Sum(Box<Expression>, Box<Expression>),
	/// A product.
	Product(Box<Expression>, Box<Expression>),
	/// A multiple.
	Scaled(Box<Expression>, Fr),
	/// The first times the highest power of the base, and so on; the last alone.
	DistributePowers(Vec<Expression>, Box<Expression>),
}

impl Expression {
	/// Degree in the number of rows.
	pub(super) fn degree(&self) -> usize {
		match self {
			Self::Constant(_) | Self::Challenge(_) => 0,
			Self::CommonPolynomial(_) | Self::Polynomial(_) => 1,
			Self::Negated(inner) | Self::Scaled(inner, _) => inner.degree(),
			Self::Sum(left, right) => left.degree().max(right.degree()),
			Self::Product(left, right) => left.degree().saturating_add(right.degree()),
			Self::DistributePowers(terms, base) => {
				let terms = terms.iter().map(Self::degree);
				terms.fold(base.degree(), usize::max)
			},
		}
	}
}

impl Add for Expression {
	type Output = Self;

	fn add(self, other: Self) -> Self {
		Self::Sum(self.into(), other.into())
	}
}

impl Sub for Expression {
	type Output = Self;

	fn sub(self, other: Self) -> Self {
		Self::Sum(self.into(), Self::Negated(other.into()).into())
	}
}

impl Mul for Expression {
	type Output = Self;

	fn mul(self, other: Self) -> Self {
		Self::Product(self.into(), other.into())
	}
}

/// Bases that commit to instances.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct InstanceCommittingKey {
	/// One for each row.
	pub bases: Vec<G1Affine>,
	/// The blinding's.
	pub constant: Option<G1Affine>,
}

/// How a quotient is linearised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LinearizationStrategy {
	/// With the evaluation of the linearisation polynomial.
	WithoutConstant,
	/// With a linearisation polynomial that is zero.
	MinusVanishingTimesQuotient,
}
