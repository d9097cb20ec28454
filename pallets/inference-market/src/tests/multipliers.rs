//! What nodes ask of the base price: who pays what, and who is paid.

use super::*;
use frame_support::traits::fungible::Inspect;

/// From so many on, a queue takes no orders that only few nodes could serve.
const CROWD: u32 = MAX_QUEUED / 4;

/// A chain with nodes of these operators that ask so many hundredths of the base price.
fn with_asking(nodes: &[(u64, u16)], test: impl FnOnce()) {
	with_salt(nodes, 0, test);
}

/// With VRF outputs that differ from salt to salt.
fn with_salt(nodes: &[(u64, u16)], salt: u8, test: impl FnOnce()) {
	let capacities: Vec<_> = nodes.iter().map(|(operator, _)| (*operator, 100)).collect();
	ExtBuilder::default()
		.nodes(&capacities)
		.build_and_execute(|| {
			VrfSalt::set(salt);
			for (node, (operator, hundredths)) in nodes.iter().enumerate() {
				assert_ok!(set_multiplier(*operator, node as u32, *hundredths));
			}
			next_epoch();
			test();
		});
}

/// The floor price of the work of [`MODEL`], planck.
fn floor() -> Balance {
	Balance::from(COMPUTE_UNITS) * parameters().price_floor
}

/// Price of an inference at the floor price on a node that asks so much, planck.
fn price_at(hundredths: u16) -> Balance {
	multiplier(hundredths).charge(floor()).unwrap() + ROYALTY + verification_fee()
}

/// An order that pays so much at most.
fn bidding(max_price: Balance) -> Order {
	Order {
		max_price,
		..Order::default()
	}
}

/// Lets the deadline of the workload's present node pass.
fn miss(id: WorkloadId) {
	run_to_tick(Tick(workload(id).deadline.0 + 1));
}

mod price {
	use super::*;

	#[test]
	fn a_node_alone_sells_at_what_it_asks_and_the_present_price_says_so() {
		with_asking(&[(ALICE, 10_000)], || {
			assert_eq!(Market::present_price(MODEL), Some(price_at(10_000)));
			for too_low in [price(), price_at(10_000) - 1] {
				let order = bidding(too_low);
				assert_noop!(order.try_submit(), Error::<Test>::BidTooLow);
			}
			let id = bidding(price_at(10_000)).submit_and_draw();
			assert_eq!(price_of(id), Some(price_at(10_000)));
		});
	}

	#[test]
	fn the_present_price_is_what_nodes_in_the_snapshot_ask() {
		with_asking(&[(ALICE, 300), (BOB, 150)], || {
			assert_eq!(Market::present_price(MODEL), Some(price_at(150)));
			// Other models' nodes do not count, nor what is asked from the next epoch on.
			assert_eq!(Market::present_price(model(2)), Some(price()));
			assert_eq!(Market::present_price(model(3)), Some(price()));
			assert_ok!(set_multiplier(BOB, 1, 400));
			assert_eq!(Market::present_price(MODEL), Some(price_at(150)));
			next_epoch();
			assert_eq!(Market::present_price(MODEL), Some(price_at(300)));
			let high = 7 * parameters().price_floor;
			BasePrice::<Test>::put(high);
			let work = 3 * high * Balance::from(COMPUTE_UNITS);
			assert_eq!(
				Market::present_price(MODEL),
				Some(work + ROYALTY + verification_fee())
			);
		});
	}

