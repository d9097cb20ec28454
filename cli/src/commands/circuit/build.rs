//! `inference circuit build`

use super::Context;
use crate::{
	checks,
	error::CliError,
	proof::{name_of, ChosenSetup},
};
use inference_circuits::{
	accuracy::AccuracyReport,
	layout::{Claim, MAX_INFERENCES},
	quantise::from_fixed,
	BuildOptions, Bundle, Manifest, Powers,
};
use inference_primitives::{SetupId, TensorSpec, VkHash};
use serde::Serialize;
use std::{
	fmt, fs,
	path::{Path, PathBuf},
};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The model.
	#[arg(value_name = "MODEL.onnx")]
	model: PathBuf,
	/// Directory to write the bundle to; made if need be.
	#[arg(long, value_name = "DIR")]
	out: PathBuf,
	#[command(flatten)]
	options: OptionArgs,
}

/// How to build it.
#[derive(clap::Args)]
pub struct OptionArgs {
	/// Typical inputs, for the input domain and the accuracy report: a JSON array of rows, or an
	/// object with `inputs` and, to compare with, `outputs`.
	#[arg(long, value_name = "FILE.json")]
	calibration: Option<PathBuf>,
	/// The model's name on chain; the file's name if absent.
	#[arg(long)]
	name: Option<String>,
	/// Binary digits after the point of inputs and activations; chosen from the domain if absent.
	#[arg(long, value_name = "BITS")]
	input_scale_bits: Option<u8>,
	/// Binary digits after the point of weights; 16 if absent.
	#[arg(long, value_name = "BITS")]
	weight_scale_bits: Option<u8>,
	/// Least and greatest admissible input value; taken from the calibration with a margin, or -8
	/// and 8, if absent.
	#[arg(long, num_args = 2, value_names = ["MIN", "MAX"], allow_negative_numbers = true)]
	domain: Option<Vec<f64>>,
	/// Inferences that one proof is about. The bundle's tensors hold those of all of them, one after
	/// the other.
	#[arg(long, value_name = "INFERENCES", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_INFERENCES)))]
	batch: u16,
	/// Keep inputs secret: a proof says that there are inputs in the domain that give the outputs. Not
	/// for models on chain, whose inputs are public.
	#[arg(long)]
	hidden_input: bool,
	/// The trusted setup that keys and proofs are made with: Powers of Tau of snarkjs (.ptau) or parameters of halo2
	/// (ParamsKZG), for at least the circuit's rows. The development setup, whose secret is public, if absent.
	#[arg(long, value_name = "FILE")]
	setup: Option<String>,
}

/// Typical inputs, and the original model's outputs for them if they are known.
#[derive(Default)]
struct Calibration {
	inputs: Vec<Vec<f64>>,
	outputs: Option<Vec<Vec<f64>>>,
}

impl Calibration {
	/// Reads either form. Not an untagged enum: those cannot hold the numbers of a `serde_json`
	/// with arbitrary precision, which other crates of the workspace turn on.
	fn from_json(json: serde_json::Value) -> Option<Self> {
		let rows = |json| serde_json::from_value(json).ok();
		match json {
			serde_json::Value::Object(mut fields) => Some(Self {
				inputs: rows(fields.remove("inputs")?)?,
				outputs: match fields.remove("outputs") {
					Some(outputs) => Some(rows(outputs)?),
					None => None,
				},
			}),
			json => Some(Self {
				inputs: rows(json)?,
				outputs: None,
			}),
		}
	}

	fn read(path: &Path) -> Result<Self, CliError> {
		let text = fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
		serde_json::from_str(&text)
			.ok()
			.and_then(Self::from_json)
			.ok_or_else(|| {
				CliError::Failed(format!(
					"calibration file {}: expected a JSON array of rows of numbers, or an object \
					 with `inputs` and `outputs`",
					path.display()
				))
			})
	}
}

/// A bundle that was written.
#[derive(Serialize)]
struct Report {
	bundle: PathBuf,
	name: String,
	vk_hash: VkHash,
	setup: SetupId,
	bundle_hash: String,
	input: TensorSpec,
	output: TensorSpec,
	/// Binary logarithm of the circuit's rows.
	k: u8,
	/// Rows in use.
	rows: usize,
	compute_units: u64,
	/// Inferences of a proof.
	inferences: u16,
	/// Whether their inputs are secret.
	hidden_input: bool,
	vk_bytes: usize,
	/// Bytes of the proving key's file.
	pk_bytes: u64,
	proof_bytes: usize,
	accuracy: Option<AccuracyReport>,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let domain = &self.input;
		writeln!(
			f,
			"bundle of {:?} written to {}",
			self.name,
			self.bundle.display()
		)?;
		writeln!(
			f,
			"  verifying key  {} ({} bytes)",
			self.vk_hash, self.vk_bytes
		)?;
		let setup = name_of(&self.setup).unwrap_or("not known by name");
		writeln!(f, "  setup          {} ({setup})", self.setup)?;
		writeln!(
			f,
			"  input          {:?}, {} to {}, {} bits after the point",
			domain.shape,
			from_fixed(domain.min, domain.scale_bits),
			from_fixed(domain.max, domain.scale_bits),
			domain.scale_bits
		)?;
		writeln!(
			f,
			"  output         {:?}, {} bits after the point",
			self.output.shape, self.output.scale_bits
		)?;
		writeln!(
			f,
			"  circuit        2^{} rows, {} in use",
			self.k, self.rows
		)?;
		writeln!(f, "  proving key    {} bytes", self.pk_bytes)?;
		writeln!(f, "  compute units  {}", self.compute_units)?;
		let inferences = match self.inferences {
			1 => "one inference".into(),
			more => format!("{more} inferences"),
		};
		let hidden = if self.hidden_input {
			" of secret inputs"
		} else {
			""
		};
		write!(
			f,
			"  proof          {} bytes, about {inferences}{hidden}",
			self.proof_bytes
		)?;
		if let Some(accuracy) = &self.accuracy {
			write!(
				f,
				"\n  accuracy       greatest error {:.3e}, mean {:.3e} (outputs up to {:.3e}), {} samples",
				accuracy.max_error, accuracy.mean_error, accuracy.max_reference, accuracy.samples
			)?;
			if let Some(share) = accuracy.same_argmax {
				write!(f, ", same class in {:.1} %", share * 100.0)?;
			}
		}
		Ok(())
	}
}

