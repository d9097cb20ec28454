//! What a graph asks of its circuit.

use super::{
	chain::{Chain, Finish},
	inputs, BinaryDomain, Claim, Columns, Families, Gates, Inputs, Limbs, MAX_COEFFICIENT_BITS,
	MAX_LANES, MAX_LIMBS, MAX_LIMB_BITS,
};
use crate::{
	circuit::{
		forest::Plan,
		gadgets::{
			divide::{bits_of, root_bits},
			function::LOOKED_UP,
		},
	},
	graph::{self, size, Forest, Graph, Operator},
};
use std::collections::BTreeMap;

/// What rows inputs have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Input {
	/// None: they are in the instance.
	#[default]
	Instance,
	/// They are copied from the instance to be combined, or they are hidden and forests, which alone
	/// read them, check what they read.
	Unchecked,
	/// They are in the rows alone. Without a domain they have no circuit.
	Hidden(Option<BinaryDomain>),
}

/// Most lanes of the sums that check families: they run beside rows that there are anyway.
const MAX_FAMILY_LANES: u8 = 8;

/// No rows of this size can hold the hidden inputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoInputs;

/// What a graph asks of its circuit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirements {
	/// How many chains there are of each form.
	chains: BTreeMap<Chain, usize>,
	/// Bits of the greatest coefficient or constant of the sums that are multiplied before they are
	/// decomposed, by what is made of them.
	coefficients: BTreeMap<Finish, u32>,
	/// Gates that do not follow from the chains.
	gates: Gates,
	/// Least bits of the high limbs.
	pub result_bits: u32,
	/// Least bits of a limb.
	pub limb_bits: u8,
	/// Rows of the instance column.
	pub public_inputs: usize,
	/// Rows of the function table.
	pub table_rows: usize,
	/// Lanes that one row needs.
	min_lanes: u8,
	/// How many sums of each number of operands check combinations.
	combined: BTreeMap<usize, usize>,
	/// The same of pairs of operands.
	combined_pairs: BTreeMap<usize, usize>,
	/// How many tuples of each length families have.
	tuples: BTreeMap<usize, usize>,
	/// Whether sums are deferred.
	defers: bool,
	claim: Claim,
	input: Input,
	/// Inputs of an inference.
	input_length: usize,
	/// Whether there is a forest with more boxes than any table has room for.
	pub too_many_boxes: bool,
}

