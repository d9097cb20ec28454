//! `inference circuit verify`

use super::Context;
use crate::{
	error::CliError,
	proof::{ChosenSetup, Key, ProofFile},
};
use inference_primitives::{SetupId, StatementHeader};
use serde::Serialize;
use std::{fmt, path::PathBuf, time::Instant};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The proof.
	#[arg(value_name = "PROOF.json")]
	proof: PathBuf,
	#[command(flatten)]
	key: KeyArgs,
	/// Do not compare the bundle's keys with its model. The proof then shows what the key says, which may be
	/// less than the model. The comparison is made once for each bundle.
	#[arg(long, conflicts_with = "vk")]
	skip_check: bool,
	/// The setup that you trust: a name, or a file. Must be the bundle's. Comparing a bundle's keys with its
	/// model needs a file with powers (.ptau, parameters of halo2) unless it is the development setup.
	#[arg(long, value_name = "NAME|FILE")]
	setup: Option<String>,
}

/// What to verify with.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct KeyArgs {
	/// The model's bundle: checks that input and output lie in the model's domains, too.
	#[arg(long, value_name = "DIR")]
	bundle: Option<PathBuf>,
	/// The verifying key alone (`plan.bin` of a bundle), under the development setup if --setup is absent.
	/// It knows no domains: check the input against the model's, outside which a proof says nothing.
	#[arg(long, value_name = "FILE")]
	vk: Option<PathBuf>,
}

/// A proof that is valid.
#[derive(Serialize)]
struct Report {
	valid: bool,
	/// Whether input and output were checked against the model's domains.
	domains_checked: bool,
	/// Whether the key was compared with the model of the bundle.
	model_checked: bool,
	setup: SetupId,
	/// False if somebody may know the setup's secret: the development setup, or one that only the bundle names.
	setup_trusted: bool,
	statement: StatementHeader,
	/// Fixed point.
	input: Vec<i64>,
	/// Fixed point.
	output: Vec<i64>,
	/// The output as real numbers, if the model is known.
	output_real: Option<Vec<f64>>,
	proof_bytes: usize,
	/// Wall time of verifying, microseconds.
	verify_us: u128,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "the proof is valid")?;
		writeln!(f, "  verifying key  {}", self.statement.vk_hash)?;
		writeln!(f, "  workload       {}", self.statement.workload)?;
		match &self.output_real {
			Some(output) => writeln!(f, "  output         {output:?}")?,
			None => writeln!(f, "  output         {:?} (fixed point)", self.output)?,
		}
		if !self.setup_trusted {
			writeln!(
				f,
				"  note           the setup {} is NOT TRUSTED: whoever knows its secret can prove anything",
				self.setup
			)?;
		}
		if !self.domains_checked {
			writeln!(
				f,
				"  note           the input's domain was not checked; give --bundle"
			)?;
		} else if !self.model_checked {
			writeln!(
				f,
				"  note           whether the key is the model's was not checked"
			)?;
		}
		write!(
			f,
			"  time           {} µs for {} bytes",
			self.verify_us, self.proof_bytes
		)
	}
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let file = ProofFile::read(&args.proof)?;
	let chosen = args.setup.as_deref().map(ChosenSetup::load).transpose()?;
	let key = Key::load(
		args.key.bundle.as_deref(),
		args.key.vk.as_deref(),
		chosen.as_ref(),
	)?;
	let setup = key.chosen_setup(chosen);
	let model_checked = key.check_model(context, args.skip_check)?;
	let started = Instant::now();
	key.verify(&file)?;
	let verify_us = started.elapsed().as_micros();
	context.print(&Report {
		valid: true,
		setup: setup.setup.id(),
		setup_trusted: setup.trusted,
		domains_checked: key.checks_domains(),
		model_checked,
		output_real: key.output_real(&file.output),
		statement: file.statement,
		input: file.input,
		output: file.output,
		proof_bytes: file.proof.len(),
		verify_us,
	})
}
