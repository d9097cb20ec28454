//! Writes small ONNX files: protobuf wire format, only the fields that the tests need.

pub const FLOAT: u64 = 1;
pub const INT64: u64 = 7;

/// A protobuf message.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
	pub fn varint(mut self, field: u64, value: u64) -> Self {
		self.raw(field << 3);
		self.raw(value);
		self
	}

	pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
		self.raw((field << 3) | 2);
		self.raw(value.len() as u64);
		self.0.extend(value);
		self
	}

	pub fn text(self, field: u64, value: &str) -> Self {
		self.bytes(field, value.as_bytes())
	}

	pub fn float(mut self, field: u64, value: f32) -> Self {
		self.raw((field << 3) | 5);
		self.0.extend(value.to_le_bytes());
		self
	}

	pub fn message(self, field: u64, value: &Message) -> Self {
		self.bytes(field, &value.0)
	}

	fn raw(&mut self, mut value: u64) {
		while value >= 0x80 {
			self.0.push(value as u8 | 0x80);
			value >>= 7;
		}
		self.0.push(value as u8);
	}
}

pub fn int(name: &str, value: i64) -> Message {
	Message::default()
		.text(1, name)
		.varint(20, 2)
		.varint(3, value as u64)
}

pub fn float(name: &str, value: f32) -> Message {
	Message::default()
		.text(1, name)
		.varint(20, 1)
		.float(2, value)
}

pub fn ints(name: &str, values: &[i64]) -> Message {
	values
		.iter()
		.fold(Message::default().text(1, name).varint(20, 7), |m, v| {
			m.varint(8, *v as u64)
		})
}

pub fn floats(name: &str, values: &[f32]) -> Message {
	values
		.iter()
		.fold(Message::default().text(1, name).varint(20, 6), |m, v| {
			m.float(7, *v)
		})
}

pub fn texts(name: &str, values: &[&str]) -> Message {
	values
		.iter()
		.fold(Message::default().text(1, name).varint(20, 8), |m, v| {
			m.text(9, v)
		})
}

pub fn text(name: &str, value: &str) -> Message {
	Message::default()
		.text(1, name)
		.varint(20, 3)
		.text(4, value)
}

pub fn tensor_attribute(name: &str, tensor: &Message) -> Message {
	Message::default()
		.text(1, name)
		.varint(20, 4)
		.message(5, tensor)
}

pub fn tensor(name: &str, shape: &[u64], values: &[f32]) -> Message {
	let raw: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
	tensor_head(name, shape, FLOAT).bytes(9, &raw)
}

pub fn int_tensor(name: &str, values: &[i64]) -> Message {
	let raw: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
	tensor_head(name, &[values.len() as u64], INT64).bytes(9, &raw)
}

pub fn tensor_head(name: &str, shape: &[u64], data_type: u64) -> Message {
	let head = shape
		.iter()
		.fold(Message::default(), |m, d| m.varint(1, *d));
	head.varint(2, data_type).text(8, name)
}

/// A dimension: a number or a name.
#[derive(Clone, Copy)]
pub enum Dim<'a> {
	Size(u64),
	Name(&'a str),
}

