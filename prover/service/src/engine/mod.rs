//! Proving engines behind one trait, and the models they have loaded.

pub mod attempt;
pub mod memory;
pub mod native;
pub mod process;

use inference_plonk::CommitmentKey;
use inference_primitives::{StatementHeader, VkHash};
use inference_prover_api::ModelInfo;
use parking_lot::RwLock;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

pub use attempt::Attempt;
pub use native::NativeEngine;
pub use process::{EngineConfig, ProcessEngine, StartError};

/// An engine that failed. Trying the same again gives the same result, unless [`Self::is_transient`].
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
	/// The bundle cannot be loaded.
	#[error("cannot be loaded: {0}")]
	Load(String),
	/// The model cannot be executed.
	#[error("model {model} cannot be executed: {reason}")]
	Execute {
		/// The model.
		model: VkHash,
		/// Why.
		reason: String,
	},
	/// The execution cannot be proven.
	#[error("model {model} cannot be proven: {reason}")]
	Prove {
		/// The model.
		model: VkHash,
		/// Why.
		reason: String,
	},
	/// The machine failed, not the model: a file that cannot be read, no room. May pass.
	#[error("model {model} cannot be proven now: {reason}")]
	Transient {
		/// The model.
		model: VkHash,
		/// Why.
		reason: String,
	},
	/// The proof is refused by the verifier.
	#[error("model {model}: the proof made is refused by the verifier: {reason}")]
	Verify {
		/// The model.
		model: VkHash,
		/// Why.
		reason: String,
	},
}

impl EngineError {
	/// Whether trying again may help.
	pub fn is_transient(&self) -> bool {
		matches!(self, Self::Transient { .. })
	}
}

/// A proof and the output that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
	/// Output tensor.
	pub output: Vec<i64>,
	/// The proof.
	pub bytes: Vec<u8>,
}

/// A way to load models. All methods of engines and models block: call them off the async threads.
pub trait Engine: Send + Sync {
	/// Its name, for logs.
	fn name(&self) -> &'static str;

	/// Whether loading the bundle in `dir` takes long, as its keys were never compared with its model. A
	/// guess, by which the order of loading is decided; [`Self::load`] compares what it must.
	fn needs_check(&self, _dir: &Path) -> bool {
		false
	}

	/// Loads the bundle in `dir`, and finds out whether its model can be proven.
	fn load(&self, dir: &Path) -> Result<Arc<dyn Model>, EngineError>;

	/// Makes ready what it can for the models that it is to keep ([`Model::keep`]): until it is done, or proofs
	/// are wanted.
	fn prepare(&self) {}

	/// Lets go of what it holds of a model beside [`Model`] itself: it is not wanted any more. Does not block.
	fn forget(&self, _model: &VkHash) {}

	/// A job of the model is over, proven or not: no further attempt is made at it. Does not block.
	fn settled(&self, _model: &VkHash) {}

	/// Ends what it runs outside of this process. Nothing is proven afterwards.
	fn stop(&self) {}

	/// What it runs outside of this process.
	fn processes(&self) -> Processes {
		Processes::default()
	}
}

/// What an engine runs outside of the service's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes {
	/// Processes that run.
	pub running: usize,
	/// Processes that ended although nobody asked them to, since the start.
	pub deaths: u64,
	/// Memory of the models that they hold, bytes, about.
	pub model_bytes: u64,
}

/// A loaded model.
pub trait Model: Send + Sync {
	/// What it is.
	fn info(&self) -> &ModelInfo;

	/// Memory that it takes in this process, bytes, about, without [`Self::commitments`].
	fn bytes(&self) -> u64 {
		0
	}

	/// The setup's points that its proofs take, which models of one setup and size share.
	fn commitments(&self) -> Option<&Arc<CommitmentKey>> {
		None
	}

	/// It is one of the service's models: has its engine keep ready what its proofs take. Does not block.
	fn keep(&self) {}

	/// Its output for `input`, which fits [`ModelInfo::input`].
	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError>;

	/// Proves the statement that `header` starts, for `input`. Tells `attempt` when it begins, after it waited, and
	/// how far it is, and ends soon by what may pass once that is stopped, if it can.
	fn prove(
		&self,
		header: &StatementHeader,
		input: &[i64],
		attempt: &Attempt,
	) -> Result<Proof, EngineError>;

	/// Checks a proof with the verifier that the chain runs.
	fn verify(
		&self,
		header: &StatementHeader,
		input: &[i64],
		proof: &Proof,
	) -> Result<(), EngineError>;
}