impl Requirements {
	/// Those of proofs of `claim` about `graph`, with sums deferred or not. One inference defers those of
	/// [`Families`], if it has any.
	pub fn of(graph: &Graph, claim: &Claim, defers: bool) -> Self {
		let families = if defers && claim.inferences == 1 {
			Families::of(graph)
		} else {
			Families::default()
		};
		let defers = defers && (claim.inferences > 1 || !families.is_empty());
		let mut found = Self {
			public_inputs: claim.public_inputs(graph),
			defers,
			claim: *claim,
			input: if claim.hidden_input && only_forests_read_input(graph) {
				Input::Unchecked
			} else if claim.hidden_input {
				Input::Hidden(BinaryDomain::of(graph))
			} else if defers && claim.inferences > 1 && is_combined(graph, 0) {
				Input::Unchecked
			} else {
				Input::Instance
			},
			input_length: elements(graph, 0),
			limb_bits: 1,
			min_lanes: 1,
			..Self::default()
		};
		for (index, node) in graph.nodes().iter().enumerate() {
			let tensor = index + 1;
			match &node.operator {
				_ if is_fused(graph, tensor) => (),
				Operator::Affine { .. } => {
					found.sums(graph, &families, tensor, tensor, Finish::Keep)
				},
				Operator::Product { .. } => {
					found.sums(graph, &families, tensor, tensor, Finish::Keep)
				},
				Operator::Rescale { input, shift, relu } => {
					let input = *input as usize;
					found.sums(graph, &families, tensor, input, Finish::Rescale(*shift));
					found.coefficient(
						Finish::Rescale(*shift),
						greatest_coefficient(graph, input) + ((1 << *shift) >> 1),
					);
					let bits = result_bits(graph, input, *shift, *relu);
					found.result_bits = found.result_bits.max(bits);
					found.gates.plain |= !relu;
					found.gates.relu |= relu;
				},
				Operator::Sign { input } => {
					let input = *input as usize;
					let range = graph.tensors().get(input).map(|t| t.range());
					let bits = range.map_or(1, |x| signed_bits(x.min, x.max));
					found.sums(graph, &families, tensor, input, Finish::Sign(bits));
					found.gates.sign = true;
				},
				Operator::Table { input, table } => {
					found.table(graph, &families, tensor, *input as usize, table);
				},
				Operator::Divide { denominator, .. } => {
					let (n, d) = (range(graph, tensor), range(graph, *denominator as usize));
					found.divide(
						elements(graph, tensor),
						bits_of(n.1 - n.0),
						bits_of(2 * d.1),
					);
				},
				Operator::InverseSqrt { input, shift } => {
					let (y, x) = (range(graph, tensor), range(graph, *input as usize));
					let x_max = i64::try_from(x.1).unwrap_or(i64::MAX);
					let bits = root_bits(*shift, x_max);
					found.inverse_sqrt(elements(graph, tensor), bits_of(y.1), bits);
				},
				Operator::Trees { input, forest } => {
					found.forest(graph, tensor, *input as usize, forest);
				},
			}
			if matches!(&node.operator, Operator::Product { .. }) && !families.have_all(tensor) {
				found.gates.product = true;
				found.needs_lanes(2);
			}
		}
		if found.gates.function {
			found.table_rows += 1;
		}
		if found.defers_batch() {
			found.combinations(graph);
		}
		found.families(&families);
		for count in found.chains.values_mut() {
			*count = count.saturating_mul(claim.inferences.into());
		}
		found
	}

	/// What a batch's combinations need: `circuit::gadgets::combine`.
	fn combinations(&mut self, graph: &Graph) {
		for tensor in 1..graph.tensors().len() {
			if let Some(Operator::Affine { .. }) = operator(graph, tensor) {
				for element in 0..elements(graph, tensor) {
					let operands = summands(graph, tensor, element) + 1;
					*self.combined.entry(operands).or_default() += 1;
				}
			}
			let in_accumulators = match operator(graph, tensor) {
				Some(
					Operator::Affine { .. }
					| Operator::Product { .. }
					| Operator::Rescale { .. }
					| Operator::Sign { .. }
					| Operator::Table { .. },
				) => true,
				None
				| Some(
					Operator::Divide { .. } | Operator::InverseSqrt { .. } | Operator::Trees { .. },
				) => false,
			};
			if is_combined(graph, tensor) && !in_accumulators {
				self.chain(Chain::sum(0, Finish::Keep), elements(graph, tensor));
			}
		}
	}

	/// What the checks of families need: `circuit::gadgets::combine`.
	fn families(&mut self, families: &Families) {
		for family in families.iter() {
			// The last operand is the combination of the sums.
			let operands = family.terms.len() + 1;
			let counts = if family.is_product() {
				self.gates.combined_product = true;
				&mut self.combined_pairs
			} else {
				&mut self.combined
			};
			*counts.entry(operands).or_default() += 1;
		}
		for tuple in families.tuples() {
			*self.tuples.entry(tuple.len()).or_default() += 1;
		}
	}

	/// Whether sums are deferred.
	pub fn defers(&self) -> bool {
		self.defers
	}

	/// Whether those of a batch are.
	fn defers_batch(&self) -> bool {
		self.defers && self.claim.inferences > 1
	}

	/// Whether those of families are.
	pub fn defers_within(&self) -> bool {
		self.defers && self.claim.inferences == 1
	}

	/// Operands that a row's sum has: those of an open sum, none if it is deferred, or one.
	fn operands_of(
		&self,
		graph: &Graph,
		families: &Families,
		(tensor, element): (usize, usize),
		is_open: bool,
	) -> usize {
		match operator(graph, tensor) {
			_ if !is_open => 1,
			_ if families.has(tensor, element) => 0,
			Some(Operator::Affine { .. }) if self.defers_batch() => 0,
			_ => summands(graph, tensor, element),
		}
	}

