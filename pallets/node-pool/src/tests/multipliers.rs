//! What nodes ask of the base price, and who is drawn at which price.

use super::*;
use inference_primitives::{
	price::{PoolOffer, Quote},
	traits::{DrawRequest, Drawn, NodePool as _, Stakes},
};

/// Lets a node ask so many hundredths of the base price from the next epoch on.
fn ask(operator: AccountId, id: NodeId, hundredths: u16) {
	let limits = Limits {
		multiplier: multiplier(hundredths),
		..OPEN
	};
	assert_ok!(set_limits(operator, id, limits));
}

/// An order for 100 compute units that pays so many hundredths of the base price at most, and locks one
/// and a half times its price.
fn bidding(seed: u8, hundredths: u16) -> DrawRequest<'static, AccountId> {
	let work = 100 * BasePrice::get();
	DrawRequest {
		bid: Bid {
			work,
			most: multiplier(hundredths).charge(work).unwrap(),
			on_top: 0,
			stake: StakeTerms {
				multiple: 1_500,
				least: 0,
				value_at_risk: 0,
			},
		},
		..request(seed, 100)
	}
}

fn found(request: &DrawRequest<AccountId>) -> Drawn<AccountId> {
	NodePool::draw(request).0
}

fn offer() -> Option<PoolOffer> {
	NodePool::offer(model(1))
}

#[test]
fn a_workload_pays_and_locks_by_what_the_drawn_node_asks() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		ask(ALICE, id, 125);
		next_epoch();
		let assignment = draw(&bidding(0, 10_000)).unwrap();
		let price = 125 * BasePrice::get();
		assert_eq!(assignment.multiplier, multiplier(125));
		assert_eq!(
			assignment.quote,
			Quote {
				price,
				work_price: price,
				proof_stake: price * 3 / 2
			}
		);
		assert_eq!(
			WorkerStaking::stake_view(&ALICE).proof_stakes,
			price * 3 / 2
		);
	});
}

#[test]
fn who_bids_less_than_a_node_asks_passes_it_by() {
	build_and_execute(|| {
		let dear = serve(ALICE, 10, 50);
		let cheap = serve(BOB, 20, 50);
		ask(ALICE, dear, 200);
		next_epoch();
		let drawn = |hundredths| {
			let mut drawn: Vec<_> = (0..30)
				.filter_map(|seed| {
					let assignment = draw(&bidding(seed, hundredths))?;
					complete(assignment.node, 100);
					let price = assignment.multiplier.charge(100 * BasePrice::get());
					assert_eq!(Some(assignment.quote.price), price);
					Some(assignment.node)
				})
				.collect();
			drawn.sort();
			drawn.dedup();
			drawn
		};
		assert_eq!(drawn(100), vec![cheap]);
		assert_eq!(drawn(199), vec![cheap]);
		assert_eq!(drawn(200), vec![dear, cheap]);
	});
}

#[test]
fn a_bid_under_every_nodes_price_fits_nobody_and_changes_nothing() {
	build_and_execute(|| {
		for (operator, hundredths) in [(ALICE, 150), (BOB, 175)] {
			let id = serve(operator, 10 * operator, 50);
			ask(operator, id, hundredths);
		}
		next_epoch();
		assert_eq!(offer().unwrap().least, multiplier(150));
		for seed in 0..20 {
			let request = bidding(seed, 149);
			frame_support::assert_storage_noop!(assert_eq!(found(&request), Drawn::Unfit));
		}
	});
}

#[test]
fn a_multiplier_acts_with_the_next_epoch_both_ways_so_that_it_dodges_no_single_draw() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		next_epoch();
		ask(ALICE, id, 10_000);
		assert_eq!(draw(&bidding(0, 100)).unwrap().multiplier, multiplier(100));
		next_epoch();
		assert_eq!(found(&bidding(1, 9_999)), Drawn::Unfit);
		assert_ok!(set_limits(ALICE, id, None));
		assert_eq!(found(&bidding(1, 9_999)), Drawn::Unfit);
		next_epoch();
		assert_eq!(draw(&bidding(1, 100)).unwrap().multiplier, multiplier(100));
	});
}

