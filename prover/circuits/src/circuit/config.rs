//! Columns and gates.

use super::{gadgets, row::LimbUse, trace::Cell};
use crate::layout::Columns;
use halo2_proofs::{
	halo2curves::{
		bn256::Fr,
		ff::{Field, PrimeField},
	},
	plonk::{
		Advice, Any, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance,
		SecondPhase,
	},
	poly::Rotation,
};

/// Fixed columns that some models need: nothing if the layout has no such gate, or numbers its rows.
#[derive(Clone, Debug)]
pub struct Selectors {
	/// Coefficient of the products of pairs of lanes.
	pub product: Option<Column<Fixed>>,
	/// 1 where limbs are digits.
	pub step: Option<Column<Fixed>>,
	/// 1 where a rescaling ends.
	pub plain: Option<Column<Fixed>>,
	/// 1 where a rescaling with ReLU ends.
	pub relu: Option<Column<Fixed>>,
	/// 1 where the accumulator is a sign.
	pub sign: Option<Column<Fixed>>,
	/// 1 where limbs are digits with a spare bit between them.
	pub spread: Option<Column<Fixed>>,
	/// 1 where the accumulator interpolates a function.
	pub interpolate: Option<Column<Fixed>>,
	/// Number of the function that lanes are looked up in, or 0.
	pub function: Option<Column<Fixed>>,
	/// 1 where lanes hold hidden inputs.
	pub input: Option<Column<Fixed>>,
}

/// The circuit's columns.
#[derive(Clone, Debug)]
pub struct Config {
	/// All that the gates depend on.
	pub columns: Columns,
	/// Operands a_j.
	pub lanes: Vec<Column<Advice>>,
	/// The accumulator s.
	pub accumulator: Column<Advice>,
	/// Columns of limbs r_j.
	pub limbs: Vec<Column<Advice>>,
	/// The sign σ of a ReLU, if it is not beside the limbs.
	pub sign: Option<Column<Advice>>,
	/// Weights w_j.
	pub weights: Vec<Column<Fixed>>,
	/// Coefficient of the accumulator, or the row's number.
	pub current: Column<Fixed>,
	/// Coefficient of the accumulator of the row before.
	pub previous: Column<Fixed>,
	/// Constant summand.
	pub constant: Column<Fixed>,
	/// What the model's other gates need.
	pub selectors: Selectors,
	/// `0..2^bits`, then zeros; if there are limbs.
	pub limb_table: Option<Column<Fixed>>,
	/// Function, index, first and second value; if functions are looked up.
	pub function_table: Vec<Column<Fixed>>,
	/// Public inputs.
	pub instance: Column<Instance>,
	/// What deferred sums need.
	pub combination: Option<Combination>,
}

/// Columns of the second phase: [`combine`](super::gadgets::combine).
#[derive(Clone, Debug)]
pub struct Combination {
	/// What combinations are polynomials in.
	pub challenge: Challenge,
	/// Operands of the sums that check combinations.
	pub lanes: Vec<Column<Advice>>,
	/// Combination of deferred sums.
	pub sums: Column<Advice>,
	/// Combination of accumulators, or of lanes.
	pub values: Column<Advice>,
	/// Sum of the lanes' products.
	pub total: Column<Advice>,
	/// Weights of the lanes.
	pub weights: Vec<Column<Fixed>>,
	/// What rows do to the combination of sums.
	pub sums_use: CombiningColumns,
	/// What rows do to the combination of accumulators; in batches.
	pub values_use: Option<CombiningColumns>,
	/// 1 in rows whose lanes are combined, and 1 in those but a combination's first.
	pub inputs: Option<(Column<Fixed>, Column<Fixed>)>,
	/// 1 where the total is kept.
	pub current: Column<Fixed>,
	/// 1 where the row before's total is added.
	pub previous: Column<Fixed>,
	/// Coefficient of the products of pairs of lanes.
	pub product: Option<Column<Fixed>>,
}

