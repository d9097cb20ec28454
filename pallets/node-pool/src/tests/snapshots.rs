//! The snapshots of pools: weights by the stake that can be locked, and how they are taken.

use super::*;

/// The proof stake of one workload of the mock's models (a compute unit at the price floor).
fn one_stake() -> Balance {
	NetworkParameters::parameters().price_floor * 3 / 2
}

/// Unbonds all of an operator's free stake but `rest`.
fn leave_free(operator: AccountId, rest: Balance) {
	let stakes = WorkerStaking::stake_view(&operator);
	let amount = stakes.bonded - stakes.minimum - rest;
	assert_ok!(WorkerStaking::unbond(
		RuntimeOrigin::signed(operator),
		amount
	));
}

/// Weights of nodes that ask the base price, in compute units per block.
fn weights(of: ModelRef) -> Vec<(NodeId, u64)> {
	let mut before = 0;
	Pools::<Test>::get(of)
		.iter()
		.map(|member| {
			let weight = (member.cumulative - before) / 100;
			before = member.cumulative;
			(member.node, weight)
		})
		.collect()
}

#[test]
fn who_can_lock_nothing_is_in_no_snapshot() {
	build_and_execute(|| {
		let dead = serve(ALICE, 10, 950);
		let honest = serve(BOB, 20, 50);
		leave_free(ALICE, one_stake() - 1);
		next_epoch();
		assert_eq!(weights(model(1)), vec![(honest, 50)]);
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(50));
		assert_eq!(NodePool::view(dead).unwrap().models, vec![]);
		// It stays a member, and comes back with its stake.
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(WorkerStaking::bond(origin, 100 * UNIT));
		next_epoch();
		assert_eq!(weights(model(1)), vec![(dead, 950), (honest, 50)]);
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(1_000));
	});
}

#[test]
fn weight_is_the_part_of_the_capacity_whose_backlog_the_stake_covers() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 1_000);
		let whole = one_stake() * 1_000 * Balance::from(BACKLOG);
		for (rest, weight) in [
			(whole, 1_000),
			(whole - 1, 999),
			(whole / 4, 250),
			(one_stake(), 1),
		] {
			leave_free(ALICE, rest);
			next_epoch();
			assert_eq!(weights(model(1)), vec![(id, weight)]);
		}
	});
}

#[test]
fn who_can_lock_less_than_the_least_proof_stake_is_in_no_snapshot() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		let least = 10 * one_stake();
		LeastStake::set(least);
		for (rest, expected) in [
			(50 * Balance::from(BACKLOG) * least, vec![(id, 50)]),
			(25 * Balance::from(BACKLOG) * least, vec![(id, 25)]),
			(least, vec![(id, 1)]),
			(least - 1, vec![]),
		] {
			leave_free(ALICE, rest);
			next_epoch();
			assert_eq!(weights(model(1)), expected);
		}
	});
}

#[test]
fn nodes_of_an_operator_share_its_stake() {
	build_and_execute(|| {
		let large = serve(ALICE, 10, 300);
		let small = serve(ALICE, 11, 100);
		leave_free(ALICE, one_stake() * 200 * Balance::from(BACKLOG));
		next_epoch();
		assert_eq!(weights(model(1)), vec![(large, 150), (small, 50)]);
	});
}

#[test]
fn stake_that_work_in_hand_holds_counts() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		next_epoch();
		let all = FUNDS / 2 - 100 * UNIT;
		let request = inference_primitives::traits::DrawRequest {
			bid: locking(all),
			..request(0, 1)
		};
		assert!(draw(&request).is_some());
		next_epoch();
		assert_eq!(weights(model(1)), vec![(id, 50)]);
		assert_eq!(
			PoolOffers::<Test>::get(model(1)).map(|offer| offer.reach),
			Some(all)
		);
	});
}

#[test]
fn stake_that_left_within_the_epoch_changes_no_weight_before_the_next() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		next_epoch();
		leave_free(ALICE, 0);
		assert_eq!(weights(model(1)), vec![(id, 50)]);
		next_epoch();
		assert_eq!(weights(model(1)), vec![]);
	});
}

#[test]
fn a_block_takes_a_bounded_number_of_snapshots_and_the_next_ones_the_rest() {
	build_and_execute(|| {
		// A pool a block: each costs its one member and four more.
		MaxSnapshotMembers::set(5);
		let first = register(ALICE, 10, 5);
		let second = register(BOB, 20, 6);
		for (operator, id, of) in [
			(ALICE, first, 1),
			(ALICE, first, 2),
			(BOB, second, 3),
			(BOB, second, 4),
		] {
			join(operator, id, model(of));
		}
		next_epoch();
		let taken = || {
			(1..5)
				.filter(|of| Pools::<Test>::contains_key(model(*of)))
				.count()
		};
		for expected in 1..=4 {
			assert_eq!(taken(), expected);
			check_state();
			run_to_block(System::block_number() + 1);
		}
		assert_eq!(SnapshotsDue::<Test>::get(), None);
	});
}

