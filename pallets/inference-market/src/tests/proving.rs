//! `prove`, in both modes.

use super::*;

const WORKER: u64 = ALICE * 10;

/// A chain with one node and a deferred workload whose output it delivered.
fn with_unproven(test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			deliver(id);
			test(id);
		});
}

/// A chain with one node and an immediate workload that it has.
fn with_immediate(test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| test(Order::immediate().submit_and_draw()));
}

fn settled(id: WorkloadId) {
	assert_eq!(state(id), WorkloadState::Settled);
	assert_eq!(stake(ALICE).proof_stakes, 0);
	assert_eq!(stake(ALICE).bonded, FUNDS / 2);
	assert_eq!(load(NodeId(0)), (0, 0));
	assert_eq!(held(HoldReason::Escrow, USER), 0);
	assert_eq!(Inbox::<Test>::iter_prefix(NodeId(0)).count(), 0);
	assert_eq!(in_flight(MODEL), 0);
}

mod success {
	use super::*;

	#[test]
	fn a_deferred_workload_is_settled_by_its_worker_free_of_charge() {
		with_unproven(|id| {
			let info = try_prove(WORKER, id, None, proof(id, &OUTPUT)).unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			settled(id);
		});
	}

	#[test]
	fn anyone_may_relay_a_deferred_workloads_proof_and_the_operator_is_paid() {
		with_unproven(|id| {
			let info = try_relay(STRANGER, id, proof(id, &OUTPUT)).unwrap();
			assert_eq!(info.pays_fee, Pays::Yes);
			settled(id);
			assert!(credit(ALICE) > 0);
			assert_eq!(credit(STRANGER), 0);
		});
	}

	#[test]
	fn an_immediate_workload_is_delivered_and_settled_at_once() {
		with_immediate(|id| {
			let info = try_prove(WORKER, id, Some(&OUTPUT), proof(id, &OUTPUT)).unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			settled(id);
			assert_eq!(Outputs::<Test>::get(id).unwrap().to_vec(), OUTPUT.to_vec());
			assert_eq!(NodePool::view(NodeId(0)).unwrap().delivered, 1);
		});
	}

	#[test]
	fn the_weight_is_that_of_the_key_and_not_of_the_largest_key() {
		with_unproven(|id| {
			let info = try_prove(WORKER, id, None, proof(id, &OUTPUT)).unwrap();
			let expected = <() as WeightInfo>::relay_proof() + VERIFY_WEIGHT;
			assert_eq!(info.actual_weight, Some(expected));
		});
	}

	#[test]
	fn a_failed_proof_is_only_refused_and_a_valid_one_accepted_afterwards() {
		with_unproven(|id| {
			let before = (workload(id), stake(ALICE), credit(ALICE));
			for false_proof in [vec![], b"valid".to_vec(), vec![7; 100]] {
				assert_noop!(
					try_prove(WORKER, id, None, false_proof),
					DispatchError::Other(REFUSED)
				);
			}
			assert_eq!((workload(id), stake(ALICE), credit(ALICE)), before);
			prove(id);
			settled(id);
		});
	}

	#[test]
	fn the_last_tick_is_in_time() {
		with_unproven(|id| {
			run_to_tick(workload(id).deadline);
			prove(id);
			settled(id);
		});
		with_immediate(|id| {
			run_to_tick(workload(id).deadline);
			prove(id);
			settled(id);
		});
	}

