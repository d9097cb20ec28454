//! The draw, and what becomes of what it reserved.

use super::*;
use inference_primitives::{
	traits::{DrawRequest, Drawn},
	Tick,
};

/// Nodes that 100 seeds draw, one at a time.
fn drawn(request_of: impl Fn(u8) -> DrawRequest<'static, AccountId>) -> Vec<NodeId> {
	(0..100)
		.filter_map(|seed| {
			let assignment = draw(&request_of(seed))?;
			complete(assignment.node, request_of(seed).compute_units.0);
			Some(assignment.node)
		})
		.collect()
}

mod success {
	use super::*;

	#[test]
	fn a_draw_reserves_capacity_and_stake() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			let assignment = draw(&request(0, 120)).unwrap();
			assert_eq!(
				(assignment.node, assignment.operator, assignment.worker),
				(id, ALICE, 10)
			);
			assert_eq!(node(id).outstanding, ComputeUnits(120));
			assert_eq!(WorkerStaking::stake_view(&ALICE).proof_stakes, UNIT);
		});
	}

	#[test]
	fn the_output_is_due_after_the_latency_and_the_time_to_compute_all_that_is_outstanding() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			let now = NetworkParameters::parameters().base_latency.0 + EPOCH as u32 - 1;
			assert_eq!(draw(&request(0, 120)).unwrap().due, Tick(now + 3));
			assert_eq!(draw(&request(1, 30)).unwrap().due, Tick(now + 3));
			assert_eq!(draw(&request(2, 1)).unwrap().due, Tick(now + 4));
		});
	}

	#[test]
	fn anyone_can_derive_the_draw_again() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			serve(BOB, 20, 50);
			serve(CAROL, 30, 50);
			next_epoch();
			let members = Pools::<Test>::get(model(1));
			for seed in 0..20 {
				let expected = NodePool::candidate(&members, [seed; 32], 0).unwrap().node;
				assert_eq!(draw(&request(seed, 1)).unwrap().node, expected);
			}
		});
	}

	#[test]
	fn nodes_are_drawn_in_proportion_to_their_pledges() {
		build_and_execute(|| {
			serve(ALICE, 10, 300);
			let small = serve(BOB, 20, 100);
			next_epoch();
			let members = Pools::<Test>::get(model(1));
			let hits = (0..4_000u32)
				.filter(|i| {
					NodePool::candidate(&members, [9; 32], *i)
						.is_some_and(|member| member.node == small)
				})
				.count();
			// 1,000 expected; the standard deviation is 27.
			assert!((850..1_150).contains(&hits), "{hits}");
		});
	}

	#[test]
	fn a_pledge_of_one_unit_is_worth_exactly_as_much_as_another() {
		let members = [
			PoolMember {
				node: NodeId(0),
				cumulative: 1,
				limits: None,
				steady: true,
			},
			PoolMember {
				node: NodeId(1),
				cumulative: 2,
				limits: None,
				steady: true,
			},
		];
		let hits = (0..1_000)
			.filter(|i| NodePool::candidate(&members, [3; 32], *i) == Some(members[0]))
			.count();
		// 500 expected; the standard deviation is 16.
		assert!((420..580).contains(&hits), "{hits}");
	}

	#[test]
	fn a_full_node_is_skipped() {
		build_and_execute(|| {
			let full = serve(ALICE, 10, 50);
			let other = serve(BOB, 20, 50);
			next_epoch();
			let filling = DrawRequest {
				excluded: &[BOB],
				..request(0, 50 * BACKLOG)
			};
			assert_eq!(draw(&filling).unwrap().node, full);
			let draws = drawn(|seed| request(seed, 1));
			assert!(!draws.is_empty() && draws.iter().all(|id| *id == other));
		});
	}

	#[test]
	fn a_node_whose_operator_has_too_little_stake_is_skipped() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			let other = serve(BOB, 20, 40);
			next_epoch();
			let stake = FUNDS / 2 - 100 * UNIT;
			let draws = drawn(|seed| DrawRequest {
				bid: locking(stake),
				..request(seed, 1)
			});
			// Each operator can lock this once; Bob's smaller pledge leaves the same minimum.
			assert_eq!(draws.len(), 2);
			assert!(draws.contains(&other));
			assert_eq!(WorkerStaking::stake_view(&ALICE).proof_stakes, stake);
		});
	}

	#[test]
	fn every_node_of_an_operator_that_failed_it_is_skipped() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			serve(ALICE, 11, 50);
			let other = serve(BOB, 20, 50);
			next_epoch();
			let draws = drawn(|seed| DrawRequest {
				excluded: &[ALICE],
				..request(seed, 1)
			});
			assert!(!draws.is_empty() && draws.iter().all(|id| *id == other));
		});
	}

	#[test]
	fn a_user_is_not_served_by_a_node_of_its_own() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			let other = serve(BOB, 20, 50);
			next_epoch();
			for own in [&ALICE, &10] {
				let draws = drawn(|seed| DrawRequest {
					submitter: own,
					..request(seed, 1)
				});
				assert!(!draws.is_empty() && draws.iter().all(|id| *id == other));
			}
		});
	}

	#[test]
	fn what_was_reserved_is_moved_and_freed_once_and_the_outcome_recorded() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 120)).unwrap();
			draw(&request(1, 30)).unwrap();
			assert_eq!(load(id), (150, 0));
			deliver(id, 120);
			assert_eq!(load(id), (30, 120));
			miss(id, 30);
			assert_eq!(load(id), (0, 120));
			settle(id, 120);
			assert_eq!(load(id), (0, 0));
			assert_eq!((node(id).delivered, node(id).missed), (1, 1));
		});
	}

	#[test]
	fn the_market_can_read_what_a_node_owes() {
		use inference_primitives::traits::{NodeLoad, NodePool as _};
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 120)).unwrap();
			deliver(id, 120);
			draw(&request(1, 30)).unwrap();
			let load = NodeLoad {
				outstanding: ComputeUnits(30),
				proving: ComputeUnits(120),
			};
			assert_eq!(NodePool::load(id), Some(load));
			assert_eq!(NodePool::load(NodeId(7)), None);
			assert_eq!(NodePool::view(id).unwrap().proving, ComputeUnits(120));
		});
	}

	#[test]
	fn a_node_that_delivers_faster_than_it_proves_gets_no_more_than_it_can_prove() {
		build_and_execute(|| {
			with_parameters(|parameters| parameters.proving_backlog = Ticks(30));
			let id = serve(ALICE, 10, 50);
			next_epoch();
			let mut given = 0;
			for seed in 0..100 {
				if draw(&request(seed, 60)).is_some() {
					deliver(id, 60);
					given += 60;
				}
				check_state();
			}
			assert_eq!(given, 50 * 30);
			assert_eq!(load(id), (0, given));
			// What is proven makes room again, for as much and no more.
			settle(id, 60);
			assert!(draw(&request(0, 61)).is_none());
			assert!(draw(&request(0, 60)).is_some());
			assert!(draw(&request(0, 1)).is_none());
		});
	}

	#[test]
	fn assigned_and_delivered_work_share_the_proving_backlog() {
		build_and_execute(|| {
			with_parameters(|parameters| parameters.proving_backlog = Ticks(30));
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 50 * BACKLOG)).unwrap();
			deliver(id, 50 * BACKLOG);
			// Twenty blocks' work is to be proven, so ten more may be assigned, not twenty.
			assert!(draw(&request(1, 50 * 10 + 1)).is_none());
			assert!(draw(&request(1, 50 * 10)).is_some());
			assert_eq!(load(id), (50 * 10, 50 * BACKLOG));
		});
	}

	#[test]
	fn the_proving_backlog_pinned_for_a_workload_binds_it_too() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 50 * 10)).unwrap();
			deliver(id, 50 * 10);
			let pinned = |compute_units| DrawRequest {
				proving_backlog: Ticks(12),
				..request(1, compute_units)
			};
			assert!(draw(&pinned(50 * 2 + 1)).is_none());
			assert!(draw(&pinned(50 * 2)).is_some());
			// One that was ordered under the parameters in force goes up to their bound.
			assert!(draw(&request(1, 50 * 8)).is_some());
		});
	}

	#[test]
	fn an_immediate_output_is_due_after_the_time_to_prove_all_that_is_owed() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			let now = NetworkParameters::parameters().base_latency.0 + EPOCH as u32 - 1;
			draw(&request(0, 300)).unwrap();
			deliver(id, 300);
			let immediate = DrawRequest {
				mode: Mode::Immediate,
				..request(1, 100)
			};
			assert_eq!(draw(&immediate).unwrap().due, Tick(now + 8));
			// A Deferred output waits for no proof.
			assert_eq!(draw(&request(2, 50)).unwrap().due, Tick(now + 3));
		});
	}

	#[test]
	fn lower_bounds_refuse_new_work_and_leave_what_was_given() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			draw(&request(0, 50 * 15)).unwrap();
			deliver(id, 50 * 5);
			with_parameters(|parameters| {
				parameters.backlog_bound = Ticks(8);
				parameters.proving_backlog = Ticks(12);
			});
			check_state();
			next_epoch();
			check_state();
			assert!(draw(&request(1, 1)).is_none());
			deliver(id, 50 * 4);
			assert!(draw(&request(1, 1)).is_none());
			settle(id, 50 * 5);
			// Six blocks' work is outstanding and four are to be proven.
			assert!(draw(&request(1, 50 * 2 + 1)).is_none());
			assert!(draw(&request(1, 50 * 2)).is_some());
		});
	}

	#[test]
	fn the_backlog_bound_is_reached_but_never_exceeded() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 5);
			next_epoch();
			let mut given = 0;
			for seed in 0..200 {
				given += u64::from(draw(&request(seed, 3)).is_some()) * 3;
				check_state();
			}
			assert_eq!(given, 5 * BACKLOG / 3 * 3);
			assert_eq!(node(id).outstanding, ComputeUnits(given));
			assert!(draw(&request(0, 1)).is_some());
			assert!(draw(&request(0, 1)).is_none());
		});
	}
}