/// Lets so many models have a pool of one node each, in blocks that take one snapshot each, and epochs of so
/// many blocks; the first of these is next.
fn pools_of_one(models: u32, epoch: u32) {
	MaxSnapshotMembers::set(5);
	run_to_block(30);
	let mut nodes = [(ALICE, 10), (ALICE, 11), (BOB, 20), (BOB, 21)]
		.map(|(operator, worker)| (operator, register(operator, worker, 5)))
		.into_iter()
		.cycle();
	for of in 1..=models {
		let (operator, id) = nodes.next().unwrap();
		join(operator, id, model(of));
	}
	EpochStart::<Test>::put(System::block_number() as u32);
	with_parameters(|parameters| parameters.node_epoch = epoch);
	run_to_block(System::block_number() + u64::from(epoch) - 1);
}

/// Which of so many models' pools get a snapshot in so many blocks.
fn taken_within(blocks: u64, models: u32) -> Vec<u32> {
	for of in 1..=models {
		Pools::<Test>::remove(model(of));
	}
	run_to_block(System::block_number() + blocks);
	(1..=models)
		.filter(|of| Pools::<Test>::contains_key(model(*of)))
		.collect()
}

#[test]
fn every_pool_has_its_turn_although_an_epoch_takes_fewer_than_there_are() {
	build_and_execute(|| {
		pools_of_one(8, 3);
		for _ in 0..5 {
			assert_eq!(taken_within(8, 8), (1..=8).collect::<Vec<_>>());
		}
	});
}

#[test]
fn a_round_ends_where_it_began() {
	build_and_execute(|| {
		pools_of_one(4, 3);
		assert_eq!(taken_within(3, 4).len(), 3);
		// The fourth comes first, then the others, wherever the storage has them; the fifth block takes none.
		with_parameters(|parameters| parameters.node_epoch = 10);
		EpochStart::<Test>::put(System::block_number() as u32 - 9);
		let due = SnapshotsDue::<Test>::get().unwrap();
		let fourth = Members::<Test>::iter_keys()
			.skip_while(|model| Some(*model) != due.after)
			.nth(1)
			.or(Members::<Test>::iter_keys().next());
		let first: Vec<_> = taken_within(1, 4).into_iter().map(model).collect();
		assert_eq!(first, fourth.into_iter().collect::<Vec<_>>());
		assert_eq!(taken_within(3, 4).len(), 3);
		assert_eq!(SnapshotsDue::<Test>::get(), None);
		assert_eq!(taken_within(6, 4), Vec::<u32>::new());
		assert_eq!(taken_within(4, 4).len(), 4);
	});
}

#[test]
fn a_round_ends_although_the_pool_at_which_it_began_is_gone() {
	build_and_execute(|| {
		pools_of_one(4, 3);
		assert_eq!(taken_within(2, 4).len(), 2);
		let until = SnapshotsDue::<Test>::get()
			.and_then(|due| due.after)
			.unwrap();
		let id = Members::<Test>::get(until)[0];
		let operator = node(id).operator;
		with_parameters(|parameters| parameters.node_epoch = 10);
		EpochStart::<Test>::put(System::block_number() as u32 - 9);
		assert_ok!(NodePool::leave_model(
			RuntimeOrigin::signed(operator),
			id,
			until
		));
		assert_eq!(taken_within(4, 4).len(), 3);
		assert_eq!(SnapshotsDue::<Test>::get(), None);
		taken_within(6, 4);
		taken_within(4, 4);
	});
}

#[test]
fn a_model_joined_while_snapshots_are_taken_waits_for_the_next_epoch() {
	build_and_execute(|| {
		MaxSnapshotMembers::set(5);
		let id = register(ALICE, 10, 5);
		join(ALICE, id, model(1));
		next_epoch();
		join(ALICE, id, model(2));
		run_to_block(System::block_number() + 5);
		assert_eq!(pool(model(1)), vec![id]);
		assert_eq!(pool(model(2)), vec![]);
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(5));
		next_epoch();
		run_to_block(System::block_number() + 2);
		assert_eq!(pool(model(2)), vec![id]);
	});
}

#[test]
fn who_cannot_hold_one_workload_of_the_model_is_in_no_snapshot() {
	build_and_execute(|| {
		let small = serve(ALICE, 10, 4);
		let large = serve(BOB, 20, 5);
		// Four units a block, for twenty blocks, are less than one workload; five are just one.
		ModelUnits::set(5 * BACKLOG);
		next_epoch();
		assert_eq!(weights(model(1)), vec![(large, 5)]);
		assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(5));
		ModelUnits::set(4 * BACKLOG);
		next_epoch();
		assert_eq!(weights(model(1)), vec![(small, 4), (large, 5)]);
	});
}

#[test]
fn who_cannot_hold_one_workload_within_its_backlog_of_proofs_is_in_no_snapshot() {
	build_and_execute(|| {
		with_parameters(|parameters| parameters.proving_backlog = Ticks(10));
		serve(ALICE, 10, 5);
		ModelUnits::set(51);
		next_epoch();
		assert_eq!(weights(model(1)), vec![]);
		ModelUnits::set(50);
		next_epoch();
		assert_eq!(weights(model(1)).len(), 1);
	});
}
