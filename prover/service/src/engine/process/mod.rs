//! Proving in processes of their own.
//!
//! The service starts its own program again as an *engine process* ([`serve`]), one for each worker and
//! one for each bundle that is being compared with its keys, and speaks with it over standard input and
//! output ([`wire`]). What needs much memory or may hang happens there: reading proving keys, proving,
//! rebuilding keys. The service itself executes models and verifies proofs.
//!
//! **What ends a process.** A stop of its attempt (cancelled, or no step for the time-out), the end of the
//! service, however that comes (its standard input closes, and on Linux the system kills it), its bound of
//! memory, or the system for lack of memory, which takes it before the service. Its death fails one attempt
//! of one job by what may pass; the next attempt gets a new process.
//!
//! **What is proven.** A request names the bundle's folder and its content hash, and the service names only
//! bundles that it loaded and checked itself: a process refuses a folder with other content. Proofs are
//! verified by the service.

mod pool;
mod serve;
mod wire;

use super::{Attempt, Engine, EngineError, Model, NativeEngine, Processes, Proof};
use codec::Encode;
use inference_circuits::{Bundle, Checks};
use inference_primitives::{Hash, StatementHeader, VkHash};
use inference_prover_api::ModelInfo;
use pool::{Pool, Process};
use serde::{Deserialize, Serialize};
use std::{
	io,
	path::{Path, PathBuf},
	sync::Arc,
};
use wire::{Report, Request};

pub use serve::{serve, ARGUMENT};

/// What engine processes are told when they start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineConfig {
	/// Folder for the polynomials of proving keys, which are in memory without it.
	pub scratch: Option<PathBuf>,
	/// Folder where it is remembered which bundles were checked.
	pub checks: PathBuf,
	/// Whether bundles that were not checked before are loaded without a check, and said to be unchecked.
	pub skip_check: bool,
	/// Most memory of a process, bytes; zero: no bound.
	pub memory_bytes: u64,
	/// Most memory of a process for models that it does not work on, bytes, about; zero: no bound.
	pub model_bytes: u64,
}

impl EngineConfig {
	/// The engine in this process.
	pub fn native(&self) -> NativeEngine {
		NativeEngine {
			scratch: self.scratch.clone(),
			checks: Some(Checks::at(self.checks.clone())),
			skip_check: self.skip_check,
			announce: None,
		}
	}
}

/// Loads bundles made by `inference-circuits`, and proves in engine processes.
pub struct ProcessEngine {
	native: NativeEngine,
	pool: Arc<Pool>,
}

impl ProcessEngine {
	/// Processes of this program, at most `workers` of which prove at the same time. They are started when
	/// they are needed. Fails if the configuration cannot be passed on, or for lack of a thread.
	pub fn new(config: &EngineConfig, workers: usize) -> io::Result<Self> {
		let mut native = config.native();
		// Keys are read and compared by the processes.
		native.scratch = None;
		Ok(Self {
			native,
			pool: Arc::new(Pool::new(config, workers)?),
		})
	}

	/// Whether the keys of `bundle` are known to be those of its model, once they were compared if that is
	/// to be done.
	fn check(&self, bundle: &Bundle, dir: &str) -> Result<bool, EngineError> {
		if self.native.is_checked(bundle) {
			return Ok(true);
		}
		if self.native.skip_check {
			return Ok(false);
		}
		let vk_hash = bundle.vk_hash();
		let failed = |reason: String| {
			EngineError::Load(format!(
				"its keys cannot be compared with its model: {reason}"
			))
		};
		let request = Request::Check {
			dir: dir.into(),
			bundle: bundle.hash(),
		};
		let mut process = Process::start(&self.pool).map_err(failed)?;
		let report = process
			.ask(&request, |step| tracing::debug!(model = %vk_hash, step))
			.map_err(failed)?;
		match report {
			Report::Checked => Ok(true),
			Report::Failed(failure) => Err(failure.into_error(vk_hash)),
			Report::Step(_) | Report::Proven { .. } => Err(failed(wire::UNEXPECTED.into())),
		}
	}
}

impl Engine for ProcessEngine {
	fn name(&self) -> &'static str {
		"native"
	}

	fn needs_check(&self, dir: &Path) -> bool {
		self.native.needs_check(dir)
	}

	/// Reads the model, and compares the proving key's file with the manifest, but leaves the key to the
	/// processes.
	fn load(&self, dir: &Path) -> Result<Arc<dyn Model>, EngineError> {
		let bad = |reason: String| EngineError::Load(reason);
		let bundle = self.native.open(dir)?;
		let dir = dir
			.to_str()
			.ok_or_else(|| bad("the path is not UTF-8".into()))?;
		bundle
			.check_proving_key_file()
			.map_err(|error| bad(error.to_string()))?;
		let checked = self.check(&bundle, dir)?;
		let info = self.native.describe(&bundle, checked);
		let bytes = bundle.graph().parts().encoded_size();
		Ok(Arc::new(ProcessModel {
			info,
			hash: bundle.hash(),
			dir: dir.into(),
			bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
			bundle,
			pool: self.pool.clone(),
		}))
	}

	fn forget(&self, model: &VkHash) {
		self.pool.forget(model);
	}

	fn stop(&self) {
		self.pool.stop();
	}

	fn processes(&self) -> Processes {
		self.pool.processes()
	}
}

/// A model that is executed here and proven there.
struct ProcessModel {
	info: ModelInfo,
	bundle: Bundle,
	/// The bundle's content hash.
	hash: Hash,
	/// The bundle's folder.
	dir: String,
	/// The graph's, encoded: in memory it takes about as many.
	bytes: u64,
	pool: Arc<Pool>,
}

impl Model for ProcessModel {
	fn info(&self) -> &ModelInfo {
		&self.info
	}

	fn bytes(&self) -> u64 {
		self.bytes
	}

	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError> {
		super::native::execute(&self.bundle, input)
	}

	fn prove(
		&self,
		header: &StatementHeader,
		input: &[i64],
		attempt: &Attempt,
	) -> Result<Proof, EngineError> {
		let model = self.info.vk_hash;
		// Whatever ends a process may pass: what does not is said by its answer.
		let passing = |reason| EngineError::Transient { model, reason };
		let request = Request::Prove {
			dir: self.dir.clone(),
			bundle: self.hash,
			header: header.clone(),
			input: input.to_vec(),
		};
		let report = self
			.pool
			.ask(&model, &request, attempt)
			.map_err(|death| passing(attempt.stopped().unwrap_or(death)))?;
		match report {
			Report::Proven { output, proof, .. } => Ok(Proof {
				output,
				bytes: proof,
			}),
			Report::Failed(failure) => match failure.into_error(model) {
				// It was loaded and found good before: a disk that is away, or a folder that is being replaced.
				EngineError::Load(reason) => Err(passing(format!("cannot be loaded: {reason}"))),
				error => Err(error),
			},
			Report::Step(_) | Report::Checked => Err(passing(wire::UNEXPECTED.into())),
		}
	}

	fn verify(
		&self,
		header: &StatementHeader,
		input: &[i64],
		proof: &Proof,
	) -> Result<(), EngineError> {
		super::native::verify(&self.bundle, header, input, proof)
	}
}
