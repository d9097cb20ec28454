//! The commands, a file each.

mod account;
mod circuit;
mod key;
mod model;
mod network;
mod node;
mod proof;
mod setup;
mod transaction;
mod workload;

use crate::{
	error::CliError,
	output::{self, Format},
	progress::Progress,
};
use clap::{Parser, Subcommand};
use inference_primitives::VkHash;
use serde::Serialize;
use std::fmt::Display;

pub use transaction::{Outcome, Session, TransactionArgs};

/// The command line of Inference Network.
#[derive(Parser)]
#[command(
	name = "inference",
	version,
	about,
	after_help = "Exit codes: 0 done; 1 a file, a circuit or this machine failed; 2 wrong usage or \
	              input values; 3 the chain refused; 4 a proof is not valid; 5 no node answers, or \
	              its runtime does not take this; 6 not found on chain; 7 a workload ended without a \
	              proven output; 8 waiting took too long.\n\
	              Amounts: \"12.5 INF\", or a whole number of planck (1 INF = 10^12 planck)."
)]
pub struct Cli {
	/// How to print reports and errors.
	#[arg(
		long = "output",
		global = true,
		value_enum,
		default_value_t,
		env = "INFERENCE_OUTPUT",
		value_name = "FORMAT"
	)]
	pub format: Format,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Make a circuit of an ONNX model, prove with it, verify. Needs no chain.
	#[command(subcommand)]
	Circuit(circuit::Command),
	/// Verify proofs, of EZKL too, here or on the chain.
	#[command(subcommand)]
	Proof(proof::Command),
	/// Register verifying keys for proofs beside the market.
	#[command(subcommand)]
	Key(key::Command),
	/// Check a trusted setup's file.
	#[command(subcommand)]
	Setup(setup::Command),
	/// Register models and see them.
	#[command(subcommand)]
	Model(model::Command),
	/// Bond stake, run model nodes.
	#[command(subcommand)]
	Node(node::Command),
	/// Buy inferences.
	#[command(subcommand)]
	Workload(workload::Command),
	/// Balances, transfers, credits.
	#[command(subcommand)]
	Account(account::Command),
	/// The chain itself.
	#[command(subcommand)]
	Chain(network::Command),
}

/// How the commands of one invocation print.
#[derive(Clone, Copy)]
pub struct Context {
	format: Format,
}

impl Context {
	/// Prints a report.
	pub fn print<R: Serialize + Display>(&self, report: &R) -> Result<(), CliError> {
		output::print(self.format, report)
	}

	/// Prints a warning on standard error.
	pub fn warn(&self, message: &str) {
		output::print_warning(self.format, message);
	}

	/// Shows progress until dropped.
	pub fn progress(&self, message: impl Into<String>) -> Progress {
		Progress::start(self.format, message)
	}
}

/// Runs the command.
pub fn run(cli: Cli) -> Result<(), CliError> {
	let context = Context { format: cli.format };
	if let Command::Circuit(command) = cli.command {
		return circuit::run(context, command);
	}
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()
		.map_err(|e| CliError::Failed(format!("cannot start the async runtime: {e}")))?;
	runtime.block_on(async {
		match cli.command {
			Command::Circuit(command) => circuit::run(context, command),
			Command::Proof(command) => proof::run(context, command).await,
			Command::Key(command) => key::run(context, command).await,
			Command::Setup(command) => setup::run(context, command).await,
			Command::Model(command) => model::run(context, command).await,
			Command::Node(command) => node::run(context, command).await,
			Command::Workload(command) => workload::run(context, command).await,
			Command::Account(command) => account::run(context, command).await,
			Command::Chain(command) => network::run(context, command).await,
		}
	})
}

