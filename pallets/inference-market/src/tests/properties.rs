//! Random sequences of everything that users, operators, strangers and governance can do.
//!
//! Alice is honest: her worker delivers and proves everything in time, though as late as it may.
//! Bob and Carol do whatever the sequence says.

use super::*;
use frame_support::{traits::Hooks, weights::Weight};
use pallet_worker_staking::Event as StakingEvent;
use proptest::{prelude::*, sample::Index};
use std::collections::{BTreeMap, BTreeSet};

const SUBMITTERS: [u64; 4] = [USER, OTHER_USER, ALICE, BOB];
const OPERATORS: [u64; 3] = [ALICE, BOB, CAROL];

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
	Submit {
		by: Index,
		model: u32,
		immediate: bool,
		bid: u8,
		deadline: u32,
		at_risk: u8,
	},
	Cancel {
		which: Index,
		by: Index,
	},
	Deliver {
		which: Index,
		output: i64,
		by_worker: bool,
	},
	Prove {
		which: Index,
		output: i64,
		kind: ProofKind,
		by_worker: bool,
	},
	Expire(Index),
	Claim(Index),
	Prune(Index),
	Bond(Index, u8),
	Unbond(Index, u8),
	Withdraw(Index),
	Register(Index, u64),
	Deregister(Index),
	SetWorker(Index, u64),
	Pause(Index),
	Decline(Index, bool),
	Resume(Index),
	SetCapacity(Index, u64),
	Join(Index, u32),
	Leave(Index, u32),
	Limit {
		node: Index,
		model: u32,
		hundredths: u16,
		at_risk: Option<u8>,
	},
	Serve(bool),
	Retire(u32),
	Disable(u32),
	Forgive,
	Govern {
		slash: u16,
		stake: u16,
		share: u16,
		seeds: u32,
		draws: u32,
		backlog: u32,
		proving: u32,
	},
	Run(u32),
}

#[derive(Clone, Copy, Debug)]
enum ProofKind {
	Valid,
	OfAnother(usize),
	Garbage,
}

fn step() -> impl Strategy<Value = Step> {
	let index = any::<Index>;
	let kind = prop_oneof![
		4 => Just(ProofKind::Valid),
		1 => any::<usize>().prop_map(ProofKind::OfAnother),
		1 => Just(ProofKind::Garbage),
	];
	prop_oneof![
		12 => (index(), 1..4u32, any::<bool>(), 0..4u8, 40..300u32, prop_oneof![3 => 0..3u8, 1 => Just(200)])
			.prop_map(|(by, model, immediate, bid, deadline, at_risk)| Step::Submit {
				by, model, immediate, bid, deadline, at_risk,
			}),
		2 => (index(), index()).prop_map(|(which, by)| Step::Cancel { which, by }),
		6 => (index(), 10..14i64, any::<bool>())
			.prop_map(|(which, output, by_worker)| Step::Deliver { which, output, by_worker }),
		6 => (index(), 10..14i64, kind, any::<bool>())
			.prop_map(|(which, output, kind, by_worker)| Step::Prove { which, output, kind, by_worker }),
		2 => (index(), any::<bool>()).prop_map(|(which, by_worker)| Step::Decline(which, by_worker)),
		2 => index().prop_map(Step::Expire),
		2 => index().prop_map(Step::Claim),
		2 => index().prop_map(Step::Prune),
		1 => (index(), any::<u8>()).prop_map(|(by, units)| Step::Bond(by, units)),
		2 => (index(), any::<u8>()).prop_map(|(by, units)| Step::Unbond(by, units)),
		1 => index().prop_map(Step::Withdraw),
		1 => (index(), 0..20u64).prop_map(|(by, capacity)| Step::Register(by, capacity)),
		1 => index().prop_map(Step::Deregister),
		1 => index().prop_map(Step::Pause),
		2 => index().prop_map(Step::Resume),
		1 => (index(), 2_000..2_010u64).prop_map(|(node, worker)| Step::SetWorker(node, worker)),
		2 => (index(), 0..20u64).prop_map(|(node, capacity)| Step::SetCapacity(node, capacity)),
		2 => (index(), 1..4u32).prop_map(|(node, model)| Step::Join(node, model)),
		1 => (index(), 1..4u32).prop_map(|(node, model)| Step::Leave(node, model)),
		3 => (index(), 1..4u32, prop_oneof![100..400u16, Just(100), Just(10_000)], any::<Option<u8>>())
			.prop_map(|(node, model, hundredths, at_risk)| Step::Limit { node, model, hundredths, at_risk }),
		1 => any::<bool>().prop_map(Step::Serve),
		1 => (1..4u32).prop_map(Step::Retire),
		1 => (1..4u32).prop_map(Step::Disable),
		1 => Just(Step::Forgive),
		1 => (101..1_000u16, 1_001..3_000u16, 0..=1_000u16, 1..6u32, 1..40u32, 1..=20u32, 0..=30u32)
			.prop_map(|(slash, stake, share, seeds, draws, backlog, more)| Step::Govern {
				slash, stake, share, seeds, draws, backlog, proving: backlog + more,
			}),
		12 => prop_oneof![4 => 1..12u32, 1 => 12..80u32].prop_map(Step::Run),
	]
}

