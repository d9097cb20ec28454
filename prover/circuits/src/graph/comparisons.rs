//! Decision trees as comparisons: an equal graph without [`Operator::Trees`].
//!
//! A forest's circuit looks up boxes of intervals (`circuit/gadgets/trees.rs`), which takes a function
//! table and its lookup. Unless many rows share that table, signs of sums are often cheaper. Per row of features:
//!
//! - *comparisons*: `s = sign(threshold − x)` is 1 where a branch goes on to `yes`; equal comparisons of
//!   all trees are one;
//! - *steps*: with p = 1 if a branch is reached, else 0, `sign(p + s − 2)` is 1 if it is reached and goes
//!   on to `yes`, and p less that is 1 if it goes on to `no`. One of the two ways is a sign, the *step*, the
//!   other one the rest; p is a sum of steps, 1 at a root, whose step so is s or 1 − s. Of a node that
//!   several branches lead to, p is the sum of all their ways. The steps of one depth in all trees are the
//!   elements of one tensor;
//! - *sums*: the way of rests from a node leads to one leaf, which stands for the node. A tree's result is
//!   the weights of the root's leaf and, for each branch whose step is taken, the difference between
//!   the leaves that stand for its two successors.
//!
//! **Bounds** of sums are intervals, their terms taken as independent: a tree's result spans the sum
//! of all differences, and not from the least to the greatest leaf. So the leaves that stand for nodes are
//! chosen such that the differences are small. If the leaves of each subtree are in order of their weights,
//! the bounds are exact.
//!
//! **Simplified** before: comparisons that the features' bounds, or branches before, decide;
//! branches whose ways lead to equal leaves.

use super::{Forest, Graph, GraphParts, Interval, Node, Operator, Tensor, Term, Tree};
use crate::linear_map::LinearMap;
use std::collections::BTreeMap;

/// Most nodes of all trees together, times rows and targets: bounds the work.
const MAX_SIZE: usize = 1 << 16;
/// Most branches one after the other.
const MAX_DEPTH: usize = 64;
/// Most leaves that are tried for each node.
const MAX_CANDIDATES: usize = 16;

/// The graph with comparisons in place of decision trees, with the same outputs for each admissible
/// input; its output's bounds may be wider. Nothing if it has no decision trees, or too large ones, or
/// if the graph so made is not valid: a weight is too large, or wider bounds overflow.
pub fn trees_as_comparisons(graph: &Graph) -> Option<Graph> {
	let mut size = 0usize;
	for node in graph.nodes() {
		if let Operator::Trees { forest, .. } = &node.operator {
			let nodes = forest.trees.iter().fold(1usize, |sum, tree| {
				sum.saturating_add(tree.branches.len())
					.saturating_add(tree.leaves.len())
			});
			let each = nodes.saturating_mul(forest.rows as usize);
			size = size.saturating_add(each.saturating_mul(forest.targets as usize));
		}
	}
	// Of a forest it is at least 1: it has a row and a target.
	if size == 0 || size > MAX_SIZE {
		return None;
	}
	let parts = graph.parts();
	let mut nodes = Vec::new();
	// The new number of each tensor.
	let mut numbers = vec![0u32];
	for node in graph.nodes() {
		match &node.operator {
			Operator::Trees { input, forest } => {
				if forest.trees.iter().any(|tree| depth(tree) > MAX_DEPTH) {
					return None;
				}
				let features = graph.tensors().get(*input as usize)?;
				let comparisons = Comparisons::of(forest, features)?;
				let input = *numbers.get(*input as usize)?;
				let operators = comparisons.operators(input, features, forest, nodes.len())?;
				nodes.extend(operators.into_iter().map(|operator| Node {
					name: node.name.clone(),
					operator,
				}));
			},
			operator => {
				let mut operator = operator.clone();
				for input in operator.inputs_mut() {
					*input = *numbers.get(*input as usize)?;
				}
				nodes.push(Node {
					name: node.name.clone(),
					operator,
				});
			},
		}
		numbers.push(u32::try_from(nodes.len()).ok()?);
	}
	Graph::new(GraphParts {
		input: parts.input.clone(),
		nodes,
		output: *numbers.get(parts.output as usize)?,
		output_shape: parts.output_shape.clone(),
		post_processing: parts.post_processing,
	})
	.ok()
}

