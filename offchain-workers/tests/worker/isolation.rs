//! One slow model, a hung prover, an empty account, a panic: each costs only its own work, and the
//! operator is told.

use super::*;
use futures::channel::mpsc;
use inference_primitives::VkHash;
use prometheus::{proto::MetricFamily, Registry};

/// Metrics and the registry that shows them.
fn metrics() -> (Metrics, Registry) {
	let (metrics, registry) = (Metrics::default(), Registry::new());
	metrics.register(&registry).unwrap();
	(metrics, registry)
}

/// The sum of the counters, or gauges, of this name whose labels have all these values.
fn shown(registry: &Registry, name: &str, labels: &[&str]) -> f64 {
	let families: Vec<MetricFamily> = registry.gather();
	let family = families
		.iter()
		.find(|family| family.get_name() == format!("inference_worker_{name}"));
	family
		.into_iter()
		.flat_map(MetricFamily::get_metric)
		.filter(|metric| {
			let values: Vec<&str> = metric.get_label().iter().map(|l| l.get_value()).collect();
			labels.iter().all(|label| values.contains(label))
		})
		.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
		.sum()
}

/// Waits until `wanted`, for ten seconds at most.
async fn until(wanted: impl Fn() -> bool) {
	for _ in 0..2000 {
		if wanted() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	panic!("it does not happen");
}

/// An address at which connections are taken and nothing is ever answered, and what holds it open.
fn hung() -> (ProverOptions, std::net::TcpListener) {
	let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
	let options = ProverOptions {
		patience: Duration::from_millis(50),
		..ProverOptions::at(format!("http://{}", listener.local_addr().unwrap()))
	};
	(options, listener)
}

#[tokio::test]
async fn a_model_whose_requests_are_not_answered_should_delay_no_other_model() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let hung = VkHash([0xee; 32]);
	prover.store.lock().hung = Some(hung);
	// More than are asked at a time, and all of them due first.
	for id in 1..=12 {
		let mut item = workload(id, Mode::Deferred);
		item.statement.vk_hash = hung;
		(item.deadline, item.prove_by) = (Tick(50), Tick(50));
		node.world().assign(KEY, item);
	}
	node.world().assign(KEY, workload(20, Mode::Deferred));
	node.world().assign(KEY, workload(21, Mode::Immediate));
	let (blocks, finality) = mpsc::unbounded();
	let running = tokio::spawn(run(worker(&node, &prover), finality));
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| submitted(&node).len() == 2).await;
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| node.world().submitted.len() == 3).await;
	// New work of the good model, while the other still hangs.
	node.world().assign(KEY, workload(22, Mode::Deferred));
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| node.world().submitted.len() == 4).await;
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| node.world().submitted.len() == 5).await;
	node.advance();
	assert_eq!(node.world().accepted(Action::Prove), 3);
	assert_eq!(node.world().accepted(Action::Deliver), 2);
	running.abort();
}

#[tokio::test]
async fn a_prover_that_hangs_should_be_replaced_by_the_second_within_its_patience() {
	let (node, second) = (Node::new(KEY), TestProver::start().await);
	let (options, _listener) = hung();
	let (metrics, registry) = metrics();
	let provers = vec![Prover::new(&options).unwrap(), second.client()];
	let mut worker = worker_with(&node, provers, metrics);
	for id in 1..=6 {
		node.world().assign(KEY, workload(id, Mode::Deferred));
	}
	let started = std::time::Instant::now();
	worker.act(node.advance()).await;
	assert_eq!(node.world().submitted.len(), 6);
	assert!(started.elapsed() < Duration::from_secs(5));
	// Six requests found one outage.
	assert_eq!(shown(&registry, "prover_outages_total", &[]), 1.0);
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 6);
}

