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

/// The versions of the statement's definition that can be proven, oldest first: the only list of them.
///
/// Each workload keeps the version it was submitted under, so one stays here for the longest life of
/// a workload after the last runtime that submitted under it. Runtime, prover, worker and command
/// line accept all of them; which one new workloads get is the runtime's choice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StatementVersion {
	/// BLAKE2b-256 over the tag `inference-network/statement/v1` and the SCALE encoding.
	V1,
	/// As version 1, with the tag `inference-network/statement/v2`.
	V2,
}

impl StatementVersion {
	/// All of them, oldest first.
	pub const ALL: [Self; 2] = [Self::V1, Self::V2];

	/// What [`StatementHeader::version`] has.
	pub const fn number(self) -> u8 {
		match self {
			Self::V1 => 1,
			Self::V2 => 2,
		}
	}

	/// The version with this number, if it can be proven.
	pub fn from_number(number: u8) -> Option<Self> {
		Self::ALL
			.into_iter()
			.find(|version| version.number() == number)
	}

	/// The numbers of all versions, for messages.
	pub fn numbers() -> [u8; Self::ALL.len()] {
		Self::ALL.map(Self::number)
	}

	/// The tag that its hash begins with.
	const fn tag(self) -> &'static [u8] {
		match self {
			Self::V1 => b"inference-network/statement/v1",
			Self::V2 => b"inference-network/statement/v2",
		}
	}
}

/// What a statement of a version that is not in the table is hashed under: no version has this tag,
/// so a proof of such a statement proves nothing.
const UNSUPPORTED_TAG: &[u8] = b"inference-network/statement/unsupported";

/// Version of statements made without a chain, and of new workloads unless the runtime says
/// otherwise.
pub const STATEMENT_VERSION: u8 = StatementVersion::V1.number();

/// Everything that a statement binds except the output, which is not known when work is assigned.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct StatementHeader {
	/// Hash of the chain's genesis block.
	pub genesis: GenesisHash,
	/// Fork domain: distinguishes chains that share a genesis.
	pub domain: u32,
	/// Number of the [`StatementVersion`] that the runtime gave new workloads at submission.
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

impl StatementHeader {
	/// Which definition the statement has; `None` if this code does not know it, and so can neither
	/// prove nor verify it.
	pub fn supported_version(&self) -> Option<StatementVersion> {
		StatementVersion::from_number(self.version)
	}
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

	/// BLAKE2b-256 over the version's tag and the SCALE encoding. Check
	/// [`StatementHeader::supported_version`] first: what has another version hashes to nothing that
	/// anyone accepts.
	pub fn hash(&self) -> Hash {
		let version = self.header.supported_version();
		tagged_hash(version.map_or(UNSUPPORTED_TAG, StatementVersion::tag), self)
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

	/// A statement of this version.
	fn of_version(version: u8) -> Statement {
		let header = StatementHeader {
			version,
			..header()
		};
		Statement::new(header, &[1], &[2])
	}

	#[test]
	fn the_hash_of_each_version_is_pinned() {
		// Never regenerated: old workloads settle with the version they were submitted under. Both
		// were computed with Python's hashlib besides.
		let pinned = [
			"01aa949b07e54e92fd9fa726b626bf98ecd56523b9d609c30ac968e51821858c",
			"336ef608c6821595869e3a33ea42d8098d0298dedd87ff7c25908b2ced25f157",
		];
		for (version, pinned) in StatementVersion::ALL.into_iter().zip(pinned) {
			let hash = of_version(version.number()).hash();
			assert_eq!(hex::encode(hash), pinned, "{version:?}");
		}
	}

	#[test]
	fn versions_are_numbered_from_1_and_all_others_are_unknown() {
		assert_eq!(StatementVersion::numbers(), [1, 2]);
		for number in 0..=u8::MAX {
			let known = StatementVersion::from_number(number);
			assert_eq!(known.is_some(), (1..=2).contains(&number));
			assert_eq!(known, of_version(number).header.supported_version());
			if let Some(version) = known {
				assert_eq!(version.number(), number);
			}
		}
	}

	#[test]
	fn a_statement_of_an_unknown_version_hashes_as_none_of_the_known_ones() {
		let unknown = of_version(3);
		for version in StatementVersion::ALL {
			assert_ne!(unknown.hash(), tagged_hash(version.tag(), &unknown));
		}
	}
}
