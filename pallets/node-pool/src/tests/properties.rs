//! Random sequences of calls, draws and epochs.

use super::*;
use inference_primitives::{node::Standing, traits::DrawRequest};
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
	SetWorker(u32, u64),
	Pause(u32),
	Resume(u32),
	/// Unbonds this part of an operator's free stake, in 255ths, or bonds so many units.
	Stake(usize, u8, bool),
	Draw {
		seed: u8,
		model: u32,
		compute_units: u64,
		immediate: bool,
		pinned: u32,
	},
	Deliver(usize),
	Miss(usize),
	Decline(usize),
	SetLimits(u32, u32, Option<u8>),
	Settle(usize),
	Govern {
		backlog: u32,
		proving: u32,
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
		1 => (0..8u32).prop_map(Step::Pause),
		1 => (0..8u32).prop_map(Step::Resume),
		1 => (0..4usize, any::<u8>(), any::<bool>()).prop_map(|(operator, part, out)| {
			Step::Stake(operator, part, out)
		}),
		1 => (0..8u32, 100..110u64).prop_map(|(node, worker)| Step::SetWorker(node, worker)),
		8 => (any::<u8>(), 0..3u32, 1..600u64, any::<bool>(), 1..60u32).prop_map(
			|(seed, model, compute_units, immediate, pinned)| Step::Draw {
				seed, model, compute_units, immediate, pinned,
			},
		),
		4 => any::<usize>().prop_map(Step::Deliver),
		2 => any::<usize>().prop_map(Step::Miss),
		1 => any::<usize>().prop_map(Step::Decline),
		1 => (0..8u32, 0..3u32, any::<Option<u8>>()).prop_map(|(node, model, most)| {
			Step::SetLimits(node, model, most)
		}),
		3 => any::<usize>().prop_map(Step::Settle),
		1 => (1..30u32, 0..40u32).prop_map(|(backlog, more)| Step::Govern {
			backlog, proving: backlog + more,
		}),
		3 => (1..60u64).prop_map(Step::Run),
	]
}

/// What was drawn and has not left the node: to be delivered, and to be proven.
#[derive(Default)]
struct Owed {
	outputs: Vec<(NodeId, u64)>,
	proofs: Vec<(NodeId, u64)>,
}

fn pick(owed: &mut Vec<(NodeId, u64)>, which: usize) -> Option<(NodeId, u64)> {
	(!owed.is_empty()).then(|| owed.swap_remove(which % owed.len()))
}

fn sum_of(owed: &[(NodeId, u64)], node: NodeId) -> u64 {
	owed.iter()
		.filter(|(of, _)| *of == node)
		.map(|(_, compute_units)| compute_units)
		.sum()
}

