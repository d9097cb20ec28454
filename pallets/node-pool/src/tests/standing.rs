//! `pause`, `resume` and suspension.

use super::*;
use inference_primitives::node::Standing;

fn pause(operator: AccountId, id: NodeId) -> sp_runtime::DispatchResult {
	NodePool::pause(RuntimeOrigin::signed(operator), id)
}

fn resume(operator: AccountId, id: NodeId) -> sp_runtime::DispatchResult {
	NodePool::resume(RuntimeOrigin::signed(operator), id)
}

/// Draws and misses so many outputs.
fn miss_outputs(count: u8) {
	for seed in 0..count {
		let assignment = draw(&request(seed, 1)).expect("the node is drawn");
		miss(assignment.node, 1);
	}
}

mod success {
	use super::*;

	#[test]
	fn a_paused_node_gets_no_new_work_and_counts_for_nothing() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 30)).unwrap();
			assert_ok!(pause(ALICE, id));
			System::assert_last_event(Event::NodePaused { node: id }.into());
			assert!(draw(&request(1, 1)).is_none());
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
			next_epoch();
			assert!(pool(model(1)).is_empty());
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Paused);
			complete(id, 30);
		});
	}

	#[test]
	fn a_paused_node_keeps_its_place_and_returns_with_the_epoch_after_it_resumes() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			for (operator, worker) in [(BOB, 20), (CAROL, 30)] {
				serve(operator, worker, 5);
			}
			next_epoch();
			assert_ok!(pause(ALICE, id));
			next_epoch();
			assert_ok!(resume(ALICE, id));
			System::assert_last_event(Event::NodeResuming { node: id }.into());
			assert!(!pool(model(1)).contains(&id));
			next_epoch();
			assert!(pool(model(1)).contains(&id));
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Active);
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(60));
		});
	}

	#[test]
	fn pausing_and_resuming_within_an_epoch_stops_new_work_for_the_rest_of_it() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			assert_ok!(pause(ALICE, id));
			assert_ok!(resume(ALICE, id));
			assert!(draw(&request(0, 1)).is_none());
			next_epoch();
			assert!(draw(&request(0, 1)).is_some());
		});
	}

	#[test]
	fn no_way_out_of_a_draw_leads_back_in_within_the_epoch() {
		type Dodge = fn(RuntimeOrigin, NodeId);
		let dodges: [Dodge; 3] = [
			|operator, id| {
				assert_ok!(NodePool::pause(operator.clone(), id));
				assert_ok!(NodePool::resume(operator, id));
			},
			|operator, id| {
				assert_ok!(NodePool::leave_model(operator.clone(), id, model(1)));
				assert_ok!(NodePool::join_model(operator, id, model(1)));
			},
			|operator, id| {
				let [least, whole] = [1, 50].map(ComputeUnits);
				assert_ok!(NodePool::set_capacity(operator.clone(), id, least));
				assert_ok!(NodePool::set_capacity(operator, id, whole));
			},
		];
		for dodge in dodges {
			// With nothing owed, and with more than the least capacity may owe.
			for owed in [1, 2 * BACKLOG] {
				build_and_execute(|| {
					let id = serve(ALICE, 10, 50);
					next_epoch();
					draw(&request(0, owed)).unwrap();
					dodge(RuntimeOrigin::signed(ALICE), id);
					assert!(draw(&request(1, BACKLOG)).is_none());
					run_to_block(System::block_number() + EPOCH - 1);
					assert!(draw(&request(2, BACKLOG)).is_none());
					next_epoch();
					assert!(draw(&request(3, BACKLOG)).is_some());
				});
			}
		}
	}

	#[test]
	fn a_node_that_misses_too_many_outputs_in_an_epoch_is_suspended_until_it_resumes() {
		build_and_execute(|| {
			let misses = NetworkParameters::parameters().suspend_after;
			let id = serve(ALICE, 10, 50);
			next_epoch();
			miss_outputs(misses as u8);
			System::assert_last_event(Event::NodeSuspended { node: id, misses }.into());
			assert!(draw(&request(9, 1)).is_none());
			for _ in 0..3 {
				next_epoch();
				assert!(draw(&request(9, 1)).is_none());
			}
			assert_ok!(resume(ALICE, id));
			assert!(draw(&request(9, 1)).is_none());
			next_epoch();
			assert!(draw(&request(9, 1)).is_some());
		});
	}

	#[test]
	fn who_declines_is_out_of_the_pool_for_this_epoch_and_the_next_whatever_it_does() {
		for joins_in_next in [false, true] {
			build_and_execute(|| {
				let id = serve(ALICE, 10, 50);
				let other = register(BOB, 20, 50);
				next_epoch();
				// In the last block of the epoch.
				run_to_block(u64::from(EpochStart::<Test>::get()) + EPOCH - 1);
				draw(&request(0, 30)).unwrap();
				decline(id, 30);
				System::assert_last_event(
					Event::ModelLeaving {
						node: id,
						model: model(1),
					}
					.into(),
				);
				assert_eq!(load(id), (0, 0));
				assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
				check_state();
				// Nor does it come back as another node.
				assert_noop!(
					NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id),
					Error::<Test>::NodeInUse
				);
				if joins_in_next {
					next_epoch();
				}
				join(ALICE, id, model(1));
				join(BOB, other, model(1));
				assert!(draw(&request(1, 1)).is_none());
				if !joins_in_next {
					next_epoch();
					assert_eq!(pool(model(1)), vec![other]);
				}
				next_epoch();
				assert_eq!(pool(model(1)), vec![id, other]);
				assert!(draw(&request(1, 1)).is_some());
			});
		}
	}

	#[test]
	fn declined_work_counts_like_missed_outputs_and_not_for_the_breaker() {
		build_and_execute(|| {
			let misses = NetworkParameters::parameters().suspend_after;
			let id = serve(ALICE, 10, 50);
			next_epoch();
			for seed in 0..misses as u8 {
				draw(&request(seed, 1)).unwrap();
			}
			for _ in 0..misses {
				decline(id, 1);
			}
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Suspended);
			assert_eq!(node(id).missed, u64::from(misses));
			assert_eq!(
				<NodePool as inference_primitives::traits::NodePool<u64>>::recent_misses().nodes,
				0
			);
		});
	}

	#[test]
	fn missed_proofs_count_like_missed_outputs() {
		build_and_execute(|| {
			let misses = NetworkParameters::parameters().suspend_after;
			let id = serve(ALICE, 10, 50);
			next_epoch();
			for seed in 0..misses as u8 {
				draw(&request(seed, 1)).unwrap();
				deliver(id, 1);
				miss_proof(id, 1);
			}
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Suspended);
			assert_eq!(node(id).missed, u64::from(misses));
			assert_eq!(load(id), (0, 0));
		});
	}

	#[test]
	fn excused_misses_are_recorded_and_suspend_nobody() {
		use inference_primitives::traits::NodePool as Pool;
		build_and_execute(|| {
			let misses = NetworkParameters::parameters().suspend_after;
			let id = serve(ALICE, 10, 50);
			next_epoch();
			for seed in 0..4 * misses as u8 {
				draw(&request(seed, 2)).unwrap();
				deliver(id, 1);
				<NodePool as Pool<AccountId>>::miss(id, ComputeUnits(1), true);
				<NodePool as Pool<AccountId>>::miss_proof(id, ComputeUnits(1), true);
			}
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Active);
			assert_eq!(node(id).missed, u64::from(8 * misses));
			assert_eq!(load(id), (0, 0));
			// Nor are they remembered against it.
			miss_outputs(misses as u8 - 1);
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Active);
		});
	}

	#[test]
	fn fewer_misses_in_each_epoch_suspend_nobody() {
		build_and_execute(|| {
			let misses = NetworkParameters::parameters().suspend_after;
			let id = serve(ALICE, 10, 50);
			for _ in 0..4 {
				next_epoch();
				miss_outputs(misses as u8 - 1);
			}
			assert_eq!(NodePool::view(id).unwrap().standing, Standing::Active);
		});
	}

	#[test]
	fn a_suspended_node_can_leave_its_models_and_be_deregistered() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			miss_outputs(NetworkParameters::parameters().suspend_after as u8);
			let origin = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::leave_model(origin.clone(), id, model(1)));
			assert_ok!(NodePool::deregister_node(origin, id));
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn only_its_operator_stops_or_resumes_a_node() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			for other in [BOB, 10] {
				assert_noop!(pause(other, id), Error::<Test>::NotOperator);
				assert_noop!(resume(other, id), Error::<Test>::NotOperator);
			}
			assert_noop!(pause(ALICE, NodeId(7)), Error::<Test>::UnknownNode);
			assert_noop!(resume(ALICE, NodeId(7)), Error::<Test>::UnknownNode);
		});
	}

	#[test]
	fn what_is_stopped_is_not_stopped_again_and_what_runs_is_not_resumed() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_noop!(resume(ALICE, id), Error::<Test>::NotPaused);
			assert_ok!(pause(ALICE, id));
			assert_noop!(pause(ALICE, id), Error::<Test>::AlreadyPaused);
			assert_ok!(resume(ALICE, id));
			assert_noop!(resume(ALICE, id), Error::<Test>::NotPaused);
			assert_ok!(pause(ALICE, id));
		});
	}
}
