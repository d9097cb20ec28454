//! `inference key …`

mod register;
mod release;
mod show;

use super::{vk_hash, Context, Outcome, TransactionArgs};
use crate::error::CliError;
use clap::Subcommand;

/// Commands about verifying keys. Models bring their own; these are for proofs beside the market.
#[derive(Subcommand)]
pub enum Command {
	/// Registers a key, so that the chain verifies proofs under it. Holds a deposit for its bytes.
	Register(register::Args),
	/// A registered key: proof system, setup, who holds it.
	Show(show::Args),
	/// Ends your registration of a key and returns its deposit.
	Release(release::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Register(args) => register::run(context, args).await,
		Command::Show(args) => show::run(context, args).await,
		Command::Release(args) => release::run(context, args).await,
	}
}
