//! A runtime with this pallet, and a chain to run tests on.

use crate as pallet_worker_staking;
use frame_support::{
	derive_impl,
	traits::{ConstU128, ConstU32, Hooks},
};
use inference_primitives::{parameters::UNIT, Balance};
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlock<Test>;
type AccountId = u64;

/// An operator with [`FUNDS`].
pub const OPERATOR: AccountId = 1;
/// Another one.
pub const OTHER: AccountId = 2;
/// Receives slashes.
pub const SINK: AccountId = 3;
/// Has [`EXISTENTIAL_DEPOSIT`] only.
pub const PAUPER: AccountId = 4;
/// What an operator begins with, planck.
pub const FUNDS: Balance = 1_000 * UNIT;
/// Least balance of an account, planck.
pub const EXISTENTIAL_DEPOSIT: Balance = 10;
/// Most unbonding chunks.
pub const MAX_CHUNKS: u32 = 4;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		NetworkParameters: pallet_network_parameters,
		WorkerStaking: pallet_worker_staking,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

impl pallet_network_parameters::Config for Test {
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type EmergencyOrigin = frame_system::EnsureRoot<AccountId>;
	type WeightInfo = ();
	type BlockAuthor = ();
	type HoldsClock = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_worker_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type MaxUnbondingChunks = ConstU32<MAX_CHUNKS>;
	type WeightInfo = ();
}

/// A chain before its first block, with development parameters.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: vec![
				(OPERATOR, FUNDS),
				(OTHER, FUNDS),
				(SINK, EXISTENTIAL_DEPOSIT),
				(PAUPER, EXISTENTIAL_DEPOSIT),
			],
			..Default::default()
		},
		network_parameters: pallet_network_parameters::GenesisConfig {
			development: true,
			..Default::default()
		},
		..Default::default()
	}
	.build_storage()
	.expect("the genesis is valid");
	storage.into()
}

/// Runs a test in block 1; then checks the pallet's invariants and that no money was made or lost.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		System::set_block_number(1);
		let issuance = Balances::total_issuance();
		test();
		WorkerStaking::do_try_state().expect("the invariants hold");
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

/// Lets so many ticks of the service clock pass.
pub fn pass_ticks(ticks: u32) {
	for _ in 0..ticks {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		NetworkParameters::on_initialize(next);
	}
}
