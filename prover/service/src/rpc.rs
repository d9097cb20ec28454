//! The JSON-RPC methods: [`Service`] behind `inference-prover-api`'s trait.

use crate::service::Service;
use inference_primitives::{VkHash, WorkloadId};
use inference_prover_api::{Execution, Health, Job, JobRequest, ModelInfo, ProverApiServer};
use jsonrpsee::core::{async_trait, RpcResult};
use std::{path::PathBuf, sync::Arc};

/// The server's side of the interface.
pub struct Rpc(Arc<Service>);

impl Rpc {
	/// The interface of `service`.
	pub fn new(service: Arc<Service>) -> Self {
		Self(service)
	}
}

#[async_trait]
impl ProverApiServer for Rpc {
	async fn health(&self) -> RpcResult<Health> {
		Ok(self.0.health())
	}

	async fn load_model(&self, bundle_dir: String) -> RpcResult<ModelInfo> {
		Ok(self.0.load_model(PathBuf::from(bundle_dir)).await?)
	}

	async fn models(&self) -> RpcResult<Vec<ModelInfo>> {
		Ok(self.0.models())
	}

	async fn unload_model(&self, vk_hash: VkHash) -> RpcResult<bool> {
		Ok(self.0.unload_model(vk_hash).await?)
	}

	async fn execute(&self, request: JobRequest) -> RpcResult<Execution> {
		Ok(self.0.execute(request).await?)
	}

	async fn submit_job(&self, request: JobRequest) -> RpcResult<Job> {
		Ok(self.0.submit(request).await?)
	}

	async fn job(&self, key: WorkloadId) -> RpcResult<Job> {
		Ok(self.0.job(key).await?)
	}

	async fn retry_job(&self, key: WorkloadId) -> RpcResult<Job> {
		Ok(self.0.retry(key).await?)
	}

	async fn cancel_job(&self, key: WorkloadId) -> RpcResult<Job> {
		Ok(self.0.cancel(key).await?)
	}
}
