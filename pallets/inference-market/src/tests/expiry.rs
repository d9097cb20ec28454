//! Workloads that are never drawn, and `expire`.

use super::*;

fn expire(id: WorkloadId) -> sp_runtime::DispatchResult {
	Market::expire(RuntimeOrigin::signed(STRANGER), id)
		.map(|_| ())
		.map_err(|refusal| refusal.error)
}

/// Delivers at the last moment, so that the node has no room for long, and never proves.
fn keep_busy(id: WorkloadId) {
	run_to_tick(workload(id).deadline);
	deliver(id);
}

mod success {
	use super::*;

	#[test]
	fn the_hook_expires_what_nobody_was_free_to_take_and_everything_goes_back() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 2)])
			.parameters(|parameters| parameters.proof_deadline = Ticks(110))
			.build_and_execute(|| {
				// Alice has room for one at a time, and has one.
				let busy = Order {
					submitter: OTHER_USER,
					..Order::default()
				}
				.submit();
				let before = free(USER);
				let id = Order {
					deadline: Ticks(600),
					..Order::default()
				}
				.submit();
				run_to_draw();
				assert_eq!(state(busy), WorkloadState::Assigned);
				keep_busy(busy);
				run_to_tick(workload(id).deadline);
				assert_eq!(state(id), WorkloadState::Queued);
				run_blocks(1);
				assert_eq!(state(id), WorkloadState::Expired);
				assert_event(Event::WorkloadExpired { workload: id });
				assert_eq!(free(USER), before - workload(id).deposit);
				assert_eq!(workload(id).settlement.treasury, 0);
				assert!(!Queues::<Test>::contains_key(MODEL));
			});
	}

	#[test]
	fn one_that_its_own_terms_kept_from_being_served_pays_its_queue_slot() {
		let nodes = [(ALICE, 2), (BOB, 1)];
		let without_nodes = || Order {
			model: model(3),
			..Order::default()
		};
		// Orders that ask for more stake than there is, for more capacity, of nobody, or too little.
		let cases: [(&[(u64, u64)], fn() -> Order, Option<Balance>); 4] = [
			(&nodes, unservable, None),
			(&nodes[1..], Order::default, None),
			(&nodes, without_nodes, None),
			(&nodes, Order::default, Some(UNIT / 100)),
		];
		for (nodes, order, base_price) in cases {
			ExtBuilder::default().nodes(nodes).build_and_execute(|| {
				let before = free(USER);
				let id = order().submit();
				let deadline = now().after(parameters().queue_ttl);
				assert_eq!(workload(id).deadline, deadline);
				for _ in 0..=parameters().queue_ttl.0 {
					if let Some(price) = base_price {
						BasePrice::<Test>::put(price);
					}
					run_blocks(1);
				}
				assert_eq!(state(id), WorkloadState::Expired);
				assert_eq!(workload(id).settlement.treasury, slot_fee());
				assert_eq!(credit(TREASURY), slot_fee());
				assert_eq!(free(USER), before - workload(id).deposit - slot_fee());
				assert_eq!(in_flight(MODEL), 0);
			});
		}
	}

	#[test]
	fn one_whose_turn_never_came_pays_nothing() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				MaxDrawWeight::set(frame_support::weights::Weight::zero());
				let id = Order::default().submit();
				run_to_tick(Tick(workload(id).deadline.0 + 1));
				assert_eq!(state(id), WorkloadState::Expired);
				assert_eq!(credit(TREASURY), 0);
			});
	}

	#[test]
	fn it_expires_earlier_if_no_node_could_meet_the_users_deadline_any_more() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order {
				deadline: Ticks(60),
				..Order::default()
			}
			.submit();
			assert_eq!(workload(id).deadline, now().after(Ticks(40)));
		});
	}

	#[test]
	fn anyone_can_expire_what_the_late_hook_has_not() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			pass_deadline_without_hook(id);
			assert_ok!(expire(id));
			assert_eq!(state(id), WorkloadState::Expired);
		});
	}

	#[test]
	fn expiring_punishes_as_the_hook_does() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				let failed = assigned(id).operator;
				pass_deadline_without_hook(id);
				assert_ok!(expire(id));
				assert_eq!(state(id), WorkloadState::Queued);
				assert_eq!(stake(failed).bonded, FUNDS / 2 - price() / 2);
				run_to_draw();
				deliver(id);
				pass_deadline_without_hook(id);
				assert_ok!(expire(id));
				assert_eq!(state(id), WorkloadState::Failed);
			});
	}

	#[test]
	fn deadlines_beyond_the_blocks_bound_are_handled_in_the_next_block() {
		let bounded = ExtBuilder::default().parameters(|p| p.deadlines_per_block = 64);
		bounded.build_and_execute(|| {
			let ids: Vec<_> = [1, 2]
				.into_iter()
				.flat_map(|id| {
					(0..35).map(move |_| Order {
						model: model(id),
						..Order::default()
					})
				})
				.map(Order::submit)
				.collect();
			let expired = || {
				ids.iter()
					.filter(|id| state(**id) == WorkloadState::Expired)
					.count()
			};
			run_to_tick(Tick(workload(ids[0]).deadline.0 + 1));
			assert_eq!(expired(), 64);
			check_state();
			run_blocks(1);
			assert_eq!(expired(), 70);
		});
	}

	#[test]
	fn what_was_missed_together_is_handled_within_two_thirds_of_what_draws_and_deadlines_share() {
		use crate::WeightInfo;
		ExtBuilder::default().build_and_execute(|| {
			MaxServedModels::set(4);
			let ids: Vec<_> = (0..100)
				.map(|of| Order {
					model: model(of % 4 + 1),
					..Order::default()
				})
				.map(Order::submit)
				.collect();
			let expired = || {
				ids.iter()
					.filter(|id| state(**id) == WorkloadState::Expired)
					.count()
			};
			let weight_of = |deadlines| <() as WeightInfo>::expire().saturating_mul(deadlines);
			run_to_tick(workload(ids[0]).deadline);
			// Two thirds of 31 are 20, and of 121 are 80: more than the 64 by which it was bounded before.
			for (deadlines, count) in [(31, 20), (121, 100)] {
				MaxDrawWeight::set(weight_of(deadlines));
				run_blocks(1);
				assert_eq!(expired(), count);
				check_state();
			}
		});
	}

	#[test]
	fn the_hook_catches_up_with_many_empty_ticks() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			pass_deadline_without_hook(id);
			// Sixteen ticks a block, of which one is new.
			run_blocks(parameters().queue_ttl.0 / 15 + 2);
			assert_eq!(state(id), WorkloadState::Expired);
			assert_eq!(DeadlineCursor::<Test>::get(), now());
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_unknown_workload_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(expire(WorkloadId([9; 32])), Error::<Test>::UnknownWorkload);
		});
	}

	#[test]
	fn nothing_expires_on_its_last_tick() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order {
					model: model(3),
					..Order::default()
				}
				.submit();
				run_to_tick(workload(id).deadline);
				assert_noop!(expire(id), Error::<Test>::NotDue);
				let id = Order::default().submit_and_draw();
				run_to_tick(workload(id).deadline);
				assert_noop!(expire(id), Error::<Test>::NotDue);
				deliver(id);
				run_to_tick(workload(id).deadline);
				assert_noop!(expire(id), Error::<Test>::NotDue);
			});
	}

	#[test]
	fn what_has_ended_does_not_expire() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), id));
			pass_deadline_without_hook(id);
			assert_noop!(expire(id), Error::<Test>::WrongState);
		});
	}
}
