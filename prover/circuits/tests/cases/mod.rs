//! A small model for each operator of the integer model.

use inference_circuits::{
	graph::{
		Axis, Branch, Forest, Graph, GraphError, GraphParts, Leaf, Node, Operator, Pairs, Table,
		Term, Tree,
	},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};

pub fn try_graph(
	inputs: u32,
	domain: (i64, i64),
	operators: Vec<Operator>,
	outputs: u32,
) -> Result<Graph, GraphError> {
	let nodes = operators.into_iter().map(|operator| Node {
		name: operator.name().into(),
		operator,
	});
	let nodes: Vec<Node> = nodes.collect();
	Graph::new(GraphParts {
		input: TensorSpec {
			shape: vec![inputs],
			scale_bits: 4,
			min: domain.0,
			max: domain.1,
			visibility: Visibility::Public,
		},
		output: nodes.len() as u32,
		nodes,
		output_shape: vec![outputs],
		post_processing: None,
	})
}

/// The graph with as many outputs as its last operator has.
pub fn graph(inputs: u32, domain: (i64, i64), operators: Vec<Operator>) -> Graph {
	let found = (1..100).find_map(|n| try_graph(inputs, domain, operators.clone(), n).ok());
	// For its error.
	found.unwrap_or_else(|| try_graph(inputs, domain, operators, 1).unwrap())
}

pub fn axis(extent: u32, left: u32, right: u32) -> Axis {
	Axis {
		extent,
		left,
		right,
	}
}

pub fn affine(input: u32, inputs: usize, rows: &[&[i64]], bias: i64) -> Operator {
	let rows = rows.iter().map(|row| row.iter().copied().enumerate());
	Operator::Affine {
		bias: vec![bias; rows.len()],
		terms: vec![Term {
			input,
			map: LinearMap::from_rows(inputs, rows).unwrap(),
		}],
		weight_bits: 0,
	}
}

pub fn squares(inputs: u32) -> Operator {
	Operator::Product {
		left: 0,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(inputs, 1, 1)],
			inner: vec![],
		},
	}
}

pub fn rescale(input: u32, shift: u8, relu: bool) -> Operator {
	Operator::Rescale { input, shift, relu }
}

/// A 2×3 matrix times its transpose; element-wise squares, rescaled.
pub fn products() -> Graph {
	let gram = Operator::Product {
		left: 0,
		right: 0,
		pairs: Pairs {
			outer: vec![axis(2, 3, 0), axis(2, 0, 3)],
			inner: vec![axis(3, 1, 1)],
		},
	};
	let operators = vec![
		gram,
		squares(6),
		rescale(2, 3, false),
		affine(1, 4, &[&[1, 2, 3, 4]], 5),
		Operator::Affine {
			terms: vec![Term {
				input: 3,
				map: LinearMap::from_rows(6, [[(0, 1), (5, 1)]]).unwrap(),
			}],
			bias: vec![0],
			weight_bits: 3,
		},
		Operator::Product {
			left: 4,
			right: 5,
			pairs: Pairs {
				outer: vec![axis(1, 0, 0)],
				inner: vec![],
			},
		},
	];
	graph(6, (-100, 100), operators)
}

/// Signs of inputs, of differences, of products.
pub fn signs() -> Graph {
	let operators = vec![
		Operator::Sign { input: 0 },
		affine(0, 3, &[&[1, -1, 0], &[0, 1, -1]], 0),
		Operator::Sign { input: 2 },
		squares(3),
		affine(4, 3, &[&[1, 1, -1]], -1000),
		Operator::Sign { input: 5 },
		Operator::Affine {
			terms: [(1, 3), (3, 2), (6, 1)]
				.map(|(input, n)| Term {
					input,
					map: LinearMap::from_rows(n, [(0..n).map(|i| (i, 1 << i))]).unwrap(),
				})
				.into(),
			bias: vec![0],
			weight_bits: 0,
		},
	];
	graph(3, (-100, 100), operators)
}

