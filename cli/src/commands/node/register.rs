//! `inference node register` and `deregister`

use super::{node_id, worker::WorkerArgs, Context, Outcome, TransactionArgs};
use crate::{
	chain::{Runtime, RuntimeEvent},
	error::CliError,
};
use inference_primitives::{ComputeUnits, NodeId};
use pallet_node_pool::{Call, Event};
use serde_json::json;

/// Arguments of `register`.
#[derive(clap::Args)]
pub struct Args {
	#[command(flatten)]
	worker: WorkerArgs,
	/// Compute units per block that the node pledges; the bond must cover them.
	#[arg(long, value_name = "CU")]
	capacity: u64,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Arguments of `deregister`.
#[derive(clap::Args)]
pub struct DeregisterArgs {
	/// The node's number.
	#[arg(value_parser = node_id)]
	node: NodeId,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Registers.
pub async fn register(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let (worker, consent) = args.worker.agree(&session).await?;
	let capacity = args.capacity;
	let call = Call::<Runtime>::register_node {
		worker: worker.clone(),
		capacity: ComputeUnits(capacity),
		consent,
	};
	let included = session.send(context, "register node", call).await?;
	let node = included.expect_event("NodeRegistered", |event| match event {
		RuntimeEvent::NodePool(Event::NodeRegistered { node, .. }) => Some(*node),
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!(
			"node {} registered with {capacity} CU per block, active next epoch",
			node.0
		),
		json!({
			"node": node,
			"operator": session.signer.account(),
			"worker": worker,
			"capacity": capacity,
		}),
		included,
	))
}

/// Removes.
pub async fn deregister(context: Context, args: DeregisterArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let node = args.node;
	let included = session
		.send(
			context,
			"deregister node",
			Call::<Runtime>::deregister_node { node },
		)
		.await?;
	context.print(&Outcome::new(
		format!("node {} removed", node.0),
		json!({ "node": node }),
		included,
	))
}
