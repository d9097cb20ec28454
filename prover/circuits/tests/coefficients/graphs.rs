//! Random graphs of several operators, the layouts of each, and the corners of its inputs.

use crate::cases::axis;
use inference_circuits::{
	execute::execute_all,
	graph::{Axis, Graph, GraphParts, Node, Operator, Pairs, Term},
	layout::{
		self, BinaryDomain, Claim, Inputs, Layout, LayoutError, Limbs, MAX_K, MAX_LIMBS,
		MAX_LIMB_BITS,
	},
	linear_map::LinearMap,
};
use inference_primitives::{TensorSpec, Visibility};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeSet;

/// Random numbers from a seed.
pub struct Random(ChaCha20Rng);

impl Random {
	pub fn new(seed: u64) -> Self {
		Self(ChaCha20Rng::seed_from_u64(seed))
	}

	/// One of `0..count`.
	pub fn below(&mut self, count: usize) -> usize {
		(self.0.next_u64() % count as u64) as usize
	}

	pub fn is(&mut self) -> bool {
		self.below(2) == 0
	}

	/// An integer of about `min_bits..=max_bits` bits, of either sign; often a power of two.
	fn integer(&mut self, min_bits: usize, max_bits: usize) -> i64 {
		let bits = min_bits + self.below(max_bits - min_bits + 1);
		let power = 1i64 << bits;
		let magnitude = match self.below(3) {
			0 => power,
			1 => power - 1,
			_ => (power >> 1) + (self.0.next_u64() as i64 & (power - 1)) / 2,
		};
		if self.is() {
			-magnitude
		} else {
			magnitude
		}
	}
}

/// A graph under construction: each block's result has scale 0, so that any block may read it.
struct Draft {
	random: Random,
	input: TensorSpec,
	operators: Vec<Operator>,
	/// Tensors that blocks may read, and how many elements they have.
	results: Vec<(u32, usize)>,
}

/// A matrix over tensor `input`, of `rows`.
fn term(input: u32, length: usize, rows: Vec<Vec<(usize, i64)>>) -> Term {
	Term {
		input,
		map: LinearMap::from_rows(length, rows).unwrap(),
	}
}

impl Draft {
	fn next(&self, added: usize) -> u32 {
		(self.operators.len() + added + 1) as u32
	}

	/// The graph of these operators, and the sum of all results.
	fn graph(&self) -> Option<Graph> {
		let terms = self.results.iter().filter(|(tensor, _)| *tensor > 0);
		let terms = terms.map(|(tensor, length)| {
			let row = (0..*length).map(|i| (i, if i.is_multiple_of(2) { 1 } else { -3 }));
			term(*tensor, *length, vec![row.collect()])
		});
		let total = Operator::Affine {
			terms: terms.collect(),
			bias: vec![5],
			weight_bits: 0,
		};
		let operators = self.operators.iter().cloned().chain([total]);
		let nodes: Vec<Node> = operators
			.map(|operator| Node {
				name: operator.name().into(),
				operator,
			})
			.collect();
		let parts = GraphParts {
			input: self.input.clone(),
			output: nodes.len() as u32,
			nodes,
			output_shape: vec![1],
			post_processing: None,
		};
		Graph::new(parts).ok()
	}

	/// Adds a block's operators, the last of which has `length` elements, if the graph's numbers stay small
	/// enough.
	fn add(&mut self, operators: Vec<Operator>, length: usize) -> bool {
		let (before, results) = (self.operators.len(), self.results.len());
		self.operators.extend(operators);
		self.results.push((self.operators.len() as u32, length));
		let is_good = self.graph().is_some();
		if !is_good {
			self.operators.truncate(before);
			self.results.truncate(results);
		}
		is_good
	}

	/// A result or the input.
	fn result(&mut self) -> (u32, usize) {
		let index = self.random.below(self.results.len());
		self.results[index]
	}

	/// What is made of sums with `shift` bits after the point, which are tensor `input`.
	fn finish(&mut self, input: u32, shift: u8) -> Operator {
		match self.random.below(5) {
			0 => Operator::Sign { input },
			x => Operator::Rescale {
				input,
				shift,
				relu: x < 3,
			},
		}
	}

	fn shift(&mut self) -> u8 {
		let most = [14, 14, 14, 40][self.random.below(4)];
		1 + self.random.below(most) as u8
	}

