//! Identifiers, units, statements and interfaces shared by the whole of Inference Network.
//!
//! **Who uses it.** Every crate: the pallets, the runtime, the node's offchain worker, the prover
//! and the command line. Each shared type is defined here, once.
//!
//! **Terms** (docs/DESIGN.md, section 2):
//! - [`ComputeUnits`] (CU): the unit of circuit cost; [`cost`] has the one formula.
//! - [`Tick`]: a point of the service clock; [`Ticks`]: a duration on it (docs/PROTOCOL.md,
//!   principle 3).
//! - [`Statement`]: what a proof is about; [`Statement::hash`] is its one definition, the same for
//!   prover and runtime.
//! - [`binding()`]: what ties a verifying key to its tensors and its graph.
//! - [`TensorSpec`]: shape, fixed-point scale and domain of a model's input or output.
//!
//! **Invariants.** Encodings are SCALE and canonical; changing one takes a new
//! [`StatementVersion`] or storage version. Nothing here uses floats, `std` or Substrate, unless the
//! feature `substrate` is on: it adds the runtime API ([`runtime_api`]) and the traits by which the
//! pallets talk ([`traits`]).

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod binding;
pub mod cost;
pub mod hashing;
pub mod ids;
pub mod market;
pub mod model;
pub mod node;
pub mod parameters;
pub mod price;
#[cfg(feature = "substrate")]
pub mod runtime_api;
pub mod statement;
#[cfg(feature = "substrate")]
pub mod traits;
pub mod units;

pub use binding::{binding, circuit_hash};
pub use cost::CircuitShape;
pub use ids::{GenesisHash, Hash, ModelId, ModelRef, NodeId, SetupId, VkHash, WorkloadId};
pub use market::{Destination, Mode, Settlement, WorkloadState};
pub use model::{ModelStatus, ProofSystem, SpecError, TensorError, TensorSpec, Visibility};

pub use parameters::{ParametersError, ProtocolParameters};
pub use price::PriceMultiplier;
pub use statement::{Statement, StatementHeader, StatementVersion, STATEMENT_VERSION};
pub use units::{Balance, BlockNumber, ComputeUnits, Tick, Ticks};

/// Most bytes of a tensor posted inline, in its encoding of 8 bytes per value (docs/PROTOCOL.md,
/// section 4).
pub const MAX_INLINE_BYTES: u32 = 16 * 1024;
/// Most values of an inline tensor: what [`MAX_INLINE_BYTES`] holds.
pub const MAX_TENSOR_VALUES: u32 = MAX_INLINE_BYTES / 8;
/// Most bytes of an encoded verifying key.
pub const MAX_VK_BYTES: u32 = 128 * 1024;
/// Most bytes of a proof.
pub const MAX_PROOF_BYTES: u32 = 64 * 1024;
/// Most public inputs (field elements) of one proof.
pub const MAX_PUBLIC_INPUTS: u32 = 1024;
/// Key type of worker keys in a node's keystore (`key insert --key-type work`).
pub const WORKER_KEY_TYPE: [u8; 4] = *b"work";
/// Identifies what a block's author says of finality in inherent data: the number of the latest block
/// that it has seen finalised, a [`BlockNumber`].
pub const FINALITY_INHERENT_IDENTIFIER: [u8; 8] = *b"finality";
