//! `cancel`.

use super::*;

fn cancel(who: u64, id: WorkloadId) -> sp_runtime::DispatchResult {
	Market::cancel(RuntimeOrigin::signed(who), id)
		.map(|_| ())
		.map_err(|refusal| refusal.error)
}

mod success {
	use super::*;

	#[test]
	fn everything_goes_back_but_the_slot_fee() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let before = free(USER);
				let id = Order {
					value_at_risk: UNIT,
					..Order::default()
				}
				.submit();
				let deposit = workload(id).deposit;
				assert_ok!(cancel(USER, id));
				assert_eq!(free(USER), before - slot_fee() - deposit);
				assert_eq!(credit(TREASURY), slot_fee());
				assert_eq!(workload(id).settlement.treasury, slot_fee());
				assert_eq!(state(id), WorkloadState::Cancelled);
				assert_eq!(in_flight(MODEL), 0);
				assert_event(Event::WorkloadCancelled { workload: id });
			});
	}

	#[test]
	fn a_cancelled_workload_is_not_drawn() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				run_blocks(parameters().seed_blocks);
				assert_ok!(cancel(USER, id));
				run_blocks(10);
				assert_eq!(state(id), WorkloadState::Cancelled);
				assert_eq!(stake(ALICE).proof_stakes, 0);
			});
	}

	#[test]
	fn the_others_in_the_queue_keep_their_order() {
		ExtBuilder::default().build_and_execute(|| {
			let ids: Vec<_> = (0..4).map(|_| Order::default().submit()).collect();
			assert_ok!(cancel(USER, ids[1]));
			assert_ok!(cancel(USER, ids[3]));
			let queue = Queues::<Test>::get(MODEL);
			assert_eq!((queue.first, queue.last), (Some(ids[0]), Some(ids[2])));
			assert_eq!(queue.length, 2);
			check_state();
			assert_ok!(cancel(USER, ids[0]));
			check_state();
			assert_ok!(cancel(USER, ids[2]));
			assert!(!Queues::<Test>::contains_key(MODEL));
			assert_eq!(ServedModels::<Test>::get(), None);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_unknown_workload_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_noop!(
				cancel(USER, WorkloadId([9; 32])),
				Error::<Test>::UnknownWorkload
			);
		});
	}

	#[test]
	fn only_the_submitter_cancels() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			assert_noop!(cancel(OTHER_USER, id), Error::<Test>::NotSubmitter);
		});
	}

	#[test]
	fn a_drawn_workload_is_not_cancelled() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				assert_noop!(cancel(USER, id), Error::<Test>::WrongState);
				deliver(id);
				assert_noop!(cancel(USER, id), Error::<Test>::WrongState);
				prove(id);
				assert_noop!(cancel(USER, id), Error::<Test>::WrongState);
			});
	}

	#[test]
	fn a_workload_that_was_drawn_before_is_not_cancelled() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				run_to_tick(Tick(workload(id).deadline.0 + 1));
				assert_eq!(state(id), WorkloadState::Queued);
				assert_noop!(cancel(USER, id), Error::<Test>::WrongState);
			});
	}

	#[test]
	fn after_its_time_in_the_queue_a_workload_expires_instead() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			pass_deadline_without_hook(id);
			assert_noop!(cancel(USER, id), Error::<Test>::TooLate);
		});
	}
}
