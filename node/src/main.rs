//! `inference-node`: the Inference Network node (see the library of the same name).

#![forbid(unsafe_code)]
// The SDK's error type is large; it is returned once, when the node ends.
#![allow(clippy::result_large_err)]

mod authority_discovery;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
