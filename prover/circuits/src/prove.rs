//! Proves inferences.

use crate::{
	bundle::{Bundle, BundleError, VerificationError},
	circuit::{
		error::TraceError,
		trace::{Trace, WitnessError},
	},
	commitment_keys::CommitmentKeys,
	execute::ExecuteError,
	keys::KeysError,
};
use halo2_proofs::halo2curves::bn256::Fr;
use inference_plonk::{
	prove_with_progress, Blinding, Column, CommitmentKey, KeyFileError, Progress, ProvingKey, Step,
	Storage,
};
use inference_primitives::{Statement, StatementHeader, StatementVersion, VkHash};
use inference_verifier::{halo2::to_halo2, public_inputs};
use std::{fmt, path::PathBuf, sync::Arc};

/// A proven inference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
	/// Output tensor, fixed point at the model's output scale.
	pub output: Vec<i64>,
	/// The proof, as the chain takes it.
	pub bytes: Vec<u8>,
}

/// A prover that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProverError {
	/// The keys cannot be made.
	#[error(transparent)]
	Keys(#[from] KeysError),
	/// The bundle's proving key cannot be read, or is not the manifest's.
	#[error(transparent)]
	Bundle(#[from] BundleError),
	/// The bundle's proving key is none of its verifying key.
	#[error("{}: {error}; build the bundle again", .path.display())]
	KeyFile {
		/// The file.
		path: PathBuf,
		/// What is wrong.
		error: KeyFileError,
	},
	/// There is no file for the polynomials.
	#[error("no file can be made in {}: {error}", .directory.display())]
	Scratch {
		/// Where it should be.
		directory: PathBuf,
		/// Why.
		error: std::io::Error,
	},
	/// The bundle's graph and layout give another verifying key than the bundle's.
	#[error(
		"the bundle's verifying key is not that of its model: expected {expected}, got {got}; \
		build the bundle again"
	)]
	WrongPlan {
		/// Hash of the bundle's key.
		expected: VkHash,
		/// Hash of the key that its model has.
		got: VkHash,
	},
}

/// An inference that cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
	/// The statement names another verifying key.
	#[error("the statement is for verifying key {expected}, the loaded model's is {got}")]
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
	/// The model does not take the input.
	#[error(transparent)]
	Execute(#[from] ExecuteError),
	/// Something is missing in the model's rows.
	#[error("the model has no rows: {0}. This is a fault of the program, please report it")]
	Trace(TraceError),
	/// The prover fails.
	#[error("the inference cannot be proven: {0}")]
	Plonk(#[from] inference_plonk::ProveError),
	/// The proof does not verify: a bug of ours.
	#[error("the proof was made but does not verify, please report this: {0}")]
	Unverified(#[from] VerificationError),
}

impl From<WitnessError> for ProveError {
	fn from(error: WitnessError) -> Self {
		match error {
			WitnessError::Execute(error) => Self::Execute(error),
			WitnessError::Trace(error) => Self::Trace(error),
		}
	}
}

/// How to hold a model's proving key.
#[derive(Clone, Default)]
pub struct ProverOptions {
	/// A directory for the key's polynomials: a file without a name, of 32 · 2^k bytes a column, from
	/// which each proof reads them. Without it they are in memory. It should be on a disk.
	pub scratch: Option<PathBuf>,
	/// Whether to do without the multiples of the setup's points, too: they take up to 40 MiB, and
	/// as long to make as several proofs gain by them.
	pub without_tables: bool,
	/// The setups' points that other provers have, which this one shares with those of its setup and size.
	pub commitments: CommitmentKeys,
	/// Called with the steps of loading the key and of each proof, from any thread.
	pub progress: Option<Arc<dyn Fn(Step) + Send + Sync>>,
}

impl fmt::Debug for ProverOptions {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("ProverOptions")
			.field("scratch", &self.scratch)
			.field("without_tables", &self.without_tables)
			.field("progress", &self.progress.is_some())
			.finish()
	}
}

impl ProverOptions {
	fn progress(&self) -> Progress<'_> {
		match &self.progress {
			Some(announce) => Progress::new(announce.as_ref()),
			None => Progress::NONE,
		}
	}
}

/// A model with its proving key in memory. Shared freely between threads; each proof runs on all
/// cores.
pub struct Prover {
	bundle: Arc<Bundle>,
	commitments: Arc<CommitmentKey>,
	key: ProvingKey,
	options: ProverOptions,
}

