//! `inference workload cancel`

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
			"cancel workload",
			Call::<Runtime>::cancel { workload },
		)
		.await?;
	context.print(&Outcome::new(
		format!("workload {workload} cancelled"),
		json!({ "workload": workload }),
		included,
	))
}
