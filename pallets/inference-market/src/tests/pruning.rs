//! `prune`, and what the chain prunes by itself.

use super::*;
use frame_support::{
	traits::{Get, Hooks},
	weights::{RuntimeDbWeight, Weight},
};

fn prune(who: u64, id: WorkloadId) -> sp_runtime::DispatchResult {
	Market::prune(RuntimeOrigin::signed(who), id)
		.map(|_| ())
		.map_err(|refusal| refusal.error)
}

/// A settled workload whose retention is over.
fn with_prunable(test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			deliver(id);
			prove(id);
			let end = now().after(parameters().retention);
			ServiceClock::<Test>::put(Tick(end.0 + 1));
			test(id);
		});
}

mod success {
	use super::*;

	#[test]
	fn the_submitter_gets_the_whole_deposit_back() {
		with_prunable(|id| {
			let (before, deposit) = (free(USER), workload(id).deposit);
			assert_ok!(prune(USER, id));
			assert_eq!(free(USER), before + deposit);
			assert_eq!(held(HoldReason::StorageDeposit, USER), 0);
			assert_event(Event::WorkloadPruned { workload: id });
		});
	}

	#[test]
	fn whoever_calls_the_submitter_gets_the_whole_deposit_back() {
		with_prunable(|id| {
			let (user, stranger) = (free(USER), free(STRANGER));
			let deposit = workload(id).deposit;
			assert_ok!(prune(STRANGER, id));
			assert_eq!(free(STRANGER), stranger);
			assert_eq!(free(USER), user + deposit);
		});
	}

	#[test]
	fn the_retention_is_the_one_that_was_in_force_when_it_was_ordered() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				let end = now().after(parameters().retention);
				set_parameters(|parameters| parameters.retention = Ticks(50));
				deliver(id);
				prove(id);
				assert_eq!(workload(id).deadline, end);
			});
	}

	#[test]
	fn nothing_is_left_of_the_workload() {
		with_prunable(|id| {
			assert_ok!(prune(USER, id));
			assert!(!Workloads::<Test>::contains_key(id));
			assert!(!Inputs::<Test>::contains_key(id));
			assert!(!Outputs::<Test>::contains_key(id));
			assert_eq!(Market::view(id), None);
		});
	}

	#[test]
	fn credits_outlive_the_workload() {
		with_prunable(|id| {
			let owed = credit(ALICE);
			assert_ok!(prune(STRANGER, id));
			assert_eq!(credit(ALICE), owed);
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn an_unknown_workload_is_refused() {
		with_prunable(|id| {
			assert_ok!(prune(USER, id));
			assert_noop!(prune(USER, id), Error::<Test>::UnknownWorkload);
		});
	}

	#[test]
	fn an_open_workload_is_refused() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				assert_noop!(prune(USER, id), Error::<Test>::WrongState);
				run_to_draw();
				assert_noop!(prune(USER, id), Error::<Test>::WrongState);
				deliver(id);
				assert_noop!(prune(USER, id), Error::<Test>::WrongState);
			});
	}

	#[test]
	fn a_workload_is_kept_for_its_retention() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), id));
			assert_noop!(prune(USER, id), Error::<Test>::StillRetained);
			ServiceClock::<Test>::put(now().after(parameters().retention));
			assert_noop!(prune(USER, id), Error::<Test>::StillRetained);
			run_blocks(1);
			assert_ok!(prune(USER, id));
		});
	}
}

mod by_the_chain {
	use super::*;

