//! `inference workload prune`

use super::{Context, Outcome, WorkloadArgs};
use crate::{chain::Runtime, error::CliError};
use pallet_inference_market::Call;
use serde_json::json;

/// Runs the command.
pub async fn run(context: Context, args: WorkloadArgs) -> Result<(), CliError> {
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
