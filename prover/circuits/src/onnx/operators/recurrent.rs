//! RNN, LSTM and GRU, unrolled: the length of the sequence is that of the input's shape.

use super::{matmul::stacked, movement::join};
use crate::{
	float_graph::Function,
	onnx::{
		attributes::Attributes,
		reader::{NodeReader, Value, Variable},
		OnnxError,
	},
};

/// Most steps of all directions together.
const MAX_STEPS: usize = 1 << 12;

/// A cell's function.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Activation {
	Relu,
	Function(Function),
}

/// What the operator's attributes say.
struct Cell {
	hidden: usize,
	activations: Vec<Activation>,
	reverse: Vec<bool>,
	clip: Option<f64>,
	/// GRU: the recurrent product comes before the reset gate.
	linear_before_reset: bool,
	/// LSTM: the forget gate is 1 − the input gate.
	input_forget: bool,
}

/// One direction's weights, transposed, and the sum of its biases; GRU's candidate has both apart.
struct Weights {
	input: Variable,
	recurrent: Variable,
	input_bias: Option<Variable>,
	recurrent_bias: Option<Variable>,
	/// LSTM: of input, output and forget gate.
	peepholes: Option<[Variable; 3]>,
}

fn activation(name: &str) -> Option<Activation> {
	Some(match name.to_ascii_lowercase().as_str() {
		"relu" => Activation::Relu,
		"sigmoid" => Activation::Function(Function::Sigmoid),
		"tanh" => Activation::Function(Function::Tanh),
		"softsign" => Activation::Function(Function::Softsign),
		"softplus" => Activation::Function(Function::Softplus),
		_ => return None,
	})
}

impl Cell {
	fn read(node: &NodeReader<'_>, attributes: &mut Attributes<'_>) -> Result<Self, OnnxError> {
		let direction = attributes
			.string("direction")
			.unwrap_or_else(|| "forward".into());
		let reverse = match direction.as_str() {
			"forward" => vec![false],
			"reverse" => vec![true],
			"bidirectional" => vec![false, true],
			_ => {
				return Err(attributes.unsupported("direction", format!("is {direction:?}")));
			},
		};
		let defaults: &[&str] = match node.operator {
			"RNN" => &["Tanh"],
			"GRU" => &["Sigmoid", "Tanh"],
			_ => &["Sigmoid", "Tanh", "Tanh"],
		};
		let names = attributes.strings("activations").unwrap_or_else(|| {
			let names = defaults.repeat(reverse.len());
			names.into_iter().map(String::from).collect()
		});
		let activations = names
			.iter()
			.map(|name| activation(name))
			.collect::<Option<Vec<_>>>()
			.filter(|found| found.len() == defaults.len() * reverse.len())
			.ok_or_else(|| {
				let expected = "expected Relu, Sigmoid, Softplus, Softsign and Tanh";
				attributes.unsupported("activations", format!("is {names:?}; {expected}"))
			})?;
		for unused in ["activation_alpha", "activation_beta"] {
			attributes.skip(unused);
		}
		Ok(Self {
			hidden: usize::try_from(attributes.int("hidden_size", 0)).unwrap_or_default(),
			activations,
			reverse,
			clip: attributes.optional_float("clip").filter(|clip| *clip > 0.0),
			linear_before_reset: attributes.int("linear_before_reset", 0) != 0,
			input_forget: attributes.int("input_forget", 0) != 0,
		})
	}

	/// Gates that the weights hold.
	fn gates(operator: &str) -> usize {
		match operator {
			"RNN" => 1,
			"GRU" => 3,
			_ => 4,
		}
	}

	/// Activation `index` of direction `direction`, of what is clipped first.
	fn activate(
		&self,
		node: &mut NodeReader<'_>,
		x: &Variable,
		direction: usize,
		index: usize,
	) -> Result<Variable, OnnxError> {
		let per_direction = self.activations.len() / self.reverse.len().max(1);
		let x = match self.clip {
			Some(clip) => node.clip(x, Some(-clip), Some(clip))?,
			None => x.clone(),
		};
		match self.activations.get(direction * per_direction + index) {
			Some(Activation::Function(function)) => node.function(&x, *function),
			_ => node.relu(&x),
		}
	}
}

