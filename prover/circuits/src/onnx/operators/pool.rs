//! Windows over the spatial dimensions, and pooling.

use super::one;
use crate::{
	float_graph::Ranking,
	onnx::{
		attributes::Attributes,
		reader::{NodeReader, Value},
		shape, OnnxError,
	},
};

/// Most spatial dimensions.
const MAX_SPATIAL: usize = 3;
/// Strides, dilations, pads and kernels are smaller than this.
const MAX_STEP: usize = 1 << 20;

/// A window that slides over the spatial dimensions.
pub struct Window {
	/// Dimensions of what it slides over.
	input: Vec<usize>,
	/// Its own dimensions.
	pub kernel: Vec<usize>,
	/// Dimensions of its positions.
	pub output: Vec<usize>,
	strides: Vec<usize>,
	dilations: Vec<usize>,
	before: Vec<usize>,
	after: Vec<usize>,
}

impl Window {
	/// Reads strides, pads and dilations.
	pub fn new(
		node: &NodeReader<'_>,
		attributes: &mut Attributes<'_>,
		input: &[usize],
		kernel: Vec<usize>,
	) -> Result<Self, OnnxError> {
		let rank = input.len();
		if rank > MAX_SPATIAL {
			return Err(node.bad_shape(format!("more than {MAX_SPATIAL} spatial dimensions")));
		}
		let read = |values: Option<Vec<i64>>, default: usize| match values {
			None => Some(vec![default; rank]),
			Some(values) => values
				.iter()
				.map(|x| usize::try_from(*x).ok().filter(|x| *x < MAX_STEP))
				.collect::<Option<Vec<_>>>()
				.filter(|values| values.len() == rank && values.iter().all(|x| *x > 0)),
		};
		let bad = || node.bad_shape("strides or dilations do not fit the spatial dimensions");
		let strides = read(attributes.ints("strides"), 1).ok_or_else(bad)?;
		let dilations = read(attributes.ints("dilations"), 1).ok_or_else(bad)?;
		let auto = attributes.string("auto_pad").unwrap_or_default();
		let pads = attributes.ints("pads").unwrap_or_else(|| vec![0; 2 * rank]);
		let ceil = attributes.int("ceil_mode", 0) != 0;
		let small = |n: &usize| (1..MAX_STEP).contains(n);
		let bounded = |pad: &i64| usize::try_from(*pad).is_ok_and(|pad| pad < MAX_STEP);
		if kernel.len() != rank
			|| pads.len() != 2 * rank
			|| !kernel.iter().all(small)
			|| !pads.iter().all(bounded)
		{
			return Err(node.bad_shape("kernel or pads do not fit the spatial dimensions"));
		}
		let mut window = Self {
			input: input.to_vec(),
			kernel,
			output: Vec::new(),
			strides,
			dilations,
			before: Vec::new(),
			after: Vec::new(),
		};
		for axis in 0..rank {
			let at = |values: &[usize]| values.get(axis).copied().unwrap_or(1);
			let (size, stride) = (at(input), at(&window.strides));
			let reach = (at(&window.kernel) - 1).saturating_mul(at(&window.dilations)) + 1;
			let pad = |i: usize| {
				pads.get(i)
					.and_then(|p| usize::try_from(*p).ok())
					.unwrap_or(0)
			};
			let (before, after, output) = match auto.as_str() {
				"SAME_UPPER" | "SAME_LOWER" => {
					let output = size.div_ceil(stride);
					let needed = ((output - 1) * stride + reach).saturating_sub(size);
					let small = needed / 2;
					if auto == "SAME_UPPER" {
						(small, needed - small, output)
					} else {
						(needed - small, small, output)
					}
				},
				_ => {
					let (before, after) = if auto == "VALID" {
						(0, 0)
					} else {
						(pad(axis), pad(axis + rank))
					};
					let padded = size.saturating_add(before).saturating_add(after);
					let room = padded.checked_sub(reach).ok_or_else(|| {
						node.bad_shape("the kernel is larger than the padded input")
					})?;
					let mut output = if ceil {
						room.div_ceil(stride) + 1
					} else {
						room / stride + 1
					};
					// A window that starts in the padding behind is left out.
					if ceil && (output - 1) * stride >= size + before {
						output -= 1;
					}
					(before, after, output)
				},
			};
			window.before.push(before);
			window.after.push(after);
			window.output.push(output);
		}
		Ok(window)
	}

