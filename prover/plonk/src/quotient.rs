//! The quotient: all constraints, combined by powers of y, divided by X^n − 1.
//!
//! A constraint of degree d has a quotient of degree below (d − 1)·n, which its values on d − 1
//! cosets of the domain determine. So constraints are taken by degree: those of degree 2 are
//! evaluated on one coset only, and columns are transformed to the cosets on which a constraint
//! reads them. Cosets are handled one after the other: memory is one value per column and row.

use crate::{
	column::Column,
	error::ProveError,
	fft::{invert_all, powers},
	key::ProvingKey,
	lookup::{compress, Expressions},
	permutation::delta_power,
	program::{Tables, CHUNK},
	progress::{Progress, Stage},
};
use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};
use inference_verifier::plan::{layout::chunk_len, ColumnKind};
use rayon::prelude::*;
use std::{borrow::Cow, collections::BTreeSet, ops::Range};

/// What the prover has committed to, as coefficients, and the challenges.
pub(crate) struct Committed<'a> {
	pub advice: &'a [Vec<Fr>],
	pub instance: &'a [Vec<Fr>],
	/// Permutation products.
	pub products: &'a [Vec<Fr>],
	/// Multiplicities and sums of each lookup.
	pub lookups: &'a [(Vec<Fr>, Vec<Fr>)],
	pub challenges: &'a [Fr],
	pub theta: Fr,
	pub beta: Fr,
	pub gamma: Fr,
	pub y: Fr,
}

/// One constraint; the verifier's `constraints` has the formulas.
#[derive(Clone, Copy, Debug)]
enum Constraint {
	Gate(usize),
	PermutationFirst,
	PermutationLast,
	PermutationLink(usize),
	PermutationStep(usize),
	LookupFirst(usize),
	LookupLast(usize),
	LookupStep(usize),
}

/// A constraint, the cosets that its quotient needs, and its power of y.
struct Item {
	constraint: Constraint,
	cosets: usize,
	power: Fr,
}

/// All polynomials' values on one coset; empty where no constraint there reads them.
struct Coset {
	advice: Vec<Vec<Fr>>,
	fixed: Vec<Cow<'static, [Fr]>>,
	instance: Vec<Vec<Fr>>,
	products: Vec<Vec<Fr>>,
	/// Those of the constraints that are evaluated now.
	permutation: Vec<Vec<Fr>>,
	lookups: Vec<(Vec<Fr>, Vec<Fr>)>,
	/// g·ω^i.
	points: Vec<Fr>,
	/// The Lagrange polynomial of row 0; that of row r is the same, r rows later.
	first: Vec<Fr>,
	active: Vec<Fr>,
}

