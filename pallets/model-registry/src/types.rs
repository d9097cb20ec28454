//! What is stored of models.

use super::*;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use inference_primitives::{BlockNumber, ComputeUnits, VkHash};
use scale_info::TypeInfo;

/// A model version.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Model<AccountId> {
	/// Who registered it.
	pub creator: AccountId,
	/// Name, UTF-8.
	pub name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
	/// Status.
	pub status: ModelStatus,
	/// Proof system of its key.
	pub system: ProofSystem,
	/// Trusted setup of its key.
	pub setup: SetupId,
	/// Its verifying key.
	pub vk_hash: VkHash,
	/// Input tensor.
	pub input: TensorSpec,
	/// Output tensor.
	pub output: TensorSpec,
	/// Compute units per inference.
	pub compute_units: ComputeUnits,
	/// Royalty per inference, planck.
	pub royalty: Balance,
	/// Hash of the circuit bundle.
	pub bundle_hash: Hash,
	/// Deposit held for it, planck.
	pub deposit: Balance,
	/// Workloads that have not ended.
	pub in_flight: u32,
	/// Paid inferences settled.
	pub settled: u64,
}

/// A model: whose it is, and its versions.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Lineage<AccountId> {
	/// Who registered it, and alone may register versions of it.
	pub creator: AccountId,
	/// The latest version's number.
	pub latest: u16,
	/// The versions that are stored, in order.
	pub versions: BoundedVec<u16, ConstU32<MAX_VERSIONS>>,
}

/// What a creator registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
	/// Name, UTF-8.
	pub name: BoundedVec<u8, ConstU32<MAX_NAME_BYTES>>,
	/// Proof system of the key.
	pub system: ProofSystem,
	/// Trusted setup of the key.
	pub setup: SetupId,
	/// Encoded key.
	pub key: BoundedVec<u8, ConstU32<MAX_VK_BYTES>>,
	/// Input tensor.
	pub input: TensorSpec,
	/// Output tensor.
	pub output: TensorSpec,
	/// Royalty per inference, planck.
	pub royalty: Balance,
	/// Hash of the circuit bundle.
	pub bundle_hash: Hash,
	/// Hash of the circuit's graph and claim ([`inference_primitives::circuit_hash`]).
	pub circuit_hash: Hash,
}

/// Where the registration fee stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct FeeState {
	/// The fee right after the last registration, planck; zero before the first.
	pub fee: Balance,
	/// Block of the last registration.
	pub at: BlockNumber,
	/// Registrations in that block.
	pub in_block: u32,
}