	fn needs_lanes(&mut self, lanes: usize) {
		let lanes = u8::try_from(lanes).unwrap_or(u8::MAX);
		self.min_lanes = self.min_lanes.max(lanes);
	}

	/// A piecewise linear function: `circuit::gadgets::table`.
	fn table(
		&mut self,
		graph: &Graph,
		families: &Families,
		tensor: usize,
		input: usize,
		table: &graph::Table,
	) {
		let is_open = is_fused(graph, input);
		let count = elements(graph, tensor);
		for element in 0..count {
			let operands = self.operands_of(graph, families, (input, element), is_open);
			self.chain(
				Chain {
					room: 1,
					..Chain::sum(operands, Finish::Keep)
				},
				1,
			);
		}
		self.chain(
			Chain {
				room: LOOKED_UP,
				lead: 1,
				..Chain::sum(0, Finish::Single(table.segment_bits.into()))
			},
			count,
		);
		if table.slope_shift > 0 {
			self.chain(Chain::sum(0, Finish::Rescale(table.slope_shift)), count);
			let range = graph.tensors().get(tensor).map(|t| t.range());
			let bits = range.map_or(1, |x| signed_bits(x.min, x.max)) + 1;
			self.result_bits = self.result_bits.max(bits);
			self.gates.plain = true;
		}
		self.gates.function = true;
		self.gates.interpolate = true;
		self.table_rows += table.base.len();
		self.needs_lanes(LOOKED_UP);
	}

	/// Quotients: `circuit::gadgets::divide`.
	fn divide(&mut self, count: usize, quotient: u32, divisor: u32) {
		self.chain(Chain::sum(0, Finish::Keep), count);
		self.chain(
			Chain {
				lead: 1,
				..Chain::sum(2, Finish::Range(divisor))
			},
			count,
		);
		self.chain(Chain::sum(1, Finish::Range(divisor)), count);
		self.chain(Chain::sum(1, Finish::Range(quotient)), count);
		self.gates.product = true;
		self.needs_lanes(4);
	}

	/// Inverse square roots: `circuit::gadgets::divide`.
	fn inverse_sqrt(&mut self, count: usize, root: u32, remainder: u32) {
		self.chain(Chain::sum(0, Finish::Keep), 2 * count);
		self.chain(
			Chain {
				lead: 2,
				..Chain::sum(0, Finish::Range(remainder))
			},
			count,
		);
		self.chain(Chain::sum(3, Finish::Range(remainder)), count);
		self.chain(Chain::sum(1, Finish::Root(root)), count);
		self.gates.product = true;
		self.needs_lanes(2);
	}

	/// Decision trees: `circuit::gadgets::trees`.
	fn forest(&mut self, graph: &Graph, tensor: usize, input: usize, forest: &Forest) {
		let bounds = |tensor: usize| graph.tensors().get(tensor).map(|t| t.bounds.as_slice());
		let plan = Plan::of(
			forest,
			bounds(input).unwrap_or_default(),
			bounds(tensor).unwrap_or_default(),
		);
		let Some(plan) = plan else {
			self.too_many_boxes = true;
			return;
		};
		let rows = forest.rows as usize;
		let looked_up = |operands, finish| Chain {
			room: LOOKED_UP,
			..Chain::sum(operands, finish)
		};
		for intervals in plan.features.values() {
			let ends = intervals.first().zip(intervals.last());
			let bits = ends.map_or(1, |(a, b)| bits_of(i128::from(b.max) - i128::from(a.min)));
			self.chain(looked_up(1, Finish::Range(bits)), rows);
			self.chain(Chain::sum(2, Finish::Range(bits)), rows);
			self.table_rows += intervals.len();
		}
		for tree in &plan.trees {
			let lookups = plan.lookups(tree);
			for group in 0..lookups {
				let features = tree.features.len().saturating_sub(group * plan.group);
				let features = features.min(plan.group);
				let finish = match u32::try_from(2 * features).unwrap_or(u32::MAX) {
					0 => Finish::Keep,
					conditions => Finish::Spread(conditions),
				};
				self.chain(looked_up(features, finish), rows);
			}
			self.table_rows += lookups * tree.boxes.len();
		}
		let mut targets = plan.base.len();
		while targets > 0 {
			let packed = targets.min(plan.packed.max(1));
			let room = if packed == 1 { 0 } else { packed };
			self.chain(
				Chain {
					room,
					..Chain::sum(plan.trees.len(), Finish::Keep)
				},
				rows,
			);
			if packed > 1 {
				let least = plan.least.iter().map(|least| least.saturating_abs()).max();
				self.coefficient(Finish::Exact(plan.width), least.unwrap_or_default().max(1));
				self.chain(Chain::sum(1, Finish::Exact(plan.width)), rows * packed);
			}
			self.needs_lanes(room);
			targets -= packed;
		}
		self.limb_bits = self.limb_bits.max(plan.index_bits());
		self.gates.spread |= !plan.trees.is_empty();
		self.gates.function |= !plan.features.is_empty();
		self.needs_lanes(LOOKED_UP);
	}

