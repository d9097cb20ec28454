//! The base price.

use super::*;
use crate::pricing::next_base_price;
use proptest::prelude::*;

/// What the nodes of a chain can serve in an epoch, compute units.
fn whole() -> u64 {
	pallet_node_pool::TotalPledge::<Test>::get().0 * u64::from(parameters().node_epoch)
}

/// Runs blocks until the base price is stepped.
fn run_to_step() {
	let before = PriceStepped::<Test>::get();
	while PriceStepped::<Test>::get() == before {
		run_blocks(1);
	}
}

/// Lets an epoch pass in which so much was paid, and returns the base price after it.
fn after_epoch(paid: u64) -> Balance {
	PaidUnits::<Test>::put(ComputeUnits(paid));
	run_to_step();
	Market::base_price()
}

#[test]
fn it_moves_in_proportion_to_the_distance_from_half_use() {
	assert_eq!(next_base_price(8_000, 100, 50), 9_000);
	assert_eq!(next_base_price(8_000, 75, 50), 8_500);
	assert_eq!(next_base_price(8_000, 51, 50), 8_020);
	assert_eq!(next_base_price(8_000, 50, 50), 8_000);
	assert_eq!(next_base_price(8_000, 25, 50), 7_500);
	assert_eq!(next_base_price(8_000, 0, 50), 7_000);
}

#[test]
fn it_moves_by_a_planck_at_least() {
	assert_eq!(next_base_price(5, 51, 50), 6);
	assert_eq!(next_base_price(5, 49, 50), 4);
	assert_eq!(next_base_price(0, 0, 1), 0);
	assert_eq!(next_base_price(Balance::MAX, 2, 1), Balance::MAX);
}

proptest! {
	#[test]
	fn it_never_moves_by_more_than_an_eighth(
		price in 8..Balance::MAX / 2,
		paid in any::<u64>(),
		target in 0..u128::from(u64::MAX) * 1_000,
	) {
		let next = next_base_price(price, paid.into(), target);
		prop_assert!(next.abs_diff(price) <= (price / 8).max(1));
		prop_assert_eq!(next == price, target == 0 || u128::from(paid) == target);
	}
}

#[test]
fn it_follows_what_was_paid_in_an_epoch_however_lumpy_the_work() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let floor = parameters().price_floor;
			assert_eq!(whole(), 100 * 45);
			run_to_step();
			BasePrice::<Test>::put(8 * floor);
			// One workload that fills nine tenths of an epoch.
			assert_eq!(after_epoch(whole() * 9 / 10), 8 * floor + floor * 8 / 10);
			let price = Market::base_price();
			assert_eq!(after_epoch(whole() / 2), price);
			assert_eq!(after_epoch(0), price - price / 8);
		});
}

#[test]
fn it_counts_what_is_settled_once_and_nothing_that_is_not() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			run_to_draw();
			assert_eq!(state(id), WorkloadState::Assigned);
			let failing = Order::default().submit_and_draw();
			deliver(failing);
			assert_eq!(PaidUnits::<Test>::get(), ComputeUnits::ZERO);
			deliver(id);
			prove(id);
			assert_eq!(PaidUnits::<Test>::get(), ComputeUnits(COMPUTE_UNITS));
		});
}

#[test]
fn pledges_without_stake_to_lock_do_not_hold_it_down() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 9_000), (BOB, 100)])
		.build_and_execute(|| {
			let stakes = stake(ALICE);
			let idle = stakes.bonded - stakes.minimum;
			assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), idle));
			next_epoch();
			assert_eq!(whole(), 100 * 45);
			let floor = parameters().price_floor;
			assert_eq!(after_epoch(whole()), floor + floor / 8);
		});
}

#[test]
fn it_stays_between_floor_and_ceiling() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			assert_eq!(after_epoch(0), parameters().price_floor);
			let ceiling = parameters().price_ceiling;
			BasePrice::<Test>::put(ceiling);
			assert_eq!(after_epoch(whole()), ceiling);
			set_parameters(|parameters| parameters.price_ceiling = ceiling / 2);
			assert_eq!(Market::base_price(), ceiling / 2);
			set_parameters(|parameters| parameters.price_floor = ceiling / 2);
			assert_eq!(after_epoch(0), ceiling / 2);
		});
}

#[test]
fn it_stands_while_the_clock_does() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			run_to_step();
			let high = 8 * parameters().price_floor;
			BasePrice::<Test>::put(high);
			// Four epochs of blocks, in which nothing can be drawn.
			run_blocks_without_finality(4 * parameters().node_epoch, System::block_number());
			assert!(!NetworkParameters::is_serving());
			assert_eq!(Market::base_price(), high);
			// They are no epoch of demand, either: the next step is one epoch's.
			BlockAuthor::set(None);
			run_to_step();
			assert_eq!(Market::base_price(), high - high / 8);
		});
}

#[test]
fn it_stands_while_nobody_pledges() {
	ExtBuilder::default().build_and_execute(|| {
		BasePrice::<Test>::put(2 * parameters().price_floor);
		next_epoch();
		next_epoch();
		assert_eq!(Market::base_price(), 2 * parameters().price_floor);
	});
}
