//! The JSON-RPC methods: [`Service`] behind `inference-prover-api`'s trait, and who may call which.

use crate::{http::Scope, service::Service};
use inference_primitives::{VkHash, WorkloadId};
use inference_prover_api::{
	error_code, Execution, Health, Job, JobRequest, ModelInfo, ProverApiServer,
};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	server::{middleware::rpc::RpcServiceT, MethodResponse},
	types::{ErrorObject, Request},
};
use std::{
	future::{ready, Future},
	path::PathBuf,
	pin::Pin,
	sync::Arc,
};

/// Methods that name folders of the service's machine, or take models from all who use them.
const ADMIN_METHODS: [&str; 2] = ["prover_loadModel", "prover_unloadModel"];

/// Layer that lets only administrators call [`ADMIN_METHODS`], alone or in a batch.
#[derive(Clone, Copy, Debug)]
pub struct AdminLayer;

impl<S> tower::Layer<S> for AdminLayer {
	type Service = AdminGate<S>;

	fn layer(&self, inner: S) -> AdminGate<S> {
		AdminGate(inner)
	}
}

/// See [`AdminLayer`].
#[derive(Clone, Debug)]
pub struct AdminGate<S>(S);

impl<'a, S: RpcServiceT<'a>> RpcServiceT<'a> for AdminGate<S>
where
	S::Future: 'a,
{
	type Future = Pin<Box<dyn Future<Output = MethodResponse> + Send + 'a>>;

	fn call(&self, request: Request<'a>) -> Self::Future {
		let method = request.method_name();
		// A request that nobody looked at has no rights.
		let is_admin = request.extensions().get() == Some(&Scope::Admin);
		if is_admin || !ADMIN_METHODS.contains(&method) {
			return Box::pin(self.0.call(request));
		}
		tracing::warn!(method, "call without the administrator's token refused");
		let message = format!(
			"{method} needs the administrator's token, which the service reads from \
			 --admin-token-file: send it as `Authorization: Bearer TOKEN`"
		);
		let refusal = ErrorObject::owned(error_code::FORBIDDEN, message, None::<()>);
		Box::pin(ready(MethodResponse::error(request.id(), refusal)))
	}
}

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
