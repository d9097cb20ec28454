//! What each subcommand does.

use crate::service;
use inference_node::{
	cli::{Cli, Subcommand},
	hardware,
};
use inference_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_network::config::NetworkBackendType;
use sc_service::{ChainType, Configuration, PartialComponents};

/// Reads the arguments and does what they say.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	let compiled_runtimes = cli.compiled_runtimes.clone();
	let partial =
		move |config: &Configuration| service::new_partial(config, compiled_runtimes.as_deref());
	match &cli.subcommand {
		None => run_node(&cli),
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::ExportChainSpec(cmd)) => {
			// What a runtime says when it refuses a genesis is in its log alone.
			sc_cli::LoggerBuilder::new("error").init()?;
			cmd.run(cli.load_spec(&cmd.chain)?)
		},
		Some(Subcommand::BuildSpec(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Some(Subcommand::ChainInfo(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run::<Block>(&config))
		},
		Some(Subcommand::CheckBlock(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents {
					client,
					task_manager,
					import_queue,
					..
				} = partial(&config)?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		},
		Some(Subcommand::ExportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents {
					client,
					task_manager,
					..
				} = partial(&config)?;
				Ok((cmd.run(client, config.database), task_manager))
			})
		},
		Some(Subcommand::ExportState(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents {
					client,
					task_manager,
					..
				} = partial(&config)?;
				Ok((cmd.run(client, config.chain_spec), task_manager))
			})
		},
		Some(Subcommand::ImportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents {
					client,
					task_manager,
					import_queue,
					..
				} = partial(&config)?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		},
		Some(Subcommand::PurgeChain(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.database))
		},
		Some(Subcommand::Revert(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents {
					client,
					task_manager,
					backend,
					..
				} = partial(&config)?;
				let consensus = Box::new(|client: std::sync::Arc<_>, backend, blocks| {
					sc_consensus_babe::revert(std::sync::Arc::clone(&client), backend, blocks)?;
					sc_consensus_grandpa::revert(client, blocks)?;
					Ok(())
				});
				Ok((cmd.run(client, backend, Some(consensus)), task_manager))
			})
		},
	}
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	let runner = cli.create_runner(&cli.run)?;
	let worker = cli.worker.clone();
	let compiled_runtimes = cli.compiled_runtimes.clone();
	let measure = !cli.no_hardware_benchmarks;
	runner.run_node_until_exit(|config| async move {
		// A development chain has nobody to keep up with.
		let development = config.chain_spec.chain_type() == ChainType::Development;
		if measure && config.role.is_authority() && !development {
			hardware::warn_if_slow(config.database.path());
		}
		match config.network.network_backend {
			NetworkBackendType::Litep2p => {
				service::new_full(config, worker, compiled_runtimes.as_deref())
					.map_err(sc_cli::Error::Service)
			},
			NetworkBackendType::Libp2p => Err(sc_cli::Error::Input(
				"--network-backend libp2p: this node has litep2p only, which speaks the same \
				 protocols with libp2p nodes; leave the flag out"
					.into(),
			)),
		}
	})
}
