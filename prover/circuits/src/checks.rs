//! Which bundles were checked on this machine, so that each is checked once.
//!
//! A record is a small JSON file in a folder of the user's or of the prover service's, never beside the
//! bundle: whoever made the bundle could have written it there. Its name is the bundle's hash, which covers
//! all the bundle's files.

use crate::bundle::{hex, Bundle, CheckError};
use inference_plonk::Progress;
use inference_primitives::{Hash, TensorSpec, VkHash};
use serde::{Deserialize, Serialize};
use std::{
	env, fs,
	io::Read,
	path::{Path, PathBuf},
};

/// Version of the circuits and of what a check compares. Raised with each breaking circuit change, so that
/// bundles are checked again.
pub const CHECK_VERSION: u32 = 1;

/// Environment variable that names the user's folder of records.
pub const CHECKS_VARIABLE: &str = "INFERENCE_CHECKS";

/// Most bytes of a record.
const MAX_RECORD_BYTES: u64 = 1 << 16;

/// A folder of records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checks(PathBuf);

/// That a bundle was checked: its keys are those of its model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRecord {
	/// [`CHECK_VERSION`].
	pub version: u32,
	/// The bundle's hash, hex.
	pub bundle_hash: String,
	/// Its verifying key.
	pub vk_hash: VkHash,
	/// Its input tensor.
	pub input: TensorSpec,
	/// Its output tensor.
	pub output: TensorSpec,
}

impl CheckRecord {
	fn of(bundle: &Bundle) -> Self {
		Self {
			version: CHECK_VERSION,
			bundle_hash: hex(&bundle.hash()),
			vk_hash: bundle.vk_hash(),
			input: bundle.input().clone(),
			output: bundle.output().clone(),
		}
	}
}

impl Checks {
	/// The records in `folder`, which need not exist yet.
	pub fn at(folder: impl Into<PathBuf>) -> Self {
		Self(folder.into())
	}

	/// The user's: the folder that [`CHECKS_VARIABLE`] names, or `inference-network/checks` in the user's
	/// data folder; nothing if there is no such folder.
	pub fn of_user() -> Option<Self> {
		let folder = |name| env::var_os(name).filter(|value| !value.is_empty());
		if let Some(checks) = folder(CHECKS_VARIABLE) {
			return Some(Self::at(checks));
		}
		let data = folder("XDG_DATA_HOME")
			.map(PathBuf::from)
			.or_else(|| Some(Path::new(&folder("HOME")?).join(".local/share")))?;
		Some(Self::at(data.join("inference-network/checks")))
	}

	/// The folder.
	pub fn folder(&self) -> &Path {
		&self.0
	}

	fn path(&self, bundle_hash: &Hash) -> PathBuf {
		self.0.join(format!("{}.json", hex(bundle_hash)))
	}

	/// The record of the bundle with this hash; nothing if it was not checked by this version, or if the
	/// record cannot be read.
	pub fn find(&self, bundle_hash: &Hash) -> Option<CheckRecord> {
		let file = fs::File::open(self.path(bundle_hash)).ok()?;
		let mut bytes = Vec::new();
		file.take(MAX_RECORD_BYTES).read_to_end(&mut bytes).ok()?;
		let record: CheckRecord = serde_json::from_slice(&bytes).ok()?;
		let is_right = record.version == CHECK_VERSION && record.bundle_hash == hex(bundle_hash);
		is_right.then_some(record)
	}

	/// Checks `bundle` unless that was done before, and records it. Says whether it was checked now.
	pub fn check(&self, bundle: &Bundle, progress: Progress<'_>) -> Result<bool, CheckError> {
		let record = CheckRecord::of(bundle);
		if self.find(&bundle.hash()).as_ref() == Some(&record) {
			return Ok(false);
		}
		bundle.check(progress)?;
		self.save(&bundle.hash(), &record)?;
		Ok(true)
	}

	/// Records that `bundle`, which the caller built or checked, has the keys of its model.
	pub fn record(&self, bundle: &Bundle) -> Result<(), CheckError> {
		self.save(&bundle.hash(), &CheckRecord::of(bundle))
	}

	fn save(&self, bundle_hash: &Hash, record: &CheckRecord) -> Result<(), CheckError> {
		let path = self.path(bundle_hash);
		let partial = path.with_extension("partial");
		let json = serde_json::to_vec_pretty(record).map_err(std::io::Error::other);
		let written = json.and_then(|json| {
			fs::create_dir_all(&self.0)?;
			fs::write(&partial, json)?;
			fs::rename(&partial, &path)
		});
		written.map_err(|error| CheckError::Record { path, error })
	}
}
