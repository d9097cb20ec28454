//! Lays a model out in rows.
//!
//! Row 0 holds the statement in lane 0, copied from the instance; it is in no other constraint, and
//! the proof binds it as it binds every public input. Then follow the elements of each tensor, in
//! the order of execution. Each element's value has one *home*: the instance for the input, a lane
//! for everything else; wherever it is used again, a copy constraint ties the cell to its home.
//!
//! # Affine element
//!
//! `y = b + Σ w_j·x_j` takes ⌈n / lanes⌉ rows. In all rows but the last `s[i] = s[i−1] + Σ w_j·a_j`
//! (the first adds b instead of s\[i−1\]). In the last row y is in a lane of its own with weight −1
//! and `current` is 0, so `y = s[i−1] + Σ w_j·a_j`; or y stays in s, when a rescaling follows.
//!
//! ## Assumptions
//!
//! None: the field equation holds for every assignment of the operands.
//!
//! # Rescaling by s bits, without ReLU: y = ⌊(v + 2^(s−1)) / 2^s⌋
//!
//! Let b be the limb width, m = s / b, M = −(least y), and n limbs hold (greatest y) + M.
//! With v in the accumulator, the rows prove that limbs l_0 … l_{m−1} and h_0 … h_{n−1} of b bits
//! exist such that
//!
//! `v + 2^(s−1) = Σ l_i·2^(ib) + y·2^s`, and `y + M = Σ h_j·2^(jb)`.
//!
//! Row i < m: `2^b·s[i] = s[i−1] − l_i`, plus 2^(s−1) on the right in row 0; in row m − 1 the lane
//! of y stands for s\[i\]. Rows m … m + n − 1: the same with y + M and h_j; in the last row s\[i\] is
//! absent, so what is left is the last limb.
//!
//! ## Assumptions
//!
//! v stands for an integer of at most 2^60 in absolute value.
//!
//! Sound: the equations hold modulo p > 2^253. M is at most 2^61, 2^(nb) at most 2^77, s at most 40:
//! all terms are integers below 2^120, so the equations hold over the integers. Then the low limbs
//! are the remainder in 0..2^s and y is the quotient: both are unique.
//! Complete: the bounds of `Graph` say that y + M is in 0..2^(nb).
//!
//! # Rescaling with ReLU: out = max(y, 0)
//!
//! With n such that −2^t ≤ y < 2^t, t = nb, the rows prove that limbs exist such that
//!
//! `v + 2^(s−1) + 2^(t+s) = Σ l_i·2^(ib) + r·2^s + σ·2^(t+s)`, `r = Σ h_j·2^(jb)`, σ ∈ {0, 1},
//! and `out = σ·r`.
//!
//! As before, with σ in lane 1 and out in lane 2 of row m − 1, where s\[i\] is r. If s = 0, nothing
//! is rounded and that row has no limb.
//!
//! ## Assumptions
//!
//! v stands for an integer of at most 2^60 in absolute value.
//!
//! Sound: the equation holds over the integers as before, and the right side's parts are unique: the
//! remainder mod 2^s, then r in 0..2^t and σ as the digits of y + 2^t in base 2^t. σ = 1 exactly if
//! y ≥ 0, and then r = y. Complete: y + 2^t is in 0..2^(t+1).
//!
//! # The assumption holds
//!
//! For an admissible input, by induction over the rows: the instance holds the input's integers;
//! each element's value is determined by the values before it, hence is what the executor computes,
//! hence is within `Graph`'s bounds. So there is one witness, and one output.
//!
//! **Who verifies must check that the input is in the declared domain** (the chain does when it
//! takes a workload, `Bundle::verify` does): for other inputs a proof says nothing.

use crate::{
	execute::{execute_all, ExecuteError},
	graph::{Graph, Operator},
	layout::{decomposition, is_fused, Decomposition, Layout},
};
use halo2_proofs::halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};

/// A cell that takes part in copy constraints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cell {
	/// A lane.
	Lane {
		/// Its index.
		lane: usize,
		/// The row.
		row: usize,
	},
	/// The instance column.
	Instance {
		/// The row.
		row: usize,
	},
}

/// The cell of the statement.
pub const STATEMENT: Cell = Cell::Lane { lane: 0, row: 0 };

/// A model in rows: coefficients, copy constraints, and the witness if there is an input.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
	limb_bits: Option<u8>,
	relu: bool,
	rows: Vec<Row>,
	lanes: usize,
	copies: Vec<(Cell, Cell)>,
}

/// One row, as integers.
#[derive(Clone, PartialEq, Debug, Default)]
struct Row {
	weights: Vec<i128>,
	current: i128,
	previous: i128,
	constant: i128,
	range: bool,
	sign: bool,
	values: Vec<i128>,
	accumulator: i128,
}

