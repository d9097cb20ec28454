//! Loads models: those that are asked for, and again those that were put out of memory.
//!
//! Two lanes: a bundle whose keys were never compared with its model, which may take an hour, holds up none
//! but others of its kind; the rest are loaded two at a time, as loading takes memory and all cores.

use crate::{
	engine::{Engine, Model, Models},
	error::Error,
	metrics::Metrics,
};
use inference_primitives::VkHash;
use inference_prover_api::ModelInfo;
use parking_lot::Mutex as SyncMutex;
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	sync::Arc,
	time::Instant,
};
use tokio::{
	sync::{Mutex, Semaphore},
	task::spawn_blocking,
};

/// Most bundles loaded at the same time, those that are checked first not counted.
const MAX_LOADING: usize = 2;

/// See the module.
pub struct Loader {
	engine: Arc<dyn Engine>,
	/// The models.
	pub models: Arc<Models>,
	metrics: Arc<Metrics>,
	/// Turns of loading.
	loading: Semaphore,
	/// The turn of what is checked, too.
	checking: Mutex<()>,
	/// Held while a model comes to [`Self::models`] and to the engine, or leaves both: they agree.
	keeping: SyncMutex<()>,
	/// Folders that are being loaded: each once at a time.
	under_way: SyncMutex<BTreeMap<PathBuf, Arc<Mutex<()>>>>,
}

impl Loader {
	/// A loader of `models` by `engine`.
	pub fn new(engine: Arc<dyn Engine>, models: Arc<Models>, metrics: Arc<Metrics>) -> Self {
		Self {
			engine,
			models,
			metrics,
			loading: Semaphore::new(MAX_LOADING),
			checking: Mutex::new(()),
			keeping: SyncMutex::new(()),
			under_way: SyncMutex::default(),
		}
	}

	/// The engine.
	pub fn engine(&self) -> &Arc<dyn Engine> {
		&self.engine
	}

	/// The model with this key; loads it again if it was put out of memory. `None` if there is none.
	pub async fn model(&self, vk_hash: &VkHash) -> Result<Option<Arc<dyn Model>>, Error> {
		if let Some(model) = self.models.get(vk_hash) {
			return Ok(Some(model));
		}
		match self.models.find(vk_hash) {
			Some((_, dir)) => Ok(Some(self.load(dir, Some(*vk_hash)).await?.0)),
			None => Ok(None),
		}
	}

	/// Forgets a model.
	pub fn unload(&self, vk_hash: &VkHash) -> Option<ModelInfo> {
		let _keeping = self.keeping.lock();
		let info = self.models.remove(vk_hash)?;
		self.engine.forget(vk_hash);
		Some(info)
	}

	/// Has the engine make ready what it can, before the service says that it is ready.
	pub async fn prepare(&self) -> Result<(), Error> {
		let engine = self.engine.clone();
		Ok(spawn_blocking(move || engine.prepare()).await?)
	}

	/// Loads the bundle in `dir`; refuses it if its key is not the `expected` one. Returns the model
	/// and the folder's full name.
	pub async fn load(
		&self,
		dir: PathBuf,
		expected: Option<VkHash>,
	) -> Result<(Arc<dyn Model>, String), Error> {
		let folder = Folder::of(self, &dir);
		let _alone = folder.lock.lock().await;
		// Somebody else may have loaded it meanwhile.
		if let Some(model) = expected.and_then(|expected| self.models.get(&expected)) {
			return Ok((model, dir.display().to_string()));
		}
		let (engine, asked) = (self.engine.clone(), dir.clone());
		let is_long = spawn_blocking(move || engine.needs_check(&asked)).await?;
		let (_checking, _loading) = if is_long {
			(Some(self.checking.lock().await), None)
		} else {
			// The semaphore is never closed.
			(None, self.loading.acquire().await.ok())
		};
		let (engine, since) = (self.engine.clone(), Instant::now());
		let (model, path, text) = spawn_blocking(move || read(&*engine, &dir, expected)).await??;
		let too_many = || Error::BadBundle {
			dir: path.clone(),
			reason: format!("{} models are known, which is the most", Models::MAX),
		};
		{
			let _keeping = self.keeping.lock();
			if !self.models.insert(model.clone(), path.clone()) {
				return Err(too_many());
			}
			model.keep();
		}
		let info = model.info();
		self.metrics
			.loaded(&info.vk_hash, &info.name, since.elapsed());
		tracing::info!(
			model = %info.vk_hash, name = info.name, k = info.k, dir = text,
			engine = self.engine.name(), "model loaded"
		);
		Ok((model, text))
	}
}