	/// Sums of several tensors' elements, perhaps with a bias against what their intervals are far from 0.
	fn sums(&mut self) -> bool {
		let (count, widest) = (1 + self.random.below(3), 2 + self.random.below(39));
		let sources: Vec<(u32, usize)> = (0..1 + self.random.below(2))
			.map(|_| self.result())
			.collect();
		let mut terms = Vec::new();
		for (tensor, length) in sources {
			let rows = (0..count).map(|_| {
				let all = 0..length;
				let chosen: Vec<usize> = all.filter(|_| self.random.below(3) > 0).collect();
				let chosen = if chosen.is_empty() { vec![0] } else { chosen };
				let weights = chosen.into_iter();
				weights
					.map(|i| (i, self.random.integer(0, widest)))
					.collect::<Vec<_>>()
			});
			terms.push(term(tensor, length, rows.collect()));
		}
		let bounds = self.graph_bounds();
		let against = self.random.is();
		let bias = (0..count).map(|row| {
			let least = terms.iter().flat_map(|term| {
				let bounds = &bounds[term.input as usize];
				term.map
					.row(row)
					.map(move |(i, w)| i128::from(w) * i128::from(bounds[i].0))
			});
			match i64::try_from(-least.sum::<i128>()) {
				Ok(centre) if against && centre.unsigned_abs() < 1 << 60 => centre,
				_ => self.random.integer(0, widest),
			}
		});
		let bias: Vec<i64> = bias.collect();
		// Kept, with another's sums over it, or used at once.
		let is_kept = self.random.below(4) == 0;
		let shift = self.shift();
		let mut operators = vec![Operator::Affine {
			terms,
			bias,
			weight_bits: if is_kept { 0 } else { shift },
		}];
		if !is_kept {
			let finish = self.finish(self.next(0), shift);
			operators.push(finish);
		}
		self.add(operators, count)
	}

	/// Bounds of each element of each tensor.
	fn graph_bounds(&self) -> Vec<Vec<(i64, i64)>> {
		let input = vec![(self.input.min, self.input.max); self.input.shape[0] as usize];
		let Some(graph) = self.graph() else {
			return vec![input];
		};
		let bounds = graph.tensors().iter().map(|tensor| {
			let bounds = tensor.bounds.iter();
			bounds.map(|x| (x.min, x.max)).collect()
		});
		bounds.collect()
	}

	/// `(2^a·z − 2^w·u + 2^w·relu(u)) / 2^shift` of a sign u: what cancels is gone from the bounds.
	fn cancelling(&mut self) -> bool {
		let (tensor, length) = self.result();
		let (x, z) = (self.random.below(length), self.random.below(length));
		let bounds = self.graph_bounds();
		let (min, max) = bounds[tensor as usize][x];
		let threshold = min + (max - min) / 2;
		let shift = self.shift();
		let (wide, narrow) = (20 + self.random.below(21), self.random.below(shift.into()));
		let u = self.next(1);
		let operators = vec![
			Operator::Affine {
				terms: vec![term(tensor, length, vec![vec![(x, 1)]])],
				bias: vec![-threshold.clamp(-(1 << 60), 1 << 60)],
				weight_bits: 0,
			},
			Operator::Sign {
				input: self.next(0),
			},
			Operator::Rescale {
				input: u,
				shift: 0,
				relu: true,
			},
			Operator::Affine {
				terms: vec![
					term(tensor, length, vec![vec![(z, 1 << narrow)]]),
					term(u, 1, vec![vec![(0, -(1 << wide))]]),
					term(u + 1, 1, vec![vec![(0, 1 << wide)]]),
				],
				bias: vec![self.random.integer(0, 8)],
				weight_bits: shift,
			},
			Operator::Rescale {
				input: u + 2,
				shift,
				relu: self.random.is(),
			},
		];
		self.add(operators, 1)
	}

	/// Products of kept sums and a result's elements, one by one or added up.
	fn products(&mut self) -> bool {
		let (tensor, length) = self.result();
		let shift = self.shift();
		let widest = 1 + self.random.below(12);
		let rows = (0..length)
			.map(|i| vec![(i, self.random.integer(0, widest))])
			.collect();
		let bias = (0..length).map(|_| self.random.integer(0, widest));
		let kept = Operator::Affine {
			bias: bias.collect(),
			terms: vec![term(tensor, length, rows)],
			weight_bits: shift,
		};
		let n = length as u32;
		let (outer, inner, count): (Vec<Axis>, Vec<Axis>, usize) = if self.random.is() {
			(vec![axis(n, 1, 1)], vec![], length)
		} else {
			(vec![axis(1, 0, 0)], vec![axis(n, 1, 1)], 1)
		};
		let product = Operator::Product {
			left: self.next(0),
			right: tensor,
			pairs: Pairs { outer, inner },
		};
		let finish = self.finish(self.next(1), shift);
		self.add(vec![kept, product, finish], count)
	}

