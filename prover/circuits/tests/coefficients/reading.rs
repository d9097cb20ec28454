//! Reads a circuit back: from its constraint system, fixed columns and copies, the sums that its rows prove,
//! with the coefficients that they have in the field. Where cells are is told by the layout's sizes and by
//! which sums share weights; what the builder of rows made of them is not used. Lookups and the rows that check
//! hidden inputs are not read: the witnesses are tried for those.

use super::power;
use crate::assignment::field;
use halo2_proofs::{
	halo2curves::{bn256::Fr, ff::Field},
	plonk::{ConstraintSystem, Expression},
};
use inference_circuits::{
	circuit::{
		config::Config,
		trace::{Cell, Trace},
	},
	graph::{offset, offsets, Graph, Operator},
	layout::{Families, Layout, Weight},
};
use std::collections::BTreeMap;

/// An advice column, and a row.
type Place = (usize, i64);

/// An element: the inference, the tensor, the index in it.
type Element = (usize, usize, usize);

/// A polynomial in advice cells: coefficients that are not 0, by what they multiply.
#[derive(Clone, PartialEq, Debug, Default)]
struct Polynomial(BTreeMap<Vec<Place>, Fr>);

impl Polynomial {
	fn of(terms: impl IntoIterator<Item = (Vec<Place>, Fr)>) -> Self {
		let mut sum = Self::default();
		for (cells, coefficient) in terms {
			sum.add(cells, coefficient);
		}
		sum
	}

	fn add(&mut self, cells: Vec<Place>, coefficient: Fr) {
		let sum = self.0.entry(cells).or_insert(Fr::ZERO);
		*sum += coefficient;
		if *sum == Fr::ZERO {
			self.0.retain(|_, coefficient| *coefficient != Fr::ZERO);
		}
	}

	fn plus(mut self, other: Self) -> Self {
		for (cells, coefficient) in other.0 {
			self.add(cells, coefficient);
		}
		self
	}

	fn times(mut self, factor: Fr) -> Self {
		self.0.values_mut().for_each(|c| *c *= factor);
		self.0.retain(|_, c| *c != Fr::ZERO);
		self
	}

	fn product(&self, other: &Self) -> Self {
		Self::of(self.0.iter().flat_map(|(a, x)| {
			other.0.iter().map(move |(b, y)| {
				let mut cells = [a.as_slice(), b.as_slice()].concat();
				cells.sort_unstable();
				(cells, *x * *y)
			})
		}))
	}

	/// What multiplies one cell.
	fn at(&self, column: usize, row: i64) -> Option<Fr> {
		self.0.get(&[(column, row)][..]).copied()
	}
}

/// What an expression is on row `row`, the fixed cells and the challenge put in.
fn on_row(expression: &Expression<Fr>, fixed: &[Vec<Fr>], challenge: Fr, row: i64) -> Polynomial {
	let fold = |expression: &Expression<Fr>| on_row(expression, fixed, challenge, row);
	let constant = |value| Polynomial::of([(Vec::new(), value)]);
	match expression {
		Expression::Constant(value) => constant(*value),
		Expression::Fixed(query) => {
			assert_eq!(query.rotation().0, 0);
			let value = usize::try_from(row)
				.ok()
				.and_then(|row| fixed[query.column_index()].get(row));
			constant(value.copied().unwrap_or(Fr::ZERO))
		},
		Expression::Advice(query) => {
			let place = (query.column_index(), row + i64::from(query.rotation().0));
			Polynomial::of([(vec![place], Fr::ONE)])
		},
		Expression::Challenge(_) => constant(challenge),
		Expression::Negated(a) => fold(a).times(-Fr::ONE),
		Expression::Sum(a, b) => fold(a).plus(fold(b)),
		Expression::Product(a, b) => match fold(a) {
			zero if zero.0.is_empty() => zero,
			a => a.product(&fold(b)),
		},
		Expression::Scaled(a, factor) => fold(a).times(*factor),
		Expression::Selector(_) | Expression::Instance(_) => panic!("no gate has these"),
	}
}

