//! The statement: what a proof is about (docs/DESIGN.md, rule 4).
//!
//! The proof's public inputs are, in this order: [`Statement::to_field_bytes`], the input's values,
//! the output's values. The prover and the runtime build them with the same functions
//! (`inference_verifier::public_inputs`), so a proof settles exactly one statement.

use crate::{
	hashing::{tagged_hash, tensor_hash},
	ids::GenesisHash,
	Destination, Hash, ModelRef, VkHash, WorkloadId,
};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Version of the statement's definition. Pinned in each workload at submission.
pub const STATEMENT_VERSION: u8 = 1;

/// Everything that a statement binds except the output, which is not known when work is assigned.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct StatementHeader {
	/// Hash of the chain's genesis block.
	pub genesis: GenesisHash,
	/// Fork domain: distinguishes chains that share a genesis.
	pub domain: u32,
	/// [`STATEMENT_VERSION`] at submission.
	pub version: u8,
	/// The verifying key.
	pub vk_hash: VkHash,
	/// Model and version.
	pub model: ModelRef,
	/// The workload.
	pub workload: WorkloadId,
	/// Where the result goes.
	pub destination: Destination,
}

/// A full statement.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Statement {
	/// What was ordered.
	pub header: StatementHeader,
	/// Hash of the input tensor ([`tensor_hash`]).
	pub input: Hash,
	/// Hash of the output tensor ([`tensor_hash`]).
	pub output: Hash,
}

impl Statement {
	/// The statement that `output` is what the model computes from `input`.
	pub fn new(header: StatementHeader, input: &[i64], output: &[i64]) -> Self {
		Self {
			header,
			input: tensor_hash(input),
			output: tensor_hash(output),
		}
	}

	/// BLAKE2b-256 over a tag and the SCALE encoding.
	pub fn hash(&self) -> Hash {
		tagged_hash(b"inference-network/statement/v1", self)
	}

	/// The hash as a field element: its first 31 bytes, little-endian, so always canonical.
	pub fn to_field_bytes(&self) -> [u8; 32] {
		let mut bytes = self.hash();
		if let Some(last) = bytes.last_mut() {
			*last = 0;
		}
		bytes
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ModelId;

	fn header() -> StatementHeader {
		StatementHeader {
			genesis: GenesisHash([1; 32]),
			domain: 0,
			version: STATEMENT_VERSION,
			vk_hash: VkHash([2; 32]),
			model: ModelRef {
				model: ModelId(3),
				version: 1,
			},
			workload: WorkloadId([4; 32]),
			destination: Destination::Local,
		}
	}

	#[test]
	fn every_field_changes_the_hash() {
		let base = Statement::new(header(), &[1], &[2]).hash();
		let variants = [
			StatementHeader {
				genesis: GenesisHash([9; 32]),
				..header()
			},
			StatementHeader {
				domain: 1,
				..header()
			},
			StatementHeader {
				version: 2,
				..header()
			},
			StatementHeader {
				vk_hash: VkHash([9; 32]),
				..header()
			},
			StatementHeader {
				model: ModelRef {
					model: ModelId(4),
					version: 1,
				},
				..header()
			},
			StatementHeader {
				model: ModelRef {
					model: ModelId(3),
					version: 2,
				},
				..header()
			},
			StatementHeader {
				workload: WorkloadId([9; 32]),
				..header()
			},
		];
		for variant in variants {
			assert_ne!(Statement::new(variant, &[1], &[2]).hash(), base);
		}
		assert_ne!(Statement::new(header(), &[2], &[2]).hash(), base);
		assert_ne!(Statement::new(header(), &[1], &[1]).hash(), base);
	}

	#[test]
	fn the_field_element_is_below_2_to_the_248() {
		assert_eq!(Statement::new(header(), &[1], &[2]).to_field_bytes()[31], 0);
	}

	#[test]
	fn the_hash_is_pinned() {
		// Regenerate only with a new STATEMENT_VERSION: old workloads settle with the old one.
		assert_eq!(
			hex::encode(Statement::new(header(), &[1], &[2]).hash()),
			"01aa949b07e54e92fd9fa726b626bf98ecd56523b9d609c30ac968e51821858c"
		);
	}
}
