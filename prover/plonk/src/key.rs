//! Proving keys.

use crate::{
	column::Column,
	commitment_key::{CommitmentKey, Values},
	error::{KeyError, ProveError},
	fft::{powers, Domain},
	permutation::{Assembly, Cell},
	program::Program,
	progress::{Progress, Stage},
	store::{Storage, Store},
};
use halo2curves::{
	bn256::{Fr, G1Affine, G1},
	ff::{Field, PrimeField},
	group::{Curve, Group},
};
use inference_verifier::{
	halo2::{point_from_halo2, point_to_halo2},
	plan::{ColumnKind, LookupArgument, Parts, Plan},
	TranscriptKind,
};
use rand::RngCore;
use rayon::prelude::*;
use std::{borrow::Cow, sync::Arc};

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

/// A circuit with its verifying key: what a proving key is made from, and what files hold. Memory:
/// 8 bytes a row of each fixed column, 4 a cell of the permutation.
#[derive(Clone, Debug)]
pub struct CompactKey {
	pub(crate) plan: Plan,
	pub(crate) fixed: Vec<Column>,
	pub(crate) permutation: Assembly,
}

impl CompactKey {
	/// Makes the keys of `circuit`. The same circuit and setup give the same keys. Besides the key,
	/// memory is needed for a few columns at a time.
	pub fn new(
		commitments: &CommitmentKey,
		circuit: Circuit,
		progress: Progress<'_>,
	) -> Result<Self, KeyError> {
		let (domain, permutation) = assemble(commitments, &circuit)?;
		let Circuit {
			mut parts, fixed, ..
		} = circuit;
		let counter = progress.stage(Stage::CommitCircuit, fixed.len() + parts.permutation.len());
		let columns: Vec<Values<'_>> = fixed.iter().map(Column::values).collect();
		parts.fixed_commitments = convert(&commitments.commit_values(&columns, &counter))?;
		let elements = elements(&domain);
		for (batch, columns) in parts.permutation.chunks_mut(batch()).enumerate() {
			let first = batch * self::batch();
			let values: Vec<Vec<Fr>> = (first..first + columns.len())
				.into_par_iter()
				.map(|column| permutation.values(column, &elements))
				.collect();
			let values: Vec<Values<'_>> = values.iter().map(|v| Values::Scalars(v)).collect();
			let points = convert(&commitments.commit_values(&values, &counter))?;
			for (column, point) in columns.iter_mut().zip(points) {
				column.commitment = point;
			}
		}
		Ok(Self {
			plan: Plan::from_parts(parts)?,
			fixed,
			permutation,
		})
	}

	/// The key of `circuit` if its verifying key is `plan`, which somebody else made: whether the constraint
	/// system is the circuit's, and the commitments are to its columns and its permutation. One
	/// multiplication of full size in place of one for each column.
	///
	/// With numbers r that are drawn here, `Σ r·C` must be the commitment to `Σ r·column`. If a commitment C
	/// is another column's, that holds for one of the field's elements as its r.
	pub fn checked(
		commitments: &CommitmentKey,
		circuit: Circuit,
		plan: Plan,
		random: &mut impl RngCore,
		progress: Progress<'_>,
	) -> Result<Self, KeyError> {
		if let Some(what) = difference(&circuit.parts, plan.parts()) {
			return Err(KeyError::OtherConstraintSystem { what });
		}
		let (domain, permutation) = assemble(commitments, &circuit)?;
		let Circuit { parts, fixed, .. } = circuit;
		let columns = fixed.len() + parts.permutation.len();
		let counter = progress.stage(Stage::CheckCircuit, columns + 1);
		let elements = elements(&domain);
		let mut sum = vec![Fr::ZERO; domain.size()];
		let mut expected = G1::identity();
		let stated = plan.parts();
		let points = stated.fixed_commitments.iter();
		let points = points.chain(stated.permutation.iter().map(|column| &column.commitment));
		for (index, point) in points.enumerate() {
			let factor = Fr::random(&mut *random);
			// Points of a plan are on the curve.
			let point = point_to_halo2(point).ok_or(KeyError::OtherCommitments)?;
			expected += point * factor;
			let values = match fixed.get(index) {
				Some(column) => column.to_scalars(column.len()),
				None => permutation.values(index - fixed.len(), &elements),
			};
			sum.par_iter_mut().zip(values).for_each(|(sum, value)| {
				*sum += factor * value;
			});
			counter.advance();
		}
		let got = commitments.commit_values(&[Values::Scalars(&sum)], &counter);
		if got != [expected.to_affine()] {
			return Err(KeyError::OtherCommitments);
		}
		Ok(Self {
			plan,
			fixed,
			permutation,
		})
	}

	/// The verifying key.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}
}

/// What `got` states otherwise than `expected`, but for the commitments themselves; nothing if they agree.
pub fn difference(expected: &Parts, got: &Parts) -> Option<&'static str> {
	let columns = |parts: &Parts| -> Vec<(ColumnKind, u16)> {
		let columns = parts.permutation.iter();
		columns.map(|column| (column.kind, column.index)).collect()
	};
	// Named one by one, so that a field that is added is compared.
	let Parts {
		transcript,
		k,
		degree,
		instance_columns,
		accumulator,
		transcript_repr,
		advice_phases,
		challenge_phases,
		advice_queries,
		instance_queries,
		fixed_queries,
		fixed_commitments,
		permutation: _,
		constants,
		gates,
		lookup_argument,
		lookups,
		program,
	} = expected;
	let same = [
		("transcript", *transcript == got.transcript),
		("number of rows", *k == got.k),
		("degree", *degree == got.degree),
		("public inputs", *instance_columns == got.instance_columns),
		("accumulator", *accumulator == got.accumulator),
		("binding", *transcript_repr == got.transcript_repr),
		(
			"phases",
			*advice_phases == got.advice_phases && *challenge_phases == got.challenge_phases,
		),
		(
			"number of fixed columns",
			fixed_commitments.len() == got.fixed_commitments.len(),
		),
		(
			"columns of the permutation",
			columns(expected) == columns(got),
		),
		(
			"queries",
			*advice_queries == got.advice_queries
				&& *instance_queries == got.instance_queries
				&& *fixed_queries == got.fixed_queries,
		),
		(
			"lookups",
			*lookup_argument == got.lookup_argument && *lookups == got.lookups,
		),
		(
			"gates",
			*gates == got.gates && *constants == got.constants && *program == got.program,
		),
	];
	let (what, _) = same.into_iter().find(|(_, same)| !same)?;
	Some(what)
}

