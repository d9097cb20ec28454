//! Verification of many proofs, of the same or different keys under one setup, with one pairing
//! check.
//!
//! **Combination.** Each proof reduces to an equation `e(left_i, [s]G2) = e(right_i, G2)`
//! ([`crate::reduction`]). With coefficients ρ_i of 128 bits, drawn from a hash of all plans, public
//! inputs and proofs, `e(Σρ_i·left_i, [s]G2) = e(Σρ_i·right_i, G2)` holds if all do, and, if one
//! does not, with probability at most 2^-128 per choice of the batch (Bellare, Garay, Rabin, "Fast
//! batch verification", EUROCRYPT 1998, with the coefficients derived by Fiat–Shamir: whoever
//! searches for a batch that slips through needs about 2^128 hashes). The points of a key that
//! several proofs share are multiplied once.
//!
//! **Failure.** If the combination does not hold, halves of the batch are checked, each with the
//! coefficients that it has, until the bad proofs are found; at most 2·n pairing checks in all.

use crate::{
	plan::Plan,
	reduction::{coefficient, key_terms, Equation, Reduced, Term},
	setup::Setup,
	transcript::DIGEST_BYTES,
	verification::VerifyError,
	Scalar,
};
use alloc::{collections::BTreeMap, vec::Vec};
use ark_ff::AdditiveGroup;
use blake2b_simd::Params;
use inference_bn254::msm::msm;

/// A proof of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchItem<'a> {
	/// Its key.
	pub plan: &'a Plan,
	/// Its public inputs, all instance columns one after the other.
	pub public_inputs: &'a [Scalar],
	/// Its bytes.
	pub proof: &'a [u8],
}

/// A proof of a batch that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchFailure {
	/// Its index in the batch.
	pub index: usize,
	/// Why it is refused: what [`verify`](crate::verify) says of it.
	pub error: VerifyError,
}

