//! `inference workload watch`

use super::{report::WorkloadReport, workload_id, Context};
use crate::{
	chain::{Chain, ChainArgs},
	error::CliError,
};
use clap::ValueEnum;
use inference_primitives::WorkloadId;
use std::time::Duration;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The workload's identifier.
	#[arg(value_parser = workload_id)]
	workload: WorkloadId,
	/// What to wait for.
	#[arg(long, value_enum, default_value_t)]
	until: Until,
	/// Go by finalised blocks.
	#[arg(long)]
	finalized: bool,
	#[command(flatten)]
	patience: Patience,
	#[command(flatten)]
	chain: ChainArgs,
}

/// How long to wait.
#[derive(Clone, Copy, clap::Args)]
pub struct Patience {
	/// Give up after so many seconds (exit code 8). The workload goes on.
	#[arg(long, value_name = "SECONDS")]
	timeout: Option<u64>,
}

/// What to wait for.
#[derive(Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Until {
	/// The output, proven or not yet.
	Output,
	/// The workload's end.
	#[default]
	End,
}

impl Until {
	fn reached(self, report: &WorkloadReport) -> bool {
		report.state.is_terminal() || (self == Self::Output && report.output.is_some())
	}
}

/// Waits, prints the workload, and refuses one that ended without a proven output.
pub async fn wait_and_print(
	context: Context,
	chain: &Chain,
	workload: WorkloadId,
	until: Until,
	finalized: bool,
	patience: Patience,
) -> Result<(), CliError> {
	let waiting = wait(context, chain, workload, until, finalized);
	let report = match patience.timeout {
		Some(seconds) => tokio::time::timeout(Duration::from_secs(seconds), waiting)
			.await
			.map_err(|_| {
				CliError::TimedOut(format!(
					"workload {workload} is not there after {seconds} seconds; it goes on, see \
					 `inference workload show {workload}`"
				))
			})??,
		None => waiting.await?,
	};
	context.print(&report)?;
	report.require_not_failed()
}

/// Final blocks for which a workload may be in no block at all: one that a reorganisation took out comes back.
const PATIENCE: u32 = 10;

async fn wait(
	context: Context,
	chain: &Chain,
	workload: WorkloadId,
	until: Until,
	finalized: bool,
) -> Result<WorkloadReport, CliError> {
	let progress = context.progress(format!("workload {workload}"));
	let mut heads = chain.heads(finalized).await?;
	let mut missed = 0;
	loop {
		let at = chain.head(finalized).await?;
		match WorkloadReport::read(chain, workload, at.hash).await {
			Ok(report) if until.reached(&report) => return Ok(report),
			Ok(report) => progress.set(format!("block {}: {}", at.number, report.progress())),
			// It may be in a block that is not finalised yet; or ended long ago and was pruned, if the newest block does
			// not have it either, and none of the next ones.
			Err(CliError::NotFound(_)) if finalized && missed < PATIENCE => {
				let best = chain.best().await?;
				match WorkloadReport::read(chain, workload, best.hash).await {
					Err(CliError::NotFound(_)) => missed += 1,
					_ => missed = 0,
				}
				progress.set(format!("block {}: not finalised yet", at.number));
			},
			Err(error) => return Err(error),
		}
		chain.next_head(&mut heads).await?;
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let Args {
		workload,
		until,
		finalized,
		patience,
		..
	} = args;
	wait_and_print(context, &chain, workload, until, finalized, patience).await
}
