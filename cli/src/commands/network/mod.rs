//! `inference chain …`

mod status;

use super::Context;
use crate::error::CliError;
use clap::Subcommand;

/// Commands about the chain.
#[derive(Subcommand)]
pub enum Command {
	/// Blocks, service clock, epoch, prices and parameters.
	Status(status::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Status(args) => status::run(context, args).await,
	}
}
