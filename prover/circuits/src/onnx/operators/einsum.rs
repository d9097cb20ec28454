//! Einsum of one or two operands.

use super::one;
use crate::{
	graph::{Axis, Pairs},
	onnx::{
		reader::{NodeReader, Value, Variable},
		OnnxError,
	},
};
use std::collections::BTreeMap;

/// Einsum: an equation of letters, without repeated letters in an operand's leading ellipsis.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let equation = attributes
		.string("equation")
		.unwrap_or_default()
		.replace(' ', "");
	let bad = attributes.unsupported("equation", format!("{equation:?} is not supported"));
	attributes.finish()?;
	let (inputs, output) = match equation.split_once("->") {
		Some((inputs, output)) => (inputs.to_string(), Some(output.to_string())),
		None => (equation.clone(), None),
	};
	let inputs: Vec<&str> = inputs.split(',').collect();
	let a = node.variable(0)?;
	let b = match inputs.len() {
		1 => node.constant_of(vec![], vec![1.0])?,
		2 => node.variable(1)?,
		_ => return Err(bad),
	};
	let left = letters(inputs.first().copied().unwrap_or_default(), a.shape.len());
	let right = letters(inputs.get(1).copied().unwrap_or_default(), b.shape.len());
	let (Some(left), Some(right)) = (left, right) else {
		return Err(bad);
	};
	let output = match output {
		Some(output) => {
			let dots = left
				.iter()
				.chain(&right)
				.filter(|c| c.is_ascii_digit())
				.count();
			let mut all: Vec<char> = left
				.iter()
				.chain(&right)
				.copied()
				.filter(char::is_ascii_digit)
				.collect();
			all.sort_unstable();
			all.dedup();
			let rank = output.replace("...", "").len() + if dots > 0 { all.len() } else { 0 };
			letters(&output, rank).ok_or(bad.clone())?
		},
		None => {
			// Letters that occur once, in order; the ellipsis first.
			let mut counts = BTreeMap::new();
			for letter in left.iter().chain(&right) {
				*counts.entry(*letter).or_insert(0) += 1;
			}
			counts
				.into_iter()
				.filter(|(letter, n)| *n == 1 || letter.is_ascii_digit())
				.map(|(letter, _)| letter)
				.collect()
		},
	};
	let mut loops: BTreeMap<char, Axis> = BTreeMap::new();
	for (letters, x, is_left) in [(&left, &a, true), (&right, &b, false)] {
		if !add_strides(&mut loops, letters, x, is_left) {
			return Err(node.bad_shape("a letter stands for different dimensions"));
		}
	}
	let mut outer = Vec::new();
	let mut shape = Vec::new();
	for letter in &output {
		let axis = loops.remove(letter).ok_or(bad.clone())?;
		shape.push(axis.extent as usize);
		outer.push(axis);
	}
	let inner = loops.into_values().collect();
	let result = node.contract(&a, &b, shape, Pairs { outer, inner })?;
	one(node, result)
}

/// A letter per dimension; an ellipsis becomes digits, the last dimension 0.
fn letters(term: &str, rank: usize) -> Option<Vec<char>> {
	let named = term.replace("...", "");
	if !named.chars().all(|c| c.is_ascii_alphabetic()) {
		return None;
	}
	let dots = rank.checked_sub(named.len())?;
	let ellipsis = (0..dots)
		.rev()
		.filter_map(|i| char::from_digit(u32::try_from(i).ok()?, 10));
	let (before, after) = match term.split_once("...") {
		Some(parts) => parts,
		None if dots == 0 => (term, ""),
		None => return None,
	};
	let letters: Vec<char> = before
		.chars()
		.chain(ellipsis)
		.chain(after.chars())
		.collect();
	(letters.len() == rank).then_some(letters)
}

/// Adds an operand's strides to the loops; whether extents agree. A repeated letter walks a diagonal.
fn add_strides(
	loops: &mut BTreeMap<char, Axis>,
	letters: &[char],
	x: &Variable,
	is_left: bool,
) -> bool {
	let mut stride = 1usize;
	for (letter, extent) in letters.iter().zip(&x.shape).rev() {
		let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
		let axis = loops.entry(*letter).or_insert(Axis {
			extent: n(*extent),
			left: 0,
			right: 0,
		});
		if axis.extent == 1 {
			axis.extent = n(*extent);
		} else if *extent != 1 && axis.extent != n(*extent) {
			return false;
		}
		if *extent != 1 {
			let slot = if is_left {
				&mut axis.left
			} else {
				&mut axis.right
			};
			*slot = slot.saturating_add(n(stride));
		}
		stride = stride.saturating_mul(*extent);
	}
	true
}
