//! What can go wrong, with the ids it happened to, and the code each error has over JSON-RPC.

use crate::{
	jobs::store::JobStoreError,
	store::{Shortage, StoreError},
};
use inference_primitives::{StatementVersion, TensorError, VkHash, WorkloadId};
use inference_prover_api::error_code;
use jsonrpsee::types::ErrorObjectOwned;
use std::{net::SocketAddr, path::PathBuf};

/// An error of the service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// No loaded model has the statement's verifying key.
	#[error(
		"no loaded model has verifying key {vk_hash} ({loaded} models are loaded); load its bundle \
		 with prover_loadModel or --bundle, then submit again"
	)]
	UnknownModel {
		/// Key of the statement.
		vk_hash: VkHash,
		/// Models loaded.
		loaded: usize,
	},
	/// The input does not fit the model's input tensor.
	#[error("job {key}: {reason} (model {model:?}, input shape {shape:?})")]
	BadInput {
		/// The job.
		key: WorkloadId,
		/// Name of the model.
		model: String,
		/// Shape of its input.
		shape: Vec<u32>,
		/// What does not fit.
		reason: TensorError,
	},
	/// The statement has a version that this service does not know.
	#[error(
		"job {key}: statement version {got} is not one of {:?}, which this prover knows; upgrade it",
		StatementVersion::numbers()
	)]
	StatementVersion {
		/// The job.
		key: WorkloadId,
		/// Version of its statement.
		got: u8,
	},
	/// Another request exists under this job key.
	#[error(
		"job {key} exists with another statement or input; a key stands for one request, so use the \
		 new workload's own id"
	)]
	KeyReused {
		/// The job.
		key: WorkloadId,
	},
	/// The queue is full.
	#[error("job {key}: the queue is full ({max} jobs wait); nothing was stored, try again later")]
	QueueFull {
		/// The job.
		key: WorkloadId,
		/// Most jobs that wait.
		max: usize,
	},
	/// The service is draining.
	#[error("job {key}: the service is draining and takes no new jobs; nothing was stored, try again later")]
	Draining {
		/// The job.
		key: WorkloadId,
	},
	/// Models are being loaded, this one perhaps among them.
	#[error(
		"no loaded model has verifying key {vk_hash} yet: models are being loaded; ask again soon"
	)]
	Loading {
		/// Key of the statement.
		vk_hash: VkHash,
	},
	/// The execution goes on.
	#[error("job {key}: its model is being executed; ask again soon")]
	Executing {
		/// The job.
		key: WorkloadId,
	},
	/// No job has this key.
	#[error("no job has key {key}; submit it with prover_submitJob")]
	UnknownJob {
		/// The key.
		key: WorkloadId,
	},
	/// A bundle cannot be loaded.
	#[error("bundle {}: {reason}", dir.display())]
	BadBundle {
		/// Its directory.
		dir: PathBuf,
		/// Why.
		reason: String,
	},
	/// A model could not be executed on an admissible input.
	#[error("job {key}: {reason}")]
	Execution {
		/// The job.
		key: WorkloadId,
		/// Why.
		reason: String,
	},
	/// The job store failed.
	#[error("job store: {0}")]
	JobStore(#[from] JobStoreError),
	/// The content store failed.
	#[error("content store: {0}")]
	Content(#[from] StoreError),
	/// The disk is nearly full.
	#[error(transparent)]
	NoRoom(#[from] Shortage),
	/// The data folder cannot be used.
	#[error("data folder {}: {source}", path.display())]
	DataFolder {
		/// The folder.
		path: PathBuf,
		/// Why.
		source: std::io::Error,
	},
	/// The address cannot be listened on.
	#[error("cannot listen on {address}: {source}")]
	Listen {
		/// The address.
		address: SocketAddr,
		/// Why.
		source: std::io::Error,
	},
	/// The HTTP server cannot be set up.
	#[error("HTTP server: {0}")]
	Http(String),
	/// A thread of the service panicked.
	#[error("a task of the service failed: {0}")]
	Task(#[from] tokio::task::JoinError),
	/// The configuration is not valid.
	#[error(transparent)]
	Config(#[from] crate::config::ConfigError),
}

impl Error {
	/// Its JSON-RPC code (`inference_prover_api::error_code`).
	pub fn code(&self) -> i32 {
		match self {
			Self::UnknownModel { .. } => error_code::UNKNOWN_MODEL,
			Self::BadInput { .. } | Self::StatementVersion { .. } => error_code::BAD_INPUT,
			Self::KeyReused { .. } => error_code::KEY_REUSED,
			// A client does the same about all of them: it tries again later.
			Self::QueueFull { .. } | Self::Draining { .. } | Self::NoRoom(_) => {
				error_code::QUEUE_FULL
			},
			Self::Loading { .. } | Self::Executing { .. } => error_code::NOT_YET,
			Self::UnknownJob { .. } => error_code::UNKNOWN_JOB,
			Self::BadBundle { .. } => error_code::BAD_BUNDLE,
			Self::Execution { .. }
			| Self::JobStore(_)
			| Self::Content(_)
			| Self::DataFolder { .. }
			| Self::Listen { .. }
			| Self::Http(_)
			| Self::Task(_)
			| Self::Config(_) => error_code::INTERNAL,
		}
	}
}

impl From<Error> for ErrorObjectOwned {
	fn from(error: Error) -> Self {
		if error.code() == error_code::INTERNAL {
			tracing::error!(%error, "request failed");
		}
		ErrorObjectOwned::owned(error.code(), error.to_string(), None::<()>)
	}
}
