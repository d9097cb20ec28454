//! A model as real-number operators on flat tensors: what the ONNX reader hands to the quantiser.
//!
//! Value 0 is the input; value `i + 1` is what node `i` computes. Shapes matter only at the two
//! ends: reshaping, transposing and broadcasting are already part of the linear maps.

use crate::linear_map::{LinearMap, MapError};
use codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A model in real numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatGraph {
	/// Shape of one input, without the batch dimension.
	pub input_shape: Vec<u32>,
	/// Operators in the order of execution.
	pub nodes: Vec<FloatNode>,
	/// The value that is the output.
	pub output: usize,
	/// Shape of one output, without the batch dimension.
	pub output_shape: Vec<u32>,
	/// What the client does with the output, outside the circuit.
	pub post_processing: Option<PostProcessing>,
}

/// One operator.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatNode {
	/// Name of the ONNX node that it comes from.
	pub name: String,
	/// What it computes.
	pub operator: FloatOperator,
}

/// What a node computes.
#[derive(Clone, PartialEq, Debug)]
pub enum FloatOperator {
	/// The sum of linear maps of values, and a bias.
	Affine {
		/// Value and map, one pair per summand.
		terms: Vec<(usize, LinearMap<f64>)>,
		/// The constant summand; its length is the number of outputs.
		bias: Vec<f64>,
	},
	/// `max(x, 0)` of each element.
	Relu {
		/// The value.
		input: usize,
	},
}

/// A step after the circuit: it is not proven, and anyone can redo it from the proven output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostProcessing {
	/// The model's trailing ArgMax: index of the greatest element along `axis` of the output.
	ArgMax {
		/// Dimension of the output's shape (no batch dimension).
		axis: u8,
		/// Whether ties go to the last index instead of the first.
		last: bool,
	},
}

/// A fold is tried only if it takes at most this many multiplications.
const MAX_FOLD_COST: usize = 1 << 26;

impl FloatGraph {
	/// Computes the model on `input`, in double precision.
	pub fn execute(&self, input: &[f64]) -> Vec<f64> {
		let mut values: Vec<Vec<f64>> = vec![input.to_vec()];
		let empty = Vec::new();
		for node in &self.nodes {
			let value = match &node.operator {
				FloatOperator::Affine { terms, bias } => {
					terms.iter().fold(bias.clone(), |mut sum, (input, map)| {
						let product = map.apply(values.get(*input).unwrap_or(&empty));
						sum.iter_mut().zip(product).for_each(|(to, x)| *to += x);
						sum
					})
				},
				FloatOperator::Relu { input } => values
					.get(*input)
					.unwrap_or(&empty)
					.iter()
					.map(|x| x.max(0.0))
					.collect(),
			};
			values.push(value);
		}
		values.get(self.output).cloned().unwrap_or_default()
	}

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
			.map(|node| match &node.operator {
				FloatOperator::Affine { terms, .. } => {
					terms.iter().filter(|(input, _)| *input == value).count()
				},
				FloatOperator::Relu { input } => usize::from(*input == value),
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
			if alive.get(index + 1) != Some(&true) {
				continue;
			}
			match &node.operator {
				FloatOperator::Affine { terms, .. } => {
					terms.iter().for_each(|(input, _)| mark(*input, &mut alive))
				},
				FloatOperator::Relu { input } => mark(*input, &mut alive),
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
			match &mut node.operator {
				FloatOperator::Affine { terms, .. } => {
					terms.iter_mut().for_each(|(input, _)| rename(input))
				},
				FloatOperator::Relu { input } => rename(input),
			}
		}
		rename(&mut self.output);
		self
	}
}

/// Adds up the maps of equal values.
fn merge(terms: Vec<(usize, LinearMap<f64>)>) -> Result<Vec<(usize, LinearMap<f64>)>, MapError> {
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
