//! `inference node join` and `leave`

use super::{limits::LimitArgs, node_id, Context, Outcome, Session, TransactionArgs};
use crate::{
	chain::{Runtime, RuntimeCall},
	checks,
	error::CliError,
	prover::ProverArgs,
};
use inference_primitives::{ModelRef, NodeId, PriceMultiplier};
use inference_runtime::UtilityCall;
use pallet_node_pool::Call;
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The node's number.
	#[arg(value_parser = node_id)]
	pub(super) node: NodeId,
	/// MODEL or MODEL.VERSION.
	pub(super) model: ModelRef,
	#[command(flatten)]
	pub(super) transaction: TransactionArgs,
}

/// Arguments of joining.
#[derive(clap::Args)]
pub struct JoinArgs {
	#[command(flatten)]
	args: Args,
	#[command(flatten)]
	prover: ProverArgs,
	/// Data folder of this machine's prover service, which has a record of each bundle that it checked. Whether
	/// it has loaded the model is not asked.
	#[arg(long, value_name = "DIR", conflicts_with = "prover_url")]
	prover_data: Option<PathBuf>,
	/// Join although no prover says that it has checked that the model's key is its graph's. The creator may
	/// know an input whose output has no proof, and take the node's stake. The worker declines work of
	/// such a model, for a fee, unless its prover checked it or the node runs with --allow-unchecked-models.
	#[arg(long)]
	unchecked: bool,
	#[command(flatten)]
	limits: LimitArgs,
}

impl JoinArgs {
	/// Fails if nothing says which prover is to vouch for the model. What the user checked says nothing of the
	/// prover, so it does not count.
	fn require_a_prover(&self) -> Result<(), CliError> {
		if self.prover.is_given() || self.prover_data.is_some() || self.unchecked {
			return Ok(());
		}
		let model = self.args.model;
		Err(CliError::Usage(format!(
			"no prover was asked whether it has loaded model {model} and compared its keys; the worker declines \
			 the work of a model that none has, for a fee each time. Give --prover-url URL, the address that the \
			 node has, and it is asked; or --prover-data DIR, the data folder of a prover on this machine that \
			 cannot be asked. --unchecked joins without: see --help"
		)))
	}
}

/// Joins a pool.
pub async fn join(context: Context, join: JoinArgs) -> Result<(), CliError> {
	join.require_a_prover()?;
	let args = join.args;
	let (node, model) = (args.node, args.model);
	let session = args.transaction.open().await?;
	let at = session.chain.best().await?.hash;
	let view = session.chain.model(model, at).await?;
	if join.prover.is_given() {
		match join.prover.require(&view).await {
			Err(error) if join.unchecked => context.warn(&error.to_string()),
			answer => answer?,
		}
	} else {
		if let Some(data) = join.prover_data.filter(|_| !join.unchecked) {
			checks::require(&view, &data)?;
		}
		// A record says what the prover compared, not what it has loaded.
		context.warn(&format!(
			"the node's prover was not asked whether it has loaded model {model} and compared its keys: \
			 --prover-url URL asks it. If it has not when the next epoch begins, the worker declines the \
			 model's work, for a fee each time"
		));
	}
	let call = Call::<Runtime>::join_model { node, model };
	let call: RuntimeCall = match join.limits.limits(PriceMultiplier::ONE) {
		None => call.into(),
		// In one transaction, so that no epoch begins between the two.
		limits => UtilityCall::<Runtime>::batch_all {
			calls: vec![
				call.into(),
				Call::<Runtime>::set_limits {
					node,
					model,
					limits,
				}
				.into(),
			],
		}
		.into(),
	};
	change(
		context,
		&session,
		(node, model),
		"joins",
		"from the next epoch on",
		call,
	)
	.await
}

/// Leaves a pool.
pub async fn leave(context: Context, args: Args) -> Result<(), CliError> {
	let (node, model) = (args.node, args.model);
	let session = args.transaction.open().await?;
	let call = Call::<Runtime>::leave_model { node, model };
	change(
		context,
		&session,
		(node, model),
		"leaves",
		"now; work already assigned stays due",
		call,
	)
	.await
}

async fn change(
	context: Context,
	session: &Session,
	(node, model): (NodeId, ModelRef),
	verb: &str,
	when: &str,
	call: impl Into<RuntimeCall>,
) -> Result<(), CliError> {
	let included = session.send(context, &format!("node {verb}"), call).await?;
	context.print(&Outcome::new(
		format!("node {} {verb} the pool of model {model} {when}", node.0),
		json!({ "node": node, "model": model.to_string() }),
		included,
	))
}
