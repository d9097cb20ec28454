//! The pallet's tests: one file per group of functions.

mod fee;
mod lifecycle;
mod properties;
mod registration;
mod views;
mod workloads;
