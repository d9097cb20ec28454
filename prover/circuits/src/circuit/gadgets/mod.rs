//! Gadgets: each module has a gate under its formula, the rows that use it, and why they are sound.

pub mod combine;
pub mod divide;
pub mod function;
pub mod inputs;
pub mod linear;
pub mod product;
pub mod range;
pub mod rescale;
pub mod sign;
pub mod table;
pub mod trees;
