//! Reads ONNX files.
//!
//! [`proto`] has the file's messages; we interpret the nodes ourselves, so that every error
//! names the node and the operator of the file. Every linear operator becomes a
//! [`LinearMap`](crate::linear_map::LinearMap); operators that only move elements become part of
//! the maps around them.
//!
//! **The batch dimension.** A first dimension that is symbolic, or 1 in a tensor of two or more
//! dimensions, is the batch: it becomes 1 and is left out of the declared shapes.
//!
//! **Preflight.** Operators that are not known are all listed at once; then every node that cannot be
//! read for another reason, but for those that follow from one.

mod attributes;
mod error;
mod operators;
pub mod proto;
mod reader;
mod shape;
mod tensor;

pub use error::{OnnxError, UnsupportedOperator};
pub use operators::supported;
pub use reader::{parse, parse_with, OnnxModel, Output, ReadOptions};
pub use tensor::{Constant, Data};
