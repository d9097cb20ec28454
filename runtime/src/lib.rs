//! The Inference Network runtime: version, pallets and executive. Each pallet's configuration is a
//! file of `configs`, the runtime APIs are in `apis`, the genesis presets in `genesis_presets`.
//!
//! **Who uses it.** The node (as wasm and for its types) and the command line (for its types).
//!
//! **Invariants.** Pallet indices never change (`pallet_indices_are_pinned`). Hooks run in
//! index order: the service clock and BABE before the node pool, the node pool before the market.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// The macros of FRAME write undocumented items.
#![allow(missing_docs)]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

// Its macros are used by `apis`.
#[cfg(feature = "runtime-benchmarks")]
#[macro_use]
mod benchmarking;
mod apis;
#[cfg(feature = "std")]
pub use apis::RuntimeApi;
pub mod configs;
mod genesis_checks;
pub mod genesis_presets;
#[cfg(feature = "next-version")]
pub mod next_version;
pub mod versions;

use alloc::vec::Vec;
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

use configs::governance::origins::pallet_origins;
pub use frame_system::Call as SystemCall;
pub use inference_primitives::{Balance, BlockNumber};
pub use pallet_balances::Call as BalancesCall;
pub use pallet_sudo::Call as SudoCall;
#[cfg(feature = "std")]
pub use sp_runtime::BuildStorage;

/// Types for code that need not know the runtime's.
pub mod opaque {
	use super::*;
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;
	use sp_runtime::{generic, traits::Hash as HashT};

	/// Opaque block header.
	pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
	/// Opaque block.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// Opaque block identifier.
	pub type BlockId = generic::BlockId<Block>;
	/// Opaque block hash.
	pub type Hash = <BlakeTwo256 as HashT>::Output;
}

impl_opaque_keys! {
	/// Keys of a validator's session.
	pub struct SessionKeys {
		pub babe: Babe,
		pub grandpa: Grandpa,
		pub authority_discovery: AuthorityDiscovery,
	}
}

pub use versions::VERSION;

/// Least balance of an account, planck.
pub const EXISTENTIAL_DEPOSIT: Balance = inference_primitives::parameters::UNIT / 1_000;

/// Calls that programs batch with.
pub use pallet_utility::Call as UtilityCall;

/// Signature of a transaction.
pub type Signature = MultiSignature;
/// Account identifier.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Transaction count of an account.
pub type Nonce = u32;
/// A hash of chain data.
pub type Hash = sp_core::H256;
/// An address as transactions give it.
pub type Address = MultiAddress<AccountId, ()>;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Extensions of a transaction, in order.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	versions::LifeAndNonce,
	pallet_inference_market::CheckStep<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);
/// A transaction.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a transaction's signature covers.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// The linked runtime's metadata, of this version if there is one, for tests and tools without a chain.
#[cfg(feature = "std")]
pub fn linked_metadata(version: u32) -> Option<Vec<u8>> {
	// Constants in it are read from state: from none, so they are the defaults.
	sp_io::TestExternalities::default()
		.execute_with(|| Runtime::metadata_at_version(version).map(|metadata| metadata.to_vec()))
}

/// Dispatches calls to pallets.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;

	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;

	// Before BABE, which reads the slot duration and the epoch's length from it.
	#[runtime::pallet_index(2)]
	pub type NetworkParameters = pallet_network_parameters;

	#[runtime::pallet_index(3)]
	pub type Babe = pallet_babe;

	#[runtime::pallet_index(4)]
	pub type Authorship = pallet_authorship;

	#[runtime::pallet_index(5)]
	pub type Balances = pallet_balances;

	#[runtime::pallet_index(6)]
	pub type TransactionPayment = pallet_transaction_payment;

	// Before Session, whose genesis asks it for the first validators.
	#[runtime::pallet_index(7)]
	pub type Staking = pallet_staking;

	#[runtime::pallet_index(8)]
	pub type Offences = pallet_offences;

	#[runtime::pallet_index(9)]
	pub type Historical = pallet_session::historical;

	#[runtime::pallet_index(10)]
	pub type Session = pallet_session;

	#[runtime::pallet_index(11)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(12)]
	pub type AuthorityDiscovery = pallet_authority_discovery;

	#[runtime::pallet_index(13)]
	pub type VoterList = pallet_bags_list;

	#[runtime::pallet_index(14)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(15)]
	pub type Sudo = pallet_sudo;

	#[runtime::pallet_index(16)]
	pub type MultiBlockMigrations = pallet_migrations;

	#[runtime::pallet_index(20)]
	pub type ProofVerifier = pallet_proof_verifier;

	#[runtime::pallet_index(21)]
	pub type ModelRegistry = pallet_model_registry;

	#[runtime::pallet_index(22)]
	pub type WorkerStaking = pallet_worker_staking;

	#[runtime::pallet_index(23)]
	pub type NodePool = pallet_node_pool;

	#[runtime::pallet_index(24)]
	pub type InferenceMarket = pallet_inference_market;

	#[runtime::pallet_index(30)]
	pub type Preimage = pallet_preimage;

	// After ours: what referenda decided is enacted when a block's other hooks are done.
	#[runtime::pallet_index(31)]
	pub type Scheduler = pallet_scheduler;

	#[runtime::pallet_index(32)]
	pub type Referenda = pallet_referenda;

	#[runtime::pallet_index(33)]
	pub type ConvictionVoting = pallet_conviction_voting;

	#[runtime::pallet_index(34)]
	pub type Origins = pallet_origins;

	#[runtime::pallet_index(35)]
	pub type Whitelist = pallet_whitelist;

	#[runtime::pallet_index(36)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;

	#[runtime::pallet_index(37)]
	pub type Treasury = pallet_treasury;

	#[runtime::pallet_index(38)]
	pub type TxPause = pallet_tx_pause;

	#[runtime::pallet_index(40)]
	pub type Identity = pallet_identity;

	#[runtime::pallet_index(41)]
	pub type Proxy = pallet_proxy;

	#[runtime::pallet_index(42)]
	pub type Multisig = pallet_multisig;

	#[runtime::pallet_index(43)]
	pub type Vesting = pallet_vesting;
}