	#[test]
	fn a_bait_too_small_for_one_workload_shows_no_price() {
		let nodes = [(ALICE, 100), (BOB, 1)];
		ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
			assert_ok!(set_multiplier(ALICE, 0, 300));
			next_epoch();
			assert_eq!(Market::present_price(MODEL), Some(price_at(300)));
			let order = bidding(price_at(300) - 1);
			assert_noop!(order.try_submit(), Error::<Test>::BidTooLow);
		});
	}

	#[test]
	fn a_bait_of_little_weight_shows_no_price_and_who_bid_its_own_is_served_by_it_still() {
		// 100 units at a multiplier of four weigh 2,500; a sixteenth of the whole takes two units.
		for (bait, shown) in [(2, 100), (1, 400)] {
			ExtBuilder::default()
				.nodes(&[(ALICE, 100), (BOB, bait)])
				.build_and_execute(|| {
					change_model(MODEL, |model| model.compute_units = ComputeUnits(20));
					assert_ok!(set_multiplier(ALICE, 0, 400));
					let old = bidding(price_at(200));
					// Admitted before Alice asks more.
					let next =
						pallet_node_pool::EpochStart::<Test>::get() + parameters().node_epoch;
					run_to_block(u64::from(next) - 2);
					let id = old.submit();
					next_epoch();
					let least = Balance::from(20u32) * parameters().price_floor;
					let price = multiplier(shown).charge(least).unwrap();
					let on_top = ROYALTY + verification_fee();
					assert_eq!(Market::present_price(MODEL), Some(price + on_top));
					run_to_draw();
					assert_eq!(assigned(id).operator, BOB);
				});
		}
	}

	#[test]
	fn one_that_only_a_rare_cheap_node_serves_is_drawn_at_once_and_is_not_charged_for_its_slot() {
		for salt in 0..8 {
			ExtBuilder::default()
				.nodes(&[(ALICE, 4_000), (CAROL, 4_000), (BOB, 2)])
				.build_and_execute(|| {
					VrfSalt::set(salt);
					let next =
						pallet_node_pool::EpochStart::<Test>::get() + parameters().node_epoch;
					assert_ok!(set_multiplier(ALICE, 0, 150));
					assert_ok!(set_multiplier(CAROL, 1, 150));
					run_to_block(u64::from(next) - 2);
					// The second waits for the first.
					let ids = [(); 2].map(|_| bidding(price_at(149)).submit());
					next_epoch();
					run_to_draw();
					assert_eq!(assigned(ids[0]).operator, BOB);
					assert_eq!(state(ids[1]), WorkloadState::Queued);
					assert_eq!(workload(ids[1]).outlook, Outlook::Able);
					assert!(!Market::is_unservable(&workload(ids[1])));
				});
		}
	}

	#[test]
	fn nobody_pays_more_than_its_bid_and_everybody_the_price_of_the_node_that_is_drawn() {
		let (mut cheap, mut dear) = (0, 0);
		for salt in 0..16 {
			with_salt(&[(ALICE, 100), (BOB, 250)], salt, || {
				let low = bidding(price_at(250) - 1).submit_and_draw();
				assert_eq!(assigned(low).operator, ALICE);
				assert_eq!(price_of(low), Some(price()));
				let high = bidding(price_at(250)).submit_and_draw();
				let expected = match assigned(high).operator {
					ALICE => {
						cheap += 1;
						price()
					},
					_ => {
						dear += 1;
						price_at(250)
					},
				};
				assert_eq!(price_of(high), Some(expected));
				let stored = workload(high);
				assert_eq!(Some(stored.held), stored.terms.escrow());
				for id in [low, high] {
					deliver(id);
					prove(id);
					let settlement = workload(id).settlement;
					let paid = settlement.escrowed - settlement.refunded;
					assert_eq!(Some(paid), price_of(id).map(|price| price + slot_fee()));
				}
			});
		}
		assert!(cheap > 0 && dear > 0);
	}

	#[test]
	fn a_base_price_that_rises_lifts_a_dear_node_over_a_bid_first() {
		with_asking(&[(ALICE, 100), (BOB, 200)], || {
			let ids: Vec<_> = (0..12).map(|_| bidding(price_at(300)).submit()).collect();
			// It may step down by an eighth before the draw.
			BasePrice::<Test>::put(2 * parameters().price_floor);
			run_to_draw();
			for id in ids {
				assert_eq!(assigned(id).operator, ALICE);
			}
		});
	}

	#[test]
	fn the_proof_stake_follows_from_the_price_of_the_node_that_is_drawn() {
		with_asking(&[(ALICE, 1_234)], || {
			let id = Order {
				value_at_risk: 7 * UNIT,
				..bidding(price_at(10_000))
			}
			.submit_and_draw();
			let locked = price_at(1_234) * 3 / 2 + 7 * UNIT;
			assert_eq!(assigned(id).proof_stake, locked);
			assert_eq!(stake(ALICE).proof_stakes, locked);
		});
	}
}

mod pay {
	use super::*;

	#[test]
	fn an_operator_is_paid_the_floor_price_times_what_its_node_asks_to_the_planck() {
		for (hundredths, work) in [
			(100, 3_000_000_000),
			(133, 3_990_000_000),
			(10_000, 300_000_000_000),
		] {
			with_asking(&[(ALICE, hundredths)], || {
				let id = Order {
					value_at_risk: 3 * UNIT,
					..bidding(price_at(10_000))
				}
				.submit_and_draw();
				deliver(id);
				prove(id);
				let worker = work * 9 / 10 + 3 * UNIT / 100;
				assert_eq!(credit(ALICE), worker);
				assert_eq!(credit(CREATOR), 900_002);
				let treasury = price_at(hundredths) - work * 9 / 10 - 900_002;
				assert_eq!(credit(TREASURY), treasury + slot_fee());
				assert!(workload(id).settlement.is_balanced());
			});
		}
	}

