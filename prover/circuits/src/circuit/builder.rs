//! Builds a trace: homes, values, copies.

use super::{
	forest::Plan,
	gadgets::{combine, table, trees},
	row::{LimbUse, Open, Operand, Row},
	trace::{Cell, CombinedOperand, CombinedRow, Trace, STATEMENT},
};
use crate::{
	graph::{offsets, Forest, Graph, Operator},
	layout::{is_combined, is_fused, signed_bits, Element, Families, Layout, Limbs, Weight},
};
use std::ops::Range;

/// A cell that is zero: the accumulator of row 0.
pub const ZERO: Cell = Cell::Accumulator { row: 0 };

/// A trace under construction.
pub struct Builder<'a> {
	graph: &'a Graph,
	trace: Trace,
	/// Per inference and tensor, where its elements live; empty for those that stay in open sums.
	homes: Vec<Vec<Vec<Cell>>>,
	/// Per inference and tensor.
	values: Vec<Vec<Vec<i64>>>,
	/// Per tensor that deferred sums read, its elements' combinations over all inferences.
	combined: Vec<Vec<Cell>>,
	/// The inference whose rows are being built.
	inference: usize,
	/// Tensor and element of a batch's sum that was deferred last.
	deferred: Option<(usize, usize)>,
	/// The families whose sums are deferred.
	families: Families,
	/// Per tuple of theirs, its combination.
	tuples: Vec<Option<Cell>>,
	/// In a family, the number of the next sum.
	position: Option<usize>,
	/// Number of the next function.
	function: i128,
	/// The row after the last one with limbs.
	limbs_end: usize,
	/// The first row that may hold limbs of the chain of rows under construction.
	chain_start: usize,
}

impl<'a> Builder<'a> {
	/// The trace of `graph` whose tensors have `values`, one list per inference.
	pub fn build(graph: &'a Graph, layout: &Layout, values: Vec<Vec<Vec<i64>>>) -> Trace {
		let inferences = usize::from(layout.claim.inferences);
		let families = if layout.columns.within {
			Families::of(graph)
		} else {
			Families::default()
		};
		let mut builder = Builder {
			graph,
			trace: Trace {
				columns: layout.columns,
				rows: Vec::new(),
				copies: vec![(STATEMENT, Cell::Instance { row: 0 })],
				functions: Vec::new(),
				combined: Vec::new(),
				overflows: false,
			},
			homes: vec![Vec::new(); inferences],
			values,
			combined: Vec::new(),
			inference: 0,
			deferred: None,
			tuples: vec![None; families.tuples().len()],
			families,
			position: None,
			function: 1,
			limbs_end: 1,
			chain_start: 1,
		};
		builder.trace.rows.push(Row {
			current: -1,
			..Row::default()
		});
		let public = if layout.claim.hidden_input {
			Vec::new()
		} else {
			builder.public_inputs()
		};
		let (inputs, combinations) = match &layout.columns.inputs {
			Some(shape) => builder.inputs(shape, &public),
			None => (public, Vec::new()),
		};
		builder.combined.push(combinations);
		builder.add_homes(inputs);
		for index in 0..graph.nodes().len() {
			let homes = builder.node(index);
			builder.add_homes(homes);
		}
		let outputs = layout.claim.public_inputs(graph) - inferences * graph.output().len();
		for inference in 0..inferences {
			builder.inference = inference;
			for element in 0..graph.output().len() {
				if let Some(home) = builder.home(graph.output_tensor(), element) {
					let row = outputs + inference * graph.output().len() + element;
					builder.copy(home, Cell::Instance { row });
				}
			}
		}
		builder.trace
	}

	/// The instance's cells that hold the inferences' inputs.
	fn public_inputs(&self) -> Vec<Vec<Cell>> {
		let length = self.graph.input().len();
		(0..self.homes.len())
			.map(|inference| {
				let rows = (0..length).map(|i| 1 + inference * length + i);
				rows.map(|row| Cell::Instance { row }).collect()
			})
			.collect()
	}

	fn add_homes(&mut self, homes: Vec<Vec<Cell>>) {
		for (all, homes) in self.homes.iter_mut().zip(homes) {
			all.push(homes);
		}
	}

