//! `inference node status`

use super::{limits::Shown, node_id, Context};
use crate::{
	amount::Amount,
	chain::{AccountArg, AccountId, Chain, ChainArgs, Signer, SignerArgs},
	error::CliError,
};
use inference_primitives::{
	node::{Limits, NodeView, StakeView, Standing},
	ModelRef, NodeId,
};
use serde::Serialize;
use std::fmt;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The node's number. Without it: all nodes of an account.
	#[arg(value_parser = node_id, conflicts_with = "account")]
	node: Option<NodeId>,
	/// The account; the signing account if absent.
	#[arg(long, value_name = "ADDRESS")]
	account: Option<AccountArg>,
	#[command(flatten)]
	signer: SignerArgs,
	#[command(flatten)]
	chain: ChainArgs,
}

/// Nodes, and the stake of their operator.
#[derive(Serialize)]
struct Report {
	nodes: Vec<Node>,
	operator: AccountId,
	stake: Stake,
	epoch: u32,
	blocks_to_next_epoch: u32,
}

#[derive(Serialize)]
struct Node {
	node: NodeId,
	operator: AccountId,
	worker: AccountId,
	/// Compute units per block, in this epoch.
	capacity: u64,
	next_capacity: u64,
	/// Compute units assigned and not delivered.
	outstanding: u64,
	models: Vec<String>,
	/// Models joined; served from the next epoch on, if there is free stake.
	joining: Vec<String>,
	delivered: u64,
	missed: u64,
	/// Active, paused, suspended or resuming.
	standing: Standing,
	/// What one workload may ask, and what the node asks, of models for which its operator has set that;
	/// from the next epoch on.
	limits: Vec<ModelLimits>,
	/// Those in force in this epoch.
	limits_in_force: Vec<ModelLimits>,
}

#[derive(Serialize)]
struct ModelLimits {
	model: String,
	#[serde(flatten)]
	limits: Shown,
}

#[derive(Serialize)]
struct Stake {
	bonded: Amount,
	proof_stakes: Amount,
	minimum: Amount,
	unbonding: Amount,
}

impl From<NodeView<AccountId>> for Node {
	fn from(view: NodeView<AccountId>) -> Self {
		Self {
			node: view.id,
			operator: view.operator,
			worker: view.worker,
			capacity: view.capacity.0,
			next_capacity: view.next_capacity.0,
			outstanding: view.outstanding.0,
			models: names(&view.models),
			joining: names(&view.joining),
			delivered: view.delivered,
			missed: view.missed,
			standing: view.standing,
			limits: by_model(view.limits),
			limits_in_force: by_model(view.limits_in_force),
		}
	}
}

impl From<StakeView> for Stake {
	fn from(view: StakeView) -> Self {
		Self {
			bonded: Amount(view.bonded),
			proof_stakes: Amount(view.proof_stakes),
			minimum: Amount(view.minimum),
			unbonding: Amount(view.unbonding),
		}
	}
}

fn by_model(limits: Vec<(ModelRef, Limits)>) -> Vec<ModelLimits> {
	limits
		.into_iter()
		.map(|(model, limits)| ModelLimits {
			model: model.to_string(),
			limits: limits.into(),
		})
		.collect()
}

fn names(models: &[ModelRef]) -> Vec<String> {
	models.iter().map(ToString::to_string).collect()
}

/// Whether new work comes, in words.
fn standing(standing: Standing) -> &'static str {
	match standing {
		Standing::Active => "active",
		Standing::Paused => "paused: gets no new work until `inference node resume`",
		Standing::Suspended => {
			"suspended after missed deadlines: see to the worker, then `inference node resume`"
		},
		Standing::Resuming(_) => "returns to service with the next epoch",
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let list = |models: &[String]| match models {
			[] => "none".to_owned(),
			models => models.join(", "),
		};
		writeln!(f, "operator {}", self.operator)?;
		writeln!(f, "  bonded        {}", self.stake.bonded)?;
		writeln!(f, "  proof stakes  {}", self.stake.proof_stakes)?;
		writeln!(f, "  minimum       {}", self.stake.minimum)?;
		writeln!(f, "  unbonding     {}", self.stake.unbonding)?;
		for node in &self.nodes {
			writeln!(f, "node {}", node.node.0)?;
			writeln!(f, "  worker        {}", node.worker)?;
			writeln!(
				f,
				"  capacity      {} CU per block, {} from the next epoch on",
				node.capacity, node.next_capacity
			)?;
			writeln!(f, "  outstanding   {} CU", node.outstanding)?;
			writeln!(f, "  standing      {}", standing(node.standing))?;
			writeln!(f, "  models        {}", list(&node.models))?;
			writeln!(f, "  joined        {}", list(&node.joining))?;
			writeln!(
				f,
				"  delivered     {} in time, {} missed or declined",
				node.delivered, node.missed
			)?;
			for (when, all) in [
				("this epoch", &node.limits_in_force),
				("next epoch", &node.limits),
			] {
				for limited in all {
					writeln!(
						f,
						"  limits        model {}, {when}: {}",
						limited.model, limited.limits
					)?;
				}
			}
		}
		write!(
			f,
			"epoch {}, the next in {} blocks",
			self.epoch, self.blocks_to_next_epoch
		)
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.best().await?.hash;
	let (nodes, operator) = match (args.node, args.account) {
		(Some(node), _) => {
			let node = chain.node(node, at).await?;
			let operator = node.operator.clone();
			(vec![node], operator)
		},
		(None, Some(account)) => (chain.nodes_of(&account.0, at).await?, account.0),
		(None, None) => {
			let signer = Signer::load(&args.signer)?;
			(
				chain.nodes_of(signer.account(), at).await?,
				signer.account().clone(),
			)
		},
	};
	let stake = chain.stake(&operator, at).await?;
	let status = chain.network_status(at).await?;
	context.print(&Report {
		nodes: nodes.into_iter().map(Node::from).collect(),
		operator,
		stake: stake.into(),
		epoch: status.epoch,
		blocks_to_next_epoch: status.blocks_to_next_epoch,
	})
}
