//! Chooses the circuit's size: rows, lanes, limbs, degree.
//!
//! - `requirements`: what the graph asks for: how many sums of which length, how many bits.
//! - [`cost`]: what a circuit of some size costs.
//! - [`choose`] tries every size that is enough and takes the cheapest; the first of equals, so the
//!   same graph has the same layout everywhere. [`choose_graph`] also tries the graph with comparisons in
//!   place of decision trees.

mod chain;
mod claim;
pub mod cost;
mod families;
mod inputs;
mod requirements;

use crate::{
	circuit::row::{LimbUse, RowKind},
	graph::{trees_as_comparisons, Graph, GraphError},
};
pub use claim::{Claim, MAX_INFERENCES};
use codec::{Decode, Encode};
pub use families::{Element, Families, Family, Weight};
use inference_primitives::MAX_PUBLIC_INPUTS;
pub use inputs::{BinaryDomain, Inputs};
use requirements::Requirements;
pub(crate) use requirements::{is_combined, is_fused, only_forests_read_input, signed_bits};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Largest circuit: 2^18 rows take some seconds per proof and 100 MB of keys.
pub const MAX_K: u8 = 18;
/// Most lanes.
pub const MAX_LANES: u8 = 32;
/// Widest limb: its table takes 2^16 rows.
pub const MAX_LIMB_BITS: u8 = 16;
/// Most limbs in a row.
pub const MAX_LIMBS: u8 = 16;
/// Most bits that a number has while it is decomposed, so that field equations hold over the
/// integers, and integers fit 128 bits.
pub const MAX_DECOMPOSED_BITS: u32 = 122;
/// Most bits of a coefficient: with what is added to it, it fits an `i128`.
pub const MAX_COEFFICIENT_BITS: u32 = 125;
/// Degrees of constraint systems that are tried.
pub const DEGREES: std::ops::RangeInclusive<u8> = 3..=9;
/// Least number of rows at the end that halo2 fills with blinding values, one more for the
/// permutation argument. It follows from the gates: [`Columns::reserved_rows`].
pub const RESERVED_ROWS: usize = 6;

/// A circuit's size. With the graph, it determines the circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Layout {
	/// Binary logarithm of the number of rows.
	pub k: u8,
	/// The columns.
	pub columns: Columns,
	/// What its proofs say.
	pub claim: Claim,
}

/// A circuit's columns: all that its gates depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Columns {
	/// Products that one row adds to the accumulator.
	pub lanes: u8,
	/// Degree of the constraint system: a permutation product takes `degree − 2` columns, a lookup
	/// sum `degree − 3` limbs.
	pub degree: u8,
	/// The limbs of the range checks; nothing if the model needs none.
	pub limbs: Option<Limbs>,
	/// The gates beside the linear one.
	pub gates: Gates,
	/// Operands of a row of the sums that check combinations; 0 if sums are not deferred.
	pub combined_lanes: u8,
	/// Whether sums are deferred within one inference, those of [`Families`]; else a batch's are.
	#[serde(default)]
	pub within: bool,
	/// How rows hold inputs: hidden ones, and all that a batch's deferred sums read.
	pub inputs: Option<Inputs>,
	/// Whether one fixed column says what a row does with its accumulator and limbs, by a number from
	/// which the gates compute their selectors, instead of one column for each.
	pub numbered: bool,
}

/// The limbs of a row: digits in base 2^`bits`, the least significant first.
///
/// They are in `columns` columns and `rows` rows, that row and those before it: limb j in column
/// j mod `columns`, j div `columns` rows up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Limbs {
	/// Bits of a limb.
	pub bits: u8,
	/// Limbs that the last row of a rescaling cuts off.
	pub low: u8,
	/// Limbs above them: those of the result.
	pub high: u8,
	/// Columns that they are in.
	pub columns: u8,
	/// Rows that they are in.
	pub rows: u8,
}

/// Which gates there are, and so which selectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Gates {
	/// Products of two operands.
	pub product: bool,
	/// Range checks, or decompositions of more than one row.
	pub step: bool,
	/// Rescalings without ReLU.
	pub plain: bool,
	/// Rescalings with ReLU.
	pub relu: bool,
	/// Signs.
	pub sign: bool,
	/// Comparisons of several small integers at once.
	pub spread: bool,
	/// Functions given by their values.
	pub function: bool,
	/// Linear interpolation of those.
	pub interpolate: bool,
	/// Products of two operands of the sums that check combinations.
	#[serde(default)]
	pub combined_product: bool,
}

