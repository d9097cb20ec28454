//! Functions given by their values: a lookup of (index, first, second).
//!
//! # Constraints
//!
//! - On every row, with `function` a fixed number f, `(f, f·a_0, f·a_1, f·a_2)` is in the function
//!   table. That holds `(f, f·index, f·first, f·second)` for each entry of each function f ≥ 1, and
//!   a row of zeros. So where f is 0 nothing is constrained, and elsewhere (a_0, a_1, a_2) is an
//!   entry of f: f is invertible.
//! - `interpolate·(s[i] − a_1 − a_2·s[i−1]) = 0`.

use super::super::config::Config;
use halo2_proofs::{halo2curves::bn256::Fr, plonk::ConstraintSystem, poly::Rotation};

/// Lanes that are looked up.
pub const LOOKED_UP: usize = 3;

/// The lookup and the gate.
pub fn gate(meta: &mut ConstraintSystem<Fr>, config: &Config) {
	let ([index, first, second, ..], Some(function), [numbers, values @ ..]) = (
		config.lanes.as_slice(),
		config.selectors.function,
		config.function_table.as_slice(),
	) else {
		return;
	};
	meta.lookup_any("function", |meta| {
		let function = meta.query_fixed(function, Rotation::cur());
		let numbers = meta.query_fixed(*numbers, Rotation::cur());
		let looked_up = [index, first, second]
			.into_iter()
			.zip(values)
			.map(|(lane, column)| {
				(
					function.clone() * meta.query_advice(*lane, Rotation::cur()),
					meta.query_fixed(*column, Rotation::cur()),
				)
			})
			.collect::<Vec<_>>();
		std::iter::once((function, numbers))
			.chain(looked_up)
			.collect()
	});
	if let Some(interpolate) = config.selectors.interpolate {
		meta.create_gate("interpolate", |meta| {
			let flag = meta.query_fixed(interpolate, Rotation::cur());
			let s = meta.query_advice(config.accumulator, Rotation::cur());
			let s_previous = meta.query_advice(config.accumulator, Rotation::prev());
			let first = meta.query_advice(*first, Rotation::cur());
			let second = meta.query_advice(*second, Rotation::cur());
			[(
				"s = first + second·s[−1]",
				flag * (s - first - second * s_previous),
			)]
		});
	}
}
