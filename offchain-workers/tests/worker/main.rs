//! The worker against a chain in memory and a prover over real HTTP, with real proofs.

mod chain;
mod model;
mod prover;

use chain::{output, workload, Node, MORTALITY};
use inference_offchain_worker::{
	run, Action, BackoffPolicy, Call, DeliverPolicy, FinalizedBlock, Metrics, Prover, ProverError,
	ProverOptions, Worker, WorkerKey, WorkerOptions,
};
use inference_primitives::{Mode, Tick, WorkloadId, WorkloadState};
use prover::{Behaviour, TestProver};
use std::time::Duration;

/// When outputs are delivered, and what becomes of jobs whose terms move or that are given up.
mod delivery;
/// What happens when something is slow, hung, hostile, empty, or panics.
mod isolation;

const KEY: WorkerKey = WorkerKey([9; 32]);

/// A worker on `node` that remembers nothing and hardly waits.
fn worker(node: &Node, prover: &TestProver) -> Worker<Node> {
	worker_with(node, vec![prover.client()], Metrics::default())
}

/// A worker as [`worker`]'s, with these provers and metrics.
fn worker_with(node: &Node, provers: Vec<Prover>, metrics: Metrics) -> Worker<Node> {
	Worker::new(node.clone(), provers, impatient(), metrics)
}

/// Options of a worker that hardly waits.
fn impatient() -> WorkerOptions {
	let backoff = BackoffPolicy {
		first: Duration::from_millis(2),
		max: Duration::from_millis(4),
	};
	WorkerOptions {
		concurrency: 4,
		backoff,
		retry: backoff,
		..WorkerOptions::default()
	}
}

/// Longer than any wait of [`worker`].
async fn pass_backoff() {
	tokio::time::sleep(Duration::from_millis(10)).await;
}

fn delivery(id: u8) -> Call {
	Call::Deliver {
		workload: WorkloadId([id; 32]),
		output: output(id),
	}
}

/// The calls that were submitted so far.
fn submitted(node: &Node) -> Vec<Call> {
	node.world()
		.submitted
		.iter()
		.map(|(call, _)| call.clone())
		.collect()
}

#[tokio::test]
async fn a_deferred_workload_should_be_delivered_then_proven() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));

	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
	worker.act(node.advance()).await;
	assert_eq!(node.world().accepted(Action::Deliver), 1);
	assert!(matches!(
		&submitted(&node)[..],
		[
			_,
			Call::Prove {
				workload: WorkloadId([1, ..]),
				output: None,
				..
			}
		]
	));
	worker.act(node.advance()).await;
	assert_eq!(node.world().accepted(Action::Prove), 1);
	assert_eq!(node.world().owed(KEY), []);
	assert_eq!(node.world().submitted.len(), 2);
	assert_eq!(prover.store.lock().submissions, 1);
}

#[tokio::test]
async fn an_immediate_workload_should_be_proven_with_its_output_only_once_it_is_proven() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Immediate));
	prover.set(Behaviour::Slow);

	worker.act(node.advance()).await;
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), []);
	prover.set(Behaviour::Proves);
	worker.act(node.advance()).await;
	worker.act(node.advance()).await;
	assert!(
		matches!(&submitted(&node)[..], [Call::Prove { output: Some(o), .. }] if *o == output(1))
	);
	assert_eq!(node.world().accepted(Action::Prove), 1);
}

/// The chain shows 256 pieces of work at a time. A node that is drawn for small orders owes more at once, while outputs
/// wait for finality: what comes after the first page is due as well.
#[tokio::test]
async fn all_that_is_owed_should_be_done_however_much_it_is() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	prover.set(Behaviour::Slow);
	for number in 0..600u16 {
		let mut item = workload(1, Mode::Deferred);
		item.statement.workload = WorkloadId([0; 32]);
		item.statement.workload.0[..2].copy_from_slice(&number.to_be_bytes());
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	assert_eq!(node.world().submitted.len(), 600);
	worker.act(node.advance()).await;
	assert_eq!(node.world().accepted(Action::Deliver), 600);
	// Nor does what waits for its proof hide what is new.
	for number in 600..1_200u16 {
		let mut item = workload(1, Mode::Deferred);
		item.statement.workload = WorkloadId([1; 32]);
		item.statement.workload.0[..2].copy_from_slice(&number.to_be_bytes());
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	worker.act(node.advance()).await;
	assert_eq!(node.world().accepted(Action::Deliver), 1_200);
}

#[tokio::test]
async fn many_workloads_should_be_sent_by_deadline_with_one_nonce_each() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	for id in 1..=20 {
		let mut item = workload(id, Mode::Deferred);
		item.deadline = Tick(200 - u32::from(id));
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	let expected: Vec<Call> = (1..=20).rev().map(delivery).collect();
	assert_eq!(submitted(&node), expected);
	let nonces: Vec<u32> = node
		.world()
		.submitted
		.iter()
		.map(|(_, s)| s.nonce)
		.collect();
	assert_eq!(nonces, (0..20).collect::<Vec<_>>());
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 20);
	assert_eq!(node.world().submitted.len(), 40);
}

