//! `inference-prover`: the prover service's daemon. Options and environment: `--help`.
//!
//! Exit codes: 0 stopped by a signal, or the configuration was printed; 1 could not start; 2 wrong
//! usage; 130 stopped by a second signal without draining. Logs go to standard error; `RUST_LOG`
//! selects them. It starts itself again as its engine processes (`engine::process`).

#![forbid(unsafe_code)]

use anyhow::Context;
use clap::Parser;
use inference_prover::{
	config::Cli,
	engine::{process, ProcessEngine},
	service, Config,
};
use std::{
	io::{IsTerminal, Write},
	process::ExitCode,
	sync::Arc,
};
use tokio::{
	signal::unix::{signal, SignalKind},
	task::spawn_blocking,
};
use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<ExitCode> {
	if std::env::args_os()
		.nth(1)
		.is_some_and(|argument| argument == process::ARGUMENT)
	{
		log();
		process::serve()?;
		return Ok(ExitCode::SUCCESS);
	}
	let cli = Cli::parse();
	let print = cli.print_config;
	let config = cli.resolve()?;
	if print {
		config.check()?;
		let json = serde_json::to_string_pretty(&config)?;
		writeln!(std::io::stdout(), "{json}").context("cannot write to standard output")?;
		return Ok(ExitCode::SUCCESS);
	}
	log();

	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()?;
	let code = runtime.block_on(run(config));
	// A proof that did not end in time must not hold the process.
	runtime.shutdown_background();
	code
}

fn log() {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_ansi(std::io::stderr().is_terminal())
		.with_writer(std::io::stderr)
		.init();
}

async fn run(config: Config) -> anyhow::Result<ExitCode> {
	let mut terminate = signal(SignalKind::terminate())?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	let told = config.engine();
	tracing::info!(
		memory_mib = told.memory_bytes >> 20,
		models_mib = told.model_bytes >> 20,
		"bounds of an engine process"
	);
	let (workers, patience) = (usize::try_from(config.workers)?, config.job_timeout());
	let start = async {
		// It waits for the first process.
		let engine = spawn_blocking(move || ProcessEngine::new(&told, workers, patience)).await??;
		anyhow::Ok(service::start(&config, Arc::new(engine)).await?)
	};
	let mut running = tokio::select! {
		started = start => started?,
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
