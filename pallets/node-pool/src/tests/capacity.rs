//! `set_capacity`.

use super::*;

fn set_capacity(operator: AccountId, id: NodeId, capacity: u64) -> sp_runtime::DispatchResult {
	NodePool::set_capacity(RuntimeOrigin::signed(operator), id, ComputeUnits(capacity))
}

mod success {
	use super::*;

	#[test]
	fn a_higher_capacity_acts_from_the_next_epoch_on() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			assert_ok!(set_capacity(ALICE, id, 80));
			System::assert_last_event(
				Event::CapacityChanging {
					node: id,
					capacity: ComputeUnits(80),
				}
				.into(),
			);
			assert_eq!(node(id).capacity, ComputeUnits(50));
			assert!(draw(&request(0, 50 * BACKLOG + 1)).is_none());
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(80));
			assert_eq!(first_weight(model(1)), 80);
			assert!(draw(&request(0, 80 * BACKLOG)).is_some());
		});
	}

	#[test]
	fn a_lower_capacity_acts_at_once_but_weighs_from_the_next_epoch_on() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			assert_ok!(set_capacity(ALICE, id, 10));
			assert_eq!(node(id).capacity, ComputeUnits(10));
			assert!(draw(&request(0, 10 * BACKLOG + 1)).is_none());
			assert_eq!(first_weight(model(1)), 50);
			next_epoch();
			assert_eq!(first_weight(model(1)), 10);
		});
	}

	#[test]
	fn a_lower_capacity_waits_until_what_is_outstanding_fits_it() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 50 * BACKLOG)).unwrap();
			assert_ok!(set_capacity(ALICE, id, 10));
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(50));
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 100 * UNIT);
			// It serves no more than the lower one.
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(10));
			check_state();
			complete(id, 50 * BACKLOG);
			assert!(draw(&request(0, 10 * BACKLOG + 1)).is_none());
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(10));
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(10));
		});
	}

	#[test]
	fn a_lower_capacity_waits_until_what_is_to_be_proven_fits_it() {
		build_and_execute(|| {
			with_parameters(|parameters| parameters.proving_backlog = Ticks(3 * BACKLOG as u32));
			let id = serve(ALICE, 10, 50);
			next_epoch();
			for _ in 0..3 {
				draw(&request(0, 50 * BACKLOG)).unwrap();
				deliver(id, 50 * BACKLOG);
			}
			assert_ok!(set_capacity(ALICE, id, 25));
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(50));
			settle(id, 50 * BACKLOG);
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(50));
			assert!(draw(&request(0, 1)).is_none());
			settle(id, 50 * BACKLOG);
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(25));
			assert_eq!(load(id), (0, 50 * BACKLOG));
			assert!(draw(&request(0, 25 * BACKLOG)).is_some());
			assert!(draw(&request(1, 1)).is_none());
		});
	}

	#[test]
	fn the_bond_answers_for_the_larger_capacity_until_what_is_owed_fits_the_lower_one() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 500);
			next_epoch();
			draw(&request(0, 200 * BACKLOG)).unwrap();
			assert_ok!(set_capacity(ALICE, id, 100));
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 1_000 * UNIT);
			next_epoch();
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 1_000 * UNIT);
			complete(id, 200 * BACKLOG);
			next_epoch();
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 200 * UNIT);
		});
	}

	#[test]
	fn the_bonds_minimum_falls_at_once_if_nothing_is_owed() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 500);
			next_epoch();
			assert_ok!(set_capacity(ALICE, id, 100));
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 200 * UNIT);
		});
	}

	#[test]
	fn a_node_in_no_pool_has_its_bond_freed_when_it_asks_again() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 500);
			next_epoch();
			draw(&request(0, 200 * BACKLOG)).unwrap();
			assert_ok!(set_capacity(ALICE, id, 100));
			let origin = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::leave_model(origin, id, model(1)));
			complete(id, 200 * BACKLOG);
			next_epoch();
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 1_000 * UNIT);
			assert_ok!(set_capacity(ALICE, id, 100));
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 200 * UNIT);
		});
	}

	#[test]
	fn a_capacity_lowered_and_restored_passes_up_the_whole_epoch_not_single_draws() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			// It owes more than the lower capacity allows, so the pledge does not fall.
			draw(&request(0, 2 * BACKLOG)).unwrap();
			assert_ok!(set_capacity(ALICE, id, 1));
			assert!(draw(&request(1, 1)).is_none());
			assert_ok!(set_capacity(ALICE, id, 50));
			assert!(draw(&request(2, 1)).is_none());
			complete(id, 2 * BACKLOG);
			assert!(draw(&request(2, BACKLOG + 1)).is_none());
			assert_eq!(WorkerStaking::stake_view(&ALICE).minimum, 100 * UNIT);
			check_state();
			next_epoch();
			assert!(draw(&request(3, 50 * BACKLOG)).is_some());
		});
	}

	#[test]
	fn a_capacity_that_is_raised_again_and_again_acts_in_steps_of_epochs() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			for capacity in [60, 70, 80] {
				next_epoch();
				let before = node(id).capacity;
				assert_ok!(set_capacity(ALICE, id, capacity));
				assert_eq!(node(id).capacity, before);
			}
			next_epoch();
			assert_eq!(node(id).capacity, ComputeUnits(80));
			assert_eq!(first_weight(model(1)), 80);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn only_its_operator_changes_a_node() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			assert_noop!(set_capacity(10, id, 1), Error::<Test>::NotOperator);
			assert_noop!(
				set_capacity(ALICE, NodeId(7), 1),
				Error::<Test>::UnknownNode
			);
		});
	}

	#[test]
	fn a_node_keeps_some_capacity() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			assert_noop!(set_capacity(ALICE, id, 0), Error::<Test>::ZeroCapacity);
		});
	}

	#[test]
	fn the_bond_must_cover_a_higher_capacity() {
		build_and_execute(|| {
			let id = register(ALICE, 10, 50);
			assert_noop!(
				set_capacity(ALICE, id, 25_001),
				StakingError::<Test>::PledgeNotCovered
			);
		});
	}
}