#[tokio::test]
async fn a_job_that_one_prover_fails_should_go_to_the_second() {
	let (node, first, second) = (
		Node::new(KEY),
		TestProver::start().await,
		TestProver::start().await,
	);
	first.set(Behaviour::Fails);
	let provers = vec![first.client(), second.client()];
	let mut worker = worker_with(&node, provers, Metrics::default());
	node.world().assign(KEY, workload(1, Mode::Immediate));
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
	// With the job known to the second, the first is not asked again.
	assert_eq!(first.store.lock().submissions, 1);
}

#[tokio::test]
async fn an_output_should_be_delivered_although_the_queue_of_proofs_is_full() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	prover.set(Behaviour::Full);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node), [delivery(1)]);
	worker.act(node.advance()).await;
	assert_eq!(submitted(&node).len(), 1);
	pass_backoff().await;
	prover.set(Behaviour::Proves);
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
}

#[tokio::test]
async fn every_transaction_should_have_a_nonce_of_its_own_when_the_pool_does_not_show_them() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().pools_are_blind = true;
	for id in 1..=21 {
		node.world().assign(KEY, workload(id, Mode::Deferred));
	}
	worker.act(node.advance()).await;
	let nonces: Vec<u32> = node
		.world()
		.submitted
		.iter()
		.map(|(_, s)| s.nonce)
		.collect();
	assert_eq!(nonces, (0..21).collect::<Vec<_>>());
	worker.act(node.advance()).await;
	assert_eq!(node.world().accepted(Action::Deliver), 21);
	assert_eq!(node.world().submitted.len(), 42);
}

#[tokio::test]
async fn a_nonce_whose_transaction_is_lost_should_be_used_again() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	worker.act(node.advance()).await;
	node.world().lose_pools();
	node.world().assign(KEY, workload(2, Mode::Deferred));
	for _ in 0..8 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Deliver), 2);
	assert_eq!(node.world().accepted(Action::Prove), 2);
}

#[tokio::test]
async fn an_account_without_funds_should_be_named_and_tried_with_growing_waits() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	let hour = Duration::from_secs(3600);
	let options = WorkerOptions {
		backoff: BackoffPolicy {
			first: hour,
			max: hour,
		},
		..WorkerOptions::default()
	};
	let mut worker = Worker::new(node.clone(), vec![prover.client()], options, metrics);
	node.world().is_poor = true;
	for id in 1..=5 {
		node.world().assign(KEY, workload(id, Mode::Deferred));
	}
	for _ in 0..10 {
		worker.act(node.advance()).await;
	}
	// Not once for each workload and block.
	assert_eq!(node.world().poor_attempts, 1);
	let account = KEY.to_string();
	assert_eq!(shown(&registry, "out_of_funds", &[&account]), 1.0);

	let mut worker = worker_with(&node, vec![prover.client()], Metrics::default());
	node.world().is_poor = false;
	worker.act(node.advance()).await;
	assert_eq!(node.world().submitted.len(), 5);
}

#[tokio::test]
async fn what_is_missed_should_be_counted_and_its_job_cancelled() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	let mut worker = worker_with(&node, vec![prover.client()], metrics);
	prover.set(Behaviour::Slow);
	for id in 1..=4 {
		let mut item = workload(id, Mode::Immediate);
		if id <= 2 {
			item.deadline = Tick(1);
		}
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	let key = |id| WorkloadId([id; 32]);
	{
		let mut world = node.world();
		world.end(KEY, key(1), WorkloadState::Refunded);
		world.end(KEY, key(2), WorkloadState::Failed);
		world.end(KEY, key(3), WorkloadState::Settled);
	}
	worker.act(node.advance()).await;
	let missed = |action| shown(&registry, "missed_total", &[action]);
	assert_eq!((missed("delivery"), missed("proof")), (1.0, 1.0));
	assert_eq!(shown(&registry, "settled_total", &[]), 1.0);
	let mut cancelled = prover.store.lock().cancelled.clone();
	cancelled.sort();
	// What is proven or in work for nobody is not proven; what is still owed is.
	assert_eq!(cancelled, [key(1), key(2), key(3)]);

	// Drawn again to a node that has the same prover: the job is revived.
	prover.set(Behaviour::Proves);
	node.world().assign(KEY, workload(1, Mode::Immediate));
	for _ in 0..2 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 2);
}