/// A sum as rows prove it: cells, which are where the operands live, with their coefficients.
#[derive(Clone, Default, Debug)]
struct Sum {
	terms: Vec<(Cell, Fr)>,
	products: Vec<(Cell, Cell, Fr)>,
	constant: Fr,
	/// Whether a later phase checks it.
	is_deferred: bool,
}

impl Sum {
	fn times(mut self, factor: Fr) -> Self {
		self.terms.iter_mut().for_each(|(_, c)| *c *= factor);
		self.products.iter_mut().for_each(|(_, _, c)| *c *= factor);
		self.constant *= factor;
		self
	}
}

/// A sum as the graph says it is.
#[derive(Default)]
struct Expected {
	terms: Vec<(Element, i64)>,
	products: Vec<(Element, Element)>,
	bias: i64,
}

/// What a row leaves of its sum.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
	/// The accumulator.
	Keep,
	/// Digits, and the accumulator above them.
	Carry,
	/// Digits, of which the accumulator is some.
	Plain,
	/// Digits, and a sign above them.
	Relu,
	/// Digits, and the accumulator as the sign above them.
	Sign,
}

/// A circuit that is read.
pub struct Reading<'a> {
	graph: &'a Graph,
	layout: &'a Layout,
	shape: &'a Trace,
	challenge: Fr,
	/// By gate and constraint, one a row.
	gates: BTreeMap<String, Vec<Vec<Polynomial>>>,
	/// What cells are copies of.
	copies: BTreeMap<Cell, Cell>,
	/// Which sums share weights, if those are deferred.
	families: Families,
	/// By row, deferred sums.
	deferred: BTreeMap<i64, Sum>,
	homes: BTreeMap<Element, Cell>,
	elements: BTreeMap<Cell, Element>,
	/// Elements that were met, but not looked at.
	pending: Vec<(Element, Cell)>,
}

macro_rules! ensure {
	($condition:expr, $($text:tt)+) => {
		if !$condition {
			return Err(format!($($text)+));
		}
	};
}

/// The cell that is zero.
const ZERO: Cell = Cell::Accumulator { row: 0 };

impl<'a> Reading<'a> {
	/// Reads the circuit of `shape`; fails if it is not the graph's, with each coefficient what it should be.
	pub fn new(
		graph: &'a Graph,
		layout: &'a Layout,
		shape: &'a Trace,
		challenge: Fr,
	) -> Result<Self, String> {
		let mut constraints = ConstraintSystem::default();
		Config::configure(&mut constraints, &layout.columns);
		let fixed = shape.fixed();
		let rows = 0..i64::try_from(shape.len()).unwrap();
		let mut gates: BTreeMap<String, Vec<Vec<Polynomial>>> = BTreeMap::new();
		for gate in constraints.gates() {
			let polynomials = gate.polynomials().iter().map(|polynomial| {
				let rows = rows.clone();
				rows.map(|row| on_row(polynomial, &fixed, challenge, row))
					.collect::<Vec<_>>()
			});
			gates.insert(gate.name().to_string(), polynomials.collect());
		}
		let first_output = Self::first_output(graph, layout);
		let is_output =
			|cell: &Cell| matches!(cell, Cell::Instance { row } if *row >= first_output);
		let (outputs, copies): (Vec<_>, Vec<_>) = shape
			.copies()
			.iter()
			.copied()
			.partition(|(_, of)| is_output(of));
		let mut reading = Self {
			graph,
			layout,
			shape,
			challenge,
			gates,
			copies: copies.into_iter().collect(),
			families: if layout.columns.within {
				Families::of(graph)
			} else {
				Families::default()
			},
			deferred: BTreeMap::new(),
			homes: BTreeMap::new(),
			elements: BTreeMap::new(),
			pending: Vec::new(),
		};
		let zero = Polynomial::of([(vec![(reading.lanes(), 0)], -Fr::ONE)]);
		ensure!(*reading.linear(0)? == zero, "row 0 has no zero");
		reading.read_deferred()?;
		let length = graph.output().len();
		let inferences = usize::from(layout.claim.inferences);
		ensure!(outputs.len() == inferences * length, "outputs are missing");
		for (home, instance) in outputs {
			let Cell::Instance { row } = instance else {
				continue;
			};
			let (inference, index) = ((row - first_output) / length, (row - first_output) % length);
			let element = (inference, graph.output_tensor(), index);
			let home = reading.home(home);
			reading.pending.push((element, home));
		}
		while let Some((element, cell)) = reading.pending.pop() {
			reading
				.element(element, cell)
				.map_err(|error| format!("{element:?} in {cell:?}: {error}"))?;
		}
		reading.is_whole()?;
		Ok(reading)
	}

