//! `inference model check`

use super::Context;
use crate::{
	chain::{AccountId, Chain, ChainArgs},
	checks,
	commands::circuit::build::OptionArgs,
	error::CliError,
};
use inference_circuits::Bundle;
use inference_primitives::{model::ModelView, ModelRef, TensorSpec, VkHash};
use serde::Serialize;
use std::{
	fmt,
	path::{Path, PathBuf},
};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// MODEL or MODEL.VERSION.
	model: ModelRef,
	#[command(flatten)]
	source: SourceArgs,
	#[command(flatten)]
	options: OptionArgs,
	#[command(flatten)]
	chain: ChainArgs,
}

/// What to compare with the chain's record.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct SourceArgs {
	/// The model's bundle: its keys are made anew from its graph.
	#[arg(long, value_name = "DIR")]
	bundle: Option<PathBuf>,
	/// The model's ONNX file: it is built anew. Give the options that it was built with; with --bundle,
	/// those of name, scale, domain and batch are the bundle's.
	#[arg(long, value_name = "FILE")]
	onnx: Option<PathBuf>,
}

/// A model that is what its creator says.
#[derive(Serialize)]
struct Report {
	/// MODEL.VERSION.
	model: String,
	vk_hash: VkHash,
	/// Always true: what differs is an error.
	equal: bool,
	/// The bundle whose keys were made anew.
	bundle: Option<PathBuf>,
	/// The file that was built anew.
	onnx: Option<PathBuf>,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "model {}: rebuilt, equal", self.model)?;
		write!(f, "\n  verifying key  {}", self.vk_hash)?;
		if let Some(dir) = &self.bundle {
			let dir = dir.display();
			write!(f, "\n  bundle         {dir}: hash, tensors and keys")?;
		}
		if let Some(file) = &self.onnx {
			let file = file.display();
			write!(f, "\n  ONNX file      {file}: tensors and verifying key")?;
		}
		Ok(())
	}
}

/// Differences between the chain's record and something else, in words.
struct Differences<'a> {
	chain: &'a ModelView<AccountId>,
	found: Vec<String>,
}

impl Differences<'_> {
	fn compare<T: PartialEq>(
		&mut self,
		what: &str,
		other: &str,
		show: impl Fn(&T) -> String,
		(chain, got): (&T, &T),
	) {
		if chain != got {
			self.found.push(format!(
				"{what}: the chain has {}, {other} {}",
				show(chain),
				show(got)
			));
		}
	}

	/// What both a bundle and a build have.
	fn model(&mut self, other: &str, bundle: &Bundle) {
		let chain = self.chain;
		let key = |hash: &VkHash| hash.to_string();
		self.compare("input", other, tensor, (&chain.input, bundle.input()));
		self.compare("output", other, tensor, (&chain.output, bundle.output()));
		self.compare(
			"verifying key",
			other,
			key,
			(&chain.vk_hash, &bundle.vk_hash()),
		);
	}

	fn bundle(&mut self, bundle: &Bundle) {
		let (chain, manifest) = (self.chain, bundle.manifest());
		let hash = |hash: &[u8; 32]| format!("0x{}", hex::encode(hash));
		let text = |text: &String| text.clone();
		self.compare(
			"bundle hash",
			"the bundle",
			hash,
			(&chain.bundle_hash, &bundle.hash()),
		);
		self.model("the bundle", bundle);
		for (what, of_chain, of_bundle) in [
			(
				"proof system",
				format!("{:?}", chain.system),
				format!("{:?}", manifest.system),
			),
			(
				"trusted setup",
				chain.setup.to_string(),
				manifest.setup.to_string(),
			),
			(
				"compute units",
				chain.compute_units.0.to_string(),
				manifest.compute_units.0.to_string(),
			),
		] {
			self.compare(what, "the bundle", text, (&of_chain, &of_bundle));
		}
	}
}

fn tensor(spec: &TensorSpec) -> String {
	format!(
		"{:?} of {} to {} with {} bits after the point",
		spec.shape, spec.min, spec.max, spec.scale_bits
	)
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.best().await?.hash;
	let view = chain.model(args.model, at).await?;
	let mut differences = Differences {
		chain: &view,
		found: Vec::new(),
	};
	let bundle = match &args.source.bundle {
		Some(dir) => {
			let failed = |e| CliError::file("load bundle", dir, e);
			let mut bundle = Bundle::load(dir).map_err(failed)?;
			if let Some(powers) = args.options.powers()? {
				bundle = bundle.with_powers(powers).map_err(failed)?;
			}
			differences.bundle(&bundle);
			if let Err(error) = checks::check(context, &bundle) {
				differences.found.push(error.to_string());
			}
			Some(bundle)
		},
		None => None,
	};
	if let Some(file) = &args.source.onnx {
		let manifest = bundle.as_ref().map(Bundle::manifest);
		let built = args.options.build_like(context, file, manifest)?;
		differences.model(&format!("a build of {}", file.display()), &built);
		if let Some(manifest) = manifest {
			let (expected, got) = (&manifest.onnx_hash, &built.manifest().onnx_hash);
			if expected != got {
				differences.found.push(format!(
					"ONNX file: the bundle says {expected}, {} has {got}",
					file.display()
				));
			}
		}
		if built.hash() == view.bundle_hash && built.vk_hash() == view.vk_hash {
			checks::record(context, &built);
		}
	}
	if !differences.found.is_empty() {
		return Err(CliError::Failed(differs(
			args.model,
			&differences.found,
			args.source.onnx.as_deref(),
		)));
	}
	context.print(&Report {
		model: view.reference.to_string(),
		vk_hash: view.vk_hash,
		equal: true,
		bundle: args.source.bundle,
		onnx: args.source.onnx,
	})
}

/// What differs, and what that may come from.
fn differs(model: ModelRef, found: &[String], onnx: Option<&Path>) -> String {
	let mut text = format!("model {model} differs:\n  {}", found.join("\n  "));
	if onnx.is_some() {
		text.push_str(
			"\n  (a build depends on its options, too: give --calibration, --input-scale-bits, \
			 --weight-scale-bits, --domain and --batch as the creator did)",
		);
	}
	text
}
