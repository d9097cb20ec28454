//! Engine processes, real ones: whatever happens to one costs an attempt of its job and nothing else, and
//! none is left behind. A process that is stopped (SIGSTOP) stands for a proof that hangs.

use crate::support::{
	daemon::{children, gone, is_alive, is_engine, send, Daemon, Model},
	key, refusal, wait,
};
use inference_prover_api::{error_code, JobState, ProverApiClient};
use std::{
	fs,
	process::Command,
	time::{Duration, Instant},
};

/// Enough for the small model, which takes 8 with two threads; too little for the large one, which takes 16.
const BOUND_MIB: &str = "10";

/// A daemon with one worker that made a proof, and the engine process that it made it in.
async fn proving(model: &Model, data: &str, arguments: &[&str]) -> (Daemon, u32) {
	let dir = model.dir();
	let arguments = [arguments, &["--bundle", dir.to_str().unwrap()]].concat();
	let daemon = Daemon::start(&model.folder.path().join(data), &arguments);
	let engines = daemon.engines();
	assert_eq!(engines.len(), 1, "it is ready to prove");
	daemon.client.submit_job(model.request(1)).await.unwrap();
	daemon.proven(1).await;
	assert_eq!(daemon.engines(), engines, "the one that was ready proved");
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
	let dir = model.dir();
	let arguments = ["--workers", "2", "--bundle", dir.to_str().unwrap()];
	let daemon = Daemon::start(&model.folder.path().join("data"), &arguments);
	let engines = daemon.engines();
	assert_eq!(engines.len(), 2);
	for engine in &engines {
		send(*engine, "-STOP");
	}
	for workload in [2, 3] {
		daemon
			.client
			.submit_job(model.request(workload))
			.await
			.unwrap();
		running(&daemon, workload).await;
	}
	// Each has one of them.
	tokio::time::sleep(Duration::from_millis(500)).await;
	send(engines[1], "-CONT");
	let client = &daemon.client;
	let (done, hanging) = loop {
		let state = |workload| async move {
			let state = client.job(key(workload)).await.unwrap().state;
			matches!(state, JobState::Proven { .. })
		};
		match (state(2).await, state(3).await) {
			(true, false) => break (2, 3),
			(false, true) => break (3, 2),
			both => assert_eq!(both, (false, false)),
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	};
	let (output, proof, _) = daemon.proven(done).await;
	model.check(done, &output, &proof);

	send(engines[0], "-KILL");
	let (output, proof, _) = daemon.proven(hanging).await;
	model.check(hanging, &output, &proof);
	let progress = daemon.client.job(key(hanging)).await.unwrap().progress;
	assert_eq!(progress.attempts, 2);
	let reason = progress.last_error.unwrap();
	assert!(reason.contains("killed by signal 9"), "{reason}");
	let progress = daemon.client.job(key(done)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
	assert!(is_alive(engines[1]) && !is_alive(engines[0]));
	assert_eq!(daemon.metric("engine_deaths_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_moved_and_was_loaded_again_should_be_proven_by_a_new_process() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let moved = model.folder.path().join("moved");
	fs::rename(model.dir(), &moved).unwrap();
	let dir = moved.to_str().unwrap().to_owned();
	daemon.client.load_model(dir).await.unwrap();
	send(engine, "-KILL");
	// The service saw it, too.
	daemon
		.until("engine_deaths_total", |deaths| deaths == 1)
		.await;
	daemon.client.submit_job(model.request(2)).await.unwrap();
	let (output, proof, _) = daemon.proven(2).await;
	model.check(2, &output, &proof);
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_should_hold_the_models_before_the_service_is_ready_and_again_after_a_kill() {
	let (model, other) = (Model::diabetes(), Model::digits());
	let dirs = [model.dir(), other.dir()];
	let bundles = dirs
		.iter()
		.flat_map(|dir| ["--bundle", dir.to_str().unwrap()]);
	let arguments: Vec<_> = ["--workers", "2"].into_iter().chain(bundles).collect();
	let daemon = Daemon::start(&model.folder.path().join("data"), &arguments);
	// Of graphs alone the memory would be the same without any process.
	let engines = daemon.engines();
	assert_eq!(engines.len(), 2);
	let ready = daemon.metric("model_bytes").await;
	send(engines[0], "-STOP");
	send(engines[1], "-STOP");
	daemon.client.submit_job(model.request(1)).await.unwrap();
	running(&daemon, 1).await;
	tokio::time::sleep(Duration::from_millis(500)).await;
	// The job is in one of the two, which is killed; the other one is where it was.
	daemon.client.cancel_job(key(1)).await.unwrap();
	let killed = loop {
		if let Some(killed) = engines.iter().find(|pid| !is_alive(**pid)) {
			break *killed;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	};
	for _ in 0..1000 {
		if daemon.engines().len() == 2 && daemon.metric("model_bytes").await == ready {
			break;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	assert_eq!(
		daemon.metric("model_bytes").await,
		ready,
		"nobody asked for a proof"
	);
	let now = daemon.engines();
	assert!(now.len() == 2 && !now.contains(&killed), "{now:?}");
	// The models themselves, and not only what they are counted as.
	assert!(ready > 4 << 20, "{ready}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_no_room_for_two_models_should_hold_one_and_prove_with_both() {
	let (model, other) = (Model::diabetes(), Model::digits());
	let dirs = [model.dir(), other.dir()];
	let bundles = dirs
		.iter()
		.flat_map(|dir| ["--bundle", dir.to_str().unwrap()]);
	let arguments: Vec<_> = ["--model-memory-mib", "1"]
		.into_iter()
		.chain(bundles)
		.collect();
	let daemon = Daemon::start(&model.folder.path().join("data"), &arguments);
	let engines = daemon.engines();
	let mut held = Vec::new();
	for (workload, model) in [(1, &model), (2, &other), (3, &model)] {
		daemon
			.client
			.submit_job(model.request(workload))
			.await
			.unwrap();
		let (output, proof, _) = daemon.proven(workload).await;
		model.check(workload, &output, &proof);
		held.push(daemon.metric("model_bytes").await);
	}
	assert_eq!(held[0], held[2], "one at a time: {held:?}");
	assert_ne!(held[0], held[1]);
	assert_eq!(daemon.engines(), engines);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_process_that_is_killed_should_cost_no_attempt() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	send(engine, "-KILL");
	// The service saw it, too.
	daemon
		.until("engine_deaths_total", |deaths| deaths == 1)
		.await;
	daemon.client.submit_job(model.request(2)).await.unwrap();
	daemon.proven(2).await;
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_process_that_is_killed_should_be_counted_and_replaced_before_a_job_comes() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let ready = daemon.metric("model_bytes").await;
	send(engine, "-KILL");
	daemon
		.until("engine_deaths_total", |deaths| deaths == 1)
		.await;
	daemon.until("model_bytes", |bytes| bytes < ready).await;
	daemon.until("model_bytes", |bytes| bytes == ready).await;
	let engines = daemon.engines();
	assert!(engines.len() == 1 && engines != [engine]);
	assert_eq!(daemon.metric("engine_deaths_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_model_that_is_held_should_not_wait_while_another_is_read_ahead() {
	let (model, slow) = (Model::diabetes(), Model::slow());
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let dir = slow.dir().to_str().unwrap().to_owned();
	daemon.client.load_model(dir).await.unwrap();
	daemon.client.submit_job(model.request(2)).await.unwrap();
	daemon.proven(2).await;
	// The other one is read after it, and nothing was lost for that.
	let before = daemon.metric("model_bytes").await;
	daemon
		.until("model_bytes", |bytes| bytes > before + (1 << 20))
		.await;
	assert_eq!(daemon.engines(), [engine]);
	assert_eq!(daemon.metric("engine_deaths_total").await, 0);
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
	daemon.client.submit_job(slow.request(3)).await.unwrap();
	let (output, proof, _) = daemon.proven(3).await;
	slow.check(3, &output, &proof);
	assert_eq!(daemon.engines(), [engine]);
	assert_eq!(daemon.metric("jobs_waiting_for_model").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_while_its_model_is_read_should_give_way_to_the_next() {
	let (model, slow) = (Model::diabetes(), Model::slow());
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let before = daemon.metric("model_bytes").await;
	let dir = slow.dir().to_str().unwrap().to_owned();
	daemon.client.load_model(dir).await.unwrap();
	let both = daemon
		.until("model_bytes", |bytes| bytes > before + (1 << 20))
		.await;
	// For a while nothing is read ahead.
	send(engine, "-KILL");
	// The service saw it, too.
	daemon
		.until("engine_deaths_total", |deaths| deaths == 1)
		.await;
	daemon.client.submit_job(slow.request(2)).await.unwrap();
	running(&daemon, 2).await;
	daemon
		.until("jobs_waiting_for_model", |waiting| waiting == 1)
		.await;
	// The process stands still while it reads, however fast it is and however slow this test.
	let engines = daemon.engines();
	let [reading] = engines[..] else {
		panic!("{engines:?}");
	};
	send(reading, "-STOP");
	daemon.client.cancel_job(key(2)).await.unwrap();
	daemon.client.submit_job(model.request(3)).await.unwrap();
	send(reading, "-CONT");
	// What was held before the look that finds the proof: the model is read ahead again soon after it.
	let bytes = loop {
		let bytes = daemon.metric("model_bytes").await;
		let job = daemon.client.job(key(3)).await.unwrap();
		if matches!(job.state, JobState::Proven { .. }) {
			break bytes;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	};
	assert!(
		bytes < both - (1 << 20),
		"it was read to its end: {bytes} of {both}"
	);
	daemon.until("model_bytes", |bytes| bytes == both).await;
	assert_eq!(daemon.metric("engine_deaths_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_unloaded_while_it_is_read_should_be_held_by_no_process() {
	let (model, slow) = (Model::diabetes(), Model::slow());
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let before = daemon.metric("model_bytes").await;
	let dir = slow.dir().to_str().unwrap().to_owned();
	daemon.client.load_model(dir).await.unwrap();
	assert!(daemon
		.client
		.unload_model(slow.bundle.vk_hash())
		.await
		.unwrap());
	daemon.client.submit_job(model.request(2)).await.unwrap();
	daemon.proven(2).await;
	tokio::time::sleep(Duration::from_secs(5)).await;
	assert_eq!(daemon.metric("model_bytes").await, before);
	assert_eq!(daemon.engines(), [engine]);
	assert_eq!(daemon.metric("engine_deaths_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_after_its_process_died_should_keep_no_model_out() {
	let model = Model::diabetes();
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let ready = daemon.metric("model_bytes").await;
	send(engine, "-STOP");
	daemon.client.submit_job(model.request(2)).await.unwrap();
	running(&daemon, 2).await;
	tokio::time::sleep(Duration::from_millis(500)).await;
	send(engine, "-KILL");
	// Before it is tried again.
	while daemon.metric("engine_deaths_total").await == 0 {
		tokio::time::sleep(Duration::from_millis(1)).await;
	}
	daemon.client.cancel_job(key(2)).await.unwrap();
	daemon.until("model_bytes", |bytes| bytes == ready).await;
}

#[test]
fn the_service_should_end_by_a_signal_although_its_first_process_does_not_answer() {
	let folder = tempfile::tempdir().unwrap();
	for attempt in 0..100 {
		let (data, log) = (
			folder.path().join(attempt.to_string()),
			folder.path().join("log"),
		);
		let mut service = Command::new(env!("CARGO_BIN_EXE_inference-prover"))
			.args(["--listen", "127.0.0.1:0", "--data"])
			.arg(data)
			.stderr(fs::File::create(&log).unwrap())
			.spawn()
			.unwrap();
		let engine = loop {
			if let Some(engine) = children(service.id()).first() {
				break *engine;
			}
		};
		send(engine, "-STOP");
		std::thread::sleep(Duration::from_millis(500));
		let was_late = fs::read_to_string(&log).unwrap().contains("listening");
		if !was_late {
			send(service.id(), "-TERM");
		}
		let since = Instant::now();
		let status = loop {
			if was_late || since.elapsed() > Duration::from_secs(20) {
				service.kill().unwrap();
			}
			if let Some(status) = service.try_wait().unwrap() {
				break status;
			}
			std::thread::sleep(Duration::from_millis(10));
		};
		if !was_late {
			assert_eq!(status.code(), Some(0), "killed after {:?}", since.elapsed());
			return;
		}
	}
	panic!("it answered before it was stopped, each time");
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
	] {
		assert!(reason.contains(part), "{reason}");
	}
	// Once more in a process that holds nothing else, and not again for what does not pass.
	let attempts = daemon.client.job(key(1)).await.unwrap().progress.attempts;
	assert!(attempts <= 2, "{attempts}");
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
	assert_eq!(daemon.engines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_whose_process_is_killed_should_be_made_again_and_one_that_hangs_end() {
	let model = Model::digits();
	let data = model.folder.path().join("data");
	let daemon = Daemon::start(&data, &["--job-timeout-seconds", "4"]);
	let idle = daemon.engines();
	let load = |daemon: &Daemon| {
		let (client, dir) = (daemon.client.clone(), model.dir());
		tokio::spawn(async move { client.load_model(dir.to_str().unwrap().into()).await })
	};
	let checking = |daemon: &Daemon, idle: &[u32]| {
		let (parent, idle) = (daemon.child.id(), idle.to_vec());
		async move {
			loop {
				// Not before it is the program that the service watches.
				let is_new = |pid: &u32| !idle.contains(pid) && is_engine(*pid);
				let found = children(parent).into_iter().find(is_new);
				if let Some(found) = found {
					return found;
				}
				tokio::time::sleep(Duration::from_millis(1)).await;
			}
		}
	};
	// Both attempts hang.
	let loading = load(&daemon);
	let first = checking(&daemon, &idle).await;
	send(first, "-STOP");
	gone(first).await;
	let second = checking(&daemon, &idle).await;
	send(second, "-STOP");
	gone(second).await;
	let (code, message) = refusal(loading.await.unwrap());
	assert_eq!(code, error_code::BAD_BUNDLE);
	assert!(message.contains("no step"), "{message}");
	// The first is killed.
	let loading = load(&daemon);
	send(checking(&daemon, &idle).await, "-KILL");
	assert!(loading.await.unwrap().unwrap().checked);
	assert_eq!(daemon.metric("engine_deaths_total").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_reading_hangs_should_be_read_by_another_process_when_a_job_needs_it() {
	let (first, model) = (Model::diabetes(), Model::digits());
	let arguments = ["--job-timeout-seconds", "4"];
	let (daemon, engine) = proving(&first, "data", &arguments).await;
	send(engine, "-STOP");
	let dir = model.dir().to_str().unwrap().to_owned();
	daemon.client.load_model(dir).await.unwrap();
	// It was to read the key.
	gone(engine).await;
	daemon.client.submit_job(model.request(2)).await.unwrap();
	let (output, proof, _) = daemon.proven(2).await;
	model.check(2, &output, &proof);
	let progress = daemon.client.job(key(2)).await.unwrap().progress;
	assert_eq!((progress.attempts, progress.last_error), (1, None));
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
	tokio::time::sleep(Duration::from_millis(500)).await;
	daemon.client.cancel_job(key(2)).await.unwrap();
	gone(engine).await;
	daemon.client.submit_job(model.request(3)).await.unwrap();
	daemon.proven(3).await;
	let state = daemon.client.job(key(2)).await.unwrap().state;
	assert!(matches!(state, JobState::Cancelled), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_should_let_go_of_a_model_that_is_unloaded_or_built_anew_and_keep_the_others() {
	let (model, other, renamed) = (Model::diabetes(), Model::digits(), Model::renamed());
	let (daemon, engine) = proving(&model, "data", &[]).await;
	let alone = daemon.metric("model_bytes").await;
	let load = |model: &Model| {
		daemon
			.client
			.load_model(model.dir().to_str().unwrap().into())
	};
	load(&other).await.unwrap();
	let both = daemon
		.until("model_bytes", |bytes| bytes > alone + (1 << 20))
		.await;
	// Another bundle of its key takes its place.
	assert_eq!(renamed.bundle.vk_hash(), other.bundle.vk_hash());
	assert_ne!(renamed.bundle.hash(), other.bundle.hash());
	load(&renamed).await.unwrap();
	tokio::time::sleep(Duration::from_secs(1)).await;
	let left = both - (both - alone) / 4;
	let bytes = daemon.until("model_bytes", |bytes| bytes > left).await;
	assert!(bytes < both + (both - alone) / 4, "{bytes} {both} {alone}");
	daemon.client.submit_job(renamed.request(2)).await.unwrap();
	daemon.proven(2).await;
	let vk_hash = renamed.bundle.vk_hash();
	assert!(daemon.client.unload_model(vk_hash).await.unwrap());
	daemon.until("model_bytes", |bytes| bytes == alone).await;
	daemon.client.submit_job(model.request(3)).await.unwrap();
	daemon.proven(3).await;
	assert_eq!(daemon.engines(), [engine], "none was ended for that");
	assert_eq!(daemon.metric("engine_deaths_total").await, 0);
	assert!(daemon
		.client
		.unload_model(model.bundle.vk_hash())
		.await
		.unwrap());
	daemon.until("model_bytes", |bytes| bytes == 0).await;
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
