//! The circuit breaker: many nodes that miss deliveries at once.

use super::*;
use crate::breaker::{Trip, MAX_DELAYED};

/// Four nodes of one size; one workload assigned to each.
fn four_nodes_with_work(test: impl FnOnce(Vec<WorkloadId>)) {
	with_work(|_| {}, test);
}

fn with_work(
	change: impl FnOnce(&mut inference_primitives::ProtocolParameters),
	test: impl FnOnce(Vec<WorkloadId>),
) {
	let nodes = [(ALICE, 2), (BOB, 2), (CAROL, 2), (DAVE, 2)];
	let chain = ExtBuilder::default().nodes(&nodes).parameters(change);
	chain.build_and_execute(|| {
		// A node of this size takes one workload, so four go to four nodes.
		let orders: Vec<_> = (0..4).map(|_| impatient().submit()).collect();
		for _ in 0..20 {
			run_blocks(1);
			if orders
				.iter()
				.all(|id| state(*id) == WorkloadState::Assigned)
			{
				return test(orders);
			}
		}
		panic!("not every workload was drawn");
	});
}

/// An order that is refunded if its first node misses it.
fn impatient() -> Order {
	Order {
		deadline: Ticks(60),
		..Order::default()
	}
}

/// Lets deadlines pass until the workload has ended.
fn run_to_end(id: WorkloadId) {
	for _ in 0..100 {
		if state(id).is_terminal() {
			return;
		}
		run_blocks(1);
	}
	panic!("the workload does not end");
}

fn slash() -> Balance {
	price() / 2
}

fn bonds() -> Balance {
	[ALICE, BOB, CAROL, DAVE]
		.map(|operator| stake(operator).bonded)
		.iter()
		.sum()
}

#[test]
fn slashes_are_delayed_once_much_of_the_network_misses_and_taken_after_the_pause() {
	four_nodes_with_work(|ids| {
		let before = free(USER);
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.iter().copied().for_each(run_to_end);
		// The first two misses were slashed at once; the third tripped the breaker.
		let trip = Breaker::<Test>::get().unwrap();
		assert_event(Event::BreakerTripped { until: trip.until });
		assert_eq!(bonds(), full - 2 * slash());
		assert_eq!(Delayed::<Test>::get().len(), 2);
		check_state();
		// The refunds were not delayed.
		assert!(ids.iter().all(|id| state(*id) == WorkloadState::Refunded));
		assert_eq!(held(HoldReason::Escrow, USER), 0);
		assert!(free(USER) > before);
		assert_eq!(credit(USER), 2 * (price() / 10));
		run_to_tick(trip.until);
		assert_eq!(bonds(), full - 2 * slash());
		run_blocks(1);
		assert_eq!(bonds(), full - 4 * slash());
		assert_eq!(credit(USER), 4 * (price() / 10));
		assert!(Delayed::<Test>::get().is_empty());
		for id in ids {
			assert_eq!(workload(id).settlement.slashed, slash());
			assert!(workload(id).settlement.is_balanced());
		}
	});
}

#[test]
fn governance_forgives_within_the_pause() {
	four_nodes_with_work(|ids| {
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.iter().copied().for_each(run_to_end);
		let until = Breaker::<Test>::get().unwrap().until;
		assert_ok!(Market::forgive_delayed_slashes(RuntimeOrigin::root()));
		assert_event(Event::DelayedSlashesForgiven);
		run_to_tick(Tick(until.0 + 5));
		assert_eq!(bonds(), full - 2 * slash());
		assert_eq!(DelayedSlashes::<Test>::iter().count(), 0);
		assert_noop!(
			Market::forgive_delayed_slashes(RuntimeOrigin::root()),
			Error::<Test>::NotTripped
		);
	});
}

#[test]
fn what_is_delayed_after_the_forgiveness_is_not_forgiven() {
	four_nodes_with_work(|ids| {
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.into_iter().for_each(run_to_end);
		assert_ok!(Market::forgive_delayed_slashes(RuntimeOrigin::root()));
		let late = Order {
			mode: Mode::Immediate,
			..impatient()
		}
		.submit_and_draw();
		run_to_end(late);
		assert_eq!(Delayed::<Test>::get().len(), 1);
		let until = Breaker::<Test>::get().unwrap().until;
		run_to_tick(Tick(until.0 + 1));
		assert_eq!(workload(late).settlement.slashed, slash());
		assert_eq!(bonds(), full - 3 * slash());
	});
}

