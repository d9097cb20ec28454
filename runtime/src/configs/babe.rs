//! `pallet-babe`: block production, and the VRF outputs that seed assignment.

use super::staking::{MaxNominators, ReportLongevity};
use crate::{Historical, Offences, Runtime, Session};
use frame_support::traits::{ConstU32, Get};
use inference_primitives::{traits::ParentVrf, Hash};

/// Most validators.
pub type MaxAuthorities = ConstU32<128>;

/// Length of a BABE epoch, slots; fixed at genesis.
pub struct EpochDuration;
impl Get<u64> for EpochDuration {
	fn get() -> u64 {
		pallet_network_parameters::BabeEpochSlots::<Runtime>::get()
	}
}

/// Duration of a slot, milliseconds; fixed at genesis.
pub struct SlotDuration;
impl Get<u64> for SlotDuration {
	fn get() -> u64 {
		pallet_network_parameters::SlotDurationMs::<Runtime>::get()
	}
}

/// Primary and secondary slots both carry a VRF output: assignment needs one from every block.
pub const BABE_GENESIS_EPOCH_CONFIG: sp_consensus_babe::BabeEpochConfiguration =
	sp_consensus_babe::BabeEpochConfiguration {
		c: (1, 4),
		allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
	};

impl pallet_babe::Config for Runtime {
	type EpochDuration = EpochDuration;
	type ExpectedBlockTime = SlotDuration;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = MaxNominators;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

/// The parent's VRF output, as BABE keeps it.
pub struct BabeParentVrf;
impl ParentVrf for BabeParentVrf {
	fn parent_vrf() -> Option<Hash> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}
