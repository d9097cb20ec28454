//! Rewrites that keep the function: fewer multiplications, fewer roundings.

use super::{FloatGraph, FloatNode, FloatOperator};
use crate::linear_map::{LinearMap, MapError};

/// A fold is tried only if it takes at most this many multiplications.
const MAX_FOLD_COST: usize = 1 << 26;

impl FloatGraph {
	/// Folds affine operators into the affine operators that follow them, where that does not add
	/// multiplications, and drops what the output does not depend on.
	///
	/// So a bias, a standard scaler or a chain of dense layers without activation costs no
	/// rescaling. The function stays the same up to rounding in double precision.
	pub fn simplify(mut self) -> Result<Self, MapError> {
		for index in 0..self.nodes.len() {
			while self.fold_one(index)? {}
		}
		Ok(self.without_dead_nodes())
	}

	/// Folds one producer into node `index`; whether there was one.
	fn fold_one(&mut self, index: usize) -> Result<bool, MapError> {
		let Some(FloatNode {
			operator: FloatOperator::Affine { terms, bias },
			..
		}) = self.nodes.get(index)
		else {
			return Ok(false);
		};
		for (position, (value, map)) in terms.iter().enumerate() {
			let Some(producer) = value.checked_sub(1).and_then(|node| self.nodes.get(node)) else {
				continue;
			};
			let FloatOperator::Affine {
				terms: inner_terms,
				bias: inner_bias,
			} = &producer.operator
			else {
				continue;
			};
			let cost = inner_terms.iter().fold(0usize, |cost, (_, inner)| {
				cost.saturating_add(map.compose_cost(inner))
			});
			if cost > MAX_FOLD_COST {
				continue;
			}
			let composed = inner_terms
				.iter()
				.map(|(value, inner)| Ok((*value, map.compose(inner)?)))
				.collect::<Result<Vec<_>, MapError>>()?;
			let entries: usize = composed.iter().map(|(_, map)| map.entries()).sum();
			let inner_entries: usize = inner_terms.iter().map(|(_, map)| map.entries()).sum();
			let saved = if self.uses(*value) == 1 {
				inner_entries
			} else {
				0
			};
			if entries > map.entries().saturating_add(saved) {
				continue;
			}
			// The name of the node that does the work is the more telling one.
			let name = (inner_entries > map.entries()).then(|| producer.name.clone());
			let shift = map.apply(inner_bias);
			let bias = bias.iter().zip(shift).map(|(a, b)| a + b).collect();
			let mut terms = terms.clone();
			terms.splice(position..=position, composed);
			let operator = FloatOperator::Affine {
				terms: merge(terms)?,
				bias,
			};
			if let Some(node) = self.nodes.get_mut(index) {
				node.operator = operator;
				if let Some(name) = name {
					node.name = name;
				}
			}
			return Ok(true);
		}
		Ok(false)
	}

	fn uses(&self, value: usize) -> usize {
		let in_nodes: usize = self
			.nodes
			.iter()
			.map(|node| {
				node.operator
					.inputs()
					.iter()
					.filter(|input| **input == value)
					.count()
			})
			.sum();
		in_nodes + usize::from(self.output == value)
	}

	fn without_dead_nodes(mut self) -> Self {
		let mut alive = vec![false; self.nodes.len() + 1];
		let mark = |value: usize, alive: &mut Vec<bool>| {
			if let Some(flag) = alive.get_mut(value) {
				*flag = true;
			}
		};
		mark(self.output, &mut alive);
		for (index, node) in self.nodes.iter().enumerate().rev() {
			if alive.get(index + 1) == Some(&true) {
				for input in node.operator.inputs() {
					mark(input, &mut alive);
				}
			}
		}
		let mut renamed = vec![0usize];
		let mut kept = 0;
		for flag in alive.iter().skip(1) {
			kept += usize::from(*flag);
			renamed.push(kept);
		}
		let rename = |value: &mut usize| *value = renamed.get(*value).copied().unwrap_or_default();
		let mut flags = alive.into_iter().skip(1);
		self.nodes.retain(|_| flags.next().unwrap_or_default());
		for node in &mut self.nodes {
			node.operator.inputs_mut().into_iter().for_each(rename);
		}
		rename(&mut self.output);
		self
	}
}

