//! Which bundles were checked on this machine, and by which commands: a bundle's keys are compared with its
//! model once.

use crate::{commands::Context, error::CliError};
use inference_circuits::{Bundle, CheckRecord, Checks, Progress};
use inference_primitives::model::ModelView;
use std::path::PathBuf;

/// Compares the keys of `bundle` with its model, unless that was done before.
pub fn check(context: Context, bundle: &Bundle) -> Result<(), CliError> {
	let progress = context.progress("comparing the bundle's keys with its model");
	let steps = progress.steps();
	let steps = Progress::new(steps.as_ref());
	let checked = match Checks::of_user() {
		Some(checks) => checks.check(bundle, steps).map(drop),
		None => bundle.check(steps),
	};
	checked.map_err(|e| CliError::Failed(format!("the bundle {:?}: {e}", bundle.manifest().name)))
}

/// Notes that `bundle` was built here. That it cannot be noted is no failure: it can be checked later.
pub fn record(context: Context, bundle: &Bundle) {
	let recorded = Checks::of_user().map(|checks| checks.record(bundle));
	if let Some(Err(error)) = recorded {
		context.warn(&format!(
			"it is not remembered that the bundle was built here: {error}"
		));
	}
}

/// Fails unless the bundle of `model` was checked on this machine, by the user or by the prover service whose
/// data folder is `prover_data`, and is what the chain says.
pub fn require<AccountId>(
	model: &ModelView<AccountId>,
	prover_data: Option<PathBuf>,
) -> Result<(), CliError> {
	let of_prover = prover_data.map(|data| Checks::at(data.join("checks")));
	let mut folders = Checks::of_user().into_iter().chain(of_prover);
	let record = folders.find_map(|checks| checks.find(&model.bundle_hash));
	let reference = model.reference;
	let Some(record) = record else {
		return Err(CliError::Failed(format!(
			"model {reference} was not checked on this machine: its creator may know an input whose \
			 output has no proof, and would take the node's stake with it. Check it: `inference model \
			 check {reference} --bundle DIR`; or load it into the node's prover, which checks it, and give \
			 --prover-url URL (or, of this machine's prover, --prover-data DIR). --unchecked joins all the \
			 same, and the worker then refuses the model unless its prover checked it"
		)));
	};
	match difference(&record, model) {
		None => Ok(()),
		Some(what) => Err(CliError::Failed(format!(
			"model {reference} says another {what} than its bundle. Do not serve it"
		))),
	}
}

/// What the chain says otherwise than the bundle that was checked.
fn difference<AccountId>(
	record: &CheckRecord,
	model: &ModelView<AccountId>,
) -> Option<&'static str> {
	let same = [
		("verifying key", record.vk_hash == model.vk_hash),
		("input", record.input == model.input),
		("output", record.output == model.output),
	];
	let (what, _) = same.into_iter().find(|(_, same)| !same)?;
	Some(what)
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		ComputeUnits, ModelId, ModelRef, ModelStatus, ProofSystem, SetupId, TensorSpec, Visibility,
		VkHash,
	};

	fn spec(length: u32) -> TensorSpec {
		TensorSpec {
			shape: vec![length],
			scale_bits: 4,
			min: -8,
			max: 7,
			visibility: Visibility::Public,
		}
	}

	fn model() -> ModelView<u64> {
		ModelView {
			reference: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			creator: 1,
			name: b"m".to_vec(),
			status: ModelStatus::Active,
			system: ProofSystem::Halo2,
			setup: SetupId([1; 32]),
			vk_hash: VkHash([2; 32]),
			input: spec(3),
			output: spec(2),
			compute_units: ComputeUnits(1),
			royalty: 0,
			bundle_hash: [4; 32],
			in_flight: 0,
			settled: 0,
		}
	}

	/// A prover's data folder with the record of a bundle whose hash the model has.
	fn prover_data(change: impl FnOnce(&mut CheckRecord)) -> tempfile::TempDir {
		let data = tempfile::tempdir().unwrap();
		let mut record = CheckRecord {
			version: inference_circuits::checks::CHECK_VERSION,
			bundle_hash: hex::encode([4; 32]),
			vk_hash: VkHash([2; 32]),
			input: spec(3),
			output: spec(2),
		};
		change(&mut record);
		let folder = data.path().join("checks");
		std::fs::create_dir(&folder).unwrap();
		let file = folder.join(format!("{}.json", hex::encode([4; 32])));
		std::fs::write(file, serde_json::to_vec(&record).unwrap()).unwrap();
		data
	}

	fn refused(data: &tempfile::TempDir) -> String {
		require(&model(), Some(data.path().into()))
			.unwrap_err()
			.to_string()
	}

	#[test]
	fn a_model_that_nobody_checked_here_is_refused_with_what_to_do() {
		let data = tempfile::tempdir().unwrap();
		let message = refused(&data);
		assert!(message.contains("inference model check 3.1"), "{message}");
		assert!(message.contains("--unchecked"), "{message}");
	}

	#[test]
	fn a_model_that_the_prover_checked_is_served_unless_the_chain_says_something_else() {
		let data = prover_data(|_| {});
		assert_eq!(require(&model(), Some(data.path().into())), Ok(()));
		for (what, data) in [
			(
				"verifying key",
				prover_data(|r| r.vk_hash = VkHash([3; 32])),
			),
			("input", prover_data(|r| r.input.max += 1)),
			("output", prover_data(|r| r.output = spec(1))),
		] {
			let message = refused(&data);
			assert!(message.contains(what), "{message}");
		}
	}

	#[test]
	fn a_record_of_another_version_or_bundle_is_none() {
		let data = prover_data(|r| r.version += 1);
		assert!(refused(&data).contains("was not checked"));
		let data = prover_data(|r| r.bundle_hash = hex::encode([5; 32]));
		assert!(refused(&data).contains("was not checked"));
	}
}
