//! Builds a trace: homes, values, copies.

use super::{
	row::{Open, Operand, Row},
	trace::{Cell, Trace, STATEMENT},
};
use crate::{
	graph::{Graph, Operator},
	layout::{is_fused, Layout, Limbs},
};

/// A cell that is zero: the accumulator of row 0.
pub const ZERO: Cell = Cell::Accumulator { row: 0 };

/// A trace under construction.
pub struct Builder<'a> {
	graph: &'a Graph,
	trace: Trace,
	/// Per tensor, where its elements live; empty for those that stay in open sums.
	homes: Vec<Vec<Cell>>,
	values: Vec<Vec<i64>>,
}

impl<'a> Builder<'a> {
	/// The trace of `graph` whose tensors have `values`.
	pub fn build(graph: &'a Graph, layout: &Layout, values: Vec<Vec<i64>>) -> Trace {
		let mut builder = Builder {
			graph,
			trace: Trace {
				columns: layout.columns,
				rows: Vec::new(),
				copies: vec![(STATEMENT, Cell::Instance { row: 0 })],
				functions: Vec::new(),
			},
			homes: vec![(0..graph.input().len())
				.map(|i| Cell::Instance { row: 1 + i })
				.collect()],
			values,
		};
		builder.trace.rows.push(Row {
			current: -1,
			..Row::default()
		});
		for index in 0..graph.nodes().len() {
			let homes = builder.node(index);
			builder.homes.push(homes);
		}
		let first = 1 + graph.input().len();
		for element in 0..graph.output().len() {
			if let Some(home) = builder.home(graph.output_tensor(), element) {
				let row = first + element;
				builder.trace.copies.push((home, Cell::Instance { row }));
			}
		}
		builder.trace
	}

	/// Lays node `index` out; returns the homes of its elements.
	fn node(&mut self, index: usize) -> Vec<Cell> {
		let tensor = index + 1;
		let graph = self.graph;
		let Some(node) = graph.nodes().get(index) else {
			return Vec::new();
		};
		let elements = 0..graph.tensors().get(tensor).map_or(0, |t| t.bounds.len());
		match &node.operator {
			// What reads it lays it out.
			_ if is_fused(graph, tensor) => Vec::new(),
			Operator::Affine { .. } => elements
				.map(|element| {
					let open = self.open(tensor, element, 0);
					self.keep(open)
				})
				.collect(),
			Operator::Rescale { input, shift, relu } => elements
				.map(|element| {
					let open = self.open(*input as usize, element, 0);
					self.rescale(open, *shift, *relu)
				})
				.collect(),
		}
	}

	/// An element as an open sum: what it is the sum of, or a copy of its home.
	pub fn open(&mut self, tensor: usize, element: usize, room: usize) -> Open {
		match self.home(tensor, element) {
			Some(_) => {
				let operand = self.operand(tensor, element, 1);
				self.sum(&[operand], 0, room)
			},
			None => {
				let (operands, constant) = self.operands(tensor, element);
				self.sum(&operands, constant, room)
			},
		}
	}

	/// What the element of an affine tensor is the sum of.
	fn operands(&self, tensor: usize, element: usize) -> (Vec<Operand>, i128) {
		let node = tensor.checked_sub(1).and_then(|i| self.graph.nodes().get(i));
		let Some(Operator::Affine { terms, bias, .. }) = node.map(|n| &n.operator) else {
			return (Vec::new(), 0);
		};
		let operands = terms
			.iter()
			.flat_map(|term| {
				term.map
					.row(element)
					.map(|(i, weight)| self.operand(term.input as usize, i, weight.into()))
			})
			.collect();
		(
			operands,
			bias.get(element).copied().unwrap_or_default().into(),
		)
	}

	/// An element, to be copied from its home.
	pub fn operand(&self, tensor: usize, element: usize, weight: i128) -> Operand {
		Operand {
			home: self.home(tensor, element),
			weight,
			value: self.value(tensor, element),
		}
	}

	/// An element's value.
	pub fn value(&self, tensor: usize, element: usize) -> i128 {
		let values = self.values.get(tensor);
		let value = values.and_then(|v| v.get(element)).copied();
		value.unwrap_or_default().into()
	}

	fn home(&self, tensor: usize, element: usize) -> Option<Cell> {
		self.homes.get(tensor)?.get(element).copied()
	}

	/// Number of lanes.
	pub fn lanes(&self) -> usize {
		self.trace.columns.lanes.into()
	}

	/// The limbs, if there are any.
	pub fn limbs(&self) -> Option<Limbs> {
		self.trace.columns.limbs
	}

	/// Bits of a row's limbs.
	pub fn row_bits(&self) -> u32 {
		self.limbs().map_or(0, |limbs| limbs.row_bits())
	}

	/// Appends a row and returns its index.
	pub fn emit(&mut self, open: Open) -> usize {
		let row = self.trace.rows.len();
		self.trace.rows.push(open.row);
		let copies = open.copies.into_iter();
		self.trace
			.copies
			.extend(copies.map(|(lane, home)| (Cell::Lane { lane, row }, home)));
		row
	}
}
