//! The offchain worker: acts for the worker keys in a node's keystore. It reads each key's inbox,
//! has the prover compute and prove what is in it, delivers the outputs and posts the proofs.
//!
//! **Who calls it.** The node, as one background task ([`run`]) fed with finality notifications
//! (docs/decisions/0001-worker-acts-on-finality.md says why not the runtime's `offchain_worker`
//! hook). The node implements [`Chain`]; the prover service is reached over HTTP ([`Prover`]).
//!
//! **Terms.**
//! - *Worker key*: an sr25519 key of type `work` ([`inference_primitives::WORKER_KEY_TYPE`]) which a
//!   model node named when it was registered.
//! - *Inbox*: what a worker key owes in a given state of the chain: outputs and proofs.
//! - *Job*: the prover's side of a workload. Its key is the workload's id.
//! - *Action*: the one transaction that a piece of work asks for next ([`Action`]).
//! - *Submission*: a transaction that was handed to the pool; *open* while it may still be included.
//! - Times are block heights, except HTTP timeouts and delays, which are wall-clock.
//!
//! **Life of a piece of work.** At every finalised block, for every key and every item of its inbox
//! that is not overdue: if its action is under way (in the pool, in the best chain, or open), wait.
//! Otherwise make sure that the prover has the job; then, as the job allows,
//! - `Assigned` and `Deferred`: `deliver` the output, at once or when it is proven ([`DeliverPolicy`]);
//! - `Assigned` and `Immediate`: once proven, verify and `prove` with the output;
//! - `Unproven`: once proven, check that the delivered output is the job's, verify and `prove`;
//! - `Assigned`, while it may still be declined: if every prover refuses its model (none has it, or none
//!   has checked it), `decline` it, which costs less than the miss that would follow.
//!
//! The prover is asked about each piece of work apart, about a few of each model at a time, and no
//! block waits for its answers. A job carries the time until its proof is due and what is lost without
//! it, by which the prover chooses; of the transactions that can be sent at one moment, the nearest
//! deadline goes first. When the chain's deadline moves (its clock stood, an output was delivered), the
//! job's terms are told anew; what the prover gave up is tried again, later each time, until its deadline.
//! The job of a workload that finalised state no longer asks for is cancelled, at every prover that has it.
//!
//! **Invariants.**
//! 1. Decisions follow from finalised state and the prover's job store alone. Memory holds only what
//!    saves work (open submissions, delays, what was logged): a process killed at any point and
//!    started again does the same, later.
//! 2. Nothing is submitted while an earlier transaction for it may still be included, unless that
//!    one vanished from the pool; then the chain refuses the second, at the price of a fee.
//! 3. No proof is posted that [`inference_verifier`] does not accept for exactly the statement on
//!    chain, under the verifying key on chain.
//! 4. Two nodes with one key compute the same outputs, so neither can contradict the other; each sees
//!    the other's transactions in the pool and in the best chain, and holds back.
//! 5. A model that is slow, or a prover that is down, hung or wrong, delays only its own work: each
//!    request has a time-out of its own, a prover that does not even say that it lives is left alone
//!    and the next one asked, failures back off with jitter, and the task shares nothing with block
//!    import.
//! 6. No two open transactions of a key have one nonce: those handed out are remembered until a
//!    finalised block used them or they are lost. A lost one that others wait for is filled.
//! 7. A panic costs the piece of work at which it happened, and neither the worker nor, with the
//!    node's guard, the node.
//! 8. What costs the operator money is a warning in the log and a count in [`Metrics`].
//!
//! **Limitations.** At most 256 items per key and block (the runtime API's bound). A workload that
//! cannot be proven is logged and left to its deadline. What is missed while the worker does not run is
//! not counted afterwards. Jobs that a worker of an earlier life submitted, and that are not wanted any
//! more, are not cancelled: the prover takes what is past its deadline last.

#![forbid(unsafe_code)]

mod backoff;
mod chain;
mod journal;
mod ledger;
mod metrics;
mod proof_check;
mod prover;
mod requests;
mod run;
mod step;
mod worker;

pub use backoff::BackoffPolicy;
pub use chain::{
	Action, BlockHash, Call, Chain, ChainError, FailedCall, FinalizedBlock, InboxPage, Pending,
	Submission, VerifyingKey, WorkerKey, WorkloadStatus,
};
pub use metrics::Metrics;
pub use prover::{BearerToken, Prover, ProverError, ProverOptions};
pub use run::run;
pub use step::DeliverPolicy;
pub use worker::{Worker, WorkerOptions};

/// Target of this crate's log lines.
pub const LOG_TARGET: &str = "worker";
