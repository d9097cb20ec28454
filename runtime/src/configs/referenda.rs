//! `pallet-referenda`: what token holders decide. The tracks are in `governance::tracks`.

use super::governance::{
	agenda::WithRoom,
	periods::{Period, DAY},
	tracks::Tracks,
};
use crate::{
	AccountId, Balance, Balances, Preimage, Runtime, RuntimeCall, RuntimeEvent, System, Treasury,
};
use frame_support::traits::{ConstU128, ConstU32};
use frame_system::{EnsureRoot, EnsureSigned};
use inference_primitives::parameters::UNIT;
use pallet_conviction_voting::TallyOf;

/// Held for a referendum as long as it is there, planck: it comes back if it is approved or cancelled.
const SUBMISSION_DEPOSIT: Balance = 10 * UNIT;

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
	// No alarm and no enactment is lost to a full agenda.
	type Scheduler = WithRoom;
	type Currency = Balances;
	// Anyone, for any track: the decision deposit keeps the tracks free of what nobody wants.
	type SubmitOrigin = EnsureSigned<AccountId>;
	// Root alone, which the whitelisted callers' track reaches in half an hour: a committee that could cancel
	// referenda could cancel the one that replaces it.
	type CancelOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	// The deposits of what was killed.
	type Slash = Treasury;
	type Votes = Balance;
	type Tally = TallyOf<Runtime>;
	type SubmissionDeposit = ConstU128<SUBMISSION_DEPOSIT>;
	/// Waiting for a place among those that are decided, of each track.
	type MaxQueued = ConstU32<32>;
	/// Without a decision deposit, or without a place, a referendum ends after so long.
	type UndecidingTimeout = Period<{ 14 * DAY }>;
	/// Each block: a referendum is woken when it must be.
	type AlarmInterval = ConstU32<1>;
	type Tracks = Tracks;
	type Preimages = Preimage;
	// Not the service clock: while finality stalls, governance is what may have to end it.
	type BlockNumberProvider = System;
}
