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
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, Consideration, ConstU128, ConstU32, MaybeConsideration},
	weights::Weight,
};
use frame_system::EnsureRoot;
use inference_primitives::parameters::UNIT;
use pallet_collective::{deposit::Geometric, CostOf, EnsureProportionAtLeast, Proposals};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, FixedU128, Perbill};

/// The committee among collectives.
pub type TechnicalCollective = pallet_collective::Instance1;

/// A motion that two thirds of the committee agreed to.
pub type TwoThirdsOfCommittee = EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>;

parameter_types! {
	/// Why a motion's deposit is held.
	pub const ProposalHold: RuntimeHoldReason =
		RuntimeHoldReason::TechnicalCommittee(pallet_collective::HoldReason::ProposalSubmission);
	/// Of a motion's deposit to that of the same member's one before.
	pub ProposalDepositRatio: FixedU128 = FixedU128::from_u32(2);
	/// What a motion may dispatch: a twentieth of a block. Motions are operational, and what they dispatch is small.
	pub MaxProposalWeight: Weight = Perbill::from_percent(5) * MAXIMUM_BLOCK_WEIGHT;
	/// What a member's call may declare, with what closing a motion takes besides. Of one call a member and block
	/// (`Officers`), so two members leave the reserve room for a proof, whatever they do.
	pub MaxMotionWeight: Weight = Perbill::from_percent(6) * MAXIMUM_BLOCK_WEIGHT;
}

/// What holds a motion's deposit, which follows from how many its maker has open.
type HeldDeposit = HoldConsideration<
	AccountId,
	Balances,
	ProposalHold,
	Geometric<ProposalDepositRatio, ConstU128<UNIT>>,
	u32,
>;

/// A motion's deposit: a token when who makes it has none open, twice as much for each that it has. Anybody gives
/// it back when the motion has ended (`release_proposal_cost`).
///
/// The pallet counts the motions of all. By that count a member with a thousand tokens would make the next motion
/// cost each other member a thousand, in the very hour that needs one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DepositByOwnMotions(HeldDeposit);

impl DepositByOwnMotions {
	/// Open motions of `who`. Looks at each that is open, 100 at most, a read each that the pallet's weight has not: by
	/// `DbWeight` less than a thousandth of a block, and a member's doing only.
	fn open_of(who: &AccountId) -> u32 {
		let open = Proposals::<Runtime, TechnicalCollective>::get()
			.iter()
			.filter_map(CostOf::<Runtime, TechnicalCollective>::get)
			.filter(|(maker, _)| maker == who)
			.count();
		// No more than fit the list.
		u32::try_from(open).unwrap_or(u32::MAX)
	}
}

impl Consideration<AccountId, u32> for DepositByOwnMotions {
	fn new(who: &AccountId, _open: u32) -> Result<Self, DispatchError> {
		HeldDeposit::new(who, Self::open_of(who)).map(Self)
	}

	/// Not called by the pallet: a motion's deposit stays what it was.
	fn update(self, _who: &AccountId, _open: u32) -> Result<Self, DispatchError> {
		Ok(self)
	}

	fn drop(self, who: &AccountId) -> Result<(), DispatchError> {
		self.0.drop(who)
	}

	fn burn(self, who: &AccountId) {
		self.0.burn(who);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(who: &AccountId, _open: u32) {
		HeldDeposit::ensure_successful(who, Self::open_of(who));
	}
}

impl MaybeConsideration<AccountId, u32> for DepositByOwnMotions {
	fn is_none(&self) -> bool {
		self.0.is_none()
	}
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
	type Consideration = DepositByOwnMotions;
}
