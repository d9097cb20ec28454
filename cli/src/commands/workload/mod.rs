//! `inference workload …`

mod cancel;
mod expire;
mod prune;
mod report;
mod show;
mod submit;
mod watch;

use super::{Context, Outcome, TransactionArgs};
use crate::error::CliError;
use clap::Subcommand;
use inference_primitives::WorkloadId;

/// Commands of users.
#[derive(Subcommand)]
pub enum Command {
	/// Orders an inference.
	Submit(submit::Args),
	/// A workload: state, output, price, proof, account of its money.
	Show(show::Args),
	/// Waits for a workload's output or end, and shows it.
	Watch(watch::Args),
	/// Cancels a workload that is not drawn yet. The queue-slot fee is kept.
	Cancel(cancel::Args),
	/// Lets a passed deadline take effect now. Anyone may.
	Expire(expire::Args),
	/// Removes an ended workload after its retention. Anyone may, for a tip out of its deposit.
	Prune(prune::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Submit(args) => submit::run(context, args).await,
		Command::Show(args) => show::run(context, args).await,
		Command::Watch(args) => watch::run(context, args).await,
		Command::Cancel(args) => cancel::run(context, args).await,
		Command::Expire(args) => expire::run(context, args).await,
		Command::Prune(args) => prune::run(context, args).await,
	}
}

/// Reads a workload's identifier.
fn workload_id(text: &str) -> Result<WorkloadId, String> {
	text.parse().map_err(|_| {
		format!("expected a workload's identifier, 0x and 64 hexadecimal digits, got {text:?}")
	})
}
