//! `ai.onnx.ml`: tree ensembles.

use super::{
	linear_ml::{both_classes, classes, label_and_scores, post_transform, rows, transform_of},
	one,
};
use crate::{
	float_graph::{FloatBranch, FloatForest, FloatOperator, FloatTree},
	onnx::{
		attributes::Attributes,
		reader::{Kind, NodeReader, Value, Variable},
		OnnxError,
	},
};
use std::collections::{BTreeMap, HashMap};

/// A node of an ONNX ensemble.
#[derive(Clone, Default)]
struct Entry {
	feature: u32,
	threshold: f64,
	strict: bool,
	swapped: bool,
	is_leaf: bool,
	/// Where a true comparison leads.
	yes: i64,
	no: i64,
	weights: BTreeMap<u32, f64>,
}

/// TreeEnsembleRegressor and TreeEnsembleClassifier.
pub fn ensemble(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let is_classifier = node.operator.ends_with("Classifier");
	let mut attributes = node.attributes();
	let trees = list(&mut attributes, "nodes_treeids");
	let ids = list(&mut attributes, "nodes_nodeids");
	let features = list(&mut attributes, "nodes_featureids");
	let modes = attributes.strings("nodes_modes").unwrap_or_default();
	let thresholds = floats(&mut attributes, "nodes_values")?;
	let yes = list(&mut attributes, "nodes_truenodeids");
	let no = list(&mut attributes, "nodes_falsenodeids");
	let prefix = if is_classifier { "class" } else { "target" };
	let leaf_trees = list(&mut attributes, &format!("{prefix}_treeids"));
	let leaf_nodes = list(&mut attributes, &format!("{prefix}_nodeids"));
	let leaf_targets = list(&mut attributes, &format!("{prefix}_ids"));
	let weights = floats(&mut attributes, &format!("{prefix}_weights"))?;
	let base = floats(&mut attributes, "base_values")?;
	let aggregate = attributes
		.string("aggregate_function")
		.unwrap_or_else(|| "SUM".into());
	let classes = classes(&mut attributes);
	let targets = if is_classifier {
		classes
	} else {
		usize::try_from(attributes.int("n_targets", 1)).unwrap_or_default()
	};
	let transform = transform_of(&mut attributes)?;
	attributes.skip("nodes_hitrates");
	attributes.skip("nodes_hitrates_as_tensor");
	// Missing values are no admissible input.
	attributes.skip("nodes_missing_value_tracks_true");
	let bad_aggregate = attributes.unsupported(
		"aggregate_function",
		format!("is {aggregate:?}, not SUM or AVERAGE"),
	);
	let bad_mode =
		attributes.unsupported("nodes_modes", "holds a comparison other than <=, <, >=, >");
	attributes.finish()?;
	let malformed =
		|node: &NodeReader<'_>| node.bad_shape("the trees' attributes differ in length");
	let count = ids.len();
	if [
		trees.len(),
		features.len(),
		modes.len(),
		thresholds.len(),
		yes.len(),
		no.len(),
	]
	.iter()
	.any(|n| *n != count)
		|| [leaf_nodes.len(), leaf_targets.len(), weights.len()]
			.iter()
			.any(|n| *n != leaf_trees.len())
	{
		return Err(malformed(node));
	}
	let mut entries: BTreeMap<i64, HashMap<i64, Entry>> = BTreeMap::new();
	let mut roots: BTreeMap<i64, i64> = BTreeMap::new();
	let ids_and_trees = trees.iter().zip(&ids);
	let comparisons = features.iter().zip(&modes).zip(&thresholds);
	for (((tree, id), ((feature, mode), threshold)), (yes, no)) in
		ids_and_trees.zip(comparisons).zip(yes.iter().zip(&no))
	{
		// x <= t and x < t lead to yes; x >= t and x > t are their opposites.
		let (strict, swapped, is_leaf) = match mode.as_str() {
			"BRANCH_LEQ" => (false, false, false),
			"BRANCH_LT" => (true, false, false),
			"BRANCH_GTE" => (true, true, false),
			"BRANCH_GT" => (false, true, false),
			"LEAF" => (false, false, true),
			_ => return Err(bad_mode),
		};
		roots.entry(*tree).or_insert(*id);
		let entry = Entry {
			feature: u32::try_from(*feature).unwrap_or(u32::MAX),
			threshold: *threshold,
			strict,
			swapped,
			is_leaf,
			yes: *yes,
			no: *no,
			weights: BTreeMap::new(),
		};
		entries.entry(*tree).or_default().insert(*id, entry);
	}
	// A classifier of two classes may have weights for one of them only.
	let first = leaf_targets.first().copied();
	let is_binary =
		is_classifier && classes == 2 && leaf_targets.iter().all(|target| Some(*target) == first);
	let average = if aggregate == "AVERAGE" {
		entries.len().max(1) as f64
	} else {
		1.0
	};
	if !["SUM", "AVERAGE"].contains(&aggregate.as_str()) {
		return Err(bad_aggregate);
	}
	for (((tree, id), target), weight) in leaf_trees
		.iter()
		.zip(&leaf_nodes)
		.zip(&leaf_targets)
		.zip(&weights)
	{
		let entry = entries.get_mut(tree).and_then(|nodes| nodes.get_mut(id));
		let target = if is_binary { 0 } else { *target };
		let (Some(entry), Ok(target)) = (entry, u32::try_from(target)) else {
			return Err(node.bad_shape("a weight belongs to no leaf"));
		};
		*entry.weights.entry(target).or_default() += weight / average;
	}
	let targets = if is_binary { 1 } else { targets };
	let mut forest = Vec::with_capacity(entries.len());
	for (tree, nodes) in &entries {
		let root = roots.get(tree).copied().unwrap_or_default();
		forest
			.push(walk(nodes, root).ok_or_else(|| node.bad_shape("a tree's nodes make no tree"))?);
	}
	// `targets` is an attribute: it is bounded here.
	let mut start = vec![0.0; node.size(&[targets])?];
	if !base.is_empty() {
		if base.len() != targets && !(is_binary && base.len() == 2) {
			return Err(node.bad_shape("there is not one base value per target"));
		}
		// Two base values of a binary classifier: the second is that of its one score.
		let skip = base.len().saturating_sub(targets);
		for (slot, base) in start.iter_mut().zip(base.iter().skip(skip)) {
			*slot = *base;
		}
	}
	let scores = grow(node, forest, start)?;
	if !is_classifier {
		let scores = post_transform(node, &scores, &transform)?;
		return one(node, scores);
	}
	if is_binary {
		// Weights that are all probabilities make a probability, as in ONNX Runtime.
		let all_positive = weights.iter().all(|w| *w >= 0.0) && base.iter().all(|b| *b >= 0.0);
		let scores = if transform == "LOGISTIC" {
			let scores = post_transform(node, &scores, &transform)?;
			both_classes(node, &scores, true)?
		} else {
			let both = both_classes(node, &scores, all_positive && transform == "NONE")?;
			post_transform(node, &both, &transform)?
		};
		return Ok(label_and_scores(node, scores));
	}
	let scores = post_transform(node, &scores, &transform)?;
	Ok(label_and_scores(node, scores))
}

