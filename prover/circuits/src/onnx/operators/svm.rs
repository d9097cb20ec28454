//! `ai.onnx.ml`: support vector machines.

use super::{
	linear_ml::{
		both_classes, classes, dense, label_and_scores, post_transform, rows, transform_of,
	},
	one,
};
use crate::{
	float_graph::{FloatOperator, Function, Ranking},
	linear_map::LinearMap,
	onnx::{
		attributes::Attributes,
		reader::{Kind, NodeReader, Value, Variable},
		OnnxError,
	},
};

/// A support vector machine, as the operators' attributes say it.
struct Machine {
	coefficients: Vec<f64>,
	/// `count` vectors; none if the coefficients are weights of the features.
	vectors: Vec<f64>,
	count: usize,
	kernel: String,
	/// Gamma, offset, degree.
	parameters: [f64; 3],
}

/// SVMRegressor: `Σ c·k(v, x) + rho`; with one class 1 where that is above 0, else −1.
pub fn regressor(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let mut machine = Machine::read(&mut attributes);
	let rho = attributes.floats("rho").unwrap_or_default();
	let one_class = attributes.int("one_class", 0) != 0;
	let count = attributes.int("n_supports", 0);
	let transform = transform_of(&mut attributes)?;
	attributes.finish()?;
	let x = rows(node)?;
	machine.count = match usize::try_from(count) {
		Ok(count @ 1..) => count,
		_ => machine.vectors.len() / x.2.max(1),
	};
	let weights = machine.coefficients.clone();
	let score = machine.scores(node, &x, weights, 1)?;
	let score = node.scaled(&score, 1.0, rho.first().copied().unwrap_or_default())?;
	let score = if one_class {
		let above = node.step(&score, true)?;
		node.scaled(&above, 2.0, -1.0)?
	} else {
		post_transform(node, &score, &transform)?
	};
	one(node, score)
}

/// SVMClassifier. Each pair of classes i < j has a score, above 0 for i. With two classes, or without
/// support vectors (a score per class), the label is that of the greatest score; with more, that of
/// the most pairs won, the first of equals.
pub fn classifier(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let mut machine = Machine::read(&mut attributes);
	let rho = attributes.floats("rho").unwrap_or_default();
	let per_class: Vec<usize> = attributes
		.ints("vectors_per_class")
		.unwrap_or_default()
		.iter()
		.map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
		.collect();
	let slopes = attributes.floats("prob_a").unwrap_or_default();
	let offsets = attributes.floats("prob_b").unwrap_or_default();
	let labels = attributes.ints("classlabels_ints").unwrap_or_default();
	let classes = classes(&mut attributes).max(labels.len());
	let transform = transform_of(&mut attributes)?;
	let bad_probabilities = attributes.unsupported(
		"prob_a",
		"asks for probabilities of more than three classes, which are the solution of an \
		 optimisation problem; only scores are supported",
	);
	let bad_classes = attributes.unsupported(
		"vectors_per_class",
		"does not fit the class labels and the other attributes",
	);
	attributes.finish()?;
	let x = rows(node)?;
	if machine.vectors.is_empty() {
		// Linear: the coefficients are the weights.
		let weights = machine.coefficients.clone();
		let targets = weights.len() / x.2.max(1);
		if targets == 0 || ![1, classes].contains(&targets) {
			return Err(bad_classes);
		}
		let scores = dense(node, &x, weights, targets)?;
		let mut scores = node.scaled(&scores, 1.0, rho.first().copied().unwrap_or_default())?;
		if targets == 1 && classes == 2 {
			scores = both_classes(node, &scores, false)?;
		}
		let scores = post_transform(node, &scores, &transform)?;
		return Ok(label_and_scores(node, scores));
	}
	machine.count = per_class.iter().fold(0, |sum, n| sum.saturating_add(*n));
	let count = machine.count;
	if per_class.len() != classes
		|| classes < 2
		|| count.checked_mul(classes - 1) != Some(machine.coefficients.len())
	{
		return Err(bad_classes);
	}
	let pairs = classes * (classes - 1) / 2;
	if rho.len() != pairs && !(pairs == 1 && rho.is_empty()) {
		return Err(node.bad_shape(format!("{classes} classes need {pairs} values of rho")));
	}
	let scores = if pairs == 1 {
		let weights = machine.coefficients.clone();
		machine.scores(node, &x, weights, 1)?
	} else {
		node.check_entries(pairs.checked_mul(count))?;
		let weights = machine.pair_weights(&per_class);
		machine.scores(node, &x, weights, pairs)?
	};
	let rho = node.constant_of(vec![pairs], if rho.is_empty() { vec![0.0] } else { rho })?;
	let scores = node.sum(&[(&scores, 1.0), (&rho, 1.0)])?;
	if pairs > 1 {
		if !slopes.is_empty() {
			if classes != 3 || slopes.len() != 3 || offsets.len() != 3 {
				return Err(bad_probabilities);
			}
			let scores = probabilities_of_three(node, &scores, slopes, offsets)?;
			return Ok(label_and_scores(node, scores));
		}
		let label = most_pairs(node, &scores, classes, &labels)?;
		let scores = post_transform(node, &scores, &transform)?;
		return Ok(vec![node.to_value(label), node.to_value(scores)]);
	}
	let scores = if let Some(slope) = slopes.first() {
		// The probability of the first class: 1 / (1 + e^(a·s + b)).
		let offset = offsets.first().copied().unwrap_or_default();
		let line = node.scaled(&scores, -slope, -offset)?;
		let first = node.function(&line, Function::Sigmoid)?;
		let second = node.scaled(&first, -1.0, 1.0)?;
		super::movement::join(node, &[first, second], -1)?
	} else {
		both_classes(node, &scores, false)?
	};
	let scores = post_transform(node, &scores, &transform)?;
	Ok(label_and_scores(node, scores))
}