impl Gates {
	/// Whether there is a gate for this use of the limbs.
	pub fn has(&self, limb_use: LimbUse) -> bool {
		match limb_use {
			LimbUse::Unused => false,
			LimbUse::Step => self.step,
			LimbUse::Plain => self.plain,
			LimbUse::Relu => self.relu,
			LimbUse::Sign => self.sign,
			LimbUse::Spread => self.spread,
		}
	}

	/// Number of selectors that no number replaces.
	fn other_selectors(&self) -> u64 {
		[self.product, self.function, self.interpolate]
			.into_iter()
			.map(u64::from)
			.sum()
	}

	/// Number of selectors of uses of the limbs.
	fn limb_selectors(&self) -> u64 {
		LimbUse::SELECTED
			.into_iter()
			.map(|limb_use| u64::from(self.has(limb_use)))
			.sum()
	}
}

/// A model that has no circuit, or a layout that is not the model's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LayoutError {
	/// Too many rows even for the largest circuit.
	#[error("the model needs {rows} rows; the largest circuit has {max}", max = (1usize << MAX_K) - RESERVED_ROWS)]
	TooLarge {
		/// Rows with the layout that needs fewest.
		rows: usize,
	},
	/// Numbers have more bits than any row's limbs.
	#[error(
		"results of rescalings have up to {bits} bits, shifts up to {shift}: too many to decompose; \
		use fewer scale bits"
	)]
	NoLimbs {
		/// The largest shift.
		shift: u8,
		/// Bits of the largest result.
		bits: u32,
	},
	/// No inference, or more than a proof can have.
	#[error("a proof is about 1 to {MAX_INFERENCES} inferences, got {got}")]
	Inferences {
		/// Their number.
		got: u16,
	},
	/// Inputs and outputs of all inferences are too many.
	#[error(
		"{inferences} inferences have {got} public inputs with the statement; a proof has room for \
		{MAX_PUBLIC_INPUTS}: take fewer inferences, or hide the inputs"
	)]
	PublicInputs {
		/// Number of inferences.
		inferences: u16,
		/// Public inputs.
		got: usize,
	},
	/// The tensor of all inferences' values is none.
	#[error("the batch's tensors are not valid: {0}")]
	Batch(Box<GraphError>),
	/// A hidden input's domain is not as large as the circuit can check.
	#[error(
		"a hidden input's domain must be 0 to 2^n − 1 or −2^(n−1) to 2^(n−1) − 1, it is {min} to {max}: \
		build the model with a hidden input from the start, which widens the domain"
	)]
	HiddenDomain {
		/// The least admissible integer.
		min: i64,
		/// The greatest.
		max: i64,
	},
	/// A forest whose table is larger than any circuit.
	#[error("the model's decision trees have more leaves than the largest circuit has rows")]
	TooManyLeaves,
	/// A layout that the model's circuit cannot have.
	#[error("the layout {got:?} does not fit the model: {reason}")]
	Unfit {
		/// The layout.
		got: Box<Layout>,
		/// What is wrong with it.
		reason: &'static str,
	},
}

impl Limbs {
	/// Limbs of a row.
	pub fn count(&self) -> u8 {
		self.low.saturating_add(self.high)
	}

	/// Cells that hold a row's limbs, and more that may be free.
	pub fn cells(&self) -> u16 {
		u16::from(self.columns) * u16::from(self.rows)
	}

	/// Where limb `limb` of a row is: its column, and how many rows up.
	pub fn place(&self, limb: u8) -> (u8, u8) {
		let columns = self.columns.max(1);
		(limb % columns, limb / columns)
	}

	/// Whether each column holds a limb, and the rows are as few as hold all limbs, or as hold a sign
	/// too.
	fn is_compact(&self) -> bool {
		let count = self.count();
		(1..=count).contains(&self.columns)
			&& [count, count.saturating_add(1)]
				.map(|cells| cells.div_ceil(self.columns))
				.contains(&self.rows)
	}

	/// Bits of all limbs of a row together.
	pub fn row_bits(&self) -> u32 {
		u32::from(self.bits) * u32::from(self.count())
	}

	/// Bits of the low limbs.
	pub fn low_bits(&self) -> u32 {
		u32::from(self.bits) * u32::from(self.low)
	}

