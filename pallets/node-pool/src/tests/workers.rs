//! Worker keys: consent at registration, and `set_worker`.

use super::*;
use sp_runtime::testing::TestSignature;

fn try_register(operator: AccountId, agreed: TestSignature) -> sp_runtime::DispatchResult {
	let origin = RuntimeOrigin::signed(operator);
	NodePool::register_node(origin, 10, ComputeUnits(50), agreed)
}

fn set_worker(operator: AccountId, id: NodeId, worker: AccountId) -> sp_runtime::DispatchResult {
	let agreed = consent(worker, operator);
	NodePool::set_worker(RuntimeOrigin::signed(operator), id, worker, agreed)
}

mod success {
	use super::*;

	#[test]
	fn a_new_key_gets_the_new_work_at_once_and_the_old_one_is_free() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			assert_eq!(draw(&request(0, 1)).unwrap().worker, 10);
			assert_ok!(set_worker(ALICE, id, 11));
			System::assert_last_event(
				Event::WorkerSet {
					node: id,
					worker: 11,
					previous: 10,
				}
				.into(),
			);
			assert_eq!(draw(&request(1, 1)).unwrap().worker, 11);
			assert_eq!(WorkerNodes::<Test>::get(11), Some(id));
			register(BOB, 10, 5);
		});
	}

	#[test]
	fn what_the_node_owes_is_not_touched() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 120)).unwrap();
			assert_ok!(set_worker(ALICE, id, 11));
			assert_eq!(load(id), (120, 0));
			complete(id, 120);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn a_key_that_somebody_saw_in_the_pool_cannot_be_taken() {
		build_and_execute(|| {
			// Bob copies Alice's registration, and tries every signature that he can have.
			let garbage = TestSignature(10, vec![1, 2, 3]);
			for stolen in [consent(10, ALICE), consent(BOB, BOB), garbage] {
				assert_noop!(try_register(BOB, stolen), Error::<Test>::BadConsent);
			}
			assert_ok!(try_register(ALICE, consent(10, ALICE)));
		});
	}

	#[test]
	fn a_former_operator_cannot_take_a_key_back_with_its_old_consent() {
		build_and_execute(|| {
			let old = consent(10, ALICE);
			assert_ok!(try_register(ALICE, old.clone()));
			assert_ok!(set_worker(ALICE, NodeId(0), 11));
			// Bob has the key now, and frees it for a moment.
			let his = register(BOB, 10, 5);
			assert_ok!(set_worker(BOB, his, 20));
			let origin = RuntimeOrigin::signed(ALICE);
			assert_noop!(try_register(ALICE, old.clone()), Error::<Test>::BadConsent);
			assert_noop!(
				NodePool::set_worker(origin, NodeId(0), 10, old),
				Error::<Test>::BadConsent
			);
			assert_ok!(try_register(ALICE, consent(10, ALICE)));
			assert_eq!(
				(
					UsedConsents::<Test>::get(ALICE),
					UsedConsents::<Test>::get(BOB)
				),
				(3, 2)
			);
		});
	}

	#[test]
	fn keys_that_come_and_go_leave_nothing_in_the_state() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 5);
			for key in 1_000..1_100 {
				assert_ok!(set_worker(ALICE, id, key));
			}
			assert_eq!(
				UsedConsents::<Test>::iter_keys().collect::<Vec<_>>(),
				[ALICE]
			);
			assert_eq!(
				WorkerNodes::<Test>::iter_keys().collect::<Vec<_>>(),
				[1_099]
			);
		});
	}

	#[test]
	fn a_consent_that_was_not_the_operators_next_one_has_lapsed() {
		build_and_execute(|| {
			let (first, second) = (consent(10, ALICE), consent(11, ALICE));
			assert_ok!(try_register(ALICE, first));
			let origin = RuntimeOrigin::signed(ALICE);
			assert_noop!(
				NodePool::set_worker(origin, NodeId(0), 11, second),
				Error::<Test>::BadConsent
			);
			assert_ok!(set_worker(ALICE, NodeId(0), 11));
		});
	}

	#[test]
	fn a_consent_from_another_chain_is_refused() {
		build_and_execute(|| {
			let elsewhere = consent(10, ALICE);
			frame_system::BlockHash::<Test>::insert(0, sp_core::H256([7; 32]));
			assert_noop!(try_register(ALICE, elsewhere), Error::<Test>::BadConsent);
			assert_ok!(try_register(ALICE, consent(10, ALICE)));
		});
	}

	#[test]
	fn a_key_is_rotated_by_its_operator_with_the_new_keys_consent_only() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			let other = register(BOB, 20, 50);
			assert_noop!(set_worker(BOB, id, 21), Error::<Test>::NotOperator);
			assert_noop!(set_worker(10, id, 21), Error::<Test>::NotOperator);
			assert_noop!(set_worker(ALICE, NodeId(7), 21), Error::<Test>::UnknownNode);
			assert_noop!(set_worker(ALICE, id, 20), Error::<Test>::WorkerInUse);
			assert_noop!(set_worker(ALICE, id, 10), Error::<Test>::WorkerInUse);
			let for_bob = consent(21, BOB);
			assert_noop!(
				NodePool::set_worker(RuntimeOrigin::signed(ALICE), id, 21, for_bob.clone()),
				Error::<Test>::BadConsent
			);
			assert_ok!(NodePool::set_worker(
				RuntimeOrigin::signed(BOB),
				other,
				21,
				for_bob
			));
		});
	}
}