/// The probabilities of three classes from those of their pairs, `r_ij = 1 / (1 + e^(a·s + b))`: the p
/// that minimises `Σ (r_ji·p_i − r_ij·p_j)²` (Wu, Lin and Weng 2004, second method; LIBSVM and ONNX
/// Runtime iterate towards it). With `Q_ii = Σ r_ji²` and `Q_ij = −r_ji·r_ij` that is
/// `adj(Q)·1 / (1ᵀ·adj(Q)·1)`.
fn probabilities_of_three(
	node: &mut NodeReader<'_>,
	scores: &Variable,
	slopes: Vec<f64>,
	offsets: Vec<f64>,
) -> Result<Variable, OnnxError> {
	let rows = scores.shape.first().copied().unwrap_or(1);
	let negative = |values: Vec<f64>| values.into_iter().map(|x| -x).collect();
	let slopes = node.constant_of(vec![3], negative(slopes))?;
	let offsets = node.constant_of(vec![3], negative(offsets))?;
	let line = node.times(scores, &slopes)?;
	let line = node.sum(&[(&line, 1.0), (&offsets, 1.0)])?;
	let won = node.function(&line, Function::Sigmoid)?;
	let lost = node.scaled(&won, -1.0, 1.0)?;
	// Per pair of classes 01, 02 and 12: r_ij², r_ji² and r_ij·r_ji = −Q_ij.
	let won_squared = node.times(&won, &won)?;
	let lost_squared = node.times(&lost, &lost)?;
	let both = node.times(&won, &lost)?;
	// Column i of each of three matrices, weighted.
	let columns = |node: &mut NodeReader<'_>, terms: [(&Variable, [[f64; 3]; 3]); 2]| {
		let mut maps = Vec::with_capacity(2);
		for (x, weights) in terms {
			let of = |flat: usize| {
				let row = weights.get(flat % 3).copied().unwrap_or_default();
				(0..3).zip(row).map(move |(i, w)| (flat / 3 * 3 + i, w))
			};
			let map = LinearMap::from_rows(rows * 3, (0..rows * 3).map(of))?;
			maps.push((x.value, map));
		}
		let maps = crate::float_graph::merge(maps)?;
		node.affine(vec![rows, 3], Kind::Real, maps, vec![0.0; rows * 3])
	};
	let none = [[0.0; 3]; 3];
	// Q_00, Q_11, Q_22: won pairs count for the second class, lost ones for the first.
	let diagonal = columns(
		node,
		[
			(
				&lost_squared,
				[[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]],
			),
			(
				&won_squared,
				[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]],
			),
		],
	)?;
	let order = |node: &mut NodeReader<'_>, x: &Variable, from: [usize; 3]| {
		// Row j of the weights picks column from[j].
		let mut weights = none;
		for (row, i) in weights.iter_mut().zip(from) {
			if let Some(slot) = row.get_mut(i) {
				*slot = 1.0;
			}
		}
		columns(node, [(x, weights), (x, none)])
	};
	// Of −Q: 12, 02, 01 opposite the classes 0, 1, 2.
	let opposite = order(node, &both, [2, 1, 0])?;
	let next = order(node, &diagonal, [1, 2, 0])?;
	let after = order(node, &diagonal, [2, 0, 1])?;
	let opposite_next = order(node, &opposite, [1, 2, 0])?;
	let opposite_after = order(node, &opposite, [2, 0, 1])?;
	// Cofactor ii is Q_jj·Q_kk − Q_jk², cofactor jk is Q_ij·Q_ik − Q_jk·Q_ii (Q_jk opposite i).
	let product = node.times(&next, &after)?;
	let square = node.times(&opposite, &opposite)?;
	let own = node.sum(&[(&product, 1.0), (&square, -1.0)])?;
	let product = node.times(&opposite_next, &opposite_after)?;
	let mixed = node.times(&opposite, &diagonal)?;
	let cross = node.sum(&[(&product, 1.0), (&mixed, 1.0)])?;
	// Row i of the adjoint adds up to cofactor ii and the two others' with i.
	let others = |flat: usize| {
		let start = flat / 3 * 3;
		(0..3)
			.filter(move |i| *i != flat % 3)
			.map(move |i| (start + i, 1.0))
	};
	let map = LinearMap::from_rows(rows * 3, (0..rows * 3).map(others))?;
	let crosses = node.affine(
		vec![rows, 3],
		Kind::Real,
		vec![(cross.value, map)],
		vec![0.0; rows * 3],
	)?;
	let weights = node.sum(&[(&own, 1.0), (&crosses, 1.0)])?;
	let groups: Vec<Vec<usize>> = (0..rows)
		.map(|row| (3 * row..3 * row + 3).collect())
		.collect();
	let total = node.sum_groups(&weights, vec![rows, 1], &groups, 1.0)?;
	// It is at least 3/2 (over a grid of all r), which the intervals do not see.
	let total = node.clip(&total, Some(1.0), None)?;
	node.quotient(&weights, &total)
}

