//! Ranked elements as integer operators.
//!
//! Element and label are packed into one key, `key = 2^m·x + (2^m − 1 − label)` (or `+ label`, where
//! ties go to the last), so that all keys of a group differ and greater keys are better. Keys go
//! through Batcher's odd-even merge sort, of which only the comparators remain that the first ranks
//! depend on: n − 1 for the greatest alone. A comparator is one ReLU, `r = relu(a − b)`: the greater
//! key is `b + r`, the lesser `a − r`. At the end `x = ⌊key / 2^m⌋`, and the label is what remains.

use super::{lower::Lowering, QuantiseError};
use crate::{
	float_graph::Ranking,
	graph::{GraphError, Operator, Term, MAX_SHIFT},
	linear_map::LinearMap,
};
use std::collections::BTreeMap;

/// An element of a tensor.
type Place = (u32, usize);

/// Ranked keys that there are already.
pub struct Ranked {
	input: usize,
	ranking: Ranking,
	keys: u32,
}

/// The comparators of the merge sort of `n` keys that the first `count` results depend on, in layers
/// of disjoint ones: `(i, j)` leaves the greater key at i. The network is that of the next power of
/// two, with keys behind the last one that are less than all others.
pub fn comparators(n: usize, count: usize) -> Vec<Vec<(usize, usize)>> {
	let mut layers = Vec::new();
	let mut p = 1;
	while p < n {
		let mut k = p;
		while k >= 1 {
			let mut layer = Vec::new();
			let mut start = k % p;
			while start + k < n {
				for i in start..(start + k).min(n - k) {
					if i / (2 * p) == (i + k) / (2 * p) {
						layer.push((i, i + k));
					}
				}
				start += 2 * k;
			}
			layers.push(layer);
			k /= 2;
		}
		p *= 2;
	}
	let mut needed: Vec<bool> = (0..n).map(|i| i < count).collect();
	for layer in layers.iter_mut().rev() {
		layer.retain(|(i, j)| {
			let [a, b] = [*i, *j].map(|i| needed.get(i) == Some(&true));
			if a || b {
				for wire in [*i, *j] {
					if let Some(flag) = needed.get_mut(wire) {
						*flag = true;
					}
				}
			}
			a || b
		});
	}
	layers
}

impl Lowering {
	/// The first elements of each group, or (`labels`) their labels.
	pub fn rank(
		&mut self,
		name: &str,
		input: usize,
		ranking: &Ranking,
		labels: bool,
	) -> Result<u32, QuantiseError> {
		let bits = ranking.label_bits();
		let m = u8::try_from(bits).unwrap_or(u8::MAX);
		let sign = if ranking.greatest { 1 } else { -1 };
		if m > MAX_SHIFT {
			return Err(GraphError::Malformed {
				node: name.into(),
				reason: "a label has too many bits",
			}
			.into());
		}
		let keys = self.ranked(name, input, ranking, m)?;
		// ±x = ⌊key / 2^m⌋: rescaling adds the half that is taken off here.
		let mut value = keys;
		if m > 0 {
			let lower = self.offset(name, keys, 1, -(1i64 << (m - 1)))?;
			value = self.rescale(name, lower, m, false)?;
		}
		if !labels {
			return if sign < 0 {
				self.offset(name, value, -1, 0)
			} else {
				Ok(value)
			};
		}
		let packed = self.finer(name, value, m)?;
		let length = self.tensor(name, keys)?.bounds.len();
		let scale = self.tensor(name, keys)?.scale_bits;
		// key − 2^m·⌊key / 2^m⌋ is the label, or 2^m − 1 less it. It counts units of the keys' scale:
		// the number itself is 2^scale times that.
		let (sign, offset) = if ranking.last {
			(1, 0)
		} else {
			(-1, (1i64 << m) - 1)
		};
		let rows = (0..length).map(|i| vec![((keys, i), sign), ((packed, i), -sign)]);
		let mut label = self.gather(name, rows.collect(), vec![offset; length])?;
		let mut rest = scale;
		while rest > 0 {
			let step = rest.min(MAX_SHIFT);
			label = self.offset(name, label, 1i64 << step, 0)?;
			rest -= step;
		}
		Ok(label)
	}

	/// The first keys of each group.
	fn ranked(
		&mut self,
		name: &str,
		input: usize,
		ranking: &Ranking,
		m: u8,
	) -> Result<u32, QuantiseError> {
		let found = |ranked: &&Ranked| ranked.input == input && ranked.ranking == *ranking;
		if let Some(ranked) = self.ranked.iter().find(found) {
			return Ok(ranked.keys);
		}
		let x = self.factor(name, input)?;
		let length = self.tensor(name, x)?.bounds.len();
		let unit = (1i64 << m) * if ranking.greatest { 1 } else { -1 };
		let mut rows = Vec::new();
		let mut bias = Vec::new();
		let mut sizes = Vec::with_capacity(ranking.groups.len());
		for group in &ranking.groups {
			sizes.push(group.len());
			for (element, label) in group {
				rows.push(Some((*element, unit)));
				let label = i64::from(*label);
				bias.push(if ranking.last {
					label
				} else {
					(1i64 << m) - 1 - label
				});
			}
		}
		let map = LinearMap::from_rows(length, rows).map_err(|error| GraphError::Map {
			node: name.into(),
			error,
		})?;
		let terms = vec![Term { input: x, map }];
		let all = self.push(
			name,
			Operator::Affine {
				terms,
				bias,
				weight_bits: m,
			},
		)?;
		let mut start = 0;
		let mut wires: Vec<Vec<Place>> = Vec::with_capacity(sizes.len());
		for size in &sizes {
			wires.push((start..start + size).map(|i| (all, i)).collect());
			start += size;
		}
		let mut networks: BTreeMap<usize, Vec<Vec<(usize, usize)>>> = BTreeMap::new();
		for size in &sizes {
			networks
				.entry(*size)
				.or_insert_with(|| comparators(*size, ranking.count));
		}
		let layers = networks.values().map(Vec::len).max().unwrap_or(0);
		for layer in 0..layers {
			let mut pairs = Vec::new();
			for (group, size) in sizes.iter().enumerate() {
				let comparators = networks.get(size).and_then(|layers| layers.get(layer));
				pairs.extend(
					comparators
						.into_iter()
						.flatten()
						.map(|(i, j)| (group, *i, *j)),
				);
			}
			self.compare(name, &mut wires, &pairs)?;
		}
		let first = wires
			.iter()
			.flat_map(|group| group.iter().take(ranking.count))
			.map(|place| vec![(*place, 1)])
			.collect::<Vec<_>>();
		let bias = vec![0; first.len()];
		let keys = self.gather(name, first, bias)?;
		self.ranked.push(Ranked {
			input,
			ranking: ranking.clone(),
			keys,
		});
		Ok(keys)
	}

