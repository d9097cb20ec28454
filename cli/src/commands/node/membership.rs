//! `inference node join` and `leave`

use super::{node_id, Context, Outcome, TransactionArgs};
use crate::{chain::Runtime, error::CliError};
use inference_primitives::{ModelRef, NodeId};
use pallet_node_pool::Call;
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The node's number.
	#[arg(value_parser = node_id)]
	node: NodeId,
	/// MODEL or MODEL.VERSION.
	model: ModelRef,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Joins a pool.
pub async fn join(context: Context, args: Args) -> Result<(), CliError> {
	let (node, model) = (args.node, args.model);
	let call = Call::<Runtime>::join_model { node, model };
	change(context, args, "joins", "from the next epoch on", call).await
}

/// Leaves a pool.
pub async fn leave(context: Context, args: Args) -> Result<(), CliError> {
	let (node, model) = (args.node, args.model);
	let call = Call::<Runtime>::leave_model { node, model };
	change(
		context,
		args,
		"leaves",
		"now; work already assigned stays due",
		call,
	)
	.await
}

async fn change(
	context: Context,
	args: Args,
	verb: &str,
	when: &str,
	call: Call<Runtime>,
) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let (node, model) = (args.node, args.model);
	let included = session.send(context, &format!("node {verb}"), call).await?;
	context.print(&Outcome::new(
		format!("node {} {verb} the pool of model {model} {when}", node.0),
		json!({ "node": node, "model": model.to_string() }),
		included,
	))
}
