//! What a node's provers say of their models.

use crate::{error::CliError, secret};
use inference_primitives::model::ModelView;
use inference_prover_api::ModelInfo;
use jsonrpsee::{
	core::client::ClientT,
	http_client::{HeaderMap, HeaderValue, HttpClientBuilder},
	rpc_params,
};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};
use zeroize::Zeroizing;

/// Most bytes of an answer: 256 models of some hundred bytes each.
const MAX_ANSWER_BYTES: u32 = 1 << 20;
/// How long the prover may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Which provers.
#[derive(Clone, clap::Args)]
pub struct ProverArgs {
	/// Address of the prover service that the node's worker uses: it must have loaded the model and compared its
	/// keys. Repeatable, as the node's option: each of them must.
	#[arg(long, value_name = "URL", value_delimiter = ',')]
	prover_url: Vec<String>,
	/// File with the provers' bearer token: one for all, or one for each. Nobody but its owner may have access
	/// to it.
	#[arg(
		long,
		value_name = "FILE",
		requires = "prover_url",
		value_delimiter = ','
	)]
	prover_token_file: Vec<PathBuf>,
}

impl ProverArgs {
	/// Whether there is a prover to ask.
	pub fn is_given(&self) -> bool {
		!self.prover_url.is_empty()
	}

	/// Fails unless each prover has loaded the model that the chain has, and compared its keys.
	pub async fn require<AccountId>(&self, model: &ModelView<AccountId>) -> Result<(), CliError> {
		let (urls, tokens) = (&self.prover_url, &self.prover_token_file);
		if tokens.len() > 1 && tokens.len() != urls.len() {
			return Err(CliError::Usage(format!(
				"give one --prover-token-file for all provers, or one for each: {} for {} provers",
				tokens.len(),
				urls.len()
			)));
		}
		for (index, url) in urls.iter().enumerate() {
			let token = tokens.get(index).or(tokens.first());
			judge(model, url, &models(url, token.map(PathBuf::as_path)).await?)?;
		}
		Ok(())
	}
}

/// The models that the prover at `url` has loaded.
async fn models(url: &str, token: Option<&Path>) -> Result<Vec<ModelInfo>, CliError> {
	let mut headers = HeaderMap::new();
	if let Some(path) = token {
		let token = secret::read_line(path)?;
		let bearer = Zeroizing::new(format!("Bearer {}", token.trim()));
		// The error does not repeat the token.
		let mut value = HeaderValue::from_str(&bearer).map_err(|_| {
			CliError::file(
				"use",
				path,
				"no token has such characters; give the file that the prover has",
			)
		})?;
		value.set_sensitive(true);
		headers.insert("authorization", value);
	}
	let failed = |e: &dyn std::fmt::Display| {
		CliError::Unreachable(format!(
			"the prover at {url} does not say which models it has: {e}. Start it, or give its address \
			 (http://…) with --prover-url, and its token, if it has one, with --prover-token-file"
		))
	};
	let client = HttpClientBuilder::default()
		.max_response_size(MAX_ANSWER_BYTES)
		.request_timeout(TIMEOUT)
		.set_headers(headers)
		.build(url)
		.map_err(|e| failed(&e))?;
	let models = client.request("prover_models", rpc_params![]).await;
	models.map_err(|e| failed(&e))
}

/// Fails unless `loaded`, what the prover at `url` has, includes the model with its keys compared.
fn judge<AccountId>(
	model: &ModelView<AccountId>,
	url: &str,
	loaded: &[ModelInfo],
) -> Result<(), CliError> {
	let reference = model.reference;
	let failed = |what: &str| {
		Err(CliError::Failed(format!(
			"the prover at {url} {what}. As it is, the worker declines the model's work, for a fee each time. \
			 --unchecked joins all the same"
		)))
	};
	let Some(info) = loaded.iter().find(|info| info.vk_hash == model.vk_hash) else {
		return failed(&format!(
			"has not loaded model {reference} (verifying key {}): start it with --bundle DIR, or load the \
			 bundle by prover_loadModel",
			model.vk_hash
		));
	};
	if info.input != model.input || info.output != model.output {
		return failed(&format!(
			"has other tensors for model {reference} than the chain: do not serve it"
		));
	}
	if !info.checked {
		return failed(&format!(
			"has not compared the keys of model {reference} with its graph: restart it without \
			 --skip-model-check"
		));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		ComputeUnits, ModelId, ModelRef, ModelStatus, ProofSystem, SetupId, TensorSpec, Visibility,
		VkHash,
	};

	fn spec(length: u32) -> TensorSpec {
		TensorSpec {
			shape: vec![length],
			scale_bits: 4,
			min: -8,
			max: 7,
			visibility: Visibility::Public,
		}
	}

	fn model() -> ModelView<u64> {
		ModelView {
			reference: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			creator: 1,
			name: b"m".to_vec(),
			status: ModelStatus::Active,
			system: ProofSystem::Halo2,
			setup: SetupId([1; 32]),
			vk_hash: VkHash([2; 32]),
			input: spec(3),
			output: spec(2),
			compute_units: ComputeUnits(1),
			royalty: 0,
			bundle_hash: [4; 32],
			in_flight: 0,
			settled: 0,
		}
	}

	fn info() -> ModelInfo {
		ModelInfo {
			vk_hash: VkHash([2; 32]),
			name: "m".into(),
			input: spec(3),
			output: spec(2),
			k: 5,
			checked: true,
		}
	}

	#[test]
	fn a_prover_that_compared_the_models_keys_may_serve_it() {
		assert_eq!(judge(&model(), "http://p", &[info()]), Ok(()));
	}

	#[test]
	fn a_prover_whose_models_work_would_be_declined_is_named_with_what_to_do() {
		for (loaded, remedy) in [
			(vec![], "--bundle DIR"),
			(
				vec![ModelInfo {
					vk_hash: VkHash([3; 32]),
					..info()
				}],
				"--bundle DIR",
			),
			(
				vec![ModelInfo {
					checked: false,
					..info()
				}],
				"without --skip-model-check",
			),
			(
				vec![ModelInfo {
					output: spec(3),
					..info()
				}],
				"do not serve it",
			),
		] {
			let error = judge(&model(), "http://p", &loaded)
				.unwrap_err()
				.to_string();
			assert!(error.contains("http://p"), "{error}");
			assert!(error.contains(remedy), "{error}");
		}
	}
}
