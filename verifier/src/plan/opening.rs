//! Which commitments are opened at which points: SHPLONK's rotation sets.
//!
//! Queries come in halo2's order: advice; permutation products at this row and the next, then all
//! but the last product at the last row, backwards; lookups; fixed; permutation polynomials; the
//! quotient; the random polynomial. Commitments with the same set of points form a rotation set.
//! Sets, and commitments within a set, are in order of first query: powers of challenges are
//! assigned by that order. The order of points within a set has no effect; here they ascend.
//!
//! Points are rotations modulo the number of rows: two rotations that meet on a small domain are
//! one point, as they are for halo2. One commitment queried twice at one point is refused, and so are
//! more points or sets than [`limits`] allows: each set costs a verification up to as many products
//! as there are points, whatever the plan's bytes.

use super::{at_most, layout::Layout, LookupArgument, Parts, PlanError};
use crate::{domain::Domain, limits};
use alloc::vec::Vec;

/// A set of points is a mask of 32 bits.
const _: () = assert!(limits::MAX_POINTS <= u32::BITS);

/// What is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commitment {
	/// A base of the multi-scalar multiplication, by position.
	Base(usize),
	/// The quotient: its parts, combined.
	Quotient,
}

/// The value that is claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
	/// An evaluation in the proof, by position.
	Evaluation(usize),
	/// The quotient's value, computed from the constraints.
	Quotient,
}

/// A commitment of a rotation set, with its claims in the order of the set's points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
	/// What commits to the polynomial.
	pub commitment: Commitment,
	/// Its values, in the order of the set's points.
	pub claims: Vec<Claim>,
}

/// Commitments opened at the same points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RotationSet {
	/// Indices into [`Openings::points`], ascending.
	pub points: Vec<usize>,
	/// Its commitments, in order of first query.
	pub members: Vec<Member>,
}

/// All openings of a proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Openings {
	/// Distinct rotations modulo the number of rows, ascending.
	pub points: Vec<u32>,
	/// The rotation sets, in order of first query.
	pub sets: Vec<RotationSet>,
}

/// One query: commitment, rotation modulo the rows, claim.
type Opening = (Commitment, u32, Claim);

/// A commitment's claims while queries are sorted, by index of the point, ascending.
struct Claims {
	commitment: Commitment,
	claims: Vec<(usize, Claim)>,
}

impl Claims {
	fn of(commitment: Commitment) -> Self {
		Self {
			commitment,
			claims: Vec::new(),
		}
	}

	/// Adds a claim, unless there is one at this point.
	fn insert(&mut self, point: usize, claim: Claim) -> bool {
		match self.claims.binary_search_by_key(&point, |(at, _)| *at) {
			Ok(_) => false,
			Err(position) => {
				// At most as many as there are points.
				self.claims.insert(position, (point, claim));
				true
			},
		}
	}

	/// The set of its points: bit i for the point of index i.
	fn mask(&self) -> u32 {
		let bit = |point: usize| {
			let shift = u32::try_from(point).unwrap_or(u32::MAX);
			// An index below `MAX_POINTS`.
			1u32.checked_shl(shift).unwrap_or_default()
		};
		self.claims
			.iter()
			.fold(0, |mask, (point, _)| mask | bit(*point))
	}

	/// Its points, and it as a member of their set.
	fn into_member(self) -> (Vec<usize>, Member) {
		let (points, claims) = self.claims.into_iter().unzip();
		let member = Member {
			commitment: self.commitment,
			claims,
		};
		(points, member)
	}
}