	/// Lays each element of `tensor` out by `home`, which returns its home, for each inference in turn;
	/// returns the homes, one list per inference.
	fn each_element(
		&mut self,
		tensor: usize,
		mut home: impl FnMut(&mut Self, usize) -> Cell,
	) -> Vec<Vec<Cell>> {
		let elements = self.graph.tensors().get(tensor);
		let elements = elements.map_or(0, |tensor| tensor.bounds.len());
		if self.trace.columns.within {
			return vec![self.each_family(tensor, elements, home)];
		}
		let inferences = self.homes.len();
		let mut homes = vec![Vec::with_capacity(elements); inferences];
		let is_combined = self.defers_batch() && is_combined(self.graph, tensor);
		let mut combinations = Vec::new();
		for element in 0..elements {
			let first = self.rows();
			let cells: Vec<Cell> = (0..inferences)
				.map(|inference| {
					self.inference = inference;
					home(self, element)
				})
				.collect();
			let rows = first..self.rows();
			if let Some(deferred) = self.deferred.take() {
				self.end_deferred(deferred, rows.clone());
			}
			if is_combined {
				let values: Vec<i128> = (0..inferences)
					.map(|inference| self.value_of(inference, tensor, element))
					.collect();
				combinations.extend(self.combine(&cells, &values, rows));
			}
			for (homes, cell) in homes.iter_mut().zip(cells) {
				homes.push(cell);
			}
		}
		self.combined.resize(tensor, Vec::new());
		self.combined.push(combinations);
		homes
	}

	/// The same of one inference, each family's elements after the others.
	fn each_family(
		&mut self,
		tensor: usize,
		elements: usize,
		mut home: impl FnMut(&mut Self, usize) -> Cell,
	) -> Vec<Cell> {
		let sums = match self.operator(tensor) {
			Some(
				Operator::Rescale { input, .. }
				| Operator::Sign { input }
				| Operator::Table { input, .. },
			) if is_fused(self.graph, *input as usize) => *input as usize,
			_ => tensor,
		};
		let mut homes = vec![ZERO; elements];
		for family in self.families.of_tensor(sums).to_vec() {
			let terms: Vec<(Weight, Cell)> = family
				.terms
				.iter()
				.map(|(weight, tuple)| (*weight, self.tuple(*tuple)))
				.collect();
			let first = self.rows();
			for (position, element) in family.sums.iter().enumerate() {
				self.position = Some(position);
				let cell = home(self, *element);
				if let Some(home) = homes.get_mut(*element) {
					*home = cell;
				}
			}
			self.position = None;
			self.end_family(&terms, first..self.rows());
		}
		for (element, to) in homes.iter_mut().enumerate() {
			if !self.families.has(sums, element) {
				*to = home(self, element);
			}
		}
		homes
	}

	/// The combination of a tuple; the first use lays out the rows that make it.
	fn tuple(&mut self, number: usize) -> Cell {
		if let Some(Some(cell)) = self.tuples.get(number) {
			return *cell;
		}
		let elements = self.families.tuples().get(number).cloned();
		let elements = elements.unwrap_or_default();
		let packed = self.lanes().max(1);
		// Zeros first, which do not change the combination, make the rows whole.
		let missing = (packed - elements.len() % packed) % packed;
		let zero = Operand {
			home: Some(ZERO),
			weight: 0,
			value: 0,
		};
		let operands = elements
			.iter()
			.map(|element| self.operand(element.tensor as usize, element.index as usize, 0));
		let operands: Vec<Operand> = std::iter::repeat_n(zero, missing).chain(operands).collect();
		for (index, chunk) in operands.chunks(packed).enumerate() {
			self.begin(0);
			let mut open = Open::default();
			for operand in chunk {
				open.push(*operand);
			}
			open.row.values_combined = combine::packed(index);
			self.emit(open);
		}
		let cell = Cell::Values {
			row: self.rows().saturating_sub(1),
		};
		if let Some(to) = self.tuples.get_mut(number) {
			*to = Some(cell);
		}
		cell
	}

	/// An element that is an operand of the sums that check combinations.
	pub fn combined_element(&self, element: &Element) -> CombinedOperand {
		let operand = self.operand(element.tensor as usize, element.index as usize, 0);
		CombinedOperand {
			// Elements of sums that stay open have no home, and are no operands.
			home: operand.home.unwrap_or(ZERO),
			weight: 0,
			value: operand.value,
		}
	}

