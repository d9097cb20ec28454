//! `inference node capacity`

use super::{node_id, Context, Outcome, TransactionArgs};
use crate::{chain::Runtime, error::CliError};
use inference_primitives::{ComputeUnits, NodeId};
use pallet_node_pool::Call;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The node's number.
	#[arg(value_parser = node_id)]
	node: NodeId,
	/// Compute units per block: a higher number acts from the next epoch on, a lower one at once.
	#[arg(value_name = "CU")]
	capacity: u64,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let (node, capacity) = (args.node, args.capacity);
	let call = Call::<Runtime>::set_capacity {
		node,
		capacity: ComputeUnits(capacity),
	};
	let included = session.send(context, "set capacity", call).await?;
	context.print(&Outcome::new(
		format!(
			"node {} pledges {capacity} CU per block: more from the next epoch on, less from now on",
			node.0
		),
		json!({ "node": node, "capacity": capacity }),
		included,
	))
}
