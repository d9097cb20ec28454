//! A trusted setup's powers from a file: halo2's parameters, or snarkjs' Powers of Tau.
//!
//! **Terms.** The setup's secret is s. *Powers*: \[s^i\]G1, i = 0, 1, …. *Lagrange basis*: \[L_i(s)\]G1 for the
//! polynomials L_i that are one in the i-th element of the subgroup of 2^k and zero in the others.
//!
//! **Formats.** `params`: halo2's `ParamsKZG` as `RawBytes` or `Processed`; `ptau`: snarkjs' `.ptau` for BN254. Which
//! one it is follows from first bytes and length; the length must be that of the header to the byte, so nothing is
//! allocated by a header alone.
//!
//! **What is checked.** [`SetupFile::open`]: generators, \[s\]G2 (on the curve, in the subgroup, s neither 0 nor 1),
//! e(\[s\]G1, G2) = e(G1, \[s\]G2). [`SetupFile::commitment_key`]: all powers that it takes, and the Lagrange basis if
//! it is taken from the file. [`SetupFile::check`]: all powers of G1, and the Lagrange basis of the greatest size.
//! Every point is canonically encoded, on the curve (whose order is prime, so in the group), not the identity.
//! Whether anybody knows s, no file can show: compare [`SetupFile::setup`]'s identifier with one that you trust.
//!
//! With a number z that is drawn here, after the file was made, and A = Σ z^i P_i over the N powers P_i,
//!
//! ```text
//! e(A − z^(N−1) P_(N−1), [s]G2) = e(z^−1 (A − P_0), G2)
//! ```
//!
//! is Σ z^i (s P_i − P_(i+1)) = 0 for i < N − 1: a polynomial in z that is zero only where each P_(i+1) is s P_i, or
//! in N of the field's 2^254 elements. And of the polynomial Σ z^j X^j the coefficients are z^j, the values in
//! ω^i (z^n − 1) / (z ω^i − 1); so the sum of the Lagrange basis times the latter must be A. Both sums are made
//! of some thousand points at a time.
//!
//! **Not read**: the powers of G2 above the first, α and β, the contributions of a `.ptau`, and its Lagrange bases but
//! the one that is used.
//! Its ceremony's transcript is not replayed: `snarkjs powersoftau verify` does that.

mod lagrange;
mod params;
mod ptau;
#[cfg(test)]
mod tests;

