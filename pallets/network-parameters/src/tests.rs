//! Tests of the parameters and the service clock.

mod finality;

use super::*;
use frame_support::{
	assert_noop, assert_ok, derive_impl,
	migrations::MultiStepMigrator,
	ord_parameter_types, parameter_types,
	traits::{EitherOfDiverse, Hooks},
	weights::Weight,
};
use inference_primitives::Ticks;
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
	type MultiBlockMigrator = MockMigrator;
}

parameter_types! {
	/// Who makes the present block.
	pub static Author: Option<u64> = None;
	/// Whether a multi-block migration runs.
	pub static Migrating: bool = false;
	/// Whether each of two further reasons holds the clock.
	pub static Reasons: (bool, bool) = (false, false);
}

ord_parameter_types! {
	/// Who is trusted with an emergency.
	pub const Guard: u64 = 9;
}

/// Migrations that run as long as a test says.
pub struct MockMigrator;

impl MultiStepMigrator for MockMigrator {
	fn ongoing() -> bool {
		Migrating::get()
	}

	fn step() -> Weight {
		Weight::zero()
	}
}

/// The first further reason.
pub struct FirstReason;

impl HoldsClock for FirstReason {
	fn holds_clock() -> bool {
		Reasons::get().0
	}

	fn weight() -> Weight {
		Weight::from_parts(1, 0)
	}
}

/// The second further reason.
pub struct SecondReason;

impl HoldsClock for SecondReason {
	fn holds_clock() -> bool {
		Reasons::get().1
	}

	fn weight() -> Weight {
		Weight::from_parts(2, 0)
	}
}

impl Config for Test {
	type GovernanceOrigin = frame_system::EnsureRoot<u64>;
	type EmergencyOrigin =
		EitherOfDiverse<frame_system::EnsureRoot<u64>, frame_system::EnsureSignedBy<Guard, u64>>;
	type WeightInfo = ();
	type BlockAuthor = Author;
	type HoldsClock = (FirstReason, SecondReason);
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Author;
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper for Author {
	fn set_author() {
		Self::set(Some(1));
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
		assert!(NetworkParameters::is_development());
	});
}

#[test]
fn a_chain_is_a_development_chain_only_if_its_genesis_says_so() {
	let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
	sp_io::TestExternalities::from(storage).execute_with(|| {
		assert!(!NetworkParameters::is_development());
		// Parameters do not make it one.
		assert_ok!(NetworkParameters::set_parameters(
			RuntimeOrigin::root(),
			ProtocolParameters::development()
		));
		assert!(!NetworkParameters::is_development());
	});
}

fn genesis_with(parameters: ProtocolParameters) -> sp_runtime::Storage {
	let storage = RuntimeGenesisConfig {
		network_parameters: GenesisConfig {
			parameters: Some(parameters),
			..Default::default()
		},
		..Default::default()
	};
	storage.build_storage().unwrap()
}

#[test]
fn a_genesis_may_have_parameters_of_its_own() {
	let parameters = ProtocolParameters {
		base_latency: Ticks(31),
		min_deadline: Ticks(131),
		..ProtocolParameters::production()
	};
	sp_io::TestExternalities::from(genesis_with(parameters)).execute_with(|| {
		assert_eq!(Parameters::<Test>::get(), parameters);
		assert!(!NetworkParameters::is_development());
	});
}

#[test]
#[should_panic(expected = "too short for another")]
fn a_genesis_that_is_not_for_development_needs_longer_times() {
	let _ = genesis_with(ProtocolParameters::development());
}

#[test]
#[should_panic(expected = "genesis parameters: LatencyTooShort")]
fn a_genesis_whose_parameters_break_an_inequality_is_refused() {
	let _ = genesis_with(ProtocolParameters {
		base_latency: Ticks(19),
		..ProtocolParameters::production()
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

/// Runs `count` blocks.
fn run_blocks(count: u64) {
	for _ in 0..count {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		NetworkParameters::on_initialize(next);
		NetworkParameters::on_finalize(next);
	}
}

#[test]
fn the_clock_stands_during_a_multi_block_migration() {
	build_and_execute(|| {
		Migrating::set(true);
		run_blocks(3);
		assert_eq!(NetworkParameters::now(), Tick(0));
		assert!(!NetworkParameters::is_serving());
		System::assert_last_event(Event::ClockHeld { at: Tick(0) }.into());
		Migrating::set(false);
		run_blocks(1);
		assert_eq!(NetworkParameters::now(), Tick(1));
		assert!(NetworkParameters::is_serving());
		System::assert_last_event(Event::ClockReleased { at: Tick(0) }.into());
	});
}

#[test]
fn each_further_reason_holds_the_clock() {
	build_and_execute(|| {
		for reasons in [(true, false), (false, true), (true, true)] {
			Reasons::set(reasons);
			run_blocks(2);
			assert!(!NetworkParameters::is_serving());
		}
		assert_eq!(NetworkParameters::now(), Tick(0));
		Reasons::set((false, false));
		run_blocks(2);
		assert_eq!(NetworkParameters::now(), Tick(2));
		assert_eq!(
			<(FirstReason, SecondReason)>::weight(),
			Weight::from_parts(3, 0)
		);
	});
}

#[test]
fn the_clock_stands_in_each_block_in_which_there_is_a_reason() {
	build_and_execute(|| {
		NetworkParameters::on_initialize(1);
		Reasons::set((true, false));
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
		Reasons::set((false, false));
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
		Reasons::set((true, false));
		NetworkParameters::on_initialize(1);
		Reasons::set((false, false));
		NetworkParameters::on_initialize(2);
		assert_eq!(NetworkParameters::now(), Tick(0));
		assert!(!NetworkParameters::is_serving());
	});
}

#[test]
fn the_hook_weighs_the_reasons_too() {
	build_and_execute(|| {
		let weight = NetworkParameters::on_initialize(1);
		let reasons = <Test as Config>::HoldsClock::weight();
		assert_eq!(
			weight,
			<() as WeightInfo>::on_initialize() + reasons + <() as WeightInfo>::on_finalize()
		);
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
fn who_is_trusted_with_an_emergency_stops_the_clock_and_sets_no_parameters() {
	build_and_execute(|| {
		let guard = || RuntimeOrigin::signed(Guard::get());
		assert_ok!(NetworkParameters::set_serving(guard(), false));
		assert!(!NetworkParameters::is_serving());
		assert_ok!(NetworkParameters::set_serving(guard(), true));
		assert!(NetworkParameters::is_serving());
		assert_noop!(
			NetworkParameters::set_parameters(guard(), ProtocolParameters::production()),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn a_genesis_says_how_fast_governance_goes() {
	let speed_of = |governance_speed| {
		let storage = RuntimeGenesisConfig {
			network_parameters: GenesisConfig {
				governance_speed,
				..Default::default()
			},
			..Default::default()
		};
		let mut chain = sp_io::TestExternalities::from(storage.build_storage().unwrap());
		chain.execute_with(GovernanceSpeed::<Test>::get)
	};
	assert_eq!(speed_of(0), 1);
	assert_eq!(speed_of(14_400), 14_400);
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
