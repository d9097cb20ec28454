//! `frame-system`: weights, limits and types of blocks.

use crate::{
	AccountId, Block, Nonce, PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
	RuntimeTask, VERSION,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::ConstU32,
	weights::{
		constants::{
			BlockExecutionWeight, ExtrinsicBaseWeight, ParityDbWeight, WEIGHT_REF_TIME_PER_SECOND,
		},
		Weight,
	},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;
use sp_version::RuntimeVersion;

/// Part of a block that normal transactions may fill; the rest is for operational ones, among them
/// deliveries and proofs (docs/PROTOCOL.md, section 4: 25 % reserved).
const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// Part of a block that operational transactions may fill. They go before all that pays, and cost a worker little: what
/// they leave is for transfers, votes and whatever else people must be able to do.
const OPERATIONAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// Part of a block that the hooks of our pallets take at most (`tests/hooks.rs`): with as much, a block still
/// has room for all the normal transactions that it may have.
pub const HOOKS_RATIO: Perbill = Perbill::from_percent(24);
/// Two seconds of computing time in six-second blocks. A development chain's one-second blocks stay
/// far below.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
	Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND.saturating_mul(2), u64::MAX);

parameter_types! {
	/// What normal transactions leave of a block.
	pub OperationalReserve: Weight =
		MAXIMUM_BLOCK_WEIGHT - NORMAL_DISPATCH_RATIO * MAXIMUM_BLOCK_WEIGHT;
	/// Most that a transaction with a proof may weigh, its extensions and its base included: the
	/// reserve holds two.
	pub HeaviestProof: Weight = OperationalReserve::get() / 2;
	pub const BlockHashCount: u32 = 2400;
	pub const Version: RuntimeVersion = VERSION;
	pub const SS58Prefix: u8 = 42;
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(5 * 1024 * 1024)
		.modify_max_length_for_class(DispatchClass::Normal, |max| *max = NORMAL_DISPATCH_RATIO * *max)
		.build();
	pub RuntimeBlockWeights: BlockWeights = block_weights();
}

fn block_weights() -> BlockWeights {
	let mut weights = BlockWeights::builder()
		.base_block(BlockExecutionWeight::get())
		.for_class(DispatchClass::all(), |weights| {
			weights.base_extrinsic = ExtrinsicBaseWeight::get();
		})
		.for_class(DispatchClass::Normal, |weights| {
			weights.max_total = Some(NORMAL_DISPATCH_RATIO * MAXIMUM_BLOCK_WEIGHT);
		})
		.for_class(DispatchClass::Operational, |weights| {
			weights.max_total = Some(MAXIMUM_BLOCK_WEIGHT);
			weights.reserved = Some(OperationalReserve::get());
		})
		.avg_block_initialization(HOOKS_RATIO)
		.build_or_panic();
	// Not before: the builder makes the greatest of the classes' the block's.
	let longest = weights.get(DispatchClass::Normal).max_extrinsic;
	let operational = weights.per_class.get_mut(DispatchClass::Operational);
	operational.max_total = Some(OPERATIONAL_DISPATCH_RATIO * MAXIMUM_BLOCK_WEIGHT);
	operational.max_extrinsic = longest;
	weights
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type BaseCallFilter = super::tx_pause::CallFilter;
	type Block = Block;
	type BlockWeights = RuntimeBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type AccountId = AccountId;
	type Nonce = Nonce;
	type BlockHashCount = BlockHashCount;
	type DbWeight = ParityDbWeight;
	type Version = Version;
	type AccountData = pallet_balances::AccountData<crate::Balance>;
	type SS58Prefix = SS58Prefix;
	type MaxConsumers = ConstU32<16>;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
	type MultiBlockMigrator = crate::MultiBlockMigrations;
}

/// Reports of equivocations, which have no signer.
impl<Call> frame_system::offchain::CreateTransactionBase<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	type Extrinsic = crate::UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<Call> frame_system::offchain::CreateBare<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	fn create_bare(call: RuntimeCall) -> crate::UncheckedExtrinsic {
		crate::UncheckedExtrinsic::new_bare(call)
	}
}