/// The quotient's parts, n coefficients each.
pub(crate) fn quotient(
	key: &ProvingKey,
	committed: &Committed<'_>,
	progress: Progress<'_>,
) -> Result<Vec<Vec<Fr>>, ProveError> {
	let lookups = Expressions::all(
		&key.plan().parts().lookups,
		key.plan().parts().gates as usize,
	);
	let items = items(key, &lookups, committed.y);
	let most = items.iter().map(|item| item.cosets).max().unwrap_or(1);
	let n = key.domain.size();
	let mut parts = vec![vec![Fr::ZERO; n]; key.plan().layout().quotient_parts()];
	let classes: BTreeSet<usize> = items.iter().map(|item| item.cosets).collect();
	let interpolations: Vec<(usize, Vec<Vec<Fr>>)> = classes
		.into_iter()
		.map(|cosets| (cosets, interpolation(cosets, n)))
		.collect();
	let counter = progress.stage(Stage::Quotient, most);
	for index in 0..most {
		let here: Vec<&Item> = items.iter().filter(|item| item.cosets > index).collect();
		let shift = generator(index);
		let scale: Vec<Fr> = powers(shift).take(n).collect();
		let live: Vec<&(usize, Vec<Vec<Fr>>)> = interpolations
			.iter()
			.filter(|(cosets, _)| *cosets > index)
			.collect();
		// For each chunk of rows and class of constraints.
		let mut chunks: Vec<Vec<Vec<Fr>>> = (0..n.div_ceil(CHUNK))
			.map(|chunk| vec![vec![Fr::ZERO; CHUNK.min(n - chunk * CHUNK)]; live.len()])
			.collect();
		let mut coset = Coset::new(key, committed, &lookups, &here, shift, &scale)?;
		let mut add = |coset: &Coset, items: &[&Item]| {
			chunks
				.par_iter_mut()
				.enumerate()
				.try_for_each(|(chunk, sums)| {
					let rows = chunk * CHUNK..((chunk + 1) * CHUNK).min(n);
					for item in items {
						let values = coset
							.evaluate(key, committed, &lookups, item.constraint, &rows)
							.ok_or(ProveError::Internal("a column is missing"))?;
						let class = live.iter().position(|(cosets, _)| *cosets == item.cosets);
						let sum = class.and_then(|class| sums.get_mut(class));
						for (to, value) in sum.into_iter().flatten().zip(values) {
							*to += value * item.power;
						}
					}
					Ok::<_, ProveError>(())
				})
		};
		// The permutation's columns are needed for its own constraints only, few at a time.
		let (steps, others): (Vec<&Item>, Vec<&Item>) = here
			.iter()
			.copied()
			.partition(|item| matches!(item.constraint, Constraint::PermutationStep(_)));
		add(&coset, &others)?;
		coset.keep_permuted(key);
		let len = chunk_len(key.plan().parts().degree);
		for steps in steps.chunks(rayon::current_num_threads().div_ceil(len)) {
			coset.load_permutation(key, steps, &scale)?;
			add(&coset, steps)?;
		}
		drop(coset);
		let inverse = shift.invert().unwrap_or(Fr::ONE);
		for (position, (_, matrix)) in live.into_iter().enumerate() {
			let mut values: Vec<Fr> = chunks
				.iter()
				.filter_map(|sums| sums.get(position))
				.flatten()
				.copied()
				.collect();
			key.domain.to_coefficients(&mut values);
			for (value, power) in values.iter_mut().zip(powers(inverse)) {
				*value *= power;
			}
			parts.par_iter_mut().zip(matrix).for_each(|(part, row)| {
				let factor = row.get(index).copied().unwrap_or(Fr::ZERO);
				for (to, value) in part.iter_mut().zip(&values) {
					*to += factor * value;
				}
			});
		}
		counter.advance();
	}
	Ok(parts)
}

/// The shift of coset `index`. The cosets, and the domain itself, are distinct.
fn generator(index: usize) -> Fr {
	Fr::MULTIPLICATIVE_GENERATOR.pow_vartime([index as u64 + 1])
}

/// Row m, column j: the factor with which the interpolant of coset j's values, each divided by
/// g_j^n − 1, enters the quotient's part m.
///
/// Modulo X^n − t_j, t_j = g_j^n, the quotient is Σ_m t_j^m · part_m: a Vandermonde system.
fn interpolation(cosets: usize, n: usize) -> Vec<Vec<Fr>> {
	let points: Vec<Fr> = (0..cosets)
		.map(|j| generator(j).pow_vartime([n as u64]))
		.collect();
	let mut matrix = vec![vec![Fr::ZERO; cosets]; cosets];
	for (j, point) in points.iter().enumerate() {
		// Coefficients of Π_{i≠j} (X − t_i), and its value at t_j.
		let mut coefficients = vec![Fr::ONE];
		let mut value = Fr::ONE;
		for (i, other) in points.iter().enumerate() {
			if i == j {
				continue;
			}
			value *= *point - other;
			coefficients.insert(0, Fr::ZERO);
			for m in 0..coefficients.len() - 1 {
				let above = coefficients.get(m + 1).copied().unwrap_or(Fr::ZERO);
				if let Some(to) = coefficients.get_mut(m) {
					*to -= *other * above;
				}
			}
		}
		let divisor = (value * (*point - Fr::ONE)).invert().unwrap_or(Fr::ZERO);
		for (row, coefficient) in matrix.iter_mut().zip(coefficients) {
			if let Some(to) = row.get_mut(j) {
				*to = coefficient * divisor;
			}
		}
	}
	matrix
}