	/// Fails if an element that has a home was not met.
	fn is_whole(&self) -> Result<(), String> {
		let open: Vec<usize> = self
			.graph
			.nodes()
			.iter()
			.filter_map(|node| match node.operator {
				Operator::Rescale { input, .. } | Operator::Sign { input } => Some(input as usize),
				_ => None,
			})
			.filter(|tensor| self.stays_open(*tensor))
			.collect();
		let tensors = 1..self.graph.tensors().len();
		for tensor in tensors.filter(|tensor| !open.contains(tensor)) {
			for inference in 0..usize::from(self.layout.claim.inferences) {
				for index in 0..self.graph.tensors()[tensor].bounds.len() {
					let element = (inference, tensor, index);
					ensure!(self.homes.contains_key(&element), "{element:?} was not met");
				}
			}
		}
		Ok(())
	}

	fn first_output(graph: &Graph, layout: &Layout) -> usize {
		let outputs = usize::from(layout.claim.inferences) * graph.output().len();
		layout.claim.public_inputs(graph) - outputs
	}

	/// How many elements were read.
	pub fn elements(&self) -> usize {
		self.homes.len()
	}

	fn lanes(&self) -> usize {
		self.layout.columns.lanes.into()
	}

	/// Index of the first column of the second phase.
	fn second_phase(&self) -> usize {
		usize::try_from(self.layout.columns.advice()).unwrap()
	}

	fn combined_lanes(&self) -> usize {
		self.layout.columns.combined_lanes.into()
	}

	/// The column of combinations of deferred sums.
	fn sums_column(&self) -> usize {
		self.second_phase() + self.combined_lanes()
	}

	fn linear(&self, row: i64) -> Result<&Polynomial, String> {
		let row = usize::try_from(row).map_err(|_| "a sum reads above row 0")?;
		self.gates["linear"][0].get(row).ok_or("no such row".into())
	}

	/// Where a cell's value lives.
	fn home(&self, mut cell: Cell) -> Cell {
		while let Some(of) = self.copies.get(&cell) {
			cell = *of;
		}
		cell
	}

	fn limb_places(&self, row: i64) -> Vec<Place> {
		let limbs = self.layout.columns.limbs.unwrap();
		let places = (0..usize::from(limbs.low) + usize::from(limbs.high)).map(|j| {
			let columns = usize::from(limbs.columns);
			let up = i64::try_from(j / columns).unwrap();
			(self.lanes() + 1 + j % columns, row - up)
		});
		places.collect()
	}

	/// The place of the sign of row `row`: after its limbs, or in a column of its own.
	fn sign_place(&self, row: i64) -> Place {
		let limbs = self.layout.columns.limbs.unwrap();
		let (columns, rows) = (usize::from(limbs.columns), usize::from(limbs.rows));
		let count = usize::from(limbs.low) + usize::from(limbs.high);
		if columns * rows > count {
			let up = i64::try_from(count / columns).unwrap();
			(self.lanes() + 1 + count % columns, row - up)
		} else {
			(self.lanes() + 1 + columns, row)
		}
	}

	/// What the linear gate of row `row` has beside operands.
	fn tail(&self, row: i64) -> Result<Polynomial, String> {
		let (s, end) = (self.lanes(), self.second_phase());
		let terms = self.linear(row)?.0.iter().filter(|(cells, _)| {
			matches!(cells[..], [(column, at)] if column == s && at == row || (s + 1..end).contains(&column))
		});
		Ok(Polynomial::of(terms.map(|(c, x)| (c.clone(), *x))))
	}

