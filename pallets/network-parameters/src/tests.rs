//! Tests of the parameters and the service clock.

use super::*;
use frame_support::{assert_noop, assert_ok, derive_impl, traits::Hooks};
use sp_runtime::{BuildStorage, DispatchError};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		NetworkParameters: crate,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl Config for Test {
	type GovernanceOrigin = frame_system::EnsureRoot<u64>;
	type WeightInfo = ();
}

/// A chain with the development parameters, before its first block.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let storage = RuntimeGenesisConfig {
		network_parameters: GenesisConfig {
			development: true,
			..Default::default()
		},
		..Default::default()
	}
	.build_storage()
	.unwrap();
	storage.into()
}

fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		System::set_block_number(1);
		test();
		NetworkParameters::do_try_state().unwrap();
	});
}

#[test]
fn genesis_chooses_the_preset() {
	build_and_execute(|| {
		assert_eq!(
			NetworkParameters::parameters(),
			ProtocolParameters::development()
		);
	});
}

#[test]
fn the_clock_ticks_once_per_block_unless_stopped() {
	build_and_execute(|| {
		NetworkParameters::on_initialize(1);
		NetworkParameters::on_initialize(2);
		assert_eq!(NetworkParameters::now(), Tick(2));
		assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), false));
		assert!(!NetworkParameters::is_serving());
		System::assert_last_event(Event::ServiceStopped { at: Tick(2) }.into());
		NetworkParameters::on_initialize(3);
		assert_eq!(NetworkParameters::now(), Tick(2));
		assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), true));
		System::assert_last_event(Event::ServiceResumed { at: Tick(2) }.into());
		NetworkParameters::on_initialize(4);
		assert_eq!(NetworkParameters::now(), Tick(3));
	});
}

#[test]
fn governance_sets_valid_parameters_only() {
	build_and_execute(|| {
		let parameters = ProtocolParameters::production();
		assert_ok!(NetworkParameters::set_parameters(
			RuntimeOrigin::root(),
			parameters
		));
		assert_eq!(NetworkParameters::parameters(), parameters);
		let broken = ProtocolParameters {
			node_epoch: 1,
			..parameters
		};
		assert_noop!(
			NetworkParameters::set_parameters(RuntimeOrigin::root(), broken),
			Error::<Test>::InvalidParameters(ParametersError::EpochTooShort)
		);
	});
}

#[test]
fn others_may_change_nothing() {
	build_and_execute(|| {
		assert_noop!(
			NetworkParameters::set_parameters(
				RuntimeOrigin::signed(1),
				ProtocolParameters::production()
			),
			DispatchError::BadOrigin
		);
		assert_noop!(
			NetworkParameters::set_serving(RuntimeOrigin::signed(1), false),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn setting_the_same_service_state_is_an_error() {
	build_and_execute(|| {
		assert_noop!(
			NetworkParameters::set_serving(RuntimeOrigin::root(), true),
			Error::<Test>::NothingToChange
		);
	});
}