/// All constraints in the verifier's order.
fn items(key: &ProvingKey, lookups: &[Expressions], y: Fr) -> Vec<Item> {
	let parts = key.plan().parts();
	let mut list: Vec<(Constraint, u32)> = key
		.program
		.expressions
		.iter()
		.take(parts.gates as usize)
		.enumerate()
		.map(|(index, expression)| (Constraint::Gate(index), expression.degree))
		.collect();
	let chunks = key.plan().layout().permutation_chunks();
	if chunks > 0 {
		list.push((Constraint::PermutationFirst, 2));
		list.push((Constraint::PermutationLast, 3));
		list.extend((1..chunks).map(|chunk| (Constraint::PermutationLink(chunk), 2)));
		let len = chunk_len(parts.degree);
		list.extend((0..chunks).map(|chunk| {
			let columns = parts.permutation.len().saturating_sub(chunk * len).min(len);
			(Constraint::PermutationStep(chunk), columns as u32 + 2)
		}));
	}
	for (index, lookup) in lookups.iter().enumerate() {
		list.push((Constraint::LookupFirst(index), 2));
		list.push((Constraint::LookupLast(index), 2));
		list.push((Constraint::LookupStep(index), lookup.degree(&key.program)));
	}
	let mut power = Fr::ONE;
	let mut items: Vec<Item> = list
		.into_iter()
		.rev()
		.map(|(constraint, degree)| {
			let item = Item {
				constraint,
				cosets: degree.max(2) as usize - 1,
				power,
			};
			power *= y;
			item
		})
		.collect();
	items.reverse();
	items
}

impl Coset {
	/// Transforms what the constraints of `items` read, but the permutation's columns.
	fn new(
		key: &ProvingKey,
		committed: &Committed<'_>,
		lookups: &[Expressions],
		items: &[&Item],
		shift: Fr,
		scale: &[Fr],
	) -> Result<Self, ProveError> {
		let parts = key.plan().parts();
		let len = chunk_len(parts.degree);
		let mut reads: BTreeSet<(ColumnKind, usize)> = BTreeSet::new();
		let (mut products, mut sums) = (BTreeSet::new(), BTreeSet::new());
		let expression = |index: usize| {
			let expression = key.program.expressions.get(index);
			expression.into_iter().flat_map(|e| e.reads.iter().copied())
		};
		let last = key.plan().layout().permutation_chunks().saturating_sub(1);
		for item in items {
			match item.constraint {
				Constraint::Gate(index) => reads.extend(expression(index)),
				Constraint::PermutationFirst => {
					products.insert(0);
				},
				Constraint::PermutationLast => {
					products.insert(last);
				},
				Constraint::PermutationLink(chunk) => products.extend([chunk - 1, chunk]),
				Constraint::PermutationStep(chunk) => {
					products.insert(chunk);
					for column in parts.permutation.iter().skip(chunk * len).take(len) {
						reads.insert((column.kind, usize::from(column.index)));
					}
				},
				Constraint::LookupFirst(index) | Constraint::LookupLast(index) => {
					sums.insert(index);
				},
				Constraint::LookupStep(index) => {
					sums.insert(index);
					if let Some(lookup) = lookups.get(index) {
						let all = lookup.inputs.iter().chain([&lookup.table]);
						reads.extend(all.flat_map(|range| range.clone()).flat_map(expression));
					}
				},
			}
		}
		let transform = |read: bool, polynomial: &[Fr]| {
			if read {
				key.domain.to_coset(polynomial, scale)
			} else {
				Vec::new()
			}
		};
		let columns = |kind: ColumnKind, polynomials: &[Vec<Fr>]| -> Vec<Vec<Fr>> {
			polynomials
				.par_iter()
				.with_max_len(1)
				.enumerate()
				.map(|(index, polynomial)| transform(reads.contains(&(kind, index)), polynomial))
				.collect()
		};
		let fixed = (0..key.fixed().len())
			.into_par_iter()
			.with_max_len(1)
			.map(|index| {
				Ok(Cow::Owned(if reads.contains(&(ColumnKind::Fixed, index)) {
					key.domain.to_coset(&key.fixed_polynomial(index)?, scale)
				} else {
					Vec::new()
				}))
			})
			.collect::<Result<Vec<Cow<'static, [Fr]>>, ProveError>>()?;
		let n = key.domain.size();
		let points: Vec<Fr> = key.elements.iter().map(|e| shift * e).collect();
		// (X^n − 1) / (n · (X − 1))
		let mut first: Vec<Fr> = points
			.iter()
			.map(|point| (*point - Fr::ONE) * Fr::from(n as u64))
			.collect();
		invert_all(&mut first);
		let vanishing = shift.pow_vartime([n as u64]) - Fr::ONE;
		first.iter_mut().for_each(|value| *value *= vanishing);
		let usable = key.usable_rows();
		let active: Vec<Fr> = (0..n)
			.map(|i| {
				// 1 − Σ of the Lagrange polynomials of rows usable..n.
				(usable..n).fold(Fr::ONE, |sum, row| {
					sum - first.get((i + n - row) % n).unwrap_or(&Fr::ZERO)
				})
			})
			.collect();
		Ok(Self {
			advice: columns(ColumnKind::Advice, committed.advice),
			fixed,
			instance: columns(ColumnKind::Instance, committed.instance),
			products: committed
				.products
				.par_iter()
				.with_max_len(1)
				.enumerate()
				.map(|(index, polynomial)| transform(products.contains(&index), polynomial))
				.collect(),
			permutation: Vec::new(),
			lookups: committed
				.lookups
				.par_iter()
				.with_max_len(1)
				.enumerate()
				.map(|(index, (multiplicities, sum))| {
					(
						transform(sums.contains(&index), multiplicities),
						transform(sums.contains(&index), sum),
					)
				})
				.collect(),
			points,
			first,
			active,
		})
	}

