//! `inference`: the command line of Inference Network.
//!
//! **Who uses it.** Creators build circuits and register models; operators bond and register
//! nodes; users buy inferences; anyone verifies proofs offline, of EZKL too. `scripts/demo` drives
//! the whole network with it.
//!
//! **Terms** are those of docs/DESIGN.md, section 2. Amounts are written `12.5 INF` or as whole
//! planck; deadlines are ticks of the service clock; tensors are real numbers, and fixed point on
//! chain.
//!
//! **Output.** One report per command on standard output, as text or, with `--output json`, as one
//! JSON document in which amounts are strings of planck. Errors, warnings and progress go to
//! standard error; with `--output json` an error or a warning is a JSON document too, a line each,
//! and progress is silent.
//!
//! **Exit codes.** 0 done; 1 a file, a circuit or this machine failed; 2 wrong usage, or input
//! values that do not fit the model; 3 the chain refused the transaction; 4 a proof is not valid;
//! 5 no node answers, it is of another network, or its runtime cannot take or give what this program
//! sends or reads; 6 the chain has no such thing; 7 a workload ended without a proven output; 8
//! waiting took longer than `--timeout` or `--block-timeout`.
//!
//! **Limitations.** One node is asked and believed: there is no light client. Keys are sr25519.

#![forbid(unsafe_code)]

mod amount;
mod chain;
mod checks;
mod commands;
mod error;
mod output;
mod progress;
mod proof;
mod prover;
mod secret;
mod tensor;

use clap::{error::ErrorKind, Parser};
use commands::Cli;
use error::CliError;
use output::Format;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
	let cli = match Cli::try_parse() {
		Ok(cli) => cli,
		Err(error) => return usage_error(&error),
	};
	let format = cli.format;
	match commands::run(cli) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			output::print_error(format, &error);
			ExitCode::from(error.exit_code())
		},
	}
}

/// Help and version are printed as they are; errors as JSON if that was asked for.
fn usage_error(error: &clap::Error) -> ExitCode {
	let is_help =
		!error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
	if is_help || requested_format(env::args()) == Format::Text {
		error.exit();
	}
	let error = CliError::Usage(error.to_string().trim().to_owned());
	output::print_error(Format::Json, &error);
	ExitCode::from(error.exit_code())
}

/// The format that arguments which do not parse ask for.
fn requested_format(arguments: impl Iterator<Item = String>) -> Format {
	let arguments: Vec<String> = arguments.collect();
	let given = arguments.iter().any(|argument| argument == "--output=json")
		|| arguments
			.windows(2)
			.any(|pair| pair == ["--output", "json"])
		|| env::var("INFERENCE_OUTPUT").as_deref() == Ok("json");
	if given {
		Format::Json
	} else {
		Format::Text
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_requested_format_is_found_in_arguments_that_do_not_parse() {
		let format = |line: &str| requested_format(line.split(' ').map(str::to_owned));
		assert_eq!(format("inference --output json frobnicate"), Format::Json);
		assert_eq!(format("inference frobnicate --output=json"), Format::Json);
		assert_eq!(format("inference frobnicate --output text"), Format::Text);
	}
}