	/// Whether row `row` ends so.
	fn ends(&self, row: i64, ending: Ending) -> Result<bool, String> {
		let s = (self.lanes(), row);
		let expected = if ending == Ending::Keep {
			Polynomial::of([(vec![s], -Fr::ONE)])
		} else {
			let limbs = self.layout.columns.limbs.unwrap();
			let row_bits = limbs.row_bits();
			let digits = self.limb_places(row).into_iter().zip(0u32..);
			let digits = digits.map(|(place, j)| (vec![place], -power(u32::from(limbs.bits) * j)));
			let top = match ending {
				Ending::Plain | Ending::Keep => None,
				Ending::Carry | Ending::Sign => Some(s),
				Ending::Relu => Some(self.sign_place(row)),
			};
			Polynomial::of(digits.chain(top.map(|place| (vec![place], -power(row_bits)))))
		};
		Ok(self.tail(row)? == expected)
	}

	/// Whether the other gate of a row that ends so is what it should be.
	fn is_ended(&self, row: i64, ending: Ending) -> bool {
		let s = (self.lanes(), row);
		let limbs = self.layout.columns.limbs.unwrap();
		let sign = || self.sign_place(row);
		let high = || {
			let places = self.limb_places(row).into_iter();
			let high = places.skip(limbs.low.into()).zip(0u32..);
			high.map(move |(place, j)| (place, -power(u32::from(limbs.bits) * j)))
		};
		let (gate, expected) = match ending {
			Ending::Keep | Ending::Carry => return true,
			Ending::Plain => {
				let high = high().map(|(place, c)| (vec![place], c));
				let half = (Vec::new(), power(limbs.high_bits() - 1));
				let terms = high.chain([(vec![s], Fr::ONE), half]);
				("plain", vec![Polynomial::of(terms)])
			},
			Ending::Relu => {
				let is_bit = [(vec![sign()], Fr::ONE), (vec![sign(), sign()], -Fr::ONE)];
				let high = high().map(|(place, c)| {
					let mut cells = vec![place, sign()];
					cells.sort_unstable();
					(cells, c)
				});
				let value = high.chain([(vec![s], Fr::ONE)]);
				("relu", vec![Polynomial::of(is_bit), Polynomial::of(value)])
			},
			Ending::Sign => {
				let is_bit = [(vec![s], Fr::ONE), (vec![s, s], -Fr::ONE)];
				("sign", vec![Polynomial::of(is_bit)])
			},
		};
		let row = usize::try_from(row).unwrap();
		let got = self.gates[gate].iter().map(|constraint| &constraint[row]);
		got.eq(&expected)
	}

	/// The sum of row `row`, and of those that it goes on from.
	fn sum(&self, row: i64) -> Result<Sum, String> {
		let (lanes, end) = (self.lanes(), self.second_phase());
		let linear = self.linear(row)?;
		let mut sum = Sum::default();
		if let Some(factor) = linear.at(lanes, row - 1) {
			if self.ends(row - 1, Ending::Keep)? {
				sum = self.sum(row - 1)?.times(factor);
			} else {
				ensure!(
					self.ends(row - 1, Ending::Carry)?,
					"row {row} goes on from no sum"
				);
				let cell = Cell::Accumulator {
					row: usize::try_from(row - 1).unwrap(),
				};
				sum.terms.push((cell, factor));
			}
		}
		let lane = |column: usize| {
			let row = usize::try_from(row).unwrap();
			self.home(Cell::Lane { lane: column, row })
		};
		for (cells, coefficient) in &linear.0 {
			match cells[..] {
				[] => sum.constant += coefficient,
				[(column, at)] if column < lanes && at == row => {
					sum.terms.push((lane(column), *coefficient))
				},
				[(a, at), (b, other)] if a < lanes && b < lanes && at == row && other == row => {
					let (a, b) = (lane(a), lane(b));
					if a != ZERO && b != ZERO {
						sum.products.push((a, b, *coefficient));
					}
				},
				// The accumulator before, the tail, the combination of sums.
				[(column, at)] if column == lanes && (at == row || at == row - 1) => (),
				[(column, _)] if (lanes + 1..end).contains(&column) => (),
				[(column, at)] if column == self.sums_column() && (at == row || at == row - 1) => {
				},
				_ => return Err(format!("row {row} has the term {cells:?}")),
			}
		}
		if self.layout.columns.defers() && linear.at(self.sums_column(), row).is_some() {
			let deferred = self.deferred.get(&row);
			let deferred = deferred.ok_or(format!("nothing checks the sum of row {row}"))?;
			sum.terms.extend(&deferred.terms);
			sum.products.extend(&deferred.products);
			sum.is_deferred = true;
		}
		Ok(sum)
	}

