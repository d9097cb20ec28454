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
			price: PriceTerms::Open {
				work,
				most: multiplier(hundredths).charge(work).unwrap(),
			},
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
		assert_eq!(offer().unwrap().multiplier, multiplier(150));
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
fn a_dear_node_needs_more_stake_for_the_same_weight() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 1_000);
		ask(ALICE, id, 400);
		let one_stake = NetworkParameters::parameters().price_floor * 3 / 2;
		let whole = 1_000 * Balance::from(BACKLOG) * one_stake;
		for (free, weight) in [(4 * whole, 1_000), (whole, 250), (4 * one_stake, 1)] {
			let stakes = WorkerStaking::stake_view(&ALICE);
			let amount = stakes.bonded - stakes.minimum - free;
			assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), amount));
			next_epoch();
			assert_eq!(Pools::<Test>::get(model(1))[0].cumulative, weight);
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
		assert_eq!(pool(model(1)), vec![dear, cheap]);
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
				multiplier: multiplier(hundredths),
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

#[test]
fn a_price_that_was_fixed_is_for_nodes_that_ask_no_more_than_the_first_one() {
	build_and_execute(|| {
		let dear = serve(ALICE, 10, 50);
		let cheap = serve(BOB, 20, 50);
		ask(ALICE, dear, 200);
		ask(BOB, cheap, 150);
		next_epoch();
		// Whatever the base price is now.
		BasePrice::set(1_000 * BasePrice::get());
		let drawn = |hundredths| -> Vec<_> {
			(0..30)
				.map(|seed| {
					let request = DrawRequest {
						bid: fixed(777, multiplier(hundredths)),
						..request(seed, 1)
					};
					match found(&request) {
						Drawn::Assigned(assignment) => {
							assert_eq!(assignment.quote.price, 777);
							Some(assignment.node)
						},
						other => {
							assert_eq!(other, Drawn::Unfit);
							None
						},
					}
				})
				.collect()
		};
		assert!(drawn(149).iter().all(Option::is_none));
		assert!(drawn(199).iter().all(|node| *node == Some(cheap)));
		assert!(drawn(200).contains(&Some(dear)));
	});
}