/// Selectors of a combination.
#[derive(Clone, Copy, Debug)]
pub struct CombiningColumns {
	/// 1 where a value is added.
	pub take: Column<Fixed>,
	/// 1 where the combination of the rows above is multiplied by the challenge before that.
	pub shift: Column<Fixed>,
	/// 1 where it stays what it is in the row above.
	pub hold: Column<Fixed>,
}

impl Combination {
	fn new(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Self {
		let lanes = columns.combined_lanes;
		let mut combining = || CombiningColumns {
			take: meta.fixed_column(),
			shift: meta.fixed_column(),
			hold: meta.fixed_column(),
		};
		let sums_use = combining();
		let values_use = columns.defers_batch().then(combining);
		let inputs = columns.packed_lanes();
		let inputs = inputs.map(|_| (meta.fixed_column(), meta.fixed_column()));
		Self {
			challenge: meta.challenge_usable_after(FirstPhase),
			lanes: (0..lanes)
				.map(|_| meta.advice_column_in(SecondPhase))
				.collect(),
			sums: meta.advice_column_in(SecondPhase),
			values: meta.advice_column_in(SecondPhase),
			total: meta.advice_column_in(SecondPhase),
			weights: (0..lanes).map(|_| meta.fixed_column()).collect(),
			sums_use,
			values_use,
			inputs,
			current: meta.fixed_column(),
			previous: meta.fixed_column(),
			product: columns.gates.combined_product.then(|| meta.fixed_column()),
		}
	}

	/// Fixed columns, in the order of [`combine::fixed`](super::gadgets::combine::fixed).
	fn fixed_columns(&self) -> impl Iterator<Item = Column<Fixed>> + '_ {
		std::iter::once(self.sums_use)
			.chain(self.values_use)
			.flat_map(|columns| [columns.take, columns.shift, columns.hold])
			.chain(
				self.inputs
					.into_iter()
					.flat_map(|(pack, next)| [pack, next]),
			)
			.chain(self.weights.iter().copied())
			.chain([self.current, self.previous])
			.chain(self.product)
	}

	/// Advice columns, in the order of [`combine::advice`](super::gadgets::combine::advice).
	pub fn advice_columns(&self) -> impl Iterator<Item = Column<Advice>> + '_ {
		let lanes = self.lanes.iter().copied();
		lanes.chain([self.sums, self.values, self.total])
	}
}

impl Config {
	/// Makes the columns and gates.
	pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Self {
		let gates = columns.gates;
		let selected = |limb_use| gates.has(limb_use) && !columns.numbered;
		let functions = if gates.function { 4 } else { 0 };
		let config = Self {
			columns: *columns,
			lanes: (0..columns.lanes).map(|_| meta.advice_column()).collect(),
			accumulator: meta.advice_column(),
			limbs: (0..columns.limb_columns())
				.map(|_| meta.advice_column())
				.collect(),
			sign: columns.has_sign().then(|| meta.advice_column()),
			weights: (0..columns.lanes).map(|_| meta.fixed_column()).collect(),
			current: meta.fixed_column(),
			previous: meta.fixed_column(),
			constant: meta.fixed_column(),
			selectors: Selectors {
				product: gates.product.then(|| meta.fixed_column()),
				step: selected(LimbUse::Step).then(|| meta.fixed_column()),
				plain: selected(LimbUse::Plain).then(|| meta.fixed_column()),
				relu: selected(LimbUse::Relu).then(|| meta.fixed_column()),
				sign: selected(LimbUse::Sign).then(|| meta.fixed_column()),
				spread: selected(LimbUse::Spread).then(|| meta.fixed_column()),
				interpolate: gates.interpolate.then(|| meta.fixed_column()),
				function: gates.function.then(|| meta.fixed_column()),
				input: columns.checks_inputs().then(|| meta.fixed_column()),
			},
			limb_table: columns.limbs.map(|_| meta.fixed_column()),
			function_table: (0..functions).map(|_| meta.fixed_column()).collect(),
			instance: meta.instance_column(),
			combination: columns.defers().then(|| Combination::new(meta, columns)),
		};
		for lane in &config.lanes {
			meta.enable_equality(*lane);
		}
		meta.enable_equality(config.accumulator);
		meta.enable_equality(config.instance);
		if let Some(combination) = &config.combination {
			for lane in &combination.lanes {
				meta.enable_equality(*lane);
			}
			meta.enable_equality(combination.sums);
			meta.enable_equality(combination.values);
		}
		gadgets::linear::gate(meta, &config);
		gadgets::range::lookups(meta, &config);
		gadgets::rescale::gates(meta, &config);
		gadgets::sign::gate(meta, &config);
		gadgets::function::gate(meta, &config);
		gadgets::inputs::gate(meta, &config);
		gadgets::combine::gates(meta, &config);
		// halo2 caps the degree by the environment variable MAX_DEGREE; a minimum overrides that,
		// so that the key depends on the model alone.
		meta.set_minimum_degree(columns.degree.into());
		config
	}

