//! `inference circuit verify`

use super::{proof_file::ProofFile, Context};
use crate::{error::CliError, tensor::Tensor};
use inference_circuits::Bundle;
use inference_primitives::{ProofSystem, Statement, StatementHeader};
use inference_verifier::{public_inputs, verify, vk_hash, Plan, Setup};
use serde::Serialize;
use std::{
	fmt, fs,
	path::{Path, PathBuf},
	time::Instant,
};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The proof.
	#[arg(value_name = "PROOF.json")]
	proof: PathBuf,
	#[command(flatten)]
	key: KeyArgs,
}

/// What to verify with.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct KeyArgs {
	/// The model's bundle: checks that input and output lie in the model's domains, too.
	#[arg(long, value_name = "DIR")]
	bundle: Option<PathBuf>,
	/// The verifying key alone (`plan.bin` of a bundle), under the development setup. It knows no
	/// domains: check the input against the model's, outside which a proof says nothing.
	#[arg(long, value_name = "FILE")]
	vk: Option<PathBuf>,
}

/// A proof that is valid.
#[derive(Serialize)]
struct Report {
	valid: bool,
	/// Whether input and output were checked against the model's domains.
	domains_checked: bool,
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
		if !self.domains_checked {
			writeln!(
				f,
				"  note           the input's domain was not checked; give --bundle"
			)?;
		}
		write!(
			f,
			"  time           {} µs for {} bytes",
			self.verify_us, self.proof_bytes
		)
	}
}

/// What a proof is verified with.
enum Key {
	Bundle(Box<Bundle>),
	Plan(Box<Plan>, Setup),
}

impl Key {
	fn load(args: &KeyArgs) -> Result<Self, CliError> {
		match (&args.bundle, &args.vk) {
			(Some(dir), _) => Bundle::load(dir)
				.map(|bundle| Self::Bundle(Box::new(bundle)))
				.map_err(|e| CliError::file("load bundle", dir, e)),
			(None, Some(path)) => {
				let plan = read_plan(path)?;
				Ok(Self::Plan(Box::new(plan), Setup::insecure_development()))
			},
			(None, None) => Err(CliError::Usage("give --bundle or --vk".to_owned())),
		}
	}

	fn verify(&self, file: &ProofFile) -> Result<(), CliError> {
		let invalid = |why: &dyn fmt::Display| {
			CliError::ProofInvalid(format!("the proof is not valid: {why}"))
		};
		match self {
			Self::Bundle(bundle) => bundle
				.verify(&file.statement, &file.input, &file.output, &file.proof)
				.map_err(|e| invalid(&e)),
			Self::Plan(plan, setup) => {
				let hash = vk_hash(ProofSystem::Halo2, &setup.id(), &plan.to_bytes());
				if file.statement.vk_hash != hash {
					return Err(invalid(&format!(
						"its statement is for verifying key {}, the one given is {hash}",
						file.statement.vk_hash
					)));
				}
				let statement = Statement::new(file.statement.clone(), &file.input, &file.output);
				let inputs = public_inputs(&statement, &file.input, &file.output);
				verify(plan, setup, &inputs, &file.proof).map_err(|e| invalid(&e))
			},
		}
	}

	fn output_real(&self, output: &[i64]) -> Option<Vec<f64>> {
		match self {
			Self::Bundle(bundle) => {
				Some(Tensor::new(output.to_vec(), bundle.manifest().output.scale_bits).real)
			},
			Self::Plan(..) => None,
		}
	}
}

fn read_plan(path: &Path) -> Result<Plan, CliError> {
	let bytes = fs::read(path).map_err(|e| CliError::file("read", path, e))?;
	Plan::decode_canonical(&bytes)
		.map_err(|e| CliError::Failed(format!("{} is no verifying key: {e}", path.display())))
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let file = ProofFile::read(&args.proof)?;
	let key = Key::load(&args.key)?;
	let started = Instant::now();
	key.verify(&file)?;
	let verify_us = started.elapsed().as_micros();
	context.print(&Report {
		valid: true,
		domains_checked: matches!(key, Key::Bundle(_)),
		output_real: key.output_real(&file.output),
		statement: file.statement,
		input: file.input,
		output: file.output,
		proof_bytes: file.proof.len(),
		verify_us,
	})
}
