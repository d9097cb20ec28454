//! What cannot be encoded or read, and why.

use crate::convert::Mismatch;

/// A value that cannot be brought across, or metadata that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// The bytes are no metadata of a version that is known here. Upgrade this program.
	#[error("the chain's metadata cannot be read: {0}; upgrade this program")]
	Metadata(String),
	/// The chain has no such thing. Upgrade this program, or the chain.
	#[error("the chain's runtime has no {what} {name}")]
	Missing {
		/// A kind of thing.
		what: &'static str,
		/// Its name.
		name: String,
	},
	/// The value has no equal in the chain's type. Upgrade this program, or the chain.
	#[error("{what} {name} cannot be sent to this chain: {mismatch}")]
	Encode {
		/// A kind of thing.
		what: &'static str,
		/// Its name.
		name: String,
		/// What differs.
		mismatch: Box<Mismatch>,
	},
	/// The chain's value has no equal in ours. Upgrade this program.
	#[error("{what} {name} of this chain cannot be read: {mismatch}")]
	Decode {
		/// A kind of thing.
		what: &'static str,
		/// Its name.
		name: String,
		/// What differs.
		mismatch: Box<Mismatch>,
	},
	/// The chain's transactions have an extension with data that this program cannot give. Upgrade
	/// it.
	#[error(
		"this chain's transactions carry the extension {name}, with data that this program does not \
		 know; upgrade it"
	)]
	UnknownExtension {
		/// The extension.
		name: String,
	},
	/// The chain takes no signed transactions of the format that this program makes. Upgrade it.
	#[error(
		"this chain takes transactions of format {0}, this program makes format 4; upgrade it"
	)]
	Format(u8),
}
