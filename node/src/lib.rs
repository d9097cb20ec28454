//! The Inference Network node: its arguments, its chains, and the worker it runs. The program
//! `inference-node` adds the parts of a full node: BABE authors blocks, GRANDPA finalises them,
//! ParityDB keeps them.
//!
//! **Who uses it.** Validators, full nodes, and operators of model nodes, for whom it also runs the
//! offchain worker ([`worker`]).
//!
//! **Modules.** [`cli`] the arguments, [`chain_spec`] the chains it knows, [`client`] the types of
//! client, database and pool, [`genesis`] the state that a chain begins with, [`compiled_runtimes`] a folder of them,
//! [`finality`] what blocks report of it, [`hardware`] whether a
//! validator's machine is fast enough, [`history`] which old blocks a node asks for, [`worker`] the chain as the offchain worker sees it. The program's own: `command`, what each subcommand does; `service`, the node's parts; `rpc`, its JSON-RPC.
//! They stay out of the library because to compile them, for it and for its tests, takes minutes.

#![forbid(unsafe_code)]

pub mod chain_spec;
pub mod cli;
pub mod client;
pub mod compiled_runtimes;
pub mod finality;
pub mod genesis;
pub mod hardware;
pub mod history;
pub mod worker;

#[cfg(test)]
mod verification_time;
