//! What is stored of an operator.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	traits::Get, BoundedVec, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound,
	PartialEqNoBound,
};
use inference_primitives::{Balance, ComputeUnits, Tick};
use scale_info::TypeInfo;

/// Stake on its way out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct UnbondingChunk {
	/// Planck.
	pub amount: Balance,
	/// When it can be withdrawn.
	pub withdrawable_at: Tick,
}

/// An operator's ledger.
#[derive(
	CloneNoBound,
	PartialEqNoBound,
	EqNoBound,
	DebugNoBound,
	DefaultNoBound,
	Encode,
	Decode,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(skip_type_params(MaxChunks))]
pub struct Ledger<MaxChunks: Get<u32>> {
	/// Bond, unbonding stake included, planck. With the proof stakes it is what is held.
	pub bond: Balance,
	/// Proof stakes, planck.
	pub proof_stakes: Balance,
	/// Compute units per block pledged by the operator's nodes.
	pub pledge: ComputeUnits,
	/// Stake on its way out, oldest first; part of `bond`.
	pub unbonding: BoundedVec<UnbondingChunk, MaxChunks>,
	/// What answers for slashes that are delayed, planck; part of `bond`.
	pub earmarked: Balance,
}

impl<MaxChunks: Get<u32>> Ledger<MaxChunks> {
	/// Sum of the unbonding chunks. Saturates: chunks are parts of a bond that fits.
	pub fn total_unbonding(&self) -> Balance {
		self.unbonding
			.iter()
			.fold(0, |sum: Balance, chunk| sum.saturating_add(chunk.amount))
	}

	/// Whether nothing is left to record.
	pub fn is_empty(&self) -> bool {
		self.bond == 0 && self.proof_stakes == 0 && self.pledge == ComputeUnits::ZERO
	}
}
