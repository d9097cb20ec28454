//! `inference proof verify`

use super::Context;
use crate::{
	error::CliError,
	proof::{ChosenSetup, EzklKey, EzklProof, Key, ProofFile, PERPETUAL_POWERS_OF_TAU},
};
use inference_primitives::{ProofSystem, SetupId, StatementHeader, VkHash};
use inference_verifier::{Plan, Setup};
use serde::Serialize;
use std::{
	fmt,
	path::{Path, PathBuf},
	time::Instant,
};

/// What an EZKL proof leaves open.
const COMPUTATION_ONLY: &str = "computation only: an EZKL proof is not bound to a workload";

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The proof: EZKL's proof.json for --ezkl-vka, what `inference circuit prove` wrote for
	/// --bundle and --vk.
	#[arg(long, value_name = "PROOF.json")]
	proof: PathBuf,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	setup: SetupArgs,
	/// Do not compare the bundle's keys with its model. The proof then shows what the key says, which may be
	/// less than the model. The comparison is made once for each bundle.
	#[arg(long, conflicts_with_all = ["vk", "ezkl_vka"])]
	skip_check: bool,
}

/// What to verify with.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct KeyArgs {
	/// A verifying key artifact of EZKL 23 (`ezkl create-evm-vka`). Say under which setup: --setup
	/// or --setup-from-vka.
	#[arg(long, value_name = "FILE", requires = "trusted_setup")]
	ezkl_vka: Option<PathBuf>,
	/// The model's bundle, which knows its setup: checks that input and output lie in the model's
	/// domains, too. Unless that setup has a name, say with --setup that you trust it.
	#[arg(long, value_name = "DIR")]
	bundle: Option<PathBuf>,
	/// The verifying key alone (`plan.bin` of a bundle), under the development setup if --setup is
	/// absent. It knows no domains: check the input against the model's, outside which a proof says
	/// nothing.
	#[arg(long, value_name = "FILE")]
	vk: Option<PathBuf>,
}

/// The trusted setup.
#[derive(clap::Args)]
#[group(id = "trusted_setup", multiple = false)]
struct SetupArgs {
	/// The setup that you trust: perpetual-powers-of-tau (the public one that EZKL uses),
	/// development (its secret is public), or a file: 128 bytes (x.c0, x.c1, y.c0, y.c1 of the point
	/// s·G2, little-endian), Powers of Tau of snarkjs (.ptau), or parameters of halo2.
	#[arg(long, value_name = "NAME|FILE")]
	setup: Option<String>,
	/// Take the setup from the key. INSECURE: whoever made the key may know the secret of its setup,
	/// and can then prove anything.
	// The conflicts are needed: clap waives `requires` for an argument that one given excludes.
	#[arg(long, requires = "ezkl_vka", conflicts_with_all = ["bundle", "vk"])]
	setup_from_vka: bool,
}

/// A proof that is valid.
#[derive(Serialize)]
struct Report {
	valid: bool,
	system: ProofSystem,
	vk_hash: VkHash,
	setup: SetupId,
	/// The setup's name, or the file that it was read from.
	setup_name: String,
	/// False if somebody may know the setup's secret: then the proof shows nothing.
	setup_trusted: bool,
	public_inputs: u32,
	/// Binary logarithm of the circuit's rows.
	k: u8,
	proof_bytes: usize,
	/// Wall time of verifying, microseconds.
	verify_us: u128,
	/// What the proof is about; absent for EZKL.
	statement: Option<StatementHeader>,
	/// Whether input and output were checked against the model's domains.
	domains_checked: bool,
	/// Whether the key was compared with the model of the bundle.
	model_checked: bool,
	/// What the proof does not show.
	note: Option<&'static str>,
}

impl Report {
	/// A valid proof under a key; `vk_hash` is the key's.
	fn new(
		system: ProofSystem,
		vk_hash: VkHash,
		plan: &Plan,
		setup: ChosenSetup,
		proof: &[u8],
		verify_us: u128,
	) -> Self {
		Self {
			valid: true,
			system,
			vk_hash,
			setup: setup.setup.id(),
			setup_name: setup.name,
			setup_trusted: setup.trusted,
			public_inputs: plan.num_public_inputs(),
			k: plan.k(),
			proof_bytes: proof.len(),
			verify_us,
			statement: None,
			domains_checked: false,
			model_checked: false,
			note: None,
		}
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if self.setup_trusted {
			writeln!(f, "the proof is valid")?;
		} else {
			writeln!(
				f,
				"the proof verifies, but under a setup that is NOT TRUSTED: whoever \
				 knows its secret can prove anything"
			)?;
		}
		let system = match self.system {
			ProofSystem::Halo2 => "halo2",
			ProofSystem::Ezkl => "EZKL",
		};
		writeln!(f, "  proof system   {system}")?;
		writeln!(f, "  verifying key  {}", self.vk_hash)?;
		writeln!(f, "  setup          {} ({})", self.setup_name, self.setup)?;
		if let Some(statement) = &self.statement {
			writeln!(f, "  workload       {}", statement.workload)?;
			if !self.domains_checked {
				writeln!(
					f,
					"  note           the input's domain was not checked; give --bundle"
				)?;
			}
		}
		writeln!(f, "  public inputs  {}", self.public_inputs)?;
		writeln!(f, "  circuit        2^{} rows", self.k)?;
		if let Some(note) = self.note {
			writeln!(f, "  note           {note}")?;
		}
		write!(
			f,
			"  time           {} µs for {} bytes",
			self.verify_us, self.proof_bytes
		)
	}
}