	#[test]
	fn what_is_above_the_floor_price_is_the_treasurys_whatever_a_node_asks() {
		with_asking(&[(ALICE, 250)], || {
			BasePrice::<Test>::put(4 * parameters().price_floor);
			let id = bidding(100 * price()).submit_and_draw();
			let paid = price_of(id).unwrap();
			// The base price of the block of the draw.
			let work = Balance::from(COMPUTE_UNITS) * Market::base_price();
			assert!(work > 3 * floor());
			let expected = multiplier(250).charge(work).unwrap();
			assert_eq!(paid, expected + ROYALTY + verification_fee());
			deliver(id);
			prove(id);
			let worker = floor() * 25 / 10 * 9 / 10;
			assert_eq!(credit(ALICE), worker);
			assert_eq!(credit(TREASURY), paid - worker - 900_002 + slot_fee());
		});
	}

	#[test]
	fn an_operator_that_orders_from_itself_at_any_multiplier_only_loses() {
		for hundredths in [100, 777, 10_000] {
			with_asking(&[(ALICE, hundredths)], || {
				// Its second account and the model's creator are the same person.
				let all = || {
					[ALICE, STRANGER, CREATOR]
						.map(|who| Balances::total_balance(&who) + credit(who))
						.iter()
						.sum::<Balance>()
				};
				let before = all();
				let id = Order {
					submitter: STRANGER,
					..bidding(price_at(10_000))
				}
				.submit_and_draw();
				deliver(id);
				prove(id);
				let lost = before - all();
				let least = (price_at(hundredths) - verification_fee()) / 10;
				assert!(lost >= least + verification_fee() + slot_fee());
				assert_eq!(credit(TREASURY), lost);
			});
		}
	}

	#[test]
	fn a_multiplier_moves_neither_the_base_price_nor_deposits() {
		let mut seen = Vec::new();
		for hundredths in [100, 10_000] {
			with_asking(&[(ALICE, hundredths)], || {
				let high = 8 * parameters().price_floor;
				BasePrice::<Test>::put(high);
				PaidUnits::<Test>::kill();
				let id = bidding(2_000 * price()).submit_and_draw();
				let deposit = workload(id).deposit;
				deliver(id);
				prove(id);
				let paid = PaidUnits::<Test>::get();
				assert_eq!(paid, ComputeUnits(COMPUTE_UNITS));
				next_epoch();
				seen.push((deposit, paid, Market::base_price()));
				let model = <MockModels as Models<u64>>::model(MODEL).unwrap();
				assert_eq!(model.settled, 1);
			});
		}
		assert_eq!(seen[0], seen[1]);
	}
}

mod queued {
	use super::*;

	/// Submits an order that is still queued when the next epoch begins.
	fn submit_before_next_epoch(order: Order) -> WorkloadId {
		let next = pallet_node_pool::EpochStart::<Test>::get() + parameters().node_epoch;
		run_to_block(u64::from(next) - 2);
		let id = order.submit();
		next_epoch();
		assert_eq!(state(id), WorkloadState::Queued);
		id
	}

	/// Runs until the workload has expired.
	fn run_out(id: WorkloadId) {
		run_to_tick(Tick(workload(id).deadline.0 + 1));
		assert_eq!(state(id), WorkloadState::Expired);
		assert_eq!(
			workload(id).settlement.refunded + credit(TREASURY),
			workload(id).settlement.escrowed
		);
	}

	#[test]
	fn one_that_bids_under_every_nodes_price_pays_its_queue_slot() {
		with_asking(&[(ALICE, 100), (BOB, 100)], || {
			assert_ok!(set_multiplier(ALICE, 0, 300));
			assert_ok!(set_multiplier(BOB, 1, 201));
			let id = submit_before_next_epoch(bidding(price_at(200)));
			run_blocks(10);
			// No draw was spent on it.
			assert_eq!(workload(id).outlook, Outlook::Untried);
			run_out(id);
			assert_eq!(credit(TREASURY), slot_fee());
		});
	}

	#[test]
	fn one_that_only_a_dearer_node_could_insure_pays_its_queue_slot() {
		with_asking(&[(ALICE, 100), (BOB, 300)], || {
			let stakes = stake(ALICE);
			let origin = RuntimeOrigin::signed(ALICE);
			let all_but = stakes.bonded - stakes.minimum - UNIT;
			assert_ok!(WorkerStaking::unbond(origin, all_but));
			next_epoch();
			let id = Order {
				value_at_risk: 100 * UNIT,
				..bidding(price_at(299))
			}
			.submit();
			run_to_draw();
			// The least price and the greatest reach are not the same node's.
			assert_eq!(workload(id).outlook, Outlook::Unfit);
			run_out(id);
			assert_eq!(credit(TREASURY), slot_fee());
			// Who bids as much as the other one asks is insured.
			let id = Order {
				value_at_risk: 100 * UNIT,
				..bidding(price_at(300))
			}
			.submit_and_draw();
			assert_eq!(assigned(id).operator, BOB);
		});
	}