#[test]
fn a_dear_node_needs_more_stake_to_serve_as_much() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 1_000);
		ask(ALICE, id, 400);
		let one_stake = NetworkParameters::parameters().price_floor * 3 / 2;
		let whole = 1_000 * Balance::from(BACKLOG) * one_stake;
		for (free, served) in [(4 * whole, 1_000), (whole, 250), (4 * one_stake, 1)] {
			let stakes = WorkerStaking::stake_view(&ALICE);
			let amount = stakes.bonded - stakes.minimum - free;
			assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), amount));
			next_epoch();
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(served));
			// A quarter of it, in hundredths.
			assert_eq!(Pools::<Test>::get(model(1))[0].cumulative, served * 25);
		}
		assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), 1));
		next_epoch();
		assert_eq!(pool(model(1)), vec![]);
		assert_eq!(offer(), None);
	});
}

#[test]
fn a_node_whose_stake_does_not_reach_its_own_price_is_passed_by_for_a_cheaper_one() {
	build_and_execute(|| {
		let dear = serve(ALICE, 10, 50);
		let cheap = serve(BOB, 20, 50);
		ask(ALICE, dear, 300);
		// What one order for 100 units locks at a multiplier of one.
		let stake = 150 * BasePrice::get();
		for operator in [ALICE, BOB] {
			let stakes = WorkerStaking::stake_view(&operator);
			let amount = stakes.bonded - stakes.minimum - (3 * stake - 1);
			assert_ok!(WorkerStaking::unbond(
				RuntimeOrigin::signed(operator),
				amount
			));
		}
		next_epoch();
		assert_eq!(pool(model(1)), vec![cheap, dear]);
		for seed in 0..20 {
			let assignment = draw(&bidding(seed, 10_000)).unwrap();
			assert_eq!(assignment.node, cheap);
			complete(cheap, 100);
			assert_ok!(<WorkerStaking as Stakes<AccountId>>::unlock(&BOB, stake));
		}
	});
}

#[test]
fn a_pool_offers_the_least_price_and_the_greatest_reach_of_its_nodes() {
	build_and_execute(|| {
		let first = serve(ALICE, 10, 50);
		let second = serve(BOB, 20, 50);
		ask(ALICE, first, 300);
		ask(BOB, second, 125);
		assert_ok!(WorkerStaking::unbond(
			RuntimeOrigin::signed(BOB),
			1_000 * UNIT
		));
		next_epoch();
		let reach = FUNDS / 2 - 100 * UNIT;
		let with = |hundredths| {
			Some(PoolOffer {
				reach,
				least: multiplier(hundredths),
				going: multiplier(hundredths),
				crowded: multiplier(hundredths),
			})
		};
		assert_eq!(offer(), with(125));
		// Who leaves stays in the snapshot.
		let origin = RuntimeOrigin::signed(BOB);
		assert_ok!(NodePool::leave_model(origin, second, model(1)));
		assert_eq!(offer(), with(125));
		next_epoch();
		assert_eq!(offer(), with(300));
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(NodePool::leave_model(origin, first, model(1)));
		assert_eq!(offer(), None);
	});
}

/// What a sixteenth, and a half, of the pool's weight asks, in hundredths.
fn asked() -> Option<(u16, u16)> {
	offer().map(|offer| (offer.going.hundredths(), offer.crowded.hundredths()))
}

#[test]
fn a_node_that_stops_after_each_snapshot_sets_no_price() {
	build_and_execute(|| {
		let honest = serve(ALICE, 10, 100);
		let bait = serve(BOB, 20, 50);
		ask(ALICE, honest, 125);
		next_epoch();
		// Both are new. They weigh 8,000 and 5,000.
		assert_eq!(asked(), Some((100, 125)));
		for _ in 0..3 {
			assert_ok!(NodePool::pause(RuntimeOrigin::signed(BOB), bait));
			assert_ok!(NodePool::resume(RuntimeOrigin::signed(BOB), bait));
			next_epoch();
			// It may be drawn, and orders pay enough for the other.
			assert_eq!(pool(model(1)), vec![bait, honest]);
			assert_eq!(asked(), Some((125, 125)));
			assert_eq!(offer().unwrap().least, multiplier(100));
		}
		next_epoch();
		assert_eq!(asked(), Some((100, 125)));
		// And so if it leaves the pool and comes back.
		let origin = RuntimeOrigin::signed(BOB);
		assert_ok!(NodePool::leave_model(origin.clone(), bait, model(1)));
		assert_ok!(NodePool::join_model(origin, bait, model(1)));
		next_epoch();
		assert_eq!(pool(model(1)), vec![bait, honest]);
		assert_eq!(asked(), Some((125, 125)));
	});
}

