//! Rule 5 for an operator whose prover is as fast as its pledge and no faster: it delivers as soon as
//! it can, proves in the order of assignment, and is never slashed, whatever is ordered.

use super::*;
use inference_primitives::ProtocolParameters;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

const WORKER: u64 = ALICE * 10;
const NODE: NodeId = NodeId(0);

/// A prover that makes so many compute units of proofs per block.
struct Prover {
	rate: u64,
	known: BTreeSet<WorkloadId>,
	/// Jobs in the order of assignment, with what is left to do.
	jobs: VecDeque<(WorkloadId, u64)>,
}

impl Prover {
	fn new(rate: u64) -> Self {
		Self {
			rate,
			known: BTreeSet::new(),
			jobs: VecDeque::new(),
		}
	}

	/// A block's work: on old jobs first, then new ones are taken, and their outputs delivered.
	fn work(&mut self) {
		let mut budget = self.rate;
		while let Some((id, left)) = self.jobs.front_mut().filter(|_| budget > 0) {
			let done = budget.min(*left);
			budget -= done;
			*left -= done;
			if *left == 0 {
				prove(*id);
				self.jobs.pop_front();
			}
		}
		let mut new: Vec<_> = Market::inbox(&WORKER, None)
			.into_iter()
			.filter(|item| self.known.insert(item.statement.workload))
			.collect();
		new.sort_by_key(|item| item.prove_by);
		for item in new {
			let id = item.statement.workload;
			self.jobs.push_back((id, item.compute_units.0));
			if item.mode == Mode::Deferred {
				deliver(id);
			}
		}
	}

	fn run(&mut self, blocks: u32) {
		for _ in 0..blocks {
			run_blocks(1);
			self.work();
			check_state();
		}
	}
}

fn count(wanted: WorkloadState) -> usize {
	Workloads::<Test>::iter_values()
		.filter(|workload| workload.state == wanted)
		.count()
}

#[test]
fn a_worker_that_delivers_faster_than_it_proves_has_every_proof_in_time() {
	// A proof takes fifteen blocks, is due fifty after the delivery, and a delivery takes none.
	ExtBuilder::default()
		.nodes(&[(ALICE, 2)])
		.build_and_execute(|| {
			let mut prover = Prover::new(2);
			for _ in 0..12 {
				(0..3).for_each(|_| {
					Order::default().submit();
				});
				prover.run(25);
				let (outstanding, proving) = load(NODE);
				assert!(outstanding + proving <= 2 * u64::from(parameters().proving_backlog.0));
			}
			prover.run(200);
			assert_eq!(stake(ALICE).bonded, FUNDS / 2);
			assert_eq!(count(WorkloadState::Failed), 0);
			// It was kept busy, too: a proof at a time, with the blocks between them for the draw.
			assert!(count(WorkloadState::Settled) >= 15);
			assert_eq!(load(NODE), (0, 0));
		});
}

#[test]
fn a_workload_waits_while_the_only_node_has_as_much_to_prove_as_it_can() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 3)])
		.build_and_execute(|| {
			// Sixty compute units are twenty blocks' work: two workloads.
			let ids: Vec<_> = (0..3).map(|_| Order::default().submit()).collect();
			run_to_draw();
			ids[..2].iter().copied().for_each(deliver);
			run_blocks(5);
			assert_eq!(state(ids[2]), WorkloadState::Queued);
			prove(ids[0]);
			run_blocks(1);
			assert_eq!(state(ids[2]), WorkloadState::Assigned);
		});
}

#[test]
fn a_missed_proof_makes_room_for_another_workload() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 2)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			deliver(id);
			let waiting = Order::default().submit();
			run_to_tick(workload(id).deadline);
			assert_eq!(state(waiting), WorkloadState::Queued);
			run_blocks(1);
			assert_eq!(state(id), WorkloadState::Failed);
			assert_eq!(state(waiting), WorkloadState::Assigned);
		});
}

#[test]
fn an_immediate_workload_is_due_when_the_proofs_before_it_are_made() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 4)])
		.build_and_execute(|| {
			let deferred = Order::default().submit_and_draw();
			deliver(deferred);
			let id = Order::immediate().submit_and_draw();
			// Fifteen blocks for both proofs.
			let due = now().after(parameters().base_latency).after(Ticks(15));
			assert_eq!(workload(id).deadline, due);
		});
}

#[test]
fn a_workload_ordered_under_a_shorter_proof_deadline_keeps_its_shorter_backlog() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 3)])
		.build_and_execute(|| {
			let ids: Vec<_> = (0..3).map(|_| Order::default().submit()).collect();
			set_parameters(|parameters| {
				parameters.proof_deadline = Ticks(300);
				parameters.proving_backlog = Ticks(250);
				parameters.unbonding = Ticks(2_000);
			});
			run_to_draw();
			ids[..2].iter().copied().for_each(deliver);
			// Each is ten blocks' work, and twenty were the bound when the third was ordered.
			run_blocks(5);
			assert_eq!(state(ids[2]), WorkloadState::Queued);
			Order::default().submit_and_draw();
		});
}

#[derive(Clone, Debug)]
enum Step {
	Order { immediate: bool, deadline: u32 },
	Work(u32),
	Govern { backlog: u32, proving: u32 },
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		5 => (any::<bool>(), 40..400u32)
			.prop_map(|(immediate, deadline)| Step::Order { immediate, deadline }),
		4 => (1..20u32).prop_map(Step::Work),
		1 => (5..=20u32, 0..100u32)
			.prop_map(|(backlog, more)| Step::Govern { backlog, proving: backlog + more }),
	]
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn a_prover_as_fast_as_the_pledge_is_never_late(
		rate in 2..15u64,
		salt in any::<u8>(),
		steps in prop::collection::vec(step(), 1..80),
	) {
		ExtBuilder::default().nodes(&[(ALICE, rate)]).build().execute_with(|| {
			VrfSalt::set(salt);
			let mut prover = Prover::new(rate);
			for step in steps {
				match step {
					Step::Order { immediate, deadline } => {
						let mode = if immediate { Mode::Immediate } else { Mode::Deferred };
						let deadline = Ticks(deadline);
						// Refused when the queue is full.
						let _ = Order { mode, deadline, max_price: 50 * price(), ..Order::default() }
							.try_submit();
					},
					Step::Work(blocks) => prover.run(blocks),
					Step::Govern { backlog, proving } => govern(backlog, proving),
				}
			}
			prover.run(600);
			prop_assert_eq!(stake(ALICE).bonded, FUNDS / 2);
			prop_assert_eq!(count(WorkloadState::Failed), 0);
			prop_assert!(Workloads::<Test>::iter_values().all(|one| one.state.is_terminal()));
			Ok(())
		})?;
	}
}

/// Sets both bounds, and the proof deadline that suits them: neither more nor less.
fn govern(backlog: u32, proving: u32) {
	set_parameters(|parameters: &mut ProtocolParameters| {
		parameters.backlog_bound = Ticks(backlog);
		parameters.proving_backlog = Ticks(proving);
		let rest = parameters.base_latency.0 + parameters.proving_allowance.0;
		parameters.proof_deadline = Ticks(proving + rest);
	});
}
