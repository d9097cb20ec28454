//! Builds a trace: homes, values, copies.

use super::{
	forest::Plan,
	gadgets::{table, trees},
	row::{LimbUse, Open, Operand, Row},
	trace::{Cell, Trace, STATEMENT},
};
use crate::{
	graph::{offsets, Graph, Operator},
	layout::{is_fused, signed_bits, Layout, Limbs},
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
	/// Number of the next function.
	function: i128,
	/// The row after the last one with limbs.
	limbs_end: usize,
	/// The first row that may hold limbs of the chain of rows under construction.
	chain_start: usize,
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
			function: 1,
			limbs_end: 1,
			chain_start: 1,
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
			Operator::Affine { .. } | Operator::Product { .. } => elements
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
			Operator::Sign { input } => {
				let input = *input as usize;
				let range = graph.tensors().get(input).map(|t| t.range());
				let bits = range.map_or(1, |x| signed_bits(x.min, x.max));
				elements
					.map(|element| {
						let open = self.open(input, element, 0);
						self.sign(open, bits)
					})
					.collect()
			},
			Operator::Table {
				input,
				table: function,
			} => {
				let number = self.function;
				self.function += 1;
				let entries = table::entries(number, function);
				self.trace.functions.extend(entries);
				elements
					.map(|element| {
						let open = self.open(*input as usize, element, 1);
						self.table(open, number, function)
					})
					.collect()
			},
			Operator::Divide {
				numerator,
				denominator,
				axes,
				shift,
			} => {
				let (n, d) = (*numerator as usize, *denominator as usize);
				let (y_range, d_range) = (self.range(tensor), self.range(d));
				offsets(axes)
					.into_iter()
					.enumerate()
					.map(|(element, (i, j))| {
						let y = self.value(tensor, element);
						self.divide(((n, i), (d, j)), *shift, y, y_range, d_range.1)
					})
					.collect()
			},
			Operator::InverseSqrt { input, shift } => {
				let input = *input as usize;
				let (y_max, x_max) = (self.range(tensor).1, self.range(input).1);
				let x_max = i64::try_from(x_max).unwrap_or(i64::MAX);
				elements
					.map(|element| {
						let y = self.value(tensor, element);
						self.inverse_sqrt((input, element), *shift, y, y_max, x_max)
					})
					.collect()
			},
			Operator::Trees { input, forest } => {
				let input = *input as usize;
				let bounds = |tensor: usize| graph.tensors().get(tensor).map(|t| &t.bounds[..]);
				let (inputs, outputs) = (bounds(input), bounds(tensor));
				let plan = Plan::of(
					forest,
					inputs.unwrap_or_default(),
					outputs.unwrap_or_default(),
				);
				// `layout::choose` and `layout::check` refuse what has no plan.
				let plan = plan.unwrap_or_default();
				let number = self.function;
				let limb_bits = self.limbs().map_or(1, |limbs| limbs.bits);
				self.trace
					.functions
					.extend(trees::entries(number, &plan, limb_bits));
				self.function += i128::try_from(trees::functions(&plan)).unwrap_or(0);
				let targets = plan.base.len();
				(0..forest.rows as usize)
					.flat_map(|row| {
						let results: Vec<i128> = (0..targets)
							.map(|target| self.value(tensor, row * targets + target))
							.collect();
						let first = row * forest.features as usize;
						self.forest(&plan, number, (input, first), &results)
					})
					.collect()
			},
		}
	}

	/// Least and greatest value of a tensor's elements.
	fn range(&self, tensor: usize) -> (i128, i128) {
		let range = self.graph.tensors().get(tensor).map(|t| t.range());
		range.map_or((0, 0), |x| (x.min.into(), x.max.into()))
	}

	/// An element as an open sum: what it is the sum of, or a copy of its home.
	pub fn open(&mut self, tensor: usize, element: usize, room: usize) -> Open {
		match self.home(tensor, element) {
			Some(_) => {
				let operand = self.operand(tensor, element, 1);
				self.sum(&[operand], 0, room)
			},
			None => match self.operator(tensor) {
				Some(Operator::Product { left, right, pairs }) => {
					let pairs = self.pairs(*left, *right, pairs, element);
					self.sum_of_products(&pairs)
				},
				_ => {
					let (operands, constant) = self.operands(tensor, element);
					self.sum(&operands, constant, room)
				},
			},
		}
	}

	/// What computes a tensor; nothing for the input.
	fn operator(&self, tensor: usize) -> Option<&'a Operator> {
		let node = tensor.checked_sub(1)?;
		Some(&self.graph.nodes().get(node)?.operator)
	}

	/// What the element of an affine tensor is the sum of.
	fn operands(&self, tensor: usize, element: usize) -> (Vec<Operand>, i128) {
		let Some(Operator::Affine { terms, bias, .. }) = self.operator(tensor) else {
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

	/// How many rows there are.
	pub fn rows(&self) -> usize {
		self.trace.rows.len()
	}

	/// Begins a chain of rows: its limbs may be in its own rows and the `lead` before it.
	pub fn begin(&mut self, lead: usize) {
		self.chain_start = self.rows().saturating_sub(lead);
	}

	/// Whether the next row's limbs have cells that are free. There are none above row 1: the rows
	/// above row 0 are the last ones, which are not looked up.
	pub fn has_room(&self) -> bool {
		let free_from = self.chain_start.max(self.limbs_end);
		self.rows() + 1 >= free_from + self.trace.columns.limb_rows()
	}

	/// The last row's accumulator.
	pub fn last_accumulator(&self) -> i128 {
		self.trace.rows.last().map_or(0, |row| row.accumulator)
	}

	/// Appends a row and returns its index.
	pub fn emit(&mut self, open: Open) -> usize {
		let row = self.trace.rows.len();
		if open.row.limb_use != LimbUse::Unused {
			self.limbs_end = row + 1;
		}
		self.trace.rows.push(open.row);
		let copies = open.copies.into_iter();
		self.trace
			.copies
			.extend(copies.map(|(lane, home)| (Cell::Lane { lane, row }, home)));
		row
	}
}
