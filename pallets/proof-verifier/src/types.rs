//! What is stored of proof systems, setups and keys.

use crate::pallet::{ProofBytes, PublicInputs};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use inference_primitives::{Balance, ComputeUnits, ProofSystem, SetupId, Tick, VkHash};
use inference_verifier::{setup::SETUP_BYTES, Plan};
use scale_info::TypeInfo;

/// What governance can end, with notice or at once: everything under it ends with it.
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
)]
pub enum Subject {
	/// A proof system, with all of its keys.
	#[codec(index = 0)]
	System(ProofSystem),
	/// A setup, with all keys that use it.
	#[codec(index = 1)]
	Setup(SetupId),
	/// A key.
	#[codec(index = 2)]
	Key(VkHash),
}

/// A proof system that the runtime can verify.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SystemRecord {
	/// Its version.
	pub version: u16,
	/// From when its keys and proofs are refused, on the service clock.
	pub end_of_life: Option<Tick>,
}

/// An approved setup.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ApprovedSetup {
	/// Encoded \[s\]G2.
	pub s_g2: [u8; SETUP_BYTES],
	/// Keys that use it.
	pub keys: u32,
}

/// What is held for a key, and from whom.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Deposit<AccountId> {
	/// From whom.
	pub depositor: AccountId,
	/// Planck.
	pub amount: Balance,
}

/// A proof of a batch.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProofItem {
	/// Its key.
	pub vk_hash: VkHash,
	/// Its public inputs: canonical field elements, little-endian.
	pub public_inputs: PublicInputs,
	/// Its bytes.
	pub proof: ProofBytes,
}

/// A registered key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Key<AccountId> {
	/// Its proof system.
	pub system: ProofSystem,
	/// Its setup.
	pub setup: SetupId,
	/// The account that registered it by extrinsic, and its deposit.
	pub registration: Option<Deposit<AccountId>>,
	/// References of other pallets.
	pub references: u32,
	/// The deposit for those references; `Some` exactly while there are any.
	pub reference_deposit: Option<Deposit<AccountId>>,
	/// What its weights and its cost follow from.
	pub sizes: KeySizes,
}

impl<AccountId> Key<AccountId> {
	/// A key that nobody holds yet.
	pub(crate) fn new(system: ProofSystem, setup: SetupId, sizes: KeySizes) -> Self {
		Self {
			system,
			setup,
			registration: None,
			references: 0,
			reference_deposit: None,
			sizes,
		}
	}

	/// Whether somebody holds the key.
	pub fn is_held(&self) -> bool {
		self.registration.is_some() || self.references > 0
	}
}

/// A key's sizes: weights follow from them in one read, and follow the runtime's constants when
/// those change. What each counts: [`inference_verifier::VerificationWork`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct KeySizes {
	/// Bytes of the plan.
	pub bytes: u32,
	/// Public inputs.
	pub public_inputs: u32,
	/// Points of the multi-scalar multiplication.
	pub msm_points: u32,
	/// Points in a proof.
	pub proof_points: u32,
	/// Evaluations in a proof.
	pub evaluations: u32,
	/// Instructions of the expression program.
	pub operations: u32,
	/// Field multiplications elsewhere, at most.
	pub products: u32,
	/// Compute units of one proof.
	pub compute_units: ComputeUnits,
}

impl KeySizes {
	/// The sizes of a plan that was decoded from so many bytes.
	pub(crate) fn of(plan: &Plan, bytes: u32) -> Self {
		let work = plan.work();
		Self {
			bytes,
			public_inputs: work.public_inputs,
			msm_points: work.msm_points,
			proof_points: work.proof_points,
			evaluations: work.evaluations,
			operations: work.operations,
			products: work.products,
			compute_units: plan.shape().compute_units(),
		}
	}
}