/// Most branches of `tree` one after the other.
fn depth(tree: &Tree) -> usize {
	let mut depths = vec![1; tree.branches.len()];
	// Successors have greater numbers.
	for (index, branch) in tree.branches.iter().enumerate() {
		let next = depths.get(index).map_or(1, |depth| depth + 1);
		for to in [branch.yes, branch.no] {
			if let Some(depth) = depths.get_mut(to as usize) {
				*depth = next.max(*depth);
			}
		}
	}
	depths.into_iter().max().unwrap_or(0)
}

/// A sign: its depth, 0 for a comparison of a feature, and its index among those.
type Sign = (usize, usize);

/// A sum of signs with weights, and a constant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Sum {
	terms: BTreeMap<Sign, i64>,
	constant: i64,
}

impl Sum {
	fn constant(constant: i64) -> Self {
		Self {
			constant,
			..Self::default()
		}
	}

	fn of(sign: Sign) -> Self {
		Self {
			terms: [(sign, 1)].into(),
			constant: 0,
		}
	}

	/// Adds `factor·other`; nothing if a number overflows.
	fn add(&mut self, other: &Self, factor: i64) -> Option<()> {
		let plus = |sum: i64, x: i64| sum.checked_add(x.checked_mul(factor)?);
		self.constant = plus(self.constant, other.constant)?;
		for (sign, weight) in &other.terms {
			let sum = plus(self.terms.get(sign).copied().unwrap_or(0), *weight)?;
			if sum == 0 {
				self.terms.remove(sign);
			} else {
				self.terms.insert(*sign, sum);
			}
		}
		Some(())
	}

	/// `self + factor·other`.
	fn plus(mut self, other: &Self, factor: i64) -> Option<Self> {
		self.add(other, factor)?;
		Some(self)
	}

	/// The depth of what follows from it.
	fn next_depth(&self) -> usize {
		let deepest = self.terms.last_key_value();
		deepest.map_or(0, |((depth, _), _)| depth + 1)
	}
}

/// A forest as signs of sums.
#[derive(Default)]
struct Comparisons {
	/// Of depth 0: for each an element of the operand and a threshold.
	features: BTreeMap<(usize, i64), usize>,
	/// Of depth 1 and on: the sums whose signs they are.
	steps: Vec<BTreeMap<Sum, usize>>,
	/// The results.
	results: Vec<Sum>,
}

impl Comparisons {
	fn of(forest: &Forest, operand: &Tensor) -> Option<Self> {
		let mut all = Self::default();
		let features = (forest.features as usize).max(1);
		let rows = operand.bounds.chunks(features).take(forest.rows as usize);
		for (row, bounds) in rows.enumerate() {
			let mut results: Vec<Sum> = forest.base.iter().map(|x| Sum::constant(*x)).collect();
			for tree in &forest.trees {
				let tree = Simplified::of(tree, bounds, results.len());
				all.tree(&tree, row * features, &mut results)?;
			}
			all.results.append(&mut results);
		}
		Some(all)
	}

	fn feature(&mut self, element: usize, threshold: i64) -> Sign {
		let next = self.features.len();
		(
			0,
			*self.features.entry((element, threshold)).or_insert(next),
		)
	}

	/// 1 if `sum`, which is at most 0, is 0.
	fn step(&mut self, sum: Sum) -> Option<Sign> {
		let depth = sum.next_depth();
		if self.steps.len() < depth {
			self.steps.resize_with(depth, BTreeMap::new);
		}
		let steps = self.steps.get_mut(depth.checked_sub(1)?)?;
		let next = steps.len();
		Some((depth, *steps.entry(sum).or_insert(next)))
	}

