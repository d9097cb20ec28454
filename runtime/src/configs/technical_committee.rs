//! `pallet-collective` as the technical committee: a few accounts that root's referenda elect. Two thirds of them
//! put urgent calls on the whitelist, whose referenda are short, and pull the brakes of `EmergencyOrigin`; a single
//! one can only propose, for a deposit. An empty committee is one that nobody has elected: then urgent is what root's track is for.

use super::{
	governance::periods::{Period, DAY},
	system::MAXIMUM_BLOCK_WEIGHT,
};
use crate::{
	AccountId, Balances, Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin,
};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, ConstU32},
	weights::Weight,
};
use frame_system::EnsureRoot;
use inference_primitives::parameters::UNIT;
use pallet_collective::{deposit::Geometric, EnsureProportionAtLeast};
use sp_runtime::{FixedU128, Perbill};

/// The committee among collectives.
pub type TechnicalCollective = pallet_collective::Instance1;

/// A motion that two thirds of the committee agreed to.
pub type TwoThirdsOfCommittee = EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>;

parameter_types! {
	/// Why a motion's deposit is held.
	pub const ProposalHold: RuntimeHoldReason =
		RuntimeHoldReason::TechnicalCommittee(pallet_collective::HoldReason::ProposalSubmission);
	/// Of a motion's deposit to that of the one before.
	pub ProposalDepositRatio: FixedU128 = FixedU128::from_u32(2);
	/// What a motion may weigh: a quarter of a block. Motions are operational, and what they dispatch is small.
	pub MaxProposalWeight: Weight = Perbill::from_percent(25) * MAXIMUM_BLOCK_WEIGHT;
}

impl pallet_collective::Config<TechnicalCollective> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	/// Three days for what is urgent; then anybody of the committee closes it.
	type MotionDuration = Period<{ 3 * DAY }>;
	type MaxProposals = ConstU32<100>;
	type MaxMembers = ConstU32<15>;
	// Who does not vote is against it. Root could name a member whose vote stands for the silent ones'.
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	// A token for a motion when there is no other, twice as many for each that there is, whoever's; back when it ends. A
	// single member does not fill the list, and who makes it dear for others has paid as much as they must.
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		ProposalHold,
		Geometric<ProposalDepositRatio, ConstU128<UNIT>>,
		u32,
	>;
}