use crate::{
	commitment_key::CommitmentKey,
	error::KeyError,
	fft::{invert_all, powers, Domain},
	msm::{Bases, Scalars},
	progress::{Progress, Stage},
};
use halo2curves::{
	bn256::{pairing, Fr, G1Affine, G2Affine, G1},
	ff::{Field, PrimeField},
	group::{prime::PrimeCurveAffine, Curve, Group, GroupEncoding},
	serde::SerdeObject,
};
use inference_primitives::SetupId;
use inference_verifier::{Setup, SetupError};
use rayon::prelude::*;
use std::{
	collections::BTreeMap,
	fs::File,
	io::{self, Read, Seek, SeekFrom},
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// Points that are read and checked at a time.
const PORTION: u64 = if cfg!(test) { 8 } else { 1 << 14 };
/// Greatest binary logarithm of a number of rows: the field's.
const MAX_K: u8 = Fr::S as u8;

/// A file that is no setup, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SetupFileError {
	/// It cannot be read.
	#[error("{0}")]
	Io(#[from] io::Error),
	/// It is a folder, a pipe or the like.
	#[error("it is no regular file")]
	NotAFile,
	/// Its first bytes are those of neither format.
	#[error(
		"it is neither a Powers of Tau file of snarkjs (.ptau) nor the parameters of halo2 (ParamsKZG)"
	)]
	Unknown,
	/// It is as long as neither encoding of halo2's parameters.
	#[error(
		"for 2^{k} rows parameters of halo2 have {raw} bytes (RawBytes) or {processed} (Processed), the file \
		 has {got}: it is cut off, has more than a setup, or is another curve's"
	)]
	ParamsLength {
		/// Its header's number of rows, binary logarithm.
		k: u8,
		/// Bytes that it would have.
		raw: u64,
		/// Bytes that it would have.
		processed: u64,
		/// Bytes that it has.
		got: u64,
	},
	/// Its sections end elsewhere than the file.
	#[error("its sections take {expected} bytes, the file has {got}: it is cut off, or has more than a setup")]
	Length {
		/// Bytes that it would have; the greatest number if that is none.
		expected: u64,
		/// Bytes that it has.
		got: u64,
	},
	/// A `.ptau` of another version than 1.
	#[error("it has version {got} of the Powers of Tau format, this program reads 1")]
	Version {
		/// Its version.
		got: u32,
	},
	/// A section is missing, there twice, or not as long as its header says.
	#[error("section {section} {what}")]
	Section {
		/// Its number in the format.
		section: u32,
		/// What is wrong.
		what: &'static str,
	},
	/// A setup of another curve than BN254.
	#[error("it is a setup of another curve than BN254 (bn128): its base field is another")]
	OtherCurve,
	/// More powers than the field has roots of unity for, or one.
	#[error("it is for 2^{got} rows; a setup has 2^1 to 2^{MAX_K}")]
	Rows {
		/// Binary logarithm of their number.
		got: u32,
	},
	/// Bytes that are not the canonical encoding of a point of the curve other than the identity.
	#[error(
		"{what} {index} is not the canonical encoding of a point of BN254 other than the identity"
	)]
	Point {
		/// Of what.
		what: &'static str,
		/// Its index.
		index: u64,
	},
	/// The first power or the first point of G2 is not the generator.
	#[error("its first point of {group} is not the generator")]
	Generator {
		/// G1 or G2.
		group: &'static str,
	},
	/// \[s\]G2 cannot be a setup's.
	#[error("[s]G2: {0}")]
	Setup(SetupError),
	/// The secrets of \[s\]G1 and \[s\]G2 differ.
	#[error("its points of G1 and of G2 have different secrets: e([s]G1, G2) is not e(G1, [s]G2)")]
	OtherSecret,
	/// A power is the generator again: the secret is a root of unity of a small order, which anybody can try.
	#[error("its power {index} is the generator again: its secret is a root of unity, which anybody can find")]
	SmallOrder {
		/// The first such power.
		index: u64,
	},
	/// A power is not the secret times the one before it.
	#[error("its powers of G1 are not the powers of its secret: at least one of the first {count} is wrong")]
	Powers {
		/// How many were looked at.
		count: u64,
	},
	/// The Lagrange basis is another one.
	#[error("its Lagrange basis is not that of its powers")]
	Lagrange,
	/// The circuit has more rows.
	#[error("it is for circuits of up to 2^{got} rows, the circuit has 2^{expected}; take a larger one of the same setup")]
	TooSmall {
		/// The circuit's.
		expected: u8,
		/// The file's.
		got: u8,
	},
	/// The points make no commitment key.
	#[error(transparent)]
	Key(#[from] KeyError),
}

/// How points are encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
	/// Both coordinates, Montgomery form.
	Raw,
	/// The first coordinate, and which of the two points it is.
	Compressed,
}

/// A group's points in a file.
trait Point: GroupEncoding + SerdeObject + PrimeCurveAffine + Send {
	/// Bytes of a coordinate.
	const COORDINATE: usize;

	/// Decodes a point; nothing for the identity and for any encoding but the one that there is.
	fn decode(bytes: &[u8], encoding: Encoding) -> Option<Self> {
		let point = match encoding {
			Encoding::Raw => Self::from_raw_bytes(bytes)?,
			Encoding::Compressed => {
				let mut repr = Self::Repr::default();
				let to = repr.as_mut();
				if to.len() != bytes.len() {
					return None;
				}
				to.copy_from_slice(bytes);
				Option::from(Self::from_bytes(&repr))?
			},
		};
		let is_canonical = match encoding {
			Encoding::Raw => point.to_raw_bytes() == bytes,
			Encoding::Compressed => point.to_bytes().as_ref() == bytes,
		};
		(is_canonical && !bool::from(point.is_identity())).then_some(point)
	}

	/// Bytes of a point.
	fn size(encoding: Encoding) -> usize {
		match encoding {
			Encoding::Raw => 2 * Self::COORDINATE,
			Encoding::Compressed => Self::COORDINATE,
		}
	}
}

