//! Who may use the service, and the plain HTTP endpoints.

use crate::support;
use crate::support::{get, http, request, Folder, Service, TestEngine};
use inference_prover::{config::ConfigError, error::Error, Config};
use inference_prover_api::{error_code, Health, JobState, ProverApiClient, MAX_MESSAGE_BYTES};
use jsonrpsee::{
	core::{
		client::ClientT,
		params::{ArrayParams, BatchRequestBuilder},
	},
	http_client::{HeaderMap, HeaderValue, HttpClientBuilder},
};
use std::{fs, net::SocketAddr};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn with_token(folder: &Folder) -> Config {
	let file = folder.path().join("token");
	fs::write(&file, format!("{TOKEN}\n")).unwrap();
	Config {
		bearer_token_file: Some(file),
		..folder.config()
	}
}

#[tokio::test]
async fn start_should_fail_beyond_loopback_without_a_token() {
	let folder = Folder::new();
	let listen = SocketAddr::from(([0, 0, 0, 0], 0));
	let error = Service::start_error(
		&Config {
			listen,
			..folder.config()
		},
		&TestEngine::open(),
	)
	.await;
	assert!(matches!(
		error,
		Error::Config(ConfigError::TokenRequired { .. })
	));
	assert!(error.to_string().contains("--bearer-token-file"), "{error}");
	// Nothing was made.
	assert!(!folder.path().join("data").exists());
	let engine = TestEngine::open();
	let service = Service::start(
		&Config {
			listen,
			..with_token(&folder)
		},
		&engine,
	)
	.await;
	drop(service);
}

#[tokio::test]
async fn every_path_should_need_the_token() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&with_token(&folder), &engine).await;
	let address = service.running.address();
	let wrong = format!("Authorization: Bearer {}\r\n", TOKEN.replace('0', "1"));
	let scheme = format!("Authorization: Basic {TOKEN}\r\n");
	for headers in [
		"",
		&wrong,
		&scheme,
		"Authorization: Bearer\r\n",
		"Authorization: Bearer \r\n",
	] {
		for path in ["/health", "/metrics", "/"] {
			let response = get(address, path, headers).await;
			assert!(
				response.starts_with("HTTP/1.1 401 "),
				"{path} {headers}: {response}"
			);
		}
	}
	let refused = service.client.health().await.unwrap_err();
	assert!(refused.to_string().contains("401"), "{refused}");
	assert!(service.client.submit_job(request(1, 5)).await.is_err());

	let mut headers = HeaderMap::new();
	let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap();
	headers.insert("authorization", value);
	let client = HttpClientBuilder::default()
		.set_headers(headers)
		.build(format!("http://{address}"))
		.unwrap();
	assert_eq!(client.health().await.unwrap().models, 1);
	let response = get(
		address,
		"/health",
		&format!("authorization: bearer {TOKEN}\r\n"),
	)
	.await;
	assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn a_service_on_loopback_should_refuse_other_host_names() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	let address = service.running.address();
	let port = address.port();
	let ask = |host: String| {
		http(
			address,
			format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
		)
	};
	assert!(ask(format!("localhost:{port}"))
		.await
		.starts_with("HTTP/1.1 200 "));
	assert!(ask(format!("127.0.0.1:{port}"))
		.await
		.starts_with("HTTP/1.1 200 "));
	assert!(ask(format!("rebound.example:{port}"))
		.await
		.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn health_and_metrics_should_answer_plain_requests() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	let address = service.running.address();
	service.client.submit_job(request(1, 5)).await.unwrap();
	service.proof(support::key(1)).await;
	let response = get(address, "/health", "").await;
	let body = response.split_once("\r\n\r\n").unwrap().1;
	let health: Health = serde_json::from_str(body).unwrap();
	assert_eq!(health.models, 1);
	let metrics = get(address, "/metrics", "").await;
	let proven = format!(
		"inference_prover_jobs_proven_total{{model=\"{}\"}} 1\n",
		support::vk_hash("doubler")
	);
	assert!(metrics.contains(&proven), "{metrics}");
}

#[tokio::test]
async fn requests_should_be_bounded_in_size() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	let address = service.running.address();
	let length = MAX_MESSAGE_BYTES + 1;
	let response = http(
		address,
		format!(
			"POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
			 Content-Length: {length}\r\nConnection: close\r\n\r\n"
		),
	)
	.await;
	assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
}

#[tokio::test]
async fn probes_should_tell_readiness_without_the_token() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	engine.0.shut(true);
	let mut service = Service::start_unloaded(&with_token(&folder), &engine).await;
	let address = service.running.address();
	assert!(get(address, "/live", "").await.starts_with("HTTP/1.1 200 "));
	assert!(get(address, "/ready", "")
		.await
		.starts_with("HTTP/1.1 503 "));
	engine.0.shut(false);
	service.running.loaded().await.unwrap();
	assert!(get(address, "/ready", "")
		.await
		.starts_with("HTTP/1.1 200 "));
}

