//! Convolutions with constant kernels: sparse linear maps.

use super::{matmul::align_zero, one, pool::Window};
use crate::{
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// Conv and ConvInteger.
pub fn conv(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let (mut x, mut w) = (node.variable(0)?, node.variable(1)?);
	let bias = if node.operator == "ConvInteger" {
		for (value, index) in [(&mut x, 2), (&mut w, 3)] {
			if let Some(zero) = node.optional_variable(index)? {
				let mut zero = align_zero(zero, 0, false);
				if let [n] = zero.shape.as_slice() {
					let mut shape = vec![1; value.shape.len()];
					if let Some(slot) = shape.first_mut() {
						*slot = *n;
					}
					zero.shape = shape;
				}
				*value = node.difference(value, &zero)?;
			}
		}
		None
	} else {
		node.optional_variable(2)?
	};
	let result = convolve(node, &x, &w, bias.as_ref())?;
	one(node, result)
}

/// The convolution of `x` with the kernels `w`, with the node's attributes.
pub fn convolve(
	node: &mut NodeReader<'_>,
	x: &Variable,
	w: &Variable,
	bias: Option<&Variable>,
) -> Result<Variable, OnnxError> {
	let mut attributes = node.attributes();
	let groups = usize::try_from(attributes.int("group", 1)).unwrap_or_default();
	attributes.skip("kernel_shape");
	let ([batch, channels, spatial @ ..], [filters, per_group, kernel @ ..]) =
		(x.shape.as_slice(), w.shape.as_slice())
	else {
		return Err(node.bad_shape("expected a batch and a channel dimension"));
	};
	let window = Window::new(node, &mut attributes, spatial, kernel.to_vec())?;
	attributes.finish()?;
	if groups == 0 || per_group.checked_mul(groups) != Some(*channels) || filters % groups != 0 {
		return Err(node.bad_shape(format!(
			"{filters} filters over {per_group} channels in {groups} groups do not fit {channels} \
			 channels"
		)));
	}
	let mut shape = vec![*batch, *filters];
	shape.extend(&window.output);
	let size = node.size(&shape)?;
	let cells: usize = kernel.iter().product();
	node.check_entries(size.checked_mul(cells * per_group))?;
	let weights = node
		.known(w)
		.ok_or_else(|| node.bad_operand("the kernel must be a constant"))?;
	let plane: usize = spatial.iter().product();
	let filters_per_group = filters / groups;
	let positions: Vec<_> = window.positions().map(|at| window.cells(&at)).collect();
	let mut rows = Vec::with_capacity(size);
	for b in 0..*batch {
		for filter in 0..*filters {
			let first = filter / filters_per_group * per_group;
			for position in &positions {
				let mut row = Vec::with_capacity(cells * per_group);
				for c in 0..*per_group {
					let base = (b * channels + first + c) * plane;
					let kernel = (filter * per_group + c) * cells;
					for (cell, (i, _)) in position.iter().enumerate() {
						if let Some(i) = i {
							let weight = weights.get(kernel + cell).copied().unwrap_or_default();
							row.push((base + i, weight));
						}
					}
				}
				rows.push(row);
			}
		}
	}
	let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
	with_bias(node, x, map, shape, bias)
}

fn with_bias(
	node: &mut NodeReader<'_>,
	x: &Variable,
	map: LinearMap<f64>,
	shape: Vec<usize>,
	bias: Option<&Variable>,
) -> Result<Variable, OnnxError> {
	let size = node.size(&shape)?;
	let kind = x.kind.max(Kind::Integer);
	let sum = node.affine(shape.clone(), kind, vec![(x.value, map)], vec![0.0; size])?;
	match bias {
		None => Ok(sum),
		Some(bias) => {
			// One number per channel.
			let mut per_channel = vec![1; shape.len()];
			if let Some(slot) = per_channel.get_mut(1) {
				*slot = bias.shape.iter().product();
			}
			let bias = Variable {
				shape: per_channel,
				..bias.clone()
			};
			node.sum(&[(&sum, 1.0), (&bias, 1.0)])
		},
	}
}

/// ConvTranspose.
pub fn transposed(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let (x, w) = (node.variable(0)?, node.variable(1)?);
	let bias = node.optional_variable(2)?;
	let mut attributes = node.attributes();
	let groups = usize::try_from(attributes.int("group", 1)).unwrap_or_default();
	attributes.skip("kernel_shape");
	let ([batch, channels, spatial @ ..], [w_channels, per_group, kernel @ ..]) =
		(x.shape.as_slice(), w.shape.as_slice())
	else {
		return Err(node.bad_shape("expected a batch and a channel dimension"));
	};
	let rank = spatial.len();
	let read = |values: Option<Vec<i64>>, default: usize| -> Vec<usize> {
		values.map_or(vec![default; rank], |v| {
			v.iter()
				.map(|x| usize::try_from(*x).unwrap_or_default())
				.collect()
		})
	};
	let strides = read(attributes.ints("strides"), 1);
	let dilations = read(attributes.ints("dilations"), 1);
	let extra = read(attributes.ints("output_padding"), 0);
	let wanted = attributes.ints("output_shape").map(|v| read(Some(v), 0));
	let auto = attributes.string("auto_pad").unwrap_or_default();
	let pads = attributes
		.ints("pads")
		.map_or(vec![0; 2 * rank], |v| read(Some(v), 0));
	attributes.finish()?;
	let small = |values: &[usize]| values.iter().all(|n| *n < 1 << 20);
	let fits = rank <= 3
		&& [&strides, &dilations, &extra, &pads]
			.iter()
			.all(|v| small(v))
		&& small(kernel)
		&& w_channels == channels
		&& groups > 0
		&& channels % groups == 0
		&& kernel.len() == rank
		&& [&strides, &dilations, &extra]
			.iter()
			.all(|v| v.len() == rank)
		&& pads.len() == 2 * rank;
	if !fits {
		return Err(node.bad_shape("kernel, groups, strides or pads do not fit the input"));
	}
	let (mut output, mut before) = (Vec::new(), Vec::new());
	for axis in 0..rank {
		let at = |values: &[usize]| values.get(axis).copied().unwrap_or_default();
		let full = (at(spatial).saturating_sub(1)).saturating_mul(at(&strides))
			+ at(&extra)
			+ (at(kernel).saturating_sub(1)).saturating_mul(at(&dilations))
			+ 1;
		let same = auto.starts_with("SAME");
		let target = match &wanted {
			Some(wanted) => Some(at(wanted)),
			None if same => Some(at(spatial).saturating_mul(at(&strides))),
			None => None,
		};
		let (low, size) = match target {
			Some(size) => {
				let total = full.saturating_sub(size);
				let low = if auto == "SAME_UPPER" {
					total / 2
				} else {
					total - total / 2
				};
				(low, size)
			},
			None => {
				let low = at(&pads);
				let high = pads.get(axis + rank).copied().unwrap_or_default();
				(low, full.saturating_sub(low).saturating_sub(high))
			},
		};
		output.push(size);
		before.push(low);
	}
	let filters = per_group * groups;
	let mut shape = vec![*batch, filters];
	shape.extend(&output);
	let size = node.size(&shape)?;
	let (plane, cells): (usize, usize) = (spatial.iter().product(), kernel.iter().product());
	node.check_entries(
		x.shape
			.iter()
			.product::<usize>()
			.checked_mul(cells * per_group),
	)?;
	let weights = node
		.known(&w)
		.ok_or_else(|| node.bad_operand("the kernel must be a constant"))?;
	let out_plane: usize = output.iter().product();
	let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); size];
	let channels_per_group = channels / groups;
	for i in 0..plane {
		let at = shape::unravel(i, spatial);
		for cell in 0..cells {
			let offset = shape::unravel(cell, kernel);
			let mut flat = Some(0usize);
			for axis in 0..rank {
				let get = |values: &[usize]| values.get(axis).copied().unwrap_or_default();
				let to = (get(&at) * get(&strides) + get(&offset) * get(&dilations))
					.checked_sub(get(&before))
					.filter(|to| *to < get(&output));
				flat = flat.zip(to).map(|(flat, to)| flat * get(&output) + to);
			}
			let Some(to) = flat else {
				continue;
			};
			for b in 0..*batch {
				for c in 0..*channels {
					let group = c / channels_per_group;
					for f in 0..*per_group {
						let filter = group * per_group + f;
						let weight = weights.get((c * per_group + f) * cells + cell);
						if let Some(row) = rows.get_mut((b * filters + filter) * out_plane + to) {
							let from = (b * channels + c) * plane + i;
							row.push((from, weight.copied().unwrap_or_default()));
						}
					}
				}
			}
		}
	}
	let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
	let result = with_bias(node, &x, map, shape, bias.as_ref())?;
	one(node, result)
}
