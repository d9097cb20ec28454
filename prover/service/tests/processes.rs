//! Engine processes, real ones: whatever happens to one costs an attempt of its job and nothing else, and
//! none is left behind. A process that is stopped (SIGSTOP) stands for a proof that hangs.

use crate::support::{
	daemon::{gone, is_alive, send, Daemon, Model},
	key, refusal, wait,
};
use inference_prover::jobs::queue::MAX_ATTEMPTS;
use inference_prover_api::{error_code, JobState, ProverApiClient};
use std::time::{Duration, Instant};

/// Enough for the small model, which takes 8 with two threads; too little for the large one, which takes 16.
const BOUND_MIB: &str = "10";

/// A daemon that made a proof, and the engine process that it made it in.
async fn proving(model: &Model, data: &str, arguments: &[&str]) -> (Daemon, u32) {
	let dir = model.dir();
	let arguments = [arguments, &["--bundle", dir.to_str().unwrap()]].concat();
	let daemon = Daemon::start(&model.folder.path().join(data), &arguments);
	assert!(daemon.engines().is_empty(), "it has nothing to prove");
	daemon.client.submit_job(model.request(1)).await.unwrap();
	daemon.proven(1).await;
	let engines = daemon.engines();
	assert_eq!(engines.len(), 1);
	(daemon, engines[0])
}

