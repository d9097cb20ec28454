//! Random sequences of calls, draws and epochs.

use super::*;
use inference_primitives::traits::DrawRequest;
use proptest::prelude::*;

const OPERATORS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];

/// What can happen to the pools.
#[derive(Clone, Debug)]
enum Step {
	Register(usize, u64),
	SetCapacity(u32, u64),
	Join(u32, u32),
	Leave(u32, u32),
	Deregister(u32),
	Draw {
		seed: u8,
		model: u32,
		compute_units: u64,
	},
	Release {
		which: usize,
		delivered: bool,
	},
	Run(u64),
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		2 => (0..4usize, 0..60u64).prop_map(|(operator, capacity)| Step::Register(operator, capacity)),
		2 => (0..8u32, 0..60u64).prop_map(|(node, capacity)| Step::SetCapacity(node, capacity)),
		4 => (0..8u32, 0..3u32).prop_map(|(node, model)| Step::Join(node, model)),
		2 => (0..8u32, 0..3u32).prop_map(|(node, model)| Step::Leave(node, model)),
		1 => (0..8u32).prop_map(Step::Deregister),
		8 => (any::<u8>(), 0..3u32, 1..600u64)
			.prop_map(|(seed, model, compute_units)| Step::Draw { seed, model, compute_units }),
		5 => (any::<usize>(), any::<bool>())
			.prop_map(|(which, delivered)| Step::Release { which, delivered }),
		3 => (1..60u64).prop_map(Step::Run),
	]
}

/// Runs a step as an extrinsic would: an error leaves no trace. `owed` has what was drawn.
fn take(step: Step, owed: &mut Vec<(NodeId, u64)>) {
	let origin = |id: NodeId| {
		RuntimeOrigin::signed(Nodes::<Test>::get(id).map_or(USER, |node| node.operator))
	};
	let _ = frame_support::storage::with_storage_layer(|| match step {
		Step::Register(operator, capacity) => {
			let operator = OPERATORS[operator];
			let worker = 100 + u64::from(NextNodeId::<Test>::get().0);
			let origin = RuntimeOrigin::signed(operator);
			NodePool::register_node(origin, worker, ComputeUnits(capacity))
		},
		Step::SetCapacity(id, capacity) => {
			NodePool::set_capacity(origin(NodeId(id)), NodeId(id), ComputeUnits(capacity))
		},
		Step::Join(id, to) => NodePool::join_model(origin(NodeId(id)), NodeId(id), model(to)),
		Step::Leave(id, from) => NodePool::leave_model(origin(NodeId(id)), NodeId(id), model(from)),
		Step::Deregister(id) => NodePool::deregister_node(origin(NodeId(id)), NodeId(id)),
		Step::Draw {
			seed,
			model: of,
			compute_units,
		} => {
			let request = DrawRequest {
				model: model(of),
				..request(seed, compute_units)
			};
			let before = pool(model(of));
			if let Some(assignment) = draw(&request) {
				assert!(before.contains(&assignment.node));
				let drawn = node(assignment.node);
				assert!(drawn.outstanding.0 <= drawn.usable_capacity().0 * BACKLOG);
				owed.push((assignment.node, compute_units));
			}
			Ok(())
		},
		Step::Release { which, delivered } => {
			if !owed.is_empty() {
				let (id, compute_units) = owed.swap_remove(which % owed.len());
				release(id, compute_units, delivered);
			}
			Ok(())
		},
		Step::Run(blocks) => {
			run_to_block(System::block_number() + blocks);
			Ok(())
		},
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	/// Rule 2: outstanding ≤ capacity × B, and it is exactly what was drawn and not released.
	/// Pools change when an epoch begins and at no other time.
	#[test]
	fn capacity_is_never_exceeded_and_released_exactly_once(
		steps in prop::collection::vec(step(), 1..80),
	) {
		new_test_ext().execute_with(|| {
			let mut owed = Vec::new();
			for step in steps {
				let epoch = Epoch::<Test>::get();
				let pools: Vec<_> = (0..3).map(|id| Pools::<Test>::get(model(id))).collect();
				take(step, &mut owed);
				check_state();
				if Epoch::<Test>::get() == epoch {
					let now: Vec<_> = (0..3).map(|id| Pools::<Test>::get(model(id))).collect();
					prop_assert_eq!(now, pools);
				}
				for (id, stored) in Nodes::<Test>::iter() {
					let sum: u64 = owed.iter().filter(|(of, _)| *of == id).map(|(_, cu)| cu).sum();
					prop_assert_eq!(stored.outstanding.0, sum);
				}
			}
			for (id, compute_units) in owed {
				release(id, compute_units, true);
			}
			prop_assert!(Nodes::<Test>::iter_values().all(|node| node.outstanding.0 == 0));
			Ok(())
		})?;
	}
}
