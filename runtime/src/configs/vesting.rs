//! `pallet-vesting`: tokens that become their owner's bit by bit. What is not yet is held, and backs nothing else
//! (`governance::held_locks`, which says why).

use super::governance::held_locks::{HeldLocks, Vesting};
use crate::{Balance, Runtime, RuntimeEvent, System};
use frame_support::{
	parameter_types,
	traits::{ConstU128, WithdrawReasons},
};
use inference_primitives::parameters::UNIT;
use sp_runtime::traits::ConvertInto;

/// Least amount of a schedule that somebody gives to another, planck: an account has few schedules, and who fills
/// them pays for it.
const MIN_VESTED_TRANSFER: Balance = 10 * UNIT;

parameter_types! {
	/// Asked for by the pallet. What is held leaves for nothing.
	pub UnvestedFundsAllowedWithdrawReasons: WithdrawReasons =
		WithdrawReasons::except(WithdrawReasons::TRANSFER | WithdrawReasons::RESERVE);
}

impl pallet_vesting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = HeldLocks<Vesting>;
	type BlockNumberToBalance = ConvertInto;
	type MinVestedTransfer = ConstU128<MIN_VESTED_TRANSFER>;
	type WeightInfo = pallet_vesting::weights::SubstrateWeight<Runtime>;
	type UnvestedFundsAllowedWithdrawReasons = UnvestedFundsAllowedWithdrawReasons;
	type BlockNumberProvider = System;
	const MAX_VESTING_SCHEDULES: u32 = 28;
}