pub fn value_info(name: &str, data_type: u64, dims: &[Dim<'_>]) -> Message {
	let shape = dims.iter().fold(Message::default(), |shape, dim| {
		let dim = match dim {
			Dim::Size(size) => Message::default().varint(1, *size),
			Dim::Name(name) => Message::default().text(2, name),
		};
		shape.message(1, &dim)
	});
	let tensor = Message::default().varint(1, data_type).message(2, &shape);
	Message::default()
		.text(1, name)
		.message(2, &Message::default().message(1, &tensor))
}

pub fn node(
	name: &str,
	operator: &str,
	inputs: &[&str],
	output: &str,
	attributes: &[Message],
) -> Message {
	let (domain, operator) = operator.rsplit_once('.').unwrap_or(("", operator));
	let message = inputs
		.iter()
		.fold(Message::default(), |m, input| m.text(1, input));
	let message = message
		.text(2, output)
		.text(3, name)
		.text(4, operator)
		.text(7, domain);
	attributes
		.iter()
		.fold(message, |m, attribute| m.message(5, attribute))
}

/// A model file under construction. Its input is `x`, its output `y`.
#[derive(Clone, Default)]
pub struct Model {
	nodes: Vec<Message>,
	tensors: Vec<Message>,
	inputs: Vec<Message>,
	outputs: Vec<Message>,
}

impl Model {
	pub fn new(input: &[Dim<'_>]) -> Self {
		Self {
			inputs: vec![value_info("x", FLOAT, input)],
			outputs: vec![value_info("y", FLOAT, &[])],
			..Self::default()
		}
	}

	/// A model whose input has one row of `n` values.
	pub fn row(n: u64) -> Self {
		Self::new(&[Dim::Size(1), Dim::Size(n)])
	}

	pub fn input(mut self, input: Message) -> Self {
		self.inputs.push(input);
		self
	}

	pub fn output(mut self, name: &str) -> Self {
		self.outputs.push(value_info(name, FLOAT, &[]));
		self
	}

	pub fn tensor(mut self, tensor: Message) -> Self {
		self.tensors.push(tensor);
		self
	}

	pub fn weights(self, name: &str, shape: &[u64], values: &[f32]) -> Self {
		self.tensor(tensor(name, shape, values))
	}

	pub fn ints(self, name: &str, values: &[i64]) -> Self {
		self.tensor(int_tensor(name, values))
	}

	pub fn node(self, operator: &str, inputs: &[&str], output: &str) -> Self {
		self.node_with(operator, inputs, output, &[])
	}

	/// A node named after its output.
	pub fn node_with(
		mut self,
		operator: &str,
		inputs: &[&str],
		output: &str,
		attributes: &[Message],
	) -> Self {
		self.nodes.push(node(
			&format!("node_{output}"),
			operator,
			inputs,
			output,
			attributes,
		));
		self
	}

	/// A node with two results, named after the first.
	pub fn two_results(
		mut self,
		operator: &str,
		inputs: &[&str],
		[first, second]: [&str; 2],
		attributes: &[Message],
	) -> Self {
		let name = format!("node_{first}");
		let node = node(&name, operator, inputs, first, attributes);
		self.nodes.push(node.text(2, second));
		self
	}

	pub fn bytes(&self) -> Vec<u8> {
		let mut graph = Message::default().text(2, "test");
		for (field, messages) in [
			(1, &self.nodes),
			(5, &self.tensors),
			(11, &self.inputs),
			(12, &self.outputs),
		] {
			graph = messages
				.iter()
				.fold(graph, |graph, message| graph.message(field, message));
		}
		let opset = Message::default().text(1, "").varint(2, 13);
		Message::default()
			.varint(1, 8)
			.message(8, &opset)
			.message(7, &graph)
			.0
	}
}

/// A dense layer's weights and bias from a seed: small, of both signs, some zero.
pub fn weights(count: usize, seed: u64) -> Vec<f32> {
	let mut state = seed.wrapping_mul(2).wrapping_add(1);
	(0..count)
		.map(|_| {
			state = state
				.wrapping_mul(6364136223846793005)
				.wrapping_add(1442695040888963407);
			let x = (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
			if (state >> 36) & 7 == 0 {
				0.0
			} else {
				x
			}
		})
		.collect()
}

/// A network of Gemm layers with ReLU between, of these widths.
pub fn network(widths: &[u64], seed: u64) -> Model {
	let mut model = Model::row(widths[0]);
	let mut value = "x".to_string();
	for (index, pair) in widths.windows(2).enumerate() {
		let last = index + 2 == widths.len();
		let (w, b, z) = (
			format!("w{index}"),
			format!("b{index}"),
			format!("z{index}"),
		);
		let size = (pair[0] * pair[1]) as usize;
		model = model
			.weights(&w, &[pair[0], pair[1]], &weights(size, seed + index as u64))
			.weights(
				&b,
				&[pair[1]],
				&weights(pair[1] as usize, seed + 100 + index as u64),
			)
			.node("Gemm", &[&value, &w, &b], if last { "y" } else { &z });
		value = format!("a{index}");
		if !last {
			model = model.node("Relu", &[&z], &value);
		}
	}
	model
}

/// The decision tree `x <= threshold ? 1.5 : (y < -1 ? 2.5 : -3)`, said to have so many targets.
pub fn three_leaves(threshold: f32, targets: i64) -> Model {
	Model::row(2).node_with(
		"ai.onnx.ml.TreeEnsembleRegressor",
		&["x"],
		"y",
		&[
			ints("nodes_treeids", &[0; 5]),
			ints("nodes_nodeids", &[0, 1, 2, 3, 4]),
			ints("nodes_featureids", &[0, 0, 1, 0, 0]),
			texts(
				"nodes_modes",
				&["BRANCH_LEQ", "LEAF", "BRANCH_LT", "LEAF", "LEAF"],
			),
			floats("nodes_values", &[threshold, 0.0, -1.0, 0.0, 0.0]),
			ints("nodes_truenodeids", &[1, 0, 3, 0, 0]),
			ints("nodes_falsenodeids", &[2, 0, 4, 0, 0]),
			ints("target_treeids", &[0; 3]),
			ints("target_nodeids", &[1, 3, 4]),
			ints("target_ids", &[0; 3]),
			floats("target_weights", &[1.5, 2.5, -3.0]),
			int("n_targets", targets),
		],
	)
}
