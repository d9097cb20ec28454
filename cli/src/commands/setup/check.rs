//! `inference setup check`

use super::Context;
use crate::{
	chain::{Chain, ChainArgs},
	error::CliError,
	proof::{name_of, open_setup_file, DEVELOPMENT},
};
use inference_circuits::Progress;
use inference_primitives::SetupId;
use serde::Serialize;
use std::{fmt, path::PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// Powers of Tau of snarkjs (.ptau, BN254), or parameters of halo2 (ParamsKZG, RawBytes or Processed).
	#[arg(value_name = "FILE")]
	file: PathBuf,
	/// The setup that it must be: its identifier. Fails if it is another.
	#[arg(long, value_name = "ID", value_parser = setup_id)]
	setup: Option<SetupId>,
	/// Ask the node whether the chain has approved the setup. Fails if it has not.
	#[arg(long)]
	approved: bool,
	#[command(flatten)]
	chain: ChainArgs,
}

/// Reads a setup's identifier.
fn setup_id(text: &str) -> Result<SetupId, String> {
	text.parse().map_err(|_| {
		format!("expected a setup's identifier, 0x and 64 hexadecimal digits, got {text:?}")
	})
}

/// A setup's file without a fault.
#[derive(Serialize)]
struct Report {
	file: PathBuf,
	format: &'static str,
	setup: SetupId,
	/// Its name, if it is a known one.
	setup_name: Option<&'static str>,
	/// Binary logarithm of the rows of the greatest circuits.
	k: u8,
	/// Powers of G1, all of which were checked.
	powers: u64,
	/// Always true: a fault is an error.
	consistent: bool,
	/// Whether it is the setup that was asked for; absent if none was.
	expected: Option<bool>,
	/// Whether the chain has approved it; absent if it was not asked.
	approved: Option<bool>,
	/// \[s\]G2 as `approve_setup` and `--setup` of `proof verify` take it: 128 bytes, hex.
	s_g2: String,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{}: {}", self.file.display(), self.format)?;
		let name = self
			.setup_name
			.unwrap_or("no setup that this program knows by name");
		writeln!(f, "  setup      {} ({name})", self.setup)?;
		writeln!(f, "  circuits   up to 2^{} rows", self.k)?;
		writeln!(f, "  powers     {}, consistent", self.powers)?;
		if self.expected == Some(true) {
			writeln!(f, "  expected   it is the setup that you named")?;
		}
		match self.approved {
			Some(_) => writeln!(f, "  chain      approved")?,
			None => writeln!(f, "  chain      not asked; --approved asks")?,
		}
		write!(f, "  [s]G2      {}", self.s_g2)
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let file = open_setup_file(&args.file)?;
	let progress = context.progress("checking the setup's powers");
	let steps = progress.steps();
	file.check(Progress::new(steps.as_ref()))
		.map_err(|e| CliError::file("use the setup", &args.file, e))?;
	drop(progress);
	let setup = file.id();
	let setup_name = name_of(&setup);
	if let Some(expected) = args.setup.filter(|expected| *expected != setup) {
		return Err(CliError::Failed(format!(
			"{} is another setup: expected {expected}, got {setup}",
			args.file.display()
		)));
	}
	if args.approved {
		let chain = Chain::connect(&args.chain).await?;
		let at = chain.best().await?.hash;
		if !chain.is_setup_approved(setup, at).await? {
			return Err(CliError::NotFound(format!(
				"the chain has not approved the setup {setup} of {}, or disabled it: it takes no keys and no models \
				 under it",
				args.file.display()
			)));
		}
	}
	if setup_name == Some(DEVELOPMENT) {
		context.warn("the secret of this setup is public: anyone can forge proofs under it");
	}
	let unknown = setup_name.is_none() && args.setup.is_none() && !args.approved;
	if unknown {
		context.warn(
			"that its powers are consistent says nothing of who knows its secret: compare its identifier with one \
			 that you trust (--setup ID), or ask a chain (--approved)",
		);
	}
	context.print(&Report {
		format: file.format(),
		setup,
		setup_name,
		k: file.k(),
		powers: file.powers(),
		consistent: true,
		expected: args.setup.map(|_| true),
		approved: args.approved.then_some(true),
		s_g2: format!("0x{}", hex::encode(file.setup().to_bytes())),
		file: args.file,
	})
}
