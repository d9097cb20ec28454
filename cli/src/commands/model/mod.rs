//! `inference model …`

mod check;
mod lifecycle;
mod list;
mod register;
mod show;

use super::{Context, Outcome, TransactionArgs};
use crate::{amount::Amount, chain::AccountId, error::CliError};
use clap::Subcommand;
use inference_primitives::{
	model::ModelView, Balance, ModelStatus, ProofSystem, SetupId, TensorSpec, VkHash,
};
use serde::Serialize;
use std::fmt;

/// Commands about models.
#[derive(Subcommand)]
pub enum Command {
	/// Registers a circuit bundle as a new model.
	Register(register::Args),
	/// One model version.
	Show(show::Args),
	/// All model versions.
	List(list::Args),
	/// Rebuilds a model's keys and compares them, and its tensors, with the chain's record: "rebuilt, equal",
	/// or what differs. A node serves only models that were checked on its machine.
	Check(check::Args),
	/// Offers a draft for sale. It can no longer be changed then.
	Activate(lifecycle::Args),
	/// Marks a version as superseded; it is still for sale.
	Deprecate(lifecycle::Args),
	/// Takes a version off sale. Workloads in flight keep it.
	Retire(lifecycle::Args),
	/// Removes a retired version that no workload uses, and frees its deposits.
	Remove(lifecycle::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Register(args) => register::run(context, args).await,
		Command::Show(args) => show::run(context, args).await,
		Command::List(args) => list::run(context, args).await,
		Command::Check(args) => check::run(context, args).await,
		Command::Activate(args) => lifecycle::activate(context, args).await,
		Command::Deprecate(args) => lifecycle::deprecate(context, args).await,
		Command::Retire(args) => lifecycle::retire(context, args).await,
		Command::Remove(args) => lifecycle::remove(context, args).await,
	}
}

/// A model version, as reports show it.
#[derive(Serialize)]
struct Model {
	/// MODEL.VERSION.
	model: String,
	name: String,
	status: ModelStatus,
	creator: AccountId,
	system: ProofSystem,
	setup: SetupId,
	vk_hash: VkHash,
	bundle_hash: String,
	input: TensorSpec,
	output: TensorSpec,
	compute_units: u64,
	royalty: Amount,
	/// Compute units × present base price × the least multiplier at which nodes with a sixteenth of the pool's
	/// weight serve, a half while many orders wait (one if nobody serves the model now), royalty, and fee for verifying the proof; other fees
	/// come on top.
	price_now: Amount,
	in_flight: u32,
	settled: u64,
}

impl Model {
	fn new(view: ModelView<AccountId>, price_now: Balance) -> Self {
		Self {
			model: view.reference.to_string(),
			name: String::from_utf8_lossy(&view.name).into_owned(),
			status: view.status,
			creator: view.creator,
			system: view.system,
			setup: view.setup,
			vk_hash: view.vk_hash,
			bundle_hash: format!("0x{}", hex::encode(view.bundle_hash)),
			input: view.input,
			output: view.output,
			compute_units: view.compute_units.0,
			royalty: Amount(view.royalty),
			price_now: Amount(price_now),
			in_flight: view.in_flight,
			settled: view.settled,
		}
	}
}

impl fmt::Display for Model {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(
			f,
			"model {} {:?} ({:?})",
			self.model, self.name, self.status
		)?;
		writeln!(f, "  creator        {}", self.creator)?;
		writeln!(f, "  verifying key  {}", self.vk_hash)?;
		writeln!(f, "  input          {}", tensor_text(&self.input))?;
		writeln!(f, "  output         {}", tensor_text(&self.output))?;
		writeln!(f, "  compute units  {}", self.compute_units)?;
		writeln!(f, "  royalty        {}", self.royalty)?;
		writeln!(f, "  price now      from {}", self.price_now)?;
		write!(
			f,
			"  workloads      {} settled, {} in flight",
			self.settled, self.in_flight
		)
	}
}

fn tensor_text(spec: &TensorSpec) -> String {
	let real = |value| inference_circuits::quantise::from_fixed(value, spec.scale_bits);
	format!(
		"{:?}, {} to {}, {} bits after the point",
		spec.shape,
		real(spec.min),
		real(spec.max),
		spec.scale_bits
	)
}
