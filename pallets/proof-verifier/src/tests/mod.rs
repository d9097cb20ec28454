//! The pallet's tests: one file per group of functions.

mod batches;
mod circuit;
mod ending;
mod ezkl;
pub(crate) mod fixture;
mod keys;
mod references;
mod setups;
mod vectors;
mod verification;
mod weights;
