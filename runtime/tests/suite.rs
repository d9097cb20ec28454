//! Every test of the runtime, in one program that links it as the node does.
//!
//! `cargo test --release -p inference-runtime --test suite MODULE` runs the tests of one file. A file that is
//! not declared here does not run: `scripts/test` refuses that.

#![cfg(not(feature = "next-version"))]
#![recursion_limit = "512"]

mod benchmarks;
mod blocks;
mod chain;
mod counting;
mod genesis;
mod governance;
mod growth;
mod hooks;
mod layouts;
mod pins;
mod presets;
mod properties;
mod released;
mod scaling;
mod states;
mod validators;
mod verification_fee;
mod weighing;

use chain::{digest_in_slot, digest_of};
use inference_runtime::*;
use presets::{chain_of, genesis_json, genesis_of, merge};
use sp_runtime::{traits::BlakeTwo256, MultiAddress, MultiSignature};
