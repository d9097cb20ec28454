//! The chain as the command line sees it: a typed JSON-RPC client.
//!
//! Reads go through the runtime API `InferenceApi` (`state_call`, SCALE), writes are signed
//! transactions of the linked runtime. A node that runs another runtime is refused at connection,
//! because every encoding here comes from the linked one.

mod address;
mod blocks;
mod client;
mod reads;
mod refusal;
mod signer;
mod submit;

pub use address::AccountArg;
pub use blocks::{BlockRef, ProofPosting};
pub use client::{Chain, ChainArgs};
pub use inference_runtime::{AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent};
pub use signer::{Signer, SignerArgs};
pub use submit::{Included, SubmitArgs};