impl Point for G1Affine {
	const COORDINATE: usize = 32;
}

impl Point for G2Affine {
	const COORDINATE: usize = 64;
}

/// Where a file has Lagrange bases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LagrangeBases {
	/// Nowhere.
	None,
	/// The one for 2^k, in the order of [`Domain`].
	Greatest(u64),
	/// Those for 1, 2, 4, … up to 2^k one after the other, each in the order of [`ptau::root`].
	Each(u64),
}

/// What a file has, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Form {
	format: &'static str,
	encoding: Encoding,
	/// Greatest circuit, binary logarithm of its rows.
	k: u8,
	/// Where the powers of G1 are.
	at: u64,
	/// How many they are.
	count: u64,
	/// Which Lagrange bases it has.
	bases: LagrangeBases,
	/// Where G2 is, and behind it \[s\]G2.
	g2: u64,
}

impl Form {
	/// Where the Lagrange basis for 2^`k` is, and by powers of which root of unity it is ordered.
	fn basis(&self, k: u8) -> Option<(u64, Fr)> {
		match self.bases {
			LagrangeBases::Greatest(at) if k == self.k => Some((at, root_of(k, Fr::ROOT_OF_UNITY))),
			LagrangeBases::Each(at) if k <= self.k => {
				let before = (1 << k) - 1;
				let size = G1Affine::size(self.encoding) as u64;
				Some((at + before * size, ptau::root(k)?))
			},
			_ => None,
		}
	}
}

/// A file with the powers of a setup, open for reading. See the module's text for what is checked when.
pub struct SetupFile {
	path: PathBuf,
	file: Mutex<File>,
	form: Form,
	setup: Setup,
	s_g2: G2Affine,
	/// The keys that were made so far, by size: a model's check and its prover ask for the same one, and so do
	/// models of one size. Together they take less than twice what the largest does, 128 bytes a row.
	keys: Mutex<BTreeMap<u8, CommitmentKey>>,
}

impl std::fmt::Debug for SetupFile {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("SetupFile")
			.field("path", &self.path)
			.field("form", &self.form)
			.field("setup", &self.id())
			.finish_non_exhaustive()
	}
}

impl SetupFile {
	/// Opens a file, and checks its header, its length and that its points of G1 and G2 have one secret.
	pub fn open(path: &Path) -> Result<Self, SetupFileError> {
		// Opening a pipe would wait for who writes to it.
		if !std::fs::metadata(path)?.is_file() {
			return Err(SetupFileError::NotAFile);
		}
		let mut file = File::open(path)?;
		let length = file.metadata()?.len();
		let mut magic = [0; 4];
		if length < 8 {
			return Err(SetupFileError::Unknown);
		}
		file.read_exact(&mut magic)?;
		let form = if magic == ptau::MAGIC {
			ptau::form(&mut file, length)?
		} else {
			params::form(u32::from_le_bytes(magic), length)?
		};
		let encoding = form.encoding;
		let [first, second] = read_two::<G1Affine>(&mut file, form.at, encoding, "power")?;
		if first != G1Affine::generator() {
			return Err(SetupFileError::Generator { group: "G1" });
		}
		let [g2, s_g2] = read_two::<G2Affine>(&mut file, form.g2, encoding, "point of G2")?;
		if g2 != G2Affine::generator() {
			return Err(SetupFileError::Generator { group: "G2" });
		}
		let coordinates = [s_g2.x.c0, s_g2.x.c1, s_g2.y.c0, s_g2.y.c1];
		let setup = Setup::from_bytes(&coordinates.map(|c| c.to_repr()).concat())
			.map_err(SetupFileError::Setup)?;
		if pairing(&second, &g2) != pairing(&first, &s_g2) {
			return Err(SetupFileError::OtherSecret);
		}
		Ok(Self {
			path: path.to_owned(),
			file: Mutex::new(file),
			form,
			setup,
			s_g2,
			keys: Mutex::default(),
		})
	}

