//! Jobs over real HTTP: what is accepted, what is refused, how jobs end.

use crate::support::{header, key, refusal, request, vk_hash, Folder, Service, TestEngine};
use inference_primitives::StatementVersion;
use inference_prover::Config;
use inference_prover_api::{error_code, JobRequest, JobState, ProverApiClient, API_VERSION};
use std::sync::atomic::Ordering;

mod success {
	use super::*;

	#[tokio::test]
	async fn submit_should_acknowledge_with_the_output_and_prove_later() {
		let (folder, engine) = (Folder::new(), TestEngine::new(0));
		let service = Service::start(&folder.config(), &engine).await;
		let job = service.client.submit_job(request(1, 5)).await.unwrap();
		assert_eq!(job.key, key(1));
		assert_eq!(
			job.state,
			JobState::Queued {
				output: vec![10, 4, -6]
			}
		);
		service
			.wait(key(1), |s| matches!(s, JobState::Proving { .. }))
			.await;
		engine.0.permit(1);
		let state = service
			.wait(key(1), |s| matches!(s, JobState::Proven { .. }))
			.await;
		assert_eq!(state.output(), Some([10, 4, -6].as_slice()));
	}

	#[tokio::test]
	async fn submit_should_take_statements_of_every_version() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		for version in StatementVersion::numbers() {
			let mut job = request(version, 5);
			job.statement.version = version;
			service.client.submit_job(job).await.unwrap();
			service.proof(key(version)).await;
		}
	}

	#[tokio::test]
	async fn submit_should_be_one_job_when_repeated() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let (first, second) = tokio::join!(
			service.client.submit_job(request(1, 5)),
			service.client.submit_job(request(1, 5))
		);
		assert_eq!(
			first.unwrap().state.output(),
			second.unwrap().state.output()
		);
		let proof = service.proof(key(1)).await;
		let again = service.client.submit_job(request(1, 5)).await.unwrap();
		assert!(matches!(again.state, JobState::Proven { proof: p, .. } if p == proof));
		assert_eq!(engine.proofs(), 1);
	}

	#[tokio::test]
	async fn cancel_should_end_a_waiting_job_and_a_running_one() {
		let (folder, engine) = (Folder::new(), TestEngine::new(0));
		let service = Service::start(&folder.config(), &engine).await;
		for workload in 1..=3 {
			service
				.client
				.submit_job(request(workload, 5))
				.await
				.unwrap();
		}
		service.running_is(1).await;
		for workload in [2, 1] {
			let job = service.client.cancel_job(key(workload)).await.unwrap();
			assert_eq!(job.state, JobState::Cancelled);
		}
		engine.0.permit(2);
		service.proof(key(3)).await;
		// The result of the running one is dropped, and it holds up no other; the waiting one was not
		// begun.
		assert!(!engine.0.order.lock().unwrap().contains(&2));
		for workload in [1, 2] {
			assert_eq!(
				service.client.job(key(workload)).await.unwrap().state,
				JobState::Cancelled
			);
		}
		// What is proven stays proven.
		let job = service.client.cancel_job(key(3)).await.unwrap();
		assert!(matches!(job.state, JobState::Proven { .. }));
	}

	#[tokio::test]
	async fn several_workers_should_prove_at_the_same_time() {
		let (folder, engine) = (Folder::new(), TestEngine::new(0));
		let config = Config {
			workers: 3,
			..folder.config()
		};
		let service = Service::start(&config, &engine).await;
		for workload in 1..=4 {
			service
				.client
				.submit_job(request(workload, 5))
				.await
				.unwrap();
		}
		service.running_is(3).await;
		assert_eq!(service.client.health().await.unwrap().queued, 1);
		engine.0.permit(4);
		for workload in 1..=4 {
			service.proof(key(workload)).await;
		}
		assert_eq!(engine.proofs(), 4);
	}

	#[tokio::test]
	async fn load_model_should_be_one_model_when_repeated() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let dir = folder.bundle("second").to_str().unwrap().to_owned();
		let info = service.client.load_model(dir.clone()).await.unwrap();
		assert_eq!(
			(info.vk_hash, info.name.as_str()),
			(vk_hash("second"), "second")
		);
		assert_eq!(service.client.load_model(dir).await.unwrap(), info);
		assert_eq!(service.client.models().await.unwrap().len(), 2);
		let request = JobRequest::new(header(info.vk_hash, 1), vec![0; 3]);
		service.client.submit_job(request).await.unwrap();
		service.proof(key(1)).await;
	}

	#[tokio::test]
	async fn health_should_count_models_and_jobs() {
		let (folder, engine) = (Folder::new(), TestEngine::new(0));
		let service = Service::start(&folder.config(), &engine).await;
		for workload in 1..=3 {
			service
				.client
				.submit_job(request(workload, 5))
				.await
				.unwrap();
		}
		service.running_is(1).await;
		let health = service.client.health().await.unwrap();
		assert_eq!((health.models, health.queued, health.running), (1, 2, 1));
		assert!(health.api_version == API_VERSION && !health.draining);
	}
}

mod failure {
	use super::*;