#[test]
fn a_snapshot_has_those_that_ask_least_first_and_among_equals_who_joined_first() {
	build_and_execute(|| {
		let ids: Vec<_> = [(ALICE, 300), (BOB, 100), (CAROL, 300)]
			.map(|(operator, hundredths)| {
				let id = serve(operator, 10 * operator, 60);
				ask(operator, id, hundredths);
				id
			})
			.into();
		next_epoch();
		assert_eq!(pool(model(1)), vec![ids[1], ids[0], ids[2]]);
		let weights: Vec<_> = Pools::<Test>::get(model(1))
			.iter()
			.map(|member| member.cumulative)
			.collect();
		assert_eq!(weights, vec![6_000, 8_000, 10_000]);
	});
}

#[test]
fn a_node_that_asks_twice_as_much_is_drawn_half_as_often() {
	build_and_execute(|| {
		serve(ALICE, 10, 60);
		let dear = serve(BOB, 20, 60);
		ask(BOB, dear, 200);
		next_epoch();
		let members = Pools::<Test>::get(model(1));
		let hits = (0..3_000u32)
			.filter(|i| {
				NodePool::candidate(&members, [9; 32], *i).is_some_and(|member| member.node == dear)
			})
			.count();
		// 1,000 expected; the standard deviation is 26.
		assert!((870..1_130).contains(&hits), "{hits}");
		// What it can serve counts in full: it is use of that which the base price follows.
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(120));
	});
}

#[test]
fn dividing_a_dear_pledge_among_nodes_adds_no_weight() {
	let weight = |capacities: &[u64]| {
		new_test_ext().execute_with(|| {
			for (worker, capacity) in capacities.iter().enumerate() {
				let id = serve(ALICE, 10 + worker as u64, *capacity);
				ask(ALICE, id, 7_700);
			}
			next_epoch();
			check_state();
			Pools::<Test>::get(model(1)).last().unwrap().cumulative
		})
	};
	assert_eq!(weight(&[2]), 2);
	assert_eq!(weight(&[1, 1]), 2);
	assert_eq!(weight(&[100]), 129);
	assert!(weight(&[50, 50]) <= 129);
}

#[test]
fn dear_weight_holds_up_nobody_who_does_not_pay_it() {
	build_and_execute(|| {
		let cheap = serve(ALICE, 10, 5);
		for operator in [BOB, CAROL] {
			let id = serve(operator, 10 * operator, 20_000);
			ask(operator, id, 150);
		}
		next_epoch();
		let members = Pools::<Test>::get(model(1));
		let all = members.last().unwrap().cumulative;
		// It weighs less than a ten-thousandth, and is found by the first sample all the same.
		assert!(members[0].cumulative * 5_000 < all);
		for seed in 0..50 {
			let request = bidding(seed, 149);
			let payable = NodePool::within_bid(&members, &request.bid);
			assert_eq!(payable.len(), 1);
			let (drawn, weight) = NodePool::draw(&request);
			assert_eq!(
				weight,
				<() as WeightInfo>::draw(1) + <() as WeightInfo>::reserve()
			);
			match drawn {
				Drawn::Assigned(assignment) => assert_eq!(assignment.node, cheap),
				other => panic!("{other:?}"),
			}
			complete(cheap, 100);
			let stake = 150 * BasePrice::get();
			assert_ok!(<WorkerStaking as Stakes<AccountId>>::unlock(&ALICE, stake));
		}
	});
}

