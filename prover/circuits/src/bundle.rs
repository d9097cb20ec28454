//! A model ready to be registered, executed and proven, as a directory.
//!
//! | file | content |
//! | --- | --- |
//! | `manifest.json` | [`Manifest`]: names, hashes, tensors, layout, accuracy |
//! | `graph.bin` | SCALE encoding of [`GraphParts`](crate::graph::GraphParts) |
//! | `plan.bin` | the verifying key as the chain registers it |
//! | `proving_key.bin` | the circuit's columns and permutation; only provers need it |
//! | `setup.bin` | \[s\]G2 of the trusted setup (128 bytes), unless that is a known one |
//!
//! [`Bundle::load`] does not open `proving_key.bin`: [`Prover::new`](crate::Prover::new) does, and
//! checks its length, its hash and the verifying key that it names. It follows from the graph, so a
//! bundle without the file is complete, and takes longer to load in a prover.
//!
//! A bundle says under which setup its proofs are verified, and has what verifying needs of it. It does not have the
//! powers that keys and proofs are made with: [`Bundle::with_powers`] gives them to it, from a setup's file.
//!
//! **What a malicious bundle can do.** Its setup may be one whose secret its maker knows, who then forges proofs.
//! A chain takes keys of the setups that it approved; who verifies without a chain compares [`Manifest::setup`]. Once loaded, its files agree with its manifest, and the plan's
//! constraint system (gates, queries, lookups, permutation, degree) is the one that graph and layout have.
//! Not computed is whether the plan *commits* to the graph's weights, selectors, tables and copies. A plan
//! that commits to others can be **relaxed**: under it the honest witness verifies too, and so do wrong
//! outputs. Or it can be **partial**: most inputs can be proven under it, and a chosen one cannot. No honest
//! proof shows either. [`Bundle::check`] computes it, once for each bundle ([`Checks`](crate::Checks)): who stakes
//! anything on a bundle, or trusts a proof under its key to be about its graph, calls that first.

use crate::{
	accuracy::{self, AccuracyReport},
	execute::{self, ExecuteError},
	float_graph::PostProcessing,
	graph::{Graph, GraphError, GraphParts},
	keys::{self, KeysError},
	layout::{self, Claim, Layout, LayoutError},
	linear_map::MapError,
	onnx::{self, OnnxError},
	powers::Powers,
	prove::ProverError,
	proving_key::{self, Source},
	quantise::{self, QuantiseError, QuantiseOptions, QuantiseReport},
};
use codec::{DecodeWithMemLimit, Encode};
use inference_plonk::{CommitmentKey, CompactKey, KeyError, Progress, Step};
use inference_primitives::{
	hashing::{blake2_256, tagged_hash},
	ComputeUnits, Hash, ProofSystem, SetupId, Statement, StatementHeader, StatementVersion,
	TensorError, TensorSpec, VkHash, MAX_VK_BYTES,
};
use inference_verifier::{
	plan::Parts, public_inputs, setup::SETUP_BYTES, verify, vk_hash, Plan, PlanError, Setup,
	SetupError, VerifyError,
};
use serde::{Deserialize, Serialize};
use std::{
	fmt, fs,
	io::Read,
	path::{Path, PathBuf},
	sync::{Arc, Mutex},
};

/// Version of the directory's format.
pub const FORMAT: u32 = 2;

const MANIFEST: &str = "manifest.json";
const GRAPH: &str = "graph.bin";
const PLAN: &str = "plan.bin";
const SETUP: &str = "setup.bin";
/// Most bytes of a manifest.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// Most bytes of an encoded graph: 12 per multiplication and 8 per element, with room.
const MAX_GRAPH_BYTES: u64 = 1 << 28;
/// Most memory that a graph takes while it is decoded, bytes: what is in it has some bytes more than in
/// the file where lists are short, and would have up to 24 times as many where all are.
const MAX_GRAPH_MEMORY: usize = 1 << 29;

/// Longest name of a model, bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// What to build, and how.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BuildOptions {
	/// The model's name, for people.
	pub name: String,
	/// Binary digits of input and activations after the point; chosen from the domain if absent.
	pub input_scale_bits: Option<u8>,
	/// Binary digits of weights after the point.
	pub weight_scale_bits: Option<u8>,
	/// Least and greatest admissible input; taken from `calibration` if absent.
	pub input_domain: Option<(f64, f64)>,
	/// Typical inputs, row-major: for the domain and the accuracy report.
	pub calibration: Vec<Vec<f64>>,
	/// The original model's outputs for `calibration`; computed in double precision if absent.
	pub expected: Option<Vec<Vec<f64>>>,
	/// What its proofs say: for how many inferences, and whether their inputs are hidden.
	pub claim: Claim,
	/// The trusted setup: the insecure development setup unless something else is said.
	pub powers: Powers,
}