	#[test]
	fn one_that_waits_for_a_busy_node_whose_price_it_pays_gets_its_queue_slot_back() {
		with_asking(&[(ALICE, 300), (BOB, 100)], || {
			// Bob is stopped: in the snapshot, but not in service.
			assert_ok!(NodePool::pause(RuntimeOrigin::signed(BOB), NodeId(1)));
			let id = bidding(price_at(299)).submit();
			run_to_draw();
			assert_eq!(workload(id).outlook, Outlook::Able);
			run_out(id);
			assert_eq!(credit(TREASURY), 0);
		});
	}

	#[test]
	fn low_bids_for_a_busy_cheap_node_hold_up_a_high_bid_for_a_few_blocks_only() {
		// Bob's node has room for one workload; all other low bids wait for it.
		ExtBuilder::default()
			.nodes(&[(ALICE, 1_000), (BOB, 2)])
			.build_and_execute(|| {
				assert_ok!(set_multiplier(ALICE, 0, 10_000));
				next_epoch();
				assert_eq!(Market::present_price(MODEL), Some(price()));
				let low: Vec<_> = (0..CROWD).map(|_| bidding(price()).submit()).collect();
				// No more of these: nodes with half of the weight ask more.
				assert_eq!(Market::present_price(MODEL), Some(price_at(10_000)));
				let order = bidding(price_at(10_000) - 1);
				assert_noop!(order.try_submit(), Error::<Test>::BidTooLow);
				let high = Order {
					submitter: OTHER_USER,
					..bidding(price_at(10_000))
				}
				.submit();
				run_to_draw();
				// One at the head and three more are drawn in vain in each block.
				run_blocks(CROWD / 3 + 1);
				assert_eq!(state(high), WorkloadState::Assigned);
				let drawn = low
					.iter()
					.filter(|id| state(**id) == WorkloadState::Assigned);
				assert_eq!(drawn.count(), 1);
			});
	}

	#[test]
	fn high_bids_that_come_one_after_another_pass_a_queue_of_low_ones_in_a_few_blocks_each() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 1_000), (BOB, 2)])
			.build_and_execute(|| {
				assert_ok!(set_multiplier(ALICE, 0, 10_000));
				next_epoch();
				for _ in 0..CROWD {
					bidding(price()).submit();
				}
				run_to_draw();
				for _ in 0..5 {
					let high = Order {
						submitter: OTHER_USER,
						..bidding(price_at(10_000))
					}
					.submit();
					run_to_draw();
					// Twice round the queue at most: the second look may just have passed its end.
					run_blocks(2 * CROWD / 8 + 1);
					assert_eq!(state(high), WorkloadState::Assigned);
					deliver(high);
					prove(high);
				}
			});
	}

	#[test]
	fn one_is_served_when_a_node_asks_less_again() {
		with_asking(&[(ALICE, 100)], || {
			assert_ok!(set_multiplier(ALICE, 0, 300));
			let id = submit_before_next_epoch(Order {
				deadline: Ticks(300),
				..bidding(price_at(200))
			});
			assert_ok!(set_multiplier(ALICE, 0, 200));
			run_blocks(10);
			assert_eq!(state(id), WorkloadState::Queued);
			next_epoch();
			assert_eq!(price_of(id), Some(price_at(200)));
		});
	}
}

mod redraw {
	use super::*;

	/// Runs with a workload whose first node was of `first`, with each pair of nodes in turn.
	fn with_first(nodes: &[(u64, u16)], first: u64, test: impl Fn(WorkloadId)) {
		let mut found = 0;
		for salt in 0..64 {
			if found == 3 {
				break;
			}
			with_salt(nodes, salt, || {
				let id = Order {
					deadline: Ticks(300),
					..bidding(price_at(1_000))
				}
				.submit_and_draw();
				if assigned(id).operator == first {
					found += 1;
					test(id);
				}
			});
		}
		assert!(found > 0);
	}

	/// Lets the first node miss, and runs to the second draw.
	fn draw_again(id: WorkloadId) {
		miss(id);
		run_to_draw();
	}