	/// Drops the fixed columns that the permutation does not have.
	fn keep_permuted(&mut self, key: &ProvingKey) {
		for (index, values) in self.fixed.iter_mut().enumerate() {
			let permuted = key.plan().parts().permutation.iter().any(|column| {
				column.kind == ColumnKind::Fixed && usize::from(column.index) == index
			});
			if !permuted {
				*values = Cow::Owned(Vec::new());
			}
		}
	}

	/// Transforms the permutation's columns of `steps`, instead of those that are there.
	fn load_permutation(
		&mut self,
		key: &ProvingKey,
		steps: &[&Item],
		scale: &[Fr],
	) -> Result<(), ProveError> {
		self.permutation.clear();
		let parts = key.plan().parts();
		let len = chunk_len(parts.degree);
		let read: BTreeSet<usize> = steps
			.iter()
			.flat_map(|item| match item.constraint {
				Constraint::PermutationStep(chunk) => chunk * len..(chunk + 1) * len,
				_ => 0..0,
			})
			.collect();
		self.permutation = (0..parts.permutation.len())
			.into_par_iter()
			.with_max_len(1)
			.map(|index| {
				Ok(if read.contains(&index) {
					let polynomial = key.permutation_polynomial(index)?;
					key.domain.to_coset(&polynomial, scale)
				} else {
					Vec::new()
				})
			})
			.collect::<Result<_, ProveError>>()?;
		Ok(())
	}