	/// Lays node `index` out; returns the homes of its elements, one list per inference.
	fn node(&mut self, index: usize) -> Vec<Vec<Cell>> {
		let tensor = index + 1;
		let graph = self.graph;
		let nowhere = vec![Vec::new(); self.homes.len()];
		let Some(node) = graph.nodes().get(index) else {
			return nowhere;
		};
		match &node.operator {
			// What reads it lays it out.
			_ if is_fused(graph, tensor) => nowhere,
			Operator::Affine { .. } | Operator::Product { .. } => {
				self.each_element(tensor, |builder, element| {
					let open = builder.open(tensor, element, 0);
					builder.keep(open)
				})
			},
			Operator::Rescale { input, shift, relu } => {
				self.each_element(tensor, |builder, element| {
					let open = builder.open(*input as usize, element, 0);
					builder.rescale(open, *shift, *relu)
				})
			},
			Operator::Sign { input } => {
				let input = *input as usize;
				let range = graph.tensors().get(input).map(|t| t.range());
				let bits = range.map_or(1, |x| signed_bits(x.min, x.max));
				self.each_element(tensor, |builder, element| {
					let open = builder.open(input, element, 0);
					builder.sign(open, bits)
				})
			},
			Operator::Table {
				input,
				table: function,
			} => {
				let number = self.function;
				self.function += 1;
				let entries = table::entries(number, function);
				self.trace.functions.extend(entries);
				self.each_element(tensor, |builder, element| {
					let open = builder.open(*input as usize, element, 1);
					builder.table(open, number, function)
				})
			},
			Operator::Divide {
				numerator,
				denominator,
				axes,
				shift,
			} => {
				let (n, d) = (*numerator as usize, *denominator as usize);
				let (y_range, d_range) = (self.range(tensor), self.range(d));
				let operands = offsets(axes);
				self.each_element(tensor, |builder, element| {
					let y = builder.value(tensor, element);
					let (i, j) = operands.get(element).copied().unwrap_or_default();
					builder.divide(((n, i), (d, j)), *shift, y, y_range, d_range.1)
				})
			},
			Operator::InverseSqrt { input, shift } => {
				let input = *input as usize;
				let (y_max, x_max) = (self.range(tensor).1, self.range(input).1);
				let x_max = i64::try_from(x_max).unwrap_or(i64::MAX);
				self.each_element(tensor, |builder, element| {
					let y = builder.value(tensor, element);
					builder.inverse_sqrt((input, element), *shift, y, y_max, x_max)
				})
			},
			Operator::Trees { input, forest } => {
				let homes = self.trees(tensor, *input as usize, forest);
				// The forests are laid out; what remains is to combine their results.
				self.each_element(tensor, |builder, element| {
					let homes = homes.get(builder.inference);
					let home = homes.and_then(|homes| homes.get(element));
					home.copied().unwrap_or(ZERO)
				})
			},
		}
	}

