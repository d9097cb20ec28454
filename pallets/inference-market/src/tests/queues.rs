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

/// An order that its model's only node does not take: its operator's own. A draw has to find out.
fn own(submitter: AccountId) -> Order {
	Order {
		submitter,
		..Order::default()
	}
}

#[test]
fn draws_that_find_nobody_are_few_in_a_models_turn_however_many_orders_wait() {
	let used_with = |orders: u32| {
		let mut used = frame_support::weights::Weight::zero();
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				for _ in 0..orders {
					own(ALICE).submit();
				}
				run_to_draw();
				// Until it is noted of all of them that nobody takes them.
				run_blocks(20);
				used = Market::serve_queues(System::block_number());
			});
		used
	};
	let draw = <() as pallet_node_pool::WeightInfo>::draw(1);
	let (few, many) = (used_with(4), used_with(16));
	let fewer = used_with(3);
	assert!(few.all_gte(fewer.saturating_add(draw)));
	assert!(!many.all_gte(few.saturating_add(draw)), "{many:?}, {few:?}");
}

#[test]
fn a_busy_pool_serves_all_that_it_can_although_some_draws_find_nobody() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let served = |of: usize| [USER, ALICE][of % 2];
			let ids: Vec<_> = (0..20).map(|of| own(served(of)).submit()).collect();
			run_to_draw();
			// Each that the node takes lets one more be drawn in vain.
			let left = queue(MODEL);
			assert!(left.iter().all(|id| workload(*id).submitter == ALICE));
			assert_eq!(left.len(), ids.len() / 2);
		});
}

#[test]
fn orders_that_are_drawn_in_vain_starve_nobody_behind_them() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let stuck: Vec<_> = (0..16).map(|_| own(ALICE).submit()).collect();
			run_to_draw();
			let id = Order::default().submit();
			run_to_draw();
			// Three of those in front are drawn behind the head in each block.
			run_blocks(16 / 3 + 1);
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
fn the_draws_of_a_block_are_bounded_by_their_weight() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			limit_draws(3, 1);
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
fn what_the_hook_says_it_used_is_within_the_bound_whatever_is_queued() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 40), (BOB, 20)])
		.build_and_execute(|| {
			for draws in 1..6 {
				limit_draws(draws, 3);
				for id in [1, 1, 2, 2, 3] {
					let _ = Order {
						model: model(id),
						value_at_risk: Balance::from(draws % 3) * FUNDS / 4,
						..Order::default()
					}
					.try_submit();
				}
				run_to_draw();
				let used = Market::serve_queues(System::block_number());
				assert!(used.all_lte(MaxDrawWeight::get()));
			}
		});
}

#[test]
fn models_are_served_in_turn() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			limit_draws(1, 1);
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

/// Fills the queues of 24 models with orders, and asserts that an honest order of another model is
/// drawn in the first block in which it can be, wherever its turn is.
fn assert_no_delay(served: &[ModelRef], order: impl Fn(ModelRef) -> Order) {
	for offset in 0..6 {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.parameters(|parameters| parameters.risk_fee = 0)
			.build_and_execute(|| {
				MaxServedModels::set(25);
				(10..34).for_each(|id| add_model(model(id)));
				for of in served {
					assert_ok!(NodePool::join_model(
						RuntimeOrigin::signed(ALICE),
						NodeId(0),
						*of
					));
				}
				next_epoch();
				for id in 10..34 {
					for _ in 0..16 {
						order(model(id)).submit();
					}
				}
				// Far fewer than the chain's block takes.
				limit_draws(32, 25);
				run_blocks(parameters().seed_blocks + offset);
				let id = Order {
					submitter: OTHER_USER,
					..Order::default()
				}
				.submit();
				run_to_draw();
				assert_eq!(state(id), WorkloadState::Assigned);
			});
	}
}

#[test]
fn twenty_four_models_without_nodes_do_not_delay_an_honest_models_draw() {
	assert_no_delay(&[], |model| Order {
		model,
		..Order::default()
	});
}

#[test]
fn nor_do_models_whose_orders_ask_for_more_stake_than_there_is() {
	let served: Vec<_> = (10..16).map(model).collect();
	assert_no_delay(&served, |model| Order {
		model,
		..unservable()
	});
}
