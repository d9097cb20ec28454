//! Proving engines behind one trait, and the models they have loaded.

pub mod native;

use inference_primitives::{StatementHeader, VkHash};
use inference_prover_api::ModelInfo;
use parking_lot::RwLock;
use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use native::NativeEngine;

/// An engine that failed. Trying the same again gives the same result.
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
	/// The proof is refused by the verifier.
	#[error("model {model}: the proof made is refused by the verifier: {reason}")]
	Verify {
		/// The model.
		model: VkHash,
		/// Why.
		reason: String,
	},
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

	/// Loads the bundle in `dir`: everything that proving needs, keys included.
	fn load(&self, dir: &Path) -> Result<Arc<dyn Model>, EngineError>;
}

/// A loaded model.
pub trait Model: Send + Sync {
	/// What it is.
	fn info(&self) -> &ModelInfo;

	/// Its output for `input`, which fits [`ModelInfo::input`].
	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError>;

	/// Proves the statement that `header` starts, for `input`.
	fn prove(&self, header: &StatementHeader, input: &[i64]) -> Result<Proof, EngineError>;

	/// Checks a proof with the verifier that the chain runs.
	fn verify(
		&self,
		header: &StatementHeader,
		input: &[i64],
		proof: &Proof,
	) -> Result<(), EngineError>;
}

/// The loaded models, by verifying key.
#[derive(Default)]
pub struct Models(RwLock<BTreeMap<VkHash, Arc<dyn Model>>>);

impl Models {
	/// Most models loaded at once: each holds its proving key in memory.
	pub const MAX: usize = 256;

	/// Adds a model and returns it, or the one already loaded under its key; `None` if
	/// [`Self::MAX`] others are loaded.
	pub fn insert(&self, model: Arc<dyn Model>) -> Option<Arc<dyn Model>> {
		let mut models = self.0.write();
		let key = model.info().vk_hash;
		if !models.contains_key(&key) && models.len() >= Self::MAX {
			return None;
		}
		Some(models.entry(key).or_insert(model).clone())
	}

	/// The model with this verifying key.
	pub fn get(&self, vk_hash: &VkHash) -> Option<Arc<dyn Model>> {
		self.0.read().get(vk_hash).cloned()
	}

	/// Number of models.
	pub fn len(&self) -> usize {
		self.0.read().len()
	}

	/// Whether none is loaded.
	pub fn is_empty(&self) -> bool {
		self.0.read().is_empty()
	}

	/// All models, by key.
	pub fn infos(&self) -> Vec<ModelInfo> {
		self.0
			.read()
			.values()
			.map(|model| model.info().clone())
			.collect()
	}
}
