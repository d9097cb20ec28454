//! The verifier's errors as the pallet's: what an extrinsic's error can carry is a few bytes, so
//! each class keeps its name and loses its numbers. `inference circuit verify` gives those.

use crate::{Config, Error};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::PalletError;
use inference_verifier::{ezkl::VkaError, PlanError, SetupError, VerifyError};
use scale_info::TypeInfo;

/// Why bytes are no setup.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, PalletError,
)]
pub enum SetupFault {
	/// Not 128 bytes.
	Length,
	/// A coordinate is not below the base field's modulus.
	NonCanonical,
	/// The point is not on the curve.
	OffCurve,
	/// The point is not in the subgroup of prime order.
	OutsideSubgroup,
	/// The identity: the secret is zero.
	Identity,
	/// The generator: the secret is one.
	Generator,
}

impl From<SetupError> for SetupFault {
	fn from(error: SetupError) -> Self {
		match error {
			SetupError::Length { .. } => Self::Length,
			SetupError::NonCanonicalCoordinate { .. } => Self::NonCanonical,
			SetupError::OffCurve => Self::OffCurve,
			SetupError::OutsideSubgroup => Self::OutsideSubgroup,
			SetupError::Identity => Self::Identity,
			SetupError::Generator => Self::Generator,
			SetupError::Lines => Self::Length,
		}
	}
}

/// Why bytes are no plan.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, PalletError,
)]
pub enum PlanFault {
	/// More bytes than a plan may have.
	TooLong,
	/// An encoding of an unknown version, or of one that new keys may no longer have. Build the
	/// circuit with the program of this chain's release.
	Version,
	/// The bytes end within a value.
	Truncated,
	/// Bytes follow the plan.
	TrailingBytes,
	/// A length, scalar, coordinate or the whole is not in its canonical encoding.
	NonCanonical,
	/// A commitment is not on the curve.
	OffCurve,
	/// An unknown kind of column or instruction.
	UnknownTag,
	/// More of something than allowed.
	TooMany,
	/// A number outside its range, or an index that points nowhere.
	OutOfRange,
	/// Something that must be unique occurs twice.
	Duplicate,
	/// A column of the permutation argument is not queried at the current row.
	UnqueriedPermutationColumn,
	/// The expression program does not keep its stack, or lacks outputs.
	Program,
	/// The degree stated is below that of a constraint.
	DegreeTooLow,
	/// The plan uses the transcript of another proof system.
	Transcript,
}

/// Why bytes are no artifact of EZKL.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, PalletError,
)]
pub enum VkaFault {
	/// More bytes than allowed, or not as many as the artifact says.
	Length,
	/// A word is missing, or too large for what it stands for.
	Word,
	/// A number of the domain does not belong to k.
	Domain,
	/// The artifact was made under another setup.
	Setup,
	/// A commitment is not on the curve.
	OffCurve,
	/// A constant is not below the field's modulus.
	NonCanonical,
	/// An address points at nothing that may stand there.
	Address,
	/// Sections are out of order or of the wrong length.
	Layout,
	/// Something that EZKL does not use.
	Unsupported,
	/// The openings do not follow from the constraint system.
	Openings,
}

impl From<PlanError> for PlanFault {
	fn from(error: PlanError) -> Self {
		match error {
			PlanError::TooLong { .. } => Self::TooLong,
			PlanError::Version { .. } => Self::Version,
			PlanError::Truncated { .. } => Self::Truncated,
			PlanError::Trailing { .. } => Self::TrailingBytes,
			PlanError::NonCanonicalLength { .. }
			| PlanError::NonCanonicalScalar { .. }
			| PlanError::NonCanonicalPoint { .. }
			| PlanError::NonCanonical => Self::NonCanonical,
			PlanError::OffCurve { .. } => Self::OffCurve,
			PlanError::UnknownTag { .. } => Self::UnknownTag,
			PlanError::TooMany { .. } => Self::TooMany,
			PlanError::OutOfRange { .. } => Self::OutOfRange,
			PlanError::Duplicate { .. } => Self::Duplicate,
			PlanError::UnqueriedPermutationColumn { .. } => Self::UnqueriedPermutationColumn,
			PlanError::StackUnderflow { .. }
			| PlanError::StackOverflow { .. }
			| PlanError::TooManyLocals { .. }
			| PlanError::UnbalancedOutput { .. }
			| PlanError::Outputs { .. } => Self::Program,
			PlanError::DegreeTooLow { .. } => Self::DegreeTooLow,
		}
	}
}

