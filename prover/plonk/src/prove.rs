//! Proofs.

use crate::{
	column::Column,
	commitment_key::{CommitmentKey, Values},
	error::ProveError,
	key::ProvingKey,
	lookup::{Compressed, Expressions},
	opening::{self, Base, Polynomials},
	permutation,
	program::Tables,
	progress::{Progress, Stage},
	quotient::{self, fixed_values, Committed},
	transcript::Writer,
};
use halo2curves::{bn256::Fr, ff::Field};
use inference_verifier::plan::{layout::chunk_len, ColumnKind};
use rand::RngCore;
use rayon::prelude::*;
use std::{borrow::Cow, collections::BTreeSet};

/// Whether a proof hides its witness.
pub enum Blinding<'a> {
	/// It need not: everything follows from public inputs and key. Proofs are deterministic.
	None,
	/// Random values fill the rows that halo2 reserves for them, and a random polynomial hides the openings.
	/// The quotient's parts are committed to without blinding, as halo2 does with KZG: that they hide the
	/// witness rests on discrete logarithms, and is argued nowhere in detail. The circuit's fixed columns,
	/// such as a model's weights, are not hidden: each proof opens them at a random point.
	Random(&'a mut dyn RngCore),
}

impl std::fmt::Debug for Blinding<'_> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::None => "None",
			Self::Random(_) => "Random",
		})
	}
}

impl Blinding<'_> {
	/// Fills `rows` of a column from `row` on.
	fn fill(&mut self, column: &mut Column, row: usize, rows: usize) {
		if let Self::Random(random) = self {
			for row in (row..row + rows).rev() {
				column.set(row, Fr::random(&mut *random));
			}
		}
	}

	/// Appends random values, or zeros, up to `rows`.
	fn extend(&mut self, values: &mut Vec<Fr>, rows: usize) {
		while values.len() < rows {
			values.push(match self {
				Self::None => Fr::ZERO,
				Self::Random(random) => Fr::random(&mut **random),
			});
		}
	}
}

/// Proves that `instance` and a witness satisfy the key's circuit.
///
/// `witness(phase, challenges)` gives the advice columns of a phase, in their order, with at most
/// [`ProvingKey::usable_rows`] rows each; `challenges` holds those drawn so far and zero for those
/// to come. A witness that does not satisfy the gates gives a proof that does not verify; one that
/// does not satisfy lookups or copy constraints, an error.
pub fn prove(
	key: &ProvingKey,
	commitments: &CommitmentKey,
	instance: &[Vec<Fr>],
	witness: impl FnMut(u8, &[Fr]) -> Result<Vec<Column>, ProveError>,
	blinding: Blinding<'_>,
) -> Result<Vec<u8>, ProveError> {
	prove_with_progress(
		key,
		commitments,
		instance,
		witness,
		blinding,
		Progress::NONE,
	)
}