/// Verifies a proof of EZKL.
fn ezkl(context: Context, vka: &Path, args: &Args) -> Result<Report, CliError> {
	let setup = match (&args.setup.setup, args.setup.setup_from_vka) {
		(Some(setup), _) => Some(ChosenSetup::load(setup)?),
		(None, true) => None,
		(None, false) => {
			return Err(CliError::Usage(
				"give --setup or --setup-from-vka".to_owned(),
			))
		},
	};
	let from_vka = setup.is_none();
	let key = EzklKey::read(vka, setup)?;
	if from_vka {
		context.warn(&untrusted_setup(&key.setup));
	}
	let proof = EzklProof::read(&args.proof)?;
	let started = Instant::now();
	key.verify(&proof)?;
	let verify_us = started.elapsed().as_micros();
	let vk_hash = key.vk_hash();
	Ok(Report {
		note: Some(COMPUTATION_ONLY),
		..Report::new(
			ProofSystem::Ezkl,
			vk_hash,
			&key.plan,
			key.setup,
			&proof.proof,
			verify_us,
		)
	})
}

/// What to say of a setup that came with the key.
fn untrusted_setup(setup: &ChosenSetup) -> String {
	let remedy = if setup.setup == Setup::perpetual_powers_of_tau() {
		format!(
			"The key names the public setup {PERPETUAL_POWERS_OF_TAU}: give --setup \
			 {PERPETUAL_POWERS_OF_TAU} to insist on it."
		)
	} else {
		"Give --setup with a setup that you trust.".to_owned()
	};
	format!(
		"THE SETUP IS NOT TRUSTED. It was taken from the verifying key. Whoever made that file may \
		 know the setup's secret, can then prove anything, and the proof proves nothing. {remedy}"
	)
}

/// Verifies a proof of a statement.
fn statement(context: Context, args: &Args) -> Result<Report, CliError> {
	let file = ProofFile::read(&args.proof)?;
	let chosen = args.setup.setup.as_deref();
	let chosen = chosen.map(ChosenSetup::load).transpose()?;
	let (bundle, plan) = (args.key.bundle.as_deref(), args.key.vk.as_deref());
	let key = Key::load(bundle, plan, chosen.as_ref())?;
	let setup = key.chosen_setup(chosen);
	let model_checked = key.check_model(context, args.skip_check)?;
	let started = Instant::now();
	key.verify(&file)?;
	let verify_us = started.elapsed().as_micros();
	Ok(Report {
		model_checked,
		statement: Some(file.statement),
		domains_checked: key.checks_domains(),
		..Report::new(
			ProofSystem::Halo2,
			key.vk_hash(),
			key.plan(),
			setup,
			&file.proof,
			verify_us,
		)
	})
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let report = match &args.key.ezkl_vka {
		Some(vka) => ezkl(context, vka, &args)?,
		None => statement(context, &args)?,
	};
	context.print(&report)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn fixture(name: &str) -> PathBuf {
		Path::new(env!("CARGO_MANIFEST_DIR"))
			.join("../verifier/tests/ezkl/linear-regression")
			.join(name)
	}

	fn report(setup: ChosenSetup) -> Report {
		let key = EzklKey::read(&fixture("vka.bin"), None).unwrap();
		Report {
			note: Some(COMPUTATION_ONLY),
			..Report::new(
				ProofSystem::Ezkl,
				key.vk_hash(),
				&key.plan,
				setup,
				&[0; 1952],
				2400,
			)
		}
	}

	#[test]
	fn json_has_everything_that_scripts_read() {
		let json = serde_json::to_value(report(ChosenSetup::development())).unwrap();
		assert_eq!(json["valid"], true);
		assert_eq!(json["system"], "ezkl");
		assert!(json["vk_hash"].as_str().unwrap().starts_with("0x"));
		assert_eq!(json["setup_name"], "development");
		assert_eq!(json["setup_trusted"], false);
		assert_eq!(json["public_inputs"], 5);
		assert_eq!(json["k"], 7);
		assert_eq!(json["proof_bytes"], 1952);
		assert_eq!(json["verify_us"], 2400);
		assert_eq!(json["note"], COMPUTATION_ONLY);
		assert!(json["statement"].is_null());
	}

	#[test]
	fn text_says_what_the_proof_does_not_show() {
		let trusted = report(ChosenSetup::load(PERPETUAL_POWERS_OF_TAU).unwrap()).to_string();
		assert!(trusted.starts_with("the proof is valid\n"), "{trusted}");
		assert!(trusted.contains("not bound to a workload"), "{trusted}");
		let untrusted = report(ChosenSetup::development()).to_string();
		assert!(untrusted.contains("NOT TRUSTED"), "{untrusted}");
	}

	#[test]
	fn the_warning_names_a_setup_that_it_knows() {
		let public = ChosenSetup::load(PERPETUAL_POWERS_OF_TAU).unwrap();
		assert!(untrusted_setup(&public).contains("--setup perpetual-powers-of-tau"));
		let other = ChosenSetup::development();
		assert!(untrusted_setup(&other).contains("a setup that you trust"));
	}
}
