//! Tests of the parameters and the service clock.

use super::*;
use frame_support::{
	assert_noop, assert_ok, derive_impl, parameter_types,
	traits::{Get, Hooks},
	weights::Weight,
};
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
	type HoldsClock = Reason;
}

parameter_types! {
	/// Whether there is a reason to hold the clock.
	pub static IsHeld: bool = false;
}

/// A reason that tests turn on and off.
pub struct Reason;

impl HoldsClock for Reason {
	fn holds_clock() -> bool {
		IsHeld::get()
	}

	fn weight() -> Weight {
		Weight::from_parts(7, 0)
	}
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
fn the_clock_stands_in_each_block_in_which_there_is_a_reason() {
	build_and_execute(|| {
		NetworkParameters::on_initialize(1);
		IsHeld::set(true);
		for block in 2..5 {
			NetworkParameters::on_initialize(block);
			assert_eq!(NetworkParameters::now(), Tick(1));
			assert!(!NetworkParameters::is_serving());
		}
		let held: RuntimeEvent = Event::ClockHeld { at: Tick(1) }.into();
		let told = System::events()
			.iter()
			.filter(|record| record.event == held)
			.count();
		assert_eq!(told, 1);
		IsHeld::set(false);
		NetworkParameters::on_initialize(5);
		assert_eq!(NetworkParameters::now(), Tick(2));
		assert!(NetworkParameters::is_serving());
		System::assert_last_event(Event::ClockReleased { at: Tick(1) }.into());
	});
}

#[test]
fn the_end_of_a_reason_does_not_start_a_clock_that_governance_stopped() {
	build_and_execute(|| {
		assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), false));
		IsHeld::set(true);
		NetworkParameters::on_initialize(1);
		IsHeld::set(false);
		NetworkParameters::on_initialize(2);
		assert_eq!(NetworkParameters::now(), Tick(0));
		assert!(!NetworkParameters::is_serving());
	});
}

#[test]
fn the_hook_weighs_the_reasons_too() {
	build_and_execute(|| {
		let weight = NetworkParameters::on_initialize(1);
		let own = <Test as frame_system::Config>::DbWeight::get().reads_writes(3, 2);
		assert_eq!(weight, own + Reason::weight());
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