/// Reads a verifying key's hash.
fn vk_hash(text: &str) -> Result<VkHash, String> {
	text.parse().map_err(|_| {
		format!("expected a verifying key's hash, 0x and 64 hexadecimal digits, got {text:?}")
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	fn parses(line: &str) -> bool {
		// Quotes are not needed: amounts are written without a space here.
		Cli::try_parse_from(line.split_whitespace()).is_ok()
	}

	#[test]
	fn the_definition_of_the_arguments_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn every_command_of_the_manual_parses() {
		let id = "0x".to_owned() + &"07".repeat(32);
		for line in [
			"inference circuit build m.onnx --out b --calibration c.json --name n",
			"inference circuit build m.onnx --out b --input-scale-bits 8 --domain -1 1.5",
			"inference circuit build m.onnx --out b --setup pot.ptau",
			"inference circuit prove --bundle b --input 1 --out p.json --setup pot.ptau",
			"inference circuit verify --bundle b --setup pot.ptau p.json",
			"inference circuit verify --vk plan.bin --setup pot.ptau p.json",
			"inference proof verify --bundle b --proof p.json --setup pot.ptau",
			"inference setup check pot.ptau",
			&format!("inference setup check pot.ptau --setup {id} --approved --url ws://localhost:1"),
			"inference model check 3.1 --bundle b --setup pot.ptau",
			"inference circuit prove --bundle b --input 1,2 --out p.json --statement s.json",
			"inference circuit prove --bundle b --input -1,2 --out p.json",
			"inference circuit verify --bundle b p.json",
			"inference circuit verify --vk plan.bin p.json",
			"inference circuit verify --bundle b --skip-check p.json",
			"inference proof verify --ezkl-vka v --proof p.json --setup perpetual-powers-of-tau",
			"inference proof verify --ezkl-vka v --proof p.json --setup-from-vka",
			"inference proof verify --bundle b --proof p.json",
			"inference proof verify --bundle b --proof p.json --skip-check",
			"inference proof verify --vk plan.bin --proof p.json",
			"inference proof verify --vk plan.bin --proof p.json --setup setup.bin",
			"inference proof submit --proof p.json --suri //Alice",
			&format!("inference proof submit --ezkl-proof p.json --key {id} --finalized"),
			"inference key register --ezkl-vka v --suri //Alice",
			"inference key register --ezkl-vka v --setup setup.bin",
			"inference key register --vk plan.bin --setup development",
			&format!("inference key show {id}"),
			&format!("inference key release {id} --suri-file f"),
			"inference model register --bundle b --royalty 0.1INF --max-fee 20INF --activate",
			"inference model register --bundle b --version-of 3",
			"inference model show 3.1",
			"inference model list --from 2 --limit 5",
			"inference model check 3.1 --bundle b",
			"inference model check 3.1 --bundle b --onnx m.onnx --calibration c.json",
			"inference model check 3 --onnx m.onnx --input-scale-bits 8",
			"inference model activate 3 --suri //Alice",
			"inference model deprecate 3.2 --suri-file f",
			"inference model retire 3.2 --finalized",
			"inference model remove 3.2",
			"inference node bond 100INF --suri //Bob",
			"inference node unbond 1INF",
			"inference node withdraw",
			"inference node register --worker //Bob//worker --capacity 10",
			"inference node capacity 0 20",
			"inference node join 0 1.1 --prover-data d",
			"inference node join 0 1.1 --unchecked",
			"inference node join 0 1.1 --unchecked --max-value-at-risk 5INF --min-price 1INF",
			"inference node limits 0 1.1 --max-proof-stake 5INF",
			"inference node limits 0 1.1 --multiplier 1.25",
			"inference node join 0 1.1 --prover-data d --multiplier 2 --max-value-at-risk 5INF",
			"inference node limits 0 1.1",
			"inference node join 0 1.1 --prover-url http://localhost:1",
			"inference node join 0 1.1 --prover-url http://localhost:1 --prover-url http://localhost:2",
			"inference node join 0 1.1 --unchecked --prover-url http://localhost:1",
			"inference node join 0 1.1 --prover-url http://localhost:1 --prover-token-file t",
			"inference node leave 0 1.1",
			"inference node deregister 0",
			"inference node status 0",
			"inference node status --account //Bob",
			"inference workload submit 1 --input [1,2] --max-price 1INF --mode immediate",
			"inference workload submit 1 --input f --max-price 5 --deadline 60 --value-at-risk 1INF",
			"inference workload submit 1 --input - --max-price 5 --bundle b --wait --timeout 9",
			&format!("inference workload show {id}"),
			&format!("inference workload watch {id} --until output --finalized"),
			&format!("inference workload cancel {id}"),
			&format!("inference workload decline {id} --suri //Bob --finalized"),
			&format!("inference workload expire {id}"),
			&format!("inference workload prune {id}"),
			"inference account balance //Bob",
			"inference account transfer //Bob 1INF --suri //Alice",
			"inference account claim --account //Bob",
			"inference account claim --key-file a.json",
			"inference account claim --key-file a.json --password-file p",
			"inference chain status --url ws://localhost:1 --output json",
			"inference --output json chain status",
		] {
			assert!(parses(line), "{line}");
		}
	}

	#[test]
	fn wrong_arguments_do_not_parse() {
		for line in [
			"inference",
			"inference workload submit 1 --input 1",
			"inference workload submit x --input 1 --max-price 1INF",
			"inference workload submit 1 --input 1 --max-price 1.5",
			"inference workload submit 1 --input 1 --max-price 1INF --mode later",
			"inference workload show 0x07",
			"inference workload decline",
			"inference workload decline 0x07",
			"inference circuit verify p.json",
			"inference circuit verify --vk plan.bin --skip-check p.json",
			"inference model check 3.1",
			"inference node leave 0 1.1 --unchecked",
			"inference node limits 0 1.1 --multiplier 0.99",
			"inference node limits 0 1.1 --multiplier 1.125",
			"inference node limits 0 1.1 --multiplier 101",
			"inference node join 0 1.1 --prover-token-file t",
			"inference node join 0 1.1 --prover-data d --prover-url http://localhost:1",
			"inference circuit verify --bundle b --vk v p.json",
			"inference proof verify --ezkl-vka v --proof p.json",
			"inference proof verify --ezkl-vka v --proof p.json --setup s --setup-from-vka",
			"inference proof verify --ezkl-vka v --setup development",
			"inference proof verify --vk plan.bin --proof p.json --setup-from-vka",
			"inference setup check",
			"inference setup check pot.ptau --setup 0x07",
			"inference proof verify --bundle b --vk plan.bin --proof p.json",
			"inference proof verify --proof p.json --setup development",
			"inference proof submit --ezkl-proof p.json",
			"inference proof submit --ezkl-proof p.json --key 0x07",
			"inference key register --setup development",
			"inference key register --ezkl-vka v --vk plan.bin",
			"inference key show",
			"inference node bond 1INF --suri a --suri-file b",
			"inference node bond 1INF --suri-file b --password-file p",
			"inference node bond 1INF --suri-file b --key-file k",
			"inference node bond 1INF --suri //Bob --key-file k",
			"inference node status 0 --account //Bob",
			"inference chain status --output yaml",
		] {
			assert!(!parses(line), "{line}");
		}
	}
}
