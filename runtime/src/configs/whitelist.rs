//! `pallet-whitelist`: calls that the technical committee found urgent and right. A referendum of the whitelisted
//! callers' track, which is short, dispatches them as root; without it they do nothing.

use super::governance::{
	origins::{EmergencyOrigin, EnsureWhitelistedCaller},
	periods::{Period, DAY},
};
use crate::{AccountId, Preimage, Runtime, RuntimeCall, RuntimeEvent, System};
use frame_support::traits::EitherOf;
use frame_system::EnsureRoot;

impl pallet_whitelist::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WhitelistOrigin = EmergencyOrigin;
	type DispatchWhitelistedOrigin = EitherOf<EnsureRoot<AccountId>, EnsureWhitelistedCaller>;
	type Preimages = Preimage;
	/// How long a call whose referendum has passed waits for the committee; anyone dispatches it then.
	type DeferredDispatchExpiration = Period<{ 3 * DAY }>;
	type BlockNumberProvider = System;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
}
