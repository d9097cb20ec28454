//! Configurations, a file per pallet.

mod authority_discovery;
mod authorship;
pub mod babe;
mod balances;
mod grandpa;
pub mod inference_market;
mod migrations;
mod model_registry;
pub mod network_parameters;
mod node_pool;
mod offences;
mod proof_verifier;
mod session;
pub mod staking;
mod sudo;
pub mod system;
mod timestamp;
pub mod transaction_payment;
mod utility;
mod worker_staking;
