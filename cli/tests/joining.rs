//! What an operator asks before a node joins a model's pool: whether the model on chain is the bundle's, and what the
//! node's prover says of it. The prover is a real one.

use crate::node::Node;
use codec::Encode;
use inference_circuits::{BuildOptions, Bundle, Checks};
use inference_primitives::{model::ModelView, ModelId, ModelRef, ModelStatus, ProofSystem};
use inference_prover::{
	engine::NativeEngine,
	service::{self, Running},
	Config,
};
use inference_runtime::{AccountId, VERSION};
use serde_json::Value;
use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	sync::Arc,
};
use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The ONNX file of the linear regression.
fn onnx() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR"))
		.join("../prover/circuits/fixtures/linear-regression-diabetes/model.onnx")
}

/// The model of the linear regression, as a bundle and as the chain has it.
struct Model {
	folder: TempDir,
	view: ModelView<AccountId>,
}

impl Model {
	fn build() -> Self {
		let onnx = fs::read(onnx()).unwrap();
		let options = BuildOptions {
			name: "diabetes".into(),
			..BuildOptions::default()
		};
		let bundle = Bundle::build(&onnx, &options, &mut |_| {}).unwrap();
		let folder = tempfile::tempdir().unwrap();
		bundle.save(&folder.path().join("bundle")).unwrap();
		let manifest = bundle.manifest();
		let view = ModelView {
			reference: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			creator: AccountId::new([1; 32]),
			name: b"diabetes".to_vec(),
			status: ModelStatus::Active,
			system: ProofSystem::Halo2,
			setup: manifest.setup,
			vk_hash: bundle.vk_hash(),
			input: manifest.input.clone(),
			output: manifest.output.clone(),
			compute_units: manifest.compute_units,
			royalty: 0,
			bundle_hash: bundle.hash(),
			in_flight: 0,
			settled: 0,
		};
		Self { folder, view }
	}

