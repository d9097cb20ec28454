//! `join_model` and `leave_model`.

use super::*;

fn try_join(operator: AccountId, id: NodeId, model: ModelRef) -> sp_runtime::DispatchResult {
	frame_support::storage::with_storage_layer(|| {
		NodePool::join_model(RuntimeOrigin::signed(operator), id, model)
			.map(|_| ())
			.map_err(|refused| refused.error)
	})
}

/// The nodes that joined model 1.
fn members() -> Vec<NodeId> {
	Members::<Test>::get(model(1)).into_inner()
}

fn leave(operator: AccountId, id: NodeId, model: ModelRef) -> sp_runtime::DispatchResult {
	NodePool::leave_model(RuntimeOrigin::signed(operator), id, model)
}

mod success {
	use super::*;

	#[test]
	fn a_node_is_in_a_pool_from_the_next_epoch_on() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			join(ALICE, id, model(1));
			System::assert_last_event(
				Event::ModelJoining {
					node: id,
					model: model(1),
				}
				.into(),
			);
			assert!(draw(&request(0, 1)).is_none());
			next_epoch();
			assert_eq!(pool(model(1)), vec![id]);
			assert!(draw(&request(0, 1)).is_some());
		});
	}

	#[test]
	fn a_node_that_leaves_gets_no_new_work_from_now_on() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 1)).unwrap();
			assert_ok!(leave(ALICE, id, model(1)));
			System::assert_last_event(
				Event::ModelLeaving {
					node: id,
					model: model(1),
				}
				.into(),
			);
			assert!(draw(&request(1, 1)).is_none());
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
			// What it owes stays due.
			assert_eq!(load(id), (1, 0));
			next_epoch();
			assert_eq!(pool(model(1)), vec![]);
			complete(id, 1);
		});
	}

	#[test]
	fn joining_and_leaving_within_an_epoch_changes_no_pool() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_ok!(leave(ALICE, id, model(1)));
			next_epoch();
			assert_eq!(pool(model(1)), vec![]);
			assert!(!Pools::<Test>::contains_key(model(1)));
		});
	}

	#[test]
	fn a_deprecated_model_can_be_served() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			assert_ok!(try_join(ALICE, id, DEPRECATED));
		});
	}

	#[test]
	fn the_other_members_keep_their_weights_when_one_leaves() {
		build_and_execute(|| {
			let (a, b) = (serve(ALICE, 10, 50), serve(BOB, 20, 7));
			let c = serve(CAROL, 30, 11);
			next_epoch();
			assert_ok!(leave(ALICE, a, model(1)));
			next_epoch();
			assert_eq!(
				Pools::<Test>::get(model(1)).to_vec(),
				vec![
					PoolMember {
						node: b,
						cumulative: 700,
						limits: None,
						steady: true,
					},
					PoolMember {
						node: c,
						cumulative: 1_800,
						limits: None,
						steady: true,
					}
				]
			);
		});
	}

	#[test]
	fn who_leaves_and_joins_again_waits_for_the_next_epoch() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let other = serve(BOB, 20, 50);
			next_epoch();
			assert_ok!(leave(ALICE, id, model(1)));
			join(ALICE, id, model(1));
			for seed in 0..50 {
				if let Some(assignment) = draw(&request(seed, 1)) {
					assert_eq!(assignment.node, other);
				}
			}
			next_epoch();
			assert_eq!(pool(model(1)), vec![other, id]);
		});
	}

	#[test]
	fn leaving_changes_nobody_elses_weight_within_the_epoch() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			serve(BOB, 20, 7);
			next_epoch();
			let before = Pools::<Test>::get(model(1));
			assert_ok!(leave(ALICE, id, model(1)));
			assert_eq!(Pools::<Test>::get(model(1)), before);
		});
	}

	#[test]
	fn a_place_that_a_node_left_in_a_full_pool_is_free_at_once() {
		build_and_execute(|| {
			let first = serve(ALICE, 10, 5);
			for (operator, worker) in [(BOB, 20), (CAROL, 30)] {
				serve(operator, worker, 5);
			}
			let fourth = register(DAVE, 40, 5);
			assert_noop!(try_join(DAVE, fourth, model(1)), Error::<Test>::PoolIsFull);
			assert_ok!(leave(ALICE, first, model(1)));
			assert_ok!(try_join(DAVE, fourth, model(1)));
			next_epoch();
			assert_eq!(
				Pools::<Test>::get(model(1)).last().unwrap().cumulative,
				1_500
			);
		});
	}

	#[test]
	fn in_a_full_pool_who_pledges_more_takes_the_place_of_who_pledges_least() {
		build_and_execute(|| {
			let large = serve(ALICE, 10, 7);
			let least = serve(BOB, 20, 5);
			let other = serve(CAROL, 30, 6);
			next_epoch();
			let newcomer = register(DAVE, 40, 6);
			assert_ok!(try_join(DAVE, newcomer, model(1)));
			assert_eq!(members(), vec![large, other, newcomer]);
			System::assert_has_event(
				Event::ModelLeaving {
					node: least,
					model: model(1),
				}
				.into(),
			);
			// It is drawn no more, as if it had left.
			for seed in 0..20 {
				assert_ne!(draw(&request(seed, 1)).map(|drawn| drawn.node), Some(least));
			}
			check_state();
			assert_noop!(try_join(BOB, least, model(1)), Error::<Test>::PoolIsFull);
			next_epoch();
			assert_eq!(pool(model(1)), vec![large, other, newcomer]);
		});
	}

	#[test]
	fn in_a_full_pool_who_does_not_serve_makes_room_however_much_it_pledges() {
		build_and_execute(|| {
			let paused = serve(ALICE, 10, 500);
			let serving = [serve(BOB, 20, 5), serve(CAROL, 30, 6)];
			next_epoch();
			assert_ok!(NodePool::pause(RuntimeOrigin::signed(ALICE), paused));
			let newcomer = register(DAVE, 40, 1);
			assert_noop!(
				try_join(DAVE, newcomer, model(1)),
				Error::<Test>::PoolIsFull
			);
			// The next snapshot has it no more.
			next_epoch();
			assert_ok!(try_join(DAVE, newcomer, model(1)));
			assert_eq!(members(), vec![serving[0], serving[1], newcomer]);
		});
	}

	#[test]
	fn who_waits_for_its_first_snapshot_makes_room_for_who_pledges_more_only() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			serve(BOB, 20, 50);
			next_epoch();
			let waits = serve(CAROL, 30, 5);
			let newcomer = register(DAVE, 40, 5);
			assert_noop!(
				try_join(DAVE, newcomer, model(1)),
				Error::<Test>::PoolIsFull
			);
			next_epoch();
			assert_noop!(
				try_join(DAVE, newcomer, model(1)),
				Error::<Test>::PoolIsFull
			);
			assert!(members().contains(&waits));
		});
	}

	#[test]
	fn what_it_takes_to_make_room_is_paid_by_who_needs_it() {
		use frame_support::dispatch::GetDispatchInfo;
		build_and_execute(|| {
			for (operator, worker) in [(ALICE, 10), (BOB, 20), (CAROL, 30)] {
				serve(operator, worker, 5);
			}
			let id = register(DAVE, 40, 6);
			let declared = |of| {
				let call = crate::Call::<Test>::join_model {
					node: id,
					model: model(of),
				};
				call.get_dispatch_info().call_weight
			};
			let used = |of| {
				let joined = NodePool::join_model(RuntimeOrigin::signed(DAVE), id, model(of));
				joined.unwrap().actual_weight
			};
			assert_eq!(used(1), None);
			assert_eq!(used(2), Some(<() as WeightInfo>::join_model()));
			let nodes = <() as WeightInfo>::snapshot(MAX_POOL);
			assert!(declared(1).all_gte(nodes));
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn only_its_operator_lets_a_node_join_or_leave() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_noop!(try_join(BOB, id, model(2)), Error::<Test>::NotOperator);
			assert_noop!(leave(BOB, id, model(1)), Error::<Test>::NotOperator);
			assert_noop!(
				try_join(ALICE, NodeId(7), model(2)),
				Error::<Test>::UnknownNode
			);
			assert_noop!(
				leave(ALICE, NodeId(7), model(1)),
				Error::<Test>::UnknownNode
			);
		});
	}

	#[test]
	fn models_that_are_not_for_sale_are_not_served() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			for other in [DRAFT, RETIRED, UNKNOWN] {
				assert_noop!(try_join(ALICE, id, other), Error::<Test>::ModelNotServable);
			}
		});
	}

	#[test]
	fn a_model_is_joined_once() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_noop!(try_join(ALICE, id, model(1)), Error::<Test>::AlreadyJoined);
			next_epoch();
			assert_noop!(try_join(ALICE, id, model(1)), Error::<Test>::AlreadyJoined);
		});
	}

	#[test]
	fn a_model_is_left_once() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_noop!(leave(ALICE, id, model(2)), Error::<Test>::NotJoined);
			next_epoch();
			assert_ok!(leave(ALICE, id, model(1)));
			assert_noop!(leave(ALICE, id, model(1)), Error::<Test>::NotJoined);
		});
	}

	#[test]
	fn a_node_serves_a_bounded_number_of_models() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			join(ALICE, id, model(2));
			assert_noop!(try_join(ALICE, id, model(3)), Error::<Test>::TooManyModels);
		});
	}

	#[test]
	fn a_full_pool_is_not_joined() {
		build_and_execute(|| {
			for (operator, worker) in [(ALICE, 10), (BOB, 20), (CAROL, 30)] {
				serve(operator, worker, 5);
			}
			next_epoch();
			let id = register(DAVE, 40, 5);
			assert_noop!(try_join(DAVE, id, model(1)), Error::<Test>::PoolIsFull);
		});
	}
}
