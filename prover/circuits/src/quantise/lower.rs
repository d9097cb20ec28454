//! Real-number operators as integer operators, one after the other, with bounds as they arise.

use super::{
	fix, from_fixed, rank::Ranked, tables, ClippedValue, QuantiseError, QuantiseReport, TableReport,
};
use crate::{
	float_graph::{FloatBranch, FloatForest, FloatGraph, FloatOperator, Function},
	graph::{
		infer, Axis, Branch, Forest, GraphError, Interval, Leaf, Node, Operator, Pairs, Tensor,
		Term, Tree, MAX_ABS, MAX_ELEMENTS, MAX_ROOT_SHIFT, MAX_SHIFT,
	},
	linear_map::LinearMap,
};
use inference_primitives::TensorSpec;
use std::collections::BTreeMap;

/// Bits that a factor may have beyond the activations' scale before it is rescaled.
const FINE_BITS: u8 = 8;
/// Bits that leaves of trees, and weights of decisions, have beyond the weights' scale: hundreds of
/// them are added up, and they are multiplied with 0 and 1 only.
const LEAF_BITS: u8 = 8;

/// The finest scale that an output is left at.
const OUTPUT_SCALE_BITS: u8 = TensorSpec::MAX_SCALE_BITS;
/// The greatest output that can be declared.
const OUTPUT_DOMAIN: u64 = 1 << 56;

/// A value of the real-number model in the integer one.
struct Value {
	/// Its tensor.
	tensor: u32,
	/// The same value at other scales.
	at: BTreeMap<u8, u32>,
}

/// The integer model while it grows.
pub struct Lowering {
	scale_bits: u8,
	weight_bits: u8,
	pub nodes: Vec<Node>,
	tensors: Vec<Tensor>,
	values: Vec<Value>,
	/// Per value: if it is only compared with 0, whether the comparisons are strict.
	compared: Vec<Option<bool>>,
	elements: usize,
	/// Per sample, every value of the real-number model: to place thresholds.
	samples: Vec<Vec<Vec<f64>>>,
	/// Ranked keys: values and labels share them.
	pub ranked: Vec<Ranked>,
	pub report: QuantiseReport,
}

impl Lowering {
	/// Starts with the input's bounds.
	pub fn new(
		graph: &FloatGraph,
		input: Tensor,
		weight_bits: u8,
		samples: &[Vec<Vec<f64>>],
	) -> Self {
		Self {
			scale_bits: input.scale_bits,
			weight_bits,
			nodes: Vec::new(),
			elements: input.bounds.len(),
			tensors: vec![input],
			values: vec![Value {
				tensor: 0,
				at: BTreeMap::new(),
			}],
			compared: compared(graph),
			samples: samples.to_vec(),
			ranked: Vec::new(),
			report: QuantiseReport::default(),
		}
	}

	/// The tensor of the output, at a scale that can be declared.
	pub fn output(&mut self, value: usize) -> Result<u32, QuantiseError> {
		let (tensor, scale) = self.raw("output", value)?;
		let range = self.tensor("output", tensor)?.range();
		let greatest = range.min.unsigned_abs().max(range.max.unsigned_abs());
		if value == 0 {
			// A model that only moves its input.
			return self.offset("output", tensor, 1, 0);
		}
		if scale > self.scale_bits && greatest > OUTPUT_DOMAIN {
			return self.operand("output", value);
		}
		if scale > OUTPUT_SCALE_BITS {
			return self.at_most("output", value, OUTPUT_SCALE_BITS);
		}
		Ok(tensor)
	}

	/// The tensor of `value`; one that does not exist if there is no such value.
	pub fn tensor_of(&self, value: usize) -> u32 {
		self.values.get(value).map_or(u32::MAX, |v| v.tensor)
	}