impl Openings {
	pub(crate) fn new(
		parts: &Parts,
		domain: &Domain,
		blinding_factors: u32,
		layout: &Layout,
	) -> Result<Self, PlanError> {
		let queries = queries(parts, domain, blinding_factors, layout);
		let mut points: Vec<u32> = queries.iter().map(|(_, point, _)| *point).collect();
		points.sort_unstable();
		points.dedup();
		at_most("distinct rotations", limits::MAX_POINTS, points.len())?;

		// Each commitment's claims by point, ascending; commitments in order of first query.
		let mut positions: Vec<Option<usize>> = alloc::vec![None; layout.bases()];
		let mut quotient: Option<usize> = None;
		let mut commitments: Vec<Claims> = Vec::new();
		for (index, (commitment, point, claim)) in queries.into_iter().enumerate() {
			let duplicate = PlanError::Duplicate {
				what: "opening",
				index,
			};
			let point = points.binary_search(&point).map_err(|_| duplicate)?;
			let slot = match commitment {
				Commitment::Base(base) => positions.get_mut(base).ok_or(duplicate)?,
				Commitment::Quotient => &mut quotient,
			};
			let position = *slot.get_or_insert_with(|| {
				commitments.push(Claims::of(commitment));
				commitments.len().saturating_sub(1)
			});
			let claims = commitments.get_mut(position).ok_or(duplicate)?;
			if !claims.insert(point, claim) {
				return Err(duplicate);
			}
		}

		// Group by sets of points; sets in order of first commitment. There are few sets: they are
		// looked through.
		let mut masks: Vec<u32> = Vec::new();
		let mut sets: Vec<RotationSet> = Vec::new();
		for claims in commitments {
			let mask = claims.mask();
			let (points, member) = claims.into_member();
			let known = masks.iter().position(|other| *other == mask);
			match known.and_then(|position| sets.get_mut(position)) {
				Some(set) => set.members.push(member),
				None => {
					// Before the set is made: what a plan may cost to register is bounded, too.
					let got = sets.len().saturating_add(1);
					at_most("rotation sets", limits::MAX_ROTATION_SETS, got)?;
					masks.push(mask);
					sets.push(RotationSet {
						points,
						members: alloc::vec![member],
					});
				},
			}
		}
		Ok(Self { points, sets })
	}
}

/// All queries in halo2's order.
fn queries(parts: &Parts, domain: &Domain, blinding_factors: u32, layout: &Layout) -> Vec<Opening> {
	let at = |rotation: i32| domain.normalise(rotation);
	let (this, next, previous) = (at(0), at(1), at(-1));
	let last = at(i32::try_from(blinding_factors)
		.map(|b| b.saturating_add(1).saturating_neg())
		.unwrap_or_default());
	let evaluation = |base: usize, offset: usize| Claim::Evaluation(base.saturating_add(offset));
	let mut queries: Vec<Opening> = Vec::new();

	for (index, query) in parts.advice_queries.iter().enumerate() {
		// A column out of range was refused before.
		let position = layout.advice(usize::from(query.column)).unwrap_or_default();
		let claim = Claim::Evaluation(layout.advice_evaluation(index));
		queries.push((
			Commitment::Base(position),
			at(i32::from(query.rotation)),
			claim,
		));
	}
	let chunks = layout.permutation_chunks();
	for chunk in 0..chunks {
		let product = Commitment::Base(layout.permutation_product(chunk));
		let base = layout.permutation_product_evaluation(chunk);
		queries.push((product, this, evaluation(base, 0)));
		queries.push((product, next, evaluation(base, 1)));
	}
	for chunk in (0..chunks.saturating_sub(1)).rev() {
		let product = Commitment::Base(layout.permutation_product(chunk));
		let base = layout.permutation_product_evaluation(chunk);
		queries.push((product, last, evaluation(base, 2)));
	}
	for lookup in 0..layout.lookups() {
		let product = Commitment::Base(layout.lookup_product(lookup));
		let first = layout.lookup_point(lookup);
		let base = layout.lookup_evaluation(lookup);
		queries.push((product, this, evaluation(base, 0)));
		match layout.lookup_argument() {
			LookupArgument::Permuted => {
				let input = Commitment::Base(first);
				let table = Commitment::Base(first.saturating_add(1));
				queries.push((input, this, evaluation(base, 2)));
				queries.push((table, this, evaluation(base, 4)));
				queries.push((input, previous, evaluation(base, 3)));
				queries.push((product, next, evaluation(base, 1)));
			},
			LookupArgument::LogDerivative => {
				let multiplicities = Commitment::Base(first);
				queries.push((product, next, evaluation(base, 1)));
				queries.push((multiplicities, this, evaluation(base, 2)));
			},
		}
	}
	for (index, query) in parts.fixed_queries.iter().enumerate() {
		let commitment = Commitment::Base(layout.fixed(usize::from(query.column)));
		let claim = Claim::Evaluation(layout.fixed_evaluation(index));
		queries.push((commitment, at(i32::from(query.rotation)), claim));
	}
	for column in 0..layout.permutation_columns() {
		let commitment = Commitment::Base(layout.permutation(column));
		let claim = Claim::Evaluation(layout.permutation_evaluation(column));
		queries.push((commitment, this, claim));
	}
	queries.push((Commitment::Quotient, this, Claim::Quotient));
	let random = Claim::Evaluation(layout.random_evaluation());
	queries.push((Commitment::Base(layout.random()), this, random));
	queries
}
