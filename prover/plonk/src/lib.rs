//! Prover of halo2 constraint systems: PLONKish arithmetisation, KZG over BN254, SHPLONK, lookups
//! by logarithmic derivatives.
//!
//! **Who uses it.** `inference-circuits`, for models. It takes a constraint system as the verifier's
//! [`Parts`](inference_verifier::plan::Parts), so prover and verifier share one description of
//! columns, queries, constraints, rotation sets and the proof's layout, and cannot disagree on it.
//!
//! **Why our own.** Witnesses of quantised models are small integers. This prover commits to them as
//! such, evaluates each constraint on as many cosets as its own degree needs, keeps one coset in
//! memory at a time, and has the logarithmic-derivative lookups that halo2-axiom lacks.
//! docs/decisions/ has the figures.
//!
//! **Use.** [`SetupFile::commitment_key`] from a setup's file, or [`CommitmentKey::new`] from its points;
//! [`CompactKey::new`] for a [`Circuit`], which also gives the plan that the chain registers, and is what files hold; [`ProvingKey::from_compact`];
//! [`prove`].
//!
//! **Invariants.**
//! 1. What [`prove`] returns is a proof in the verifier's format with the length that the plan
//!    states. It verifies if the witness satisfies the circuit; callers verify before they publish.
//! 2. Keys depend on nothing but circuit and setup; without blinding, proofs on nothing but key,
//!    public inputs and witness.
//! 3. No witness, public input, circuit or proving key's file makes it panic.
//!
//! **Units.** Memory is given in bytes for n = 2^k rows.

#![forbid(unsafe_code)]

mod column;
mod commitment_key;
mod development;
mod error;
mod fft;
mod key;
mod key_file;
mod lookup;
mod msm;
mod opening;
mod permutation;
mod program;
mod progress;
mod prove;
mod quotient;
mod setup_file;
mod store;
mod transcript;

pub use column::Column;
pub use commitment_key::CommitmentKey;
pub use error::{KeyError, ProveError};
pub use key::{difference, Circuit, CompactKey, ProvingKey};
pub use key_file::KeyFileError;
pub use permutation::Cell;
pub use progress::{Progress, Stage, Step};
pub use prove::{prove, prove_with_progress, Blinding};
pub use setup_file::{SetupFile, SetupFileError};
pub use store::Storage;