	/// Lays a forest out; returns the homes of its results, one list per inference.
	fn trees(&mut self, tensor: usize, input: usize, forest: &Forest) -> Vec<Vec<Cell>> {
		let graph = self.graph;
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
		let mut homes = Vec::with_capacity(self.homes.len());
		for inference in 0..self.homes.len() {
			self.inference = inference;
			let mut cells = Vec::new();
			for row in 0..forest.rows as usize {
				let results: Vec<i128> = (0..targets)
					.map(|target| self.value(tensor, row * targets + target))
					.collect();
				let first = row * forest.features as usize;
				cells.extend(self.forest(&plan, number, (input, first), &results));
			}
			homes.push(cells);
		}
		homes
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
			None => match (self.operator(tensor), self.position.take()) {
				(operator, Some(position)) => {
					self.defer(operator, (tensor, element), position, room)
				},
				(Some(Operator::Product { left, right, pairs }), None) => {
					let pairs = self.pairs(*left, *right, pairs, element);
					self.sum_of_products(&pairs)
				},
				(operator @ Some(Operator::Affine { .. }), None) if self.defers_batch() => {
					self.deferred = Some((tensor, element));
					self.defer(operator, (tensor, element), self.inference, room)
				},
				_ => {
					let (operands, constant) = self.operands(tensor, element);
					self.sum(&operands, constant, room)
				},
			},
		}
	}

	/// A sum that is deferred, number `position` of those that are combined.
	fn defer(
		&mut self,
		operator: Option<&Operator>,
		(tensor, element): (usize, usize),
		position: usize,
		room: usize,
	) -> Open {
		let constant = match operator {
			Some(Operator::Affine { bias, .. }) => bias.get(element).copied(),
			_ => None,
		};
		let constant = constant.unwrap_or_default().into();
		let sum = self.value(tensor, element) - constant;
		self.begin(0);
		let mut open = Open::deferred(sum, position);
		open.add(constant);
		for _ in 0..room {
			open.push(Operand::witness(0));
		}
		open
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
		self.value_of(self.inference, tensor, element)
	}

	/// An element's value in one of the inferences.
	pub fn value_of(&self, inference: usize, tensor: usize, element: usize) -> i128 {
		let values = self.values.get(inference).and_then(|v| v.get(tensor));
		let value = values.and_then(|v| v.get(element)).copied();
		value.unwrap_or_default().into()
	}

	fn home(&self, tensor: usize, element: usize) -> Option<Cell> {
		let homes = self.homes.get(self.inference)?;
		homes.get(tensor)?.get(element).copied()
	}

	/// The combinations that an affine tensor's element is the sum of, with their weights.
	pub fn combined_terms(
		&self,
		tensor: usize,
		element: usize,
	) -> impl Iterator<Item = (Cell, i128)> + '_ {
		let terms = match self.operator(tensor) {
			Some(Operator::Affine { terms, .. }) => terms.as_slice(),
			_ => &[],
		};
		terms.iter().flat_map(move |term| {
			let cells = self.combined.get(term.input as usize);
			term.map
				.row(element)
				.filter_map(move |(i, weight)| Some((*cells?.get(i)?, weight.into())))
		})
	}

	/// Lanes of the sums that check combinations.
	pub fn combined_lanes(&self) -> usize {
		usize::from(self.trace.columns.combined_lanes).max(1)
	}

	/// Appends a row of the sums that check combinations.
	pub fn emit_combined(&mut self, combined: CombinedRow) {
		let row = self.trace.combined.len();
		let lanes = combined.operands.iter().enumerate();
		let copies = lanes.map(|(lane, operand)| (Cell::CombinedLane { lane, row }, operand.home));
		self.trace.copies.extend(copies);
		self.trace.combined.push(combined);
	}

	/// Copies `home`, which holds `value`, to the accumulator of a row of its own; returns the row.
	pub fn emit_copy(&mut self, home: Cell, value: i128) -> usize {
		let mut open = Open::default();
		open.row.accumulator = value;
		let row = self.emit(open);
		self.copy(Cell::Accumulator { row }, home);
		row
	}

	fn copy(&mut self, left: Cell, right: Cell) {
		self.trace.copies.push((left, right));
	}

	/// Rows that were emitted.
	pub fn rows_mut(&mut self, rows: Range<usize>) -> &mut [Row] {
		let end = rows.end.min(self.trace.rows.len());
		let rows = self.trace.rows.get_mut(rows.start..end);
		rows.unwrap_or_default()
	}

	/// Number of inferences.
	pub fn inferences(&self) -> usize {
		self.homes.len()
	}

	/// Inputs of an inference.
	pub fn input_length(&self) -> usize {
		self.graph.input().len()
	}

	/// Whether a batch's affine sums are deferred.
	pub fn defers_batch(&self) -> bool {
		self.trace.columns.defers_batch()
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

	/// A coefficient of the sums that check combinations: a deferred sum's times a weight.
	pub fn coefficient(&mut self, factor: i128, weight: i128) -> i128 {
		let product = factor.checked_mul(weight);
		self.trace.overflows |= product.is_none();
		product.unwrap_or_default()
	}

	/// Appends a row and returns its index.
	pub fn emit(&mut self, open: Open) -> usize {
		let row = self.trace.rows.len();
		if open.row.limb_use != LimbUse::Unused || open.row.input {
			self.limbs_end = row + 1;
		}
		self.trace.overflows |= open.overflows;
		self.trace.rows.push(open.row);
		let copies = open.copies.into_iter();
		self.trace
			.copies
			.extend(copies.map(|(lane, home)| (Cell::Lane { lane, row }, home)));
		row
	}
}
