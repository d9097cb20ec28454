//! `inference circuit prove`

use super::Context;
use crate::{
	error::CliError,
	proof::{load_bundle, offline_statement, ChosenSetup, ProofFile},
	tensor::{self, Tensor},
};
use inference_circuits::{ProveError, Prover, ProverOptions};
use inference_primitives::{StatementHeader, VkHash};
use serde::Serialize;
use std::{
	fmt, fs,
	path::{Path, PathBuf},
	sync::Arc,
	time::Instant,
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
	/// either, or - for standard input.
	#[arg(long, allow_hyphen_values = true)]
	input: String,
	/// File to write the proof to.
	#[arg(long, value_name = "FILE.json")]
	out: PathBuf,
	/// Statement to prove, as JSON (`statement` of `workload show`). Without it the proof belongs
	/// to no chain: its statement has a genesis, model and workload of zero.
	#[arg(long, value_name = "FILE.json")]
	statement: Option<PathBuf>,
	/// Keep the proving key's polynomials in a temporary file in DIR instead of in memory. DIR should
	/// be on a disk.
	#[arg(long, value_name = "DIR")]
	scratch: Option<PathBuf>,
}

/// A proof that was written.
#[derive(Serialize)]
struct Report {
	file: PathBuf,
	vk_hash: VkHash,
	input: Tensor,
	output: Tensor,
	proof_bytes: usize,
	/// Wall time of making the setup's points and loading the proving key, milliseconds.
	key_ms: u128,
	/// Wall time of executing, proving and verifying, milliseconds.
	prove_ms: u128,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "proof written to {}", self.file.display())?;
		writeln!(f, "  verifying key  {}", self.vk_hash)?;
		writeln!(f, "  output         {}", self.output)?;
		writeln!(f, "  proof          {} bytes", self.proof_bytes)?;
		write!(
			f,
			"  time           {} ms, and {} ms for the key",
			self.prove_ms, self.key_ms
		)
	}
}

fn read_statement(path: &Path) -> Result<StatementHeader, CliError> {
	let text = fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
	serde_json::from_str(&text)
		.map_err(|e| CliError::Failed(format!("{} is no statement: {e}", path.display())))
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let values = tensor::read(&args.input)?;
	let setup = args.setup.as_deref().map(ChosenSetup::load).transpose()?;
	let bundle = load_bundle(&args.bundle, setup.as_ref())?;
	let (input_spec, output_spec) = (
		bundle.manifest().input.clone(),
		bundle.manifest().output.clone(),
	);
	let input = tensor::quantise(&values, &input_spec)?;
	let is_hidden = bundle.layout().claim.hidden_input;
	let statement = match &args.statement {
		Some(path) => read_statement(path)?,
		None => offline_statement(bundle.vk_hash()),
	};
	let progress = context.progress("loading the proving key");
	let started = Instant::now();
	let options = ProverOptions {
		scratch: args.scratch,
		// One proof does not gain what they cost to make.
		without_tables: true,
		progress: Some(progress.steps()),
		..ProverOptions::default()
	};
	let prover = Prover::with_options(Arc::new(bundle), options)
		.map_err(|e| CliError::Failed(e.to_string()))?;
	let key_ms = started.elapsed().as_millis();
	let started = Instant::now();
	let proof = prover.prove(&statement, &input).map_err(|e| match e {
		ProveError::WrongKey { .. }
		| ProveError::UnsupportedStatement { .. }
		| ProveError::Execute(_) => CliError::Usage(e.to_string()),
		e => CliError::Failed(e.to_string()),
	})?;
	let prove_ms = started.elapsed().as_millis();
	drop(progress);
	let proof_bytes = proof.bytes.len();
	let vk_hash = statement.vk_hash;
	// Who verifies sees no hidden input.
	let shown = if is_hidden { Vec::new() } else { input };
	let file = ProofFile {
		statement,
		input: shown,
		output: proof.output,
		proof: proof.bytes,
	};
	file.write(&args.out)?;
	context.print(&Report {
		file: args.out,
		vk_hash,
		input: Tensor::new(file.input, input_spec.scale_bits),
		output: Tensor::new(file.output, output_spec.scale_bits),
		proof_bytes,
		key_ms,
		prove_ms,
	})
}
