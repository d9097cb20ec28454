//! The ring of models that have a queue, and how much of a block their draws have.

use super::*;
use frame_support::traits::Hooks;

/// The models in the ring, from the one whose turn is next.
fn ring() -> Vec<ModelRef> {
	let Some(served) = ServedModels::<Test>::get() else {
		return Vec::new();
	};
	let mut models = vec![served.next];
	loop {
		let after = Turns::<Test>::get(models[models.len() - 1]).unwrap().after;
		if after == served.next {
			return models;
		}
		models.push(after);
	}
}

fn order(id: u32) -> WorkloadId {
	Order {
		model: model(id),
		..Order::default()
	}
	.submit()
}

fn cancel(id: WorkloadId) {
	assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), id));
	check_state();
}

#[test]
fn a_model_comes_behind_those_that_have_a_queue_and_leaves_with_its_last_workload() {
	ExtBuilder::default().build_and_execute(|| {
		let first = order(1);
		order(2);
		let third = order(3);
		let more = order(3);
		assert_eq!(ring(), [1, 2, 3].map(model));
		cancel(first);
		assert_eq!(ring(), [2, 3].map(model));
		order(1);
		assert_eq!(ring(), [2, 3, 1].map(model));
		cancel(third);
		assert_eq!(ring(), [2, 3, 1].map(model));
		cancel(more);
		assert_eq!(ring(), [2, 1].map(model));
	});
}

#[test]
fn who_was_not_asked_for_lack_of_weight_is_next_and_a_new_model_is_not_before_it() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			// Weight for one draw a block.
			limit_draws(1, 1);
			let ids = [order(1), order(2)];
			run_to_draw();
			// Whose turn it is when seeds are known is a matter of the blocks before, which asked one in vain.
			let drawn = |id: &WorkloadId| state(*id) == WorkloadState::Assigned;
			let waits = 1 - ids.iter().position(drawn).expect("one was drawn");
			assert_eq!(state(ids[waits]), WorkloadState::Queued);
			let next = [1, 2][waits];
			assert_eq!(ring(), [model(next)]);
			order(3);
			assert_eq!(ring(), [next, 3].map(model));
			run_blocks(1);
			assert_eq!(state(ids[waits]), WorkloadState::Assigned);
			assert_eq!(ring(), [model(3)]);
		});
}

#[test]
fn each_model_is_asked_once_in_a_block_whoever_leaves_meanwhile() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			// Nobody serves the third.
			let ids = [order(1), order(3), order(2)];
			run_to_draw();
			let states = ids.map(state);
			let [drawn, waits] = [WorkloadState::Assigned, WorkloadState::Queued];
			assert_eq!(states, [drawn, waits, drawn]);
			assert_eq!(ring(), [model(3)]);
			check_state();
		});
}

#[test]
fn the_draws_of_a_block_have_what_its_deadlines_leave() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			let late = order(1);
			run_to_draw();
			assert_eq!(state(late), WorkloadState::Assigned);
			let waiting = order(2);
			run_blocks(parameters().seed_blocks + 1);
			assert_eq!(state(waiting), WorkloadState::Assigned);
			run_blocks(5);
			// One more waits, and the first one's delivery is missed in the block in which it could be drawn.
			let last = order(2);
			run_blocks(parameters().seed_blocks);
			limit_draws(1, 1);
			pass_deadline_without_hook(late);
			System::set_block_number(System::block_number() + 1);
			Market::on_initialize(System::block_number());
			assert_eq!(state(late), WorkloadState::Queued);
			assert_eq!(state(last), WorkloadState::Queued);
			// Nothing is due in the next.
			System::set_block_number(System::block_number() + 1);
			Market::on_initialize(System::block_number());
			assert_eq!(state(last), WorkloadState::Assigned);
		});
}