	/// So many workloads that were cancelled in this block.
	fn cancelled(count: usize) -> Vec<WorkloadId> {
		let ids: Vec<WorkloadId> = (0..count).map(|_| Order::default().submit()).collect();
		for id in &ids {
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), *id));
		}
		ids
	}

	/// What a block does that leaves this weight; it never says that it took more.
	fn idle(remaining: Weight) -> Weight {
		let used = Market::on_idle(System::block_number(), remaining);
		assert!(used.all_lte(remaining));
		used
	}

	/// Weight for finding and pruning so many, beside a proof and what other pallets do.
	fn room_for(count: u64) -> Weight {
		let db: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
		(<() as WeightInfo>::prune() + db.reads(1)) * count
			+ <() as WeightInfo>::pass_retained(crate::deadlines::MAX_CURSOR_STEPS)
			+ HEAVIEST_PROOF
			+ OTHER_IDLE_WORK
	}

	fn left() -> usize {
		Workloads::<Test>::iter_keys().count()
	}

	#[test]
	fn what_was_kept_long_enough_is_removed_in_an_idle_block_and_its_deposit_given_back() {
		ExtBuilder::default().build_and_execute(|| {
			let before = free(USER);
			let id = Order::default().submit();
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), id));
			let deposit = workload(id).deposit;
			assert!(deposit > 0);
			ServiceClock::<Test>::put(workload(id).deadline);
			for _ in 0..1_000 {
				idle(Weight::MAX);
			}
			assert_eq!(left(), 1);
			let kept = free(USER);
			run_blocks(1);
			idle(Weight::MAX);
			assert_eq!((left(), free(USER)), (0, kept + deposit));
			// The queue slot, which a cancellation costs.
			assert_eq!(free(USER), before - slot_fee());
			assert_event(Event::WorkloadPruned { workload: id });
			assert_eq!(crate::Retained::<Test>::iter().count(), 0);
		});
	}

	#[test]
	fn a_block_prunes_as_many_as_it_leaves_weight_for_the_oldest_first() {
		ExtBuilder::default().build_and_execute(|| {
			let old = cancelled(3);
			run_blocks(1);
			let new = cancelled(3);
			let end = workload(new[0]).deadline;
			assert!(workload(old[0]).deadline < end);
			crate::RetainedCursor::<Test>::put(workload(old[0]).deadline);
			ServiceClock::<Test>::put(Tick(end.0 + 1));
			assert_eq!(idle(room_for(1) - Weight::from_parts(1, 0)), Weight::zero());
			assert_eq!(left(), 6);
			for (room, then) in [(1, 5), (0, 5), (2, 3)] {
				idle(room_for(room));
				assert_eq!(left(), then);
			}
			assert!(old.iter().all(|id| !Workloads::<Test>::contains_key(id)));
			// More than enough: it says what it took, not what it could have.
			let used = idle(room_for(100));
			assert_eq!(left(), 0);
			assert!(used.all_lte(room_for(3) - HEAVIEST_PROOF - OTHER_IDLE_WORK));
		});
	}

	#[test]
	fn a_block_prunes_no_more_than_its_bound_however_idle_it_is() {
		let bound = crate::retention::MAX_PRUNED_PER_BLOCK as usize;
		ExtBuilder::default().build_and_execute(|| {
			let mut ids = Vec::new();
			// The queue has room for as many as are cancelled at once.
			while ids.len() < bound + 1 {
				ids.extend(cancelled(1));
			}
			let end = workload(ids[0]).deadline;
			crate::RetainedCursor::<Test>::put(end);
			ServiceClock::<Test>::put(Tick(end.0 + 1));
			idle(Weight::MAX);
			assert_eq!(left(), 1);
			idle(Weight::MAX);
			assert_eq!(left(), 0);
		});
	}

	// With debug assertions `defensive!` panics, as it should.
	#[cfg(not(debug_assertions))]
	#[test]
	fn what_cannot_be_pruned_is_in_nobodys_way() {
		ExtBuilder::default().build_and_execute(|| {
			let ids = cancelled(2);
			let end = workload(ids[0]).deadline;
			// As nothing here does it: its record is gone.
			let broken = Workloads::<Test>::take(ids[0]).unwrap();
			crate::RetainedCursor::<Test>::put(end);
			ServiceClock::<Test>::put(Tick(end.0 + 1));
			idle(room_for(1));
			idle(room_for(1));
			assert_eq!(left(), 0);
			assert_eq!(crate::Retained::<Test>::iter().count(), 0);
			Workloads::<Test>::insert(ids[0], broken);
			crate::Retained::<Test>::insert(end, ids[0], ());
		});
	}

	#[test]
	fn what_somebody_pruned_before_is_not_looked_for() {
		with_prunable(|id| {
			assert_ok!(prune(STRANGER, id));
			crate::RetainedCursor::<Test>::put(Tick(now().0 - 1));
			idle(Weight::MAX);
			assert_eq!(left(), 0);
		});
	}
}
