//! Piecewise linear tables of real functions, with their measured errors.

use super::{from_fixed, to_fixed};
use crate::{
	float_graph::Function,
	graph::{self, Interval, Table, MAX_SEGMENTS, MAX_SEGMENT_BITS},
};

/// Points of each segment at which the error is measured; all of them if there are no more.
const POINTS: i64 = 16;

/// A table and how far it is from its function.
pub struct Fitted {
	/// The table.
	pub table: Table,
	/// Greatest absolute error at the points that were measured, in real units. It counts the
	/// rounding of the results, not that of the operands.
	pub max_error: f64,
}

/// `function(x) − slope·max(x, 0)`: what a table holds of a function that approaches a straight line.
#[derive(Clone, Copy, Debug)]
pub struct Residual {
	/// The function.
	pub function: Function,
	/// Slope of the line to its right.
	pub slope: f64,
}

impl Residual {
	/// Its value at `x`.
	pub fn at(&self, x: f64) -> f64 {
		self.function.at(x) - self.slope * x.max(0.0)
	}
}

/// The cheapest table of `residual` over `domain` (integers of `input_bits` binary digits after the
/// point) with results of `output_bits`: the fewest segments whose error is at most [`target`], or else
/// the most accurate. Nothing if the function is not finite somewhere, or too large.
pub fn fit(
	residual: Residual,
	domain: Interval,
	input_bits: u8,
	output_bits: u8,
) -> Option<Fitted> {
	let width = domain.max.checked_sub(domain.min)?.checked_add(1)?;
	let target = target(residual, domain, input_bits, output_bits)?;
	let mut best: Option<Fitted> = None;
	for segment_bits in (0..=MAX_SEGMENT_BITS).rev() {
		let segments = (width - 1) >> segment_bits;
		if segments >= MAX_SEGMENTS as i64 {
			break;
		}
		if segments == 0 && segment_bits > 0 && (width - 1) >> (segment_bits - 1) == 0 {
			// Half as wide a segment would still be the only one.
			continue;
		}
		let fitted = with_width(residual, domain, input_bits, output_bits, segment_bits)?;
		if best
			.as_ref()
			.is_none_or(|best| fitted.max_error < best.max_error)
		{
			let good = fitted.max_error <= target;
			best = Some(fitted);
			if good {
				break;
			}
		}
	}
	best
}

/// The error that a table should not exceed: two units of the result (half a unit each is the
/// rounding of the result, as much that of a segment's start and slope), or 2^−16 of its greatest
/// result. Nothing if the function is not finite at an end.
pub fn target(
	residual: Residual,
	domain: Interval,
	input_bits: u8,
	output_bits: u8,
) -> Option<f64> {
	let at = |x: i64| residual.at(from_fixed(x, input_bits)).abs();
	let greatest = at(domain.min).max(at(domain.max));
	let target = (2.0 * from_fixed(1, output_bits)).max(greatest * 2f64.powi(-16));
	target.is_finite().then_some(target)
}

/// Most tables of one function.
const MAX_PIECES: usize = 6;

/// Tables over adjoining parts of `domain`, few of them, each as accurate as one can be; one, if that
/// is enough. The parts are narrow where the function bends.
pub fn fit_pieces(
	residual: Residual,
	domain: Interval,
	input_bits: u8,
	output_bits: u8,
) -> Option<Vec<(Interval, Fitted)>> {
	let good = 2.0 * target(residual, domain, input_bits, output_bits)?;
	let fit = |domain| Some((domain, fit(residual, domain, input_bits, output_bits)?));
	let mut pieces = vec![fit(domain)?];
	while pieces.len() < MAX_PIECES {
		let (worst, (part, fitted)) = pieces
			.iter()
			.enumerate()
			.max_by(|a, b| a.1 .1.max_error.total_cmp(&b.1 .1.max_error))?;
		let width = part.max - part.min;
		if fitted.max_error <= good || width < 64 {
			break;
		}
		// Split near the end at which the function bends more.
		let real = |x: i64| residual.at(from_fixed(x, input_bits));
		let step = width / 64;
		let bend = |x: i64| (real(x) - 2.0 * real(x + step) + real(x + 2 * step)).abs();
		let split = if bend(part.min) > bend(part.max - 2 * step) {
			part.min + width / 16
		} else {
			part.max - width / 16
		};
		let (low, high) = (
			Interval {
				min: part.min,
				max: split,
			},
			Interval {
				min: split,
				max: part.max,
			},
		);
		let parts = [fit(low)?, fit(high)?];
		pieces.splice(worst..=worst, parts);
	}
	Some(pieces)
}