impl OptionArgs {
	/// The options that they ask for, for the model in `file`.
	fn options(&self, file: &Path) -> Result<BuildOptions, CliError> {
		let stem = || {
			let stem = file.file_stem();
			stem.map(|stem| stem.to_string_lossy().into_owned())
		};
		let calibration = match &self.calibration {
			Some(path) => Calibration::read(path)?,
			None => Calibration::default(),
		};
		Ok(BuildOptions {
			name: self.name.clone().or_else(stem).unwrap_or_default(),
			input_scale_bits: self.input_scale_bits,
			weight_scale_bits: self.weight_scale_bits,
			input_domain: match self.domain.as_deref() {
				Some([min, max]) => Some((*min, *max)),
				_ => None,
			},
			calibration: calibration.inputs,
			expected: calibration.outputs,
			claim: Claim {
				inferences: self.batch,
				hidden_input: self.hidden_input,
			},
			powers: self.powers()?.unwrap_or_default(),
		})
	}

	/// The powers of the setup that they name.
	pub fn powers(&self) -> Result<Option<Powers>, CliError> {
		let setup = self.setup.as_deref();
		setup.map(ChosenSetup::load_powers).transpose()
	}

	/// Builds the model in `file`.
	fn build(&self, context: Context, file: &Path) -> Result<Bundle, CliError> {
		build(context, file, &self.options(file)?)
	}

	/// Builds the model in `file` as the bundle with `manifest` was built: what the options do not say of name,
	/// scale, domain and claim is the manifest's.
	pub fn build_like(
		&self,
		context: Context,
		file: &Path,
		manifest: Option<&Manifest>,
	) -> Result<Bundle, CliError> {
		let mut options = self.options(file)?;
		if let Some(manifest) = manifest {
			let input = &manifest.input;
			let real = |value| from_fixed(value, input.scale_bits);
			if self.name.is_none() {
				options.name.clone_from(&manifest.name);
			}
			options.claim = manifest.layout.claim;
			options.input_scale_bits = options.input_scale_bits.or(Some(input.scale_bits));
			options.input_domain = options
				.input_domain
				.or(Some((real(input.min), real(input.max))));
		}
		build(context, file, &options)
	}
}

fn build(context: Context, file: &Path, options: &BuildOptions) -> Result<Bundle, CliError> {
	let onnx = fs::read(file).map_err(|e| CliError::file("read", file, e))?;
	let progress = context.progress("building");
	Bundle::build(&onnx, options, &mut |step| progress.set(step.to_string()))
		.map_err(|e| CliError::Failed(format!("{}: {e}", file.display())))
}

/// Runs the command.
pub fn run(context: Context, args: Args) -> Result<(), CliError> {
	let bundle = args.options.build(context, &args.model)?;
	bundle
		.save(&args.out)
		.map_err(|e| CliError::file("write the bundle to", &args.out, e))?;
	checks::record(context, &bundle);
	let manifest = bundle.manifest();
	context.print(&Report {
		name: manifest.name.clone(),
		vk_hash: bundle.vk_hash(),
		setup: manifest.setup,
		bundle_hash: format!("0x{}", hex::encode(bundle.hash())),
		input: manifest.input.clone(),
		output: manifest.output.clone(),
		k: manifest.layout.k,
		rows: manifest.rows,
		compute_units: manifest.compute_units.0,
		inferences: manifest.layout.claim.inferences,
		hidden_input: manifest.layout.claim.hidden_input,
		vk_bytes: bundle.plan_bytes().len(),
		pk_bytes: manifest.proving_key_bytes,
		proof_bytes: manifest.proof_bytes,
		accuracy: manifest.accuracy.clone(),
		bundle: args.out,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn both_forms_of_a_calibration_file_are_read() {
		let rows = Calibration::from_json(json!([[1, 2.5], [3, -4]])).unwrap();
		assert_eq!(rows.inputs, [[1.0, 2.5], [3.0, -4.0]]);
		assert_eq!(rows.outputs, None);
		let fixture = Calibration::from_json(json!({"inputs": [[1]], "outputs": [[2]]})).unwrap();
		assert_eq!(fixture.inputs, [[1.0]]);
		assert_eq!(fixture.outputs, Some(vec![vec![2.0]]));
		for bad in [
			json!([1]),
			json!({"outputs": []}),
			json!([["x"]]),
			json!("x"),
		] {
			assert!(Calibration::from_json(bad).is_none());
		}
	}
}
