//! `inference circuit …`: everything that needs no chain.

mod bench;
pub mod build;
mod prove;
mod verify;

use super::Context;
use crate::error::CliError;
use clap::Subcommand;

/// Commands about circuits.
#[derive(Subcommand)]
pub enum Command {
	/// Makes a circuit bundle of an ONNX model.
	Build(build::Args),
	/// Measures what proving a model costs on this machine.
	Bench(bench::Args),
	/// Executes a model and proves the execution.
	Prove(prove::Args),
	/// Verifies a proof, with the verifier that the chain runs.
	Verify(verify::Args),
}

/// Runs the command.
pub fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Build(args) => build::run(context, args),
		Command::Bench(args) => bench::run(context, args),
		Command::Prove(args) => prove::run(context, args),
		Command::Verify(args) => verify::run(context, args),
	}
}
