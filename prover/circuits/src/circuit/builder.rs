//! Builds a trace: homes, values, copies.
//!
//! What is missing is a [`TraceError`]: nothing is left out of a circuit. Values decide nothing about it, and may be
//! wrong: those of [`Trace::shape`] are all zero. Still read as nothing: rows of a linear map beyond its own, and steps of a
//! product beyond its loops, which [`Graph`] refuses; and a layout is not checked here ([`crate::layout::check`]).

use super::{
	error::{Gate, TraceError},
	forest::Plan,
	gadgets::{combine, inputs::InputSource, table, trees},
	row::{Combining, LimbUse, Open, Operand, Row, RowKind},
	trace::{Cell, CombinedOperand, CombinedRow, Trace, STATEMENT},
};
use crate::{
	graph::{offsets, Forest, Graph, Operator},
	layout::{
		is_combined, is_fused, only_forests_read_input, signed_bits, BinaryDomain, Element,
		Families, Layout, Limbs, Weight, MAX_DECOMPOSED_BITS,
	},
};
use std::{collections::BTreeMap, ops::Range};

/// Where the elements of a tensor are, in one inference.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Homes {
	/// In these cells.
	Cells(Vec<Cell>),
	/// Nowhere: they are open sums, which what reads them lays out.
	Open,
}

/// A trace under construction.
pub struct Builder<'a> {
	graph: &'a Graph,
	trace: Trace,
	/// Per inference and tensor that is laid out.
	homes: Vec<Vec<Homes>>,
	/// Per inference and tensor.
	values: Vec<Vec<Vec<i64>>>,
	/// Per tensor that deferred sums read, its elements' combinations over all inferences.
	combined: BTreeMap<usize, Vec<Cell>>,
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
	/// Deferred sums that rows of the second phase check.
	checked: usize,
	/// Number of the next function.
	function: i128,
	/// The row after the last one with limbs.
	limbs_end: usize,
	/// The first row that may hold limbs of the chain of rows under construction.
	chain_start: usize,
}

impl<'a> Builder<'a> {
	/// The trace of `graph` whose tensors have `values`, one list per inference.
	pub fn build(
		graph: &'a Graph,
		layout: &Layout,
		values: Vec<Vec<Vec<i64>>>,
	) -> Result<Trace, TraceError> {
		let mut builder = Self::new(graph, layout, values);
		builder.trace.rows.push(Row {
			current: -1,
			..Row::default()
		});
		let inputs = if layout.claim.hidden_input {
			InputSource::Hidden
		} else {
			InputSource::Public(builder.public_inputs())
		};
		let homes = match (&layout.columns.inputs, inputs) {
			(Some(shape), inputs) => {
				let (homes, combinations) = builder.inputs(shape, &inputs)?;
				builder.combined.insert(0, combinations);
				homes
			},
			(None, InputSource::Public(cells)) => cells,
			(None, InputSource::Hidden) => return Err(TraceError::NoInputRows),
		};
		builder.add_homes(homes.into_iter().map(Homes::Cells));
		for index in 0..graph.nodes().len() {
			builder.node(index)?;
		}
		builder.outputs(layout)?;
		builder.all_are_checked()?;
		Ok(builder.trace)
	}

	/// One without rows.
	fn new(graph: &'a Graph, layout: &Layout, values: Vec<Vec<Vec<i64>>>) -> Self {
		let inferences = usize::from(layout.claim.inferences);
		let families = if layout.columns.within {
			Families::of(graph)
		} else {
			Families::default()
		};
		Builder {
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
			combined: BTreeMap::new(),
			inference: 0,
			deferred: None,
			tuples: vec![None; families.tuples().len()],
			families,
			position: None,
			checked: 0,
			function: 1,
			limbs_end: 1,
			chain_start: 1,
		}
	}

	/// Ties each output to its cell of the instance.
	fn outputs(&mut self, layout: &Layout) -> Result<(), TraceError> {
		let (tensor, length) = (self.graph.output_tensor(), self.graph.output().len());
		let inferences = self.homes.len();
		let first = layout.claim.public_inputs(self.graph) - inferences * length;
		for inference in 0..inferences {
			self.inference = inference;
			for element in 0..length {
				let home = self.cell(tensor, element)?;
				let row = first + inference * length + element;
				self.copy(home, Cell::Instance { row });
			}
		}
		Ok(())
	}