	/// One layer of comparators: of each group and pair of its wires, the first gets the greater key.
	fn compare(
		&mut self,
		name: &str,
		wires: &mut [Vec<Place>],
		pairs: &[(usize, usize, usize)],
	) -> Result<(), QuantiseError> {
		if pairs.is_empty() {
			return Ok(());
		}
		let at = |wires: &[Vec<Place>], group: usize, wire: usize| {
			let place = wires.get(group).and_then(|group| group.get(wire));
			place.copied().unwrap_or((u32::MAX, 0))
		};
		let differences = pairs
			.iter()
			.map(|(group, i, j)| vec![(at(wires, *group, *i), 1), (at(wires, *group, *j), -1)])
			.collect();
		let differences = self.gather(name, differences, vec![0; pairs.len()])?;
		let above = self.rescale(name, differences, 0, true)?;
		let mut rows = Vec::with_capacity(2 * pairs.len());
		for (index, (group, i, j)) in pairs.iter().enumerate() {
			rows.push(vec![(at(wires, *group, *j), 1), ((above, index), 1)]);
			rows.push(vec![(at(wires, *group, *i), 1), ((above, index), -1)]);
		}
		let bias = vec![0; rows.len()];
		let sorted = self.gather(name, rows, bias)?;
		for (index, (group, i, j)) in pairs.iter().enumerate() {
			for (wire, place) in [(*i, 2 * index), (*j, 2 * index + 1)] {
				let slot = wires.get_mut(*group).and_then(|group| group.get_mut(wire));
				if let Some(slot) = slot {
					*slot = (sorted, place);
				}
			}
		}
		Ok(())
	}

	/// `bias + Σ weight·element`, over elements of any tensors of one scale.
	fn gather(
		&mut self,
		name: &str,
		rows: Vec<Vec<(Place, i64)>>,
		bias: Vec<i64>,
	) -> Result<u32, QuantiseError> {
		let mut inputs: BTreeMap<u32, Vec<Vec<(usize, i64)>>> = BTreeMap::new();
		for ((tensor, _), _) in rows.iter().flatten() {
			inputs.entry(*tensor).or_default();
		}
		for (input, map) in &mut inputs {
			let of = |row: &Vec<(Place, i64)>| {
				row.iter()
					.filter(|((tensor, _), _)| tensor == input)
					.map(|((_, element), weight)| (*element, *weight))
					.collect()
			};
			*map = rows.iter().map(of).collect();
		}
		let mut terms = Vec::with_capacity(inputs.len());
		for (input, rows) in inputs {
			let length = self.tensor(name, input)?.bounds.len();
			let map = LinearMap::from_rows(length, rows).map_err(|error| GraphError::Map {
				node: name.into(),
				error,
			})?;
			terms.push(Term { input, map });
		}
		self.push(
			name,
			Operator::Affine {
				terms,
				bias,
				weight_bits: 0,
			},
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// By the 0-1 principle: a network that sorts all zeros and ones sorts everything.
	#[test]
	fn the_network_puts_the_greatest_first() {
		for n in 1..=11usize {
			for count in 1..=n {
				let layers = comparators(n, count);
				for bits in 0..1u32 << n {
					let mut keys: Vec<u32> = (0..n).map(|i| bits >> i & 1).collect();
					let mut sorted = keys.clone();
					sorted.sort_unstable_by(|a, b| b.cmp(a));
					for (i, j) in layers.iter().flatten() {
						if keys[*i] < keys[*j] {
							keys.swap(*i, *j);
						}
					}
					assert_eq!(keys[..count], sorted[..count], "{n} keys, first {count}");
				}
			}
		}
	}

	#[test]
	fn the_first_alone_is_a_tournament() {
		for n in 1..100 {
			let size: usize = comparators(n, 1).iter().map(Vec::len).sum();
			assert_eq!(size, n - 1);
		}
	}

	#[test]
	fn a_layers_comparators_are_disjoint() {
		for layer in comparators(37, 37) {
			let mut wires: Vec<usize> = layer.iter().flat_map(|(i, j)| [*i, *j]).collect();
			let length = wires.len();
			wires.sort_unstable();
			wires.dedup();
			assert_eq!(wires.len(), length);
		}
	}
}
