//! `pallet-multisig`: accounts of several keys, of which some suffice.

use super::governance::{deposit, DEPOSIT_PER_BYTE};
use crate::{Balance, Balances, Runtime, RuntimeCall, RuntimeEvent, System};
use frame_support::traits::{ConstU128, ConstU32};

/// The entry of a call that waits for approvals, planck.
const DEPOSIT_BASE: Balance = deposit(1, 88);
/// An approval's account, planck.
const DEPOSIT_FACTOR: Balance = 32 * DEPOSIT_PER_BYTE;

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = ConstU128<DEPOSIT_BASE>;
	type DepositFactor = ConstU128<DEPOSIT_FACTOR>;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}
