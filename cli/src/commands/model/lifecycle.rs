//! `inference model activate`, `deprecate`, `retire`, `remove`

use super::{Context, Outcome, TransactionArgs};
use crate::{chain::Runtime, error::CliError};
use inference_primitives::{ModelRef, ModelStatus};
use pallet_model_registry::Call;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// MODEL or MODEL.VERSION.
	model: ModelRef,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Offers a draft for sale.
pub async fn activate(context: Context, args: Args) -> Result<(), CliError> {
	let model = args.model;
	change(context, args, ModelStatus::Active, Call::activate { model }).await
}

/// Marks a version as superseded.
pub async fn deprecate(context: Context, args: Args) -> Result<(), CliError> {
	let model = args.model;
	change(
		context,
		args,
		ModelStatus::Deprecated,
		Call::deprecate { model },
	)
	.await
}

/// Takes a version off sale.
pub async fn retire(context: Context, args: Args) -> Result<(), CliError> {
	let model = args.model;
	change(context, args, ModelStatus::Retired, Call::retire { model }).await
}

/// Removes a retired version that nothing uses.
pub async fn remove(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let model = args.model;
	let included = session
		.send(context, "remove model", Call::<Runtime>::remove { model })
		.await?;
	context.print(&Outcome::new(
		format!("model {model} removed, its deposits are free"),
		json!({ "model": model.to_string() }),
		included,
	))
}

async fn change(
	context: Context,
	args: Args,
	status: ModelStatus,
	call: Call<Runtime>,
) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let model = args.model;
	let included = session.send(context, "change status", call).await?;
	context.print(&Outcome::new(
		format!("model {model} is {status:?}"),
		json!({ "model": model.to_string(), "status": status }),
		included,
	))
}
