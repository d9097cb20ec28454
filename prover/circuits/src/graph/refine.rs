//! Bounds of sums that intervals of their terms alone do not give: of maxima and of choices.
//!
//! `max(a, b) = b + relu(a − b)` is the sum of two terms that are not independent; taken as if they
//! were, each maximum adds a bit to the bounds. What a term is made of is in the nodes before, so
//! nothing is claimed here: all bounds follow from the operators.
//!
//! An element of an affine operator is `y = A + w·t`. Let t be one of
//!
//! - a rescaled d, perhaps with ReLU. If `w = k·2^shift`, then `w·t = k·(d + e)`, or with ReLU
//!   `k·max(d + e, 0)`, e the rounding in `half − 2^shift + 1 ..= half`: y is
//!   `B = A + k·(d + e)`; with ReLU `max(A, B)`, for k < 0 `min(A, B)`;
//! - a product c·d with c in 0..=1: y is A or `B = A + w·d`.
//!
//! B is a sum of elements of earlier tensors again, d's own or, if d is affine, those that d is the
//! sum of; equal ones add up, and what cancels is gone. Of `b + relu(a − b)`, A is b and B is a. Their
//! mean `(A + B) / 2` bounds a maximum from below and a minimum from above: `2·relu(x) − x` is not
//! negative.
//! An element that only copies or scales another one stands for that one.
//!
//! Only sums of at most [`MAX_TERMS`] terms are looked at, and chains of at most [`MAX_COPIES`]
//! copies, so the cost stays linear.

use super::{strides, Node, Operator, Tensor, Term};

/// Most terms of a sum that is looked at, and of one that replaces a term.
const MAX_TERMS: usize = 8;
/// Most copies of a value that are seen through.
const MAX_COPIES: usize = 4;

/// Elements of tensors with weights, and a constant.
#[derive(Clone, Default)]
struct Sum {
	/// Tensor, element, weight.
	terms: Vec<(u32, usize, i128)>,
	constant: i128,
}

impl Sum {
	/// Row `element` of an affine operator, unless it is long.
	fn of_row(nodes: &[Node], terms: &[Term], constant: i64, element: usize) -> Option<Self> {
		let length = terms.iter().fold(0usize, |n, term| {
			n.saturating_add(term.map.row_len(element))
		});
		if length > MAX_TERMS {
			return None;
		}
		let mut sum = Self {
			constant: constant.into(),
			..Self::default()
		};
		for term in terms {
			for (column, weight) in term.map.row(element) {
				sum.add_origin(nodes, term.input, column, weight.into())?;
			}
		}
		Some(sum)
	}

	/// Adds a term, or what it is a copy of; nothing if a number overflows.
	fn add_origin(
		&mut self,
		nodes: &[Node],
		mut tensor: u32,
		mut element: usize,
		mut weight: i128,
	) -> Option<()> {
		for _ in 0..MAX_COPIES {
			let Some(Operator::Affine { terms, bias, .. }) = operator(nodes, tensor) else {
				break;
			};
			// The rows of all maps together have one entry.
			let mut entries = terms.iter().take(MAX_TERMS).flat_map(|term| {
				term.map
					.row(element)
					.map(|(column, weight)| (term.input, column, weight))
			});
			let (Some((input, column, factor)), None) = (entries.next(), entries.next()) else {
				break;
			};
			if terms.len() > MAX_TERMS {
				break;
			}
			let constant = weight.checked_mul((*bias.get(element)?).into())?;
			self.constant = self.constant.checked_add(constant)?;
			weight = weight.checked_mul(factor.into())?;
			(tensor, element) = (input, column);
		}
		self.add(tensor, element, weight)
	}

	/// Adds a term; nothing if its weight overflows.
	fn add(&mut self, tensor: u32, element: usize, weight: i128) -> Option<()> {
		let same = |(t, e, _): &&mut (u32, usize, i128)| *t == tensor && *e == element;
		match self.terms.iter_mut().find(same) {
			Some((_, _, sum)) => *sum = sum.checked_add(weight)?,
			None => self.terms.push((tensor, element, weight)),
		}
		Some(())
	}