	/// Reads the rows that check combinations.
	fn read_deferred(&mut self) -> Result<(), String> {
		if !self.layout.columns.defers() {
			return Ok(());
		}
		let (first, total) = (self.second_phase(), self.sums_column() + 2);
		let mut group = Sum::default();
		let mut is_open = false;
		for row in 0..self.shape.len() {
			let at = i64::try_from(row).unwrap();
			let combined = self.gates["combined"][0][row].clone();
			let continues = combined.at(total, at - 1);
			ensure!(
				continues == is_open.then_some(Fr::ONE),
				"row {row} of the combinations does not go on as it should"
			);
			let lane = |column: usize| {
				self.home(Cell::CombinedLane {
					lane: column - first,
					row,
				})
			};
			let lanes = first..first + self.combined_lanes();
			for (cells, coefficient) in &combined.0 {
				match cells[..] {
					[(column, r)] if lanes.contains(&column) && r == at => {
						group.terms.push((lane(column), *coefficient));
					},
					[(a, _), (b, _)] if lanes.contains(&a) && lanes.contains(&b) => {
						let (a, b) = (lane(a), lane(b));
						if a != ZERO && b != ZERO {
							group.products.push((a, b, *coefficient));
						}
					},
					[(column, _)] if column == total => (),
					_ => return Err(format!("a combination has the term {cells:?}")),
				}
			}
			let kept = combined.at(total, at);
			is_open = kept == Some(-Fr::ONE);
			ensure!(is_open || kept.is_none(), "the total has a coefficient");
			if !is_open && !combined.0.is_empty() {
				self.read_group(std::mem::take(&mut group))?;
			}
		}
		ensure!(!is_open, "the last combination has no end");
		Ok(())
	}

	/// What `group`, which is 0, says of each sum that is combined in it.
	fn read_group(&mut self, mut group: Sum) -> Result<(), String> {
		let is_sums = |cell: &Cell| matches!(cell, Cell::Sums { .. });
		let found = group.terms.iter().position(|(cell, _)| is_sums(cell));
		let (sums, factor) = group.terms.remove(found.ok_or("a combination of no sums")?);
		ensure!(factor == -Fr::ONE, "a combination of sums has a factor");
		let Cell::Sums { row } = sums else {
			return Err("no combination".into());
		};
		let rows = self.combined_sums(i64::try_from(row).unwrap())?;
		let mut each = vec![Sum::default(); rows.len()];
		for (cell, coefficient) in &group.terms {
			let cells = self.combined_cells(*cell, rows.len())?;
			for (sum, cell) in each.iter_mut().zip(cells) {
				sum.terms.push((cell, *coefficient));
			}
		}
		for (weight, cell, coefficient) in &group.products {
			let cells = self.combined_cells(*cell, rows.len())?;
			for (sum, cell) in each.iter_mut().zip(cells) {
				sum.products.push((*weight, cell, *coefficient));
			}
		}
		for (row, sum) in rows.into_iter().zip(each) {
			let other = self.deferred.insert(row, sum);
			ensure!(
				other.is_none(),
				"two combinations have the sum of row {row}"
			);
		}
		Ok(())
	}

	/// Rows of the sums that row `row` has combined.
	fn combined_sums(&self, row: i64) -> Result<Vec<i64>, String> {
		let t = self.sums_column();
		let mut rows = Vec::new();
		let mut at = row;
		loop {
			let linear = self.linear(at)?;
			if linear.at(t, at) == Some(Fr::ONE) {
				rows.push(at);
				match linear.at(t, at - 1) {
					None => break,
					before => ensure!(
						before == Some(-self.challenge),
						"row {at} combines otherwise"
					),
				}
			} else {
				let hold = &self.gates["hold"][0][usize::try_from(at).unwrap()];
				let kept = [(vec![(t, at)], Fr::ONE), (vec![(t, at - 1)], -Fr::ONE)];
				ensure!(
					*hold == Polynomial::of(kept),
					"row {at} keeps no combination"
				);
			}
			at -= 1;
		}
		rows.reverse();
		Ok(rows)
	}

