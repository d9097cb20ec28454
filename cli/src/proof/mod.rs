//! Keys, setups and proofs as files, of both proof systems, and their verification without a chain.

mod ezkl;
mod files;
mod key;
mod proof_file;
mod scalar;
mod setup;

pub use ezkl::{EzklKey, EzklProof};
pub use key::{load_bundle, Key};
pub use proof_file::{offline_statement, ProofFile};
pub use scalar::to_bytes as scalar_to_bytes;
pub use setup::{name_of, open_setup_file, ChosenSetup, DEVELOPMENT, PERPETUAL_POWERS_OF_TAU};
