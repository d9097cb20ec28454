//! The verifying key of proofs that are about a statement.

use super::{files::read_at_most, ChosenSetup, ProofFile};
use crate::{checks, commands::Context, error::CliError, tensor::Tensor};
use inference_circuits::Bundle;
use inference_primitives::{ProofSystem, Statement, VkHash, MAX_VK_BYTES};
use inference_verifier::{public_inputs, verify, vk_hash, Plan, Setup};
use std::{fmt, path::Path};

/// What a proof is verified with.
pub enum Key {
	/// A model's bundle.
	Bundle(Box<Bundle>),
	/// The verifying key alone, under a setup.
	Plan(Box<Plan>, Setup),
}

impl Key {
	/// Reads whichever is given. A verifying key alone is under the development setup if there is no `setup`;
	/// a bundle knows its own, which must be `setup` if that is given.
	pub fn load(
		bundle: Option<&Path>,
		plan: Option<&Path>,
		setup: Option<&ChosenSetup>,
	) -> Result<Self, CliError> {
		match (bundle, plan) {
			(Some(dir), _) => {
				let bundle = load_bundle(dir, setup)?;
				Ok(Self::Bundle(Box::new(bundle)))
			},
			(None, Some(path)) => {
				let plan = read_plan(path)?;
				let setup = setup.map(|chosen| chosen.setup.clone());
				let setup = setup.unwrap_or_else(Setup::insecure_development);
				Ok(Self::Plan(Box::new(plan), setup))
			},
			(None, None) => Err(CliError::Usage("give --bundle or --vk".to_owned())),
		}
	}

	/// The key.
	pub fn plan(&self) -> &Plan {
		match self {
			Self::Bundle(bundle) => bundle.plan(),
			Self::Plan(plan, _) => plan,
		}
	}

	/// The hash under which the chain knows the key.
	pub fn vk_hash(&self) -> VkHash {
		match self {
			Self::Bundle(bundle) => bundle.vk_hash(),
			Self::Plan(plan, setup) => vk_hash(ProofSystem::Halo2, &setup.id(), &plan.to_bytes()),
		}
	}

	/// The setup that it is verified under: the one `chosen` by the user, or else its own. Of a bundle's own setup
	/// only a known one is trusted: whoever made the bundle may know the secret.
	pub fn chosen_setup(&self, chosen: Option<ChosenSetup>) -> ChosenSetup {
		chosen.unwrap_or_else(|| match self {
			Self::Bundle(bundle) => ChosenSetup::of_bundle(bundle.setup()),
			Self::Plan(_, setup) => ChosenSetup::of_bundle(setup),
		})
	}

	/// Compares a bundle's keys with its model, unless that was done before or is to be skipped: else a proof
	/// shows what the key says, which may be less than the model. Says whether they are known to be equal.
	pub fn check_model(&self, context: Context, skip: bool) -> Result<bool, CliError> {
		match self {
			Self::Bundle(bundle) if !skip => checks::check(context, bundle).map(|()| true),
			Self::Bundle(_) | Self::Plan(..) => Ok(false),
		}
	}

	/// Whether [`Self::verify`] checks input and output against the model's domains.
	pub fn checks_domains(&self) -> bool {
		matches!(self, Self::Bundle(_))
	}

	/// Verifies.
	pub fn verify(&self, file: &ProofFile) -> Result<(), CliError> {
		match self {
			Self::Bundle(bundle) => bundle
				.verify(&file.statement, &file.input, &file.output, &file.proof)
				.map_err(|e| invalid(&e)),
			Self::Plan(plan, setup) => {
				let hash = self.vk_hash();
				if file.statement.vk_hash != hash {
					return Err(invalid(&format!(
						"its statement is for verifying key {}, the one given is {hash}",
						file.statement.vk_hash
					)));
				}
				let statement = Statement::new(file.statement.clone(), &file.input, &file.output);
				let inputs = public_inputs(&statement, &file.input, &file.output);
				verify(plan, setup, &inputs, &file.proof).map_err(|e| invalid(&e))
			},
		}
	}

	/// The output as real numbers, if the model is known.
	pub fn output_real(&self, output: &[i64]) -> Option<Vec<f64>> {
		match self {
			Self::Bundle(bundle) => {
				Some(Tensor::new(output.to_vec(), bundle.manifest().output.scale_bits).real)
			},
			Self::Plan(..) => None,
		}
	}
}

/// Reads a bundle, with the powers of its setup if `setup`, which must be that, has them.
pub fn load_bundle(dir: &Path, setup: Option<&ChosenSetup>) -> Result<Bundle, CliError> {
	let bundle = Bundle::load(dir).map_err(|e| CliError::file("load bundle", dir, e))?;
	match setup {
		Some(setup) => setup.give_to(bundle),
		None => Ok(bundle),
	}
}

/// A proof that is refused.
pub(super) fn invalid(why: &dyn fmt::Display) -> CliError {
	CliError::ProofInvalid(format!("the proof is not valid: {why}"))
}

/// Reads a verifying key.
fn read_plan(path: &Path) -> Result<Plan, CliError> {
	let bytes = read_at_most(path, MAX_VK_BYTES)?;
	Plan::decode_canonical(&bytes)
		.map_err(|e| CliError::Failed(format!("{} is no verifying key: {e}", path.display())))
}
