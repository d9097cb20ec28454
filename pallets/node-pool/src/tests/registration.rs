//! `register_node` and `deregister_node`.

use super::*;

mod success {
	use super::*;

	#[test]
	fn a_node_has_capacity_from_the_next_epoch_on() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			System::assert_last_event(
				Event::NodeRegistered {
					node: id,
					operator: ALICE,
					worker: 10,
					capacity: ComputeUnits(50),
				}
				.into(),
			);
			assert_eq!(node(id).capacity, ComputeUnits::ZERO);
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
			join(ALICE, id, model(1));
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(50));
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(50));
		});
	}

	#[test]
	fn the_bond_answers_for_a_pledge_at_once() {
		build_and_execute(|| {
			register(ALICE, 10, 50);
			register(ALICE, 11, 30);
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 160 * UNIT);
		});
	}

	#[test]
	fn a_node_can_be_seen_by_its_operator_and_by_its_worker() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			let view = NodePool::view(id).unwrap();
			assert_eq!((view.operator, view.worker), (ALICE, 10));
			assert_eq!(view.next_capacity, ComputeUnits(50));
			assert_eq!(NodePool::nodes_of(&ALICE), vec![view.clone()]);
			assert_eq!(NodePool::nodes_of(&10), vec![view]);
			assert_eq!(NodePool::nodes_of(&BOB), vec![]);
		});
	}

	#[test]
	fn an_operator_that_is_its_own_worker_is_listed_once() {
		build_and_execute(|| {
			register(ALICE, ALICE, 50);
			assert_eq!(NodePool::nodes_of(&ALICE).len(), 1);
		});
	}

	#[test]
	fn deregistering_frees_the_pledge_and_the_worker_key() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 500);
			next_epoch();
			assert_ok!(NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id));
			System::assert_last_event(Event::NodeDeregistered { node: id }.into());
			assert_eq!(NodePool::view(id), None);
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 100 * UNIT);
			assert!(OperatorNodes::<Test>::get(ALICE).is_empty());
			assert_eq!(register(BOB, 10, 50), NodeId(1));
		});
	}

	#[test]
	fn a_pledge_that_stays_when_the_last_node_has_gone_breaks_the_invariants() {
		new_test_ext().execute_with(|| {
			let id = register(ALICE, 10, 50);
			assert_ok!(NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id));
			assert_ok!(NodePool::do_try_state());
			assert_ok!(<WorkerStaking as Stakes<AccountId>>::change_pledge(
				&ALICE,
				(ComputeUnits(0), ComputeUnits(50)),
				&NetworkParameters::parameters()
			));
			assert_eq!(
				NodePool::do_try_state(),
				Err("an account without nodes pledges something".into())
			);
		});
	}

	#[test]
	fn a_node_that_never_became_active_can_be_deregistered() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 500);
			assert_ok!(NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id));
			next_epoch();
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits::ZERO);
		});
	}
}

mod failure {
	use super::*;

	fn try_register(
		operator: AccountId,
		worker: AccountId,
		capacity: u64,
	) -> sp_runtime::DispatchResult {
		NodePool::register_node(
			RuntimeOrigin::signed(operator),
			worker,
			ComputeUnits(capacity),
			consent(worker, operator),
		)
	}

	#[test]
	fn a_node_without_capacity_is_refused() {
		build_and_execute(|| {
			assert_noop!(try_register(ALICE, 10, 0), Error::<Test>::ZeroCapacity);
		});
	}

	#[test]
	fn a_worker_key_has_one_node() {
		build_and_execute(|| {
			register(ALICE, 10, 50);
			assert_noop!(try_register(BOB, 10, 50), Error::<Test>::WorkerInUse);
		});
	}

	#[test]
	fn an_operator_has_a_bounded_number_of_nodes() {
		build_and_execute(|| {
			register(ALICE, 10, 50);
			register(ALICE, 11, 50);
			assert_noop!(try_register(ALICE, 12, 50), Error::<Test>::TooManyNodes);
		});
	}

