//! Every integration test of the verifier, in one program: what they share is compiled once.
//!
//! `cargo test --release -p inference-verifier --test suite MODULE` runs the tests of one file. A file that is
//! not declared here does not run: `scripts/test` refuses that.

mod batch;
mod common;
mod completeness;
mod decoding;
mod ezkl;
mod ezkl_fixtures;
mod ezkl_keys;
mod ezkl_memory;
mod fuzz;
mod golden;
mod instances;
mod measure;
mod protocol;
mod soundness;
mod watched;
