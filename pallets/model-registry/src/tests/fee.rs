//! The registration fee as creators meet it. Its arithmetic is tested in `fees`.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use inference_primitives::parameters::UNIT;

#[test]
fn the_first_registration_costs_the_floor() {
	ExtBuilder::default()
		.fee_floor(3 * UNIT)
		.build_and_execute(|| {
			assert_eq!(ModelRegistry::registration_fee(), 3 * UNIT);
		});
}

#[test]
fn each_registration_raises_the_fee_by_a_tenth() {
	ExtBuilder::default().build_and_execute(|| {
		let floor = Parameters::get().registration_fee_floor;
		assert_ok!(register(ALICE, registration()));
		assert_eq!(ModelRegistry::registration_fee(), floor / 10 * 11);
		assert_ok!(register_version(ALICE, 0, registration()));
		assert_eq!(ModelRegistry::registration_fee(), floor / 100 * 121);
		let paid = floor + floor / 10 * 11;
		assert_eq!(Balances::free_balance(TREASURY), TREASURY_FUNDS + paid);
	});
}

#[test]
fn the_fee_decays_with_blocks() {
	ExtBuilder::default().build_and_execute(|| {
		let parameters = Parameters::get();
		for _ in 0..10 {
			for _ in 0..MAX_REGISTRATIONS_PER_BLOCK {
				assert_ok!(register(ALICE, registration()));
			}
			next_block();
		}
		let before = ModelRegistry::registration_fee();
		let later = System::block_number() + u64::from(parameters.registration_fee_half_life);
		System::set_block_number(later);
		let after = ModelRegistry::registration_fee();
		assert!(after * 2 >= before && after * 2 <= before + before / 1_000);
		System::set_block_number(later + 100 * u64::from(parameters.registration_fee_half_life));
		assert_eq!(
			ModelRegistry::registration_fee(),
			parameters.registration_fee_floor
		);
	});
}

#[test]
fn the_caller_bounds_the_fee() {
	ExtBuilder::default().build_and_execute(|| {
		let fee = ModelRegistry::registration_fee();
		assert_noop!(
			register_for(ALICE, registration(), fee - 1),
			Error::<Test>::FeeAboveMaximum
		);
		assert_ok!(register_for(ALICE, registration(), fee));
		assert_noop!(
			register_for(ALICE, registration(), fee),
			Error::<Test>::FeeAboveMaximum
		);
	});
}

#[test]
fn a_block_takes_four_registrations() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, registration()));
		assert_ok!(register(BOB, registration()));
		assert_ok!(register_version(ALICE, 0, registration()));
		assert_ok!(register(ALICE, registration()));
		assert_noop!(
			register(ALICE, registration()),
			Error::<Test>::TooManyRegistrations
		);
		assert_noop!(
			register_version(BOB, 1, registration()),
			Error::<Test>::TooManyRegistrations
		);
		next_block();
		assert_ok!(register(ALICE, registration()));
	});
}

#[test]
fn a_failed_registration_neither_costs_nor_counts() {
	ExtBuilder::default().build_and_execute(|| {
		let fee = Fee::<Test>::get();
		assert_noop!(
			register(
				ALICE,
				Registration {
					input: spec(9),
					..registration()
				}
			),
			Error::<Test>::PublicInputsMismatch
		);
		assert_eq!(Fee::<Test>::get(), fee);
		assert_eq!(Balances::free_balance(ALICE), FUNDS);
	});
}
