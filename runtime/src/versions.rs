//! The runtime's version numbers. `docs/UPGRADES.md` says which one a change must raise; `layouts`
//! tests it.

use crate::{apis, Runtime};
use sp_version::{runtime_version, RuntimeVersion};

/// The statement's version that new workloads get. Those that are here keep theirs.
#[cfg(not(feature = "next-version"))]
pub const STATEMENT: u8 = inference_primitives::STATEMENT_VERSION;
/// The statement's version that new workloads get. Those that are here keep theirs.
#[cfg(feature = "next-version")]
pub const STATEMENT: u8 = inference_primitives::StatementVersion::V2.number();

/// The runtime's version.
#[cfg(not(feature = "next-version"))]
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: alloc::borrow::Cow::Borrowed("inference-network"),
	impl_name: alloc::borrow::Cow::Borrowed("inference-network"),
	authoring_version: 1,
	spec_version: 100,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

/// The version of the runtime that `scripts/test-upgrade` upgrades to.
#[cfg(feature = "next-version")]
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: alloc::borrow::Cow::Borrowed("inference-network"),
	impl_name: alloc::borrow::Cow::Borrowed("inference-network"),
	authoring_version: 1,
	spec_version: 1_000_000,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1_000_000,
	system_version: 1,
};

/// A transaction's life and nonce.
#[cfg(not(feature = "next-version"))]
pub type LifeAndNonce = (
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
);
/// A transaction's life and nonce, in another order, after an extension that was not there before.
#[cfg(feature = "next-version")]
pub type LifeAndNonce = (
	crate::next_version::Marker,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckEra<Runtime>,
);
