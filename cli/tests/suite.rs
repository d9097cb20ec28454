//! Every integration test of the command line, in one program.
//!
//! `cargo test --release -p inference-cli --test suite MODULE` runs the tests of one file. A file that is
//! not declared here does not run: `scripts/test` refuses that.

mod chain;
mod circuit;
mod joining;
mod node;
mod proof;
mod setup;
mod submission;
mod upgrade;
mod upgraded;
