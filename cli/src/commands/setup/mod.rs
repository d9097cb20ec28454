//! `inference setup …`

mod check;

use super::Context;
use crate::error::CliError;
use clap::Subcommand;

/// Commands about trusted setups.
#[derive(Subcommand)]
pub enum Command {
	/// Checks a setup's file: which circuits it serves, whether its powers are those of one secret, and which
	/// setup it is.
	Check(check::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Check(args) => check::run(context, args).await,
	}
}
