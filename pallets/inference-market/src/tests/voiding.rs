//! What becomes of workloads whose key governance has disabled.

use super::*;

fn expire(id: WorkloadId) -> sp_runtime::DispatchResult {
	Market::expire(RuntimeOrigin::signed(STRANGER), id)
		.map(|_| ())
		.map_err(|refusal| refusal.error)
}

/// Asserts that the user has everything but the deposit, as free balance or credit, the operator
/// all of its stake, and the node all of its capacity.
#[track_caller]
fn assert_voided(id: WorkloadId, before: Balance) {
	let ended = workload(id);
	assert_eq!(ended.state, WorkloadState::Voided);
	assert_event(Event::WorkloadVoided { workload: id });
	assert_eq!(free(USER) + credit(USER), before - ended.deposit);
	assert_eq!(held(HoldReason::Escrow, USER), 0);
	assert_eq!(ended.settlement.refunded, ended.settlement.escrowed);
	assert_eq!(ended.settlement.slashed, 0);
	assert_eq!(stake(ALICE).bonded, FUNDS / 2);
	assert_eq!(stake(ALICE).proof_stakes, 0);
	assert_eq!(load(NodeId(0)), (0, 0));
	assert_eq!(in_flight(MODEL), 0);
	assert!(Market::inbox(&(ALICE * 10), None).is_empty());
	check_state();
}

/// An order of each mode, the Deferred one with value at risk, brought into each open state.
fn in_each_state(check: impl Fn(WorkloadId, Balance)) {
	let order = |mode| Order {
		mode,
		value_at_risk: match mode {
			Mode::Immediate => 0,
			Mode::Deferred => 100 * UNIT,
		},
		..Order::default()
	};
	let bring: [fn(Order) -> WorkloadId; 3] = [Order::submit, Order::submit_and_draw, |order| {
		let id = order.submit_and_draw();
		deliver(id);
		id
	}];
	for (index, bring) in bring.into_iter().enumerate() {
		for mode in [Mode::Immediate, Mode::Deferred] {
			if mode == Mode::Immediate && index == 2 {
				continue;
			}
			ExtBuilder::default()
				.nodes(&[(ALICE, 100)])
				.build_and_execute(|| {
					let before = free(USER);
					check(bring(order(mode)), before);
				});
		}
	}
}

#[test]
fn anyone_voids_an_open_workload_at_once_and_everything_goes_back() {
	in_each_state(|id, before| {
		assert_noop!(expire(id), Error::<Test>::NotDue);
		disable(MODEL);
		assert_ok!(expire(id));
		assert_voided(id, before);
		assert_noop!(expire(id), Error::<Test>::WrongState);
	});
}

#[test]
fn the_deadlines_hook_voids_it_too_and_slashes_nobody() {
	in_each_state(|id, before| {
		disable(MODEL);
		let deadline = workload(id).deadline;
		run_to_tick(deadline);
		assert!(!state(id).is_terminal());
		run_blocks(1);
		assert_voided(id, before);
	});
}

#[test]
fn it_is_voided_while_the_clock_stands() {
	in_each_state(|id, before| {
		assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), false));
		disable(MODEL);
		assert_ok!(expire(id));
		assert_voided(id, before);
	});
}

#[test]
fn a_deadline_that_passed_before_anyone_looked_slashes_nobody() {
	in_each_state(|id, before| {
		disable(MODEL);
		pass_deadline_without_hook(id);
		assert_ok!(expire(id));
		assert_voided(id, before);
	});
}

#[test]
fn nothing_is_delivered_proven_or_ordered_under_a_disabled_key() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let owed = Order::default().submit_and_draw();
			let immediate = Order::immediate().submit_and_draw();
			let unproven = Order::default().submit_and_draw();
			deliver(unproven);
			let worker = worker(owed);
			disable(MODEL);
			assert_noop!(
				try_deliver(worker, owed, &OUTPUT),
				Error::<Test>::KeyDisabled
			);
			assert_noop!(
				try_prove(worker, immediate, Some(&OUTPUT), proof(immediate, &OUTPUT)),
				Error::<Test>::KeyDisabled
			);
			assert_noop!(
				try_prove(worker, unproven, None, proof(unproven, &OUTPUT)),
				Error::<Test>::KeyDisabled
			);
			assert_noop!(Order::default().try_submit(), Error::<Test>::KeyDisabled);
			// Workers are shown nothing that they could do in vain.
			assert!(Market::inbox(&worker, None).is_empty());
		});
}

#[test]
fn a_disabled_key_is_not_drawn_and_harms_no_other_model() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let void = Order::default().submit();
			let other = Order {
				model: model(2),
				..Order::default()
			}
			.submit();
			disable(MODEL);
			run_to_draw();
			assert_eq!(state(void), WorkloadState::Queued);
			assert_eq!(state(other), WorkloadState::Assigned);
			deliver(other);
			prove(other);
			assert_eq!(state(other), WorkloadState::Settled);
		});
}

#[test]
fn a_redrawn_workload_is_voided_without_undoing_the_slash_of_who_missed_it() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let before = free(USER);
			let id = Order::default().submit_and_draw();
			let failed = assigned(id).operator;
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			run_to_draw();
			let second = assigned(id).operator;
			disable(MODEL);
			assert_ok!(expire(id));
			assert_eq!(stake(failed).bonded, FUNDS / 2 - price() / 2);
			assert_eq!(stake(second).bonded, FUNDS / 2);
			assert_eq!(
				free(USER) + credit(USER),
				before - workload(id).deposit + price() / 10
			);
		});
}

#[test]
fn a_voided_workload_is_pruned_like_any_other() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let before = free(USER);
			let id = Order::default().submit();
			disable(MODEL);
			assert_ok!(expire(id));
			run_blocks(parameters().retention.0 + 1);
			assert_ok!(Market::prune(RuntimeOrigin::signed(USER), id));
			assert_eq!(free(USER), before);
		});
}
