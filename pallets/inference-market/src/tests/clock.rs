//! The service clock, and parameters that change with workloads in flight.

use super::*;

fn serve_clock(serving: bool) {
	assert_ok!(NetworkParameters::set_serving(
		RuntimeOrigin::root(),
		serving
	));
}

#[test]
fn nothing_is_drawn_while_the_clock_stands() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit();
			serve_clock(false);
			run_blocks(50);
			assert_eq!(state(id), WorkloadState::Queued);
			serve_clock(true);
			run_blocks(1);
			assert_eq!(state(id), WorkloadState::Assigned);
		});
}

#[test]
fn nothing_times_out_while_the_clock_stands() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let owed = Order::default().submit_and_draw();
			let unproven = Order::default().submit_and_draw();
			deliver(unproven);
			let queued = Order {
				model: model(3),
				..Order::default()
			}
			.submit();
			serve_clock(false);
			run_blocks(1_000);
			for id in [owed, unproven, queued] {
				assert_noop!(
					Market::expire(RuntimeOrigin::signed(STRANGER), id)
						.map_err(|refusal| refusal.error),
					Error::<Test>::NotDue
				);
			}
			// Work goes on.
			deliver(owed);
			prove(owed);
			prove(unproven);
			serve_clock(true);
			run_blocks(1);
			assert_eq!(state(queued), WorkloadState::Queued);
		});
}

#[test]
fn nobody_is_slashed_while_finality_stalls_and_everything_settles_after_it() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			// Workers see finalised blocks only: nobody can act on what comes after the stall.
			let unproven = Order::default().submit_and_draw();
			deliver(unproven);
			let owed = [Order::default(), Order::immediate()].map(Order::submit_and_draw);
			let queued = Order::default().submit();
			run_blocks_without_finality(3_000, System::block_number());
			assert!(!NetworkParameters::is_serving());
			for operator in [ALICE, BOB] {
				let stakes = stake(operator);
				assert_eq!(stakes.bonded + stakes.proof_stakes, FUNDS / 2);
			}
			assert_eq!(state(queued), WorkloadState::Assigned);
			assert_eq!(state(unproven), WorkloadState::Unproven);
			for id in owed {
				assert_eq!(state(id), WorkloadState::Assigned);
			}
			let late = Order::default().submit();
			run_blocks_without_finality(50, System::block_number());
			assert_eq!(state(late), WorkloadState::Queued);
			// Finality is back: what was owed is delivered and proven.
			deliver(owed[0]);
			deliver(queued);
			for id in [unproven, owed[0], owed[1], queued] {
				prove(id);
				assert_eq!(state(id), WorkloadState::Settled);
			}
			BlockAuthor::set(None);
			run_blocks(inference_primitives::ProtocolParameters::FINALITY_WINDOW + 1);
			assert!(NetworkParameters::is_serving());
			assert_eq!(state(late), WorkloadState::Assigned);
		});
}

#[test]
fn however_long_the_clock_stood_the_newest_outputs_seed_the_draw() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit();
			serve_clock(false);
			run_blocks(inference_primitives::ProtocolParameters::VRF_RING + 10);
			serve_clock(true);
			run_blocks(1);
			assert_eq!(state(id), WorkloadState::Assigned);
		});
}

/// Changes everything that a workload pins, within the inequalities.
fn change_parameters() {
	set_parameters(|parameters| {
		parameters.miss_slash = 900;
		parameters.miss_compensation = 800;
		parameters.proof_stake = 3_000;
		parameters.proof_compensation = 100;
		parameters.treasury_share = 900;
		parameters.decline_fee = 500;
		parameters.risk_fee = 900;
		parameters.proof_deadline = Ticks(60);
		parameters.proving_backlog = Ticks(30);
		parameters.queue_ttl = Ticks(10);
		parameters.queue_slot_fee = UNIT;
		parameters.redraws = 0;
		parameters.price_floor = 1;
	});
}

#[test]
fn new_parameters_do_not_touch_a_settlement_in_flight() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let old_price = price();
			BasePrice::<Test>::put(parameters().price_floor);
			let id = Order {
				value_at_risk: UNIT,
				..Order::default()
			}
			.submit_and_draw();
			let before = workload(id);
			change_parameters();
			deliver(id);
			assert_eq!(workload(id).deadline, now().after(Ticks(50)));
			prove(id);
			let settlement = workload(id).settlement;
			assert_eq!(workload(id).terms, before.terms);
			assert_eq!(price_of(id), Some(old_price));
			assert_eq!(settlement.worker, 2_700_000_000 + UNIT / 100);
			assert_eq!(settlement.creator, 900_002);
			assert_eq!(
				settlement.treasury,
				300_100_001 + verification_fee() + UNIT / 10_000
			);
		});
}

#[test]
fn new_parameters_do_not_touch_slashes_and_redraws_in_flight() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let old_price = price();
			let id = Order::default().submit_and_draw();
			let (first, old_stake) = (assigned(id).operator, old_price * 3 / 2);
			change_parameters();
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(stake(first).bonded, FUNDS / 2 - old_price / 2);
			assert_eq!(credit(USER), old_price / 10);
			assert_eq!(state(id), WorkloadState::Queued);
			run_to_draw();
			assert_eq!(assigned(id).proof_stake, old_stake);
			deliver(id);
			run_to_tick(Tick(workload(id).deadline.0 + 1));
			assert_eq!(
				workload(id).settlement.compensation,
				old_price / 10 + old_price / 2
			);
		});
}

#[test]
fn new_parameters_do_not_touch_the_time_in_the_queue() {
	ExtBuilder::default().build_and_execute(|| {
		let id = Order::default().submit();
		let deadline = workload(id).deadline;
		change_parameters();
		run_to_tick(deadline);
		assert_eq!(state(id), WorkloadState::Queued);
		run_blocks(1);
		assert_eq!(state(id), WorkloadState::Expired);
		assert_eq!(credit(TREASURY), UNIT / 10_000);
	});
}