	#[test]
	fn each_node_answers_and_is_paid_by_its_own_price() {
		with_first(&[(ALICE, 200), (BOB, 150)], ALICE, |id| {
			assert_eq!(price_of(id), Some(price_at(200)));
			assert_eq!(assigned(id).proof_stake, price_at(200) * 3 / 2);
			draw_again(id);
			// The slash is of the price of the node that missed.
			assert_eq!(stake(ALICE).bonded, FUNDS / 2 - price_at(200) / 2);
			assert_eq!(credit(USER), price_at(200) / 10);
			// What the second one locks, and what the user pays, is of the second one's.
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(price_of(id), Some(price_at(150)));
			assert_eq!(assigned(id).proof_stake, price_at(150) * 3 / 2);
			assert_eq!(stake(BOB).proof_stakes, price_at(150) * 3 / 2);
			let before = credit(TREASURY);
			deliver(id);
			prove(id);
			let worker = floor() * 15 / 10 * 9 / 10;
			assert_eq!(credit(BOB), worker);
			assert_eq!(credit(TREASURY), before + price_at(150) - worker - 900_002);
			let settlement = workload(id).settlement;
			assert_eq!(settlement.refunded, settlement.escrowed - price_at(150));
		});
	}

	#[test]
	fn a_cheap_node_with_stake_for_its_own_price_only_takes_what_a_dear_one_failed() {
		with_first(&[(ALICE, 1_000), (BOB, 100)], ALICE, |id| {
			// Far less than a tenfold price locks.
			let stakes = stake(BOB);
			let amount = stakes.bonded - stakes.minimum - price() * 3 / 2;
			let origin = RuntimeOrigin::signed(BOB);
			assert_ok!(WorkerStaking::unbond(origin, amount));
			draw_again(id);
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(price_of(id), Some(price()));
		});
	}

	#[test]
	fn undercutting_and_missing_does_not_keep_the_others_from_the_order() {
		// Alice asks a hundredth less than everybody else and delivers nothing.
		with_first(&[(ALICE, 100), (BOB, 101)], ALICE, |id| {
			draw_again(id);
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(price_of(id), Some(price_at(101)));
			deliver(id);
			prove(id);
			let settlement = workload(id).settlement;
			assert_eq!(settlement.refunded, settlement.escrowed - price_at(101));
			assert_eq!(settlement.compensation, price() / 10);
		});
	}

	#[test]
	fn a_step_of_the_base_price_shuts_no_node_out_of_a_redraw() {
		with_first(&[(ALICE, 100), (BOB, 1_000)], ALICE, |id| {
			miss(id);
			// At this base price Bob's own would be far above the bid, and Alice's, too.
			BasePrice::<Test>::put(parameters().price_ceiling);
			run_to_draw();
			// Bob has an eleventh of the weight: sixteen samples may miss him in a block or two.
			run_blocks(5);
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(price_of(id), Some(price_at(1_000)));
		});
	}

	#[test]
	fn a_node_that_asks_more_than_the_bid_is_not_drawn_and_the_user_is_refunded() {
		with_first(&[(ALICE, 200), (BOB, 1_001)], ALICE, |id| {
			miss(id);
			run_to_draw();
			assert_eq!(state(id), WorkloadState::Queued);
			miss(id);
			assert_eq!(state(id), WorkloadState::Refunded);
			let settlement = workload(id).settlement;
			assert_eq!(settlement.refunded, settlement.escrowed);
			assert_eq!(settlement.compensation, price_at(200) / 10);
			assert_eq!(held(HoldReason::Escrow, USER), 0);
		});
	}

	#[test]
	fn a_dear_node_that_declines_pays_of_its_own_price() {
		with_first(&[(ALICE, 300), (BOB, 100)], ALICE, |id| {
			let who = RuntimeOrigin::signed(worker(id));
			assert_ok!(Market::decline(who, id));
			assert_eq!(stake(ALICE).bonded, FUNDS / 2 - price_at(300) / 10);
			run_to_draw();
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(price_of(id), Some(price()));
		});
	}

	#[test]
	fn the_proof_that_the_second_node_owes_is_insured_by_its_own_price() {
		with_first(&[(ALICE, 100), (BOB, 400)], ALICE, |id| {
			draw_again(id);
			deliver(id);
			let before = credit(USER);
			miss(id);
			assert_eq!(state(id), WorkloadState::Failed);
			assert_eq!(credit(USER), before + price_at(400) / 2);
			let settlement = workload(id).settlement;
			assert_eq!(settlement.refunded, settlement.escrowed);
			let slashed = price() / 2 + price_at(400) * 3 / 2;
			assert_eq!(settlement.slashed, slashed);
		});
	}
}