/// The class that wins most pairs, by its label; by its index if labels are texts.
fn most_pairs(
	node: &mut NodeReader<'_>,
	scores: &Variable,
	classes: usize,
	labels: &[i64],
) -> Result<Variable, OnnxError> {
	let rows = scores.shape.first().copied().unwrap_or(1);
	let pairs = classes * (classes - 1) / 2;
	node.check_entries(rows.checked_mul(pairs).and_then(|n| n.checked_mul(2)))?;
	let wins = node.step(scores, true)?;
	let mut maps = Vec::with_capacity(rows * classes);
	let mut bias = Vec::with_capacity(rows * classes);
	for row in 0..rows {
		for class in 0..classes {
			let mut weights = Vec::new();
			let mut pair = row * pairs;
			for i in 0..classes {
				for j in i + 1..classes {
					if i == class {
						weights.push((pair, 1.0));
					} else if j == class {
						weights.push((pair, -1.0));
					}
					pair += 1;
				}
			}
			// It is the second of as many pairs as there are classes before it.
			bias.push(class as f64);
			maps.push(weights);
		}
	}
	let map = LinearMap::from_rows(rows * pairs, maps)?;
	let votes = node.affine(
		vec![rows, classes],
		Kind::Integer,
		vec![(wins.value, map)],
		bias,
	)?;
	let ranking = Ranking {
		groups: super::rank::along(&votes.shape, 1),
		count: 1,
		greatest: true,
		last: false,
	};
	let operator = FloatOperator::Rank {
		input: votes.value,
		ranking,
		labels: true,
	};
	let index = node.push(vec![rows], Kind::Integer, operator)?;
	if labels.is_empty() || labels.iter().copied().eq(0..classes as i64) {
		return Ok(index);
	}
	// The first label, and where the index is at least i, the difference to the one before it.
	let first = labels.first().copied().unwrap_or_default() as f64;
	let mut label = node.scaled(&index, 0.0, first)?;
	for (i, pair) in (1..).zip(labels.windows(2)) {
		let [before, after] = pair else {
			continue;
		};
		let reached = node.scaled(&index, 1.0, -f64::from(i))?;
		let reached = node.step(&reached, false)?;
		let difference = after.saturating_sub(*before) as f64;
		label = node.sum(&[(&label, 1.0), (&reached, difference)])?;
	}
	Ok(Variable {
		kind: Kind::Integer,
		..label
	})
}

impl Machine {
	fn read(attributes: &mut Attributes<'_>) -> Self {
		let parameters = attributes.floats("kernel_params").unwrap_or_default();
		let parameter = |i: usize, default: f64| parameters.get(i).copied().unwrap_or(default);
		Self {
			coefficients: attributes.floats("coefficients").unwrap_or_default(),
			vectors: attributes.floats("support_vectors").unwrap_or_default(),
			count: 0,
			kernel: attributes
				.string("kernel_type")
				.unwrap_or_else(|| "LINEAR".into()),
			parameters: [parameter(0, 1.0), parameter(1, 0.0), parameter(2, 3.0)],
		}
	}