pub fn function(slope_shift: u8, segment_bits: u8) -> Table {
	let segments = 256 >> segment_bits;
	Table {
		origin: -128,
		segment_bits,
		slope_shift,
		scale_bits: 6,
		base: (0..segments).map(|h| (h - 8) * (h - 5)).collect(),
		slope: (0..segments).map(|h| 3 * h - 20).collect(),
	}
}

/// Two functions of inputs and of a sum, one without rounding.
pub fn tables() -> Graph {
	let table = |input, slope_shift, segment_bits| Operator::Table {
		input,
		table: function(slope_shift, segment_bits),
	};
	let operators = vec![
		table(0, 3, 4),
		affine(0, 2, &[&[1, -1]], 1),
		table(2, 0, 3),
		table(0, 2, 0),
		Operator::Affine {
			terms: [(1, 2), (3, 1), (4, 2)]
				.map(|(input, n)| Term {
					input,
					map: LinearMap::from_rows(n, [(0..n).map(|i| (i, 1 << i))]).unwrap(),
				})
				.into(),
			bias: vec![0],
			weight_bits: 0,
		},
	];
	graph(2, (-60, 60), operators)
}

/// Quotients by a square plus one.
pub fn quotients() -> Graph {
	let operators = vec![
		squares(2),
		affine(1, 2, &[&[1, 0], &[0, 1]], 1),
		Operator::Divide {
			numerator: 0,
			denominator: 2,
			axes: vec![axis(2, 1, 1)],
			shift: 12,
		},
	];
	graph(2, (-100, 100), operators)
}

pub fn roots() -> Graph {
	let operators = vec![
		squares(2),
		affine(1, 2, &[&[1, 0], &[0, 1]], 1),
		Operator::InverseSqrt {
			input: 2,
			shift: 40,
		},
	];
	graph(2, (-100, 100), operators)
}

pub fn leaf(weights: &[(u32, i64)]) -> Leaf {
	Leaf {
		weights: weights.into(),
	}
}

/// Three trees on three features, one without a branch, with thresholds outside the domain.
pub fn forest(targets: u32) -> Forest {
	let branch = |feature, threshold, yes, no| Branch {
		feature,
		threshold,
		yes,
		no,
	};
	let last = targets - 1;
	Forest {
		features: 3,
		rows: 2,
		targets,
		scale_bits: 3,
		base: (0..i64::from(targets)).map(|t| 5 - 7 * t).collect(),
		trees: vec![
			Tree {
				branches: vec![
					branch(0, 10, 1, 2),
					branch(2, -7, 3, 4),
					branch(2, 30, 5, 6),
				],
				leaves: vec![
					leaf(&[(0, 100)]),
					leaf(&[(last, 7)]),
					leaf(&[(0, -3)]),
					leaf(&[]),
				],
			},
			Tree {
				branches: vec![],
				leaves: vec![leaf(&[(last, 1)])],
			},
			Tree {
				branches: vec![
					branch(1, 0, 1, 4),
					branch(0, -200, 3, 2),
					branch(0, 25, 3, 4),
				],
				leaves: vec![
					leaf(&[(0, 11)]),
					leaf(&[(0, 13), (last, 17)][..last.min(1) as usize + 1]),
				],
			},
		],
	}
}

pub fn trees(targets: u32) -> Graph {
	let forest = forest(targets);
	graph(6, (-100, 100), vec![Operator::Trees { input: 0, forest }])
}

/// A model for each operator.
pub fn models() -> Vec<(&'static str, Graph)> {
	vec![
		("products", products()),
		("signs", signs()),
		("tables", tables()),
		("quotients", quotients()),
		("roots", roots()),
		("trees", trees(1)),
		("trees of 3 targets", trees(3)),
		("trees of 6 targets", trees(6)),
	]
}

pub fn input_for(graph: &Graph, values: &[i64]) -> Vec<i64> {
	let spec = graph.input();
	let values = values.iter().cycle().take(spec.len());
	values.map(|x| (*x).clamp(spec.min, spec.max)).collect()
}