	/// Adds the results of `tree` for the row of features that begins at element `first`.
	fn tree(&mut self, tree: &Simplified, first: usize, results: &mut [Sum]) -> Option<()> {
		let chosen = tree.representatives()?;
		let add = |results: &mut [Sum], leaf: usize, sum: &Sum, factor: i64| {
			for (result, weight) in results.iter_mut().zip(tree.weights(leaf)?) {
				result.add(sum, weight.checked_mul(factor)?)?;
			}
			Some(())
		};
		add(
			results,
			*chosen.leaves.get(tree.root)?,
			&Sum::constant(1),
			1,
		)?;
		let mut reached = vec![Sum::default(); tree.nodes.len()];
		*reached.get_mut(tree.root)? = Sum::constant(1);
		// Successors have greater numbers.
		for (index, node) in tree.nodes.iter().enumerate() {
			let Some(branch) = node.branch().filter(|_| tree.is_live(index)) else {
				continue;
			};
			let is_reached = std::mem::take(reached.get_mut(index)?);
			let yes = Sum::of(self.feature(first + branch.feature, branch.threshold));
			let steps_to_yes = *chosen.steps_to_yes.get(index)?;
			let condition = if steps_to_yes {
				yes
			} else {
				Sum::constant(1).plus(&yes, -1)?
			};
			let step = if is_reached == Sum::constant(1) {
				condition
			} else {
				let both = is_reached.clone().plus(&condition, 1)?;
				Sum::of(self.step(both.plus(&Sum::constant(2), -1)?)?)
			};
			let (to, other) = if steps_to_yes {
				(branch.yes, branch.no)
			} else {
				(branch.no, branch.yes)
			};
			add(results, *chosen.leaves.get(to)?, &step, 1)?;
			add(results, *chosen.leaves.get(other)?, &step, -1)?;
			reached.get_mut(to)?.add(&step, 1)?;
			reached
				.get_mut(other)?
				.add(&is_reached.plus(&step, -1)?, 1)?;
		}
		Some(())
	}

	/// The operators, the first of which has the number `before`, on tensor `input`.
	fn operators(
		self,
		input: u32,
		operand: &Tensor,
		forest: &Forest,
		before: usize,
	) -> Option<Vec<Operator>> {
		let mut operators = Vec::new();
		// Tensor and length of the signs of each depth.
		let mut signs: Vec<(u32, usize)> = Vec::new();
		let mut features: Vec<_> = self.features.into_iter().collect();
		features.sort_unstable_by_key(|(_, index)| *index);
		if !features.is_empty() {
			let rows = features.iter().map(|((element, _), _)| [(*element, -1)]);
			operators.push(Operator::Affine {
				terms: vec![Term {
					input,
					map: LinearMap::from_rows(operand.bounds.len(), rows).ok()?,
				}],
				bias: features
					.iter()
					.map(|((_, threshold), _)| *threshold)
					.collect(),
				weight_bits: 0,
			});
			signs.push(push_sign(&mut operators, before, features.len())?);
		}
		for steps in self.steps {
			let mut steps: Vec<_> = steps.into_iter().collect();
			steps.sort_unstable_by_key(|(_, index)| *index);
			let sums: Vec<Sum> = steps.into_iter().map(|(sum, _)| sum).collect();
			operators.push(affine(&sums, &signs, 0)?);
			signs.push(push_sign(&mut operators, before, sums.len())?);
		}
		operators.push(affine(&self.results, &signs, forest.scale_bits)?);
		Some(operators)
	}
}

/// The signs of the last of `operators`, the first of which has the number `before`; returns their
/// tensor and `length`.
fn push_sign(operators: &mut Vec<Operator>, before: usize, length: usize) -> Option<(u32, usize)> {
	let tensor = u32::try_from(before + operators.len()).ok()?;
	operators.push(Operator::Sign { input: tensor });
	Some((tensor.checked_add(1)?, length))
}

/// `sums` of the signs in the tensors `signs`, one for each depth.
fn affine(sums: &[Sum], signs: &[(u32, usize)], weight_bits: u8) -> Option<Operator> {
	let mut terms = Vec::new();
	for (depth, (input, length)) in signs.iter().enumerate() {
		let rows = sums.iter().map(|sum| {
			let terms = sum.terms.range((depth, 0)..(depth + 1, 0));
			terms.map(|((_, index), weight)| (*index, *weight))
		});
		let map = LinearMap::from_rows(*length, rows).ok()?;
		if map.entries() > 0 {
			terms.push(Term { input: *input, map });
		}
	}
	Some(Operator::Affine {
		terms,
		bias: sums.iter().map(|sum| sum.constant).collect(),
		weight_bits,
	})
}

/// A branch of a tree that the features' bounds do not decide.
#[derive(Clone, Copy)]
struct Choice {
	feature: usize,
	threshold: i64,
	yes: usize,
	no: usize,
}

/// A node of a tree with the features' bounds taken into account.
enum Place {
	/// No row leads here, or another node stands for it.
	Unused,
	Branch(Choice),
	/// Per target, what it adds.
	Leaf(Vec<i64>),
}

impl Place {
	fn branch(&self) -> Option<&Choice> {
		match self {
			Self::Branch(choice) => Some(choice),
			_ => None,
		}
	}
}

