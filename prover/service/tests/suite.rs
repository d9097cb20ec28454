//! Every integration test of the prover service, in one program: what they share is compiled once.
//!
//! `cargo test --release -p inference-prover --test suite MODULE` runs the tests of one file. A file that is
//! not declared here does not run: `scripts/test` refuses that.

mod access;
mod deadlines;
mod end_to_end;
mod isolation;
mod jobs;
#[cfg(target_os = "linux")]
mod processes;
mod restart;
mod support;