	/// The chains of tensor `tensor`, whose elements finish those of `input`.
	fn sums(
		&mut self,
		graph: &Graph,
		families: &Families,
		tensor: usize,
		input: usize,
		finish: Finish,
	) {
		let is_open = tensor == input || is_fused(graph, input);
		for element in 0..elements(graph, tensor) {
			let operands = self.operands_of(graph, families, (input, element), is_open);
			let pairs = is_open && is_product(graph, input);
			self.chain(
				Chain {
					pairs,
					..Chain::sum(operands, finish)
				},
				1,
			);
		}
	}

	/// Adds `count` chains.
	pub fn chain(&mut self, chain: Chain, count: usize) {
		*self.chains.entry(chain).or_default() += count;
	}

	/// Notes a coefficient or constant, without its sign, of a sum of which `finish` is made.
	fn coefficient(&mut self, finish: Finish, coefficient: i128) {
		let bits = self.coefficients.entry(finish).or_default();
		*bits = (*bits).max(bits_of(coefficient));
	}

	/// Whether anything is decomposed.
	pub fn needs_limbs(&self) -> bool {
		matches!(self.input, Input::Hidden(_))
			|| self.chains.keys().any(|chain| chain.finish.needs_limbs())
	}

	/// The largest shift.
	pub fn max_shift(&self) -> u8 {
		let shift = |chain: &Chain| match chain.finish {
			Finish::Rescale(shift) => Some(shift),
			_ => None,
		};
		self.chains.keys().filter_map(shift).max().unwrap_or(0)
	}

	/// Numbers of lanes to try, those of sums and those of combinations. With deferred sums few others
	/// have operands, so a few numbers of lanes are enough.
	pub fn lanes(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
		let (most, combined) = if self.defers_batch() {
			(self.min_lanes.saturating_add(7), 1..=MAX_LANES)
		} else if self.defers {
			let least = if self.gates.combined_product { 2 } else { 1 };
			(MAX_LANES, least..=MAX_FAMILY_LANES)
		} else {
			(MAX_LANES, 0..=0)
		};
		(self.min_lanes..=most.min(MAX_LANES))
			.flat_map(move |lanes| combined.clone().map(move |combined| (lanes, combined)))
	}

	/// How rows of `lanes` lanes and `limbs` hold inputs, if any do.
	pub fn inputs(&self, lanes: u8, limbs: Option<&Limbs>) -> Result<Option<Inputs>, NoInputs> {
		match self.input {
			Input::Instance => Ok(None),
			Input::Unchecked => Ok(Some(inputs::unchecked(
				&self.claim,
				self.defers_batch(),
				lanes,
			))),
			Input::Hidden(domain) => {
				let (domain, limbs) = domain.zip(limbs).ok_or(NoInputs)?;
				let inputs = domain.packed(&self.claim, self.defers_batch(), lanes, limbs);
				Ok(Some(inputs.ok_or(NoInputs)?))
			},
		}
	}

