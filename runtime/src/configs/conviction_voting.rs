//! `pallet-conviction-voting`: votes by tokens and the time for which they stay locked after the vote.
//!
//! Tokens vote that are staked, or that nothing else holds, and are held meanwhile (`governance::held_locks`, which says why):
//! not what is bonded for a worker, escrowed or has not vested.

use super::governance::{
	held_locks::{HeldLocks, Voting},
	periods::{Period, DAY},
};
use crate::{AccountId, Balances, Referenda, Runtime, RuntimeEvent, System};
use frame_support::traits::{ActiveIssuanceOf, ConstU32};

impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
	type Currency = HeldLocks<Voting>;
	type Polls = Referenda;
	// All tokens but the treasury's, which vote on nothing.
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	/// Of one account in one track: more than can be decided and waiting there, and few enough for `delegate`,
	/// whose weight they are.
	type MaxVotes = ConstU32<128>;
	/// For one conviction; the others are multiples, up to 32. Longer than any track's enactment, so that who
	/// decides lives with it.
	type VoteLockingPeriod = Period<{ 7 * DAY }>;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}
