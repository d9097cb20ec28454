//! The engine of `inference-circuits`: halo2 on the CPU.

use super::{Attempt, Engine, EngineError, Model, Proof};
use inference_circuits::{
	Bundle, CheckError, Checks, CommitmentKeys, Powers, Progress, ProveError, Prover,
	ProverOptions, SetupFile, Step,
};
use inference_plonk::{CommitmentKey, ProveError as PlonkError};
use inference_primitives::StatementHeader;
use inference_prover_api::ModelInfo;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
};

/// Told of the steps of checking, loading and proving, from any thread.
pub type Announce = Arc<dyn Fn(Step) + Send + Sync>;

/// Loads bundles made by `inference-circuits`, and proves in this process.
#[derive(Clone, Default)]
pub struct NativeEngine {
	/// Folder for the polynomials of proving keys, which are in memory without it.
	pub scratch: Option<PathBuf>,
	/// Where it is remembered which bundles were checked; without it each is checked whenever it is loaded.
	pub checks: Option<Checks>,
	/// Files of the trusted setups that bundles may be for, beside the insecure development one.
	pub setups: Vec<Arc<SetupFile>>,
	/// The setups' points that its models have in use: those of one setup and size share them.
	pub commitments: CommitmentKeys,
	/// Whether bundles that were not checked before are loaded without a check, and said to be unchecked.
	pub skip_check: bool,
	/// Who wants to know of steps, if anyone does.
	pub announce: Option<Announce>,
}

impl NativeEngine {
	/// Reads the bundle in `dir`, but its proving key, and attaches what its proofs are made with.
	pub fn open(&self, dir: &Path) -> Result<Bundle, EngineError> {
		let failed = |error: &dyn std::fmt::Display| EngineError::Load(error.to_string());
		let bundle = Bundle::load(dir).map_err(|error| failed(&error))?;
		if bundle.layout().claim.hidden_input {
			// The statements of its proofs bind no input, so no workload is settled by them.
			return Err(EngineError::Load(
				"its inputs are hidden, and models on chain have public ones: build it without \
				 --hidden-input"
					.into(),
			));
		}
		let (setup, k) = (bundle.manifest().setup, bundle.layout().k);
		let of_it = self.setups.iter().filter(|file| file.id() == setup);
		// Of several files of one setup the smallest that serves; if none does, any says so.
		let bundle = match of_it.min_by_key(|file| (file.k() < k, file.k())) {
			Some(file) => bundle.with_powers(Powers::File(file.clone())),
			None => Ok(bundle),
		};
		let bundle = bundle.map_err(|error| failed(&error))?;
		bundle.check_powers().map_err(|error| failed(&error))?;
		Ok(bundle)
	}

	/// Whether it is known that the keys of `bundle` are those of its model.
	pub fn is_checked(&self, bundle: &Bundle) -> bool {
		let checks = self.checks.as_ref();
		checks.is_some_and(|checks| checks.find(&bundle.hash()).is_some())
	}

	/// Compares the keys of `bundle` with its model, unless that was done before. Fails if they are not
	/// its.
	pub fn check(&self, bundle: &Bundle) -> Result<(), EngineError> {
		let failed = |error: CheckError| EngineError::Load(error.to_string());
		let progress = match &self.announce {
			Some(announce) => Progress::new(announce.as_ref()),
			None => Progress::NONE,
		};
		match &self.checks {
			Some(checks) => {
				if checks.check(bundle, progress).map_err(failed)? {
					tracing::info!(
						model = %bundle.vk_hash(), "keys rebuilt from the graph: equal"
					);
				}
				Ok(())
			},
			None => bundle.check(progress).map_err(failed),
		}
	}

	/// What `bundle` is, once it is said whether its keys are known to be its model's.
	pub fn describe(&self, bundle: &Bundle, checked: bool) -> ModelInfo {
		if !checked {
			tracing::warn!(
				model = %bundle.vk_hash(),
				"the keys were not compared with the model: workers refuse to work on it"
			);
		}
		let manifest = bundle.manifest();
		ModelInfo {
			vk_hash: bundle.vk_hash(),
			name: manifest.name.clone(),
			input: manifest.input.clone(),
			output: manifest.output.clone(),
			k: bundle.layout().k.into(),
			checked,
		}
	}

	/// Reads the proving key of `bundle`, and refuses one that is not the bundle's.
	pub fn model(&self, bundle: Bundle, info: ModelInfo) -> Result<NativeModel, EngineError> {
		let options = ProverOptions {
			scratch: self.scratch.clone(),
			commitments: self.commitments.clone(),
			progress: self.announce.clone(),
			..ProverOptions::default()
		};
		let prover = Prover::with_options(Arc::new(bundle), options)
			.map_err(|error| EngineError::Load(error.to_string()))?;
		Ok(NativeModel { info, prover })
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
		let bundle = self.open(dir)?;
		if !self.skip_check {
			self.check(&bundle)?;
		}
		let checked = !self.skip_check || self.is_checked(&bundle);
		let info = self.describe(&bundle, checked);
		Ok(Arc::new(self.model(bundle, info)?))
	}
}