	/// Where it is.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Name of its format.
	pub fn format(&self) -> &'static str {
		self.form.format
	}

	/// Binary logarithm of the rows of the greatest circuits that it serves.
	pub fn k(&self) -> u8 {
		self.form.k
	}

	/// How many powers of G1 it has.
	pub fn powers(&self) -> u64 {
		self.form.count
	}

	/// What its proofs are verified with.
	pub fn setup(&self) -> &Setup {
		&self.setup
	}

	/// The setup's identifier.
	pub fn id(&self) -> SetupId {
		self.setup.id()
	}

	/// Checks all powers of G1 and the Lagrange basis of the greatest size, if there is one. Memory: some MiB.
	pub fn check(&self, progress: Progress<'_>) -> Result<(), SetupFileError> {
		let z = challenge();
		let count = self.form.count;
		let portions = |count: u64| count.div_ceil(PORTION) as usize;
		let basis = self.form.basis(self.form.k);
		let size = 1u64 << self.form.k;
		// A basis is compared with as many powers as it has points.
		let again = basis.filter(|_| count != size).map_or(0, |_| size);
		let total = portions(count) + portions(again) + portions(basis.map_or(0, |_| size));
		let counter = progress.stage(Stage::ReadSetup, total);
		let mut sum = self.sum_of_powers(count, z, |_| counter.advance())?;
		if again != 0 {
			sum = self.sum_of_powers(again, z, |_| counter.advance())?;
		}
		match basis {
			Some(basis) => self.check_basis(basis, size, z, sum, |_| counter.advance()),
			None => Ok(()),
		}
	}

	/// The commitment key for circuits of 2^`k` rows, from the file's first 2^k powers, which are checked. The
	/// Lagrange basis is the file's if it has one for 2^k, and otherwise computed: about 2^k · k · 45 µs of one core.
	/// Kept, 128 bytes a row, for whoever asks for that size again.
	pub fn commitment_key(
		&self,
		k: u8,
		progress: Progress<'_>,
	) -> Result<CommitmentKey, SetupFileError> {
		if k == 0 {
			return Err(SetupFileError::Rows { got: 0 });
		}
		if k > self.form.k {
			return Err(SetupFileError::TooSmall {
				expected: k,
				got: self.form.k,
			});
		}
		// Not locked while one is made: that takes minutes, and other sizes need not wait.
		let keys = || self.keys.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(key) = keys().get(&k) {
			return Ok(key.clone());
		}
		let counter = progress.stage(Stage::Setup, 2);
		let (count, z) = (1u64 << k, challenge());
		// The file is as long as its header says, so this is at most four times what it takes on disk.
		let mut points = Vec::with_capacity(count as usize);
		let sum = self.sum_of_powers(count, z, |portion| points.extend_from_slice(portion))?;
		counter.advance();
		let basis = match self.form.basis(k) {
			Some(at) => {
				let mut basis = Vec::with_capacity(count as usize);
				self.check_basis(at, count, z, sum, |portion| {
					basis.extend_from_slice(portion)
				})?;
				lagrange::reorder(basis, at.1, root_of(k, Fr::ROOT_OF_UNITY))
			},
			None => lagrange::basis(&points, &domain(k)?),
		};
		counter.advance();
		let key = CommitmentKey::new(k, points, basis)?;
		Ok(keys().entry(k).or_insert(key).clone())
	}

	/// Checks the first `count` ≥ 2 powers; Σ z^i P_i over them. `each` gets them in portions.
	fn sum_of_powers(
		&self,
		count: u64,
		z: Fr,
		mut each: impl FnMut(&[G1Affine]),
	) -> Result<G1, SetupFileError> {
		let (mut sum, mut factor) = (G1::identity(), Fr::ONE);
		let (mut first, mut last) = (None, (Fr::ONE, G1Affine::identity()));
		for from in (0..count).step_by(PORTION as usize) {
			let size = PORTION.min(count - from);
			let points = self.read(self.form.at, from, size, "power")?;
			let factors: Vec<Fr> = powers(z).take(points.len()).map(|x| x * factor).collect();
			if let (Some(power), Some(point)) = (factors.last(), points.last()) {
				last = (*power, *point);
				factor = *power * z;
			}
			first = first.or(points.first().copied());
			let again = |(index, point): (usize, &G1Affine)| {
				let index = from + index as u64;
				(index > 0 && *point == G1Affine::generator()).then_some(index)
			};
			if let Some(index) = points.iter().enumerate().find_map(again) {
				return Err(SetupFileError::SmallOrder { index });
			}
			each(&points);
			sum += multiply(points, &factors);
		}
		let first = first.unwrap_or(G1Affine::identity());
		if first != G1Affine::generator() {
			return Err(SetupFileError::Generator { group: "G1" });
		}
		let inverse = z.invert().unwrap_or(Fr::ONE);
		let low = (sum - last.1 * last.0).to_affine();
		let high = ((sum - first) * inverse).to_affine();
		if pairing(&low, &self.s_g2) != pairing(&high, &G2Affine::generator()) {
			return Err(SetupFileError::Powers { count });
		}
		Ok(sum)
	}

	/// Checks a Lagrange basis of `count` points, where it is and ordered by which root of unity, against `sum`,
	/// which [`Self::sum_of_powers`] made of as many powers.
	fn check_basis(
		&self,
		(at, root): (u64, Fr),
		count: u64,
		z: Fr,
		sum: G1,
		mut each: impl FnMut(&[G1Affine]),
	) -> Result<(), SetupFileError> {
		let numerator = z.pow_vartime([count]) - Fr::ONE;
		let (mut got, mut element) = (G1::identity(), Fr::ONE);
		for from in (0..count).step_by(PORTION as usize) {
			let size = PORTION.min(count - from);
			let points = self.read(at, from, size, "point of the Lagrange basis")?;
			let mut factors = Vec::with_capacity(points.len());
			for _ in &points {
				factors.push(z * element - Fr::ONE);
				element *= root;
			}
			invert_all(&mut factors);
			for factor in &mut factors {
				*factor *= numerator;
			}
			each(&points);
			got += multiply(points, &factors);
		}
		if got == sum {
			Ok(())
		} else {
			Err(SetupFileError::Lagrange)
		}
	}

	/// Points `from` to `from` + `count` of those at `at`.
	fn read(
		&self,
		at: u64,
		from: u64,
		count: u64,
		what: &'static str,
	) -> Result<Vec<G1Affine>, SetupFileError> {
		let encoding = self.form.encoding;
		let size = G1Affine::size(encoding);
		let bytes = {
			let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
			read_at(&mut file, at + from * size as u64, count as usize * size)?
		};
		let decode = |(index, bytes): (usize, &[u8])| {
			G1Affine::decode(bytes, encoding).ok_or(SetupFileError::Point {
				what,
				index: from + index as u64,
			})
		};
		bytes.par_chunks(size).enumerate().map(decode).collect()
	}
}

