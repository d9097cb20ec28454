//! Transactions and reads in the encoding of whatever runtime a chain has.
//!
//! A program that is linked with one version of the runtime meets chains that run another: before
//! their upgrade, or after it. What it sends and reads is described by the chain's metadata, so a
//! value of ours is converted from the type that is linked here to the type of the same thing there,
//! by the names of pallets, calls, fields and variants. Numbers that may change with an upgrade, as
//! indices of pallets, calls, variants and the order of fields and extensions, are the chain's.
//!
//! **Who uses it.** The node's worker (to sign deliveries and proofs, and to read its inbox) and the
//! command line.
//!
//! **Terms.**
//! - *ours*: a type that is linked into this program, with its type information;
//! - *the chain's*: the type that its metadata has in that place;
//! - *conversion*: one value's bytes of one of them to the other's ([`convert`]).
//!
//! **Rules.**
//! 1. What is sent means there what it means here. A call, an argument or a variant that the chain
//!    does not have, or a number that does not fit, is refused by name; nothing is left out or made
//!    up.
//! 2. What is read may say more than we know: fields that we do not have are dropped. A field that
//!    we need and the chain does not give is an error by name, as is a variant that we do not have.
//! 3. An extension of transactions that we do not know is applied if it adds no bytes, neither to the
//!    transaction nor to what is signed; otherwise transactions are refused by its name
//!    ([`Error::UnknownExtension`]).
//!
//! **Limits.** Metadata of versions 15 and 16, transactions of format 4 (all signed ones in
//! polkadot-sdk 2609), no bit sequences, storage maps of one key. Depth and lengths are bounded by the
//! bytes at hand, whatever the metadata says ([`convert`]).

#![forbid(unsafe_code)]

pub mod convert;
mod error;
mod extrinsic;
mod local;
mod metadata;
mod storage;

pub use error::Error;
pub use extrinsic::{Terms, Unsigned};
pub use metadata::{Metadata, ModuleError, VERSIONS};
