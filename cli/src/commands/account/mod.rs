//! `inference account …`

mod balance;
mod claim;
mod transfer;

use super::{Context, Outcome, TransactionArgs};
use crate::error::CliError;
use clap::Subcommand;

/// Commands about accounts.
#[derive(Subcommand)]
pub enum Command {
	/// Free, held by reason, and credits to claim.
	Balance(balance::Args),
	/// Sends INF to another account.
	Transfer(transfer::Args),
	/// Pays out the credits of settled workloads.
	Claim(claim::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Balance(args) => balance::run(context, args).await,
		Command::Transfer(args) => transfer::run(context, args).await,
		Command::Claim(args) => claim::run(context, args).await,
	}
}