/// Memory that models take in this process, bytes, about: what several share counts once.
fn bytes_of<'a>(models: impl IntoIterator<Item = &'a dyn Model>) -> u64 {
	let (mut own, mut shared) = (0u64, BTreeMap::new());
	for model in models {
		own = own.saturating_add(model.bytes());
		if let Some(key) = model.commitments() {
			let bytes = u64::try_from(key.bytes()).unwrap_or(u64::MAX);
			shared.insert(Arc::as_ptr(key), bytes);
		}
	}
	shared.into_values().fold(own, u64::saturating_add)
}

/// The models of the service, by verifying key: those in memory, and those that were put out of it to
/// keep within the budget and are loaded again when they are needed.
#[derive(Default)]
pub struct Models {
	models: RwLock<BTreeMap<VkHash, Entry>>,
	/// Most bytes in memory; zero: no bound.
	budget: u64,
	/// Counts uses.
	clock: AtomicU64,
}

struct Entry {
	info: ModelInfo,
	dir: PathBuf,
	loaded: Option<Arc<dyn Model>>,
	last_used: AtomicU64,
}

/// Memory of those that are loaded, bytes, about.
fn bytes_in(models: &BTreeMap<VkHash, Entry>) -> u64 {
	bytes_of(models.values().filter_map(|entry| entry.loaded.as_deref()))
}

impl Models {
	/// Most models known at once.
	pub const MAX: usize = 256;

	/// No models, of which at most `budget` bytes will be in memory; zero: no bound.
	pub fn with_budget(budget: u64) -> Self {
		Self {
			budget,
			..Self::default()
		}
	}

	/// Adds a model from the bundle in `dir`, in the place of one with its key: the bundle may have moved, or have
	/// been built anew. False, and nothing is changed, if [`Self::MAX`] others are known. Puts the models out of
	/// memory that were not used for longest, until all are within the budget; this one stays. Whoever uses one
	/// of them, or the one before, goes on.
	pub fn insert(&self, model: Arc<dyn Model>, dir: PathBuf) -> bool {
		let mut models = self.models.write();
		let info = model.info().clone();
		let key = info.vk_hash;
		if !models.contains_key(&key) && models.len() >= Self::MAX {
			return false;
		}
		let entry = Entry {
			info,
			dir,
			loaded: Some(model),
			last_used: AtomicU64::new(0),
		};
		self.touch(&entry);
		models.insert(key, entry);
		// Anew each time: what others share with one that leaves stays.
		while self.budget > 0 && bytes_in(&models) > self.budget {
			let oldest = models
				.iter_mut()
				.filter(|(other, entry)| **other != key && entry.loaded.is_some())
				.min_by_key(|(_, entry)| entry.last_used.load(Ordering::Relaxed));
			let Some((oldest, entry)) = oldest else {
				break;
			};
			entry.loaded = None;
			tracing::info!(model = %oldest, "put out of memory, within the budget");
		}
		true
	}

	fn touch(&self, entry: &Entry) {
		let now = self.clock.fetch_add(1, Ordering::Relaxed);
		entry.last_used.store(now, Ordering::Relaxed);
	}

	/// The model with this verifying key, if it is in memory.
	pub fn get(&self, vk_hash: &VkHash) -> Option<Arc<dyn Model>> {
		let models = self.models.read();
		let entry = models.get(vk_hash)?;
		self.touch(entry);
		entry.loaded.clone()
	}

	/// Whether there is a model with this verifying key, in memory or not.
	pub fn contains(&self, vk_hash: &VkHash) -> bool {
		self.models.read().contains_key(vk_hash)
	}

	/// What the model with this verifying key is, and the folder of its bundle, in memory or not.
	pub fn find(&self, vk_hash: &VkHash) -> Option<(ModelInfo, PathBuf)> {
		let models = self.models.read();
		let entry = models.get(vk_hash)?;
		Some((entry.info.clone(), entry.dir.clone()))
	}

	/// Forgets a model.
	pub fn remove(&self, vk_hash: &VkHash) -> Option<ModelInfo> {
		Some(self.models.write().remove(vk_hash)?.info)
	}

	/// Number of models, in memory or not.
	pub fn len(&self) -> usize {
		self.models.read().len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.models.read().is_empty()
	}

	/// Bytes in memory, about.
	pub fn bytes(&self) -> u64 {
		bytes_in(&self.models.read())
	}

	/// All models, by key.
	pub fn infos(&self) -> Vec<ModelInfo> {
		let models = self.models.read();
		models.values().map(|entry| entry.info.clone()).collect()
	}
}
