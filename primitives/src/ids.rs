//! Identifiers. In JSON, 32-byte identifiers are `0x`-prefixed lower-case hex.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 32-byte digest.
pub type Hash = [u8; 32];

macro_rules! hash_id {
	($(#[$doc:meta])* $name:ident) => {
		$(#[$doc])*
		#[derive(
			Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Encode, Decode,
			DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
		)]
		pub struct $name(pub Hash);

		impl fmt::Display for $name {
			fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
				write!(f, "0x{}", hex::encode(self.0))
			}
		}

		impl fmt::Debug for $name {
			fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
				write!(f, concat!(stringify!($name), "({})"), self)
			}
		}

		impl core::str::FromStr for $name {
			type Err = hex::FromHexError;

			fn from_str(text: &str) -> Result<Self, Self::Err> {
				let mut bytes = [0u8; 32];
				hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)?;
				Ok(Self(bytes))
			}
		}

		impl Serialize for $name {
			fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
				serializer.collect_str(self)
			}
		}

		impl<'de> Deserialize<'de> for $name {
			fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
				let text = <alloc::string::String as Deserialize>::deserialize(deserializer)?;
				text.parse().map_err(|e| serde::de::Error::custom(alloc::format!(
					"expected 32 bytes of hex, got {text:?}: {e}"
				)))
			}
		}
	};
}

hash_id!(
	/// A workload: hash of genesis, fork domain, submitter, nonce and every field
	/// (docs/PROTOCOL.md, principle 4).
	WorkloadId
);
hash_id!(
	/// A registered verifying key: hash of proof system, setup and encoded plan.
	VkHash
);
hash_id!(
	/// The hash of a chain's genesis block.
	GenesisHash
);
hash_id!(
	/// A trusted setup: hash of its [s]G2 and of the curve's generators.
	SetupId
);

/// A model, all versions of it.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(transparent)]
pub struct ModelId(pub u32);

/// One version of a model; versions count from 1.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct ModelRef {
	/// The model.
	pub model: ModelId,
	/// Its version, from 1.
	pub version: u16,
}

impl fmt::Display for ModelRef {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}.{}", self.model.0, self.version)
	}
}

impl core::str::FromStr for ModelRef {
	type Err = alloc::string::String;

	/// Reads `MODEL` or `MODEL.VERSION`; a missing version is 1.
	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let bad = || {
			alloc::format!(
				"expected MODEL or MODEL.VERSION with numbers, such as 3.1, got {text:?}"
			)
		};
		let (model, version) = match text.split_once('.') {
			Some((model, version)) => (model, version.parse().map_err(|_| bad())?),
			None => (text, 1),
		};
		Ok(Self {
			model: ModelId(model.parse().map_err(|_| bad())?),
			version,
		})
	}
}

/// A model node: capacity pledged by an operator.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(transparent)]
pub struct NodeId(pub u32);

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn hash_ids_survive_json() {
		let id = WorkloadId([7; 32]);
		let json = serde_json::to_string(&id).unwrap();
		assert_eq!(json, format!("\"0x{}\"", "07".repeat(32)));
		assert_eq!(serde_json::from_str::<WorkloadId>(&json).unwrap(), id);
		assert!(serde_json::from_str::<WorkloadId>("\"0x07\"").is_err());
	}

	#[test]
	fn model_ref_reads_what_it_prints() {
		let model = ModelRef {
			model: ModelId(3),
			version: 2,
		};
		assert_eq!(model.to_string().parse::<ModelRef>().unwrap(), model);
		assert_eq!("3".parse::<ModelRef>().unwrap().version, 1);
		assert!("x.1".parse::<ModelRef>().is_err());
	}
}
