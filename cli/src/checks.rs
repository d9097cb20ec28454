//! Which bundles were checked on this machine, and by which commands: a bundle's keys are compared with its
//! model once.

use crate::{commands::Context, error::CliError};
use inference_circuits::{Bundle, CheckRecord, Checks, Progress};
use inference_primitives::model::ModelView;
use std::path::Path;

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

/// Fails unless the prover service whose data folder is `prover_data` has checked the bundle of `model`, and it
/// is what the chain says. What the user checked does not count: the prover may not have the bundle.
pub fn require<AccountId>(
	model: &ModelView<AccountId>,
	prover_data: &Path,
) -> Result<(), CliError> {
	let record = Checks::at(prover_data.join("checks")).find(&model.bundle_hash);
	let reference = model.reference;
	let Some(record) = record else {
		return Err(CliError::Failed(format!(
			"the prover with the data folder {} has not checked model {reference}: its creator may know an \
			 input whose output has no proof, and would take the node's stake with it. Load the bundle into \
			 that prover (--bundle DIR, or prover_loadModel), which checks it, and join again; give \
			 --prover-url URL instead, and the prover is asked. --unchecked joins all the same, and the worker \
			 then declines the model's work, for a fee each time, unless its prover checked it",
			prover_data.display()
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
pub(crate) mod tests {
	use super::*;
	use inference_primitives::{
		ComputeUnits, ModelId, ModelRef, ModelStatus, ProofSystem, SetupId, TensorSpec, Visibility,
		VkHash,
	};

	pub(crate) fn spec(length: u32) -> TensorSpec {
		TensorSpec {
			shape: vec![length],
			scale_bits: 4,
			min: -8,
			max: 7,
			visibility: Visibility::Public,
		}
	}

	/// A model as the chain tells of it.
	pub(crate) fn model() -> ModelView<u64> {
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
		require(&model(), data.path()).unwrap_err().to_string()
	}

	#[test]
	fn a_model_that_the_prover_did_not_check_is_refused_with_what_to_do() {
		let data = tempfile::tempdir().unwrap();
		let message = refused(&data);
		for part in ["model 3.1", "--bundle DIR", "--prover-url", "--unchecked"] {
			assert!(message.contains(part), "{part:?} is not in {message}");
		}
	}

	#[test]
	fn a_model_that_the_prover_checked_is_served_unless_the_chain_says_something_else() {
		let data = prover_data(|_| {});
		assert_eq!(require(&model(), data.path()), Ok(()));
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
		assert!(refused(&data).contains("has not checked"));
		let data = prover_data(|r| r.bundle_hash = hex::encode([5; 32]));
		assert!(refused(&data).contains("has not checked"));
	}
}
