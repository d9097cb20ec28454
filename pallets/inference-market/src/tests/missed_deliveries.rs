//! What happens when a node does not deliver in time.

use super::*;

/// Lets the deadline of the workload's present node pass.
fn miss(id: WorkloadId) {
	run_to_tick(Tick(workload(id).deadline.0 + 1));
}

/// An order with time for all redraws.
fn patient() -> Order {
	Order {
		deadline: Ticks(600),
		..Order::default()
	}
}

#[test]
fn the_node_is_slashed_and_user_and_treasury_share_it_to_the_planck() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order {
				value_at_risk: UNIT,
				..Order::default()
			}
			.submit_and_draw();
			let failed = assigned(id);
			miss(id);
			let (slash, compensation) = (price() / 2, price() / 10);
			assert_eq!(stake(failed.operator).bonded, FUNDS / 2 - slash);
			assert_eq!(stake(failed.operator).proof_stakes, 0);
			assert_eq!(credit(USER), compensation);
			assert_eq!(credit(TREASURY), slash - compensation);
			assert_event(Event::DeliveryMissed {
				workload: id,
				node: failed.node,
				slashed: slash,
				compensation,
			});
			assert_eq!(load(failed.node), (0, 0));
			assert_eq!(NodePool::view(failed.node).unwrap().missed, 1);
			assert_eq!(Inbox::<Test>::iter_prefix(failed.node).count(), 0);
		});
}

#[test]
fn the_first_miss_makes_up_for_the_users_fees_and_costs_the_node_twice_that() {
	let slot_fee = UNIT / 100;
	let least = slot_fee + ORDER_FEE;
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.parameters(|parameters| parameters.queue_slot_fee = slot_fee)
		.build_and_execute(|| {
			assert!(price() < slot_fee);
			let before = free(USER);
			let id = patient().submit_and_draw();
			let (deposit, first) = (workload(id).deposit, assigned(id).operator);
			assert_eq!(assigned(id).proof_stake, 2 * least);
			miss(id);
			assert_eq!(credit(USER), least);
			assert_eq!(stake(first).bonded, FUNDS / 2 - 2 * least);
			run_to_draw();
			miss(id);
			// Fees are paid once, and so is what makes up for them.
			assert_eq!(credit(USER), least + price() / 10);
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(state(id), WorkloadState::Refunded);
			assert_eq!(free(USER), before - deposit);
		});
}

#[test]
fn each_order_of_a_batch_is_made_up_for_what_it_added_to_the_batchs_fee() {
	let slot_fee = UNIT / 100;
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.parameters(|parameters| parameters.queue_slot_fee = slot_fee)
		.build_and_execute(|| {
			let least = |index: u32| {
				System::set_extrinsic_index(index);
				let id = patient().submit();
				workload(id).terms.least_compensation - slot_fee
			};
			assert_eq!([least(1), least(1), least(1)], [7, 2, 2]);
			assert_eq!([least(2), least(2)], [ORDER_FEE, FURTHER_ORDER_FEE]);
			// An order that fails was none.
			System::set_extrinsic_index(3);
			let low = Order {
				max_price: 0,
				..Order::default()
			};
			assert!(low.try_submit().is_err());
			assert_eq!([least(3), least(3)], [ORDER_FEE, FURTHER_ORDER_FEE]);
			// The next block's transactions have the same numbers again.
			run_blocks(1);
			assert_eq!([least(3), least(3)], [ORDER_FEE, FURTHER_ORDER_FEE]);
			let id = patient().submit_and_draw();
			let stake = <Market as inference_primitives::traits::Orders>::least_proof_stake(2);
			assert_eq!(
				assigned(id).proof_stake,
				stake - 2 * (ORDER_FEE - FURTHER_ORDER_FEE)
			);
		});
}

#[test]
fn it_falls_due_after_the_last_tick_and_not_on_it() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			run_to_tick(workload(id).deadline);
			assert_eq!(state(id), WorkloadState::Assigned);
			run_blocks(1);
			assert_eq!(state(id), WorkloadState::Queued);
			assert_event(Event::WorkloadRequeued {
				workload: id,
				attempts: 1,
			});
		});
}

#[test]
fn the_next_draw_excludes_the_node_that_failed_and_keeps_the_base_price() {
	for salt in 0..10 {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				VrfSalt::set(salt);
				let id = Order::default().submit_and_draw();
				let failed = assigned(id);
				miss(id);
				BasePrice::<Test>::put(parameters().price_ceiling);
				run_to_draw();
				assert_eq!(state(id), WorkloadState::Assigned);
				assert_ne!(assigned(id).node, failed.node);
				assert_eq!(price_of(id), Some(price()));
				deliver(id);
				prove(id);
				assert_eq!(state(id), WorkloadState::Settled);
				// Who was failed once pays no slot.
				assert_eq!(
					workload(id).settlement.treasury,
					300_100_001 + verification_fee()
				);
			});
	}
}

#[test]
fn a_saboteurs_second_node_is_not_drawn_for_the_same_workload() {
	for salt in 0..10 {
		ExtBuilder::default()
			.nodes(&[(ALICE, 950), (ALICE, 950), (BOB, 100)])
			.build_and_execute(|| {
				VrfSalt::set(salt);
				let id = patient().submit_and_draw();
				while assigned(id).operator == ALICE {
					miss(id);
					while state(id) == WorkloadState::Queued {
						run_blocks(1);
					}
					assert_eq!(assigned(id).operator, BOB);
				}
				deliver(id);
				prove(id);
			});
	}
}