/// `tensor[index]` along the first dimension, as a tensor of `shape`.
fn part(
	node: &mut NodeReader<'_>,
	tensor: &Variable,
	index: usize,
	shape: Vec<usize>,
) -> Result<Variable, OnnxError> {
	let size: usize = shape.iter().product();
	node.pick(tensor, shape, index * size..(index + 1) * size)
}

/// Columns `from..from + count` of a matrix.
fn columns(
	node: &mut NodeReader<'_>,
	x: &Variable,
	from: usize,
	count: usize,
) -> Result<Variable, OnnxError> {
	let [rows, width] = matrix(node, x)?;
	let picked = (0..rows).flat_map(|row| (from..from + count).map(move |i| row * width + i));
	node.pick(x, vec![rows, count], picked)
}

fn matrix(node: &NodeReader<'_>, x: &Variable) -> Result<[usize; 2], OnnxError> {
	match x.shape.as_slice() {
		[rows, columns] => Ok([*rows, *columns]),
		_ => Err(node.bad_shape("expected a matrix")),
	}
}

/// Matrix `index` of a stack of `rows × columns`, transposed.
fn transposed(
	node: &mut NodeReader<'_>,
	stack: &Variable,
	index: usize,
	rows: usize,
	columns: usize,
) -> Result<Variable, OnnxError> {
	let start = index * rows * columns;
	let picked = (0..columns).flat_map(|j| (0..rows).map(move |i| start + i * columns + j));
	node.pick(stack, vec![columns, rows], picked)
}

/// Operand `index`, which must have this shape if it is given.
fn operand(
	node: &mut NodeReader<'_>,
	index: usize,
	shape: &[usize],
) -> Result<Option<Variable>, OnnxError> {
	match node.optional_variable(index)? {
		Some(x) if x.shape != shape => Err(node.bad_shape(format!(
			"operand {index} has shape {:?}, expected {shape:?}",
			x.shape
		))),
		x => Ok(x),
	}
}

