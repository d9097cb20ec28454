//! Nobody can be locked in: what takes away is always possible and acts at once.

use super::*;
use frame_support::traits::fungible::Mutate;

/// Lets 32 operators register two nodes of one compute unit each, or raise their capacity, as they
/// can in every epoch.
fn crowd() {
	for operator in 1_000..1_032u64 {
		let signed = RuntimeOrigin::signed(operator);
		let nodes = OperatorNodes::<Test>::get(operator);
		if nodes.is_empty() {
			assert_ok!(Balances::mint_into(&operator, 1_000 * UNIT));
			assert_ok!(WorkerStaking::bond(signed.clone(), 200 * UNIT));
			register(operator, operator + 1_000, 1);
			register(operator, operator + 2_000, 1);
		}
		for id in nodes {
			let capacity = node(id).next_capacity.0 + 1;
			let more = ComputeUnits(capacity);
			assert_ok!(NodePool::set_capacity(signed.clone(), id, more));
		}
	}
}

#[test]
fn sixty_four_one_unit_nodes_lock_nobody_in() {
	let acts: [fn(NodeId) -> sp_runtime::DispatchResult; 3] = [
		|id| NodePool::leave_model(RuntimeOrigin::signed(ALICE), id, model(1)),
		|id| NodePool::set_capacity(RuntimeOrigin::signed(ALICE), id, ComputeUnits(1)),
		|id| NodePool::pause(RuntimeOrigin::signed(ALICE), id),
	];
	for act in acts {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			crowd();
			next_epoch();
			crowd();
			assert!(draw(&request(0, BACKLOG + 1)).is_some());
			assert_ok!(act(id));
			assert!(draw(&request(1, BACKLOG + 1)).is_none());
			complete(id, BACKLOG + 1);
		});
	}
}

#[test]
fn nor_do_they_keep_anybody_out() {
	build_and_execute(|| {
		crowd();
		let id = serve(ALICE, 10, 50);
		assert_ok!(NodePool::set_capacity(
			RuntimeOrigin::signed(ALICE),
			id,
			ComputeUnits(60)
		));
		crowd();
		next_epoch();
		assert_eq!(pool(model(1)), vec![id]);
		assert_eq!(node(id).capacity, ComputeUnits(60));
	});
}