#[tokio::test]
async fn what_leaves_the_inbox_before_its_deadline_should_not_count_as_missed() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	let mut worker = worker_with(&node, vec![prover.client()], metrics);
	prover.set(Behaviour::Slow);
	for id in 1..=4 {
		let mut item = workload(id, Mode::Immediate);
		item.deadline = Tick(5);
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	let key = |id| WorkloadId([id; 32]);
	{
		let mut world = node.world();
		// Its key was disabled; it was declined; it was voided.
		world.hide(key(1));
		world.end(KEY, key(2), WorkloadState::Queued);
		world.end(KEY, key(3), WorkloadState::Voided);
	}
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	assert_eq!(prover.store.lock().cancelled.len(), 3);
	// One is missed; the hook comes to it a block late.
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	let missed = || shown(&registry, "missed_total", &[]);
	assert_eq!(missed(), 0.0);
	node.world().hide(key(4));
	worker.act(node.advance()).await;
	assert_eq!(missed(), 0.0);
	node.world().end(KEY, key(4), WorkloadState::Refunded);
	worker.act(node.advance()).await;
	assert_eq!(missed(), 1.0);
}

#[tokio::test]
async fn transactions_that_wait_for_a_lost_one_should_not_wait_until_their_era_ends() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	for id in 1..=4 {
		let mut item = workload(id, Mode::Deferred);
		item.deadline = Tick(10 + u32::from(id));
		node.world().assign(KEY, item);
	}
	worker.act(node.advance()).await;
	assert_eq!(node.world().submitted.len(), 4);
	// The first is lost, and what it was for is not owed any more: nobody sends it again.
	node.world().lose_nonce(0);
	node.world()
		.end(KEY, WorkloadId([1; 32]), WorkloadState::Voided);
	for _ in 0..9 {
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Deliver), 3);
}

#[tokio::test]
async fn a_job_should_not_stay_at_a_prover_when_another_has_its_proof() {
	let (node, mut first, second) = (
		Node::new(KEY),
		TestProver::start().await,
		TestProver::start().await,
	);
	first.set(Behaviour::Slow);
	let provers = vec![first.client(), second.client()];
	let mut worker = worker_with(&node, provers, Metrics::default());
	node.world().assign(KEY, workload(1, Mode::Immediate));
	node.world().assign(KEY, workload(2, Mode::Immediate));
	worker.act(node.advance()).await;
	first.down().await;
	second.set(Behaviour::Slow);
	worker.act(node.advance()).await;
	assert_eq!(second.store.lock().jobs.len(), 2);
	let key = |id| WorkloadId([id; 32]);
	// One is proven by the second, the other ended otherwise, while the first is away.
	node.world().end(KEY, key(2), WorkloadState::Voided);
	second.set(Behaviour::Proves);
	for _ in 0..3 {
		pass_backoff().await;
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
	assert_eq!(first.store.lock().cancelled, []);
	first.up().await;
	for _ in 0..3 {
		pass_backoff().await;
		worker.act(node.advance()).await;
	}
	let mut cancelled = first.store.lock().cancelled.clone();
	cancelled.sort();
	assert_eq!(cancelled, [key(1), key(2)]);
	assert_eq!(second.store.lock().cancelled, [key(2)]);
}

#[tokio::test]
async fn the_prover_that_has_the_proof_first_should_count_wherever_the_job_went_meanwhile() {
	let (node, mut first, second) = (
		Node::new(KEY),
		TestProver::start().await,
		TestProver::start().await,
	);
	first.set(Behaviour::Slow);
	second.set(Behaviour::Slow);
	let provers = vec![first.client(), second.client()];
	let mut worker = worker_with(&node, provers, Metrics::default());
	node.world().assign(KEY, workload(1, Mode::Immediate));
	worker.act(node.advance()).await;
	first.down().await;
	worker.act(node.advance()).await;
	first.up().await;
	first.set(Behaviour::Proves);
	for _ in 0..3 {
		pass_backoff().await;
		worker.act(node.advance()).await;
	}
	assert_eq!(node.world().accepted(Action::Prove), 1);
	assert_eq!(second.store.lock().cancelled, [WorkloadId([1; 32])]);
}

#[tokio::test]
async fn a_job_should_carry_the_time_until_its_proof_is_due_and_its_stake() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let mut worker = worker(&node, &prover);
	let mut item = workload(1, Mode::Deferred);
	(item.deadline, item.prove_by) = (Tick(40), Tick(101));
	node.world().assign(KEY, item);
	let block = node.advance();
	worker.act(block).await;
	let store = prover.store.lock();
	let job = &store.jobs[&WorkloadId([1; 32])];
	assert_eq!(block.number, 1);
	assert_eq!((job.due_in_ms, job.value), (Some(100_000), 7));
}