	/// Bits of the high limbs.
	pub fn high_bits(&self) -> u32 {
		u32::from(self.bits) * u32::from(self.high)
	}

	/// Rows that a rescaling by `shift` bits takes before its last.
	pub fn steps(&self, shift: u8) -> u32 {
		u32::from(shift)
			.saturating_sub(self.low_bits())
			.div_ceil(self.row_bits().max(1))
	}

	/// Bits that such a rescaling cuts off: at least `shift`.
	pub fn cut_bits(&self, shift: u8) -> u32 {
		self.steps(shift) * self.row_bits() + self.low_bits()
	}

	/// Rows that a range check of `bits` bits takes.
	pub fn range_rows(&self, bits: u32) -> u32 {
		bits.div_ceil(self.row_bits().max(1)).max(1)
	}
}

impl Columns {
	/// Limbs of a row.
	pub fn limb_count(&self) -> u8 {
		self.limbs.map_or(0, |limbs| limbs.count())
	}

	/// What rows do with their accumulator and limbs, other than nothing: a row's number is that of
	/// the place in this list, from 1 on.
	pub fn row_kinds(&self) -> impl Iterator<Item = RowKind> + use<'_> {
		let uses = LimbUse::SELECTED.into_iter();
		let uses = uses.filter(|limb_use| self.gates.has(*limb_use));
		let kinds = uses.flat_map(|limb_use| {
			[true, false]
				.into_iter()
				.filter(move |carries| !carries || limb_use.may_carry())
				.map(move |carries| RowKind { limb_use, carries })
		});
		std::iter::once(RowKind::KEEP).chain(kinds)
	}

	/// Degree of a selector: 1, or that of the polynomial in the row's number.
	fn selector_degree(&self) -> u64 {
		if self.numbered {
			self.row_kinds().count() as u64
		} else {
			1
		}
	}

	/// Highest degree of the gates, at most.
	fn gate_degree(&self) -> u64 {
		let Gates {
			product,
			relu,
			sign,
			interpolate,
			combined_product,
			..
		} = self.gates;
		let others = if product || interpolate || combined_product {
			3
		} else {
			2
		};
		let selected = self.selector_degree() + if relu || sign { 2 } else { 1 };
		selected.max(others)
	}

	/// Fixed columns that only gates read.
	fn coefficients(&self) -> u64 {
		let selectors = if self.numbered {
			0
		} else {
			self.gates.limb_selectors()
		};
		// Weights, two of the total, three of each combination of rows.
		let combining = match (self.defers(), self.within) {
			(false, _) => 0,
			(true, false) => u64::from(self.combined_lanes) + 8,
			(true, true) => u64::from(self.combined_lanes) + 5,
		} + u64::from(self.gates.combined_product);
		let inputs =
			u64::from(self.checks_inputs()) + if self.packed_lanes().is_some() { 2 } else { 0 };
		u64::from(self.lanes) + 3 + selectors + self.gates.other_selectors() + combining + inputs
	}

	/// Columns of limbs.
	pub fn limb_columns(&self) -> u8 {
		self.limbs.map_or(0, |limbs| limbs.columns)
	}

	/// Rows that a row's limbs are in: how far apart rows with limbs are.
	pub fn limb_rows(&self) -> usize {
		self.limbs.map_or(1, |limbs| usize::from(limbs.rows.max(1)))
	}

	/// Where the signs σ are: in the cell after a row's limbs if that is free, given as its column
	/// and how many rows up.
	pub fn sign_place(&self) -> Option<(u8, u8)> {
		let limbs = self.limbs.filter(|_| self.gates.relu)?;
		(limbs.cells() > u16::from(limbs.count())).then(|| limbs.place(limbs.count()))
	}

	/// Whether there is a column of signs.
	pub fn has_sign(&self) -> bool {
		self.gates.relu && self.sign_place().is_none()
	}

	/// Whether sums are deferred.
	pub fn defers(&self) -> bool {
		self.combined_lanes > 0
	}

	/// Whether a batch's affine sums are deferred.
	pub fn defers_batch(&self) -> bool {
		self.defers() && !self.within
	}

	/// Lanes of rows whose lanes are combined, if there are such rows: inputs of a batch, or tuples.
	pub fn packed_lanes(&self) -> Option<u8> {
		match (self.defers(), self.within) {
			(false, _) => None,
			(true, false) => self.inputs.map(|inputs| inputs.packed),
			(true, true) => Some(self.lanes),
		}
	}

	/// Whether rows check hidden inputs.
	pub fn checks_inputs(&self) -> bool {
		self.inputs.is_some_and(|inputs| inputs.domain.is_some())
	}

	/// Second-phase columns: lanes, two combinations, a total. The lanes and the
	/// combinations take part in the permutation argument.
	pub fn combined(&self) -> u64 {
		if self.defers() {
			u64::from(self.combined_lanes) + 3
		} else {
			0
		}
	}

	/// Advice columns of the first phase: the lanes, the accumulator, the limbs, the sign.
	pub fn advice(&self) -> u64 {
		u64::from(self.lanes) + 1 + u64::from(self.limb_columns()) + u64::from(self.has_sign())
	}

	/// Rows at the end that halo2 fills with blinding values, one more for the permutation argument:
	/// as many as a column is read at, or three, and three.
	pub fn reserved_rows(&self) -> usize {
		RESERVED_ROWS.max(self.limb_rows() + 3)
	}

	/// Degree of the constraint system.
	pub fn degree(&self) -> u64 {
		self.degree.into()
	}

	/// Columns of the permutation argument: the lanes, the accumulator, the instance.
	pub fn permutation_columns(&self) -> u64 {
		u64::from(self.lanes) + 2 + self.combined().saturating_sub(1)
	}

	/// Permutation product polynomials.
	pub fn permutation_chunks(&self) -> u64 {
		self.permutation_columns()
			.div_ceil(self.degree().saturating_sub(2).max(1))
	}

	/// Least degree with these gates: the permutation argument's, the lookup's of limbs, that of
	/// functions, whose inputs are products, the gates' own.
	fn min_degree(&self) -> u8 {
		let arguments = match (self.gates.function, self.limbs) {
			(true, _) => 5,
			(false, Some(_)) => 4,
			(false, None) => 3,
		};
		u8::try_from(self.gate_degree()).map_or(u8::MAX, |degree| degree.max(arguments))
	}
}

