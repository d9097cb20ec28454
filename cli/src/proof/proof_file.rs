//! The file of a proof: what it proves, and the proof.

use super::files::read_at_most;
use crate::error::CliError;
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, StatementHeader, StatementVersion, VkHash,
	WorkloadId, STATEMENT_VERSION,
};
use inference_prover_api::hex_bytes;
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// Most bytes of a proof file: the tensors of the largest statement, written out a line a value, the largest
/// proof in hexadecimal digits, and room.
const MAX_PROOF_FILE_BYTES: u32 = 1 << 20;

/// A proof with its statement, as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
	/// What was ordered.
	pub statement: StatementHeader,
	/// Input tensor, fixed point at the model's input scale.
	pub input: Vec<i64>,
	/// Output tensor, fixed point at the model's output scale.
	pub output: Vec<i64>,
	/// The proof.
	#[serde(with = "hex_bytes")]
	pub proof: Vec<u8>,
}

impl ProofFile {
	/// Reads a proof file. What is no proof file is no valid proof.
	pub fn read(path: &Path) -> Result<Self, CliError> {
		let bytes = read_at_most(path, MAX_PROOF_FILE_BYTES)?;
		let file: Self = serde_json::from_slice(&bytes).map_err(|e| {
			CliError::ProofInvalid(format!(
				"{} is no proof file, or a truncated one: {e}",
				path.display()
			))
		})?;
		match file.statement.supported_version() {
			Some(_) => Ok(file),
			None => Err(CliError::ProofInvalid(format!(
				"{} has a statement of version {}, this program knows {:?}; upgrade it",
				path.display(),
				file.statement.version,
				StatementVersion::numbers()
			))),
		}
	}

	/// Writes it.
	pub fn write(&self, path: &Path) -> Result<(), CliError> {
		let json =
			serde_json::to_string_pretty(self).map_err(|e| CliError::file("write", path, e))?;
		fs::write(path, json + "\n").map_err(|e| CliError::file("write", path, e))
	}
}

/// The statement of a proof that belongs to no chain: genesis, workload and model reference are all
/// zero, so no chain accepts such a proof for a workload.
pub fn offline_statement(vk_hash: VkHash) -> StatementHeader {
	StatementHeader {
		genesis: GenesisHash::default(),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash,
		model: ModelRef {
			model: ModelId(0),
			version: 0,
		},
		workload: WorkloadId::default(),
		destination: Destination::Local,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{MAX_PROOF_BYTES, MAX_TENSOR_VALUES};

	#[test]
	fn a_proof_of_an_unknown_statement_version_is_refused() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let mut proof = ProofFile {
			statement: offline_statement(VkHash([1; 32])),
			input: vec![],
			output: vec![3],
			proof: vec![],
		};
		for version in StatementVersion::numbers() {
			proof.statement.version = version;
			proof.write(file.path()).unwrap();
			assert!(ProofFile::read(file.path()).is_ok());
		}
		proof.statement.version = 0;
		proof.write(file.path()).unwrap();
		let error = ProofFile::read(file.path()).unwrap_err();
		assert!(error.to_string().contains("[1, 2]"), "{error}");
	}

	#[test]
	fn a_proof_file_reads_back_and_a_truncated_one_is_no_proof() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let proof = ProofFile {
			statement: offline_statement(VkHash([1; 32])),
			input: vec![-1, 2],
			output: vec![3],
			proof: vec![0xab; 8],
		};
		proof.write(file.path()).unwrap();
		assert_eq!(ProofFile::read(file.path()).unwrap(), proof);
		let text = fs::read_to_string(file.path()).unwrap();
		fs::write(file.path(), &text[..text.len() / 2]).unwrap();
		assert_eq!(ProofFile::read(file.path()).unwrap_err().exit_code(), 4);
	}

	#[test]
	fn the_largest_proof_file_is_read_and_a_larger_file_is_not() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let values = vec![i64::MIN; MAX_TENSOR_VALUES as usize];
		let proof = ProofFile {
			statement: offline_statement(VkHash([1; 32])),
			input: values.clone(),
			output: values,
			proof: vec![0xab; MAX_PROOF_BYTES as usize],
		};
		proof.write(file.path()).unwrap();
		assert_eq!(ProofFile::read(file.path()).unwrap(), proof);
		// Sparse: nothing of it is on the disk, and no more than the bound in memory.
		file.as_file().set_len(1 << 40).unwrap();
		let error = ProofFile::read(file.path()).unwrap_err();
		assert!(error.to_string().contains("more than"), "{error}");
	}
}