	#[tokio::test]
	async fn submit_should_refuse_another_request_under_a_used_key() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		service.client.submit_job(request(1, 5)).await.unwrap();
		let (code, message) = refusal(service.client.submit_job(request(1, 6)).await);
		assert_eq!(code, error_code::KEY_REUSED, "{message}");
		let mut other = request(1, 5);
		other.statement.domain = 9;
		let (code, _) = refusal(service.client.submit_job(other).await);
		assert_eq!(code, error_code::KEY_REUSED);
		// The job is unharmed.
		service.proof(key(1)).await;
	}

	#[tokio::test]
	async fn submit_should_name_the_key_of_an_unknown_model() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let unknown = vk_hash("nobody");
		let request = JobRequest::new(header(unknown, 1), vec![0; 3]);
		let (code, message) = refusal(service.client.submit_job(request).await);
		assert_eq!(code, error_code::UNKNOWN_MODEL);
		assert!(message.contains(&unknown.to_string()), "{message}");
	}

	#[tokio::test]
	async fn submit_should_say_expected_and_got_when_the_input_does_not_fit() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let short = JobRequest {
			input: vec![1, 2],
			..request(1, 5)
		};
		let (code, message) = refusal(service.client.submit_job(short).await);
		assert_eq!(code, error_code::BAD_INPUT);
		assert!(message.contains("expected 3 values, got 2"), "{message}");
		assert!(
			message.contains("doubler") && message.contains("[3]"),
			"{message}"
		);
		let (code, message) = refusal(service.client.submit_job(request(1, 101)).await);
		assert_eq!(code, error_code::BAD_INPUT);
		assert!(message.contains("101 at index 0"), "{message}");
		assert_eq!(engine.0.executions.load(Ordering::SeqCst), 0);
	}

	#[tokio::test]
	async fn submit_should_refuse_a_statement_of_an_unknown_version() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let mut later = request(1, 5);
		later.statement.version = 1 + StatementVersion::numbers().len() as u8;
		let (code, message) = refusal(service.client.submit_job(later).await);
		assert_eq!(code, error_code::BAD_INPUT, "{message}");
		assert!(message.contains("[1, 2]"), "{message}");
	}

	#[tokio::test]
	async fn submit_should_store_nothing_when_the_queue_is_full() {
		let (folder, engine) = (Folder::new(), TestEngine::new(0));
		let config = Config {
			max_queued_jobs: 1,
			..folder.config()
		};
		let service = Service::start(&config, &engine).await;
		service.client.submit_job(request(1, 5)).await.unwrap();
		service.running_is(1).await;
		service.client.submit_job(request(2, 5)).await.unwrap();
		let (code, message) = refusal(service.client.submit_job(request(3, 5)).await);
		assert_eq!(code, error_code::QUEUE_FULL);
		assert!(message.contains("1 jobs wait"), "{message}");
		assert_eq!(
			refusal(service.client.job(key(3)).await).0,
			error_code::UNKNOWN_JOB
		);
		// What is there is answered although it is full; with room, the third is taken.
		service.client.submit_job(request(2, 5)).await.unwrap();
		engine.0.permit(1);
		service.proof(key(1)).await;
		service.running_is(1).await;
		service
			.wait(key(2), |s| matches!(s, JobState::Proving { .. }))
			.await;
		service.client.submit_job(request(3, 5)).await.unwrap();
	}

	#[tokio::test]
	async fn job_and_cancel_should_refuse_an_unknown_key() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let (code, message) = refusal(service.client.job(key(9)).await);
		assert_eq!(code, error_code::UNKNOWN_JOB);
		assert!(message.contains(&key(9).to_string()), "{message}");
		assert_eq!(
			refusal(service.client.cancel_job(key(9)).await).0,
			error_code::UNKNOWN_JOB
		);
	}

	#[tokio::test]
	async fn load_model_should_say_why_a_bundle_does_not_load() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		for dir in [folder.path().join("absent"), folder.path().to_path_buf()] {
			let dir = dir.to_str().unwrap().to_owned();
			let result = service.client.load_model(dir.clone()).await;
			let Err(jsonrpsee::core::ClientError::Call(error)) = result else {
				panic!("{result:?}")
			};
			assert_eq!(error.code(), error_code::BAD_BUNDLE);
			assert!(error.message().contains(&dir), "{error}");
		}
	}

	#[tokio::test]
	async fn a_job_should_fail_alone_when_its_proof_cannot_be_made() {
		let (folder, engine) = (Folder::new(), TestEngine::open());
		let service = Service::start(&folder.config(), &engine).await;
		let cases = [
			(13, "unlucky"),
			(15, "refused by the verifier"),
			(16, "differs"),
		];
		for (first, reason) in cases {
			let workload = first as u8;
			service
				.client
				.submit_job(request(workload, first))
				.await
				.unwrap();
			let failed = service
				.wait(key(workload), |s| matches!(s, JobState::Failed { .. }))
				.await;
			assert!(
				matches!(&failed, JobState::Failed { reason: r } if r.contains(reason)),
				"{failed:?}"
			);
		}
		// The worker goes on.
		service.client.submit_job(request(1, 5)).await.unwrap();
		service.proof(key(1)).await;
	}
}