#[test]
fn stake_answers_for_a_delayed_slash_whatever_else_happens_to_the_bond() {
	use inference_primitives::traits::Stakes;
	four_nodes_with_work(|ids| {
		ids.iter().copied().for_each(run_to_end);
		let delayed: Vec<_> = DelayedSlashes::<Test>::iter_values().collect();
		assert_eq!(delayed.len(), 2);
		let operators = [0, 1].map(|index: usize| delayed[index].operator);
		for operator in operators {
			assert_eq!(WorkerStaking::earmarked(&operator), slash());
			let above = stake(operator).bonded - stake(operator).minimum;
			// Neither proof stakes nor unbonding can have it, nor can a later slash.
			assert_noop!(
				WorkerStaking::lock(&operator, above - slash() + 1, &parameters()),
				pallet_worker_staking::Error::<Test>::StakeInUse
			);
			assert_noop!(
				WorkerStaking::unbond(RuntimeOrigin::signed(operator), above - slash() + 1),
				pallet_worker_staking::Error::<Test>::StakeInUse
			);
			WorkerStaking::slash_bond(&operator, Balance::MAX, &STRANGER);
			assert_eq!(stake(operator).bonded, slash());
		}
		check_state();
		let until = Breaker::<Test>::get().unwrap().until;
		run_to_tick(Tick(until.0 + 1));
		assert!(Delayed::<Test>::get().is_empty());
		for operator in operators {
			assert_eq!(stake(operator).bonded, 0);
			assert_eq!(WorkerStaking::earmarked(&operator), 0);
		}
		let slashed = |id: &WorkloadId| workload(*id).settlement.slashed == slash();
		assert!(ids.iter().all(slashed));
	});
}

#[test]
fn what_is_forgiven_is_free_again() {
	use inference_primitives::traits::Stakes;
	four_nodes_with_work(|ids| {
		ids.into_iter().for_each(run_to_end);
		let operator = DelayedSlashes::<Test>::iter_values()
			.next()
			.unwrap()
			.operator;
		let free = WorkerStaking::free_stake(&operator);
		assert_ok!(Market::forgive_delayed_slashes(RuntimeOrigin::root()));
		run_blocks(1);
		assert_eq!(WorkerStaking::earmarked(&operator), 0);
		assert_eq!(WorkerStaking::free_stake(&operator), free + slash());
	});
}

#[test]
fn stake_that_is_earmarked_for_no_slash_is_found() {
	use inference_primitives::traits::Stakes;
	four_nodes_with_work(|_| {
		check_state();
		// As if a slash had gone without what was earmarked for it.
		assert_eq!(WorkerStaking::earmark(&ALICE, 1), 1);
		let found = Market::do_try_state();
		let expected = "stake is earmarked for no delayed slash";
		assert_eq!(found, Err(sp_runtime::TryRuntimeError::Other(expected)));
		WorkerStaking::drop_earmark(&ALICE, 1);
	});
}

#[test]
fn nobody_is_suspended_while_it_is_tripped() {
	use inference_primitives::node::Standing;
	let standing = |node| NodePool::view(node).unwrap().standing;
	with_work(
		|parameters| parameters.suspend_after = 1,
		|ids| {
			let nodes: Vec<NodeId> = ids.iter().map(|id| assigned(*id).node).collect();
			deliver(ids[3]);
			ids[..3].iter().copied().for_each(run_to_end);
			// The first two missed before it tripped.
			let suspended = nodes
				.iter()
				.filter(|node| standing(**node) == Standing::Suspended);
			assert_eq!(suspended.count(), 2);
			assert!(Market::is_breaker_tripped());
			// A missed proof does not suspend then, either.
			run_to_end(ids[3]);
			assert!(Market::is_breaker_tripped());
			assert_eq!(state(ids[3]), WorkloadState::Failed);
			assert_eq!(standing(nodes[3]), Standing::Active);
			// Nor does what is declined, whose fee is taken at once, and by no earmark.
			let given = Order {
				mode: Mode::Immediate,
				..impatient()
			}
			.submit_and_draw();
			let owner = assigned(given);
			let before = stake(owner.operator).bonded;
			let earmarked = <WorkerStaking as inference_primitives::traits::Stakes<_>>::earmarked;
			let reserved = earmarked(&owner.operator);
			let price = price_of(given).unwrap();
			assert_ok!(Market::decline(RuntimeOrigin::signed(worker(given)), given));
			assert_eq!(standing(owner.node), Standing::Active);
			let unlocked = before + owner.proof_stake;
			assert_eq!(stake(owner.operator).bonded, unlocked - price / 10);
			assert_eq!(earmarked(&owner.operator), reserved);
			// Once the pause is over, a miss is a miss.
			let until = Breaker::<Test>::get().unwrap().until;
			run_to_tick(Tick(until.0 + 1));
			let id = impatient().submit_and_draw();
			let node = assigned(id).node;
			run_to_end(id);
			assert_eq!(standing(node), Standing::Suspended);
		},
	);
}

#[test]
fn pledges_that_no_stake_covers_do_not_trip_it() {
	four_nodes_with_work(|ids| {
		deliver(ids[3]);
		prove(ids[3]);
		// As if no stake covered what three of the nodes pledge.
		for id in &ids[..3] {
			let node = assigned(*id).node;
			pallet_node_pool::Nodes::<Test>::mutate(node, |stored| {
				stored.as_mut().unwrap().counted.units = ComputeUnits(0);
			});
		}
		pallet_node_pool::TotalPledge::<Test>::put(ComputeUnits(2));
		ids[..3].iter().copied().for_each(run_to_end);
		assert_eq!(Breaker::<Test>::get(), None);
		assert!(Delayed::<Test>::get().is_empty());
		next_epoch();
	});
}

