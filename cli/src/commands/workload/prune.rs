//! `inference workload prune`

use super::{workload_id, Context, Outcome, TransactionArgs};
use crate::{chain::Runtime, error::CliError};
use inference_primitives::WorkloadId;
use pallet_inference_market::Call;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The workload's identifier.
	#[arg(value_parser = workload_id)]
	workload: WorkloadId,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let workload = args.workload;
	let included = session
		.send(
			context,
			"prune workload",
			Call::<Runtime>::prune { workload },
		)
		.await?;
	context.print(&Outcome::new(
		format!("workload {workload} removed, its deposit is free"),
		json!({ "workload": workload }),
		included,
	))
}