const ADMIN_TOKEN: &str = "fedcba9876543210fedcba9876543210";

#[tokio::test]
async fn with_an_administrators_token_the_other_should_work_but_not_load_or_unload() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let file = folder.path().join("admin");
	let client = |address: SocketAddr, token: Option<&str>| {
		let mut headers = HeaderMap::new();
		if let Some(token) = token {
			let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
			headers.insert("authorization", value);
		}
		HttpClientBuilder::default()
			.set_headers(headers)
			.build(format!("http://{address}"))
			.unwrap()
	};
	let dir = folder.bundle("second").to_str().unwrap().to_owned();
	// With a token for all, and on loopback without.
	for (data, config, token) in [
		("one", with_token(&folder), Some(TOKEN)),
		("two", folder.config(), None),
	] {
		fs::write(&file, ADMIN_TOKEN).unwrap();
		let config = Config {
			data: folder.path().join(data),
			admin_token_file: Some(file.clone()),
			..config
		};
		let service = Service::start(&config, &engine).await;
		let address = service.running.address();
		let (worker, admin) = (client(address, token), client(address, Some(ADMIN_TOKEN)));
		let refused = [
			support::refusal(worker.load_model(dir.clone()).await),
			support::refusal(worker.unload_model(support::vk_hash("doubler")).await),
		];
		for (code, message) in refused {
			assert_eq!(code, error_code::FORBIDDEN);
			assert!(message.contains("--admin-token-file"), "{message}");
		}
		// Not in a batch either, whose other calls are answered.
		let mut batch = BatchRequestBuilder::new();
		batch.insert("prover_models", ArrayParams::new()).unwrap();
		let mut params = ArrayParams::new();
		params.insert(&dir).unwrap();
		batch.insert("prover_loadModel", params).unwrap();
		let answers = worker
			.batch_request::<serde_json::Value>(batch)
			.await
			.unwrap();
		assert_eq!(answers.num_failed_calls(), 1);

		worker.submit_job(request(1, 5)).await.unwrap();
		support::wait(&worker, support::key(1), |state| {
			matches!(state, JobState::Proven { .. })
		})
		.await;
		worker.execute(request(2, 5)).await.unwrap();
		worker.retry_job(support::key(1)).await.unwrap();
		worker.cancel_job(support::key(1)).await.unwrap();
		assert_eq!(worker.models().await.unwrap().len(), 1);

		assert_eq!(admin.load_model(dir.clone()).await.unwrap().name, "second");
		assert!(admin
			.unload_model(support::vk_hash("second"))
			.await
			.unwrap());
		admin.job(support::key(1)).await.unwrap();
	}
	// One token for both is none.
	fs::write(&file, TOKEN).unwrap();
	let config = Config {
		admin_token_file: Some(file),
		..with_token(&folder)
	};
	let error = Service::start_error(&config, &engine).await;
	assert!(matches!(
		error,
		Error::Config(ConfigError::SameTokens { .. })
	));
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_should_take_no_jobs_and_say_so_but_go_on_answering() {
	let (folder, engine) = (Folder::new(), TestEngine::open());
	let service = Service::start(&folder.config(), &engine).await;
	service.client.submit_job(request(1, 5)).await.unwrap();
	let proof = service.proof(support::key(1)).await;
	drop(service);

	let config = Config {
		min_free_disk_mib: u32::MAX,
		..folder.config()
	};
	let service = Service::start(&config, &engine).await;
	let (code, message) = support::refusal(service.client.submit_job(request(2, 5)).await);
	assert_eq!(code, error_code::QUEUE_FULL);
	assert!(message.contains("--min-free-disk-mib"), "{message}");
	let dir = folder.bundle("second").to_str().unwrap().to_owned();
	let (_, message) = support::refusal(service.client.load_model(dir).await);
	assert!(message.contains("--min-free-disk-mib"), "{message}");
	let health = service.client.health().await.unwrap();
	assert!(health.ready && health.problems.len() == 1, "{health:?}");
	assert!(health.problems[0].contains("are free"), "{health:?}");
	// It serves what it has, and is not taken out of service.
	let ready = get(service.running.address(), "/ready", "").await;
	assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");

	// Outputs, and what is here already.
	service.client.execute(request(2, 5)).await.unwrap();
	service.client.submit_job(request(1, 5)).await.unwrap();
	assert_eq!(service.proof(support::key(1)).await, proof);
}