/// As [`prove`], and announces how far it is.
pub fn prove_with_progress(
	key: &ProvingKey,
	commitments: &CommitmentKey,
	instance: &[Vec<Fr>],
	mut witness: impl FnMut(u8, &[Fr]) -> Result<Vec<Column>, ProveError>,
	mut blinding: Blinding<'_>,
	progress: Progress<'_>,
) -> Result<Vec<u8>, ProveError> {
	let plan = key.plan();
	let parts = plan.parts();
	let (n, usable) = (key.domain.size(), key.usable_rows());
	if commitments.k() != parts.k {
		return Err(ProveError::WrongSize {
			expected: parts.k,
			got: commitments.k(),
		});
	}
	let mut writer = Writer::new(plan);
	let instance = instance_columns(key, instance, &mut writer)?;

	let mut challenges = vec![Fr::ZERO; parts.challenge_phases.len()];
	let mut advice: Vec<Vec<Fr>> = vec![Vec::new(); parts.advice_phases.len()];
	let counter = progress.stage(Stage::CommitWitness, advice.len());
	let last_phase = parts.advice_phases.iter().copied().max().unwrap_or(0);
	for phase in 0..=last_phase {
		let mut columns = witness(phase, &challenges)?;
		check_columns(phase, parts, &columns, usable)?;
		for column in &mut columns {
			blinding.fill(column, usable, n - usable);
		}
		let values: Vec<Values<'_>> = columns.iter().map(Column::values).collect();
		writer.points(&commitments.commit_values(&values, &counter));
		for (challenge, of) in challenges.iter_mut().zip(&parts.challenge_phases) {
			if *of == phase {
				*challenge = writer.challenge();
			}
		}
		let slots = advice.iter_mut().zip(&parts.advice_phases);
		let slots = slots.filter(|(_, of)| **of == phase).map(|(slot, _)| slot);
		for (slot, column) in slots.zip(columns) {
			*slot = column.to_scalars(n);
		}
	}

	let theta = writer.challenge();
	let lookups = Expressions::all(&parts.lookups, parts.gates as usize);
	let permuted_fixed = parts
		.permutation
		.iter()
		.filter(|c| c.kind == ColumnKind::Fixed);
	let mut reads: BTreeSet<(ColumnKind, usize)> = permuted_fixed
		.map(|column| (column.kind, usize::from(column.index)))
		.collect();
	let looked_up = key.program.expressions.iter().skip(parts.gates as usize);
	reads.extend(looked_up.flat_map(|e| e.reads.iter().copied()));
	let fixed = fixed_values(key, &reads);
	let tables = Tables {
		advice: &advice,
		fixed: &fixed,
		instance: &instance,
		challenges: &challenges,
	};
	let compressed: Vec<Compressed> = lookups
		.iter()
		.map(|lookup| Compressed::new(lookup, &key.program, &tables, usable, theta))
		.collect::<Option<_>>()
		.ok_or(ProveError::Internal("a looked-up column is missing"))?;
	let mut multiplicities: Vec<Column> = Vec::with_capacity(lookups.len());
	let mut counts: Vec<Vec<i64>> = Vec::with_capacity(lookups.len());
	for (index, values) in compressed.iter().enumerate() {
		let count = values.multiplicities(index)?;
		let mut column = Column::Integers(count.clone());
		blinding.fill(&mut column, usable, n - usable);
		multiplicities.push(column);
		counts.push(count);
	}
	let counter = progress.stage(
		Stage::CommitArguments,
		2 * lookups.len() + plan.layout().permutation_chunks() + 1,
	);
	let values: Vec<Values<'_>> = multiplicities.iter().map(Column::values).collect();
	writer.points(&commitments.commit_values(&values, &counter));

	let (beta, gamma) = (writer.challenge(), writer.challenge());
	let mut products = {
		let columns: Vec<Cow<'_, [Fr]>> = parts
			.permutation
			.iter()
			.filter_map(|column| {
				let index = usize::from(column.index);
				Some(Cow::Borrowed(match column.kind {
					ColumnKind::Advice => advice.get(index)?.as_slice(),
					ColumnKind::Fixed => fixed.get(index)?,
					ColumnKind::Instance => instance.get(index)?,
				}))
			})
			.collect();
		permutation::products(
			&columns,
			key.permutation(),
			&key.elements,
			chunk_len(parts.degree),
			usable,
			(beta, gamma),
		)?
	};
	let mut sums: Vec<Vec<Fr>> = compressed
		.iter()
		.zip(&counts)
		.map(|(values, counts)| values.sums(counts, beta))
		.collect::<Result<_, _>>()?;
	drop((compressed, counts, fixed));
	for values in products.iter_mut().chain(&mut sums) {
		blinding.extend(values, n);
	}
	let values: Vec<Values<'_>> = products
		.iter()
		.chain(&sums)
		.map(|values| Values::Scalars(values))
		.collect();
	writer.points(&commitments.commit_values(&values, &counter));
	drop(values);

	let mut random = Vec::new();
	if matches!(blinding, Blinding::Random(_)) {
		blinding.extend(&mut random, n);
	}
	writer.points(&commitments.commit_coefficients(&[&random], &counter));
	let y = writer.challenge();

	let to_polynomial = |mut values: Vec<Fr>| {
		key.domain.to_coefficients(&mut values);
		values
	};
	let to_polynomials = |columns: Vec<Vec<Fr>>| -> Vec<Vec<Fr>> {
		let columns = columns.into_par_iter().with_max_len(1);
		columns.map(to_polynomial).collect()
	};
	let advice = to_polynomials(advice);
	let instance = to_polynomials(instance);
	let products = to_polynomials(products);
	let lookups: Vec<(Vec<Fr>, Vec<Fr>)> = multiplicities
		.into_par_iter()
		.zip(sums)
		.map(|(column, sums)| (to_polynomial(column.to_scalars(n)), to_polynomial(sums)))
		.collect();
	let quotient = quotient::quotient(
		key,
		&Committed {
			advice: &advice,
			instance: &instance,
			products: &products,
			lookups: &lookups,
			challenges: &challenges,
			theta,
			beta,
			gamma,
			y,
		},
		progress,
	)?;
	let parts: Vec<&[Fr]> = quotient.iter().map(Vec::as_slice).collect();
	let counter = progress.stage(Stage::CommitQuotient, parts.len());
	writer.points(&commitments.commit_coefficients(&parts, &counter));
	let x = writer.challenge();

	let power = x.pow_vartime([n as u64]);
	let mut combined = vec![Fr::ZERO; n];
	for part in quotient.iter().rev() {
		for (to, value) in combined.iter_mut().zip(part) {
			*to = *to * power + value;
		}
	}
	drop(quotient);
	let layout = plan.layout();
	let mut bases: Vec<Option<Base<'_>>> = vec![None; layout.bases()];
	let mut set = |position: usize, base| {
		if let Some(slot) = bases.get_mut(position) {
			*slot = Some(base);
		}
	};
	for (column, polynomial) in advice.iter().enumerate() {
		let position = layout.advice(column).unwrap_or(usize::MAX);
		set(position, Base::Polynomial(polynomial));
	}
	for (index, polynomial) in products.iter().enumerate() {
		set(
			layout.permutation_product(index),
			Base::Polynomial(polynomial),
		);
	}
	for (index, (multiplicities, sums)) in lookups.iter().enumerate() {
		set(layout.lookup_point(index), Base::Polynomial(multiplicities));
		set(layout.lookup_product(index), Base::Polynomial(sums));
	}
	set(layout.random(), Base::Polynomial(&random));
	for column in 0..key.fixed().len() {
		set(layout.fixed(column), Base::Fixed(column));
	}
	for column in 0..plan.parts().permutation.len() {
		set(layout.permutation(column), Base::Permutation(column));
	}
	let polynomials = Polynomials {
		key,
		bases,
		quotient: combined,
	};
	opening::open(key, commitments, &polynomials, x, &mut writer, progress)?;
	Ok(writer.finish())
}

