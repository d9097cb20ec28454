//! The chain as the command line sees it: a typed JSON-RPC client.
//!
//! Reads go through the runtime API `InferenceApi` (`state_call`, SCALE), writes are signed
//! transactions. Both are made of the linked runtime's types and converted to and from the encoding
//! that the chain's metadata states (`inference_transaction`), so that a node whose runtime is older
//! or newer serves as well. What it cannot take is refused by name; only another network's node is
//! refused at connection.

mod address;
mod blocks;
mod client;
mod key_file;
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