#[test]
fn a_draw_samples_in_the_weights_of_those_that_the_bid_pays_alone() {
	build_and_execute(|| {
		for (operator, hundredths) in [(ALICE, 300), (BOB, 100), (CAROL, 200)] {
			let id = serve(operator, 10 * operator, 60);
			ask(operator, id, hundredths);
		}
		next_epoch();
		let members = Pools::<Test>::get(model(1));
		// Weights of 6,000, 3,000 and 2,000; a bid of two pays the first two.
		let payable = &members[..2];
		assert_eq!(payable[1].cumulative, 9_000);
		let (mut first, mut second) = (0, 0);
		for seed in 0..60 {
			let request = bidding(seed, 299);
			assert_eq!(NodePool::within_bid(&members, &request.bid), payable);
			let expected = NodePool::candidate(payable, request.seed, 0).unwrap().node;
			let assignment = draw(&request).unwrap();
			assert_eq!(assignment.node, expected);
			complete(expected, 100);
			let stake = assignment.quote.proof_stake;
			assert_ok!(<WorkerStaking as Stakes<AccountId>>::unlock(
				&assignment.operator,
				stake
			));
			match assignment.operator {
				BOB => first += 1,
				_ => second += 1,
			}
		}
		assert!(first > second && second > 5, "{first} {second}");
	});
}

#[test]
fn a_small_cheap_node_does_not_set_the_price_that_orders_must_pay() {
	build_and_execute(|| {
		let dear = serve(ALICE, 10, 300);
		ask(ALICE, dear, 200);
		// 15,000 of weight; nine units weigh 900, less than a sixteenth of the whole.
		let cheap = serve(BOB, 20, 9);
		next_epoch();
		let of = |least, going| {
			let offered = offer().unwrap();
			assert_eq!(offered.least, multiplier(least));
			assert_eq!(offered.going, multiplier(going));
		};
		of(100, 200);
		// Ten weigh exactly a sixteenth.
		assert_ok!(NodePool::set_capacity(
			RuntimeOrigin::signed(BOB),
			cheap,
			ComputeUnits(10)
		));
		next_epoch();
		of(100, 100);
	});
}

#[test]
fn cheap_nodes_that_make_up_a_sixteenth_together_set_it() {
	build_and_execute(|| {
		let dear = serve(ALICE, 10, 300);
		ask(ALICE, dear, 200);
		serve(BOB, 20, 6);
		let other = serve(CAROL, 30, 6);
		ask(CAROL, other, 120);
		next_epoch();
		// 600 and 500 of 16,100.
		assert_eq!(offer().unwrap().going, multiplier(120));
		assert_eq!(offer().unwrap().least, multiplier(100));
	});
}

#[test]
fn a_dear_pledge_must_be_a_multiple_of_the_honest_one_to_hide_its_price() {
	build_and_execute(|| {
		serve(ALICE, 10, 10);
		let dear = serve(BOB, 20, 10_000);
		ask(BOB, dear, 10_000);
		next_epoch();
		// A thousand times the capacity, and a hundredth of the weight for each unit.
		assert_eq!(offer().unwrap().going, multiplier(100));
	});
}

#[test]
fn a_node_too_small_for_one_workload_sets_no_price() {
	build_and_execute(|| {
		serve(ALICE, 10, 1);
		let dear = serve(BOB, 20, 30);
		ask(BOB, dear, 300);
		ModelUnits::set(30);
		next_epoch();
		let offered = offer().unwrap();
		assert_eq!(
			(offered.least, offered.going),
			(multiplier(300), multiplier(300))
		);
	});
}

#[test]
fn what_is_in_force_is_told_from_what_was_announced() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		ask(ALICE, id, 200);
		let asked = |hundredths| {
			let limits = Limits {
				multiplier: multiplier(hundredths),
				..OPEN
			};
			vec![(model(1), limits)]
		};
		let view = || NodePool::view(id).unwrap();
		assert_eq!(
			(view().limits, view().limits_in_force),
			(asked(200), vec![])
		);
		next_epoch();
		ask(ALICE, id, 300);
		assert_eq!(
			(view().limits, view().limits_in_force),
			(asked(300), asked(200))
		);
		next_epoch();
		assert_eq!(view().limits_in_force, asked(300));
	});
}
