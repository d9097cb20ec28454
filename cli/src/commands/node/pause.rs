//! `inference node pause` and `resume`

use super::{node_id, Context, Outcome, TransactionArgs};
use crate::{chain::Runtime, error::CliError};
use inference_primitives::NodeId;
use pallet_node_pool::Call;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The node's number.
	#[arg(value_parser = node_id)]
	node: NodeId,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Stops new work.
pub async fn pause(context: Context, args: Args) -> Result<(), CliError> {
	let call = Call::<Runtime>::pause { node: args.node };
	send(context, args, "gets no new work from now on", call).await
}

/// Returns to service.
pub async fn resume(context: Context, args: Args) -> Result<(), CliError> {
	let call = Call::<Runtime>::resume { node: args.node };
	send(
		context,
		args,
		"returns to service with the next epoch",
		call,
	)
	.await
}

async fn send(
	context: Context,
	args: Args,
	what: &str,
	call: Call<Runtime>,
) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let node = args.node;
	let included = session.send(context, &format!("node {what}"), call).await?;
	context.print(&Outcome::new(
		format!("node {} {what}", node.0),
		json!({ "node": node }),
		included,
	))
}
