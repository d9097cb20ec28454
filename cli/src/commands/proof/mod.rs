//! `inference proof …`

mod submit;
mod verify;

use super::{vk_hash, Context, Outcome, TransactionArgs};
use crate::error::CliError;
use clap::Subcommand;

/// Commands about proofs.
#[derive(Subcommand)]
pub enum Command {
	/// Verifies a proof of EZKL, or of `inference circuit prove`, without a chain, with the verifier
	/// that the chain runs.
	Verify(verify::Args),
	/// Has the chain verify a proof under a registered key.
	Submit(submit::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Verify(args) => verify::run(context, args),
		Command::Submit(args) => submit::run(context, args).await,
	}
}