	/// Adds the operator that computes the next value.
	pub fn node(&mut self, name: &str, operator: &FloatOperator) -> Result<(), QuantiseError> {
		let tensor = match operator {
			FloatOperator::Affine { terms, bias } => self.affine(name, terms, bias)?,
			FloatOperator::Relu { input } => {
				let (tensor, scale) = self.raw(name, *input)?;
				let shift = scale.saturating_sub(self.scale_bits);
				self.rescale(name, tensor, shift, true)?
			},
			FloatOperator::Product { left, right, pairs } => {
				let left = self.factor(name, *left)?;
				let right = self.factor(name, *right)?;
				self.product(name, left, right, pairs.clone())?
			},
			FloatOperator::Step { input, strict } => self.step(name, *input, *strict)?,
			FloatOperator::Floor { input } => self.floor(name, *input)?,
			FloatOperator::Function { input, function } => match function {
				Function::Sqrt => self.sqrt(name, *input)?,
				_ => self.function(name, *input, *function)?,
			},
			FloatOperator::Divide {
				numerator,
				denominator,
				axes,
			} => self.divide(name, *numerator, *denominator, axes)?,
			FloatOperator::InverseSqrt { input, epsilon } => {
				let (tensor, _) = self.raw(name, *input)?;
				self.inverse_sqrt(name, tensor, *epsilon)?
			},
			FloatOperator::Trees { input, forest } => self.trees(name, *input, forest)?,
			FloatOperator::Rank {
				input,
				ranking,
				labels,
			} => self.rank(name, *input, ranking, *labels)?,
		};
		self.values.push(Value {
			tensor,
			at: BTreeMap::new(),
		});
		Ok(())
	}

