//! Weights of what depends on a key's sizes: its registration, and the verification of its proofs.
//!
//! Computing time in wasm follows from the sizes by a linear formula, fitted from above to what
//! `scripts/bench-verification` measures; storage accesses are counted. `weights.rs` has what FRAME's
//! benchmarks measured of the one key of `vectors`, and the tests compare. Proof size is left at zero:
//! the chain is no parachain, and [`Config::MaxVerifyWeight`](crate::Config::MaxVerifyWeight) has none.

use crate::KeySizes;
use frame_support::weights::{RuntimeDbWeight, Weight};

/// Reference times of the formula, picoseconds in plain wasm.
///
/// **How they were fitted.** `scripts/bench-verification` measures eleven keys: of 16 to 459 points, of
/// 14 to 58,157 instructions, of 5 to 1,000 public inputs, of 0.5 to 125 KiB. Each part is from above,
/// so that the weight is at least 1.1 times the median of each key on the idle machine
/// (docs/VERIFIER.md has them), and the benchmark fails if it is below the least of 20 times of any.
/// The small keys decide the base and the points; a sum of many points is cheaper, so large keys weigh
/// up to twice what they take. What a key's maker is free to choose is at its worst, not at its mean:
/// an instruction is a multiplication, a byte of a key an instruction of its own.
pub mod time {
	/// What every verification does once: the transcript, the program's set-up, the setup's lines.
	pub const VERIFY_BASE: u64 = 600_000_000;
	/// A pairing check: one product of two pairings.
	pub const PAIRING_CHECK: u64 = 2_200_000_000;
	/// A point of the multi-scalar multiplication.
	pub const MSM_POINT: u64 = 50_000_000;
	/// A point of the proof: two coordinates, the curve's equation, the transcript.
	pub const PROOF_POINT: u64 = 5_000_000;
	/// A field element of the proof, decoded and hashed.
	pub const EVALUATION: u64 = 2_000_000;
	/// A public input, decoded and hashed.
	pub const PUBLIC_INPUT: u64 = 2_000_000;
	/// An instruction of the expression program.
	pub const OPERATION: u64 = 200_000;
	/// A multiplication in the field.
	pub const PRODUCT: u64 = 200_000;
	/// A byte of a stored plan: decoded and hashed.
	pub const STORED_PLAN_BYTE: u64 = 60_000;
	/// What every registration does once: the plan's tables, the setup's lines.
	pub const REGISTER_BASE: u64 = 400_000_000;
	/// A byte of a submitted key: decoded, checked to be on the curve, encoded, hashed. Measured: 45
	/// to 75 ns (keys of 3 to 125 KiB, both systems), and 105 ns for an instruction with its operand.
	pub const KEY_BYTE: u64 = 150_000;
	/// A hold, or its release.
	pub const HOLD: u64 = 40_000_000;
	/// Everything else that a call does.
	pub const CALL: u64 = 20_000_000;
}

/// Σ count · each.
fn sum(parts: &[(u32, u64)]) -> u64 {
	parts.iter().fold(0, |sum, (count, each)| {
		sum.saturating_add(u64::from(*count).saturating_mul(*each))
	})
}

/// Computing time for what a key brings: its points and its plan.
fn key_time(sizes: &KeySizes) -> u64 {
	sum(&[
		(
			sizes.msm_points.saturating_sub(sizes.proof_points),
			time::MSM_POINT,
		),
		(sizes.bytes, time::STORED_PLAN_BYTE),
	])
}

/// Computing time for what a proof brings.
fn proof_time(sizes: &KeySizes) -> u64 {
	sum(&[
		(sizes.proof_points, time::MSM_POINT + time::PROOF_POINT),
		(sizes.evaluations, time::EVALUATION),
		(sizes.public_inputs, time::PUBLIC_INPUT),
		(sizes.operations, time::OPERATION),
		(sizes.products, time::PRODUCT),
	])
}

fn weight(time: u64, db: RuntimeDbWeight, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(time, 0).saturating_add(db.reads_writes(reads, writes))
}

/// `register_key` with so many bytes.
///
/// Reads: whether system, setup and key are disabled (3) and when they end (3), clock, setup, its
/// lines, key, parameters, account, holds. Writes: setup, key, plan, account, holds.
pub fn register_key(db: RuntimeDbWeight, bytes: u32) -> Weight {
	let decode = u64::from(bytes).saturating_mul(time::KEY_BYTE);
	let once = time::REGISTER_BASE + time::HOLD + time::CALL;
	weight(decode.saturating_add(once), db, 13, 5)
}

/// `verify_proof` under a key of these sizes.
///
/// Reads: key, whether it, its system and its setup are disabled (3) and when they end (3), clock,
/// setup, its lines, plan.
pub fn verify_proof(db: RuntimeDbWeight, sizes: &KeySizes) -> Weight {
	let once = time::VERIFY_BASE + time::PAIRING_CHECK + time::CALL;
	let time = once
		.saturating_add(key_time(sizes))
		.saturating_add(proof_time(sizes));
	weight(time, db, 11, 0)
}

/// `verify_proof` under a key that is not registered.
pub fn verify_unknown_key(db: RuntimeDbWeight) -> Weight {
	weight(time::CALL, db, 1, 0)
}

/// `verify_proofs` but for its keys and proofs.
///
/// Reads: clock, setup, its lines.
pub fn verify_batch(db: RuntimeDbWeight) -> Weight {
	weight(
		time::VERIFY_BASE + time::PAIRING_CHECK + time::CALL,
		db,
		3,
		0,
	)
}

/// One key of `verify_proofs`, of these sizes, however many proofs it has.
///
/// Reads: whether key, system and setup are disabled (3) and when they end (3), plan.
pub fn verify_batch_key(db: RuntimeDbWeight, sizes: &KeySizes) -> Weight {
	weight(key_time(sizes), db, 7, 0)
}

/// One proof of `verify_proofs`, under a key of these sizes.
///
/// Reads: none, since the key's is counted when the batch is looked at.
pub fn verify_batch_item(db: RuntimeDbWeight, sizes: &KeySizes) -> Weight {
	weight(proof_time(sizes), db, 0, 0)
}
