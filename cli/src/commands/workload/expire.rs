//! `inference workload expire`

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
			"expire workload",
			Call::<Runtime>::expire { workload },
		)
		.await?;
	let view = session
		.chain
		.workload(workload, included.block.hash)
		.await?;
	context.print(&Outcome::new(
		format!("workload {workload} is now {:?}", view.state),
		json!({ "workload": workload, "state": view.state }),
		included,
	))
}