impl fmt::Debug for Prover {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Prover")
			.field("vk_hash", &self.bundle.vk_hash())
			.finish_non_exhaustive()
	}
}

impl Prover {
	/// Loads the bundle's proving key. Where the bundle has none, makes it, and checks that its
	/// verifying key is the bundle's.
	pub fn new(bundle: Arc<Bundle>) -> Result<Self, ProverError> {
		Self::with_options(bundle, ProverOptions::default())
	}

	/// As [`Self::new`], with options.
	pub fn with_options(bundle: Arc<Bundle>, options: ProverOptions) -> Result<Self, ProverError> {
		let progress = options.progress();
		let (powers, k) = (bundle.powers()?, bundle.layout().k);
		let with_tables = !options.without_tables;
		let commitments = options.commitments.get(powers, k, with_tables, progress)?;
		let compact = bundle.proving_key(&commitments, progress)?;
		let storage = match &options.scratch {
			None => Storage::Memory,
			Some(directory) => {
				Storage::File(tempfile::tempfile_in(directory).map_err(|error| {
					let directory = directory.clone();
					ProverError::Scratch { directory, error }
				})?)
			},
		};
		let key = ProvingKey::from_compact(compact, storage, progress).map_err(KeysError::Key)?;
		Ok(Self {
			bundle,
			commitments,
			key,
			options,
		})
	}

	/// The model.
	pub fn bundle(&self) -> &Arc<Bundle> {
		&self.bundle
	}

	/// Bytes of the proving key in memory, about, without the setup's points.
	pub fn key_bytes(&self) -> usize {
		self.key.bytes()
	}

	/// The setup's points, which are those of other provers, too: [`ProverOptions::commitments`].
	pub fn commitments(&self) -> &Arc<CommitmentKey> {
		&self.commitments
	}

	/// Executes the model on `input`, proves it under `header`, and verifies the proof.
	pub fn prove(&self, header: &StatementHeader, input: &[i64]) -> Result<Proof, ProveError> {
		let proof = self.prove_unverified(header, input)?;
		self.bundle
			.verify(header, input, &proof.output, &proof.bytes)?;
		Ok(proof)
	}

	/// As [`Self::prove`], without verifying: to measure.
	pub fn prove_unverified(
		&self,
		header: &StatementHeader,
		input: &[i64],
	) -> Result<Proof, ProveError> {
		let bundle = &self.bundle;
		if header.vk_hash != bundle.vk_hash() {
			return Err(ProveError::WrongKey {
				expected: header.vk_hash,
				got: bundle.vk_hash(),
			});
		}
		if header.supported_version().is_none() {
			return Err(ProveError::UnsupportedStatement {
				got: header.version,
			});
		}
		let (trace, output) = Trace::witness(bundle.graph(), bundle.layout(), input)?;
		let public_input = bundle.public_part(input);
		let statement = Statement::new(header.clone(), public_input, &output);
		let instance: Vec<Fr> = public_inputs(&statement, public_input, &output)
			.into_iter()
			.map(to_halo2)
			.collect();
		let mut columns: Vec<Column> = trace
			.advice_integers()
			.iter()
			.map(|column| Column::from_integers(column))
			.collect();
		// What a batch's second phase combines; otherwise the columns are all there is.
		let batch = bundle.layout().columns.defers().then_some(trace);
		// The statement's cell.
		if let (Some(lane), Some(value)) = (columns.first_mut(), instance.first()) {
			lane.set(0, *value);
		}
		// Without a hidden input there is nothing to hide: input and output are public, and the model is
		// in the key.
		let mut random = rand::rngs::OsRng;
		let blinding = if bundle.layout().claim.hidden_input {
			Blinding::Random(&mut random)
		} else {
			Blinding::None
		};
		let bytes = prove_with_progress(
			&self.key,
			&self.commitments,
			&[instance],
			|phase, challenges| {
				Ok(match (challenges.first(), &batch) {
					(Some(challenge), Some(trace)) if phase > 0 => trace
						.advice_combined(*challenge)
						.into_iter()
						.map(Column::Scalars)
						.collect(),
					_ => std::mem::take(&mut columns),
				})
			},
			blinding,
			self.options.progress(),
		)?;
		Ok(Proof { output, bytes })
	}
}