	/// `self + factor·other`.
	fn plus(mut self, other: &Self, factor: i128) -> Option<Self> {
		let constant = other.constant.checked_mul(factor)?;
		self.constant = self.constant.checked_add(constant)?;
		for (tensor, element, weight) in &other.terms {
			self.add(*tensor, *element, weight.checked_mul(factor)?)?;
		}
		Some(self)
	}

	/// Least and greatest value, its terms taken as independent.
	fn range(&self, tensors: &[Tensor]) -> Option<(i128, i128)> {
		let (mut min, mut max) = (self.constant, self.constant);
		for (tensor, element, weight) in &self.terms {
			let x = tensors.get(*tensor as usize)?.bounds.get(*element)?;
			let a = weight.checked_mul(x.min.into())?;
			let b = weight.checked_mul(x.max.into())?;
			min = min.checked_add(a.min(b))?;
			max = max.checked_add(a.max(b))?;
		}
		Some((min, max))
	}
}

/// How a term's `weight·t` follows from d.
enum Follows {
	/// `factor·(d + e)`, e within `error`.
	Linearly { error: (i128, i128) },
	/// `factor·max(d + e, 0)`.
	AboveZero { error: (i128, i128) },
	/// 0 or `factor·d`.
	OrNot,
}

/// Bounds of `bias + Σ terms` at `element`: `(min, max)`, its terms taken as independent, or less.
pub fn refine(
	nodes: &[Node],
	tensors: &[Tensor],
	terms: &[Term],
	bias: i64,
	element: usize,
	(mut min, mut max): (i128, i128),
) -> (i128, i128) {
	let Some(sum) = Sum::of_row(nodes, terms, bias, element) else {
		return (min, max);
	};
	for index in 0..sum.terms.len() {
		for as_sum in [false, true] {
			let refined = without_term(nodes, tensors, &sum, index, as_sum);
			if let Some((low, high)) = refined {
				min = min.max(low);
				max = max.min(high);
			}
		}
	}
	(min, max)
}

/// Bounds of `sum` with its term `index` replaced by what it follows from: by that element itself,
/// or (`as_sum`) by the sum that makes it.
fn without_term(
	nodes: &[Node],
	tensors: &[Tensor],
	sum: &Sum,
	index: usize,
	as_sum: bool,
) -> Option<(i128, i128)> {
	let (tensor, element, weight) = *sum.terms.get(index)?;
	let (follows, from, factor) = origin(nodes, tensors, tensor, element, weight)?;
	let mut replacement = Sum::default();
	if as_sum {
		let Operator::Affine { terms, bias, .. } = operator(nodes, from.0)? else {
			return None;
		};
		replacement = Sum::of_row(nodes, terms, *bias.get(from.1)?, from.1)?;
	} else {
		replacement.add_origin(nodes, from.0, from.1, 1)?;
	}
	let mut rest = sum.clone();
	rest.terms.swap_remove(index);
	let without = rest.range(tensors)?;
	let (low, high) = rest.clone().plus(&replacement, factor)?.range(tensors)?;
	let rounded = |(low, high): (i128, i128), (from, to): (i128, i128)| {
		let (a, b) = (factor.checked_mul(from)?, factor.checked_mul(to)?);
		Some((low.checked_add(a.min(b))?, high.checked_add(a.max(b))?))
	};
	Some(match follows {
		Follows::Linearly { error } => rounded((low, high), error)?,
		Follows::AboveZero { error } => {
			let with = rounded((low, high), error)?;
			// A maximum is at least the operands' mean, a minimum at most: of |x| that is 0.
			let twice = rest.clone().plus(&rest, 1)?.plus(&replacement, factor)?;
			let (low, high) = rounded(twice.range(tensors)?, error)?;
			if factor > 0 {
				let mean = low.div_euclid(2);
				(without.0.max(with.0).max(mean), without.1.max(with.1))
			} else {
				let mean = high.checked_add(1)?.div_euclid(2);
				(without.0.min(with.0), without.1.min(with.1).min(mean))
			}
		},
		Follows::OrNot => (without.0.min(low), without.1.max(high)),
	})
}

