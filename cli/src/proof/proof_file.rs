//! The file of a proof: what it proves, and the proof.

use crate::error::CliError;
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, StatementHeader, VkHash, WorkloadId,
	STATEMENT_VERSION,
};
use inference_prover_api::hex_bytes;
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

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
		let text = fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
		serde_json::from_str(&text).map_err(|e| {
			CliError::ProofInvalid(format!(
				"{} is no proof file, or a truncated one: {e}",
				path.display()
			))
		})
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
}
