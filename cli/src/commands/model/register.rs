//! `inference model register`

use super::{Context, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{Included, Runtime, RuntimeEvent},
	error::CliError,
};
use inference_circuits::Bundle;
use inference_primitives::{ModelId, ModelStatus, VkHash};
use pallet_model_registry::{Call, Event};
use serde::Serialize;
use std::{fmt, path::PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// Directory that `inference circuit build` made.
	#[arg(long, value_name = "DIR")]
	bundle: PathBuf,
	/// Register it as the next version of this model of yours, instead of as a new model.
	#[arg(long, value_name = "MODEL")]
	version_of: Option<u32>,
	/// Your royalty per inference.
	#[arg(long, default_value = "0 INF", value_name = "AMOUNT")]
	royalty: Amount,
	/// The most you pay for the registration; the present fee and a tenth if absent. The fee rises
	/// with each registration and falls over time.
	#[arg(long, value_name = "AMOUNT")]
	max_fee: Option<Amount>,
	/// Offer the model for sale at once.
	#[arg(long)]
	activate: bool,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// A registered model.
#[derive(Serialize)]
struct Report {
	/// MODEL.VERSION.
	model: String,
	name: String,
	status: ModelStatus,
	vk_hash: VkHash,
	registration: Included,
	activation: Option<Included>,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(
			f,
			"model {} {:?} registered ({})",
			self.model, self.name, self.registration
		)?;
		match &self.activation {
			Some(included) => write!(f, "model {} active ({included})", self.model),
			None => write!(
				f,
				"it is a draft: `inference model activate {}` offers it for sale",
				self.model
			),
		}
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let bundle =
		Bundle::load(&args.bundle).map_err(|e| CliError::file("load bundle", &args.bundle, e))?;
	let manifest = bundle.manifest();
	if manifest.layout.claim.hidden_input {
		return Err(CliError::Usage(format!(
			"the bundle {} hides its inputs, and models on chain have public ones: build it without \
			 --hidden-input",
			args.bundle.display()
		)));
	}
	let session = args.transaction.open().await?;
	let max_fee = match args.max_fee {
		Some(fee) => fee.0,
		None => {
			let at = session.chain.best().await?.hash;
			let fee = session.chain.network_status(at).await?.registration_fee;
			fee.saturating_add(fee / 10)
		},
	};
	let too_long = |what: &str| CliError::Failed(format!("the bundle's {what} is too long"));
	let name = manifest
		.name
		.clone()
		.into_bytes()
		.try_into()
		.map_err(|_| too_long("name"))?;
	let key = bundle
		.plan_bytes()
		.try_into()
		.map_err(|_| too_long("verifying key"))?;
	let (system, setup, bundle_hash) = (manifest.system, manifest.setup, bundle.hash());
	let (input, output) = (manifest.input.clone(), manifest.output.clone());
	let royalty = args.royalty.0;
	let circuit_hash = bundle.circuit_hash();
	let call = match args.version_of {
		None => Call::<Runtime>::register_model {
			name,
			system,
			setup,
			key,
			input,
			output,
			royalty,
			bundle_hash,
			max_fee,
			circuit_hash,
		},
		Some(model) => Call::<Runtime>::register_version {
			model: ModelId(model),
			name,
			system,
			setup,
			key,
			input,
			output,
			royalty,
			bundle_hash,
			max_fee,
			circuit_hash,
		},
	};
	let registration = session.send(context, "register model", call).await?;
	let model = registration.expect_event("ModelRegistered", |event| match event {
		RuntimeEvent::ModelRegistry(Event::ModelRegistered { model, .. }) => Some(*model),
		_ => None,
	})?;
	let activation = if args.activate {
		Some(
			session
				.send(
					context,
					"activate model",
					Call::<Runtime>::activate { model },
				)
				.await?,
		)
	} else {
		None
	};
	context.print(&Report {
		model: model.to_string(),
		name: manifest.name.clone(),
		status: if args.activate {
			ModelStatus::Active
		} else {
			ModelStatus::Draft
		},
		vk_hash: bundle.vk_hash(),
		registration,
		activation,
	})
}
