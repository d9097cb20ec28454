//! What a model version declares: proof system, tensors, life cycle.

use crate::{Balance, ComputeUnits, Hash, ModelRef, SetupId, VkHash, MAX_TENSOR_VALUES};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A proof system that the chain can verify.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ProofSystem {
	/// halo2 with KZG and SHPLONK over BN254, from a typed plan.
	#[codec(index = 0)]
	Halo2,
	/// EZKL 23, from the artifact that its verifier for the EVM uses.
	#[codec(index = 1)]
	Ezkl,
}

/// Life of a model version. It only moves forward; a version is immutable once `Active`.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ModelStatus {
	/// Registered; not for sale yet.
	#[codec(index = 0)]
	Draft,
	/// For sale.
	#[codec(index = 1)]
	Active,
	/// For sale, but buyers should move to a newer version.
	#[codec(index = 2)]
	Deprecated,
	/// No new workloads. Those in flight keep it.
	#[codec(index = 3)]
	Retired,
}

/// Who can see a tensor.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
	/// Posted inline; each value is a public input of the proof.
	#[codec(index = 0)]
	Public,
}

/// Shape, fixed-point scale and domain of a tensor.
///
/// A value v stands for the real number v / 2^`scale_bits`. Values outside `min..=max` are refused
/// on chain: the circuit has to be total on that domain (docs/PROTOCOL.md, principle 12).
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct TensorSpec {
	/// Dimensions, outermost first, of one inference (no batch dimension). At most
	/// [`TensorSpec::MAX_RANK`], none zero.
	pub shape: Vec<u32>,
	/// Binary digits after the point; at most [`TensorSpec::MAX_SCALE_BITS`].
	pub scale_bits: u8,
	/// Least admissible value, in units of 2^-`scale_bits`.
	pub min: i64,
	/// Greatest admissible value, in units of 2^-`scale_bits`.
	pub max: i64,
	/// Who can see it.
	pub visibility: Visibility,
}

impl MaxEncodedLen for TensorSpec {
	fn max_encoded_len() -> usize {
		// compact length (1 byte up to 63 elements), dimensions, scale, min, max, visibility
		1 + 4 * Self::MAX_RANK + 1 + 8 + 8 + Visibility::max_encoded_len()
	}
}

/// A [`TensorSpec`] that cannot be registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecError {
	/// More than [`TensorSpec::MAX_RANK`] dimensions.
	RankTooHigh,
	/// A dimension is zero, or the tensor has more than [`MAX_TENSOR_VALUES`] values.
	BadShape,
	/// `scale_bits` is over [`TensorSpec::MAX_SCALE_BITS`].
	ScaleTooFine,
	/// `min` is greater than `max`, or a bound exceeds [`TensorSpec::MAX_ABS`] in absolute value.
	BadDomain,
}

/// A tensor that does not fit its [`TensorSpec`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TensorError {
	/// The number of values differs from the shape's.
	WrongLength {
		/// Values the shape holds.
		expected: usize,
		/// Values given.
		got: usize,
	},
	/// A value lies outside the domain.
	OutOfDomain {
		/// Index of the first such value, row-major.
		index: usize,
		/// That value.
		got: i64,
	},
}

impl fmt::Display for TensorError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::WrongLength { expected, got } => {
				write!(
					f,
					"wrong input shape: expected {expected} values, got {got}"
				)
			},
			Self::OutOfDomain { index, got } => {
				write!(
					f,
					"value {got} at index {index} lies outside the model's declared domain"
				)
			},
		}
	}
}

impl TensorSpec {
	/// Most dimensions.
	pub const MAX_RANK: usize = 8;
	/// Finest scale.
	pub const MAX_SCALE_BITS: u8 = 40;
	/// Greatest absolute value of a domain's bound: sums of many still fit the field with room.
	pub const MAX_ABS: i64 = 1 << 56;

	/// Number of values of the tensor; saturates.
	pub fn len(&self) -> usize {
		self.shape
			.iter()
			.fold(1usize, |n, d| n.saturating_mul(*d as usize))
	}