	/// Fails if some row says what a sum is and nothing checks that, or combines values without a gate for it.
	fn all_are_checked(&self) -> Result<(), TraceError> {
		let takes = |row: &&Row| row.sums.takes();
		let got = self.trace.rows.iter().filter(takes).count();
		if got != self.checked {
			return Err(TraceError::Sums {
				expected: self.checked,
				got,
			});
		}
		// Marked after the rows were made.
		let columns = &self.trace.columns;
		let lacks_gate = |row: &Row| match row.values_combined {
			Combining::Unused => false,
			Combining::Start | Combining::Next | Combining::Hold => !columns.defers_batch(),
			Combining::StartPacked | Combining::NextPacked => columns.packed_lanes().is_none(),
		};
		match self.trace.rows.iter().position(lacks_gate) {
			Some(row) => Err(TraceError::NoGate {
				row,
				gate: Gate::Values,
			}),
			None => Ok(()),
		}
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

	fn add_homes(&mut self, homes: impl IntoIterator<Item = Homes>) {
		for (all, homes) in self.homes.iter_mut().zip(homes) {
			all.push(homes);
		}
	}

	/// Number of a tensor's elements.
	fn elements(&self, tensor: usize) -> Result<usize, TraceError> {
		let found = self.graph.tensors().get(tensor);
		Ok(found.ok_or(TraceError::NoTensor { tensor })?.bounds.len())
	}

	/// Lays each element of `tensor` out by `home`, which returns its home, for each inference in turn.
	fn each_element(
		&mut self,
		tensor: usize,
		mut home: impl FnMut(&mut Self, usize) -> Result<Cell, TraceError>,
	) -> Result<(), TraceError> {
		let elements = self.elements(tensor)?;
		if self.trace.columns.within {
			let homes = self.each_family(tensor, elements, home)?;
			self.add_homes([Homes::Cells(homes)]);
			return Ok(());
		}
		let inferences = self.homes.len();
		let mut homes = vec![Vec::with_capacity(elements); inferences];
		let is_combined = self.defers_batch() && is_combined(self.graph, tensor);
		let mut combinations = Vec::new();
		for element in 0..elements {
			let first = self.rows();
			let mut cells = Vec::with_capacity(inferences);
			for inference in 0..inferences {
				self.inference = inference;
				cells.push(home(self, element)?);
			}
			let rows = first..self.rows();
			if let Some(deferred) = self.deferred.take() {
				self.end_deferred(deferred, rows.clone())?;
			}
			if is_combined {
				let values = (0..inferences)
					.map(|inference| self.value_of(inference, tensor, element))
					.collect::<Result<Vec<i128>, _>>()?;
				combinations.push(self.combine(&cells, &values, rows)?);
			}
			for (homes, cell) in homes.iter_mut().zip(cells) {
				homes.push(cell);
			}
		}
		if is_combined {
			self.combined.insert(tensor, combinations);
		}
		self.add_homes(homes.into_iter().map(Homes::Cells));
		Ok(())
	}

	/// Lays the elements of one inference out, each family's after the others; returns their homes.
	fn each_family(
		&mut self,
		tensor: usize,
		elements: usize,
		mut home: impl FnMut(&mut Self, usize) -> Result<Cell, TraceError>,
	) -> Result<Vec<Cell>, TraceError> {
		let sums = match self.operator(tensor) {
			Some(
				Operator::Rescale { input, .. }
				| Operator::Sign { input }
				| Operator::Table { input, .. },
			) if is_fused(self.graph, *input as usize) => *input as usize,
			_ => tensor,
		};
		let mut homes = vec![None; elements];
		for family in self.families.of_tensor(sums).to_vec() {
			let mut terms: Vec<(Weight, Cell)> = Vec::with_capacity(family.terms.len());
			for (weight, tuple) in &family.terms {
				terms.push((*weight, self.tuple(*tuple)?));
			}
			let first = self.rows();
			for (position, element) in family.sums.iter().enumerate() {
				self.position = Some(position);
				let cell = home(self, *element)?;
				let to = homes.get_mut(*element);
				let element = *element;
				*to.ok_or(TraceError::NoParameter { tensor, element })? = Some(cell);
			}
			self.position = None;
			self.end_family(&terms, family.sums.len(), first..self.rows())?;
		}
		let mut all = Vec::with_capacity(elements);
		for (element, found) in homes.into_iter().enumerate() {
			all.push(match found {
				Some(cell) => cell,
				None => home(self, element)?,
			});
		}
		Ok(all)
	}

	/// The combination of a tuple; the first use lays out the rows that make it.
	fn tuple(&mut self, number: usize) -> Result<Cell, TraceError> {
		if let Some(Some(cell)) = self.tuples.get(number) {
			return Ok(*cell);
		}
		let elements = self.families.tuples().get(number).cloned();
		let elements = elements.filter(|elements| !elements.is_empty());
		let elements = elements.ok_or(TraceError::NoTuple { number })?;
		let packed = self.lanes().max(1);
		// Zeros first, which do not change the combination, make the rows whole.
		let missing = (packed - elements.len() % packed) % packed;
		let mut operands = vec![Operand::zero(); missing];
		for Element { tensor, index } in elements.iter() {
			operands.push(self.operand(*tensor as usize, *index as usize)?);
		}
		for (index, chunk) in operands.chunks(packed).enumerate() {
			self.begin(0);
			let mut open = Open::default();
			for operand in chunk {
				open.push(*operand);
			}
			open.row.values_combined = combine::packed(index);
			self.emit(open)?;
		}
		let cell = Cell::Values {
			row: self.rows().saturating_sub(1),
		};
		let to = self.tuples.get_mut(number);
		*to.ok_or(TraceError::NoTuple { number })? = Some(cell);
		Ok(cell)
	}

	/// An element that is an operand of the sums that check combinations.
	pub fn combined_element(&self, element: &Element) -> Result<CombinedOperand, TraceError> {
		let (tensor, element) = (element.tensor as usize, element.index as usize);
		Ok(CombinedOperand {
			home: self.cell(tensor, element)?,
			weight: 0,
			value: self.value(tensor, element)?,
		})
	}

	/// Lays node `index` out.
	fn node(&mut self, index: usize) -> Result<(), TraceError> {
		let tensor = index + 1;
		let graph = self.graph;
		let node = graph.nodes().get(index);
		let node = node.ok_or(TraceError::NoTensor { tensor })?;
		if is_fused(graph, tensor) {
			// What reads it lays it out.
			let nowhere = vec![Homes::Open; self.homes.len()];
			self.add_homes(nowhere);
			return Ok(());
		}
		match &node.operator {
			Operator::Affine { .. } | Operator::Product { .. } => {
				self.each_element(tensor, |builder, element| {
					let open = builder.open_sum(tensor, element, 0)?;
					builder.keep(open)
				})
			},
			Operator::Rescale { input, shift, relu } => {
				self.each_element(tensor, |builder, element| {
					let open = builder.open(*input as usize, element, 0)?;
					builder.rescale(open, *shift, *relu)
				})
			},
			Operator::Sign { input } => {
				let input = *input as usize;
				let range = graph.tensors().get(input).map(|t| t.range());
				let range = range.ok_or(TraceError::NoTensor { tensor: input })?;
				let bits = signed_bits(range.min, range.max);
				self.each_element(tensor, |builder, element| {
					let open = builder.open(input, element, 0)?;
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
					let open = builder.open(*input as usize, element, 1)?;
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
				let (y_range, d_range) = (self.range(tensor)?, self.range(d)?);
				let operands = offsets(axes);
				self.each_element(tensor, |builder, element| {
					let y = builder.value(tensor, element)?;
					let found = operands.get(element);
					let (i, j) = *found.ok_or(TraceError::NoParameter { tensor, element })?;
					builder.divide(((n, i), (d, j)), *shift, y, y_range, d_range.1)
				})
			},
			Operator::InverseSqrt { input, shift } => {
				let input = *input as usize;
				let (y_max, x_max) = (self.range(tensor)?.1, self.range(input)?.1);
				let x_max = i64::try_from(x_max).unwrap_or(i64::MAX);
				self.each_element(tensor, |builder, element| {
					let y = builder.value(tensor, element)?;
					builder.inverse_sqrt((input, element), *shift, y, y_max, x_max)
				})
			},
			Operator::Trees { input, forest } => {
				let homes = self.trees(tensor, *input as usize, forest)?;
				// The forests are laid out; what remains is to combine their results.
				self.each_element(tensor, |builder, element| {
					let inference = builder.inference;
					let homes = homes.get(inference);
					let home = homes.and_then(|homes| homes.get(element));
					home.copied().ok_or(TraceError::NoCell {
						inference,
						tensor,
						element,
					})
				})
			},
		}
	}

	/// Lays a forest out; returns the homes of its results, one list per inference.
	fn trees(
		&mut self,
		tensor: usize,
		input: usize,
		forest: &Forest,
	) -> Result<Vec<Vec<Cell>>, TraceError> {
		let graph = self.graph;
		let bounds = |tensor: usize| {
			let found = graph.tensors().get(tensor).map(|t| &t.bounds[..]);
			found.ok_or(TraceError::NoTensor { tensor })
		};
		let plan = Plan::of(forest, bounds(input)?, bounds(tensor)?);
		let plan = plan.ok_or(TraceError::NoPlan { tensor })?;
		let number = self.function;
		self.trace
			.functions
			.extend(trees::entries(number, &plan, self.box_bits(&plan)?));
		self.function += trees::functions(&plan) as i128;
		let targets = plan.base.len();
		let mut homes = Vec::with_capacity(self.homes.len());
		for inference in 0..self.homes.len() {
			self.inference = inference;
			let mut cells = Vec::new();
			for row in 0..forest.rows as usize {
				let results = (0..targets)
					.map(|target| self.value(tensor, row * targets + target))
					.collect::<Result<Vec<i128>, _>>()?;
				let first = row * forest.features as usize;
				cells.extend(self.forest(&plan, number, (input, first), &results)?);
			}
			homes.push(cells);
		}
		Ok(homes)
	}

	/// Least and greatest value of a tensor's elements.
	fn range(&self, tensor: usize) -> Result<(i128, i128), TraceError> {
		let range = self.graph.tensors().get(tensor).map(|t| t.range());
		let range = range.ok_or(TraceError::NoTensor { tensor })?;
		Ok((range.min.into(), range.max.into()))
	}

	/// An element as an open sum: what it is the sum of, or a copy of its home; with `room` lanes free.
	pub fn open(&mut self, tensor: usize, element: usize, room: usize) -> Result<Open, TraceError> {
		match self.homes(tensor) {
			Some(Homes::Open) => self.open_sum(tensor, element, room),
			_ => {
				let operand = self.operand(tensor, element)?.times(1);
				self.sum(&[operand], 0, room)
			},
		}
	}

	/// The sum that an element is, open.
	fn open_sum(&mut self, tensor: usize, element: usize, room: usize) -> Result<Open, TraceError> {
		let operator = self.operator(tensor);
		if let Some(position) = self.position.take() {
			return self.defer((tensor, element), position, room);
		}
		match operator {
			// A row of products has no lane for anything else.
			Some(Operator::Product { .. }) if room > 0 => Err(TraceError::NoLane { lane: 0 }),
			Some(Operator::Product { left, right, pairs }) => {
				let pairs = self.pairs(*left, *right, pairs, element)?;
				self.sum_of_products(&pairs)
			},
			Some(Operator::Affine { .. }) if self.defers_batch() => {
				self.deferred = Some((tensor, element));
				self.defer((tensor, element), self.inference, room)
			},
			Some(Operator::Affine { terms, bias, .. }) => {
				let constant = bias.get(element).copied();
				let constant = constant.ok_or(TraceError::NoParameter { tensor, element })?;
				let mut operands = Vec::new();
				for term in terms {
					for (i, weight) in term.map.row(element) {
						let operand = self.operand(term.input as usize, i)?;
						operands.push(operand.times(weight.into()));
					}
				}
				self.sum(&operands, constant.into(), room)
			},
			_ => Err(TraceError::NoSum { tensor }),
		}
	}

	/// A sum that is deferred, number `position` of those that are combined.
	fn defer(
		&mut self,
		(tensor, element): (usize, usize),
		position: usize,
		room: usize,
	) -> Result<Open, TraceError> {
		let constant = match self.operator(tensor) {
			Some(Operator::Affine { bias, .. }) => {
				let constant = bias.get(element).copied();
				constant.ok_or(TraceError::NoParameter { tensor, element })?
			},
			Some(Operator::Product { .. }) => 0,
			_ => return Err(TraceError::NoSum { tensor }),
		};
		let constant = constant.into();
		let sum = self.value(tensor, element)? - constant;
		self.begin(0);
		let mut open = Open::deferred(sum, position);
		open.add(constant);
		open.keep_free(room);
		Ok(open)
	}

	/// What computes a tensor; nothing for the input.
	fn operator(&self, tensor: usize) -> Option<&'a Operator> {
		let node = tensor.checked_sub(1)?;
		Some(&self.graph.nodes().get(node)?.operator)
	}

	/// An element, to be copied from its home; with weight 0.
	pub fn operand(&self, tensor: usize, element: usize) -> Result<Operand, TraceError> {
		let value = self.value(tensor, element)?;
		Ok(Operand::copy(self.cell(tensor, element)?, value))
	}

	/// An element's value.
	pub fn value(&self, tensor: usize, element: usize) -> Result<i128, TraceError> {
		self.value_of(self.inference, tensor, element)
	}

	/// An element's value in one of the inferences.
	pub fn value_of(
		&self,
		inference: usize,
		tensor: usize,
		element: usize,
	) -> Result<i128, TraceError> {
		let values = self.values.get(inference).and_then(|v| v.get(tensor));
		let value = values.and_then(|v| v.get(element)).copied();
		value.map(i128::from).ok_or(TraceError::NoValue {
			inference,
			tensor,
			element,
		})
	}

	/// Where the elements of a tensor are; nothing before it is laid out.
	fn homes(&self, tensor: usize) -> Option<&Homes> {
		self.homes.get(self.inference)?.get(tensor)
	}

	/// The cell that an element is in.
	fn cell(&self, tensor: usize, element: usize) -> Result<Cell, TraceError> {
		let cell = match self.homes(tensor) {
			Some(Homes::Cells(cells)) => cells.get(element).copied(),
			Some(Homes::Open) | None => None,
		};
		cell.ok_or(TraceError::NoCell {
			inference: self.inference,
			tensor,
			element,
		})
	}

	/// The combinations that an affine tensor's element is the sum of, with their weights.
	pub fn combined_terms(
		&self,
		tensor: usize,
		element: usize,
	) -> Result<Vec<(Cell, i128)>, TraceError> {
		let Some(Operator::Affine { terms, .. }) = self.operator(tensor) else {
			return Err(TraceError::NoSum { tensor });
		};
		let mut found = Vec::new();
		for term in terms {
			let tensor = term.input as usize;
			let cells = self.combined.get(&tensor);
			for (element, weight) in term.map.row(element) {
				let cell = cells.and_then(|cells| cells.get(element)).copied();
				let cell = cell.ok_or(TraceError::NotCombined { tensor, element })?;
				found.push((cell, weight.into()));
			}
		}
		Ok(found)
	}

	/// Lanes of the sums that check combinations, at least 1.
	pub fn combined_lanes(&self) -> usize {
		usize::from(self.trace.columns.combined_lanes).max(1)
	}

	/// Appends a row of the sums that check combinations.
	pub fn emit_combined(&mut self, combined: CombinedRow) -> Result<(), TraceError> {
		let row = self.trace.combined.len();
		let columns = usize::from(self.trace.columns.combined_lanes);
		if combined.operands.len() > columns {
			return Err(TraceError::TooWide {
				row,
				got: combined.operands.len(),
				columns,
			});
		}
		if combined.product != 0 && !self.trace.columns.gates.combined_product {
			return Err(TraceError::NoGate {
				row,
				gate: Gate::CombinedProduct,
			});
		}
		let lanes = combined.operands.iter().enumerate();
		let copies = lanes.map(|(lane, operand)| (Cell::CombinedLane { lane, row }, operand.home));
		self.trace.copies.extend(copies);
		self.trace.combined.push(combined);
		Ok(())
	}

	/// Copies `home`, which holds `value`, to the accumulator of a row of its own; returns the row.
	pub fn emit_copy(&mut self, home: Cell, value: i128) -> Result<usize, TraceError> {
		let mut open = Open::default();
		open.row.accumulator = value;
		let row = self.emit(open)?;
		self.copy(Cell::Accumulator { row }, home);
		Ok(row)
	}

	fn copy(&mut self, left: Cell, right: Cell) {
		self.trace.copies.push((left, right));
	}

	/// Rows that were emitted.
	pub fn rows_mut(&mut self, rows: Range<usize>) -> Result<&mut [Row], TraceError> {
		let row = rows.start;
		let rows = self.trace.rows.get_mut(rows);
		rows.ok_or(TraceError::NoRow { row })
	}

	/// `count` more deferred sums are checked.
	pub fn are_checked(&mut self, count: usize) {
		self.checked += count;
	}

	/// Whether rows of hidden inputs check their domain, which is the model's; or only forests read them, whose rows do.
	pub fn checks_domain(&self, shape: &crate::layout::Inputs) -> bool {
		match shape.domain {
			Some(domain) => BinaryDomain::of(self.graph) == Some(domain),
			None => only_forests_read_input(self.graph),
		}
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

	/// The limbs, of rows that need them.
	pub fn limbs(&self) -> Result<Limbs, TraceError> {
		self.trace.columns.limbs.ok_or(TraceError::NoLimbs)
	}

	/// Bits of the limbs that compare a forest's boxes; any without boxes.
	pub fn box_bits(&self, plan: &Plan) -> Result<u8, TraceError> {
		if plan.trees.is_empty() {
			return Ok(1);
		}
		Ok(self.limbs()?.bits)
	}

	/// Bits of a row's limbs: at least 1, and no more than integers of 128 bits have room for.
	pub fn row_bits(&self) -> Result<u32, TraceError> {
		let bits = self.limbs()?.row_bits();
		let is_in_range = (1..=MAX_DECOMPOSED_BITS).contains(&bits);
		is_in_range.then_some(bits).ok_or(TraceError::NoLimbs)
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
	pub fn emit(&mut self, open: Open) -> Result<usize, TraceError> {
		let row = self.trace.rows.len();
		self.check_row(row, &open.row)?;
		if open.row.limb_use != LimbUse::Unused || open.row.input {
			self.limbs_end = row + 1;
		}
		self.trace.overflows |= open.overflows;
		self.trace.rows.push(open.row);
		let copies = open.copies.into_iter();
		self.trace
			.copies
			.extend(copies.map(|(lane, home)| (Cell::Lane { lane, row }, home)));
		Ok(row)
	}

	/// Fails if the row number `index` has a cell, a coefficient or a use that no column of the layout holds: the
	/// columns would not say what the row says.
	fn check_row(&self, index: usize, row: &Row) -> Result<(), TraceError> {
		let columns = &self.trace.columns;
		let is_within = |got: usize, columns: usize| {
			let row = index;
			(got <= columns)
				.then_some(())
				.ok_or(TraceError::TooWide { row, got, columns })
		};
		is_within(row.values.len().max(row.weights.len()), self.lanes())?;
		is_within(row.limbs.len(), columns.limb_count().into())?;
		if let Some(limbs) = columns.limbs {
			// The last that a gate reads here; a sign is beside them.
			let sign = u8::from(row.limb_use == LimbUse::Relu && columns.sign_place().is_some());
			let last = limbs.count().saturating_add(sign).saturating_sub(1);
			let has_limbs = row.limb_use != LimbUse::Unused || row.input;
			if has_limbs && index < usize::from(limbs.place(last).1) {
				return Err(TraceError::LimbsAbove { row: index });
			}
		}
		let gates = &columns.gates;
		let kind = row.kind();
		// A number says the accumulator's coefficient, too.
		let has_kind = || {
			let current = columns.limbs.map(|limbs| kind.current(&limbs));
			let is_known = columns.row_kinds().any(|known| known == kind);
			current == Some(row.current) && (is_known || kind == RowKind::NOTHING)
		};
		let needs = [
			(row.product != 0, gates.product, Gate::Product),
			(
				kind.limb_use != LimbUse::Unused,
				gates.has(kind.limb_use),
				Gate::Limbs(kind.limb_use),
			),
			(columns.numbered && !has_kind(), false, Gate::Kind),
			(row.function != 0, gates.function, Gate::Function),
			(row.interpolate, gates.interpolate, Gate::Interpolate),
			(row.input, columns.checks_inputs(), Gate::Input),
			(
				row.sums != Combining::Unused || row.factor != 0,
				columns.defers(),
				Gate::Sums,
			),
		];
		match needs.into_iter().find(|(needs, has, _)| *needs && !has) {
			Some((_, _, gate)) => Err(TraceError::NoGate { row: index, gate }),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests;