#[test]
fn only_governance_forgives() {
	four_nodes_with_work(|ids| {
		ids.into_iter().for_each(run_to_end);
		assert_noop!(
			Market::forgive_delayed_slashes(RuntimeOrigin::signed(ALICE)),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn no_deferred_workload_is_accepted_while_the_breaker_is_tripped() {
	four_nodes_with_work(|ids| {
		ids.into_iter().for_each(run_to_end);
		assert_noop!(Order::default().try_submit(), Error::<Test>::BreakerTripped);
		assert_ok!(Order::immediate().try_submit());
		let until = Breaker::<Test>::get().unwrap().until;
		run_to_tick(Tick(until.0 + 1));
		assert_ok!(Order::default().try_submit());
	});
}

#[test]
fn a_missed_proof_forfeits_its_stake_while_the_breaker_is_tripped() {
	four_nodes_with_work(|ids| {
		deliver(ids[0]);
		ids[1..].iter().copied().for_each(run_to_end);
		assert!(Market::is_breaker_tripped());
		let proof_stake = assigned(ids[0]).proof_stake;
		let operator = assigned(ids[0]).operator;
		run_to_end(ids[0]);
		assert!(Market::is_breaker_tripped());
		assert_eq!(state(ids[0]), WorkloadState::Failed);
		assert_eq!(workload(ids[0]).settlement.slashed, proof_stake);
		assert_eq!(stake(operator).proof_stakes, 0);
	});
}

#[test]
fn it_does_not_trip_again_before_the_cool_down_is_over() {
	four_nodes_with_work(|ids| {
		let trip = Trip {
			until: now(),
			ready: now().after(Ticks(10_000)),
		};
		Breaker::<Test>::put(trip);
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.into_iter().for_each(run_to_end);
		assert_eq!(Breaker::<Test>::get(), Some(trip));
		assert_eq!(bonds(), full - 4 * slash());
		assert!(Delayed::<Test>::get().is_empty());
	});
}

#[test]
fn one_or_two_nodes_that_miss_do_not_trip_it_however_large_they_are() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			for _ in 0..6 {
				// Too late for another draw once the first node has missed it.
				let id = Order {
					deadline: Ticks(40),
					..Order::default()
				}
				.submit_and_draw();
				run_to_end(id);
			}
			assert_eq!(Breaker::<Test>::get(), None);
			assert_eq!(bonds(), 4 * (FUNDS / 2) - 6 * slash());
		});
}

#[test]
fn a_small_part_of_the_network_does_not_trip_it() {
	four_nodes_with_work(|ids| {
		// As if the four were a tenth of all.
		pallet_node_pool::TotalPledge::<Test>::put(ComputeUnits(80));
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.into_iter().for_each(run_to_end);
		assert_eq!(Breaker::<Test>::get(), None);
		assert_eq!(bonds(), full - 4 * slash());
		pallet_node_pool::TotalPledge::<Test>::put(ComputeUnits(8));
	});
}

#[test]
fn what_finds_no_room_is_slashed_at_once() {
	four_nodes_with_work(|ids| {
		let full = bonds() + 4 * (price() * 3 / 2);
		let waiting = crate::breaker::DelayedSlash {
			workload: WorkloadId([0; 32]),
			submitter: STRANGER,
			node: NodeId(0),
			operator: STRANGER,
			amount: 0,
			compensation: 0,
			earmarked: 0,
		};
		(0..MAX_DELAYED).for_each(|n| DelayedSlashes::<Test>::insert(n, waiting.clone()));
		Delayed::<Test>::put(crate::breaker::DelayedRange {
			first: 0,
			next: MAX_DELAYED,
			forgiven: 0,
		});
		Breaker::<Test>::put(Trip {
			until: now().after(Ticks(1_000)),
			ready: now().after(Ticks(2_000)),
		});
		ids.into_iter().for_each(run_to_end);
		assert_eq!(bonds(), full - 4 * slash());
		assert_eq!(Delayed::<Test>::get().len(), MAX_DELAYED);
	});
}

#[test]
fn a_delayed_slash_of_a_pruned_workload_is_still_shared() {
	four_nodes_with_work(|ids| {
		let full = bonds() + 4 * (price() * 3 / 2);
		ids.iter().copied().for_each(run_to_end);
		let until = Breaker::<Test>::get().unwrap().until;
		// As if the retention had passed.
		let present = now();
		ServiceClock::<Test>::put(Tick(u32::MAX));
		for id in ids {
			assert_ok!(Market::prune(RuntimeOrigin::signed(USER), id));
		}
		ServiceClock::<Test>::put(present);
		run_to_tick(Tick(until.0 + 1));
		assert_eq!(bonds(), full - 4 * slash());
		assert_eq!(credit(USER), 4 * (price() / 10));
	});
}
