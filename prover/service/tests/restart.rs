//! What survives the end of the service, however it ends.

use crate::support::{
	client, get, key, refusal, request, request_of, vk_hash, Folder, Service, TestEngine,
};
use inference_prover::{
	error::Error,
	jobs::store::JobStoreError,
	store::{ContentStore, LocalStore},
	Config,
};
use inference_prover_api::{error_code, JobRequest, JobState, ProverApiClient};
use std::fs;

#[tokio::test]
async fn a_restart_in_the_middle_should_lose_nothing_and_repeat_nothing() {
	let folder = Folder::new();
	let engine = TestEngine::new(1);
	let service = Service::start(&folder.config(), &engine).await;
	for workload in [4, 2, 3] {
		service
			.client
			.submit_job(request(workload, 5))
			.await
			.unwrap();
	}
	let proof = service.proof(key(4)).await;
	service
		.wait(key(2), |s| matches!(s, JobState::Proving { .. }))
		.await;
	drop(service);

	// No bundles on the command line: they are remembered.
	let config = Config {
		bundles: Vec::new(),
		..folder.config()
	};
	let second = TestEngine::open();
	let service = Service::start(&config, &second).await;
	let proofs = [service.proof(key(2)).await, service.proof(key(3)).await];
	assert_ne!(proofs[0], proofs[1]);
	assert_eq!(service.proof(key(4)).await, proof);
	assert_eq!(second.proofs(), 2, "the proven job was proven again");
	// Idempotence lasts as well.
	let again = service.client.submit_job(request(4, 5)).await.unwrap();
	assert!(matches!(again.state, JobState::Proven { proof: p, .. } if p == proof));
	let reused = refusal(service.client.submit_job(request(4, 6)).await);
	assert_eq!(reused.0, error_code::KEY_REUSED);
}

#[tokio::test]
async fn drain_should_finish_what_runs_and_keep_what_waits() {
	let folder = Folder::new();
	let engine = TestEngine::new(0);
	let service = Service::start(&folder.config(), &engine).await;
	for workload in [1, 2] {
		service
			.client
			.submit_job(request(workload, 5))
			.await
			.unwrap();
	}
	service.running_is(1).await;
	let Service { running, client } = service;
	let drained = tokio::spawn(running.drain());
	while !client.health().await.unwrap().draining {
		tokio::task::yield_now().await;
	}
	// It answers, but takes nothing new.
	let (code, message) = refusal(client.submit_job(request(3, 5)).await);
	assert_eq!(code, error_code::QUEUE_FULL);
	assert!(message.contains("draining"), "{message}");
	assert!(client.submit_job(request(2, 5)).await.is_ok());
	engine.0.permit(9);
	assert!(drained.await.unwrap());
	assert_eq!(engine.proofs(), 1);

	let second = TestEngine::new(0);
	let service = Service::start(&folder.config(), &second).await;
	service.proof(key(1)).await;
	second.0.permit(1);
	service.proof(key(2)).await;
}