/// Rows of the circuit: the statement's, then each element's.
pub fn rows(graph: &Graph, layout: &Layout) -> usize {
	let columns = &layout.columns;
	Requirements::of(graph, &layout.claim, columns.defers()).rows(columns)
}

/// Binary logarithm of the rows that the circuit needs, and those rows.
fn needed_k(requirements: &Requirements, columns: &Columns) -> (usize, u8) {
	let table = columns
		.limbs
		.map_or(0, |limbs| 1usize << limbs.bits.min(32));
	let rows = requirements.rows(columns);
	let used = [table, requirements.public_inputs, requirements.table_rows]
		.into_iter()
		.fold(rows, usize::max)
		.saturating_add(columns.reserved_rows());
	let k = used.next_power_of_two().trailing_zeros();
	(used, u8::try_from(k).unwrap_or(u8::MAX))
}

/// The cheapest layout for one inference of `graph` with a public input.
pub fn choose(graph: &Graph) -> Result<Layout, LayoutError> {
	choose_for(graph, Claim::default())
}

/// Whether a circuit of `graph` can claim `claim`.
fn check_claim(graph: &Graph, claim: &Claim) -> Result<(), LayoutError> {
	if !(1..=MAX_INFERENCES).contains(&claim.inferences) {
		return Err(LayoutError::Inferences {
			got: claim.inferences,
		});
	}
	let got = claim.public_inputs(graph);
	if got > MAX_PUBLIC_INPUTS as usize {
		return Err(LayoutError::PublicInputs {
			inferences: claim.inferences,
			got,
		});
	}
	for tensor in [claim.input(graph), claim.output(graph)] {
		tensor.map_err(|error| LayoutError::Batch(Box::new(error)))?;
	}
	let input = graph.input();
	if claim.hidden_input && BinaryDomain::of(graph).is_none() {
		return Err(LayoutError::HiddenDomain {
			min: input.min,
			max: input.max,
		});
	}
	Ok(())
}

/// A layout that a search found.
#[derive(Clone, Copy)]
struct Found {
	cost: u64,
	layout: Layout,
	/// Whether it is one of the graph with comparisons in place of decision trees.
	comparisons: bool,
}

/// The best layouts of a search.
struct Candidates {
	/// The cheapest.
	best: Found,
	/// The cheapest with a proof within [`cost::TARGET_BYTES`].
	small: Option<Found>,
}

