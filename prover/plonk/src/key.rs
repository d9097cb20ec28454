//! Proving keys.

use crate::{
	column::Column,
	commitment_key::{CommitmentKey, Values},
	error::KeyError,
	fft::{powers, Domain},
	permutation::{Assembly, Cell},
	program::Program,
};
use halo2curves::{
	bn256::{Fr, G1Affine},
	ff::PrimeField,
};
use inference_verifier::{
	halo2::point_from_halo2,
	plan::{LookupArgument, Parts, Plan},
	TranscriptKind,
};
use rayon::prelude::*;

/// A circuit without witness.
#[derive(Clone, Debug)]
pub struct Circuit {
	/// The constraint system. Its commitments are ignored.
	pub parts: Parts,
	/// The fixed columns, each with its first rows.
	pub fixed: Vec<Column>,
	/// Pairs of cells that must be equal.
	pub copies: Vec<(Cell, Cell)>,
}

/// All that proofs need of a circuit but the setup. Memory: 32 · 2^k bytes for each fixed column
/// and each column of the permutation, and about as much for their values.
#[derive(Clone, Debug)]
pub struct ProvingKey {
	pub(crate) plan: Plan,
	pub(crate) program: Program,
	pub(crate) domain: Domain,
	/// The domain's elements.
	pub(crate) elements: Vec<Fr>,
	pub(crate) fixed: Vec<Column>,
	pub(crate) fixed_polynomials: Vec<Vec<Fr>>,
	pub(crate) permutation: Assembly,
	pub(crate) permutation_polynomials: Vec<Vec<Fr>>,
}

impl ProvingKey {
	/// Makes the keys of `circuit`. The same circuit and setup give the same keys.
	pub fn new(commitments: &CommitmentKey, circuit: Circuit) -> Result<Self, KeyError> {
		let Circuit {
			mut parts,
			fixed,
			copies,
		} = circuit;
		check(commitments, &parts, &fixed)?;
		let program = Program::new(&parts)?;
		let domain = Domain::new(u32::from(parts.k)).ok_or(KeyError::Unsupported {
			what: "so many rows",
		})?;
		let elements: Vec<Fr> = powers(domain.omega()).take(domain.size()).collect();
		let usable = usable_rows(&parts);
		for (column, values) in fixed.iter().enumerate() {
			if !values.is_consistent() {
				return Err(KeyError::Inconsistent { column });
			}
			if values.len() > usable {
				return Err(KeyError::TooManyRows {
					column,
					usable,
					got: values.len(),
				});
			}
		}
		let mut permutation = Assembly::new(parts.permutation.len(), domain.size());
		for (index, (a, b)) in copies.into_iter().enumerate() {
			let inside = |cell: &Cell| cell.row < usable && cell.column < parts.permutation.len();
			if !inside(&a) || !inside(&b) {
				return Err(KeyError::BadCopy { index });
			}
			permutation.copy(a, b);
		}
		permutation.finish();
		let permutation_values: Vec<Vec<Fr>> = (0..parts.permutation.len())
			.map(|column| permutation.values(column, &elements))
			.collect();

		let columns: Vec<Values<'_>> = fixed
			.iter()
			.map(Column::values)
			.chain(permutation_values.iter().map(|v| Values::Scalars(v)))
			.collect();
		let points = commitments.commit_values(&columns);
		let (fixed_points, permutation_points) =
			points.split_at_checked(fixed.len()).unwrap_or_default();
		parts.fixed_commitments = convert(fixed_points)?;
		for (column, point) in parts
			.permutation
			.iter_mut()
			.zip(convert(permutation_points)?)
		{
			column.commitment = point;
		}
		let plan = Plan::from_parts(parts)?;

		let to_polynomial = |mut values: Vec<Fr>| {
			domain.to_coefficients(&mut values);
			values
		};
		let fixed_polynomials = fixed
			.par_iter()
			.map(|column| to_polynomial(column.to_scalars(domain.size())))
			.collect();
		let permutation_polynomials = permutation_values
			.into_par_iter()
			.map(to_polynomial)
			.collect();
		Ok(Self {
			plan,
			program,
			elements,
			fixed,
			fixed_polynomials,
			permutation,
			permutation_polynomials,
			domain,
		})
	}

	/// The verifying key.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}

	/// Bytes that the key takes in memory, about.
	pub fn bytes(&self) -> usize {
		let scalars: usize = self
			.fixed_polynomials
			.iter()
			.chain(&self.permutation_polynomials)
			.map(Vec::len)
			.sum::<usize>()
			+ self.elements.len();
		let rows: usize = self.fixed.iter().map(Column::len).sum();
		let cells = self.permutation_polynomials.len() * self.domain.size();
		scalars * size_of::<Fr>() + rows * size_of::<i64>() + cells * size_of::<u32>()
	}

	/// Rows that witness and public inputs may use; the row after them is the last one of the
	/// arguments' sums and products.
	pub fn usable_rows(&self) -> usize {
		usable_rows(self.plan.parts())
	}
}

/// Rows before the last one of the arguments.
fn usable_rows(parts: &Parts) -> usize {
	let unusable = inference_verifier::plan::blinding_factors(parts) as usize + 1;
	(1usize << parts.k.min(63)).saturating_sub(unusable)
}

fn check(commitments: &CommitmentKey, parts: &Parts, fixed: &[Column]) -> Result<(), KeyError> {
	let (expected, got) = (parts.k, commitments.k());
	if expected != got || u32::from(expected) > Fr::S {
		return Err(KeyError::WrongSize { expected, got });
	}
	let unsupported = |what| Err(KeyError::Unsupported { what });
	if parts.transcript != TranscriptKind::Blake2b {
		return unsupported("EZKL's transcript");
	}
	if !parts.lookups.is_empty() && parts.lookup_argument != LookupArgument::LogDerivative {
		return unsupported("permuted lookups");
	}
	let (expected, got) = (parts.fixed_commitments.len(), fixed.len());
	if expected != got {
		return Err(KeyError::FixedColumns { expected, got });
	}
	Ok(())
}

/// Points as the verifier's.
fn convert(points: &[G1Affine]) -> Result<Vec<inference_verifier::plan::G1Affine>, KeyError> {
	Ok(points
		.iter()
		.map(point_from_halo2)
		.collect::<Result<_, _>>()?)
}