/// The world of one sequence.
struct World {
	/// All workloads, and the tick by which each must have ended.
	workloads: Vec<(WorkloadId, Tick)>,
	/// Ticks before a deadline at which the honest worker acts.
	margin: u32,
}

impl World {
	fn pick(&self, index: Index) -> Option<WorkloadId> {
		(!self.workloads.is_empty()).then(|| index.get(&self.workloads).0)
	}

	/// Lets the honest worker do what is due soon.
	fn be_honest(&self) {
		let workers: BTreeSet<u64> = NodePool::nodes_of(&ALICE)
			.into_iter()
			.map(|node| node.worker)
			.collect();
		for worker in workers {
			for item in Market::inbox(&worker, None) {
				if item.deadline.since(now()).0 > self.margin {
					continue;
				}
				let id = item.statement.workload;
				if item.state == WorkloadState::Assigned && item.mode == Mode::Deferred {
					deliver(id);
				} else {
					prove(id);
				}
			}
		}
	}

	fn run(&self, blocks: u32) {
		for _ in 0..blocks {
			run_blocks(1);
			Market::on_idle(System::block_number(), Weight::MAX);
			self.be_honest();
		}
	}

	/// Runs a step as an extrinsic would: an error leaves no trace.
	fn take(&mut self, step: Step) {
		let result = frame_support::storage::with_storage_layer(|| self.try_take(step));
		if result == Ok(true) {
			// Waiting, computing and proving in each attempt, and a block for each time-out.
			let p = parameters();
			let life = p.longest_life().unwrap().0 + u32::from(p.redraws) + 2;
			self.workloads
				.push((last_submitted(), now().after(Ticks(life))));
		}
	}

