//! When outputs are delivered, and what becomes of jobs whose terms move or that are given up.

use super::*;
use prometheus::Registry;

/// A worker with this policy.
fn worker_of(node: &Node, prover: &TestProver, deliver: DeliverPolicy) -> Worker<Node> {
	let options = WorkerOptions {
		deliver,
		..impatient()
	};
	let provers = vec![prover.client()];
	Worker::new(node.clone(), provers, options, Metrics::default())
}

/// A Deferred workload whose output is due at tick 20, with value at risk or without.
fn due(id: u8, value_at_risk: u128) -> inference_primitives::market::InboxItem {
	let mut item = workload(id, Mode::Deferred);
	(item.deadline, item.prove_by) = (Tick(20), Tick(500));
	item.value_at_risk = value_at_risk;
	item
}

#[tokio::test]
async fn an_output_with_value_at_risk_should_wait_for_its_proof() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	prover.set(Behaviour::Slow);
	node.world().assign(KEY, due(1, 0));
	node.world().assign(KEY, due(2, 1));
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	assert_eq!(submitted(&node), [delivery(1)]);
	// Its proof is wanted by then, so the prover takes it before others.
	let due_in_ms = prover.store.lock().jobs[&WorkloadId([2; 32])].due_in_ms;
	assert_eq!(due_in_ms, Some(19_000));
	prover.set(Behaviour::Proves);
	worker.act(node.advance()).await;
	assert!(submitted(&node).contains(&delivery(2)));
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 2);
}

#[tokio::test]
async fn a_slow_proof_should_cost_no_delivery_but_one_that_failed_should_not_be_promised() {
	for (last_error, delivered) in [(None, 1), (Some("unsatisfied".to_string()), 0)] {
		let (node, prover) = (Node::new(KEY), TestProver::start().await);
		let mut worker = worker(&node, &prover);
		prover.set(Behaviour::Slow);
		prover.store.lock().last_error = last_error;
		node.world().assign(KEY, due(1, 1));
		for _ in 0..9 {
			worker.act(node.advance()).await;
		}
		assert_eq!(submitted(&node), []);
		for _ in 0..8 {
			worker.act(node.advance()).await;
		}
		assert_eq!(node.world().accepted(Action::Deliver), delivered);
	}
}

#[tokio::test]
async fn the_operator_should_say_when_outputs_are_delivered() {
	for (policy, delivered) in [(DeliverPolicy::AtOnce, 2), (DeliverPolicy::WhenProven, 0)] {
		let (node, prover) = (Node::new(KEY), TestProver::start().await);
		let mut worker = worker_of(&node, &prover, policy);
		prover.set(Behaviour::Slow);
		node.world().assign(KEY, due(1, 0));
		node.world().assign(KEY, due(2, 1));
		worker.act(node.advance()).await;
		assert_eq!(submitted(&node).len(), delivered);
		for _ in 0..18 {
			worker.act(node.advance()).await;
		}
		assert_eq!(node.world().accepted(Action::Deliver), delivered);
		prover.set(Behaviour::Proves);
		worker.act(node.advance()).await;
		// The deadline's own tick: what has its proof now goes, although only the block after it takes it.
		assert_eq!(submitted(&node).len(), if delivered == 2 { 4 } else { 2 });
	}
}

#[tokio::test]
async fn a_job_that_was_given_up_should_be_tried_again_until_its_deadline() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = (Metrics::default(), Registry::new());
	metrics.register(&registry).unwrap();
	let mut worker = worker_with(&node, vec![prover.client()], metrics);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
	prover.store.lock().behaviour = Behaviour::Fails;
	for _ in 0..8 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	let retries = prover.store.lock().retries;
	assert!(retries >= 2, "{retries}");
	let family = registry
		.gather()
		.into_iter()
		.find(|family| family.get_name() == "inference_worker_jobs_retried_total")
		.unwrap();
	let shown = family.get_metric()[0].get_counter().get_value();
	assert_eq!(shown as usize, retries);
	// Whatever it was, it passed.
	prover.set(Behaviour::Proves);
	for _ in 0..4 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
}

#[tokio::test]
async fn what_is_given_up_should_not_be_tried_again_at_each_block() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let hour = Duration::from_secs(3600);
	let options = WorkerOptions {
		retry: BackoffPolicy {
			first: hour,
			max: hour,
		},
		..impatient()
	};
	let provers = vec![prover.client()];
	let mut worker = Worker::new(node.clone(), provers, options, Metrics::default());
	prover.set(Behaviour::Fails);
	let mut item = workload(1, Mode::Immediate);
	(item.deadline, item.prove_by) = (Tick(90_000), Tick(90_000));
	node.world().assign(KEY, item);
	for _ in 0..8 {
		worker.act(node.advance()).await;
		pass_backoff().await;
	}
	assert_eq!(prover.store.lock().retries, 0);
}

#[tokio::test]
async fn a_job_should_get_its_new_deadline_after_a_stand_of_the_clock() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	node.world().tick = Duration::from_millis(200);
	let mut worker = worker(&node, &prover);
	prover.set(Behaviour::Slow);
	let mut item = workload(1, Mode::Immediate);
	(item.deadline, item.prove_by) = (Tick(51), Tick(51));
	node.world().assign(KEY, item);
	worker.act(node.advance()).await;
	node.world().clock_stands = true;
	worker.act(node.advance()).await;
	assert_eq!(prover.store.lock().submissions, 1);
	// By the clock on the wall it is due sooner; by the chain's, nothing has changed.
	tokio::time::sleep(Duration::from_millis(2500)).await;
	worker.act(node.advance()).await;
	let store = prover.store.lock();
	assert_eq!(store.submissions, 2);
	assert_eq!(
		store.jobs[&WorkloadId([1; 32])].due_in_ms,
		Some(10_000),
		"the terms are those of before"
	);
}

#[tokio::test]
async fn a_worker_that_was_started_anew_should_tell_the_terms_once() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	prover.set(Behaviour::Slow);
	node.world().assign(KEY, workload(1, Mode::Immediate));
	worker(&node, &prover).act(node.advance()).await;
	let mut second = worker(&node, &prover);
	for _ in 0..3 {
		second.act(node.advance()).await;
	}
	let store = prover.store.lock();
	assert_eq!(store.submissions, 2);
	assert!(store.questions >= 2);
}