	/// The `count` cells that `cell` has combined; zeros before them are none.
	fn combined_cells(&self, cell: Cell, count: usize) -> Result<Vec<Cell>, String> {
		let Cell::Values { row } = cell else {
			return Err(format!("{cell:?} is no combination"));
		};
		let (s, u) = (self.lanes(), self.sums_column() + 1);
		let mut at = i64::try_from(row).unwrap();
		let mut factor = Fr::ONE;
		// From the last to the first.
		let mut cells = Vec::new();
		loop {
			let row = usize::try_from(at).map_err(|_| "a combination reads above row 0")?;
			let values = &self.gates["values"][0][row];
			ensure!(
				values.at(u, at) == Some(Fr::ONE),
				"row {row} has no combination"
			);
			for (places, coefficient) in values.0.iter().rev() {
				let cell = match places[..] {
					[(column, r)] if column < s && r == at => Cell::Lane { lane: column, row },
					[(column, r)] if column == s && r == at => Cell::Accumulator { row },
					[(column, _)] if column == u => continue,
					_ => return Err(format!("a combination has the value {places:?}")),
				};
				cells.push((self.home(cell), -*coefficient * factor));
			}
			let Some(before) = values.at(u, at - 1) else {
				break;
			};
			factor *= -before;
			at -= 1;
		}
		let mut expected = Fr::ONE;
		for (_, coefficient) in &cells {
			ensure!(*coefficient == expected, "{cell:?} is no polynomial");
			expected *= self.challenge;
		}
		ensure!(
			cells.len() >= count && cells[count..].iter().all(|(cell, _)| *cell == ZERO),
			"{cell:?} combines {} cells",
			cells.len()
		);
		let cells = cells.into_iter().take(count).map(|(cell, _)| cell);
		Ok(cells.rev().collect())
	}

	/// Whether the rescaling or sign that reads tensor `tensor` goes on with its sums, as nothing else reads
	/// them.
	fn stays_open(&self, tensor: usize) -> bool {
		let Some(node) = tensor.checked_sub(1) else {
			return false;
		};
		matches!(
			self.graph.nodes()[node].operator,
			Operator::Affine { .. } | Operator::Product { .. }
		) && self.graph.tensors()[tensor].readers == 1
	}

	/// What the element is, if its operator adds up; else the element itself.
	fn expected(&self, (inference, tensor, index): Element, is_open: bool) -> Expected {
		let itself = ((inference, tensor, index), 1);
		let operator = tensor
			.checked_sub(1)
			.map(|node| &self.graph.nodes()[node].operator);
		match operator {
			Some(Operator::Affine { terms, bias, .. }) if is_open => Expected {
				terms: terms
					.iter()
					.flat_map(|term| {
						let row = term.map.row(index);
						row.map(move |(i, w)| ((inference, term.input as usize, i), w))
					})
					.collect(),
				bias: bias[index],
				..Expected::default()
			},
			Some(Operator::Product { left, right, pairs }) if is_open => {
				let (a, b) = offset(&pairs.outer, index).unwrap();
				let pairs = offsets(&pairs.inner).into_iter().map(|(i, j)| {
					let left = (inference, *left as usize, a + i);
					(left, (inference, *right as usize, b + j))
				});
				Expected {
					products: pairs.collect(),
					..Expected::default()
				}
			},
			_ => Expected {
				terms: vec![itself],
				..Expected::default()
			},
		}
	}

	/// Whether a family has the right operands of the product as its weights.
	fn is_swapped(&self, (_, tensor, index): Element, left: Element) -> bool {
		let family = self.families.of_tensor(tensor).iter();
		let mut family = family.filter(|family| family.sums.contains(&index));
		let weight = family.next().and_then(|family| family.terms.first());
		match weight {
			Some((Weight::Element(weight), _)) => {
				(weight.tensor as usize, weight.index as usize) != (left.1, left.2)
			},
			_ => false,
		}
	}

