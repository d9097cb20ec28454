//! What is owed in minutes waits for nothing that takes hours: executing, answering, starting.

use crate::support::{key, refusal, request, request_of, vk_hash, Folder, Service, TestEngine};
use inference_prover::Config;
use inference_prover_api::{error_code, JobState, ProverApiClient};
use std::{sync::atomic::Ordering, time::Duration};

#[tokio::test]
async fn execute_should_answer_while_the_queue_is_full_and_while_the_service_drains() {
	let (folder, engine) = (Folder::new(), TestEngine::new(0));
	let config = Config {
		max_queued_jobs: 1,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.running_is(1).await;
	service.client.submit_job(request(2, 5)).await.unwrap();
	let (code, _) = refusal(service.client.submit_job(request(3, 5)).await);
	assert_eq!(code, error_code::QUEUE_FULL);
	let execution = service.client.execute(request(3, 6)).await.unwrap();
	assert_eq!(execution.output, [12, 4, -6]);
	let (code, _) = refusal(service.client.execute(request(3, 101)).await);
	assert_eq!(code, error_code::BAD_INPUT);

	let Service { running, client } = service;
	let drained = tokio::spawn(running.drain());
	while !client.health().await.unwrap().draining {
		tokio::task::yield_now().await;
	}
	assert!(!client.health().await.unwrap().ready);
	let execution = client.execute(request(4, 7)).await.unwrap();
	assert_eq!(execution.output, [14, 4, -6]);
	// Nothing of it was stored.
	assert_eq!(refusal(client.job(key(4)).await).0, error_code::UNKNOWN_JOB);
	engine.0.permit(9);
	drained.await.unwrap();
}

#[tokio::test]
async fn the_service_should_answer_before_its_models_are_loaded() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let first = Service::start(&folder.config(), &engine).await;
	first.client.submit_job(request(1, 5)).await.unwrap();
	let proof = first.proof(key(1)).await;
	drop(first);

	engine.0.shut(true);
	let mut service = Service::start_unloaded(&folder.config(), &engine).await;
	let health = service.client.health().await.unwrap();
	assert!(!health.ready, "{health:?}");
	assert!(health.problems[0].contains("loaded"), "{health:?}");
	// What is proven can be had, and what needs the model is asked for again, not refused.
	assert_eq!(service.proof(key(1)).await, proof);
	let (code, _) = refusal(service.client.submit_job(request(2, 5)).await);
	assert_eq!(code, error_code::NOT_YET);
	engine.0.shut(false);
	service.running.loaded().await.unwrap();
	assert!(service.client.health().await.unwrap().ready);
	service.client.submit_job(request(2, 5)).await.unwrap();
	service.proof(key(2)).await;
	let unknown = refusal(service.client.submit_job(request_of("nobody", 3, 5)).await);
	assert_eq!(unknown.0, error_code::UNKNOWN_MODEL);
}

#[tokio::test]
async fn a_model_that_hangs_should_hold_up_no_other_and_its_job_be_there_in_the_end() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	let dir = folder.bundle("second").to_str().unwrap().to_owned();
	service.client.load_model(dir).await.unwrap();
	engine.0.shut(true);
	let mut asked = Vec::new();
	for workload in 1..=20 {
		let client = service.client.clone();
		// Each is another input, but for the value that hangs.
		let mut request = request(workload, 17);
		request.input[1] = workload.into();
		asked.push(tokio::spawn(
			async move { client.submit_job(request).await },
		));
	}
	tokio::time::sleep(Duration::from_millis(100)).await;
	let good = service.client.submit_job(request_of("second", 30, 5));
	let good = tokio::time::timeout(Duration::from_secs(5), good).await;
	assert!(good.is_ok(), "the other model's execution waits");
	service.proof(key(30)).await;
	// The clients go away; the executions go on, and so do the jobs.
	for task in &asked {
		task.abort();
	}
	engine.0.shut(false);
	for workload in 1..=20 {
		for _ in 0..1000 {
			if service.client.job(key(workload)).await.is_ok() {
				break;
			}
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
		service.proof(key(workload)).await;
	}
	assert_eq!(engine.0.executions.load(Ordering::SeqCst), 21);
}

#[tokio::test]
async fn one_input_should_be_executed_once_however_often_it_is_asked_for() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	engine.0.shut(true);
	let asked: Vec<_> = (0..8)
		.map(|_| {
			let client = service.client.clone();
			tokio::spawn(async move { client.submit_job(request(1, 17)).await })
		})
		.collect();
	tokio::time::sleep(Duration::from_millis(100)).await;
	engine.0.shut(false);
	for task in asked {
		assert_eq!(
			task.await.unwrap().unwrap().state.output(),
			Some([34, 4, -6].as_slice())
		);
	}
	assert_eq!(engine.0.executions.load(Ordering::SeqCst), 1);
	service.proof(key(1)).await;
}

#[tokio::test]
async fn models_beyond_the_budget_should_be_put_out_of_memory_and_loaded_again() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let config = Config {
		model_memory_mib: 1,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	let dir = folder.bundle("second").to_str().unwrap().to_owned();
	service.client.load_model(dir).await.unwrap();
	// Two of 700 KiB do not fit.
	for (workload, name) in [(1, "doubler"), (2, "second"), (3, "doubler")] {
		let request = request_of(name, workload, 5);
		service.client.submit_job(request).await.unwrap();
		service.proof(key(workload)).await;
	}
	assert_eq!(service.client.models().await.unwrap().len(), 2);
	assert!(engine.0.loads.load(Ordering::SeqCst) >= 4);

	assert!(service
		.client
		.unload_model(vk_hash("second"))
		.await
		.unwrap());
	assert!(!service
		.client
		.unload_model(vk_hash("second"))
		.await
		.unwrap());
	let (code, _) = refusal(service.client.submit_job(request_of("second", 4, 5)).await);
	assert_eq!(code, error_code::UNKNOWN_MODEL);
	// Over a restart, too.
	drop(service);
	let service = Service::start(&config, &engine).await;
	assert_eq!(service.client.models().await.unwrap().len(), 1);
	let job = service.client.job(key(2)).await.unwrap();
	assert!(matches!(job.state, JobState::Proven { .. }));
}

#[tokio::test]
async fn a_bundle_that_is_being_checked_should_hold_up_loading_no_other() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	*engine.0.slow.lock().unwrap() = Some("unchecked".into());
	engine.0.shut(true);
	// The first of the start is checked for long.
	let config = Config {
		bundles: vec![folder.bundle("unchecked"), folder.bundle("doubler")],
		..folder.config()
	};
	let mut service = Service::start_unloaded(&config, &engine).await;
	let second = folder.bundle("second").to_str().unwrap().to_owned();
	let loaded = tokio::time::timeout(Duration::from_secs(5), service.client.load_model(second));
	assert!(loaded.await.is_ok(), "the second waits for the first");
	for _ in 0..500 {
		if service.client.submit_job(request(1, 5)).await.is_ok() {
			break;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	service.proof(key(1)).await;
	assert!(!service.client.health().await.unwrap().ready);
	engine.0.shut(false);
	service.running.loaded().await.unwrap();
	assert!(service.client.health().await.unwrap().ready);
	assert_eq!(service.client.models().await.unwrap().len(), 3);
}