impl Candidates {
	/// The best of both; of equals `self`'s.
	fn merge(self, other: Self) -> Self {
		let cheaper = |a: Found, b: Found| if b.cost < a.cost { b } else { a };
		Self {
			best: cheaper(self.best, other.best),
			small: match (self.small, other.small) {
				(Some(a), Some(b)) => Some(cheaper(a, b)),
				(a, b) => a.or(b),
			},
		}
	}

	/// The layout to take.
	fn choose(self) -> Found {
		let time = |found: &Found| cost::time(&found.layout.columns, found.layout.k);
		// Many inferences share a batch's proof: its size matters less.
		let small = self.small.filter(|small| {
			small.layout.claim.inferences == 1
				&& time(small) <= time(&self.best).saturating_mul(cost::MAX_SLOWDOWN)
		});
		small.unwrap_or(self.best)
	}
}

/// The best of two searches, of which one may have found none; the first one's error if both have.
fn merge(
	first: Result<Candidates, LayoutError>,
	second: Result<Candidates, LayoutError>,
) -> Result<Candidates, LayoutError> {
	match (first, second) {
		(Ok(first), Ok(second)) => Ok(first.merge(second)),
		(first, Err(_)) => first,
		(Err(_), second) => second,
	}
}

/// The best layouts. Sums are deferred where that pays: a batch's affine sums, or those of an inference that
/// have the same weights.
fn search(graph: &Graph, claim: Claim) -> Result<Candidates, LayoutError> {
	check_claim(graph, &claim)?;
	let plain = candidates_for(&Requirements::of(graph, &claim, false), claim);
	let deferred = Requirements::of(graph, &claim, true);
	if !deferred.defers() {
		return plain;
	}
	merge(plain, candidates_for(&deferred, claim))
}

/// The cheapest layout for proofs of `claim` about `graph`.
pub fn choose_for(graph: &Graph, claim: Claim) -> Result<Layout, LayoutError> {
	Ok(search(graph, claim)?.choose().layout)
}

/// `graph`, or its equal with comparisons in place of decision trees ([`trees_as_comparisons`]), whichever
/// has the cheaper layout, and that. If neither has one, the error is that of `graph`.
pub fn choose_graph(graph: Graph, claim: Claim) -> Result<(Graph, Layout), LayoutError> {
	let boxes = search(&graph, claim);
	let Some(other) = trees_as_comparisons(&graph) else {
		return Ok((graph, boxes?.choose().layout));
	};
	let comparisons = search(&other, claim).map(|mut found| {
		let layouts = std::iter::once(&mut found.best).chain(&mut found.small);
		layouts.for_each(|found| found.comparisons = true);
		found
	});
	let chosen = merge(boxes, comparisons)?.choose();
	let graph = if chosen.comparisons { other } else { graph };
	Ok((graph, chosen.layout))
}

/// The cheapest layout with sums deferred or not, and its cost. One inference defers those of
/// [`Families`], none if there are none.
pub fn choose_with(
	graph: &Graph,
	claim: Claim,
	defers: bool,
) -> Result<(u64, Layout), LayoutError> {
	check_claim(graph, &claim)?;
	let found = candidates_for(&Requirements::of(graph, &claim, defers), claim)?.choose();
	Ok((found.cost, found.layout))
}

/// The best layouts that are enough for `requirements`.
fn candidates_for(requirements: &Requirements, claim: Claim) -> Result<Candidates, LayoutError> {
	if requirements.too_many_boxes {
		return Err(LayoutError::TooManyLeaves);
	}
	let limbs: Vec<Option<Limbs>> = if requirements.needs_limbs() {
		requirements.limbs().map(Some).collect()
	} else {
		vec![None]
	};
	if limbs.is_empty() {
		return Err(LayoutError::NoLimbs {
			shift: requirements.max_shift(),
			bits: requirements.result_bits,
		});
	}
	let mut best: Option<Found> = None;
	let mut small: Option<Found> = None;
	let mut fewest = usize::MAX;
	for limbs in limbs {
		for (lanes, combined_lanes) in requirements.lanes() {
			let Ok(inputs) = requirements.inputs(lanes, limbs.as_ref()) else {
				continue;
			};
			let mut columns = Columns {
				lanes,
				degree: 0,
				limbs,
				gates: requirements.gates(limbs.as_ref()),
				combined_lanes,
				within: requirements.defers_within(),
				inputs,
				numbered: false,
			};
			let (used, k) = needed_k(requirements, &columns);
			fewest = fewest.min(used - columns.reserved_rows());
			if k > MAX_K {
				continue;
			}
			for numbered in [false, true] {
				if numbered && columns.limbs.is_none() {
					continue;
				}
				columns.numbered = numbered;
				let min_degree = columns.min_degree();
				for degree in DEGREES.filter(|degree| *degree >= min_degree) {
					columns.degree = degree;
					let (cost, bytes) = cost::with_bytes(&columns, k);
					let found = Found {
						cost,
						layout: Layout { k, columns, claim },
						comparisons: false,
					};
					let is_cheaper = |than: &Option<Found>| than.is_none_or(|x| cost < x.cost);
					if is_cheaper(&best) {
						best = Some(found);
					}
					if is_cheaper(&small) && bytes <= cost::TARGET_BYTES {
						small = Some(found);
					}
				}
			}
		}
	}
	let best = best.ok_or(LayoutError::TooLarge { rows: fewest })?;
	Ok(Candidates { best, small })
}

