//! Resize and Upsample: a linear map per axis, whatever the mode.

use super::one;
use crate::{
	linear_map::LinearMap,
	onnx::{
		reader::{Kind, NodeReader, Value, Variable},
		shape, OnnxError,
	},
};

/// How values between the samples are made.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Mode {
	/// The nearest sample.
	Nearest(Nearest),
	/// Linear interpolation.
	Linear,
	/// Cubic interpolation with this coefficient.
	Cubic(f64),
}

/// Which of two samples is the nearest.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Nearest {
	RoundPreferFloor,
	RoundPreferCeil,
	Floor,
	Ceil,
}

/// One axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
	input: usize,
	output: usize,
	scale: f64,
	/// Start and end of the region of interest, as shares of the axis.
	region: (f64, f64),
}

/// How all axes are resized.
#[derive(Clone, Debug)]
struct Resize {
	mode: Mode,
	/// `coordinate_transformation_mode`.
	coordinates: String,
	antialias: bool,
	exclude_outside: bool,
}

/// Most neighbours that a sample is made of, along one axis.
const MAX_NEIGHBOURS: f64 = 4096.0;

/// The weights of the inputs in one output along an axis; nothing if it lies outside.
type Row = Option<Vec<(usize, f64)>>;

impl Resize {
	/// Where output `i` lies between the inputs.
	fn coordinate(&self, axis: &Axis, i: usize) -> f64 {
		let i = i as f64;
		let (input, scale) = (axis.input as f64, axis.scale);
		let whole = scale * input;
		let (start, end) = axis.region;
		match self.coordinates.as_str() {
			"asymmetric" => i / scale,
			"align_corners" if axis.output == 1 => 0.0,
			"align_corners" => i * (input - 1.0) / (whole - 1.0),
			"pytorch_half_pixel" if axis.output == 1 => 0.0,
			"tf_half_pixel_for_nn" => (i + 0.5) / scale,
			"tf_crop_and_resize" if axis.output == 1 => (start + end) * (input - 1.0) / 2.0,
			"tf_crop_and_resize" => {
				start * (input - 1.0) + i * (end - start) * (input - 1.0) / (whole - 1.0)
			},
			"half_pixel_symmetric" => {
				let adjustment = axis.output as f64 / whole;
				let offset = input / 2.0 * (1.0 - adjustment);
				offset + (i + 0.5) / scale - 0.5
			},
			_ => (i + 0.5) / scale - 0.5,
		}
	}