	/// Least number of lanes.
	pub fn min_lanes(&self) -> u8 {
		self.min_lanes
	}

	/// All limbs that are enough.
	pub fn limbs(&self) -> impl Iterator<Item = Limbs> + '_ {
		(self.limb_bits..=MAX_LIMB_BITS)
			.flat_map(move |bits| {
				let high = self.result_bits.div_ceil(bits.into()).max(1);
				(0..MAX_LIMBS).filter_map(move |low| {
					let limbs = Limbs {
						bits,
						low,
						high: u8::try_from(high).ok()?,
						columns: 1,
						rows: 1,
					};
					(limbs.count() <= MAX_LIMBS && self.fits(&limbs)).then_some(limbs)
				})
			})
			.flat_map(|limbs| self.spread_out(limbs))
	}

	/// `limbs` in each number of columns, with as few rows as hold them, or as hold a sign too.
	fn spread_out(&self, limbs: Limbs) -> impl Iterator<Item = Limbs> + use<> {
		let count = limbs.count();
		let most = count.saturating_add(u8::from(self.gates.relu));
		(1..=count).flat_map(move |columns| {
			let rows = [count, most].map(|cells| cells.div_ceil(columns));
			let is_other = rows[0] != rows[1];
			let [fewest, more] = rows.map(|rows| Limbs {
				columns,
				rows,
				..limbs
			});
			std::iter::once(fewest).chain(is_other.then_some(more))
		})
	}

	/// Whether `limbs` are enough for every chain, and leave every coefficient small enough.
	pub fn fits(&self, limbs: &Limbs) -> bool {
		self.holds(limbs)
			&& self.coefficients.iter().all(|(finish, bits)| {
				bits.saturating_add(finish.scale_bits(limbs)) <= MAX_COEFFICIENT_BITS
			})
	}

	/// Whether `limbs` are enough for every chain.
	pub fn holds(&self, limbs: &Limbs) -> bool {
		limbs.bits >= self.limb_bits
			&& limbs.high_bits() >= self.result_bits.max(1)
			&& self.chains.keys().all(|chain| chain.finish.fits(limbs))
	}

	/// The gates that the model needs with `limbs`.
	pub fn gates(&self, limbs: Option<&Limbs>) -> Gates {
		let mut finishes = self.chains.keys().map(|chain| chain.finish);
		Gates {
			step: limbs.is_some_and(|limbs| finishes.any(|finish| finish.has_steps(limbs))),
			..self.gates
		}
	}

	/// Rows of the circuit: the statement's, then each chain's; or those that check combinations, if
	/// they are more.
	pub fn rows(&self, columns: &Columns) -> usize {
		let inputs = columns.inputs.map_or(0, |inputs| {
			inputs.rows(
				&self.claim,
				self.defers_batch(),
				self.input_length,
				columns.limb_rows(),
			)
		});
		let first = inputs.saturating_add(1);
		let rows = self.chains.iter().fold(first, |rows, (chain, count)| {
			rows.saturating_add(count.saturating_mul(chain.rows(columns)))
		});
		let packed = usize::from(columns.lanes).max(1);
		let rows = rows.saturating_add(rows_of(&self.tuples, packed));
		let lanes = usize::from(columns.combined_lanes).max(1);
		let pairs = rows_of(&self.combined_pairs, (lanes / 2).max(1));
		rows.max(rows_of(&self.combined, lanes).saturating_add(pairs))
	}
}

/// Rows for so many lists of each length, `each` of their members in a row; saturates.
fn rows_of(lists: &BTreeMap<usize, usize>, each: usize) -> usize {
	lists.iter().fold(0, |rows, (length, count)| {
		rows.saturating_add(count.saturating_mul(length.div_ceil(each)))
	})
}