#[test]
fn a_saboteur_with_95_percent_of_the_pledge_is_suspended_and_every_order_is_served() {
	use inference_primitives::node::Standing;
	let be_bob = || {
		for item in Market::inbox(&(BOB * 10), None) {
			match item.state {
				WorkloadState::Assigned => deliver(item.statement.workload),
				_ => prove(item.statement.workload),
			}
		}
	};
	ExtBuilder::default()
		.nodes(&[(ALICE, 950), (ALICE, 950), (BOB, 100)])
		.build_and_execute(|| {
			let ids: Vec<_> = (0..20).map(|_| patient().submit()).collect();
			run_to_draw();
			let hers = ids.iter().filter(|id| assigned(**id).operator == ALICE);
			assert!(hers.count() > 10);
			for _ in 0..100 {
				be_bob();
				run_blocks(1);
			}
			assert!(ids.iter().all(|id| state(*id) == WorkloadState::Settled));
			for node in [NodeId(0), NodeId(1)] {
				assert_eq!(NodePool::view(node).unwrap().standing, Standing::Suspended);
			}
			for _ in 0..10 {
				assert_eq!(assigned(Order::default().submit_and_draw()).operator, BOB);
			}
		});
}

#[test]
fn the_user_is_refunded_after_the_last_redraw() {
	let nodes = [(ALICE, 100), (BOB, 100), (CAROL, 100), (DAVE, 100)];
	// Three of four nodes miss, which is not what the circuit breaker is about here.
	let no_breaker = |parameters: &mut inference_primitives::ProtocolParameters| {
		parameters.breaker_share = 1_000
	};
	let chain = ExtBuilder::default().nodes(&nodes).parameters(no_breaker);
	chain.build_and_execute(|| {
		let before = free(USER);
		let id = patient().submit_and_draw();
		let deposit = workload(id).deposit;
		let mut failed = vec![assigned(id).node];
		for _ in 0..parameters().redraws {
			miss(id);
			run_to_draw();
			failed.push(assigned(id).node);
		}
		miss(id);
		assert_eq!(state(id), WorkloadState::Refunded);
		assert_event(Event::WorkloadRefunded { workload: id });
		failed.sort();
		failed.dedup();
		assert_eq!(failed.len(), 3);
		assert_eq!(free(USER), before - deposit);
		assert_eq!(credit(USER), 3 * (price() / 10));
		assert_eq!(workload(id).settlement.slashed, 3 * (price() / 2));
		assert_eq!(in_flight(MODEL), 0);
	});
}

#[test]
fn without_time_for_another_draw_the_user_is_refunded_at_once() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order {
				deadline: Ticks(40),
				..Order::default()
			}
			.submit_and_draw();
			miss(id);
			assert_eq!(state(id), WorkloadState::Refunded);
			assert_eq!(credit(USER), price() / 10);
		});
}

#[test]
fn another_draw_takes_the_blocks_of_its_seed_and_the_least_latency() {
	for (spare, expected) in [(0, WorkloadState::Refunded), (1, WorkloadState::Queued)] {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				let Workload {
					deadline, terms, ..
				} = workload(id);
				let needed = terms.seed_blocks + 1 + terms.base_latency.0;
				Workloads::<Test>::mutate(id, |stored| {
					let terms = &mut stored.as_mut().unwrap().terms;
					terms.latest = Tick(deadline.0 + 1 + needed + spare);
				});
				miss(id);
				assert_eq!(state(id), expected);
			});
	}
}

#[test]
fn who_fills_the_queue_keeps_nobody_from_another_draw() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = patient().submit_and_draw();
			for _ in 0..MAX_QUEUED {
				unservable().submit();
			}
			miss(id);
			assert_eq!(state(id), WorkloadState::Queued);
			assert_noop!(unservable().try_submit(), Error::<Test>::QueueFull);
			run_blocks(MAX_QUEUED / 4);
			assert_eq!(state(id), WorkloadState::Assigned);
		});
}

#[test]
fn without_another_node_the_user_is_refunded_when_the_queue_time_is_over() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let before = free(USER);
			let id = patient().submit_and_draw();
			let deposit = workload(id).deposit;
			miss(id);
			assert_eq!(state(id), WorkloadState::Queued);
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(state(id), WorkloadState::Refunded);
			assert_eq!(free(USER), before - deposit);
		});
}

#[test]
fn an_immediate_workload_is_missed_like_a_deferred_one() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order::immediate().submit_and_draw();
			let failed = assigned(id).operator;
			miss(id);
			assert_eq!(state(id), WorkloadState::Queued);
			assert_eq!(stake(failed).bonded, FUNDS / 2 - price() / 2);
		});
}

#[test]
fn the_returned_proof_stake_pays_a_slash_that_the_rest_of_the_bond_cannot() {
	use inference_primitives::traits::Stakes;
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			WorkerStaking::slash_bond(&ALICE, Balance::MAX, &STRANGER);
			miss(id);
			assert_eq!(workload(id).settlement.slashed, price() / 2);
			assert_eq!(credit(USER), price() / 10);
		});
}

#[test]
fn a_node_that_comes_too_late_is_not_the_assigned_one_any_more() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			let failed = worker(id);
			miss(id);
			assert_noop!(try_deliver(failed, id, &OUTPUT), Error::<Test>::WrongState);
			run_to_draw();
			assert_noop!(
				try_deliver(failed, id, &OUTPUT),
				Error::<Test>::NotAssignedWorker
			);
		});
}