/// Checks that `layout` fits `graph`: everything that the circuit relies on.
pub fn check(graph: &Graph, layout: &Layout) -> Result<(), LayoutError> {
	let unfit = |reason| {
		Err(LayoutError::Unfit {
			got: Box::new(*layout),
			reason,
		})
	};
	check_claim(graph, &layout.claim)?;
	let columns = &layout.columns;
	let requirements = Requirements::of(graph, &layout.claim, columns.defers());
	if requirements.too_many_boxes {
		return Err(LayoutError::TooManyLeaves);
	}
	match &columns.limbs {
		None if requirements.needs_limbs() => return unfit("limbs are missing"),
		Some(_) if !requirements.needs_limbs() => return unfit("there is nothing to decompose"),
		Some(limbs) => {
			if !(1..=MAX_LIMB_BITS).contains(&limbs.bits) {
				return unfit("limb bits are out of range");
			}
			if !(1..=MAX_LIMBS).contains(&limbs.count()) {
				return unfit("the number of limbs is out of range");
			}
			if !limbs.is_compact() {
				return unfit("the limbs are in too few cells or in too many");
			}
			if !requirements.holds(limbs) {
				return unfit("the limbs cannot hold a rescaling");
			}
			if !requirements.fits(limbs) {
				return unfit("the limbs make a coefficient too large");
			}
		},
		None => (),
	}
	if columns.gates != requirements.gates(columns.limbs.as_ref()) {
		return unfit("its gates are not the model's");
	}
	if !(requirements.min_lanes()..=MAX_LANES).contains(&columns.lanes) {
		return unfit("the number of lanes is out of range");
	}
	if requirements.inputs(columns.lanes, columns.limbs.as_ref()) != Ok(columns.inputs) {
		return unfit("its rows of inputs are not the model's");
	}
	if columns.defers() != requirements.defers()
		|| columns.within != requirements.defers_within()
		|| columns.gates.combined_product && columns.combined_lanes < 2
		|| columns.combined_lanes > MAX_LANES
	{
		return unfit(
			"it has lanes for combinations that are not the model's, or too many, or too few",
		);
	}
	if columns.numbered && columns.limbs.is_none() {
		return unfit("there is nothing to number");
	}
	if !DEGREES.contains(&columns.degree) || columns.degree < columns.min_degree() {
		return unfit("the degree is out of range");
	}
	if layout.k > MAX_K {
		return unfit("it has too many rows");
	}
	match needed_k(&requirements, columns).1.cmp(&layout.k) {
		Ordering::Greater => return unfit("it has too few rows"),
		// No search gives it: it only costs memory.
		Ordering::Less => return unfit("it has too many rows"),
		Ordering::Equal => (),
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn limbs_cut_off_at_least_the_shift() {
		let limbs = Limbs {
			bits: 7,
			low: 2,
			high: 3,
			columns: 5,
			rows: 1,
		};
		assert_eq!((limbs.steps(14), limbs.cut_bits(14)), (0, 14));
		assert_eq!((limbs.steps(15), limbs.cut_bits(15)), (1, 49));
		assert_eq!((limbs.steps(0), limbs.cut_bits(0)), (0, 14));
		let high_only = Limbs {
			bits: 8,
			low: 0,
			high: 3,
			columns: 2,
			rows: 2,
		};
		assert_eq!((high_only.steps(16), high_only.cut_bits(16)), (1, 24));
		assert_eq!((high_only.steps(0), high_only.cut_bits(0)), (0, 0));
	}
}