	#[test]
	fn an_operator_without_a_bond_is_refused() {
		build_and_execute(|| {
			assert_noop!(try_register(USER, 90, 1), StakingError::<Test>::NotBonded);
		});
	}

	#[test]
	fn the_bond_must_cover_all_nodes_together() {
		build_and_execute(|| {
			// Half of the funds, at 2 units per compute unit.
			register(ALICE, 10, 25_000 - 7);
			assert_noop!(
				try_register(ALICE, 11, 8),
				StakingError::<Test>::PledgeNotCovered
			);
			register(ALICE, 11, 7);
		});
	}

	#[test]
	fn a_sum_of_capacities_that_overflows_is_refused() {
		build_and_execute(|| {
			with_parameters(|parameters| parameters.bond_per_cu = 0);
			register(ALICE, 10, u64::MAX);
			assert_noop!(try_register(ALICE, 11, 1), StakingError::<Test>::Overflow);
			// A weight of so much in a pool is not what this test is about.
			assert_ok!(NodePool::deregister_node(
				RuntimeOrigin::signed(ALICE),
				NodeId(0)
			));
		});
	}

	#[test]
	fn identifiers_do_not_wrap() {
		build_and_execute(|| {
			NextNodeId::<Test>::put(NodeId(u32::MAX));
			assert_noop!(try_register(ALICE, 10, 1), Error::<Test>::Overflow);
		});
	}

	#[test]
	fn only_its_operator_deregisters_a_node() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			assert_noop!(
				NodePool::deregister_node(RuntimeOrigin::signed(10), id),
				Error::<Test>::NotOperator
			);
			assert_noop!(
				NodePool::deregister_node(RuntimeOrigin::signed(ALICE), NodeId(7)),
				Error::<Test>::UnknownNode
			);
		});
	}

	#[test]
	fn a_node_that_serves_a_model_or_is_about_to_is_not_deregistered() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let deregister = || NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id);
			assert_noop!(deregister(), Error::<Test>::NodeInUse);
			next_epoch();
			assert_noop!(deregister(), Error::<Test>::NodeInUse);
			assert_ok!(NodePool::leave_model(
				RuntimeOrigin::signed(ALICE),
				id,
				model(1)
			));
			assert_ok!(deregister());
			assert!(draw(&request(0, 1)).is_none());
		});
	}

	#[test]
	fn a_node_that_owes_an_output_or_a_proof_is_not_deregistered() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 30)).unwrap();
			assert_ok!(NodePool::leave_model(
				RuntimeOrigin::signed(ALICE),
				id,
				model(1)
			));
			next_epoch();
			let deregister = || NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id);
			assert_noop!(deregister(), Error::<Test>::NodeInUse);
			deliver(id, 30);
			assert_noop!(deregister(), Error::<Test>::NodeInUse);
			settle(id, 30);
			assert_ok!(deregister());
		});
	}

	#[test]
	fn only_signed_origins_are_accepted() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			let (root, bad) = (RuntimeOrigin::root, DispatchError::BadOrigin);
			let agreed = consent(11, ALICE);
			assert_noop!(
				NodePool::register_node(root(), 11, ComputeUnits(1), agreed.clone()),
				bad
			);
			assert_noop!(NodePool::set_worker(root(), id, 11, agreed), bad);
			assert_noop!(NodePool::set_capacity(root(), id, ComputeUnits(1)), bad);
			assert_noop!(NodePool::join_model(root(), id, model(1)), bad);
			assert_noop!(NodePool::leave_model(root(), id, model(1)), bad);
			assert_noop!(NodePool::pause(root(), id), bad);
			assert_noop!(NodePool::resume(root(), id), bad);
			assert_noop!(NodePool::deregister_node(root(), id), bad);
		});
	}
}
