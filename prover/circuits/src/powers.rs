//! Where the points of a trusted setup come from.

use crate::keys::KeysError;
use inference_plonk::{CommitmentKey, Progress, SetupFile};
use inference_primitives::SetupId;
use inference_verifier::Setup;
use std::sync::Arc;

/// The points that keys and proofs are made with.
#[derive(Clone, Debug, Default)]
pub enum Powers {
	/// Made from the development setup's secret. **Insecure**: that is public.
	#[default]
	InsecureDevelopment,
	/// Read from a file, and checked.
	File(Arc<SetupFile>),
}

impl Powers {
	/// What their proofs are verified with.
	pub fn setup(&self) -> Setup {
		match self {
			Self::InsecureDevelopment => Setup::insecure_development(),
			Self::File(file) => file.setup().clone(),
		}
	}

	/// The setup's identifier.
	pub fn id(&self) -> SetupId {
		self.setup().id()
	}

	/// The commitment key for circuits of 2^`k` rows.
	pub fn commitment_key(
		&self,
		k: u8,
		progress: Progress<'_>,
	) -> Result<CommitmentKey, KeysError> {
		Ok(match self {
			Self::InsecureDevelopment => CommitmentKey::insecure_development(k, progress)?,
			Self::File(file) => file.commitment_key(k, progress)?,
		})
	}
}

/// Of the same setup: keys do not depend on the file.
impl PartialEq for Powers {
	fn eq(&self, other: &Self) -> bool {
		self.id() == other.id()
	}
}

impl Eq for Powers {}
