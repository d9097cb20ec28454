//! The prover service: a daemon that executes models and proves the executions, over JSON-RPC.
//!
//! **Who calls it.** The offchain worker of a model node, through the client of
//! `inference-prover-api`. The binary `inference-prover` is [`config`] and [`service`] put
//! together.
//!
//! **Terms.**
//! - *Model*: a bundle directory (circuit, keys, quantised weights) loaded by an [`engine`]; named
//!   by the hash of its verifying key.
//! - *Job*: one inference to execute and prove. Its key is its workload's id.
//! - *Content store* ([`store`]): proofs by their BLAKE2b-256 hash.
//! - Durations are in the unit that their names give: `_ms` milliseconds, `_seconds` seconds.
//!
//! **Life of a job.** Submitted: its model is executed, then the job is written to disk, then it is
//! acknowledged with its output ([`jobs::queue`]). A worker proves it in order of arrival, verifies
//! the proof, stores it, and only then reports it ([`jobs::worker`]). Waiting jobs can be cancelled,
//! and so can running ones; a finished job is forgotten after the retention period.
//!
//! **Invariants.**
//! 1. A job that was acknowledged survives a crash at any point: it is proven later or its failure
//!    is reported.
//! 2. A job that is proven is not proven again, unless its stored proof was found damaged.
//! 3. One key is one request, for as long as the job is kept.
//! 4. No proof is reported that `inference-verifier` refuses.
//! 5. No job is written to disk when the queue is full; queue, connections and message sizes are
//!    bounded.
//! 6. Whatever is read from the content store has the hash that it was asked for by.
//!
//! **Limitations.** A running proof cannot be interrupted: when its job is cancelled or times out,
//! the job's state changes at once, but its worker is free again only when the computation ends.
//! One process owns a data folder.

#![forbid(unsafe_code)]

pub mod config;
pub mod engine;
pub mod error;
pub mod http;
pub mod jobs;
pub mod metrics;
pub mod rpc;
pub mod service;
pub mod store;

pub use config::Config;
pub use error::Error;
pub use service::Service;
