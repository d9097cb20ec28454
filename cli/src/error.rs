//! What can go wrong, and the exit code of each.

use serde::Serialize;
use std::{fmt, path::Path};

/// A call that the chain refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Refusal {
	/// Pallet that refused, if one did.
	pub pallet: Option<String>,
	/// Name of the error.
	pub name: String,
	/// What it means and what to do.
	pub explanation: String,
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "the chain refused: ")?;
		if let Some(pallet) = &self.pallet {
			write!(f, "{pallet}.")?;
		}
		write!(f, "{}", self.name)?;
		if !self.explanation.is_empty() {
			write!(f, ": {}", self.explanation)?;
		}
		Ok(())
	}
}

/// Why a command failed. The message says what was wrong and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CliError {
	/// A file, a circuit or this machine.
	#[error("{0}")]
	Failed(String),
	/// The arguments, or an input's values.
	#[error("{0}")]
	Usage(String),
	/// The chain refused a transaction.
	#[error("{0}")]
	Refused(Refusal),
	/// A proof does not prove its statement, or is no proof.
	#[error("{0}")]
	ProofInvalid(String),
	/// No node answers, it is of another network, or its runtime has not what this program sends or
	/// reads.
	#[error("{0}")]
	Unreachable(String),
	/// The chain has no such thing.
	#[error("{0}")]
	NotFound(String),
	/// A workload ended without a proven output.
	#[error("{0}")]
	Unsettled(String),
	/// The time given for waiting is over.
	#[error("{0}")]
	TimedOut(String),
}

impl CliError {
	/// The process's exit code. They are listed in the help and at the top of `main.rs`.
	pub fn exit_code(&self) -> u8 {
		match self {
			Self::Failed(_) => 1,
			Self::Usage(_) => 2,
			Self::Refused(_) => 3,
			Self::ProofInvalid(_) => 4,
			Self::Unreachable(_) => 5,
			Self::NotFound(_) => 6,
			Self::Unsettled(_) => 7,
			Self::TimedOut(_) => 8,
		}
	}

	/// Its name in JSON.
	fn kind(&self) -> &'static str {
		match self {
			Self::Failed(_) => "failed",
			Self::Usage(_) => "usage",
			Self::Refused(_) => "refused",
			Self::ProofInvalid(_) => "proof_invalid",
			Self::Unreachable(_) => "unreachable",
			Self::NotFound(_) => "not_found",
			Self::Unsettled(_) => "unsettled",
			Self::TimedOut(_) => "timed_out",
		}
	}

	/// The error as a JSON document.
	pub fn to_json(&self) -> serde_json::Value {
		let refusal = match self {
			Self::Refused(refusal) => Some(refusal),
			_ => None,
		};
		serde_json::json!({
			"error": {
				"kind": self.kind(),
				"exit_code": self.exit_code(),
				"message": self.to_string(),
				"refusal": refusal,
			}
		})
	}

	/// A file that cannot be read or written.
	pub fn file(action: &str, path: &Path, error: impl fmt::Display) -> Self {
		Self::Failed(format!("cannot {action} {}: {error}", path.display()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn json_names_kind_exit_code_and_refusal() {
		let refusal = Refusal {
			pallet: Some("InferenceMarket".into()),
			name: "PriceTooLow".into(),
			explanation: "Raise it.".into(),
		};
		let json = CliError::Refused(refusal).to_json();
		assert_eq!(json["error"]["kind"], "refused");
		assert_eq!(json["error"]["exit_code"], 3);
		assert_eq!(json["error"]["refusal"]["name"], "PriceTooLow");
		assert_eq!(
			json["error"]["message"],
			"the chain refused: InferenceMarket.PriceTooLow: Raise it."
		);
		assert!(CliError::Failed("x".into()).to_json()["error"]["refusal"].is_null());
	}
}
