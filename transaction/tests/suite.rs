//! One program of all tests.

mod conversion;
mod runtime;