	/// The flat spatial index under each cell of the window at position `at`; nothing in the padding.
	/// The flag says whether the cell lies within the declared padding.
	pub fn cells(&self, at: &[usize]) -> Vec<(Option<usize>, bool)> {
		let cells: usize = self.kernel.iter().product();
		(0..cells)
			.map(|cell| {
				let (mut flat, mut inside, mut padded) = (0usize, true, true);
				let dims = self.input.iter().zip(&self.before).zip(&self.after);
				let steps = self.strides.iter().zip(&self.dilations);
				let offset = shape::unravel(cell, &self.kernel);
				for (((i, k), (stride, dilation)), ((size, before), after)) in
					at.iter().zip(offset).zip(steps).zip(dims)
				{
					let x = i * stride + k * dilation;
					padded &= x < size + before + after;
					match x.checked_sub(*before).filter(|x| x < size) {
						Some(x) => flat = flat * size + x,
						None => inside = false,
					}
				}
				(inside.then_some(flat), padded)
			})
			.collect()
	}

	/// All positions.
	pub fn positions(&self) -> impl Iterator<Item = Vec<usize>> + '_ {
		let size: usize = self.output.iter().product();
		(0..size).map(|flat| shape::unravel(flat, &self.output))
	}
}

/// AveragePool, MaxPool, GlobalAveragePool, GlobalMaxPool.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let x = node.variable(0)?;
	let [batch, channels, spatial @ ..] = x.shape.as_slice() else {
		return Err(node.bad_shape("expected a batch and a channel dimension"));
	};
	let mut attributes = node.attributes();
	let window = if node.operator.starts_with("Global") {
		Window::new(node, &mut attributes, spatial, spatial.to_vec())?
	} else {
		let kernel = attributes.ints("kernel_shape").unwrap_or_default();
		let kernel = kernel
			.iter()
			.map(|k| usize::try_from(*k).unwrap_or_default())
			.collect();
		Window::new(node, &mut attributes, spatial, kernel)?
	};
	let with_padding = attributes.int("count_include_pad", 0) != 0;
	let by_column = attributes.int("storage_order", 0) != 0;
	attributes.finish()?;
	let mut shape = vec![*batch, *channels];
	shape.extend(&window.output);
	let planes = batch * channels;
	let plane: usize = spatial.iter().product();
	node.check_entries(
		node.size(&shape)?
			.checked_mul(window.kernel.iter().product()),
	)?;
	let mut groups = Vec::new();
	let mut counts = Vec::new();
	for index in 0..planes {
		for at in window.positions() {
			let cells = window.cells(&at);
			let inside: Vec<usize> = cells
				.iter()
				.filter_map(|(i, _)| i.map(|i| index * plane + i))
				.collect();
			let padded = cells.iter().filter(|(_, padded)| *padded).count();
			counts.push(if with_padding { padded } else { inside.len() });
			groups.push(inside);
		}
	}
	if node.operator == "MaxPool" && node.results() > 1 {
		let labels = |element: usize| {
			let label = if by_column {
				// Within a plane, the first dimension is the fastest.
				let mut index = shape::unravel(element % plane.max(1), spatial);
				let mut dims = spatial.to_vec();
				index.reverse();
				dims.reverse();
				element / plane.max(1) * plane + shape::ravel(&index, &dims)
			} else {
				element
			};
			(element, u32::try_from(label).unwrap_or(u32::MAX))
		};
		let ranking = Ranking {
			groups: groups
				.into_iter()
				.map(|group| group.into_iter().map(labels).collect())
				.collect(),
			count: 1,
			greatest: true,
			last: false,
		};
		if ranking.groups.iter().any(Vec::is_empty) {
			return Err(node.bad_shape("a window lies in the padding"));
		}
		let order: Vec<usize> = (0..ranking.groups.len()).collect();
		let (values, indices) = node.ranked(&x, &ranking, &shape, &order)?;
		return Ok(vec![node.to_value(values), node.to_value(indices)]);
	}
	let result = if node.operator.contains("Max") {
		node.extreme_groups(&x, shape, &groups, true)?
	} else {
		let sums = node.sum_groups(&x, shape.clone(), &groups, 1.0)?;
		let factors = counts.iter().map(|n| 1.0 / (*n).max(1) as f64).collect();
		let factors = node.constant_of(shape, factors)?;
		node.times(&sums, &factors)?
	};
	one(node, result)
}