/// Checks `circuit`; its domain and permutation.
fn assemble(
	commitments: &CommitmentKey,
	circuit: &Circuit,
) -> Result<(Domain, Assembly), KeyError> {
	let Circuit {
		parts,
		fixed,
		copies,
	} = circuit;
	check(commitments, parts, fixed)?;
	let domain = domain(parts)?;
	let usable = usable_rows(parts);
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
	for (index, (a, b)) in copies.iter().enumerate() {
		let inside = |cell: &Cell| cell.row < usable && cell.column < parts.permutation.len();
		if !inside(a) || !inside(b) {
			return Err(KeyError::BadCopy { index });
		}
		permutation.copy(*a, *b);
	}
	permutation.finish();
	Ok((domain, permutation))
}

/// All that proofs need of a circuit but the setup.
#[derive(Debug)]
pub struct ProvingKey {
	compact: Arc<CompactKey>,
	pub(crate) program: Program,
	pub(crate) domain: Domain,
	/// The domain's elements.
	pub(crate) elements: Vec<Fr>,
	/// Of the fixed columns, then of the permutation's.
	polynomials: Store,
}

impl ProvingKey {
	/// Makes the keys of `circuit`, with everything in memory.
	pub fn new(commitments: &CommitmentKey, circuit: Circuit) -> Result<Self, KeyError> {
		let compact = CompactKey::new(commitments, circuit, Progress::NONE)?;
		Self::from_compact(Arc::new(compact), Storage::Memory, Progress::NONE)
	}

	/// Makes the polynomials of a key: a Fourier transform a column.
	pub fn from_compact(
		compact: Arc<CompactKey>,
		storage: Storage,
		progress: Progress<'_>,
	) -> Result<Self, KeyError> {
		let parts = compact.plan.parts();
		let program = Program::new(parts)?;
		let domain = domain(parts)?;
		let elements = elements(&domain);
		let columns = compact.fixed.len() + parts.permutation.len();
		let counter = progress.stage(Stage::InterpolateCircuit, columns);
		let polynomial = |index: usize| {
			let mut values = match compact.fixed.get(index) {
				Some(column) => column.to_scalars(domain.size()),
				None => {
					let column = index - compact.fixed.len();
					compact.permutation.values(column, &elements)
				},
			};
			domain.to_coefficients(&mut values);
			counter.advance();
			values
		};
		let storage_error = |error: std::io::Error| KeyError::Storage(error.to_string());
		let mut polynomials = Store::new(storage, &domain).map_err(storage_error)?;
		for first in (0..columns).step_by(batch()) {
			let batch = first..(first + batch()).min(columns);
			let batch = batch.into_par_iter().with_max_len(1).map(polynomial);
			polynomials.extend(batch.collect()).map_err(storage_error)?;
		}
		Ok(Self {
			compact,
			program,
			domain,
			elements,
			polynomials,
		})
	}

	/// The verifying key.
	pub fn plan(&self) -> &Plan {
		&self.compact.plan
	}

	pub(crate) fn fixed(&self) -> &[Column] {
		&self.compact.fixed
	}

	pub(crate) fn permutation(&self) -> &Assembly {
		&self.compact.permutation
	}

	/// The polynomial of a fixed column.
	pub(crate) fn fixed_polynomial(&self, column: usize) -> Result<Cow<'_, [Fr]>, ProveError> {
		Ok(self.polynomials.get(column)?)
	}

	/// The permutation polynomial of a column.
	pub(crate) fn permutation_polynomial(
		&self,
		column: usize,
	) -> Result<Cow<'_, [Fr]>, ProveError> {
		Ok(self.polynomials.get(self.compact.fixed.len() + column)?)
	}

	/// Bytes that the key takes in memory, about.
	pub fn bytes(&self) -> usize {
		let rows: usize = self.compact.fixed.iter().map(Column::len).sum();
		self.polynomials.bytes()
			+ self.elements.len() * size_of::<Fr>()
			+ rows * size_of::<i64>()
			+ size_of_val(self.compact.permutation.next())
	}

	/// Rows that witness and public inputs may use; the row after them is the last one of the
	/// arguments' sums and products.
	pub fn usable_rows(&self) -> usize {
		usable_rows(self.compact.plan.parts())
	}
}

/// Columns that are handled at a time: enough for all cores.
fn batch() -> usize {
	2 * rayon::current_num_threads()
}

fn domain(parts: &Parts) -> Result<Domain, KeyError> {
	Domain::new(u32::from(parts.k)).ok_or(KeyError::Unsupported {
		what: "so many rows",
	})
}

fn elements(domain: &Domain) -> Vec<Fr> {
	powers(domain.omega()).take(domain.size()).collect()
}

/// Rows before the last one of the arguments.
pub(crate) fn usable_rows(parts: &Parts) -> usize {
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
