//! What is proven first, what is tried again, and what becomes of a proof that is late.

use crate::support::{key, request, Folder, Service, TestEngine};
use inference_prover::{jobs::queue::MAX_ATTEMPTS, Config};
use inference_prover_api::{JobRequest, JobState, ProverApiClient};
use std::sync::atomic::Ordering;

/// A request that is due in so many seconds.
fn due_in(workload: u8, seconds: u64) -> JobRequest {
	JobRequest {
		due_in_ms: Some(seconds * 1000),
		..request(workload, 5)
	}
}

#[tokio::test]
async fn the_nearest_deadline_should_be_proven_first_and_what_is_late_last() {
	let (folder, engine) = (Folder::new(), TestEngine::new(0));
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.running_is(1).await;
	for (workload, seconds) in [(2, 0), (3, 9_000), (4, 500), (5, 700)] {
		let request = due_in(workload, seconds);
		service.client.submit_job(request).await.unwrap();
	}
	service.client.submit_job(request(6, 5)).await.unwrap();
	// Submitting again sets the deadline anew.
	service.client.submit_job(due_in(5, 300)).await.unwrap();
	tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	engine.0.permit(6);
	for workload in 1..=6 {
		service.proof(key(workload)).await;
	}
	assert_eq!(*engine.0.order.lock().unwrap(), [1, 5, 4, 3, 6, 2]);
}

#[tokio::test]
async fn a_proof_that_comes_after_the_time_out_should_be_kept() {
	let (folder, engine) = (Folder::new(), TestEngine::new(0));
	let config = Config {
		job_timeout_seconds: 1,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.running_is(1).await;
	service.client.submit_job(request(2, 5)).await.unwrap();
	// The second is begun beside the first, although there is one worker.
	service.running_is(2).await;
	assert_eq!(service.client.health().await.unwrap().overdue, 1);
	let job = service.client.job(key(1)).await.unwrap();
	assert!(matches!(job.state, JobState::Proving { .. }), "{job:?}");
	assert!(job.progress.running_ms >= Some(1000), "{job:?}");
	assert_eq!(job.progress.step.as_deref(), Some("doubling"));
	engine.0.permit(2);
	service.proof(key(1)).await;
	service.proof(key(2)).await;
	assert_eq!(engine.proofs(), 2);
	assert_eq!(service.client.health().await.unwrap().overdue, 0);
	// And the worker goes on.
	engine.0.permit(1);
	service.client.submit_job(request(3, 5)).await.unwrap();
	service.proof(key(3)).await;
}

#[tokio::test]
async fn a_failure_that_may_pass_and_a_panic_should_be_tried_again() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	engine.0.transient.store(1, Ordering::SeqCst);
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.proof(key(1)).await;
	let progress = service.client.job(key(1)).await.unwrap().progress;
	assert_eq!(progress.attempts, 2);
	assert!(progress.last_error.unwrap().contains("the disk is away"));

	engine.0.panics.store(1, Ordering::SeqCst);
	service.client.submit_job(request(2, 5)).await.unwrap();
	service.proof(key(2)).await;
	let progress = service.client.job(key(2)).await.unwrap().progress;
	assert_eq!(progress.attempts, 2);
	assert!(progress.last_error.unwrap().contains("panicked"));
}

#[tokio::test]
async fn what_goes_on_failing_should_be_given_up_and_tried_anew_when_asked() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	engine.0.panics.store(usize::MAX, Ordering::SeqCst);
	service.client.submit_job(request(1, 5)).await.unwrap();
	let failed = loop {
		let job = service.client.job(key(1)).await.unwrap();
		match job.state {
			JobState::Failed { .. } => break job.state,
			// Does not wait for the pause between two attempts.
			JobState::Queued { .. } if job.progress.retry_in_ms.is_some() => {
				service.client.retry_job(key(1)).await.unwrap();
			},
			_ => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
		}
	};
	assert!(
		matches!(&failed, JobState::Failed { reason } if reason.contains(&format!("{MAX_ATTEMPTS} attempts"))),
		"{failed:?}"
	);
	engine.0.panics.store(0, Ordering::SeqCst);
	let job = service.client.retry_job(key(1)).await.unwrap();
	assert!(!matches!(job.state, JobState::Failed { .. }), "{job:?}");
	service.proof(key(1)).await;
}

#[tokio::test]
async fn a_cancelled_job_that_is_submitted_again_should_be_proven() {
	let (folder, engine) = (Folder::new(), TestEngine::new(0));
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.running_is(1).await;
	for workload in [2, 1] {
		service
			.client
			.submit_job(request(workload, 5))
			.await
			.unwrap();
		service.client.cancel_job(key(workload)).await.unwrap();
		let again = service
			.client
			.submit_job(request(workload, 5))
			.await
			.unwrap();
		assert!(!matches!(again.state, JobState::Cancelled), "{again:?}");
	}
	engine.0.permit(9);
	service.proof(key(1)).await;
	service.proof(key(2)).await;
}
