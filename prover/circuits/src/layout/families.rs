//! Families: sums within one inference that have the same weights.
//!
//! A matrix that meets several columns makes one sum of each: a dense layer on each token, a
//! convolution at each position, a product of two matrices that both depend on the input. A
//! *family* is a row of the matrix, its sums those of all columns: `v_i = c_i + Σ_j w_j·x_(j,i)`. For
//! each j, the operands (x_(j,1), …, x_(j,G)) are a *tuple*; the families of one matrix share them.
//!
//! [`combine`](crate::circuit::gadgets::combine) checks the sums of a family at once. Families are found
//! by their sums' weights and operands, whatever operator they come from, and are kept only where that
//! takes at most half the cells.

use crate::graph::{offset, offsets, Graph, Operator, Pairs, Term};
use std::{
	collections::{BTreeMap, HashMap},
	hash::{DefaultHasher, Hash, Hasher},
	rc::Rc,
};

/// By how many times a family must have fewer cells than its sums.
const LEAST_GAIN: usize = 2;

/// An element of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Element {
	/// The tensor.
	pub tensor: u32,
	/// Its index in it.
	pub index: u32,
}

/// What an operand is multiplied by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weight {
	/// A weight of the model.
	Constant(i64),
	/// Another element.
	Element(Element),
}

/// Sums with the same weights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Family {
	/// The sums: elements of their tensor, in the order in which they are combined.
	pub sums: Vec<usize>,
	/// Weights, and the numbers of the tuples that they multiply.
	pub terms: Vec<(Weight, usize)>,
}

impl Family {
	/// Whether its weights are elements.
	pub fn is_product(&self) -> bool {
		matches!(self.terms.first(), Some((Weight::Element(_), _)))
	}
}

/// A graph's families.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Families {
	/// Per tensor of sums.
	families: BTreeMap<usize, Vec<Family>>,
	/// Per tensor of sums, whether each element is in a family.
	members: BTreeMap<usize, Vec<bool>>,
	/// The tuples of all families.
	tuples: Tuples,
}

/// A sum: its operands with their weights.
type Sum = Vec<(Weight, Element)>;

/// Tuples, each of them once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tuples {
	all: Vec<Rc<[Element]>>,
	numbers: HashMap<Rc<[Element]>, usize>,
}

impl Tuples {
	/// The number of `tuple`.
	fn number(&mut self, tuple: Rc<[Element]>) -> usize {
		let next = self.all.len();
		let number = *self.numbers.entry(tuple.clone()).or_insert(next);
		if number == next {
			self.all.push(tuple);
		}
		number
	}
}

impl Families {
	/// Those of `graph`. Takes time in proportion to its multiplications.
	pub fn of(graph: &Graph) -> Self {
		let mut found = Self::default();
		for (index, node) in graph.nodes().iter().enumerate() {
			let count = graph.tensors().get(index + 1);
			let count = count.map_or(0, |tensor| tensor.bounds.len());
			let candidates = match &node.operator {
				Operator::Affine { terms, .. } => {
					Candidates::of(count, |element| affine_sum(terms, element))
				},
				Operator::Product { left, right, pairs } if !pairs.inner.is_empty() => {
					// Either operand may be the matrix.
					let inner = offsets(&pairs.inner);
					let [one, other] = [false, true].map(|swapped| {
						let operands = (*left, *right, swapped);
						let sum = |element| product_sum(operands, pairs, &inner, element);
						Candidates::of(count, sum)
					});
					if one.saved >= other.saved {
						one
					} else {
						other
					}
				},
				_ => continue,
			};
			found.add(index + 1, count, candidates);
		}
		found
	}

	/// Adds the families of tensor `tensor`, which has `count` elements.
	fn add(&mut self, tensor: usize, count: usize, candidates: Candidates) {
		if candidates.families.is_empty() {
			return;
		}
		let mut members = vec![false; count];
		let mut families = candidates.families;
		for family in &mut families {
			for sum in &family.sums {
				if let Some(member) = members.get_mut(*sum) {
					*member = true;
				}
			}
			for (_, tuple) in &mut family.terms {
				if let Some(elements) = candidates.tuples.all.get(*tuple) {
					*tuple = self.tuples.number(elements.clone());
				}
			}
		}
		self.members.insert(tensor, members);
		self.families.insert(tensor, families);
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.families.is_empty()
	}

	/// The families of tensor `tensor`'s sums.
	pub fn of_tensor(&self, tensor: usize) -> &[Family] {
		self.families.get(&tensor).map_or(&[], Vec::as_slice)
	}

	/// All families.
	pub fn iter(&self) -> impl Iterator<Item = &Family> {
		self.families.values().flatten()
	}

	/// Whether a family has element `element` of tensor `tensor`.
	pub fn has(&self, tensor: usize, element: usize) -> bool {
		let members = self.members.get(&tensor);
		members.is_some_and(|members| members.get(element) == Some(&true))
	}