/// Bits of a rescaling's result before the ReLU, as the high limbs hold it: with ReLU t such that
/// −2^t ≤ y < 2^t, else such that −2^(t−1) ≤ y < 2^(t−1).
fn result_bits(graph: &Graph, input: usize, shift: u8, relu: bool) -> u32 {
	let Some(tensor) = graph.tensors().get(input) else {
		return 0;
	};
	let range = tensor.range();
	let [min, max] = [range.min, range.max].map(|x| graph::rescale(x, shift, false));
	signed_bits(min, max) + u32::from(!relu)
}

/// The greatest coefficient or constant, without its sign, of the sums that are the elements of tensor
/// `tensor` as a rescaling reads it.
fn greatest_coefficient(graph: &Graph, tensor: usize) -> i128 {
	let Some(Operator::Affine { terms, bias, .. }) =
		operator(graph, tensor).filter(|_| is_fused(graph, tensor))
	else {
		// A copy of the element, or products.
		return 1;
	};
	let weights = terms.iter().flat_map(|term| term.map.weights());
	let numbers = weights.chain(bias).map(|x| i128::from(*x).abs());
	numbers.max().unwrap_or_default().max(1)
}

/// The least t such that −2^t ≤ x < 2^t for all x in `min..=max`.
pub fn signed_bits(min: i64, max: i64) -> u32 {
	// −2^t ≤ x exactly if −x − 1 < 2^t.
	let greatest = max.max(-1 - min).max(0);
	64 - greatest.leading_zeros()
}

/// Least and greatest value of a tensor's elements.
fn range(graph: &Graph, tensor: usize) -> (i128, i128) {
	let range = graph.tensors().get(tensor).map(|t| t.range());
	range.map_or((0, 0), |x| (x.min.into(), x.max.into()))
}

/// Number of a tensor's elements.
fn elements(graph: &Graph, tensor: usize) -> usize {
	graph.tensors().get(tensor).map_or(0, |t| t.bounds.len())
}

/// What computes a tensor; nothing for the input.
fn operator(graph: &Graph, tensor: usize) -> Option<&Operator> {
	Some(&graph.nodes().get(tensor.checked_sub(1)?)?.operator)
}

fn is_product(graph: &Graph, tensor: usize) -> bool {
	matches!(operator(graph, tensor), Some(Operator::Product { .. }))
}

/// How many operands, or pairs of them, element `element` of tensor `tensor` is the sum of.
fn summands(graph: &Graph, tensor: usize, element: usize) -> usize {
	match operator(graph, tensor) {
		Some(Operator::Affine { terms, .. }) => terms.iter().map(|t| t.map.row_len(element)).sum(),
		Some(Operator::Product { pairs, .. }) => size(&pairs.inner),
		_ => 1,
	}
}

/// Whether forests alone read tensor `tensor`. The rows of a forest prove that what it reads is in one of
/// its intervals, and so in the domain, whatever they are given; what it does not read does not matter.
/// Whether only forests read the input: then hidden ones are not checked where they are, but there.
pub fn only_forests_read_input(graph: &Graph) -> bool {
	only_trees_read(graph, 0)
}

fn only_trees_read(graph: &Graph, tensor: usize) -> bool {
	graph.nodes().iter().all(|node| {
		let inputs = &mut node.operator.inputs().into_iter();
		matches!(node.operator, Operator::Trees { .. })
			|| inputs.all(|input| input as usize != tensor)
	})
}

/// Whether an affine operator reads tensor `tensor`.
pub fn is_combined(graph: &Graph, tensor: usize) -> bool {
	graph.is_read_by_affine(tensor)
}

/// Whether the elements of tensor `tensor` stay open sums: an affine operator's or a product's
/// result that only one rescaling or sign reads, or an affine operator's that only one table reads.
/// Then the rows of that follow at once.
pub fn is_fused(graph: &Graph, tensor: usize) -> bool {
	let (is_affine, is_product) = match operator(graph, tensor) {
		Some(Operator::Affine { .. }) => (true, false),
		Some(Operator::Product { .. }) => (false, true),
		_ => return false,
	};
	match graph.only_reader(tensor) {
		Some(Operator::Rescale { .. } | Operator::Sign { .. }) => is_affine || is_product,
		Some(Operator::Table { .. }) => is_affine,
		_ => false,
	}
}
