//! `deliver`.

use super::*;

/// A chain with one node and a deferred workload that it has.
fn with_assigned(test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| test(Order::default().submit_and_draw()));
}

const WORKER: u64 = ALICE * 10;

mod success {
	use super::*;

	#[test]
	fn the_output_is_there_and_the_proof_is_owed() {
		with_assigned(|id| {
			assert_ok!(try_deliver(WORKER, id, &OUTPUT));
			assert_eq!(state(id), WorkloadState::Unproven);
			assert_eq!(Outputs::<Test>::get(id).unwrap().to_vec(), OUTPUT.to_vec());
			let proof_due = now().after(parameters().proof_deadline);
			assert_eq!(workload(id).deadline, proof_due);
			assert!(owes(WORKER, id));
			assert_eq!(Inbox::<Test>::iter().count(), 1);
			assert_event(Event::OutputDelivered {
				workload: id,
				node: NodeId(0),
				proof_due,
			});
		});
	}

	#[test]
	fn its_compute_units_are_to_be_proven_and_the_proof_stake_stays_locked() {
		with_assigned(|id| {
			let locked = stake(ALICE).proof_stakes;
			assert_eq!(load(NodeId(0)), (COMPUTE_UNITS, 0));
			deliver(id);
			assert_eq!(load(NodeId(0)), (0, COMPUTE_UNITS));
			assert_eq!(NodePool::view(NodeId(0)).unwrap().delivered, 1);
			assert!(locked > 0);
			assert_eq!(stake(ALICE).proof_stakes, locked);
		});
	}

	#[test]
	fn a_new_key_finishes_what_the_old_one_was_assigned_and_the_old_one_does_nothing() {
		with_assigned(|assigned| {
			let delivered = Order::default().submit_and_draw();
			let immediate = Order::immediate().submit_and_draw();
			deliver(delivered);
			let agreed = consent(11, ALICE);
			let origin = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::set_worker(origin, NodeId(0), 11, agreed));
			// Whoever has the old key could forfeit the proof stake by a false output.
			assert_noop!(
				try_deliver(WORKER, assigned, &[0]),
				Error::<Test>::NotAssignedWorker
			);
			for (id, output) in [(delivered, None), (immediate, Some(&OUTPUT[..]))] {
				assert_noop!(
					try_prove(WORKER, id, output, proof(id, &OUTPUT)),
					Error::<Test>::NotAssignedWorker
				);
			}
			assert!(Market::inbox(&WORKER, None).is_empty());
			assert_eq!(Market::inbox(&11, None).len(), 3);
			assert_ok!(try_deliver(11, assigned, &OUTPUT));
			for id in [assigned, delivered, immediate] {
				prove(id);
				assert_eq!(state(id), WorkloadState::Settled);
			}
			assert!(Market::inbox(&11, None).is_empty());
		});
	}

	#[test]
	fn nobody_is_paid_yet() {
		with_assigned(|id| {
			deliver(id);
			assert_eq!(credit(ALICE), 0);
			assert_eq!(credit(TREASURY), 0);
		});
	}

	#[test]
	fn it_costs_the_worker_nothing() {
		with_assigned(|id| {
			assert_eq!(try_deliver(WORKER, id, &OUTPUT).unwrap().pays_fee, Pays::No);
		});
	}

	#[test]
	fn the_last_tick_is_in_time() {
		with_assigned(|id| {
			run_to_tick(workload(id).deadline);
			deliver(id);
		});
	}

	#[test]
	fn work_outlives_the_node_leaving_the_model() {
		with_assigned(|id| {
			let operator = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::leave_model(operator, NodeId(0), MODEL));
			deliver(id);
			prove(id);
			assert_eq!(state(id), WorkloadState::Settled);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_unknown_workload_is_refused() {
		with_assigned(|_| {
			let unknown = WorkloadId([9; 32]);
			assert_noop!(
				try_deliver(WORKER, unknown, &OUTPUT),
				Error::<Test>::UnknownWorkload
			);
		});
	}

	#[test]
	fn only_the_assigned_worker_delivers() {
		with_assigned(|id| {
			for other in [ALICE, BOB, USER] {
				assert_noop!(
					try_deliver(other, id, &OUTPUT),
					Error::<Test>::NotAssignedWorker
				);
			}
		});
	}

	#[test]
	fn nothing_is_delivered_before_the_draw_or_twice() {
		with_assigned(|id| {
			let queued = Order::default().submit();
			assert_noop!(
				try_deliver(WORKER, queued, &OUTPUT),
				Error::<Test>::WrongState
			);
			deliver(id);
			assert_noop!(try_deliver(WORKER, id, &OUTPUT), Error::<Test>::WrongState);
			prove(id);
			assert_noop!(try_deliver(WORKER, id, &OUTPUT), Error::<Test>::WrongState);
		});
	}

	#[test]
	fn an_immediate_workload_needs_its_proof() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::immediate().submit_and_draw();
				assert_noop!(
					try_deliver(WORKER, id, &OUTPUT),
					Error::<Test>::ProofRequired
				);
			});
	}

	#[test]
	fn a_late_delivery_is_refused_although_the_hook_is_late_too() {
		with_assigned(|id| {
			pass_deadline_without_hook(id);
			assert_noop!(try_deliver(WORKER, id, &OUTPUT), Error::<Test>::TooLate);
		});
	}

	#[test]
	fn an_output_of_another_shape_is_refused() {
		with_assigned(|id| {
			for output in [[].as_slice(), &[1, 2]] {
				assert_noop!(
					try_deliver(WORKER, id, output),
					Error::<Test>::WrongOutputShape
				);
			}
		});
	}

	#[test]
	fn an_output_outside_the_domain_is_refused() {
		with_assigned(|id| {
			assert_noop!(
				try_deliver(WORKER, id, &[101]),
				Error::<Test>::OutputOutOfDomain
			);
		});
	}
}
