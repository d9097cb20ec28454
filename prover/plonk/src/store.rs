//! The circuit's polynomials: in memory, or in a file from which they are read when they are used.

use crate::fft::Domain;
use halo2curves::{bn256::Fr, serde::SerdeObject};
use std::{
	borrow::Cow,
	fs::File,
	io::{self, Read, Seek, SeekFrom, Write},
	sync::{Mutex, PoisonError},
};

/// Bytes of a coefficient in the file.
const COEFFICIENT_BYTES: usize = 32;

/// Where a proving key keeps its polynomials.
#[derive(Debug)]
pub enum Storage {
	/// In memory: 32 · 2^k bytes for each fixed column and each column of the permutation.
	Memory,
	/// In this file, which must be readable and writable, and is overwritten. A proof reads each
	/// polynomial once for most degrees of the constraints that use it, and twice to open it.
	File(File),
}

/// Polynomials of n coefficients.
#[derive(Debug)]
pub(crate) enum Store {
	Memory(Vec<Vec<Fr>>),
	File {
		file: Mutex<File>,
		/// Coefficients of a polynomial.
		size: usize,
		/// Number of polynomials.
		len: usize,
	},
}

impl Store {
	pub(crate) fn new(storage: Storage, domain: &Domain) -> io::Result<Self> {
		Ok(match storage {
			Storage::Memory => Self::Memory(Vec::new()),
			Storage::File(file) => {
				file.set_len(0)?;
				Self::File {
					file: Mutex::new(file),
					size: domain.size(),
					len: 0,
				}
			},
		})
	}

	/// Adds polynomials.
	pub(crate) fn extend(&mut self, polynomials: Vec<Vec<Fr>>) -> io::Result<()> {
		match self {
			Self::Memory(list) => list.extend(polynomials),
			Self::File { file, len, .. } => {
				let file = file.get_mut().map_err(|_| poisoned())?;
				for polynomial in polynomials {
					let mut bytes = Vec::with_capacity(polynomial.len() * COEFFICIENT_BYTES);
					for coefficient in &polynomial {
						coefficient.write_raw(&mut bytes)?;
					}
					file.write_all(&bytes)?;
					*len += 1;
				}
			},
		}
		Ok(())
	}

	/// Polynomial `index`.
	pub(crate) fn get(&self, index: usize) -> io::Result<Cow<'_, [Fr]>> {
		let missing = || io::Error::new(io::ErrorKind::NotFound, "no such polynomial");
		match self {
			Self::Memory(list) => {
				let polynomial = list.get(index).ok_or_else(missing)?;
				Ok(Cow::Borrowed(polynomial))
			},
			Self::File { file, size, len } => {
				if index >= *len {
					return Err(missing());
				}
				let mut bytes = vec![0; size * COEFFICIENT_BYTES];
				{
					// A thread that panicked with the lock left nothing half done: each reader says where it reads.
					let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
					file.seek(SeekFrom::Start((index * bytes.len()) as u64))?;
					file.read_exact(&mut bytes)?;
				}
				let mut bytes = bytes.as_slice();
				let coefficients = (0..*size).map(|_| Fr::read_raw(&mut bytes));
				Ok(Cow::Owned(coefficients.collect::<io::Result<_>>()?))
			},
		}
	}

	/// Bytes in memory.
	pub(crate) fn bytes(&self) -> usize {
		match self {
			Self::Memory(list) => list.iter().map(Vec::len).sum::<usize>() * size_of::<Fr>(),
			Self::File { .. } => 0,
		}
	}
}

fn poisoned() -> io::Error {
	io::Error::other("another thread failed while it used the file")
}
