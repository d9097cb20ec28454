//! The base price.

use super::*;
use crate::pricing::next_base_price;

#[test]
fn it_moves_by_a_sixty_fourth_towards_demand() {
	assert_eq!(next_base_price(6_400, 51, 50), 6_500);
	assert_eq!(next_base_price(6_400, 50, 50), 6_400);
	assert_eq!(next_base_price(6_400, 49, 50), 6_300);
}

#[test]
fn it_moves_by_a_planck_at_least() {
	assert_eq!(next_base_price(5, 1, 0), 6);
	assert_eq!(next_base_price(5, 0, 1), 4);
	assert_eq!(next_base_price(0, 0, 1), 0);
	assert_eq!(next_base_price(Balance::MAX, 1, 0), Balance::MAX);
}

#[test]
fn it_rises_after_a_block_that_assigned_more_than_half_of_the_pledge() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let floor = parameters().price_floor;
			for _ in 0..2 {
				Order::default().submit();
			}
			run_to_draw();
			assert_eq!(Market::base_price(), floor);
			run_blocks(1);
			assert_eq!(Market::base_price(), floor + floor / 64);
			run_blocks(2);
			assert_eq!(Market::base_price(), floor);
		});
}

#[test]
fn it_stays_between_floor_and_ceiling() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			run_blocks(10);
			assert_eq!(Market::base_price(), parameters().price_floor);
			BasePrice::<Test>::put(parameters().price_ceiling);
			AssignedUnits::<Test>::put(ComputeUnits(51));
			run_blocks(1);
			assert_eq!(Market::base_price(), parameters().price_ceiling);
			let ceiling = parameters().price_ceiling;
			set_parameters(|parameters| parameters.price_ceiling = ceiling / 2);
			assert_eq!(Market::base_price(), ceiling / 2);
			set_parameters(|parameters| parameters.price_floor = ceiling / 2);
			run_blocks(10);
			assert_eq!(Market::base_price(), ceiling / 2);
		});
}

#[test]
fn it_stands_while_nobody_pledges() {
	ExtBuilder::default().build_and_execute(|| {
		BasePrice::<Test>::put(2 * parameters().price_floor);
		run_blocks(5);
		assert_eq!(Market::base_price(), 2 * parameters().price_floor);
	});
}
