//! ONNX models as halo2 circuits: quantise, lay out, make keys, prove.
//!
//! **Who uses it.** The prover service (loads bundles, proves), the command line (builds bundles,
//! proves, verifies offline).
//!
//! **Stages**, each its own module and testable alone:
//!
//! ```text
//! ONNX bytes ─ onnx ─► FloatGraph ─ quantise ─► Graph ─ layout ─► Layout ─ circuit ─► rows
//!                        │                        │ execute                  │ keys
//!                        └──────── accuracy ──────┘                    Plan ─┴─ prove ─► proof
//! ```
//!
//! - [`onnx`]: parses the file; every operator becomes one of the few of [`float_graph`], every linear
//!   one a [`linear_map`].
//! - [`float_graph`]: the model in real numbers; folds biases and scalers into their neighbours.
//! - [`quantise`]: chooses scales, rounds to integers, makes tables of functions.
//! - [`graph`]: the integer model, **whose semantics are the model's semantics**, with bounds for
//!   every value.
//! - [`execute`]: computes it.
//! - [`layout`]: chooses rows, lanes, limbs and degree by a cost model.
//! - [`circuit`]: gates and rows, with the soundness argument.
//! - [`keys`], [`prove`]: verifying and proving keys, proofs.
//! - [`powers`]: the trusted setup that keys and proofs are made with.
//! - [`bundle`]: all of a model in a directory. [`accuracy`]: its measured errors.
//!
//! **Terms and units.** Fixed point: the integer v at `scale_bits` s stands for v / 2^s. *Domain*:
//! the least and greatest admissible integer of the input. *Lane*: a column of operands; a row adds
//! one product per lane. *Limb*: a column of digits, each looked up in a table.
//!
//! **Invariants.**
//! 1. For each admissible input there is a proof, and it is of what [`execute`] computes: interval
//!    bounds from the actual weights decide every width (docs/PROTOCOL.md, principle 12).
//! 2. For an admissible input there is no proof of any other output ([`circuit::trace`]). Who
//!    verifies checks the domain.
//! 3. The verifying key binds the weights, and depends on nothing but the ONNX file and the build
//!    options, the setup among them: no randomness, no environment.
//! 4. No bytes of an ONNX file or a bundle make this crate panic.
//!
//! **Limitations.** Operators: [`onnx::supported`]; docs/ONNX.md measures them. Which of the
//! integer model's operators have a circuit, [`layout`] says. A trailing ArgMax is not proven if its
//! operand is computed and an output: [`PostProcessing`](float_graph::PostProcessing) tells the client
//! to take the index. Any other index is part of the model, and proven. Outputs are public, and inputs
//! unless they are hidden ([`layout::Claim`]): at most 1023 public values of all inferences of a proof.
//! Without a setup's file ([`Powers`]) keys are for the insecure development setup.

#![forbid(unsafe_code)]

pub mod accuracy;
pub mod bundle;
pub mod checks;
pub mod circuit;
pub mod commitment_keys;
pub mod execute;
pub mod float_graph;
pub mod graph;
pub mod keys;
pub mod layout;
pub mod linear_map;
pub mod onnx;
pub mod powers;
pub mod prove;
mod proving_key;
pub mod quantise;

pub use bundle::{
	BuildError, BuildOptions, BuildStage, BuildStep, Bundle, BundleError, CheckError, Manifest,
};
pub use checks::{CheckRecord, Checks};
pub use commitment_keys::CommitmentKeys;
pub use execute::ExecuteError;
pub use inference_plonk::{KeyFileError, Progress, SetupFile, SetupFileError, Step};
pub use powers::Powers;
pub use prove::{Proof, ProveError, Prover, ProverError, ProverOptions};
