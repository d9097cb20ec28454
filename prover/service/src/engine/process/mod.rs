//! Proving in processes of their own.
//!
//! The service starts its own program again as an *engine process* ([`serve`]), one for each worker and
//! one for each bundle that is being compared with its keys, and speaks with it over standard input and
//! output ([`wire`]). What needs much memory or may hang happens there: reading proving keys, proving,
//! rebuilding keys. The service itself executes models and verifies proofs.
//!
//! **What a process holds.** It reads what proofs of a model take before they are wanted, as far as its memory
//! for models goes: before the service says that it is ready, and again after another was ended, what was needed last
//! first. A job whose model is not there yet waits for it; that is none of its own time. A read that nobody waits for
//! gives way to a job of another model, between two steps, and ends when its model is unloaded; what the process
//! holds beside it stays. What is unloaded or was built anew is let go of when the process is free.
//!
//! **What ends a process.** A stop of its attempt once the proof is begun (cancelled, or no step for the time-out),
//! no step for the time-out while it reads or compares keys, a read that does not give way, the end of the service,
//! however that comes (its standard input closes, and on Linux the system kills it), its bound of memory, or the
//! system for lack of memory, which takes it before the service. Its death fails one attempt of one job by what may
//! pass; the next attempt of that model gets a new process. If that one dies for want of memory as the one before
//! did, the job fails at once.
//!
//! **What is proven.** A request names the bundle's folder and its content hash, and the service names only
//! bundles that it loaded and checked itself: a process refuses a folder with other content. Proofs are
//! verified by the service.

mod child;
mod pool;
mod registry;
mod serve;
mod wanted;
mod wire;

use super::{Attempt, Engine, EngineError, Model, NativeEngine, Processes, Proof};
use codec::Encode;
use inference_circuits::{Bundle, Checks, SetupFile, SetupFileError};
use inference_primitives::{StatementHeader, VkHash};
use inference_prover_api::ModelInfo;
use pool::{Failure, Pool};
use serde::{Deserialize, Serialize};
use std::{
	io,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use wire::{Place, Report, Request};

pub use serve::{serve, ARGUMENT};

/// What engine processes are told when they start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineConfig {
	/// Folder for the polynomials of proving keys, which are in memory without it.
	pub scratch: Option<PathBuf>,
	/// Folder where it is remembered which bundles were checked.
	pub checks: PathBuf,
	/// Files with the powers of trusted setups.
	pub setups: Vec<PathBuf>,
	/// Whether bundles that were not checked before are loaded without a check, and said to be unchecked.
	pub skip_check: bool,
	/// Most memory of a process, bytes; zero: no bound.
	pub memory_bytes: u64,
	/// Most memory of a process for models that it does not work on, bytes, about; zero: no bound.
	pub model_bytes: u64,
}

/// An engine that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
	/// A file is no setup.
	#[error("the trusted setup's file {}: {source}", path.display())]
	Setup {
		/// The file.
		path: PathBuf,
		/// Why.
		source: SetupFileError,
	},
	/// There is no thread, or the configuration cannot be passed on.
	#[error("the engine cannot be started: {0}")]
	Io(#[from] io::Error),
	/// The first process does not answer.
	#[error(
		"this program cannot be started again as its engine process, in which it proves (on Linux it needs /proc \
		 and a bound of memory, --engine-memory-mib, that it fits in): {0}"
	)]
	Process(String),
}

impl EngineConfig {
	/// The engine in this process. Opens the setups' files, and reads none of their powers.
	pub fn native(&self) -> Result<NativeEngine, StartError> {
		let open = |path: &PathBuf| match SetupFile::open(path) {
			Ok(file) => Ok(Arc::new(file)),
			Err(source) => Err(StartError::Setup {
				path: path.clone(),
				source,
			}),
		};
		Ok(NativeEngine {
			scratch: self.scratch.clone(),
			checks: Some(Checks::at(self.checks.clone())),
			setups: self.setups.iter().map(open).collect::<Result<_, _>>()?,
			skip_check: self.skip_check,
			..NativeEngine::default()
		})
	}
}

/// Loads bundles made by `inference-circuits`, and proves in engine processes.
pub struct ProcessEngine {
	native: NativeEngine,
	pool: Arc<Pool>,
}

impl ProcessEngine {
	/// Processes of this program, at most `workers` of which prove at the same time. One that reads or compares
	/// keys is ended when it announces no step for `patience`. Starts the first, and fails if it does not answer
	/// within 30 seconds. Blocks.
	pub fn new(
		config: &EngineConfig,
		workers: usize,
		patience: Duration,
	) -> Result<Self, StartError> {
		let mut native = config.native()?;
		for file in &native.setups {
			let path = file.path().display();
			tracing::info!(setup = %file.id(), k = file.k(), file = %path, "setup opened");
		}
		// Keys are read and compared by the processes.
		native.scratch = None;
		let pool = Pool::new(config, workers, patience)?;
		pool.start_first()
			.map_err(|death| StartError::Process(death.reason))?;
		Ok(Self { native, pool })
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
		let place = Place {
			dir: dir.into(),
			bundle: bundle.hash(),
		};
		let report = self.pool.check(&vk_hash, &place);
		match report.map_err(|death| failed(death.reason))? {
			Report::Checked => Ok(true),
			Report::Failed(failure) => Err(failure.into_error(vk_hash)),
			_ => Err(failed(wire::UNEXPECTED.into())),
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
			place: Place {
				dir: dir.into(),
				bundle: bundle.hash(),
			},
			bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
			bundle,
			pool: self.pool.clone(),
		}))
	}

	fn prepare(&self) {
		self.pool.warm();
	}

	fn forget(&self, model: &VkHash) {
		self.pool.forget(model);
	}

	fn settled(&self, model: &VkHash) {
		self.pool.settled(model);
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
	place: Place,
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

	fn keep(&self) {
		self.pool.want(&self.info.vk_hash, &self.place);
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
		// Whatever ends a process may pass, mostly: what does not is said by its answer.
		let passing = |reason| EngineError::Transient { model, reason };
		let request = Request::Prove {
			place: self.place.clone(),
			header: header.clone(),
			input: input.to_vec(),
		};
		let report = match self.pool.prove(&model, &self.place, request, attempt) {
			Ok(report) => report,
			Err(Failure::Passing(reason)) => {
				return Err(passing(attempt.stopped().unwrap_or(reason)));
			},
			Err(Failure::Lasting(reason)) => return Err(EngineError::Prove { model, reason }),
		};
		match report {
			Report::Proven { output, proof } => Ok(Proof {
				output,
				bytes: proof,
			}),
			Report::Failed(failure) => match failure.into_error(model) {
				// It was loaded and found good before: a disk that is away, or a folder that is being replaced.
				EngineError::Load(reason) => Err(passing(format!("cannot be loaded: {reason}"))),
				error => Err(error),
			},
			_ => Err(passing(wire::UNEXPECTED.into())),
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