	/// The vectors' weights in each pair of classes, pair after pair. Coefficient row j − 1 has those of
	/// class i's vectors against class j, row i those of class j's vectors against class i.
	fn pair_weights(&self, per_class: &[usize]) -> Vec<f64> {
		let count = self.count;
		let mut starts = Vec::with_capacity(per_class.len());
		let mut start = 0;
		for n in per_class {
			starts.push(start..start + n);
			start += n;
		}
		let mut weights = Vec::new();
		for (i, of_i) in starts.iter().enumerate() {
			for (j, of_j) in starts.iter().enumerate().skip(i + 1) {
				weights.extend((0..count).map(|vector| {
					let row = if of_i.contains(&vector) {
						j - 1
					} else if of_j.contains(&vector) {
						i
					} else {
						return 0.0;
					};
					let at = self.coefficients.get(row * count + vector);
					at.copied().unwrap_or_default()
				}));
			}
		}
		weights
	}

	/// `Σ w·k(v, x)` over the vectors v, for `targets` rows of weights; without vectors `w·x`.
	fn scores(
		&self,
		node: &mut NodeReader<'_>,
		x: &(Variable, usize, usize),
		weights: Vec<f64>,
		targets: usize,
	) -> Result<Variable, OnnxError> {
		let (count, features) = (self.count, x.2);
		if self.vectors.is_empty() {
			if weights.len() != features * targets {
				return Err(node.bad_shape("the coefficients do not fit the features"));
			}
			return dense(node, x, weights, targets);
		}
		if count.checked_mul(features) != Some(self.vectors.len())
			|| count.checked_mul(targets) != Some(weights.len())
		{
			return Err(node.bad_shape("support vectors and coefficients do not fit the features"));
		}
		let vectors = self.vectors.clone();
		let [gamma, offset, degree] = self.parameters;
		let kernels = match self.kernel.as_str() {
			"LINEAR" => {
				// Σ w·(v·x) = (Σ w·v)·x
				node.check_entries(weights.len().checked_mul(features))?;
				let mut sums = vec![0.0; targets * features];
				for (sums, weights) in sums
					.chunks_mut(features.max(1))
					.zip(weights.chunks(count.max(1)))
				{
					for (vector, weight) in vectors.chunks(features.max(1)).zip(weights) {
						for (sum, x) in sums.iter_mut().zip(vector) {
							*sum += weight * x;
						}
					}
				}
				return dense(node, x, sums, targets);
			},
			"RBF" => {
				// ‖v − x‖² = ‖x‖² − 2·v·x + ‖v‖²
				let sizes: Vec<f64> = vectors
					.chunks(features.max(1))
					.map(|v| v.iter().map(|x| x * x).sum())
					.collect();
				let products = dense(node, x, vectors, count)?;
				let squares = node.times(&x.0, &x.0)?;
				let last = x.0.shape.len().saturating_sub(1);
				let groups = super::build::groups(&x.0.shape, &[last]);
				let norm = node.sum_groups(&squares, vec![x.1, 1], &groups, 1.0)?;
				let sizes = node.constant_of(vec![count], sizes)?;
				let distance =
					node.sum(&[(&products, 2.0 * gamma), (&norm, -gamma), (&sizes, -gamma)])?;
				let distance = node.clip(&distance, None, Some(0.0))?;
				node.function(&distance, Function::Exp)?
			},
			"POLY" if degree.fract() == 0.0 && (1.0..=16.0).contains(&degree) => {
				let products = dense(node, x, vectors, count)?;
				let line = node.scaled(&products, gamma, offset)?;
				super::arithmetic::whole_power(node, &line, degree as u32)?
			},
			"SIGMOID" => {
				let products = dense(node, x, vectors, count)?;
				let line = node.scaled(&products, gamma, offset)?;
				node.function(&line, Function::Tanh)?
			},
			kernel => {
				let reason = if kernel == "POLY" {
					format!("is \"POLY\" of degree {degree}; expected an integer in 1..=16")
				} else {
					format!("is {kernel:?}; expected LINEAR, POLY, RBF or SIGMOID")
				};
				return Err(node.attributes().unsupported("kernel_type", reason));
			},
		};
		// The weights' columns are the targets.
		let transposed = (0..count).flat_map(|vector| {
			let weights = &weights;
			(0..targets).map(move |target| weights.get(target * count + vector))
		});
		let transposed = transposed.map(|w| w.copied().unwrap_or_default()).collect();
		let weights = node.constant_of(vec![count, targets], transposed)?;
		super::matmul::stacked(node, &kernels, &weights)
	}
}