/// RNN, LSTM and GRU.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let cell = Cell::read(node, &mut attributes)?;
	let batch_first = attributes.int("layout", 0) != 0;
	attributes.finish()?;
	let gates = Cell::gates(node.operator);
	let (directions, hidden) = (cell.reverse.len(), cell.hidden);
	let x = node.variable(0)?;
	let [first, second, features] = x.shape.as_slice() else {
		return Err(node.bad_shape("the sequence has not three dimensions"));
	};
	let (steps, batch, features) = if batch_first {
		(*second, *first, *features)
	} else {
		(*first, *second, *features)
	};
	if steps.saturating_mul(directions) > MAX_STEPS || hidden > MAX_STEPS {
		return Err(node.too_large(format!("it has more than {MAX_STEPS} steps")));
	}
	if let Some(lengths) = node.constant_ints(4)? {
		if lengths
			.iter()
			.any(|n| usize::try_from(*n).ok() != Some(steps))
		{
			return Err(node.bad_operand("sequences shorter than the input are not supported"));
		}
	}
	node.size(&[batch, directions, hidden])?;
	let rows = gates * hidden;
	let required = |x: Option<Variable>, what: &str, node: &NodeReader<'_>| {
		x.ok_or_else(|| node.bad_operand(format!("{what} are missing")))
	};
	let w = operand(node, 1, &[directions, rows, features])?;
	let w = required(w, "the weights", node)?;
	let r = operand(node, 2, &[directions, rows, hidden])?;
	let r = required(r, "the recurrent weights", node)?;
	let b = operand(node, 3, &[directions, 2 * rows])?;
	let state_shape = if batch_first {
		[batch, directions, hidden]
	} else {
		[directions, batch, hidden]
	};
	let h = operand(node, 5, &state_shape)?;
	let is_lstm = node.operator == "LSTM";
	let (c, p) = if is_lstm {
		let c = operand(node, 6, &state_shape)?;
		(c, operand(node, 7, &[directions, 3 * hidden])?)
	} else {
		(None, None)
	};
	let initial = |node: &mut NodeReader<'_>, state: &Option<Variable>, direction: usize| {
		let Some(state) = state else {
			return node.constant_of(vec![batch, hidden], vec![0.0; batch * hidden]);
		};
		let element = |row: usize, i: usize| {
			if batch_first {
				(row * directions + direction) * hidden + i
			} else {
				(direction * batch + row) * hidden + i
			}
		};
		let picked = (0..batch).flat_map(|row| (0..hidden).map(move |i| element(row, i)));
		let picked: Vec<usize> = picked.collect();
		node.pick(state, vec![batch, hidden], picked)
	};
	// Per direction and step: [batch, hidden].
	let mut outputs: Vec<Vec<Variable>> = Vec::new();
	let mut states: Vec<[Variable; 2]> = Vec::new();
	for (direction, reverse) in cell.reverse.iter().enumerate() {
		let bias = |node: &mut NodeReader<'_>, part: usize| match &b {
			Some(b) => {
				let start = (direction * 2 + part) * rows;
				node.pick(b, vec![rows], start..start + rows).map(Some)
			},
			None => Ok(None),
		};
		let peepholes = match &p {
			Some(p) => {
				let mut gate = |index: usize| {
					let start = (direction * 3 + index) * hidden;
					node.pick(p, vec![hidden], start..start + hidden)
				};
				Some([gate(0)?, gate(1)?, gate(2)?])
			},
			None => None,
		};
		let weights = Weights {
			input: transposed(node, &w, direction, rows, features)?,
			recurrent: transposed(node, &r, direction, rows, hidden)?,
			input_bias: bias(node, 0)?,
			recurrent_bias: bias(node, 1)?,
			peepholes,
		};
		let mut h = initial(node, &h, direction)?;
		let mut c = initial(node, &c, direction)?;
		let mut hs = vec![h.clone(); steps];
		let mut order: Vec<usize> = (0..steps).collect();
		if *reverse {
			order.reverse();
		}
		for step in order {
			let x = if batch_first {
				let of = |row: usize| (row * steps + step) * features;
				let picked: Vec<usize> = (0..batch)
					.flat_map(|row| of(row)..of(row) + features)
					.collect();
				node.pick(&x, vec![batch, features], picked)?
			} else {
				part(node, &x, step, vec![batch, features])?
			};
			let mut from_input = stacked(node, &x, &weights.input)?;
			if let Some(bias) = &weights.input_bias {
				from_input = node.sum(&[(&from_input, 1.0), (bias, 1.0)])?;
			}
			match node.operator {
				"GRU" => h = gru(node, &cell, direction, &weights, &from_input, &h)?,
				_ => {
					let mut sum = stacked(node, &h, &weights.recurrent)?;
					sum = node.sum(&[(&from_input, 1.0), (&sum, 1.0)])?;
					if let Some(bias) = &weights.recurrent_bias {
						sum = node.sum(&[(&sum, 1.0), (bias, 1.0)])?;
					}
					if is_lstm {
						(h, c) = lstm(node, &cell, direction, &weights, &sum, &c)?;
					} else {
						h = cell.activate(node, &sum, direction, 0)?;
					}
				},
			}
			if let Some(slot) = hs.get_mut(step) {
				*slot = h.clone();
			}
		}
		outputs.push(hs);
		states.push([h, c]);
	}
	// Y: [steps, directions, batch, hidden]; its rows, one after the other.
	let mut parts = Vec::new();
	for step in 0..steps {
		parts.extend(outputs.iter().filter_map(|hs| hs.get(step).cloned()));
	}
	let y = join(node, &parts, 0)?;
	let y = ordered(node, &y, [steps, directions, batch, hidden], batch_first)?;
	let mut results = vec![node.to_value(y)];
	for index in 0..if is_lstm { 2 } else { 1 } {
		let parts: Vec<Variable> = states
			.iter()
			.filter_map(|state| state.get(index).cloned())
			.collect();
		let state = join(node, &parts, 0)?;
		let mut state = ordered(node, &state, [1, directions, batch, hidden], batch_first)?;
		state.shape = state_shape.to_vec();
		results.push(node.to_value(state));
	}
	Ok(results)
}

/// A tensor of `[steps, directions, batch, hidden]`, or the batch first: `[batch, steps, directions,
/// hidden]`.
fn ordered(
	node: &mut NodeReader<'_>,
	x: &Variable,
	[steps, directions, batch, hidden]: [usize; 4],
	batch_first: bool,
) -> Result<Variable, OnnxError> {
	if !batch_first {
		let size = steps * directions * batch * hidden;
		return node.pick(x, vec![steps, directions, batch, hidden], 0..size);
	}
	let mut picked = Vec::new();
	for row in 0..batch {
		for outer in 0..steps * directions {
			let start = (outer * batch + row) * hidden;
			picked.extend(start..start + hidden);
		}
	}
	node.pick(x, vec![batch, steps, directions, hidden], picked)
}