	/// The offset of the first neighbour, and the neighbours' weights; `ratio` in (0, 1] is the way
	/// from neighbour 0 to neighbour 1.
	fn weights(&self, ratio: f64, scale: f64) -> (i64, Vec<f64>) {
		let shrink = if self.antialias { scale.min(1.0) } else { 1.0 };
		let spread = |reach: f64, kernel: &dyn Fn(f64) -> f64| {
			let start = (-reach / shrink).floor() + 1.0;
			let count = (2.0 - 2.0 * start).clamp(1.0, MAX_NEIGHBOURS) as i64;
			let start = start.max(-MAX_NEIGHBOURS) as i64;
			let weights: Vec<f64> = (start..start + count)
				.map(|k| kernel((k as f64 - ratio) * shrink))
				.collect();
			let sum: f64 = weights.iter().sum();
			(start, weights.iter().map(|w| w / sum).collect())
		};
		match self.mode {
			Mode::Nearest(nearest) => {
				let second = ratio == 1.0
					|| match nearest {
						Nearest::RoundPreferFloor => ratio > 0.5,
						Nearest::RoundPreferCeil => ratio >= 0.5,
						Nearest::Floor => false,
						Nearest::Ceil => true,
					};
				(i64::from(second), vec![1.0])
			},
			Mode::Linear => spread(1.0, &|x| (1.0 - x.abs()).clamp(0.0, 1.0)),
			Mode::Cubic(a) => spread(2.0, &|x| {
				let x = x.abs();
				if x <= 1.0 {
					((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
				} else if x < 2.0 {
					((x - 5.0) * x + 8.0) * x * a - 4.0 * a
				} else {
					0.0
				}
			}),
		}
	}

	/// The weights of the inputs in each output along `axis`.
	fn rows(&self, axis: &Axis) -> Vec<Row> {
		let last = axis.input as i64 - 1;
		(0..axis.output)
			.map(|i| {
				let x = self.coordinate(axis, i);
				if self.coordinates == "tf_crop_and_resize" && !(0.0..=last as f64).contains(&x) {
					return None;
				}
				// The left one is preferred: ratio 1 from it where x is an integer.
				let base = x.ceil() - 1.0;
				let (start, mut weights) = self.weights(x - base, axis.scale);
				let at = |k: usize| (base as i64).saturating_add(start + k as i64);
				if self.exclude_outside {
					for (k, weight) in weights.iter_mut().enumerate() {
						if !(0..=last).contains(&at(k)) {
							*weight = 0.0;
						}
					}
					let sum: f64 = weights.iter().sum();
					weights.iter_mut().for_each(|weight| *weight /= sum);
				}
				let mut row: Vec<(usize, f64)> = Vec::with_capacity(weights.len());
				for (k, weight) in weights.into_iter().enumerate() {
					let index = at(k).clamp(0, last) as usize;
					match row.last_mut() {
						Some((other, sum)) if *other == index => *sum += weight,
						_ => row.push((index, weight)),
					}
				}
				Some(row)
			})
			.collect()
	}
}

/// Resize and Upsample, with constant scales or sizes.
pub fn read(node: &mut NodeReader<'_>) -> Result<Vec<Value>, OnnxError> {
	let old = node.operator == "Upsample" || node.opset < 11;
	let mut attributes = node.attributes();
	let mode = attributes
		.string("mode")
		.unwrap_or_else(|| "nearest".into());
	let default = if old { "asymmetric" } else { "half_pixel" };
	let coordinates = attributes
		.string("coordinate_transformation_mode")
		.unwrap_or_else(|| default.into());
	let default = if old { "floor" } else { "round_prefer_floor" };
	let nearest = attributes
		.string("nearest_mode")
		.unwrap_or_else(|| default.into());
	let cubic = attributes.float("cubic_coeff_a", -0.75);
	let exclude_outside = attributes.int("exclude_outside", 0) != 0;
	let antialias = attributes.int("antialias", 0) != 0;
	let outside = attributes.float("extrapolation_value", 0.0);
	let policy = attributes
		.string("keep_aspect_ratio_policy")
		.unwrap_or_else(|| "stretch".into());
	let axes = attributes.ints("axes");
	let mut scales = attributes.floats("scales");
	for (name, value, known) in [
		(
			"coordinate_transformation_mode",
			&coordinates,
			&[
				"half_pixel",
				"half_pixel_symmetric",
				"pytorch_half_pixel",
				"align_corners",
				"asymmetric",
				"tf_half_pixel_for_nn",
				"tf_crop_and_resize",
			] as &[&str],
		),
		(
			"keep_aspect_ratio_policy",
			&policy,
			&["stretch", "not_larger", "not_smaller"],
		),
		("mode", &mode, &["nearest", "linear", "cubic", "bilinear"]),
		(
			"nearest_mode",
			&nearest,
			&["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
		),
	] {
		if !known.contains(&value.as_str()) {
			return Err(attributes.unsupported(name, format!("is {value:?}")));
		}
	}
	attributes.finish()?;
	let x = node.variable(0)?;
	let rank = x.shape.len();
	let axes: Vec<usize> = match axes {
		None => (0..rank).collect(),
		Some(axes) => axes
			.into_iter()
			.map(|axis| shape::axis(axis, rank))
			.collect::<Option<_>>()
			.ok_or_else(|| node.bad_shape("an axis is no dimension"))?,
	};
	let (region, sizes) = if old {
		scales = match scales {
			Some(scales) => Some(scales),
			None => node.constant_floats(1)?,
		};
		(None, None)
	} else {
		scales = node.constant_floats(2)?.filter(|scales| !scales.is_empty());
		(
			node.constant_floats(1)?,
			node.constant_ints(3)?.filter(|sizes| !sizes.is_empty()),
		)
	};
	let mut resized: Vec<Axis> = x
		.shape
		.iter()
		.map(|d| Axis {
			input: *d,
			output: *d,
			scale: 1.0,
			region: (0.0, 1.0),
		})
		.collect();
	set_sizes(node, &mut resized, &axes, scales, sizes, &policy)?;
	if coordinates == "tf_crop_and_resize" {
		let region = region.unwrap_or_default();
		for (i, axis) in axes.iter().enumerate() {
			let ends = (
				region.get(i),
				region.get(i + axes.len()),
				resized.get_mut(*axis),
			);
			let (Some(start), Some(end), Some(axis)) = ends else {
				return Err(node.bad_operand("the region of interest does not fit the axes"));
			};
			axis.region = (*start, *end);
		}
	}
	let resize = Resize {
		mode: match (mode.as_str(), nearest.as_str()) {
			("nearest", "floor") => Mode::Nearest(Nearest::Floor),
			("nearest", "ceil") => Mode::Nearest(Nearest::Ceil),
			("nearest", "round_prefer_ceil") => Mode::Nearest(Nearest::RoundPreferCeil),
			("nearest", _) => Mode::Nearest(Nearest::RoundPreferFloor),
			("cubic", _) => Mode::Cubic(cubic),
			_ => Mode::Linear,
		},
		coordinates,
		antialias,
		exclude_outside,
	};
	let result = interpolate(node, &x, &resized, &resize, outside)?;
	one(node, result)
}

/// Output sizes and scales of the axes `axes`, from either.
fn set_sizes(
	node: &NodeReader<'_>,
	resized: &mut [Axis],
	axes: &[usize],
	scales: Option<Vec<f64>>,
	sizes: Option<Vec<i64>>,
	policy: &str,
) -> Result<(), OnnxError> {
	let bad = || node.bad_operand("there is not one constant scale or size per axis");
	let scale_of = |axis: usize, resized: &[Axis], size: i64| {
		let input = resized.get(axis).map_or(1, |axis| axis.input);
		size as f64 / input as f64
	};
	let (mut scales, sizes) = match (scales, sizes) {
		(Some(scales), None) if scales.len() == axes.len() => (scales, None),
		(None, Some(sizes)) if sizes.len() == axes.len() => {
			let scales: Vec<f64> = axes
				.iter()
				.zip(&sizes)
				.map(|(axis, size)| scale_of(*axis, resized, *size))
				.collect();
			(scales, Some(sizes))
		},
		_ => return Err(bad()),
	};
	let mut sizes = sizes.map(|sizes| sizes.into_iter().map(|n| n as f64).collect::<Vec<_>>());
	if sizes.is_some() && policy != "stretch" {
		let least = scales.iter().copied().fold(f64::INFINITY, f64::min);
		let greatest = scales.iter().copied().fold(0.0, f64::max);
		let scale = if policy == "not_larger" {
			least
		} else {
			greatest
		};
		scales = vec![scale; scales.len()];
		sizes = None;
	}
	let rounded = policy != "stretch";
	for (index, axis) in axes.iter().enumerate() {
		let (Some(scale), Some(axis)) = (scales.get(index), resized.get_mut(*axis)) else {
			return Err(bad());
		};
		let whole = scale * axis.input as f64;
		let size = match sizes.as_ref().and_then(|sizes| sizes.get(index)) {
			Some(size) => *size,
			None if rounded => (whole + 0.5).floor(),
			None => whole.floor(),
		};
		if !(1.0..=shape::MAX_ELEMENTS as f64).contains(&size) || *scale <= 0.0 {
			return Err(node.bad_shape("an axis is empty, or too long"));
		}
		axis.output = size as usize;
		axis.scale = *scale;
	}
	Ok(())
}

/// Applies the axes' maps together.
fn interpolate(
	node: &mut NodeReader<'_>,
	x: &Variable,
	axes: &[Axis],
	resize: &Resize,
	outside: f64,
) -> Result<Variable, OnnxError> {
	let target: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
	let size = node.size(&target)?;
	let maps: Vec<Vec<Row>> = axes
		.iter()
		.map(|axis| {
			if axis.input == axis.output && axis.scale == 1.0 && axis.region == (0.0, 1.0) {
				return (0..axis.input).map(|i| Some(vec![(i, 1.0)])).collect();
			}
			resize.rows(axis)
		})
		.collect();
	let longest = maps.iter().fold(1usize, |n, rows| {
		let longest = rows.iter().flatten().map(Vec::len).max().unwrap_or(1);
		n.saturating_mul(longest)
	});
	node.check_entries(size.checked_mul(longest))?;
	let mut bias = vec![0.0; size];
	let mut rows = Vec::with_capacity(size);
	for (flat, bias) in bias.iter_mut().enumerate() {
		let mut row = Some(vec![(0usize, 1.0)]);
		for ((i, map), axis) in shape::unravel(flat, &target)
			.into_iter()
			.zip(&maps)
			.zip(axes)
		{
			row = row
				.zip(map.get(i).and_then(Option::as_ref))
				.map(|(row, next)| {
					row.iter()
						.flat_map(|(offset, a)| {
							next.iter()
								.map(move |(j, b)| (offset * axis.input + j, a * b))
						})
						.collect()
				});
		}
		if row.is_none() {
			*bias = outside;
		}
		rows.push(row.unwrap_or_default());
	}
	let kind = match resize.mode {
		Mode::Nearest(_) => x.kind,
		_ => Kind::Real,
	};
	let map = LinearMap::from_rows(x.shape.iter().product(), rows)?;
	node.affine(target, kind, vec![(x.value, map)], bias)
}