/// What cannot happen while the pallet's invariants hold.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, PalletError,
)]
pub enum DefensiveError {
	/// A key has no plan, or one that does not decode.
	StoredPlan,
	/// A key's setup is not stored, or does not decode.
	StoredSetup,
	/// A key that is not referred to was released.
	NoReference,
	/// A key with references has no deposit for them.
	NoReferenceDeposit,
	/// A plan is inconsistent with itself.
	InconsistentPlan,
}

impl<T: Config> From<SetupError> for Error<T> {
	fn from(error: SetupError) -> Self {
		Self::InvalidSetup(error.into())
	}
}

impl<T: Config> From<PlanError> for Error<T> {
	fn from(error: PlanError) -> Self {
		Self::InvalidPlan(error.into())
	}
}

impl<T: Config> From<VkaError> for Error<T> {
	fn from(error: VkaError) -> Self {
		Self::InvalidVka(match error {
			VkaError::TooLong { .. } | VkaError::Length { .. } => VkaFault::Length,
			VkaError::MissingWord { .. } | VkaError::OutOfRange { .. } => VkaFault::Word,
			VkaError::Domain { .. } => VkaFault::Domain,
			VkaError::Setup { .. } => VkaFault::Setup,
			VkaError::BadPoint { .. } => VkaFault::OffCurve,
			VkaError::NonCanonicalScalar { .. } => VkaFault::NonCanonical,
			VkaError::BadAddress { .. } => VkaFault::Address,
			VkaError::Layout { .. } => VkaFault::Layout,
			VkaError::Unsupported { .. } => VkaFault::Unsupported,
			VkaError::Openings { .. } => VkaFault::Openings,
			VkaError::Plan(error) => return error.into(),
		})
	}
}

impl<T: Config> From<DefensiveError> for Error<T> {
	fn from(error: DefensiveError) -> Self {
		frame_support::defensive!("proof verifier", error);
		Self::Defensive(error)
	}
}

impl<T: Config> From<VerifyError> for Error<T> {
	fn from(error: VerifyError) -> Self {
		match error {
			VerifyError::PublicInputs { .. } => Self::PublicInputsMismatch,
			VerifyError::ProofTooShort { .. } => Self::ProofTruncated,
			VerifyError::ProofTooLong { .. } => Self::ProofTrailingBytes,
			VerifyError::NonCanonicalScalar { .. } | VerifyError::NonCanonicalPoint { .. } => {
				Self::NonCanonicalProof
			},
			VerifyError::OffCurve { .. } => Self::ProofOffCurve,
			VerifyError::AccumulatorLimb { .. } | VerifyError::AccumulatorPoint { .. } => {
				Self::InvalidAccumulator
			},
			VerifyError::DegenerateChallenge => Self::ProofDegenerate,
			VerifyError::Invalid => Self::InvalidProof,
			VerifyError::Internal => DefensiveError::InconsistentPlan.into(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn classes_keep_their_names() {
		let cases = [
			(PlanError::TooLong { limit: 1, got: 2 }, PlanFault::TooLong),
			(PlanError::OffCurve { offset: 0 }, PlanFault::OffCurve),
			(
				PlanError::UnknownTag { offset: 0, got: 9 },
				PlanFault::UnknownTag,
			),
			(
				PlanError::Duplicate {
					what: "query",
					index: 1,
				},
				PlanFault::Duplicate,
			),
			(
				PlanError::UnqueriedPermutationColumn { index: 0 },
				PlanFault::UnqueriedPermutationColumn,
			),
			(
				PlanError::StackUnderflow { instruction: 0 },
				PlanFault::Program,
			),
			(
				PlanError::StackOverflow { instruction: 0 },
				PlanFault::Program,
			),
			(
				PlanError::UnbalancedOutput { instruction: 0 },
				PlanFault::Program,
			),
			(
				PlanError::Outputs {
					expected: 1,
					got: 0,
				},
				PlanFault::Program,
			),
			(
				PlanError::DegreeTooLow {
					stated: 3,
					needed: 4,
				},
				PlanFault::DegreeTooLow,
			),
		];
		for (error, fault) in cases {
			assert_eq!(PlanFault::from(error), fault);
		}
	}
}