/// `(1 − z)·candidate + z·h`, from the gates z, r, h of the input.
fn gru(
	node: &mut NodeReader<'_>,
	cell: &Cell,
	direction: usize,
	weights: &Weights,
	from_input: &Variable,
	h: &Variable,
) -> Result<Variable, OnnxError> {
	let hidden = cell.hidden;
	let with_bias = |node: &mut NodeReader<'_>, x: Variable, from: usize, count: usize| {
		let Some(bias) = &weights.recurrent_bias else {
			return Ok(x);
		};
		let bias = node.pick(bias, vec![count], from..from + count)?;
		node.sum(&[(&x, 1.0), (&bias, 1.0)])
	};
	let gates = columns(node, &weights.recurrent, 0, 2 * hidden)?;
	let gates = stacked(node, h, &gates)?;
	let gates = with_bias(node, gates, 0, 2 * hidden)?;
	let own = columns(node, from_input, 0, 2 * hidden)?;
	let gates = node.sum(&[(&own, 1.0), (&gates, 1.0)])?;
	let gates = cell.activate(node, &gates, direction, 0)?;
	let z = columns(node, &gates, 0, hidden)?;
	let r = columns(node, &gates, hidden, hidden)?;
	let recurrent = columns(node, &weights.recurrent, 2 * hidden, hidden)?;
	let remembered = if cell.linear_before_reset {
		let product = stacked(node, h, &recurrent)?;
		let product = with_bias(node, product, 2 * hidden, hidden)?;
		node.times(&r, &product)?
	} else {
		let reset = node.times(&r, h)?;
		let product = stacked(node, &reset, &recurrent)?;
		with_bias(node, product, 2 * hidden, hidden)?
	};
	let own = columns(node, from_input, 2 * hidden, hidden)?;
	let candidate = node.sum(&[(&own, 1.0), (&remembered, 1.0)])?;
	let candidate = cell.activate(node, &candidate, direction, 1)?;
	node.either(&z, h, &candidate)
}

/// The next `(h, c)`, from the sums of the gates i, o, f, c.
fn lstm(
	node: &mut NodeReader<'_>,
	cell: &Cell,
	direction: usize,
	weights: &Weights,
	sums: &Variable,
	c: &Variable,
) -> Result<(Variable, Variable), OnnxError> {
	let hidden = cell.hidden;
	let gate = |node: &mut NodeReader<'_>, index: usize, c: Option<&Variable>| {
		let sum = columns(node, sums, index * hidden, hidden)?;
		match (weights.peepholes.as_ref().and_then(|p| p.get(index)), c) {
			(Some(peephole), Some(c)) => {
				let seen = node.times(peephole, c)?;
				node.sum(&[(&sum, 1.0), (&seen, 1.0)])
			},
			_ => Ok(sum),
		}
	};
	let input = gate(node, 0, Some(c))?;
	let input = cell.activate(node, &input, direction, 0)?;
	let forget = if cell.input_forget {
		node.scaled(&input, -1.0, 1.0)?
	} else {
		let forget = gate(node, 2, Some(c))?;
		cell.activate(node, &forget, direction, 0)?
	};
	let candidate = gate(node, 3, None)?;
	let candidate = cell.activate(node, &candidate, direction, 1)?;
	let kept = node.times(&forget, c)?;
	let added = node.times(&input, &candidate)?;
	let next = node.sum(&[(&kept, 1.0), (&added, 1.0)])?;
	let output = gate(node, 1, Some(&next))?;
	let output = cell.activate(node, &output, direction, 0)?;
	let seen = cell.activate_state(node, &next, direction)?;
	let h = node.times(&output, &seen)?;
	Ok((h, next))
}

impl Cell {
	/// The function of an LSTM's state, which is not clipped.
	fn activate_state(
		&self,
		node: &mut NodeReader<'_>,
		c: &Variable,
		direction: usize,
	) -> Result<Variable, OnnxError> {
		match self.activations.get(direction * 3 + 2) {
			Some(Activation::Function(function)) => node.function(c, *function),
			_ => node.relu(c),
		}
	}
}