	/// The same sums of each of `tokens` parts of the input: families.
	fn families(&mut self, tokens: usize, each: usize, outputs: usize) -> bool {
		let length = tokens * each;
		let widest = 2 + self.random.below(38);
		let weights: Vec<i64> = (0..each * outputs)
			.map(|_| self.random.integer(0, widest))
			.collect();
		let rows = (0..tokens).flat_map(|token| {
			let weights = &weights;
			(0..outputs).map(move |o| {
				(0..each)
					.map(|i| (token * each + i, weights[o * each + i]))
					.collect::<Vec<_>>()
			})
		});
		let rows: Vec<_> = rows.collect();
		let bias = (0..rows.len()).map(|_| self.random.integer(0, widest));
		let bias: Vec<i64> = bias.collect();
		let shift = self.shift();
		let sums = Operator::Affine {
			terms: vec![term(0, length, rows)],
			bias,
			weight_bits: shift,
		};
		let finish = self.finish(self.next(0), shift);
		self.add(vec![sums, finish], tokens * outputs)
	}

	/// A matrix of kept sums times the input's transpose: families whose weights are elements.
	fn product_families(&mut self, rows: usize, columns: usize) -> bool {
		let length = rows * columns;
		let shift = self.shift();
		let widest = 1 + self.random.below(12);
		let matrix = (0..length)
			.map(|i| vec![(i, self.random.integer(0, widest))])
			.collect();
		let kept = Operator::Affine {
			terms: vec![term(0, length, matrix)],
			bias: vec![1; length],
			weight_bits: shift,
		};
		let (rows, columns) = (rows as u32, columns as u32);
		let product = Operator::Product {
			left: self.next(0),
			right: 0,
			pairs: Pairs {
				outer: vec![axis(rows, columns, 0), axis(rows, 0, columns)],
				inner: vec![axis(columns, 1, 1)],
			},
		};
		let finish = self.finish(self.next(1), shift);
		self.add(vec![kept, product, finish], (rows * rows) as usize)
	}
}

/// A random graph of the kind that `seed` says, with what its proofs claim.
pub fn graph(seed: u64) -> (Graph, Claim) {
	let mut random = Random::new(seed);
	let kind = seed % 6;
	let claim = match kind {
		4 => Claim {
			inferences: 2 + random.below(3) as u16,
			hidden_input: random.is(),
		},
		5 => Claim {
			inferences: 1,
			hidden_input: true,
		},
		_ => Claim::default(),
	};
	let inputs = match kind {
		2 => 18,
		3 => 30,
		_ => 2 + random.below(4),
	};
	let width = 1 + random.below(if kind == 0 { 12 } else { 7 });
	let min = if claim.hidden_input {
		[0, -(1 << (width - 1))][random.below(2)]
	} else if random.is() {
		random.integer(0, 30)
	} else {
		-(random.below(1 << width) as i64)
	};
	let input = TensorSpec {
		shape: vec![inputs as u32],
		scale_bits: 0,
		min,
		max: min + (1 << width) - 1,
		visibility: Visibility::Public,
	};
	let mut draft = Draft {
		random,
		input,
		operators: Vec::new(),
		results: vec![(0, inputs)],
	};
	// Blocks that make a number too large are drawn again.
	let mut try_to = |block: &dyn Fn(&mut Draft) -> bool| (0..40).any(|_| block(&mut draft));
	match kind {
		2 => assert!(try_to(&|draft: &mut Draft| draft.families(6, 3, 6))),
		3 => assert!(try_to(&|draft: &mut Draft| draft.product_families(6, 5))),
		_ => {
			try_to(&Draft::cancelling);
			try_to(&Draft::sums);
			try_to(&Draft::products);
		},
	}
	try_to(&Draft::sums);
	if kind != 3 {
		try_to(&Draft::cancelling);
	}
	(draft.graph().unwrap(), claim)
}

/// The layouts to start from: the chosen one, with sums deferred and without.
pub fn chosen(graph: &Graph, claim: Claim) -> Vec<Layout> {
	let found = [false, true].map(|defers| layout::choose_with(graph, claim, defers));
	let mut layouts: Vec<Layout> = found.into_iter().flatten().map(|(_, l)| l).collect();
	layouts.dedup_by_key(|layout| layout.columns.defers());
	layouts
}