	/// Whether the step submitted a workload.
	fn try_take(&self, step: Step) -> Result<bool, DispatchError> {
		let signed = RuntimeOrigin::signed;
		let node_of = |index: Index| {
			let count = pallet_node_pool::NextNodeId::<Test>::get().0 as usize;
			let id = NodeId(index.index(count) as u32);
			let owner = NodePool::view(id).map_or(STRANGER, |node| node.operator);
			(signed(owner), id)
		};
		match step {
			Step::Submit {
				by,
				model: id,
				immediate,
				bid,
				deadline,
				at_risk,
			} => {
				let order = Order {
					submitter: *by.get(&SUBMITTERS),
					model: model(id),
					mode: if immediate {
						Mode::Immediate
					} else {
						Mode::Deferred
					},
					max_price: price() * Balance::from(bid) + 7,
					deadline: Ticks(deadline),
					value_at_risk: Balance::from(at_risk) * 300 * UNIT + 3,
					..Order::default()
				};
				order.try_submit()?;
				return Ok(true);
			},
			Step::Cancel { which, by } => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				Market::cancel(signed(*by.get(&SUBMITTERS)), id)
					.map_err(|refusal| refusal.error)?;
			},
			Step::Deliver {
				which,
				output,
				by_worker,
			} => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				let by = self.actor(id, by_worker)?;
				try_deliver(by, id, &[output])?;
			},
			Step::Decline(which, by_worker) => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				let by = self.actor(id, by_worker)?;
				Market::decline(RuntimeOrigin::signed(by), id).map_err(|refusal| refusal.error)?;
			},
			Step::Prove {
				which,
				output,
				kind,
				by_worker,
			} => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				let by = self.actor(id, by_worker)?;
				let given = [output];
				let with_output = workload(id).mode == Mode::Immediate;
				let proof = match kind {
					ProofKind::Valid => proof(id, &given),
					ProofKind::OfAnother(other) => {
						let (other, _) = self.workloads[other % self.workloads.len()];
						if !Workloads::<Test>::contains_key(other) {
							return Ok(false);
						}
						proof(other, &given)
					},
					ProofKind::Garbage => vec![1, 2, 3],
				};
				let output = with_output.then_some(given.as_slice());
				let before = state(id);
				let proven = if by == STRANGER && !with_output {
					try_relay(by, id, proof).is_ok()
				} else {
					try_prove(by, id, output, proof).is_ok()
				};
				if proven {
					assert!(!before.is_terminal());
					assert!(!matches!(kind, ProofKind::Garbage));
				}
			},
			Step::Expire(which) => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				Market::expire(signed(STRANGER), id).map_err(|refusal| refusal.error)?;
			},
			Step::Claim(of) => {
				Market::claim(
					signed(STRANGER),
					*of.get(&[USER, ALICE, BOB, CREATOR, TREASURY]),
				)
				.map_err(|refusal| refusal.error)?;
			},
			Step::Prune(which) => {
				let Some(id) = self.pick(which) else {
					return Ok(false);
				};
				Market::prune(signed(STRANGER), id).map_err(|refusal| refusal.error)?;
			},
			Step::Bond(by, units) => {
				WorkerStaking::bond(
					signed(*by.get(&OPERATORS)),
					Balance::from(units) * 10 * UNIT,
				)?;
			},
			Step::Unbond(by, units) => {
				let amount = Balance::from(units) * 100 * UNIT;
				WorkerStaking::unbond(signed(*by.get(&OPERATORS)), amount)?;
			},
			Step::Withdraw(by) => WorkerStaking::withdraw(signed(*by.get(&OPERATORS)))?,
			Step::Register(by, capacity) => {
				let worker = 1_000 + u64::from(pallet_node_pool::NextNodeId::<Test>::get().0);
				let operator = *by.get(&OPERATORS);
				NodePool::register_node(
					signed(operator),
					worker,
					ComputeUnits(capacity),
					consent(worker, operator),
				)?;
			},
			Step::Deregister(node) => {
				let (origin, id) = node_of(node);
				NodePool::deregister_node(origin, id)?;
			},
			Step::Pause(node) => {
				let (origin, id) = node_of(node);
				NodePool::pause(origin, id)?;
			},
			Step::Resume(node) => {
				let (origin, id) = node_of(node);
				NodePool::resume(origin, id)?;
			},
			Step::SetWorker(node, worker) => {
				let (origin, id) = node_of(node);
				let operator = NodePool::view(id).map_or(STRANGER, |node| node.operator);
				NodePool::set_worker(origin, id, worker, consent(worker, operator))?;
			},
			Step::SetCapacity(node, capacity) => {
				let (origin, id) = node_of(node);
				NodePool::set_capacity(origin, id, ComputeUnits(capacity))?;
			},
			Step::Join(node, to) => {
				let (origin, id) = node_of(node);
				NodePool::join_model(origin, id, model(to)).map_err(|refusal| refusal.error)?;
			},
			Step::Leave(node, from) => {
				let (origin, id) = node_of(node);
				NodePool::leave_model(origin, id, model(from))?;
			},
			Step::Limit {
				node,
				model: of,
				hundredths,
				at_risk,
			} => {
				let (origin, id) = node_of(node);
				let limits = inference_primitives::node::Limits {
					max_value_at_risk: at_risk
						.map_or(Balance::MAX, |most| Balance::from(most) * 10 * UNIT),
					max_proof_stake: Balance::MAX,
					min_work_price: 0,
					multiplier: multiplier(hundredths),
				};
				NodePool::set_limits(origin, id, model(of), Some(limits))?;
			},
			Step::Serve(serving) => NetworkParameters::set_serving(RuntimeOrigin::root(), serving)?,
			Step::Retire(id) => change_model(model(id), |model| {
				model.status = match model.status {
					ModelStatus::Active => ModelStatus::Retired,
					_ => ModelStatus::Active,
				}
			}),
			Step::Disable(id) => disable(model(id)),
			Step::Forgive => Market::forgive_delayed_slashes(RuntimeOrigin::root())?,
			Step::Govern {
				slash,
				stake,
				share,
				seeds,
				draws,
				backlog,
				proving,
			} => set_parameters(|parameters| {
				parameters.backlog_bound = Ticks(backlog);
				parameters.proving_backlog = Ticks(proving);
				parameters.miss_slash = slash;
				parameters.proof_stake = stake;
				parameters.treasury_share = share;
				parameters.seed_blocks = seeds;
				limit_draws(draws, 3);
			}),
			Step::Run(blocks) => self.run(blocks),
		}
		Ok(false)
	}

	/// The workload's worker, or somebody else. Alice's worker only does what is honest; a node that is gone
	/// once its work has ended has none.
	fn actor(&self, id: WorkloadId, by_worker: bool) -> Result<u64, DispatchError> {
		let assigned = Workloads::<Test>::get(id)
			.ok_or(DispatchError::CannotLookup)?
			.assigned
			.ok_or(DispatchError::CannotLookup)?;
		let node = NodePool::view(assigned.node);
		Ok(match node {
			Some(node) if by_worker && assigned.operator != ALICE => node.worker,
			_ => STRANGER,
		})
	}

	/// What must hold after every step.
	fn check(&self, issuance: Balance) -> Result<(), TestCaseError> {
		check_state();
		prop_assert_eq!(Balances::total_issuance(), issuance);
		// Rule 2: what a node owes is what it was given, workload by workload; and so with stakes.
		let mut loads = BTreeMap::<NodeId, (u64, u64)>::new();
		let mut locked = BTreeMap::<u64, Balance>::new();
		for stored in Workloads::<Test>::iter_values() {
			// What was paid is within the bid and the fees, and the operator's part what its node asks.
			let (terms, settlement) = (stored.terms, stored.settlement);
			let paid = settlement.worker + settlement.creator + settlement.treasury;
			prop_assert!(paid <= terms.max_price + terms.risk_fee + terms.slot_fee);
			if !stored.state.is_terminal() {
				prop_assert_eq!(Some(stored.held), terms.escrow());
				prop_assert_eq!(settlement.refunded, 0);
			}
			if let Some(assigned) = &stored.assigned {
				// What the node asks at the base price of the first draw, within the bid; and stake of it.
				let work = Balance::from(terms.compute_units.0) * stored.base_price.unwrap();
				let asked = assigned.multiplier.charge(work).unwrap() + terms.on_top().unwrap();
				prop_assert_eq!(assigned.price, asked);
				prop_assert!(assigned.price <= terms.max_price);
				let locked = terms.proof_stake_for(asked).unwrap();
				prop_assert_eq!(assigned.proof_stake, locked);
			}
			if let (WorkloadState::Settled, Some(assigned)) = (stored.state, &stored.assigned) {
				let price = assigned.price;
				let floor = Balance::from(terms.compute_units.0) * terms.price_floor;
				let due = assigned.multiplier.earn(floor).unwrap();
				let kept = Balance::from(1_000 - terms.treasury_share);
				prop_assert_eq!(settlement.worker, due * kept / 1_000 + terms.risk_fee);
				// To the planck: the price, the risk fee, and the slot of one that was not failed.
				let slot = if stored.failed_operators.is_empty() {
					terms.slot_fee
				} else {
					0
				};
				prop_assert_eq!(paid, price + terms.risk_fee + slot);
				prop_assert_eq!(settlement.refunded, settlement.escrowed - paid);
			}
			if let Some(assigned) = stored.assigned.filter(|_| !stored.state.is_terminal()) {
				*locked.entry(assigned.operator).or_default() += assigned.proof_stake;
				let load = loads.entry(assigned.node).or_default();
				match stored.state {
					WorkloadState::Assigned => load.0 += stored.terms.compute_units.0,
					_ => load.1 += stored.terms.compute_units.0,
				}
				prop_assert!(assigned.operator != stored.submitter);
			}
		}
		for (id, node) in pallet_node_pool::Nodes::<Test>::iter() {
			prop_assert_eq!(
				(node.outstanding.0, node.proving.0),
				loads.get(&id).copied().unwrap_or_default()
			);
		}
		for operator in OPERATORS {
			let sum = locked.get(&operator).copied().unwrap_or(0);
			prop_assert_eq!(stake(operator).proof_stakes, sum);
		}
		// Rule 5: the honest operator was not slashed.
		for record in System::read_events_no_consensus() {
			if let RuntimeEvent::WorkerStaking(
				StakingEvent::BondSlashed { operator, .. }
				| StakingEvent::ProofStakeSlashed { operator, .. },
			) = record.event
			{
				prop_assert!(operator != ALICE, "the honest operator was slashed");
			}
		}
		System::reset_events();
		// Rule 6: every workload has ended by a known tick.
		for (id, end) in &self.workloads {
			if let Some(stored) = Workloads::<Test>::get(id) {
				prop_assert!(stored.state.is_terminal() || now() <= *end);
			}
		}
		Ok(())
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

	#[test]
	fn money_capacity_honesty_and_liveness_survive_every_sequence(
		salt in any::<u8>(),
		margin in 0..20u32,
		steps in prop::collection::vec(step(), 1..120),
	) {
		let nodes = [(ALICE, 6), (BOB, 4), (CAROL, 9)];
		let short = |parameters: &mut inference_primitives::ProtocolParameters| {
			parameters.retention = Ticks(60);
			// Room for a proving backlog above the backlog.
			parameters.proof_deadline = Ticks(80);
			parameters.proving_backlog = Ticks(50);
		};
		ExtBuilder::default().nodes(&nodes).parameters(short).build().execute_with(|| {
			VrfSalt::set(salt);
			let issuance = Balances::total_issuance();
			let mut world = World { workloads: Vec::new(), margin };
			for step in steps {
				world.take(step);
				world.check(issuance)?;
			}
			let _ = NetworkParameters::set_serving(RuntimeOrigin::root(), true);
			let pause = parameters().breaker_pause.0;
			let longest = parameters().longest_life().unwrap().0 + pause + 5;
			for _ in 0..longest / 20 + 1 {
				world.run(20);
				world.check(issuance)?;
			}
			prop_assert!(Workloads::<Test>::iter_values().all(|one| one.state.is_terminal()));
			prop_assert_eq!(DelayedSlashes::<Test>::iter().count(), 0);
			for operator in OPERATORS {
				prop_assert_eq!(stake(operator).proof_stakes, 0);
			}
			for user in SUBMITTERS {
				prop_assert_eq!(held(HoldReason::Escrow, user), 0);
			}
			for id in 1..4 {
				prop_assert_eq!(in_flight(model(id)), 0);
			}
			// What the pallet's account has are the credits, and all of them can be paid.
			let credits: Vec<u64> = Credits::<Test>::iter_keys().collect();
			for account in credits {
				if credit(account) >= EXISTENTIAL_DEPOSIT || System::account_exists(&account) {
					assert_ok!(Market::claim(RuntimeOrigin::signed(STRANGER), account));
				}
			}
			let unpaid: Balance = Credits::<Test>::iter_values().sum();
			prop_assert_eq!(free(Market::account_id()), EXISTENTIAL_DEPOSIT + unpaid);
			Ok(())
		})?;
	}
}