/// A model with its proving key.
pub struct NativeModel {
	info: ModelInfo,
	prover: Prover,
}

impl Model for NativeModel {
	fn info(&self) -> &ModelInfo {
		&self.info
	}

	fn bytes(&self) -> u64 {
		u64::try_from(self.prover.key_bytes()).unwrap_or(u64::MAX)
	}

	fn commitments(&self) -> Option<&Arc<CommitmentKey>> {
		Some(self.prover.commitments())
	}

	fn execute(&self, input: &[i64]) -> Result<Vec<i64>, EngineError> {
		execute(self.prover.bundle(), input)
	}

	/// Cannot be stopped: a process that runs this can.
	fn prove(
		&self,
		header: &StatementHeader,
		input: &[i64],
		attempt: &Attempt,
	) -> Result<Proof, EngineError> {
		attempt.begin();
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
		verify(self.prover.bundle(), header, input, proof)
	}
}

impl NativeModel {
	/// Whether it has the points that the proofs of `bundle` take.
	pub fn shares_with(&self, bundle: &Bundle) -> bool {
		let of = |bundle: &Bundle| (bundle.manifest().setup, bundle.layout().k);
		of(self.prover.bundle()) == of(bundle)
	}

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

/// The output of `bundle`'s model for `input`.
pub(super) fn execute(bundle: &Bundle, input: &[i64]) -> Result<Vec<i64>, EngineError> {
	let failed = |error: inference_circuits::ExecuteError| EngineError::Execute {
		model: bundle.vk_hash(),
		reason: error.to_string(),
	};
	bundle.execute(input).map_err(failed)
}

/// Checks a proof as the chain does.
pub(super) fn verify(
	bundle: &Bundle,
	header: &StatementHeader,
	input: &[i64],
	proof: &Proof,
) -> Result<(), EngineError> {
	bundle
		.verify(header, input, &proof.output, &proof.bytes)
		.map_err(|error| EngineError::Verify {
			model: bundle.vk_hash(),
			reason: error.to_string(),
		})
}

#[cfg(test)]
pub(in crate::engine) mod tests {
	use super::*;
	use crate::engine::Models;
	use inference_circuits::BuildOptions;
	use std::fs;

	/// The linear regression under this name, with so many digits of its weights.
	pub(in crate::engine) fn linear_regression(
		name: &str,
		weight_scale_bits: Option<u8>,
	) -> Bundle {
		let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/fixtures");
		let fixture = fixtures.join("linear-regression-diabetes");
		let read = |name: &str| fs::read(fixture.join(name)).unwrap();
		let options = BuildOptions {
			name: name.into(),
			weight_scale_bits,
			calibration: serde_json::from_slice(&read("samples.json")).unwrap(),
			..BuildOptions::default()
		};
		Bundle::build(&read("model.onnx"), &options, &mut |_| {}).unwrap()
	}

	#[test]
	fn the_services_budget_should_count_once_what_models_share_and_what_stays_when_one_leaves() {
		let engine = NativeEngine::default();
		let load = |bits| {
			let bundle = linear_regression("shared", Some(bits));
			let info = engine.describe(&bundle, true);
			Arc::new(engine.model(bundle, info).unwrap())
		};
		let loaded = [8, 9, 10].map(load);
		let [first, second, _] = &loaded;
		assert_ne!(first.info().vk_hash, second.info().vk_hash);
		let of = |model: &Arc<NativeModel>| model.commitments().unwrap().clone();
		assert!(loaded
			.iter()
			.all(|model| Arc::ptr_eq(&of(model), &of(first))));
		let points = of(first).bytes() as u64;
		let left = Arc::downgrade(&of(first));
		// Room for two of the three: whoever counted the points with each would keep none, or one.
		let own = loaded.iter().map(|model| model.bytes()).max().unwrap();
		let models = Models::with_budget(points + 2 * own);
		let hashes = loaded.each_ref().map(|model| model.info().vk_hash);
		for model in loaded {
			models.insert(model, PathBuf::new());
		}
		let in_memory = hashes.map(|hash| models.get(&hash).is_some());
		assert_eq!(in_memory, [false, true, true]);
		assert!(models.bytes() > points && models.bytes() <= points + 2 * own);
		assert!(left.upgrade().is_some());
		hashes.iter().for_each(|hash| {
			models.remove(hash);
		});
		assert_eq!(models.bytes(), 0);
		assert!(left.upgrade().is_none());
	}
}