	/// Appends an operator and bounds its result. An operator whose result does not depend on the
	/// input becomes a constant.
	pub fn push(&mut self, name: &str, operator: Operator) -> Result<u32, QuantiseError> {
		let mut tensor = infer(name, &operator, &self.nodes, &self.tensors)?;
		let is_constant = tensor.bounds.iter().all(|x| x.min == x.max);
		let operator = if is_constant && !matches!(operator, Operator::Affine { .. }) {
			let weight_bits = tensor.scale_bits;
			let bias = tensor.bounds.iter().map(|x| x.min).collect();
			let constant = Operator::Affine {
				terms: Vec::new(),
				bias,
				weight_bits,
			};
			tensor = infer(name, &constant, &self.nodes, &self.tensors)?;
			constant
		} else {
			operator
		};
		self.elements = self.elements.saturating_add(tensor.bounds.len());
		if self.elements > MAX_ELEMENTS {
			return Err(GraphError::TooLarge {
				what: "intermediate values",
				got: self.elements,
				max: MAX_ELEMENTS,
			}
			.into());
		}
		self.nodes.push(Node {
			name: name.into(),
			operator,
		});
		self.tensors.push(tensor);
		Ok(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX))
	}

	pub fn tensor(&self, name: &str, tensor: u32) -> Result<&Tensor, QuantiseError> {
		self.tensors
			.get(tensor as usize)
			.ok_or_else(|| malformed(name, "it reads a value that does not exist yet"))
	}

	/// A value's tensor as it is, and its scale.
	fn raw(&self, name: &str, value: usize) -> Result<(u32, u8), QuantiseError> {
		let tensor = self.tensor_of(value);
		Ok((tensor, self.tensor(name, tensor)?.scale_bits))
	}

	/// A value's tensor with at most `bits` binary digits after the point.
	fn at_most(&mut self, name: &str, value: usize, bits: u8) -> Result<u32, QuantiseError> {
		let (tensor, scale) = self.raw(name, value)?;
		if scale <= bits {
			return Ok(tensor);
		}
		if let Some(tensor) = self.values.get(value).and_then(|v| v.at.get(&bits)) {
			return Ok(*tensor);
		}
		// The node that computes it is the more telling name.
		let producer = (tensor as usize)
			.checked_sub(1)
			.and_then(|i| self.nodes.get(i))
			.map_or_else(|| name.to_string(), |node| node.name.clone());
		let rescaled = self.rescale(&producer, tensor, scale - bits, false)?;
		if let Some(value) = self.values.get_mut(value) {
			value.at.insert(bits, rescaled);
		}
		Ok(rescaled)
	}

	/// An operand at the activations' scale, or a coarser one that it has anyway.
	fn operand(&mut self, name: &str, value: usize) -> Result<u32, QuantiseError> {
		self.at_most(name, value, self.scale_bits)
	}

	/// A factor: a little finer than the activations if it is so anyway.
	pub fn factor(&mut self, name: &str, value: usize) -> Result<u32, QuantiseError> {
		let (tensor, scale) = self.raw(name, value)?;
		if scale <= self.scale_bits.saturating_add(FINE_BITS) {
			Ok(tensor)
		} else {
			self.operand(name, value)
		}
	}

	/// Rescaling, in steps if it removes more bits than one operator does.
	pub fn rescale(
		&mut self,
		name: &str,
		mut input: u32,
		mut shift: u8,
		relu: bool,
	) -> Result<u32, QuantiseError> {
		while shift > MAX_SHIFT {
			let operator = Operator::Rescale {
				input,
				shift: MAX_SHIFT,
				relu: false,
			};
			input = self.push(name, operator)?;
			shift -= MAX_SHIFT;
		}
		if shift == 0 && !relu {
			return Ok(input);
		}
		self.push(name, Operator::Rescale { input, shift, relu })
	}

	/// `sign·x + bias` per element, in integers at the tensor's own scale.
	pub fn offset(
		&mut self,
		name: &str,
		input: u32,
		sign: i64,
		bias: i64,
	) -> Result<u32, QuantiseError> {
		let length = self.tensor(name, input)?.bounds.len();
		let rows = (0..length).map(|i| [(i, sign)]);
		let map = LinearMap::from_rows(length, rows).map_err(|error| map_error(name, error))?;
		self.push(
			name,
			Operator::Affine {
				terms: vec![Term { input, map }],
				bias: vec![bias; length],
				weight_bits: 0,
			},
		)
	}

	/// The same number at a finer scale: `x · 2^bits`.
	pub fn finer(&mut self, name: &str, input: u32, bits: u8) -> Result<u32, QuantiseError> {
		let length = self.tensor(name, input)?.bounds.len();
		let factor = 1i64.checked_shl(bits.into()).unwrap_or(i64::MAX);
		let rows = (0..length).map(|i| [(i, factor)]);
		let map = LinearMap::from_rows(length, rows).map_err(|error| map_error(name, error))?;
		self.push(
			name,
			Operator::Affine {
				terms: vec![Term { input, map }],
				bias: vec![0; length],
				weight_bits: bits,
			},
		)
	}

	/// `min(max(x, domain.min), domain.max)`, without the sides that no element needs.
	fn clip(&mut self, name: &str, input: u32, domain: Interval) -> Result<u32, QuantiseError> {
		let range = self.tensor(name, input)?.range();
		let mut tensor = input;
		if range.min < domain.min {
			let above = self.offset(name, tensor, 1, -domain.min)?;
			let above = self.rescale(name, above, 0, true)?;
			tensor = self.offset(name, above, 1, domain.min)?;
		}
		if range.max > domain.max {
			let below = self.offset(name, tensor, -1, domain.max)?;
			let below = self.rescale(name, below, 0, true)?;
			tensor = self.offset(name, below, -1, domain.max)?;
		}
		Ok(tensor)
	}

	/// [`Self::clip`], reported: the real function has no such bounds.
	fn reported_clip(
		&mut self,
		name: &str,
		input: u32,
		domain: Interval,
	) -> Result<u32, QuantiseError> {
		let (scale, range) = {
			let tensor = self.tensor(name, input)?;
			(tensor.scale_bits, tensor.range())
		};
		if range.min >= domain.min && range.max <= domain.max {
			return Ok(input);
		}
		self.report.clips.push(ClippedValue {
			node: name.into(),
			min: from_fixed(domain.min, scale),
			max: from_fixed(domain.max, scale),
		});
		self.clip(name, input, domain)
	}

	fn affine(
		&mut self,
		name: &str,
		terms: &[(usize, LinearMap<f64>)],
		bias: &[f64],
	) -> Result<u32, QuantiseError> {
		let mut operands = Vec::with_capacity(terms.len());
		for (value, _) in terms {
			operands.push(self.operand(name, *value)?);
		}
		// One scale for all: the finest that an operand has.
		let mut scales = Vec::with_capacity(terms.len());
		for operand in &operands {
			scales.push(self.tensor(name, *operand)?.scale_bits);
		}
		let scale = scales.iter().copied().max().unwrap_or(self.scale_bits);
		for (operand, bits) in operands.iter_mut().zip(scales) {
			if bits < scale {
				*operand = self.finer(name, *operand, scale - bits)?;
			}
		}
		let integral = terms
			.iter()
			.all(|(_, map)| map.weights().iter().all(|w| w.fract() == 0.0));
		let unit = 2f64.powi(i32::from(scale));
		let compared = self.compared.get(self.values.len()).copied().flatten();
		let exact = bias.iter().all(|b| (b * unit).fract() == 0.0);
		let weight_bits = if integral && (exact || compared.is_some()) {
			0
		} else if scale == 0 && !terms.is_empty() && compared.is_none() {
			self.weight_bits.saturating_add(LEAF_BITS)
		} else {
			self.weight_bits
		};
		let acc_bits = scale.saturating_add(weight_bits);
		let mut fixed_bias = bias
			.iter()
			.map(|b| fix(name, *b, acc_bits))
			.collect::<Result<Vec<_>, _>>()?;
		if compared.is_some() && weight_bits == 0 {
			self.place_biases(terms, bias, scale, compared == Some(true), &mut fixed_bias);
		}
		if compared == Some(true) {
			// x > 0 exactly if x − 1 ≥ 0.
			for b in &mut fixed_bias {
				*b = b.saturating_sub(1);
			}
		}
		let mut fixed_terms = Vec::with_capacity(terms.len());
		for ((_, map), input) in terms.iter().zip(operands) {
			// Rounding makes zeros: dropped by rebuilding the map.
			let fixed = map.try_map(|w| fix(name, w, weight_bits))?;
			let map = LinearMap::from_rows(fixed.inputs(), fixed.rows())
				.map_err(|error| map_error(name, error))?;
			if !self.fold_constant(name, input, &map, &mut fixed_bias)? {
				fixed_terms.push(Term { input, map });
			}
		}
		// Without terms, the scale is that of the weights.
		let weight_bits = if fixed_terms.is_empty() {
			acc_bits
		} else {
			weight_bits
		};
		self.push(
			name,
			Operator::Affine {
				terms: fixed_terms,
				bias: fixed_bias,
				weight_bits,
			},
		)
	}

	/// Moves each bias by one unit where that puts more of the samples that lie on the boundary on
	/// their right side. `strict` compares above 0, else from 0 on.
	fn place_biases(
		&self,
		terms: &[(usize, LinearMap<f64>)],
		bias: &[f64],
		scale: u8,
		strict: bool,
		fixed: &mut [i64],
	) {
		let unit = 2f64.powi(i32::from(scale));
		let mut votes = vec![[0i64; 2]; fixed.len()];
		for values in &self.samples {
			let mut exact = bias.to_vec();
			let mut rounded: Vec<f64> = fixed.iter().map(|b| *b as f64).collect();
			for (value, map) in terms {
				let Some(x) = values.get(*value) else {
					continue;
				};
				let fixed: Vec<f64> = x.iter().map(|x| (x * unit).round()).collect();
				exact
					.iter_mut()
					.zip(map.apply(x))
					.for_each(|(to, x)| *to += x);
				rounded
					.iter_mut()
					.zip(map.apply(&fixed))
					.for_each(|(to, x)| *to += x);
			}
			for ((vote, exact), rounded) in votes.iter_mut().zip(exact).zip(rounded) {
				let above = if strict { exact > 0.0 } else { exact >= 0.0 };
				// The least sum that counts as above, and the one below it.
				let first = if strict { 1.0 } else { 0.0 };
				let sign = if above { 1 } else { -1 };
				let [lower, upper] = vote;
				if rounded == first {
					*lower += sign;
				} else if rounded == first - 1.0 {
					*upper += sign;
				}
			}
		}
		for (b, [lower, upper]) in fixed.iter_mut().zip(votes) {
			if lower < 0 {
				*b = b.saturating_sub(1);
			} else if upper > 0 {
				*b = b.saturating_add(1);
			}
		}
	}

	/// The thresholds of a forest, each at most one unit beside the rounded one: such that more of the
	/// samples that equal it go where they should.
	fn thresholds(&self, input: usize, forest: &FloatForest, unit: f64) -> Vec<Vec<i64>> {
		// Rounded as the input is: a feature that equals its threshold still does. x < t is x ≤ t − 1.
		let rounded = |branch: &FloatBranch| {
			let t = (branch.threshold * unit).round() - if branch.strict { 1.0 } else { 0.0 };
			// Saturates: beyond the bounds, all admissible features are on one side.
			(t as i64).clamp(-MAX_ABS, MAX_ABS)
		};
		let place = |branch: &FloatBranch| {
			let threshold = rounded(branch);
			let (mut at, mut above) = (0i64, 0i64);
			for x in self.samples.iter().filter_map(|values| values.get(input)) {
				for row in x.chunks(forest.features.max(1)).take(forest.rows) {
					let Some(x) = row.get(branch.feature as usize) else {
						continue;
					};
					let yes = if branch.strict {
						*x < branch.threshold
					} else {
						*x <= branch.threshold
					};
					let vote = if yes { 1 } else { -1 };
					let fixed = (x * unit).round();
					if fixed == threshold as f64 {
						at += vote;
					} else if fixed == threshold as f64 + 1.0 {
						above += vote;
					}
				}
			}
			if at < 0 {
				threshold.saturating_sub(1).max(-MAX_ABS)
			} else if above > 0 {
				threshold.saturating_add(1).min(MAX_ABS)
			} else {
				threshold
			}
		};
		forest
			.trees
			.iter()
			.map(|tree| tree.branches.iter().map(place).collect())
			.collect()
	}

	/// Adds a term to the bias if its operand is a constant; whether it was.
	fn fold_constant(
		&self,
		name: &str,
		input: u32,
		map: &LinearMap<i64>,
		bias: &mut [i64],
	) -> Result<bool, QuantiseError> {
		let bounds = &self.tensor(name, input)?.bounds;
		if input == 0 || bounds.iter().any(|x| x.min != x.max) || map.outputs() != bias.len() {
			return Ok(false);
		}
		let sums: Option<Vec<i64>> = map
			.rows()
			.zip(bias.iter())
			.map(|(mut row, b)| {
				row.try_fold(*b, |sum, (column, weight)| {
					let x = bounds.get(column).map_or(0, |x| x.min);
					sum.checked_add(weight.checked_mul(x)?)
				})
			})
			.collect();
		match sums {
			Some(sums) => {
				bias.copy_from_slice(&sums);
				Ok(true)
			},
			None => Ok(false),
		}
	}

	fn product(
		&mut self,
		name: &str,
		left: u32,
		right: u32,
		pairs: Pairs,
	) -> Result<u32, QuantiseError> {
		self.push(name, Operator::Product { left, right, pairs })
	}

	fn step(&mut self, name: &str, input: usize, strict: bool) -> Result<u32, QuantiseError> {
		let (mut tensor, _) = self.raw(name, input)?;
		let is_folded = tensor != 0 && self.compared.get(input).copied().flatten().is_some();
		if strict && !is_folded {
			tensor = self.offset(name, tensor, 1, -1)?;
		}
		self.push(name, Operator::Sign { input: tensor })
	}

	fn floor(&mut self, name: &str, input: usize) -> Result<u32, QuantiseError> {
		let (mut tensor, mut scale) = self.raw(name, input)?;
		if scale > MAX_SHIFT {
			tensor = self.operand(name, input)?;
			scale = self.scale_bits;
		}
		if scale == 0 {
			return Ok(tensor);
		}
		// Rescaling adds the half that is taken off here.
		let lower = self.offset(name, tensor, 1, -(1i64 << (scale - 1)))?;
		self.rescale(name, lower, scale, false)
	}

	fn function(
		&mut self,
		name: &str,
		input: usize,
		function: Function,
	) -> Result<u32, QuantiseError> {
		let bad = |reason: String| QuantiseError::Function {
			node: name.into(),
			function: function.name(),
			reason,
		};
		let mut x = self.operand(name, input)?;
		let scale = self.tensor(name, x)?.scale_bits;
		let output_bits = self.scale_bits;
		let range = self.tensor(name, x)?.range();
		let inside = natural_domain(function, range, scale).ok_or_else(|| {
			bad("it is not defined for the admissible inputs, or has a pole between them".into())
		})?;
		x = self.reported_clip(name, x, inside)?;
		let range = self.tensor(name, x)?.range();
		let range = Interval {
			min: range.min.max(inside.min),
			max: range.max.min(inside.max),
		};
		let (left, right) = function.tails();
		let levels = |tail: Option<f64>| tail == Some(0.0);
		let plain = tables::Residual {
			function,
			slope: 0.0,
		};
		let narrow = tables::saturate(
			plain,
			range,
			scale,
			output_bits,
			levels(left),
			levels(right),
		);
		let too_large = || {
			bad(format!(
				"between {} and {} it is not finite, or too large; use a smaller input domain, or a \
				 Clip before it",
				from_fixed(narrow.min, scale),
				from_fixed(narrow.max, scale)
			))
		};
		let fit = |residual, domain| tables::fit_pieces(residual, domain, scale, output_bits);
		let mut pieces = fit(plain, narrow);
		let mut slope = 0.0;
		// A straight line to the right, which the table need not hold.
		if let (Some(_), Some(tail)) = (left, right.filter(|tail| *tail != 0.0)) {
			if pieces.as_ref().is_none_or(|p| p.len() > 1) || narrow.max > range_limit(scale) {
				let rest = tables::Residual {
					function,
					slope: tail,
				};
				let domain = tables::saturate(rest, range, scale, output_bits, true, true);
				pieces = fit(rest, domain);
				slope = tail;
			}
		}
		let table = self.pieces(name, function, x, pieces.ok_or_else(too_large)?)?;
		if slope == 0.0 {
			return Ok(table);
		}
		// table(clip(x)) + slope·relu(x)
		let positive = self.rescale(name, x, 0, true)?;
		let positive = if scale < output_bits {
			self.finer(name, positive, output_bits - scale)?
		} else {
			positive
		};
		let weight_bits = if slope.fract() == 0.0 {
			0
		} else {
			self.weight_bits
		};
		let length = self.tensor(name, table)?.bounds.len();
		let identity = |factor: i64| {
			LinearMap::from_rows(length, (0..length).map(|i| [(i, factor)]))
				.map_err(|error| map_error(name, error))
		};
		let terms = vec![
			Term {
				input: table,
				map: identity(fix(name, 1.0, weight_bits)?)?,
			},
			Term {
				input: positive,
				map: identity(fix(name, slope, weight_bits)?)?,
			},
		];
		self.push(
			name,
			Operator::Affine {
				terms,
				bias: vec![0; length],
				weight_bits,
			},
		)
	}

	/// The sum of a function's tables, each over its own part: `Σ T_k(clip_k(x)) − Σ T_k(start_k)`,
	/// where the second sum leaves out the first part.
	fn pieces(
		&mut self,
		name: &str,
		function: Function,
		x: u32,
		pieces: Vec<(Interval, tables::Fitted)>,
	) -> Result<u32, QuantiseError> {
		let scale = self.tensor(name, x)?.scale_bits;
		let length = self.tensor(name, x)?.bounds.len();
		let mut terms = Vec::with_capacity(pieces.len());
		let mut bias = 0i64;
		for (index, (part, fitted)) in pieces.into_iter().enumerate() {
			self.report.tables.push(TableReport {
				node: name.into(),
				function: function.name().into(),
				min: from_fixed(part.min, scale),
				max: from_fixed(part.max, scale),
				segments: fitted.table.base.len(),
				max_error: fitted.max_error,
			});
			if index > 0 {
				let start = fitted.table.base.first().copied().unwrap_or_default();
				bias = bias.saturating_sub(start);
			}
			let input = self.clip(name, x, part)?;
			let table = fitted.table;
			terms.push(self.push(name, Operator::Table { input, table })?);
		}
		if let [table] = terms.as_slice() {
			return Ok(*table);
		}
		let identity = LinearMap::from_rows(length, (0..length).map(|i| [(i, 1)]))
			.map_err(|error| map_error(name, error))?;
		let terms = terms
			.into_iter()
			.map(|input| Term {
				input,
				map: identity.clone(),
			})
			.collect();
		self.push(
			name,
			Operator::Affine {
				terms,
				bias: vec![bias; length],
				weight_bits: 0,
			},
		)
	}

	fn divide(
		&mut self,
		name: &str,
		numerator: usize,
		denominator: usize,
		axes: &[Axis],
	) -> Result<u32, QuantiseError> {
		let mut n = self.factor(name, numerator)?;
		let mut d = self.factor(name, denominator)?;
		let range = self.tensor(name, d)?.range();
		if range.max < 0 {
			n = self.offset(name, n, -1, 0)?;
			d = self.offset(name, d, -1, 0)?;
		} else if range.min == 0 && range.max > 0 {
			let max = range.max;
			d = self.reported_clip(name, d, Interval { min: 1, max })?;
		}
		let (n_bits, d_bits) = (
			self.tensor(name, n)?.scale_bits,
			self.tensor(name, d)?.scale_bits,
		);
		let wanted = self.scale_bits.saturating_add(d_bits);
		if n_bits > wanted {
			n = self.rescale(name, n, n_bits - wanted, false)?;
		}
		let shift = wanted.saturating_sub(n_bits).min(MAX_SHIFT);
		self.push(
			name,
			Operator::Divide {
				numerator: n,
				denominator: d,
				axes: axes.to_vec(),
				shift,
			},
		)
	}

	/// `1 / √(x + epsilon)`, finer than the activations by as much as it is small.
	fn inverse_sqrt(&mut self, name: &str, mut x: u32, epsilon: f64) -> Result<u32, QuantiseError> {
		let bits = self.tensor(name, x)?.scale_bits;
		if epsilon != 0.0 {
			x = self.offset(name, x, 1, fix(name, epsilon, bits)?)?;
		}
		let range = self.tensor(name, x)?.range();
		if range.min < 1 {
			let max = range.max.max(1);
			x = self.reported_clip(name, x, Interval { min: 1, max })?;
		}
		let greatest = from_fixed(range.max.max(1), bits);
		let mut extra = 0;
		while extra < FINE_BITS && 4f64.powi(i32::from(extra)) < greatest {
			extra += 1;
		}
		let wanted = self.scale_bits.saturating_add(extra);
		let mut result_bits = wanted;
		// √2^shift may not exceed the bounds for the least operand.
		let shift = |result: u8| result.saturating_mul(2).saturating_add(bits);
		while result_bits > 0 && shift(result_bits) > MAX_ROOT_SHIFT {
			result_bits -= 1;
		}
		self.push(
			name,
			Operator::InverseSqrt {
				input: x,
				shift: shift(result_bits),
			},
		)
	}

	/// `√x = x · 1/√x`.
	fn sqrt(&mut self, name: &str, input: usize) -> Result<u32, QuantiseError> {
		let x = self.factor(name, input)?;
		let range = self.tensor(name, x)?.range();
		let max = range.max.max(0);
		let x = self.reported_clip(name, x, Interval { min: 0, max })?;
		let length = self.tensor(name, x)?.bounds.len();
		// Zero has no reciprocal; times zero, that of the next integer does as well.
		let positive = self.clip(
			name,
			x,
			Interval {
				min: 1,
				max: max.max(1),
			},
		)?;
		let root = self.inverse_sqrt(name, positive, 0.0)?;
		let axis = Axis {
			extent: u32::try_from(length).unwrap_or(u32::MAX),
			left: 1,
			right: 1,
		};
		let pairs = Pairs {
			outer: vec![axis],
			inner: Vec::new(),
		};
		self.product(name, x, root, pairs)
	}

	fn trees(
		&mut self,
		name: &str,
		input: usize,
		forest: &FloatForest,
	) -> Result<u32, QuantiseError> {
		let x = self.operand(name, input)?;
		let unit = 2f64.powi(i32::from(self.tensor(name, x)?.scale_bits));
		let scale_bits = self.weight_bits.saturating_add(LEAF_BITS);
		let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
		let mut trees = Vec::with_capacity(forest.trees.len());
		let thresholds = self.thresholds(input, forest, unit);
		for (tree, thresholds) in forest.trees.iter().zip(thresholds) {
			let branches = tree
				.branches
				.iter()
				.zip(thresholds)
				.map(|(branch, threshold)| Branch {
					feature: branch.feature,
					threshold,
					yes: branch.yes,
					no: branch.no,
				})
				.collect();
			let leaves = tree
				.leaves
				.iter()
				.map(|weights| {
					let weights = weights
						.iter()
						.map(|(target, weight)| Ok((*target, fix(name, *weight, scale_bits)?)))
						.collect::<Result<_, QuantiseError>>()?;
					Ok(Leaf { weights })
				})
				.collect::<Result<_, QuantiseError>>()?;
			trees.push(Tree { branches, leaves });
		}
		let base = forest
			.base
			.iter()
			.map(|b| fix(name, *b, scale_bits))
			.collect::<Result<Vec<_>, _>>()?;
		let forest = Forest {
			features: size(forest.features),
			rows: size(forest.rows),
			targets: size(base.len()),
			scale_bits,
			base,
			trees,
		};
		self.push(name, Operator::Trees { input: x, forest })
	}
}

