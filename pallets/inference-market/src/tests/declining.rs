//! `decline`: giving assigned work back.

use super::*;
use crate::mock::worker as worker_of;
use inference_primitives::node::Standing;

/// An order with time for all redraws.
fn patient() -> Order {
	Order {
		deadline: Ticks(600),
		..Order::default()
	}
}

fn try_decline(who: u64, id: WorkloadId) -> Result<Pays, DispatchError> {
	Market::decline(RuntimeOrigin::signed(who), id)
		.map(|info| info.pays_fee)
		.map_err(|refusal| refusal.error)
}

/// The last tick on which the workload's node may decline it.
fn last_tick(id: WorkloadId) -> Tick {
	assigned(id)
		.assigned_at
		.after(Ticks(parameters().base_latency.0 / 2))
}

mod success {
	use super::*;

	#[test]
	fn the_operator_pays_the_decline_fee_to_the_user_and_another_node_is_drawn() {
		for salt in 0..10 {
			ExtBuilder::default()
				.nodes(&[(ALICE, 100), (BOB, 100)])
				.build_and_execute(|| {
					VrfSalt::set(salt);
					let id = patient().submit_and_draw();
					let (failed, worker) = (assigned(id), worker_of(id));
					assert_eq!(try_decline(worker, id), Ok(Pays::No));
					let fee = price() / 10;
					assert_event(Event::WorkloadDeclined {
						workload: id,
						node: failed.node,
						fee,
						compensation: fee,
					});
					assert_event(Event::WorkloadRequeued {
						workload: id,
						attempts: 1,
					});
					let stakes = stake(failed.operator);
					assert_eq!((stakes.bonded, stakes.proof_stakes), (FUNDS / 2 - fee, 0));
					assert_eq!(credit(USER), fee);
					assert_eq!(load(failed.node), (0, 0));
					assert!(Market::inbox(&worker, None).is_empty());
					run_to_draw();
					assert_ne!(assigned(id).operator, failed.operator);
					deliver(id);
					prove(id);
					assert_eq!(state(id), WorkloadState::Settled);
				});
		}
	}

	#[test]
	fn of_a_fee_beyond_the_compensation_the_rest_is_the_treasurys() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.parameters(|parameters| parameters.decline_fee = 200)
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				let before = credit(TREASURY);
				assert_ok!(try_decline(worker_of(id), id));
				assert_eq!(stake(ALICE).bonded, FUNDS / 2 - price() / 5);
				assert_eq!(credit(USER), price() / 10);
				assert_eq!(credit(TREASURY), before + price() / 10);
			});
	}

	#[test]
	fn the_operator_may_decline_too_and_immediate_work_as_well() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = Order::immediate().submit_and_draw();
				assert_ok!(try_decline(assigned(id).operator, id));
				assert_eq!(state(id), WorkloadState::Queued);
			});
	}

	#[test]
	fn the_last_tick_is_in_time_and_the_inbox_says_which_it_is() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				let item = &Market::inbox(&worker_of(id), None)[0];
				assert_eq!(item.decline_by, Some(last_tick(id)));
				run_to_tick(last_tick(id));
				assert_ok!(try_decline(worker_of(id), id));
			});
	}

	#[test]
	fn the_first_time_it_makes_up_for_the_users_fees_and_costs_twice_that() {
		let slot_fee = UNIT / 100;
		let least = slot_fee + ORDER_FEE;
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.parameters(|parameters| parameters.queue_slot_fee = slot_fee)
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				let first = assigned(id).operator;
				assert_ok!(try_decline(first, id));
				assert_eq!(stake(first).bonded, FUNDS / 2 - 2 * least);
				assert_eq!((credit(USER), credit(TREASURY)), (least, least));
				run_to_draw();
				assert_ok!(try_decline(assigned(id).operator, id));
				assert_eq!(credit(USER), least + price() / 10);
			});
	}

	#[test]
	fn the_user_is_refunded_once_no_attempt_is_left() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100), (CAROL, 100), (DAVE, 100)])
			.build_and_execute(|| {
				let before = free(USER);
				let id = patient().submit_and_draw();
				let deposit = workload(id).deposit;
				for _ in 0..parameters().redraws {
					assert_ok!(try_decline(assigned(id).operator, id));
					run_to_draw();
				}
				assert_ok!(try_decline(assigned(id).operator, id));
				assert_eq!(state(id), WorkloadState::Refunded);
				assert_eq!(free(USER), before - deposit);
				assert_eq!(credit(USER), 3 * (price() / 10));
				assert_eq!(in_flight(MODEL), 0);
			});
	}
}

mod thieves {
	use super::*;

	#[test]
	fn who_declines_one_draw_gets_no_other_until_the_epoch_after_the_next() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				assert_ok!(try_decline(ALICE, id));
				assert_ok!(NodePool::join_model(
					RuntimeOrigin::signed(ALICE),
					NodeId(0),
					MODEL
				));
				let next = Order {
					deadline: Ticks(600),
					..Order::default()
				}
				.submit();
				next_epoch();
				run_blocks(20);
				assert_eq!(state(next), WorkloadState::Queued);
				next_epoch();
				run_blocks(1);
				assert_eq!(state(next), WorkloadState::Assigned);
			});
	}

	#[test]
	fn a_miss_that_is_foreseen_late_is_not_declined() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = patient().submit_and_draw();
				run_to_tick(Tick(last_tick(id).0 + 1));
				for who in [worker_of(id), assigned(id).operator] {
					assert_noop!(try_decline(who, id), Error::<Test>::TooLate);
				}
			});
	}

	#[test]
	fn nodes_that_decline_do_not_trip_the_breaker() {
		let nodes = [(ALICE, 100), (BOB, 100), (CAROL, 100), (DAVE, 100)];
		ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
			let id = patient().submit_and_draw();
			for _ in 0..3 {
				assert_ok!(try_decline(assigned(id).operator, id));
				run_to_draw();
			}
			assert_eq!(state(id), WorkloadState::Refunded);
			assert!(!Market::is_breaker_tripped());
		});
	}

	#[test]
	fn who_declines_all_it_was_given_is_suspended() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let ids: Vec<_> = (0..parameters().suspend_after)
					.map(|_| patient().submit())
					.collect();
				run_to_draw();
				for id in ids {
					assert_ok!(try_decline(ALICE, id));
				}
				let standing = NodePool::view(NodeId(0)).unwrap().standing;
				assert_eq!(standing, Standing::Suspended);
			});
	}
}

mod failure {
	use super::*;

	#[test]
	fn only_the_assigned_node_declines_and_only_before_it_delivered() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let queued = Order::default().submit();
				assert_noop!(try_decline(ALICE, queued), Error::<Test>::WrongState);
				run_to_draw();
				for other in [USER, BOB, STRANGER] {
					assert_noop!(try_decline(other, queued), Error::<Test>::NotAssignedWorker);
				}
				deliver(queued);
				for who in [ALICE, worker_of(queued)] {
					assert_noop!(try_decline(who, queued), Error::<Test>::WrongState);
				}
				let unknown = WorkloadId([9; 32]);
				assert_noop!(try_decline(ALICE, unknown), Error::<Test>::UnknownWorkload);
			});
	}
}
