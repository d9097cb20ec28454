//! `inference circuit bench`

use super::Context;
use crate::{
	error::CliError,
	proof::{load_bundle, offline_statement, ChosenSetup},
	tensor::{self, Tensor},
};
use inference_circuits::{Prover, ProverOptions};
use serde::Serialize;
use std::{
	fmt, fs,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// Directory that `inference circuit build` made.
	#[arg(long, value_name = "DIR")]
	bundle: PathBuf,
	/// The bundle's trusted setup, unless it is the development one: its powers (.ptau, or parameters of halo2).
	#[arg(long, value_name = "FILE")]
	setup: Option<String>,
	/// Input as real numbers, row-major: a JSON array, numbers separated by commas, a file of
	/// either, or - for standard input. That of one inference stands for all of a batch.
	#[arg(long, allow_hyphen_values = true)]
	input: String,
	/// Proofs to make, at least one.
	#[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
	runs: u16,
	/// Keep the proving key's polynomials in a temporary file in DIR instead of in memory, and make no
	/// multiples of the setup's points. DIR should be on a disk.
	#[arg(long, value_name = "DIR")]
	scratch: Option<PathBuf>,
}

/// What proving a model costs on this machine. Times are in milliseconds of wall time, memory in
/// MiB.
#[derive(Serialize)]
struct Report {
	k: u8,
	rows: usize,
	advice_columns: u32,
	output: Tensor,
	/// Making the setup's commitment key and loading the proving key.
	setup_ms: f64,
	/// Executing and proving: the median.
	prove_ms: f64,
	/// The fastest.
	prove_ms_min: f64,
	/// Verifying: the median.
	verify_ms: f64,
	/// Peak memory of this process, keys included; absent where the system does not tell.
	peak_mib: Option<f64>,
	/// Peak memory when the process had started and read the bundle.
	start_mib: Option<f64>,
	proof_bytes: usize,
	/// The proving key's file.
	pk_bytes: u64,
	/// The proving key in memory.
	pk_memory_bytes: usize,
	vk_bytes: usize,
	/// Inferences of a proof.
	inferences: u16,
	runs: u16,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let memory = |mib: Option<f64>| mib.map_or("unknown".into(), |mib| format!("{mib:.1} MiB"));
		writeln!(f, "{} proofs of 2^{} rows", self.runs, self.k)?;
		writeln!(f, "  setup      {:.1} ms", self.setup_ms)?;
		writeln!(
			f,
			"  prove      {:.1} ms (median), {:.1} ms (fastest)",
			self.prove_ms, self.prove_ms_min
		)?;
		if self.inferences > 1 {
			let each = self.prove_ms / f64::from(self.inferences);
			writeln!(
				f,
				"             {each:.2} ms for each of {} inferences",
				self.inferences
			)?;
		}
		writeln!(f, "  verify     {:.2} ms", self.verify_ms)?;
		writeln!(
			f,
			"  memory     {} at most, {} at the start",
			memory(self.peak_mib),
			memory(self.start_mib)
		)?;
		writeln!(f, "  proof      {} bytes", self.proof_bytes)?;
		write!(
			f,
			"  keys       {} bytes to prove ({} in memory), {} to verify",
			self.pk_bytes, self.pk_memory_bytes, self.vk_bytes
		)
	}
}

/// Peak resident memory of this process so far, MiB (Linux).
fn peak_mib() -> Option<f64> {
	let status = fs::read_to_string("/proc/self/status").ok()?;
	let line = status
		.lines()
		.find_map(|line| line.strip_prefix("VmHWM:"))?;
	let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
	Some(kib / 1024.0)
}

fn milliseconds(duration: Duration) -> f64 {
	duration.as_secs_f64() * 1e3
}

/// Median of the durations, milliseconds.
fn median(durations: &mut [Duration]) -> f64 {
	durations.sort_unstable();
	let middle = durations.get(durations.len() / 2).copied();
	milliseconds(middle.unwrap_or_default())
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let mut values = tensor::read(&args.input)?;
	let setup = args.setup.as_deref().map(ChosenSetup::load).transpose()?;
	let bundle = load_bundle(&args.bundle, setup.as_ref())?;
	let bundle = Arc::new(bundle);
	let inferences = bundle.layout().claim.inferences;
	if values.len() == bundle.graph().input().len() {
		values = values.repeat(inferences.into());
	}
	let input = tensor::quantise(&values, &bundle.manifest().input)?;
	let statement = offline_statement(bundle.vk_hash());
	let start_mib = peak_mib();
	let failed = |e: &dyn fmt::Display| CliError::Failed(e.to_string());

	let progress = context.progress("loading the proving key");
	let started = Instant::now();
	let options = ProverOptions {
		without_tables: args.scratch.is_some(),
		scratch: args.scratch,
		// Announcing steps would be measured too.
		progress: None,
		..ProverOptions::default()
	};
	let prover = Prover::with_options(bundle.clone(), options).map_err(|e| failed(&e))?;
	let setup_ms = milliseconds(started.elapsed());
	progress.set("proving");
	let (mut proving, mut verifying) = (Vec::new(), Vec::new());
	let mut last = None;
	for _ in 0..args.runs {
		let started = Instant::now();
		let proof = prover
			.prove_unverified(&statement, &input)
			.map_err(|e| failed(&e))?;
		proving.push(started.elapsed());
		let started = Instant::now();
		bundle
			.verify(&statement, &input, &proof.output, &proof.bytes)
			.map_err(|e| failed(&e))?;
		verifying.push(started.elapsed());
		last = Some(proof);
	}
	drop(progress);
	let Some(proof) = last else {
		return Err(CliError::Usage("at least one run is needed".into()));
	};
	let manifest = bundle.manifest();
	context.print(&Report {
		k: manifest.layout.k,
		rows: manifest.rows,
		advice_columns: bundle.plan().shape().advice,
		output: Tensor::new(proof.output, manifest.output.scale_bits),
		setup_ms,
		prove_ms: median(&mut proving),
		// `median` has sorted them.
		prove_ms_min: proving.first().copied().map_or(0.0, milliseconds),
		verify_ms: median(&mut verifying),
		peak_mib: peak_mib(),
		start_mib,
		proof_bytes: proof.bytes.len(),
		pk_bytes: manifest.proving_key_bytes,
		pk_memory_bytes: prover.key_bytes(),
		vk_bytes: bundle.plan_bytes().len(),
		inferences,
		runs: args.runs,
	})
}