/// Beyond this, a function's straight tail is not worth table segments.
fn range_limit(scale: u8) -> i64 {
	64i64 << scale.min(50)
}

/// The part of `range` that a function is defined and finite on.
fn natural_domain(function: Function, range: Interval, scale: u8) -> Option<Interval> {
	let (low, high) = function.domain();
	let unit = 2f64.powi(i32::from(scale));
	let mut domain = range;
	if function == Function::Tan {
		// It goes on beyond its poles: nothing to cut off there.
		let inside = |x: i64| (low..=high).contains(&from_fixed(x, scale));
		return (inside(range.min) && inside(range.max)).then_some(range);
	}
	if low.is_finite() {
		// Saturates, which is beyond all ranges.
		domain.min = domain.min.max((low * unit).ceil() as i64);
	}
	if high.is_finite() {
		domain.max = domain.max.min((high * unit).floor() as i64);
	}
	// Poles at the ends.
	if !function.at(from_fixed(domain.min, scale)).is_finite() {
		domain.min = domain.min.checked_add(1)?;
	}
	if !function.at(from_fixed(domain.max, scale)).is_finite() {
		domain.max = domain.max.checked_sub(1)?;
	}
	(domain.min <= domain.max).then_some(domain)
}

/// Per value: whether it is an affine result that is only compared with 0, and how.
fn compared(graph: &FloatGraph) -> Vec<Option<bool>> {
	let mut found: Vec<Option<Option<bool>>> = vec![None; graph.nodes.len() + 1];
	for node in &graph.nodes {
		let comparison = match &node.operator {
			FloatOperator::Step { strict, .. } => Some(*strict),
			_ => None,
		};
		for input in node.operator.inputs() {
			if let Some(entry) = found.get_mut(input) {
				*entry = match entry {
					None => Some(comparison),
					Some(other) if *other == comparison => Some(comparison),
					Some(_) => Some(None),
				};
			}
		}
	}
	if let Some(entry) = found.get_mut(graph.output) {
		*entry = Some(None);
	}
	let is_affine = |value: usize| {
		value
			.checked_sub(1)
			.and_then(|node| graph.nodes.get(node))
			.is_some_and(|node| matches!(node.operator, FloatOperator::Affine { .. }))
	};
	found
		.into_iter()
		.enumerate()
		.map(|(value, entry)| entry.flatten().filter(|_| is_affine(value)))
		.collect()
}

fn malformed(node: &str, reason: &'static str) -> QuantiseError {
	GraphError::Malformed {
		node: node.into(),
		reason,
	}
	.into()
}

fn map_error(node: &str, error: crate::linear_map::MapError) -> QuantiseError {
	GraphError::Map {
		node: node.into(),
		error,
	}
	.into()
}