/// A tree without branches that always go one way. A node's successors have greater numbers.
struct Simplified {
	nodes: Vec<Place>,
	/// How many branches lead to each node; the root has one more.
	ways: Vec<usize>,
	root: usize,
}

/// The ways of rests through a tree.
struct Representatives {
	/// For each node that is used, the leaf that stands for it.
	leaves: Vec<usize>,
	/// For each branch that is used, whether its step is that to `yes`.
	steps_to_yes: Vec<bool>,
}

/// Bounds of features, by their index; those of the operand where there are none.
type Region = BTreeMap<usize, Interval>;

/// `region` grown to hold `other`.
fn grow(region: &mut Option<Region>, other: Region) {
	match region {
		None => *region = Some(other),
		Some(region) => {
			region.retain(|feature, _| other.contains_key(feature));
			for (feature, interval) in region {
				if let Some(more) = other.get(feature) {
					*interval = interval.hull(*more);
				}
			}
		},
	}
}

impl Simplified {
	/// `tree` over features with `bounds` as bounds, and `targets` results.
	fn of(tree: &Tree, bounds: &[Interval], targets: usize) -> Self {
		let branches = tree.branches.len();
		let length = branches.saturating_add(tree.leaves.len());
		let mut regions: Vec<Option<Region>> = vec![None; branches];
		if let Some(root) = regions.first_mut() {
			*root = Some(Region::new());
		}
		let mut possible = Vec::with_capacity(branches);
		for (index, branch) in tree.branches.iter().enumerate() {
			let feature = branch.feature as usize;
			let region = regions.get_mut(index).and_then(Option::take);
			let Some((region, all)) = region.zip(bounds.get(feature)) else {
				possible.push((false, false));
				continue;
			};
			let x = region.get(&feature).copied().unwrap_or(*all);
			let threshold = branch.threshold;
			let ways = (x.min <= threshold, x.max > threshold);
			possible.push(ways);
			for (is_possible, to, interval) in [
				(
					ways.0,
					branch.yes,
					Interval {
						min: x.min,
						max: x.max.min(threshold),
					},
				),
				(
					ways.1,
					branch.no,
					Interval {
						min: x.min.max(threshold.saturating_add(1)),
						max: x.max,
					},
				),
			] {
				if let Some(to) = regions.get_mut(to as usize).filter(|_| is_possible) {
					let mut region = region.clone();
					region.insert(feature, interval);
					grow(to, region);
				}
			}
		}
		let mut nodes: Vec<Place> = (0..length).map(|_| Place::Unused).collect();
		// The node that stands for each.
		let mut same: Vec<usize> = (0..length).collect();
		let mut leaves: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
		for (index, leaf) in (branches..).zip(&tree.leaves) {
			let mut weights = vec![0; targets];
			for (target, weight) in &leaf.weights {
				if let Some(sum) = weights.get_mut(*target as usize) {
					*sum = *weight;
				}
			}
			let first = *leaves.entry(weights.clone()).or_insert(index);
			if let Some(same) = same.get_mut(index) {
				*same = first;
			}
			if let Some(place) = nodes.get_mut(first).filter(|_| first == index) {
				*place = Place::Leaf(weights);
			}
		}
		for (index, (branch, ways)) in tree.branches.iter().zip(possible).enumerate().rev() {
			let of = |node: u32| same.get(node as usize).copied().unwrap_or(index);
			let (yes, no) = (of(branch.yes), of(branch.no));
			let only = match ways {
				(true, true) if yes != no => None,
				(false, _) => Some(no),
				(true, _) => Some(yes),
			};
			match (only, same.get_mut(index), nodes.get_mut(index)) {
				(Some(only), Some(same), _) => *same = only,
				(None, _, Some(place)) => {
					*place = Place::Branch(Choice {
						feature: branch.feature as usize,
						threshold: branch.threshold,
						yes,
						no,
					});
				},
				_ => (),
			}
		}
		let mut tree = Self {
			root: same.first().copied().unwrap_or(0),
			ways: vec![0; length],
			nodes,
		};
		tree.count_ways();
		tree
	}

	fn count_ways(&mut self) {
		if let Some(ways) = self.ways.get_mut(self.root) {
			*ways = 1;
		}
		for (index, node) in self.nodes.iter().enumerate() {
			let live = self.ways.get(index).is_some_and(|ways| *ways > 0);
			for to in node
				.branch()
				.filter(|_| live)
				.map_or([None; 2], |branch| [Some(branch.yes), Some(branch.no)])
			{
				if let Some(ways) = to.and_then(|to| self.ways.get_mut(to)) {
					*ways += 1;
				}
			}
		}
	}