async fn running(daemon: &Daemon, workload: u8) {
	wait(&daemon.client, key(workload), |state| {
		matches!(state, JobState::Proving { .. })
	})
	.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_process_is_killed_should_be_proven_in_another_and_no_job_beside_it_notice() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &["--workers", "2"]).await;
	send(engine, "-STOP");
	// Where the model is already.
	daemon.client.submit_job(model.request(2)).await.unwrap();
	running(&daemon, 2).await;
	daemon.client.submit_job(model.request(3)).await.unwrap();
	let (output, proof, _) = daemon.proven(3).await;
	model.check(3, &output, &proof);
	let beside: Vec<_> = daemon.engines();
	assert_eq!(beside.len(), 2);
	let state = daemon.client.job(key(2)).await.unwrap().state;
	assert!(matches!(state, JobState::Proving { .. }), "{state:?}");

	send(engine, "-KILL");
	let (output, proof, _) = daemon.proven(2).await;
	model.check(2, &output, &proof);
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!(progress.attempts, 2);
	let reason = progress.last_error.unwrap();
	assert!(reason.contains("killed by signal 9"), "{reason}");
	let progress = daemon.client.job(key(3)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
	let other = beside.into_iter().find(|pid| *pid != engine).unwrap();
	assert!(is_alive(other) && !is_alive(engine));
	let metrics = daemon.metrics().await;
	assert!(
		metrics.contains("inference_prover_engine_deaths_total 1\n"),
		"{metrics}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_process_that_is_killed_should_cost_no_attempt() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	send(engine, "-KILL");
	gone(engine).await;
	daemon.client.submit_job(model.request(2)).await.unwrap();
	daemon.proven(2).await;
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_beyond_the_bound_of_memory_should_fail_by_name_and_others_settle() {
	let (small, large) = (Model::diabetes(), Model::digits());
	// Compared with its keys without the bound.
	let data = small.folder.path().join("data");
	let bundles = [small.dir(), large.dir()];
	let arguments: Vec<_> = bundles
		.iter()
		.flat_map(|dir| ["--bundle", dir.to_str().unwrap()])
		.collect();
	drop(Daemon::start(&data, &arguments));
	let bounded = [&["--engine-memory-mib", BOUND_MIB][..], &arguments].concat();
	let daemon = Daemon::start(&data, &bounded);
	daemon.client.submit_job(large.request(1)).await.unwrap();
	daemon.client.submit_job(small.request(2)).await.unwrap();
	let (output, proof, _) = daemon.proven(2).await;
	small.check(2, &output, &proof);
	let reason = loop {
		let job = daemon.client.job(key(1)).await.unwrap();
		match job.state {
			JobState::Failed { reason } => break reason,
			// Does not wait for the pause between two attempts.
			JobState::Queued { .. } if job.progress.retry_in_ms.is_some() => {
				daemon.client.retry_job(key(1)).await.unwrap();
			},
			JobState::Proven { .. } => panic!("it needs less than {BOUND_MIB} MiB"),
			_ => tokio::time::sleep(Duration::from_millis(5)).await,
		}
	};
	for part in [
		"memory allocation",
		&format!("its bound is {BOUND_MIB} MiB (--engine-memory-mib)"),
		&format!("after {MAX_ATTEMPTS} attempts"),
	] {
		assert!(reason.contains(part), "{reason}");
	}
	// Executing goes on, and so does the service.
	daemon.client.execute(large.request(3)).await.unwrap();
	daemon.client.submit_job(small.request(4)).await.unwrap();
	daemon.proven(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_whose_check_takes_too_much_memory_should_be_refused_and_the_service_live() {
	let model = Model::diabetes();
	let data = model.folder.path().join("data");
	let daemon = Daemon::start(&data, &["--engine-memory-mib", "3"]);
	let dir = model.dir().to_str().unwrap().to_owned();
	let (code, message) = refusal(daemon.client.load_model(dir).await);
	assert_eq!(code, error_code::BAD_BUNDLE);
	assert!(message.contains("--engine-memory-mib"), "{message}");
	assert!(daemon.client.health().await.unwrap().ready);
	assert!(daemon.engines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_hangs_should_be_stopped_and_its_worker_take_the_next_job() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &["--job-timeout-seconds", "3"]).await;
	send(engine, "-STOP");
	daemon.client.submit_job(model.request(2)).await.unwrap();
	daemon.client.submit_job(model.request(3)).await.unwrap();
	gone(engine).await;
	for workload in [3, 2] {
		let (output, proof, _) = daemon.proven(workload).await;
		model.check(workload, &output, &proof);
	}
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!(progress.attempts, 2);
	let reason = progress.last_error.unwrap();
	assert!(reason.contains("no step for 3 seconds"), "{reason}");
	assert_eq!(daemon.engines().len(), 1);
	assert_eq!(daemon.client.health().await.unwrap().overdue, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_should_free_its_worker_at_once() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	send(engine, "-STOP");
	daemon.client.submit_job(model.request(2)).await.unwrap();
	running(&daemon, 2).await;
	daemon.client.cancel_job(key(2)).await.unwrap();
	gone(engine).await;
	daemon.client.submit_job(model.request(3)).await.unwrap();
	daemon.proven(3).await;
	let state = daemon.client.job(key(2)).await.unwrap().state;
	assert!(matches!(state, JobState::Cancelled), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_should_hold_no_model_that_was_unloaded() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let vk_hash = model.bundle.vk_hash();
	assert!(daemon.client.unload_model(vk_hash).await.unwrap());
	gone(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_should_end_with_the_service_however_that_ends() {
	let model = Model::diabetes();
	for (data, signal, hangs) in [
		("killed", "-KILL", false),
		("killed-hanging", "-KILL", true),
		("ended", "-TERM", false),
		("ended-hanging", "-TERM", true),
	] {
		let arguments = ["--drain-timeout-seconds", "1"];
		let (mut daemon, engine) = proving(&model, data, &arguments).await;
		// What is meant for the service is not obeyed by others.
		for signal in ["-TERM", "-INT"] {
			send(engine, signal);
		}
		if hangs {
			send(engine, "-STOP");
			daemon.client.submit_job(model.request(2)).await.unwrap();
			running(&daemon, 2).await;
		} else {
			daemon.client.submit_job(model.request(2)).await.unwrap();
			daemon.proven(2).await;
		}
		assert_eq!(daemon.engines(), [engine]);
		let since = Instant::now();
		daemon.signal(signal);
		let status = daemon.child.wait().unwrap();
		if signal == "-TERM" {
			assert_eq!(status.code(), Some(0));
			// No waiting: it ended its processes before itself.
			assert!(!is_alive(engine), "{data}");
		}
		gone(engine).await;
		assert!(since.elapsed() < Duration::from_secs(30), "{data}");
		if hangs {
			// Nothing of it is lost.
			let dir = model.dir();
			let data = model.folder.path().join(data);
			let daemon = Daemon::start(&data, &["--bundle", dir.to_str().unwrap()]);
			daemon.proven(2).await;
		}
	}
}