/// Verifies all items under one setup.
///
/// # Errors
///
/// The refused items, by index; all others are valid. [`verify`](crate::verify) refuses exactly the
/// same ones, but for probability 2^-128.
///
/// Cost: each item's [`Plan::work`] but for the pairings, of which there are two for the batch and
/// at most 2·n more if an item is refused at the last step, when each item's multi-scalar
/// multiplication is done alone.
pub fn verify_batch(setup: &Setup, items: &[BatchItem<'_>]) -> Result<(), Vec<BatchFailure>> {
	let mut failures = Vec::new();
	let mut members = Vec::with_capacity(items.len());
	for (index, item) in items.iter().enumerate() {
		match Member::new(index, item) {
			Ok(member) => members.push(member),
			Err(failure) => failures.push(failure),
		}
	}
	draw_coefficients(&mut members);
	match combined(&members) {
		Ok(equation) if equation.holds(setup) => {},
		_ => find_failures(setup, &members, &mut failures),
	}
	if failures.is_empty() {
		return Ok(());
	}
	failures.sort_unstable_by_key(|failure| failure.index);
	Err(failures)
}

/// Verifies all items under one setup, without finding out which one is bad: costs no more when one
/// is.
///
/// # Errors
///
/// The first item that cannot be read, or, as [`VerifyError::Invalid`] of item 0, that one of them
/// is not valid.
pub fn verify_all(setup: &Setup, items: &[BatchItem<'_>]) -> Result<(), BatchFailure> {
	let members = items.iter().enumerate();
	let members = members.map(|(index, item)| Member::new(index, item));
	let mut members = members.collect::<Result<Vec<_>, _>>()?;
	draw_coefficients(&mut members);
	let failure = |error| BatchFailure { index: 0, error };
	if combined(&members).map_err(failure)?.holds(setup) {
		Ok(())
	} else {
		Err(failure(VerifyError::Invalid))
	}
}

/// An item that was read.
struct Member<'a> {
	index: usize,
	plan: &'a Plan,
	reduced: Reduced,
	coefficient: Scalar,
}

impl<'a> Member<'a> {
	/// Reads an item; its coefficient is drawn when all are read.
	fn new(index: usize, item: &BatchItem<'a>) -> Result<Self, BatchFailure> {
		match Reduced::new(item.plan, item.public_inputs, item.proof) {
			Ok(reduced) => Ok(Self {
				index,
				plan: item.plan,
				reduced,
				coefficient: Scalar::ZERO,
			}),
			Err(error) => Err(BatchFailure { index, error }),
		}
	}
}

/// Draws each member's coefficient from a hash of all members' seals.
fn draw_coefficients(members: &mut [Member<'_>]) {
	let mut state = Params::new()
		.hash_length(DIGEST_BYTES)
		.personal(b"inference-batch1")
		.to_state();
	for member in members.iter() {
		state.update(&member.reduced.seal);
	}
	let seal = *state.finalize().as_array();
	for (number, member) in (0u32..).zip(members) {
		member.coefficient = coefficient(&seal, number);
	}
}

/// The random combination of all members' equations.
fn combined(members: &[Member<'_>]) -> Result<Equation, VerifyError> {
	let mut left: Vec<Term> = Vec::new();
	let mut right: Vec<Term> = Vec::new();
	// Scalars of each key's points, by the plan's digest.
	let mut keys: BTreeMap<&[u8; DIGEST_BYTES], (&Plan, Vec<Scalar>)> = BTreeMap::new();
	for member in members {
		let factor = member.coefficient;
		let reduced = &member.reduced;
		left.push((reduced.witness, factor));
		let scaled = reduced.terms.iter();
		right.extend(scaled.map(|(point, scalar)| (*point, *scalar * factor)));
		if let Some(accumulator) = reduced.accumulator {
			let factor = factor * coefficient(&reduced.seal, 0);
			left.push((accumulator.right, factor));
			right.push((accumulator.left, factor));
		}
		let (_, sums) = keys.entry(member.plan.digest()).or_insert_with(|| {
			let zeros = alloc::vec![Scalar::ZERO; reduced.key_scalars.len()];
			(member.plan, zeros)
		});
		for (sum, scalar) in sums.iter_mut().zip(&reduced.key_scalars) {
			*sum += *scalar * factor;
		}
	}
	for (plan, sums) in keys.values() {
		right.extend(key_terms(plan, sums)?);
	}
	Ok(Equation {
		left: msm(&left),
		right: msm(&right),
	})
}

/// Finds the members whose equations do not hold.
fn find_failures(setup: &Setup, members: &[Member<'_>], failures: &mut Vec<BatchFailure>) {
	let mut equations = Vec::with_capacity(members.len());
	for member in members {
		match member.reduced.equation(member.plan) {
			Ok(equation) => equations.push((member.index, equation.scaled(member.coefficient))),
			Err(error) => failures.push(BatchFailure {
				index: member.index,
				error,
			}),
		}
	}
	// Ranges of equations, and whether their sum is known not to hold.
	let mut ranges: Vec<(&[(usize, Equation)], bool)> = alloc::vec![(equations.as_slice(), false)];
	while let Some((range, known_bad)) = ranges.pop() {
		if !known_bad && holds(setup, range) {
			continue;
		}
		if let [(index, _)] = range {
			failures.push(BatchFailure {
				index: *index,
				error: VerifyError::Invalid,
			});
			continue;
		}
		let (first, second) = range.split_at(range.len() / 2);
		if holds(setup, first) {
			// Then what is wrong is in the second half.
			ranges.push((second, true));
		} else {
			ranges.push((first, true));
			ranges.push((second, false));
		}
	}
}

/// Whether the sum of equations holds.
fn holds(setup: &Setup, equations: &[(usize, Equation)]) -> bool {
	let sum = equations
		.iter()
		.fold(Equation::trivial(), |sum, (_, equation)| sum.plus(equation));
	equations.is_empty() || sum.holds(setup)
}