#[tokio::test]
async fn the_prover_should_get_jobs_by_proof_deadline_and_the_chain_calls_by_their_own() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let options = WorkerOptions {
		concurrency: 1,
		..WorkerOptions::default()
	};
	let provers = vec![prover.client()];
	let mut worker = Worker::new(node.clone(), provers, options, Metrics::default());
	let mut deferred = workload(1, Mode::Deferred);
	(deferred.deadline, deferred.prove_by) = (Tick(100), Tick(150));
	let mut immediate = workload(2, Mode::Immediate);
	(immediate.deadline, immediate.prove_by) = (Tick(120), Tick(120));
	node.world().assign(KEY, deferred);
	node.world().assign(KEY, immediate);
	worker.act(node.advance()).await;
	let key = |id| WorkloadId([id; 32]);
	assert_eq!(prover.store.lock().arrivals, [key(2), key(1)]);
	let calls: Vec<WorkloadId> = submitted(&node).iter().map(Call::workload).collect();
	assert_eq!(calls, [key(1), key(2)]);
}

#[tokio::test]
async fn a_restart_at_any_point_should_lose_and_repeat_nothing() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().assign(KEY, workload(2, Mode::Immediate));
	let mut block = node.advance();
	// A new worker at every step, and twice at each block: killed after everything it did.
	for _ in 0..8 {
		worker(&node, &prover).act(block).await;
		worker(&node, &prover).act(block).await;
		node.author();
		// The blocks lag behind finality: what is in the best chain is not sent again either.
		worker(&node, &prover).act(node.last_finalized()).await;
		block = node.finalize();
	}
	let world = node.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(1, 2)
	);
	assert!(world.included.iter().all(|included| included.accepted));
	assert_eq!(world.submitted.len(), 3);
	assert_eq!(prover.store.lock().jobs.len(), 2);
}

#[tokio::test]
async fn work_should_go_on_when_the_prover_comes_back() {
	let (node, mut prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	prover.down().await;
	for _ in 0..3 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(submitted(&node), []);

	prover.up().await;
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
	prover.down().await;
	worker.act(node.advance()).await;
	pass_backoff().await;
	prover.up().await;
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
	assert_eq!(prover.store.lock().submissions, 1);
}

#[tokio::test]
async fn a_prover_that_is_out_should_be_left_alone_for_a_while() {
	let (node, mut prover) = (Node::new(KEY), TestProver::start().await);
	let hour = Duration::from_secs(3600);
	let client = prover.client_with(BackoffPolicy {
		first: hour,
		max: hour,
	});
	let options = WorkerOptions::default();
	let mut worker = Worker::new(node.clone(), vec![client], options, Metrics::default());
	node.world().assign(KEY, workload(1, Mode::Deferred));
	prover.down().await;
	worker.act(node.advance()).await;
	prover.up().await;
	worker.act(node.advance()).await;
	assert_eq!(prover.store.lock().questions, 0);
	assert_eq!(submitted(&node), []);
}

#[tokio::test]
async fn an_invalid_proof_should_never_be_posted() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().assign(KEY, workload(2, Mode::Immediate));
	prover.set(Behaviour::Lies);
	for _ in 0..6 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	// The delivery is right: only the proofs are not.
	assert_eq!(submitted(&node), [delivery(1)]);
	assert_eq!(node.world().owed(KEY).len(), 2);

	prover.set(Behaviour::Proves);
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 2);
}

#[tokio::test]
async fn an_output_other_than_the_delivered_one_should_never_be_proven() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	let mut item = workload(1, Mode::Deferred);
	item.state = WorkloadState::Unproven;
	item.output = Some(vec![0, 0]);
	node.world().assign(KEY, item);
	for _ in 0..3 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(submitted(&node), []);
}

#[tokio::test]
async fn failing_and_refused_jobs_should_harm_only_themselves() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	for behaviour in [Behaviour::Loads, Behaviour::Ignorant] {
		prover.set(behaviour);
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	prover.set(Behaviour::Fails);
	worker.act(node.advance()).await;
	pass_backoff().await;
	// Another request under the key of workload 2: refused for good.
	let mut other = workload(2, Mode::Deferred);
	other.input = vec![0, 0];
	let request =
		inference_prover_api::JobRequest::new(other.statement.clone(), other.input.clone());
	prover
		.store
		.lock()
		.jobs
		.insert(WorkloadId([2; 32]), request);
	assert_eq!(submitted(&node), []);

	prover.set(Behaviour::Proves);
	node.world().assign(KEY, workload(3, Mode::Immediate));
	for _ in 0..6 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	let world = node.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(1, 2)
	);
}