/// The sum of the points times the factors.
fn multiply(points: Vec<G1Affine>, factors: &[Fr]) -> G1 {
	Bases::new(points).multiply(Scalars::Full(factors), rayon::current_num_threads())
}

/// A number that whoever made the file could not know. Zero, with which nothing would be checked, is one of 2^254.
fn challenge() -> Fr {
	Fr::random(rand::rngs::OsRng)
}

/// The root of unity of order 2^`k` that `greatest`, of order 2^28, is a root of.
fn root_of(k: u8, greatest: Fr) -> Fr {
	(u32::from(k)..Fr::S).fold(greatest, |root, _| root.square())
}

fn domain(k: u8) -> Result<Domain, KeyError> {
	Domain::new(u32::from(k)).ok_or(KeyError::Unsupported {
		what: "so many rows",
	})
}

fn read_at(file: &mut File, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
	let mut buffer = vec![0; bytes];
	file.seek(SeekFrom::Start(at))?;
	file.read_exact(&mut buffer)?;
	Ok(buffer)
}

/// The two points at `at`.
fn read_two<P: Point>(
	file: &mut File,
	at: u64,
	encoding: Encoding,
	what: &'static str,
) -> Result<[P; 2], SetupFileError> {
	let size = P::size(encoding);
	let bytes = read_at(file, at, 2 * size)?;
	let (first, second) = bytes.split_at(size);
	let decode =
		|bytes, index| P::decode(bytes, encoding).ok_or(SetupFileError::Point { what, index });
	Ok([decode(first, 0)?, decode(second, 1)?])
}