/// Checks and absorbs the public inputs; all rows of each column.
fn instance_columns(
	key: &ProvingKey,
	instance: &[Vec<Fr>],
	writer: &mut Writer,
) -> Result<Vec<Vec<Fr>>, ProveError> {
	let expected = &key.plan().parts().instance_columns;
	let got: Vec<usize> = instance.iter().map(Vec::len).collect();
	if got.len() != expected.len() || got.iter().zip(expected).any(|(g, e)| *g != *e as usize) {
		return Err(ProveError::Instance {
			expected: expected.clone(),
			got,
		});
	}
	for value in instance.iter().flatten() {
		writer.absorb(*value);
	}
	let columns = instance.iter().map(|column| {
		let mut values = column.clone();
		values.resize(key.domain.size(), Fr::ZERO);
		values
	});
	Ok(columns.collect())
}

fn check_columns(
	phase: u8,
	parts: &inference_verifier::plan::Parts,
	columns: &[Column],
	usable: usize,
) -> Result<(), ProveError> {
	let expected = parts.advice_phases.iter().filter(|p| **p == phase).count();
	if columns.len() != expected {
		return Err(ProveError::AdviceColumns {
			phase,
			expected,
			got: columns.len(),
		});
	}
	for (column, values) in columns.iter().enumerate() {
		if !values.is_consistent() {
			return Err(ProveError::Inconsistent { column });
		}
		if values.len() > usable {
			return Err(ProveError::TooManyRows {
				column,
				usable,
				got: values.len(),
			});
		}
	}
	Ok(())
}