impl Trace {
	/// The rows without a witness: all values are zero.
	pub fn shape(graph: &Graph, layout: &Layout) -> Self {
		let zeros = graph
			.tensors()
			.iter()
			.map(|tensor| vec![0; tensor.bounds.len()])
			.collect();
		Self::build(graph, layout, zeros)
	}

	/// The rows with the witness for `input`, and the output.
	pub fn witness(
		graph: &Graph,
		layout: &Layout,
		input: &[i64],
	) -> Result<(Self, Vec<i64>), ExecuteError> {
		let values = execute_all(graph, input)?;
		let output = values
			.get(graph.output_tensor())
			.cloned()
			.unwrap_or_default();
		Ok((Self::build(graph, layout, values), output))
	}

	fn build(graph: &Graph, layout: &Layout, values: Vec<Vec<i64>>) -> Self {
		let columns = layout.columns;
		let mut builder = Builder {
			trace: Self {
				limb_bits: columns.limb_bits,
				relu: columns.relu,
				rows: Vec::new(),
				lanes: usize::from(columns.lanes),
				copies: Vec::new(),
			},
			limb_bits: columns.limb_bits.unwrap_or(1),
			homes: vec![(0..graph.input().len())
				.map(|i| Cell::Instance { row: 1 + i })
				.collect()],
			values,
		};
		builder
			.trace
			.copies
			.push((STATEMENT, Cell::Instance { row: 0 }));
		builder.row(Row::default());
		for (index, node) in graph.nodes().iter().enumerate() {
			let homes = match &node.operator {
				// The rescaling that follows lays it out.
				Operator::Affine { .. } if is_fused(graph, index + 1) => Vec::new(),
				Operator::Affine { bias, .. } => (0..bias.len())
					.map(|element| builder.affine_to_lane(graph, index, element))
					.collect(),
				Operator::Rescale { input, shift, relu } => {
					let input = *input as usize;
					let elements = builder.values.get(index + 1).map_or(0, Vec::len);
					let fused = is_fused(graph, input);
					let Some(limbs) = decomposition(graph, node, builder.limb_bits) else {
						continue;
					};
					(0..elements)
						.map(|element| {
							if fused {
								builder.affine_to_accumulator(graph, input, element);
							} else {
								builder.load(input, element);
							}
							let v = builder.value(input, element);
							if *relu {
								builder.rescale_relu(v, *shift, &limbs)
							} else {
								builder.rescale(v, *shift, &limbs)
							}
						})
						.collect()
				},
				// `layout` refuses them.
				_ => Vec::new(),
			};
			builder.homes.push(homes);
		}
		let first = 1 + graph.input().len();
		for element in 0..graph.output().len() {
			if let Some(home) = builder.home(graph.output_tensor(), element) {
				builder.trace.copies.push((
					home,
					Cell::Instance {
						row: first + element,
					},
				));
			}
		}
		builder.trace
	}

	/// Number of rows.
	pub fn len(&self) -> usize {
		self.rows.len()
	}

	/// Whether there is no row (never: the statement has one).
	pub fn is_empty(&self) -> bool {
		self.rows.is_empty()
	}

	/// Pairs of cells that must be equal.
	pub fn copies(&self) -> &[(Cell, Cell)] {
		&self.copies
	}

	/// Values of the fixed columns: weights, `current`, `previous`, `constant`, and with range
	/// checks `range`, the table, and with ReLU `sign`. As long as the longest of them.
	pub fn fixed(&self) -> Vec<Vec<Fr>> {
		let column = |f: &dyn Fn(&Row) -> i128| self.rows.iter().map(|row| field(f(row))).collect();
		let mut columns: Vec<Vec<Fr>> = (0..self.lanes)
			.map(|lane| column(&|row| row.weights.get(lane).copied().unwrap_or_default()))
			.collect();
		columns.push(column(&|row| row.current));
		columns.push(column(&|row| row.previous));
		columns.push(column(&|row| row.constant));
		if let Some(bits) = self.limb_bits {
			columns.push(column(&|row| i128::from(row.range)));
			columns.push((0..1u64 << bits).map(Fr::from).collect());
			if self.relu {
				columns.push(column(&|row| i128::from(row.sign)));
			}
		}
		let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
		for column in &mut columns {
			column.resize(rows, Fr::ZERO);
		}
		columns
	}

	/// Values of the advice columns: the lanes, then the accumulator; zeros up to `rows`.
	pub fn advice(&self, statement: Fr, rows: usize) -> Vec<Vec<Fr>> {
		let column = |f: &dyn Fn(&Row) -> i128| {
			let mut values: Vec<Fr> = self.rows.iter().map(|row| field(f(row))).collect();
			values.resize(rows, Fr::ZERO);
			values
		};
		let mut columns: Vec<Vec<Fr>> = (0..self.lanes)
			.map(|lane| column(&|row| row.values.get(lane).copied().unwrap_or_default()))
			.collect();
		columns.push(column(&|row| row.accumulator));
		if let Some(cell) = columns.first_mut().and_then(|lane| lane.first_mut()) {
			*cell = statement;
		}
		columns
	}
}

