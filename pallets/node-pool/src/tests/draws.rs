//! What the draws of one block share.

use super::*;
use crate::WeightInfo;
use inference_primitives::traits::{DrawRequest, Drawn, NodePool as PoolTrait};

type Pool = NodePool;

fn draw_next(draws: &mut Draws<Test>, request: &DrawRequest<AccountId>) -> (NodeId, u64) {
	match <Pool as PoolTrait<AccountId>>::draw_next(draws, request) {
		(Drawn::Assigned(assignment), weight) => (assignment.node, weight.ref_time()),
		(other, _) => panic!("{other:?}"),
	}
}

#[test]
fn a_pool_is_read_with_the_first_draw_of_its_model_and_a_node_written_with_the_first_of_it() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		next_epoch();
		let mut draws = <Pool as PoolTrait<AccountId>>::begin_draws();
		let draw = <() as WeightInfo>::draw(1).ref_time();
		let first = draw + <() as WeightInfo>::reserve().ref_time();
		let open = <() as WeightInfo>::open_pool().ref_time();
		assert_eq!(draw_next(&mut draws, &request(0, 1)), (id, open + first));
		let again = draw + <() as WeightInfo>::reserve_again().ref_time();
		assert_eq!(draw_next(&mut draws, &request(1, 1)), (id, again));
		assert!(again < first);
		// The next block knows nothing of it.
		let mut draws = <Pool as PoolTrait<AccountId>>::begin_draws();
		assert_eq!(draw_next(&mut draws, &request(2, 1)), (id, open + first));
	});
}

#[test]
fn each_draw_of_a_block_sees_what_the_ones_before_reserved() {
	build_and_execute(|| {
		serve(ALICE, 10, 50);
		next_epoch();
		let mut draws = <Pool as PoolTrait<AccountId>>::begin_draws();
		let half = 50 * BACKLOG / 2;
		draw_next(&mut draws, &request(0, half));
		draw_next(&mut draws, &request(1, half));
		let full = <Pool as PoolTrait<AccountId>>::draw_next(&mut draws, &request(2, 1)).0;
		assert_eq!(full, Drawn::Busy);
	});
}

#[test]
fn another_models_workload_is_drawn_from_its_own_pool() {
	build_and_execute(|| {
		let first = serve(ALICE, 10, 50);
		let second = register(BOB, 20, 50);
		join(BOB, second, model(2));
		next_epoch();
		let mut draws = <Pool as PoolTrait<AccountId>>::begin_draws();
		let of = |id| DrawRequest {
			model: model(id),
			..request(0, 1)
		};
		assert_eq!(draw_next(&mut draws, &of(1)).0, first);
		assert_eq!(draw_next(&mut draws, &of(2)).0, second);
		assert_eq!(draw_next(&mut draws, &of(1)).0, first);
	});
}

#[test]
fn what_an_operator_pledges_follows_each_of_its_nodes() {
	build_and_execute(|| {
		let pledge = || {
			let parameters = pallet_network_parameters::Parameters::<Test>::get();
			<WorkerStaking as inference_primitives::traits::Stakes<AccountId>>::backing(
				&ALICE,
				&parameters,
			)
			.pledge
			.0
		};
		let first = register(ALICE, 10, 50);
		let second = register(ALICE, 11, 30);
		assert_eq!(pledge(), 80);
		next_epoch();
		let set = |id, units| {
			let origin = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::set_capacity(origin, id, ComputeUnits(units)));
		};
		set(first, 60);
		assert_eq!(pledge(), 90);
		set(second, 10);
		assert_eq!(pledge(), 70);
		assert_ok!(NodePool::deregister_node(
			RuntimeOrigin::signed(ALICE),
			first
		));
		assert_eq!(pledge(), 10);
	});
}
