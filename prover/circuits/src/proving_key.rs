//! The proving key of a bundle: `proving_key.bin`, written and read as a stream.
//!
//! The file is [`CompactKey::write`]'s, with the verifying key's hash in it; the manifest has its
//! length and hash. It holds what takes long to make from the graph and is small: the fixed columns
//! as integers, and the permutation as cells. The commitments are in `plan.bin`.
//!
//! **What a damaged or malicious file can do.** Length and hash must be the manifest's, and the file
//! must name the bundle's verifying key. Whether its columns are the graph's is not checked when it is read,
//! but by [`Bundle::check`](crate::Bundle::check), which makes them anew and compares the file's hash. With
//! other columns a proof of some inputs, or of all, does not verify:
//! [`Prover::prove`](crate::Prover::prove) verifies each proof before it returns it. Without the file the key
//! is made from the graph, and then it must be the bundle's.

use crate::{
	bundle::{hex, Bundle, BundleError, Manifest},
	keys,
	prove::ProverError,
};
use blake2b_simd::{Params, State};
use inference_plonk::{CommitmentKey, CompactKey, Progress};
use inference_primitives::VkHash;
use std::{
	fs::{self, File},
	io::{self, BufReader, BufWriter, Read, Write},
	path::{Path, PathBuf},
	sync::Arc,
};

/// The file's name.
pub(crate) const PROVING_KEY: &str = "proving_key.bin";
/// Bytes that are read or written at a time.
const BUFFER: usize = 1 << 16;

/// Where a bundle's proving key is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
	/// Just built.
	Built(Arc<CompactKey>),
	/// In the bundle's directory, if it is there.
	Directory(PathBuf),
}

/// Length and BLAKE2b-256 of what is read or written through it.
struct Hashing<T> {
	inner: T,
	state: State,
	bytes: u64,
}

impl<T> Hashing<T> {
	fn new(inner: T) -> Self {
		Self {
			inner,
			state: Params::new().hash_length(32).to_state(),
			bytes: 0,
		}
	}

	fn add(&mut self, bytes: &[u8]) {
		self.state.update(bytes);
		self.bytes += bytes.len() as u64;
	}

	/// Hash as hex, and length.
	fn finish(&self) -> (String, u64) {
		(hex(self.state.finalize().as_bytes()), self.bytes)
	}
}

impl<R: Read> Read for Hashing<R> {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		let read = self.inner.read(buffer)?;
		self.add(buffer.get(..read).unwrap_or_default());
		Ok(read)
	}
}

impl<W: Write> Write for Hashing<W> {
	fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
		let written = self.inner.write(buffer)?;
		self.add(buffer.get(..written).unwrap_or_default());
		Ok(written)
	}

	fn flush(&mut self) -> io::Result<()> {
		self.inner.flush()
	}
}

/// Writes a key to `out`; its hash as hex, and its length.
pub(crate) fn write(
	key: &CompactKey,
	vk_hash: &VkHash,
	out: impl Write,
) -> io::Result<(String, u64)> {
	let mut out = BufWriter::with_capacity(BUFFER, Hashing::new(out));
	key.write(&vk_hash.0, &mut out)?;
	out.flush()?;
	Ok(out.get_ref().finish())
}

impl Source {
	/// Writes the key into `dir`. A bundle without the file is saved without it.
	pub(crate) fn save(&self, vk_hash: &VkHash, dir: &Path) -> Result<(), BundleError> {
		let (path, partial) = (
			dir.join(PROVING_KEY),
			dir.join(format!("{PROVING_KEY}.partial")),
		);
		let io = |path: &Path| {
			let path = path.to_owned();
			move |error| BundleError::Io { path, error }
		};
		match self {
			Self::Built(key) => {
				let file = File::create(&partial).map_err(io(&partial))?;
				write(key, vk_hash, file).map_err(io(&partial))?;
			},
			Self::Directory(from) => {
				let from = from.join(PROVING_KEY);
				match fs::copy(&from, &partial) {
					Ok(_) => {},
					Err(error) if error.kind() == io::ErrorKind::NotFound => {
						// Another bundle's may be there.
						return match fs::remove_file(&path) {
							Err(error) if error.kind() != io::ErrorKind::NotFound => {
								Err(io(&path)(error))
							},
							_ => Ok(()),
						};
					},
					Err(error) => return Err(io(&from)(error)),
				}
			},
		}
		fs::rename(&partial, &path).map_err(io(&path))
	}