	/// Fixed columns, in the order of [`Trace::fixed`](super::trace::Trace::fixed).
	pub fn fixed_columns(&self) -> Vec<Column<Fixed>> {
		let Selectors {
			product,
			step,
			plain,
			relu,
			sign,
			spread,
			interpolate,
			function,
			input,
		} = self.selectors;
		let selectors = [
			product,
			step,
			plain,
			relu,
			sign,
			spread,
			interpolate,
			function,
			input,
			self.limb_table,
		];
		self.weights
			.iter()
			.copied()
			.chain([self.current, self.previous, self.constant])
			.chain(selectors.into_iter().flatten())
			.chain(self.function_table.iter().copied())
			.chain(self.combination.iter().flat_map(|c| c.fixed_columns()))
			.collect()
	}

	/// Advice columns of the first phase, in the order of
	/// [`Trace::advice`](super::trace::Trace::advice).
	pub fn advice_columns(&self) -> Vec<Column<Advice>> {
		self.lanes
			.iter()
			.copied()
			.chain([self.accumulator])
			.chain(self.limbs.iter().copied())
			.chain(self.sign)
			.collect()
	}

	/// The column of a cell, if there is one, and its row.
	pub fn place(&self, cell: &Cell) -> (Option<Column<Any>>, usize) {
		let combination = self.combination.as_ref();
		let (column, row): (Option<Column<Any>>, usize) = match *cell {
			Cell::Lane { lane, row } => (self.lanes.get(lane).map(|c| (*c).into()), row),
			Cell::Accumulator { row } => (Some(self.accumulator.into()), row),
			Cell::Instance { row } => (Some(self.instance.into()), row),
			Cell::Sums { row } => (combination.map(|c| c.sums.into()), row),
			Cell::Values { row } => (combination.map(|c| c.values.into()), row),
			Cell::CombinedLane { lane, row } => {
				let lane = combination.and_then(|c| c.lanes.get(lane));
				(lane.map(|c| (*c).into()), row)
			},
		};
		(column, row)
	}

	/// The coefficient of the accumulator.
	pub(super) fn current(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
	) -> Expression<Fr> {
		let column = meta.query_fixed(self.current, Rotation::cur());
		match &self.columns.limbs {
			Some(limbs) if self.columns.numbered => {
				let kinds = self.columns.row_kinds();
				let values = kinds.map(|kind| integer(kind.current(limbs)));
				interpolated(column, values.collect())
			},
			_ => column,
		}
	}

	/// 1 where limbs have one of `uses`, else 0; nothing if the layout has none of them.
	pub(super) fn is_used(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
		uses: &[LimbUse],
	) -> Option<Expression<Fr>> {
		if !uses
			.iter()
			.any(|limb_use| self.columns.gates.has(*limb_use))
		{
			return None;
		}
		if self.columns.numbered {
			let column = meta.query_fixed(self.current, Rotation::cur());
			let kinds = self.columns.row_kinds();
			let values = kinds.map(|kind| {
				if uses.contains(&kind.limb_use) {
					Fr::ONE
				} else {
					Fr::ZERO
				}
			});
			return Some(interpolated(column, values.collect()));
		}
		let Selectors {
			step,
			plain,
			relu,
			sign,
			spread,
			..
		} = self.selectors;
		let columns = LimbUse::SELECTED
			.into_iter()
			.zip([step, plain, relu, sign, spread]);
		columns
			.filter(|(limb_use, _)| uses.contains(limb_use))
			.filter_map(|(_, column)| Some(meta.query_fixed(column?, Rotation::cur())))
			.reduce(|sum, selector| sum + selector)
	}