/// TreeEnsemble, of opset 5 of `ai.onnx.ml`.
pub fn ensemble_v5(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let mut attributes = node.attributes();
	let roots = list(&mut attributes, "tree_roots");
	let features = list(&mut attributes, "nodes_featureids");
	let thresholds = floats(&mut attributes, "nodes_splits")?;
	let modes = match attributes.tensor("nodes_modes") {
		Some(tensor) => tensor?.to_floats(),
		None => Vec::new(),
	};
	let yes = list(&mut attributes, "nodes_truenodeids");
	let no = list(&mut attributes, "nodes_falsenodeids");
	let yes_leaf = list(&mut attributes, "nodes_trueleafs");
	let no_leaf = list(&mut attributes, "nodes_falseleafs");
	let leaf_targets = list(&mut attributes, "leaf_targetids");
	let weights = floats(&mut attributes, "leaf_weights")?;
	let targets = usize::try_from(attributes.int("n_targets", 1)).unwrap_or_default();
	let aggregate = attributes.int("aggregate_function", 1);
	let transform = attributes.int("post_transform", 0);
	attributes.skip("nodes_missing_value_tracks_true");
	attributes.skip("nodes_hitrates");
	let bad_mode =
		attributes.unsupported("nodes_modes", "holds a comparison other than <=, <, >=, >");
	let bad_aggregate = attributes.unsupported("aggregate_function", "is neither sum nor average");
	let bad_transform =
		attributes.unsupported("post_transform", "is none of none, softmax, logistic");
	attributes.unsupported_if_present("membership_values")?;
	attributes.finish()?;
	let transform = match transform {
		0 => "NONE",
		1 => "SOFTMAX",
		2 => "LOGISTIC",
		_ => return Err(bad_transform),
	};
	let count = features.len();
	if [
		thresholds.len(),
		modes.len(),
		yes.len(),
		no.len(),
		yes_leaf.len(),
		no_leaf.len(),
	]
	.iter()
	.any(|n| *n != count)
		|| leaf_targets.len() != weights.len()
	{
		return Err(node.bad_shape("the trees' attributes differ in length"));
	}
	let average = match aggregate {
		0 => roots.len().max(1) as f64,
		1 => 1.0,
		_ => return Err(bad_aggregate),
	};
	// Leaves are numbered after the branches.
	let number = |to: i64, is_leaf: i64| {
		if is_leaf != 0 {
			to.saturating_add(count as i64)
		} else {
			to
		}
	};
	let mut nodes: HashMap<i64, Entry> = HashMap::new();
	let links = yes.iter().zip(&yes_leaf).zip(no.iter().zip(&no_leaf));
	let comparisons = features.iter().zip(&thresholds).zip(&modes);
	for (id, (((feature, threshold), mode), ((yes, yes_leaf), (no, no_leaf)))) in
		comparisons.zip(links).enumerate()
	{
		let (strict, swapped) = match *mode as i64 {
			0 => (false, false),
			1 => (true, false),
			2 => (true, true),
			3 => (false, true),
			_ => return Err(bad_mode),
		};
		let entry = Entry {
			feature: u32::try_from(*feature).unwrap_or(u32::MAX),
			threshold: *threshold,
			strict,
			swapped,
			yes: number(*yes, *yes_leaf),
			no: number(*no, *no_leaf),
			..Entry::default()
		};
		nodes.insert(id as i64, entry);
	}
	for (leaf, (target, weight)) in leaf_targets.iter().zip(&weights).enumerate() {
		let target = u32::try_from(*target).map_err(|_| node.bad_shape("a target is negative"))?;
		let entry = Entry {
			is_leaf: true,
			weights: [(target, weight / average)].into(),
			..Entry::default()
		};
		nodes.insert(number(leaf as i64, 1), entry);
	}
	let mut forest = Vec::with_capacity(roots.len());
	for root in roots {
		forest
			.push(walk(&nodes, root).ok_or_else(|| node.bad_shape("a tree's nodes make no tree"))?);
	}
	// `targets` is an attribute: it is bounded here.
	let start = vec![0.0; node.size(&[targets])?];
	let scores = grow(node, forest, start)?;
	let scores = post_transform(node, &scores, transform)?;
	one(node, scores)
}