fn with_width(
	residual: Residual,
	domain: Interval,
	input_bits: u8,
	output_bits: u8,
	segment_bits: u8,
) -> Option<Fitted> {
	let width = 1i64 << segment_bits;
	let real = |x: i64| residual.at(from_fixed(x, input_bits));
	let (mut base, mut slope) = (Vec::new(), Vec::new());
	let mut start = domain.min;
	while start <= domain.max {
		// The last segment may reach beyond the domain, where the function need not exist.
		let end = start.checked_add(width)?;
		let last = end.min(domain.max.max(start + 1));
		let first = real(start);
		let rise = if last > domain.max {
			0.0
		} else {
			(real(last) - first) / (last - start) as f64 * width as f64
		};
		base.push(to_fixed(first, output_bits)?);
		slope.push(to_fixed(rise, output_bits)?);
		start = end;
	}
	let table = Table {
		origin: domain.min,
		segment_bits,
		slope_shift: segment_bits,
		scale_bits: output_bits,
		base,
		slope,
	};
	let step = (width / POINTS).max(1);
	let mut max_error = 0.0f64;
	let mut x = domain.min;
	loop {
		let error = (from_fixed(graph::table(&table, x), output_bits) - real(x)).abs();
		if !error.is_finite() {
			return None;
		}
		max_error = max_error.max(error);
		if x >= domain.max {
			break;
		}
		x = (x + step).min(domain.max);
	}
	Some(Fitted { table, max_error })
}

/// The part of `range` outside of which `residual` changes by no more than half a unit of a result of
/// `output_bits`. `left` and `right` say on which sides it levels off.
pub fn saturate(
	residual: Residual,
	range: Interval,
	input_bits: u8,
	output_bits: u8,
	left: bool,
	right: bool,
) -> Interval {
	let tolerance = 0.5 * from_fixed(1, output_bits);
	let real = |x: i64| residual.at(from_fixed(x, input_bits));
	// Beyond ±64 all these functions are their tails to double precision; nearer, so that
	// differences of large numbers do not hide what is searched for.
	let far = to_fixed(64.0, input_bits).unwrap_or(i64::MAX);
	let search = |far: i64, near: i64| {
		let level = real(far);
		let (mut level_end, mut other) = (far, near);
		while level_end.abs_diff(other) > 1 {
			let middle = level_end + (other - level_end) / 2;
			if (real(middle) - level).abs() <= tolerance {
				level_end = middle;
			} else {
				other = middle;
			}
		}
		level_end
	};
	let mut domain = range;
	if left && range.min < 0 {
		let end = search(range.min.max(-far), range.max.min(0));
		domain.min = domain.min.max(end);
	}
	if right && range.max > 0 {
		let end = search(range.max.min(far), range.min.max(0));
		domain.max = domain.max.min(end);
	}
	if domain.min > domain.max {
		return range;
	}
	domain
}

#[cfg(test)]
mod tests {
	use super::*;

	fn plain(function: Function) -> Residual {
		Residual {
			function,
			slope: 0.0,
		}
	}

	#[test]
	fn smooth_functions_are_within_a_unit_of_the_result() {
		let domain = Interval {
			min: -8 << 14,
			max: 8 << 14,
		};
		for function in [
			Function::Sigmoid,
			Function::Tanh,
			Function::Erf,
			Function::Sin,
		] {
			let fitted = fit(plain(function), domain, 14, 14).unwrap();
			assert!(fitted.max_error <= 2.0 * from_fixed(1, 14), "{function:?}");
			assert!(fitted.table.base.len() <= 2048);
		}
	}

	#[test]
	fn a_domain_of_one_integer_has_one_segment() {
		let domain = Interval { min: 5, max: 5 };
		let fitted = fit(plain(Function::Exp), domain, 4, 10).unwrap();
		assert_eq!(fitted.table.base.len(), 1);
	}

	#[test]
	fn a_function_that_bends_at_one_end_takes_several_tables() {
		let domain = Interval {
			min: 1,
			max: 1 << 24,
		};
		let pieces = fit_pieces(plain(Function::Log), domain, 14, 14).unwrap();
		assert!(pieces.len() > 1);
		assert_eq!(
			(pieces[0].0.min, pieces[pieces.len() - 1].0.max),
			(1, 1 << 24)
		);
		assert!(pieces.windows(2).all(|pair| pair[0].0.max == pair[1].0.min));
		assert!(pieces.iter().all(|(_, fitted)| fitted.max_error < 1e-3));
	}

	#[test]
	fn poles_are_refused() {
		let domain = Interval { min: 0, max: 16 };
		assert!(fit(plain(Function::Log), domain, 4, 10).is_none());
	}

	#[test]
	fn saturated_sides_are_cut_off() {
		let range = Interval {
			min: -1 << 30,
			max: 1 << 30,
		};
		let domain = saturate(plain(Function::Sigmoid), range, 14, 14, true, true);
		let real = |x| from_fixed(x, 14);
		assert!((9.0..12.0).contains(&real(domain.max)) && real(domain.min) > -12.0);
		let gelu = Residual {
			function: Function::Gelu { tanh: false },
			slope: 1.0,
		};
		let domain = saturate(gelu, range, 14, 14, true, true);
		assert!(real(domain.max) < 6.0 && real(domain.min) > -6.0);
	}
}