#[tokio::test]
async fn a_prover_of_another_version_should_get_no_jobs() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	prover.store.lock().api_version = Some(99);
	worker.act(node.advance()).await;
	assert_eq!(prover.store.lock().questions, 0);
	assert_eq!(submitted(&node), []);
}

#[tokio::test]
async fn duplicate_finality_notifications_should_change_nothing() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	let first = node.advance();
	let older = FinalizedBlock {
		number: 0,
		hash: [0; 32],
	};
	run(
		worker(&node, &prover),
		futures::stream::iter([first, first, older, first]),
	)
	.await;
	assert_eq!(submitted(&node), [delivery(1)]);

	let mut worker = worker(&node, &prover);
	for _ in 0..3 {
		worker.act(first).await;
	}
	assert_eq!(node.world().submitted.len(), 1);
	let second = node.advance();
	for _ in 0..3 {
		worker.act(second).await;
	}
	assert_eq!(node.world().submitted.len(), 2);
}

#[tokio::test]
async fn the_loop_should_act_on_the_newest_block_and_end_with_its_stream() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	let blocks: Vec<_> = (0..5).map(|_| node.advance()).collect();
	// `submit` asserts that the decision rests on the last finalised block.
	run(worker(&node, &prover), futures::stream::iter(blocks)).await;
	assert_eq!(submitted(&node), [delivery(1)]);
}

#[tokio::test]
async fn an_open_transaction_should_not_be_repeated_but_an_expired_one_should() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().includes = false;
	let first = node.advance();
	worker.act(first).await;
	for _ in 1..MORTALITY - 1 {
		worker.act(node.advance()).await;
		assert_eq!(node.world().submitted.len(), 1);
	}
	let last_block = node.world().submitted[0].1.last_block;
	assert_eq!(last_block, first.number + MORTALITY - 1);
	// The last block that could have held it.
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1), delivery(1)]);
	node.world().includes = true;
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	let world = node.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(1, 1)
	);
	assert!(world.included.iter().all(|included| included.accepted));
}

#[tokio::test]
async fn a_transaction_lost_by_the_pool_should_be_sent_again_within_a_few_blocks() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	node.world().lose_pools();
	for _ in 0..6 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Deliver), 1);
	assert_eq!(
		node.world()
			.submitted
			.iter()
			.filter(|(c, _)| *c == delivery(1))
			.count(),
		2
	);
}

#[tokio::test]
async fn a_transaction_in_a_reverted_block_should_be_sent_again() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	node.author();
	worker.act(node.last_finalized()).await;
	assert_eq!(node.world().accepted(Action::Deliver), 1);
	node.world().revert();
	for _ in 0..6 {
		worker.act(node.advance()).await;
	}
	let world = node.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(1, 1)
	);
}

#[tokio::test]
async fn refused_calls_should_not_drain_the_worker_account() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().refuses = true;
	for _ in 0..100 {
		worker.act(node.advance()).await;
	}
	let attempts = node.world().submitted.len();
	assert!((5..=9).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn overdue_work_should_be_left_alone() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	let mut item = workload(1, Mode::Deferred);
	item.deadline = Tick(0);
	node.world().assign(KEY, item);
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), []);
	assert_eq!(prover.store.lock().questions, 0);
}

#[tokio::test]
async fn two_nodes_with_one_key_should_pay_for_each_call_once_when_gossip_is_fast() {
	let (first, prover) = (Node::new(KEY), TestProver::start().await);
	let second = first.another(vec![KEY]);
	let other_prover = TestProver::start().await;
	let mut workers = [worker(&first, &prover), worker(&second, &other_prover)];
	first.world().assign(KEY, workload(1, Mode::Deferred));
	first.world().assign(KEY, workload(2, Mode::Immediate));
	for _ in 0..5 {
		let block = first.advance();
		for worker in &mut workers {
			worker.act(block).await;
			first.world().gossip();
		}
	}
	let world = first.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(1, 2)
	);
	assert!(world.included.iter().all(|included| included.accepted));
	assert_eq!(world.submitted.len(), 3);
}