	/// The advice cell at column `column` of the limbs, `up` rows up.
	fn limb_cell(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
		(column, up): (u8, u8),
	) -> Option<Expression<Fr>> {
		let column = self.limbs.get(usize::from(column))?;
		Some(meta.query_advice(*column, Rotation(-i32::from(up))))
	}

	/// The sign σ; nothing if there is no ReLU.
	pub(super) fn sign(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
	) -> Option<Expression<Fr>> {
		match self.columns.sign_place() {
			Some(place) => self.limb_cell(meta, place),
			None => Some(meta.query_advice(self.sign?, Rotation::cur())),
		}
	}

	/// `Σ_i 2^(step·i)·r_(from + i)`.
	pub(super) fn digits(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
		from: u8,
		step: u32,
	) -> Expression<Fr> {
		self.digits_of(meta, from, u8::MAX, step)
	}

	/// The same of up to `count` limbs.
	pub(super) fn digits_of(
		&self,
		meta: &mut halo2_proofs::plonk::VirtualCells<'_, Fr>,
		from: u8,
		count: u8,
		step: u32,
	) -> Expression<Fr> {
		let Some(limbs) = self.columns.limbs else {
			return Expression::Constant(Fr::ZERO);
		};
		(from..limbs.count())
			.take(count.into())
			.zip(0u64..)
			.filter_map(|(limb, i)| {
				let limb = self.limb_cell(meta, limbs.place(limb))?;
				Some(limb * power_of_two(u64::from(step) * i))
			})
			.reduce(|sum, digit| sum + digit)
			.unwrap_or(Expression::Constant(Fr::ZERO))
	}
}

/// The polynomial in `x`, of the least degree, that is 0 at 0 and `values` at 1, 2, ….
fn interpolated(x: Expression<Fr>, values: Vec<Fr>) -> Expression<Fr> {
	let points: Vec<Fr> = (0..=values.len() as u64).map(Fr::from).collect();
	let mut coefficients = vec![Fr::ZERO; points.len()];
	for (value, own) in values.iter().zip(points.iter().skip(1)) {
		// Π (X − other), and its value at the own point.
		let mut product = vec![Fr::ONE];
		let mut at_own = Fr::ONE;
		for other in points.iter().filter(|point| *point != own) {
			at_own *= *own - other;
			let shifted = std::iter::once(Fr::ZERO).chain(product.iter().copied());
			let scaled = product.iter().map(|c| *c * other).chain([Fr::ZERO]);
			product = shifted.zip(scaled).map(|(a, b)| a - b).collect();
		}
		let factor = *value * at_own.invert().unwrap_or(Fr::ZERO);
		for (sum, coefficient) in coefficients.iter_mut().zip(product) {
			*sum += factor * coefficient;
		}
	}
	// The constant is 0: x·(c_1 + x·(c_2 + …)).
	let terms = coefficients.into_iter().skip(1).rev();
	let mut terms = terms.skip_while(|c| *c == Fr::ZERO);
	let Some(highest) = terms.next() else {
		return Expression::Constant(Fr::ZERO);
	};
	terms.fold(x.clone() * highest, |sum, coefficient| {
		x.clone() * (sum + Expression::Constant(coefficient))
	})
}

/// An integer as a field element.
pub(super) fn integer(x: i128) -> Fr {
	let magnitude = Fr::from_u128(x.unsigned_abs());
	if x < 0 {
		-magnitude
	} else {
		magnitude
	}
}

/// 2^`exponent`.
pub(super) fn power_of_two(exponent: u64) -> Fr {
	Fr::from(2).pow([exponent])
}
