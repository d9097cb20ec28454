//! The JSON-RPC methods: [`Service`] behind `inference-prover-api`'s trait.

use crate::service::Service;
use inference_primitives::WorkloadId;
use inference_prover_api::{Health, Job, JobRequest, ModelInfo, ProverApiServer};
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

	async fn submit_job(&self, request: JobRequest) -> RpcResult<Job> {
		Ok(self.0.submit(request).await?)
	}

	async fn job(&self, key: WorkloadId) -> RpcResult<Job> {
		Ok(self.0.job(key).await?)
	}

	async fn cancel_job(&self, key: WorkloadId) -> RpcResult<Job> {
		Ok(self.0.cancel(key).await?)
	}
}