	/// Whether families have all elements of tensor `tensor`.
	pub fn have_all(&self, tensor: usize) -> bool {
		let members = self.members.get(&tensor);
		members.is_some_and(|members| members.iter().all(|member| *member))
	}

	/// The tuples.
	pub fn tuples(&self) -> &[Rc<[Element]>] {
		&self.tuples.all
	}
}

/// Operands and weights of element `element` of an affine operator.
fn affine_sum(terms: &[Term], element: usize) -> Sum {
	let entries = terms.iter().flat_map(|term| {
		let row = term.map.row(element);
		row.map(|(column, weight)| (Weight::Constant(weight), at(term.input, column)))
	});
	entries.collect()
}

/// The same of a product; its weights are the left operands, or `swapped` the right ones.
fn product_sum(
	(left, right, swapped): (u32, u32, bool),
	pairs: &Pairs,
	inner: &[(usize, usize)],
	element: usize,
) -> Sum {
	let Some((a, b)) = offset(&pairs.outer, element) else {
		return Sum::new();
	};
	let entries = inner.iter().map(|(i, j)| {
		let (x, y) = (
			at(left, a.saturating_add(*i)),
			at(right, b.saturating_add(*j)),
		);
		if swapped {
			(Weight::Element(y), x)
		} else {
			(Weight::Element(x), y)
		}
	});
	entries.collect()
}

/// A graph's tensors have at most [`MAX_ELEMENTS`](crate::graph::MAX_ELEMENTS) elements.
fn at(tensor: u32, index: usize) -> Element {
	Element {
		tensor,
		index: u32::try_from(index).unwrap_or(u32::MAX),
	}
}

/// What may be the families of a tensor.
#[derive(Default)]
struct Candidates {
	families: Vec<Family>,
	tuples: Tuples,
	/// Cells that they save together.
	saved: usize,
}

impl Candidates {
	/// Sums of at least two operands with the same weights that save enough cells, of a tensor of `count`
	/// elements.
	fn of(count: usize, sum: impl Fn(usize) -> Sum) -> Self {
		let mut buckets: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
		for element in 0..count {
			let terms = sum(element);
			if terms.len() < 2 {
				continue;
			}
			let mut hasher = DefaultHasher::new();
			for (weight, _) in &terms {
				weight.hash(&mut hasher);
			}
			buckets.entry(hasher.finish()).or_default().push(element);
		}
		// In the order of their first sums, so that nothing depends on the hashes.
		let mut buckets: Vec<Vec<usize>> = buckets.into_values().filter(|b| b.len() > 1).collect();
		buckets.sort_unstable();
		let mut found = Self::default();
		for bucket in buckets {
			found.add(bucket, &sum);
		}
		found.keep_what_saves();
		found
	}

	/// The family of the first of `bucket`'s sums, which all have the same hash.
	fn add(&mut self, bucket: Vec<usize>, sum: &impl Fn(usize) -> Sum) {
		let mut weights: Vec<Weight> = Vec::new();
		let mut tuples: Vec<Vec<Element>> = Vec::new();
		let mut sums = Vec::with_capacity(bucket.len());
		for element in bucket {
			let terms = sum(element);
			if sums.is_empty() {
				weights = terms.iter().map(|(weight, _)| *weight).collect();
				tuples = vec![Vec::new(); terms.len()];
			}
			if !terms.iter().map(|(weight, _)| weight).eq(&weights) {
				continue;
			}
			sums.push(element);
			for (tuple, (_, operand)) in tuples.iter_mut().zip(terms) {
				tuple.push(operand);
			}
		}
		let tuples = tuples
			.into_iter()
			.map(|tuple| self.tuples.number(tuple.into()));
		let terms = weights
			.into_iter()
			.zip(tuples.collect::<Vec<_>>())
			.collect();
		self.families.push(Family { sums, terms });
	}

	/// Keeps the families that save enough cells. A tuple's cells are shared by those that use it.
	fn keep_what_saves(&mut self) {
		let mut uses = vec![0usize; self.tuples.all.len()];
		for (_, tuple) in self.families.iter().flat_map(|family| &family.terms) {
			if let Some(uses) = uses.get_mut(*tuple) {
				*uses += 1;
			}
		}
		let saved = &mut self.saved;
		self.families.retain(|family| {
			let each = if family.is_product() { 2 } else { 1 };
			let (sums, terms) = (family.sums.len(), family.terms.len());
			let before = sums * terms * each;
			let shares = family.terms.iter().map(|(_, tuple)| {
				let uses = uses.get(*tuple).copied().unwrap_or(1);
				sums.div_ceil(uses.max(1))
			});
			let after = (terms + 1) * each + shares.sum::<usize>();
			let keeps = after.saturating_mul(LEAST_GAIN) <= before;
			if keeps {
				*saved += before - after;
			}
			keeps
		});
	}
}