	#[test]
	fn a_model_retired_meanwhile_keeps_its_workloads() {
		with_unproven(|id| {
			change_model(MODEL, |model| model.status = ModelStatus::Retired);
			prove(id);
			settled(id);
		});
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::immediate().submit();
				change_model(MODEL, |model| model.status = ModelStatus::Retired);
				run_to_draw();
				prove(id);
				settled(id);
			});
	}

	#[test]
	fn a_node_that_left_its_models_goes_once_its_proofs_are_settled() {
		with_unproven(|id| {
			let operator = RuntimeOrigin::signed(ALICE);
			for served in [model(1), model(2)] {
				assert_ok!(NodePool::leave_model(operator.clone(), NodeId(0), served));
			}
			next_epoch();
			assert_noop!(
				NodePool::deregister_node(operator.clone(), NodeId(0)),
				pallet_node_pool::Error::<Test>::NodeInUse
			);
			prove(id);
			settled(id);
			assert_ok!(NodePool::deregister_node(operator, NodeId(0)));
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_unknown_workload_is_refused() {
		with_unproven(|_| {
			assert_noop!(
				try_prove(WORKER, WorkloadId([9; 32]), None, vec![]),
				Error::<Test>::UnknownWorkload
			);
		});
	}

	#[test]
	fn a_workload_that_owes_no_proof_is_refused() {
		with_unproven(|id| {
			let queued = Order::default().submit();
			let wrong = DispatchError::from(Error::<Test>::WrongState);
			assert_noop!(
				try_prove(WORKER, queued, None, proof(queued, &OUTPUT)),
				wrong
			);
			run_to_draw();
			// Deferred and not delivered yet, with or without the output.
			assert_noop!(
				try_prove(WORKER, queued, None, proof(queued, &OUTPUT)),
				wrong
			);
			let output = Some(OUTPUT.as_slice());
			assert_noop!(
				try_prove(WORKER, queued, output, proof(queued, &OUTPUT)),
				wrong
			);
			prove(id);
			assert_noop!(try_prove(WORKER, id, None, proof(id, &OUTPUT)), wrong);
		});
	}

	#[test]
	fn a_workload_is_proven_by_its_worker_only() {
		with_immediate(|id| {
			for other in [ALICE, STRANGER] {
				assert_noop!(
					try_prove(other, id, Some(&OUTPUT), proof(id, &OUTPUT)),
					Error::<Test>::NotAssignedWorker
				);
			}
		});
		with_unproven(|id| {
			assert_noop!(
				try_prove(STRANGER, id, None, proof(id, &OUTPUT)),
				Error::<Test>::NotAssignedWorker
			);
		});
	}

	#[test]
	fn only_delivered_workloads_are_relayed() {
		with_immediate(|id| {
			assert_noop!(
				try_relay(STRANGER, id, proof(id, &OUTPUT)),
				Error::<Test>::WrongState
			);
		});
		with_unproven(|id| {
			assert_noop!(
				try_relay(STRANGER, id, vec![7; 100]),
				DispatchError::Other(REFUSED)
			);
			pass_deadline_without_hook(id);
			assert_noop!(
				try_relay(STRANGER, id, proof(id, &OUTPUT)),
				Error::<Test>::TooLate
			);
		});
	}

	#[test]
	fn an_immediate_proof_needs_its_output() {
		with_immediate(|id| {
			assert_noop!(
				try_prove(WORKER, id, None, proof(id, &OUTPUT)),
				Error::<Test>::OutputMissing
			);
		});
	}

	#[test]
	fn an_output_already_delivered_is_not_given_again() {
		with_unproven(|id| {
			assert_noop!(
				try_prove(WORKER, id, Some(&OUTPUT), proof(id, &OUTPUT)),
				Error::<Test>::OutputNotExpected
			);
		});
	}

	#[test]
	fn an_immediate_output_must_fit_the_model() {
		with_immediate(|id| {
			assert_noop!(
				try_prove(WORKER, id, Some(&[1, 2]), proof(id, &[1, 2])),
				Error::<Test>::WrongOutputShape
			);
			assert_noop!(
				try_prove(WORKER, id, Some(&[101]), proof(id, &[101])),
				Error::<Test>::OutputOutOfDomain
			);
		});
	}

	#[test]
	fn a_late_proof_is_refused_although_the_hook_is_late_too() {
		with_unproven(|id| {
			pass_deadline_without_hook(id);
			assert_noop!(
				try_prove(WORKER, id, None, proof(id, &OUTPUT)),
				Error::<Test>::TooLate
			);
		});
		with_immediate(|id| {
			pass_deadline_without_hook(id);
			assert_noop!(
				try_prove(WORKER, id, Some(&OUTPUT), proof(id, &OUTPUT)),
				Error::<Test>::TooLate
			);
		});
	}

	#[test]
	fn the_proof_of_another_workload_with_the_same_tensors_is_refused() {
		with_unproven(|id| {
			let other = Order::default().submit_and_draw();
			deliver(other);
			assert_noop!(
				try_prove(WORKER, id, None, proof(other, &OUTPUT)),
				DispatchError::Other(REFUSED)
			);
		});
	}

	#[test]
	fn the_proof_of_another_output_than_the_delivered_one_is_refused() {
		with_unproven(|id| {
			assert_noop!(
				try_prove(WORKER, id, None, proof(id, &[13])),
				DispatchError::Other(REFUSED)
			);
		});
	}
}