/// Adds up the maps of equal values.
pub(crate) fn merge(
	terms: Vec<(usize, LinearMap<f64>)>,
) -> Result<Vec<(usize, LinearMap<f64>)>, MapError> {
	let mut merged: Vec<(usize, LinearMap<f64>)> = Vec::new();
	for (value, map) in terms {
		match merged.iter_mut().find(|(other, _)| *other == value) {
			Some((_, sum)) => {
				let rows = (0..sum.outputs()).map(|row| {
					let mut weights = std::collections::BTreeMap::new();
					for (column, weight) in sum.row(row).chain(map.row(row)) {
						*weights.entry(column).or_insert(0.0) += weight;
					}
					weights
				});
				*sum = LinearMap::from_rows(map.inputs(), rows)?;
			},
			None => merged.push((value, map)),
		}
	}
	Ok(merged)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn dense(rows: &[&[f64]]) -> LinearMap<f64> {
		LinearMap::from_rows(
			rows[0].len(),
			rows.iter().map(|row| row.iter().copied().enumerate()),
		)
		.unwrap()
	}

	fn affine(name: &str, input: usize, map: LinearMap<f64>, bias: &[f64]) -> FloatNode {
		let operator = FloatOperator::Affine {
			terms: vec![(input, map)],
			bias: bias.to_vec(),
		};
		FloatNode {
			name: name.into(),
			operator,
		}
	}

	#[test]
	fn scaler_matmul_and_bias_become_one_operator() {
		let graph = FloatGraph {
			input_shape: vec![2],
			nodes: vec![
				affine("scale", 0, dense(&[&[2.0, 0.0], &[0.0, 4.0]]), &[1.0, -1.0]),
				affine(
					"matmul",
					1,
					dense(&[&[1.0, 2.0], &[3.0, 4.0], &[5.0, 6.0]]),
					&[0.0; 3],
				),
				affine("unused", 1, dense(&[&[1.0, 1.0]]), &[0.0]),
				affine(
					"add",
					2,
					dense(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]]),
					&[7.0, 8.0, 9.0],
				),
			],
			output: 4,
			output_shape: vec![3],
			post_processing: None,
		};
		let simple = graph.clone().simplify().unwrap();
		assert_eq!(simple.nodes.len(), 1);
		assert_eq!(simple.nodes[0].name, "matmul");
		assert_eq!(simple.output, 1);
		let x = [0.5, -1.5];
		assert_eq!(simple.execute(&x), graph.execute(&x));
	}

	#[test]
	fn a_widening_pair_of_layers_is_not_multiplied_out() {
		let narrow = dense(&[&[1.0; 8]]);
		let wide = dense(&[[1.0].as_slice(); 8]);
		let graph = FloatGraph {
			input_shape: vec![8],
			nodes: vec![
				affine("in", 0, narrow, &[0.0]),
				affine("out", 1, wide, &[0.0; 8]),
			],
			output: 2,
			output_shape: vec![8],
			post_processing: None,
		};
		assert_eq!(graph.simplify().unwrap().nodes.len(), 2);
	}

	#[test]
	fn values_used_twice_are_added_up() {
		let identity = dense(&[&[1.0]]);
		let graph = FloatGraph {
			input_shape: vec![1],
			nodes: vec![
				affine("double", 0, dense(&[&[2.0]]), &[0.0]),
				FloatNode {
					name: "add".into(),
					operator: FloatOperator::Affine {
						terms: vec![(1, identity.clone()), (0, identity)],
						bias: vec![0.0],
					},
				},
			],
			output: 2,
			output_shape: vec![1],
			post_processing: None,
		};
		let simple = graph.simplify().unwrap();
		assert_eq!(simple.nodes.len(), 1);
		assert_eq!(simple.execute(&[5.0]), [15.0]);
	}
}