	/// Compares length and hash of the file with what `manifest` says, if there is a file.
	pub(crate) fn check_file(&self, manifest: &Manifest) -> Result<(), BundleError> {
		let Self::Directory(dir) = self else {
			return Ok(());
		};
		let path = dir.join(PROVING_KEY);
		let io = |error| BundleError::Io {
			path: path.clone(),
			error,
		};
		let file = match File::open(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
			opened => opened.map_err(io)?,
		};
		check_length(manifest, file.metadata().map_err(io)?.len())?;
		let input = Hashing::new(file.take(manifest.proving_key_bytes));
		let mut input = BufReader::with_capacity(BUFFER, input);
		io::copy(&mut input, &mut io::sink()).map_err(io)?;
		check_hash(manifest, input.get_ref().finish().0)
	}

	/// The key of `bundle`, whose source this is.
	pub(crate) fn load(
		&self,
		bundle: &Bundle,
		commitments: &CommitmentKey,
		progress: Progress<'_>,
	) -> Result<Arc<CompactKey>, ProverError> {
		let dir = match self {
			Self::Built(key) => return Ok(key.clone()),
			Self::Directory(dir) => dir,
		};
		let path = dir.join(PROVING_KEY);
		match File::open(&path) {
			Ok(file) => Ok(Arc::new(read(bundle, &path, file, progress)?)),
			Err(error) if error.kind() == io::ErrorKind::NotFound => {
				make(bundle, commitments, progress)
			},
			Err(error) => Err(BundleError::Io { path, error }.into()),
		}
	}
}

/// Makes the key from the graph, and checks that its verifying key is the bundle's.
fn make(
	bundle: &Bundle,
	commitments: &CommitmentKey,
	progress: Progress<'_>,
) -> Result<Arc<CompactKey>, ProverError> {
	let key = keys::compact_key(bundle.graph(), bundle.layout(), commitments, progress)?;
	if key.plan() == bundle.plan() {
		Ok(Arc::new(key))
	} else {
		Err(ProverError::WrongPlan {
			expected: bundle.vk_hash(),
			got: bundle.vk_hash_of(key.plan()),
		})
	}
}

/// Reads the key in one pass. A file that is not the manifest's is reported as such, whatever else
/// is wrong with it.
fn read(
	bundle: &Bundle,
	path: &Path,
	file: File,
	progress: Progress<'_>,
) -> Result<CompactKey, ProverError> {
	let io = |error| BundleError::Io {
		path: path.to_owned(),
		error,
	};
	let manifest = bundle.manifest();
	check_length(manifest, file.metadata().map_err(io)?.len())?;
	let input = Hashing::new(file.take(manifest.proving_key_bytes));
	let mut input = BufReader::with_capacity(BUFFER, input);
	let plan = bundle.plan().clone();
	let key = CompactKey::read(plan, &bundle.vk_hash().0, &mut input, progress);
	io::copy(&mut input, &mut io::sink()).map_err(io)?;
	check_hash(manifest, input.get_ref().finish().0)?;
	key.map_err(|error| ProverError::KeyFile {
		path: path.to_owned(),
		error,
	})
}

fn check_length(manifest: &Manifest, got: u64) -> Result<(), BundleError> {
	let expected = manifest.proving_key_bytes;
	if expected == got {
		return Ok(());
	}
	Err(BundleError::WrongLength {
		file: PROVING_KEY,
		expected,
		got,
	})
}

fn check_hash(manifest: &Manifest, got: String) -> Result<(), BundleError> {
	if got == manifest.proving_key_hash {
		return Ok(());
	}
	Err(BundleError::WrongHash {
		file: PROVING_KEY,
		expected: manifest.proving_key_hash.clone(),
		got,
	})
}
