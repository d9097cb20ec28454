//! What happens when a delivered output is not proven in time.

use super::*;

/// A chain where the node delivered an output with this much at risk, and did not prove it.
fn with_missed_proof(
	value_at_risk: Balance,
	output: &[i64],
	test: impl FnOnce(WorkloadId, Balance),
) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let before = free(USER);
			let id = Order {
				value_at_risk,
				..Order::default()
			}
			.submit_and_draw();
			assert_ok!(try_deliver(ALICE * 10, id, output));
			run_to_tick(workload(id).deadline);
			assert_eq!(state(id), WorkloadState::Unproven);
			run_blocks(1);
			test(id, before);
		});
}

#[test]
fn the_whole_proof_stake_is_forfeited_to_the_user_and_the_treasury() {
	with_missed_proof(5 * UNIT, &OUTPUT, |id, _| {
		let stake_of = price() * 3 / 2 + 5 * UNIT;
		let compensation = 5 * UNIT + price() / 2;
		assert_eq!(state(id), WorkloadState::Failed);
		assert_eq!(stake(ALICE).proof_stakes, 0);
		assert_eq!(stake(ALICE).bonded, FUNDS / 2 - stake_of);
		assert_eq!(credit(USER), compensation);
		assert_eq!(credit(TREASURY), stake_of - compensation);
		assert_event(Event::ProofMissed {
			workload: id,
			node: NodeId(0),
			slashed: stake_of,
			compensation,
		});
	});
}

#[test]
fn a_missed_proof_makes_up_for_the_users_fees() {
	let slot_fee = UNIT / 100;
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.parameters(|parameters| parameters.queue_slot_fee = slot_fee)
		.build_and_execute(|| {
			let before = free(USER);
			let id = Order {
				value_at_risk: UNIT,
				..Order::default()
			}
			.submit_and_draw();
			deliver(id);
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(credit(USER), slot_fee + ORDER_FEE + UNIT);
			assert_eq!(credit(TREASURY), slot_fee + ORDER_FEE);
			assert_eq!(free(USER), before - workload(id).deposit);
		});
}

#[test]
fn the_payment_and_the_queue_slot_go_back() {
	with_missed_proof(5 * UNIT, &OUTPUT, |id, before| {
		assert_eq!(free(USER), before - workload(id).deposit);
		assert_eq!((credit(ALICE), credit(CREATOR)), (0, 0));
		assert_eq!(in_flight(MODEL), 0);
		assert_eq!(Inbox::<Test>::iter().count(), 0);
	});
}

#[test]
fn the_node_has_its_capacity_back() {
	with_missed_proof(0, &OUTPUT, |_, _| assert_eq!(load(NodeId(0)), (0, 0)));
}

#[test]
fn a_false_output_cannot_be_proven_and_fails() {
	with_missed_proof(0, &[13], |id, _| {
		assert_eq!(state(id), WorkloadState::Failed);
		assert_eq!(credit(USER), price() / 2);
	});
}

#[test]
fn a_proof_after_the_forfeit_changes_nothing() {
	with_missed_proof(0, &OUTPUT, |id, _| {
		assert_noop!(
			try_prove(ALICE * 10, id, None, proof(id, &OUTPUT)),
			Error::<Test>::WrongState
		);
	});
}

#[test]
fn other_workloads_of_the_operator_keep_their_stakes() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let failing = Order::default().submit_and_draw();
			deliver(failing);
			run_blocks(10);
			let other = Order {
				value_at_risk: UNIT,
				..Order::default()
			}
			.submit_and_draw();
			deliver(other);
			run_to_tick(Tick(workload(failing).deadline.0 + 1));
			assert_eq!(state(failing), WorkloadState::Failed);
			assert_eq!(stake(ALICE).proof_stakes, assigned(other).proof_stake);
			prove(other);
			assert_eq!(
				stake(ALICE).bonded,
				FUNDS / 2 - assigned(failing).proof_stake
			);
		});
}

#[test]
fn a_bond_on_its_way_out_does_not_free_a_proof_stake() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			deliver(id);
			let free = FUNDS / 2 - 200 * UNIT - assigned(id).proof_stake;
			assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), free));
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(workload(id).settlement.slashed, assigned(id).proof_stake);
		});
}
