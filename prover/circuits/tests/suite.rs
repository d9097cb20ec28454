//! Every integration test of the circuits, in one program: what they share is compiled once.
//!
//! `cargo test --release -p inference-circuits --test suite MODULE` runs the tests of one file. A file that is
//! not declared here does not run: `scripts/test` refuses that.

mod assignment;
mod attributes;
mod batch;
mod bundle;
mod cases;
mod circuit;
mod coefficients;
mod comparisons;
mod families;
mod fixtures;
mod gadgets;
mod hostile;
mod layers;
mod measure;
mod missing;
mod models;
mod onnx;
mod operators;
mod proofs;
mod proto;
mod ranking;
mod relaxed;
mod setup;
mod support;
mod svm;
