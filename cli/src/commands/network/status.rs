//! `inference chain status`

use super::Context;
use crate::{
	amount::Amount,
	chain::{BlockRef, Chain, ChainArgs, Hash},
	error::CliError,
};
use inference_primitives::{runtime_api::NetworkStatus, ProtocolParameters};
use jsonrpsee::rpc_params;
use serde::Serialize;
use std::fmt;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	#[command(flatten)]
	chain: ChainArgs,
}

/// Where the chain stands.
#[derive(Serialize)]
struct Report {
	url: String,
	chain: String,
	genesis: Hash,
	spec_name: String,
	spec_version: u32,
	best: BlockRef,
	finalised: BlockRef,
	/// Service clock.
	now: u32,
	serving: bool,
	epoch: u32,
	blocks_to_next_epoch: u32,
	/// Per compute unit.
	base_price: Amount,
	registration_fee: Amount,
	/// Compute units per block.
	total_pledge: u64,
	parameters: Parameters,
}

/// Parameters that users and operators plan by. Times in ticks, amounts in planck.
#[derive(Serialize)]
struct Parameters {
	node_epoch: u32,
	min_deadline: u32,
	max_deadline: u32,
	proof_deadline: u32,
	queue_ttl: u32,
	unbonding: u32,
	retention: u32,
	queue_slot_fee: Amount,
	price_floor: Amount,
	price_ceiling: Amount,
	min_bond: Amount,
	bond_per_cu: Amount,
}

impl From<ProtocolParameters> for Parameters {
	fn from(p: ProtocolParameters) -> Self {
		Self {
			node_epoch: p.node_epoch,
			min_deadline: p.min_deadline.0,
			max_deadline: p.max_deadline.0,
			proof_deadline: p.proof_deadline.0,
			queue_ttl: p.queue_ttl.0,
			unbonding: p.unbonding.0,
			retention: p.retention.0,
			queue_slot_fee: Amount(p.queue_slot_fee),
			price_floor: Amount(p.price_floor),
			price_ceiling: Amount(p.price_ceiling),
			min_bond: Amount(p.min_bond),
			bond_per_cu: Amount(p.bond_per_cu),
		}
	}
}

impl Report {
	async fn read(chain: &Chain) -> Result<Self, CliError> {
		let best = chain.best().await?;
		let runtime = chain.runtime(best.hash).await?;
		let status: NetworkStatus = chain.network_status(best.hash).await?;
		Ok(Self {
			url: chain.url().to_owned(),
			chain: chain.request("system_chain", rpc_params![]).await?,
			genesis: chain.genesis(),
			spec_name: runtime.version.spec_name.clone(),
			spec_version: runtime.version.spec_version,
			best,
			finalised: chain.finalised().await?,
			now: status.now.0,
			serving: status.serving,
			epoch: status.epoch,
			blocks_to_next_epoch: status.blocks_to_next_epoch,
			base_price: Amount(status.base_price),
			registration_fee: Amount(status.registration_fee),
			total_pledge: status.total_pledge,
			parameters: status.parameters.into(),
		})
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} at {}", self.chain, self.url)?;
		writeln!(
			f,
			"  runtime           {} {}",
			self.spec_name, self.spec_version
		)?;
		writeln!(f, "  genesis           {:?}", self.genesis)?;
		writeln!(f, "  best block        {}", self.best.number)?;
		writeln!(f, "  finalised block   {}", self.finalised.number)?;
		let serving = if self.serving { "running" } else { "stopped" };
		writeln!(f, "  service clock     {} ({serving})", self.now)?;
		writeln!(
			f,
			"  node epoch        {}, the next in {} blocks",
			self.epoch, self.blocks_to_next_epoch
		)?;
		writeln!(
			f,
			"  base price        {} per compute unit",
			self.base_price
		)?;
		writeln!(
			f,
			"  pledged           {} compute units per block",
			self.total_pledge
		)?;
		writeln!(f, "  registration fee  {}", self.registration_fee)?;
		let p = &self.parameters;
		writeln!(
			f,
			"  output deadline   {} to {} ticks",
			p.min_deadline, p.max_deadline
		)?;
		writeln!(f, "  proof deadline    {} ticks", p.proof_deadline)?;
		write!(
			f,
			"  least bond        {}, and {} per compute unit",
			p.min_bond, p.bond_per_cu
		)
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	context.print(&Report::read(&chain).await?)
}