/// Numbers the nodes from the root on, branches first; nothing if they make no tree.
fn walk(nodes: &HashMap<i64, Entry>, root: i64) -> Option<FloatTree> {
	let (mut branches, mut leaves) = (Vec::new(), Vec::new());
	let mut open = vec![root];
	let mut numbers = HashMap::new();
	// Parents come before their successors.
	while let Some(id) = open.pop() {
		let entry = nodes.get(&id)?;
		if numbers.contains_key(&id) {
			return None;
		}
		if entry.is_leaf {
			numbers.insert(id, (true, leaves.len()));
			leaves.push(entry);
		} else {
			numbers.insert(id, (false, branches.len()));
			branches.push(entry);
			open.extend([entry.no, entry.yes]);
		}
	}
	let number = |id: &i64| {
		let (is_leaf, index) = numbers.get(id)?;
		u32::try_from(if *is_leaf {
			branches.len() + index
		} else {
			*index
		})
		.ok()
	};
	let branches = branches
		.iter()
		.map(|entry| {
			let (yes, no) = (number(&entry.yes)?, number(&entry.no)?);
			let (yes, no) = if entry.swapped { (no, yes) } else { (yes, no) };
			Some(FloatBranch {
				feature: entry.feature,
				threshold: entry.threshold,
				strict: entry.strict,
				yes,
				no,
			})
		})
		.collect::<Option<_>>()?;
	let leaves = leaves
		.iter()
		.map(|entry| {
			entry
				.weights
				.iter()
				.map(|(target, weight)| (*target, *weight))
				.collect()
		})
		.collect();
	Some(FloatTree { branches, leaves })
}

fn grow(
	node: &mut NodeReader<'_>,
	trees: Vec<FloatTree>,
	base: Vec<f64>,
) -> Result<Variable, OnnxError> {
	let (x, rows, features) = rows(node)?;
	let targets = base.len();
	let exists = |tree: &FloatTree| {
		tree.branches
			.iter()
			.all(|b| (b.feature as usize) < features)
			&& tree
				.leaves
				.iter()
				.flatten()
				.all(|(target, _)| (*target as usize) < targets)
	};
	if !trees.iter().all(exists) || targets == 0 {
		return Err(node.bad_shape("a tree refers to a feature or target that does not exist"));
	}
	node.size(&[rows, targets])?;
	let forest = FloatForest {
		features,
		rows,
		base,
		trees,
	};
	let input = x.value;
	node.push(
		vec![rows, targets],
		Kind::Real,
		FloatOperator::Trees { input, forest },
	)
}

/// A list of integers, as an attribute of either form.
fn list(attributes: &mut Attributes<'_>, name: &str) -> Vec<i64> {
	attributes.ints(name).unwrap_or_default()
}

/// A list of real numbers, as a list or as a tensor.
fn floats(attributes: &mut Attributes<'_>, name: &str) -> Result<Vec<f64>, OnnxError> {
	if let Some(tensor) = attributes.tensor(&format!("{name}_as_tensor")) {
		return Ok(tensor?.to_floats());
	}
	match attributes.tensor_or_floats(name) {
		Some(values) => values,
		None => Ok(Vec::new()),
	}
}