mod failure {
	use super::*;

	/// What a draw finds, which changes nothing.
	fn found(request: &DrawRequest<AccountId>) -> Drawn<AccountId> {
		#[allow(clippy::needless_late_init, reason = "the macro takes a statement")]
		let found;
		frame_support::assert_storage_noop!(found = NodePool::draw(request).0);
		found
	}

	/// Asserts that nobody is able to take a workload, idle or not.
	#[track_caller]
	fn assert_nobody(request: &DrawRequest<AccountId>) {
		assert_eq!(found(request), Drawn::Unfit);
	}

	#[test]
	fn who_is_only_busy_stopped_or_short_of_time_is_told_from_who_could_never_take_it() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			next_epoch();
			let reach = FUNDS / 2 - 100 * UNIT;
			let all = DrawRequest {
				bid: locking(reach),
				..request(0, 50 * BACKLOG)
			};
			let due = draw(&all).unwrap().due;
			// Neither capacity nor stake is left, but both would be.
			assert_eq!(found(&request(1, 50 * BACKLOG)), Drawn::Busy);
			assert_eq!(found(&all), Drawn::Busy);
			assert_nobody(&request(1, 50 * BACKLOG + 1));
			assert_nobody(&DrawRequest {
				bid: locking(reach + 1),
				..request(1, 1)
			});
			assert_nobody(&DrawRequest {
				excluded: &[ALICE],
				..request(1, 1)
			});
			complete(id, 50 * BACKLOG);
			let late = DrawRequest {
				bid: locking(0),
				latest: Tick(due.0 - 50),
				..request(1, 50 * BACKLOG)
			};
			assert_eq!(found(&late), Drawn::Busy);
			assert_ok!(NodePool::pause(RuntimeOrigin::signed(ALICE), id));
			assert_eq!(found(&request(1, 1)), Drawn::Busy);
		});
	}

	#[test]
	fn a_node_that_is_sampled_again_and_again_is_tried_and_weighed_once() {
		use crate::WeightInfo;
		use inference_primitives::traits::NodePool as _;
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			let (_, weight) = NodePool::draw(&request(0, 50 * BACKLOG + 1));
			assert_eq!(weight, <() as WeightInfo>::draw(1));
			assert!(weight.ref_time() < NodePool::max_draw_weight().ref_time());
		});
	}

	#[test]
	fn a_model_without_nodes_finds_nobody() {
		build_and_execute(|| assert_nobody(&request(0, 1)));
	}

	#[test]
	fn more_than_a_nodes_backlog_finds_nobody() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			assert_nobody(&request(0, 50 * BACKLOG + 1));
			assert_nobody(&request(0, u64::MAX));
		});
	}

	#[test]
	fn more_than_the_free_stake_finds_nobody() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			let free = FUNDS / 2 - 100 * UNIT;
			assert_nobody(&DrawRequest {
				bid: locking(free + 1),
				..request(0, 1)
			});
			assert!(draw(&DrawRequest {
				bid: locking(free),
				..request(0, 1)
			})
			.is_some());
		});
	}

	#[test]
	fn a_deadline_that_nobody_can_meet_finds_nobody() {
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			let due = draw(&request(0, 120)).unwrap().due;
			let tight = DrawRequest {
				latest: Tick(due.0 - 1),
				..request(0, 1)
			};
			assert_eq!(found(&tight), Drawn::Busy);
			assert!(draw(&DrawRequest {
				latest: due,
				..request(0, 1)
			})
			.is_some());
		});
	}

	#[test]
	fn a_bond_below_its_minimum_gets_no_work() {
		use inference_primitives::traits::Stakes;
		build_and_execute(|| {
			serve(ALICE, 10, 50);
			next_epoch();
			WorkerStaking::slash_bond(&ALICE, FUNDS / 2 - 99 * UNIT, &BOB);
			assert_nobody(&DrawRequest {
				bid: locking(1),
				..request(0, 1)
			});
		});
	}
}