fn operator(nodes: &[Node], tensor: u32) -> Option<&Operator> {
	let node = usize::try_from(tensor.checked_sub(1)?).ok()?;
	Some(&nodes.get(node)?.operator)
}

/// What element `element` of tensor `tensor`, times `weight`, follows from: how, the element d, and
/// the factor.
fn origin(
	nodes: &[Node],
	tensors: &[Tensor],
	tensor: u32,
	element: usize,
	weight: i128,
) -> Option<(Follows, (u32, usize), i128)> {
	match operator(nodes, tensor)? {
		Operator::Rescale { input, shift, relu } => {
			let unit = 1i128.checked_shl((*shift).into())?;
			if weight == 0 || weight % unit != 0 {
				return None;
			}
			// 2^shift·⌊(d + half) / 2^shift⌋ = d + half − a remainder.
			let half = unit / 2;
			let error = (half - unit + 1, half);
			let follows = if *relu {
				Follows::AboveZero { error }
			} else {
				Follows::Linearly { error }
			};
			Some((follows, (*input, element), weight / unit))
		},
		Operator::Product { left, right, pairs } if pairs.inner.is_empty() => {
			let (a, b) = strides::offset(&pairs.outer, element)?;
			let is_bit = |tensor: u32, element: usize| {
				let x = tensors.get(tensor as usize)?.bounds.get(element)?;
				(x.min >= 0 && x.max <= 1).then_some(())
			};
			if is_bit(*left, a).is_some() {
				Some((Follows::OrNot, (*right, b), weight))
			} else {
				is_bit(*right, b)?;
				Some((Follows::OrNot, (*left, a), weight))
			}
		},
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use crate::{
		execute::execute_all,
		graph::{Axis, Graph, GraphParts, Interval, Node, Operator, Pairs, Term},
		linear_map::LinearMap,
	};
	use inference_primitives::{TensorSpec, Visibility};

	fn affine(terms: &[(u32, &[&[(usize, i64)]])], inputs: &[usize], bias: &[i64]) -> Operator {
		let terms = terms
			.iter()
			.zip(inputs)
			.map(|((input, rows), inputs)| Term {
				input: *input,
				map: LinearMap::from_rows(*inputs, rows.iter().map(|row| row.iter().copied()))
					.unwrap(),
			})
			.collect();
		Operator::Affine {
			terms,
			bias: bias.to_vec(),
			weight_bits: 0,
		}
	}

	fn relu(input: u32, shift: u8, relu: bool) -> Operator {
		Operator::Rescale { input, shift, relu }
	}

	/// A model of two inputs in `min..=max`, whose last node has one element.
	fn graph(min: i64, max: i64, operators: Vec<Operator>) -> Graph {
		Graph::new(GraphParts {
			input: TensorSpec {
				shape: vec![2],
				scale_bits: 8,
				min,
				max,
				visibility: Visibility::Public,
			},
			output: operators.len() as u32,
			nodes: operators
				.into_iter()
				.map(|operator| Node {
					name: "n".into(),
					operator,
				})
				.collect(),
			output_shape: vec![1],
			post_processing: None,
		})
		.unwrap()
	}

	/// The bounds of `graph`'s last tensor, which all inputs keep to and some reach.
	fn exact(graph: &Graph) -> Interval {
		let domain = graph.input().min..=graph.input().max;
		let mut seen: Option<Interval> = None;
		for a in domain.clone() {
			for b in domain.clone() {
				let tensors = execute_all(graph, &[a, b]).unwrap();
				for (values, tensor) in tensors.iter().zip(graph.tensors()) {
					for (x, bounds) in values.iter().zip(&tensor.bounds) {
						assert!((bounds.min..=bounds.max).contains(x), "{x}: {bounds:?}");
					}
				}
				let y = tensors.last().unwrap()[0];
				let y = Interval { min: y, max: y };
				seen = Some(seen.map_or(y, |seen| seen.hull(y)));
			}
		}
		let bounds = graph.tensors().last().unwrap().bounds[0];
		assert_eq!(Some(bounds), seen);
		bounds
	}

	#[test]
	fn a_maximum_is_no_greater_than_its_operands() {
		let maximum = |weight: i64, base: usize| {
			vec![
				affine(&[(0, &[&[(0, 1), (1, -1)]])], &[2], &[0]),
				relu(1, 0, true),
				affine(
					&[(0, &[&[(base, 1)]]), (2, &[&[(0, weight)]])],
					&[2, 1],
					&[0],
				),
			]
		};
		let greatest = exact(&graph(-9, 20, maximum(1, 1)));
		assert_eq!((greatest.min, greatest.max), (-9, 20));
		let least = exact(&graph(-9, 20, maximum(-1, 0)));
		assert_eq!((least.min, least.max), (-9, 20));
	}

	#[test]
	fn a_maximum_of_a_value_with_a_home_is_seen_too() {
		// |x − y| = 2·relu(d) − d
		let magnitude = graph(
			-5,
			5,
			vec![
				affine(&[(0, &[&[(0, 1), (1, -1)]])], &[2], &[0]),
				relu(1, 0, true),
				affine(&[(1, &[&[(0, -1)]]), (2, &[&[(0, 2)]])], &[1, 1], &[0]),
			],
		);
		let bounds = magnitude.tensors().last().unwrap().bounds[0];
		assert_eq!((bounds.min, bounds.max), (0, 10));
	}

	#[test]
	fn a_remainder_is_less_than_the_divisor() {
		// x − 8·⌊x / 8⌋, the half taken off first
		let operators = vec![
			affine(&[(0, &[&[(0, 1)]])], &[2], &[-4]),
			relu(1, 3, false),
			// Back at the input's scale.
			Operator::Affine {
				terms: vec![Term {
					input: 2,
					map: LinearMap::from_rows(1, [[(0, 8)]]).unwrap(),
				}],
				bias: vec![0],
				weight_bits: 3,
			},
			affine(&[(0, &[&[(0, 1)]]), (3, &[&[(0, -1)]])], &[2, 1], &[0]),
		];
		let bounds = exact(&graph(-20, 40, operators));
		assert_eq!((bounds.min, bounds.max), (0, 7));
	}

	#[test]
	fn a_choice_is_one_of_both() {
		let pair = |outer| Pairs {
			outer,
			inner: vec![],
		};
		let axis = Axis {
			extent: 1,
			left: 1,
			right: 1,
		};
		let choice = vec![
			affine(&[(0, &[&[(0, 1), (1, -1)]])], &[2], &[0]),
			Operator::Sign { input: 1 },
			// 3·x + 1 or −y
			affine(&[(0, &[&[(0, 3), (1, 1)]])], &[2], &[1]),
			Operator::Product {
				left: 2,
				right: 3,
				pairs: pair(vec![axis]),
			},
			affine(&[(0, &[&[(1, -1)]]), (4, &[&[(0, 1)]])], &[2, 1], &[0]),
		];
		let graph = graph(-6, 4, choice);
		exact_within(&graph, -17, 13);
	}

	/// All inputs keep to the bounds, which are these.
	fn exact_within(graph: &Graph, min: i64, max: i64) {
		let domain = graph.input().min..=graph.input().max;
		for a in domain.clone() {
			for b in domain.clone() {
				let tensors = execute_all(graph, &[a, b]).unwrap();
				assert!((min..=max).contains(&tensors.last().unwrap()[0]));
			}
		}
		let bounds = graph.tensors().last().unwrap().bounds[0];
		assert_eq!((bounds.min, bounds.max), (min, max));
	}

	#[test]
	fn weights_that_overflow_leave_the_bounds_as_they_are() {
		let wide = 1 << 40;
		let error = Graph::new(GraphParts {
			input: TensorSpec {
				shape: vec![1],
				scale_bits: 8,
				min: -(1 << 50),
				max: 1 << 50,
				visibility: Visibility::Public,
			},
			output: 3,
			nodes: vec![
				affine(&[(0, &[&[(0, 1)]])], &[1], &[0]),
				relu(1, 0, true),
				affine(&[(2, &[&[(0, wide)]])], &[1], &[0]),
			]
			.into_iter()
			.map(|operator| Node {
				name: "n".into(),
				operator,
			})
			.collect(),
			output_shape: vec![1],
			post_processing: None,
		});
		assert!(error.is_err());
	}
}