#[tokio::test]
async fn drain_should_give_back_what_does_not_end_in_time() {
	let folder = Folder::new();
	let config = Config {
		drain_timeout_seconds: 1,
		..folder.config()
	};
	let engine = TestEngine::new(0);
	let service = Service::start(&config, &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.running_is(1).await;
	drop(service.client);
	assert!(!service.running.drain().await);
	let second = TestEngine::open();
	let service = Service::start(&config, &second).await;
	service.proof(key(1)).await;
	assert_eq!(second.proofs(), 1);
}

#[tokio::test]
async fn a_damaged_proof_should_be_detected_and_made_again() {
	let folder = Folder::new();
	let engine = TestEngine::open();
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	let proof = service.proof(key(1)).await;
	let store = LocalStore::open(&folder.path().join("data/content")).unwrap();
	let hash = inference_primitives::hashing::blake2_256(&proof);
	assert_eq!(store.get(hash).await.unwrap(), proof);

	let mut forged = proof.clone();
	forged[40] ^= 1;
	for damage in [Some(forged), None] {
		let proofs = engine.proofs();
		let job = service.client.job(key(1)).await.unwrap();
		let JobState::Proven { proof, .. } = job.state else {
			panic!("{job:?}")
		};
		let path = store.path(inference_primitives::hashing::blake2_256(&proof));
		match damage {
			Some(bytes) => fs::write(path, bytes).unwrap(),
			None => fs::remove_file(path).unwrap(),
		}
		// Never the damaged bytes: the job is proven again, for its output stands.
		let job = service.client.job(key(1)).await.unwrap();
		assert_eq!(
			job.state,
			JobState::Queued {
				output: vec![10, 4, -6]
			}
		);
		assert_ne!(service.proof(key(1)).await, proof);
		assert_eq!(engine.proofs(), proofs + 1);
	}
}

#[tokio::test]
async fn jobs_should_wait_while_their_model_is_away() {
	let folder = Folder::new();
	let engine = TestEngine::new(0);
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	drop(service);

	// The bundle is gone, and then another lies in its place: neither is the model.
	let dir = folder.path().join("bundles/doubler");
	let config = Config {
		bundles: Vec::new(),
		..folder.config()
	};
	let engine = TestEngine::open();
	for name in [None, Some("other")] {
		match name {
			None => fs::remove_file(dir.join("name")).unwrap(),
			Some(name) => fs::write(dir.join("name"), name).unwrap(),
		}
		let service = Service::start(&config, &engine).await;
		assert!(service.client.models().await.unwrap().is_empty());
		let job = service.client.job(key(1)).await.unwrap();
		assert!(matches!(job.state, JobState::Queued { .. }));
	}
	let service = Service::start(&config, &engine).await;
	fs::write(dir.join("name"), "doubler").unwrap();
	let info = service
		.client
		.load_model(dir.to_str().unwrap().into())
		.await
		.unwrap();
	assert_eq!(info.vk_hash, vk_hash("doubler"));
	service.proof(key(1)).await;
}

#[tokio::test]
async fn finished_jobs_should_be_forgotten_after_the_retention() {
	let folder = Folder::new();
	let engine = TestEngine::open();
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	let proof = service.proof(key(1)).await;
	drop(service);

	tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	let config = Config {
		retention_seconds: 0,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	for _ in 0..500 {
		if service.client.job(key(1)).await.is_err() {
			break;
		}
		tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	}
	assert_eq!(
		refusal(service.client.job(key(1)).await).0,
		error_code::UNKNOWN_JOB
	);
	let store = folder.path().join("data/content");
	let path = LocalStore::open(&store)
		.unwrap()
		.path(inference_primitives::hashing::blake2_256(&proof));
	for _ in 0..500 {
		if !path.exists() {
			return;
		}
		tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	}
	panic!("the proof is kept");
}

#[tokio::test]
async fn a_second_process_should_not_get_the_data_folder() {
	let folder = Folder::new();
	let engine = TestEngine::open();
	let service = Service::start(&folder.config(), &engine).await;
	let error = Service::start_error(&folder.config(), &engine).await;
	assert!(
		matches!(error, Error::JobStore(JobStoreError::InUse(_))),
		"{error}"
	);
	assert!(error.to_string().contains("--data"), "{error}");
	// The first is unharmed.
	assert!(client(service.running.address()).health().await.is_ok());
}

#[tokio::test]
async fn a_bad_bundle_of_the_configuration_should_be_named_and_the_others_served() {
	let folder = Folder::new();
	let bad = folder.path().join("bundles/absent");
	let config = Config {
		bundles: vec![bad.clone(), folder.path().join("bundles/doubler")],
		..folder.config()
	};
	let engine = TestEngine::open();
	let service = Service::start(&config, &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.proof(key(1)).await;
	let health = service.client.health().await.unwrap();
	assert!(!health.ready);
	assert_eq!(health.problems.len(), 1);
	assert!(health.problems[0].contains("absent"), "{health:?}");
	let ready = get(service.running.address(), "/ready", "").await;
	assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
	let metrics = get(service.running.address(), "/metrics", "").await;
	assert!(
		metrics.contains("inference_prover_bundles_failed 1"),
		"{metrics}"
	);
	// Once it is mended and loaded, all is well.
	folder.bundle("absent");
	let dir = bad.to_str().unwrap().to_owned();
	service.client.load_model(dir).await.unwrap();
	let health = service.client.health().await.unwrap();
	assert!(health.ready, "{health:?}");
}

#[tokio::test]
async fn a_bundle_that_was_replaced_in_its_folder_should_be_loaded_after_a_restart() {
	let folder = Folder::new();
	// Whichever of the two keys is the smaller.
	for (first, second) in [("one", "other"), ("other", "one")] {
		let config = Config {
			bundles: Vec::new(),
			data: folder.path().join(first),
			..folder.config()
		};
		let engine = TestEngine::open();
		let service = Service::start(&config, &engine).await;
		let dir = folder.bundle("replaced");
		for name in [first, second] {
			std::fs::write(dir.join("name"), name).unwrap();
			let dir = dir.to_str().unwrap().to_owned();
			service.client.load_model(dir).await.unwrap();
		}
		drop(service);
		let service = Service::start(&config, &engine).await;
		assert!(service.client.health().await.unwrap().ready);
		let request = request_of(second, 1, 5);
		service.client.submit_job(request).await.unwrap();
		service.proof(key(1)).await;
	}
}

#[tokio::test]
async fn a_proof_should_be_kept_until_its_deadline_whatever_the_retention() {
	let folder = Folder::new();
	let engine = TestEngine::open();
	let service = Service::start(&folder.config(), &engine).await;
	for (workload, due_in_ms) in [(1, Some(3_600_000)), (2, Some(0))] {
		let request = JobRequest {
			due_in_ms,
			..request(workload, 5)
		};
		service.client.submit_job(request).await.unwrap();
		service.proof(key(workload)).await;
	}
	drop(service);

	tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	let config = Config {
		retention_seconds: 0,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	for _ in 0..500 {
		if service.client.job(key(2)).await.is_err() {
			break;
		}
		tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	}
	assert_eq!(
		refusal(service.client.job(key(2)).await).0,
		error_code::UNKNOWN_JOB
	);
	service.proof(key(1)).await;
}
