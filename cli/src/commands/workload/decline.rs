//! `inference workload decline`

use super::{Context, Outcome, WorkloadArgs};
use crate::{
	amount::Amount,
	chain::{Runtime, RuntimeEvent},
	error::CliError,
};
use pallet_inference_market::{Call, Event};
use serde_json::json;

/// Runs the command.
pub async fn run(context: Context, args: WorkloadArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let workload = args.workload;
	let included = session
		.send(
			context,
			"decline workload",
			Call::<Runtime>::decline { workload },
		)
		.await?;
	let (node, cost, compensation) =
		included.expect_event("WorkloadDeclined", |event| match event {
			RuntimeEvent::InferenceMarket(Event::WorkloadDeclined {
				node,
				fee,
				compensation,
				..
			}) => Some((*node, Amount(*fee), Amount(*compensation))),
			_ => None,
		})?;
	let view = session
		.chain
		.workload(workload, included.block.hash)
		.await?;
	context.print(&Outcome::new(
		format!(
			"node {} gave workload {workload} back, which is now {:?}: {cost} of its operator's bond, \
			 {compensation} of that to the user; the node is out of the model's pool until the epoch after \
			 the next, and joins again by `inference node join`",
			node.0, view.state
		),
		json!({
			"workload": workload,
			"node": node,
			"decline_fee": cost,
			"compensation": compensation,
			"state": view.state,
		}),
		included,
	))
}