/// An integer as a field element.
fn field(x: i128) -> Fr {
	let magnitude = Fr::from_u128(x.unsigned_abs());
	if x < 0 {
		-magnitude
	} else {
		magnitude
	}
}

struct Builder {
	trace: Trace,
	limb_bits: u8,
	/// Per tensor, where its elements live; empty for those that stay in the accumulator.
	homes: Vec<Vec<Cell>>,
	values: Vec<Vec<i64>>,
}

impl Builder {
	fn value(&self, tensor: usize, element: usize) -> i128 {
		self.values
			.get(tensor)
			.and_then(|v| v.get(element))
			.copied()
			.unwrap_or_default()
			.into()
	}

	fn home(&self, tensor: usize, element: usize) -> Option<Cell> {
		self.homes.get(tensor)?.get(element).copied()
	}

	/// Appends a row and returns its index.
	fn row(&mut self, row: Row) -> usize {
		self.trace.rows.push(row);
		self.trace.rows.len() - 1
	}

	/// Ties the lanes of row `row` to the homes of the operands in them.
	fn copy(&mut self, row: usize, operands: &[Product]) {
		for (lane, operand) in operands.iter().enumerate() {
			if let Some(home) = self.home(operand.tensor, operand.element) {
				self.trace.copies.push((Cell::Lane { lane, row }, home));
			}
		}
	}

	/// The products of element `element` of affine node `node`, and its bias.
	fn products(&self, graph: &Graph, node: usize, element: usize) -> (Vec<Product>, i128) {
		let Some(Operator::Affine { terms, bias, .. }) =
			graph.nodes().get(node).map(|n| &n.operator)
		else {
			return (Vec::new(), 0);
		};
		let products = terms
			.iter()
			.flat_map(|term| {
				let tensor = term.input as usize;
				term.map.row(element).map(move |(element, weight)| Product {
					tensor,
					element,
					weight: weight.into(),
				})
			})
			.collect();
		(
			products,
			bias.get(element).copied().unwrap_or_default().into(),
		)
	}

	/// A row that adds `products` to the accumulator, which starts at `start` if that is given.
	fn accumulate(&mut self, products: &[Product], start: Option<i128>, before: i128) -> i128 {
		let values: Vec<i128> = products
			.iter()
			.map(|p| self.value(p.tensor, p.element))
			.collect();
		let sum: i128 = products
			.iter()
			.zip(&values)
			.map(|(p, x)| p.weight * x)
			.sum();
		let accumulator = start.unwrap_or(before) + sum;
		let row = self.row(Row {
			weights: products.iter().map(|p| p.weight).collect(),
			current: -1,
			previous: i128::from(start.is_none()),
			constant: start.unwrap_or_default(),
			values,
			accumulator,
			..Row::default()
		});
		self.copy(row, products);
		accumulator
	}

	/// Lays out an affine element so that it ends in the accumulator. `tensor` is its tensor.
	fn affine_to_accumulator(&mut self, graph: &Graph, tensor: usize, element: usize) {
		let (products, bias) = self.products(graph, tensor.saturating_sub(1), element);
		let lanes = self.trace.lanes.max(1);
		let mut start = Some(bias);
		let mut sum = 0;
		if products.is_empty() {
			self.accumulate(&[], start, 0);
		}
		for chunk in products.chunks(lanes) {
			sum = self.accumulate(chunk, start.take(), sum);
		}
	}

	/// Lays out an affine element of node `node` so that it ends in a lane: its home.
	fn affine_to_lane(&mut self, graph: &Graph, node: usize, element: usize) -> Cell {
		let (products, bias) = self.products(graph, node, element);
		let lanes = self.trace.lanes.max(1);
		// The last row holds fewer products than lanes: the result takes one.
		let split = products.len() / lanes * lanes;
		let (full, last) = products.split_at(split);
		let mut start = Some(bias);
		let mut sum = 0;
		for chunk in full.chunks(lanes) {
			sum = self.accumulate(chunk, start.take(), sum);
		}
		let mut weights: Vec<i128> = last.iter().map(|p| p.weight).collect();
		let mut values: Vec<i128> = last
			.iter()
			.map(|p| self.value(p.tensor, p.element))
			.collect();
		weights.push(-1);
		values.push(self.value(node + 1, element));
		let row = self.row(Row {
			weights,
			previous: i128::from(start.is_none()),
			constant: start.unwrap_or_default(),
			values,
			..Row::default()
		});
		self.copy(row, last);
		Cell::Lane {
			lane: last.len(),
			row,
		}
	}

