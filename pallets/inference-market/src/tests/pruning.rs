//! `prune`.

use super::*;

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
	fn another_caller_gets_a_twentieth_as_a_tip() {
		with_prunable(|id| {
			let (user, stranger) = (free(USER), free(STRANGER));
			let deposit = workload(id).deposit;
			assert_ok!(prune(STRANGER, id));
			assert_eq!(free(STRANGER), stranger + deposit / 20);
			assert_eq!(free(USER), user + deposit - deposit / 20);
		});
	}

	#[test]
	fn the_retention_is_the_one_that_was_in_force_when_it_was_ordered() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				let end = now().after(parameters().retention);
				set_parameters(|parameters| parameters.retention = Ticks(1));
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
