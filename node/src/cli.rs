//! The command line's arguments.

use crate::chain_spec::{self, ChainSpec};
use sc_cli::{
	BuildSpecCmd, ChainInfoCmd, CheckBlockCmd, ExportBlocksCmd, ExportChainSpecCmd, ExportStateCmd,
	ImportBlocksCmd, KeySubcommand, PurgeChainCmd, RevertCmd, RunCmd, SubstrateCli,
};
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Parser)]
pub struct Cli {
	/// What to do; to run a node if left out.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// Arguments of a running node.
	#[command(flatten)]
	pub run: RunCmd,

	/// Do not measure the machine when a validator starts.
	#[arg(long)]
	pub no_hardware_benchmarks: bool,

	/// Keep compiled runtimes in this folder, and take them from there.
	///
	/// Saves five seconds of processor time at each start. What is in the folder is run as machine code without a check:
	/// it must be the node's own, and nothing from others may get there.
	#[arg(long, value_name = "FOLDER", env = "INFERENCE_COMPILED_RUNTIMES")]
	pub compiled_runtimes: Option<PathBuf>,

	/// Arguments of its offchain worker.
	#[command(flatten)]
	pub worker: WorkerArgs,
}

/// When the worker runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WorkerMode {
	/// If `--prover-url` or `--worker-suri` is given, or a key of type `work` is in the keystore when
	/// the node starts.
	#[default]
	Auto,
	/// Always: it waits for keys.
	On,
	/// Never: a standby with the keys of another node.
	Off,
}

/// When outputs of Deferred workloads are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DeliverMode {
	/// At once without value at risk. With it, once the proof is there; shortly before the output is due
	/// without it, unless an attempt at the proof failed: then the delivery is missed.
	#[default]
	Auto,
	/// At once.
	AtOnce,
	/// Once the proof is there; a delivery whose proof takes longer is missed, and a part of its price is
	/// slashed.
	WhenProven,
}

/// Arguments of the offchain worker.
///
/// Whether it runs is said by `--worker`.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Offchain worker")]
pub struct WorkerArgs {
	/// When the offchain worker runs.
	#[arg(
		long = "worker",
		value_enum,
		value_name = "WHEN",
		default_value_t = WorkerMode::Auto,
		env = "INFERENCE_WORKER"
	)]
	pub worker_mode: WorkerMode,

	/// Address of the prover service [default: http://127.0.0.1:9955].
	///
	/// Starts the offchain worker, which acts for every key of type `work` in the keystore, keys
	/// inserted later too (`key insert --key-type work --scheme sr25519`). Repeatable (separated by
	/// commas in the environment): the second is asked while the first is out of reach, and for jobs
	/// that the first fails.
	#[arg(
		long,
		value_name = "URL",
		env = "INFERENCE_PROVER_URL",
		value_delimiter = ','
	)]
	pub prover_url: Vec<String>,

	/// File with the prover service's bearer token. One for all provers, or one for each, in the
	/// order of their addresses.
	#[arg(
		long,
		value_name = "FILE",
		env = "INFERENCE_PROVER_TOKEN_FILE",
		value_delimiter = ','
	)]
	pub prover_token_file: Vec<PathBuf>,

	/// Secret URI of a worker key, such as `//Alice//worker`, for development chains.
	///
	/// The key is kept in memory only. Refused on chains that are not development chains: there,
	/// insert the key into the keystore, so that it shows in no process list.
	#[arg(long, value_name = "SURI")]
	pub worker_suri: Option<String>,

	/// Work on models whose keys the prover did not compare with them, too.
	///
	/// Their creator may know an input whose output has no proof, order it, and take the stake.
	#[arg(long, env = "INFERENCE_ALLOW_UNCHECKED_MODELS")]
	pub allow_unchecked_models: bool,

	/// When outputs are delivered, each of which owes its proof under the proof stake.
	#[arg(
		long,
		value_enum,
		value_name = "WHEN",
		default_value_t = DeliverMode::Auto,
		env = "INFERENCE_DELIVER"
	)]
	pub deliver: DeliverMode,
}

/// What to do besides running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "one value in a process's life")]
pub enum Subcommand {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(KeySubcommand),

	/// Export a chain specification, human-readable or raw.
	ExportChainSpec(ExportChainSpecCmd),

	/// Build a chain specification (older form of `export-chain-spec`).
	BuildSpec(BuildSpecCmd),

	/// Show best, finalised and genesis block of the database.
	ChainInfo(ChainInfoCmd),

	/// Execute a block again.
	CheckBlock(CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(ExportBlocksCmd),

	/// Write the state of a block into a chain specification.
	ExportState(ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(ImportBlocksCmd),

	/// Delete the chain's database.
	PurgeChain(PurgeChainCmd),

	/// Go back by some blocks that are not finalised.
	Revert(RevertCmd),
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Inference Network Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		"Inference Network contributors".into()
	}

	fn support_url() -> String {
		"the issue tracker of Inference Network".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(match id {
			"dev" | "development" => Box::new(chain_spec::development()?),
			"" | "local" | "local_testnet" => Box::new(chain_spec::local_testnet()?),
			path => Box::new(ChainSpec::from_json_file(path.into())?),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::{CommandFactory, Parser};

	#[test]
	fn the_arguments_do_not_contradict_each_other() {
		Cli::command().debug_assert();
	}

	#[test]
	fn a_worker_is_configured_by_flags() {
		let cli = Cli::try_parse_from([
			"inference-node",
			"--dev",
			"--prover-url",
			"http://127.0.0.1:1",
			"--prover-url",
			"http://127.0.0.1:2",
			"--worker-suri",
			"//Alice//worker",
		])
		.unwrap();
		assert_eq!(
			cli.worker.prover_url,
			["http://127.0.0.1:1", "http://127.0.0.1:2"]
		);
		assert_eq!(cli.worker.worker_mode, WorkerMode::Auto);
		assert_eq!(cli.worker.worker_suri.as_deref(), Some("//Alice//worker"));
		assert_eq!(
			Cli::try_parse_from(["inference-node"]).unwrap().worker,
			WorkerArgs::default()
		);
		let off = Cli::try_parse_from(["inference-node", "--worker", "off"]).unwrap();
		assert_eq!(off.worker.worker_mode, WorkerMode::Off);
		for (text, deliver) in [
			("auto", DeliverMode::Auto),
			("at-once", DeliverMode::AtOnce),
			("when-proven", DeliverMode::WhenProven),
		] {
			let cli = Cli::try_parse_from(["inference-node", "--deliver", text]).unwrap();
			assert_eq!(cli.worker.deliver, deliver);
		}
	}
}