/// `from` with `limbs`, other lanes, rows numbered or not, and all that follows; nothing if that is refused.
pub fn accepted(graph: &Graph, from: &Layout, limbs: Limbs, random: &mut Random) -> Option<Layout> {
	let mut layout = *from;
	let columns = &mut layout.columns;
	let is_product = |node: &Node| matches!(node.operator, Operator::Product { .. });
	let least = if graph.nodes().iter().any(is_product) {
		2
	} else {
		1
	};
	columns.lanes = least + random.below(5) as u8;
	columns.limbs = Some(limbs);
	columns.numbered = random.is();
	columns.degree = *layout::DEGREES.end();
	if columns.defers() {
		columns.combined_lanes = 2 + random.below(5) as u8;
	}
	let claim = layout.claim;
	let (lanes, defers) = (columns.lanes, columns.defers_batch());
	columns.inputs = match columns.inputs {
		None => None,
		Some(Inputs {
			domain: Some(_), ..
		}) => BinaryDomain::of(graph)?.packed(&claim, defers, lanes, &limbs),
		Some(Inputs { domain: None, .. }) => {
			let divides = |packed: &u8| claim.inferences.is_multiple_of(u16::from(*packed));
			let packed = (1..=lanes).rev().find(divides)?;
			Some(Inputs {
				packed,
				domain: None,
			})
		},
	};
	let public = claim.public_inputs(graph);
	let rows = layout::rows(graph, &layout)
		.max(1 << limbs.bits)
		.max(public);
	let used = rows + layout.columns.reserved_rows();
	layout.k = u8::try_from(used.next_power_of_two().trailing_zeros()).ok()?;
	if layout.k > MAX_K {
		return None;
	}
	[false, true].into_iter().find_map(|step| {
		layout.columns.gates.step = step;
		layout::check(graph, &layout).is_ok().then_some(layout)
	})
}

/// Every split of limbs over columns and rows, and every width, in which `layout::check` finds no fault with the limbs.
pub fn limbs(graph: &Graph, from: &Layout) -> Vec<Limbs> {
	let mut found = Vec::new();
	for bits in 1..=MAX_LIMB_BITS {
		for low in 0..MAX_LIMBS {
			for high in 1..=MAX_LIMBS - low {
				let count = low + high;
				let limbs = |columns: u8, cells: u8| Limbs {
					bits,
					low,
					high,
					columns,
					rows: cells.div_ceil(columns),
				};
				// Whether limbs are enough does not depend on where they are, or on the rest.
				let mut layout = *from;
				layout.columns.limbs = Some(limbs(count, count));
				let refused = matches!(
					layout::check(graph, &layout),
					Err(LayoutError::Unfit { reason, .. }) if reason.starts_with("the limbs")
				);
				if refused {
					continue;
				}
				for columns in 1..=count {
					let [fewest, more] = [count, count + 1].map(|cells| limbs(columns, cells));
					found.push(fewest);
					if more != fewest {
						found.push(more);
					}
				}
			}
		}
	}
	found
}

/// Inputs at the corners of the domain: least and greatest, alternating, and for each element that is added
/// up those that make it least and greatest, found one input after the other.
pub fn corners(graph: &Graph) -> Vec<Vec<i64>> {
	let (min, max) = (graph.input().min, graph.input().max);
	let length = graph.input().len();
	let alternating = |first: usize| {
		let inputs = (first..first + length).map(|i| if i.is_multiple_of(2) { min } else { max });
		inputs.collect::<Vec<i64>>()
	};
	let mut corners = vec![
		vec![min; length],
		vec![max; length],
		alternating(0),
		alternating(1),
	];
	let mut seen: BTreeSet<Vec<i64>> = corners.iter().cloned().collect();
	for (node, tensor) in graph.nodes().iter().zip(1..) {
		if !matches!(
			node.operator,
			Operator::Affine { .. } | Operator::Product { .. }
		) {
			continue;
		}
		for element in 0..graph.tensors()[tensor].bounds.len() {
			for sign in [1, -1] {
				let value = |input: &[i64]| {
					let values = execute_all(graph, input).unwrap();
					sign * values[tensor][element]
				};
				let mut input = vec![min; length];
				let mut best = value(&input);
				for i in 0..length {
					input[i] = max;
					let other = value(&input);
					if other > best {
						best = other;
					} else {
						input[i] = min;
					}
				}
				if seen.insert(input.clone()) {
					corners.push(input);
				}
			}
		}
	}
	corners
}