/// A stage of [`Bundle::build`], announced when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuildStage {
	/// Reading the ONNX file.
	Parse,
	/// Rounding to integers and bounding every value.
	Quantise,
	/// Choosing rows and columns.
	Layout,
	/// Making the trusted setup's parameters and the keys.
	Keys,
	/// Comparing with the original on the samples.
	Accuracy,
}

impl BuildStage {
	/// All stages, in order.
	pub const ALL: [Self; 5] = [
		Self::Parse,
		Self::Quantise,
		Self::Layout,
		Self::Keys,
		Self::Accuracy,
	];

	/// What it does, for a progress bar.
	pub fn description(self) -> &'static str {
		match self {
			Self::Parse => "reading the ONNX model",
			Self::Quantise => "quantising",
			Self::Layout => "laying out the circuit",
			Self::Keys => "making the keys",
			Self::Accuracy => "measuring accuracy",
		}
	}
}

/// How far [`Bundle::build`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuildStep {
	/// The stage.
	pub stage: BuildStage,
	/// A step within it; absent when the stage starts.
	pub step: Option<Step>,
}

impl fmt::Display for BuildStep {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.stage.description())?;
		match &self.step {
			Some(step) => write!(f, ": {step}"),
			None => Ok(()),
		}
	}
}

/// A model that cannot become a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
	/// The name is empty or too long.
	#[error("a model's name has 1 to {MAX_NAME_BYTES} bytes, got {got}")]
	BadName {
		/// Its bytes.
		got: usize,
	},
	/// Not one expected output, of finite values, per calibration sample.
	#[error("expected outputs for {expected} calibration samples of {length} values, got {got}")]
	ExpectedOutputs {
		/// Number of samples.
		expected: usize,
		/// Length of the output.
		length: usize,
		/// What there is: their number, or the first wrong length.
		got: String,
	},
	/// The file cannot be read.
	#[error(transparent)]
	Onnx(#[from] OnnxError),
	/// Its operators cannot be combined.
	#[error(transparent)]
	Map(#[from] MapError),
	/// It cannot be rounded.
	#[error(transparent)]
	Quantise(#[from] QuantiseError),
	/// It has no circuit.
	#[error(transparent)]
	Layout(#[from] LayoutError),
	/// Its tensors are not valid.
	#[error(transparent)]
	Tensors(#[from] GraphError),
	/// Its keys cannot be made.
	#[error(transparent)]
	Keys(#[from] KeysError),
	/// The verifying key is larger than the chain takes.
	#[error("the verifying key has {got} bytes; the chain takes {max}", max = MAX_VK_BYTES)]
	PlanTooLarge {
		/// Its bytes.
		got: usize,
	},
	/// The proving key has no encoding.
	#[error("the proving key cannot be encoded: {0}")]
	ProvingKey(std::io::Error),
	/// The manifest cannot be written as JSON.
	#[error("the manifest cannot be encoded: {0}")]
	Manifest(#[from] serde_json::Error),
}

/// A directory that is no valid bundle, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
	/// A file cannot be read or written.
	#[error("{}: {error}", .path.display())]
	Io {
		/// The file.
		path: PathBuf,
		/// Why.
		error: std::io::Error,
	},
	/// A file is larger than any valid one.
	#[error("{} is larger than {max} bytes", .path.display())]
	TooLarge {
		/// The file.
		path: PathBuf,
		/// The limit.
		max: u64,
	},
	/// The manifest is no valid JSON of its form.
	#[error("{MANIFEST}: {0}")]
	Manifest(#[from] serde_json::Error),
	/// The directory has another version's format.
	#[error("the bundle has format {got}, this program reads {FORMAT}; build it again")]
	Format {
		/// Its format.
		got: u32,
	},
	/// A file's hash is not the manifest's.
	#[error("{file} does not match the manifest: expected hash {expected}, got {got}")]
	WrongHash {
		/// The file.
		file: &'static str,
		/// The manifest's hash.
		expected: String,
		/// The file's hash.
		got: String,
	},
	/// A file is not as long as the manifest says: it is cut off, or another's.
	#[error("{file} does not match the manifest: expected {expected} bytes, got {got}")]
	WrongLength {
		/// The file.
		file: &'static str,
		/// The manifest's length, bytes.
		expected: u64,
		/// The file's.
		got: u64,
	},
	/// The graph's encoding is not valid.
	#[error("{GRAPH}: {0}")]
	GraphEncoding(#[from] codec::Error),
	/// The graph is not valid.
	#[error("{GRAPH}: {0}")]
	Graph(#[from] GraphError),
	/// The layout does not fit the graph.
	#[error("{MANIFEST}: {0}")]
	Layout(#[from] LayoutError),
	/// The verifying key is not valid.
	#[error("{PLAN}: {0}")]
	Plan(PlanError),
	/// Graph and layout have no circuit.
	#[error(transparent)]
	Keys(#[from] KeysError),
	/// The verifying key is another circuit's: it says less, or something else, than the model's. Do not use
	/// the bundle; build it from the ONNX file.
	#[error("{PLAN} is not the verifying key of the model: its {what} differ")]
	OtherCircuit {
		/// What differs first.
		what: &'static str,
	},
	/// The manifest says something else than graph and plan.
	#[error("{MANIFEST}: {0} is not what graph and plan say")]
	Inconsistent(&'static str),
	/// `setup.bin` is no setup.
	#[error("{SETUP}: {0}")]
	Setup(SetupError),
	/// What there is of a trusted setup is another one's than the bundle's.
	#[error("the bundle is for the trusted setup {expected}, what is there is for {got}")]
	UnknownSetup {
		/// The bundle's setup.
		expected: SetupId,
		/// The one there is.
		got: SetupId,
	},
}

/// A bundle whose keys are not its model's, or that cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
	/// The keys cannot be made.
	#[error(transparent)]
	Keys(#[from] KeysError),
	/// The verifying key commits to other columns than the graph's: another model, or a circuit that proves
	/// something else than the model. Do not use the bundle.
	#[error(
		"the verifying key {got} is not that of the model, which has {expected}: other {}",
		.columns.join(", ")
	)]
	OtherColumns {
		/// Which columns.
		columns: Vec<String>,
		/// The model's verifying key.
		expected: VkHash,
		/// The bundle's.
		got: VkHash,
	},
	/// The proving key's hash or length in the manifest is not that of the model's: some inputs could not be
	/// proven with it. Do not use the bundle.
	#[error("the proving key is not that of the model; remove the bundle, and build it again")]
	OtherProvingKey,
	/// The proving key has no encoding.
	#[error("the proving key cannot be encoded: {0}")]
	ProvingKey(std::io::Error),
	/// It cannot be recorded that the bundle was checked.
	#[error("{}: {error}", .path.display())]
	Record {
		/// The file.
		path: PathBuf,
		/// Why.
		error: std::io::Error,
	},
}

/// Names the columns whose commitments differ.
fn other_columns(expected: &Parts, got: &Parts) -> Vec<String> {
	let fixed = expected.fixed_commitments.iter();
	let fixed = fixed
		.zip(&got.fixed_commitments)
		.map(|(expected, got)| ("fixed column", expected == got));
	let copies = expected.permutation.iter();
	let copies = copies
		.zip(&got.permutation)
		.map(|(expected, got)| ("copies of column", expected.commitment == got.commitment));
	let name =
		|(index, (what, same)): (usize, (&str, bool))| (!same).then(|| format!("{what} {index}"));
	let fixed = fixed.enumerate().filter_map(name);
	fixed.chain(copies.enumerate().filter_map(name)).collect()
}

/// A real-number input that the model does not take.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum QuantiseInputError {
	/// Wrong number of values, or one outside the domain.
	#[error("{error}{}", range(.spec))]
	Input {
		/// What is wrong.
		error: TensorError,
		/// What the model takes.
		spec: TensorSpec,
	},
	/// A value that is not finite, or beyond all domains.
	#[error("value {got} at index {index} is not finite, or too large")]
	OutOfRange {
		/// Its index.
		index: usize,
		/// The value.
		got: f64,
	},
}

fn range(spec: &TensorSpec) -> String {
	let real = |v| quantise::from_fixed(v, spec.scale_bits);
	format!(
		" (shape {:?}, real values {} to {})",
		spec.shape,
		real(spec.min),
		real(spec.max)
	)
}

/// A proof that is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VerificationError {
	/// The statement names another verifying key.
	#[error("the statement is for verifying key {expected}, the model's is {got}")]
	WrongKey {
		/// The statement's.
		expected: VkHash,
		/// The model's.
		got: VkHash,
	},
	/// The statement has a version that this program does not know. Upgrade it.
	#[error(
		"the statement has version {got}, this program knows {:?}",
		StatementVersion::numbers()
	)]
	UnsupportedStatement {
		/// The statement's version.
		got: u8,
	},
	/// The input is not admissible: a proof would say nothing.
	#[error("input: {0}")]
	Input(TensorError),
	/// The output is none that the model can have.
	#[error("output: {0}")]
	Output(TensorError),
	/// The proof is wrong.
	#[error("{0}")]
	Proof(VerifyError),
}

/// What a bundle says about itself. All of it is checked against graph and plan when it is loaded,
/// but name, producer, the ONNX file's hash, accuracy and quantisation, which are statements of whoever built it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
	/// [`FORMAT`].
	pub format: u32,
	/// The model's name.
	pub name: String,
	/// The program that built it, with its version.
	pub producer: String,
	/// BLAKE2b-256 of the ONNX file, hex.
	pub onnx_hash: String,
	/// BLAKE2b-256 of `graph.bin`, hex.
	pub graph_hash: String,
	/// BLAKE2b-256 of `plan.bin`, hex.
	pub plan_hash: String,
	/// BLAKE2b-256 of `proving_key.bin`, hex.
	pub proving_key_hash: String,
	/// Bytes of `proving_key.bin`.
	pub proving_key_bytes: u64,
	/// Proof system.
	pub system: ProofSystem,
	/// Trusted setup.
	pub setup: SetupId,
	/// The verifying key's hash, under which the chain knows the model.
	pub vk_hash: VkHash,
	/// Input tensor.
	pub input: TensorSpec,
	/// Output tensor. Its domain is what the model can reach.
	pub output: TensorSpec,
	/// What to do with the output, outside the proof.
	pub post_processing: Option<PostProcessing>,
	/// The circuit's size.
	pub layout: Layout,
	/// Rows in use, of 2^k.
	pub rows: usize,
	/// Multiplications of one inference.
	pub multiplications: usize,
	/// Compute units of one inference, as the chain computes them.
	pub compute_units: ComputeUnits,
	/// Bytes of a proof.
	pub proof_bytes: usize,
	/// Errors on the calibration samples; absent without samples.
	pub accuracy: Option<AccuracyReport>,
	/// Where precision is lost besides rounding: tables with their errors, clipped values.
	#[serde(default, skip_serializing_if = "QuantiseReport::is_empty")]
	pub quantisation: QuantiseReport,
}

/// A model ready to be registered, executed and proven.
#[derive(Clone, Debug)]
pub struct Bundle {
	manifest: Manifest,
	/// As written or read: the bundle's hash is over these bytes.
	manifest_bytes: Vec<u8>,
	graph: Graph,
	plan: Plan,
	setup: Setup,
	/// What keys and proofs are made with, if it is known.
	powers: Option<Powers>,
	proving_key: Source,
}

impl Bundle {
	/// Builds the bundle of an ONNX file. Deterministic: the same bytes, options and version of
	/// this crate give the same bundle. `progress` is called when a stage starts, and for each step
	/// of making the keys.
	pub fn build(
		onnx: &[u8],
		options: &BuildOptions,
		progress: &mut (dyn FnMut(BuildStep) + Send),
	) -> Result<Self, BuildError> {
		if !(1..=MAX_NAME_BYTES).contains(&options.name.len()) {
			return Err(BuildError::BadName {
				got: options.name.len(),
			});
		}
		let mut start = |stage| progress(BuildStep { stage, step: None });
		start(BuildStage::Parse);
		let original = onnx::parse(onnx)?.simplify()?;
		start(BuildStage::Quantise);
		let (graph, quantisation) = quantise::quantise_with_report(
			&original,
			&QuantiseOptions {
				input_scale_bits: options.input_scale_bits,
				weight_scale_bits: options.weight_scale_bits,
				input_domain: options.input_domain,
				calibration: options.calibration.clone(),
				binary_domain: options.claim.hidden_input,
			},
		)?;
		check_expected(options, graph.output().len())?;
		start(BuildStage::Layout);
		let (graph, layout) = layout::choose_graph(graph, options.claim)?;
		start(BuildStage::Keys);
		let key = make_key(&graph, &layout, &options.powers, progress)?;
		let plan = key.plan().clone();
		let plan_bytes = plan.to_bytes();
		if plan_bytes.len() > MAX_VK_BYTES as usize {
			return Err(BuildError::PlanTooLarge {
				got: plan_bytes.len(),
			});
		}
		progress(BuildStep {
			stage: BuildStage::Accuracy,
			step: None,
		});
		let accuracy = (!options.calibration.is_empty()).then(|| {
			accuracy::measure(
				&graph,
				&original,
				&options.calibration,
				options.expected.as_deref(),
			)
		});
		let setup = options.powers.setup();
		let vk_hash = vk_hash(ProofSystem::Halo2, &setup.id(), &plan_bytes);
		let (proving_key_hash, proving_key_bytes) =
			proving_key::write(&key, &vk_hash, std::io::sink()).map_err(BuildError::ProvingKey)?;
		let manifest = Manifest {
			format: FORMAT,
			name: options.name.clone(),
			producer: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
			onnx_hash: hash_text(onnx),
			graph_hash: hash_text(&graph.parts().encode()),
			plan_hash: hash_text(&plan_bytes),
			proving_key_hash,
			proving_key_bytes,
			system: ProofSystem::Halo2,
			setup: setup.id(),
			vk_hash,
			input: layout.claim.input(&graph)?,
			output: layout.claim.output(&graph)?,
			post_processing: graph.parts().post_processing,
			layout,
			rows: layout::rows(&graph, &layout),
			multiplications: graph.multiplications(),
			compute_units: plan.shape().compute_units(),
			proof_bytes: plan.proof_len(),
			accuracy,
			quantisation,
		};
		let mut manifest_bytes = serde_json::to_vec_pretty(&manifest)?;
		manifest_bytes.push(b'\n');
		Ok(Self {
			manifest,
			manifest_bytes,
			graph,
			plan,
			setup,
			powers: Some(options.powers.clone()),
			proving_key: Source::Built(Arc::new(key)),
		})
	}

	/// Writes the bundle into `dir`, which is made if need be. The manifest comes last, so a
	/// directory that was not finished does not load.
	pub fn save(&self, dir: &Path) -> Result<(), BundleError> {
		let io = |path: &Path| {
			let path = path.to_owned();
			move |error| BundleError::Io { path, error }
		};
		fs::create_dir_all(dir).map_err(io(dir))?;
		self.proving_key.save(&self.vk_hash(), dir)?;
		let setup = known_setup(&self.manifest.setup).is_none();
		let setup = setup.then(|| (SETUP, self.setup.to_bytes().to_vec()));
		let files = [
			(GRAPH, self.graph.parts().encode()),
			(PLAN, self.plan.to_bytes()),
			(MANIFEST, self.manifest_bytes.clone()),
		];
		for (name, bytes) in setup.into_iter().chain(files) {
			let (path, partial) = (dir.join(name), dir.join(format!("{name}.partial")));
			fs::write(&partial, bytes).map_err(io(&partial))?;
			fs::rename(&partial, &path).map_err(io(&path))?;
		}
		Ok(())
	}

	/// Reads the bundle in `dir`, but the proving key, and checks everything in it, but that the
	/// verifying key commits to the model: [`Self::check`] does that.
	pub fn load(dir: &Path) -> Result<Self, BundleError> {
		let manifest_bytes = read(&dir.join(MANIFEST), MAX_MANIFEST_BYTES)?;
		let format: FormatOnly = serde_json::from_slice(&manifest_bytes)?;
		if format.format != FORMAT {
			return Err(BundleError::Format { got: format.format });
		}
		let manifest: Manifest = serde_json::from_slice(&manifest_bytes)?;
		let graph_bytes = read(&dir.join(GRAPH), MAX_GRAPH_BYTES)?;
		check_hash(GRAPH, &manifest.graph_hash, &graph_bytes)?;
		let plan_bytes = read(&dir.join(PLAN), MAX_VK_BYTES.into())?;
		check_hash(PLAN, &manifest.plan_hash, &plan_bytes)?;
		let graph = decode_graph(&graph_bytes)?;
		drop(graph_bytes);
		layout::check(&graph, &manifest.layout)?;
		let plan = Plan::decode_canonical(&plan_bytes).map_err(BundleError::Plan)?;
		let expected = keys::parts(&graph, &manifest.layout)?;
		if let Some(what) = inference_plonk::difference(&expected, plan.parts()) {
			return Err(BundleError::OtherCircuit { what });
		}
		let setup = match known_setup(&manifest.setup) {
			Some(setup) => setup,
			None => {
				let bytes = read(&dir.join(SETUP), SETUP_BYTES as u64)?;
				Setup::from_bytes(&bytes).map_err(BundleError::Setup)?
			},
		};
		is_setup(&manifest.setup, setup.id())?;
		let powers = Powers::default();
		let powers = (powers.id() == manifest.setup).then_some(powers);
		let bundle = Self {
			manifest,
			manifest_bytes,
			graph,
			plan,
			setup,
			powers,
			proving_key: Source::Directory(dir.to_owned()),
		};
		bundle.check_manifest()?;
		Ok(bundle)
	}

	/// The bundle with what its keys and proofs are made with, which must be of its setup. Bundles for the
	/// development setup have it.
	pub fn with_powers(self, powers: Powers) -> Result<Self, BundleError> {
		is_setup(&self.manifest.setup, powers.id())?;
		Ok(Self {
			powers: Some(powers),
			..self
		})
	}

	/// The commitment key for the bundle's circuit.
	pub(crate) fn commitment_key(
		&self,
		progress: Progress<'_>,
	) -> Result<CommitmentKey, KeysError> {
		self.powers()?.commitment_key(self.layout().k, progress)
	}

	pub(crate) fn powers(&self) -> Result<&Powers, KeysError> {
		self.powers.as_ref().ok_or(KeysError::NoPowers {
			setup: self.manifest.setup,
		})
	}

	/// Fails if there is nothing to make keys and proofs with, or too little for the bundle's circuit. Reads no
	/// points.
	pub fn check_powers(&self) -> Result<(), KeysError> {
		self.powers()?.check_size(self.layout().k)
	}

	fn check_manifest(&self) -> Result<(), BundleError> {
		let Self {
			manifest,
			graph,
			plan,
			..
		} = self;
		let claim = &manifest.layout.claim;
		let (input, output) = (claim.input(graph), claim.output(graph));
		let checks = [
			("name", (1..=MAX_NAME_BYTES).contains(&manifest.name.len())),
			("vk_hash", manifest.vk_hash == self.vk_hash_of(plan)),
			("input", Ok(&manifest.input) == input.as_ref()),
			("output", Ok(&manifest.output) == output.as_ref()),
			(
				"post_processing",
				manifest.post_processing == graph.parts().post_processing,
			),
			("layout", manifest.layout.k == plan.k()),
			(
				"rows",
				manifest.rows == layout::rows(graph, &manifest.layout),
			),
			(
				"multiplications",
				manifest.multiplications == graph.multiplications(),
			),
			(
				"compute_units",
				manifest.compute_units == plan.shape().compute_units(),
			),
			("proof_bytes", manifest.proof_bytes == plan.proof_len()),
			(
				"the number of public inputs",
				usize::try_from(plan.num_public_inputs()) == Ok(claim.public_inputs(graph)),
			),
		];
		match checks.into_iter().find(|(_, holds)| !holds) {
			Some((field, _)) => Err(BundleError::Inconsistent(field)),
			None => Ok(()),
		}
	}

	/// Checks that plan and proving key are those of graph and layout: makes the circuit's columns anew and
	/// compares them with the plan's commitments, and the file `proving_key.bin`, if there is one, with
	/// what they encode to. Takes about as long as making the setup's points and one commitment.
	pub fn check(&self, progress: Progress<'_>) -> Result<(), CheckError> {
		let (graph, layout) = (&self.graph, self.layout());
		let commitments = self.commitment_key(progress)?;
		let checked = keys::checked_key(graph, layout, &self.plan, &commitments, progress);
		let key = match checked {
			Err(KeysError::Key(KeyError::OtherCommitments)) => {
				let own = keys::compact_key(graph, layout, &commitments, progress)?;
				return Err(CheckError::OtherColumns {
					columns: other_columns(own.plan().parts(), self.plan.parts()),
					expected: self.vk_hash_of(own.plan()),
					got: self.vk_hash(),
				});
			},
			checked => checked?,
		};
		let (hash, bytes) = proving_key::write(&key, &self.vk_hash(), std::io::sink())
			.map_err(CheckError::ProvingKey)?;
		let manifest = &self.manifest;
		if hash != manifest.proving_key_hash || bytes != manifest.proving_key_bytes {
			return Err(CheckError::OtherProvingKey);
		}
		Ok(())
	}

	/// What the bundle says about itself.
	pub fn manifest(&self) -> &Manifest {
		&self.manifest
	}

	/// The integer model.
	pub fn graph(&self) -> &Graph {
		&self.graph
	}

	/// The tensor of all inferences' inputs.
	pub fn input(&self) -> &TensorSpec {
		&self.manifest.input
	}

	/// The tensor of all inferences' outputs.
	pub fn output(&self) -> &TensorSpec {
		&self.manifest.output
	}

	/// The circuit's size.
	pub fn layout(&self) -> &Layout {
		&self.manifest.layout
	}

	/// The verifying key.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}

	/// The verifying key as the chain registers it.
	pub fn plan_bytes(&self) -> Vec<u8> {
		self.plan.to_bytes()
	}

	/// The verifying key's hash, under which the chain knows the model.
	pub fn vk_hash(&self) -> VkHash {
		self.manifest.vk_hash
	}

	/// The hash of graph and claim, which the verifying key binds and the registry takes.
	pub fn circuit_hash(&self) -> Hash {
		keys::circuit_hash(&self.graph, &self.layout().claim)
	}

	/// The proving key, loaded or made.
	pub(crate) fn proving_key(
		&self,
		commitments: &CommitmentKey,
		progress: Progress<'_>,
	) -> Result<Arc<CompactKey>, ProverError> {
		self.proving_key.load(self, commitments, progress)
	}

	/// The hash that `plan` would have under this bundle's system and setup.
	pub(crate) fn vk_hash_of(&self, plan: &Plan) -> VkHash {
		vk_hash(self.manifest.system, &self.manifest.setup, &plan.to_bytes())
	}

	/// What its proofs are verified with. The bundle's maker chose it.
	pub fn setup(&self) -> &Setup {
		&self.setup
	}

	/// Content hash of the bundle: over the manifest, which has the hashes of the other files.
	pub fn hash(&self) -> Hash {
		hash_of(&self.manifest_bytes)
	}

	/// [`Self::hash`] of the bundle in `dir`, whose other files are not read: so not of one that is known to
	/// load.
	pub fn hash_in(dir: &Path) -> Result<Hash, BundleError> {
		Ok(hash_of(&read(&dir.join(MANIFEST), MAX_MANIFEST_BYTES)?))
	}

	/// Compares length and hash of the proving key's file with the manifest, if there is a file: it is not
	/// loaded, and takes no memory.
	pub fn check_proving_key_file(&self) -> Result<(), BundleError> {
		self.proving_key.check_file(&self.manifest)
	}

	/// Computes the output for `input`, both in fixed point, both of all inferences one after the other.
	pub fn execute(&self, input: &[i64]) -> Result<Vec<i64>, ExecuteError> {
		let inputs = self.layout().claim.split(&self.graph, input)?;
		let outputs = inputs.map(|input| execute::execute(&self.graph, input));
		Ok(outputs.collect::<Result<Vec<_>, _>>()?.concat())
	}

	/// The part of `input` that a statement and the public inputs have: nothing of a hidden one.
	pub(crate) fn public_part<'a>(&self, input: &'a [i64]) -> &'a [i64] {
		if self.layout().claim.hidden_input {
			&[]
		} else {
			input
		}
	}

	/// Verifies that `proof` shows `output` to be the model's output for `input`, under `header`. A
	/// hidden input is not looked at: the proof says that some admissible input gives the output.
	pub fn verify(
		&self,
		header: &StatementHeader,
		input: &[i64],
		output: &[i64],
		proof: &[u8],
	) -> Result<(), VerificationError> {
		if header.vk_hash != self.vk_hash() {
			return Err(VerificationError::WrongKey {
				expected: header.vk_hash,
				got: self.vk_hash(),
			});
		}
		if header.supported_version().is_none() {
			return Err(VerificationError::UnsupportedStatement {
				got: header.version,
			});
		}
		let input = self.public_part(input);
		if !self.layout().claim.hidden_input {
			self.input()
				.check_values(input)
				.map_err(VerificationError::Input)?;
		}
		self.output()
			.check_values(output)
			.map_err(VerificationError::Output)?;
		let statement = Statement::new(header.clone(), input, output);
		let inputs = public_inputs(&statement, input, output);
		verify(&self.plan, &self.setup, &inputs, proof).map_err(VerificationError::Proof)
	}

	/// Real numbers to the model's fixed point, rounded to the nearest.
	pub fn quantise_input(&self, values: &[f64]) -> Result<Vec<i64>, QuantiseInputError> {
		let spec = self.input();
		let fixed = values
			.iter()
			.enumerate()
			.map(|(index, x)| {
				quantise::to_fixed(*x, spec.scale_bits)
					.ok_or(QuantiseInputError::OutOfRange { index, got: *x })
			})
			.collect::<Result<Vec<_>, _>>()?;
		spec.check_values(&fixed)
			.map_err(|error| QuantiseInputError::Input {
				error,
				spec: spec.clone(),
			})?;
		Ok(fixed)
	}

	/// An output in fixed point as real numbers.
	pub fn dequantise_output(&self, output: &[i64]) -> Vec<f64> {
		let scale = self.graph.output().scale_bits;
		output
			.iter()
			.map(|v| quantise::from_fixed(*v, scale))
			.collect()
	}
}

/// The graph that `bytes` encode, all of them, in at most [`MAX_GRAPH_MEMORY`].
fn decode_graph(mut bytes: &[u8]) -> Result<Graph, BundleError> {
	let parts = GraphParts::decode_with_mem_limit(&mut bytes, MAX_GRAPH_MEMORY)?;
	if !bytes.is_empty() {
		return Err(codec::Error::from("bytes follow the graph").into());
	}
	Ok(Graph::new(parts)?)
}

/// Makes the keys, and announces each step.
fn make_key(
	graph: &Graph,
	layout: &Layout,
	powers: &Powers,
	progress: &mut (dyn FnMut(BuildStep) + Send),
) -> Result<CompactKey, KeysError> {
	let progress = Mutex::new(progress);
	let announce = |step| {
		if let Ok(mut progress) = progress.lock() {
			progress(BuildStep {
				stage: BuildStage::Keys,
				step: Some(step),
			});
		}
	};
	let progress = Progress::new(&announce);
	let commitments = powers.commitment_key(layout.k, progress)?;
	keys::compact_key(graph, layout, &commitments, progress)
}

/// The setups whose \[s\]G2 bundles need not have.
fn known_setup(id: &SetupId) -> Option<Setup> {
	let known = [
		Setup::insecure_development(),
		Setup::perpetual_powers_of_tau(),
	];
	known.into_iter().find(|setup| setup.id() == *id)
}

/// Whether what there is of a setup is the manifest's.
fn is_setup(expected: &SetupId, got: SetupId) -> Result<(), BundleError> {
	if *expected == got {
		Ok(())
	} else {
		Err(BundleError::UnknownSetup {
			expected: *expected,
			got,
		})
	}
}

/// The field that every version's manifest has.
#[derive(Deserialize)]
struct FormatOnly {
	format: u32,
}

fn check_expected(options: &BuildOptions, length: usize) -> Result<(), BuildError> {
	let Some(rows) = &options.expected else {
		return Ok(());
	};
	let expected = options.calibration.len();
	let got = if rows.len() != expected {
		rows.len().to_string()
	} else if let Some(row) = rows.iter().find(|row| row.len() != length) {
		format!("one of {} values", row.len())
	} else if rows.iter().flatten().any(|x| !x.is_finite()) {
		"a value that is not finite".into()
	} else {
		return Ok(());
	};
	Err(BuildError::ExpectedOutputs {
		expected,
		length,
		got,
	})
}

/// BLAKE2b-256 as hex.
fn hash_text(bytes: &[u8]) -> String {
	hex(&blake2_256(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_hash(file: &'static str, expected: &str, bytes: &[u8]) -> Result<(), BundleError> {
	let got = hash_text(bytes);
	if got == expected {
		Ok(())
	} else {
		Err(BundleError::WrongHash {
			file,
			expected: expected.into(),
			got,
		})
	}
}

/// Content hash of the bundle with this manifest.
fn hash_of(manifest: &[u8]) -> Hash {
	tagged_hash(b"inference-network/bundle/v1", &manifest)
}

/// Reads a file of at most `max` bytes.
fn read(path: &Path, max: u64) -> Result<Vec<u8>, BundleError> {
	let io = |error| BundleError::Io {
		path: path.to_owned(),
		error,
	};
	let mut bytes = Vec::new();
	let file = fs::File::open(path).map_err(io)?;
	file.take(max + 1).read_to_end(&mut bytes).map_err(io)?;
	if bytes.len() as u64 > max {
		return Err(BundleError::TooLarge {
			path: path.to_owned(),
			max,
		});
	}
	Ok(bytes)
}
