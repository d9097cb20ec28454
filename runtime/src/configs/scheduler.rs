//! `pallet-scheduler`: enacts what referenda decided, and wakes them up.

use super::system::MAXIMUM_BLOCK_WEIGHT;
use crate::{
	AccountId, OriginCaller, Preimage, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System,
};
use core::cmp::Ordering;
use frame_support::{
	parameter_types,
	traits::{ConstU32, PrivilegeCmp},
	weights::Weight,
};
use frame_system::{EnsureRoot, RawOrigin};
use sp_runtime::Perbill;

parameter_types! {
	/// Half a block: with our pallets' hooks at their worst (24 %) it leaves the quarter that is reserved for
	/// deliveries and proofs. `set_code` with two megabytes of code takes 0.22 of its second.
	pub MaximumSchedulerWeight: Weight = Perbill::from_percent(50) * MAXIMUM_BLOCK_WEIGHT;
}

/// Root may cancel what any origin has scheduled, another origin only its own.
pub struct RootAboveAll;
impl PrivilegeCmp<OriginCaller> for RootAboveAll {
	fn cmp_privilege(left: &OriginCaller, right: &OriginCaller) -> Option<Ordering> {
		match (left, right) {
			_ if left == right => Some(Ordering::Equal),
			(OriginCaller::system(RawOrigin::Root), _) => Some(Ordering::Greater),
			(_, OriginCaller::system(RawOrigin::Root)) => Some(Ordering::Less),
			_ => None,
		}
	}
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type OriginPrivilegeCmp = RootAboveAll;
	/// Alarms of referenda and enactments of one block. To fill one takes as many referenda, 10 INF each; what finds no
	/// place then has another (`governance::agenda`).
	type MaxScheduledPerBlock = ConstU32<512>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
