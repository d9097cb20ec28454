//! `inference chain …`

mod status;
mod upgrade;

use super::Context;
use crate::error::CliError;
use clap::Subcommand;

/// Commands about the chain.
#[derive(Subcommand)]
pub enum Command {
	/// Blocks, service clock, epoch, prices and parameters.
	Status(status::Args),
	/// Replace the runtime, on a chain with a sudo key; on others say which referendum does (docs/UPGRADES.md).
	Upgrade(upgrade::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Status(args) => status::run(context, args).await,
		Command::Upgrade(args) => upgrade::run(context, args).await,
	}
}