	/// A row that loads an element into the accumulator.
	fn load(&mut self, tensor: usize, element: usize) {
		self.accumulate(
			&[Product {
				tensor,
				element,
				weight: 1,
			}],
			Some(0),
			0,
		);
	}

	/// Rows that show `rest` to consist of `limbs` limbs. `rest` is in the accumulator; or, if
	/// `first` is given, `rest` minus the offset in it has its home there.
	fn limbs(&mut self, mut rest: i128, limbs: usize, first: Option<(Cell, i128)>) {
		let mut first = first;
		for limb in 1..=limbs {
			let (low, high) = self.split(rest);
			let last = limb == limbs;
			let (weights, values, constant, source) = match first.take() {
				// limb − (y + M) + 2^b·s = 0
				Some((home, offset)) => {
					(vec![1, -1], vec![low, rest - offset], -offset, Some(home))
				},
				// limb − s[i−1] + 2^b·s = 0
				None => (vec![1], vec![low], 0, None),
			};
			let row = self.row(Row {
				weights,
				current: if last { 0 } else { self.base() },
				previous: if source.is_some() { 0 } else { -1 },
				constant,
				range: true,
				values,
				accumulator: if last { 0 } else { high },
				..Row::default()
			});
			if let Some(home) = source {
				self.trace.copies.push((Cell::Lane { lane: 1, row }, home));
			}
			rest = high;
		}
	}

	/// 2^`limb_bits`.
	fn base(&self) -> i128 {
		1 << self.limb_bits
	}

	/// Lowest limb and the rest.
	fn split(&self, x: i128) -> (i128, i128) {
		(x & (self.base() - 1), x >> self.limb_bits)
	}

	/// Rows that rescale `v`, which is in the accumulator; returns the home of the result.
	fn rescale(&mut self, v: i128, shift: u8, limbs: &Decomposition) -> Cell {
		let half = half(shift);
		let mut rest = v + half;
		let mut home = STATEMENT;
		for limb in 0..limbs.low_limbs {
			let (low, high) = self.split(rest);
			let last = limb + 1 == limbs.low_limbs;
			// limb − s[i−1] (− half) + 2^b·(s or y) = 0
			let row = self.row(Row {
				weights: if last { vec![1, self.base()] } else { vec![1] },
				current: if last { 0 } else { self.base() },
				previous: -1,
				constant: if limb == 0 { -half } else { 0 },
				range: true,
				values: if last { vec![low, high] } else { vec![low] },
				accumulator: if last { 0 } else { high },
				..Row::default()
			});
			home = Cell::Lane { lane: 1, row };
			rest = high;
		}
		self.limbs(
			rest + limbs.offset,
			limbs.high_limbs,
			Some((home, limbs.offset)),
		);
		home
	}

	/// Rows that rescale `v`, which is in the accumulator, with ReLU; returns the home of the
	/// result.
	fn rescale_relu(&mut self, v: i128, shift: u8, limbs: &Decomposition) -> Cell {
		// offset is 2^t.
		let added = half(shift) + (limbs.offset << shift);
		let mut rest = v + added;
		let y = (rest >> shift) - limbs.offset;
		let sigma = i128::from(y >= 0);
		let r = (rest >> shift) - sigma * limbs.offset;
		let mut home = STATEMENT;
		let steps = limbs.low_limbs.max(1);
		for step in 0..steps {
			let has_limb = limbs.low_limbs > 0;
			let base = if has_limb { self.base() } else { 1 };
			let (low, high) = if has_limb {
				self.split(rest)
			} else {
				(0, rest)
			};
			let last = step + 1 == steps;
			// limb + base·s + σ·base·2^t − s[i−1] (− added) = 0; σ in the last row only
			let limb_weight = i128::from(has_limb);
			let row = self.row(Row {
				weights: if last {
					vec![limb_weight, base * limbs.offset]
				} else {
					vec![limb_weight]
				},
				current: base,
				previous: -1,
				constant: if step == 0 { -added } else { 0 },
				range: has_limb,
				sign: last,
				values: if last {
					vec![low, sigma, sigma * r]
				} else {
					vec![low]
				},
				accumulator: if last { r } else { high },
			});
			home = Cell::Lane { lane: 2, row };
			rest = high;
		}
		self.limbs(r, limbs.high_limbs, None);
		home
	}
}

/// An operand and its weight.
struct Product {
	tensor: usize,
	element: usize,
	weight: i128,
}

/// What makes the division by 2^`shift` round: half of that.
fn half(shift: u8) -> i128 {
	if shift == 0 {
		0
	} else {
		1 << (shift - 1)
	}
}
