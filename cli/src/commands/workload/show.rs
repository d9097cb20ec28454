//! `inference workload show`

use super::{report::WorkloadReport, workload_id, Context};
use crate::{
	chain::{Chain, ChainArgs},
	error::CliError,
};
use inference_primitives::WorkloadId;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The workload's identifier.
	#[arg(value_parser = workload_id)]
	workload: WorkloadId,
	/// Read at the newest finalised block instead of the newest one.
	#[arg(long)]
	finalized: bool,
	#[command(flatten)]
	chain: ChainArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.head(args.finalized).await?.hash;
	context.print(&WorkloadReport::read(&chain, args.workload, at).await?)
}
