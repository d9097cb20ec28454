//! The engine of `inference-circuits`: halo2 on the CPU.

use super::{Engine, EngineError, Model, Proof};
use inference_circuits::{
	Bundle, BundleError, CheckError, Checks, Powers, Progress, ProveError, Prover, ProverOptions,
	SetupFile, Step,
};
use inference_plonk::ProveError as PlonkError;
use inference_primitives::StatementHeader;
use inference_prover_api::ModelInfo;
use parking_lot::Mutex;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
};

/// Loads bundles made by `inference-circuits`.
#[derive(Clone, Debug, Default)]
pub struct NativeEngine {
	/// Folder for the polynomials of proving keys, which are in memory without it.
	pub scratch: Option<PathBuf>,
	/// Where it is remembered which bundles were checked; without it each is checked whenever it is loaded.
	pub checks: Option<Checks>,
	/// Files of the trusted setups that bundles may be for, beside the insecure development one.
	pub setups: Vec<Arc<SetupFile>>,
	/// Whether bundles that were not checked before are loaded without a check, and said to be unchecked.
	pub skip_check: bool,
}

impl NativeEngine {
	/// Reads the bundle in `dir`, with what its proofs are made with.
	fn read(&self, dir: &Path) -> Result<Bundle, BundleError> {
		let bundle = Bundle::load(dir)?;
		let (setup, k) = (bundle.manifest().setup, bundle.layout().k);
		let of_it = self.setups.iter().filter(|file| file.id() == setup);
		// Of several files of one setup the smallest that serves; if none does, any says so.
		match of_it.min_by_key(|file| (file.k() < k, file.k())) {
			Some(file) => bundle.with_powers(Powers::File(file.clone())),
			None => Ok(bundle),
		}
	}

	/// Whether the keys of `bundle` are known to be those of its model. Fails if they are not.
	fn check(&self, bundle: &Bundle) -> Result<bool, CheckError> {
		let vk_hash = bundle.vk_hash();
		if self.skip_check {
			let checks = self.checks.as_ref();
			return Ok(checks.is_some_and(|checks| checks.find(&bundle.hash()).is_some()));
		}
		let announce = |step: Step| tracing::debug!(model = %vk_hash, "{step}");
		let progress = Progress::new(&announce);
		match &self.checks {
			Some(checks) => {
				if checks.check(bundle, progress)? {
					tracing::info!(model = %vk_hash, "keys rebuilt from the graph: equal");
				}
			},
			None => bundle.check(progress)?,
		}
		Ok(true)
	}
}

impl Engine for NativeEngine {
	fn name(&self) -> &'static str {
		"native"
	}

	fn needs_check(&self, dir: &Path) -> bool {
		let is_known = || {
			let hash = Bundle::hash_in(dir).ok()?;
			self.checks.as_ref()?.find(&hash)
		};
		!self.skip_check && is_known().is_none()
	}

	fn load(&self, dir: &Path) -> Result<Arc<dyn Model>, EngineError> {
		let bundle = self
			.read(dir)
			.map_err(|error| EngineError::Load(error.to_string()))?;
		if bundle.layout().claim.hidden_input {
			// The statements of its proofs bind no input, so no workload is settled by them.
			return Err(EngineError::Load(
				"its inputs are hidden, and models on chain have public ones: build it without \
				 --hidden-input"
					.into(),
			));
		}
		let checked = self
			.check(&bundle)
			.map_err(|error| EngineError::Load(error.to_string()))?;
		if !checked {
			tracing::warn!(
				model = %bundle.vk_hash(),
				"the keys were not compared with the model: workers refuse to work on it"
			);
		}
		let bundle = Arc::new(bundle);
		let vk_hash = bundle.vk_hash();
		let step = Arc::new(Mutex::new(None));
		let newest = step.clone();
		let options = ProverOptions {
			scratch: self.scratch.clone(),
			progress: Some(Arc::new(move |step| {
				tracing::debug!(model = %vk_hash, "{step}");
				*newest.lock() = Some(step.to_string());
			})),
			..ProverOptions::default()
		};
		// Reads the proving key, and refuses one that is not the bundle's.
		let prover = Prover::with_options(bundle.clone(), options)
			.map_err(|error| EngineError::Load(error.to_string()))?;
		let manifest = bundle.manifest();
		let info = ModelInfo {
			vk_hash: bundle.vk_hash(),
			name: manifest.name.clone(),
			input: manifest.input.clone(),
			output: manifest.output.clone(),
			k: bundle.layout().k.into(),
			checked,
		};
		Ok(Arc::new(NativeModel { info, prover, step }))
	}
}

struct NativeModel {
	info: ModelInfo,
	prover: Prover,
	step: Arc<Mutex<Option<String>>>,
}

impl Model for NativeModel {
	fn info(&self) -> &ModelInfo {
		&self.info
	}

	fn bytes(&self) -> u64 {
		u64::try_from(self.prover.bytes()).unwrap_or(u64::MAX)
	}

	fn step(&self) -> Option<String> {
		self.step.lock().clone()
	}

	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError> {
		self.prover
			.bundle()
			.execute(input)
			.map_err(|error| EngineError::Execute {
				model: self.info.vk_hash,
				reason: error.to_string(),
			})
	}

	fn prove(&self, header: &StatementHeader, input: &[i64]) -> Result<Proof, EngineError> {
		let proof = self
			.prover
			.prove(header, input)
			.map_err(|error| self.prove_error(&error))?;
		Ok(Proof {
			output: proof.output,
			bytes: proof.bytes,
		})
	}

	fn verify(
		&self,
		header: &StatementHeader,
		input: &[i64],
		proof: &Proof,
	) -> Result<(), EngineError> {
		let bundle = self.prover.bundle();
		bundle
			.verify(header, input, &proof.output, &proof.bytes)
			.map_err(|error| EngineError::Verify {
				model: self.info.vk_hash,
				reason: error.to_string(),
			})
	}
}

impl NativeModel {
	fn prove_error(&self, error: &ProveError) -> EngineError {
		let (model, reason) = (self.info.vk_hash, error.to_string());
		match error {
			ProveError::Plonk(PlonkError::Storage(_) | PlonkError::DegenerateChallenge) => {
				EngineError::Transient { model, reason }
			},
			_ => EngineError::Prove { model, reason },
		}
	}
}