	/// Whether the tensor has no values (never, once [`Self::check`] passed).
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Checks the specification itself.
	pub fn check(&self) -> Result<(), SpecError> {
		if self.shape.len() > Self::MAX_RANK {
			return Err(SpecError::RankTooHigh);
		}
		if self.is_empty() || self.len() > MAX_TENSOR_VALUES as usize {
			return Err(SpecError::BadShape);
		}
		if self.scale_bits > Self::MAX_SCALE_BITS {
			return Err(SpecError::ScaleTooFine);
		}
		let in_range = |v: i64| (-Self::MAX_ABS..=Self::MAX_ABS).contains(&v);
		if self.min > self.max || !in_range(self.min) || !in_range(self.max) {
			return Err(SpecError::BadDomain);
		}
		Ok(())
	}

	/// Checks that `values` is a tensor of this specification: length and domain.
	pub fn check_values(&self, values: &[i64]) -> Result<(), TensorError> {
		if values.len() != self.len() {
			return Err(TensorError::WrongLength {
				expected: self.len(),
				got: values.len(),
			});
		}
		match values
			.iter()
			.position(|v| !(self.min..=self.max).contains(v))
		{
			Some(index) => Err(TensorError::OutOfDomain {
				index,
				got: values.get(index).copied().unwrap_or_default(),
			}),
			None => Ok(()),
		}
	}
}

/// A model version, as the runtime API and the market see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ModelView<AccountId> {
	/// Which version.
	pub reference: ModelRef,
	/// Who registered it, and is paid its royalty.
	pub creator: AccountId,
	/// Human-readable name (UTF-8).
	pub name: Vec<u8>,
	/// Life-cycle status.
	pub status: ModelStatus,
	/// Proof system.
	pub system: ProofSystem,
	/// Trusted setup of its key.
	pub setup: SetupId,
	/// Its verifying key.
	pub vk_hash: VkHash,
	/// Input tensor.
	pub input: TensorSpec,
	/// Output tensor.
	pub output: TensorSpec,
	/// Compute units per inference, computed from the verifying key.
	pub compute_units: ComputeUnits,
	/// Creator's royalty per inference, planck.
	pub royalty: Balance,
	/// Hash of the circuit bundle that workers load.
	pub bundle_hash: Hash,
	/// Workloads that are not settled yet.
	pub in_flight: u32,
	/// Paid inferences settled.
	pub settled: u64,
}

#[cfg(test)]
mod tests {
	use super::*;

	fn spec() -> TensorSpec {
		TensorSpec {
			shape: alloc::vec![2, 3],
			scale_bits: 12,
			min: -4096,
			max: 4096,
			visibility: Visibility::Public,
		}
	}

	#[test]
	fn max_encoded_len_covers_the_largest_spec() {
		let mut spec = spec();
		spec.shape = alloc::vec![u32::MAX; TensorSpec::MAX_RANK];
		assert!(spec.encoded_size() <= TensorSpec::max_encoded_len());
	}

	#[test]
	fn values_are_checked_for_length_and_domain() {
		assert_eq!(spec().check_values(&[0; 6]), Ok(()));
		assert_eq!(
			spec().check_values(&[0; 5]),
			Err(TensorError::WrongLength {
				expected: 6,
				got: 5
			})
		);
		assert_eq!(
			spec().check_values(&[0, 0, 5000, 0, 0, 0]),
			Err(TensorError::OutOfDomain {
				index: 2,
				got: 5000
			})
		);
	}

	#[test]
	fn impossible_specs_are_refused() {
		assert_eq!(spec().check(), Ok(()));
		assert_eq!(
			TensorSpec {
				shape: alloc::vec![1; 9],
				..spec()
			}
			.check(),
			Err(SpecError::RankTooHigh)
		);
		assert_eq!(
			TensorSpec {
				shape: alloc::vec![0],
				..spec()
			}
			.check(),
			Err(SpecError::BadShape)
		);
		assert_eq!(
			TensorSpec {
				shape: alloc::vec![u32::MAX; 8],
				..spec()
			}
			.check(),
			Err(SpecError::BadShape)
		);
		assert_eq!(
			TensorSpec {
				scale_bits: 41,
				..spec()
			}
			.check(),
			Err(SpecError::ScaleTooFine)
		);
		assert_eq!(
			TensorSpec {
				min: 1,
				max: 0,
				..spec()
			}
			.check(),
			Err(SpecError::BadDomain)
		);
		assert_eq!(
			TensorSpec {
				max: i64::MAX,
				..spec()
			}
			.check(),
			Err(SpecError::BadDomain)
		);
	}
}