#[tokio::test]
async fn calls_that_fail_and_work_that_gets_late_should_be_counted() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	let mut worker = worker_with(&node, vec![prover.client()], metrics);
	node.world().assign(KEY, workload(1, Mode::Deferred));
	node.world().refuses = true;
	for _ in 0..3 {
		worker.act(node.advance()).await;
	}
	assert!(shown(&registry, "failed_calls_total", &["delivery"]) >= 1.0);
	assert!(shown(&registry, "failed_transactions_total", &["refused"]) >= 1.0);

	prover.set(Behaviour::Slow);
	let mut item = workload(2, Mode::Immediate);
	item.deadline = Tick(20);
	node.world().assign(KEY, item);
	for _ in 0..10 {
		worker.act(node.advance()).await;
	}
	assert_eq!(shown(&registry, "stuck_total", &["proof"]), 0.0);
	for _ in 0..6 {
		worker.act(node.advance()).await;
	}
	assert_eq!(shown(&registry, "stuck_total", &["proof"]), 1.0);
}

#[tokio::test]
async fn a_panic_should_cost_the_work_at_which_it_happens_and_no_other() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	node.world().keys_panic = true;
	let mut immediate = workload(1, Mode::Immediate);
	immediate.deadline = Tick(30);
	node.world().assign(KEY, immediate);
	node.world().assign(KEY, workload(2, Mode::Deferred));
	let worker = worker_with(&node, vec![prover.client()], metrics);
	let (blocks, finality) = mpsc::unbounded();
	let running = tokio::spawn(run(worker, finality));
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| submitted(&node) == [delivery(2)]).await;
	assert_eq!(shown(&registry, "panics_total", &[]), 1.0);
	// It goes on when the cause is gone.
	node.world().keys_panic = false;
	pass_backoff().await;
	blocks.unbounded_send(node.advance()).unwrap();
	until(|| node.world().submitted.len() == 3).await;
	drop(blocks);
	running.await.unwrap();
	node.advance();
	assert_eq!(node.world().accepted(Action::Prove), 2);
}

#[tokio::test]
async fn work_that_another_key_owes_now_or_that_was_declined_should_not_count_as_missed() {
	let (node, prover) = (Node::new(KEY), TestProver::start().await);
	let (metrics, registry) = metrics();
	let mut worker = worker_with(&node, vec![prover.client()], metrics);
	prover.set(Behaviour::Slow);
	for id in 1..=3 {
		node.world().assign(KEY, workload(id, Mode::Immediate));
	}
	worker.act(node.advance()).await;
	for (id, state) in [
		(1, WorkloadState::Assigned),
		(2, WorkloadState::Queued),
		(3, WorkloadState::Refunded),
	] {
		node.world().end(KEY, WorkloadId([id; 32]), state);
	}
	worker.act(node.advance()).await;
	let missed = |action| shown(&registry, "missed_total", &[action]);
	// Nothing of it was due yet.
	assert_eq!(missed("delivery") + missed("proof"), 0.0);
}
