//! `inference-prover`: the prover service's daemon. Options and environment: `--help`.
//!
//! Exit codes: 0 stopped by a signal, or the configuration was printed; 1 could not start; 2 wrong
//! usage; 130 stopped by a second signal without draining. Logs go to standard error; `RUST_LOG`
//! selects them.

#![forbid(unsafe_code)]

use anyhow::Context;
use clap::Parser;
use inference_circuits::{Checks, SetupFile};
use inference_prover::{config::Cli, engine::NativeEngine, service, Config};
use std::{
	io::{IsTerminal, Write},
	process::ExitCode,
	sync::Arc,
};
use tokio::signal::unix::{signal, SignalKind};
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<ExitCode> {
	let cli = Cli::parse();
	let print = cli.print_config;
	let config = cli.resolve()?;
	if print {
		config.check()?;
		let json = serde_json::to_string_pretty(&config)?;
		writeln!(std::io::stdout(), "{json}").context("cannot write to standard output")?;
		return Ok(ExitCode::SUCCESS);
	}
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_ansi(std::io::stderr().is_terminal())
		.with_writer(std::io::stderr)
		.init();

	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()?;
	let code = runtime.block_on(run(config));
	// A proof that did not end in time must not hold the process.
	runtime.shutdown_background();
	code
}

async fn run(config: Config) -> anyhow::Result<ExitCode> {
	let mut terminate = signal(SignalKind::terminate())?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	let mut setups = Vec::new();
	for path in &config.setups {
		let opened = SetupFile::open(path).with_context(|| format!("setup {}", path.display()));
		let file = opened?;
		tracing::info!(setup = %file.id(), k = file.k(), file = %path.display(), "setup opened");
		setups.push(Arc::new(file));
	}
	let engine = NativeEngine {
		setups,
		scratch: config.scratch.clone(),
		checks: Some(Checks::at(config.checks())),
		skip_check: config.skip_model_check,
	};
	let mut running = tokio::select! {
		started = service::start(&config, Arc::new(engine)) => started?,
		_ = terminate.recv() => return Ok(ExitCode::SUCCESS),
		_ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
	};
	let mut is_loaded = false;
	loop {
		tokio::select! {
			_ = terminate.recv() => break,
			_ = interrupt.recv() => break,
			// A bundle that does not load is said to be bad, and the others are served.
			loaded = running.loaded(), if !is_loaded => {
				loaded?;
				is_loaded = true;
			},
		}
	}
	tokio::select! {
		_ = running.drain() => Ok(ExitCode::SUCCESS),
		_ = terminate.recv() => Ok(ExitCode::from(130)),
		_ = interrupt.recv() => Ok(ExitCode::from(130)),
	}
}