/// Runs a step as an extrinsic would: an error leaves no trace.
fn take(step: Step, owed: &mut Owed) {
	let origin = |id: NodeId| {
		RuntimeOrigin::signed(Nodes::<Test>::get(id).map_or(USER, |node| node.operator))
	};
	let _ = frame_support::storage::with_storage_layer(|| match step {
		Step::Register(operator, capacity) => {
			let operator = OPERATORS[operator];
			let worker = 100 + u64::from(NextNodeId::<Test>::get().0);
			let origin = RuntimeOrigin::signed(operator);
			let agreed = consent(worker, operator);
			NodePool::register_node(origin, worker, ComputeUnits(capacity), agreed)
		},
		Step::SetCapacity(id, capacity) => {
			let before = NodePool::node(NodeId(id));
			let capacity = ComputeUnits(capacity);
			let result = NodePool::set_capacity(origin(NodeId(id)), NodeId(id), capacity);
			let lowers = before.is_some_and(|node| capacity <= node.usable);
			assert!(result.is_ok() || !lowers || capacity == ComputeUnits::ZERO);
			result
		},
		Step::Join(id, to) => NodePool::join_model(origin(NodeId(id)), NodeId(id), model(to))
			.map(|_| ())
			.map_err(|refused| refused.error),
		Step::Leave(id, from) => {
			let before = NodePool::node(NodeId(id));
			let result = NodePool::leave_model(origin(NodeId(id)), NodeId(id), model(from));
			let joined = before.is_some_and(|node| node.next_models.contains(&model(from)));
			assert_eq!(result.is_ok(), joined);
			result
		},
		Step::Deregister(id) => NodePool::deregister_node(origin(NodeId(id)), NodeId(id)),
		Step::SetWorker(id, worker) => {
			let operator = Nodes::<Test>::get(NodeId(id)).map_or(USER, |node| node.operator);
			let agreed = consent(worker, operator);
			NodePool::set_worker(origin(NodeId(id)), NodeId(id), worker, agreed)
		},
		Step::Pause(id) => {
			let before = NodePool::node(NodeId(id));
			let result = NodePool::pause(origin(NodeId(id)), NodeId(id));
			let runs = before.is_some_and(|node| {
				matches!(node.standing, Standing::Active | Standing::Resuming(_))
			});
			assert_eq!(result.is_ok(), runs);
			result
		},
		Step::Resume(id) => NodePool::resume(origin(NodeId(id)), NodeId(id)),
		Step::Stake(operator, part, out) => {
			let operator = OPERATORS[operator];
			let origin = RuntimeOrigin::signed(operator);
			let stakes = WorkerStaking::stake_view(&operator);
			if out {
				let free = stakes.bonded.saturating_sub(stakes.minimum);
				WorkerStaking::unbond(origin, free * u128::from(part) / 255)
			} else {
				WorkerStaking::bond(origin, u128::from(part) * UNIT)
			}
		},
		Step::Draw {
			seed,
			model: of,
			compute_units,
			immediate,
			pinned,
		} => {
			let request = DrawRequest {
				model: model(of),
				mode: if immediate {
					Mode::Immediate
				} else {
					Mode::Deferred
				},
				proving_backlog: Ticks(pinned),
				bid: Bid {
					work: BasePrice::get() * Balance::from(compute_units),
					most: 5 * BasePrice::get() * Balance::from(compute_units),
					..locking(UNIT)
				},
				..request(seed, compute_units)
			};
			let before = pool(model(of));
			if let Some(assignment) = draw(&request) {
				assert!(before.contains(&assignment.node));
				// The price is the drawn node's, and within the bid.
				let member = Pools::<Test>::get(model(of))
					.into_iter()
					.find(|member| member.node == assignment.node)
					.unwrap();
				assert_eq!(assignment.multiplier, member.multiplier());
				let work = BasePrice::get() * Balance::from(compute_units);
				let price = assignment.multiplier.charge(work).unwrap();
				assert_eq!(assignment.quote.price, price);
				assert!(price <= 5 * work);
				let drawn = node(assignment.node);
				assert!(drawn.standing.serves(Epoch::<Test>::get()));
				assert!(drawn.next_models.contains(&model(of)));
				let (outstanding, proving) = load(assignment.node);
				let parameters = NetworkParameters::parameters();
				let most = |time: Ticks| drawn.usable.0 * u64::from(time.0);
				assert!(outstanding <= most(parameters.backlog_bound));
				let backlog = parameters.proving_backlog.min(Ticks(pinned));
				assert!(outstanding + proving <= most(backlog));
				owed.outputs.push((assignment.node, compute_units));
			}
			Ok(())
		},
		Step::Deliver(which) => {
			if let Some((id, compute_units)) = pick(&mut owed.outputs, which) {
				deliver(id, compute_units);
				owed.proofs.push((id, compute_units));
			}
			Ok(())
		},
		Step::Miss(which) => {
			if let Some((id, compute_units)) = pick(&mut owed.outputs, which) {
				miss(id, compute_units);
			}
			Ok(())
		},
		Step::Decline(which) => {
			if let Some((id, compute_units)) = pick(&mut owed.outputs, which) {
				decline(id, compute_units);
			}
			Ok(())
		},
		Step::SetLimits(id, of, most) => {
			let limits = most.map(|most| Limits {
				max_value_at_risk: most.into(),
				max_proof_stake: u128::from(most) * UNIT / 100,
				min_work_price: 0,
				multiplier: multiplier(100 + 7 * u16::from(most)),
			});
			NodePool::set_limits(origin(NodeId(id)), NodeId(id), model(of), limits)
		},
		Step::Settle(which) => {
			if let Some((id, compute_units)) = pick(&mut owed.proofs, which) {
				settle(id, compute_units);
			}
			Ok(())
		},
		Step::Govern { backlog, proving } => {
			with_parameters(|parameters| {
				parameters.backlog_bound = Ticks(backlog);
				parameters.proving_backlog = Ticks(proving);
			});
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

	/// Rule 2: outstanding ≤ capacity × B and outstanding + proving ≤ capacity × P_B, and they are
	/// exactly what was drawn and not delivered or missed, and what was delivered and not settled.
	/// Pools change when an epoch begins and at no other time, but for one that its last member
	/// leaves, or is taken out of. Leaving what was joined, lowering, and pausing what runs always succeed.
	#[test]
	fn capacity_is_never_exceeded_and_released_exactly_once(
		steps in prop::collection::vec(step(), 1..80),
	) {
		new_test_ext().execute_with(|| {
			let mut owed = Owed::default();
			for step in steps {
				let epoch = Epoch::<Test>::get();
				let pools: Vec<_> = (0..3).map(|id| Pools::<Test>::get(model(id))).collect();
				take(step, &mut owed);
				check_state();
				if Epoch::<Test>::get() == epoch {
					let now: Vec<_> = (0..3).map(|id| Pools::<Test>::get(model(id))).collect();
					for (now, before) in now.iter().zip(&pools) {
						prop_assert!(now == before || now.is_empty());
					}
				}
				for (id, stored) in Nodes::<Test>::iter() {
					prop_assert_eq!(stored.outstanding.0, sum_of(&owed.outputs, id));
					prop_assert_eq!(stored.proving.0, sum_of(&owed.proofs, id));
				}
			}
			for (id, compute_units) in owed.outputs {
				complete(id, compute_units);
			}
			for (id, compute_units) in owed.proofs {
				settle(id, compute_units);
			}
			let idle = inference_primitives::traits::NodeLoad::default();
			prop_assert!(Nodes::<Test>::iter_values().all(|node| node.load() == idle));
			Ok(())
		})?;
	}
}
