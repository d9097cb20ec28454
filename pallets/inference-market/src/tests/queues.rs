//! The order in which queues are served.

use super::*;

/// A model's queue, from its head.
fn queue(model: ModelRef) -> Vec<WorkloadId> {
	let first = Queues::<Test>::get(model).first;
	std::iter::successors(first, |id| QueueLinks::<Test>::get(id).unwrap().after).collect()
}

/// Capacity for one workload at a time.
const ONE_AT_A_TIME: u64 = 2;

#[test]
fn a_queue_is_served_first_in_first_out() {
	ExtBuilder::default()
		.nodes(&[(ALICE, ONE_AT_A_TIME)])
		.build_and_execute(|| {
			let ids: Vec<_> = (0..5).map(|_| Order::default().submit()).collect();
			run_to_draw();
			for id in &ids {
				let waiting = queue(MODEL);
				assert_eq!(state(*id), WorkloadState::Assigned);
				assert_eq!(waiting, ids[ids.len() - waiting.len()..].to_vec());
				deliver(*id);
				prove(*id);
				run_blocks(1);
			}
		});
}

#[test]
fn one_that_nobody_can_serve_keeps_its_place_and_holds_up_nobody() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let stuck = unservable().submit();
			let next = Order::default().submit_and_draw();
			assert_eq!(queue(MODEL), vec![stuck]);
			assert_eq!(assigned(next).operator, ALICE);
		});
}

#[test]
fn a_queue_full_of_unservable_orders_delays_the_others_by_a_few_blocks_only() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let stuck: Vec<_> = (1..MAX_QUEUED).map(|_| unservable().submit()).collect();
			let id = Order {
				submitter: OTHER_USER,
				..Order::default()
			}
			.submit();
			run_to_draw();
			// Eight at the head and eight more are looked at in each block.
			run_blocks(MAX_QUEUED / 8);
			assert_eq!(state(id), WorkloadState::Assigned);
			assert_eq!(queue(MODEL), stuck);
		});
}

#[test]
fn cancelled_orders_behind_an_unservable_one_delay_nobody() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			unservable().submit();
			for _ in 0..200 {
				let id = Order {
					submitter: OTHER_USER,
					..Order::default()
				}
				.submit();
				assert_ok!(Market::cancel(RuntimeOrigin::signed(OTHER_USER), id));
			}
			Order::default().submit_and_draw();
		});
}

#[test]
fn the_second_look_goes_round() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let stuck: Vec<_> = (0..30).map(|_| unservable().submit()).collect();
			run_to_draw();
			let mut seen = Vec::new();
			for _ in 0..6 {
				seen.push(Queues::<Test>::get(MODEL).resume);
				check_state();
				run_blocks(1);
			}
			let at = |index: usize| Some(stuck[index]);
			// Eight at the head in each block; then 8..16, 16..24, 24..30, and 8..16 again.
			let round = [at(16), at(24), None];
			let start = round.iter().position(|resume| *resume == seen[0]).unwrap();
			for (index, resume) in seen.iter().enumerate() {
				assert_eq!(*resume, round[(start + index) % 3]);
			}
		});
}

#[test]
fn the_workload_at_which_the_second_look_resumes_may_leave() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let stuck: Vec<_> = (0..30).map(|_| unservable().submit()).collect();
			run_to_draw();
			while Queues::<Test>::get(MODEL).resume.is_none() {
				run_blocks(1);
			}
			let resume = Queues::<Test>::get(MODEL).resume.unwrap();
			let after = QueueLinks::<Test>::get(resume).unwrap().after;
			assert!(stuck.contains(&resume));
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), resume));
			assert_eq!(Queues::<Test>::get(MODEL).resume, after);
		});
}

#[test]
fn draws_per_block_are_bounded() {
	let few = |parameters: &mut inference_primitives::ProtocolParameters| {
		parameters.draws_per_block = 3;
	};
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.parameters(few)
		.build_and_execute(|| {
			for _ in 0..8 {
				Order::default().submit();
			}
			run_to_draw();
			assert_eq!(queue(MODEL).len(), 5);
			run_blocks(1);
			assert_eq!(queue(MODEL).len(), 2);
			run_blocks(1);
			assert_eq!(queue(MODEL).len(), 0);
		});
}

#[test]
fn models_are_served_in_turn() {
	let one = |parameters: &mut inference_primitives::ProtocolParameters| {
		parameters.draws_per_block = 1;
	};
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.parameters(one)
		.build_and_execute(|| {
			for id in [1, 1, 1, 2, 2, 2] {
				Order {
					model: model(id),
					..Order::default()
				}
				.submit();
			}
			run_to_draw();
			let mut lengths = Vec::new();
			for _ in 0..4 {
				lengths.push(queue(model(1)).len() + queue(model(2)).len());
				let difference = queue(model(1)).len().abs_diff(queue(model(2)).len());
				assert!(difference <= 1);
				run_blocks(1);
			}
			assert_eq!(lengths, vec![5, 4, 3, 2]);
		});
}