/// A folder that is being loaded, forgotten when nobody loads it any more.
struct Folder<'a> {
	loader: &'a Loader,
	dir: PathBuf,
	lock: Arc<Mutex<()>>,
}

impl<'a> Folder<'a> {
	fn of(loader: &'a Loader, dir: &Path) -> Self {
		let mut under_way = loader.under_way.lock();
		let lock = under_way.entry(dir.to_path_buf()).or_default().clone();
		let dir = dir.to_path_buf();
		Self { loader, dir, lock }
	}
}

impl Drop for Folder<'_> {
	fn drop(&mut self) {
		let mut under_way = self.loader.under_way.lock();
		// The map's own, and this one.
		if Arc::strong_count(&self.lock) <= 2 {
			under_way.remove(&self.dir);
		}
	}
}

fn read(
	engine: &dyn Engine,
	dir: &Path,
	expected: Option<VkHash>,
) -> Result<(Arc<dyn Model>, PathBuf, String), Error> {
	let bad = |reason: String| Error::BadBundle {
		dir: dir.to_path_buf(),
		reason,
	};
	let path = fs::canonicalize(dir).map_err(|error| bad(error.to_string()))?;
	let text = path
		.to_str()
		.ok_or_else(|| bad("the path is not UTF-8".into()))?
		.to_owned();
	let model = engine.load(&path).map_err(|error| bad(error.to_string()))?;
	let got = model.info().vk_hash;
	if let Some(expected) = expected.filter(|expected| *expected != got) {
		return Err(bad(format!(
			"expected verifying key {expected}, got {got}: the bundle was replaced; load it anew with \
			 prover_loadModel"
		)));
	}
	Ok((model, path, text))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::engine::{Attempt, EngineError, Proof};
	use inference_primitives::{StatementHeader, TensorSpec, Visibility};
	use std::{collections::BTreeSet, thread, time::Duration};

	/// What an engine keeps, which takes its time to note it.
	type Kept = Arc<SyncMutex<BTreeSet<VkHash>>>;
	struct Slow(Kept);
	struct Nothing(ModelInfo, Kept);

	impl Engine for Slow {
		fn name(&self) -> &'static str {
			"slow"
		}

		fn load(&self, _dir: &Path) -> Result<Arc<dyn Model>, EngineError> {
			let spec = TensorSpec {
				shape: vec![1],
				scale_bits: 0,
				min: 0,
				max: 1,
				visibility: Visibility::Public,
			};
			let info = ModelInfo {
				vk_hash: VkHash([1; 32]),
				name: "nothing".into(),
				input: spec.clone(),
				output: spec,
				k: 5,
				checked: true,
			};
			Ok(Arc::new(Nothing(info, self.0.clone())))
		}

		fn forget(&self, model: &VkHash) {
			self.0.lock().remove(model);
		}
	}

	impl Model for Nothing {
		fn info(&self) -> &ModelInfo {
			&self.0
		}

		fn keep(&self) {
			thread::sleep(Duration::from_millis(200));
			self.1.lock().insert(self.0.vk_hash);
		}

		fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError> {
			Ok(input.to_vec())
		}

		fn prove(
			&self,
			_header: &StatementHeader,
			_input: &[i64],
			_attempt: &Attempt,
		) -> Result<Proof, EngineError> {
			Err(EngineError::Load("it proves nothing".into()))
		}

		fn verify(
			&self,
			_header: &StatementHeader,
			_input: &[i64],
			_proof: &Proof,
		) -> Result<(), EngineError> {
			Ok(())
		}
	}

	#[tokio::test(flavor = "multi_thread")]
	async fn a_model_that_is_unloaded_while_it_is_loaded_should_not_be_kept_for_ever() {
		let folder = tempfile::tempdir().unwrap();
		let (kept, models) = (Kept::default(), Arc::new(Models::default()));
		let engine = Arc::new(Slow(kept.clone()));
		let loader = Arc::new(Loader::new(engine, models.clone(), Arc::default()));
		let (loading, dir) = (loader.clone(), folder.path().to_path_buf());
		let loading = tokio::spawn(async move { loading.load(dir, None).await.map(drop) });
		let model = VkHash([1; 32]);
		while !models.contains(&model) {
			tokio::task::yield_now().await;
		}
		assert!(loader.unload(&model).is_some());
		loading.await.unwrap().unwrap();
		assert!(kept.lock().is_empty() && !models.contains(&model));
	}
}
