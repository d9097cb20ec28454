//! `inference workload …`

mod cancel;
mod decline;
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

/// Commands of users, and one of operators.
#[derive(Subcommand)]
pub enum Command {
	/// Orders an inference.
	Submit(submit::Args),
	/// A workload: state, output, price, proof, account of its money.
	Show(show::Args),
	/// Waits for a workload's output or end, and shows it.
	Watch(watch::Args),
	/// Cancels a workload that is not drawn yet. The queue-slot fee is kept.
	Cancel(WorkloadArgs),
	/// Gives back a workload that a node of yours was drawn for, early, for a fee. It is drawn again.
	///
	/// Who: the node's operator, or its worker key. Sign as the operator while the node runs: it uses the worker
	/// key itself.
	///
	/// Until when: the first half of the base latency L0 after the draw, 15 ticks of the service clock on a
	/// production chain and 10 on a development chain, and only while the output is not delivered. The chain
	/// refuses it later (TooLate, WrongState), without a fee for the transaction.
	///
	/// What it costs: the decline fee, out of the operator's bond. It is a tenth of the price, but if nobody failed
	/// the workload before at least twice what makes up for the user's fees; the user gets its part of it. The
	/// transaction is free. Declining counts like a missed deadline towards the node's suspension, the operator is
	/// not drawn for this workload again, and the node is out of the model's pool until the epoch after the next:
	/// then let it join again, with its limits and its multiplier, which the chain has forgotten.
	Decline(WorkloadArgs),
	/// Lets a passed deadline take effect now. Anyone may.
	Expire(WorkloadArgs),
	/// Removes an ended workload after its retention, if the chain has not yet. Its submitter gets the deposit back.
	Prune(WorkloadArgs),
}

/// Arguments of a transaction about one workload.
#[derive(clap::Args)]
pub struct WorkloadArgs {
	/// The workload's identifier.
	#[arg(value_parser = workload_id)]
	workload: WorkloadId,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Submit(args) => submit::run(context, args).await,
		Command::Show(args) => show::run(context, args).await,
		Command::Watch(args) => watch::run(context, args).await,
		Command::Cancel(args) => cancel::run(context, args).await,
		Command::Decline(args) => decline::run(context, args).await,
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