	fn is_live(&self, node: usize) -> bool {
		self.ways.get(node).is_some_and(|ways| *ways > 0)
	}

	fn weights(&self, leaf: usize) -> Option<&[i64]> {
		match self.nodes.get(leaf)? {
			Place::Leaf(weights) => Some(weights),
			_ => None,
		}
	}

	/// How much wider bounds become by a branch between nodes that these leaves stand for.
	fn distance(&self, a: usize, b: usize) -> Option<i128> {
		let pairs = self.weights(a)?.iter().zip(self.weights(b)?);
		Some(pairs.map(|(a, b)| i128::from(a.abs_diff(*b))).sum())
	}

	/// Chooses the leaves that stand for nodes such that bounds are narrow: the narrowest, if no node
	/// has more than [`MAX_CANDIDATES`] leaves below it, and none is reached in several ways.
	fn representatives(&self) -> Option<Representatives> {
		let mut candidates: Vec<Vec<Candidate>> = Vec::new();
		candidates.resize_with(self.nodes.len(), Vec::new);
		for (index, node) in self.nodes.iter().enumerate().rev() {
			let found = match node {
				_ if !self.is_live(index) => continue,
				Place::Unused => return None,
				Place::Leaf(_) => vec![Candidate {
					leaf: index,
					..Candidate::default()
				}],
				Place::Branch(branch) => {
					let (yes, no) = (candidates.get(branch.yes)?, candidates.get(branch.no)?);
					let mut found = self.candidates(yes, no, true)?;
					found.extend(self.candidates(no, yes, false)?);
					found.sort_by_key(|candidate| candidate.width);
					// Whatever leads here, there is one way on.
					let ways = *self.ways.get(index)?;
					found.truncate(if ways > 1 { 1 } else { MAX_CANDIDATES });
					found
				},
			};
			*candidates.get_mut(index)? = found;
		}
		let mut leaves = vec![0; self.nodes.len()];
		let mut steps_to_yes = vec![false; self.nodes.len()];
		// The candidate of each node; of those that several branches lead to, there is one.
		let mut chosen = vec![0usize; self.nodes.len()];
		for (index, node) in self.nodes.iter().enumerate() {
			if !self.is_live(index) {
				continue;
			}
			let candidate = candidates.get(index)?.get(*chosen.get(index)?)?;
			*leaves.get_mut(index)? = candidate.leaf;
			if let Some(branch) = node.branch() {
				let (rest, to) = if candidate.rest_is_yes {
					(branch.yes, branch.no)
				} else {
					(branch.no, branch.yes)
				};
				*chosen.get_mut(rest)? = candidate.rest;
				*chosen.get_mut(to)? = candidate.step;
				*steps_to_yes.get_mut(index)? = !candidate.rest_is_yes;
			}
		}
		Some(Representatives {
			leaves,
			steps_to_yes,
		})
	}

	/// The candidates of a branch whose rest goes to the node with the candidates `rests`, each with the
	/// best candidate of the other successor.
	fn candidates(
		&self,
		rests: &[Candidate],
		steps: &[Candidate],
		rest_is_yes: bool,
	) -> Option<Vec<Candidate>> {
		let mut found = Vec::with_capacity(rests.len());
		for (rest, below) in rests.iter().enumerate() {
			let mut best: Option<Candidate> = None;
			for (step, other) in steps.iter().enumerate() {
				let distance = self.distance(below.leaf, other.leaf)?;
				let width = below
					.width
					.saturating_add(other.width)
					.saturating_add(distance);
				if best.as_ref().is_none_or(|best| width < best.width) {
					best = Some(Candidate {
						leaf: below.leaf,
						width,
						rest_is_yes,
						rest,
						step,
					});
				}
			}
			found.extend(best);
		}
		Some(found)
	}
}

/// A leaf that may stand for a node.
#[derive(Default)]
struct Candidate {
	leaf: usize,
	/// The differences of all branches below.
	width: i128,
	/// Of a branch: whether its rest goes to `yes`.
	rest_is_yes: bool,
	/// Of a branch: the candidate of the node that its rest goes to.
	rest: usize,
	/// And of the one that its step goes to.
	step: usize,
}