	/// A constraint's values on `rows`.
	fn evaluate(
		&self,
		key: &ProvingKey,
		committed: &Committed<'_>,
		lookups: &[Expressions],
		constraint: Constraint,
		rows: &Range<usize>,
	) -> Option<Vec<Fr>> {
		let tables = Tables {
			advice: &self.advice,
			fixed: &self.fixed,
			instance: &self.instance,
			challenges: committed.challenges,
		};
		let n = self.points.len();
		let usable = key.usable_rows();
		let at = |column: &[Fr], i: usize, rotation: usize| {
			column.get((i + rotation) % n).copied().unwrap_or(Fr::ZERO)
		};
		let first = |i: usize| at(&self.first, i, 0);
		let last = |i: usize| at(&self.first, i, n - usable);
		Some(match constraint {
			Constraint::Gate(index) => key.program.evaluate(index, &tables, rows)?,
			Constraint::PermutationFirst => {
				let z = self.products.first()?;
				rows.clone()
					.map(|i| first(i) * (Fr::ONE - at(z, i, 0)))
					.collect()
			},
			Constraint::PermutationLast => {
				let z = self.products.last()?;
				rows.clone()
					.map(|i| {
						let z = at(z, i, 0);
						last(i) * (z.square() - z)
					})
					.collect()
			},
			Constraint::PermutationLink(chunk) => {
				let (before, z) = (self.products.get(chunk - 1)?, self.products.get(chunk)?);
				rows.clone()
					.map(|i| first(i) * (at(z, i, 0) - at(before, i, usable)))
					.collect()
			},
			Constraint::PermutationStep(chunk) => {
				self.permutation_step(key, committed, chunk, rows)?
			},
			Constraint::LookupFirst(index) => {
				let (_, sum) = self.lookups.get(index)?;
				rows.clone().map(|i| first(i) * at(sum, i, 0)).collect()
			},
			Constraint::LookupLast(index) => {
				let (_, sum) = self.lookups.get(index)?;
				rows.clone().map(|i| last(i) * at(sum, i, 0)).collect()
			},
			Constraint::LookupStep(index) => {
				let (multiplicities, sum) = self.lookups.get(index)?;
				let lookup = lookups.get(index)?;
				let shifted = |range: &Range<usize>| {
					let mut values = compress(&key.program, range, &tables, rows, committed.theta)?;
					values.iter_mut().for_each(|v| *v += committed.beta);
					Some(values)
				};
				// Πf and Σ_i Π_{j≠i} f_j, by adding one factor after the other.
				let mut product = vec![Fr::ONE; rows.len()];
				let mut others = vec![Fr::ZERO; rows.len()];
				for (position, input) in lookup.inputs.iter().enumerate() {
					let factors = shifted(input)?;
					if position == 0 {
						others.fill(Fr::ONE);
						product = factors;
						continue;
					}
					for ((product, others), factor) in
						product.iter_mut().zip(&mut others).zip(factors)
					{
						*others = *others * factor + *product;
						*product *= factor;
					}
				}
				let table = shifted(&lookup.table)?;
				let values = rows.clone().zip(table).zip(product.iter().zip(&others));
				values
					.map(|((i, table), (product, others))| {
						// t · ((φ(ωX) − φ) · Πf − Σ Π f) + m · Πf
						let step = (at(sum, i, 1) - at(sum, i, 0)) * product - others;
						at(&self.active, i, 0) * (table * step + at(multiplicities, i, 0) * product)
					})
					.collect()
			},
		})
	}

	fn permutation_step(
		&self,
		key: &ProvingKey,
		committed: &Committed<'_>,
		chunk: usize,
		rows: &Range<usize>,
	) -> Option<Vec<Fr>> {
		let parts = key.plan().parts();
		let len = chunk_len(parts.degree);
		let n = self.points.len();
		let z = self.products.get(chunk)?;
		let mut right = z.get(rows.clone())?.to_vec();
		let mut left: Vec<Fr> = rows
			.clone()
			.map(|i| z.get((i + 1) % n).copied().unwrap_or(Fr::ZERO))
			.collect();
		let columns = parts.permutation.iter().enumerate();
		for (index, column) in columns.skip(chunk * len).take(len) {
			let number = usize::from(column.index);
			let values: &[Fr] = match column.kind {
				ColumnKind::Advice => self.advice.get(number)?,
				ColumnKind::Fixed => self.fixed.get(number)?,
				ColumnKind::Instance => self.instance.get(number)?,
			};
			let values = values.get(rows.clone())?;
			let sigma = self.permutation.get(index)?.get(rows.clone())?;
			let points = self.points.get(rows.clone())?;
			let factor = committed.beta * delta_power(index);
			for (i, value) in values.iter().enumerate() {
				let value = *value + committed.gamma;
				if let (Some(left), Some(right)) = (left.get_mut(i), right.get_mut(i)) {
					*left *= value + committed.beta * sigma.get(i)?;
					*right *= value + factor * points.get(i)?;
				}
			}
		}
		let active = self.active.get(rows.clone())?;
		let values = left.into_iter().zip(right).zip(active);
		Some(values.map(|((l, r), active)| (l - r) * active).collect())
	}
}

/// Columns as tables on the domain itself: those that `expressions` read, all rows.
pub(crate) fn fixed_values<'a>(
	key: &ProvingKey,
	reads: &BTreeSet<(ColumnKind, usize)>,
) -> Vec<Cow<'a, [Fr]>> {
	key.fixed()
		.par_iter()
		.enumerate()
		.map(|(index, column): (usize, &Column)| {
			Cow::Owned(if reads.contains(&(ColumnKind::Fixed, index)) {
				column.to_scalars(key.domain.size())
			} else {
				Vec::new()
			})
		})
		.collect()
}