	/// Compares a sum with that of `element`, times 2^`bits` and with `more` added before that, and
	/// `offset` after it.
	fn compare(
		&mut self,
		sum: &Sum,
		element: Element,
		is_open: bool,
		(bits, more, offset): (u32, Fr, Fr),
	) -> Result<(), String> {
		let expected = self.expected(element, is_open);
		let scale = power(bits);
		let coefficients: Vec<Fr> = sum.terms.iter().map(|(_, c)| *c).collect();
		let weights = expected.terms.iter().map(|(_, w)| field(*w) * scale);
		let weights: Vec<Fr> = weights.collect();
		ensure!(coefficients == weights, "{coefficients:?}, not {weights:?}");
		let constant = (field(expected.bias) + more) * scale + offset;
		ensure!(
			sum.constant == constant,
			"{:?}, not {constant:?}",
			sum.constant
		);
		ensure!(
			sum.products.len() == expected.products.len()
				&& sum.products.iter().all(|(_, _, c)| *c == scale),
			"products {:?}",
			sum.products
		);
		for ((cell, _), (element, _)) in sum.terms.iter().zip(&expected.terms) {
			self.pending.push((*element, *cell));
		}
		for ((a, b, _), (left, right)) in sum.products.iter().zip(&expected.products) {
			let swap = sum.is_deferred && self.is_swapped(element, expected.products[0].0);
			let (left, right) = if swap { (right, left) } else { (left, right) };
			self.pending.push((*left, *a));
			self.pending.push((*right, *b));
		}
		Ok(())
	}

	/// The sum that the decomposition that ends in row `row` began with, after `steps` rows that cut digits
	/// off.
	fn decomposed(&self, row: i64, ending: Ending, steps: u32) -> Result<Sum, String> {
		ensure!(self.ends(row, ending)?, "row {row} decomposes otherwise");
		ensure!(self.is_ended(row, ending), "row {row} ends otherwise");
		let mut at = row;
		for _ in 0..steps {
			let sum = self.sum(at)?;
			let rest = match sum.terms[..] {
				[(Cell::Accumulator { row }, factor)] if factor == Fr::ONE => row,
				_ => return Err(format!("row {at} goes on with {sum:?}")),
			};
			ensure!(
				sum.products.is_empty() && sum.constant == Fr::ZERO && !sum.is_deferred,
				"row {at} goes on with more"
			);
			at = i64::try_from(rest).unwrap();
			ensure!(self.ends(at, Ending::Carry)?, "row {at} leaves no rest");
		}
		self.sum(at)
	}