#[tokio::test]
async fn two_nodes_with_one_key_should_settle_everything_once_without_gossip() {
	let (first, prover) = (Node::new(KEY), TestProver::start().await);
	let second = first.another(vec![KEY]);
	let mut workers = [worker(&first, &prover), worker(&second, &prover)];
	for id in 1..=4 {
		first.world().assign(KEY, workload(id, Mode::Deferred));
	}
	for _ in 0..20 {
		let block = first.advance();
		for worker in &mut workers {
			worker.act(block).await;
		}
	}
	let stopped = {
		let world = first.world();
		let accepted = (
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove),
		);
		assert_eq!(accepted, (4, 4));
		assert_eq!(world.owed(KEY), []);
		world.submitted.len()
	};
	for _ in 0..5 {
		let block = first.advance();
		for worker in &mut workers {
			worker.act(block).await;
		}
	}
	assert_eq!(first.world().submitted.len(), stopped);
}

#[tokio::test]
async fn two_keys_in_one_keystore_should_each_do_their_own_work() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let other = WorkerKey([8; 32]);
	let node = node.another(vec![KEY, other]);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().assign(other, workload(2, Mode::Deferred));
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	let world = node.world();
	assert_eq!(
		(
			world.accepted(Action::Deliver),
			world.accepted(Action::Prove)
		),
		(2, 2)
	);
}

#[tokio::test]
async fn options_that_describe_no_prover_should_be_refused() {
	for url in ["", "no url", "ftp://127.0.0.1"] {
		let error = Prover::new(&ProverOptions::at(url)).err();
		assert!(
			matches!(error, Some(ProverError::Options { .. })),
			"{url}: {error:?}"
		);
	}
	let token = inference_offchain_worker::BearerToken::new("a\nb");
	assert_eq!(format!("{token:?}"), "BearerToken(hidden)");
	let options = ProverOptions {
		token: Some(token),
		..ProverOptions::at("http://127.0.0.1:9955")
	};
	assert!(matches!(
		Prover::new(&options).err(),
		Some(ProverError::Options { .. })
	));
}

#[tokio::test]
async fn a_model_that_the_prover_did_not_check_should_get_no_work() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	prover.store.lock().checked = Some(false);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	for _ in 0..3 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(submitted(&node), []);
	assert_eq!(prover.store.lock().submissions, 0);
	// Once the prover checked it, the work is taken.
	prover.store.lock().checked = Some(true);
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
}

#[tokio::test]
async fn what_was_delivered_should_be_proven_although_its_model_counts_as_unchecked_now() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	prover.store.lock().checked = Some(true);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker(&node, &prover).act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
	// The prover was started anew without the check, and the worker, too.
	prover.store.lock().checked = Some(false);
	let mut worker = worker(&node, &prover);
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
}

#[tokio::test]
async fn an_operator_may_work_on_a_model_that_was_not_checked() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	prover.store.lock().checked = Some(false);
	let mut worker = Worker::new(
		node.clone(),
		vec![prover.trusting_client()],
		WorkerOptions::default(),
		Metrics::default(),
	);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
}

/// A deferred workload that may be declined up to this tick.
fn declinable(id: u8, last: u32) -> inference_primitives::market::InboxItem {
	inference_primitives::market::InboxItem {
		decline_by: Some(Tick(last)),
		..workload(id, Mode::Deferred)
	}
}

#[tokio::test]
async fn work_of_a_model_that_the_prover_refuses_should_be_declined_once_and_in_time() {
	for unchecked in [true, false] {
		let (node, prover) = (Node::new(KEY), TestProver::start().await);
		if unchecked {
			prover.store.lock().checked = Some(false);
		} else {
			prover.set(Behaviour::Ignorant);
		}
		let mut worker = worker(&node, &prover);
		node.world().assign(KEY, declinable(1, 10));
		// Too late for the block after the first look.
		node.world().assign(KEY, declinable(2, 1));
		for _ in 0..4 {
			worker.act(node.advance()).await;
			pass_backoff().await;
		}
		let declined = Call::Decline {
			workload: WorkloadId([1; 32]),
		};
		assert_eq!(submitted(&node), [declined]);
		assert_eq!(node.world().accepted(Action::Decline), 1);
	}
}

#[tokio::test]
async fn work_should_not_be_declined_while_a_prover_is_out_of_reach_or_still_loading() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	prover.set(Behaviour::Ignorant);
	let mut second = TestProver::start().await;
	let provers = vec![prover.client(), second.client()];
	let mut worker = worker_with(&node, provers, Metrics::default());
	node.world().assign(KEY, declinable(1, 100));
	second.set(Behaviour::Loads);
	worker.act(node.advance()).await;
	pass_backoff().await;
	second.down().await;
	worker.act(node.advance()).await;
	pass_backoff().await;
	assert_eq!(submitted(&node), []);
	second.up().await;
	second.set(Behaviour::Proves);
	for _ in 0..2 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(submitted(&node)[0], delivery(1));
}