	fn path(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	/// A chain that has it.
	async fn chain(&self) -> Node {
		self.chain_that_says(|_| {}).await
	}

	/// A chain that has it, but for a change.
	async fn chain_that_says(&self, change: impl FnOnce(&mut ModelView<AccountId>)) -> Node {
		let mut view = self.view.clone();
		change(&mut view);
		Node::start(&VERSION.spec_name, 0, move |method, arguments| {
			let is_it = method == "InferenceApi_model" && arguments == view.reference.encode();
			is_it.then(|| Some(&view).encode())
		})
		.await
	}

	/// A prover that has loaded nothing.
	async fn prover(&self, name: &str, skip_check: bool, token: Option<&str>) -> Running {
		let config = Config {
			listen: ([127, 0, 0, 1], 0).into(),
			data: self.path(name),
			bearer_token_file: token.map(|token| self.private("token", token)),
			..Config::default()
		};
		let engine = NativeEngine {
			checks: Some(Checks::at(config.checks())),
			skip_check,
			..NativeEngine::default()
		};
		let mut running = service::start(&config, Arc::new(engine)).await.unwrap();
		running.loaded().await.unwrap();
		running
	}

	async fn load(&self, prover: &Running) {
		let loaded = prover.service().load_model(self.path("bundle")).await;
		assert_eq!(loaded.unwrap().vk_hash, self.view.vk_hash);
	}

	/// A file that nobody else can read.
	fn private(&self, name: &str, text: &str) -> PathBuf {
		let path = self.path(name);
		fs::write(&path, text).unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
		path
	}
}

/// What joins, and does not wait long for a block.
fn join(options: &str) -> String {
	format!("node join 0 3.1 --suri //Bob --block-timeout 1 {options}")
}

#[tokio::test(flavor = "multi_thread")]
async fn model_check_should_say_equal_of_a_bundle_and_a_file_that_are_the_chains_model() {
	let model = Model::build();
	let chain = model.chain().await;
	let (bundle, onnx) = (model.path("bundle"), onnx());
	let (bundle, onnx) = (bundle.display(), onnx.display());
	let line = format!("model check 3.1 --bundle {bundle} --onnx {onnx}");

	let output = chain.inference_as("text", &line).await;
	assert!(output.status.success(), "{output:?}");
	let text = String::from_utf8(output.stdout).unwrap();
	let vk_hash = model.view.vk_hash.to_string();
	for part in ["model 3.1: rebuilt, equal", &vk_hash] {
		assert!(text.contains(part), "{part:?} is not in {text}");
	}

	let output = chain.inference(&line).await;
	assert!(output.status.success(), "{output:?}");
	let report: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(report["equal"], true);
	assert_eq!(report["vk_hash"], vk_hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn model_check_should_name_what_the_chain_says_otherwise() {
	let model = Model::build();
	let chain = model.chain_that_says(|view| view.input.max += 1).await;
	let line = format!(
		"model check 3.1 --bundle {}",
		model.path("bundle").display()
	);

	let output = chain.inference(&line).await;
	assert!(output.stdout.is_empty(), "{output:?}");
	let message = chain.failure(1, &line).await;
	let max = model.view.input.max;
	for part in [
		"model 3.1 differs".to_owned(),
		"input: the chain has".to_owned(),
		format!("to {} with", max + 1),
		format!("to {max} with"),
	] {
		assert!(message.contains(&part), "{part:?} is not in {message}");
	}
	// And nothing else.
	assert_eq!(message.matches("the chain has").count(), 1, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn join_should_ask_the_prover_before_anything_is_sent() {
	let model = Model::build();
	let chain = model.chain().await;
	let prover = model.prover("data", true, None).await;
	let asked = join(&format!("--prover-url http://{}", prover.address()));

	let message = chain.failure(1, &asked).await;
	assert!(message.contains("has not loaded model 3.1"), "{message}");
	assert!(message.contains("--bundle DIR"), "{message}");

	model.load(&prover).await;
	let message = chain.failure(1, &asked).await;
	assert!(message.contains("--skip-model-check"), "{message}");
	assert_eq!(chain.submitted(), 0);

	// Overruled: the chain, which makes no block, is sent the transaction.
	let output = chain.inference(&format!("{asked} --unchecked")).await;
	assert_eq!(output.status.code(), Some(8), "{output:?}");
	let text = String::from_utf8(output.stderr).unwrap();
	assert!(text.contains("warning"), "{text}");
	assert!(text.contains("--skip-model-check"), "{text}");
	assert_eq!(chain.submitted(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn join_should_send_when_every_prover_has_compared_the_models_keys() {
	let model = Model::build();
	let chain = model.chain().await;
	let first = model.prover("first", false, None).await;
	let second = model.prover("second", false, None).await;
	model.load(&first).await;
	let (a, b) = (first.address(), second.address());
	let both = join(&format!("--prover-url http://{a} --prover-url http://{b}"));
	let message = chain.failure(1, &both).await;
	assert!(message.contains(&b.to_string()), "{message}");
	assert_eq!(chain.submitted(), 0);

	model.load(&second).await;
	chain.failure(8, &both).await;
	assert_eq!(chain.submitted(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn join_should_not_take_the_users_own_check_for_a_provers() {
	let model = Model::build();
	let chain = model.chain().await;
	let bundle = model.path("bundle");
	let check = format!("model check 3.1 --bundle {}", bundle.display());
	let output = chain.inference(&check).await;
	assert!(output.status.success(), "{output:?}");

	let message = chain.failure(2, &join("--max-value-at-risk 1INF")).await;
	for remedy in ["--prover-url", "--prover-data", "--unchecked"] {
		assert!(message.contains(remedy), "{remedy} is not in {message}");
	}
	let of_prover = format!("--prover-data {}", model.path("data").display());
	let message = chain.failure(1, &join(&of_prover)).await;
	assert!(message.contains("has not checked model 3.1"), "{message}");
	assert_eq!(chain.submitted(), 0);

	// The prover's own record counts, and each way that asks nobody warns.
	let prover = model.prover("data", false, None).await;
	model.load(&prover).await;
	for (sent, options) in [(1, of_prover.as_str()), (2, "--unchecked")] {
		let output = chain.inference(&join(options)).await;
		assert_eq!(output.status.code(), Some(8), "{output:?}");
		let text = String::from_utf8(output.stderr).unwrap();
		assert!(text.contains("was not asked"), "{text}");
		assert_eq!(chain.submitted(), sent);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn join_should_need_a_provers_token_and_one_that_is_there() {
	let model = Model::build();
	let chain = model.chain().await;
	let prover = model.prover("data", false, Some(TOKEN)).await;
	model.load(&prover).await;
	let url = format!("--prover-url http://{}", prover.address());

	let message = chain.failure(5, &join(&url)).await;
	assert!(message.contains("--prover-token-file"), "{message}");
	assert!(!message.contains(TOKEN), "{message}");
	// Port 9 (discard) is not served.
	let message = chain
		.failure(5, &join("--prover-url http://127.0.0.1:9"))
		.await;
	assert!(message.contains("127.0.0.1:9"), "{message}");

	let token = model.path("token");
	let with_token = join(&format!("{url} --prover-token-file {}", token.display()));
	fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
	let message = chain.failure(1, &with_token).await;
	assert!(message.contains("chmod 600"), "{message}");
	assert_eq!(chain.submitted(), 0);
	fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
	chain.failure(8, &with_token).await;
	assert_eq!(chain.submitted(), 1);
}
