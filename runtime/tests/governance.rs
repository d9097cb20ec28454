//! Governance on a chain whose genesis gives no key to `sudo`: referenda in real blocks, from the preimage to
//! what they enact; who may do what; what cannot be paused.

mod attacks;
mod authority;
mod network;
mod pausing;
mod proxies;
mod referenda;
mod tracks;
mod treasury;
