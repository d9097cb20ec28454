//! `pallet-migrations`: changes of storage that do not fit one block.
//!
//! While they run, blocks take no transactions but inherents, and the service clock stands
//! (`frame_system::Config::MultiBlockMigrator`).

use super::system::MAXIMUM_BLOCK_WEIGHT;
use crate::Runtime;
use frame_support::{
	migrations::FreezeChainOnFailedMigration, parameter_types, traits::ConstU32, weights::Weight,
};
use sp_runtime::Perbill;

parameter_types! {
	/// Half a block: hooks keep the rest.
	pub MaxServiceWeight: Weight = Perbill::from_percent(50) * MAXIMUM_BLOCK_WEIGHT;
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = crate::RuntimeEvent;
	/// None yet. A tuple of `SteppedMigration`, emptied only once a chain's cursor is gone.
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Migrations = ();
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	// Half-migrated state must not be served: a failed migration keeps all money where it is.
	type FailedMigrationHandler = FreezeChainOnFailedMigration;
	type MaxServiceWeight = MaxServiceWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
