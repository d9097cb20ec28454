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
//! acknowledged with its output ([`executions`], [`jobs::queue`]). A worker takes the waiting job with
//! the nearest deadline, has it proven in a process of its own ([`engine::process`]), verifies the proof,
//! stores it, and only then reports it ([`jobs::worker`]). An attempt that fails by what may pass is repeated, later each time; a job that
//! was given up can be put back. Waiting jobs can be cancelled, and so can running ones; a cancelled
//! job that is submitted again is revived; a finished job is forgotten after the retention period.
//!
//! **Executing waits for no proof.** An output is owed in minutes, a proof in hours: `execute` works
//! while the queue is full and while the service drains, and a model that hangs takes only its own
//! turns.
//!
//! **Invariants.**
//! 1. A job that was acknowledged survives a crash at any point: it is proven later or its failure
//!    is reported.
//! 2. A job that is proven is not proven again, unless its stored proof was found damaged.
//! 3. One key is one request, for as long as the job is kept.
//! 4. No proof is reported that `inference-verifier` refuses.
//! 5. No job is written to disk when the queue is full; queue, executions, connections and message
//!    sizes are bounded.
//! 6. Whatever is read from the content store has the hash that it was asked for by.
//! 7. A proof that goes on is waited for and kept, however late, unless its job was cancelled; one that
//!    hangs does not hold its worker for longer than the time-out.
//! 8. The service answers before it loads a model, and says that it is not ready.
//! 9. Whatever ends a proof's process (a panic, its bound of memory, the system) fails one attempt of one
//!    job, and no process outlives the service.
//!
//! **Limitations.** Graphs are read, and models executed, in the service's process: a graph takes at most
//! 512 MiB while it is read. What an engine process holds of models is lost when it is stopped. One process
//! owns a data folder.

#![forbid(unsafe_code)]

pub mod config;
pub mod engine;
pub mod error;
pub mod executions;
pub mod http;
pub mod jobs;
pub mod loader;
pub mod metrics;
pub mod rpc;
pub mod service;
pub mod store;
pub mod trouble;

pub use config::Config;
pub use error::Error;
pub use service::Service;
