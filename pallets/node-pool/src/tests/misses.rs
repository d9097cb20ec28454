//! Which nodes count as having missed deliveries lately.

use super::*;
use inference_primitives::{
	traits::{NodePool as PoolTrait, RecentMisses},
	Tick,
};
use proptest::prelude::*;

/// Nodes counted now, and their capacity.
fn recent() -> (u32, u64) {
	let RecentMisses { nodes, pledge, .. } = <NodePool as PoolTrait<AccountId>>::recent_misses();
	(nodes, pledge.0)
}

/// The greatest total pledge at one of these misses.
fn whole() -> u64 {
	<NodePool as PoolTrait<AccountId>>::recent_misses().whole.0
}

fn clock() -> u32 {
	pallet_network_parameters::ServiceClock::<Test>::get().0
}

fn set_clock(tick: u32) {
	pallet_network_parameters::ServiceClock::<Test>::put(Tick(tick));
}

/// Three nodes of 10, 20 and 30 compute units per block, active.
fn three_nodes() -> [NodeId; 3] {
	let nodes = [
		serve(ALICE, 10, 10),
		serve(BOB, 20, 20),
		serve(CAROL, 30, 30),
	];
	next_epoch();
	nodes
}

#[test]
fn a_node_counts_once_within_the_window_however_often_it_misses() {
	build_and_execute(|| {
		let [first, second, _] = three_nodes();
		set_clock(1_000);
		assert_eq!(recent(), (0, 0));
		for tick in 1_000..1_050 {
			set_clock(tick);
			miss(first, 0);
		}
		assert_eq!(recent(), (1, 10));
		miss(second, 0);
		assert_eq!(recent(), (2, 30));
	});
}

#[test]
fn a_count_ends_with_the_window() {
	build_and_execute(|| {
		let [first, second, third] = three_nodes();
		set_clock(1_000);
		miss(first, 0);
		miss(second, 0);
		set_clock(1_095);
		miss(third, 0);
		assert_eq!(recent(), (3, 60));
		set_clock(1_100);
		assert_eq!(recent(), (1, 30));
		miss(first, 0);
		assert_eq!(recent(), (2, 40));
		set_clock(5_000);
		assert_eq!(recent(), (0, 0));
	});
}

#[test]
fn who_delivers_or_is_released_does_not_count() {
	build_and_execute(|| {
		let [first, second, _] = three_nodes();
		complete(first, 0);
		<NodePool as PoolTrait<AccountId>>::release(second, ComputeUnits(0));
		assert_eq!(recent(), (0, 0));
		assert_eq!(node(second).missed, 0);
	});
}

#[test]
fn a_node_counts_for_what_its_stake_covers_as_it_does_in_the_total() {
	build_and_execute(|| {
		let pledged = 1_000;
		serve(BOB, 20, 20);
		let id = serve(ALICE, 10, pledged);
		// Stake above the minimum for half of the backlog that is pledged.
		let parameters = NetworkParameters::parameters();
		let proof_stake = parameters.price_floor * u128::from(parameters.proof_stake) / 1_000;
		let backlog = u128::from(pledged) * u128::from(parameters.backlog_bound.0);
		let stakes = WorkerStaking::stake_view(&ALICE);
		let idle = stakes.bonded - stakes.minimum - proof_stake * backlog / 2;
		assert_ok!(WorkerStaking::unbond(RuntimeOrigin::signed(ALICE), idle));
		next_epoch();
		assert_eq!(node(id).capacity, ComputeUnits(pledged));
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(20 + pledged / 2));
		miss(id, 0);
		assert_eq!(recent(), (1, pledged / 2));
		assert_eq!(whole(), 20 + pledged / 2);
	});
}

#[test]
fn the_whole_holds_those_that_were_suspended_or_left_since() {
	build_and_execute(|| {
		let [first, second, third] = three_nodes();
		with_parameters(|parameters| parameters.suspend_after = 1);
		for (id, left) in [(first, 50), (second, 30), (third, 0)] {
			miss(id, 0);
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(left));
			assert_eq!(whole(), 60);
		}
		assert_eq!(recent(), (3, 60));
	});
}

#[test]
fn a_node_that_is_registered_again_counts_once() {
	build_and_execute(|| {
		let [first, ..] = three_nodes();
		miss(first, 0);
		for _ in 0..2 {
			let origin = RuntimeOrigin::signed(ALICE);
			let id = OperatorNodes::<Test>::get(ALICE)[0];
			assert_ok!(NodePool::leave_model(origin.clone(), id, model(1)));
			assert_ok!(NodePool::deregister_node(origin, id));
			assert_eq!(recent(), (0, 0));
			let again = serve(ALICE, 10, 10);
			let before = clock();
			next_epoch();
			assert!(clock() - before < 100);
			miss(again, 0);
			assert_eq!(recent(), (1, 10));
		}
	});
}

#[test]
fn the_record_of_a_node_goes_with_it() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 10);
		next_epoch();
		miss(id, 0);
		assert!(LastMisses::<Test>::contains_key(id));
		assert_ok!(NodePool::leave_model(
			RuntimeOrigin::signed(ALICE),
			id,
			model(1)
		));
		next_epoch();
		assert_ok!(NodePool::deregister_node(RuntimeOrigin::signed(ALICE), id));
		assert!(!LastMisses::<Test>::contains_key(id));
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn no_node_counts_twice_and_who_just_missed_counts(
		steps in prop::collection::vec((0..60u32, 0..3usize), 1..80),
		window in 10..140u32,
	) {
		new_test_ext().execute_with(|| {
			with_parameters(|parameters| parameters.breaker_window = Ticks(window));
			let nodes = three_nodes();
			let mut tick = 1_000;
			let mut misses = Vec::new();
			for (wait, which) in steps {
				tick += wait;
				set_clock(tick);
				miss(nodes[which], 0);
				misses.push((tick, which));
				let lately: std::collections::BTreeSet<usize> = misses
					.iter()
					.filter(|(at, _)| tick - at < window)
					.map(|(_, which)| *which)
					.collect();
				let (count, pledge) = recent();
				prop_assert!(count >= 1 && count as usize <= lately.len());
				prop_assert!(pledge <= lately.iter().map(|which| 10 * (*which as u64 + 1)).sum());
			}
			Ok(())
		})?;
	}
}