	/// Checks that `cell` is the home of `element`: that its rows make it of its operands.
	fn element(&mut self, element: Element, cell: Cell) -> Result<(), String> {
		if let Some(home) = self.homes.get(&element) {
			ensure!(*home == cell, "its home is {home:?}");
			return Ok(());
		}
		self.homes.insert(element, cell);
		let other = self.elements.insert(cell, element);
		ensure!(other.is_none(), "it is the home of {other:?}");
		let (inference, tensor, index) = element;
		let Some(node) = tensor.checked_sub(1) else {
			let public = 1 + inference * self.graph.input().len() + index;
			let is_input = match cell {
				Cell::Instance { row } => !self.layout.claim.hidden_input && row == public,
				Cell::Lane { row, .. } => {
					self.layout.claim.hidden_input && self.shape.is_input_row(row)
				},
				_ => false,
			};
			ensure!(is_input, "it is no input");
			return Ok(());
		};
		let Cell::Accumulator { row } = cell else {
			return Err("it is not in an accumulator".into());
		};
		let row = i64::try_from(row).unwrap();
		let graph = self.graph;
		match &graph.nodes()[node].operator {
			Operator::Affine { .. } | Operator::Product { .. } => {
				ensure!(self.ends(row, Ending::Keep)?, "row {row} does not keep it");
				let sum = self.sum(row)?;
				self.compare(&sum, element, true, (0, Fr::ZERO, Fr::ZERO))
			},
			Operator::Rescale { input, shift, relu } => {
				let input = *input as usize;
				let (shift, relu) = (u32::from(*shift), *relu);
				let limbs = self.layout.columns.limbs.unwrap();
				let steps = (0..).find(|m| m * limbs.row_bits() + limbs.low_bits() >= shift);
				let steps = steps.unwrap();
				let cut = steps * limbs.row_bits() + limbs.low_bits();
				let (ending, above) = if relu {
					(Ending::Relu, limbs.high_bits())
				} else {
					(Ending::Plain, limbs.high_bits() - 1)
				};
				let sum = self.decomposed(row, ending, steps)?;
				let half = if shift == 0 {
					Fr::ZERO
				} else {
					power(shift - 1)
				};
				let operand = (inference, input, index);
				let is_open = self.stays_open(input);
				self.compare(
					&sum,
					operand,
					is_open,
					(cut - shift, half, power(cut + above)),
				)
			},
			Operator::Sign { input } => {
				let input = *input as usize;
				let limbs = self.layout.columns.limbs.unwrap();
				let range = self.graph.tensors()[input].range();
				let (min, max) = (i128::from(range.min), i128::from(range.max));
				let holds = |rows: &u32| {
					let most = 1i128 << (rows * limbs.row_bits());
					(-most..most).contains(&min) && (-most..most).contains(&max)
				};
				let rows = (1..).find(holds).unwrap();
				let sum = self.decomposed(row, Ending::Sign, rows - 1)?;
				let operand = (inference, input, index);
				let is_open = self.stays_open(input);
				let offset = power(rows * limbs.row_bits());
				self.compare(&sum, operand, is_open, (0, Fr::ZERO, offset))
			},
			other => Err(format!("{} is not read", other.name())),
		}
	}

	/// Whether the witness for `input` satisfies the constraint system: gates, limbs, copies.
	pub fn check_witness(&self, input: &[i64]) -> Result<(), String> {
		let witness = Trace::witness(self.graph, self.layout, input);
		let (trace, output) = witness.map_err(|error| error.to_string())?;
		let rows = self.shape.len();
		let mut advice = trace.advice(Fr::ZERO, rows);
		for mut column in trace.advice_combined(self.challenge) {
			column.resize(rows, Fr::ZERO);
			advice.push(column);
		}
		for (name, constraints) in &self.gates {
			for (row, polynomial) in constraints.iter().flat_map(|c| c.iter().enumerate()) {
				let mut sum = Fr::ZERO;
				for (cells, coefficient) in &polynomial.0 {
					let mut product = *coefficient;
					for (column, at) in cells {
						let at = usize::try_from(*at).map_err(|_| "a gate reads above row 0")?;
						product *= advice[*column].get(at).ok_or("a gate reads below")?;
					}
					sum += product;
				}
				ensure!(
					sum == Fr::ZERO,
					"the gate {name} does not hold in row {row}"
				);
			}
		}
		if let Some(limbs) = self.layout.columns.limbs {
			let columns = trace.advice_integers();
			let mut cells = columns[self.lanes() + 1..][..usize::from(limbs.columns)]
				.iter()
				.flatten();
			let is_limb = |x: &i128| (0..1 << limbs.bits).contains(x);
			ensure!(cells.all(is_limb), "a limb is not in the table");
		}
		let inputs: &[i64] = if self.layout.claim.hidden_input {
			&[]
		} else {
			input
		};
		let public = inputs.iter().chain(&output).map(|x| field(*x));
		let instance: Vec<Fr> = std::iter::once(Fr::ZERO).chain(public).collect();
		let t = self.sums_column();
		let read = |cell: &Cell| match *cell {
			Cell::Lane { lane, row } => advice[lane][row],
			Cell::Accumulator { row } => advice[self.lanes()][row],
			Cell::Instance { row } => instance[row],
			Cell::Sums { row } => advice[t][row],
			Cell::Values { row } => advice[t + 1][row],
			Cell::CombinedLane { lane, row } => advice[self.second_phase() + lane][row],
		};
		let mut copies = self.shape.copies().iter();
		let is_copy = |(a, b): &(Cell, Cell)| read(a) == read(b);
		ensure!(copies.all(is_copy), "a copy is none");
		Ok(())
	}
}
