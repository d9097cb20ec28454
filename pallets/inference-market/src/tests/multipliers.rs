//! What nodes ask of the base price: who pays what, and who is paid.

use super::*;
use frame_support::traits::fungible::Inspect;
use inference_primitives::node::Limits;
use sp_runtime::DispatchResult;

/// Asks so many hundredths of the base price for a node's work of [`MODEL`], from the next epoch on.
fn set_multiplier(operator: u64, node: u32, hundredths: u16) -> DispatchResult {
	let limits = Limits {
		max_value_at_risk: Balance::MAX,
		max_proof_stake: Balance::MAX,
		min_work_price: 0,
		multiplier: multiplier(hundredths),
	};
	let origin = RuntimeOrigin::signed(operator);
	NodePool::set_limits(origin, NodeId(node), MODEL, Some(limits))
}

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
			assert_eq!(fixed_price(id), Some(price_at(10_000)));
		});
	}

	#[test]
	fn the_present_price_is_the_least_that_a_node_in_the_snapshot_asks() {
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
	fn nobody_pays_more_than_its_bid_and_everybody_the_price_of_the_node_that_is_drawn() {
		let (mut cheap, mut dear) = (0, 0);
		for salt in 0..16 {
			with_salt(&[(ALICE, 100), (BOB, 250)], salt, || {
				let low = bidding(price_at(250) - 1).submit_and_draw();
				assert_eq!(assigned(low).operator, ALICE);
				assert_eq!(fixed_price(low), Some(price()));
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
				assert_eq!(fixed_price(high), Some(expected));
				let stored = workload(high);
				assert_eq!(Some(stored.held), stored.terms.escrow_for(expected));
				for id in [low, high] {
					deliver(id);
					prove(id);
					let settlement = workload(id).settlement;
					let paid = settlement.escrowed - settlement.refunded;
					assert_eq!(Some(paid), fixed_price(id).map(|price| price + slot_fee()));
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
			let paid = fixed_price(id).unwrap();
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
			assert_eq!(fixed_price(id), Some(price_at(200)));
		});
	}
}

mod redraw {
	use super::*;

	/// Runs with a workload whose first node was of `first`, with each pair of nodes in turn.
	fn with_first(nodes: &[(u64, u16)], first: u64, test: impl Fn(WorkloadId)) {
		let mut found = false;
		for salt in 0..16 {
			with_salt(nodes, salt, || {
				let id = Order {
					deadline: Ticks(300),
					..bidding(price_at(1_000))
				}
				.submit_and_draw();
				if assigned(id).operator == first {
					found = true;
					test(id);
				}
			});
		}
		assert!(found);
	}

	#[test]
	fn it_keeps_the_price_and_pays_the_second_node_what_that_asks() {
		with_first(&[(ALICE, 200), (BOB, 150)], ALICE, |id| {
			assert_eq!(fixed_price(id), Some(price_at(200)));
			miss(id);
			// The slash is of the price of the node that missed.
			let slash = price_at(200) / 2;
			assert_eq!(stake(ALICE).bonded, FUNDS / 2 - slash);
			assert_eq!(credit(USER), price_at(200) / 10);
			// No operator is paid by the base price: what that is now does not matter.
			BasePrice::<Test>::put(parameters().price_ceiling);
			run_to_draw();
			assert_eq!(assigned(id).operator, BOB);
			assert_eq!(fixed_price(id), Some(price_at(200)));
			assert_eq!(assigned(id).proof_stake, price_at(200) * 3 / 2);
			let before = credit(TREASURY);
			deliver(id);
			prove(id);
			let worker = floor() * 15 / 10 * 9 / 10;
			assert_eq!(credit(BOB), worker);
			let treasury = price_at(200) - worker - 900_002;
			assert_eq!(credit(TREASURY), before + treasury);
		});
	}

	#[test]
	fn a_node_that_asks_more_than_the_first_one_is_not_drawn_and_the_user_is_refunded() {
		with_first(&[(ALICE, 200), (BOB, 201)], ALICE, |id| {
			miss(id);
			run_to_draw();
			assert_eq!(state(id), WorkloadState::Queued);
			miss(id);
			assert_eq!(state(id), WorkloadState::Refunded);
			let settlement = workload(id).settlement;
			assert_eq!(settlement.refunded, settlement.escrowed);
			assert_eq!(settlement.compensation, price_at(200) / 10);
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
			assert_eq!(fixed_price(id), Some(price_at(300)));
		});
	}
}
